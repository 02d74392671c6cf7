# SPDX-License-Identifier: MIT
"""A key of a token as a file that only the tokens' own AES key opens, and back into tokens."""
import os
import unittest

from hsm import FAULTY, Tokens

KEK = "11" * 32


class Wrapped(Tokens):
    algorithm = "ECDSAP256SHA256"

    def setUp(self):
        super().setUp()
        self.write("p.yaml", f"name: p\nkeys:\n  algorithm: {self.algorithm}\n  shared: true\n")
        self.z("zone", "set-policy", "nl.test", self.path("p.yaml"), code=0)
        self.stores_of("a", "extractable yes\n")
        self.kek("abc", "kek", KEK)
        self.z("run", code=0)

    def stores_of(self, names, more=""):
        text = "".join(f"store hsm-{name} {self.uri(name)}\n" for name in "abc")
        for role in ("ksk", "zsk"):
            text += f"keys {role} {' '.join('hsm-' + name for name in names)}\n"
        self.configure(text + more)

    def kek(self, names, label, value):
        """What custodians do with their parts: the same AES key in each token."""
        path = self.write("kek", bytes.fromhex(value))
        for name in names:
            self.on_token(name, "--write-object", path, "--type", "secrkey", "--key-type", "AES:32", "--label", label,
                          "--id", "01", "--usage-wrap", "--private")

    def export(self, role, *more, code=0):
        return self.z("key", "export", "nl.test", self.key(role)["fingerprint"], "--format", "wrapped", "-o",
                      self.path("vault"), *(more or ("--under", "kek")), code=code)

    def file(self, role):
        name = [name for name in os.listdir(self.path("vault")) if f"{self.key(role)['tag']:05}.wrapped" in name]
        return self.path("vault", name[0])

    def objects(self, name):
        return [line for line in self.on_token(name, "-O").splitlines() if line.startswith(("Private", "Public"))]

    def lose(self, *roles):
        for role in roles:
            self.destroy("a", self.key(role))


class Returns(Wrapped):
    def goes_out_and_comes_back(self):
        published = self.read(self.output)
        for role in ("ksk", "zsk"):
            self.export(role)
            self.assertEqual(os.stat(self.file(role)).st_mode & 0o777, 0o600)
        tags = {role: self.key(role)["tag"] for role in ("ksk", "zsk")}
        files = [self.file("ksk"), self.file("zsk")]
        # Everything is lost but the published zone, the files and the other tokens.
        self.lose("ksk", "zsk")
        self.state = self.path("state2")
        self.z("init", "--virtual-clock", code=0)
        os.rename(self.path("state", "keys", "stores.conf"), self.path("state2", "keys", "stores.conf"))
        self.write(os.path.join("state2", "keys", "stores.conf"),
                   self.read(self.path("state2", "keys", "stores.conf")).replace(b"ksk hsm-a", b"ksk hsm-b hsm-c")
                   .replace(b"zsk hsm-a", b"zsk hsm-c"), 0o600)
        signed = self.write("signed", published)
        self.output = self.path("state2", "zones", "nl.test.zone")
        args = ("zone", "adopt", "nl.test", *files, "--published", signed, "-i", self.input, "-o", self.output,
                "--policy", self.path("p.yaml"))
        self.z(*args, "--dry-run", code=0)
        self.assertEqual(self.objects("b") + self.objects("c"), [])
        self.z(*args, code=0)
        self.assertEqual({role: (self.key(role)["tag"], self.key(role)["locator"]) for role in tags},
                         {"ksk": (tags["ksk"], "pkcs11:hsm-b,hsm-c"), "zsk": (tags["zsk"], "pkcs11:hsm-c")})
        self.z("run", code=0)
        self.assert_published_is_good()

    def test_p256_comes_back_into_other_tokens(self):
        self.goes_out_and_comes_back()


class Rsa(Returns):
    algorithm = "RSASHA256"


