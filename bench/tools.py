# SPDX-License-Identifier: Apache-2.0
"""The filters that are compared, and the 20 patterns of those that need patterns.

A pattern is written so that PCRE, Rust and, without the ?:, POSIX read it alike, and begins with a
literal (one that does not makes perl ten times slower: it no longer builds a trie). It names the
kinds of key (log_keys.c) that it covers; only those count for the recall of a tool.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass

PATTERNS = (
    ("openai", r"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,}", ("openai-project", "openai-service")),
    ("anthropic", r"sk-ant-[a-z0-9]{3,10}-[A-Za-z0-9_-]{20,}", ("anthropic-api", "anthropic-oauth")),
    ("openrouter", r"sk-or-v1-[0-9a-f]{20,}", ("openrouter",)),
    ("sk", r"sk-[A-Za-z0-9]{32,}", ("openai-legacy", "deepseek")),
    ("google", r"AIza[A-Za-z0-9_-]{30,}", ("google-api",)),
    ("groq", r"gsk_[A-Za-z0-9]{40,}", ("groq",)),
    ("huggingface", r"hf_[A-Za-z0-9]{30,}", ("huggingface",)),
    ("xai", r"xai-[A-Za-z0-9]{40,}", ("xai",)),
    ("perplexity", r"pplx-[A-Za-z0-9]{32,}", ("perplexity",)),
    ("nvidia", r"nvapi-[A-Za-z0-9_-]{40,}", ("nvidia",)),
    ("replicate", r"r8_[A-Za-z0-9]{30,}", ("replicate",)),
    ("together", r"tgp_v1_[A-Za-z0-9_-]{30,}", ("together",)),
    ("pinecone", r"pcsk_[A-Za-z0-9_]{40,}", ("pinecone",)),
    ("langsmith", r"lsv2_(?:pt|sk)_[0-9a-f_]{20,}", ("langsmith",)),
    ("github", r"gh[pousr]_[A-Za-z0-9]{36,}", ("github",)),
    ("aws", r"AKIA[A-Z0-9]{16}", ("aws-access-key",)),
    ("vault", r"hvs\.[A-Za-z0-9_-]{24,}", ("vault",)),
    ("jwt", r"eyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{10,}", ("jwt",)),
    ("stripe", r"sk_(?:live|test)_[A-Za-z0-9]{20,}", ("stripe",)),
    ("slack", r"xox[abprs]-[A-Za-z0-9-]{20,}", ("slack",)),
)

COVERED = frozenset(kind for _, _, kinds in PATTERNS for kind in kinds)
REGEX = "|".join(pattern for _, pattern, _ in PATTERNS)
REGEX_POSIX = REGEX.replace("(?:", "(")
MASK = "[REDACTED]"

PYTHON_FILTER = (
    "import re,sys\n"
    "f=open(sys.argv[1],'rb') if len(sys.argv)>1 else sys.stdin.buffer\n"
    "sub=re.compile(rb'''%s''').sub\n"
    "rest=b''\n"
    "while block:=f.read(1<<20):\n"
    "    rest,nl,more=(rest+block).rpartition(b'\\n')\n"
    "    sys.stdout.buffer.write(sub(b'%s',rest+nl)); rest=more\n"
    "sys.stdout.buffer.write(sub(b'%s',rest))" % (REGEX, MASK, MASK))


@dataclass(frozen=True)
class Tool:
    """A filter. covers: the kinds of key it is asked to mask; None: all; empty: it only copies."""
    name: str
    argv: tuple
    covers: frozenset | None = COVERED
    stdin: tuple = ()      # what to add to argv to read stdin
    live: tuple = ()       # argv that writes each line at once, if it takes another
    version: str = ""

    def file(self, path):
        return [*self.argv, path]

    def pipe(self):
        return [*self.argv, *self.stdin]

    def live_pipe(self):
        return [*(self.live or self.argv), *self.stdin]


def _version(argv):
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return ""
    lines = [line for line in (done.stdout or "").splitlines() if line.strip()]
    return lines[0].strip() if lines and done.returncode == 0 else ""


def hyperscan_patterns(path):
    """The 20 patterns for scanloop: without open repeats, which would call back at every byte."""
    with open(path, "w", encoding="ascii") as file:
        for _, pattern, _ in PATTERNS:
            file.write(pattern.replace(",}", "}") + "\n")


def own_tools(build, cache):
    """keysieve, the raw loop and the copying loop. Returns tools and notes."""
    places = [os.path.join(build, *path, "keysieve") for path in ((), ("src", "cli"))]
    keysieve = next((path for path in places if os.access(path, os.X_OK)), None)
    loop = os.path.join(build, "bench", "scanloop")
    tools, notes = [], []
    if keysieve:
        tools.append(Tool("keysieve", (keysieve,), covers=None, version=_version([keysieve, "--version"])))
    else:
        notes.append(f"no keysieve in {build}: left out")
    hs = "Hyperscan " + _version([loop, "--version"])
    if subprocess.run([loop], stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0:
        tools.append(Tool("scanloop", (loop,), covers=frozenset(), version=hs))
    else:
        path = os.path.join(cache, "patterns.txt")
        hyperscan_patterns(path)
        tools.append(Tool("scanloop", (loop, "--patterns", path), covers=frozenset(), version=hs))
        notes.append("scanloop is built without keysieve's rules and scans for the 20 patterns")
    tools.append(Tool("copyloop", (loop, "--copy"), covers=frozenset()))
    return tools, notes


def other_tools():
    """The field. Returns those that are installed, and a note on those that are not."""
    sed = f"s/{REGEX_POSIX}/{MASK}/g"
    perl = f"s/{REGEX}/{MASK}/g"
    # In awk a / would end the regex and & stand for the match; neither occurs.
    awk = f'{{ gsub(/{REGEX_POSIX}/, "{MASK}"); print }}'
    rg = ("rg", "--no-config", "--passthru", "-r", MASK, "-e", REGEX)
    ugrep = ("ugrep", "-y", "-E", f"--replace={MASK}", "-e", REGEX)
    field = (
        Tool("cat", ("cat",), covers=frozenset()),
        Tool("rg", rg, stdin=("-",), live=(*rg, "--line-buffered")),
        Tool("sed", ("sed", "-E", sed), live=("sed", "-u", "-E", sed)),
        Tool("perl", ("perl", "-pe", perl), live=("perl", "-pe", f"BEGIN{{$|=1}} {perl}")),
        Tool("ugrep", ugrep, stdin=("-",), live=(*ugrep, "--line-buffered")),
        Tool("sd", ("sd", REGEX, MASK)),
        Tool("gawk", ("gawk", awk), live=("gawk", f"{awk} {{ fflush() }}")),
        Tool("python3", ("python3", "-c", PYTHON_FILTER)),
    )
    tools, notes = [], []
    for tool in field:
        if shutil.which(tool.name):
            tools.append(Tool(tool.name, tool.argv, tool.covers, tool.stdin, tool.live,
                              _version([tool.name, "--version"])))
        else:
            notes.append(f"{tool.name} is not installed: left out")
    return tools, notes
