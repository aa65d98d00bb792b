# SPDX-License-Identifier: Apache-2.0
"""The cache of compiled rules: what is taken from it, what is not, and that it never gets in the way.

Whether rules were compiled or came from the cache is seen by the file: a hit leaves it as it is, a miss
writes another one in its place.
"""

import concurrent.futures
import os
import resource
import signal
import stat
import subprocess
import tempfile
import time
import unittest

from support import (ACME, ALNUM, BINARY, ID, LONG, NOBODY, RULE, CommandTest, Live, body, environment,
                     masked, run)

SECRET = body(32, 7, ALNUM)
LINE = b"key=" + ACME + SECRET + b"\n"
WANTED = masked(LINE, SECRET)
HEADER = 48


def is_root():
    return os.geteuid() == 0


class CacheTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.rules = self.file("rules.yaml", RULE)
        self.cache = self.path("cache")

    def go(self, *args, env=None, rules=None, **others):
        """Mask a line with one rule of the user's and the directory as cache."""
        return run("--only", "acme-api-key", "--rules", rules or self.rules, *args, data=LINE,
                   env={"KEYSIEVE_CACHE_DIR": self.cache, **(env or {})}, **others)

    def done(self, *args, **others):
        self.assert_done(self.go(*args, **others), WANTED)

    def entries(self, directory=None):
        try:
            return sorted(os.listdir(directory or self.cache))
        except FileNotFoundError:
            return []

    def entry(self):
        """The path of the one file that is there."""
        names = self.entries()
        self.assertEqual(len(names), 1, names)
        return os.path.join(self.cache, names[0])

    def inode(self):
        return os.stat(self.entry()).st_ino

    def assert_hit(self, *args, **others):
        before = self.inode()
        self.done(*args, **others)
        self.assertEqual(self.inode(), before, "compiled, not taken from the cache")

    def assert_replaced(self):
        """What is there is not believed, and makes room for what is right; that is believed."""
        before = self.inode()
        self.done()
        self.assertNotEqual(self.inode(), before, "taken from the cache")
        self.assert_hit()


class Use(CacheTest):
    def test_a_miss_then_hits(self):
        self.done()
        self.assert_hit()
        self.assert_hit("--no-rules-d")

    def test_it_is_for_its_owner_only(self):
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        self.done()
        self.assertEqual(stat.S_IMODE(os.stat(self.cache).st_mode), 0o700)
        self.assertEqual(stat.S_IMODE(os.stat(self.entry()).st_mode), 0o600)

    def test_the_default_rules_need_none(self):
        self.assert_done(run(data=b"x\n", env={"KEYSIEVE_CACHE_DIR": self.cache}), b"x\n")
        self.assertEqual(self.entries(), [])

    def test_switched_rules_are_kept_too(self):
        for _ in range(2):
            self.assert_done(run("--disable", ID, data=b"x\n", timeout=LONG,
                                 env={"KEYSIEVE_CACHE_DIR": self.cache}), b"x\n")
            self.entry()

    def test_what_a_rule_matches_is_a_part_of_the_key(self):
        for number, (old, new) in enumerate((("", ""), ("acme_live_", "acme_liv._"), ("A-Za-z0-9", "A-Za-z0-8"),
                                             ("24..", "25.."), ("24..", "24..60"),
                                             ("examples:", "boundary: word\n  examples:"))):
            text = RULE.replace(old, new)
            self.go(rules=self.file("other.yaml", text))
            self.assertEqual(len(self.entries()), number + 1, text)

    def test_what_is_said_of_a_rule_is_not(self):
        self.done()
        self.assert_hit(rules=self.file("other.yaml", RULE.replace("  trigger", "  title: Acme\n  trigger")))
        self.assert_hit(rules=self.file("other.yaml", "rules:\n" + RULE + "allow:\n- run: zz\n"))

    def test_how_a_rule_masks_is_not(self):
        self.done()
        before = self.inode()
        result = self.go(rules=self.file("other.yaml", RULE.replace("  trigger", "  mask: tag\n  trigger")))
        self.assert_done(result, LINE.replace(SECRET, b"[REDACTED:acme-api-key]"))
        self.assertEqual(self.inode(), before)
        self.assert_hit()

    def test_it_masks_the_same_with_all_rules(self):
        text = b"".join(b"%d %s%s sk-ant-api03-%s password=%s\n" % (n, ACME, SECRET, body(95, n), body(20, n))
                        for n in range(20))
        outputs = {run("--rules", self.rules, "--mask", "tag", *args, data=text, timeout=LONG,
                       env={"KEYSIEVE_CACHE_DIR": self.cache}).stdout for args in ((), (), ("--no-cache",))}
        self.assertEqual(len(outputs), 1)
        self.assertIn(b"[REDACTED:acme-api-key]", outputs.pop())

    def test_wrong_rules_are_not_kept(self):
        rules = self.file("wrong.yaml", RULE.replace("acme_live_", "acme_(live"))
        for _ in range(2):
            self.assert_message(self.go(rules=rules), 78, "wrong.yaml:2:")
        self.assertEqual(self.entries(), [])

    def test_a_wrong_rule_beside_one_that_is_kept(self):
        """Triggers are looked at late: but those that are off too, and in the order of the file."""
        self.done()
        wrong = RULE.replace("acme-api-key", "other").replace("acme_live_", "acme_(live")
        for _ in range(2):
            self.assert_message(self.go(rules=self.file("off.yaml", RULE + wrong)), 78, "off.yaml:8:")
        both = wrong + RULE.replace("A-Za-z", "A-Z-a")
        self.assert_message(self.go(rules=self.file("both.yaml", both)), 78, "both.yaml:2:")
        self.assert_hit()

    def test_other_commands(self):
        arguments = ("--only", "acme-api-key", "--rules", self.rules)
        env = {"KEYSIEVE_CACHE_DIR": self.cache}
        self.done()
        kept = self.inode()
        for command in (("rules", "test"), ("rules", "explain"), ("rules", "allow")):
            with self.subTest(" ".join(command)):
                run(*command, *arguments, data=LINE, env=env, timeout=LONG)
                self.assertIn(kept, [os.stat(os.path.join(self.cache, name)).st_ino for name in self.entries()])


