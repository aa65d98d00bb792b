#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make the tables of src/engine/separator.h: a deterministic automaton for SEPARATOR in macro.c.

separator.py TO MACRO.C
"""

import ast
import re
import sys

try:
    from re import _constants as kinds, _parser as sre_parse
except ImportError:  # before Python 3.11
    import sre_constants as kinds
    import sre_parse


def read_macro(path, name):
    """The text of a C macro made of strings and other such macros."""
    with open(path, encoding="ascii") as file:
        source = re.sub(r"/\*.*?\*/", "", file.read().replace("\\\n", " "), flags=re.S)
    macros = dict(re.findall(r"^#define (\w+)[ \t]+(.*)$", source, re.M))

    def value(key):
        tokens = re.findall(r'"(?:[^"\\]|\\.)*"|\w+', macros[key])
        return "".join(ast.literal_eval(token) if token[0] == '"' else value(token) for token in tokens)

    return value(name)


def both_cases(numbers):
    letters = "".join(map(chr, numbers))
    return frozenset(map(ord, letters + letters.lower() + letters.upper()))


class Automaton:
    """Of an expression without regard to case. A state goes on by bytes or by itself."""

    def __init__(self, expression):
        self.empty, self.step = [], []
        self.start = self.state()
        self.end = self.sequence(sre_parse.parse(expression), self.start)

    def state(self):
        self.empty.append([])
        self.step.append(None)
        return len(self.empty) - 1

    def sequence(self, items, state):
        for kind, value in items:
            state = self.item(kind, value, state)
        return state

    def bytes_of(self, value):
        numbers = set()
        for kind, item in value:
            if kind is kinds.LITERAL:
                numbers.add(item)
            elif kind is kinds.RANGE:
                numbers.update(range(item[0], item[1] + 1))
            else:
                raise ValueError(f"a set with {kind}")
        return both_cases(numbers)

    def item(self, kind, value, state):
        if kind in (kinds.LITERAL, kinds.IN):
            numbers = self.bytes_of(value if kind is kinds.IN else [(kind, value)])
            before, after = self.state(), self.state()
            self.empty[state].append(before)
            self.step[before] = (numbers, after)
            return after
        if kind is kinds.SUBPATTERN:
            return self.sequence(value[3], state)
        if kind is kinds.BRANCH:
            end = self.state()
            for branch in value[1]:
                self.empty[self.sequence(branch, state)].append(end)
            return end
        if kind is kinds.MAX_REPEAT:
            return self.repeat(*value, state)
        raise ValueError(f"an expression with {kind}")

    def repeat(self, least, most, items, state):
        end = self.state()
        for count in range(most + 1):
            if count >= least:
                self.empty[state].append(end)
            if count < most:
                state = self.sequence(items, state)
        return end

    def closure(self, states):
        found, todo = set(states), list(states)
        while todo:
            for state in self.empty[todo.pop()]:
                if state not in found:
                    found.add(state)
                    todo.append(state)
        return frozenset(state for state in found if self.step[state] or state == self.end)


def classes_of(automaton):
    """A number for each byte: bytes with one number mean the same everywhere. And a byte of each."""
    sets = {step[0] for step in automaton.step if step}
    numbers = {}
    of_bytes = [numbers.setdefault(tuple(byte in one for one in sets), len(numbers)) for byte in range(256)]
    return of_bytes, [of_bytes.index(number) for number in range(len(numbers))]


def determine(automaton, samples):
    """Rows of next states by class, and which states accept. State 0 is the dead one, 1 the start."""
    states = {frozenset(): 0, automaton.closure({automaton.start}): 1}
    order, rows = list(states), []
    for state in order:
        row = []
        for byte in samples:
            steps = [automaton.step[one] for one in state if automaton.step[one]]
            after = automaton.closure({step[1] for step in steps if byte in step[0]})
            if after not in states:
                states[after] = len(states)
                order.append(after)
            row.append(states[after])
        rows.append(row)
    return rows, [automaton.end in state for state in order]


def minimize(rows, accepts):
    parts = [int(accept) for accept in accepts]
    while True:
        numbers = {}
        finer = [numbers.setdefault((parts[i], *(parts[n] for n in row)), len(numbers)) for i, row in enumerate(rows)]
        if len(set(finer)) == len(set(parts)):
            break
        parts = finer
    firsts = [parts.index(number) for number in range(len(set(parts)))]
    return [[parts[n] for n in rows[i]] for i in firsts], [accepts[i] for i in firsts]


def table(numbers):
    return "{ " + ", ".join(str(int(number)) for number in numbers) + " }"


def main():
    to, source = sys.argv[1:]
    automaton = Automaton(read_macro(source, "SEPARATOR"))
    of_bytes, samples = classes_of(automaton)
    rows, accepts = minimize(*determine(automaton, samples))
    if len(rows) > 65536 or rows[0] != [0] * len(samples):
        sys.exit("separator.py: the automaton does not fit")
    with open(to, "w", encoding="ascii") as file:
        print("/* Made by separator.py. */\n#include \"separator.h\"\n", file=file)
        print(f"const uint8_t ks_separator_classes[256] = {table(of_bytes)};", file=file)
        print(f"const bool ks_separator_accepts[{len(rows)}] = {table(accepts)};", file=file)
        print(f"const uint16_t ks_separator_states[{len(rows)}][64] = {{", file=file)
        for row in rows:
            print(f"\t{table(row)},", file=file)
        print("};", file=file)


main()
