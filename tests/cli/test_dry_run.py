# SPDX-License-Identifier: MIT
"""A dry run changes nothing, and says what the real one then does; and what was reviewed is what runs."""
import json
import re
import sqlite3
import unittest

from scenes import SCENES, adopt
from zs import World

# What cannot be the same: that it is real, the tag of a key that did not exist before, and that the zone has changed.
OF_ITS_OWN = ("dry_run", "made_tag", "revision")
NEW_ZONE = (adopt,)  # has no revision that could have been reviewed


class DryRuns(World):
    def contents(self):
        """All rows, and all files."""
        with sqlite3.connect(f"file:{self.state}/keystore.db?mode=ro", uri=True) as store:
            dump = "\n".join(store.iterdump())
        store.close()
        return dump, self.tree(self.folder)

    def plan_of(self, done):
        """The whole answer, with one name for a key that a dry run cannot know."""
        report = json.loads(done.out)
        plan = {name: value for name, value in report.items() if name not in OF_ITS_OWN}
        text = json.dumps(plan, indent=1, sort_keys=True)
        return report, re.sub(rf"([KZC]SK) {report.get('made_tag', -1)}\b", r"a new \1", text)

    def try_scene(self, scene):
        args = scene(self)
        before = self.contents()
        dry = self.z(*args, "--dry-run", "--json", code=0)
        self.z(*args, "--dry-run", code=0)
        self.assertEqual(self.contents(), before)
        report, said = self.plan_of(dry)
        self.assertTrue(report["dry_run"])
        expected = []
        if scene not in NEW_ZONE:
            stale = self.z(*args, "--expect-revision", str(report["revision"] + 1), code=3)
            self.assertIn(f"is at revision {report['revision']}, not {report['revision'] + 1}", stale.err)
            self.assertIn("nothing was changed", stale.err)
            self.z(*args, "--expect-revision", "soon", code=2)
            self.assertEqual(self.contents()[0], before[0])
            expected = ["--expect-revision", str(report["revision"])]
        real = self.z(*args, *expected, "--json", code=0)
        report, done = self.plan_of(real)
        self.assertFalse(report["dry_run"])
        self.assertNotEqual(self.contents()[0], before[0])
        if scene not in NEW_ZONE:
            self.assertEqual(report["revision"], self.json("plan", "nl.test", code=0)["revision"])
        self.maxDiff = None
        self.assertEqual(said, done)


for each in SCENES:
    setattr(DryRuns, f"test_{each.__name__}_is_carried_out_as_said", lambda self, scene=each: self.try_scene(scene))


if __name__ == "__main__":
    unittest.main()
