# SPDX-License-Identifier: MIT
"""No PIN, passphrase or private key is in memory that a core or a swap file could hold, in a file, or in what is said,
however a run ends. The memory is read from inside the program: witness.c."""
import base64
import os
import resource
import signal
import subprocess
import unittest

from hsm import FAULTY, PIN, QUICK_RSA, Tokens
from witness import WITNESS, dumps, files_with, pieces, secrets_of_key
from zs import ZONE, World, delegations

PASSPHRASE = "correct horse battery staple"
# Files that are there to hold a secret.
SECRET_FILES = (r"/(state|old)/keys/[0-9a-f]{64}\.pem$", r"/(pin-[abc]|passphrase|witness/.*|backup\.tar)$",
                r"/(exported|from)/")


class Watched(World):
    maxDiff = None
    """What runs is watched; after it, nothing may be found."""

    # Where OpenSSL itself has numbers of an open RSA key in memory that is not locked.
    known = ()

    def setUp(self):
        self.watching, self.secrets = None, {}
        super().setUp()
        os.mkdir(self.path("witness"))

    def environment(self):
        return {**super().environment(), **(self.watching or {})}

    def watch(self, *args, sign=None, then=None, **more):
        """Runs it; returns what it left in memory. Checks what must hold always."""
        self.watching = {"LD_PRELOAD": f"{WITNESS}:{QUICK_RSA}", "ZONESEAL_WITNESS": self.path("witness")}
        if sign:
            self.watching["ZONESEAL_WITNESS_SIGN"] = str(sign)
        if then:
            self.watching["ZONESEAL_WITNESS_THEN"] = then
        for name in os.listdir(self.path("witness")):
            os.unlink(self.path("witness", name))
        resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
        done = self.z(*args, **more)
        self.watching = None
        done.dumps = [dump for dump in dumps(self.path("witness")) if dump.name.startswith("zoneseal-")]
        done.open = [dump for dump in done.dumps if dump.name.endswith("-signing")]
        done.ended = [dump for dump in done.dumps if dump.name.endswith("-exit")]
        for dump in done.dumps:
            self.assertEqual(dump.core, (0, 0, 0), "core limit and dumpable")
        for name, secret in self.secrets.items():
            for piece in pieces(secret):
                self.assertNotIn(piece, done.stdout + done.stderr, name)
        self.assertEqual(len(done.open), 1 if sign else 0)
        self.nothing_in_files()
        return done

    def nothing_in_files(self):
        patterns = [(name, piece) for name, secret in self.secrets.items() for piece in pieces(secret)]
        self.assertEqual(files_with(self.folder, patterns, SECRET_FILES), [])

    def nothing_in_memory(self, dumped, locked_too, but=()):
        """`locked_too`: not even where it is safe."""
        self.assertTrue(dumped)
        for dump in dumped:
            found = []
            for name, secret in self.secrets.items():
                if name.split(":")[-1] in but:
                    continue
                for piece in pieces(secret):
                    places = dump.find(piece, False) + (dump.find(piece, True) if locked_too else [])
                    found += [f"{name}: {place}" for place in places]
            self.assertEqual(sorted(set(found)), [], dump.name)

    def is_open(self, dump):
        """That the search sees what is there: the locked memory does hold a secret."""
        self.assertTrue(any(dump.find(piece, True) for secret in self.secrets.values() for piece in pieces(secret)))

    def clean(self, done, ended=True):
        if ended:
            self.nothing_in_memory(done.ended, True)
        if done.open:
            self.is_open(done.open[0])
            self.nothing_in_memory(done.open, False, self.known)


class Software(Watched):
    algorithm = "ECDSAP256SHA256"
    passphrase = True

    def setUp(self):
        super().setUp()
        self.output = self.path("state", "zones", "nl.test.zone")
        path = self.write("p.yaml", f"name: p\nkeys:\n  algorithm: {self.algorithm}\n")
        self.z("zone", "add", "nl.test", "-i", self.input, "--policy", path, code=0)
        self.pass_args = ()
        if self.passphrase:
            self.pass_args = ("--passphrase-file", self.write("passphrase", PASSPHRASE + "\n", 0o600))
            self.secrets["passphrase"] = PASSPHRASE.encode()
        self.z("key", "generate", "nl.test", *self.pass_args, code=0)
        folder = self.path("state", "keys")
        for name in os.listdir(folder):
            found = secrets_of_key(os.path.join(folder, name), self.passphrase and self.path("passphrase"))
            self.secrets |= {f"{name[:4]}:{what}": octets for what, octets in found.items()}

    def sign_watched(self, **more):
        return self.watch("sign", "nl.test", "--force", *self.pass_args, **more)


