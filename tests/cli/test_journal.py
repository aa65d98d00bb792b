# SPDX-License-Identifier: Apache-2.0
"""keysieve journal: the journal as journalctl prints it, but for the keys."""

import json
import os
import random
import shutil
import subprocess
import unittest

from journal_support import (BOOT, REMOTE, JournalTest, entries, entry, message, messages, piece)
from support import LONG, NOBODY, ONLY, TIMEOUT, TRIGGER, body, environment, masked, run, some, stars

VALUES = (b"", b"plain", b"tab\there", b"two\nlines", b"\n", b"a\r\nb\r", b"a\rb", b"a\r\r\nb", b"c\r\n",
          b"nul \0 byte", b"\x1b[1;31mred\x1b[0m", b"\x1b[2Kx", b"\x1b[12", b"x\x1b", b"\x1b[m.",
          b"\x1b]8;;http://x\x07link\x1b]8;;\x07", b"\x1b]no end", b"\x1b[1mA\x1b[0m\tB\r\n", b"\x7f",
          b"\xc2\x85", "\u00e9\u20ac\U0001f600".encode(), b"\xef\xbf\xbe", b"\xef\xb7\x90",
          b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf4\x8f\xbf\xbd", b"\xc0\xaf", b"\xe2\x82", b"\xff",
          b"\xf8\x88\x80\x80\x80", b"quote \" backslash \\ slash /", b"x" * 2000 + b"\0", b"=", b"a=b",
          b"z" * 5000, b"y" * 1024 + b"\1", b"w" * 1048577 + b"\1", b"a\n\nb\n", b"\n\nx", b"__CURSOR=x\n\n")


def all_kinds():
    """Entries without a key that have all that the formats treat in their own way."""
    texts = [message(n, value) for n, value in enumerate(VALUES)]
    texts += [entry(100 + n, (b"MESSAGE", b"-"), (b"FIELD", value)) for n, value in enumerate(VALUES)]
    return texts + [
        entry(200, (b"MESSAGE", b"nobody's")),
        entry(201, (b"_HOSTNAME", b"no message"), (b"N", b"1")),
        entry(202, (b"MESSAGE", b"1"), (b"MESSAGE", b"2"), (b"TWICE", b"\0"), (b"TWICE", b"b")),
        entry(203, (b"MESSAGE", b"x"), (b"_SOURCE_REALTIME_TIMESTAMP", b"1780000000000000"),
              (b"SYSLOG_IDENTIFIER", b"bad\x01"), (b"_COMM", b"command"), (b"SYSLOG_PID", b"7")),
        entry(204, (b"MESSAGE", b"x\ny"), (b"_HOSTNAME", b"h" * 300), (b"SYSLOG_IDENTIFIER", b"i" * 299)),
        entry(205, (b"MESSAGE", b"x\ny"), (b"_HOSTNAME", b"h" * 299), (b"SYSLOG_IDENTIFIER", b"i" * 300)),
        entry(206, (b"MESSAGE", b"x\ny"), (b"_SOURCE_REALTIME_TIMESTAMP", b"soon"),
              (b"SYSLOG_IDENTIFIER", "\u00e9".encode()), (b"_PID", b"1\x01"), (b"SYSLOG_PID", b"8")),
        entry(207, (b"MESSAGE", b"x"), (b"_SOURCE_REALTIME_TIMESTAMP", b"99999999999999999999")),
        entry(208, (b"MESSAGE", b"many"), *((b"F%d" % (n % 60), b"%d" % n) for n in range(200))),
    ]


