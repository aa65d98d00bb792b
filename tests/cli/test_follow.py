# SPDX-License-Identifier: Apache-2.0
"""keysieve follow: what is written to files comes out masked, whatever happens to the files."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from support import (ALNUM, BINARY, ID, LONG, ONLY, TRIGGER, CommandTest, address, body, catches_signal, environment,
                     is_asleep, is_sanitized, masked, process_state, run, stars, visible, written_to)

STRACE = shutil.which("strace")
with open(BINARY, "rb") as binary:
    TELLS_MANAGER = b"libsystemd.so" in binary.read()


class Follower:
    """A running keysieve follow. Its output and messages are in files, so that nothing blocks it."""

    def __init__(self, *args, cwd=None, rules=ONLY, env=None):
        self.output = tempfile.TemporaryFile()
        self.errors = tempfile.TemporaryFile()
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind("")  # the kernel chooses a name
        self.manager.settimeout(0)
        name = "@" + self.manager.getsockname()[1:].decode()
        self.process = subprocess.Popen([BINARY, "follow", *rules, *args], stdin=subprocess.DEVNULL,
                                        stdout=self.output, stderr=self.errors, cwd=cwd,
                                        env=environment({"NOTIFY_SOCKET": name, **(env or {})}))
        self.expect_ready()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.output.close()
        self.errors.close()
        self.manager.close()

    def expect_ready(self):
        """It follows its files: it has told the service manager, or sleeps."""
        self.wait(self.is_ready if TELLS_MANAGER else self.is_waiting, "it is ready")

    def is_waiting(self):
        return self.process.poll() is not None or (catches_signal(self.process.pid, signal.SIGTERM)
                                                   and is_asleep(self.process.pid))

    def is_ready(self):
        try:
            return b"READY=1" in self.manager.recv(4096)
        except BlockingIOError:
            return self.process.poll() is not None

    def wait(self, condition, what):
        deadline = time.monotonic() + LONG
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waiting that {what}; {self.messages()[:400]!r}; "
                                   f"{len(self.out())} bytes of output, the last: {self.out()[-200:]!r}")
            time.sleep(0.002)

    def out(self):
        return written_to(self.output)

    def messages(self):
        return written_to(self.errors)

    def expect(self, data, path=None):
        """All of data comes out, and nothing else."""
        def read():
            if path is None:
                return self.out()
            with open(path, "rb") as file:
                return file.read()
        self.wait(lambda: len(read()) >= len(data), f"{len(data)} bytes come out")
        CommandTest().assert_bytes(read(), data)

    def expect_message(self, *words):
        self.wait(lambda: all(word.encode() in self.messages() for word in words), f"it says {words}")

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM):
        """Returns the exit status."""
        self.send(number)
        return self.process.wait(LONG)

    def has_open(self, path):
        for fd in os.listdir(f"/proc/{self.process.pid}/fd"):
            with contextlib.suppress(FileNotFoundError):  # it is closed just now
                if os.readlink(f"/proc/{self.process.pid}/fd/{fd}") == path:
                    return True
        return False

    def freeze(self):
        self.send(signal.SIGSTOP)
        self.wait(lambda: process_state(self.process.pid) in "Tt", "it is stopped")

    def thaw(self):
        self.send(signal.SIGCONT)


class FollowTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.log = self.path("app.log")

    def write(self, data, path=None):
        with open(path or self.log, "ab") as file:
            file.write(data)

    def follow(self, *args, **more):
        return Follower(*(args or (self.log,)), **more)

    def stopped(self, follower, status=0):
        self.assertEqual(follower.stop(), status, follower.messages()[:400])


class OneFile(FollowTest):
    def test_it_starts_at_the_end(self):
        self.write(b"old\n")
        with self.follow() as f:
            self.write(b"new\n")
            f.expect(b"new\n")
            self.stopped(f)
            f.expect(b"new\n")

    def test_from_start(self):
        self.write(b"old\n")
        with self.follow("--from-start", self.log) as f:
            self.write(b"new\n")
            f.expect(b"old\nnew\n")

    def test_half_lines_come_at_once_and_keys_do_not(self):
        secret = body(95)
        self.write(b"")
        with self.follow() as f:
            self.write(b"key: " + TRIGGER + secret[:10])
            f.expect(b"key: " + TRIGGER)
            self.write(secret[10:])
            f.expect(b"key: " + TRIGGER + stars(secret))
            self.write(b" ok")
            f.expect(b"key: " + TRIGGER + stars(secret) + b" ok")

    def test_a_key_whose_first_half_was_there_before(self):
        secret = body(95)
        self.write(b"x" * 100000 + b"\nkey: " + TRIGGER + secret[:50])
        with self.follow() as f:
            self.write(secret[50:] + b" end\n")
            f.expect(b"*" * 45 + b" end\n")

    def test_a_key_in_CRI_frames_whose_first_half_was_there_before(self):
        secret = body(95)
        head = b"2026-01-01T00:00:00.000000000Z stdout "
        self.write(head + b"P k=" + TRIGGER + secret[:50] + b"\n")
        with self.follow() as f:
            self.write(head + b"F " + secret[50:] + b" end\n")
            f.expect(head + b"F " + b"*" * 45 + b" end\n")

    def test_CRI_frames(self):
        secret = body(95)
        head = b"2026-01-01T00:00:00.000000000Z stdout "
        data = head + b"P k=" + TRIGGER + secret[:50] + b"\n" + head + b"F " + secret[50:] + b" e\n"
        self.write(data)
        with self.follow("--from-start", self.log) as f:
            f.expect(masked(data, secret[:50], secret[50:]))

    def test_megabytes(self):
        secret = body(95)
        data = (b"a line of a log with a key=" + TRIGGER + secret + b" in it\n") * 40000
        self.write(data)
        with self.follow("--from-start", self.log) as f:
            f.expect(masked(data, secret))
            self.write(data)
            f.expect(masked(data + data, secret))

    def test_a_rule_that_asks_for_a_tag_is_filled(self):
        """Positions count bytes: a mask must not change the length."""
        rule = self.file("rule.yaml", "- id: word\n  trigger: 'word='\n  body: 'a-z'\n"
                                      "  length: 8..\n  mask: tag\n  examples: ['word={body:10}']\n")
        self.write(b"")
        with self.follow("--rules", rule, self.log, rules=("--only", "word")) as f:
            self.write(b"word=abcdefghij\n")
            f.expect(b"word=**********\n")

    def test_masks_that_change_lengths_are_refused(self):
        result = run("follow", *ONLY, "--mask", "tag", self.log)
        self.assert_message(result, 2, "fill-hash")

    def test_the_last_bytes_can_stay(self):
        secret = body(95)
        self.write(b"")
        with self.follow("--keep-last", "4", self.log) as f:
            self.write(TRIGGER + secret + b"\n")
            f.expect(TRIGGER + stars(secret)[4:] + secret[-4:] + b"\n")

    def test_it_waits_for_a_file(self):
        with self.follow() as f:
            f.expect_message("app.log: waiting for it")
            self.write(b"first\n")
            f.expect(b"first\n")
            self.assertEqual(f.messages().count(b"waiting"), 1)
            self.stopped(f)

    def test_it_waits_for_a_directory(self):
        path = self.path("a/b/app.log")
        with self.follow(path) as f:
            os.makedirs(os.path.dirname(path))
            self.write(b"first\n", path)
            f.expect(b"first\n")

    def test_a_directory_and_a_file(self):
        self.write(b"")
        with self.follow(self.directory, self.log) as f:
            self.write(b"line\n")
            f.expect(b"line\n")
            f.expect_message("Is a directory")
            self.stopped(f, 74)

    def test_only_a_directory(self):
        result = run("follow", *ONLY, self.directory)
        self.assert_message(result, 74, "Is a directory")

    def test_the_input_is_the_output(self):
        self.write(b"text\n")
        result = run("follow", *ONLY, "--output", self.log, self.log)
        self.assert_message(result, 2, "the input file is the output file")

    def test_no_files(self):
        self.assert_message(run("follow", *ONLY), 2, "--help")

    def test_a_pipe_is_no_file(self):
        os.mkfifo(self.path("pipe"))
        self.assert_message(run("follow", *ONLY, self.path("pipe")), 74, "not a regular file")

    def test_it_sleeps_when_there_is_nothing_to_do(self):
        self.write(b"")
        with self.follow() as f:
            def turns():
                with open(f"/proc/{f.process.pid}/stat", encoding="ascii") as file:
                    return sum(map(int, file.read().rpartition(")")[2].split()[11:13]))
            before = turns()
            time.sleep(1.5)
            self.assertLessEqual(turns() - before, 5)  # of 150


class Rotation(FollowTest):
    def rotate(self, count=1, create=True):
        for i in range(count, 0, -1):
            source = self.log if i == 1 else f"{self.log}.{i - 1}"
            if os.path.exists(source):
                os.rename(source, f"{self.log}.{i}")
        if create:
            self.write(b"")

    def test_rename_and_create(self):
        self.write(b"0\n")
        with self.follow() as f:
            self.write(b"1\n")
            self.rotate()
            self.write(b"2\n")
            f.expect(b"1\n2\n")
            self.write(b"3\n")
            f.expect(b"1\n2\n3\n")
            self.stopped(f)
            self.assertEqual(f.messages(), b"")

    def test_the_writer_that_reopens_late(self):
        self.write(b"")
        with self.follow() as f, open(self.log, "ab", buffering=0) as writer:
            writer.write(b"1\n")
            self.rotate()
            f.expect(b"1\n")
            writer.write(b"2\n")
            f.expect(b"1\n2\n")
            writer.write(b"3\n")
            self.write(b"4\n")
            f.expect(b"1\n2\n3\n4\n")

    def test_a_second_writer_that_reopens_after_the_first(self):
        self.write(b"")
        with self.follow() as f, open(self.log, "ab", buffering=0) as writer:
            self.rotate()
            self.write(b"1\n")
            f.expect(b"1\n")
            writer.write(b"2\n")
            f.expect(b"1\n2\n")
            writer.write(b"half")
            self.write(b"3\n")
            f.expect(b"1\n2\n3\n")
            writer.write(b" whole\n")
            f.expect(b"1\n2\n3\nhalf whole\n")

    def test_a_second_writer_finishes_a_key(self):
        secret = body(95)
        self.write(b"")
        with self.follow() as f, open(self.log, "ab", buffering=0) as writer:
            writer.write(b"line\nk=" + TRIGGER + secret[:50])
            f.expect(b"line\nk=" + TRIGGER + b"*" * 50)
            self.rotate()
            self.write(b" 1\n")
            f.expect(b"line\nk=" + TRIGGER + b"*" * 50 + b" 1\n")
            writer.write(secret[50:] + b" 2\n")
            f.expect(b"line\nk=" + TRIGGER + b"*" * 50 + b" 1\n" + b"*" * 45 + b" 2\n")

    def test_a_key_cut_by_rotation(self):
        secret = body(95)
        for cut in (0, 1, 10, 19, 20, 50, 94):
            with self.subTest(cut=cut):
                self.write(b"")
                with self.follow() as f:
                    self.write(b"k=" + TRIGGER + secret[:cut])
                    self.rotate()
                    self.write(secret[cut:] + b" end\n")
                    f.expect(b"k=" + TRIGGER + stars(secret) + b" end\n")
                os.remove(self.log)

    def test_a_line_cut_by_rotation_in_CRI_frames(self):
        secret = body(95)
        head = b"2026-01-01T00:00:00.000000000Z stdout "
        self.write(b"")
        with self.follow() as f:
            first, second = head + b"P k=" + TRIGGER + secret[:50] + b"\n", \
                head + b"F " + secret[50:] + b" e\n"
            self.write(first)
            self.rotate()
            self.write(second)
            f.expect(masked(first + second, secret[:50], secret[50:]))

    def test_copytruncate(self):
        self.write(b"")
        with self.follow() as f:
            self.write(b"one\n")
            f.expect(b"one\n")
            shutil.copy(self.log, self.log + ".1")
            os.truncate(self.log, 0)
            self.write(b"2\n")
            f.expect(b"one\n2\n")

    def test_copytruncate_with_more_than_before(self):
        self.write(b"")
        with self.follow() as f:
            self.write(b"one\n")
            f.expect(b"one\n")
            f.freeze()
            shutil.copy(self.log, self.log + ".1")
            os.truncate(self.log, 0)
            self.write(b"two and three\n")
            f.thaw()
            f.expect(b"one\ntwo and three\n")

    def test_copytruncate_faster_than_reading(self):
        self.write(b"")
        with self.follow() as f:
            self.write(b"one\n")
            f.expect(b"one\n")
            f.freeze()
            self.write(b"two\n")
            shutil.copy(self.log, self.log + ".1")
            os.truncate(self.log, 0)
            self.write(b"3\n")
            f.thaw()
            f.expect(b"one\ntwo\n3\n")

    def test_a_former_file_that_begins_alike_is_no_copy(self):
        self.write(b"boot\nyesterday\n", self.log + ".1")
        self.write(b"boot\n")
        time.sleep(0.05)
        with self.follow("--from-start", self.log) as f:
            f.expect(b"boot\n")
            os.truncate(self.log, 0)
            self.write(b"1\n")
            f.expect(b"boot\n1\n")

    def test_removal(self):
        self.write(b"")
        with self.follow() as f:
            self.write(b"1\n")
            f.expect(b"1\n")
            os.remove(self.log)
            self.write(b"2\n")
            f.expect(b"1\n2\n")

    def test_removal_before_it_was_read(self):
        self.write(b"")
        with self.follow() as f:
            f.freeze()
            self.write(b"1\n")
            os.remove(self.log)
            self.write(b"2\n")
            f.thaw()
            f.expect(b"1\n2\n")

    def test_three_rotations_faster_than_reading(self):
        self.write(b"")
        with self.follow() as f:
            self.write(b"0\n")
            f.expect(b"0\n")
            f.freeze()
            want = b"0\n"
            for i in range(1, 5):
                line = b"%d\n" % i * 1000
                self.write(line)
                want += line
                if i < 4:
                    self.rotate(i)
            f.thaw()
            f.expect(want)
            self.stopped(f)
            self.assertEqual(f.messages(), b"")

    def test_a_key_cut_by_three_rotations(self):
        secret = body(95)
        self.write(b"")
        with self.follow() as f:
            f.freeze()
            for i in range(4):
                self.write((b"k=" + TRIGGER if i == 0 else b"") + secret[i * 24:i * 24 + 24])
                if i < 3:
                    self.rotate(i + 1)
            self.write(b" end\n")
            f.thaw()
            f.expect(b"k=" + TRIGGER + stars(secret) + b" end\n")

    def test_a_file_rotated_and_removed_unread_is_told(self):
        self.write(b"")
        with self.follow() as f:
            f.freeze()
            self.rotate()
            self.write(b"1\n")
            self.rotate(2)
            os.remove(self.log + ".1")
            self.write(b"2\n")
            f.thaw()
            f.expect(b"2\n")
            f.expect_message("gone before it could be read")

    def test_rotations_of_which_nobody_told(self):
        """The kernel keeps a limited number of changes for who does not take them."""
        with open("/proc/sys/fs/inotify/max_queued_events", encoding="ascii") as file:
            limit = int(file.read())
        if limit > 100000:
            self.skipTest(f"{limit} changes are too many to make")
        self.write(b"")
        with self.follow() as f:
            self.write(b"0\n")
            f.expect(b"0\n")
            f.freeze()
            for i in range(limit // 2 + 1):
                os.close(os.open(self.path(f"{i}"), os.O_CREAT))
                os.remove(self.path(f"{i}"))
            for i in range(1, 4):
                self.write(b"%d\n" % i)
                time.sleep(0.02)  # births are counted in ticks of the kernel
                self.rotate(i)
            self.write(b"4\n")
            f.thaw()
            f.expect(b"0\n1\n2\n3\n4\n")

    def test_many_rotations_under_load(self):
        want = b""
        self.write(b"")
        with self.follow() as f:
            for i in range(60):
                for _ in range(20):
                    line = b"%d of the lines that are written here\n" % i * 50
                    self.write(line)
                    want += line
                self.rotate(5)
                if i % 4 == 3:
                    f.wait(lambda: len(f.out()) >= len(want) - 1, "it catches up")
            f.expect(want)

    def test_a_symbolic_link_that_is_swapped(self):
        """As Kubernetes does with ..data."""
        for name in ("v1", "v2"):
            os.mkdir(self.path(name))
            self.write(b"", self.path(f"{name}/app.log"))
        os.symlink("v1", self.path("..data"))
        os.symlink("..data/app.log", self.log)
        with self.follow() as f:
            self.write(b"1\n")
            f.expect(b"1\n")
            os.symlink("v2", self.path("..tmp"))
            os.rename(self.path("..tmp"), self.path("..data"))
            self.write(b"2\n")
            f.expect(b"1\n2\n")

    def test_rotation_behind_a_symbolic_link(self):
        """As /var/log/containers points to /var/log/pods."""
        os.mkdir(self.path("pods"))
        real, old = self.path("pods/0.log"), self.path("pods/0.log.20261122-101112")
        self.write(b"", real)
        os.symlink("pods/0.log", self.log)
        with self.follow() as f:
            f.freeze()
            self.write(b"1\n", real)
            os.rename(real, old)
            self.write(b"2\n", real)
            f.thaw()
            f.expect(b"1\n2\n")

    def test_a_directory_that_is_replaced(self):
        os.mkdir(self.path("d"))
        path = self.path("d/app.log")
        self.write(b"", path)
        with self.follow(path) as f:
            self.write(b"1\n", path)
            f.expect(b"1\n")
            os.rename(self.path("d"), self.path("e"))
            os.mkdir(self.path("d"))
            self.write(b"2\n", path)
            f.expect(b"1\n2\n")

    def test_a_file_mounted_over_it(self):
        self.write(b"")
        other = self.file("other", b"2\n")
        with self.follow() as f:
            result = subprocess.run(["mount", "--bind", other, self.log], check=False,
                                    capture_output=True)
            if result.returncode != 0:
                self.skipTest("mounting is not allowed here")
            try:
                f.expect(b"2\n")
            finally:
                subprocess.run(["umount", "--lazy", self.log], check=True)


class Several(FollowTest):
    def setUp(self):
        super().setUp()
        self.paths = [self.path("a.log"), self.path("b.log")]
        for path in self.paths:
            self.write(b"", path)

    def test_they_interleave_at_line_ends(self):
        a, b = self.paths
        with self.follow(a, b) as f:
            self.write(b"half", a)
            self.write(b"b1\n", b)
            f.expect(b"b1\n")
            self.write(b" whole\nhalf", a)
            f.expect(b"b1\nhalf whole\n")
            self.write(b"b2\n", b)
            f.expect(b"b1\nhalf whole\nb2\n")

    def test_a_long_line_takes_the_output(self):
        a, b = self.paths
        long = b"x" * 3000000
        with self.follow(a, b) as f:
            self.write(long, a)
            f.expect(long)
            self.write(b"b\n", b)
            self.write(b"end\n", a)
            f.expect(long + b"end\nb\n")

    def test_half_lines_at_the_end_get_an_end(self):
        a, b = self.paths
        with self.follow(a, b) as f:
            self.write(b"whole\nhalf", a)
            f.expect(b"whole\n")
            self.write(b"whole\nthe other", b)
            f.expect(b"whole\nwhole\n")
            self.stopped(f)
            self.assertIn(f.out(), (b"whole\nwhole\nhalf\nthe other", b"whole\nwhole\nthe other\nhalf"))

    def test_under_load_no_line_is_torn(self):
        a, b = self.paths
        secret = body(95)
        count = 3000
        with self.follow(a, b) as f:
            for i in range(count):
                for path in self.paths:
                    line = b"%s line %d key=%s%s\n" % (path.encode(), i, TRIGGER, secret)
                    cut = i % len(line)
                    self.write(line[:cut], path)
                    self.write(line[cut:], path)
            f.wait(lambda: f.out().count(b"\n") == 2 * count, "all lines come out")
            lines = f.out().splitlines()
            for path in self.paths:
                want = [b"%s line %d key=%s%s" % (path.encode(), i, TRIGGER, stars(secret))
                        for i in range(count)]
                self.assertEqual([x for x in lines if x.startswith(path.encode())], want)

    @unittest.skipUnless(STRACE and not is_sanitized(), "no strace, or a sanitizer")
    def test_a_look_at_all_files_may_take_longer_than_the_time_between_two(self):
        """150 files, and a kernel that takes 10 ms to open one: between two looks they are read all the same."""
        for n in range(150):
            self.write(b"x\n", self.path(f"{n}.log"))
        out = self.file("out", b"")
        process = subprocess.Popen([STRACE, "-D", "-qqq", "-o", os.devnull, "-e", "trace=openat", "-e",
                                    "inject=openat:delay_enter=10000", BINARY, "follow", *ONLY, "--from-start", "-o", out,
                                    self.path("*.log")], stdin=subprocess.DEVNULL, env=environment())
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        deadline = time.monotonic() + LONG
        while os.path.getsize(out) < 300:
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), deadline, "they are not read")
            time.sleep(0.05)

    def test_a_pattern_with_new_files(self):
        with self.follow(self.path("*.log")) as f:
            self.write(b"a\n", self.paths[0])
            f.expect(b"a\n")
            self.write(b"new\n", self.path("c.log"))
            f.expect(b"a\nnew\n")
            self.write(b"none\n", self.path("d.txt"))
            self.write(b"b\n", self.paths[1])
            f.expect(b"a\nnew\nb\n")

    def test_a_pattern_with_new_directories(self):
        with self.follow(self.path("pods/*/*.log")) as f:
            os.makedirs(self.path("pods/one"))
            self.write(b"1\n", self.path("pods/one/0.log"))
            f.expect(b"1\n")

    def test_a_pattern_that_matches_rotated_names(self):
        """No line comes twice, whatever name its file gets."""
        want = b""
        with self.follow(self.path("app.log*")) as f:
            for i in range(6):
                self.write(b"%d\n" % i)
                want += b"%d\n" % i
                f.expect(want)
                for n in range(3, 0, -1):
                    source = self.log if n == 1 else f"{self.log}.{n - 1}"
                    if os.path.exists(source):
                        os.rename(source, f"{self.log}.{n}")
            time.sleep(1.2)  # it looks at everything once more
            f.expect(want)

    def test_the_output_is_not_followed(self):
        out = self.path("out.log")
        with self.follow("--output", out, self.path("*.log")) as f:
            self.write(b"a\n", self.paths[0])
            f.expect(b"a\n", out)
            time.sleep(1.2)
            f.expect(b"a\n", out)

    def test_the_checkpoint_is_not_followed(self):
        os.mkdir(self.path("d"))
        state, log, out = self.path("d/state"), self.path("d/log"), self.path("out")
        self.write(b"", log)
        with self.follow("--state", state, "--output", out, self.path("d/*")) as f:
            for n in range(3):
                self.write(b"a\n", log)
                f.expect(b"a\n" * (n + 1), out)
                time.sleep(1.1)
            f.expect(b"a\n" * 3, out)

    def test_first_lines_that_look_like_a_journal_let_nothing_pass(self):
        for first in (b"__CURSOR=GET /\n", address(), address() + b"\n"):
            with self.subTest(first):
                self.write(b"")
                with self.follow() as f:
                    self.write(first)
                    secret = body(95)
                    line = b"__DB_PASSWORD=" + TRIGGER + secret + b"\n"
                    self.write(line * 3)
                    self.write(b"\n")
                    f.expect(first + masked(line * 3, secret) + b"\n")
                os.remove(self.log)

    def test_journal_entries_stay_whole(self):
        a, b = self.paths
        entry = b"__CURSOR=s=%d\n__REALTIME_TIMESTAMP=1\nMESSAGE=hello %d\n\n"
        with self.follow("--frame", "journal", a, b) as f:
            self.write((entry % (1, 1))[:-1], a)
            self.write(entry % (2, 2), b)
            f.expect(entry % (2, 2))
            self.write(b"\n", a)
            f.expect(entry % (2, 2) + entry % (1, 1))


class Signals(FollowTest):
    def test_stop_masks_what_is_undecided(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                self.write(b"")
                with self.follow() as f:
                    self.write(b"k=" + TRIGGER + body(10))
                    f.expect(b"k=" + TRIGGER)
                    self.assertEqual(f.stop(number), 0)
                    f.expect(b"k=" + TRIGGER + b"*" * 10)
                os.remove(self.log)

    def test_what_was_written_before_the_stop_is_read(self):
        self.write(b"")
        for _ in range(5):
            with self.follow() as f:
                self.write(b"last words\n" * 100000)
                self.stopped(f)
                f.expect(b"last words\n" * 100000)

    def test_statistics(self):
        secret = body(95)
        self.write(b"")
        with self.follow("--stats", self.log) as f:
            self.write(TRIGGER + secret + b"\n")
            f.expect(TRIGGER + stars(secret) + b"\n")
            f.send(signal.SIGUSR1)
            f.expect_message("1 findings", ID, "app.log: raw")
            self.stopped(f)
            self.assertEqual(f.messages().count(b"1 findings"), 2)

    def rule(self, word):
        return self.file("rule.yaml", f"- id: word\n  trigger: '{word}='\n  body: 'a-z'\n"
                                      f"  length: 8..\n  examples: ['{word}={{body:10}}']\n")

    def test_reload(self):
        self.write(b"")
        line = b"one=abcdefghij two=abcdefghij\n"
        one, two = b"one=********** two=abcdefghij\n", b"one=abcdefghij two=**********\n"
        with self.follow("--rules", self.rule("one"), self.log, rules=("--only", "word")) as f:
            self.write(line)
            f.expect(one)
            self.file("rule.yaml", "- id: word\n")
            f.send(signal.SIGHUP)
            f.expect_message("rules are not reloaded")
            f.expect_ready()
            self.write(line)
            f.expect(one * 2)
            self.rule("two")
            f.send(signal.SIGHUP)
            f.expect_ready()
            self.write(line)
            f.expect(one * 2 + two)
            f.send(signal.SIGUSR1)
            f.expect_message("3 findings", " 3  word")

    def test_a_reload_waits_for_the_end_of_a_line(self):
        self.write(b"")
        with self.follow("--rules", self.rule("one"), self.log, rules=("--only", "word")) as f:
            self.write(b"one=abcdefghij")
            f.expect(b"one=**********")
            self.rule("two")
            f.send(signal.SIGHUP)
            f.expect_ready()
            self.write(b"klmn one=abcdefghij\none=abcdefghij two=abcdefghij\n")
            f.expect(b"one=************** one=**********\none=abcdefghij two=**********\n")

    def test_the_output_is_reopened(self):
        out = self.path("out")
        self.write(b"")
        with self.follow("--output", out, self.log) as f:
            self.write(b"1\n")
            f.expect(b"1\n", out)
            os.rename(out, out + ".1")
            f.send(signal.SIGHUP)
            f.wait(lambda: os.path.exists(out), "it opens the output anew")
            self.write(b"2\n")
            f.expect(b"2\n", out)
            f.expect(b"1\n", out + ".1")


class StateTest(FollowTest):
    def setUp(self):
        super().setUp()
        self.state = self.path("state")
        self.out = self.path("out")

    def args(self, *more):
        return ("--state", self.state, "--output", self.out, *(more or (self.log,)))

    def expect(self, f, data):
        f.expect(data, self.out)

    def is_saved(self, path):
        """Does the checkpoint tell of all output, and of the file at this path?"""
        with open(self.state, encoding="ascii") as file:
            state = json.load(file)
        inodes = [part["inode"] for source in state["sources"] for part in source["parts"]]
        return state["output"]["length"] == os.path.getsize(self.out) and os.stat(path).st_ino in inodes

    def expect_saved(self, f, path):
        f.wait(lambda: self.is_saved(path), "a checkpoint tells of it")


class State(StateTest):
    def test_it_goes_on(self):
        self.write(b"0\n")
        with self.follow(*self.args()) as f:
            self.write(b"1\n")
            self.expect(f, b"1\n")
            self.stopped(f)
        self.write(b"2\n")
        with self.follow(*self.args()) as f:
            self.write(b"3\n")
            self.expect(f, b"1\n2\n3\n")
            self.stopped(f)
            self.assertEqual(f.messages(), b"")

    def test_a_key_cut_by_the_stop(self):
        secret = body(95)
        for cut in (0, 1, 10, 19, 20, 50, 94, 95):
            for size in (10, 100, 100000):
                with self.subTest(cut=cut, size=size):
                    before = b"a line of text\n" * (size // 15)
                    self.write(b"")
                    with self.follow(*self.args("--from-start", self.log)) as f:
                        self.write(before + b"k=" + TRIGGER + secret[:cut])
                        self.expect(f, before + b"k=" + TRIGGER + (stars(secret)[:cut] if cut >= 20
                                                                   else b""))
                        self.stopped(f)
                    self.write(secret[cut:] + b" end\n")
                    with self.follow(*self.args()) as f:
                        self.expect(f, before + b"k=" + TRIGGER + stars(secret) + b" end\n")
                    for path in (self.log, self.state, self.out):
                        os.remove(path)

    def test_a_match_over_two_lines_of_a_silent_stream(self):
        """Between its two lines the other stream has written far more than a restart reads again."""
        secret = body(40, alphabet=ALNUM)
        header = b"2026-11-22T10:00:01.123456789Z %s F "
        out, error = header % b"stdout", header % b"stderr"
        rules = ("--only", "name-value-pair")
        for first, second, is_masked in ((b"- name: API_SECRET\n", b"  value: ", True),
                                         (b"- name of words\n", b"  value: ", False)):
            with self.subTest(first=first):
                before = error + first + (out + b"words and words\n") * 3000
                after = error + second + secret + b"\n"
                self.write(before)
                with self.follow(*self.args("--from-start", "--frame", "cri", self.log), rules=rules) as f:
                    self.expect(f, before)
                    self.expect_saved(f, self.log)
                    f.stop(signal.SIGKILL)
                with open(self.state, encoding="ascii") as file:
                    restart = json.load(file)["sources"][0]["restart"]
                self.assertEqual(restart == 0, is_masked)
                self.write(after)
                with self.follow(*self.args("--frame", "cri", self.log), rules=rules) as f:
                    self.expect(f, before + (masked(after, secret) if is_masked else after))
                    self.stopped(f)
                for path in (self.log, self.state, self.out):
                    os.remove(path)

    def test_with_standard_output(self):
        secret = body(95)
        self.write(b"")
        with self.follow("--state", self.state, self.log) as f:
            self.write(b"k=" + TRIGGER + secret[:10])
            f.expect(b"k=" + TRIGGER)
            self.stopped(f)
            f.expect(b"k=" + TRIGGER)
        self.write(secret[10:] + b" end\n")
        with self.follow("--state", self.state, self.log) as f:
            f.expect(stars(secret) + b" end\n")

    def test_rotated_while_it_was_down(self):
        for times in (1, 2, 3):
            with self.subTest(times):
                self.write(b"")
                with self.follow(*self.args()) as f:
                    self.write(b"1\n")
                    self.expect(f, b"1\n")
                    self.stopped(f)
                self.write(b"2\n")
                want = b"1\n2\n"
                for i in range(times):
                    for n in range(times, 0, -1):
                        source = self.log if n == 1 else f"{self.log}.{n - 1}"
                        if os.path.exists(source):
                            os.rename(source, f"{self.log}.{n}")
                    time.sleep(0.02)  # births are counted in ticks of the kernel
                    self.write(b"new %d\n" % i)
                    want += b"new %d\n" % i
                with self.follow(*self.args()) as f:
                    self.expect(f, want)
                    self.stopped(f)
                    self.assertEqual(f.messages(), b"")
                for name in os.listdir(self.directory):
                    os.remove(self.path(name))

    def test_a_key_cut_by_stop_and_rotation(self):
        secret = body(95)
        self.write(b"")
        with self.follow(*self.args()) as f:
            self.write(b"k=" + TRIGGER + secret[:10])
            self.expect(f, b"k=" + TRIGGER)
            self.stopped(f)
        self.write(secret[10:30])
        os.rename(self.log, self.log + ".1")
        self.write(secret[30:] + b" end\n")
        with self.follow(*self.args()) as f:
            self.expect(f, b"k=" + TRIGGER + stars(secret) + b" end\n")

    def test_rotated_then_stopped(self):
        self.write(b"")
        with self.follow(*self.args()) as f:
            self.write(b"1\n")
            self.expect(f, b"1\n")
            os.rename(self.log, self.log + ".1")
            self.write(b"2\n")
            self.expect(f, b"1\n2\n")
            self.stopped(f)
        self.write(b"late\n", self.log + ".1")
        self.write(b"3\n")
        with self.follow(*self.args()) as f:
            self.expect(f, b"1\n2\n" + b"late\n3\n")

    def test_truncated_while_it_was_down(self):
        for copy in (False, True):
            with self.subTest(copy=copy):
                self.write(b"")
                with self.follow(*self.args()) as f:
                    self.write(b"one\n")
                    self.expect(f, b"one\n")
                    self.stopped(f)
                self.write(b"two\n")
                if copy:
                    shutil.copy(self.log, self.log + ".1")
                os.truncate(self.log, 0)
                self.write(b"3\n")
                with self.follow(*self.args()) as f:
                    self.expect(f, b"one\ntwo\n3\n" if copy else b"one\n*\n")
                    self.stopped(f)
                    self.assertEqual(f.messages() == b"", copy)
                for name in os.listdir(self.directory):
                    os.remove(self.path(name))

    def test_a_missing_part_masks_what_may_be_the_rest_of_a_key(self):
        self.write(b"")
        with self.follow(*self.args()) as f:
            self.write(b"1\n")
            self.expect(f, b"1\n")
            self.stopped(f)
        os.remove(self.log)
        self.write(b"abcdefgh rest\n")
        with self.follow(*self.args()) as f:
            self.expect(f, b"1\n******** rest\n")
            f.expect_message("app.log: what was not read yet is gone")

    def test_a_new_path_and_one_that_is_not_given(self):
        other = self.path("other.log")
        self.write(b"")
        self.write(b"old\n", other)
        with self.follow(*self.args(self.log)) as f:
            self.write(b"1\n")
            self.expect(f, b"1\n")
            self.stopped(f)
        self.write(b"2\n")
        with self.follow(*self.args(other)) as f:
            self.write(b"new\n", other)
            self.expect(f, b"1\nnew\n")
            self.stopped(f)
        with self.follow(*self.args(self.log, other)) as f:
            self.expect(f, b"1\nnew\n2\n")

    def test_files_that_are_born_while_it_is_down(self):
        self.write(b"")
        old = self.file("old.txt", b"old\n")
        with self.follow(*self.args(self.path("*.log"), self.path("late.txt"))) as f:
            self.stopped(f)
        time.sleep(0.02)
        self.write(b"1\n", self.path("new.log"))
        self.write(b"2\n", self.path("late.txt"))
        with self.follow(*self.args(self.path("*.log"), self.path("late.txt"), old)) as f:
            self.write(b"3\n", old)
            f.wait(lambda: len(self.content(self.out)) >= 6, "it has read all")
            self.assertEqual(sorted(self.content(self.out).split()), [b"1", b"2", b"3"])

    def test_rotation_behind_a_link_faster_than_reading_then_a_kill(self):
        real = self.path("real")
        os.mkdir(real)
        live, link = os.path.join(real, "0.log"), self.path("link.log")
        os.symlink(live, link)
        self.write(b"0\n", live)
        with self.follow("--from-start", *self.args(link)) as f:
            self.expect(f, b"0\n")
            for n in range(1, 4):
                f.freeze()
                os.rename(live, f"{live}.{n}a")
                self.write(b"%d\n" % n, live)
                os.rename(live, f"{live}.{n}b")
                self.write(b"%da\n" % n, live)
                f.thaw()
                self.expect(f, b"0\n" + b"".join(b"%d\n%da\n" % (i, i) for i in range(1, n + 1)))
            self.expect_saved(f, live)
            f.stop(signal.SIGKILL)
        with self.follow("--from-start", *self.args(link)) as f:
            self.write(b"4\n", live)
            self.expect(f, b"0\n1\n1a\n2\n2a\n3\n3a\n4\n")
            self.assertEqual(f.messages(), b"")

    def test_a_file_that_is_born_right_before_the_end(self):
        self.write(b"")
        wanted = b""
        for n in range(10):
            with self.follow(*self.args(self.path("*.log"))) as f:
                self.expect(f, wanted)
                self.write(b"%d\n" % n, self.path(f"{n}.log"))
                f.stop(signal.SIGTERM if n % 2 else signal.SIGKILL)
            wanted += b"%d\n" % n
        with self.follow(*self.args(self.path("*.log"))) as f:
            self.expect(f, wanted)

    def test_relative_names_and_patterns(self):
        self.write(b"")
        with self.follow(*self.args("app.log"), cwd=self.directory) as f:
            self.write(b"1\n")
            self.expect(f, b"1\n")
            self.stopped(f)
        self.write(b"2\n")
        with self.follow(*self.args("app*"), cwd=self.directory) as f:
            self.expect(f, b"1\n2\n")
            self.stopped(f)
        self.write(b"3\n")
        with self.follow(*self.args(self.path("*.log"))) as f:
            self.expect(f, b"1\n2\n3\n")

    def test_an_unfinished_line_of_one_of_several(self):
        a, b = self.path("a.log"), self.path("b.log")
        self.write(b"", a)
        self.write(b"", b)
        half = b"half of a line " * 10000
        with self.follow(*self.args(a, b)) as f:
            self.write(half, a)
            self.write(b"b\n", b)
            self.expect(f, b"b\n")
            self.stopped(f)
            self.expect(f, b"b\n")
        self.write(b"end\n", a)
        with self.follow(*self.args(a, b)) as f:
            self.expect(f, b"b\n" + half + b"end\n")

    def test_a_long_line_of_one_of_several(self):
        a, b = self.path("a.log"), self.path("b.log")
        self.write(b"", a)
        self.write(b"", b)
        long = b"part of a line " * 100000
        with self.follow(*self.args(a, b)) as f:
            self.write(long, a)
            self.expect(f, long)
            self.stopped(f)
        self.write(b"b\n", b)
        with self.follow(*self.args(a, b)) as f:
            time.sleep(0.1)
            self.write(b"end\n", a)
            self.expect(f, long + b"end\nb\n")

    def test_a_pattern_whose_file_is_gone_from_its_name(self):
        self.write(b"")
        with self.follow(*self.args(self.path("*.log"))) as f:
            self.write(b"1\n")
            self.expect(f, b"1\n")
            self.stopped(f)
        self.write(b"2\n")
        os.rename(self.log, self.log + ".1")
        with self.follow(*self.args(self.path("*.log"))) as f:
            self.expect(f, b"1\n2\n")

    def test_kills_under_load_with_rotation(self):
        secret = body(95)
        line = b"%d a key=" + TRIGGER + secret + b" and what follows it in this line of the log\n"
        want = b""
        self.write(b"")
        with self.follow(*self.args()):
            pass
        for i in range(40):
            with self.follow(*self.args()) as f:
                for n in range(i % 7):
                    data = b"".join(line % k for k in range(300))
                    cut = len(data) * n // 7
                    self.write(data[:cut])
                    if n == 3:
                        os.rename(self.log, f"{self.log}.{i}")
                    self.write(data[cut:])
                    want += data
                time.sleep(0.003 * (i % 5))
                f.process.kill()
        with self.follow(*self.args()) as f:
            self.expect(f, masked(want, secret))


class Minute(StateTest):
    """It waits for a minute: by itself, so that others need not wait for it."""

    def test_a_former_name_that_a_pattern_matches_is_not_read_again(self):
        self.write(b"")
        old = self.path("app.log.1")
        with self.follow(*self.args(self.log + "*"), env=visible()) as f:
            self.write(b"1\n")
            self.expect(f, b"1\n")
            os.rename(self.log, old)
            self.write(b"2\n")
            self.expect(f, b"1\n2\n")
            f.wait(lambda: not f.has_open(old), "it is closed")
            self.write(b"3\n")
            self.expect(f, b"1\n2\n3\n")
            self.expect_saved(f, self.log)
            f.stop(signal.SIGKILL)
        with self.follow("--from-start", *self.args(self.log + "*")) as f:
            self.write(b"4\n")
            self.write(b"5\n", old)
            f.wait(lambda: len(self.content(self.out)) >= 10, "it has read all")
            self.assertEqual(sorted(self.content(self.out).split()), [b"1", b"2", b"3", b"4", b"5"])


class OtherMinute(StateTest):
    """As Minute, beside it."""

    def test_a_former_name_at_which_another_file_was_read(self):
        """Of the name both are written down: what was read there, and how far what is there now was read before."""
        old, older = self.log + ".1", self.log + ".2"
        self.write(b"0\n", old)
        self.write(b"1\n")
        with self.follow("--from-start", *self.args(self.log + "*"), env=visible()) as f:
            f.wait(lambda: len(self.content(self.out)) >= 4, "it has read both")
            os.rename(old, older)
            os.rename(self.log, old)
            self.write(b"2\n")
            f.wait(lambda: len(self.content(self.out)) >= 6, "it has read the new one")
            f.wait(lambda: not f.has_open(old) and not f.has_open(older), "they are closed")
            self.write(b"3\n")
            f.wait(lambda: len(self.content(self.out)) >= 8, "it has read on")
            self.expect_saved(f, self.log)
            f.stop(signal.SIGKILL)
        with self.follow("--from-start", *self.args(self.log + "*")) as f:
            self.write(b"4\n")
            self.write(b"5\n", old)
            self.write(b"6\n", older)
            f.wait(lambda: len(self.content(self.out)) >= 14, "it has read all")
            self.stopped(f)
        self.assertEqual(sorted(self.content(self.out).split()), [b"%d" % i for i in range(7)])


if __name__ == "__main__":
    unittest.main()
