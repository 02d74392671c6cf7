#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The sample publish hooks against real NSD, Knot and BIND on loopback, called as the engine calls them, with the sockets
that the systemd unit allows."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "interop"))

import confined  # noqa: E402
import servers  # noqa: E402

HOOKS = ROOT / "contrib" / "hooks"
SECRET = "em9uZXNlYWwgdGVzdCBrZXksIG5vIHNlY3JldCE="


class Nsd(servers.Nsd):
    hook = "nsd"

    def config(self):
        return super().config().replace(
            "    control-enable: no\n", f"    control-enable: yes\n    control-interface: \"{self.path('control')}\"\n")

    def arguments(self):
        return ["-c", self.path("config")]


class Knot(servers.Knot):
    hook = "knot"

    def arguments(self):
        return ["-s", self.path("knot.sock")]


class Bind(servers.Bind):
    hook = "bind"

    def config(self):
        self.control = servers.free_port()
        key = f'key "zoneseal" {{ algorithm hmac-sha256; secret "{SECRET}"; }};\n'
        pathlib.Path(self.path("key")).write_text(key, encoding="ascii")
        controls = (f"controls {{ inet {servers.ADDRESS} port {self.control} "
                    f"allow {{ {servers.ADDRESS}; }} keys {{ zoneseal; }}; }};")
        return key + super().config().replace("controls { };", controls)

    def arguments(self):
        return ["--wait", "20", "-k", self.path("key"), "-s", servers.ADDRESS, "-p", str(self.control)]


def publish(path, serial, rest="@ NS ns\nns A 192.0.2.1\n"):
    """Replaces the file as zoneseal does."""
    temporary = pathlib.Path(f"{path}.tmp")
    temporary.write_text(f"$ORIGIN hook.test.\n$TTL 3600\n@ SOA ns h {serial} 3600 900 604800 300\n{rest}",
                         encoding="ascii")
    temporary.replace(path)


class Hooks(unittest.TestCase):

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="zoneseal-hooks-"))
        self.zone = pathlib.Path(self.folder) / "zone file; $(touch never)"

    def call(self, hook, arguments, serial, zone="hook.test."):
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
                       "ZONESEAL_ZONE": zone, "ZONESEAL_SERIAL": str(serial), "ZONESEAL_FILE": str(self.zone),
                       "ZONESEAL_SHA256": "00" * 32, "ZONESEAL_REASON": "test", "ZONESEAL_RUN_ID": "1"}
        return subprocess.run([HOOKS / hook, *arguments], env=environment, cwd=self.folder, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False,
                              preexec_fn=confined.families_of_unit())

    def started(self, kind):
        publish(self.zone, 10)
        return self.enterContext(kind(os.path.join(self.folder, kind.hook), {"hook.test.": str(self.zone)}))

    def assert_serves(self, server, serial):
        """NSD reads in its own time, so it is asked until it has; the others have read when their hook ends."""
        for _ in range(500 if server.hook == "nsd" else 1):
            served = server.ask("hook.test.", "SOA").answer[0][0].serial
            if served == serial:
                return
        self.assertEqual(served, serial)

    def new_serial_is_served(self, kind):
        server = self.started(kind)
        for serial, zone in ((11, "hook.test."), (12, "hook.test")):
            publish(self.zone, serial)
            done = self.call(kind.hook, server.arguments(), serial, zone)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
            self.assert_serves(server, serial)
        self.assertFalse((pathlib.Path(self.folder) / "never").exists())

    def bad_zone_is_told_and_the_old_one_stays(self, kind):
        server = self.started(kind)
        publish(self.zone, 11, "@ NS ns\nns A 192.0.2.999\n")
        arguments = server.arguments()
        if "--wait" in arguments:
            arguments[1] = "1"
        done = self.call(kind.hook, arguments, 11)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn("hook.test" if kind.hook != "nsd" else "nsd cannot read", done.stderr)
        self.assertEqual(server.ask("hook.test.", "SOA").answer[0][0].serial, 10)

    def foreign_zone_is_told(self, kind):
        server = self.started(kind)
        done = self.call(kind.hook, server.arguments(), 10, "other.test.")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertNotEqual(done.stderr, "")

    def stopped_server_is_told(self, kind):
        server = self.started(kind)
        arguments = server.arguments()
        server.stop()
        done = self.call(kind.hook, arguments, 10)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("cannot be reached", done.stderr)

    def missing_facts_fail(self, kind):
        done = subprocess.run([HOOKS / kind.hook], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True,
                              check=False)
        self.assertNotIn(done.returncode, (0, 75))
        self.assertIn("is set by zoneseal", done.stderr)


def claims():
    """One test for each claim and server, so that each says its own name."""
    names = ["new_serial_is_served", "bad_zone_is_told_and_the_old_one_stays", "foreign_zone_is_told",
             "stopped_server_is_told", "missing_facts_fail"]
    for kind in (Nsd, Knot, Bind):
        for name in names:
            setattr(Hooks, f"test_{kind.hook}_{name}", lambda self, name=name, kind=kind: getattr(self, name)(kind))


claims()
if __name__ == "__main__":
    unittest.main()
