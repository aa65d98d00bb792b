# SPDX-License-Identifier: Apache-2.0
"""The configuration file, and keysieve check-config."""

import os
import unittest

import yaml

from support import ACME, ALNUM, ID, ONLY, RULE, TRIGGER, CommandTest, body, masked, run, some
from test_completion import commands, help_options

# What has no place in a file, and what has one only in a section.
COMMAND_LINE = {"--help", "--version", "--config", "--man", "--in-place", "--check"}
VALUES = {"threads": "2", "ledger-max-size": "1M", "metrics-listen": "9464", "mask": "fill", "fill-char": "'#'", "keep-last": 2,
          "frame": "raw", "sandbox": "auto"}


class ConfigTest(CommandTest):
    def config(self, text, name="keysieve.yaml"):
        return self.file(name, text)

    def with_config(self, text, *args, **more):
        return run(*args, "--config", self.config(text), **more)

    def refused(self, text, *wanted):
        """wanted: line:column, and words of the message."""
        result = self.with_config(text, data=b"text\n")
        self.assert_message(result, 78, "keysieve.yaml:" + wanted[0], *wanted[1:])
        self.assertEqual(result.stdout, b"")


class Options(ConfigTest):
    def setUp(self):
        super().setUp()
        self.secret = body()
        self.log = b"x " + TRIGGER + self.secret + b"\n"

    def test_a_value_a_list_and_a_switch(self):
        result = self.with_config(f"only: [{ID}]\nfill-char: '#'\nstats: true\n", data=self.log)
        self.assertEqual(result.stdout, self.log.replace(self.secret, b"#" * 95))
        self.assertIn(b" 1 findings", result.stderr)

    def test_a_list_may_be_one_value_and_names_may_be_separated_by_commas(self):
        self.file("acme.yaml", RULE)
        for text in (f"only: {ID}", f"only: '{ID}, acme-api-key'", f"only:\n  - {ID}\n  - acme-api-key"):
            with self.subTest(text):
                result = self.with_config(f"rules: acme.yaml\n{text}\n", data=self.log)
                self.assert_done(result, masked(self.log, self.secret))

    def test_switches(self):
        for word, is_on in (("true", True), ("yes", True), ("On", True), ("false", False), ("no", False)):
            with self.subTest(word):
                result = self.with_config(f"only: {ID}\nstats: {word}\n", data=self.log)
                self.assertEqual(b"findings" in result.stderr, is_on)

    def test_paths_are_beside_the_file(self):
        acme = body(30, 2, ALNUM)
        self.file("acme.yaml", RULE)
        os.mkdir(self.path("empty"))
        result = self.with_config("rules: [acme.yaml]\nrules-dir: empty\nonly: acme-api-key\nfilter: {output: out}\n",
                                  data=ACME + acme, cwd="/")
        self.assert_done(result, b"")
        self.assert_bytes(self.content(self.path("out")), masked(ACME + acme, acme))

    def test_words_that_are_no_paths(self):
        result = self.with_config("rules: generic\nrules-dir: none\nonly: password\n", data=b"password=hunter2x9\n")
        self.assert_done(result, masked(b"password=hunter2x9\n", b"hunter2x9"))

    def test_a_descriptor_is_no_path(self):
        result = run("check-config", "--config", self.config("ledger: fd:3\nonly: nothing\n"), "filter")
        self.assertIn(b"  ledger: 'fd:3'  #", result.stdout)

    def test_the_environment_names_the_file(self):
        path = self.config(f"only: {ID}\nfill-char: '#'\n")
        result = run(data=self.log, env={"KEYSIEVE_CONFIG": path})
        self.assert_done(result, self.log.replace(self.secret, b"#" * 95))

    def test_no_file(self):
        for name in ("none", ""):
            self.assert_done(run(*ONLY, "--config", name, data=self.log, env={"KEYSIEVE_CONFIG": "/missing"}),
                             masked(self.log, self.secret))

    def test_a_file_without_settings(self):
        for text in ("", "# nothing\n", "---\n", "{}\n", "follow:\n", "filter: {}\n"):
            with self.subTest(text):
                self.assert_done(self.with_config(text, *ONLY, data=self.log), masked(self.log, self.secret))
        self.assert_done(run(*ONLY, "--config", "/dev/null", data=self.log), masked(self.log, self.secret))

    def test_every_option_of_every_command_has_its_place(self):
        """A new option has to say where it may stand: it is tried here as soon as it is in --help."""
        for words in (["filter"], *commands()):
            of_help = help_options(*([] if words == ["filter"] else words))
            for option in some(sorted(set(of_help) - COMMAND_LINE)):
                with self.subTest(f"{words} {option}"):
                    name = option[2:]
                    texts = [f"{' '.join(words)}: {{{name}: {value}}}\n"
                             for value in (VALUES.get(name, "/x"), "true", "2026-01-01", "1h")]
                    self.assertTrue(any(run("check-config", "--config", self.config(text), "rules",
                                            "import").returncode == 0 for text in texts))


