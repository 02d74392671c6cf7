# SPDX-License-Identifier: MIT
"""The parent side: what `ds check` makes of answers, right and wrong ones."""
import json
import socket
import sys
import unittest

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from fakedns import SOA, FakeServer, Frame, answer_to, denies, says, shows
from zs import World


class Parents(World):
    """The zone nl.test with a key, and parent servers that say what a test wants."""

    def setUp(self):
        super().setUp()
        self.servers = []
        self.addCleanup(lambda: [server.stop() for server in self.servers])

    def serve(self, *answers):
        """One parent server for each answer; the zone is told their addresses."""
        started = [FakeServer(answer) for answer in answers]
        self.servers += started
        return self.add_zone([server.address for server in started])

    def add_zone(self, addresses):
        self.z("zone", "add", "nl.test", "-i", self.input, "-o", self.output, "--parents", " ".join(addresses), code=0)
        self.sign()
        return self.json("ds", "show", "nl.test")["ds"][0]

    def check(self, *args, code=None):
        return json.loads(self.z("ds", "check", "nl.test", "--json", "--timeout", "1s", *args, code=code).out)

    @staticmethod
    def line(ds, ttl=3600):
        return f"nl.test. {ttl} DS {ds['tag']} {ds['algorithm']} {ds['digest_type']} {ds['digest']}"


class Answers(Parents):
    STRANGER = "nl.test. 3600 DS 1 13 2 " + "AB" * 32

    def test_each_wrong_answer_is_not_known_and_never_gone(self):
        child = "nl.test. 900 SOA ns.nl.test. host.nl.test. 1 2 3 4 600"
        head = lambda octets: octets[:2]
        cases = [
            ("SERVFAIL", lambda q, o: answer_to(q, rcode=dns.rcode.SERVFAIL).to_wire(), "SERVFAIL"),
            ("REFUSED", lambda q, o: answer_to(q, rcode=dns.rcode.REFUSED).to_wire(), "REFUSED"),
            ("no AA", lambda q, o: answer_to(q, [self.STRANGER], aa=False).to_wire(), "without authority"),
            ("a referral", lambda q, o: answer_to(q, authority=["nl.test. 60 NS ns.nl.test."], aa=False).to_wire(),
             "lame: it refers to the zone's own servers"),
            ("an upward referral", lambda q, o: answer_to(q, authority=[". 60 NS a.root."], aa=False).to_wire(),
             "lame: it refers elsewhere"),
            ("the child denies", denies(soa=child), "not for its parent"),
            ("another zone denies", denies(soa="org. 900 SOA a. b. 1 2 3 4 5"), "by another zone"),
            ("a denial without SOA", denies(soa=None), "without SOA"),
            ("an alias", shows("nl.test. 60 CNAME a.test."), "an alias"),
            ("DS with NXDOMAIN", lambda q, o: answer_to(q, [self.STRANGER], rcode=dns.rcode.NXDOMAIN).to_wire(),
             "DS records with NXDOMAIN"),
            ("truncated", lambda q, o: self.with_flag(q, dns.flags.TC), "truncated"),
            ("another ID", lambda q, o: bytes([o[0] ^ 1]) + answer_to(q).to_wire()[1:], "another ID"),
            ("another question", lambda q, o: head(o) + self.for_name("de.test.")[2:], "another question"),
            ("an empty frame", says(b""), "malformed answer"),
            ("noise", says(b"\xff" * 40), "another ID"),
            ("cut in the middle", lambda q, o: Frame(b"\0\x80" + answer_to(q).to_wire()), "in mid-answer"),
            ("closed at once", lambda q, o: Frame(b""), "without an answer"),
            ("octets behind", lambda q, o: answer_to(q).to_wire() + b"x", "malformed answer"),
            ("a loop of pointers", lambda q, o: answer_to(q).to_wire()[:6] + b"\0\1\0\0\0\0" +
             answer_to(q).to_wire()[12:25] + b"\xc0\x19" + b"\0" * 10, "malformed answer"),
        ]
        self.serve(*[answer for _, answer, _ in cases])
        report = self.check(code=75)
        self.assertEqual(report["verdict"], "not known")
        self.assertEqual(report["servers_not_known"], len(cases))
        for (title, _, words), server in zip(cases, report["servers"]):
            with self.subTest(title):
                self.assertEqual(server["answer"], "not known")
                self.assertIn(words, server["words"])
        self.assertEqual(report["keys"][0]["sight"], "not known")

    @staticmethod
    def with_flag(question, flag):
        out = answer_to(question)
        out.flags |= flag
        return out.to_wire()

    @staticmethod
    def for_name(name):
        return answer_to(dns.message.make_query(name, "DS")).to_wire()

    def test_unreachable_and_silent_servers_are_not_known_in_one_deadline(self):
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            closed = f"127.0.0.1@{nobody.getsockname()[1]}"
            silent = [FakeServer(lambda q, o: None) for _ in range(3)]
            self.servers += silent
            self.add_zone([closed] + [server.address for server in silent])
            report = self.check(code=75)
        words = [server["words"] for server in report["servers"]]
        self.assertIn("Connection refused", words[0])
        self.assertEqual(words[1:], ["not known: no answer within 1.0s"] * 3)

    def test_a_ds_at_every_server_is_seen_with_the_largest_ttl(self):
        answers = [denies(), denies(), denies(dns.rcode.NXDOMAIN)]
        ds = self.serve(*[lambda q, o, i=i: answers[i](q, o) for i in range(3)])
        report = self.check(code=0)
        self.assertEqual(report["keys"][0]["sight"], "gone")
        self.assertEqual(report["verdict"], "as expected")
        answers[:] = [shows(self.line(ds, ttl)) for ttl in (60, 7200, 3600)]
        report = self.check(code=0)
        self.assertEqual((report["keys"][0]["sight"], report["keys"][0]["shows"]), ("seen", 3))
        self.assertEqual(report["largest_ttl"], 7200)

    def test_a_ds_at_some_servers_is_mixed(self):
        answers = [denies()] * 2
        ds = self.serve(*[lambda q, o, i=i: answers[i](q, o) for i in range(2)])
        answers[0] = shows(self.line(ds))
        report = self.check(code=75)
        self.assertEqual(report["keys"][0]["sight"], "mixed")
        self.assertEqual((report["keys"][0]["shows"], report["keys"][0]["lacks"]), (1, 1))

    def test_a_foreign_ds_is_an_answer_of_no(self):
        self.serve(shows(self.STRANGER), denies())
        report = self.check(code=1)
        self.assertEqual(report["verdict"], "differs")
        self.assertEqual(report["servers_with_foreign_ds"], 1)

    def test_the_same_tag_with_another_digest_is_foreign(self):
        ds = self.serve(lambda q, o: wrong(q, o))
        ds["digest"] = "00" * 32
        wrong = shows(self.line(ds))
        self.assertEqual(self.check(code=1)["keys"][0]["sight"], "gone")

    def test_a_digest_type_that_is_not_known_is_neither_seen_nor_gone(self):
        answers = [denies()]
        ds = self.serve(lambda q, o: answers[0](q, o))
        answers[0] = shows(f"nl.test. 60 DS {ds['tag']} {ds['algorithm']} 1 {'AB' * 20}")
        report = self.check(code=75)
        self.assertEqual((report["keys"][0]["sight"], report["servers_with_foreign_ds"]), ("not known", 0))

    def test_the_answer_for_people_begins_with_the_verdict(self):
        answers = [denies(), says(b"\x1b[2J")]
        ds = self.serve(*[lambda q, o, i=i: answers[i](q, o) for i in range(2)])
        done = self.z("ds", "check", "nl.test", code=75)
        self.assertTrue(done.out.startswith("nl.test.  NOT KNOWN: 1 of 2 servers"), done.out)
        answers[:] = [shows(self.line(ds, 86400))] * 2
        done = self.z("ds", "check", "nl.test", code=0)
        self.assertTrue(done.out.startswith("nl.test.  OK: 2/2 servers show"), done.out)
        self.assertIn(f"KSK {ds['tag']}", done.out)
        self.assertIn("TTL 86400s (1d)", done.out)
        self.assertNotIn("\x1b", done.out + done.err)

    def test_a_bad_address_is_a_usage_error(self):
        for parents, words in (("192.0.2.1@0", "ADDRESS@PORT"), ("ns.test", "not the address of a server")):
            done = self.z("zone", "add", "nl.test", "-i", self.input, "--parents", parents, code=2)
            self.assertIn(words, done.err)


