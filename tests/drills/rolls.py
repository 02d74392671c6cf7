# SPDX-License-Identifier: MIT
"""A zone whose keys roll, driven through the real program from one moment to the next, and caches that remember.

The caches here are a model of their own: every version of the DS set, of the DNSKEY RRset and of each signed RRset
that was in a published file, with the time at which it was last served. Every three that a validator may hold at the
same time must make a chain. It shares no formula with the program.
"""
import datetime
import os
import re
import shutil
import sqlite3
import subprocess
import sys

import dns.dnssec
import dns.rdata
import dns.rdataclass
import dns.rdatatype

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
import zs  # noqa: E402

MINUTE, HOUR, DAY = 60, 3600, 86400
NEVER = 1 << 60

ZONE = """$ORIGIN nl.test.
$TTL 86400
@ 900 IN SOA ns1 host 1 7200 3600 604800 900
@ NS ns1
ns1 A 192.0.2.1
a NS ns.a
ns.a A 192.0.2.2
b NS ns1
b DS 1234 13 2 49FD46E6C4B45C55D4AC49FD46E6C4B45C55D4AC49FD46E6C4B45C55D4AC0000
* TXT "x"
"""


def epoch(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def rfc3339(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text):
    """"1d 2h" of a timeline file."""
    units = {"s": 1, "m": MINUTE, "h": HOUR, "d": DAY}
    return sum(int(n) * units[u] for n, u in re.findall(r"(\d+)([smhd])", text))


def tag_of(row):
    """RFC 4034 Appendix B, over the DNSKEY's RDATA."""
    rdata = row["flags"].to_bytes(2, "big") + bytes([3, row["algorithm"]]) + row["public_key"]
    total = sum(octet << 8 if i % 2 == 0 else octet for i, octet in enumerate(rdata))
    return (total + (total >> 16)) & 0xFFFF


class Version:
    """Something that was served from `begins` on; `until` is the last moment at which a server of ours had it."""

    def __init__(self, begins, ttl, keys, signers=frozenset()):
        self.begins, self.until, self.ttl = begins, NEVER, ttl
        self.keys, self.signers = keys, signers

    def same(self, other):
        return self.ttl == other.ttl and self.keys == other.keys and self.signers == other.signers

    def gone(self, propagation):
        return NEVER if self.until == NEVER else self.until + propagation + self.ttl


class Caches:
    """What validators may hold. Keys are (algorithm, tag); a zone's tags are unique."""

    def __init__(self, propagation, strict=False):
        self.propagation, self.strict = propagation, strict
        self.ds, self.dnskey, self.data = [], [], []
        self.given_up = set()  # keys that an operator dropped, whatever caches hold of them

    @staticmethod
    def serve(versions, new, now, overlap=False):
        """`overlap`: what is served now may go on beside the new one."""
        for version in versions:
            if version.until == NEVER and not overlap and not version.same(new):
                version.until = now
        if not any(v.until == NEVER and v.same(new) for v in versions):
            versions.append(new)

    def publish(self, records, now):
        """`records`: (owner, ttl, type, rdata) of a published zone."""
        signers, ttls, dnskeys = {}, {}, set()
        key_ttl = 0
        for owner, ttl, rtype, rdata in records:
            if rtype == "RRSIG":
                fields = rdata.split()
                signers.setdefault((owner, fields[0]), set()).add((int(fields[1]), int(fields[6])))
                ttls[owner, fields[0]] = ttl
            elif rtype == "DNSKEY":
                rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DNSKEY, rdata)
                dnskeys.add((int(rdata.algorithm), dns.dnssec.key_id(rdata)))
                key_ttl = ttl
            elif rtype == "SOA":
                negative = min(ttl, int(rdata.split()[-1]))
        keys_signed_by = frozenset(signers.pop((records[0][0], "DNSKEY"), ()))
        self.serve(self.dnskey, Version(now, key_ttl if dnskeys else negative, frozenset(dnskeys), keys_signed_by), now)
        # One version a set of signers, with the largest TTL: RRsets that are signed alike are alike for a chain.
        sets = {}
        for what, by in signers.items():
            if what[1] in ("CDS", "CDNSKEY"):
                continue
            sets[frozenset(by)] = max(sets.get(frozenset(by), 0), ttls[what])
        if not dnskeys:
            sets = {frozenset(): max(ttl for _, ttl, _, _ in records)}
        new = [Version(now, ttl, by) for by, ttl in sets.items()]
        for version in self.data:
            if version.until == NEVER and not any(version.same(n) for n in new):
                version.until = now
        for version in new:
            self.serve(self.data, version, now, overlap=True)

    def want_ds(self, keys, ttl, now):
        self.serve(self.ds, Version(now, ttl, frozenset(keys)), now, overlap=True)

    def show_ds(self, keys, ttl, now):
        self.serve(self.ds, Version(now, ttl, frozenset(keys)), now)

    def chain(self, ds, dnskey, data):
        if not ds.keys:
            return True
        proven = dnskey.keys & dnskey.signers
        used = dnskey.keys & data.keys
        if not ds.keys & proven or not used:
            return False
        if not self.strict:
            return True
        algorithms = [{a for a, _ in keys} for keys in (ds.keys, proven, dnskey.keys, used)]
        return algorithms[0] <= algorithms[1] and algorithms[2] <= algorithms[3]

    def bogus(self):
        """The first combination that is bogus for somebody, in words; None if there is none."""
        for ds in self.ds:
            for dnskey in self.dnskey:
                for data in self.data:
                    begins = max(ds.begins, dnskey.begins, data.begins)
                    ends = min(ds.gone(0), dnskey.gone(self.propagation), data.gone(self.propagation))
                    used = ds.keys | dnskey.keys | dnskey.signers | data.keys
                    if begins < ends and not self.chain(ds, dnskey, data) and not used & self.given_up:
                        return (f"{rfc3339(begins)}..{rfc3339(min(ends, 1 << 40))}: DS {sorted(ds.keys)} DNSKEY "
                                f"{sorted(dnskey.keys)} signed by {sorted(dnskey.signers)} data by {sorted(data.keys)}")
        return None