class Off(CacheTest):
    def test_in_every_way(self):
        for args, env in ((("--no-cache",), {}), ((), {"KEYSIEVE_NO_CACHE": "1"}),
                          (("--cache-dir", "none"), {}), ((), {"KEYSIEVE_CACHE_DIR": "none"})):
            with self.subTest(f"{args} {env}"):
                self.done(*args, env=env)
                self.assertEqual(self.entries(), [])

    def test_it_is_not_looked_at_either(self):
        self.done()
        with open(self.entry(), "wb"):
            pass
        os.chmod(self.cache, 0o777)
        self.done("--no-cache")


class Damage(CacheTest):
    def setUp(self):
        super().setUp()
        self.done()
        self.good = self.content(self.entry())

    def put(self, data):
        with open(self.entry(), "wb") as file:
            file.write(data)

    def test_one_byte_anywhere(self):
        for at in (0, 15, 16, 47, 48, 60, 100, 5000, 9000, len(self.good) // 2, len(self.good) - 1):
            with self.subTest(at):
                self.put(self.good[:at] + bytes([self.good[at] ^ 1]) + self.good[at + 1:])
                self.assert_replaced()
                self.assertEqual(self.content(self.entry()), self.good)

    def test_a_part(self):
        for size in (0, 1, 47, 48, 49, 1000, len(self.good) - 1):
            with self.subTest(size):
                self.put(self.good[:size])
                self.assert_replaced()

    def test_too_much(self):
        self.put(self.good + b"\0")
        self.assert_replaced()

    def test_zeros(self):
        self.put(bytes(len(self.good)))
        self.assert_replaced()

    def test_a_huge_hole(self):
        os.truncate(self.entry(), 1 << 40)
        self.assert_replaced()

    def test_that_of_other_rules(self):
        """A version, a processor and a set of rules are told by the name: it is a part of the hash."""
        name = self.entry()
        other = self.file("other.yaml", RULE.replace("24..", "30.."))
        self.go(rules=other)
        mine = [os.path.join(self.cache, file) for file in self.entries()]
        mine.remove(name)
        os.rename(mine[0], name)
        self.assert_replaced()
        self.assertEqual(self.content(self.entry()), self.good)

    def test_what_is_no_file(self):
        path = self.entry()
        for make in (os.mkfifo, os.mkdir, lambda name: os.symlink("/dev/zero", name)):
            os.unlink(path)
            make(path)
            self.done()
            if os.path.isdir(path):
                os.rmdir(path)
                self.done()
            self.assert_hit()


class Trust(CacheTest):
    def setUp(self):
        super().setUp()
        self.done()

    def assert_told(self):
        """The line is masked, nothing is changed, and it is said once why a start takes long."""
        before = {name: os.lstat(os.path.join(self.cache, name)).st_ino for name in self.entries()}
        result = self.go()
        self.assert_status(result, 0)
        self.assert_bytes(result.stdout, WANTED)
        self.assertRegex(result.stderr.decode(), r"\Akeysieve: [^\n]*/cache: not a directory that only you can write in[^\n]*\n\Z")
        after = {name: os.lstat(os.path.join(self.cache, name)).st_ino for name in self.entries()}
        self.assertEqual(after, before)

    def test_a_directory_that_others_may_write(self):
        for mode in (0o777, 0o1777, 0o770, 0o702):
            with self.subTest(oct(mode)):
                os.chmod(self.cache, mode)
                self.assert_told()

    def test_a_directory_that_others_may_read(self):
        os.chmod(self.cache, 0o755)
        self.assert_hit()

    @unittest.skipUnless(is_root(), "needs root")
    def test_a_directory_of_somebody_else(self):
        os.chown(self.cache, NOBODY, NOBODY)
        self.assert_told()

    def test_a_directory_behind_a_link(self):
        os.rename(self.cache, self.path("real"))
        os.symlink(self.path("real"), self.cache)
        self.assert_told()

    def test_a_file_in_the_place_of_the_directory(self):
        os.unlink(self.entry())
        os.rmdir(self.cache)
        self.file("cache", b"")
        result = self.go()
        self.assert_status(result, 0)
        self.assert_bytes(result.stdout, WANTED)

    def test_a_file_that_others_may_write(self):
        for mode in (0o602, 0o620, 0o666):
            with self.subTest(oct(mode)):
                os.chmod(self.entry(), mode)
                self.assert_replaced()

    @unittest.skipUnless(is_root(), "needs root")
    def test_a_file_of_somebody_else(self):
        os.chown(self.entry(), NOBODY, NOBODY)
        self.assert_replaced()

    def test_a_file_behind_a_link(self):
        real = self.path("real")
        os.rename(self.entry(), real)
        os.symlink(real, os.path.join(self.cache, "0" * 64))
        os.rename(os.path.join(self.cache, "0" * 64), os.path.join(self.cache, self.name_of(real)))
        before = self.content(real)
        self.done()
        self.assertFalse(os.path.islink(self.entry()))
        self.assertEqual(self.content(real), before)

    def name_of(self, real):
        """The name of the entry, which was moved to real: another run writes it again."""
        self.assertTrue(os.path.exists(real))
        other = self.path("other")
        self.done(env={"KEYSIEVE_CACHE_DIR": other})
        return self.entries(other)[0]

    def test_a_file_with_a_second_name(self):
        os.link(self.entry(), self.path("second"))
        self.assert_replaced()

    @unittest.skipUnless(is_root(), "needs root")
    def test_what_root_has_made_is_believed(self):
        os.chmod(self.cache, 0o755)
        os.chmod(self.entry(), 0o644)
        kept = os.stat(self.entry()).st_ino
        result = self.go(user=NOBODY, group=NOBODY, extra_groups=[])
        self.assert_done(result, WANTED)
        self.assertEqual(os.stat(self.entry()).st_ino, kept)


class Trouble(CacheTest):
    """Never an error, only slower."""

    def test_a_directory_that_cannot_be_made(self):
        self.done(env={"KEYSIEVE_CACHE_DIR": "/proc/keysieve"})
        self.done(env={"KEYSIEVE_CACHE_DIR": "/proc/no/such/directory"})

    def test_parents_are_not_made_but_the_last(self):
        self.cache = self.path("a/cache")
        self.done()
        self.assert_hit()
        self.cache = self.path("b/c/cache")
        self.done()
        self.assertEqual(self.entries(), [])

    @unittest.skipUnless(is_root(), "needs root to become somebody else")
    def test_a_directory_that_cannot_be_written(self):
        os.mkdir(self.cache, 0o755)
        self.assert_done(self.go(user=NOBODY, group=NOBODY, extra_groups=[]), WANTED)
        self.assertEqual(self.entries(), [])

    @unittest.skipUnless(is_root(), "needs root to mount")
    def test_a_full_disk(self):
        os.mkdir(self.cache, 0o700)
        mount = ["mount", "-t", "tmpfs", "-o", "size=8k,mode=700", "none", self.cache]
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            self.skipTest("cannot mount")
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.cache], check=True)
        with open(os.path.join(self.cache, "others"), "wb", buffering=0) as file:
            file.write(bytes(8192))
        self.done()
        self.assertEqual(self.entries(), ["others"])

    @unittest.skipUnless(is_root(), "needs root to mount")
    def test_a_read_only_disk(self):
        os.mkdir(self.cache, 0o700)
        mount = ["mount", "-t", "tmpfs", "-o", "ro,mode=700", "none", self.cache]
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            self.skipTest("cannot mount")
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.cache], check=True)
        self.done()

    def test_a_limit_of_the_size_of_files(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

        self.done(preexec_fn=limit)
        self.assertEqual(self.entries(), [])

    def test_many_at_once(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for result in pool.map(lambda _: self.go(timeout=LONG), range(24)):
                self.assert_done(result, WANTED)
        self.assert_hit()

    def test_old_files_make_room(self):
        self.done()
        kept, now = self.entry(), time.time()
        os.utime(kept, (now - 50 * 3600, now - 50 * 3600))
        for n in range(70):
            path = os.path.join(self.cache, f"{n:064x}")
            with open(path, "wb"):
                os.utime(path, (now - 3600 * n, now - 3600 * n))
        left_behind = os.path.join(self.cache, ".new-0123456789abcdef")
        with open(left_behind, "wb"):
            os.utime(left_behind, (1, 1))
        others = [os.path.join(self.cache, name) for name in ("notes.txt", "A" * 64, ".new-1", "0" * 63)]
        for path in others:
            with open(path, "wb"):
                os.utime(path, (1, 1))
        self.done()  # a use, which makes it a new one
        self.go(rules=self.file("other.yaml", RULE.replace("24..", "30..")))
        self.assertTrue(os.path.exists(kept))
        self.assertFalse(os.path.exists(left_behind))
        self.assertFalse(os.path.exists(os.path.join(self.cache, f"{69:064x}")))
        self.assertTrue(os.path.exists(os.path.join(self.cache, f"{9:064x}")))
        self.assertEqual(len(self.entries()), 64 + len(others))
        for path in others:
            self.assertTrue(os.path.exists(path), "a file of the user's")

    def test_large_files_make_room(self):
        os.mkdir(self.cache, 0o700)
        for n in range(5):
            path = os.path.join(self.cache, f"{n:064x}")
            with open(path, "wb") as file:
                file.truncate(20 << 20)
            os.utime(path, (100 - n, 100 - n))
        self.done()
        self.assertEqual([os.path.exists(os.path.join(self.cache, f"{n:064x}")) for n in range(5)],
                         [True, True, True, False, False])


class Place(CacheTest):
    """Where the cache is if nobody says so."""

    def go_there(self, env, **others):
        plain = {k: v for k, v in environment().items() if not k.startswith(("XDG_", "KEYSIEVE_CACHE", "HOME"))}
        self.assertEqual(subprocess.run([BINARY, "--only", "acme-api-key", "--rules", self.rules], input=LINE,
                                        env={**plain, **env}, capture_output=True, check=False, timeout=LONG,
                                        **others).stdout, WANTED)

    def as_user(self):
        os.chmod(self.rules, 0o644)
        os.mkdir(self.path("home"))
        if is_root():
            os.chown(self.path("home"), NOBODY, NOBODY)
            return {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        return {}

    def test_the_home(self):
        user = self.as_user()
        home = self.path("home")
        self.go_there({"HOME": home}, **user)
        self.assertEqual(len(self.entries(os.path.join(home, ".cache/keysieve"))), 1)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(home, ".cache")).st_mode), 0o700)

    def test_XDG_CACHE_HOME(self):
        user = self.as_user()
        cache = self.path("home/elsewhere")
        self.go_there({"HOME": self.path("home"), "XDG_CACHE_HOME": cache}, **user)
        self.assertEqual(len(self.entries(os.path.join(cache, "keysieve"))), 1)
        self.assertEqual(self.entries(self.path("home")), ["elsewhere"])

    def test_one_that_is_relative_is_none(self):
        user = self.as_user()
        self.go_there({"HOME": self.path("home"), "XDG_CACHE_HOME": "elsewhere"}, cwd=self.path("home"), **user)
        self.assertEqual(self.entries(self.path("home")), [".cache"])

    @unittest.skipUnless(is_root(), "needs root, and to hide the system's directory")
    def test_of_root(self):
        """What is left of a user's environment must not matter to it."""
        user = self.as_user()
        self.assertTrue(user)
        with tempfile.TemporaryDirectory() as hidden:
            script = (f"mount --bind {hidden} /var/cache 2>/dev/null || exit 9; "
                      f"exec {BINARY} --only acme-api-key --rules {self.rules}")
            plain = {k: v for k, v in environment().items() if not k.startswith(("XDG_", "KEYSIEVE_CACHE", "HOME"))}
            env = {**plain, "HOME": self.path("home"), "XDG_CACHE_HOME": self.path("home/.cache")}
            result = subprocess.run(["unshare", "-m", "sh", "-c", script], input=LINE, env=env,
                                    capture_output=True, check=False, timeout=LONG)
            if result.returncode in (1, 9):
                self.skipTest("cannot mount")
            self.assert_done(result, WANTED)
            self.assertEqual(self.entries(self.path("home")), [])
            self.assertEqual(len(self.entries(os.path.join(hidden, "keysieve"))), 1)


