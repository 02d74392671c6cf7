# SPDX-License-Identifier: MIT
"""What tokens do in the middle of a run: each is survived, or ends the run with exit 69 and the store's name, and what is
published stays. Every test asserts that the fault really happened."""
import os
import unittest

from hsm import FAULTY, PIN, Tokens


class Faults(Tokens):
    """hsm-b is the one that fails."""

    modules = {"b": FAULTY}

    def setUp(self):
        super().setUp()
        self.z("run", code=0)

    def injected(self):
        log = self.path("fault.log")
        return self.read(log).decode().split() if os.path.exists(log) else []

    def ended(self, fault, *words):
        self.fault(fault)
        done = self.refused("store hsm-b: ", *words)
        self.assertNotEqual(self.injected(), [])
        self.assertEqual([name for name in os.listdir(os.path.dirname(self.output)) if ".tmp" in name], [])
        self.z("audit", "verify", code=0)
        # And the next one, with a token that behaves again, goes on.
        self.fault("none")
        self.z("sign", "nl.test", "--force", code=0)
        self.assert_published_is_good()
        return done

    def survived(self, fault):
        self.fault(fault)
        self.z("sign", "nl.test", "--force", "--threads", "3", code=0)
        self.assert_published_is_good()
        self.assertIn(fault.split()[0], self.injected())


class Survived(Faults):
    def test_a_slow_token_is_waited_for(self):
        self.survived("slow")

    def test_a_token_that_says_not_now_is_asked_again(self):
        self.survived("busy")

    def test_a_token_with_too_many_sessions_is_asked_again(self):
        self.survived("rush")

    def test_a_closed_session_is_opened_again(self):
        self.survived("lost")

    def test_a_token_that_forgot_the_login_is_logged_in_again(self):
        self.survived("logout")


class Ended(Faults):
    def test_a_wrong_signature_now_and_then(self):
        self.ended("lie", "it made a signature that does not verify")

    def test_a_device_error_that_stays(self):
        self.ended("device", "signing failed: the device reports an error")

    def test_a_token_that_is_not_there(self):
        self.ended("removed", "no session: the token was removed")

    def test_a_token_that_is_pulled_out_in_the_middle(self):
        self.ended("vanish", "the token was removed")

    def test_a_token_that_never_answers_ends_the_run_in_time(self):
        self.more = "patience 1\n"
        self.configure()
        done = self.ended("hang", "it has not answered a call for 1 seconds", "what is published stays", "patience")
        self.assertIn("nl.test.: store hsm-b", done.err)
        self.assertIn("it has not answered a call", self.z("log", "nl.test").out)

    def test_a_module_that_hangs_when_it_is_let_go_leaves_the_run_its_one_record(self):
        self.more = "patience 1\n"
        self.modules = dict.fromkeys("abc", FAULTY)  # a module that finds SoftHSM in use is never let go
        self.configure()
        serial = self.serial()
        self.fault("stuck")
        done = self.z("sign", "nl.test", "--force", code=69)
        self.assertIn("it has not answered a call for 1 seconds", done.err)
        self.assertIn("hang", self.injected())
        self.fault("none")
        self.assertGreater(self.serial(), serial)
        self.assertNotIn("it has not answered a call", self.z("log", "nl.test").out)
        self.assert_published_is_good()

    def test_a_token_that_never_answers_ends_other_commands_too(self):
        self.more = "patience 1\n"
        self.configure()
        self.fault("hang")
        done = self.z("doctor", code=69)
        self.assertIn("store hsm-b: it has not answered a call for 1 seconds", done.err)
        self.assertIn("hang", self.injected())


class Clinging(Faults):
    def test_a_token_that_keeps_what_it_says_it_destroyed_is_not_asked_for_ever(self):
        self.z("key", "generate", "nl.test", "--zsk", code=0)
        key = [key for key in self.json("key", "list", "nl.test")["keys"] if key["state"] == "prepared"][0]
        purge = ("key", "purge", "nl.test", key["fingerprint"], "--yes")
        self.fault("clings")
        done = self.z(*purge, code=69, now="2027-03-01T00:00:00Z")
        self.assertIn("store hsm-b: it says that it destroyed ZSK", done.err)
        self.assertEqual(self.injected().count("clings"), 16)
        self.fault("none")
        self.z(*purge, code=0, now="2027-03-01T00:00:00Z")


class Carrying(Tokens):
    """The token that a new key is brought to has no room."""

    modules = {"c": FAULTY}

    def test_a_full_token_gets_no_key_and_the_others_keep_none(self):
        self.fault("full")
        self.refused("store hsm-c: ", "the token is full")
        for name in "abc":
            self.assertNotIn("Key Object", self.on_token(name, "-O"))
        self.fault("none")
        self.z("run", code=0)
        self.assert_published_is_good()


