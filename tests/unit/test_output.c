/* SPDX-License-Identifier: Apache-2.0 */
/* The output: what a restart finds and cuts back, at every moment at which the run before was killed. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "directory.h"
#include "output.h"
#include "suite.h"

static struct checkpoint saved; /* the last that was written */

static void
setup(void)
{
	directory_make();
	saved = (struct checkpoint){ 0 };
}

static void
teardown(void)
{
	ks_checkpoint_done(&saved);
	directory_remove();
}

static struct output *
open_output(const char *path)
{
	struct output *output;

	ck_assert_int_eq(ks_output_open(path, true, &output), 0);
	return output;
}

static void
record(struct output *output)
{
	ck_assert_int_eq(ks_output_record(output, &saved), 0);
}

static void
put(struct output *output, const char *text)
{
	ck_assert_int_eq(ks_output_write(output, (const uint8_t *)text, strlen(text)), 0);
}

/* A run that is killed: it writes before one checkpoint and after it. */
static struct output *
run_killed(void)
{
	struct output *output = open_output("out");

	record(output);
	put(output, "before ");
	record(output);
	put(output, "after ");
	return output;
}

/* The next one; wanted is what ks_output_restore() says. */
static void
run_again(int wanted)
{
	struct output *output = open_output("out");

	ck_assert_int_eq(ks_output_restore(output, &saved), wanted);
	record(output);
	put(output, "then");
	ck_assert_int_eq(ks_output_close(output), 0);
}

static void
end(struct output *output)
{
	ck_assert_int_eq(ks_output_close(output), 0);
}

START_TEST(killed_after_checkpoint)
{
	end(run_killed());
	file_is("out", "before after ");
	ck_assert_uint_eq(saved.output_length, 7);
	run_again(0);
	file_is("out", "before then");
}
END_TEST

START_TEST(what_was_there_stays)
{
	struct output *output;

	file_append("out", "old ");
	output = open_output("out");
	ck_assert_int_eq(ks_output_restore(output, &saved), 0);
	record(output);
	put(output, "new");
	end(output);
	run_again(0);
	file_is("out", "old then");
}
END_TEST

START_TEST(renamed_before_hangup)
{
	end(run_killed());
	ck_assert_int_eq(rename("out", "out.1"), 0);
	if (_i)
		file_append("out", ""); /* logrotate's create */
	run_again(0);
	file_is("out.1", "before ");
	file_is("out", "then");
}
END_TEST

START_TEST(renamed_while_written)
{
	struct output *output = run_killed();

	ck_assert_int_eq(rename("out", "out.1"), 0);
	put(output, "late ");
	record(output);
	put(output, "later ");
	end(output);
	run_again(0);
	file_is("out.1", "before after late ");
	file_is("out", "then");
}
END_TEST

START_TEST(reopened)
{
	struct output *output = run_killed();

	ck_assert_int_eq(rename("out", "out.1"), 0);
	ck_assert_int_eq(ks_output_reopen(output), 0);
	if (_i) { /* a checkpoint of the new file was written */
		record(output);
		put(output, "new ");
	}
	end(output);
	run_again(0);
	file_is("out.1", _i ? "before after " : "before ");
	file_is("out", "then");
}
END_TEST

/* A second restart must not take what the first wrote for older than it is. */
START_TEST(killed_again_after_restart)
{
	end(run_killed());
	ck_assert_int_eq(rename("out", "out.1"), 0);
	run_again(0);
	run_again(0);
	file_is("out.1", "before ");
	file_is("out", "then");
}
END_TEST

START_TEST(empty_when_renamed)
{
	struct output *output = open_output("out");

	record(output);
	put(output, "after");
	end(output);
	ck_assert_int_eq(rename("out", "out.1"), 0);
	run_again(saved.output.birth ? 0 : OUTPUT_GONE);
	file_is("out.1", saved.output.birth ? "" : "after");
}
END_TEST

/* As if the number of the former file's inode had been used again. */
START_TEST(nothing_else_is_cut)
{
	struct output *output;

	file_append("out", "");
	output = open_output("out");
	record(output);
	end(output);
	if (saved.output.birth == 0)
		return;
	saved.output.birth--;
	file_append("out", "precious ");
	run_again(OUTPUT_GONE);
	file_is("out", "precious then");
}
END_TEST

START_TEST(gone)
{
	end(run_killed());
	ck_assert_int_eq(unlink("out"), 0);
	saved.is_final = _i;
	run_again(_i ? 0 : OUTPUT_GONE);
	file_is("out", "then");
}
END_TEST

