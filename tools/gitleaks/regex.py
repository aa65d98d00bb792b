# SPDX-License-Identifier: Apache-2.0
"""Parse regular expressions of Go's RE2 syntax into a small tree over bytes.

Python's own parser is of no use here: it refuses flags in the middle, POSIX classes and \\z, and reads
\\s and $ differently. What depends on nothing but the syntax is settled while parsing: flags are gone, a
set under (?i) holds both cases, and a character beyond ASCII is the bytes of its UTF-8.
"""

import string
from dataclasses import dataclass

REPEAT_MAX = 1000    # Go's limit
REPEAT_DIGITS = 100  # Python makes no number of thousands of digits

DIGIT = frozenset(map(ord, string.digits))
LOWER = frozenset(map(ord, string.ascii_lowercase))
UPPER = frozenset(map(ord, string.ascii_uppercase))
ALNUM = DIGIT | LOWER | UPPER
WORD = ALNUM | {ord("_")}
SPACE = frozenset(b"\t\n\f\r ")
ASCII = frozenset(range(0x80))
BEYOND = frozenset(range(0x80, 0x100))  # the bytes of characters beyond ASCII
ANY = ASCII | BEYOND

PERL_CLASSES = {"d": DIGIT, "s": SPACE, "w": WORD}
POSIX_CLASSES = {
    "alnum": ALNUM, "alpha": LOWER | UPPER, "ascii": ASCII, "blank": frozenset(b"\t "),
    "cntrl": frozenset(range(0x20)) | {0x7F}, "digit": DIGIT, "graph": frozenset(range(0x21, 0x7F)),
    "lower": LOWER, "print": frozenset(range(0x20, 0x7F)),
    "punct": frozenset(map(ord, string.punctuation)), "space": SPACE | {0x0B}, "upper": UPPER,
    "word": WORD, "xdigit": frozenset(map(ord, string.hexdigits)),
}
SIMPLE_ESCAPES = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
ASSERTIONS = {"b": "word", "B": "no-word", "A": "begin", "z": "end"}


class BadRegex(Exception):
    """No regular expression of Go's syntax."""


class Unsupported(Exception):
    """A construct that no rule of keysieve can have."""


@dataclass(frozen=True)
class Chars:
    """One byte of a set. If the set holds bytes beyond ASCII, then one whole character of them."""
    values: frozenset[int]

    @property
    def is_wide(self) -> bool:
        return BEYOND <= self.values


@dataclass(frozen=True)
class Sequence:
    items: tuple["Node", ...]


@dataclass(frozen=True)
class Choice:
    branches: tuple["Node", ...]


@dataclass(frozen=True)
class Repeat:
    item: "Node"
    low: int
    high: int | None  # None: no limit


@dataclass(frozen=True)
class Group:
    """A capturing group."""
    item: "Node"
    number: int


@dataclass(frozen=True)
class Assertion:
    kind: str  # "word", "no-word", "begin" or "end"


Node = Chars | Sequence | Choice | Repeat | Group | Assertion
EMPTY = Sequence(())


def fold(values: frozenset[int]) -> frozenset[int]:
    """The set with both cases of each letter."""
    swapped = {value ^ 0x20 for value in values & (LOWER | UPPER)}
    return values | swapped


@dataclass
class Flags:
    ignore_case: bool = False
    dot_all: bool = False


