# SPDX-License-Identifier: MIT
"""A roll whose signatures go over to the new key in several runs: each run signs its part and no more, nothing is signed
twice, and the old key stays until no cache needs it."""
import collections
import datetime
import json
import re
import unittest

from zs import World, delegations

NAMES, RUNS = 400, 5
POLICY = """name: spread
keys: {dnskey-ttl: 1h, zsk: {lifetime: unlimited}, publish-safety: 0s, retire-safety: 1h}
signatures: {validity: 21d, refresh: 10d, jitter: 2d, roll-runs: %d, roll-interval: 6h}
zone: {max-ttl: 2h, propagation-delay: 1h, serial: increment}
"""


class Spread(World):
    def setUp(self):
        super().setUp()
        self.write("nl.test.zone", delegations(NAMES))
        self.sign("--policy", self.write("spread.yaml", POLICY % RUNS))
        self.old = self.tag()
        self.pass_by(hours=12)
        self.sign()
        self.z("roll", "start", "nl.test", "--zsk", code=0)
        self.sign()  # its DNSKEY
        self.new = self.tag(self.old)

    def pass_by(self, **more):
        now = datetime.datetime.fromisoformat(self.now.replace("Z", "+00:00")) + datetime.timedelta(**more)
        self.now = now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def keys(self):
        return {key["tag"]: key for key in self.json("key", "list", "nl.test", code=0)["keys"]}

    def tag(self, but=None):
        tag, = [key["tag"] for key in self.keys().values() if key["role"] == "zsk" and key["tag"] != but]
        return tag

    def signatures(self):
        """The key of each RRset of the zone, and the signature."""
        found = {}
        for line in self.read(self.output).decode().splitlines():
            words = line.split()
            if words[3] == "RRSIG" and words[4] not in ("DNSKEY", "CDS", "CDNSKEY"):
                self.assertNotIn((words[0], words[4]), found, "two keys sign one RRset")
                found[words[0], words[4]] = (int(words[10]), words[12])
        return found

    def run_json(self):
        found = json.loads(self.sign("--json").out)
        return {"result": found["result"], **(found["counts"] or {})}

    def by_old(self):
        return sum(tag == self.old for tag, _ in self.signatures().values())

    def part(self):
        """A run that has a part to sign; how many signatures it made."""
        before = self.signatures()
        made = self.run_json()["signatures_made"]
        after = self.signatures()
        changed = [rrset for rrset in after if after[rrset] != before.get(rrset)]
        self.assertEqual({after[rrset][0] for rrset in changed}, {self.new}, "only the new key signs")
        again = [rrset for rrset in changed if rrset in before and before[rrset][0] == self.new]
        self.assertLessEqual({kind for _, kind in again}, {"SOA", "ZONEMD"}, "no signature is made twice")
        self.assertIn(made, (len(changed), len(changed) + 1))  # the DNSKEY RRset, where a key came or went
        self.assert_published_is_good()
        return made

    def begin(self):
        self.pass_by(hours=3)
        return self.part()

    def all_parts(self):
        made = [self.begin()]
        for _ in range(RUNS - 1):
            self.assertGreater(self.by_old(), 0)
            self.pass_by(hours=6)
            made.append(self.part())
        return made


class Parts(Spread):
    def test_each_run_signs_its_part_and_the_last_leaves_none_of_the_old_key(self):
        total = len(self.signatures())
        self.assertGreater(total, NAMES)
        made = self.all_parts()
        self.assertEqual(self.by_old(), 0)
        share = total / RUNS
        for count in made:  # five standard deviations, and SOA, ZONEMD, DNSKEY
            self.assertLess(abs(count - share), 5 * (share * (1 - 1 / RUNS)) ** 0.5 + 3, made)
        self.assertLessEqual(sum(made), total + 3 * RUNS)

    def test_the_old_key_leaves_when_its_last_signatures_have_left_caches(self):
        """The last part, TTL 1h (which is what the zone has), propagation 1h, retire safety 1h."""
        self.pass_by(hours=3)
        planned = self.plan_of_the_end()
        self.part()
        ends = self.waits()
        for _ in range(RUNS - 1):
            self.assertEqual(ends[0], planned, ends)
            self.assertRegex(ends[1], r"\+ signing the parts that are left [0-9dh]+ \+ largest TTL of the zone 1h \+ propagation 1h \+ retire safety 1h")
            self.pass_by(hours=6)
            self.part()
            ends = self.waits()
        self.assertEqual(ends[0], planned)
        self.pass_by(hours=3, seconds=-1)
        self.sign()
        self.assertTrue(self.has_dnskey(self.old))
        self.pass_by(seconds=1)
        self.assertEqual(self.now, planned)
        self.sign()
        self.assertFalse(self.has_dnskey(self.old))

    def has_dnskey(self, tag):
        return self.keys()[tag]["published"]

    def waits(self):
        """Until when the new key's signatures are waited for, and the sum."""
        waits = [wait for wait in self.json("status", "nl.test", code=0)["zones"][0]["waits"]
                 if wait["what"] == f"signatures of ZSK {self.new} to be in all caches"]
        return waits[0]["earliest"], waits[0]["sum"]

    def plan_of_the_end(self):
        plan = self.json("plan", "nl.test", code=0)["plan"]
        return [line["when"] for line in plan if line["what"] == f"removes the DNSKEY of ZSK {self.old}"][0]

    def test_a_run_before_its_time_and_one_that_is_late_sign_no_more_than_a_part(self):
        self.begin()
        left = self.by_old()
        self.pass_by(hours=5)
        self.assertEqual(self.run_json()["result"], "up_to_date")
        self.pass_by(hours=48)
        self.part()
        self.assertLess(abs(self.by_old() - left * 3 / 4), 0.15 * left)
        self.assertEqual(self.run_json()["result"], "up_to_date")

    def test_what_changes_meanwhile_is_signed_by_the_new_key(self):
        self.begin()
        text = self.read(self.input).decode().replace("2026112401", "2026112402")
        self.write("nl.test.zone", re.sub(r"192\.0\.2\.2\b", "192.0.2.99", text) + "new NS ns1\nnew DS 1 13 2 " + "0" * 64 + "\n")
        signatures = self.run_json()
        self.assertLess(signatures["signatures_made"], 8)
        self.assertEqual(self.signatures()["new.nl.test.", "DS"][0], self.new)
        self.assert_published_is_good()

    def test_a_policy_without_the_spread_ends_it_with_the_next_part(self):
        self.begin()
        self.z("policy", "apply", "nl.test", self.write("spread.yaml", POLICY % 1), code=0)
        self.pass_by(hours=6)
        self.sign()
        self.assertEqual(self.by_old(), 0)

    def test_a_stolen_old_key_leaves_in_one_version(self):
        self.begin()
        self.z("emergency", "nl.test", "--key", str(self.old), "--plan", "security-first", "--reason", "stolen", code=0)
        self.sign()
        self.assertEqual(self.by_old(), 0)
        self.assertFalse(self.has_dnskey(self.old))
        self.assert_published_is_good()

    def test_later_refreshes_are_spread_as_the_parts_were(self):
        self.all_parts()
        ends = collections.Counter()
        for line in self.read(self.output).decode().splitlines():
            words = line.split()
            if words[3] == "RRSIG" and words[10] == str(self.new):
                ends[words[8][:8]] += 1
        self.assertLess(max(ends.values()), 0.6 * sum(ends.values()), ends)
        self.assertGreaterEqual(len(ends), 3, ends)


if __name__ == "__main__":
    unittest.main(verbosity=2)
