# SPDX-License-Identifier: MIT
"""The gate compares with every published version that caches may still hold, and reads none that cannot matter."""
import json
import os
import unittest

from zs import World, delegations

SERIAL = 2026112401


class Cached(World):
    def setUp(self):
        super().setUp()
        self.output = self.path("state", "zones", "nl.test.zone")
        self.published = []
        self.count = 20
        self.publish("2026-11-24T12:00:00Z")

    def publish(self, now):
        """Another delegation, published; returns the run."""
        self.now = now
        self.count += 1
        self.write("nl.test.zone", delegations(self.count, SERIAL + self.count))
        if not self.published:
            policy = self.write("kept.yaml", "name: kept\npublish: {keep-versions: 3}\n")
            self.z("zone", "add", "nl.test", "-i", self.input, "--policy", policy, code=0)
        done = self.z("run", "-v", code=0)
        self.published.append(self.serial())
        return done

    def compared(self):
        """The serials that the last verdict has compared with."""
        return json.loads(self.z("verify", "--last", "nl.test", "--json", code=0).out)["previous"]

    def archived(self):
        return sorted(int(name.split("-")[0]) for name in os.listdir(self.path("state", "archive", "nl.test")))

    def test_without_a_key_event_the_last_version_alone_is_read(self):
        self.assertEqual(self.compared(), [])
        for hour in (13, 14, 15):
            self.publish(f"2026-11-24T{hour}:00:00Z")
            self.assertEqual(self.compared(), [self.published[-2]])

    def roll(self):
        """Publishes a new ZSK beside the old one, with three versions before it in caches.

        Each is there for an hour until all name servers have the next, and an hour of TTL."""
        for minute in (10, 20):
            self.publish(f"2026-11-25T12:{minute}:00Z")
        self.now = "2026-11-25T12:30:00Z"
        self.z("roll", "start", "nl.test", "--zsk", code=0)
        self.publish("2026-11-25T12:30:00Z")

    def test_with_other_keys_the_newest_and_the_oldest_that_caches_hold_are_read(self):
        self.roll()
        first, second, third, fourth = self.published
        self.assertEqual(self.compared(), [third, second, first])
        self.publish("2026-11-25T13:00:00Z")
        self.assertEqual(self.compared(), [fourth, third, first])

    def test_what_has_left_caches_is_not_read(self):
        self.roll()
        self.publish("2026-11-27T15:30:00Z")
        last = self.published[-1]
        self.publish("2026-11-27T15:40:00Z")
        self.assertEqual(self.compared(), [last])

    def test_the_archive_keeps_them_beyond_the_number_of_versions_kept(self):
        self.roll()
        first, third = self.published[0], self.published[2]
        for minute in range(31, 40):
            self.publish(f"2026-11-25T12:{minute}:00Z")
        self.assertEqual(self.compared(), [self.published[-2], third, first])
        self.assertIn(third, self.archived())
        self.assertNotIn(self.published[1], self.archived())
        self.publish("2026-11-27T15:30:00Z")
        self.assertNotIn(third, self.archived())

    def test_one_that_is_lost_or_damaged_is_told_and_keeps_no_zone_back(self):
        self.roll()
        first, third = self.published[0], self.published[2]
        for name in os.listdir(self.path("state", "archive", "nl.test")):
            path = self.path("state", "archive", "nl.test", name)
            if name.startswith(f"{first}-"):
                os.remove(path)
            elif name.startswith(f"{third}-"):
                os.remove(path)
                self.write(os.path.relpath(path, self.folder), "damaged\n")
        done = self.publish("2026-11-25T13:00:00Z")
        self.assertEqual(self.compared(), [self.published[-2]])
        self.assertIn(f"not compared with what caches may still hold of serial {third}, {first}", done.err)


if __name__ == "__main__":
    unittest.main()
