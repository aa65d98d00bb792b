/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reload prepares in a thread, and what comes meanwhile. A file of rules that is a FIFO is not read to its end before
 * its writer wants it.
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "command.h"
#include "directory.h"
#include "monotonic.h"
#include "reload.h"
#include "suite.h"

#define LIMIT_MS 60000U

#define RULE(trigger)                                                                            \
	"- id: word\n  trigger: '" trigger "'\n  body: 'a-z'\n  length: 4..\n  boundary: none\n" \
	"  examples:\n    - '" trigger "{body:8}'\n"

static struct {
	struct options options;
	struct signals signals;
	struct rule_selection rules;
	struct statistics stats;
	struct telemetry telemetry;
	struct reload reload;
} job;

/* --------------------------------------------------------------------- the world ---- */

static void
begin(void)
{
	static const struct command command = { .bit = COMMAND_FILTER };
	static const char *rules[] = { "rules.yaml" }, *only[] = { "word" },
			  *known[] = { "values" };

	directory_make();
	file_append("rules.yaml", RULE("one="));
	file_append("values", "first-value-1\n");
	memset(&job, 0, sizeof(job));
	job.options = (struct options){ .command = &command,
		                        .rules = { rules, 1, NULL },
		                        .only = { only, 1, NULL },
		                        .known = { known, 1, NULL },
		                        .no_rules_dir = true,
		                        .no_cache = true };
	ck_assert_int_eq(ks_signals_init(&job.signals), 0);
	ck_assert_int_eq(ks_rule_selection_init(&job.rules, &job.options), 0);
	ck_assert_int_eq(ks_statistics_init(&job.stats, job.rules.catalog, job.rules.index,
	                                    ks_ruleset_count(job.rules.set)),
	                 KS_OK);
	ks_reload_init(&job.reload, &job.options, NULL, &job.signals);
	job.reload.patience_max = 0;
}

static void
end(void)
{
	ks_reload_done(&job.reload);
	ks_statistics_done(&job.stats);
	ks_rule_selection_done(&job.rules);
	ks_signals_done(&job.signals);
	directory_remove();
}

static void
ask(unsigned raised)
{
	ks_reload_attend(&job.reload, raised, &job.rules, &job.telemetry);
}

static bool
has_begun(void)
{
	return ks_preparation_has_begun(&job.reload.preparation);
}

