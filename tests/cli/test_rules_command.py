# SPDX-License-Identifier: Apache-2.0
"""keysieve rules list, check and test: what they print, and each thing that they find."""

import json
import os
import re
import signal
import subprocess
import unittest

from support import (BINARY, ID, LONG, RULE, TIMEOUT, TRIGGER, CommandTest, body, environment, run,
                     run_shell)

FIELDS = {"id", "provider", "title", "kind", "pack", "enabled", "trigger", "body", "length", "boundary",
          "require", "refuse", "follow", "before", "revoke", "file", "line", "examples",
          "counterexamples"}


def messages(result):
    """The lines on stderr, without the name of the program."""
    lines = result.stderr.decode().splitlines()
    assert all(line.startswith("keysieve: ") for line in lines), result.stderr
    return [line.partition("keysieve: ")[2] for line in lines]


class Dispatch(CommandTest):
    def test_rules_alone_prints_its_usage(self):
        result = run("rules")
        self.assert_status(result, 2)
        self.assertEqual(result.stdout, b"")
        for word in (b"Usage: keysieve rules ", b"rules list", b"rules check", b"rules test"):
            self.assertIn(word, result.stderr)

    def test_an_unknown_command(self):
        self.assert_message(run("rules", "none"), 2, "'rules none'", "rules --help")
        self.assert_message(run("help", "none"), 2, "'none'", "--help")
        self.assert_message(run("help", "rules", "none"), 2, "none", "--help")

    def test_help(self):
        for args in (("rules", "--help"), ("help", "rules"), ("rules", "list", "--help"),
                     ("help", "rules", "list"), ("rules", "check", "-h"), ("help", "help"), ("help",)):
            with self.subTest(args):
                result = run(*args)
                self.assert_status(result, 0)
                self.assert_silent(result)
                lines = result.stdout.decode("ascii").splitlines()
                self.assertTrue(lines[0].startswith("Usage: keysieve"))
                self.assertEqual([line for line in lines if len(line) > 80 or line != line.rstrip()], [])
        self.assertEqual(run("help").stdout, run("--help").stdout)
        self.assertEqual(run("help", "rules", "test").stdout, run("rules", "test", "--help").stdout)

    def test_the_filters_help_names_every_command(self):
        text = run("--help").stdout.decode()
        for command in ("rules list", "rules check", "rules test", "rules explain", "help"):
            self.assertRegex(text, rf"(?m)^  {command} ")

    def test_options_belong_to_commands(self):
        self.assert_message(run("rules", "list", "--stats"), 2, "--stats", "rules list --help")
        self.assert_message(run("rules", "check", "--only", ID), 2, "--only", "rules check --help")
        self.assert_message(run("rules", "--json"), 2, "--json")
        self.assert_message(run("--json"), 2, "--json", "keysieve --help")
        self.assertNotIn(b"--stats", run("rules", "list", "--help").stdout)
        self.assertNotIn(b"--json", run("--help").stdout)

    def test_environment_variables_belong_to_commands_too(self):
        self.assert_message(run(env={"KEYSIEVE_CHECK": "maybe"}), 2, "KEYSIEVE_CHECK")
        self.assert_status(run("rules", "list", env={"KEYSIEVE_CHECK": "maybe"}), 0)
        json.loads(run("rules", "list", env={"KEYSIEVE_JSON": "1"}).stdout)

    def test_a_file_that_is_called_rules(self):
        log = self.file("rules", b"text\n")
        self.assert_done(run("./rules", cwd=self.directory), b"text\n")
        self.assert_done(run(log), b"text\n")
        self.assert_done(run("--", "rules", cwd=self.directory), b"text\n")

    def test_commands_come_first(self):
        self.file("list", b"text\n")
        self.file("rules", b"more\n")
        result = run("--only", ID, "rules", "list", cwd=self.directory)
        self.assert_done(result, b"more\ntext\n")


