# SPDX-License-Identifier: Apache-2.0
"""Outputs and inputs that fail: the right status, one message, and never a byte of what was read."""

import os
import pty
import signal
import subprocess
import tty
import unittest

from support import (BINARY, ONLY, TIMEOUT, TRIGGER, CommandTest, Live, body, environment, masked,
                     run, run_shell)


class OutputFails(CommandTest):
    def setUp(self):
        super().setUp()
        self.log = (b"line " + TRIGGER + body() + b"\n") * 20

    def test_standard_output_closed(self):
        self.assert_message(run_shell('"$@" >&-', *ONLY, data=self.log), 74,
                            "standard output", "Bad file descriptor")

    def test_help_with_standard_output_closed(self):
        self.assert_message(run_shell('"$@" >&-', "--help"), 74, "standard output")

    def test_help_to_a_full_disk(self):
        self.assert_message(run_shell('"$@" >/dev/full', "--help"), 74, "No space left on device")

    def test_full_disk(self):
        self.assert_message(run_shell('"$@" >/dev/full', *ONLY, data=self.log), 74,
                            "standard output", "No space left on device")

    def test_full_disk_as_output_file(self):
        self.assert_message(run(*ONLY, "-o", "/dev/full", data=self.log), 74,
                            "/dev/full", "No space left on device")

    def test_full_disk_when_the_last_bytes_leave(self):
        """All that is written is an undecided run at the end of the input."""
        with open("/dev/full", "wb") as full:
            self.assert_message(run(*ONLY, data=TRIGGER + b"abc", stdout=full), 74, "No space left")

    def test_a_limit_on_the_size_of_files(self):
        """Half of it fits: what is there is a correct beginning."""
        secret = body()
        log = self.file("in", (b"x" * 100 + TRIGGER + secret + b"\n") * 10000)
        result = run_shell("trap '' XFSZ; ulimit -f 1000; \"$@\"", *ONLY, "-o", self.path("out"), log)
        self.assert_message(result, 74, "File too large")
        output = self.content(self.path("out"))
        self.assertIn(len(output), (512000, 1024000))
        self.assert_bytes(output, masked(self.content(log), secret)[:len(output)])

    def gone(self, **popen):
        """The reader goes away after the first bytes."""
        with Live(*ONLY, **popen) as live:
            live.write(b"first\n")
            live.process.stdout.close()
            live.process.stdout = open(os.devnull, "rb")
            live.sink = live.process.stdout.fileno()
            os.write(live.source, self.log)
            live.process.wait(TIMEOUT)
            return live.process.returncode, live.messages()

    def test_reader_gone_ends_it_by_SIGPIPE_as_cat(self):
        self.assertEqual(self.gone(), (-signal.SIGPIPE, b""))

    def test_reader_gone_with_SIGPIPE_ignored(self):
        status, messages = self.gone(restore_signals=False)  # Python itself ignores SIGPIPE
        self.assertEqual(status, 74)
        self.assertEqual(messages, b"keysieve: standard output: Broken pipe\n")

    def test_head_takes_three_lines_of_many(self):
        path = self.file("log", self.log * 20000)
        result = run_shell('"$@" | head -n 3', *ONLY, path)
        self.assertEqual(result.stdout.count(b"\n"), 3)
        self.assertEqual(result.stderr, b"")


class InputFails(CommandTest):
    def test_standard_input_closed(self):
        self.assert_message(run_shell('"$@" <&-', *ONLY), 74, "standard input", "Bad file descriptor")

    def test_standard_input_closed_does_not_matter_with_a_file(self):
        path = self.file("in", b"text\n")
        self.assert_done(run_shell('"$@" <&-', *ONLY, path), b"text\n")

    def test_standard_input_is_a_directory(self):
        self.assert_message(run_shell('"$@" </', *ONLY), 74, "standard input", "Is a directory")

    def test_standard_input_is_open_for_writing_only(self):
        with open(self.path("w"), "wb") as file:
            self.assert_message(run(*ONLY, stdin=file), 74, "standard input", "Bad file descriptor")

    def test_a_terminal_that_hangs_up_after_some_bytes(self):
        """What came before the error is processed; the status tells that it is not all."""
        secret = body()
        try:
            master, slave = pty.openpty()
        except OSError:
            self.skipTest("no pseudo-terminals here")
        tty.setraw(slave)
        sieve = subprocess.Popen([BINARY, *ONLY], stdin=master, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, env=environment())
        os.close(master)
        data = b"some " + TRIGGER + secret + b" text\n"
        os.write(slave, data)
        output = b""
        while len(output) < len(data):
            output += os.read(sieve.stdout.fileno(), 4096)
        os.close(slave)  # from now on a read of the master gives EIO
        rest, messages = sieve.communicate(timeout=TIMEOUT)
        self.assertEqual(sieve.returncode, 74)
        self.assertEqual(messages, b"keysieve: standard input: Input/output error\n")
        self.assert_bytes(output + rest, masked(data, secret))

    def test_all_three_descriptors_closed(self):
        result = run_shell('"$@" <&- >&- 2>&-; echo $?', *ONLY)
        self.assertEqual(result.stdout, b"74\n")

    def test_a_message_never_goes_into_the_output_file(self):
        out = self.path("out")
        result = run_shell('"$@" 2>&-', *ONLY, "-o", out, self.path("missing"), self.file("a", b"a\n"))
        self.assertEqual(result.returncode, 74)
        self.assertEqual(self.content(out), b"a\n")


