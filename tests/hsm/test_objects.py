# SPDX-License-Identifier: MIT
"""Keys that others made in tokens, taken where they are."""
import os
import sys
import unittest

from hsm import PIN, SOFTHSM, Tokens

EC = ("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out")


FORBID = """
import ctypes, sys
lib = ctypes.CDLL(sys.argv[1])
long, at = ctypes.c_ulong, ctypes.byref

class Attribute(ctypes.Structure):
    _fields_ = [("type", long), ("value", ctypes.c_void_p), ("size", long)]

def attribute(kind, value):
    room = ctypes.create_string_buffer(value, len(value))
    return Attribute(kind, ctypes.cast(room, ctypes.c_void_p), len(value)), room

def check(rv):
    assert rv == 0, hex(rv)

slots, count, session, info = (long * 16)(), long(16), long(), ctypes.create_string_buffer(512)
check(lib.C_Initialize(None))
check(lib.C_GetSlotList(ctypes.c_ubyte(1), slots, at(count)))
for slot in slots[:count.value]:
    check(lib.C_GetTokenInfo(long(slot), info))
    if info.raw[:32].decode().rstrip() == sys.argv[2]:
        break
check(lib.C_OpenSession(long(slot), long(6), None, None, at(session)))
check(lib.C_Login(session, long(1), sys.argv[3].encode(), long(len(sys.argv[3]))))
private, keep = attribute(0, ctypes.string_at(at(long(3)), ctypes.sizeof(long)))
label, kept = attribute(3, sys.argv[4].encode())
wanted, found, have = (Attribute * 2)(private, label), long(), long()
check(lib.C_FindObjectsInit(session, wanted, long(2)))
check(lib.C_FindObjects(session, at(found), long(1), at(have)))
check(lib.C_FindObjectsFinal(session))
no, last = attribute(0x108, bytes(1))
check(lib.C_SetAttributeValue(session, found, at(no), long(1)))
"""


class Objects(Tokens):
    def setUp(self):
        super().setUp()
        self.configure("".join(f"store hsm-{name} {self.uri(name)}\n" for name in "abc"))
        self.z("run", code=0)

    def make(self, name, label, number, kind="EC:prime256v1", *more):
        self.on_token(name, "--keypairgen", "--key-type", kind, "--label", label, "--id", number, *more)

    def bring(self, name, path, label, number):
        self.tool("softhsm2-util", "--import", path, "--token", f"zs-{name}", "--label", label, "--id", number, "--pin",
                  PIN + name)

    def forbid_signing(self, name, label):
        """pkcs11-tool cannot: C_SetAttributeValue of CKA_SIGN, in a process of its own."""
        script = self.write("forbid.py", FORBID)
        self.tool(sys.executable, script, SOFTHSM, f"zs-{name}", PIN + name, label.decode())

    def take(self, uri, *argv, code=0):
        return self.z("key", "import", "nl.test", uri, *(argv or ("--zsk",)), code=code)

    def spare(self):
        return [key for key in self.json("key", "list", "nl.test")["keys"] if key["state"] == "prepared"][0]

    def refused_import(self, uri, *words, argv=(), code=69):
        before = self.tree()
        done = self.take(uri, *argv, code=code)
        for word in words:
            self.assertIn(word, done.err)
        self.assertNotIn(PIN, done.err)
        self.assertEqual(self.tree(), before)