class Output(CommandTest):
    def test_full_and_closed(self):
        for args in (("rules", "list"), ("rules", "list", "--json"), ("rules", "test", "--only", ID),
                     ("help", "rules")):
            with self.subTest(args):
                self.assert_message(run_shell('"$@" >/dev/full', *args, timeout=LONG), 74,
                                    "standard output", "No space left on device")
        self.assert_message(run_shell('"$@" >&-', "rules", "list"), 74, "standard output")

    def gone(self, **popen):
        """The reader is gone before anything is written."""
        source, sink = os.pipe()
        os.close(source)
        process = subprocess.Popen([BINARY, "rules", "list", "--json"], stdout=sink,
                                   stderr=subprocess.PIPE, env=environment(), **popen)
        os.close(sink)
        errors = process.communicate(timeout=TIMEOUT)[1]
        return process.returncode, errors

    def test_no_reader(self):
        self.assertEqual(self.gone(), (-signal.SIGPIPE, b""))

    def test_no_reader_and_SIGPIPE_ignored(self):
        status, errors = self.gone(restore_signals=False)
        self.assertEqual(status, 74)
        self.assertIn(b"Broken pipe", errors)


class List(CommandTest):
    def rows(self, *args, **kwargs):
        result = run("rules", "list", *args, **kwargs)
        self.assert_status(result, 0)
        self.assert_silent(result)
        lines = result.stdout.decode().splitlines()
        self.assertEqual(lines[0].split(), ["ID", "PROVIDER", "KIND", "PACK", "IS"])
        rows = [re.fullmatch(r"([a-z0-9-]+) +(\S.*?) +(provider|carrier) +(\w+) +(on|off)", line)
                for line in lines[1:]]
        self.assertNotIn(None, rows)
        return {row[1]: row.groups()[1:] for row in rows}

    def objects(self, *args, **kwargs):
        result = run("rules", "list", "--json", *args, **kwargs)
        self.assert_status(result, 0)
        self.assert_silent(result)
        return {rule["id"]: rule for rule in json.loads(result.stdout.decode())}

    def test_the_table_fits_80_columns(self):
        result = run("rules", "list")
        self.assertLessEqual(max(map(len, result.stdout.decode().splitlines())), 80)

    def test_the_built_in_rules(self):
        rows = self.rows()
        self.assertEqual(rows[ID], ("Anthropic", "provider", "ai", "on"))
        self.assertEqual({row[2] for row in rows.values()}, {"ai", "carriers", "cloud", "generic"})
        self.assertTrue(all((row[3] == "on") == (row[2] != "generic") for row in rows.values()))

    def test_it_is_the_same_each_time(self):
        self.assertEqual(run("rules", "list").stdout, run("rules", "list").stdout)

    def test_what_is_on(self):
        def on(*args):
            return {key for key, row in self.rows(*args).items() if row[3] == "on"}
        everything = set(self.rows())
        self.assertEqual(on("--only", ID), {ID})
        self.assertEqual(on("--disable", ID), on() - {ID})
        self.assertEqual(on("--rules", "generic"), everything)
        self.assertEqual(on("--enable", "generic"), everything)

    def test_a_rule_of_a_file(self):
        rules = self.file("a.yaml", RULE)
        self.assertEqual(self.rows("--rules", rules)["acme-api-key"], ("-", "provider", "user", "on"))

    def test_a_rule_that_replaces_a_built_in_one(self):
        rules = self.file("a.yaml", RULE.replace("acme-api-key", ID))
        rows = self.rows("--rules", rules)
        self.assertEqual(rows[ID], ("-", "provider", "user", "on"))
        self.assertEqual(set(rows), set(self.rows()))

    def test_it_takes_no_files(self):
        self.assert_message(run("rules", "list", self.file("a.yaml", RULE)), 2, "--rules")

    def test_a_wrong_file(self):
        path = self.file("a.yaml", "- text\n")
        self.assert_message(run("rules", "list", "--rules", path), 78, f"{path}:1:3: ")

    def test_control_bytes_stay_out_of_the_terminal(self):
        rules = self.file("a.yaml", RULE + '  provider: "a\\e[31mb\\r\\n"\n')
        result = run("rules", "list", "--rules", rules)
        self.assertIn(b"a?[31mb??", result.stdout)
        self.assertNotRegex(result.stdout, rb"[\x00-\x09\x0b-\x1f\x7f]")

    def test_letters_beyond_ASCII_keep_the_columns(self):
        rules = self.file("a.yaml", RULE + "  provider: Über-Äcme\n")
        lines = run("rules", "list", "--rules", rules).stdout.decode().splitlines()
        self.assertEqual(len({len(line.rpartition(" ")[0]) for line in lines}), 1)

    def test_JSON(self):
        for rule in self.objects().values():
            self.assertEqual(set(rule), FIELDS)
        rule = self.objects()[ID]
        self.assertEqual((rule["provider"], rule["kind"], rule["pack"], rule["enabled"], rule["body"]),
                         ("Anthropic", "provider", "ai", True, "A-Za-z0-9_-"))
        self.assertEqual((rule["length"], rule["boundary"], rule["require"], rule["before"]),
                         ("20..", "none", [], None))
        self.assertEqual(rule["file"], "ai/anthropic.yaml")

    def test_JSON_of_all_keys(self):
        text = RULE.replace("24..", "24..40") + """\
  provider: Acme
  title: Acme key
  kind: carrier
  boundary: token
  require: [lower, digit]
  refuse: [placeholder]
  follow: '"'
  revoke: https://acme.example/keys
  counterexamples: ['a', 'b']
"""
        path = self.file("a.yaml", "\n" + text)
        rule = self.objects("--rules", path)["acme-api-key"]
        self.assertEqual(rule, {
            "id": "acme-api-key", "provider": "Acme", "title": "Acme key", "kind": "carrier",
            "pack": "user", "enabled": True, "trigger": "acme_live_", "body": "A-Za-z0-9",
            "length": "24..40", "boundary": "token", "require": ["digit", "lower"],
            "refuse": ["placeholder"], "follow": '"', "before": None,
            "revoke": "https://acme.example/keys", "file": path, "line": 2,
            "examples": ["ACME_KEY=acme_live_{body:32}"], "counterexamples": ["a", "b"]})

    def test_JSON_of_a_single_length(self):
        rules = self.file("a.yaml", RULE.replace("24..", "32"))
        self.assertEqual(self.objects("--rules", rules)["acme-api-key"]["length"], "32")

    def test_JSON_escapes(self):
        title = 'a"b\\c\t\x01\x7f/\u00e9\u20ac\U0001f511'
        written = '"a\\"b\\\\c\\t\\x01\\x7f/\u00e9\u20ac\U0001f511"'
        rules = self.file("a.yaml", RULE + f"  title: {written}\n")
        self.assertEqual(self.objects("--rules", rules)["acme-api-key"]["title"], title)

    def test_JSON_with_a_file_name_that_is_no_UTF_8(self):
        path = os.path.join(self.directory.encode(), b"\xff\xc3\xed\xa0\x80\xf8\xe2\x82.yaml")
        with open(path, "w", encoding="ascii") as file:
            file.write(RULE)
        name = self.objects("--rules", path)["acme-api-key"]["file"]
        self.assertRegex(name, "/\ufffd{8}\\.yaml$")

    def test_JSON_without_any_rule_on(self):
        self.assertTrue(all(not rule["enabled"] for rule in
                            self.objects("--only", ID, "--disable", ID).values()))


