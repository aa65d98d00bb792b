# SPDX-License-Identifier: Apache-2.0
"""What is to be used next is prepared beside the masking: the log goes on meanwhile, and the end waits for nothing."""

import errno
import os
import resource
import select
import signal
import socket
import stat
import time
import unittest

from journal_support import REMOTE, message
from support import (ACME, ALNUM, LONG, NOBODY, ONLY, RULE, TIMEOUT, CommandTest, Live, body, is_asleep, stars)
from test_follow import TELLS_MANAGER, FollowTest
from test_journal_follow import FollowTest as JournalFollowTest

SECRET = body(32, 5, ALNUM)
KEY, HIDDEN = ACME + SECRET + b"\n", ACME + stars(SECRET) + b"\n"
OTHER = RULE.replace("acme_live_", "acme_other_")
PATIENCE = 2  # seconds that the log waits for new rules
BAD = "- id: acme-api-key\n  trigger: 'acme('\n"


class HeldTest(CommandTest):
    """A file of rules that is a FIFO is not read to its end before its writer wants it."""

    def setUp(self):
        super().setUp()
        self.rules = self.file("acme.yaml", OTHER)
        self.options = ("--rules", self.rules, "--only", "acme-api-key")

    def hold(self, process):
        """New rules begin to be prepared, and are not until what this returns is closed."""
        if not stat.S_ISFIFO(os.stat(self.rules).st_mode):
            os.unlink(self.rules)
            os.mkfifo(self.rules)
        process.send_signal(signal.SIGHUP)
        fifo = self.reader()
        self.addCleanup(fifo.close)
        return fifo

    def reader(self):
        """The writer's end, as soon as somebody reads."""
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                return open(os.open(self.rules, os.O_WRONLY | os.O_NONBLOCK), "wb", buffering=0)
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
            self.assertLess(time.monotonic(), deadline, "nobody reads the rules")
            time.sleep(0.001)

    def release(self, fifo, rules=RULE):
        with fifo:
            fifo.write(rules.encode())

    def wait_for(self, condition, what):
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.001)


