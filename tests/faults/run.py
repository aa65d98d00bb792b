#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Let the n-th call of a kind fail, for every n, in every command of keysieve.

    python3 tests/faults/run.py BINARY LIBRARY [--all] [-k PATTERN] [--kind KIND] [--fault FAULT] [-j N]

LIBRARY is tests/faults/libfaults.so of a build folder. Without --all it takes some of each, 1,500 in all: the same ones
each time. --fault is one alone, such as read:2:5, the second read(2) with EIO: what is told then is shown.
The last line is "faults: N passed, N failed"; the exit status is 1 if one failed.
"""

import argparse
import errno
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "cli"))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

FOREVER = 10 ** 9
GOOD = (70, 74, 78)  # exit statuses of what did not go well
UNDECIDED = 256      # bytes of an output that may be
PIECE = 8            # so many bytes of a key are payload

# What libraries say themselves; with the last one libc ends the process.
OF_LIBC = b"cannot allocate memory for thread-local data: ABORT"
OF_LIBRARIES = (b"Error in GnuTLS", OF_LIBC)

# Where this Hyperscan grows a database it does not look whether it got the memory: docs/failures.md
DEATH = re.compile(r"signal 11 in libhs\.so\.\S* 5\.4\.0 .*after posix_memalign")

# How calls of a kind fail: once ("1") or from then on ("*"). Those that begin with "=" nobody may notice.
ERRORS = {
    "alloc": ("1ENOMEM", "*ENOMEM"),
    "map": ("1ENOMEM", "*ENOMEM"),
    "read": ("1EIO", "*EIO", "=1EINTR", "=1short", "=*short", "1EAGAIN"),
    "write": ("1ENOSPC", "*ENOSPC", "1EIO", "=1EINTR", "=1short", "=*short"),
    "sync": ("1EIO", "*EIO", "1ENOSPC"),
    "rename": ("1EIO", "*EACCES"),
    "open": ("1EMFILE", "*EMFILE", "1EACCES"),
    "stat": ("1EIO", "*EIO"),
    "truncate": ("1EIO", "*EIO"),
    "link": ("1EIO", "*EPERM"),
    "poll": ("=1EINTR", "1ENOMEM", "*ENOMEM"),
    "thread": ("1EAGAIN",),
    "watch": ("1ENOSPC", "*ENOSPC", "1ENFILE"),
    "match": ("1ENOMEM", "*ENOMEM"),
    "hash": ("1EINVAL", "*EINVAL"),
    "close": ("1EIO", "1ENOSPC"),
    "socket": ("1EADDRINUSE", "1ENFILE"),
    "start": ("1EAGAIN", "*ENOENT"),
    "timer": ("1EAGAIN",),
    "control": ("1EIO", "*EIO"),
    "journal": ("1EIO", "*EBADMSG"),
}


class Wrong(Exception):
    """What a run did that it must not do."""


class Fault:
    def __init__(self, kind, first, last, error, is_silent=False):
        self.kind, self.first, self.last, self.error, self.is_silent = kind, first, last, error, is_silent

    def __str__(self):
        last = "" if self.last == self.first else f"-{self.last}"
        error = self.error if self.error == "short" else getattr(errno, self.error)
        return f"{self.kind}:{self.first}{last}:{error}"

    def environment(self, place):
        return {"KEYSIEVE_FAULT": str(self), "KEYSIEVE_FAULT_LOG": place.name("../fault")}


def fault_of(kind, n, how):
    is_silent = how[0] == "="
    how = how.lstrip("=")
    return Fault(kind, n, FOREVER if how[0] == "*" else n, how[1:], is_silent)


# ---------------------------------------------------------------------------- running ----

class Run:
    """A scenario in a folder of its own, with a fault or without."""

    def __init__(self, scenario, setting):
        self.scenario, self.setting = scenario, setting
        self.folder = tempfile.mkdtemp(prefix="keysieve-faults-", dir=setting.folder)
        os.mkdir(os.path.join(self.folder, "in"))
        self.place = scenarios.Place(os.path.join(self.folder, "in"))
        scenario.prepare(self.place)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def go(self, extra):
        """Run it once. Sets status, stdout and stderr."""
        env = scenarios_environment({**extra, "LD_PRELOAD": self.setting.library, "KEYSIEVE_SANDBOX": self.scenario.sandbox})
        with subprocess.Popen([self.setting.binary, *self.scenario.arguments_in(self.place)], env=env,
                              cwd=self.place.path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, bufsize=0) as process:
            try:
                self.stdout, self.stderr = self.scenario.drive(process, self.place)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                raise Wrong("hangs") from None
            self.status = process.returncode

    def outputs(self):
        return {name: self.scenario.output(self.place, name, self.stdout) for name in self.scenario.outputs}

    def fired(self):
        """Where the fault was, or "" if it never was."""
        try:
            with open(os.path.join(self.folder, "fault"), encoding="ascii") as file:
                return file.readline().strip()
        except FileNotFoundError:
            return ""

    def dies_in_matcher(self):
        """The compiler of Hyperscan's own death, before anything was written."""
        with open(os.path.join(self.folder, "fault"), encoding="ascii") as file:
            return self.status == -signal.SIGSEGV and not self.stdout and DEATH.fullmatch(file.read().splitlines()[-1])

    def count(self):
        """How many calls of each kind there are."""
        self.go({"KEYSIEVE_FAULT_COUNTS": self.place.name("../counts")})
        with open(os.path.join(self.folder, "counts"), encoding="ascii") as file:
            return {kind: int(n) for kind, n in (line.split() for line in file)}