class Check(CommandTest):
    def checks(self, *texts):
        """Check these files. Returns what was complained of: (file's number, place, message)."""
        paths = [self.file(f"{i}.yaml", text) for i, text in enumerate(texts)]
        result = run("rules", "check", *paths, timeout=LONG)
        found = []
        for message in messages(result):
            match = re.fullmatch(re.escape(self.directory) + r"/(\d)\.yaml:(\d+:\d+): (.*)", message)
            self.assertIsNotNone(match, message)
            found.append((int(match[1]), match[2], match[3]))
        self.result = result
        return found

    def assert_complaints(self, found, *wanted):
        self.assertEqual([(number, place) for number, place, _ in found],
                         [(number, place) for number, place, _ in wanted], found)
        for (_, _, message), (_, _, word) in zip(found, wanted):
            self.assertIn(word, message)

    def test_a_right_file_and_what_it_costs(self):
        self.assertEqual(self.checks(RULE), [])
        self.assert_status(self.result, 0)
        lines = self.result.stdout.decode().splitlines()
        self.assertRegex(lines[-1], r"^rules: 1; examples and counterexamples: 1; cuts: \d+; errors: 0; "
                                    r"warnings: 0$")
        costs = {re.split(r"  +", line)[0]: list(map(int, line.split()[-5:])) for line in lines[1:-1]}
        self.assertEqual(list(costs), ["built-in rules", "rules of the files", "all together"])
        built_in, own, both = costs.values()
        self.assertEqual(own[0], 1)
        self.assertEqual(both[0], built_in[0] + 1)
        self.assertTrue(all(0 < number for cost in costs.values() for number in cost))
        self.assertLess(own[1], both[1])
        self.assertLess(own[4], both[4])
        self.assertLessEqual(max(map(len, lines)), 80)

    def test_without_files(self):
        result = run("rules", "check", timeout=LONG)
        self.assert_status(result, 0)
        self.assert_silent(result)
        self.assertRegex(result.stdout, rb"errors: 0;")
        self.assertIn(b"built-in rules", result.stdout)
        self.assertNotIn(b"all together", result.stdout)

    def test_the_rules_directory_is_checked_if_no_file_is_named(self):
        os.mkdir(self.path("rules"))
        self.file("rules/a.yaml", RULE)
        path = self.file("rules/b.yaml", RULE)
        env = {"KEYSIEVE_RULES_DIR": self.path("rules")}
        result = run("rules", "check", env=env, timeout=LONG)
        self.assert_message(result, 78, f"{path}:1:3: ", "rules/a.yaml:1")
        self.assertIn(b"all together", result.stdout)
        self.assert_status(run("rules", "check", "--no-rules-d", env=env, timeout=LONG), 0)
        self.assert_status(run("rules", "check", path, env=env, timeout=LONG), 0)

    def test_everything_that_is_wrong_in_one_run(self):
        found = self.checks(RULE + """\
- id: Second
  trigger: 'a*'
  colour: red
- id: third
  trigger: 'third_('
  body: 'z-a'
  length: 20..
  examples: ['x']
- id: fourth
  body: 'a'
  length: 20-
""", "- text\n", """\
rules:
- id: fifth
  trigger: 'fifth_'
  body: 'a-z'
  length: 10..
  examples: ['fifth_{body:9}', 'fifth_{body:10}', 'fifth_{body:0}']
disable: [no-such-rule]
""")
        self.assert_status(self.result, 78)
        self.assert_complaints(
            found,
            (0, "9:3", "colour"), (0, "7:3", "'body'"), (0, "7:3", "'length'"), (0, "7:3", "'examples'"),
            (0, "7:7", "id"), (0, "8:12", "bounded"), (0, "12:9", "body"), (0, "11:12", "trigger"),
            (0, "15:3", "'trigger'"), (0, "15:3", "'examples'"), (0, "17:11", "length"),
            (1, "1:3", "mapping"),
            (2, "7:11", "no-such-rule"), (2, "6:14", "example 1, cut at 0, byte 6: "),
            (2, "6:51", "placeholder"))

    def test_wrong_examples(self):
        found = self.checks(RULE.replace("{body:32}'", "{body:23}'") + """\
    - 'ACME_KEY=acme_live_{body:32}'
    - 'ACME_KEY=acme_live_{body:0}'
  counterexamples:
    - 'acme_live_{alnum:23}'
    - 'acme_live_{alnum:24}'
""")
        self.assert_status(self.result, 78)
        self.assert_complaints(found, (0, "6:7", "example 1, cut at 0, byte 19: "),
                               (0, "8:7", "placeholder"),
                               (0, "11:7", "counterexample 2, cut at 0, byte 10: "))

    def test_ids_twice(self):
        other = RULE.replace("acme-api-key", ID).replace("acme", "other")
        found = self.checks(RULE + RULE, RULE, other, other)
        self.assert_complaints(found, (0, "7:3", "acme-api-key"), (1, "1:3", "0.yaml:1"),
                               (3, "1:3", "2.yaml:1"))

    def test_a_switch_of_an_unknown_rule(self):
        self.assert_complaints(self.checks("disable: [acme-api-key]\n", RULE,
                                           "disable: [acme-api-key]\n"), (0, "1:11", "acme-api-key"))

    def with_triggers(self, **triggers):
        """A file with a rule for each trigger. keys are what they match."""
        return "".join(f"""\
- id: rule-{n}
  trigger: '{trigger}'
  body: 'A-Z'
  length: 64..
  examples: ['{match.rstrip("_0123456789")}{{body:64}}']
""" for n, (match, trigger) in enumerate(triggers.items()))

    def test_a_wrong_allow_list(self):
        rule = f"rules:\n{RULE}allow:\n"
        self.assert_complaints(self.checks(rule + "  - run: '('\n"), (0, "9:5", "run: "))
        self.assert_complaints(self.checks(rule + "  - hash: 'blake2b:00'\n"), (0, "9:11", ""))
        self.assertEqual(self.checks(rule + "  - run: 'a{30}'\n"), [])
        self.assert_status(self.result, 0)

    def test_a_trigger_without_fixed_bytes(self):
        triggers = {"abcd_": "[a-z]{4}", "a": "a|bcd", "axbyc": "a[a-z]b[a-z]c", "xyz": ".{3}",
                    "d": "(?:abc)?d", "q": "[^a]?q", "xb": "[^a]b", "abcd": "(?<n>abc)d"}
        found = self.checks(self.with_triggers(**triggers))
        found = [(place, message) for _, place, message in found if ": trigger: " in message]
        self.assertEqual([place for place, _ in found], [f"{5 * n + 2}:12" for n in range(len(triggers))])
        for _, message in found:
            self.assertIn("no 2 fixed bytes", message)
        self.assert_status(self.result, 78)

    def test_a_trigger_with_two_fixed_bytes(self):
        triggers = {"ab": "ab", "ab_1": "[0-9]{0,3}ab", "abc": "(?:abc|ab)", "ab_2": "(?i)ab",
                    "ac": "a(?:b|c)", "ab_3": "a\\x62", "af": "a[b-i]"}
        found = self.checks(self.with_triggers(**triggers))
        found = [(place, message) for _, place, message in found if ": trigger: " in message]
        self.assertEqual([place for place, _ in found], [f"{5 * n + 2}:12" for n in range(len(triggers))])
        for _, message in found:
            self.assertTrue(message.startswith("warning: "), message)
        self.assertIn(b"; warnings: %d\n" % len(triggers), self.result.stdout)

    def test_warnings_and_triggers_with_enough_fixed_bytes(self):
        triggers = {"abc": "abc", "ybc": "[0-9]{0,3}ybc", "xaac": "(?:x?ab|aa|ab)c", "ABC": "(?i)ABC",
                    "azc": "a[bz]c", "aqc": "a(?:w|q)c", "a-c": "(?:a){1}(?:-|\\.)c", "bbc": "(b)bc",
                    "a+c": "\\x61\\x{2b}c", "agc": "a[d-k]c", "zbb": "zb{2}", "baba": "(?:ba){2}",
                    "awb\"": "awb{quote}", "def": "ghi|def", "1efgh2efg": "[12]?efgh?i?[12]?efg"}
        found = self.checks(self.with_triggers(**triggers), RULE.replace("acme_live_", "Ab"))
        self.assert_complaints([of for of in found if ": trigger: " in of[2]], (1, "2:12", "warning: "))

    def test_an_expression_that_only_the_compiler_refuses(self):
        found = self.checks(RULE.replace("'acme_live_'", "'acme\\Blive_'"))
        self.assertEqual(found[0][:2], (0, "2:12"))

    def test_files_that_cannot_be_read(self):
        missing, wrong = self.path("missing.yaml"), self.file("wrong.yaml", "- text\n")
        result = run("rules", "check", missing, wrong, self.path("nowhere/x.yaml"), timeout=LONG)
        self.assert_status(result, 78)
        found = messages(result)
        self.assertEqual(len(found), 3)
        self.assertIn("missing.yaml: No such file", found[0])
        self.assertIn(f"{wrong}:1:3: ", found[1])
        self.assertIn("nowhere/x.yaml: No such file", found[2])

    def test_a_directory(self):
        os.mkdir(self.path("rules"))
        self.file("rules/b.yaml", "- text\n")
        self.file("rules/a.yaml", "- more\n")
        found = messages(run("rules", "check", self.path("rules"), timeout=LONG))
        self.assertEqual([message.partition(self.directory)[2][:17] for message in found],
                         ["/rules/a.yaml:1:3", "/rules/b.yaml:1:3"])

    def test_a_log_does_not_show(self):
        secret = body(40, 3)
        log = (b"2026-01-01 key: " + TRIGGER + secret + b"\n" + secret + b": " + secret + b"\n"
               + b"- " + secret + b"\n") * 3
        for data in (log, b"disable: [" + secret + b"]\n", b"- id: " + secret + b"\n", secret,
                     b"- {" + secret + b": " + secret + b"}\n", b"{" + secret + b": 1}",
                     b"- id: a\n  kind: " + secret + b"\n"):
            with self.subTest(data[:20]):
                for args in (("rules", "check", "%"), ("rules", "test", "%"), ("--rules", "%"),
                             ("rules", "list", "--rules", "%")):
                    path = self.file("log", data)
                    result = run(*(path if arg == "%" else arg for arg in args), timeout=LONG)
                    self.assert_status(result, 78)
                    self.assert_no_piece(result.stdout + result.stderr, secret)


