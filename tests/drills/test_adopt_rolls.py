#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Zones are adopted in the middle of rollovers of BIND's dnssec-policy and of Knot, and the rollovers are ended here: each
version passes the verifier with the one before, and caches that remember what the other signer served see no break."""

import glob
import os
import shutil
import subprocess
import tempfile
import time
import unittest

import rolls
import zs
from peer_rolls import Bind, Knot
from rolls import DAY, HOUR, ZONE, Rolling, epoch, rfc3339

START = epoch("2026-01-01T00:00:00Z")


class Adopting(Rolling):
    """`history` is what the other signer served, oldest first; its last is what is adopted."""

    algorithm = "ECDSAP256SHA256"

    def take_over(self, history, ds, refused=None):
        """`ds`: tag of the key whose DS the parent has shown since the beginning."""
        last = history[-1]
        self.clock = last.now
        self.previous = self.write("theirs", last.text)
        for snapshot in history:
            self.caches.publish(self.lines(snapshot.text), snapshot.now)
        self.caches.show_ds({(13, int(ds))}, self.ds_ttl, history[0].now)
        self.assertIsNone(self.caches.bogus())
        policy = self.policy(keys={"algorithm": self.algorithm}, signatures={"refresh": "20d", "validity": "60d"})
        done = self.z("zone", "adopt", "nl.test", last.keys, "--published", self.previous, "-i", self.input, "--policy",
                      policy, now=rfc3339(self.clock))
        if refused:
            self.assertEqual(done.returncode, 3, done.out + done.err)
            self.assertIn(refused, done.err)
            return
        self.assertEqual(done.returncode, 0, done.out + done.err)
        self.note_states()

    @staticmethod
    def lines(text):
        return [(owner, int(ttl), kind, rdata) for owner, ttl, _, kind, rdata in
                (line.split("\t", 4) for line in text.splitlines())]

    def judge_published(self):
        argv = [zs.VERIFY, "--now", self.now_text(), "--previous", self.previous, self.output]
        done = subprocess.run(argv, capture_output=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())
        self.previous = self.write("before", self.read(self.output))

    def assert_ends(self, keys=2, days=20):
        """Nothing of the old keys is left, and no key was made: the rollover that was begun is the one that ended."""
        self.run_until(self.clock + days * DAY)
        rows = [row for row in self.keys() if row["dnskey"] != "hidden"]
        self.assertEqual(len(rows), keys, self.happened)
        self.assertEqual({row["dnskey"] for row in rows}, {"omnipresent"}, self.happened)
        self.assertTrue(all(row["goal_present"] for row in rows))
        self.assertEqual({row["ds"] for row in rows if row["role"] == "KSK"}, {"omnipresent"})
        return {rolls.tag_of(row) for row in rows if not row["standby"]}


class FromBind(Adopting):
    @classmethod
    def setUpClass(cls):
        """A zone whose first rollovers have ended; each test goes on from there."""
        cls.base = tempfile.mkdtemp(prefix="zoneseal-bind-")
        cls.addClassCleanup(shutil.rmtree, cls.base, True)
        bind = Bind(os.path.join(cls.base, "bind"), ZONE)
        first = bind.at(START)
        cls.ksk, cls.zsk = bind.tag("KSK"), bind.tag("ZSK")
        when = time.strftime("%Y%m%d%H%M%S", time.gmtime(START + 3 * DAY))
        cls.begun = [first, bind.at(START + 3 * DAY, ("-checkds", "-key", cls.ksk, "-when", when, "published"))]
        cls.begun.append(bind.at(START + 6 * DAY))

    def setUp(self):
        super().setUp()
        shutil.copytree(os.path.join(self.base, "bind"), self.path("bind"))
        self.bind = Bind(self.path("bind"))

    def roll(self, tag, day=6):
        return self.bind.at(START + day * DAY, ("-rollover", "-key", tag))

    def new(self, role):
        return int(self.bind.tag(role, newest=True))

    def test_zsk_is_pre_published(self):
        self.take_over([*self.begun, self.roll(self.zsk)], self.ksk)
        self.assertEqual(self.assert_ends(), {int(self.ksk), self.new("ZSK")})

    def test_zsk_signs_some_rrsets(self):
        """named signs an RRset by the new key when its signature is due: the SOA now, most of the others days later."""
        history = [*self.begun, self.roll(self.zsk), self.bind.at(START + 6 * DAY + 2 * HOUR)]
        self.take_over(history, self.ksk)
        self.assertEqual(self.assert_ends(), {int(self.ksk), self.new("ZSK")})

    def test_zsk_signs_nothing_any_more_and_leaves(self):
        """Its K*.state says so; in the zone it looks like one that is kept ready. Caches may still hold what it signed."""
        history = [*self.begun, self.roll(self.zsk), *(self.bind.at(START + days * DAY) for days in (8, 11, 14, 17))]
        self.assertNotRegex(history[-1].text, rf"\tRRSIG\t.* {self.zsk} nl\.test\. ")
        self.assertEqual(len(history[-1].dnskeys()), 3)
        self.take_over(history, self.ksk)
        self.assertEqual([row["zrrsig"] for row in self.keys() if not row["goal_present"]], ["unretentive"])
        self.assertEqual(self.assert_ends(), {int(self.ksk), self.new("ZSK")})

    def test_ksk_is_new_and_its_ds_must_not_be_asked_for_yet(self):
        self.take_over([*self.begun, self.roll(self.ksk)], self.ksk)
        self.assertEqual([row["ds"] for row in self.keys() if row["role"] == "KSK" and row["goal_present"]], ["hidden"])
        self.assertEqual(self.assert_ends(), {int(self.zsk), self.new("KSK")})

    @staticmethod
    def without_states(snapshot):
        for path in glob.glob(os.path.join(snapshot.keys, "*.state")):
            os.unlink(path)
        return snapshot

    def test_ksk_is_new_and_only_the_cds_tell_so_that_no_ds_of_it_may_be_asked_for_alone(self):
        """They name the old key then; late in a roll they name the new one."""
        history = [*self.begun, self.without_states(self.roll(self.ksk))]
        self.assertIn(f"\tCDS\t{self.ksk} ", history[-1].text)
        self.take_over(history, self.ksk)
        self.assertEqual({row["ds"] for row in self.keys() if row["role"] == "KSK" and row["goal_present"]}, {"rumoured"})
        self.assertEqual(self.assert_ends(), {int(self.ksk), int(self.zsk)})

    def test_algorithm_that_a_policy_does_not_want_is_not_rolled_back(self):
        history = [*self.begun, *self.roll_algorithm(7)]
        self.algorithm = "ECDSAP256SHA256"
        self.take_over(history, self.ksk, refused="nothing tells which one is new")

    def test_algorithm_whose_direction_only_the_cds_tell_is_not_taken(self):
        history = [*self.begun, *self.roll_algorithm(7)]
        self.algorithm = "ECDSAP256SHA256"
        self.take_over([*history[:-1], self.without_states(history[-1])], self.ksk, refused="nothing tells which one is new")

    def test_ksk_waits_for_its_ds(self):
        history = [*self.begun, self.roll(self.ksk), self.bind.at(START + 6 * DAY + 2 * HOUR)]
        self.assertIn(f"\tCDS\t{self.new('KSK')} ", history[-1].text)
        self.take_over(history, self.ksk)
        self.assertEqual(self.assert_ends(), {int(self.zsk), self.new("KSK")})

    def roll_algorithm(self, *days):
        self.bind.algorithm, self.algorithm = "ed25519", "ED25519"
        return [self.bind.at(START + day * DAY) for day in days]

    def test_algorithm_is_new(self):
        history = [*self.begun, *self.roll_algorithm(7)]
        self.assertEqual({algorithm for _, algorithm in history[-1].dnskeys()}, {"13", "15"})
        self.take_over(history, self.ksk)
        self.assertEqual({row["algorithm"] for row in self.keys() if row["goal_present"]}, {15})
        self.assert_ends()

    def test_algorithm_waits_for_its_ds(self):
        self.take_over([*self.begun, *self.roll_algorithm(7, 9)], self.ksk)
        self.assert_ends()


class FromKnot(Adopting):
    def setUp(self):
        super().setUp()
        self.knot = Knot(self.path("knot"), ZONE)
        self.knot.begin(START)
        self.begun = [self.knot.at(START)]
        ksk, zsk = (next(int(tag) for tag in self.signers(self.begun[0].text, kind)) for kind in ("DNSKEY", "SOA"))
        self.ksk, self.zsk = ksk, zsk

    @staticmethod
    def signers(text, kind):
        return {int(line.split("\t")[4].split()[6]) for line in text.splitlines()
                if line.split("\t")[3] == "RRSIG" and line.split("\t")[4].split()[0] == kind}

    def roll(self, what, *moments):
        self.knot.rolls = f"    {what}-lifetime: 5d\n"
        return [self.knot.at(START + moment) for moment in moments]

    def test_zsk_is_pre_published_and_stays_ready(self):
        self.take_over(self.begun + self.roll("zsk", 5 * DAY + 1), self.ksk)
        self.assertEqual(self.assert_ends(keys=3), {self.ksk, self.zsk})

    def test_zsk_signs_all_and_the_old_one_stays_until_it_may_go(self):
        history = self.begun + self.roll("zsk", 5 * DAY + 1, 5 * DAY + 2 * HOUR)
        new, = self.signers(history[-1].text, "SOA")
        self.assertNotEqual(new, self.zsk)
        self.take_over(history, self.ksk)
        self.assertEqual(self.assert_ends(keys=3), {self.ksk, new})

    def test_ksk_that_is_only_published_cannot_be_told_from_the_old_one(self):
        self.take_over(self.begun + self.roll("ksk", 5 * DAY + 1), self.ksk, refused="nothing tells which one is new")

    def test_ksk_waits_for_its_ds(self):
        history = self.begun + self.roll("ksk", 5 * DAY + 1, 5 * DAY + 2 * HOUR)
        new, = self.signers(history[-1].text, "DNSKEY") - {self.ksk}
        self.take_over(history, self.ksk)
        self.assertEqual(self.assert_ends(), {self.zsk, new})

    def roll_algorithm(self, *moments):
        self.knot.algorithm, self.algorithm = "ed25519", "ED25519"
        return [self.knot.at(START + moment) for moment in moments]

    def test_algorithm_whose_keys_only_sign_cannot_be_taken(self):
        """Its signatures are there before its DNSKEYs (RFC 6781 4.1.4): what made them is not in the zone."""
        self.take_over(self.begun + self.roll_algorithm(5 * DAY), self.ksk, refused="not in the DNSKEY RRset")

    def test_algorithm_that_waits_for_its_ds_could_be_either(self):
        """The CDS name the new key now, and would name the old one in a roll the other way round."""
        history = self.begun + self.roll_algorithm(5 * DAY, 7 * DAY, 8 * DAY)
        self.assertEqual({algorithm for _, algorithm in history[-1].dnskeys()}, {"13", "15"})
        self.take_over(history, self.ksk, refused="nothing tells which one is new")


if __name__ == "__main__":
    unittest.main()