class Discovery(Parents):
    def zone_of(self, addresses):
        """A resolver that knows the zone test. and its servers: {name: [(type, address)]}."""
        def answer(question, _):
            wanted = question.question[0]
            name, kind = wanted.name.to_text(), dns.rdatatype.to_text(wanted.rdtype)
            if (name, kind) == ("test.", "SOA"):
                return answer_to(question, [SOA], aa=False).to_wire()
            if (name, kind) == ("test.", "NS"):
                return answer_to(question, [f"test. 60 NS {n}" for n in addresses], aa=False).to_wire()
            found = [f"{name} 60 {t} {a}" for t, a in addresses.get(name, []) if t == kind]
            return answer_to(question, found, aa=False).to_wire()
        return FakeServer(answer)

    def resolve(self, addresses, code):
        resolver = self.zone_of(addresses)
        self.servers.append(resolver)
        self.add_zone([])
        return resolver, self.check("--resolver", resolver.address, code=code)

    def test_name_servers_are_counted_by_name(self):
        """Nothing listens on port 53 of these addresses, so nothing is known; a name without address is a server too."""
        resolver, report = self.resolve({"a.test.": [("A", "127.0.0.9"), ("A", "127.0.0.10")], "b.test.": []}, 75)
        self.assertEqual(report["servers_asked"], 2)
        self.assertEqual([s["name"] for s in report["servers"]], ["a.test.", "a.test.", "b.test."])
        self.assertIn("no address", report["servers"][2]["words"])
        self.assertTrue(all(q.flags & dns.flags.RD for q in resolver.asked))

    def test_no_parent_server_to_ask_is_said(self):
        resolver = FakeServer(lambda q, o: answer_to(q, rcode=dns.rcode.SERVFAIL).to_wire())
        self.servers.append(resolver)
        self.add_zone([])
        done = self.z("ds", "check", "nl.test", "--resolver", resolver.address, code=66)
        self.assertIn("SERVFAIL", done.err)


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
