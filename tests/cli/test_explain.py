# SPDX-License-Identifier: Apache-2.0
"""keysieve rules explain: what it says of each match, and that nothing of a secret is in it."""

import os
import random
import re
import secrets
import string
import unittest

from support import (ACME, ALNUM, BASE64URL, ID, LONG, RULE, TRIGGER, CommandTest, body, run, run_shell,
                     stars)

RULES = RULE + """\
- id: bounded
  provider: Bounded
  trigger: 'bnd-'
  body: 'a-z0-9'
  length: 8..12
  boundary: token
  examples: ['bnd-{body:10}']
- id: kinds
  trigger: 'kinds_'
  body: 'A-Za-z0-9'
  length: 4..
  require: [digit, upper, lower]
  examples: ['kinds_{body:10}']
- id: followed
  trigger: 'flw/'
  body: 'a-z'
  length: 4..
  follow: '@#'
  refuse: [placeholder]
  examples: ['flw/{body:10}@']
- id: infix
  trigger: 'NFX'
  before: '[A-Z0-9]{10}'
  body: 'A-Z0-9'
  length: 10..
  examples: ['{before:10}NFX{body:10}']
- id: carrier
  kind: carrier
  trigger: 'carrier="?'
  body: '!#-~'
  length: 4..
  refuse: [placeholder]
  examples: ['carrier={body:10}', 'carrier="{body:10}"']
"""
OWN = ("acme-api-key", "bounded", "kinds", "followed", "infix", "carrier")


def key(length=40, alphabet=BASE64URL):
    """A secret that no file holds: another one each time."""
    return "".join(secrets.choice(alphabet) for _ in range(length)).encode()


