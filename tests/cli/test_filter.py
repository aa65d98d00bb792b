# SPDX-License-Identifier: Apache-2.0
"""The main job: what comes out of a pipe, and that nothing else changes, however it was cut."""

import json
import os
import random
import re
import subprocess
import sys
import unittest

from support import (ALNUM, BINARY, LONG, ONLY, TIMEOUT, TRIGGER, CommandTest, Live, body,
                     environment, masked, pieces, run, stars)

WRITER = """\
import json, sys
trigger, secret = sys.argv[1:]
for i in range(20):
    print(json.dumps({"n": i, "msg": "calling", "headers": {"x-api-key": trigger + secret}}), flush=True)
"""


class MainJob(CommandTest):
    def test_pipe_from_a_live_program_to_a_reader(self):
        secret = body()
        writer = subprocess.Popen([sys.executable, "-c", WRITER, TRIGGER, secret],
                                  stdout=subprocess.PIPE)
        sieve = subprocess.Popen([BINARY], stdin=writer.stdout, stdout=subprocess.PIPE,
                                 env=environment())
        writer.stdout.close()
        reader = subprocess.Popen(["cat"], stdin=sieve.stdout, stdout=subprocess.PIPE)
        sieve.stdout.close()
        output = reader.communicate(timeout=LONG)[0]
        self.assertEqual([p.wait(TIMEOUT) for p in (writer, sieve, reader)], [0, 0, 0])
        lines = [json.loads(line) for line in output.splitlines()]
        self.assertEqual([line["n"] for line in lines], list(range(20)))
        for line in lines:
            self.assertEqual(line["headers"]["x-api-key"].encode(), TRIGGER + stars(secret))

    def test_keys_of_many_providers_in_one_log(self):
        keys = [(b"sk-proj-", body(150, 2)), (b"AIzaSy", body(33, 3)), (b"gsk_", body(52, 4, ALNUM)),
                (b"hf_", body(34, 5, ALNUM)), (b"xai-", body(80, 6, ALNUM)),
                (b"nvapi-", body(64, 7)), (b"sk-ant-oat01-", body(95, 8)),
                (b"Authorization: Bearer ", body(40, 9, ALNUM)),
                (b"https://api.example/v1?key=", body(39, 10, ALNUM))]
        log = b"".join(b'ts=%d level=info msg="call" at=%s%s more=text\n' % (i, trigger, secret)
                       for i, (trigger, secret) in enumerate(keys))
        result = run(data=log)
        self.assert_done(result, masked(log, *(secret for _, secret in keys)))
        for trigger, _ in keys:
            self.assertIn(trigger + b"*", result.stdout)

    def test_json_stays_valid_and_as_long(self):
        secrets = [body(95, 20), body(60, 21, ALNUM), body(150, 22)]
        lines = [json.dumps({"headers": {"Authorization": "Bearer " + secrets[1].decode()}}),
                 json.dumps({"body": json.dumps({"key": "sk-ant-api03-" + secrets[0].decode()})}),
                 json.dumps({"env": "\nOPENAI_API_KEY=sk-proj-" + secrets[2].decode() + "\n"}),
                 json.dumps({"brace": "{}{{}}", "url": "https:\\/\\/x.example\\/?a=b"})]
        log = "\n".join(lines).encode() + b"\n"
        result = run(data=log)
        self.assert_done(result, masked(log, *secrets))
        for line in result.stdout.splitlines():
            json.loads(line)

    def test_private_key_is_masked_and_its_lines_stay_lines(self):
        rows = [body(64, 30 + i, ALNUM) for i in range(20)]
        begin, end = b"-----BEGIN " + b"PRIVATE KEY-----", b"-----END PRIVATE KEY-----"
        result = run(data=b"\n".join([b"log", begin, *rows, end, b"log\n"]))
        self.assert_done(result, b"\n".join([b"log", begin, *map(stars, rows), end, b"log\n"]))

    def test_words_that_look_like_triggers_stay(self):
        log = b"task-%s disk-%s risk-%s sk-ant-api03-short see sk-ant-api03-...\n" % (
            body(40, 1, ALNUM), body(40, 2, ALNUM), body(40, 3, ALNUM))
        self.assert_done(run(data=log), log)

    def test_a_key_longer_than_any_today_is_masked_to_its_end(self):
        secret = body(700000)
        log = b"a " + TRIGGER + secret + b" b\n"
        self.assert_done(run(*ONLY, data=log), masked(log, secret))

    def test_keys_next_to_each_other(self):
        keys = [(TRIGGER, body(40, seed)) for seed in range(50)]
        log = b",".join(trigger + secret for trigger, secret in keys)
        self.assert_done(run(*ONLY, data=log), masked(log, *(secret for _, secret in keys)))


