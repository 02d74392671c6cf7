# SPDX-License-Identifier: MIT
"""BIND and Knot in the middle of their own rollovers: real keys, real state files and real zones, at moments that the
tests choose. named runs under a shifted clock; kzonesign is told the time."""

import glob
import os
import re
import shutil
import subprocess
import sys
import time

import dns.exception
import dns.query
import dns.rdatatype
import dns.zone

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "interop"))
from servers import ADDRESS, ENVIRONMENT, free_port  # noqa: E402

NAMED = """options {{ directory "{d}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
pid-file "{d}/pid"; session-keyfile none; recursion no; notify no; allow-transfer {{ any; }};
dnssec-validation no; key-directory "{d}/keys"; managed-keys-directory "{d}"; }};
key "k" {{ algorithm hmac-sha256; secret "c2VjcmV0LW9mLXRoaXMtdGVzdC1hbG9uZQ=="; }};
controls {{ inet 127.0.0.1 port {control} allow {{ 127.0.0.1; }} keys {{ "k"; }}; }};
dnssec-policy "p" {{ keys {{ ksk lifetime unlimited algorithm {algorithm}; zsk lifetime unlimited algorithm {algorithm}; }};
dnskey-ttl 1h; max-zone-ttl 1d; publish-safety 0; retire-safety 0; zone-propagation-delay 5m; parent-ds-ttl 1d;
parent-propagation-delay 1h; signatures-validity 21d; signatures-validity-dnskey 21d; signatures-refresh 10d; }};
zone "nl.test" {{ type primary; file "{d}/zone"; inline-signing yes; dnssec-policy "p"; }};
"""
RNDC = """key "k" {{ algorithm hmac-sha256; secret "c2VjcmV0LW9mLXRoaXMtdGVzdC1hbG9uZQ=="; }};
options {{ default-key "k"; default-server 127.0.0.1; default-port {control}; }};
"""


def zone_lines(zone):
    """One record a line, five fields, SOA first."""
    out = []
    for owner, ttl, rdata in zone.iterate_rdatas():
        kind = dns.rdatatype.to_text(rdata.rdtype)
        name = owner.derelativize(zone.origin)
        out.append((kind != "SOA", f"{name}\t{ttl}\tIN\t{kind}\t{rdata.to_text(origin=zone.origin, relativize=False)}\n"))
    return "".join(line for _, line in sorted(out, key=lambda row: row[0]))


class Snapshot:
    """What another signer has published at a moment, and its keys then."""

    def __init__(self, now, text, keys):
        self.now, self.text, self.keys = now, text, keys

    def dnskeys(self):
        return re.findall(r"^nl\.test\.\t\d+\tIN\tDNSKEY\t(\d+) 3 (\d+) ", self.text, re.MULTILINE)


class Peer:
    def __init__(self, folder, zone=None):
        """Without a zone it goes on in a folder that was copied."""
        self.folder, self.count = folder, 100 if zone is None else 0
        if zone is not None:
            os.makedirs(self.path("keys"))
            self.write("zone", zone)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)

    def snapshot(self, now, text, keys):
        self.count += 1
        copy = self.path(f"keys-{self.count}")
        shutil.copytree(keys, copy)
        for path in glob.glob(os.path.join(copy, "*")):
            os.chmod(path, 0o600)
        return Snapshot(now, text, copy)


