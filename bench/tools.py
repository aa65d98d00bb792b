# SPDX-License-Identifier: Apache-2.0
"""The filters that are compared: keysieve, what only copies or scans, and general tools with 20 patterns."""

import os
import random
import re
import shutil
import string
import subprocess
from dataclasses import dataclass, replace

from patterns import COVERED, MASK, REGEX, REGEX_POSIX, hyperscan_patterns, rule_file

KNOWN_COUNT = 10000
FILES = ("sparse", "dense", "clean", "long", "near-miss", "start", "memory")
NOTHING = frozenset()
ALL_RULES = "all its rules"
# Debian's: a script that chooses one, as version managers install it, starts slowly.
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else "python3"

PYTHON_FILTER = (
    "import re,sys\n"
    "f=open(sys.argv[1],'rb') if len(sys.argv)>1 else sys.stdin.buffer\n"
    "sub=re.compile(rb'''%s''').sub\n"
    "rest=b''\n"
    "while block:=f.read(1<<20):\n"
    "    rest,nl,more=(rest+block).rpartition(b'\\n')\n"
    "    sys.stdout.buffer.write(sub(b'%s',rest+nl)); rest=more\n"
    "sys.stdout.buffer.write(sub(b'%s',rest))" % (REGEX, MASK, MASK))


# By lines: a chunk of the input ends anywhere. process.argv has no name of a script here.
NODE_FILTER = (
    "const re=/%s/g;let rest='';"
    "const src=process.argv[1]?require('fs').createReadStream(process.argv[1],'latin1')"
    ":process.stdin.setEncoding('latin1');"
    "const t=new (require('stream').Transform)({decodeStrings:false,"
    "transform(c,e,done){c=rest+c;const n=c.lastIndexOf('\\n')+1;rest=c.slice(n);"
    "done(null,Buffer.from(c.slice(0,n).replace(re,'%s'),'latin1'))},"
    "flush(done){done(null,Buffer.from(rest.replace(re,'%s'),'latin1'))}});"
    "src.pipe(t).pipe(process.stdout)" % (REGEX, MASK, MASK))


@dataclass(frozen=True)
class Tool:
    """A filter. covers: the kinds of key it is asked to mask; None: all; NOTHING: it masks none."""
    name: str
    argv: tuple
    covers: frozenset | None = COVERED
    looks_for: str = "20 patterns"
    stdin: tuple = ()      # what to add to argv to read stdin
    live: tuple = ()       # argv that writes each line at once, if it takes another
    version: str = ""
    cases: tuple | None = None  # it takes part in these only; None: in all that are for everybody
    cores: int = 1
    reads_names: bool = True    # False: a file has to be its stdin
    reports: bool = False       # it names the keys that it finds, and masks nothing
    program: str = ""           # what has to be installed; empty: the first of argv

    def file(self, path):
        return [*self.argv, path] if self.reads_names else self.pipe()

    def pipe(self):
        return [*self.argv, *self.stdin]

    def live_pipe(self):
        return [*(self.live or self.argv), *self.stdin]


