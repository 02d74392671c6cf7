#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""zoneseal simulate: what rollovers would happen, on a policy and on a copy of a zone's keys."""
import json
import time
import unittest

from zs import World

SHORT = "name: short\nkeys: {zsk: {lifetime: 30d}, ksk: {lifetime: 365d}}\n"


class Simulate(World):
    def lines(self, *args, code=0):
        return self.z("simulate", *args, code=code).out.splitlines()

    def test_ten_years_of_monthly_zsks_take_less_than_a_second(self):
        policy = self.write("short.yaml", SHORT)
        began = time.monotonic()
        lines = self.lines(policy, "--for", "10y", "--start", "2026-01-01")
        self.assertLess(time.monotonic() - began, 1)
        self.assertTrue(lines[0].startswith("PASS  policy short, 3652d"), lines[0])
        self.assertEqual(lines[-1], "Cache check: no cache can find the zone bogus at any step.")
        self.assertEqual(sum("ZSK" in line and "made to replace" in line for line in lines), 121)
        self.assertEqual(sum("KSK" in line and "made to replace" in line for line in lines), 10)

    def test_parent_that_never_answers_leaves_the_zone_valid_and_says_who_must_act(self):
        text = "\n".join(self.lines("default", "--for", "60d", "--start", "2026-01-01", "--ds-delay", "never",
                                    "--at", "2026-01-10:roll zsk"))
        self.assertIn("At the end these wait, and stay as they are until somebody acts; the zone stays valid:", text)
        self.assertIn("KSK #1     ready       the parent's servers do not all show the change of the DS yet", text)

    def test_commands_are_carried_out_or_refused_with_a_reason(self):
        lines = self.lines("default", "--for", "60d", "--start", "2026-01-01",
                           "--at", "2026-02-03:roll algorithm ED448", "--at", "2026-02-01:roll algorithm ED25519")
        said = [line.split("  command")[1].strip() for line in lines if "  command" in line]
        self.assertEqual(said, ["roll algorithm ED25519", "roll algorithm ED448: refused, an algorithm roll is under way"])

    def test_nothing_moves_in_an_outage(self):
        lines = self.lines("default", "--for", "120d", "--start", "2026-01-01", "--outage", "2026-03-30..2026-04-09")
        self.assertFalse([line for line in lines if "2026-03-31" <= line[:10] < "2026-04-09"])
        self.assertTrue([line for line in lines if line.startswith("2026-04-09 00:00:00Z  ZSK #3     publishing")])

    def test_zone_is_simulated_with_its_own_keys_and_nothing_is_changed(self):
        self.sign()
        before = self.read(self.path("state", "keystore.db"))
        done = self.z("simulate", "nl.test", "--for", "1y", "--json", code=0)
        tags = [key["tag"] for key in self.json("key", "list", "nl.test")["keys"]]
        self.assertEqual(self.read(self.path("state", "keystore.db")), before)
        report = json.loads(done.out)
        self.assertEqual(report["schema"], "zoneseal.simulation/1")
        self.assertTrue(report["pass"])
        self.assertEqual(report["rollovers"], 4)
        replaced = [step["what"] for step in report["steps"] if "made to replace" in step["what"]]
        self.assertIn(str(replaced[0].split()[4].rstrip(";")), [str(tag) for tag in tags])

    def test_wrong_options_are_refused_with_what_to_write(self):
        for option, value, says in (
                ("--at", "x", "--at takes DATE:command"), ("--at", "2026-01-01:rol", "is no command of a simulation"),
                ("--at", "2026-13-01:hold", "--at: "), ("--for", "3x", "neither years (10y) nor a duration"),
                ("--outage", "2026-01-01", "--outage takes FROM..UNTIL"),
                ("--outage", "2026-01-02..2026-01-01", "--outage ends before it begins"),
                ("--ds-delay", "soon", "--ds-delay"), ("--start", "today", "--start")):
            done = self.z("simulate", "default", option, value, code=2)
            self.assertIn(says, done.err)


if __name__ == "__main__":
    unittest.main()
