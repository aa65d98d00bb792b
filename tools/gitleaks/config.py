# SPDX-License-Identifier: Apache-2.0
"""Read a configuration of gitleaks or betterleaks: its rules, and what keysieve has no counterpart for."""

import re
import tomllib
from dataclasses import dataclass, field

RULE_HEADER = re.compile(r"\s*\[\[\s*rules\s*\]\]")
REGEX_KEY = re.compile(r"\s*regex\s*=")
# Keys of a rule that say nothing of what is a secret, or are looked at by themselves.
NEUTRAL_KEYS = {"id", "description", "regex", "secretGroup", "tags", "keywords", "validate"}
GATES = {
    "entropy": "its entropy gate is dropped",
    "path": "it is for all input, not for some paths",
    "allowlist": "its allowlist is dropped",
    "allowlists": "its allowlist is dropped",
    "filter": "its filter is dropped",
    "prefilter": "its filter is dropped",
    "required": "the rules that must match nearby are dropped",
    "skipReport": "it is masked, although its findings are not reported",
}


class BadConfig(Exception):
    """The file is no such configuration. line is 0 where it is not known."""

    def __init__(self, line: int, text: str, column: int = 0):
        super().__init__(text)
        self.line = line
        self.column = column


@dataclass
class Rule:
    """One [[rules]] of the file."""
    line: int
    id: str
    regex: str  # empty: none
    regex_line: int = 0
    description: str = ""
    secret_group: int = 0
    keywords: list[str] = field(default_factory=list)
    has_path: bool = False
    gates: list[str] = field(default_factory=list)  # conditions that are lost


@dataclass
class Config:
    rules: list[Rule]
    dropped: list[str]  # what the file says for all rules


def read(data: bytes) -> Config:
    """Raises BadConfig."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise BadConfig(data.count(b"\n", 0, e.start) + 1, "the file is not UTF-8") from None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise toml_error(str(e), text) from None
    except RecursionError:
        raise BadConfig(1, "brackets nested too deeply") from None
    except ValueError:  # Python makes no number of thousands of digits
        raise BadConfig(1, "a number that is too long, or no number") from None
    rules = table.get("rules", [])
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise BadConfig(1, "'rules' must be a list of tables: [[rules]]")
    if not rules:
        raise BadConfig(1, "no rules in this file")
    lines = text.splitlines()
    places = rule_lines(lines, len(rules))
    return Config([read_rule(rule, place, lines) for rule, place in zip(rules, places)],
                  global_notes(table))


def toml_error(message: str, text: str) -> BadConfig:
    """tomllib says: What (at line 3, column 5), or What (at end of document)."""
    what, _, where = message.rpartition(" (at ")
    found = re.fullmatch(r"line (\d+), column (\d+)\)", where)
    if found:
        return BadConfig(int(found[1]), what, int(found[2]))
    return BadConfig(max(len(text.splitlines()), 1), what or message)


def rule_lines(lines: list[str], count: int) -> list[int]:
    """The line of each rule's header, from 1. tomllib does not tell; 1 if it cannot be seen."""
    found = [number for number, line in enumerate(lines, 1) if RULE_HEADER.match(line)]
    return found if len(found) == count else [1] * count


def find_regex_line(lines: list[str], place: int) -> int:
    for number in range(place, len(lines)):
        if RULE_HEADER.match(lines[number]):
            break
        if REGEX_KEY.match(lines[number]):
            return number + 1
    return place


def read_rule(table: dict, place: int, lines: list[str]) -> Rule:
    rule = Rule(
        line=place,
        id=value_of(table, "id", str, "", place),
        regex=value_of(table, "regex", str, "", place),
        description=value_of(table, "description", str, "", place),
        secret_group=value_of(table, "secretGroup", int, 0, place),
        keywords=value_of(table, "keywords", list, [], place),
        has_path="path" in table,
    )
    if not rule.id:
        raise BadConfig(place, "the rule has no id")
    if rule.secret_group < 0 or not all(isinstance(word, str) for word in rule.keywords):
        raise BadConfig(place, f"rule '{rule.id}': a bad secretGroup or keyword")
    rule.regex_line = find_regex_line(lines, place)
    rule.gates = rule_gates(table)
    return rule


def value_of(table: dict, key: str, kind: type, default, place: int):
    value = table.get(key, default)
    if not isinstance(value, kind) or isinstance(value, bool):
        names = {str: "a string", int: "a number", list: "a list"}
        raise BadConfig(place, f"'{key}' must be {names[kind]}")
    return value


def rule_gates(table: dict) -> list[str]:
    gates = {GATES[key] for key in table if key in GATES and table[key]}
    gates |= {f"its key '{key}' is dropped" for key in table if key not in NEUTRAL_KEYS | GATES.keys()}
    return sorted(gates)


def global_notes(table: dict) -> list[str]:
    notes = []
    if any(table.get(key) for key in ("allowlist", "allowlists", "filter", "prefilter")):
        notes.append("the allowlist or filter of the whole file is dropped")
    if table.get("extend"):
        notes.append("[extend]: the rules of the other file are not imported")
    return notes