class Parser:
    """Recursive descent; each method leaves self.at behind what it has read."""

    def __init__(self, text: str):
        self.text = text
        self.at = 0
        self.groups = 0
        self.flags = Flags()

    # ------------------------------------------------------------- reading ----

    def peek(self, length: int = 1) -> str:
        return self.text[self.at:self.at + length]

    def take(self) -> str:
        if self.at >= len(self.text):
            raise BadRegex("it ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def accept(self, wanted: str) -> bool:
        if not self.text.startswith(wanted, self.at):
            return False
        self.at += len(wanted)
        return True

    def take_until(self, end: str, what: str) -> str:
        stop = self.text.find(end, self.at)
        if stop < 0:
            raise BadRegex(f"{what} without its '{end}'")
        found = self.text[self.at:stop]
        self.at = stop + len(end)
        return found

    # ------------------------------------------------------------- grammar ----

    def parse(self) -> Node:
        node = self.choice()
        if self.at < len(self.text):
            raise BadRegex("a ')' too many")
        return node

    def choice(self) -> Node:
        branches = [self.sequence()]
        while self.accept("|"):
            branches.append(self.sequence())
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def sequence(self) -> Node:
        items: list[Node] = []
        while self.at < len(self.text) and self.peek() not in "|)":
            items.append(self.repeated(self.atom()))
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def repeated(self, item: Node) -> Node:
        limits = self.repetition()
        if limits is None:
            return item
        self.accept("?")  # lazy: the same language
        before = self.at
        if self.repetition() is not None:
            raise BadRegex(f"a repetition of a repetition at character {before + 1}")
        return Repeat(item, *limits)

    def repetition(self) -> tuple[int, int | None] | None:
        for sign, limits in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.accept(sign):
                return limits
        return self.braces() if self.peek() == "{" else None

    def braces(self) -> tuple[int, int | None] | None:
        """{n}, {n,} or {n,m}; anything else in braces is plain text, as in Go."""
        stop = self.text.find("}", self.at)
        low, comma, high = self.text[self.at + 1:max(stop, self.at)].partition(",")
        if stop < 0 or not low.isdecimal() or not (high.isdecimal() or high == ""):
            return None
        self.at = stop + 1
        if max(len(low), len(high)) > REPEAT_DIGITS:
            raise BadRegex(f"a repeat count of {max(len(low), len(high))} digits")
        limits = (int(low), int(high) if high else None if comma else int(low))
        if max(limits[0], limits[1] or 0) > REPEAT_MAX or (limits[1] or limits[0]) < limits[0]:
            raise BadRegex(f"a bad repeat count {{{low}{comma}{high}}}")
        return limits

    def atom(self) -> Node:
        letter = self.take()
        if letter == "(":
            return self.group()
        if letter == "[":
            return Chars(self.bracket())
        if letter == "\\":
            return self.escape()
        if letter == ".":
            return Chars(ANY if self.flags.dot_all else ANY - {ord("\n")})
        if letter in "^$":
            return Assertion("begin" if letter == "^" else "end")
        if letter in "*+?":
            raise BadRegex(f"nothing to repeat at character {self.at}")
        return self.literal(ord(letter))

    def literal(self, code: int) -> Node:
        if code < 0x80:
            return Chars(self.folded(frozenset({code})))
        letter = chr(code)
        cases = {letter, letter.lower(), letter.upper()} if self.flags.ignore_case else {letter}
        branches = [Sequence(tuple(Chars(frozenset({byte})) for byte in case.encode()))
                    for case in sorted(cases)]
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def folded(self, values: frozenset[int]) -> frozenset[int]:
        return fold(values) if self.flags.ignore_case else values

    # -------------------------------------------------------------- groups ----

    def group(self) -> Node:
        outer = Flags(self.flags.ignore_case, self.flags.dot_all)
        kind = self.group_kind() if self.accept("?") else "capturing"
        if kind == "flags":
            return EMPTY  # (?i): they hold until the surrounding group ends
        number = self.groups = self.groups + (kind == "capturing")
        item = self.choice()
        if not self.accept(")"):
            raise BadRegex("a group without its ')'")
        self.flags = outer
        return Group(item, number) if kind == "capturing" else item

    def group_kind(self) -> str:
        """Read what follows '(?': it is "capturing", "plain" or, if that was all of it, "flags"."""
        if self.peek() in ("=", "!") or self.peek(2) in ("<=", "<!"):
            raise Unsupported("it looks around")
        if self.accept("P<") or self.accept("<"):
            if not self.take_until(">", "a group's name").isidentifier():
                raise BadRegex("a bad name of a group")
            return "capturing"
        flags = ""
        while self.peek() and self.peek() in "imsU-":
            flags += self.take()
        if self.peek() not in (":", ")"):
            raise BadRegex(f"an unknown group at character {self.at}")
        self.set_flags(*flags.partition("-")[::2])
        return "plain" if self.take() == ":" else "flags"

    def set_flags(self, on: str, off: str) -> None:
        self.flags.ignore_case = ("i" in on or self.flags.ignore_case) and "i" not in off
        self.flags.dot_all = ("s" in on or self.flags.dot_all) and "s" not in off

    # ------------------------------------------------------------- escapes ----

    def escape(self) -> Node:
        letter = self.take()
        if letter in ASSERTIONS:
            return Assertion(ASSERTIONS[letter])
        if letter == "Q":
            self.unquote()
            return EMPTY
        values = self.class_escape(letter)
        if values is not None:
            return Chars(self.folded(values))
        if letter in "123456789" and self.peek() not in set("01234567"):
            raise Unsupported("it has a back-reference")
        return self.literal(self.char_escape(letter))

    def unquote(self) -> None:
        """Put backslashes into what follows \\Q, and go on with that."""
        quoted, _, rest = self.text[self.at:].partition("\\E")
        escaped = "".join("\\" + c if c in string.punctuation else c for c in quoted)
        self.text, self.at = escaped + rest, 0

    def class_escape(self, letter: str) -> frozenset[int] | None:
        if letter in "pP":
            name = self.take()
            if name == "{":
                name = self.take_until("}", "a Unicode class")
            raise Unsupported(f"it has the Unicode class {name}")
        if letter.lower() not in PERL_CLASSES or letter not in string.ascii_letters:
            return None
        values = PERL_CLASSES[letter.lower()]
        return values if letter.islower() else ANY - values

    def char_escape(self, letter: str) -> int:
        if letter in SIMPLE_ESCAPES:
            return SIMPLE_ESCAPES[letter]
        if letter == "x":
            digits = self.take_until("}", "\\x{") if self.accept("{") else self.take() + self.take()
            return self.number(digits, 16)
        if letter in "01234567":
            while len(letter) < 3 and self.peek() and self.peek() in "01234567":
                letter += self.take()
            return self.number(letter, 8)
        if letter in string.punctuation or letter == " ":
            return ord(letter)
        raise BadRegex(f"an unknown escape \\{letter}")

    def number(self, digits: str, base: int) -> int:
        try:
            code = int(digits, base)
            chr(code).encode()
        except (ValueError, OverflowError):
            raise BadRegex(f"a bad number in an escape at character {self.at}") from None
        return code

    # ------------------------------------------------------------ brackets ----

    def bracket(self) -> frozenset[int]:
        is_negated = self.accept("^")
        values: frozenset[int] = frozenset()
        is_first = True
        while is_first or self.peek() != "]":
            values |= self.bracket_item()
            is_first = False
        self.take()
        values = self.folded(values)
        if is_negated:  # what is beyond ASCII is never excluded: that masks more, not less
            values = ANY - (values - BEYOND)
        if not values:
            raise Unsupported("it has a set without characters")
        return values

    def bracket_item(self) -> frozenset[int]:
        if self.accept("[:"):
            return self.posix_class(self.take_until(":]", "a class"))
        if self.peek() == "\\":
            letter = self.text[self.at + 1:self.at + 2]
            self.at += 2
            values = self.class_escape(letter) if letter else None
            if values is not None:
                return values
            self.at -= 2
        low = high = self.bracket_char()
        if self.peek() == "-" and self.peek(2) != "-]":
            self.take()
            high = self.bracket_char()
        if high < low:
            raise BadRegex("a range that ends before it begins")
        values = frozenset(range(low, min(high, 0x7F) + 1))
        return values | BEYOND if high >= 0x80 else values

    def bracket_char(self) -> int:
        letter = self.take()
        return self.char_escape(self.take()) if letter == "\\" else ord(letter)

    def posix_class(self, name: str) -> frozenset[int]:
        if name.lstrip("^") not in POSIX_CLASSES:
            raise BadRegex(f"an unknown class [:{name}:]")
        values = POSIX_CLASSES[name.lstrip("^")]
        return ANY - values if name.startswith("^") else values


def parse(text: str) -> Node:
    """The tree of an expression. Raises BadRegex or Unsupported."""
    try:
        return Parser(text).parse()
    except RecursionError:
        raise BadRegex("groups nested too deeply") from None
