# SPDX-License-Identifier: Apache-2.0
"""keysieve journal --follow and --state: what comes later, and what comes after a restart."""

import os
import random
import signal
import subprocess
import tempfile
import time
import unittest

from journal_support import REMOTE, JournalTest, entries, message, messages, piece
from support import (ACME, BINARY, LONG, ONLY, RULE, TIMEOUT, TRIGGER, body, environment, is_asleep, process_state,
                     run, stars, written_to)


class FollowTest(JournalTest):
    def setUp(self):
        super().setUp()
        self.output = self.path("output")
        self.state = self.path("state")

    def start(self, *args, options=ONLY):
        """keysieve journal --follow; its process has messages()."""
        errors = tempfile.TemporaryFile()
        self.addCleanup(errors.close)
        sieve = subprocess.Popen([BINARY, "journal", "--follow", "--directory", self.journals, *options, *args],
                                 stdin=subprocess.DEVNULL, stderr=errors, env=environment())
        self.addCleanup(sieve.wait)
        self.addCleanup(sieve.kill)

        sieve.messages = lambda: written_to(errors)
        return sieve

    def wait_for(self, is_there, what, limit=TIMEOUT, pause=0.005):
        deadline = time.monotonic() + limit
        while not is_there():
            self.assertLess(time.monotonic(), deadline, f"waited too long for {what}")
            time.sleep(pause)

    def written(self):
        return self.content(self.output) if os.path.exists(self.output) else b""

    def wait_for_output(self, text, count=1):
        self.wait_for(lambda: self.written().count(text) >= count, f"{text!r}")
        return self.written()

    def wait_for_message(self, sieve, text):
        self.wait_for(lambda: text in sieve.messages(), f"the message {text!r}")

    def stop(self, sieve, number=signal.SIGTERM, status=0):
        sieve.send_signal(number)
        self.assertEqual(sieve.wait(TIMEOUT), status, sieve.messages())


