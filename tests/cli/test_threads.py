#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""As many threads as the option says, else as many as the processors that the process may use, and no more."""
import json
import os
import unittest

import zs
from zs import World

COUNTED = os.environ["ZONESEAL_COUNTED_THREADS"]


class Threads(World):

    def setUp(self):
        super().setUp()
        self.write("nl.test.zone", zs.delegations(3000))
        self.counts = self.path("threads")

    def environment(self):
        return {**super().environment(), "LD_PRELOAD": COUNTED, "ZONESEAL_THREADS": self.path("threads"),
                "ASAN_OPTIONS": "verify_asan_link_order=0"}

    def used(self, *args, **more):
        """(threads of zoneseal, threads of its verifier)."""
        done = self.sign("--policy", "tld", "--force", "--json", *args, **more)
        # One thread more waits for signals and does nothing else.
        return int(self.read(self.counts)) - 1, json.loads(done.out)["verdict"]["threads"]

    def test_one_thread_is_one_everywhere(self):
        self.assertEqual(self.used("--threads", "1"), (1, 1))

    def test_more_threads_than_processors_if_they_are_asked_for(self):
        self.assertEqual(self.used("--threads", "5"), (5, 5))

    def test_without_the_option_the_processors_that_it_may_use(self):
        allowed = os.sched_getaffinity(0)
        one = {min(allowed)}
        self.assertEqual(self.used(preexec_fn=lambda: os.sched_setaffinity(0, one)), (1, 1))
        signer, verifier = self.used()
        self.assertLessEqual(signer, len(allowed))
        self.assertLessEqual(verifier, len(allowed))

    def test_the_output_is_the_same_for_any_number(self):
        self.used("--threads", "1")
        self.assert_published_is_good()
        lines = [line for line in self.read(self.output).split(b"\n") if b"\tRRSIG\t" not in line]
        os.unlink(self.output)
        self.used("--threads", "4")
        again = [line for line in self.read(self.output).split(b"\n") if b"\tRRSIG\t" not in line]
        self.assertEqual([line for line in lines if b"SOA" not in line and b"ZONEMD" not in line],
                         [line for line in again if b"SOA" not in line and b"ZONEMD" not in line])


if __name__ == "__main__":
    unittest.main()
