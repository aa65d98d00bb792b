# SPDX-License-Identifier: Apache-2.0
"""What keysieve does while something fails: every command, on small inputs, and what is right at its end."""

import base64
import contextlib
import gzip
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
import zlib

from ledgers import finding, lines, repeat
from support import ALNUM, ID, RULE, TRIGGER, address, body, catches_signal, is_asleep, kept_port, masked

SECRETS = [body(95, seed) for seed in range(101, 106)]
ACME_SECRET = body(32, 111, ALNUM)
SAMPLE = body(40, 120)  # which may stay readable
VALUE = body(40, 130)    # a known one
PLANTED = [*SECRETS, ACME_SECRET, VALUE]
TEXT = b"".join(b"2026-11-22 line %d\nkey %s%s end\n\0\xff\r\n" % (i, TRIGGER, s) for i, s in enumerate(SECRETS))
RIGHT = masked(TEXT, *SECRETS)
HALVES = (SECRETS[0][:40], SECRETS[0][40:])
LIMIT = 240  # seconds: who takes longer hangs


def cri(tag, text, stream=b"stdout"):
    return b"2026-11-22T10:00:00.123456789Z " + stream + b" " + tag + b" " + text + b"\n"


def docker(text):
    return b'{"log":"' + text + b'","stream":"stdout","time":"2026-11-22T10:00:00.000000001Z"}\n'


CRI = (cri(b"P", b"a " + TRIGGER + HALVES[0]) + cri(b"F", b"other " + TRIGGER + SECRETS[1], b"stderr")
       + cri(b"F", HALVES[1] + b" z") + cri(b"F", b"last"))
CRI_RIGHT = masked(CRI, *HALVES, SECRETS[1])
DOCKER = docker(b"a " + TRIGGER + HALVES[0]) + docker(HALVES[1] + rb" z\n") + docker(rb"last\n")
EXPORT = b"".join(address(i) + b"_PID=42\nMESSAGE=key %s%s end\n\n" % (TRIGGER, s) for i, s in enumerate(SECRETS))
CONFIG = "filter:\n  ledger: ledger\n"


