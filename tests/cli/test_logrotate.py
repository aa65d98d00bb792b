# SPDX-License-Identifier: Apache-2.0
"""keysieve follow and the real logrotate: of what it reads, and of what it writes."""

import glob
import gzip
import os
import random
import re
import shutil
import signal
import subprocess
import time
import unittest

from load import RawLog, Writer
from support import BINARY, LONG, ONLY, CommandTest, catches_signal, environment, written_to

LOGROTATE = shutil.which("logrotate", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


@unittest.skipUnless(LOGROTATE, "logrotate is not installed")
class LogrotateTest(CommandTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.directory, 0o755)  # logrotate refuses what others can write to
        self.input, self.output = self.path("app.log"), self.path("out.log")
        self.errors = open(self.path("stderr"), "w+b")
        self.addCleanup(self.errors.close)
        self.sieve = None
        self.log = RawLog(1)
        self.wanted = b""

    def follow(self, *args):
        self.sieve = subprocess.Popen([BINARY, "follow", *ONLY, "--from-start", "--state",
                                       self.path("state"), "--output", self.output, *args,
                                       self.input], stderr=self.errors, env=environment())
        self.addCleanup(self.end)
        deadline = time.monotonic() + LONG
        while not self.is_grown() and time.monotonic() < deadline:
            time.sleep(0.002)

    def is_grown(self):
        """Would it survive SIGHUP, and find what is renamed from now on?"""
        return (catches_signal(self.sieve.pid, signal.SIGHUP)
                and os.path.exists(self.path("state")))

    def end(self):
        if self.sieve.poll() is None:
            self.sieve.kill()
            self.sieve.wait()

    def messages(self):
        return written_to(self.errors)

    def stop(self):
        self.assertIsNone(self.sieve.poll(), self.messages())
        self.sieve.send_signal(signal.SIGTERM)
        self.assertEqual(self.sieve.wait(LONG), 0, self.messages())

    def rotate(self, path, *directives, script=None):
        lines = [f"{path} {{", "rotate 1000", *directives]
        if script:
            lines += ["postrotate", script, "endscript"]
        config = self.file("logrotate.conf", "\n".join(lines + ["}", ""]))
        os.chmod(config, 0o644)
        result = subprocess.run([LOGROTATE, "--force", "--state", self.path("logrotate.state"),
                                 config], capture_output=True, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, b""))

    def write(self, fd, size):
        plain, masked = self.log.block(size)
        self.wanted += masked
        while plain:
            plain = plain[os.write(fd, plain):]

    def open_input(self):
        return os.open(self.input, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def outputs(self):
        """All files of the output, oldest first."""
        def age(path):
            number = re.search(r"out\.log\.(\d+)", path)
            return -int(number[1]) if number else 0
        return sorted(glob.glob(self.output + "*"), key=age)

    def written(self):
        text = b""
        for path in self.outputs():
            data = self.content(path)
            text += gzip.decompress(data) if path.endswith(".gz") else data
        return text

    def wait_for_all(self):
        deadline = time.monotonic() + LONG
        while len(text := self.written()) < len(self.wanted) and time.monotonic() < deadline:
            self.assertIsNone(self.sieve.poll(), self.messages())
            time.sleep(0.02)
        self.assert_bytes(text, self.wanted)


class OfTheInput(LogrotateTest):
    def check_create(self, *directives, sizes=(5000, 100, 300000, 10), pause=0):
        fd = self.open_input()
        self.follow()
        for size in sizes:
            time.sleep(pause)
            self.write(fd, size)
            self.rotate(self.input, *directives)
            self.write(fd, 20000)  # before the application has taken notice
            os.close(fd)
            fd = self.open_input()
            self.write(fd, 100)
        os.close(fd)
        self.wait_for_all()
        self.stop()
        self.assertEqual(self.messages(), b"")

    def test_create(self):
        self.check_create("create 0644")

    def test_nocreate(self):
        self.check_create("nocreate")

    def test_create_with_delayed_compression(self):
        self.check_create("create 0644", "compress", "delaycompress")

    def test_create_with_dates(self):
        self.check_create("create 0644", "dateext", "dateformat -%Y%m%d-%s", sizes=(5000, 100),
                          pause=1.1)  # names are by the second

    def test_copytruncate(self):
        """What was not read when the file is emptied is lost to everybody; so all was read."""
        fd = self.open_input()
        self.follow()
        for before, after in ((5000, 100), (100, 200000), (200000, 200000), (10, 10)):
            self.write(fd, before)
            self.wait_for_all()
            self.rotate(self.input, "copytruncate")
            self.write(fd, after)
            self.wait_for_all()
        os.close(fd)
        self.stop()
        self.assertEqual(self.messages(), b"")

    def test_while_nobody_follows(self):
        fd = self.open_input()
        for _ in range(3):
            self.follow()
            self.write(fd, 50000)
            self.wait_for_all()
            self.stop()
            self.write(fd, 30000)
            self.rotate(self.input, "create 0644")
            os.close(fd)
            fd = self.open_input()
            self.write(fd, 30000)
        self.follow()
        self.wait_for_all()
        os.close(fd)
        self.stop()
        self.assertEqual(self.messages(), b"")


class OfTheOutput(LogrotateTest):
    """The postrotate script sends SIGHUP, as docs/follow.md says."""

    def check(self, *directives, kills=False):
        rng = random.Random(7)
        writer = Writer(self.log, self.input, 2 << 20)
        self.addCleanup(writer.is_over.set)
        writer.start()
        self.follow()
        for _ in range(8):
            time.sleep(rng.uniform(0.05, 0.3))
            if kills:
                self.sieve.kill()
                self.sieve.wait()
                self.follow()
                time.sleep(rng.uniform(0, 0.2))
            self.rotate(self.output, *directives,
                        script=f"kill -HUP {self.sieve.pid}")
        self.wanted = writer.end()
        self.wait_for_all()
        self.stop()
        self.assertGreater(len(self.outputs()), 8)
        for path in self.outputs():
            data = self.content(path)
            data = gzip.decompress(data) if path.endswith(".gz") else data
            self.assertIn(data[-1:], (b"", b"\n"), "a line was cut by the rotation")
        self.assertEqual(self.messages(), b"")

    def test_create(self):
        self.check("create 0600")

    def test_nocreate(self):
        self.check("nocreate")

    def test_delayed_compression(self):
        self.check("create 0600", "compress", "delaycompress")

    def test_create_and_kills(self):
        self.check("create 0600", kills=True)

    def test_nocreate_and_kills(self):
        self.check("nocreate", kills=True)

    def test_a_line_is_not_cut(self):
        """If its end comes within a second: a busy machine may take longer for it, and then it is tried again."""
        fd = self.open_input()
        self.follow()
        for _ in range(20):
            self.put(fd, b"half ")
            self.rotate(self.output, "nocreate", script=f"kill -HUP {self.sieve.pid}")
            time.sleep(0.2)
            self.put(fd, b"line\nnext")
            if self.content(self.output) == b"next":
                break
            self.put(fd, b"\n")
        self.assert_bytes(self.content(self.output), b"next")
        os.close(fd)
        self.stop()

    def put(self, fd, text):
        os.write(fd, text)
        self.wanted += text
        self.wait_for_all()

    def test_a_line_that_does_not_end(self):
        """Only for a moment is its end waited for."""
        fd = self.open_input()
        self.follow()
        for text in (b"half a", b" line"):
            os.write(fd, text)
            self.wanted += text
            self.wait_for_all()
            self.rotate(self.output, "nocreate", script=f"kill -HUP {self.sieve.pid}")
            deadline = time.monotonic() + LONG
            while not os.path.exists(self.output) and time.monotonic() < deadline:
                time.sleep(0.01)
        self.wait_for_all()
        os.write(fd, b" and another\nhalf")
        self.wanted += b" and another\nhalf"
        self.wait_for_all()
        os.close(fd)
        self.stop()

    def test_what_is_seen_of_a_rotated_output(self):
        """After SIGHUP the former file stays as it is: logrotate may compress it after a moment."""
        fd = self.open_input()
        self.follow()
        self.write(fd, 100)
        self.wait_for_all()
        self.rotate(self.output, "create 0640", script=f"kill -HUP {self.sieve.pid}")
        self.write(fd, 100)
        self.wait_for_all()
        self.assertEqual(os.stat(self.output).st_mode & 0o777, 0o640)
        os.close(fd)
        self.stop()


if __name__ == "__main__":
    unittest.main()
