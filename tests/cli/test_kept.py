# SPDX-License-Identifier: MIT
"""Signatures that stay come from a file of their own; without it nothing changes but the time it takes."""
import glob
import hashlib
import os
import re
import unittest

from zs import World, ZONE

NOTE = "signatures that stay were read from the published zone"
ED25519 = "name: ed\nkeys: {scheme: csk, algorithm: ED25519}\n"


class Kept(World):
    """Ed25519: what is signed twice at one moment is the same, octet by octet."""

    def setUp(self):
        super().setUp()
        self.policy = self.write("ed.yaml", ED25519)
        self.sign("--policy", self.policy)
        self.file = self.state + "/zones/nl.test.signatures"

    def later(self, *args, code=0):
        """A day later, with a delegation more."""
        self.now = "2026-11-25T12:00:00Z"
        self.write("nl.test.zone", ZONE.replace("2026112401", "2026112501") + "c NS ns1\n")
        return self.sign("--json", *args, code=code)

    def both_ways(self, spoil, why):
        """Signs on from the file as it is, and in a copy of the state folder with the file spoiled."""
        copy = self.path("copy")
        os.system(f"cp -a {self.state} {copy}; cp -a {self.output} {copy}/out.zone")
        good = self.later()
        self.assertNotIn(NOTE, good.err)
        expected = self.read(self.output)
        os.system(f"rm -rf {self.state}; mv {copy} {self.state}; cp -a {self.state}/out.zone {self.output}")
        spoil()
        spoiled = self.later()
        self.assertIn(NOTE, spoiled.err)
        self.assertIn(why, spoiled.err)
        self.assertIn(why, spoiled.out)
        self.assertEqual(self.read(self.output), expected)
        kept = re.search(r'"signatures_kept": (\d+)', good.out).group(1)
        self.assertGreater(int(kept), 3)
        self.assertIn(f'"signatures_kept": {kept}', spoiled.out)
        self.assert_published_is_good()
        # It is there again.
        self.assertNotIn(NOTE, self.sign("--force").err)

    def spoil_with(self, change):
        content = self.read(self.file)
        with open(self.file, "wb") as file:
            file.write(change(content))

    def test_it_is_written_with_the_zone_and_for_nobody_else(self):
        self.assertEqual(os.stat(self.file).st_mode & 0o777, 0o600)
        self.assertEqual(glob.glob(self.state + "/zones/.*"), [])

    def test_a_missing_one_changes_nothing(self):
        self.both_ways(lambda: os.unlink(self.file), "there is none")

    def test_a_damaged_one_changes_nothing(self):
        def flip(content):
            middle = len(content) // 2
            return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:]
        self.both_ways(lambda: self.spoil_with(flip), "it is damaged")

    def test_one_that_is_cut_changes_nothing(self):
        self.both_ways(lambda: self.spoil_with(lambda content: content[:-40]), "it is cut short")

    def test_an_empty_one_changes_nothing(self):
        self.both_ways(lambda: self.spoil_with(lambda content: b""), "it is no such file")

    def test_one_that_is_far_too_large_is_not_read(self):
        self.both_ways(lambda: os.truncate(self.file, 1 << 40), "it is larger than the signatures")

    def test_a_folder_in_its_place_changes_nothing(self):
        def replace():
            os.unlink(self.file)
            os.mkdir(self.file)
        replace()
        done = self.later()
        self.assertIn("the next run reads signatures from the published zone", done.err)
        self.assert_published_is_good()

    def test_a_link_in_its_place_is_replaced_and_not_followed(self):
        other = self.write("other", "somebody's\n")
        def link():
            os.unlink(self.file)
            os.symlink(other, self.file)
        self.both_ways(link, "Too many levels of symbolic links")
        self.assertEqual(self.read(other), b"somebody's\n")
        self.assertFalse(os.path.islink(self.file))

    def test_one_of_another_zone_changes_nothing(self):
        other = self.write("fr.test.zone", ZONE.replace("nl.test", "fr.test"))
        self.z("sign", "fr.test", "-i", other, "-o", self.path("fr.out"), "--policy", self.policy, code=0)
        foreign = self.read(self.state + "/zones/fr.test.signatures")
        self.both_ways(lambda: self.spoil_with(lambda content: foreign), "it is of another zone")

    def test_one_of_an_older_version_changes_nothing(self):
        old = self.read(self.file)
        self.sign("--force")
        self.both_ways(lambda: self.spoil_with(lambda content: old), "it is of another version")

    def test_a_wrong_signature_with_right_sums_stops_at_the_gate_and_is_gone_then(self):
        def forge(content):
            head, list_size, sum_size = 328, 44, 32
            self.assertEqual(int.from_bytes(content[head - 8:head], "big"), 1)
            block = bytearray(content[head:-list_size - sum_size])
            block[-1] ^= 1
            listed = content[-list_size - sum_size:-sum_size - 32] + hashlib.sha256(block).digest()
            return content[:head] + block + listed + hashlib.sha256(content[:head] + listed).digest()
        self.spoil_with(forge)
        published = self.read(self.output)
        refused = self.later(code=1)
        self.assertIn("sig.valid", refused.err)
        self.assertEqual(self.read(self.output), published)
        self.assertIn("there is none", self.later().err)
        self.assert_published_is_good()

    def test_stdout_reads_it_and_leaves_it(self):
        before = self.read(self.file)
        done = self.sign("-o", "-", "--force")
        self.assertNotIn(NOTE, done.err)
        self.assertEqual(self.read(self.file), before)

    def test_anew_keeps_nothing_of_it(self):
        done = self.later("--anew")
        self.assertIn('"signatures_kept": 0', done.out)
        self.assertNotIn(NOTE, done.err)


if __name__ == "__main__":
    unittest.main()