class Place:
    """A folder in which one run takes place."""

    def __init__(self, path):
        self.path = path

    def name(self, name):
        return os.path.join(self.path, name)

    def write(self, name, data):
        os.makedirs(os.path.dirname(self.name(name)), exist_ok=True)
        with open(self.name(name), "wb") as file:
            file.write(data)

    def read(self, name):
        try:
            with open(self.name(name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return b""

    def all(self):
        for folder, _, names in os.walk(self.path):
            for name in names:
                path = os.path.join(folder, name)
                with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
                    yield os.path.relpath(path, self.path), file.read()


class Patience:
    """
    How long something is waited for that a fault may keep from happening: as long as the process is at work, and while it
    sleeps for some looks at it, which are more than a second. On a busy machine they take longer, as all does.
    """

    def __init__(self, process):
        self.process, self.looks = process, 300
        self.end = time.monotonic() + LIMIT

    def lasts(self):
        time.sleep(0.005)
        if self.process.poll() is not None:
            return False
        self.looks -= is_asleep(self.process.pid)
        return self.looks > 0 and time.monotonic() < self.end


def unzipped(data):
    """As much as can be had of it."""
    out = b""
    while data:
        way = zlib.decompressobj(31)
        try:
            out += way.decompress(data)
        except zlib.error:
            return out
        data = way.unused_data
    return out


class Scenario:
    """One command. outputs: what it writes, as a name ("stdout", or of a file) and what is right; sides: files that
    may lack something, if that is told. sources may hold keys; so may what they become."""

    ends_with = 0     # the exit status when nothing fails
    rewrites = ()     # sources that are masked in place: the old bytes, or the new ones
    plain = ()        # more files that may hold keys
    again = False     # a second run brings what the first did not
    is_loose = False  # what it tells depends on what it could read; only if all went well it must be right
    sandbox = "off"   # what makes a call fail has to make some itself
    is_interrupted = True
    unlike = ()       # kinds of faults that are left out
    refusals = ()     # more exit statuses with which it may refuse to begin

    def __init__(self, name, *arguments, data=b"", sources=None, outputs=None, sides=None, decode=None, **more):
        self.name, self.arguments, self.data = name, arguments, data
        self.sources, self.sides, self.decode = sources or {}, sides or {}, decode or {}
        self.outputs = outputs or {}
        for member, value in more.items():
            assert hasattr(self, member)
            setattr(self, member, value)

    def __str__(self):
        return self.name

    def prepare(self, place):
        for name, data in self.sources.items():
            place.write(name, data)

    def arguments_in(self, place):
        del place
        return list(self.arguments)

    def drive(self, process, place):
        """Be its user until it ends. Returns what it wrote to stdout and stderr."""
        del place
        return process.communicate(self.data, timeout=LIMIT)

    def output(self, place, name, stdout):
        data = stdout if name == "stdout" else place.read(name)
        return self.decode[name](data) if name in self.decode else data


class Followed(Scenario):
    """keysieve follow, on a log that is rotated while it is read."""

    again = True
    parts = (TEXT, b"after: " + TEXT)
    right = RIGHT + b"after: " + RIGHT

    def __init__(self, name, *more, **members):
        members.setdefault("outputs", {"out": self.right})
        super().__init__(name, "follow", "--state", "state", "--from-start", "-o", "out", *more, "log",
                         **members)

    def prepare(self, place):
        place.write("log", self.parts[0])

    @staticmethod
    def is_known(place):
        """Does the state tell of the log? Otherwise nobody will look where it went."""
        return b"log" in place.read("state")

    def rotate(self, place):
        if self.is_known(place) and not os.path.exists(place.name("log.1")):
            os.rename(place.name("log"), place.name("log.1"))
            place.write("log", self.parts[1])

    def wait_for(self, process, place, size):
        patience = Patience(process)
        while len(place.read("out")) < size and patience.lasts():
            pass

    def drive(self, process, place):
        self.wait_for(process, place, len(self.parts[0]))
        self.rotate(place)
        self.wait_for(process, place, len(self.right))
        return self.stop(process)

    @staticmethod
    def stop(process):
        end = time.monotonic() + LIMIT
        while process.poll() is None and time.monotonic() < end:
            if catches_signal(process.pid, signal.SIGTERM):
                process.send_signal(signal.SIGTERM)
                break
            time.sleep(0.002)
        return process.communicate(timeout=LIMIT)


class Served(Scenario):
    """--metrics-listen: somebody asks while it runs. Without memory its library cannot be loaded."""

    refusals = (2,)

    def arguments_in(self, place):
        self.ports[place.path] = kept_port()
        return [*self.arguments, "--metrics-listen", str(self.port(place))]

    ports = {}

    def port(self, place):
        return self.ports[place.path].getsockname()[1]

    def drive(self, process, place):
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(self.data)
        patience = Patience(process)
        while patience.lasts():
            with contextlib.suppress(OSError):
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port(place)}/metrics", timeout=1) as page:
                    page.read()
                    break
        self.ports.pop(place.path).close()
        process.stdin, source = None, process.stdin
        with contextlib.suppress(BrokenPipeError):
            source.close()
        return process.communicate(timeout=LIMIT)


class Journal(Scenario):
    """keysieve journal, on a file that was made once."""

    made = None

    def prepare(self, place):
        if not Journal.made:
            Journal.made = make_journal(place)
        place.write("a.journal", Journal.made)

    def __init__(self, name, *more, **members):
        super().__init__(name, "journal", "--file", "a.journal", "--from-start", *more,
                         plain=("a.journal",), **members)


def make_journal(place):
    from journal_support import REMOTE, message
    text = b"".join(message(i, b"key " + TRIGGER + s + b" end") for i, s in enumerate(SECRETS))
    path = place.name("made.journal")
    subprocess.run([REMOTE, f"--output={path}", "-"], input=text, capture_output=True, check=True)
    with open(path, "rb") as file:
        data = file.read()
    os.unlink(path)
    return data


def line_count(data):
    return b"\n" * data.count(b"\n")


def rules_only(data):
    return b"".join(line for line in data.splitlines(True) if b" MB/s" not in line)


def hashes(data):
    return re.sub(rb"[0-9a-f]{8}-[0-9a-f]{16}", b"HASH", data)


ONE = ("--only", ID)
UNKEPT = ("--cache-dir", "none")
LEDGER_LINES = b"\n" * len(SECRETS)
LEDGER = lines(finding(60), finding(30, key=2), repeat(7, 20, 10))
REPORT = ("report", "--as-of", "2026-11-22T10:30:00Z")
FRAMED = {"export": (EXPORT, masked(EXPORT, *SECRETS)), "cri": (CRI, CRI_RIGHT),
          "docker": (DOCKER, masked(DOCKER, *HALVES))}


def filters():
    yield Scenario("raw", data=TEXT, outputs={"stdout": RIGHT})
    yield Scenario("one-rule", *ONE, data=TEXT, outputs={"stdout": RIGHT})
    yield Scenario("files", "a", "b", sources={"a": TEXT[:200], "b": TEXT[200:]}, outputs={"stdout": RIGHT},
                   is_loose=True)
    yield Scenario("output", "-o", "out", data=TEXT, outputs={"out": RIGHT})
    for name, (log, right) in FRAMED.items():
        yield Scenario(name, data=log, outputs={"stdout": right})
    yield Scenario("gunzip", "a.gz", sources={"a.gz": gzip.compress(TEXT, mtime=1)}, outputs={"stdout": RIGHT},
                   plain=("a.gz",))
    yield Scenario("gzip", "-z", data=TEXT, outputs={"stdout": RIGHT}, decode={"stdout": unzipped})
    yield Scenario("check", "--check", data=TEXT, outputs={"stdout": b""}, ends_with=1)
    yield Scenario("stats", "--stats", data=TEXT, outputs={"stdout": RIGHT})
    yield Scenario("large", data=(b"x" * 99 + b"\n") * 6000 + TEXT,
                   outputs={"stdout": (b"x" * 99 + b"\n") * 6000 + RIGHT})
    yield Scenario("threads", "-j", "3", data=(b"x" * 99 + b"\n") * 6000 + TEXT,
                   outputs={"stdout": (b"x" * 99 + b"\n") * 6000 + RIGHT})
    yield Scenario("rule-file", "--rules", "user.yaml", "--only", "user", data=b"k acme_live_" + ACME_SECRET + b"\n",
                   sources={"user.yaml": RULE.encode()},
                   outputs={"stdout": masked(b"k acme_live_" + ACME_SECRET + b"\n", ACME_SECRET)})
    yield Scenario("config", "--config", "conf.yaml", data=TEXT, sources={"conf.yaml": CONFIG.encode()},
                   outputs={"stdout": RIGHT}, sides={"ledger": LEDGER_LINES}, decode={"ledger": line_count})
    yield Scenario("canary", "--canary", "5m", data=TEXT, outputs={"stdout": RIGHT})


def compiled():
    """Rules that are compiled each time; the others' are in the binary, or kept from the first run."""
    yield Scenario("compiled-one", *ONE, *UNKEPT, data=TEXT, outputs={"stdout": RIGHT})
    yield Scenario("compiled-file", "--rules", "user.yaml", "--only", "user", *UNKEPT,
                   data=b"k acme_live_" + ACME_SECRET + b"\n", sources={"user.yaml": RULE.encode()},
                   outputs={"stdout": masked(b"k acme_live_" + ACME_SECRET + b"\n", ACME_SECRET)})
    yield Told("compiled-test", "rules", "test", *ONE, *UNKEPT)


def known_values():
    spelled = (VALUE, base64.b64encode(VALUE), VALUE.hex().encode())
    text = b"".join(b"known %s end\n" % s for s in spelled) + TEXT
    outputs = {"stdout": masked(text, *(s.rstrip(b"=") for s in spelled), *SECRETS)}
    yield Scenario("known", *ONE, "--known", "values", data=text, sources={"values": VALUE + b"\n"}, outputs=outputs)
    yield Scenario("known-dir", *ONE, "--known-dir", "d", data=text, outputs=outputs,
                   sources={"d/value": VALUE + b"\n", "d/port": b"5432"})


def masks():
    tagged = re.sub(rb"\*{95}", b"[REDACTED:" + ID.encode() + b"]", RIGHT)
    yield Scenario("tag", "--mask", "tag", data=TEXT, outputs={"stdout": tagged})
    tagged = re.sub(rb"\*{95}", b"[REDACTED:" + ID.encode() + b"#HASH]", RIGHT)
    yield Keyed("hash", "--mask", "hash", data=TEXT, outputs={"stdout": tagged}, decode={"stdout": hashes})
    yield Allowed("allow", "--rules", "allow.yaml", data=TRIGGER + SAMPLE + b"\n" + TEXT,
                  outputs={"stdout": TRIGGER + SAMPLE + b"\n" + RIGHT}, unlike=("hash",))


class Keyed(Scenario):
    """With a key, which keysieve makes once."""

    key = None

    def __init__(self, name, *arguments, **members):
        super().__init__(name, "--key-file", "key", *arguments, **members)

    def prepare(self, place):
        super().prepare(place)
        if not Keyed.key:
            subprocess.run([os.environ["KEYSIEVE"], "key", "new", place.name("made")], check=True)
            Keyed.key = place.read("made")
            os.unlink(place.name("made"))
        place.write("key", Keyed.key)


class Allowed(Keyed):
    """With an allow-list, in which the sample stands."""

    allowed = None

    def prepare(self, place):
        super().prepare(place)
        if not Allowed.allowed:
            place.write("first", TRIGGER + SAMPLE)
            Allowed.allowed = subprocess.run([os.environ["KEYSIEVE"], "rules", "allow", "first"], check=True,
                                             cwd=place.path, capture_output=True).stdout
            os.unlink(place.name("first"))
        place.write("allow.yaml", Allowed.allowed)


def observers():
    ledger = {"outputs": {"stdout": RIGHT}, "data": TEXT}
    yield Scenario("ledger", "--ledger", "ledger", sides={"ledger": LEDGER_LINES},
                   decode={"ledger": line_count}, **ledger)
    yield Scenario("on-leak", "--on-leak", "cat >> told; echo >> told",
                   sides={"told": 2 * LEDGER_LINES}, decode={"told": line_count}, **ledger)
    yield Scenario("metrics-file", "--metrics-file", "m.prom", **ledger)
    yield Served("metrics-listen", **ledger)


def in_place():
    yield InPlace("in-place", "-i", "a", "b")
    yield InPlace("in-place-copy", "-i.old", "a", "b", plain=("a.old", "b.old"))
    packed = gzip.compress(TEXT, mtime=1)
    yield InPlace("in-place-gzip", "-i", "a.gz", sources={"a.gz": packed}, decode={"a.gz": unzipped})


class InPlace(Scenario):
    """Files masked where they lie: afterwards each is what it was or what it should be; after another run, the latter."""

    again = True

    def __init__(self, name, *arguments, sources=None, **members):
        sources = sources or {"a": TEXT, "b": b"second: " + TEXT}
        super().__init__(name, *arguments, sources=sources, rewrites=tuple(sources), **members)
        self.outputs = {n: masked(unzipped(d) if n.endswith(".gz") else d, *SECRETS) for n, d in sources.items()}


def followers():
    yield Followed("follow")
    yield Followed("follow-ledger", "--ledger", "ledger", "--metrics-file", "m.prom",
                   sides={"ledger": b"\n" * 2 * len(SECRETS)}, decode={"ledger": line_count})
    yield FollowedFrames("follow-cri")


class FollowedFrames(Followed):
    parts = (CRI, CRI)
    right = CRI_RIGHT + CRI_RIGHT


def journals():
    text = b"".join(b"key " + TRIGGER + b"*" * 95 + b" end\n" for _ in SECRETS)
    decode = {"stdout": lambda out: b"".join(re.findall(rb"(?m)key .*\n", out))}
    yield Journal("journal", "--format", "short", outputs={"stdout": text}, decode=decode)
    decode = {"out": lambda out: b"".join(m + b"\n" for m in re.findall(rb'"MESSAGE":"(key [^"]*)"', out))}
    yield Journal("journal-state", "--state", "state", "-o", "out", "--format", "json", outputs={"out": text},
                  decode=decode, again=True)


class Told(Scenario):
    """A command that tells something. It catches no signals, so that none interrupts a call."""

    is_loose = True
    is_interrupted = False


def others():
    yield Told("rules-list", "rules", "list", *ONE)
    yield Told("rules-check", "rules", "check", "user.yaml", sources={"user.yaml": RULE.encode()},
                   decode={"stdout": rules_only})
    yield Told("rules-test", "rules", "test", *ONE)
    yield Told("rules-explain", "rules", "explain", *ONE, data=TEXT[:150])
    yield Told("rules-allow", "rules", "allow", *ONE, "a", sources={"a": TEXT})
    yield Told("report", *REPORT, "l", sources={"l": LEDGER})
    yield Told("report-json", *REPORT, "--json", "l", sources={"l": LEDGER})
    yield Told("report-html", *REPORT, "--html", "out", "l", sources={"l": LEDGER}, outputs={"out": None})
    yield Keyed("fingerprint", data=TRIGGER + SECRETS[0] + b"\n", decode={"stdout": hashes})
    yield Told("help", "--help")
    yield Told("check-config", "check-config", "--config", "conf.yaml", sources={"conf.yaml": CONFIG.encode()})


def all_scenarios():
    for group in (filters, compiled, known_values, masks, observers, in_place, followers, journals, others):
        yield from group()
