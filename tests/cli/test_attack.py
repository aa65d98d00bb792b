# SPDX-License-Identifier: Apache-2.0
"""Logs are written by attackers: inputs that are to switch masking off, to stop keysieve, to make it hold memory, to fill
the disk, to steer a terminal, or to have it read and write what it should not.

What a plant beside a key does is tried with all rules in tests/unit/test_attack.c; hooks, clients of the metrics' port,
damaged archives and the pages of reports have tests of their own.
"""

import gzip
import json
import os
import re
import resource
import stat
import subprocess
import tempfile
import threading
import unittest
import zlib

from support import (ALNUM, BINARY, LONG, NOBODY, ONLY, TRIGGER, CommandTest, address, body, environment, is_sanitized,
                     masked, run, stars)
from test_follow import Follower, FollowTest
from test_frame_option import cri, docker, entry

MIB = 1 << 20
MEMORY = 96 << 10  # kB: what a run may take, whatever it is given; a start takes half of it
SECRET = body()
KEY = TRIGGER + SECRET
needs_root = unittest.skipUnless(os.geteuid() == 0, "only root makes links of others")


def container_entry(number, text, *fields):
    """Of a container's log driver, which gives no stream."""
    whole = entry(number, text, b"CONTAINER_ID_FULL=" + b"ab" * 32, b"PRIORITY=6", *fields)
    return whole.replace(b"_STREAM_ID=0f0f0f0f\n", b"")


class AttackTest(CommandTest):
    def stream(self, blocks, *args, status=0, messages=4096):
        """Run keysieve on blocks of bytes. Returns its output's file and stderr, after a look at its memory."""
        sink, errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.addCleanup(sink.close)
        self.addCleanup(errors.close)
        process = subprocess.Popen([BINARY, *args], stdin=subprocess.PIPE, stdout=sink, stderr=errors,
                                   env=environment())
        try:
            for block in blocks:
                process.stdin.write(block)
            process.stdin.close()
        except BrokenPipeError:
            pass
        _, code, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(code)
        text = os.pread(errors.fileno(), 1 << 20, 0)
        self.assertEqual(process.returncode, status, text[:400])
        self.assertLessEqual(len(text), messages, "bytes of messages")
        self.assert_no_piece(text, SECRET)
        if not is_sanitized():
            self.assertLess(usage.ru_maxrss, MEMORY, "kB")
        sink.seek(0)
        return sink, text

    def assert_masked(self, sink, secret=SECRET):
        """No 16 bytes of the secret are in the file, which can be large."""
        tail = b""
        while block := sink.read(MIB):
            block = tail + block
            for i in range(0, len(secret) - 15, 8):
                self.assertNotIn(secret[i:i + 16], block)
            tail = block[-64:]


class Planting(AttackTest):
    """Nothing that a log says switches masking off. tests/unit/test_attack.c has more of them, and all rules."""

    def test_comments_and_masks_beside_a_key(self):
        for plant in (b"gitleaks:allow", b"[REDACTED:x]", b"****", b"${KEY}", b"# noqa", b"# keysieve:ignore",
                      b"<redacted>", b"EXAMPLE"):
            for line in (plant + b"\n" + KEY + b"\n" + plant + b"\n", plant + b" " + KEY + b" " + plant + b"\n"):
                with self.subTest(plant=plant):
                    self.assert_done(run(data=line), masked(line, SECRET))

    def test_in_frames(self):
        plant = b"[REDACTED] gitleaks:allow ****"
        for name, log in (("cri", cri(b"F", plant) + cri(b"F", KEY) + cri(b"F", plant)),
                          ("docker", docker(plant + rb"\n") + docker(KEY + rb"\n") + docker(plant)),
                          ("journal", entry(1, plant) + entry(2, KEY) + entry(3, plant))):
            with self.subTest(name):
                self.assert_done(run(*ONLY, data=log), masked(log, SECRET))

    def test_an_allowed_run_allows_no_other(self):
        """A log that repeats what is on the allow-list gains nothing for the lines and words around it."""
        dummy = b"dummy0dummy0dummy0dummy0dummy0dummy0Aa1"
        rules = self.file("allow.yaml", f"allow:\n  - run: '{dummy.decode()}'\n")
        allowed = TRIGGER + dummy
        data = b"\n".join([allowed, KEY, allowed + b" " + KEY, KEY + b" " + allowed, TRIGGER + dummy + SECRET,
                           TRIGGER + SECRET + dummy, allowed]) + b"\n"
        want = data.replace(dummy + SECRET, stars(dummy + SECRET)).replace(SECRET + dummy, stars(SECRET + dummy))
        self.assert_done(run("--rules", rules, *ONLY, data=data), masked(want, SECRET))

    def test_another_program_cannot_speak_for_a_container_of_the_journal(self):
        """Whoever may write to the journal can claim any container's id, but not its process. A letter in front of a
        key, in a piece that is claimed to go on in the container's next message, would hide the key from some rules."""
        key = b"sk-" + body(48, 7, ALNUM)
        alone = container_entry(2, key, b"_PID=10")
        forged = container_entry(1, b"x", b"_PID=66", b"CONTAINER_PARTIAL_MESSAGE=true")
        result = run(data=alone, timeout=LONG)
        self.assert_no_piece(result.stdout, key[3:])
        result = run(data=forged + alone, timeout=LONG)
        self.assert_status(result, 0)
        self.assert_no_piece(result.stdout, key[3:])


