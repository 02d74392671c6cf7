#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Five years of a shipped policy on a virtual clock: every version passes the verifier, and at each step of each roll
validators whose caches are full of the version before it go on validating. See lifetime.py and step_caches.py."""

import collections
import unittest

from lifetime import DATA_TTL, DAY, DS_TTL, YEAR, Lifetime, Moment, instant
from step_caches import Bogus, EmptyCache, Steps

KSK_ROLLS = [int(years * YEAR) for years in (0.8, 1.9, 3.1, 4.3)]
STEPS = ("ZSK appears", "another ZSK signs", "ZSK leaves", "KSK appears", "other KSKs sign", "KSK leaves", "DS appears",
         "DS leaves")


class Years(Lifetime):
    years, opt_out = 5, False

    def begin(self, policy):
        self.adopt_policy(policy)
        self.steps = Steps(self.folder, self.anchor, self.child_files, self.opt_out)
        self.seen, self.judged = collections.Counter(), 0

    def oldest(self, ttl, delay):
        """The first moment of which a cache may still have something: some server had it until less than a delay ago."""
        for moment, following in zip(self.history, self.history[1:]):
            if following.begins + delay + ttl > self.clock:
                return moment
        raise AssertionError("the newest is held in any case")

    def older(self):
        """Of data, DNSKEY and DS."""
        ttl = self.history[-2].chain.dnskey_ttl
        return (self.oldest(DATA_TTL, self.propagation), self.oldest(ttl, self.propagation),
                self.oldest(DS_TTL, self.parent_propagation))

    def served(self, moment):
        if len(self.history) < 2:
            return
        words = moment.step_from(self.history[-2])
        if not words:
            return
        self.seen.update(words)
        self.judged += 1
        try:
            self.steps.pass_by(instant(self.clock), self.history[-2], moment)
            self.steps.mix(instant(self.clock), *self.older(), moment)
        except AssertionError as error:
            error.args = (f"{self.now_text()}, {', '.join(sorted(words))}: {error}",)
            raise

    def roll_ksk(self):
        self.now = self.now_text()
        self.z("roll", "start", "nl.test", "--ksk", code=0)

    def live_five_years(self):
        events = [(when, self.roll_ksk) for when in KSK_ROLLS]
        events += [(day * DAY, lambda day=day: self.edit(day)) for day in range(17, self.years * 365, 45)]
        self.live(self.years, sorted(events, key=lambda event: event[0]))

    def assert_all_happened(self):
        print(f"{self.runs} runs, {self.versions} versions verified, {self.judged} steps: {dict(self.seen)}; "
              f"{self.steps.validators} validators stood on {self.steps.held} DNSKEY, DS and RRSIG before they gave "
              f"{self.steps.answers} answers")
        for word in STEPS:
            least = 18 if "ZSK" in word else 5 if word == "DS appears" else len(KSK_ROLLS)
            self.assertGreaterEqual(self.seen[word], least, word)
        self.assertGreaterEqual(self.judged, 70)
        self.assertEqual(self.steps.validators, 5 * self.judged)
        self.assertEqual(len(self.acts), 1 + 2 * len(KSK_ROLLS))


class Default(Years):
    def test_five_years_of_the_default_policy(self):
        self.begin("default")
        self.live_five_years()
        self.assert_all_happened()


class Tld(Years):
    opt_out = True

    def test_five_years_of_the_policy_for_tlds(self):
        self.begin("tld")
        self.live_five_years()
        self.assert_all_happened()


class TooEarly(Years):
    """The test can fail: steps of a real roll, taken before they may be."""

    def served(self, moment):
        pass

    def moments(self, word):
        """The last moment before the last such step, and the first after it."""
        pairs = [pair for pair in zip(self.history, self.history[1:]) if word in pair[1].step_from(pair[0])]
        return pairs[-1]

    def assert_bogus(self, act, moment, *others):
        with self.assertRaisesRegex(Bogus, "SERVFAIL"):
            act(instant(moment.begins), *others)

    def test_steps_that_come_too_early_are_bogus(self):
        self.begin("default")
        self.live(0.4, [(20 * DAY, self.roll_ksk)])
        steps = self.steps
        without, _ = self.moments("ZSK appears")
        old, signs = self.moments("another ZSK signs")
        _, gone = self.moments("ZSK leaves")
        self.assert_bogus(steps.pass_by, signs, without, signs)  # signs before its DNSKEY is everywhere
        self.assert_bogus(steps.mix, gone, old, signs, signs, gone)  # is gone before its last signature is
        before, _ = self.moments("KSK appears")
        _, moved = self.moments("DS leaves")
        _, left = self.moments("KSK leaves")
        self.assert_bogus(steps.mix, moved, before, before, before, moved)  # the DS of a key that is not everywhere
        self.assert_bogus(steps.mix, left, before, before, before, left)  # is gone while its DS is in caches

    def test_an_old_version_comes_back_without_a_key(self):
        """A doctored one: the ZSK that signs is no longer in the DNSKEY RRset."""
        self.begin("default")
        self.live(0.1, [])
        before = self.history[-1]
        with open(before.zone, encoding="ascii") as file:
            kept = [line for line in file if "\tDNSKEY\t256 " not in line]
        doctored = Moment(before.begins, self.write("doctored", "".join(kept)), before.parent, before.ds, before.chain)
        self.assert_bogus(self.steps.mix, before, before, before, before, doctored)
        self.steps.pass_by(instant(before.begins), before, before)

    def test_an_empty_cache_is_noticed(self):
        self.begin("default")
        self.live(0.1, [])
        last = self.history[-1]
        when = instant(last.begins)
        self.steps.fill = lambda *_: None
        self.assertRaises(EmptyCache, self.steps.mix, when, last, last, last, last)
        self.steps.ask = lambda *_: None
        self.assertRaises(EmptyCache, self.steps.pass_by, when, last, last)


if __name__ == "__main__":
    unittest.main()
