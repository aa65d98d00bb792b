# SPDX-License-Identifier: Apache-2.0
"""Known secret values: what is masked, what is refused, and who is told what. test_known_reload.py: changes."""

import base64
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import unittest
import urllib.parse

from support import (BINARY, ID, LONG, NOBODY, ONLY, RULE, TRIGGER, CommandTest, Live, body, environment, is_sanitized, masked,
                     run, some, stars)

PLAIN = body(30, 11)
# All that some notation has an escape for.
ODD = b"q" + body(9, 12) + b" %&+/=?#'\"\\$`!~;|<>(){}[]*^\t" + "é€😀".encode() + body(9, 13)

# All of ASCII that is no letter, digit or control character.
IN_URLS = b"Kx9!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ horse7Q"
# What only some encoders of JSON write as \u.
RARE = b"q" + body(7, 14) + "\x7fé\u2028/\"<'=>&\t\u2029\x01".encode() + body(9, 15)
# What some write with a short escape and others do not.
FEED = b"q" + body(7, 16) + "\b\f<>&é\u2028\t\x1b\\\"".encode() + body(9, 17)


def tool(*command, data=b""):
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def dotnet(text):
    """What stands in a JSON string as .NET's System.Text.Json writes it by default."""
    def escape(code):
        char = chr(code)
        if char in "\b\f\n\r\t\\":
            return json.dumps(char)[1:-1]
        return char if " " <= char <= "~" and char not in "\"&'+<>`" else f"\\u{code:04X}"
    units = text.encode("utf-16-be")
    return "".join(escape(high << 8 | low) for high, low in zip(units[::2], units[1::2]))


class KnownTest(CommandTest):
    """Values in the file 'values', one a line."""

    def values(self, *values, end=b"\n"):
        return self.file("values", b"".join(value + end for value in values))

    def known(self, *values):
        return ("--known", self.values(*values))

    def assert_masked(self, spelled, *values):
        """All of the spelled text is masked, but for quotes and padding around it, and nothing beside it."""
        text = b"<" + spelled + b">\n"
        result = run(*self.known(*values), data=text, timeout=LONG)
        self.assert_status(result, 0)
        self.assert_silent(result)
        self.assertRegex(result.stdout, rb"\A<[$'\"]*\*+['\"=]*>\n\Z")
        self.assertEqual(len(result.stdout), len(text))

    def assert_masked_together(self, spelled, values):
        """The same of many, each on a line."""
        result = run(*self.known(*values), data=b"".join(b"<" + line + b">\n" for line in spelled), timeout=LONG)
        self.assert_status(result, 0)
        self.assert_silent(result)
        lines = result.stdout.splitlines()
        self.assertEqual(len(lines), len(spelled))
        for line, before, value in zip(lines, spelled, values):
            with self.subTest(value):
                self.assertRegex(line, rb"\A<[$'\"]*\*+['\"=]*>\Z")
                self.assertEqual(len(line), len(before) + 2)


