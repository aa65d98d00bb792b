#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare keysieve with the raw loop and with other filters, on made-up logs.

Every tool must first show which planted keys it masks. Then the tools take turns, round by round,
so that what disturbs the machine disturbs them alike; compare figures of one run only. Tools write
to /dev/zero, since some stop early when they find /dev/null. All are pinned.

A tool is tried on a small corpus first. It gets the largest one of which a run takes less than --limit.
"""

import argparse
import json
import os
import platform
import shlex
import signal
import sys
import time

sys.dont_write_bytecode = True

import corpora  # pylint: disable=wrong-import-position
import measure  # pylint: disable=wrong-import-position
import plot  # pylint: disable=wrong-import-position
import recall  # pylint: disable=wrong-import-position
import report  # pylint: disable=wrong-import-position
from processes import ToolFailed  # pylint: disable=wrong-import-position
from shippers import shippers  # pylint: disable=wrong-import-position
from tools import NOTHING, Tool, general_tools, installed, own_tools  # pylint: disable=wrong-import-position

# name, corpus, how the input comes, and who takes part: all, or these and those that say so (Tool.cases)
CASES = (
    ("sparse", "sparse", "file", None),
    ("dense", "dense", "file", None),
    ("clean", "clean", "file", None),
    ("long", "long", "file", None),
    ("near-miss", "near-miss", "file", None),
    ("pipe-two", "sparse", "pipe-two", None),
    ("pipe-one", "sparse", "pipe-one", None),
    ("threads", "sparse", "file", ("keysieve", "cat")),
    ("known", "sparse", "file", ("keysieve",)),
    ("cri", "sparse.cri", "file", ("keysieve", "rg", "cat")),
    ("docker", "sparse.docker", "file", ("keysieve", "rg", "cat")),
    ("gzip", "sparse.gz", "file", ("keysieve",)),
    ("gzip-both", "sparse.gz", "file", ()),
)
CHECKS = ("check", "check-long", "check-clean", "check-near-miss")
SMALL_CHECK = corpora.LEAST  # what a tool must do within the limit to be given the large ones
KILL = 15  # times the limit
IN_MEMORY = ("dense", "long", "near-miss")


def parse_arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    add = parser.add_argument
    add("--build", default="build", metavar="DIR", help="where meson built (default: build)")
    add("--cache", metavar="DIR", help="where corpora are kept (default: DIR/bench of --build)")
    add("--size", help="of the largest corpus, with K, M or G (default: 128M)")
    add("--quick", action="store_true",
        help="to see whether it works: 4M and 2 rounds if nothing else is said, to BUILD/bench/report")
    add("--rounds", type=int, help="timed rounds after a warm-up round (default: 5)")
    add("--limit", type=float, metavar="S",
        help="a tool of which a run would take longer gets a smaller corpus; on the smallest one it is run once, "
             f"and killed after {KILL} times that (default: 1.5 seconds)")
    add("--cases", metavar="NAME,...", help="of: " + " ".join(case[0] for case in CASES))
    add("--tools", metavar="NAME,...", help="only these tools")
    add("--extra", action="append", default=[], metavar="NAME=COMMAND",
        help="one more filter; COMMAND gets a file's name as last argument or reads stdin")
    add("--no-latency", action="store_true", help="leave out the latency of single lines")
    add("--to", metavar="DIR",
        help="where README.md, results.json and the plots go (default: docs/bench, if all tools and cases run)")
    return with_defaults(parser.parse_args(argv))


def with_defaults(options):
    is_whole = not (options.quick or options.cases or options.tools or options.no_latency)
    options.to = options.to or ("docs/bench" if is_whole else os.path.join(options.build, "bench", "report"))
    options.size = corpora.to_bytes(options.size or ("4M" if options.quick else "128M"))
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.limit = options.limit or (0.5 if options.quick else 1.5)
    options.check_size = SMALL_CHECK if options.quick else 4 << 20
    options.rss_size = (4 if options.quick else 32) << 20
    options.cache = options.cache or os.path.join(options.build, "bench")
    options.kill = options.limit * KILL
    return options


def progress(text):
    print(text, file=sys.stderr, flush=True)


def choose_tools(options):
    """Those that run, and notes on the others."""
    own, notes = own_tools(options.build, options.cache)
    others, more = installed((*general_tools(), *shippers(options.cache)))
    extra = [Tool(name, tuple(shlex.split(command)), None, "?")
             for name, command in (item.split("=", 1) for item in options.extra)]
    chosen = own + extra + others
    if options.tools:
        wanted = options.tools.split(",")
        chosen = [tool for tool in chosen if tool.name in wanted]
    return chosen, notes + more


def those_of(tools, case, names=None):
    """The tools that take part in a case."""
    if names is None:
        return [tool for tool in tools if tool.cases is None or case in tool.cases]
    return [tool for tool in tools if tool.name in names or case in (tool.cases or ())]


def choose_cores():
    cores = sorted(os.sched_getaffinity(0))
    return cores[0], cores[1 % len(cores)]


def check_tool(options, logs, tool, notes):
    """Which keys does it mask, and what else? Returns {corpus: counts}."""
    found, size = {}, SMALL_CHECK
    start = time.perf_counter()
    for name in ("", *CHECKS):
        path = logs.path(name or "check", size)
        try:
            found[name] = recall.masked(tool, path, options.kill)
        except ToolFailed as failure:
            found[name] = None
            notes.append(f"{tool.name}, {name or 'check'}: {failure}")
        if not name and time.perf_counter() - start < options.limit:
            size = options.check_size
    del found[""]
    return found


def check_tools(options, logs, tools, notes):
    """Returns {tool: {corpus: counts}}, and the tools that have shown what they do."""
    found, good = {}, []
    for tool in tools:
        if tool.covers != NOTHING:
            progress(f"checking {tool.name}")
            found[tool.name] = check_tool(options, logs, tool, notes)
            counts = found[tool.name]["check"]
            if not counts or not counts["masked_of_all"]:
                why = "masks no planted key" if counts else "failed its check, or is too slow for it"
                notes.append(f"{tool.name} {why}: left out")
                continue
        good.append(tool)
    return found, good


class Case:
    """The tools' turns in one case."""

    def __init__(self, options, logs, case, starts):
        self.options, self.logs, self.starts = options, logs, starts
        self.name, self.corpus, self.how, _ = case
        self.cores = choose_cores()
        self.runs, self.notes = {}, []

    def once(self, tool, size):
        """Seconds, or None."""
        try:
            return measure.run_once(tool, self.logs.path(self.corpus, size), self.how, self.cores, self.options.kill)
        except ToolFailed as failure:
            self.notes.append(f"{self.name}: {failure}")
            return None

    def expected(self, tool, seconds, size, larger):
        """Seconds for a larger corpus, without the start, which is paid once."""
        start = (self.starts.get(tool.name, {}).get("ms") or 0) / 1000
        return (seconds - start) * larger / size

    def warm_up(self, tool):
        """Find the largest corpus that it is fast enough for. It is out for good if it fails, or is too slow for the least."""
        sizes = corpora.sizes(self.options.size)
        for size, larger in zip(sizes, [*sizes[1:], None]):
            seconds = self.once(tool, size)
            self.runs[tool.name] = {"size": corpora.to_text(size), "bytes": self.logs.bytes_of(self.corpus, size),
                                    "seconds": []}
            if seconds is None:
                return None
            if not larger or self.expected(tool, seconds, size, larger) > self.options.limit:
                break
        if seconds > 2 * self.options.limit:
            self.runs[tool.name]["seconds"].append(seconds)
            return None
        return size

    def time(self, tools):
        """Returns {tool: run}; a run without seconds: too slow, or it failed."""
        progress(f"{self.name}: warm-up")
        sizes = {tool: self.warm_up(tool) for tool in tools}
        tools = [tool for tool in tools if sizes[tool]]
        for number in range(self.options.rounds):
            progress(f"{self.name}: round {number + 1} of {self.options.rounds}")
            turn = number % max(len(tools), 1)
            for tool in tools[turn:] + tools[:turn]:
                seconds = self.once(tool, sizes[tool])
                if seconds is not None:
                    self.runs[tool.name]["seconds"].append(seconds)
        return self.runs


