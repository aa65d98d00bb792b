/* SPDX-License-Identifier: Apache-2.0 */
/* The user's command: how many wait, how often it runs, and that it is ended when its time is over. */
#include <stdbool.h>
#include <time.h>

#include "directory.h"
#include "hook.h"
#include "suite.h"

static unsigned notes;
static enum hook_note last_note;
static int last_number;

static void
take_note(void *ctx, enum hook_note note, int number)
{
	(void)ctx;
	if (note == HOOK_DONE)
		return;
	notes++;
	last_note = note;
	last_number = number;
}

static struct hook *
new_hook(const char *command, struct hook_options options)
{
	static char *environment[] = { NULL };
	struct hook *hook;

	notes = 0;
	options.command = command;
	options.environment = environment;
	options.note = take_note;
	ck_assert_int_eq(ks_hook_new(&options, &hook), 0);
	return hook;
}

static void
rest(void)
{
	const struct timespec time = { .tv_nsec = 2000000 };

	(void)nanosleep(&time, NULL);
}

/* Until nothing runs; the hook's clock stands still. */
static void
wait_until_done(struct hook *hook, uint64_t now)
{
	while (ks_hook_is_busy(hook)) {
		ks_hook_tick(hook, now);
		rest();
	}
}

static void
wait_for_size(const char *name, off_t size)
{
	struct stat st;

	while (stat(name, &st) < 0 || st.st_size < size)
		rest();
}

START_TEST(in_order)
{
	struct hook *hook = new_hook("exec /bin/cat >> out", (struct hook_options){ .burst = 100 });

	for (char c = 'a'; c < 'k'; c++) {
		char text[] = { c, '\n' };

		ck_assert(ks_hook_push(hook, text, sizeof(text), 1000));
	}
	wait_until_done(hook, 1000);
	file_is("out", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
	ck_assert_uint_eq(notes, 0);
	ks_hook_free(hook);
}
END_TEST

/* One runs, two wait. */
START_TEST(how_many_wait)
{
	struct hook *hook = new_hook("exec /bin/sleep 100",
	                             (struct hook_options){ .waiting = 2, .burst = 100 });

	ck_assert(ks_hook_push(hook, "1", 1, 0));
	ck_assert(ks_hook_push(hook, "2", 1, 0));
	ck_assert(ks_hook_push(hook, "3", 1, 0));
	ck_assert(!ks_hook_push(hook, "4", 1, 0));
	ck_assert(ks_hook_is_busy(hook));
	ks_hook_free(hook);
}
END_TEST

START_TEST(how_often)
{
	struct hook *hook = new_hook("exec /bin/cat >> out",
	                             (struct hook_options){ .a_minute = 6, .burst = 2 });

	for (unsigned i = 0; i < 5; i++)
		ck_assert(ks_hook_push(hook, "x", 1, 0));
	wait_for_size("out", 1);
	while (notes == 0 && ks_hook_is_busy(hook)) { /* the second begins when the first is over */
		struct stat st;

		ks_hook_tick(hook, 9000);
		if (stat("out", &st) == 0 && st.st_size == 2)
			break;
		rest();
	}
	for (unsigned i = 0; i < 50; i++) {
		ks_hook_tick(hook, 9000);
		rest();
	}
	file_is("out", "xx");
	for (unsigned i = 0; i < 50; i++) {
		ks_hook_tick(hook, 10001);
		rest();
	}
	file_is("out", "xxx");
	ck_assert_uint_eq(ks_hook_finish(hook, 100), 0); /* the rest at once */
	file_is("out", "xxxxx");
	ks_hook_free(hook);
}
END_TEST

START_TEST(its_time_is_over)
{
	struct hook *hook = new_hook("/bin/sleep 100 & echo $! > child; wait",
	                             (struct hook_options){ .seconds = 5 });
	char text[32] = "", path[64], *end;
	int fd;

	ck_assert(ks_hook_push(hook, "x", 1, 0));
	wait_for_size("child", 2);
	ks_hook_tick(hook, 4999);
	ck_assert_uint_eq(notes, 0);
	ks_hook_tick(hook, 5000);
	wait_until_done(hook, 6000);
	ck_assert_uint_eq(notes, 1);
	ck_assert_int_eq(last_note, HOOK_TIMEOUT);
	ck_assert_int_eq(last_number, 5);
	fd = open("child", O_RDONLY);
	ck_assert_int_gt(read(fd, text, sizeof(text) - 1), 1);
	(void)close(fd);
	(void)snprintf(path, sizeof(path), "/proc/%ld/exe", strtol(text, &end, 10));
	while (readlink(path, text, sizeof(text)) > 0) /* what it began is ended too */
		rest();
	ks_hook_free(hook);
}
END_TEST

START_TEST(ends)
{
	static const struct {
		const char *command;
		enum hook_note note;
		int number;
	} cases[] = {
		{ "exit 7", HOOK_EXITED, 7 },
		{ "kill -15 $$", HOOK_KILLED, 15 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hook *hook = new_hook(cases[i].command, (struct hook_options){ 0 });

		ck_assert(ks_hook_push(hook, "x", 1, 0));
		wait_until_done(hook, 0);
		ck_assert_uint_eq(notes, 1);
		ck_assert_int_eq(last_note, cases[i].note);
		ck_assert_int_eq(last_number, cases[i].number);
		ks_hook_free(hook);
	}
}
END_TEST

/* What is not done then is not begun. */
START_TEST(finish_has_an_end)
{
	struct hook *hook = new_hook("exec /bin/sleep 100",
	                             (struct hook_options){ .seconds = UINT32_MAX });

	ck_assert(ks_hook_push(hook, "1", 1, 0));
	ck_assert(ks_hook_push(hook, "2", 1, 0));
	ck_assert(ks_hook_push(hook, "3", 1, 0));
	ck_assert_uint_eq(ks_hook_finish(hook, 1), 2);
	ck_assert_int_eq(last_note, HOOK_TIMEOUT);
	ck_assert_int_eq(last_number, 1);
	ks_hook_free(hook);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hook");
	TCase *tcase = tcase_create("hook");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, directory_make, directory_remove);
	tcase_add_test(tcase, in_order);
	tcase_add_test(tcase, how_many_wait);
	tcase_add_test(tcase, how_often);
	tcase_add_test(tcase, its_time_is_over);
	tcase_add_test(tcase, ends);
	tcase_add_test(tcase, finish_has_an_end);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
