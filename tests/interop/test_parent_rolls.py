# SPDX-License-Identifier: MIT
"""A KSK roll and an algorithm roll against BIND, Knot and NSD as the parent's servers: `run` asks them itself, a person does
only what `status` says, and every version is accepted by the verifier with the DS that the parent shows as its anchor."""

import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "cli")]

import zs  # noqa: E402
from servers import AUTHORITATIVE  # noqa: E402
from test_parents import Parent  # noqa: E402

HOUR = 3600
POLICY = """name: asked
keys:
  algorithm: {algorithm}
parent:
  cds: none
  ds: check
  ds-ttl: 1h
  check-interval: 1h
"""


class Rolls(Parent):
    starts = "2026-11-24T12:00:00Z"

    def setUp(self):
        super().setUp()
        self.epoch = 1795521600
        self.shown = []  # the DS set at the parent
        self.servers = [self.start(kind, self.zone_text()) for kind in AUTHORITATIVE]
        self.acts = []
        self.z("zone", "add", "nl.test", "-i", self.input, "-o", self.output, "--policy", self.policy("ECDSAP256SHA256"),
               "--parents", " ".join(map(self.address, self.servers)), code=0)

    def policy(self, algorithm):
        return self.write("asked.yaml", POLICY.format(algorithm=algorithm))

    def status(self):
        return self.json("status", "nl.test", code=0)["zones"][0]

    def ds_lines(self):
        return {found["tag"]: f"nl.test. 3600 IN DS {found['tag']} {found['algorithm']} {found['digest_type']} "
                              f"{found['digest']}" for found in self.json("ds", "show", "nl.test")["ds"]}

    def tell_parent(self, lines):
        self.shown = lines
        for server in self.servers:
            self.serve_anew(server, self.zone_text(*lines))

    def obey(self, command):
        """What a person does who reads only this line."""
        self.acts.append(command)
        if command.startswith("zoneseal ds show"):
            tag = int(command.split("--key ")[1].split(";")[0])
            self.tell_parent(self.shown + [self.ds_lines()[tag]])
        elif command.startswith("have the parent remove DS"):
            tag = command.split()[5]
            self.tell_parent([line for line in self.shown if line.split()[4] != tag])
        else:
            self.fail(f"status says: {command}")
        self.assertTrue(command.endswith("; then: zoneseal ds check nl.test."), command)  # nobody has to say what servers show
        self.z("ds", "check", "nl.test.")

    def step(self):
        self.sign()
        argv = [zs.VERIFY, "--now", self.now, self.output]
        if self.shown:
            argv[1:1] = ["--trust-anchor", self.write("anchor", "".join(line + "\n" for line in self.shown))]
        done = subprocess.run(argv, capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode())
        zone = self.status()
        if zone["action_required"]:
            self.obey(zone["command"])
        self.epoch += HOUR
        self.now = str(self.epoch)

    def steps_until(self, done, most=200):
        for _ in range(most):
            if done():
                return
            self.step()
        self.fail(f"not at its end after {most} hours:\n{self.z('status', 'nl.test').out}")

    def states(self, role):
        return sorted(key["state"] for key in self.status()["keys"] if key["role"] == role)

    def test_a_ksk_rolls_while_a_person_does_what_status_says(self):
        self.steps_until(lambda: self.states("ksk") == ["active"])
        self.z("roll", "start", "nl.test", "--ksk", code=0)
        self.steps_until(lambda: self.states("ksk") == ["active", "removed"])
        self.assertIn("\nParent     ", self.z("status", "nl.test", code=0).out)
        self.assertEqual(len(self.acts), 3)  # the first DS, the next one, and the old one's end
        self.assertEqual(len(self.shown), 1)

    def test_an_algorithm_rolls_while_a_person_does_what_status_says(self):
        self.steps_until(lambda: self.states("ksk") == ["active"])
        self.z("policy", "apply", "nl.test", self.policy("ED25519"), "--yes", code=0)
        self.steps_until(lambda: self.states("ksk") == ["active", "removed"] and self.states("zsk") == ["active", "removed"])
        self.assertEqual(len(self.acts), 3)
        self.assertEqual([line.split()[5] for line in self.shown], ["15"])


if __name__ == "__main__":
    unittest.main()
