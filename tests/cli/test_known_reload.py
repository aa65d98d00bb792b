# SPDX-License-Identifier: Apache-2.0
"""Known values that change while keysieve runs: what is new is masked soon, and nothing else happens to the text."""

import functools
import os
import signal
import subprocess
import threading
import time
import unittest

from journal_support import REMOTE, message, piece
from support import (BINARY, LONG, ONLY, TIMEOUT, TRIGGER, Live, body, environment, run, stars)
from test_follow import FollowTest
from test_journal_follow import FollowTest as JournalFollowTest
from test_known import KnownTest

OLD, NEW, OTHER = body(24, 1), body(24, 2), body(24, 3)
SILENCE = 5  # seconds that keysieve waits for a writer who is silent


class TooSlow(Exception):
    """The machine was too busy for this writer to be silent for a shorter time."""


def until_quick_enough(test):
    """What keysieve does about a short silence is tried again where it became a long one."""
    @functools.wraps(test)
    def try_again(self):
        for _ in range(20):
            try:
                return test(self)
            except TooSlow:
                self.setUp()
        return test(self)
    return try_again


class Author:
    """One who writes a file in pieces, for which keysieve is to wait."""

    def __init__(self, path):
        self.wrote = time.monotonic()
        self.file = open(path, "wb", buffering=0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, data):
        self.wrote = time.monotonic()
        self.file.write(data)

    def was_silent_too_long(self):
        return time.monotonic() - self.wrote > SILENCE


class Mount:
    """A directory as the kubelet makes one of a secret, and changes it."""

    def __init__(self, path, **values):
        self.path, self.number = path, 0
        os.mkdir(path)
        self.swap(**values)

    def swap(self, **values):
        before, self.number = f"{self.path}/..{self.number}", self.number + 1
        fresh = f"..{self.number}"
        os.mkdir(f"{self.path}/{fresh}")
        for name, value in values.items():
            with open(f"{self.path}/{fresh}/{name}", "wb") as file:
                file.write(value)
        os.symlink(fresh, f"{self.path}/..data_tmp")
        os.rename(f"{self.path}/..data_tmp", f"{self.path}/..data")
        for name in values:
            if not os.path.islink(f"{self.path}/{name}"):
                os.symlink(f"..data/{name}", f"{self.path}/{name}")
        for name in os.listdir(self.path):
            if not name.startswith(".") and name not in values:
                os.unlink(f"{self.path}/{name}")
        if os.path.isdir(before):
            for name in os.listdir(before):
                os.unlink(f"{before}/{name}")
            os.rmdir(before)


class ReloadTest(KnownTest):
    def live(self, *args, **more):
        live = Live(*ONLY, *args, **more)
        self.addCleanup(live.__exit__)
        live.write(b"#\n")
        live.output = b""
        return live

    def masks(self, live, value):
        """Does it mask the value now? Nothing else may happen to the line."""
        live.output = b""
        output = live.write(b"<" + value + b">\n")
        self.assertIn(output, (b"<" + value + b">\n", b"<" + stars(value) + b">\n"))
        return b"*" in output

    def wait_until_it(self, condition, what):
        deadline = time.monotonic() + LONG
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.01)

    def wait_for(self, live, value):
        self.wait_until_it(lambda: self.masks(live, value), "the new value is masked")

    def stays(self, live, value, author=None):
        """The value is masked for longer than a change needs to be seen, as its author has not ended."""
        for _ in range(10):
            is_masked = self.masks(live, value)
            if author and author.was_silent_too_long():
                raise TooSlow
            self.assertTrue(is_masked)
            time.sleep(0.05)


