#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of tools/ and of docs/rules.schema.json: run.py KEYSIEVE [PATTERN]...

PATTERN picks tests by name. It is Debian's Python that runs them, for Debian's python3-jsonschema and
python3-yaml. The last line is "tools: N passed, N failed"; the exit status is 1 if a test failed or none ran.
"""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


def main() -> int:
    if len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
        sys.exit("usage: run.py KEYSIEVE [PATTERN]...")
    os.environ["KEYSIEVE"] = os.path.abspath(sys.argv[1])
    sys.path.insert(0, HERE)
    sys.dont_write_bytecode = True
    loader = unittest.TestLoader()
    if sys.argv[2:]:
        loader.testNamePatterns = [f"*{pattern}*" for pattern in sys.argv[2:]]
    tests = loader.discover(HERE, "test_*.py", HERE)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(tests)
    failed = {test.id().partition(" ")[0] for test, _ in result.failures + result.errors}
    print(f"tools: {result.testsRun - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
