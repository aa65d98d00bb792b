# SPDX-License-Identifier: Apache-2.0
"""bench/: what it says of a tool's masking, which log a slow tool gets, what it writes. Nothing is timed."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock
from xml.etree import ElementTree

BENCH = Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))

import corpora  # pylint: disable=wrong-import-position
import figures  # pylint: disable=wrong-import-position
import measure  # pylint: disable=wrong-import-position
import patterns  # pylint: disable=wrong-import-position
import plot  # pylint: disable=wrong-import-position
import processes  # pylint: disable=wrong-import-position
import recall  # pylint: disable=wrong-import-position
import report  # pylint: disable=wrong-import-position
import run  # pylint: disable=wrong-import-position
import tools  # pylint: disable=wrong-import-position

SECRET = b"not-a-key-but-long-enough"
LOG = b"first line\nvalue=" + SECRET + b" end\nlast line\n"
OFFSET = LOG.index(SECRET)
MASKS = f"s/{SECRET.decode()}/[REDACTED]/g"


def result_of(seconds, size="128M"):
    """A result in which tools ran in one case. seconds: {tool: [seconds]}."""
    names = {name: {"argv": [name], "version": "1.0", "cases": None, "covers": None, "looks_for": "all its rules",
                    "reports": False} for name in seconds}
    counts = {"kinds": 34, "planted": 200, "covered": 100, "masked": 100, "masked_of_all": 100, "missed": {}, "other_bytes": 0}
    runs = {name: {"size": size, "bytes": 1_000_000_000, "seconds": times} for name, times in seconds.items()}
    return {"machine": {"cpu": "a processor", "cores": 2, "kernel": "6.1", "system": "Debian", "date": "today", "load": 0.0},
            "notes": ["vector is not installed: left out"], "rounds": 3, "size": "128M", "cores_used": (0, 1), "limit": 1.5,
            "kill": 22.5, "minutes": 9.6, "known": {}, "tools": names, "runs": {"sparse": runs},
            "start": {name: {"ms": 5.0, "is_live": True} for name in seconds},
            "rss": {name: {"kib": 9 << 10, "size": "32M"} for name in seconds}, "latency": {},
            "masked": {name: {"check": counts, "check-long": counts} for name in seconds if name not in figures.LOOPS}}


class Recall(unittest.TestCase):
    def hidden(self, out, **how):
        tool = tools.Tool("a tool", ("true",), **how)
        return recall.hidden_in(tool, [(OFFSET, SECRET)], LOG, out)

    def test_a_mask_of_the_same_length(self):
        self.assertEqual(self.hidden(LOG.replace(SECRET, b"*" * len(SECRET))), ([True], 0))

    def test_a_byte_too_few_and_one_too_many(self):
        out = bytearray(LOG.replace(SECRET, b"*" * len(SECRET)))
        out[OFFSET] = SECRET[0]
        out[0] = ord("*")
        self.assertEqual(self.hidden(bytes(out)), ([False], 1))

    def test_a_mask_of_another_length(self):
        self.assertEqual(self.hidden(LOG.replace(SECRET, b"[REDACTED]")), ([True], None))
        self.assertEqual(self.hidden(LOG.replace(SECRET[:-9], b"[REDACTED]")), ([False], None))

    def test_a_mask_of_another_length_in_one_line(self):
        line = LOG.replace(b"\n", b" ")
        for out, hidden in ((line.replace(SECRET, b"[X]"), True), (line.replace(SECRET[:-12], b"[X]"), False),
                            (line.replace(SECRET[12:], b"[X]"), False)):
            self.assertEqual(recall.hidden_in(tools.Tool("a tool", ("true",)), [(OFFSET, SECRET)], line, out), ([hidden], None))

    def test_nothing_masked(self):
        self.assertEqual(self.hidden(LOG), ([False], 0))

    def test_one_more_line_end_at_the_end(self):
        self.assertEqual(self.hidden(LOG.replace(SECRET, b"*" * len(SECRET)) + b"\n"), ([True], 0))

    def test_lost_lines_are_no_masking(self):
        with self.assertRaises(processes.ToolFailed):
            self.hidden(LOG.splitlines(True)[0] + LOG.splitlines(True)[2])

    def test_a_lost_rest_of_one_line_is_no_masking(self):
        line = LOG.replace(b"\n", b" ") * 100
        tool = tools.Tool("a tool", ("true",))
        with self.assertRaises(processes.ToolFailed):
            recall.hidden_in(tool, [(len(line) - 60, line[-60:])], line, line[:100])

    def test_a_report_names_the_key(self):
        self.assertEqual(self.hidden(json.dumps([{"Secret": SECRET.decode()}]).encode(), reports=True), ([True], None))
        self.assertEqual(self.hidden(b"[]", reports=True), ([False], None))


class Running(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="keysieve-bench-")
        self.addCleanup(self.directory.cleanup)
        self.path = os.path.join(self.directory.name, "log")
        Path(self.path).write_bytes(LOG)
        self.cores = run.choose_cores()

    def test_a_tool_that_changes_its_input_has_failed(self):
        with self.assertRaisesRegex(processes.ToolFailed, "changed its input"):
            measure.run_once(tools.Tool("sed -i", ("sed", "-i", MASKS)), self.path, "file", self.cores, 240)
        self.assertFalse(os.path.exists(self.path))

    def test_no_tool_of_the_field_changes_its_input(self):
        for tool in tools.installed(tools.general_tools())[0]:
            if tool.cases is None:
                self.assertIsNotNone(measure.run_once(tool, self.path, "file", self.cores, 240), tool.name)

    def test_a_pipe(self):
        tool = tools.Tool("sed", ("sed", MASKS))
        self.assertGreater(measure.run_once(tool, self.path, "pipe-two", self.cores, 240), 0)

    def test_a_status_is_told(self):
        with self.assertRaisesRegex(processes.ToolFailed, "status 3"):
            measure.run_once(tools.Tool("a tool", ("sh", "-c", "exit 3")), self.path, "file", self.cores, 240)

    def test_what_a_killed_tool_started_is_killed_too(self):
        sleep = f"sleep {100000 + os.getpid()}"  # nobody else's
        tool = tools.Tool("a tool", ("sh", "-c", f"{sleep} | cat"))
        self.assertIsNone(measure.run_once(tool, self.path, "file", self.cores, 0.2))
        end = time.monotonic() + 240  # a process that is killed is there for a moment
        while f"{sleep}\n" in self.processes():
            self.assertLess(time.monotonic(), end)

    @staticmethod
    def processes():
        return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


class Sizes(unittest.TestCase):
    def case(self, bytes_a_second, start=0.0):
        """A case in which every run takes as long as a tool of that speed and start takes."""
        options = run.parse_arguments(["--size", "128M", "--limit", "1.5"])
        logs = mock.Mock(path=lambda name, size: size, bytes_of=lambda name, size: size)
        turns = run.Case(options, logs, run.CASES[0], {"a tool": {"ms": 1000 * start}})
        turns.once = lambda tool, size: start + size / bytes_a_second
        patch = mock.patch("run.progress")
        patch.start()
        self.addCleanup(patch.stop)
        return turns

    def size(self, *how):
        turns = self.case(*how)
        runs = turns.time([tools.Tool("a tool", ("true",))])
        return runs["a tool"]["size"], len(runs["a tool"]["seconds"])

    def test_a_fast_tool_gets_the_largest(self):
        self.assertEqual(self.size(1e9), ("128M", 5))

    def test_a_slow_one_gets_what_it_can_do(self):
        self.assertEqual(self.size(20e6), ("16M", 5))
        self.assertEqual(self.size(2e6), ("2M", 5))

    def test_a_slow_start_is_not_taken_for_a_slow_tool(self):
        self.assertEqual(self.size(1e9, 1.0), ("128M", 5))

    def test_one_that_is_too_slow_for_the_least_runs_once(self):
        self.assertEqual(self.size(20e3), ("256K", 1))

    def test_one_that_fails_has_no_figure(self):
        turns = self.case(1e9)
        turns.once = lambda tool, size: None
        self.assertEqual(turns.time([tools.Tool("a tool", ("true",))])["a tool"]["seconds"], [])

    def test_sizes(self):
        self.assertEqual([corpora.to_text(size) for size in corpora.sizes(128 << 20)], ["256K", "2M", "16M", "128M"])
        self.assertEqual(corpora.to_bytes("16M"), 16 << 20)


class Corpora(unittest.TestCase):
    def test_an_interrupted_corpus_is_not_kept(self):
        with tempfile.TemporaryDirectory(prefix="keysieve-bench-") as directory:
            os.mkdir(os.path.join(directory, "bench"))
            Path(directory, "bench", "loggen").write_bytes(b"")
            logs = corpora.Corpora(directory, directory, lambda text: None)
            with mock.patch("subprocess.run", side_effect=KeyboardInterrupt), self.assertRaises(KeyboardInterrupt):
                logs.path("sparse", 1 << 20)
            self.assertEqual(os.listdir(directory), ["bench"])


class Figures(unittest.TestCase):
    def test_ratios_are_of_the_same_round(self):
        result = result_of({"keysieve": [1.0, 2.0, 4.0], "rg": [3.0, 6.0, 12.0]})
        self.assertEqual(figures.ratio(result, "sparse", "keysieve", "rg"), 3.0)

    def test_ratios_of_other_sizes_are_of_the_speeds(self):
        result = result_of({"keysieve": [1.0, 1.0, 1.0], "slow": [10.0]})
        result["runs"]["sparse"]["slow"].update(size="2M", bytes=1_000_000)
        self.assertAlmostEqual(figures.ratio(result, "sparse", "keysieve", "slow"), 10_000)

    def test_without_the_start(self):
        result = result_of({"keysieve": [1.1], "scanloop": [1.2]})
        result["start"] = {"keysieve": {"ms": 600.0}, "scanloop": {"ms": 200.0}}
        self.assertAlmostEqual(figures.net_ratio(result, "sparse", "keysieve", "scanloop"), 2.0)

    def test_a_tool_that_is_not_there_has_no_ratio(self):
        result = result_of({"keysieve": [1.0], "rg": []})
        self.assertIsNone(figures.ratio(result, "sparse", "keysieve", "rg"))
        self.assertIsNone(figures.ratio(result, "sparse", "keysieve", "sed"))


class Report(unittest.TestCase):
    def setUp(self):
        self.result = result_of({"keysieve": [1.0, 1.1, 0.9], "rg": [8.0, 8.8, 7.2], "sed": [], "cat": [0.1, 0.1, 0.1]})

    def text(self):
        return report.markdown(self.result, plot.plots(self.result, (1000,)))

    def test_the_first_table_has_speed_beside_recall(self):
        first = self.text().split("\n\n")[2].splitlines()
        self.assertIn("planted keys masked", first[0])
        self.assertRegex(first[2], r"\*\*keysieve\*\* .* \*\*50 %\*\* \| \*\*1,000\*\*")
        self.assertRegex(first[3], r"rg .* 50 % \| 125 \| 8.0")
        self.assertRegex(first[-1], r"cat .* \| - \|")

    def test_all_rows_are_as_long_as_their_head(self):
        for table in re.findall(r"(?:^\|.*\n)+", self.text(), re.M):
            self.assertEqual(len({line.count("|") for line in table.splitlines()}), 1, table)

    def test_it_says_how_to_repeat_it_where_it_was_made_and_what_is_missing(self):
        for part in ("`./dev bench`", "a processor, 2 cores", "Linux 6.1", "vector is not installed", "Noise:", "rg 1.0"):
            self.assertIn(part, self.text())

    def test_a_failed_tool_has_no_speed(self):
        self.assertRegex(self.text(), r"\| sed \|.*failed, or over 22 s")

    def test_targets_are_met_or_not(self):
        self.assertRegex(self.text(), r"rg, file, 1 key in 1,000 lines \| >= 4 \| 8.0 \| yes")
        self.result["runs"]["sparse"]["rg"]["seconds"] = [3.0, 3.3, 2.7]
        self.assertRegex(self.text(), r"rg, file, 1 key in 1,000 lines \| >= 4 \| 3.0 \| \*\*no\*\*")

    def test_a_tool_that_leaves_keys_in_one_line_is_told_beside_its_speed(self):
        self.result["runs"]["long"] = self.result["runs"]["sparse"]
        self.result["masked"]["rg"]["check-long"] = {**self.result["masked"]["rg"]["check"], "masked": 1}
        self.assertIn("125, but only 1 % of keys", self.text())

    def test_plots_are_well_formed_and_logarithmic_if_they_must_be(self):
        drawn = plot.plots(self.result, (1000,))
        self.assertIn("files.svg", drawn)
        for svg in drawn.values():
            ElementTree.fromstring(svg)
        self.assertNotIn("logarithmic", drawn["recall.svg"])
        self.assertIn("logarithmic", drawn["files.svg"])

    def test_files_are_written_all_or_none(self):
        with tempfile.TemporaryDirectory(prefix="keysieve-bench-") as directory:
            run.write_all(directory, {"README.md": "before"})
            with self.assertRaises(TypeError):
                run.write_all(directory, {"README.md": "after", "results.json": None})
            self.assertEqual(os.listdir(directory), ["README.md"])
            self.assertEqual(Path(directory, "README.md").read_text(encoding="utf-8"), "before")


class Patterns(unittest.TestCase):
    def test_each_notation_covers_the_same(self):
        sample = "sk-ant-" + "abc" + "-" + "x" * 30
        self.assertRegex(sample, patterns.REGEX)
        self.assertEqual(subprocess.run(["grep", "-cE", patterns.REGEX_POSIX], input=sample, capture_output=True, text=True,
                                        check=True).stdout, "1\n")

    def test_the_whole_run_goes_to_the_docs_and_others_do_not(self):
        self.assertEqual(run.parse_arguments([]).to, "docs/bench")
        for argv in (["--quick"], ["--cases", "sparse"], ["--tools", "rg"], ["--no-latency"]):
            self.assertNotIn("docs", run.parse_arguments(argv).to)


if __name__ == "__main__":
    unittest.main()
