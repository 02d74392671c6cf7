# SPDX-License-Identifier: MIT
"""What was proved of keys is on file, in words, and warned about; and can be asked for."""
import json
import os
import sqlite3
import unittest

from hsm import FAULTY, Tokens

T0 = "2026-11-24T12:00:00Z"


class OnFile(Tokens):
    modules = {"b": FAULTY}
    more = "least 2\n"

    def proofs(self, role="zsk"):
        return {row["store"]: row for row in self.key(role)["proofs"]}

    def rows(self):
        with sqlite3.connect(self.path("state", "keystore.db")) as database:
            return database.execute("SELECT * FROM proofs ORDER BY key, store").fetchall()

    def audit(self, what):
        return [row for row in self.z("audit", "export", "nl.test", code=0).out.splitlines() if what in row]

    def test_a_proof_is_on_file_for_each_key_and_store(self):
        self.z("run", code=0)
        for role in ("ksk", "zsk"):
            proofs = self.proofs(role)
            self.assertEqual(sorted(proofs), ["hsm-a", "hsm-b", "hsm-c"])
            for row in proofs.values():
                self.assertEqual((row["result"], row["message"]), ("proven", None))
                self.assertEqual(row["shown"], ["public key", "tag", "challenge", "RRset"])
        key = self.key("zsk")
        self.assertIn("proof        proven on 3/3 stores", self.z("key", "show", "nl.test", str(key["tag"]), code=0).out)
        self.assertIn("Proofs     2 keys proven on each store", self.z("status", "nl.test", code=0).out)
        self.assertEqual(len(self.audit("key proven")), 6)

    def test_a_run_that_has_nothing_to_do_proves_again_after_an_hour_and_writes_nothing_before(self):
        self.z("run", code=0, now=T0)
        before = self.rows()
        self.z("run", code=0, now="2026-11-24T12:59:00Z")
        self.assertEqual(self.rows(), before)
        self.z("run", code=0, now="2026-11-24T13:01:00Z")
        self.assertNotEqual(self.rows(), before)
        self.assertEqual(len(self.audit("key proven")), 6)
        # A store that breaks between two signings is found by such a run.
        self.fault("removed")
        done = self.z("run", code=0, now="2026-11-24T14:02:00Z")
        self.assertIn("warning: signing goes on without a store", done.err)
        self.assertIn("store hsm-b: no session: the token was removed", done.err)

    def test_a_store_that_is_left_out_is_told_of_until_it_is_back(self):
        self.z("run", code=0, now=T0)
        self.fault("removed")
        done = self.z("sign", "nl.test", "--force", "--json", code=0, now="2026-11-24T12:10:00Z")
        self.assertIn("store hsm-b: no session: the token was removed", done.err)
        self.assertIn("store hsm-b", json.loads(done.out)["left_out"][0])
        row = self.proofs()["hsm-b"]
        self.assertEqual(row["result"], "failed")
        self.assertEqual(row["since"], "2026-11-24T12:10:00Z")
        self.assertEqual(row["proven"], T0)
        metrics = self.z("metrics", code=0, now="2026-11-24T12:11:00Z").out
        self.assertIn('zoneseal_action_required{zone="nl.test",action="key_doctor",', metrics)
        out = self.z("status", "nl.test", code=0, now="2026-11-24T12:11:00Z").out
        self.assertIn("WARNING: signing goes on without the store hsm-b", out)
        self.assertIn("NOT proven on hsm-b since 2026-11-24 12:10Z", out)
        check = self.z("check", code=1, now="2026-11-24T12:11:00Z").out
        self.assertIn("WARNING - nl.test.: WARNING: signing goes on without the store hsm-b", check)
        self.assertEqual(len(self.audit("proof FAILED")), 2)
        self.z("sign", "nl.test", "--force", code=0, now="2026-11-24T12:12:00Z")
        self.assertEqual(len(self.audit("proof FAILED")), 2)
        self.fault("none")
        self.z("run", code=0, now="2026-11-24T12:20:00Z")
        self.assertEqual(len(self.audit("key proven")), 8)
        self.z("check", code=0, now="2026-11-24T12:21:00Z")
        self.assertIn("proven on each store", self.z("status", "nl.test", code=0, now="2026-11-24T12:21:00Z").out)

    def test_a_proof_that_is_old_is_warned_about(self):
        self.z("run", code=0, now=T0)
        self.z("check", code=0, now="2026-11-25T11:00:00Z")
        self.assertIn("last proven more than a day ago", self.z("check", code=1, now="2026-11-25T13:00:00Z").out)

    def test_a_run_that_fails_writes_down_why(self):
        self.z("run", code=0)
        self.destroy("c", self.key("zsk"))
        self.more = ""
        self.configure()
        self.refused("store hsm-c: it has no private key with the CKA_ID of ZSK")
        row = self.proofs()["hsm-c"]
        self.assertEqual((row["result"], row["shown"]), ("failed", []))
        self.assertIn("it has no private key", row["message"])