class Order(ConfigTest):
    def source(self, *args, text, env=None):
        """What check-config says of --fill-char: value and source."""
        path = self.config(text)
        result = run("check-config", "--config", path, *args, env=env)
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = [line for line in result.stdout.decode().splitlines() if "fill-char" in line]
        return lines[0].strip().replace(path, "FILE") if lines else None

    def test_command_line_environment_file(self):
        text, env = "fill-char: a\n", {"KEYSIEVE_FILL_CHAR": "b"}
        self.assertEqual(self.source("filter", "--fill-char", "c", text=text, env=env), "fill-char: c  # command line")
        self.assertEqual(self.source("filter", text=text, env=env), "fill-char: b  # KEYSIEVE_FILL_CHAR")
        self.assertEqual(self.source("filter", text=text), "fill-char: a  # FILE:1")

    def test_a_section_goes_before_the_top(self):
        for text in ("fill-char: a\nfollow:\n  fill-char: b\n", "follow:\n  fill-char: b\nfill-char: a\n"):
            line = 1 + text[:text.index("fill-char: b")].count("\n")
            self.assertEqual(self.source("follow", text=text), f"fill-char: b  # FILE:{line}")
            self.assertTrue(self.source("filter", text=text).startswith("fill-char: a"))

    def test_an_empty_variable_is_none(self):
        self.assertEqual(self.source("filter", text="fill-char: a\n", env={"KEYSIEVE_FILL_CHAR": ""}),
                         "fill-char: a  # FILE:1")

    def test_lists_are_replaced(self):
        log = TRIGGER + body()
        text = f"only: {ID}\ndisable: {ID}\n"
        self.assert_status(self.with_config(text, data=log), 78)  # nothing is left
        result = self.with_config(text, "--disable", "openai-api-key", data=log)
        self.assert_done(result, masked(log, body()))
        result = self.with_config(text, data=log, env={"KEYSIEVE_DISABLE": "openai-api-key"})
        self.assert_done(result, masked(log, body()))
        self.assert_done(self.with_config(text + "filter: {disable: []}\n", data=log), masked(log, body()))

    def test_a_variable_switches_off(self):
        text = f"only: {ID}\nstats: true\n"
        self.assert_silent(self.with_config(text, env={"KEYSIEVE_STATS": "0"}))
        self.assertIn(b"findings", self.with_config(text).stderr)

    def test_options_of_other_commands_are_passed_over(self):
        text = f"only: {ID}\nfrom-start: true\nkeep-last: 3\njson: true\nfollow: {{state: /x/y}}\n"
        self.assert_done(self.with_config(text, data=b"text\n"), b"text\n")
        self.assertIn(b'"id"', self.with_config(text, "rules", "list").stdout)

    def test_help_and_version_need_no_file(self):
        for args in (("--help",), ("--version",), ("follow", "--help")):
            self.assert_status(run(*args, env={"KEYSIEVE_CONFIG": "/missing"}), 0)
        self.assert_status(run("help", env={"KEYSIEVE_CONFIG": "/missing"}), 0)


