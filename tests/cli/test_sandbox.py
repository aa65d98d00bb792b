# SPDX-License-Identifier: Apache-2.0
"""--sandbox: that what is not needed is not to be had, in every command, and that what is needed is there."""

import errno
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import termios
import time
import unittest

from journal_support import REMOTE, JournalTest, message
from support import (BINARY, LONG, ONLY, RULE, TRIGGER, CommandTest, Live, body, environment,
                     has_sanitizer, is_sanitized, masked, visible)
from support import run as run_briefly
from test_follow import Follower

INTRUDER = os.path.join(os.path.dirname(BINARY), "tests", "intruder.so")
NEEDS_INTRUDER = unittest.skipUnless(os.path.exists(INTRUDER) and not is_sanitized(),
                                     "no tests/intruder.so beside keysieve, or a sanitizer is in it")
STRACE = shutil.which("strace")
LIBEXEC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools")
GITLEAKS = "[[rules]]\nid = 'acme'\nregex = '''acme_[a-z0-9]{20}'''\n"

# What the kernel ends at once, what ends with a message, and what is only refused; in every command.
KILLED = {"execute", "internet", "datagrams", "local-socket", "connect", "trace", "memory-of-others",
          "signal-others", "namespace", "ring", "kernel-code", "user", "handle", "other-way-in"}
ENDED = {"fork", "vfork", "map-code", "make-code", "send-elsewhere", "be-dumpable", "raise-limits",
         "signal-thread", "type"}
FILES = {"create", "unlink", "rename", "link", "open-for-nothing"}
MODES = {"change-mode", "change-special-mode", "change-owner", "change-times"}
REFUSED = {"clone3": errno.ENOSYS, "newer-call": errno.ENOSYS,
           **dict.fromkeys(FILES | MODES | {"read", "write", "append", "truncate", "chmod", "mkdir",
                                           "make-set-id", "make-program", "make-unnamed", "empty", "write-empty",
                                           "give-capability", "exchange"}, errno.EACCES)}



def run(*args, **more):
    return run_briefly(*args, timeout=LONG, **more)


def tries():
    """The names of all that the intruder can try here."""
    result = subprocess.run([BINARY, "--version"], capture_output=True, check=True, timeout=LONG,
                            env=environment({"LD_PRELOAD": INTRUDER, "INTRUDER_LIST": "1"}))
    return result.stdout.decode().split()


def sandbox_here():
    """The last line of check-config: "# sandbox: seccomp, Landlock 7"."""
    return run("check-config").stdout.decode().splitlines()[-1].partition("sandbox: ")[2]


NEEDS_ALL = unittest.skipUnless(re.fullmatch(r"seccomp, Landlock \d+", sandbox_here()),
                                "not all of it is here: " + sandbox_here())


