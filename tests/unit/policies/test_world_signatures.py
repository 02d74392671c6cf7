# SPDX-License-Identifier: MIT
"""Every hundredth world of test_rollover_world.c with real keys, zones and signatures: no validator finds one bogus.

    test_world_signatures.py [Worlds [SHARD/SHARDS] | BadEngines]

WORLD_ZONES is the program that plays worlds. ZONESEAL_SOAK=1: every hundredth of 100000; WORLD_EVERY=N: every Nth.
"""

import os
import subprocess
import sys
import unittest

import dns.rdata

import world_signatures as judge

PROGRAM = os.environ["WORLD_ZONES"]
EVERY = int(os.environ.get("WORLD_EVERY") or 100)
WORLDS = 100000 if os.environ.get("ZONESEAL_SOAK") else 2000

# What becomes of the faults of world_faults.c in worlds in which the world's own caches complain. Not all of them break a
# signature: without rule 1 the zone loses its last DS, and no validator sees more in it than an unsigned zone. That a
# zone had no DNSKEY is remembered for the TTL of its SOA at most (RFC 2308 5); the SOA is data, and the wait for signed
# data is as long. The world takes that time for one of its own, which may be longer.
FAULTS = {
    "rule 1 off": "insecure",
    "rule 2 off": "bogus",
    "rule 3 off": "bogus",
    "waits for DNSKEY too short by one TTL": "bogus",
    "waits for signatures too short by one TTL": "bogus",
    "waits for DS too short by one TTL": "bogus",
    "the cached absence of DNSKEY forgotten": "never bogus",
    "the configured DS TTL instead of the real one": "bogus",
    "the present TTL instead of the ledger": "bogus",
    "slow secondaries forgotten": "bogus",
    "a DS that was handed in counts as published": "bogus",
    "a DS seen before it was wanted counts": "bogus",
    "time counts from the plan, published or not": "bogus",
    "a clock that jumps is believed": "bogus",
    "all counts as signed with the first part": "bogus",
}
HARMLESS, SEEDS = 3, 40


class Worlds(unittest.TestCase):
    shard, shards = 0, 1

    def test_no_validator_finds_a_real_zone_bogus(self):
        seeds = range(EVERY, WORLDS + 1, EVERY)[self.shard::self.shards]
        versions = combinations = moments = signatures = 0
        for seed in seeds:
            world = judge.play(PROGRAM, seed)
            self.assertIsNone(world.world.complaint, f"seed {seed}: the world's own caches complain")
            said = judge.verdict(world)
            self.assertEqual(said, "never bogus", f"seed {seed}: {PROGRAM} {seed} none FOLDER writes it again")
            self.assertGreater(world.secure, 0, f"seed {seed}: no DS in ten years")
            versions += world.world.versions
            combinations += len(world.combinations)
            moments += world.moments
            signatures += world.validator.verified
        print(f"{len(seeds)} worlds of ten years with real keys: {versions} zone files and DS sets, {combinations} different "
              f"combinations of DS, DNSKEY and data in caches, judged {moments} times, {signatures} signatures verified", flush=True)
        self.assertGreater(len(seeds), 0)
        self.assertGreater(versions, 30 * len(seeds))
        self.assertGreater(combinations, versions)
        self.assertGreater(signatures, versions)


class BadEngines(unittest.TestCase):
    def caught(self, fault, wanted):
        """The worlds with this fault that the world's own caches complain of, up to the first that ends as it should."""
        for seed in range(1, SEEDS + 1):
            world = judge.play(PROGRAM, seed, fault)
            if world is None:
                continue
            said = judge.verdict(world)
            yield seed, said, world
            if wanted != "never bogus" and said.startswith(wanted):
                return

    def test_each_engine_that_is_known_to_be_bad_breaks_real_signatures(self):
        listed = subprocess.run([PROGRAM, "faults"], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
        self.assertEqual(listed, list(FAULTS))
        for fault, wanted in FAULTS.items():
            with self.subTest(fault=fault):
                plays = []
                for play in self.caught(fault, wanted):
                    plays.append(play)
                    if wanted == "never bogus" and len(plays) == HARMLESS:
                        break
                self.assertTrue(plays, "no world complains")
                for seed, said, world in plays if wanted == "never bogus" else plays[-1:]:
                    print(f"{fault}: world {seed}: {said}", flush=True)
                    self.assertTrue(said.startswith(wanted), f"{said}, wanted: {wanted}")
                    self.assertGreater(world.validator.verified, 0)

    def test_a_signature_is_believed_for_its_octets_alone(self):
        world = judge.play(PROGRAM, EVERY)
        soas = [rrset for rrset in world.world.contents.values() if rrset.kind == "SOA" and len(rrset.signatures) == 1]
        spoiled = soas[len(soas) // 2]
        text = spoiled.signatures[0].to_text().split(" ")
        text[8] = ("B" if text[8][0] == "A" else "A") + text[8][1:]
        spoiled.signatures = [dns.rdata.from_text("IN", "RRSIG", " ".join(text))]
        self.assertRegex(judge.verdict(world), "^bogus at .*: nl.test. SOA ")


if __name__ == "__main__":
    if len(sys.argv) > 2 and "/" in sys.argv[-1]:
        shard, Worlds.shards = (int(n) for n in sys.argv.pop().split("/"))
        Worlds.shard = shard - 1
    unittest.main(verbosity=2)
