# SPDX-License-Identifier: MIT
"""The log: whole, exported, and the keys made again from it."""
import json
import os
import sqlite3
import unittest

from zs import World


class Audit(World):
    def setUp(self):
        super().setUp()
        self.z("sign", "nl.test", "-i", self.input, "-o", self.output, code=0)

    def sql(self, text):
        with sqlite3.connect(os.path.join(self.state, "keystore.db")) as database:
            database.executescript(text)
        database.close()

    def test_a_whole_log_says_so_with_its_head(self):
        out = self.z("audit", "verify", code=0).out
        self.assertIn("each fits the one before it", out)
        head = json.loads(self.z("audit", "verify", "--json", code=0).out)["head"]
        self.assertIn(head, out)
        self.assertIn(head[:16], self.z("sign", "nl.test", "-i", self.input, "-o", self.output, code=0).err)

    def test_an_edited_row_is_found_and_nothing_is_made_from_it(self):
        self.sql("DROP TRIGGER audit_is_not_changed;"
                 "UPDATE audit SET detail = replace(detail, 'rumoured', 'omnipresent') WHERE what = 'keys changed'")
        for command in ("verify", "replay"):
            self.assertIn("was altered", self.z("audit", command, code=1).err)

    def test_every_row_is_exported_as_one_object(self):
        lines = self.z("audit", "export", "--json", code=0).out.splitlines()
        rows = [json.loads(line) for line in lines]
        self.assertEqual([row["row"] for row in rows], list(range(1, len(rows) + 1)))
        self.assertEqual({row["schema"] for row in rows}, {"zoneseal.audit/1"})
        changed = [row for row in rows if row["what"] == "keys changed"]
        self.assertIn("DNSKEY published since", changed[0]["detail"])
        self.assertEqual(len(changed[0]["keys"].splitlines()), 2)
        text = self.z("audit", "export", "nl.test", code=0).out
        self.assertIn("dnskey rumoured@", text)
        self.assertEqual(self.z("audit", "export", "--since", "2030-01-01T00:00:00Z", code=0).out, "")
        self.z("audit", "export", "--since", "yesterday", code=2)
        self.z("audit", "export", "de.test", code=66)

    def test_what_an_intruder_wrote_does_not_reach_the_terminal(self):
        self.sql("DROP TRIGGER audit_is_not_changed;"
                 "UPDATE audit SET actor = char(27) || '[2J', detail = char(27) || hex(zeroblob(5000)) WHERE id = 1")
        out = self.z("audit", "export", code=0).out
        self.assertIn("\\027[2J", out)
        self.assertNotIn("\x1b", out)
        self.assertIn("0" * 10000, out)

    def test_the_log_makes_every_key_again(self):
        done = self.z("audit", "replay", code=0)
        self.assertEqual(done.out.count("dnskey rumoured@"), 2)
        self.assertIn("2 keys made again from the log", done.err)

    def test_a_key_that_was_edited_behind_the_log_is_named(self):
        self.sql("UPDATE keys SET dnskey = 'omnipresent' WHERE role = 'ZSK'")
        self.z("audit", "verify", code=0)
        done = self.z("audit", "replay", code=1)
        self.assertIn("PROBLEM: the keystore says otherwise than the log", done.out)
        self.assertIn("keystore: ZSK", done.out)
        self.assertIn("1 of 2 keys", done.err)
        report = json.loads(self.z("audit", "replay", "--json", code=1).out)
        self.assertEqual(report["problems"], 1)

    def test_the_log_of_a_zone_tells_of_keys_in_words(self):
        out = self.z("log", "nl.test", code=0).out
        self.assertIn("signs the zone since", out)
        self.assertNotIn("revoked-tag", out)

    def test_a_restored_keystore_brings_its_log_and_caches(self):
        backup = self.path("backup.tar")
        self.z("backup", "--with-keys", backup, code=0)
        self.state = self.path("other")
        self.z("restore", backup, code=0)
        self.z("audit", "verify", code=0)
        self.z("audit", "replay", code=0)


if __name__ == "__main__":
    unittest.main()
