# SPDX-License-Identifier: Apache-2.0
"""--on-leak: a command for each new key, which neither holds up the text nor sees a byte of a key."""

import json
import os
import re
import signal
import time
import unittest

from support import (LONG, ONLY, TRIGGER, CommandTest, Live, body, masked,
                     process_state, run, stars)
from test_follow import Follower


class HookTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.secret, self.other = body(95, 1), body(60, 2)
        self.data = TRIGGER + self.secret + b"\n"
        self.seen = self.path("seen")
        self.note = ("--on-leak", f"cat >> {self.seen}")

    def records(self):
        if not os.path.exists(self.seen):
            return []
        text = self.content(self.seen)
        for secret in (self.secret, self.other):
            self.assert_no_piece(text, secret)
        return [json.loads(line) for line in text.splitlines()]

    def wait_for(self, condition, what="it happens"):
        deadline = time.monotonic() + LONG
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"waiting that {what}")
            time.sleep(0.01)

    def script(self, text):
        """A command's script, for it gets no long line."""
        return f"sh {self.file('script', text)}"


class Runs(HookTest):
    def test_it_is_given_the_line_of_the_ledger(self):
        ledger = self.path("ledger")
        self.assert_done(run(*ONLY, *self.note, "--ledger", ledger, data=self.data),
                         masked(self.data, self.secret))
        self.assertEqual(self.content(self.seen), self.content(ledger))

    def test_without_a_ledger(self):
        run(*ONLY, *self.note, data=b"\nx " + self.data)
        record, = self.records()
        self.assertEqual((record["event"], record["source"], record["line"]),
                         ("finding", "standard input", 2))

    def test_once_a_key(self):
        other = TRIGGER + self.other + b"\n"
        a, b = self.file("a", self.data * 100 + other), self.file("b", other * 3 + self.data)
        run(*ONLY, *self.note, a, b)
        self.assertEqual([r["length"] for r in self.records()], [95, 60])

    def test_keys_that_are_in_the_ledger_are_known(self):
        self.assert_status(run("key", "new", self.path("key")), 0)
        args = (*ONLY, *self.note, "--key-file", self.path("key"), "--ledger", self.path("ledger"))
        run(*args, data=self.data)
        run(*args, data=self.data + TRIGGER + self.other + b"\n")
        self.assertEqual([r["length"] for r in self.records()], [95, 60])

    def test_in_place(self):
        path = self.file("a", self.data)
        self.assert_status(run(*ONLY, *self.note, "-i", path), 0)
        self.assertEqual([r["source"] for r in self.records()], [path])

    def test_following(self):
        log = self.file("a.log", b"")
        with Follower(*self.note, log) as f:
            with open(log, "ab") as file:
                file.write(self.data)
            self.wait_for(self.records)
            f.stop()
        self.assertEqual(len(self.records()), 1)

    def test_it_is_run_while_the_text_goes_on(self):
        with Live(*ONLY, *self.note) as live:
            live.write(self.data)
            self.wait_for(self.records)
            live.write(b"more\n")
            self.assert_bytes(live.finish(), masked(self.data, self.secret) + b"more\n")

    def test_no_key_no_command(self):
        self.assert_done(run(*ONLY, *self.note, data=b"text\n"), b"text\n")
        self.assertEqual(self.records(), [])

    def test_from_the_environment(self):
        result = run(*ONLY, data=self.data, env={"KEYSIEVE_ON_LEAK": self.note[1]})
        self.assert_status(result, 0)
        self.assertEqual(len(self.records()), 1)


class Surroundings(HookTest):
    def test_environment(self):
        env = {"KEYSIEVE_STATS": "1", "NOTIFY_SOCKET": "@nobody", "WATCHDOG_USEC": "100000000",
               "COLOUR": "green"}
        run(*ONLY, "--on-leak", f"env > {self.seen}", data=self.data, env=env)
        text = self.content(self.seen)
        self.assertIn(b"COLOUR=green\n", text)
        for name in (b"KEYSIEVE", b"NOTIFY_SOCKET", b"WATCHDOG"):
            self.assertNotIn(name, text)

    def test_descriptors(self):
        reading, writing = os.pipe()
        run(*ONLY, "--on-leak", f"exec ls /proc/self/fd > {self.seen}", "--ledger", self.path("ledger"),
            data=self.data, pass_fds=(reading, writing))
        os.close(reading)
        os.close(writing)
        self.assertEqual(self.content(self.seen).split(), [b"0", b"1", b"2", b"3"])  # 3: the directory

    def test_what_it_prints_is_a_message_and_no_text(self):
        result = run(*ONLY, "--on-leak", "echo printed", data=self.data)
        self.assert_bytes(result.stdout, masked(self.data, self.secret))
        self.assertEqual(result.stderr, b"printed\n")

    def test_signals_and_process_group(self):
        run(*ONLY, "--on-leak", f"exec cat /proc/self/status /proc/self/stat > {self.seen}",
            data=self.data, restore_signals=False,
            preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN))
        *status, stat = self.content(self.seen).decode().splitlines()
        sets = dict(line.split(":\t") for line in status if line.startswith(("SigBlk", "SigIgn")))
        usual = ~(3 << 31)  # libc has two for itself, and ignores them
        self.assertEqual([int(value, 16) & usual for value in sets.values()], [0, 0])
        pid, _, _, _, group, *_ = stat.split()
        self.assertEqual(pid, group)