class Filter(HeldTest):
    def live(self, *args, **more):
        live = Live(*self.options, *args, **more)
        self.addCleanup(live.__exit__)
        live.write(b"first\n")
        return live

    def passes(self, live, data, want):
        """This comes out at once, though a file of rules is not read to its end."""
        before = len(live.output)
        self.assert_bytes(live.write(data)[before:], want)

    def test_what_is_written_after_SIGHUP_is_masked_by_the_new_ones(self):
        took = PATIENCE
        while took >= PATIENCE:  # the machine was too busy
            os.rename(self.file("fresh", OTHER), self.rules)
            live = self.live()
            began = time.monotonic()
            fifo = self.hold(live.process)
            os.write(live.source, KEY)
            self.release(fifo)
            took = time.monotonic() - began
        self.passes(live, b"", HIDDEN)

    def test_lines_go_on_if_it_takes_long(self):
        for more in (), ("-j", "4"), ("--frame", "cri"):
            with self.subTest(more):
                os.rename(self.file("fresh", OTHER), self.rules)
                live = self.live(*more)
                fifo = self.hold(live.process)
                for _ in range(3):
                    self.passes(live, KEY, KEY)
                self.release(fifo)
                live.settle()
                self.passes(live, KEY, HIDDEN)
                self.assertEqual(live.messages(), b"")

    def test_a_line_that_is_open_when_they_are_ready_is_the_former_ones(self):
        live = self.live()
        fifo = self.hold(live.process)
        self.passes(live, b"begun ", b"begun ")
        self.release(fifo)
        live.settle()
        self.passes(live, KEY + KEY, KEY + HIDDEN)

    def test_wrong_ones_are_told_when_they_are_read(self):
        live = self.live()
        fifo = self.hold(live.process)
        self.passes(live, KEY, KEY)
        self.assertEqual(live.messages(), b"")
        self.release(fifo, BAD)
        live.settle()
        self.assertRegex(live.messages(), rb"\Akeysieve: \S*acme\.yaml:[^\n]+\n"
                                          rb"keysieve: the rules are not reloaded; those in use stay\n\Z")
        self.passes(live, KEY, KEY)

    def test_what_is_asked_for_meanwhile_is_done_afterwards(self):
        live = self.live("--metrics-file", self.path("m"))
        fifo = self.hold(live.process)
        for _ in range(3):
            live.process.send_signal(signal.SIGHUP)
            live.settle()
        self.release(fifo, OTHER)
        live.settle()
        self.release(self.reader())
        live.settle()
        self.passes(live, KEY, HIDDEN)
        live.finish()
        self.assertRegex(self.content(self.path("m")), rb'keysieve_reloads_total\{\S*result="ok"\} 2\n')

    def test_known_values_that_change_meanwhile(self):
        values = [body(24, seed) for seed in (1, 2)]
        known = self.file("values", values[0])
        live = self.live("--known", known)
        fifo = self.hold(live.process)
        os.rename(self.file("fresh", values[1]), known)
        time.sleep(0.5)  # longer than it takes to be told of
        self.passes(live, b" ".join(values) + b"\n", stars(values[0]) + b" " + values[1] + b"\n")
        self.release(fifo)
        live.settle()
        self.passes(live, b" ".join(values) + b"\n", values[0] + b" " + stars(values[1]) + b"\n")
        self.passes(live, KEY, HIDDEN)

    def test_the_ledger_is_opened_at_once(self):
        live = self.live("--ledger", self.path("ledger"))
        os.rename(self.path("ledger"), self.path("ledger.1"))
        self.hold(live.process)
        live.settle()
        self.assertTrue(os.path.exists(self.path("ledger")))

    def test_the_end_of_the_input_waits_for_nothing(self):
        for more in (), ("--ledger", self.path("ledger"), "--metrics-file", self.path("m")), ("-j", "2"):
            with self.subTest(more):
                live = self.live(*more)
                self.hold(live.process)
                os.write(live.source, KEY)
                self.assert_bytes(live.finish(), b"first\n" + KEY)
                self.assertEqual((live.process.returncode, live.messages()), (0, b""))
                os.rename(self.file("fresh", OTHER), self.rules)

    def test_nor_does_SIGTERM(self):
        live = self.live()
        self.hold(live.process)
        os.write(live.source, KEY)
        live.process.send_signal(signal.SIGTERM)
        self.assertEqual(live.process.wait(TIMEOUT), 0)
        live.drain()
        self.assert_bytes(live.output, b"first\n" + KEY)
        self.assertEqual(live.messages(), b"")

    def test_nor_does_the_signal_by_which_it_dies(self):
        live = Live(*self.options, "-", self.file("other", b"not read\n"))
        self.addCleanup(live.__exit__)
        live.write(b"first\n")
        self.hold(live.process)
        live.process.send_signal(signal.SIGTERM)
        self.assertEqual(live.process.wait(TIMEOUT), -signal.SIGTERM)
        self.assertIn(b"other: stopped before it was read\n", live.messages())

    @unittest.skipUnless(os.geteuid() == 0, "needs root to start it as somebody else")
    def test_without_a_thread_it_is_done_all_the_same(self):
        live = self.live(user=NOBODY, group=NOBODY, extra_groups=(),
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (0, 0)))
        self.file("acme.yaml", RULE)
        live.process.send_signal(signal.SIGHUP)
        live.settle()
        self.passes(live, KEY, HIDDEN)
        self.assertEqual(live.messages(), b"")


@unittest.skipUnless(TELLS_MANAGER, "built without libsystemd")
class Manager(HeldTest):
    def setUp(self):
        super().setUp()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.bind(self.path("notify"))
        self.socket.settimeout(TIMEOUT)

    def live(self, **env):
        live = Live(*self.options, env={"NOTIFY_SOCKET": self.path("notify"), **env})
        self.addCleanup(live.__exit__)
        self.expect(b"READY=1")
        return live

    def expect(self, word):
        self.assertEqual(self.socket.recv(4096).split(b"\n")[0], word)

    def test_ready_when_the_last_rules_are(self):
        live = self.live()
        fifo = self.hold(live.process)
        self.expect(b"RELOADING=1")
        live.process.send_signal(signal.SIGHUP)
        self.expect(b"RELOADING=1")
        self.release(fifo)
        live.settle()
        fifo = self.reader()
        self.socket.setblocking(False)
        self.assertRaises(BlockingIOError, self.socket.recv, 4096)
        self.socket.settimeout(TIMEOUT)
        self.release(fifo)
        self.expect(b"READY=1")
        live.finish()
        self.expect(b"STOPPING=1")

    def test_the_watchdog_hears_of_it_meanwhile(self):
        live = self.live(WATCHDOG_USEC="40000")
        fifo = self.hold(live.process)
        while self.socket.recv(4096) == b"WATCHDOG=1":
            pass  # before RELOADING=1
        for _ in range(5):
            self.expect(b"WATCHDOG=1")
        self.release(fifo)
        while (word := self.socket.recv(4096)) == b"WATCHDOG=1":
            pass
        self.assertEqual(word, b"READY=1")