class Cuts(CommandTest):
    """The output does not depend on how the input was cut."""

    def log(self, filler):
        secrets = [body(95, 1), body(20, 2), body(64, 3), body(500, 4)]
        log = b"".join(b'%s {"k":"%s%s"}\r\n' % (b"x" * filler, TRIGGER, s) for s in secrets)
        log += TRIGGER + body(19, 5)  # one byte too short: stays
        return log, masked(log, *secrets)

    def feed(self, log, size):
        with Live(*ONLY) as live:
            for piece in pieces(log, size):
                live.write(piece)
            output = live.finish()
            self.assertEqual(live.process.returncode, 0)
        return output

    def test_pieces_of_every_small_size(self):
        log, want = self.log(10)
        for size in (1, 2, 3, 5, 7, 16, 64):
            with self.subTest(size=size):
                self.assert_bytes(self.feed(log, size), want)

    def test_pieces_of_every_large_size(self):
        log, want = self.log(24000)
        for size in (1000, 4096, 16384, 65536):
            with self.subTest(size=size):
                self.assert_bytes(self.feed(log, size), want)

    def at_boundaries(self, step, seed):
        """A key that begins -120..+40 around each multiple of step."""
        rng = random.Random(seed)
        offsets = range(-120, 41)
        log = bytearray(b"x" * (step * (len(offsets) + 2)))
        want = bytearray(log)
        for number, offset in enumerate(offsets, 1):
            secret = body(rng.randrange(20, 110), rng.random())
            at = number * step + offset
            log[at:at + len(TRIGGER + secret) + 1] = TRIGGER + secret + b" "
            want[at:at + len(TRIGGER + secret) + 1] = TRIGGER + stars(secret) + b" "
        return bytes(log), bytes(want)

    def test_a_key_across_every_place_of_a_16_KiB_slice(self):
        log, want = self.at_boundaries(16384, 1)
        self.assert_done(run(*ONLY, self.file("log", log), timeout=LONG), want)

    def test_a_key_across_every_place_of_a_256_KiB_read(self):
        log, want = self.at_boundaries(262144, 2)
        self.assert_done(run(*ONLY, self.file("log", log), timeout=LONG), want)

    def test_a_key_across_16_KiB_with_all_rules(self):
        log, want = self.at_boundaries(16384, 3)
        self.assert_done(run(self.file("log", log), timeout=LONG), want)


class Transparency(CommandTest):
    """Bytes outside of secrets leave as they came."""

    def test_4_MiB_of_random_bytes(self):
        seed = int.from_bytes(os.urandom(8), "big")
        noise = random.Random(seed).randbytes(4 << 20)
        result = run("--stats", data=noise, timeout=LONG)
        self.assert_status(result, 0)
        self.assertEqual(len(result.stdout), len(noise))
        changed = [b for a, b in zip(noise, result.stdout) if a != b]
        hidden = int(re.search(rb"(\d+) bytes masked", result.stderr)[1])
        self.assertLessEqual(len(changed), hidden, f"seed {seed}")
        self.assertEqual(set(changed) - {ord("*")}, set(), f"seed {seed}")

    def test_bytes_of_every_kind(self):
        cases = {
            "empty": b"", "newline": b"\n", "newlines": b"\n" * 5000, "NUL": b"a\0b\0\0c\n",
            "only NUL": bytes(70000), "CR": b"10%\r20%\r100%\r", "CRLF": b"a\r\nb\r\n",
            "no final newline": b"a\nb", "invalid UTF-8": b"\xff\xfe\xc3(\xed\xa0\x80\xf5\n",
            "every byte": bytes(range(256)) * 3, "ANSI colours": b"\x1b[1;31mred\x1b[0m\n",
            "stars": b"*" * 300, "one byte": b"x", "UTF-8": "ключ 鍵 🔑\n".encode(),
        }
        for name, data in cases.items():
            with self.subTest(name):
                self.assert_done(run(*ONLY, data=data), data)

    def test_bytes_of_every_kind_around_a_key(self):
        secret = body()
        for name, around in {"NUL": b"\0", "CR": b"\r", "CRLF": b"\r\n", "0xff": b"\xff",
                             "half of UTF-8": b"\xc3", "quote": b'"', "ESC": b"\x1b[0m"}.items():
            with self.subTest(name):
                data = around + TRIGGER + secret + around
                self.assert_done(run(*ONLY, data=data), around + TRIGGER + stars(secret) + around)

    def test_a_key_at_the_very_end_without_newline(self):
        self.assert_done(run(*ONLY, data=TRIGGER + body(20)), TRIGGER + b"*" * 20)

    def test_an_empty_input_with_all_rules(self):
        self.assert_done(run(), b"")

    def test_what_is_masked_stays_so_the_second_time(self):
        log = b'{"k":"%s"} Authorization: Bearer %s\n' % (TRIGGER + body(), body(40, 2, ALNUM))
        once = run(data=log).stdout
        self.assert_done(run(data=once), once)


if __name__ == "__main__":
    unittest.main()
