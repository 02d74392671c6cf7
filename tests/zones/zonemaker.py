# SPDX-License-Identifier: MIT
"""A small signer for test zones, written apart from both of zoneseal's: deterministic, and willing to sign nonsense.

A zone is a list of records (name, ttl, type, rdata text). `sign` makes DNSKEY, denial and RRSIG; callers change the
records before or after. Algorithms: 15 by default (equal runs give equal files); 8, 10, 13, 14, 16 as well.
"""
import base64
import datetime
import functools
import hashlib
import os
import struct

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils

APEX = dns.name.from_text("zs.test.")
SHIFT = int(os.environ.get("ZONES_SHIFT", "0"))  # moves all times, for judges that know no time but now
INCEPTION, EXPIRATION, NOW = 1767225600 + SHIFT, 1769904000 + SHIFT, 1768003200 + SHIFT  # 2026-01-01, 02-01, 01-10
SOA_TEXT = "ns1.zs.test. host.zs.test. %d 7200 3600 604800 3600"


class Record:
    def __init__(self, name, ttl, rdtype, text):
        self.name = name if isinstance(name, dns.name.Name) else dns.name.from_text(name, APEX)
        self.ttl, self.type, self.text = ttl, rdtype, text

    def wire(self):
        return rdata_wire(self.type, self.text)

    def line(self):
        return f"{self.name}\t{self.ttl}\tIN\t{self.type}\t{self.text}\n"

    def copy(self, **changes):
        new = Record(self.name, self.ttl, self.type, self.text)
        for key, value in changes.items():
            setattr(new, key, value)
        return new


@functools.lru_cache(maxsize=None)
def rdata_wire(rdtype, text):
    words = text.split()
    if rdtype in ("DS", "CDS"):  # dnspython refuses those that are wrong on purpose
        return struct.pack("!HBB", *map(int, words[:3])) + bytes.fromhex("".join(words[3:]))
    if rdtype == "ZONEMD":
        return struct.pack("!IBB", *map(int, words[:3])) + bytes.fromhex("".join(words[3:]))
    known = {"KEY": "DNSKEY"}.get(rdtype, rdtype)  # dnspython has no KEY; its form is that of DNSKEY
    return dns.rdata.from_text("IN", known, text, APEX, False).to_wire(origin=APEX)


@functools.lru_cache(maxsize=None)
def type_number(text):
    return int(dns.rdatatype.from_text(text))


@functools.lru_cache(maxsize=None)
def rsa_key(label):
    """Random, and the same for a label within one run: making them is slow."""
    return rsa.generate_private_key(65537, 2048)


class Key:
    """A key pair made from a label, so that it is the same in each run (RSA keys are made once and kept by callers)."""

    def __init__(self, label, flags=256, algorithm=15, private=None):
        seed = hashlib.sha512(label.encode()).digest()
        self.label, self.flags, self.algorithm = label, flags, algorithm
        if algorithm == 15:
            self.private = ed25519.Ed25519PrivateKey.from_private_bytes(seed[:32])
        elif algorithm == 16:
            self.private = ed448.Ed448PrivateKey.from_private_bytes(seed[:57])
        elif algorithm in (13, 14):
            self.private = ec.derive_private_key(
                int.from_bytes(seed[:31], "big"), ec.SECP256R1() if algorithm == 13 else ec.SECP384R1())
        else:
            self.private = private or rsa_key(label)

    def material(self):
        public = self.private.public_key()
        if self.algorithm in (15, 16):
            return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        if self.algorithm in (13, 14):
            return public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)[1:]
        numbers = public.public_numbers()
        exponent = numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8, "big")
        return bytes([len(exponent)]) + exponent + numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")

    def rdata(self):
        return struct.pack("!HBB", self.flags, 3, self.algorithm) + self.material()

    def text(self):
        return f"{self.flags} 3 {self.algorithm} {base64.b64encode(self.material()).decode()}"

    def tag(self):
        total = sum(b << 8 if i % 2 == 0 else b for i, b in enumerate(self.rdata()))
        return (total + (total >> 16)) & 0xFFFF

    def ds(self, digest=2, algorithm=None):
        hashed = {1: hashlib.sha1, 2: hashlib.sha256, 4: hashlib.sha384}[digest](APEX.to_wire() + self.rdata())
        return f"{self.tag()} {algorithm or self.algorithm} {digest} {hashed.hexdigest().upper()}"

    def sign(self, data):
        if self.algorithm in (15, 16):
            return self.private.sign(data)
        digest = {5: hashes.SHA1(), 7: hashes.SHA1(), 8: hashes.SHA256(), 10: hashes.SHA512(), 13: hashes.SHA256(), 14: hashes.SHA384()}[self.algorithm]
        if self.algorithm in (5, 7, 8, 10):
            return self.private.sign(data, padding.PKCS1v15(), digest)
        r, s = utils.decode_dss_signature(self.private.sign(data, ec.ECDSA(digest)))
        size = 32 if self.algorithm == 13 else 48
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def time_text(seconds):
    return datetime.datetime.utcfromtimestamp(seconds).strftime("%Y%m%d%H%M%S")


