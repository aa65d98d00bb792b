# SPDX-License-Identifier: Apache-2.0
"""The importer of gitleaks rules, on some broken and odd configurations: always the same ones."""

import os
import subprocess
import sys
import unittest
from pathlib import Path


class Fuzz(unittest.TestCase):
    def test_some_inputs(self):
        script = Path(__file__).with_name("fuzz_import.py")
        done = subprocess.run([sys.executable, script, os.environ["KEYSIEVE"], "--count", "120"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode()[-4000:])
