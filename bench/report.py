# SPDX-License-Identifier: Apache-2.0
"""The result of a run as Markdown. What a number means is in figures.py; here speeds are shown in MB/s."""

import shlex
import statistics

from corpora import to_bytes
from figures import (CASE_HEADS, GENERAL, LOOPS, latency, net_ratio, ratio, run_of, share_masked, speed, speeds, spreads,
                     within)
from patterns import COVERED, REGEX, REGEX_POSIX

PLOTS = (("files.svg", "Throughput on files"), ("recall.svg", "Keys masked"), ("pipes.svg", "Throughput in a pipe"),
         ("keysieve.svg", "Threads, known values, frames, gzip"), ("start.svg", "Start and memory"),
         ("latency.svg", "Small writes: latency of a line"))
FRONT = ("sparse", "dense", "clean", "long", "pipe-two")
BUSY = 100000  # lines a second
MEMORY_INPUT = 4 << 20  # smaller ones are told
KNOWN, THREADS, CACHED = "keysieve (10k known values)", "keysieve -j 2", "keysieve (20 more rules)"


def digits(x):
    if x is None:
        return "-"
    return f"{x:.2f}" if x < 2 else f"{x:.1f}" if x < 20 else f"{x:,.0f}"


def megabytes(gigabytes):
    return digits(None if gigabytes is None else 1000 * gigabytes)


def per_cent(x):
    return "-" if x is None else f"{x:.1f} %" if 99 <= x < 100 else f"{x:.0f} %"


def table(head, rows, texts=1):
    """texts: how many of the columns are no numbers."""
    lines = ["| " + " | ".join(head) + " |", "|---" * texts + "|--:" * (len(head) - texts) + "|"]
    return lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]


def bold(name, cells):
    """keysieve's own row."""
    return [f"**{cell}**" if cell != "-" else cell for cell in cells] if name == "keysieve" else cells


def names_for(result, case):
    """The tools of a case, keysieve's first, then the fastest; what masks nothing is last."""
    names = [name for name in result["tools"] if run_of(result, case, name)]
    return sorted(names, key=lambda name: (name in LOOPS, name != "keysieve", not name.startswith("keysieve"),
                                           -(speed(result, case, name) or 0)))


def is_failed(run):
    return run is not None and not run["seconds"]


def speed_cell(result, case, tool, has_spread=True):
    run, found = run_of(result, case, tool), speeds(result, case, tool)
    if is_failed(run):
        return f"failed, or over {result['kill']:.0f} s"
    if not found:
        return "-"
    cell = megabytes(statistics.median(found))
    if has_spread:
        cell += f" ({megabytes(min(found))}-{megabytes(max(found))})" if len(found) > 1 else " (once)"
        cell += "" if run["size"] == result["size"] else f" of {run['size']}"
    return cell + left_in_line(result, tool) if case == "long" else cell


def left_in_line(result, tool):
    """A word of warning, if a tool masks fewer keys where no line ends."""
    usual, found = (share_masked(result, tool, corpus, "covered") for corpus in ("check", "check-long"))
    return f", but only {per_cent(found)} of keys" if usual and found is not None and found < usual - 2 else ""


def start_ms(result, tool):
    return (result["start"].get(tool) or {}).get("ms")


def memory_cell(result, tool):
    found = result["rss"].get(tool) or {}
    if not found.get("kib"):
        return "-"
    return f"{found['kib'] / 1024:.1f}"


def what_cell(tool):
    return tool["looks_for"] + (", only reports" if tool["reports"] else "")


def front_section(result):
    """The one table that says it all."""
    cases = [case for case in FRONT if case in result["runs"]]
    if "sparse" not in result["runs"]:
        return []
    rows = []
    for name in names_for(result, "sparse"):
        tool, start = result["tools"][name], start_ms(result, name)
        times = ratio(result, "sparse", "keysieve", name) if name != "keysieve" else None
        rows.append(bold(name, [name, what_cell(tool), per_cent(share_masked(result, name)),
                                *(speed_cell(result, case, name, False) for case in cases), digits(times),
                                "-" if start is None else f"{start:.0f}", memory_cell(result, name)]))
    head = ["MB/s", "looks for", "planted keys masked", *(CASE_HEADS[case] for case in cases),
            "keysieve: times as fast", "start, ms", "memory, MiB"]
    return ["How fast keysieve and others mask keys in logs, on one core, and how many of the keys they mask. Medians; "
            "[how to read it](#how-to-read-it).", "", *table(head, rows, 2), ""]