class OddBytes(AttackTest):
    """What stands before a key does not matter, whatever bytes it is made of."""

    def test_before_and_behind_a_key(self):
        for odd in (b"\0", b"\0" * 5000, b"\xff", b"\xc3", b"\xe2\x80", b"\xf0\x9f\x98", b"\xed\xa0\x80",
                    b"\x1b[31m", b"\x1b[8m", b"\x1b]8;;http://a.example\x1b\\", b"\x1b[2K\r", b"\r", b"\b\b\b",
                    b"\x7f", b"\xe2\x80\x8b", b"\xe2\x80\xae", b"\xef\xbb\xbf", b"\xc2\x85", b"\xc2\xa0", b"\x0b", b"\x0c"):
            data = b"key:" + odd + KEY + odd + b"\n"
            with self.subTest(odd=odd[:20]):
                self.assert_done(run(*ONLY, data=data), masked(data, SECRET))

    def test_keys_that_are_overwritten_on_a_terminal(self):
        data = KEY + b"\r" + b" " * 200 + b"\r" + KEY + b"\x1b[2K\x1b[1G" + KEY + b"\n"
        self.assert_done(run(*ONLY, data=data), masked(data, SECRET))

    def test_within_a_key_they_end_it(self):
        """As docs/security.md says: what stands behind is not known to be a key's."""
        for odd in (b"\xe2\x80\x8b", b"\x1b[0m", b"\0", b"\r"):
            data = TRIGGER + SECRET[:60] + odd + SECRET[60:] + b"\n"
            with self.subTest(odd=odd):
                self.assert_done(run(*ONLY, data=data), masked(data, SECRET[:60]))


