#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turn the rules of a gitleaks or betterleaks configuration into a rule file of keysieve.

keysieve rules import runs this script. The rules go to the standard output, a line for each rule of the
configuration to the standard error: is it exact, widened, taken over partly, or can it not be expressed?
docs/import.md says what that means.
"""

import argparse
import os
import signal
import sys
from collections import Counter
from dataclasses import dataclass, field

if sys.version_info < (3, 11):
    print("keysieve: rules import needs Python 3.11", file=sys.stderr)
    sys.exit(70)
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # python3 -I leaves it out
sys.dont_write_bytecode = True

from gitleaks import config, regex, rulefile, shape  # noqa: E402

EXIT_USAGE, EXIT_IO, EXIT_CONFIG = 2, 74, 78
VERDICTS = ("exact", "widened", "partly", "cannot be expressed")


class Failure(Exception):
    """The end of the run: an exit status and a line."""

    def __init__(self, status: int, text: str):
        super().__init__(text)
        self.status = status


@dataclass
class Result:
    """What has become of a rule of the configuration."""
    rule: config.Rule
    entries: list[rulefile.Entry] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)  # why alternatives of it cannot be expressed
    alternatives: int = 1
    covered_by: list[rulefile.Entry] = field(default_factory=list)

    def verdict(self) -> str:
        if not self.entries:
            return "cannot be expressed"
        if self.reasons or any(entry.rule.limits for entry in self.entries):
            return "partly"
        return "widened" if self.notes() else "exact"

    def notes(self) -> list[str]:
        found = [note for entry in self.entries for note in entry.rule.notes + entry.notes]
        return list(dict.fromkeys(found + self.rule.gates))

    def report(self) -> str:
        parts = [f"{len(self.reasons)} of {self.alternatives} alternatives cannot be expressed: {reason}"
                 for reason in dict.fromkeys(self.reasons)] if self.entries else self.reasons
        parts = parts + [limit for entry in self.entries for limit in entry.rule.limits]
        if self.entries:
            parts += self.notes() + [f"rule {entry.id} covers it" for entry in self.covered_by]
        text = "; ".join(dict.fromkeys(parts))
        return f"{self.rule.id}: {self.verdict()}" + (f": {text}" if text else "")


# ------------------------------------------------------------------- converting ----

def convert(rule: config.Rule, name: str) -> Result:
    try:
        if not rule.regex:
            raise regex.Unsupported("it looks at paths only" if rule.has_path else "it has no regex")
        outcomes = shape.convert(regex.parse(rule.regex), rule.secret_group)
    except regex.Unsupported as why:
        return Result(rule, reasons=[str(why)])
    except RecursionError:
        return Result(rule, reasons=["its groups are nested too deeply"])
    except regex.BadRegex as why:
        raise Failure(EXIT_CONFIG, f"{name}:{rule.regex_line}: rule '{rule.id}': {why}") from None
    result = Result(rule, alternatives=len(outcomes))
    for outcome in outcomes:
        if isinstance(outcome, shape.Refusal):
            result.reasons.append(outcome.reason)
        elif not rulefile.has_example(outcome):
            result.reasons.append("its secret has no letter, digit or -._~+/=")
        else:
            result.entries.append(rulefile.Entry(rule.id, rule.description, outcome))
    if not all(has_keyword(entry.rule, rule.keywords) for entry in result.entries):
        rule.gates.append("its keywords need not be there")
    return result


def has_keyword(rule: shape.KeyRule, keywords: list[str]) -> bool:
    """Does each text that the trigger matches hold one of the keywords?"""
    words = [word.lower().encode() for word in keywords]
    return not words or all(any(word in text.lower() for word in words) for text in rule.triggers)


def convert_all(settings: config.Config, name: str,
                prefix: str) -> tuple[list[Result], list[rulefile.Entry]]:
    """What has become of each rule, and the entries of the file that is written."""
    results = [convert(rule, name) for rule in settings.rules]
    entries = [entry for result in results for entry in result.entries]
    rulefile.name_entries(entries, prefix)
    rulefile.limit_sets(entries)
    entries, covered = rulefile.remove_covered(entries)
    for entry, other in covered:
        owner = next(result for result in results if any(entry is own for own in result.entries))
        owner.covered_by.append(other)
    return results, rulefile.sort_specific_first(entries)


# ---------------------------------------------------------------------- writing ----

def summary(results: list[Result], entries: list[rulefile.Entry]) -> str:
    counts = Counter(result.verdict() for result in results)
    words = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
    return f"{len(results)} rules: {words}; {len(entries)} rules written"


def write_file(results: list[Result], entries: list[rulefile.Entry], name: str) -> str:
    text = rulefile.write_comment(f"Made of {name} by keysieve rules import: {summary(results, entries)}.")
    reports = {id(entry): result.report() for result in results for entry in result.entries}
    for entry in entries:
        text += "\n" + rulefile.write_comment(reports[id(entry)]) + rulefile.write_rule(entry)
    written = set(map(id, entries))
    rest = [result.report() for result in results
            if not any(id(entry) in written for entry in result.entries)]
    return text + ("\n" if rest else "") + "".join(map(rulefile.write_comment, rest))


def printable(text: str) -> str:
    """Nothing of the configuration can forge lines or reach the terminal as an escape sequence."""
    return "".join(c if c.isprintable() else "?" for c in text)


def say(text: str) -> None:
    print(printable(text), file=sys.stderr)


def read_input(path: str) -> bytes:
    try:
        if path == "-":
            return sys.stdin.buffer.read()
        with open(path, "rb") as file:
            return file.read()
    except OSError as e:
        raise Failure(EXIT_IO, f"{path}: {e.strerror}") from None


def write_output(path: str | None, text: str) -> None:
    try:
        if path is None:
            sys.stdout.buffer.write(text.encode())
            sys.stdout.buffer.flush()
            return
        with open(path, "wb") as file:
            file.write(text.encode())
    except OSError as e:
        if path is None:  # Python would try again at exit, and complain again
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise Failure(EXIT_IO, f"{path or 'standard output'}: {e.strerror}") from None


# ------------------------------------------------------------------ command line ----

class Parser(argparse.ArgumentParser):
    def error(self, message: str):
        raise Failure(EXIT_USAGE, f"{message}; see --help")


def read_arguments() -> argparse.Namespace:
    parser = Parser(
        prog="keysieve rules import", allow_abbrev=False, add_help=False,
        description="Turn the rules of a gitleaks or betterleaks configuration into rules of keysieve.",
        epilog="Exit status: 0 done; 2 usage; 74 input or output; 78 not such a configuration, "
               "or none of its rules can be expressed.")
    parser.add_argument("file", metavar="FILE",
                        help="the configuration (TOML); - is the standard input")
    parser.add_argument("-o", "--output", metavar="FILE",
                        help="write to FILE, not to the standard output")
    parser.add_argument("--prefix", metavar="TEXT", default="gitleaks",
                        help="put TEXT and a hyphen before each id (default: gitleaks), so that no "
                             "built-in rule of the same id is replaced; '' for none")
    parser.add_argument("-h", "--help", action="help", help="print this help")
    return parser.parse_args()


def run() -> None:
    arguments = read_arguments()
    name = "standard input" if arguments.file == "-" else arguments.file
    try:
        settings = config.read(read_input(arguments.file))
    except config.BadConfig as e:
        place = f"{name}:{e.line}:{e.column}" if e.column else f"{name}:{e.line}"
        raise Failure(EXIT_CONFIG, f"{place}: {e}") from None
    results, entries = convert_all(settings, name, arguments.prefix)
    for result in results:
        say(f"{name}:{result.rule.line}: {result.report()}")
    for note in settings.dropped:
        say(f"{name}: {note}")
    if not entries:
        raise Failure(EXIT_CONFIG, f"{name}: none of its rules can be expressed")
    write_output(arguments.output, write_file(results, entries, os.path.basename(name)))
    say(summary(results, entries))


def main() -> int:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        run()
    except Failure as e:
        say(f"keysieve: {e}")
        return e.status
    return 0


if __name__ == "__main__":
    sys.exit(main())
