# SPDX-License-Identifier: Apache-2.0
"""A log under load: somebody who writes keys into a file without end, cut anywhere, and rotates it."""

import os
import random
import threading
import time

from support import TRIGGER, body, stars

SECRETS = [body(size, seed) for seed, size in enumerate((20, 64, 95, 95, 95, 95, 3000) * 10)]
WORDS = ("request accepted", "retry in 2 s", "cache miss", "worker 7 idle", "GET /v1/models 200")


def line(rng, number):
    """A line and the same masked. Numbers make each one different."""
    head = f"{number:09d} INFO {rng.choice(WORDS)} ".encode()
    kind = rng.random()
    if kind < 0.5:
        return head + b"\n", head + b"\n"
    if kind < 0.55:
        text = head + TRIGGER + b"short " + b"x" * rng.randrange(20000) + b"\n"
        return text, text
    secret = rng.choice(SECRETS)
    tail = rng.choice((b'"}\n', b" tail\n", b"\n"))
    return head + TRIGGER + secret + tail, head + TRIGGER + stars(secret) + tail


class RawLog:
    """Plain lines, cut anywhere, also where one file ends and the next begins."""

    frame = "raw"

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.number = 0

    def block(self, size):
        """About size bytes of whole lines, and the same masked."""
        plain, wanted, length = [], [], 0
        while length < size:
            one, other = line(self.rng, self.number)
            self.number += 1
            plain.append(one)
            wanted.append(other)
            length += len(one)
        return b"".join(plain), b"".join(wanted)

    def cuts(self, plain):
        """Where writes end."""
        return sorted(self.rng.randrange(len(plain) + 1) for _ in range(len(plain) // 5000 + 1))

    def may_rotate(self, _plain, _cut):
        return True


class CriLog(RawLog):
    """The same lines on two streams, cut by a runtime at any byte; its file ends with a line."""

    frame = "cri"

    def pieces(self, stream, plain, wanted):
        size = self.rng.choice((40, 300, 16384))
        for i in range(0, len(plain) - 1, size):
            tag = b"F" if i + size >= len(plain) - 1 else b"P"
            head = b"2026-11-22T10:00:00.%09dZ %s %s " % (self.rng.randrange(10**9), stream, tag)
            end = min(i + size, len(plain) - 1)
            yield head + plain[i:end] + b"\n", head + wanted[i:end] + b"\n"

    def block(self, size):
        plain, wanted, length = [], [], 0
        while length < size:
            streams = []
            for stream in (b"stdout", b"stderr"):
                streams.append(list(self.pieces(stream, *line(self.rng, self.number))))
                self.number += 1
            while any(streams):
                piece = self.rng.choice([s for s in streams if s]).pop(0)
                plain.append(piece[0])
                wanted.append(piece[1])
                length += len(piece[0])
        return b"".join(plain), b"".join(wanted)

    def may_rotate(self, plain, cut):
        return cut == 0 or plain[cut - 1:cut] == b"\n"


class Writer(threading.Thread):
    """Writes a log until it is told to end. What was written, masked, is in wanted then.

    may_rotate(inode) is asked before the file is renamed and a new one made, about as often as
    rotation says: seconds, None for never.
    """

    def __init__(self, log, path, rate, rotation=None, may_rotate=lambda _inode: True):
        super().__init__(daemon=True)
        self.log, self.path, self.rate = log, path, rate
        self.rotation, self.may_rotate = rotation, may_rotate
        self.rng = random.Random(self.log.number)
        self.wanted, self.length = [], 0
        self.rotations = 0
        self.next_rotation = time.monotonic() + (rotation or 0)
        self.is_over = threading.Event()
        self.fd = self.open()

    def open(self):
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def rotate(self):
        """As logrotate does: rename, perhaps create. The writer follows some writes later."""
        self.rotations += 1
        os.rename(self.path, f"{self.path}.{self.rotations}")
        if self.rng.random() < 0.5:
            os.close(self.open())
        self.next_rotation = time.monotonic() + self.rotation * self.rng.uniform(0.5, 1.5)

    def reopen(self):
        os.close(self.fd)
        self.fd = self.open()

    def is_time_to_rotate(self):
        return (self.rotation and time.monotonic() > self.next_rotation
                and self.may_rotate(os.fstat(self.fd).st_ino))

    def write_block(self):
        plain, wanted = self.log.block(self.rng.choice((500, 50000, 400000)))
        begin, is_renamed = 0, False
        for cut in self.log.cuts(plain) + [len(plain)]:
            while begin < cut:
                begin += os.write(self.fd, plain[begin:cut])
            if not self.log.may_rotate(plain, cut):
                continue
            if is_renamed:
                self.reopen()
                is_renamed = False
            elif self.is_time_to_rotate():
                self.rotate()
                is_renamed = True
        if is_renamed:
            self.reopen()
        self.wanted.append(wanted)
        self.length += len(wanted)

    def run(self):
        begin = time.monotonic()
        while not self.is_over.is_set():
            self.write_block()
            ahead = self.length / self.rate - (time.monotonic() - begin)
            if ahead > 0:
                self.is_over.wait(ahead)

    def end(self):
        """Write a last block, which is new to everybody. Returns all that is to be found, masked."""
        self.is_over.set()
        self.join()
        self.rotation = None
        self.write_block()
        os.close(self.fd)
        return b"".join(self.wanted)
