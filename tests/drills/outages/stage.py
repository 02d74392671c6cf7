# SPDX-License-Identifier: MIT
"""Where a drill is played: a keystore on a virtual clock, the zone zs.test., the real programs, and a signer that can be
made to fail as others did.

A drill says what an operator or the fault does, step by step, and states what must come of it. Played by
contrib/drill, the same steps are shown as they happen.
"""
import contextlib
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.realpath(os.path.join(HERE, "../../.."))
sys.path[:0] = [os.path.join(ROOT, "tests/zones"), os.path.join(ROOT, "tests/cli")]

from broken import BrokenSigner  # noqa: E402

ZONE = "zs.test."
SERIAL = 2026112401
START = "2026-11-24T12:00:00Z"
OK, NO, USAGE, REFUSED, MALFORMED, MISSING, KEY, IO, BUSY = 0, 1, 2, 3, 65, 66, 69, 74, 75
ALL = []  # every drill, in the order in which they are told


class Drill:
    """One outage: `name` as on the command line, the zone and date as people know it, and what stops it here."""

    def __init__(self, play, zone, date, stopped_by):
        self.play, self.zone, self.date, self.stopped_by = play, zone, date, stopped_by
        self.name = play.__name__.replace("_", "-")
        self.story = " ".join(play.__doc__.split())


def drill(zone, date, stopped_by):
    """Enters a function of a stage into the table. Its docstring tells the outage."""
    def enter(play):
        ALL.append(Drill(play, zone, date, stopped_by))
        return play
    return enter


class Failed(AssertionError):
    """What the drill states is not so."""


def delegations(count=200, serial=SERIAL, secure=20, tail=""):
    """A registry's zone: delegations with glue, every twentieth of them signed, a wildcard, an empty non-terminal."""
    lines = [f"$ORIGIN {ZONE}\n$TTL 3600\n@ SOA ns1 host {serial} 7200 3600 604800 900\n@ NS ns1\n@ NS ns2\n"
             "ns1 A 192.0.2.1\nns2 A 192.0.2.2\n* TXT \"no such registration\"\nwww.deep.empty A 192.0.2.3\n"]
    for i in range(count):
        lines.append(f"d{i} NS ns.d{i}\nns.d{i} A 192.0.2.{i % 250}\n")
        if secure and i % secure == 0:
            lines.append(f"d{i} DS {1000 + i} 13 2 {hashlib.sha256(b'%d' % i).hexdigest()}\n")
    return "".join(lines) + tail


class Done:
    """A command that has ended."""

    def __init__(self, code, text, out):
        self.code, self.text, self.out = code, text, out


