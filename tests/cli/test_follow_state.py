# SPDX-License-Identifier: Apache-2.0
"""keysieve follow --state: what is refused, what is told, and in which order things reach the disk."""

import os
import re
import resource
import shutil
import signal
import subprocess
import time
import unittest

from load import RawLog
from support import BINARY, LONG, ONLY, CommandTest, environment, is_sanitized, run, visible

STRACE = shutil.which("strace")
IO = 74


class StateTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.input, self.output, self.state = (self.path(n) for n in ("in.log", "out.log", "state"))
        self.log = RawLog(3)
        self.wanted = b""

    def write(self, size):
        plain, masked = self.log.block(size)
        with open(self.input, "ab") as file:
            file.write(plain)
        self.wanted += masked

    def arguments(self, state=None, output=None):
        return ("follow", *ONLY, "--from-start", "--state", state or self.state, "--output",
                output or self.output, self.input)

    def begin(self, *prefix, state=None, output=None, **popen):
        errors = open(self.path("stderr"), "ab")
        self.addCleanup(errors.close)
        process = subprocess.Popen([*prefix, BINARY, *self.arguments(state, output)],
                                   stderr=errors, env=environment(visible() if prefix else None), **popen)
        self.addCleanup(lambda: process.poll() is None and (process.kill(), process.wait()))
        return process

    def messages(self):
        return self.content(self.path("stderr")).decode()

    def wait_for_all(self, process):
        deadline = time.monotonic() + LONG
        while not os.path.exists(self.output) or self.content(self.output) != self.wanted:
            self.assertIsNone(process.poll(), self.messages())
            self.assertLess(time.monotonic(), deadline, "it does not come")
            time.sleep(0.01)

    def stop(self, process):
        process.terminate()
        self.assertEqual(process.wait(LONG), 0, self.messages())

    def live(self):
        process = self.begin()
        self.wait_for_all(process)
        return process


class Refused(StateTest):
    """One line, status 74, and the output stays as it is."""

    def check(self, *words, **places):
        before = self.content(self.output) if os.path.exists(self.output) else None
        result = run(*self.arguments(**places), timeout=LONG)
        self.assert_message(result, IO, *words)
        after = self.content(self.output) if os.path.exists(self.output) else None
        self.assertEqual(after, before)

    def test_a_damaged_checkpoint(self):
        self.write(2000)
        self.stop(self.live())
        good = self.content(self.state)
        self.file("out.log", self.wanted + b"more")
        for bad in (good[:-1], good[:40], b"", good.replace(b"settled", b"Settled"), b"s=1;i=2"):
            self.file("state", bad)
            self.check("checkpoint", "remove it to begin anew", os.path.basename(self.state))
            self.assertEqual(self.content(self.state), bad)

    def test_a_checkpoint_of_a_later_version(self):
        self.write(2000)
        self.stop(self.live())
        self.file("state", self.content(self.state).replace(b'checkpoint": 1', b'checkpoint": 2'))
        self.check("another version", "remove it")

    def test_places_where_none_can_be(self):
        self.write(10)
        os.mkdir(self.path("directory"))
        self.check("no regular file", state=self.directory)
        self.check("No such file or directory", state=self.path("none/state"))
        self.check("no regular file", state="/dev/null")

    def test_a_second_process_with_the_state(self):
        self.write(10)
        process = self.live()
        self.check("in use by another process", output=self.path("other"))
        process.kill()
        process.wait()
        self.write(10)
        self.stop(self.live())

    def test_a_second_process_with_the_output(self):
        self.write(10)
        process = self.live()
        self.check("busy", state=self.path("other"))
        self.stop(process)


