# SPDX-License-Identifier: Apache-2.0
"""What the tests of keysieve report share: ledgers. Rules, fingerprints and sources are made up."""

import datetime
import json

from support import CommandTest, run

NOW = datetime.datetime(2026, 11, 22, 10, 30, tzinfo=datetime.timezone.utc)
AS_OF = ("--as-of", "2026-11-22T10:30:00Z")
KEY = "0a1b2c3d-%016x"
DAY, HOUR, MINUTE = 24 * 3600, 3600, 60


def instant(ago=0):
    """So many seconds before NOW."""
    text = (NOW - datetime.timedelta(seconds=ago)).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z").replace(".000Z", "Z")


def finding(ago=0, key=1, source="/var/log/a.log", **members):
    record = {"v": 1, "event": "finding", "time": instant(ago), "source": source, "offset": 1234, "line": 17,
              "rule": "acme-api-key", "provider": "Acme", "title": "Acme API key",
              "fingerprint": None if key is None else KEY % key, "length": 95,
              "revoke": "https://acme.example/keys"}
    record.update(members)
    return record


def repeat(count, first, last, key=1, source="/var/log/a.log", **members):
    record = finding(last, key, source, event="repeat", count=count, first=instant(first), last=instant(last))
    del record["offset"], record["line"]
    record.update(members)
    return record


def lines(*records):
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


class ReportTest(CommandTest):
    def ledger(self, *records, name="ledger"):
        return self.file(name, lines(*records))

    def report_now(self, *args, ago=0):
        """The report of a moment so many seconds ago, which is that at which keysieve has looked at the clock."""
        before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        report = json.loads(run("report", "--json", *args).stdout)
        as_of = datetime.datetime.fromisoformat(report["as_of"].replace("Z", "+00:00")) + datetime.timedelta(seconds=ago)
        self.assertLessEqual(before, as_of)
        self.assertLessEqual(as_of, datetime.datetime.now(datetime.timezone.utc))
        return report

    def report(self, *args, status=0, **kwargs):
        """The JSON report of these arguments."""
        result = run("report", "--json", *AS_OF, *args, **kwargs)
        self.assert_status(result, status)
        self.messages = result.stderr.decode()
        return json.loads(result.stdout)

    def leaks(self, *records, args=()):
        report = self.report(*args, self.ledger(*records))
        self.assertEqual(self.messages, "")
        return report["leaks"]

    def only(self, *records, args=()):
        leak, = self.leaks(*records, args=args)
        return leak

    def table(self, *records, args=()):
        result = run("report", *AS_OF, *args, self.ledger(*records))
        self.assert_status(result, 0)
        return result.stdout.decode()
