# SPDX-License-Identifier: MIT
"""timeline draws what the log tells and what the plan says, in any width, with or without colour and Unicode."""
import datetime
import fcntl
import os
import pty
import struct
import subprocess
import termios
import unittest

from zs import World, ZONE, ZONESEAL


def later(days):
    """So many days after the tests begin."""
    return (datetime.datetime(2026, 11, 24, 12) + datetime.timedelta(days)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Timeline(World):
    def draw(self, *args, columns="80", locale="C", more=None, code=0):
        environment = {**self.environment(), "COLUMNS": columns, "LC_ALL": locale, **(more or {})}
        done = subprocess.run([ZONESEAL, "timeline", *args, "--now", self.now], env=environment, capture_output=True, check=False,
                              cwd=self.folder, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout.decode()

    def lanes(self, zone="nl.test", **more):
        zone, = self.json("timeline", zone, code=0, **more)["zones"]
        return {lane["label"]: lane for lane in zone["lanes"]}

    def tag(self, role):
        return next(key["tag"] for key in self.json("key", "list", "nl.test", code=0)["keys"] if key["role"] == role)


class OneZone(Timeline):
    def setUp(self):
        super().setUp()
        self.z("sign", "nl.test", "-i", self.input, code=0)
        for days in (1, 2):
            self.now = later(days)
            self.z("run", code=0)

    def test_bands_follow_each_other_and_end_where_the_picture_ends(self):
        document = self.json("timeline", "nl.test", code=0)
        zone, = document["zones"]
        self.assertGreaterEqual(len(zone["lanes"]), 3)
        for lane in zone["lanes"]:
            bands = lane["bands"]
            for one, next_one in zip(bands, bands[1:]):
                self.assertLessEqual(one["until_epoch"], next_one["from_epoch"], lane)
                self.assertFalse(one["planned"] and not next_one["planned"], lane)
            for band in bands:
                self.assertLess(band["from_epoch"], band["until_epoch"])
                self.assertLessEqual(zone["from_epoch"], band["from_epoch"])
                self.assertLessEqual(band["until_epoch"], zone["until_epoch"])
                now = document["now_epoch"]
                self.assertLessEqual(now, band["from_epoch"]) if band["planned"] else self.assertLessEqual(band["until_epoch"], now)

    def test_what_is_recorded_is_what_the_audit_tells(self):
        ksk, ds = self.tag("ksk"), f"DS {self.tag('ksk')}"
        recorded = [band for band in self.lanes()[f"KSK {ksk}"]["bands"] if not band["planned"]]
        self.assertEqual([band["state"] for band in recorded], ["waiting", "ready"])
        self.assertEqual(recorded[0]["from"], self.starts)
        self.assertEqual(recorded[1]["from"], later(1))
        self.assertEqual(self.lanes()[f"ZSK {self.tag('zsk')}"]["bands"][0]["state"], "active")
        self.assertEqual(self.lanes()[ds]["bands"][0]["state"], "person")

    def test_the_ds_lane_needs_a_person_until_the_ds_is_seen(self):
        ksk = str(self.tag("ksk"))
        self.assertTrue(self.lanes()["DS " + ksk]["needs_person"])
        self.assertFalse(self.lanes()["KSK " + ksk]["needs_person"])
        said = self.draw("nl.test")
        self.assertRegex(said, rf"(?m)^DS {ksk} +\?+\|\?")
        self.assertIn("zoneseal ds show nl.test.", said)
        self.z("ds", "seen", "nl.test", "--key", ksk, code=0)
        self.assertFalse(self.lanes()["DS " + ksk]["needs_person"])
        self.now = later(5)
        self.z("run", code=0)
        self.assertEqual(self.lanes()["DS " + ksk]["bands"][-1]["state"], "active")
        said = self.draw("nl.test")
        self.assertRegex(said, rf"(?m)^KSK {ksk} +[=~]+#*\|\++$")
        self.assertNotIn("YOU", said)

    def test_what_is_planned_is_what_plan_says(self):
        plan = self.json("plan", "nl.test", "--until", "2028-01-01T00:00Z", code=0)["plan"]
        begins = [line["when_epoch"] for line in plan if line["what"].startswith("publishes") and "new ZSK" in line["what"]]
        lanes = self.lanes(now=self.now)
        zone, = self.json("timeline", "nl.test", "--until", "2028-01-01T00:00Z", code=0)["zones"]
        coming = [lane for lane in zone["lanes"] if lane["label"].startswith("ZSK next")]
        self.assertGreaterEqual(len(coming), 2)
        self.assertNotIn("ZSK next", [label for label in lanes if lanes[label]["bands"][0]["from_epoch"] > zone["until_epoch"]])
        starts = {band["from_epoch"] for lane in coming for band in lane["bands"]}
        self.assertTrue(begins)
        self.assertLessEqual(set(begins), starts)

    def test_width_is_that_of_columns_or_of_the_terminal_or_of_a_page(self):
        for columns in ("40", "61", "80", "200"):
            lines = self.draw("nl.test", columns=columns).splitlines()
            self.assertLessEqual(max(map(len, lines)), int(columns))
            self.assertEqual({len(line) for line in lines if line.startswith(("KSK", "DS ", "ZSK"))}, {int(columns)})
        for nonsense in ("", "0", "-5", "x", "99999999999999999999", "7"):
            lines = self.draw("nl.test", columns=nonsense).splitlines()
            self.assertEqual(max(len(line) for line in lines if line.startswith("KSK")), 40 if nonsense == "7" else 80)
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 57, 0, 0))
        environment = {**self.environment(), "NO_COLOR": "1"}
        subprocess.run([ZONESEAL, "timeline", "nl.test", "--now", self.now], env=environment, stdout=theirs,
                       stderr=subprocess.DEVNULL, check=True)
        os.close(theirs)
        said = os.read(ours, 65536).decode()
        os.close(ours)
        self.assertEqual({len(line) for line in said.split("\r\n") if line.startswith(("KSK", "DS ", "ZSK"))}, {57})
        self.assertNotIn("\033", said)

    def test_unicode_where_the_locale_has_it_and_colour_only_where_wanted(self):
        self.assertTrue(self.draw("nl.test").isascii())
        self.assertTrue(self.draw("nl.test", "--ascii", locale="C.UTF-8").isascii())
        fine = self.draw("nl.test", locale="en_US.utf8")
        self.assertIn("\N{FULL BLOCK}", fine)
        self.assertNotIn("\033", fine)
        self.assertIn("\033[", self.draw("nl.test", "--color", "always"))
        self.assertEqual(self.draw("nl.test"), self.draw("nl.test", "--color", "never"))

    def test_a_stretch_of_time_that_is_none_is_refused(self):
        for args in (("--since", "2030-01-01T00:00Z"), ("--until", "2020-01-01T00:00Z"), ("--until", "soon")):
            self.draw("nl.test", *args, code=2)
        self.draw("no.test", code=66)
        lines = self.draw("nl.test", "--since", "1990-01-01T00:00Z", "--until", "2027-01-01T00:00Z")
        self.assertRegex(lines, r"(?m)^ZSK \d+ +#\|$|^ZSK \d+ +\|\+$|^ZSK \d+ +#?\|\+?$")

    def test_it_changes_nothing(self):
        before = self.tree()
        self.draw("nl.test")
        self.draw()
        self.assertEqual(self.tree(), before)


class ManyZones(Timeline):
    def test_a_line_for_each_that_is_there(self):
        self.assertIn("0 zones", self.draw())
        for number in range(12):
            name = f"z{number}.test"
            self.z("zone", "add", name, "-i", self.write(name, ZONE.replace("nl.test", name)), code=0)
        long = ".".join(["a" * 60] * 3) + ".test"
        self.z("zone", "add", long, "-i", self.write("long", ZONE.replace("nl.test", long)), code=0)
        self.z("zone", "remove", "z7.test", "--yes", code=0)
        self.z("run", code=0)
        self.now = later(2)
        self.z("run", code=0)
        said = self.draw(columns="60")
        self.assertEqual(said.splitlines()[0], "12 zones, 12 of them waiting for you")
        self.assertEqual(sum("|" in line for line in said.splitlines()), 12)
        self.assertNotIn("z7.test", said)
        self.assertIn("aaaaaaaaa~ ", said)
        self.assertLessEqual(max(map(len, said.splitlines())), 60)
        self.assertEqual(len(self.json("timeline", code=0)["zones"]), 12)


if __name__ == "__main__":
    unittest.main()
