# SPDX-License-Identifier: Apache-2.0
"""Questions about a tree of regex.py: how wide, which bytes, how much fixed text, what it looks like."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from gitleaks.regex import (ANY, ASCII, DIGIT, LOWER, UPPER, WORD, Assertion, Chars, Choice, Group,
                            Node, Repeat, Sequence)

LARGE_SET = 8    # a set of so many bytes, repeated, is random text
SAMPLES_MAX = 500


def children(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Sequence):
        return node.items
    if isinstance(node, Choice):
        return node.branches
    return (node.item,) if isinstance(node, Repeat | Group) else ()


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in children(node):
        yield from walk(child)


def groups(node: Node) -> list[Group]:
    """The capturing groups in it, itself among them."""
    return [part for part in walk(node) if isinstance(part, Group)]


def charset(node: Node) -> frozenset[int]:
    """All bytes that a match can hold."""
    return frozenset().union(*(part.values for part in walk(node) if isinstance(part, Chars)))


# ------------------------------------------------------------------- widths ----

def min_width(node: Node) -> int:
    """The least number of bytes of a match."""
    if isinstance(node, Chars):
        return 1
    if isinstance(node, Choice):
        return min(map(min_width, node.branches))
    if isinstance(node, Repeat):
        return node.low * min_width(node.item)
    return sum(map(min_width, children(node)))


def max_width(node: Node) -> int | None:
    """The greatest number of bytes of a match; None: there is none."""
    if isinstance(node, Chars):
        return 4 if node.is_wide else 1
    widths = [max_width(child) for child in children(node)]
    if isinstance(node, Repeat) and widths[0] != 0:
        return None if node.high is None or widths[0] is None else node.high * widths[0]
    if None in widths:
        return None
    return max(widths) if isinstance(node, Choice) else sum(widths)


# ------------------------------------------------------------------ content ----

def is_random(node: Node) -> bool:
    """Does it hold a part of more than one byte that can be nearly anything?"""
    return any(isinstance(part, Repeat) and part.high != 1 and len(charset(part)) >= LARGE_SET
               for part in walk(node))


def is_plain(node: Node) -> bool:
    """Can it be a part of a trigger?"""
    return not is_random(node) and max_width(node) is not None


@dataclass(frozen=True)
class Fixed:
    """How many bytes of fixed text stand at the beginning, at the end and anywhere of every match."""
    first: int
    last: int
    longest: int
    is_whole: bool  # there is nothing but fixed text


NOTHING = Fixed(0, 0, 0, True)
BREAK = Fixed(0, 0, 0, False)


def join(a: Fixed, b: Fixed) -> Fixed:
    return Fixed(a.first + b.first if a.is_whole else a.first,
                 a.last + b.last if b.is_whole else b.last,
                 max(a.longest, b.longest, a.last + b.first),
                 a.is_whole and b.is_whole)


def fixed_text(node: Node) -> Fixed:
    if isinstance(node, Chars):
        return Fixed(1, 1, 1, True) if len(node.values) <= 2 else BREAK
    if isinstance(node, Assertion):
        return NOTHING
    parts = [fixed_text(child) for child in children(node)]
    if isinstance(node, Choice):
        return Fixed(min(p.first for p in parts), min(p.last for p in parts),
                     min(p.longest for p in parts), all(p.is_whole for p in parts))
    if isinstance(node, Repeat):
        parts *= min(node.low, 3)
        if node.high != node.low:
            parts.append(BREAK)
    total = NOTHING
    for part in parts:
        total = join(total, part)
    return total


# ------------------------------------------------------------ beginning and end ----

def has_assertion(node: Node) -> bool:
    return any(isinstance(part, Assertion) for part in walk(node))


def allowed_before(node: Node) -> frozenset[int] | None:
    """The bytes that can stand there if node stands right before a word. None: no simple answer."""
    if isinstance(node, Chars):
        return node.values
    if isinstance(node, Assertion):
        return {"word": ANY - WORD, "begin": frozenset(b"\n")}.get(node.kind)
    if isinstance(node, Choice):
        sets = [allowed_before(branch) for branch in node.branches]
        return None if None in sets else frozenset().union(*sets)
    return None


def first_bytes(items: list[Node]) -> frozenset[int]:
    found: frozenset[int] = frozenset()
    for item in items:
        found |= first_bytes_of(item)
        if min_width(item) > 0:
            break
    return found


def first_bytes_of(node: Node) -> frozenset[int]:
    if isinstance(node, Chars):
        return node.values
    if isinstance(node, Choice):
        return frozenset().union(*map(first_bytes_of, node.branches))
    if isinstance(node, Repeat):
        return first_bytes_of(node.item)
    return first_bytes(list(node.items)) if isinstance(node, Sequence) else frozenset()


# ------------------------------------------------------------------ samples ----

def sample_byte(values: frozenset[int]) -> bytes:
    """The most readable byte of a set."""
    for among in (LOWER, UPPER, DIGIT, frozenset(b'="'), frozenset(range(0x20, 0x7F)), ASCII):
        if values & among:
            return bytes([min(values & among)])
    return bytes([min(values)])


def samples(node: Node) -> Iterator[bytes]:
    """A short match for each way through its alternatives."""
    if isinstance(node, Chars):
        yield sample_byte(node.values)
    elif isinstance(node, Choice):
        for branch in node.branches:
            yield from samples(branch)
    elif isinstance(node, Repeat):
        for one in samples(node.item) if node.low else (b"",):
            yield one * node.low
    else:
        for parts in itertools.product(*map(some_samples, children(node))):
            yield b"".join(parts)


def some_samples(node: Node) -> list[bytes]:
    return list(itertools.islice(samples(node), SAMPLES_MAX))
