# SPDX-License-Identifier: MIT
"""The parent side: what `ds check` makes of answers, right and wrong ones."""
import datetime
import fcntl
import json
import os
import socket
import sqlite3
import struct
import subprocess
import sys
import unittest
import xml.etree.ElementTree

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from fakedns import SOA, FakeServer, Frame, answer_to, denies, says, shows
from zs import World


class Parents(World):
    """The zone nl.test with a key, and parent servers that say what a test wants."""

    policy = "default"

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
        self.z("zone", "add", "nl.test", "-i", self.input, "-o", self.output, "--parents", " ".join(addresses),
               "--policy", self.policy, code=0)
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


class Settings(Parents):
    def test_parent_servers_are_changed_later(self):
        old = FakeServer(denies())
        self.servers.append(old)
        self.add_zone([old.address])
        self.z("zone", "set-parents", "nl.test", code=2)
        self.z("zone", "set-parents", "nl.test", "--parents", "nobody", code=2)
        wanted = f"2001:DB8::1@5353,  {old.address}"
        self.assertTrue(self.json("zone", "set-parents", "nl.test", "--parents", wanted, "--dry-run", code=0)["dry_run"])
        self.assertEqual(self.check(code=0)["servers_asked"], 1)
        found = self.json("zone", "set-parents", "nl.test", "--parents", wanted, code=0)
        self.assertEqual(found["parents"], f"2001:db8::1@5353 {old.address}")
        self.assertEqual(self.check(code=75)["servers_asked"], 2)
        self.assertIn("parent servers set", self.z("log", "nl.test", code=0).out)


def zone_of(addresses):
    """The answers of a resolver that knows the zone test. and its servers: {name: [(type, address)]}."""
    def answer(question, _):
        wanted = question.question[0]
        name, kind = wanted.name.to_text(), dns.rdatatype.to_text(wanted.rdtype)
        if (name, kind) == ("test.", "SOA"):
            return answer_to(question, [SOA], aa=False).to_wire()
        if (name, kind) == ("test.", "NS"):
            return answer_to(question, [f"test. 60 NS {n}" for n in addresses], aa=False).to_wire()
        found = [f"{name} 60 {t} {a}" for t, a in addresses.get(name, []) if t == kind]
        return answer_to(question, found, aa=False).to_wire()
    return answer


class Discovery(Parents):
    def resolve(self, addresses, code):
        resolver = FakeServer(zone_of(addresses))
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
        done = self.z("ds", "check", "nl.test", "--resolver", resolver.address, code=75)
        self.assertIn("SERVFAIL", done.err)


    def resolvers(self, *lines):
        return self.write("resolv.conf", "".join(line + "\n" for line in lines))

    def test_the_resolvers_of_a_file_are_asked_and_the_first_that_answers_is_used(self):
        good, idle = FakeServer(zone_of({"a.test.": [("A", "127.0.0.9")]})), FakeServer(zone_of({}))
        broken = FakeServer(lambda q, o: answer_to(q, rcode=dns.rcode.SERVFAIL).to_wire())
        self.servers += [good, idle, broken]
        self.add_zone([])
        path = self.resolvers("# nameserver 192.0.2.1", "search example", "nameserver nobody",
                              f"nameserver {broken.address}", f"\tnameserver {good.address}", "options ndots:1",
                              f"nameserver {idle.address}", "nameserver 192.0.2.7")
        report = self.check("--resolver", path, code=75)
        self.assertEqual([s["name"] for s in report["servers"]], ["a.test."])
        asked = [(str(q.question[0].name), dns.rdatatype.to_text(q.question[0].rdtype)) for q in good.asked]
        self.assertEqual(sorted(asked), [("a.test.", "A"), ("a.test.", "AAAA"), ("test.", "NS"), ("test.", "SOA")])
        self.assertEqual((len(broken.asked), len(idle.asked)), (1, 1))  # for the SOA, before one was chosen

    def test_a_file_that_names_no_resolver_is_said(self):
        self.add_zone([])
        for lines in ((), ("nameserver", "nameserver host.example", "domain test")):
            done = self.z("ds", "check", "nl.test", "--resolver", self.resolvers(*lines), code=66)
            self.assertIn("resolv.conf names no resolver; configure the parent's servers (zone add --parents)", done.err)
        done = self.z("ds", "check", "nl.test", "--resolver", self.path("absent"), code=66)
        self.assertIn("absent: No such file", done.err)

    def test_a_run_asks_the_servers_that_resolv_conf_leads_to(self):
        """In a network and with a file system of its own, where port 53 is free (InItsOwnNetwork)."""
        own = ["unshare", "-rmn", "--"]
        probe = subprocess.run([*own, "sh", "-c", "mount --bind /dev/null /etc/resolv.conf"], capture_output=True, check=False)
        if probe.returncode != 0:
            # What resolv.conf leads to is shown to any user above, by --resolver; this shows the path that it has by default.
            print(f"no namespaces here, so /etc/resolv.conf itself is not read: {probe.stderr.decode().strip()}", file=sys.stderr)
            return
        done = subprocess.run([*own, sys.executable, os.path.abspath(__file__), "InItsOwnNetwork"], capture_output=True,
                              env={**os.environ, "ZONESEAL_OWN_NETWORK": "1"}, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())
        self.assertIn("Ran 1 test", done.stderr.decode())
        self.assertNotIn("skipped", done.stderr.decode())


