# SPDX-License-Identifier: Apache-2.0
"""--ledger: whose keys were found where, how often, and never a byte of a key."""

import datetime
import gzip
import json
import os
import random
import shutil
import signal
import socket
import stat
import time
import unittest

from journal_support import REMOTE, JournalTest, message
from support import (ALNUM, ID, LONG, ONLY, TRIGGER, CommandTest, Live, address, body, masked, run,
                     run_shell, stars)
from test_follow import Follower

HAS_JOURNAL = b"built without" not in run("journal", "--directory", "/nonexistent").stderr
KEYS = {"finding": {"v", "event", "time", "source", "offset", "line", "rule", "provider", "title",
                    "fingerprint", "length", "revoke"},
        "repeat": {"v", "event", "time", "source", "rule", "provider", "title", "fingerprint", "length",
                   "count", "first", "last", "revoke"},
        "suppressed": {"v", "event", "time", "count", "first", "last"}}
FINGERPRINT = r"\A[0-9a-f]{8}-[0-9a-f]{16}\Z"


def when(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class LedgerTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.ledger = self.path("ledger.jsonl")
        self.secret, self.other = body(95, 1), body(60, 2)
        self.option = ("--ledger", self.ledger)

    def records(self, text=None, secrets=None):
        """All lines of a ledger, after a look at what each must be and must not hold."""
        text = self.content(self.ledger) if text is None else text
        self.assertTrue(text.endswith(b"\n") or not text)
        for secret in secrets or (self.secret, self.other):
            self.assert_no_piece(text, secret)
        records = [json.loads(line) for line in text.decode("utf-8").splitlines()]
        for record in records:
            self.assertEqual(set(record), KEYS[record["event"]])
            self.assertEqual(record["v"], 1)
            self.assertRegex(record["time"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z\Z")
            self.assertLess(abs(when(record["time"]) - time.time()), LONG)
            if "fingerprint" in record:
                self.assertRegex(record["fingerprint"], FINGERPRINT)
        return records

    def events(self, *names, **more):
        return [record for record in self.records(**more) if record["event"] in names]

    def key_file(self, name="key"):
        path = self.path(name)
        self.assert_status(run("key", "new", path), 0)
        return path

    def wait_for(self, condition, what="it happens"):
        deadline = time.monotonic() + LONG
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"waiting that {what}")
            time.sleep(0.01)


class Lines(LedgerTest):
    def test_a_finding(self):
        data = b"one\ntwo " + TRIGGER + self.secret + b"\n"
        self.assert_done(run(*ONLY, *self.option, data=data), masked(data, self.secret))
        record, = self.records()
        self.assertEqual(record["event"], "finding")
        self.assertEqual(record["source"], "standard input")
        self.assertEqual((record["offset"], record["line"]), (data.index(self.secret), 2))
        self.assertEqual(record["length"], len(self.secret))
        self.assertEqual((record["rule"], record["provider"]), (ID, "Anthropic"))
        self.assertIn("Anthropic", record["title"])
        self.assertTrue(record["revoke"].startswith("https://"))

    def test_nothing_found(self):
        self.assert_done(run(*ONLY, *self.option, data=b"text\n"), b"text\n")
        self.assertEqual(self.content(self.ledger), b"")

    def test_the_file_is_for_its_owner_and_goes_on(self):
        data = TRIGGER + self.secret + b"\n"
        for _ in range(2):
            run(*ONLY, *self.option, data=data)
        self.assertEqual(stat.S_IMODE(os.stat(self.ledger).st_mode), 0o600)
        self.assertEqual(len(self.records()), 2)

    def test_a_line_without_end_is_ended_first(self):
        self.file("ledger.jsonl", b'{"v":1,"eve')
        run(*ONLY, *self.option, data=TRIGGER + self.secret + b"\n")
        torn, line = self.content(self.ledger).splitlines(keepends=True)
        self.assertEqual(torn, b'{"v":1,"eve\n')
        self.assertEqual(len(self.records(line)), 1)

    def test_several_files_with_a_key_that_goes_on_in_the_next(self):
        a = self.file("a.log", b"1\n2\nx " + TRIGGER + self.secret[:50])
        b = self.file("b.log", self.secret[50:] + b"\ny " + TRIGGER + self.other + b"\n")
        run(*ONLY, *self.option, a, b)
        one, two = self.records()
        self.assertEqual((one["source"], one["line"], one["offset"]), (a, 3, 6 + len(TRIGGER)))
        self.assertEqual((two["source"], two["line"]), (b, 2))
        self.assertEqual(two["offset"], self.content(b).index(self.other))

    def test_repeats_are_counted_at_each_source(self):
        line = TRIGGER + self.secret + b"\n"
        a, b = self.file("a.log", line * 3), self.file("b.log", line * 2)
        run(*ONLY, *self.option, a, b)
        found, again = self.events("finding"), self.events("repeat")
        self.assertEqual([(r["source"], r["line"]) for r in found], [(a, 1), (b, 1)])
        self.assertEqual([(r["source"], r["count"]) for r in again], [(a, 2), (b, 1)])
        self.assertEqual(len({r["fingerprint"] for r in found + again}), 1)
        for record in again:
            self.assertLessEqual(when(record["first"]), when(record["last"]))
            self.assertLessEqual(when(record["last"]), when(record["time"]))

    def test_a_name_that_is_no_plain_text(self):
        path = os.fsencode(self.path('a"\\\n\x7f')) + b"\xff"
        with open(path, "wb") as file:
            file.write(TRIGGER + self.secret + b"\n")
        run(*ONLY, *self.option, path)
        record, = self.records()
        self.assertTrue(record["source"].endswith('a"\\\n\x7f\ufffd'))

    def test_in_containers_frames_and_in_an_archive(self):
        head = b"2026-01-01T00:00:00.000000000Z stdout "
        data = (head + b"F first\n" + head + b"P k=" + TRIGGER + self.secret[:50] + b"\n" +
                head + b"F " + self.secret[50:] + b" e\n")
        run(*ONLY, *self.option, self.file("a.log.gz", gzip.compress(data)))
        record, = self.records()
        self.assertEqual((record["offset"], record["line"]), (data.index(self.secret[:50]), 2))

    def test_in_place(self):
        data = b"\nk " + TRIGGER + self.secret + b"\n"
        a, b = self.file("a.log", data), self.file("b.log", b"\n" + data)
        self.assert_status(run(*ONLY, *self.option, "-i", a, b), 0)
        self.assertEqual([(r["source"], r["line"], r["offset"]) for r in self.records()],
                         [(a, 2, 3 + len(TRIGGER)), (b, 3, 4 + len(TRIGGER))])
        self.assert_bytes(self.content(a), masked(data, self.secret))

    def test_check(self):
        result = run(*ONLY, *self.option, "--check", data=TRIGGER + self.secret + b"\n")
        self.assert_status(result, 1)
        self.assertEqual(len(self.records()), 1)

    def test_every_mask(self):
        key = self.key_file()
        for mask in ("fill", "tag", "hash", "fill-hash"):
            run(*ONLY, *self.option, "--mask", mask, "--key-file", key,
                data=b"a\n" + TRIGGER + self.secret + b"\n" + TRIGGER + self.other + b"\n")
        found = [(r["offset"], r["line"], r["length"]) for r in self.events("finding")]
        self.assertEqual(len(set(found)), 2)
        self.assertEqual(len(found), 8)


class Fingerprints(LedgerTest):
    def fingerprint(self, *args):
        if os.path.exists(self.ledger):
            os.unlink(self.ledger)
        run(*ONLY, *self.option, *args, data=TRIGGER + self.secret + b"\n")
        return self.records()[0]["fingerprint"]

    def test_with_a_key_file_they_are_those_of_the_command(self):
        key = ("--key-file", self.key_file())
        result = run("fingerprint", *ONLY, *key, data=TRIGGER + self.secret)
        self.assertEqual(result.stdout.decode().split()[0], self.fingerprint(*key))
        self.assertEqual(self.fingerprint(*key), self.fingerprint(*key))

    def test_without_one_no_two_runs_have_the_same(self):
        self.assertNotEqual(self.fingerprint()[:8], self.fingerprint()[:8])

    def test_masks_that_show_them_need_a_key_file(self):
        for mask in ("hash", "fill-hash"):
            result = run(*ONLY, *self.option, "--mask", mask, data=TRIGGER + self.secret)
            self.assert_message(result, 2, "--key-file")

    def test_reload(self):
        """The run's own key stays; a key file is read anew."""
        line = TRIGGER + self.secret + b"\n"
        for args in ((), ("--key-file", self.key_file())):
            with self.subTest(args), Live(*ONLY, *self.option, *args) as live:
                live.write(line)
                if args:
                    os.unlink(args[1])
                    self.key_file()
                live.process.send_signal(signal.SIGHUP)
                live.settle()
                live.write(line)
                self.assert_bytes(live.finish(), masked(line * 2, self.secret))
                ids = {r["fingerprint"] for r in self.records()}
                self.assertEqual(len(ids), 2 if args else 1)
                os.unlink(self.ledger)


    def test_places_go_on_after_a_reload(self):
        parts = (b"\nx " + TRIGGER + self.secret + b"\n", b"\ny " + TRIGGER + self.other + b"\n")
        for head in (b"", b"2026-01-01T00:00:00.000000000Z stdout F "):
            framed = [b"".join(head + line + b"\n" for line in part.splitlines()) for part in parts]
            data = b"".join(framed)
            with self.subTest(head), Live(*ONLY, *self.option) as live:
                live.write(framed[0])
                live.process.send_signal(signal.SIGHUP)
                live.settle()
                live.write(framed[1])
                self.assert_bytes(live.finish(), masked(data, self.secret, self.other))
                self.assertEqual([(r["offset"], r["line"]) for r in self.records()],
                                 [(data.index(self.secret), 2), (data.index(self.other), 4)])
                os.unlink(self.ledger)


class Cuts(LedgerTest):
    """However the input is cut, the ledger says the same, and it is what stands in the input."""

    def frames(self, lines):
        """Lines of an application, as they are and as three runtimes write them, in pieces; and the pieces."""
        time_ = b"2026-01-01T00:00:00.000000000Z"
        cuts = [line.index(TRIGGER) + len(TRIGGER) + 15 for line in lines]
        halves = [(line[:cut], line[cut:]) for line, cut in zip(lines, cuts)]
        yield b"".join(line + b"\n" for line in lines)
        yield b"".join(b"%s stdout P %s\n%s stderr F other\n%s stdout F %s\n" % (time_, a, time_, time_, b)
                       for a, b in halves)
        yield b"".join(b'{"log":"%s","stream":"stdout","time":"%s"}\n{"log":"%s\\n","stream":"stdout","time":"%s"}\n'
                       % (a, time_, b, time_) for a, b in halves)
        yield b"".join(b"%s_STREAM_ID=0123456789abcdef0123456789abcdef\n"
                       b"_TRANSPORT=stdout\n_LINE_BREAK=line-max\nMESSAGE=%s\n\n"
                       b"%s_STREAM_ID=0123456789abcdef0123456789abcdef\n"
                       b"_TRANSPORT=stdout\nMESSAGE=%s\n\n" % (address(1), a, address(2), b) for a, b in halves)

    def found(self):
        records = self.events("finding", secrets=self.secrets)
        os.unlink(self.ledger)
        return [(r["offset"], r["line"], r["length"], r["fingerprint"]) for r in records]

    def test_places_and_fingerprints(self):
        rng = random.Random(5)
        self.secrets = [body(rng.randrange(30, 200), seed) for seed in range(8)]
        lines = [b"x" * rng.randrange(5) + b" k=" + TRIGGER + secret + b" y" for secret in self.secrets]
        args = (*ONLY, *self.option, "--key-file", self.key_file())
        for data in self.frames(lines):
            with self.subTest(data[:30]):
                run(*args, data=data)
                whole = self.found()
                begins = [data.index(secret[:12]) for secret in self.secrets]
                self.assertEqual([at for at, *_ in whole], begins)
                self.assertEqual([line for _, line, *_ in whole],
                                 [data.count(b"\n", 0, at) + 1 for at in begins])
                self.assertEqual([length for _, _, length, _ in whole], [len(s) for s in self.secrets])
                for _ in range(5):
                    with Live(*args) as live:
                        cuts = sorted(rng.randrange(len(data)) for _ in range(12))
                        for begin, end in zip([0] + cuts, cuts + [len(data)]):
                            if end > begin:
                                live.write(data[begin:end])
                        live.finish()
                    self.assertEqual(self.found(), whole)

    def test_in_another_frame_a_key_has_the_same_fingerprint(self):
        self.secrets = [body(150, 3)]
        args = (*ONLY, *self.option, "--key-file", self.key_file())
        prints = []
        for data in self.frames([b"k=" + TRIGGER + self.secrets[0] + b" y"]):
            run(*args, data=data)
            prints += [record[2:] for record in self.found()]
        self.assertEqual(prints, prints[:1] * 4)


class Floods(LedgerTest):
    def test_the_same_key_very_often(self):
        data = (TRIGGER + self.secret + b"\n") * 20000
        self.assert_done(run(*ONLY, *self.option, data=data), masked(data, self.secret))
        found, again = self.records()
        self.assertEqual((found["event"], again["event"], again["count"]),
                         ("finding", "repeat", 19999))

    def test_very_many_keys(self):
        """Only so many lines: the rest is counted. Nothing is lost of the count."""
        secrets = [body(40, seed, ALNUM) for seed in range(5000)]
        data = b"".join(TRIGGER + secret + b"\n" for secret in secrets)
        self.assert_done(run(*ONLY, *self.option, data=data),
                         b"".join(TRIGGER + stars(secret) + b"\n" for secret in secrets))
        found, rest = self.events("finding", secrets=secrets[:50]), self.events("suppressed")
        self.assertTrue(1000 <= len(found) < 2000, len(found))
        self.assertEqual(len(found) + sum(r["count"] for r in rest), 5000)

    def test_summaries_come_also_when_nothing_else_does(self):
        line = TRIGGER + self.secret + b"\n"
        with Live(*ONLY, *self.option, "--ledger-interval", "1s") as live:
            for count in (2, 3):
                live.write(line * count)
                before = len(self.events("repeat"))
                self.wait_for(lambda: len(self.events("repeat")) > before)  # pylint: disable=W0640
            self.assertEqual([r["count"] for r in self.events("repeat")], [1, 3])

    def test_intervals(self):
        for text in ("0s", "10", "x", "1.5m", "2d", "-1s", ""):
            with self.subTest(text):
                self.assert_message(run(*ONLY, "--ledger-interval", text), 2, "--ledger-interval")
        for text in ("1s", "5m", "1h", "1d"):
            with self.subTest(text):
                self.assert_done(run(*ONLY, "--ledger-interval", text, data=b"x"), b"x")


class Places(LedgerTest):
    """Where a ledger may be, and what happens when it cannot be written."""

    def setUp(self):
        super().setUp()
        self.data = TRIGGER + self.secret + b"\n"

    def shell(self, script, *args):
        return run_shell(script, *ONLY, *args, data=self.data)

    def test_a_descriptor(self):
        result = self.shell(f'"$@" --ledger fd:7 7>{self.ledger}')
        self.assert_done(result, masked(self.data, self.secret))
        self.assertEqual(len(self.records()), 1)

    def test_standard_error(self):
        result = run(*ONLY, "--ledger", "fd:2", data=self.data)
        self.assert_status(result, 0)
        self.assertEqual(len(self.records(result.stderr)), 1)

    def test_standard_output_if_the_text_goes_elsewhere(self):
        self.assert_message(run(*ONLY, "--ledger", "fd:1", data=self.data), 2, "fd:1")
        result = run(*ONLY, "--ledger", "fd:1", "-o", self.path("out"), data=self.data)
        self.assert_status(result, 0)
        self.assertEqual(len(self.records(result.stdout)), 1)

    def test_descriptors_that_are_none(self):
        for place in ("fd:0", "fd:", "fd:x", "fd:-1", "fd:7x", "fd:99999999999"):
            with self.subTest(place):
                self.assert_message(run(*ONLY, "--ledger", place, data=self.data), 2, "ledger")
        for number in range(3, 12):  # one of its own would be among them
            with self.subTest(number):
                self.assert_message(run(*ONLY, "--ledger", f"fd:{number}", data=self.data), 2, "fd:")
        self.assert_message(self.shell(f'"$@" --ledger fd:7 7<{os.devnull}'), 2, "fd:7")

    def test_a_file_that_cannot_be_opened(self):
        self.assert_message(run(*ONLY, "--ledger", self.path("no/such"), data=self.data), 74,
                            "No such file")
        self.assert_message(run("follow", *ONLY, "--ledger", self.directory, self.path("x")), 74)

    def test_it_is_neither_input_nor_output(self):
        log = self.file("a.log", self.data)
        for args in (("-o", self.ledger), (self.ledger,), ("-i", self.ledger), (log, self.ledger)):
            with self.subTest(args):
                self.assert_message(run(*ONLY, *self.option, *args), 2, "the ledger is")
        self.assert_status(self.shell(f'"$@" --ledger {self.ledger} >>{self.ledger}'), 2)
        self.assertEqual(self.content(self.ledger), b"")

    def test_a_full_disk(self):
        data = b"".join(TRIGGER + body(40, seed) + b"\n" for seed in range(100))
        wanted = b"".join(TRIGGER + b"*" * 40 + b"\n" for _ in range(100))
        result = run(*ONLY, "--ledger", "/dev/full", data=data)
        self.assert_status(result, 0)
        self.assert_bytes(result.stdout, wanted)
        self.assertEqual(result.stderr.count(b"No space left on device"), 1)
        self.assertLessEqual(result.stderr.count(b"\n"), 2)

    def test_a_limit_on_file_sizes_spoils_one_line_at_most(self):
        """What was not written is told as soon as it can be."""
        seeds = range(10)
        data = b"".join(TRIGGER + body(40, seed) + b"\n" for seed in seeds)
        result = run_shell(f'ulimit -f 1; "$@" --ledger {self.ledger} | cat', *ONLY,
                           data=data)
        self.assert_status(result, 0)
        self.assert_bytes(result.stdout, (TRIGGER + b"*" * 40 + b"\n") * len(seeds))
        self.assertIn(b"masking goes on", result.stderr)
        lines = self.content(self.ledger).split(b"\n")
        for line in lines[:-1]:
            json.loads(line)

    def test_a_pipe_that_nobody_reads(self):
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        data = b"".join(TRIGGER + body(40, seed) + b"\n" for seed in range(900))
        result = run(*ONLY, "--ledger", f"fd:{writing}", data=data, pass_fds=(writing,))
        os.close(writing)
        self.assert_status(result, 0)
        self.assertEqual(len(result.stdout), len(data))
        self.assertEqual(result.stderr.count(b"nobody reads it; masking goes on"), 1)
        os.set_blocking(reading, False)
        self.records(os.read(reading, 1 << 20))

    def test_a_pipe_whose_reader_is_gone(self):
        reading, writing = os.pipe()
        os.close(reading)
        result = run(*ONLY, "--ledger", f"fd:{writing}", data=self.data, pass_fds=(writing,))
        os.close(writing)
        self.assert_status(result, 0)
        self.assert_bytes(result.stdout, masked(self.data, self.secret))
        self.assertIn(b"Broken pipe; masking goes on", result.stderr)

    def test_a_socket_that_nobody_reads(self):
        here, there = socket.socketpair()
        with here, there:
            data = b"".join(TRIGGER + body(40, seed) + b"\n" for seed in range(900))
            result = run(*ONLY, "--ledger", f"fd:{there.fileno()}", data=data,
                         pass_fds=(there.fileno(),))
            self.assert_status(result, 0)
            self.assertEqual(len(result.stdout), len(data))
            self.assertTrue(here.recv(100))

    def test_a_pipe_by_its_path_that_nobody_reads(self):
        os.mkfifo(self.path("fifo"))
        self.assert_message(run(*ONLY, "--ledger", self.path("fifo"), data=self.data), 74, "fifo")

    def test_rotation(self):
        line = TRIGGER + self.secret + b"\n"
        with Live(*ONLY, *self.option) as live:
            live.write(line * 2)
            os.rename(self.ledger, self.path("old"))
            live.process.send_signal(signal.SIGHUP)
            live.settle()
            live.write(line)
            live.finish()
            self.assertEqual(live.messages(), b"")
        old = self.records(self.content(self.path("old")))
        self.assertEqual([r["event"] for r in old], ["finding", "repeat"])
        self.assertEqual([(r["event"], r["count"]) for r in self.records()], [("repeat", 1)])


class Follow(LedgerTest):
    def setUp(self):
        super().setUp()
        self.log = self.path("app.log")
        self.keys = [body(40, seed) for seed in range(10)]

    def write(self, data):
        with open(self.log, "ab") as file:
            file.write(data)

    def key(self, number):
        return TRIGGER + self.keys[number] + b"\n"

    def places(self):
        records = self.events("finding", secrets=self.keys)
        return [(os.path.basename(r["source"]), r["offset"], r["line"]) for r in records]

    def expect(self, *places):
        self.wait_for(lambda: len(self.places()) >= len(places), f"{len(places)} lines are there")
        self.assertEqual(self.places(), list(places))

    def test_places_in_files_that_are_rotated(self):
        at = len(TRIGGER)
        self.write(b"one\n" + self.key(0))
        with Follower("--from-start", *self.option, self.log) as f:
            self.expect(("app.log", 4 + at, 2))
            os.rename(self.log, self.log + ".1")
            self.write(b"\n\n" + self.key(1))
            self.expect(("app.log", 4 + at, 2), ("app.log", 2 + at, 3))
            f.send(signal.SIGHUP)
            self.write(b"a" + self.key(2))
            third = ("app.log", 3 + len(self.key(1)) + at, 4)
            self.expect(("app.log", 4 + at, 2), ("app.log", 2 + at, 3), third)
            shutil.copy(self.log, self.log + ".2")
            os.truncate(self.log, 0)
            self.write(b"x" + self.key(3))
            self.expect(("app.log", 4 + at, 2), ("app.log", 2 + at, 3), third,
                        ("app.log", 1 + at, 1))

    def test_begun_in_the_middle_lines_are_not_known(self):
        self.write(b"old\n" * 20000 + self.key(0))
        size = os.path.getsize(self.log)
        with Follower(*self.option, self.log) as f:
            self.write(self.key(1))
            self.expect(("app.log", size + len(TRIGGER), None))
            f.stop()

    def test_a_restart_tells_of_nothing_twice(self):
        """Nor does it forget what was found between."""
        args = ("--from-start", *self.option, "--state", self.path("state"), "-o", self.path("out"),
                self.log)
        self.write(self.key(0))
        with Follower(*args) as f:
            self.expect(("app.log", len(TRIGGER), 1))
            f.stop()
        self.write(self.key(1))
        with Follower(*args) as f:
            self.expect(("app.log", len(TRIGGER), 1),
                        ("app.log", len(self.key(0)) + len(TRIGGER), 2))
            f.stop()
        self.assert_bytes(self.content(self.path("out")), (TRIGGER + b"*" * 40 + b"\n") * 2)

    def test_the_ledger_is_not_followed(self):
        self.ledger = self.path("z.log")
        with Follower("--ledger", self.ledger, self.path("*.log")) as f:
            self.write(self.key(0))
            f.expect(TRIGGER + b"*" * 40 + b"\n")
            self.write(b"end\n")
            f.expect(TRIGGER + b"*" * 40 + b"\nend\n")
            f.stop()

    def test_summaries_when_nothing_is_written(self):
        self.write(b"")
        with Follower(*self.option, "--ledger-interval", "1s", self.log) as f:
            self.write(self.key(0) * 3)
            self.wait_for(lambda: self.events("repeat", secrets=self.keys))
            self.assertEqual(self.events("repeat", secrets=self.keys)[0]["count"], 2)
            f.stop()


    def test_names_that_hold_a_key(self):
        """A file is called as others like."""
        path = self.file("of-" + (TRIGGER + self.secret).decode() + ".log", TRIGGER + self.secret)
        run(*ONLY, *self.option, path)
        record, = self.records()
        self.assertTrue(record["source"].startswith(self.path("of-" + TRIGGER.decode() + "***")))


@unittest.skipUnless(os.path.exists(REMOTE) and HAS_JOURNAL, "no systemd-journal-remote")
class Journal(JournalTest, LedgerTest):
    def journal(self, *args):
        self.assert_status(run("journal", *ONLY, *self.option, "--directory", self.journals, *args), 0)
        return self.records()

    def test_units_and_containers(self):
        text = b"k " + TRIGGER + self.secret
        self.add(message(1, text), message(2, b"nothing"), message(3, text, _SYSTEMD_UNIT=b"web.service"),
                 message(4, text, _SYSTEMD_UNIT=b"user@1.service", _SYSTEMD_USER_UNIT=b"my.service"),
                 message(5, text, _SYSTEMD_UNIT=b"docker.service", CONTAINER_NAME=b"db-1"),
                 message(6, text, _SYSTEMD_UNIT=b"web.service"))
        records = self.journal()
        self.assertEqual([(r["event"], r["source"]) for r in records],
                         [("finding", source) for source in ("journal", "web.service", "my.service",
                                                             "db-1")] + [("repeat", "web.service")])
        self.assertEqual([(r["offset"], r["line"]) for r in records[:-1]], [(None, None)] * 4)

    def test_a_container_that_is_called_like_a_key(self):
        self.add(message(1, b"k " + TRIGGER + self.other, CONTAINER_NAME=TRIGGER + self.secret))
        sources = {r["source"] for r in self.journal()}
        self.assertEqual(sources, {(TRIGGER + stars(self.secret)).decode()})

    def test_entries_larger_than_what_is_fed_at_once(self):
        big = b"x" * 200000
        self.add(*(message(n, big + b" " + TRIGGER + self.secret, _SYSTEMD_UNIT=b"u%d.service" % n)
                   for n in range(5)))
        self.assertEqual([r["source"] for r in self.journal()], [f"u{n}.service" for n in range(5)])

    def test_a_restart_tells_of_nothing_twice(self):
        self.add(message(1, TRIGGER + self.secret))
        args = ("--state", self.path("state"), "-o", self.path("out"))
        self.assertEqual(len(self.journal(*args)), 1)
        self.assertEqual(len(self.journal(*args)), 1)
        self.add(message(2, TRIGGER + self.other))
        self.assertEqual([r["length"] for r in self.journal(*args)], [95, 60])

    def test_summaries_while_it_is_followed(self):
        self.add(*(message(n, TRIGGER + self.secret) for n in range(3)))
        with Live("journal", *ONLY, *self.option, "--ledger-interval", "1s", "--directory", self.journals,
                  "-f") as live:
            self.wait_for(lambda: os.path.exists(self.ledger) and self.events("repeat"))
            live.process.send_signal(signal.SIGTERM)
            live.process.wait(LONG)
        self.assertEqual([r["count"] for r in self.events("repeat")], [2])


class Reports(LedgerTest):
    def test_keysieve_report_reads_it(self):
        a = self.file("a.log", (TRIGGER + self.secret + b"\n") * 5 + TRIGGER + self.other)
        run(*ONLY, *self.option, a)
        result = run("report", "--json", self.ledger)
        self.assert_status(result, 0)
        self.assert_silent(result)
        self.assertEqual(sorted(leak["count"] for leak in json.loads(result.stdout)["leaks"]), [1, 5])

    def test_it_tells_how_many_were_too_many(self):
        data = b"".join(TRIGGER + body(40, seed, ALNUM) + b"\n" for seed in range(3000))
        run(*ONLY, *self.option, data=data)
        count = sum(r["count"] for r in self.events("suppressed"))
        self.assertGreater(count, 0)
        result = run("report", "--json", self.ledger)
        self.assert_message(result, 0, "%d more findings" % count)
        self.assertEqual(sum(leak["count"] for leak in json.loads(result.stdout)["leaks"]), 3000 - count)

    def test_the_schema_takes_it(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("no jsonschema")
        path = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "ledger.schema.json")
        with open(path, encoding="utf-8") as file:
            validator = jsonschema.Draft202012Validator(json.load(file))
        data = b"".join(TRIGGER + body(40, seed, ALNUM) + b"\n" for seed in range(3000))
        run(*ONLY, *self.option, data=data + (TRIGGER + self.secret + b"\n") * 5)
        for record in self.records():
            self.assertEqual([error.message for error in validator.iter_errors(record)], [])
        for name in ("count", "first", "event", "time"):
            broken = dict(self.events("suppressed")[0])
            del broken[name]
            self.assertFalse(validator.is_valid(broken), name)


if __name__ == "__main__":
    unittest.main()
