#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is the table of system calls in docs/sandbox.md that from which the filters are made?

    check_docs.py SANDBOX_COMPILE PAGE [--write]
"""

import subprocess
import sys

MARK = "<!-- calls -->\n"


def main():
    program, page, *options = sys.argv[1:]
    table = subprocess.run([program], stdout=subprocess.PIPE, check=True).stdout.decode("ascii")
    with open(page, encoding="utf-8") as file:
        text = file.read()
    wanted = text[:text.index(MARK) + len(MARK)] + table
    if "--write" in options:
        with open(page, "w", encoding="utf-8") as file:
            file.write(wanted)
    elif text != wanted:
        sys.exit(f"{page} says something else than src/sandbox/calls.c; {sys.argv[0]} ... --write mends it")


if __name__ == "__main__":
    main()
