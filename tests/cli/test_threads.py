# SPDX-License-Identifier: Apache-2.0
"""Threads: with -j everything is as without: bytes, findings, messages, status; and nothing waits."""

import gzip
import json
import os
import random
import re
import signal
import subprocess
import threading
import time
import unittest
import zlib

from support import (ACME, ALNUM, BINARY, LONG, ONLY, RULE, TIMEOUT, TRIGGER, CommandTest, Live, body, environment,
                     is_sanitized, masked, pieces, run, some, stars)

BLOCK = 256 << 10  # what a thread gets
SECRETS = [body(60 + 7 * n, n) for n in range(40)]


def log(size, seed=1, every=10):
    """Lines, one in so many with a key."""
    rng = random.Random(seed)
    lines, length = [], 0
    while length < size:
        text = b"%09d INFO " % length + rng.choice((b"request accepted", b"retry in 2 s", b"GET /v1/models"))
        if rng.randrange(every) == 0:
            text += b" key=" + TRIGGER + rng.choice(SECRETS) + b" " + b"." * rng.randrange(200)
        lines.append(text + b"\n")
        length += len(lines[-1])
    return b"".join(lines)


def block_of_pem(lines, seed=3):
    rng = random.Random(seed)
    text = [b"-----BEGIN " + b"PRIVATE KEY-----"]
    text += ["".join(rng.choice(ALNUM + "+/") for _ in range(64)).encode() for _ in range(lines)]
    return b"\n".join(text) + b"\n-----END " + b"PRIVATE KEY-----\n"


def around_cuts(piece, before, cuts=8):
    """Text in which piece begins so many bytes before each place at which it may be cut, as no line ends."""
    text = bytearray(b"," * (cuts * BLOCK + 5000))
    for cut in range(BLOCK, cuts * BLOCK + 1, BLOCK):
        text[cut - before:cut - before + len(piece)] = piece
    return bytes(text)


def inputs():
    rng = random.Random(5)
    noise = rng.randbytes(3 * BLOCK)
    yield "nothing", b""
    yield "a line", b"a line\n"
    for size in (BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 1, 5 * BLOCK):
        yield f"{size} bytes", log(size)[:size]
    yield "few keys", log(8 * BLOCK, 2, 1000)
    yield "a key in every line", log(6 * BLOCK, 3, 1)
    yield "bytes of all kinds", noise + TRIGGER + SECRETS[0] + b"\0" * BLOCK + noise + SECRETS[1]
    yield "NULs", b"\0" * (5 * BLOCK)
    yield "no line ends", log(6 * BLOCK, 4, 20).replace(b"\n", b" ")
    yield "no words end", log(6 * BLOCK, 5, 20).replace(b"\n", b",").replace(b" ", b",")
    yield "one key", TRIGGER + body(BLOCK, 9) * 6
    yield "triggers only", b"sk-" * (2 * BLOCK)
    yield "empty lines", b"\n" * (5 * BLOCK)
    yield "a PEM block of megabytes", log(BLOCK) + block_of_pem(40000) + log(2 * BLOCK)
    yield "PEM blocks", b"".join(log(2000, n) + block_of_pem(300, n) for n in range(80))
    yield "names and values in two lines", b"".join(
        b"  api_key:\n    %s\n" % body(40, n, ALNUM) + log(500, n) for n in range(2000))


