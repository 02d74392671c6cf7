# SPDX-License-Identifier: MIT
"""What --json says has the shape that schema/output.schema.json publishes: each command, and errors."""
import copy
import json
import os
import pathlib
import re
import subprocess
import unittest

import jsonschema

from ceremony import Ceremonies
from zs import VERIFY, World

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "schema" / "output.schema.json").read_text(encoding="ascii"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
# Their output is another language, whatever is asked; their errors are JSON.
NO_JSON = {"check", "metrics", "completion", "report", "parity export", "key bench", "key doctor"}


def problems(document):
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in VALIDATOR.iter_errors(document)]


class Shapes(World):
    seen = {}

    def shape(self, *args, code=0, run=None):
        """Runs it with --json and validates what it says, line by line where it has many."""
        done = (run or self.z)(*args, "--json", code=code)
        text = done.stdout.decode()
        try:
            documents = [json.loads(text)]
        except ValueError:
            documents = [json.loads(line) for line in text.splitlines()]
        self.assertTrue(documents, args)
        for document in documents:
            self.assertEqual(problems(document), [], f"zoneseal {' '.join(args)} --json")
        Shapes.seen[" ".join(args[:2])] = documents[0]
        Shapes.seen[args[0]] = documents[0]
        return documents[0]

    def go(self, days):
        day = 24 + days
        self.now = f"2026-{11 + day // 31:02}-{day % 31 + 1:02}T12:00:00Z" if day < 62 else f"2027-01-{day - 61:02}T12:00:00Z"

    def test_a_zone_from_its_first_to_its_last_day(self):
        self.shape("sgin", code=2)
        self.shape("status")
        self.shape("doctor")
        self.shape("policy", "check", "default")
        self.shape("policy", "check", self.write("bad.yaml", "keys: {what: 1}\n"), code=78)
        self.shape("policy", "show", "default")
        self.shape("policy", "import", self.write("named.conf", 'dnssec-policy "x" { };\n'))
        self.shape("policy", "import", self.write("named.conf", 'dnssec-policy "x" {\n'), code=78)
        self.shape("zone", "add", "nl.test", "-i", self.input, "--servers", "127.0.0.1@1")
        self.shape("zone", "add", "nl.test", "-i", self.input, code=3)
        self.shape("zone", "list")
        self.shape("zone", "diff", self.input, self.input)
        self.shape("zone", "diff", self.input, self.write("more", "junk TXT x\n"), code=65)
        self.shape("sign", "nl.test", "--dry-run")
        self.shape("sign", "nl.test")
        self.shape("run")
        self.shape("verify", "--last", "nl.test")
        self.shape("verify", os.path.join(self.state, "zones", "nl.test.zone"))
        self.shape("verify", self.input, code=1)
        self.shape("verify", self.write("empty.zone", ""), code=65)
        for words in (("zone", "show"), ("status",), ("log",), ("plan",), ("ds", "show"), ("roll", "list"), ("key", "list")):
            self.shape(*words, "nl.test")
        self.shape("timeline")
        self.shape("timeline", "nl.test")
        self.shape("explain", "sig.valid")
        self.shape("explain", "blocked")
        tags = {key["role"]: str(key["tag"]) for key in self.shape("key", "list", "nl.test")["keys"]}
        self.shape("explain", tags["ksk"])
        self.shape("key", "show", "nl.test", tags["ksk"])
        self.shape("key", "test", "nl.test")

        self.shape("simulate", "nl.test", "--for", "200d")
        self.shape("simulate", "default", "--for", "100d")
        self.shape("policy", "diff", "nl.test", "default")
        self.shape("zone", "set-policy", "nl.test", "tld")
        self.write("edited.yaml", "name: tld\nkeys: {zsk: {lifetime: 30d}}\n")
        self.shape("policy", "diff", "nl.test", self.path("edited.yaml"))
        self.shape("policy", "apply", "nl.test", self.path("edited.yaml"), "--dry-run")
        self.shape("policy", "apply", "nl.test", self.path("edited.yaml"))
        self.shape("zone", "set-parents", "nl.test", "--parents", "192.0.2.1")
        self.shape("zone", "set-servers", "nl.test", "--servers", "127.0.0.1@1")
        self.shape("key", "generate", "nl.test", "--zsk")
        self.shape("roll", "start", "nl.test", "--zsk", "--dry-run", code=3)
        self.shape("hold", "nl.test", "--reason", "x")
        self.shape("status", "nl.test")
        self.shape("release", "nl.test")
        self.go(1)
        self.shape("run")
        published = str(self.json("status", "nl.test")["zones"][0]["serial"])
        self.shape("sign", "nl.test", "--force")
        self.shape("rollback", "nl.test", "--to", published, "--reason", "x", "--dry-run")
        self.shape("rollback", "nl.test", "--to", published, "--reason", "x")
        self.shape("status", "nl.test")
        self.shape("rollback", "nl.test", "--withdraw")
        self.go(2)
        self.shape("run")
        self.shape("ds", "seen", "nl.test", "--key", tags["ksk"], code=None)
        self.shape("roll", "start", "nl.test", "--zsk", "--dry-run")
        self.shape("roll", "start", "nl.test", "--zsk")
        self.shape("run")
        self.shape("roll", "list")
        self.shape("roll", "abort", "nl.test", "--dry-run", code=None)
        self.shape("roll", "step", "nl.test", code=3)
        self.shape("emergency", "nl.test", "--key", tags["zsk"], "--dry-run", "--reason", "x", code=None)
        self.shape("roll", "abort", "nl.test", code=None)
        self.shape("ds", "gone", "nl.test", "--key", tags["ksk"], code=None)
        self.shape("ds", "check", "nl.test", code=None)
        self.shape("key", "purge", "nl.test", tags["zsk"], "--reason", "x", "--yes", code=3)
        self.shape("key", "revoke", "nl.test", tags["ksk"], "--reason", "x", code=None)
        self.shape("key", "move", "nl.test", tags["zsk"], "--to", "hsm-a", code=2)
        self.shape("key", "export", "nl.test", tags["zsk"], "--format", "pem", "-o", self.path("exported"), "--reason", "x", "--yes")
        self.shape("key", "import", "nl.test", self.path("exported"), "--zsk", code=None)
        self.shape("backup", self.path("backup"), "--with-keys")
        self.shape("key", "backup-done", "nl.test", "--all", "--reason", "x", code=None)
        self.shape("audit", "verify")
        self.shape("audit", "export")
        self.shape("audit", "replay")
        self.shape("clock", "accept", "--reason", "x", code=None)
        self.write("nl.test.zone", "junk\n")
        self.shape("sign", "nl.test", code=65)
        self.go(12)
        self.shape("run", code=65)
        self.shape("status")
        self.shape("zone", "remove", "nl.test", "--yes")

    def test_restored_and_elsewhere(self):
        self.z("sign", "nl.test", "-i", self.input, code=0)
        self.z("backup", self.path("backup"), "--with-keys", code=0)
        self.z("parity", "export", "-o", self.path("parity"), code=0)
        copied = self.state + "2"
        other = lambda *args, code=0: self.z(*args, "--state", copied, code=code)  # noqa: E731
        self.shape("restore", self.path("backup"), run=other)
        self.shape("restore", "--reconcile", run=other, code=None)
        key = re.search(r"[A-Za-z0-9+/]{43}=", self.z("parity", "export", "-o", self.path("p2"), code=0).out + "x")
        self.shape("parity", "check", self.path("parity"), run=other, code=None)
        self.shape("parity", "standby", key.group(0) if key else "x", "--reason", "x", run=other, code=None)
        self.shape("parity", "promote", self.path("parity"), "--reason", "x", "--yes", run=other, code=None)
        self.shape("init", "--state", self.path("third"), "--virtual-clock")
        self.shape("zone", "adopt", "se.test", self.path("nokeys"), "--published", self.input, "-i", self.input, code=None)

    def test_a_changed_document_is_refused(self):
        self.z("sign", "nl.test", "-i", self.input, code=0)
        document = self.shape("status")
        for change in (lambda d: d.update(more=1), lambda d: d.pop("zones"), lambda d: d["zones"][0].update(serial="x"),
                       lambda d: d["zones"][0].update(published_at="yesterday"), lambda d: d.update(schema="zoneseal.other/1")):
            changed = copy.deepcopy(document)
            change(changed)
            self.assertTrue(problems(changed))


