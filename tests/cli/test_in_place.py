# SPDX-License-Identifier: Apache-2.0
"""--in-place: files keep all but their secrets, archives too; whatever interrupts it, another run finishes it."""

import gzip
import os
import pty
import random
import re
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from support import (ALNUM, BINARY, LONG, NOBODY, ONLY, TRIGGER, CommandTest, body, environment, masked,
                     process_state, run, shown_on, some, visible)

SECRET = body(95)
TEXT = b"one line\nx-api-key: " + TRIGGER + SECRET + b"\nlast line\n"
CLEAN = masked(TEXT, SECRET)
NOTE = "user.keysieve.changes"
PAGE = 4096
STAMP = 1_700_000_000_123_456_789
NO_LEAKS = {"ASAN_OPTIONS": "detect_leaks=0"}  # LeakSanitizer and strace do not go together
HEAD = b"2026-11-22T10:00:00.000000000Z stdout "


def has_attributes():
    with tempfile.NamedTemporaryFile() as file:
        try:
            os.setxattr(file.name, "user.test", b"x")
        except OSError:
            return False
    return True


def traced(calls, *args, inject=None):
    """Run keysieve under strace. Returns the result, its stderr being the trace of these calls."""
    with tempfile.NamedTemporaryFile() as trace:
        command = ["strace", "-f", "-qq", "-s", "0", "-o", trace.name, "-e", f"trace={calls}"]
        if inject:
            command += ["-e", f"inject={inject}"]
        result = subprocess.run([*command, BINARY, *args], env=environment({**NO_LEAKS, **visible()}), check=False,
                                stdin=subprocess.DEVNULL, capture_output=True, timeout=LONG)
        result.trace = trace.read().decode()
    return result


def written(trace):
    """The (offset, length) of each pwrite64, in order of time."""
    return [(int(offset), int(length))
            for length, offset in re.findall(r'pwrite64\(\d+, "?"?\.*, (\d+), (\d+)\)', trace)]


class InPlaceTest(CommandTest):
    def scrub(self, *args, **kwargs):
        kwargs.setdefault("stdin", subprocess.DEVNULL)
        return run("-i", *ONLY, *args, **kwargs)

    def stop_within(self, make, size):
        """
        A stopped keysieve that has read a part of a file. make() makes it; its path is returned, and what stderr is to be.
        The kernel counts what is read. On a busy machine it may all be before it is stopped: then it is made anew.
        """
        deadline = time.monotonic() + LONG
        while True:
            self.assertLess(time.monotonic(), deadline, "it is never stopped within the file")
            path, stderr = make()
            process = subprocess.Popen([BINARY, "-i", *ONLY, path], env=environment(),
                                       stderr=stderr)
            while process.poll() is None and not self.has_open(process.pid, path):
                pass
            before = self.bytes_read(process.pid)  # valgrind reads much
            while process.poll() is None and self.bytes_read(process.pid) - before < size // 20:
                pass
            process.send_signal(signal.SIGSTOP)
            while process.poll() is None and process_state(process.pid) != "T":
                pass
            if process.poll() is None and self.bytes_read(process.pid) < size:
                return process
            process.kill()
            process.communicate()

    def has_open(self, pid, path):
        try:
            names = [f"/proc/{pid}/fd/{fd}" for fd in os.listdir(f"/proc/{pid}/fd")]
            return any(os.readlink(name) == path for name in names)
        except (FileNotFoundError, ProcessLookupError):
            return False

    def bytes_read(self, pid):
        try:
            with open(f"/proc/{pid}/io", encoding="ascii") as file:
                return int(file.readline().split()[1])
        except (FileNotFoundError, ProcessLookupError):
            return 0

    def assert_masked(self, result, path, count, length):
        """One file, one line on stderr."""
        self.assert_message(result, 0, f"{path}: {count} secret", f" {length} bytes")

    def assert_untouched(self, result):
        self.assert_done(result, b"")


