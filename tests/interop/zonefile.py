# SPDX-License-Identifier: MIT
"""Zones as sets of records in wire form.

Text becomes wire through BIND's named-compilezone, so what a file says is judged by a reader that is not ours.
"""

import base64
import os
import re
import struct
import subprocess
import tempfile
import time
from typing import NamedTuple

import dns.name
import dns.rdata
import dns.rdataclass

# Types whose name BIND 9.18, Knot 3.2, NSD 4.6 and ldns 1.8 all read, of those that dnspython writes; all others are
# written in generic form (RFC 3597 5).
NAMES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV",
         39: "DNAME", 43: "DS", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 50: "NSEC3", 51: "NSEC3PARAM"}
NUMBERS = {name: number for number, name in NAMES.items()}
A, NS, SOA, TXT, DS, RRSIG, NSEC, DNSKEY, NSEC3, NSEC3PARAM = (
    NUMBERS[name] for name in ("A", "NS", "SOA", "TXT", "DS", "RRSIG", "NSEC", "DNSKEY", "NSEC3", "NSEC3PARAM"))
CDS, CDNSKEY, ZONEMD = 59, 60, 63
IN = dns.rdataclass.IN


class Record(NamedTuple):
    owner: bytes  # wire form, case as written
    type: int
    ttl: int
    rdata: bytes


def lower(owner):
    """Lower case of a wire name; a length octet is never a letter's code (at most 63)."""
    return owner.lower()


def labels(owner):
    """The labels of a wire name, without the root's."""
    out, at = [], 0
    while owner[at]:
        out.append(owner[at + 1:at + 1 + owner[at]])
        at += 1 + owner[at]
    return out


def name_text(owner):
    return "".join(escape(label) + "." for label in labels(owner)) or "."


def escape(label):
    return "".join(chr(octet) if chr(octet).isalnum() and octet < 128 or octet in b"-_*" else f"\\{octet:03d}"
                   for octet in label)


def name_wire(text):
    return dns.name.from_text(text).to_wire()


def rrsig_covers(rdata):
    return struct.unpack("!H", rdata[:2])[0]


def read_raw(octets):
    """Records of BIND's raw zone format, version 1: a header of 24 octets (lib/dns/include/dns/masterdump.h), then
    RRsets, each with its own length."""
    form, version = struct.unpack("!II", octets[:8])
    assert form == 2 and version <= 1, (form, version)
    at = 24 if version == 1 else 12
    while at < len(octets):
        total, _, kind, _, ttl, count = struct.unpack("!IHHHII", octets[at:at + 18])
        end = at + total
        size, = struct.unpack("!H", octets[at + 18:at + 20])
        owner = octets[at + 20:at + 20 + size]
        at += 20 + size
        for _ in range(count):
            size, = struct.unpack("!H", octets[at:at + 2])
            yield Record(owner, kind, ttl, octets[at + 2:at + 2 + size])
            at += 2 + size
        assert at == end


