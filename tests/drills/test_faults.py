#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every system call of the publishing order fails once with an I/O error (EIO), as on a disk that dies.

After each: exit code 74 or a run that did all that it says, the published file is the last good zone or the new one as a
whole, the next run settles the intent, and no serial has had two contents.
"""
import os
import shutil
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from drill import Drill, KILLED, KILLER, STRIDE  # noqa: E402
import zs  # noqa: E402

EVERY = int(os.environ.get("ZONESEAL_FAULT_EVERY", "3"))
IO_ERROR, PERMISSION, NOT_REACHED = 74, 77, 99


class Faults(Drill):

    where = ("out.zone",)

    def setUp(self):
        super().setUp()
        self.output = self.path(*self.where)
        self.sign("--policy", "default")
        self.old = self.serial()
        self.write("nl.test.zone", zs.ZONE + "new NS ns1\n")
        self.args = ("sign", "nl.test", "-i", self.input, "-o", self.output)
        self.prepare()

    def traced_environment(self):
        return self.listed_environment()

    def traced(self, mode):
        done = subprocess.run([KILLER, mode, *self.argv(*self.args)], capture_output=True, text=True,
                              env=self.traced_environment(), cwd=self.folder, timeout=120, check=False)
        return done

    def list_calls(self):
        """(name, what it is about) of each call, from the first to the last."""
        self.reset()
        lines = self.traced("list").stdout.splitlines()[:-1]
        return [tuple(line.split(" ", 1)) for line in lines]

    def fail_at(self, nth):
        self.reset()
        self.look("before")
        return self.traced(f"fail:{nth}")

    def settled_by_the_next_run(self, title):
        self.judge(title)
        self.next_run_succeeds(title, *self.args)
        self.store_agrees(title)
        self.assertGreater(self.serial(), self.old, title)
        self.assertIn("new.nl.test.", self.read(self.output).decode(), title)

    def intents(self):
        """Serials that may be published, and nobody knows."""
        with sqlite3.connect(f"file:{self.state}/keystore.db?mode=ro", uri=True) as database:
            rows = database.execute("SELECT serial FROM versions WHERE published = 0 AND abandoned = 0").fetchall()
        database.close()
        return [row[0] for row in rows]

    def killed_after_the_rename(self):
        """The world to go on with is that of a run that died before the folder was synced; the serial it left."""
        self.calls = self.list_calls()
        folder, name = os.path.split(self.output)
        renamed = self.the_one("renameat", name)
        synced = self.the_one("fsync", os.path.basename(folder), after=renamed)
        self.reset()
        self.assertEqual(self.traced(str(synced)).returncode, KILLED)
        new = self.look("killed")
        self.assertEqual(self.intents(), [new])
        self.spare_again()
        return new

    def spare_again(self):
        shutil.rmtree(self.spare)
        shutil.copytree(self.folder, self.spare, symlinks=True)

    def the_one(self, name, ending, after=None):
        """The number of the only call of that name about that file; with `after`, the next one behind that number."""
        found = [number for number, call in enumerate(self.calls, 1)
                 if call[0] == name and call[1].endswith(ending) and number > (after or 0)]
        self.assertTrue(found, f"{name} {ending}: {self.calls}")
        return found[0]


class Steps(Faults):

    def test_folder_that_cannot_be_synced_after_the_rename(self):
        """Step 14b: the new file has its name, but nobody knows whether the disk does; the next run finds out."""
        self.calls = self.list_calls()
        renamed = self.the_one("renameat", "out.zone")
        synced = self.the_one("fsync", os.path.basename(self.folder), after=renamed)
        self.assertEqual(synced, renamed + 1)
        done = self.fail_at(synced)
        self.assertEqual(done.returncode, IO_ERROR, done.stderr)
        self.assertIn("cannot be synced", done.stderr)
        self.assertIn("may be in place already; the next run finds out and records it", done.stderr)
        new = self.look("after the failure")
        self.assertGreater(new, self.old)
        self.settled_by_the_next_run("step 14b")
        self.assertEqual(self.serial(), new, "the version that was in place is the one that is recorded")
        self.assertIn("up to date", self.z(*self.args, code=0).err)

    def test_a_version_that_a_killed_run_left_in_place_is_on_the_disk_before_it_is_confirmed(self):
        """Killed between steps 14a and 14b: the next run confirms what it finds, and a power failure may not undo it."""
        folder = os.path.basename(self.folder)
        new = self.killed_after_the_rename()
        self.assertGreater(new, self.old)
        self.calls = self.list_calls()
        self.assertEqual(self.intents(), [])
        receipt = self.the_one("fdatasync", "keystore.db-wal")
        file = self.the_one("fsync", "/out.zone")
        named = self.the_one("fsync", folder, after=file)
        self.assertLess(named, receipt)
        for nth in (file, named):
            done = self.fail_at(nth)
            self.assertEqual(done.returncode, IO_ERROR, done.stderr)
            self.assertIn(f"reconciling serial {new}: ", done.stderr)
            self.assertEqual(self.intents(), [new])
            self.settled_by_the_next_run("a version that was not confirmed")
            self.assertEqual(self.serial(), new)

    def test_what_was_killed_on_its_way_to_stdout_is_looked_for_nowhere(self):
        self.args = ("sign", "nl.test", "-i", self.input, "-o", "-")
        self.calls = self.list_calls()
        for nth in (n for n, call in enumerate(self.calls, 1) if call == ("fdatasync", self.state + "/keystore.db-wal")):
            self.reset()
            self.traced(str(nth))
            if self.intents():
                break
        self.assertEqual(len(self.intents()), 1)
        os.mkdir(self.path("-"))
        self.next_run_succeeds("killed before stdout", "sign", "nl.test", "-i", self.input, "-o", self.output)
        self.assertEqual(self.intents(), [])

    def test_a_published_file_that_cannot_be_read_is_named_with_the_way_on(self):
        os.unlink(self.output)
        os.symlink("/proc/self/mem", self.output)  # at address 0, an I/O error; nobody special may open a program's that is not readable
        done = subprocess.run(self.argv(*self.args), capture_output=True, text=True, env=self.traced_environment(), timeout=120, check=False)
        self.assertEqual(done.returncode, IO_ERROR, done.stderr)
        self.assertRegex(done.stderr, "output /proc/[0-9]+/mem: cannot be read: Input/output error; name servers go on with")
        self.assertIn("move the file away and run zoneseal run nl.test.", done.stderr)
        os.unlink(self.output)
        self.settled_by_the_next_run("moved away")

    def test_each_step_of_the_order_that_fails_is_an_io_error(self):
        self.calls = self.list_calls()
        folder = os.path.basename(self.folder)
        temporary = next(what for name, what in self.calls if name == "fsync" and what.endswith(".tmp"))
        renamed = self.the_one("renameat", "out.zone")
        steps = {
            "make the temporary file": next(n for n, call in enumerate(self.calls, 1)
                                            if call[0] == "openat" and call[1].endswith(".tmp")),
            "write it": self.the_one("write", temporary),
            "fsync it": self.the_one("fsync", temporary),
            "store the intent": max(n for n, call in enumerate(self.calls, 1)
                                    if call[0] == "fdatasync" and n < renamed),
            "rename": renamed,
            "fsync the folder": self.the_one("fsync", folder, after=renamed),
            "confirm the receipt": next(n for n, call in enumerate(self.calls, 1)
                                        if call[0] == "fdatasync" and n > renamed),
        }
        # Not before the gate any more, but before anything says that this version may be published.
        self.assertLess(steps["fsync it"], steps["store the intent"])
        for title, nth in steps.items():
            with self.subTest(title):
                done = self.fail_at(nth)
                self.assertEqual(done.returncode, IO_ERROR, f"{title}: {done.stderr}")
                before_the_rename = nth <= renamed
                serial = self.look(title)
                self.assertEqual(serial == self.old, before_the_rename, title)
                if before_the_rename:
                    self.assertIn("is untouched", done.stderr, title)
                self.settled_by_the_next_run(title)

    def test_old_version_that_cannot_be_kept_is_not_replaced(self):
        """Its link in the archive is made before the rename, if the run before could not make it."""
        for name in os.listdir(self.state + "/archive/nl.test"):
            os.unlink(self.state + "/archive/nl.test/" + name)
        self.spare_again()
        self.calls = self.list_calls()
        renamed = self.the_one("renameat", "out.zone")
        for name in ("linkat", "fsync"):
            nth = self.the_one(name, ".zone" if name == "linkat" else "archive/nl.test")
            self.assertLess(nth, renamed)
            done = self.fail_at(nth)
            self.assertEqual(done.returncode, IO_ERROR, done.stderr)
            self.assertEqual(self.look(name), self.old)
            self.settled_by_the_next_run(name)


class Removal(Faults):

    where = ("state", "zones", "nl.test.zone")  # a rehearsal's run writes nowhere else

    def test_a_zone_that_is_removed_beside_a_rollback_that_was_killed_comes_back_without_its_hold(self):
        """Removal settles first what is open; if it cannot, the zone stays, and says why."""
        self.z(*self.args, code=0)
        self.args = ("rollback", "nl.test", "--to", str(self.old), "--reason", "half of it is gone")
        self.spare_again()
        new = self.killed_after_the_rename()
        self.args = ("zone", "remove", "nl.test", "--yes")
        self.calls = self.list_calls()
        refused = self.fail_at(self.the_one("fsync", "/nl.test.zone"))
        self.assertEqual(refused.returncode, IO_ERROR, refused.stderr)
        self.assertIn("nl.test. is not removed: whether its last publication took place has to be known first", refused.stderr)
        self.z("zone", "show", "nl.test", code=0)
        self.assertEqual(self.intents(), [new])
        self.z(*self.args, code=0)
        self.assertEqual(self.intents(), [])
        self.z("zone", "add", "nl.test", "-i", self.input, "--policy", "default", code=0)
        self.z("audit", "replay", code=0)
        self.next_run_succeeds("added again", "run")
        self.assertGreater(self.serial(), new)
        self.assertIn("new.nl.test.", self.read(self.output).decode())
        self.assertNotIn("held", self.z("status", "nl.test", code=0).out)


class AnyCall(Faults):

    def test_any_call_that_fails(self):
        self.calls = self.list_calls()
        self.assertGreater(len(self.calls), 50)
        failed = 0
        for nth in range(1, len(self.calls) + 1, EVERY * STRIDE):
            done = self.fail_at(nth)
            title = f"call {nth}: {self.calls[nth - 1]}: {done.returncode} {done.stderr}"
            if done.returncode == NOT_REACHED:
                continue
            # SQLite opens a log that it cannot open for writing for reading, and then says that it cannot be written.
            name, what = self.calls[nth - 1]
            by_sqlite = name == "openat" and "keystore.db" in what
            self.assertIn(done.returncode, (0, IO_ERROR, PERMISSION) if by_sqlite else (0, IO_ERROR), title)
            failed += done.returncode != 0
            if done.returncode == 0:
                self.assertGreater(self.serial(), self.old, title)
            self.settled_by_the_next_run(title)
        self.assertGreater(failed * STRIDE, 10)


if __name__ == "__main__":
    unittest.main()
