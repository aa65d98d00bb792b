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

import framed  # pylint: disable=wrong-import-position
import measure  # pylint: disable=wrong-import-position
import plot  # pylint: disable=wrong-import-position
import report  # pylint: disable=wrong-import-position
from tools import Tool, other_tools, own_tools  # pylint: disable=wrong-import-position

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
CORPORA = {
    "sparse": ("--density", "1000"),
    "dense": ("--density", "5"),
    # Of seed 1 the first line is one of a container's log, and what follows would be taken for one.
    "clean": ("--density", "0", "--seed", "2"),
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
    add("--quick", action="store_true",
        help="to see whether it works: 8M and 2 rounds if nothing else is said, to BUILD/bench/report")
    add("--rounds", type=int, help="timed rounds after a warm-up round (default: 5)")
    add("--limit", type=float, default=10.0, metavar="S",
        help="a tool whose warm-up took longer is not run again; five times that: killed "
             "(default: 10 seconds)")
    add("--cases", metavar="NAME,...", help="of: " + " ".join(case[0] for case in CASES))
    add("--tools", metavar="NAME,...", help="only these tools")
    add("--extra", action="append", default=[], metavar="NAME=COMMAND",
        help="one more filter; COMMAND gets a file's name as last argument or reads stdin")
    add("--no-latency", action="store_true", help="leave out the latency of single lines")
    add("--to", metavar="DIR",
        help="where README.md, results.json and the plots go (default: docs/bench, if all tools and cases run)")
    options = parser.parse_args()
    is_whole = not (options.quick or options.cases or options.tools or options.no_latency)
    options.to = options.to or ("docs/bench" if is_whole else os.path.join(options.build, "bench", "report"))
    options.size = options.size or ("8M" if options.quick else "256M")
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.check_size = "512K" if options.quick else "4M"
    options.rss_size = "4M" if options.quick else "32M"
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


def derive(options, corpus):
    """A corpus made of another: sparse.cri, sparse.docker, sparse.gz. Returns its path, and the bytes to count."""
    name, _, form = corpus.partition(".")
    base = make_corpus(options, name, CORPORA[name], options.size)
    path = f"{base}.{form}" if form else base
    if form and not (os.path.exists(path) and os.path.getmtime(path) > os.path.getmtime(base)):
        progress(f"making {path}")
        with open(base, "rb") as file, open(path + ".new", "wb") as new:
            if form == "gz":
                subprocess.run(["gzip", "-c"], stdin=file, stdout=new, check=True)
            else:
                new.write({"cri": framed.cri, "docker": framed.docker}[form](file.read()))
        os.replace(path + ".new", path)
    return path, os.path.getsize(base if form == "gz" else path)


def choose_tools(options):
    own, notes = own_tools(options.build, options.cache)
    others, more = other_tools(options.cache)
    extra = [Tool(name, tuple(shlex.split(command)), covers=None)
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


def check_tools(options, tools, notes):
    """Which keys does each tool mask, and what else? Returns {tool: {corpus: counts}}."""
    paths = {name: make_corpus(options, name, arguments, options.check_size)
             for name, arguments in CHECK_CORPORA.items()}
    found = {}
    for tool in tools:
        if tool.covers == frozenset() or "start" in (tool.cases or ()) and len(tool.cases) == 1:
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
    name, corpus, how, _ = case
    times = {tool.name: [] for tool in tools}
    out = set()
    for number in range(options.rounds + 1 if tools else 0):
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
              "tools": {tool.name: {"argv": tool.argv, "version": tool.version, "cases": tool.cases,
                                    "covers": None if tool.covers is None else len(tool.covers)}
                        for tool in tools}}
    result["masked"] = check_tools(options, tools, notes)
    result["known"] = {tool.name: measure.known_is_masked(tool, os.path.join(options.cache, "known.txt"), options.limit * 5)
                       for tool in tools if "known" in (tool.cases or ())}
    places = {corpus: derive(options, corpus) for corpus in dict.fromkeys(case[1] for case in cases)}
    paths = {corpus: path for corpus, (path, _) in places.items()}
    result["bytes"] = {case[0]: places[case[1]][1] for case in cases}
    result["seconds"] = {case[0]: time_case(options, case, those_of(tools, case[0], case[3]), paths, cores, notes)
                         for case in cases}
    result["start"] = measure.start_times(those_of(tools, "start"), cores)
    rss_paths = [make_corpus(options, f"rss-{name}", CORPORA[name], options.rss_size)
                 for name in ("dense", "long", "near-miss")]
    progress("memory")
    result["rss_kib"] = {tool.name: max(measure.peak_rss(tool, path, options.limit * 5)
                                        for path in rss_paths) for tool in those_of(tools, "memory")}
    if not options.no_latency:
        latency = os.path.join(options.build, "bench", "latency")
        result["latency"] = measure.latencies(latency, those_of(tools, "latency"), cores, progress)
    return result


def main():
    os.environ["LC_ALL"] = "C"
    for name in list(os.environ):
        if name.startswith(("PYTHONUNBUFFERED", "KEYSIEVE_", "GREP_")):
            del os.environ[name]
    options = parse_arguments()
    result = run_all(options)
    plots = plot.plots(result, report.CASE_HEADS, [rate for rate, _ in measure.RATES])
    text = report.markdown(result, plots)
    print(text)
    os.makedirs(options.to, exist_ok=True)
    files = {"README.md": text + "\n", "results.json": json.dumps(result, indent=1, default=list) + "\n", **plots}
    for name, content in files.items():
        with open(os.path.join(options.to, name), "w", encoding="utf-8") as file:
            file.write(content)
    progress(f"written to {options.to}: {', '.join(files)}")


if __name__ == "__main__":
    main()
