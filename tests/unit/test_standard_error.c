/* SPDX-License-Identifier: Apache-2.0 */
/* A standard error that nobody reads: nothing is waited for, no signal comes, and what follows is whole again. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "monotonic.h"
#include "standard_error.h"
#include "suite.h"

static int ends[2], kept;
static uint64_t dropped_before;

/* The standard error is a pipe from now on. */
static void
begin(void)
{
	int nothing = open("/dev/null", O_WRONLY);

	kept = dup(STDERR_FILENO);
	ck_assert_int_ge(dup2(nothing, STDERR_FILENO), 0);
	ks_standard_error_prepare();
	(void)close(nothing);
	dropped_before = ks_standard_error_dropped();
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(fcntl(ends[1], F_SETPIPE_SZ, 65536), 65536);
	ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
	ks_standard_error_set_patience(PATIENCE_NONE);
}

static void
end(void)
{
	(void)dup2(kept, STDERR_FILENO);
	(void)close(kept);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static uint64_t
dropped(void)
{
	return ks_standard_error_dropped() - dropped_before;
}

static void
fill(void)
{
	static char bytes[65536];

	ck_assert_int_eq(write(ends[1], bytes, sizeof(bytes)), sizeof(bytes));
}

static void
empty(void)
{
	static char bytes[65536];

	ck_assert_int_eq(read(ends[0], bytes, sizeof(bytes)), sizeof(bytes));
}

static void
say(const char *text)
{
	ks_standard_error_write(text, strlen(text));
}

START_TEST(test_full)
{
	char text[16] = "";
	uint64_t begun;

	if (_i)
		ks_standard_error_prepare();
	say("one\n");
	ck_assert_int_eq(read(ends[0], text, sizeof(text)), 4);
	fill();
	begun = ks_monotonic_milliseconds();
	say("two\n");
	say("three\n");
	ck_assert_uint_lt(ks_monotonic_milliseconds() - begun, 4000);
	ck_assert_uint_eq(dropped(), 2);
	empty();
	say("four\n");
	ck_assert_int_eq(read(ends[0], text, sizeof(text)), 5);
	ck_assert_mem_eq(text, "four\n", 5);
	ck_assert_uint_eq(dropped(), 2);
}
END_TEST

/* poll(2) tells of room for less than all of it. */
START_TEST(test_long)
{
	static char text[3 * 65536], got[65536];
	ssize_t n;

	if (_i)
		ks_standard_error_prepare();
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 100 == 99 ? '\n' : 'x';
	ks_standard_error_write(text, sizeof(text));
	ck_assert_uint_eq(dropped(), 1);
	n = read(ends[0], got, sizeof(got));
	ck_assert_int_gt(n, 400 * 100);
	ck_assert_int_eq(n % 100, 0); /* whole lines */
}
END_TEST

START_TEST(test_nobody)
{
	sigset_t pending;

	if (_i)
		ks_standard_error_prepare();
	(void)close(ends[0]);
	say("one\n");
	(void)sigpending(&pending);
	ck_assert_int_eq(sigismember(&pending, SIGPIPE), 0);
	ck_assert_uint_eq(dropped(), 1);
}
END_TEST

START_TEST(test_bounded)
{
	uint64_t begun = ks_monotonic_milliseconds(), waited;

	fill();
	ks_standard_error_set_patience(PATIENCE_BOUNDED);
	say("one\n");
	waited = ks_monotonic_milliseconds() - begun;
	ck_assert_uint_ge(waited, 4000);
	for (int i = 0; i < 100; i++)
		say("more\n");
	ck_assert_uint_lt(ks_monotonic_milliseconds() - begun, 2 * waited);
	ck_assert_uint_eq(dropped(), 101);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("standard error");
	TCase *cases = tcase_create("standard error");

	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, begin, end);
	tcase_add_loop_test(cases, test_full, 0, 2);
	tcase_add_loop_test(cases, test_long, 0, 2);
	tcase_add_loop_test(cases, test_nobody, 0, 2);
	tcase_add_test(cases, test_bounded);
	suite_add_tcase(suite, cases);
	return suite_main(suite);
}
