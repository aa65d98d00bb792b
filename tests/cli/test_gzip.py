# SPDX-License-Identifier: Apache-2.0
"""gzip: archives are read as their text, whoever made them and however they break; --gzip writes them."""

import base64
import gzip
import os
import pty
import random
import signal
import subprocess
import unittest
import zlib

from support import (BINARY, LONG, ONLY, TIMEOUT, TRIGGER, CommandTest, Live, body, environment, is_sanitized,
                     masked, pieces, run, some, stars)

SECRET = body(95)
MAGIC = b"\x1f\x8b\x08"
TEXT = b"one line\nx-api-key: " + TRIGGER + SECRET + b"\nlast line\n"
CLEAN = masked(TEXT, SECRET)


def lines(count, seed=1):
    """Text that does not compress to nothing, with a key in every tenth line."""
    rng = random.Random(seed)
    keys = [body(60, n) for n in range(count // 10)]
    text = b"".join(b"%d %s\n" % (n, TRIGGER + keys[n // 10] if n % 10 == 5 else base64.b64encode(rng.randbytes(51)))
                    for n in range(count // 10 * 10))
    return text, masked(text, *keys)


def tool(data, *command):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


class Reading(CommandTest):
    def test_archives_of_gzip_and_pigz_at_all_levels(self):
        text, clean = lines(2000)
        for command in (["gzip"], ["pigz", "-p", "2", "-b", "128"], ["pigz", "-i"], ["pigz", "-R"]):
            for level in ("-1", "-6", "-9"):
                with self.subTest(command=command, level=level):
                    packed = tool(text, *command, level)
                    self.assert_done(run(*ONLY, data=packed), clean)

    def test_an_archive_with_name_comment_extra_field_and_checksum_of_the_header(self):
        raw = zlib.compressobj(6, zlib.DEFLATED, -15)
        header = MAGIC + b"\x1e" + bytes(6) + b"\x04\0abcd" + b"app.log\0" + b"a comment\0"
        header += (zlib.crc32(header) & 0xffff).to_bytes(2, "little")
        trailer = zlib.crc32(TEXT).to_bytes(4, "little") + len(TEXT).to_bytes(4, "little")
        self.assert_done(run(*ONLY, data=header + raw.compress(TEXT) + raw.flush() + trailer), CLEAN)

    def test_a_file_by_its_name_and_by_any_other(self):
        for name in ("app.log.gz", "app.log"):
            self.assert_done(run(*ONLY, self.file(name, gzip.compress(TEXT))), CLEAN)

    def test_an_empty_archive(self):
        self.assert_done(run(*ONLY, data=gzip.compress(b"")), b"")

    def test_members_one_after_another(self):
        packed = gzip.compress(TEXT) + gzip.compress(b"") + tool(TEXT, "pigz")
        self.assert_done(run(*ONLY, data=packed), CLEAN + CLEAN)

    def test_a_key_across_members(self):
        for cut in some(range(len(TEXT) + 1)):
            with self.subTest(cut=cut):
                packed = gzip.compress(TEXT[:cut], 1) + gzip.compress(TEXT[cut:], 1)
                self.assert_done(run(*ONLY, data=packed), CLEAN)

    def test_a_key_across_archives_and_plain_files(self):
        cut = TEXT.index(SECRET) + 40
        for first, second in ((gzip.compress, bytes), (bytes, gzip.compress)):
            self.assert_done(run(*ONLY, self.file("a", first(TEXT[:cut])),
                                 self.file("b", second(TEXT[cut:]))), CLEAN)

    def test_zeros_behind_a_member_are_padding(self):
        for zeros in (1, 511, 100000):
            packed = gzip.compress(TEXT) + bytes(zeros)
            self.assert_done(run(*ONLY, data=packed), CLEAN)
            self.assert_done(run(*ONLY, data=packed + gzip.compress(TEXT)), CLEAN + CLEAN)

    def test_megabytes_through_all_buffers(self):
        text, clean = lines(60000)
        packed = gzip.compress(text, 1)
        self.assert_done(run(*ONLY, data=packed, timeout=LONG), clean)
        self.assert_done(run(*ONLY, self.file("a.gz", packed), timeout=LONG), clean)

    def test_frames_in_an_archive(self):
        head = b"2026-11-22T10:00:00.000000000Z stdout "
        text = head + b"P k=" + TRIGGER + SECRET[:30] + b"\n" + head + b"F " + SECRET[30:] + b"\n"
        self.assert_done(run(*ONLY, data=gzip.compress(text)),
                         masked(text, SECRET[:30], SECRET[30:]))

    def test_check_looks_into_archives(self):
        self.assert_status(run("--check", *ONLY, data=gzip.compress(TEXT)), 1)
        self.assert_status(run("--check", *ONLY, data=gzip.compress(CLEAN)), 0)

    @unittest.skipIf(is_sanitized(), "its memory is not the program's")
    def test_what_grows_a_thousandfold_takes_no_memory(self):
        packed = gzip.compress(bytes(100 << 20), 9)
        peaks = []
        for count in (1, 3):
            path = self.file("bomb.gz", packed * count)
            with subprocess.Popen([BINARY, *ONLY, path], stdout=subprocess.DEVNULL,
                                  env=environment()) as process:
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(process.returncode, 0)
            peaks.append(usage.ru_maxrss)
        self.assertLess(peaks[1], peaks[0] + 2048)


class Magic(CommandTest):
    """Only what begins with all three bytes is an archive."""

    def test_what_merely_begins_like_an_archive(self):
        for text in (b"\x1f", b"\x1f\x8b", b"\x1f\x8b\x07" + TEXT, b"\x1f\x8c\x08" + TEXT,
                     b"\x1f\n" + TEXT, b"\x1f\x1f\x8b\x08" + TEXT, b"a" + gzip.compress(b"")):
            with self.subTest(begin=text[:4]):
                self.assert_done(run(*ONLY, data=text), masked(text, SECRET))

    def test_an_archive_behind_plain_text_is_not_looked_into(self):
        text = b"text\n" + gzip.compress(b"no secret\n")
        self.assert_done(run(*ONLY, data=text), text)

    def test_two_bytes_are_held_back_until_the_third(self):
        with Live(*ONLY) as live:
            self.assert_bytes(live.write(b"\x1f"), b"")
            self.assert_bytes(live.write(b"\x8b"), b"")
            self.assert_bytes(live.write(b"x"), b"\x1f\x8bx")

    def test_a_byte_that_cannot_be_its_second_lets_the_first_go(self):
        with Live(*ONLY) as live:
            self.assert_bytes(live.write(b"\x1f"), b"")
            self.assert_bytes(live.write(b" "), b"\x1f ")


class Liveness(CommandTest):
    def test_an_archive_byte_by_byte(self):
        with Live(*ONLY) as live:
            for byte in pieces(gzip.compress(TEXT) + gzip.compress(TEXT), 1):
                os.write(live.source, byte)
            self.assert_bytes(live.finish(), CLEAN + CLEAN)
            self.assertEqual(live.process.returncode, 0)

    def test_what_is_flushed_leaves_at_once(self):
        packer = zlib.compressobj(6, zlib.DEFLATED, 31)
        want = b""
        with Live(*ONLY) as live:
            for n in range(50):
                text = b"line %d of a program that logs\n" % n
                want += text
                packed = packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH)
                self.assert_bytes(live.write(packed), want)
            self.assert_bytes(live.write(packer.compress(TEXT) + packer.flush()), want + CLEAN)

    def test_a_member_leaves_when_it_is_whole(self):
        with Live(*ONLY) as live:
            for n in range(1, 6):
                self.assert_bytes(live.write(gzip.compress(TEXT)), CLEAN * n)

    def test_SIGTERM_ends_a_live_archive(self):
        packer = zlib.compressobj(6, zlib.DEFLATED, 31)
        with Live(*ONLY) as live:
            live.write(packer.compress(TEXT) + packer.flush(zlib.Z_SYNC_FLUSH))
            live.process.send_signal(signal.SIGTERM)
            self.assertEqual(live.process.wait(TIMEOUT), 0)
            live.drain()
            self.assert_bytes(live.output, CLEAN)


class Damage(CommandTest):
    """All text before it is masked and written; then it is said where it is."""

    def assert_broken(self, result, word, place, count):
        self.assert_message(result, 74, word, f"byte {place} ", f"({count} bytes of text before it)")

    def test_truncated_anywhere(self):
        packed = gzip.compress(TEXT, 9)
        for length in some(range(len(MAGIC), len(packed))):
            with self.subTest(length=length):
                result = run(*ONLY, data=packed[:length])
                packer = zlib.decompressobj(31)
                text = packer.decompress(packed[:length])
                self.assert_broken(result, "truncated gzip data", length, len(text))
                self.assertEqual(len(result.stdout), len(text))
                self.assert_no_piece(result.stdout, SECRET)

    def test_what_is_undecided_where_it_breaks_off_is_masked(self):
        text = b"k=" + TRIGGER + SECRET[:5]
        packer = zlib.compressobj(6, zlib.DEFLATED, 31)
        packed = packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH)
        result = run(*ONLY, data=packed)
        self.assert_broken(result, "truncated", len(packed), len(text))
        self.assert_bytes(result.stdout, b"k=" + TRIGGER + b"*****")

    def test_a_flipped_bit_anywhere_is_noticed_or_harmless(self):
        packed = gzip.compress(TEXT, 9)
        for place in some(range(len(packed))):
            with self.subTest(place=place):
                data = bytearray(packed)
                data[place] ^= 1 << place % 8
                result = run(*ONLY, data=bytes(data))
                if place < len(MAGIC):
                    self.assert_done(result, bytes(data))
                elif result.returncode == 0:
                    self.assert_done(result, CLEAN)
                else:
                    self.assert_message(result, 74, "gzip data", "bytes of text before it")

    def test_a_wrong_checksum_is_told_behind_the_text(self):
        packed = bytearray(gzip.compress(TEXT))
        packed[-8] ^= 1
        result = run(*ONLY, data=bytes(packed))
        self.assert_status(result, 74)
        self.assertIn(b"damaged gzip data", result.stderr)
        self.assert_bytes(result.stdout, CLEAN)

    def test_garbage_behind_a_member(self):
        packed = gzip.compress(TEXT)
        for garbage in (b"garbage", b"\x1f garbage", b"\x1f\x8c\x08", bytes(20) + b"x" + bytes(70000)):
            with self.subTest(garbage=garbage[:3]):
                result = run(*ONLY, data=packed + garbage)
                place = len(packed) + len(garbage) - len(garbage.lstrip(b"\0"))
                self.assert_broken(result, "something else follows", place, len(TEXT))
                self.assert_bytes(result.stdout, CLEAN)

    def test_half_a_header_behind_a_member(self):
        for length in range(1, 10):
            result = run(*ONLY, data=gzip.compress(TEXT) + gzip.compress(TEXT)[:length])
            self.assert_status(result, 74)
            self.assert_bytes(result.stdout, CLEAN)

    def test_damage_in_a_later_member_is_counted_from_the_beginning(self):
        packed = gzip.compress(TEXT)
        result = run(*ONLY, data=packed + packed[:-4])
        self.assert_broken(result, "truncated", 2 * len(packed) - 4, 2 * len(TEXT))

    def test_the_other_files_are_read(self):
        bad = self.file("bad.gz", gzip.compress(TEXT)[:-4])
        good = self.file("good.gz", gzip.compress(TEXT))
        result = run(*ONLY, bad, good)
        self.assert_message(result, 74, bad, "truncated")
        self.assert_bytes(result.stdout, CLEAN + CLEAN)

    def test_the_half_of_a_key_before_the_damage_does_not_go_on_in_the_next_file(self):
        packer = zlib.compressobj(6, zlib.DEFLATED, 31)
        half = packer.compress(b"k=" + TRIGGER + SECRET[:5]) + packer.flush(zlib.Z_SYNC_FLUSH)
        result = run(*ONLY, self.file("a.gz", half), self.file("b", b"\nplain\n"))
        self.assert_status(result, 74)
        self.assert_bytes(result.stdout, b"k=" + TRIGGER + b"*****\nplain\n")


class Writing(CommandTest):
    def test_what_is_written_is_an_archive_of_the_masked_text(self):
        text, clean = lines(20000)
        for option in ("-z", "--gzip"):
            result = run(*ONLY, option, data=text, timeout=LONG)
            self.assert_status(result, 0)
            self.assert_silent(result)
            self.assert_bytes(tool(result.stdout, "gzip", "-dc"), clean)
            self.assertLess(len(result.stdout), len(clean))

    def test_an_archive_into_an_archive(self):
        result = run(*ONLY, "-z", data=gzip.compress(TEXT))
        self.assert_bytes(gzip.decompress(result.stdout), CLEAN)

    def test_into_a_file(self):
        path = self.path("out.gz")
        self.assert_done(run(*ONLY, "-z", "-o", path, data=TEXT), b"")
        self.assert_bytes(gzip.decompress(self.content(path)), CLEAN)

    def test_nothing_is_an_empty_archive(self):
        self.assert_bytes(gzip.decompress(run(*ONLY, "-z", data=b"").stdout), b"")

    def test_framed_text(self):
        text = b"".join(b"2026-11-22T10:00:00.000000000Z stderr F line %d\n" % n for n in range(50000))
        self.assert_bytes(gzip.decompress(run(*ONLY, "-z", data=text, timeout=LONG).stdout), text)

    def test_what_came_can_be_inflated_when_the_input_pauses(self):
        want = b""
        with Live("-z", *ONLY) as live:
            for n in range(20):
                text = b"line %d\n" % n
                want += text
                self.assert_bytes(zlib.decompressobj(31).decompress(live.write(text)), want)
            self.assert_bytes(gzip.decompress(live.finish()), want)

    def test_a_pause_without_new_bytes_costs_nothing(self):
        with Live("-z", *ONLY) as live:
            before = live.write(b"k=" + TRIGGER)
            self.assert_bytes(live.write(b"a"), before)

    def test_SIGTERM_leaves_a_whole_archive(self):
        with Live("-z", *ONLY) as live:
            live.write(TEXT)
            live.process.send_signal(signal.SIGTERM)
            self.assert_bytes(gzip.decompress(live.finish()), CLEAN)
            self.assertEqual(live.process.returncode, 0)

    def test_a_damaged_archive_into_a_whole_one(self):
        result = run(*ONLY, "-z", data=gzip.compress(TEXT)[:-4])
        self.assert_status(result, 74)
        self.assert_bytes(gzip.decompress(result.stdout), CLEAN)

    def test_a_terminal_gets_no_archive(self):
        outer, inner = pty.openpty()
        try:
            result = run("-z", *ONLY, data=TEXT, stdout=inner)
        finally:
            os.close(inner)
        self.assert_message(result, 2, "--gzip", "terminal")
        os.close(outer)

    def test_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            result = run("-z", *ONLY, data=TEXT, stdout=full)
        self.assert_message(result, 74, "standard output")

    def test_check_writes_nothing(self):
        result = run("--check", "-z", *ONLY, data=TEXT)
        self.assert_status(result, 1)
        self.assert_bytes(result.stdout, b"")

    def test_the_environment(self):
        result = run(*ONLY, data=TEXT, env={"KEYSIEVE_GZIP": "1"})
        self.assert_bytes(gzip.decompress(result.stdout), CLEAN)

    def test_stars_compress(self):
        text = b"\n".join(TRIGGER + body(95, n) for n in range(1000))
        result = run(*ONLY, "-z", data=text)
        self.assert_bytes(gzip.decompress(result.stdout),
                          b"\n".join(TRIGGER + stars(body(95)) for _ in range(1000)))