def version_of(argv):
    """The first line that a command says, without what is not its version."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    if done.returncode or not lines:
        return ""
    found = re.search(r"\bv?\d+(\.\d+)+[\w.+-]*", lines[0])
    return found.group(0) if found else ""


def known_file(path):
    """10,000 values that somebody keeps secret: they have nothing in common."""
    rng = random.Random(1)
    letters = string.ascii_letters + string.digits
    with open(path, "w", encoding="ascii") as file:
        for _ in range(KNOWN_COUNT):
            file.write("".join(rng.choices(letters, k=rng.randint(16, 48))) + "\n")


def has_option(keysieve, name):
    return name in subprocess.run([keysieve, "--help"], capture_output=True, text=True, check=False).stdout


def variants(keysieve, cache):
    """keysieve in other ways than with its own rules alone."""
    rules, known = os.path.join(cache, "rules.yaml"), os.path.join(cache, "known.txt")
    ids = rule_file(rules)
    known_file(known)
    compiled = ("--cache-dir", os.path.join(cache, "compiled"))
    twenty = (keysieve, *compiled, "--rules", rules, "--only", ",".join(ids))
    tools = [Tool("keysieve (20 rules)", twenty, cases=FILES),
             Tool("keysieve (20 more rules)", (keysieve, *compiled, "--rules", rules), None, "its rules and 20", cases=("start",)),
             Tool("keysieve (frames as text)", (keysieve, "--frame", "raw"), None, ALL_RULES, cases=("cri", "docker")),
             Tool("keysieve -z", (keysieve, "-z"), None, ALL_RULES, cases=("gzip-both",))]
    if has_option(keysieve, "--threads"):
        tools.append(Tool("keysieve -j 2", (keysieve, "-j", "2"), None, ALL_RULES, cases=("threads", "gzip", "cri", "docker"), cores=2))
    if has_option(keysieve, "--known "):
        tools.append(Tool("keysieve (10k known values)", (keysieve, "--known", known), None, "its rules, 10,000 values",
                          cases=("known", "memory", "start")))
    return tools


def loops(loop, cache):
    """The same reads and writes as keysieve's, with the bare scan or with nothing between. Returns tools and notes."""
    version, notes = "Hyperscan " + version_of([loop, "--version"]), []
    scan = Tool("scanloop", (loop,), NOTHING, "scans, masks nothing", version=version)
    if subprocess.run([loop], stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode:
        path = os.path.join(cache, "patterns.txt")
        hyperscan_patterns(path)
        scan = replace(scan, argv=(loop, "--patterns", path))
        notes.append("scanloop is built without keysieve's rules and scans for the 20 patterns")
    return [scan, Tool("copyloop", (loop, "--copy"), NOTHING, "only copies")], notes


def own_tools(build, cache):
    """keysieve and the loops that it is measured by. Returns tools and notes."""
    keysieve = os.path.join(build, "keysieve")
    tools, notes = loops(os.path.join(build, "bench", "scanloop"), cache)
    if not os.access(keysieve, os.X_OK):
        return tools, [*notes, f"no keysieve in {build}: left out"]
    own = Tool("keysieve", (keysieve,), None, ALL_RULES, version=version_of([keysieve, "--version"]))
    return [own, *(replace(tool, version=own.version) for tool in variants(keysieve, cache)), *tools], notes


def general_tools():
    """What people use for this, with the 20 patterns."""
    sed, perl = f"s/{REGEX_POSIX}/{MASK}/g", f"s/{REGEX}/{MASK}/g"
    # In awk a / would end the regex and & stand for the match; neither occurs.
    awk = f'{{ gsub(/{REGEX_POSIX}/, "{MASK}"); print }}'
    rg = ("rg", "--no-config", "--passthru", "-r", MASK, "-e", REGEX)
    ugrep = ("ugrep", "-y", "-E", f"--replace={MASK}", "-e", REGEX)
    return (
        Tool("cat", ("cat",), NOTHING, "only copies"),
        Tool("rg", rg, stdin=("-",), live=(*rg, "--line-buffered")),
        Tool("ugrep", ugrep, stdin=("-",), live=(*ugrep, "--line-buffered")),
        # A file that it is given by name is changed itself.
        Tool("sd", ("sd", REGEX, MASK), reads_names=False),
        Tool("sed", ("sed", "-E", sed), live=("sed", "-u", "-E", sed)),
        Tool("perl", ("perl", "-pe", perl), live=("perl", "-pe", f"BEGIN{{$|=1}} {perl}")),
        Tool("gawk", ("gawk", awk), live=("gawk", f"{awk} {{ fflush() }}")),
        Tool("python3", (PYTHON, "-c", PYTHON_FILTER)),
        Tool("node", ("node", "-e", NODE_FILTER)),
        Tool("gzip", ("gzip", "-dc"), NOTHING, "inflates", cases=("gzip",)),
        Tool("pigz", ("pigz", "-dc"), NOTHING, "inflates", cases=("gzip",)),
        Tool("gzip, twice", ("sh", "-c", "gzip -dc | gzip"), NOTHING, "inflates, deflates", cases=("gzip-both",),
             reads_names=False, program="gzip"),
    )


def installed(tools):
    """Those of them that are there, with their versions, and a note on each other one."""
    found, notes = [], []
    for tool in tools:
        program = tool.program or tool.argv[0]
        if shutil.which(program):
            found.append(replace(tool, version=tool.version or version_of([program, "--version"])))
        else:
            notes.append(f"{tool.name} is not installed: left out")
    return found, notes