def rrsig(records, key, inception=INCEPTION, expiration=EXPIRATION, labels=None, original=None, signer=APEX, tag=None,
          data_of=None, ttl=None):
    """An RRSIG over `records` (one RRset). `data_of`: sign those records instead, for signatures over other bytes."""
    first = records[0]
    if labels is None:
        labels = len(first.name) - 1 - (1 if first.name.labels[0] == b"*" else 0)
    original = first.ttl if original is None else original
    tag = key.tag() if tag is None else tag
    head = struct.pack("!HBBIIIH", type_number(first.type), key.algorithm, labels, original,
                       expiration & 0xFFFFFFFF, inception & 0xFFFFFFFF, tag) + signer.canonicalize().to_wire()
    owner = first.name.canonicalize()
    if labels < len(owner) - 1 - (1 if owner.labels[0] == b"*" else 0):
        owner = dns.name.Name((b"*",) + owner.labels[len(owner.labels) - 1 - labels:])
    data = head
    for wire in sorted({record.wire() for record in (data_of or records)}):
        data += owner.to_wire() + struct.pack("!HHIH", type_number(first.type), 1, original, len(wire)) + wire
    signature = base64.b64encode(key.sign(data)).decode()
    text = (f"{first.type} {key.algorithm} {labels} {original} {time_text(expiration & 0xFFFFFFFF)} "
            f"{time_text(inception & 0xFFFFFFFF)} {tag} {signer} {signature}")
    return Record(first.name, first.ttl if ttl is None else ttl, "RRSIG", text)


@functools.lru_cache(maxsize=None)
def canonical(name):
    return name.canonicalize()


@functools.lru_cache(maxsize=None)
def rank(name):
    """Sorts names in canonical order (RFC 4034 6.1), faster than the names do."""
    return canonical(name).labels[::-1]


@functools.lru_cache(maxsize=None)
def parents(name):
    """The names of the zone above one, the nearest first; the apex is not among them."""
    above = []
    while len(name) > len(APEX) + 1 and name.is_subdomain(APEX):
        name = name.parent()
        above.append(name)
    return above


def nsec3_hash(name, salt=b"", iterations=0):
    digest = hashlib.sha1(name.canonicalize().to_wire() + salt).digest()
    for _ in range(iterations):
        digest = hashlib.sha1(digest + salt).digest()
    return digest


