#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is each secret that a gitleaks rule finds masked by the keysieve rules that were made of it?

    soundness.py KEYSIEVE GITLEAKS_TOML

It reads the expressions with Python's own parser, not with that of the importer: it draws random texts that
they match, runs keysieve on them, and looks at every byte of the secret. The one part that may stay readable
is the beginning that the rule's trigger matches.
"""

import random
import re
import re._constants as op
import re._parser as sre
import string
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

IMPORTER = Path(__file__).resolve().parents[2] / "tools" / "import_gitleaks.py"
TEXTS = 40         # a rule
TRIES = 400        # to draw one that matches with what stands around it
TRIGGER_MAX = 150  # bytes; a little more than a trigger can match
REPEAT_MORE = 30   # beyond the least count
POSIX = {"alnum": "0-9A-Za-z", "alpha": "A-Za-z", "digit": "0-9", "lower": "a-z", "upper": "A-Z",
         "xdigit": "0-9A-Fa-f", "word": r"\w"}
BLANKS = r"\t\n\f\r "
CATEGORIES = {op.CATEGORY_DIGIT: r"\d", op.CATEGORY_NOT_DIGIT: r"\D", op.CATEGORY_WORD: r"\w",
              op.CATEGORY_NOT_WORD: r"\W", op.CATEGORY_NOT_SPACE: f"[^{BLANKS}]"}
BEFORE = ("", "", " ", "\t", "=", '"', "key: ", "x", "9", "_", "-", "\\n", "(", "/")
AFTER = ("", "", " ", '"', "'", ";", ",", "\\n", "\r", ")", ".", "x", "_", "--", "\u00e9")


# ---------------------------------------------------- Go's syntax into Python's ----

class Translator:
    """Flags in the middle, \\z, $, \\s and POSIX classes are what the two languages differ in."""

    def __init__(self, text: str):
        self.text = text
        self.out: list[str] = []
        self.opened = [[]]  # for each open group: the flag groups that were opened in it

    def run(self) -> str:
        token = re.compile(r"\(\?(?P<flags>[a-z-]+)\)|\(\?P?<(?P<name>\w+)>|\\x\{(?P<code>\w+)\}|\\.|\(\?:|\(\?[a-z-]+:|"
                           r"\[\^?\]?(?:\[:\w+:\]|\\.|[^\]\\])*\]|.", re.DOTALL)
        for found in token.finditer(self.text):
            self.put(found)
        self.close()
        return "".join(self.out)

    def put(self, found: re.Match) -> None:
        token = found[0]
        if found["flags"]:
            self.opened[-1].append(found["flags"])
            self.out.append(f"(?{found['flags']}:")
        elif found["code"]:
            self.out.append(re.escape(chr(int(found["code"], 16))))
        elif token.startswith("["):
            self.out.append(translate_set(token))
        elif token.startswith("("):
            self.opened.append([])
            self.out.append("(" if found["name"] else token)
        elif token == ")":
            self.close()
            self.opened.pop()
            self.out.append(")")
        elif token == "|":
            flags = list(self.opened[-1])
            self.close()
            self.opened[-1] += flags
            self.out.append("|" + "".join(f"(?{flag}:" for flag in flags))
        else:
            single = {r"\z": r"\Z", "$": r"\Z", r"\s": f"[{BLANKS}]", r"\S": f"[^{BLANKS}]"}
            self.out.append(single.get(token, token))

    def close(self) -> None:
        self.out.append(")" * len(self.opened[-1]))
        self.opened[-1].clear()


def translate_set(text: str) -> str:
    inside = re.sub(r"\[:(\w+):\]", lambda m: POSIX[m[1]], text[1:-1])
    inside = re.sub(r"\\.|\[", lambda m: {"[": r"\[", r"\s": BLANKS}.get(m[0], m[0]), inside, flags=re.DOTALL)
    return f"[{inside}]"


# ------------------------------------------------------------------- random texts ----

class Drawer:
    """Random texts that a tree of Python's parser matches; assertions in it are not looked at."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.alphabet = string.ascii_letters + string.digits + string.punctuation.replace("*", "") \
            + " \t\n\u00e9\u4e16"

    def text(self, tree, ignore_case: bool = False) -> str:
        return "".join(self.item(code, value, ignore_case) for code, value in tree)

    def item(self, code, value, ignore_case: bool) -> str:
        if code is op.LITERAL:
            letter = chr(value)
            return self.random.choice((letter.lower(), letter.upper())) if ignore_case else letter
        if code in (op.NOT_LITERAL, op.ANY, op.IN):
            return self.one_of(code, value, ignore_case)
        if code is op.BRANCH:
            return self.text(self.random.choice(value[1]), ignore_case)
        if code is op.SUBPATTERN:
            _, on, off, tree = value
            return self.text(tree, (ignore_case or bool(on & re.I)) and not off & re.I)
        if code in (op.MAX_REPEAT, op.MIN_REPEAT):
            low, high, tree = value
            more = self.random.choice((0, 1, self.random.randrange(REPEAT_MORE)))
            count = min(low + more, high)
            return "".join(self.text(tree, ignore_case) for _ in range(count))
        if code is op.AT:
            return ""
        raise ValueError(f"not known: {code}")

    def one_of(self, code, value, ignore_case: bool) -> str:
        for _ in range(10000):
            letter = self.random.choice(self.alphabet)
            cases = {letter, letter.swapcase()} if ignore_case else {letter}
            if any(self.matches(code, value, case) for case in cases):
                return letter
        raise ValueError("a set without printable characters")

    @staticmethod
    def matches(code, value, letter: str) -> bool:
        if code is op.ANY:
            return letter != "\n"
        if code is op.NOT_LITERAL:
            return letter != chr(value)
        found = False
        for kind, what in value:
            if kind is op.LITERAL:
                found |= letter == chr(what)
            elif kind is op.RANGE:
                found |= what[0] <= ord(letter) <= what[1]
            elif kind is op.CATEGORY:
                found |= bool(re.fullmatch(CATEGORIES[what], letter, re.ASCII))
        return found != (value[0][0] is op.NEGATE)