def noise(result):
    found = spreads(result)
    if not found:
        return "Each ran once: nothing is known about the noise."
    return (f"Noise: between the slowest and the fastest round of a tool lie {statistics.median(found):.0f} % of its median "
            f"(the middle of {len(found)} tools and cases; {max(found):.0f} % at worst). Differences smaller than that mean nothing.")


def kinds(result):
    """Of keys, in the log that shows what is masked."""
    return max((found["check"]["kinds"] for found in result["masked"].values() if found["check"]), default=0)


def made_line(result):
    m = result["machine"]
    return (f"- Made by `./dev bench` in {result['minutes']:.0f} minutes, on {m['date']}: {m['cpu']}, {m['cores']} cores, "
            f"{m['system']}, Linux {m['kernel']}, load at the start {m['load']:.1f}. **To repeat it: `./dev bench`**; it installs "
            "Debian's tools, and takes the others if they are in the `PATH`. All figures are in [results.json](results.json).")


def way_line(result):
    writer, core = result["cores_used"]
    return (f"- {result['rounds']} rounds after one to warm up; the tools take turns. Each is on core {core}, the writer of a pipe "
            f"on core {writer} (or, *one core*, on the same). LC_ALL=C, output to /dev/zero. Speeds are of the whole process, "
            "its start included.")


def reading_section(result):
    return ["## How to read it", "", made_line(result), f"- {noise(result)} Ratios hold inside this run only.",
            f"- Logs are made by `bench/loggen`: {result['size']} of lines as services, proxies and container runtimes write "
            "them, with made-up keys in them, each of whose places is known. *1 in 5*: every fifth line has a key. *One line*: "
            "no line ends at all. *Near misses*: every token begins as a key does, and is none.",
            f"- A tool of which a run would take over {result['limit']:g} s gets a smaller log: `12 of 2M` in the full table is "
            "12 MB/s of such a log of 2 MiB.", way_line(result),
            "- *Planted keys masked*: of all keys in a log of their own, on which nothing is timed. The 20 patterns cover "
            f"{len(COVERED)} of its {kinds(result)} kinds of keys; how many of those were masked is "
            "[below](#which-keys-were-masked). A tool that reports masks nothing: what counts is the keys that it names.",
            f"- *keysieve: times as fast* is of {CASE_HEADS['sparse']}.",
            "- `scanloop` reads, lets Hyperscan scan with keysieve's own database, and writes: what keysieve can reach at best. "
            "`copyloop` only reads and writes, as much at a time as keysieve.", ""]


def speed_section(result):
    cases = [case for case in GENERAL if case in result["runs"]]
    if not cases:
        return []
    rows = [[name, *(speed_cell(result, case, name) for case in cases)] for name in names_for(result, cases[0])]
    return ["## Throughput, all of it", "", f"MB/s: medians (slowest-fastest); of {result['size']} if nothing else is said.", "",
            *table(["MB/s", *(CASE_HEADS[case] for case in cases)], rows), ""]


def ratio_section(result):
    cases = [case for case in GENERAL if case in result["runs"]]
    if not cases or "keysieve" not in result["tools"]:
        return []
    rows = [[name, *(digits(ratio(result, case, "keysieve", name)) for case in cases)]
            for name in names_for(result, cases[0]) if name != "keysieve"]
    return ["## keysieve against each: times as fast", "",
            "Medians of the ratios of each round; where the logs differ in size, the ratio of the medians.", "",
            *table(["keysieve /", *(CASE_HEADS[case] for case in cases)], rows), ""]


def own_section(result):
    """What only keysieve does, beside what comes near."""
    rows = []
    for case in (case for case in result["runs"] if case not in GENERAL):
        for name in names_for(result, case):
            rows.append([CASE_HEADS[case], name, speed_cell(result, case, name), digits(ratio(result, case, name, "keysieve"))])
    if not rows:
        return []
    lines = ["## Threads, known values, frames, gzip", "",
             "MB/s of what is masked: of a gzip file before it was packed. Two threads may use both cores.", "",
             *table(["", "", "MB/s", "times keysieve's"], rows, 2), ""]
    for name, found in result["known"].items():
        if found:
            lines += [f"{name}: of {found['planted']} lines with a value, plain and in base64, {found['masked']} were masked.",
                      ""]
    return lines