class Follow(FollowTest):
    def test_the_last_ten_then_what_comes(self):
        self.add(*(message(n, b"%d" % n) for n in range(30)))
        sieve = self.start("--output", self.output)
        self.wait_for_output(b"MESSAGE=29\n")
        self.add(message(30, b"30"))
        self.wait_for_output(b"MESSAGE=30\n")
        self.add(message(31, b"31"))
        output = self.wait_for_output(b"MESSAGE=31\n")
        self.assertEqual([int(text) for text in messages(output)], list(range(20, 32)))
        self.stop(sieve)
        self.assertEqual(sieve.messages(), b"")

    def test_fewer_than_ten(self):
        self.add(message(1, b"one"), message(2, b"two"))
        sieve = self.start("--output", self.output)
        self.assertEqual(messages(self.wait_for_output(b"MESSAGE=two\n")), [b"one", b"two"])
        self.stop(sieve)

    def test_from_start(self):
        self.add(*(message(n, b"%d" % n) for n in range(30)))
        sieve = self.start("--from-start", "--output", self.output)
        self.assertEqual(len(entries(self.wait_for_output(b"MESSAGE=29\n"))), 30)
        self.stop(sieve, signal.SIGINT)

    def test_a_key_that_begins_before_the_last_ten(self):
        secret = body()
        self.add(message(1, b"x"), piece(2, TRIGGER + secret[:30]), piece(3, secret[30:], line_break=None),
                 *(message(n, b"%d" % n) for n in range(4, 13)))
        sieve = self.start("--output", self.output)
        output = self.wait_for_output(b"MESSAGE=12\n")
        self.assertEqual(messages(output), [stars(secret[30:])] + [b"%d" % n for n in range(4, 13)])
        self.stop(sieve)

    def test_a_journal_without_entries_that_match(self):
        self.add(message(1, b"one"))
        sieve = self.start("MESSAGE=two", "--output", self.output)
        self.wait_for(lambda: os.path.exists(self.output), "the output")
        self.add(message(2, b"two"), message(3, b"three"))
        self.assertEqual(messages(self.wait_for_output(b"MESSAGE=two\n")), [b"two"])
        self.stop(sieve)

    def test_no_journal_yet(self):
        sieve = self.start("--output", self.output)
        self.wait_for_message(sieve, b"no journal files")
        self.add(message(1, b"one"))
        self.assertEqual(messages(self.wait_for_output(b"MESSAGE=one\n")), [b"one"])
        self.stop(sieve)

    def test_a_file_that_appears(self):
        self.add(message(1, b"one"))
        sieve = self.start("--output", self.output)
        self.wait_for_output(b"MESSAGE=one\n")
        self.add(message(2, b"two"), name="b.journal")
        self.assertEqual(messages(self.wait_for_output(b"MESSAGE=two\n")), [b"one", b"two"])
        self.stop(sieve)

    def test_a_file_that_is_renamed_and_followed_by_another(self):
        path = self.add(message(1, b"one"))
        sieve = self.start("--output", self.output)
        self.wait_for_output(b"MESSAGE=one\n")
        os.rename(path, os.path.join(self.journals, "a@old.journal"))
        for n in range(2, 6):
            self.add(message(n, b"%d" % n))
            self.wait_for_output(b"MESSAGE=%d\n" % n)
        self.assertEqual(messages(self.written()), [b"one", b"2", b"3", b"4", b"5"])
        self.stop(sieve)

    def test_one_file(self):
        path = self.add(message(1, b"one"))
        sieve = subprocess.Popen([BINARY, "journal", "-f", "--file", path, *ONLY, "--output", self.output],
                                 env=environment())
        self.addCleanup(sieve.wait)
        self.addCleanup(sieve.kill)
        self.wait_for_output(b"MESSAGE=one\n")
        self.add(message(2, b"two"))
        self.wait_for_output(b"MESSAGE=two\n")
        sieve.terminate()
        self.assertEqual(sieve.wait(TIMEOUT), 0)

    def test_the_output_is_live_in_all_formats(self):
        secret = body()
        self.add(message(1, b"one"))
        for form, text in (("json", b'"MESSAGE":"two %s' % TRIGGER), ("short", b" host app[42]: two %s" % TRIGGER)):
            self.output = self.path(form)
            sieve = self.start("--output", self.output, "--format", form)
            self.wait_for_output(b"one")
            self.add(message(2, b"two " + TRIGGER + secret))
            self.wait_for_output(text + stars(secret))
            self.stop(sieve)

    def test_a_key_in_two_pieces_that_come_one_after_the_other(self):
        secret = body()
        sieve = self.start("--output", self.output)
        self.add(piece(1, TRIGGER + secret[:10]))
        self.add(message(2, b"another service"))
        self.add(piece(3, secret[10:] + b" end", line_break=None))
        output = self.wait_for_output(b" end\n")
        self.assertEqual(messages(output), [TRIGGER + stars(secret[:10]), b"another service",
                                            stars(secret[10:]) + b" end"])
        self.stop(sieve)

    def test_a_stop_masks_what_is_undecided(self):
        secret = body()
        self.add(piece(1, TRIGGER + secret[:10]))
        sieve = self.start("--output", self.output)
        self.wait_for_output(TRIGGER)
        self.stop(sieve)
        self.assertEqual(messages(self.written()), [TRIGGER + stars(secret[:10])])

    def test_statistics_on_SIGUSR1(self):
        self.add(message(1, TRIGGER + body()))
        sieve = self.start("--output", self.output)
        self.wait_for_output(b"\n\n")
        sieve.send_signal(signal.SIGUSR1)
        self.wait_for_message(sieve, b" 1 findings, ")
        self.stop(sieve)