# --------------------------------------------------------------------------- judging ----

def has_payload(data):
    return any(key[i:i + PIECE] in data for key in scenarios.PLANTED for i in range(len(key) - PIECE + 1))


def check_payload(run):
    scenario = run.scenario
    if has_payload(run.stderr):
        raise Wrong("payload on stderr")
    may = {*scenario.sources, *scenario.plain, "log", "log.1"}
    for name, data in run.place.all():
        if name not in may and not name.endswith(".gz") and has_payload(data):
            raise Wrong(f"payload in {name}")


def check_files(run):
    """What is masked in place is what it was, or what it should be, or nearly there: the next run sees to that."""
    for name, data in run.scenario.sources.items():
        now = run.place.read(name)
        if name not in run.scenario.rewrites and now != data:
            raise Wrong(f"{name} was changed")


def is_prefix(got, want):
    """What is undecided where the input breaks off is masked."""
    settled = max(len(got) - UNDECIDED, 0)
    return got[:settled] == want[:settled] and all(
        a in (b, ord("*")) for a, b in zip(got[settled:], want[settled:])) and len(got) <= len(want)


def check_outputs(run, want):
    """All there, or a prefix of it. Returns whether it is all."""
    complete = True
    for name, got in run.outputs().items():
        if got == want[name]:
            continue
        complete = False
        if name not in run.scenario.rewrites and not run.scenario.is_loose and not is_prefix(got, want[name]):
            raise Wrong(f"{name} is no prefix of what is right: {len(got)} bytes for {len(want[name])}")
    return complete


def check_sides(run):
    return all(run.scenario.output(run.place, name, b"") == right for name, right in run.scenario.sides.items())


def check_messages(run):
    for line in run.stderr.splitlines():
        if not line.startswith((b"keysieve: ", *OF_LIBRARIES)):
            raise Wrong(f"on stderr: {line[:100]!r}")


