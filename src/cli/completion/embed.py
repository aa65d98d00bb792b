#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Put the shells' scripts into the binary: embed.py OUT BASH ZSH FISH."""

import sys


def literal(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?")
    return "\n".join(f'\t"{line}\\n"' for line in escaped.splitlines())


out, *files = sys.argv[1:]
with open(out, "w", encoding="ascii") as to:
    for shell, name in zip(("bash", "zsh", "fish"), files, strict=True):
        with open(name, encoding="ascii") as file:
            to.write(f"\nconst char ks_completion_{shell}[] =\n{literal(file.read())};\n")
