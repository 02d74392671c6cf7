# SPDX-License-Identifier: MIT
"""A backup is restored into the middle of each way to roll a key. Where nothing was published since the backup, the roll
goes on to its end from what the backup knows. Where something was, the restored keystore says so, does not sign, and does
not replace what is published by something that is bogus for anybody, not even if it is told to.

Each way to roll is followed once, with a backup after each publication. Then, for each backup, the state folder is lost
at the last moment before the next publication, and at a later one; the backup is restored beside what is published, what
the parent shows and what caches hold at that moment."""
import copy
import glob
import hashlib
import os
import shutil
import unittest

import rolls
import test_rolls
from rolls import NEVER

WORLD = ("clock", "caches", "states", "names", "reserve", "shown", "wanted", "parent_acts", "ds_delay", "base",
         "refused", "done", "contents")
STEPS_ON = 2  # publications after the backup, where it is too old


class Restored(test_rolls.Timelines):
    def setUp(self):
        super().setUp()
        self.contents, self.backups, self.last, self.recording = {}, [], {}, True

    # ---- the first time, with backups ----

    def run_until_events(self, end, world, commands):
        events = [(test_rolls.epoch(when), text) for when, text in commands]
        if "outage-from" in world:
            events.append((test_rolls.epoch(world["outage-from"]), None))
            self.outage_ends = test_rolls.epoch(world["outage-until"])
        self.events, self.end, self.done = sorted(events, key=lambda event: event[0]), end, 0
        self.go_on()

    def go_on(self):
        while self.done < len(self.events):
            when, text = self.events[self.done]
            self.run_until(when)
            self.done += 1
            if text is None:
                self.sleep(self.outage_ends)
            else:
                self.command(text)
        self.run_until(self.end)

    def run_once(self, code=0):
        before = self.published
        report = super().run_once(code)
        if self.published > before:
            self.one_content_for_a_serial()
        if self.recording:
            self.record(self.published > before)
        return report

    def one_content_for_a_serial(self):
        text = self.read(self.output)
        serial = int(self.records()[0][3].split()[2])
        digest = hashlib.sha256(text).hexdigest()
        self.assertEqual(self.contents.setdefault(serial, digest), digest, f"serial {serial} has two contents")

    def record(self, published):
        if published:
            path = self.path(f"step-{len(self.backups)}.tar")
            self.z("backup", "--with-keys", path, code=0, now=self.now_text())
            self.backups.append((path, self.read(self.output)))
        self.last[len(self.backups) - 1] = copy.deepcopy({name: getattr(self, name) for name in WORLD})

    # ---- and again, with what a backup remembers ----

    def lose_and_restore(self, backup, moment):
        """The world as it is at the moment, and the state folder of the backup."""
        for name, value in copy.deepcopy(self.last[moment]).items():
            setattr(self, name, value)
        shutil.rmtree(self.state)
        for path in glob.glob(self.path("backup-*.tar")):
            os.unlink(path)
        os.makedirs(os.path.dirname(self.output), 0o700)
        self.write(self.output, self.backups[moment][1])
        return self.z("restore", self.backups[backup][0], now=self.now_text())

    def told_again(self):
        """Whoever restores says again what the parent shows; what is still to be told comes when the parent acts."""
        self.note_states()
        if self.parent_acts == NEVER and self.shown == self.wanted:
            self.tell_parent()

    def goes_on(self, step):
        done = self.lose_and_restore(step, step)
        self.assertEqual(done.returncode, 0, done.err)
        self.told_again()
        self.go_on()

    def stops(self, step, moment):
        done = self.lose_and_restore(step, moment)
        self.assertEqual(done.returncode, 3, done.err)
        self.assertIn("is not the version that the backup remembers", done.err)
        self.assertIn("restore a newer backup", done.err)
        self.assertEqual(self.z("run", now=self.now_text()).returncode, 3)
        self.z("restore", "--accept", "drill", "--yes", code=0, now=self.now_text())
        done = self.z("run", now=self.now_text())
        self.assertEqual(done.returncode, 3, done.err)
        self.assertEqual(self.read(self.output), self.backups[moment][1])
        self.replaces(moment)

    def replaces(self, moment):
        """Refused, or it is a zone that no cache finds bogus, with a serial that nobody used."""
        done = self.z("sign", "nl.test", "--replace", "--json", now=self.now_text())
        if done.returncode != 0:
            self.assertEqual(self.read(self.output), self.backups[moment][1])
            self.refusals.add(done.err.split("\n")[1][:300])
            return
        rolls.Rolling.judge_published(self)
        self.one_content_for_a_serial()
        self.caches.publish(self.records(), self.clock)
        self.assertIsNone(self.caches.bogus())

    def follow(self, name):
        answer = super().follow(name)
        self.recording, self.refusals = False, set()
        count = len(self.backups)
        for step in range(count):
            with self.subTest(step=step, backup="of the last publication"):
                self.goes_on(step)
        for step in range(count - 1):
            with self.subTest(step=step, backup="too old"):
                self.stops(step, min(step + STEPS_ON, count - 1))
        for reason in self.refusals:
            self.assertRegex(reason, "are not in this keystore|this keystore says otherwise")
        return answer

    def test_cds_rollover(self):
        self.follow("cds_rollover")


if __name__ == "__main__":
    unittest.main()