static void
pause_until(uint64_t deadline)
{
	ck_assert_uint_lt(ks_monotonic_milliseconds(), deadline);
	(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static uint64_t
limit(void)
{
	return ks_monotonic_milliseconds() + LIMIT_MS;
}

/* Wait until it is told that something is ready, and take it. */
static void
take(void)
{
	uint64_t deadline = limit();
	unsigned raised = 0;

	while (!((raised |= ks_signals_take(&job.signals)) & SIGNALS_PREPARED))
		pause_until(deadline);
	ask(raised);
}

/* Others than those of the rules in use. */
static void
apply(void)
{
	ck_assert(job.reload.is_ready);
	ck_assert_int_eq(ks_reload_apply(&job.reload, &job.rules, &job.stats), KS_OK);
}

static void
rules_are(const char *trigger)
{
	struct ks_catalog_entry entry;

	ks_catalog_get(job.rules.catalog, job.rules.index[0], &entry);
	ck_assert_str_eq(entry.rule.trigger, trigger);
}

/* The first value has this length. */
static void
value_has(size_t len)
{
	ck_assert_uint_eq(job.rules.known->numbers[0]->len, len);
}

/* Those that wait are so many. */
static void
values_are(size_t count)
{
	ck_assert(job.reload.is_ready);
	ck_assert_uint_eq(job.reload.next.known->number_count, count);
}

static void
replace(const char *name, const char *text)
{
	(void)remove(name);
	file_append(name, text);
}

/* ------------------------------------------------------------------ what is held ---- */

static void
make_fifo(void)
{
	ck_assert_int_eq(remove("rules.yaml"), 0);
	ck_assert_int_eq(mkfifo("rules.yaml", 0600), 0);
}

/* Somebody reads the rules, and waits until what this returns is closed. */
static int
held(void)
{
	uint64_t deadline = limit();
	int fd;

	while ((fd = open("rules.yaml", O_WRONLY | O_NONBLOCK)) < 0) {
		ck_assert_int_eq(errno, ENXIO);
		pause_until(deadline);
	}
	return fd;
}

static void
release(int fd, const char *rules)
{
	ck_assert_int_eq(write(fd, rules, strlen(rules)), (ssize_t)strlen(rules));
	ck_assert_int_eq(close(fd), 0);
}

/* ------------------------------------------------------------------------- tests ---- */

START_TEST(test_rules_are_prepared_beside)
{
	int fd;

	make_fifo();
	ask(SIGNALS_RELOAD);
	fd = held();
	ck_assert(ks_preparation_is_busy(&job.reload.preparation));
	ck_assert(!job.reload.is_ready);
	release(fd, RULE("two="));
	take();
	ck_assert(!has_begun());
	rules_are("one=");
	apply();
	rules_are("two=");
}
END_TEST

START_TEST(test_what_is_asked_for_meanwhile_comes_afterwards)
{
	int fd;

	make_fifo();
	ask(SIGNALS_RELOAD);
	fd = held();
	ask(SIGNALS_RELOAD);
	ask(SIGNALS_RELOAD | SIGNALS_KNOWN);
	release(fd, RULE("two="));
	take();
	ck_assert(has_begun());
	apply(); /* the thread reads what these are made of */
	release(held(), RULE("three="));
	take();
	ck_assert(!has_begun());
	apply();
	rules_are("three=");
}
END_TEST

START_TEST(test_values_that_change_meanwhile)
{
	int fd;

	make_fifo();
	ask(SIGNALS_RELOAD);
	fd = held();
	ask(SIGNALS_KNOWN);
	release(fd, RULE("two="));
	take();
	ck_assert(has_begun());
	replace("values", "another-value\n");
	ask(SIGNALS_KNOWN);
	take();
	ck_assert(has_begun());
	take();
	ck_assert(!has_begun());
	apply();
	rules_are("two=");
	value_has(strlen("another-value"));
}
END_TEST

START_TEST(test_wrong_rules_keep_no_values_out)
{
	replace("rules.yaml", "- id: word\n");
	replace("values", "second-value-22\n");
	ask(SIGNALS_RELOAD);
	take();
	ck_assert_ptr_eq(job.reload.next.catalog, job.rules.catalog);
	apply();
	rules_are("one=");
	value_has(strlen("second-value-22"));
}
END_TEST

START_TEST(test_values_alone)
{
	replace("values", "second-value-22\n");
	make_fifo(); /* nobody reads them */
	ask(SIGNALS_KNOWN);
	take();
	replace("values", "a-third-value-33\n");
	ask(SIGNALS_KNOWN); /* after those that wait */
	take();
	apply();
	ck_assert_uint_eq(job.rules.known->reading, 3);
	rules_are("one=");
	value_has(strlen("a-third-value-33"));
}
END_TEST

/* Nothing is compiled, and nothing waits for a place to be used from. */
START_TEST(test_values_that_are_the_same)
{
	replace("values", "first-value-1\n");
	ask(SIGNALS_KNOWN);
	take();
	ck_assert(!has_begun());
	ck_assert(!job.reload.is_ready);
	ask(SIGNALS_RELOAD);
	take();
	apply();
	value_has(strlen("first-value-1"));
}
END_TEST

static void
replace_and_take(const char *values)
{
	replace("values", values);
	ask(SIGNALS_KNOWN);
	take();
}

/* What was there stays besides until it is over, and no more than that. Who asks for the rules wants it as it is. */
START_TEST(test_values_that_somebody_is_changing)
{
	struct known_watch watch;

	ks_known_watch_begin(&watch, &job.options, &job.signals);
	ck_assert_ptr_nonnull(watch.watch);
	job.reload.preparation.watch = &watch;
	replace_and_take("second-value-22\nshort\n");
	values_are(2);
	ck_assert_uint_eq(job.reload.next.known->origins[0].refused, 0);
	replace_and_take("another-value-333\n");
	values_are(2);
	replace_and_take("");
	values_are(2);
	replace_and_take("second-value-22\n");
	values_are(2);
	ask(SIGNALS_RELOAD);
	take();
	values_are(1);
	apply();
	value_has(strlen("second-value-22"));
	ks_known_watch_done(&watch);
}
END_TEST

/* Tell how the process of a child ends. */
static int
status_of(pid_t child)
{
	int status;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(test_nobody_waits_at_the_end)
{
	pid_t child;

	make_fifo();
	child = fork();
	if (child == 0) {
		ask(SIGNALS_RELOAD);
		ks_reload_leave(&job.reload, 7);
		_exit(1);
	}
	ck_assert_int_eq(status_of(child), 7);
}
END_TEST

START_TEST(test_what_is_over_is_freed_at_the_end)
{
	uint64_t deadline = limit();

	ks_reload_leave(&job.reload, 7);
	ask(SIGNALS_RELOAD);
	while (ks_preparation_is_busy(&job.reload.preparation))
		pause_until(deadline);
	ks_reload_leave(&job.reload, 7);
	ck_assert(has_begun());
}
END_TEST

START_TEST(test_the_log_waits_for_what_is_ready_soon)
{
	job.reload.patience_max = job.reload.patience = UINT64_C(1000000) * LIMIT_MS;
	for (int left = 3; left > 0; left--) {
		replace("rules.yaml", left % 2 ? RULE("two=") : RULE("three="));
		ask(SIGNALS_RELOAD);
		ck_assert(!has_begun());
		apply();
		rules_are(left % 2 ? "two=" : "three=");
		ck_assert_uint_gt(job.reload.patience, 0);
		ck_assert_uint_le(job.reload.patience, job.reload.patience_max);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("reload");
	TCase *tests = tcase_create("reload");

	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, test_rules_are_prepared_beside);
	tcase_add_test(tests, test_what_is_asked_for_meanwhile_comes_afterwards);
	tcase_add_test(tests, test_values_that_change_meanwhile);
	tcase_add_test(tests, test_wrong_rules_keep_no_values_out);
	tcase_add_test(tests, test_values_alone);
	tcase_add_test(tests, test_values_that_are_the_same);
	tcase_add_test(tests, test_values_that_somebody_is_changing);
	tcase_add_test(tests, test_nobody_waits_at_the_end);
	tcase_add_test(tests, test_what_is_over_is_freed_at_the_end);
	tcase_add_test(tests, test_the_log_waits_for_what_is_ready_soon);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
