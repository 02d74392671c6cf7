# SPDX-License-Identifier: MIT
"""BIND, Knot and NSD as the parent: what `ds check` makes of them when they agree, differ, are old, lame or silent, and
when their zone is signed."""

import glob
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import unittest

import dns.message
import dns.query

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "cli")]

from fakedns import FakeServer  # noqa: E402
from servers import ADDRESS, AUTHORITATIVE, ENVIRONMENT, free_port  # noqa: E402
from zs import World  # noqa: E402

BEGIN, END = "20261101000000", "20270301000000"
HEAD = """$TTL 3600
test. SOA ns.test. host.test. {serial} 7200 3600 604800 600
test. NS ns.test.
ns.test. A 192.0.2.1
a.test. NS ns.a.test.
ns.a.test. A 192.0.2.2
z.test. TXT "the last name"
"""
DELEGATION = "nl.test. NS ns1.nl.test.\nns1.nl.test. A 192.0.2.3\n"


class Parent(World):
    """The zone nl.test signed by zoneseal, and parents of it."""

    def setUp(self):
        super().setUp()
        self.running = []
        self.addCleanup(lambda: [server.__exit__() for server in self.running])
        self.serial = 0

    def zone_text(self, *ds, delegation=DELEGATION):
        self.serial += 1
        return HEAD.format(serial=self.serial) + delegation + "".join(f"{line}\n" for line in ds)

    def start(self, kind, text, origin="test."):
        """A running server of that kind with this zone; returns it."""
        folder = self.path(f"{kind}-{len(self.running)}")
        os.makedirs(folder)
        path = os.path.join(folder, "zone")
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        server = AUTHORITATIVE[kind](folder, {origin: path})
        server.zone_path = path
        server.__enter__()
        self.running.append(server)
        return server

    def serve_anew(self, server, text):
        """The server reads another version of its zone."""
        with open(server.zone_path, "w", encoding="ascii") as file:
            file.write(text)
        server.process.send_signal(signal.SIGHUP)
        question = dns.message.make_query("test.", "SOA")
        deadline = time.monotonic() + 30
        fresh = 0
        while time.monotonic() < deadline and fresh < 5:  # NSD's old children end a little after the new ones begin
            try:
                answer = dns.query.tcp(question, ADDRESS, port=server.port, timeout=20)
            except (OSError, EOFError):
                answer = None
            is_fresh = answer is not None and answer.answer and answer.answer[0][0].serial == self.serial
            fresh = fresh + 1 if is_fresh else 0
        if fresh < 5:
            raise AssertionError(f"{server.name} does not read its zone again:\n{server.said()}")

    @staticmethod
    def address(server):
        return f"{ADDRESS}@{server.port}"

    def add(self, *addresses):
        self.z("zone", "add", "nl.test", "-i", self.input, "-o", self.output, "--parents", " ".join(addresses), code=0)
        self.sign()

    def ds(self, ttl=3600):
        found = self.json("ds", "show", "nl.test")["ds"][0]
        return f"nl.test. {ttl} IN DS {found['tag']} {found['algorithm']} {found['digest_type']} {found['digest']}"

    def check(self, *args, code):
        return self.json("ds", "check", "nl.test", "--timeout", "3s", *args, code=code)

    def answers(self, report):
        return [server["answer"] for server in report["servers"]]


