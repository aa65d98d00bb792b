# SPDX-License-Identifier: Apache-2.0
"""The filters that are compared, and the 20 patterns of those that need patterns.

A pattern is written so that PCRE, Rust and, without the ?:, POSIX read it alike, and begins with a
literal (one that does not makes perl ten times slower: it no longer builds a trie). It names the
kinds of key (log_keys.c) that it covers; only those count for the recall of a tool.
"""

import os
import random
import re
import shutil
import string
import subprocess
from dataclasses import dataclass, replace

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
KNOWN_COUNT = 10000
FILES = ("sparse", "dense", "clean", "long", "near-miss", "start", "memory")

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
    """A filter. covers: the kinds of key it is asked to mask; None: all; empty: it only copies."""
    name: str
    argv: tuple
    covers: frozenset | None = COVERED
    stdin: tuple = ()      # what to add to argv to read stdin
    live: tuple = ()       # argv that writes each line at once, if it takes another
    version: str = ""
    cases: tuple | None = None  # it takes part in these only; None: in all that are for everybody
    cores: int = 1

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


def rule_file(path):
    """The 20 patterns as rules of keysieve's: what stands before the last set is the trigger. Returns their ids."""
    ids, text = [], ""
    for name, pattern, _ in PATTERNS:
        trigger, body, least = re.fullmatch(r"(.*)\[([^]]*)\]\{(\d+),?\}", pattern).groups()
        if name == "jwt":  # a trigger cannot be as wide as two of its parts
            trigger, body, least = "eyJ", "A-Za-z0-9_.-", 48
        ids.append("bench-" + name)
        text += (f"- id: {ids[-1]}\n  trigger: '{trigger}'\n  body: '{body}'\n  length: {least}..\n"
                 f"  examples: ['x{{body:{least}}}']\n")
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return ids


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
             Tool("keysieve (20 more, cached)", (keysieve, *compiled, "--rules", rules), None, cases=("start",)),
             Tool("keysieve (frames as text)", (keysieve, "--frame", "raw"), None, cases=("cri", "docker")),
             Tool("keysieve -z", (keysieve, "-z"), None, cases=("gzip-both",))]
    if has_option(keysieve, "--threads"):
        tools.append(Tool("keysieve -j 2", (keysieve, "-j", "2"), None, cases=("threads", "gzip"), cores=2))
    if has_option(keysieve, "--known "):
        tools.append(Tool("keysieve (10k known values)", (keysieve, "--known", known), None, cases=("known", "memory")))
    return tools


def own_tools(build, cache):
    """keysieve, the raw loop and the copying loop. Returns tools and notes."""
    places = [os.path.join(build, *path, "keysieve") for path in ((), ("src", "cli"))]
    keysieve = next((path for path in places if os.access(path, os.X_OK)), None)
    loop = os.path.join(build, "bench", "scanloop")
    tools, notes = [], []
    if keysieve:
        tools.append(Tool("keysieve", (keysieve,), covers=None, version=_version([keysieve, "--version"])))
        tools += variants(keysieve, cache)
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


def lua_patterns():
    """The 20 patterns as Lua has them: no alternatives and no counts, so that each is written out."""
    for _, pattern, _ in PATTERNS:
        alternatives = re.search(r"\(\?:([^)]*)\)", pattern)
        for word in alternatives.group(1).split("|") if alternatives else [""]:
            one = pattern.replace(alternatives.group(0), word) if alternatives else pattern
            first = re.match(r"(.*?)\[([^]]*)\](_)", one)
            for letter in first.group(2) if first and len(first.group(2)) < 8 else [""]:
                yield lua_pattern(one.replace(f"[{first.group(2)}]", letter, 1) if letter else one)


def lua_pattern(pattern):
    """Without alternatives: literals, and sets with a count."""
    out = ""
    sets = r"(\\.|[^\[])|\[([^]]*)\](?:\{(\d+)(?:(,)(\d*))?\})?"
    for literal, characters, least, is_range, most in re.findall(sets, pattern):
        if literal:
            out += "%" + literal[-1] if not literal[-1].isalnum() else literal
        else:
            one = "[" + characters.rstrip("-") + ("%-" if characters.endswith("-") else "") + "]"
            out += one * int(least or 1)
            if is_range:
                out += (one + "?") * (int(most) - int(least)) if most else one + "*"
    return out


def shippers(cache):
    """What ships logs, and what looks for keys in sources: each with the patterns in its own way."""
    lua, parsers = os.path.join(cache, "mask.lua"), os.path.join(cache, "parsers.conf")
    with open(lua, "w", encoding="ascii") as file:
        calls = "".join(f"  s = s:gsub('{pattern}', '{MASK}')\n" for pattern in lua_patterns())
        file.write(f"function mask(tag, time, record)\n  local s = record.log\n{calls}"
                   "  record.log = s\n  return 2, time, record\nend\n")
    with open(parsers, "w", encoding="ascii") as file:
        file.write("[PARSER]\n    Name raw\n    Format regex\n    Regex ^(?<log>.*)$\n")
    vector = os.path.join(cache, "vector.toml")
    with open(vector, "w", encoding="ascii") as file:
        file.write("[sources.in]\ntype = 'stdin'\nmax_length = 1000000000\n[transforms.mask]\ntype = 'remap'\n"
                   "inputs = ['in']\nsource = '''\n"
                   f".message = replace(string!(.message), r'{REGEX}', \"{MASK}\")\n'''\n"
                   "[sinks.out]\ntype = 'console'\ninputs = ['mask']\nencoding.codec = 'text'\n")
    gitleaks = os.path.join(cache, "gitleaks.toml")
    with open(gitleaks, "w", encoding="ascii") as file:
        for name, pattern, _ in PATTERNS:
            file.write(f"[[rules]]\nid = '{name}'\nregex = \'\'\'{pattern}\'\'\'\n")
    # Of these a file is the standard input: sh opens it.
    stdin = ("sh", "-c", 'test $# = 0 || exec <"$1"; exec ')
    bit = (f"fluent-bit -q -R {parsers} -i stdin -p parser=raw -F lua -m '*' -p script={lua} -p call=mask "
           "-o file -m '*' -p path=/dev -p file=stdout -p format=template -p 'template={log}'")
    return tuple(Tool(name, (*stdin[:2], stdin[2] + command, "sh"), covers) for name, command, covers in (
        ("fluent-bit", bit, COVERED),
        ("vector", f"vector -q -c {vector}", COVERED),
        ("gitleaks", f"gitleaks detect --no-banner --pipe -c {gitleaks} --exit-code 0", frozenset()),
        ("secretlint", "secretlint --maskSecrets --format=mask-result --stdinFileName=log", COVERED),
    ) if shutil.which(name)) + tuple(Tool(name, (name,)) for name in
                                     ("fluent-bit", "vector", "gitleaks", "secretlint") if not shutil.which(name))


def other_tools(cache):
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
        Tool("node", ("node", "-e", NODE_FILTER)),
        Tool("gzip", ("gzip", "-dc"), frozenset(), cases=("gzip",)),
        Tool("pigz", ("pigz", "-dc"), frozenset(), cases=("gzip",)),
        Tool("gzip -dc | gzip", ("sh", "-c", 'gzip -dc "$1" | gzip', "sh"), frozenset(), cases=("gzip-both",)),
    )
    tools, notes = [], []
    for tool in (*field, *shippers(cache)):
        if shutil.which(tool.argv[0]):
            tools.append(replace(tool, version=_version([tool.argv[0], "--version"])))
        else:
            notes.append(f"{tool.name} is not installed: left out")
    return tools, notes
