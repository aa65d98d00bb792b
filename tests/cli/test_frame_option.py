# SPDX-License-Identifier: Apache-2.0
"""The filter and frames: what --frame chooses, what auto recognises, and that nothing waits for it."""

import gzip
import os
import pty
import signal
import subprocess
import tty
import unittest

from support import (BINARY, LONG, ONLY, TIMEOUT, TRIGGER, CommandTest, Live, address, body, environment, masked, pieces,
                     run, some)

TIME = b"2026-11-22T10:00:00.123456789Z"
SECRET = body()
HALVES = TRIGGER + SECRET[:30], SECRET[30:] + b" and more"


def cri(tag, text):
    return TIME + b" stdout " + tag + b" " + text + b"\n"


def docker(text):
    return b'{"log":"' + text + b'","stream":"stdout","time":"' + TIME + b'"}\n'


def entry(number, text, *fields):
    lines = [b"_STREAM_ID=0f0f0f0f", b"MESSAGE=" + text, *fields]
    return address(number) + b"\n".join(lines) + b"\n\n"


LOGS = {  # a key in two halves, and a line after it
    "raw": HALVES[0] + HALVES[1] + b"\nlast\n",
    "cri": cri(b"P", HALVES[0]) + cri(b"F", HALVES[1]) + cri(b"F", b"last"),
    "docker": docker(HALVES[0]) + docker(HALVES[1] + rb"\n") + docker(rb"last\n"),
    "journal": (entry(1, HALVES[0], b"_LINE_BREAK=line-max") + entry(2, HALVES[1]) +
                entry(3, b"last")),
}


def right(log):
    return masked(log, SECRET[:30], SECRET[30:])


class Auto(CommandTest):
    def test_whole(self):
        for name, log in LOGS.items():
            with self.subTest(name):
                self.assert_done(run(*ONLY, data=log), right(log))

    def test_byte_by_byte(self):
        for name, log in LOGS.items():
            with self.subTest(name), Live(*ONLY) as live:
                for byte in pieces(log, 1):
                    os.write(live.source, byte)
                self.assert_bytes(live.finish(), right(log))

    def test_each_byte_after_all_before_it_is_through(self):
        log = LOGS["cri"]
        with Live(*ONLY) as live:
            for i in range(len(log)):
                output = live.write(log[i:i + 1])
                self.assertTrue(right(log).startswith(output), f"after {i + 1} bytes")
            self.assert_bytes(live.finish(), right(log))

    def test_statistics_tell(self):
        for name, log in LOGS.items():
            with self.subTest(name):
                result = run(*ONLY, "--stats", data=log)
                self.assertIn(b"\nkeysieve: frames: " + name.encode() + b"\n", result.stderr)

    def test_statistics_of_no_input_tell_of_no_frames(self):
        self.assertNotIn(b"frames", run(*ONLY, "--stats").stderr)

    def test_it_is_the_default_and_can_be_named(self):
        log = LOGS["cri"]
        self.assert_done(run(*ONLY, "--frame", "auto", data=log), right(log))
        self.assert_done(run(*ONLY, env={"KEYSIEVE_FRAME": "auto"}, data=log), right(log))

    def test_check(self):
        for name, log in LOGS.items():
            with self.subTest(name):
                result = run(*ONLY, "--check", data=log)
                self.assertEqual((result.returncode, result.stdout), (1, b""))

    def test_a_gzip_file(self):
        for name, log in LOGS.items():
            with self.subTest(name):
                path = self.file(name + ".gz", gzip.compress(log))
                self.assert_done(run(*ONLY, path), right(log))

    def test_output_to_a_file(self):
        out = self.path("out")
        self.assert_done(run(*ONLY, "-o", out, data=LOGS["docker"]), b"")
        self.assert_bytes(self.content(out), right(LOGS["docker"]))


