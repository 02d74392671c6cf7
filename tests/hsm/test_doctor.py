# SPDX-License-Identifier: MIT
"""What is wrong with a token, in words; and where a PIN may come from."""
import glob
import json
import os
import subprocess
import unittest

from hsm import FAULTY, PIN, Tokens
from zs import ZONESEAL

PEM_RSA = ("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out")
PEM_EC = ("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out")


class Doctored(Tokens):
    modules = {"b": FAULTY}

    def rows(self, code, *args):
        done = self.z("key", "doctor", *args, "--json", code=code)
        self.assertNotIn(PIN, done.out + done.err)
        return [(row["what"], row["result"], row["detail"]) for row in json.loads(done.out)["rows"]]

    def finds(self, store, *words, result="FAIL", code=1):
        """One finding of the store has all of these words; the other stores have none but good ones."""
        rows = self.rows(code)
        found = [row for row in rows if row[0] == store and row[1] == result and all(word in row[2] for word in words)]
        self.assertEqual(len(found), 1, rows)
        self.assertEqual({row[1] for row in rows if row[0] != store}, {"ok"}, rows)
        self.assertIn(words[0], self.z("doctor", code=code).out)


class Healthy(Doctored):
    def test_what_is_good_is_said(self):
        self.z("run", code=0)
        done = self.z("key", "doctor", code=0)
        for words in ("module: /usr/lib/softhsm/libsofthsm2.so: SoftHSM", "version 2.", 'token: "zs-a", serial ',
                      "is readable by its owner alone, and right", "it signs RSASHA256", "ECDSAP256SHA256",
                      "2 of 2 keys of this keystore are here, each once and with the right public key; 2 private keys"):
            self.assertIn(words, done.out)
        self.assertEqual({row[0] for row in self.rows(0, "hsm-c")}, {"hsm-c"})
        self.assertIn("names no store hsm-x", self.z("key", "doctor", "hsm-x", code=66).err)

    def test_it_works_before_there_is_any_key(self):
        self.assertIn("0 of 0 keys of this keystore", self.z("key", "doctor", code=0).out)

    def test_without_tokens_it_says_so(self):
        os.remove(self.path("state", "keys", "stores.conf"))
        self.assertIn("all in files", self.z("key", "doctor", code=0).out)

    def test_a_configuration_that_is_wrong_is_a_finding(self):
        self.configure("store hsm-a nonsense\n")
        self.assertIn("stores.conf:1: it is no URI of a token", self.z("key", "doctor", code=1).out)


class Findings(Doctored):
    def test_an_unknown_module(self):
        self.modules = {"b": "/nonexistent/module.so"}
        self.configure()
        self.finds("hsm-b", "module: store hsm-b: module /nonexistent/module.so cannot be loaded", "ls -l /nonexistent",
                   "softhsm2")

    def test_a_library_that_is_no_module(self):
        self.modules = {"b": glob.glob("/usr/lib/*/libp11-kit.so.0")[0]}
        self.configure()
        self.finds("hsm-b", "module: store hsm-b: module /usr/lib", "cannot be loaded")

    def test_a_token_that_is_not_there_and_those_that_are(self):
        self.configure("".join(f"store hsm-{name} {self.uri(name)}\n" for name in "ac") +
                       "store hsm-b " + self.uri("b").replace("zs-b", "zs-x") + "\n")
        self.finds("hsm-b", "token: store hsm-b: none of the", '"zs-a"', "softhsm2-util --show-slots")

    def test_a_wrong_pin_is_given_once_and_never_while_few_tries_are_left(self):
        self.z("run", code=0)
        self.write("pin-b", "wrong-pin\n", 0o600)
        logins = self.path("fault.logins")
        os.remove(logins)
        out = self.z("doctor", code=1).out
        self.assertIn("PIN: store hsm-b: the token refuses the PIN", out)
        self.assertIn("mind that it locks after a few wrong ones", out)
        self.assertNotIn("wrong-pin", out)
        self.assertEqual(self.read(logins).count(b"login"), 1)
        self.finds("hsm-b", "few tries are left; log in by hand once with the right one")
        self.assertEqual(self.read(logins).count(b"login"), 1)
        self.write("pin-b", PIN + "b\n", 0o600)
        self.on_token("b", "-O")
        self.z("key", "doctor", code=0)

    def test_a_pin_that_others_may_read(self):
        self.write("pin-b", PIN + "b\n", 0o644)
        self.finds("hsm-b", "PIN: PIN file", "chmod 0600")

    def test_a_pin_that_is_missing(self):
        os.remove(self.path("pin-b"))
        self.finds("hsm-b", "PIN: PIN file", "No such file")

    def test_a_session_whose_state_is_not_told(self):
        self.fault("stateless")
        self.finds("hsm-b", "PIN: ", "was taken, and the session is not logged in")

    def test_a_removed_token_a_crowded_one_and_one_that_is_full(self):
        self.fault("removed")
        self.finds("hsm-b", "session: store hsm-b: no session: the token was removed")
        self.fault("crowded")
        self.finds("hsm-b", "session: all 16 sessions of the token are in use")
        self.fault("full")
        self.finds("hsm-b", "room: the token is full: 0 of 65536 octets are free", "zoneseal key purge")

    def test_a_token_that_cannot_sign_with_the_algorithm_of_its_keys(self):
        self.z("run", code=0)
        self.fault("mute")
        rows = self.rows(1)
        texts = [row[2] for row in rows if row[1] == "FAIL"]
        self.assertTrue(any("it does not sign ECDSAP256SHA256, which keys in it are for" in text for text in texts), rows)
        self.assertTrue(any("keys cannot be carried to or from it" in text for text in texts), rows)

    def test_attributes_that_a_key_should_not_have(self):
        self.z("run", code=0)
        self.fault("naked")
        texts = [row[1:] for row in self.rows(1) if row[1] != "ok"]
        self.assertEqual(sum("CKA_SIGN is not set, so it signs nothing" in text for _, text in texts), 2)
        self.assertEqual(sum("can read the private key in the clear" in text for grade, text in texts if grade == "WARN"),
                         2)


