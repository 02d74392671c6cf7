# SPDX-License-Identifier: MIT
"""Years of a zone on a virtual clock, by the real program under a shipped policy: `run` at each moment that it names
itself, a signed parent on a real server which `run` asks, and a person who does what `status` says two hours later.

What was served is kept: `history` is the list of all states of zone and parent, each from its moment on.
"""

import datetime
import os
import re
import subprocess
import sys

import dns.dnssec
import dns.rdata
import dns.rdataclass
import dns.rdatatype

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "cli")]

import zs  # noqa: E402
from test_parents import Parent  # noqa: E402

SHIPPED = os.path.join(HERE, "..", "..", "policies", "shipped")
HOUR, DAY, YEAR = 3600, 86400, 365 * 86400
NEVER = 1 << 60
BEGIN, END = "20251201000000", "20330101000000"  # what parent and children are signed for
DS_TTL, DATA_TTL = DAY, DAY
CHILDREN = [f"b{n}.nl.test." for n in range(4)]
UNSIGNED = [f"a{n}.nl.test." for n in range(4)]

PARENT = """$TTL 86400
test. SOA ns.test. host.test. {serial} 7200 3600 604800 600
test. NS ns.test.
ns.test. A 127.0.0.1
nl.test. NS ns1.nl.test.
ns1.nl.test. A 127.0.0.1
"""
ZONE = """$ORIGIN nl.test.
$TTL 86400
@ 900 SOA ns1 host 1 7200 3600 604800 900
@ NS ns1
ns1 A 127.0.0.1
www0 A 192.0.2.80
www1 A 192.0.2.81
www2 A 192.0.2.82
www3 A 192.0.2.83
*.wild TXT "any"
"""


def instant(epoch):
    return datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc)


def seconds(text):
    """"1h" or "2d" of `policy show`."""
    return sum(int(n) * {"s": 1, "m": 60, "h": HOUR, "d": DAY, "w": 7 * DAY}[u] for n, u in re.findall(r"(\d+)([smhdw])", text))


def child_zone(origin):
    return (f"{origin} 3600 SOA ns.{origin} host.{origin} 1 7200 1800 604800 900\n{origin} 3600 NS ns.{origin}\n"
            f"ns.{origin} 3600 A 127.0.0.1\nwww.{origin} 3600 A 192.0.2.90\n")


class Chain:
    """Which keys a zone file shows, and which of them sign what. Keys are (flags, algorithm, tag)."""

    def __init__(self, path):
        named, self.keyset_by, self.data_by, self.keys, self.dnskey_ttl = {}, set(), set(), set(), 0
        signers = []
        with open(path, encoding="ascii") as file:
            for line in file:
                if line[0] in "\n;":  # of another signer
                    continue
                owner, ttl, _, kind, rdata = line.rstrip("\n").split("\t", 4)
                if kind == "DNSKEY":
                    key = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DNSKEY, rdata)
                    name = (key.flags, int(key.algorithm), dns.dnssec.key_id(key))
                    named[name[1:]] = name
                    self.keys.add(name)
                    self.dnskey_ttl = int(ttl)
                elif kind == "RRSIG":
                    fields = rdata.split()
                    signers.append((fields[0], (int(fields[1]), int(fields[6]))))
        for covered, key in signers:
            (self.keyset_by if covered in ("DNSKEY", "CDS", "CDNSKEY") else self.data_by).add(named.get(key, (0, *key)))

    def shape(self):
        return frozenset(self.keys), frozenset(self.keyset_by), frozenset(self.data_by)