class Stopped(FollowTest):
    """A stop comes when the output is blocked, and takes effect when it no longer is: between entries."""

    def stop_in_the_middle(self, *args):
        self.add(*(message(n, b"%d" % n, FILL=b"-" * 10000) for n in range(300)))
        sieve = subprocess.Popen([BINARY, "journal", *ONLY, "--directory", self.journals, *args],
                                 stdout=subprocess.PIPE, env=environment())
        self.addCleanup(sieve.kill)
        self.assertEqual(len(sieve.stdout.read(100)), 100)
        self.wait_for(lambda: process_state(sieve.pid) == "S", "a full pipe")
        sieve.terminate()
        with sieve.stdout as stdout:
            rest = messages(b"__CURSOR=\n" + stdout.read().partition(b"\n")[2])
        sieve.wait(TIMEOUT)
        self.assertEqual(rest, [b"%d" % n for n in range(len(rest))])
        self.assertLess(len(rest), 300)
        return sieve.returncode, len(rest)

    def test_with_a_state_another_run_does_the_rest(self):
        status, count = self.stop_in_the_middle("--state", self.state)
        self.assertEqual(status, 0)
        result = run("journal", *ONLY, "--directory", self.journals, "--state", self.state)
        self.assert_status(result, 0)
        self.assertEqual(messages(result.stdout), [b"%d" % n for n in range(count, 300)])

    def test_without_one_it_was_interrupted(self):
        self.assertEqual(self.stop_in_the_middle()[0], -signal.SIGTERM)


class Reload(FollowTest):
    def start_with_rules(self):
        self.rules = self.file("rules.yaml", RULE.replace("acme_live_", "acme_test_"))
        self.add(message(1, ACME + body(32)))
        sieve = self.start("--output", self.output, options=("--rules", self.rules, "--only", "acme-api-key"))
        self.wait_for_output(b"\n\n")
        return sieve

    def test_new_rules_and_a_new_output(self):
        secret = body(32)
        sieve = self.start_with_rules()
        self.file("rules.yaml", RULE)
        os.rename(self.output, self.path("output.1"))
        sieve.send_signal(signal.SIGHUP)
        self.wait_for(lambda: os.path.exists(self.output), "the new output")
        self.wait_for(lambda: is_asleep(sieve.pid), "the new rules")
        self.add(message(2, ACME + body(32, 2)))
        self.wait_for_output(b"\n\n")
        self.assertEqual(messages(self.content(self.path("output.1"))), [ACME + secret])
        self.assertEqual(messages(self.written()), [ACME + b"*" * 32])
        self.stop(sieve)

    def test_rules_that_are_wrong(self):
        sieve = self.start_with_rules()
        self.file("rules.yaml", RULE.replace("trigger", "triggerx"))
        sieve.send_signal(signal.SIGHUP)
        self.wait_for_message(sieve, b"rules.yaml:")
        self.add(message(2, b"two"))
        self.wait_for_output(b"MESSAGE=two\n")
        self.stop(sieve)


