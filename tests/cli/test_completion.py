# SPDX-License-Identifier: Apache-2.0
"""Completion: what keysieve offers, and what bash, zsh and fish make of it."""

import os
import re
import shlex
import shutil
import subprocess
import unittest

from support import BINARY, ID, LONG, CommandTest, environment, run

SHELLS = ("bash", "zsh", "fish")


def offers(*words):
    """What the last of the words can become."""
    lines = run("completion", "words", *words).stdout.decode().splitlines()
    return [line.split("\t")[0] for line in lines]


def help_options(*command):
    return sorted(set(re.findall(r"(?m)^  (?:-\w,|   ) (--[a-z-]+)", run(*command, "--help").stdout.decode())))


def commands():
    lines = run("--help").stdout.decode().split("\nCommands:\n")[1].split("\n\n")[0].splitlines()
    return [re.split(r"  +", line.strip())[0].split() for line in lines]


class Words(CommandTest):
    def test_the_options_of_every_command_are_those_of_its_help(self):
        for command in ([], *commands()):
            with self.subTest(command):
                self.assertEqual(sorted(offers(*command, "--")), help_options(*command))

    def test_every_command_is_offered(self):
        for words in commands():
            for i, word in enumerate(words):
                with self.subTest(words):
                    self.assertIn(word, offers(*words[:i], ""))
                    self.assertIn(word, offers(*words[:i], word[:2]))
                    self.assertIn(word, offers("help", *words[:i], word[:2]))

    def test_every_option_has_a_description(self):
        for line in run("completion", "words", "follow", "--").stdout.decode().splitlines():
            self.assertRegex(line, r"\A--[a-z-]+\t.{5}")

    def test_words_of_arguments_are_taken(self):
        for command, option in (((), "mask"), ((), "frame"), (("journal",), "format"),
                                (("follow",), "keep-last")):
            words = offers(*command, f"--{option}", "")
            self.assertGreater(len(words), 2)
            for word in words:
                with self.subTest(f"{option} {word}"):
                    result = run(*command, f"--{option}", word, "--version")
                    self.assert_status(result, 0)

    def test_an_argument_of_its_own_or_behind_an_equals_sign(self):
        self.assertEqual(offers("--mask", "fi"), ["fill", "fill-hash"])
        self.assertEqual(offers("--mask=fill-"), ["--mask=fill-hash"])
        self.assertEqual(offers("follow", "--stats", "--frame", "d"), ["docker"])
        self.assertEqual(offers("--mask", "nothing"), [])

    def test_files_and_directories(self):
        for words in (("-o", ""), ("--output=a",), ("--key-file", ""), ("a"), ("follow", "/"), ("--", "--mask"),
                      ("key", "new", "")):
            self.assertIn(":file", offers(*words), words)
        self.assertEqual(offers("--rules-dir", ""), [":directory"])
        self.assertEqual(offers("--rules", ""), [":file", "generic"])
        self.assertNotIn(":file", offers("rules", ""))
        self.assertNotIn(":file", offers("--mask", ""))

    def test_rules_and_packs(self):
        self.assertIn(ID, offers("--only", "anthropic"))
        self.assertIn("carriers", offers("--disable", ""))
        self.assertEqual(offers("rules", "list", "--only", "ai,anthropic-api"), ["ai," + ID])
        self.assertEqual(offers("--enable=ai,anthropic-api"), ["--enable=ai," + ID])

    def test_rules_of_the_configuration(self):
        self.file("a.yaml", "- {id: acme-key, trigger: acme_, body: a-z, length: 8.., examples: ['acme_{body:9}']}")
        config = self.file("config.yaml", "rules: a.yaml\n")
        result = run("completion", "words", "--only", "acme", env={"KEYSIEVE_CONFIG": config})
        self.assertEqual(result.stdout, b"acme-key\t\n")

    def test_the_command_line_behind_check_config(self):
        self.assertIn("filter", offers("check-config", ""))
        self.assertIn("--config", offers("check-config", "--c"))
        self.assertEqual(offers("check-config", "--config", "x", "follow", "--mask", "h"), ["hash"])
        self.assertIn("--gzip", offers("check-config", "filter", "--g"))
        self.assertNotIn("--gzip", offers("check-config", "follow", "--g"))

    def test_nothing_is_offered_and_nothing_breaks(self):
        for words in (("--nonsense", "x", "-"), ("-o",), ("help", "nonsense", ""), ("--=", ""), ("",) * 3, ("=",)):
            self.assert_status(run("completion", "words", *words), 0)

    def test_usage(self):
        for words in ((), ("tcsh",), ("bash", "zsh"), ("words",)):
            self.assert_message(run("completion", *words), 2, "bash", "zsh", "fish")


