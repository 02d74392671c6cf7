# SPDX-License-Identifier: MIT
"""`key bench` tells a store's speed and leaves nothing on its token."""
import os
import unittest

from hsm import FAULTY, Tokens
from zs import delegations


DEVICE = os.environ.get("ZONESEAL_DEVICE", "build/release/tests/hsm/libdevice.so")


class Bench(Tokens):
    modules = {"b": FAULTY}

    def environment(self):
        return {**super().environment(), "ZONESEAL_DEVICE_MOST": self.path("most")}

    def bench(self, store, **more):
        return self.z("key", "bench", store, "--sessions", "2", "--seconds", "1", **more)

    def test_each_algorithm_is_measured_with_and_without_verification(self):
        report = self.json("key", "bench", "hsm-a", "--sessions", "2", "--seconds", "1", code=0)
        rates = {row["algorithm"]: row for row in report["rates"]}
        self.assertEqual(list(rates), ["RSASHA256", "ECDSAP256SHA256", "ECDSAP384SHA384", "ED25519"])
        for row in rates.values():
            self.assertTrue(row["known"])
            self.assertGreater(row["by_the_token"], 1)
            self.assertGreater(row["verified"], 1)
            self.assertGreater(row["checks_alone"], 1)
        self.assertEqual(report["sessions"], 2)
        self.assertNotIn("Key Object", self.on_token("a", "-O"))

    def test_it_is_verification_that_is_measured(self):
        self.fault("lie")
        self.assertIn("does not verify", self.bench("hsm-b", code=69).err)
        self.assertNotIn("Key Object", self.on_token("b", "-O"))

    def test_a_token_that_makes_no_keys_is_told(self):
        self.fault("full")
        self.assertIn("ECDSAP256SHA256                 -            -            -", self.bench("hsm-b", code=0).out)

    def test_a_zone_is_signed_with_as_many_sessions_as_the_configuration_says(self):
        """On two threads otherwise: what is waited for is the device, not the processor."""
        self.modules = {"a": DEVICE}
        self.stores = "a"
        self.more = "sessions 7\n"
        self.configure()
        self.write("nl.test.zone", delegations(0) + "".join(f"d{i} TXT x\n" for i in range(600)))
        self.z("sign", "nl.test", "--threads", "2", code=0)
        self.assert_published_is_good()
        self.assertIn(int(self.read(self.path("most"))), range(3, 8))  # how many meet, chance has a part in

    def test_no_more_sessions_sign_at_once_than_the_configuration_says(self):
        self.modules = {"a": DEVICE}
        self.stores = "a"
        self.more = "sessions 1\n"
        self.configure()
        self.write("nl.test.zone", delegations(0) + "".join(f"d{i} TXT x\n" for i in range(30)))
        self.z("sign", "nl.test", "--threads", "4", code=0)
        self.assert_published_is_good()
        self.assertEqual(self.read(self.path("most")), b"1\n")

    def test_a_token_that_begins_to_lie_late_is_found(self):
        """By then signatures are checked with a table of the key's multiples, for P-256 and P-384."""
        for algorithm in ("ecdsap256sha256", "ecdsap384sha384"):
            with self.subTest(algorithm):
                zone = algorithm[6:9] + ".test"
                policy = self.write("t.yaml", f"name: t\nkeys:\n  algorithm: {algorithm}\n")
                origin = f"$ORIGIN {zone}.\n$TTL 60\n@ SOA ns.nl.test. x.nl.test. 1 7200 3600 1209600 60\n@ NS ns.nl.test.\n"
                path = self.write("t.zone", origin + "".join(f"d{i} TXT x\n" for i in range(600)))
                self.stores, self.more = "b", "sessions 2\n"
                self.configure()
                self.z("zone", "add", zone, "-i", path, "--policy", policy, code=0)
                self.fault("tires")
                self.assertIn("store hsm-b: it made a signature that does not verify", self.z("sign", zone, code=69).err)
                self.assertFalse(os.path.exists(self.path("state", "zones", zone + ".zone")))
                self.fault("none")
                self.z("sign", zone, code=0)

    def test_a_token_that_never_answers_ends_it(self):
        self.more = "patience 1\n"
        self.configure()
        self.fault("hang")
        self.assertIn("store hsm-b: it has not answered a call for 1 seconds", self.bench("hsm-b", code=69).err)

    def test_a_number_of_sessions_is_read_or_refused(self):
        for bad in ("0", "65", "x", "+1", "1 2", ""):
            self.more = f"sessions {bad}\n"
            self.configure()
            self.assertIn("expected: sessions 1...64", self.bench("hsm-a", code=78).err)

    def test_bad_arguments(self):
        self.assertIn("there is no store hsm-x in", self.bench("hsm-x", code=66).err)
        self.assertIn("--sessions: a number from 1 to 256", self.z("key", "bench", "hsm-a", "--sessions", "0", code=2).err)
        self.assertIn("--seconds: a number", self.z("key", "bench", "hsm-a", "--seconds", "1s", code=2).err)
        os.unlink(self.path("state", "keys", "stores.conf"))
        self.bench("hsm-a", code=66)


if __name__ == "__main__":
    unittest.main()
