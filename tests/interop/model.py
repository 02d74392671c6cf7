# SPDX-License-Identifier: MIT
"""What a signed zone must be, computed from the unsigned one and the RFCs alone.

Shares nothing with zoneseal: dnspython reads RDATA and puts it into canonical form, the `cryptography` package checks
signatures, and the rest is here, in the plainest way that works for small zones.
"""

import hashlib
import itertools
import re
import struct
from typing import NamedTuple

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, ed448, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from zonefile import (CDNSKEY, CDS, DNSKEY, DS, NS, NSEC, NSEC3, NSEC3PARAM, RRSIG, SOA, ZONEMD, Record, base32hex,
                      canonical_rdata, labels, lower, name_text)

CNAME, DNAME = 5, 39
IN = dns.rdataclass.IN
MADE_ANYWHERE = {RRSIG, NSEC, NSEC3}
MADE_AT_APEX = {DNSKEY, CDS, CDNSKEY, NSEC3PARAM, ZONEMD}


class Expected(NamedTuple):
    """How the zone was to be signed."""
    origin: bytes
    flavour: object  # signers.Flavour
    algorithm: int
    csk: bool
    zonemd: bool
    now: tuple  # when signatures may have been made
    validity: int
    jitter: int
    inception_offset: int
    all_empty: bool  # with opt-out, empty non-terminals that lead to insecure delegations only have NSEC3 too
    surplus: bool = False  # NSEC3 that opt-out makes superfluous may be there all the same (RFC 5155 6, 7.1)


def read(text):
    """Records of a signed zone in zoneseal's form: one a line, five fields apart by tabs, all names absolute."""
    out = []
    for line in text.splitlines():
        owner, ttl, class_, kind, rdata = line.split("\t", 4)
        assert class_ == "IN", line
        number = dns.rdatatype.from_text(kind)
        out.append(Record(dns.name.from_text(owner).to_wire(), number, int(ttl), rdata_wire(number, rdata)))
    return out


# dnspython 2.3 reads \DDD from 128 up as a character, not as an octet, in types whose strings are not TXT's. Their fields:
# a number of so many octets, a string with its length ("s"), the rest without ("r"), a name ("n").
WITH_STRINGS = {13: "ss", 35: (2, 2, "s", "s", "s", "n"), 257: (1, "s", "r")}
TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


def unescape(text):
    """RFC 1035 5.1."""
    return re.sub(rb"\\(\d\d\d|.)", lambda found: bytes([int(found[1])]) if len(found[1]) == 3 else found[1],
                  text.encode("latin-1"))


def rdata_wire(number, text):
    if number not in WITH_STRINGS or text.startswith("\\#"):
        return dns.rdata.from_text(IN, number, text).to_wire()
    out = b""
    for field, found in zip(WITH_STRINGS[number], TOKEN.finditer(text)):
        token = found[1] if found[1] is not None else found[2]
        if field == "n":
            out += dns.name.from_text(token).to_wire()
        elif field in ("s", "r"):
            octets = unescape(token)
            out += (bytes([len(octets)]) if field == "s" else b"") + octets
        else:
            out += int(token).to_bytes(field, "big")
    return out


def order(owner):
    """Sorts names in canonical order (RFC 4034 6.1): by label from the right, as octets, without case."""
    return [label.lower() for label in reversed(labels(owner))]


def parents(owner):
    """The name itself, the name above it, and so on to the root."""
    while True:
        yield owner
        if owner == b"\0":
            return
        owner = owner[1 + owner[0]:]


def canonical(kind, rdata):
    """RDATA as it is signed (RFC 4034 6.2)."""
    parsed = dns.rdata.from_wire(IN, kind, rdata, 0, len(rdata))
    if isinstance(parsed, dns.rdata.GenericRdata):  # also MB, MG, MR, MINFO and NXT, which dnspython does not know
        return canonical_rdata(kind, rdata)
    return parsed.to_digestable()


