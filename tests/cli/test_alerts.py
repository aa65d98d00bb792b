# SPDX-License-Identifier: Apache-2.0
"""The recipes of docs/alerts.md, run as they stand there, but for the places of files and programs."""

import http.server
import json
import os
import re
import shutil
import threading
import unittest

from support import ID, ONLY, TRIGGER, CommandTest, body, masked, run

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "alerts.md")


def recipes():
    """Scripts by the name in their second line."""
    with open(PAGE, encoding="utf-8") as file:
        scripts = re.findall(r"```sh\n(#!/bin/sh\n# (\w+)\n.*?)```", file.read(), re.DOTALL)
    return {name: script for script, name in scripts}


class Server:
    """Takes what is posted."""

    def __enter__(self):
        posts = self.posts = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"]))
                posts.append((self.headers["Content-Type"], self.headers["Authorization"],
                              json.loads(text)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@unittest.skipUnless(shutil.which("curl") and shutil.which("jq"), "no curl, or no jq")
class Recipes(CommandTest):
    def setUp(self):
        super().setUp()
        self.secret = body(95)
        self.recipes = recipes()
        self.log = self.file('a<b>&"$(id)\n.log', b"\nk " + TRIGGER + self.secret + b"\n")

    def program(self, name, text):
        path = self.file(name, text)
        os.chmod(path, 0o755)
        return path

    def recipe(self, name):
        """The recipe as a program, with this directory for those that it names."""
        script = self.recipes[name].replace("/etc/keysieve", self.directory)
        return self.program(name, script.replace("/usr/sbin", self.directory))

    def run_recipe(self, name):
        path = f"{self.directory}:{os.environ['PATH']}"
        result = run(*ONLY, "--on-leak", self.recipe(name), self.log, env={"PATH": path})
        self.assert_done(result, masked(self.content(self.log), self.secret))

    def taken(self, name):
        text = self.content(self.path(name))
        self.assert_no_piece(text, self.secret)
        return text.decode()

    def test_all_are_tried(self):
        self.assertEqual(set(self.recipes), {"webhook", "slack", "mail", "journal", "all"})

    def test_webhook(self):
        with Server() as server:
            self.file("webhook.curl", f'url = "{server.url}"\nheader = "Authorization: Bearer x"\n')
            self.run_recipe("webhook")
        (kind, authorization, record), = server.posts
        self.assertEqual((kind, authorization), ("application/json", "Bearer x"))
        self.assertEqual((record["rule"], record["source"], record["line"]), (ID, self.log, 2))

    def test_slack(self):
        with Server() as server:
            self.file("slack.curl", f'url = "{server.url}"\n')
            self.run_recipe("slack")
        (_, _, message), = server.posts
        self.assertEqual(set(message), {"text"})
        self.assertIn('a&lt;b&gt;&amp;"$(id)\n.log, line 2\n', message["text"])
        self.assertIn("revoke it: https://", message["text"])

    def test_mail(self):
        self.program("sendmail", f'#!/bin/sh\necho "$@" >{self.path("arguments")}; cat >{self.path("taken")}\n')
        self.run_recipe("mail")
        header, _, text = self.taken("taken").partition("\n\n")
        self.assertEqual(self.content(self.path("arguments")), b"-t\n")
        self.assertEqual([line.split(":")[0] for line in header.split("\n")],
                         ["To", "Subject", "MIME-Version", "Content-Type"])
        self.assertIn(f"where:       {self.log}, line 2\n", text)

    def test_journal(self):
        self.program("logger", f'#!/bin/sh\necho "$@" >{self.path("arguments")}; cat >{self.path("taken")}\n')
        self.run_recipe("journal")
        self.assertEqual(self.content(self.path("arguments")), b"-t keysieve -p auth.warning\n")
        self.assertEqual(json.loads(self.taken("taken"))["source"], self.log)

    def test_all(self):
        os.mkdir(self.path("on-leak.d"))
        for name in ("one", "two"):
            self.program(f"on-leak.d/{name}", f"#!/bin/sh\ncat >{self.path(name)}\n")
        self.run_recipe("all")
        self.assertEqual(self.taken("one"), self.taken("two"))
        self.assertEqual(json.loads(self.taken("one"))["rule"], ID)


if __name__ == "__main__":
    unittest.main()
