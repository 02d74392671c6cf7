# SPDX-License-Identifier: MIT
"""Keys that are made ahead, and keys that wait for their backup."""
import json
import unittest

from zs import World

REASON = ("--reason", "tape 7, vault of site B")


class Pool(World):
    policy = "name: p\nkeys:\n  pool-zsk: 2\n  pool-ksk: 1\n"

    def setUp(self):
        super().setUp()
        self.output = self.path("state", "zones", "nl.test.zone")
        path = self.write("p.yaml", self.policy)
        self.z("zone", "add", "nl.test", "-i", self.input, "--policy", path, code=0)

    def keys(self):
        return json.loads(self.z("key", "list", "nl.test", "--json", code=0).out)["keys"]

    def status(self):
        return json.loads(self.z("status", "nl.test", "--json", code=0).out)["zones"][0]

    def spare(self, role):
        return [key for key in self.keys() if key["state"] == "prepared" and key["role"] == role]


class MadeAhead(Pool):
    def test_a_run_fills_the_pool_and_status_tells_its_depth(self):
        self.z("run", code=0)
        self.assertEqual(self.status()["pool"], [
            {"role": "ksk", "have": 1, "wanted": 1, "waiting_for_backup": 0},
            {"role": "zsk", "have": 2, "wanted": 2, "waiting_for_backup": 0}])
        self.assertIn("Pool       ZSK: 2 of 2 made ahead\n", self.z("status", "nl.test", code=0).out)
        self.assertEqual(len(self.keys()), 5)
        with open(self.output, encoding="ascii") as zone:
            self.assertEqual(sum("\tDNSKEY\t" in line for line in zone), 2)

    def test_a_rollover_takes_from_the_pool_and_the_pool_is_filled_again(self):
        self.z("run", code=0)
        first = self.spare("zsk")[0]["fingerprint"]
        self.now = "2026-11-27T12:00:00Z"
        self.z("run", code=0)
        self.z("roll", "start", "nl.test", "--zsk", code=0)
        self.z("run", code=0)
        taken = [key for key in self.keys() if key["fingerprint"] == first][0]
        self.assertEqual(taken["state"], "publishing")
        self.assertEqual(len(self.spare("zsk")), 2)
        self.z("audit", "replay", code=0)

    def test_nothing_is_due_once_the_pool_is_full(self):
        self.z("run", code=0)
        before = self.read(self.output)
        self.z("run", code=0)
        self.assertEqual(self.read(self.output), before)
        self.assertEqual(len(self.keys()), 5)


class BackupFirst(Pool):
    policy = "name: p\nkeys:\n  pool-zsk: 1\n  require-backup: true\n"

    def test_the_first_publication_waits_for_the_backup_of_all_its_keys(self):
        done = self.z("run", code=3)
        self.assertIn("key backup-done nl.test. --all", done.err)
        self.assertFalse(self.exists())
        keys = self.keys()
        self.z("key", "backup-done", "nl.test", keys[0]["fingerprint"], *REASON, code=0)
        self.z("run", code=3)
        self.assertFalse(self.exists())
        self.z("key", "backup-done", "nl.test", "--all", *REASON, code=0)
        self.z("run", code=0)
        self.assertTrue(self.exists())

    def exists(self):
        try:
            return self.read(self.output) != b""
        except FileNotFoundError:
            return False

    def publish(self):
        self.z("run", code=3)
        self.z("key", "backup-done", "nl.test", "--all", *REASON, code=0)
        self.z("run", code=0)

    def test_a_rollover_waits_for_the_backup_and_status_says_who_ends_it(self):
        self.z("run", code=3)
        for key in self.keys()[:2]:
            self.z("key", "backup-done", "nl.test", key["fingerprint"], *REASON, code=0)
        self.z("run", code=0)
        waits = self.status()["waits"]
        self.assertIn("made ahead", [row["what"] for row in waits if row["who"] == "you"][0])
        self.assertEqual(self.status()["pool"][0]["waiting_for_backup"], 1)
        self.now = "2026-11-27T12:00:00Z"
        self.z("run", code=0)
        self.z("roll", "start", "nl.test", "--zsk", code=0)
        taken = [key for key in self.keys() if key["waits_for"] and "YOU: a backup" in key["waits_for"]]
        self.assertTrue(taken)
        self.z("run", code=0)
        with open(self.output, encoding="ascii") as zone:
            self.assertEqual(sum("\tDNSKEY\t" in line for line in zone), 2)
        wait = [row for row in self.status()["waits"] if "a backup of ZSK" in row["what"]][0]
        self.assertEqual(wait["who"], "you")
        self.assertIn("key backup-done nl.test. --all", wait["command"])
        self.assertIn("the zone stays valid", wait["if_nobody"])
        self.assertIn("OK, but an action for you", self.z("status", "nl.test", code=0).out)
        self.z("key", "backup-done", "nl.test", "--all", *REASON, code=0)
        self.z("run", code=0)
        with open(self.output, encoding="ascii") as zone:
            self.assertEqual(sum("\tDNSKEY\t" in line for line in zone), 3)
        self.z("audit", "replay", code=0)

    def test_status_says_which_stolen_key_waits_for_the_backup_of_its_successor(self):
        self.z("run", code=3)
        for key in self.keys()[:2]:
            self.z("key", "backup-done", "nl.test", key["fingerprint"], *REASON, code=0)
        self.z("run", code=0)
        zsk = next(key["tag"] for key in self.keys() if key["role"] == "zsk" and key["state"] != "prepared")
        self.now = "2026-11-28T12:00:00Z"
        self.z("run", "nl.test", code=0)
        self.z("emergency", "nl.test", "--key", str(zsk), "--plan", "security-first", *REASON, code=0)
        self.z("run", "nl.test")
        wait = self.status()["waits"][0]  # before the DS, which waits for a person too
        self.assertGreater(len(self.status()["waits"]), 1)
        self.assertIn(f"so that ZSK {zsk} can leave at once", self.z("status", "nl.test", code=0).out.splitlines()[0])
        self.assertRegex(wait["what"], rf"^a backup of ZSK \d+, so that ZSK {zsk} can leave at once$")
        self.assertEqual(wait["if_nobody"], f"ZSK {zsk}, which may be stolen, stays in the zone and goes on signing")
        self.z("key", "backup-done", "nl.test", "--all", *REASON, code=0)
        self.z("run", "nl.test", code=0)
        self.assertNotIn("so that", json.dumps(self.status()))

    def test_the_log_tells_who_said_where_the_backup_is(self):
        self.publish()
        log = self.z("log", "nl.test", code=0).out
        self.assertIn("key backed up", log)
        self.assertIn("tape 7, vault of site B", log)
        self.z("audit", "verify", code=0)

    def test_what_is_not_so_is_not_noted(self):
        self.publish()
        some = self.keys()[0]["fingerprint"]
        self.assertIn("in a backup already", self.z("key", "backup-done", "nl.test", some, *REASON, code=3).err)
        self.z("key", "backup-done", "nl.test", "--all", code=2)
        self.z("key", "backup-done", "nl.test", *REASON, code=2)
        self.z("key", "backup-done", "nl.test", some, "--all", *REASON, code=2)
        self.z("key", "backup-done", "nl.test", "ffffffff", *REASON, code=66)

    def test_a_dry_run_notes_nothing(self):
        self.z("run", code=3)
        self.z("key", "backup-done", "nl.test", "--all", *REASON, "--dry-run", code=0)
        self.z("run", code=3)


if __name__ == "__main__":
    unittest.main()