class Mistakes(ConfigTest):
    def test_each_is_named_with_its_place(self):
        for text, *wanted in (
                ("nonsense: 1\n", "1:1", "unknown key 'nonsense'"),
                ("stats: true\nstats: false\n", "2:1", "second key 'stats'"),
                ("stats: 1\n", "1:8", "true or false"),
                ("stats: 'true'\n", "1:8", "true or false"),
                ("stats: maybe\n", "1:8", "true or false"),
                ("stats:\n", "1:7", "true or false"),
                ("mask: nonsense\n", "1:7", "mask: must be fill, tag"),
                ("# x\nkeep-last: 5\n", "2:12", "keep-last: must be"),
                ("keep-last: [1]\n", "1:12", "one value"),
                ("frame: {a: b}\n", "1:8", "one value"),
                ("frame: no\n", "1:8", "quotes"),
                ("frame:\n", "1:7", "quotes"),
                ("rules: [a.yaml, [b.yaml]]\n", "1:17", "one value"),
                ("rules: ['']\n", "1:9", "quotes"),
                ("only: ','\n", "1:7", "has none"),
                ("fill-char: '\"'\n", "1:12", "fill-char: must be"),
                ("in-place: true\n", "1:1", "only the command line", "in-place"),
                ("check: true\n", "1:1", "only the command line", "check"),
                ("help: true\n", "1:1", "only the command line", "help"),
                ("config: x\n", "1:1", "only the command line", "config"),
                ("output: /x\n", "1:1", "under the name of one", "output"),
                ("follow: {gzip: true}\n", "1:10", "keysieve follow has no option 'gzip'"),
                ("follow: {nonsense: true}\n", "1:10", "unknown key"),
                ("follow: {state: /x, state: /y}\n", "1:21", "second key"),
                ("follow: {}\nfollow: {}\n", "2:1", "second key"),
                ("filter: [a]\n", "1:1", "options, name: value"),
                ("key: {a: b}\n", "1:1", "no command"),
                ("nothing: {a: b}\n", "1:1", "no command"),
                ("stats: {a: b}\n", "1:8", "true or false"),
                ("- mask: fill\n", "1:1", "options"),
                ("text\n", "1:1", "options"),
                ("mask: fill\n---\nmask: tag\n", "3:1", "second document"),
                ("mask: [\n", "2:1"),
                ("mask: fill\n\tx: y\n", "2:1"),
                ("mask: \"\\0\"\n", "1:7"),
                ("? [a]\n: b\n", "1:3", "unknown key")):
            with self.subTest(text):
                self.refused(text, *wanted)

    def test_all_of_them_in_one_run(self):
        result = self.with_config("mask: x\nmask: fill\nframe: y\nfollow:\n  gzip: true\n  keep-last: 9\n")
        lines = result.stderr.decode().splitlines()
        self.assertEqual([line.split("keysieve.yaml:")[1].split(" ")[0] for line in lines],
                         ["1:7:", "2:1:", "3:8:", "5:3:", "6:14:"])

    def test_values_for_other_commands_too(self):
        self.refused("follow: {keep-last: 9}\n", "1:21", "keep-last")

    def test_nothing_of_a_log_given_by_mistake_is_shown(self):
        secret = body()
        for before, behind in (("", ""), ("", ": x"), ("- ", ""), ("mask: ", ""), ("", ": {x: y}"), ("stats: ", ""),
                               ("follow: {", ": x}")):
            result = self.with_config(before + secret.decode() + behind)
            self.assert_status(result, 78)
            self.assert_no_piece(result.stderr, secret)

    def test_a_missing_file(self):
        self.assert_message(run("--config", self.path("missing")), 78, "missing", "No such file")
        self.assert_message(run(env={"KEYSIEVE_CONFIG": self.path("missing")}), 78, "missing")
        self.assert_message(run("--config", self.directory), 78, "Is a directory")

    def test_a_file_that_everybody_may_write(self):
        path = self.config("stats: false\n")
        for mode, status in ((0o602, 78), (0o666, 78), (0o664, 0), (0o644, 0), (0o600, 0)):
            with self.subTest(oct(mode)):
                os.chmod(path, mode)
                self.assert_status(run(*ONLY, "--config", path, data=b"text\n"), status)
        os.chmod(path, 0o666)
        self.assert_message(run(*ONLY, "--config", path), 78, path, "everybody")

    def test_a_huge_file(self):
        self.assert_message(self.with_config("#" * (1 << 21)), 78, "too large")

    def test_an_unknown_rule(self):
        self.assert_message(self.with_config("enable: no-such-rule\n"), 2, "no-such-rule")


