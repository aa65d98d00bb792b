# SPDX-License-Identifier: Apache-2.0
"""The units of deploy/systemd do what they say: their own command lines are run here, by a stand-in for
the service manager, and no system call is made that their filter refuses."""

import functools
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

from support import (BINARY, LONG, TRIGGER, CommandTest, body, environment, is_sanitized,
                     stars)

HERE = os.path.dirname(os.path.abspath(__file__))
UNITS = os.path.join(HERE, "..", "..", "deploy", "systemd")
JOURNAL_REMOTE = "/lib/systemd/systemd-journal-remote"
SECRET = body()


def has_command(name):
    """Is it built in? keysieve journal needs libsystemd."""
    text = subprocess.run([BINARY, name, "--help"], capture_output=True, check=False).stdout
    return text.startswith(b"Usage: keysieve " + name.encode())


def wait_for(condition, what):
    end = time.monotonic() + LONG
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)


@functools.cache
def system_calls(name):
    """The system calls of one of systemd's sets, those of the sets in it included; or the one of this name."""
    if not name.startswith("@"):
        return {name}
    text = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True,
                          text=True, check=True).stdout
    words = [line.strip() for line in text.splitlines()[1:]]
    calls = {word for word in words if re.match(r"[a-z]", word)}
    return calls.union(*(system_calls(word) for word in words if word.startswith("@")))


class Manager:
    """A service manager's part: it fills in what stands for something, gets the messages, waits."""

    def __init__(self, case, unit, instance, variables):
        with open(os.path.join(UNITS, unit), encoding="ascii") as file:
            self.unit = file.read().replace("\\\n", "")
        self.root = case.path("root")
        self.instance, self.variables = instance, variables
        for kind, key in (("state", "StateDirectory"), ("logs", "LogsDirectory")):
            os.makedirs(os.path.join(self.root, kind, self.values(key)[0]))
        os.mkdir(os.path.join(self.root, "bin"))
        os.symlink(BINARY, os.path.join(self.root, "bin", "keysieve"))
        self.messages = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(os.path.join(self.root, "notify"))
        threading.Thread(target=self.listen, daemon=True).start()
        self.main = None

    def listen(self):
        while message := self.socket.recv(4096):
            self.messages += message.decode().splitlines()

    def values(self, key):
        return re.findall(rf"^{key}=(.*)$", self.unit, re.M)

    def command(self, key):
        text = self.values(key)[0]
        for short, long in (("%S", self.root + "/state"), ("%L", self.root + "/logs"), ("%i", self.instance)):
            text = text.replace(short, long)
        argv = []
        for word in shlex.split(text):
            if word.startswith("$") and word[1:] in self.variables:
                argv += shlex.split(self.variables[word[1:]])
                continue
            for name, value in self.variables.items():
                word = word.replace("${" + name + "}", value)
            argv.append(word)
        return argv

    def environment(self, extra):
        path = os.path.join(self.root, "bin") + ":" + os.environ["PATH"]
        return environment({"PATH": path, **extra})

    def start(self, *before):
        """before: a command that runs the service's."""
        self.messages.clear()
        env = self.environment({"NOTIFY_SOCKET": os.path.join(self.root, "notify"),
                                "WATCHDOG_USEC": "1000000"})
        self.main = subprocess.Popen([*before, *self.command("ExecStart")], env=env, umask=0o027,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                     start_new_session=True)
        wait_for(lambda: "READY=1" in self.messages, "READY")

    def child(self):
        """What strace runs."""
        pid = self.main.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return int(file.read().split()[0])

    def control(self, key):
        """Run the commands of ExecReload= or ExecStop=, and meanwhile reap the service."""
        self.variables["MAINPID"] = str(self.main.pid)
        reaper = threading.Thread(target=self.main.wait)
        if key == "ExecStop":
            reaper.start()
        env = self.environment({"MAINPID": str(self.main.pid)})
        subprocess.run(self.command(key), env=env, timeout=LONG, check=True)
        if key == "ExecStop":
            reaper.join(LONG)

    def refused(self, report):
        """Which of the calls in a report of strace -f the unit's filter would refuse."""
        allowed = set()
        for words in self.values("SystemCallFilter"):
            calls = set().union(*(system_calls(word) for word in words.lstrip("~").split()))
            allowed = allowed - calls if words.startswith("~") else allowed | calls
        with open(report, encoding="ascii", errors="replace") as file:
            made = set(re.findall(r"^(?:\d+ +)?([a-z]\w*)\(", file.read(), re.M))
        return made - allowed

    def close(self):
        if self.main and self.main.poll() is None:
            os.killpg(self.main.pid, signal.SIGKILL)
            self.main.wait()
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class UnitCase(CommandTest):
    def manager(self, *args):
        manager = Manager(self, *args)
        self.addCleanup(manager.close)
        return manager

    def need(self, *programs):
        for program in programs:
            if not shutil.which(program):
                self.skipTest(f"{program} is not installed")

    def need_native(self):
        self.need("strace", "systemd-analyze")
        if is_sanitized():
            self.skipTest("a sanitizer makes system calls of its own")


