# SPDX-License-Identifier: Apache-2.0
"""docs/ledger.schema.json and docs/report.schema.json, and the examples of docs/ledger.md."""

import json
import os
import re
import subprocess
import unittest
from pathlib import Path

import jsonschema

DOCS = Path(__file__).resolve().parents[2] / "docs"


def checker(name):
    schema = json.loads((DOCS / name).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def report(ledger, *args):
    command = [os.environ["KEYSIEVE"], "report", "--json", *args, "-"]
    return subprocess.run(command, input=ledger.encode(), capture_output=True, timeout=240, check=False)


class ReportSchema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        text = (DOCS / "ledger.md").read_text(encoding="utf-8")
        cls.examples = re.search(r"```json\n(.*?)```", text, re.S)[1].splitlines()
        cls.ledger = checker("ledger.schema.json")
        cls.report = checker("report.schema.json")

    def accepted(self, record):
        """By the schema and by keysieve alike."""
        text = json.dumps(record)
        accepted = report(text + "\n\n" + self.examples[0]).returncode == 0
        self.assertEqual(self.ledger.is_valid(record), accepted, text)
        return accepted

    def test_the_examples_are_a_ledger(self):
        self.assertEqual(len(self.examples), 2)
        for line in self.examples:
            self.assertTrue(self.accepted(json.loads(line)))

    def test_the_documented_members_are_those_of_the_schema(self):
        of_known_values = {"known_source", "known_number"}
        members = {name for line in self.examples for name in json.loads(line)} | of_known_values
        self.assertEqual(members, set(self.ledger.schema["properties"]))
        text = (DOCS / "ledger.md").read_text(encoding="utf-8")
        for name in members:
            self.assertRegex(text, rf"(?m)^\| [^|]*`{name}`")

    def test_what_is_missing_null_or_of_a_wrong_type(self):
        for line in self.examples:
            for name in json.loads(line):
                record = json.loads(line)
                del record[name]
                self.accepted(record)
                for value in (None, "x", 5, -5, True, [], {}, 1.5):
                    if name != "event" or value is not None:
                        self.accepted({**record, name: value})

    def test_reports(self):
        ledger = "\n".join(self.examples) + "\n"
        bare = {"v": 1, "event": "finding", "time": "2026-01-01T00:00:00Z", "source": "", "rule": ""}
        for text in ("", ledger, ledger + json.dumps(bare), "x\n" + ledger):
            for args in ((), ("--revoked-at", "2026-11-22"), ("--as-of", "2026-11-22T10:00:30.5Z")):
                self.report.validate(json.loads(report(text, *args).stdout))


if __name__ == "__main__":
    unittest.main()