class Files(ReloadTest):
    def test_renamed_over(self):
        live = self.live(*self.known(OLD))
        self.assertTrue(self.masks(live, OLD))
        self.assertFalse(self.masks(live, NEW))
        for value in (NEW, OTHER):
            os.rename(self.file("fresh", value + b"\n"), self.path("values"))
            self.wait_for(live, value)
            self.assertFalse(self.masks(live, OLD))
        self.assertEqual(live.messages(), b"")

    @until_quick_enough
    def test_rewritten_it_waits_until_the_file_is_closed(self):
        live = self.live(*self.known(OLD))
        with Author(self.path("values")) as file:
            self.stays(live, OLD, file)
            file.write(NEW[:12])
            self.stays(live, OLD, file)
            file.write(NEW[12:] + b"\n")
        self.wait_for(live, NEW)
        self.assertFalse(self.masks(live, NEW[:12]))

    @until_quick_enough
    def test_made_again_it_waits_until_the_file_is_closed(self):
        """What is written before anybody could watch the new file counts too."""
        live = self.live(*self.known(OLD, OTHER))
        os.unlink(self.path("values"))
        with Author(self.path("values")) as file:
            file.write(NEW + b"\n")
            self.stays(live, OLD, file)
            file.write(OLD + b"\n")
        self.wait_for(live, NEW)
        self.assertTrue(self.masks(live, OLD))

    @until_quick_enough
    def test_another_one_is_closed_meanwhile(self):
        other = self.file("other", OTHER + b"\n")
        live = self.live(*self.known(OLD), "--known", other)
        with Author(self.path("values")) as file:
            file.write(NEW + b"\n")
            self.stays(live, OLD, file)
            self.file("other", OTHER + b"\n" + body(24, 9) + b"\n")
            self.stays(live, OLD, file)
            file.write(OLD + b"\n")
        self.wait_for(live, body(24, 9))
        self.assertTrue(self.masks(live, OLD))
        self.assertTrue(self.masks(live, NEW))

    @until_quick_enough
    def test_a_slow_writer_is_waited_for(self):
        """Longer than one who is silent."""
        live = self.live(*self.known(OLD))
        with Author(self.path("values")) as file:
            for number in range(12):
                file.write(body(24, 20 + number) + b"\n")
                self.stays(live, OLD, file)
            file.write(OLD + b"\n")
        self.wait_for(live, body(24, 31))
        self.assertTrue(self.masks(live, OLD))

    def test_appended_to(self):
        live = self.live(*self.known(OLD))
        with open(self.path("values"), "ab") as file:
            file.write(NEW + b"\n")
        self.wait_for(live, NEW)
        self.assertTrue(self.masks(live, OLD))

    def test_removed_the_values_stay_and_it_is_told_once(self):
        path = self.values(OLD)
        live = self.live("--known", path)
        os.unlink(path)
        self.wait_until_it(live.messages, "it says so")
        self.stays(live, OLD)
        live.process.send_signal(signal.SIGHUP)
        self.stays(live, OLD)
        self.assertEqual(live.messages().decode().splitlines(),
                         [f"keysieve: {path}: No such file or directory",
                          f"keysieve: {path}: its former values stay in use"])
        self.values(NEW)
        self.wait_for(live, NEW)
        self.assertFalse(self.masks(live, OLD))
        self.assertIn(b"it can be read again", live.messages())

    def test_emptied_the_values_stay_and_it_is_told_once(self):
        os.mkdir(self.path("d"))
        for path, option, reason in ((self.path("values"), "--known", "no values in it"),
                                     (self.path("d/one"), "--known-dir", "no files with values in it")):
            self.file(path, OLD)
            name = path if option == "--known" else self.path("d")
            live = self.live(option, name)
            open(path, "wb").close()
            if option == "--known-dir":
                os.unlink(path)
            self.wait_until_it(live.messages, "it says so")
            live.process.send_signal(signal.SIGHUP)
            self.stays(live, OLD)
            self.assertEqual(live.messages().decode().splitlines(),
                             [f"keysieve: {name}: {reason}",
                              f"keysieve: {name}: its former values stay in use"])
            self.file(path, NEW)
            self.wait_for(live, NEW)
            self.assertFalse(self.masks(live, OLD))
            self.assertIn(b"it can be read again", live.messages())

    def test_its_directory_is_removed_and_comes_back(self):
        os.makedirs(self.path("a/b"))
        path = self.file("a/b/values", OLD)
        live = self.live("--sandbox", "off", "--known", path)
        os.rename(self.path("a"), self.path("z"))
        self.wait_until_it(live.messages, "it says so")
        self.stays(live, OLD)
        os.makedirs(self.path("a/b"))
        self.file("a/b/values", NEW)
        self.wait_for(live, NEW)

    def test_one_that_cannot_be_read_does_not_keep_others_from_being_read(self):
        first, second = self.file("first", OLD), self.file("second", OTHER)
        live = self.live("--known", first, "--known", second)
        os.unlink(first)
        self.file("second", NEW)
        self.wait_for(live, NEW)
        self.assertTrue(self.masks(live, OLD))
        self.assertFalse(self.masks(live, OTHER))

    def test_a_wrong_line_is_told_and_the_others_are_taken(self):
        live = self.live(*self.known(OLD))
        self.values(b"short", NEW)
        self.wait_for(live, NEW)
        self.assertRegex(live.messages(), rb"\Akeysieve: \S+:1: too short[^\n]*\n\Z")
        live.process.send_signal(signal.SIGHUP)
        self.stays(live, NEW)
        self.assertEqual(len(live.messages().splitlines()), 1)

    def test_a_link_on_the_way_leads_elsewhere(self):
        for name, value in (("one", OLD), ("two", NEW)):
            os.mkdir(self.path(name))
            self.file(f"{name}/values", value)
        os.symlink("one", self.path("current"))
        live = self.live("--sandbox", "off", "--known", self.path("current/values"))
        os.symlink("two", self.path("fresh"))
        os.rename(self.path("fresh"), self.path("current"))
        self.wait_for(live, NEW)

    def test_a_link_leads_out_of_what_the_sandbox_lets_it_read(self):
        for name, value in (("one", OLD), ("two", NEW)):
            os.mkdir(self.path(name))
            self.file(f"{name}/values", value)
        os.symlink("one", self.path("current"))
        live = self.live("--known", self.path("current/values"))
        os.symlink("two", self.path("fresh"))
        os.rename(self.path("fresh"), self.path("current"))
        self.wait_until_it(lambda: live.messages() or self.masks(live, NEW), "it says so, or can read it")
        self.assertTrue(self.masks(live, OLD) or not live.messages())

    def test_SIGHUP(self):
        live = self.live("--known", self.values(OLD))
        self.values(NEW)
        live.process.send_signal(signal.SIGHUP)
        self.wait_for(live, NEW)

    def test_SIGHUP_with_wrong_rules(self):
        rules = self.file("rules.yaml", "rules: []\n")
        live = self.live("--known", self.values(OLD), "--rules", rules)
        self.file("rules.yaml", "rules: wrong\n")
        os.rename(self.file("fresh", NEW), self.path("values"))
        live.process.send_signal(signal.SIGHUP)
        self.wait_for(live, NEW)
        self.assertIn(b"the rules are not reloaded", live.messages())

    def test_in_the_middle_of_a_line_the_old_ones_stay(self):
        live = self.live(*self.known(OLD))
        live.write(b"half " + OLD[:5])
        os.rename(self.file("fresh", NEW), self.path("values"))
        time.sleep(0.5)
        live.write(OLD[5:] + b" " + NEW + b"\n")
        self.assert_bytes(live.output, b"half " + stars(OLD) + b" " + NEW + b"\n")
        self.wait_for(live, NEW)

    def test_the_command_runs_for_a_new_value_at_the_same_place(self):
        told = self.path("told")
        live = self.live(*self.known(OLD), "--on-leak", f"cat >>{told}")
        self.masks(live, OLD)
        os.rename(self.file("fresh", NEW + b"\n"), self.path("values"))
        self.wait_for(live, NEW)
        self.masks(live, NEW)
        live.finish()
        lines = self.content(told).splitlines()
        self.assertEqual([b'"known_number":1' in line for line in lines], [True, True])

    def test_metrics(self):
        live = self.live(*self.known(OLD), "--metrics-file", self.path("m"))
        self.values(NEW, OTHER)
        self.wait_for(live, NEW)
        live.finish()
        page = self.content(self.path("m")).decode()
        self.assertRegex(page, r'keysieve_reloads_total\{\S*result="ok"\} 1\n')
        self.assertRegex(page, r"keysieve_known_values\S* 2\n")


