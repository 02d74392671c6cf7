#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The answers that the gate simulates are those that NSD and Knot give, of the same kind and with the same proof, and
Unbound validates what they give."""

import json
import os
import subprocess
import tempfile
import unittest

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

import servers
import signers

SIGNER = signers.chosen()
ORIGIN = "resp.test."
SERVERS = {name: servers.AUTHORITATIVE[name] for name in ("NSD", "Knot")}
TYPES = ("A", "DS", "TXT", "TYPE65280")
DS = "12345 13 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"

ZONE = f"""\
$ORIGIN {ORIGIN}
$TTL 3600
@ SOA ns1 hostmaster 1 7200 3600 604800 3600
@ NS ns1
ns1 A 127.0.0.1
www A 192.0.2.80
www TXT "www"
mail MX 10 www
alias CNAME www
old DNAME new.other.test.
a.b.ent TXT "deep"
*.wild TXT "any"
deeper.wild A 192.0.2.1
*.points CNAME www
insecure NS ns.insecure
ns.insecure A 192.0.2.9
secure NS ns.elsewhere.test.
secure DS {DS}
deep.sub NS ns.elsewhere.test.
in.both NS ns.elsewhere.test.
se.both NS ns.elsewhere.test.
se.both DS {DS}
""" + "".join(f"d{at} NS ns.elsewhere.test.\n" + (f"d{at} DS {DS}\n" if at % 5 == 0 else "") for at in range(40))


def owners():
    return sorted({dns.name.from_text(line.split()[0], dns.name.from_text(ORIGIN))
                   for line in ZONE.splitlines() if not line.startswith("$")})


def questions():
    """Each owner and what is above it; names before, after and below each, one and two labels deep. No octet zero: Knot
    takes the NSEC of another name then."""
    origin = dns.name.from_text(ORIGIN)
    names = set()
    for owner in owners():
        while owner != origin:
            first, rest = owner.labels[0], owner.labels[1:]
            for labels in ((first,), (b"\1", first), (b"q", first), (b"p", b"q", first), (b"*", first), (first + b"\1",),
                           (first[:-1] + bytes([first[-1] - 1]) + b"\377",)):
                names.add(dns.name.Name(labels + rest))
            owner = owner.parent()
    names |= {origin, dns.name.from_text("q." + ORIGIN), dns.name.from_text("zz.q." + ORIGIN)}
    return [(name, kind) for name in sorted(names) for kind in TYPES if (name, kind) != (origin, "DS")]


def kind_of(answer, kind):
    """The kind of a real answer, in the words of answers.c."""
    if answer.answer:
        types = {rrset.rdtype for rrset in answer.answer}
        if dns.rdatatype.DNAME in types:
            return "redirect"
        first = answer.answer[0]
        name = answer.question[0].name
        sigs = [rrset for rrset in answer.answer if rrset.rdtype == dns.rdatatype.RRSIG and rrset.name == name]
        if sigs and sigs[0][0].labels < len(name.labels) - 1 - (name.labels[0] == b"*"):
            return "wildcard"
        return "data" if first.rdtype == dns.rdatatype.from_text(kind) else "alias"
    if answer.rcode() == dns.rcode.NXDOMAIN:
        return "nxdomain"
    if answer.rcode() != dns.rcode.NOERROR:
        return dns.rcode.to_text(answer.rcode())
    types = {rrset.rdtype for rrset in answer.authority}
    if dns.rdatatype.SOA in types:
        return "nodata"
    return "signed-referral" if dns.rdatatype.DS in types else "referral"


def proof_of(answer):
    return {rrset.name.to_text().lower() for rrset in answer.authority
            if rrset.rdtype in (dns.rdatatype.NSEC, dns.rdatatype.NSEC3)}


class Responses(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="zoneseal-responses-"))
        self.asked = questions()

    def simulated(self, signed, flavour):
        """(kind, owners of the proof) for each question, by the verifier's own code."""
        lines = "".join(f"{name.to_text()} {int(dns.rdatatype.from_text(kind))}\n" for name, kind in self.asked)
        done = subprocess.run([os.environ["ZONESEAL_ANSWERS"], signed.path, "nsec3" if flavour.nsec3 else "nsec"],
                              input=lines, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        out = [(words[0], {dns.name.from_text(owner).to_text().lower() for owner in words[1:]})
               for words in map(str.split, done.stdout.splitlines())]
        self.assertEqual(len(out), len(self.asked))
        return out

    def denied_wrongly(self, running, name):
        """NSD proves names below an empty non-terminal without NSEC3 as if it had one: README.md."""
        bare = dns.name.from_text("sub." + ORIGIN)
        return running.name == "NSD" and self.bare and name != bare and name.is_subdomain(bare)

    def differences(self, running, simulated):
        out = []
        for (name, kind), (said, proof) in zip(self.asked, simulated):
            answer = running.ask(name, kind)
            real = kind_of(answer, kind)
            # After an alias a server goes on to its target and proves that too.
            followed = any(rrset.rdtype == dns.rdatatype.CNAME for rrset in answer.answer)
            shown = proof_of(answer)
            if running.name == "NSD" and name.labels[0] == b"*":
                shown &= proof  # it adds one that proves nothing more
            if said == "nxdomain" and self.denied_wrongly(running, name):
                shown = proof
            if real != said or (not followed and shown != proof):
                out.append(f"{name} {kind}: {running.name} {real} {sorted(proof_of(answer))}, simulated {said} {sorted(proof)}")
        return out

    def bogus(self, running, signed):
        """Questions about the zone itself (not what it delegates or points to) whose real answers do not validate."""
        out = []
        with servers.Unbound(tempfile.mkdtemp(dir=self.folder), signed.anchor, [ORIGIN], running.port) as unbound:
            for (name, kind), (said, _) in zip(self.asked, self.simulations):
                if said not in ("data", "nodata", "nxdomain", "wildcard") or self.denied_wrongly(running, name):
                    continue
                answer = unbound.ask(name, kind)
                if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                    out.append(f"{name} {kind}: {dns.rcode.to_text(answer.rcode())} {unbound.why()}")
        return out

    def assert_as_simulated(self, signer, flavour, bare):
        self.bare = bare
        signed = signer.sign(ZONE, ORIGIN, flavour, folder=os.path.join(self.folder, signer.name + flavour.name))
        self.simulations = self.simulated(signed, flavour)
        self.assertGreaterEqual({said for said, _ in self.simulations}, {
            "data", "alias", "redirect", "nodata", "nxdomain", "wildcard", "signed-referral", "referral"})
        for name, server in SERVERS.items():
            with server(tempfile.mkdtemp(dir=self.folder), {ORIGIN: signed.path}) as running:
                with self.subTest(f"{name} answers as simulated", signer=signer.name, flavour=flavour.name):
                    self.assertEqual("\n".join(self.differences(running, self.simulations)[:30]), "")
                with self.subTest(f"Unbound validates {name}", signer=signer.name, flavour=flavour.name):
                    self.assertEqual("\n".join(self.bogus(running, signed)[:30]), "")

    def test_servers_answer_as_simulated_and_unbound_validates_it(self):
        for flavour in (signers.FLAVOURS[name] for name in ("nsec", "nsec3", "nsec3-opt-out")):
            self.assert_as_simulated(SIGNER, flavour, bare=flavour.opt_out and not SIGNER.habits["all_empty"])

    def test_also_where_another_signer_left_out_empty_non_terminals(self):
        self.assert_as_simulated(signers.Peer(), signers.FLAVOURS["nsec3-opt-out"], bare=True)

    def with_wildcard(self, signer):
        """That zone with a wildcard below its apex, and what the gate finds in it."""
        signed = signer.sign(ZONE + '* TXT "any"\n', ORIGIN, signers.FLAVOURS["nsec3-opt-out"],
                             folder=os.path.join(self.folder, "wildcard"))
        verify = os.path.join(signers.Zoneseal().folder, "zoneseal-verify")
        done = subprocess.run([verify, "--json", signed.path], capture_output=True, text=True, check=False)
        return signed, {finding["id"]: finding["result"] for finding in json.loads(done.stdout)["findings"]}

    def test_names_below_empty_non_terminals_are_denied_though_a_wildcard_stands_above(self):
        signed, found = self.with_wildcard(signers.Zoneseal())
        self.assertNotIn("response.opt-out-wildcard", found)
        for server in SERVERS.values():
            with server(tempfile.mkdtemp(dir=self.folder), {ORIGIN: signed.path}) as running:
                with servers.Unbound(tempfile.mkdtemp(dir=self.folder), signed.anchor, [ORIGIN], running.port) as unbound:
                    for name in ("q.sub.", "q.ent.", "q.b.ent."):
                        with self.subTest(name, server=running.name):
                            self.assertNotEqual(proof_of(running.ask(name + ORIGIN, "A")), set())
                            self.assertEqual(unbound.ask(name + ORIGIN, "A").rcode(), dns.rcode.NXDOMAIN)

    def test_no_server_denies_names_below_an_ent_without_nsec3_if_a_wildcard_stands_above_and_the_gate_tells(self):
        signed, found = self.with_wildcard(signers.Peer())
        self.assertEqual(found.get("response.opt-out-wildcard"), "warn")
        self.assertNotIn("fail", found.values())
        with SERVERS["Knot"](tempfile.mkdtemp(dir=self.folder), {ORIGIN: signed.path}) as running:
            self.assertEqual(proof_of(running.ask("q.sub." + ORIGIN, "A")), set())
            self.assertNotEqual(proof_of(running.ask("q.ent." + ORIGIN, "A")), set())
        with SERVERS["NSD"](tempfile.mkdtemp(dir=self.folder), {ORIGIN: signed.path}) as running:
            with servers.Unbound(tempfile.mkdtemp(dir=self.folder), signed.anchor, [ORIGIN], running.port) as unbound:
                self.assertEqual(unbound.ask("q.sub." + ORIGIN, "A").rcode(), dns.rcode.SERVFAIL)
                self.assertEqual(unbound.ask("q.ent." + ORIGIN, "A").rcode(), dns.rcode.NXDOMAIN)


if __name__ == "__main__":
    unittest.main()
