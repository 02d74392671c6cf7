# SPDX-License-Identifier: MIT
"""What key ceremonies refuse, each with words of its own, and that nothing is half done then."""
import base64
import datetime
import hashlib
import os
import re
import sqlite3
import unittest

from ceremony import Ceremonies, POLICY, moment, text_of


def sealed(text):
    """The file with its last line made anew: what an enemy can do as well."""
    body = text[:text.rindex(";; end ")]
    return body + ";; end " + hashlib.sha256(body.encode()).hexdigest() + "\n"


class Refusals(Ceremonies):
    def text(self, path):
        return self.read(path).decode()

    def refuse_request(self, text, words, code=1, name="bad.ksr", **more):
        """The vault says no, and is as it was."""
        before = self.tree(self.vault)
        path = self.write(name, text)
        done = self.k("skr", "sign", "nl.test", "-i", path, "-o", self.path("never.skr"), code=code, **more)
        self.assertIn(words, done.err)
        self.assertFalse(os.path.exists(self.path("never.skr")))
        self.assertEqual(self.tree(self.vault), before)

    def refuse_response(self, text, words, code=1):
        before = self.tree()
        path = self.write("bad.skr", text)
        for verb in ("validate", "import"):
            done = self.z("skr", verb, "nl.test", "-i", path, code=code)
            self.assertIn(words, done.err)
        self.assertEqual(self.tree(), before)


