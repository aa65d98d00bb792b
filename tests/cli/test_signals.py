# SPDX-License-Identifier: Apache-2.0
"""Signals while data flows: stop, reload, report. And what the service manager is told."""

import os
import pty
import signal
import socket
import subprocess
import threading
import time
import tty
import unittest

from support import (ACME, ALNUM, BINARY, ID, ONLY, RULE, TIMEOUT, TRIGGER, CommandTest, Live, body,
                     catches_signal, environment, is_asleep, masked, process_state, stars)

BAD_RULE = "- id: acme-api-key\n  trigger: 'acme('\n  body: 'A-Za-z0-9'\n  length: 24..\n"


class SignalTest(CommandTest):
    def end(self, live):
        """Wait for its end, its input left open; returns all output."""
        os.set_blocking(live.sink, True)
        while block := os.read(live.sink, 1 << 20):
            live.output += block
        live.process.wait(TIMEOUT)
        return live.output

    def stop(self, live, number=signal.SIGTERM):
        live.process.send_signal(number)
        return self.end(live)

    def signal(self, live, number):
        """Send it and wait until everything is done that it asks for."""
        live.process.send_signal(number)
        return live.settle()

    def freeze(self, process):
        process.send_signal(signal.SIGSTOP)
        self.wait_for(lambda: process_state(process.pid) == "T")

    def wait_for(self, condition):
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            self.assertLess(time.monotonic(), deadline, "it does not happen")
            time.sleep(0.001)

    def wait_until_asleep(self, process):
        self.wait_for(lambda: process_state(process.pid) == "S")


