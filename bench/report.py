# SPDX-License-Identifier: Apache-2.0
"""The result of a run as Markdown. Ratios are medians of the ratios of each round."""

import shlex
import statistics

CASE_HEADS = {"sparse": "file, 1 key in 1,000 lines", "dense": "1 in 5", "clean": "no key",
              "long": "one line", "near-miss": "near misses", "pipe-two": "pipe, two cores",
              "pipe-one": "pipe, one core", "threads": "two threads, file", "known": "10,000 known values",
              "cri": "CRI frames", "docker": "Docker's json-file", "gzip": "gzip, read", "gzip-both": "gzip, read and written"}
# Those in which everybody takes part.
GENERAL = ("sparse", "dense", "clean", "long", "near-miss", "pipe-two", "pipe-one")
PLOTS = (("files.svg", "Throughput on files"), ("pipes.svg", "Throughput in a pipe"),
         ("keysieve.svg", "Threads, known values, frames, gzip"), ("recall.svg", "Keys masked"),
         ("start.svg", "Start and memory"), ("latency.svg", "Latency of a line"))


def median_speed(result, case, tool):
    times = result["seconds"][case].get(tool)
    return result["bytes"][case] / statistics.median(times) / 1e9 if times else None


def ratio(result, case, tool, base):
    """How many times as fast as base tool is; rounds are compared with their like."""
    seconds = result["seconds"].get(case, {})
    a, b = seconds.get(tool), seconds.get(base)
    if not a or not b:
        return None
    if len(a) == len(b):
        return statistics.median(y / x for x, y in zip(a, b))
    return statistics.median(b) / statistics.median(a)


def net_ratio(result, case, tool, base):
    """The same without each tool's start: what is left when compiling rules is not what is compared."""
    seconds = result["seconds"].get(case, {})
    a, b = seconds.get(tool), seconds.get(base)
    if not a or not b or len(a) != len(b):
        return None
    start_a, start_b = (result["start"][name]["ms"] / 1000 for name in (tool, base))
    pairs = [(x - start_a, y - start_b) for x, y in zip(a, b)]
    return statistics.median(y / x for x, y in pairs) if min(min(p) for p in pairs) > 0 else None


def digits(x):
    return "-" if x is None else f"{x:.3f}" if x < 0.1 else f"{x:.2f}" if x < 10 else f"{x:.1f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]


def speed_cell(result, case, tool):
    times = result["seconds"][case].get(tool)
    if times is None:
        return "-"
    if not times:
        return f"failed, or over {result['limit'] * 5:.0f} s"
    size = result["bytes"][case] / 1e9
    once = " (once)" if len(times) < result["rounds"] else f" ({digits(size / max(times))}-{digits(size / min(times))})"
    return digits(median_speed(result, case, tool)) + once


def recall_cell(result, tool):
    found = result["masked"].get(tool)
    if not found:
        return "masks nothing"
    if not found["check"]:
        return "failed, or too slow"
    cells = []
    for name in ("check", "check-long"):
        counts = found[name]
        cells.append("-" if not counts else f"{counts['masked']}/{counts['covered']}")
    return f"{cells[0]}; long {cells[1]}; of all {found['check']['planted']}: {found['check']['masked_of_all']}"


def speed_section(result):
    cases = [case for case in GENERAL if case in result["seconds"]]
    rows = [[name, recall_cell(result, name), *(speed_cell(result, case, name) for case in cases)]
            for name, tool in result["tools"].items() if tool["cases"] is None or set(tool["cases"]) & set(cases)]
    head = ["GB/s", "keys masked", *(CASE_HEADS[case] for case in cases)]
    return ["## Throughput", "", "Medians (slowest-fastest). Keys masked: of those that the tool's patterns cover.",
            "", *table(head, rows)]


def ratio_section(result):
    own = "keysieve" if "keysieve" in result["tools"] else next(iter(result["tools"]))
    cases = [case for case in GENERAL if case in result["seconds"]]
    rows = [[name, *(digits(ratio(result, case, own, name)) for case in cases)]
            for name, tool in result["tools"].items()
            if name != own and (tool["cases"] is None or set(tool["cases"]) & set(cases))]
    return [f"## {own} against each: times as fast", "",
            *table([f"{own} /", *(CASE_HEADS[case] for case in cases)], rows)]


def own_section(result):
    """What only keysieve does, beside what comes near."""
    rows = []
    for case in (case for case in result["seconds"] if case not in GENERAL):
        for name in result["seconds"][case]:
            rows.append([CASE_HEADS[case], name, speed_cell(result, case, name), digits(ratio(result, case, name, "keysieve"))])
    if not rows:
        return []
    lines = ["## Threads, known values, frames, gzip", "",
             "GB/s of what is masked: of a gzip file before it was packed. Two threads may use both cores.", "",
             *table(["", "", "GB/s", "times keysieve's"], rows), ""]
    for name, found in result.get("known", {}).items():
        if found:
            lines += [f"{name}: of {found['planted']} lines with a value, plain and in base64, {found['masked']} were masked.", ""]
    return lines


def within(result, case):
    """A case of keysieve against its own sparse one."""
    a, b = median_speed(result, case, "keysieve"), median_speed(result, "sparse", "keysieve")
    return a / b if a and b else None


