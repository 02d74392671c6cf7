# SPDX-License-Identifier: MIT
"""A terminal of 40 columns, a pipe, names as long as names can be, a keystore that somebody writes to: what people read
stays readable."""
import contextlib
import fcntl
import os
import pty
import sqlite3
import struct
import subprocess
import termios
import unittest

from zs import World, ZONESEAL

LABEL = "\\001" * 60
LONG = f"{LABEL}.{LABEL}.{LABEL}.test"


class Narrow(World):
    def setUp(self):
        super().setUp()
        self.z("sign", "nl.test", "-i", self.input, code=0)
        self.z("zone", "add", LONG, "-i", self.input, code=0)

    def show(self, *args, columns="40", **more):
        environment = {**self.environment(), **({"COLUMNS": columns} if columns else {}), **more}
        done = subprocess.run([ZONESEAL, *args, "--now", self.now], env=environment, capture_output=True, check=False,
                              cwd=self.folder, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode("ascii").splitlines()

    def assert_fits(self, lines, columns):
        """But for one word that is longer, and what is for pasting."""
        for line in lines:
            if not line.startswith(("Do now:", "  YOU ")) and len(line.split()) > 1:
                self.assertLessEqual(len(line), columns, line)

    def test_all_zones_fit(self):
        for columns in (40, 60, 79):
            lines = self.show("status", columns=str(columns))
            self.assert_fits(lines, columns)
            self.assertEqual(len([line for line in lines if line == "nl.test."]), 1)
            self.assertLess(max(map(len, lines)), 80)
        self.assertIn("NEXT", "".join(self.show("status", columns="80")))

    def test_one_zone_fits_and_says_the_same(self):
        wide = self.show("status", "nl.test", columns=None)
        for columns in (40, 60):
            narrow = self.show("status", "nl.test", columns=str(columns))
            self.assert_fits(narrow, columns)
            self.assertEqual(" ".join(narrow).split(), " ".join(wide).split())

    def test_a_command_to_paste_stays_on_its_line(self):
        self.now = "2026-12-02T00:00:00Z"
        self.z("run", "nl.test", code=0)
        wide = [line for line in self.show("status", "nl.test", columns=None) if line.startswith("Do now:")]
        narrow = [line for line in self.show("status", "nl.test") if line.startswith("Do now:")]
        self.assertEqual(len(narrow), 1)
        self.assertEqual(narrow, wide)

    def test_a_terminal_says_its_width_itself_and_colours_take_no_room(self):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
        subprocess.run([ZONESEAL, "status", "--now", self.now], env=self.environment(), stdout=theirs,
                       stderr=subprocess.DEVNULL, check=True)
        os.close(theirs)
        said = os.read(ours, 65536).decode().replace("\r\n", "\n")
        os.close(ours)
        self.assertIn("\033[32m", said)
        plain = said.replace("\033[32m", "").replace("\033[33m", "").replace("\033[0m", "")
        self.assertEqual(plain.splitlines(), self.show("status"))

    def test_a_pipe_gets_the_table_and_no_colours(self):
        lines = self.show("status", columns=None)
        self.assertRegex("\n".join(lines), r"(?m)^ZONE +STATE +PUBLISHED")
        self.assertNotIn("\033", "".join(lines))

    def test_names_as_long_as_names_can_be(self):
        self.assertIn(LONG, self.show("status", LONG, columns=None)[0])
        self.assertIn(LONG, self.show("status", LONG)[0] + self.show("status", LONG)[1])
        for columns in (40, 80):
            for args in (("timeline",), ("timeline", LONG), ("timeline", "nl.test")):
                with self.subTest(args=args[:1], columns=columns):
                    for line in self.show(*args, columns=str(columns)):
                        self.assertTrue(len(line) <= columns or LONG in line, line)
        self.z("report", "--html", self.path("site"), code=0)
        for name in os.listdir(self.path("site")):
            self.assertLess(os.path.getsize(self.path("site", name)), 100_000)

    def test_who_only_reads_is_not_in_the_way_of_who_writes_nor_the_other_way_round(self):
        with contextlib.closing(sqlite3.connect(os.path.join(self.state, "keystore.db"))) as other:
            other.execute("BEGIN EXCLUSIVE")
            other.execute("UPDATE zones SET revision = revision + 1")
            for args in (("status",), ("status", "nl.test"), ("timeline",), ("metrics",)):
                self.show(*args)
            self.z("report", "--html", self.path("site"), code=0)
            self.assertEqual(self.z("check").returncode, 1)  # one zone is new
            other.rollback()


if __name__ == "__main__":
    unittest.main()