class AsJournalctl(JournalTest):
    """Without keys in it, the journal is what journalctl prints, byte for byte."""

    def setUp(self):
        super().setUp()
        self.add(*all_kinds())

    def same(self, *args, env=None, options=()):
        result = run("journal", *ONLY, "--directory", self.journals, *options, env=env)
        self.assert_done(result, self.journalctl("--directory", self.journals, *args, env=env))
        return result.stdout

    def test_export(self):
        self.assertGreater(len(entries(self.same("-o", "export"))), 2 * len(VALUES))

    def test_export_with_all_rules(self):
        result = run("journal", "--directory", self.journals)
        self.assert_done(result, self.journalctl("--directory", self.journals, "-o", "export"))

    def test_short(self):
        for zone in ("UTC", "America/New_York", "Asia/Kolkata"):
            with self.subTest(zone=zone):
                self.same("-o", "short", "-q", env={"TZ": zone}, options=("--format", "short"))

    def test_short_has_no_lines_about_boots(self):
        self.add(message(900, b"again").replace(BOOT, BOOT[::-1]))
        result = run("journal", *ONLY, "--directory", self.journals, "--format", "short")
        self.assertTrue(result.stdout.endswith(b" host app[42]: again\n"))
        self.assertNotIn(b"-- Boot", result.stdout)
        self.assert_bytes(result.stdout, self.journalctl("--directory", self.journals, "-q"))

    def test_json(self):
        result = run("journal", *ONLY, "--directory", self.journals, "--format", "json")
        self.assert_status(result, 0)
        want = self.journalctl("--directory", self.journals, "-o", "json", "--all").splitlines()
        got = result.stdout.splitlines()
        self.assertEqual(len(got), len(want))
        for ours, theirs in zip(got, want):
            self.assertEqual(json.loads(ours), json.loads(theirs))

    def test_json_keeps_the_order_of_values_of_a_field(self):
        result = run("journal", *ONLY, "--directory", self.journals, "--format", "json", "F7=7")
        self.assertEqual(json.loads(result.stdout)["F7"], ["7", "67", "127", "187"])

    def test_any_bytes(self):
        rng = random.Random(4)
        texts = (b"\x1b", b"\n", b"\r", b"\t", b"[", b"]", b"1;", b"m", b"\x07", b"\xc3", b"\xa9", b"\xe2\x82\xac",
                 b"\0", b"\xf0\x9f", b"a", b"=")
        self.add(*(message(1000 + n, b"".join(rng.choices(texts, k=rng.randrange(1, 12))))
                   for n in range(2000)), name="b.journal")
        self.same("-o", "export")
        self.same("-o", "short", "-q", options=("--format", "short"))


class Matches(JournalTest):
    def setUp(self):
        super().setUp()
        self.add(*(message(n, b"%d" % n, A=b"%d" % (n % 2), B=b"%d" % (n % 3)) for n in range(12)))

    def chosen(self, *matches):
        result = run("journal", *ONLY, "--directory", self.journals, *matches)
        self.assert_done(result, self.journalctl("--directory", self.journals, "-o", "export", *matches))
        return [int(text) for text in messages(result.stdout)]

    def test_one(self):
        self.assertEqual(self.chosen("B=2"), [2, 5, 8, 11])

    def test_the_same_field(self):
        self.assertEqual(self.chosen("B=2", "B=0"), [0, 2, 3, 5, 6, 8, 9, 11])

    def test_two_fields(self):
        self.assertEqual(self.chosen("B=2", "A=1"), [5, 11])

    def test_plus(self):
        self.assertEqual(self.chosen("B=2", "A=1", "+", "MESSAGE=4"), [4, 5, 11])

    def test_none_matches(self):
        self.assertEqual(self.chosen("B=9"), [])

    def test_what_is_no_match(self):
        for wrong in (("B",), ("+",), ("B=1", "+", "+"), ("=1",), ("b=1",), ("B=1", "/usr/bin/env")):
            with self.subTest(wrong=wrong):
                result = run("journal", *ONLY, "--directory", self.journals, *wrong)
                self.assert_message(result, 2, "FIELD=VALUE")
                self.assertEqual(result.stdout, b"")