def verdict_of(*args, code=None):
    done = subprocess.run([VERIFY, "--json", "--now", "2026-01-10T00:00:00Z", *map(str, args)], input=b"", capture_output=True,
                          check=False, timeout=60)
    assert code in (None, done.returncode), (args, done.returncode, done.stderr)
    return json.loads(done.stdout)


class Verdicts(unittest.TestCase):
    ZONES = ROOT / "tests" / "zones"

    def test_of_zones_that_are_bad_each_in_its_own_way(self):
        zones = sorted(self.ZONES.glob("*/*.zone"))[::5]
        self.assertGreater(len(zones), 80)
        findings = set()
        for zone in zones:
            document = verdict_of(zone)
            self.assertEqual(problems(document), [], zone.name)
            findings |= {finding["id"] for finding in document.get("findings", [])}
        self.assertGreater(len(findings), 40)

    def test_where_there_is_none(self):
        good = self.ZONES / "good" / "nsec.zone"
        for code, args in ((65, ["-"]), (66, ["/nowhere"]), (74, [ROOT]), (65, ["--policy", good, good]),
                           *((66, [option, "/nowhere", good]) for option in ("--previous", "--trust-anchor", "--policy"))):
            with self.subTest(args):
                document = verdict_of(*args, code=code)
                self.assertEqual(problems(document), [])
                self.assertEqual((document["verdict"], document["exit"]), ("none", code))

    def test_ids_are_those_of_the_checks(self):
        document = verdict_of(self.ZONES / "good" / "nsec.zone", code=0)
        self.assertEqual(sorted(SCHEMA["$defs"]["check-id"]["enum"]), sorted(check["id"] for check in document["checks"]))

    def test_a_changed_one_is_refused(self):
        document = verdict_of(self.ZONES / "bad" / "algorithm_5.zone", code=0)
        self.assertTrue(document["findings"])
        none = verdict_of("/nowhere")
        for change in (lambda d: d.update(verdict="maybe"), lambda d: d.update(verdict="none"), lambda d: d.update(complete=False),
                       lambda d: d.pop("checks"), lambda d: d.pop("sha256"), lambda d: d["checks"][0].update(id="sig.other"),
                       lambda d: d["checks"][0].update(result="good"), lambda d: d["findings"][0].update(result="ok"),
                       lambda d: d["findings"][0].update(id="other"), lambda d: d["findings"][0]["examples"][0].update(more=1),
                       lambda d: d["counts"].pop("from_memo"), lambda d: d.update(sha256="x")):
            changed = copy.deepcopy(document)
            change(changed)
            self.assertTrue(problems(changed))
        for change in (lambda d: d.pop("error"), lambda d: d.update(exit=0), lambda d: d.update(verdict="pass")):
            changed = copy.deepcopy(none)
            change(changed)
            self.assertTrue(problems(changed))


