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


if __name__ == "__main__":
    unittest.main()
