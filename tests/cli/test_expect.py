# SPDX-License-Identifier: MIT
"""A planned mass change passes exactly one change limit, for exactly one serial, once."""
import json
import os
import shutil
import sqlite3
import subprocess
import unittest

from zs import VERIFY, World, delegations

SERIAL = 2026112401
NEXT = SERIAL + 1
ONE_LIMIT = "limits: {delegations-removed: 5%, size-change: unlimited, floor: 5}\n"
TWO_LIMITS = "limits: {delegations-removed: 5%, size-change: 5%, floor: 5}\n"


class PlannedChanges(World):
    def setUp(self):
        super().setUp()
        self.output = self.path("state", "zones", "nl.test.zone")
        self.open(ONE_LIMIT)

    def open(self, policy, count=100):
        """A published zone from which most delegations then go."""
        path = self.write("planned.yaml", "name: planned\n" + policy)
        self.write("nl.test.zone", delegations(count))
        if not self.z("zone", "list").out:
            self.z("zone", "add", "nl.test", "-i", self.input, "--policy", path, code=0)
        else:
            self.z("zone", "set-policy", "nl.test", path, code=0)
        self.z("run", code=0)
        self.first = self.serial()
        self.before = self.read(self.output)

    def shrink(self, to=20, serial=NEXT):
        self.write("nl.test.zone", delegations(to, serial))

    def expect(self, serial=NEXT, limit="removed", *more, code=0, reason="purge of 2025", zone="nl.test"):
        return self.z("zone", "expect-change", zone, "--serial", str(serial), "--limit", limit, "--reason", reason,
                      *more, code=code)

    def refused(self, *words):
        done = self.z("run", code=1)
        self.assertEqual(self.read(self.output), self.before)
        for word in words:
            self.assertIn(word, done.err)
        return done.err

    def passes(self):
        self.z("run", code=0)
        self.assertNotEqual(self.read(self.output), self.before)
        self.assert_published_is_good()

    def events(self):
        return [(event["what"], event["detail"]) for event in self.json("log", "nl.test", code=0)["events"]]

    def planned(self):
        return self.json("zone", "show", "nl.test", code=0)["zone"]["expected_changes"]

    def command_in(self, text):
        """What the refusal says to type, without the reason that only a person knows."""
        line = next(line for line in text.splitlines() if "if this change is planned: " in line)
        return line.split("zoneseal ", 1)[1].split(" --reason TEXT")[0].split()

    def test_the_command_in_the_refusal_lets_the_change_pass(self):
        self.shrink()
        said = self.refused(f"serial {NEXT} must not be published", "change.delegations: more delegations removed")
        command = self.command_in(said)
        self.assertEqual(command, ["zone", "expect-change", "nl.test.", "--serial", str(NEXT), "--limit", "removed"])
        self.z(*command, "--reason", "purge of 2025", code=0)
        self.passes()
        self.assertEqual(self.serial(), NEXT)

    def test_the_verifier_still_reports_it_as_expected_with_reason_who_and_when(self):
        self.shrink()
        self.expect()
        self.passes()
        verdict = self.z("verify", "--last", "nl.test", code=0).out
        self.assertIn("change.delegations  more delegations removed than allowed", verdict)
        self.assertIn("Expected: purge of 2025, zone expect-change (", verdict)
        self.assertIn(self.now, verdict)
        self.assertRegex(verdict, r"warn +change\.delegations ")
        findings = json.loads(self.z("sign", "nl.test", "--force", "--json", code=0).out)["verdict"]["findings"]
        self.assertEqual([one for one in findings if one["result"] == "expected"], [])

    def test_it_is_in_status_and_in_the_log_until_it_was_used(self):
        self.expect()
        self.assertIn(f"Planned    serial {NEXT} may pass change limit removed until 2026-11-25 12:00Z",
                      self.z("status", "nl.test", code=0).out)
        self.assertEqual([(row["serial"], row["limit"], row["reason"]) for row in self.planned()],
                         [(NEXT, "removed", "purge of 2025")])
        self.shrink()
        self.passes()
        self.assertEqual(self.planned(), [])
        self.assertNotIn("Planned ", self.z("status", "nl.test", code=0).out)
        told = dict(self.events())
        self.assertIn(f"serial {NEXT} may pass limit removed until 2026-11-25T12:00:00Z: purge of 2025 (zone expect-change (",
                      told["change expected"])
        self.assertIn(f"serial {NEXT} may pass limit removed until 2026-11-25T12:00:00Z, used {self.now}: purge",
                      told["expected change used"])

    def test_a_second_use_is_refused(self):
        self.expect()
        self.shrink(60)
        self.passes()
        self.before = self.read(self.output)
        self.shrink(10, NEXT + 1)
        self.refused(f"--serial {NEXT + 1} --limit removed", f"the one for serial {NEXT} was used at {self.now}")
        self.expect(code=3)

    def test_another_serial_is_refused_and_the_right_one_named(self):
        self.expect(NEXT + 7)
        self.shrink()
        self.refused(f"--serial {NEXT} --limit removed", f"one was given for serial {NEXT + 7}, this is {NEXT}")
        self.assertEqual(len(self.planned()), 1)

    def test_a_size_that_has_only_the_store_to_compare_with_passes_too(self):
        self.open(TWO_LIMITS)
        os.unlink(self.output)
        shutil.rmtree(self.path("state", "archive", "nl.test"))
        self.shrink()
        said = self.z("run", code=3).err
        self.assertIn("nor in the archive to compare with", said)
        self.assertFalse(os.path.exists(self.output))
        command = self.command_in(said)
        self.assertEqual(command[-2:], ["--limit", "records"])
        self.expect(int(command[command.index("--serial") + 1]))
        self.z("run", code=3)
        self.z(*command, "--reason", "purge of 2025", code=0)
        self.z("run", code=0)
        self.assert_published_is_good()
        self.assertEqual([row["limit"] for row in self.planned()], ["removed"])
        self.assertIn("expected change used", [what for what, _ in self.events()])

    def test_it_expires(self):
        self.expect(NEXT, "removed", "--for", "2h")
        self.shrink()
        self.now = "2026-11-24T14:00:00Z"
        self.refused(f"--serial {NEXT} --limit removed", f"the one for serial {NEXT} expired at {self.now}")
        self.assertEqual(self.planned(), [])

    def test_it_holds_until_the_last_second(self):
        self.expect(NEXT, "removed", "--for", "2h")
        self.shrink()
        self.now = "2026-11-24T13:59:59Z"
        self.passes()

    def test_another_limit_is_not_passed(self):
        for limit in ("records", "added", "ns", "ds"):
            self.expect(NEXT, limit)
        self.shrink()
        self.refused(f"--serial {NEXT} --limit removed --reason TEXT")
        self.assertEqual(len(self.planned()), 4)

    def test_another_zone_is_not_let_pass(self):
        other = self.write("other.zone", "@ 3600 IN SOA ns.x. h.x. 1 7200 3600 604800 300\n@ 3600 NS ns.x.\n")
        self.z("zone", "add", "other.test", "-i", other, code=0)
        self.z("run", "other.test", code=0)
        self.expect(zone="other.test")
        self.shrink()
        done = self.z("run", "nl.test", code=1)
        self.assertIn(f"zone expect-change nl.test. --serial {NEXT} --limit removed --reason TEXT\n", done.err)

    def test_each_limit_that_is_passed_needs_its_own(self):
        self.open(TWO_LIMITS)
        serial = self.serial()
        self.shrink(20, serial + 1)
        self.refused(f"--serial {serial + 1} --limit records --reason TEXT; and zoneseal zone expect-change nl.test. "
                     f"--serial {serial + 1} --limit removed --reason TEXT\n")
        self.expect(serial + 1)
        self.refused(f"--serial {serial + 1} --limit records --reason TEXT\n")
        self.expect(serial + 1, "records")
        self.passes()
        self.assertEqual([what for what, _ in self.events()].count("expected change used"), 2)

    def test_one_that_was_not_needed_is_not_used(self):
        self.expect()
        self.shrink(99)
        self.passes()
        self.assertNotIn("expected change used", dict(self.events()))
        self.before = self.read(self.output)
        self.shrink(10, NEXT + 1)
        self.refused(f"one was given for serial {NEXT}, this is {NEXT + 1}")

    def test_it_is_withdrawn(self):
        self.expect()
        self.shrink()
        command = ("zone", "expect-change", "nl.test", "--serial", str(NEXT), "--limit", "removed", "--withdraw")
        self.z(*command, code=0)
        self.assertEqual(self.planned(), [])
        self.refused(f"the one for serial {NEXT} was withdrawn at {self.now}")
        self.assertIn("withdrawn", dict(self.events())["expected change withdrawn"])
        self.assertIn("no planned change for serial", self.z(*command, code=3).err)
        self.expect()
        self.passes()

    def test_nothing_else_passes_with_it(self):
        """All limits are lifted, and the name servers of the zone itself are all others: refused, and no way is offered."""
        for limit in ("records", "removed", "added", "ns", "ds"):
            self.expect(NEXT, limit)
        self.write("nl.test.zone", delegations(20, NEXT).replace("@ NS ns1\nns1 A", "@ NS ns9\nns1 A 192.0.2.9\nns9 A"))
        said = self.refused("change.apex: none of the zone's name servers is one of those before")
        self.assertNotIn("if this change is planned", said)
        self.assertEqual(len(self.planned()), 5)
        self.assertIn("Expected: purge of 2025", self.z("verify", "--last", "nl.test", code=1).out)

    def test_no_other_check_can_be_named(self):
        for limit in ("sig.valid", "change.delegations", "change.apex", "serial.increases", "all", ""):
            self.assertIn("no change limit", self.expect(NEXT, limit, code=2).err)

    def test_what_is_asked_must_be_whole(self):
        self.assertIn("--reason TEXT", self.z("zone", "expect-change", "nl.test", "--serial", "5", "--limit", "ds",
                                              code=2).err)
        self.assertIn("--serial N", self.z("zone", "expect-change", "nl.test", "--limit", "ds", code=2).err)
        self.assertIn("--limit records", self.z("zone", "expect-change", "nl.test", "--serial", "5", code=2).err)
        self.expect(NEXT, "ds", "--for", "31d", code=2)
        self.expect(NEXT, "ds", "--for", "0s", code=2)
        self.expect(NEXT, "ds", reason="a\nb", code=2)
        self.expect(NEXT, "ds", reason="x" * 201, code=2)
        for serial in ("-1", "4294967296", "5x", ""):
            self.expect(serial, code=2)
        self.assertEqual(self.planned(), [])

    def test_a_serial_that_was_used_is_refused(self):
        self.assertIn(f"{self.first} was used already", self.expect(self.first, code=3).err)
        self.assertIn("cannot be published any more", self.expect(SERIAL - 1, code=3).err)

    def test_the_same_twice_is_refused(self):
        self.expect()
        self.assertIn("may pass limit removed already: purge of 2025", self.expect(code=3).err)

    def test_under_unixtime_the_serial_is_that_of_the_input(self):
        self.open(ONE_LIMIT + "zone: {serial: unixtime}\n")
        self.shrink(20, 7)
        self.now = "2026-11-24T12:10:00Z"
        said = self.refused("--serial 7 --limit removed")
        self.z(*self.command_in(said), "--reason", "purge", code=0)
        self.now = "2026-11-24T12:20:00Z"
        self.passes()
        self.assertIn("used", dict(self.events())["expected change used"])

    def test_under_unixtime_another_input_is_refused(self):
        self.open(ONE_LIMIT + "zone: {serial: unixtime}\n")
        self.expect(8)
        self.shrink(20, 7)
        self.now = "2026-11-24T12:10:00Z"
        self.refused("--serial 7 --limit removed", "one was given for serial 8, this is 7")

    def test_the_verifier_looks_at_the_serial_itself(self):
        previous = self.write("previous.zone", self.before)
        self.shrink()
        self.refused()
        for serial, limit, code in ((NEXT, "removed", 0), (NEXT + 1, "removed", 1), (NEXT, "ds", 1)):
            limits = self.write("limits.json", json.dumps({
                "schema": "zoneseal.limits/1", "min_remaining": 0,
                "change": {"removed": {"ppm": 50000, "floor": 5}, "records": {"ppm": 1000000000}},
                "expected": [{"limit": limit, "serial": serial, "reason": "purge", "who": "me", "given": self.now}]}))
            done = subprocess.run([VERIFY, "--now", self.now, "--previous", previous, "--policy", limits,
                                   self.output + ".rejected"], capture_output=True, timeout=60, check=False)
            self.assertEqual(done.returncode, code, done.stdout.decode())
            self.assertIn(b"expected  change.delegations" if code == 0 else b"FAIL  change.delegations", done.stdout)

    def test_a_run_to_stdout_uses_it_up(self):
        self.open(ONE_LIMIT + "zone: {serial: unixtime}\n")
        self.shrink(20, 7)
        self.expect(7)
        self.now = "2026-11-24T12:10:00Z"
        self.z("sign", "nl.test", "-o", "-", code=0)
        self.assertEqual(self.planned(), [])
        self.now = "2026-11-24T12:20:00Z"
        self.refused("the one for serial 7 was used")

    def test_what_is_in_a_reason_moves_no_terminal(self):
        self.expect(reason="g\u00e9ant \"quoted\" \\ %s")
        self.shrink()
        self.passes()
        for done in (self.z("log", "nl.test", code=0), self.z("verify", "--last", "nl.test", code=0)):
            self.assertTrue(done.out.isascii(), done.out)

    def test_a_row_that_was_changed_behind_the_log_is_found(self):
        self.expect()
        self.z("audit", "replay", code=0)
        with sqlite3.connect(self.state + "/keystore.db") as store:
            store.execute("UPDATE expected_changes SET change_limit = 'ds'")
        store.close()
        done = self.z("audit", "replay", code=1)
        self.assertIn("PROBLEM: the keystore says otherwise than the log", done.out)
        with sqlite3.connect(self.state + "/keystore.db") as store:
            store.execute("DELETE FROM expected_changes")
        store.close()
        self.assertIn("no such planned change", self.z("audit", "replay", code=1).out)

    def test_a_row_that_no_log_tells_of_is_found(self):
        with sqlite3.connect(self.state + "/keystore.db") as store:
            store.execute("INSERT INTO expected_changes (zone, serial, change_limit, reason, actor, given, expires) "
                          "VALUES (1, ?, 'removed', 'mine', 'me', 1, 4000000000)", (NEXT,))
        store.close()
        self.assertIn("the log does not tell of it", self.z("audit", "replay", code=1).out)


if __name__ == "__main__":
    unittest.main()
