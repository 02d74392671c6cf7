# SPDX-License-Identifier: MIT
"""A signer with a bug: zoneseal's own, whose file is changed between signing and the gate.

Where zoneseal looks for its verifier stands a script that waits until the file was changed and then becomes the real
verifier. The change has the zone's private keys, so it can sign what it alters, as a signer with a bug would.
"""
import hashlib
import os
import threading

import dns.name
import zonemaker
from cryptography.hazmat.primitives import serialization
from zonemaker import Record, Zone

zonemaker.APEX = APEX = dns.name.from_text("zs.test.")


class FileKey(zonemaker.Key):
    """A key of the keystore, with its private half."""

    def __init__(self, private, flags, algorithm):  # pylint: disable=super-init-not-called
        self.private, self.flags, self.algorithm = private, flags, algorithm


def tag_of(record):
    """The tag of a DNSKEY record."""
    total = sum(octet << 8 if i % 2 == 0 else octet for i, octet in enumerate(record.wire()))
    return (total + (total >> 16)) & 0xFFFF


class SignedZone(Zone):
    """What the signer wrote, with what is needed to sign more of it."""

    def __init__(self, text, keys):
        super().__init__(self.parse(text))
        self.source, self.keys = text.encode(), keys
        soa = next(r for r in self.records if r.type == "RRSIG" and r.text.startswith("SOA ")).text.split()
        self.times = {"expiration": self.seconds(soa[4]), "inception": self.seconds(soa[5])}

    @staticmethod
    def parse(text):
        for line in text.splitlines():
            owner, ttl, _, rtype, rdata = line.split(None, 4)
            yield Record(dns.name.from_text(owner), int(ttl), rtype, rdata.strip())

    @staticmethod
    def seconds(text):
        import calendar
        import time
        return calendar.timegm(time.strptime(text, "%Y%m%d%H%M%S"))

    def of(self, rtype, owner=None, covers=None):
        """The records of that type; RRSIGs may be chosen by what they cover."""
        name = None if owner is None else dns.name.from_text(owner, APEX) if owner != "@" else APEX
        return [r for r in self.records if r.type == rtype and (name is None or r.name == name) and
                (covers is None or r.text.split()[0] == covers)]

    def signers_of(self, rtype):
        """The private keys that sign the apex RRset of that type."""
        tags = {r.text.split()[6] for r in self.of("RRSIG", "@", rtype)}
        return [k for k in self.keys if str(k.tag()) in tags]

    def drop(self, records):
        gone = {id(record) for record in records}
        self.records = [r for r in self.records if id(r) not in gone]

    def sign_again(self, records, keys=None, **options):
        """Signs this RRset, given as what it now is, in place of the signatures it has."""
        first = records[0]
        keys = keys or self.signers_of("DNSKEY" if first.type in ("DNSKEY", "CDS", "CDNSKEY") else "SOA")
        self.drop([r for r in self.of("RRSIG", covers=first.type) if r.name == first.name])
        for key in keys:
            self.records.append(zonemaker.rrsig(records, key, signer=APEX, **{**self.times, **options}))

    def spoil(self, record):
        """One bit of its signature falls over."""
        fields = record.text.split(None, 8)
        at = len(fields[8]) // 2
        fields[8] = fields[8][:at] + ("A" if fields[8][at] != "A" else "B") + fields[8][at + 1:]
        record.text = " ".join(fields)

    def seal(self):
        """The ZONEMD of what the zone now is."""
        found = self.of("ZONEMD", "@")
        if found:
            signers = self.signers_of("ZONEMD")
            self.zonemd()
            if signers:
                self.sign_again(found, signers)


# The zone is the standard input, which `read` needs for its own meanwhile: it is found at 9. A signer with a bug hashes
# and measures what it wrote, so the verdict's hash and size are told to the gate as those that it expects.
SCRIPT = """#!/bin/sh
exec 9<&0
echo $$ >{ask}
read -r written size changed became <{go}
verdict=$({verifier} "$@" 9<&-)
code=$?
printf '%s\\n' "$verdict" | /usr/bin/sed "s/$changed/$written/; s/\\"size\\": *$became,/\\"size\\": $size,/"
exit $code
"""


class BrokenSigner:
    """The script's other end."""

    def __init__(self, stage, fault, honest):
        self.stage, self.fault, self.honest = stage, fault, honest
        self.ask, self.go = stage.path("bin/ask"), stage.path("bin/go")
        self.problem, self.calls = None, 0

    def begin(self):
        os.mkfifo(self.ask)
        os.mkfifo(self.go)
        os.unlink(self.stage.gate)
        self.stage.write("bin/zoneseal-verify", SCRIPT.format(ask=self.ask, go=self.go, verifier=self.stage.verifier),
                         0o755)
        # Both ends are held open, so nothing here waits for a script that never comes.
        self.hold = [os.open(path, os.O_RDWR) for path in (self.ask, self.go)]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        with open(self.ask, encoding="ascii") as asks:
            for line in asks:
                if line.strip() == "end":
                    return
                try:
                    self.calls += 1
                    answer = self.change(f"/proc/{int(line)}/fd/9")
                except Exception as problem:  # pylint: disable=broad-except  # told by the stage
                    self.problem, answer = problem, "- - - -"
                os.write(self.hold[1], answer.encode() + b"\n")

    def change(self, path):
        with open(path, "r+b", buffering=0) as file:
            before = file.read()
            zone = SignedZone(before.decode(), self.keys())
            after = self.fault(zone)
            if after is None:
                zone.seal()
                after = zone.text().encode()
            if after != before:  # a file that was written to is refused, whatever is in it
                file.seek(0)
                file.write(after)
                file.truncate()
        if not self.honest:
            return "- - - -"
        return " ".join(f"{hashlib.sha256(text).hexdigest()} {len(text)}" for text in (before, after))

    def keys(self):
        """Each private key as KSK and as ZSK: the DNSKEY in the zone tells which it is."""
        folder, out = os.path.join(self.stage.state, "keys"), []
        for name in sorted(os.listdir(folder)):
            if not name.endswith(".pem"):
                continue
            with open(os.path.join(folder, name), "rb") as file:
                private = serialization.load_pem_private_key(file.read(), None)
            algorithm = {"Ed25519PrivateKey": 15}.get(type(private).__name__.lstrip("_"), 13)
            out += [FileKey(private, flags, algorithm) for flags in (256, 257)]
        return out

    def end(self):
        os.write(self.hold[0], b"end\n")
        self.thread.join(60)
        for file in self.hold:
            os.close(file)
        for path in (self.ask, self.go, self.stage.gate):
            os.unlink(path)
        os.symlink(self.stage.verifier, self.stage.gate)