class SeveralAtOnce(Faults):
    """More threads than sessions: each asks for several signatures while it has one, and another verifies meanwhile."""

    def setUp(self):
        super().setUp()
        policy = self.write("p.yaml", "name: p\nkeys:\n  algorithm: ecdsap256sha256\n")
        origin = "$ORIGIN p.test.\n$TTL 60\n@ SOA ns.nl.test. x.nl.test. 1 7200 3600 1209600 60\n@ NS ns.nl.test.\n"
        path = self.write("p.zone", origin + "".join(f"d{i} TXT x\n" for i in range(2400)))
        self.z("zone", "add", "p.test", "-i", path, "--policy", policy, code=0)
        self.z("sign", "p.test", code=0)
        self.now = "2026-12-05T12:00:01Z"  # each of the 4,805 signatures is due, also one whose jitter is 0

    def renew(self, fault, more, code, threads="3"):
        self.more = "sessions 1\n" + more
        self.configure()
        self.fault(fault)
        done = self.z("sign", "p.test", "--threads", threads, code=code)
        self.assertNotEqual(self.injected(), [])
        return done

    def test_a_broken_one_is_not_asked_once_more_by_who_waited_for_its_session(self):
        self.renew("wears", "least 2\n", 0, threads="9")  # three of nine begin with each of the three stores
        self.assertEqual(self.injected(), ["device"] * 6)  # all the tries of the one call that condemned it

    def test_the_others_make_what_is_left_of_those_of_a_broken_one(self):
        self.assertIn("4805 signatures (4805 new)", self.renew("wears", "least 2\n", 0).err)

    def test_the_others_make_again_what_one_made_wrong(self):
        self.assertIn("4805 signatures (4805 new)", self.renew("tires", "least 2\n", 0).err)

    def test_one_wrong_among_them_is_found(self):
        before = self.read(self.path("state", "zones", "p.test.zone"))
        self.assertIn("store hsm-b: it made a signature that does not verify", self.renew("tires", "", 69).err)
        self.assertEqual(self.read(self.path("state", "zones", "p.test.zone")), before)


class Least(Faults):
    more = "least 2\n"

    def carried_by_others(self, fault):
        self.fault(fault)
        self.z("sign", "nl.test", "--force", "--threads", "3", code=0)
        self.assert_published_is_good()
        self.assertNotEqual(self.injected(), [])

    def test_the_others_go_on_without_one_that_is_pulled_out_in_the_middle(self):
        self.carried_by_others("vanish")

    def test_the_others_go_on_without_one_whose_device_fails(self):
        self.carried_by_others("device")

    def test_a_key_that_cannot_be_made_keeps_no_signature_from_being_renewed(self):
        self.fault("removed")
        serial = self.serial()
        self.now = "2027-02-23T00:00:00Z"  # a ZSK roll is due, and every signature
        done = self.z("run", code=69)
        self.assertIn("zoneseal: nl.test.: new ZSK: ", done.err)
        self.assertIn("store hsm-b: no session: the token was removed", done.err)
        self.assertEqual(self.on_token("a", "-O").count("zoneseal ZSK"), 2)  # both halves of the one in use
        self.assertGreater(self.serial(), serial)
        self.assert_published_is_good()
        self.fault("none")
        self.assertIn("is published", self.z("run", code=0).out + self.z("log", "nl.test").out)
        self.assertEqual(len([key for key in self.json("key", "list", "nl.test")["keys"] if key["role"] == "zsk"]), 2)

    def test_a_pin_that_is_missing_or_open_keeps_no_signature_from_being_renewed(self):
        self.now = "2027-02-23T00:00:00Z"  # a ZSK roll is due, and every signature
        for words in ("PIN file", "chmod 0600"):
            serial = self.serial()
            if words == "PIN file":
                os.remove(self.path("pin-b"))
            else:
                self.write("pin-b", PIN + "b\n", 0o644)
                self.now = "2027-03-12T00:00:00Z"
            done = self.z("run", code=69)
            self.assertIn("zoneseal: nl.test.: new ZSK: ", done.err)
            self.assertIn(words, done.err)
            self.assertGreater(self.serial(), serial)
            self.assert_published_is_good()

    def test_one_that_lies_stops_all_the_same(self):
        self.ended("lie", "it made a signature that does not verify")

    def test_no_pin_is_in_any_message(self):
        for fault in ("removed", "device", "vanish"):
            self.fault(fault)
            done = self.z("doctor")
            self.assertNotIn(PIN, done.out + done.err)


class Patience(Tokens):
    def test_a_patience_that_is_no_number_of_seconds_is_refused(self):
        for text in ("0", "3601", "2m", "-1", ""):
            self.more = f"patience {text}\n"
            self.configure()
            self.refused("patience 1...3600", code=78)


if __name__ == "__main__":
    unittest.main()
