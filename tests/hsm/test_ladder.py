# SPDX-License-Identifier: MIT
"""The .de outage of May 2026 from the first minute on: a rollover makes a key, and two of three HSMs make one of their
own under the same tag, label and CKA_ID. Six guards stand between that and the public zone. With each that stands
before it switched off (switches.c) every one of them stops it alone, the last good zone stays octet by octet, and the operator
gets out of it with the commands that the message names.
"""
import os
import shutil
import subprocess
import unittest

from hsm import FAULTY, Tokens, zs

PLACES = ("generation", "publication", "activation", "run", "signature", "gate")
SHIPPED, DRILL = zs.ZONESEAL, os.path.join(zs.BIN, "zoneseal_drill")
ROLL, USE = "2026-12-24T09:00:00Z", "2026-12-24T13:00:00Z"
POLICY = """name: p
keys:
  zsk:
    lifetime: 30d
signatures:
  validity: 90d
  validity-dnskey: 90d
  refresh: 30d
  jitter: 0s
"""


class Ladder(Tokens):
    modules = {"b": FAULTY, "c": FAULTY}
    policy = POLICY
    off = ()

    def setUp(self):
        super().setUp()
        self.addCleanup(setattr, zs, "ZONESEAL", SHIPPED)
        # Enough of them that all three workers, each with its own HSM, have something to sign.
        self.write("nl.test.zone", zs.ZONE + "".join(f"s{i} NS ns1\n" for i in range(6200)))
        self.z("run", code=0)
        self.now = ROLL

    def environment(self):
        return {**super().environment(), "ZONESEAL_DRILL_OFF": " ".join(self.off)}

    def drill(self, *off, code):
        """A run with these places switched off."""
        self.off, zs.ZONESEAL = off, DRILL
        before = self.read(self.output)
        done = self.z("run", "--threads", "3", code=code)
        self.off, zs.ZONESEAL = (), SHIPPED
        self.assertEqual(self.read(self.output) == before, code != 0, done.out + done.err)
        self.assert_published_is_good()
        self.z("audit", "verify", code=0)
        self.z("audit", "replay", code=0)
        return done.err

    def stopped_at(self, place, *words, code=69):
        text = self.drill(*PLACES[:PLACES.index(place)], code=code)
        for word in (*words, "published serial"):
            self.assertIn(word, text)
        self.assertLess(max(map(len, text.splitlines())), 760, "a message was cut")
        return text

    def in_zone(self, key):
        return f"IN\tDNSKEY\t{key['flags']} 3 13" in self.read(self.output).decode() and \
            key["public_key"] in self.read(self.output).decode()

    def fresh(self):
        """The keys that are neither in use nor gone."""
        return [key for key in self.json("key", "list", "nl.test")["keys"] if key["role"] == "zsk"][1:]

    def repaired(self, *commands):
        """The token behaves again, the operator does this, and the next runs roll the zone to a good key; then all is
        as it was before."""
        aside = self.folder + ".aside"
        shutil.copytree(self.folder, aside)
        self.fault("")
        now, bad = self.now, {key["tag"] for key in self.fresh()}
        for command in commands:
            self.z(*command, code=0)
        for hours in range(0, 24, 4):
            self.now = f"2026-12-25T{hours:02}:00:00Z"
            self.z("run", "--threads", "3", code=0)
            self.assert_published_is_good()
        active = [key for key in self.fresh() if key["state"] == "active"]
        self.assertEqual(len(active), 1, self.z("key", "list", "nl.test").out)
        self.assertNotIn(active[0]["tag"], bad)
        self.z("audit", "replay", code=0)
        shutil.rmtree(self.folder)
        os.rename(aside, self.folder)
        self.now = now

    def test_every_guard_stops_three_keys_of_one_tag_alone(self):
        self.fault("anew")
        other = "key.hsm-identical: store hsm-b: its public key is not that of ZSK"
        self.stopped_at("generation", "new ZSK: " + other, "destroyed in all stores", "zoneseal doctor")
        self.assertEqual(self.fresh(), [])
        for name in "abc":
            self.assertEqual(self.on_token(name, "-O").count("zoneseal ZSK"), 2)  # both halves of the one in use
        self.repaired()

        self.stopped_at("publication", "is not published", other, "no resolver has seen it", "zoneseal roll abort")
        bad, = self.fresh()
        self.assertEqual(bad["state"], "prepared")
        tag = str(bad["tag"])
        for name in "abc":
            self.assertIn(f"zoneseal ZSK {tag}", self.on_token(name, "-O"))
        abort = ("roll", "abort", "nl.test", "--key", tag)
        self.repaired(abort, ("key", "purge", "nl.test", tag, "--yes"))

        self.drill("generation", "publication", code=0)
        self.now = USE
        self.stopped_at("activation", f"ZSK {tag} does not begin to sign", other, "the zone stays valid",
                        "zoneseal roll abort nl.test. --key " + tag)
        self.stopped_at("run", other, "nothing of this run is published", "zoneseal doctor")
        text = self.stopped_at("signature", "it made a signature that does not verify under the public key of ZSK " + tag,
                               "nothing of this run is published", "zoneseal doctor")
        self.assertRegex(text, "store hsm-[bc]: ")
        self.stopped_at("gate", "must not be published", "sig.valid", f"tag {tag}",
                        "several keys, or several tokens, sign under one tag", code=1)
        # Four stops in a row, and the keys are where they were.
        self.assertEqual([key["state"] for key in self.fresh()], ["publishing"])
        self.repaired(abort)
        self.assertEqual(self.judged_by_ldns(), 0)
        self.without_any_guard()

    def without_any_guard(self):
        """So it is no play: what the six keep away is what resolvers saw in May 2026."""
        self.off, zs.ZONESEAL = PLACES, DRILL
        self.z("run", "--threads", "3", code=0)
        judged = subprocess.run([zs.VERIFY, "--now", self.now, self.output], capture_output=True, check=False)
        self.assertEqual(judged.returncode, 1)
        self.assertNotEqual(self.judged_by_ldns(), 0)


class Shipped(unittest.TestCase):
    def test_the_shipped_programs_have_no_switch(self):
        for name in ("zoneseal", "zoneseal-verify"):
            with open(os.path.join(zs.BIN, name), "rb") as file:
                octets = file.read()
            self.assertNotIn(b"ZONESEAL_DRILL", octets)
            self.assertNotIn(b"__wrap_", octets)
        with open(DRILL, "rb") as file:
            self.assertIn(b"ZONESEAL_DRILL_OFF", file.read())


if __name__ == "__main__":
    unittest.main()