class Plain(InPlaceTest):
    def test_a_secret(self):
        path = self.file("a.log", TEXT)
        self.assert_masked(self.scrub(path), path, 1, 95)
        self.assert_bytes(self.content(path), CLEAN)

    def test_the_same_as_the_filter(self):
        rng = random.Random(4)
        text = b"".join(TRIGGER + body(rng.randrange(15, 300), n) + b" \n"[rng.randrange(2):]
                        if rng.randrange(3) == 0 else body(rng.randrange(3, 2000), n) + b"\n"
                        for n in range(3000))
        path = self.file("a.log", text)
        self.assert_status(self.scrub(path), 0)
        self.assert_bytes(self.content(path), run(*ONLY, data=text).stdout)

    def test_with_all_rules(self):
        path = self.file("a.log", TEXT)
        self.assert_status(run("-i", path), 0)
        self.assert_bytes(self.content(path), CLEAN)

    def test_another_run_finds_nothing_in_addresses_with_passwords(self):
        for trigger, length in ((b"gho_", 36), (b"github_" + b"pat_", 82), (b"", 20), (b"", 63),
                                (b"", 64), (b"", 200)):
            with self.subTest(trigger=trigger, length=length):
                secret = body(length, 5, ALNUM)
                text = b"clone https://x-access-token:" + trigger + secret + b"@github.com/o/r\n"
                path = self.file("a.log", text)
                self.assert_masked(run("-i", path), path, 1, length)
                self.assert_bytes(self.content(path), masked(text, secret))
                self.assert_untouched(run("-i", path))
                self.assert_status(run("--check", path), 0)

    def test_only_the_bytes_of_secrets_are_written(self):
        text = b"line\n" * 300 + TEXT + b"line\n" * 3000 + TEXT
        path = self.file("a.log", text)
        result = traced("write,pwrite64,writev,pwritev,ftruncate,rename,unlink,open,openat,creat",
                        "-i", *ONLY, path)
        self.assert_status(result, 0)
        first = text.index(SECRET)
        second = text.rindex(SECRET)
        self.assertEqual(written(result.trace), [(second, 95), (first, 95)])
        self.assertNotRegex(result.trace, r"ftruncate|rename|unlink|O_TRUNC|O_CREAT")
        self.assertNotRegex(result.trace, r" p?writev|creat")

    def test_inode_size_mode_and_hard_links_stay(self):
        path = self.file("a.log", TEXT)
        os.chmod(path, 0o640)
        os.link(path, self.path("b.log"))
        before = os.stat(path)
        self.assert_status(self.scrub(path), 0)
        after = os.stat(path)
        for name in ("st_ino", "st_size", "st_mode", "st_nlink", "st_uid", "st_gid"):
            self.assertEqual(getattr(after, name), getattr(before, name), name)
        self.assert_bytes(self.content(self.path("b.log")), CLEAN)
        self.assertEqual(os.listdir(self.directory).sort(), ["a.log", "b.log"].sort())
        self.assertEqual([name for name in os.listxattr(path) if "keysieve" in name], [])

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_the_owner_stays(self):
        for name, data in (("a.log", TEXT), ("b.gz", gzip.compress(TEXT))):
            path = self.file(name, data)
            os.chown(path, NOBODY, NOBODY)
            self.assert_status(self.scrub(path), 0)
            self.assertEqual((os.stat(path).st_uid, os.stat(path).st_gid), (NOBODY, NOBODY))

    def test_times_change_unless_they_are_to_be_kept(self):
        for name, data in (("a.log", TEXT), ("b.gz", gzip.compress(TEXT))):
            for option, kept in (((), False), (("--keep-times",), True)):
                with self.subTest(name=name, option=option):
                    path = self.file(name, data)
                    os.utime(path, ns=(STAMP, STAMP + 1))
                    self.assert_status(self.scrub(*option, path), 0)
                    times = (os.stat(path).st_atime_ns, os.stat(path).st_mtime_ns)
                    self.assertEqual(times == (STAMP, STAMP + 1), kept)

    def test_a_second_run_writes_nothing(self):
        text = b"".join(b"%d %s%s\n" % (n, TRIGGER, body(95, n)) for n in range(500))
        for name, data in (("a.log", text), ("b.gz", gzip.compress(text))):
            with self.subTest(name=name):
                path = self.file(name, data)
                self.assert_status(self.scrub(path), 0)
                before = os.stat(path)
                os.utime(path, ns=(STAMP, STAMP))
                self.assert_untouched(self.scrub(path))
                self.assertEqual(os.stat(path).st_mtime_ns, STAMP)
                self.assertEqual(os.stat(path).st_ino, before.st_ino)

    def test_a_file_without_secrets_is_not_written(self):
        path = self.file("a.log", b"nothing\n" * 10000)
        result = traced("pwrite64,fsync,fsetxattr,fremovexattr,utimensat", "-i", *ONLY, path)
        self.assertEqual(result.trace, "")
        self.assert_untouched(self.scrub(path))

    def test_an_empty_file(self):
        self.assert_untouched(self.scrub(self.file("a.log", b"")))

    def test_a_secret_that_reaches_the_end(self):
        path = self.file("a.log", b"k=" + TRIGGER + SECRET)
        self.assert_masked(self.scrub(path), path, 1, 95)
        self.assert_bytes(self.content(path), b"k=" + TRIGGER + b"*" * 95)

    def test_a_run_of_megabytes(self):
        rest = body(50) * 100000
        path = self.file("a.log", b"k=" + TRIGGER + rest + b"\nlast\n")
        self.assert_masked(self.scrub(path, timeout=LONG), path, 1, len(rest))
        self.assert_bytes(self.content(path), b"k=" + TRIGGER + b"*" * len(rest) + b"\nlast\n")

    def test_secrets_everywhere_without_line_ends(self):
        keys = [body(20, n) for n in range(30000)]
        text = b" ".join(TRIGGER + key for key in keys)
        path = self.file("a.log", text)
        self.assert_status(self.scrub(path, timeout=LONG), 0)
        self.assert_bytes(self.content(path), run(*ONLY, data=text).stdout)

    def test_another_fill(self):
        for name, data in (("a.log", TEXT), ("b.gz", gzip.compress(TEXT))):
            path = self.file(name, data)
            self.assert_masked(self.scrub("--fill", "#", path), path, 1, 95)
            content = self.content(path)
            content = gzip.decompress(content) if name == "b.gz" else content
            self.assert_bytes(content, TEXT.replace(SECRET, b"#" * 95))

    def test_rules_with_masks_of_their_own_fill_too(self):
        rule = ("- id: acme-api-key\n  trigger: 'acme_live_'\n  body: 'A-Za-z0-9'\n  length: 24..\n"
                "  mask: tag\n  examples:\n    - 'ACME_KEY=acme_live_{body:32}'\n")
        text = b"k=acme_live_" + body(40, 2, ALNUM) + b"\n"
        path = self.file("a.log", text)
        result = run("-i", "--rules", self.file("r.yaml", rule), "--only", "acme-api-key", path)
        self.assert_masked(result, path, 1, 40)
        self.assert_bytes(self.content(path), masked(text, body(40, 2, ALNUM)))

    def test_each_file_is_by_itself(self):
        cut = TEXT.index(SECRET) + 50
        a, b = self.file("a.log", TEXT[:cut]), self.file("b.log", TEXT[cut:])
        self.assert_masked(self.scrub(a, b), a, 1, 50)
        self.assert_bytes(self.content(b), TEXT[cut:])

    def test_a_symbolic_link_stays_and_its_file_is_masked(self):
        os.mkdir(self.path("sub"))
        for name, data in (("a.log", TEXT), ("b.gz", gzip.compress(TEXT))):
            path = self.file("sub/" + name, data)
            link = self.path(name)
            os.symlink("sub/" + name, link)
            self.assert_status(self.scrub(link), 0)
            self.assertTrue(os.path.islink(link))
            content = self.content(path)
            self.assert_bytes(gzip.decompress(content) if name == "b.gz" else content, CLEAN)
            self.assertEqual(sorted(os.listdir(self.directory)), sorted({"sub", "a.log", name}))

    def test_statistics(self):
        path = self.file("a.log", TEXT)
        result = self.scrub("--stats", path)
        self.assertIn(b"%d bytes, 1 findings, 95 bytes masked" % len(TEXT), result.stderr)
        self.assertIn(b"1  anthropic-api-key", result.stderr)