class Requests(Refusals):
    def setUp(self):
        super().setUp()
        self.ksr = self.request()
        self.good = self.text(self.ksr)

    def test_no_bit_of_a_request_can_be_changed(self):
        """One in so many bits by the program (all of them in the unit test)."""
        octets = self.read(self.ksr)
        before = self.tree(self.vault)
        for bit in range(5, 8 * len(octets), 8 * len(octets) // 60):
            broken = bytearray(octets)
            broken[bit // 8] ^= 1 << (bit % 8)
            path = self.write("bit.ksr", bytes(broken))
            done = self.k("skr", "sign", "nl.test", "-i", path, "-o", self.path("never.skr"))
            self.assertIn(done.returncode, (1, 69), f"bit {bit}: {done.err}")
        self.assertEqual(self.tree(self.vault), before)

    def test_each_bad_request_has_its_words(self):
        good = self.good
        first = re.search(r";; proof (\d+) (\S+)", good)
        other = "A" + first[2][1:] if first[2][0] != "A" else "B" + first[2][1:]
        bundles = re.findall(r";; bundle .*\n", good)
        table = [
            ("", "neither a KSR nor an SKR"),
            ("hello\n", "neither a KSR nor an SKR"),
            (good[:len(good) // 2], "cut short"),
            (good[:good.rindex(";; end")], "cut short"),
            (good.replace("\n", "\r\n"), "that this program does not know"),
            (good + "more\n", "something behind the last line"),
            (good.replace(";; number 1", ";; number 2"), "not as it was written"),
            (sealed(good.replace(";; number 1", ";; number 2")), "it is number 2, and number 1 is due"),
            (sealed(good.replace(";; number 1", ";; number 01")), "not written as this form wants it"),
            (sealed(good.replace("zone nl.test.", "zone se.test.")), "it is about another zone"),
            (sealed(good.replace("previous none", "previous " + 64 * "a")), "it is foreign"),
            (sealed(good.replace("emergency no", "emergency yes")), "no proof that its maker holds ZSK"),
            (sealed(good.replace(first[2], other)), "no proof that its maker holds ZSK"),
            (sealed(good.replace(bundles[3], "")), "not written as this form wants it"),
            (sealed(good.replace("\t256 3 13 ", "\t257 3 13 ")), "no ZSK in it: nothing would sign the zone"),
            (sealed(good.replace("\t3600\t", "\t7200\t")), "7200"),
            (sealed(good.replace("DNSKEY\t256", "A\t256")), "a type that no key ceremony is about"),
            (sealed(re.sub(r"(;; proof .*\n)", r"\1\1", good, count=1)), "a proof of a key that is not in it"),
            ("x" * 9000000, "larger than any KSR or SKR"),
            (";; zoneseal-ksr 1\n" + "x" * 9000 + "\n", "a line that is longer than any record"),
            (";; zoneseal-ksr 1\n\0\n", "a zero octet"),
            (";; zoneseal-ksr 9\n", "a version of this form"),
        ]
        for text, words in table:
            with self.subTest(words=words, text=text[:60]):
                self.refuse_request(text, words)

    def test_a_request_is_answered_once_and_the_answer_given_again(self):
        skr = self.answer(self.ksr)
        again = self.k("skr", "sign", "nl.test", "-i", self.ksr, "-o", self.path("again.skr"), code=0)
        self.assertIn("signed before", again.err)
        self.assertEqual(self.read(self.path("again.skr")), self.read(skr))

    def test_a_response_that_was_never_taken_may_be_asked_for_anew(self):
        self.answer(self.ksr)
        self.go(hours=2)
        self.number = 10
        skr = self.answer(self.request())
        self.z("skr", "import", "nl.test", "-i", skr, code=0)
        self.publish()
        self.go(days=70)
        self.answer(self.request())
        self.go(days=1)
        skr = self.answer(self.request())
        self.z("skr", "import", "nl.test", "-i", skr, code=0)
        done = self.k("skr", "sign", "nl.test", "-i", self.ksr, "-o", self.path("never.skr"), code=1)
        self.assertIn("stale", done.err)

    def test_the_ksk_of_a_request_must_be_in_the_keystore(self):
        self.z("skr", "import", "nl.test", "-i", self.answer(self.ksr), code=0)
        self.publish()
        second = self.request()
        with sqlite3.connect(os.path.join(self.vault, "keystore.db")) as database:
            key = database.execute("SELECT locator FROM keys WHERE role = 'KSK'").fetchone()[0]
        os.unlink(os.path.join(self.vault, "keys", key.split(":", 1)[1]))
        done = self.k("skr", "sign", "nl.test", "-i", second, "-o", self.path("never.skr"), code=69)
        self.assertFalse(os.path.exists(self.path("never.skr")))
        self.assertIn(".pem", done.err)

    def test_policy_limits_hold_where_the_ksk_is(self):
        self.write("short.yaml", POLICY.replace("name: tld", "name: short") + "ceremony: {horizon: 60d, period: 20d, alarm: 5d}\n")
        self.k("zone", "set-policy", "nl.test", self.path("short.yaml"), "--yes")
        done = self.k("skr", "sign", "nl.test", "-i", self.ksr, "-o", self.path("never.skr"))
        self.assertEqual(done.returncode, 1, done.err)
        self.assertIn("beyond ceremony.horizon", done.err)

    def test_a_request_that_ended_is_stale(self):
        self.go(days=91)
        self.refuse_request(self.good, "it is stale: it ended at")

    def test_dry_runs_change_nothing(self):
        before, vault = self.tree(), self.tree(self.vault)
        self.z("ksr", "create", "nl.test", "-o", self.path("x"), "--dry-run", code=0)
        self.k("skr", "sign", "nl.test", "-i", self.ksr, "-o", self.path("x"), "--dry-run", code=3)
        self.k("key", "generate", "nl.test", "--ksk", code=0)
        vault = self.tree(self.vault)
        self.k("skr", "sign", "nl.test", "-i", self.ksr, "-o", self.path("x"), "--dry-run", code=0)
        self.assertEqual(self.tree(), before)
        self.assertEqual(self.tree(self.vault), vault)
        self.assertFalse(os.path.exists(self.path("x")))

    def test_each_side_keeps_to_its_own(self):
        self.z("skr", "sign", "nl.test", "-i", self.ksr, "-o", self.path("x"), code=3)
        self.answer(self.ksr)
        self.k("ksr", "create", "nl.test", "-o", self.path("x"), code=3)
        self.assertIn("KSK is kept here", self.k("status", "nl.test", code=0).out)
        self.assertIn("where the KSK is kept", self.k("sign", "nl.test", "-i", self.input, code=69).err)

    def test_show_is_for_people_and_programs(self):
        out = self.z("ksr", "show", "nl.test", "-i", self.ksr, code=0).out
        self.assertIn("Request (KSR) of nl.test.", out)
        self.assertIn("asks for a new KSK", out)
        self.assertEqual(len(self.json("ksr", "show", "nl.test", "-i", self.ksr, code=0)["bundles"]), 9)
        self.z("ksr", "show", "nl.test", "-i", self.path("nothing"), code=66)
        self.z("ksr", "show", "nl.test", code=2)


class Responses(Refusals):
    def setUp(self):
        super().setUp()
        self.skr = self.answer(self.request())
        self.good = self.text(self.skr)

    def test_no_bit_of_a_response_can_be_changed(self):
        octets = self.read(self.skr)
        before = self.tree()
        for bit in range(3, 8 * len(octets), 8 * len(octets) // 60):
            broken = bytearray(octets)
            broken[bit // 8] ^= 1 << (bit % 8)
            path = self.write("bit.skr", bytes(broken))
            done = self.z("skr", "import", "nl.test", "-i", path)
            self.assertIn(done.returncode, (1, 69), f"bit {bit}: {done.err}")
        self.assertEqual(self.tree(), before)

    def test_each_bad_response_has_its_words(self):
        good = self.good
        rrsig = re.search(r"RRSIG\tDNSKEY .* (\S+)\n", good)[1]
        turned = base64.b64encode(bytes([base64.b64decode(rrsig)[0] ^ 1]) + base64.b64decode(rrsig)[1:]).decode()
        seal = re.search(r";; seal \d+ (\S+)\n", good)[1]
        bundles = good.split(";; bundle ")
        table = [
            (good[:len(good) // 2], "cut short"),
            (sealed(good.replace(rrsig, turned)), "is wrong, or of no KSK of the bundle"),
            (sealed(good.replace(seal, seal[:-8] + "AAAAAA==")), "the seal of KSK"),
            (sealed(good[:good.rindex(";; seal")] + ";; end \n"), "no KSK has sealed it"),
            (sealed(";; bundle ".join(bundles[:3] + bundles[4:])), "a gap begins at"),
            (sealed(";; bundle ".join(bundles[:4] + bundles[3:])), "two bundles hold"),
            (sealed(re.sub(r";; request .*", ";; request " + 64 * "a", good)), "it is foreign"),
            (sealed(re.sub(r"zone nl.test.", "zone se.test.", good)), "it is about another zone"),
            (sealed(re.sub(r"(;; bundle \S+ \S+ \S+) \S+", r"\1 2027-12-01T12:00:00Z", good)), "valid until"),
            (sealed(re.sub(r"(;; bundle (\S+) (\S+) \S+) \S+", r"\1 \3", good)), "less than 14d (ceremony.overlap)"),
            (self.text(self.path("1.ksr")), "it is a request (KSR), and a response"),
        ]
        for text, words in table:
            with self.subTest(words=words):
                self.refuse_response(text, words)

    def test_a_response_is_taken_once(self):
        self.z("skr", "import", "nl.test", "-i", self.skr, code=0)
        self.assertNotIn("ceremony", self.z("status", "nl.test", code=0).out.splitlines()[0])
        self.refuse_response(self.good, "it was imported before")

    def test_a_response_to_an_older_request_is_stale(self):
        self.go(hours=1)
        self.request()
        self.refuse_response(self.good, "it is stale: it answers request 1, and a newer request was made at")

    def test_a_response_without_any_request_is_foreign(self):
        database = sqlite3.connect(os.path.join(self.state, "keystore.db"))
        with database:
            database.execute("DELETE FROM ceremonies")
        database.close()
        self.refuse_response(self.good, "it is foreign: no request was ever made here")

    def test_a_response_after_its_end_is_stale(self):
        self.go(days=91)
        self.refuse_response(self.good, "it is stale: it ended at")

    def test_a_policy_without_offline_ksk_takes_none(self):
        self.write("online.yaml", "name: online\n")
        self.z("zone", "add", "other.test", "-i", self.input, "--policy", self.path("online.yaml"), code=0)
        self.z("skr", "import", "other.test", "-i", self.skr, code=3)
        self.z("ksr", "create", "other.test", code=3)

    def test_only_what_is_missing_is_said_where_no_response_came(self):
        done = self.publish(code=69)
        self.assertIn("no SKR was imported yet", done.err)
        self.assertIn("hold the first key ceremony", self.z("status", "nl.test", code=0).out)
        self.z("key", "generate", "nl.test", code=3)


class Life(Ceremonies):
    def test_cds_follow_the_ds_set_that_is_wanted(self):
        self.ceremony()
        self.publish()
        self.assertEqual((self.records("CDS"), self.records("CDNSKEY")), (0, 0))
        self.go(days=2)
        self.publish()
        self.assertEqual((self.records("CDS"), self.records("CDNSKEY")), (1, 1))
        self.assert_published_is_good()

    def test_the_private_half_of_the_ksk_is_nowhere_on_the_signing_side(self):
        self.ceremony()
        self.publish()
        with sqlite3.connect(os.path.join(self.state, "keystore.db")) as database:
            locators = [row[0] for row in database.execute("SELECT locator FROM keys WHERE role = 'KSK'")]
        self.assertTrue(locators and all(row.startswith("offline:") for row in locators))
        names = os.listdir(os.path.join(self.state, "keys"))
        self.assertFalse(any(row.split(":")[1] in name for row in locators for name in names))
        self.assertIn("ok", self.z("doctor").out.lower())

    def test_an_emergency_replaces_the_rest_of_the_response(self):
        self.ceremony()
        self.publish()
        self.go(days=3)
        self.publish()
        old = list(self.keys("zsk"))
        self.z("roll", "start", "nl.test", "--zsk", "--reason", "stolen", code=0)
        self.go(hours=1)
        self.ceremony(verb="emergency")
        for _ in range(12):
            self.publish()
            self.assert_published_is_good()
            self.go(days=1)
        self.assertIn("active", self.keys("zsk").values())
        self.assertGreater(len([tag for tag, state in self.keys("zsk").items() if state in ("active", "retiring", "removed")]), 1)
        self.assertTrue(old)

    def test_a_roll_that_begins_before_its_bundle_is_told_with_the_date_of_that(self):
        self.ceremony()
        self.publish()
        self.go(days=62)
        self.publish()
        skr = self.ceremony("--ksk")
        (new,) = (tag for tag, state in self.keys("ksk").items() if state == "prepared")
        begins = re.search(r"^;; bundle (\S+Z)", self.read(skr).decode(), re.MULTILINE)[1]
        self.z("roll", "start", "nl.test", "--ksk", code=0)
        self.publish()
        minute = f"{begins[:10]} {begins[11:16]}Z"
        status = self.z("status", "nl.test", code=0).out
        self.assertRegex(status, rf"{new} +KSK +prepared .* its bundle, until {minute}")
        self.assertRegex(status, rf"a bundle of a key ceremony that has the DNSKEY of KSK {new}\n +ends +zoneseal, {minute}")
        self.assertRegex(self.z("plan", "nl.test", code=0).out, rf"{minute} .* publishes the DNSKEY of KSK {new}")
        while moment(self.now) < moment(begins) - datetime.timedelta(days=4):
            self.go(days=3)
            self.publish()
        for self.now, count in ((text_of(moment(begins) - datetime.timedelta(seconds=1)), 1), (begins, 2)):
            self.publish()
            self.assertEqual(sum(line.startswith("257 ") for line in self.published_dnskeys()), count)

    def test_a_late_run_keeps_the_old_bundle_while_it_holds(self):
        """Runs stop for weeks; the next one still finds a bundle, or says what is needed."""
        self.ceremony()
        self.publish()
        self.go(days=2)
        self.publish()
        self.go(days=25)
        self.publish()
        self.assert_published_is_good()

    def test_after_the_end_only_an_emergency_helps(self):
        self.ceremony()
        self.publish()
        self.go(days=2)
        self.publish()
        for _ in range(10):
            self.go(days=9)
            self.z("run", "nl.test")
        self.publish(code=69)
        done = self.z("ksr", "create", "nl.test", "-o", self.path("x"), code=3)
        self.assertIn("ksr emergency", done.err)
        self.ceremony(verb="emergency")
        self.publish()
        self.assert_published_is_good()


if __name__ == "__main__":
    unittest.main()