class SandboxTest(JournalTest):
    """Commands, each with a line that runs it to its end and has something to read."""

    def setUp(self):
        super().setUp()
        self.secret = body()
        self.data = TRIGGER + self.secret + b"\n"
        self.log = self.file("log", self.data)
        self.rule = self.file("rule.yaml", RULE)
        self.ledger = self.path("ledger")
        others = tempfile.TemporaryDirectory(prefix="keysieve-cli-")
        self.addCleanup(others.cleanup)
        self.victim_directory = others.name
        self.victim = os.path.join(self.victim_directory, "file")
        with open(self.victim, "wb") as file:
            file.write(b"text\n")

    def key(self):
        path = self.path("key")
        if not os.path.exists(path):
            self.assert_status(run("key", "new", path), 0)
        return path

    def sub(self, name):
        path = self.path(name)
        os.makedirs(path, exist_ok=True)
        return path

    def commands(self):
        """Each: a name, the arguments, the standard input, and does it make files?"""
        own = self.sub("own")
        writing = ("--ledger", f"{own}/ledger", "--metrics-file", f"{own}/m.prom")
        gitleaks = self.file("gitleaks.toml", GITLEAKS)
        with open(f"{own}/log", "wb") as file:
            file.write(self.data)
        yield "filter", (*ONLY, self.log), b"", False
        yield "filter-stdin", ONLY, self.data, False
        yield "filter-output", (*ONLY, "-o", f"{own}/out", self.log), b"", False
        yield "filter-gzip", (*ONLY, "-z", self.log), b"", False
        yield "filter-ledger", (*ONLY, *writing, self.log), b"", True
        yield "filter-metrics", (*ONLY, "--metrics-listen", f"127.0.0.1:{self.free_port()}", self.log), b"", False
        yield "filter-hook", (*ONLY, "--on-leak", "true", self.log), b"", False
        yield "check", (*ONLY, "--check", self.log), b"", False
        yield "in-place", (*ONLY, "-i", f"{own}/log"), b"", True
        yield "report", ("report", "--as-of", "2026-11-22", self.file("empty", b"")), b"", False
        yield "report-page", ("report", "--html", f"{own}/page", self.path("empty")), b"", True
        yield "rules-list", ("rules", "list", "--rules", self.rule), b"", False
        yield "rules-check", ("rules", "check", self.rule), b"", False
        yield "rules-test", ("rules", "test", self.rule), b"", False
        yield "rules-explain", ("rules", "explain", *ONLY, self.log), b"", False
        yield "rules-allow", ("rules", "allow", *ONLY, "--key-file", self.key(), self.log), b"", False
        yield "fingerprint", ("fingerprint", *ONLY, "--key-file", self.key()), self.secret, False
        yield "follow", ("follow", *ONLY, "--from-start", self.log), b"", False
        yield ("follow-state", ("follow", *ONLY, *writing, "--state", f"{own}/state", "-o", f"{own}/redacted",
                                self.log), b"", True)
        if os.path.exists(REMOTE):
            self.add(message(1, self.data), name="a.journal")
            yield "journal", ("journal", *ONLY, "--directory", self.journals), b"", False
            yield ("journal-state", ("journal", *ONLY, "--directory", self.journals, "--state",
                                     f"{own}/journal.state", "-o", f"{own}/journal"), b"", True)
        yield "import", ("rules", "import", gitleaks), b"", False


