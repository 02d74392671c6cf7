# SPDX-License-Identifier: MIT
"""A run that takes a step of a rollover, killed before every system call that changes something.

The next run ends in the same states: no step is lost, taken twice or taken early, and what caches are thought to hold is
what an undisturbed run leaves.
"""
import os
import shutil
import sqlite3
import subprocess
import unittest

from rolls import DAY, HOUR, Rolling, rfc3339, zs

KILLER = os.environ["ZONESEAL_KILLER"]
STRIDE = int(os.environ.get("ZONESEAL_KILL_STRIDE", "1"))
RECORDS = ("dnskey", "zrrsig", "krrsig", "ds")


class KilledSteps(Rolling):
    def snapshot(self):
        self.spare = self.folder + ".spare"
        shutil.rmtree(self.spare, True)
        self.addCleanup(shutil.rmtree, self.spare, True)
        shutil.copytree(self.folder, self.spare, symlinks=True)

    def reset(self):
        shutil.rmtree(self.folder)
        shutil.copytree(self.spare, self.folder, symlinks=True)

    def killer(self, nth, now):
        argv = [KILLER, str(nth), zs.ZONESEAL, "run", "nl.test", "--now", rfc3339(now)]
        return subprocess.run(argv, capture_output=True, cwd=self.folder, timeout=60, check=False,
                              env={**self.environment(), "ASAN_OPTIONS": "detect_leaks=0"})

    def standing(self):
        """States and goals of all keys, and how many versions caches may hold."""
        keys = [(row["role"], row["goal_present"], *(row[r] for r in RECORDS)) for row in self.keys()]
        with sqlite3.connect(f"file:{self.state}/keystore.db?mode=ro", uri=True) as database:
            served = database.execute("SELECT class, count(*), sum(until IS NULL) FROM served GROUP BY class").fetchall()
        database.close()
        return keys, sorted(served)

    def begun(self):
        """When each state began."""
        return [[row[r + "_since"] for r in RECORDS] for row in self.keys()]

    def step_at_every_call(self):
        """Kills the run that is due now."""
        self.snapshot()
        before, then = self.standing(), self.begun()
        done = self.killer(0, self.clock)
        self.assertEqual(done.returncode, 0, done.stderr)
        calls = int(done.stdout.split()[-1])
        expected = self.standing()
        self.assertNotEqual(before, expected)
        for nth in range(1, calls + 1, STRIDE):
            self.reset()
            self.killer(nth, self.clock)
            title = f"killed before call {nth} of {calls}"
            self.assertIn([row[:2] for row in self.standing()[0]], [[r[:2] for r in s[0]] for s in (before, expected)])
            later = self.clock + 7
            self.z("run", "nl.test", now=rfc3339(later), code=0)
            self.assertEqual(self.standing(), expected, title)
            for old, new in zip(then, self.begun()):
                for was, now in zip(old, new):
                    self.assertIn(now, (was, self.clock, later), title)
            self.z("audit", "replay", now=rfc3339(later), code=0)
            done = subprocess.run([zs.VERIFY, "--now", rfc3339(later), self.output], capture_output=True, check=False)
            self.assertEqual(done.returncode, 0, title)

    def test_first_signature_of_a_zsk(self):
        self.add_zone(self.policy(keys={"zsk": {"lifetime": "90d"}}, parent={"cds": "always"}))
        self.run_until(self.clock + 90 * DAY - 30 * 60)
        self.clock += 30 * 60
        self.step_at_every_call()

    def test_swap_of_the_ds(self):
        self.add_zone(self.policy(keys={"ksk": {"lifetime": "40d"}}, parent={"cds": "always"}))
        while not any("KSK/1 DS omnipresent" in line for line in self.happened):
            self.clock = self.step()
        while not any("KSK/3 DNSKEY rumoured" in line for line in self.happened):
            self.clock = self.step()
        self.clock = max(self.clock, self.keys()[-1]["dnskey_since"] + HOUR + 5 * 60)
        self.step_at_every_call()


if __name__ == "__main__":
    unittest.main()
