# SPDX-License-Identifier: MIT
"""A year with an offline KSK, by the real program: ceremonies as the alarm asks for them, ZSK rolls, a KSK roll."""
import datetime
import os
import subprocess
import unittest

from ceremony import Ceremonies, moment, text_of

# The shifted clock of a sanitizer's build comes into a peer that has none.
BESIDE_SANITIZER = "verify_asan_link_order=0:detect_leaks=0"


class Year(Ceremonies):
    def assert_peers_agree(self):
        """ldns takes the time as an option, BIND from the clock, which is shifted for it."""
        digits = self.now[:19].replace("-", "").replace(":", "").replace("T", "")
        done = subprocess.run(["ldns-verify-zone", "-t", digits, self.output], capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())
        ahead = int((moment(self.now) - datetime.datetime.utcnow()).total_seconds())
        done = subprocess.run(["dnssec-verify", "-o", "nl.test", self.output], capture_output=True, timeout=60, check=False,
                              env={"PATH": "/usr/bin:/bin:/usr/sbin", "LD_PRELOAD": os.environ["ZONESEAL_SHIFTED_CLOCK"],
                                   "ZONESEAL_SHIFT": str(ahead), "ASAN_OPTIONS": BESIDE_SANITIZER})
        self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())

    def test_a_year_passes(self):
        self.ceremony()
        self.publish()
        end = moment(self.now) + datetime.timedelta(days=400)
        ceremonies, rolled, versions = 1, False, 0
        zsks = set()
        while moment(self.now) < end:
            before = self.read(self.output)
            done = self.publish()
            if self.read(self.output) != before:
                versions += 1
                self.assert_published_is_good()
                self.assert_peers_agree()
            zsks |= {tag for tag, state in self.keys("zsk").items() if state in ("active", "retiring")}
            zone = self.json("status", "nl.test", code=0)["zones"][0]
            if "ksr create" in done.err:
                self.assertTrue(zone["action_required"], zone["headline"])
                self.assertIn("= that - ceremony.alarm 30d", zone["headline"])
                self.assertIn("hold a key ceremony", self.z("check", code=1).out)
                more = ("--ksk",) if ceremonies == 2 else ()
                self.ceremony(*more)
                ceremonies += 1
            ready = [tag for tag, state in self.keys("ksk").items() if state == "ready"]
            if ready and self.z("ds", "seen", "nl.test", "--key", str(ready[0])).returncode == 0:
                rolled = rolled or ceremonies > 2
            old = [tag for tag, state in self.keys("ksk").items() if state == "retiring"]
            if old:
                self.z("ds", "gone", "nl.test", "--key", str(old[0]))
            if ceremonies == 3 and len(self.keys("ksk")) == 2 and not ready and not old and not rolled:
                self.z("roll", "start", "nl.test", "--ksk")
            self.go(days=1, hours=7)
        self.assertGreaterEqual(ceremonies, 5)
        self.assertTrue(rolled)
        self.assertEqual(sorted(self.keys("ksk").values()), ["active", "removed"])
        self.assertGreater(versions, 40)
        self.assertGreaterEqual(len(zsks), 6)


if __name__ == "__main__":
    unittest.main()