class Taken(Objects):
    def test_a_key_of_a_token_is_rolled_to_and_signs(self):
        self.make("a", "zsk-2026", "a1")
        self.assertIn("would take ZSK", self.take("pkcs11:token=zs-a;object=zsk-2026", "--zsk", "--dry-run").err)
        self.take("pkcs11:token=zs-a;object=zsk-2026")
        key = self.spare()
        self.assertEqual(key["locator"], "pkcs11:hsm-a#a1")
        self.now = "2026-11-30T12:00:00Z"
        self.z("run", code=0)
        self.z("roll", "start", "nl.test", "--zsk", code=0)
        for day in range(1, 29):
            self.now = f"2026-12-{day:02}T12:00:00Z"
            self.z("run", code=0)
            self.assert_published_is_good()
        now = {key["tag"]: key["state"] for key in self.json("key", "list", "nl.test")["keys"]}
        self.assertEqual(now[key["tag"]], "active")
        self.z("doctor", code=0)
        self.z("audit", "replay", code=0)

    def test_the_id_alone_names_it_and_an_rsa_key_needs_no_public_object(self):
        self.write("rsa.yaml", "name: rsa\nkeys:\n  algorithm: RSASHA256\n")
        self.z("zone", "add", "se.test", "-i", self.input, "--policy", self.path("rsa.yaml"), code=0)
        self.make("b", "old signer", "0102ff", "rsa:2048")
        self.on_token("b", "--delete-object", "--type", "pubkey", "--id", "0102ff")
        self.z("key", "import", "se.test", "pkcs11:id=%01%02%FF", "--zsk", code=0)
        key = self.json("key", "list", "se.test")["keys"][0]
        self.assertEqual(key["locator"], "pkcs11:hsm-b#0102ff")
        self.z("key", "move", "se.test", "--all", "--to", "hsm-b", code=0)

    def test_the_same_key_in_two_tokens_is_taken_from_both(self):
        self.tool(*EC, self.path("k"))
        self.bring("a", self.path("k"), "zsk", "0a")
        self.bring("c", self.path("k"), "zsk", "0c")
        self.take("pkcs11:object=zsk")
        self.assertEqual(self.spare()["locator"], "pkcs11:hsm-a#0a,hsm-c#0c")
        self.z("doctor", code=0)

    def test_it_moves_on_and_leaves_and_nothing_else_does(self):
        self.make("a", "zsk", "0a", "EC:prime256v1", "--extractable")
        self.make("a", "another", "0b")
        self.take("pkcs11:object=zsk")
        key = self.spare()
        self.z("key", "move", "nl.test", key["fingerprint"], "--to", "hsm-b", "--remove-source", "--yes", code=0)
        self.assertEqual(self.spare()["locator"], "pkcs11:hsm-b")
        self.assertNotIn("zsk", self.on_token("a", "-O"))
        self.assertIn("another", self.on_token("a", "-O"))

    def test_a_purge_destroys_it_but_never_another_that_took_its_id(self):
        self.make("a", "zsk", "0a")
        self.take("pkcs11:object=zsk")
        key = self.spare()
        for kind in ("privkey", "pubkey"):
            self.on_token("a", "--delete-object", "--type", kind, "--id", "0a")
        self.make("a", "new", "0a")
        done = self.z("key", "purge", "nl.test", key["fingerprint"], "--yes", code=69, now="2027-03-01T00:00:00Z")
        self.assertIn("is another key; nothing is destroyed there", done.err)
        self.assertIn("new", self.on_token("a", "-O"))
        for kind in ("privkey", "pubkey"):
            self.on_token("a", "--delete-object", "--type", kind, "--id", "0a")
        self.z("key", "purge", "nl.test", key["fingerprint"], "--yes", code=0, now="2027-03-01T00:00:00Z")


