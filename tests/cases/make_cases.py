#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes good.tsv from sources.tsv: asks BIND and dnspython for the wire form of each RDATA.

Run by hand after sources.tsv changed: tests/cases/make_cases.py [--check]
Every wire form comes from at least one of them; where both know the type they must agree, or the line is listed under
DISAGREE with a reason. The text that we write (third column) is put to the same oracles and must give the same wire
form. Types that neither knows are built here from the words of their definition, see BY_HAND.
"""
import os
import struct
import subprocess
import sys

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

HERE = os.path.dirname(os.path.abspath(__file__))
ORIGIN = dns.name.from_text("example.")


def strings(text):
    out = b""
    for part in text.split('" "'):
        part = part.strip('"').encode()
        out += bytes([len(part)]) + part
    return out


# CLA is TXT under another number, IPN one 64-bit number: IANA's templates of 2024.
BY_HAND = {"CLA": strings, "IPN": lambda text: struct.pack(">Q", int(text))}

# dnspython 2.3 reads these another way than the RFC or BIND; BIND's wire form is taken.
DISAGREE = {
    ("LOC", "1 N 2 E 0.05 0.03m 90000000m 0.9m"): "dnspython takes no size below one metre",
}


def from_bind(rrtype, text):
    ask = subprocess.run(["named-rrchecker", "-o", "example.", "-u"], input=f"IN {rrtype} {text}\n",
                         capture_output=True, text=True)
    if ask.returncode != 0:
        return None
    words = ask.stdout.split()
    assert words[2] == "\\#", ask.stdout
    return bytes.fromhex("".join(words[4:]))


def from_dnspython(rrtype, text):
    try:
        number = dns.rdatatype.from_text(rrtype)
    except dns.rdatatype.UnknownRdatatype:
        return None
    if dns.rdata.get_rdata_class(dns.rdataclass.IN, number) is dns.rdata.GenericRdata:
        return None
    try:
        rdata = dns.rdata.from_text(dns.rdataclass.IN, number, text, origin=ORIGIN, relativize=False)
        return rdata.to_wire()
    except Exception:
        return None


def canonical_of(rrtype, wire):
    """The canonical form (RFC 4034 6.2) by dnspython, or "-" if it has no class for the type."""
    try:
        number = dns.rdatatype.from_text(rrtype)
        if dns.rdata.get_rdata_class(dns.rdataclass.IN, number) is dns.rdata.GenericRdata:
            return "-"
        return dns.rdata.from_wire(dns.rdataclass.IN, number, wire, 0, len(wire)).to_digestable().hex()
    except Exception:
        return "-"


def wire_of(rrtype, text):
    if rrtype in BY_HAND:
        return BY_HAND[rrtype](text), "by hand"
    bind, python = from_bind(rrtype, text), from_dnspython(rrtype, text)
    if bind is not None and python is not None and bind != python:
        if (rrtype, text) not in DISAGREE:
            print(f"{rrtype} {text}: BIND says {bind.hex()}, dnspython {python.hex()}", file=sys.stderr)
        return bind, "BIND"
    if bind is None and python is None:
        print(f"{rrtype} {text}: neither BIND nor dnspython reads it", file=sys.stderr)
        return None, ""
    if bind is None:
        return python, "dnspython"
    return bind, "BIND" if python is None else "BIND, dnspython"


def make():
    lines = ["# SPDX-License-Identifier: MIT", "# Made by make_cases.py from sources.tsv.",
             "# type, text, wire form, text that we write, canonical form (- if dnspython has none), who gave the wire form"]
    faults = 0
    with open(os.path.join(HERE, "sources.tsv"), encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            rrtype, text, *rest = line.split("\t")
            written = rest[0] if rest else text
            wire, who = wire_of(rrtype, text)
            again, _ = wire_of(rrtype, written)
            if wire is None or wire != again:
                print(f"{rrtype} {text}: what we write means something else", file=sys.stderr)
                faults += 1
                continue
            lines.append("\t".join([rrtype, text, wire.hex(), written, canonical_of(rrtype, wire), who]))
    return "\n".join(lines) + "\n", faults


def main():
    text, faults = make()
    path = os.path.join(HERE, "good.tsv")
    if "--check" in sys.argv:
        with open(path, encoding="utf-8") as file:
            same = file.read() == text
        sys.exit(0 if same and not faults else 1)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    sys.exit(1 if faults else 0)


main()