@unittest.skipUnless(has_command("follow"), "no keysieve follow")
class FollowUnit(UnitCase):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("raw"))
        self.raw = self.path("raw/app.log")
        self.append(b"first\n")
        self.service = self.manager("keysieve-follow@.service", "app",
                                    {"FILES": self.path("raw") + "/*.log " + self.path("raw/other")})
        self.redacted = os.path.join(self.service.root, "logs/keysieve/app.log")

    def append(self, data):
        with open(self.raw, "ab") as file:
            file.write(data)

    def read(self):
        with open(self.redacted, "rb") as file:
            return file.read()

    def expect(self, data):
        wait_for(lambda: os.path.exists(self.redacted) and len(self.read()) >= len(data), "the output")
        self.assertEqual(self.read(), data)

    def stop(self):
        self.service.main.send_signal(signal.SIGTERM)
        self.assertEqual(self.service.main.wait(LONG), 0)

    def test_follows_reloads_stops_goes_on(self):
        key, redacted = TRIGGER + SECRET + b"\n", TRIGGER + stars(SECRET) + b"\n"
        self.service.start()
        self.append(key)
        self.expect(redacted)
        self.assertEqual(os.stat(self.redacted).st_mode & 0o777, 0o640)

        os.rename(self.redacted, self.redacted + ".1")
        self.service.control("ExecReload")
        wait_for(lambda: os.path.exists(self.redacted), "the new output")
        self.append(key)
        self.expect(redacted)
        wait_for(lambda: "WATCHDOG=1" in self.service.messages, "a sign of life")
        self.stop()

        self.append(b"meanwhile\n")
        self.service.start()
        self.expect(redacted + b"meanwhile\n")
        self.stop()

    def test_system_calls(self):
        self.need_native()
        report = self.path("strace")
        self.service.start("strace", "-f", "-o", report)
        self.append(TRIGGER + SECRET + b"\n")
        self.expect(TRIGGER + stars(SECRET) + b"\n")
        os.kill(self.service.child(), signal.SIGTERM)
        self.service.main.wait(LONG)
        self.assertEqual(self.service.refused(report), set())


@unittest.skipUnless(has_command("journal"), "no keysieve journal")
@unittest.skipUnless(os.path.exists(JOURNAL_REMOTE), "systemd-journal-remote is not installed")
class JournalUnit(UnitCase):
    def setUp(self):
        super().setUp()
        self.need("pkill")
        os.mkdir(self.path("raw"))
        self.count = 0
        self.writer = subprocess.Popen([JOURNAL_REMOTE, "--output", self.path("raw/raw.journal"), "-"],
                                       stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(self.end_writer)
        self.log(10)
        wait_for(lambda: len(self.entries(self.path("raw"))) == 10, "a journal")
        matches = f"--directory={self.path('raw')} _SYSTEMD_UNIT=app.service"
        self.service = self.manager("keysieve-journal.service", "", {"MATCHES": matches})
        self.redacted = os.path.join(self.service.root, "logs/journal-redacted")

    def end_writer(self):
        self.writer.stdin.close()
        self.writer.wait(LONG)

    def log(self, count):
        for self.count in range(self.count + 1, self.count + count + 1):
            self.writer.stdin.write(
                b"__REALTIME_TIMESTAMP=17000000%08d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%s\n"
                b"_MACHINE_ID=%s\n_SYSTEMD_UNIT=app.service\nMESSAGE=%d %s%s\n\n"
                % (self.count, self.count, b"1" * 32, b"2" * 32, self.count, TRIGGER, SECRET))
        self.writer.stdin.flush()

    def entries(self, directory):
        return subprocess.run(["journalctl", "--quiet", "--output=cat", "--directory", directory],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=False).stdout.splitlines()

    def expect_all(self):
        wanted = [b"%d %s%s" % (n, TRIGGER, stars(SECRET)) for n in range(1, self.count + 1)]
        wait_for(lambda: len(self.entries(self.redacted)) >= len(wanted), "the redacted journal")
        self.assertEqual(self.entries(self.redacted), wanted)

    def test_stop_loses_and_repeats_nothing(self):
        for _ in range(3):
            self.service.start()
            self.service.control("ExecReload")
            self.log(3000)
            self.service.control("ExecStop")
            self.assertEqual(self.service.main.returncode, 0)
        self.service.start()
        self.expect_all()
        self.service.control("ExecStop")

    def test_system_calls(self):
        self.need_native()
        report = self.path("strace")
        self.service.start("strace", "-f", "-o", report)
        self.expect_all()
        subprocess.run(["pkill", "-TERM", "--parent", str(self.service.child())], check=True)
        self.service.main.wait(LONG)
        self.assertEqual(self.service.refused(report), set())