class Stage:
    """`show` gets each line of the play; without it nothing is told."""

    def __init__(self, programs, show=None):
        self.programs, self.show = programs, show
        self.folder = tempfile.mkdtemp(prefix="zoneseal-drill-")
        self.state, self.input = self.path("state"), self.path("registry.zone")
        self.output = os.path.join(self.state, "zones", ZONE.rstrip(".") + ".zone")
        self.now = START
        self.kept = None
        self.environment = {}  # more of it, for all that is started here
        self.leave = contextlib.ExitStack()
        self.make_programs()

    def close(self):
        self.leave.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- files ----

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def read(self, path=None):
        with open(path or self.output, "rb") as file:
            return file.read()

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
        return path

    def make_programs(self):
        """A copy of zoneseal, so that another program can stand where it looks for its verifier."""
        os.mkdir(self.path("bin"))
        shutil.copy(os.path.join(self.programs, "zoneseal"), self.path("bin/zoneseal"))
        self.verifier = os.path.realpath(os.path.join(self.programs, "zoneseal-verify"))
        self.gate = self.path("bin/zoneseal-verify")
        os.symlink(self.verifier, self.gate)
        shutil.copytree(os.path.join(ROOT, "policies/shipped"), self.path("config/policies"))

    def serial(self):
        return int(self.read().split(b"\n", 1)[0].split()[6])

    # ---- telling ----

    def tell(self, text):
        """What happens outside of any command."""
        if self.show:
            self.show("# " + " ".join(text.split()))

    def z(self, *args, code=None, state=None, quiet=False, before=()):
        """zoneseal; `code` is the exit code that must come, `quiet` commands only set the scene."""
        argv = [*before, self.path("bin/zoneseal"), *args, "--now", self.now]
        environment = {"PATH": "/usr/bin:/bin", "HOME": self.folder, "ZONESEAL_STATE": state or self.state,
                       "ZONESEAL_CONFIG": self.path("config"), "LC_ALL": "C", **self.environment}
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=environment, cwd=self.folder, timeout=60, check=False)
        out = done.stdout.decode(errors="replace")
        text = "".join(line for line in out.splitlines(True) if not line.startswith("VIRTUAL CLOCK: it is"))
        if self.show and not quiet:
            self.show(f"$ zoneseal {' '.join(args)}    # {self.now}".replace(self.folder + "/", ""))
            self.show((text + f"(exit {done.returncode})").replace(self.folder + "/", ""))
        if code is not None and done.returncode != code:
            raise Failed(f"{' '.join(args)}: exit {done.returncode} in place of {code}\n{out}")
        return Done(done.returncode, text, out)

    def json(self, *args):
        text = self.z(*args, "--json", quiet=True).text
        return json.loads(text[text.index("{"):])

    def state_that(self, holds, what):
        if not holds:
            raise Failed(what)

    def says(self, done, *words):
        """Each of the words (regular expressions) is in what the operator reads."""
        for word in words:
            self.state_that(re.search(word, " ".join(done.text.split())), f"nobody reads \"{word}\":\n{done.text}")

    # ---- the zone ----

    def init(self, policy=None, state=None):
        self.z("init", "--virtual-clock", code=OK, state=state, quiet=True)
        self.policy = self.write("drill.yaml", "name: drill\n" + policy) if policy is not None else "default"

    def open(self, policy=None, text=None, settled=False, parents=None):
        """The zone is signed and published for the first time, or, `settled`, since long: its DS is in all caches."""
        self.init(policy)
        self.write("registry.zone", text or delegations())
        more = ("--parents", parents) if parents else ()
        self.z("zone", "add", ZONE, "-i", self.input, "--policy", self.policy, *more, code=OK, quiet=True)
        self.z("run", code=OK, quiet=True)
        if settled:
            self.settle()
        self.keep()

    def settle(self):
        self.at("2026-11-26T12:00:00Z")
        self.z("run", code=OK, quiet=True)
        self.z("ds", "seen", ZONE, "--key", self.tags("ksk")[0], code=OK, quiet=True)
        self.at("2026-11-29T12:00:00Z")
        self.z("run", code=OK, quiet=True)

    def at(self, when):
        self.now = when

    def tags(self, role, *states):
        """Of the keys of a role that are in one of these states, or in any that is still in use."""
        keys = [key for key in self.json("key", "list", ZONE)["keys"] if key["role"] == role]
        return [str(key["tag"]) for key in keys if not states or key["state"] in states]

    def registry(self, text=None, serial=SERIAL + 1, **more):
        """The registry hands over its next zone."""
        self.write("registry.zone", delegations(serial=serial, **more) if text is None else text)

    def new_registration(self, serial=SERIAL + 1):
        self.registry(serial=serial, tail="newly NS ns1.elsewhere.example.\n")

    # ---- what must hold ----

    def keep(self):
        """What is published now is the last good zone."""
        self.kept = self.read()
        self.assert_good()

    def assert_good(self):
        """The verifier says so, asked apart from the run."""
        done = subprocess.run([self.verifier, "--now", self.now, self.output], capture_output=True, timeout=120,
                              check=False)
        self.state_that(done.returncode == 0, done.stdout.decode() + done.stderr.decode())

    def assert_kept(self):
        self.state_that(self.read() == self.kept, "the last good zone is not what it was")

    def stopped(self, done, code, *words):
        """The run ended so, the last good zone is untouched, and the operator reads why."""
        self.state_that(done.code == code, f"exit {done.code} in place of {code}\n{done.text}")
        self.state_that(self.read() == self.kept, f"the last good zone is not what it was:\n{done.text}")
        self.says(done, *words)

    def refused(self, done, check, *words, cause=()):
        """The gate said no for that check; the verdict, which the run names as the next thing to read, tells more."""
        self.stopped(done, NO, "must not be published", "is untouched and valid until",
                     f"read: zoneseal verify --last {ZONE}", *words)
        verdict = self.z("verify", "--last", ZONE)
        self.says(verdict, f"FAIL {ZONE}", f"FAIL {re.escape(check)} ", *cause)
        self.z("check", code=2)
        return verdict

    def goes_on(self, *words):
        """Once the fault is gone the next run publishes, and the zone is good."""
        done = self.z("run", code=OK)
        self.says(done, "published", *words)
        self.assert_good()
        self.state_that(self.read() != self.kept, "nothing new was published")

    # ---- faults ----

    @contextlib.contextmanager
    def broken_signer(self, fault, honest=True):
        """From here on what the signer has written is changed by `fault` before the gate reads it: a signer with a bug.
        `honest`: it hashes what it wrote, as such a signer does, and a fault of the disk does not."""
        signer = BrokenSigner(self, fault, honest)
        signer.begin()
        try:
            yield signer
        finally:
            signer.end()
        if signer.problem is not None:
            raise signer.problem

    @contextlib.contextmanager
    def other_verifier(self, script):
        """A program that behaves so stands in for the verifier."""
        os.unlink(self.gate)
        self.write("bin/zoneseal-verify", "#!/bin/sh\n" + script + "\n", 0o755)
        try:
            yield
        finally:
            os.unlink(self.gate)
            os.symlink(self.verifier, self.gate)

    def on_a_full_disk(self, *args):
        """Runs zoneseal where the folder of published zones is a full file system of its own, seen by that run alone."""
        script = ('set -e; folder=${0%/*}; cp -p "$0" "$0.kept"; mv "$0.kept" "$1"\nmount -t tmpfs -o size=1m tmpfs "$folder"\n'
                  'cp -p "$1" "$0"; cat /dev/zero 2>/dev/null >"$folder/logs" || :\nshift; code=0; kept=$1; shift\n'
                  '"$@" || code=$?; cmp "$kept" "$0" && echo "still as it was: yes"; exit $code')
        if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode != 0:
            raise unittest.SkipTest("this needs a file system of its own (user namespaces)")
        kept = self.path("published.copy")
        return self.z(*args, before=["unshare", "-rm", "/bin/sh", "-c", script, self.output, kept, kept])

    def let_out(self, change):
        """Makes the published zone what a signer and a gate of an older day would have let out: its text as `change`
        gives it, with the receipt."""
        text = change(self.read().decode()).encode()
        self.state_that(text != self.read(), "nothing was changed")
        with open(self.output, "r+b") as file:  # the archive has the same file
            file.write(text)
        with sqlite3.connect(os.path.join(self.state, "keystore.db")) as database:
            database.execute("UPDATE versions SET sha256 = ?, size = ? WHERE id = (SELECT max(id) FROM versions)",
                             (hashlib.sha256(text).digest(), len(text)))
        database.close()
        self.kept = text

    def alter_keys(self, change, which):
        """Changes rows of the key states behind zoneseal's back; what is returned puts them back."""
        path = os.path.join(self.state, "keystore.db")
        names = ["dnskey", "krrsig", "zrrsig", "ds", "goal_present"]

        def execute(statement, *values):
            with sqlite3.connect(path) as database:
                rows = database.execute(statement, values).fetchall()
            database.close()
            return rows
        old = execute(f"SELECT id, {', '.join(names)} FROM keys WHERE {which}")
        self.state_that(old, "no such key")
        execute(f"UPDATE keys SET {change} WHERE {which}")

        def undo():
            for row in old:
                execute(f"UPDATE keys SET {', '.join(name + ' = ?' for name in names)} WHERE id = ?", *row[1:], row[0])
        return undo

    def in_background(self, work):
        """Runs it beside what follows; the result of `join` is what it returned."""
        box = []
        thread = threading.Thread(target=lambda: box.append(work()), daemon=True)
        thread.start()

        def join():
            thread.join(120)
            self.state_that(box, "it did not end")
            return box[0]
        return join
