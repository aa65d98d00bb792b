# SPDX-License-Identifier: Apache-2.0
"""Files in, a file out: all files are one stream, and no file is harmed."""

import os
import unittest

from support import (BINARY, NOBODY, ONLY, TRIGGER, CommandTest, body, masked, run, run_shell)


class Inputs(CommandTest):
    def setUp(self):
        super().setUp()
        self.secret = body()
        self.a = self.file("a.log", b"a " + TRIGGER + self.secret + b"\n")
        self.b = self.file("b.log", b"b\n")
        self.c = self.file("c.log", b"c " + TRIGGER + self.secret)
        self.output = {name: masked(self.content(self.path(name + ".log")), self.secret)
                       for name in "abc"}

    def test_several_files_in_order(self):
        result = run(*ONLY, self.b, self.a, self.c)
        self.assert_done(result, self.output["b"] + self.output["a"] + self.output["c"])

    def test_the_same_file_twice(self):
        self.assert_done(run(*ONLY, self.b, self.b), b"b\nb\n")

    def test_standard_input_between_files(self):
        result = run(*ONLY, self.b, "-", self.a, data=b"in\n")
        self.assert_done(result, b"b\nin\n" + self.output["a"])

    def test_standard_input_a_second_time_is_at_its_end(self):
        self.assert_done(run(*ONLY, "-", self.b, "-", data=b"in\n"), b"in\nb\n")

    def test_standard_input_is_a_file(self):
        with open(self.a, "rb") as file:
            self.assert_done(run(*ONLY, stdin=file), self.output["a"])

    def test_files_given_leave_standard_input_alone(self):
        result = run_shell('"$@"; cat', *ONLY, self.b, data=b"rest\n")
        self.assertEqual(result.stdout, b"b\nrest\n")

    def test_a_file_named_like_an_option(self):
        os.rename(self.b, self.path("--stats"))
        self.assert_done(run(*ONLY, "--", "--stats", cwd=self.directory), b"b\n")

    def test_a_key_cut_across_two_files(self):
        for cut in (5, 12, 13, 14, 20, 33, 60, 100):
            with self.subTest(cut=cut):
                key = TRIGGER + self.secret
                first, second = self.file("1", b"x " + key[:cut]), self.file("2", key[cut:] + b" y\n")
                self.assert_done(run(*ONLY, first, second), masked(b"x " + key + b" y\n", self.secret))

    def test_a_key_cut_across_file_standard_input_and_file(self):
        first = self.file("1", TRIGGER + self.secret[:10])
        last = self.file("3", self.secret[30:])
        result = run(*ONLY, first, "-", last, data=self.secret[10:30])
        self.assert_done(result, masked(TRIGGER + self.secret, self.secret))

    def test_many_empty_files_within_a_key(self):
        first, empty = self.file("1", TRIGGER + self.secret[:10]), self.file("2", b"")
        last = self.file("3", self.secret[10:])
        self.assert_done(run(*ONLY, first, *[empty] * 50, last),
                         masked(TRIGGER + self.secret, self.secret))


class BadInputs(CommandTest):
    """One bad input is told and passed over; the others are still processed."""

    def check(self, bad, *words, **popen):
        good = self.file("good", b"good\n")
        result = run(*ONLY, good, bad, good, **popen)
        self.assert_message(result, 74, bad, *words)
        self.assert_bytes(result.stdout, b"good\ngood\n")

    def test_a_missing_file(self):
        self.check(self.path("missing"), "No such file or directory")

    def test_a_directory(self):
        self.check(self.directory, "Is a directory")

    def test_a_file_without_permission(self):
        bad = self.file("bad", b"secret\n")
        os.chmod(bad, 0)
        if os.geteuid() != 0:
            self.check(bad, "Permission denied")
            return
        try:
            run("--version", user=NOBODY, group=NOBODY, extra_groups=[])
        except PermissionError:
            self.skipTest("runs as root, and nobody may not run " + BINARY)
        self.check(bad, "Permission denied", user=NOBODY, group=NOBODY, extra_groups=[])

    def test_a_file_that_fails_on_read(self):
        self.check("/proc/self/mem")

    def test_an_empty_name(self):
        good = self.file("good", b"good\n")
        result = run(*ONLY, "", good)
        self.assert_status(result, 74)
        self.assert_bytes(result.stdout, b"good\n")

    def test_two_bad_files_are_two_messages(self):
        result = run(*ONLY, self.path("m1"), self.path("m2"))
        self.assert_status(result, 74)
        self.assertEqual(len(result.stderr.splitlines()), 2)

    def test_a_key_cut_by_a_missing_file_is_masked(self):
        secret = body()
        first, last = self.file("1", TRIGGER + secret[:10]), self.file("2", secret[10:])
        result = run(*ONLY, first, self.path("missing"), last)
        self.assert_status(result, 74)
        self.assert_bytes(result.stdout, masked(TRIGGER + secret, secret))


