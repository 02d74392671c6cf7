# SPDX-License-Identifier: MIT
"""A file that was not touched is not read again, and every touch is seen."""
import hashlib
import os
import sqlite3
import unittest

from zs import World, ZONE

SHIFT = os.environ["ZONESEAL_SHIFTED_CLOCK"]


class KnownInput(World):
    virtual = False

    def setUp(self):
        super().setUp()
        self.shift = 0
        self.z("init", code=0)
        self.z("sign", "nl.test", "-i", self.input, "-o", self.output, "--policy", self.shipped(), code=0)

    def shipped(self):
        return os.path.join(os.path.dirname(__file__), "../../policies/shipped/default.yaml")

    def environment(self):
        more = {}
        if getattr(self, "shift", 0):
            more = {"LD_PRELOAD": SHIFT, "ZONESEAL_SHIFT": str(self.shift), "ASAN_OPTIONS": "verify_asan_link_order=0"}
        return {**super().environment(), **more}

    def run_later(self, seconds):
        """A run whose clock is ahead, so that the input's last change is as long ago."""
        self.shift = seconds
        done = self.z("run", code=0)
        self.shift = 0
        return done.err

    def sql(self, text, *values):
        with sqlite3.connect(os.path.join(self.state, "keystore.db")) as database:
            found = database.execute(text, values).fetchall()
        database.close()
        return found

    def known(self):
        return self.sql("SELECT inode, changed, sha256 FROM files WHERE purpose = 'input'")

    def test_a_change_that_may_be_too_young_to_show_is_not_relied_upon(self):
        self.assertEqual(self.known(), [])
        self.z("run", code=0)
        self.assertEqual(self.known(), [])

    def test_what_was_read_long_after_its_last_change_is_known(self):
        self.assertIn("up to date", self.run_later(10))
        (inode, changed, sha256), = self.known()
        at = os.stat(self.input)
        self.assertEqual((inode, changed), (at.st_ino, at.st_ctime_ns))
        self.assertEqual(sha256, hashlib.sha256(ZONE.encode()).digest())

    def test_it_is_not_read_again(self):
        self.run_later(10)
        self.write("nl.test.zone", ZONE.replace('"x"', '"y"'))
        at = os.stat(self.input)
        self.sql("UPDATE files SET inode = ?, size = ?, modified = ?, changed = ?", at.st_ino, at.st_size,
                 at.st_mtime_ns, at.st_ctime_ns)
        self.assertIn("up to date", self.run_later(20))

    def test_a_change_with_the_old_size_and_time_is_seen(self):
        self.run_later(10)
        before = os.stat(self.input)
        with open(self.input, "r+b") as file:
            file.write(ZONE.replace('"x"', '"y"').encode())
        os.utime(self.input, ns=(before.st_atime_ns, before.st_mtime_ns))
        after = os.stat(self.input)
        self.assertEqual((before.st_ino, before.st_size, before.st_mtime_ns),
                         (after.st_ino, after.st_size, after.st_mtime_ns))
        self.assertIn("published (input changed)", self.run_later(20))

    def test_a_file_that_took_its_place_is_seen(self):
        self.run_later(10)
        before = os.stat(self.input)
        other = self.write("other", ZONE.replace('"x"', '"y"'))
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
        os.rename(other, self.input)
        self.assertIn("published (input changed)", self.run_later(20))

    def test_a_wrong_memory_costs_one_reading_and_no_serial(self):
        self.run_later(10)
        self.sql("UPDATE files SET sha256 = zeroblob(32)")
        self.assertIn("up to date", self.run_later(20))
        self.assertEqual(self.known()[0][2], hashlib.sha256(ZONE.encode()).digest())

    def spoil(self):
        """Other octets at the output path, with the old size and mtime."""
        before = os.stat(self.output)
        text = self.read(self.output)
        with open(self.output, "r+b") as file:
            file.write(text.replace(b"192.0.2.2", b"192.0.2.3"))
        os.utime(self.output, ns=(before.st_atime_ns, before.st_mtime_ns))
        self.assertEqual(os.stat(self.output).st_mtime_ns, before.st_mtime_ns)

    def run_refused(self, *args):
        self.shift = 30
        done = self.z(*args, code=3)
        self.shift = 0
        self.assertIn("zoneseal did not write this file", done.err)

    def test_a_published_file_that_was_touched_is_seen(self):
        self.run_later(10)
        (inode,), = self.sql("SELECT inode FROM files WHERE purpose = 'output'")
        self.assertEqual(inode, os.stat(self.output).st_ino)
        self.spoil()
        self.run_refused("run")

    def test_a_published_file_is_read_again_before_it_is_replaced(self):
        self.run_later(10)
        self.spoil()
        self.sql("UPDATE files SET changed = ? WHERE purpose = 'output'", os.stat(self.output).st_ctime_ns)
        self.assertIn("up to date", self.run_later(20))
        self.run_refused("sign", "nl.test", "--force")

    def test_an_input_with_includes_is_read_each_time(self):
        self.write("more", 'more TXT "1"\n')
        self.write("nl.test.zone", ZONE + "$INCLUDE more\n")
        self.assertIn("published (input changed)", self.run_later(10))
        self.run_later(20)
        self.assertEqual(self.known(), [])
        self.write("more", 'more TXT "2"\n')
        self.assertIn("published (input changed)", self.run_later(30))

    def test_bad_content_is_told_of_at_each_run(self):
        self.write("nl.test.zone", "nonsense\n")
        for seconds in (10, 20):
            self.shift = seconds
            self.assertIn("registrations are not getting out", self.z("run", code=65).err)
            self.shift = 0


if __name__ == "__main__":
    unittest.main()