def ratio_targets(result):
    """What is compared, the figure, the least that it should be."""
    def own(case, base):
        return ratio(result, case, "keysieve", base)
    found = [("scanloop", own("sparse", "scanloop"), 0.85),
             ("scanloop, the same without the start", net_ratio(result, "sparse", "keysieve", "scanloop"), 0.85)]
    found += [(f"rg, {CASE_HEADS[case]}", own(case, "rg"), least)
              for case, least in (("sparse", 4), ("dense", 10), ("clean", 3), ("long", 8))]
    found += [("sed", own("sparse", "sed"), 10), ("cat, pipe, two cores", own("pipe-two", "cat"), 2),
              ("cat, pipe, one core", own("pipe-one", "cat"), 0.6),
              ("itself: 1 key in 5 lines against 1 in 1,000", within(result, "dense"), 0.5),
              ("itself: one line against lines", within(result, "long"), 0.95),
              ("itself: near misses against 1 key in 1,000 lines", within(result, "near-miss"), 0.1),
              ("itself: two threads against one", ratio(result, "threads", THREADS, "keysieve"), 1.7),
              ("itself: 10,000 known values against none, without the start", net_ratio(result, "known", KNOWN, "keysieve"), 0.8)]
    return [(what, f">= {least}", digits(x), None if x is None else x >= least) for what, x, least in found]


def absolute_targets(result):
    rows = []
    for what, name in (("start to the first byte", "keysieve"), ("the same, rules of the user's cached", CACHED)):
        ms = start_ms(result, name)
        rows.append((what, "< 10 ms", "-" if ms is None else f"{ms:.1f} ms", None if ms is None else ms < 10))
    kib = (result["rss"].get("keysieve") or {}).get("kib")
    rows.append(("resident memory", "< 16 MiB", f"{kib / 1024:.1f} MiB" if kib else "-", kib < 16 << 10 if kib else None))
    return rows + latency_targets(result)


def latency_targets(result):
    rows = []
    for what, figure, most in ((f"small writes, {BUSY:,} lines a second: added to cat's median", "median", 50),
                               ("the same, 99 of 100 lines", "p99", 1000)):
        own, base = (latency(result, name, BUSY, figure) for name in ("keysieve", "cat"))
        added = None if own is None or base is None else own - base
        is_too_busy = base is not None and base > 10 * most  # what cat waits for is the machine
        is_met = None if added is None or is_too_busy else added < most
        rows.append((what, f"< {most:,} us", "-" if added is None else f"{added:+,.0f} us", is_met))
    return rows


def target_section(result):
    """The targets of the project that this run can check."""
    if "keysieve" not in result["tools"]:
        return []
    met = {None: "-", True: "yes", False: "**no**"}
    rows = [(what, target, x, met[is_met]) for what, target, x, is_met in ratio_targets(result) + absolute_targets(result)]
    return ["## Targets", "", "What keysieve, with all its rules, is meant to reach: times as fast as another tool "
            "with 20 patterns, or an absolute figure. 1 key in 1,000 lines, from a file, if nothing else is said.", "",
            *table(["keysieve against", "target", "measured", "met"], rows), ""]


def recall_cell(counts):
    if not counts:
        return "failed, or too slow"
    return f"{counts['masked_of_all']:,} of {counts['planted']:,}"


def covered_cell(counts):
    return f"{counts['masked']:,} of {counts['covered']:,}" if counts and counts["covered"] < counts["planted"] else "-"


def other_cell(found):
    others = [counts["other_bytes"] for counts in found.values() if counts]
    return "not told: its mask has another length" if None in others or not others else f"{sum(others):,}"