class Stopping(AttackTest):
    """Input that is to stop it, or to keep it busy."""

    def test_archives_that_are_no_more_in_the_middle(self):
        text = b"".join(b"%d %s %s\n" % (n, body(40, n, "0123456789"), KEY) for n in range(2000))
        data = bytearray(gzip.compress(text, mtime=0) + gzip.compress(text, mtime=0))
        at = len(data) * 3 // 4
        data[at:at + 10] = b"\xff" * 10
        path = self.file("a.gz", bytes(data))
        result = run(*ONLY, path)
        self.assert_message(result, 74, "damaged gzip data")
        self.assertTrue(result.stdout.startswith(masked(text, SECRET)))
        self.assert_no_piece(result.stdout, SECRET)

    def test_a_header_of_an_archive_that_does_not_end(self):
        head = b"\x1f\x8b\x08\x18" + b"\0" * 5 + b"\x03"  # with a name and a comment
        self.stream([head] + [b"n" * MIB] * 64, status=74)

    def test_an_archive_that_grows_a_thousandfold_twice(self):
        squeeze = zlib.compressobj(9, wbits=31)
        bomb = b"".join(squeeze.compress(b"\0" * MIB) for _ in range(192)) + squeeze.flush()
        sink, _ = self.stream([gzip.compress(bomb)])
        self.assertEqual(sink.read(), bomb)  # one layer: an archive in an archive is its bytes
        self.stream([bomb], "--check")

    def test_lines_and_frames_that_do_not_end(self):
        block = b"y" * MIB
        for name, head in (("raw", b"line: "), ("cri", cri(b"P", b"")[:-1]), ("docker", b'{"log":"'),
                           ("docker", b'{"log":{"a":"'), ("journal", entry(1, b"")[:-2]),
                           ("journal", b"__CURSOR=s=1;i=1\nMESSAGE\n" + (1 << 60).to_bytes(8, "little")),
                           ("journal", b"__CURSOR=s=1;i=1\nMESSAGE\n" + (700 << 20).to_bytes(8, "little"))):
            with self.subTest(frame=name, head=head[:30]):
                sink, _ = self.stream([head, *[block] * 48, KEY, *[block] * 4], "--frame", name, *ONLY)
                self.assert_masked(sink)

    def test_pieces_that_never_end_a_line(self):
        piece = cri(b"P", b"z" * 1000) * 1000
        sink, _ = self.stream([piece] * 30 + [cri(b"P", KEY[:40]), cri(b"P", KEY[40:])] + [piece], *ONLY)
        self.assert_masked(sink)

    def test_nesting(self):
        for opening in (b'{"log":[', b'[', b'{"a":'):
            with self.subTest(opening):
                line = docker(b"first") + opening * 200000 + b'"' + KEY + b'"\n' + docker(KEY)
                sink, _ = self.stream([line] * 8, "--frame", "docker", *ONLY)
                self.assert_masked(sink)

    def test_rule_files_and_settings_that_are_nested(self):
        for name, text in (("a.yaml", "[" * 100000), ("b.yaml", "{a: " * 50000), ("c.yaml", "- " * 3000 + "x"),
                           ("d.yaml", "a: &a [x]\n" + "".join(f"k{i}: &k{i} [*a, *a]\n" for i in range(2000)))):
            path = self.file(name, text)
            with self.subTest(name):
                result = run("rules", "check", path, timeout=LONG)
                self.assertEqual(result.returncode, 78, result.stderr[:300])
                result = run("--config", path, data=b"x", timeout=LONG)
                self.assertEqual(result.returncode, 78, result.stderr[:300])
                self.assertEqual(result.stdout, b"")

    def test_candidates_without_end(self):
        """Triggers in each other's runs, quotes and separators: linear time all the same."""
        for text in (b"sk-ant-api03-" * 40000, b"api_key=" * 60000, b"Authorization: Bearer " * 20000,
                     b"://" * 200000, b"-----BEGIN PRIVATE KEY-----" * 20000, b"\\" * 500000,
                     b'token": "' * 50000, b"%25" * 200000, b"key = \x1b[0m" * 50000):
            with self.subTest(text[:20]):
                sink, _ = self.stream([text] * 4)
                self.assertEqual(os.fstat(sink.fileno()).st_size, len(text) * 4)