class Frames(InPlaceTest):
    def cut(self, at):
        return HEAD + b"P k=" + TRIGGER + SECRET[:at] + b"\n" + HEAD + b"F " + SECRET[at:] + b"\n"

    def test_CRI_both_halves(self):
        for at in some(range(1, 95)):
            path = self.file("0.log", self.cut(at))
            self.assert_masked(self.scrub(path), path, 1, 95)
            self.assert_bytes(self.content(path), masked(self.cut(at), SECRET[:at], SECRET[at:]))

    def test_docker(self):
        text = (b'{"log":"k=' + TRIGGER + SECRET[:40] + b'","stream":"stdout","time":"2026-11-22T10:00:00Z"}\n'
                b'{"log":"' + SECRET[40:] + b'\\n","stream":"stdout","time":"2026-11-22T10:00:00Z"}\n')
        path = self.file("c-json.log", text)
        self.assert_masked(self.scrub(path), path, 1, 95)
        self.assert_bytes(self.content(path), masked(text, SECRET[:40], SECRET[40:]))

    def test_a_frame_that_is_named(self):
        path = self.file("0.log", self.cut(40))
        self.assert_masked(self.scrub("--frame", "raw", path), path, 1, 40)


class Killed(InPlaceTest):
    """A kill between any two system calls that write, then another run."""

    def worlds(self):
        """Files in which a half that was masked could hide the other."""
        filler = body(PAGE, 9)
        for at in (1, 10, 19, 50, 94):  # bytes of the secret before the end of a page
            begin = b" " * (PAGE - at - len(TRIGGER))
            yield f"page-{at}", begin + TRIGGER + SECRET + b"\n" + filler + b"\n" + TEXT
        yield "pages", b"k=" + TRIGGER + body(5 * PAGE, 2) + b"\n" + TEXT
        for at in (1, 10, 50):
            yield f"cri-{at}", b"".join(
                HEAD + b"P %d %s\n" % (n, TRIGGER + body(95, n)[:at]) + HEAD + b"F " + body(95, n)[at:] + b"\n"
                for n in range(6))

    def kill_and_rerun(self, path, text, calls):
        """Kill before each of the calls that an undisturbed run makes. Yields what is there after a kill."""
        self.file(os.path.basename(path), text)
        count = traced(calls, "-i", *ONLY, path).trace.count("(")
        want = self.content(path)
        self.assertGreater(count, 0)
        for when in some(range(1, count + 1)):
            with self.subTest(file=path, when=when):
                self.file(os.path.basename(path), text)
                result = traced(calls, "-i", *ONLY, path, inject=f"{calls}:signal=SIGKILL:when={when}")
                self.assertIn(result.returncode, (-9, 137))
                yield when
                self.assert_status(self.scrub(path), 0)
                self.assert_bytes(self.content(path), want)
                self.assertEqual([n for n in os.listxattr(path) if "keysieve" in n], [])

    @unittest.skipUnless(has_attributes(), "needs extended attributes")
    def test_plain_files(self):
        for name, text in self.worlds():
            for _ in self.kill_and_rerun(self.path(name), text, "pwrite64"):
                pass

    @unittest.skipUnless(has_attributes(), "needs extended attributes")
    def test_around_the_note(self):
        for name, text in self.worlds():
            for call in ("fsetxattr", "fremovexattr", "fsync"):
                for _ in self.kill_and_rerun(self.path(name), text, call):
                    pass

    def test_archives(self):
        path = self.path("a.gz")
        packed = gzip.compress(TEXT)
        for call in ("write", "fsync", "fchmod", "rename"):
            for _ in self.kill_and_rerun_archive(path, packed, call):
                self.assertIn(gzip.decompress(self.content(path)), (TEXT, CLEAN))

    def kill_and_rerun_archive(self, path, packed, call):
        for when in (1, 2):
            self.file("a.gz", packed)
            traced(call, "-i", *ONLY, path, inject=f"{call}:signal=SIGKILL:when={when}")
            yield when
            self.assert_status(self.scrub(path), 0)
            self.assert_bytes(gzip.decompress(self.content(path)), CLEAN)

    @unittest.skipUnless(has_attributes(), "needs extended attributes")
    def test_a_note_is_not_believed_once_the_file_was_written_anew(self):
        text = b" " * (PAGE - 10 - len(TRIGGER)) + TRIGGER + SECRET + b"\n"
        path = self.file("a.log", text)
        traced("pwrite64", "-i", *ONLY, path, inject="pwrite64:signal=SIGKILL:when=2")
        self.assertIn(NOTE, os.listxattr(path))
        for other in (b"x" * len(text), text[:100], b"y" * 5000 + b"*" * 5000, b""):
            with self.subTest(length=len(other)):
                note = os.getxattr(path, NOTE)
                self.file("a.log", other)
                self.assert_untouched(self.scrub(path))
                self.assert_bytes(self.content(path), other)
                self.assertNotIn(NOTE, os.listxattr(path))
                os.setxattr(path, NOTE, note)

    @unittest.skipUnless(has_attributes(), "needs extended attributes")
    def test_a_damaged_note_is_taken_away(self):
        path = self.file("a.log", b"plain " + b"*" * 5000 + b"\n")
        rng = random.Random(5)
        for length in (0, 1, 4, 5, 6, 7, 12, 100, 2999, 3500):
            for first in some((0, 1, 2, 255)):
                os.setxattr(path, NOTE, (bytes([first]) + rng.randbytes(length))[:length])
                self.assert_untouched(self.scrub(path))
                self.assert_bytes(self.content(path), b"plain " + b"*" * 5000 + b"\n")

    def test_at_random_moments(self):
        rng = random.Random(6)
        text = b"".join(HEAD + b"P %d %s\n" % (n, TRIGGER + body(95, n)[:20]) + HEAD + b"F " + body(95, n)[20:] +
                        b"\n" for n in range(4000))
        path = self.file("0.log", text)
        self.assert_status(self.scrub(path), 0)
        want = self.content(path)
        for _ in some(range(20)):
            self.file("0.log", text)
            for _ in range(3):
                with subprocess.Popen([BINARY, "-i", *ONLY, path], env=environment(),
                                      stderr=subprocess.DEVNULL) as process:
                    try:
                        process.wait(rng.random() * 0.04)
                    except subprocess.TimeoutExpired:
                        process.kill()
            self.assert_status(self.scrub(path), 0)
            self.assert_bytes(self.content(path), want)