class Plain(Parent):
    def test_all_three_show_the_ds_and_drop_it(self):
        servers = [self.start(kind, self.zone_text()) for kind in AUTHORITATIVE]
        self.add(*map(self.address, servers))
        report = self.check(code=0)
        self.assertEqual(self.answers(report), ["absent"] * 3)
        for count, server in enumerate(servers, 1):
            self.serve_anew(server, self.zone_text(self.ds()))
            report = self.check(code=0 if count == 3 else 75)
            self.assertEqual(report["keys"][0]["sight"], "seen" if count == 3 else "mixed")
            self.assertEqual(report["keys"][0]["shows"], count)
        self.assertEqual(report["keys"][0]["ds_seen"], self.now)

    def test_a_ttl_that_one_server_raises_in_mid_roll_is_read(self):
        servers = [self.start(kind, self.zone_text()) for kind in AUTHORITATIVE]
        self.add(*map(self.address, servers))
        for server in servers:
            self.serve_anew(server, self.zone_text(self.ds(600)))
        self.assertEqual(self.check(code=0)["largest_ttl"], 600)
        self.serve_anew(servers[1], self.zone_text(self.ds(172800)))
        report = self.check(code=0)
        self.assertEqual([server["ttl"] for server in report["servers"]], [600, 172800, 600])
        self.assertEqual(report["largest_ttl"], 172800)

    def test_lame_unreachable_and_stale_servers_stop_a_sum(self):
        good = self.start("BIND", self.zone_text())
        child = self.start("NSD", "$TTL 60\nnl.test. SOA a. b. 1 2 3 4 5\nnl.test. NS ns1.nl.test.\nns1.nl.test. A 192.0.2.1\n",
                           origin="nl.test.")
        other = self.start("Knot", "$TTL 60\norg. SOA a. b. 1 2 3 4 5\norg. NS a.org.\na.org. A 192.0.2.1\n", origin="org.")
        silent = FakeServer(lambda question, octets: None)
        self.addCleanup(silent.stop)
        with socket.socket() as nobody:
            nobody.bind((ADDRESS, 0))
            closed = f"{ADDRESS}@{nobody.getsockname()[1]}"
            self.add(*map(self.address, (good, child, other)), silent.address, closed)
            self.serve_anew(good, self.zone_text(self.ds()))
            report = self.check(code=75)
        self.assertEqual(self.answers(report), ["shows"] + ["not known"] * 4)
        for server, words in zip(report["servers"][1:], ("not for its parent", "REFUSED", "no answer within", "refused")):
            self.assertIn(words, server["words"])
        self.assertEqual(report["keys"][0]["sight"], "not known")
        self.assertIsNone(report["keys"][0]["ds_seen"])

    def test_a_root_that_refers_to_the_parent_is_lame(self):
        text = "$TTL 60\n. SOA a. b. 1 2 3 4 5\n. NS a.\na. A 192.0.2.1\ntest. NS ns.test.\nns.test. A 192.0.2.1\n"
        for kind in AUTHORITATIVE:
            with self.subTest(kind):
                server = self.start(kind, text, origin=".")
                if kind == "NSD":
                    self.add(self.address(server))
                    self.assertIn("lame: it refers elsewhere", self.check(code=75)["servers"][0]["words"])


class SignedParent(Parent):
    """The parent's zone is signed by dnssec-signzone."""

    def setUp(self):
        super().setUp()
        self.number = 0

    def keys(self, algorithm):
        folder = self.path(f"keys-{self.number}")
        self.number += 1
        os.makedirs(folder)
        for flags in (["-f", "KSK"], []):
            self.run_tool(folder, "dnssec-keygen", "-q", "-a", algorithm, *flags, "test.")
        return folder

    @staticmethod
    def run_tool(folder, *argv):
        subprocess.run(argv, cwd=folder, env=ENVIRONMENT, check=True, capture_output=True, timeout=120)

    def signed(self, folder, text, *options, begin=BEGIN, end=END):
        with open(os.path.join(folder, "plain"), "w", encoding="ascii") as file:
            file.write(text)
        self.run_tool(folder, "dnssec-signzone", "-S", "-P", "-s", begin, "-e", end, "-o", "test.", "-f", "signed",
                      *options, "plain")
        with open(os.path.join(folder, "signed"), encoding="ascii") as file:
            return file.read()

    def anchor(self, folder, name="anchor"):
        """The KSK's DNSKEY and, in a second file, its DS."""
        for path in glob.glob(os.path.join(folder, "Ktest.*.key")):
            with open(path, encoding="ascii") as file:
                line = [text for text in file if not text.startswith(";")][0]
            if " 257 " in line:
                made = subprocess.run(["dnssec-dsfromkey", "-2", path], env=ENVIRONMENT, check=True, capture_output=True,
                                      text=True)
                return self.write(name, line), self.write(f"{name}-ds", made.stdout)
        raise AssertionError("no KSK")

    def one(self, *args, code):
        return self.check(*args, code=code)["servers"][0]


