# SPDX-License-Identifier: Apache-2.0
"""Find the shape trigger + run in the tree of a regular expression.

A rule of keysieve is looser than an expression: its run has one set and no end. All that is given up is
noted. What is never given up: a byte of a secret that the expression finds, behind the trigger, is masked.
So each step here may only make the rule match more.
"""

from dataclasses import dataclass, field

from gitleaks.measure import (LARGE_SET, allowed_before, charset, first_bytes, fixed_text, has_assertion,
                              is_plain, is_random, max_width, min_width, some_samples, walk)
from gitleaks.notation import write_regex, write_set
from gitleaks.regex import (ALNUM, ANY, DIGIT, EMPTY, LOWER, SPACE, UPPER, WORD, Assertion, Chars, Choice,
                            Node, Repeat, Sequence, Unsupported)
from gitleaks.secret import WAYS_MAX, settle, simplify, ways

# Limits of keysieve: docs/rules.md.
FIXED_LEAST = 3
FIXED_LEAST_ALONE = 6  # if the context that the expression asks for is lost
PROVIDER_TRIGGER_MAX = 64
CARRIER_TRIGGER_MAX = 128
INFIX_TRIGGER_MAX = 16
BEFORE_MAX = 64
RUN_DECIDED = 64

STRETCH_MAX = 16       # how far \\s* is followed in a trigger
LONG_STRETCH_MAX = 32  # and \\w*
FREE_TEXT = 128  # a set of so many bytes, the blank among them, is any text

# Strongest first: what may not stand before a trigger.
BOUNDARIES = (("token", WORD | {ord("-")}), ("word", WORD), ("alnum", ALNUM), ("none", frozenset()))
REQUIREMENTS = (("digit", DIGIT), ("upper", UPPER), ("lower", LOWER))


@dataclass
class KeyRule:
    """A rule of keysieve, and what it gives up."""
    trigger: str
    sample: bytes  # a text that the trigger matches
    body: frozenset[int]
    minimum: int
    kind: str = "provider"
    boundary: str = "none"
    require: tuple[str, ...] = ()
    before: tuple[frozenset[int], int] | None = None
    triggers: tuple[bytes, ...] = ()  # a sample for each alternative of the trigger
    notes: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)  # which matches it does not find


@dataclass
class Refusal:
    """Why an alternative of an expression cannot be a rule."""
    reason: str


# ------------------------------------------------------------------- the trigger ----

@dataclass
class Head:
    """The trigger, and what was cut off in front of it."""
    items: list[Node]
    boundary: str
    is_carrier: bool
    notes: list[str]
    is_torn: bool = False  # a part of the context is lost

    def is_good(self) -> bool:
        return has_fixed_text(self.items, FIXED_LEAST_ALONE if self.is_torn else FIXED_LEAST)


def find_head(before: list[Node], prefix: list[Node]) -> Head:
    """The longest bounded end of before, and all of prefix, the fixed beginning of the secret."""
    width = sum(max_width(item) or 0 for item in prefix)
    if width > PROVIDER_TRIGGER_MAX:
        raise Unsupported(f"its fixed text is wider than {PROVIDER_TRIGGER_MAX} bytes")
    start = len(before)
    while start > 0 and fits(before[start - 1], CARRIER_TRIGGER_MAX - width):
        start -= 1
        width += max_width(before[start]) or 0
    start = skip_leading(before, prefix, start)
    return cut_head(before, prefix, start)


def fits(node: Node, room: int) -> bool:
    """Can it be in the trigger? A boundary cannot: the trigger begins behind it."""
    width = max_width(node)
    if width is None or width > room:
        return False
    return not has_assertion(node) or allowed_before(node) is None


def skip_leading(before: list[Node], prefix: list[Node], start: int) -> int:
    """Leave out what need not be there, and a set that says as much as a boundary does."""
    is_anchored = start > 0 and allowed_before(before[start - 1]) is not None
    while start < len(before) and min_width(before[start]) == 0 and (
            not is_anchored or is_random(before[start])):
        start += 1
        is_anchored = False
    if start < len(before) and len(allowed_before(before[start]) or ()) > 2:
        rest = before[start + 1:] + prefix
        if boundary_of(before[start], rest) != "none" and has_fixed_text(rest):
            start += 1
    return start


def boundary_of(node: Node, rest: list[Node]) -> str:
    """The strongest boundary that allows what node allows; node stands right before rest."""
    allowed = allowed_before(node)
    if allowed is None or Assertion("word") in walk(node) and not first_bytes(rest) <= WORD:
        return "none"
    return next(name for name, refused in BOUNDARIES if not refused & allowed)


