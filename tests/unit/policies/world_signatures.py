# SPDX-License-Identifier: MIT
"""Judges the real files of a world (world_zones.c): at every moment, every DS set, DNSKEY RRset and data RRset that some
validator may hold together is validated with dnspython.

Brute force: time goes on from each change to the next, every server's present answer enters the caches with the TTL
that it states, and all combinations of what they hold are judged. Nothing is computed from states or from intervals,
and nothing of zoneseal takes part. A real signature is verified once; combinations only look its result up.

It is a little stricter than the caches of world_caches.c, which ask at whole hours: here somebody asks in the last
moment before a change, and a slow server serves the old TTL with the old records.

    world_signatures.py WORLD_ZONES SEED [FAULT]     judges one world by hand
"""

import itertools
import os
import shutil
import subprocess
import sys
import tempfile

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset

HOUR = 3600
IN, DNSKEY, RRSIG = dns.rdataclass.IN, dns.rdatatype.DNSKEY, dns.rdatatype.RRSIG
ORIGIN = dns.name.from_text("nl.test.")
SUPPORTED = {8, 13, 14, 15}


class Bogus(Exception):
    """What a validator may hold does not go together."""


class Insecure(Exception):
    """The parent lost its last DS though the zone is to be signed: no validator complains, and none protects."""


class RRset:
    """An answer that a cache keeps: records, their signatures, a TTL. With no records: that there are none."""

    def __init__(self, owner, kind, ttl, texts, signatures):
        self.kind, self.ttl = kind, ttl
        self.title = f"{owner} {kind}"
        self.name = dns.name.from_text(owner)
        self.rdatas = [rdata(kind, text) for text in texts]
        self.rrset = dns.rrset.from_rdata_list(self.name, ttl, self.rdatas) if self.rdatas else None
        self.signatures = [rdata("RRSIG", text) for text in signatures]

    def __str__(self):
        signers = " ".join(f"{int(s.algorithm)}/{s.key_tag}" for s in self.signatures) or "nobody"
        held = " ".join(f"{int(r.algorithm)}/{r.key_tag if self.kind == 'DS' else dns.dnssec.key_id(r)}" for r in self.rdatas
                        if self.kind in ("DS", "DNSKEY"))
        return f"{self.title} [{held}] signed by [{signers}]" if self.rdatas else f"no {self.title}"


PARSED = {}


def rdata(kind, text):
    if (kind, text) not in PARSED:
        PARSED[kind, text] = dns.rdata.from_text(IN, kind, text)
    return PARSED[kind, text]


def read_records(path):
    """{(owner, type): (ttl, texts, signatures)}: what a file of the signer's holds, a record a line."""
    sets = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            owner, ttl, _, kind, text = line.rstrip("\n").split("\t", 4)
            covered = text.split(" ", 1)[0] if kind == "RRSIG" else kind
            entry = sets.setdefault((owner, covered), (int(ttl), [], []))
            entry[2 if kind == "RRSIG" else 1].append(text)
    return sets


class World:
    """A timeline, and the contents that its files share."""

    def __init__(self, lines):
        self.events, self.contents, self.complaint = [], {}, None
        self.versions = 0
        for line in lines:
            what, *words = line.split()
            if what == "world":
                self.strict, self.lag = words[0] == "strict", {"zone": int(words[1]), "ds": int(words[2])}
            elif what == "complaint":
                self.complaint = int(words[0])
            elif what == "end":
                self.end = int(words[0])
            else:
                read = {"zone": self.zone, "ds": self.parent, "goal": str}[what]
                self.events.append((int(words[0]), what, read(words[1])))

    def content(self, owner, kind, entry):
        """The same contents are the same object."""
        key = (owner, kind, entry[0], tuple(entry[1]), tuple(entry[2]))
        if key not in self.contents:
            self.contents[key] = RRset(owner, kind, *entry)
        return self.contents[key]

    def parent(self, path):
        self.versions += 1
        return {("nl.test.", "DS"): self.content("nl.test.", "DS", read_records(path).get(("nl.test.", "DS"), (HOUR, [], [])))}

    def zone(self, path):
        """What a zone answers. Delegations are no data of its own, and a DNSKEY RRset may be known to be absent."""
        self.versions += 1
        sets = read_records(path)
        soa_ttl, soa, _ = sets["nl.test.", "SOA"]
        absent = min(soa_ttl, int(soa[0].split()[-1]))  # RFC 2308 5
        sets.setdefault(("nl.test.", "DNSKEY"), (absent, [], []))
        return {where: self.content(*where, entry) for where, entry in sets.items() if where != ("b.nl.test.", "NS")}


