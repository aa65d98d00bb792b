#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Command-line tests of keysieve.

    python3 tests/cli/run.py [BINARY] [-v] [-j N] [-k PATTERN]...

BINARY may come from $KEYSIEVE too. -v names every test with its seconds, and those of a processor; -k picks
tests by name. Classes of tests run beside each other, N at a time: most of them wait most of the time.
The last line is "CLI: N passed, N failed"; the exit status is 1 if a test failed or none ran.
"""

import argparse
import concurrent.futures
import contextlib
import io
import multiprocessing
import os
import resource
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


def processor_seconds():
    """Those of this process, and of the commands it has waited for."""
    uses = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in uses)


class Result(unittest.TestResult):
    """Counts tests, not assertions: a test with three bad subtests failed once."""

    def __init__(self, verbose):
        super().__init__()
        self.verbose = verbose
        self.failed = set()
        self.started = self.used = 0.0

    def startTest(self, test):
        super().startTest(test)
        os.environ["KS_TEST_ID"] = test.id()  # for tests/memcheck
        self.started, self.used = time.monotonic(), processor_seconds()

    def stopTest(self, test):
        super().stopTest(test)
        if self.verbose:
            word = "FAIL" if test.id() in self.failed else "ok"
            print(f"{word:4} {time.monotonic() - self.started:6.2f} s {processor_seconds() - self.used:6.2f} s  "
                  f"{test.id()}", flush=True)

    def note(self, test, err, name):
        self.failed.add(test.id())
        print(f"FAIL {name}\n{self._exc_info_to_string(err, test)}", flush=True)

    def addFailure(self, test, err):
        self.note(test, err, test.id())

    def addError(self, test, err):
        self.note(test, err, test.id())

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.note(test, err, subtest.id())

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print(f"SKIP {test.id()}: {reason}", flush=True)


def classes_of(suite):
    """The tests of a suite, a list for each class."""
    groups = {}
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            groups.update(classes_of(item))
        else:
            groups.setdefault(type(item), []).append(item)
    return groups


def run_class(tests, verbose):
    """Returns what was printed, and how many tests ran, failed, and were skipped."""
    result, out = Result(verbose), io.StringIO()
    with contextlib.redirect_stdout(out):
        unittest.TestSuite(tests).run(result)
    return out.getvalue(), result.testsRun, len(result.failed), len(result.skipped)


def run_all(groups, verbose, jobs):
    """The same counts of all, which are printed as they come."""
    total = [0, 0, 0]
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(jobs, context) as pool:
        runs = [pool.submit(run_class, tests, verbose) for tests in groups]
        for run in concurrent.futures.as_completed(runs):
            out, *counts = run.result()
            print(out, end="", flush=True)
            total = [a + b for a, b in zip(total, counts)]
    return total


def open_standard_descriptors():
    """Those that are closed: what is opened later would take their numbers, and be another program's standard input."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(fd, True)
    os.close(fd)


def main():
    open_standard_descriptors()
    parser = argparse.ArgumentParser(description="Command-line tests of keysieve.")
    parser.add_argument("binary", nargs="?", default=os.environ.get("KEYSIEVE", "build/keysieve"))
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("-j", dest="jobs", type=int, default=max(8, 2 * (os.cpu_count() or 1)), metavar="N")
    parser.add_argument("-k", dest="patterns", action="append", metavar="PATTERN")
    args = parser.parse_args()
    if not os.access(args.binary, os.X_OK):
        parser.error(f"{args.binary}: no such program")
    os.environ["KEYSIEVE"] = os.path.abspath(args.binary)
    sys.path.insert(0, HERE)
    sys.dont_write_bytecode = True
    loader = unittest.TestLoader()
    if args.patterns:
        loader.testNamePatterns = [f"*{pattern}*" for pattern in args.patterns]
    with tempfile.TemporaryDirectory(prefix="keysieve-cache-") as directory:
        os.environ["KEYSIEVE_TEST_CACHE"] = os.path.join(directory, "cache")
        groups = sorted(classes_of(loader.discover(HERE, "test_*.py", HERE)).values(),
                        key=lambda tests: type(tests[0]).__name__ != "Minute")  # what waits longest begins first
        count, failed, skipped = run_all(groups, args.verbose, args.jobs)
    passed = max(count - failed - skipped, 0)
    print(f"CLI: {passed} passed, {failed} failed")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
