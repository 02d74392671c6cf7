#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes the interop zone: at least 2,000 owners that between them hold whatever is legal and awkward in a zone.

Deterministic: the same text on every run and machine. Text goes to stdout:

    interop_zone.py [--origin NAME] [--delegations N] [--hosts N] [--disputed FEATURE...]

With few delegations and hosts it is the same zone without the bulk, for tests where each signature costs.
"""

import argparse
import base64
import hashlib
import re

import zone_types

ORIGIN = "interop."
SOA_TTL = 5400
NEGATIVE_TTL = 1800  # below the SOA's TTL, so that RFC 9077 decides the TTL of NSEC and NSEC3

ORIGIN_MARK = re.compile(r"(?<!\\)@")
BASE32HEX = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHIJKLMNOPQRSTUV")


def wire_name(name):
    """Wire form of a lower-case name without escapes."""
    labels = [label for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def nsec3_label(name, salt=b"", iterations=0):
    digest = hashlib.sha1(wire_name(name) + salt).digest()
    for _ in range(iterations):
        digest = hashlib.sha1(digest + salt).digest()
    return base64.b32encode(digest).decode().translate(BASE32HEX).lower()


def pseudo_random(*seed):
    """32 octets that depend on `seed` alone."""
    return hashlib.sha256("/".join(str(part) for part in seed).encode()).digest()


class Zone:
    """Lines of a master file, one record each."""

    def __init__(self, origin):
        self.origin = origin
        self.lines = []

    def name(self, relative):
        return f"{relative}.{self.origin}" if relative else self.origin

    def add(self, relative, kind, rdata, ttl=3600):
        self.lines.append(f"{self.name(relative)}\t{ttl}\tIN\t{kind}\t{ORIGIN_MARK.sub(self.origin, rdata)}")

    def address(self, relative, ttl=3600):
        octets = pseudo_random("address", relative.lower())
        self.add(relative, "A", f"192.0.2.{octets[0]}", ttl)
        if octets[1] % 2:
            self.add(relative, "AAAA", f"2001:db8::{octets[2]:x}:{octets[3]:x}", ttl)

    def cut(self, relative, servers, secure=False, ttl=86400):
        for server in servers:
            self.add(relative, "NS", server, ttl)
        if secure:
            for number in range(1 + pseudo_random("ds", relative)[0] % 2):
                octets = pseudo_random("ds", relative, number)
                tag = int.from_bytes(octets[:2], "big")
                self.add(relative, "DS", f"{tag} 13 2 {octets.hex().upper()}", ttl)


def apex(zone):
    zone.add("", "SOA", f"NS1.Name-Servers.@ Host\\.Master.@ 2026010101 7200 1800 604800 {NEGATIVE_TTL}", SOA_TTL)
    zone.add("", "NS", "NS1.Name-Servers.@", 86400)
    zone.add("", "NS", "ns2.glued.@", 86400)  # below a cut: the apex needs its glue
    zone.add("", "NS", "ns.elsewhere.example.", 86400)
    zone.add("", "MX", "10 Mail.@")
    zone.add("", "TXT", '"the interop zone"')
    zone.add("", "CAA", '0 issue ";"')
    zone.add("", "HINFO", '"CPU" "os"')
    zone.add("", "TYPE65534", "\\# 5 0d00010001")
    zone.address("ns1.name-servers")
    zone.address("mail")
    zone.cut("glued", ["ns2.glued.@"])
    zone.address("ns2.glued")


def all_types(zone):
    """Each type at its own owner, and all that may stand together at one."""
    for number, (kind, rdata) in enumerate(zone_types.records(zone.origin)):
        zone.add(f"{kind}.types", kind, rdata, 300 + number)
        if kind not in ("CNAME", "DNAME"):
            zone.add("all-types", kind, rdata, 7200)
    zone.add("NS.types", "NS", "ns1.name-servers.@")
    zone.add("DS.types", "NS", "ns1.name-servers.@")
    zone.add("DS.types", "DS", "1 13 2 " + pseudo_random("ds").hex())
    zone.add("DS.types", "DS", "1 8 4 " + (pseudo_random("ds", 4) + pseudo_random("ds", 4)[:16]).hex())
    zone.add("not-apex.zonemd", "ZONEMD", "1 1 1 " + "ab" * 48)


def cuts(zone):
    """Delegations at several depths, with glue above, at and below the cut, and records that a cut hides."""
    for depth in range(1, 7):
        below = ".".join(f"depth{level}" for level in range(depth, 0, -1))
        for secure in (False, True):
            name = f"{'s' if secure else 'i'}-cut.{below}.cuts"
            zone.cut(name, [f"ns.{name}.@", f"{name}.@", f"above.{below}.cuts.@", "NS.Sibling-Glue.@"], secure)
            zone.address(f"ns.{name}")  # glue below the cut
            zone.address(name)  # glue at the cut: not signed, not in the bitmap
            zone.address(f"deep.er.ns.{name}")
        zone.address(f"above.{below}.cuts")  # no glue at all: above the cut, signed
    zone.cut("sibling-glue", ["ns.sibling-glue.@", "ns.s-cut.depth1.cuts.@"])
    zone.address("ns.sibling-glue")
    # Data at and below a cut that is no glue stays as it is, unsigned and outside the chain.
    zone.cut("occluding", ["ns.occluding.@"])
    zone.address("ns.occluding")
    zone.add("occluding", "TXT", '"at the cut"')
    zone.add("hidden.occluding", "TXT", '"below the cut"')
    zone.add("cut.occluding", "NS", "ns.cut.occluding.@")  # a cut below a cut is none
    zone.address("ns.cut.occluding")
    zone.add("*.occluding", "A", "192.0.2.99")
    # Names that only look as if they were below a cut.
    zone.address("not-occluding")
    zone.address("occluding-not")
    zone.address("x-occluding")


def wildcards(zone):
    zone.add("*.wild", "TXT", '"from the wildcard"')
    zone.add("*.wild", "MX", "10 Mail.@")
    zone.address("exact.wild")
    zone.add("*.sub.wild", "TXT", '"one below"')
    zone.address("a.b.wild")
    zone.add("*.*.wild", "A", "192.0.2.42")  # a wildcard below a wildcard
    zone.add("_tcp.*.not-leftmost", "TXT", '"no wildcard: the asterisk is not leftmost"')
    zone.add("*.*.*.stars", "TXT", '"stars"')
    zone.add("\\*.escaped-star", "TXT", '"an escaped asterisk is a wildcard all the same"')
    zone.add("*a.partial-star", "TXT", '"no wildcard"')
    zone.add("**.partial-star", "TXT", '"no wildcard"')
    zone.add("*.cname-wild", "CNAME", "Exact.Wild.@")


def empty_non_terminals(zone):
    zone.address("a.b.c.d.e.f.g.h.chain")
    zone.address("z.f.g.h.chain")
    zone.address("c.d.e.f.g.h.chain")
    zone.cut("cut.e1.e2.e3.insecure-only", ["ns1.name-servers.@"])  # opt-out leaves out e1, e2, e3
    zone.cut("cut2.e2.e3.insecure-only", ["ns1.name-servers.@"])
    zone.cut("cut.e1.e2.both", ["ns1.name-servers.@"])
    zone.cut("signed.e2.both", ["ns1.name-servers.@"], secure=True)
    zone.cut("signed.e1.e2.secure-only", ["ns1.name-servers.@"], secure=True)
    zone.add("x." + ".".join("abcdefghijklmnopqrstuvwxyz") + ".alphabet", "TXT", '"26 of them"')
    zone.add(".".join(["0"] * 100) + ".deep", "TXT", '"a hundred labels"')
    zone.add("under.dname-parent", "DNAME", "Target.@")


def dnames(zone):
    zone.add("dname", "DNAME", "Wild.@")
    zone.add("dname", "A", "192.0.2.7")  # beside a DNAME all but CNAME may stand (RFC 6672 2.3)
    zone.add("dname", "TXT", '"beside a DNAME"')
    zone.add("dname-out", "DNAME", "Elsewhere.Example.")
    zone.add("a-dname", "A", "192.0.2.8")
    zone.add("dname-b", "A", "192.0.2.9")


def longest(zone, octets):
    """A name, relative to the zone, whose wire form has so many octets."""
    room = octets - len(wire_name(zone.name("long")))
    labels = []
    while room > 0:
        size = min(63, room - 1)
        if room - 1 - size == 1:  # no room for a label of one octet after this one
            size -= 1
        labels.append("m" * size)
        room -= size + 1
    return ".".join(labels) + ".long"


def odd_names(zone):
    """Labels of odd octets, names at the limits of length, names that sort unlike their text."""
    for label in (r"\000", r"\000\000", r"\001", r"\255", r"\255\255", r"sp\032ace", r"\"quote\"", r"semi\;colon",
                  r"\(paren\)", r"back\\slash", r"do\.t", r"a\.b.c\.d", r"at\@", r"\$ORIGIN", r"tab\009", r"new\010line",
                  r"del\127", r"\128high", r"\195\169", "-", "--", "_", "xn--bcher-kva", "0", "00", "1e1"):
        zone.add(f"{label}.odd", "TXT", f'"owner {len(label)}"')
        zone.cut(f"{label}.odd-cut", [f"ns.{label}.odd-cut.@"], secure=len(label) % 2 == 0)
        zone.add(f"ns.{label}.odd-cut", "A", "192.0.2.10")
    for octet in range(256):
        zone.add(f"x\\{octet:03d}y.octets", "A", f"192.0.2.{octet}")
    zone.add("l" * 63 + ".long", "A", "192.0.2.63")
    zone.add(longest(zone, 253), "A", "192.0.2.253")  # with room for "*." in front: see DISPUTED
    # Canonical order is by label from the right, case-blind, octets unsigned (RFC 4034 6.1).
    for name in ("example", "a.example", "yljkjljk.a.example", "Z.a.example", "zABC.a.EXAMPLE", "z.example",
                 r"\001.z.example", "*.z.example", r"\200.z.example"):
        zone.add(f"{name}.order", "TXT", '"RFC 4034 6.1"')


def mixed_case(zone):
    for name in ("MiXeD.CaSe", "mixed.case", "MIXED.CASE"):
        zone.add(name, "TXT", f'"Owner written as {name}"', 600)
    zone.add("Mixed.Case", "A", "192.0.2.77", 600)
    zone.add("PARENT.Case", "MX", "10 MIXED.cASE.@")
    zone.add("child.pArEnT.cAsE", "SRV", "0 0 1 MIXED.cASE.@")
    zone.cut("CUT.Case", ["NS.Cut.CASE.@", "ns.CUT.case.@"], secure=True)  # the same server twice: one record
    zone.add("ns.cut.case", "A", "192.0.2.78")
    zone.add("cname.CASE", "CNAME", "MiXeD.CaSe.@")


def long_text(strings):
    """RDATA of one TXT record of 193 octets for each string."""
    return " ".join(f'"{pseudo_random("long", number).hex() * 3}"' for number in range(strings))


def big_rrsets(zone, share=1):
    """RRsets over 16 KiB, each of a kind of its own, below the 64 KiB that a message holds. Those of many small records
    have a part of them if `share` is more than 1."""
    for number in range(90):
        octets = pseudo_random("txt", number).hex()
        zone.add("many-txt.big", "TXT", f'"{number:03d}{octets * 3}"')
    for number in range(1500 // share):
        zone.add("many-a.big", "A", f"10.9.{number // 250}.{number % 250 + 1}")
    for number in range(700 // share):
        zone.add("many-mx.big", "MX", f"{number} MAIL{number}.host.@")
    for number in range(8):
        zone.add("large-records.big", "TYPE65280", f"\\# 2500 {(bytes([number]) + bytes(2499)).hex()}")
    zone.add("one-record.big", "TXT", long_text(80))
    for number in range(300 // share):
        zone.add("many-ns.big", "NS", f"ns{number}.elsewhere.example.", 86400)
    for number in range(300 // share):
        octets = pseudo_random("big-ds", number)
        zone.add("many-ds.big", "DS", f"{number} 13 2 {octets.hex().upper()}", 86400)
    zone.add("many-ds.big", "NS", "ns1.name-servers.@", 86400)


def hash_like(zone):
    """Owners that look like those of NSEC3 records; some would be, for a chain without salt."""
    for name in ("", "www.hosts.", "nothing-here."):
        zone.add(nsec3_label(name + zone.origin).upper(), "A", "192.0.2.33")
        zone.add(f"sub.{nsec3_label(name + zone.origin)}", "A", "192.0.2.34")
        zone.cut(nsec3_label("cut-" + name + zone.origin), ["ns1.name-servers.@"])
    zone.add("0" * 32, "TXT", '"the lowest hash"')
    zone.add("v" * 32, "TXT", '"the highest hash"')
    zone.cut("v" * 31 + "u", ["ns1.name-servers.@"], secure=True)


# Legal, and misjudged by a peer: README.md says by which and why. Not in the zone unless asked for.
DISPUTED = {
    "wildcard-ns": (("*.wild-cut", "NS", "ns1.name-servers.@"), ("*.wild-secure", "NS", "ns1.name-servers.@"),
                    ("*.wild-secure", "DS", "1 13 2 " + "a1" * 32)),
    "nsap-ptr": (("nsap-ptr.disputed", "NSAP-PTR", "nsap.host.@"),),
    "nsap-ptr-case": (("nsap-ptr-case.disputed", "NSAP-PTR", "Nsap.Host.@"),),
    "a6-case": (("a6-case.disputed", "A6", "64 ::1 Prefix.Host.@"),),
    "sink": (("sink.disputed", "SINK", "1 2 3 AQID"),),
    "at-label": (("\\@.disputed", "A", "192.0.2.1"), ("0.disputed", "A", "192.0.2.1")),
    "signalling": (("_dsboot.child._signal.disputed", "CDS", "1 13 2 " + "a2" * 32),
                   ("_dsboot.child._signal.disputed", "CDNSKEY", "257 3 13 " + "A" * 86 + "==")),
    "case-kept": (("case.disputed", "IPSECKEY", "10 3 2 Gateway.Host.@ AQID"), ("case.disputed", "LP", "10 Locator.Host.@"),
                  ("case.disputed", "SVCB", "1 Service.Host.@ port=53")),
    "longest-name": ((longest(Zone(ORIGIN), 255), "A", "192.0.2.255"),),
    "large-record": (("large-record.disputed", "TXT", long_text(330)),),
    "ds-private": (("ds.disputed", "NS", "ns1.name-servers.@"), ("ds.disputed", "DS", "1 253 250 0123456789abcdef")),
}


def disputed(zone, features):
    for feature in features:
        for record in DISPUTED[feature]:
            zone.add(*record)


SMALL = """\
{origin}\t5400\tIN\tSOA\tns1.name-servers.{origin} host.{origin} 1 7200 1800 604800 1800
{origin}\t86400\tIN\tNS\tns1.name-servers.{origin}
ns1.name-servers.{origin}\t3600\tIN\tA\t192.0.2.1
"""


def disputed_zone(feature, origin=ORIGIN):
    """The text of a zone with one of them and little else."""
    zone = Zone(origin)
    disputed(zone, [feature])
    return SMALL.format(origin=origin) + "\n".join(zone.lines) + "\n"


def validation(zone):
    """Names that the validator asks for: test_validator.py."""
    zone.add("www.v", "A", "192.0.2.80")
    zone.add("www.v", "TXT", '"positive"')
    zone.add("alias.v", "CNAME", "www.v.@")
    zone.add("*.w.v", "TXT", '"wildcard"')
    zone.add("below.ent.v", "A", "192.0.2.81")
    zone.add("d.v", "DNAME", "v.@")
    zone.cut("unsigned-child", ["ns.unsigned-child.@"])
    zone.add("ns.unsigned-child", "A", "127.0.0.1")


def bulk(zone, delegations, hosts):
    servers = ["ns1.name-servers.@", "NS2.Bulk-Host.@", "ns.elsewhere.example."]
    zone.address("ns2.bulk-host")
    for number in range(delegations):
        octets = pseudo_random("delegation", number)
        name = f"d{octets[:5].hex()}-{number}"
        own = [f"ns.{name}.@"] if octets[5] % 4 == 0 else []
        zone.cut(name, own + servers[octets[6] % 3:][:2], secure=octets[7] % 5 == 0, ttl=86400 >> (octets[8] % 3))
        if own:
            zone.address(f"ns.{name}", 7200)
    for number in range(hosts):
        octets = pseudo_random("host", number)
        name = f"h{octets[:3].hex()}.group{octets[4] % 40}.hosts"
        zone.address(name, 300 + octets[5])
        if octets[6] % 7 == 0:
            zone.add(name, "TXT", f'"host {number}"', 300 + octets[6])


def build(origin=ORIGIN, delegations=1000, hosts=600, features=(), share=1):
    """The text of the zone; `share` is that of big_rrsets."""
    zone = Zone(origin)
    for part in (apex, all_types, cuts, wildcards, empty_non_terminals, dnames, odd_names, mixed_case,
                 lambda zone: big_rrsets(zone, share), hash_like, validation):
        part(zone)
    bulk(zone, delegations, hosts)
    disputed(zone, features)
    return "\n".join(zone.lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--origin", default=ORIGIN)
    parser.add_argument("--delegations", type=int, default=1000)
    parser.add_argument("--hosts", type=int, default=600)
    parser.add_argument("--disputed", nargs="*", default=(), choices=list(DISPUTED))
    options = parser.parse_args()
    print(build(options.origin, options.delegations, options.hosts, options.disputed), end="")


if __name__ == "__main__":
    main()