class Refused(Wrapped):
    def test_what_does_not_leave_has_its_words_and_leaves_no_file(self):
        self.kek("a", "twice", "22" * 32)
        self.kek("a", "twice", "33" * 32)
        for more, code, words in ((("--under", "nothing"), 69, "store hsm-a: it has no AES key with that label"),
                                  (("--under", "twice"), 69, "more than one AES key with that label"),
                                  (("--under", "a\nb"), 2, "1 to 63 printable characters"),
                                  (("--yes",), 2, "--under LABEL goes with --format wrapped")):
            with self.subTest(more):
                self.assertIn(words, self.export("zsk", *more, code=code).err)
        self.z("key", "export", "nl.test", self.key("zsk")["fingerprint"], "--format", "pem", "--under", "kek", "-o",
               self.path("vault"), code=2)
        self.stores_of("b")
        self.z("key", "generate", "nl.test", "--zsk", code=0)
        spare = [key for key in self.json("key", "list", "nl.test")["keys"] if key["state"] == "prepared"][0]
        done = self.z("key", "export", "nl.test", spare["fingerprint"], "--format", "wrapped", "--under", "kek", "-o",
                      self.path("vault"), code=69)
        self.assertIn("store hsm-b: it does not give the private key away, even wrapped", done.err)
        self.assertEqual(os.listdir(self.path("vault")), [])

    def test_what_does_not_come_in_has_its_words_and_leaves_nothing(self):
        self.export("zsk")
        text = self.read(self.file("zsk")).decode()
        path = self.path("k.wrapped")
        self.z("zone", "add", "se.test", "-i", self.input, "--policy", self.path("p.yaml"), code=0)

        def refuse(content, words, code=69, **keks):
            self.write("k.wrapped", content)
            before = self.tree()
            objects = self.on_token("b", "-O")
            self.assertIn(words, self.z("key", "import", "se.test", path, "--zsk", code=code).err)
            self.assertEqual(self.tree(), before)
            self.assertEqual(self.on_token("b", "-O"), objects)

        self.stores_of("b")
        for content, words in (("", "it is no wrapped key"), (text[:-9], "changed or cut"),
                               (text.replace("under kek", "under kex"), "changed or cut"),
                               (text.replace("-wrapped 1", "-wrapped 2"), "changed or cut"), (text + "x", "changed or cut"),
                               ("x" * 40000, "it is no wrapped key"), ("a\0b", "it is no wrapped key")):
            with self.subTest(words=words, content=content[:40]):
                refuse(content, words)
        for kind in ("secrkey",):
            self.on_token("b", "--delete-object", "--type", kind, "--label", "kek")
        refuse(text, "store hsm-b: it has no AES key with that label")
        self.kek("b", "kek", "44" * 32)
        refuse(text, "store hsm-b: carrying: it does not take the wrapped key")
        self.on_token("b", "--delete-object", "--type", "secrkey", "--label", "kek")
        self.kek("b", "kek", KEK)
        self.write("q.yaml", "name: q\nkeys:\n  algorithm: RSASHA256\n")
        self.z("zone", "set-policy", "se.test", self.path("q.yaml"), code=0)
        refuse(text, "wants RSASHA256", code=3)
        self.write("r.yaml", "name: r\nkeys:\n  algorithm: ECDSAP256SHA256\n")
        self.z("zone", "set-policy", "se.test", self.path("r.yaml"), code=0)
        refuse(text, "zone nl.test. has or had this very key", code=3)
        self.z("zone", "set-policy", "se.test", self.path("p.yaml"), code=0)
        self.configure("".join(f"store hsm-{name} {self.uri(name)}\n" for name in "abc"))
        refuse(text, "names no store that takes a ZSK")


class Faults(Wrapped):
    modules = {"b": FAULTY}

    def test_a_key_that_cannot_be_proved_is_destroyed_again(self):
        self.export("zsk")
        path = self.file("zsk")
        self.lose("zsk")
        self.stores_of("cb")
        self.z("zone", "add", "se.test", "-i", self.input, "--policy", self.path("p.yaml"), code=0)
        self.fault("device")
        self.assertIn("store hsm-b", self.z("key", "import", "se.test", path, "--zsk", code=69).err)
        self.fault("none")
        self.assertEqual(self.objects("b") + self.objects("c"), [])


if __name__ == "__main__":
    unittest.main()