class Known(CommandTest):
    """What takes so long to be spelled out that the log does not wait for it: bytes of a key store."""

    def threads(self, live):
        return len(os.listdir(f"/proc/{live.process.pid}/task"))

    def passes(self, live, line):
        """It comes out, while a thread is at work: settle() would wait for that."""
        os.write(live.source, line)
        deadline = time.monotonic() + TIMEOUT
        while not live.output.endswith(line):
            self.assertLess(time.monotonic(), deadline, "the line comes out")
            select.select([live.sink], [], [], 1)
            live.drain()

    def prepare(self, size):
        """A running one that prepares a value of so many bytes while it masks a line after another; or None: it was too quick."""
        self.file("d/store", b"first value")
        live = Live(*ONLY, "--known-dir", self.path("d"))
        self.addCleanup(live.__exit__)
        live.write(b"#\n")
        before = self.threads(live)
        # no piece of it begins as lines end: they would be held
        os.rename(self.file("fresh", os.urandom(size).replace(b"\n", b"")), self.path("d/store"))
        deadline = time.monotonic() + LONG
        while self.threads(live) == before:
            os.write(live.source, b"first value\n")
            time.sleep(0.01)
            live.drain()
            if live.output.endswith(b"\nfirst value\n"):
                return None
            self.assertLess(time.monotonic(), deadline, "a thread prepares it")
        for i in range(5):
            self.passes(live, b"line %d\n" % i)
        return live if self.threads(live) > before else None

    def prepare_long(self):
        os.mkdir(self.path("d"))
        size = 20_000
        while not (live := self.prepare(size)):
            size *= 2
        return live

    def test_lines_go_on_meanwhile(self):
        live = self.prepare_long()
        self.file("d/other", b"fresh value")
        deadline = time.monotonic() + LONG
        while not live.output.endswith(b"***********\n"):
            self.assertLess(time.monotonic(), deadline, "the value that came meanwhile is masked")
            live.write(b"fresh value\n")
        self.assertEqual(live.messages(), b"")

    def test_the_end_of_the_input_waits_for_nothing(self):
        live = self.prepare_long()
        os.write(live.source, b"last\n")
        self.assertTrue(live.finish().endswith(b"\nlast\n"))
        self.assertEqual((live.process.returncode, live.messages()), (0, b""))

    def test_SIGHUP_meanwhile(self):
        live = self.prepare_long()
        live.process.send_signal(signal.SIGHUP)
        self.passes(live, b"third line\n")
        live.settle()
        self.assertEqual(live.messages(), b"")


class Follow(FollowTest, HeldTest):
    def test_lines_go_on_meanwhile_and_the_end_waits_for_nothing(self):
        out = self.path("out")
        self.write(b"")
        with self.follow("-o", out, "--state", self.path("state"), self.log, rules=self.options) as f:
            self.release(self.hold(f.process), OTHER)
            f.expect_ready()
            self.write(KEY)
            f.expect(KEY, out)
            os.rename(out, out + ".1")
            fifo = self.hold(f.process)
            f.wait(lambda: os.path.exists(out), "it opens the output anew")
            self.write(KEY)
            f.expect(KEY, out)
            self.release(fifo)
            f.expect_ready()
            self.write(KEY)
            f.expect(KEY + HIDDEN, out)
            self.hold(f.process)
            self.write(KEY)
            self.stopped(f)
            f.expect(KEY + HIDDEN * 2, out)
        self.assertIn(b'"is_final": true', self.content(self.path("state")))


@unittest.skipUnless(os.path.exists(REMOTE), "no systemd-journal-remote")
class Journal(JournalFollowTest, HeldTest):
    def test_entries_go_on_meanwhile_and_the_end_waits_for_nothing(self):
        self.add(message(1, b"first"))
        sieve = self.start("--output", self.output, options=self.options)
        self.wait_for_output(b"MESSAGE=first\n")
        fifo = self.hold(sieve)
        self.add(message(2, b"old " + KEY[:-1]))
        self.wait_for_output(b"MESSAGE=old " + KEY)
        self.release(fifo)
        self.wait_for(lambda: is_asleep(sieve.pid), "they are used")
        self.add(message(3, b"new " + KEY[:-1]))
        self.wait_for_output(b"MESSAGE=new " + HIDDEN)
        self.hold(sieve)
        self.add(message(4, b"last " + KEY[:-1]))
        self.wait_for_output(b"MESSAGE=last " + HIDDEN)
        self.stop(sieve)
        self.assertEqual(sieve.messages(), b"")


if __name__ == "__main__":
    unittest.main()
