#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Let the n-th call of a kind fail, for every n, in every command of keysieve.

    python3 tests/faults/run.py BINARY LIBRARY [--all] [-k PATTERN] [--kind KIND] [-v] [-j N]

Without --all some n of each are tried: about a minute. LIBRARY is tests/faults/libfaults.so of a build folder.
"KIND:FROM-TO:ERROR" after -k PATTERN is one fault alone.
The last line is "faults: N passed, N failed", a scenario and a kind being one; the exit status is 1 if one failed.
"""

import argparse
import concurrent.futures
import errno
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "cli"))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

FOREVER = 10 ** 9
GOOD = (70, 74, 78)  # exit statuses of what did not go well
PIECE = 8            # so many bytes of a key are payload
FEW = (6, 4, 6)      # first, last and in between: what is tried of many
FEW_SLOW = (3, 2, 2)

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
        env = scenarios_environment({**extra, "LD_PRELOAD": self.setting.library, "MALLOC_PERTURB_": "165"})
        with subprocess.Popen([self.setting.binary, *self.scenario.arguments_in(self.place)], env=env,
                              cwd=self.place.path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
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


def check_outputs(run, want):
    """All there, or a prefix of it. Returns whether it is all."""
    complete = True
    for name, got in run.outputs().items():
        if got == want[name]:
            continue
        complete = False
        if name not in run.scenario.rewrites and not run.scenario.is_loose and not want[name].startswith(got):
            raise Wrong(f"{name} is no prefix of what is right: {len(got)} bytes for {len(want[name])}")
    return complete


def check_sides(run):
    return all(run.scenario.output(run.place, name, b"") == right for name, right in run.scenario.sides.items())


def check_messages(run):
    for line in run.stderr.splitlines():
        if not line.startswith((b"keysieve: ", b"Error in GnuTLS")):
            raise Wrong(f"on stderr: {line[:100]!r}")


def check_status(run, fault, is_complete, is_second=False):
    good = run.scenario.ends_with
    if run.status < 0:
        raise Wrong(f"killed by signal {-run.status}")
    if run.status == good:
        if not is_complete:
            raise Wrong(f"status {good} though output is missing")
        if not is_second and not check_sides(run) and not run.stderr:
            raise Wrong("something is missing beside the output, and nobody was told")
    elif run.status not in GOOD:
        raise Wrong(f"status {run.status}")
    elif not run.stderr:
        raise Wrong(f"status {run.status} without a word")
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
            if scenario.again:
                judge_again(run, want)
            if setting.shows:
                print(f"status {run.status}\n{run.stderr.decode()}{fired}")
            return bool(fired), None
        except Wrong as wrong:
            return True, (str(wrong), run.fired(), getattr(run, "stderr", b"")[:300])


# --------------------------------------------------------------------------- searching ----

def numbers(count, is_all, few):
    """Which of count calls fail."""
    first, last, between = few
    if is_all or count <= first + last + between:
        return list(range(1, count + 1))
    step = (count - first - last) / between
    return [*range(1, first + 1), *(first + 1 + int(step * (i + 0.5)) for i in range(between)),
            *range(count - last + 1, count + 1)]


def search(scenario, setting, want, kind, count):
    """All faults of a kind. Returns how many happened, and what is wrong."""
    tried, problems = 0, []
    for how in ERRORS[kind]:
        few = FEW_SLOW if scenario.slow else FEW
        last = 0
        for n in numbers(count, setting.is_all, few):
            fired, problem = try_fault(scenario, setting, want, fault_of(kind, n, how))
            tried += fired
            last = n if fired else last
            if problem:
                problems.append((fault_of(kind, n, how), *problem))
        n = count + 1
        while setting.is_all and last == n - 1 and n < 2 * count + 100:
            fired, problem = try_fault(scenario, setting, want, fault_of(kind, n, how))
            last = n if fired else last
            n += 1
            if problem:
                problems.append((fault_of(kind, n, how), *problem))
    return tried, problems


def learn(scenario, setting):
    """Without a fault: what is right, and how many calls there are."""
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


# ------------------------------------------------------------------------------- main ----

def read_arguments():
    parser = argparse.ArgumentParser(description="Let the n-th call fail, for every n.")
    parser.add_argument("binary")
    parser.add_argument("library")
    parser.add_argument("--all", dest="is_all", action="store_true", help="every n")
    parser.add_argument("-k", dest="pattern", default="", metavar="PATTERN", help="scenarios with this in their name")
    parser.add_argument("--kind", help="calls of this kind only")
    parser.add_argument("--fault", help="KIND:FROM-TO:ERROR: this fault only")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("-j", dest="jobs", type=int, default=2 * (os.cpu_count() or 1), metavar="N")
    return parser.parse_args()


def memory_folder():
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def try_one(setting, chosen, text):
    kind, numbers_text, error = text.split(":")
    first, _, last = numbers_text.partition("-")
    name = error if error == "short" else errno.errorcode[int(error)]
    setting.shows = True
    for scenario in chosen:
        want, _ = learn(scenario, setting)
        print(scenario, *try_fault(scenario, setting, want, Fault(kind, int(first), int(last or first), name)))


def show(scenario, kind, tried, problems, seen):
    for fault, what, where, stderr in problems:
        key = (what, where, fault.error)
        if key in seen:
            continue
        seen.add(key)
        print(f"FAIL {scenario}: {fault}: {what}\n     {where}\n     {stderr!r}", flush=True)
    del kind, tried


def run_all(setting, chosen, pool):
    """Returns how many series of faults went well and how many did not."""
    learnt = {s: pool.submit(learn, s, setting) for s in chosen}
    runs, seen, passed, failed, total = {}, set(), 0, 0, 0
    for scenario, future in learnt.items():
        try:
            want, counts = future.result()
        except Wrong as wrong:
            print(f"FAIL {scenario}: {wrong}")
            failed += 1
            continue
        for kind, count in counts.items():
            if count > 0 and setting.kind in (None, kind) and kind not in scenario.unlike:
                runs[pool.submit(search, scenario, setting, want, kind, count)] = scenario, kind
    for future in concurrent.futures.as_completed(runs):
        scenario, kind = runs[future]
        tried, problems = future.result()
        show(scenario, kind, tried, problems, seen)
        if setting.verbose:
            print(f"{'FAIL' if problems else 'ok':4} {scenario} {kind}: {tried} faults", flush=True)
        passed, failed, total = passed + (not problems), failed + bool(problems), total + tried
    print(f"{total} faults")
    return passed, failed


def main():
    setting = read_arguments()
    setting.binary, setting.library = os.path.abspath(setting.binary), os.path.abspath(setting.library)
    setting.shows = False
    os.environ["KEYSIEVE"] = setting.binary
    global scenarios, scenarios_environment
    import scenarios
    from support import environment as scenarios_environment
    chosen = [s for s in scenarios.all_scenarios() if setting.pattern in s.name]
    with tempfile.TemporaryDirectory(prefix="keysieve-faults-", dir=memory_folder()) as setting.folder:
        if setting.fault:
            try_one(setting, chosen, setting.fault)
            return 0
        with concurrent.futures.ThreadPoolExecutor(setting.jobs) as pool:
            passed, failed = run_all(setting, chosen, pool)
    print(f"faults: {passed} passed, {failed} failed")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