class Directories(ReloadTest):
    def test_a_secret_of_kubernetes(self):
        mount = Mount(self.path("mount"), password=OLD, user=OTHER)
        live = self.live("--known-dir", mount.path)
        for value in (NEW, body(30, 7), body(30, 8)):
            mount.swap(password=value, user=OTHER)
            self.wait_for(live, value)
            self.assertTrue(self.masks(live, OTHER))
            self.assertFalse(self.masks(live, OLD))
        mount.swap(user=OTHER)
        self.wait_until_it(lambda: not self.masks(live, body(30, 8)), "it is gone")
        mount.swap(user=OTHER, token=OLD)
        self.wait_for(live, OLD)
        self.assertEqual(live.messages(), b"")

    def test_a_file_of_a_secret_of_kubernetes(self):
        mount = Mount(self.path("mount"), values=OLD)
        live = self.live("--known", mount.path + "/values")
        for value in (NEW, OTHER):
            mount.swap(values=value)
            self.wait_for(live, value)
        self.assertEqual(live.messages(), b"")

    def test_files_come_and_go(self):
        os.mkdir(self.path("d"))
        self.file("d/one", OLD)
        live = self.live("--known-dir", self.path("d"))
        self.file("d/two", NEW)
        self.wait_for(live, NEW)
        self.assertTrue(self.masks(live, OLD))
        os.unlink(self.path("d/one"))
        self.wait_until_it(lambda: not self.masks(live, OLD), "it is gone")
        self.file("d/two", OTHER)
        self.wait_for(live, OTHER)

    def put(self, name, value, mode=0o600):
        os.chmod(self.file("fresh", value), mode)
        os.rename(self.path("fresh"), self.path(name))

    def test_a_file_that_cannot_be_read_does_not_keep_others_from_it(self):
        values = [body(24, seed) for seed in range(10, 13)]
        os.mkdir(self.path("d"))
        self.put("d/one", OLD)
        self.put("d/two", OTHER)
        live = self.live("--known-dir", self.path("d"))
        self.put("d/wrong", NEW, 0o666)
        self.wait_until_it(live.messages, "it says so")
        for i, value in enumerate(values):
            self.put("d/two", value)
            self.wait_for(live, value)
            self.assertTrue(self.masks(live, OLD))
            self.assertTrue(self.masks(live, OTHER), "what it had when all could be read")
            self.assertFalse(any(self.masks(live, former) for former in values[:i]), "two values of a file are enough")
        os.unlink(self.path("d/two"))
        self.stays(live, values[-1])
        self.assertTrue(self.masks(live, OTHER))
        self.put("d/wrong", NEW)
        self.wait_for(live, NEW)
        self.assertTrue(self.masks(live, OLD))
        self.assertFalse(self.masks(live, OTHER) or self.masks(live, values[-1]))
        name = self.path("d")
        self.assertEqual(live.messages().decode().splitlines(),
                         [f"keysieve: {name}/wrong: others may write to it, and so choose what is masked; see chmod o-w",
                          f"keysieve: {name}: its former values stay in use",
                          f"keysieve: {name}: it can be read again"])

    def test_what_is_wrong_is_told_once_though_files_change_while_they_are_read(self):
        many = "".join(f"postgres://app:{body(24, i).decode()}@db{i}.example:5432/main\n" for i in range(10, 2010))
        known = self.file("many", many)
        os.mkdir(self.path("d"))
        self.put("d/one", OLD)
        live = self.live("--known-dir", self.path("d"), "--known", known)
        self.put("d/wrong", NEW, 0o666)
        for i in range(8):
            time.sleep(0.25)
            self.file("many", many + body(24, i).decode() + "\n")
        self.wait_for(live, body(24, 7))
        self.assertEqual(live.messages().decode().splitlines(),
                         [f"keysieve: {self.path('d')}/wrong: others may write to it, and so choose what is masked; "
                          "see chmod o-w",
                          f"keysieve: {self.path('d')}: its former values stay in use"])

    @until_quick_enough
    def test_what_a_link_leads_to_is_written(self):
        for name in "d", "elsewhere":
            os.mkdir(self.path(name))
        target = self.file("elsewhere/one", OLD)
        os.symlink(target, self.path("d/one"))
        live = self.live("--known-dir", self.path("d"))
        with Author(target) as file:
            file.write(NEW[:12])
            for _ in range(7):
                self.stays(live, OLD, file)
            file.write(NEW[12:])
        self.wait_for(live, NEW)

    def test_removed_and_back(self):
        mount = Mount(self.path("mount"), one=OLD)
        live = self.live("--known-dir", mount.path)
        os.rename(mount.path, self.path("gone"))
        self.wait_until_it(live.messages, "it says so")
        self.stays(live, OLD)
        Mount(self.path("mount"), one=NEW)
        self.wait_for(live, NEW)