START_TEST(emptied)
{
	struct output *output = run_killed();

	ck_assert_int_eq(truncate("out", 0), 0); /* copytruncate */
	if (_i == 0) {
		end(output);
		run_again(OUTPUT_GONE);
		file_is("out", "then");
		return;
	}
	put(output, "new ");
	record(output);
	ck_assert_uint_eq(saved.output_length, 4);
	put(output, "late ");
	end(output);
	run_again(0);
	file_is("out", "new then");
}
END_TEST

START_TEST(shortened)
{
	end(run_killed());
	ck_assert_int_eq(truncate("out", 3), 0);
	run_again(OUTPUT_GONE);
	file_is("out", "befthen");
}
END_TEST

START_TEST(reopen_of_the_same_file)
{
	struct output *output = run_killed();
	int fd = ks_output_descriptor(output);

	ck_assert_int_eq(ks_output_reopen(output), 0);
	ck_assert_int_eq(ks_output_descriptor(output), fd);
	put(output, "on");
	end(output);
	file_is("out", "before after on");
}
END_TEST

START_TEST(reopen_that_fails)
{
	struct output *output = run_killed();

	ck_assert_int_eq(rename("out", "out.1"), 0);
	ck_assert_int_eq(mkdir("out", 0777), 0);
	ck_assert_int_eq(ks_output_reopen(output), -EISDIR);
	put(output, "on");
	end(output);
	file_is("out.1", "before after on");
}
END_TEST

START_TEST(lock)
{
	struct output *output = run_killed(), *other;

	ck_assert_int_eq(ks_output_open("out", true, &other), -EBUSY);
	ck_assert_int_eq(rename("out", "out.1"), 0);
	other = open_output("out");
	ck_assert_int_eq(ks_output_restore(other, &saved), -EBUSY);
	ck_assert_int_eq(ks_output_reopen(output), -EBUSY);
	end(other);
	end(output);
	file_is("out.1", "before after ");
}
END_TEST

START_TEST(link_to_elsewhere)
{
	ck_assert_int_eq(symlink("real", "out"), 0);
	end(run_killed());
	ck_assert_int_eq(rename("real", "real.1"), 0);
	run_again(0);
	file_is("real.1", "before ");
	file_is("real", "then");
}
END_TEST

START_TEST(not_exact)
{
	struct output *output;

	ck_assert_int_eq(ks_output_open(NULL, true, &output), 0);
	ck_assert(!ks_output_is_exact(output));
	ck_assert_str_eq(ks_output_name(output), "standard output");
	record(output);
	ck_assert(!saved.has_output);
	ck_assert_int_eq(ks_output_reopen(output), 0);
	free(output);
	ck_assert_int_eq(ks_output_open("out", false, &output), 0);
	ck_assert(!ks_output_is_exact(output));
	put(output, "plain");
	ck_assert_int_eq(rename("out", "out.1"), 0);
	ck_assert_int_eq(ks_output_reopen(output), 0);
	put(output, "new");
	end(output);
	file_is("out.1", "plain");
	file_is("out", "new");
	output = open_output("/dev/full");
	ck_assert(!ks_output_is_exact(output));
	ck_assert_int_eq(ks_output_restore(output, &saved), 0);
	record(output);
	ck_assert_int_eq(ks_output_reopen(output), 0);
	ck_assert_int_eq(ks_output_write(output, (const uint8_t *)"x", 1), -ENOSPC);
	end(output);
}
END_TEST

START_TEST(cannot_be_opened)
{
	struct output *output;

	ck_assert_int_eq(ks_output_open(".", true, &output), -EISDIR);
	ck_assert_int_eq(ks_output_open("none/out", true, &output), -ENOENT);
}
END_TEST

START_TEST(write_before_record)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct output *output = open_output("out");

		(void)close(STDERR_FILENO); /* what assert() prints */
		put(output, "in no checkpoint");
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	file_is("out", "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("output");
	TCase *tcase = tcase_create("output");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, killed_after_checkpoint);
	tcase_add_test(tcase, what_was_there_stays);
	tcase_add_loop_test(tcase, renamed_before_hangup, 0, 2);
	tcase_add_test(tcase, renamed_while_written);
	tcase_add_loop_test(tcase, reopened, 0, 2);
	tcase_add_test(tcase, killed_again_after_restart);
	tcase_add_test(tcase, empty_when_renamed);
	tcase_add_test(tcase, nothing_else_is_cut);
	tcase_add_loop_test(tcase, gone, 0, 2);
	tcase_add_loop_test(tcase, emptied, 0, 2);
	tcase_add_test(tcase, shortened);
	tcase_add_test(tcase, reopen_of_the_same_file);
	tcase_add_test(tcase, reopen_that_fails);
	tcase_add_test(tcase, lock);
	tcase_add_test(tcase, link_to_elsewhere);
	tcase_add_test(tcase, not_exact);
	tcase_add_test(tcase, cannot_be_opened);
	tcase_add_test(tcase, write_before_record);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