def base32hex(digest):
    return base64.b32encode(digest).decode().translate(
        str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789abcdefghijklmnopqrstuv"))


class Zone:
    def __init__(self, records):
        self.records = list(records)

    def sets(self):
        """RRsets in canonical order, RRSIGs left out."""
        grouped = {}
        for record in self.records:
            if record.type != "RRSIG":
                grouped.setdefault((canonical(record.name), type_number(record.type)), []).append(record)
        return dict(sorted(grouped.items(), key=lambda item: (rank(item[0][0]), item[0][1])))

    def names(self):
        """name -> set of types, of what exists for DNSSEC: authoritative names and cuts; and the cuts."""
        types = {}
        for (name, _), records in self.sets().items():
            types.setdefault(name, set()).add(records[0].type)
        cuts = {name for name, held in types.items() if "NS" in held and name != APEX}
        below = lambda name: any(parent in cuts for parent in parents(name))
        hashed = {name for name, held in types.items() if held <= {"NSEC3"}}
        return {n: t for n, t in types.items() if not below(n) and n not in hashed}, cuts

    def must_sign(self, name, rdtype, known=None):
        types, cuts = known or self.names()
        if rdtype == "NSEC3":
            return True
        if name not in types:
            return False
        return rdtype in ("DS", "NSEC") if name in cuts else True

    def add_nsec(self, ttl=3600):
        types, cuts = self.names()
        order = sorted(types, key=rank)
        for at, name in enumerate(order):
            held = {"NS", "DS"} & types[name] if name in cuts else types[name]
            bits = sorted(held | {"NSEC", "RRSIG"}, key=type_number)
            self.records.append(
                Record(name, ttl, "NSEC", f"{order[(at + 1) % len(order)]} {' '.join(bits)}"))

    def add_nsec3(self, opt_out=False, salt=b"", iterations=0, ttl=3600, keep=(), drop=(), param=True, flags_of=None,
                  bare_ents=False):
        """`keep`: insecure delegations that get an NSEC3 all the same; `drop`: names that get none; `flags_of`: a
        function of the hash; `bare_ents`: empty non-terminals above insecure delegations get one too."""
        salt_text = salt.hex().upper() or "-"
        if param:
            self.records.append(Record(APEX, 0, "NSEC3PARAM", f"1 0 {iterations} {salt_text}"))
        types, cuts = self.names()
        wanted = {}
        for name, held in types.items():
            insecure = name in cuts and "DS" not in held
            if insecure and opt_out and name not in keep and not bare_ents:
                continue
            if insecure and opt_out and name not in keep:
                parent = name.parent()
                while parent != APEX:
                    wanted.setdefault(parent, set())
                    parent = parent.parent()
                continue
            bits = held - {"NSEC3"}
            if name in cuts:
                bits = {"NS", "DS"} & held
            if name not in cuts or "DS" in held:
                bits.add("RRSIG")
            wanted[name] = bits
            parent = name.parent()
            while parent != APEX and parent.is_subdomain(APEX):
                wanted.setdefault(parent, set())
                parent = parent.parent()
        for name in drop:
            wanted.pop(dns.name.from_text(name, APEX), None)
        chain = sorted((nsec3_hash(name, salt, iterations), bits) for name, bits in wanted.items())
        for at, (digest, bits) in enumerate(chain):
            flags = int(opt_out) if flags_of is None else flags_of(digest)
            bitmap = " ".join(sorted(bits, key=type_number))
            follow = base32hex(chain[(at + 1) % len(chain)][0])
            self.records.append(Record(dns.name.from_text(base32hex(digest), APEX), ttl, "NSEC3",
                                       f"1 {flags} {iterations} {salt_text} {follow} {bitmap}".strip()))

    def add_rrsigs(self, ksks, zsks, **options):
        known = self.names()
        for (name, _), records in self.sets().items():
            rdtype = records[0].type
            if not self.must_sign(name, rdtype, known):
                continue
            for key in ksks if rdtype in ("DNSKEY", "CDS", "CDNSKEY") else zsks:
                self.records.append(rrsig(records, key, **options))

    def zonemd(self, algorithm=1):
        """Fills in the apex ZONEMD of that hash (RFC 8976 3.3) and drops its RRSIG, for the caller to sign again."""
        digest = {1: hashlib.sha384, 2: hashlib.sha512}[algorithm]()
        self.records = [r for r in self.records if not (
            r.type == "RRSIG" and r.name == APEX and r.text.startswith("ZONEMD "))]
        lines = set()
        for record in self.records:
            if record.type == "ZONEMD" and record.name == APEX:
                continue
            wire = record.wire()
            lines.add((canonical(record.name), type_number(record.type), wire, record.ttl))
        for name, number, wire, ttl in sorted(lines, key=lambda line: (rank(line[0]), *line[1:])):
            digest.update(name.to_wire() + struct.pack("!HHIH", number, 1, ttl, len(wire)) + wire)
        for record in self.records:
            if record.type == "ZONEMD" and record.name == APEX and record.text.split()[2] == str(algorithm):
                record.text = " ".join(record.text.split()[:3]) + " " + digest.hexdigest()

    def text(self):
        order = lambda r: (r.type != "SOA", rank(r.name),
                           type_number(r.text.split()[0] if r.type == "RRSIG" else r.type), r.type == "RRSIG", r.text)
        return "".join(record.line() for record in sorted(self.records, key=order))
