# SPDX-License-Identifier: Apache-2.0
"""Options, their environment variables, --help, --check and --stats."""

import re
import unittest

from support import (ACME, ALNUM, ID, LONG, ONLY, RULE, TRIGGER, CommandTest, body, masked, run)

OPTIONS = {"--output": "FILE", "--rules": "FILE", "--rules-dir": "DIR", "--no-rules-d": None,
           "--enable": "ID", "--disable": "ID", "--only": "ID",
           "--check": None, "--stats": None, "--help": None, "--version": None}
SHORTS = {"-o": "FILE", "-h": None, "-V": None}
TOTALS = rb"keysieve: (\d+) bytes, (\d+) findings, (\d+) bytes masked, \d+\.\d+ s, \d+\.\d MB/s"


class Usage(CommandTest):
    def test_an_unknown_long_option(self):
        self.assert_message(run("--nonsense"), 2, "--nonsense", "--help")

    def test_an_unknown_short_option(self):
        self.assert_message(run("-Z"), 2, "-Z", "--help")

    def test_an_unknown_short_option_in_a_group(self):
        self.assert_message(run("-VZ"), 2, "-Z")

    def test_an_unknown_option_after_a_file(self):
        self.assert_message(run("file", "--nonsense"), 2, "--nonsense")

    def test_an_ambiguous_abbreviation(self):
        self.assert_status(run("--o"), 2)

    def test_a_missing_argument(self):
        for option, argument in {**OPTIONS, **SHORTS}.items():
            if argument:
                with self.subTest(option):
                    self.assert_message(run(option), 2, option, "argument")

    def test_an_argument_too_many(self):
        for option, argument in OPTIONS.items():
            if not argument:
                with self.subTest(option):
                    result = run(option + "=1")
                    self.assert_message(result, 2, option)
                    self.assertNotIn(b"unknown", result.stderr)

    def test_an_unknown_rule(self):
        for option in ("--enable", "--disable", "--only"):
            with self.subTest(option):
                self.assert_message(run(option, "no-such-rule"), 2, "no-such-rule")
                self.assert_message(run(option, ID + ",no-such-rule"), 2, "no-such-rule")

    def test_nothing_is_read_or_written_after_a_wrong_option(self):
        result = run("--nonsense", data=b"text\n")
        self.assertEqual(result.stdout, b"")

    def test_no_rule_left(self):
        result = run(*ONLY, "--disable", ID, data=b"text\n")
        self.assert_message(result, 78)
        self.assertEqual(result.stdout, b"")


class Help(CommandTest):
    def test_it_is_on_standard_output_and_fits_80_columns(self):
        for option in ("-h", "--help"):
            with self.subTest(option):
                result = run(option)
                self.assert_status(result, 0)
                self.assert_silent(result)
                lines = result.stdout.decode("ascii").splitlines()
                self.assertGreater(len(lines), 10)
                self.assertEqual([line for line in lines if len(line) > 80 or line != line.rstrip()], [])

    def test_it_lists_every_option_with_its_argument(self):
        text = run("--help").stdout.decode()
        for option, argument in OPTIONS.items():
            self.assertRegex(text, rf"(?m)^ .*{option}\b" + (f" {argument}" if argument else " "))
        for option in SHORTS:
            self.assertRegex(text, rf"(?m)^ +{option}, ")

    def test_every_listed_option_exists(self):
        text = run("--help").stdout.decode()
        for option in re.findall(r"(?m)^ .*(--[a-z-]+)", text):
            with self.subTest(option):
                self.assertNotIn(b"unknown option", run(option, "--version", cwd=self.directory).stderr)

    def test_it_tells_the_exit_statuses(self):
        text = run("--help").stdout.decode()
        for status in ("0", "1", "2", "70", "74", "78"):
            self.assertRegex(text, rf"\b{status}\b")

    def test_version(self):
        for option in ("-V", "--version"):
            with self.subTest(option):
                result = run(option)
                self.assert_status(result, 0)
                self.assertRegex(result.stdout, rb"\Akeysieve \d+\.\d+\.\d+\n\Z")