if os.environ.get("ZONESEAL_OWN_NETWORK"):
    class InItsOwnNetwork(Parents):
        virtual = False  # on a virtual clock nobody asks a resolver

        def setUp(self):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:  # ip link set lo up
                fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))
            super().setUp()
            self.z("init", code=0)

        def test_it(self):
            subprocess.run(["mount", "--bind", self.write("resolv.conf", "nameserver 127.0.0.1\n"), "/etc/resolv.conf"], check=True)
            lines = []
            hosts = {"a.test.": [("A", "127.0.0.2"), ("AAAA", "::1")], "b.test.": [("A", "127.0.0.3")]}
            self.servers += [FakeServer(zone_of(hosts), "127.0.0.1", 53)]
            self.servers += [FakeServer(lambda q, o: answer_to(q, lines).to_wire(), address, 53)
                             for address in ("127.0.0.2", "::1", "127.0.0.3")]
            self.z("zone", "add", "nl.test", "-i", self.input, code=0)
            self.z("run", "nl.test", code=0)
            ds = self.json("ds", "show", "nl.test")["ds"][0]
            lines.append(self.line(ds))
            with sqlite3.connect(os.path.join(self.state, "keystore.db")) as store:
                store.execute("UPDATE keys SET ds = 'rumoured', ds_since = unixepoch() WHERE role = 'KSK'")
            self.assertIn(f"2 servers; DS of KSK {ds['tag']} seen (2/2)", self.z("run", "nl.test", "-v", code=0).err)
            self.assertEqual([len(server.asked) for server in self.servers[1:]], [1, 1, 1])
            self.assertEqual(self.json("ds", "check", "nl.test", code=0)["servers_asked"], 2)


class Ipv6(Parents):
    def test_a_parent_server_with_an_ipv6_address_is_asked(self):
        try:
            server = FakeServer(lambda q, o: answer_to(q, [self.line(ds)]).to_wire(), "::1")
        except OSError as error:
            print(f"no IPv6 on this host's loopback, so no server is asked there: {error}", file=sys.stderr)
            return
        self.servers.append(server)
        ds = self.add_zone([server.address])
        report = self.check(code=0)
        self.assertEqual((report["servers"][0]["address"], report["keys"][0]["sight"]), (server.address, "seen"))
        self.assertTrue(server.address.startswith("::1@"))


class Noting(Parents):
    """Two servers whose answers change."""

    def setUp(self):
        super().setUp()
        self.answers = [denies(), denies()]
        self.ds = self.serve(*[lambda q, o, i=i: self.answers[i](q, o) for i in range(2)])
        self.now = "2026-11-26T12:00:00Z"

    def key(self):
        return self.check("--dry-run")["keys"][0]

    def ledger(self):
        with sqlite3.connect(os.path.join(self.state, "keystore.db")) as store:
            return store.execute("SELECT ttl, last FROM ttls WHERE class = 'ds' ORDER BY ttl").fetchall()