class Keys(Doctored):
    def setUp(self):
        super().setUp()
        self.z("run", code=0)

    def finds_one_key(self, *words):
        rows = self.rows(1, "hsm-c")
        self.assertEqual(len([row for row in rows if row[1] == "FAIL" and all(word in row[2] for word in words)]), 1, rows)
        self.assertIn("1 of 2 keys of this keystore are here", rows[-1][2])

    def test_a_key_that_is_missing(self):
        self.destroy("c", self.key("zsk"))
        self.finds_one_key("it has no private key with the CKA_ID of ZSK", "restore the token from its backup")

    def test_two_keys_under_one_id(self):
        self.tool(*PEM_EC, self.path("k"))
        self.put("c", self.path("k"), self.key("zsk"), "--force")
        self.finds_one_key("two private keys have the CKA_ID of ZSK")

    def test_a_key_of_another_kind(self):
        self.destroy("c", self.key("zsk"))
        self.tool(*PEM_RSA, self.path("k"))
        self.put("c", self.path("k"), self.key("zsk"))
        self.finds_one_key("is a key of another kind")

    def test_another_key_of_the_same_kind(self):
        self.destroy("c", self.key("zsk"))
        self.tool(*PEM_EC, self.path("k"))
        self.put("c", self.path("k"), self.key("zsk"))
        self.finds_one_key("another public key stands under its CKA_ID", "made anew here, not copied")

    def test_two_keys_with_one_label(self):
        for number in "12":
            self.tool(*PEM_EC, self.path("k"))
            self.put("c", self.path("k"), {"fingerprint": "aa" + number * 2})
        rows = self.rows(0, "hsm-c")
        self.assertEqual([row[1] for row in rows if 'two private keys are labelled "zsk"' in row[2]], ["WARN"])
        self.assertIn("2 of 2 keys of this keystore are here", rows[-1][2])
        self.assertIn("4 private keys in all", rows[-1][2])


class PinSources(Tokens):
    stores = "a"
    credentials = None

    def environment(self):
        more = {} if self.credentials is None else {"CREDENTIALS_DIRECTORY": self.credentials}
        return {**super().environment(), **more}

    def source(self, text):
        self.configure("store hsm-a " + self.uri("a").replace("file:" + self.path("pin-a"), text) +
                       "\nkeys ksk hsm-a\nkeys zsk hsm-a\n")

    def test_a_credential_of_systemd(self):
        self.source("credential:hsm-a.pin")
        self.refused("systemd's credential hsm-a.pin, and $CREDENTIALS_DIRECTORY is not set", "LoadCredential=hsm-a.pin:")
        os.mkdir(self.path("credentials"), 0o700)
        self.credentials = self.path("credentials")
        self.refused("PIN credential", "No such file")
        self.write(os.path.join("credentials", "hsm-a.pin"), PIN + "a\n", 0o400)
        self.z("run", code=0)
        self.assert_published_is_good()

    def test_a_descriptor_serves_several_zones(self):
        self.source("fd:3")
        self.refused("PIN from descriptor 3: it was not handed over open", "zoneseal run 3< FILE")
        self.z("zone", "add", "other.test", "-i", self.write("other", self.read(self.input).decode().replace("nl.test", "other.test")),
               "--policy", self.path("p.yaml"), code=0)
        for kind in ("file", "pipe"):
            with self.subTest(kind):
                if kind == "file":
                    descriptor = os.open(self.path("pin-a"), os.O_RDONLY)
                else:
                    descriptor, end = os.pipe()
                    os.write(end, (PIN + "a\n").encode())
                    os.close(end)
                done = self.run_with(descriptor, "run" if kind == "file" else "key", *([] if kind == "file" else ["test"]))
                os.close(descriptor)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout.count(b"proven"), 4)
        self.assert_published_is_good()

    def run_with(self, descriptor, *args):
        argv = ["/bin/bash", "-c", f'exec "$@" 3<&{descriptor}', "bash", ZONESEAL, *args, "--now", self.now]
        return subprocess.run(argv, capture_output=True, env=self.environment(), pass_fds=[descriptor], timeout=120,
                              check=False)

    def test_an_empty_descriptor_and_words_that_are_no_source(self):
        self.source("fd:3")
        descriptor, end = os.pipe()
        os.close(end)
        done = self.run_with(descriptor, "run")
        os.close(descriptor)
        self.assertEqual(done.returncode, 69, done.stderr)
        self.assertIn(b"PIN from descriptor 3: it is empty", done.stderr)
        for text in ("fd:1", "fd:x", "fd:", "credential:", "credential:../x", "credential:.x", "pin:1234", "|cat"):
            self.source(text)
            self.refused("the URI needs pin-source=", code=78)


if __name__ == "__main__":
    unittest.main()
