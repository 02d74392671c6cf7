#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a run does beside the zone it publishes: hooks, keep-alive, run records, its place among other processes."""
import os
import re
import signal
import subprocess
import unittest

import zs
from zs import World, ZONE, delegations


class Hooked(World):
    """A zone whose hook ends as the file `code` says, and notes the serials that it was called for."""

    def setUp(self):
        super().setUp()
        self.hook = self.write("hook", f"#!/bin/sh\necho $ZONESEAL_SERIAL >> {self.path('calls')}\n"
                               f"echo 'the server is away, hook done'\nexit $(cat {self.path('code')})\n", 0o755)
        self.write("hooked.yaml", f"publish:\n  hook: [\"{self.hook}\"]\n")
        self.ends(0)
        self.z("zone", "add", "nl.test", "-i", self.input, "--policy", self.path("hooked.yaml"), code=0)
        self.output = self.state + "/zones/nl.test.zone"

    def ends(self, code):
        self.write("code", f"{code}\n")

    def run_(self, code):
        return self.z("run", "--run-hooks", code=code)

    def calls(self):
        return [int(line) for line in self.read(self.path("calls")).split()]

    def next(self):
        return self.json("status", "nl.test", code=0)["zones"][0]["next"]


class HookAgain(Hooked):
    def test_failed_hook_is_tried_again_while_the_input_is_bad(self):
        self.run_(0)
        first = self.serial()
        os.unlink(self.input)
        self.now = self.next()
        self.ends(75)
        done = self.run_(66)
        self.assertIn("the server is away", done.err)
        self.assertEqual(self.calls(), [first, first + 1])
        self.assertIn("the server is away", self.run_(66).err)
        self.ends(1)
        self.run_(66)
        self.ends(0)
        self.run_(66)
        self.assertEqual(self.calls(), [first] + 4 * [first + 1])
        for _ in range(3):
            self.run_(66)
        self.assertEqual(self.calls(), [first] + 4 * [first + 1])
        self.assertIn(f"hook done for serial {first + 1}", self.z("log", "nl.test", code=0).out)

    def test_hook_done_in_a_kept_alive_run_is_not_called_again(self):
        self.run_(0)
        os.unlink(self.input)
        self.now = self.next()
        self.run_(66)
        self.run_(66)
        self.write("nl.test.zone", ZONE)
        self.run_(0)
        self.assertEqual(len(self.calls()), 2)

    def test_refused_serial_is_not_taken_for_the_one_whose_hook_ran(self):
        self.ends(75)
        self.run_(75)
        first = self.serial()
        self.ends(0)
        self.write("nl.test.zone", delegations(2000, 2026112402))
        self.run_(1)
        self.write("nl.test.zone", ZONE.replace("2026112401", "2026112402"))
        self.run_(0)
        self.assertEqual(self.calls(), [first, first, first + 1])

    def test_hook_that_wants_to_be_tried_again_for_ever_is_seen(self):
        self.ends(75)
        for _ in range(3):
            self.run_(75)
        self.assertIn("the server is away", self.z("log", "nl.test", code=0).out)
        self.assertIn("tried again", self.z("status", "nl.test", code=0).out)
        self.z("check", code=0)
        self.now = "2026-11-24T12:11:00Z"
        self.assertIn("tried again", self.z("check", code=1).out)
        # A new version starts no new patience: it is the name server that is not told.
        self.write("nl.test.zone", ZONE.replace("2026112401", "2026112402"))
        self.run_(75)
        self.now = "2026-11-24T14:01:00Z"
        said = self.z("check", code=2).out
        self.assertIn("the publish hook wants to be tried again for 2h", said)
        self.assertIn("hook_waiting=7260s;600;7200", said)
        self.ends(0)
        self.run_(0)
        self.assertNotIn("hook", self.z("check", code=0).out)

    def test_hook_that_fails_warns_at_once_and_is_critical_later(self):
        self.ends(1)
        self.run_(74)
        self.assertIn("the publish hook fails", self.z("check", code=1).out)
        words = f"publish hook {self.hook}: exit code 1: the server is away, hook done"
        self.assertRegex(self.z("status", "nl.test", code=0).out, rf"(?m)^Hook       has failed since .*: {re.escape(words)}$")
        self.assertEqual(self.json("status", "nl.test", code=0)["zones"][0]["hook_failure"], words)
        self.now = "2026-11-24T14:01:00Z"
        os.unlink(self.input)
        self.run_(66)
        self.assertIn("the publish hook fails for 2h", self.z("check", code=2).out)
        self.ends(0)
        self.run_(66)
        self.assertIn("the input is bad", self.z("check", code=1).out)

    def test_hooks_that_stay_off_on_a_virtual_clock_are_no_trouble(self):
        self.z("run", code=0)
        self.now = "2026-11-24T16:00:00Z"
        self.z("check", code=0)