def describe_machine():
    model = ""
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "") if hasattr(platform, "freedesktop_os_release") else ""
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(), "system": system,
            "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "load": os.getloadavg()[0]}


def describe_tool(tool):
    """Without where things are on this machine."""
    argv = [part.replace(os.getcwd() + "/", "") for part in tool.argv]
    program = argv[0] if argv[0].startswith("build") else os.path.basename(argv[0])
    return {"argv": [program, *argv[1:]], "version": tool.version, "cases": tool.cases, "looks_for": tool.looks_for,
            "reports": tool.reports, "covers": None if tool.covers is None else len(tool.covers)}


def time_cases(options, logs, tools, result):
    for case in CASES:
        if options.cases and case[0] not in options.cases.split(","):
            continue
        turns = Case(options, logs, case, result["start"])
        result["runs"][case[0]] = turns.time(those_of(tools, case[0], case[3]))
        result["notes"] += dict.fromkeys(turns.notes)


def measure_memory(options, logs, tools, result):
    """The most of three inputs; a tool that is slow in one of them gets a small one."""
    progress("memory")
    for tool in those_of(tools, "memory"):
        least = min([corpora.to_bytes(runs[tool.name]["size"]) for runs in result["runs"].values() if tool.name in runs],
                    default=options.rss_size)
        size = min(options.rss_size, least)
        peaks = [measure.peak_rss(tool, logs.path(kind, size), options.kill) for kind in IN_MEMORY]
        result["rss"][tool.name] = {"kib": max((kib for kib in peaks if kib), default=None), "size": corpora.to_text(size)}