class Reload(CacheTest):
    def test_follow_takes_rules_from_it_when_it_is_told_to_reload(self):
        """And puts them into it, where it has no sandbox."""
        log, out = self.file("app.log", b""), self.path("out")
        with Live("follow", "--only", "acme-api-key", "--rules", self.rules, "-o", out, "--from-start", log,
                  env={"KEYSIEVE_CACHE_DIR": self.cache, "KEYSIEVE_SANDBOX": "off"}) as live:
            deadline = time.monotonic() + LONG
            while not self.entries() and time.monotonic() < deadline:
                time.sleep(0.01)
            first = self.inode()
            self.wait(lambda: os.path.exists(out))
            with open(log, "ab") as file:
                file.write(LINE)
            self.wait(lambda: self.content(out) == WANTED)
            live.process.send_signal(signal.SIGHUP)
            self.file("rules.yaml", RULE.replace("24..", "40.."))
            time.sleep(0.2)
            live.process.send_signal(signal.SIGHUP)
            self.wait(lambda: len(self.entries()) == 2)
            self.assertIn(first, [os.stat(os.path.join(self.cache, name)).st_ino for name in self.entries()])
            with open(log, "ab") as file:
                file.write(LINE)
            self.wait(lambda: self.content(out) == WANTED + LINE)

    def wait(self, is_so):
        deadline = time.monotonic() + LONG
        while not is_so():
            self.assertLess(time.monotonic(), deadline, "it has not come")
            time.sleep(0.01)


class Content(CacheTest):
    def test_nothing_of_keys_and_allow_lists(self):
        key = self.path("key")
        self.assert_status(run("key", "new", key), 0)
        allowed = body(24, 99, ALNUM)
        rules = self.file("allow.yaml", "rules:\n" + RULE + "allow:\n- run: " + allowed.decode() + "\n")
        self.go("--key-file", key, rules=rules)
        kept = self.content(self.entry())
        self.assertNotIn(allowed, kept)
        with open(key, "rb") as file:
            for line in file:
                if len(line) > 16:
                    self.assertNotIn(line.strip()[:16], kept)
        self.assertNotIn(SECRET, kept)


if __name__ == "__main__":
    unittest.main()
