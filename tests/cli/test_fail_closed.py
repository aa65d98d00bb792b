# SPDX-License-Identifier: Apache-2.0
"""What fails beside the way of the bytes stops no masking, lets nothing out, and is told once; and after an error in it nothing
more comes out. docs/failures.md has the whole table."""

import contextlib
import errno
import os
import resource
import shutil
import signal
import socket
import time
import unittest

from support import ALNUM, BINARY, LONG, ONLY, RULE, TRIGGER, CommandTest, Live, body, catches_signal, is_sanitized, masked, run
from test_metrics import has_server

LIBRARY = os.path.join(os.path.dirname(BINARY), "tests", "faults", "libfaults.so")
SECRETS = [body(40, seed) for seed in range(200, 240)]
SECRET = body(32, 5, ALNUM)
FOREVER = 10 ** 9


def line(number):
    return b"%d %s%s\n" % (number, TRIGGER, SECRETS[number])


def right(number):
    return masked(line(number), SECRETS[number])


def faults(kind, first, last, error, path=""):
    """The environment in which the calls first to last of a kind, of files with path in their name, fail."""
    return {"LD_PRELOAD": LIBRARY, "KEYSIEVE_FAULT": f"{kind}:{first}-{last}:{error}", "KEYSIEVE_FAULT_PATH": path,
            "KEYSIEVE_SANDBOX": "off"}


def needs_library(test):
    return unittest.skipIf(is_sanitized() or not os.path.exists(LIBRARY), "no library of faults")(test)


class FailClosed(CommandTest):
    def wait_for(self, what):
        end = time.monotonic() + LONG
        while not what():
            self.assertLess(time.monotonic(), end, "it does not come")
            time.sleep(0.01)

    def wait_for_message(self, live, text):
        self.wait_for(lambda: text in live.messages())

    def told_once(self, messages, *texts):
        for text in texts:
            self.assertEqual(messages.count(text), 1, (text, messages))
        for secret in SECRETS:
            self.assert_no_piece(messages, secret)


class Ledger(FailClosed):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("d"))
        self.ledger = self.path("d/ledger")

    def records(self):
        return self.content(self.ledger).count(b"\n")

    @needs_library
    def test_a_full_disk_that_gets_room_again(self):
        with Live(*ONLY, "--ledger", self.ledger, env=faults("write", 2, 6, errno.ENOSPC, "/d/ledger")) as live:
            for number in range(10):
                self.assert_bytes(live.write(line(number)), b"".join(right(n) for n in range(number + 1)))
            live.finish()
            self.assertEqual(live.process.returncode, 0)
            self.told_once(live.messages(), b"No space left on device; masking goes on", b"it can be written again",
                           b"5 lines could not be written")
        # one, then five that are told of at the end, then four
        text = self.content(self.ledger)
        self.assertEqual((text.count(b'"finding"'), text.count(b'"repeat"')), (5, 5))

    def test_its_directory_is_removed(self):
        with Live(*ONLY, "--ledger", self.ledger, "--sandbox", "off") as live:
            live.write(line(0))
            shutil.rmtree(self.path("d"))
            for number in range(1, 4):
                live.write(line(number))
            self.told_once(live.messages(), b"No such file or directory; masking goes on")
            os.mkdir(self.path("d"))
            self.assert_bytes(live.write(line(4)), b"".join(right(n) for n in range(5)))
            self.told_once(live.messages(), b"it can be written again")
            self.assertEqual(self.records(), 1)
            live.finish()
            self.assertEqual((live.process.returncode, self.records()), (0, 4))

    def test_a_file_that_is_removed_is_begun_anew(self):
        with Live(*ONLY, "--ledger", self.ledger) as live:
            live.write(line(0))
            os.unlink(self.ledger)
            live.write(line(1))
            self.assertEqual((self.records(), live.messages()), (1, b""))

    def test_it_is_in_the_statistics(self):
        data = b"".join(line(n) for n in range(3))
        result = run(*ONLY, "--stats", "--ledger", "/dev/full", data=data)
        self.assert_status(result, 0)
        self.told_once(result.stderr, b"masking goes on", b"/dev/full: 3 lines could not be written")


