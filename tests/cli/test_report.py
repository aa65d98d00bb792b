# SPDX-License-Identifier: Apache-2.0
"""keysieve report: what ledgers come to, by its JSON."""

import collections
import datetime
import gzip
import json
import random
import unittest

from ledgers import AS_OF, DAY, HOUR, KEY, MINUTE, ReportTest, finding, instant, lines, repeat
from support import run, some


class Grouping(ReportTest):
    def test_one_finding(self):
        self.assertEqual(self.only(finding(3 * HOUR)), {
            "rule": "acme-api-key", "provider": "Acme", "title": "Acme API key", "fingerprint": KEY % 1,
            "length": 95, "revoke": "https://acme.example/keys", "count": 1, "first_seen": instant(3 * HOUR),
            "last_seen": instant(3 * HOUR), "age_seconds": 3 * HOUR, "state": "quiet", "still_leaking": False,
            "revoked_at": None, "over_max_age": False,
            "sources": [{"source": "/var/log/a.log", "count": 1, "first_seen": instant(3 * HOUR),
                         "last_seen": instant(3 * HOUR), "line": 17, "offset": 1234}],
            "next_steps": [
                "Revoke it now: https://acme.example/keys",
                "Put a new key in every place that uses this one, and ask Acme what it was used for since "
                "2026-11-22.",
                "Find what writes it, and stop that. Begin with /var/log/a.log, line 17, where it was seen "
                "last, at 2026-11-22 07:30:00 UTC.",
                f"Watch for it: keysieve report --check --revoked-at {KEY % 1}=TIME LEDGER... fails if it is "
                "seen again."]})

    def test_a_repeat_counts_all_that_it_stands_for(self):
        leak = self.only(finding(9 * HOUR), repeat(1234, 8 * HOUR, 3 * HOUR))
        self.assertEqual(leak["count"], 1235)
        self.assertEqual((leak["first_seen"], leak["last_seen"]), (instant(9 * HOUR), instant(3 * HOUR)))

    def test_the_time_that_a_repeat_is_written_is_not_a_sighting(self):
        leak = self.only(repeat(2, 9 * HOUR, 8 * HOUR, time=instant(60)))
        self.assertEqual((leak["last_seen"], leak["still_leaking"]), (instant(8 * HOUR), False))

    def test_a_repeat_alone(self):
        self.assertEqual(self.only(repeat(5, 9 * HOUR, 8 * HOUR))["sources"][0]["line"], None)

    def test_the_place_is_that_of_the_last_finding(self):
        source, = self.only(finding(5, line=2), finding(9, line=1), repeat(3, 4, 3), finding(6, line=4))["sources"]
        self.assertEqual(source["line"], 2)

    def test_one_key_of_several_rules_is_one_key(self):
        leak = self.only(finding(2, rule="generic", provider=None, title=None, revoke=None), finding(1))
        self.assertEqual((leak["rule"], leak["provider"], leak["title"]), ("generic", "Acme", "Acme API key"))

    def test_without_fingerprints_keys_go_by_their_rules(self):
        leaks = self.leaks(finding(3, None), finding(2, None, length=20), finding(1, None, rule="other"))
        self.assertEqual([(leak["rule"], leak["count"], leak["fingerprint"]) for leak in leaks],
                         [("other", 1, None), ("acme-api-key", 2, None)])
        self.assertEqual([leak["length"] for leak in leaks], [95, None])

    def test_all_that_may_be_null(self):
        leak = self.only(finding(1, None, provider=None, title=None, revoke=None, line=None, offset=None,
                                 length=None))
        self.assertEqual(leak["next_steps"][0], "Revoke it now, at its provider.")
        self.assertEqual([leak[name] for name in ("provider", "title", "revoke", "length")], [None] * 4)

    def test_leaks_that_go_on_come_first_then_the_latest(self):
        leaks = self.leaks(finding(5 * HOUR, 1), finding(2 * HOUR, 2), finding(3 * HOUR, 3), finding(60, 4),
                           args=("--revoked-at", KEY % 1 + "=6h"))
        self.assertEqual([leak["fingerprint"] for leak in leaks], [KEY % n for n in (4, 1, 2, 3)])

    def test_sources_are_sorted_by_their_last_sighting(self):
        leak = self.only(finding(9, source="c"), finding(5, source="b"), finding(5, source="a"),
                         finding(7, source="c"))
        self.assertEqual([(s["source"], s["count"]) for s in leak["sources"]], [("a", 1), ("b", 1), ("c", 2)])

    def test_random_ledgers_against_a_model(self):
        rng = random.Random(5)
        for _ in range(20):
            records = [self.random_record(rng) for _ in range(rng.randrange(1, 200))]
            want = self.model(records)
            leaks = self.leaks(*records)
            got = {leak["fingerprint"]: (leak["count"], leak["first_seen"], leak["last_seen"],
                                         {s["source"]: s["count"] for s in leak["sources"]}) for leak in leaks}
            self.assertEqual(got, want)
            rng.shuffle(records)
            self.assertEqual(self.leaks(*records), leaks, "the order of the records matters")

    @staticmethod
    def random_record(rng):
        key, source, line = rng.randrange(6), f"/log/{rng.randrange(9)}", rng.randrange(1 << 40)
        last = rng.randrange(200 * DAY)
        if rng.random() < 0.7:
            return finding(last, key, source, line=line, offset=line)
        return repeat(rng.randrange(1000), last + rng.randrange(DAY), last, key, source)

    @staticmethod
    def model(records):
        groups = collections.defaultdict(list)
        for record in records:
            groups[record["fingerprint"]].append(record)
        want = {}
        for key, group in groups.items():
            sources = collections.Counter()
            for record in group:
                sources[record["source"]] += record.get("count", 1)
            want[key] = (sum(sources.values()), min(r.get("first", r["time"]) for r in group),
                         max(r.get("last", r["time"]) for r in group), dict(sources))
        return want


