# SPDX-License-Identifier: Apache-2.0
"""Journals for tests, made by systemd-journal-remote from export text; no systemd needs to run."""

import os
import struct
import subprocess

from support import TIMEOUT, CommandTest, environment

REMOTE = "/lib/systemd/systemd-journal-remote"
BOOT = b"00112233445566778899aabbccddeeff"
EPOCH = 1790000000 * 1000000  # microseconds
MONOTONIC = 5000000


def is_line(value):
    """Does the value fit into the text form of a field?"""
    return b"\n" not in value and b"\0" not in value


def entry(number, *fields):
    """The export text of an entry, number seconds after EPOCH. fields: (name, value), both bytes."""
    text = (b"__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%s\n"
            % (EPOCH + number * 1000000, MONOTONIC + number * 1000000, BOOT))
    for name, value in fields:
        if is_line(value):
            text += name + b"=" + value + b"\n"
        else:
            text += name + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
    return text + b"\n"


def message(number, text, **fields):
    """An entry of a message, as a service writes it."""
    usual = {"_HOSTNAME": b"host", "SYSLOG_IDENTIFIER": b"app", "_PID": b"42", **fields}
    return entry(number, (b"MESSAGE", text), *((k.encode(), v) for k, v in usual.items()))


def piece(number, text, stream=b"0123456789abcdef0123456789abcdef", line_break=b"line-max"):
    """A part of a line that journald has cut; line_break None: the last."""
    fields = {"_STREAM_ID": stream, "_TRANSPORT": b"stdout"}
    if line_break:
        fields["_LINE_BREAK"] = line_break
    return message(number, text, **fields)


def entries(text):
    """Export text as a list of entries, each a list of (name, value)."""
    result, at = [], 0
    while at < len(text):
        fields = []
        while text[at:at + 1] != b"\n":
            end = text.index(b"\n", at)
            name, equals, value = text[at:end].partition(b"=")
            at = end + 1
            if not equals:
                (length,) = struct.unpack("<Q", text[at:at + 8])
                value = text[at + 8:at + 8 + length]
                assert text[at + 8 + length:at + 9 + length] == b"\n"
                at += 9 + length
            fields.append((name, value))
        at += 1
        result.append(fields)
    return result


def messages(text):
    """The messages of export text."""
    return [value for fields in entries(text) for name, value in fields if name == b"MESSAGE"]


class JournalTest(CommandTest):
    """Journals in self.journals."""

    def setUp(self):
        super().setUp()
        self.journals = self.path("journals")
        os.mkdir(self.journals)

    def add(self, *texts, name="a.journal"):
        """Write entries to a journal file, or append them to it. Returns its path."""
        path = os.path.join(self.journals, name)
        done = subprocess.run([REMOTE, f"--output={path}", "-"], input=b"".join(texts),
                              capture_output=True, timeout=TIMEOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return path

    def journalctl(self, *args, env=None):
        done = subprocess.run(["journalctl", "--no-pager", *args], capture_output=True,
                              timeout=TIMEOUT, env=environment(env), check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout
