# SPDX-License-Identifier: Apache-2.0
"""Write trees of regex.py in the notation of rule files: docs/rules.md."""

import itertools

from gitleaks.measure import children, min_width, walk
from gitleaks.regex import ANY, DIGIT, LOWER, UPPER, Assertion, Chars, Choice, Node, Repeat

ORDER = (UPPER, LOWER, DIGIT)  # the order in which people write sets


def set_byte(value: int) -> str:
    special = {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}
    if value in special:
        return special[value]
    if not 0x20 <= value < 0x7F:
        return f"\\x{value:02x}"
    return "\\" + chr(value) if chr(value) in "\\[]^-" else chr(value)


def ranges(values: frozenset[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for value in sorted(values):
        if found and found[-1][1] == value - 1:
            found[-1] = (found[-1][0], value)
        else:
            found.append((value, value))
    return found


def write_ranges(values: frozenset[int]) -> str:
    text = ""
    for low, high in ranges(values):
        if high - low < 2:
            text += "".join(map(set_byte, range(low, high + 1)))
        else:
            text += f"{set_byte(low)}-{set_byte(high)}"
    return text


def write_set(values: frozenset[int]) -> str:
    """The inside of a bracket expression."""
    if len(values) > 128 and values != ANY:
        return "^" + write_set(ANY - values)
    text, rest = "", values - {ord("-")}
    for among in ORDER:
        text += write_ranges(rest & among)
        rest -= among
    text += write_ranges(rest)
    return text + "-" * (ord("-") in values)


def write_chars(chars: Chars, ignore_case: bool) -> str:
    if chars.is_wide:
        return f"[^{write_set(ANY - chars.values)}]" if chars.values != ANY else "."
    values = chars.values - UPPER if ignore_case else chars.values
    if len(values) > 1:
        return f"[{write_set(values)}]"
    value = min(values)
    if value < 0x80 and (chr(value).isalnum() or chr(value) in "_ -/:;,=@#%&~<>!\"'`"):
        return chr(value)
    return f"\\x{value:02x}" if not 0x20 < value < 0x7F else "\\" + chr(value)


def write_limits(node: Node, low: int, high: int) -> str:
    """A wide set matches a byte at a time, and a character has up to four."""
    if isinstance(node, Chars) and node.is_wide:
        high *= 4
    if (low, high) == (0, 1):
        return "?"
    return f"{{{low}}}" if low == high else f"{{{low},{high}}}"


def write_node(node: Node, ignore_case: bool) -> str:
    if isinstance(node, Chars):
        return write_chars(node, ignore_case) + (write_limits(node, 1, 1) if node.is_wide else "")
    if isinstance(node, Assertion):
        return ""  # dropped: what remains matches more
    if isinstance(node, Choice):
        return f"(?:{'|'.join(write_node(branch, ignore_case) for branch in node.branches)})"
    if not isinstance(node, Repeat):
        return write_sequence(children(node), ignore_case)
    if isinstance(node.item, Chars):
        text = write_chars(node.item, ignore_case)
    elif isinstance(node.item, Choice):
        text = write_node(node.item, ignore_case)
    else:
        text = f"(?:{write_node(node.item, ignore_case)})"
    return text + write_limits(node.item, node.low, node.high)


def write_sequence(items: tuple[Node, ...], ignore_case: bool) -> str:
    """Where only a part ignores case, that part is (?i:...)."""
    text = ""
    for is_caseless, part in itertools.groupby(items, key=ignores_case):
        nodes = list(part)
        is_worth_it = is_caseless and not ignore_case and sum(map(min_width, nodes)) > 2
        inner = "".join(write_node(node, ignore_case or is_worth_it) for node in nodes)
        text += f"(?i:{inner})" if is_worth_it else inner
    return text


def ignores_case(node: Node) -> bool:
    """Are there letters in it, and both cases of each?"""
    sets = [part.values & (LOWER | UPPER) for part in walk(node) if isinstance(part, Chars)]
    return any(sets) and all(values & LOWER == {value | 0x20 for value in values & UPPER} for values in sets)


def write_regex(node: Node) -> str:
    """The expression in the dialect of a trigger, without its assertions. It must be bounded."""
    return "(?i)" + write_node(node, True) if ignores_case(node) else write_node(node, False)