class Refused(Objects):
    def test_each_bad_uri_has_its_words(self):
        for uri, words in (("pkcs11:", "neither object= (a label) nor id="),
                           ("pkcs11:token=zs-a", "neither object= (a label) nor id="),
                           ("pkcs11:object=%zz", "it is no URI of an object"),
                           ("pkcs11:object=x;colour=red", "it is no URI of an object"),
                           ("pkcs11:object=x;type=public", "names no private key"),
                           ("pkcs11:object=x?pin-value=1234", "module and PIN stand in keys/stores.conf"),
                           ("pkcs11:object=x?module-path=/m.so", "module and PIN stand in keys/stores.conf")):
            with self.subTest(uri):
                self.refused_import(uri, words, code=2)

    def test_a_pin_in_a_uri_is_shown_to_nobody(self):
        pin = "sesame-4711"
        for uri in (f"pkcs11:object=x?pin-value={pin}", f"pkcs11:object=x?module-path=/m.so&pin-value={pin}",
                    f"pkcs11:object=x;pin-value={pin}", f"pkcs11:object=x;colour=red?pin-value={pin}"):
            with self.subTest(uri):
                for argv in (("--zsk",), ("--zsk", "--dry-run"), ("--public-only",)):
                    done = self.take(uri, *argv, code=2)
                    self.assertNotIn(pin, done.out + done.err)
        for folder, _, names in os.walk(self.path("state")):
            for name in names:
                self.assertNotIn(pin.encode(), self.read(os.path.join(folder, name)))

    def test_each_bad_object_has_its_words(self):
        self.make("a", "rsa", "01", "rsa:2048")
        self.make("a", "p384", "02", "EC:secp384r1")
        self.make("a", "twice", "03")
        self.make("a", "twice", "04")
        self.make("a", "blind", "05")
        self.on_token("a", "--delete-object", "--type", "pubkey", "--id", "05")
        self.make("a", "derives", "06")
        self.forbid_signing("a", b"derives")
        self.make("a", "one", "07")
        self.make("a", "other", "08")
        self.on_token("a", "--type", "privkey", "--id", "08", "--set-id", "07", "-y", "privkey", "--label", "other")
        for uri, words in (("pkcs11:object=nothing", "no store of"),
                           ("pkcs11:token=zs-b;object=one", "no store of"),
                           ("pkcs11:token=zs-x;object=one", "no store of"),
                           ("pkcs11:object=rsa", "store hsm-a: that object is a key of another kind"),
                           ("pkcs11:object=p384", "store hsm-a: that key is on another curve"),
                           ("pkcs11:object=twice", "store hsm-a: the URI fits 2 private keys"),
                           ("pkcs11:object=blind", "has no public half"),
                           ("pkcs11:object=derives", "may not sign"),
                           ("pkcs11:object=one", "another private key has its CKA_ID 07 too")):
            with self.subTest(uri):
                self.refused_import(uri, words)
        self.take("pkcs11:object=twice;id=%03")
        self.refused_import("pkcs11:id=%03", "the zone has or had this very key", code=3)

    def test_a_private_half_that_is_not_the_public_ones_is_found_by_the_challenge(self):
        self.make("a", "zsk", "0a")
        self.make("a", "other", "0b")
        self.on_token("a", "--delete-object", "--type", "pubkey", "--id", "0a")
        self.on_token("a", "--delete-object", "--type", "privkey", "--id", "0b")
        self.on_token("a", "--type", "pubkey", "--id", "0b", "--set-id", "0a")
        self.refused_import("pkcs11:object=zsk", "does not verify under the public key")

    def test_two_keys_of_one_label_in_two_tokens_are_not_one(self):
        self.make("a", "zsk", "01")
        self.make("b", "zsk", "01")
        self.refused_import("pkcs11:object=zsk", "store hsm-b: that object is another key than ZSK")
        self.take("pkcs11:object=zsk;token=zs-b")

    def test_without_stores_conf_there_is_no_way_to_the_token(self):
        os.unlink(self.path("state", "keys", "stores.conf"))
        self.refused_import("pkcs11:object=zsk", "no keys/stores.conf")


class Adopted(Objects):
    def test_a_signed_zone_is_adopted_with_its_keys_where_they_are(self):
        self.z("key", "export", "nl.test", self.key("ksk")["fingerprint"], "--format", "pem", "-o", self.path("out"),
               "--yes", code=0)
        self.z("key", "export", "nl.test", self.key("zsk")["fingerprint"], "--format", "pem", "-o", self.path("out"),
               "--yes", code=0)
        for key in ("ksk", "zsk"):
            file = [name for name in os.listdir(self.path("out")) if name.endswith(f"+{self.key(key)['tag']:05}.pem")]
            self.bring("c", self.path("out", file[0]), f"ods-{key}", "aa" if key == "ksk" else "bb")
        published = self.write("signed", self.read(self.output))
        stores = self.read(self.path("state", "keys", "stores.conf"))
        tags = {role: self.key(role)["tag"] for role in ("ksk", "zsk")}
        self.state = self.path("state2")
        self.z("init", "--virtual-clock", code=0)
        self.write(os.path.join("state2", "keys", "stores.conf"), stores, 0o600)
        self.output = self.path("state2", "zones", "nl.test.zone")
        args = ("zone", "adopt", "nl.test", "pkcs11:token=zs-c;object=ods-ksk", "pkcs11:token=zs-c;object=ods-zsk",
                "--published", published, "-i", self.input, "-o", self.output, "--policy", self.path("p.yaml"))
        before = self.tree()
        self.z(*args, "--dry-run", code=0)
        self.assertEqual(self.tree(), before)
        self.z(*args[:4], *args[5:], code=69)
        done = self.z(*args[:3], "pkcs11:object=x?pin-value=sesame-4711", *args[5:], code=69)
        self.assertIn("; last: pkcs11:object=x: module and PIN stand in keys/stores.conf", done.err)
        self.assertNotIn("sesame", done.out + done.err)
        self.z(*args, code=0)
        self.assertEqual({role: (self.key(role)["tag"], self.key(role)["locator"]) for role in ("ksk", "zsk")},
                         {"ksk": (tags["ksk"], "pkcs11:hsm-c#aa"), "zsk": (tags["zsk"], "pkcs11:hsm-c#bb")})
        self.z("run", code=0)
        self.assert_published_is_good()
        self.assertEqual([name for name in os.listdir(self.path("state2", "keys")) if name.endswith(".pem")], [])


if __name__ == "__main__":
    unittest.main()
