#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""contrib/doc/handbook.md, command by command and in its order, by the real program on a virtual clock with a real parent
server: clocked.py."""

import os
import re
import shutil
import unittest

from clocked import ADDRESS, Clocked


class Handbook(Clocked):
    def setUp(self):
        super().setUp()
        self.registry(2026112401, 600)
        self.parent_serves()
        self.add("var/lib/zoneseal", f"--parents {ADDRESS}@{self.parent.port}")
        self.quiet("zoneseal run nl.test")
        self.let_pass(3)
        self.parent_shows(self.tag("KSK"))
        self.let_pass(4)
        self.names.update({"20326": self.tag("KSK"), "5521": self.tag("ZSK")})

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

    def go_to(self, place):
        super().go_to({"b": "var/lib/zoneseal-b"}.get(place, place))

    def before_wrong(self):
        self.names["2026112501"] = self.last_but_one()

    def learn(self, said):
        if found := re.search(r"--serial (\d+)", said):
            self.names["2026112502"] = found[1]
        if "rollover" in said or "is to be replaced" in said:
            self.names["41001"] = self.tag("KSK")

    def test_each_command_does_what_it_is_there_for(self):
        self.assertGreater(self.play("handbook.md"), 20)


if __name__ == "__main__":
    unittest.main()