class Moment:
    """Zone and parent as they are served from `begins` on."""

    def __init__(self, begins, zone, parent, ds, chain):
        self.begins, self.zone, self.parent, self.ds, self.chain = begins, zone, parent, ds, chain

    def shape(self):
        return (*self.chain.shape(), self.ds)

    def step_from(self, before):
        """What changed, in words; empty if only signatures were renewed."""
        words = set()
        for gone, key in [(False, k) for k in self.chain.keys - before.chain.keys] + \
                         [(True, k) for k in before.chain.keys - self.chain.keys]:
            words.add(("KSK" if key[0] & 1 else "ZSK") + (" leaves" if gone else " appears"))
        if self.chain.data_by != before.chain.data_by:
            words.add("another ZSK signs")
        if self.chain.keyset_by != before.chain.keyset_by:
            words.add("other KSKs sign")
        if self.ds - before.ds:
            words.add("DS appears")
        if before.ds - self.ds:
            words.add("DS leaves")
        return words


class Lifetime(Parent):
    """`live` goes through the years and calls `served` for each new moment."""

    starts = "2026-01-01T00:00:00Z"
    person_delay = 2 * HOUR

    def setUp(self):
        super().setUp()
        self.output = os.path.join(self.state, "zones", "nl.test.zone")
        self.clock = int(datetime.datetime.fromisoformat(self.starts.replace("Z", "+00:00")).timestamp())
        self.history, self.shown, self.pending, self.acts = [], {}, NEVER, []
        self.changed = 0  # when keys or DS did
        self.runs = self.versions = 0
        self.command = None
        self.make_parent_and_children()

    def make_parent_and_children(self):
        self.parent_keys = self.keys_of("test.")
        self.anchor = self.write("anchor", self.ds_of(self.parent_keys))
        self.child_files, ds = {}, ""
        for origin in CHILDREN:
            folder = self.keys_of(origin)
            self.child_files[origin] = self.sign_by_hand(origin, folder, child_zone(origin), "signed")
            ds += self.ds_of(folder)
        for origin in UNSIGNED:
            self.child_files[origin] = self.write(origin + "zone", child_zone(origin))
        cuts = "".join(f"{origin} NS ns.{origin}\nns.{origin} A 127.0.0.1\n" for origin in CHILDREN + UNSIGNED)
        self.source = ZONE + cuts + ds
        self.write("nl.test.zone", self.source)
        self.parent_path = self.publish_parent()
        with open(self.parent_path, encoding="ascii") as file:
            self.server = self.start("NSD", file.read())

    def keys_of(self, origin):
        folder = self.path("keys-" + origin)
        os.makedirs(folder)
        for flags in ([], ["-f", "KSK"]):
            self.run_tool(folder, "dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", *flags, origin)
        return folder

    @staticmethod
    def run_tool(folder, *argv):
        done = subprocess.run(argv, cwd=folder, env=zs_environment(), capture_output=True, text=True, timeout=120,
                              check=False)
        if done.returncode != 0:
            raise AssertionError(f"{argv}: {done.stdout}{done.stderr}")
        return done.stdout

    def key_files(self, folder):
        return sorted(name for name in os.listdir(folder) if name.endswith(".key"))

    def ds_of(self, folder):
        ksk, = (name for name in self.key_files(folder) if b" 257 3 " in self.read(os.path.join(folder, name)))
        return self.run_tool(folder, "dnssec-dsfromkey", "-2", ksk)

    def sign_by_hand(self, origin, folder, text, name):
        plain = os.path.join(folder, "plain")
        with open(plain, "w", encoding="ascii") as file:
            file.write(text + "".join(f"$INCLUDE {key}\n" for key in self.key_files(folder)))
        self.run_tool(folder, "dnssec-signzone", "-P", "-s", BEGIN, "-e", END, "-o", origin, "-f", name, "plain",
                      *(key[:-4] for key in self.key_files(folder)))
        return os.path.join(folder, name)

    def publish_parent(self):
        self.serial += 1
        text = PARENT.format(serial=self.serial) + "".join(line + "\n" for line in self.shown.values())
        return self.sign_by_hand("test.", self.parent_keys, text, f"signed.{self.serial}")

    # ---- the zone ----

    def adopt_policy(self, name, command="add"):
        policy = os.path.join(SHIPPED, name + ".yaml")
        self.now = self.now_text()
        if command == "add":
            self.z("zone", "add", "nl.test", "-i", self.input, "--policy", policy, "--parents",
                   self.address(self.server), code=0)
        else:
            self.z("policy", "apply", "nl.test", policy, "--yes", code=0)
        shown = self.z("policy", "show", policy, code=0).out
        parent = shown[shown.index("\nparent:"):]
        self.propagation = seconds(re.search(r"\n  propagation-delay: (\S+)", shown[shown.index("\nzone:"):]).group(1))
        self.parent_propagation = seconds(re.search(r"\n  propagation-delay: (\S+)", parent).group(1))

    def now_text(self):
        return instant(self.clock).strftime("%Y-%m-%dT%H:%M:%SZ")

    def edit(self, number):
        """The registry's zone goes on changing."""
        self.write("nl.test.zone", self.source + f"edit TXT \"{number}\"\n")

    def run_once(self):
        self.now = self.now_text()
        done = self.json("run", "nl.test", code=0)
        self.runs += 1
        report = done["zones"][0] if "zones" in done else done
        if report["result"] in ("published", "kept_alive"):
            self.versions += 1
            path = self.path(f"version.{self.versions}")
            with open(path, "wb") as file:
                file.write(self.read(self.output))
            self.verify(path)
            self.note(path)
        return report

    def verify(self, path):
        """Every version, with the DS that the parent shows as its anchor."""
        argv = [zs.VERIFY, "--now", self.now_text(), path]
        if self.shown:
            argv[1:1] = ["--trust-anchor", self.write("ds-shown", "".join(line + "\n" for line in self.shown.values()))]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def note(self, path):
        chain = Chain(path) if path != (self.history and self.history[-1].zone) else self.history[-1].chain
        moment = Moment(self.clock, path, self.parent_path, frozenset(self.shown), chain)
        if not self.history or moment.shape() != self.history[-1].shape():
            self.changed = self.clock
        self.history.append(moment)
        self.served(moment)

    def served(self, moment):
        """For those who look at each moment."""

    # ---- the person and the parent ----

    def ask_status(self):
        zone = self.json("status", "nl.test", code=None)["zones"][0]
        command = zone["command"] if zone["action_required"] else None
        if command != self.command:
            self.command = command
            self.pending = NEVER if command is None else self.clock + self.person_delay

    def obey(self):
        self.pending = NEVER
        self.acts.append(self.command)
        found = {ds["tag"]: f"nl.test. {DS_TTL} IN DS {ds['tag']} {ds['algorithm']} {ds['digest_type']} {ds['digest']}"
                 for ds in self.json("ds", "show", "nl.test")["ds"]}
        if self.command.startswith("zoneseal ds show"):
            tag = int(self.command.split("--key ")[1].split(";")[0])
            self.shown[tag] = found[tag]
        elif self.command.startswith("have the parent remove DS"):
            del self.shown[int(self.command.split()[5])]
        else:
            self.fail(f"status says: {self.command}")
        self.command = None
        self.parent_path = self.publish_parent()
        with open(self.parent_path, encoding="ascii") as file:
            self.serve_anew(self.server, file.read())
        self.note(self.history[-1].zone)

    # ---- time ----

    def live(self, years, events):
        """`events`: [(seconds from the start, function)], in order of time."""
        begins, end = self.clock, self.clock + years * YEAR
        events = [(begins + after, act) for after, act in events]
        while self.clock < end:
            while events and events[0][0] <= self.clock:
                events.pop(0)[1]()
            if self.clock >= self.pending:
                self.obey()
            following = self.run_once().get("next_epoch") or NEVER
            self.ask_status()
            coming = events[0][0] if events else end
            following = max(following, self.next_timer())
            self.clock = min(max(self.clock + 1, min(following, self.pending)), coming, end)
            self.assertLess(self.runs, 1500 * years)


    def next_timer(self):
        """In quiet times a timer calls `run` twice a day; while keys change, each moment is the earliest one."""
        return self.clock + (0 if self.clock < self.changed + 3 * DAY else DAY // 2)


def zs_environment():
    return {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}