def recall_section(result):
    rows = []
    for name, found in result["masked"].items():
        check = found["check"]
        line = found["check-long"]
        rows.append([name, recall_cell(check), covered_cell(check), recall_cell(line), covered_cell(line),
                     "-" if result["tools"][name]["reports"] else other_cell(found)])
    if not rows:
        return []
    return ["## Which keys were masked", "",
            "In lines, and in one long line. Masked is a key of which neither the first nor the last 8 bytes (12 in one line) are left "
            "(keysieve: no byte at all). Slow tools get a shorter log. Other bytes: changed in these logs, in one without a key, "
            "and in one of near misses; the header of a JWT, which is no secret, is counted among them.", "",
            *table(["", "of all", "of those its patterns cover", "one line: of all", "covered", "other bytes changed"], rows), "",
            *missed_lines(result), ""]


def missed_lines(result):
    """What tools leave readable that they should know."""
    lines = []
    for tool, found in result["masked"].items():
        for name, counts in found.items():
            if counts and counts["missed"]:
                worst = sorted(counts["missed"].items(), key=lambda item: -item[1])[:5]
                more = len(counts["missed"]) - len(worst)
                lines.append(f"- {tool}, {'one line' if name == 'check-long' else 'lines'}, left readable: "
                             + ", ".join(f"{n} {what}" for what, n in worst) + (f", and {more} more sorts" if more else ""))
    return lines


def latency_cells(result, tool, rate):
    figures = result["latency"].get(tool, {}).get(rate)
    if not figures:
        return ["-", "-"]
    base = latency(result, "cat", rate, "median")
    added = f" ({figures['median'] - base:+.0f})" if base is not None and tool != "cat" else ""
    slow = f" at {figures['rate']:.0f}/s" if figures["rate"] < 0.9 * rate else ""
    return [f"{figures['median']:,.0f}{added}{slow}", f"{figures['p99']:,.0f}"]


def start_section(result):
    rates = sorted({rate for found in result.get("latency", {}).values() for rate in found})
    head = ["", "start, ms", "a line comes out before the end", "memory, MiB"]
    for rate in rates:
        head += [f"us a line at {rate:,}/s: median (against cat)", "99 of 100"]
    rows = []
    for name in (name for name in result["tools"] if name in result["start"] or name in result["rss"]):
        start, rss = result["start"].get(name), result["rss"].get(name)
        small = f" on {rss['size']}" if rss and rss["kib"] and to_bytes(rss["size"]) < MEMORY_INPUT else ""
        row = [name, "-" if start_ms(result, name) is None else f"{start['ms']:.1f}",
               "-" if not start else "yes" if start["is_live"] else "no", memory_cell(result, name) + small]
        for rate in rates:
            row += latency_cells(result, name, rate)
        rows.append(row)
    return ["## Start, memory, small writes", "",
            "Start: to the first byte, for an input of one line; with some 1 ms for taskset. "
            "Memory: the most of three inputs (1 key in 5 lines, one line, near misses). "
            "Small writes: one line a write, time stamps at both ends; writer and reader are on one core, the tool on the other. "
            "Tools are told to write each line at once if they have an option for it.", "", *table(head, rows), ""]


def command(argv):
    """For a reader: what is long has a name."""
    short = [part.replace(REGEX, "PATTERNS").replace(REGEX_POSIX, "PATTERNS") for part in argv]
    return shlex.join("PROGRAM" if "\n" in part or len(part) > 200 else part for part in short)


def tools_section(result):
    lines = ["## Tools", "",
             "PATTERNS are the 20 of `bench/patterns.py`; a PROGRAM is in `bench/tools.py` or `bench/shippers.py`.", ""]
    for name, tool in result["tools"].items():
        lines.append(f"- {name} {tool['version']}: `{command(tool['argv'])}`".replace(" :", ":"))
    return lines + [""] + [f"- {note}" for note in result["notes"]] + [""]


def plot_section(names, wanted):
    lines = []
    for name, title in PLOTS:
        if name in names and name in wanted:
            lines += [f"![{title}]({name})", ""]
    return lines


def markdown(result, names):
    """names: of the plots that there are."""
    first = ("files.svg", "recall.svg")
    rest = [name for name, _ in PLOTS if name not in first]
    return "\n".join(["# Benchmark", "", *front_section(result), *plot_section(names, first), *reading_section(result),
                      *target_section(result), *speed_section(result), *ratio_section(result), *own_section(result),
                      *recall_section(result), *start_section(result), *plot_section(names, rest),
                      *tools_section(result)]).rstrip()
