# SPDX-License-Identifier: Apache-2.0
"""Measurements of one tool: what it masks, how long it takes, when it starts, what it needs."""

import base64
import bisect
import json
import os
import select
import statistics
import subprocess
import threading
import time
from contextlib import contextmanager

LINE = b'{"ts":"2026-03-11T09:12:33.170Z","level":"INFO","msg":"request completed","status":200}\n'
START_ROUNDS = 20
RATES = ((1000, 3000), (50000, 150000), (100000, 300000))  # lines a second, and how many
SLOW_STARTS = ("fluent-bit", "vector", "secretlint")


class ToolFailed(Exception):
    """A tool ended with a status that is not its usual one."""


def check_status(tool, status):
    # grep's kind exits 1 when nothing matched.
    if status not in (0, 1):
        raise ToolFailed(f"**{tool.name} failed with status {status}**")


def pinned(core, argv):
    return ["taskset", "-c", str(core), *argv]


def places(tool, cores):
    """The cores of a tool: its own, or all of them."""
    return cores[1] if tool.cores == 1 else ",".join(map(str, sorted(set(cores))))


@contextmanager
def time_limit(process, seconds):
    """Kill the process when the time is over; yields a function that tells whether it was."""
    fired = threading.Event()

    def fire():
        fired.set()
        process.kill()

    timer = threading.Timer(seconds, fire)
    timer.start()
    try:
        yield fired.is_set
    finally:
        timer.cancel()


def run_once(tool, path, how, cores, limit):
    """Run a tool over a file, to /dev/zero. Returns seconds, or None if it took over limit."""
    writer_core, core = cores
    writer = None
    with open("/dev/zero", "wb") as sink:
        start = time.perf_counter()
        if how == "file":
            process = subprocess.Popen(pinned(places(tool, cores), tool.file(path)), stdin=subprocess.DEVNULL, stdout=sink)
        else:
            place = writer_core if how == "pipe-two" else core
            writer = subprocess.Popen(pinned(place, ["cat", path]), stdout=subprocess.PIPE)
            process = subprocess.Popen(pinned(core, tool.pipe()), stdin=writer.stdout, stdout=sink)
            writer.stdout.close()
        with time_limit(process, limit) as is_over:
            status = process.wait()
        seconds = time.perf_counter() - start
    if writer:
        writer.wait()
    if is_over():
        return None
    check_status(tool, status)
    return seconds


def filtered(tool, data, limit):
    """What a tool makes of data on its stdin; None if it took over limit."""
    try:
        done = subprocess.run(tool.pipe(), input=data, stdout=subprocess.PIPE, timeout=limit,
                              check=False)
    except subprocess.TimeoutExpired:
        return None
    check_status(tool, done.returncode)
    return done.stdout


def line_ends(data):
    ends, at = [], data.find(b"\n")
    while at >= 0:
        ends.append(at)
        at = data.find(b"\n", at + 1)
    return ends


def is_hidden(secret, text):
    return secret[:8] not in text and secret[-8:] not in text


def masked_by_line(truth, data, out):
    """Is neither head nor tail of the secret left in its line? For masks of another length."""
    data_ends, out_ends = line_ends(data), line_ends(out)
    if not data_ends: # one long line, whose end some add: look for the secret anywhere
        return [is_hidden(data[t["offset"]:t["offset"] + t["length"]], out) for t in truth]
    if len(data_ends) != len(out_ends):
        raise ToolFailed("a tool lost or added lines")
    hidden = []
    for t in truth:
        line = bisect.bisect_left(data_ends, t["offset"])
        text = out[out_ends[line - 1] + 1 if line else 0:out_ends[line]]
        hidden.append(is_hidden(data[t["offset"]:t["offset"] + t["length"]], text))
    return hidden


def masked_in_place(truth, data, out):
    """Is every byte of the secret another one? Returns that and the number of other bytes changed."""
    hidden, at, other = [], 0, 0
    for t in [*truth, {"offset": len(data), "length": 0}]:
        start, end = t["offset"], t["offset"] + t["length"]
        if out[at:start] != data[at:start]:
            other += sum(a != b for a, b in zip(out[at:start], data[at:start]))
        if t["length"]:
            hidden.append(set(out[start:end]) == {ord("*")})
        at = end
    return hidden, other


