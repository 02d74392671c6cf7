# SPDX-License-Identifier: MIT
"""What the keystore must never lose or mix up: keys in backups, serials on stdout, keys under another policy."""
import fcntl
import glob
import os
import shutil
import subprocess
import tarfile
import tempfile
import threading
import unittest

from zs import World, ZONE, delegations


class RemovedZone(World):
    def setUp(self):
        super().setUp()
        self.sign()

    def test_backup_holds_the_keys_of_removed_zones(self):
        self.z("zone", "remove", "nl.test", "--yes", code=0)
        file = self.path("backup.tar")
        self.z("backup", "--with-keys", file, code=0)
        with tarfile.open(file) as tar:
            self.assertEqual(len([name for name in tar.getnames() if name.startswith("keys/")]), 2)
        left = [name for name in os.listdir(self.state) if name.startswith(".backup-")]
        self.assertEqual(left, [])
        self.state = self.path("state2")
        self.z("restore", file, code=0)
        self.sign("--force")
        self.assert_published_is_good()


class Stdout(World):
    def test_one_serial_has_one_content(self):
        first = self.z("sign", "nl.test", "-i", self.input, "-o", "-", code=0).stdout
        second = self.z("sign", "nl.test", "-i", self.input, "-o", "-", code=0).stdout
        serials = [int(text.split(b"\n", 1)[0].split()[6]) for text in (first, second)]
        self.assertEqual(serials[1], serials[0] + 1)
        self.sign()
        self.assertEqual(self.serial(), serials[1] + 1)
        self.assert_published_is_good()
        self.assertIn("up to date", self.sign().err)