class Spellings(KnownTest):
    """Every spelling is made by the tool that people use."""

    def build_go(self, name, source):
        self.file(f"{name}.go", b"package main\n" + source.encode())
        env = {**os.environ, "GO111MODULE": "off", "GOFLAGS": ""}
        if not os.access(env.get("XDG_CACHE_HOME") or os.path.expanduser("~"), os.W_OK):
            env["GOCACHE"] = self.path("go-cache")
        subprocess.run(["go", "build", "-o", self.path(name), self.path(f"{name}.go")], check=True, env=env)

    def test_itself(self):
        self.assert_masked(PLAIN, PLAIN)
        self.assert_masked(ODD, ODD)

    def test_base64(self):
        for value in (PLAIN, ODD, PLAIN + b"1", PLAIN + b"12"):
            self.assert_masked(tool("base64", "-w0", data=value), value)
            self.assert_masked(base64.urlsafe_b64encode(value), value)
            self.assert_masked(base64.urlsafe_b64encode(value).rstrip(b"="), value)

    def test_base64_in_lines(self):
        for length in (46, 48, 57, 58, 64, 65, 72, 73, 114, 116, 300, 1024, 2000):
            value = ODD[:20] + body(length - 20, length)
            for columns, line_break in some(((76, b"\n"), (76, b"\r\n"), (64, b"\n"), (60, b"\n"), (76, b"\\n"))):
                spelled = tool("base64", f"-w{columns}", data=value).rstrip(b"\n").replace(b"\n", line_break)
                result = run(*ONLY, *self.known(value), data=spelled)
                self.assert_status(result, 0)
                self.assertEqual(result.stdout.replace(b"\\n", b"").strip(b"*=\r\n").translate(None, b"*\r\n"), b"")

    def test_base64_of_a_text_that_holds_it(self):
        for before in range(4):
            for after in range(1, 4):
                text = base64.b64encode(b"u:" + b"p" * before + ODD + b"|" * after)
                first = (8 * (2 + before) + 5) // 6
                last = 8 * (2 + before + len(ODD)) // 6
                want = text[:first] + b"*" * (last - first) + text[last:]
                result = run(*self.known(ODD), data=text)
                self.assert_done(result, want)

    def test_an_http_basic_header(self):
        header = b"Authorization: Basic " + base64.b64encode(b"user:" + PLAIN)
        result = run(*self.known(PLAIN), data=header)
        self.assert_status(result, 0)
        self.assert_no_piece(result.stdout, base64.b64encode(b"user:" + PLAIN)[8:])

    def test_json(self):
        text = ODD.decode()
        forms = [json.dumps(text), json.dumps(text, ensure_ascii=False), json.dumps(text).replace("/", "\\/")]
        forms += [re.sub("[<>&'=]", lambda m: f"\\u{ord(m[0]):04x}", form) for form in forms[1:2]]  # Gson
        forms += [re.sub("[<>&']", lambda m: f"\\u{ord(m[0]):04x}", form) for form in forms[:3]]
        for form in forms:
            self.assert_masked(form.encode(), ODD)

    def test_json_with_what_few_escape(self):
        text = RARE.decode()
        forms = [json.dumps(text), json.dumps(text, ensure_ascii=False)]
        forms.append(forms[0].replace("\\u007f", "\x7f"))  # PHP
        forms.append(re.sub("[<>&'=\u2028\u2029]", lambda m: f"\\u{ord(m[0]):04x}", forms[1]))  # Gson
        forms += [json.dumps(form[1:-1], ensure_ascii=False) for form in forms[:3]]
        forms += [json.dumps(form[1:-1]) for form in forms[:2]]
        self.assert_masked_together([form.encode() for form in forms], [RARE] * len(forms))

    def test_json_of_dotnet(self):
        values = [b"q7Fz+9dLmX0a/Tn2vB==", IN_URLS, ODD, RARE, FEED]
        self.assertEqual(dotnet("+/\"\\é😀`\b\x1b="), r"\u002B/\u0022\\\u00E9\uD83D\uDE00\u0060\b\u001B=")
        once = [dotnet(value.decode()) for value in values]
        self.assert_masked_together([form.encode() for form in once], values)
        self.assert_masked_together([dotnet(form).encode() for form in once], values)
        self.assert_masked_together([json.dumps(form).encode() for form in once], values)

    def test_json_of_dotnet_within_a_line(self):
        text = b'{"k":"q7Fz\\u002B9dLmX0a/Tn2vB=="}\n'
        self.assert_done(run(*self.known(b"q7Fz+9dLmX0a/Tn2vB=="), data=text), b'{"k":"' + b"*" * 25 + b'"}\n')

    @unittest.skipUnless(shutil.which("go"), "no Go")
    def test_json_of_slog(self):
        self.build_go("log", """
import (
	"log/slog"
	"os"
)

func main() {
	logger := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	for _, value := range os.Args[1:] {
		logger.Info(value)
	}
}
""")
        values = [RARE, ODD, FEED, b"Kx9\bhorse\f7Q"]
        lines = tool(self.path("log"), *values).splitlines()
        forms = [re.fullmatch(rb'.*"msg":(".*")}', line)[1] for line in lines]
        self.assertIn(rb"\u0008horse\u000c", forms[3])
        self.assert_masked_together(forms, values)
        self.assert_masked_together([json.dumps(form.decode()[1:-1], ensure_ascii=False).encode() for form in forms], values)
        # encoding/json before Go 1.22
        forms = [re.sub(rb"[<>&]", lambda m: b"\\u%04x" % ord(m[0]), form) for form in forms]
        self.assert_masked_together(forms, values)

    @unittest.skipUnless(shutil.which("go"), "no Go")
    def test_json_of_go(self):
        self.build_go("marshal", """
import (
	"encoding/json"
	"os"
)

func main() {
	once, _ := json.Marshal(os.Args[1])
	twice, _ := json.Marshal(string(once[1:len(once)-1]))
	raw, _ := json.Marshal(os.Args[2])
	os.Stdout.Write(append(append(append(append(append(once, '\\n'), twice...), '\\n'), raw...), '\\n'))
	plain := json.NewEncoder(os.Stdout)
	plain.SetEscapeHTML(false)
	plain.Encode(os.Args[1])
}
""")
        for value in (RARE, "Kx9é\u2028horse7Q".encode(), ODD):
            inner = json.dumps(value.decode(), ensure_ascii=False)[1:-1]  # as JavaScript's JSON.stringify
            forms = tool(self.path("marshal"), value, inner).splitlines()
            forms.append(json.dumps(forms[0].decode()[1:-1]).encode())
            self.assertEqual(len(forms), 5)
            self.assert_masked_together(forms, [value] * 5)

    def test_json_in_a_json_string(self):
        inner = json.dumps(ODD.decode())[1:-1]
        self.assert_masked(json.dumps(inner).encode(), ODD)

    @unittest.skipUnless(os.path.exists("/usr/bin/jq"), "no jq")
    def test_jq(self):
        self.assert_masked(tool("jq", "-Rs", ".", data=ODD).strip(), ODD)
        self.assert_masked(tool("jq", "-Rsa", ".", data=ODD).strip(), ODD)
        for value in (b"Kx9\x7fhorse7Q", RARE):
            self.assert_masked(tool("jq", "-Rs", ".", data=value).strip(), value)
            self.assert_masked(tool("jq", "-Rsa", ".", data=value).strip(), value)
        self.assert_masked(tool("jq", "-Rsr", "@uri", data=ODD).strip(), ODD)
        self.assert_masked(tool("jq", "-Rsr", "@base64", data=ODD).strip(), ODD)
        self.assert_masked(tool("jq", "-Rsr", "@sh", data=ODD).strip(), ODD)

    def test_percent(self):
        for form in (urllib.parse.quote(ODD), urllib.parse.quote(ODD, safe=""), urllib.parse.quote_plus(ODD),
                     urllib.parse.quote(ODD, safe="!'()*-._~"), urllib.parse.quote(ODD, safe="!#$&'()*+,-./:;=?@_~"),
                     urllib.parse.quote(ODD, safe="$&+,;="), urllib.parse.quote(ODD, safe="$&+=:@"),
                     urllib.parse.quote(ODD, safe="!*'();/:@&=+$,"), urllib.parse.urlencode({"": ODD})[1:]):
            self.assert_masked(form.encode(), ODD)
            self.assert_masked(re.sub("%..", lambda m: m[0].lower(), form).encode(), ODD)

    @unittest.skipUnless(shutil.which("go"), "no Go")
    def test_urls_of_go(self):
        self.build_go("url", """
import (
	"fmt"
	"net/url"
	"os"
)

func main() {
	for _, value := range os.Args[1:] {
		u := url.URL{Scheme: "https", Host: "h", Path: "/" + value, User: url.UserPassword("u", value), Fragment: value}
		fmt.Println(u.EscapedPath()[1:])
		fmt.Println(u.EscapedFragment())
		fmt.Println(u.User.String()[2:])
		fmt.Println(u.String())
	}
}
""")
        values = [b"/T0/K,x9!horse7Q", IN_URLS, IN_URLS + "é\t€\x7f".encode()]
        lines = tool(self.path("url"), *values).splitlines()
        for at, value in enumerate(values):
            path, fragment, password, url = lines[4 * at:4 * at + 4]
            self.assert_masked_together([path, fragment, password], [value] * 3)
            text = b"".join((b"https://u:", password, b"@h/", path, b"#", fragment))
            self.assertEqual(text, url)

    @unittest.skipUnless(shutil.which("node"), "no Node.js")
    def test_urls_of_node(self):
        script = """
for (const value of process.argv.slice(1)) {
    for (const url of [new URL("https://h/"), new URL("other://h/")]) {
        url.username = url.password = url.pathname = url.search = url.hash = value;
        console.log([url.username, url.password, url.pathname.slice(1), url.search.slice(1), url.hash.slice(1)].join("\\n"));
    }
}"""
        # a path loses a first "/", a query "?", a fragment "#"; tabs are lost, and "\\" becomes "/" in a path
        values = [b"T0/K,x9!horse7Q", b"K" + IN_URLS.replace(b"\\", b""), b"K" + IN_URLS.replace(b"\\", b"") + "é€\x7f".encode()]
        lines = tool("node", "-e", script, *values).splitlines()
        self.assertEqual(len(lines), 10 * len(values))
        for at, value in enumerate(values):
            self.assert_masked_together(lines[10 * at:10 * at + 10], [value] * 10)

    def test_hex(self):
        self.assert_masked(ODD.hex().encode(), ODD)
        self.assert_masked(ODD.hex().upper().encode(), ODD)
        self.assert_masked(tool("od", "-An", "-v", "-tx1", data=ODD).translate(None, b" \n"), ODD)

    def test_shells(self):
        self.assert_masked(shlex.quote(ODD.decode()).encode(), ODD)
        quoted = ODD.replace(b"'", b"'\\''")
        self.assert_masked(b"'" + quoted + b"'", ODD)
        self.assert_masked(b"'" + ODD.replace(b"'", b"''") + b"'", ODD)
        self.assert_masked(repr(ODD)[1:].encode(), ODD)
        quoted = ODD.replace(b'"', b"")
        self.assert_masked(repr(quoted)[1:].encode(), quoted)
        self.assert_masked(b'"' + re.sub(rb'(["\\$`])', rb"\\\1", ODD) + b'"', ODD)

    def test_text_of_python(self):
        texts = [ODD.decode(), RARE.decode(), FEED.decode(), "Kx9é'horse7Q", "Kx9é\"'horse\\7Q",
                 "Kx9\x00\x1f\x7f\x80\x9f\xa0\xadÿ7Q",
                 "Kx9\u200b\u200d\u2028\u202f\u2060\u3000\ue000\ufeff\U000e0067\U000f0000\U0010ffff€😀7Q"]
        texts += ["Kx9" + "".join(map(chr, range(first, end))) + "7Q" for first, end in
                  ((0xa0, 0x180), (0x400, 0x500), (0x2000, 0x2070), (0x1f600, 0x1f640))]
        values = [text.encode() for text in texts]
        os.mkdir(self.path("d"))
        for number, value in enumerate(values):
            self.file(f"d/{number:02}", value)
        for show in (repr, ascii):
            for text in texts:
                with self.subTest(text):
                    form = show({"k": [text]}).encode()
                    result = run("--known-dir", self.path("d"), data=form, timeout=LONG)
                    self.assert_status(result, 0)
                    self.assertRegex(result.stdout, rb"\A\{'k': \[(['\"])\*+\1]}\Z")
                    self.assertEqual(len(result.stdout), len(form))

    @unittest.skipUnless(os.path.exists("/bin/bash"), "no bash")
    def test_bash(self):
        value = ODD.decode().encode("ascii", "ignore").replace(b"\t", b"")
        for how in ("printf %q \"$1\"", "printf %s \"${1@Q}\"", "set -x; : \"$1\""):
            done = subprocess.run(["bash", "-c", how, "bash", value], capture_output=True, check=True)
            self.assert_masked((done.stdout or done.stderr).strip().removeprefix(b"+ : "), value)

    @unittest.skipUnless(os.path.exists("/bin/bash"), "no bash")
    def test_what_bash_escapes_by_what_is_before_it(self):
        values = [b"Kx9:~horse7Q", b"~Kx9 horse7=~", b"#Kx9=~#~:#horse7~", b"~~Kx9:=~,~horse ~7", b"Kx9 #:~~horse\\7"]
        values += [b"Kx9%c~%c#~horse7Q" % (byte, byte) for byte in range(0x20, 0x7f) if not chr(byte).isalnum()]
        for locale in ("C", "C.UTF-8"):
            spelled = subprocess.run(["bash", "-c", "printf '%q\\n' \"$@\"", "bash", *values], capture_output=True,
                                     env={**os.environ, "LC_ALL": locale}, check=True).stdout.splitlines()
            self.assert_masked_together(spelled, values)

    @unittest.skipUnless(os.path.exists("/bin/bash"), "no bash")
    def test_what_bash_escapes_within_a_word(self):
        for before, value in ((b"x=", b"~Kx9 horse7Q"), (b"x", b"~Kx9 horse7Q"), (b"x", b"#Kx9;horse7Q")):
            word = tool("bash", "-c", "printf %q \"$1\"", "bash", before + value)
            self.assert_done(run(*ONLY, *self.known(value), data=word), before + b"*" * (len(word) - len(before)))

    @unittest.skipUnless(os.path.exists("/usr/bin/dash"), "no dash")
    def test_dash(self):
        values = [b"Kx9''horse7Q", b"'Kx9'horse7Q", b"Kx9'''horse'7Q''", b"''Kx9horse7Q'", b"Kx9horse7Q$'"]
        for value in values:
            done = subprocess.run(["dash", "-c", "export -p"], env={b"VALUE": value}, capture_output=True, check=True)
            spelled = re.search(rb"VALUE=(.*)", done.stdout)[1]
            self.assert_masked_together([spelled], [value])

    def test_a_pem_file_by_its_lines(self):
        lines = [body(64, seed) for seed in range(3)]
        os.mkdir(self.path("d"))
        self.file("d/tls.key", b"-----BEGIN X-----\n" + b"\n".join(lines) + b"\n-----END X-----\n")
        result = run("--known-dir", self.path("d"), data=b"at " + lines[1] + b"!")
        self.assert_done(result, b"at " + stars(lines[1]) + b"!")


