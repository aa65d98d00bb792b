#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run the unit programs and the command-line tests under valgrind's memcheck.

    python3 tests/memcheck/run.py BUILD [--unit | --cli] [-j N] [--runs N] [-k PATTERN]...

-k picks unit programs, or tests of the command line, by name. Many of these run keysieve again and again: valgrind
looks at the first N runs of each (4; 0: at all), for a start takes it a second. What counts is what memcheck says: a
test that fails otherwise is named, for valgrind is slow and has a memory of its own, but only errors of memory fail the
run. The sandbox is off, as valgrind makes calls that it forbids. The last line is "memcheck: N passed, N failed".
"""

import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CLI = os.path.join(HERE, "..", "cli", "run.py")
SLOWNESS = "10"  # timeouts are so many times longer, and there are so many times fewer generated inputs
LIMIT = 3600     # seconds for one unit program, two hours for the command line

VALGRIND = ("valgrind", "-q", "--leak-check=full", "--errors-for-leak-kinds=definite", "--show-leak-kinds=definite",
            "--num-callers=30", "--trace-children=no", "--child-silent-after-fork=no", "--vgdb=no")

# What runs in place of keysieve. Its arguments are kept beside the log, so that a log tells which run it is of.
# Tests run it as other users, too, and beside each other: a byte is added to a file of each test's. Where a test
# limits the size of files, or closes a descriptor, the log would meet the limit, or be in its place. Some look into it for the name of a library.
WRAPPER = """\
#!/bin/bash
[[ $(ulimit -f) == unlimited && -e /proc/$$/fd/0 && -e /proc/$$/fd/1 && -e /proc/$$/fd/2 ]] || exec '{binary}' "$@"
if (({runs})) && [[ $KS_TEST_ID ]]; then
    before=$(umask)
    umask 0
    printf . >>'{logs}'/"$KS_TEST_ID".count
    umask "$before"
    (($(stat -c %s '{logs}'/"$KS_TEST_ID".count) <= {runs})) || exec '{binary}' "$@"
fi
printf '%q ' "$@" >'{logs}'/$$.run
exec {valgrind} --log-file='{logs}'/%p.log '{binary}' "$@"
# {libraries}
"""


def environment(extra):
    return {**os.environ, "KEYSIEVE_SANDBOX": "off", "KS_TEST_SLOWNESS": SLOWNESS, **extra}


def errors_in(logs):
    """What memcheck said, each with the arguments of its run. Its errors begin with ==, its remarks with --; where a
    test has closed the standard output, the program's own may be there as well."""
    found = []
    for name in sorted(os.listdir(logs)):
        path = os.path.join(logs, name)
        if not name.endswith(".log"):
            continue
        with open(path, encoding="utf-8", errors="replace") as file:
            said = "".join(line for line in file if re.match(r"==\d+==", line))
        if not said:
            continue
        try:
            with open(path.removesuffix(".log") + ".run", encoding="utf-8", errors="replace") as file:
                said = f"arguments: {file.read()}\n{said}"
        except FileNotFoundError:
            pass  # a child of one
        found.append(said)
    return found


def unit_tests(build, patterns):
    """Those of meson's tests that are programs of ours."""
    listed = subprocess.run(["meson", "introspect", "--tests", build], capture_output=True, check=True).stdout
    tests = [test for test in json.loads(listed) if "keysieve:unit" in test["suite"]
             and os.path.dirname(test["cmd"][0]) == os.path.join(os.path.abspath(build), "tests")]
    return [test for test in tests if not patterns or any(pattern in test["name"] for pattern in patterns)]


def run_unit(test):
    """Without forks, so that one process is looked at, at its end as well."""
    with tempfile.TemporaryDirectory(prefix="keysieve-memcheck-") as logs:
        try:
            done = subprocess.run([*VALGRIND, f"--log-file={logs}/%p.log", *test["cmd"]], capture_output=True,
                                  timeout=LIMIT, check=False,
                                  env=environment({**test["env"], "CK_FORK": "no", "CK_DEFAULT_TIMEOUT": "0"}))
            is_good = done.returncode == 0 and b"\nnot ok" not in done.stdout
        except subprocess.TimeoutExpired:
            is_good = False
        return test["name"], is_good, errors_in(logs)


def check_unit(build, jobs, patterns):
    """Returns how many programs had no error, and how many had some."""
    counts = [0, 0]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for name, is_good, errors in pool.map(run_unit, unit_tests(build, patterns)):
            print(f"{name}: {'; '.join(['ok' if is_good else 'its tests failed'] + errors)}", flush=True)
            counts[bool(errors)] += 1
    return counts


def check_cli(build, jobs, patterns, limit):
    """The same of runs of keysieve."""
    with tempfile.TemporaryDirectory(prefix="keysieve-memcheck-") as directory:
        os.chmod(directory, 0o755)
        logs, wrapper = os.path.join(directory, "logs"), os.path.join(directory, "keysieve")
        os.mkdir(logs)
        os.chmod(logs, 0o1777)  # some tests run keysieve as nobody
        binary = os.path.abspath(os.path.join(build, "keysieve"))
        with open(binary, "rb") as file:
            libraries = sorted(set(re.findall(r"lib\w+\.so", file.read().decode("latin-1"))))
        with open(wrapper, "w", encoding="utf-8") as file:
            file.write(WRAPPER.format(logs=logs, valgrind=" ".join(VALGRIND), runs=limit, binary=binary,
                                      libraries=" ".join(libraries)))
        os.chmod(wrapper, 0o755)
        subprocess.run([sys.executable, CLI, wrapper, "-v", "-j", str(jobs),
                        *(f"-k{pattern}" for pattern in patterns)], env=environment({}), check=False)
        errors = errors_in(logs)
        for said in errors:
            print(said, flush=True)
        runs = sum(name.endswith(".run") for name in os.listdir(logs))
        print(f"memcheck: {runs} runs of keysieve, {len(errors)} with errors")
        return [runs - len(errors), len(errors)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build", metavar="BUILD")
    parser.add_argument("--unit", action="store_true", help="unit programs only")
    parser.add_argument("--cli", action="store_true", help="tests of the command line only")
    parser.add_argument("-j", dest="jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--runs", type=int, default=4, metavar="N", help="of each test of the command line; 0: all")
    parser.add_argument("-k", dest="patterns", action="append", default=[], metavar="PATTERN")
    options = parser.parse_args()
    counts = [0, 0]
    if not options.cli:
        counts = check_unit(options.build, options.jobs, options.patterns)
    if not options.unit:
        counts = [a + b for a, b in zip(counts, check_cli(options.build, options.jobs, options.patterns, options.runs))]
    print(f"memcheck: {counts[0]} passed, {counts[1]} failed")
    return 1 if counts[1] or not counts[0] else 0


if __name__ == "__main__":
    sys.exit(main())
