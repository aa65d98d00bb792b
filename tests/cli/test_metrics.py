# SPDX-License-Identifier: Apache-2.0
"""--metrics-file, --metrics-listen and --canary: what is counted is right, and nobody who looks is felt."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time
import unittest

from journal_support import REMOTE, JournalTest, message
from support import (ACME, ALNUM, BINARY, ID, LONG, ONLY, RULE, TIMEOUT, TRIGGER, CommandTest, Live,
                     body, environment, masked, run, stars, visible)

HERE = os.path.dirname(os.path.abspath(__file__))
DEPLOY = os.path.join(HERE, "..", "..", "deploy")
PROMTOOL = shutil.which("promtool")
SAMPLE = re.compile(r'([a-z_]+)(?:\{(.*)\})? (\S+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
HAS_JOURNAL = os.path.exists(REMOTE) and run("journal", "--help").stdout.startswith(
    b"Usage: keysieve journal")
QUICK = ("--disable", "ai,carriers,cloud")  # the rules of a test are few, so that reloads are quick
SECOND = RULE.replace("acme", "bcme")
FINDINGS = "keysieve_findings_total"


def has_server():
    """Is libmicrohttpd built in?"""
    with open(BINARY, "rb") as file:
        return b"libmicrohttpd.so" in file.read()


def needs_server(test):
    return unittest.skipUnless(has_server(), "built without libmicrohttpd")(test)


def get(port, path, method="GET", host="127.0.0.1"):
    """Returns the status, the headers and the body."""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def status(port, path):
    return get(port, path)[0]


def as_part(rule):
    """Rules as a part of a file that has others."""
    return "rules:\n" + "".join("  " + line + "\n" for line in rule.splitlines())


class Page:
    """A page of metrics: values by name and labels."""

    def __init__(self, text):
        self.text = text.decode()
        self.samples = {}
        for line in self.text.splitlines():
            if line.startswith("#"):
                continue
            name, labels, value = SAMPLE.fullmatch(line).groups()
            pairs = frozenset((k, v) for k, v in LABEL.findall(labels or ""))
            assert (name, pairs) not in self.samples, line
            self.samples[name, pairs] = float(value)

    def names(self):
        return set(re.findall(r"^# TYPE (\S+)", self.text, re.M)) | {n for n, _ in self.samples}

    def value(self, name, **labels):
        """The sample that has these labels, whichever others it has."""
        found = [v for (n, pairs), v in self.samples.items()
                 if n == name and pairs >= frozenset(labels.items())]
        assert len(found) == 1, (name, labels, found)
        return found[0]

    def sum(self, name):
        return sum(v for (n, _), v in self.samples.items() if n == name)


class MetricsTest(CommandTest):
    def wait_for(self, condition, what):
        deadline = time.monotonic() + LONG
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"waited in vain for {what}")
            time.sleep(0.05)

    def scrape(self, port):
        code, headers, page = get(port, "/metrics")
        self.assertEqual(code, 200)
        self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        return Page(page)

    def page_with(self, port, name, value, **labels):
        """The page on which that sample has that value. What is set by the clock takes a second."""
        page = None

        def is_there():
            nonlocal page
            page = self.scrape(port)
            return page.value(name, **labels) == value
        self.wait_for(is_there, f"{name} {labels} {value}")
        return page

    def wait_ready(self, port):
        def is_ready():
            try:
                return status(port, "/readyz") == 200
            except ConnectionRefusedError:
                return False
        self.wait_for(is_ready, "readiness")

    def file_page(self, path):
        return Page(self.content(path))

    def report(self, live, path):
        """Have the file written now."""
        before = os.stat(path).st_ino if os.path.exists(path) else None
        live.process.send_signal(signal.SIGUSR1)
        self.wait_for(lambda: os.path.exists(path) and os.stat(path).st_ino != before, "the file")
        return self.file_page(path)

    def promtool(self, *args, data=b"", cwd=None):
        result = subprocess.run([PROMTOOL, *args], input=data, capture_output=True, check=False,
                                cwd=cwd, timeout=LONG)
        self.assertEqual((result.returncode, result.stderr), (0, b""), result.stdout)


class Counts(MetricsTest):
    def test_bytes_lines_findings(self):
        text = b"hello\nkey " + TRIGGER + body() + b"\nbye"
        out = self.path("keysieve-a.prom")
        result = run(*ONLY, "--metrics-file", out, data=text)
        self.assert_done(result, masked(text, body()))
        page = self.file_page(out)
        self.assertEqual(page.value("keysieve_input_bytes_total"), len(text))
        self.assertEqual(page.value("keysieve_output_bytes_total"), len(text))
        self.assertEqual(page.value("keysieve_input_lines_total"), 2)
        self.assertEqual(page.value("keysieve_masked_bytes_total"), len(body()))
        self.assertEqual(page.value(FINDINGS, rule=ID, provider="Anthropic"), 1)
        self.assertEqual(page.value("keysieve_held_bytes"), 0)
        self.assertEqual(page.value("keysieve_rules"), 1)
        self.assertEqual(page.value("keysieve_ready"), 0)
        self.assertEqual(page.value("keysieve_build_info", version="0.1.0"), 1)
        self.assertLess(abs(page.value("keysieve_start_time_seconds") - time.time()), LONG)
        self.assertEqual(page.sum("keysieve_errors_total"), 0)

    def test_lines_of_all_lengths(self):
        text = b"".join(b"x" * (i % 300) + b"\n" for i in range(2000)) + b"\n" * 1000
        out = self.path("a.prom")
        self.assert_done(run(*ONLY, "--metrics-file", out, data=text), text)
        self.assertEqual(self.file_page(out).value("keysieve_input_lines_total"), 3000)

    def test_what_goes_wrong_with_the_ledger_is_counted(self):
        out = self.path("a.prom")
        with Live(*ONLY, "--ledger", "/dev/full", "--metrics-file", out) as live:
            live.write(TRIGGER + body() + b"\n")
            self.wait_for(lambda: self.report(live, out).value(
                "keysieve_errors_total", kind="ledger") > 0, "the error")

    def test_all_ways_count_alike(self):
        for head, args in ((b"", ()), (b"", ("--mask", "tag")), (b"", ("-z",)),
                           (b"2026-11-22T10:00:00.123456789Z stdout F ", ())):
            with self.subTest(head=head, args=args):
                text = (head + b"k " + TRIGGER + body() + b"\n") * 50
                out = self.path("a.prom")
                result = run(*ONLY, *args, "--metrics-file", out, data=text)
                self.assert_status(result, 0)
                page = self.file_page(out)
                self.assertEqual(page.value("keysieve_input_bytes_total"), len(text))
                self.assertEqual(page.value("keysieve_input_lines_total"), 50)
                self.assertEqual(page.value(FINDINGS, rule=ID), 50)
                self.assertEqual(page.value("keysieve_held_bytes"), 0)
                self.assertGreater(page.value("keysieve_delay_seconds_count"), 0)
                if "-z" not in args:
                    self.assertEqual(page.value("keysieve_output_bytes_total"), len(result.stdout))

    def test_a_secret_that_waits(self):
        for head in (b"", b"2026-11-22T10:00:00.123456789Z stdout F "):
            with self.subTest(head):
                out = self.path("a.prom")
                with Live(*ONLY, "--metrics-file", out) as live:
                    live.write(head + b"first\n" + head + TRIGGER + body()[:12])
                    held = self.report(live, out).value("keysieve_held_bytes")
                    time.sleep(0.3)
                    live.write(body()[12:] + b"\n")
                    page = self.report(live, out)
                    self.assertGreaterEqual(held, 12)
                    self.assertEqual(page.value("keysieve_held_bytes"), 0)
                    self.assertEqual(page.value("keysieve_delay_seconds_count"), 2)
                    self.assertGreater(page.value("keysieve_delay_seconds_sum"), 0.3)
                    self.assertLessEqual(page.value("keysieve_delay_seconds_bucket", le="0.25"), 1)
                    self.assertEqual(page.value("keysieve_delay_seconds_bucket", le="+Inf"), 2)

    def test_errors(self):
        out = self.path("a.prom")
        result = run(*ONLY, "--metrics-file", out, self.path("none"), self.file("a", b"x\n"))
        self.assert_message(result, 74, "none")
        self.assertEqual(self.file_page(out).value("keysieve_errors_total", kind="input"), 1)

    def test_every_rule_has_a_count_from_the_start(self):
        out = self.path("a.prom")
        run("--metrics-file", out)
        rules = json.loads(run("rules", "list", "--json").stdout)
        rules = rules if isinstance(rules, list) else rules["rules"]
        wanted = {rule["id"] for rule in rules if rule["enabled"]}
        page = self.file_page(out)
        self.assertEqual({dict(pairs)["rule"] for n, pairs in page.samples if n == FINDINGS}, wanted)

    def test_without_options_there_is_no_thread_and_no_tick(self):
        with Live(*ONLY, env=visible()) as live:
            live.write(b"x\n")
            self.assertEqual(len(os.listdir(f"/proc/{live.process.pid}/task")), 1)
            with open(f"/proc/{live.process.pid}/timers", encoding="ascii") as file:
                before = file.read()
            self.assertNotIn("MONOTONIC 1 ", before)


class Reload(MetricsTest):
    def reload(self, live, out, name, count):
        live.process.send_signal(signal.SIGHUP)

        def is_done():
            return self.report(live, out).value("keysieve_reloads_total", result=name) == count
        self.wait_for(is_done, "the reload")

    def test_counts_survive(self):
        rules, out = self.file("rules.yaml", RULE + SECOND), self.path("a.prom")
        key = ACME + body(30, alphabet=ALNUM) + b"\n"
        with Live(*QUICK, "--rules", rules, "--metrics-file", out) as live:
            live.write(key)
            self.reload(live, out, "ok", 1)
            live.write(key)
            page = self.report(live, out)
            self.assertEqual(page.value(FINDINGS, rule="acme-api-key"), 2)
            self.assertEqual(page.value("keysieve_input_bytes_total"), 2 * len(key))
            self.file("rules.yaml", "allow: [\n")
            self.reload(live, out, "failed", 1)
            page = self.report(live, out)
            self.assertEqual(page.value("keysieve_last_reload_successful"), 0)
            self.assertEqual(page.value(FINDINGS, rule="acme-api-key"), 2)
            before = page.value("keysieve_rules")
            self.file("rules.yaml", "disable: [acme-api-key]\n" + as_part(RULE + SECOND))
            self.reload(live, out, "ok", 2)
            live.write(key)
            self.assert_bytes(live.settle()[-len(key):], key)
            page = self.report(live, out)
            self.assertEqual(page.value("keysieve_last_reload_successful"), 1)
            self.assertEqual(page.value(FINDINGS, rule="acme-api-key"), 2)
            self.assertLess(page.value("keysieve_rules"), before)


class File(MetricsTest):
    def test_it_is_readable_and_named(self):
        out = self.path("keysieve-app.prom")
        before = os.umask(0o077)
        self.addCleanup(os.umask, before)
        self.assert_done(run(*ONLY, "--metrics-file", out, data=b"x\n"), b"x\n")
        self.assertEqual(stat.S_IMODE(os.stat(out).st_mode), 0o644)
        self.assertEqual(os.listdir(self.directory), ["keysieve-app.prom"])
        page = self.file_page(out)
        self.assertEqual({dict(pairs)["sieve"] for _, pairs in page.samples}, {"keysieve-app"})

    def test_it_is_always_whole(self):
        out, stop, pages = self.path("a.prom"), threading.Event(), set()

        def read():
            while not stop.is_set():
                try:
                    text = self.content(out)
                except FileNotFoundError:
                    text = b""
                pages.add((text[:7], text[-1:], b"keysieve_delay_seconds_count" in text))
        with Live(*ONLY, "--metrics-file", out) as live:
            live.write(b"x\n")
            reader = threading.Thread(target=read)
            reader.start()
            for _ in range(100):
                self.report(live, out)
            stop.set()
            reader.join()
        self.assertEqual(pages, {(b"# HELP ", b"\n", True)})

    def test_a_draft_that_a_kill_has_left(self):
        out = self.path("a.prom")
        os.symlink(self.file("victim", b"v"), out + ".draft")
        self.assert_done(run(*ONLY, "--metrics-file", out), b"")
        self.assertEqual(self.content(self.path("victim")), b"v")
        self.file_page(out)

    def test_what_cannot_be_written(self):
        os.mkfifo(self.path("fifo"))
        for path in (self.path("none/a.prom"), self.path("fifo"), "/dev/null", self.directory):
            with self.subTest(path):
                result = run(*ONLY, "--metrics-file", path, data=b"x\n")
                self.assert_message(result, 74, path)
                self.assertEqual(result.stdout, b"")

    def test_what_cannot_be_written_any_more(self):
        os.mkdir(self.path("sub"))
        out = self.path("sub/a.prom")
        with Live(*ONLY, "--metrics-file", out) as live:
            live.write(b"1\n")
            shutil.rmtree(self.path("sub"))
            for i in range(3):
                live.process.send_signal(signal.SIGUSR1)
                live.settle()
                self.wait_for(lambda n=i: live.messages().count(b"frames:") == n + 1, "the report")
            live.write(TRIGGER + body() + b"\n")
            self.assert_bytes(live.finish(), b"1\n" + TRIGGER + stars(body()) + b"\n")
            self.assertEqual(live.process.returncode, 0)
            self.assertEqual(live.messages().count(b"a.prom: No such file"), 1)

    def test_it_does_not_go_with_in_place(self):
        log = self.file("log", b"x\n")
        for args in (("--metrics-file", self.path("m")), ("--canary", "5s")):
            self.assert_message(run("-i", *args, log), 2, "--in-place")

    def test_follow(self):
        log, out = self.file("app\\\"\n.log", b""), self.path("a.prom")
        strange = self.file(os.fsdecode(b"\xff.log"), b"")
        text = b"k " + TRIGGER + body() + b"\n"
        with Live("follow", *ONLY, "--metrics-file", out, log, strange) as live:
            self.wait_for(lambda: os.path.exists(out), "the file")
            for part in (text, b"unfinished"):
                with open(log, "ab") as file:
                    file.write(part)
                self.wait_for(lambda: live.drain() or text[:2] in live.output, "the line")
            self.wait_for(lambda: self.report(live, out).value("keysieve_held_bytes") == 10, "the rest")
            page = self.report(live, out)
            self.assertEqual(page.value("keysieve_followed_files"), 2)
            name = log.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            behind = "keysieve_followed_file_behind_bytes"
            self.assertEqual(page.value(behind, path=name), 10)
            self.assertEqual(page.value(behind, path=self.path("\ufffd.log")), 0)
            self.assertEqual(page.value("keysieve_input_lines_total"), 1)
            self.assertEqual(page.value("keysieve_input_bytes_total"), len(text) + 10)
            self.assertEqual(page.value("keysieve_output_bytes_total"), len(text))
            self.assertEqual(page.value(FINDINGS, rule=ID), 1)
            self.assertGreater(page.value("keysieve_delay_seconds_count"), 0)
            live.process.send_signal(signal.SIGHUP)
            self.wait_for(lambda: self.report(live, out).value(
                "keysieve_reloads_total", result="ok") == 1, "the reload")
            self.assertEqual(self.file_page(out).value(FINDINGS, rule=ID), 1)
            live.process.send_signal(signal.SIGTERM)
            live.process.wait(TIMEOUT)
            self.assertEqual(self.file_page(out).value(FINDINGS, rule=ID), 1)


@unittest.skipUnless(HAS_JOURNAL, "no keysieve journal, or nothing to make one with")
class Journal(MetricsTest, JournalTest):
    def test_counts(self):
        self.add(*(message(i, b"k " + TRIGGER + body(seed=i)) for i in range(30)))
        out = self.path("a.prom")
        for form in ("export", "json"):
            with self.subTest(form):
                result = run("journal", *ONLY, "--directory", self.journals, "--format", form, "--canary",
                             "1s", "--metrics-file", out)
                self.assert_status(result, 0)
                page = self.file_page(out)
                self.assertEqual(page.value("keysieve_input_lines_total"), 30)
                self.assertEqual(page.value("keysieve_output_bytes_total"), len(result.stdout))
                self.assertEqual(page.value(FINDINGS, rule=ID), 30)
                self.assertEqual(page.value("keysieve_held_bytes"), 0)
                self.assertEqual(page.value("keysieve_delay_seconds_count"), 30)
                self.assertEqual(page.value("keysieve_canary_failures_total"), 0)

    def test_follow(self):
        self.add(message(1, b"x"))
        out = self.path("a.prom")
        with Live("journal", "--follow", "--from-start", *ONLY, "--directory", self.journals,
                  "--metrics-file", out) as live:
            self.wait_for(lambda: live.drain() or b"MESSAGE=x" in live.output, "the entry")
            self.assertEqual(self.report(live, out).value("keysieve_ready"), 1)
            live.process.send_signal(signal.SIGHUP)
            self.wait_for(lambda: self.report(live, out).value(
                "keysieve_reloads_total", result="ok") == 1, "the reload")
            live.process.send_signal(signal.SIGTERM)
            self.assertEqual(live.process.wait(TIMEOUT), 0)
            self.assertEqual(self.file_page(out).value("keysieve_input_lines_total"), 1)


@needs_server
class Listen(MetricsTest):
    def setUp(self):
        super().setUp()
        self.port = self.free_port()

    def live(self, *args, env=None):
        live = Live(*args, "--metrics-listen", str(self.port), env=env)
        self.addCleanup(live.__exit__)
        self.wait_ready(self.port)
        return live

    def test_a_scrape(self):
        live = self.live(*ONLY)
        live.write(b"a\n" + TRIGGER + body() + b"\n")
        page = self.page_with(self.port, FINDINGS, 1, rule=ID)
        self.assertEqual(page.value("keysieve_input_lines_total"), 2)
        self.assertEqual(page.value("keysieve_ready"), 1)
        self.assertEqual(page.value("keysieve_healthy"), 1)
        self.assertNotIn("sieve=", page.text)
        live.write(TRIGGER + body(seed=2) + b"\n")
        self.page_with(self.port, FINDINGS, 2, rule=ID)
        live.finish()
        self.assertEqual(live.process.returncode, 0)
        self.assertEqual(live.messages(), b"")

    def test_paths_and_methods(self):
        self.live(*ONLY)
        self.assertEqual(get(self.port, "/healthz")[::2], (200, b"ok\n"))
        self.assertEqual(get(self.port, "/readyz")[::2], (200, b"ok\n"))
        for path in ("/", "/metrics/", "/metric", "/../metrics", "//healthz", "/%00"):
            with self.subTest(path):
                self.assertEqual(status(self.port, path), 404)
        self.assertEqual(status(self.port, "/metrics?name=x"), 200)
        for path in ("/metrics", "/healthz", "/readyz"):
            code, headers, text = get(self.port, path, "HEAD")
            self.assertEqual((code, text), (200, b""))
            self.assertGreater(int(headers["Content-Length"]), 2)
            for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"):
                code, headers, _ = get(self.port, path, method)
                self.assertEqual((code, headers["Allow"]), (405, "GET, HEAD"))

    def test_whatever_clients_send(self):
        live = self.live(*ONLY)
        for text in (b"\n" * 100, b"GET\n\n", b"\0" * 5000, b"GET /" + b"a" * 100000, os.urandom(3000),
                     b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 20000,
                     b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 9999,
                     b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 50):
            with socket.create_connection(("127.0.0.1", self.port), TIMEOUT) as s:
                try:
                    s.sendall(text)
                except (BrokenPipeError, ConnectionResetError):
                    pass
        live.write(b"x\n")
        self.wait_for(lambda: self.can_scrape(), "an answer")
        self.assert_bytes(live.finish(), b"x\n")
        self.assertEqual(live.messages(), b"")

    def can_scrape(self):
        try:
            return status(self.port, "/healthz") == 200
        except OSError:
            return False

    def test_slow_clients(self):
        live = self.live(*ONLY, env=visible())
        clients = [socket.create_connection(("127.0.0.1", self.port), TIMEOUT) for _ in range(30)]
        for client in clients:
            client.sendall(b"GET /me")
        live.write(b"x\n" + TRIGGER + body() + b"\n")
        self.assert_bytes(live.settle(), b"x\n" + TRIGGER + stars(body()) + b"\n")
        self.wait_for(self.can_scrape, "an answer to others")
        self.assertLess(len(os.listdir(f"/proc/{live.process.pid}/fd")), 40)
        for client in clients:
            client.close()

    def test_clients_that_never_end(self):
        """A byte every second keeps a limit of silence away."""
        self.live(*ONLY)
        clients = [socket.create_connection(("127.0.0.1", self.port), TIMEOUT) for _ in range(16)]
        deadline = time.monotonic() + LONG
        is_answered = False
        while not is_answered:
            self.assertLess(time.monotonic(), deadline, "others are kept out")
            for client in clients:
                try:
                    client.sendall(b"G")
                except OSError:
                    pass
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as s:
                    s.settimeout(1)
                    s.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
                    is_answered = s.recv(12) == b"HTTP/1.1 200"[:12]
            except OSError:
                pass
        for client in clients:
            client.close()

    def test_a_reader_that_is_stuck(self):
        """It is not ill: it waits. And it can be told that it does."""
        log = self.file("log", b"x" * 99 + b"\n")
        with subprocess.Popen([BINARY, *ONLY, "--metrics-listen", str(self.port), *[log] * 40000],
                              stdout=subprocess.PIPE, env=environment()) as sieve:
            self.wait_ready(self.port)
            name = "keysieve_output_blocked_seconds"
            self.wait_for(lambda: self.scrape(self.port).value(name) > 1, "a write that waits")
            self.assertEqual(status(self.port, "/healthz"), 200)
            self.assertEqual(status(self.port, "/readyz"), 200)
            sieve.kill()

    def test_addresses(self):
        for text in (str(self.port), f":{self.port}", f"127.0.0.1:{self.port}", f"localhost:{self.port}",
                     f"0.0.0.0:{self.port}"):
            with self.subTest(text), Live(*ONLY, "--metrics-listen", text):
                self.wait_ready(self.port)

    def test_only_the_loopback_if_no_address_is_given(self):
        self.live(*ONLY)
        with open("/proc/net/tcp", encoding="ascii") as file:
            lines = [line.split() for line in file if f":{self.port:04X} 00000000:0000 0A" in line]
        self.assertEqual([fields[1] for fields in lines], [f"0100007F:{self.port:04X}"])

    def test_an_address_of_ipv6(self):
        try:
            port = self.free_port(socket.AF_INET6, "::1")
        except OSError:
            self.skipTest("no IPv6 here")
        with Live(*ONLY, "--metrics-listen", f"[::1]:{port}"):
            self.wait_for(lambda: socket.socket(socket.AF_INET6).connect_ex(("::1", port)) == 0, "a socket")
            self.assertEqual(get(port, "/healthz", host="::1")[0], 200)

    def test_what_is_no_address(self):
        for text in ("", "0", "65536", "99999999999999999999", "port", "1.2.3.4", "1.2.3:80", "::1:80", "[::1]",
                     "[::1]80", "[1.2.3.4]:80", "[:80", "]:80", "-1", " 80", "80 ", "host.example:80",
                     "[" + "a" * 500 + "]:80", "127.0.0.1:80:90", "http://127.0.0.1:80"):
            with self.subTest(text):
                result = run(*ONLY, "--metrics-listen", text, data=b"x\n")
                self.assert_message(result, 2, "--metrics-listen")
                self.assertEqual(result.stdout, b"")

    def test_a_port_in_use(self):
        out = self.file("a.prom", b"another's")
        self.live(*ONLY)
        result = run(*ONLY, "--metrics-listen", str(self.port), "--metrics-file", out, data=b"x\n")
        self.assert_message(result, 74, "--metrics-listen", "in use")
        self.assertEqual((result.stdout, self.content(out)), (b"", b"another's"))

    def test_an_address_that_is_not_here(self):
        self.assert_message(run(*ONLY, "--metrics-listen", "203.0.113.1:9464"), 74, "--metrics-listen")

    def test_by_the_environment(self):
        with Live(*ONLY, env={"KEYSIEVE_METRICS_LISTEN": str(self.port)}):
            self.wait_ready(self.port)

    def test_many_scrapes_while_data_flows_and_rules_change(self):
        """Nothing is torn; under TSan: nothing races."""
        rules = self.file("rules.yaml", RULE)
        text = (ACME + body(30, alphabet=ALNUM) + b"\n") * 1000
        log = self.file("log", b"")
        with Live("follow", "--only", "acme-api-key", "--rules", rules, "--canary", "1s",
                  "--metrics-file", self.path("a.prom"), "--metrics-listen", str(self.port), "-o",
                  self.path("out"), log) as live:
            self.wait_ready(self.port)
            stop = threading.Event()
            counts = []

            def scrape():
                while not stop.is_set():
                    counts.append(self.scrape(self.port).value(FINDINGS, rule="acme-api-key"))
            threads = [threading.Thread(target=scrape) for _ in range(3)]
            for thread in threads:
                thread.start()
            for i in range(20):
                with open(log, "ab") as file:
                    file.write(text)
                if i % 5 == 0:
                    live.process.send_signal(signal.SIGHUP)
                live.process.send_signal(signal.SIGUSR1)
                time.sleep(0.1)
            self.page_with(self.port, FINDINGS, 20000, rule="acme-api-key")
            self.wait_for(lambda: len(counts) > 10 or not any(thread.is_alive() for thread in threads), "the scrapes")
            stop.set()
            for thread in threads:
                thread.join()
            self.assertGreater(len(counts), 10)
            live.process.send_signal(signal.SIGTERM)
            self.assertEqual(live.process.wait(LONG), 0)
            self.assertNotIn(b"ThreadSanitizer", live.messages())
        self.assertEqual(self.file_page(self.path("a.prom")).value(FINDINGS, rule="acme-api-key"), 20000)


@needs_server
class Canary(MetricsTest):
    BROKEN = RULE.replace("ACME_KEY=acme_live_", "ACME_KEY=other_")

    def setUp(self):
        super().setUp()
        self.port = self.free_port()

    def live(self, *args):
        live = Live("--canary", "1s", "--metrics-listen", str(self.port), "--stats", *args)
        self.addCleanup(live.__exit__)
        self.wait_ready(self.port)
        return live

    def runs(self):
        return self.scrape(self.port).value("keysieve_canary_runs_total")

    def wait_runs(self, count=2):
        end = self.runs() + count
        self.wait_for(lambda: self.runs() >= end, "the canary")

    def reload(self, live, name, text):
        """Rules changed: the canary runs with them."""
        page = self.scrape(self.port)
        count = page.value("keysieve_reloads_total", result="ok")
        self.file(name, text)
        live.process.send_signal(signal.SIGHUP)
        self.page_with(self.port, "keysieve_reloads_total", count + 1, result="ok")
        self.wait_runs()

    def test_nothing_of_it_is_seen(self):
        live = self.live()
        live.write(b"x\n")
        self.wait_runs()
        page = self.scrape(self.port)
        self.assertEqual(page.value("keysieve_canary_failures_total"), 0)
        self.assertEqual(page.sum(FINDINGS), 0)
        self.assertEqual(page.value("keysieve_input_bytes_total"), 2)
        self.assertEqual(page.value("keysieve_output_bytes_total"), 2)
        self.assertEqual(status(self.port, "/healthz"), 200)
        self.assert_bytes(live.finish(), b"x\n")
        self.assertRegex(live.messages(), rb"\Akeysieve: 2 bytes, 0 findings, [^\n]*\n[^\n]*frames: raw\n\Z")

    def test_every_cut_and_every_mask(self):
        key = self.path("key")
        run("key", "new", key)
        for args in ((), ("--mask", "tag"), ("--mask", "fill-hash", "--key-file", key),
                     ("--mask", "hash", "--key-file", key), ("--keep-last", "4"), ONLY,
                     ("--only", "pem-private-key"), ("--only", "authorization-basic"), ("--only", "password")):
            with self.subTest(args):
                out = self.path("a.prom")
                result = run(*args, "--canary", "1s", "--metrics-file", out)
                self.assert_done(result, b"")
                page = self.file_page(out)
                self.assertEqual(page.value("keysieve_canary_runs_total"), 1)
                self.assertEqual(page.value("keysieve_canary_failures_total"), 0)
                self.assertEqual(page.value("keysieve_healthy"), 1)

    def test_one_that_comes_out(self):
        live = self.live("--only", "acme-api-key", "--rules", self.file("rules.yaml", self.BROKEN))
        self.assertEqual(get(self.port, "/healthz")[::2], (503, b"a synthetic key came out unmasked\n"))
        self.wait_runs()
        page = self.scrape(self.port)
        self.assertGreater(page.value("keysieve_canary_failures_total"), 1)
        self.assertEqual(page.value("keysieve_healthy"), 0)
        self.assertEqual(status(self.port, "/readyz"), 200)
        self.assertEqual(live.messages(),
                         b"keysieve: canary: a synthetic key of rule acme-api-key came out unmasked\n")
        key = body(30, alphabet=ALNUM)
        live.write(ACME + key + b"\n")
        self.assert_bytes(live.settle(), ACME + stars(key) + b"\n")
        self.reload(live, "rules.yaml", RULE)
        self.assertEqual(status(self.port, "/healthz"), 200)
        self.reload(live, "rules.yaml", self.BROKEN)
        self.assertEqual(status(self.port, "/healthz"), 503)
        self.assertEqual(live.messages().count(b"came out unmasked"), 2)

    def test_a_rule_that_a_reload_switches_off(self):
        live = self.live(*QUICK, "--rules", self.file("rules.yaml", RULE + SECOND))
        for off in ("bcme-api-key", "acme-api-key"):
            self.reload(live, "rules.yaml", f"disable: [{off}]\n" + as_part(RULE + SECOND))
            self.assertEqual(self.scrape(self.port).value("keysieve_rules"), 1)
        self.assertEqual(status(self.port, "/healthz"), 200)
        self.assertEqual(self.scrape(self.port).value("keysieve_canary_failures_total"), 0)
        self.assertEqual(live.messages(), b"")

    def test_no_example(self):
        bare = RULE.replace("{body:32}", "...")
        rules = self.file("rules.yaml", bare)
        only = ("--only", "acme-api-key", "--rules", rules)
        self.assert_message(run(*only, "--canary", "5s"), 2, "canary", "example")
        self.file("rules.yaml", RULE)
        live = self.live(*only)
        self.reload(live, "rules.yaml", bare)
        self.assertEqual(status(self.port, "/healthz"), 200)
        self.assertGreater(self.scrape(self.port).value("keysieve_errors_total", kind="canary"), 0)
        self.assertEqual(live.messages().count(b"canary"), 1)
        live.write(b"x\n")
        self.assert_bytes(live.settle(), b"x\n")

    def test_what_the_user_allows(self):
        allowed = as_part(RULE) + "allow:\n  - run: '.{1,60}'\n"
        live = self.live("--only", "acme-api-key", "--rules", self.file("rules.yaml", allowed))
        self.wait_runs()
        self.assertEqual(status(self.port, "/healthz"), 200)
        self.assertEqual(live.messages(), b"")

    def test_what_is_no_time(self):
        for text in ("", "0s", "5", "s", "-1s", "1x", "2d", "1 s", "99999999999999999999s"):
            with self.subTest(text):
                self.assert_message(run("--canary", text), 2, "--canary")


@unittest.skipUnless(PROMTOOL, "promtool is not installed")
class Promtool(MetricsTest):
    def test_the_page(self):
        log = self.file("app.log", b"x\n")
        out = self.path("a.prom")
        run(*ONLY, "--metrics-file", out, "--canary", "1s", data=TRIGGER + body() + b"\n")
        self.promtool("check", "metrics", data=self.content(out))
        with Live("follow", "--metrics-file", out, log) as live:
            self.wait_for(lambda: b"app.log" in self.content(out), "the file")
            live.process.send_signal(signal.SIGTERM)
            live.process.wait(TIMEOUT)
        self.promtool("check", "metrics", data=self.content(out))

    def test_the_alerts(self):
        folder = os.path.join(DEPLOY, "prometheus")
        self.promtool("check", "rules", "alerts.yaml", cwd=folder)
        self.promtool("test", "rules", "alerts_test.yaml", cwd=folder)


class Deployed(MetricsTest):
    """Alerts and the dashboard speak of what exists."""

    OTHERS = {"up", "node_textfile_mtime_seconds"}

    def setUp(self):
        super().setUp()
        out = self.path("a.prom")
        run(*ONLY, "--metrics-file", out)
        self.known = self.file_page(out).names() | self.OTHERS

    def check(self, text):
        names = set(re.findall(r"\b(?:keysieve|node)_[a-z_]+\b", text))
        self.assertGreater(len(names), 3)
        self.assertLessEqual(names, self.known)

    def test_the_dashboard(self):
        with open(os.path.join(DEPLOY, "grafana", "keysieve.json"), encoding="ascii") as file:
            board = json.load(file)
        expressions = [t["expr"] for panel in board["panels"] for t in panel["targets"]]
        expressions += [a["expr"] for a in board["annotations"]["list"]]
        expressions += [v["definition"] for v in board["templating"]["list"] if "definition" in v]
        self.check("\n".join(expressions))
        self.assertEqual(len({p["id"] for p in board["panels"]}), len(board["panels"]))

    def test_the_dashboard_shows_everything(self):
        with open(os.path.join(DEPLOY, "grafana", "keysieve.json"), encoding="ascii") as file:
            text = file.read()
        families = {re.sub("_(bucket|sum|count)$", "", n) for n in self.known - self.OTHERS}
        self.assertEqual({n for n in families if n not in text}, set())

    def test_the_alerts(self):
        with open(os.path.join(DEPLOY, "prometheus", "alerts.yaml"), encoding="ascii") as file:
            self.check("\n".join(line for line in file if "summary" not in line))

    def test_the_documentation_names_every_metric(self):
        with open(os.path.join(HERE, "..", "..", "docs", "metrics.md"), encoding="utf-8") as file:
            text = file.read()
        families = {re.sub("_(bucket|sum|count)$", "", n) for n in self.known - self.OTHERS}
        self.assertEqual({n for n in families if f"`{n}" not in text}, set())


if __name__ == "__main__":
    unittest.main()