class Validator:
    """Whether contents go together, and from when to when. Answers are kept by contents."""

    def __init__(self, strict):
        self.strict, self.known, self.made, self.verified = strict, {}, {}, 0

    def verifies(self, rrset, signature, key):
        """Whether a signature is the key's over the RRset, for real; its times apart."""
        if signature.algorithm != key.algorithm or signature.key_tag != dns.dnssec.key_id(key):
            return False
        self.verified += 1
        try:
            dns.dnssec.validate(rrset.rrset, dns.rrset.from_rdata(rrset.name, rrset.ttl, signature),
                                {ORIGIN: dns.rdataset.from_rdata_list(rrset.ttl, [key])}, now=signature.inception)
        except dns.dnssec.ValidationFailure:
            return False
        return True

    def spans(self, rrset, key):
        """The times of the RRset's signatures by a key."""
        if (rrset, key) not in self.made:
            self.made[rrset, key] = [(s.inception, s.expiration) for s in rrset.signatures if self.verifies(rrset, s, key)]
        return self.made[rrset, key]

    def ways(self, ds, keys, rrset):
        """From which algorithm to which span: each way that leads from trusted DS, if given, or else from a trusted DNSKEY
        RRset `keys` to `rrset`."""
        question = (ds, keys, rrset)
        if question not in self.known:
            ways = {}
            for key in keys.rdatas:
                if ds is None or dns.dnssec.make_ds(ORIGIN, key, "SHA256") in ds.rdatas:
                    ways.setdefault(int(key.algorithm), []).extend(self.spans(rrset, key))
            self.known[question] = ways
        return self.known[question]

    def holds(self, ds, keys, rrset, begin, end):
        """Whether there is a way all the time. A strict validator wants one for each algorithm that is announced."""
        ways = self.ways(ds, keys, rrset)
        good = {a for a, spans in ways.items() for since, until in spans if since <= begin and end <= until}
        announced = {int(r.algorithm) for r in (keys if ds is None else ds).rdatas}
        return announced <= good if self.strict else bool(good)

    def judge(self, ds, keys, rrset, begin, end):
        if not self.holds(ds, keys, keys, begin, end):
            raise Bogus(f"{keys} under {ds}")
        # The DNSKEY RRset itself needs the algorithms of the DS set alone (RFC 4035 2.2).
        if rrset is not keys and not self.holds(None, keys, rrset, begin, end):
            raise Bogus(f"{rrset} under {keys}")


class Servers:
    """All servers of one zone: a change is at the first one at once, at the last one `lag` later."""

    def __init__(self, lag):
        self.lag, self.present, self.old = lag, None, []

    def change(self, now, version):
        if self.present is not None:
            self.old.append((now + self.lag, self.present))
        self.present = version

    def answers(self, now):
        """What some server may answer from now on."""
        self.old = [(until, version) for until, version in self.old if until > now]
        return [self.present] + [version for _, version in self.old]


class Caches:
    """All caches of the world: what some of them may hold of each RRset, and until when."""

    def __init__(self):
        self.held = {}

    def ask(self, version, until):
        """Someone asks at each moment before `until`."""
        for where, rrset in version.items():
            shelf = self.held.setdefault(where, {})
            shelf[rrset] = max(shelf.get(rrset, 0), until + rrset.ttl)

    def expire(self, now):
        for shelf in self.held.values():
            for rrset in [rrset for rrset, until in shelf.items() if until <= now]:
                del shelf[rrset]

    def ends(self):
        return [until for shelf in self.held.values() for until in shelf.values()]


class Play:
    """Lives through a world's timeline."""

    def __init__(self, lines):
        self.world = World(lines)
        self.servers = {what: Servers(lag) for what, lag in self.world.lag.items()}
        self.caches, self.validator = Caches(), Validator(self.world.strict)
        self.combinations, self.moments, self.secure, self.goal = set(), 0, 0, "signed"

    def happen(self, now, what, value):
        if what == "goal":
            self.goal = value
            return
        if what == "ds" and self.servers[what].present is not None and self.goal == "signed":
            before, = self.servers[what].present.values()
            after, = value.values()
            if before.rdatas and not after.rdatas:
                raise Insecure(f"at {now} the last DS goes")
        self.servers[what].change(now, value)

    def judge(self, begin, end):
        """All that may be held together in [begin, end)."""
        held = dict(self.caches.held)
        all_ds = [ds for ds in held.pop(("nl.test.", "DS")) if any(int(r.algorithm) in SUPPORTED for r in ds.rdatas)]
        all_keys = held.pop(("nl.test.", "DNSKEY"))
        self.secure += bool(all_ds)
        for ds, keys, rrset in itertools.product(all_ds, all_keys, itertools.chain(all_keys, *held.values())):
            if rrset.kind == "DNSKEY" and rrset is not keys:
                continue
            self.moments += 1
            self.combinations.add((ds, keys, rrset))
            try:
                self.validator.judge(ds, keys, rrset, begin, end - 1)
            except Bogus as why:
                raise Bogus(f"at {begin}: {why}") from None

    def live(self):
        """Raises Bogus or Insecure at the first moment in which something is wrong."""
        events = self.world.events
        now, at = events[0][0], 0
        while now < self.world.end:
            while at < len(events) and events[at][0] <= now:
                self.happen(*events[at])
                at += 1
            changes = [self.world.end] + [when for when, _, _ in events[at:at + 1]]
            served = [version for servers in self.servers.values() for version in servers.answers(now)]
            changes += [until for servers in self.servers.values() for until, _ in servers.old]
            self.caches.expire(now)
            until = min(changes + self.caches.ends())
            for version in served:
                self.caches.ask(version, until)
            self.judge(now, until)
            now = until


def play(program, seed, fault="none"):
    """The play of a world, or None if the world's own caches find nothing wrong with the fault."""
    folder = tempfile.mkdtemp(prefix="zoneseal-world-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    try:
        done = subprocess.run([program, str(seed), fault, folder], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode == 3:
            return None
        if done.returncode != 0:
            raise RuntimeError(f"{program} {seed} {fault}: exit {done.returncode}")
        return Play(done.stdout.splitlines())
    finally:
        shutil.rmtree(folder)


def verdict(world):
    """How a play ends."""
    try:
        world.live()
        return "never bogus"
    except (Bogus, Insecure) as why:
        return f"{type(why).__name__.lower()} {why}"


def main():
    world = play(sys.argv[1], *sys.argv[2:])
    if world is None:
        sys.exit("the world's own caches find nothing wrong with this engine")
    print("the world's own caches complain:", world.world.complaint)
    print(verdict(world))
    print(world.world.versions, "versions", len(world.combinations), "combinations", world.moments, "moments",
          world.validator.verified, "signatures")


if __name__ == "__main__":
    main()
