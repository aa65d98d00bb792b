# SPDX-License-Identifier: Apache-2.0
"""keysieve follow 'PATTERN': files that appear, and have another name or none before anybody has looked."""

import os
import select
import signal
import subprocess
import time

from support import BINARY, LONG, ONLY, TRIGGER, body, environment, stars, visible
from test_follow import FollowTest, StateTest

LOST = b"gone before it could be read"


class Unseen(FollowTest):
    def setUp(self):
        super().setUp()
        self.other = self.path("first.log")
        self.write(b"", self.other)

    def rename(self, old, new):
        os.rename(self.path(old), self.path(new))

    def rotations(self, name):
        """Three files were at the path; the last one is."""
        self.write(b"one\n", self.path(name))
        self.rename(name, name + ".1")
        self.write(b"two\n", self.path(name))
        self.rename(name, name + ".2")
        self.write(b"three\n", self.path(name))

    def check(self, pattern, change, want, messages=b""):
        """All that 'change' does is done while keysieve stands still."""
        with self.follow(self.path(pattern)) as f:
            self.write(b"0\n", self.other)
            f.expect(b"0\n")
            f.freeze()
            change()
            f.thaw()
            f.expect(b"0\n" + want)
            time.sleep(1.2)  # it looks at everything once more
            self.write(b"end\n", self.other)
            f.expect(b"0\n" + want + b"end\n")
            self.stopped(f)
            self.assertEqual(f.messages(), messages)

    def test_rotations(self):
        self.check("*.log", lambda: self.rotations("app.log"), b"one\ntwo\nthree\n")

    def test_rotations_to_names_that_match(self):
        self.check("*.log*", lambda: self.rotations("app.log"), b"one\ntwo\nthree\n")

    def test_rotations_as_logrotate_does_them(self):
        def change():
            for n in (b"one\n", b"two\n", b"three\n"):
                for i in (2, 1, 0):
                    old = f"app.log.{i}" if i else "app.log"
                    if os.path.exists(self.path(old)):
                        self.rename(old, f"app.log.{i + 1}")
                self.write(n)
        self.check("*.log*", change, b"one\ntwo\nthree\n")

    def test_a_rotation_that_leaves_nothing_at_the_path(self):
        def change():
            self.write(b"one\n")
            self.rename("app.log", "app.log.1")
        self.check("*.log", change, b"one\n")

    def test_a_matching_name_for_another(self):
        def change():
            self.write(b"one\n", self.path("a.log"))
            self.rename("a.log", "b.log")
            self.write(b"two\n", self.path("b.log"))
        self.check("*.log", change, b"one\ntwo\n")

    def test_a_file_that_gets_its_name_by_a_rename(self):
        def change():
            for n in (b"one\n", b"two\n"):
                self.write(n, self.path("temporary"))
                self.rename("temporary", "app.log")
                self.rename("app.log", f"old-{n[:3].decode()}")
        self.check("*.log", change, b"one\ntwo\n")

    def test_a_key_cut_by_rotations(self):
        secret = body(95)

        def change():
            for i in range(4):
                self.write((b"k=" + TRIGGER if i == 0 else b"") + secret[i * 24:i * 24 + 24])
                if i < 3:
                    self.rename("app.log", f"app.log.{i}")
            self.write(b" end\n")
        self.check("*.log", change, b"k=" + TRIGGER + stars(secret) + b" end\n")

    def test_wildcards_for_directories(self):
        for name, pattern in (("x", "*/x/*.log"), ("y", "*/y/app.log")):
            with self.subTest(pattern):
                os.makedirs(self.path(f"1/{name}"))
                os.makedirs(self.path(f"2/{name}"))
                self.other = self.path(f"1/{name}/app.log")
                self.write(b"", self.other)
                self.check(pattern, lambda at=f"2/{name}/app.log": self.rotations(at),
                           b"one\ntwo\nthree\n")

    def test_relative_patterns(self):
        os.mkdir(self.path("d"))
        self.write(b"", self.path("d/first.log"))
        for pattern, place in (("*.log", ""), ("./*.log", ""), ("d/*.log", "d/"), ("d//*.log", "d/")):
            with self.subTest(pattern), self.follow(pattern, cwd=self.directory) as f:
                f.freeze()
                self.rotations(place + f"{len(pattern)}.log")
                f.thaw()
                f.expect(b"one\ntwo\nthree\n")
                time.sleep(1.2)
                f.expect(b"one\ntwo\nthree\n")

    def test_a_file_that_is_removed_is_told(self):
        def change():
            self.write(b"lost\n")
            os.remove(self.log)
            self.write(b"1\n")
        message = f"keysieve: {self.log}: a file that was here was ".encode() + LOST + b"\n"
        self.check("*.log", change, b"1\n", message)

    def test_only_what_was_never_read_is_told(self):
        def change():
            self.rename("first.log", "a.log")
            self.rename("a.log", "b.log")
            os.remove(self.path("b.log"))
            self.write(b"1\n", self.other)
        self.check("*.log", change, b"1\n")

    def test_what_is_no_file_is_nothing(self):
        def change():
            os.mkdir(self.path("d.log"))
            os.mkfifo(self.path("p.log"))
            os.mkdir(self.path("e.log"))
            os.rmdir(self.path("e.log"))
            self.write(b"1\n")
        self.check("*.log", change, b"1\n")

    def test_names_that_come_and_go(self):
        def change():
            for i in range(1000):
                self.write(b"x", self.path(f"{i}.log"))
                self.rename(f"{i}.log", "old")
            os.remove(self.path("old"))
            self.rotations("app.log")
        with self.follow(self.path("*.log"), env=visible()) as f:
            f.freeze()
            change()
            f.thaw()
            f.expect(b"one\ntwo\nthree\n")
            f.expect_message(LOST.decode())
            f.wait(lambda: len(os.listdir(f"/proc/{f.process.pid}/fd")) < 100, "nothing stays open")

    def test_more_names_that_come_and_go_than_are_followed(self):
        with self.follow(self.path("*.log")) as f:
            f.freeze()
            for i in range(4200):  # 4096 are
                self.write(b"", self.path(f"{i}.log"))
                os.remove(self.path(f"{i}.log"))
            self.rotations("app.log")
            f.thaw()
            f.expect(b"one\ntwo\nthree\n")
            self.assertNotIn(b"so many files", f.messages())

    def test_while_its_reader_does_not_read(self):
        """Of itself it does not look then."""
        filler = b"a line that fills the pipe\n" * 20000
        process = subprocess.Popen([BINARY, "follow", *ONLY, "--from-start", self.path("*.log")],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   bufsize=0, stderr=subprocess.PIPE, env=environment())
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        self.write(filler, self.other)
        out = process.stdout.read(1000)
        time.sleep(0.3)
        self.rotations("app.log")
        while len(out) < len(filler) + 14 and select.select([process.stdout], [], [], LONG)[0]:
            out += os.read(process.stdout.fileno(), 1 << 16)
        self.assert_bytes(b"".join(x + b"\n" for x in out.split(b"\n") if len(x) in (3, 5)),
                          b"one\ntwo\nthree\n")
        process.terminate()
        self.assertEqual((process.wait(LONG), process.stderr.read()), (0, b""))