class RunsWorkAgain(World):
    def setUp(self):
        super().setUp()
        self.z("zone", "add", "nl.test", "-i", self.input, code=0)
        self.z("run", code=0)

    def test_refused_version_that_was_taken_back_blocks_no_more(self):
        self.write("nl.test.zone", delegations(2000))
        self.z("run", code=1)
        self.z("check", code=2)
        self.write("nl.test.zone", ZONE)
        self.z("run", code=0)
        self.z("check", code=0)
        self.assertIn("runs work again", self.z("log", "nl.test", code=0).out)

    def test_good_run_with_nothing_due_leaves_no_row(self):
        before = self.tree()
        self.z("run", code=0)
        self.assertEqual(self.tree(), before)


class InputThatCannotBeRead(World):
    def setUp(self):
        super().setUp()
        self.z("zone", "add", "nl.test", "-i", self.input, code=0)
        self.z("run", code=0)
        self.output = self.state + "/zones/nl.test.zone"
        self.first = self.serial()
        self.now = self.json("status", "nl.test", code=0)["zones"][0]["next"]

    def kept_alive(self, code, words):
        done = self.z("run", code=code)
        self.assertIn(words, done.err)
        self.assertEqual(self.serial(), self.first + 1)
        self.assert_published_is_good()
        return done

    def test_input_error_of_the_disk_keeps_the_zone_alive(self):
        os.unlink(self.input)
        os.symlink(self.input, self.input)
        self.kept_alive(74, "symbolic links")

    def test_folder_for_input_keeps_the_zone_alive(self):
        os.unlink(self.input)
        os.mkdir(self.input)
        self.kept_alive(66, "is a folder")

    def test_pipe_that_nobody_writes_to_keeps_the_zone_alive(self):
        os.unlink(self.input)
        os.mkfifo(self.input)
        self.kept_alive(65, self.input)

    def test_pipe_that_is_written_late_is_read(self):
        os.unlink(self.input)
        os.mkfifo(self.input)
        with subprocess.Popen(["/bin/sh", "-c", f"exec >{self.input}; sleep 0.2; cat"], stdin=subprocess.PIPE) as writer:
            writer.stdin.write(ZONE.encode())
            writer.stdin.close()
            self.z("run", code=0)
        self.assertEqual(self.serial(), self.first + 1)


class SerialKept(World):
    def setUp(self):
        super().setUp()
        self.write("kept.yaml", "zone:\n  serial: keep\n")
        self.z("zone", "add", "nl.test", "-i", self.input, "--policy", self.path("kept.yaml"), code=0)
        self.z("run", code=0)
        self.output = self.state + "/zones/nl.test.zone"
        self.first = self.serial()

    def refused_and_kept_alive(self):
        self.now = self.json("status", "nl.test", code=0)["zones"][0]["next"]
        done = self.z("run", code=3)
        self.assertIn(f"needs serial {self.first + 1} or greater", done.err)
        self.assertEqual(self.serial(), self.first + 1)
        self.assert_published_is_good()

    def test_signatures_of_an_unchanged_input_do_not_expire(self):
        self.refused_and_kept_alive()
        self.z("run", code=0)

    def test_signatures_do_not_expire_while_the_serial_is_too_low(self):
        self.write("nl.test.zone", delegations(3))
        self.z("run", code=3)
        self.assertEqual(self.serial(), self.first)
        self.refused_and_kept_alive()

    def test_greater_serial_ends_it(self):
        self.refused_and_kept_alive()
        self.write("nl.test.zone", delegations(3, 2026112403))
        self.z("run", code=0)
        self.assertEqual(self.serial(), 2026112403)


