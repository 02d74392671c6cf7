#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""contrib/doc/handbook.md, command by command and in its order, by the real program on a virtual clock with a real parent
server. The words behind ```sh say what happens before a block: `wait=3d` lets the timer run for so long, `exit=1` is the code
that has to come, `when=NAME` is what others do meanwhile, `at=NAME` is another machine."""

import contextlib
import datetime
import json
import os
import re
import shutil
import signal
import subprocess
import unittest

from servers import Nsd
from walk import ADDRESS, BIN, DOC, Page

START = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.timezone.utc)
RUNS = 6  # of the timer in each wait
HEAD = """$ORIGIN nl.test.
$TTL 3600
@ IN SOA ns1 host {} 7200 3600 604800 300
@ NS ns1
ns1 A 192.0.2.1
"""


def blocks():
    text = (DOC / "handbook.md").read_text(encoding="utf-8")
    for found in re.finditer(r"^```sh(.*)\n((?:.*\n)*?)```$", text, re.MULTILINE):
        yield text.count("\n", 0, found.start()) + 1, dict(word.split("=") for word in found[1].split()), found[2]


class Handbook(Page):
    def setUp(self):
        super().setUp()
        self.state = "var/lib/zoneseal"
        self.now, self.ds = START, {}
        os.unlink(self.path("bin/zoneseal"))
        self.program("zoneseal", f'exec {BIN}/zoneseal "$@" --now "$(cat {self.path("clock")})"')
        os.makedirs(self.path("srv/registry"))
        os.makedirs(self.path("srv/signed"))
        os.makedirs(self.path("media/usb"))
        os.makedirs(self.path("var/lib/zoneseal-backup"))
        self.tick(datetime.timedelta())
        self.registry(2026112401, 600)
        self.parent_zone("")
        self.parent = self.enterContext(Nsd(self.path("parent"), {"test.": self.path("parent.zone")}))
        self.add("var/lib/zoneseal", f"--parents {ADDRESS}@{self.parent.port}")
        self.quiet("zoneseal run nl.test")
        self.let_pass(3)
        self.parent_shows(self.tag("KSK"))
        self.let_pass(4)
        self.names.update({"20326": self.tag("KSK"), "5521": self.tag("ZSK")})

    # ---- the world ----

    def tick(self, span):
        self.now += span
        self.write("clock", self.now.strftime("%Y-%m-%dT%H:%M:%SZ"))

    def let_pass(self, days):
        for _ in range(RUNS):
            self.tick(datetime.timedelta(days=days) / RUNS)
            self.quiet("zoneseal run -q nl.test")

    def environment(self):
        return {**super().environment(), "ZONESEAL_STATE": self.path(self.state)}

    def quiet(self, command):
        return self.shell(command, "between blocks")

    def registry(self, serial, count):
        self.write("srv/registry/nl.test", HEAD.format(serial) + "".join(f"d{i} NS ns.d{i}\nns.d{i} A 192.0.2.9\n"
                                                                         for i in range(count)))

    def add(self, state, more=""):
        self.state = state
        self.quiet("zoneseal init --virtual-clock && zoneseal zone add nl.test "
                   f"-i {self.path('srv/registry/nl.test')} {more}")
        self.names["/srv/signed/nl.test"] = self.signed()

    def signed(self):
        """A rehearsal publishes below its state folder alone."""
        return self.path(self.state, "zones", "nl.test.zone")

    def parent_zone(self, ds):
        self.write("parent.zone", "$TTL 86400\ntest. SOA ns.test. host.test. 1 7200 3600 604800 600\n"
                   "test. NS ns.test.\nns.test. A 127.0.0.1\nnl.test. NS ns1.nl.test.\nns1.nl.test. A 127.0.0.1\n" + ds)

    def parent_shows(self, *tags):
        shown = self.quiet("zoneseal ds show nl.test")
        self.ds.update({found[2]: found[1] for found in re.finditer(r"(?m)^(nl\.test\. (?:\d+ )?IN DS (\d+) .*\n)", shown)})
        self.parent_zone("".join(self.ds[tag] for tag in tags))
        self.parent.process.send_signal(signal.SIGHUP)  # reads files that are newer
        for _ in range(500):
            answer = self.parent.ask("nl.test.", "DS").answer
            if {str(record.key_tag) for rrset in answer for record in rrset if record.rdtype == 43} == set(tags):
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.parent.process.wait(0.02)
        self.fail(self.parent.said())

    def tag(self, role):
        """Of the newest key of a role."""
        said = self.quiet("zoneseal key list nl.test --json 2>/dev/null")
        keys = [key for key in json.loads(said)["keys"] if key["role"] == role.lower()]
        return str(max(keys, key=lambda key: key["created_epoch"])["tag"])

    # ---- what others do ----

    def before_submitted(self):
        self.parent_shows(self.names["20326"], self.names["41001"])

    def before_withdrawn(self):
        self.parent_shows(self.names["41001"])

    def before_purge(self):
        self.registry(2026112402, 485)

    def before_mended(self):
        self.registry(2026112403, 599)

    def before_lost(self):
        """The signer's disk; the backup is of the minute before."""
        self.quiet(f"zoneseal backup --with-keys --replace {self.path('var/lib/zoneseal-backup/week.tar')}")
        os.makedirs(self.path("srv/copy"))
        shutil.copy(self.signed(), self.path("srv/copy/nl.test"))
        shutil.rmtree(self.path(self.state))

    def before_second(self):
        key = re.search(r"parity key of this signer: (\S+)", self.quiet(f"zoneseal parity export -o {self.path('key.txt')}"))[1]
        self.state = "var/lib/zoneseal-b"
        self.quiet(f"zoneseal parity standby {key} --reason 'site B'")

    def before_ceremony(self):
        policy = self.write("offline.yaml", "name: offline\nkeys: {offline-ksk: true}\nparent: {ds: by-hand, cds: always}\n")
        for state in ("vault", "signer"):
            self.add(state, f"--policy {policy}")

    # ---- the page ----

    def learn(self, said):
        """Numbers of the page that stand for others here."""
        if found := re.search(r"--serial (\d+)", said):
            self.names["2026112502"] = found[1]
        if "rollover" in said or "is to be replaced" in said:
            self.names["41001"] = self.tag("KSK")

    def test_each_command_does_what_it_is_there_for(self):
        functions, count, said = "", 0, ""
        for line, words, block in blocks():
            if re.match(r"[a-z]+\(\) \{", block):
                functions = block
                continue
            if "when" in words:
                getattr(self, f"before_{words['when']}")()
            if "at" in words:
                self.state = {"b": "var/lib/zoneseal-b"}.get(words["at"], words["at"])
            if "wait" in words:
                self.let_pass(int(words["wait"].rstrip("d")))
            if "rollback" in block and "2026112501" not in self.names:
                serials = re.findall(r" published: serial (\d+)", self.quiet("zoneseal log nl.test"))
                self.names["2026112501"] = sorted(serials, key=int)[-2]
            said = self.shell(functions + self.here(block), f"handbook.md, line {line}", code=int(words.get("exit", 0)))
            self.learn(said)
            count += 1
            self.assertNotIn("bogus now", said)
        self.assertGreater(count, 20)


if __name__ == "__main__":
    unittest.main()
