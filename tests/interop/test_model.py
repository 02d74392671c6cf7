#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The model of test_properties.py and test_mutants.py is right: it agrees with dnssec-signzone on the interop zone, and it
sees each kind of damage."""

import os
import tempfile
import time
import unittest

import interop_zone
import model
import signers
import test_mutants
import zonefile

ORIGIN = zonefile.name_wire(interop_zone.ORIGIN)


def first(records, kind):
    return next(index for index, record in enumerate(records) if record.type == kind)


def replaced(records, index, **fields):
    return records[:index] + [records[index]._replace(**fields)] + records[index + 1:]


def without(records, index):
    return records[:index] + records[index + 1:]


def flipped(records, index, at):
    rdata = bytearray(records[index].rdata)
    rdata[at] ^= 1
    return replaced(records, index, rdata=bytes(rdata))


# Each takes the records of a signed zone and the type of its chain.
DAMAGE = {
    "record lost": lambda records, chain: without(records, first(records, zonefile.TXT)),
    "record added": lambda records, chain: records + [records[0]._replace(type=99, rdata=b"\1x")],
    "other address": lambda records, chain: flipped(records, first(records, zonefile.A), 0),
    "other TTL": lambda records, chain: replaced(records, first(records, zonefile.A), ttl=1),
    "signature flipped": lambda records, chain: flipped(records, first(records, zonefile.RRSIG), -1),
    "inception changed": lambda records, chain: flipped(records, first(records, zonefile.RRSIG), 12),
    "signature lost": lambda records, chain: without(records, first(records, zonefile.RRSIG)),
    "denial lost": lambda records, chain: without(records, first(records, chain)),
    "bitmap changed": lambda records, chain: flipped(records, first(records, chain), -1),
    "denial's TTL": lambda records, chain: replaced(records, first(records, chain), ttl=1),
    "key flipped": lambda records, chain: flipped(records, first(records, zonefile.DNSKEY), -1),
    "key lost": lambda records, chain: without(records, first(records, zonefile.DNSKEY)),
    "glue signed": lambda records, chain: records + [
        records[first(records, zonefile.RRSIG)]._replace(owner=b"\3ns2\5glued" + ORIGIN)],
}


class Model(unittest.TestCase):

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="zoneseal-model-"))

    def signed(self, text, flavour):
        """(unsigned, signed, expected)."""
        folder, now = os.path.join(self.folder, flavour.name), int(time.time())
        signed = signers.Peer().sign(text, interop_zone.ORIGIN, flavour, folder=folder)
        unsigned = zonefile.load(os.path.join(folder, "unsigned.zone"), interop_zone.ORIGIN)
        records = zonefile.load(signed.path, interop_zone.ORIGIN)
        return unsigned, records, model.Expected(ORIGIN, flavour, 13, False, now=(now,), **signers.Peer.habits)

    def test_model_agrees_with_dnssec_signzone(self):
        for flavour in signers.FLAVOURS.values():
            unsigned, records, expected = self.signed(interop_zone.build(delegations=20, hosts=20), flavour)
            with self.subTest(flavour.name):
                self.assertEqual(model.faults(unsigned, records, expected), [])

    def test_model_sees_each_kind_of_damage(self):
        for name in ("nsec", "nsec3-opt-out"):
            unsigned, records, expected = self.signed(test_mutants.text_of(False), signers.FLAVOURS[name])
            chain = zonefile.NSEC3 if expected.flavour.nsec3 else zonefile.NSEC
            self.assertEqual(model.faults(unsigned, records, expected), [])
            for title, damage in DAMAGE.items():
                with self.subTest(title, flavour=name):
                    self.assertNotEqual(model.faults(unsigned, damage(records, chain), expected), [])


if __name__ == "__main__":
    unittest.main()
