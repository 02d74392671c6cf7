# SPDX-License-Identifier: MIT
"""zone diff compares files and needs no keystore; run says what a new version changes."""
import os
import random
import re
import subprocess
import time
import unittest

from zs import ZONE, ZONESEAL, World, delegations


class Diff(World):
    def diff(self, old, new, *args, code=1):
        return self.z("zone", "diff", self.write("old", old), self.write("new", new), *args, code=code)

    def test_the_signed_form_has_the_content_of_the_input(self):
        self.sign()
        said = self.z("zone", "diff", "nl.test", self.input, self.output, code=0).out
        self.assertIn("THE SAME", said.splitlines()[0])
        said = self.z("zone", "diff", self.input, self.output, "--dnssec", code=1).out
        self.assertRegex(said, r"(?m)^made by the signer +\d+ +0 +0$")

    def test_a_keystore_is_neither_needed_nor_made(self):
        done = self.z("zone", "diff", self.input, self.input, "--state", self.path("none"), code=0)
        self.assertEqual(done.err, "")
        self.assertFalse(os.path.exists(self.path("none")))

    def test_no_more_lines_than_wanted(self):
        said = self.diff(ZONE, delegations(40), "--most", "7").out
        self.assertEqual(len(re.findall(r"(?m)^\+ ", said)), 7)
        self.assertIn("... and 73 records more", said)
        document = self.json("zone", "diff", self.path("old"), self.path("new"), "--most", "7", code=1)
        self.assertEqual((len(document["records"]), document["records_left_out"]), (7, 73))
        self.assertEqual(document["rrsets"]["delegations"], {"added": 40, "removed": 0, "changed": 0})
        self.assertEqual(document["rrsets"]["glue"]["added"], 40)
        self.diff(ZONE, ZONE, "--most", "0", code=2)

    def test_shuffled_and_spelled_otherwise(self):
        lines = self.z("zone", "diff", self.write("a", ZONE), self.write("b", delegations(500)), "--most", "9999", code=1).out
        records = [line[2:] for line in lines.splitlines() if line.startswith("+ ")]
        self.assertEqual(len(records), 1000)
        random.Random(7).shuffle(records)
        shuffled = ZONE + "".join(record.upper() + " ; of another tool\n" for record in records)
        self.diff(delegations(500), shuffled, code=0)

    def test_a_large_zone_in_the_worst_order_takes_no_square_of_time(self):
        names = [f"d{i:06}" for i in range(60000)]
        text = ZONE + "".join(f"{name} NS ns.x.\n" for name in names)
        back = ZONE + "".join(f"{name} NS ns.x.\n" for name in reversed(names[1:]))
        begin = time.monotonic()
        said = self.diff(text, back).out
        self.assertLess(time.monotonic() - begin, 20)
        self.assertEqual([line for line in said.splitlines() if line[:2] in ("+ ", "- ")], ["- d000000.nl.test.\t3600\tIN\tNS\tns.x."])

    def test_a_zone_s_names_move_no_terminal(self):
        said = self.diff(ZONE, ZONE + '\\027]0\\;x\\007 TXT "\\027[2J" "\\200"\n').stdout
        self.assertTrue(all(byte in b"\t\n" or 0x20 <= byte < 0x7f for byte in said), said)
        self.assertIn(rb"\027[2J", said)

    def test_what_cannot_be_compared(self):
        for code, args, words in (
                (65, (self.write("empty", ""), self.input), "empty"),
                (65, (self.input, self.write("cut", "@ SOA ns")), "cut"),
                (65, (self.write("nosoa", "a.test. 60 IN A 192.0.2.1\n"), self.input), "no SOA"),
                (66, (self.path("nowhere"), self.input), "nowhere"),
                (66, (self.folder, self.input), "folder"),
                (2, (self.write("other", ZONE.replace("nl.test", "se.test")), self.input), "two zones"),
                (2, ("-", "-"), "standard input"),
                (2, ("..", self.input, self.input), "zone"),
                (2, (self.input,), "")):
            with self.subTest(args):
                done = self.z("zone", "diff", *args, code=code)
                self.assertIn(words, done.err)
                self.assertEqual(done.out, "")

    def test_one_of_them_on_standard_input(self):
        self.z("zone", "diff", "-", self.input, code=0, stdin=ZONE.encode())
        bare = ZONE.replace("$ORIGIN nl.test.\n", "")
        self.z("zone", "diff", "nl.test", self.input, "-", code=0, stdin=bare.encode())
        self.assertIn("name the zone", self.z("zone", "diff", self.input, "-", code=2, stdin=bare.encode()).err)

    def test_a_full_standard_output_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([ZONESEAL, "zone", "diff", self.input, self.input], stdout=full, stderr=subprocess.PIPE,
                                  env=self.environment(), check=False)
        self.assertEqual(done.returncode, 74)


class Summary(World):
    def test_a_new_version_is_told_by_what_it_changes(self):
        first = self.sign()
        self.assertNotIn("against serial", first.err)
        before = self.serial()
        self.now = "2026-11-24T13:00:00Z"
        self.input = self.write("nl.test.zone", ZONE.replace("2026112401", "2026112402").replace("192.0.2.2", "192.0.2.3")
                                .replace("b DS", "c NS ns1\nc DS").replace("host", "other"))
        done = self.sign()
        self.assertIn(f"nl.test. against serial {before}: delegations +1, DS +1 -1, glue ~1, apex ~1; 9 records, 8 before\n", done.err)
        changes = self.json("verify", "--last", "nl.test", code=0)["changes"]
        self.assertEqual((changes["serial"], changes["ds_removed"], changes["delegations_removed"]), (before, 1, 0))

    def test_one_that_is_signed_again_says_that_nothing_changed(self):
        self.sign()
        self.now = "2026-11-24T13:00:00Z"
        self.assertIn("delegations, DS, glue and apex as before; 8 records, 8 before", self.sign("--force").err)
        self.assertNotIn("against serial", self.sign().err)


if __name__ == "__main__":
    unittest.main()