class Judgement(ReportTest):
    def state(self, ago, *args):
        return self.only(finding(ago), args=args)["state"]

    def test_the_last_hour(self):
        self.assertEqual(self.state(HOUR), "leaking")
        self.assertEqual(self.state(HOUR + 1), "quiet")

    def test_seen_after_it_was_revoked(self):
        for ago, state in ((2 * HOUR - 1, "leaking"), (2 * HOUR, "revoked"), (3 * HOUR, "revoked")):
            with self.subTest(ago):
                self.assertEqual(self.state(ago, "--revoked-at", instant(2 * HOUR)), state)

    def test_seen_in_the_last_hour_but_revoked_after_that(self):
        self.assertEqual(self.state(10 * MINUTE, "--revoked-at", "5m"), "revoked")

    def test_one_key_was_revoked(self):
        leaks = self.leaks(finding(5 * HOUR, 1), finding(5 * HOUR, 2),
                           args=("--revoked-at", (KEY % 2).upper() + "=2026-11-22"))
        self.assertEqual({leak["fingerprint"]: leak["revoked_at"] for leak in leaks},
                         {KEY % 1: None, KEY % 2: "2026-11-22T00:00:00Z"})

    def test_a_keys_own_revocation_goes_before_that_of_all(self):
        for args in ((KEY % 1 + "=3h", "9h"), ("9h", KEY % 1 + "=3h")):
            options = [word for arg in args for word in ("--revoked-at", arg)]
            self.assertEqual(self.state(5 * HOUR, *options), "revoked")
        self.assertEqual(self.state(5 * HOUR, "--revoked-at", "3h", "--revoked-at", "9h"), "leaking")

    def test_a_revocation_that_is_to_come(self):
        self.assertEqual(self.state(60, "--revoked-at", "2026-11-22T10:30:01Z"), "leaking")

    def test_revocations_from_the_environment(self):
        report = self.report(self.ledger(finding(60, 1), finding(60, 2)),
                             env={"KEYSIEVE_REVOKED_AT": f"1m,{KEY % 2}=2h"})
        self.assertEqual([leak["state"] for leak in report["leaks"]], ["leaking", "revoked"])

    def test_keys_that_leak_for_too_long(self):
        for days, args, old in ((90, (), False), (91, (), True), (91, ("--max-age", "100d"), False),
                                (3, ("--max-age", "48h"), True), (14, ("--max-age", "2w"), False)):
            with self.subTest(days=days, args=args):
                leak = self.only(finding(days * DAY + HOUR), finding(HOUR), args=args)
                self.assertEqual(leak["over_max_age"], old)

    def test_as_of_leaves_out_what_was_written_later(self):
        report = self.report(self.ledger(finding(0), finding(-1), repeat(9, 5, 4, time=instant(-1))))
        self.assertEqual((report["records"], report["leaks"][0]["count"]), (1, 1))

    def test_without_as_of_it_is_now(self):
        path = self.ledger(finding(0, time="2037-01-01T00:00:00Z"))
        report = self.report_now(path)
        if report["as_of"] < "2037":
            self.assertEqual((report["leaks"][0]["state"], report["leaks"][0]["age_seconds"]), ("leaking", 0))