@NEEDS_INTRUDER
@NEEDS_ALL
class Intruder(SandboxTest):
    def intrude(self, name, *args, data=b"", place=None, **env):
        """One who has taken over the process tries something. Returns the status and what came of it."""
        env = {"LD_PRELOAD": INTRUDER, "INTRUDER": name, "INTRUDER_PLACE": place or self.victim, **env}
        result = run("--sandbox=require", *args, data=data, env=env) if args[:1] not in (
            (word,) for word in ("follow", "journal", "report", "rules", "fingerprint")) else run(
            *args[:2 if args[0] == "rules" else 1], "--sandbox=require",
            *args[2 if args[0] == "rules" else 1:], data=data, env=env)
        return result.returncode, result.stderr.decode()

    def assert_nothing_done(self, name, status, said):
        self.assertNotIn("intruder: done", said)
        if name in KILLED:
            self.assertEqual(status, -signal.SIGSYS, said)
        elif name in REFUSED:
            self.assertIn(f"intruder: error {REFUSED[name]}\n", said)
        else:
            self.assertRegex(said, r"keysieve: sandbox: the system call \d+ \(\w+\) is not allowed")
            self.assertEqual(status, 70)

    def test_the_tries_are_right(self):
        """Without a sandbox, what anybody may do works: else the tests below show nothing."""
        anybody = ["read", "write", "append", "truncate", "create", "link", "chmod", "mkdir",
                   "make-set-id", "make-program", "open-for-nothing", "empty", "write-empty", *sorted(MODES), "rename",
                   "fork", "vfork", "internet", "datagrams", "local-socket", "signal-others",
                   "signal-thread", "map-code", "make-code", "be-dumpable", "user", "raise-limits"]
        for name in anybody:
            with self.subTest(name):
                status, said = self.intrude(name, "--version", INTRUDER_EARLY="1")
                self.assertIn("intruder: done", said)
                self.assertEqual(status, 9)

    def test_every_try_has_an_outcome(self):
        self.assertEqual(set(tries()) - {"other-way-in"},
                         (KILLED | ENDED | set(REFUSED)) - {"other-way-in"})

    def test_in_every_command(self):
        for command, args, data, _ in self.commands():
            everywhere = ("execute", "internet", "fork", "make-code", "read", "write", *sorted(FILES))
            for name in tries() if command in ("filter", "follow-state", "in-place", "report") else everywhere:
                if command == "import":
                    continue
                with self.subTest(f"{command}: {name}"):
                    status, said = self.intrude(name, *args, data=data)
                    self.assert_nothing_done(name, status, said)
                    self.assertEqual(self.content(self.victim), b"text\n")
                    self.assertEqual(os.listdir(self.victim_directory), ["file"])

    def test_import_runs_a_program_but_gives_it_no_more_than_it_needs(self):
        gitleaks = self.file("gitleaks.toml", GITLEAKS)
        refused = dict.fromkeys(KILLED - {"execute", "other-way-in"}, errno.EPERM)
        refused.update(dict.fromkeys(("write", "append", "create", "unlink", "rename", "mkdir", "chmod", "truncate",
                                      "empty", "open-for-nothing", "give-capability", *MODES), errno.EACCES))
        self.make_readable()
        for name, error in refused.items():
            with self.subTest(name):
                _, said = self.intrude(name, "rules", "import", gitleaks, KEYSIEVE_LIBEXEC=LIBEXEC)
                self.assertIn(f"intruder: error {error}\n", said)
        self.assert_untouched(self.victim, b"text\n")

    def make_readable(self):
        """And not of now."""
        os.chmod(self.victim, 0o644)
        os.utime(self.victim, (1, 1))

    def assert_untouched(self, path, content):
        now = os.stat(path)
        self.assertEqual((now.st_mode & 0o7777, now.st_mtime, now.st_uid), (0o644, 1, os.getuid()))
        self.assertEqual(os.listxattr(path), [])
        self.assertEqual(self.content(path), content)

    def test_what_is_only_read_is_not_changed(self):
        """Whatever else is written, and whatever version Landlock has."""
        os.chmod(self.log, 0o644)
        os.utime(self.log, (1, 1))
        for command, args, data, makes_files in self.commands():
            if not makes_files or command in ("in-place", "report-page"):
                continue
            for version in ("1", "2", "7"):
                for name in ("truncate", "empty", "write-empty", "give-capability", "open-for-nothing", "exchange",
                             *sorted(MODES)):
                    with self.subTest(f"{command}, Landlock {version}: {name}"):
                        _, said = self.intrude(name, *args, data=data, place=self.log, INTRUDER_LANDLOCK=version)
                        self.assertIn(f"intruder: error {errno.EACCES}\n", said)
                        self.assert_untouched(self.log, self.data)

    def test_what_is_made_can_do_nothing(self):
        """In a directory of its own too no file is made that runs, nor as somebody else."""
        for command, args, data, makes_files in self.commands():
            if not makes_files or command == "in-place":
                continue
            place = self.path("own/made")
            for name in ("make-set-id", "make-program", "make-unnamed"):
                with self.subTest(f"{command}: {name}"):
                    _, said = self.intrude(name, *args, data=data, place=place)
                    self.assertIn(f"intruder: error {errno.EACCES}\n", said)
                    self.assertFalse(os.path.exists(place + ".new"))

    def test_what_can_be_changed_in_place(self):
        """Where new files are made these get owners and modes, but none with which it runs as somebody else."""
        os.chmod(self.log, 0o644)
        os.utime(self.log, (1, 1))
        for more in ("-i", "-i.orig"):
            for name in ("open-for-nothing", "change-special-mode", "change-times", "truncate", "empty", "exchange"):
                with self.subTest(f"{more} {name}"):
                    _, said = self.intrude(name, *ONLY, more, self.log, place=self.log)
                    self.assertIn(f"intruder: error {errno.EACCES}\n", said)
                    self.assert_untouched(self.log, self.data)
            with self.subTest(f"{more} give-capability"):
                _, said = self.intrude("give-capability", *ONLY, more, self.log, place=self.log)
                self.assertRegex(said, f"intruder: error ({errno.EPERM}|{errno.EOPNOTSUPP})\n")
                self.assert_untouched(self.log, self.data)
        _, said = self.intrude("read", "--rules", self.rule, "--only", "acme-api-key", "-i", self.log, place=self.rule)
        self.assertIn(f"intruder: error {errno.EACCES}\n", said)
        for name in ("change-mode", "change-owner"):
            for more, wanted in (("-i", f"error {errno.EACCES}"), ("-i.orig", "done")):
                with self.subTest(f"{more} {name}"):
                    _, said = self.intrude(name, *ONLY, more, self.log, place=self.log)
                    self.assertIn(f"intruder: {wanted}\n", said)

    def test_inputs_can_be_read_but_not_written(self):
        for name, wanted in (("read", "done"), ("write", "error"), ("unlink", ""), ("truncate", "error")):
            with self.subTest(name):
                _, said = self.intrude(name, *ONLY, self.log, place=self.log)
                self.assertIn(wanted, said)
                self.assertEqual(self.content(self.log), self.data)

    def test_a_file_that_is_masked_in_place_is_written_but_nothing_is_made_beside_it(self):
        status, said = self.intrude("write", *ONLY, "-i", self.log, place=self.log)
        self.assertIn("done", said)
        for name in ("create", "unlink", "rename"):
            with self.subTest(name):
                status, said = self.intrude(name, *ONLY, "-i", self.log, place=self.log)
                self.assertEqual((status, said), (9, f"intruder: error {errno.EACCES}\n"))
        _, said = self.intrude("create", *ONLY, "-i.orig", self.log, place=self.log)
        self.assertIn("done", said)

    def test_files_of_the_process_itself(self):
        for place in ("/proc/self/mem", "/proc/self/environ", "/etc/passwd", "/etc/shadow", "/dev/tty"):
            if os.path.exists(place):
                with self.subTest(place):
                    _, said = self.intrude("read", *ONLY, self.log, place=place)
                    self.assertRegex(said, f"error ({errno.EACCES}|{errno.ENXIO})\n")