class Messages(CommandTest):
    """One line each, whatever a file is called, and the reason is in it."""

    def test_a_name_with_line_end_and_escape_bytes(self):
        result = run(*ONLY, self.path("a\nb\x1b[31mc\rd"))
        self.assert_message(result, 74, "No such file or directory")
        self.assertFalse(set(result.stderr[:-1]) & set(range(32)), "control bytes")

    def test_a_name_in_letters_of_others_stays_as_it_is(self):
        name = "Übersicht-日本-Ğ-😀"  # with all that is a control character elsewhere in their later bytes
        self.assert_message(run(*ONLY, self.path(name)), 74, name)
        explained = run("rules", "explain", *ONLY, data=name.encode() + b"\tx\n").stdout
        self.assertIn(b"1: " + name.encode() + b"\tx\n", explained)
        config = run("check-config", "filter", "--ledger", self.path(name)).stdout
        self.assertIn(name.encode(), config)
        self.assertNotIn(b"\xc2\x9b", run("check-config", "filter", "--ledger", self.path("a\x9bb")).stdout)

    def test_a_name_that_is_no_UTF_8(self):
        result = run(*ONLY, os.fsencode(self.directory) + b"/\xff")
        self.assert_status(result, 74)
        self.assertEqual(result.stderr.count(b"\n"), 1)

    def test_a_very_long_name(self):
        self.assert_message(run(*ONLY, "/" + "d/" * 1000 + "file"), 74, "No such file or directory")

    def test_an_empty_name_of_a_rule_file(self):
        """The message says what it is that does not exist."""
        result = run("--rules", "")
        self.assert_status(result, 78)
        self.assertNotEqual(result.stderr, b"keysieve: No such file or directory\n")


class NoPayload(CommandTest):
    """Whatever fails, no 8 bytes of a key are in a message; nor any in what was written."""

    def setUp(self):
        super().setUp()
        self.secret = body()
        self.log = b"x " + TRIGGER + self.secret + b"\n"
        self.input = self.file("in", self.log)

    def check(self, script, *args, status=74):
        result = run_shell(script, *args, data=self.log)
        self.assert_status(result, status)
        self.assert_no_piece(result.stderr, self.secret)
        self.assert_no_piece(result.stdout, self.secret)

    def test_full_disk(self):
        self.check('"$@" >/dev/full', *ONLY)

    def test_full_disk_with_statistics(self):
        self.check('"$@" >/dev/full', *ONLY, "--stats")

    def test_standard_output_closed(self):
        self.check('"$@" >&-', *ONLY)

    def test_a_missing_file(self):
        self.check('"$@"', *ONLY, self.input, self.path("missing"), "-")

    def test_a_directory(self):
        self.check('"$@"', *ONLY, "-", self.directory, self.input)

    def test_an_unknown_option(self):
        self.check('"$@"', "--nonsense", self.input, status=2)

    def test_an_unknown_rule(self):
        self.check('"$@"', "--only", "nonsense", self.input, status=2)

    def test_a_bad_rule_file(self):
        self.check('"$@"', "--rules", self.file("bad.yaml", "- id: [\n"), self.input, status=78)

    def test_a_log_given_as_a_rule_file_by_mistake(self):
        self.check('"$@"', "--rules", self.input, status=78)

    def test_a_JSON_log_given_as_a_rule_file_by_mistake(self):
        log = self.file("json", b'[{"%s": "x"}]\n' % (TRIGGER + self.secret))
        self.check('"$@"', "--rules", log, status=78)

    def test_check(self):
        self.check('"$@"', *ONLY, "--check", "--stats", self.input, status=1)


if __name__ == "__main__":
    unittest.main()
