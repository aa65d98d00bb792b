# SPDX-License-Identifier: Apache-2.0
"""Find the secret in the tree of a regular expression: gitleaks takes a capturing group, or the match."""

from dataclasses import dataclass, field

from gitleaks.measure import (LARGE_SET, allowed_before, charset, groups, has_assertion, is_random, max_width,
                              min_width)
from gitleaks.regex import Assertion, Chars, Choice, Group, Node, Repeat, Sequence, Unsupported

WAYS_MAX = 32
QUOTES = frozenset(b"\"'`")


@dataclass
class Way:
    """One way through an expression: what stands before the secret, the secret, what follows."""
    before: list[Node] = field(default_factory=list)
    secret: list[Node] | None = None
    after: list[Node] = field(default_factory=list)
    goes_on: bool = False  # the secret only begins with the group: it ends with the match

    def add(self, other: "Way") -> "Way":
        if self.secret is not None:
            rest = other.before + (other.secret or []) + other.after
            return Way(self.before, self.secret, self.after + rest, self.goes_on)
        return Way(self.before + other.before, other.secret, other.after, other.goes_on)


def ways(node: Node, number: int) -> list[Way]:
    """All ways; the secret is group number, or with 0 the first group that there is."""
    found = [group for group in groups(node) if number in (0, group.number)]
    if not found:
        return [Way([node])]
    if node in found:
        return [Way([], [node.item], goes_on=not holds_secret(node))]
    if isinstance(node, Repeat) and node.high == 1:
        absent = [Way()] if node.low == 0 else []
        return ways(node.item, number) + absent
    if isinstance(node, Repeat):
        return [Way([], [node], goes_on=True)]
    if isinstance(node, Choice):
        if all(map(groups, node.branches)) and not any(map(holds_secret, found)):
            return [Way([], [node], goes_on=True)]
        return [way for branch in node.branches for way in ways(branch, number)]
    return product_of_ways(node, number)


def holds_secret(node: Node) -> bool:
    """Is it more than fixed text, and always there?"""
    return is_random(node) and min_width(node) > 0


def product_of_ways(node: Group | Sequence, number: int) -> list[Way]:
    found = [Way()]
    for item in node.items if isinstance(node, Sequence) else (node.item,):
        found = [way.add(more) for way in found for more in ways(item, number)]
        if len(found) > WAYS_MAX:
            raise Unsupported("it has too many alternatives")
    return found


def simplify(nodes: list[Node]) -> list[Node]:
    """Without groups and nested sequences, and with neighbours of one set as one repetition."""
    flat: list[Node] = []
    for node in nodes:
        for item in simplify_node(node):
            merged = merge(flat[-1], item) if flat else None
            if merged:
                flat[-1] = merged
            else:
                flat.append(item)
    return flat


def simplify_node(node: Node) -> list[Node]:
    if isinstance(node, Group):
        return simplify([node.item])
    if isinstance(node, Sequence):
        return simplify(list(node.items))
    if isinstance(node, Choice):
        return [Choice(tuple(pack(simplify([branch])) for branch in node.branches))]
    if isinstance(node, Repeat):
        item = pack(simplify([node.item]))
        is_once = node.low == node.high == 1
        return simplify_node(item) if is_once else [Repeat(item, node.low, node.high)]
    return [node]


def pack(items: list[Node]) -> Node:
    return items[0] if len(items) == 1 else Sequence(tuple(items))


def merge(a: Node, b: Node) -> Node | None:
    """[0-9]{2}[0-9]{3} is [0-9]{5}, and \\b\\b is \\b. None if the two are not of that kind."""
    if isinstance(a, Assertion):
        return a if a == b else None
    first, second = (n if isinstance(n, Repeat) else Repeat(n, 1, 1) for n in (a, b))
    if not isinstance(first.item, Chars) or first.item != second.item or \
            len(first.item.values) < LARGE_SET:
        return None
    is_open = first.high is None or second.high is None
    return Repeat(first.item, first.low + second.low, None if is_open else first.high + second.high)


def settle(way: Way) -> tuple[list[Node], list[Node], list[Node]]:
    """before, secret and after, of simple items. Without a group all of it is the secret."""
    before, secret, after = way.before, way.secret, way.after
    if secret is None:
        before, secret = [], way.before
    elif way.goes_on:
        secret, after = secret + after, []
    before, secret, after = simplify(before), simplify(secret), simplify(after)
    while secret and has_assertion(secret[0]) and allowed_before(secret[0]) is not None:
        before.append(secret.pop(0))
    while secret and is_closing(secret[-1]):
        after.insert(0, secret.pop())
    return simplify(before), secret, after


def is_closing(node: Node) -> bool:
    """A quote, or an end such as (?:[\\s;]|$): no part of a secret, even if it is in the group."""
    width = max_width(node)
    if has_assertion(node):
        return width is not None and width <= 4
    return charset(node) <= QUOTES
