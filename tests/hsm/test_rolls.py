# SPDX-License-Identifier: MIT
"""From files to tokens, and from one token to others, as rolls: every version verified, and judged by a model of caches."""
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "drills"))
from rolls import DAY, Rolling as Base  # noqa: E402
from hsm import PIN, SOFTHSM, WITH_QUICK_RSA  # noqa: E402


class Rolling(Base):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("tokens"))
        self.write("softhsm.conf", f"directories.tokendir = {self.path('tokens')}\nlog.level = ERROR\n")
        for name in "ab":
            subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", f"zs-{name}", "--pin", PIN + name,
                            "--so-pin", "12345678"], check=True, capture_output=True, env=self.environment())
            self.write(f"pin-{name}", PIN + name + "\n", 0o600)

    def environment(self):
        return {**super().environment(), **WITH_QUICK_RSA, "SOFTHSM2_CONF": self.path("softhsm.conf")}

    def new_keys_go_to(self, *names):
        text = "".join(f"store hsm-{name} pkcs11:token=zs-{name}?module-path={SOFTHSM}&pin-source=file:"
                       f"{self.path('pin-' + name)}\n" for name in "ab")
        for role in ("ksk", "zsk", "csk") if names else ():
            text += f"keys {role} {' '.join('hsm-' + name for name in names)}\n"
        self.write(os.path.join("state", "keys", "stores.conf"), text, 0o600)

    def objects(self, name):
        done = subprocess.run(["pkcs11-tool", "--module", SOFTHSM, "--token-label", f"zs-{name}", "--login", "--pin",
                               PIN + name, "-O"], check=True, capture_output=True, env=self.environment())
        return done.stdout.decode()

    def active(self):
        """Where the keys are that the zone depends on now."""
        return {row["role"].lower(): row["locator"].split(":")[0] + ":" + row["locator"].split(":")[1][:11]
                for row in self.keys() if row["goal_present"] and row["dnskey"] == "omnipresent"}

    def roll_all(self, *roles):
        for role in roles:
            self.z("roll", "start", "nl.test", "--" + role, code=0, now=self.now_text())
        self.run_until(self.clock + 12 * DAY)

    def left(self, roles, place):
        """The old ones are in no cache any more, and purged from where they were."""
        self.run_until(self.clock + DAY)
        if place is not None:
            self.assertEqual(set(self.active().values()), {place})
        self.assertEqual(set(self.active()), set(roles))
        self.assertTrue(all(row["purged"] for row in self.keys() if not row["goal_present"]))

    def from_files_to_a_token_and_on(self, roles, **keys):
        self.ds_delay = 2 * 3600
        self.new_keys_go_to()
        self.add_zone(self.policy(keys={"algorithm": "ECDSAP256SHA256", "purge-after": "1d", **keys}))
        self.run_until(self.clock + 12 * DAY)
        self.assertEqual({place[:5] for place in self.active().values()}, {"file:"})
        self.new_keys_go_to("a")
        self.roll_all(*roles)
        self.left(roles, "pkcs11:hsm-a")
        self.new_keys_go_to("b", "a")
        self.roll_all(*roles)
        self.left(roles, "pkcs11:hsm-b,hsm-a")
        self.assertEqual([name for name in os.listdir(self.path("state", "keys")) if name.endswith(".pem")], [])
        self.assertEqual([self.objects(name).count("Private Key Object") for name in "ab"], [len(roles)] * 2)
        self.assertGreater(self.published, 6)
        # Never insecure since the parent had the first DS: it is in every version of the DS set from then on.
        first = min(version.begins for version in self.caches.ds if version.keys)
        self.assertTrue(all(version.keys for version in self.caches.ds if version.begins >= first))

    def by_policy(self, roles, stores, place, **keys):
        """A policy that names other stores rolls into them by itself: set, run, and nothing else."""
        wanted = {role: f"{{stores: [{', '.join(stores)}]}}" for role in roles}
        path = self.policy(f"in-{stores[0]}", keys={"algorithm": "ECDSAP256SHA256", "purge-after": "1d", **wanted, **keys})
        self.z("zone", "set-policy", "nl.test", path, code=0, now=self.now_text())
        self.run_until(self.clock + 12 * DAY)
        self.left(roles, place)

    def test_a_policy_that_names_other_stores_rolls_into_them(self):
        roles = ("ksk", "zsk")
        self.ds_delay = 2 * 3600
        self.new_keys_go_to()
        self.add_zone(self.policy(keys={"algorithm": "ECDSAP256SHA256", "purge-after": "1d"}))
        self.run_until(self.clock + 12 * DAY)
        self.by_policy(roles, ["hsm-a"], "pkcs11:hsm-a")
        self.by_policy(roles, ["hsm-b", "hsm-a"], "pkcs11:hsm-b,hsm-a")
        self.by_policy(roles, ["files"], None)
        self.assertEqual([self.objects(name).count("Private Key Object") for name in "ab"], [0, 0])
        made = len(self.keys())
        self.assertEqual(made, 8)
        self.run_until(self.clock + 30 * DAY)
        self.assertEqual(len(self.keys()), made)
        first = min(version.begins for version in self.caches.ds if version.keys)
        self.assertTrue(all(version.keys for version in self.caches.ds if version.begins >= first))

    def test_a_csk_whose_policy_names_a_store(self):
        self.ds_delay = 2 * 3600
        self.new_keys_go_to()
        self.add_zone(self.policy(keys={"algorithm": "ECDSAP256SHA256", "purge-after": "1d", "scheme": "csk"}))
        self.run_until(self.clock + 12 * DAY)
        self.by_policy(("csk",), ["hsm-b"], "pkcs11:hsm-b", scheme="csk")

    def test_a_zone_is_born_in_the_stores_of_its_policy_and_keys_made_ahead_elsewhere_are_left_alone(self):
        self.ds_delay = 2 * 3600
        self.new_keys_go_to("a")
        self.add_zone(self.policy(keys={"algorithm": "ECDSAP256SHA256", "zsk": "{stores: [hsm-b]}",
                                        "ksk": "{stores: [files]}"}))
        self.run_until(self.clock + 12 * DAY)
        self.assertEqual({role: place[:12] for role, place in self.active().items()},
                         {"zsk": "pkcs11:hsm-b", "ksk": self.active()["ksk"][:12]})
        self.assertTrue(self.active()["ksk"].startswith("file:"))
        self.z("key", "generate", "nl.test", "--zsk", code=0, now=self.now_text())
        spare = self.keys()[-1]["id"]
        path = self.policy("both-in-a", keys={"algorithm": "ECDSAP256SHA256", "zsk": "{stores: [hsm-a]}",
                                              "ksk": "{stores: [hsm-a]}"})
        self.z("zone", "set-policy", "nl.test", path, code=0, now=self.now_text())
        self.run_until(self.clock + 12 * DAY)
        self.assertEqual(set(self.active().values()), {"pkcs11:hsm-a"})
        left = [row for row in self.keys() if row["id"] == spare][0]
        self.assertEqual((left["dnskey"], left["active"], left["goal_present"]), ("hidden", 0, 0))

    def test_a_move_to_the_stores_of_the_policy_needs_no_roll(self):
        self.ds_delay = 2 * 3600
        self.new_keys_go_to()
        self.add_zone(self.policy(keys={"algorithm": "ECDSAP256SHA256"}))
        self.run_until(self.clock + 12 * DAY)
        self.z("key", "move", "nl.test", "--all", "--to", "hsm-a", code=0, now=self.now_text())
        path = self.policy("moved", keys={"algorithm": "ECDSAP256SHA256", "ksk": "{stores: [hsm-a]}",
                                          "zsk": "{stores: [hsm-a]}"})
        self.z("zone", "set-policy", "nl.test", path, code=0, now=self.now_text())
        self.run_until(self.clock + 30 * DAY)
        self.assertEqual(len(self.keys()), 2)

    def test_a_store_that_is_not_there_is_named_and_the_zone_stays(self):
        self.new_keys_go_to()
        self.add_zone(self.policy(keys={"algorithm": "ECDSAP256SHA256"}))
        self.run_until(self.clock + 12 * DAY)
        path = self.policy("wrong", keys={"algorithm": "ECDSAP256SHA256", "zsk": "{stores: [hsm-x]}"})
        self.z("zone", "set-policy", "nl.test", path, code=0, now=self.now_text())
        done = self.z("run", "nl.test", code=69, now=self.now_text())
        self.assertIn("a new ZSK is to be in the store hsm-x, which", done.err)
        self.assertEqual(len(self.keys()), 2)

    def test_ksk_and_zsk(self):
        self.from_files_to_a_token_and_on(("ksk", "zsk"))

    def test_csk(self):
        self.from_files_to_a_token_and_on(("csk",), scheme="csk")

    def test_a_ksk_by_double_ds(self):
        self.from_files_to_a_token_and_on(("ksk", "zsk"), ksk="{method: double-ds}")


del Base

if __name__ == "__main__":
    unittest.main()
