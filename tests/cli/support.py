# SPDX-License-Identifier: Apache-2.0
"""What all command-line tests share: running the binary, talking to it live, building keys.

Keys are built here, at run time, from a prefix and pseudo-random bytes: no file of the project holds
anything that looks like a live key.
"""

import errno
import fcntl
import os
import random
import select
import signal
import socket
import string
import struct
import subprocess
import tempfile
import termios
import time
import unittest

# Where compiled rules are kept: one place for all tests of a run, as most of them compile the same few sets.
# It is new in each run, so that nothing is taken from another state of the source.
if "KEYSIEVE_TEST_CACHE" not in os.environ:
    CACHE_OWNER = tempfile.TemporaryDirectory(prefix="keysieve-cache-")
    os.environ["KEYSIEVE_TEST_CACHE"] = os.path.join(CACHE_OWNER.name, "cache")

# What is ignored or blocked here is so in keysieve, rightly: nohup, a shell that starts the tests in the background, and
# some that run CI do it.
signal.pthread_sigmask(signal.SIG_SETMASK, ())
signal.signal(signal.SIGINT, signal.default_int_handler)
for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM,
               signal.SIGCHLD):
    signal.signal(number, signal.SIG_DFL)

# And what files are made as, and how the tools speak that the tests use.
os.umask(0o022)
os.environ["LC_ALL"] = "C"

BINARY = os.path.abspath(os.environ.get("KEYSIEVE", "build/keysieve"))
SHOWN = os.path.join(os.path.dirname(BINARY), "tests", "shown.so")
SLOWNESS = int(os.environ.get("KS_TEST_SLOWNESS", "1"))  # more under valgrind: tests/memcheck
# Limits for what hangs, in seconds: on a busy machine all is many times slower.
TIMEOUT = max(90, 10 * SLOWNESS)
LONG = max(240, 60 * SLOWNESS)  # for megabytes
NOBODY = 65534
OF_A_MANAGER = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC")  # of ours: it hears of no keysieve

ID = "anthropic-api-key"
ONLY = ("--only", ID)  # one rule: starts at once, where the catalogue does not matter
TRIGGER = b"sk-ant-api03-"
BASE64URL = string.ascii_letters + string.digits + "_-"
ALNUM = string.ascii_letters + string.digits

RULE = """\
- id: acme-api-key
  trigger: 'acme_live_'
  body: 'A-Za-z0-9'
  length: 24..
  examples:
    - 'ACME_KEY=acme_live_{body:32}'
"""
ACME = b"acme_live_"


def body(length=95, seed=1, alphabet=BASE64URL):
    """A secret without its trigger: the same for the same seed, with a digit, upper and lower case."""
    rng = random.Random(seed)
    text = "".join(rng.choice(alphabet) for _ in range(length - 3))
    return (text + "a" + "Z" + "7").encode()[-length:]


def stars(data):
    return b"*" * len(data)


def masked(data, *secrets):
    """The output that is wanted for data, in which these secrets stand."""
    for secret in secrets:
        data = data.replace(secret, stars(secret))
    return data


def address(number=1):
    """The lines that an entry of a journal begins with, as systemd writes them."""
    return (b"__CURSOR=s=%032x;i=%x;b=%032x;m=1;t=2;x=3\n__REALTIME_TIMESTAMP=1700000000000000\n"
            % (1, number, 2))


def pieces(data, size):
    return [data[i:i + size] for i in range(0, len(data), size)]


def some(cases):
    """
    Of cases that are many and alike, those to try: all with the release build, a part where keysieve is slow, in a
    sanitizer or valgrind, which look at how it uses its memory. The same ones each time, not each so-manyth.
    """
    cases = list(cases)
    count = -(-len(cases) // SLOWNESS)
    return [cases[i] for i in sorted(random.Random(count).sample(range(len(cases)), count))]


def environment(extra=None):
    env = {k: v for k, v in os.environ.items() if not k.startswith("KEYSIEVE") and k not in OF_A_MANAGER}
    if "KEYSIEVE_SANDBOX" in os.environ:  # to run all tests in one, or without
        env["KEYSIEVE_SANDBOX"] = os.environ["KEYSIEVE_SANDBOX"]
    env["LC_ALL"] = "C"
    env["KEYSIEVE_RULES_DIR"] = "none"  # not the rules of this machine
    env["KEYSIEVE_CONFIG"] = "none"     # nor its configuration
    env["KEYSIEVE_CACHE_DIR"] = os.environ["KEYSIEVE_TEST_CACHE"]
    env.update(extra or {})
    return env


def visible():
    """What the environment needs for a process whose descriptors, timers and memory (strace) are to be looked at."""
    if os.geteuid() == 0:
        return {}
    if not os.path.exists(SHOWN):
        raise unittest.SkipTest(f"only root sees what it has without {SHOWN}")
    return {"LD_PRELOAD": SHOWN}


def run(*args, data=b"", env=None, timeout=TIMEOUT, **popen):
    """Run keysieve to its end. The result has returncode, stdout and stderr."""
    if "stdin" not in popen:
        popen["input"] = data
    popen.setdefault("stdout", subprocess.PIPE)
    return subprocess.run([BINARY, *args], stderr=subprocess.PIPE, env=environment(env),
                          timeout=timeout, check=False, **popen)


def run_shell(script, *args, data=b"", env=None, timeout=TIMEOUT):
    """Run keysieve by a shell script in which "$@" is the command: for redirections such as >&-."""
    return subprocess.run(["sh", "-c", script, "sh", BINARY, *args], input=data,
                          capture_output=True, env=environment(env), timeout=timeout, check=False)


def has_sanitizer():
    """Built with AddressSanitizer."""
    with open(BINARY, "rb") as file:
        return b"__asan_init" in file.read()


def is_sanitized():
    """It has one, or is run by valgrind: its memory and system calls are not the program's."""
    return SLOWNESS > 1 or has_sanitizer()


def process_state(pid):
    """R, S, Z ... of a process. The file is readable whoever owns it."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[0]


def catches_signal(pid, number):
    """Does a process do something about this signal? It dies of it as long as it is too young for that."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        masks = [int(line.split()[1], 16) for line in file if line.startswith(("SigBlk", "SigCgt"))]
    return any(mask >> (number - 1) & 1 for mask in masks)


def threads_of(pid):
    """Each thread's state, and how often it has run until now."""
    threads = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii", errors="replace") as file:
                status = dict(line.split(":", 1) for line in file)
        except (FileNotFoundError, ProcessLookupError):
            continue
        threads[thread] = (status["State"].split()[0], status.get("voluntary_ctxt_switches"),
                           status.get("nonvoluntary_ctxt_switches"))
    return threads


def is_asleep(pid):
    """Does the process sleep, or is it over? One thread can wake another while they are looked at one by one:
    they all sleep if they did so both times and none has run between."""
    first = threads_of(pid)
    return all(state in "SZ" for state, *_ in first.values()) and threads_of(pid) == first


def shown_on(outer, inner):
    """All that was written to a pseudo-terminal. Its inner end is closed first: the kernel hands on what was
    written in its own time, so that only the end tells that nothing is to come."""
    os.close(inner)
    shown = b""
    try:
        while block := os.read(outer, 1 << 16):
            shown += block
    except OSError as error:
        if error.errno != errno.EIO:
            raise
    return shown


def written_to(file):
    """
    What a process has written to a file until now. The place where it goes on writing is that of this descriptor too, and
    is left where it is.
    """
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0)