class Stop(SignalTest):
    """What is in the pipe is masked and written, what is undecided is masked, the status is 0."""

    def check(self, number, data, output, *args):
        with Live(*ONLY, *args) as live:
            live.write(data)
            self.assert_bytes(self.stop(live, number), output)
            self.assertEqual(live.process.returncode, 0)
            self.assertEqual(live.messages(), b"")

    def test_SIGTERM_in_an_undecided_key(self):
        self.check(signal.SIGTERM, b"k=" + TRIGGER + body()[:10], b"k=" + TRIGGER + b"*" * 10)

    def test_SIGINT_in_an_undecided_key(self):
        self.check(signal.SIGINT, b"k=" + TRIGGER + body()[:10], b"k=" + TRIGGER + b"*" * 10)

    def test_SIGTERM_in_a_decided_key(self):
        self.check(signal.SIGTERM, b"k=" + TRIGGER + body()[:50], b"k=" + TRIGGER + b"*" * 50)

    def test_at_every_byte_of_a_key(self):
        for taken in range(1, 30):
            with self.subTest(taken):
                self.check(signal.SIGTERM, TRIGGER + body()[:taken], TRIGGER + b"*" * taken)

    def test_in_the_middle_of_a_line_without_key(self):
        self.check(signal.SIGTERM, b"half a li", b"half a li")

    def test_in_frames(self):
        head = b"2026-11-22T10:00:00.123456789Z stdout P "
        self.check(signal.SIGTERM, head + TRIGGER + body()[:10], head + TRIGGER + b"*" * 10)

    def test_where_frames_are_not_recognised_yet(self):
        for data in (b"2", b"2026-11-22T10:00:00.1", b'{"lo', b"__CUR"):
            with self.subTest(data):
                self.check(signal.SIGTERM, data, data)

    def test_before_any_input(self):
        self.check(signal.SIGTERM, b"", b"")

    def test_to_an_output_file(self):
        out = self.path("out")
        self.check(signal.SIGTERM, TRIGGER + body()[:10], b"", "-o", out)
        self.assert_bytes(self.content(out), TRIGGER + b"*" * 10)

    def test_statistics_are_printed(self):
        with Live(*ONLY, "--stats") as live:
            live.write(b"k=" + TRIGGER + body())
            self.stop(live)
            self.assertRegex(live.messages(), rb"1 findings, 95 bytes masked")

    def test_a_key_that_was_given_up_is_a_finding_too(self):
        for head in (b"", b"2026-11-22T10:00:00.123456789Z stdout P "):
            with self.subTest(head), Live(*ONLY, "--stats") as live:
                live.write(head + TRIGGER + body()[:10])
                self.stop(live)
                self.assertRegex(live.messages(), rb"1 findings, 10 bytes masked")

    def test_what_is_in_the_pipe_is_read(self):
        secret = body()
        line = b"x" * 100 + TRIGGER + secret + b"\n"
        data = line * 250  # less than a pipe that nobody has enlarged
        with Live(*ONLY, "-o", self.path("out")) as live:
            live.write(b"first\n")
            self.freeze(live.process)
            os.write(live.source, data)
            live.process.send_signal(signal.SIGTERM)
            live.process.send_signal(signal.SIGCONT)
            self.end(live)
            self.assertEqual(live.process.returncode, 0)
        self.assert_bytes(self.content(self.path("out")), b"first\n" + masked(data, secret))

    def test_a_writer_that_never_stops(self):
        line = b"y" * 99 + b"\n"

        def write(fd):
            try:
                while True:
                    os.write(fd, line * 40)
            except BrokenPipeError:
                os.close(fd)

        source, sink = os.pipe()
        with open(os.devnull, "wb") as null, subprocess.Popen(
                [BINARY, *ONLY], stdin=source, stdout=null, env=environment()) as sieve:
            os.close(source)
            writer = threading.Thread(target=write, args=(sink,))
            writer.start()
            self.wait_for(lambda: catches_signal(sieve.pid, signal.SIGTERM))
            self.wait_until_asleep(sieve)
            sieve.send_signal(signal.SIGTERM)
            self.assertEqual(sieve.wait(TIMEOUT), 0)
            writer.join()

    def test_the_same_wish_twice_at_once(self):
        """As timeout(1) does it, which signals the process and its group."""
        with Live(*ONLY) as live:
            live.write(TRIGGER + body()[:10])
            self.freeze(live.process)
            for number in (signal.SIGTERM, signal.SIGINT):
                live.process.send_signal(number)
            live.process.send_signal(signal.SIGCONT)
            self.assert_bytes(self.end(live), TRIGGER + b"*" * 10)
            self.assertEqual(live.process.returncode, 0)

    def test_a_later_one_ends_it_though_the_reader_is_stuck(self):
        log = self.file("log", (b"x" * 50 + TRIGGER + body() + b"\n") * 40000)
        with subprocess.Popen([BINARY, *ONLY, log], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=environment()) as sieve:
            self.wait_until_asleep(sieve)  # the pipe is full

            def has_ended():
                sieve.send_signal(signal.SIGTERM)
                return sieve.poll() is not None

            self.wait_for(has_ended)
            self.assertEqual(sieve.returncode, -signal.SIGTERM)
            self.assertNotIn(body()[:8], sieve.stdout.read())


