#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A zone's denial of existence changes from one version to the next: NSEC to NSEC3 and back, opt-out on and off, another
salt. An Unbound whose cache is full of the old version's proofs then asks the new one, or asks servers of which some
have the old and some the new version; so does an Unbound behind a cache that validates nothing. No answer may fail.

contrib/doc/denial-change.md has the argument.
"""

import os
import subprocess
import tempfile
import unittest
from typing import NamedTuple

import dns.rcode

import servers
import signers

ZONE = "change.example."
CHILD = "signed-child." + ZONE
UNSIGNED = "unsigned-child." + ZONE
PROOFS = {"nsec": ("NSEC", ""), "nsec3": ("NSEC3", "1 0 0 -"), "salt": ("NSEC3", "1 0 5 c0ffee"),
          "opt-out": ("NSEC3", "1 1 0 -")}  # type and first fields of their records
FLAVOURS = tuple(PROOFS)
PAIRS = [(old, new) for old in FLAVOURS for new in FLAVOURS if old != new]
DS = "12345 13 2 " + "ab" * 32


def child_zone(origin):
    return (f"{origin} 3600 IN SOA ns.{origin} host.{origin} 1 7200 1800 604800 900\n{origin} 3600 IN NS ns.{origin}\n"
            f"ns.{origin} 3600 IN A 127.0.0.1\nwww.{origin} 3600 IN A 192.0.2.90\n")


def parent_zone(child_ds, serial=1, names=40):
    """As in a TLD: most names are delegations without DS."""
    lines = [f"@ SOA ns host {serial} 7200 1800 604800 900", "@ NS ns", "ns A 127.0.0.1", "www A 192.0.2.80",
             "www TXT text", "*.wild TXT any", "a.b.ent TXT deep", "alias CNAME www", "unsigned-child NS ns.unsigned-child",
             "ns.unsigned-child A 127.0.0.1", "signed-child NS ns.signed-child", "ns.signed-child A 127.0.0.1",
             "x.bare NS ns.elsewhere.invalid."]
    lines += [f"reg{n} NS ns.elsewhere.invalid." for n in range(names)]
    lines += [f"sec{n} NS ns.elsewhere.invalid.\nsec{n} DS {DS}" for n in range(0, names, 4)]
    return f"$ORIGIN {ZONE}\n$TTL 3600\n" + "\n".join(lines) + "\n" + child_ds


class Question(NamedTuple):
    name: str  # relative; {} is a number
    kind: str
    rcode: str
    secure: bool = True  # where no span is opt-out


QUESTIONS = (
    Question("www", "A", "NOERROR"), Question("alias", "A", "NOERROR"), Question("", "DNSKEY", "NOERROR"),
    Question("www", "AAAA", "NOERROR"), Question("www", "TYPE{}", "NOERROR"), Question("", "TYPE{}", "NOERROR"),
    Question("nope{}", "A", "NXDOMAIN"), Question("a.b.nope{}", "A", "NXDOMAIN"), Question("zz{}", "A", "NXDOMAIN"),
    Question("m{}.wild", "TXT", "NOERROR"), Question("m{}.l.wild", "TXT", "NOERROR"),
    Question("m{}.wild", "A", "NOERROR"), Question("b.ent", "A", "NOERROR"), Question("n{}.ent", "A", "NXDOMAIN"),
    Question("www.signed-child", "A", "NOERROR"), Question("nope{}.signed-child", "A", "NXDOMAIN"),
    Question("signed-child", "DS", "NOERROR"), Question("www.unsigned-child", "A", "NOERROR", False),
    Question("unsigned-child", "DS", "NOERROR"), Question("reg{}", "DS", "NOERROR"), Question("www", "DS", "NOERROR"),
)


class Changes(unittest.TestCase):
    """What the tests of such changes share: zones, servers, validators, questions."""

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="zoneseal-denial-"))
        cls.count = 0
        out, ds = cls.signed_child(signers.save(cls.path("child.in"), child_zone(CHILD)))
        cls.children = {CHILD: out, UNSIGNED: signers.save(cls.path("unsigned.zone"), child_zone(UNSIGNED))}
        cls.source = signers.save(cls.path("parent.in"), parent_zone(ds))
        cls.versions = {}

    @classmethod
    def signed_child(cls, source):
        """The signed file and its DS."""
        out = cls.path("child.zone")
        return out, cls.sign(CHILD, (source, out, "nsec"))

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    @staticmethod
    def sign(origin, *versions):
        """The DS; each version is (input, output, flavour), by the same keys."""
        program = os.path.join(signers.Zoneseal().folder, "sign_versions")
        return signers.run([program, origin, "13", *(word for version in versions for word in version)]).stdout

    def pair(self, old, new):
        """Files of the two versions and of the anchor."""
        if (old, new) not in self.versions:
            stem = self.path(f"{old}-{new}")
            ds = self.sign(ZONE, (self.source, stem + ".1", old), (self.source, stem + ".2", new))
            self.versions[old, new] = stem + ".1", stem + ".2", signers.save(stem + ".ds", ds)
        return self.versions[old, new]

    def new_folder(self):
        type(self).count += 1
        return self.path(str(self.count))

    def serve(self, kind, path, port=None):
        server = kind(self.new_folder(), {ZONE: path, **self.children})
        server.wanted_port = port
        return server

    def resolver(self, anchor, *ports, **options):
        return servers.Unbound(self.new_folder(), anchor, [ZONE, CHILD, UNSIGNED], *ports, **options)

    def judge(self, unbound, flavours, first, count=3):
        """Asks all questions with numbers from `first` on. Old proofs are as good as new ones."""
        for number in range(first, first + count):
            for question in QUESTIONS:
                name = question.name.format(number % 40 if question.name == "reg{}" else number)
                kind = question.kind.format(65300 + number)
                answer = unbound.ask(f"{name}.{ZONE}" if name else ZONE, kind)
                where = f"{name} {kind}: {dns.rcode.to_text(answer.rcode())} {unbound.why()}"
                self.assertEqual(dns.rcode.to_text(answer.rcode()), question.rcode, where)
                if "opt-out" not in flavours:
                    self.assertEqual(servers.is_authentic(answer), question.secure, where)

    def assert_full(self, unbound, flavour, least=5):
        """It holds proofs of that flavour."""
        self.assertGreaterEqual(unbound.cached(*PROOFS[flavour]), least, flavour)


class DenialChange(Changes):

    def test_caches_of_the_old_version_get_on_with_the_new_one(self):
        for old, new in PAIRS:
            before, after, anchor = self.pair(old, new)
            for kind in (servers.Nsd, servers.Knot):
                for aggressive in (False, True):
                    with self.subTest(f"{old} to {new}, {kind.name}, aggressive {aggressive}"):
                        with self.serve(kind, before) as server:
                            unbound = self.enterContext(self.resolver(anchor, server.port, aggressive=aggressive))
                            self.judge(unbound, (old,), 0)
                            self.assert_full(unbound, old)
                        with self.serve(kind, after, server.port):
                            self.judge(unbound, (old, new), 2)  # the first of these are known from before
                            self.assert_full(unbound, new, 1)  # an aggressive one asks for little
                            self.judge(unbound, (old, new), 0, 1)
                            unbound.stop()

    def test_old_and_new_servers_side_by_side(self):
        for old, new in PAIRS:
            before, after, anchor = self.pair(old, new)
            for aggressive in (False, True):
                with self.subTest(f"{old} beside {new}, aggressive {aggressive}"):
                    with self.serve(servers.Nsd, before) as one, self.serve(servers.Knot, after) as other:
                        with self.resolver(anchor, one.port, other.port, aggressive=aggressive) as unbound:
                            self.judge(unbound, (old, new), 0, 8)
                            self.assert_full(unbound, old, 1)
                            self.assert_full(unbound, new, 1)

    def test_validators_behind_a_cache_that_saw_both(self):
        for old, new in PAIRS:
            before, after, anchor = self.pair(old, new)
            with self.subTest(f"{old} to {new}"):
                with self.serve(servers.Nsd, before) as server:
                    cache = self.enterContext(self.resolver(anchor, server.port, validates=False))
                    self.judge_cache(cache, 0)
                    self.assert_full(cache, old)
                with self.serve(servers.Nsd, after, server.port):
                    self.judge_cache(cache, 100)
                    with self.resolver(anchor, cache.port, forwards=True) as unbound:
                        self.judge(unbound, (old, new), 0)
                        self.judge(unbound, (old, new), 100)
                    cache.stop()

    def test_a_version_without_a_whole_chain_is_noticed(self):
        """The test can fail: with its proofs cut out the new version's answers are bogus."""
        before, after, anchor = self.pair("nsec", "nsec3")
        with open(after, encoding="ascii") as file:
            kept = [line for line in file if "\tNSEC3\t" not in line and "\tRRSIG\tNSEC3 " not in line]
        cut = signers.save(self.path("cut.zone"), "".join(kept))
        with self.serve(servers.Nsd, before) as server:
            unbound = self.enterContext(self.resolver(anchor, server.port))
            self.judge(unbound, ("nsec",), 0)
        with self.serve(servers.Nsd, cut, server.port):
            with self.assertRaisesRegex(AssertionError, "SERVFAIL"):
                self.judge(unbound, ("nsec", "nsec3"), 100)

    def judge_cache(self, cache, first):
        for number in range(first, first + 3):
            for question in QUESTIONS:
                name = question.name.format(number % 40 if question.name == "reg{}" else number)
                answer = cache.ask(f"{name}.{ZONE}" if name else ZONE, question.kind.format(65300 + number))
                self.assertEqual(dns.rcode.to_text(answer.rcode()), question.rcode, name)


if __name__ == "__main__":
    unittest.main()