class Selection(CommandTest):
    def setUp(self):
        super().setUp()
        self.rules = ("--rules", self.file("acme.yaml", RULE))
        self.secret, self.acme = body(), body(30, 2, ALNUM)
        self.log = b"%s %s\n" % (TRIGGER + self.secret, ACME + self.acme)

    def test_only_one_rule(self):
        self.assert_done(run(*self.rules, *ONLY, data=self.log), masked(self.log, self.secret))

    def test_only_several_rules(self):
        both = masked(self.log, self.secret, self.acme)
        self.assert_done(run(*self.rules, "--only", ID + ",acme-api-key", data=self.log), both)
        self.assert_done(run(*self.rules, "--only", ID, "--only", "acme-api-key", data=self.log), both)

    def test_enable_adds_to_only(self):
        self.assert_done(run(*self.rules, *ONLY, "--enable", "acme-api-key", data=self.log),
                         masked(self.log, self.secret, self.acme))

    def test_disable_wins_wherever_it_stands(self):
        result = run("--disable", "acme-api-key", *self.rules, "--only", ID + ",acme-api-key",
                     data=self.log)
        self.assert_done(result, masked(self.log, self.secret))

    def test_disable_takes_one_rule_from_all(self):
        result = run("--disable", ID, *self.rules, data=self.log, timeout=LONG)
        self.assert_done(result, masked(self.log, self.acme))

    def test_a_pack_by_its_name(self):
        self.assert_done(run("--only", "carriers", data=b"text\n"), b"text\n")


class Environment(CommandTest):
    def setUp(self):
        super().setUp()
        self.secret = body()
        self.log = b"x " + TRIGGER + self.secret + b"\n"
        self.done = masked(self.log, self.secret)

    def test_only(self):
        self.assert_done(run(env={"KEYSIEVE_ONLY": ID}, data=self.log), self.done)

    def test_only_an_unknown_rule(self):
        self.assert_message(run(env={"KEYSIEVE_ONLY": "no-such-rule"}), 2, "no-such-rule")

    def test_disable(self):
        rules = ("--rules", self.file("a.yaml", RULE), "--only", ID + ",acme-api-key")
        self.assert_done(run(*rules, env={"KEYSIEVE_DISABLE": ID}, data=self.log), self.log)

    def test_enable(self):
        rules = ("--rules", self.file("a.yaml", RULE), "--only", "acme-api-key")
        self.assert_done(run(*rules, env={"KEYSIEVE_ENABLE": ID}, data=self.log), self.done)

    def test_stats(self):
        for value in ("1", "true", "yes", "on", "ON"):
            with self.subTest(value):
                self.assertRegex(run(*ONLY, env={"KEYSIEVE_STATS": value}).stderr, TOTALS)
        for value in ("0", "", "no", "off", "False"):
            with self.subTest(value):
                self.assert_silent(run(*ONLY, env={"KEYSIEVE_STATS": value}))

    def test_check(self):
        result = run(*ONLY, env={"KEYSIEVE_CHECK": "1"}, data=self.log)
        self.assert_status(result, 1)
        self.assertEqual(result.stdout, b"")

    def test_a_switch_that_is_neither_on_nor_off(self):
        self.assert_message(run(env={"KEYSIEVE_CHECK": "maybe"}), 2, "KEYSIEVE_CHECK")

    def test_output(self):
        out = self.path("out")
        self.assert_done(run(*ONLY, env={"KEYSIEVE_OUTPUT": out}, data=self.log), b"")
        self.assert_bytes(self.content(out), self.done)

    def test_rules_are_separated_by_colons(self):
        acme = body(30, 2, ALNUM)
        files = [self.file("a.yaml", RULE), self.file("b.yaml", RULE.replace("acme", "other"))]
        log = b"%s %s\n" % (ACME + acme, b"other_live_" + acme)
        result = run("--only", "acme-api-key,other-api-key", env={"KEYSIEVE_RULES": ":".join(files)},
                     data=log)
        self.assert_done(result, masked(log, acme))

    def test_a_flag_wins(self):
        out = self.path("out")
        result = run(*ONLY, "-o", out, data=self.log,
                     env={"KEYSIEVE_ONLY": "no-such-rule", "KEYSIEVE_OUTPUT": self.path("other")})
        self.assert_done(result, b"")
        self.assert_bytes(self.content(out), self.done)


