# SPDX-License-Identifier: MIT
"""A backup is restored into the middle of a roll whose keys are on tokens."""
import os
import unittest

from hsm import Tokens


class Restored(Tokens):
    """A backup refers to keys on tokens; they are not in it."""

    def setUp(self):
        super().setUp()
        self.z("run", code=0)
        self.now = "2026-11-26T12:00:00Z"
        self.z("run", code=0)
        self.backup("first.tar")
        self.z("roll", "start", "nl.test", "--zsk", code=0)
        self.z("run", code=0)
        self.backup("second.tar")
        self.new = [key for key in self.json("key", "list", "nl.test")["keys"] if key["role"] == "zsk"][-1]

    def backup(self, name):
        self.z("backup", "--with-keys", self.path(name), code=0)

    def lose_and_restore(self, name, code):
        published = self.read(self.output)
        os.rename(self.state, self.path("lost"))
        os.makedirs(os.path.dirname(self.output), 0o700)
        self.write(self.output, published)
        return self.z("restore", self.path(name), code=code)

    def test_a_roll_of_keys_on_tokens_goes_on_from_a_backup(self):
        self.lose_and_restore("second.tar", 0)
        self.refused("there is no keys/stores.conf in the state folder that says which")
        self.configure()
        for self.now in ("2026-11-26T12:10:00Z", "2026-11-30T12:00:00Z", "2026-12-20T12:00:00Z", "2027-01-20T12:00:00Z"):
            self.z("run", code=0)
            self.assert_published_is_good()
        self.assertEqual(self.key("zsk")["state"], "removed")
        self.assertIn(self.new["fingerprint"], self.on_token("c", "-O"))

    def test_an_older_one_is_refused_and_no_key_is_destroyed(self):
        done = self.lose_and_restore("first.tar", 3)
        self.assertIn("is not the version that the backup remembers", done.err)
        self.configure()
        self.refused("not reconciled", code=3)
        self.z("restore", "--accept", "drill", "--yes", code=0)
        before = self.read(self.output)
        self.assertIn("are not in this keystore", self.z("sign", "nl.test", "--replace", code=3).err)
        self.assertEqual(self.read(self.output), before)
        for name in "abc":
            self.assertIn(self.new["fingerprint"], self.on_token(name, "-O"))


if __name__ == "__main__":
    unittest.main()
