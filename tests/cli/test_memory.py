# SPDX-License-Identifier: Apache-2.0
"""What is in the process when a secret was masked and other bytes have come, and when it ends: docs/security.md, "Memory"."""

import base64
import ctypes
import json
import os
import platform
import re
import signal
import subprocess
import time
import unittest
import urllib.parse
import zlib

from support import BINARY, ONLY, TIMEOUT, TRIGGER, CommandTest, Live, body, environment, is_sanitized, run

OTHER = body(40, 33)
VALUE = b"Zq7!" + body(30, 31) + b"#42"
KEY = body(95, 32)
PART = 12  # so many bytes of a secret are nowhere either
COUNTS = (1, 10, 500)
TIME = "2026-11-22T10:00:01.123456789Z"

# ptrace(2)
SEIZE, INTERRUPT, CONTINUE, TRACE_EXIT, EVENT_EXIT = 0x4206, 0x4207, 7, 0x40, 6
GET_REGISTERS, OF_XSAVE = 0x4204, 0x202
WAIT_ALL = 0x40000000


def raw(text):
    return text + b"\n"


def docker(text):
    return json.dumps({"log": text.decode() + "\n", "stream": "stdout", "time": TIME}, separators=(",", ":")).encode() + b"\n"


def cri(text):
    return TIME.encode() + b" stdout F " + text + b"\n"


def journal(text):
    return b"__CURSOR=c\n_PID=1\nMESSAGE=" + text + b"\n\n"


def of_key(line):
    return lambda text: line(text.replace(KEY, TRIGGER + KEY))


FRAMES = {"raw": raw, "docker": docker, "cri": cri, "journal": journal}


def longest_part(data, secret):
    """The longest part of the secret that is in data, of those that have PART bytes."""
    step, longest = PART // 2, b""
    for begin in range(0, len(secret) - step + 1, step):
        at = data.find(secret[begin:begin + step])
        while at >= 0:
            before, behind = 0, step
            while before < begin and at > before and data[at - before - 1] == secret[begin - before - 1]:
                before += 1
            while begin + behind < len(secret) and data[at + behind:at + behind + 1] == secret[begin + behind:begin + behind + 1]:
                behind += 1
            longest = max(longest, data[at - before:at + behind], key=len)
            at = data.find(secret[begin:begin + step], at + 1)
    return longest if len(longest) >= PART else b""


def places(pid, secret, are_known=False):
    """Where a part of the secret is, but for memory of known values, which is locked and in no core file: unless it is to be searched."""
    found = []
    with open(f"/proc/{pid}/smaps", encoding="ascii", errors="replace") as file, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in file:
            if re.match("[0-9a-f]+-", line):
                words = line.split()
                begin, end = (int(n, 16) for n in words[0].split("-"))
            elif line.startswith("VmFlags:") and "w" in words[1] and (are_known or not {"lo", "dd"} <= set(line.split())):
                try:
                    memory.seek(begin)
                    part = longest_part(memory.read(end - begin), secret)
                except OSError:  # it is not there any more
                    continue
                if part:
                    found.append((words[-1], part))
    return found


@unittest.skipIf(os.geteuid() != 0, "only root can look into its memory")
@unittest.skipIf(is_sanitized(), "not with AddressSanitizer")
class MemoryTest(CommandTest):
    libc = ctypes.CDLL(None, use_errno=True)

    def trace(self, request, pid, data, address=None):
        self.libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
        self.libc.ptrace.restype = ctypes.c_long
        if self.libc.ptrace(request, pid, address, data) < 0:
            self.skipTest("no tracing here: " + os.strerror(ctypes.get_errno()))

    def registers(self, pid):
        """All that are saved and restored."""
        room = ctypes.create_string_buffer(1 << 14)
        into = (ctypes.c_size_t * 2)(ctypes.addressof(room), len(room))
        self.trace(SEIZE, pid, 0)
        self.trace(INTERRUPT, pid, 0)
        os.waitpid(pid, WAIT_ALL)
        self.trace(GET_REGISTERS, pid, ctypes.addressof(into), OF_XSAVE)
        self.trace(CONTINUE, pid, 0)
        self.assertGreater(into[1], 512)
        return room.raw[:into[1]]

    def known(self):
        return (*ONLY, "--known", self.file("values", VALUE + b"\n"))

    def assert_nowhere(self, live, secret):
        self.assertEqual(places(live.process.pid, secret), [])

    def put_through(self, live, line, secret, count):
        live.write(b"".join(line(b"n=%d x=" % n + secret + b" tail") for n in range(count)))
        self.assertNotIn(secret, live.output)
        self.go_on(live, line)

    @staticmethod
    def go_on(live, line):
        """Fewer bytes in all than the secrets were."""
        for n in range(30):
            live.write(line(b"innocent line %d" % n + b", words" * 10))