class Signals(InPlaceTest):
    def interrupt(self, path, number):
        """Send the signal as soon as something is written, then let it run."""
        result = traced("pwrite64", "-i", *ONLY, path, inject=f"pwrite64:signal={number}:when=1")
        return result

    def test_it_ends_by_the_signal_with_the_file_in_order(self):
        text = b"".join(b"%d %s%s\n" % (n, TRIGGER, body(95, n)) for n in range(20000))
        for name in ("INT", "TERM", "HUP"):
            path = self.file("a.log", text)
            result = self.interrupt(path, "SIG" + name)
            self.assertIn(result.returncode, (-signal.Signals["SIG" + name], 128 + signal.Signals["SIG" + name]))
            self.assertRegex(result.stderr, rb"\n.*a\.log: interrupted at byte \d+ of %d\n" % len(text))
            self.assertIn(b"secrets masked", result.stderr)
            self.assertEqual([n for n in os.listxattr(path) if "keysieve" in n], [])
            self.assertIn(body(95, 19999), self.content(path))
            self.assert_status(self.scrub(path), 0)
            self.assert_bytes(self.content(path), run(*ONLY, data=text).stdout)

    def test_nohup(self):
        path = self.file("a.log", TEXT)
        ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            result = self.interrupt(path, "SIGHUP")
        finally:
            signal.signal(signal.SIGHUP, ignored)
        self.assert_message(result, 0, "1 secret masked")
        self.assert_bytes(self.content(path), CLEAN)

    def test_no_file_is_left_beside_an_archive(self):
        text = b"".join(b"%d %s\n" % (n, body(70, n)) for n in range(20000)) + TEXT
        packed = gzip.compress(text)
        path = self.file("a.gz", packed)
        result = traced("openat", "-i", *ONLY, path, inject="fsync:signal=SIGTERM:when=1")
        self.assertEqual(os.listdir(self.directory), ["a.gz"])
        result = traced("write", "-i", *ONLY, path, inject="lseek:signal=SIGTERM:when=2")
        self.assertEqual(os.listdir(self.directory), ["a.gz"])
        self.assertIn(result.returncode, (-15, 143, 0))


