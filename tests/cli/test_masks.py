# SPDX-License-Identifier: Apache-2.0
"""--mask, --fill-char, --keep-last, masks of rules, and keysieve fingerprint."""

import json
import os
import pty
import re
import subprocess
import unittest

from support import (ACME, ALNUM, BINARY, ID, ONLY, RULE, TIMEOUT, TRIGGER, CommandTest, Live, body,
                     environment, run, shown_on, stars)

FINGERPRINT = rb"[0-9a-f]{8}-[0-9a-f]{16}"


class MaskTest(CommandTest):
    def key_file(self, name="key"):
        path = self.path(name)
        self.assert_status(run("key", "new", path), 0)
        return path

    def masked(self, *args, data):
        result = run(*ONLY, *args, data=data)
        self.assert_status(result, 0)
        self.assertEqual(result.stderr, b"")
        return result.stdout


class Masks(MaskTest):
    def test_fill_is_the_default(self):
        data = b"a " + TRIGGER + body() + b" b\n"
        self.assertEqual(self.masked("--mask", "fill", data=data), self.masked(data=data))

    def test_tag(self):
        data = b"a " + TRIGGER + body() + b" b " + TRIGGER + body(60, 2)
        tag = TRIGGER + b"[REDACTED:anthropic-api-key]"
        self.assertEqual(self.masked("--mask", "tag", data=data), b"a " + tag + b" b " + tag)

    def test_hash_tells_same_from_other(self):
        data = b" ".join(TRIGGER + body(95, seed) for seed in (1, 2, 1)) + b"\n"
        out = self.masked("--mask", "hash", "--key-file", self.key_file(), data=data)
        found = re.findall(rb"\[REDACTED:anthropic-api-key#(" + FINGERPRINT + rb")\]", out)
        self.assertEqual(len(found), 3)
        self.assertEqual(found[0], found[2])
        self.assertNotEqual(found[0], found[1])

    def test_fill_hash_keeps_the_length(self):
        key = self.key_file()
        data = b"x=" + TRIGGER + body() + b";\n"
        out = self.masked("--mask", "fill-hash", "--key-file", key, data=data)
        self.assertEqual(len(out), len(data))
        self.assertRegex(out, rb"\A" + b"x=" + TRIGGER + rb"\*{70}" + FINGERPRINT + rb";\n\Z")
        self.assertEqual(self.masked("--mask", "fill-hash", "--key-file", key,
                                     data=b"key: " + TRIGGER + body())[-25:], out[-27:-2])

    def test_a_key_has_one_fingerprint_whatever_the_run(self):
        key = self.key_file()
        data = b"x=" + TRIGGER + body() + b";\n"
        first, second = (self.masked("--mask", "hash", "--key-file", key, data=data) for _ in "12")
        self.assertEqual(first, second)
        self.assertNotEqual(first, self.masked("--mask", "hash", "--key-file", self.key_file("b"),
                                               data=data))

    def test_json_stays_json(self):
        line = json.dumps({"a": (TRIGGER + body()).decode(), "b": "\\ \" \n"}).encode()
        for mask in ("fill", "tag", "hash", "fill-hash"):
            with self.subTest(mask=mask):
                out = self.masked("--mask", mask, "--key-file", self.key_file(mask), data=line)
                self.assertEqual(json.loads(out)["b"], "\\ \" \n")

    def test_last_bytes_stay(self):
        secret = body()
        out = self.masked("--keep-last", "4", data=TRIGGER + secret + b" x")
        self.assertEqual(out, TRIGGER + b"*" * 91 + secret[-4:] + b" x")

    def test_last_bytes_of_a_short_secret_do_not(self):
        rules = ("--rules", self.file("acme.yaml", RULE), "--only", "acme-api-key")
        secret = body(31, 1, ALNUM)
        result = run(*rules, "--keep-last", "4", data=ACME + secret)
        self.assertEqual(result.stdout, ACME + stars(secret))

    def test_fill_char(self):
        self.assertEqual(self.masked("--fill-char", "x", data=TRIGGER + body()), TRIGGER + b"x" * 95)

    def test_masks_of_rules_go_first(self):
        rule = RULE + "  mask: tag\n"
        rules = ("--rules", self.file("acme.yaml", rule), "--only", f"acme-api-key,{ID}")
        result = run(*rules, data=ACME + body(30, 1, ALNUM) + b" " + TRIGGER + body())
        self.assertEqual(result.stdout, ACME + b"[REDACTED:acme-api-key] " + TRIGGER + b"*" * 95)

    def test_masking_twice_changes_nothing(self):
        data = b"Authorization: Bearer " + TRIGGER + body() + b"\n"
        for mask in ("tag", "hash", "fill-hash"):
            with self.subTest(mask=mask):
                args = ("--mask", mask, "--key-file", self.key_file(mask))
                once = run(*args, data=data).stdout
                self.assertNotEqual(once, data)
                self.assertEqual(run(*args, data=once).stdout, once)

    def test_what_is_undecided_at_a_stop_is_masked(self):
        with Live(*ONLY, "--mask", "tag") as live:
            live.write(b"a " + TRIGGER + body(30))
            live.process.terminate()
            self.assertEqual(live.process.wait(TIMEOUT), 0)
            live.drain()
        self.assertEqual(live.output, b"a " + TRIGGER + b"[REDACTED:anthropic-api-key]")

    def test_frames_keep_their_lengths(self):
        data = b"2026-11-22T10:00:01Z stdout P " + TRIGGER + body(40)
        data += b"\n2026-11-22T10:00:01Z stdout F " + body(40, 2) + b" x\n"
        out = self.masked("--mask", "tag", data=data)
        self.assertEqual(out, data.replace(body(40), b"*" * 40).replace(body(40, 2), b"*" * 40))
        out = self.masked("--mask", "hash", "--key-file", self.key_file(), data=data)
        self.assertEqual(len(out), len(data))
        self.assertRegex(out, rb"F \*{15}" + FINGERPRINT + b" x\n")