class ClockGuard(World):
    def test_serial_of_next_week_signs_nothing_not_even_the_last_content(self):
        self.z("zone", "add", "nl.test", "-i", self.input, code=0)
        self.z("run", code=0)
        self.output = self.state + "/zones/nl.test.zone"
        first = self.serial()
        self.now = self.json("status", "nl.test", code=0)["zones"][0]["next"]
        self.write("nl.test.zone", ZONE.replace("2026112401", "2029010100"))
        self.assertIn("clock guard", self.z("run", code=3).err)
        self.assertEqual(self.serial(), first)
        self.z("run", "--ignore-serial-date", code=0)
        self.assertEqual(self.serial(), 2029010100)


class Effects(Hooked):
    """What the last line of a failed run says of the public zone."""

    def test_restored_keystore_still_tells_what_is_published(self):
        self.run_(0)
        self.z("backup", self.path("b"), "--with-keys", code=0)
        self.write("nl.test.zone", delegations(3, 2026112402))
        self.run_(0)
        self.state = self.path("other")
        self.z("restore", self.path("b"), code=None)
        done = self.z("run", code=3)
        self.assertNotIn("nothing is published yet", done.err)
        self.assertIn("published serial 2026112401 is untouched", done.err)


class RealClock(World):
    virtual = False

    def slow_hook(self):
        hook = self.write("hook", "#!/bin/sh\nsleep 1.2\n", 0o755)
        return self.write("slow.yaml", f"publish:\n  hook: [\"{hook}\"]\n")

    def add(self, *names):
        self.z("init", code=0)
        for name in names:
            self.z("zone", "add", name, "-i", self.write(name, ZONE.replace("nl.test", name)), "--policy",
                   self.slow_hook(), code=0)

    def test_hook_of_one_zone_does_not_make_the_clock_go_back_for_the_next(self):
        self.add("a.test", "b.test")
        self.z("run", code=0)
        for name in ("a.test", "b.test"):
            self.assert_published_is_good(f"{self.state}/zones/{name}.zone")

    def test_run_that_waited_for_another_does_not_see_a_clock_that_goes_back(self):
        self.add("a.test")
        runs = [subprocess.Popen([zs.ZONESEAL, "run", "--wait", "1m"], env=self.environment(), cwd=self.folder,
                                 stderr=subprocess.PIPE) for _ in range(2)]
        for run in runs:
            _, err = run.communicate(timeout=120)
            self.assertEqual(run.returncode, 0, err.decode())

    def test_lock_that_is_held_still_tells_what_is_published(self):
        self.add("a.test")
        self.z("run", code=0)
        hold = ["flock", f"{self.state}/locks/a.test", zs.ZONESEAL, "run", "--state", self.state]
        done = subprocess.run(hold, env=self.environment(), capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 75, done.stderr)
        self.assertIn(b"published serial 2026112401 is untouched", done.stderr)

    def test_nohup_keeps_its_word(self):
        self.add("a.test")
        started = self.path("started")
        self.write("hook", f"#!/bin/sh\nkill -HUP $PPID\necho > {started}\n", 0o755)
        self.z("run", code=0, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.assertTrue(os.path.exists(started))
        self.assert_published_is_good(f"{self.state}/zones/a.test.zone")

    def test_first_signings_at_the_same_time_share_a_keystore(self):
        runs = []
        for name in ("a.test", "b.test", "c.test"):
            argv = [zs.ZONESEAL, "sign", name, "-i", self.write(name, ZONE.replace("nl.test", name))]
            runs.append(subprocess.Popen(argv, env=self.environment(), cwd=self.folder, stderr=subprocess.PIPE))
        for run in runs:
            _, err = run.communicate(timeout=120)
            self.assertEqual(run.returncode, 0, err.decode())

    def test_zone_that_is_not_known_keeps_no_other_from_its_run(self):
        self.z("init", code=0)
        self.z("zone", "add", "nl.test", "-i", self.input, code=0)
        done = self.z("run", "typo.test", "nl.test", code=66)
        self.assertIn("is not known here", done.err)
        self.assert_published_is_good(f"{self.state}/zones/nl.test.zone")

    def test_check_that_is_called_wrongly_knows_nothing(self):
        for arguments in (["--bogus"], ["argument"], ["--json", "--bogus"]):
            done = self.z("check", *arguments, code=3)
            self.assertIn("ZONESEAL UNKNOWN", done.out)
        self.z("status", "--bogus", code=2)

    def test_parent_that_ignores_its_children_does_not_matter(self):
        self.sign(preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        self.assert_published_is_good()


if __name__ == "__main__":
    unittest.main()
