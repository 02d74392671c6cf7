#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A bug that signer and gate have in common passes the gate, and its test of itself; the peers named in common_bugs.py find
it, and no others. Which is what `verifiers:` in the policy is for.

ZONESEAL_BUILD is the build folder (build/release).
"""

import concurrent.futures
import os
import string
import subprocess
import tempfile
import time
import unittest

import common_bugs
import peers
import signers
import test_mutants
import test_named_bugs

ORIGIN = "common."
TEXT = """{0} 3600 IN SOA ns1.{0} hostmaster.{0} 1 7200 3600 604800 3600
{0} 3600 IN NS ns1.{0}
ns1.{0} 3600 IN A 192.0.2.1
mail.{0} 3600 IN MX 10 MX.Elsewhere.Test.
caa.{0} 3600 IN CAA 0 issue "ca.test"
child.{0} 3600 IN NS ns.child.{0}
ns.child.{0} 3600 IN A 192.0.2.2
*.wild.{0} 3600 IN TXT "any"
""".format(ORIGIN)
# Long enough that signatures made now end after the next leap day.
SIGNATURES = "\nsignatures:\n  validity: {days}d\n  refresh: 30d\n"


def policy(folder, flavour):
    days = common_bugs.LEAP_DAY - int(time.time()) // 86400 + 30
    template = string.Template(signers.read(os.path.join(test_mutants.HERE, "policies", flavour + ".yaml")))
    text = template.substitute(algorithm=13, scheme="ksk-zsk") + SIGNATURES.format(days=days)
    return signers.save(os.path.join(folder, "policy.yaml"), text)


def sign(folder, program, flavour):
    """(exit code, what was said, path of the zone); the gate is the zoneseal-verify beside the program."""
    os.makedirs(folder)
    source = signers.save(os.path.join(folder, "in"), TEXT)
    out = os.path.join(folder, "out")
    command = [program, "sign", ORIGIN, "--state", os.path.join(folder, "state"), "--policy", policy(folder, flavour),
               "-i", source, "-o", out]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout, out


def refusing(path):
    return {name for name, judge in peers.JUDGES.items() if not judge(path, ORIGIN)[0]}


def trial(bug):
    """What the right programs and those with the bug make, and who refuses it."""
    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="zoneseal-common-", dir=shared) as folder:
        builder = test_mutants.Builder(os.path.join(folder, "build"))
        right = sign(os.path.join(folder, "right"), os.path.join(test_mutants.BUILD, "bin/zoneseal"), bug.flavour)
        if right[0] != 0 or refusing(right[2]):
            raise AssertionError(f"the right zone is refused: {right}")
        test_named_bugs.build(builder, "zoneseal", bug.signer)
        alone = sign(os.path.join(folder, "alone"), builder.program, bug.flavour)
        test_named_bugs.build(builder, "zoneseal-verify", bug.gate)
        both = sign(os.path.join(folder, "both"), builder.program, bug.flavour)
        return alone, both, refusing(both[2]) if both[0] == 0 else set()


class CommonBugs(unittest.TestCase):

    def test_each_change_fits_the_sources_as_they_are(self):
        for bug in common_bugs.BUGS:
            with self.subTest(bug.title):
                test_named_bugs.with_changes(bug.signer)
                test_named_bugs.with_changes(bug.gate)

    def test_a_bug_of_signer_and_gate_alike_is_found_by_the_peers_that_are_named(self):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for bug, (alone, both, finders) in zip(common_bugs.BUGS, pool.map(trial, common_bugs.BUGS)):
                with self.subTest(bug.title):
                    self.assertNotEqual(alone[0], 0, "the right gate lets it pass")
                    self.assertEqual(both[0], 0, both[1])
                    self.assertEqual(finders, bug.finders)
                    self.assertTrue(finders, "nobody finds it")


if __name__ == "__main__":
    unittest.main()
