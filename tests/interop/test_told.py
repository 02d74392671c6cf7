#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Pages that show commands with what they print (```console): the commands are typed, and print it."""

import datetime
import json
import re
import shutil
import subprocess
import unittest

from clocked import ADDRESS, Clocked, DOC, ROOT

class Told(Clocked):
    step = datetime.timedelta(days=1)

    def go_on_until(self, when, last=True):
        """Cron calls the signer meanwhile."""
        while self.now + self.step < when:
            self.tick(self.step)
            self.quiet("zoneseal run -q")
        self.tick(when - self.now)
        if last:
            self.quiet("zoneseal run -q")


class Rollovers(Told):
    """contrib/doc/rollovers.md; a comment behind a command is the time at which it is typed."""

    def setUp(self):
        super().setUp()
        self.registry(2026112401, 4)
        policy = self.write("p.yaml", "name: p\nparent: {ds: by-hand}\n")
        self.add("var/lib/zoneseal", f"--policy {policy}")
        self.quiet("zoneseal run")
        self.names["59490"], self.names["63886"] = self.tag("KSK"), self.tag("ZSK")
        self.go_on_until(datetime.datetime(2026, 11, 25, 12, tzinfo=datetime.timezone.utc))
        self.quiet(f"zoneseal ds seen nl.test --key {self.names['59490']}")
        self.go_on_until(datetime.datetime(2026, 12, 1, 9, tzinfo=datetime.timezone.utc))
        self.step = datetime.timedelta(hours=3)

    def before_command(self, command):
        if found := re.search(r"# (\d{4}-\d\d-\d\d \d\d:\d\d)Z", command):
            self.go_on_until(datetime.datetime.strptime(found[1] + "+0000", "%Y-%m-%d %H:%M%z"), "by cron" not in command)

    @staticmethod
    def alike(text):
        """Times and tags are as shown: the clock is virtual."""
        text = re.sub(r"[^\S\n]+", " ", text)
        return re.sub(r"\d+( records| signatures|( new)|( checks))|\d+\.\d+s", r"#\1", text).strip()

    def learn(self, said):
        if found := re.search(r"is to be replaced by KSK (\d+)", said):
            self.names["61909"] = found[1]

    def test_a_rollover_is_as_the_page_tells(self):
        self.assertEqual(self.play("rollovers.md"), 3)


class Ceremony(Told):
    """contrib/doc/ceremony.md: the prompt of a command says in which keystore it is typed."""

    def setUp(self):
        super().setUp()
        shutil.copy(ROOT / "contrib/sample/example.zone", self.path("home/example.zone"))
        shown = re.search(r"(?m)^\$ cat tld.yaml\n((?:.+\n)+)", (DOC / "ceremony.md").read_text(encoding="utf-8"))[1]
        self.write("home/tld.yaml", shown)
        self.virtual_from_the_start()
        self.names[" example.signed"] = " " + self.path("signer/zones/example.zone")  # a rehearsal publishes there alone

    def test_four_commands_each_time(self):
        self.assertEqual(self.play("ceremony.md"), 2)
        self.assertIn("OK, nothing for you to do", self.quiet("zoneseal status example"))


class Import(Told):
    """contrib/doc/import.md, with the sample configurations of the other signers."""

    def test_each_signer_s_policy(self):
        for place, sample in (("bind/named.conf", "bind-tld.conf"), ("knot/knot.conf", "knot-tld.conf"),
                              ("opendnssec/kasp.xml", "kasp-tld.xml"), ("cascade/policies/tld.toml", "cascade-tld.toml")):
            text = (ROOT / "tests/cases/policies" / sample).read_text(encoding="utf-8")
            for name, shown in (('"TLD"', '"tld"'), ('Policy name="tld"', 'Policy name="default"')):
                text = text.replace(name, shown)
            self.write(f"etc/{place}", text)
        self.virtual_from_the_start()
        self.assertEqual(self.play("import.md"), 1)
        self.assertIn("Imported from Cascade's policy", self.read("home/tld.yaml"))


class Handover(Told):
    """contrib/doc/handover.md, both ways; test_handover.py of the drills has what the caches of the world hold meanwhile."""

    def setUp(self):
        super().setUp()
        self.virtual_from_the_start()
        self.registry(2026112401, 4)
        self.parent_serves()
        self.names["zone add"] = f"zone add --parents {ADDRESS}@{self.parent.port}"
        self.names["zone remove"] = "zone remove --yes"  # nobody can be asked here
        self.other = self.made("dnssec-keygen", "-q", "-a", "13", "-L", "3600", "nl.test")
        self.theirs = self.names["30909"] = str(int(self.other.rsplit("+", 1)[1]))
        self.names["Knl.test.+013+30909"] = self.other
        for place in ("taking", "handing"):
            self.go_to(place)
            self.quiet("zoneseal init")

    def made(self, *argv):
        return subprocess.run(argv, cwd=self.path("home"), capture_output=True, check=True, text=True, timeout=60).stdout.strip()

    def go_to(self, place):
        super().go_to(place)
        self.names["/srv/signed/nl.test"] = self.signed()

    def state_of(self, tag):
        keys = json.loads(self.quiet("zoneseal key list nl.test --json 2>/dev/null"))["keys"]
        return next(key["state"] for key in keys if str(key["tag"]) == tag)

    def before_made(self):
        self.names["5521"] = self.ours = self.tag("ZSK")

    def before_other(self):
        """It publishes our ZSK."""
        self.ksk = self.tag("KSK")

    def before_submitted(self):
        self.parent_shows(self.ksk)

    def before_changed(self):
        self.assertEqual([self.state_of(tag) for tag in (self.ksk, self.ours, self.theirs)], ["active", "active", "ready"])
        self.let_pass(2)

    def before_handing(self):
        self.let_pass(2)
        self.assertEqual(self.state_of(self.theirs), "removed")
        self.go_to("handing")
        self.parent_zone("")
        self.quiet(self.here("zoneseal zone add nl.test -i /srv/registry/nl.test -o /srv/signed/nl.test && zoneseal run"))
        self.let_pass(2)
        self.names["5521"] = self.tag("ZSK")
        self.parent_shows(self.tag("KSK"))
        self.let_pass(3)

    def before_ready(self):
        self.assertEqual(self.state_of(self.theirs), "ready")

    def test_there_and_back(self):
        self.assertEqual(self.play("handover.md"), 11)


if __name__ == "__main__":
    unittest.main()
