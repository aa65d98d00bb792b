#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Put a manual page together: make.py KEYSIEVE SCHEMA VERSION IN OUT.

In the page, @SYNOPSIS@, @COMMANDS@ and @OPTIONS@ on a line of their own become what the binary says of its
own tables, @KEYS@ what the schema says of the keys of a rule, and @VERSION@ the version.
"""

import json
import re
import subprocess
import sys
import textwrap

WIDTH = 80  # mandoc wants no longer lines of text


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in ".'" else text


def wrapped(page):
    """Text in lines of WIDTH. Requests stay, and so does what is shown as it is."""
    lines, is_literal = [], False
    for line in page.splitlines():
        if line in (".EX", ".nf", ".EE", ".fi"):
            is_literal = line in (".EX", ".nf")
        if is_literal or line[:1] in ("", ".", "'"):
            lines.append(line)
        else:
            first, *rest = textwrap.wrap(line, WIDTH - 2, break_long_words=False, break_on_hyphens=False)
            lines += [first, *("\\&" + text if text[:1] in ".'" else text for text in rest)]
    return "\n".join(lines) + "\n"


def sections(binary):
    text = subprocess.run([binary, "help", "--man"], stdout=subprocess.PIPE, check=True).stdout.decode("ascii")
    return {name: f".SH {name}\n{body}" for name, body in re.findall(r"(?ms)^\.SH (\w+)\n(.*?)(?=^\.SH|\Z)", text)}


def keys(schema):
    with open(schema, encoding="utf-8") as file:
        rule = json.load(file)["$defs"]["rule"]
    lines = []
    for name, key in rule["properties"].items():
        needed = " (needed)" if name in rule["required"] else ""
        words = key.get("enum") or key.get("items", {}).get("enum") or []
        default = f" Default: {key['default']}." if "default" in key else ""
        choice = f" One of: {', '.join(words)}." if words else ""
        lines += [".TP", f"\\fB{roff(name)}\\fR{needed}", roff(key["description"] + choice + default)]
    return "\n".join(lines) + "\n"


def main():
    binary, schema, version, source, target = sys.argv[1:]
    parts = {**sections(binary), "KEYS": keys(schema)}
    with open(source, encoding="ascii") as file:
        page = file.read().replace("@VERSION@", version)
    page = re.sub(r"(?m)^@(\w+)@\n", lambda match: parts[match[1]], page)
    with open(target, "w", encoding="ascii") as file:
        file.write(wrapped(page))


main()
