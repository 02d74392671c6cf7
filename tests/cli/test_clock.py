#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A real clock that was ahead once: nothing is signed until somebody says which time is right."""
import os
import sqlite3
import unittest

from zs import World

YEAR = 365 * 86400
SHIFT = os.environ["ZONESEAL_SHIFTED_CLOCK"]


class ClockThatWasAhead(World):
    virtual = False

    def setUp(self):
        super().setUp()
        self.shift = 0
        self.z("init", code=0)

    def environment(self):
        more = {}
        if getattr(self, "shift", 0):
            more = {"LD_PRELOAD": SHIFT, "ZONESEAL_SHIFT": str(self.shift),
                    "ASAN_OPTIONS": "verify_asan_link_order=0"}
        return {**super().environment(), **more}

    def ahead(self, seconds, *args, **more):
        self.shift = seconds
        done = self.z(*args, **more)
        self.shift = 0
        return done

    def jump(self, seconds=YEAR):
        """A first version in time, then one that was signed while the clock was ahead."""
        self.sign("--policy", "default")
        first = self.serial()
        self.ahead(seconds, "sign", "nl.test", "-i", self.input, "-o", self.output, "--force", code=0)
        self.assertGreater(self.serial(), first)

    def test_a_clock_that_jumps_ends_no_wait_of_a_rollover(self):
        """Three months without a run, or a wrong clock: a person says which, and signatures go on."""
        self.sign("--policy", "default")
        self.shift = 4 * 3600
        self.sign()
        made = self.json("roll", "start", "nl.test", "--zsk", code=0)["made_tag"]
        self.sign()
        self.shift = 100 * 86400
        self.sign()
        self.assertEqual(self.state_of(made), "rumoured")
        self.assertIn("release", self.z("status", "nl.test", code=0).out)
        self.z("release", "nl.test", code=0)
        self.sign()
        self.assertEqual(self.state_of(made), "omnipresent")

    def state_of(self, tag):
        keys = self.json("key", "list", "nl.test", code=0)["keys"]
        return next(key["records"]["dnskey"]["state"] for key in keys if key["tag"] == tag)

    def accept(self, *args, code=0):
        return self.z("clock", "accept", *args, code=code)

    def rows(self, text):
        with sqlite3.connect(f"file:{self.state}/keystore.db?mode=ro", uri=True) as database:
            found = database.execute(text).fetchall()
        database.close()
        return found

    def test_the_guard_names_the_way_out(self):
        self.jump()
        refused = self.z("run", code=3)
        self.assertIn("clock guard", refused.err)
        self.assertIn("zoneseal clock accept --reason", refused.err)
        doctor = self.z("doctor", code=1)
        self.assertIn("zoneseal clock accept --reason", doctor.out)
        self.assertIn("FAIL  clock", doctor.out)

    def test_monitoring_is_critical_until_the_clock_is_settled(self):
        self.jump()
        check = self.z("check", code=2)
        self.assertIn("clock", check.out)
        self.assertIn("nothing is signed", self.z("status", "nl.test", code=0).err)
        for words in ((), ("nl.test",)):
            self.assertTrue(self.z("status", *words, code=0).out.startswith("CLOCK: it is behind the last recorded run"))

    def test_nothing_is_accepted_without_reason_or_yes(self):
        self.jump()
        before = self.tree()
        self.assertIn("--reason", self.accept(code=2).err)
        self.assertIn("--reason", self.accept("--reason", "", "--yes", code=2).err)
        self.assertIn("--yes", self.accept("--reason", "ntp gave a wrong year", code=2).err)
        self.assertEqual(self.tree(), before)

    def test_a_dry_run_tells_what_would_change_and_changes_nothing(self):
        self.jump()
        before = self.tree()
        said = self.accept("--reason", "ntp", "--dry-run").err
        self.assertIn("would", said)
        self.assertIn("1 versions", said)
        self.assertEqual(self.tree(), before)
        self.z("run", code=3)

    def test_after_it_the_zone_is_signed_anew_with_times_of_the_right_clock(self):
        self.jump()
        serial = self.serial()
        self.accept("--reason", "ntp gave a wrong year", "--yes")
        self.assertIn("OK", [line[:2].upper() for line in self.z("doctor").out.splitlines() if " clock " in line])
        self.z("run", code=0)
        self.assertGreater(self.serial(), serial)
        self.assert_published_is_good()
        self.assertIn("OK", self.z("check", code=0).out)
        self.assertIn("up to date", self.z("run", code=0).err)

    def test_what_was_recorded_in_the_future_counts_from_now(self):
        """Neither a wait nor a lifetime may end before its time; what a wrong clock had ended begins again."""
        self.jump()
        with sqlite3.connect(os.path.join(self.state, "keystore.db")) as database:
            later = self.rows("SELECT max(published) FROM versions")[0][0]
            # As a rollover under the wrong clock would have left them: waits that ended within minutes.
            database.execute("UPDATE keys SET dnskey = 'omnipresent', dnskey_since = ?", (later,))
            database.execute("UPDATE keys SET zrrsig = 'hidden', zrrsig_since = ? WHERE zrrsig IS NOT NULL", (later,))
        database.close()
        self.accept("--reason", "ntp", "--yes")
        now = self.rows("SELECT CAST(value AS INTEGER) FROM settings WHERE name = 'last-time'")[0][0]
        self.assertLess(now, later - YEAR // 2)
        for row in self.rows("SELECT dnskey, dnskey_since, zrrsig, zrrsig_since, krrsig_since, ds_since, created, "
                             "active FROM keys"):
            self.assertEqual(row[0:2], ("rumoured", now))
            if row[2] is not None:
                self.assertEqual(row[2:4], ("unretentive", now))
            self.assertLessEqual(max(row[4:]), now)
        self.assertLessEqual(self.rows("SELECT max(published) FROM versions")[0][0], now)
        self.assertLessEqual(self.rows("SELECT max(ended) FROM runs")[0][0], now)

    def test_it_is_audited_with_its_reason(self):
        self.jump()
        self.accept("--reason", "ntp gave a wrong year", "--yes")
        what = self.rows("SELECT what, detail FROM audit WHERE what = 'clock accepted'")
        self.assertEqual(len(what), 1)
        self.assertIn("ntp gave a wrong year", what[0][1])
        self.assertIn("audit chain", self.z("doctor").out)

    def test_a_clock_that_is_not_behind_has_nothing_to_accept(self):
        self.sign("--policy", "default")
        before = self.tree()
        self.assertIn("not behind", self.accept("--reason", "just in case", "--yes", code=3).err)
        self.assertEqual(self.tree(), before)

    def test_a_clock_before_the_build_is_never_accepted(self):
        self.sign("--policy", "default")
        refused = self.ahead(-20 * YEAR, "clock", "accept", "--reason", "battery", "--yes", code=3)
        self.assertIn("built at", refused.err)


class VirtualClock(World):

    def test_never_goes_backward_not_even_with_a_reason(self):
        self.sign("--policy", "default")
        before = self.tree()
        refused = self.z("clock", "accept", "--reason", "again", "--yes", now="2026-01-01T00:00:00Z", code=3)
        self.assertIn("VIRTUAL CLOCK", refused.err)
        self.assertEqual(self.tree(), before)


if __name__ == "__main__":
    unittest.main()