def known_is_masked(tool, values, limit):
    """Does it mask the values of that file, plain and in base64?"""
    with open(values, "rb") as file:
        some = file.read().split()[::97]
    data = b"".join(b"value=%s base64=%s\n" % (value, base64.b64encode(b"user:" + value + b"@host")) for value in some)
    out = filtered(tool, data, limit)
    if out is None:
        return None
    left = sum(value in out or base64.b64encode(b"user:" + value + b"@host") in out for value in some)
    return {"planted": len(some), "masked": len(some) - left}


def masked(tool, path, limit):
    """Which of the planted keys in a file a tool masks. Returns a dictionary of counts."""
    with open(path, "rb") as file:
        data = file.read()
    with open(path + ".truth", encoding="ascii") as file:
        truth = [json.loads(line) for line in file]
    out = filtered(tool, data, limit)
    if out is None:
        return None
    other = None
    if len(out) == len(data):
        hidden, other = masked_in_place(truth, data, out)
    else:
        hidden = masked_by_line(truth, data, out)
    missed, covered = {}, 0
    for t, is_masked in zip(truth, hidden):
        if tool.covers is None or t["kind"] in tool.covers:
            covered += 1
            if not is_masked:
                name = f"{t['kind']} in {t['context']}"
                missed[name] = missed.get(name, 0) + 1
    return {"planted": len(truth), "covered": covered, "masked": covered - sum(missed.values()),
            "masked_of_all": sum(hidden), "missed": missed, "other_bytes": other}


def first_byte(tool, core, is_ended):
    """Milliseconds from start to first byte for a line on stdin; None if nothing came in three seconds."""
    argv = pinned(core, tool.live_pipe() if not is_ended else tool.pipe())
    start = time.perf_counter()
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        process.stdin.write(LINE)
        if is_ended:
            process.stdin.close()
        ready, _, _ = select.select([process.stdout], [], [], 3.0)
        seconds = time.perf_counter() - start
        if not is_ended:
            process.stdin.close()
        process.stdout.read()
    return seconds * 1000 if ready else None


def start_times(tools, cores):
    """Start-up of each tool, taking turns, and whether a line comes out before the input ends."""
    times = {tool.name: [] for tool in tools}
    for number in range(START_ROUNDS):
        for tool in tools:
            if number >= 5 and sum(times[tool.name]) > 2000:
                continue
            times[tool.name].append(first_byte(tool, cores[1], True) or float("inf"))
    return {tool.name: {"ms": statistics.median(times[tool.name]),
                        "is_live": first_byte(tool, cores[1], False) is not None}
            for tool in tools}


def peak_rss(tool, path, limit):
    """KiB a tool used at most, asked before it ends.

    Not from wait4(): ru_maxrss of a child begins with what its parent had when it forked.
    """
    with open("/dev/zero", "wb") as sink, open(path, "rb") as file:
        process = subprocess.Popen(tool.pipe(), stdin=subprocess.PIPE, stdout=sink, bufsize=0)
        with time_limit(process, limit):
            try:
                while block := file.read(1 << 20):
                    process.stdin.write(block)
            except BrokenPipeError:
                pass
            time.sleep(0.2)
            with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
                peak = [int(line.split()[1]) for line in status if line.startswith("VmHWM:")]
            process.stdin.close()
            process.wait()
    return peak[0] if peak else 0


def latencies(latency, tools, cores, progress):
    """Latency of single lines at a low and a high rate, for the tools that are live."""
    found = {}
    for rate, count in RATES:
        for tool in tools:
            if tool.name in ("python3", "gitleaks", "sd") or tool.live and tool.live[0] == "sed":
                continue  # no output before the end; a read of one byte each
            progress(f"latency of {tool.name} at {rate} lines a second")
            argv = pinned(cores[0], [latency, "--json", "--rate", str(rate), "--count", str(count),
                                     *pinned(cores[1], tool.live_pipe())])
            try:
                done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
            except subprocess.TimeoutExpired:
                continue
            if done.returncode == 0:
                found.setdefault(tool.name, {})[rate] = json.loads(done.stdout)
    return found