class Scripts(CommandTest):
    """The same questions for each shell."""

    def setUp(self):
        super().setUp()
        self.bin = self.path("bin")
        os.mkdir(self.bin)
        os.symlink(BINARY, os.path.join(self.bin, "keysieve"))
        self.file("one file.log", "")
        os.mkdir(self.path("directory"))
        for shell in SHELLS:
            self.file(f"completion.{shell}", run("completion", shell).stdout)

    def shell(self, shell, script):
        if not shutil.which(shell):
            self.skipTest(f"no {shell}")
        env = environment({"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": self.directory})
        flags = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
        result = subprocess.run([shell, *flags, "-c", script], capture_output=True, env=env, timeout=LONG,
                                cwd=self.directory, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        return sorted(line.split("\t")[0] for line in result.stdout.decode().splitlines())

    def bash(self, line):
        """Cuts the line as bash does."""
        words = re.findall(r"[=:]+|[^\s=:]+", line) + ([""] if line.endswith(" ") else [])
        return self.shell("bash", f"""
            source completion.bash
            COMP_LINE={shlex.quote(line)} COMP_POINT={len(line)}
            COMP_WORDS=({shlex.join(words)}) COMP_CWORD={len(words) - 1}
            _keysieve keysieve
            ((${{#COMPREPLY[@]}} == 0)) || printf '%s\\n' "${{COMPREPLY[@]}}" """)

    def zsh(self, line):
        """The completion system takes the place of these functions only in a terminal."""
        words = line.split(" ")
        return self.shell("zsh", f"""
            compdef() {{ :; }}
            compset() {{ PREFIX=${{PREFIX#*=}}; }}
            _files() {{ print -rl -- ${{PREFIX}}*(N$([[ $1 == -/ ]] && print /)); }}
            _describe() {{ print -rl -- "${{(@)${{(@P)3}}%%:*}}"; }}
            source ./completion.zsh
            words=({shlex.join(words)}) CURRENT={len(words)} PREFIX={shlex.quote(words[-1])}
            _keysieve; true""")

    def fish(self, line):
        return self.shell("fish", f"source completion.fish; complete -C {shlex.quote(line)}")

    def test_syntax(self):
        for shell in SHELLS:
            with self.subTest(shell):
                if shutil.which(shell):
                    subprocess.run([shell, "-n", self.path(f"completion.{shell}")], check=True)

    def test_a_word(self):
        for shell in SHELLS:
            with self.subTest(shell):
                ask = getattr(self, shell)
                self.assertEqual(ask("keysieve --mask fi"), ["fill", "fill-hash"])
                self.assertEqual(ask("keysieve follow --st"), ["--state", "--stats"])
                self.assertIn("list", ask("keysieve rules "))
                self.assertEqual(ask("keysieve --only ai,anthropic-api"), ["ai," + ID])

    def test_behind_an_equals_sign(self):
        self.assertEqual(self.bash("keysieve --mask=fi"), ["fill", "fill-hash"])
        self.assertEqual(self.bash("keysieve --mask="), ["fill", "fill-hash", "hash", "tag"])
        for ask in (self.zsh, self.fish):
            self.assertEqual(ask("keysieve --mask=fi"), ["--mask=fill", "--mask=fill-hash"])

    def test_a_file(self):
        self.assertEqual(self.bash("keysieve one"), ["one file.log"])
        self.assertEqual(self.bash("keysieve --output=one"), ["one file.log"])
        self.assertEqual(self.zsh("keysieve -o one"), ["one file.log"])
        self.assertEqual(self.zsh("keysieve --output=one"), ["one file.log"])
        self.assertEqual(self.fish("keysieve -o one"), ["one file.log"])
        self.assertEqual(self.fish("keysieve --output=one"), ["--output=one file.log"])

    def test_a_directory(self):
        self.assertEqual(self.bash("keysieve --rules-dir d"), ["directory"])
        self.assertEqual(self.bash("keysieve --rules-dir o"), [])
        self.assertEqual(self.zsh("keysieve --rules-dir d"), ["directory"])
        self.assertEqual(self.fish("keysieve --rules-dir d"), ["directory/"])


if __name__ == "__main__":
    unittest.main()
