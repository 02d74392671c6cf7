# SPDX-License-Identifier: MIT
"""Random signed zones with one mutation each: what mutation_classes.py lists, applied at a random place.

A zone is made in stages, and a mutation acts in one of them, so that whatever comes later is made for the mutated zone
and is right: a type bitmap that is wrong has a good signature, and the digest of a zone with a lost signature fits.

    records   the zone's data          keys     which keys there are and which sign
    denied    NSEC, NSEC3, DNSKEY and ZONEMD are there too
    signed    and RRSIGs               sealed   and ZONEMD is filled in and signed
    text      the file
"""

import os
import random
import sys
import time
from typing import Callable, NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../zones"))
# The peers know no time but now. The zones of tests/zones are made for a fixed one, and this moves it.
os.environ.setdefault("ZONES_SHIFT", str(int(time.time()) - 1768003200))

import dns.name  # noqa: E402
import make_zones  # noqa: E402
import zonemaker  # noqa: E402
from zonemaker import APEX, NOW, Key, Record, Zone, nsec3_hash, rrsig  # noqa: E402

FLAVOURS = ("nsec", "nsec3", "opt-out")
NSEC3 = ("nsec3", "opt-out")
ALGORITHMS = (8, 10, 13, 14, 15, 16)
STAGES = ("records", "keys", "denied", "signed", "sealed", "text")
DS = make_zones.DS
ANY = ""  # a policy that asks for nothing of its own
NOT_AUTHENTIC = ("RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY", "ZONEMD", "CDS", "CDNSKEY")


class Kind(NamedTuple):
    """What sort of zone is mutated."""
    flavour: str
    zonemd: bool
    algorithm: int

    def __str__(self):
        return f"{self.flavour}{' zonemd' if self.zonemd else ''} algorithm {self.algorithm}"


class Mutation(NamedTuple):
    """One class."""
    name: str
    checks: tuple  # ids that must be among those that fail; none: the zone is as valid as before
    stage: str
    act: Callable
    policy: str = None  # members of the limits with which it is refused; None: refused without any
    flavours: tuple = FLAVOURS
    zonemd: bool = None  # only with, only without
    algorithms: tuple = ALGORITHMS
    origin: bool = False  # the file does not say whose zone it is

    def kinds(self):
        return [Kind(flavour, zonemd, algorithm) for flavour in self.flavours for zonemd in (False, True)
                for algorithm in self.algorithms if self.zonemd in (None, zonemd)]

    def in_turn(self, *, each_algorithm=False):
        """Each flavour, or each flavour with each algorithm; what else there is to a kind takes turns, class by class."""
        sorts, turn = {}, sum(self.name.encode())
        for kind in self.kinds():
            sorts.setdefault((kind.flavour, kind.algorithm if each_algorithm else None), []).append(kind)
        return [choices[(turn + at) % len(choices)] for at, choices in enumerate(sorts.values())]

    def meaning(self):
        return " ".join(self.act.__doc__.split())


CLASSES = []


def mutation(checks, stage, name=None, **how):
    """Lists the function below as a class; its name is the class's, and its first words say what it does."""
    def put(act):
        CLASSES.append(Mutation(name or act.__name__.replace("_", "-"), tuple(checks.split()), stage, act, **how))
        return act
    return put


def relative(text):
    return dns.name.from_text(text, APEX)


def also(plot, *keys, signing=False):
    """Publishes further keys."""
    plot.published.extend(keys)
    if signing:
        plot.zsks.extend(keys)