class StopOfInputs(SignalTest):
    """Whatever the input is."""

    def check(self, stdin, write, *args):
        with subprocess.Popen([BINARY, *ONLY, *args], stdin=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=environment()) as sieve:
            want = b"a line\nk=" + TRIGGER
            write(want + body()[:10])
            output = b""
            while len(output) < len(want):
                output += os.read(sieve.stdout.fileno(), 4096)
            sieve.send_signal(signal.SIGTERM)
            rest, errors = sieve.communicate(timeout=TIMEOUT)
            self.assertEqual((sieve.returncode, errors), (0, b""))
            self.assert_bytes(output + rest, want + b"*" * 10)

    def test_a_socket(self):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self.check(theirs, ours.sendall)

    def test_a_terminal(self):
        try:
            master, slave = pty.openpty()
        except OSError:
            self.skipTest("no pseudo-terminals here")
        tty.setraw(slave)
        self.check(slave, lambda data: os.write(master, data))
        os.close(master)
        os.close(slave)

    def test_a_pipe_that_does_not_block(self):
        source, sink = os.pipe()
        os.set_blocking(source, False)
        self.check(source, lambda data: os.write(sink, data))
        os.close(source)
        os.close(sink)

    def test_a_FIFO_by_its_name(self):
        os.mkfifo(self.path("fifo"))
        fifo = os.open(self.path("fifo"), os.O_RDWR)
        self.check(subprocess.DEVNULL, lambda data: os.write(fifo, data), self.path("fifo"))
        os.close(fifo)

    def start(self, *args):
        sieve = subprocess.Popen([BINARY, *ONLY, *args], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
        self.addCleanup(sieve.communicate)
        self.addCleanup(sieve.kill)
        self.wait_for(lambda: self.is_caught(sieve.pid))
        self.wait_until_asleep(sieve)
        return sieve

    @staticmethod
    def is_caught(pid):
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            line = next(line for line in file if line.startswith("SigCgt:"))
        return int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1

    def test_a_FIFO_to_which_nobody_writes(self):
        os.mkfifo(self.path("fifo"))
        sieve = self.start(self.path("fifo"))
        sieve.send_signal(signal.SIGTERM)
        self.assertEqual(sieve.wait(TIMEOUT), 0)

    def test_an_output_FIFO_from_which_nobody_reads(self):
        os.mkfifo(self.path("fifo"))
        sieve = self.start("-o", self.path("fifo"))
        sieve.send_signal(signal.SIGTERM)
        self.assertEqual(sieve.wait(TIMEOUT), -signal.SIGTERM)

    def test_a_file_is_not_finished_and_the_status_says_so(self):
        secret = body()
        line = b"x" * 50 + TRIGGER + secret + b"\n"
        right = masked(line, secret) * 40000
        log = self.file("log", line * 40000)
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                sieve = self.start(log)  # the pipe is full
                sieve.send_signal(number)
                output, errors = sieve.communicate(timeout=TIMEOUT)
                self.assertEqual(sieve.returncode, -number)
                self.assertIn(b"log: stopped before its end\n", errors)
                self.assertLess(len(output), len(right))
                known = len(output) - 200  # but for a run that was given up
                self.assert_bytes(output[:known], right[:known])
                self.assert_no_piece(output, secret)

    def test_files_that_were_not_read_are_told(self):
        other = self.file("other", b"not read\n")
        with Live(*ONLY, "-", other) as live:
            live.write(b"read\n")
            self.assert_bytes(self.stop(live), b"read\n")
            self.assertEqual(live.process.returncode, -signal.SIGTERM)
            self.assertIn(b"other: stopped before it was read\n", live.messages())


class Ignored(SignalTest):
    """What was ignored when it began stays ignored: nohup, jobs in the background."""

    def check(self, number):
        def ignore():
            signal.signal(number, signal.SIG_IGN)

        with Live(*ONLY, preexec_fn=ignore) as live:
            live.write(b"before\n")
            self.signal(live, number)
            self.assert_bytes(live.write(b"after\n"), b"before\nafter\n")
            live.finish()
            self.assertEqual(live.process.returncode, 0)
            self.assertEqual(live.messages(), b"")

    def test_SIGHUP(self):
        self.check(signal.SIGHUP)

    def test_SIGINT(self):
        self.check(signal.SIGINT)

    def test_a_signal_that_was_blocked_is_not(self):
        def block():
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

        with Live(*ONLY, preexec_fn=block) as live:
            live.write(b"line\n")
            self.assert_bytes(self.stop(live), b"line\n")
            self.assertEqual(live.process.returncode, 0)

    def test_a_timer_that_was_set_before_ends_it(self):
        with Live(*ONLY, preexec_fn=lambda: signal.alarm(1)) as live:
            self.end(live)
            self.assertEqual(live.process.returncode, -signal.SIGALRM)


class Report(SignalTest):
    def test_statistics_at_once_and_again(self):
        with Live(*ONLY) as live:
            live.write(b"k=" + TRIGGER + body() + b"\n")
            self.signal(live, signal.SIGUSR1)
            first = live.messages()
            self.assertRegex(first, rb"\Akeysieve: 111 bytes, 1 findings, 95 bytes masked, ")
            self.assertIn(ID.encode(), first)
            self.assertIn(b"keysieve: frames: raw\n", first)
            live.write(b"more\n")
            self.signal(live, signal.SIGUSR1)
            self.assertIn(b"\nkeysieve: 116 bytes, 1 findings", live.messages())
            self.assert_bytes(live.write(b"last\n")[-10:], b"more\nlast\n")
            live.finish()
            self.assertEqual(live.process.returncode, 0)

    def test_in_the_middle_of_a_key(self):
        with Live(*ONLY) as live:
            live.write(TRIGGER + body()[:10])
            self.signal(live, signal.SIGUSR1)
            self.assertNotIn(body()[:8], live.messages())
            self.assert_bytes(live.write(body()[10:] + b"\n"), TRIGGER + stars(body()) + b"\n")


class Reload(SignalTest):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("rules.d"))
        self.file("rules.d/other.yaml", RULE.replace("acme", "other"))
        self.rules = "rules.d/acme.yaml"
        self.secret = body(32, 5, ALNUM)
        self.key = ACME + self.secret
        self.hidden = ACME + stars(self.secret)

    def live(self, *args):
        """With few rules: that is fast, and does not matter here."""
        return Live("--rules-dir", self.path("rules.d"), "--only", "user," + ID, *args)

    def reload(self, live, rules=RULE):
        self.file(self.rules, rules)
        self.signal(live, signal.SIGHUP)

    def test_new_rules_are_used(self):
        with self.live() as live:
            self.assert_bytes(live.write(self.key + b"\n"), self.key + b"\n")
            self.reload(live)
            self.assert_bytes(live.write(self.key + b"\n"), self.key + b"\n" + self.hidden + b"\n")
            self.assertEqual(live.messages(), b"")

    def test_rules_go_away(self):
        self.file(self.rules, RULE)
        with self.live() as live:
            self.assert_bytes(live.write(self.key + b"\n"), self.hidden + b"\n")
            os.unlink(self.path(self.rules))
            self.signal(live, signal.SIGHUP)
            self.assert_bytes(live.write(self.key + b"\n"), self.hidden + b"\n" + self.key + b"\n")

    def test_bad_rules_leave_the_old_ones(self):
        self.file(self.rules, RULE)
        with self.live() as live:
            live.write(b"line\n")
            self.reload(live, BAD_RULE)
            messages = live.messages().decode()
            self.assertRegex(messages, r"\Akeysieve: \S*acme\.yaml:\d+:\d+: [^\n]+\n"
                                       r"keysieve: the rules are not reloaded; those in use stay\n\Z")
            self.assert_bytes(live.write(self.key + b"\n"), b"line\n" + self.hidden + b"\n")
            self.reload(live, RULE.replace("acme_live_", "acme_other_"))
            self.assert_bytes(live.write(self.key + b"\n")[-len(self.key) - 1:], self.key + b"\n")

    def test_a_line_that_has_begun_is_masked_by_the_old_ones(self):
        with self.live() as live:
            live.write(b"begun ")
            self.reload(live)
            live.write(self.key + b" " + self.key)
            output = live.write(b"\n" + self.key + b"\n")
            self.assert_bytes(output, b"begun " + self.key + b" " + self.key + b"\n" + self.hidden + b"\n")

    def test_several_lines_in_one_write_after_half_a_line(self):
        with self.live() as live:
            live.write(b"begun ")
            self.reload(live)
            output = live.write(self.key + b"\n" + self.key + b"\n" + self.key + b"\n")
            self.assert_bytes(output, b"begun " + self.key + b"\n" + (self.hidden + b"\n") * 2)

    def test_in_an_undecided_key(self):
        secret = body()
        with self.live() as live:
            live.write(TRIGGER + secret[:10])
            self.reload(live)
            self.assert_bytes(live.write(secret[10:] + b"\n" + self.key + b"\n"),
                              TRIGGER + stars(secret) + b"\n" + self.hidden + b"\n")

    def test_where_frames_are_not_recognised_yet(self):
        with self.live() as live:
            live.write(b"2")
            self.reload(live)
            self.assert_bytes(live.write(b" " + self.key + b"\n"), b"2 " + self.hidden + b"\n")

    def test_in_a_line_of_several_frames(self):
        def frame(tag, text):
            return b"2026-11-22T10:00:00.123456789Z stdout " + tag + b" " + text + b"\n"

        secret = body()
        with self.live() as live:
            live.write(frame(b"P", TRIGGER + secret[:30]))
            self.reload(live)
            live.write(frame(b"F", secret[30:] + b" " + self.key))
            output = live.write(frame(b"F", self.key))
            self.assert_bytes(output, frame(b"P", TRIGGER + b"*" * 30) +
                              frame(b"F", stars(secret[30:]) + b" " + self.key) +
                              frame(b"F", self.hidden))

    def test_twice_before_the_line_ends(self):
        with self.live() as live:
            live.write(b"begun ")
            self.reload(live)
            self.reload(live, RULE.replace("acme_live_", "acme_other_"))
            output = live.write(b"\n" + self.key + b"\n")
            self.assert_bytes(output, b"begun \n" + self.key + b"\n")

    def test_bad_ones_after_good_ones_before_the_line_ends(self):
        with self.live() as live:
            live.write(b"begun ")
            self.reload(live)
            self.reload(live, BAD_RULE)
            output = live.write(b"\n" + self.key + b"\n" + self.key + b"\n")
            self.assert_bytes(output, b"begun \n" + (self.hidden + b"\n") * 2)

    def test_after_an_input_that_broke_off(self):
        following = self.path("following")
        os.mkfifo(following)
        with self.live("-", self.directory, following) as live:
            live.write(b"begun ")
            self.reload(live)
            live.process.stdin.close()
            with open(following, "wb", buffering=0) as fifo:
                self.wait_for(lambda: live.drain() or is_asleep(live.process.pid))
                self.file(self.rules, RULE.replace("acme_live_", "acme_other_"))
                live.process.send_signal(signal.SIGHUP)
                self.wait_for(lambda: is_asleep(live.process.pid))
                fifo.write(b"\n" + self.key + b"\n" + self.key.replace(b"live", b"other") + b"\n")
            self.end(live)
        self.assert_bytes(live.output, b"begun \n" + self.key + b"\n" +
                          self.hidden.replace(b"live", b"other") + b"\n")

    def test_statistics_go_on(self):
        self.file(self.rules, RULE)
        with self.live("--stats") as live:
            live.write(self.key + b"\n" + TRIGGER + body() + b"\n")
            os.unlink(self.path(self.rules))
            self.signal(live, signal.SIGHUP)
            live.write(self.key + b"\n" + TRIGGER + body() + b"\n")
            self.reload(live)
            live.write(self.key + b"\n")
            live.finish()
            messages = live.messages()
        self.assertIn(b"4 findings, 254 bytes masked", messages)
        self.assertRegex(messages, rb"\b2  acme-api-key\n")
        self.assertRegex(messages, rb"\b2  " + ID.encode() + rb"\n")

    def test_while_data_flows(self):
        """Every line is masked by the old rules or by the new ones, and none is lost."""
        line = b"x" * 60 + self.key + b"\n"
        new = line.replace(self.key, self.hidden)
        with self.live() as live:
            live.write(b"ready\n")
            os.set_blocking(live.sink, True)
            is_enough = threading.Event()
            writer = threading.Thread(target=self.pour, args=(live, line, is_enough))
            writer.start()
            output = b""
            while len(output) < 1 << 20:
                output += os.read(live.sink, 1 << 16)
            self.file(self.rules, RULE)
            live.process.send_signal(signal.SIGHUP)
            deadline = time.monotonic() + TIMEOUT
            while block := os.read(live.sink, 1 << 16):
                output += block
                if new in block or time.monotonic() > deadline:
                    is_enough.set()
            writer.join()
            live.process.wait(TIMEOUT)
            self.assertEqual(live.messages(), b"")
        lines = (b"ready\n" + output if not live.output else live.output + output).splitlines(True)[1:]
        old, count = lines.count(line), self.poured
        self.assertGreater(old, 0)
        self.assertLess(old, count)
        self.assertTrue(lines == [line] * old + [new] * (count - old), "not in this order")

    def pour(self, live, line, is_enough):
        self.poured = 0
        while not is_enough.is_set():
            view = memoryview(line * 500)
            while view:
                view = view[os.write(live.source, view):]
            self.poured += 500
        live.process.stdin.close()