class Archives(InPlaceTest):
    def test_the_text_is_masked_and_mode_name_and_time_in_it_stay(self):
        packed = self.file("name.log", TEXT)
        subprocess.run(["gzip", packed], check=True)
        path = packed + ".gz"
        before = self.content(path)
        os.chmod(path, 0o4640)
        result = self.scrub(path)
        self.assert_message(result, 0, "1 secret masked", f"archive of {os.stat(path).st_size} bytes, "
                            f"was {len(before)}")
        content = self.content(path)
        self.assert_bytes(gzip.decompress(content), CLEAN)
        self.assertEqual(os.stat(path).st_mode & 0o7777, 0o640)  # not that it runs as its owner
        self.assert_bytes(content[:18], before[:18])
        self.assertEqual(os.listdir(self.directory), ["name.log.gz"])

    def test_how_well_it_is_compressed_stays(self):
        text = TEXT + b"".join(body(40, n % 500) + b"\n" for n in range(20000))
        for level in ("-1", "-6", "-9"):
            packed = subprocess.run(["gzip", level], input=text, stdout=subprocess.PIPE, check=True).stdout
            path = self.file("a.gz", packed)
            self.assert_status(self.scrub(path), 0)
            content = self.content(path)
            self.assertEqual(content[8], packed[8], "the header's word for it")
            self.assertLess(abs(len(content) - len(packed)), len(packed) // 20)

    def test_members_become_one(self):
        path = self.file("a.gz", gzip.compress(TEXT) + gzip.compress(TEXT) + bytes(100))
        self.assert_status(self.scrub(path), 0)
        self.assert_bytes(gzip.decompress(self.content(path)), CLEAN + CLEAN)

    def test_one_without_secrets_is_left_alone(self):
        packed = gzip.compress(CLEAN)
        path = self.file("a.gz", packed)
        inode = os.stat(path).st_ino
        self.assert_untouched(self.scrub(path))
        self.assert_bytes(self.content(path), packed)
        self.assertEqual(os.stat(path).st_ino, inode)

    def test_a_damaged_one_is_left_alone(self):
        good = gzip.compress(TEXT)
        for packed in (good[:-5], good[:20], good + b"garbage", gzip.compress(CLEAN)[:-5]):
            path = self.file("a.gz", packed)
            self.assert_message(self.scrub(path), 74, path, "gzip data", "bytes of text before it")
            self.assert_bytes(self.content(path), packed)
            self.assertEqual(os.listdir(self.directory), ["a.gz"])

    def test_one_with_hard_links_is_left_alone(self):
        path = self.file("a.gz", gzip.compress(TEXT))
        os.link(path, self.path("b.gz"))
        self.assert_message(self.scrub(path), 74, path, "hard links")
        self.assert_bytes(gzip.decompress(self.content(path)), TEXT)

    def test_attributes_stay(self):
        if not has_attributes():
            self.skipTest("needs extended attributes")
        path = self.file("a.gz", gzip.compress(TEXT))
        os.setxattr(path, "user.test", b"value")
        self.assert_status(self.scrub(path), 0)
        self.assertEqual(os.getxattr(path, "user.test"), b"value")

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_a_directory_that_cannot_be_written(self):
        path = self.file("a.gz", gzip.compress(TEXT))
        os.chmod(path, 0o666)
        os.chmod(self.directory, 0o755)
        self.assert_message(self.scrub(path, user=NOBODY), 74, path, "Permission denied")
        self.assert_bytes(gzip.decompress(self.content(path)), TEXT)


class Copies(InPlaceTest):
    def test_a_copy_is_made_first(self):
        for name, data in (("a.log", TEXT), ("b.gz", gzip.compress(TEXT))):
            for option in ("-i.orig", "--in-place=.orig"):
                path = self.file(name, data)
                os.chmod(path, 0o640)
                os.utime(path, ns=(STAMP, STAMP))
                self.assert_status(run(option, *ONLY, path, stdin=subprocess.DEVNULL), 0)
                self.assert_bytes(self.content(path + ".orig"), data)
                self.assertNotEqual(self.content(path), data)
                copy = os.stat(path + ".orig")
                self.assertEqual((copy.st_mode & 0o7777, copy.st_mtime_ns), (0o640, STAMP))
                os.unlink(path + ".orig")
        self.assertEqual(sorted(os.listdir(self.directory)), ["a.log", "b.gz"])

    def test_of_megabytes(self):
        text = TEXT + (body(80) + b"\n") * 50000
        path = self.file("a.log", text)
        self.assert_status(run("-i~", *ONLY, path, timeout=LONG), 0)
        self.assert_bytes(self.content(path + "~"), text)

    def test_no_copy_of_what_does_not_change(self):
        path = self.file("a.log", CLEAN)
        self.assert_untouched(run("-i.orig", *ONLY, path))
        self.assertEqual(os.listdir(self.directory), ["a.log"])

    def test_another_file_is_never_overwritten(self):
        for name, data in (("a.log", TEXT), ("b.gz", gzip.compress(TEXT))):
            path = self.file(name, data)
            copy = self.file(name + ".orig", b"something else")
            self.assert_message(run("-i.orig", *ONLY, path), 74, path, copy, "another file")
            self.assert_bytes(self.content(path), data)
            self.assert_bytes(self.content(copy), b"something else")

    def test_the_original_of_a_run_that_was_killed_stays(self):
        cut = TEXT.index(SECRET)
        path = self.file("a.log", TEXT + CLEAN)
        copy = self.file("a.log.orig", TEXT + TEXT)
        self.assertGreater(cut, 0)
        self.assert_status(run("-i.orig", *ONLY, path), 0)
        self.assert_bytes(self.content(path), CLEAN + CLEAN)
        self.assert_bytes(self.content(copy), TEXT + TEXT)


class Mistakes(InPlaceTest):
    def test_usage(self):
        path = self.file("a.log", TEXT)
        for args in ([], ["-"], [path, "-"], ["-o", self.path("out"), path], ["--check", path],
                     ["-z", path], ["--mask", "tag", path], ["--keep-last", "4", path]):
            result = self.scrub(*args)
            self.assert_message(result, 2, "--in-place")
        self.assert_message(run("-i/x", *ONLY, path), 2, "slash")
        self.assert_bytes(self.content(path), TEXT)
        self.assertEqual(os.listdir(self.directory), ["a.log"])

    def test_what_is_no_file_is_told_and_the_others_are_masked(self):
        os.mkfifo(self.path("pipe"))
        os.symlink("nowhere", self.path("link"))
        os.symlink("circle", self.path("circle"))
        for name, word in ((".", "not a regular file"), ("pipe", "not a regular file"),
                           ("missing", "No such file"), ("link", "No such file"),
                           ("circle", "symbolic links"), ("/dev/null", "not a regular file")):
            with self.subTest(name=name):
                path = self.file("a.log", TEXT)
                result = self.scrub(self.path(name), path)
                self.assert_status(result, 74)
                self.assertIn(word.encode(), result.stderr.splitlines()[0])
                self.assertIn(self.path(name).encode(), result.stderr.splitlines()[0])
                self.assert_bytes(self.content(path), CLEAN)

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_a_file_that_cannot_be_written(self):
        for name, data in (("a.log", TEXT), ("b.gz", gzip.compress(TEXT))):
            path = self.file(name, data)
            os.chmod(path, 0o444)
            self.assert_message(self.scrub(path, user=NOBODY), 74, path, "Permission denied")
            self.assert_bytes(self.content(path), data)

    def test_rules_that_do_not_compile_touch_nothing(self):
        path = self.file("a.log", TEXT)
        self.assert_status(run("-i", "--rules", self.file("bad.yaml", "- id: x\n"), path), 78)
        self.assert_bytes(self.content(path), TEXT)

    def test_no_progress_line_in_a_pipe(self):
        path = self.file("a.log", TEXT)
        self.assertNotIn(b"\r", self.scrub(path).stderr)


class Progress(InPlaceTest):
    """A line on a terminal, once it takes longer than a second."""

    inner = None

    def open_terminal(self):
        """Another one, where there was one."""
        if self.inner is not None:
            os.close(self.inner)
        self.outer, self.inner = pty.openpty()
        self.addCleanup(os.close, self.outer)

    def test_not_for_what_is_done_at_once(self):
        self.open_terminal()
        path = self.file("a.log", TEXT)
        subprocess.run([BINARY, "-i", *ONLY, path], env=environment(), stderr=self.inner, check=True)
        shown = shown_on(self.outer, self.inner)
        self.assertEqual(shown, f"keysieve: {path}: 1 secret masked, 95 bytes\r\n".encode())

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_for_what_takes_long_and_erased_at_the_end(self):
        path = self.path("a.log")

        def make():
            self.open_terminal()
            self.file("a.log", TEXT)
            os.truncate(path, 100 << 20)
            return path, self.inner
        process = self.stop_within(make, 100 << 20)
        time.sleep(1.1)  # it can only take longer
        process.send_signal(signal.SIGCONT)
        self.assertEqual(process.wait(LONG), 0)
        number = rb"[0-9.]+"
        line = (rb"\r\x1b\[K *" + number + rb" % of 105 MB, file 1 of 1, " + number +
                rb" [kMG]?B/s, [0-9:]+ left")
        shown = shown_on(self.outer, self.inner)
        self.assertRegex(shown, rb"\A(" + line + rb")+\r\x1b\[Kkeysieve: .*a\.log: 1 secret masked, .*\r\n\Z")


class Meanwhile(InPlaceTest):
    """Others do something with the file."""

    def test_appends_are_fine(self):
        text = b"".join(b"%d %s%s\n" % (n, TRIGGER, body(95, n)) for n in range(5000))
        path = self.file("a.log", text)
        stop = threading.Event()
        added = [b""]

        def append():
            with open(path, "ab", buffering=0) as file:
                for n in range(100000):
                    if stop.is_set():
                        return
                    added[0] += file.write(b"line %d\n" % n) and b"line %d\n" % n

        thread = threading.Thread(target=append)
        thread.start()
        try:
            self.assert_status(self.scrub(path, timeout=LONG), 0)
        finally:
            stop.set()
            thread.join()
        self.assert_bytes(self.content(path), run(*ONLY, data=text).stdout + added[0])

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_a_file_that_gets_shorter_is_never_extended(self):
        path = self.path("a.log")

        def make():
            self.file("a.log", TEXT)
            os.truncate(path, 100 << 20)
            return path, subprocess.PIPE
        process = self.stop_within(make, 100 << 20)
        os.truncate(path, len(TEXT))
        process.send_signal(signal.SIGCONT)
        _, errors = process.communicate(timeout=LONG)
        self.assertEqual(process.returncode, 74)
        self.assertRegex(errors, rb"a\.log: it has become shorter while it was read\n\Z")
        self.assert_bytes(self.content(path), CLEAN)

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_a_file_that_is_written_anew_gets_nothing_of_the_old_one(self):
        rest = body(60) * (1 << 20)  # one run: nothing is written before its end
        path = self.path("a.log")
        process = self.stop_within(lambda: (self.file("a.log", b"k=" + TRIGGER + rest), subprocess.PIPE), len(rest))
        other = b"z" * (80 << 20)
        self.file("a.log", other)
        process.send_signal(signal.SIGCONT)
        _, errors = process.communicate(timeout=LONG)
        self.assertEqual(process.returncode, 74)
        self.assertRegex(errors, rb"a\.log: it was written anew while it was read\n\Z")
        self.assert_bytes(self.content(path), other)
