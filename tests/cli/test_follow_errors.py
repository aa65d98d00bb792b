# SPDX-License-Identifier: Apache-2.0
"""keysieve follow: files that cannot be read for a while. What was read stays read, and what was not is read later."""

import errno
import os
import signal
import unittest

from support import TRIGGER, body, stars
from test_fail_closed import faults, needs_library
from test_follow import FollowTest, StateTest

ALWAYS = 1 << 30
HEADER = b"2026-11-22T10:00:01.123456789Z stdout F "


def unreadable(path, first=1, last=ALWAYS):
    """The environment in which these reads of a file with path in its name fail."""
    return faults("read", first, last, errno.EIO, path)


@needs_library
class Again(FollowTest):
    """Whatever the read that fails, of a file that stays at its path."""

    def check(self, head, *frame):
        secret = body(95)
        before = head + b"first\n" + head + b"k=" + TRIGGER
        failures = 0
        for n in range(3, 16):
            with self.subTest(read=n):
                self.write(head + b"first\n")
                with self.follow(*frame, "--from-start", self.log, env=unreadable("app.log", n, n)) as f:
                    f.expect(head + b"first\n")
                    self.write(head + b"k=" + TRIGGER + secret[:40])
                    f.expect(before + stars(secret[:40]))
                    self.write(secret[40:] + b" end\n")
                    f.expect(before + stars(secret) + b" end\n")
                    self.assertIn(f.stop(), (0, 74))  # the last read may be the one
                    failures += b"Input/output error" in f.messages()
                os.remove(self.log)
        self.assertGreater(failures, 5)

    def test_a_key_in_a_line(self):
        self.check(b"")

    def test_a_key_in_a_line_of_a_container(self):
        """The rest of its line has no header: it must not be taken for a line of its own."""
        self.check(HEADER, "--frame", "cri")


@needs_library
class Former(StateTest):
    """A file that was renamed cannot be read any more."""

    def setUp(self):
        super().setUp()
        self.old = self.log + ".1"

    def rotate(self):
        os.rename(self.log, self.old)
        self.write(b"2\n", self.old)

    def check(self, *args):
        """kill -9 as soon as a checkpoint tells of the new file. No line is lost, none comes twice."""
        self.write(b"")
        with self.follow(*self.args(*args), env=unreadable("app.log.1")) as f:
            self.write(b"1\n")
            self.expect(f, b"1\n")
            self.expect_saved(f, self.log)
            self.rotate()
            f.expect_message("app.log: Input/output error")
            self.write(b". 3\n")
            self.expect(f, b"1\n. 3\n")
            self.expect_saved(f, self.log)
            f.stop(signal.SIGKILL)
        with self.follow(*self.args(*args)) as f:
            self.write(b"4\n")
            self.write(b"5\n", self.old)
            f.wait(lambda: len(self.content(self.out)) >= 12, "it has read all")
            self.stopped(f)
        self.assertEqual(sorted(self.content(self.out).splitlines()), [b". 3", b"1", b"2", b"4", b"5"])

    def test_its_new_name_is_followed_too(self):
        self.check(self.log + "*")

    def test_its_new_name_is_followed_too_from_the_start(self):
        self.check("--from-start", self.log + "*")

    def test_what_it_holds_is_read_when_it_can_be(self):
        """The new file is there already: it is not waited for, and its first word may be the rest of a key."""
        self.write(b"")
        with self.follow(self.log, env=unreadable("app.log.1", 1, 6)) as f:
            self.write(b"1\n")
            f.expect(b"1\n")
            f.freeze()
            self.rotate()
            self.write(b". 3\n")
            f.thaw()
            f.wait(lambda: len(f.out()) >= 8, "all comes out")
            self.assertEqual(sorted(f.out().splitlines()), [b". 3", b"1", b"2"])
            self.stopped(f)

    def test_a_restart(self):
        """Whatever the read that fails: what is in the new file is not taken for what is in the former."""
        lines = [b"%d\n" % i for i in range(10)]
        self.write(b"")
        with self.follow(*self.args("--from-start", self.log)) as f:
            self.write(b"".join(lines[:5]))
            self.expect(f, b"".join(lines[:5]))
            os.rename(self.log, self.old)
            self.write(b"".join(lines[5:]))
            self.expect(f, b"".join(lines))
            self.expect_saved(f, self.log)
            f.stop(signal.SIGKILL)
        self.write(b". end\n")
        want = b"".join(lines) + b". end\n"
        kept = self.content(self.state), self.content(self.out)
        for n in range(1, 12):
            for path, data in zip((self.state, self.out), kept):
                with open(path, "wb") as file:
                    file.write(data)
            with self.subTest(read=n), self.follow(*self.args(), env=unreadable("app.log.1", n)) as f:
                f.wait(lambda: f.process.poll() is not None or len(self.content(self.out)) >= len(want), "it goes on")
                if f.process.poll() is None:
                    self.expect(f, want)
                else:  # what follows what cannot be read is not read in its place
                    self.assert_bytes(self.content(self.out), b"".join(lines))


if __name__ == "__main__":
    unittest.main()