def cut_head(before: list[Node], prefix: list[Node], start: int) -> Head:
    items = before[start:] + prefix
    boundary, skipped, notes = "none", before[:start], []
    if start > 0:
        boundary = boundary_of(before[start - 1], items)
    if boundary != "none":
        nearest = skipped.pop()
        if allowed_before(nearest) != ANY - dict(BOUNDARIES)[boundary]:
            notes.append("more may stand before it")
    is_torn = any(min_width(item) > 0 for item in skipped)
    if is_torn:
        notes.append("its context is not looked at")
    elif any(map(has_assertion, skipped)):
        notes.append("more may stand before it")
    if any(map(has_assertion, items)):
        notes.append("a \\b, ^ or $ inside is dropped")
    return Head(items, boundary, any(map(max_width, before[start:])), notes, is_torn)


def has_fixed_text(items: list[Node], least: int = FIXED_LEAST) -> bool:
    return fixed_text(Sequence(tuple(items))).longest >= least


def bounded(node: Node) -> Node:
    """With an end for each repetition of a set that has none."""
    if isinstance(node, Sequence):
        return Sequence(tuple(map(bounded, node.items)))
    if isinstance(node, Choice):
        return Choice(tuple(map(bounded, node.branches)))
    if not isinstance(node, Repeat):
        return node
    if node.high is not None or not isinstance(node.item, Chars) or node.item.is_wide:
        return Repeat(bounded(node.item), node.low, node.high)
    more = STRETCH_MAX if len(node.item.values) < LARGE_SET else LONG_STRETCH_MAX
    return Repeat(node.item, node.low, node.low + more)


def is_stretch(node: Node) -> bool:
    """\\s* and the like: better an end to it in the trigger than blanks in the run."""
    return isinstance(node, Repeat) and node.high is None and isinstance(node.item, Chars) and \
        ord(" ") in node.item.values and len(node.item.values) < LARGE_SET


# ----------------------------------------------------------------------- the run ----

def requirements(run: list[Node], body: frozenset[int]) -> tuple[str, ...]:
    """The kinds of character that each secret has among its first 64 bytes, and the body not alone."""
    found, offset = set(), 0
    for item in run:
        one = item.item if isinstance(item, Repeat) and item.low > 0 else item
        if isinstance(one, Chars) and offset < RUN_DECIDED:
            found |= {name for name, values in REQUIREMENTS if one.values <= values}
        width = max_width(item)
        if width is None:
            break
        offset += width
    return tuple(name for name, values in REQUIREMENTS if name in found and not body <= values)


def always_follows(after: list[Node], body: frozenset[int]) -> bool:
    """Does what follows a longest run always match after?"""
    if not after:
        return True
    if len(after) > 1:
        return False
    if after[0] == Assertion("word"):
        return body == WORD
    branches = after[0].branches if isinstance(after[0], Choice) else ()
    sets = [branch.values for branch in branches if isinstance(branch, Chars)]
    return Assertion("end") in branches and body | frozenset().union(*sets) == ANY


def run_notes(run: list[Node], after: list[Node], body: frozenset[int]) -> list[str]:
    notes = []
    width = sum(map(min_width, run))
    if max_width(Sequence(tuple(run))) is not None:
        notes.append("open end")
    if len(run) > 1 or not isinstance(unrepeated(run[0]), Chars):
        notes.append("its parts become one run")
    if width > RUN_DECIDED:
        notes.append(f"at least {RUN_DECIDED} bytes, not {width}")
    if not always_follows(after, body):
        notes.append("what follows it is not looked at")
    if body & SPACE:
        notes.append("the run goes on over blanks or line ends")
    return notes


def unrepeated(node: Node) -> Node:
    return node.item if isinstance(node, Repeat) else node


def refuse_free_text(body: frozenset[int], after: list[Node]) -> None:
    """Any text must have an end: a byte that is not in the body must follow."""
    if ord(" ") not in body or len(body) < FREE_TEXT:
        return
    is_closed = sum(map(min_width, after)) > 0 and not first_bytes(after) & body
    if not is_closed:
        raise Unsupported("its secret is any text: nothing tells where it ends")


# ---------------------------------------------------------------------- the rule ----

def build_rule(head: Head, run: list[Node], after: list[Node]) -> KeyRule:
    body = charset(Sequence(tuple(run)))
    refuse_free_text(body, after)
    trigger = Sequence(tuple(head.items))
    found = some_samples(trigger)
    return KeyRule(
        trigger=write_regex(trigger), sample=found[0], triggers=tuple(found), body=body,
        minimum=min(max(sum(map(min_width, run)), 1), RUN_DECIDED),
        kind="carrier" if head.is_carrier else "provider", boundary=head.boundary,
        require=requirements(run, body), notes=head.notes + run_notes(run, after, body))