class Churn(ReloadTest):
    """Somebody never stops to change files; what others have written is known all the same."""

    def churned(self, change, *args):
        live = self.live(*args)
        is_over = threading.Event()

        def churn():
            number = 0
            while not is_over.wait(0.02):
                change(number)
                number += 1

        thread = threading.Thread(target=churn)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(is_over.set)
        return live, is_over

    def one_value(self):
        os.mkdir(self.path("d"))
        self.file("d/one", OLD)
        return "--known-dir", self.path("d")

    def test_a_file_is_touched(self):
        live, is_over = self.churned(lambda _: os.utime(self.path("d/one")), *self.one_value())
        self.file("d/new", NEW)
        self.wait_for(live, NEW)
        self.assertTrue(self.masks(live, OLD))
        self.file("d/new", OTHER)
        self.wait_for(live, OTHER)
        is_over.set()
        self.wait_until_it(lambda: not self.masks(live, NEW), "what is no longer there is forgotten when it is over")
        self.assertTrue(self.masks(live, OLD))
        self.assertEqual(live.messages(), b"")

    def test_a_file_is_written_again_and_again(self):
        """It is empty for a moment each time, of which nothing is told."""
        live, is_over = self.churned(lambda number: self.file("d/one", body(24, 20 + number % 5)), *self.one_value())
        self.file("d/new", NEW)
        self.wait_for(live, NEW)
        self.stays(live, NEW)
        self.assertEqual(live.messages(), b"")
        is_over.set()
        self.wait_until_it(lambda: not self.masks(live, OLD), "it is forgotten when it is over")

    def test_a_file_of_values_is_written_again_and_again(self):
        def change(number):
            self.file("values", b"\n".join((OLD, NEW, body(24, 20 + number % 5))) + b"\n")

        live, is_over = self.churned(change, *self.known(OLD, OTHER))
        self.wait_for(live, NEW)
        is_over.set()
        self.wait_until_it(lambda: not self.masks(live, OTHER), "it is forgotten when it is over")
        self.assertTrue(self.masks(live, OLD))
        self.assertTrue(self.masks(live, NEW))
        self.assertEqual(live.messages(), b"")