class Cuts(KnownTest):
    def feed_at_every_cut(self, value, cases):
        """cases: texts that hold the value, and what is wanted for them. One process sees them all."""
        with Live(*self.known(value)) as live:
            want = b""
            for text, hidden in cases:
                for cut in range(1, len(text)):
                    live.write(text[:cut])
                    sent = len(want) + cut
                    self.assertGreaterEqual(len(live.output), sent - len(value) * 3)
                    self.assert_bytes(live.output[len(want):], hidden[:len(live.output) - len(want)])
                    want += hidden + b"\n"
                    self.assert_bytes(live.write(text[cut:] + b"\n"), want)

    def test_at_every_byte(self):
        value = body(9, 1) + b" %+/\"$'" + body(6, 2)
        forms = (value, base64.b64encode(value), json.dumps(value.decode())[1:-1].encode(), value.hex().encode(),
                 urllib.parse.quote(value).encode())
        self.feed_at_every_cut(value, [(b"= " + form + b" ", b"= " + stars(form.rstrip(b"=")) +
                                        b"=" * form.count(b"=") + b" ") for form in forms])

    def test_a_value_that_overlaps_itself(self):
        value = b"a1b2a1b2a1b3"
        self.feed_at_every_cut(value, [(before + value + b"y", before + stars(value) + b"y")
                                       for before in (b"", b"a", b"a1b2", b"a1b2a1b2", b"a1b2a1b2a1b2", b"a1")])

    def test_only_what_can_become_a_value_is_held(self):
        value = b"xyz" + body(20, 5)
        with Live(*ONLY, *self.known(value)) as live:
            self.assert_bytes(live.write(b"#: waxy"), b"#: wa")
            self.assert_bytes(live.write(b" "), b"#: waxy ")
            self.assert_bytes(live.write(value[:8]), b"#: waxy ")
            self.assert_bytes(live.write(b"?"), b"#: waxy " + value[:8] + b"?")

    def test_the_input_breaks_off(self):
        value = body(20, 6)
        with Live(*self.known(value)) as live:
            live.write(b"x " + value[:-1])
            self.assert_bytes(live.finish(), b"x " + value[:-1])


