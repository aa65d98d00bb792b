# SPDX-License-Identifier: Apache-2.0
"""Rule files that switch rules, directories of them, and the directory that is read by default."""

import os
import unittest

from support import (ACME, ALNUM, ID, LONG, NOBODY, ONLY, RULE, TRIGGER, CommandTest, body, masked, run)

INDENTED = "".join("  " + line + "\n" for line in RULE.splitlines())


class Switches(CommandTest):
    def setUp(self):
        super().setUp()
        self.secret, self.acme = body(), body(30, 2, ALNUM)
        self.log = b"%s %s\n" % (TRIGGER + self.secret, ACME + self.acme)

    def masks(self, text, *secrets):
        """With this rule file, of the log these secrets are masked."""
        rules = self.file("a.yaml", text)
        result = run("--rules", rules, data=self.log, timeout=LONG)
        self.assert_done(result, masked(self.log, *secrets))

    def switches(self, text, *args):
        """What this rule file switches on and off of the built-in rules, its own ones, and args."""
        before, after = (self.states(*more) for more in ((), ("--rules", self.file("a.yaml", text), *args)))
        return {name: state for name, state in after.items() if before.get(name) != state}

    def states(self, *args):
        result = run("rules", "list", *args)
        self.assert_status(result, 0)
        rows = [line.split() for line in result.stdout.decode().splitlines()[1:]]
        return {row[0]: row[-1] for row in rows}

    def refused(self, text, place, *words):
        path = self.file("bad.yaml", text)
        result = run("--rules", path, data=b"text\n")
        self.assert_message(result, 78, f"{path}:{place}: ", *words)
        self.assertEqual(result.stdout, b"")

    def test_a_mapping_with_rules(self):
        self.masks("rules:\n" + RULE, self.secret, self.acme)
        self.assertEqual(self.switches("rules:\n" + INDENTED), {"acme-api-key": "on"})

    def test_disable_a_rule(self):
        self.masks(f"disable: [{ID}]\nrules:\n{RULE}", self.acme)
        self.assertEqual(self.switches(f"disable:\n  - {ID}\n  - sk-key\n"), {ID: "off", "sk-key": "off"})

    def test_disable_a_pack(self):
        self.masks(f"disable: [ai, carriers, cloud]\nrules:\n{RULE}", self.acme)

    def test_disable_a_rule_of_the_file(self):
        for name in ("acme-api-key", "user"):
            self.assertEqual(self.switches(f"rules:\n{RULE}disable: [{name}]\n"), {"acme-api-key": "off"})

    def test_enable_a_pack(self):
        secret = b"correct9Horse-battery"
        log = b"password=" + secret + b"\n"
        rules = self.file("a.yaml", "enable: [generic]\n")
        self.assert_done(run("--rules", rules, data=log, timeout=LONG), masked(log, secret))
        self.assert_done(run(data=log), log)

    def test_disable_wins_in_a_file(self):
        for text in (f"disable: [{ID}]\nenable: [{ID}]\n", f"enable: [ai]\ndisable: [{ID}]\n"):
            self.assertEqual(self.switches(text), {ID: "off"})

    def test_a_later_file_wins(self):
        self.assertEqual(self.switches(f"disable: [{ID}]\n", "--rules",
                                       self.file("b.yaml", f"enable: [{ID}]\n")), {})
        self.assertEqual(self.switches(f"enable: [{ID}]\n", "--rules",
                                       self.file("b.yaml", f"disable: [{ID}]\n")), {ID: "off"})

    def test_the_command_line_wins(self):
        self.assertEqual(self.switches(f"disable: [{ID}]\n", "--enable", ID), {})
        self.assertEqual(self.switches(f"enable: [{ID}]\n", "--disable", ID), {ID: "off"})
        states = self.states("--rules", self.file("a.yaml", f"disable: [{ID}]\n"), "--only", ID)
        self.assertEqual([name for name, state in states.items() if state == "on"], [ID])

    def test_a_rule_of_an_earlier_file(self):
        first = self.file("first.yaml", RULE)
        second = self.file("second.yaml", "disable: [acme-api-key]\n")
        self.assertEqual(self.states("--rules", first, "--rules", second)["acme-api-key"], "off")
        self.assert_message(run("--rules", second, "--rules", first), 78, f"{second}:1:11: ", "acme")

    def test_an_unknown_name(self):
        self.refused("disable: [no-such-rule]\n", "1:11", "no-such-rule")
        self.refused(f"enable:\n  - {ID}\n  - no-such-rule\n", "3:5", "no-such-rule")

    def test_an_unknown_name_that_is_no_id_is_not_shown(self):
        secret = body(60).decode()
        path = self.file("bad.yaml", f"disable: ['{secret}']\n")
        result = run("--rules", path)
        self.assert_message(result, 78, f"{path}:1:11: ")
        self.assert_no_piece(result.stderr, secret.encode())

    def test_a_wrong_form(self):
        self.refused("rules: text\n", "1:8", "list")
        self.refused(f"disable: {ID}\n", "1:10", "list")
        self.refused(f"disable: {{{ID}: 1}}\n", "1:10", "list")
        self.refused("enable: [[a]]\n", "1:10", "name")
        self.refused("enable: ['']\n", "1:10", "name")
        self.refused("text\n", "1:1", "list")

    def test_an_unknown_key(self):
        self.refused("rules: []\ncolour: red\n", "2:1", "colour")

    def test_a_key_twice(self):
        self.refused(f"disable: [{ID}]\ndisable: [sk-key]\n", "2:1", "disable")

    def test_nothing_at_all(self):
        for text in ("[]\n", "{}\n", "rules: []\n", "disable: []\n"):
            with self.subTest(text):
                self.assertEqual(self.switches(text), {})

    def test_a_wrong_file_switches_nothing(self):
        """Nothing is written, for it is not known what should be masked."""
        self.refused(f"enable: [{ID}]\nrules:\n- text\n", "3:3", "mapping")