class UnseenState(StateTest):
    def test_a_restart_after_rotations_that_nobody_saw(self):
        self.write(b"", self.path("first.log"))
        want = b""
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
            with self.follow(*self.args(self.path("*.log*"))) as f:
                f.freeze()
                for i in range(3):
                    self.write(b"%d %d\n" % (number, i))
                    want += b"%d %d\n" % (number, i)
                    os.rename(self.log, f"{self.log}.{len(want)}")
                self.write(b"half")
                f.thaw()
                self.expect(f, want)
                if number == signal.SIGKILL:
                    self.expect_saved(f, self.log)
                f.stop(number)
            self.write(b" and whole\n")
            os.rename(self.log, f"{self.log}.{len(want)}-half")
            want += b"half and whole\n"
        with self.follow(*self.args(self.path("*.log*"))) as f:
            self.expect(f, want)
            time.sleep(1.2)
            self.expect(f, want)
            self.stopped(f)
            self.assertEqual(f.messages(), b"")

    def test_a_link_that_appears_leads_to_where_a_restart_looks(self):
        """As /var/log/containers gets links to /var/log/pods."""
        os.mkdir(self.path("pods"))
        os.mkdir(self.path("containers"))
        real = self.path("pods/0.log")
        with self.follow(*self.args(self.path("containers/*.log"))) as f:
            f.freeze()
            self.write(b"1\n", real)
            os.symlink(real, self.path("containers/app.log"))
            f.thaw()
            self.expect(f, b"1\n")
            self.stopped(f)
        self.write(b"2\n", real)
        os.rename(real, real + ".20261122-101112")
        self.write(b"3\n", real)
        with self.follow(*self.args(self.path("containers/*.log"))) as f:
            self.expect(f, b"1\n2\n3\n")
            self.stopped(f)
            self.assertEqual(f.messages(), b"")


if __name__ == "__main__":
    import unittest
    unittest.main()
