# SPDX-License-Identifier: Apache-2.0
"""keysieve report: the table and the page."""

import datetime
import fcntl
import html.parser
import os
import pty
import random
import re
import stat
import struct
import termios
import unittest

from ledgers import AS_OF, DAY, HOUR, KEY, MINUTE, NOW, ReportTest, finding, lines, repeat
from support import run, shown_on


class Table(ReportTest):
    def test_all_of_it(self):
        text = self.table(finding(100 * DAY, 1), repeat(41, 99 * DAY, 60, 1), finding(5 * HOUR, 2, source="unit:b"),
                          args=("--revoked-at", KEY % 2 + "=3h"))
        head, leaking, revoked = text.split("\n\n")[0], *re.split(r"\n\n\d\. ", text)[1:]
        self.assertEqual(head, "Keys that leaked: 2. STILL LEAKING: 1, as of 2026-11-22 10:30:00 UTC.")
        rows = text.split("\n\n")[1].splitlines()
        self.assertRegex(rows[0], r"^# +STATE +PROVIDER +COUNT +SOURCES +FIRST SEEN +LAST SEEN +AGE$")
        self.assertRegex(rows[1], r"^1  STILL LEAKING  Acme +42 +1  2026-08-14  2026-11-22 +100d!$")
        self.assertEqual(rows[2], f"   acme-api-key  {KEY % 1}")
        self.assertRegex(rows[3], r"^2  revoked        Acme +1 +1  2026-11-22  2026-11-22 +5h$")
        self.assertEqual(rows[5], "! seen leaking for more than 90 days")
        for words in ("Acme API key", "STILL LEAKING", "Seen over 99 days, which is more than 90 days", KEY % 1,
                      "2026-11-22 10:29:00 UTC (1 minute ago)", "42  /var/log/a.log, line 17",
                      "1. Revoke it now: https://acme.example/keys", "\n      4. Watch"):
            self.assertIn(words, leaking)
        self.assertIn("1. It was revoked at 2026-11-22 07:30:00 UTC. Make sure", revoked)
        self.assertNotIn("STILL", revoked)

    def test_it_fits_80_columns_whatever_there_is(self):
        long = "x" * 300
        for record in (finding(rule=long, provider=long, title=long, fingerprint=long, revoke=long, source=long),
                       finding(provider="\u00e4" * 70, source="a b " * 90), finding(source="\u20ac" * 200),
                       repeat(10 ** 9, 400 * DAY, 5, source=" ")):
            text = self.table(record)
            self.assertEqual([line for line in text.splitlines() if len(line) > 80], [])

    def test_sources_are_whole(self):
        source = "/var/" + "".join(f"{n:03}" for n in range(100))
        text = re.sub(r"\n +", "", self.table(finding(source=source)))
        self.assertIn(source + ", line 17", text)

    def test_it_is_as_wide_as_the_terminal(self):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
        result = run("report", *AS_OF, self.ledger(finding(source="y" * 300)), stdout=slave)
        text = shown_on(master, slave).decode().replace("\r\n", "\n")
        os.close(master)
        self.assert_status(result, 0)
        self.assertEqual(max(map(len, text.splitlines())), 120)

    def test_nothing_steers_the_terminal(self):
        evil = "".join(map(chr, range(1, 32))) + "\x7f\x80\x9b31m\u202e\u2066\u200f"
        members = {name: evil + name for name in ("source", "rule", "provider", "title", "fingerprint", "revoke")}
        for record in (finding(**members), finding(**{**members, "title": None, "fingerprint": None})):
            text = self.table(record)
            self.assertEqual({c for c in text if not (c.isascii() and c.isprintable()) and c != "\n"}, set())

    def test_bytes_that_are_no_text(self):
        path = self.file("a", lines(finding(source="ab")).replace(b"ab", b"a\x9b\xc3\xff\xed\xa0\x80b"))
        result = run("report", *AS_OF, path)
        self.assertIn(b"a??????b", result.stdout)

    def test_of_many_sources_only_the_last(self):
        text = self.table(*(finding(100 - n, source=f"/log/{n}") for n in range(13)))
        self.assertIn("/log/3,", text)
        self.assertNotIn("/log/2,", text)
        self.assertIn("and 3 more; see --json", text)