class Check(CommandTest):
    def test_a_key(self):
        result = run(*ONLY, "--check", data=b"x " + TRIGGER + body() + b"\n")
        self.assert_status(result, 1)
        self.assertEqual((result.stdout, result.stderr), (b"", b""))

    def test_no_key(self):
        self.assert_done(run(*ONLY, "--check", data=b"text\n"), b"")

    def test_a_key_that_the_end_of_the_input_decides(self):
        self.assert_status(run(*ONLY, "--check", data=TRIGGER + body(20)), 1)
        self.assert_status(run(*ONLY, "--check", data=TRIGGER + body(19)), 0)

    def test_a_key_in_the_last_of_several_files(self):
        files = [self.file("a", b"text\n"), self.file("b", TRIGGER + body())]
        self.assert_status(run(*ONLY, "--check", *files), 1)

    def test_an_error_goes_before_a_key(self):
        key = self.file("a", TRIGGER + body())
        self.assert_message(run(*ONLY, "--check", key, self.path("missing")), 74, "missing")

    def test_standard_output_closed_does_not_matter(self):
        with open("/dev/full", "wb") as full:
            self.assert_status(run(*ONLY, "--check", data=TRIGGER + body(), stdout=full), 1)

    def test_with_statistics(self):
        result = run(*ONLY, "--check", "--stats", data=TRIGGER + body())
        self.assert_status(result, 1)
        self.assertRegex(result.stderr, TOTALS)


class Statistics(CommandTest):
    def stats(self, *args, data=b""):
        result = run("--stats", *args, data=data)
        self.assert_status(result, 0)
        totals, *rows, frames = result.stderr.splitlines()
        self.assertEqual(frames, b"keysieve: frames: raw")
        numbers = re.fullmatch(TOTALS, totals)
        self.assertIsNotNone(numbers, totals)
        found = [re.fullmatch(rb"keysieve: +(\d+)  ([a-z0-9-]+)", row) for row in rows]
        self.assertNotIn(None, found, result.stderr)
        return [int(n) for n in numbers.groups()], [(m[2].decode(), int(m[1])) for m in found]

    def test_totals_and_a_line_for_each_rule_that_found_something(self):
        rules = ("--rules", self.file("acme.yaml", RULE), "--only", ID + ",acme-api-key")
        key, acme = TRIGGER + body(), ACME + body(30, 2, ALNUM)
        log = b" ".join([acme, key, key, key, acme]) + b"\n"
        totals, rows = self.stats(*rules, data=log)
        self.assertEqual(totals, [len(log), 5, 3 * 95 + 2 * 30])
        self.assertEqual(rows, [(ID, 3), ("acme-api-key", 2)])

    def test_nothing_found(self):
        self.assertEqual(self.stats(*ONLY, data=b"text\n"), ([5, 0, 0], []))

    def test_several_files_are_one_sum(self):
        path = self.file("a", TRIGGER + body() + b"\n")
        totals, rows = self.stats(*ONLY, path, path)
        self.assertEqual((totals, rows), ([2 * (13 + 95 + 1), 2, 2 * 95], [(ID, 2)]))

    def test_nothing_of_the_secret_is_in_them(self):
        secret = body()
        result = run("--stats", data=b"x " + TRIGGER + secret + b"\n")
        self.assert_no_piece(result.stderr, secret)
        self.assertNotIn(TRIGGER, result.stderr)


if __name__ == "__main__":
    unittest.main()