class AfterOtherBytes(MemoryTest):
    def check(self, *args, line=raw, secret=VALUE, counts=COUNTS):
        for count in counts:
            with self.subTest(args=args, count=count), Live(*self.known(), *args) as live:
                live.write(line(b"first"))
                self.put_through(live, line, secret, count)
                self.assert_nowhere(live, secret)

    def test_frames(self):
        for frame, line in FRAMES.items():
            self.check("--frame", frame, line=line)

    def test_masks(self):
        key = self.path("key")
        self.assert_status(run("key", "new", key), 0)
        for mask in ("tag", "hash", "fill-hash"):
            args = ("--mask", mask) if mask == "tag" else ("--mask", mask, "--key-file", key)
            self.check(*args)
            self.check(*args, "--frame", "docker", line=docker)
        self.check("--keep-last", "4")

    def test_keys(self):
        self.check(line=of_key(raw), secret=KEY)
        self.check("--frame", "docker", line=of_key(docker), secret=KEY)
        self.check("--mask", "tag", line=of_key(raw), secret=KEY)

    def test_a_ledger(self):
        self.check("--ledger", self.path("ledger"))

    def test_threads(self):
        for frame, line in FRAMES.items():
            self.check("-j", "2", "--frame", frame, line=line, counts=(1, 500, 4000))

    def test_cut_in_two(self):
        for frame, line in FRAMES.items():
            text = line(b"x=" + VALUE + b" tail")
            for cut in range(text.find(VALUE) + 8, text.find(VALUE) + len(VALUE), 5):
                with self.subTest(frame=frame, cut=cut), Live(*self.known(), "--frame", frame) as live:
                    live.write(line(b"much text " * 200) + text[:cut])
                    live.write(text[cut:])
                    self.go_on(live, line)
                    self.assert_nowhere(live, VALUE)

    def test_a_followed_file(self):
        for frame, line in FRAMES.items():
            path = self.file(frame, line(b"first"))
            with self.subTest(frame=frame), Live("follow", *self.known(), "--frame", frame, "--from-start", path) as live:
                self.append(live, path, line(b"second"), len(line(b"first")))
                self.append(live, path, b"".join(line(b"n=%d x=" % n + VALUE + b" tail") for n in range(500)))
                for n in range(20):
                    self.append(live, path, line(b"innocent line %d" % n + b", words" * 10))
                self.assertNotIn(VALUE, live.output)
                self.assert_nowhere(live, VALUE)

    def append(self, live, path, data, before=0):
        """Wait until it is out."""
        wanted = len(live.output) + len(data) + before
        with open(path, "ab") as file:
            file.write(data)
        deadline = time.monotonic() + TIMEOUT
        while len(live.output) < wanted and time.monotonic() < deadline:
            live.drain()
            time.sleep(0.001)
        self.assertEqual(len(live.output), wanted)

    def test_an_archive(self):
        """Behind as many bytes as zlib may refer to."""
        packed = zlib.compressobj(wbits=31)
        with Live(*self.known()) as live:
            for data in (raw(b"first"), raw(b"x=" + VALUE) * 500, raw(b"innocent line, words") * 4000, raw(b"last")):
                live.write(packed.compress(data) + packed.flush(zlib.Z_SYNC_FLUSH))
            self.assert_nowhere(live, VALUE)

    @unittest.skipIf(platform.machine() != "x86_64", "registers are wiped on x86-64 only")
    def test_registers(self):
        """A signal would put them on the stack."""
        for count in COUNTS:
            with self.subTest(count), Live(*self.known()) as live:
                live.write(raw(b"x=" + VALUE + b" tail") * count)
                self.assertEqual(longest_part(self.registers(live.process.pid), VALUE), b"")

    def test_a_value_that_was_taken_away(self):
        """Not its notations either."""
        for args in ((), ("--ledger", self.path("ledger")), ("-j", "2")):
            path = self.file("values", VALUE + b"\n" + OTHER + b"\n")
            with self.subTest(args=args), Live(*ONLY, "--known", path, *args) as live:
                self.put_through(live, raw, VALUE, 500)
                os.replace(self.file("next", OTHER + b"\n"), path)
                live.process.send_signal(signal.SIGHUP)
                self.go_on(live, raw)
                for spelled in (VALUE, VALUE.hex().encode(), base64.b64encode(VALUE), urllib.parse.quote(VALUE).encode()):
                    self.assertEqual(places(live.process.pid, spelled, are_known=True), [])


class AtTheEnd(MemoryTest):
    """Looked at when the process has begun to exit and still has all its memory."""

    def wait_for_exit(self, pid):
        """All that comes before it goes on."""
        while True:
            _, status = os.waitpid(pid, WAIT_ALL)
            self.assertTrue(os.WIFSTOPPED(status), status)
            if status >> 16 == EVENT_EXIT:
                return
            stop = os.WSTOPSIG(status)
            self.trace(CONTINUE, pid, 0 if stop == signal.SIGTRAP else stop)

    def check(self, process, end):
        self.trace(SEIZE, process.pid, TRACE_EXIT)
        end(process)
        self.wait_for_exit(process.pid)
        found = places(process.pid, VALUE, are_known=True)
        self.trace(CONTINUE, process.pid, 0)
        process.wait()
        self.assertEqual(found, [])

    def check_live(self, *args, end, rest=b"", line=raw):
        with self.subTest(args=args, rest=rest), Live(*self.known(), *args) as live:
            live.write(b"".join(line(b"n=%d x=" % n + VALUE + b" tail") for n in range(100)) + rest)
            self.check(live.process, end)

    def check_all(self, end):
        for frame, line in FRAMES.items():
            self.check_live("--frame", frame, end=end, line=line)
        self.check_live(end=end, rest=b"x=" + VALUE[:20])
        self.check_live("-j", "2", end=end)
        self.check_live("--ledger", self.path("ledger"), end=end)

    def test_of_the_input(self):
        self.check_all(lambda process: process.stdin.close())

    def test_by_a_signal(self):
        self.check_all(lambda process: process.send_signal(signal.SIGTERM))

    def test_for_want_of_room(self):
        for frame, line in FRAMES.items():
            with open("/dev/full", "wb") as full, self.subTest(frame=frame), \
                    subprocess.Popen([BINARY, *self.known(), "--frame", frame], stdin=subprocess.PIPE, stdout=full,
                                     stderr=subprocess.DEVNULL, env=environment(), bufsize=0) as process:
                self.check(process, lambda process, line=line: process.stdin.write(line(b"x=" + VALUE + b" tail") * 100))
                self.assertEqual(process.returncode, 74)
