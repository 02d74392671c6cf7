#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""From a registry's file to what a server answers, as an operator sets it up: test_publication.py ZONESEAL

zoneseal signs, verifies and publishes; its hook has NSD, Knot or BIND read the file; what cron and systemd start is taken
from the lines that are shipped.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "drills"))

import test_hooks  # noqa: E402

ZONESEAL = None


def cron_command():
    """The command of the line for cron."""
    line = (ROOT / "contrib" / "cron" / "zoneseal").read_text(encoding="ascii").splitlines()[-1]
    return line.split(None, 6)[6]


def service_command(zone):
    """The command of the unit for one zone, without its folder."""
    text = (ROOT / "contrib" / "systemd" / "zoneseal@.service.in").read_text(encoding="ascii")
    return re.search(r"^ExecStart=.*/(zoneseal .*)$", text, re.M).group(1).replace("%i", zone)


class Publication(unittest.TestCase):

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="zoneseal-publication-")))
        self.input = self.folder / "input"
        self.output = self.folder / "signed"
        self.environment = {"PATH": f"{ZONESEAL.parent}:/usr/bin:/bin", "ZONESEAL_STATE": str(self.folder / "state"),
                            "HOME": str(self.folder), "LC_ALL": "C"}

    def run_shell(self, command):
        """As cron and systemd start it: a line, no terminal."""
        return subprocess.run(["/bin/sh", "-c", command], env=self.environment, cwd=self.folder, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)

    def first(self, server):
        """The first publication, made before the server is there: the hook fails, and the next run calls it again."""
        arguments = ", ".join(f'"{word}"' for word in [test_hooks.HOOKS / server.hook, *server.arguments()])
        (self.folder / "policy.yaml").write_text(f"publish:\n  hook: [{arguments}]\n", encoding="ascii")
        test_hooks.publish(self.input, 10)
        return self.run_shell(f"zoneseal sign hook.test --policy ./policy.yaml -i {self.input} -o {self.output}")

    def assert_served(self, server, serial):
        server_zone = test_hooks.Hooks.assert_serves
        server_zone(self, server, serial)
        answer = server.ask("hook.test.", "SOA")
        self.assertEqual({rrset.rdtype for rrset in answer.answer}, {6, 46}, "SOA and its signature")

    def zone_reaches_the_server(self, kind):
        server = kind(str(self.folder / kind.hook), {"hook.test.": str(self.output)})
        server.control = 1
        first = self.first(server)
        self.assertNotEqual(first.returncode, 0, first.stderr)
        self.assertIn(f"hooks/{kind.hook}", first.stderr)
        self.assertTrue(self.output.exists(), first.stderr)
        server = self.enterContext(server)
        self.policy_follows(server)
        for serial, command in ((11, cron_command()), (12, service_command("hook.test"))):
            test_hooks.publish(self.input, serial)
            done = self.run_shell(command)
            self.assertEqual(done.returncode, 0, done.stderr)
            if "-q" in command:
                self.assertEqual(done.stdout + done.stderr, "", "cron would send this by mail")
            self.assert_served(server, serial)

    def policy_follows(self, server):
        """BIND's control port is known once it runs."""
        arguments = ", ".join(f'"{word}"' for word in [test_hooks.HOOKS / server.hook, *server.arguments()])
        (self.folder / "policy.yaml").write_text(f"publish:\n  hook: [{arguments}]\n", encoding="ascii")
        done = self.run_shell("zoneseal zone set-policy hook.test ./policy.yaml --yes")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_zone_reaches_nsd(self):
        self.zone_reaches_the_server(test_hooks.Nsd)

    def test_zone_reaches_knot(self):
        self.zone_reaches_the_server(test_hooks.Knot)

    def test_zone_reaches_bind(self):
        self.zone_reaches_the_server(test_hooks.Bind)


if __name__ == "__main__":
    ZONESEAL = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