class Keys(JournalTest):
    """What is masked, in every format."""

    def journal(self, *options):
        result = run("journal", *ONLY, "--directory", self.journals, *options)
        self.assert_status(result, 0)
        self.assert_silent(result)
        return result.stdout

    def check(self, *secrets):
        """All is as in the journal but these secrets."""
        want = masked(self.journalctl("--directory", self.journals, "-o", "export"), *secrets)
        self.assert_bytes(self.journal(), want)
        for options in (("--format", "json"), ("--format", "short")):
            output = self.journal(*options)
            for secret in secrets:
                self.assert_no_piece(output, secret)
        return want

    def test_in_a_message(self):
        secret = body()
        self.add(message(1, b"key " + TRIGGER + secret + b" end"))
        self.check(secret)
        self.assertIn(stars(secret) + b" end\n", self.journal("--format", "short"))
        self.assertEqual(json.loads(self.journal("--format", "json"))["MESSAGE"],
                         (b"key " + TRIGGER + stars(secret) + b" end").decode())

    def test_in_other_fields(self):
        secret = body()
        self.add(message(1, b"x", _CMDLINE=b"run --key=" + TRIGGER + secret, OTHER=TRIGGER + secret))
        self.check(secret)

    def test_in_a_binary_field(self):
        secret = body()
        self.add(message(1, b"first line\n" + TRIGGER + secret + b"\nlast", BIN=b"\0\xff" + TRIGGER + secret))
        self.check(secret)
        numbers = json.loads(self.journal("--format", "json"))["BIN"]
        self.assertEqual(bytes(numbers), b"\0\xff" + TRIGGER + stars(secret))

    def test_a_line_that_journald_has_cut_in_a_key(self):
        secret = body()
        line = b"x" * 100 + TRIGGER + secret + b" rest"
        for cut in range(100, len(line) - 5):
            self.add(piece(2 * cut, line[:cut]), message(2 * cut, b"another service's"),
                     piece(2 * cut + 1, line[cut:], line_break=None), name=f"{cut}.journal")
        want = self.journal()
        together = b"".join(text for text in messages(want) if text != b"another service's")
        self.assert_bytes(together, masked(line, secret) * (len(line) - 105))
        self.assert_no_piece(self.journal("--format", "json"), secret)
        self.assert_no_piece(self.journal("--format", "short"), secret)

    def test_pieces_of_different_streams_are_not_one_line(self):
        secret = body(60)
        self.add(piece(1, TRIGGER + secret[:10]), piece(2, secret[10:], stream=b"f" * 32, line_break=None),
                 piece(3, b" end", line_break=None))
        self.assertEqual(messages(self.journal()), [TRIGGER + secret[:10], secret[10:], b" end"])

    def test_a_long_journal_with_all_rules(self):
        secrets = [body(seed=n) for n in range(40)]
        self.add(*(message(n, b"some words before " + TRIGGER + secrets[n % 40] + b" and behind",
                           BIG=b"%d " % n * 500) for n in range(3000)))
        result = run("journal", "--directory", self.journals, "--stats", timeout=LONG)
        self.assert_status(result, 0)
        self.assertIn(b", 3000 findings", result.stderr)
        self.assert_bytes(result.stdout,
                          masked(self.journalctl("--directory", self.journals, "-o", "export"), *secrets))

    def test_an_entry_larger_than_all_limits(self):
        secret = body()
        self.add(message(1, (b"x" * 1000 + b"\n") * 5000 + TRIGGER + secret, TAIL=TRIGGER + secret),
                 message(2, TRIGGER + secret))
        self.check(secret)


