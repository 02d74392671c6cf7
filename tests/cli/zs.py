# SPDX-License-Identifier: MIT
"""What the tests of the real programs share: a temporary world, the programs, a small zone."""
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import unittest

BIN = os.environ.get("ZONESEAL_BIN", "build/release/bin")
ZONESEAL = os.path.join(BIN, "zoneseal")
VERIFY = os.path.join(BIN, "zoneseal-verify")
# Seconds after which a program hangs. It says nothing about how fast one is: on a machine with much else to do, what takes
# seconds takes minutes.
HANGS = 300

NOW = "2026-11-24T12:00:00Z"

ZONE = """$ORIGIN nl.test.
$TTL 3600
@ IN SOA ns1 host 2026112401 7200 3600 604800 300
@ NS ns1
ns1 A 192.0.2.1
a NS ns.a
ns.a A 192.0.2.2
b NS ns1
b DS 1234 13 2 49FD46E6C4B45C55D4AC49FD46E6C4B45C55D4AC49FD46E6C4B45C55D4AC0000
* TXT "x"
"""


def delegations(count, serial=2026112401):
    """The zone above with `count` delegations more."""
    lines = [ZONE.replace("2026112401", str(serial))]
    lines += [f"d{i} NS ns.d{i}\nns.d{i} A 192.0.2.{i % 250}\n" for i in range(count)]
    return "".join(lines)


class World(unittest.TestCase):
    """A state folder on a virtual clock, and the zone nl.test in a file."""

    virtual = True
    starts = NOW

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="zoneseal-cli-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.state = self.path("state")
        self.input = self.write("nl.test.zone", ZONE)
        self.output = self.path("out.zone")
        self.now = self.starts
        if self.virtual:
            self.z("init", "--virtual-clock", code=0)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        with open(path, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
        os.chmod(path, mode)
        return path

    def read(self, path):
        with open(path, "rb") as file:
            return file.read()

    def environment(self):
        return {"PATH": "/usr/bin:/bin", "HOME": self.folder, "ZONESEAL_STATE": self.state,
                "ZONESEAL_CONFIG": self.path("config"), "LC_ALL": "C"}

    def z(self, *args, code=None, now=None, stdin=b"", **more):
        """Runs zoneseal; `code` is the exit code that must come."""
        argv = [ZONESEAL, *args]
        if self.virtual and args and args[0] not in ("--version", "--help", "help"):
            argv += ["--now", now or self.now]
        done = subprocess.run(argv, input=stdin, capture_output=True, env=self.environment(),
                              cwd=self.folder, timeout=HANGS, check=False, **more)
        done.out = done.stdout.decode(errors="replace")
        done.err = done.stderr.decode(errors="replace")
        if code is not None:
            self.assertEqual(done.returncode, code, f"{args}\n{done.out}\n{done.err}")
        return done

    def sign(self, *args, code=0, **more):
        return self.z("sign", "nl.test", "-i", self.input, "-o", self.output, *args, code=code, **more)

    def json(self, *args, **more):
        return json.loads(self.z(*args, "--json", **more).out)

    def assert_published_is_good(self, path=None, now=None):
        """The independent program says so, not the one that published it."""
        argv = [VERIFY, "--now", now or self.now, path or self.output]
        if not self.virtual:
            argv = [VERIFY, path or self.output]
        done = subprocess.run(argv, capture_output=True, timeout=HANGS, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())

    def serial(self, path=None):
        """Of the SOA, which stands first."""
        fields = self.read(path or self.output).split(b"\n", 1)[0].split()
        self.assertEqual(fields[3], b"SOA")
        return int(fields[6])

    def tree(self, top=None):
        """Every file below the state folder with its hash; SQLite's shared memory is no content."""
        found = {}
        for folder, _, files in os.walk(top or self.state):
            for name in files:
                path = os.path.join(folder, name)
                if not name.endswith(("-shm", "-wal")) and os.sep + "locks" + os.sep not in path:
                    found[path] = hashlib.sha256(self.read(path)).hexdigest()
        return found