class EachAlgorithm(Software):
    def test_p256_keys_are_in_locked_memory_alone_and_then_nowhere(self):
        self.clean(self.sign_watched(sign=5, code=0))


class P384(EachAlgorithm):
    algorithm = "ECDSAP384SHA384"


class Ed25519(EachAlgorithm):
    algorithm = "ED25519"


class Rsa(EachAlgorithm):
    algorithm = "RSASHA256"


class Many(Software):
    def test_p256_keys_that_sign_eight_at_a_time(self):
        with open(self.input, "a", encoding="ascii") as file:
            file.writelines(f"h{i} A 192.0.2.1\n" for i in range(400))
        # 256 of the ZSK are by OpenSSL alone
        self.clean(self.watch("sign", "nl.test", "--force", "--threads", "1", *self.pass_args, sign=280, code=0))


class Plain(Software):
    passphrase = False

    def test_keys_in_the_clear(self):
        self.clean(self.sign_watched(sign=5, code=0))

    def test_a_backup_with_keys(self):
        self.clean(self.watch("backup", "--with-keys", self.path("backup.tar"), code=0))

    def test_a_restored_backup(self):
        self.z("backup", "--with-keys", self.path("backup.tar"), code=0)
        os.rename(self.state, self.path("old"))
        self.clean(self.watch("restore", self.path("backup.tar"), code=0))

    def test_a_backup_whose_key_is_damaged(self):
        self.z("backup", "--with-keys", self.path("backup.tar"), code=0)
        text = self.read(self.path("backup.tar"))
        at = text.rindex(b"-----END")
        self.write("backup.tar", text[:at - 3] + b"!!" + text[at - 1:])
        os.rename(self.state, self.path("old"))
        self.clean(self.watch("restore", self.path("backup.tar"), code=65))

    def test_a_key_in_the_clear_that_is_damaged(self):
        path = self.path("state", "keys", sorted(os.listdir(self.path("state", "keys")))[0])
        text = self.read(path)
        self.write(path, text[:60] + b"!" + text[61:], 0o600)
        self.clean(self.sign_watched(code=69))

    def test_an_exported_key(self):
        self.z("sign", "nl.test", code=0)
        for form in ("bind", "pem"):
            done = self.watch("key", "export", "nl.test", str(self.keys()[0]["tag"]), "--format", form, "-o",
                              self.path("exported"), "--yes", code=0)
            self.clean(done)

    def keys(self):
        return self.json("key", "list", "nl.test")["keys"]


