#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The systemd units and the line for cron: understood by the programs that read them, and as tight as they claim.

test_units.py ZONESEAL
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import confined

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNITS = ROOT / "contrib" / "systemd"
ZONESEAL = None
CRON = ROOT / "contrib" / "cron" / "zoneseal"


class Units(unittest.TestCase):

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="zoneseal-units-")))
        program = self.folder / "zoneseal"
        program.write_text("#!/bin/sh\n", encoding="ascii")
        program.chmod(0o755)
        for unit in UNITS.iterdir():
            if unit.name.endswith(".in"):
                text = unit.read_text(encoding="ascii").replace("@CMAKE_INSTALL_FULL_BINDIR@", str(self.folder))
                self.assertNotRegex(text, r"@[A-Z_]+@")
                (self.folder / unit.name.removesuffix(".in")).write_text(text, encoding="ascii")
            else:
                shutil.copy(unit, self.folder)
        self.environment = dict(os.environ, SYSTEMD_UNIT_PATH=f"{self.folder}:")

    def analyze(self, *words):
        return subprocess.run(["systemd-analyze", "--no-pager", *words], env=self.environment, capture_output=True,
                              text=True, check=False)

    def test_systemd_understands_every_line(self):
        for unit in ("zoneseal@nl.test.service", "zoneseal@nl.test.timer", "zoneseal@xn--p1ai.service",
                     "zoneseal-alert@zoneseal@nl.test.service.service"):
            template = unit.split("@")[0] + "@." + unit.rsplit(".", 1)[1]
            instance = self.folder / unit
            shutil.copy(self.folder / template, instance)
            said = self.analyze("verify", str(instance))
            self.assertEqual((said.returncode, said.stdout + said.stderr), (0, ""), unit)

    def test_drop_in_that_zone_add_prints_is_understood(self):
        """Also with folders that need quoting; systemd itself says what it read."""
        for name in ("out", 'a "b" %h \\x41 $HOME', "\N{LATIN SMALL LETTER U WITH DIAERESIS}"):
            folder = self.folder / name
            folder.mkdir()
            words = ["zone", "add", "nl.test", "--print-unit", "-i", "/dev/null", "-o", folder / "zone", "--config",
                     self.folder, "--policy", ROOT / "policies" / "shipped" / "tld.yaml", "--state",
                     self.folder / f"state of {name}"]
            subprocess.run([ZONESEAL, "init", "-q", "--config", self.folder, "--state", words[-1]], check=True)
            printed = subprocess.run([ZONESEAL, *words], capture_output=True, text=True, check=True).stdout
            shown = subprocess.run([ZONESEAL, "zone", "show", "nl.test", "--print-unit", *words[-2:]], capture_output=True,
                                   text=True, check=True).stdout
            self.assertEqual(shown, printed, "also later")
            self.assertEqual((self.folder / "policies").stat().st_mode & 0o777, 0o755, "read by user zoneseal")
            drop_in = self.folder / "zoneseal@nl.test.service.d"
            drop_in.mkdir(exist_ok=True)
            (drop_in / "output.conf").write_text(printed, encoding="utf-8")
            instance = self.folder / "zoneseal@nl.test.service"
            shutil.copy(self.folder / "zoneseal@.service", instance)
            said = self.analyze("verify", str(instance))
            self.assertEqual((said.returncode, said.stdout + said.stderr), (0, ""), printed)
            (drop_in / "output.conf").write_text(printed.replace('="', '="not absolute'), encoding="utf-8")
            said = self.analyze("verify", str(instance))
            self.assertIn(f"not absolute{folder}", said.stderr, printed)

    def test_units_with_a_fault_are_told(self):
        """The check above would notice."""
        instance = self.folder / "zoneseal@nl.test.service"
        text = (self.folder / "zoneseal@.service").read_text(encoding="ascii")
        instance.write_text(text.replace("ProtectSystem=", "ProtectSytem="), encoding="ascii")
        self.assertIn("ProtectSytem", self.analyze("verify", str(instance)).stderr)

    def test_service_is_exposed_no_more_than_it_must_be(self):
        for unit, tenths in (("zoneseal@.service", 20), ("zoneseal-alert@.service", 30)):
            said = self.analyze("security", "--offline=yes", f"--threshold={tenths}", str(self.folder / unit))
            self.assertEqual(said.returncode, 0, said.stdout + said.stderr)
            self.assertIn("OK", said.stdout.splitlines()[-1])

    def test_failure_starts_the_alert_and_an_overlap_does_not(self):
        text = (self.folder / "zoneseal@.service").read_text(encoding="ascii")
        self.assertIn("\nOnFailure=zoneseal-alert@%n.service\n", text)
        self.assertIn("\nSuccessExitStatus=TEMPFAIL\n", text)
        said = self.analyze("exit-status", "TEMPFAIL")
        self.assertRegex(said.stdout, r"TEMPFAIL\s+75\b")

    def test_timer_fires_four_times_an_hour(self):
        text = (self.folder / "zoneseal@.timer").read_text(encoding="ascii")
        when = re.search(r"^OnCalendar=(.*)$", text, re.M).group(1)
        said = self.analyze("calendar", "--iterations=4", "--base-time=2026-11-24 21:00:00 UTC", when)
        self.assertEqual(said.returncode, 0, said.stderr)
        for minute in ("21:15:00", "21:30:00", "21:45:00", "22:00:00"):
            self.assertIn(minute, said.stdout)

    def test_cron_line_has_a_user_and_a_program_that_says_nothing(self):
        lines = [line for line in CRON.read_text(encoding="ascii").splitlines() if line and line[0] != "#"]
        settings = [line for line in lines if re.fullmatch(r"[A-Z]+=\S+", line)]
        jobs = [line for line in lines if line not in settings]
        self.assertEqual(len(jobs), 1)
        self.assertRegex(jobs[0], r"^\*/15 \* \* \* \* zoneseal zoneseal run -q$")
        self.assertTrue(CRON.read_text(encoding="ascii").endswith("\n"))


class Locking(unittest.TestCase):
    """Not of a build with sanitizers, which answer mlock themselves."""

    def test_run_where_a_filter_forbids_locking_says_so_and_publishes_nothing(self):
        """As in systemd-nspawn: the key is as it was, so nobody is sent for its backup."""
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="zoneseal-locked-")))
        (folder / "in").write_text("$ORIGIN nl.test.\n@ 3600 SOA ns h 1 2 3 4 5\n@ 3600 NS ns\nns 3600 A 192.0.2.1\n",
                                   encoding="ascii")
        words = ["--state", folder / "state", "--config", folder]
        add = ["zone", "add", "nl.test", "-i", folder / "in", "-o", folder / "out", "--policy",
               ROOT / "policies" / "shipped" / "tld.yaml"]
        for command in (["init", "-q"], add):
            subprocess.run([ZONESEAL, *command, *words], check=True, capture_output=True)
        told = subprocess.run([ZONESEAL, "run", *words], capture_output=True, text=True, check=False,
                              preexec_fn=confined.nothing_locked())
        self.assertEqual(told.returncode, 77, told.stderr)
        self.assertIn("cannot be locked: a filter of system calls forbids mlock", told.stderr)
        self.assertNotIn("backup", told.stderr)
        self.assertFalse((folder / "out").exists())
        subprocess.run([ZONESEAL, "run", *words], check=True, capture_output=True)


if __name__ == "__main__":
    ZONESEAL = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