class Flow(ReloadTest):
    """Reloads while megabytes pass."""

    def test_nothing_is_lost_or_doubled_and_what_is_new_stays_masked(self):
        values = [body(24, seed) for seed in range(40, 46)]
        mount = Mount(self.path("mount"), value=values[0])
        sieve = subprocess.Popen([BINARY, *ONLY, "--known-dir", mount.path], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, env=environment())
        self.addCleanup(sieve.stdout.close)
        self.addCleanup(sieve.wait)
        self.addCleanup(sieve.kill)
        self.is_over = False
        writer = threading.Thread(target=self.pour, args=(sieve.stdin, values))
        writer.start()
        try:
            self.check(sieve.stdout, mount, values)
        finally:
            self.is_over = True
            writer.join()

    def pour(self, out, values):
        line = b" ".join(values) + b"\n"
        number = 0
        while not self.is_over:
            out.write(b"%d " % number + line)
            number += 1
        self.written = number
        out.close()

    def check(self, output, mount, values):
        """Each line has its number, and one of its values masked: the present one, or the next."""
        present, number = 0, 0
        deadline = time.monotonic() + LONG
        mount.swap(value=values[1])
        for line in output:
            got, *words = line.split()
            self.assertEqual(int(got), number)
            number += 1
            masked, = [i for i, word in enumerate(words) if word == b"*" * 24]
            self.assertEqual([word for i, word in enumerate(words) if i != masked],
                             [value for i, value in enumerate(values) if i != masked])
            self.assertIn(masked, (present, present + 1))
            if masked == present + 1:
                present = masked
                if present + 1 == len(values):
                    self.is_over = True
                else:
                    mount.swap(value=values[present + 1])
            self.assertLess(time.monotonic(), deadline, "the next value is masked")
        self.assertEqual(present + 1, len(values))
        self.assertEqual(number, self.written)