class Output(CommandTest):
    def setUp(self):
        super().setUp()
        self.secret = body()
        self.log = b"x " + TRIGGER + self.secret + b"\n"
        self.input = self.file("in", self.log)
        self.output = self.path("out")

    def test_it_is_written_there_and_not_to_standard_output(self):
        for option in (("-o", self.output), ("-o" + self.output,), ("--output", self.output),
                       ("--output=" + self.output,)):
            with self.subTest(option=option[0]):
                self.assert_done(run(*ONLY, *option, self.input), b"")
                self.assert_bytes(self.content(self.output), masked(self.log, self.secret))
                os.unlink(self.output)

    def test_an_old_file_is_replaced(self):
        self.file("out", b"old" * 1000)
        self.assert_done(run(*ONLY, "-o", self.output, self.input), b"")
        self.assert_bytes(self.content(self.output), masked(self.log, self.secret))

    def test_the_mode_follows_the_umask(self):
        run(*ONLY, "-o", self.output, self.input, umask=0o027)
        self.assertEqual(os.stat(self.output).st_mode & 0o777, 0o640)

    def test_standard_output_closed_does_not_matter(self):
        result = run_shell('"$@" >&-', *ONLY, "-o", self.output, self.input)
        self.assert_status(result, 0)
        self.assert_bytes(self.content(self.output), masked(self.log, self.secret))

    def test_a_directory(self):
        self.assert_message(run(*ONLY, "-o", self.directory, self.input), 74, "Is a directory")

    def test_a_missing_directory(self):
        self.assert_message(run(*ONLY, "-o", self.path("no/out"), self.input), 74,
                            "No such file or directory")

    def test_a_bad_rule_leaves_an_old_file_as_it_was(self):
        self.file("out", b"old")
        self.assert_status(run("--only", "no-such-rule", "-o", self.output, self.input), 2)
        self.assertEqual(self.content(self.output), b"old")

    def test_with_check_nothing_is_written(self):
        self.assert_status(run(*ONLY, "--check", "-o", self.output, self.input), 1)
        self.assertFalse(os.path.exists(self.output))
        self.file("out", b"old")
        self.assert_status(run(*ONLY, "--check", "-o", self.output, self.input), 1)
        self.assertEqual(self.content(self.output), b"old")


class InputIsOutput(CommandTest):
    """To write to a file that is still to be read would destroy it."""

    def setUp(self):
        super().setUp()
        self.log = b"x " + TRIGGER + body() + b"\n"
        self.input = self.file("in", self.log)

    def refused(self, result, status=2):
        self.assertEqual(self.content(self.input), self.log, "the file was changed")
        self.assert_message(result, status, "input file is the output file")

    def test_by_its_name(self):
        self.refused(run(*ONLY, "-o", self.input, self.input))

    def test_by_its_name_among_others(self):
        self.refused(run(*ONLY, "-o", self.input, self.file("other", b"b\n"), self.input))

    def test_by_a_symbolic_link(self):
        os.symlink(self.input, self.path("link"))
        self.refused(run(*ONLY, "-o", self.path("link"), self.input))

    def test_by_a_hard_link(self):
        os.link(self.input, self.path("link"))
        self.refused(run(*ONLY, "-o", self.input, self.path("link")))

    def test_by_standard_input(self):
        self.refused(self.with_standard_input("-o", self.input))

    def test_by_standard_input_given_as_a_hyphen(self):
        self.refused(self.with_standard_input("-o", self.input, "-"))

    def test_by_standard_input_given_as_a_device(self):
        self.refused(self.with_standard_input("-o", self.input, "/dev/stdin"))

    def with_standard_input(self, *args):
        with open(self.input, "rb") as file:
            return run(*ONLY, *args, stdin=file)

    def test_by_standard_output_that_appends(self):
        with open(self.input, "ab") as file:
            self.refused(run(*ONLY, self.input, stdout=file), 74)

    def test_another_file_of_the_same_content_is_none_of_it(self):
        self.assert_status(run(*ONLY, "-o", self.file("copy", self.log), self.input), 0)


if __name__ == "__main__":
    unittest.main()
