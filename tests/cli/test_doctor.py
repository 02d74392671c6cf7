# SPDX-License-Identifier: MIT
"""The doctor finds what a run would trip over, says what to do, and touches nothing."""
import contextlib
import fcntl
import os
import sqlite3
import unittest

from zs import World


class Doctor(World):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("hooks"))
        self.hook = self.write("hooks/publish", "#!/bin/sh\n", 0o755)
        self.write("hooked.yaml", f"name: hooked\npublish: {{hook: [{self.hook}, x]}}\n")
        self.sign("--policy", self.path("hooked.yaml"))

    def finds(self, result, what, *words, code):
        rows = [row for row in self.json("doctor", code=code)["rows"] if row["what"] == what]
        found = [row for row in rows if row["result"] == result and all(word in row["detail"] for word in words)]
        self.assertEqual(len(found), 1, rows)

    def test_a_healthy_world_is_said_to_be_healthy(self):
        before = self.tree()
        for what in ("permissions", "hooks", "room", "locks", "runs"):
            self.finds("ok", what, code=0)
        self.assertEqual(self.tree(), before)

    def test_a_keystore_that_others_may_read(self):
        os.chmod(os.path.join(self.state, "keystore.db"), 0o640)
        self.finds("FAIL", "permissions", f"chmod 0600 {self.state}/keystore.db", code=1)

    def test_a_private_key_that_others_may_read(self):
        name = next(name for name in os.listdir(os.path.join(self.state, "keys")) if name.endswith(".pem"))
        os.chmod(os.path.join(self.state, "keys", name), 0o644)
        self.finds("FAIL", "permissions", f"chmod 0600 {self.state}/keys/{name}", code=1)

    def test_a_state_folder_that_others_may_write_to(self):
        os.chmod(self.state, 0o777)
        self.finds("FAIL", "permissions", f"all users may change {self.state}; run: chmod o-w {self.state}", code=1)

    def test_a_configuration_that_others_may_write_to(self):
        os.mkdir(self.path("config"))
        os.chmod(self.path("config"), 0o777)
        self.finds("FAIL", "configuration", "chmod o-w", code=1)
        os.chmod(self.path("config"), 0o755)
        self.assertNotIn("configuration", self.z("doctor", code=0).out)

    def test_what_another_user_left_in_the_state_folder(self):
        path = os.path.join(self.state, "zones", "left")
        self.write(path, "")
        self.finds("ok", "permissions", code=0)
        if os.geteuid() == 0:  # nobody else can give a file away
            os.chown(path, 65534, 65534)
            self.finds("FAIL", "permissions", "1 in ", "left among them", f"chown -R 0 {self.state}/zones", code=1)

    def test_a_hook_that_is_gone(self):
        os.unlink(self.hook)
        self.finds("FAIL", "hooks", "nl.test.: publish hook", "No such file", code=1)

    def test_a_hook_that_cannot_be_executed(self):
        os.chmod(self.hook, 0o644)
        self.finds("FAIL", "hooks", f"chmod a+rx {self.hook}", code=1)

    def test_a_hook_that_others_may_change(self):
        os.chmod(self.hook, 0o757)
        self.finds("FAIL", "hooks", f"all users may change {self.hook}; run: chmod o-w", code=1)
        os.chmod(self.hook, 0o755)
        os.chmod(self.path("hooks"), 0o777)
        self.finds("FAIL", "hooks", f"all users may change {self.path('hooks')}; run: chmod o-w", code=1)

    def test_a_hook_that_is_a_folder(self):
        os.unlink(self.hook)
        os.mkdir(self.hook)
        self.finds("FAIL", "hooks", "is no file", code=1)

    def test_a_hook_behind_links_is_judged_by_all_that_leads_to_it(self):
        for name in ("links", "far"):
            os.mkdir(self.path(name))
        os.rename(self.hook, self.path("far", "publish"))
        os.symlink(self.path("links", "publish"), self.hook)
        os.symlink("../far/publish", self.path("links", "publish"))
        self.finds("ok", "hooks", code=0)
        for folder in ("links", "far"):
            os.chmod(self.path(folder), 0o777)
            self.finds("FAIL", "hooks", "all users may change ", f"{folder}; run: chmod o-w", code=1)
            os.chmod(self.path(folder), 0o755)
        # A folder that is a link, too.
        os.unlink(self.hook)
        os.rmdir(self.path("hooks"))
        os.mkdir(self.path("far", "hooks"))
        self.write("far/hooks/publish", "#!/bin/sh\n", 0o755)
        os.symlink("far/hooks", self.path("hooks"))
        self.finds("ok", "hooks", code=0)
        os.chmod(self.path("far"), 0o777)
        self.finds("FAIL", "hooks", f"all users may change {self.path('far')}; run: chmod o-w", code=1)
        os.chmod(self.path("far"), 0o755)
        if os.geteuid() == 0:  # nobody else can give a link away
            os.chown(self.path("hooks"), 65534, 65534, follow_symlinks=False)
            self.finds("FAIL", "hooks", f"the link {self.path('hooks')} belongs to user 65534", "chown -h root", code=1)

    def test_a_private_key_that_is_a_link_is_not_called_open(self):
        folder = os.path.join(self.state, "keys")
        name = next(name for name in os.listdir(folder) if name.endswith(".pem"))
        os.rename(os.path.join(folder, name), self.path("key"))
        os.symlink(self.path("key"), os.path.join(folder, name))
        self.finds("FAIL", "permissions", f"{folder}/{name} is a link, which no run follows", code=1)
        self.now = "2026-12-06T12:00:00Z"
        self.assertIn("symbolic links", self.sign(code=69).err)

    def test_no_room_for_the_next_version(self):
        with contextlib.closing(sqlite3.connect(os.path.join(self.state, "keystore.db"))) as database, database:
            database.execute("UPDATE versions SET size = 1 << 50")
        self.finds("FAIL", "room", "nl.test.", "the last one stays published", code=1)

    def lock(self):
        return os.path.join(self.state, "locks", "nl.test")

    def test_a_lock_that_is_held_names_its_holder(self):
        self.finds("ok", "locks", "none is held", code=0)
        with open(self.lock(), "r+", encoding="ascii") as file:
            file.truncate()
            file.write(f"pid {os.getpid()} (run, started 11:00:00, phase \x1b[31mverify)\n")
            file.flush()
            fcntl.flock(file, fcntl.LOCK_EX)
            self.finds("ok", "locks", f"nl.test. is held by pid {os.getpid()} (run", "\\027[31mverify", code=0)
        self.finds("ok", "locks", "none is held", code=0)

    def test_a_lock_is_seen_whatever_stands_in_its_file(self):
        with open(self.lock(), "r+", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            for words, said in (("", "a process that has not written its name yet"), ("pid 4194999 (run)\n", "pid 4194999 (run)")):
                file.seek(0)
                file.truncate()
                file.write(words)
                file.flush()
                self.finds("ok", "locks", f"nl.test. is held by {said}", code=0)
        # A number that another process has by now.
        self.write(self.lock(), f"pid {os.getppid()} (run)\n")
        self.finds("ok", "locks", "none is held", code=0)

    def test_a_lock_that_is_no_file(self):
        os.unlink(self.lock())
        os.symlink(self.input, self.lock())
        self.finds("FAIL", "locks", f"rm {self.lock()}", code=1)

    def test_signatures_that_were_due_a_day_ago(self):
        self.now = "2026-12-08T00:00:00Z"
        self.finds("WARN", "runs", "signatures were due at", "the clock is ahead", "zoneseal run nl.test.", code=0)


class RealClock(World):
    virtual = False

    def test_a_run_that_hangs(self):
        self.sign()
        path = os.path.join(self.state, "locks", "nl.test")
        with open(path, "r+", encoding="ascii") as file:
            file.truncate()
            file.write(f"pid {os.getpid()} (run, started 11:00:00, phase verify)\n")
            file.flush()
            fcntl.flock(file, fcntl.LOCK_EX)
            os.utime(path, (1, os.stat(path).st_mtime - 7 * 3600))
            out = self.z("doctor", code=0).out
        self.assertRegex(out, r"(?m)^WARN  locks .* came no further for 7 hours: .*SIGTERM$")

    def test_who_keeps_the_clock_is_asked(self):
        self.sign()
        self.assertRegex(self.z("doctor", code=0).out, r"(?m)^(ok|WARN) +time service ")

    def test_old_copies_of_the_keystore_are_shown_and_stay(self):
        self.sign()
        self.assertNotIn("old copies", self.z("doctor", code=0).out)
        copy = self.write(os.path.join(self.state, "keystore.db.before-5"), "x" * 1_200_000, 0o600)
        self.assertRegex(self.z("doctor", code=0).out, r"(?m)^ok    old copies +1 of the keystore .* with 1\.2 MB")
        os.utime(copy, (1, os.stat(copy).st_mtime - 31 * 86400))
        before = self.tree()
        self.assertRegex(self.z("doctor", code=0).out, rf"(?m)^WARN  old copies .* with 1\.2 MB: .* run: rm {copy}$")
        self.assertEqual(self.tree(), before)


class Fresh(World):
    virtual = False

    def test_a_new_keystore_has_nothing_to_be_warned_of(self):
        """But for what the machine lacks, and what starts runs."""
        self.z("init", code=0)
        for step in ((), ("sign", "nl.test", "-i", self.input, "-o", self.output, "--policy", "default")):
            if step:
                self.z(*step, code=0)
            rows = self.json("doctor", code=0)["rows"]
            warned = {row["what"] for row in rows if row["result"] not in ("ok", "note")}
            self.assertLessEqual(warned, {"time service", "sandbox", "timer"}, rows)


if __name__ == "__main__":
    unittest.main()
