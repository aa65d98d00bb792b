#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Count the instructions of keysieve on small fixed inputs and compare them with the figures of guard.json.

Fails if a figure has grown by more than 5 %. Nothing is timed, so that it does not matter what else the machine
does. What could differ is fixed: valgrind stands for the processor, glibc is told not to choose by it, the
environment is empty, and a line that is written by itself comes by a socket that keeps it apart.

Figures hold for one compiler, libc, libhs and valgrind. Where guard.json has none for those, two builds can still be
compared: --base COMMIT builds that commit and takes its counts in place of the figures.
"""

import argparse
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True

import framed  # pylint: disable=wrong-import-position

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
FIGURES = os.path.join(HERE, "guard.json")
LIMIT = 1.05
LINES = 2000  # that are written by themselves

# The plainest of each: nothing is left to the processor that valgrind imitates.
TUNABLES = "glibc.cpu.hwcaps=-AVX2_Usable,-AVX_Usable,-AVX2,-AVX,-ERMS,-FSRM,-SSE4_1,-SSE4_2,-SSSE3"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "GLIBC_TUNABLES": TUNABLES, "KEYSIEVE_RULES_DIR": "none",
               "KEYSIEVE_CONFIG": "none", "KEYSIEVE_CACHE_DIR": "cache"}
RULE = ("- id: guard-key\n  trigger: 'guard_live_'\n  body: 'A-Za-z0-9'\n  length: 24..\n"
        "  examples: ['guard_live_{body:30}']\n")


class Failed(Exception):
    """Something could not be counted."""


def output_of(*argv):
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def environment_key(build):
    """What figures depend on besides the source."""
    return ", ".join([platform.machine(), "gcc " + output_of("cc", "-dumpfullversion"),
                      "libc " + platform.libc_ver()[1],
                      "libhs " + output_of(os.path.join(build, "bench", "scanloop"), "--version").split(" ")[0],
                      output_of("valgrind", "--version")])


def make_inputs(build, directory):
    """The inputs as files of a directory."""
    loggen = os.path.join(build, "bench", "loggen")
    # Seed 2, for the first line of 1 is one of a container's log, and what follows would be taken for one.
    kinds = {"sparse": ("--density", "1000"), "dense": ("--density", "5"), "clean": ("--density", "0", "--seed", "2"),
             "long": ("--density", "1000", "--long"), "near-miss": ("--near-miss",)}
    for name, arguments in kinds.items():
        with open(os.path.join(directory, name), "wb") as file:
            subprocess.run([loggen, "--size", "1M", *arguments], stdout=file, check=True)
    with open(os.path.join(directory, "sparse"), "rb") as file:
        sparse = file.read()
    for name, content in (("cri", framed.cri(sparse)), ("docker", framed.docker(sparse)),
                          ("lines", b"".join(sparse.splitlines(True)[:LINES])), ("empty", b""),
                          ("rules.yaml", RULE.encode())):
        with open(os.path.join(directory, name), "wb") as file:
            file.write(content)


def feed_lines(path, end):
    """Each line as a packet: a read takes one, however late it comes."""
    with open(path, "rb") as file:
        for line in file:
            end.sendall(line)
    end.close()


def count(keysieve, directory, arguments, lines=None):
    """Instructions of one run in that directory."""
    argv = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", keysieve, *arguments]
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, open(os.devnull, "wb") as sink:
        process = subprocess.Popen(argv, cwd=directory, env=ENVIRONMENT, stdout=sink, stderr=subprocess.PIPE,
                                   stdin=theirs if lines else subprocess.DEVNULL)
        theirs.close()
        if lines:
            threading.Thread(target=feed_lines, args=(os.path.join(directory, lines), ours), daemon=True).start()
        said = process.communicate()[1].decode(errors="replace")
    found = re.search(r"Collected : (\d+)", said)
    if process.returncode or not found:
        raise Failed(f"keysieve {' '.join(arguments)}: status {process.returncode}:\n{said}")
    return int(found.group(1))


def count_all(build):
    """The figures of one build: starts as they are, everything else without the start."""
    keysieve = os.path.abspath(os.path.join(build, "keysieve"))
    figures = {}
    with tempfile.TemporaryDirectory(prefix="keysieve-guard-") as directory:
        make_inputs(build, directory)
        subprocess.run([keysieve, "--rules", "rules.yaml", "empty"], cwd=directory, env=ENVIRONMENT, check=True)
        figures["start"] = count(keysieve, directory, ["empty"])
        figures["start, rules of the user's from the cache"] = count(keysieve, directory,
                                                                     ["--rules", "rules.yaml", "empty"])
        for name in ("sparse", "dense", "clean", "long", "near-miss", "cri", "docker"):
            figures[name] = count(keysieve, directory, [name]) - figures["start"]
        figures["small writes"] = count(keysieve, directory, [], "lines") - figures["start"]
    return figures


def build_commit(commit, directory):
    """Build that commit; returns its build directory."""
    source = os.path.join(directory, "source")
    subprocess.run(["git", "-C", ROOT, "worktree", "add", "--quiet", "--detach", source, commit], check=True)
    build = os.path.join(directory, "build")
    subprocess.run(["meson", "setup", "-Dtests=disabled", build, source], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", build, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return build


def count_commit(commit):
    with tempfile.TemporaryDirectory(prefix="keysieve-guard-") as directory:
        try:
            return count_all(build_commit(commit, directory))
        finally:
            subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", os.path.join(directory, "source")],
                           check=False)


def read_figures():
    try:
        with open(FIGURES, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def compare(figures, base):
    """Print both. Returns how many have grown too much."""
    worse = 0
    for name, figure in figures.items():
        before = base.get(name)
        if not before:
            print(f"{name:42} {figure:12,}  new: ./dev guard --update")
            worse += 1
            continue
        is_worse = figure > before * LIMIT
        worse += is_worse
        note = "  TOO MUCH" if is_worse else "  less: ./dev guard --update" if figure * LIMIT < before else ""
        print(f"{name:42} {figure:12,}  before {before:12,}  {100 * (figure / before - 1):+6.1f} %{note}")
    return worse


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--build", default="build", metavar="DIR", help="where meson built (default: build)")
    parser.add_argument("--update", action="store_true", help="write guard.json for this environment")
    parser.add_argument("--base", metavar="COMMIT", help="compare with a build of that commit, not with guard.json")
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        sys.exit("guard: valgrind is not installed")
    key, kept = environment_key(options.build), read_figures()
    figures = count_all(options.build)
    if options.update:
        with open(FIGURES, "w", encoding="utf-8") as file:
            json.dump({**kept, key: figures}, file, indent=1)
            file.write("\n")
    base = count_commit(options.base) if options.base else read_figures().get(key)
    print(f"instructions; {key}")
    if not base:
        compare(figures, figures)
        print("guard: guard.json has no figures for this environment: nothing to compare with. Try --base main.")
        return 0
    worse = compare(figures, base)
    print(f"guard: {len(figures) - worse} passed, {worse} failed")
    return 1 if worse else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"guard: {failure}")
