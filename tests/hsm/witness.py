# SPDX-License-Identifier: MIT
"""What is in the memory and the files of a program that ran, and which secrets are found in it."""
import base64
import glob
import hashlib
import os
import re
import subprocess

WITNESS = os.environ.get("ZONESEAL_WITNESS_LIBRARY", "build/release/tests/hsm/libwitness.so")
PIECE = 16  # octets of a secret that are looked for together


class Dump:
    """One file of witness.c."""

    def __init__(self, path):
        self.name = os.path.basename(path)
        with open(path, "rb") as file:
            head, _, self.octets = file.read().partition(b"\n\n")
        first, *lines = head.decode().split("\n")
        self.core = tuple(int(word) for word in first.split() if word.isdigit())
        self.mappings, at = [], 0
        for line in lines:
            begin, size, flags, name = line.split(" ", 3)
            self.mappings.append((at, int(size), "lo" in flags and "dd" in flags, f"{begin} {name}"))
            at += int(size)
        assert at == len(self.octets), self.name

    def find(self, pattern, locked):
        """Names of mappings with the pattern: of locked memory that no core holds, or of all the other."""
        found, at = [], self.octets.find(pattern)
        while at >= 0:
            place = next(m for m in self.mappings if m[0] <= at < m[0] + m[1])
            if place[2] == locked:
                found.append(f"{place[3]}+{at - place[0]:x}")
            at = self.octets.find(pattern, at + 1)
        return found


def pieces(secret):
    """So that a part of it is found as well as the whole."""
    return {secret[i:i + PIECE] for i in range(0, max(1, len(secret) - PIECE + 1), PIECE // 2)}


def integers(der):
    """Of a SEQUENCE of INTEGERs."""
    def header(at):
        size, at = der[at + 1], at + 2
        if size & 0x80:
            more = size & 0x7f
            size, at = int.from_bytes(der[at:at + more], "big"), at + more
        return at, size
    at, _ = header(0)
    while at < len(der):
        body, size = header(at)
        yield int.from_bytes(der[body:body + size], "big")
        at = body + size


def secrets_of_key(pem, passphrase=None):
    """Names and octets of what must stay hidden of a PKCS#8 file: numbers as octets and as limbs, and the text."""
    argv = ["-in", pem, "-outform", "DER", *(["-passin", "file:" + passphrase] if passphrase else [])]
    der = subprocess.run(["openssl", "pkcs8", "-topk8", "-nocrypt", *argv], capture_output=True, check=True).stdout
    out = {}
    if b"\x06\x03\x2b\x65\x70" in der:
        seed = der[-32:]
        expanded = bytearray(hashlib.sha512(seed).digest())
        expanded[0] &= 248
        expanded[31] = expanded[31] & 63 | 64
        out = {"seed": seed, "hash": hashlib.sha512(seed).digest()[:32], "nonce key": bytes(expanded[32:]),
               "scalar": bytes(expanded[:32])}
    elif b"\x2a\x86\x48\xce\x3d\x02\x01" in der:
        at = der.index(b"\x02\x01\x01\x04") + 5
        scalar = der[at:at + der[at - 1]]
        out = {"scalar": scalar, "scalar in limbs": scalar[::-1]}
    else:
        traditional = subprocess.run(["openssl", "pkey", "-traditional", *argv], capture_output=True, check=True).stdout
        for name, number in zip(("d", "p", "q", "dp", "dq", "qinv"), list(integers(traditional))[3:9]):
            octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
            out |= {name: octets, f"{name} in limbs": octets[::-1]}
    with open(pem, "rb") as file:
        text = file.read()
    if b"ENCRYPTED" not in text:
        body = b"".join(text.split(b"\n")[1:-2])
        for name, octets in list(out.items()):
            # base64 of the octets from each of three places on, without what its neighbours change
            for shift in range(3):
                coded = base64.b64encode(b"\0" * shift + octets)[4:len(octets) // 3 * 4 - 4]
                if coded in body:
                    out[name + " in base64"] = coded
        # what the traversal above must have found, or the search would be blind to the file's text
        assert any(name.endswith("base64") for name in out), pem
    return out


def dumps(folder):
    return [Dump(path) for path in sorted(glob.glob(os.path.join(folder, "*")))]


def files_with(folder, patterns, but=()):
    """Files below the folder in which one of the patterns stands."""
    found = []
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            if any(re.search(pattern, path) for pattern in but) or not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                octets = file.read()
            found += [f"{path}: {what}" for what, pattern in patterns if pattern in octets]
    return found