class Same(CommandTest):
    """-j 4 against -j 1."""

    def check(self, *args, data=None, files=(), env=None, name=""):
        if data is not None:
            files = (self.file("input", data),)
        one, four = (run(*args, "-j", n, *files, env=env, timeout=LONG) for n in "14")
        with self.subTest(name=name, args=args):
            self.assertEqual(four.returncode, one.returncode)
            self.assert_bytes(four.stdout, one.stdout)
            self.assertEqual(re.sub(rb"[0-9.]+ [kMG]?B/s|[0-9.]+ s\b", b"", four.stderr),
                             re.sub(rb"[0-9.]+ [kMG]?B/s|[0-9.]+ s\b", b"", one.stderr))
        return four

    def test_all_inputs_with_all_rules(self):
        for name, data in inputs():
            result = self.check("--stats", data=data, name=name)
            self.assertEqual(len(result.stdout), len(data), name)

    def test_masks(self):
        key = self.path("key")
        self.assert_status(run("key", "new", key), 0)
        for name, data in (("keys", log(5 * BLOCK, 3, 3)), ("PEM", block_of_pem(20000) + log(3 * BLOCK))):
            for how in (("--mask", "tag"), ("--mask", "hash"), ("--mask", "fill-hash"), ("--keep-last", "4"),
                        ("--fill-char", "#"), ("--check",)):
                self.check("--key-file", key, *how, data=data, name=name)

    def test_a_key_at_every_place_about_a_cut(self):
        for before in some(range(0, 125, 4)):
            data = around_cuts(b" " + TRIGGER + SECRETS[0] + b",", before)
            self.assert_done(run(*ONLY, "-j", "4", self.file("input", data)), masked(data, SECRETS[0]))

    def test_a_line_end_in_a_setting_at_a_cut(self):
        secret = body(40, 1, ALNUM)
        for before in some(range(30)):
            self.check(data=around_cuts(b"\napi_key:\n  " + secret + b"\n", before), name=before)

    def test_the_ledger(self):
        key = self.path("key")
        self.assert_status(run("key", "new", key), 0)
        data = self.file("input", log(6 * BLOCK, 7, 4) + block_of_pem(9000) + log(BLOCK, 8, 4))
        records = []
        for threads in "14":
            ledger = self.path("ledger" + threads)
            self.assert_status(run("--key-file", key, "--ledger", ledger, "-j", threads, data, timeout=LONG), 0)
            with open(ledger, encoding="utf-8") as file:
                records.append([json.loads(line) for line in file])
        for record in records[0] + records[1]:
            for member in [name for name in record if name in ("time", "first", "last", "run", "pid")]:
                del record[member]
        self.assertGreater(len(records[0]), 30)
        self.assertEqual(records[0], records[1])

    def test_an_allow_list(self):
        rules = self.file("allow.yaml", "allow:\n  - value: '.*[02468aceg]'\n")
        data = b"".join(b"key=" + ACME + body(30, n, ALNUM) + b"\n" for n in range(30000))
        self.check("--rules", self.file("acme.yaml", "rules:\n" + RULE), "--rules", rules, data=data)

    def test_many_files(self):
        files = [self.file(f"{n}.log", log(BLOCK // 2 * n, n, 50)) for n in range(5)]
        self.check("--stats", files=[*files, self.path("none"), self.directory, files[0]])

    def test_archives(self):
        for data in (log(6 * BLOCK, 1, 20), block_of_pem(20000)):
            packed = gzip.compress(data, 1)
            self.check(data=packed)
            self.check(data=packed[:-1000])
            self.assert_bytes(gzip.decompress(self.check("-z", data=packed).stdout), run(data=data).stdout)

    def test_archives_are_the_same_bytes(self):
        for size in (0, 1, 128 << 10, (128 << 10) + 1, 9 * BLOCK + 77):
            data = self.file("input", log(size, 1, 10)[:size])
            packed = [run("-z", "-j", n, data, timeout=LONG).stdout for n in "1248"]
            self.assert_bytes(gzip.decompress(packed[0]), run(data).stdout)
            self.assertEqual(len(set(packed)), 1)

    def test_frames(self):
        head = b"2026-11-22T10:00:00.000000000Z stdout F "
        text = b"".join(head + line for line in log(3 * BLOCK, 2, 10).splitlines(True))
        self.check("--stats", data=text)


class Options(CommandTest):
    DATA = log(3 * BLOCK, 1, 30)

    def test_how_many(self):
        wanted = run(data=self.DATA).stdout
        for number in ("0", "1", "2", "7", "64", "auto"):
            self.assert_done(run("-j", number, data=self.DATA), wanted)
        self.assert_done(run("--threads=3", data=self.DATA), wanted)
        self.assert_done(run(env={"KEYSIEVE_THREADS": "auto"}, data=self.DATA), wanted)

    def test_what_is_no_number(self):
        for number in ("65", "-1", "x", "", "1.5", "2x", " 2"):
            self.assert_message(run("-j", number), 2, "--threads", "64")

    @unittest.skipIf(is_sanitized(), "threads and memory are not the program's")
    def test_threads_are_there_when_there_is_something_to_do(self):
        with Live(*ONLY, "-j", "4") as live:
            live.write(b"a line\n")
            self.assertEqual(len(os.listdir(f"/proc/{live.process.pid}/task")), 1)


class AtOnce(CommandTest):
    """Nothing waits for what is not written yet."""

    def put(self, live, data):
        """Write more than a pipe holds; then all but what is undecided must be out."""
        writer = threading.Thread(target=os.write, args=(live.source, data))
        writer.start()
        while writer.is_alive():
            live.drain()
        writer.join()
        return live.settle()

    def test_megabytes_then_a_pause_then_a_prompt(self):
        data = log(7 * BLOCK, 1, 10)
        clean = run(*ONLY, data=data).stdout
        for rest in (b"Password: ", TRIGGER, b"half a line", b"\n"):
            with Live(*ONLY, "-j", "4") as live:
                self.assert_bytes(self.put(live, data + rest), clean + rest)
                self.assert_bytes(self.put(live, data), clean + rest + clean)
                self.assert_bytes(live.write(b"more\n"), clean + rest + clean + b"more\n")

    def test_an_archive_is_whole_wherever_the_input_pauses(self):
        data = log(3 * BLOCK, 1, 10)
        clean = run(*ONLY, data=data).stdout
        with Live(*ONLY, "-z", "-j", "3") as live:
            want = b""
            for rest in (b"one\n", b"", b"two", b"\n"):
                want += clean + rest
                self.assert_bytes(zlib.decompressobj(31).decompress(self.put(live, data + rest)), want)
                want += b"line\n"
                self.assert_bytes(zlib.decompressobj(31).decompress(live.write(b"line\n")), want)
            self.assert_bytes(gzip.decompress(live.finish()), want)

    def test_a_key_that_goes_on_after_a_pause(self):
        with Live(*ONLY, "-j", "4") as live:
            data = log(5 * BLOCK, 1, 10)
            clean = run(*ONLY, data=data).stdout
            self.assert_bytes(self.put(live, data + TRIGGER + SECRETS[0][:9]), clean + TRIGGER)
            self.assert_bytes(live.write(SECRETS[0][9:]), clean + TRIGGER + stars(SECRETS[0]))

    def test_pieces_of_all_sizes(self):
        data = log(6 * BLOCK, 1, 10) + block_of_pem(3000) + log(BLOCK, 2, 3)
        wanted = run(data=data).stdout
        for seed in range(3):
            rng = random.Random(seed)
            process = subprocess.Popen([BINARY, "-j", "3"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       env=environment())

            def write():
                at = 0
                while at < len(data):
                    size = rng.choice((1, 100, 4096, 65536, 300000, 1000000))
                    process.stdin.write(data[at:at + size])
                    process.stdin.flush()
                    at += size
                    if rng.random() < 0.2:
                        time.sleep(0.002)
                process.stdin.close()

            writer = threading.Thread(target=write)
            writer.start()
            got = process.stdout.read()
            writer.join()
            self.assertEqual(process.wait(TIMEOUT), 0)
            process.stdout.close()
            self.assert_bytes(got, wanted)


class Interrupted(CommandTest):
    def start(self, *args, **popen):
        return subprocess.Popen([BINARY, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=environment(), **popen)

    def test_a_reader_that_goes(self):
        process = self.start(*ONLY, "-j", "4", self.file("input", log(20 * BLOCK)))
        self.assertEqual(len(process.stdout.read(10)), 10)
        process.stdout.close()
        self.assertEqual(process.wait(TIMEOUT), -signal.SIGPIPE)
        self.assertEqual(process.stderr.read(), b"")
        process.stdin.close()
        process.stderr.close()

    def test_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            result = run(*ONLY, "-j", "4", self.file("input", log(8 * BLOCK)), stdout=full)
        self.assert_message(result, 74, "standard output", "No space left")

    def feed(self, process, data):
        """Write without end, until nobody reads any more."""
        try:
            while True:
                process.stdin.write(data)
        except (BrokenPipeError, ValueError):
            pass

    def test_SIGTERM_amid_megabytes(self):
        data = log(BLOCK, 1, 10)
        clean = run(*ONLY, data=data).stdout
        process = self.start(*ONLY, "-j", "4")
        writer = threading.Thread(target=self.feed, args=(process, data))
        writer.start()
        got = process.stdout.read(12 * BLOCK)
        process.send_signal(signal.SIGTERM)
        got += process.stdout.read()
        self.assertEqual(process.wait(TIMEOUT), 0)
        self.assertEqual(process.stderr.read(), b"")
        for pipe in (process.stdout, process.stderr):
            pipe.close()
        writer.join()
        whole = clean * (len(got) // len(clean) + 1)
        keys = len(TRIGGER) + 512  # the last key may be cut
        self.assert_bytes(got[:-keys], whole[:len(got) - keys])
        for secret in SECRETS:
            self.assertNotIn(secret[:8], got[-2 * keys:])

    def test_SIGHUP_and_SIGUSR1_amid_megabytes(self):
        rules = self.file("acme.yaml", "rules:\n" + RULE)
        secret = body(32, 1, ALNUM)
        line = b"key=" + ACME + secret + b"\n"
        data = line * (BLOCK // len(line))
        with open(rules, encoding="utf-8") as file:
            other = file.read().replace("acme_live_", "another_one_")
        process = self.start("-j", "4", "--rules", rules, "--only", "acme-api-key")
        is_enough = threading.Event()
        written = []

        def pour():
            while not is_enough.is_set():
                written.append(process.stdin.write(data))
            process.stdin.close()

        writer = threading.Thread(target=pour)
        writer.start()
        got = process.stdout.read(4 * BLOCK)
        self.file("acme.yaml", other)
        process.send_signal(signal.SIGUSR1)
        process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + TIMEOUT
        while block := process.stdout.read(BLOCK):
            got += block
            if line in block or time.monotonic() > deadline:
                is_enough.set()
        writer.join()
        self.assertEqual(process.wait(LONG), 0)
        messages = process.stderr.read()
        for pipe in (process.stdout, process.stderr):
            pipe.close()
        lines = got.splitlines(True)
        count = lines.count(masked(line, secret))
        self.assertEqual(lines, [masked(line, secret)] * count + [line] * (len(lines) - count))
        self.assertEqual(len(got), sum(written))
        self.assertGreater(count, 4 * BLOCK // len(line) - 2)
        self.assertLess(count, len(lines), "the new rules were never used")
        self.assertIn(b"acme-api-key", messages)


@unittest.skipIf(is_sanitized(), "its memory is not the program's")
class Bounded(CommandTest):
    def peak(self, data, times):
        """KiB of memory that so many times data take."""
        # meson sets MALLOC_PERTURB_, which has memory written to that is only reserved.
        process = subprocess.Popen([BINARY, "-j", "2"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   env={**environment(), "MALLOC_PERTURB_": "0"})
        for _ in range(times):
            process.stdin.write(data)
        process.stdin.flush()
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
            peak = int(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1])
        process.stdin.close()
        self.assertEqual(process.wait(LONG), 0)
        return peak

    def test_memory_does_not_grow_with_the_input(self):
        data = log(4 * BLOCK, 1, 100)
        small, large = self.peak(data, 20), self.peak(data, 100)  # all threads have had something to do
        self.assertLess(large, small + 1500)
        self.assertLess(large, 16 << 10)


if __name__ == "__main__":
    unittest.main()