class Errors(MaskTest):
    def test_a_hash_needs_a_key(self):
        for mask in ("hash", "fill-hash"):
            with self.subTest(mask=mask):
                result = run(*ONLY, "--mask", mask, data=TRIGGER + body())
                self.assert_message(result, 2, "--key-file")
                self.assertEqual(result.stdout, b"")

    def test_a_rule_with_a_hash_needs_a_key(self):
        path = self.file("acme.yaml", RULE + "  mask: hash\n")
        result = run("--rules", path, "--only", "acme-api-key", data=b"x")
        self.assert_message(result, 2, f"{path}:1:3: rule acme-api-key")

    def test_wrong_words(self):
        for args in (("--mask", "star"), ("--keep-last", "5"), ("--keep-last", "-1"), ("--keep-last", "x"),
                     ("--fill-char", ""), ("--fill-char", "ab"), ("--fill-char", '"'),
                     ("--fill-char", "\\"), ("--fill-char", "\n"), ("--fill-char", "é")):
            with self.subTest(args=args):
                self.assert_message(run(*ONLY, *args, data=b"x"), 2, args[0])

    def test_wrong_masks_in_rules(self):
        for text in ("  mask: star\n", "  keep-last: 5\n", "  keep-last: [1]\n"):
            with self.subTest(text=text):
                path = self.file("acme.yaml", RULE + text)
                self.assert_message(run("--rules", path, data=b"x"), 78, f"{path}:7:")

    def test_commands_that_keep_lengths(self):
        path = self.file("log", b"x\n")
        for args in (("follow", path), ("-i", path)):
            with self.subTest(args=args):
                self.assert_message(run(*args, *ONLY, "--mask", "tag"), 2, "--mask")


class Fingerprint(MaskTest):
    def fingerprint(self, *args, data):
        result = run("fingerprint", *args, data=data)
        self.assert_status(result, 0)
        return result

    def test_it_is_what_logs_show(self):
        key = self.key_file()
        wanted = run("--mask", "hash", "--key-file", key, data=b"x-api-key: " + TRIGGER + body()).stdout
        result = self.fingerprint("--key-file", key, data=TRIGGER + body() + b"\n")
        self.assertEqual(result.stderr, b"")
        text, rule = result.stdout.split()
        self.assertEqual(rule, ID.encode())
        self.assertIn(b"#" + text + b"]", wanted)

    def test_a_key_without_a_shape(self):
        key, secret = self.key_file(), body(40, 1, ALNUM)
        wanted = run("--mask", "hash", "--key-file", key, data=b"COHERE_API_KEY=" + secret).stdout
        result = self.fingerprint("--key-file", key, data=secret + b"\r\n")
        self.assertIn(b"no rule knows", result.stderr)
        self.assertIn(b"#" + result.stdout.strip() + b"]", wanted)

    def test_at_a_prompt_that_shows_nothing(self):
        key, (ours, theirs) = self.key_file(), pty.openpty()
        process = subprocess.Popen([BINARY, "fingerprint", "--key-file", key], stdin=theirs,
                                   stdout=subprocess.PIPE, stderr=theirs, env=environment(), bufsize=0)
        shown = b""
        while b"): " not in shown:
            shown += os.read(ours, 1000)
        os.write(ours, TRIGGER + body() + b"\n")
        out = process.communicate(timeout=TIMEOUT)[0]
        shown += shown_on(ours, theirs)
        os.close(ours)
        self.assertEqual(process.returncode, 0)
        self.assertNotIn(body()[:8], shown)
        self.assertEqual(out, self.fingerprint("--key-file", key, data=TRIGGER + body()).stdout)

    def test_errors(self):
        key = self.key_file()
        self.assert_message(run("fingerprint", data=b"x"), 2, "--key-file")
        self.assert_message(run("fingerprint", "--key-file", key, data=b"\n"), 2, "no key")
        self.assert_message(run("fingerprint", "--key-file", key, "x", data=b"x"), 2, "command line")
        self.assert_message(run("fingerprint", "--key-file", key, data=b"x" * 70000), 2, "65535")
        self.assert_message(run("fingerprint", "--key-file", self.path("none"), data=b"x"), 78, "none")


if __name__ == "__main__":
    unittest.main()
