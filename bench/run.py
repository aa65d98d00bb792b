#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare keysieve with the raw loop and with other filters, on made-up logs.

Every tool must first show which planted keys it masks. Then the tools take turns, round by round,
so that what disturbs the machine disturbs them alike; compare figures of one run only. Tools write
to /dev/zero, since some stop early when they find /dev/null. All are pinned.
"""

import argparse
import json
import os
import platform
import shlex
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import measure  # pylint: disable=wrong-import-position
import report  # pylint: disable=wrong-import-position
from tools import Tool, other_tools, own_tools  # pylint: disable=wrong-import-position

# name, corpus, how the input comes
CASES = (
    ("sparse", "sparse", "file"),
    ("dense", "dense", "file"),
    ("clean", "clean", "file"),
    ("long", "long", "file"),
    ("near-miss", "near-miss", "file"),
    ("pipe-two", "sparse", "pipe-two"),
    ("pipe-one", "sparse", "pipe-one"),
)
CORPORA = {
    "sparse": ("--density", "1000"),
    "dense": ("--density", "5"),
    "clean": ("--density", "0"),
    "long": ("--density", "1000", "--long"),
    "near-miss": ("--near-miss",),
}
CHECK_CORPORA = {
    "check": ("--density", "20", "--seed", "7"),
    "check-long": ("--density", "20", "--seed", "7", "--long"),
    "check-clean": ("--density", "0", "--seed", "7"),
    "check-near-miss": ("--near-miss", "--seed", "7"),
}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    add = parser.add_argument
    add("--build", default="build", metavar="DIR", help="where meson built (default: build)")
    add("--cache", metavar="DIR", help="where corpora are kept (default: DIR/bench of --build)")
    add("--size", help="of a corpus, with K, M or G (default: 256M)")
    add("--quick", action="store_true", help="32M and 3 rounds, if nothing else is said")
    add("--rounds", type=int, help="timed rounds after a warm-up round (default: 5)")
    add("--limit", type=float, default=10.0, metavar="S",
        help="a tool whose warm-up took longer is not run again; five times that: killed "
             "(default: 10 seconds)")
    add("--cases", metavar="NAME,...", help="of: " + " ".join(name for name, _, _ in CASES))
    add("--tools", metavar="NAME,...", help="only these tools")
    add("--extra", action="append", default=[], metavar="NAME=COMMAND",
        help="one more filter; COMMAND gets a file's name as last argument or reads stdin")
    add("--no-latency", action="store_true", help="leave out the latency of single lines")
    add("--out", metavar="FILE", help="the report goes to FILE too")
    add("--json", metavar="FILE", help="raw figures")
    options = parser.parse_args()
    options.size = options.size or ("32M" if options.quick else "256M")
    options.rounds = options.rounds or (3 if options.quick else 5)
    options.cache = options.cache or os.path.join(options.build, "bench")
    return options


def progress(text):
    print(text, file=sys.stderr, flush=True)


def make_corpus(options, name, arguments, size):
    """Make a corpus and its truth unless they are there and newer than loggen. Returns its path."""
    loggen = os.path.join(options.build, "bench", "loggen")
    path = os.path.join(options.cache, f"{name}-{size}.log")
    if os.path.exists(path) and os.path.getmtime(path) > os.path.getmtime(loggen):
        return path
    progress(f"making {path}")
    with open(path + ".new", "wb") as file:
        subprocess.run([loggen, "--size", size, "--truth", path + ".truth", *arguments],
                       stdout=file, check=True)
    os.replace(path + ".new", path)
    return path


def choose_tools(options):
    own, notes = own_tools(options.build, options.cache)
    others, more = other_tools()
    extra = [Tool(name, tuple(shlex.split(command)), covers=None)
             for name, command in (item.split("=", 1) for item in options.extra)]
    chosen = own + extra + others
    if options.tools:
        wanted = options.tools.split(",")
        chosen = [tool for tool in chosen if tool.name in wanted]
    return chosen, notes + more


def choose_cores():
    cores = sorted(os.sched_getaffinity(0))
    return cores[0], cores[1 % len(cores)]


def check_tools(options, tools, notes):
    """Which keys does each tool mask, and what else? Returns {tool: {corpus: counts}}."""
    paths = {name: make_corpus(options, name, arguments, "4M")
             for name, arguments in CHECK_CORPORA.items()}
    found = {}
    for tool in tools:
        if tool.covers == frozenset():
            continue
        progress(f"checking {tool.name}")
        found[tool.name] = dict.fromkeys(paths)
        for name, path in paths.items():
            try:
                found[tool.name][name] = measure.masked(tool, path, options.limit * 5)
            except measure.ToolFailed as failure:
                notes.append(f"{failure} in the check {name}")
    return found


def time_case(options, case, tools, paths, cores, notes):
    """Let the tools take turns. Returns {tool: [seconds]}; an empty list: too slow, or it failed."""
    name, corpus, how = case
    times = {tool.name: [] for tool in tools}
    out = set()
    for number in range(options.rounds + 1):
        progress(f"{name}: round {number} of {options.rounds}")
        turn = number % len(tools)
        for tool in tools[turn:] + tools[:turn]:
            if tool.name in out:
                continue
            try:
                seconds = measure.run_once(tool, paths[corpus], how, cores, options.limit * 5)
            except measure.ToolFailed as failure:
                notes.append(f"{failure} in {name}: {tool.file(paths[corpus])[-1]}")
                seconds = None
            if seconds is None or (number == 0 and seconds > options.limit):
                out.add(tool.name)
            if seconds is not None and (number > 0 or seconds > options.limit):
                times[tool.name].append(seconds)
    return times


def describe_machine():
    model = ""
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(),
            "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
            "load": os.getloadavg()[0]}


def run_all(options):
    os.makedirs(options.cache, exist_ok=True)
    tools, notes = choose_tools(options)
    cores = choose_cores()
    cases = [case for case in CASES if not options.cases or case[0] in options.cases.split(",")]
    result = {"machine": describe_machine(), "notes": notes, "rounds": options.rounds,
              "size": options.size, "cores_used": cores, "limit": options.limit,
              "tools": {tool.name: {"argv": tool.argv, "version": tool.version,
                                    "covers": None if tool.covers is None else len(tool.covers)}
                        for tool in tools}}
    result["masked"] = check_tools(options, tools, notes)
    paths = {corpus: make_corpus(options, corpus, CORPORA[corpus], options.size)
             for corpus in dict.fromkeys(corpus for _, corpus, _ in cases)}
    result["bytes"] = {case[0]: os.path.getsize(paths[case[1]]) for case in cases}
    result["seconds"] = {case[0]: time_case(options, case, tools, paths, cores, notes)
                         for case in cases}
    result["start"] = measure.start_times(tools, cores)
    rss_paths = [make_corpus(options, f"rss-{name}", CORPORA[name], "32M")
                 for name in ("dense", "long", "near-miss")]
    progress("memory")
    result["rss_kib"] = {tool.name: max(measure.peak_rss(tool, path, options.limit * 5)
                                        for path in rss_paths) for tool in tools}
    if not options.no_latency:
        latency = os.path.join(options.build, "bench", "latency")
        result["latency"] = measure.latencies(latency, tools, cores, progress)
    return result


def main():
    os.environ["LC_ALL"] = "C"
    for name in list(os.environ):
        if name.startswith(("PYTHONUNBUFFERED", "KEYSIEVE_", "GREP_")):
            del os.environ[name]
    options = parse_arguments()
    result = run_all(options)
    text = report.markdown(result)
    print(text)
    if options.out:
        with open(options.out, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1, default=list)


if __name__ == "__main__":
    main()