class Command(FailClosed):
    def test_it_is_missing_and_comes_back(self):
        script, seen = self.path("notify"), self.path("seen")
        with Live(*ONLY, "--on-leak", f"{script} 2>&-") as live:
            for number in range(2):
                live.write(line(number))
            self.wait_for_message(live, b"the command ended with status 127")
            with open(script, "w", encoding="ascii") as file:
                file.write(f"#!/bin/sh\ncat >> {seen}\n")
            os.chmod(script, 0o755)
            live.write(line(2))
            self.wait_for_message(live, b"the command works again")
            self.assert_bytes(live.finish(), b"".join(right(n) for n in range(3)))
            self.told_once(live.messages(), b"ended with status 127", b"works again")

    def test_it_is_in_the_statistics(self):
        result = run(*ONLY, "--stats", "--on-leak", "exit 3", data=line(0) + line(1))
        self.assert_bytes(result.stdout, right(0) + right(1))
        self.assertIn(b"ended with status 3", result.stderr)

    def test_it_cannot_be_started(self):
        result = run(*ONLY, "--on-leak", "exec /dev/null", data=line(0))
        self.assert_status(result, 0)
        self.assert_bytes(result.stdout, right(0))
        self.assertIn(b"--on-leak: the command ended with status 126", result.stderr)

    def test_it_ends_the_process_that_runs_it(self):
        data = b"".join(line(n) for n in range(5))
        result = run(*ONLY, "--stats", "--on-leak", "kill -KILL $PPID", data=data)
        self.assert_status(result, 0)
        self.assert_bytes(result.stdout, b"".join(right(n) for n in range(5)))
        self.assertEqual(result.stderr.count(b"--on-leak: the process that runs the command is gone"), 1)


class Metrics(FailClosed):
    def test_a_file_that_cannot_be_written_for_a_while(self):
        os.mkdir(self.path("d"))
        page = self.path("d/a.prom")
        with Live(*ONLY, "--metrics-file", page, "--sandbox", "off") as live:
            self.wait_for(lambda: os.path.exists(page))
            shutil.rmtree(self.path("d"))
            for _ in range(2):
                live.process.send_signal(signal.SIGUSR1)
                live.write(line(0))
            self.wait_for_message(live, b"No such file or directory")
            os.mkdir(self.path("d"))
            live.process.send_signal(signal.SIGUSR1)
            self.wait_for_message(live, b"it can be written again")
            self.assertIn(b'keysieve_errors_total{sieve="a",kind="metrics"}', self.content(page))
            self.assert_bytes(live.finish(), 2 * right(0))
            self.told_once(live.messages(), b"No such file or directory", b"it can be written again")

    @needs_library
    def test_a_port_that_takes_nobody_any_more(self):
        env = faults("socket", 5, FOREVER, errno.EMFILE)
        port = self.free_port()
        with Live(*ONLY, "--metrics-listen", str(port), env=env) as live:
            with socket.socket() as client:
                self.wait_for(lambda: client.connect_ex(("127.0.0.1", port)) == 0)
                os.write(live.source, line(0))
                self.wait_for(lambda: live.drain() or live.output == right(0))
            self.assert_bytes(live.finish(), right(0))
            self.assertEqual(live.process.returncode, 0)