class Ceremony(Ceremonies, Shapes):
    test_a_zone_from_its_first_to_its_last_day = test_restored_and_elsewhere = test_a_changed_document_is_refused = None

    def test_ceremonies(self):
        ksr, skr = self.path("1.ksr"), self.path("1.skr")
        self.shape("ksr", "create", "nl.test", "-o", ksr)
        self.shape("ksr", "show", "nl.test", "-i", ksr)
        self.shape("skr", "sign", "nl.test", "-i", ksr, "-o", skr, run=self.k)
        self.shape("ksr", "show", "nl.test", "-i", skr)
        self.shape("skr", "validate", "nl.test", "-i", skr)
        self.shape("skr", "import", "nl.test", "-i", skr)
        self.shape("run", "nl.test")
        self.shape("status", "nl.test")
        self.shape("ksr", "emergency", "nl.test", "-o", self.path("2.ksr"), code=None)


class ZZCoverage(World):
    def test_every_command_was_looked_at(self):
        listed = self.z("--help", code=0).out.split("\nCommands\n")[1]
        commands = set(re.findall(r"(?m)^  ((?:[a-z-]+ )?[a-z-]+)  ", listed))
        self.assertEqual(commands - NO_JSON - set(Shapes.seen), set())


if __name__ == "__main__":
    unittest.main()