class Bind(Peer):
    """`at` runs named at a moment, gives it commands, and returns what it serves then."""

    algorithm = "ecdsap256sha256"

    def at(self, now, *commands):
        fields = {"d": self.folder, "port": free_port(), "control": free_port(), "algorithm": self.algorithm}
        self.write("named.conf", NAMED.format(**fields))
        self.write("rndc.conf", RNDC.format(**fields))
        environment = {**ENVIRONMENT, "LD_PRELOAD": os.environ["ZONESEAL_SHIFTED_CLOCK"],
                       "ZONESEAL_SHIFT": str(now - int(time.time()))}
        with open(self.path("log"), "ab") as log:
            named = subprocess.Popen(["named", "-g", "-n", "1", "-c", self.path("named.conf")], env=environment, stdout=log,
                                     stderr=log, stdin=subprocess.DEVNULL)
        try:
            self.settled(named, fields["port"])
            for command in commands:
                subprocess.run(["rndc", "-c", self.path("rndc.conf"), "dnssec", *command, "nl.test"], env=environment,
                               check=True, capture_output=True, timeout=60)
            text = self.settled(named, fields["port"])
        finally:
            named.terminate()
            named.wait(30)
        return self.snapshot(now, text, self.path("keys"))

    def settled(self, named, port):
        """The zone once it does not change any more and every RRset is signed."""
        last, deadline, same = None, time.monotonic() + 60, 0
        while time.monotonic() < deadline:
            try:
                named.wait(0.1)
                break
            except subprocess.TimeoutExpired:
                pass
            try:
                zone = dns.zone.from_xfr(dns.query.xfr(ADDRESS, "nl.test.", port=port, lifetime=10, relativize=False),
                                         relativize=False)
            except (OSError, EOFError, dns.exception.DNSException):
                continue
            text = zone_lines(zone)
            same = same + 1 if text == last and "\tRRSIG\tSOA " in text and "\tNSEC\t" in text else 0
            if same == 4:
                return text
            last = text
        with open(self.path("log"), encoding="utf-8", errors="replace") as log:
            raise AssertionError(f"named ends, or does not come to rest: {log.read()[-3000:]}")

    def tag(self, role, newest=False):
        """Of the newest key of a role, or of the oldest, by their state files."""
        found = []
        for path in glob.glob(self.path("keys/*.state")):
            with open(path, encoding="ascii") as file:
                text = file.read()
            if f"\n{role}: yes" in text:
                found.append((int(re.search(r"^Generated: (\d+)", text, re.MULTILINE)[1]), int(path[-11:-6])))
        found.sort()
        return str(found[-1 if newest else 0][1])


class Knot(Peer):
    """`at` lets kzonesign do what is due at a moment."""

    algorithm, rolls = "ecdsap256sha256", ""
    submission = None  # seconds after which the DS counts as seen

    def configure(self):
        parent = f"submission:\n  - id: s\n    timeout: {self.submission}\n" if self.submission else ""
        self.write("knot.conf", f"database:\n  storage: {self.path('db')}\n{parent}"
                   f"policy:\n  - id: p\n    algorithm: {self.algorithm}\n    dnskey-ttl: 1h\n    zone-max-ttl: 1d\n"
                   f"    propagation-delay: 5m\n    rrsig-lifetime: 21d\n    rrsig-refresh: 10d\n    cds-cdnskey-publish: rollover\n"
                   f"{self.rolls}{'    ksk-submission: s' + chr(10) if self.submission else ''}"
                   f"zone:\n  - domain: nl.test\n    storage: {self.folder}\n    file: zone\n    dnssec-policy: p\n"
                   f"    dnssec-signing: on\n")

    def begin(self, now):
        os.makedirs(self.path("db"))
        os.makedirs(self.path("out"))
        self.configure()
        for ksk in ("yes", "no"):
            self.run("keymgr", "-c", self.path("knot.conf"), "nl.test", "generate", f"ksk={ksk}",
                     f"zsk={'no' if ksk == 'yes' else 'yes'}", f"algorithm={self.algorithm}",
                     *(f"{event}={now}" for event in ("created", "publish", "ready", "active")[:None if ksk == "yes" else 2]),
                     *([] if ksk == "yes" else [f"active={now}"]))

    def run(self, *argv):
        done = subprocess.run(argv, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{argv}: {done.stdout}{done.stderr}")
        return done.stdout

    def at(self, now):
        self.configure()
        self.run("kzonesign", "-c", self.path("knot.conf"), "-r", "-o", self.path("out"), "-t", str(now), "nl.test")
        zone = dns.zone.from_file(self.path("out/zone"), origin="nl.test.", relativize=False)
        return self.snapshot(now, zone_lines(zone), self.path("db/keys/keys"))