@needs_library
class Follow(FailClosed):
    def setUp(self):
        super().setUp()
        self.log = self.file("log", line(0))
        self.arguments = ("follow", *ONLY, "--state", self.path("state"), "--from-start", "-o", self.path("out"), self.log)

    def follow(self, env=None):
        return Live(*self.arguments, env=env)

    def out(self):
        try:
            return self.content(self.path("out"))
        except FileNotFoundError:
            return b""

    def add(self, number):
        """A line, which comes out."""
        with open(self.log, "ab") as file:
            file.write(line(number))
        self.wait_for(lambda: self.out().endswith(right(number)))

    def end(self, live):
        live.process.send_signal(signal.SIGTERM)
        live.process.wait(LONG)
        return live.process.returncode

    def assert_out(self, count):
        self.assert_bytes(self.out(), b"".join(right(n) for n in range(count)))

    def test_a_state_that_cannot_be_written_for_a_while(self):
        with self.follow(faults("write", 2, 3, errno.ENOSPC, "state.tmp")) as live:
            self.wait_for(lambda: self.out() == right(0))
            self.add(1)  # perhaps all was in the first state
            self.wait_for_message(live, b"state: No space left on device")
            self.wait_for_message(live, b"the state can be written again")
            self.add(2)
            self.assertEqual(self.end(live), 0)
            self.told_once(live.messages(), b"No space left", b"masking goes on", b"written again")
        self.assert_out(3)

    def test_a_state_that_can_never_be_written_again(self):
        """Nothing is lost, and nothing twice, as the output is cut back to what the state tells of."""
        with self.follow(faults("write", 2, FOREVER, errno.ENOSPC, "state.tmp")) as live:
            self.wait_for(lambda: self.out() == right(0))
            self.add(1)
            self.wait_for_message(live, b"masking goes on")
            self.assertEqual(self.end(live), 74)
        with self.follow() as live:
            self.wait_for(lambda: self.out() == right(0) + right(1))
            self.add(2)
            self.assertEqual(self.end(live), 0)
            self.assertEqual(live.messages(), b"")
        self.assert_out(3)

    def test_a_state_that_cannot_be_written_at_the_start(self):
        with self.follow(faults("write", 1, FOREVER, errno.ENOSPC, "state.tmp")) as live:
            live.process.wait(LONG)
            self.assertEqual(live.process.returncode, 74)
        self.assertEqual(self.out(), b"")

    def test_no_memory_while_it_is_read(self):
        """What is whole is not called damaged, nor is anybody told to remove it."""
        with self.follow() as live:
            self.wait_for(lambda: self.out() == right(0))
            self.assertEqual(self.end(live), 0)
        failed = 0
        for n in range(1, 100):
            with self.follow(faults("alloc", n, n, errno.ENOMEM)) as live:
                self.wait_for(lambda: live.process.poll() is not None or catches_signal(live.process.pid, signal.SIGTERM))
                if self.end(live) != 0:
                    self.assertEqual(live.process.returncode, 70)
                    self.assertIn(b"memory", live.messages())
                    failed += 1
        self.assertGreater(failed, 10)
        self.assert_out(1)

    def test_a_full_disk_of_the_output(self):
        with self.follow(faults("write", 2, FOREVER, errno.ENOSPC, "/out")) as live:
            self.wait_for(lambda: self.out() == right(0))
            with open(self.log, "ab") as file:
                file.write(line(1))
            live.process.wait(LONG)
            self.assertEqual(live.process.returncode, 74)
            self.told_once(live.messages(), b"out: No space left on device")
        with self.follow() as live:
            self.wait_for(lambda: self.out() == right(0) + right(1))
            self.assertEqual(self.end(live), 0)


@unittest.skipIf(is_sanitized(), "a sanitizer, or valgrind, has descriptors of its own")
class DescriptorLimit(FailClosed):
    def test_it_is_told_as_such(self):
        """At each limit at which keysieve itself begins: it works, or says what it has not enough of."""
        listen = ("--metrics-listen", f"127.0.0.1:{self.free_port()}")
        for option in (("--on-leak", "true"), listen, (*listen, "--ledger", self.path("ledger"))):
            told = 0
            if listen[0] in option and not has_server():
                continue
            for count in range(4, 12):
                with self.subTest(option, count=count):
                    result = run(*ONLY, *option, data=line(0), preexec_fn=lambda n=count: resource.setrlimit(
                        resource.RLIMIT_NOFILE, (n, n)))
                    if result.returncode != 0:
                        self.assertIn(b"Too many open files", result.stderr)
                        self.assertEqual(result.stdout, b"")
                        told += 1
            self.assertGreater(told, 0)
            self.assert_bytes(result.stdout, right(0))


