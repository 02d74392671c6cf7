#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Unbound, which knows nothing but the DS of the interop zone, finds each kind of answer secure where it must, insecure
where it may, and bogus as soon as one signature or denial record that it needs is broken. Served by NSD, Knot and BIND.
"""

import base64
import os
import re
import tempfile
import unittest
from typing import NamedTuple

import dns.message
import dns.rcode
import dns.rdatatype

import interop_zone
import servers
import signers
import zonefile

SIGNER = signers.chosen()
PARENT = interop_zone.ORIGIN
CHILD = "signed-child." + PARENT
UNSIGNED = "unsigned-child." + PARENT

SECURE, INSECURE = "secure", "insecure"


class Question(NamedTuple):
    title: str
    name: str  # relative to the parent zone
    kind: str
    rcode: str
    security: str = SECURE  # in zones whose chain leaves nothing out
    opt_out: str = SECURE  # where the chain leaves insecure delegations out (RFC 5155 6)

    @property
    def full_name(self):
        return f"{self.name}.{PARENT}"


# With opt-out, whatever rests on a name's absence is insecure: the span may hold an unsigned delegation (RFC 5155 9.2).
QUESTIONS = (
    Question("positive", "www.v", "A", "NOERROR"),
    Question("positive in other case", "WwW.V", "TXT", "NOERROR"),
    Question("large", "many-txt.big", "TXT", "NOERROR"),
    Question("CNAME", "alias.v", "A", "NOERROR"),
    Question("DNAME", "www.d.v", "A", "NOERROR"),
    Question("NODATA", "www.v", "MX", "NOERROR"),
    Question("NXDOMAIN", "nope.v", "A", "NXDOMAIN", opt_out=INSECURE),
    Question("NXDOMAIN far below", "a.b.c.nope.v", "A", "NXDOMAIN", opt_out=INSECURE),
    Question("NXDOMAIN at the apex", "zzz-nope", "A", "NXDOMAIN", opt_out=INSECURE),
    Question("wildcard", "x.w.v", "TXT", "NOERROR", opt_out=INSECURE),
    Question("wildcard, labels deep", "x.y.z.w.v", "TXT", "NOERROR", opt_out=INSECURE),
    Question("wildcard NODATA", "x.w.v", "A", "NOERROR", opt_out=INSECURE),
    Question("empty non-terminal", "ent.v", "A", "NOERROR"),
    # Some signers leave it out of the chain too (RFC 5155 7.1).
    Question("empty non-terminal above insecure delegations", "e2.e3.insecure-only", "A", "NOERROR",
             opt_out=SECURE if SIGNER.habits["all_empty"] else INSECURE),
    Question("signed delegation", "www.signed-child", "A", "NOERROR"),
    Question("signed delegation, NXDOMAIN below", "nope.signed-child", "A", "NXDOMAIN", opt_out=INSECURE),
    Question("DS of the signed delegation", "signed-child", "DS", "NOERROR"),
    Question("unsigned delegation", "www.unsigned-child", "A", "NOERROR", INSECURE, INSECURE),
    Question("no DS at the unsigned delegation", "unsigned-child", "DS", "NOERROR", SECURE, INSECURE),
)

# Names at which servers are free to answer otherwise: RFC 5155 erratum 3441 lets the name be as good as absent.
EITHER_RCODE = {"empty non-terminal above insecure delegations"}

CHILD_ZONE = """\
{0} 3600 IN SOA ns.{0} host.{0} 1 7200 1800 604800 900
{0} 3600 IN NS ns.{0}
ns.{0} 3600 IN A 127.0.0.1
www.{0} 3600 IN A 192.0.2.90
"""


class Breakage(NamedTuple):
    """One change to one RRset of one zone."""
    how: str
    zone: str
    owner: str  # as written in the file
    kind: str

    def __str__(self):
        return f"{self.how} {self.owner} {self.kind}"


def lines_of(path):
    with open(path, encoding="ascii") as file:
        return file.read().splitlines()


def apply(breakages, lines):
    """The lines of a zone, broken."""
    flipped = {(b.owner.lower(), b.kind) for b in breakages if b.how == "flip signature of"}
    altered = {(b.owner.lower(), b.kind) for b in breakages if b.how == "alter"}
    removed = {(b.owner.lower(), b.kind) for b in breakages if b.how == "remove"}
    out = []
    for line in lines:
        owner, ttl, _, kind, rdata = line.split("\t", 4)
        covered = rdata.split(" ", 1)[0] if kind == "RRSIG" else kind
        key = (owner.lower(), covered)
        if key in removed:
            continue
        if kind == "RRSIG" and key in flipped:
            head, signature = rdata.rsplit(" ", 1)
            octets = bytearray(base64.b64decode(signature))
            octets[len(octets) // 2] ^= 1
            line = f"{owner}\t{ttl}\tIN\tRRSIG\t{head} {base64.b64encode(octets).decode()}"
        if kind == covered and key in altered:
            line += " TYPE1234"  # one more bit in the map of types
        out.append(line)
    return out


class Validator(unittest.TestCase):

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="zoneseal-validator-"))
        self.count = 0

    def new_folder(self):
        self.count += 1
        return os.path.join(self.folder, str(self.count))

    def signed_files(self, flavour, **bulk):
        """Signs the child, then the parent with the child's DS."""
        child = SIGNER.sign(CHILD_ZONE.format(CHILD), CHILD, flavour, folder=self.new_folder())
        with open(child.anchor, encoding="ascii") as file:
            delegation = f"{CHILD} 3600 IN NS ns.{CHILD}\nns.{CHILD} 3600 IN A 127.0.0.1\n{file.read()}"
        parent = SIGNER.sign(interop_zone.build(**bulk) + delegation, PARENT, flavour,
                             folder=self.new_folder())
        unsigned = signers.save(os.path.join(self.folder, "unsigned-child.zone"), CHILD_ZONE.format(UNSIGNED))
        return {PARENT: parent.path, CHILD: child.path, UNSIGNED: unsigned}, parent.anchor

    def serve(self, server, files):
        return server(self.new_folder(), files)

    def validator(self, anchor, files, port):
        return servers.Unbound(self.new_folder(), anchor, list(files), port)

    @staticmethod
    def ask(unbound, question):
        """(rcode, secure or insecure) of the answer; an answer that is neither is an error."""
        answer = unbound.ask(question.full_name, question.kind)
        return dns.rcode.to_text(answer.rcode()), SECURE if servers.is_authentic(answer) else INSECURE

    def assert_as_expected(self, unbound, question, flavour):
        expected = question.opt_out if flavour.opt_out else question.security
        rcode, security = self.ask(unbound, question)
        self.assertEqual(security, expected, f"{question.title}: {rcode} {unbound.why()}")
        if flavour.opt_out and question.title in EITHER_RCODE:
            self.assertIn(rcode, ("NOERROR", "NXDOMAIN"), f"{question.title}: {unbound.why()}")
        else:
            self.assertEqual(rcode, question.rcode, f"{question.title}: {unbound.why()}")

    def test_each_kind_of_answer_is_as_secure_as_it_should_be(self):
        for flavour in signers.FLAVOURS.values():
            files, anchor = self.signed_files(flavour)
            for name, server in servers.AUTHORITATIVE.items():
                with self.serve(server, files) as running, self.validator(anchor, files, running.port) as unbound:
                    for question in QUESTIONS:
                        with self.subTest(f"{flavour.name}, {name}, {question.title}"):
                            self.assert_as_expected(unbound, question, flavour)

    def needed(self, running, question):
        """Signed RRsets on which the answer rests: those in it, the keys, and the child's DS."""
        out = {(PARENT, PARENT.lower(), "DNSKEY")}
        zone = PARENT
        if "signed-child" in question.name.split(".") and question.kind != "DS":
            zone = CHILD
            out |= {(CHILD, CHILD, "DNSKEY"), (PARENT, CHILD, "DS")}
        answer = running.ask(question.full_name, question.kind)
        skipped = {dns.rdatatype.NS}
        if question.name == "www.unsigned-child":  # the referral proves that there is no DS, without an SOA
            answer = running.ask(UNSIGNED, "DS")
            skipped.add(dns.rdatatype.SOA)
        for rrset in answer.answer + answer.authority:
            if rrset.rdtype == dns.rdatatype.RRSIG and rrset.covers not in skipped:
                owner = rrset.name.to_text().lower()
                labels = rrset[0].labels
                if len(rrset.name.labels) - 1 > labels and not owner.startswith("*."):  # from a wildcard
                    owner = "*." + ".".join(owner.rstrip(".").split(".")[-labels:]) + "."
                out.add((zone, owner, dns.rdatatype.to_text(rrset.covers)))
        return out

    def breakages(self, needs):
        for zone, owner, kind in sorted(set().union(*needs.values())):
            yield Breakage("flip signature of", zone, owner, kind)
            if kind in ("NSEC", "NSEC3"):
                yield Breakage("alter", zone, owner, kind)
                yield Breakage("remove", zone, owner, kind)

    @staticmethod
    def hurt(breakage, needs):
        """The questions whose answers need what is broken."""
        key = (breakage.zone, breakage.owner, breakage.kind)
        return {question for question, needed in needs.items() if key in needed}

    def rounds(self, needs):
        """Breakages dealt into rounds such that no two of a round hurt the same question, and removals stand apart."""
        rounds = []
        for breakage in self.breakages(needs):
            hurt = self.hurt(breakage, needs)
            for round_ in rounds:
                apart = (breakage.how == "remove") != (round_[0].how == "remove")
                if not apart and not any(hurt & self.hurt(other, needs) for other in round_):
                    round_.append(breakage)
                    break
            else:
                rounds.append([breakage])
        return rounds

    def broken_files(self, files, breakages):
        folder = self.new_folder()
        os.makedirs(folder)
        out = dict(files)
        for zone in {breakage.zone for breakage in breakages}:
            mine = [breakage for breakage in breakages if breakage.zone == zone]
            lines = apply(mine, lines_of(files[zone]))
            self.assertNotEqual(lines, lines_of(files[zone]), f"nothing broken by {mine}")
            out[zone] = signers.save(os.path.join(folder, re.sub(r"\W", "_", zone)), "\n".join(lines) + "\n")
        return out

    def assert_bogus(self, unbound, question, breakage, flavour):
        rcode, security = self.ask(unbound, question)
        if flavour.opt_out and question.opt_out == INSECURE and breakage.how == "remove":
            # It was not secure before: what is left may still show an opt-out span.
            self.assertEqual(security, INSECURE)
        else:
            self.assertEqual(rcode, "SERVFAIL")

    def check_round(self, server, files, anchor, round_, needs, flavour):
        """Those hurt are SERVFAIL, the others as before; with a record removed, a server may fail the others too."""
        hurt = {question: breakage for breakage in round_ for question in self.hurt(breakage, needs)}
        broken = self.broken_files(files, round_)
        with self.serve(server, broken) as running, self.validator(anchor, broken, running.port) as unbound:
            for question in needs:
                unbound.forget()
                with self.subTest(f"{flavour.name}, {server.name}, {question.title}", broken=str(hurt.get(question))):
                    if question in hurt:
                        self.assert_bogus(unbound, question, hurt[question], flavour)
                    elif round_[0].how != "remove":
                        self.assert_as_expected(unbound, question, flavour)

    def test_one_broken_signature_or_denial_record_makes_the_answer_bogus(self):
        for flavour in (signers.FLAVOURS[name] for name in ("nsec", "nsec3", "nsec3-opt-out")):
            files, anchor = self.signed_files(flavour, delegations=20, hosts=20)
            for server in servers.AUTHORITATIVE.values():
                with self.serve(server, files) as running:
                    needs = {question: self.needed(running, question) for question in QUESTIONS}
                for round_ in self.rounds(needs):
                    self.check_round(server, files, anchor, round_, needs, flavour)


if __name__ == "__main__":
    unittest.main()
