#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Time servers that the policy names are asked before anything is signed, and a clock that they deny signs nothing."""
import os
import sqlite3
import time
import unittest

from fakentp import TimeServer, packet
from zs import World

DAY = 86400
A_DAY = r"86(399|400)\.\ds"  # a busy machine takes its time
SHIFT = os.environ["ZONESEAL_SHIFTED_CLOCK"]


class Asked(World):
    virtual = False

    def setUp(self):
        super().setUp()
        self.shift = 0

    def environment(self):
        return {**super().environment(), "LD_PRELOAD": SHIFT, "ASAN_OPTIONS": "verify_asan_link_order=0",
                "ZONESEAL_SHIFT": str(self.shift), "ZONESEAL_SHIFT_FILE": self.path("shift")}

    def server(self, *args, **more):
        server = TimeServer(*args, **more)
        self.addCleanup(server.stop)
        return server

    def policy(self, servers, more="", name="timed"):
        names = ", ".join(server if isinstance(server, str) else server.address for server in servers)
        return self.write(f"{name}.yaml", f"clock: {{sources: [{names}]{more}}}\n")

    def last_time(self):
        with sqlite3.connect(f"file:{self.state}/keystore.db?mode=ro", uri=True) as database:
            found = database.execute("SELECT value FROM settings WHERE name = 'last-time'").fetchone()[0]
        database.close()
        return int(found)

    def refused(self, *args, of=("sign",)):
        done = self.z(*of, *args, code=3) if of == ("run",) else self.sign(*args, code=3)
        self.assertIn("clock.sane: clock guard: ", done.err)
        return done.err

    def test_a_clock_that_enough_servers_agree_with_signs(self):
        servers = [self.server() for _ in range(4)]
        said = self.json("sign", "nl.test", "-i", self.input, "-o", self.output, "--policy", self.policy(servers))
        self.assertEqual(said["clock"], "4 of 4 time servers agree within 1m")
        self.assertIn("clock: 4 of 4 time servers agree", self.z("run", "-v", code=0).err)
        self.assert_published_is_good()
        # Once by each of the two commands.
        self.assertEqual([len(server.questions) for server in servers], [2] * 4)

    def test_a_question_tells_nothing_of_our_clock(self):
        server = self.server()
        self.sign("--policy", self.policy([server]))
        self.sign("--force")
        first, second = server.questions
        self.assertEqual(first[:40], b"\x23" + bytes(39))
        self.assertNotEqual(first[40:], second[40:])

    def test_all_zones_of_a_run_are_covered_by_one_question(self):
        servers = [self.server() for _ in range(3)]
        self.sign("--policy", self.policy(servers))
        other = self.write("se.test.zone", "$ORIGIN se.test.\n$TTL 3600\n@ SOA ns h 1 7200 3600 604800 300\n@ NS ns\n"
                           "ns A 192.0.2.1\n")
        self.z("zone", "add", "se.test", "-i", other, "--policy", self.path("timed.yaml"), code=0)
        before = [len(server.questions) for server in servers]
        zones = self.json("run", code=0)["zones"]
        self.assertEqual([zone["clock"] for zone in zones], ["3 of 3 time servers agree within 1m"] * 2)
        self.assertEqual([len(server.questions) for server in servers], [count + 1 for count in before])

    def test_a_clock_that_is_a_day_ahead_makes_nothing_at_all(self):
        """Neither keystore nor keys, so no time that would be ahead of the right one."""
        path = self.policy([self.server() for _ in range(3)])
        self.shift = DAY
        self.refused("--policy", path)
        self.assertFalse(os.path.exists(self.output))
        self.assertFalse(os.path.exists(os.path.join(self.state, "keystore.db")))

    def test_a_clock_that_is_a_day_ahead_changes_nothing_that_is_published(self):
        self.sign("--policy", self.policy([self.server() for _ in range(3)]))
        before, last = self.read(self.output), self.last_time()
        self.shift = DAY
        self.write("nl.test.zone", self.read(self.input).decode().replace("2026112401", "2026112402"))
        said = self.refused(of=("run",))
        self.assertIn("0 of 3 time servers agree within 1m, where policy timed wants 3", said)
        self.assertRegex(said, f"127.0.0.1@[0-9]+ is {A_DAY} behind this clock")
        self.assertIn("is untouched and valid until", said)
        self.assertIn("set the clock", said)
        self.assertEqual((self.read(self.output), self.last_time()), (before, last))
        self.shift = 0
        self.assertIn("the last run failed", self.z("check").out)
        # Nothing has to be accepted: the right clock goes on at once.
        self.z("run", code=0)
        self.assertNotEqual(self.read(self.output), before)

    def test_a_new_zone_is_not_added_by_a_wrong_clock(self):
        self.sign("--policy", self.policy([self.server() for _ in range(3)]))
        before = self.tree()
        self.shift = DAY
        self.z("sign", "se.test", "-i", self.input, "--policy", self.path("timed.yaml"), code=3)
        self.assertEqual(self.tree(), before)

    def test_one_of_four_may_be_wrong_and_two_may_not(self):
        good = [self.server() for _ in range(3)]
        wrong, silent = self.server(offset=-DAY), self.server(say=lambda question: [])
        said = self.json("sign", "nl.test", "-i", self.input, "-o", self.output, "--policy",
                         self.policy([*good, wrong], name="one"), code=0)
        self.assertRegex(said["clock"], f"3 of 4 time servers agree within 1m; {wrong.address} is {A_DAY} behind this clock")
        said = self.z("zone", "set-policy", "nl.test", self.policy([*good[:2], wrong, silent], name="two"), code=3).err
        self.assertIn("2 of 4 time servers", said)
        self.assertRegex(said, f"{wrong.address} is {A_DAY} behind this clock, {silent.address} no answer")

    def test_servers_that_agree_with_each_other_do_not_set_the_clock(self):
        """All of them may be forged: then nothing is signed, and nothing by their time."""
        said = self.refused("--policy", self.policy([self.server(offset=-DAY) for _ in range(3)]))
        self.assertIn("0 of 3", said)
        self.assertFalse(os.path.exists(self.state))

    def test_a_server_that_is_not_there_is_told_at_once(self):
        gone = self.server()
        gone.stop()
        said = self.refused("--policy", self.policy([gone.address]))
        self.assertIn(f"{gone.address} no answer: Connection refused", said)
        self.assertIn("see that UDP to them gets through", said)

    def test_what_is_no_time_counts_for_nothing(self):
        kinds = [({"first": 0xe4}, "not synchronised"), ({"stratum": 0, "reference": b"DENY"}, '"DENY"'),
                 ({"first": 0x23}, "mode 3"), ({"dispersion": 90}, "may be off by 90.0s by its own account")]
        for more, words in kinds:
            server = self.server(**more)
            self.assertIn(words, self.refused("--policy", self.policy([server])))
            self.assertEqual(len(server.questions), 1, "one that has answered is not asked again")

    def test_a_lost_question_is_asked_once_more(self):
        server = self.server(say=lambda question: [packet(question)] if len(server.questions) > 1 else [])
        self.sign("--policy", self.policy([server]))
        self.assertEqual(len(server.questions), 2)
        self.assertNotEqual(server.questions[0][40:], server.questions[1][40:])

    def test_an_answer_without_our_number_is_ignored(self):
        """Whoever does not see the question can neither make the clock believed nor doubted."""
        def forged_first(question):
            return [packet(question, offset=DAY, nonce=b"guessing"), b"", question, packet(question)]
        self.sign("--policy", self.policy([self.server(say=forged_first)]))
        forged = self.server(say=lambda question: [packet(question, nonce=b"guessing")])
        said = self.z("zone", "set-policy", "nl.test", self.policy([forged], name="forged"), code=3).err
        self.assertIn(f"{forged.address} no answer", said)

    def test_without_servers_it_says_that_none_was_asked(self):
        said = self.json("sign", "nl.test", "-i", self.input, "-o", self.output, code=0)
        self.assertEqual(said["clock"], "not asked: policy default names no clock.sources")

    def doctor(self, code):
        found = [line for line in self.z("doctor").out.splitlines() if " time servers " in line]
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(code), found[0])
        return found[0]

    def test_doctor_asks_and_tells_who_does_not_agree(self):
        self.sign()
        self.assertRegex(self.doctor("note"), "not asked: policy default names no clock.sources, .* clock: {sources: .* zoneseal policy apply")
        servers = [self.server() for _ in range(3)]
        self.z("zone", "set-policy", "nl.test", self.policy(servers), code=0)
        self.assertIn("3 of 3 time servers agree within 1m", self.doctor("ok"))
        self.shift = DAY
        self.assertRegex(self.doctor("FAIL"), f"{servers[2].address} is {A_DAY} behind this clock")

    def test_a_dry_run_asks_and_changes_nothing(self):
        server = self.server()
        self.sign("--policy", self.policy([server]))
        before = self.tree()
        self.z("run", "--dry-run", code=0)
        self.assertEqual(len(server.questions), 2)
        self.shift = DAY
        self.refused("--dry-run", of=("run",))
        self.assertEqual(self.tree(), before)

    def test_commands_that_begin_or_change_a_rollover_ask_as_well(self):
        servers = [self.server() for _ in range(3)]
        self.sign("--policy", self.policy(servers))
        zsk = next(str(key["tag"]) for key in self.json("key", "list", "nl.test", code=0)["keys"] if key["role"] == "zsk")
        commands = (("key", "generate", "nl.test", "--zsk"), ("roll", "start", "nl.test", "--zsk"), ("roll", "abort", "nl.test"),
                    ("emergency", "nl.test", "--key", zsk), ("key", "revoke", "nl.test", zsk, "--yes"))
        self.shift = DAY
        before = self.tree()
        for command in commands:
            for more in ((), ("--dry-run",)):
                said = self.z(*command, *more, code=3).err
                self.assertRegex(said, "nl.test: clock.sane: clock guard: .* 0 of 3 time servers agree", command)
        same = self.policy(servers, more="}\nsignatures: {validity: 22d", name="same")
        self.assertIn("clock guard", self.z("zone", "set-policy", "nl.test", same, code=3).err)
        self.assertIn("clock guard", self.z("policy", "apply", "nl.test", same, code=3).err)
        self.assertEqual(self.tree(), before)
        self.shift = 0
        # The way out where the servers are wrong is to name others.
        for server in servers:
            server.stop()
        self.assertIn("clock guard", self.z(*commands[0], code=3).err)
        self.z("policy", "apply", "nl.test", self.policy([self.server()], name="others"), code=0)
        for command in commands[:1]:
            self.z(*command, code=0)

    def step(self, seconds, more=""):
        """A run whose further verifier sets the clock, by so much."""
        server = self.server()
        self.write("to-come", f"{seconds}\n")
        path = self.write("set-clock", f"#!/bin/sh\nexec mv {self.path('to-come')} {self.path('shift')}\n", mode=0o755)
        self.write("timed.yaml", f"clock: {{sources: [{server.address}]{more}}}\nverifiers: {{first: {{command: [{path}]}}}}\n")
        return self.sign("--policy", self.path("timed.yaml"), code=None)

    def test_a_clock_that_is_set_during_the_run_publishes_nothing(self):
        done = self.step(DAY)
        self.assertEqual(done.returncode, 3, done.err)
        self.assertRegex(done.err, f"the clock was set forward by {A_DAY} while this run was under way")
        self.assertFalse(os.path.exists(self.output))
        self.assertLess(self.last_time(), time.time() + DAY // 2)
        os.unlink(self.path("shift"))
        self.write("set-clock", "#!/bin/sh\n", mode=0o755)
        self.z("run", code=0)
        self.assert_published_is_good()

    def test_a_clock_that_is_set_back_during_the_run_publishes_nothing(self):
        done = self.step(-61)
        self.assertEqual(done.returncode, 3, done.err)
        self.assertRegex(done.err, r"the clock was set back by 6[01]\.\ds")

    def test_a_step_within_the_tolerance_is_none(self):
        self.assertEqual(self.step(59).returncode, 0)

    def test_the_policy_takes_addresses_and_a_quorum_of_more_than_half(self):
        for text, words in (("sources: [pool.ntp.org]", "is no address of a server"),
                            ("sources: [192.0.2.1@0]", "is no address of a server"),
                            ("sources: [192.0.2.1@70000]", "is no address of a server"),
                            ("sources: [\"2001:db8::1\", \"2001:DB8:0::1\"]", "names a server twice"),
                            (f"sources: [{', '.join(f'192.0.2.{i}' for i in range(9))}]", "at most 8"),
                            ("sources: [192.0.2.1, 192.0.2.2], quorum: 1", "more than half"),
                            ("sources: [192.0.2.1, 192.0.2.2], quorum: 3", "no more than all"),
                            ("quorum: 1", "needs clock.sources"),
                            ("tolerance: 11m", "above the most")):
            done = self.z("policy", "check", self.write("bad.yaml", f"clock: {{{text}}}\n"), code=78)
            self.assertIn(words, done.err, text)
        for count, quorum in ((1, 1), (2, 2), (3, 3), (4, 3), (5, 3), (6, 4), (8, 5)):
            path = self.policy([f"192.0.2.{i}" for i in range(count)])
            self.assertIn(f"quorum: {quorum}", self.z("policy", "show", path, code=0).out)


class OnAVirtualClock(World):

    def test_nobody_is_asked(self):
        server = TimeServer()
        self.addCleanup(server.stop)
        policy = self.write("timed.yaml", f"clock: {{sources: [{server.address}]}}\n")
        said = self.json("sign", "nl.test", "-i", self.input, "-o", self.output, "--policy", policy, code=0)
        self.assertEqual(said["clock"], "not asked: VIRTUAL CLOCK")
        self.assertEqual(server.questions, [])


if __name__ == "__main__":
    unittest.main()