class Holding(AttackTest):
    """Memory stays what it is, whatever is opened and never closed."""

    def test_sources_of_a_journal(self):
        """Each of 60,000 streams begins a key that it never ends."""
        def blocks():
            for first in range(0, 60000, 1000):
                yield b"".join(
                    address(n) + b"_STREAM_ID=%032x\n_LINE_BREAK=line-max\nMESSAGE=%s\n\n" % (n, KEY[:20])
                    for n in range(first, first + 1000))
        sink, _ = self.stream(blocks(), *ONLY)
        self.assert_masked(sink)
        self.assertGreater(os.fstat(sink.fileno()).st_size, 60000 * 60)

    def test_boots_and_containers_of_a_journal(self):
        def blocks():
            for first in range(0, 40000, 1000):
                yield b"".join(
                    address(n) + b"_BOOT_ID=%032x\nCONTAINER_ID_FULL=%064x\nCONTAINER_NAME=%s%d\nPRIORITY=%d\n"
                    b"CONTAINER_PARTIAL_MESSAGE=true\nMESSAGE=%s\n\n" % (n, n, b"n" * 500, n, n % 7, KEY[:40])
                    for n in range(first, first + 1000))
        self.stream(blocks(), *ONLY)

    def test_fields_of_an_entry(self):
        def blocks():
            yield address()
            for first in range(0, 600000, 10000):
                yield b"".join(b"F%d=%s\n" % (n, b"v" * 20) for n in range(first, first + 10000))
            yield b"MESSAGE=" + KEY + b"\n\n"
        sink, _ = self.stream(blocks(), *ONLY)
        self.assert_masked(sink)

    def test_both_streams_of_containers_with_open_runs(self):
        def docker_blocks():
            for _ in range(100):
                yield (docker(KEY[:30]) + docker(KEY[:30]).replace(b"stdout", b"stderr")) * 500
        self.stream(docker_blocks(), *ONLY)
        both = cri(b"P", KEY[:30]) + cri(b"P", KEY[:30]).replace(b"stdout", b"stderr")
        self.stream([both * 500] * 100, *ONLY)

    def test_names_of_sources_in_the_ledger(self):
        """Names that others chose, as long as they like, are remembered a few thousand times."""
        ledger = self.path("ledger")
        def blocks():
            for n in range(3000):
                yield address(n) + (b"CONTAINER_ID_FULL=%064x\nCONTAINER_NAME=%s%d\nPRIORITY=6\nMESSAGE=%s\n\n"
                                    % (n, b"n" * 60000, n, TRIGGER + body(60, n)))
        self.stream(blocks(), *ONLY, "--ledger", ledger)


class Filling(AttackTest):
    """A disk, by what is written about findings."""

    def keys(self, count):
        return b"".join(TRIGGER + body(40, seed, ALNUM) + b"\n" for seed in range(count))

    def test_the_ledger_has_a_largest_size(self):
        ledger = self.path("ledger")
        args = (*ONLY, "--ledger", ledger, "--ledger-max-size", "10K")
        data = self.keys(300)
        result = run(*args, data=data)
        self.assertEqual(result.returncode, 0)
        self.assertEqual(len(result.stdout), len(data))
        messages = result.stderr.decode().splitlines()
        self.assertEqual(len(messages), 2, messages)  # the first that is lost, and at the end how many
        self.assertIn("largest size (--ledger-max-size", messages[0])
        size = os.path.getsize(ledger)
        self.assertTrue(9 << 10 < size <= 10 << 10, size)
        text = self.content(ledger)
        self.assertTrue(text.endswith(b"\n"))
        for line in text.splitlines():
            json.loads(line)
        self.assertEqual(run(*args, data=data).returncode, 0)  # and the next run adds nothing
        self.assertEqual(os.path.getsize(ledger), size)
        os.truncate(ledger, 0)
        self.assertEqual(run(*args, data=KEY).returncode, 0)
        self.assertGreater(os.path.getsize(ledger), 0)

    def test_sizes(self):
        for text in ("1", "500M", "1G", "16T", "none"):
            with self.subTest(text):
                self.assert_done(run(*ONLY, "--ledger-max-size", text, data=b"x"), b"x")
        for text in ("", "0", "0G", "x", "1.5G", "-1", "1g", "10KB", "99999999999999999999", "17000000T", "none "):
            with self.subTest(text):
                self.assert_message(run(*ONLY, "--ledger-max-size", text), 2, "--ledger-max-size")

    def test_the_usual_size(self):
        ledger = self.path("ledger")
        with open(ledger, "wb") as file:
            file.truncate(1 << 30)
        result = run(*ONLY, "--ledger", ledger, data=KEY)
        self.assertEqual(result.returncode, 0)
        self.assertIn(b"largest size", result.stderr)
        self.assertEqual(os.path.getsize(ledger), 1 << 30)
        self.assert_done(run(*ONLY, "--ledger", ledger, "--ledger-max-size", "none", data=KEY), TRIGGER + stars(SECRET))

    def test_messages_do_not_follow_the_input(self):
        """Ten thousand findings, lines that break off, torn frames: a handful of lines at most."""
        ledger, count = self.path("ledger"), 10000
        torn = docker(b"x")[:-9] + b"\n"
        blocks = [self.keys(count), torn * 5000, entry(1, b"y")[:-4] * 2000]
        self.stream(blocks, "--ledger", ledger, "--on-leak", "exit 3", *ONLY, messages=1500)
        lines = self.content(ledger).count(b"\n")
        self.assertLess(lines, 2000)