class AtOnce(CommandTest):
    """Text that is in no frame leaves as it comes, from the first byte that shows it."""

    def check(self, *steps):
        with Live(*ONLY) as live:
            for data, output in steps:
                self.assert_bytes(live.write(data), output)

    def test_a_letter(self):
        self.check((b"h", b"h"), (b"i", b"hi"))

    def test_a_prompt(self):
        self.check((b"> ", b"> "), (b"$ ", b"> $ "))

    def test_JSON_of_another_form(self):
        self.check((b'{"level', b'{"level'), (b'":', b'{"level":'))

    def test_a_time_that_another_word_follows(self):
        self.check((TIME + b" info", TIME + b" info"), (b" x", TIME + b" info x"))

    def test_a_number(self):
        self.check((b"2", b""), (b"x", b"2x"))

    def test_an_empty_line(self):
        self.check((b"\n", b"\n"), (LOGS["cri"][:10], b"\n" + LOGS["cri"][:10]))

    def test_content_in_a_frame(self):
        head = TIME + b" stdout F "
        self.check((head, head), (b"Pass", head + b"Pass"), (b"word: ", head + b"Password: "))

    def test_too_few_bytes_to_tell(self):
        for data in (b"2", b"20", TIME, TIME + b" std", b"{", b'{"log":', b"_", b"__CURSOR", address()[:50],
                     address()[:-20]):
            with self.subTest(data):
                self.assert_done(run(*ONLY, data=data), data)

    def test_a_key_in_what_was_too_little_to_tell(self):
        log = b"2026-11-22T10:00:00" + b"-" + TRIGGER + SECRET
        self.assert_done(run(*ONLY, data=log), masked(log, SECRET))


class WrongGuess(CommandTest):
    """Who writes the first lines of a log does not say what passes in the others."""

    SECRET = body(40, 50)
    SHORT = body(12, 51)
    VALUES = (SECRET, SHORT, b"A_NAME=" + SHORT[:6] + b"=", b"B7K2" * 4 + b"ZQ")
    FIRST = {"journal": (b"__CURSOR=x\n", b"__CURSOR=GET /\n\n", address(), address() + b"\n", address() * 2,
                         address().replace(b"=1700", b"=x")),
             "cri": (cri(b"F", b"x"), cri(b"P", b"x"), cri(b"F:tag", b"x")),
             "docker": (docker(rb"x\n"), b'{"log":"\n', docker(b"x"))}

    def bodies(self):
        """Lines that have somewhat of a frame's form, each with a value."""
        time_ = TIME.replace(b"Z", b"")
        for value in self.VALUES:
            yield from (b"__DB_PASSWORD=" + value, b"__CURSOR=" + value, b"__SEQNUM_ID=" + value, b"__X\n" + value,
                        b"__REALTIME_TIMESTAMP=" + value, b"__CURSOR=s=" + value + b";i=1", b"_BOOT_ID=" + value,
                        value + b"=x", value + b"=", value, b"MESSAGE=" + value, b"go " + value,
                        time_ + value + b" stdout F x", TIME + b" " + value + b" F x",
                        TIME + b" stdout F:" + value + b" x", TIME + b" stdout " + value + b" x",
                        b'{"log":"","stream":"stdout","time":"' + value + b'"}',
                        b'{"log":"","stream":"stdout","attrs":{"' + value + b'":"' + value + b'"}}',
                        b'{"log":"","stream":"' + value + b'"}', b'{"log":"","' + value + b'":1,"stream":"stderr"}')

    def test_values(self):
        known = self.file("values", b"\n".join(self.VALUES))
        for frame, beginnings in self.FIRST.items():
            for first in beginnings:
                text = b"".join(line + b"\n" + end for line in self.bodies() for end in (b"", b"\n", b"a word\n"))
                for args in ((), ("--frame", frame)):
                    with self.subTest(first=first, args=args):
                        result = run("--no-rules-d", "--known", known, *args, data=first + text)
                        self.assert_status(result, 0)
                        self.assertEqual(len(result.stdout), len(first + text))
                        for value in self.VALUES:
                            self.assertNotIn(value, result.stdout)

    def test_numbers(self):
        pin = b"8675309142857"
        known = self.file("values", pin)
        lines = (b'{"log":"","stream":"stdout","pin":' + pin + b"}\n",
                 b'{"log":"","stream":"stdout","time":"' + pin + b'"}\n',
                 b'{"log":"","time":"' + pin + b'","stream":"stdout"}\n',
                 TIME.replace(b"Z", pin + b"Z") + b" stdout F x\n", b"__DB_PIN=" + pin + b"\n")
        for first in (b"x\n", *(first for beginnings in self.FIRST.values() for first in beginnings)):
            with self.subTest(first):
                data = first + b"".join(lines)
                self.assert_done(run("--no-rules-d", "--known", known, data=data), masked(data, pin))

    def test_keys(self):
        key = TRIGGER + SECRET
        for first in self.FIRST["journal"]:
            data = first + b"__OPENAI_API_KEY=" + key + b"\n"
            with self.subTest(first):
                self.assert_done(run(*ONLY, data=data), masked(data, SECRET))
                self.assertEqual(run(*ONLY, "--check", data=data).returncode, 1)
                path = self.file("log", data)
                self.assert_status(run(*ONLY, "-i", path), 0)
                self.assert_bytes(self.content(path), masked(data, SECRET))

    def test_what_is_no_cursor_is_raw_at_once(self):
        with Live(*ONLY) as live:
            for data in (b"__CURSOR=G", b"ET /\n", b"A=", b"x\n"):
                self.assertTrue(live.write(data).endswith(data))

    def test_entries_of_a_journal(self):
        for name in (b"", b"__MONOTONIC_TIMESTAMP=12\n__SEQNUM=7\n__SEQNUM_ID=%032x\n_BOOT_ID=%032x\n" % (3, 4)):
            log = address() + name + b"MESSAGE=x\n\n" + entry(2, TRIGGER + SECRET)
            result = run(*ONLY, "--stats", data=log)
            self.assert_bytes(result.stdout, masked(log, SECRET))
            self.assertIn(b"frames: journal\n", result.stderr)