class Signed(SignedParent):
    """What `ds check --trust-anchor` makes of a signed parent."""

    CHAINS = (("NSEC", []), ("NSEC3", ["-3", "AB"]), ("opt-out", ["-3", "-", "-A"]))

    def test_what_validates_is_seen_or_gone_in_each_kind_of_chain(self):
        folder = self.keys("ECDSAP256SHA256")
        anchor, ds_anchor = self.anchor(folder)
        server = self.start("NSD", self.signed(folder, self.zone_text()))
        self.add(self.address(server))
        for title, options in self.CHAINS:
            cases = (("DS", [self.ds()], DELEGATION, "shows"), ("no DS", [], DELEGATION, "absent"),
                     ("no name", [], "", "absent"), ("empty non-terminal", [], "x.nl.test. TXT a\n", "absent"))
            for what, ds, delegation, wanted in cases:
                with self.subTest(f"{title}, {what}"):
                    text = self.signed(folder, self.zone_text(*ds, delegation=delegation), *options)
                    self.serve_anew(server, text)
                    for path in (anchor, ds_anchor):
                        found = self.one("--trust-anchor", path, code=0)
                        self.assertEqual((found["answer"], found["validated"]), (wanted, True), found["words"])

    def test_each_algorithm_and_each_server_validates(self):
        for kind, algorithm in (("BIND", "RSASHA256"), ("Knot", "ECDSAP384SHA384"), ("NSD", "ED25519")):
            with self.subTest(algorithm):
                folder = self.keys(algorithm)
                anchor, _ = self.anchor(folder, f"anchor-{kind}")
                server = self.start(kind, self.signed(folder, self.zone_text(), "-3", "-", "-A"))
                self.z("zone", "remove", "nl.test", "--yes")
                self.add(self.address(server))
                self.assertTrue(self.one("--trust-anchor", anchor, code=0)["validated"])
                self.serve_anew(server, self.signed(folder, self.zone_text(self.ds()), "-3", "-", "-A"))
                found = self.one("--trust-anchor", anchor, code=0)
                self.assertEqual((found["answer"], found["validated"]), ("shows", True))

    def test_what_does_not_validate_is_not_known(self):
        folder = self.keys("ED25519")
        anchor, _ = self.anchor(folder)
        stranger, _ = self.anchor(self.keys("ED25519"), "stranger")
        server = self.start("NSD", self.signed(folder, self.zone_text()))
        self.add(self.address(server))
        self.serve_anew(server, self.signed(folder, self.zone_text(self.ds())))
        found = self.one("--trust-anchor", stranger, code=75)
        self.assertIn("no DNSKEY is the one of the trust anchor", found["words"])
        self.assertEqual(self.one("--trust-anchor", anchor, code=0)["answer"], "shows")
        for begin, end, words in ((BEGIN, "20261110000000", "expired"), ("20261201000000", END, "not valid yet")):
            self.serve_anew(server, self.signed(folder, self.zone_text(self.ds()), begin=begin, end=end))
            self.assertIn(words, self.one("--trust-anchor", anchor, code=75)["words"])
        self.serve_anew(server, self.zone_text(self.ds()))
        self.assertIn("DNSKEY", self.one("--trust-anchor", anchor, code=75)["words"])

    def between(self, server, change):
        """Somebody between us and the server who changes its answers about DS."""
        def answer(question, _):
            said = dns.query.tcp(question, ADDRESS, port=server.port, timeout=20)
            return (change(said) if question.question[0].rdtype == 43 else said).to_wire()
        fake = FakeServer(answer)
        self.addCleanup(fake.stop)
        return fake

    def test_an_answer_that_was_changed_on_the_way_is_not_known(self):
        folder = self.keys("ECDSAP256SHA256")
        anchor, _ = self.anchor(folder)
        server = self.start("NSD", self.signed(folder, self.zone_text()))

        def without_ds(said):
            said.answer = []
            return said

        def without_signature(said):
            said.answer = [rrset for rrset in said.answer if rrset.rdtype != 46]
            return said

        def with_another_digest(said):
            for rrset in said.answer:
                if rrset.rdtype == 43:
                    rdata = rrset.pop()
                    rrset.add(rdata.replace(digest=bytes([rdata.digest[0] ^ 1]) + rdata.digest[1:]))
            return said

        changes = (without_ds, without_signature, with_another_digest)
        self.add(*[self.between(server, change).address for change in changes])
        self.serve_anew(server, self.signed(folder, self.zone_text(self.ds())))
        report = self.check("--trust-anchor", anchor, code=75)
        self.assertEqual(self.answers(report), ["not known"] * 3)
        for found, words in zip(report["servers"], ("without SOA", "not signed", "a signature that is wrong")):
            self.assertIn(words, found["words"])

    def test_a_denial_of_another_name_proves_nothing(self):
        """The parent's own proof for a.test, in an answer about nl.test, which has a DS."""
        for title, options in self.CHAINS:
            with self.subTest(title):
                folder = self.keys("ECDSAP256SHA256")
                anchor, _ = self.anchor(folder, f"anchor-{title}")
                self.z("zone", "remove", "nl.test", "--yes")
                server = self.start("NSD", self.signed(folder, self.zone_text()))

                def other(said, server=server):
                    about = dns.query.tcp(dns.message.make_query("a.test.", "DS", want_dnssec=True), ADDRESS,
                                          port=server.port, timeout=20)
                    said.answer, said.authority = [], about.authority
                    return said

                self.add(self.between(server, other).address)
                self.serve_anew(server, self.signed(folder, self.zone_text(self.ds()), *options))
                found = self.one("--trust-anchor", anchor, code=75)
                self.assertEqual(found["answer"], "not known")
                self.assertIn("does not validate", found["words"])

    def test_an_anchor_that_is_none_is_refused(self):
        self.add(f"{ADDRESS}@{free_port()}")
        for text, code, words in (("", 65, ""), ("nl.test. 60 DS 1 13 2 " + "AB" * 32 + "\n", 78, "no DS or DNSKEY of a zone above"),
                                  ("test. DS 1 99 2 " + "AB" * 32 + "\n", 78, "supported"), ("test. DS x\n", 65, "")):
            done = self.z("ds", "check", "nl.test", "--trust-anchor", self.write("anchor", text), code=code)
            self.assertIn(words, done.err)
        self.z("ds", "check", "nl.test", "--trust-anchor", self.path("absent"), code=66)