def is_of_fixed_width(node: Node) -> bool:
    return min_width(node) == max_width(node)


def build_infix(before: list[Node], secret: list[Node], after: list[Node]) -> KeyRule | None:
    """[set]{n} + fixed text + run; None if it is not of that shape."""
    for at in range(1, len(secret)):
        if not all(map(is_of_fixed_width, secret[:at])):
            return None
        width = sum(map(min_width, secret[:at]))
        end = at
        while end < len(secret) and is_infix_text(secret[end]):
            end += 1
        text, run = secret[at:end], secret[end:]
        if width <= BEFORE_MAX and sum(map(min_width, text)) <= INFIX_TRIGGER_MAX and \
                has_fixed_text(text) and sum(map(min_width, run)) > 0:
            return write_infix(before, secret[:at], text, run, after)
    return None


def is_infix_text(node: Node) -> bool:
    one = unrepeated(node)
    return isinstance(one, Chars) and is_plain(node) and is_of_fixed_width(node)


def write_element(chars: Chars) -> str:
    is_plain_byte = len(chars.values) == 1 and chars.values <= WORD | {ord("-")}
    return chr(min(chars.values)) if is_plain_byte else f"[{write_set(chars.values)}]"


def write_infix(before: list[Node], lead: list[Node], text: list[Node], run: list[Node],
                after: list[Node]) -> KeyRule:
    elements = [unrepeated(item) for item in text for _ in range(min_width(item))]
    trigger = "".join(map(write_element, elements))
    lead_set = charset(Sequence(tuple(lead)))
    values = lead_set | charset(Sequence(tuple(text)))
    rule = build_rule(Head(text, "none", False, []), run, after)
    rule.trigger, rule.before = trigger, (values, sum(map(min_width, lead)))
    if before:
        rule.notes.insert(0, "more may stand before it")
    if len(lead) > 1 or values != lead_set:
        rule.notes.insert(0, "the bytes before its fixed text may be any of all its bytes")
    return rule


def alternatives(secret: list[Node], at: int) -> list[list[Node]]:
    """The secret once for each branch of the item at that has a random part, and once for the others."""
    if at == len(secret):
        return []
    node = secret[at]
    branches = node.branches if isinstance(node, Choice) else ()
    if isinstance(node, Repeat) and (node.low, node.high) == (0, 1) and not isinstance(node.item, Chars):
        branches = (node.item, EMPTY)
    plain = tuple(branch for branch in branches if is_plain(branch))
    separate = [branch for branch in branches if branch not in plain] + [Choice(plain)] * bool(plain)
    return [simplify(secret[:at] + [branch] + secret[at + 1:]) for branch in separate]


def choose_head(before: list[Node], prefix: list[Node]) -> tuple[Head, list[str]] | None:
    """A good trigger, if need be with an end for what has none, and what it does not find."""
    if None not in map(max_width, prefix):
        head = find_head(before, prefix)
        if head.is_good():
            return head, []
    head = find_head(list(map(bounded, before)), list(map(bounded, prefix)))
    if head.is_good():
        return head, ["what it repeats without an end before the secret is followed for "
                      f"{STRETCH_MAX} bytes, of a large set for {LONG_STRETCH_MAX}"]
    return None


def build(before: list[Node], secret: list[Node], after: list[Node]) -> list[KeyRule | Refusal]:
    """Rules for one way. Where there is no fixed text in front, each alternative is tried by itself."""
    start = next((i for i, item in enumerate(secret) if not is_plain(item) and not is_stretch(item)),
                 len(secret))
    try:
        chosen = choose_head(before, secret[:start])
        if chosen and start < len(secret):
            rule = build_rule(chosen[0], secret[start:], after)
            rule.limits = chosen[1]
            return [rule]
        branches = alternatives(secret, start)
        if branches:
            return [outcome for branch in branches for outcome in build(before, branch, after)]
        if start == len(secret):
            raise Unsupported("it is fixed text without a random part")
        infix = build_infix(before, secret, after)
    except Unsupported as why:
        return [Refusal(str(why))]
    if infix:
        return [infix]
    if any(allowed_before(item) is None for item in before):
        return [Refusal("what stands before the secret is unbounded, too wide, or has too little fixed text")]
    return [Refusal("no fixed text of three bytes before the secret")]


def convert(tree: Node, secret_group: int) -> list[KeyRule | Refusal]:
    """The rules of an expression, and for each alternative that cannot be one the reason."""
    found: list[KeyRule | Refusal] = []
    for way in ways(tree, secret_group):
        for outcome in build(*settle(way)):
            if len(found) == WAYS_MAX:
                raise Unsupported("it has too many alternatives")
            if outcome not in found:
                found.append(outcome)
    return found
