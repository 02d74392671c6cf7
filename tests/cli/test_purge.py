# SPDX-License-Identifier: MIT
"""The end of a key: its private half goes when nothing in the world needs it, and never before."""
import json
import os
import sqlite3
import unittest

from zs import World

AFTER = "2027-03-01T00:00:00Z"  # more than keys.purge-after of the default policy


class Purge(World):
    def setUp(self):
        super().setUp()
        self.sign_args = ("sign", "nl.test", "-i", self.input, "-o", self.output)
        self.z(*self.sign_args, code=0)
        self.z("key", "generate", "nl.test", "--zsk", code=0)
        self.keys = json.loads(self.z("key", "list", "nl.test", "--json", code=0).out)["keys"]
        self.spare = self.keys[-1]["fingerprint"]

    def files(self):
        return sorted(os.listdir(os.path.join(self.state, "keys")))

    def holds(self, fingerprint):
        return any(fingerprint in name for name in self.files())

    def purge(self, *args, **more):
        return self.z("key", "purge", "nl.test", *args, **more)

    def test_too_early_is_refused_with_the_date(self):
        done = self.purge(self.spare, "--yes", code=3)
        self.assertIn("2027-02-22T12:00:00Z", done.err)
        self.assertIn("its private half stays", done.err)
        self.assertTrue(self.holds(self.spare))

    def test_a_key_in_use_is_never_purged(self):
        for key in self.keys[:2]:
            self.assertIn("it is to be used", self.purge(key["fingerprint"], "--yes", code=3, now=AFTER).err)
        self.assertEqual(len(self.files()), 3)

    def test_a_dry_run_says_what_it_would_do_and_does_nothing(self):
        self.assertIn("would destroy", self.purge(self.spare, "--dry-run", code=0, now=AFTER).err)
        self.assertTrue(self.holds(self.spare))

    def test_somebody_has_to_say_yes(self):
        self.assertIn("--yes", self.purge(self.spare, code=2, now=AFTER).err)
        self.assertTrue(self.holds(self.spare))

    def test_it_is_gone_and_the_log_and_backups_know(self):
        report = json.loads(self.purge(self.spare, "--yes", "--json", "--reason", "test 7", code=0, now=AFTER).out)
        self.assertEqual((report["fingerprint"], report["dry_run"]), (self.spare, False))
        self.assertFalse(self.holds(self.spare))
        self.assertEqual(len(self.files()), 2)
        self.now = AFTER
        self.assertIn("destroyed already", self.purge(self.spare, "--yes", code=3).err)
        self.assertIn("test 7", self.z("log", "nl.test", code=0).out)
        self.z("audit", "replay", code=0)
        self.z(*self.sign_args, "--force", code=0)
        backup = self.path("backup.tar")
        self.z("backup", "--with-keys", backup, code=0)
        self.state = self.path("other")
        self.z("restore", backup, code=0)
        self.z("audit", "replay", code=0)

    def test_a_key_in_reserve_stays_until_somebody_says_so(self):
        self.z(*self.sign_args, code=0, now=AFTER)
        self.assertTrue(self.holds(self.spare))

    def alter(self, text):
        with sqlite3.connect(os.path.join(self.state, "keystore.db")) as database:
            database.execute(text, (bytes.fromhex(self.spare),))
        database.close()

    def test_a_run_does_what_the_policy_wants_for_keys_that_were_in_use(self):
        self.alter("UPDATE keys SET active = created WHERE fingerprint = ?")
        self.z(*self.sign_args, code=0)
        self.assertTrue(self.holds(self.spare))
        self.assertIn("destroyed the private half of 1 keys", self.z(*self.sign_args, code=0, now=AFTER).err)
        self.assertFalse(self.holds(self.spare))

    def test_what_was_interrupted_is_done_by_the_next_run(self):
        self.alter("UPDATE keys SET purging = 1795000000 WHERE fingerprint = ?")
        self.z(*self.sign_args, code=0)
        self.assertFalse(self.holds(self.spare))
        self.assertIn("destroyed already", self.purge(self.spare, "--yes", code=3, now=AFTER).err)

    def test_a_key_that_is_not_there_is_not_guessed(self):
        self.purge("ffffffff", "--yes", code=66)
        self.purge("--yes", code=2)


if __name__ == "__main__":
    unittest.main()
