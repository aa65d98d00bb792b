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
        """A log, and an output that somebody has begun."""
        self.scene += 1
        root = self.path(str(self.scene))
        os.mkdir(root)
        self.input, self.output = os.path.join(root, "in"), os.path.join(root, "out")
        self.state = os.path.join(root, "state")
        self.log = RawLog(7)
        self.wanted = b"old\n"
        with open(self.output, "wb") as file:
            file.write(self.wanted)
        self.write(3000)

    def write(self, size):
        plain, masked = self.log.block(size)
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
        self.write(100000)

    def rotate_output(self):
        os.rename(self.output, self.output + ".1")

    def life_before(self):
        """A life that ends with more in the output than in the checkpoint, both then being renamed."""
        process = self.run_follow()
        self.wait_for_all(process)
        self.write(20000)
        self.wait_for_all(process)
        process.kill()
        process.wait()
        self.rotate_output()
        os.rename(self.input, self.input + ".0")
        self.write(100)

    def play(self, process, steps):
        """A life, or what it comes to of it. Returns how the process ended."""
        for step in steps:
            step(process)
            if not self.wait_for_all(process):
                break
        else:
            process.terminate()
        return process.wait(LONG)

    def check_kill(self, call, number, is_second):
        """True if it was killed."""
        steps = [lambda process: None, lambda process: self.rotate_input()]
        self.begin()
        if is_second:
            self.life_before()
        else:
            steps.append(lambda process: (self.rotate_output(), process.send_signal(signal.SIGHUP),
                                          self.write(50)))
        process = self.run_follow(STRACE, "-D", "-qqq", "-o", "/dev/null", "-e", f"trace={call}",
                                  "-e", f"inject={call}:signal=SIGKILL:when={number}")
        status = self.play(process, steps)
        if status == 0:
            self.assert_bytes(self.written(), self.wanted)
            return False
        self.assertEqual(status, -signal.SIGKILL, self.messages())
        self.write(10)  # which only the last life can write
        process = self.run_follow()
        self.assertTrue(self.wait_for_all(process), self.messages())
        process.terminate()
        self.assertEqual(process.wait(LONG), 0, self.messages())
        self.assert_bytes(self.written(), self.wanted)
        return True

    def messages(self):
        return self.content(self.path("stderr")).decode()

    def check_call(self, call, is_second):
        """The number of kills."""
        kills = number = 0
        is_killed = True
        while is_killed:
            number += 1 if EVERY or number < 3 else 4
            with self.subTest(call=call, number=number):
                is_killed = False
                is_killed = self.check_kill(call, number, is_second)
            kills += is_killed
            shutil.rmtree(self.path(str(self.scene)))
        return kills

    def check_calls(self, is_second):
        kills = {call: self.check_call(call, is_second) for call in CALLS}
        if os.environ.get("KS_TEST_VERBOSE"):
            print(f"{self.id()}: killed before {kills}", flush=True)
        self.assertGreater(kills["renameat"], 0)
        self.assertEqual(kills["ftruncate"] > 0, is_second)
        self.assertEqual(self.messages(), "")

    def test_of_a_first_life(self):
        self.check_calls(False)

    def test_of_a_second_life(self):
        self.check_calls(True)


if __name__ == "__main__":
    unittest.main()
