# SPDX-License-Identifier: Apache-2.0
"""The importer of gitleaks rules: its verdicts, what it writes, its errors, and that nothing leaks."""

import os
import random
import re
import subprocess
import sys
import tempfile
import tomllib
import unittest
from pathlib import Path

import soundness
from soundness import IMPORTER

BINARY = os.environ["KEYSIEVE"]
SHAPES = Path(__file__).with_name("gitleaks-style.toml")
RULE = '[[rules]]\nid = "acme"\nregex = \'\'\'%s\'\'\'\n'


def run(*args, data=b"", **more):
    return subprocess.run([sys.executable, IMPORTER, *args], input=data, capture_output=True,
                          timeout=240, check=False, **more)


def keysieve(*args, data=b""):
    return subprocess.run([BINARY, *args], input=data, capture_output=True, timeout=240, check=False)


class ImportTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="keysieve-import-")
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def file(self, text, name="rules.toml"):
        path = self.directory / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    def imported(self, regex, *args):
        """The rule file made of one expression."""
        result = run("-", *args, data=(RULE % regex).encode())
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.decode()


class Shapes(ImportTest):
    """The file of all shapes."""

    @classmethod
    def setUpClass(cls):
        cls.rules = tomllib.loads(SHAPES.read_text(encoding="utf-8"))["rules"]
        cls.result = run(str(SHAPES))
        cls.reports = dict(re.findall(r"^.*?\.toml:\d+: (.*?): (.*)$", cls.result.stderr.decode(), re.M))

    def test_verdicts(self):
        self.assertEqual(self.result.returncode, 0)
        for rule in self.rules:
            verdict, *texts = rule["tags"]
            with self.subTest(rule["id"]):
                report = self.reports[rule["id"]]
                self.assertEqual(report.partition(":")[0], verdict, report)
                for text in texts:
                    self.assertIn(text, report)

    def test_summary_and_what_the_whole_file_says(self):
        text = self.result.stderr.decode()
        counts = [sum(rule["tags"][0] == verdict for rule in self.rules)
                  for verdict in ("exact", "widened", "partly", "cannot be expressed")]
        self.assertIn("%d rules: %d exact, %d widened, %d partly, %d cannot be expressed"
                      % (len(self.rules), *counts), text)
        self.assertIn("allowlist or filter of the whole file", text)
        self.assertIn("[extend]", text)

    def test_the_line_of_each_rule(self):
        lines = SHAPES.read_text(encoding="utf-8").splitlines()
        for line, id_ in re.findall(r"\.toml:(\d+): (.*?): ", self.result.stderr.decode()):
            self.assertEqual(lines[int(line) - 1:int(line) + 1], ["[[rules]]", f'id = "{id_}"'])

    def test_keysieve_accepts_the_file(self):
        path = self.file(self.result.stdout, "rules.yaml")
        result = keysieve("--rules", path, data=b"text\n")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, b"text\n", b""))

    def test_the_examples_hold(self):
        result = keysieve("rules", "test", self.file(self.result.stdout, "rules.yaml"))
        self.assertEqual((result.returncode, result.stderr), (0, b""), result.stdout)

    def test_every_verdict_stands_in_the_file_too(self):
        text = self.result.stdout.decode().replace("\n#   ", " ")
        for id_, report in self.reports.items():
            self.assertIn(f"\n# {id_}: {report}\n", text)

    def test_no_secret_leaks(self):
        """The one property that matters: what gitleaks would find is masked behind the trigger."""
        path = self.file(self.result.stdout, "rules.yaml")
        made = soundness.read_made(path)
        for number, rule in enumerate(self.rules):
            if rule["tags"][0] in ("exact", "widened") and rule["id"] in made:
                with self.subTest(rule["id"]):
                    count, wrong = soundness.check_rule(BINARY, path, made[rule["id"]], rule, number)
                    self.assertGreater(count, soundness.TEXTS // 4, "too few texts to tell")
                    self.assertEqual(wrong[:3], [])


class RandomExpressions(ImportTest):
    """Expressions that nobody would write: what is imported as widened leaks nothing either."""

    SETS = ["[a-z]", "[A-Z0-9]", "[a-f0-9]", "[0-9a-zA-Z_-]", r"[\w.-]", r"\d", r"\w", "[[:alnum:]]",
            "[a-zA-Z0-9+/=]", r'[^"\s]', r"""[\x60'"\s=]""", "[abc]", r"[ \t]", r"\S", "."]
    LIMITS = ["", "?", "{3}", "{8,20}", "{20}", "{16,}", "+", "*", "{0,5}", "{40}", "{70}", "{0,3}?"]
    BEFORE = ["", "", r"\b", "(?i)", r'(?:^|[\s"])', "[^a-z]", r"(?i)[\w.-]{0,20}?",
              r"""\backey[ \t\w.-]{0,20}[\s'"]{0,3}(?:=|:|=>)[\x60'"\s=]{0,5}"""]
    PREFIXES = ["acme_", "tok-", "(?:aaa|bbb)_", "Zq3_", ""]
    AFTER = ["", r"\b", r"""(?:[\x60'"\s;]|\\[nr]|$)""", r"(?:[^\w-]|\z)"]

    def part(self, rng, depth):
        choice = rng.random()
        if choice < 0.35:
            return "".join(rng.choices("abcXYZ019_-", k=rng.randint(1, 5)))
        if choice < 0.75 or depth == 0:
            return rng.choice(self.SETS) + rng.choice(self.LIMITS)
        if choice < 0.9:
            return f"(?:{self.sequence(rng, depth - 1)}|{self.sequence(rng, depth - 1)})"
        if choice < 0.95:
            return f"(?:{self.sequence(rng, depth - 1)}){rng.choice(['?', '{2}', '{1,3}'])}"
        return rng.choice(["(?i)", r"\b"])

    def sequence(self, rng, depth):
        return "".join(self.part(rng, depth) for _ in range(rng.randint(1, 4)))

    def expression(self, rng):
        secret = rng.choice(self.PREFIXES) + self.sequence(rng, 2)
        return rng.choice(self.BEFORE) + f"({secret})" + rng.choice(self.AFTER)

    def test_no_secret_leaks(self):
        rng = random.Random(20)
        rules = [{"id": f"r{n}", "regex": self.expression(rng)} for n in range(60)]
        text = "".join(f"[[rules]]\nid = '{rule['id']}'\nregex = '''{rule['regex']}'''\n" for rule in rules)
        path = str(self.directory / "rules.yaml")
        self.assertEqual(run("-", "-o", path, data=text.encode()).returncode, 0)
        made = soundness.read_made(path)
        whole = [rule for rule in rules if rule["id"] in made and not made[rule["id"]][0].is_partial]
        self.assertGreater(len(whole), 20)
        for rule in whole:
            with self.subTest(rule["regex"]):
                self.assertEqual(soundness.check_rule(BINARY, path, made[rule["id"]], rule)[1][:3], [])


class Rules(ImportTest):
    """Single rules, to the letter."""

    def lines(self, regex, *args):
        text = self.imported(regex, *args)
        return [line.strip() for line in text.splitlines() if line and not line.startswith("#")]

    def test_a_provider(self):
        self.assertEqual(self.lines(r"\b((?:acsk|acrk)_[a-zA-Z0-9_\-]{20,30})\b"), [
            "- id: gitleaks-acme", "trigger: '(?:acsk|acrk)_'", "body: 'A-Za-z0-9_-'", "length: 20..",
            "boundary: word", "examples:", "- 'acsk_{body:20}'"])

    def test_a_carrier(self):
        self.assertEqual(self.lines(r"""(?i)acmekey[ '"]{0,3}=[\s]?([A-F0-9]{16})"""), [
            "- id: gitleaks-acme", "kind: carrier", r"""trigger: '(?i)acmekey[ "'']{0,3}=[\t\n\x0c\r ]?'""",
            "body: 'A-Fa-f0-9'", "length: 16..", "examples:", "- 'acmekey={body:16}'"])

    def test_an_infix_rule(self):
        self.assertEqual(self.lines(r"[a-z]{10}\.ac-1[0-9]{20}"), [
            "- id: gitleaks-acme", "trigger: '[.]ac-1'", "body: '0-9'", "length: 20..",
            "before: '[a-z1.-]{10}'", "examples:", "- '{before:10}.ac-1{body:20}'"])

    def test_what_each_secret_has_is_required(self):
        for regex, wanted in (("[a-z]{4}-[0-9]{20}", "[digit, lower]"), ("[a-z]{70}[0-9]{9}", "[lower]"),
                              ("[a-z]*X[a-z]{20}", None), ("[0-9]{20}", None), ("[a-z0-9]{20}Y", "[upper]"),
                              ("[a-z0-9]{64}Y", None)):
            with self.subTest(regex):
                found = [line for line in self.lines("acme-" + regex) if line.startswith("require")]
                self.assertEqual(found, [f"require: {wanted}"] if wanted else [])

    def test_boundaries(self):
        for before, wanted in ((r"\b", "word"), (r"(?:^|[^A-Za-z0-9])", "alnum"), (r"[\s=]", "token"),
                               (r"(?:\b|_)", "alnum"), ("^", "token"), ("(?:^|[a-z])", None), ("", None),
                               (r"\B", None)):
            with self.subTest(before):
                found = [line for line in self.lines(before + "(acme_[a-z]{20})")
                         if line.startswith("boundary")]
                self.assertEqual(found, [f"boundary: {wanted}"] if wanted else [])
        self.assertNotIn("boundary", self.imported(r"\b(-acme_[a-z]{20})"))

    def test_ids(self):
        text = RULE % "acme_[a-z]{20}" + (RULE % "acmf_[a-z]{20}").replace("acme", "ACME!", 1)
        for prefix, wanted in ((None, "gitleaks-acme"), ("", "acme"), ("Our Own", "our-own-acme")):
            with self.subTest(prefix):
                args = () if prefix is None else ("--prefix", prefix)
                found = re.findall("- id: (.*)", run("-", *args, data=text.encode()).stdout.decode())
                self.assertEqual(found, [wanted, wanted + "-2"])

    def test_a_long_id(self):
        text = "".join(f'[[rules]]\nid = "{"a" * 300}"\nregex = \'acme{n}_[a-z0-9]{{24}}\'\n' for n in range(3))
        written = self.file(run("-", data=text.encode()).stdout, "rules.yaml")
        self.assertEqual(keysieve("rules", "test", written).returncode, 0)

    def test_a_secret_without_letters_and_digits(self):
        result = run("-", data=(RULE % "acme_[a-z]{3}_([!#%]{20,})").encode())
        self.assertEqual(result.returncode, 78)
        self.assertIn(b"cannot be expressed: its secret has no letter", result.stderr)

    def test_a_general_rule_stands_behind_special_ones(self):
        text = RULE % "acme[a-z]{0,9}=([a-z]{20})" + (RULE % "acmesub=([a-z]{20})").replace("acme", "sub", 1)
        found = re.findall("- id: (.*)", run("-", data=text.encode()).stdout.decode())
        self.assertEqual(found, ["gitleaks-sub", "gitleaks-acme"])

    def test_a_rule_that_requires_more_does_not_cover(self):
        text = RULE % "acme_[a-z]{4}[0-9][a-z]{20}" + RULE % "acme_[a-z0-9]{30}"
        self.assertEqual(len(re.findall("- id: ", run("-", data=text.encode()).stdout.decode())), 2)

    def test_braces_in_a_prefix_stay_what_they_are(self):
        for regex in (r"acme\{([a-z0-9]{20,})\}", r"acme\{body:9\}([a-z0-9]{20,})"):
            with self.subTest(regex):
                path = self.file(self.imported(regex), "rules.yaml")
                self.assertEqual(keysieve("--rules", path).returncode, 0)

    def test_control_characters_in_texts(self):
        text = '[[rules]]\nid = "a"\nregex = "acme\\n_[a-z]{20}"\ndescription = "x\\u0007\\ny\\u001b[31m \'z"\n'
        result = run("-", data=text.encode())
        self.assertNotRegex(result.stdout.decode() + result.stderr.decode(), "[\x00-\x09\x0b-\x1f]")
        path = self.file(result.stdout, "rules.yaml")
        masked = keysieve("--rules", path, "--only", "gitleaks-a", data=b"acme\n_" + b"a" * 20).stdout
        self.assertEqual(masked, b"acme\n_" + b"*" * 20)

    def test_more_sets_than_keysieve_has(self):
        text = "".join(f"[[rules]]\nid = 'r{n}'\nregex = 'acme{n:03}_[{chr(97 + n % 26)}{n % 10}A-F_-]{{20,}}'\n"
                       for n in range(90))
        result = run("-", data=text.encode())
        self.assertIn(b"limited number of sets", result.stderr)
        path = self.file(result.stdout, "rules.yaml")
        self.assertEqual(keysieve("--rules", path).stderr, b"")
        made = soundness.read_made(path)
        for rule in tomllib.loads(text)["rules"][::9]:
            self.assertEqual(soundness.check_rule(BINARY, path, made[rule["id"]], rule)[1][:3], [])


class CommandLine(ImportTest):
    def refused(self, result, status, *words):
        """One line on stderr, nothing on stdout."""
        self.assertEqual((result.returncode, result.stdout), (status, b""))
        text = result.stderr.decode()
        self.assertRegex(text, r"\Akeysieve: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, text)

    def bad(self, text, place, *words):
        path = self.file(text)
        self.refused(run(path), 78, f"keysieve: {path}:{place}: ", *words)

    def test_help(self):
        for option in ("-h", "--help"):
            result = run(option)
            self.assertEqual((result.returncode, result.stderr), (0, b""))
            self.assertLessEqual(max(map(len, result.stdout.decode().splitlines())), 80)

    def test_usage(self):
        self.refused(run(), 2, "FILE")
        self.refused(run("a", "b"), 2)
        self.refused(run("--no-such-option", "a"), 2, "--no-such-option")
        self.refused(run("-o"), 2)

    def test_a_file_that_cannot_be_read(self):
        self.refused(run("/no/such/file"), 74, "/no/such/file: No such file or directory")
        self.refused(run(str(self.directory)), 74, "Is a directory")
        self.refused(run("missing\n\x1b[31m"), 74, "missing??[31m")

    def test_output_that_cannot_be_written(self):
        path = self.file(RULE % "acme_[a-z]{20}")
        for args, stdout in ((("-o", "/no/such/dir/f"), None), (("-o", "/dev/full"), None), ((), "/dev/full")):
            with self.subTest(args), open(stdout or os.devnull, "wb") as out:
                result = subprocess.run([sys.executable, IMPORTER, path, *args], stdout=out, check=False,
                                        stderr=subprocess.PIPE, timeout=240)
                self.assertEqual(result.returncode, 74)
                self.assertRegex(result.stderr.decode().splitlines()[-1], "^keysieve: .+: .+")

    def test_output_to_a_file(self):
        path = self.file(RULE % "acme_[a-z]{20}")
        to_stdout = run(path)
        result = run(path, "--output", str(self.directory / "out.yaml"))
        self.assertEqual((result.returncode, result.stdout), (0, b""))
        self.assertEqual((self.directory / "out.yaml").read_bytes(), to_stdout.stdout)

    def test_bad_TOML(self):
        self.bad("[[rules]]\nid = \n", "2:6", "Invalid value")
        self.bad("[[rules]]\nid = 'a", 2)
        self.bad("a = 1\na = 2\n", "2:6")
        self.bad("a = " + "[" * 100000, 1, "nested")

    def test_no_UTF_8(self):
        self.bad(b"[[rules]]\nid = '\xff'\n", 2, "UTF-8")

    def test_no_rules(self):
        for text in ("", "title = 'x'\n", "rules = []\n"):
            with self.subTest(text):
                self.bad(text, 1, "no rules")

    def test_rules_of_another_form(self):
        self.bad("rules = 1\n", 1, "list")
        self.bad("rules = [1]\n", 1, "list")
        self.bad("\n[[rules]]\nregex = 'a'\n", 2, "no id")
        self.bad("[[rules]]\nid = 1\n", 1, "'id'")
        self.bad("[[rules]]\nid = 'a'\nregex = ['a']\n", 1, "'regex'")
        self.bad("[[rules]]\nid = 'a'\nsecretGroup = '1'\n", 1, "'secretGroup'")
        self.bad("[[rules]]\nid = 'a'\nkeywords = [1]\n", 1, "keyword")

    def test_a_regex_that_does_not_parse(self):
        first = RULE % "acme_[a-z]{20}"
        for regex in ("a(b", "a)b", "a[b", "a**", "*a", "a{3,1}", "a{1001}", "[z-a]", r"a\y", r"\Z", "a(?#b)",
                      r"\x{110000}", "[[:letter:]]", "(?P<a b>c)", "a\\", r"\x4"):
            with self.subTest(regex):
                self.bad(first + f"[[rules]]\nid = 'bad'\n\nregex = '''{regex}'''\n", 7, "rule 'bad'")

    def test_nothing_that_can_be_expressed(self):
        path = self.file(RULE % "[a-z]{20}")
        result = run(path)
        self.assertEqual((result.returncode, result.stdout), (78, b""))
        self.assertIn("none of its rules can be expressed", result.stderr.decode())

    def test_numbers_of_thousands_of_digits(self):
        digits = "9" * 5000
        for text in (RULE % f"acme_[a-z]{{{digits}}}", RULE % "acme_[a-z]{20}" + f"secretGroup = {digits}\n"):
            result = run("-", data=text.encode())
            self.assertEqual(result.returncode, 78)
            self.assertRegex(result.stderr.decode(), r"\Akeysieve: standard input:\d+: [^\n]{1,200}\n\Z")

    def test_deep_nesting(self):
        for depth in (80, 100000):
            with self.subTest(depth):
                result = run("-", data=(RULE % ("acme_" + "(" * depth + "[a-z]{20}" + ")" * depth)).encode())
                self.assertIn(result.returncode, (0, 78))
                self.assertNotIn(b"Traceback", result.stderr)
