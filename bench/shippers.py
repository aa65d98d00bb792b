# SPDX-License-Identifier: Apache-2.0
"""What ships logs and can mask in them, and what looks for keys in sources: each in its own way.

Those that take patterns get the 20; the others look for what they know. None of them reads a file by its name as a
filter does, so that a file is their standard input.
"""

import os
import shutil
import subprocess

from patterns import MASK, PATTERNS, REGEX, lua_patterns
from tools import Tool, version_of

OWN_RULES = "its own rules"

# Its library masks nothing by itself; this is what its users write.
DETECT_SECRETS_FILTER = (
    "import sys\n"
    "from detect_secrets.core.scan import scan_line\n"
    "from detect_secrets.settings import default_settings\n"
    "lines=open(0,encoding='latin-1')\n"
    "out=open(1,'w',encoding='latin-1')\n"
    "with default_settings():\n"
    "    for line in lines:\n"
    "        for secret in scan_line(line): line=line.replace(secret.secret_value,'%s')\n"
    "        out.write(line)\n" % MASK)

SYSLOG_NG = """@version: 3.35
options { stats-freq(0); log-msg-size(1048576); };
source s { stdin(flags(no-parse) log-fetch-limit(1000) log-iw-size(10000)); };
rewrite r { subst('%s', '%s', value("MESSAGE"), type("pcre"), flags("global")); };
destination d { file("/dev/stdout" template("$MSG\\n") flush-lines(100)); };
log { source(s); rewrite(r); destination(d); };
""" % (REGEX, MASK)

VECTOR = """[sources.in]
type = 'stdin'
max_length = 1000000000
[transforms.mask]
type = 'remap'
inputs = ['in']
source = '''
.message = replace(string!(.message), r'%s', "%s")
'''
[sinks.out]
type = 'console'
inputs = ['mask']
encoding.codec = 'text'
""" % (REGEX, MASK)

FLUENT_BIT_PARSERS = "[PARSER]\n    Name raw\n    Format regex\n    Regex ^(?<log>.*)$\n"


def write(cache, name, content):
    """Returns the file's path."""
    path = os.path.join(cache, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(content)
    return path


def syslog_ng(cache):
    # It polls its input, which cannot be done with a file: a cat stands before it.
    config = write(cache, "syslog-ng.conf", SYSLOG_NG)
    own = [arg for option, name in (("-R", "persist"), ("-c", "ctl"), ("-p", "pid"))
           for arg in (option, os.path.abspath(os.path.join(cache, "syslog-ng." + name)))]
    return Tool("syslog-ng", ("sh", "-c", 'cat | "$@"', "sh", "syslog-ng", "-F", "--no-caps", "-f", config, *own),
                reads_names=False, program="syslog-ng")


def fluent_bit(cache):
    calls = "".join(f"  s = s:gsub('{pattern}', '{MASK}')\n" for pattern in lua_patterns())
    lua = write(cache, "mask.lua", f"function mask(tag, time, record)\n  local s = record.log\n{calls}"
                                   "  record.log = s\n  return 2, time, record\nend\n")
    parsers = write(cache, "parsers.conf", FLUENT_BIT_PARSERS)
    command = ("fluent-bit", "-q", "-R", parsers, "-i", "stdin", "-p", "parser=raw", "-F", "lua", "-m", "*",
               "-p", f"script={lua}", "-p", "call=mask", "-o", "file", "-m", "*", "-p", "path=/dev", "-p", "file=stdout",
               "-p", "format=template", "-p", "template={log}")
    return Tool("fluent-bit", command, reads_names=False)


def vector(cache):
    return Tool("vector", ("vector", "-q", "-c", write(cache, "vector.toml", VECTOR)), reads_names=False)


def gitleaks_version():
    """One that the Go tools built does not know its own."""
    said = version_of(["gitleaks", "version"])
    path = shutil.which("gitleaks")
    if said or not path or not shutil.which("go"):
        return said
    module = subprocess.run(["go", "version", "-m", path], capture_output=True, text=True, check=False).stdout
    return next((line.split()[2] for line in module.splitlines() if line.split()[:1] == ["mod"]), "")


def gitleaks(cache):
    """With the 20 patterns, and with its own rules."""
    rules = "".join(f"[[rules]]\nid = '{name}'\nregex = '''{pattern}'''\n" for name, pattern, _ in PATTERNS)
    command = ("gitleaks", "stdin", "--no-banner", "--log-level", "error", "--exit-code", "0", "--report-format", "json",
               "--report-path", "-")
    twenty = Tool("gitleaks", (*command, "--config", write(cache, "gitleaks.toml", rules)), version=gitleaks_version(),
                  reads_names=False, reports=True)
    return twenty, Tool("gitleaks (own rules)", command, None, OWN_RULES, version=twenty.version, reads_names=False,
                        reports=True)


def secretlint(cache):
    """By --output: into a pipe it writes only the first 64 KiB by itself."""
    config = write(cache, "secretlint.json", '{"rules": [{"id": "@secretlint/secretlint-rule-preset-recommend"}]}\n')
    return Tool("secretlint", ("secretlint", "--format=mask-result", f"--secretlintrc={config}", "--stdinFileName=log",
                                "--output=/dev/stdout"), None, OWN_RULES, reads_names=False)


def detect_secrets():
    """Run by the Python that its command is run by."""
    path = shutil.which("detect-secrets")
    if not path:
        return Tool("detect-secrets", ("detect-secrets",), program="detect-secrets")
    with open(path, encoding="utf-8", errors="replace") as file:
        python = file.readline().removeprefix("#!").split()
    return Tool("detect-secrets", (*python, "-c", DETECT_SECRETS_FILTER), None, OWN_RULES, reads_names=False, program="detect-secrets")


def shippers(cache):
    return (syslog_ng(cache), fluent_bit(cache), vector(cache), *gitleaks(cache), secretlint(cache), detect_secrets())
