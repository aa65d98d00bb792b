# SPDX-License-Identifier: Apache-2.0
"""Plots of a result as SVG: panels of horizontal bars, with nothing but the standard library.

Colours are those that people with the usual kinds of colour blindness tell apart; what is keysieve's is also bold. Text is
text, so that it can be searched and read aloud; a file has a title and a description.
"""

import math
import statistics
from dataclasses import dataclass
from xml.sax.saxutils import escape

from figures import CASE_HEADS, LOOPS, share_masked, speeds

ROW, HEAD, GAP, LEFT, BAR, RIGHT = 20, 44, 26, 240, 420, 150
WIDTH = LEFT + BAR + RIGHT
OWN, LOOP, OTHER, GRID, TEXT = "#0072b2", "#999999", "#e69f00", "#dddddd", "#222222"


@dataclass(frozen=True)
class Bar:
    """value in the panel's unit; low and high: the spread, or None."""
    label: str
    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Panel:
    """Where the largest is more than 50 times the smallest, the axis is logarithmic."""
    title: str
    unit: str
    bars: list

    def limits(self):
        """The ends of the axis, and whether it is logarithmic."""
        most = max([bar.high or bar.value for bar in self.bars] + [1e-6])
        least = min([bar.low or bar.value for bar in self.bars if bar.value > 0] + [most])
        if most <= 50 * least:
            return 0.0, most, False
        return 10.0 ** math.floor(math.log10(least)), most, True

    def ticks(self):
        least, most, is_log = self.limits()
        if is_log:
            return [10.0 ** power for power in range(round(math.log10(least)), math.floor(math.log10(most)) + 1)]
        size = step(most)
        return [size * count for count in range(math.floor(most / size + 1e-4) + 1)]

    def place(self, value):
        """Where a value is, from the left end of the bars."""
        least, most, is_log = self.limits()
        if is_log:
            return BAR * math.log10(max(value, least) / least) / math.log10(most / least)
        return BAR * value / most


def colour(label):
    return OWN if label.startswith("keysieve") else LOOP if label in LOOPS else OTHER


def number(x):
    return f"{x:,.0f}" if x >= 20 else f"{x:.1f}" if x >= 2 else f"{x:.2f}"


def tick(x):
    return f"{x:,.0f}" if x >= 1 else f"{x:g}"


def step(limit):
    """The distance of the lines of the grid: 1, 2 or 5 times a power of ten, at most six lines."""
    size = 10.0 ** -6
    while True:
        for factor in (1, 2, 5):
            if limit / (size * factor) <= 6:
                return size * factor
        size *= 10


def text(x, y, content, anchor="start", size=12, weight="normal", fill=TEXT):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" '
            f'fill="{fill}">{escape(content)}</text>')


def draw_bar(bar, y, place):
    weight = "bold" if bar.label.startswith("keysieve") else "normal"
    length = max(place(bar.value), 1)
    parts = [text(LEFT - 8, y + 14, bar.label, "end", weight=weight),
             f'<rect x="{LEFT}" y="{y + 3}" width="{length:.1f}" height="{ROW - 6}" fill="{colour(bar.label)}"/>']
    end = length
    if bar.low is not None and bar.high is not None:
        a, b, middle = LEFT + place(bar.low), LEFT + place(bar.high), y + ROW / 2
        parts.append(f'<path d="M{a:.1f} {middle}H{b:.1f}M{a:.1f} {middle - 3}v6M{b:.1f} {middle - 3}v6" '
                     f'stroke="{TEXT}" fill="none"/>')
        end = max(length, place(bar.high))
    parts.append(text(LEFT + end + 6, y + 14, number(bar.value) + (f"  {bar.note}" if bar.note else ""), weight=weight))
    return parts