class SizeLimit(FailClosed):
    """A limit of the size of files (ulimit -f) is an error like a full disk, and never the end by SIGXFSZ."""

    @staticmethod
    def to(size):
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def limit(self, live, size):
        resource.prlimit(live.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def test_the_output(self):
        path = self.path("out")
        for args in ((), ("-o", path), ("-z",), ("-z", "-o", path), ("-j", "2", "-o", path)):
            with self.subTest(args), open(path, "wb") as out:
                result = run(*ONLY, *args, data=b"".join(map(line, range(40))), stdout=out, preexec_fn=self.to(100))
                self.assertEqual(result.returncode, 74)
                self.told_once(result.stderr, b"File too large")
                self.assertLessEqual(os.path.getsize(path), 100)

    def test_a_file_of_metrics_at_the_start(self):
        result = run(*ONLY, "--metrics-file", self.path("m.prom"), data=line(0), preexec_fn=self.to(100))
        self.assert_message(result, 74, "m.prom: File too large")
        self.assertEqual(os.listdir(self.directory), [])

    def test_a_file_of_metrics_later(self):
        page = self.path("m.prom")
        with Live(*ONLY, "--metrics-file", page) as live:
            self.wait_for(lambda: os.path.exists(page))
            self.limit(live, 100)
            for _ in range(2):
                live.process.send_signal(signal.SIGUSR1)
                live.write(line(0))
            self.wait_for_message(live, b"m.prom: File too large")
            self.limit(live, resource.RLIM_INFINITY)
            live.process.send_signal(signal.SIGUSR1)
            self.wait_for_message(live, b"it can be written again")
            self.assert_bytes(live.finish(), 2 * right(0))
            self.assertEqual(live.process.returncode, 0)
            self.told_once(live.messages(), b"File too large", b"it can be written again")

    def test_a_state_at_the_start(self):
        result = run("follow", *ONLY, "--state", self.path("state"), self.file("log", line(0)), preexec_fn=self.to(10))
        self.assert_message(result, 74, "state: File too large")

    def test_a_state_later(self):
        log = self.file("log", line(0))
        with Live("follow", *ONLY, "--state", self.path("state"), "--from-start", log) as live:
            self.wait_for(lambda: live.drain() or live.output == right(0))
            self.limit(live, 300)  # the standard error is a file too
            with open(log, "ab") as file:
                file.write(line(1))
            self.wait_for_message(live, b"state: File too large")
            self.wait_for(lambda: live.drain() or live.output == right(0) + right(1))
            self.limit(live, resource.RLIM_INFINITY)
            self.wait_for_message(live, b"the state can be written again")
            live.process.send_signal(signal.SIGTERM)
            live.process.wait(LONG)
            self.assertEqual(live.process.returncode, 0)
            self.told_once(live.messages(), b"File too large", b"masking goes on", b"written again")

    def test_an_output_of_follow(self):
        log, out = self.file("log", b"".join(map(line, range(40)))), self.path("out")
        result = run("follow", *ONLY, "--from-start", "-o", out, log, preexec_fn=self.to(100))
        self.assert_message(result, 74, "out: File too large")

    def test_a_ledger(self):
        """Also if the limit is in the middle of a line."""
        data = b"".join(map(line, range(40)))
        for size in (1000, 1111):
            with self.subTest(size):
                ledger = self.path(f"ledger-{size}")
                result = run(*ONLY, "--ledger", ledger, data=data, preexec_fn=self.to(size))
                self.assert_status(result, 0)
                self.assert_bytes(result.stdout, b"".join(map(right, range(40))))
                self.told_once(result.stderr, b"File too large", b"masking goes on")
                self.assertNotIn(b"No space", result.stderr)
                self.assertEqual(os.path.getsize(ledger), size)

    def test_the_users_command_gets_the_signal(self):
        seen = self.path("seen")
        self.assert_status(run(*ONLY, "--on-leak", f"grep SigIgn /proc/self/status >{seen}", data=line(0)), 0)
        self.assertEqual(int(self.content(seen).split()[1], 16) >> (signal.SIGXFSZ - 1) & 1, 0)


@unittest.skipIf(is_sanitized(), "a sanitizer reserves memory without bounds")
class MemoryLimit(FailClosed):
    """A limit of memory (ulimit -v) while rules are compiled is an error, and never the end by a signal. Hyperscan 5.4.0
    dies if memory is out while a database grows, which of the catalogue it does for 1.5 MiB of limits."""

    rules = ("--cache-dir", "none", "--rules")
    steps = range(0, 10 << 20, 500 << 10)

    def own_rule(self, number):
        return self.file("own.yaml", RULE.replace("acme_live_", f"acme_{number}_"))

    @staticmethod
    def size_of(pid):
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()

    @staticmethod
    def limit(pid, size):
        resource.prlimit(pid, resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))

    def test_at_the_start(self):
        with Live(*ONLY) as live:
            live.settle()
            least = self.size_of(live.process.pid)
        for more in self.steps:
            with self.subTest(more):
                result = run(*self.rules, self.own_rule(0), data=line(0),
                             preexec_fn=lambda n=least + more: self.limit(0, n))
                self.assert_message(result, 70, "out of memory")

    def test_at_a_reload(self):
        with Live(*self.rules, self.own_rule(0)) as live:
            output = live.write(line(0))
            least = self.size_of(live.process.pid)
            for number, more in enumerate(self.steps, 1):
                self.own_rule(number)
                self.limit(live.process.pid, least + more)
                live.process.send_signal(signal.SIGHUP)
                self.wait_for(lambda n=number: live.messages().count(b"those in use stay") == n
                              or live.process.poll() is not None)
                self.assertIsNone(live.process.returncode, more)
                output += right(number)
                self.assert_bytes(live.write(line(number)), output)
            self.limit(live.process.pid, resource.RLIM_INFINITY)
            live.process.send_signal(signal.SIGHUP)
            live.settle()
            key = b"acme_%d_%s\n" % (number, SECRET)
            self.assert_bytes(live.write(key), output + masked(key, SECRET))

    def test_at_a_reload_that_compiles(self):
        """There is memory for the new rules, and none, or not enough, to mask by them."""
        with Live(*self.rules, self.own_rule(0)) as live:
            output, refused = live.write(line(0)), 0
            for number, more in enumerate((40 << 20, 60 << 20, 120 << 20), 1):
                self.own_rule(number)
                self.limit(live.process.pid, self.size_of(live.process.pid) + more)
                live.process.send_signal(signal.SIGHUP)
                live.settle()
                self.assertIsNone(live.process.poll(), more)
                key = b"acme_%d_%s\n" % (number, SECRET)
                is_refused = live.messages().count(b"those in use stay") > refused
                refused += is_refused
                output += key if is_refused else masked(key, SECRET)
                self.assert_bytes(live.write(key), output)
            self.assertGreater(refused, 0)
            self.assertFalse(is_refused)