class Zone:
    """The unsigned zone: for each name in lower case its RRsets, {type: (ttl, {canonical RDATA: RDATA as written})}."""

    def __init__(self, records, origin):
        self.origin = lower(origin)
        self.names = {}
        for owner, kind, ttl, rdata in records:
            owner = lower(owner)
            if kind in MADE_ANYWHERE or kind in MADE_AT_APEX and owner == self.origin:
                continue
            rrsets = self.names.setdefault(owner, {})
            lowest, members = rrsets.get(kind, (ttl, {}))
            members.setdefault(canonical(kind, rdata), set()).add(rdata)
            rrsets[kind] = (min(ttl, lowest), members)

    def is_cut(self, owner):
        return owner != self.origin and NS in self.names.get(owner, ())

    def is_hidden(self, owner):
        """Below a cut or a DNAME."""
        return any(self.is_cut(name) or DNAME in self.names.get(name, ())
                   for name in list(parents(owner))[1:] if self.contains(name))

    def contains(self, owner):
        return self.origin in parents(owner)

    def visible(self):
        """Names with data that the zone answers for, cuts included, in canonical order."""
        return sorted((owner for owner in self.names if not self.is_hidden(owner)), key=order)

    def types(self, owner):
        """Types at a visible name that the zone is authoritative for, and NS at a cut."""
        have = set(self.names[owner])
        return have & {NS, DS} if self.is_cut(owner) else have

    def signed_types(self, owner):
        return self.types(owner) - ({NS} if self.is_cut(owner) else set())


