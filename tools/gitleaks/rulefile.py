# SPDX-License-Identifier: Apache-2.0
"""Rules of keysieve as a rule file: ids, order, number of sets, examples, YAML."""

import re
import textwrap
from dataclasses import dataclass, field

from gitleaks.notation import write_set
from gitleaks.regex import ALNUM, DIGIT
from gitleaks.shape import KeyRule

SETS_MAX = 16  # keysieve has 64 for all rules, and its own need 45 of them
TITLE_MAX = 80
ID_MAX = 128
DRAWN_LEAST = 3  # so many drawn bytes have a digit and both cases
DRAWABLE = ALNUM | frozenset(b"-._~+/=")
COMMON_SETS = [
    DIGIT, frozenset(b"0123456789abcdefABCDEF"), frozenset(b"0123456789abcdefABCDEF-"), ALNUM,
    ALNUM | frozenset(b"_-"), ALNUM | frozenset(b"._-"), ALNUM | frozenset(b"+/=_-"),
    ALNUM | frozenset(b"._~+/-"), ALNUM | frozenset(b"._~+/=:;%-"),
]


@dataclass
class Entry:
    """A rule of the file that is written, on behalf of a rule of gitleaks."""
    source: str  # the id there
    title: str
    rule: KeyRule
    id: str = ""
    notes: list[str] = field(default_factory=list)  # beyond those of the rule


# --------------------------------------------------------------------- the list ----

def clean_id(text: str) -> str:
    """At most so long that a number still fits behind it."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:ID_MAX - 8].strip("-") or "rule"


def name_entries(entries: list[Entry], prefix: str) -> None:
    taken: set[str] = set()
    for entry in entries:
        base = clean_id(f"{prefix}-{entry.source}")
        wanted, number = base, 1
        while wanted in taken:
            number += 1
            wanted = f"{base}-{number}"
        taken.add(wanted)
        entry.id = wanted


def covers(a: KeyRule, b: KeyRule) -> bool:
    """Does a find all that b, which is not shorter, finds? Only where both look for the same."""
    same = ("trigger", "body", "kind", "boundary", "before")
    return all(getattr(a, name) == getattr(b, name) for name in same) and set(a.require) <= set(b.require)


def remove_covered(entries: list[Entry]) -> tuple[list[Entry], list[tuple[Entry, Entry]]]:
    """The entries that remain, and those that another one covers with that one."""
    kept: list[Entry] = []
    covered = []
    for entry in sorted(entries, key=lambda e: e.rule.minimum):
        other = next((k for k in kept if covers(k.rule, entry.rule)), None)
        if other:
            covered.append((entry, other))
        else:
            kept.append(entry)
    return [entry for entry in entries if entry in kept], covered


def sort_specific_first(entries: list[Entry]) -> list[Entry]:
    """Where two rules find the same secret, the first one is named: the more specific it should be."""
    samples = [entry.rule.sample for entry in entries]
    generality: dict[str, int] = {}
    first: dict[str, int] = {}
    for number, entry in enumerate(entries):
        trigger = re.compile(entry.rule.trigger.encode() + b"\\Z", re.DOTALL)
        generality[entry.id] = sum(trigger.search(sample) is not None for sample in samples)
        first.setdefault(entry.rule.trigger, number)
    return sorted(entries, key=lambda e: (generality[e.id], first[e.rule.trigger], -e.rule.minimum,
                                          len(e.rule.body)))


def limit_sets(entries: list[Entry]) -> None:
    """Make the rarest bodies larger, until there are not too many different ones."""
    while True:
        uses: dict[frozenset[int], int] = {}
        for entry in entries:
            uses[entry.rule.body] = uses.get(entry.rule.body, 0) + 1
        if len(uses) + len({entry.rule.before for entry in entries}) <= SETS_MAX:
            return
        rarest = min(uses, key=lambda body: (uses[body], body in COMMON_SETS, sorted(body)))
        larger = [body for body in (*COMMON_SETS, *uses) if rarest < body]
        if not larger:
            return
        replace_body(entries, rarest, min(larger, key=lambda body: (len(body), sorted(body))))


def replace_body(entries: list[Entry], old: frozenset[int], new: frozenset[int]) -> None:
    for entry in entries:
        if entry.rule.body == old:
            entry.rule.body = new
            entry.notes.append("its body is larger: keysieve has a limited number of sets")


# --------------------------------------------------------------------- the YAML ----

def quote(text: str) -> str:
    """A YAML scalar."""
    if all(" " <= c <= "~" or c >= "\xa0" for c in text):
        return "'" + text.replace("'", "''") + "'"
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(escapes.get(c) or (c if c >= " " and c != "\x7f" else f"\\x{ord(c):02x}")
                         for c in text) + '"'


def has_example(rule: KeyRule) -> bool:
    """keysieve draws examples of letters, digits and a few signs: a secret of others has none, and is none."""
    return bool(rule.body & DRAWABLE)


def example(rule: KeyRule) -> str:
    """The sample of the trigger, and placeholders for what keysieve draws by itself."""
    count = max(rule.minimum, DRAWN_LEAST)
    text = f"{{before:{rule.before[1]}}}" if rule.before else ""
    text += rule.sample.decode("utf-8", "replace")
    return text + f"{{body:{count}}}"


def title(description: str) -> str:
    """The beginning of a description, on one line."""
    plain = "".join(c if c.isprintable() else " " for c in description)
    first = re.split(r"[,;.] ", " ".join(plain.split()))[0].rstrip(".,; ")
    return first if len(first) <= TITLE_MAX else first[:TITLE_MAX - 3].rstrip() + "..."


def write_comment(text: str) -> str:
    printable = "".join(c if c.isprintable() else "?" for c in text)
    return textwrap.fill(printable, 100, initial_indent="# ", subsequent_indent="#   ",
                         break_long_words=False, break_on_hyphens=False) + "\n"


def write_rule(entry: Entry) -> str:
    rule = entry.rule
    lines = [f"- id: {entry.id}"]
    if title(entry.title):
        lines.append(f"title: {quote(title(entry.title))}")
    if rule.kind != "provider":
        lines.append(f"kind: {rule.kind}")
    lines += [f"trigger: {quote(rule.trigger)}", f"body: {quote(write_set(rule.body))}",
              f"length: {rule.minimum}.."]
    if rule.boundary != "none":
        lines.append(f"boundary: {rule.boundary}")
    if rule.require:
        lines.append(f"require: [{', '.join(rule.require)}]")
    if rule.before:
        lines.append(f"before: {quote(f'[{write_set(rule.before[0])}]{{{rule.before[1]}}}')}")
    lines += ["examples:", f"  - {quote(example(rule))}"]
    return "\n  ".join(lines) + "\n"
