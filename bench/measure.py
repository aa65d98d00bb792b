# SPDX-License-Identifier: Apache-2.0
"""Measurements of one tool: how long it takes, when it starts, what it needs, what a line waits."""

import json
import os
import select
import statistics
import subprocess
import time

from processes import ToolFailed, check_status, pinned, places, running, time_limit

LINE = b'{"ts":"2026-03-11T09:12:33.170Z","level":"INFO","msg":"request completed","status":200}\n'
START_ROUNDS, START_SECONDS = 20, 2.0  # a tool that takes this long in all has been started often enough
RATES = ((1000, 3000), (100000, 300000))  # lines a second, and how many
LATENCY_SECONDS = 20


def run_once(tool, path, how, cores, limit):
    """Run a tool over a file, to /dev/zero. Returns seconds, or None if it took over limit."""
    before = os.stat(path)
    with open("/dev/zero", "wb") as sink:
        run = run_file if how == "file" else run_pipe
        seconds, status = run(tool, path, cores, limit, sink, how)
    after = os.stat(path)
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        os.unlink(path)
        raise ToolFailed(f"{tool.name} changed its input, which is made anew")
    if seconds is not None:
        check_status(tool, status)
    return seconds


def run_file(tool, path, cores, limit, sink, _how):
    with open(os.devnull if tool.reads_names else path, "rb") as source:
        return timed(pinned(places(tool, cores), tool.file(path)), source, sink, limit)


def run_pipe(tool, path, cores, limit, sink, how):
    """From a cat on the other core, or on the same one."""
    with running(pinned(cores[0] if how == "pipe-two" else cores[1], ["cat", path]), stdout=subprocess.PIPE) as writer:
        return timed(pinned(cores[1], tool.pipe()), writer.stdout, sink, limit)


def timed(argv, source, sink, limit):
    """Returns seconds, None if it took over limit, and its status."""
    start = time.perf_counter()
    with running(argv, stdin=source, stdout=sink) as process:
        with time_limit(process, limit) as is_over:
            status = process.wait()
        seconds = time.perf_counter() - start
    return None if is_over() else seconds, status


def first_byte(tool, core, is_ended):
    """Seconds from start to first byte for a line on stdin; None if nothing came in three."""
    argv = pinned(core, tool.pipe() if is_ended else tool.live_pipe())
    start = time.perf_counter()
    with running(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        process.stdin.write(LINE)
        if is_ended:
            process.stdin.close()
        ready, _, _ = select.select([process.stdout], [], [], 3.0)
        seconds = time.perf_counter() - start
        has_come = bool(ready and process.stdout.read(1))
    return seconds if has_come else None


def median_ms(seconds):
    """Of seconds, of which some may be for ever; None: most are."""
    median = statistics.median(seconds)
    return None if median == float("inf") else 1000 * median


def start_times(tools, cores):
    """Start-up of each tool, taking turns, and whether a line comes out before the input ends."""
    times = {tool.name: [] for tool in tools}
    for number in range(START_ROUNDS):
        for tool in tools:
            if number < 3 or sum(times[tool.name]) < START_SECONDS:
                times[tool.name].append(first_byte(tool, cores[1], True) or float("inf"))
    return {tool.name: {"ms": median_ms(times[tool.name]),
                        "is_live": not tool.reports and first_byte(tool, cores[1], False) is not None}
            for tool in tools}


def peak_rss(tool, path, limit):
    """KiB a tool used at most, asked before it ends; None: it took over limit.

    Not from wait4(): ru_maxrss of a child begins with what its parent had when it forked.
    """
    with open("/dev/zero", "wb") as sink, open(path, "rb") as file:
        with running(tool.pipe(), stdin=subprocess.PIPE, stdout=sink, bufsize=0) as process:
            with time_limit(process, limit) as is_over:
                feed(process.stdin, file)
                time.sleep(0.2)
                kib = peak_of_group(process.pid)
                process.stdin.close()
                process.wait()
    return None if is_over() else kib


def feed(pipe, file):
    try:
        while block := file.read(1 << 20):
            pipe.write(block)
    except BrokenPipeError:
        pass


def peak_of_group(group):
    """KiB of the largest process of a process group."""
    peaks = [0]
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getpgid(int(name)) == group:
                with open(f"/proc/{name}/status", encoding="ascii", errors="replace") as status:
                    peaks += [int(line.split()[1]) for line in status if line.startswith("VmHWM:")]
        except (OSError, ProcessLookupError):
            continue  # it has ended
    return max(peaks)


def latency_of(latency, tool, cores, rate, count):
    """What bench/latency found, or None."""
    argv = [latency, "--json", "--rate", str(rate), "--count", str(count), *pinned(cores[1], tool.live_pipe())]
    with running(pinned(cores[0], argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        try:
            out = process.communicate(timeout=LATENCY_SECONDS)[0]
        except subprocess.TimeoutExpired:
            return None
        return json.loads(out) if process.returncode == 0 else None


def latencies(latency, tools, cores, progress):
    """Latency of single lines at a low and a high rate, for the tools that pass each line on at once."""
    found = {}
    for rate, count in RATES:
        for tool in tools:
            progress(f"latency of {tool.name} at {rate} lines a second")
            figures = latency_of(latency, tool, cores, rate, count)
            if figures:
                found.setdefault(tool.name, {})[rate] = figures
    return found