@needs_library
class RulesCheck(FailClosed):
    def test_memory_for_its_table(self):
        """It is the last for which some is wanted. What fails is told."""
        check = ("rules", "check", self.file("own.yaml", RULE))
        run(*check, env={"KEYSIEVE_SANDBOX": "off"})  # what it compiles is kept
        run(*check, env={"LD_PRELOAD": LIBRARY, "KEYSIEVE_SANDBOX": "off", "KEYSIEVE_FAULT_COUNTS": self.path("counts")})
        last = int(self.content(self.path("counts")).split()[1])
        failed = 0
        for n in range(last - 40, last + 1):
            result = run(*check, env=faults("alloc", n, n, errno.ENOMEM))
            if result.returncode != 0:
                self.assert_message(result, 70, "out of memory")
                failed += 1
        self.assertGreater(failed, 0)


@needs_library
class Engine(FailClosed):
    """C6: of the bytes in which the matcher failed, and of what follows, nothing comes out."""

    frame = staticmethod(lambda text: text)
    options = ()

    def run_with(self, n):
        """Four chunks. Returns the exit status and what came out."""
        with Live(*ONLY, *self.options, env=faults("match", n, n, errno.EIO)) as live:
            for number in range(4):
                with contextlib.suppress(BrokenPipeError):
                    os.write(live.source, self.frame(line(number)))
                self.wait_for(lambda: live.process.poll() is not None or (live.is_idle() and not live.drain()))
            output = live.finish()
            if live.process.returncode:
                self.assertIn(live.process.returncode, (70, 78))
                self.assertRegex(live.messages(), rb"\Akeysieve: [^\n]*\n\Z")
            for secret in SECRETS:
                self.assert_no_piece(live.messages(), secret)
            return live.process.returncode, output

    def test_every_call(self):
        whole = [self.frame(right(n)) for n in range(4)]
        prefixes = [b"".join(whole[:n]) for n in range(5)]
        seen, n, status = set(), 0, 1
        while status:
            n += 1
            status, output = self.run_with(n)
            self.assertIn(output, prefixes, f"call {n}")
            seen.add(len(output))
        self.assertEqual(output, prefixes[4])
        self.assertGreaterEqual(len(seen), 5, "a failure in each chunk")


class EngineInFrames(Engine):
    frame = staticmethod(lambda text: b"2026-11-22T10:00:00.123456789Z stdout F " + text)


class Standard(FailClosed):
    def test_an_output_that_nobody_reads_any_more(self):
        with Live(*ONLY) as live:
            live.write(line(0))
            live.process.stdout.close()
            os.write(live.source, line(1))
            live.process.wait(LONG)
            self.assertEqual(live.process.returncode, -signal.SIGPIPE)
            self.assertEqual(live.messages(), b"")


if __name__ == "__main__":
    unittest.main()