class Activation(Tokens):
    """Two of three stores are enough for signatures, and not for a key that begins to sign."""
    modules = {"b": FAULTY}
    more = "least 1\n"

    def signing(self):
        return [key["tag"] for key in self.json("key", "list", "nl.test")["keys"] if key["signs_zone"]]

    def test_a_key_begins_to_sign_when_all_of_its_stores_have_proven_it(self):
        for when in (T0, "2026-11-28T12:00:00Z", "2026-12-10T12:00:00Z", "2026-12-20T12:00:00Z"):
            self.z("run", code=0, now=when)
        self.z("roll", "start", "nl.test", "--zsk", "--yes", code=0, now="2026-12-20T12:00:00Z")
        new = [key for key in self.json("key", "list", "nl.test")["keys"] if key["state"] == "prepared"]
        self.assertEqual([[row["result"] for row in key["proofs"]] for key in new], [["proven"] * 3])
        self.z("run", code=0, now="2026-12-20T12:00:00Z")
        before = self.signing()
        self.fault("removed")
        done = self.z("run", code=69, now="2026-12-25T12:00:00Z")
        self.assertIn("no key of the zone moves", done.err)
        self.assertIn("store hsm-b: no session: the token was removed", done.err)
        self.assertEqual(self.signing(), before)
        self.assert_published_is_good(now="2026-12-25T12:00:00Z")
        self.assertIn("NOT proven on hsm-b", self.z("status", "nl.test", code=0, now="2026-12-25T12:00:00Z").out)
        self.fault("none")
        self.z("run", code=0, now="2026-12-25T13:00:00Z")
        self.assertNotEqual(self.signing(), before)
        self.assert_published_is_good(now="2026-12-25T13:00:00Z")


class Wears(Tokens):
    modules = {"b": FAULTY}
    more = "least 2\n"
    stores = "bac"

    def test_a_store_that_fails_while_the_zone_is_signed_is_told_of(self):
        self.z("run", code=0)
        self.fault("wears")
        done = self.z("sign", "nl.test", "--force", "--threads", "1", code=0)
        self.assertIn("store hsm-b: signing failed: the device reports an error", done.err)
        self.assertEqual([[row["result"] for row in self.key(role)["proofs"] if row["store"] == "hsm-b"]
                          for role in ("ksk", "zsk")], [["proven"], ["failed"]])
        self.assert_published_is_good()


class Test(Tokens):
    modules = {"b": FAULTY}
    more = "least 1\n"

    def results(self, code, *args):
        done = self.z("key", "test", *args, "--json", code=code)
        return {(row["role"], row["store"]): row for row in json.loads(done.out)["proofs"]}

    def test_all_keys_are_proved_on_all_stores(self):
        self.z("run", code=0)
        self.z("hold", "nl.test", "--reason", "holiday", code=0)
        self.z("key", "generate", "nl.test", "--zsk", code=0)
        before = [{name: value for name, value in key.items() if name != "proofs"}
                  for key in self.json("key", "list", "nl.test")["keys"]]
        done = self.z("key", "test", code=0)
        self.assertEqual(done.out.count("proven"), 9)
        self.assertIn("public key, tag, challenge, RRset", done.out)
        self.assertIn("all 9 proofs are good", done.err)
        after = [{name: value for name, value in key.items() if name != "proofs"}
                 for key in self.json("key", "list", "nl.test")["keys"]]
        self.assertEqual(after, before)

    def test_one_that_fails_is_named_and_the_others_are_looked_at(self):
        self.z("run", code=0)
        self.destroy("a", self.key("zsk"))
        self.fault("device")
        rows = self.results(69)
        self.assertEqual({what for what, row in rows.items() if row["result"] == "failed"},
                         {("zsk", "hsm-a"), ("zsk", "hsm-b"), ("ksk", "hsm-b")})
        self.assertIn("it has no private key", rows["zsk", "hsm-a"]["message"])
        self.assertEqual(rows["ksk", "hsm-b"]["shown"], ["public key", "tag"])
        done = self.z("key", "test", "nl.test", code=69)
        self.assertIn("FAILED  public key, tag; store hsm-b: signing failed: the device reports an error", done.out)
        self.assertIn("3 of 6 proofs FAILED", done.err)
        # And what was found is on file.
        self.assertIn("NOT proven on hsm-a", self.z("status", "nl.test", code=0).out)

    def test_one_key_can_be_asked_for(self):
        self.z("run", code=0)
        tag = str(self.key("ksk")["tag"])
        self.assertEqual(sorted(self.results(0, "nl.test", "--key", tag)),
                         [("ksk", "hsm-a"), ("ksk", "hsm-b"), ("ksk", "hsm-c")])
        self.z("key", "test", "nl.test", "--key", "99999999", code=66)

    def test_a_store_that_the_configuration_forgot_is_an_outcome(self):
        self.z("run", code=0)
        self.configure("store hsm-a " + self.uri("a") + "\nkeys ksk hsm-a\n")
        rows = self.results(69)
        self.assertEqual({row["result"] for row in rows.values()}, {"failed"})
        self.assertIn("is in the store hsm-b, which", rows["ksk", "hsm-a"]["message"])

    def test_a_dry_run_writes_nothing(self):
        self.z("run", code=0)
        self.fault("device")
        self.z("key", "test", "--dry-run", code=69)
        self.assertEqual({row["result"] for row in self.key("zsk")["proofs"]}, {"proven"})


class Files(Tokens):
    """Keys in the software store have proofs too."""

    def configure(self, text=None):
        pass

    def test_a_key_file_is_proved_and_a_missing_one_fails(self):
        self.z("run", code=0)
        rows = json.loads(self.z("key", "test", "--json", code=0).out)["proofs"]
        self.assertEqual([row["store"] for row in rows], ["files", "files"])
        self.assertEqual({tuple(row["shown"]) for row in rows}, {("public key", "tag", "challenge", "RRset")})
        os.remove(self.path("state", "keys", self.key("zsk")["locator"][5:]))
        done = self.z("key", "test", code=69)
        self.assertIn("FAILED  nothing; ", done.out)
        self.assertIn("the file is missing", done.out)


if __name__ == "__main__":
    unittest.main()
