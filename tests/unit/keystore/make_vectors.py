#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes vectors.h: keys by dnssec-keygen, tags and DS by dnssec-dsfromkey and dnspython (which must agree), signatures
by python3-cryptography. Run it by hand in an empty folder; the result is committed, since keys differ each time."""
import glob
import hashlib
import subprocess
import sys

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils

MESSAGE = b"The quick brown fox signs the lazy zone."
NAMES = {8: "RSASHA256", 10: "RSASHA512", 13: "ECDSAP256SHA256", 14: "ECDSAP384SHA384", 15: "ED25519", 16: "ED448"}
CASES = [(8, 2048, "KSK"), (8, 1024, "ZSK"), (8, 4096, "ZSK"), (10, 2048, "ZSK"), (13, 0, "KSK"), (13, 0, "ZSK"),
         (14, 0, "KSK"), (15, 0, "ZSK"), (16, 0, "KSK")]
TAGS = set()


def b64int(text):
    import base64
    return int.from_bytes(base64.b64decode(text), "big")


def private_key(path, algorithm):
    fields = dict(line.split(": ", 1) for line in open(path).read().splitlines() if ": " in line)
    import base64
    if algorithm in (8, 10):
        n, e, d, p, q = (b64int(fields[k]) for k in ("Modulus", "PublicExponent", "PrivateExponent", "Prime1", "Prime2"))
        return rsa.RSAPrivateNumbers(p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q),
                                     rsa.RSAPublicNumbers(e, n)).private_key()
    raw = base64.b64decode(fields["PrivateKey"])
    if algorithm == 13:
        return ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())
    if algorithm == 14:
        return ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP384R1())
    if algorithm == 15:
        return ed25519.Ed25519PrivateKey.from_private_bytes(raw)
    return ed448.Ed448PrivateKey.from_private_bytes(raw)


def sign(key, algorithm):
    if algorithm in (8, 10):
        return key.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256() if algorithm == 8 else hashes.SHA512())
    if algorithm in (13, 14):
        der = key.sign(MESSAGE, ec.ECDSA(hashes.SHA256() if algorithm == 13 else hashes.SHA384()))
        r, s = utils.decode_dss_signature(der)
        width = 32 if algorithm == 13 else 48
        return r.to_bytes(width, "big") + s.to_bytes(width, "big")
    return key.sign(MESSAGE)


def c_lines(text):
    return "\n\t    ".join('"%s"' % text[i:i + 96] for i in range(0, len(text), 96)) or '""'


def row(algorithm, bits, role):
    args = ["dnssec-keygen", "-q", "-a", NAMES[algorithm], "-n", "ZONE"]
    args += ["-b", str(bits)] if bits else []
    args += ["-f", "KSK"] if role == "KSK" else []
    base = subprocess.run(args + ["example.nl."], check=True, capture_output=True, text=True).stdout.strip()
    text = [l for l in open(base + ".key") if not l.startswith(";")][0].split(None, 3)[3]
    key = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DNSKEY, text)
    ds = {}
    for digest in (2, 4):
        out = subprocess.run(["dnssec-dsfromkey", "-a", str(digest), base], check=True, capture_output=True, text=True).stdout
        ds[digest] = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DS, out.split(None, 3)[3])
        assert ds[digest] == dns.dnssec.make_ds("example.nl.", key, {2: "SHA256", 4: "SHA384"}[digest])
    tag = dns.dnssec.key_id(key)
    assert tag == int(base.rsplit("+", 1)[1]) == ds[2].key_tag
    revoked = dns.dnssec.key_id(key.replace(flags=key.flags | 128))
    assert not {tag, revoked} & TAGS, "tags meet: run again"
    TAGS.update((tag, revoked))
    private = private_key(base + ".private", algorithm)
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    lines = "\n\t    ".join('"%s\\n"' % l for l in pem.decode().splitlines())
    print(f"""\t{{ .title = "{NAMES[algorithm]} {bits or ''} {role}",
\t    .algorithm = {algorithm}, .flags = {key.flags}, .tag = {tag}, .revoked_tag = {revoked},
\t    .public_key = {c_lines(key.key.hex())},
\t    .fingerprint = "{hashlib.sha256(key.key).hexdigest()}",
\t    .ds_sha256 = {c_lines(ds[2].to_wire().hex())},
\t    .ds_sha384 = {c_lines(ds[4].to_wire().hex())},
\t    .signature = {c_lines(sign(private, algorithm).hex())},
\t    .pem = {lines} }},""")


def main():
    if glob.glob("K*"):
        sys.exit("run me in an empty folder")
    print("""/* SPDX-License-Identifier: MIT */
/* Made by make_vectors.py; keys by dnssec-keygen for example.nl, for tests only. */
/* clang-format off */
#pragma once

#include <stdint.h>

#define VECTOR_MESSAGE "%s"

struct vector {
\tconst char *title;
\tuint8_t algorithm;
\tuint16_t flags, tag, revoked_tag;
\tconst char *public_key, *fingerprint, *ds_sha256, *ds_sha384, *signature, *pem; /* hexadecimal, and text */
};

static const struct vector vectors[] = {""" % MESSAGE.decode())
    for case in CASES:
        row(*case)
    print("};")


main()
