# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments, under load and rotation: what a restart promises.

KS_TEST_KILLS is the number of kills, 30 unless told; hundreds take minutes.
"""

import json
import os
import random
import signal
import subprocess
import time
import unittest

from load import CriLog, RawLog, Writer
from support import BINARY, LONG, ONLY, CommandTest, catches_signal, environment

KILLS = int(os.environ.get("KS_TEST_KILLS", "30"))
RATE = 4 << 20  # bytes a second


class Victim:
    """keysieve follow, started again whenever it was killed."""

    def __init__(self, test, *args, stdout=None):
        self.test, self.args, self.stdout = test, args, stdout
        self.errors = test.path("stderr")
        self.process = None
        self.kills = 0

    def start(self):
        with open(self.errors, "ab") as errors:
            self.process = subprocess.Popen([BINARY, "follow", *ONLY, *self.args], stderr=errors,
                                            stdin=subprocess.DEVNULL, env=environment(),
                                            stdout=self.stdout or subprocess.DEVNULL)

    def messages(self):
        return self.test.content(self.errors).decode()

    def check(self):
        """It may die of signals, and of nothing else."""
        status = self.process.poll()
        if status is not None and status >= 0:
            self.test.fail(f"exit status {status} before its time\n{self.messages()[-2000:]}")

    def kill(self):
        self.check()
        self.process.kill()
        self.process.wait()
        self.kills += 1

    def is_grown(self):
        return self.process.poll() is None and catches_signal(self.process.pid, signal.SIGTERM)

    def hang_up(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGHUP)

    def stop(self):
        self.check()
        self.process.send_signal(signal.SIGTERM)
        self.test.assertEqual(self.process.wait(LONG), 0, self.messages()[-2000:])

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Restart(CommandTest):
    def setUp(self):
        super().setUp()
        self.rng = random.Random(KILLS)
        self.input, self.output, self.state = (self.path(n) for n in ("in.log", "out.log", "state"))
        self.rotations = 0

    def is_in_checkpoint(self, inode):
        """Has keysieve seen this file? Otherwise it cannot know of it after another one has come."""
        try:
            with open(self.state, encoding="ascii") as file:
                state = json.load(file)
        except FileNotFoundError:
            return False
        return any(part["inode"] == inode for s in state["sources"] for part in s["parts"])

    def keeps_births(self):
        """Then files are also found that came and were renamed while nobody followed."""
        return subprocess.run(["stat", "--format=%W", self.directory], capture_output=True,
                              check=True).stdout.strip() not in (b"0", b"-")

    def writer(self, log, rotation=None, path=None, rate=RATE):
        may_rotate = self.is_in_checkpoint
        if self.keeps_births():
            def may_rotate(_inode):
                return os.path.exists(self.state)
        writer = Writer(log, path or self.input, rate, rotation, may_rotate)
        writer.start()
        self.addCleanup(writer.is_over.set)
        return writer

    def victim(self, *args, stdout=None):
        victim = Victim(self, "--from-start", "--state", self.state, *args, stdout=stdout)
        self.addCleanup(victim.end)
        return victim

    def lifetime(self):
        """Seconds: at its start, a little later, and long enough for some checkpoints."""
        return self.rng.choice((self.rng.uniform(0, 0.03), self.rng.uniform(0, 0.3),
                                self.rng.uniform(0, 2)))

    def rotate_output(self, victim):
        self.rotations += 1
        if not os.path.exists(self.output):
            return
        os.rename(self.output, f"{self.output}.{self.rotations}")
        if self.rng.random() < 0.5:
            with open(self.output, "ab"):  # which keysieve may have made just now
                pass
        time.sleep(self.rng.choice((0, self.rng.uniform(0, 0.05))))
        victim.hang_up()

    def live_and_die(self, victim, rotates):
        """It is killed, or in one case of six stopped."""
        victim.start()
        end = time.monotonic() + self.lifetime()
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, self.rng.uniform(0, 0.5)))
            if rotates and self.rng.random() < 0.3:
                self.rotate_output(victim)
        if self.rng.random() < 1 / 6 and victim.is_grown():
            victim.stop()
        else:
            victim.kill()

    def outputs(self):
        """All files of the output, oldest first."""
        paths = [f"{self.output}.{n}" for n in range(1, self.rotations + 1)] + [self.output]
        return [path for path in paths if os.path.exists(path)]

    def wait_for_length(self, victim, length):
        deadline = time.monotonic() + LONG
        while (size := sum(map(os.path.getsize, self.outputs()))) < length:
            victim.check()
            if time.monotonic() > deadline:
                self.fail(f"{size} of {length} bytes\n{victim.messages()[-2000:]}")
            time.sleep(0.01)

    def check_exact(self, log, rotates_input, rotates_output, kills):
        writer = self.writer(log, 0.3 if rotates_input else None)
        victim = self.victim("--frame", log.frame, "--output", self.output, self.input)
        for _ in range(kills):
            self.live_and_die(victim, rotates_output)
        wanted = writer.end()  # so that only the last life can have written the end
        victim.start()
        self.wait_for_length(victim, len(wanted))
        victim.stop()
        self.assert_bytes(b"".join(self.content(path) for path in self.outputs()), wanted)
        self.assertEqual(victim.messages(), "")
        if os.environ.get("KS_TEST_VERBOSE"):
            print(f"{self.id()}: {kills} kills, {len(wanted)} bytes, input rotated "
                  f"{writer.rotations} times, output {self.rotations}", flush=True)

    def test_raw_file(self):
        self.check_exact(RawLog(1), False, False, KILLS // 6)

    def test_raw_file_with_rotation_of_input_and_output(self):
        self.check_exact(RawLog(2), True, True, KILLS // 6)

    def test_cri_file(self):
        self.check_exact(CriLog(3), False, False, KILLS // 6)

    def test_cri_file_with_rotation_of_input_and_output(self):
        self.check_exact(CriLog(4), True, True, KILLS // 6)

    def test_several_files_with_rotation_of_all(self):
        """Each file's lines are there once, whole and in their order."""
        logs = [RawLog(6), RawLog(7), RawLog(8)]
        writers = []
        for number, log in enumerate(logs):
            log.number = number * 100000000
            writers.append(self.writer(log, 0.4, self.path(f"in{number}.log"), RATE // 3))
        victim = self.victim("--frame", "raw", "--output", self.output, self.path("in*.log"))
        for _ in range(KILLS // 6):
            self.live_and_die(victim, True)
        wanted = [writer.end() for writer in writers]
        victim.start()
        self.wait_for_length(victim, sum(map(len, wanted)))
        victim.stop()
        lines = b"".join(map(self.content, self.outputs())).splitlines(keepends=True)
        for number, text in enumerate(wanted):
            self.assert_bytes(b"".join(x for x in lines if x.startswith(b"%d" % number)), text)
        self.assertEqual(victim.messages(), "")

    def test_standard_output_at_least_once(self):
        """Each life writes a piece of what is wanted that begins no later than where the others ended."""
        log = RawLog(5)
        writer = self.writer(log, 0.3)
        begins = []
        with open(self.output, "ab") as out:
            victim = self.victim(self.input, stdout=out)
            for _ in range(KILLS // 6):
                begins.append(os.path.getsize(self.output))
                self.live_and_die(victim, False)
            begins.append(os.path.getsize(self.output))
            wanted = writer.end()
            victim.start()
        self.wait_for_end(victim, wanted[-50000:])  # that is there once
        victim.stop()
        self.check_pieces(wanted, self.content(self.output), begins)
        self.assertEqual(victim.messages(), "")

    def wait_for_end(self, victim, text):
        deadline = time.monotonic() + LONG
        while not self.content(self.output).endswith(text):
            victim.check()
            if time.monotonic() > deadline:
                self.fail("the end does not come")
            time.sleep(0.05)

    def check_pieces(self, wanted, got, begins):
        covered = repeated = 0
        for begin, end in zip(begins, begins[1:] + [len(got)]):
            piece = got[begin:end]
            at = wanted.rfind(piece, 0, covered + len(piece))
            if at < 0:
                self.fail(f"a life's {len(piece)} bytes from {begin} on are not what follows "
                          f"the first {covered} bytes of {len(wanted)}, or repeat some of them")
            repeated += covered - at if at + len(piece) > covered else len(piece)
            covered = max(covered, at + len(piece))
        self.assertEqual(covered, len(wanted))
        if os.environ.get("KS_TEST_VERBOSE"):
            print(f"{self.id()}: {len(begins) - 1} kills, {len(wanted)} bytes, {repeated} repeated",
                  flush=True)


if __name__ == "__main__":
    unittest.main()