@NEEDS_INTRUDER
class Kernels(SandboxTest):
    """Kernels and containers that lack it, or forbid it."""

    def env(self, lacks):
        return {"LD_PRELOAD": INTRUDER, "INTRUDER_KERNEL": lacks, "KEYSIEVE_SANDBOX": "auto"}

    def test_auto_goes_without_a_word(self):
        for lacks in ("landlock", "seccomp", "landlock,seccomp", "forbidden", "no-rules"):
            with self.subTest(lacks):
                self.assert_done(run(*ONLY, self.log, env=self.env(lacks)), masked(self.data, self.secret))

    def test_require_says_what_is_missing_and_reads_nothing(self):
        for lacks, word in (("landlock", "Landlock"), ("seccomp", "seccomp"), ("forbidden", "Landlock"),
                            ("no-rules", "Landlock")):
            with self.subTest(lacks):
                result = run("--sandbox", "require", *ONLY, data=self.data, env=self.env(lacks))
                self.assert_message(result, 78, "--sandbox=require", f"no {word} here")
                self.assertEqual(result.stdout, b"")

    @NEEDS_ALL
    def test_what_there_is_closes(self):
        """Without Landlock files can be read, but not written; without seccomp they cannot be read either."""
        env = {"INTRUDER": "read", "INTRUDER_PLACE": self.victim}
        said = run(*ONLY, data=self.data, env={**env, **self.env("landlock")}).stderr
        self.assertIn(b"intruder: done", said)
        env["INTRUDER"] = "write"
        said = run(*ONLY, data=self.data, env={**env, **self.env("landlock")}).stderr
        self.assertIn(b"intruder: error 13", said)

    def test_off(self):
        env = {"LD_PRELOAD": INTRUDER, "INTRUDER": "read", "KEYSIEVE_SANDBOX": "off"}
        self.assert_done(run(*ONLY, data=self.data, env=env), masked(self.data, self.secret))


