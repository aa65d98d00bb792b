# SPDX-License-Identifier: Apache-2.0
"""What the process costs and what it keeps to itself: memory, system calls, core files, /proc."""

import os
import re
import resource
import shutil
import subprocess
import tempfile
import unittest

from support import (BINARY, LONG, NOBODY, ONLY, TIMEOUT, TRIGGER, CommandTest, Live, body,
                     environment, is_sanitized, run, stars)

MIB = 1 << 20


class Memory(CommandTest):
    def test_a_line_of_64_MiB_with_a_key_in_its_middle(self):
        """Right output, and less than 64 MiB of memory at any time, with all rules."""
        secret = body(500)
        block = b'{"line":"without end"},' * (MIB // 23 + 1)
        block = block[:MIB]
        with tempfile.TemporaryFile() as sink:
            sieve = subprocess.Popen([BINARY], stdin=subprocess.PIPE, stdout=sink, env=environment())
            for number in range(64):
                sieve.stdin.write(block)
                if number == 31:
                    sieve.stdin.write(TRIGGER + secret)
            sieve.stdin.flush()
            with open(f"/proc/{sieve.pid}/status", encoding="ascii") as file:
                peak = int(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1])
            sieve.stdin.close()
            self.assertEqual(sieve.wait(LONG), 0)
            sink.seek(0)
            for number in range(64):
                self.assert_bytes(sink.read(MIB), block)
                if number == 31:
                    self.assert_bytes(sink.read(13 + 500), TRIGGER + stars(secret))
            self.assertEqual(sink.read(), b"")
        if is_sanitized():
            self.skipTest("output is right; memory is the sanitizer's")
        self.assertLess(peak, 64 * 1024, "kB")

    def test_a_key_of_16_MiB(self):
        secret = body(1000) * 16000
        with tempfile.TemporaryFile() as sink:
            result = run(*ONLY, data=TRIGGER + secret, stdout=sink, timeout=LONG)
            self.assert_status(result, 0)
            sink.seek(0)
            self.assert_bytes(sink.read(), TRIGGER + stars(secret))


class SystemCalls(CommandTest):
    def trace(self, *args, **popen):
        if not shutil.which("strace"):
            self.skipTest("strace is not installed")
        if is_sanitized():
            self.skipTest("the sanitizer makes calls of its own")
        report = self.path("strace")
        result = subprocess.run(["strace", "-f", "-c", "-o", report, BINARY, *args],
                                stderr=subprocess.PIPE, env=environment(), timeout=LONG, check=False,
                                **popen)
        if result.returncode != 0 and b"strace" in result.stderr:
            self.skipTest("strace may not trace here: " + result.stderr.decode()[:100])
        self.assertEqual(result.returncode, 0, result.stderr)
        return int(re.search(r"(?m)^100\.00\s+\S+\s+(?:\d+\s+)?(\d+).*total$",
                             self.content(report).decode())[1])

    def log(self):
        line = b"2024-05-01T12:00:00Z level=info msg=request path=/v1/messages status=200\n"
        return self.file("log", (line * (32 * MIB // len(line) + 1))[:32 * MIB])

    def test_copying_32_MiB_from_file_to_file_takes_few(self):
        with open(self.path("out"), "wb") as sink:
            calls = self.trace(self.log(), stdout=sink)
        self.assertLess(calls, 32 * MIB // (128 << 10) * 2 + 400)

    def test_copying_32_MiB_from_file_to_pipe_takes_few(self):
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as reader:
            calls = self.trace(self.log(), stdout=reader.stdin)
            reader.stdin.close()
            reader.wait(TIMEOUT)
        self.assertLess(calls, 32 * MIB // (128 << 10) * 2 + 400)


class Protection(CommandTest):
    def test_no_core_file(self):
        """Also where core files were allowed."""
        soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        most = resource.RLIM_INFINITY if os.geteuid() == 0 else hard
        with Live(*ONLY, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (most, most))) as live:
            live.write(b"text\n")
            with open(f"/proc/{live.process.pid}/limits", encoding="ascii") as file:
                limits = re.search(r"Max core file size +(\S+) +(\S+)", file.read())
        self.assertEqual(limits.groups(), ("0", "0"), f"was {soft} and {hard}")

    def test_others_of_the_same_user_cannot_read_its_memory(self):
        """The kernel gives a process that is not dumpable to root: seen from the owner of its files."""
        user = {}
        if os.geteuid() == 0:
            user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        try:
            live = Live(*ONLY, **user)
        except PermissionError:
            self.skipTest("runs as root, and nobody may not run " + BINARY)
        with live:
            live.write(b"text\n")
            self.assertEqual(os.stat(f"/proc/{live.process.pid}/environ").st_uid, 0)

    def test_a_descriptor_of_its_own_does_not_leak_into_standard_ones(self):
        """With the standard output closed, the input file must not take its place."""
        path = self.file("in", b"text\n")
        sieve = subprocess.run(["sh", "-c", '"$0" "$@" >&-', BINARY, *ONLY, path],
                               stderr=subprocess.PIPE, env=environment(), timeout=TIMEOUT, check=False)
        self.assertEqual(sieve.returncode, 74)
        self.assertEqual(self.content(path), b"text\n")


if __name__ == "__main__":
    unittest.main()