class Notes(Noting):
    """What is kept of what the parent says."""

    def test_what_every_server_shows_is_noted_with_its_time_and_ttl(self):
        self.answers[0] = shows(self.line(self.ds, 60))
        self.check(code=75)
        self.assertIsNone(self.key()["ds_seen"])
        self.answers[1] = shows(self.line(self.ds, 7200))
        self.check(code=0)
        self.now = "2026-11-26T13:00:00Z"
        self.check(code=0)
        self.assertEqual(self.key()["ds_seen"], "2026-11-26T12:00:00Z")
        self.assertEqual([ttl for ttl, last in self.ledger() if last is None], [7200])
        log = self.z("log", "nl.test", code=0).out
        self.assertIn("parent asked", log)
        self.assertIn("seen (2/2)", log)

    def test_a_ttl_that_is_raised_later_counts_and_a_smaller_one_only_when_all_show_it(self):
        self.answers[:] = [shows(self.line(self.ds, 600))] * 2
        self.check(code=0)
        self.answers[0] = shows(self.line(self.ds, 86400))
        self.check(code=0)
        self.assertEqual([ttl for ttl, last in self.ledger() if last is None], [86400])
        self.answers[:] = [says(b""), shows(self.line(self.ds, 600))]
        self.check(code=75)
        self.assertEqual([ttl for ttl, last in self.ledger() if last is None], [86400])
        self.answers[0] = self.answers[1]
        self.check(code=0)
        self.assertEqual([ttl for ttl, last in self.ledger() if last is None], [600])

    def test_a_server_that_no_longer_shows_it_takes_the_observation_back(self):
        self.answers[:] = [shows(self.line(self.ds))] * 2
        self.check(code=0)
        self.answers[0] = says(b"")
        self.check(code=75)
        self.assertIsNotNone(self.key()["ds_seen"])
        self.answers[0] = denies()
        self.check(code=75)
        self.assertIsNone(self.key()["ds_seen"])

    def test_a_dry_run_notes_nothing(self):
        self.answers[:] = [shows(self.line(self.ds))] * 2
        self.assertTrue(self.check("--dry-run", code=0)["dry_run"])
        self.assertIsNone(self.key()["ds_seen"])
        self.assertEqual(self.ledger(), [])


class ChangedTtl(Noting):
    """The parent's DS TTL is another one when the new DS of a KSK roll is first seen at every server."""

    def setUp(self):
        World.setUp(self)
        self.servers = []
        self.addCleanup(lambda: [server.stop() for server in self.servers])
        self.output = os.path.join(self.state, "zones", "nl.test.zone")
        self.answers = [denies(), denies()]
        servers = [FakeServer(lambda q, o, i=i: self.answers[i](q, o)) for i in range(2)]
        self.servers += servers
        self.z("zone", "add", "nl.test", "-i", self.input, "--parents", " ".join(s.address for s in servers), code=0)
        self.run_at("24T12:00")
        old = self.json("ds", "show", "nl.test")["ds"][0]
        self.run_at("26T12:00")
        self.answers[:] = [shows(self.line(old, 86400))] * 2
        self.run_at("26T13:00")
        self.run_at("27T15:00")
        self.assertEqual(self.ds_states(), ["omnipresent"])
        self.z("roll", "start", "nl.test", "--ksk", code=0)
        self.run_at("28T00:00")
        self.run_at("28T04:00")
        self.assertEqual(self.ds_states(), ["omnipresent", "rumoured"])
        self.both = [old, next(ds for ds in self.json("ds", "show", "nl.test")["ds"] if ds["tag"] != old["tag"])]

    def run_at(self, when):
        self.now = f"2026-11-{when}:00Z"
        self.z("run", "nl.test", code=0)

    def ds_states(self):
        with sqlite3.connect(os.path.join(self.state, "keystore.db")) as store:
            return [ds for (ds,) in store.execute("SELECT ds FROM keys WHERE role = 'KSK' ORDER BY id")]

    def see_new(self, ttl):
        self.answers[:] = [shows(*(self.line(ds, ttl) for ds in self.both))] * 2
        self.run_at("28T06:00")

    def test_a_ttl_that_was_lowered_just_before_counts_only_when_the_larger_one_has_run_out(self):
        self.see_new(600)
        for when, state in (("28T08:10", "rumoured"), ("29T07:59", "rumoured"), ("29T08:00", "omnipresent")):
            self.run_at(when)
            self.assertEqual(self.ds_states()[1], state, when)

    def test_a_ttl_that_was_raised_just_before_counts_at_once(self):
        self.see_new(172800)
        for when, state in (("29T08:00", "rumoured"), ("30T07:59", "rumoured"), ("30T08:00", "omnipresent")):
            self.run_at(when)
            self.assertEqual(self.ds_states()[1], state, when)

    def test_a_larger_ttl_at_one_server_counts(self):
        lines = [[self.line(ds, ttl) for ds in self.both] for ttl in (600, 172800)]
        self.answers[:] = [shows(*lines[0]), shows(*lines[1])]
        self.run_at("28T06:00")
        self.run_at("30T07:59")
        self.assertEqual(self.ds_states()[1], "rumoured")


