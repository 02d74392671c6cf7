# SPDX-License-Identifier: MIT
"""What was published by mistake is taken back: the content of a kept version comes again, under a higher serial, signed
with the keys of today and through the same gate; and no run undoes it."""
import fcntl
import os
import re
import shutil
import subprocess
import unittest

from zs import VERIFY, World, delegations

SERIAL = 2026112401
GOOD, BAD = 60, 10
POLICY = "limits: {delegations-removed: 5%, size-change: unlimited, floor: 5}\n"
MADE = ("RRSIG", "DNSKEY", "NSEC", "NSEC3", "NSEC3PARAM", "CDS", "CDNSKEY", "ZONEMD")
LATER = "2026-11-24T13:00:00Z"
DAYS_LATER = "2026-12-06T12:00:00Z"  # signatures of the first version are near their end


class Rollback(World):
    def setUp(self):
        super().setUp()
        self.output = self.path("state", "zones", "nl.test.zone")

    def publish_by_mistake(self, policy=POLICY, serial="increment"):
        """A mass deletion that somebody had said is planned."""
        path = self.write("tight.yaml", "name: tight\nzone: {serial: " + serial + "}\n" + policy)
        self.write("nl.test.zone", delegations(GOOD))
        self.z("zone", "add", "nl.test", "-i", self.input, "--policy", path, code=0)
        self.z("run", code=0)
        self.good, self.good_content = self.serial(), self.content()
        self.now = LATER
        self.write("nl.test.zone", delegations(BAD, SERIAL + 1))
        refused = self.z("run", code=1)
        self.pass_limits(refused.err)
        self.z("run", code=0)
        self.bad = self.serial()
        self.assertNotEqual(self.content(), self.good_content)

    def pass_limits(self, said):
        """What the refusal says to type."""
        line = next(line for line in said.splitlines() if "if this change is planned: " in line)
        serial = re.search(r"--serial (\d+)", line).group(1)
        for limit in re.findall(r"--limit (\w+)", line):
            self.z("zone", "expect-change", "nl.test", "--serial", serial, "--limit", limit, "--reason", "ticket 4711", code=0)

    def content(self, path=None):
        """Without what a signer makes, and without the SOA, whose serial is another each time."""
        lines = self.read(path or self.output).decode().splitlines()
        return sorted(line for line in lines if line.split("\t")[3] not in (*MADE, "SOA"))

    def back(self, *more, to=None, code=0, reason="half of the zone is gone"):
        return self.z("rollback", "nl.test", "--to", str(to or self.good), "--reason", reason, *more, code=code)

    def archived(self, serial):
        folder = self.path("state", "archive", "nl.test")
        return os.path.join(folder, next(name for name in os.listdir(folder) if name.startswith(f"{serial}-")))

    def test_the_content_comes_again_under_a_higher_serial(self):
        self.publish_by_mistake()
        done = self.back()
        self.assertEqual(self.content(), self.good_content)
        self.assertGreater(self.serial(), self.bad)
        self.assertIn(f"published (rolled back to serial {self.good})", done.err)
        self.assertRegex(self.z("verify", "--last", "nl.test", code=0).out, r"ok +unsigned\.equal ")
        self.assert_published_is_good()
        judged = subprocess.run([VERIFY, "--now", self.now, "--previous", self.archived(self.bad), "--unsigned",
                                 self.archived(self.good), self.output], capture_output=True, timeout=120, check=False)
        self.assertEqual(judged.returncode, 0, judged.stdout.decode())

    def test_a_name_server_loads_it(self):
        self.publish_by_mistake()
        self.back()
        argv = [shutil.which("nsd-checkzone", path="/usr/sbin:/usr/bin"), "nl.test", self.output]
        done = subprocess.run(argv, capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())

    def test_no_run_undoes_it_until_the_input_is_let_out(self):
        self.publish_by_mistake()
        said = self.back()
        self.assertIn("the input is held", said.err)
        self.assertIn("registrations are not getting out until zoneseal rollback nl.test. --withdraw", said.err)
        rolled = self.read(self.output)
        self.z("run", code=0)
        self.write("nl.test.zone", delegations(BAD, SERIAL + 7))
        done = self.z("run", code=0)
        self.assertEqual(self.read(self.output), rolled)
        self.assertIn("--withdraw", done.err)
        self.write("nl.test.zone", delegations(GOOD + 1, SERIAL + 8))
        self.z("rollback", "nl.test", "--withdraw", code=0)
        self.assertEqual(self.read(self.output), rolled)
        self.z("run", code=0)
        self.assertEqual(len([line for line in self.content() if "d60.nl.test.\t" in line]), 2)
        self.assertNotIn("held", self.z("status", "nl.test", code=0).out)

    def test_the_bad_input_is_refused_when_it_is_let_out(self):
        self.publish_by_mistake()
        self.back()
        rolled = self.read(self.output)
        self.z("rollback", "nl.test", "--withdraw", code=0)
        self.assertIn("change.delegations", self.z("run", code=1).err)
        self.assertEqual(self.read(self.output), rolled)

    def test_status_check_and_log_say_who_waits_for_whom(self):
        self.publish_by_mistake()
        self.back()
        status = self.z("status", "nl.test", code=0).out
        self.assertIn("WARNING: the input is held since a rollback, registrations are not getting out.", status)
        self.assertIn("zoneseal rollback nl.test. --withdraw", status)
        self.assertIn("half of the zone is gone", status)
        self.assertIn("the input is held since a rollback", self.z("check", code=1).out)
        words = f"rolled back to serial {self.good} as serial {self.serial()}: half of the zone is gone"
        events = [(event["what"], event["detail"]) for event in self.json("log", "nl.test", code=0)["events"]]
        self.assertIn(("input held", words), events)
        self.z("rollback", "nl.test", "--withdraw", code=0)
        events = [(event["what"], event["detail"]) for event in self.json("log", "nl.test", code=0)["events"]]
        self.assertIn(("input let out", f"it was held: {words}"), events)
        self.z("audit", "replay", code=0)

    def test_signatures_of_the_old_version_do_not_come_back(self):
        self.publish_by_mistake()
        self.now = DAYS_LATER
        self.z("run", code=0)
        old = set(re.findall(r"\tRRSIG\t.*", self.read(self.archived(self.good)).decode()))
        self.back()
        new = set(re.findall(r"\tRRSIG\t.*", self.read(self.output).decode()))
        self.assertEqual(old & new, set())
        self.assertEqual(self.content(), self.good_content)
        self.assert_published_is_good()

    def test_signatures_are_renewed_and_keys_roll_while_the_input_is_held(self):
        self.publish_by_mistake()
        self.back()
        os.unlink(self.input)
        self.now = "2026-11-28T12:00:00Z"
        self.z("run", code=0)
        self.z("roll", "start", "nl.test", "--zsk", code=0)
        keys = self.read(self.output).count(b"\tDNSKEY\t")
        self.z("run", code=0)
        self.assertEqual(self.read(self.output).count(b"\tDNSKEY\t"), keys + 1)
        self.assertEqual(self.content(), self.good_content)
        self.now = DAYS_LATER
        before = self.serial()
        self.z("run", code=0)
        self.assertGreater(self.serial(), before)
        self.assertEqual(self.content(), self.good_content)
        self.assert_published_is_good()

    def test_it_is_signed_with_the_keys_of_today(self):
        self.publish_by_mistake()
        self.z("hold", "nl.test", "--reason", "an incident", code=0)
        self.back()
        self.z("release", "nl.test", code=0)
        self.assertEqual(self.content(), self.good_content)
        self.assert_published_is_good()

    def test_the_gate_has_its_say_and_names_the_way_on(self):
        self.publish_by_mistake(POLICY.replace("unlimited", "5%"))
        published = self.read(self.output)
        refused = self.back(code=1)
        self.assertEqual(self.read(self.output), published)
        self.assertIn("change.records", refused.err)
        self.assertNotIn("input is held", refused.err)
        self.pass_limits(refused.err)
        self.back()
        self.assertEqual(self.content(), self.good_content)

    def test_every_serial_policy_has_a_higher_serial_for_it(self):
        for serial in ("keep", "unixtime", "date-counter"):
            with self.subTest(serial=serial):
                self.setUp()
                self.publish_by_mistake(serial=serial)
                self.back()
                self.assertGreater(self.serial(), self.bad)
                self.assertEqual(self.content(), self.good_content)

    def test_a_zone_with_zonemd_gets_a_new_one(self):
        self.publish_by_mistake(POLICY, "increment, zonemd: true")
        self.assertIn(b"\tZONEMD\t", self.read(self.archived(self.good)))
        self.back()
        self.assertEqual(self.read(self.output).count(b"\tZONEMD\t%d " % self.serial()), 1)
        self.assert_published_is_good()

    def test_a_version_that_is_not_kept_is_refused_and_those_that_are_are_named(self):
        self.publish_by_mistake()
        published = self.read(self.output)
        done = self.back(to=SERIAL - 3, code=3)
        self.assertIn(f"serial {SERIAL - 3} is not kept", done.err)
        self.assertIn(f"kept are: {self.good};", done.err)
        self.assertIn("is what is published now", self.back(to=self.bad, code=3).err)
        self.assertEqual(self.read(self.output), published)
        self.assertIn("OK", self.z("status", "nl.test", code=0).out.splitlines()[0])

    def events(self):
        return [(event["what"], event["detail"]) for event in self.json("log", "nl.test", code=0)["events"]]

    def fail_to_publish(self):
        """The version that is to be replaced cannot be kept, which is seen between intent and rename."""
        path = self.archived(self.serial())
        os.unlink(path)
        os.makedirs(os.path.join(path, "x"))
        said = self.back(code=74).err
        shutil.rmtree(path)
        return said

    def test_a_rollback_that_fails_holds_nothing(self):
        self.publish_by_mistake()
        published = self.read(self.output)
        self.assertNotIn("input is held", self.fail_to_publish())
        self.assertEqual(self.read(self.output), published)
        self.assertNotIn("is held", self.z("status", "nl.test").out)
        self.z("run", code=0)
        self.assertNotIn("is held", self.z("status", "nl.test", code=0).out)
        events = self.events()
        self.assertNotIn("input held", [what for what, _ in events])
        self.assertFalse([detail for _, detail in events if "rolled back" in detail])
        intent = next(detail for what, detail in events if what == "publication intended" and "rolling back" in detail)
        self.assertTrue(intent.endswith(f", rolling back to serial {self.good} as serial {self.bad + 1}: half of the zone is gone"))
        self.back()
        self.assertEqual(self.content(), self.good_content)
        self.assertIn("the input is held", self.z("run", code=0).err)
        self.z("audit", "replay", code=0)

    def test_one_that_fails_leaves_an_older_hold_as_it_was(self):
        self.publish_by_mistake()
        self.back()
        self.good = self.bad
        self.pass_limits(self.back(code=1).err)
        self.fail_to_publish()
        self.z("run", code=0)
        held = [detail for what, detail in self.events() if what == "input held"]
        self.assertEqual(len(held), 1)
        self.assertIn(held[0], self.z("status", "nl.test", code=0).out)

    def test_it_decides_nothing_before_it_has_the_lock(self):
        """Who has the lock may be publishing: what is the last version, and what is kept, is not known yet."""
        self.publish_by_mistake()
        with open(self.path("state", "locks", "nl.test"), "r+", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for serial in (self.bad, SERIAL - 3):
                self.assertIn("held by", self.back(to=serial, code=75).err)

    def test_a_zone_that_is_added_again_has_neither_hold_nor_planned_changes_of_before(self):
        self.publish_by_mistake()
        self.back()
        self.z("zone", "expect-change", "nl.test", "--serial", str(self.serial() + 1), "--limit", "removed",
               "--reason", "old", code=0)
        self.z("zone", "remove", "nl.test", "--yes", code=0)
        self.z("zone", "add", "nl.test", "-i", self.input, "--policy", self.path("tight.yaml"), code=0)
        events = self.events()
        self.assertEqual(events.count(next(e for e in events if e[0] == "input let out")), 1)
        self.assertTrue([detail for what, detail in events if what == "expected change withdrawn" and ": old" in detail])
        self.z("audit", "replay", code=0)
        self.assertIn("change.delegations", self.z("run", code=1).err)

    def test_a_kept_version_that_was_changed_is_refused(self):
        self.publish_by_mistake()
        path = self.archived(self.good)
        text = self.read(path)
        os.unlink(path)
        with open(path, "wb") as file:
            file.write(text.replace(b"192.0.2.2\n", b"192.0.2.9\n", 1))
        self.assertIn("is not what was published as serial", self.back(code=3).err)

    def test_nothing_else_is_published_while_the_input_is_held(self):
        self.publish_by_mistake()
        self.back()
        rolled = self.read(self.output)
        done = self.z("sign", "nl.test", "-i", self.input, code=3)
        self.assertIn("the input is held", done.err)
        self.assertEqual(self.read(self.output), rolled)
        self.z("sign", "nl.test", "--force", code=0)
        self.assertEqual(self.content(), self.good_content)

    def test_a_dry_run_changes_nothing_and_a_stale_review_is_refused(self):
        self.publish_by_mistake()
        before = self.tree()
        done = self.back("--dry-run")
        self.assertIn(f"would publish serial {self.bad + 1} (rolled back to serial {self.good})", done.err)
        self.assertIn("its input would be held", done.err)
        self.assertEqual(self.tree(), before)
        revision = self.json("plan", "nl.test", code=0)["revision"]
        self.back("--expect-revision", str(revision + 1), code=3)
        self.back("--expect-revision", str(revision))
        self.z("rollback", "nl.test", "--withdraw", "--dry-run", code=0)
        self.assertIn("input is held", self.z("run", code=0).err)

    def test_wrong_use_is_said(self):
        self.publish_by_mistake()
        which = self.z("rollback", "nl.test", "--reason", "x", code=2).err
        self.assertIn(f"kept are: {self.good}; zoneseal rollback nl.test. --to SERIAL", which)
        self.assertIn("--reason", self.z("rollback", "nl.test", "--to", "7", code=2).err)
        self.assertIn("a serial", self.z("rollback", "nl.test", "--to", "-7", "--reason", "x", code=2).err)
        self.assertIn("is not held", self.z("rollback", "nl.test", "--withdraw", code=3).err)


if __name__ == "__main__":
    unittest.main()