class Plot:
    """A zone in the making, and what mutations ask of it."""

    def __init__(self, kind, seed):
        self.kind, self.random = kind, random.Random(f"{seed} {kind}")
        algorithm = kind.algorithm
        self.ksk, self.zsk = Key(f"ksk-{algorithm}", 257, algorithm), Key(f"zsk-{algorithm}", 256, algorithm)
        self.other = Key(f"other-{algorithm}", 256, algorithm)
        self.ksks, self.zsks, self.published = [self.ksk], [self.zsk], []  # `published` sign nothing
        self.hashes = (1,) if kind.zonemd else ()  # of ZONEMD
        self.denial = ["nsec" if kind.flavour == "nsec" else "nsec3"]
        self.nsec3 = {"opt_out": kind.flavour == "opt-out"}
        self.later = {}  # stage: what a mutation still has to do there
        self.place = ""
        self.zone = Zone(self.data())

    # --- the data ---

    def label(self):
        letters = "abcdefghijklmnopqrstuvwxyz0123456789"
        return "x" + "".join(self.random.choice(letters) for _ in range(self.random.randint(2, 12)))

    def data(self):
        """What tests/zones has, and some of everything at random names."""
        draw, rows = self.random.randint, []
        add = lambda owner, kind, text: rows.append(Record(owner, 3600, kind, text))
        for _ in range(draw(2, 5)):
            host = self.label() + (f".{self.label()}" * draw(0, 2))
            for number in range(draw(1, 3)):
                add(host, "A", f"192.0.2.{20 + number * 40 + draw(0, 39)}")
            if draw(0, 1):
                add(host, "MX", f"{draw(1, 99)} mail.elsewhere.test.")
            if draw(0, 1):
                add(host, "TXT", f'"{self.label()}"')
            if draw(0, 1):
                add(host, "CAA", '0 issue "ca.test"')
        for _ in range(draw(1, 3)):
            add(f"*.{self.label()}", "A", f"192.0.2.{draw(1, 254)}")
            add(self.label(), "CNAME", f"{self.label()}.elsewhere.test.")
        for _ in range(draw(1, 3)):
            cut = self.label()
            add(cut, "NS", f"ns.{cut}.zs.test.")
            add(f"ns.{cut}", "A", f"192.0.2.{draw(1, 254)}")
            add(f"{self.label()}.{self.label()}", "NS", "ns.elsewhere.test.")
            secure = self.label() + (f".{self.label()}" * draw(0, 1))
            add(secure, "NS", "ns.elsewhere.test.")
            add(secure, "DS", f"{draw(1, 65535)} 13 2 " + "".join(f"{draw(0, 255):02X}" for _ in range(32)))
        return make_zones.base(extra=rows)

    # --- what is there ---

    def pick(self, things):
        """One of them, and the place is remembered."""
        things = sorted(things, key=lambda thing: thing.line() if isinstance(thing, Record) else str(thing))
        if not things:
            raise LookupError("nothing to mutate")
        thing = self.random.choice(things)
        self.place = thing.line().strip()[:100] if isinstance(thing, Record) else str(thing)
        return thing

    def of_type(self, *types):
        return [r for r in self.zone.records if r.type in types]

    def cuts(self, secure=None):
        types, cuts = self.zone.names()
        return [n for n in cuts if n in types and secure in (None, "DS" in types[n])]

    def authoritative(self):
        """Names with data of the zone's own, the apex left out."""
        types, cuts = self.zone.names()
        return [n for n in types if n not in cuts and n != APEX]

    def glue(self):
        cuts = self.cuts()
        return [r for r in self.of_type("A", "AAAA") if any(r.name != cut and r.name.is_subdomain(cut) for cut in cuts)]

    def own(self, *types, single=None):
        """RRsets of the zone's own data, DNSSEC's left out, each a list."""
        known = self.zone.names()
        return [records for (name, _), records in self.zone.sets().items()
                if records[0].type not in NOT_AUTHENTIC and self.zone.must_sign(name, records[0].type, known)
                and (not types or records[0].type in types) and single in (None, len(records) == 1)]

    def a_set(self, *types, single=None):
        """One of those."""
        return self.pick_set(self.own(*types, single=single))

    def pick_set(self, sets):
        """One RRset of several."""
        named = {f"{records[0].name} {records[0].type}": records for records in sets}
        return named[self.pick(named)]

    def signatures(self, *covered):
        return [r for r in self.of_type("RRSIG") if r.text.split()[0] != "ZONEMD" and
                (not covered or r.text.split()[0] in covered)]

    def empty(self, bare):
        """Empty non-terminals; `bare`: also those with nothing but insecure delegations below."""
        types, cuts = self.zone.names()
        found = set()
        for name, held in types.items():
            if name in cuts and "DS" not in held and not bare:
                continue
            while name != APEX:
                name = name.parent()
                if name not in types:
                    found.add(name)
        return list(found)

    def links(self):
        """The NSEC or NSEC3 of the zone's one chain, in its order."""
        return sorted(self.of_type("NSEC", "NSEC3"), key=lambda r: zonemaker.rank(r.name))

    def link_of(self, name):
        owner = name if self.kind.flavour == "nsec" else relative(make_zones.hashed(name.to_text()))
        return next((r for r in self.links() if r.name == owner), None)

    def covering(self, name):
        """The NSEC3 whose span holds the hash of a name."""
        digest, links = relative(zonemaker.base32hex(nsec3_hash(name))), self.links()
        return max((r for r in links if r.name <= digest), default=links[-1], key=lambda r: r.name)

    def next_closer(self, name):
        """Of a name without NSEC3: what an NSEC3 must cover (RFC 5155 1.3)."""
        while name.parent() != APEX and self.link_of(name.parent()) is None:
            name = name.parent()
        return name

    # --- changing it ---

    def add(self, *rows):
        self.zone.records.extend(Record(owner, 3600, kind, text) for owner, kind, text in rows)

    def remove(self, record):
        self.zone.records.remove(record)

    def resign(self, records, key=None, beside=False, **options):
        """Another RRSIG for an RRset, in place of those that it has or beside them."""
        first = records[0]
        self.place = f"{first.name} {first.type}"
        if not beside:
            self.zone.records = [r for r in self.zone.records if not (
                r.type == "RRSIG" and r.name == first.name and r.text.split()[0] == first.type)]
        self.zone.records.append(rrsig(records, key or self.zsk, **options))

    def seal(self):
        for algorithm in self.hashes:
            self.zone.zonemd(algorithm)
        self.sign_zonemd()

    def sign_zonemd(self):
        self.zone.records = [r for r in self.zone.records if not (r.type == "RRSIG" and r.text.startswith("ZONEMD "))]
        digests = [r for r in self.zone.records if r.type == "ZONEMD" and r.name == APEX]
        for key in self.zsks if digests else ():
            self.zone.records.append(rrsig(digests, key))

    # --- making it ---

    def deny(self):
        for key in {key.text(): key for key in self.ksks + self.zsks + self.published}.values():
            self.zone.records.append(Record(APEX, 3600, "DNSKEY", key.text()))
        for algorithm in self.hashes:
            self.zone.records.append(
                Record(APEX, 3600, "ZONEMD", f"2026010101 1 {algorithm} " + "00" * (48 if algorithm == 1 else 64)))
        if "nsec" in self.denial:
            self.zone.add_nsec()
        if "nsec3" in self.denial:
            self.zone.add_nsec3(**self.nsec3)
        if len(self.denial) == 2:
            make_zones.find(self.zone, "@", "NSEC").text += " NSEC3PARAM"


def make(change, kind, seed):
    """(text of the zone, where it was mutated); `change` None: as it is."""
    plot = Plot(kind, f"{seed} {change.name if change else ''}")
    text = None
    for stage in STAGES:
        if stage == "denied":
            plot.deny()
        if stage == "signed":
            plot.zone.add_rrsigs(plot.ksks, plot.zsks)
        if stage == "sealed":
            plot.seal()
        if stage == "text":
            text = plot.zone.text()
        if change and change.stage == stage:
            text = change.act(plot, text) if stage == "text" else change.act(plot)
        if stage in plot.later:
            plot.later[stage]()
    return text, plot.place


def flip(text):
    return make_zones.flip(text)


def now_text():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW))
