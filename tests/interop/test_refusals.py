#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A valid zone refused is as much a defect as a bad one let through: what BIND's, ldns's and Knot's verifiers all accept,
zoneseal-verify accepts bare as well, but for what stands below with the RFC that it breaks.

The bad zones of tests/zones are made around the present time in one flavour of denial (INTEROP_SEED chooses which; with
ZONESEAL_SOAK=1 in all); so are, in each flavour, zones that hold what is legal though unusual in random company."""

import concurrent.futures
import itertools
import os
import random
import subprocess
import sys
import tempfile
import time
import unittest

import peers
import servers

SOAK = os.environ.get("ZONESEAL_SOAK")
SEED = int(os.environ.get("INTEROP_SEED") or 8976)
ZONES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "zones")
VERIFY = os.path.join(os.environ.get("ZONESEAL_BIN", "build/release/bin"), "zoneseal-verify")
MADE_FOR = 1768003200  # zonemaker.NOW without a shift
FLAVOURS = ("nsec", "nsec3", "opt-out")
PEERS = (["kzonecheck", "-d", "on", "-o", "zs.test."], ["ldns-verify-zone"], ["dnssec-verify", "-q", "-o", "zs.test."])

ANYONE_SIGNS = "any signature, or one that all can make, verifies with this key"
DIFFERS = {
    "duplicate_record": "RFC 4034 6.3, RFC 2181 5: an RRset holds no record twice; others drop the copy",
    "duplicate_other_case": "RFC 4034 6.2, 6.3: the same in canonical form",
    "carriage_return_in_comment": "RFC 1035 5.1: some readers take it for a line end, and see another record",
    "mixed_ttl_of_a_delegation": "RFC 2181 5.2: the records of an RRset have one TTL, of an NS RRset that is not signed as well",
    "labels_wildcard": "RFC 4034 3.1.3: the leftmost asterisk does not count; what it expands to would not validate",
    "rrsig_ttl": "RFC 4034 3: the TTL of an RRSIG must be that of its RRset",
    "not_yet": "RFC 4034 3.1.5: it begins a second after the time that it was made for, which has passed since",
    "nsec3_unknown_flag": "RFC 5155 8.2: validators ignore such an NSEC3, so nothing denies what it covers",
    "nsec3param_flag": "RFC 5155 4.1.2: servers ignore such an NSEC3PARAM, and have no chain to answer from",
    "ed25519_identity": ANYONE_SIGNS + " (RFC 8032 8.8)",
    "ed25519_order_2": ANYONE_SIGNS,
    "ed25519_order_4": ANYONE_SIGNS,
    "ed25519_order_8": ANYONE_SIGNS,
    "ed25519_order_8_other": ANYONE_SIGNS,
    "ed25519_identity_plus_p": ANYONE_SIGNS,
    "ed448_identity": ANYONE_SIGNS,
    "ed448_order_2": ANYONE_SIGNS,
    "ed448_order_4": ANYONE_SIGNS,
    "rsa_exponent_1": ANYONE_SIGNS + " (RFC 8017 3.1: the exponent is 3 at least)",
    "signatures_by_the_hundred": "none: a bound on work, RRsets with more than 256 signatures are not judged",
}

# What is legal and a peer does not take: who, and the RFC that has it legal.
DISPUTED = {
    "wildcard-ns": ("dnssec-verify", "RFC 4592 4.2: NS at a wildcard is discouraged, but not barred"),
    "signalling": ("kzonecheck", "RFC 9615 2, 4.1: CDS below the apex speak of another zone"),
    "ds-private": ("kzonecheck", "RFC 6840 5.2: validators pass over a DS of an unknown algorithm or digest"),
    "other-key": ("kzonecheck", "RFC 4034 2.1.1: a DNSKEY without the Zone bit holds a key for something else"),
    # CDS without CDNSKEY or the reverse, by kzonecheck: RFC 7344 4 lets a child publish one of them alone.
}


def refusing(path):
    """Which peers refuse a zone; an NSEC3 zone with ZONEMD may have ldns without an end (contrib/doc/peer-scores.md)."""
    said = {argv[0]: peers.judge([*argv, path], seconds=5) for argv in PEERS}
    return {name for name, (accepted, text) in said.items() if not accepted and text != "no end"}


def accepted_by_all(path):
    """Whether no peer refuses it; the first who does ends the question."""
    for argv in PEERS:
        accepted, text = peers.judge([*argv, path], seconds=5)
        if not accepted and text != "no end":
            return False
    return True


def all_of(items, judge):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(judge, items))


class Refusals(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.shift = str(int(time.time()) - MADE_FOR)

    def make(self, flavour, *program):
        folder = os.path.join(self.folder.name, flavour)
        for part in ("good", "bad"):
            os.makedirs(os.path.join(folder, part))
        subprocess.run([sys.executable, *program], check=True, env={
            **os.environ, "ZONES_FLAVOUR": flavour, "ZONES_OUT": folder, "ZONES_SHIFT": self.shift})
        return folder

    def test_what_is_refused_others_refuse_too(self):
        for flavour in FLAVOURS if SOAK else (FLAVOURS[SEED % 3],):
            with self.subTest(flavour):
                folder = self.make(flavour, os.path.join(ZONES, "make_zones.py"))
                with open(os.path.join(folder, "cases.txt"), encoding="ascii") as lines:
                    cases = [line.split() for line in lines if line.startswith("bad/")]
                alone = [case[0] for case in cases if len(case) == 2 or case[2].startswith("origin=")]
                accepted = all_of(alone, lambda file: accepted_by_all(os.path.join(folder, file)))
                differs = {os.path.basename(file)[:-len(".zone")] for file, good in zip(alone, accepted) if good}
                self.assertEqual(differs, set(DIFFERS), f"{len(alone)} zones that are refused bare")

    def test_servers_do_not_load_hidden_data_that_is_refused(self):
        """What a delegation hides is legal of any type (RFC 5936 3.5), but these no server takes."""
        loaders = (["named-checkzone", "-i", "none", "zs.test"], ["nsd-checkzone", "zs.test"])
        for name, loader in itertools.product(("cname_and_data_below_cut", "two_cnames_below_cut", "soa_below_cut"), loaders):
            done = subprocess.run([*loader, os.path.join(ZONES, "bad", f"{name}.zone")], capture_output=True, check=False, timeout=60,
                                  env=servers.ENVIRONMENT)
            self.assertNotEqual(done.returncode, 0, (name, loader))
        for loader in loaders:
            done = subprocess.run([*loader, os.path.join(ZONES, "good", "n24_occluded.zone")], capture_output=True, check=False,
                                  timeout=60, env=servers.ENVIRONMENT)
            self.assertEqual(done.returncode, 0, (loader, done.stdout))

    def test_legal_things_in_random_company_are_accepted(self):
        for flavour in FLAVOURS:
            with self.subTest(flavour):
                folder = self.make(flavour, os.path.abspath(__file__), "--make")
                with open(os.path.join(folder, "parts.txt"), encoding="ascii") as lines:
                    parts = {os.path.join(folder, "good", file): set(held) for file, *held in map(str.split, lines)}
                done = all_of(parts, lambda path: subprocess.run([VERIFY, path], capture_output=True, text=True, check=False))
                refused = [path + "\n" + run.stdout + run.stderr for path, run in zip(parts, done) if run.returncode != 0]
                self.assertEqual(refused, [], "\n".join(refused))
                self.peers_refuse_what_they_dispute(dict(itertools.islice(parts.items(), 0, None, 1 if SOAK else 4)))

    def peers_refuse_what_they_dispute(self, parts):
        """A peer refuses a zone if, and only if, something is in it that it does not take."""
        for (path, held), who in zip(parts.items(), all_of(parts, refusing)):
            disputed = {peer for part in held for peer in (DISPUTED.get(part, ("", ""))[0],) if peer}
            disputed |= {"kzonecheck"} if len(held & {"cds", "cdnskey"}) == 1 else set()
            self.assertEqual(who, disputed, f"{os.path.basename(path)}: {sorted(held)}")


def legal_zone(z, dice):
    """One of very many zones, each legal; and which odd things are in it."""
    key, record = z.Key, z.Record
    ds = lambda number, algorithm, digest, size: f"{number} {algorithm} {digest} " + "ab" * size
    extras = {
        "unknown-type": lambda: [record("odd", 3600, "TYPE65534", "\\# 3 0102ff")],
        "inner-asterisk": lambda: [record("_foo._udp.*.in", 3600, "TXT", '"x"')],
        "wildcard-ns": lambda: [record("*.deleg", 3600, "NS", "ns.elsewhere.test."), record("*.deleg", 3600, "DS", z.DS)],
        "occluded": lambda: [record("insecure", 3600, "TXT", '"hidden"'), record("x.y.insecure", 3600, "MX", "5 a.b.")],
        "zonemd-below": lambda: [record("www", 3600, "ZONEMD", "5 1 1 " + "ab" * 48)],
        "cds": lambda: [record("@", 3600, "CDS", z.KSK.ds())],
        "cdnskey": lambda: [record("@", 3600, "CDNSKEY", z.KSK.text())],
        "signalling": lambda: [record("_dsboot.kid._signal.ns1", 3600, "CDS", ds(5, 13, 2, 32))],
        "ds-private": lambda: [record("kid", 600, "NS", "ns.elsewhere.test."), record("kid", 3600, "DS", ds(12345, 13, 1, 20)),
                               record("kid", 3600, "DS", ds(7, 200, 99, 2))],
        "odd-octets": lambda: [record("\\000\\255", 3600, "A", "192.0.2.5"),
                               record("a\\.b", 3600, "MX", "1 sp\\032ace.zs.test.")],
        "deep": lambda: [record(".".join(["e"] * dice.randrange(2, 60)) + ".ent", 3600, "NS", "ns.elsewhere.test.")],
        "glue-of-others": lambda: [record("a.b.c.d.full", 3600, "NS", "ns.elsewhere.test."),
                                   record("x.c.d.full", 3600, "A", "192.0.2.6")],
        "wildcards": lambda: [record("*", 3600, "A", "192.0.2.5"), record("*.*", 3600, "TXT", '"x"')],
        "owner-like-a-hash": lambda: [record(z.hashed("mail"), 3600, "NS", "ns.elsewhere.test.")],
        "large-set": lambda: [record("big", 3600, "TXT", f'"{at:0200}"') for at in range(dice.randrange(1, 200))],
        # Upper case in RDATA is for tests/zones: zonemaker hashes it as it stands.
        "owner-case": lambda: [record("MiXed", 3600, "NS", "ns.elsewhere.test.")],
        "dnskey-at-a-cut": lambda: [record("cut", 3600, "NS", "ns.cut.zs.test."), record("ns.cut", 3600, "AAAA", "2001:db8::9"),
                                    record("cut", 3600, "DNSKEY", key("child").text())],
        "longest-ttl": lambda: [record("nowhere", 2**31 - 1, "A", "192.0.2.5")],
    }
    parts = [part for part in extras if dice.random() < 0.4]
    chosen = [extras[part]() for part in parts]
    zsks = (z.ZSK, z.ZSK2) if dice.random() < 0.3 else (z.ZSK,)
    ksks = (z.KSK,) + ((key("ksk2", 257 | 128),) if dice.random() < 0.2 else ())
    second = dice.random() < 0.2
    ksks, zsks = ksks + ((key("k16", 257, 16),) if second else ()), zsks + ((key("z16", 256, 16),) if second else ())
    published = ksks + zsks + ((key("standby"),) if dice.random() < 0.3 else ())
    if dice.random() < 0.2:
        published += (key("odd", 0),)
        parts.append("other-key")
    options = {}
    if z.FLAVOUR != "nsec":
        options["salt"] = dice.randbytes(dice.choice((0, 0, 1, 8)))
        options["iterations"] = dice.choice((0, 0, 1, 50))
    if z.FLAVOUR == "opt-out":
        options["keep"] = tuple(z.name(n) for n in ("insecure", "deep.sub", "in.both") if dice.random() < 0.5)
    foreign = [z.rrsig([r], key("other")) for r in z.base() if r.type == "MX"] if dice.random() < 0.3 else []
    zonemd = () if second else dice.choice(((), (1,), (1, 2)))
    return parts, z.signed(z.base(extra=sum(chosen, [])), ksks, zsks, published, zonemd=zonemd, before=z.add(*foreign), **options)


def make_legal():
    sys.path.insert(0, ZONES)
    import make_zones as z
    dice = random.Random(SEED)
    with open(os.path.join(z.OUT, "parts.txt"), "w", encoding="ascii") as out:
        for number in range(int(os.environ.get("REFUSALS_EXAMPLES") or (200 if SOAK else 15))):
            parts, zone = legal_zone(z, dice)
            z.write("good", f"legal{number}.zone", zone)
            out.write(" ".join([f"legal{number}.zone", *parts]) + "\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--make"]:
        make_legal()
    else:
        unittest.main()
