# SPDX-License-Identifier: Apache-2.0
"""Whoever reads the standard error, or does not any more: it neither ends the masking nor makes it wait."""

import os
import pty
import signal
import socket
import subprocess
import time

from support import (BINARY, ONLY, TIMEOUT, TRIGGER, CommandTest, Live, body, bytes_in_pipe, environment,
                     is_asleep, masked)

BOUND = 5  # seconds that messages wait outside of the work, in all
SECRET = body(40, 77)
LINE = b"a " + TRIGGER + SECRET + b" b\n"
SHORT = b"a key\n"


def filled(fd):
    """A pipe, socket or terminal that takes nothing more."""
    os.set_blocking(fd, False)
    for size in (4096, 1):
        try:
            while True:
                os.write(fd, b"x" * size)
        except BlockingIOError:
            pass
    os.set_blocking(fd, True)
    return fd


class Voiceless(Live):
    """A running keysieve whose standard error is this descriptor."""

    def __init__(self, fd, *args, env=None, **popen):
        # pylint: disable=super-init-not-called
        self.output = b""
        self.errors = open(os.devnull, "rb")
        self.process = subprocess.Popen([BINARY, *args], stdin=subprocess.PIPE, bufsize=0, stdout=subprocess.PIPE,
                                        stderr=fd, env=environment(env), **popen)
        self.source, self.sink = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self.sink, False)


class StderrTest(CommandTest):
    def pipe(self):
        ends = os.pipe()
        for fd in ends:
            self.addCleanup(self.close, fd)
        return ends

    @staticmethod
    def close(fd):
        try:
            os.close(fd)
        except OSError:
            pass  # the test has closed it

    def dead(self):
        reader, fd = self.pipe()
        os.close(reader)
        return fd

    def full(self):
        return filled(self.pipe()[1])

    def full_socket(self):
        ends = socket.socketpair()
        for end in ends:
            self.addCleanup(end.close)
        return filled(ends[1].fileno())

    def full_terminal(self):
        ends = pty.openpty()
        for fd in ends:
            self.addCleanup(self.close, fd)
        return filled(ends[1])

    def dead_socket(self):
        ends = socket.socketpair()
        self.addCleanup(ends[1].close)
        ends[0].close()
        return ends[1].fileno()

    def live(self, fd, *args, **more):
        live = Voiceless(fd, *args, **more)
        self.addCleanup(live.__exit__)
        self.masks(live)
        return live

    def masks(self, live):
        live.output = b""
        self.assert_bytes(live.write(LINE), masked(LINE, SECRET))

    def ends(self, live):
        live.finish()
        self.assertEqual(live.process.returncode, 0)

    def all_kinds(self):
        return [self.dead(), self.full(), self.full_socket(), self.dead_socket(), self.full_terminal()]