class Names(AttackTest):
    """What others call their files."""

    NAME = 'a"b\\c\n\x1b[31m<i>{x="1"} 1\r\u202e\xff.log'

    def test_labels_of_metrics(self):
        path = os.path.join(os.fsencode(self.directory), self.NAME.encode("latin-1", "replace").replace(b"/", b""))
        page = self.path("page.prom")
        with open(path, "wb") as file:
            file.write(b"line\n")
        with Follower("--from-start", "--metrics-file", page, os.fsencode(self.directory) + b"/a*.log") as f:
            f.expect(b"line\n")
            self.assertEqual(f.stop(), 0)
        text = self.content(page).decode("utf-8")  # it is that, whatever the name was
        for line in text.rstrip("\n").split("\n"):
            self.assertRegex(line, r'\A(#.*|[a-z_]+(\{([a-z]+="([^"\\\n]|\\[\\"n])*",?)*\})? [0-9.e+Inf-]+)\Z')
        self.assertEqual(sum("behind_bytes{" in line for line in text.splitlines()), 1)

    def test_messages_about_them_are_one_line(self):
        path = os.path.join(os.fsencode(self.directory), b"x\nkeysieve: all is well\x1b[2J\r")
        result = run(path)
        self.assert_message(result, 74)
        self.assertNotIn(b"\x1b", result.stderr)

    def test_explanations_steer_no_terminal(self):
        data = b"\x1b[2J\x1b]0;title\x07 \xc2\x9b31m \xe2\x80\xae\r\x08" + KEY + b" \x1b[8m\xff\n"
        result = run("rules", "explain", *ONLY, data=data, timeout=LONG)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assert_no_piece(result.stdout, SECRET)
        for byte in b"\x1b\x07\x08\r":
            self.assertNotIn(bytes([byte]), result.stdout)
        self.assertNotIn(b"\xc2\x9b", result.stdout)
        self.assertNotIn("\u202e".encode(), result.stdout)

    def test_a_ledger_cannot_be_forged_by_a_name(self):
        ledger = self.path("ledger")
        name = b'x","rule":"y"}\n{"v":1,"event":"suppressed"}\n'
        path = os.path.join(os.fsencode(self.directory), name)
        with open(path, "wb") as file:
            file.write(KEY)
        self.assertEqual(run(*ONLY, "--ledger", ledger, path).returncode, 0)
        lines = self.content(ledger).splitlines()
        self.assertEqual(len(lines), 1)
        self.assertEqual(json.loads(lines[0])["rule"], "anthropic-api-key")