def load(path, origin):
    """Records of a master file."""
    checks = [part for letter in "kmMnrSTW" for part in (f"-{letter}", "ignore")] + ["-i", "none"]
    with tempfile.TemporaryDirectory() as folder:
        raw = os.path.join(folder, "raw")
        done = subprocess.run(["named-compilezone", *checks, "-q", "-F", "raw", "-o", raw, origin, path],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise AssertionError(f"named-compilezone does not load {path}: {done.stdout}")
        with open(raw, "rb") as file:
            return list(read_raw(file.read()))


def type_text(number):
    return NAMES.get(number, f"TYPE{number}")


def bitmap_text(octets):
    out, at = [], 0
    while at < len(octets):
        window, size = octets[at], octets[at + 1]
        for index, octet in enumerate(octets[at + 2:at + 2 + size]):
            out += [type_text(window * 256 + index * 8 + bit) for bit in range(8) if octet & (0x80 >> bit)]
        at += 2 + size
    return " ".join(out)


def rdata_text(kind, rdata):
    if kind == NSEC:
        size = len(dns.name.from_wire(rdata, 0)[0].to_wire())
        return f"{name_text(rdata[:size])} {bitmap_text(rdata[size:])}"
    if kind == NSEC3:
        salt = rdata[5:5 + rdata[4]]
        at = 5 + rdata[4]
        following = rdata[at + 1:at + 1 + rdata[at]]
        fixed = f"{rdata[0]} {rdata[1]} {struct.unpack('!H', rdata[2:4])[0]} {salt.hex() or '-'}"
        return f"{fixed} {base32hex(following)} {bitmap_text(rdata[at + 1 + rdata[at]:])}".rstrip()
    if kind == RRSIG:
        covered, algorithm, count, ttl, expiration, inception, tag = struct.unpack("!HBBIIIH", rdata[:18])
        size = len(dns.name.from_wire(rdata, 18)[0].to_wire())
        signature = base64.b64encode(rdata[18 + size:]).decode()
        times = " ".join(time.strftime("%Y%m%d%H%M%S", time.gmtime(at)) for at in (expiration, inception))
        return (f"{type_text(covered)} {algorithm} {count} {ttl} {times} {tag} "
                f"{name_text(rdata[18:18 + size])} {signature}")
    if kind in NAMES:
        return dns.rdata.from_wire(IN, kind, rdata, 0, len(rdata)).to_text(chunksize=0)
    return f"\\# {len(rdata)} {rdata.hex()}".rstrip()


def base32hex(octets):
    table = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789abcdefghijklmnopqrstuv")
    return base64.b32encode(octets).decode().rstrip("=").translate(table)


def write(path, records):
    """One record a line, SOA first, in forms that all peers read."""
    ordered = sorted(records, key=lambda record: record.type != SOA)
    with open(path, "w", encoding="ascii") as file:
        for owner, kind, ttl, rdata in ordered:
            file.write(f"{name_text(owner)}\t{ttl}\tIN\t{type_text(kind)}\t{rdata_text(kind, rdata)}\n")


# Where names stand in RDATA whose names are lowered for signing (RFC 4034 6.2, without those that RFC 6840 5.1 took
# out): octets before them, and how many follow one another. NAPTR and A6 are done by canonical_rdata itself.
LOWERED = {NS: (0, 1), 3: (0, 1), 4: (0, 1), 5: (0, 1), SOA: (0, 2), 7: (0, 1), 8: (0, 1), 9: (0, 1), 12: (0, 1),
           14: (0, 2), 15: (2, 1), 17: (0, 2), 18: (2, 1), 21: (2, 1), 24: (18, 1), 26: (2, 2), 30: (0, 1), 33: (6, 1),
           36: (2, 1), 39: (0, 1), RRSIG: (18, 1)}


def canonical_rdata(kind, rdata):
    """RDATA with those names lowered that RFC 4034 6.2 lowers: servers may do so, as NSD and Knot do."""
    if kind == 35:  # NAPTR: two numbers, three strings, a name
        at = 4
        for _ in range(3):
            at += 1 + rdata[at]
        return rdata[:at] + rdata[at:].lower()
    if kind == 38:  # A6: the length of a prefix, the rest of an address, a name
        at = 1 + (128 - rdata[0] + 7) // 8
        return rdata[:at] + rdata[at:].lower()
    if kind not in LOWERED:
        return rdata
    at, names = LOWERED[kind]
    end = at
    for _ in range(names):
        while rdata[end]:
            end += 1 + rdata[end]
        end += 1
    return rdata[:at] + rdata[at:end].lower() + rdata[end:]


def as_set(records):
    """What the zone says, in canonical form."""
    return {(lower(owner), kind, ttl, canonical_rdata(kind, rdata)) for owner, kind, ttl, rdata in records}


RRSIG_LINE = re.compile(rb"^([^\t\n]+)\t\d+\tIN\tRRSIG\t(\S+) .* (\S+)$", re.MULTILINE)


def flip_signature_bit(path, out, choose):
    """Copies the file of one record a line, with one bit of one signature flipped. `choose` picks from the number of
    RRSIGs. Returns "owner type" of the broken one."""
    with open(path, "rb") as file:
        text = file.read()
    places = list(RRSIG_LINE.finditer(text))
    place = places[choose(len(places))]
    signature = bytearray(base64.b64decode(place.group(3)))
    signature[len(signature) // 2] ^= 0x10
    with open(out, "wb") as file:
        file.write(text[:place.start(3)] + base64.b64encode(signature) + text[place.end(3):])
    return f"{place.group(1).decode()} {place.group(2).decode()}"