# ---------------------------------------------------------------------- the check ----

@dataclass
class Made:
    """A rule of the file that the importer wrote."""
    id: str
    trigger: re.Pattern
    is_partial: bool


def read_made(path: str) -> dict[str, list[Made]]:
    """The rules by the id of their source, which is in the comment above each."""
    made: dict[str, list[Made]] = {}
    source = report = id_ = ""
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        if line.startswith("# ") and not line.startswith("#  "):
            source, _, report = line[2:].partition(": ")
        elif line.startswith("- id: "):
            id_ = line[6:]
        elif line.startswith("  trigger: '"):
            trigger = line[12:-1].replace("''", "'")
            pattern = re.compile(trigger.encode() + rb"\Z", re.DOTALL)
            made.setdefault(source, []).append(Made(id_, pattern, report.startswith("partly")))
    return made


def secret_span(match: re.Match, number: int) -> tuple[int, int]:
    """What gitleaks takes for the secret, without quotes, and without what surrounds it in the match."""
    groups = [number] if number else range(1, match.re.groups + 1)
    start, end = next((match.span(group) for group in groups if match[group]), match.span())
    closing = "[\"'`]*" if (start, end) != match.span() else r"(?:[^A-Za-z0-9]|\\[nrNR])*"
    inner = re.fullmatch(f"[\"'`\\s]*(.*?){closing}", match.string[start:end], re.DOTALL)
    return start + inner.start(1), start + inner.end(1)


class Input:
    """Random lines that a rule matches, in one text, and where the secrets are in it."""

    def __init__(self, regex: str, number: int, seed: int):
        pattern = re.compile(Translator(regex).run(), re.ASCII)
        drawer = Drawer(seed)
        tree = sre.parse(pattern.pattern, re.ASCII)
        ignore_case = bool(tree.state.flags & re.I)
        self.data = b""
        self.secrets: list[tuple[int, int]] = []
        for _ in range(TRIES):
            line = drawer.random.choice(BEFORE) + drawer.text(tree, ignore_case)
            line += drawer.random.choice(AFTER)
            match = pattern.search(line)
            if match:
                self.add(line, *secret_span(match, number))
            if len(self.secrets) == TEXTS:
                break
        self.data = self.data[:-1]  # the last one ends with the input

    def add(self, line: str, start: int, end: int) -> None:
        offset = len(self.data)
        self.secrets.append((offset + len(line[:start].encode()), offset + len(line[:end].encode())))
        self.data += line.encode() + b"\n"


def find_leak(before: bytes, after: bytes, start: int, end: int, made: list[Made]) -> str:
    """What is wrong with a secret; empty: nothing. What is not masked must be in a trigger's match."""
    visible = [at for at in range(start, end) if after[at] != ord("*") and before[at:at + 1] not in b"\r\n"]
    if not visible:
        return ""
    for stop in range(visible[-1] + 1, end + TRIGGER_MAX):
        for rule in made:
            match = rule.trigger.search(before, max(stop - TRIGGER_MAX, 0), stop)
            if match and match.start() <= start:
                return ""
    return "nothing is masked" if len(visible) == end - start else "a byte is not masked"


def run_keysieve(binary: str, rules: str, made: list[Made], data: bytes) -> bytes:
    command = [binary, "--rules", rules, "--only", ",".join(rule.id for rule in made)]
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def check_rule(binary: str, rules: str, made: list[Made], rule: dict, seed: int = 1) -> tuple[int, list[str]]:
    """How many secrets there were, and what is wrong with some."""
    texts = Input(rule["regex"], rule.get("secretGroup", 0), seed)
    after = run_keysieve(binary, rules, made, texts.data)
    if len(after) != len(texts.data):
        return len(texts.secrets), ["the output has another length"]
    wrong = []
    for start, end in texts.secrets:
        leak = find_leak(texts.data, after, start, end, made)
        if leak:
            line = slice(max(texts.data.rfind(b"\n", 0, start) - 60, 0), end + 10)
            wrong.append(f"{leak}: {texts.data[start:end]!r} in {texts.data[line]!r}: {after[line]!r}")
    return len(texts.secrets), wrong


def main() -> int:
    binary, config = sys.argv[1:]
    failed = 0
    with tempfile.NamedTemporaryFile(suffix=".yaml") as rules:
        subprocess.run([sys.executable, IMPORTER, config, "-o", rules.name], check=True,
                       stderr=subprocess.DEVNULL)
        made = read_made(rules.name)
        for rule in tomllib.loads(Path(config).read_text(encoding="utf-8"))["rules"]:
            if rule["id"] not in made:
                continue
            count, wrong = check_rule(binary, rules.name, made[rule["id"]], rule)
            is_partial = made[rule["id"]][0].is_partial
            failed += bool(wrong) and not is_partial or count < TEXTS // 4
            print(f"{rule['id']}: {count} secrets, {len(wrong)} wrong{' (partly)' * is_partial}")
            for text in wrong[:2]:
                print(f"  {text}")
    print(f"{len(made)} rules, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