class Named(CommandTest):
    def test_raw_does_not_look_for_frames(self):
        result = run(*ONLY, "--frame", "raw", data=LOGS["cri"])
        self.assert_done(result, masked(LOGS["cri"], SECRET[:30]))

    def test_each_by_its_name(self):
        for name, log in LOGS.items():
            with self.subTest(name):
                self.assert_done(run(*ONLY, "--frame", name, data=log), right(log))
                self.assert_done(run(*ONLY, env={"KEYSIEVE_FRAME": name}, data=log), right(log))

    def test_frames_that_are_not_there_leave_text_as_it_is_and_keys_masked(self):
        for name in LOGS:
            with self.subTest(name):
                log = b"text\n{}\nkey=" + TRIGGER + SECRET + b"\n"
                self.assert_done(run(*ONLY, "--frame", name, data=log), masked(log, SECRET))

    def test_frames_that_are_named_need_not_come_first(self):
        log = b"== a log ==\n" + LOGS["cri"]
        self.assert_done(run(*ONLY, "--frame", "cri", data=log), right(log))

    def test_a_wrong_name(self):
        self.assert_message(run("--frame", "crio"), 2, "--frame", "auto, raw, cri, docker or journal")

    def test_a_wrong_name_in_the_environment(self):
        self.assert_message(run(env={"KEYSIEVE_FRAME": "json"}), 2, "--frame")


class Files(CommandTest):
    """All files are one source, in frames too."""

    def test_cut_anywhere_by_split(self):
        for name, log in LOGS.items():
            for at in some(range(0, len(log), 7)):
                with self.subTest(name, at=at):
                    first, last = self.file("1", log[:at]), self.file("2", log[at:])
                    self.assert_done(run(*ONLY, first, last), right(log))

    def test_two_logs(self):
        for name, log in LOGS.items():
            with self.subTest(name):
                path = self.file("log", log)
                self.assert_done(run(*ONLY, path, path), right(log) * 2)

    def test_a_log_that_another_one_breaks_off_in_a_key(self):
        """The first one was rotated away, and the second does not begin where it ended."""
        first = self.file("1", cri(b"P", HALVES[0]))
        last = self.file("2", cri(b"F", b" other") + LOGS["cri"])
        self.assert_done(run(*ONLY, first, last), masked(cri(b"P", HALVES[0]), SECRET[:30]) +
                         cri(b"F", b" other") + right(LOGS["cri"]))

    def test_a_missing_file_between(self):
        path = self.file("log", LOGS["docker"])
        result = run(*ONLY, path, self.path("missing"), path)
        self.assert_status(result, 74)
        self.assert_bytes(result.stdout, right(LOGS["docker"]) * 2)


