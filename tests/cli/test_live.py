# SPDX-License-Identifier: Apache-2.0
"""Liveness: what may leave leaves in the call in which it came. And what a kill leaves behind."""

import os
import signal
import socket
import subprocess
import time
import unittest

from support import (ALNUM, BINARY, LONG, ONLY, TIMEOUT, TRIGGER, CommandTest, Live, body,
                     environment, masked, pieces, process_state, stars)


class AtOnce(CommandTest):
    """After each write all bytes are out but those of an undecided run."""

    def feed(self, steps, *args):
        """steps: (write this, then all output so far must be this)"""
        with Live(*args) as live:
            for data, output in steps:
                self.assert_bytes(live.write(data), output)
            return live.finish()

    def test_a_prompt_without_newline_with_all_rules(self):
        self.feed([(b"Password: ", b"Password: "), (b"\nLogin: ", b"Password: \nLogin: ")])

    def test_a_progress_dot(self):
        self.feed([(b".", b"." * n) for n in range(1, 20)], *ONLY)

    def test_a_line_that_is_rewritten_with_CR(self):
        self.feed([(b" 10%\r", b" 10%\r"), (b" 20%\r", b" 10%\r 20%\r")], *ONLY)

    def test_half_a_character_of_UTF_8(self):
        self.feed([(b"\xf0", b"\xf0"), (b"\x9f\x94", b"\xf0\x9f\x94")], *ONLY)

    def test_what_stands_before_a_key(self):
        self.feed([(b"x-api-key: " + TRIGGER, b"x-api-key: " + TRIGGER)], *ONLY)

    def test_a_trigger_byte_by_byte(self):
        self.feed([(TRIGGER[i:i + 1], TRIGGER[:i + 1]) for i in range(len(TRIGGER))], *ONLY)

    def test_a_key_is_held_up_to_its_least_length_then_masked_at_once(self):
        secret = body(30)
        steps = [(TRIGGER, TRIGGER)]
        steps += [(secret[i:i + 1], TRIGGER + (b"*" * (i + 1) if i >= 19 else b""))
                  for i in range(len(secret))]
        self.feed(steps, *ONLY)

    def test_a_decided_key_goes_on_as_stars(self):
        secret = body(95)
        self.feed([(TRIGGER + secret[:30], TRIGGER + b"*" * 30), (secret[30:31], TRIGGER + b"*" * 31),
                   (secret[31:], TRIGGER + b"*" * 95), (b"\"}\n", TRIGGER + b"*" * 95 + b"\"}\n")],
                  *ONLY)

    def test_a_run_too_short_leaves_with_the_byte_that_ends_it(self):
        self.feed([(TRIGGER + b"abcde", TRIGGER), (b" ", TRIGGER + b"abcde ")], *ONLY)

    def test_five_undecided_bytes_are_held_and_leave_unmasked_at_the_end(self):
        output = self.feed([(b"k=" + TRIGGER + b"abcde", b"k=" + TRIGGER)], *ONLY)
        self.assert_bytes(output, b"k=" + TRIGGER + b"abcde")

    def test_a_key_is_decided_at_the_end_of_the_input(self):
        output = self.feed([(TRIGGER + body(19), TRIGGER)], *ONLY)
        self.assert_bytes(output, TRIGGER + body(19))

    def test_an_escape_byte_by_byte_that_runs_of_several_rules_reach(self):
        head, secret = b"x-amz-security-token: ", body(70, 3, ALNUM)
        rest = b"\\u006c\\/" + body(20, 4, ALNUM)
        with Live() as live:
            for part in (head + secret, *pieces(rest, 1)):
                live.write(part)
            self.assert_bytes(live.finish(), head + stars(secret + rest))

    def test_a_carrier_with_all_rules(self):
        head, secret = b"Authorization: Bearer ", body(40, 2, ALNUM)
        output = self.feed([(head, head), (secret[:30], head), (secret[30:], head),
                            (b"\r\n", head + b"*" * 40 + b"\r\n")])
        self.assert_bytes(output, head + b"*" * 40 + b"\r\n")

    def test_a_stopped_process_goes_on(self):
        with Live(*ONLY) as live:
            live.write(b"before\n")
            live.process.send_signal(signal.SIGSTOP)
            live.process.send_signal(signal.SIGCONT)
            self.assert_bytes(live.write(b"after\n"), b"before\nafter\n")