class Frames(KnownTest):
    HEAD = b"2026-11-22T10:00:00.000000000Z stdout "

    def test_cri(self):
        value = body(40, 7)
        other = b"2026-11-22T10:00:01.000000000Z stderr F something else\n"
        text = self.HEAD + b"P a" + value[:17] + b"\n" + other + self.HEAD + b"F " + value[17:] + b"z\n"
        want = self.HEAD + b"P a" + b"*" * 17 + b"\n" + other + self.HEAD + b"F " + b"*" * 23 + b"z\n"
        self.assert_done(run(*self.known(value), data=text), want)

    def test_docker(self):
        def line(text):
            return json.dumps({"log": text, "stream": "stdout", "time": "2026-11-22T10:00:00Z"}).encode() + b"\n"
        value = ODD.decode()
        at = len(value) // 2
        result = run(*self.known(ODD), "--frame", "docker", data=line("a" + value[:at]) + line(value[at:] + "z\n"))
        self.assert_status(result, 0)
        logs = [json.loads(text)["log"] for text in result.stdout.splitlines()]
        self.assertRegex("".join(logs), r"\Aa\*+z\n\Z")

    def test_a_journal(self):
        value = body(40, 8)
        text = b"__CURSOR=s=1\nMESSAGE=a " + value + b" b\n\n"
        self.assert_done(run(*self.known(value), "--frame", "journal", data=text), masked(text, value))