class Test(CommandTest):
    def test_all_rules(self):
        result = run("rules", "test", timeout=LONG)
        self.assert_status(result, 0)
        self.assert_silent(result)
        self.assertRegex(result.stdout, rb"\Arules: \d+; examples and counterexamples: \d+; cuts: \d+; "
                                        rb"failed: 0\n\Z")

    def test_the_rules_of_files_alone(self):
        path = self.file("a.yaml", RULE + "  counterexamples: [a]\n")
        for args in ((path,), (path, "--rules", self.file("b.yaml", RULE.replace("acme", "other")))):
            result = run("rules", "test", *args, "--only", "user", timeout=LONG)
            self.assert_done(result, b"rules: 1; examples and counterexamples: 2; cuts: 54; failed: 0\n")

    def test_rules_that_are_off_are_not_tried(self):
        path = self.file("a.yaml", RULE)
        result = run("rules", "test", path, "--only", ID)
        self.assertRegex(result.stdout, rb"\Arules: 0;")
        self.assertRegex(run("rules", "test", "--only", ID).stdout, rb"\Arules: 1;")

    def test_failures_name_all_but_the_text(self):
        path = self.file("a.yaml", RULE.replace("24..", "40..") + """\
    - 'acme_live_{body:39}'
    - 'acme_live_{body:40}'
- id: second
  trigger: 'second_'
  body: 'a-z'
  length: 4..
  examples: ['second_{body:4}']
  counterexamples: ['no', 'yes second_abcdefgh']
""")
        result = run("rules", "test", path, "--only", "user")
        self.assert_status(result, 78)
        found = messages(result)
        self.assertEqual([message.partition(": ")[0] for message in found],
                         [f"{path}:6:7", f"{path}:7:7", f"{path}:14:27"])
        self.assertIn("rule acme-api-key: example 1, cut at 0, byte 19: ", found[0])
        self.assertIn("rule acme-api-key: example 2, cut at 0, byte 10: ", found[1])
        self.assertIn("rule second: counterexample 2, cut at 0, byte 11: ", found[2])
        self.assertNotIn(b"abcdefgh", result.stderr)
        self.assertIn(b"failed: 3", result.stdout)

    def test_a_failure_of_one_rule_through_another(self):
        path = self.file("a.yaml", RULE + RULE.replace("acme-api-key", "other").replace("live_'", "'"))
        result = run("rules", "test", path, "--only", "user")
        self.assert_message(result, 78, "rule other: example 1", "another rule's")

    def test_a_wrong_file(self):
        path = self.file("a.yaml", "- text\n")
        self.assert_message(run("rules", "test", path), 78, f"{path}:1:3: ")

    def test_no_rule_is_on(self):
        self.assert_message(run("rules", "test", "--only", ID, "--disable", ID), 78, "no rule")


if __name__ == "__main__":
    unittest.main()