@NEEDS_ALL
class Process(SandboxTest):
    def status(self, pid):
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            return dict(re.findall(r"(?m)^(\w+):\s*(\S*)", file.read()))

    def assert_closed(self, pid):
        status = self.status(pid)
        self.assertEqual((status["Seccomp"], status["NoNewPrivs"]), ("2", "1"))

    def test_filter(self):
        with Live("--sandbox=require", *ONLY) as live:
            live.write(b"text\n")
            self.assert_closed(live.process.pid)

    def test_follow(self):
        with Follower("--sandbox=require", self.log) as follower:
            self.assert_closed(follower.process.pid)

    def test_all_threads(self):
        """The server's and that which inflates too."""
        import gzip
        with Live("--sandbox=require", *ONLY, "--metrics-listen", f"127.0.0.1:{self.free_port()}") as live:
            live.write(gzip.compress(b"text\n")[:-1])
            self.assert_all_closed(live.process.pid, 3)

    def test_the_thread_that_watches_known_values(self):
        known = self.file("known", b"horse-battery-staple-7\n")
        with Live("--sandbox=require", *ONLY, "--known", known) as live:
            self.assert_bytes(live.write(b"horse-battery-staple-7\n"), b"*" * 22 + b"\n")
            self.assert_all_closed(live.process.pid, 2)

    def test_threads_that_mask(self):
        log = self.file("long", b"text\n" * (8 << 20))
        with Live("--sandbox=require", *ONLY, "-j", "2", log) as live:
            os.set_blocking(live.sink, True)
            for _ in range(200):
                os.read(live.sink, 1 << 16)
            self.assert_all_closed(live.process.pid, 2)

    def assert_all_closed(self, pid, count):
        """Of at least so many threads, as soon as they are there."""
        deadline = time.monotonic() + LONG
        while len(threads := os.listdir(f"/proc/{pid}/task")) < count:
            self.assertLess(time.monotonic(), deadline, f"{len(threads)} threads")
            time.sleep(0.001)
        for thread in threads:
            self.assert_closed(f"{pid}/task/{thread}")

    def test_the_users_command_is_outside(self):
        """It may do whatever the user may, and does not know of the sandbox."""
        seen = self.path("seen")
        command = f"cat /proc/self/status >{seen}; echo >>{self.victim}"
        self.assert_status(run("--sandbox=require", *ONLY, "--on-leak", command, data=self.data), 0)
        status = dict(re.findall(r"(?m)^(\w+):\s*(\S*)", self.content(seen).decode()))
        own = self.status("self")
        self.assertEqual((status["Seccomp"], status["NoNewPrivs"]), (own["Seccomp"], own["NoNewPrivs"]))
        self.assertEqual(self.content(self.victim), b"text\n\n")

    def test_nobody_waits_for_the_process_that_runs_the_command(self):
        """It has neither end of the pipes: the reader sees the end as soon as keysieve is gone, killed or not."""
        with Live("--sandbox=require", *ONLY, "--on-leak", "true") as live:
            live.write(b"text\n")
            live.process.send_signal(signal.SIGKILL)
            self.assert_bytes(live.finish(), b"text\n")


@unittest.skipUnless(STRACE and not is_sanitized(), "no strace, or a sanitizer")
class Traces(SandboxTest):
    def trace(self, *args, data=b"", calls="all"):
        report = self.path("strace")
        result = subprocess.run([STRACE, "-f", "-qq", "-e", "signal=none", "-e", f"trace={calls}", "-o", report, BINARY, *args],
                                input=data, capture_output=True, env=environment(), timeout=LONG, check=False)
        return result, self.content(report).decode(errors="replace")

    def commands(self):
        for name, args, data, makes_files in super().commands():
            if not name.startswith("follow"):  # it would go on for ever
                yield name, args, data, makes_files

    def test_no_command_opens_a_socket_to_the_network(self):
        for name, args, data, _ in self.commands():
            with self.subTest(name):
                _, text = self.trace(*args, data=data, calls="socket,connect,bind,listen,socketpair")
                text = "\n".join(line for line in text.splitlines() if "AF_UNIX" not in line)
                if name == "filter-metrics":
                    self.assertRegex(text, r"socket\(AF_INET, SOCK_STREAM")
                    self.assertNotIn("connect(", text)
                else:
                    self.assertEqual(text, "")

    def test_nothing_is_read_before_it_is_closed(self):
        """Neither the standard input nor a file of the user's; but for what is looked at before masking in place."""
        for name, args, data, _ in self.commands():
            if name in ("import", "in-place"):
                continue
            with self.subTest(name):
                result, text = self.trace(*args, data=data, calls="read,pread64,openat,seccomp,mmap")
                self.assertNotIn("sandbox", result.stderr.decode())
                before, closed, after = text.partition("SECCOMP_SET_MODE_FILTER")
                self.assertTrue(closed)
                self.assertNotIn("read(0,", before)
                opened = [line for line in before.splitlines() if "O_PATH" not in line]
                for path in (self.log, self.path("empty"), self.journals + "/a.journal"):
                    self.assertNotIn(f'"{path}"', "\n".join(opened))

    def test_no_file_is_looked_at_while_it_closes(self):
        """What is read then could take over a process with half a sandbox."""
        for name, args, data, _ in self.commands():
            if name == "import":
                continue
            with self.subTest(name):
                _, text = self.trace(*args, data=data, calls="read,pread64,openat,landlock_restrict_self,seccomp")
                process = re.search(r"^(\d+) +landlock_restrict_self\(", text, re.M)[1]  # not what runs the hook
                text = "\n".join(line for line in text.splitlines() if line.split()[0] == process)
                between = text.partition("landlock_restrict_self(")[2].partition("SECCOMP_SET_MODE_FILTER")[0]
                self.assertIn("seccomp(", between)
                self.assertNotRegex(between, r"\b(read|pread64|openat)\(")

    def test_no_core_and_no_payload_where_it_ends(self):
        """A forbidden call: one line, which holds nothing of the input."""
        if not os.path.exists(INTRUDER):
            self.skipTest("no tests/intruder.so")
        env = {"LD_PRELOAD": INTRUDER, "INTRUDER": "fork"}
        result = run(*ONLY, data=self.data, env=env, cwd=self.directory)
        self.assert_no_piece(result.stderr, self.secret)
        self.assertEqual([name for name in os.listdir(self.directory) if "core" in name], [])