class Sources(KnownTest):
    def assert_finds(self, value, *args, env=None):
        result = run(*args, data=b"a " + value + b" b\n", env=env)
        self.assert_done(result, b"a " + stars(value) + b" b\n")

    def test_lines(self):
        values = [body(20, seed) for seed in range(3)]
        for end in (b"\n", b"\r\n"):
            path = self.file("v", b"\n" + end.join(values))
            for value in values:
                self.assert_finds(value, "--known", path)

    def test_a_value_may_begin_with_any_byte(self):
        for first in (b"#", b" ", b"-", b"\xff", b"\\"):
            value = first + body(20, 3)
            self.assert_finds(value, "--known", self.values(value))

    def test_a_byte_order_mark(self):
        self.assert_finds(PLAIN, "--known", self.file("v", b"\xef\xbb\xbf" + PLAIN + b"\r\n"))
        result = run("--known", self.file("v", PLAIN.decode().encode("utf-16")))
        self.assert_message(result, 78, "UTF-16")

    def test_a_directory_as_kubernetes_mounts_it(self):
        mount = self.path("mount")
        os.makedirs(mount + "/..2026_11_22")
        self.file("mount/..2026_11_22/password", PLAIN + b"\n")
        self.file("mount/..2026_11_22/port", b"5432")
        os.symlink("..2026_11_22", mount + "/..data")
        os.symlink("..data/password", mount + "/password")
        os.symlink("..data/port", mount + "/port")
        os.chmod(mount, 0o1777)
        result = run("--known-dir", mount, data=PLAIN + b" 5432\n")
        self.assert_bytes(result.stdout, stars(PLAIN) + b" 5432\n")
        self.assert_message(result, 0, f"{mount}: not taken as known values: port (too short)")

    def test_one_final_line_end_is_none_of_the_value(self):
        os.mkdir(self.path("d"))
        value = PLAIN[:15] + b"\t" + PLAIN[15:]
        for end in (b"", b"\n", b"\r\n"):
            self.file("d/v", value + end)
            self.assert_finds(value, "--known-dir", self.path("d"))
        self.file("d/v", value + b"\n\n")
        self.assert_done(run("--known-dir", self.path("d"), data=value + b";"), value + b";")
        self.assert_done(run("--known-dir", self.path("d"), data=value + b"\n;"), stars(value) + b"\n;")

    def test_what_is_no_file_in_a_directory(self):
        os.makedirs(self.path("d/sub"))
        os.mkfifo(self.path("d/fifo"))
        self.file("d/.hidden", body(20, 4))
        self.file("d/value", PLAIN)
        data = PLAIN + b" " + body(20, 4)
        self.assert_done(run("--known-dir", self.path("d"), data=data), stars(PLAIN) + b" " + body(20, 4))

    def test_variables(self):
        env = {"APP_PASSWORD": PLAIN.decode(), "APP_PORT": "5432", "APP_EMPTY": "", "OTHER": "x"}
        result = run("--known-env", "APP_*", data=PLAIN + b" 5432", env=env)
        self.assert_bytes(result.stdout, stars(PLAIN) + b" 5432")
        self.assert_message(result, 0, "APP_*: not taken as known values: $APP_PORT (too short)")
        self.assert_finds(PLAIN, "--known-env", "OTHER,APP_PASS????", env={**env, "OTHER": body(20, 1).decode()})

    def test_variables_of_keysieve_are_never_meant(self):
        env = {"KEYSIEVE_ON_LEAK": "/bin/true " + PLAIN.decode()}
        result = run("--known-env", "KEYSIEVE_*", env=env)
        self.assert_message(result, 78, "KEYSIEVE_*: no variable has such a name")

    def test_a_value_in_the_place_of_a_name_is_not_shown(self):
        for value in (PLAIN, body(24, 1), body(40, 2, "0123456789abcdef"), body(26, 3, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
                      body(20, 4, "abcdefghijklmnop"), body(70, 5, "ABC_")):
            value = value.decode()
            for option, status in (("--known-env", 78), ("--only", 2), ("--enable", 2), ("--disable", 2)):
                for text in (value, "DB_PASSWORD=" + value, "A*=" + value):
                    result = run(option, text)
                    self.assert_status(result, status)
                    self.assert_no_piece(result.stderr, value.encode())
            self.assert_message(run("--kown-env=" + value), 2, "unknown option '--kown-env'")
            self.assert_message(run("--know=" + value), 2, "unknown option '--know'")
            self.assert_no_piece(run(env={"KEYSIEVE_KNOWN_ENV": value}).stderr, value.encode())

    def test_a_name_that_is_none_can_be_found(self):
        for name in ("DB_PASWORD", "S3_KEY", "*_SECRETS", "OAUTH2_?"):
            self.assert_message(run("--known-env", name), 78, f"{name}: no variable has such a name")
        for name in ("DB_PASSWORD=x", "a\tb", "x#y"):
            result = run("--known-env", name)
            self.assert_message(result, 78, "--known-env: takes names of variables, such as DB_PASSWORD or DB_*, not values")
        self.assert_message(run("--known-env", "db_password"), 78, "--known-env: no variable has a name that was given")
        self.assert_message(run("--only", "antropic-api-key"), 2, "no rule or pack 'antropic-api-key'")

    @unittest.skipUnless(os.path.exists("/bin/bash"), "no bash")
    def test_what_a_command_writes(self):
        script = 'exec "$0" "$@" --known <(sleep 0.2; printf "%s\\n" "$V") --known <(printf %s "$W")'
        values = [body(20, 1), body(20, 2)]
        env = {"V": values[0].decode(), "W": values[1].decode()}
        text = b" ".join(values)
        for more in ((), ("--sandbox", "auto" if is_sanitized() else "require"), ("-j", "2")):
            done = subprocess.run(["bash", "-c", script, BINARY, *ONLY, *more], input=text, capture_output=True,
                                  env=environment(env), timeout=LONG, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assert_bytes(done.stdout, b" ".join(map(stars, values)))

    @unittest.skipUnless(os.path.exists("/bin/bash"), "no bash")
    def test_a_command_that_fails(self):
        for command, words in (("false", b"written no values"), ("yes", b"16 MiB"), ("echo x", b":1: too short")):
            done = subprocess.run(["bash", "-c", f'exec "$0" --known <({command})', BINARY], input=PLAIN,
                                  capture_output=True, env=environment(), timeout=LONG, check=False)
            self.assertEqual((done.returncode, done.stdout), (78, b""))
            self.assertIn(words, done.stderr)

    @unittest.skipUnless(os.path.exists("/bin/bash"), "no bash")
    def test_what_a_command_has_written_stays_at_a_reload(self):
        path = self.values(body(20, 1))
        script = 'exec "$0" "$@" --known <(printf %s "$V")'
        with subprocess.Popen(["bash", "-c", script, BINARY, *ONLY, "--sandbox=" + ("auto" if is_sanitized() else "require"), "--known", path],
                              env=environment({"V": PLAIN.decode()}), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            for seed in range(2, 5):
                process.stdin.write(PLAIN + b"\n")
                process.stdin.flush()
                self.assert_bytes(process.stdout.readline(), stars(PLAIN) + b"\n")
                os.replace(self.file("next", body(20, seed) + b"\n"), path)
                process.send_signal(signal.SIGHUP)
            output, errors = process.communicate(PLAIN + b" " + body(20, 4), timeout=LONG)
        self.assertEqual((output[:len(PLAIN)], errors), (stars(PLAIN), b""))

    def test_the_log_is_no_list_of_values(self):
        for name in ("/dev/fd/0", "/dev/stdin", "/proc/self/fd/0"):
            self.assert_message(run("--known", name, data=PLAIN), 78, name, "not a regular file")

    def test_several(self):
        values = [body(20, seed) for seed in range(4)]
        os.mkdir(self.path("d"))
        self.file("d/v", values[2])
        args = ("--known", self.file("a", values[0]), "--known", self.file("b", values[1]),
                "--known-dir", self.path("d"), "--known-env", "VALUE")
        for value in values:
            self.assert_finds(value, *args, env={"VALUE": values[3].decode()})

    def test_from_the_environment_and_a_configuration(self):
        path = self.values(PLAIN)
        self.assert_finds(PLAIN, env={"KEYSIEVE_KNOWN": path})
        self.assert_finds(PLAIN, env={"KEYSIEVE_KNOWN_ENV": "V", "V": PLAIN.decode()})
        os.mkdir(self.path("d"))
        self.file("d/v", PLAIN)
        self.assert_finds(PLAIN, env={"KEYSIEVE_KNOWN_DIR": self.path("d")})
        config = self.file("keysieve.yaml", f"known: [{path}]\nknown-dir: [{self.path('d')}]\n")
        self.assert_finds(PLAIN, "--config", config)

    def test_ten_thousand_values(self):
        values = [body(20 + seed % 30, seed) for seed in range(10000)]
        path = self.values(*values)
        text = b"".join(b"line %d %s end\n" % (n, value) for n, value in enumerate(values))
        want = b"".join(b"line %d %s end\n" % (n, stars(value)) for n, value in enumerate(values))
        result = run("--known", path, data=text, timeout=LONG)
        self.assert_status(result, 0)
        self.assert_bytes(result.stdout, want)

    @staticmethod
    def mappings(pid):
        """Each mapping's bytes, and its flags."""
        with open(f"/proc/{pid}/smaps", encoding="ascii") as file, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in file:
                if re.match("[0-9a-f]+-", line):
                    begin, end = (int(n, 16) for n in line.split()[0].split("-"))
                elif line.startswith("VmFlags:"):
                    try:
                        memory.seek(begin)
                        yield memory.read(end - begin), line.split()[1:]
                    except (OSError, OverflowError):
                        continue

    @unittest.skipIf(os.geteuid() != 0, "only root can look into its memory")
    def test_values_lie_in_locked_memory_and_in_no_core_file(self):
        if is_sanitized():
            self.skipTest("not with AddressSanitizer")
        os.mkdir(self.path("d"))
        self.file("d/v", PLAIN)
        with Live(*self.known(ODD), "--known-dir", self.path("d")) as live:
            live.write(b"x\n")
            for value in (PLAIN, ODD):
                places = [flags for data, flags in self.mappings(live.process.pid) if value in data]
                self.assertGreater(len(places), 0)
                for flags in places:
                    self.assertLessEqual({"lo", "dd"}, set(flags))


class Refused(KnownTest):
    """No byte of a value is ever in a message."""

    def test_values_of_a_file(self):
        values = [PLAIN, b"s3cr3t!", b"", b"password", b"aaaaaaaaaaaa", b"12345678", b"changeme", PLAIN + b"x"]
        path = self.values(*values)
        result = run("--known", path, data=b"x")
        self.assert_status(result, 78)
        self.assert_bytes(result.stdout, b"")
        lines = result.stderr.decode().splitlines()
        self.assertEqual([int(line.split(":")[2]) for line in lines], [2, 4, 5, 6, 7])
        self.assertEqual({line.split(": ", 2)[1].rpartition(":")[0] for line in lines}, {path})
        self.assertIn("too short", lines[0])
        for line in lines[1:]:
            self.assertIn("too common", line)
        for value in filter(None, values):
            self.assertNotIn(value, result.stderr)

    def test_many_lines(self):
        result = run(*self.known(*([b"short"] * 50)))
        self.assert_status(result, 78)
        self.assertEqual(len(result.stderr.splitlines()), 9)
        self.assertIn(b"42 more", result.stderr)

    def test_a_value_of_more_than_a_megabyte(self):
        long = body(1024, 1) * 1024
        result = run(*self.known(long + b"x"))
        self.assert_message(result, 78, ":1: too long")
        os.mkdir(self.path("d"))
        self.file("d/v", long * 3)
        self.assert_message(run("--known-dir", self.path("d")), 0, "v (too long)")
        self.file("d/v", long + b"\r\n")
        self.assert_done(run("--known-dir", self.path("d"), timeout=2 * LONG), b"")

    def test_files_that_are_none(self):
        os.mkdir(self.path("d"))
        os.mkfifo(self.path("fifo"))
        big = self.path("big")
        with open(big, "wb") as file:
            file.truncate((16 << 20) + 1)
        for path, words in ((self.path("d"), "see --known-dir"), (self.path("fifo"), "not a regular file"),
                            ("/dev/null", "not a regular file"), ("/dev/stdin", "regular file"),
                            (self.path("none"), "No such file"), ("-", "standard input"), (big, "16 MiB")):
            self.assert_message(run("--known", path, data=b"x"), 78, path, words)

    def test_directories_that_are_none(self):
        for path, words in ((self.values(PLAIN), "see --known"), (self.path("none"), "No such file")):
            self.assert_message(run("--known-dir", path, data=b"x"), 78, path, words)
        os.mkdir(self.path("d"))
        os.symlink("nowhere", self.path("d/v"))
        self.assert_message(run("--known-dir", self.path("d")), 78, "d/v", "No such file")

    def test_nothing_there_is_an_error(self):
        """What was to write the values may have failed."""
        os.mkdir(self.path("d"))
        name = self.path("d")
        self.assert_message(run("--known-dir", name, data=b"x"), 78, f"{name}: no files with values")
        name = self.file("v", b"\n\n")
        self.assert_message(run("--known", name, data=b"x"), 78, f"{name}: no values")
        self.assert_message(run("--known-env", "KNOWN_A*", env={"KNOWN_A": "", "KNOWN_AB": ""}, data=b"x"), 78,
                            "KNOWN_A*: no values")

    def test_what_others_may_write(self):
        path = self.values(PLAIN)
        os.chmod(path, 0o666)
        self.assert_message(run("--known", path), 78, path, "others may write")
        os.mkdir(self.path("d"))
        os.rename(path, self.path("d/v"))
        self.assert_message(run("--known-dir", self.path("d")), 78, "d/v", "others may write")
        os.chmod(self.path("d/v"), 0o644)
        os.chmod(self.path("d"), 0o777)
        self.assert_message(run("--known-dir", self.path("d")), 0, "others may write")

    @unittest.skipIf(os.geteuid() != 0, "only root can become another user")
    def test_what_it_may_not_read(self):
        path = self.values(PLAIN)
        os.chmod(path, 0o600)
        result = run("--known", path, user=NOBODY)
        self.assert_message(result, 78, path, "Permission denied")


class Findings(KnownTest):
    def findings(self, text, *args):
        result = run(*args, "--ledger", self.path("ledger"), data=text)
        self.assert_status(result, 0)
        self.assert_silent(result)
        return [json.loads(line) for line in self.content(self.path("ledger")).splitlines()]

    def test_the_ledger_tells_the_place_and_nothing_of_the_value(self):
        value = body(40, 20)
        path = self.values(body(20, 1), b"", value)
        finding, again = self.findings(b"a " + value + b"\nb " + base64.b64encode(value) + b"\n", "--known", path)
        self.assertEqual({**finding, "time": None},
                         {"v": 1, "event": "finding", "time": None, "source": "standard input", "offset": 2,
                          "line": 1, "rule": "known-secret", "provider": None, "title": "Known secret",
                          "fingerprint": None, "length": None, "known_source": path, "known_number": 3,
                          "revoke": None})
        self.assertEqual((again["event"], again["count"], again["known_number"]), ("repeat", 1, 3))

    def test_a_providers_key_that_is_known(self):
        key = TRIGGER + body()
        finding, = self.findings(key, *self.known(key))
        self.assertEqual((finding["rule"], finding["known_number"]), (ID, 1))
        self.assertIsNotNone(finding["fingerprint"])

    def test_places(self):
        os.mkdir(self.path("d"))
        self.file("d/v", PLAIN)
        other = body(20, 2)
        env = {"V": other.decode()}
        result = run("--known-dir", self.path("d"), "--known-env", "V", "--ledger", self.path("ledger"),
                     data=PLAIN + b" " + other, env=env)
        self.assert_status(result, 0)
        places = [json.loads(line)["known_source"] for line in self.content(self.path("ledger")).splitlines()]
        self.assertEqual(places, [self.path("d/v"), "$V"])

    def test_the_name_of_a_source_is_masked(self):
        path = self.file(PLAIN.decode(), b"x " + PLAIN)
        result = run(*self.known(PLAIN), "--ledger", self.path("ledger"), path)
        self.assert_status(result, 0)
        self.assert_no_piece(self.content(self.path("ledger")), PLAIN)

    def test_no_rule_has_their_name(self):
        rules = self.file("rules.yaml", RULE.replace("acme-api-key", "known-secret"))
        self.assert_message(run("--rules", rules), 78, "rules.yaml:1:", "known values are called so")

    def test_statistics(self):
        result = run(*self.known(PLAIN), "--stats", data=PLAIN + b" " + TRIGGER + body() + b" " + PLAIN)
        self.assertRegex(result.stderr, rb"\n\S+ +2  known-secret\n\S+ +1  anthropic-api-key\n")

    def test_metrics(self):
        result = run(*self.known(PLAIN, body(20, 1)), "--metrics-file", self.path("m.prom"), data=PLAIN)
        self.assert_done(result, stars(PLAIN))
        page = self.content(self.path("m.prom")).decode()
        self.assertIn('keysieve_findings_total{sieve="m",provider="",rule="known-secret"} 1\n', page)
        self.assertIn('keysieve_known_values{sieve="m"} 2\n', page)

    def test_check(self):
        self.assertEqual(run(*self.known(PLAIN), "--check", data=b"x " + PLAIN).returncode, 1)
        self.assertEqual(run(*self.known(PLAIN), "--check", data=b"x " + PLAIN[1:]).returncode, 0)

    def test_in_place(self):
        path = self.file("log", b"a " + PLAIN + b" b\n")
        self.assert_status(run(*self.known(PLAIN), "-i", path), 0)
        self.assert_bytes(self.content(path), b"a " + stars(PLAIN) + b" b\n")

    def test_tag(self):
        result = run(*self.known(PLAIN), "--mask", "tag", data=b"a " + PLAIN + b" b")
        self.assert_done(result, b"a [REDACTED:known-secret] b")

    def test_on_leak(self):
        values = [body(20, 1), body(20, 2)]
        path = self.values(*values)
        result = run("--known", path, "--on-leak", f"cat >>{self.path('told')}",
                     data=b"\n".join((values[1], values[0], values[1], values[0].hex().encode())), timeout=LONG)
        self.assert_status(result, 0)
        told = [json.loads(line) for line in self.content(self.path("told")).splitlines()]
        self.assertEqual(sorted(line["known_number"] for line in told), [1, 2])
        self.assert_no_piece(self.content(self.path("told")), values[0])

    def test_reports(self):
        path = self.values(PLAIN)
        self.findings(PLAIN + b"\n" + PLAIN.hex().encode(), "--known", path)
        ledger = self.path("ledger")
        leak, = json.loads(run("report", "--json", ledger).stdout)["leaks"]
        self.assertEqual((leak["known_source"], leak["known_number"], leak["count"]), (path, 1, 2))
        self.assertEqual(leak["next_steps"][0], f"Change it now: it is kept in {path}:1.")
        for args in ((), ("--html", "-")):
            page = run("report", *args, ledger).stdout.decode().replace("\n" + " " * 17, "")
            self.assertIn("Known secret", page)
            self.assertIn(f"{path}:1", page)
        self.assertEqual(run("report", "--check", ledger).returncode, 1)
        later = ("--as-of", "2099-01-01", "--revoked-at", f"{path}:1=2098-01-01")
        self.assertEqual(run("report", "--check", *later, ledger).returncode, 0)
        self.assertIn(b"revoked", run("report", *later, ledger).stdout)

    def test_check_config(self):
        path = self.values(PLAIN, body(20, 1))
        result = run("check-config", "filter", "--known", path, "--known-env", "V", env={"V": body(20, 2).decode()})
        self.assert_status(result, 0)
        text = result.stdout.decode()
        self.assertIn(f"  # 2 known values: {path}\n", text)
        self.assertIn("  # 1 known value: V\n", text)
        self.assertEqual(run("check-config", "filter", "--known", self.values(b"short")).returncode, 78)


if __name__ == "__main__":
    unittest.main()
