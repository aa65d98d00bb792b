#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Feed broken and odd configurations to the importer of gitleaks rules.

    tests/tools/fuzz_import.py KEYSIEVE [--count N] [--seed N] [--show N]

Each input is made from the file of all shapes: its rules are shuffled, its expressions are cut, doubled, nested and
repeated, or its bytes are changed. The importer has to end with 0 or with one line that says why not, and keysieve
has to take what it writes. Everything depends on the seed alone: --show N prints input N. A limit of processor
time and memory is there for what would not end. The last line is "fuzz import: N passed, N failed".
"""

import argparse
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOLS = HERE.parents[1] / "tools"
SHAPES = HERE / "gitleaks-style.toml"
SECONDS = 60         # of a processor, for one input that takes some milliseconds
MEMORY = 2 << 30
BATCH = 20           # files that keysieve looks at in one run: it compiles all rules for that
GOOD = (0, 78)       # 78: not such a configuration, or none of its rules can be expressed

sys.dont_write_bytecode = True
sys.path.insert(0, str(TOOLS))

ATOMS = ("a", "Z", "0", "_", "-", ".", "\\.", "\\w", "\\d", "\\s", "\\S", "\\b", "\\B", "\\A", "\\z", "^", "$", "|", "(", ")",
         "(?:", "(?i)", "(?i:", "(?-i:", "(?s)", "(?P<n>", "(?<n>", "(?=", "(?<!", "(?U)", "[", "]", "[^", "[a-z]", "[A-Za-z0-9_-]",
         "[[:alnum:]]", "[[:^word:]]", "[\\w.-]", "[z-a]", "[]", "*", "+", "?", "*?", "{8}", "{0}", "{0,0}", "{1000}",
         "{1000,}", "{0,1000}", "{1001}", "{9,1}", "{,5}", "{" + "9" * 5000 + "}", "\\x41", "\\x{1F600}", "\\x{d800}",
         "\\x{ffffffffff}", "\\x{-1}", "\\Q", "\\E", "\\Q*\\E", "\\1", "\\0", "\\777", "\\pL", "\\p{Greek}", "\\C", "\\",
         "\u00e9", "\u0130", "\u017f", "\u212a", "\u0663", "\U0001f600", "\0", "\x1b", "\x7f", "\u2028", "\n", "\r", "acme_",
         "key", "=", ":", "\"", "'", "`", "#", "{", "}", "\t", "['\"|\\n|\\r|\\s|\\x60]", "[=:]", "sk-", "%", "/")
TRIGGERS = ("acme_", "(?i)acme[_-]?key", "(?:sk|rk)_(?:live|test)_", "\\b(", "[a-z]{3}_", "\\x61cme\\.", "acme_(?:", "\u00e9cme_")
BODIES = ("[a-z0-9]{20,}", "\\w{32}", "[A-Z2-7]{16,64}\\b", ".{8,}", "\\S+", "[^\\s'\"]{9,99}", "([0-9a-f]{8}-){4}[0-9a-f]{12}",
          "(?:[a-z]{3}[0-9]{3}){4}", "[\\w=/+-]{20,1000}={0,2}")
VALUES = ("0", "1", "-1", "9" * 5000, "true", "1.5", "inf", "1979-05-27", "1979-13-99", "[]", "{}", "[1, 2]", "\"\"", "\"x\"",
          "'''x'''", "[\"a\", \"B\"]", "[[]]", "0x10", "1e400", "{ a = 1 }", "[" * 2000, "\"\\u0000\"", "\"\\u2028\"")
KEYS = ("id", "description", "regex", "secretGroup", "keywords", "entropy", "path", "allowlists", "tags", "other", "\"a.b\"")


def expression(rng, known):
    """One that is thrown together, or one of the file with something done to it."""
    if rng.random() < 0.2:
        return "".join(rng.choice(ATOMS) for _ in range(rng.randrange(1, 25)))
    text = rng.choice(known)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        at, to = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        text = rng.choice((
            rng.choice(TRIGGERS) + text, rng.choice(TRIGGERS) + rng.choice(BODIES), text.replace(rng.choice("acfx_"), rng.choice(ATOMS)),
            text[:at] + text[to:], text[:to] + text[at:to] + text[to:], text[:at] + rng.choice(ATOMS) + text[at:],
            text[:at] + rng.choice(ATOMS) + text[to:], text + rng.choice(known), text + "|" + rng.choice(known),
            "(" * rng.choice((1, 3, 300)) + text + ")" * rng.choice((1, 3, 300)), bomb(rng, text)))
        text = text[:20000]
    return text


def bomb(rng, text):
    """Small, and large when it is written out."""
    depth = rng.randrange(1, 7)
    count = rng.choice(("{1000}", "{0,1000}", "{2}", "*", "+", "?", "{50,}", "{3,9}"))
    if rng.random() < 0.5:
        return "(?:" * depth + text + (")" + count) * depth
    return "(?:a|b|" + text + ")" + "(?:0|1|_)" * rng.randrange(1, 40)


def rule(rng, known):
    lines = ["[[rules]]"] if rng.random() < 0.97 else [rng.choice(("[rules]", "[[ rules ]]", "[[rules]", "rules = 1"))]
    name = rng.choice(("acme", "Acme Key", "a" * 300, "\u00e9", "a--b", "-", "../x", "a\nb", "a: b", "1", "%d" % rng.randrange(99)))
    fields = {"id": quoted(rng, name), "regex": quoted(rng, expression(rng, known))}
    if rng.random() < 0.3:
        fields["description"] = quoted(rng, "".join(rng.choice(ATOMS) for _ in range(5)))
    if rng.random() < 0.2:
        fields["secretGroup"] = str(rng.randrange(4))
    if rng.random() < 0.3:
        fields["keywords"] = "[" + quoted(rng, rng.choice(ATOMS)) + "]"
    if rng.random() < 0.1:
        fields[rng.choice(KEYS)] = rng.choice(VALUES)
    return "\n".join(lines + [f"{key} = {value}" for key, value in fields.items()]) + "\n"


def quoted(rng, text):
    """As a string of TOML; now and then not rightly."""
    if "'''" not in text and rng.random() < 0.1:
        return "'''" + text + "'''"
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text) + '"'


def spoil(rng, data):
    """Change some bytes."""
    data = bytearray(data)
    for _ in range(rng.randrange(1, 8)):
        at = rng.randrange(len(data))
        how = rng.randrange(4)
        if how == 0:
            data[at] = rng.randrange(256)
        elif how == 1:
            del data[at:at + rng.randrange(1, 40)]
        elif how == 2:
            data[at:at] = data[at:at + rng.randrange(1, 40)]
        else:
            data[at:at] = rng.choice(VALUES + ATOMS).encode(errors="replace")
        data = data or bytearray(b"\n")
    return bytes(data)


def make_input(seed, number):
    rng = random.Random(f"{seed}/{number}")
    text = SHAPES.read_bytes()
    known = [table["regex"] for table in tomllib.loads(text.decode())["rules"] if "regex" in table]
    if rng.random() < 0.15:
        at = rng.randrange(len(text))
        return spoil(rng, text[at:at + rng.randrange(1, 3000)])
    data = "".join(rule(rng, known) for _ in range(rng.choice((1, 1, 1, 2, 3, 20)))).encode()
    return spoil(rng, data) if rng.random() < 0.15 else data


def import_one(data, directory, number):
    """The importer in a child of this process, which has it loaded: its status, or a signal's negative number, and
    what it says."""
    source, target, said = (directory / f"{number}.{end}" for end in ("toml", "yaml", "err"))
    source.write_bytes(data)
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 70
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT), 2)
            sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace")
            sys.argv = ["import", str(source), "-o", str(target), "--prefix", f"f{number}"]
            status = IMPORTER.main()
        except BaseException as e:  # what would be a traceback
            print(f"Traceback: {type(e).__name__}: {e}"[:500], file=sys.stderr)
        finally:
            sys.stderr.flush()
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said.read_bytes().decode(errors="replace")


def fault_of(status, said):
    """What was wrong with this end, or None."""
    if status not in GOOD:
        return f"status {status}: {said[-300:]!r}"
    if "Traceback" in said:
        return "a traceback"
    if status and not re.search(r"^keysieve: .+\Z", said.rstrip("\n").rpartition("\n")[2]):
        return f"status {status} and no message: {said[-300:]!r}"
    return None


def refused(keysieve, paths):
    """Those files that keysieve does not take; with what it says."""
    done = subprocess.run([keysieve, "rules", "check", *paths], capture_output=True, check=False,
                          env={"LC_ALL": "C", "KEYSIEVE_RULES_DIR": "none", "KEYSIEVE_CONFIG": "none",
                               "KEYSIEVE_CACHE_DIR": "none"})
    if done.returncode == 0:
        return []
    if len(paths) == 1:
        return [(paths[0], f"keysieve ends with {done.returncode}: {done.stderr[:300]!r}")]
    middle = len(paths) // 2
    return refused(keysieve, paths[:middle]) + refused(keysieve, paths[middle:])


def check_all(keysieve, seed, count, directory):
    """Numbers of inputs, with what is wrong with them."""
    wrong, written = [], []
    for number in range(count):
        status, said = import_one(make_input(seed, number), directory, number)
        fault = fault_of(status, said)
        if fault:
            wrong.append((number, fault))
        elif status == 0:
            written.append(directory / f"{number}.yaml")
    for at in range(0, len(written), BATCH):
        wrong += [(int(path.stem), fault) for path, fault in refused(keysieve, written[at:at + BATCH])]
    print(f"{count} inputs, {len(written)} rule files")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("keysieve")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, metavar="N")
    options = parser.parse_args()
    if options.show is not None:
        sys.stdout.buffer.write(make_input(options.seed, options.show))
        return 0
    with tempfile.TemporaryDirectory(prefix="keysieve-import-") as directory:
        wrong = check_all(os.path.abspath(options.keysieve), options.seed, options.count, Path(directory))
    for number, fault in wrong:
        print(f"FAIL input {number} of seed {options.seed}: {fault}")
    print(f"fuzz import: {options.count - len(wrong)} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    import import_gitleaks as IMPORTER
    sys.exit(main())
