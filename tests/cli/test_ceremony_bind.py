# SPDX-License-Identifier: MIT
"""Either side of a key ceremony can be BIND's. Debian 12 has no dnssec-ksr: its files are written here as its manual and
its source say, with BIND's own keys (dnssec-keygen) and with signatures that are not ours (dnspython)."""
import calendar
import glob
import os
import re
import subprocess
import time
import unittest

import dns.dnssec
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives import hashes

from ceremony import Ceremonies

ORIGIN = dns.name.from_text("nl.test.")
REFRESH = 4 * 86400
VALIDITY = 14 * 86400
# BIND's own defaults: signatures for 14 days, replaced when 5 are left; the next bundle's overlap is that.
POLICY = """name: tld
keys: {offline-ksk: true, zsk: {lifetime: 30d}}
signatures: {validity: 14d, refresh: 4d}
parent: {cds: always, ds: by-hand}
ceremony: {period: 40d, interval: 10d, overlap: 5d, alarm: 10d, horizon: 100d}
"""


def digits_of(when):
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(when))


class Ksk:
    """A P-256 KSK that is nobody's but this test's."""

    def __init__(self):
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.dnskey = dns.dnssec.make_dnskey(self.private.public_key(), 13, flags=257) if hasattr(dns.dnssec, "make_dnskey") \
            else self._dnskey()
        self.tag = dns.dnssec.key_id(self.dnskey)

    def _dnskey(self):
        numbers = self.private.public_key().public_numbers()
        octets = numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        return dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.DNSKEY, b"\x01\x01\x03\x0d" + octets, 0, 68)

    def rrsig(self, rrset, inception, expiration):
        """RFC 4034 3.1.8.1, by hand."""
        kind = rrset.rdtype
        head = kind.to_bytes(2, "big") + bytes([13, 2]) + rrset.ttl.to_bytes(4, "big") + expiration.to_bytes(4, "big") \
            + inception.to_bytes(4, "big") + self.tag.to_bytes(2, "big") + ORIGIN.to_wire()
        data = head
        for rdata in sorted(item.to_wire() for item in rrset):
            data += ORIGIN.to_wire() + kind.to_bytes(2, "big") + b"\0\x01" + rrset.ttl.to_bytes(4, "big") \
                + len(rdata).to_bytes(2, "big") + rdata
        r, s = utils.decode_dss_signature(self.private.sign(data, ec.ECDSA(hashes.SHA256())))
        wire = head + r.to_bytes(32, "big") + s.to_bytes(32, "big")
        sig = dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.RRSIG, wire, 0, len(wire))
        return f"{ORIGIN} {rrset.ttl} IN RRSIG {sig}\n"


def dnssec_ksr_sign(request, ksk, end):
    """What `dnssec-ksr -f REQUEST sign` prints."""
    out, bundles = "", []
    for line in request.splitlines():
        header = re.match(r";; KeySigningRequest 1\.0 (\d{14}) ", line)
        if header:
            bundles.append((calendar.timegm(time.strptime(header[1], "%Y%m%d%H%M%S")), []))
        elif line and not line.startswith(";;"):
            bundles[-1][1].append(line.split(None, 4)[4])
    starts = [start for start, _ in bundles[1:]] + [end]
    cdnskey = dns.rrset.from_rdata(ORIGIN, 3600, dns.rdata.from_text("IN", "CDNSKEY", ksk.dnskey.to_text()))
    digest = dns.dnssec.make_ds(ORIGIN, ksk.dnskey, "SHA256")
    cds = dns.rrset.from_rdata(ORIGIN, 3600, dns.rdata.from_text("IN", "CDS", digest.to_text()))
    for (inception, texts), following in zip(bundles, starts):
        keys = dns.rrset.from_text_list(ORIGIN, 3600, "IN", "DNSKEY", texts + [ksk.dnskey.to_text()])
        while inception < following:
            out += f";; SignedKeyResponse 1.0 {digits_of(inception)} (words)\n"
            for rrset in (keys, cdnskey, cds):
                out += rrset.to_text() + "\n" + ksk.rrsig(rrset, inception - 3600, inception + VALIDITY)
            inception = inception + VALIDITY - REFRESH - 86400
        out += "\n"
    return out + ";; SignedKeyResponse 1.0 generated at words by 9.20.0\n"


