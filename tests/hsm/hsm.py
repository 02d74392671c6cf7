# SPDX-License-Identifier: MIT
"""Three SoftHSM tokens of a test's own, and a zone whose keys are on them."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
import zs  # noqa: E402

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
FAULTY = os.environ.get("ZONESEAL_FAULTY", "build/release/tests/hsm/libfaulty.so")
QUICK_RSA = os.environ.get("ZONESEAL_QUICK_RSA", os.path.abspath("build/release/tests/hsm/libquick_rsa.so"))
WITH_QUICK_RSA = {"LD_PRELOAD": QUICK_RSA, "ASAN_OPTIONS": "verify_asan_link_order=0"}
PIN = "pin-4711-"


class Tokens(zs.World):
    """hsm-a, hsm-b and hsm-c; `modules` says by which module a token is reached."""

    modules = {}
    policy = "name: p\n"
    stores = "abc"
    more = ""
    with_quick_rsa = WITH_QUICK_RSA  # empty: pairs to wrap under are as long as they are elsewhere

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("tokens"))
        self.write("softhsm.conf", f"directories.tokendir = {self.path('tokens')}\nlog.level = ERROR\n")
        for name in "abc":
            self.tool("softhsm2-util", "--init-token", "--free", "--label", f"zs-{name}", "--pin", PIN + name,
                      "--so-pin", "12345678")
            self.write(f"pin-{name}", PIN + name + "\n", 0o600)
        self.configure()
        self.output = self.path("state", "zones", "nl.test.zone")
        path = self.write("p.yaml", self.policy)
        self.z("zone", "add", "nl.test", "-i", self.input, "--policy", path, code=0)

    def environment(self):
        return {**self.with_quick_rsa, **super().environment(), "SOFTHSM2_CONF": self.path("softhsm.conf"),
                "ZONESEAL_FAULT": self.path("fault")}

    def uri(self, name):
        module = self.modules.get(name, SOFTHSM)
        return f"pkcs11:token=zs-{name}?module-path={module}&pin-source=file:{self.path('pin-' + name)}"

    def configure(self, text=None):
        if text is None:
            names = " ".join("hsm-" + name for name in self.stores)
            text = "".join(f"store hsm-{name} {self.uri(name)}\n" for name in "abc")
            text += f"keys ksk {names}\nkeys zsk {names}\n{self.more}"
        path = os.path.join("state", "keys", "stores.conf")
        self.write(path, text, 0o600)

    def fault(self, word):
        self.write("fault", word)

    def tool(self, *argv):
        done = subprocess.run(argv, capture_output=True, env=self.environment(), timeout=zs.HANGS, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout.decode()

    def on_token(self, name, *argv):
        return self.tool("pkcs11-tool", "--module", SOFTHSM, "--token-label", f"zs-{name}", "--login", "--pin",
                         PIN + name, *argv)

    def key(self, role):
        return [key for key in self.json("key", "list", "nl.test")["keys"] if key["role"] == role][0]

    def destroy(self, name, key):
        for kind in ("privkey", "pubkey"):
            self.on_token(name, "--delete-object", "--type", kind, "--id", key["fingerprint"])

    def put(self, name, path, key, *more):
        self.tool("softhsm2-util", "--import", path, "--token", f"zs-{name}", "--label", "zsk", "--id",
                  key["fingerprint"], "--pin", PIN + name, *more)

    def judged_by_ldns(self):
        """Another program's exit code about what is published; it knows other days than today."""
        when = re.sub("[^0-9]", "", self.now)
        return subprocess.run(["ldns-verify-zone", "-t", when, self.output], capture_output=True, check=False).returncode

    def refused(self, *words, code=69):
        """A run ends so, with these words, and what is published stays as it was."""
        before = self.read(self.output) if os.path.exists(self.output) else None
        done = self.z("sign", "nl.test", "--force", code=code)
        for word in words:
            self.assertIn(word, done.err)
        self.assertNotIn(PIN, done.out + done.err)
        self.assertEqual(self.read(self.output) if os.path.exists(self.output) else None, before)
        return done
