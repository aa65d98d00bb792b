# SPDX-License-Identifier: Apache-2.0
"""kill -9 before each single system call that changes something: the moments that chance rarely finds.

strace kills keysieve when it enters a call for the n-th time, for every n until it comes through; then it
is started again without strace. KS_TEST_EVERY_KILL=1 takes every call, otherwise some are left out.
"""

import os
import shutil
import signal
import subprocess
import time
import unittest

from load import RawLog
from support import BINARY, LONG, ONLY, CommandTest, environment, is_sanitized

STRACE = shutil.which("strace")
EVERY = os.environ.get("KS_TEST_EVERY_KILL") == "1"
CALLS = ("write", "renameat", "ftruncate", "fdatasync", "fsync", "unlinkat", "flock", "pread64",
         "openat", "close")


@unittest.skipUnless(STRACE, "strace is not installed")
class EveryKill(CommandTest):
    def setUp(self):
        super().setUp()
        if is_sanitized():
            self.skipTest("strace and the leak detector exclude each other")
        self.scene = 0

    def begin(self):
        """A log of three parts, and an output that somebody has begun."""
        self.scene += 1
        root = self.path(str(self.scene))
        os.mkdir(root)
        self.input, self.output = os.path.join(root, "in"), os.path.join(root, "out")
        self.state = os.path.join(root, "state")
        log = RawLog(7)
        self.parts = [log.block(size) for size in (3000, 100000, 50)]
        self.wanted = b"old\n"
        with open(self.output, "wb") as file:
            file.write(self.wanted)
        self.write(0)

    def write(self, number):
        plain, masked = self.parts[number]
        with open(self.input, "ab") as file:
            file.write(plain)
        self.wanted += masked

    def run_follow(self, *prefix):
        with open(os.path.join(self.directory, "stderr"), "ab") as errors:
            return subprocess.Popen([*prefix, BINARY, "follow", *ONLY, "--from-start", "--state",
                                     self.state, "--output", self.output, self.input],
                                    stderr=errors, env=environment())

    def written(self):
        former = self.output + ".1"
        return ((self.content(former) if os.path.exists(former) else b"")
                + (self.content(self.output) if os.path.exists(self.output) else b""))

    def wait_for_all(self, process):
        """True, or False if it died."""
        deadline = time.monotonic() + LONG
        while self.written() != self.wanted:
            if process.poll() is not None:
                return False
            if time.monotonic() > deadline:
                self.assert_bytes(self.written(), self.wanted)
            time.sleep(0.003)
        return True

    def rotate_input(self):
        os.rename(self.input, self.input + ".1")
        self.write(1)

    def rotate_output(self, process):
        os.rename(self.output, self.output + ".1")
        process.send_signal(signal.SIGHUP)
        self.write(2)

    def play(self, process):
        """A life, or what it comes to of it. Returns how the process ended."""
        for step in (lambda: None, self.rotate_input, lambda: self.rotate_output(process)):
            step()
            if not self.wait_for_all(process):
                break
        else:
            process.terminate()
        return process.wait(LONG)

    def check_kill(self, call, number):
        """True if it was killed."""
        self.begin()
        process = self.run_follow(STRACE, "-D", "-qqq", "-o", "/dev/null", "-e", f"trace={call}",
                                  "-e", f"inject={call}:signal=SIGKILL:when={number}")
        status = self.play(process)
        if status == 0:
            self.assert_bytes(self.written(), self.wanted)
            return False
        self.assertEqual(status, -signal.SIGKILL, self.messages())
        with self.subTest(call=call, number=number):
            process = self.run_follow()
            self.assertTrue(self.wait_for_all(process), self.messages())
            process.terminate()
            self.assertEqual(process.wait(LONG), 0, self.messages())
            self.assert_bytes(self.written(), self.wanted)
        return True

    def messages(self):
        return self.content(self.path("stderr")).decode()

    def test_every_kill(self):
        kills = {}
        for call in CALLS:
            number = kills[call] = 0
            while True:
                number += 1 if EVERY or number < 3 else 4
                if not self.check_kill(call, number):
                    break
                kills[call] += 1
            shutil.rmtree(self.path(str(self.scene)))
        if os.environ.get("KS_TEST_VERBOSE"):
            print(f"killed before: {kills}", flush=True)
        self.assertGreater(kills["renameat"], 0)
        self.assertEqual(self.messages(), "")


if __name__ == "__main__":
    unittest.main()