def target_section(result):
    """The targets of the project that this run can check."""
    if "keysieve" not in result["tools"]:
        return []
    targets = [("scanloop, " + CASE_HEADS[case], ratio(result, case, "keysieve", "scanloop"), 0.85)
               for case in ("sparse",)]
    targets += [("scanloop, the same without the start", net_ratio(result, "sparse", "keysieve", "scanloop"), 0.85)]
    targets += [(f"rg, {CASE_HEADS[case]}", ratio(result, case, "keysieve", "rg"), least)
                for case, least in (("sparse", 4), ("dense", 10), ("clean", 3), ("long", 8))]
    targets += [("sed, " + CASE_HEADS["sparse"], ratio(result, "sparse", "keysieve", "sed"), 10),
                ("cat, pipe, two cores", ratio(result, "pipe-two", "keysieve", "cat"), 2),
                ("cat, pipe, one core", ratio(result, "pipe-one", "keysieve", "cat"), 0.6)]
    if {"sparse", "dense", "long", "near-miss"} <= set(result["seconds"]):
        targets += [("dense against sparse", within(result, "dense"), 0.5),
                    ("one line against lines", within(result, "long"), 0.95),
                    ("near misses against sparse", within(result, "near-miss"), 0.1)]
    rows = [[what, f">= {least}", digits(x), "-" if x is None else "yes" if x >= least else "**no**"]
            for what, x, least in targets]
    targets += [("one thread, two threads", ratio(result, "threads", "keysieve -j 2", "keysieve"), 1.7),
                ("no known values, 10,000", ratio(result, "known", "keysieve (10k known values)", "keysieve"), 0.8)]
    start, rss = result["start"]["keysieve"]["ms"], result["rss_kib"]["keysieve"] / 1024
    rows.append(["start to first byte", "< 10 ms", f"{start:.1f} ms", "yes" if start < 10 else "**no**"])
    own = result["start"].get("keysieve (20 more, cached)")
    if own:
        rows.append(["start, user's rules cached", "< 10 ms", f"{own['ms']:.1f} ms", "yes" if own["ms"] < 10 else "**no**"])
    rows.append(["resident memory", "< 16 MiB", f"{rss:.1f} MiB", "yes" if rss < 16 else "**no**"])
    return ["## Targets", "", *table(["keysieve against", "target", "measured", "met"], rows), ""]


def latency_cells(result, tool, rate):
    figures = result["latency"].get(tool, {}).get(rate)
    base = result["latency"].get("cat", {}).get(rate)
    if not figures:
        return ["-", "-"]
    added = f" ({figures['median'] - base['median']:+.0f})" if base and tool != "cat" else ""
    slow = f" at {figures['rate']:.0f}/s" if figures["rate"] < 0.9 * rate else ""
    return [f"{figures['median']:.0f}{added}{slow}", f"{figures['p99']:.0f}"]


def start_section(result):
    rates = sorted({rate for found in result.get("latency", {}).values() for rate in found})
    head = ["", "start, ms", "a line comes out before the end", "memory, MiB"]
    for rate in rates:
        head += [f"us a line at {rate}/s: median (against cat)", "p99"]
    rows = []
    for name in (name for name in result["tools"] if name in result["start"] or name in result["rss_kib"]):
        start, rss = result["start"].get(name), result["rss_kib"].get(name)
        row = [name, f"{start['ms']:.1f}" if start else "-", "-" if not start else "yes" if start["is_live"] else "no",
               f"{rss / 1024:.1f}" if rss else "-"]
        for rate in rates:
            row += latency_cells(result, name, rate)
        rows.append(row)
    return ["## Start, memory, latency", "",
            "Line-buffered where a tool has an option for it. Start: to the first byte, input of one line; "
            "with some 1 ms for taskset. Latency: writer and reader on one core, the tool on the other.",
            "", *table(head, rows)]


def missed_section(result):
    lines = []
    for tool, found in result["masked"].items():
        for name, counts in found.items():
            if counts and counts["missed"]:
                worst = sorted(counts["missed"].items(), key=lambda item: -item[1])[:8]
                lines.append(f"- {tool}, {name}, left readable: "
                             + ", ".join(f"{n} {what}" for what, n in worst))
            if counts and counts["other_bytes"]:
                lines.append(f"- {tool}, {name}: {counts['other_bytes']} other bytes changed")
    return ["## Keys left readable, other bytes masked", "", *(lines or ["None."]), ""]


def header(result):
    m = result["machine"]
    lines = ["# Benchmark", "", "Made by `./dev bench`; the raw figures are in [results.json](results.json).", "",
             f"{m['date']}; {m['cpu']}, {m['cores']} cores; Linux {m['kernel']}; load at start {m['load']:.2f}. "
             f"Corpora of {result['size']}, {result['rounds']} rounds after one to warm up; tools on core "
             f"{result['cores_used'][1]}, the pipe's writer on core {result['cores_used'][0]} or the same one; "
             "LC_ALL=C; output to /dev/zero. Ratios hold inside this run only.", ""]
    for name, tool in result["tools"].items():
        command = shlex.join(tool["argv"])
        if len(command) > 120:
            command = command[:60] + "...(20 patterns: bench/tools.py)"
        lines.append(f"- {name} ({tool['version'] or 'no version'}): `{command}`")
    return lines + [f"- {note}" for note in result["notes"]] + [""]


def markdown(result, names):
    """names: of the plots that there are."""
    plots = [f"![{title}]({name})" for name, title in PLOTS if name in names]
    return "\n".join([*header(result), *target_section(result), *speed_section(result), "",
                      *ratio_section(result), "", *own_section(result), *missed_section(result),
                      *start_section(result), "", "## Plots", "", *"\n\n".join(plots).split("\n")])