class Options(SandboxTest):
    def test_words(self):
        for word in ("auto", "off"):
            with self.subTest(word):
                self.assert_done(run("--sandbox", word, *ONLY, data=self.data), masked(self.data, self.secret))
        self.assert_message(run("--sandbox", "on", data=b""), 2, "--sandbox: must be auto, off or require")

    def test_a_sanitizer_and_the_sandbox_exclude_each_other(self):
        if not has_sanitizer():
            self.skipTest("it has none")
        self.assert_message(run("--sandbox=require", data=b""), 78, "sanitizer")
        self.assertEqual(sandbox_here(), "none")

    @NEEDS_ALL
    def test_all_commands_work_in_it(self):
        """As without it: the same output, messages and status."""
        for name, args, data, makes_files in self.commands():
            if makes_files or name.startswith("follow") or name in ("filter-metrics", "filter-output"):
                continue
            with self.subTest(name):
                got, wanted = (run(*args, data=data, env={"KEYSIEVE_SANDBOX": word}) for word in ("require", "off"))
                self.assertEqual((got.returncode, got.stderr), (wanted.returncode, wanted.stderr))
                self.assert_bytes(got.stdout, wanted.stdout)

    @NEEDS_ALL
    def test_a_path_to_be_allowed_that_is_not_there_is_told(self):
        result = run(*ONLY, "--sandbox-read", self.path("none"), data=self.data)
        self.assertIn(b"none: --sandbox-read allows only what is there", result.stderr)
        self.assert_bytes(result.stdout, masked(self.data, self.secret))

    @NEEDS_ALL
    def test_an_interrupt_at_the_prompt_leaves_the_terminal_as_it_was(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                master, slave = os.openpty()
                before = termios.tcgetattr(slave)
                with subprocess.Popen([BINARY, "fingerprint", *ONLY, "--key-file", self.key()], stdin=slave,
                                      stderr=subprocess.PIPE, env=environment()) as process:
                    os.read(process.stderr.fileno(), 100)  # the prompt
                    process.send_signal(number)
                    self.assertEqual(process.wait(LONG), -number)
                self.assertEqual(termios.tcgetattr(slave), before)
                os.close(master)
                os.close(slave)

    @NEEDS_ALL
    def test_a_terminal_at_the_prompt(self):
        master, slave = os.openpty()
        with subprocess.Popen([BINARY, "fingerprint", "--sandbox=require", *ONLY, "--key-file", self.key()],
                              stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=environment()) as process:
            os.read(process.stderr.fileno(), 100)  # the prompt
            os.write(master, TRIGGER + self.secret + b"\n")
            self.assertRegex(process.stdout.read().decode(), r"\A[0-9a-f]+-[0-9a-f]+  anthropic-api-key\n\Z")
            self.assertEqual(process.wait(LONG), 0)
        os.close(master)
        os.close(slave)


@NEEDS_ALL
class Followed(SandboxTest):
    """What follow may read: also what comes later."""

    def follow(self, *args):
        return Follower("--sandbox=require", "--from-start", *args)

    def write(self, path, data):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "ab") as file:
            file.write(data)

    def test_links_to_links_in_other_directories(self):
        """As of containers: a pod that is there, and, beside it, one that comes later."""
        links = self.sub("containers")

        def start_pod(name):
            self.write(self.path(f"runtime/{name}/{name}-json.log"), self.data)
            os.makedirs(self.path(f"pods/{name}"))
            os.symlink(self.path(f"runtime/{name}/{name}-json.log"), self.path(f"pods/{name}/0.log"))
            os.symlink(self.path(f"pods/{name}/0.log"), f"{links}/{name}.log")
        start_pod("a")
        with self.follow(f"{links}/*.log") as f:
            f.expect(masked(self.data, self.secret))
            start_pod("b")
            f.expect(masked(self.data, self.secret) * 2)

    def test_a_link_that_is_set_anew(self):
        """As at a deployment: current -> releases/17, then releases/18."""
        current, log = self.path("app/current"), self.path("app/current/log/x.log")
        self.write(self.path("app/releases/17/log/x.log"), self.data)
        os.symlink("releases/17", current)
        with self.follow(log) as f:
            f.expect(masked(self.data, self.secret))
            self.write(self.path("app/releases/18/log/x.log"), self.data)
            os.symlink("releases/18", current + ".new")
            os.rename(current + ".new", current)
            f.expect(masked(self.data, self.secret) * 2)

    def test_a_directory_that_is_not_there_yet(self):
        with self.follow(self.path("late/app/x.log")) as f:
            self.write(self.path("late/app/x.log"), self.data)
            f.expect(masked(self.data, self.secret))

    def test_a_directory_that_is_made_anew(self):
        path = self.path("logs/app/x.log")
        self.write(path, self.data)
        with self.follow(path) as f:
            f.expect(masked(self.data, self.secret))
            os.rename(self.path("logs/app"), self.path("logs/app.1"))
            self.write(path, self.data)
            f.expect(masked(self.data, self.secret) * 2)

    def test_what_lies_elsewhere_is_told_and_can_be_allowed(self):
        logs, other = self.sub("one/two/logs"), self.sub("elsewhere/deep")
        self.write(f"{other}/x.log", self.data)
        for allowed in (False, True):
            with self.subTest(allowed=allowed):
                with self.follow(*(("--sandbox-read", other) if allowed else ()), f"{logs}/x.log") as f:
                    os.symlink(f"{other}/x.log", f"{logs}/x.log")
                    if allowed:
                        f.expect(masked(self.data, self.secret))
                    else:
                        f.expect_message("x.log: the sandbox does not let it be read; see --sandbox-read")
                os.unlink(f"{logs}/x.log")

    @unittest.skipUnless(STRACE, "strace is not installed")
    def test_where_the_runtimes_of_containers_have_their_logs(self):
        report = self.path("strace")
        process = subprocess.Popen([STRACE, "-D", "-qq", "-e", "trace=openat,landlock_restrict_self", "-o", report,
                                    BINARY, "follow", "--sandbox=require", *ONLY, "/var/log/containers/*.log"],
                                   stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   env=environment(visible()))
        try:
            self.wait_for_text(report, "landlock_restrict_self")  # all is asked for by then
            text = self.content(report).decode()
        finally:
            process.kill()
            process.wait()
        asked = set(re.findall(r'openat\(AT_FDCWD, "([^"]*)", O_RDONLY\|O_CLOEXEC\|O_PATH', text))
        self.assertLessEqual({"/var/log/pods", "/var/lib/docker/containers"}, asked)
        if not os.path.exists("/var/log/containers"):
            self.assertIn("/var/log", asked)
        self.assertFalse({"/", "/var", "/var/lib"} & asked)

    def wait_for_text(self, path, text):
        for _ in range(LONG * 100):
            if os.path.exists(path) and text.encode() in self.content(path):
                return
            time.sleep(0.01)
        self.fail(f"{text} does not come")