def moment(text):
    return datetime.datetime.fromisoformat(text + "+00:00")


class PageReader(html.parser.HTMLParser):
    """Elements are closed in order; collects texts, attributes and links."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (self.open, tag)
        self.open.pop()

    def handle_data(self, data):
        self.text.append(data)


class Page(ReportTest):
    def page(self, *records, args=()):
        path = self.path("page.html")
        result = run("report", *AS_OF, *args, "--html", path, self.ledger(*records))
        self.assert_done(result, b"")
        return self.content(path).decode()

    def read(self, *records, args=()):
        reader = PageReader()
        reader.feed(self.page(*records, args=args))
        reader.close()
        self.assertEqual(reader.open, [])
        return reader

    def test_it_stands_alone(self):
        reader = self.read(finding(60), finding(5 * HOUR, 2))
        self.assertNotIn("script", reader.tags)
        for tag in ("img", "link", "iframe", "object", "form", "base"):
            self.assertNotIn(tag, reader.tags)
        names = {name for name, _ in reader.attributes}
        self.assertEqual({name for name in names if name.startswith("on") or name in ("src", "style")}, set())
        links = {value for name, value in reader.attributes if name == "href"}
        self.assertEqual(links, {"#key-1", "#key-2", "https://acme.example/keys"})
        self.assertNotRegex(self.page(finding()), r"url\(|@import")
        self.assertTrue(any("default-src 'none'" in value for name, value in reader.attributes if name == "content"))

    def test_every_value_is_escaped(self):
        evil = "</title></style></code>-->]]><script>x</script>\"' onload='y' &amp; <b>"
        names = ("source", "rule", "provider", "title", "fingerprint", "revoke")
        for members in ({name: evil + name for name in names}, {**{name: evil + name for name in names}, "title": None},
                        {"revoke": "https://a/" + evil}, {"source": evil, "revoke": "UTC."},
                        {"source": evil, "revoke": "."}, {"provider": evil, "revoke": "22."}):
            with self.subTest(list(members)):
                reader = self.read(finding(60, **members))
                self.assertEqual(reader.tags.count("script"), 0)
                self.assertEqual(reader.tags.count("b"), 4)  # the tiles
                self.assertNotIn("onload", {name for name, _ in reader.attributes})
                self.assertIn(evil, "".join(reader.text) + str(reader.attributes).replace('\\', ''))

    def test_ledger_names_are_escaped(self):
        path = self.ledger(finding(), name="<b>&.ledger")
        result = run("report", *AS_OF, "--html", "-", path)
        self.assertIn(b"&lt;b&gt;&amp;.ledger", result.stdout)

    def test_only_web_addresses_are_links(self):
        for address in ("javascript:alert(1)", "data:text/html,x", " https://x", "file:///etc/passwd", "//x", "HTTPS:"):
            with self.subTest(address):
                reader = self.read(finding(revoke=address))
                self.assertEqual({v for n, v in reader.attributes if n == "href"}, {"#key-1"})
                self.assertIn(address, "".join(reader.text))

    def test_what_is_not_shown(self):
        text = self.page(finding(source="a\x01\x1b[31m\u202eb\x9bc"))
        self.assertIn("a\ufffd\ufffd[31m\ufffdb\ufffdc", text)

    def test_bars_are_the_sightings(self):
        records = [finding(n * HOUR) for n in range(1, 40)] + [repeat(1000, 30 * HOUR, 20 * HOUR)]
        reader = self.read(*records)
        bars = [text for text in reader.text if re.fullmatch(r"\S+ \S+ UTC to \S+ \S+ UTC: \d+", text)]
        self.assertAlmostEqual(sum(int(bar.rpartition(" ")[2]) for bar in bars), 1039, delta=len(bars) / 2)
        self.assertGreater(len(bars), 35)
        self.assertIn("Each bar is 30 minutes; ", "".join(reader.text))

    def test_bars_against_a_model(self):
        rng = random.Random(11)
        for span in (5, 300, 5000, DAY, 20 * DAY, 400 * DAY, 18000 * DAY):
            with self.subTest(span):
                agos = [rng.randrange(span) for _ in range(200)]
                page = self.page(*(finding(ago) for ago in agos))
                bars = [(moment(a), moment(b), int(n)) for a, b, n in re.findall(
                    r"<title>(\S+ \S+) UTC to (\S+ \S+) UTC: (\d+)</title>", page)]
                times = [NOW - datetime.timedelta(seconds=ago) for ago in agos]
                self.assertEqual(len({end - begin for begin, end, _ in bars}), 1)
                self.assertEqual([n for _, _, n in bars], [sum(a <= t < b for t in times) for a, b, _ in bars])
                self.assertEqual(sum(n for _, _, n in bars), 200)
                rng.shuffle(agos)
                self.assertEqual(self.page(*(finding(ago) for ago in agos)), page)

    def test_one_sighting_is_one_bar(self):
        for ago in (0, 1, MINUTE, HOUR, DAY, 60 * DAY, 1000 * DAY, 20000 * DAY):
            with self.subTest(ago):
                reader = self.read(finding(ago))
                self.assertEqual(reader.tags.count("rect"), 1)
                width = float(dict(reader.attributes)["viewbox"].split()[2])
                self.assertTrue(48 <= width <= 128, width)
                at = float(dict(reader.attributes)["x"])
                self.assertTrue(0 <= at < width, at)

    def test_bars_after_the_revocation_stand_out(self):
        records = [finding(n * HOUR) for n in range(1, 40)]
        self.assertNotIn('class="after"', self.page(*records))
        text = self.page(*records, args=("--revoked-at", "20h"))
        self.assertEqual(text.count('<rect class="after"'), 19)
        self.assertEqual(text.count("<line "), 1)
        self.assertIn("after that. Make sure that it no longer works: <a ", text)

    def test_no_leak(self):
        self.assertIn("No key leaked.", self.page())

    def test_very_many_keys_and_sources_are_cut(self):
        text = self.page(*(finding(n, n) for n in range(520)), *(finding(0, 1, f"/{n}") for n in range(60)))
        self.assertEqual(text.count("<section"), 500)
        self.assertIn("and 20 more: see --json", text)
        self.assertIn("and 11 more: see --json", text)

    def test_a_revocation_outside_of_the_drawing(self):
        self.assertNotIn("<line ", self.page(finding(60), args=("--revoked-at", "90d")))


class PageFile(ReportTest):
    def test_only_the_owner_reads_it(self):
        path = self.file("page.html", b"old")
        os.chmod(path, 0o644)
        self.assert_done(run("report", "--html", path, self.ledger(finding())), b"")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(sorted(os.listdir(self.directory)), ["ledger", "page.html"])

    def test_standard_output(self):
        result = run("report", "--html", "-", self.ledger(finding()))
        self.assert_status(result, 0)
        self.assertTrue(result.stdout.startswith(b"<!DOCTYPE html>\n"))

    def test_with_json(self):
        path = self.path("page.html")
        self.report("--html", path, self.ledger(finding()))
        self.assertTrue(self.content(path).startswith(b"<!DOCTYPE html>\n"))

    def test_where_it_cannot_be(self):
        for path in (self.path("none/page.html"), self.directory):
            with self.subTest(path):
                self.assert_message(run("report", "--html", path, self.ledger(finding())), 74, path[-20:])
                self.assertEqual(os.listdir(self.directory), ["ledger"])

    def test_a_full_disk(self):
        self.assert_message(run("report", "--html", "/dev/full", self.ledger(finding())), 74, "/dev/full", "space")

    def test_a_pipe(self):
        result = run("report", "--html", "/dev/stdout", self.ledger(finding()))
        self.assertTrue(result.stdout.endswith(b"</html>\n"))

    def test_with_check(self):
        path = self.path("page.html")
        self.assert_status(run("report", "--check", *AS_OF, "--html", path, self.ledger(finding(5))), 1)
        self.assertTrue(os.path.exists(path))


if __name__ == "__main__":
    unittest.main()