def draw_panel(panel, y):
    bottom = y + HEAD + ROW * len(panel.bars)
    unit = panel.unit + (", logarithmic" if panel.limits()[2] else "")
    parts = [text(LEFT, y + 16, panel.title, size=14, weight="bold"), text(WIDTH - 10, y + 16, unit, "end")]
    for value in panel.ticks():
        x = LEFT + panel.place(value)
        parts.append(f'<path d="M{x:.1f} {y + HEAD - 4}V{bottom}" stroke="{GRID}"/>')
        parts.append(text(x, y + HEAD - 8, tick(value), "middle", 10))
    for row, bar in enumerate(panel.bars):
        parts += draw_bar(bar, y + HEAD + ROW * row, panel.place)
    return parts, bottom + GAP


def figure(title, panels):
    """One SVG; None: there is nothing to show."""
    panels = [panel for panel in panels if panel.bars]
    if not panels:
        return None
    parts, y = [], 8
    for panel in panels:
        drawn, y = draw_panel(panel, y)
        parts += drawn
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" '
            f'font-family="DejaVu Sans, Helvetica, Arial, sans-serif" role="img">')
    summary = "; ".join(f"{panel.title}: " + ", ".join(f"{bar.label} {number(bar.value)}" for bar in panel.bars)
                        for panel in panels)
    return "\n".join([head, f"<title>{escape(title)}</title>", f"<desc>{escape(summary)}</desc>",
                      f'<rect width="{WIDTH}" height="{y}" fill="#ffffff"/>', *parts, "</svg>"]) + "\n"


# ------------------------------------------------------------------ what is shown

def speed_bars(result, case):
    bars = []
    for tool, run in result["runs"].get(case, {}).items():
        found = speeds(result, case, tool)
        if found:
            note = "" if run["size"] == result["size"] else f"of {run['size']}"
            bars.append(Bar(tool, 1000 * statistics.median(found), 1000 * min(found), 1000 * max(found), note))
    return sorted(bars, key=lambda bar: -bar.value)


def start_bars(result):
    bars = [Bar(tool, found["ms"]) for tool, found in result["start"].items() if found["ms"] is not None]
    return sorted(bars, key=lambda bar: bar.value)


def memory_bars(result):
    return sorted((Bar(tool, found["kib"] / 1024) for tool, found in result["rss"].items() if found["kib"]),
                  key=lambda bar: bar.value)


def recall_bars(result):
    bars = []
    for tool in result["masked"]:
        share = share_masked(result, tool)
        if share is not None:
            bars.append(Bar(tool, share, note="only reports" if result["tools"][tool]["reports"] else ""))
    return sorted(bars, key=lambda bar: -bar.value)


def latency_bars(result, rate, what):
    return sorted((Bar(tool, found[rate][what]) for tool, found in result.get("latency", {}).items() if rate in found),
                  key=lambda bar: bar.value)


def plots(result, rates):
    """{file name: SVG}. rates: of lines a second."""
    def of(*cases):
        return [Panel(CASE_HEADS[case], "MB/s", speed_bars(result, case)) for case in cases if case in result["runs"]]

    drawn = {
        "files.svg": figure("Throughput, files", of("sparse", "dense", "clean", "long", "near-miss")),
        "pipes.svg": figure("Throughput, pipes", of("pipe-two", "pipe-one")),
        "keysieve.svg": figure("What keysieve can do besides", of("threads", "known", "cri", "docker", "gzip", "gzip-both")),
        "recall.svg": figure("Keys masked", [Panel("planted keys that are masked", "%", recall_bars(result))]),
        "start.svg": figure("Start and memory",
                            [Panel("start to the first byte", "ms", start_bars(result)),
                             Panel("memory at most", "MiB", memory_bars(result))]),
        "latency.svg": figure("Latency of a line", [
            Panel(f"{rate:,} lines a second, {what}", "microseconds", latency_bars(result, rate, key))
            for rate in rates for what, key in (("median", "median"), ("99 of 100 are faster", "p99"))]),
    }
    return {name: svg for name, svg in drawn.items() if svg}
