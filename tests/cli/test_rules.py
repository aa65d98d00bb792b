# SPDX-License-Identifier: Apache-2.0
"""Rule files from the command line, and each way in which one can be wrong: FILE:LINE:COLUMN and 78."""

import os
import unittest

from support import (ACME, ALNUM, ID, LONG, ONLY, RULE, TRIGGER, CommandTest, body, masked, run)


class GoodFiles(CommandTest):
    def test_a_file_adds_a_rule(self):
        secret = body(30, 2, ALNUM)
        log = b"x " + ACME + secret + b" y\n"
        result = run("--rules", self.file("a.yaml", RULE), "--only", "acme-api-key", data=log)
        self.assert_done(result, masked(log, secret))

    def test_it_adds_to_the_built_in_rules(self):
        acme, secret = body(30, 2, ALNUM), body()
        log = b"x " + ACME + acme + b" " + TRIGGER + secret + b"\n"
        result = run("--rules", self.file("a.yaml", RULE), data=log, timeout=LONG)
        self.assert_done(result, masked(log, acme, secret))

    def test_a_rule_with_a_known_id_replaces_the_built_in(self):
        acme = body(30, 2, ALNUM)
        log = b"x " + ACME + acme + b" " + TRIGGER + body() + b"\n"
        rules = self.file("a.yaml", RULE.replace("acme-api-key", ID))
        self.assert_done(run("--rules", rules, *ONLY, data=log), masked(log, acme))

    def test_a_later_file_replaces_an_earlier_one(self):
        acme = body(30, 2, ALNUM)
        log = b"acme_live_%s acme_test_%s\n" % (acme, acme[::-1])
        files = ("--rules", self.file("a.yaml", RULE),
                 "--rules", self.file("b.yaml", RULE.replace("acme_live_", "acme_test_")))
        self.assert_done(run(*files, "--only", "acme-api-key", data=log), masked(log, acme[::-1]))

    def test_several_rules_in_a_file(self):
        acme = body(30, 2, ALNUM)
        log = b"acme_live_%s other_live_%s\n" % (acme, acme)
        rules = self.file("a.yaml", RULE + RULE.replace("acme", "other"))
        result = run("--rules", rules, "--only", "acme-api-key,other-api-key", data=log)
        self.assert_done(result, masked(log, acme))

    def test_a_byte_order_mark_and_CRLF(self):
        acme = body(30, 2, ALNUM)
        rules = self.file("a.yaml", b"\xef\xbb\xbf" + RULE.replace("\n", "\r\n").encode())
        result = run("--rules", rules, "--only", "acme-api-key", data=ACME + acme)
        self.assert_done(result, ACME + b"*" * 30)

    def test_rules_from_a_pipe(self):
        acme = body(30, 2, ALNUM)
        source, sink = os.pipe()
        os.write(sink, RULE.encode())
        os.close(sink)
        result = run("--rules", f"/dev/fd/{source}", "--only", "acme-api-key", data=ACME + acme,
                     pass_fds=[source])
        os.close(source)
        self.assert_done(result, ACME + b"*" * 30)


