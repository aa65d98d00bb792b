#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Count test results: count.py TESTLOG_JSON prints a line, and one for each test that failed; count.py --total
LINES_FILE names all that failed once more and adds up the lines."""

import json
import re
import sys


def failures(test):
    """The names of what failed in one of meson's tests, which is one itself."""
    said = test.get("stdout", "")
    names = re.findall(r"^not ok \d+ -? ?(.*)$", said, re.M) + re.findall(r"^FAIL (\w[\w.]+)", said, re.M)
    seconds = f"{test['duration']:.0f} s"
    return [f"{test['name']}: {test['result']} after {seconds}", *(f"{test['name']}: {name}" for name in names)]


def count_meson(path):
    """Subtests where a test has them (TAP), else the test itself."""
    passed = failed = 0
    red = []
    with open(path, encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            ok = len(re.findall(r"^ok ", test.get("stdout", ""), re.M))
            not_ok = len(re.findall(r"^not ok ", test.get("stdout", ""), re.M))
            if test["result"] not in ("OK", "EXPECTEDFAIL"):
                not_ok = not_ok or 1
                red += failures(test)
            elif ok + not_ok == 0:
                ok = 1
            own = re.findall(r"^\w+: (\d+) passed, (\d+) failed$", test.get("stdout", ""), re.M)
            if own:
                ok, not_ok = (sum(int(pair[i]) for pair in own) for i in (0, 1))
            passed += ok
            failed += not_ok
    return "\n".join([f"meson: {passed} passed, {failed} failed", *(f"failed: {name}" for name in red)])


def total(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    pairs = re.findall(r"(\d+) passed, (\d+) failed$", text, re.M)
    for line in re.findall(r"^(?:failed: .*|.* [1-9]\d* failed)$", text, re.M):
        print(line)
    passed, failed = (sum(int(pair[i]) for pair in pairs) for i in (0, 1))
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    if sys.argv[1] == "--total":
        sys.exit(total(sys.argv[2]))
    print(count_meson(sys.argv[1]))
