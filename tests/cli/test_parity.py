# SPDX-License-Identifier: MIT
"""A second site that signs nothing until it is the first one's equal: snapshot, check, promotion."""
import json
import os
import re
import shutil
import unittest

from zs import World

REASON = ("--reason", "drill 4")


class Parity(World):
    def setUp(self):
        super().setUp()
        self.output = self.path("state", "zones", "nl.test.zone")
        self.site_b = self.path("site-b")
        self.snapshot = self.path("parity.txt")
        self.z("zone", "add", "nl.test", "-i", self.input, code=0)
        self.z("run", code=0)
        self.backup_and_snapshot()

    def backup_and_snapshot(self):
        done = self.z("parity", "export", "-o", self.snapshot, code=0)
        self.key = re.search(r"parity key of this signer: (\S+)", done.err)[1]
        self.z("backup", "--with-keys", "--replace", self.path("backup.tar"), code=0)

    def fail_over(self, key=None):
        """Site A is gone; at B, which has the same paths, are the backup and what is published."""
        os.rename(self.state, self.path("site-a"))
        self.z("parity", "standby", key or self.key, *REASON, code=0)
        self.z("restore", self.path("backup.tar"), code=0)
        os.makedirs(os.path.dirname(self.output), exist_ok=True)
        shutil.copy(self.path("site-a", "zones", "nl.test.zone"), self.output)

    def check(self, **more):
        return self.z("parity", "check", self.snapshot, **more)

    def promote(self, **more):
        return self.z("parity", "promote", self.snapshot, *REASON, "--yes", **more)

    def serial(self):
        return int(re.search(rb"\tSOA\t\S+ \S+ (\d+)", self.read(self.output))[1])

    def dnskeys(self):
        return sorted(line for line in self.read(self.output).split(b"\n") if b"\tDNSKEY\t" in line)

    def test_equal_sites_are_told_equal_and_each_key_is_proved(self):
        self.fail_over()
        report = json.loads(self.z("parity", "check", self.snapshot, "--json", code=0).out)
        self.assertEqual((report["zones"], report["keys_proved"]), (1, 2))

    def test_a_standby_signs_nothing_and_changes_nothing(self):
        self.fail_over()
        before = self.read(self.output)
        for command in (("run",), ("sign", "nl.test"), ("key", "generate", "nl.test", "--zsk"),
                        ("roll", "start", "nl.test", "--zsk"), ("restore", "--reconcile"),
                        ("restore", "--accept", "I say so", "--yes"), ("parity", "export")):
            self.assertIn("standby signer", self.z(*command, code=3).err)
        self.assertEqual(self.read(self.output), before)

    def test_status_and_check_say_first_that_it_is_a_standby_and_how_old_its_snapshot_is(self):
        def first(*command, code):
            return self.z(*command, code=code).out.split("\n")[0]
        self.fail_over()
        for command in (("status",), ("status", "nl.test")):
            self.assertIn("STANDBY, fenced: it signs nothing before zoneseal parity promote. NO snapshot",
                          first(*command, code=0))
        self.assertIn("WARNING - STANDBY, fenced; no snapshot was compared", first("check", code=1))
        self.check(code=0)
        self.now = "2026-11-24T15:00:00Z"
        self.assertIn("the active signer's snapshot of 2026-11-24 12:00Z (3h ago)", first("status", "nl.test", code=0))
        self.assertIn("OK - STANDBY, fenced; equal to a snapshot that is 3h old", first("check", code=0))
        report = self.json("status", code=0)
        self.assertEqual((report["standby"], report["snapshot"]), (True, "2026-11-24T12:00:00Z"))
        self.now = "2026-11-25T15:00:00Z"
        self.assertIn("WARNING - STANDBY", first("check", code=1))
        self.now = "2026-11-28T15:00:00Z"
        self.assertIn("CRITICAL - STANDBY", first("check", code=2))
        self.promote(code=0)
        self.assertNotIn("STANDBY", self.z("status", code=0).out)
        self.assertNotIn("STANDBY", self.z("check").out)

    def test_another_restore_forgets_what_was_compared(self):
        self.fail_over()
        self.check(code=0)
        os.rename(os.path.join(self.state, "keystore.db"), self.path("old.db"))
        self.z("restore", self.path("backup.tar"), code=0)
        self.assertIn("NO snapshot", self.z("status", code=0).out)

    def test_a_promoted_standby_goes_on_where_the_other_was(self):
        self.fail_over()
        before, keys = self.serial(), self.dnskeys()
        self.promote(code=0)
        self.assertFalse(os.path.exists(os.path.join(self.state, "standby")))
        self.z("run", code=0)
        self.assertEqual(self.serial(), before)
        self.z("sign", "nl.test", "--force", code=0)
        self.assertGreater(self.serial(), before)
        self.assertEqual(self.dnskeys(), keys)
        self.assertIn("drill 4", self.z("log", "nl.test", code=0).out)
        self.z("audit", "replay", code=0)

    def test_a_standby_that_is_behind_is_told_where(self):
        self.z("sign", "nl.test", "--force", code=0)
        self.z("parity", "export", "-o", self.snapshot, code=0)
        self.fail_over()
        self.assertIn("is not at the snapshot's state", self.check(code=1).err)
        self.promote(code=1)
        self.z("run", code=3)

    def test_what_was_published_after_the_snapshot_stops_the_promotion(self):
        self.z("sign", "nl.test", "--force", code=0)
        self.fail_over()
        self.check(code=0)
        self.assertIn("is not the version that the backup remembers", self.promote(code=3).err)
        self.z("run", code=3)

    def test_a_key_that_is_not_there_stops_the_promotion(self):
        self.fail_over()
        folder = os.path.join(self.state, "keys")
        os.unlink(os.path.join(folder, sorted(os.listdir(folder))[0]))
        self.assertNotEqual(self.check().returncode, 0)
        self.assertNotEqual(self.promote().returncode, 0)
        self.z("run", code=3)

    def test_a_changed_or_foreign_snapshot_is_no_snapshot(self):
        text = self.read(self.snapshot)
        self.fail_over()
        for bad, code in ((text.replace(b"serial-floor 2", b"serial-floor 3"), 1), (text[:-10], 65), (b"", 65),
                          (text.replace(b"-parity 1", b"-parity 2"), 65), (text + b"x\n", 65),
                          (re.sub(rb"made \S+", b"made never", text), 65),
                          (re.sub(rb"parity-key \S+", b"parity-key AAAA", text), 65)):
            self.snapshot = self.write("bad.txt", bad)
            self.check(code=code)
            self.promote(code=code)

    def test_only_the_signature_tells_a_changed_head_or_a_forged_one(self):
        text = self.read(self.snapshot)
        self.fail_over()
        for bad in (re.sub(rb"made \d{4}", b"made 2025", text),
                    re.sub(rb"signature (.)", lambda found: b"signature " + (b"B" if found[1] == b"A" else b"A"), text)):
            self.assertNotEqual(bad, text)
            self.snapshot = self.write("bad.txt", bad)
            self.assertIn("its signature is wrong", self.check(code=1).err)
            self.promote(code=1)

    def test_another_signers_snapshot_is_refused(self):
        self.fail_over(key="A" * 43 + "=")
        self.assertIn("signed with another key", self.check(code=1).err)

    def test_what_is_no_parity_key_makes_no_standby(self):
        self.state = self.path("other")
        self.z("parity", "standby", "AAAA", *REASON, code=2)
        self.z("parity", "standby", self.key, code=2)
        self.assertFalse(os.path.exists(os.path.join(self.state, "standby")))

    def test_a_snapshot_holds_no_secret_and_no_place_of_one(self):
        text = self.read(self.snapshot)
        self.assertNotIn(b"file:", text)
        self.assertNotIn(b"PRIVATE", text)

    def test_the_old_one_must_be_said_to_be_off(self):
        self.fail_over()
        self.assertIn("old signer off", self.z("parity", "promote", self.snapshot, *REASON, code=2).err)


if __name__ == "__main__":
    unittest.main()
