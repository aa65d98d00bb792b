# SPDX-License-Identifier: Apache-2.0
"""Allow-lists: rules allow, --key-file and key new; and rules import."""

import os
import stat
import unittest

from support import LONG, ONLY, TRIGGER, CommandTest, body, masked, run

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools")


class Allow(CommandTest):
    def setUp(self):
        super().setUp()
        self.sample, self.secret = body(40), body(40, 2)
        self.log = b"a %s b %s c\n" % (TRIGGER + self.sample, TRIGGER + self.secret)

    def allow(self, *options):
        result = run("rules", "allow", *options, data=TRIGGER + self.sample + b"\n", timeout=LONG)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        self.assertNotIn(self.sample, result.stdout)
        return self.file("allow.yaml", result.stdout.decode())

    def test_a_sample_stays_readable(self):
        rules = self.allow()
        result = run("--rules", rules, data=self.log, timeout=LONG)
        self.assert_done(result, masked(self.log, self.secret))

    def test_also_in_a_carrier(self):
        log = b"Authorization: Bearer " + TRIGGER + self.sample + b"\n"
        result = run("--rules", self.allow(), data=log, timeout=LONG)
        self.assert_done(result, log)

    def test_keyed(self):
        key = self.path("key")
        self.assertEqual(run("key", "new", key).returncode, 0)
        self.assertEqual(stat.S_IMODE(os.stat(key).st_mode), 0o600)
        rules = self.allow("--key-file", key)
        result = run("--rules", rules, "--key-file", key, data=self.log, timeout=LONG)
        self.assert_done(result, masked(self.log, self.secret))
        result = run("--rules", rules, data=self.log, timeout=LONG)
        self.assert_message(result, 78, f"{rules}:2:5: ", "--key-file")
        self.assertEqual(result.stdout, b"")

    def test_a_key_is_never_overwritten(self):
        key = self.file("key", "precious")
        self.assert_message(run("key", "new", key), 78, key, "File exists")
        with open(key, encoding="ascii") as f:
            self.assertEqual(f.read(), "precious")

    def test_what_is_no_key(self):
        key = self.file("key", "no key\n")
        result = run("--key-file", key, *ONLY, data=self.log)
        self.assert_message(result, 78, key, "no key file")
        self.assertEqual(result.stdout, b"")

    def test_a_run_by_expression(self):
        rules = self.file("allow.yaml", f"allow:\n  - run: '{self.sample.decode()[:10]}.*'\n")
        result = run("--rules", rules, data=self.log, timeout=LONG)
        self.assert_done(result, masked(self.log, self.secret))

    def test_long_secrets_cannot_be_allowed(self):
        result = run("rules", "allow", data=TRIGGER + body(80) + b"\n", timeout=LONG)
        self.assertEqual((result.returncode, result.stdout), (0, b""))
        self.assertIn(b"1 of the secrets have 64 bytes or more", result.stderr)

    def test_two_files_or_none_for_a_key(self):
        for arguments in ((), ("a", "b")):
            self.assert_message(run("key", "new", *arguments), 2, "key new wants one FILE")


class Import(CommandTest):
    def test_runs_the_program(self):
        source = self.file("g.toml", "[[rules]]\nid = 'acme'\nregex = '''acme_[a-z0-9]{32}'''\n")
        rules = self.path("rules.yaml")
        result = run("rules", "import", "-o", rules, "--prefix", "x-", source,
                     env={"KEYSIEVE_LIBEXEC": TOOLS})
        self.assertEqual((result.returncode, result.stdout), (0, b""))
        secret = body(32, 3, "abcdef0123456789")
        log = b"k=acme_" + secret.lower() + b"\n"
        result = run("--rules", rules, data=log, timeout=LONG)
        self.assert_done(result, masked(log, secret.lower()))

    def test_without_the_program(self):
        result = run("rules", "import", "x", env={"KEYSIEVE_LIBEXEC": "/nowhere"})
        self.assert_message(result, 74, "/nowhere/import_gitleaks.py", "No such file")

    def test_one_file(self):
        self.assert_message(run("rules", "import"), 2, "rules import wants one FILE")


if __name__ == "__main__":
    unittest.main()
