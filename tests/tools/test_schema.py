# SPDX-License-Identifier: Apache-2.0
"""docs/rules.schema.json: it takes every rule file of the project, and refuses what keysieve refuses."""

import copy
import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import jsonschema
import yaml

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "docs" / "rules.schema.json"
HASH = "0123456789abcdef" * 4
RULE = {
    "id": "acme-api-key", "provider": "Acme", "title": "Acme API key", "kind": "provider",
    "trigger": "acme_(?:live|test)_", "body": "A-Za-z0-9_-", "length": "24..", "boundary": "alnum",
    "require": ["digit", "upper"], "refuse": ["placeholder"], "follow": r"^\s",
    "mask": "fill", "keep-last": 2, "revoke": "https://acme.example/", "examples": ["ACME_KEY=acme_live_{body:32} "], "counterexamples": ["see acme_live_migration.sql"],
}


def keysieve_accepts(document) -> bool:
    """Is that the schema's opinion only, or keysieve's too?"""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(document, file, allow_unicode=True)
        file.flush()
        command = [os.environ["KEYSIEVE"], "--rules", file.name, "--only", "anthropic-api-key"]
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=240,
                                check=False)
    return result.returncode == 0


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        cls.schema = schema
        cls.validator = jsonschema.Draft202012Validator(schema)

    def changed(self, **changes):
        """A file of one rule with other values; None takes a key away."""
        rule = copy.deepcopy(RULE) | changes
        return [{key: value for key, value in rule.items() if value is not None}]

    def accepted(self, document):
        self.assertEqual([error.message for error in self.validator.iter_errors(document)], [])
        self.assertTrue(keysieve_accepts(document), "keysieve refuses it")

    def refused(self, document):
        self.assertFalse(self.validator.is_valid(document))
        self.assertFalse(keysieve_accepts(document), "keysieve accepts it")

    def test_every_rule_file_of_the_project(self):
        files = sorted(ROOT.glob("patterns/*/*.yaml"))
        self.assertGreater(len(files), 80)
        for path in files:
            with self.subTest(path.name):
                document = yaml.safe_load(path.read_text(encoding="utf-8"))
                self.assertEqual([error.message for error in self.validator.iter_errors(document)], [])

    def test_a_rule_with_all_keys(self):
        self.accepted(self.changed())
        infix = {"before": "[A-Za-z0-9_]{52}", "trigger": "JQQJ9[9DH]", "boundary": "none", "follow": None}
        self.accepted(self.changed(**infix, examples=["{before:52}JQQJ99{body:26}"]))

    def test_lengths(self):
        for value in ("1..", "20..40", "64..64", "32", 32, 1, 64):
            with self.subTest(value):
                self.accepted(self.changed(length=value))
        for value in ("20-40", "..", "0..", "65..", "20..65", "20...", "", "many", 0, 65, -1, 1.5, [20], True):
            with self.subTest(value):
                self.refused(self.changed(length=value))

    def test_sets(self):
        for value in ("A-Za-z0-9+/=_-", r"\x21-\x7e", r"^\s", r"a\]\[\^\-\\", "[a", ".:", "a-b-"):
            with self.subTest(value):
                self.accepted(self.changed(body=value))
        for value in ("[:alpha:]", "[.a.]", "a]", r"a\q", "a\\", r"\x1", ""):
            with self.subTest(value):
                self.refused(self.changed(body=value))
                self.refused(self.changed(follow=value))

    def test_keys(self):
        for key in ("id", "trigger", "body", "length", "examples"):
            with self.subTest(f"no {key}"):
                self.refused(self.changed(**{key: None}))
        self.refused(self.changed(colour="red"))

    def test_words(self):
        for key, value in (("kind", "postman"), ("boundary", "wall"), ("require", ["colour"]),
                           ("require", "digit"), ("refuse", ["digit"]), ("refuse", "placeholder"), ("then", "what")):
            with self.subTest(key):
                self.refused(self.changed(**{key: value}))

    def test_texts(self):
        for key in ("id", "title", "provider", "trigger", "revoke"):
            for value in ("", ["a"], {"a": "b"}):
                with self.subTest(key, value=value):
                    self.refused(self.changed(**{key: value}))
        for value in ("Acme", "acme_key", "acme key", "*"):
            with self.subTest(value):
                self.refused(self.changed(id=value))
        for value in ("^acme_", "acme(?=b)", "(?<!a)acme"):
            with self.subTest(value):
                self.refused(self.changed(trigger=value))

    def test_infix_rules(self):
        for value in ("abc", "[a-z]", "[a-z]{0}", "[a-z]{65}", "[a-z]{x}", "[]{3}"):
            with self.subTest(value):
                self.refused(self.changed(before=value, trigger="abc", boundary="none"))
        self.refused(self.changed(before="[a-z]{9}", trigger="abc", boundary="word"))
        self.refused(self.changed(before="[a-z]{9}", trigger="abc", boundary="none", kind="carrier"))

    def test_examples(self):
        for value in ([], "acme_live_{body:32}", [""]):
            with self.subTest(value):
                self.refused(self.changed(examples=value))
        self.refused(self.changed(counterexamples=[]))
        # What only keysieve rules test sees: no secret in the example.
        for text in ("acme_live_x", "acme_live_{body}", "acme_live_{BODY:3}"):
            with self.subTest(text):
                self.assertFalse(self.validator.is_valid(self.changed(examples=[text])))
        self.accepted(self.changed(examples=["acme_live_{uuid} ", '{"a":"acme_live_{base64url:40}" }']))

    def test_sections(self):
        self.accepted({"rules": self.changed()})
        self.accepted({"rules": [], "enable": ["password"], "disable": ["generic", "carriers"]})
        for document in ({"rule": []}, {"rules": RULE}, {"rules": self.changed(id="A")}, {"enable": "generic"},
                         {"disable": [["a"]]}, "text", 1, None, [1], [[]]):
            with self.subTest(document):
                self.refused(document)

    def test_allow(self):
        keyed = {"hash": "blake2b-keyed:01abcdef:" + HASH}  # keysieve wants to see the key, too
        self.assertTrue(self.validator.is_valid({"allow": [keyed]}))
        for entry in ({"hash": "blake2b:" + HASH}, {"run": "test_[a-z]{1,20}", "comment": "made up"},
                      {"run": "abc", "rule": "openai-api-key"}):
            with self.subTest(entry):
                self.accepted({"allow": [entry]})
        for entry in ({"hash": HASH}, {"hash": "blake2b:" + HASH[1:]}, {"hash": "md5:" + HASH}, {}, "text",
                      {"hash": "blake2b:" + HASH, "run": "abc"}, {"run": "abc", "key": "x"}, {"rule": "a"},
                      {"run": ""}):
            with self.subTest(entry):
                self.refused({"allow": [entry]})

    def test_each_key_has_a_text_for_the_editor(self):
        for part in (self.schema, self.schema["$defs"]["rule"], self.schema["$defs"]["allowed"]):
            for key, value in part["properties"].items():
                with self.subTest(key):
                    self.assertTrue(value["description"].endswith("."))
