#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""policy diff and policy apply: an edited policy changes nothing until it is applied."""
import unittest

from zs import ZONE, World

EDIT = "name: edit\nkeys: {dnskey-ttl: 2h, zsk: {lifetime: 30d}}\n"
ED25519 = "name: next\nkeys: {algorithm: ED25519}\n"
ED448 = "name: third\nkeys: {algorithm: ED448}\n"


class Policy(World):
    def setUp(self):
        super().setUp()
        self.sign()
        self.edit = self.write("edit.yaml", EDIT)

    def policy_text(self):
        return self.z("policy", "show", "nl.test", code=0).out

    def test_diff_shows_waits_first_then_fields_then_when_keys_are_replaced(self):
        before = self.policy_text()
        out = self.z("policy", "diff", "nl.test", self.edit, code=0).out
        waits = out.index("Waits of rollovers that change:")
        fields = out.index("Fields that change:")
        self.assertLess(waits, fields)
        self.assertIn("now   3h = zone.propagation-delay 1h + keys.dnskey-ttl 1h + keys.publish-safety 1h\n"
                      "            then  4h = zone.propagation-delay 1h + keys.dnskey-ttl 2h", out)
        self.assertIn("  keys.dnskey-ttl: now 1h, then 2h\n", out)
        self.assertRegex(out, "Next new ZSK: now 2027-02-2.*, then 2026-12-2")
        self.assertEqual(self.policy_text(), before)

    def test_diff_of_the_same_policy_is_empty(self):
        out = self.z("policy", "diff", "nl.test", "default", code=0).out
        self.assertEqual(out, "nl.test. has this policy already: no value differs.\n")

    def test_apply_stores_the_text_and_its_reason(self):
        done = self.z("policy", "apply", "nl.test", self.edit, "--reason", "change 4711", code=0)
        self.assertIn("applied policy edit to nl.test.", done.err)
        self.assertIn("dnskey-ttl: 2h", self.policy_text())
        self.assertIn("change 4711: ", self.z("log", "nl.test", code=0).out)

    def test_dry_run_shows_the_same_and_changes_nothing(self):
        before = self.policy_text()
        dry = self.json("policy", "apply", "nl.test", self.edit, "--dry-run")
        self.assertEqual(self.policy_text(), before)
        real = self.json("policy", "apply", "nl.test", self.edit, "--expect-revision", str(dry["revision"]))
        self.assertTrue(dry.pop("dry_run"))
        self.assertFalse(real.pop("dry_run"))
        self.assertEqual(real.pop("revision"), dry.pop("revision") + 1)
        self.assertEqual(dry, real)

    def test_what_was_reviewed_is_what_is_applied(self):
        before = self.policy_text()
        done = self.z("policy", "apply", "nl.test", self.edit, "--expect-revision", "999", code=3)
        self.assertIn("not 999 as it was reviewed", done.err)
        self.assertEqual(self.policy_text(), before)
        self.z("policy", "apply", "nl.test", self.edit, "--expect-revision", "x", code=2)

    def test_algorithm_change_is_a_roll_and_a_second_one_waits_for_the_first(self):
        out = self.z("policy", "apply", "nl.test", self.write("next.yaml", ED25519), code=0).out
        self.assertIn("a rollover of all keys from ECDSAP256SHA256 to ED25519, in the conservative order", out)
        done = self.z("policy", "apply", "nl.test", self.write("third.yaml", ED448), code=3)
        self.assertRegex(done.err, r"an algorithm roll is under way: KSK \d+ \(ECDSAP256SHA256\) has not left all caches. "
                                   r"Another one can begin at 20\d\d-.*Z at the earliest")
        self.assertIn("algorithm: ED25519", self.policy_text())

    def test_going_insecure_is_said_in_capitals(self):
        path = self.write("off.yaml", "name: off\nzone: {dnssec: insecure}\n")
        self.assertIn("the zone goes INSECURE", self.z("policy", "diff", "nl.test", path, code=0).out)

    def test_invalid_policy_is_refused_and_the_old_one_stays(self):
        before = self.policy_text()
        path = self.write("bad.yaml", "keys: {zsk: {lifetime: 1d}}\n")
        done = self.z("policy", "apply", "nl.test", path, code=78)
        self.assertIn("keys.zsk.lifetime: 1d is not above what a rollover takes", done.err)
        self.assertEqual(self.policy_text(), before)


class LongExpire(World):
    """A zone that had its expire from the first publication on: the gate lets nobody raise it so far."""

    def test_validity_must_outlive_a_secondary_that_is_cut_off(self):
        self.write("nl.test.zone", ZONE.replace("604800", "1900800"))
        self.sign()
        done = self.z("policy", "apply", "nl.test", self.write("edit.yaml", EDIT), code=3)
        self.assertIn("signatures.validity 21d is not above 24d1h = SOA expire 22d + zone.max-ttl 2d + "
                      "zone.propagation-delay 1h", done.err)


if __name__ == "__main__":
    unittest.main()