class Sayings(Noting):
    """A person says it, with or without evidence."""

    def setUp(self):
        super().setUp()
        self.sign()  # the first keys are in all caches: the DS is asked for

    def say(self, verb, *args, code=0):
        return self.z("ds", verb, "nl.test", "--key", str(self.ds["tag"]), *args, code=code)

    def seen_at(self):
        return self.key()["ds_seen"]

    def test_seen_and_gone_by_word_are_noted_and_audited(self):
        self.say("seen", "--dry-run")
        self.assertIsNone(self.seen_at())
        self.say("seen")
        self.assertEqual(self.seen_at(), self.now)
        self.assertIn("known already", self.say("seen").err)
        self.assertIn("by word of a person", self.z("log", "nl.test", code=0).out)
        self.assertIn("no longer seen at the parent", self.say("gone").err)
        self.assertIsNone(self.seen_at())
        self.assertIn("never seen", self.say("gone", code=3).err)

    def test_evidence_must_show_it(self):
        signature = f"nl.test. 100 RRSIG DS 13 2 7200 20270101000000 20260101000000 1 test. {'A' * 86}=="
        good = self.write("good", f";; ANSWER SECTION:\n{self.line(self.ds, 100)}\n{signature}\n")
        self.say("seen", "--from-file", good)
        self.assertEqual([ttl for ttl, last in self.ledger() if last is None], [7200])
        other = self.write("other", Answers.STRANGER + "\n")
        self.assertIn("does not show", self.say("seen", "--from-file", other, code=1).err)
        denial = self.write("denial", SOA + "\n")
        self.assertIn("does not show", self.say("seen", "--from-file", denial, code=1).err)
        self.say("gone", "--from-file", denial)
        self.say("seen")
        self.assertIn("shows the DS", self.say("gone", "--from-file", good, code=1).err)

    def test_bad_evidence_is_refused(self):
        for text, code, words in (("", 65, "empty"), ("nl.test. DS 1 2\n", 65, ""), ("a.test. 60 A 192.0.2.1\n", 1, "neither"),
                                  (f"nl.test. DS 1 13 2 {'AB' * 32}\n", 65, "TTL")):
            done = self.say("seen", "--from-file", self.write("bad", text), code=code)
            self.assertIn(words, done.err)
        self.say("seen", "--from-file", self.path("absent"), code=66)

    def test_a_counted_down_ttl_lowers_nothing(self):
        self.answers[:] = [shows(self.line(self.ds, 86400))] * 2
        self.check(code=0)
        self.say("seen", "--from-file", self.write("cached", self.line(self.ds, 17) + "\n"))
        self.assertEqual([ttl for ttl, last in self.ledger() if last is None], [86400])

    def test_evidence_may_come_by_standard_input(self):
        self.z("ds", "seen", "nl.test", "--key", str(self.ds["tag"]), "--from-file", "-", code=0,
               stdin=(self.line(self.ds) + "\n").encode())
        self.assertEqual(self.seen_at(), self.now)

    def test_a_key_that_is_not_published_cannot_be_seen(self):
        self.z("key", "generate", "nl.test", "--ksk", code=0)
        keys = self.json("key", "list", "nl.test")["keys"]
        prepared = [key for key in keys if key["role"] == "ksk" and key["tag"] != self.ds["tag"]][0]
        done = self.z("ds", "seen", "nl.test", "--key", str(prepared["tag"]), code=3)
        self.assertIn("is not published", done.err)
        self.assertRegex(done.err, r"possible from 2026-11-2\dT\d\d:\d\d:\d\dZ at the earliest")

    def test_a_first_ds_that_comes_too_early_is_to_be_removed(self):
        with sqlite3.connect(os.path.join(self.state, "keystore.db")) as store:
            store.execute("UPDATE keys SET ds = 'hidden', dnskey = 'rumoured', dnskey_since = unixepoch(?)", (self.now,))
        done = self.say("seen", code=3)
        self.assertIn("possible from 2026-11-26T15:00:00Z at the earliest", done.err)
        self.assertIn("have it removed", done.err)

    def test_a_ds_that_nobody_will_ask_for_is_refused_with_what_would_change_that(self):
        for column, value, words in (("standby", 1, "in reserve"), ("goal_present", 0, "on its way out")):
            with self.subTest(column), sqlite3.connect(os.path.join(self.state, "keystore.db")) as store:
                store.execute("UPDATE keys SET ds = 'hidden', standby = 0, goal_present = 1")
                store.execute(f"UPDATE keys SET {column} = ? WHERE role = 'KSK'", (value,))
                store.commit()
                self.assertIn(words, self.say("seen", code=3).err)

    def test_a_zsk_has_no_ds(self):
        zsk = [key for key in self.json("key", "list", "nl.test")["keys"] if key["role"] == "zsk"][0]
        self.z("ds", "seen", "nl.test", "--key", str(zsk["tag"]), code=3)
        self.z("ds", "seen", "nl.test", "--key", "99999", code=66)
        self.z("ds", "seen", "nl.test", code=2)


