# SPDX-License-Identifier: Apache-2.0
"""The logs that tools are run on: made by loggen when they are first asked for, then kept.

A file has its last name only when it is whole: an interrupted run leaves nothing that a later one would take.
"""

import os
import subprocess

import framed

KINDS = {
    "sparse": ("--density", "1000"),
    "dense": ("--density", "5"),
    # Of seed 1 the first line is one of a container's log, and what follows would be taken for one.
    "clean": ("--density", "0", "--seed", "2"),
    "long": ("--density", "1000", "--long"),
    "near-miss": ("--near-miss",),
    # Those that show which keys a tool masks.
    "check": ("--density", "10", "--seed", "7"),
    "check-long": ("--density", "10", "--seed", "7", "--long"),
    "check-clean": ("--density", "0", "--seed", "7"),
    "check-near-miss": ("--near-miss", "--seed", "7"),
}
UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
DIVISORS = (1, 8, 64, 512)
LEAST = 128 << 10  # smaller ones would measure starts


def to_bytes(text):
    """1M is 1048576."""
    return int(text[:-1]) * UNITS[text[-1]] if text[-1:] in UNITS else int(text)


def to_text(size):
    for unit in ("G", "M", "K"):
        if size % UNITS[unit] == 0:
            return f"{size // UNITS[unit]}{unit}"
    return str(size)


def sizes(largest):
    """The sizes that a corpus is made in, ascending: slow tools get a smaller one."""
    return sorted({max(largest // divisor, LEAST) for divisor in DIVISORS})


class Corpora:
    """build: where loggen is; cache: where the logs are kept."""

    def __init__(self, build, cache, say):
        self.loggen = os.path.join(build, "bench", "loggen")
        self.cache = cache
        self.say = say

    def path(self, name, size):
        """A corpus of that many bytes. name: of KINDS, or such a name with .cri, .docker or .gz."""
        kind, _, form = name.partition(".")
        base = os.path.join(self.cache, f"{kind}-{to_text(size)}.log")
        self._make(base, self.loggen, lambda new: self._generate(kind, size, base, new))
        if not form:
            return base
        self._make(f"{base}.{form}", base, lambda new: FORMS[form](base, new))
        return f"{base}.{form}"

    def bytes_of(self, name, size):
        """What a speed counts: of a compressed log the bytes before that."""
        return os.path.getsize(self.path(name.removesuffix(".gz"), size))

    def _make(self, path, source, write):
        """Let write() make it, unless it is there and newer than what it is made of."""
        if os.path.exists(path) and os.path.getmtime(path) >= os.path.getmtime(source):
            return
        self.say(f"making {path}")
        new = path + ".new"
        try:
            write(new)
            os.replace(new, path)
        finally:
            if os.path.exists(new):
                os.unlink(new)

    def _generate(self, kind, size, base, new):
        with open(new, "wb") as file:
            subprocess.run([self.loggen, "--size", str(size), "--truth", base + ".truth", *KINDS[kind]],
                           stdout=file, check=True)


def compress(base, new):
    with open(base, "rb") as file, open(new, "wb") as output:
        subprocess.run(["gzip", "-c"], stdin=file, stdout=output, check=True)


def frame(convert):
    def write(base, new):
        with open(base, "rb") as file, open(new, "wb") as output:
            output.write(convert(file.read()))
    return write


FORMS = {"gz": compress, "cri": frame(framed.cri), "docker": frame(framed.docker)}