class Broken(CommandTest):
    """An input that cannot be read further: what is undecided is masked, and the others follow."""

    def check(self, head, following):
        try:
            master, slave = pty.openpty()
        except OSError:
            self.skipTest("no pseudo-terminals here")
        tty.setraw(slave)
        after = self.file("after", following)
        sieve = subprocess.Popen([BINARY, *ONLY, "-", after], stdin=master, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, env=environment())
        os.close(master)
        os.write(slave, head + TRIGGER + SECRET[:10])
        output = b""
        while len(output) < len(head + TRIGGER):
            output += os.read(sieve.stdout.fileno(), 4096)
        os.close(slave)  # from now on a read of the master gives EIO
        rest, messages = sieve.communicate(timeout=TIMEOUT)
        self.assertEqual(sieve.returncode, 74)
        self.assertEqual(messages, b"keysieve: standard input: Input/output error\n")
        self.assert_bytes(output + rest, head + TRIGGER + b"*" * 10 + following)

    def test_raw_text(self):
        self.check(b"key=", b" after\n")

    def test_frames(self):
        self.check(TIME + b" stdout P ", cri(b"F", b"after"))

    def test_a_full_disk(self):
        for name, log in LOGS.items():
            with self.subTest(name), open("/dev/full", "wb") as full:
                self.assert_message(run(*ONLY, data=log, stdout=full), 74, "No space left")


class Stopped(CommandTest):
    """SIGTERM in the middle of a frame that does not say yet whose it is: no piece of a key is out."""

    def stop(self, frame, log):
        with Live(*ONLY, "--frame", frame) as live:
            live.write(log)
            live.process.send_signal(signal.SIGTERM)
            live.process.wait(TIMEOUT)
            output = live.finish()
            self.assertEqual((live.process.returncode, len(output)), (0, len(log)))
            self.assert_no_piece(output, SECRET)

    def test_docker(self):
        of_stderr = docker(TRIGGER + SECRET[:12]).replace(b"stdout", b"stderr")
        for last in (SECRET[12:60], b"short, ", SECRET[12:60] + rb'\n","str'):
            for log in (docker(b"a line of stdout ") + of_stderr, of_stderr + docker(b"it ")):
                with self.subTest(last=len(last)):
                    self.stop("docker", log + b'{"log":"' + last)

    def test_journal(self):
        first = entry(1, TRIGGER + SECRET[:12], b"_LINE_BREAK=line-max")
        other = first.replace(b"0f0f0f0f", b"a0a0a0a0").replace(TRIGGER + SECRET[:12], b"text ")
        for last in (SECRET[12:60], b"short, ", SECRET[12:60] + b"\n_STREA"):
            for log in (first, first + other, other + first):
                self.stop("journal", log + b"__CURSOR=s=1\nMESSAGE=" + last)

    def test_a_first_piece_of_which_it_is_not_known_that_it_is_one(self):
        for name in (b"", b"_STREAM_ID=0f0f0f0f\n"):
            message = b"MESSAGE=" + TRIGGER + SECRET[:12] + b"\n_LI"
            self.stop("journal", b"__CURSOR=s=1\n" + name + message)


class Much(CommandTest):
    """More than any buffer: files and pipes, large and small writes give the same."""

    def test_each(self):
        for name, log in LOGS.items():
            with self.subTest(name):
                log *= (3 << 20) // len(log)
                want = right(log)
                path = self.file("log", log)
                result = run(*ONLY, path, timeout=LONG)
                self.assert_status(result, 0)
                self.assert_bytes(result.stdout, want)
                self.assert_bytes(run(*ONLY, data=log, timeout=LONG).stdout, want)

    def test_one_long_line_of_many_pieces(self):
        text = (b"x" * 1000 + TRIGGER + SECRET + b" ") * 200
        log = b"".join(cri(b"P", piece) for piece in pieces(text, 777)) + cri(b"F", b"")
        want = b"".join(cri(b"P", piece) for piece in pieces(masked(text, SECRET), 777)) + cri(b"F", b"")
        self.assert_done(run(*ONLY, data=log), want)


if __name__ == "__main__":
    unittest.main()
