# SPDX-License-Identifier: MIT
"""key revoke: refused while anything depends on the key; then the zone has it in its revoked form, and is good."""
import sqlite3
import subprocess
import unittest

from zs import ZONE, World


class Revoke(World):
    def setUp(self):
        super().setUp()
        self.sign()
        self.tag = self.ksks()[0]["tag"]

    def ksks(self):
        return [key for key in self.json("key", "list", "nl.test", code=0)["keys"] if key["role"] == "ksk"]

    def former_and_present(self):
        """As after a rollover: the first KSK is no longer wanted, its DS is gone, and another one has taken its place."""
        self.z("key", "generate", "nl.test", "--ksk", code=0)
        with sqlite3.connect(self.state + "/keystore.db") as store:
            ids = [row[0] for row in store.execute("SELECT id FROM keys WHERE lower(role) = 'ksk' ORDER BY id")]
            for key, goal, ds in ((ids[0], 0, "hidden"), (ids[1], 1, "omnipresent")):
                store.execute("UPDATE keys SET goal_present = ?, dnskey = 'omnipresent', krrsig = 'omnipresent', ds = ?"
                              " WHERE id = ?", (goal, ds, key))
        store.close()

    def lines(self, part):
        return [line for line in self.read(self.output).decode().splitlines() if part in line]

    def test_a_revoked_key_is_published_with_its_bit_and_signs_the_key_set(self):
        self.former_and_present()
        self.sign()
        before = self.tree()
        told = self.json("key", "revoke", "nl.test", str(self.tag), "--dry-run", code=0)
        self.assertTrue(told["dry_run"])
        self.assertEqual(self.tree(), before)
        self.z("key", "revoke", "nl.test", str(self.tag), "--no-input", code=2)
        self.z("key", "revoke", "nl.test", str(self.tag), "--yes", "--reason", "replaced", code=0)
        self.assertIn("policy or keys changed", self.sign().err)
        self.assertEqual(len(self.lines("\tDNSKEY\t385 3 13 ")), 1)
        self.assertEqual(len(self.lines("\tDNSKEY\t257 3 13 ")), 1)
        signers = {int(line.split()[10]) for line in self.lines("\tRRSIG\tDNSKEY ")}
        self.assertIn(told["revoked_tag"], signers)
        self.assertNotIn(self.tag, signers)
        self.assert_published_is_good()
        done = subprocess.run(["kzonecheck", "-o", "nl.test.", "-t", "1795521600", "-d", "on", self.output],
                              capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual([key["state"] for key in self.ksks() if key["tag"] == self.tag], ["revoked"])
        self.assertIn("already", self.z("key", "revoke", "nl.test", str(told["revoked_tag"]), "--yes", code=3).err)
        self.assertIn("revoked: replaced", self.z("log", "nl.test", code=0).out)

    def test_it_is_refused_while_a_ds_exists(self):
        self.former_and_present()
        present = [key["tag"] for key in self.ksks() if key["tag"] != self.tag][0]
        before = self.tree()
        self.assertIn("DS of it", self.z("key", "revoke", "nl.test", str(present), "--yes", code=3).err)
        self.assertEqual(self.tree(), before)

    def test_the_only_key_and_zsks_are_refused(self):
        self.assertIn("rest on a revoked key", self.z("key", "revoke", "nl.test", str(self.tag), "--yes", code=3).err)
        zsk = [key["tag"] for key in self.json("key", "list", "nl.test", code=0)["keys"] if key["role"] == "zsk"][0]
        self.assertIn("ZSK", self.z("key", "revoke", "nl.test", str(zsk), "--yes", code=3).err)
        self.z("key", "revoke", "nl.test", "no-such-key", "--yes", code=66)


class Unsigned(World):
    """zoneseal verify tells a zone that has left DNSSEC on purpose from one that lost its signatures."""

    def test_an_unsigned_zone_passes_only_if_the_policy_wants_it(self):
        for goal, code in (("signed", 1), ("insecure", 0)):
            with self.subTest(goal):
                name = f"{goal}.test"
                policy = self.write(goal + ".yaml", f'name: "{goal}"\nzone:\n  dnssec: {goal}\n  zonemd: false\n')
                plain = self.write(goal, ZONE.replace("nl.test", name))
                self.z("zone", "add", name, "-i", plain, "--policy", policy, code=0)
                self.z("verify", name, plain, code=code)


if __name__ == "__main__":
    unittest.main()