def check_status(run, fault, is_complete, is_second=False):
    good = run.scenario.ends_with
    if run.status < 0 and fault and run.dies_in_matcher():
        return
    if run.status < 0:
        raise Wrong(f"killed by signal {-run.status}")
    if run.status == good:
        if not is_complete:
            raise Wrong(f"status {good} though output is missing")
        if not is_second and not check_sides(run) and not run.stderr:
            raise Wrong("something is missing beside the output, and nobody was told")
    elif run.status not in (*GOOD, *run.scenario.refusals) and not run.stderr.startswith(OF_LIBC):
        raise Wrong(f"status {run.status}")
    elif not run.stderr:
        raise Wrong(f"status {run.status} without a word")
    elif run.status == 78 and fault.kind == "alloc":
        raise Wrong("status 78, which is for rules and configuration")
    if fault and fault.is_silent and run.status != good:
        raise Wrong(f"status {run.status} after what should not matter: {run.stderr[:100]!r}")
    if not fault and run.status != good:
        raise Wrong(f"status {run.status} without a fault: {run.stderr[:200]!r}")


def judge(run, want, fault, is_second=False):
    check_payload(run)
    check_files(run)
    check_messages(run)
    check_status(run, fault, check_outputs(run, want), is_second)


def judge_again(run, want):
    run.go({})
    if not check_outputs(run, want):
        raise Wrong("a second run does not bring what the first did not")
    judge(run, want, None, is_second=True)


def try_fault(scenario, setting, want, fault):
    """Returns whether it happened, and None or (what is wrong, where)."""
    with Run(scenario, setting) as run:
        try:
            run.go(fault.environment(run.place))
            fired = run.fired()
            judge(run, want, fault if fired else None)
            if run.status < 0:
                setting.deaths.append(fault)
            if scenario.again:
                judge_again(run, want)
            if setting.shows:
                print(f"status {run.status}\n{run.stderr.decode()}{fired}")
            return bool(fired), None
        except Wrong as wrong:
            return True, (str(wrong), run.fired(), getattr(run, "stderr", b"")[:300])


# --------------------------------------------------------------------------- searching ----

def learn(scenario, setting):
    """Without a fault: what is right, and how many calls there are."""
    with Run(scenario, setting) as run:
        run.go({})  # what it keeps between runs, compiled rules, is there for all that follow
    with Run(scenario, setting) as run:
        counts = run.count()
        if not scenario.outputs:
            scenario.outputs = {"stdout": None}
        got = run.outputs()
        want = {name: got[name] if right is None else right for name, right in scenario.outputs.items()}
        judge(run, want, None)
        if not check_sides(run):
            raise Wrong("without a fault something is missing beside the output")
        return want, counts


class Series:
    """All faults of a kind and an error in a scenario."""

    def __init__(self, scenario, want, kind, how, count):
        self.scenario, self.want, self.kind, self.how, self.count = scenario, want, kind, how, count

    def some(self, rng):
        """Each number of a call: the first, the last, then the others, which are many, in any order."""
        yield from sorted({1, self.count})
        others = list(range(2, self.count))
        rng.shuffle(others)
        yield from others

    def beyond(self, n, fired):
        """More calls than were counted: until one passes without the fault."""
        return fired and self.count <= n < 2 * self.count + 100


def all_series(setting, learnt):
    for scenario, (want, counts) in learnt.items():
        for kind, count in counts.items():
            if count > 0 and setting.kind in (None, kind) and kind not in scenario.unlike:
                for how in ERRORS[kind]:
                    if how.endswith("EINTR") and not scenario.is_interrupted:
                        continue
                    yield Series(scenario, want, kind, how, count)


def in_turn(series, rng):
    """(series, n): one of each series, then another of each. What has few scenarios to be met in comes first."""
    orders = [(one, one.some(rng)) for one in series]
    rng.shuffle(orders)
    while orders:
        left = []
        for one, order in orders:
            n = next(order, None)
            if n is not None:
                left.append((one, order))
                yield one, n
        orders = left