class Directories(CommandTest):
    def setUp(self):
        super().setUp()
        self.acme = body(30, 2, ALNUM)
        os.mkdir(self.path("rules"))
        self.rules = ("--rules", self.path("rules"))

    def put(self, name, rule="acme"):
        self.file(os.path.join("rules", name), RULE.replace("acme", rule))

    def names(self, *args):
        """The ids of the rules that are not built in."""
        result = run("rules", "list", *args)
        self.assert_status(result, 0)
        return [line.split()[0].decode() for line in result.stdout.splitlines() if b" user " in line]

    def test_all_files_of_it(self):
        self.put("a.yaml")
        self.put("b.yaml", "other")
        self.assertEqual(self.names(*self.rules), ["acme-api-key", "other-api-key"])
        self.assertEqual(self.names("--rules", self.path("rules/")), ["acme-api-key", "other-api-key"])
        log = ACME + self.acme + b" other_live_" + self.acme
        result = run(*self.rules, "--only", "acme-api-key,other-api-key", data=log)
        self.assert_done(result, masked(log, self.acme))

    def test_by_name_whatever_was_written_first(self):
        for name in ("c", "10-z", "B", "9-a"):
            self.put(name + ".yaml", "x" + name.lower())
        self.assertEqual(self.names(*self.rules),
                         ["x10-z-api-key", "x9-a-api-key", "xb-api-key", "xc-api-key"])

    def test_nothing_but_visible_yaml_files(self):
        os.mkdir(self.path("rules/deeper"))
        os.mkdir(self.path("rules/directory.yaml"))
        for name in (".hidden.yaml", ".yaml", "a.yaml~", "a.yml", "README", "deeper/a.yaml",
                     "directory.yaml/b.yaml"):
            self.file(os.path.join("rules", name), "this is no rule file")
        self.assertEqual(self.names(*self.rules), [])

    def test_an_empty_one(self):
        self.assert_done(run(*self.rules, *ONLY, data=b"text\n"), b"text\n")

    def test_a_link_to_a_file(self):
        os.symlink(self.file("elsewhere", RULE), self.path("rules/a.yaml"))
        self.assertEqual(self.names(*self.rules), ["acme-api-key"])

    def test_a_link_to_nowhere(self):
        os.symlink("nowhere", self.path("rules/a.yaml"))
        self.assert_message(run(*self.rules), 78, "rules/a.yaml", "No such file")

    def test_a_file_in_it_that_is_wrong(self):
        self.put("a.yaml")
        path = self.file("rules/b.yaml", "- text\n")
        result = run(*self.rules, data=b"text\n")
        self.assert_message(result, 78, f"{path}:1:3: ")
        self.assertEqual(result.stdout, b"")

    @unittest.skipIf(os.geteuid() != 0, "needs root to run keysieve as somebody else")
    def test_one_that_cannot_be_read(self):
        os.chmod(self.path("rules"), 0o700)
        self.assert_message(run(*self.rules, user=NOBODY), 78, self.path("rules"), "Permission denied")

    @unittest.skipIf(os.geteuid() != 0, "needs root to run keysieve as somebody else")
    def test_a_file_in_it_that_cannot_be_read(self):
        self.put("a.yaml")
        os.chmod(self.path("rules/a.yaml"), 0)
        self.assert_message(run(*self.rules, user=NOBODY), 78, "rules/a.yaml", "Permission denied")

    # The directory that is read without being asked for; the tests put another one in its place.

    def test_the_default_directory(self):
        self.put("a.yaml")
        for args, env in ((("--rules-dir", self.path("rules")), {}),
                          ((), {"KEYSIEVE_RULES_DIR": self.path("rules")})):
            with self.subTest(args):
                log = ACME + self.acme
                result = run(*args, "--only", "acme-api-key", env=env, data=log)
                self.assert_done(result, masked(log, self.acme))

    def test_without_it(self):
        self.put("a.yaml")
        env = {"KEYSIEVE_RULES_DIR": self.path("rules")}
        for args, extra in ((("--no-rules-d",), {}), (("--rules-dir", "none"), {}),
                            (("--rules-dir", ""), {}), ((), {"KEYSIEVE_NO_RULES_D": "1"})):
            with self.subTest(args):
                result = run("rules", "list", *args, env={**env, **extra})
                self.assert_status(result, 0)
                self.assertNotIn(b"acme-api-key", result.stdout)

    def test_it_is_read_before_other_files(self):
        self.put("a.yaml")
        other = self.file("b.yaml", RULE.replace("acme_live_", "acme_test_"))
        log = b"acme_live_%s acme_test_%s\n" % (self.acme, self.acme[::-1])
        result = run("--rules", other, "--only", "acme-api-key", data=log,
                     env={"KEYSIEVE_RULES_DIR": self.path("rules")})
        self.assert_done(result, masked(log, self.acme[::-1]))

    def test_one_that_is_named_must_be_there(self):
        for name in ("missing", "file"):
            self.file("file", RULE)
            with self.subTest(name):
                self.assert_message(run("--rules-dir", self.path(name), data=b"text\n"), 78, name)

    def test_a_wrong_file_in_it_stops_everything(self):
        path = self.file("rules/a.yaml", "- text\n")
        result = run(env={"KEYSIEVE_RULES_DIR": self.path("rules")}, data=b"text\n")
        self.assert_message(result, 78, f"{path}:1:3: ")
        self.assertEqual(result.stdout, b"")


if __name__ == "__main__":
    unittest.main()