class KeptOpen(ReloadTest):
    """What one stream of a source leaves open must not keep new values from the others, however long it is left so."""

    def kept_open(self, opening, line_of, *args):
        """NEW is known a little after something was opened, though nobody closes it."""
        live = Live(*ONLY, *args)
        self.addCleanup(live.__exit__)
        live.write(opening)
        os.rename(self.file("fresh", NEW), self.path("values"))

        def masks():
            live.output = b""
            output = live.write(line_of(b"<" + NEW + b">"))  # nothing, while half a key is held
            return stars(NEW) in output and NEW not in output

        self.wait_until_it(masks, "the new value is masked")
        for _ in range(5):
            self.assertTrue(masks())
        live.output = b""
        return live

    def framed(self, frame, opening, line_of):
        return self.kept_open(opening, line_of, "--frame", frame, *self.known(OLD))

    @staticmethod
    def cri(stream, tag, text):
        return b"2026-01-02T03:04:05.678901234Z " + stream + b" " + tag + b" " + text + b"\n"

    @staticmethod
    def docker(stream, text):
        return b'{"log":"' + text + b'","stream":"' + stream + b'","time":"2026-01-02T03:04:05.678901234Z"}\n'

    def test_half_a_line_of_a_container(self):
        self.framed("cri", self.cri(b"stdout", b"P", b"half a li"), lambda text: self.cri(b"stderr", b"F", text))

    def test_half_a_key_of_a_container(self):
        """It is masked, and so is what follows of it."""
        live = self.framed("cri", self.cri(b"stdout", b"P", b"k " + TRIGGER + body()[:9]),
                           lambda text: self.cri(b"stderr", b"F", text))
        self.assert_bytes(live.write(self.cri(b"stdout", b"F", body()[9:] + b" end")),
                          self.cri(b"stdout", b"F", stars(body()[9:]) + b" end"))

    def test_a_prompt_of_docker(self):
        self.framed("docker", self.docker(b"stderr", b"name: "), lambda text: self.docker(b"stdout", text + b"\\n"))

    def test_a_private_key_in_a_journal(self):
        numbers = iter(range(2, 10 ** 6))
        begun = b"-----BEGIN PRIVATE KEY-----\n" + b"QUJD" * 16
        self.framed("journal", message(1, begun),
                    lambda text: piece(next(numbers), text, b"fedcba9876543210fedcba9876543210", None))

    def test_a_value_that_begins_with_a_line_end(self):
        """Where any line ends it may begin."""
        first = self.file("first", b"\n" + OLD)
        os.mkdir(self.path("directory"))
        os.rename(first, self.path("directory/first"))
        self.kept_open(b"hello\n", lambda text: text + b"\n", "--known-dir", self.path("directory"), *self.known(OTHER))