def measure_latency(options, tools, result):
    live = [tool for tool in those_of(tools, "latency") if result["start"][tool.name]["is_live"]]
    latency = os.path.join(options.build, "bench", "latency")
    result["latency"] = measure.latencies(latency, live, choose_cores(), progress)


def run_all(options):
    began = time.monotonic()
    os.makedirs(options.cache, exist_ok=True)
    logs = corpora.Corpora(options.build, options.cache, progress)
    tools, notes = choose_tools(options)
    result = {"machine": describe_machine(), "notes": notes, "rounds": options.rounds,
              "size": corpora.to_text(options.size), "cores_used": choose_cores(), "limit": options.limit,
              "kill": options.kill, "tools": {tool.name: describe_tool(tool) for tool in tools}, "runs": {}, "rss": {}}
    result["masked"], tools = check_tools(options, logs, tools, notes)
    known = os.path.join(options.cache, "known.txt")
    result["known"] = {tool.name: recall.known_is_masked(tool, known, options.kill)
                       for tool in tools if "known" in (tool.cases or ())}
    progress("start")
    result["start"] = measure.start_times(those_of(tools, "start"), choose_cores())
    time_cases(options, logs, tools, result)
    measure_memory(options, logs, tools, result)
    if not options.no_latency:
        measure_latency(options, tools, result)
    result["minutes"] = (time.monotonic() - began) / 60
    return result


def write_all(directory, files):
    """All are written before the first gets its name, so that an interrupted run leaves a former one as it was."""
    os.makedirs(directory, exist_ok=True)
    try:
        for name, content in files.items():
            with open(os.path.join(directory, name + ".new"), "w", encoding="utf-8") as file:
                file.write(content)
        for name in files:
            os.replace(os.path.join(directory, name + ".new"), os.path.join(directory, name))
    finally:
        for name in files:
            if os.path.exists(os.path.join(directory, name + ".new")):
                os.unlink(os.path.join(directory, name + ".new"))


def prepare_environment():
    """What would change a tool's ways, and a signal that would leave processes behind."""
    os.environ["LC_ALL"] = "C"
    for name in list(os.environ):
        if name.startswith(("PYTHON", "KEYSIEVE_", "GREP_", "RIPGREP_", "NODE_", "PERL", "GITLEAKS_")):
            del os.environ[name]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: interrupted"))


def main():
    prepare_environment()
    options = parse_arguments()
    try:
        result = run_all(options)
    except KeyboardInterrupt:
        sys.exit("bench: interrupted: nothing was written")
    plots = plot.plots(result, [rate for rate, _ in measure.RATES])
    text = report.markdown(result, plots)
    print(text)
    write_all(options.to, {"README.md": text + "\n",
                           "results.json": json.dumps(result, indent=1, default=list) + "\n", **plots})
    progress(f"written to {options.to} after {result['minutes']:.0f} minutes")


if __name__ == "__main__":
    main()