class Check(ReportTest):
    def test_something_leaks_still(self):
        result = run("report", "--check", *AS_OF, self.ledger(finding(60)))
        self.assert_status(result, 1)
        self.assertIn(b"STILL LEAKING", result.stdout)

    def test_nothing_leaks_any_more(self):
        self.assert_status(run("report", "--check", *AS_OF, self.ledger(finding(2 * HOUR))), 0)

    def test_without_it_the_status_is_0(self):
        self.assert_status(run("report", *AS_OF, self.ledger(finding(60))), 0)

    def test_an_error_goes_before_a_leak(self):
        result = run("report", "--check", *AS_OF, self.ledger(finding(60)), self.path("missing"))
        self.assert_message(result, 74, "missing")


class Times(ReportTest):
    def seen(self, text):
        report = self.report(self.ledger(finding(time=text)))
        return report["leaks"][0]["first_seen"]

    def test_what_RFC_3339_allows(self):
        for text, want in (("2026-11-22T10:00:02.123Z", "2026-11-22T10:00:02.123Z"),
                           ("2026-11-22t10:00:02z", "2026-11-22T10:00:02Z"),
                           ("2026-11-22T10:00:02.1239999Z", "2026-11-22T10:00:02.123Z"),
                           ("2026-11-22T10:00:02.5+01:30", "2026-11-22T08:30:02.500Z"),
                           ("2026-11-21T23:00:00-02:00", "2026-11-22T01:00:00Z"),
                           ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
                           ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
                           ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z")):
            with self.subTest(text):
                self.assertEqual(self.seen(text), want)

    def test_dates_against_python(self):
        rng = random.Random(7)
        start = datetime.datetime(1970, 1, 1)
        for _ in range(60):
            time = start + datetime.timedelta(days=rng.randrange(20700), seconds=rng.randrange(DAY))
            self.assertEqual(self.seen(time.isoformat() + "Z"), time.isoformat() + "Z")

    def test_no_times(self):
        for text in ("2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-11-31",
                     "2026-11-22T24:00:00Z", "2026-11-22T10:60:00Z", "2026-11-22T10:00:61Z",
                     "2026-11-22 10:00:00Z", "2026-11-22T10:00:00", "2026-11-22T10:00:00.Z", "1969-12-31",
                     "1970-01-01T00:00:00+01:00", "2026-11-22T10:00:00Zx", "2026-11-22T10:00:00+1:00", "now", "",
                     "26-11-22", "2026-11-22T10:00Z"):
            with self.subTest(text):
                report = self.report(self.ledger(finding(time=text), finding()), status=74)
                self.assertIn("'time' is no time", self.messages)
                self.assertEqual(report["records"], 1)


class Damage(ReportTest):
    def test_no_ledger(self):
        self.assert_message(run("report"), 2, "LEDGER", "--help")

    def test_a_missing_ledger_does_not_hide_the_others(self):
        report = self.report(self.path("missing"), self.ledger(finding()), status=74)
        self.assertEqual(report["records"], 1)
        self.assertRegex(self.messages, r"\Akeysieve: .*missing: No such file or directory\n\Z")

    def test_a_directory(self):
        self.assert_message(run("report", self.directory), 74, "directory")

    def test_an_empty_ledger(self):
        self.assertEqual(self.report(self.file("a", b""))["leaks"], [])
        self.assertRegex(run("report", self.file("a", b"")).stdout, rb"\ANo key leaked, as of .* UTC\.\n\Z")

    def test_empty_lines_are_none(self):
        report = self.report(self.file("a", b"\n\n" + lines(finding()) + b"\n" + lines(finding()) + b"\n"))
        self.assertEqual((report["records"], report["unreadable_lines"], self.messages), (2, 0, ""))

    def test_a_last_line_without_its_end(self):
        report = self.report(self.file("a", lines(finding(), finding())[:-1]))
        self.assertEqual((report["records"], self.messages), (2, ""))

    def test_a_last_line_that_breaks_off_anywhere(self):
        whole, last = lines(finding()), lines(finding(source="/a\u00e4\n\"b"))[:-1]
        for n in range(1, len(last), 5):
            with self.subTest(n):
                report = self.report(self.file("a", whole + last[:n]))
                self.assertEqual((report["records"], report["unreadable_lines"]), (1, 0))
                self.assertRegex(self.messages, r"\Akeysieve: \S+a: line 2: .*; skipped, as the last line\n\Z")

    def test_a_damaged_line_before_others(self):
        good = lines(finding())
        for bad in (b"{", b"[]", b"x", b"null", b"1", good[:40], good[:-2], good[:-1] + b"}", good[:-1] + b" x",
                    b"\0" * 100, b"{\"v\":1}", b"\xff\xfe", b"{\"v\":1,}", b"{" * 80):
            with self.subTest(bad):
                report = self.report(self.file("a", good + bad + b"\n" + good), status=74)
                self.assertEqual((report["records"], report["unreadable_lines"]), (2, 1))
                self.assertRegex(self.messages, r"\Akeysieve: \S+a: line 2: [^\n]*; skipped\n\Z")

    def test_members_that_are_missing_or_wrong(self):
        for member, value, words in (("source", None, "'source' is missing"), ("rule", 5, "'rule' is no text"),
                                     ("line", "17", "'line' is no number"), ("line", -1, "'line'"),
                                     ("offset", 1.5, "'offset'"), ("length", 1 << 64, "'length'"),
                                     ("event", "other", "unknown 'event'"), ("event", "repeat", "'count'"),
                                     ("time", 5, "'time' is no time"), ("title", {"a": 1}, "'title' is no text"),
                                     ("v", None, "'v' is missing"), ("v", "1", "'v' is no number")):
            with self.subTest(member=member, value=value):
                self.report(self.ledger(finding(**{member: value}), finding()), status=74)
                self.assertIn(words, self.messages)

    def test_a_repeat_the_wrong_way_round(self):
        self.report(self.ledger(repeat(2, 1, 2), finding()), status=74)
        self.assertIn("'last' is before 'first'", self.messages)

    def test_unknown_members_are_ignored(self):
        members = {"new": {"a": [1, {"rule": "x"}], "b": None}, "newer": [[]], "also": "x", "\u00e4": 1.5e3}
        leak = self.only({**members, **finding()}, {**finding(), **members})
        self.assertEqual((leak["rule"], leak["count"]), ("acme-api-key", 2))

    def test_another_version_ends_it_without_a_report(self):
        for record in (finding(v=2), {"v": 2}, finding(v=2, time="later", rule=[1])):
            with self.subTest(record):
                result = run("report", self.ledger(finding(), record, finding()))
                self.assert_message(result, 74, "line 2", "version")
                self.assertEqual(result.stdout, b"")

    def test_messages_about_damage_are_limited(self):
        data = b"x\n" * 1000 + lines(finding())
        report = self.report(self.file("a", data), status=74)
        self.assertEqual(report["unreadable_lines"], 1000)
        self.assertEqual(len(self.messages.splitlines()), 11)
        self.assertIn("skipped 990 more lines", self.messages)

    def test_very_long_lines(self):
        good = lines(finding())
        for size in ((1 << 18) - 1, 1 << 18, (1 << 18) + 1, 3 << 18, 5000000):
            with self.subTest(size):
                report = self.report(self.file("a", good + b"x" * size + b"\n" + good), status=74)
                self.assertEqual((report["records"], report["unreadable_lines"]), (2, 1))
                report = self.report(self.file("a", good + b"x" * size))
                self.assertEqual(report["records"], 1)
                self.assertIn("last line", self.messages)

    def test_long_names_across_all_buffers(self):
        names = [f"/{'x' * n}/{i}" for i, n in enumerate(random.Random(2).choices(range(9000), k=400))]
        leak = self.only(*(finding(source=name) for name in names))
        self.assertEqual({s["source"] for s in leak["sources"]}, set(names))

    def test_nothing_of_the_ledger_is_in_messages(self):
        canary = "canary" + "7f3a"
        data = b'{"v":1,"source":"%s' % canary.encode() + b"\n" + lines(finding())
        self.report(self.file("a", data), status=74)
        self.assertNotIn(canary, self.messages)

    def test_random_damage(self):
        rng = random.Random(9)
        data = lines(finding(), repeat(9, 8, 7), finding(source="\u20ac\x01<b>"), finding(key=None))
        for _ in some(range(80)):
            damaged = bytearray(data)
            for _ in range(rng.randrange(1, 4)):
                damaged[rng.randrange(len(damaged))] = rng.choice(b'\0\n"\\{}[],:u\xff9')
            path = self.file("a", bytes(damaged))
            for args in (("--json",), ("--html", "-"), ()):
                result = run("report", *AS_OF, *args, path)
                self.assertIn(result.returncode, (0, 74), result.stderr)


class Inputs(ReportTest):
    def test_standard_input(self):
        self.assertEqual(self.report("-", data=lines(finding()))["records"], 1)

    def test_standard_input_twice(self):
        self.assertEqual(self.report("-", "-", data=lines(finding()))["records"], 1)

    def test_several_ledgers_are_one(self):
        report = self.report(self.ledger(finding(5)), self.ledger(finding(3), name="ledger.1"))
        self.assertEqual((report["leaks"][0]["count"], len(report["ledgers"])), (2, 2))

    def test_gzip(self):
        data = lines(*(finding(n) for n in range(3000)))
        self.assertEqual(self.report(self.file("ledger.1.gz", gzip.compress(data)))["records"], 3000)
        self.assertEqual(self.report("-", data=gzip.compress(data) + gzip.compress(data))["records"], 6000)

    def test_gzip_that_breaks_off(self):
        data = gzip.compress(lines(*(finding(n) for n in range(3000))))
        report = self.report(self.file("ledger.1.gz", data[:len(data) // 2]), status=74)
        self.assertIn("breaks off", self.messages)
        self.assertGreater(report["records"], 0)

    def test_gzip_that_is_damaged(self):
        data = bytearray(gzip.compress(lines(*(finding(n) for n in range(3000)))))
        data[-8] ^= 1  # of the checksum
        self.report(self.file("ledger.1.gz", bytes(data)), status=74)
        self.assertIn("damaged", self.messages)

    def test_escapes_of_JSON(self):
        source = "/var/\u00e4\u20ac\U0001f511 \"q\" \\ \t/log"
        record = lines(finding(source=source))
        for data in (record, json.dumps(json.loads(record)).encode() + b"\n"):
            report = self.report("-", data=data)
            self.assertEqual(report["leaks"][0]["sources"][0]["source"], source)

    def test_a_source_with_a_NUL(self):
        for data in (json.dumps(finding(source="a\0b")).encode(), lines(finding(source="ab")).replace(b"ab", b"a\0b")):
            self.assertEqual(self.report("-", data=data)["leaks"][0]["sources"][0]["source"], "a?b")


class Options(ReportTest):
    def test_values_that_are_wrong(self):
        for option, values in (("--max-age", ("90", "d", "90x", "-1d", "1.5d", "90dd", "99999999999999999999d")),
                               ("--as-of", ("yesterday", "2026", "2026-11-22T10:00", "10")),
                               ("--revoked-at", ("then", "x=1h", f"{KEY % 1}=", f"{KEY % 1}=x", "=1h",
                                                 f"{KEY % 1}0=1h", "0a1b2c3d=1h"))):
            for value in values:
                with self.subTest(option=option, value=value):
                    self.assert_message(run("report", option, value, self.ledger(finding())), 2, option)

    def test_as_of_some_time_ago(self):
        self.report_now("--as-of", "36h", self.ledger(), ago=36 * HOUR)

    def test_two_things_for_one_standard_output(self):
        self.assert_message(run("report", "--json", "--html", "-", self.ledger()), 2, "--html")

    def test_help_tells_the_status_of_check(self):
        text = run("report", "--help").stdout.decode()
        self.assertIn("1 --check found a key", text)
        self.assertEqual([line for line in text.splitlines() if len(line) > 80], [])

    def test_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            result = run("report", *AS_OF, self.ledger(finding()), stdout=full)
        self.assert_message(result, 74, "No space left")


if __name__ == "__main__":
    unittest.main()