class Search:
    """Faults tried one after the other by several threads, as many as are to be."""

    def __init__(self, setting, series):
        self.setting, self.left = setting, in_turn(series, random.Random(setting.seed))
        self.lock = threading.Lock()
        self.most = setting.count
        self.tried, self.problems, self.seen = 0, 0, set()

    def take(self):
        with self.lock:
            if self.most == 0:
                return None
            self.most -= 1
            return next(self.left, None)

    def note(self, series, fault, fired, problem):
        with self.lock:
            self.tried += fired
            if not problem:
                return
            what, where, said = problem
            self.problems += 1
            if (what, where, fault.error) not in self.seen:
                self.seen.add((what, where, fault.error))
                print(f"FAIL {series.scenario}: {fault}: {what}\n     {where}\n     {said!r}", flush=True)

    def try_one(self, series, n):
        fault = fault_of(series.kind, n, series.how)
        fired, problem = try_fault(series.scenario, self.setting, series.want, fault)
        self.note(series, fault, fired, problem)
        return fired

    def work(self):
        try:
            self.try_all()
        except Exception as error:  # of a scenario, or of this program: a thread's would be overlooked
            with self.lock:
                self.problems += 1
                self.most = 0
            print(f"FAIL: {error!r}", flush=True)

    def try_all(self):
        while task := self.take():
            series, n = task
            fired = self.try_one(series, n)
            while self.setting.is_all and series.beyond(n, fired):
                n += 1
                fired = self.try_one(series, n)

    def run(self):
        threads = [threading.Thread(target=self.work) for _ in range(self.setting.jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


# ------------------------------------------------------------------------------- main ----

def read_arguments():
    parser = argparse.ArgumentParser(description="Let the n-th call fail, for every n.")
    parser.add_argument("binary")
    parser.add_argument("library")
    parser.add_argument("--all", dest="is_all", action="store_true", help="all of them, however long it takes")
    parser.add_argument("--count", type=int, default=1500, help="of the faults that are tried otherwise")
    parser.add_argument("--seed", type=int, default=1, help="another one: other faults")
    parser.add_argument("-k", dest="pattern", default="", metavar="PATTERN", help="scenarios with this in their name")
    parser.add_argument("--kind", help="calls of this kind only")
    parser.add_argument("--fault", help="KIND:FROM-TO:ERROR: this fault only")
    parser.add_argument("-j", dest="jobs", type=int, default=2 * (os.cpu_count() or 1), metavar="N")
    setting = parser.parse_args()
    setting.binary, setting.library = os.path.abspath(setting.binary), os.path.abspath(setting.library)
    setting.shows, setting.deaths = bool(setting.fault), []
    if setting.is_all:
        setting.count = FOREVER
    return setting


def memory_folder():
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def try_one(setting, chosen):
    kind, numbers, error = setting.fault.split(":")
    first, _, last = numbers.partition("-")
    name = error if error == "short" else errno.errorcode[int(error)]
    for scenario in chosen:
        want, _ = learn(scenario, setting)
        print(scenario, *try_fault(scenario, setting, want, Fault(kind, int(first), int(last or first), name)))


def learn_all(setting, chosen):
    """What is right of each scenario; those that fail as they are, are told and left out."""
    learnt = {}
    for scenario in chosen:
        try:
            learnt[scenario] = learn(scenario, setting)
        except Wrong as wrong:
            print(f"FAIL {scenario}: {wrong}", flush=True)
    return learnt


def run_all(setting, chosen):
    """Returns how many things went well, and how many did not."""
    learnt = learn_all(setting, chosen)
    search = Search(setting, list(all_series(setting, learnt)))
    search.run()
    failed = search.problems + len(chosen) - len(learnt)
    return search.tried - search.problems, failed


def main():
    setting = read_arguments()
    os.environ.update({"KEYSIEVE": setting.binary, "KEYSIEVE_SANDBOX": "off"})
    global scenarios, scenarios_environment
    import scenarios
    from support import environment as scenarios_environment
    chosen = [s for s in scenarios.all_scenarios() if setting.pattern in s.name]
    with tempfile.TemporaryDirectory(prefix="keysieve-faults-", dir=memory_folder()) as setting.folder:
        if setting.fault:
            try_one(setting, chosen)
            return 0
        passed, failed = run_all(setting, chosen)
    if setting.deaths:
        print(f"of these Hyperscan 5.4.0 died in {len(setting.deaths)}, as it does without memory")
    print(f"faults: {passed} passed, {failed} failed")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
