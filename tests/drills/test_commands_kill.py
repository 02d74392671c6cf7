# SPDX-License-Identifier: MIT
"""Commands about keys, killed before every system call that changes something.

What stands then is what stood before, or a beginning that the same command brings to its end when it is given again: no
step is lost or taken twice, and no private key is lost.
"""
import os
import sqlite3
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from drill import Drill, STRIDE  # noqa: E402
import scenes  # noqa: E402

# They differ between two runs of the same command, or are a number that a second try may leave out.
OF_ITS_OWN = ("id", "public_key", "fingerprint", "locator")
# A purge is marked, done and confirmed; the first keys come one after the other. All else is there or not.
IN_PARTS = (scenes.purge, scenes.generate)
ONE_MORE = (scenes.generate_standby,)  # given again it makes another key
SAME_AGAIN = (0, 3)  # done now, or refused since it is done


class KilledCommands(Drill):
    def rows(self, sql):
        with sqlite3.connect(f"file:{self.state}/keystore.db?mode=ro", uri=True) as store:
            store.row_factory = sqlite3.Row
            rows = [dict(row) for row in store.execute(sql)]
        store.close()
        return rows

    def standing(self):
        """All keys with their records, times and predecessors, and the zone."""
        if not os.path.exists(self.state + "/keystore.db"):
            return None
        keys = self.rows("SELECT * FROM keys ORDER BY id")
        number = {row["id"]: i for i, row in enumerate(keys)}
        known = [{**{name: value for name, value in row.items() if name not in OF_ITS_OWN},
                  "predecessor": number.get(row["predecessor"])} for row in keys]
        zones = self.rows("SELECT name, input, output, policy_name, policy_text, held_since, step_asked, removed FROM zones")
        planned = self.rows("SELECT serial, change_limit, reason, given, expires, withdrawn, used FROM expected_changes")
        return known, zones, planned

    def assert_no_key_is_lost(self, title):
        """Each private half is there, unless its destruction was begun."""
        for row in self.rows("SELECT locator, purging FROM keys WHERE is_foreign = 0"):
            path = os.path.join(self.state, "keys", row["locator"].removeprefix("file:"))
            self.assertTrue(os.path.exists(path) or row["purging"], f"{title}: {row['locator']}")

    def leave_a_good_zone(self, title):
        self.assertEqual(self.z("audit", "replay").returncode, 0, title)
        done = self.z("doctor")
        self.assertEqual(done.returncode, 0, f"{title}\n{done.out}\n{done.err}")
        done = self.z("sign", "nl.test", "-i", self.input, "-o", self.output, "--force")
        self.assertEqual(done.returncode, 0, f"{title}\n{done.err}")
        self.judge(title)
        self.store_agrees(title)

    def published(self):
        return self.read(self.output) if os.path.exists(self.output) else None

    def kill_at_every_call(self, scene):
        args = scene(self)
        self.prepare()
        before = self.standing()
        calls = self.count_calls(*args)
        expected = self.standing()
        self.assertNotEqual(before, expected)
        published = self.published()
        half = 0
        for nth in range(1, calls + 1, STRIDE):
            self.reset()
            self.kill_before(nth, *args)
            title = f"killed before call {nth} of {calls}"
            self.assertEqual(self.published(), published, title)
            self.assert_no_key_is_lost(title)
            half += self.standing() not in (before, expected)
            again = self.z(*args)
            self.assertIn(again.returncode, SAME_AGAIN, f"{title}\n{again.err}")
            self.maxDiff = None
            self.assertEqual(self.standing(), expected, f"{title}\n{again.err}")
            self.assert_no_key_is_lost(title)
            if nth % 5 == 1:
                self.leave_a_good_zone(title)
        return half

    def try_scene(self, scene):
        half = self.kill_at_every_call(scene)
        if scene not in IN_PARTS:
            self.assertEqual(half, 0)


for each in scenes.SCENES:
    if each not in ONE_MORE:
        setattr(KilledCommands, f"test_{each.__name__}", lambda self, scene=each: self.try_scene(scene))


if __name__ == "__main__":
    unittest.main()