class Taken(Software):
    """A key from elsewhere, good and damaged."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("from"))

    def take(self, text, code):
        path = self.write("from/k", text, 0o600)
        self.clean(self.watch("key", "import", "nl.test", path, "--zsk", *self.pass_args, code=code))

    def foreign(self):
        subprocess.run(["dnssec-keygen", "-q", "-K", self.path("from"), "-a", "13", "nl.test"], check=True,
                       capture_output=True)
        path = next(self.path("from", name) for name in os.listdir(self.path("from")) if name.endswith("private"))
        text = self.read(path)
        coded = text.split(b"PrivateKey: ")[1].split()[0]
        self.secrets |= {"foreign": base64.b64decode(coded), "foreign in base64": coded}
        return text

    def test_a_key_of_bind(self):
        self.take(self.foreign(), 0)

    def test_a_damaged_key_of_bind(self):
        text = self.foreign()
        self.take(text.replace(b"\nAlgorithm: 13", b"\nAlgorithm: 15"), 3)
        self.take(text.replace(b"Algorithm: 13", b"Algorithm: 13\nAlgorithm: 13"), 69)
        self.take(text + text.split(b"\n")[2] + b"\n", 69)


class Failures(Software):
    def test_a_wrong_passphrase(self):
        path = self.write("passphrase", "another passphrase\n", 0o600)
        self.secrets["wrong"] = b"another passphrase"
        self.clean(self.watch("sign", "nl.test", "--passphrase-file", path, code=69))

    def test_a_passphrase_that_others_may_read(self):
        os.chmod(self.path("passphrase"), 0o644)
        self.clean(self.sign_watched(code=77))

    def test_a_bad_policy(self):
        path = self.write("bad.yaml", "name: p\nkeys:\n  algorithm: NONE\n")
        self.clean(self.watch("sign", "nl.test", "--policy", path, *self.pass_args, code=78))

    def test_a_zone_that_is_refused(self):
        self.write("nl.test.zone", self.read(self.input).replace(b"b NS ns1\n", b""))
        self.clean(self.sign_watched(code=65))

    def test_a_gate_that_refuses(self):
        self.write("nl.test.zone", delegations(2000))
        self.sign_watched(code=0)
        self.write("nl.test.zone", ZONE)
        self.clean(self.sign_watched(sign=5, code=1))

    def test_a_full_disk(self):
        self.sign_watched(code=0)
        done = self.sign_watched(sign=5, then="full")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("No space left", done.err)
        self.clean(done)

    def crash(self, then, number):
        done = self.sign_watched(sign=5, then=then)
        self.assertEqual(done.returncode, -number)
        self.clean(done, ended=False)
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith("core")], [])
        return done

    def test_a_kill(self):
        self.crash("kill", signal.SIGKILL)

    def test_a_crash_leaves_no_core(self):
        self.crash("segv", signal.SIGSEGV)
        self.crash("abort", signal.SIGABRT)


class Pin(Watched, Tokens):
    """With keys on tokens it is the PIN that is here. What SoftHSM keeps of it is SoftHSM's."""

    modules = {"b": FAULTY}

    def setUp(self):
        super().setUp()
        self.secrets = {f"PIN of {name}": (PIN + name).encode() for name in "abc"}

    def sign_watched(self, **more):
        return self.watch("sign", "nl.test", "--force", **more)

    def test_success(self):
        self.clean(self.sign_watched(sign=5, code=0))

    def test_making_keys(self):
        self.clean(self.watch("key", "generate", "nl.test", code=0))

    def test_a_wrong_pin(self):
        self.write("pin-a", "wrong-pin-1234\n", 0o600)
        self.secrets["wrong"] = b"wrong-pin-1234"
        self.clean(self.sign_watched(code=69))

    def test_a_pin_that_others_may_read(self):
        self.write("pin-a", PIN + "a\n", 0o644)
        self.clean(self.sign_watched(code=77))

    def test_a_store_that_fails(self):
        self.z("run", code=0)
        for fault in ("lie", "device", "removed"):
            self.fault(fault)
            self.clean(self.sign_watched(code=69))

    def test_a_full_token(self):
        self.fault("full")
        self.clean(self.watch("key", "generate", "nl.test"))

    def test_a_crash(self):
        self.z("run", code=0)
        done = self.sign_watched(sign=5, then="segv")
        self.assertEqual(done.returncode, -signal.SIGSEGV)
        self.clean(done, ended=False)


class Moved(Watched, Tokens):
    """A key of a file comes to tokens."""

    def test_a_key_that_moves(self):
        conf = self.read(self.path("state", "keys", "stores.conf")).decode()
        os.unlink(self.path("state", "keys", "stores.conf"))
        self.z("run", code=0)
        self.configure(conf)
        folder = self.path("state", "keys")
        for name in os.listdir(folder):
            if name.endswith(".pem"):
                found = secrets_of_key(os.path.join(folder, name))
                self.secrets |= {f"{name[:4]}:{what}": octets for what, octets in found.items()}
        self.secrets |= {f"PIN of {name}": (PIN + name).encode() for name in "abc"}
        self.clean(self.watch("key", "move", "nl.test", "--all", code=0))
        self.z("sign", "nl.test", "--force", code=0)
        self.clean(self.watch("key", "move", "nl.test", "--all", "--remove-source", "--yes", code=0))


if __name__ == "__main__":
    unittest.main()