class Words(World):
    """A parent that nobody asks (parent.ds: by-hand): all that is known of it is said."""

    def ds_state(self):
        with sqlite3.connect(os.path.join(self.state, "keystore.db")) as store:
            return store.execute("SELECT ds FROM keys ORDER BY role = 'KSK' DESC, id").fetchone()[0]

    def say(self, verb, tag, code=0):
        return self.z("ds", verb, "nl.test", "--key", str(tag), code=code).err

    def test_who_sees_the_ds_is_asked_for_also_where_the_parent_takes_it_by_cds(self):
        asked = {"always": "once every parent server shows it: zoneseal ds seen", "none": "; submit it; then: zoneseal ds seen"}
        for cds in asked:
            zone = self.write(cds, self.read(self.input).replace(b"nl.test", f"{cds}.test".encode()).decode())
            policy = self.write(f"{cds}.yaml", f"name: {cds}\nparent: {{ds: by-hand, cds: {cds}}}\n")
            self.z("zone", "add", f"{cds}.test", "-i", zone, "--policy", policy, code=0)
        for self.now in (self.now, "2026-11-26T12:00:00Z"):
            self.z("run", code=0)
        for cds, words in asked.items():
            said = self.z("status", f"{cds}.test", code=0).out
            self.assertIn("OK, but an action for you.", said.splitlines()[0])
            self.assertIn(words, said)

    def test_a_sight_before_the_ds_is_asked_for_is_refused_with_the_earliest_time(self):
        self.z("zone", "add", "nl.test", "-i", self.input, "-o", self.output, "--policy",
               self.write("p.yaml", "name: p\nparent: {ds: by-hand}\n"), code=0)
        self.sign()
        old = self.json("ds", "show", "nl.test")["ds"][0]["tag"]
        self.now = "2026-11-26T12:00:00Z"
        self.sign()
        self.say("seen", old)
        self.now = "2026-11-28T13:00:00Z"  # DS TTL 1d, propagation 1h and margin 1h later
        self.sign()
        self.assertEqual(self.ds_state(), "omnipresent")
        self.assertIn("is wanted", self.say("gone", old, code=3))
        self.z("roll", "start", "nl.test", "--ksk", code=0)
        new = [key["tag"] for key in self.json("key", "list", "nl.test")["keys"]
               if key["role"] == "ksk" and key["tag"] != old][0]
        self.sign()
        refused = self.say("seen", new, code=3)
        self.assertIn("is not asked for yet: some caches", refused)
        self.assertIn("possible from 2026-11-28T16:00:00Z at the earliest, once the run of that time", refused)
        self.assertIn("harms nobody", refused)
        self.assertIn("never seen", self.say("gone", new, code=3))
        self.now = "2026-11-28T16:00:00Z"
        self.assertIn("once the next run", self.say("seen", new, code=3))
        self.sign()
        self.say("seen", new)
        self.assertIn("is wanted", self.say("gone", old, code=3))  # not before a run withdraws it
        self.sign()
        self.say("gone", old)

    def roll(self, policy):
        """A secure zone at the first step of a roll: tags of its old and its new KSK."""
        self.z("zone", "add", "nl.test", "-i", self.input, "-o", self.output, "--policy", self.write("p.yaml", policy), code=0)
        self.sign()
        old = self.json("ds", "show", "nl.test")["ds"][0]["tag"]
        self.now = "2026-11-26T12:00:00Z"
        self.sign()
        self.say("seen", old)
        self.now = "2026-11-28T13:00:00Z"
        self.sign()
        self.z("roll", "start", "nl.test", "--ksk", code=0)
        return old, [key["tag"] for key in self.json("key", "list", "nl.test")["keys"]
                     if key["role"] == "ksk" and key["tag"] != old][0]

    def test_where_the_ds_comes_first_nobody_waits_for_the_dnskey(self):
        refused = self.say("seen", self.roll(
            "name: p\nparent: {ds: by-hand}\nkeys: {ksk: {method: double-ds}}\n")[1], code=3)
        self.assertIn("is not asked for yet; possible from 2026-11-28T13:00:00Z", refused)
        self.assertIn("harms nobody", refused)

    def test_a_ds_of_another_algorithm_is_no_reason_to_leave_an_early_one(self):
        old, new = self.roll("name: p\nparent: {ds: by-hand}\n")
        self.sign()
        with sqlite3.connect(os.path.join(self.state, "keystore.db")) as store:
            store.execute("UPDATE keys SET algorithm = 15 WHERE ds = 'omnipresent'")
        self.assertIn("have it removed", self.say("seen", new, code=3))