class State(FollowTest):
    """What a run left where it ended, the next one does."""

    def go_on(self, *args, status=0):
        result = run("journal", *ONLY, "--directory", self.journals, "--state", self.state, *args)
        self.assert_status(result, status)
        return result

    def test_run_after_run(self):
        everything = []
        for n in range(0, 60, 3):
            self.add(*(message(k, b"%d" % k, FILL=b"-" * 2000) for k in range(n, n + 3)))
            result = self.go_on()
            self.assert_silent(result)
            self.assertEqual(messages(result.stdout), [b"%d" % k for k in range(n, n + 3)])
            everything.append(result.stdout)
        self.assert_done(self.go_on(), b"")
        self.assert_bytes(b"".join(everything), self.journalctl("--directory", self.journals, "-o", "export"))

    def test_a_key_in_pieces_that_different_runs_read(self):
        secret = body()
        for form in ((), ("--format", "short")):
            name = f"{len(form)}.journal"
            self.state = self.path("state" + name)
            place = ("--file", os.path.join(self.journals, name), "--state", self.state, *ONLY, *form)
            outputs = []
            for n, part in enumerate((b"- " + TRIGGER, secret[:3], secret[3:40], secret[40:])):
                self.add(piece(n, part), name=name)
                result = run("journal", *place)
                self.assert_silent(result)
                outputs.append(result.stdout)
            self.assert_no_piece(b"".join(outputs), secret)
            self.assertEqual(b"".join(outputs).count(b"*"), len(secret))

    def test_with_follow_it_begins_where_it_ended(self):
        self.add(*(message(n, b"%d" % n) for n in range(20)))
        for begin, end in ((10, 20), (20, 45), (45, 46)):
            self.add(*(message(n, b"%d" % n) for n in range(begin, end) if n >= 20))
            self.output = self.path(f"output{begin}")
            sieve = self.start("--state", self.state, "--output", self.output)
            self.wait_for_output(b"MESSAGE=%d\n" % (end - 1))
            self.stop(sieve)
            self.assertEqual([int(text) for text in messages(self.written())], list(range(begin, end)))

    def test_other_matches_than_before(self):
        """Nothing is lost: what is new is written, whatever was read before."""
        self.add(*(message(n, b"%d" % n, A=b"%d" % (n % 9 == 0)) for n in range(10)))
        self.assertEqual(len(messages(self.go_on().stdout)), 10)
        self.add(*(message(n, b"%d" % n, A=b"1") for n in range(10, 13)))
        self.assertEqual(messages(self.go_on("A=1").stdout), [b"10", b"11", b"12"])
        self.add(*(message(n, b"%d" % n, A=b"2") for n in range(13, 15)))
        self.assertEqual(messages(self.go_on().stdout), [b"13", b"14"])

    def test_the_output_is_cut_back(self):
        self.add(*(message(n, b"%d" % n) for n in range(20)))
        self.go_on("--output", self.output)
        whole = self.written()
        with open(self.output, "ab") as file:
            file.write(b"what a run wrote after its last checkpoint")
        self.go_on("--output", self.output)
        self.assert_bytes(self.written(), whole)

    def kill_again_and_again(self, form):
        """Exactly once: the output is that of a run that nobody has disturbed."""
        secret = body()
        rng = random.Random(form)
        sent = 0
        for _ in range(8):
            sieve = self.start("--from-start", "--state", self.state, "--output", self.output, "--format", form)
            until = time.monotonic() + rng.uniform(0.02, 1.8)
            while time.monotonic() < until:
                self.add(*(piece(n, (TRIGGER + secret[:10], secret[10:] + b" end")[n % 2] + b"%d" % n,
                                 line_break=(b"line-max", None)[n % 2]) for n in range(sent, sent + 31)))
                sent += 31
            sieve.kill()
            sieve.wait()
        sieve = self.start("--from-start", "--state", self.state, "--output", self.output, "--format", form)
        self.add(piece(sent, (b".", secret[10:])[sent % 2], line_break=None), message(sent + 1, b"the last one"))
        self.wait_for_output(b"the last one")
        self.stop(sieve)
        want = run("journal", *ONLY, "--directory", self.journals, "--format", form)
        self.assert_bytes(self.written(), want.stdout)
        self.assertFalse(any(part in self.written() for part in (secret[:8], secret[20:28], secret[-8:])))

    def test_SIGKILL_export(self):
        self.kill_again_and_again("export")

    def test_SIGKILL_json(self):
        self.kill_again_and_again("json")

    def test_SIGKILL_short(self):
        self.kill_again_and_again("short")

    def test_logrotate_between_entries(self):
        """Each file has whole entries."""
        self.add(message(0, b"0"))
        sieve = self.start("--state", self.state, "--output", self.output)
        for n in range(1, 10):
            self.wait_for_output(b"\n\n")
            os.rename(self.output, self.path(f"output.{n}"))
            sieve.send_signal(signal.SIGHUP)
            self.wait_for(lambda: os.path.exists(self.output), "the new output")
            self.add(message(n, b"%d" % n))
        self.wait_for_output(b"MESSAGE=9\n")
        self.stop(sieve)
        parts = [self.content(self.path(f"output.{n}")) for n in range(1, 10)] + [self.written()]
        self.assertEqual([messages(part) for part in parts], [[b"%d" % n] for n in range(10)])


