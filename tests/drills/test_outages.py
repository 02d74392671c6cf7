#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each outage of tests/drills/outages, played with the real program: the last good zone stays octet by octet, the operator
reads what it is, and once the fault is gone the next run publishes."""
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "outages"))
import table  # noqa: E402
import stage  # noqa: E402

DRILL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../contrib/drill")
BIN = os.path.abspath(os.environ.get("ZONESEAL_BIN", "build/release/bin"))


class Outages(unittest.TestCase):
    """One test for each drill."""


def played(drill):
    def test(self):
        try:
            with stage.Stage(BIN) as play:
                drill.play(play)
        except unittest.SkipTest as why:  # a full disk is met at every call elsewhere too (failing_calls)
            print(f"{drill.name} is not played here: {why}", file=sys.stderr)
    test.__doc__ = f"{drill.zone} {drill.date}: {drill.stopped_by}"
    return test


for one in table.ALL:
    setattr(Outages, "test_" + one.name.replace("-", "_"), played(one))


class TrainingDay(unittest.TestCase):
    """contrib/drill, which people call."""

    def drill(self, *args):
        with tempfile.TemporaryDirectory(prefix="zoneseal-drill-test-") as folder:
            done = subprocess.run([DRILL, *args], capture_output=True, text=True, timeout=120, check=False,
                                  env={"PATH": "/usr/bin:/bin", "TMPDIR": folder, "ZONESEAL_BIN": BIN})
            self.assertEqual(os.listdir(folder), [])
        return done

    def test_a_drill_tells_story_commands_and_answers_and_leaves_nothing(self):
        done = self.drill("de-2010")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for words in ("12 of 16 sites", "# The copy stops after 28 %", "$ zoneseal run ", "(exit 65)", "(exit 1)",
                      "change.delegations", "is untouched and valid until", "Stopped."):
            self.assertIn(words, done.stdout)
        self.assertNotIn("/zoneseal-drill-", done.stdout)

    def test_the_list_names_each_drill(self):
        lines = self.drill("--list").stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines], [drill.name for drill in table.ALL])
        self.assertGreaterEqual(len(lines), 20)

    def test_an_unknown_drill_is_a_wrong_call(self):
        done = self.drill("de-2011")
        self.assertEqual(done.returncode, 2)
        self.assertIn("perhaps de-2010", done.stderr)


class Judges(unittest.TestCase):
    """A drill whose outage is not stopped fails."""

    def setUp(self):
        self.stage = stage.Stage(BIN)
        self.addCleanup(self.stage.close)
        self.stage.open("limits: {delegations-removed: 100%, size-change: 100%}\n")

    def test_a_published_zone_is_no_refused_one(self):
        self.stage.registry(count=100)
        with self.assertRaisesRegex(stage.Failed, "exit 0 in place of 1"):
            self.stage.refused(self.stage.z("run"), "change.delegations")

    def test_the_last_good_zone_is_compared_octet_by_octet(self):
        self.stage.registry("x")
        done = self.stage.z("run")
        with open(self.stage.output, "ab") as file:
            file.write(b"\n")
        with self.assertRaisesRegex(stage.Failed, "is not what it was"):
            self.stage.stopped(done, stage.MALFORMED)

    def test_words_that_nobody_reads_are_missed(self):
        self.stage.registry("x")
        with self.assertRaisesRegex(stage.Failed, "nobody reads"):
            self.stage.stopped(self.stage.z("run"), stage.MALFORMED, "all is well")


if __name__ == "__main__":
    unittest.main()