class Insecure(Parents):
    def test_that_a_zone_is_insecure_is_said_only_where_the_parent_was_asked(self):
        self.serve(denies())
        self.now = "2026-11-28T12:00:00Z"
        self.sign()
        effect = "If nobody acts: the zone stays signed"
        self.assertIn(f"{effect}; whether the parent has a DS of it was not looked up, and without one it is insecure",
                      self.z("status", "nl.test", code=0).out)
        self.check(code=1)
        self.assertIn(f"{effect}, and is insecure for the world where the parent shows no DS of it",
                      self.z("status", "nl.test", code=0).out)


class Formats(Parents):
    def elements(self, text):
        root = xml.etree.ElementTree.fromstring(text)
        return {part.tag.split("}")[1]: (part.text or "").strip() for part in root.iter() if "}" in part.tag}

    def test_epp_is_what_rfc_5910_wants(self):
        ds = self.add_zone(["127.0.0.1@1"])
        for name, parts in (("epp", {"update", "add"}), ("epp-create", {"create"})):
            found = self.elements(self.z("ds", "show", "nl.test", "--format", name, code=0).out)
            self.assertEqual(set(found), parts | {"dsData", "keyTag", "alg", "digestType", "digest"})
            self.assertEqual((found["keyTag"], found["alg"], found["digestType"], found["digest"]),
                             (str(ds["tag"]), "13", "2", ds["digest"]))

    def test_nothing_is_updated_once_the_parent_shows_it(self):
        ds = self.add_zone(["127.0.0.1@1"])
        self.now = "2026-11-26T12:00:00Z"
        self.sign()
        self.z("ds", "seen", "nl.test", "--key", str(ds["tag"]), code=0)
        done = self.z("ds", "show", "nl.test", "--format", "epp", code=0)
        self.assertEqual(done.out, "")
        self.assertIn("nothing to update", done.err)