class Explain(CommandTest):
    def setUp(self):
        super().setUp()
        self.rules = ("--rules", self.file("rules.yaml", RULES), "--only", ",".join(OWN))

    def explain(self, text, *args, **kwargs):
        """The lines that are shown, and what is said of each."""
        result = run("rules", "explain", *(args or self.rules), data=text, timeout=LONG, **kwargs)
        self.assert_status(result, 0)
        self.assert_silent(result)
        lines, notes = [], []
        for line in result.stdout.decode().splitlines():
            if line.startswith("  "):
                notes[-1].append(line[2:])
            else:
                number, _, shown = line.partition(": ")
                self.assertEqual(int(number), len(lines) + 1)
                lines.append(shown.encode())
                notes.append([])
        return lines, notes

    def assert_notes(self, *pairs):
        """Of each of these lines, just this is said. All are line 1, but for the run."""
        _, notes = self.explain(b"\n".join(text for text, _ in pairs))
        got = [[re.sub(r"(^|-)\d+:", r"\g<1>1:", note) for note in of_line] for of_line in notes]
        self.assertEqual(got, [[note] for _, note in pairs])

    def test_a_key(self):
        secret = body(30, 2, ALNUM)
        lines, notes = self.explain(b"x " + ACME + secret + b" y\n")
        self.assertEqual(lines, [b"x acme_live_" + stars(secret) + b" y"])
        self.assertEqual(notes, [["1:13-42 acme-api-key (user): masked, 30 bytes"]])

    def test_lines(self):
        secret = body(30, 2, ALNUM)
        lines, notes = self.explain(b"one\n\n" + ACME + secret + b"\r\nlast")
        self.assertEqual(lines, [b"one", b"", b"acme_live_" + stars(secret), b"last"])
        nothing = ["nothing that a rule looks for"]
        self.assertEqual(notes, [nothing, [], ["3:11-40 acme-api-key (user): masked, 30 bytes"], nothing])

    def test_nothing(self):
        self.assertEqual(self.explain(b""), ([], []))

    def test_too_short_and_too_long(self):
        self.assert_notes(
            (ACME + b"x" * 23, "1:11-33 acme-api-key (user): not masked: too short: 23 bytes, at least 24 "
                               "are wanted"),
            (ACME + b".", "1:11 acme-api-key (user): not masked: too short: 0 bytes, at least 24 are wanted"),
            (ACME + b"x.", "1:11-11 acme-api-key (user): not masked: too short: 1 byte, at least 24 are "
                           "wanted"),
            (b"bnd-" + b"x" * 13, "1:5-17 bounded (Bounded): not masked: too long: 13 bytes, at most 12 are "
                                  "wanted"),
            (b"bnd-" + b"x" * 40000, "1:5-40004 bounded (Bounded): not masked: too long: 40000 bytes, at "
                                     "most 12 are wanted"))

    def test_required_kinds(self):
        self.assert_notes(*((b"kinds_" + text, f"1:7-11 kinds (user): not masked: no {word} in 5 bytes")
                            for text, word in ((b"Abcde", "digit"), (b"7bcde", "upper-case letter"),
                                               (b"7BCDE", "lower-case letter"))))

    def test_what_follows_and_what_stands_before(self):
        self.assert_notes(
            (b"flw/abcd@", "1:5-8 followed (user): masked, 4 bytes"),
            (b"flw/abcd ", "1:5-8 followed (user): not masked: 4 bytes, but none of [@#] follows"),
            (b"0123456789NFX0123456789", "1:1-23 infix (user): masked, 23 bytes"),
            (b" 123456789NFX0123456789", "1:14-23 infix (user): not masked: [A-Z0-9]{10} does not stand "
                                         "before it"))

    def test_a_placeholder(self):
        self.assert_notes((b"carrier=${NAME}",
                           "1:9-15 carrier (user): not masked: a placeholder or an earlier mask of 7 bytes"))

    def test_inside_a_word(self):
        self.assert_notes(
            (b"xbnd-0123456789", "1:6-15 bounded (Bounded): not masked: it stands inside a word (boundary: "
                                 "token): 10 bytes"),
            (b"xbnd-0123456789012", "1:6-18 bounded (Bounded): not masked: it stands inside a word "
                                    "(boundary: token); besides, too long: 13 bytes, at most 12 are wanted"),
            (b"xbnd-abc", "nothing that a rule looks for"),
            (b"\\nbnd-0123456789", "1:7-16 bounded (Bounded): masked, 10 bytes"))

    def test_two_ends_of_one_trigger_are_told_of_once(self):
        self.assert_notes((b'carrier="abcd"', "1:10-13 carrier (user): masked, 4 bytes"),
                          (b'carrier="abc"', "1:10-12 carrier (user): not masked: too short: 3 bytes, at "
                                             "least 4 are wanted"))

    def test_a_key_of_two_rules(self):
        secret = body(30, 2, ALNUM)
        lines, notes = self.explain(b"carrier=" + ACME + secret + b"\n")
        self.assertEqual(lines, [b"carrier=acme_live_" + stars(secret)])
        self.assertEqual(notes, [["1:19-48 acme-api-key (user): masked, 30 bytes",
                                  "1:19-48 carrier (user): masked, 30 bytes, counted as acme-api-key"]])

    def test_a_key_that_is_masked_already(self):
        _, notes = self.explain(b"carrier=" + ACME)
        self.assertIn("1:9-18 carrier (user): not masked: just the beginning of a key that is masked already",
                      notes[0])

    def test_two_keys_of_one_rule(self):
        _, notes = self.explain(b"bnd-0123456789 bnd-9876543210 bnd-short")
        self.assertEqual(notes, [["1:5-14 bounded (Bounded): masked, 10 bytes",
                                  "1:20-29 bounded (Bounded): masked, 10 bytes",
                                  "1:35-39 bounded (Bounded): not masked: too short: 5 bytes, at least 8 "
                                  "are wanted"]])

    def test_a_key_of_several_lines(self):
        secret = [key(64, ALNUM) for _ in range(400)]
        text = b"-----BEGIN PRIVATE KEY-----\n" + b"\n".join(secret) + b"\n-----END PRIVATE KEY-----\nx\n"
        lines, notes = self.explain(text, "--only", "pem-private-key")
        self.assertEqual(lines[1:401], [b"*" * 64] * 400)
        self.assertRegex(notes[0][0], r"^1:28-401:65 pem-private-key .*: masked, 26001 bytes$")
        self.assertEqual(notes[1:401], [[]] * 400)

    def test_a_rule_that_is_off(self):
        secret = key(20, ALNUM) + b"7aZ"
        lines, notes = self.explain(b"password=" + secret + b"\n", "--no-rules-d")
        self.assertEqual(lines, [b"password=" + b"#" * len(secret)])
        self.assertRegex("\n".join(notes[0]), r"(?m)^1:10-32 [a-z-]+ \(generic\): off: --enable [a-z-]+ or "
                                              r"--rules generic would mask 23 bytes$")
        lines, notes = self.explain(b"x " + ACME + key(30, ALNUM), *self.rules, "--disable", "acme-api-key")
        self.assertEqual(notes, [["1:13-42 acme-api-key (user): off: --enable acme-api-key would mask "
                                  "30 bytes"]])
        self.assertEqual(lines, [b"x acme_live_" + b"#" * 30])

    def test_what_is_not_masked_is_marked(self):
        secret = body(30, 2, ALNUM)
        lines, notes = self.explain(b"x " + ACME + secret + b"-" + secret + b" y, bnd-0123456789012\n")
        self.assertEqual(lines, [b"x acme_live_" + b"*" * 30 + b"#" * 31 + b" y, bnd-#############"])
        self.assertEqual(notes[0][0], "1:13-42 acme-api-key (user): masked, 30 bytes")

    def test_a_body_that_lacks_bytes(self):
        """The mistake that explain is there for must not show the key."""
        rests = [b"-" + key(30), b"_" + key(30), b"." + key(30, ALNUM), b"%x" + key(29, ALNUM)]
        lines, notes = self.explain(b"\n".join(ACME + b"abc" + rest + b" y" for rest in rests))
        self.assertEqual(lines, [b"acme_live_" + b"#" * (3 + len(rest)) + b" y" for rest in rests])
        for of_line in notes:
            self.assertIn("3 bytes, at least 24", of_line[0])

    def test_a_rule_that_is_off_and_does_not_match(self):
        text = ACME + b"short"
        _, notes = self.explain(text, *self.rules, "--disable", "acme-api-key")
        self.assertEqual(notes, [["nothing that a rule looks for"]])

    def test_what_is_allowed(self):
        rules = self.file("allow.yaml", f"rules:\n{RULE}allow:\n  - run: 'a{{30}}'\n")
        _, notes = self.explain(ACME + b"a" * 30 + b"\n" + ACME + b"b" * 30, "--rules", rules, "--only", "user")
        self.assertEqual(notes, [["1:11-40 acme-api-key (user): not masked: allowed: 30 bytes"],
                                 ["2:11-40 acme-api-key (user): masked, 30 bytes"]])

    def test_from_a_file(self):
        path = self.file("log", b"x bnd-0123456789\n")
        for args in ((path,), ("-",)):
            result = run("rules", "explain", *self.rules, *args, data=b"x bnd-0123456789\n", timeout=LONG)
            self.assert_done(result, b"1: x bnd-**********\n  1:7-16 bounded (Bounded): masked, 10 bytes\n")

    def test_files_that_cannot_be_read(self):
        self.assert_message(run("rules", "explain", self.path("missing")), 74, "missing", "No such file")
        self.assert_message(run("rules", "explain", self.directory), 74, "Is a directory")
        self.assert_message(run("rules", "explain", "a", "b"), 2, "one FILE")
        wrong = self.file("wrong.yaml", "- text\n")
        self.assert_message(run("rules", "explain", "--rules", wrong), 78, f"{wrong}:1:3: ")

    def test_a_text_that_is_too_large(self):
        with open(self.path("large"), "wb") as file:
            file.truncate((4 << 20) + 1)
        self.assert_message(run("rules", "explain", self.path("large")), 74, "large", "File too large")

    def test_a_text_with_too_many_matches(self):
        result = run("rules", "explain", *self.rules, data=b"bnd-" * (1 << 20), timeout=LONG)
        self.assert_message(result, 74, "too many matches")

    def test_a_text_with_many_matches(self):
        text = b"bnd-" * 100000 + b" " + b"carrier=" * 10000
        result = run("rules", "explain", *self.rules, data=text, timeout=LONG)
        self.assert_status(result, 0)
        self.assertEqual(len(result.stdout.splitlines()[0]), 3 + len(text))

    def test_full_output(self):
        self.assert_message(run_shell('"$@" >/dev/full', "rules", "explain", "--only", ID, data=b"x\n",
                                      timeout=LONG), 74, "No space left on device")

    def test_control_bytes_stay_out_of_the_terminal(self):
        result = run("rules", "explain", "--only", ID, data=b"a\x1b[31m\tb\x7f\0\r\n", timeout=LONG)
        self.assertTrue(result.stdout.startswith(b"1: a?[31m\tb??\n"), result.stdout)