class BadFiles(CommandTest):
    def refused(self, text, place, *words):
        """The rule file is refused: message at LINE:COLUMN, status 78, nothing is written."""
        path = self.file("bad.yaml", text)
        result = run("--rules", path, data=b"text\n")
        self.assert_message(result, 78, *words)
        self.assertEqual(result.stdout, b"")
        text = result.stderr.decode()
        prefix = f"keysieve: {path}:{place}: " if place else f"keysieve: {path}:"
        self.assertTrue(text.startswith(prefix), f"{text!r} should start with {prefix!r}")

    def changed(self, key, value):
        """RULE with one line changed to 'key: value', or without it."""
        lines = [line for line in RULE.splitlines() if not line.strip(" -").startswith(key + ":")]
        if value is not None:
            lines.insert(1, f"  {key}: {value}")
        return "\n".join(lines) + "\n"

    def test_bad_YAML(self):
        self.refused(RULE + "- id: [\n", None)

    def test_bad_indentation(self):
        self.refused("- id: a\n   title: b\n", "2:9")

    def test_no_list(self):
        self.refused("id: a\n", "1:1", "list")

    def test_a_rule_that_is_a_text(self):
        self.refused(RULE + "- text\n", "7:3", "mapping")

    def test_an_unknown_key(self):
        self.refused(self.changed("colour", "red"), "2:3", "colour")

    def test_a_key_twice(self):
        self.refused(RULE + "  body: 'a-z'\n", "7:3", "body")

    def test_a_missing_key(self):
        for key in ("trigger", "body", "length"):
            with self.subTest(key):
                self.refused(self.changed(key, None), "1:3", key)
        with self.subTest("id"):
            self.refused("- title: a\n" + RULE.replace("- id: acme-api-key\n", ""), "1:3", "'id'")
        with self.subTest("examples"):
            self.refused("".join(RULE.splitlines(True)[:4]), "1:3", "examples")

    def test_a_trigger_that_is_not_bounded(self):
        for value in ("'acme_.*'", "'acme_a+'", "'acme_[a-z]{3,}'"):
            with self.subTest(value):
                self.refused(self.changed("trigger", value), "2:12", "bounded")

    def test_a_trigger_that_is_no_expression(self):
        for value in ("'acme_('", "'acme_[a'", "'a{3,1}'", "'a(?=b)'", "'(a)\\1'"):
            with self.subTest(value):
                self.refused(self.changed("trigger", value), "2:12", "trigger")

    def test_a_trigger_with_an_anchor(self):
        for value in ("'^acme_'", "'acme_$'", "'\\bacme_'"):
            with self.subTest(value):
                self.refused(self.changed("trigger", value), "2:12", "anchor")

    def test_a_trigger_that_can_be_empty_or_too_wide(self):
        self.refused(self.changed("trigger", "'a?'"), "2:12", "empty")
        self.refused(self.changed("trigger", "'abc.{90}'"), "2:12", "bytes wide")

    def test_a_bad_body(self):
        for value in ("'z-a'", "'a\\q'", "'[:alpha:]'", "'a]'", "'\\'"):
            with self.subTest(value):
                self.refused(self.changed("body", value), "2:9", "body")

    def test_a_bad_length(self):
        for value in ("many", "20-40", "-1", "0..", "65..", "40..20", "20..65", "20...", "''", "[20]",
                      "99999999999999999999..", "1e1"):
            with self.subTest(value):
                self.refused(self.changed("length", value), "2:11")

    def test_a_bad_word(self):
        self.refused(self.changed("kind", "postman"), "2:9", "postman")
        self.refused(self.changed("boundary", "wall"), "2:13", "wall")
        self.refused(self.changed("require", "[digit, colour]"), "2:20", "colour")
        self.refused(self.changed("refuse", "placeholder"), "2:11", "list")

    def test_a_bad_id(self):
        for value in ("Acme", "acme_key", "'acme key'", "'*'"):
            with self.subTest(value):
                text = RULE.replace("acme-api-key", value)
                self.refused(text, "1:7", "id")

    def test_a_bad_infix(self):
        for value in ("'abc'", "'[a-z]'", "'[a-z]{0}'", "'[a-z]{65}'", "'[a-z]{x}'"):
            with self.subTest(value):
                self.refused(self.changed("before", value), "2:11", "before")

    def test_a_list_where_a_text_is_wanted(self):
        self.refused(self.changed("trigger", "[a, b]"), "2:12", "text")
        self.refused(self.changed("title", "''"), "2:10", "text")

    def test_an_id_twice(self):
        self.refused(RULE + RULE, "7:3", "acme-api-key")

    def test_a_second_document(self):
        self.refused(RULE + "---\n" + RULE, "8:1", "document")

    def test_a_NUL_byte(self):
        self.refused(RULE.replace("'acme_live_'", '"a\\0b"'), "2:12", "NUL")

    def test_a_NUL_byte_in_a_word_a_length_or_a_key(self):
        for key, value, place in (("kind", '"provider\\0x"', "2:9"), ("length", '"20..\\0x"', "2:11"),
                                  ('"title\\0x"', "a", "2:3")):
            with self.subTest(key):
                self.refused(self.changed(key, value), place)

    def test_no_UTF_8(self):
        self.refused(RULE.encode() + b"  title: '\xff\xfe'\n", "7:11")

    def test_a_control_byte(self):
        for byte in (b"\0", b"\x01", b"\x1b"):
            with self.subTest(byte):
                self.refused(RULE.encode() + b"  title: 'a" + byte + b"'\n", "7:12")

    def test_an_empty_file(self):
        for text in ("", "\n\n", "# a comment\n", "---\n"):
            with self.subTest(text):
                self.refused(text, None)

    def test_an_alias_that_is_not_defined(self):
        self.refused("- *nothing\n", "1:3")

    def test_an_alias_that_holds_itself(self):
        self.refused("- &a\n  - *a\n", "1:3")


class NoFiles(CommandTest):
    def refused(self, path, *words):
        result = run("--rules", path, data=b"text\n")
        self.assert_message(result, 78, *words)
        self.assertEqual(result.stdout, b"")

    def test_a_missing_file(self):
        self.refused(self.path("missing.yaml"), "missing.yaml", "No such file or directory")

    def test_a_file_beyond_4_MiB(self):
        self.refused(self.file("large.yaml", RULE + "#" * (4 << 20)), "large.yaml", "too large")

    def test_a_very_long_name(self):
        self.refused("/" + "d/" * 400 + "missing.yaml", "missing.yaml")


if __name__ == "__main__":
    unittest.main()