class Rolling(zs.World):
    """One zone under a policy. `run_until` goes from one moment to the next that the program names."""

    starts = "2026-01-01T00:00:00Z"
    strict = False
    dnskey_ttl, ds_ttl, propagation, ds_delay = HOUR, DAY, 5 * MINUTE, 2 * HOUR

    def setUp(self):
        super().setUp()
        self.write("nl.test.zone", ZONE)
        self.output = os.path.join(self.state, "zones", "nl.test.zone")
        self.clock = epoch(self.starts)
        self.caches = Caches(self.propagation, self.strict)
        self.states, self.names, self.reserve, self.happened, self.reasons = {}, {}, set(), [], []
        self.shown, self.wanted, self.parent_acts = frozenset(), frozenset(), NEVER
        self.published = 0

    def policy(self, name="test", **groups):
        """groups: keys=..., parent=..., as lines below the group's name; written over what all tests share."""
        base = {"keys": {"dnskey-ttl": "1h", "publish-safety": "0s", "retire-safety": "0s", "algorithm": "ED25519",
                         "zsk": {"lifetime": "unlimited"}},
                "signatures": {"validity": "800d", "refresh": "20d", "jitter": "0s"},
                "zone": {"max-ttl": "1d", "propagation-delay": "5m", "zonemd": "false"},
                "parent": {"ds": "by-hand", "ds-ttl": "1d", "propagation-delay": "1h", "registration-delay": "1d"},
                "limits": {}}
        for group, values in groups.items():
            base.setdefault(group, {}).update(values)
        base["parent"]["ds"] = "none" if base["parent"]["ds"] == "none" else "by-hand"
        return self.write(f"{name}.yaml", yaml(base))

    def add_zone(self, policy):
        self.z("zone", "add", "nl.test", "-i", self.input, "--policy", policy, code=0)

    def begin_at(self, when, negative_ttl):
        """Another clock and another TTL of what is not there."""
        self.write("nl.test.zone", ZONE.replace("900", str(negative_ttl)))
        if when != self.starts:
            shutil.rmtree(self.state)
            self.now = when
            self.z("init", "--virtual-clock", code=0)
        self.clock = epoch(when)

    def now_text(self):
        return rfc3339(self.clock)

    # ---- one run ----

    def run_once(self, code=0):
        """What `zoneseal run` says, as JSON; what it published goes into the caches."""
        done = self.z("run", "nl.test", "--json", now=rfc3339(self.clock))
        if code is not None:
            self.assertEqual(done.returncode, code, done.out + done.err)
        report = zone_report(done.out)
        if report["result"] in ("published", "kept_alive"):
            self.published += 1
            self.reasons.append((rfc3339(self.clock), report["reason"]))
            self.judge_published()
            self.caches.publish(self.records(), self.clock)
            self.assertIsNone(self.caches.bogus())
        self.note_states()
        return report

    def judge_published(self):
        """The verifier by itself; a zone without DNSSEC only passes if that is asked for."""
        bare = not any(record[2] == "RRSIG" for record in self.records())
        argv = [zs.VERIFY, "--now", self.now_text(), *(["--expect-unsigned"] if bare else []), self.output]
        done = subprocess.run(argv, capture_output=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())

    def records(self):
        out = []
        for line in self.read(self.output).decode().splitlines():
            owner, ttl, _, rtype, rdata = line.split("\t", 4) if "\t" in line else line.split(None, 4)
            out.append((owner, int(ttl), rtype, rdata))
        return out

    def keys(self):
        with sqlite3.connect(f"file:{self.state}/keystore.db?mode=ro", uri=True) as database:
            database.row_factory = sqlite3.Row
            rows = [dict(row) for row in database.execute("SELECT * FROM keys ORDER BY id")]
        database.close()
        return rows

    def note_states(self):
        when = rfc3339(self.clock)
        for row in self.keys():
            name = f"{row['role'].upper()}/{row['id']}"
            self.names[row["id"]] = (row["algorithm"], tag_of(row))
            if row["id"] not in self.states:
                self.happened.append(f"{when} make {name}")
                self.states[row["id"]] = {r: "hidden" for r in ("dnskey", "zrrsig", "krrsig", "ds")}
            if row["standby"] or not (row["goal_present"] or row["active"]):
                self.reserve.add(row["id"])
            elif row["id"] in self.reserve:
                self.happened.append(f"{when} take {name}")
                self.reserve.remove(row["id"])
            for record in ("dnskey", "zrrsig", "krrsig", "ds"):
                state = row[record] if row[record] is not None else "hidden"
                state = "hidden" if state in ("na", "n/a") else state
                if state != self.states[row["id"]][record]:
                    self.happened.append(f"{when} {name} {record.upper()} {state}")
                    self.states[row["id"]][record] = state
        self.ask_parent()

    # ---- the parent ----

    def ask_parent(self):
        wanted = frozenset(i for i, s in self.states.items() if s["ds"] in ("rumoured", "omnipresent"))
        leaving = any(s["ds"] == "unretentive" for s in self.states.values())
        if wanted != self.wanted:
            self.wanted = wanted
            self.caches.want_ds({self.names[i] for i in wanted}, self.ds_ttl, self.clock)
            self.parent_acts = self.clock + self.ds_delay if self.ds_delay is not None else NEVER
        elif not leaving and wanted == self.shown:
            self.parent_acts = NEVER

    def ask_anew(self, delay):
        self.ds_delay = delay
        self.parent_acts = NEVER if delay is None or self.wanted == self.shown else self.clock + delay

    def parent_answers(self):
        """Every parent server shows what is wanted, and zoneseal is told."""
        if self.clock < self.parent_acts:
            return
        self.parent_acts = NEVER
        self.shown = self.wanted
        self.caches.show_ds({self.names[i] for i in self.shown}, self.ds_ttl, self.clock)
        self.tell_parent()
        self.assertIsNone(self.caches.bogus())

    def tell_parent(self):
        for row in self.keys():
            word = {"rumoured": "seen", "unretentive": "gone"}.get(row["ds"])
            if word and not row["ds_" + word]:
                self.z("ds", word, "nl.test", "--key", str(tag_of(row)), code=0, now=self.now_text())

    # ---- time ----

    def step(self):
        """One moment; returns the next."""
        self.parent_answers()
        report = self.run_once()
        following = report.get("next_epoch") or NEVER
        return max(self.clock + 1, min(following, self.parent_acts))

    def run_until(self, end):
        runs = 0
        while self.clock < end:
            self.clock = min(self.step(), end)
            runs += 1
            self.assertLess(runs, 3000)
        return runs


def zone_report(text):
    import json
    report = json.loads(text)
    return report["zones"][0] if "zones" in report else report


def yaml(groups, depth=0):
    out = ""
    for name, value in groups.items():
        if isinstance(value, dict):
            out += "" if not value else "  " * depth + f"{name}:\n" + yaml(value, depth + 1)
        else:
            out += "  " * depth + f"{name}: {value}\n"
    return out