class Trouble(HookTest):
    def test_a_command_that_does_not_read(self):
        self.assert_done(run(*ONLY, "--on-leak", "exec <&-", data=self.data),
                         masked(self.data, self.secret))

    def test_a_command_that_fails_is_told_once(self):
        data = b"".join(TRIGGER + body(40, seed) + b"\n" for seed in range(5))
        result = run(*ONLY, "--on-leak", "exit 3", data=data)
        self.assert_status(result, 0)
        self.assertEqual(result.stderr, b"keysieve: --on-leak: the command ended with status 3\n")

    def test_a_command_that_is_none(self):
        result = run(*ONLY, "--on-leak", "/no/such/command 2>&-", data=self.data)
        self.assertIn(b"--on-leak: the command ended with status 127\n", result.stderr)
        self.assert_bytes(result.stdout, masked(self.data, self.secret))

    def test_a_command_that_dies(self):
        result = run(*ONLY, "--on-leak", "kill -9 $$", data=self.data)
        self.assertEqual(result.stderr, b"keysieve: --on-leak: the command was ended by signal 9\n")

    def test_a_slow_command_holds_up_nothing(self):
        with Live(*ONLY, "--on-leak", "sleep 600") as live:
            self.assert_bytes(live.write(self.data), masked(self.data, self.secret))
            output = live.write(b"more\n" * 1000)
            self.assert_bytes(output, masked(self.data, self.secret) + b"more\n" * 1000)

    def test_at_the_end_it_is_waited_for_but_not_for_ever(self):
        """The text is out before; the command and what it began are ended."""
        command = self.script(f"sleep 600 & echo $! > {self.seen}; wait")
        begun = time.monotonic()
        result = run(*ONLY, "--on-leak", command, data=self.data, timeout=LONG)
        self.assertGreater(time.monotonic() - begun, 9)
        self.assertIn(b"--on-leak: the command took more than 10 seconds", result.stderr)
        self.assert_status(result, 0)
        self.wait_for(lambda: not self.is_running(int(self.content(self.seen))))

    def is_running(self, pid):
        try:
            return process_state(pid) not in "ZX"
        except FileNotFoundError:
            return False

    def test_many_new_keys(self):
        """Some are run, some wait, for the rest it is told that it was not run."""
        secrets = [body(40, seed) for seed in range(200)]
        data = b"".join(TRIGGER + secret + b"\n" for secret in secrets)
        result = run(*ONLY, *self.note, data=data, timeout=LONG)
        self.assert_status(result, 0)
        self.assert_bytes(result.stdout, b"".join(TRIGGER + stars(s) + b"\n" for s in secrets))
        runs = len(self.records())
        self.assertIn(b"--on-leak: too many new keys at once", result.stderr)
        missed = int(re.search(rb"the command was not run (\d+) times", result.stderr)[1])
        if b"took more than 10 seconds" in result.stderr:  # a busy machine: the last one may have told of its key
            self.assertIn(runs + missed, (199, 200))
        else:
            self.assertEqual(runs + missed, 200)
            self.assertGreaterEqual(runs, 16)
        self.assertLess(runs, 60)

    def test_no_child_is_left(self):
        with Live(*ONLY, *self.note) as live:
            live.write(self.data)
            self.wait_for(self.records)
            children = f"/proc/{live.process.pid}/task/{live.process.pid}/children"
            self.wait_for(lambda: not self.content(children).strip())

    def test_where_children_are_not_waited_for(self):
        result = run(*ONLY, *self.note, data=self.data, restore_signals=False,
                     preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        self.assert_done(result, masked(self.data, self.secret))
        self.assertEqual(len(self.records()), 1)


if __name__ == "__main__":
    unittest.main()