class Told(StateTest):
    def wait_for_end(self, process):
        """All that follows the checkpoint of the killed process comes: the end of what is wanted."""
        deadline = time.monotonic() + LONG
        last = self.wanted[-1000:]
        while not os.path.exists(self.output) or not self.content(self.output).endswith(last):
            self.assertIsNone(process.poll(), self.messages())
            self.assertLess(time.monotonic(), deadline, "it does not come")
            time.sleep(0.01)
        self.assertTrue(self.wanted.endswith(self.content(self.output)))

    def test_the_output_is_gone_after_a_kill(self):
        self.write(2000)
        process = self.live()
        process.kill()
        process.wait()
        os.unlink(self.output)
        process = self.begin()
        self.write(2000)
        self.wait_for_end(process)
        self.stop(process)
        self.assertRegex(self.messages(), r"\Akeysieve: \S+/out.log: [^\n]*twice\n\Z")

    def test_the_output_is_gone_after_a_stop(self):
        """Nothing can come twice: nothing is told."""
        self.write(2000)
        self.stop(self.live())
        os.unlink(self.output)
        self.wanted = b""
        self.write(2000)
        self.stop(self.live())
        self.assertEqual(self.messages(), "")


class Disk(StateTest):
    def limit(self):
        resource.setrlimit(resource.RLIMIT_FSIZE, (300000, 300000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def test_no_room_for_the_output(self):
        self.write(1000000)
        process = self.begin(preexec_fn=self.limit)
        self.assertEqual(process.wait(LONG), IO)
        self.assertEqual(os.path.getsize(self.output), 300000)
        self.assertRegex(self.messages(), r"\Akeysieve: \S+/out.log: File too large\n\Z")
        self.write(1000)
        self.stop(self.live())

    def need_strace(self):
        if not STRACE:
            self.skipTest("strace is not installed")
        if is_sanitized():
            self.skipTest("strace and the leak detector exclude each other")

    def test_no_room_for_the_checkpoint(self):
        self.need_strace()
        self.write(10000)
        process = self.live()
        process.kill()
        process.wait()
        before = self.content(self.state)
        process = self.begin(STRACE, "-D", "-qqq", "-o", "/dev/null", "-e", "trace=fsync", "-e",
                             "inject=fsync:error=ENOSPC:when=3+")
        self.write(10000)
        self.assertEqual(process.wait(LONG), IO)
        self.assertIn("No space left on device", self.messages())
        self.assertNotEqual(before, b"")
        self.write(10)
        self.stop(self.live())

    def test_the_order_in_which_things_reach_the_disk(self):
        """Each write to the output is synced before the checkpoint that tells of it takes its place."""
        self.need_strace()
        trace = self.path("trace")
        self.write(1000)
        process = self.begin(STRACE, "-D", "-qqq", "-y", "-o", trace, "-e",
                             "trace=write,fdatasync,fsync,renameat")
        self.wait_for_all(process)
        self.write(1000)
        self.wait_for_all(process)
        self.stop(process)
        calls = self.read_trace(trace)
        renames = [i for i, call in enumerate(calls) if call == ("renameat", "state")]
        self.assertGreater(len(renames), 1)
        self.assertIn(("write", "out.log"), calls)
        for i in renames:
            self.assertEqual(calls[i - 2:i + 2],
                             [("write", "state.tmp"), ("fsync", "state.tmp"), ("renameat", "state"),
                              ("fsync", "directory")])
            syncs = [k for k in range(i) if calls[k] == ("fdatasync", "out.log")]
            self.assertNotIn(("write", "out.log"), calls[syncs[-1]:i])
        self.assertNotIn(("write", "out.log"), calls[:renames[0]])

    def read_trace(self, path):
        """(call, name of the file)"""
        calls = []
        for line in self.content(path).decode().splitlines():
            found = re.match(r"(\w+)\((?:\d+<([^>]*)>)?(.*)", line)
            if not found:
                continue
            name = re.findall(r'"([^"]*)"', found[3])[-1] if found[1] == "renameat" else found[2]
            name = "directory" if name == self.directory else os.path.basename(name)
            calls.append((found[1], name))
        return calls


if __name__ == "__main__":
    unittest.main()