class OtherPolicy(World):
    """Keys fit the policy of a zone that is new or comes back; for one that is there, another policy is a rollover."""

    def test_removed_zone_comes_back_only_with_a_policy_that_its_keys_fit(self):
        self.sign()
        self.z("zone", "remove", "nl.test", "--yes", code=0)
        for more in ((), ("--dry-run",)):
            done = self.z("zone", "add", "nl.test", "-i", self.input, "-o", self.output, "--policy", "tld-rsa", *more,
                          code=3)
            self.assertIn("rollover", done.err)
        self.sign("--policy", "tld-rsa", code=3)
        self.sign("--force")
        self.assert_published_is_good()

    def test_keys_made_before_the_policy_changed_are_left_aside(self):
        self.z("zone", "add", "nl.test", "-i", self.input, "-o", self.output, code=0)
        self.z("key", "generate", "nl.test", code=0)
        self.z("zone", "set-policy", "nl.test", "tld-rsa", code=0)
        self.sign()
        self.assert_published_is_good()
        self.assertEqual(self.read(self.output).count(b"DNSKEY\t25"), 2)

    def test_keys_that_were_left_aside_are_taken_again(self):
        self.z("zone", "add", "nl.test", "-i", self.input, "-o", self.output, code=0)
        self.z("key", "generate", "nl.test", code=0)
        self.z("zone", "set-policy", "nl.test", "tld-rsa", code=0)
        self.z("key", "generate", "nl.test", code=0)
        self.z("zone", "set-policy", "nl.test", "default", code=0)
        self.sign()
        self.assertEqual(len(self.json("key", "list", "nl.test", code=0)["keys"]), 4)
        self.assert_published_is_good()

    def test_zone_is_not_changed_while_it_is_signed(self):
        self.sign()
        with open(self.state + "/locks/nl.test", "r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.z("zone", "set-policy", "nl.test", "tld", code=75)
            self.z("zone", "remove", "nl.test", "--yes", code=75)
        self.z("zone", "remove", "nl.test", "--yes", code=0)
        with open(self.state + "/locks/nl.test", "r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.z("zone", "add", "nl.test", "-i", self.input, "-o", self.output, code=75)

class OtherFileSystem(World):
    def setUp(self):
        super().setUp()
        here = os.stat(self.folder).st_dev
        others = [place for place in ("/dev/shm", "/var/tmp", "/run/lock", os.getcwd())
                  if os.path.isdir(place) and os.access(place, os.W_OK) and os.stat(place).st_dev != here]
        self.assertTrue(others, "no second file system: mount a tmpfs at /dev/shm")
        folder = tempfile.mkdtemp(prefix="zoneseal-cli-", dir=others[0])
        self.addCleanup(shutil.rmtree, folder, True)
        self.output = os.path.join(folder, "out.zone")
        self.write("nl.test.zone", delegations(2000))
        self.sign()
        self.good = self.read(self.output)
        os.unlink(self.output)

    def test_current_version_is_in_the_archive(self):
        kept = glob.glob(self.state + "/archive/nl.test/*.zone")
        self.assertEqual([self.read(path) == self.good for path in kept], [True])
        self.write("nl.test.zone", ZONE)
        self.sign(code=1)

    def test_change_limits_hold_without_the_last_version(self):
        shutil.rmtree(self.state + "/archive/nl.test")
        self.write("nl.test.zone", ZONE)
        self.assertIn("to compare with", self.sign(code=3).err)
        self.write("nl.test.zone", delegations(2001))
        self.sign()
        self.assert_published_is_good()


class OutputOfOthers(World):
    def test_file_that_appears_while_the_zone_is_signed_stays(self):
        self.write("nl.test.zone", delegations(4000))
        stop = threading.Event()

        def intrude():
            while not stop.is_set():
                if glob.glob(self.path(".out.zone.*.tmp")):
                    self.write("out.zone", "somebody else's\n")
                    return
                stop.wait(0.001)
        intruder = threading.Thread(target=intrude)
        intruder.start()
        try:
            done = self.sign(code=75)
        finally:
            stop.set()
            intruder.join()
        self.assertIn("another program changed it", done.err)
        self.assertEqual(self.read(self.output), b"somebody else's\n")
        self.sign(code=3)
        self.sign("--replace")
        self.assert_published_is_good()

    def test_output_is_never_the_input(self):
        for output in (self.input, self.path("link")):
            if output != self.input:
                os.symlink(self.input, output)
            done = self.z("sign", "nl.test", "-i", self.input, "-o", output, "--replace", code=3)
            self.assertIn("same file", done.err)
            self.assertEqual(self.read(self.input).decode(), ZONE)


class DryRestore(World):
    def setUp(self):
        super().setUp()
        self.sign()
        old = self.read(self.output)
        file = self.path("backup.tar")
        self.z("backup", "--with-keys", file, code=0)
        self.sign("--force")
        self.state = self.path("state2")
        self.z("restore", file, code=3)
        self.write("out.zone", old)

    def test_dry_run_reconciles_nothing(self):
        self.assertIn("would be reconciled", self.z("restore", "--reconcile", "--dry-run", code=0).err)
        self.sign("--force", code=3)
        self.assertIn("signs again", self.z("restore", "--reconcile", code=0).err)
        self.sign("--force")

    def test_dry_run_accepts_nothing(self):
        done = self.z("restore", "--accept", "the disk is gone", "--dry-run", code=0)
        self.assertIn("would be accepted", done.err)
        self.sign("--force", code=3)


class Serials(World):
    """RFC 1982: after a wrap the numbers come round again."""

    def publish(self, serial):
        self.write("nl.test.zone", ZONE.replace("2026112401", str(serial % 2 ** 32)))
        self.sign("--force", "--ignore-serial-date")
        self.assert_published_is_good()
        return self.serial()

    def test_used_serial_is_passed_over_after_a_wrap(self):
        first = 2026112401
        for serial in (first, first + 2 ** 31 - 1, first + 2 ** 32 - 2):
            self.assertEqual(self.publish(serial), serial % 2 ** 32)
        self.assertEqual(self.publish(first - 2), first - 1)
        self.assertEqual(self.publish(first), first + 1)


class Leftovers(World):
    def test_zone_that_comes_back_is_not_blocked(self):
        self.write("nl.test.zone", delegations(2000))
        self.sign()
        self.write("nl.test.zone", ZONE)
        self.z("run", code=3)
        self.sign(code=1)
        self.assertIn("BLOCKED", self.z("status", code=0).out)
        self.z("zone", "remove", "nl.test", "--yes", code=0)
        self.z("zone", "add", "nl.test", "-i", self.input, "-o", self.output, code=0)
        self.assertNotIn("BLOCKED", self.z("status", code=0).out)
        self.assertIsNone(self.json("status", code=0)["zones"][0].get("input_failing_since"))

    def test_refused_zone_is_where_the_message_says(self):
        os.mkdir(self.path("real"))
        os.symlink("real/zone", self.output)
        self.write("real/zone", "")
        self.write("nl.test.zone", delegations(2000))
        self.sign("--replace")
        self.write("nl.test.zone", ZONE)
        self.assertIn(self.path("real", "zone.rejected"), self.sign(code=1).err)
        self.assertTrue(os.path.exists(self.path("real", "zone.rejected")))

    def test_copies_of_killed_backups_are_swept(self):
        with subprocess.Popen(["/bin/true"]) as gone:
            gone.wait()
        old, new = (os.path.join(self.state, f".backup-{pid}.db") for pid in (gone.pid, os.getpid()))
        for path in (old, new):
            self.write(path, "x")
        self.z("backup", self.path("backup.tar"), code=0)
        self.assertEqual([os.path.exists(path) for path in (old, new)], [False, True])


class VirtualClock(World):
    def test_change_without_now_is_refused(self):
        self.virtual = False  # zs adds no --now
        for args in (("sign", "nl.test", "-i", self.input, "-o", self.output),
                     ("zone", "add", "nl.test", "-i", self.input), ("backup", self.path("backup.tar"))):
            self.assertIn("--now", self.z(*args, code=2).err)
        self.z("status", code=0)
        self.virtual = True
        self.sign()


if __name__ == "__main__":
    unittest.main()