class Places(JournalTest):
    """Which journal is read."""

    def test_files(self):
        one = self.add(message(1, b"one"), name="one.journal")
        two = self.add(message(2, b"two"), name="two.journal")
        self.add(message(3, b"three"), name="three.journal")
        result = run("journal", *ONLY, "--file", two, "--file", one)
        self.assert_status(result, 0)
        self.assertEqual(messages(result.stdout), [b"one", b"two"])

    def test_the_environment(self):
        one = self.add(message(1, b"one"), name="one.journal")
        result = run("journal", *ONLY, env={"KEYSIEVE_FILE": one, "KEYSIEVE_FORMAT": "short"})
        self.assert_status(result, 0)
        self.assertIn(b"host app[42]: one\n", result.stdout)

    def test_both(self):
        one = self.add(message(1, b"one"))
        result = run("journal", *ONLY, "--file", one, "--directory", self.journals)
        self.assert_message(result, 2, "--directory", "--file")

    def test_an_unknown_format(self):
        result = run("journal", *ONLY, "--format", "verbose", "--directory", self.journals)
        self.assert_message(result, 2, "--format", "export, json or short")

    def test_an_empty_directory(self):
        self.assert_message(run("journal", *ONLY, "--directory", self.journals), 74, "no journal files")

    def test_a_missing_directory(self):
        result = run("journal", *ONLY, "--directory", self.path("missing"))
        self.assert_message(result, 74, "missing", "No such file")

    def test_a_missing_file(self):
        result = run("journal", *ONLY, "--file", self.path("missing"))
        self.assert_message(result, 74, "missing", "No such file")

    def test_what_is_no_journal(self):
        path = self.file("text", b"just some text, but more than the head of a journal file " * 20)
        self.assert_message(run("journal", *ONLY, "--file", path), 74, "text", "no journal file")

    def test_an_empty_file(self):
        path = self.file("empty", b"")
        self.assert_message(run("journal", *ONLY, "--file", path), 74, "empty", "no journal file")

    def test_a_file_that_is_no_journal_beside_one_that_is(self):
        self.add(message(1, b"one"))
        self.file("journals/b.journal", b"damaged" * 1000)
        for place in (("--directory", self.journals),
                      ("--file", self.journals + "/a.journal", "--file", self.journals + "/b.journal")):
            with self.subTest(place=place[0]):
                result = run("journal", *ONLY, *place)
                self.assert_message(result, 74, "b.journal", "no journal file")
                self.assertEqual(messages(result.stdout), [b"one"])

    def test_many_damaged_files(self):
        self.add(message(1, b"one"))
        for n in range(20):
            self.file(f"journals/{n}.journal", b"damaged" * 1000)
        result = run("journal", *ONLY, "--directory", self.journals)
        self.assert_status(result, 74)
        self.assertEqual(result.stderr.count(b"\n"), 6)
        self.assertIn(b"15 more files", result.stderr)

    @unittest.skipIf(os.geteuid() != 0, "needs root to become nobody")
    def test_a_file_that_must_not_be_read(self):
        path = self.add(message(1, b"one"))
        os.chmod(path, 0o600)
        result = run("journal", *ONLY, "--directory", self.journals, user=NOBODY)
        self.assert_message(result, 74, "a.journal", "Permission denied")
        self.assertEqual(result.stdout, b"")

    def test_a_damaged_journal_gives_no_key_away(self):
        """Whatever libsystemd makes of it: no crash, no hang, nothing unmasked."""
        secret = body()
        path = self.add(*(message(n, TRIGGER + secret) for n in range(50)))
        with open(path, "rb") as file:
            whole = file.read(200000)
        size = os.path.getsize(path)
        rng = random.Random(5)
        for _ in some(range(60)):
            broken = bytearray(whole)
            for _ in range(rng.choice((1, 10, 100))):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
            damaged = self.file("damaged.journal", bytes(broken))
            os.truncate(damaged, rng.choice((size, len(broken), rng.randrange(size))))
            result = run("journal", *ONLY, "--file", damaged)
            self.assertIn(result.returncode, (0, 74), result.stderr)
            self.assert_no_piece(result.stdout, secret[:40])

    def test_no_journal_of_this_system(self):
        """What it says depends on the system, but it ends."""
        self.assertIn(run("journal", *ONLY, "_PID=0").returncode, (0, 74))


class Remote(JournalTest):
    """systemd-journal-remote with keysieve as its getter: a journal for those who may not see keys."""

    def test_a_redacted_journal(self):
        secret = body()
        self.add(*all_kinds(), *(message(300 + n, b"%d " % n + TRIGGER + secret) for n in range(500)),
                 *(piece(900 + n, part) for n, part in enumerate((TRIGGER, secret[:9], secret[9:], b" .\n"))))
        os.mkdir(self.path("redacted"))
        path = self.path("redacted/a.journal")
        getter = f"{os.environ['KEYSIEVE']} journal --directory {self.journals} --only {ONLY[1]}"
        done = subprocess.run([REMOTE, f"--getter={getter}", f"--output={path}"], capture_output=True,
                              timeout=LONG, env=environment(), check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.compare(self.journalctl("--file", path, "-o", "export"), secret)
        with open(path, "rb") as file:
            self.assertNotIn(secret[:20], file.read())

    def compare(self, redacted, *secrets):
        """The cursors are the new journal's own, and so is the order of an entry's fields."""
        original = self.journalctl("--directory", self.journals, "-o", "export")

        def plain(text):
            return [sorted(field for field in fields if field[0] != b"__CURSOR") for fields in entries(text)]

        theirs, ours = plain(original), plain(redacted)
        self.assertEqual(len(ours), len(theirs))
        for one, other in zip(ours, theirs):
            want = [(name, b"*" * len(value) if value == secrets[0][9:] else masked(value, *secrets))
                    for name, value in other]
            want = [(name, b"*" * len(value) if value == secrets[0][:9] else value) for name, value in want]
            self.assertEqual(one, [(n, v) for n, v in want if v or (n, v) in one])


if __name__ == "__main__":
    unittest.main()