class TheirKsk(Ceremonies):
    policy = POLICY

    def test_our_zone_is_signed_with_their_response(self):
        ksk = Ksk()
        for number in (1, 2):
            ksr = self.request("--format", "bind")
            text = self.read(ksr).decode()
            self.assertNotIn("\t257 ", text)
            starts = re.findall(r"^;; KeySigningRequest 1\.0 (\d{14}) ", text, flags=re.M)
            end = calendar.timegm(time.strptime(starts[-1], "%Y%m%d%H%M%S")) + 10 * 86400
            skr = self.write(f"{number}.skr", dnssec_ksr_sign(text, ksk, end))
            self.z("skr", "validate", "nl.test", "-i", skr, code=0)
            self.z("skr", "import", "nl.test", "-i", skr, code=0)
            versions = 0
            for _ in range(14):
                before = self.read(self.output) if os.path.exists(self.output) else b""
                self.publish()
                if self.read(self.output) != before:
                    versions += 1
                    self.assert_published_is_good()
                self.go(days=2, hours=1)
            self.assertGreater(versions, 3)
            self.assertTrue(any(ksk.dnskey.to_text().replace(" ", "") == line.replace(" ", "")
                                for line in self.published_dnskeys()))
        self.assertIn("active", self.keys("zsk").values())
        self.assertEqual(self.records("CDS"), 1)


class TheirZone(Ceremonies):
    policy = POLICY

    def setUp(self):
        super().setUp()
        for _ in range(2):
            subprocess.run(["dnssec-keygen", "-a", "ECDSAP256SHA256", "nl.test"], cwd=self.folder, capture_output=True, check=True)
        self.zsks = []
        for path in sorted(glob.glob(self.path("K*.key"))):
            line = [row for row in self.read(path).decode().splitlines() if not row.startswith(";")][0]
            self.zsks.append(line.replace(" IN ", " 3600 IN "))

    def request_of_theirs(self):
        one, two = self.zsks
        return self.write("theirs.ksr", ";; KeySigningRequest 1.0 20261124120000 (Tue Nov 24 12:00:00 2026)\n" + one + "\n"
                          ";; KeySigningRequest 1.0 20261208100000 (Tue Dec  8 10:00:00 2026)\n" + one + "\n" + two + "\n"
                          ";; KeySigningRequest 1.0 20261226120000 (Sat Dec 26 12:00:00 2026)\n" + two + "\n"
                          ";; KeySigningRequest 1.0 generated at Tue Nov 24 12:00:00 2026 by 9.20.0\n")

    def test_our_ksk_signs_their_request_once_a_person_has_compared_the_keys(self):
        ksr = self.request_of_theirs()
        done = self.k("skr", "sign", "nl.test", "-i", ksr, "-o", self.path("x"), code=1)
        self.assertIn("no proof that its maker holds the ZSKs", done.err)
        self.k("skr", "sign", "nl.test", "-i", ksr, "-o", self.path("x.skr"), "--format", "bind", "--yes", "--reason",
               "compared by voice", "--until", "2027-01-03T12:00Z", code=0)
        text = self.read(self.path("x.skr")).decode()
        bundles = re.split(r"^;; SignedKeyResponse 1\.0 (?=\d{14} )", text, flags=re.M)[1:]
        self.assertGreaterEqual(len(bundles), 5)
        self.assertIn(";; SignedKeyResponse 1.0 generated at", bundles[-1])
        for bundle in bundles:
            self.check_bundle(bundle)

    def check_bundle(self, bundle):
        """As named would: each record parsed by another library, each signature checked by it."""
        rrsets, sigs = {}, {}
        for line in bundle.splitlines()[1:]:
            if not line or line.startswith(";;"):
                continue
            _, ttl, _, kind, rdata = line.split("\t")
            if kind == "RRSIG":
                sig = dns.rdata.from_text("IN", "RRSIG", rdata)
                sigs.setdefault(dns.rdatatype.to_text(sig.type_covered), []).append(sig)
            else:
                rrsets.setdefault(kind, dns.rrset.RRset(ORIGIN, dns.rdataclass.IN, dns.rdatatype.from_text(kind)))
                rrsets[kind].add(dns.rdata.from_text("IN", kind, rdata), int(ttl))
        self.assertEqual(set(rrsets), {"DNSKEY", "CDNSKEY", "CDS"})
        begin = calendar.timegm(time.strptime(bundle[:14], "%Y%m%d%H%M%S"))
        for kind, rrset in rrsets.items():
            self.assertTrue(sigs[kind])
            for sig in sigs[kind]:
                dns.dnssec.validate_rrsig(rrset, sig, {ORIGIN: rrsets["DNSKEY"]}, now=begin)


if __name__ == "__main__":
    unittest.main()