@NEEDS_ALL
class Reloads(SandboxTest):
    """Files that others replace are read and written by their names, as before."""

    def test_rules_that_an_editor_replaces(self):
        rules = self.sub("rules")
        path = os.path.join(rules, "acme.yaml")
        shutil.copy(self.rule, path)
        secret = body(40, 3, "abcdefghij0123456789ABCDEF")
        with Live("--sandbox=require", "--rules", path, "--only", "acme-api-key") as live:
            live.write(b"text\n")
            with open(path + ".new", "w", encoding="ascii") as file:
                file.write(RULE.replace("acme_live_", "acme_prod_"))
            os.rename(path + ".new", path)
            live.process.send_signal(signal.SIGHUP)
            live.settle()
            data = b"acme_prod_" + secret + b"\n"
            self.assert_bytes(live.write(data), b"text\n" + masked(data, secret))
            self.assertEqual(live.messages(), b"")

    def test_the_cache_of_rules_is_read_but_not_written(self):
        """Whoever takes over the process must not leave rules to the next. New rules are compiled all the same."""
        rules, cache = self.sub("rules"), self.path("cache")
        path = os.path.join(rules, "acme.yaml")
        shutil.copy(self.rule, path)
        secret = body(40, 3, "abcdefghij0123456789ABCDEF")
        for is_there in (True, False):
            with self.subTest(is_there=is_there), Live(
                    "--sandbox=require", "--rules", path, "--only", "acme-api-key", "--cache-dir", cache) as live:
                live.write(b"text\n")
                files = sorted(os.listdir(cache))
                self.assertNotEqual(files, [])
                if not is_there:
                    shutil.rmtree(cache)
                with open(path, "w", encoding="ascii") as file:
                    file.write(RULE.replace("acme_live_", f"acme_{is_there}_"))
                live.process.send_signal(signal.SIGHUP)
                live.settle()
                data = f"acme_{is_there}_".encode() + secret + b"\n"
                self.assert_bytes(live.write(data), b"text\n" + masked(data, secret))
                self.assertEqual(live.messages(), b"")
                self.assertEqual(sorted(os.listdir(cache)) if is_there else os.path.exists(cache),
                                 files if is_there else False)

    def test_explain_finds_its_rules_in_the_cache(self):
        cache = self.path("cache")
        for _ in range(2):
            result = run("rules", "explain", "--sandbox=require", *ONLY, "--cache-dir", cache, self.log)
            self.assert_status(result, 0)
            self.assertGreaterEqual(len(os.listdir(cache)), 2)

    def test_a_directory_of_rules_that_is_mounted_anew(self):
        """As Kubernetes does with a ConfigMap: a link is set anew."""
        mount = self.sub("mount")
        for version, prefix in ((1, "acme_live_"), (2, "acme_prod_")):
            os.mkdir(f"{mount}/..{version}")
            with open(f"{mount}/..{version}/acme.yaml", "w", encoding="ascii") as file:
                file.write(RULE.replace("acme_live_", prefix))
        os.symlink("..1", f"{mount}/..data")
        os.symlink("..data/acme.yaml", f"{mount}/acme.yaml")
        secret = body(40, 3, "abcdefghij0123456789ABCDEF")
        with Live("--sandbox=require", "--rules-dir", mount, "--only", "acme-api-key") as live:
            live.write(b"text\n")
            os.symlink("..2", f"{mount}/..new")
            os.rename(f"{mount}/..new", f"{mount}/..data")
            live.process.send_signal(signal.SIGHUP)
            live.settle()
            data = b"acme_prod_" + secret + b"\n"
            self.assert_bytes(live.write(data), b"text\n" + masked(data, secret))

    def test_a_ledger_that_was_rotated(self):
        own = self.sub("own")
        with Live("--sandbox=require", *ONLY, "--ledger", f"{own}/ledger") as live:
            live.write(self.data)
            os.rename(f"{own}/ledger", f"{own}/ledger.1")
            live.process.send_signal(signal.SIGHUP)
            live.settle()
            live.write(self.data + TRIGGER + body(60, 2) + b"\n")
            live.finish()
            self.assertEqual(live.messages(), b"")
        self.assertTrue(self.content(f"{own}/ledger"))

    def test_a_ledger_that_is_a_socket(self):
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        with here, there:
            fd = there.fileno()
            result = run("--sandbox=require", *ONLY, "--ledger", f"fd:{fd}", data=self.data, pass_fds=(fd,))
            self.assert_done(result, masked(self.data, self.secret))
            self.assertIn(b'"event"', here.recv(65536))


if __name__ == "__main__":
    unittest.main()
