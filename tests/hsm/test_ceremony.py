# SPDX-License-Identifier: MIT
"""Key ceremonies with tokens on both sides: the KSK on the vault's, the ZSKs on the signer's."""
import os
import subprocess
import unittest

from hsm import PIN, SOFTHSM, WITH_QUICK_RSA, Tokens
from ceremony import Ceremonies as Base


class Ceremonies(Base):
    """The vault has hsm-a and hsm-b, the signer hsm-c; neither side's configuration names the other's."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("tokens"))
        self.write("softhsm.conf", f"directories.tokendir = {self.path('tokens')}\nlog.level = ERROR\n")
        for name in "abc":
            subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", f"zs-{name}", "--pin", PIN + name,
                            "--so-pin", "12345678"], check=True, capture_output=True, env=self.environment())
            self.write(f"pin-{name}", PIN + name + "\n", 0o600)
        self.stores(self.vault, "ab", "ksk")
        self.stores(self.state, "c", "zsk")

    def environment(self):
        return {**super().environment(), **WITH_QUICK_RSA, "SOFTHSM2_CONF": self.path("softhsm.conf")}

    def stores(self, state, names, role):
        text = "".join(f"store hsm-{name} pkcs11:token=zs-{name}?module-path={SOFTHSM}&pin-source=file:"
                       f"{self.path('pin-' + name)}\n" for name in names)
        text += f"keys {role} {' '.join('hsm-' + name for name in names)}\n"
        self.write(os.path.join(os.path.basename(state), "keys", "stores.conf"), text, 0o600)

    def files(self, state):
        return [name for name in os.listdir(os.path.join(state, "keys")) if name != "stores.conf"]

    def objects(self, name):
        done = subprocess.run(["pkcs11-tool", "--module", SOFTHSM, "--token-label", f"zs-{name}", "--login", "--pin",
                               PIN + name, "-O"], check=True, capture_output=True, env=self.environment())
        return done.stdout.decode()

    def weeks(self, count):
        for _ in range(count):
            self.go(days=7)
            self.publish()
            self.assert_published_is_good()
            for verb, state in (("seen", "ready"), ("gone", "retiring")):
                for tag in [tag for tag, now in self.keys("ksk").items() if now == state]:
                    self.z("ds", verb, "nl.test", "--key", str(tag))

    def test_a_year_of_ceremonies_and_a_ksk_roll_with_tokens_on_both_sides(self):
        self.ceremony()
        self.publish()
        self.assert_published_is_good()
        first = set(self.keys("ksk"))
        for number in range(4):
            self.weeks(10)
            self.ceremony(*(["--ksk"] if number == 0 else []))
            if number == 1:
                self.z("roll", "start", "nl.test", "--ksk", code=0)
        self.weeks(10)
        self.assertEqual({tag: state for tag, state in self.keys("ksk").items() if tag in first}, dict.fromkeys(first, "removed"))
        self.assertEqual(sorted(self.keys("ksk").values()), ["active", "removed"])
        self.assertGreater(len(self.keys("zsk")), 3)
        self.assertEqual(self.files(self.state) + self.files(self.vault), [])
        for name in "ab":
            self.assertIn("zoneseal KSK", self.objects(name))
            self.assertNotIn("zoneseal ZSK", self.objects(name))
        self.assertNotIn("zoneseal KSK", self.objects("c"))

    def test_a_vault_whose_token_is_away_signs_nothing(self):
        self.ceremony()
        self.weeks(10)
        ksr = self.request()
        before = self.tree(self.vault)
        self.stores(self.vault, "ab", "ksk")
        self.write("pin-b", "wrong-pin\n", 0o600)
        done = self.k("skr", "sign", "nl.test", "-i", ksr, "-o", self.path("never.skr"), code=69)
        self.assertIn("store hsm-b: the token refuses the PIN", done.err)
        self.assertFalse(os.path.exists(self.path("never.skr")))
        self.assertEqual(self.tree(self.vault), before)

    def test_a_signer_whose_token_is_away_asks_for_nothing(self):
        self.ceremony()
        self.weeks(10)
        self.write("pin-c", "wrong-pin\n", 0o600)
        before = self.tree()
        done = self.z("ksr", "create", "nl.test", "-o", self.path("never.ksr"), code=69)
        self.assertIn("store hsm-c: the token refuses the PIN", done.err)
        self.assertFalse(os.path.exists(self.path("never.ksr")))
        self.assertEqual(self.tree(), before)

    def test_a_ksk_in_a_file_of_the_vault_moves_into_its_tokens_between_ceremonies(self):
        os.unlink(os.path.join(self.vault, "keys", "stores.conf"))
        self.ceremony()
        self.publish()
        before = self.published_dnskeys()
        self.assertEqual(len(self.files(self.vault)), 1)
        self.weeks(10)
        self.stores(self.vault, "ab", "ksk")
        self.k("key", "move", "nl.test", "--all", "--remove-source", "--yes", code=0)
        self.assertEqual(self.files(self.vault), [])
        self.ceremony()
        self.weeks(10)
        self.assert_published_is_good()
        self.assertEqual([key for key in before if key.startswith("257")],
                         [key for key in self.published_dnskeys() if key.startswith("257")])


del Base, Tokens

if __name__ == "__main__":
    unittest.main()
