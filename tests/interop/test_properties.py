#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Random zones under random policies: what zoneseal makes of them is, record for record, what the model computes;
zoneseal-verify and dnssec-verify accept it."""

import os
import shutil
import subprocess
import tempfile
import time
import unittest

import dns.rdata
import dns.rdataclass
import dns.rdatatype
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

import model
import peers
import signers
import zonefile

SIGNER = signers.chosen()
SOAK = os.environ.get("ZONESEAL_SOAK")
EXAMPLES = int(os.environ.get("INTEROP_EXAMPLES") or (3000 if SOAK else 150))

IN = dns.rdataclass.IN
# Few labels, so that names meet, nest and differ in case alone; odd octets, so that order and escapes matter.
LABELS = st.one_of(
    st.sampled_from([b"a", b"A", b"b", b"B", b"ab", b"*", b"\0", b"\xff", b".", b"a.b", b"\\", b" ", b"@x", b"_", b"-", b"0",
                     b"z" * 63, b"\x7f", b"\x80", b"(;\")", b"\n"]),
    st.binary(min_size=1, max_size=3).filter(lambda label: label != b"@"))
ORIGINS = st.sampled_from([b"\1t\0", b"\7example\0", b"\1a\1b\0", b"\1*\1w\0", b"\2\0\xff\0", b"\0"])
TTLS = st.sampled_from([0, 1, 60, 300, 3600, 86400])
TYPES = (1, 2, 5, 12, 13, 15, 16, 17, 18, 28, 33, 35, 36, 37, 39, 43, 44, 52, 64, 99, 257, 65280)


def wire(labels_, origin):
    return b"".join(bytes([len(label)]) + label for label in labels_) + origin


@st.composite
def names(draw, origin, most=4):
    labels_ = draw(st.lists(LABELS, max_size=most))
    while len(wire(labels_, origin)) > 200:
        labels_.pop()
    return wire(labels_, origin)


@st.composite
def rdatas(draw, kind, origin):
    """RDATA in wire form of one of TYPES."""
    name = names(origin) | names(b"\3Out\1o\0", most=2)
    short = st.integers(0, 65535).map(lambda number: number.to_bytes(2, "big"))
    string = st.binary(max_size=12).map(lambda octets: bytes([len(octets)]) + octets)
    text = st.lists(string, min_size=1, max_size=3).map(b"".join)
    host = st.sampled_from([b"\x68\2h2"]).flatmap(lambda _: name)
    shapes = {
        1: (st.binary(min_size=4, max_size=4),), 28: (st.binary(min_size=16, max_size=16),),
        2: (name,), 5: (name,), 12: (name,), 39: (name,), 13: (string, string), 15: (short, host), 16: (text,), 99: (text,),
        17: (name, name), 18: (short, name), 33: (short, short, short, name),
        # BIND reads a NAPTR only if its third string is empty or a substitution.
        35: (short, short, string, string, st.sampled_from([b"\0", b"\7!^a$!b!"]), name), 36: (short, name),
        37: (short, short, st.just(b"\x08"), st.binary(min_size=1, max_size=9)),
        43: (short, st.just(b"\x0d\x02"), st.binary(min_size=32, max_size=32)),
        44: (st.just(b"\1\1"), st.binary(min_size=20, max_size=20)),
        52: (st.just(b"\3\1\1"), st.binary(min_size=32, max_size=32)),
        64: (short.filter(lambda octets: octets != b"\0\0"), name.map(bytes.lower), st.just(b"\0\3\0\2\0\x35") | st.just(b"")),
        257: (st.sampled_from([b"\0\5issue", b"\x80\3tbs"]), st.binary(max_size=9)),
        65280: (st.binary(max_size=20),),
    }
    return b"".join(draw(part) for part in shapes[kind])


@st.composite
def nodes(draw, owner, origin):
    """Records of one owner: a host, an alias, a cut, or anything."""
    shape = draw(st.sampled_from(["data", "data", "data", "cut", "cut", "secure", "alias", "redirect"]))
    if owner == origin:
        shape = "data"
    kinds = {"cut": [2], "secure": [2, 43], "alias": [5], "redirect": [39]}.get(shape)
    if kinds is None:
        kinds = draw(st.lists(st.sampled_from([kind for kind in TYPES if kind not in (2, 5, 39, 43)]), min_size=1, max_size=4,
                              unique=True))
    elif shape in ("cut", "secure"):
        kinds = kinds + draw(st.lists(st.sampled_from([1, 28, 16]), max_size=2, unique=True))  # glue, and what is hidden
    out = []
    for kind in kinds:
        single = kind in (5, 39)
        for _ in range(1 if single else draw(st.integers(1, 3))):
            spelling = draw(st.sampled_from([owner, owner.upper() if b"z" not in owner else owner, owner.lower()]))
            spelling = spelling[:len(spelling) - len(origin)] + origin
            record = zonefile.Record(spelling, kind, draw(TTLS), draw(rdatas(kind, origin)))
            out += [record] * (1 if single else draw(st.sampled_from([1, 1, 1, 2])))
    return out


def below_dname(owner, dnames):
    return any(above in dnames for above in list(model.parents(owner.lower()))[1:])


@st.composite
def zones(draw):
    """(origin, records): a zone that zoneseal has to accept."""
    origin = draw(ORIGINS)
    owners = draw(st.lists(names(origin), max_size=12))
    for owner in list(owners):  # children of names there are: glue, hidden data, empty non-terminals
        if draw(st.booleans()):
            labels_ = draw(st.lists(LABELS, min_size=1, max_size=2))
            if len(wire(labels_, owner)) < 240:
                owners.append(wire(labels_, owner))
    by_name = {}
    for owner in owners:
        if owner.lower() != origin.lower():
            by_name.setdefault(owner.lower(), draw(nodes(owner, origin)))
    # A name below a DNAME is no longer the zone's; zones with such data are a matter of their own.
    dnames = {owner for owner, node in by_name.items() if any(record.type == 39 for record in node)}
    records = [record for owner, node in by_name.items() if not below_dname(owner, dnames) for record in node]
    minimum = draw(st.sampled_from([0, 1, 300, 3600]))
    soa = b"\2NS" + origin + b"\4Host" + origin + b"".join(
        number.to_bytes(4, "big") for number in (draw(st.integers(1, 2**31 - 1)), 7200, 1800, 604800, minimum))
    records.append(zonefile.Record(origin, zonefile.SOA, draw(TTLS), soa))
    for server in draw(st.lists(names(b"\3Out\0", 1) | st.just(b""), min_size=1, max_size=2)):
        # A server of the zone itself needs its address there (RFC 2181 10.3); in the root zone every server is one.
        if server == b"" or origin == b"\0":
            server = next(name for name in (b"\7Server%d" % number + origin for number in range(10))
                          if name.lower() not in by_name and not below_dname(name, dnames))
            if not any(record.owner == server for record in records):
                records.append(zonefile.Record(server, 1, draw(TTLS), bytes([192, 0, 2, 1])))
        records.append(zonefile.Record(origin, zonefile.NS, draw(TTLS), server))
    records += draw(nodes(origin, origin)) if draw(st.booleans()) else []
    return origin, draw(st.permutations(records))


def rdata_text(kind, octets):
    """Named or generic form, as dnspython has it."""
    try:
        return dns.rdata.from_wire(IN, kind, octets, 0, len(octets)).to_text()
    except (dns.exception.DNSException, ValueError):
        return f"\\# {len(octets)} {octets.hex()}".rstrip()


def zone_text(records):
    lines = []
    for owner, kind, ttl, rdata in records:
        name = dns.name.from_wire(owner, 0)[0].to_text()
        lines.append(f"{name}\t{ttl}\tIN\t{dns.rdatatype.to_text(kind)}\t{rdata_text(kind, rdata)}")
    return "\n".join(lines) + "\n"


@st.composite
def policies(draw):
    flavour = draw(st.sampled_from(list(signers.FLAVOURS.values())))
    # Making an RSA key takes longer than all the rest; test_judges.py has RSA.
    return flavour, draw(st.sampled_from([13, 13, 15, 15, 14, 16])), draw(st.booleans())


def verify(path, origin):
    if SIGNER.name != "zoneseal":
        return True, ""
    done = subprocess.run([SIGNER.program("zoneseal-verify"), "--origin", origin, path], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    return done.returncode == 0, done.stdout[-3000:]


class Properties(unittest.TestCase):

    @settings(max_examples=EXAMPLES, derandomize=not SOAK, deadline=None, database=None, print_blob=True,
              suppress_health_check=list(HealthCheck), phases=[Phase.generate] + [Phase.shrink] * bool(SOAK))
    @given(zones(), policies())
    def test_signed_zone_is_what_the_model_computes(self, zone, policy):
        (origin, records), (flavour, algorithm, csk) = zone, policy
        text, name = zone_text(records), dns.name.from_wire(origin, 0)[0].to_text()
        note(f"{name} {flavour.name} {algorithm} csk={csk}\n{text}")
        folder = tempfile.mkdtemp(prefix="zoneseal-properties-")
        try:
            now = int(time.time())
            signed = SIGNER.sign(text, name, flavour, algorithm, csk, folder)
            with open(signed.path, encoding="ascii") as file:
                found = model.read(file.read())
            expected = model.Expected(origin, flavour, algorithm, csk, now=(now,), **SIGNER.habits)
            self.assertEqual(model.faults(records, found, expected), [])
            accepted, said = verify(signed.path, name)
            self.assertTrue(accepted, said)
            accepted, said = peers.dnssec_verify(signed.path, name, csk)
            self.assertTrue(accepted or wildcard_cut(records), said)
        finally:
            shutil.rmtree(folder)


def wildcard_cut(records):
    """BIND refuses NS at a wildcard: README.md."""
    return any(record.type == zonefile.NS and record.owner.startswith(b"\1*") for record in records)


if __name__ == "__main__":
    unittest.main()
