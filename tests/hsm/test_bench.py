# SPDX-License-Identifier: MIT
"""`key bench` tells a store's speed and leaves nothing on its token."""
import os
import unittest

from hsm import FAULTY, Tokens


class Bench(Tokens):
    modules = {"b": FAULTY}

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
        self.assertGreater(rates["ECDSAP256SHA256"]["by_the_token"], rates["ECDSAP256SHA256"]["verified"])
        self.assertEqual(report["sessions"], 2)
        self.assertNotIn("Key Object", self.on_token("a", "-O"))

    def test_it_is_verification_that_is_measured(self):
        self.fault("lie")
        self.assertIn("does not verify", self.bench("hsm-b", code=69).err)
        self.assertNotIn("Key Object", self.on_token("b", "-O"))

    def test_a_token_that_makes_no_keys_is_told(self):
        self.fault("full")
        self.assertIn("ECDSAP256SHA256                 -            -", self.bench("hsm-b", code=0).out)

    def test_bad_arguments(self):
        self.assertIn("there is no store hsm-x in", self.bench("hsm-x", code=66).err)
        self.assertIn("--sessions: a number from 1 to 256", self.z("key", "bench", "hsm-a", "--sessions", "0", code=2).err)
        self.assertIn("--seconds: a number", self.z("key", "bench", "hsm-a", "--seconds", "1s", code=2).err)
        os.unlink(self.path("state", "keys", "stores.conf"))
        self.bench("hsm-a", code=66)


if __name__ == "__main__":
    unittest.main()