class Runs(Noting):
    """What `run` does with the parent: it asks when that is due, and tells it."""

    def setUp(self):
        World.setUp(self)
        self.servers = []
        self.addCleanup(lambda: [server.stop() for server in self.servers])
        self.output = os.path.join(self.state, "zones", "nl.test.zone")
        self.calls = self.path("calls")
        self.hook = self.write("hook", f'#!/bin/sh\necho "$ZONESEAL_HOOK $(cat)" >> {self.calls}\nexit $(cat {self.path("code")})\n',
                               mode=0o755)
        self.policy = self.write("p.yaml", f"""name: "p"
parent:
  check-interval: 2h
  hook-ds-submit: ["{self.hook}"]
  hook-ds-withdraw: ["{self.hook}"]
""")
        self.write("code", "0")
        self.answers = [denies(), denies()]
        self.ds = self.serve(*[lambda q, o, i=i: self.answers[i](q, o) for i in range(2)])
        self.now = "2026-11-26T12:00:00Z"

    def be(self, state):
        """As the rollover engine would have it: the DS of the key is in this state since now."""
        with sqlite3.connect(os.path.join(self.state, "keystore.db")) as store:
            store.execute("UPDATE keys SET ds = ?, ds_since = unixepoch(?) WHERE role = 'KSK'", (state, self.now))

    def run_once(self, code=0):
        return self.z("run", "--run-hooks", "-v", code=code)

    def asked(self):
        return len(self.servers[0].asked)

    def told(self):
        return self.read(self.calls).decode().splitlines() if os.path.exists(self.calls) else []

    def test_it_asks_while_something_waits_and_no_more_often_than_the_policy_says(self):
        self.run_once()
        self.assertEqual(self.asked(), 0)
        self.be("rumoured")
        self.assertIn("DS of KSK", self.run_once().err)
        self.assertEqual(self.asked(), 1)
        self.assertIn("next at 2026-11-26 14:00Z", self.run_once().err)
        self.now = "2026-11-26T13:59:00Z"
        self.run_once()
        self.assertEqual(self.asked(), 1)
        self.now = "2026-11-26T14:00:00Z"
        self.answers[:] = [shows(self.line(self.ds))] * 2
        self.assertIn("seen (2/2)", self.run_once().err)
        self.assertEqual(self.asked(), 2)
        self.assertEqual(self.check("--dry-run")["keys"][0]["ds_seen"], self.now)

    def test_a_parent_that_lags_is_asked_once_in_each_interval(self):
        """A run every 20 minutes for two days: each server is asked every 2 hours, also while it fails."""
        self.be("rumoured")
        begin = datetime.datetime(2026, 11, 26, 12, tzinfo=datetime.timezone.utc)
        times = []
        for i in range(2 * 24 * 3):
            self.now = (begin + datetime.timedelta(minutes=20 * i)).strftime("%Y-%m-%dT%H:%M:%SZ")
            self.answers[:] = [denies(), says(b"")] if i % 7 < 3 else [says(b""), denies()] if i % 7 < 5 else [denies()] * 2
            before = self.asked()
            self.run_once()
            times += [20 * i] * (self.asked() - before)
        self.assertEqual(times, list(range(0, 2 * 24 * 60, 120)))
        self.assertEqual(len(self.servers[1].asked), len(times))

    def test_what_is_settled_is_looked_at_once_a_day(self):
        self.answers[:] = [shows(self.line(self.ds))] * 2
        self.be("omnipresent")
        for i in range(5 * 8):
            self.now = f"2026-11-{26 + i // 12:02}T{i % 12 * 2:02}:30:00Z"
            self.run_once()
        self.assertEqual(self.asked(), 4)

    def test_it_tells_the_parent_until_the_hook_ends_with_0(self):
        self.be("rumoured")
        self.write("code", "75")
        self.assertIn("ds-submit hook", self.run_once(code=75).err)
        self.write("code", "0")
        self.run_once()
        self.run_once()
        line = f"nl.test. IN DS {self.ds['tag']} 13 2 {self.ds['digest']}"
        self.assertEqual(self.told(), [f"ds-submit {line}"] * 2)
        self.assertIn("ds-submit hook done", self.z("log", "nl.test", code=0).out)

    def test_hooks_stay_off_on_a_virtual_clock(self):
        self.be("rumoured")
        self.z("run", code=0)
        self.assertEqual(self.told(), [])

    def test_no_answer_fails_no_run(self):
        self.answers[:] = [says(b"")] * 2
        self.be("rumoured")
        self.assertIn("2 not known", self.run_once().err)


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