class Places(FollowTest):
    """Directories in which others may put what they like."""

    def setUp(self):
        super().setUp()
        self.logs = self.path("logs")
        os.mkdir(self.logs)
        self.private = self.file("private", b"nobody's business\n")
        os.chmod(self.private, 0o600)

    def link(self, target, name, owner=NOBODY):
        """It is its owner's from the moment that it is seen."""
        path, draft = os.path.join(self.logs, name), self.path("a-link")
        os.symlink(target, draft)
        os.lchown(draft, owner, owner)
        os.rename(draft, path)
        return path

    def own(self, name, data, owner=NOBODY):
        path = os.path.join(self.logs, name)
        with open(path, "wb") as file:
            file.write(data)
        os.chown(path, owner, owner)
        return path

    @needs_root
    def test_links_of_others_lead_to_their_own_files(self):
        self.link(self.private, "a.log")
        theirs = self.own("theirs", b"theirs\n")
        self.link(theirs, "b.log")
        self.link(self.private, "c.log", 0)
        with self.follow("--from-start", self.logs + "/*.log") as f:
            f.expect_message("a.log: a symbolic link of another user leads to a file that is not theirs")
            f.wait(lambda: b"theirs\n" in f.out() and b"nobody's business\n" in f.out(), "links lead to files")
            self.assertEqual(f.stop(), 0)
            self.assertEqual(f.messages().count(b"symbolic link"), 1)

    @needs_root
    def test_a_link_in_place_of_a_directory(self):
        elsewhere = self.path("elsewhere")
        os.mkdir(elsewhere)
        with open(os.path.join(elsewhere, "a.log"), "wb") as file:
            file.write(b"nobody's business\n")
        self.link(elsewhere, "app")
        with self.follow("--from-start", self.logs + "/app/a.log") as f:
            f.expect_message("a symbolic link of another user")
            self.assertEqual(f.out(), b"")
            f.stop()
            self.assertEqual(f.out(), b"")

    @needs_root
    def test_a_link_in_place_of_a_log_that_is_followed(self):
        path = self.own("a.log", b"one\n")
        with self.follow("--from-start", path) as f:
            f.expect(b"one\n")
            os.unlink(path)
            self.link(self.private, "a.log")
            f.expect_message("a symbolic link of another user")
            os.unlink(path)
            self.own("a.log", b"two\n")
            f.expect(b"one\ntwo\n")
            self.stopped(f)

    @needs_root
    def test_a_link_that_is_renamed_like_a_log(self):
        """Rotations that are too quick to be seen are found by their names: a link is not followed there either."""
        path = self.own("a.log", b"one\n")
        with self.follow("--from-start", path) as f:
            f.expect(b"one\n")
            f.freeze()
            os.rename(path, path + ".2")
            self.link(self.private, "a.log")
            os.rename(path, path + ".1")
            self.own("a.log", b"two\n")
            f.thaw()
            f.wait(lambda: b"two\n" in f.out(), "it goes on")
            f.stop()
            self.assertNotIn(b"business", f.out())

    @needs_root
    def test_in_place_through_links_of_others(self):
        mine = self.file("mine", KEY + b"\n")
        self.link(mine, "a.log")
        self.assert_message(run("-i", *ONLY, os.path.join(self.logs, "a.log")), 74, "a symbolic link of another user")
        self.assertEqual(self.content(mine), KEY + b"\n")
        theirs = self.own("theirs", KEY + b"\n")
        self.link(theirs, "b.log")
        self.assert_status(run("-i", *ONLY, os.path.join(self.logs, "b.log")), 0)
        self.assertEqual(self.content(theirs), TRIGGER + stars(SECRET) + b"\n")

    @needs_root
    def test_links_that_change_all_the_time(self):
        """Whatever is at the path when it is opened: not a byte of what is not theirs comes out, and none is written."""
        mine = self.file("mine", KEY + b"\n")
        path, spare = os.path.join(self.logs, "a.log"), os.path.join(self.logs, "spare")
        over = threading.Event()

        def swap():
            n = 0
            while not over.is_set():
                n += 1
                if n % 2:
                    os.symlink(mine, spare)
                    os.lchown(spare, NOBODY, NOBODY)
                else:
                    self.own("spare", KEY + b"\n")
                os.rename(spare, path)
        swapper = threading.Thread(target=swap)
        self.own("a.log", KEY + b"\n")
        swapper.start()
        try:
            for _ in range(40):
                run("-i", *ONLY, path)
        finally:
            over.set()
            swapper.join()
        self.assertEqual(self.content(mine), KEY + b"\n")

    def test_pipes_in_place_of_logs(self):
        """They are not waited for, be they there from the start or come later."""
        pipe = os.path.join(self.logs, "p.log")
        os.mkfifo(pipe)
        log = os.path.join(self.logs, "a.log")
        self.write(b"one\n", log)
        with self.follow("--from-start", log, pipe) as f:
            f.expect(b"one\n")
            f.expect_message("p.log: not a regular file")
            os.unlink(log)
            os.mkfifo(log)
            f.expect_message("a.log: not a regular file")
            os.unlink(log)
            self.write(b"two\n", log)
            f.expect(b"one\ntwo\n")
            f.stop()
        self.assert_message(run("-i", *ONLY, pipe), 74, "not a regular file")

    def test_a_pipe_in_place_of_the_ledger(self):
        ledger = self.path("ledger")
        os.mkfifo(ledger)
        result = run(*ONLY, "--ledger", ledger, data=KEY)
        self.assert_message(result, 74, "nobody has it open for reading")

    def test_names_with_line_ends_match_patterns(self):
        name = os.path.join(self.logs, "a\nb.log")
        self.write(b"one\n", name)
        with self.follow("--from-start", self.logs + "/*.log") as f:
            f.expect(b"one\n")
            self.write(KEY + b"\n", name)
            f.expect(b"one\n" + TRIGGER + stars(SECRET) + b"\n")
            self.stopped(f)

    def test_state_is_replaced_and_not_followed(self):
        """A link in place of what is written under another name first is not written through."""
        state = self.path("state")
        target = self.file("target", b"untouched")
        os.symlink(target, state + ".new")
        self.write(b"one\n")
        with self.follow("--from-start", "--state", state, "-o", self.path("out"), self.log) as f:
            f.expect(b"one\n", self.path("out"))
            f.stop()
        self.assertEqual(self.content(target), b"untouched")
        self.assertEqual(stat.S_IMODE(os.stat(state).st_mode) & 0o077, 0)

    def test_many_files_take_bounded_memory_each(self):
        for n in range(600):
            self.write(b"line\n", os.path.join(self.logs, f"{n}.log"))
        with self.follow("--from-start", *ONLY, self.logs + "/*.log") as f:
            f.wait(lambda: len(f.out()) >= 600 * 5, "all are read")
            if not is_sanitized():
                with open(f"/proc/{f.process.pid}/status", encoding="ascii") as status:
                    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
                self.assertLess(peak, MEMORY + 600 * 64, "kB")
            self.stopped(f)

    @needs_root
    def test_more_files_than_descriptors(self):
        """Those that can be opened are read, and there are not more messages than files."""
        with self.follow("--from-start", self.logs + "/*.log") as f:
            resource.prlimit(f.process.pid, resource.RLIMIT_NOFILE, (48, 48))
            for n in range(80):
                self.write(b"line\n", os.path.join(self.logs, f"{n}.log"))
            f.expect_message("Too many open files")
            f.wait(lambda: f.out().count(b"line\n") > 10, "some are read")
            f.stop()
            self.assertLess(f.messages().count(b"\n"), 100)

    @unittest.skipIf(is_sanitized(), "a sanitizer takes minutes for thousands of files")
    def test_more_matches_than_are_followed(self):
        self.need_descriptors(6000)
        for n in range(4100):
            self.write(b"x\n", os.path.join(self.logs, f"{n:04}.log"))
        with self.follow("--from-start", self.logs + "/*.log") as f:
            f.expect_message("so many files are followed that this one is not")
            f.wait(lambda: len(f.out()) == 4096 * 2, "as many as can be are read")
            self.assertEqual(f.stop(), 0)
            self.assertEqual(f.messages().count(b"so many files"), 1)

    def need_descriptors(self, count):
        """For what is started, until the test is over."""
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        if before[0] >= count:
            return
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (count, max(count, before[1])))
        except (ValueError, PermissionError):
            self.skipTest(f"{before[1]} descriptors are all that there may be")
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, before)

    def test_messages_about_files_are_bounded(self):
        """Files that come, cannot be read and go, faster than anybody reads messages."""
        for n in range(600):
            if os.geteuid() == 0:
                self.link(self.file(f"private{n}", b"nobody's business\n"), f"{n}.log")
            else:
                self.unreadable(f"{n}.log")
        with self.follow("--from-start", self.logs + "/*.log") as f:
            f.stop()
            text = f.messages().decode()
            told = len(re.findall(r"(?m)^keysieve: .*\.log: ", text))
            left = sum(int(n) for n in re.findall(r"(?m)^keysieve: (\d+) more messages about files were left out$", text))
            self.assertTrue(200 <= told < 300, told)
            self.assertGreaterEqual(told + left, 600)

    def unreadable(self, name):
        path = os.path.join(self.logs, name)
        self.write(b"x\n", path)
        os.chmod(path, 0)


if __name__ == "__main__":
    unittest.main()
