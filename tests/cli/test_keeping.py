# SPDX-License-Identifier: MIT
"""What the keystore must never lose or mix up: keys in backups, serials on stdout, keys under another policy."""
import os
import tarfile
import unittest

from zs import World


class RemovedZone(World):
    def setUp(self):
        super().setUp()
        self.sign()

    def test_backup_holds_the_keys_of_removed_zones(self):
        self.z("zone", "remove", "nl.test", "--yes", code=0)
        file = self.path("backup.tar")
        self.z("backup", "--with-keys", file, code=0)
        with tarfile.open(file) as tar:
            self.assertEqual(len([name for name in tar.getnames() if name.startswith("keys/")]), 2)
        left = [name for name in os.listdir(self.state) if name.startswith(".backup-")]
        self.assertEqual(left, [])
        self.state = self.path("state2")
        self.z("restore", file, code=0)
        self.sign("--force")
        self.assert_published_is_good()


class Stdout(World):
    def test_one_serial_has_one_content(self):
        first = self.z("sign", "nl.test", "-i", self.input, "-o", "-", code=0).stdout
        second = self.z("sign", "nl.test", "-i", self.input, "-o", "-", code=0).stdout
        serials = [int(text.split(b"\n", 1)[0].split()[6]) for text in (first, second)]
        self.assertEqual(serials[1], serials[0] + 1)
        self.sign()
        self.assertEqual(self.serial(), serials[1] + 1)
        self.assert_published_is_good()
        self.assertIn("up to date", self.sign().err)


if __name__ == "__main__":
    unittest.main()