class While(StderrTest):
    def test_the_ledger_fails(self):
        for fd in self.all_kinds():
            live = self.live(fd, *ONLY, "--ledger", "/dev/full")
            for _ in range(3):
                self.masks(live)

    def test_the_command_fails(self):
        for fd in self.all_kinds():
            live = self.live(fd, *ONLY, "--on-leak", "exit 3")
            time.sleep(0.2)
            self.masks(live)

    def test_it_is_asked_for_statistics(self):
        for fd in self.all_kinds():
            live = self.live(fd, *ONLY)
            for _ in range(3):
                live.process.send_signal(signal.SIGUSR1)
                self.masks(live)

    def test_known_values_cannot_be_read(self):
        for fd in self.all_kinds():
            path = self.file("values", SECRET + b"\n")
            live = self.live(fd, *ONLY, "--known", path)
            os.unlink(path)
            for _ in range(3):
                live.process.send_signal(signal.SIGHUP)
                self.masks(live)

    def test_follow(self):
        for fd in self.all_kinds():
            path, out = self.file("log", b""), self.path("out")
            live = Voiceless(fd, "follow", *ONLY, "--from-start", "--state", self.path("state"), "--ledger", "/dev/full", "-o", out, path)
            self.addCleanup(live.__exit__)
            written = b""
            for _ in range(3):
                with open(path, "ab") as log:
                    log.write(LINE)
                written += masked(LINE, SECRET)
                deadline = time.monotonic() + TIMEOUT
                while not os.path.exists(out) or self.content(out) != written:
                    self.assertLess(time.monotonic(), deadline)
                    self.assertIsNone(live.process.poll())
                    time.sleep(0.01)
                live.process.send_signal(signal.SIGUSR1)
            live.process.send_signal(signal.SIGTERM)
            self.assertEqual(live.process.wait(TIMEOUT), 0)
            os.unlink(out)
            os.unlink(self.path("state"))

    def test_files_in_place(self):
        for fd in self.dead(), self.full():
            paths = [self.file(f"log{i}", LINE) for i in range(3)]
            live = Voiceless(fd, *ONLY, "--ledger", "/dev/full", "-i", *paths)
            self.ends(live)
            live.__exit__()
            for path in paths:
                self.assert_bytes(self.content(path), masked(LINE, SECRET))

    def test_what_is_dropped_is_counted(self):
        out = self.path("metrics")
        live = self.live(self.full(), *ONLY, "--ledger", "/dev/full", "--metrics-file", out)
        self.ends(live)
        self.assertIn(b'kind="message"} 1\n', self.content(out))

    def test_it_can_be_read_again(self):
        reader, fd = self.pipe()
        live = self.live(filled(fd), *ONLY)
        live.process.send_signal(signal.SIGUSR1)
        self.masks(live)
        os.read(reader, bytes_in_pipe(reader))
        live.process.send_signal(signal.SIGUSR1)
        self.masks(live)
        text = os.read(reader, 1 << 16).decode()
        self.assertRegex(text, r"\Akeysieve: [0-9]+ bytes, 3 findings, .*\nkeysieve: +3  anthropic-api-key\n")

    def test_the_description_is_left_as_it_is(self):
        """It belongs to the shell too."""
        fd = self.pipe()[1]
        live = self.live(fd, *ONLY)
        live.process.send_signal(signal.SIGUSR1)
        self.masks(live)
        self.assertTrue(os.get_blocking(fd))



class Before(StderrTest):
    def test_an_error_waits_for_some_time_only(self):
        for args, fd in ((("--nonsense",), self.dead()), (("follow",), self.full()),
                         (("--ledger", "/dev/full/x"), self.full_socket())):
            start = time.monotonic()
            live = Voiceless(fd, *args)
            live.finish()
            live.__exit__()
            self.assertIn(live.process.returncode, (2, 74))
            self.assertLess(time.monotonic() - start, BOUND + TIMEOUT)

    def test_a_slow_reader_gets_it(self):
        reader, fd = self.pipe()
        live = Voiceless(filled(fd), "--nonsense")
        self.addCleanup(live.__exit__)
        while not is_asleep(live.process.pid):
            time.sleep(0.01)
        os.close(fd)
        text = b""
        while block := os.read(reader, 1 << 16):
            text += block
        self.assertEqual(text.lstrip(b"x"), b"keysieve: unknown option '--nonsense'; see keysieve --help\n")
        self.assertEqual(live.process.wait(TIMEOUT), 2)

    def test_other_commands_wait_as_long_as_it_takes(self):
        reader, fd = self.pipe()
        live = Voiceless(filled(fd), "rules", "check", self.path("none"))
        self.addCleanup(live.__exit__)
        time.sleep(BOUND + 1)
        self.assertIsNone(live.process.poll())
        os.close(fd)
        while os.read(reader, 1 << 16):
            pass
        self.assertNotEqual(live.process.wait(TIMEOUT), 0)


class After(StderrTest):
    def test_statistics_wait_for_some_time_only(self):
        for fd in self.dead(), self.full():
            live = self.live(fd, *ONLY, "--stats")
            start = time.monotonic()
            self.ends(live)
            self.assertLess(time.monotonic() - start, BOUND + TIMEOUT)

    def test_a_slow_reader_gets_statistics(self):
        reader, fd = self.pipe()
        live = self.live(filled(fd), *ONLY, "--stats")
        os.close(fd)
        live.process.stdin.close()
        time.sleep(0.5)
        text = b""
        while block := os.read(reader, 1 << 16):
            text += block
        self.assertIn(b" 1 findings", text)
        live.finish()
        self.assertEqual(live.process.returncode, 0)


class Output(StderrTest):
    def test_its_reader_is_gone(self):
        """That ends the process as it ends others, whatever the standard error is."""
        for fd in (self.dead(), self.full(), self.pipe()[1]):
            live = self.live(fd, *ONLY, "--ledger", "/dev/full")
            live.process.send_signal(signal.SIGUSR1)
            self.masks(live)
            live.process.stdout.close()
            os.write(live.source, SHORT)
            self.assertEqual(live.process.wait(TIMEOUT), -signal.SIGPIPE)