class CheckConfig(ConfigTest):
    def check(self, text, *args, status=0, **more):
        result = run("check-config", "--config", self.config(text), *args, **more)
        self.assertEqual(result.returncode, status, result.stderr)
        return result

    def printed(self, text, *args):
        """What it prints, without the variables that all these tests have."""
        found = yaml.safe_load(self.check(text, *args).stdout)
        for section in found.values():
            for name in ("rules-dir", "cache-dir", "sandbox"):
                section.pop(name, None)
        return found

    def test_what_it_prints_is_a_configuration(self):
        key = self.path("key")
        self.assert_status(run("key", "new", key), 0)
        self.file("it's.yaml", RULE)
        text = ("mask: fill-hash\nkey-file: key\nfill-char: '#'\nrules: [\"it's.yaml\", generic]\nenable: []\nstats: no\n"
                "only: acme-api-key\nfollow: {state: s, keep-last: 0}\n")
        first = self.printed(text)
        self.assertEqual(first["follow"], {
            "mask": "fill-hash", "key-file": key, "fill-char": "#", "rules": [self.path("it's.yaml"), "generic"],
            "only": ["acme-api-key"], "enable": [], "stats": False, "state": self.path("s"), "keep-last": 0})
        self.assertEqual(self.printed(yaml.safe_dump(first)), first)

    def test_the_commands_that_mask_and_those_with_a_section(self):
        found = self.printed("rules list: {json: true}\n")
        self.assertEqual({key: found[key] for key in ("filter", "follow", "rules list")},
                         {"filter": {}, "follow": {}, "rules list": {"json": True}})
        self.assertNotIn("rules check", found)

    def test_one_command_with_its_options(self):
        self.assertEqual(self.printed("mask: fill\n", "rules", "list", "--json", "--only", ID),
                         {"rules list": {"json": True, "only": [ID]}})

    def test_rules_and_the_key_are_looked_at(self):
        self.file("wrong.yaml", RULE.replace("24..", "x"))
        self.file("key", "nonsense")
        for text, *wanted in (("rules: wrong.yaml\n", "wrong.yaml:4:"), ("rules: missing.yaml\n", "missing.yaml"),
                              ("key-file: missing\n", "missing"), ("key-file: key\n", "key"),
                              ("enable: nonsense\n", "nonsense"), ("mask: fill-hash\n", "--key-file"),
                              ("follow: {mask: tag}\n", "fill-hash"), ("only: []\nmask: x\n", "2:7")):
            with self.subTest(text):
                self.assert_message(self.check(text, status=78), 78, *wanted)

    def test_no_file(self):
        result = run("check-config", env={"KEYSIEVE_CONFIG": "none", "KEYSIEVE_CACHE_DIR": "none",
                                          "KEYSIEVE_SANDBOX": ""})
        self.assert_status(result, 0)
        self.assertTrue(result.stdout.startswith(
            b"# no configuration file\nfilter:\n  rules-dir: none  # KEYSIEVE_RULES_DIR\n"
            b"  cache-dir: none  # KEYSIEVE_CACHE_DIR\nfollow:\n"))

    def test_nothing_is_read_or_written(self):
        out, log = self.path("out"), self.file("log", b"text\n")
        self.assert_status(self.check(f"filter: {{output: {out}}}\n", "filter", log), 0)
        self.assertFalse(os.path.exists(out))

    def test_usage(self):
        for args in (("nonsense",), ("rules",), ("help",), ("key", "new"), ("completion",), ("--stats",)):
            with self.subTest(args):
                self.assert_status(run("check-config", *args), 2)


if __name__ == "__main__":
    unittest.main()