def bitmap(types):
    """Windows of 256 types, each to its last octet that is not zero (RFC 4034 4.1.2)."""
    out = b""
    for window in sorted({number >> 8 for number in types}):
        bits = bytearray(32)
        for number in types:
            if number >> 8 == window:
                bits[(number & 255) // 8] |= 0x80 >> (number & 7)
        octets = bytes(bits).rstrip(b"\0")
        out += bytes([window, len(octets)]) + octets
    return out


def nsec3_hash(owner, salt, iterations):
    digest = hashlib.sha1(lower(owner) + salt).digest()
    for _ in range(iterations):
        digest = hashlib.sha1(digest + salt).digest()
    return digest


def nsec_chain(zone):
    """{owner: RDATA in lower case} (RFC 4034 4, RFC 4035 2.3)."""
    owners = zone.visible()
    return {owner: owners[(number + 1) % len(owners)] + bitmap(zone.types(owner) | {NSEC, RRSIG})
            for number, owner in enumerate(owners)}


def nsec3_owner(digest, origin):
    label = base32hex(digest).encode()
    return bytes([len(label)]) + label + origin


def nsec3_chain(zone, flavour, all_empty, present=()):
    """{owner: RDATA} (RFC 5155 7.1). Names that opt-out may leave out are in it if their hashes are `present`, and empty
    non-terminals if `all_empty` too."""
    salt = bytes.fromhex(flavour.salt)

    def is_present(owner):
        return nsec3_owner(nsec3_hash(owner, salt, flavour.iterations), zone.origin) in present

    maps = {}
    for owner in zone.visible():
        types = zone.types(owner)
        if flavour.opt_out and zone.is_cut(owner) and DS not in types and not is_present(owner):
            empty = list(itertools.takewhile(lambda above: above != zone.origin, parents(owner)))
            maps.update({above: b"" for above in empty if above not in zone.names and (all_empty or is_present(above))})
            continue
        maps[owner] = bitmap(types | ({RRSIG} if zone.signed_types(owner) else set()))
        for above in parents(owner):
            if above == zone.origin:
                break
            maps.setdefault(above, b"") if above not in zone.names else None
    hashed = sorted((nsec3_hash(owner, salt, flavour.iterations), types) for owner, types in maps.items())
    fixed = struct.pack("!BBHB", 1, 1 if flavour.opt_out else 0, flavour.iterations, len(salt)) + salt
    out = {}
    for number, (digest, types) in enumerate(hashed):
        following = hashed[(number + 1) % len(hashed)][0]
        out[nsec3_owner(digest, zone.origin)] = fixed + bytes([20]) + following + types
    assert len(out) == len(maps), "two names have one hash"
    return out


# --- signatures ----------------------------------------------------------------------------------------------------

def key_tag(rdata):
    """RFC 4034 Appendix B."""
    total = sum(octet << 8 if index % 2 == 0 else octet for index, octet in enumerate(rdata))
    return (total + (total >> 16)) & 0xFFFF


def rsa_key(octets):
    """RFC 3110 2."""
    size, at = (octets[0], 1) if octets[0] else (int.from_bytes(octets[1:3], "big"), 3)
    exponent = int.from_bytes(octets[at:at + size], "big")
    return rsa.RSAPublicNumbers(exponent, int.from_bytes(octets[at + size:], "big")).public_key()


def ecdsa_verify(octets, signature, data, curve, digest):
    """RFC 6605 4."""
    half = len(octets) // 2
    key = ec.EllipticCurvePublicKey.from_encoded_point(curve, b"\4" + octets)
    if len(signature) != 2 * half:
        raise InvalidSignature
    r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
    key.verify(encode_dss_signature(r, s), data, ec.ECDSA(digest))


VERIFY = {
    8: lambda key, signature, data: rsa_key(key).verify(signature, data, padding.PKCS1v15(), hashes.SHA256()),
    10: lambda key, signature, data: rsa_key(key).verify(signature, data, padding.PKCS1v15(), hashes.SHA512()),
    13: lambda key, signature, data: ecdsa_verify(key, signature, data, ec.SECP256R1(), hashes.SHA256()),
    14: lambda key, signature, data: ecdsa_verify(key, signature, data, ec.SECP384R1(), hashes.SHA384()),
    15: lambda key, signature, data: ed25519.Ed25519PublicKey.from_public_bytes(key).verify(signature, data),
    16: lambda key, signature, data: ed448.Ed448PublicKey.from_public_bytes(key).verify(signature, data),
}


def is_valid(key, signature, data):
    """`key` is the RDATA of a DNSKEY."""
    try:
        VERIFY[key[3]](key[4:], signature, data)
        return True
    except InvalidSignature:
        return False


def label_count(owner):
    """RFC 4034 3.1.3: without the root, and without an asterisk that comes first."""
    parts = labels(owner)
    return len(parts) - (parts[:1] == [b"*"])


class Signature(NamedTuple):
    covered: int
    algorithm: int
    labels: int
    ttl: int
    expiration: int
    inception: int
    tag: int
    signer: bytes
    octets: bytes
    fixed: bytes  # all of the RDATA before the signature, signer in lower case


def read_signature(rdata):
    fields = struct.unpack("!HBBIIIH", rdata[:18])
    size = len(dns.name.from_wire(rdata, 18)[0].to_wire())
    signer = rdata[18:18 + size]
    return Signature(*fields, signer, rdata[18 + size:], rdata[:18] + lower(signer))


def signed_data(signature, owner, ttl, rdatas):
    """RFC 4034 3.1.8.1."""
    out = signature.fixed
    head = lower(owner) + struct.pack("!HHI", signature.covered, IN, ttl)
    for rdata in sorted(canonical(signature.covered, rdata) for rdata in rdatas):
        out += head + struct.pack("!H", len(rdata)) + rdata
    return out


def zonemd_digest(records, origin):
    """RFC 8976 3.3.1 with SHA-384: all but the ZONEMD at the apex and its signatures, each record once."""
    seen = set()
    for owner, kind, ttl, rdata in records:
        if lower(owner) == origin and (kind == ZONEMD or kind == RRSIG and rdata[:2] == struct.pack("!H", ZONEMD)):
            continue
        seen.add((tuple(order(owner)), kind, canonical(kind, rdata), lower(owner), ttl))
    digest = hashlib.sha384()
    for _, kind, rdata, owner, ttl in sorted(seen):
        digest.update(owner + struct.pack("!HHIH", kind, IN, ttl, len(rdata)) + rdata)
    return digest.digest()


# --- the comparison ------------------------------------------------------------------------------------------------

class Comparison:
    """Collects what is wrong with `signed` as the signed form of `unsigned`."""

    def __init__(self, unsigned, signed, expected):
        self.expected = expected
        self.zone = Zone(unsigned, expected.origin)
        self.origin = self.zone.origin
        self.signed = signed
        self.sets = {}  # (owner, type): [(ttl, RDATA)]
        self.signatures = {}  # (owner, type covered): [(ttl, Signature)]
        self.faults = []
        self.taken = {}  # of `sets`, those that were expected
        for owner, kind, ttl, rdata in signed:
            owner = lower(owner)
            if kind == RRSIG:
                signature = read_signature(rdata)
                self.signatures.setdefault((owner, signature.covered), []).append((ttl, signature))
            else:
                self.sets.setdefault((owner, kind), []).append((ttl, rdata))
        self.check_data()
        self.check_keys()
        self.check_denial()
        self.check_zonemd()
        self.check_signatures()
        for (owner, kind) in self.sets:
            self.fault("not asked for", owner, kind)

    def fault(self, what, owner, kind, *detail):
        self.faults.append(f"{name_text(owner)} {dns.rdatatype.to_text(kind)}: {what} {detail or ''}")

    def take(self, owner, kind):
        """The RRset, which then counts as expected, as (ttl, [RDATA])."""
        found = self.sets.pop((owner, kind), None)
        if found is None:
            self.fault("missing", owner, kind)
            return None, []
        self.taken[owner, kind] = found
        if len({ttl for ttl, _ in found}) != 1:
            self.fault("several TTLs", owner, kind, found)
        return found[0][0], [rdata for _, rdata in found]

    def check_data(self):
        """Everything given is there, once, unchanged but for the serial; hidden data too."""
        for owner, rrsets in self.zone.names.items():
            for kind, (ttl, members) in rrsets.items():
                got_ttl, got = self.take(owner, kind)
                if got_ttl != ttl:
                    self.fault("TTL", owner, kind, got_ttl, ttl)
                if kind == SOA:
                    got = [rdata[:-20] + bytes(4) + rdata[-16:] for rdata in got]
                    members = {rdata[:-20] + bytes(4) + rdata[-16:]: {given[:-20] + bytes(4) + given[-16:] for given in as_given}
                               for rdata, as_given in members.items()}
                if sorted(canonical(kind, rdata) for rdata in got) != sorted(members):
                    self.fault("RDATA", owner, kind, got, members)
                elif any(rdata not in members[canonical(kind, rdata)] for rdata in got):
                    self.fault("RDATA of no record given", owner, kind, got)

    def check_keys(self):
        _, self.keys = self.take(self.origin, DNSKEY)
        flags = sorted(struct.unpack("!H", key[:2])[0] for key in self.keys)
        if flags != ([257] if self.expected.csk else [256, 257]):
            self.fault("keys", self.origin, DNSKEY, flags)
        if any(key[2] != 3 or key[3] != self.expected.algorithm for key in self.keys):
            self.fault("protocol or algorithm", self.origin, DNSKEY)

    def negative_ttl(self):
        """RFC 9077 3: the lesser of the SOA's TTL and its MINIMUM."""
        ttl, members = self.zone.names[self.origin][SOA]
        soa, = members
        return min(ttl, int.from_bytes(soa[-4:], "big"))

    def apex_types(self):
        """Bits of the signer's own records at the apex."""
        out = {DNSKEY} | ({NSEC3PARAM} if self.expected.flavour.nsec3 else set())
        return out | ({ZONEMD} if self.expected.zonemd else set())

    def check_denial(self):
        flavour = self.expected.flavour
        for kind in self.apex_types():
            self.zone.names[self.origin].setdefault(kind, (0, {}))
        if flavour.nsec3:
            present = {owner for owner, kind in self.sets if kind == NSEC3} if self.expected.surplus else ()
            all_empty = self.expected.all_empty and not self.expected.surplus
            kind, chain = NSEC3, nsec3_chain(self.zone, flavour, all_empty, present)
            _, parameters = self.take(self.origin, NSEC3PARAM)
            salt = bytes.fromhex(flavour.salt)
            if parameters != [struct.pack("!BBHB", 1, 0, flavour.iterations, len(salt)) + salt]:
                self.fault("parameters", self.origin, NSEC3PARAM, parameters)
        else:
            kind, chain = NSEC, nsec_chain(self.zone)
        for owner, rdata in chain.items():
            ttl, got = self.take(owner, kind)
            if ttl != self.negative_ttl():
                self.fault("TTL", owner, kind, ttl, self.negative_ttl())
            if kind == NSEC:  # the next name may be in any case
                got = [lower_name(one) for one in got]
            if got != [rdata]:
                self.fault("RDATA", owner, kind, got, rdata)
        self.chain, self.chain_type = chain, kind

    def check_zonemd(self):
        if not self.expected.zonemd:
            return
        _, got = self.take(self.origin, ZONEMD)
        (_, soa), = self.taken[self.origin, SOA]
        digest = zonemd_digest(self.signed, self.origin)
        if got != [soa[-20:-16] + bytes([1, 1]) + digest]:
            self.fault("digest or serial", self.origin, ZONEMD, got, digest.hex())

    def must_be_signed(self):
        for owner in self.zone.visible():
            for kind in self.zone.signed_types(owner):
                yield owner, kind
        for owner in self.chain:
            yield owner, self.chain_type

    def check_signatures(self):
        by_tag = {key_tag(key): key for key in self.keys}
        for owner, kind in self.must_be_signed():
            found = self.signatures.pop((owner, kind), [])
            if len(found) != 1:
                self.fault(f"{len(found)} signatures", owner, kind)
            for ttl, signature in found:
                self.check_signature(owner, kind, ttl, signature, by_tag)
        for owner, kind in self.signatures:
            self.fault("signed, though it should not be", owner, kind)

    def check_signature(self, owner, kind, ttl, signature, by_tag):
        records = self.taken.get((owner, kind))
        if records is None:
            return  # told already
        if not ttl == signature.ttl == records[0][0]:
            self.fault("TTL of RRSIG", owner, kind, ttl, signature.ttl, records[0][0])
        if signature.labels != label_count(owner) or lower(signature.signer) != self.origin:
            self.fault("labels or signer", owner, kind, signature)
        key = by_tag.get(signature.tag)
        if key is None or key[3] != signature.algorithm:
            self.fault("no such key", owner, kind, signature)
            return
        keys_only = kind in (DNSKEY, CDS, CDNSKEY) and owner == self.origin
        if not self.expected.csk and (key[:2] == struct.pack("!H", 257)) != keys_only:
            self.fault("signed by the wrong key", owner, kind)
        self.check_times(owner, kind, signature)
        rdatas = [rdata for _, rdata in records]
        if not is_valid(key, signature.octets, signed_data(signature, owner, signature.ttl, rdatas)):
            self.fault("bogus", owner, kind)

    def check_times(self, owner, kind, signature):
        expected = self.expected
        for now in expected.now:
            begin, latest = now - expected.inception_offset, now + expected.validity
            if (begin <= signature.inception <= begin + 60
                    and latest - expected.jitter <= signature.expiration <= latest + 60):
                return
        self.fault("times", owner, kind, signature.inception, signature.expiration, expected.now)


def lower_name(rdata):
    """NSEC RDATA with the next name in lower case."""
    size = len(dns.name.from_wire(rdata, 0)[0].to_wire())
    return lower(rdata[:size]) + rdata[size:]


def faults(unsigned, signed, expected):
    return Comparison(unsigned, signed, expected).faults
