# SPDX-License-Identifier: Apache-2.0
"""The manual pages: that they are put together, and say of options and keys what the program says."""

import json
import os
import re
import shutil
import subprocess
import sys
import unittest

from support import BINARY, CommandTest, environment, run
from test_completion import commands, help_options

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
MANUAL = os.path.join(ROOT, "docs", "man")
SCHEMA = os.path.join(ROOT, "docs", "rules.schema.json")


class Manual(CommandTest):
    def page(self, name):
        out = self.path(name)
        subprocess.run([sys.executable, os.path.join(MANUAL, "make.py"), BINARY, SCHEMA, "1.2.3",
                        os.path.join(MANUAL, name + ".in"), out], env=environment(), check=True)
        return self.content(out).decode("ascii")

    def entry(self, page, section, name):
        """The paragraph of what is called name."""
        text = re.search(rf"(?ms)^\.SH {section}$(.*?)(^\.SH|\Z)", page)[1].replace("\\-", "-")
        found = [part for part in text.split(".TP\n") if re.match(rf"(\\fB-\w\\fR, )?\\fB{name}\\fR", part)]
        self.assertNotEqual(found, [], name)
        return " ".join(found)

    def test_every_command_with_its_options(self):
        page = self.page("keysieve.1")
        for words in ([], *commands()):
            with self.subTest(words):
                entry = self.entry(page, "COMMANDS", " ".join(["keysieve", *words]))
                found = set(re.findall(r"(?m)^\\fB(--[a-z-]+)", entry))
                self.assertEqual(found, set(help_options(*words)) - {"--help", "--version", "--man"})

    def test_every_option(self):
        page = self.page("keysieve.1")
        for option in {option for words in ([], *commands()) for option in help_options(*words)}:
            with self.subTest(option):
                self.assertIn("(", self.entry(page, "OPTIONS", option))
        self.assertIn("not in a configuration file", self.entry(page, "OPTIONS", "--in-place"))
        self.assertIn("KEYSIEVE_FILL_CHAR", self.entry(page, "OPTIONS", "--fill-char"))

    def test_every_key_of_a_rule(self):
        page = self.page("keysieve-rules.5")
        with open(SCHEMA, encoding="utf-8") as file:
            keys = json.load(file)["$defs"]["rule"]["properties"]
        for key in keys:
            self.entry(page, "KEYS OF A RULE", key)
        self.assertIn("(needed)", self.entry(page, "KEYS OF A RULE", "trigger"))

    def test_the_version(self):
        for name in ("keysieve.1", "keysieve-rules.5"):
            self.assertIn('"keysieve 1.2.3"', self.page(name))
            self.assertNotIn("@", self.page(name))

    def test_what_formats_them_has_nothing_to_say(self):
        for program in (["mandoc", "-T", "lint"], ["groff", "-man", "-ww", "-z"]):
            for name in ("keysieve.1", "keysieve-rules.5"):
                with self.subTest(f"{program[0]} {name}"):
                    if not shutil.which(program[0]):
                        self.skipTest(f"no {program[0]}")
                    self.page(name)
                    result = subprocess.run([*program, self.path(name)], capture_output=True, check=False)
                    self.assertEqual((result.returncode, result.stdout, result.stderr), (0, b"", b""))

    def test_help_tells_of_it(self):
        self.assertIn(b"--man", run("help", "help").stdout)


if __name__ == "__main__":
    unittest.main()