class Vacuum(FollowTest):
    """Entries that were to be read again, or first, are gone."""

    def fill(self, name, begin, end):
        return self.add(*(message(n, b"%d" % n, FILL=b"-" * 1000) for n in range(begin, end)), name=name)

    def go_on(self, *args):
        result = run("journal", *ONLY, "--directory", self.journals, "--state", self.state, *args)
        self.assert_status(result, 0)
        return result, [int(text) for text in messages(result.stdout)]

    def test_what_was_written(self):
        """It goes on with the next; the user should know that there may have been more."""
        old = self.fill("a.journal", 0, 50)
        self.assertEqual(self.go_on()[1], list(range(50)))
        self.fill("b.journal", 50, 60)
        os.unlink(old)
        result, numbers = self.go_on()
        self.assertEqual(numbers, list(range(50, 60)))
        self.assert_message(result, 0, "not in the journal any more")
        self.assert_done(self.go_on()[0], b"")

    def test_what_was_to_be_read_again(self):
        """The entries that a restart begins with are gone, not the last that was written: none is lost."""
        old = self.fill("a.journal", 0, 50)
        self.fill("b.journal", 50, 55)
        self.assertEqual(self.go_on()[1], list(range(55)))
        os.unlink(old)
        self.fill("b.journal", 55, 60)
        result, numbers = self.go_on()
        self.assert_silent(result)
        self.assertEqual(numbers, list(range(55, 60)))

    def test_all(self):
        old = self.fill("a.journal", 0, 50)
        self.go_on("--output", self.output)
        os.unlink(old)
        sieve = self.start("--state", self.state, "--output", self.output)
        self.wait_for_message(sieve, b"not in the journal any more")
        self.fill("b.journal", 50, 52)
        self.wait_for_output(b"MESSAGE=51\n")
        self.stop(sieve)
        self.assertEqual([int(text) for text in messages(self.written())], list(range(52)))


class WrongState(FollowTest):
    def setUp(self):
        super().setUp()
        self.add(message(1, b"one"))

    def refused(self, status, *words):
        result = run("journal", *ONLY, "--directory", self.journals, "--state", self.state)
        self.assert_message(result, status, "state", *words)
        self.assertEqual(result.stdout, b"")

    def test_a_damaged_one(self):
        run("journal", *ONLY, "--directory", self.journals, "--state", self.state)
        self.file("state", self.content(self.state).replace(b"restart", b"reztart"))
        self.refused(74)

    def test_a_directory(self):
        os.mkdir(self.state)
        self.refused(74)

    def test_in_use(self):
        sieve = self.start("--state", self.state, "--output", self.output)
        self.wait_for_output(b"one")
        self.refused(74)
        self.stop(sieve)


class Getter(FollowTest):
    """systemd-journal-remote with a getter that follows."""

    def test_live(self):
        secret = body()
        self.add(*(message(n, b"%d " % n + TRIGGER + secret) for n in range(20)))
        os.mkdir(self.path("redacted"))
        redacted = self.path("redacted/a.journal")
        getter = (f"{BINARY} journal --follow --from-start --directory {self.journals} "
                  f"--state {self.state} --only {ONLY[1]}")
        for begin in (20, 25):
            remote = subprocess.Popen([REMOTE, f"--getter={getter}", f"--output={redacted}"],
                                      stderr=subprocess.DEVNULL, env=environment(), start_new_session=True)
            self.addCleanup(remote.wait)
            self.addCleanup(remote.kill)
            self.add(*(message(n, b"%d " % n + TRIGGER + secret) for n in range(begin, begin + 5)))
            # Each look starts journalctl, beside two programs that have to start as well.
            self.wait_for(lambda: self.count(redacted) >= begin + 5, "the redacted journal", LONG, 0.1)
            os.killpg(remote.pid, signal.SIGTERM)
            remote.wait(LONG)
        got = messages(self.journalctl("--file", redacted, "-o", "export"))
        self.assertEqual(got, [b"%d " % n + TRIGGER + stars(secret) for n in range(30)])

    def count(self, path):
        if not os.path.exists(path):
            return 0
        done = subprocess.run(["journalctl", "-q", "--file", path, "-o", "cat"], capture_output=True, check=False)
        return done.stdout.count(b"\n")


if __name__ == "__main__":
    unittest.main()