def kept_port(family=socket.AF_INET, address="127.0.0.1"):
    """
    A socket that keeps its port for keysieve: as long as it is open the kernel gives the port to nobody who takes any,
    and who asks for it with SO_REUSEADDR, as keysieve does, gets it, since this one does not listen.
    """
    keeper = socket.socket(family)
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind((address, 0))
    return keeper


def bytes_in_pipe(fd):
    return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0\0\0\0"))[0]


class Live:
    """A running keysieve between two pipes. All that it has let out so far is in output.

    settle() makes "at once" and "held back" exact without a clock: keysieve has taken all bytes out of
    its input pipe and sleeps, so whatever it is going to write before more input comes is written.
    """

    def __init__(self, *args, env=None, **popen):
        self.output = b""
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([BINARY, *args], stdin=subprocess.PIPE, bufsize=0,
                                        stdout=subprocess.PIPE, stderr=self.errors,
                                        env=environment(env), **popen)
        self.source = self.process.stdin.fileno()
        self.sink = self.process.stdout.fileno()
        os.set_blocking(self.sink, False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()

    def drain(self):
        """Take what is in the output pipe. True if there was something."""
        before = len(self.output)
        try:
            while block := os.read(self.sink, 1 << 20):
                self.output += block
        except BlockingIOError:
            pass
        return len(self.output) > before

    def is_idle(self):
        return bytes_in_pipe(self.source) == 0 and is_asleep(self.process.pid)

    def settle(self):
        deadline = time.monotonic() + TIMEOUT
        while self.drain() or not self.is_idle() or self.drain():
            if time.monotonic() > deadline:
                raise TimeoutError("keysieve neither reads nor writes nor sleeps")
            time.sleep(0.0002)
        return self.output

    def write(self, data):
        """Write a piece that fits into the pipe; returns all output so far."""
        os.write(self.source, data)
        return self.settle()

    def finish(self):
        """End the input; returns all output."""
        self.process.stdin.close()
        while select.select([self.sink], [], [], TIMEOUT)[0]:
            block = os.read(self.sink, 1 << 20)
            if not block:
                break
            self.output += block
        self.process.wait(TIMEOUT)
        return self.output

    def messages(self):
        return written_to(self.errors)


class CommandTest(unittest.TestCase):
    """Assertions on bytes and results that do not print megabytes, and files in a directory."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="keysieve-cli-")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        os.chmod(self.directory, 0o777)  # also for those tests that run keysieve as nobody

    def path(self, name):
        return os.path.join(self.directory, name)

    def free_port(self, *place):
        """Of this test alone until it is over."""
        keeper = kept_port(*place)
        self.addCleanup(keeper.close)
        return keeper.getsockname()[1]

    def file(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())
        return self.path(name)

    def content(self, path):
        with open(path, "rb") as file:
            return file.read()

    def assert_bytes(self, got, want):
        if got == want:
            return
        at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
        begin = max(at - 30, 0)
        self.fail(f"{len(got)} bytes for {len(want)}, first difference at {at}:\n"
                  f"  got    {got[begin:at + 40]!r}\n  wanted {want[begin:at + 40]!r}")

    def assert_status(self, result, status):
        self.assertEqual(result.returncode, status, f"exit status; stderr: {result.stderr[:400]!r}")

    def assert_silent(self, result):
        self.assertEqual(result.stderr, b"", "stderr")

    def assert_done(self, result, output):
        """It went well: this output, status 0, no message."""
        self.assert_status(result, 0)
        self.assert_silent(result)
        self.assert_bytes(result.stdout, output)

    def assert_message(self, result, status, *words):
        """It failed with this status and one line on stderr that holds all the words."""
        self.assert_status(result, status)
        text = result.stderr.decode()
        self.assertRegex(text, r"\Akeysieve: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, text)

    def assert_no_piece(self, text, secret):
        """No 8 bytes of the secret are in text."""
        for i in range(len(secret) - 7):
            self.assertNotIn(secret[i:i + 8], text, f"bytes {i} to {i + 8} of the secret")
