# SPDX-License-Identifier: MIT
"""Ten years with keys on two tokens, one of which fails at random, and is away for a quarter of a year while a roll is
due: whatever is published is good at every moment that the run or a resolver looks at it."""
import datetime
import json
import os
import random
import unittest

from hsm import FAULTY, Tokens

POLICY = """name: p
keys:
  zsk:
    lifetime: 180d
signatures:
  validity: 60d
  validity-dnskey: 60d
  refresh: 20d
  jitter: 0s
"""
BEGIN, END = datetime.datetime(2026, 11, 24, 12), datetime.datetime(2036, 11, 24, 12)
AWAY, BACK = datetime.datetime(2029, 10, 20), datetime.datetime(2030, 1, 20)
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
WITH_FAULTS, PERMILLE = 0.7, 120


class Years(Tokens):
    modules = {"b": FAULTY}
    stores = "ab"
    more = "least 1\n"
    policy = POLICY

    def setUp(self):
        super().setUp()
        self.chance = random.Random(4711)
        self.ended = self.versions = 0
        self.clock = BEGIN
        self.z("run", code=0)

    def set_fault(self):
        if AWAY <= self.clock < BACK:
            self.fault("removed")
        elif self.chance.random() < WITH_FAULTS:
            self.fault(f"random {self.chance.getrandbits(60)} {PERMILLE}")
        else:
            self.fault("none")

    def judge(self):
        self.assert_published_is_good()
        self.versions += 1
        if self.versions % 10 == 1:
            self.assertEqual(self.judged_by_ldns(), 0, self.now)

    def step(self):
        """One run; when the next one is."""
        self.assert_published_is_good()
        self.set_fault()
        before = self.read(self.output)
        done = self.z("run", "--threads", "2", "--json")
        self.assertIn(done.returncode, (0, 69), f"{self.now}: {done.out}{done.err}")
        if self.read(self.output) != before:
            self.judge()
        if done.returncode == 69:
            self.ended += 1
            self.assertIn("store hsm-b", done.err)
            return self.clock + (5 * DAY if AWAY <= self.clock < BACK else HOUR)
        following = json.loads(done.out)["zones"][0]["next"]
        return max(self.clock + HOUR, datetime.datetime.fromisoformat(following.replace("Z", "")))

    def test_ten_years_with_a_token_that_fails_never_publish_a_bad_zone(self):
        while self.clock < END:
            self.now = self.clock.strftime("%Y-%m-%dT%H:%M:%SZ")
            self.clock = self.step()
        self.fault("none")
        self.z("run", code=0)
        self.assert_published_is_good()
        zsks = [key for key in self.json("key", "list", "nl.test")["keys"] if key["role"] == "zsk"]
        removed = [key for key in zsks if key["state"] == "removed"]
        kinds = {kind: self.injected().count(kind) for kind in set(self.injected())}
        print(f"{self.versions} versions, {len(removed)} rolls, {self.ended} runs ended, faults {kinds}")
        self.assertGreaterEqual(len(removed), 17)
        self.assertGreater(self.ended, 10)
        self.assertGreaterEqual(set(kinds), {"lie", "lost", "logout", "vanish", "busy", "device", "removed", "rush"})
        self.z("audit", "verify", code=0)
        self.z("audit", "replay", code=0)

    def injected(self):
        path = self.path("fault.log")
        return self.read(path).decode().split() if os.path.exists(path) else []


if __name__ == "__main__":
    unittest.main()
