#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The real program changes a zone's denial of existence: `policy apply`, then `run`, on a virtual clock. All ordered pairs
of NSEC, NSEC3, salt with iterations, and opt-out: at once, later, and in each step of a roll of ZSK or KSK.

zoneseal-verify (with the DS as anchor) and the peers judge every version; an Unbound whose cache is full of the version
before it goes on with it, at that moment of the virtual clock. What test_denial_change.py shows of the signer's library
is so of what is published: contrib/doc/denial-change.md. The clock ends before today, for dnssec-verify knows no other day.
"""

import datetime
import glob
import json
import os
import re
import shutil
import subprocess
import time
import unittest

import peers
import servers
import signers
from test_denial_change import CHILD, PROOFS, ZONE, Changes

POLICIES = {"nsec": "nsec", "nsec3": "nsec3", "salt": "nsec3-salt", "opt-out": "nsec3-opt-out"}
# Each goes to each other once.
TOUR = ("nsec", "nsec3", "nsec", "salt", "nsec", "opt-out", "nsec3", "salt", "nsec3", "opt-out", "salt", "opt-out", "nsec")
PARAMETERS = {"nsec": [], "nsec3": ["1 0 0 -"], "salt": ["1 0 5 C0FFEE"], "opt-out": ["1 0 0 -"]}  # RFC 5155 4.1.2: flags 0
HOUR, DAY = 3600, 86400
SIGNED_FROM, SIGNED_UNTIL = "20250101000000", "20400101000000"  # the child, which is not what is looked at


def text_of(epoch, form):
    return datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).strftime(form)


class Program:
    """The zone in a state folder of its own; `clock` is the virtual one."""

    def __init__(self, folder, source):
        self.folder, self.state, self.versions = folder, os.path.join(folder, "state"), 0
        os.makedirs(folder)
        self.clock = int(time.time()) - 18 * DAY
        self.policies = {flavour: self.policy(name) for flavour, name in POLICIES.items()}
        self.z("init", "--virtual-clock")
        self.z("zone", "add", ZONE, "-i", source, "--policy", self.policies["nsec"])
        self.published = os.path.join(self.state, "zones", ZONE.rstrip(".") + ".zone")

    def policy(self, name):
        folder = os.path.join(self.folder, name)
        os.makedirs(folder)
        path = signers.Zoneseal.policy(folder, signers.FLAVOURS[name], "ECDSAP256SHA256", False)
        return signers.save(path, signers.read(path) + "\nparent:\n  ds: by-hand\n")

    def z(self, *words):
        program = signers.Zoneseal().program("zoneseal")
        return signers.run([program, *words, "--state", self.state, "--now", text_of(self.clock, "%Y-%m-%dT%H:%M:%SZ")],
                           timeout=120).stdout

    def json(self, *words):
        return json.loads(self.z(*words, "--json"))

    def apply(self, flavour):
        self.z("policy", "apply", ZONE, self.policies[flavour], "--yes")

    def run(self):
        """The result, when it wants to run again, and a copy of what is published."""
        report = self.json("run", ZONE)
        report = report["zones"][0] if "zones" in report else report
        self.versions += 1
        path = os.path.join(self.folder, f"version.{self.versions}")
        shutil.copyfile(self.published, path)
        return report["result"], report.get("next_epoch"), path

    def keys(self):
        return [(key["role"], key["tag"]) for key in self.json("key", "list", ZONE)["keys"]]

    def tell_about_parent(self):
        """What a person is asked for: that the parent shows a DS, or no longer does."""
        for zone in self.status():
            for verb, tag in re.findall(r"zoneseal ds (seen|gone) \S+ --key (\d+)", json.dumps(zone)):
                self.z("ds", verb, ZONE, "--key", tag)

    def status(self):
        program = signers.Zoneseal().program("zoneseal")
        done = subprocess.run([program, "status", ZONE, "--json", "--state", self.state, "--now",
                               text_of(self.clock, "%Y-%m-%dT%H:%M:%SZ")], capture_output=True, text=True, timeout=120,
                              check=False)  # its exit code says that a person has to act
        return json.loads(done.stdout)["zones"]


class DenialPolicy(Changes):

    @classmethod
    def signed_child(cls, source):
        """Valid on the virtual days too."""
        folder = cls.path("child.keys")
        os.makedirs(folder)
        signers.Peer.keys(folder, CHILD, 13, False)
        out = cls.path("child.zone")
        signers.run(["dnssec-signzone", "-q", "-S", "-x", "-K", folder, "-d", folder, "-s", SIGNED_FROM, "-e", SIGNED_UNTIL,
                     "-o", CHILD, "-f", out, source], env=servers.ENVIRONMENT)
        ksk, = (path for path in glob.glob(os.path.join(folder, "*.key")) if " 257 3 " in signers.read(path))
        return out, signers.run(["dnssec-dsfromkey", "-2", ksk], env=servers.ENVIRONMENT).stdout

    def begin(self):
        program = Program(self.new_folder(), self.source)
        result, _, path = program.run()
        self.assertEqual(result, "published")
        self.note_anchor(program)
        self.judge_version(program, path, "nsec")
        return program, path

    def note_anchor(self, program):
        ds = program.z("ds", "show", ZONE, "--format", "bind")
        self.assertIn(" DS ", ds)
        self.anchor = signers.save(os.path.join(program.folder, "anchor"), ds)

    def judge_version(self, program, path, flavour, previous=None):
        """By its own verifier and the peers, and it denies as its policy says, in no other way."""
        now = text_of(program.clock, "%Y-%m-%dT%H:%M:%SZ")
        before = ["--previous", previous] if previous else []
        verify = signers.Zoneseal().program("zoneseal-verify")
        signers.run([verify, "--now", now, "--trust-anchor", self.anchor, *before, path], timeout=120)
        for judge in (peers.dnssec_verify, peers.kzonecheck):
            accepted, said = judge(path, ZONE)
            self.assertTrue(accepted, f"{flavour}: {said}")
        text = signers.read(path)
        self.assertEqual(re.findall(r"\tNSEC3PARAM\t(\d.*)", text), PARAMETERS[flavour])
        kind, start = PROOFS[flavour]
        found = re.findall(r"\t(NSEC3?)\t(.*)", text)
        self.assertGreater(len(found), 10)
        for its_kind, fields in found:
            self.assertEqual(its_kind, kind)
            self.assertTrue(fields.lower().startswith(start), fields)

    def pass_caches(self, program, before, after, flavours, aggressive=False):
        now = text_of(program.clock, "%Y%m%d%H%M%S")
        with self.serve(servers.Nsd, before) as server:
            unbound = self.enterContext(self.resolver(self.anchor, server.port, aggressive=aggressive, now=now))
            self.judge(unbound, flavours[:1], 0, 2)
            self.assert_full(unbound, flavours[0])
        with self.serve(servers.Nsd, after, server.port):
            self.judge(unbound, flavours, 1, 2)  # the first of these are known from before
            self.assert_full(unbound, flavours[1], 1)
            unbound.stop()

    def change(self, program, before, flavours, wait, aggressive=False):
        """One `policy apply`, `run` after a while: the new version."""
        unchanged = signers.read(program.published)
        program.apply(flavours[1])
        self.assertEqual(signers.read(program.published), unchanged)
        program.clock += wait
        result, coming, path = program.run()
        with self.subTest(f"{flavours[0]} to {flavours[1]}, run after {wait} s, aggressive {aggressive}"):
            self.assertEqual(result, "published")
            self.judge_version(program, path, flavours[1], before)
            self.pass_caches(program, before, path, flavours, aggressive)
        return coming, path

    def go_round(self, wait, aggressive):
        program, path = self.begin()
        for flavours in zip(TOUR, TOUR[1:]):
            program.clock += HOUR
            _, path = self.change(program, path, flavours, wait, aggressive)

    def test_each_to_each_by_the_run_at_once(self):
        self.go_round(0, False)

    def test_each_to_each_by_a_later_run(self):
        self.go_round(7 * HOUR, True)

    def roll(self, which, steps):
        """Another flavour at each moment of a roll, so that keys and denial change in one version."""
        program, path = self.begin()
        for _ in range(2):  # until the DS is in all caches
            program.clock += 2 * DAY
            program.run()
            program.tell_about_parent()
        old = set(program.keys())
        program.z("roll", "start", ZONE, "--" + which)
        shapes = [self.shape(path)]
        for flavours in zip(TOUR, TOUR[1:]):
            coming, path = self.change(program, path, flavours, 0)
            if self.shape(path) != shapes[-1]:
                shapes.append(self.shape(path))
            program.tell_about_parent()
            self.note_anchor(program)
            program.clock = max(program.clock + HOUR, min(coming, program.clock + DAY))
            self.assertLess(program.clock, time.time())
        self.assertEqual(len(shapes), steps + 1, shapes)  # each was a change of denial too
        self.assertTrue(set(program.keys()) - old)

    @staticmethod
    def shape(path):
        """DNSKEY RRset, and who signs it and the SOA."""
        text = signers.read(path)
        return (frozenset(re.findall(r"\tDNSKEY\t(.*)", text)),
                frozenset(re.findall(r"\tRRSIG\t((?:DNSKEY|SOA) \d+) \d+ \d+ \d+ \d+ (\d+)", text)))

    def test_in_each_step_of_a_zsk_roll(self):
        self.roll("zsk", 3)  # appears, signs, the old one leaves

    def test_in_each_step_of_a_ksk_roll(self):
        self.roll("ksk", 2)  # appears, the old one leaves

    def test_an_empty_cache_and_a_version_without_a_chain_are_noticed(self):
        program, before = self.begin()
        _, after = self.change(program, before, ("nsec", "nsec3"), HOUR)
        kept = [line for line in signers.read(after).splitlines(True) if not re.search(r"\t(RRSIG\t)?NSEC3[ \t]", line)]
        cut = signers.save(self.path("cut.zone"), "".join(kept))
        with self.assertRaisesRegex(AssertionError, "SERVFAIL"):
            self.pass_caches(program, before, cut, ("nsec", "nsec3"))
        self.judge = lambda *_: None
        with self.assertRaisesRegex(AssertionError, "not greater than or equal to 5 : nsec"):
            self.pass_caches(program, before, after, ("nsec", "nsec3"))


if __name__ == "__main__":
    del Changes  # has no tests of its own
    unittest.main()