class Manager(SignalTest):
    """What sd_notify(3) sends, to a socket of ours."""

    def setUp(self):
        super().setUp()
        with open(BINARY, "rb") as file:
            if b"libsystemd" not in file.read():
                self.skipTest("built without libsystemd")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.bind(self.path("notify"))
        self.socket.settimeout(TIMEOUT)

    def live(self, *args, **env):
        return Live(*args, env={"NOTIFY_SOCKET": self.path("notify"), **env})

    def expect(self, message):
        self.assertEqual(self.socket.recv(4096), message)

    def test_ready_and_stopping_at_the_end_of_the_input(self):
        with self.live(*ONLY) as live:
            self.expect(b"READY=1")
            live.write(b"line\n")
            live.finish()
            self.expect(b"STOPPING=1")

    def test_stopping_by_a_signal(self):
        with self.live(*ONLY) as live:
            self.expect(b"READY=1")
            self.stop(live)
            self.expect(b"STOPPING=1")
            self.assertEqual(live.process.returncode, 0)

    def test_reloading_good_and_bad_rules(self):
        os.mkdir(self.path("rules.d"))
        self.file("rules.d/other.yaml", RULE.replace("acme", "other"))
        with self.live("--rules-dir", self.path("rules.d"), "--only", "user") as live:
            self.expect(b"READY=1")
            for rules in (RULE, BAD_RULE):
                self.file("rules.d/acme.yaml", rules)
                before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
                live.process.send_signal(signal.SIGHUP)
                reloading = self.socket.recv(4096)
                self.assertRegex(reloading, rb"\ARELOADING=1\nMONOTONIC_USEC=\d+\Z")
                self.assertGreaterEqual(int(reloading.split(b"=")[-1]), before)
                self.expect(b"READY=1")

    def test_no_sign_of_life_that_nobody_has_asked_for(self):
        with self.live(*ONLY, "--ledger", self.path("ledger")) as live:
            self.expect(b"READY=1")
            time.sleep(1.5)  # the ledger's clock ticks each second
            live.finish()
            self.expect(b"STOPPING=1")

    def test_watchdog_while_nothing_comes(self):
        with self.live(*ONLY, WATCHDOG_USEC="40000"):
            self.expect(b"READY=1")
            for _ in range(5):
                self.expect(b"WATCHDOG=1")

    def test_watchdog_while_data_flows(self):
        line = b"x" * 99 + b"\n"
        with self.live(*ONLY, "-o", os.devnull, WATCHDOG_USEC="40000") as live:
            self.expect(b"READY=1")
            self.socket.setblocking(False)
            pings = 0
            deadline = time.monotonic() + TIMEOUT
            while pings < 5:
                self.assertLess(time.monotonic(), deadline)
                os.write(live.source, line * 40)
                try:
                    self.assertEqual(self.socket.recv(4096), b"WATCHDOG=1")
                    pings += 1
                except BlockingIOError:
                    pass

    def test_no_watchdog_where_nobody_asks(self):
        with self.live(*ONLY) as live:
            self.expect(b"READY=1")
            self.signal(live, signal.SIGUSR1)
            live.finish()
            self.expect(b"STOPPING=1")

    def test_a_manager_that_reads_nothing_stops_no_masking(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.connect(self.path("notify"))
            other.setblocking(False)
            with self.assertRaises(BlockingIOError):
                while True:
                    other.send(b"STATUS=full")
        with self.live(*ONLY, WATCHDOG_USEC="40000") as live:
            for n in range(1, 6):
                self.assert_bytes(live.write(b"line\n"), b"line\n" * n)
                time.sleep(0.05)
            live.finish()
            self.assertEqual((live.process.returncode, live.messages()), (0, b""))

    def test_nobody_listens(self):
        with Live(*ONLY, env={"NOTIFY_SOCKET": self.path("nobody")}) as live:
            self.assert_bytes(live.write(b"line\n"), b"line\n")
            live.finish()
            self.assertEqual((live.process.returncode, live.messages()), (0, b""))


if __name__ == "__main__":
    unittest.main()