class Killed(CommandTest):
    """However it ends, what came out is a correct beginning of the right output."""

    def kill(self, number, taken):
        secret = body(95)
        head = b"line\nkey=" + TRIGGER
        right = head + stars(secret) + b" tail\n"
        with Live(*ONLY) as live:
            live.write(head + secret[:taken])
            live.process.send_signal(number)
            output = live.finish()
            self.assertEqual(live.process.returncode, -number)
        self.assertTrue(right.startswith(output), f"not a beginning of the right output: {output!r}")
        self.assertTrue(output.startswith(head), f"settled bytes are missing: {output!r}")

    def test_SIGKILL_in_an_undecided_key(self):
        self.kill(signal.SIGKILL, 10)

    def test_SIGKILL_in_a_decided_key(self):
        self.kill(signal.SIGKILL, 50)

    def test_SIGKILL_in_the_middle_of_much_output(self):
        secret = body()
        line = b"x" * 50 + TRIGGER + secret + b"\n"
        path = self.file("log", line * 40000)
        right = masked(line, secret) * 40000
        sieve = subprocess.Popen([BINARY, *ONLY, path], stdout=subprocess.PIPE, env=environment())
        output = sieve.stdout.read(1000000)
        sieve.kill()
        output += sieve.stdout.read()
        sieve.wait(TIMEOUT)
        sieve.stdout.close()
        self.assertLess(len(output), len(right))
        self.assert_bytes(output, right[:len(output)])


class Sockets(CommandTest):
    def test_one_socket_for_input_and_output(self):
        ours, theirs = socket.socketpair()
        secret = body()
        with ours, subprocess.Popen([BINARY, *ONLY], stdin=theirs, stdout=theirs,
                                    env=environment()) as sieve:
            theirs.close()
            ours.settimeout(TIMEOUT)
            for data, want in ((b"prompt> ", b"prompt> "), (TRIGGER + secret, TRIGGER + stars(secret))):
                ours.sendall(data)
                output = b""
                while len(output) < len(want):
                    output += ours.recv(4096)
                self.assert_bytes(output, want)
            ours.shutdown(socket.SHUT_WR)
            self.assertEqual(ours.recv(10), b"")
            self.assertEqual(sieve.wait(TIMEOUT), 0)


class NonBlocking(CommandTest):
    """Descriptors with O_NONBLOCK, as another program on the same terminal or pipe may leave them."""

    def asleep(self, process):
        deadline = time.monotonic() + TIMEOUT
        while process_state(process.pid) == "R":
            self.assertLess(time.monotonic(), deadline, "it never sleeps")
            time.sleep(0.0002)

    def test_input_that_comes_slowly(self):
        secret = body()
        source, sink = os.pipe()
        os.set_blocking(source, False)
        sieve = subprocess.Popen([BINARY, *ONLY], stdin=source, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, env=environment())
        os.close(source)
        for piece in (b"first ", TRIGGER, secret[:10], secret[10:], b" last\n"):
            self.asleep(sieve)
            os.write(sink, piece)
        os.close(sink)
        output, errors = sieve.communicate(timeout=TIMEOUT)
        self.assertEqual((sieve.returncode, errors), (0, b""))
        self.assert_bytes(output, b"first " + TRIGGER + stars(secret) + b" last\n")

    def test_output_with_a_slow_reader(self):
        secret = body()
        line = b"y" * 100 + TRIGGER + secret + b"\n"
        path = self.file("log", line * 20000)
        source, sink = os.pipe()
        os.set_blocking(sink, False)
        sieve = subprocess.Popen([BINARY, *ONLY, path], stdout=sink, stderr=subprocess.PIPE,
                                 env=environment())
        os.close(sink)
        output = bytearray()
        self.asleep(sieve)
        while block := os.read(source, 100000):
            output += block
            self.asleep(sieve)
        os.close(source)
        errors = sieve.communicate(timeout=LONG)[1]
        self.assertEqual((sieve.returncode, errors), (0, b""))
        self.assert_bytes(bytes(output), masked(line, secret) * 20000)


if __name__ == "__main__":
    unittest.main()