class Policies(SignedParent):
    """parent.trust-anchor: what `run` and `ds check` believe."""

    def setUp(self):
        super().setUp()
        self.folder_of_keys = self.keys("ED25519")
        self.anchor(self.folder_of_keys, "anchor")
        os.makedirs(self.path("config"))
        policy = self.write("p.yaml", "name: p\nparent: {trust-anchor: parent.anchor, check-interval: 1h}\n")
        self.server = self.start("NSD", self.signed(self.folder_of_keys, self.zone_text()))
        self.z("zone", "add", "nl.test", "-i", self.input, "--policy", policy, "--parents",
               self.address(self.server), code=0)
        self.z("run", "nl.test", code=0)
        self.hour = 0
        self.show_ds()

    def show_ds(self, **times):
        self.serve_anew(self.server, self.signed(self.folder_of_keys, self.zone_text(self.ds()), **times))

    def believe(self, name):
        os.replace(self.path(name), self.path("config", "parent.anchor"))

    def run_later(self):
        """A run in which the DS is waited for; what it says of the parent, and since when the DS is seen."""
        self.hour += 1
        self.now = f"2026-11-26T{12 + self.hour}:00:00Z"
        done = self.z("run", "nl.test", "-v", code=0)
        with sqlite3.connect(os.path.join(self.state, "keystore.db")) as store:
            seen, state = store.execute("SELECT ds_seen, ds FROM keys WHERE role = 'KSK'").fetchone()
        return done.err, seen, state

    def test_a_run_believes_what_validates_and_nothing_else(self):
        self.anchor(self.keys("ED25519"), "stranger")
        self.believe("stranger")
        said, seen, state = self.run_later()
        self.assertEqual(state, "rumoured")  # the next run asks
        for title, prepare, words in (
                ("another key", lambda: None, "1 not known"),
                ("expired signatures", lambda: (self.believe("anchor"), self.show_ds(end="20261110000000")), "1 not known"),
                ("no signatures", lambda: self.serve_anew(self.server, self.zone_text(self.ds())), "1 not known")):
            with self.subTest(title):
                prepare()
                said, seen, state = self.run_later()
                self.assertIn(words, said)
                self.assertEqual((seen or 0, state), (0, "rumoured"))
        self.show_ds()
        said, seen, state = self.run_later()
        self.assertIn("seen (1/1)", said)
        self.assertGreater(seen, 0)

    def test_an_anchor_that_cannot_be_read_stops_no_run_and_lets_nothing_be_seen(self):
        """A folder in its place, which root cannot read either; then nothing at all, then nonsense."""
        path = self.path("config", "parent.anchor")
        self.run_later()
        for prepare, words in ((lambda: os.mkdir(path), "Is a directory"), (lambda: os.rmdir(path), "No such file"),
                               (lambda: self.write("config/parent.anchor", "test. DS x\n"), "parent.anchor"),
                               (lambda: self.write("config/parent.anchor", "org. DS 1 13 2 " + "AB" * 32 + "\n"),
                                "no DS or DNSKEY of a zone above this one")):
            prepare()
            said, seen, state = self.run_later()
            self.assertIn(words, said)
            self.assertEqual((seen or 0, state), (0, "rumoured"))
            self.assertIn(words, self.z("status", "nl.test", code=0).out)
            self.assertIn("up to date", self.z("run", "nl.test", "-v", code=0).err)
            self.assertIn(words, self.z("ds", "check", "nl.test").err)

    def test_the_option_comes_before_the_policy(self):
        self.anchor(self.keys("ED25519"), "stranger")
        self.believe("stranger")
        self.assertFalse(self.one(code=75)["validated"])
        self.assertTrue(self.one("--trust-anchor", self.path("anchor"), code=0)["validated"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
