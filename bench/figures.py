# SPDX-License-Identifier: Apache-2.0
"""What follows from a result: speeds, their spread, ratios. Speeds are in GB/s; None: there is no such figure."""

import statistics

CASE_HEADS = {"sparse": "file, 1 key in 1,000 lines", "dense": "1 in 5", "clean": "no key",
              "long": "one line", "near-miss": "near misses", "pipe-two": "pipe, two cores",
              "pipe-one": "pipe, one core", "threads": "two threads, file", "known": "10,000 known values",
              "cri": "CRI frames", "docker": "Docker's json-file", "gzip": "gzip, read", "gzip-both": "gzip, read and written"}
# Those in which everybody takes part.
GENERAL = ("sparse", "dense", "clean", "long", "near-miss", "pipe-two", "pipe-one")
LOOPS = ("scanloop", "copyloop", "cat")


def run_of(result, case, tool):
    """{"size": name of the corpus's, "bytes", "seconds": of each round}; None: it did not take part."""
    return result["runs"].get(case, {}).get(tool)


def speeds(result, case, tool):
    run = run_of(result, case, tool)
    return [run["bytes"] / seconds / 1e9 for seconds in run["seconds"]] if run else []


def speed(result, case, tool):
    found = speeds(result, case, tool)
    return statistics.median(found) if found else None


def is_same_input(a, b):
    return a["size"] == b["size"] and len(a["seconds"]) == len(b["seconds"])


def ratio(result, case, tool, base):
    """How many times as fast as base tool is. Rounds are compared with their like, if both read the same."""
    a, b = run_of(result, case, tool), run_of(result, case, base)
    if not a or not b or not a["seconds"] or not b["seconds"]:
        return None
    if is_same_input(a, b):
        return statistics.median(y / x for x, y in zip(a["seconds"], b["seconds"]))
    return speed(result, case, tool) / speed(result, case, base)


def net_ratio(result, case, tool, base):
    """The same without each tool's start: what is left when compiling rules is not what is compared."""
    a, b = run_of(result, case, tool), run_of(result, case, base)
    starts = [result["start"].get(name, {}).get("ms") for name in (tool, base)]
    if not a or not b or not a["seconds"] or not is_same_input(a, b) or None in starts:
        return None
    pairs = [(x - starts[0] / 1000, y - starts[1] / 1000) for x, y in zip(a["seconds"], b["seconds"])]
    return statistics.median(y / x for x, y in pairs) if min(min(p) for p in pairs) > 0 else None


def within(result, case, tool="keysieve"):
    """A case of a tool's against its own sparse one."""
    a, b = speed(result, case, tool), speed(result, "sparse", tool)
    return a / b if a and b else None


def share_masked(result, tool, corpus="check", of="planted"):
    """Per cent of the planted keys, or of those covered by its patterns; None: not known, or it masks none."""
    found = (result["masked"].get(tool) or {}).get(corpus)
    if not found or not found[of]:
        return None
    return 100 * found["masked_of_all" if of == "planted" else "masked"] / found[of]


def spreads(result):
    """For each tool and case that ran more than once: (slowest to fastest) / median, in per cent."""
    found = []
    for case, runs in result["runs"].items():
        for tool in runs:
            values = speeds(result, case, tool)
            if len(values) > 1:
                found.append(100 * (max(values) - min(values)) / statistics.median(values))
    return found


def latency(result, tool, rate, what):
    """Microseconds; what: median or p99."""
    figures = result.get("latency", {}).get(tool, {}).get(rate)
    return figures[what] if figures else None