class NothingOfASecret(CommandTest):
    def hidden(self, text, *found, args=()):
        result = run("rules", "explain", *args, data=text, timeout=LONG)
        self.assert_status(result, 0)
        for secret in found:
            self.assert_no_piece(result.stdout + result.stderr, secret)
        return result.stdout

    def test_keys(self):
        found = [key(95), key(52, ALNUM), key(33), key(43), b"7aZ" + key(30, ALNUM)]
        text = (b"x-api-key: sk-ant-api03-%s\n" b'{"Authorization":"Bearer gsk_%s"}\n'
                b"GET /?key=AIzaSy%s&alt=sse\n" b"postgres://app:%s@db/app\n" b"password=%s\n") % tuple(found)
        output = self.hidden(text, *found)
        self.assertIn(b"sk-ant-api03-*", output)
        self.assertEqual(output.count(b": masked, "), output.count(b"masked, "))

    def test_near_misses(self):
        cases = []
        for make in (lambda s: b"sk-ant-api03-" + s, lambda s: b"task-" + s, lambda s: b"xghp_" + s,
                     lambda s: b"api_key = " + s, lambda s: b"token: '" + s, lambda s: b"hf_" + s,
                     lambda s: b"password=" + s, lambda s: b"https://" + s + b":x", lambda s: b"AKIA" + s,
                     lambda s: b"Bearer " + s, lambda s: b"secret=" + s):
            for length in (8, 12, 19, 64, 65):
                cases.append((make, key(length, ALNUM)))
        self.hidden(b"\n".join(make(secret) for make, secret in cases), *(secret for _, secret in cases))

    def test_keys_of_every_length(self):
        lengths = (8, 100, 1000, 16384, 16390, 40000)
        found = [key(n, ALNUM) for n in lengths]
        text = b"\n".join(b"sk-ant-api03-" + secret for secret in found)
        output = run("rules", "explain", "--only", ID, data=text, timeout=LONG).stdout
        self.assertEqual([len(run) for run in re.findall(rb"api03-(\*+)\n", output)], list(lengths[1:]))

    def test_what_stands_before_an_infix(self):
        pairs = [(key(before, ALNUM), key(behind, ALNUM))
                 for before, behind in ((52, 25), (52, 9), (30, 25), (8, 8), (51, 3))]
        self.hidden(b" y\n".join(first + b"JQQJ99" + second for first, second in pairs),
                    *(secret for pair in pairs for secret in pair))

    def test_escapes_in_a_run(self):
        pairs = [(key(10, ALNUM), key(10, ALNUM)) for _ in range(3)]
        self.hidden(b"\n".join(b"aws_secret_access_key=" + escape.join(pair)
                               for escape, pair in zip((b"\\/", b"%2B", b"\\u002b"), pairs)),
                    *(secret for pair in pairs for secret in pair))

    def test_rules_of_a_user(self):
        rules = self.file("rules.yaml", RULES)
        alphabets = {"bnd-": string.ascii_lowercase, "flw/": string.ascii_lowercase,
                     "kinds_": string.ascii_letters, "carrier=": ALNUM, "acme_live_": ALNUM}
        pairs = [(trigger.encode(), key(n, alphabet))
                 for trigger, alphabet in alphabets.items() for n in (8, 11, 30)]
        text = b" ".join(word + trigger + secret for trigger, secret in pairs for word in (b"", b"in"))
        self.hidden(text, *(secret for _, secret in pairs), args=("--rules", rules))

    def test_random_texts(self):
        """Keys and triggers thrown together: what the filter masks, explain does not show."""
        rng = random.Random(secrets.token_bytes(8))
        pieces = [b"sk-", b"sk-ant-api03-", b"key=", b'"', b" ", b"\n", b"ghp_", b"token: ", b"JQQJ99", b"-",
                  b"password=", b"Bearer ", b"\\/", b"%2B", b"://", b"@", b"x"]
        text = b"".join(rng.choice(pieces) if rng.random() < .7 else key(rng.randrange(1, 60), ALNUM)
                        for _ in range(3000))
        shown = b"\n".join(line.partition(b": ")[2] for line in self.hidden(text).splitlines()
                           if not line.startswith(b"  "))
        masked = run(data=text, timeout=LONG).stdout
        self.assertEqual(len(shown), len(masked.rstrip(b"\n")))
        self.assertEqual([i for i, (a, b) in enumerate(zip(masked, shown)) if a != b != ord("#")], [])


if __name__ == "__main__":
    unittest.main()