class Follow(FollowTest):
    def test_half_a_line_does_not_keep_new_values_out(self):
        known = self.file("values", OLD)
        stamp = b"2026-01-02T03:04:05.678901234Z "
        self.write(b"")
        with self.follow(self.log, "--frame", "cri", "--known", known) as f:
            self.write(stamp + b"stdout P half a li\n")
            f.expect(stamp + b"stdout P half a li\n")
            os.rename(self.file("fresh", OLD + b"\n" + NEW), known)
            deadline = time.monotonic() + LONG
            while stars(NEW) not in f.out():
                self.assertLess(time.monotonic(), deadline)
                self.write(stamp + b"stderr F " + NEW + b"\n")
                time.sleep(0.05)
            self.stopped(f)

    def test_it_reloads(self):
        mount = Mount(self.path("mount"), value=OLD)
        self.write(b"")
        with self.follow(self.log, "--known-dir", mount.path) as f:
            self.write(OLD + b" " + NEW + b"\n")
            want = stars(OLD) + b" " + NEW + b"\n"
            f.expect(want)
            mount.swap(value=NEW)
            deadline = time.monotonic() + LONG
            while not f.out().endswith(b"*\n"):
                self.assertLess(time.monotonic(), deadline)
                self.write(NEW + b"\n")
                want += NEW + b"\n"
                f.wait(lambda: len(f.out()) >= len(want), "the line comes out")
            f.expect(want[:-len(NEW) - 1] + stars(NEW) + b"\n")
            self.stopped(f)

    def test_a_restart(self):
        value = body(40, 30)
        known = ("--known", self.file("values", value))
        state = ("--state", self.path("state"), "-o", self.path("out"))
        lines = [b"%d %s %s\n" % (n, value, value.hex().encode()) for n in range(60)]
        want = b"".join(b"%d %s %s\n" % (n, b"*" * 40, b"*" * 80) for n in range(60))
        text = b"".join(lines)
        self.write(b"")
        for at in range(0, len(text), 997):
            with self.follow(self.log, "--from-start", *known, *state) as f:
                self.write(text[at:at + 997])
                f.wait(lambda: len(self.content(self.path("out"))) + 100 > at, "most of it is written")
                if at % 2:
                    f.process.kill()
                    f.process.wait()
                else:
                    self.stopped(f)
        with self.follow(self.log, "--from-start", *known, *state) as f:
            f.expect(want, self.path("out"))


@unittest.skipUnless(os.path.exists(REMOTE), "no systemd-journal-remote")
class Journal(JournalFollowTest):
    def test_values_and_a_reload(self):
        path = self.file("values", OLD)
        self.add(message(1, b"one " + OLD + b" " + NEW))
        sieve = self.start("--output", self.output, "--known", path)
        output = self.wait_for_output(b"MESSAGE=one " + stars(OLD) + b" " + NEW + b"\n")
        os.rename(self.file("fresh", NEW), path)
        number = 2
        deadline = time.monotonic() + LONG
        while b"again " + stars(NEW) not in output:
            self.assertLess(time.monotonic(), deadline)
            self.add(message(number, b"again " + NEW))
            number += 1
            output = self.wait_for_output(b"MESSAGE=again ", number - 2)
        self.add(message(number, b"last " + NEW))
        self.wait_for_output(b"MESSAGE=last " + stars(NEW) + b"\n")
        self.stop(sieve)
        self.assertEqual(sieve.messages(), b"")

    def test_once(self):
        self.add(message(1, b"one " + OLD))
        result = run("journal", "--directory", self.journals, "--known", self.file("values", OLD),
                     "--format", "short", timeout=TIMEOUT)
        self.assert_status(result, 0)
        self.assertIn(b"one " + stars(OLD), result.stdout)


if __name__ == "__main__":
    unittest.main()
