# SPDX-License-Identifier: MIT
"""What name servers serve: `run` asks NSD and Knot, and servers that say odd things, after publication; status, check,
metrics and the pages tell."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import unittest

import dns.message
import dns.query

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "cli")]

from fakedns import FakeServer, answer_to  # noqa: E402
from servers import ADDRESS, AUTHORITATIVE, free_port  # noqa: E402
from zs import ZONESEAL, World  # noqa: E402

SOA = "nl.test. 900 SOA ns.nl.test. host.nl.test. {} 2 3 4 600"
RRSIG = "nl.test. 900 RRSIG {} 13 2 900 {} 20261101000000 1 nl.test. AAAA"
DNSKEY = "nl.test. 900 DNSKEY 257 3 13 AAAA"


def serves(serial, ends="20270101000000", kinds=("SOA", "DNSKEY"), keys_end=None, **more):
    """Answers with this serial, and signatures that end then on these RRsets."""
    def answer(question, _):
        kind = "SOA" if question.question[0].rdtype == 6 else "DNSKEY"
        lines = [SOA.format(serial) if kind == "SOA" else DNSKEY]
        if kind in kinds:
            lines.append(RRSIG.format(kind, keys_end if keys_end and kind == "DNSKEY" else ends))
        return answer_to(question, lines, **more).to_wire()
    return answer


class Served(World):
    def setUp(self):
        super().setUp()
        self.z("sign", "nl.test", "-i", self.input, code=0)
        self.published = os.path.join(self.state, "zones", "nl.test.zone")

    def ask(self, *servers, code=0):
        """Has `run` ask these."""
        self.z("zone", "set-servers", "nl.test", "--servers", " ".join(servers), code=0)
        self.z("run", code=code)
        return self.rows()

    def rows(self):
        return {row["server"]: row for row in self.json("status", "nl.test", code=0)["zones"][0]["servers"]}

    def fake(self, answer):
        server = FakeServer(answer)
        self.addCleanup(server.stop)
        return server.address

    def go(self, minutes):
        hours, minutes = divmod(12 * 60 + minutes, 60)
        self.now = f"2026-11-24T{hours:02}:{minutes:02}:00Z"

    def metric(self, name, server):
        text = self.z("metrics", code=0).out
        return int(re.search(rf'^{name}\{{zone="nl.test",server="{re.escape(server)}"\}} ([0-9]+)$', text, re.M).group(1))


class RealServers(Served):
    def start(self, kind):
        server = AUTHORITATIVE[kind](self.path(kind), {"nl.test.": self.published})
        server.__enter__()
        self.addCleanup(server.stop)
        return server

    def reload(self, server, serial):
        server.process.send_signal(signal.SIGHUP)
        deadline, seen = time.monotonic() + 30, 0
        while time.monotonic() < deadline and seen != serial:
            try:
                answer = dns.query.tcp(dns.message.make_query("nl.test.", "SOA"), ADDRESS, port=server.port, timeout=20)
                seen = answer.answer[0][0].serial
            except (OSError, EOFError):
                pass  # NSD changes its processes and closes what the old ones had
            try:
                server.process.wait(0.02)
            except subprocess.TimeoutExpired:
                pass
        self.assertEqual(seen, serial)

    def test_a_server_that_reloads_is_good_and_one_that_does_not_falls_behind(self):
        nsd, knot = self.start("NSD"), self.start("Knot")
        names = [f"{ADDRESS}@{server.port}" for server in (nsd, knot)]
        rows = self.ask(*names)
        first = self.serial(self.published)
        for name in names:
            self.assertEqual((rows[name]["state"], rows[name]["serial"]), ("ok", first), rows)
            self.assertGreaterEqual(rows[name]["expires_epoch"], self.json("status")["zones"][0]["valid_until_epoch"])
            self.assertEqual(self.metric("zoneseal_served_serial", name), first)
        self.go(10)
        self.z("sign", "nl.test", "--force", code=0)
        second = self.serial(self.published)
        self.reload(nsd, second)
        self.go(11)
        self.z("run", code=0)
        rows = self.rows()
        self.assertEqual((rows[names[0]]["state"], rows[names[0]]["serial"]), ("ok", second))
        self.assertEqual((rows[names[1]]["state"], rows[names[1]]["serial"]), ("behind", first))
        self.assertEqual(rows[names[1]]["behind_since"], "2026-11-24T12:10:00Z")
        self.assertEqual(self.metric("zoneseal_served_behind_since_timestamp_seconds", names[0]), 0)
        self.assertEqual(self.metric("zoneseal_served_behind_since_timestamp_seconds", names[1]),
                         rows[names[1]]["behind_since_epoch"])
        self.z("check", code=0)  # one minute is what a reload takes
        # A version more does not make its trouble younger.
        self.z("sign", "nl.test", "--force", code=0)
        self.go(11 + 180)
        self.z("run", code=0)
        self.assertEqual(self.rows()[names[1]]["behind_since"], "2026-11-24T12:10:00Z")
        done = self.z("check", code=2)
        self.assertRegex(done.out, rf"^ZONESEAL CRITICAL - nl.test.: WARNING: name server {names[1]} serves serial {first}, and is behind")
        text = self.z("status", "nl.test", code=0).out
        self.assertRegex(text, rf"{names[1]}: BEHIND by {self.serial(self.published) - first} since 2026-11-24 12:10Z")
        self.z("report", "--html", self.path("pages"), code=0)
        self.assertIn(f"BEHIND by {self.serial(self.published) - first} since".encode(), self.read(self.path("pages", "zone-nl.test.html")))
        # Both read it: all is well again.
        for server in (nsd, knot):
            self.reload(server, self.serial(self.published))
        self.z("run", code=0)
        self.assertEqual({row["state"] for row in self.rows().values()}, {"ok"})
        self.z("check", code=0)
        # One is gone; what it served last stays known.
        knot.stop()
        self.z("run", code=0)
        row = self.rows()[names[1]]
        self.assertEqual((row["state"], row["serial"]), ("failing", self.serial(self.published)))
        self.assertIn("refused", row["failure"])
        self.z("check", code=0)
        self.go(11 + 180 + 20)
        self.z("run", code=0)
        self.z("check", code=1)
        self.assertEqual(self.metric("zoneseal_served_failing_since_timestamp_seconds", names[1]), row["failing_since_epoch"])


class OddServers(Served):
    def test_what_is_wrong_is_said(self):
        serial = self.serial(self.published)
        cases = (
            (serves(serial), "ok", None),
            (serves(serial - 1), "behind", None),
            (serves(serial + 1), "ahead", None),
            (serves((serial - 2 ** 31 + 1) % 2 ** 32), "behind", None),
            (serves(serial, kinds=()), "failing", "SOA: served without a signature"),
            (serves(serial, kinds=("SOA",)), "failing", "DNSKEY: served without a signature"),
            (serves(serial, aa=False), "failing", "SOA: lame: an answer without authority (no AA)"),
            (serves(serial, rcode=5), "failing", "SOA: REFUSED"),
            (lambda question, _: answer_to(question).to_wire(), "failing", "SOA: an answer without it"),
            (lambda question, _: b"junk", "failing", None),
        )
        names = [self.fake(answer) for answer, _, _ in cases]
        rows = self.ask(*names)
        for name, (_, state, failure) in zip(names, cases):
            with self.subTest(state=state, failure=failure):
                self.assertEqual(rows[name]["state"], state, rows[name])
                if failure or state != "failing":
                    self.assertEqual(rows[name]["failure"], failure)
        self.assertEqual(rows[names[3]]["serial"], (serial - 2 ** 31 + 1) % 2 ** 32)
        self.assertIn("which is newer than what was published here", self.z("check", code=1).out)

    def test_it_is_behind_since_the_version_after_the_one_it_serves(self):
        first = self.serial(self.published)
        for minutes in (10, 20):
            self.go(minutes)
            self.z("sign", "nl.test", "--force", code=0)
        self.go(30)
        serves_first, unknown = self.fake(serves(first)), self.fake(serves(first - 7))
        rows = self.ask(serves_first, unknown)
        self.assertEqual(rows[serves_first]["behind_since"], "2026-11-24T12:10:00Z")
        self.assertEqual(rows[unknown]["behind_since"], "2026-11-24T12:20:00Z")

    def test_the_first_signature_to_end_counts(self):
        serial = self.serial(self.published)
        name = self.fake(serves(serial, ends="20270101000000", keys_end="20261225000000"))
        rows = self.ask(name)
        self.assertEqual(rows[name]["expires"], "2026-12-25T00:00:00Z")
        self.z("check", code=0)
        name = self.fake(serves(serial, ends="20261124110000"))
        self.ask(name)
        self.assertIn(f"name server {name} serves signatures that EXPIRED 2026-11-24 11:00Z (1h", self.z("check", code=2).out)
        self.assertEqual(self.metric("zoneseal_served_rrsig_earliest_expiry_timestamp_seconds", name), 1795518000)

    def test_a_server_that_never_answers_blocks_no_publication(self):
        name = self.fake(lambda question, _: None)
        self.z("zone", "set-servers", "nl.test", "--servers", name, code=0)
        before = self.serial(self.published)
        self.write("nl.test.zone", self.read(self.input).decode().replace("2026112401", "2026112499"))
        begin = time.monotonic()
        self.z("run", code=0)
        self.assertLess(time.monotonic() - begin, 30)
        self.assertGreater(self.serial(self.published), before)
        self.assertEqual(self.rows()[name]["state"], "failing")
        self.assertIn("no answer within", self.rows()[name]["failure"])

    def test_a_server_that_never_answers_is_waited_for_once_a_run(self):
        self.now = "2026-11-24T12:00:00Z"
        dead = [FakeServer(lambda question, _: None) for _ in range(5)]
        live = FakeServer(lambda question, _: answer_to(question, rcode=5).to_wire())
        for server in (*dead, live):
            self.addCleanup(server.stop)
        # 66 of zone and server: 16 more than are asked at once, at least five of them of dead ones.
        names = [f"z{i}.test" for i in range(11)]
        for name in names:
            path = self.write(name, self.read(self.input).decode().replace("nl.test.", name + "."))
            self.z("zone", "add", name, "-i", path, "--servers", " ".join(s.address for s in (*dead, live)), code=0)
        self.z("run", code=0)
        rows = [row for zone in self.json("status", code=0)["zones"] for row in zone["servers"]]
        self.assertEqual((len(rows), {row["state"] for row in rows}), (66, {"failing"}))
        self.assertEqual({row["asked"] for row in rows}, {"2026-11-24T12:00:00Z"})
        self.assertEqual({row["failure"] for row in rows if row["server"] == live.address}, {"SOA: REFUSED"})
        again = [row for row in rows if "no answer for another zone in this run" in row["failure"]]
        asked = sum(len(server.asked) for server in dead)
        self.assertEqual(asked, 2 * (55 - len(again)))
        self.assertEqual(len(live.asked), 22)
        self.assertTrue({row["server"] for row in again} <= {server.address for server in dead})
        self.assertGreaterEqual(len(again), 5)
        # One that answers the next time is well again.
        dead[0].answer = live.answer
        self.go(10)
        self.z("run", code=0)
        rows = [row for zone in self.json("status", code=0)["zones"] for row in zone["servers"]]
        self.assertEqual({row["failure"] for row in rows if row["server"] == dead[0].address}, {"SOA: REFUSED"})

    def test_the_result_of_a_run_is_out_before_they_are_asked(self):
        seen, out = [], self.path("result.json")
        name = self.fake(lambda question, _: seen.append(self.read(out)) or answer_to(question, rcode=5).to_wire())
        self.z("zone", "set-servers", "nl.test", "--servers", name, code=0)
        with open(out, "wb") as file:
            subprocess.run([ZONESEAL, "run", "--json", "--now", self.now], stdout=file, stderr=subprocess.DEVNULL,
                           env=self.environment(), check=True, timeout=120)
        self.assertEqual(len(seen), 2)
        for text in seen:
            self.assertEqual(json.loads(text)["schema"], "zoneseal.run/1")

    def test_check_has_their_figures(self):
        serial = self.serial(self.published)
        self.assertNotIn("servers", self.z("check", code=0).out)
        names = [self.fake(serves(serial)), self.fake(serves(serial - 1, ends="20270201000000")),
                 self.fake(lambda question, _: answer_to(question, rcode=5).to_wire())]
        self.go(5)
        self.ask(*names)
        left = 1798761600 - 1795521900
        self.assertRegex(self.z("check", code=0).out, rf" servers=3 servers_behind=1 servers_failing=1 served_behind=300s "
                                                      rf"served_min_left={left}s zones_blocked=0;;1\n$")

    def test_zone_add_takes_them(self):
        path = self.write("other", self.read(self.input).decode().replace("nl.test.", "other.test."))
        words = ("zone", "add", "other.test", "-i", path, "--servers")
        self.z(*words, "ns1.other.test", code=2)
        self.z(*words, "192.0.2.1", "--dry-run", code=0)
        self.z("status", "other.test", code=66)
        done = self.json(*words, "192.0.2.1 2001:db8::1@5353", code=0)
        self.assertEqual(done["servers"], ["192.0.2.1", "2001:db8::1@5353"])
        rows = self.json("status", "other.test", code=0)["zones"][0]["servers"]
        self.assertEqual([row["server"] for row in rows], done["servers"])
        self.z("audit", "replay", code=0)

    def test_nobody_is_asked_who_is_not_named_nor_by_a_dry_run(self):
        asked = []
        name = self.fake(lambda question, _: asked.append(question) or answer_to(question).to_wire())
        self.z("run", code=0)
        self.z("zone", "set-servers", "nl.test", "--servers", name, "--dry-run", code=0)
        self.z("run", code=0)
        self.assertEqual((self.rows(), asked), ({}, []))
        self.z("zone", "set-servers", "nl.test", "--servers", name, code=0)
        self.z("run", "--dry-run", code=0)
        self.assertEqual((self.rows()[name]["state"], asked), ("not asked yet", []))
        self.z("run", code=0)
        self.assertEqual(len(asked), 2)
        self.z("zone", "set-servers", "nl.test", "--servers", "", code=0)
        self.z("run", code=0)
        self.assertEqual((self.rows(), len(asked)), ({}, 2))
        self.assertIn("name servers set", self.z("log", "nl.test", code=0).out)
        self.z("audit", "verify", code=0)
        self.z("audit", "replay", code=0)

    def test_addresses_are_looked_at_when_they_are_given(self):
        self.z("zone", "set-servers", "nl.test", code=2)
        self.z("zone", "set-servers", "nl.test", "--servers", "ns1.nl.test", code=2)
        self.z("zone", "set-servers", "nl.test", "--servers", " ".join(f"192.0.2.{i}" for i in range(61)), code=2)
        self.z("zone", "set-servers", "other.test", "--servers", "192.0.2.1", code=66)
        self.z("zone", "set-servers", "nl.test", "--servers", f"{ADDRESS}@{free_port()} {ADDRESS}@0", code=2)
        self.assertEqual(self.rows(), {})


if __name__ == "__main__":
    unittest.main()
