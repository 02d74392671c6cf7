#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every flavour of denial, algorithm and key scheme is accepted by BIND's, ldns's and Knot's verifiers, and each of
these refuses the same zone with one bit of one signature flipped."""

import concurrent.futures
import os
import random
import tempfile
import unittest

import interop_zone
import peers
import signers

SOAK = os.environ.get("ZONESEAL_SOAK")
SIGNER = signers.chosen()
# What a judge says of a zone with one disputed feature where it differs from "accepted": README.md gives the RFC's side.
REFUSES = {
    "wildcard-ns": {"dnssec-verify"},
    "nsap-ptr": {"ldns-verify-zone"},
    "nsap-ptr-case": {"dnssec-verify", "ldns-verify-zone"},
    "a6-case": {"ldns-verify-zone", "kzonecheck"},
    "sink": {"ldns-verify-zone"},
    "at-label": {"ldns-verify-zone"},
    "signalling": {"kzonecheck"},
    "ds-private": {"kzonecheck"},
    "case-kept": set(),
    "longest-name": set(),
    "large-record": set(),
}
# dnssec-signzone shares BIND's opinions.
if SIGNER.name == "peer":
    REFUSES = {**REFUSES, "nsap-ptr-case": {"ldns-verify-zone", "kzonecheck"}}
    del REFUSES["wildcard-ns"]


def faults_of(folder, text, flavour, algorithm, csk):
    """What is wrong with one combination; empty if nothing."""
    title = f"{flavour.name} algorithm {algorithm} {'CSK' if csk else 'KSK+ZSK'}"
    folder = os.path.join(folder, title.replace(" ", "-"))
    try:
        signed = SIGNER.sign(text, interop_zone.ORIGIN, flavour, algorithm, csk, folder)
    except AssertionError as failure:
        return [f"{title}: not signed: {failure}"]
    choose = random.Random(title).randrange
    flipped = os.path.join(folder, "flipped.zone")
    place = signers.zonefile.flip_signature_bit(signed.path, flipped, choose)
    faults = []
    for name, judge in peers.JUDGES.items():
        accepted, said = judge(signed.path, signed.origin, csk)
        if not accepted:
            faults.append(f"{title}: {name} refuses it: {said}")
        accepted, said = judge(flipped, signed.origin, csk)
        if accepted:
            faults.append(f"{title}: {name} accepts a flipped bit at {place}: {said}")
    return faults


class Judges(unittest.TestCase):

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="zoneseal-judges-"))

    def test_every_combination_is_accepted_whole_and_refused_with_a_flipped_bit(self):
        whole = interop_zone.build()
        # ldns takes a second for 1,500 records of one set: for one algorithm, not for each.
        compact = interop_zone.build(delegations=100, hosts=50, share=10)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            jobs = [pool.submit(faults_of, self.folder, whole if SOAK or algorithm == 13 else compact, flavour, algorithm, csk)
                    for flavour in signers.FLAVOURS.values() for algorithm in signers.ALGORITHMS
                    for csk in (False, True)]
            faults = [fault for job in jobs for fault in job.result()]
        self.assertEqual(len(jobs), 48)
        self.assertFalse(faults, "\n".join(faults))

    def test_disputed_features_are_judged_as_the_readme_says(self):
        for feature, refusing in REFUSES.items():
            signed = SIGNER.sign(interop_zone.disputed_zone(feature), interop_zone.ORIGIN, signers.FLAVOURS["nsec"],
                                 folder=os.path.join(self.folder, feature))
            said = {name: judge(signed.path, signed.origin) for name, judge in peers.JUDGES.items()}
            refused = {name for name, (accepted, _) in said.items() if not accepted}
            with self.subTest(feature):
                self.assertEqual(refused, refusing, said)


if __name__ == "__main__":
    unittest.main()
