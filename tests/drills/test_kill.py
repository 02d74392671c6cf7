# SPDX-License-Identifier: MIT
"""SIGKILL from outside, before every system call that changes something and at random moments.

After each: the published file is complete, the next run succeeds, and no serial has had two contents.
"""
import os
import random
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from drill import Drill, KILLER, STRIDE  # noqa: E402
import zs  # noqa: E402
from zs import ZONE  # noqa: E402

RANDOM_MOMENTS = int(os.environ.get("ZONESEAL_KILL_MOMENTS", "300"))


class Kill(Drill):

    def at_every_call(self, *args):
        self.prepare()
        most = self.count_calls(*args)
        self.assertGreater(most, 50)
        deaths = 0
        for nth in range(1, most + 1, STRIDE):
            self.reset()
            self.look("before")
            deaths += self.kill_before(nth, *args)
            title = f"killed before call {nth} of {most}"
            self.drill(title, *args)
            if nth % 7 == 0:
                self.next_run_succeeds(title, *args, "--force")
                self.store_agrees(title)
        # Threads share the work by chance, so the last calls may not come; nearly all of them do.
        self.assertGreater(deaths, most * 9 // 10 // STRIDE)

    def test_publication_at_every_call(self):
        self.sign()
        self.write("nl.test.zone", ZONE + "new NS ns1\n")
        self.at_every_call("sign", "nl.test", "-i", self.input, "-o", self.output)

    def test_sigterm_stops_between_steps(self):
        """No intent is left open, no receipt is missing and no file lies about: nothing is there for the next run to mend."""
        self.sign()
        self.write("nl.test.zone", ZONE + "new NS ns1\n")
        self.prepare()
        args = ("sign", "nl.test", "-i", self.input, "-o", self.output)
        stopped = 0
        for nth in range(1, self.count_calls(*args) + 1, 6 * STRIDE):
            self.reset()
            stopped += self.kill_before(f"term:{nth}", *args)
            title = f"SIGTERM before call {nth}"
            self.store_agrees(title)
            self.assertEqual([name for name in os.listdir(self.folder) if name.endswith(".tmp")], [], title)
        self.assertGreater(stopped, 10 // STRIDE)
        self.next_run_succeeds("after the last", *args)

    def test_first_publication_at_every_call(self):
        self.at_every_call("sign", "nl.test", "-i", self.input, "-o", self.output)
        tags = self.json("key", "list", "nl.test", code=0)["keys"]
        self.assertGreaterEqual(len(tags), 2)

    def between_publication_and(self, name):
        """Killed before a file that goes with what was published has its name; returns what the next run says."""
        path = self.path("state", "zones", name)
        self.sign()
        old = self.read(path)
        self.write("nl.test.zone", ZONE + "new NS ns1\n")
        args = ("sign", "nl.test", "-i", self.input, "-o", self.output)
        self.prepare()
        listed = subprocess.run([KILLER, "list", *self.argv(*args)], capture_output=True, env=self.listed_environment(),
                                cwd=self.folder, check=False).stdout.decode().splitlines()
        self.assertNotEqual(self.read(path), old)
        last, = (at for at, line in enumerate(listed, 1) if "rename" in line and line.endswith(name))
        self.reset()
        # The threads of the signer do not always write in the same order: the call is near that number.
        for nth in range(last, last + 20):
            self.reset()
            self.assertTrue(self.kill_before(nth, *args), nth)
            if self.serial() == 2026112402:
                break
        self.judge("killed before its file had its name")
        self.assertEqual(self.read(path), old)
        answer = self.json(*args, "--force", code=0)
        self.assertEqual(answer["result"], "published")
        self.assertEqual(sorted(os.listdir(os.path.dirname(path))), ["nl.test.memo", "nl.test.signatures"])
        self.store_agrees("after it")
        return answer

    def test_between_publication_and_its_memo(self):
        answer = self.between_publication_and("nl.test.memo")
        self.assertEqual((answer["memo_kept"], answer["verdict"]["memo"]["used"]), (True, True))

    def test_between_publication_and_its_signatures(self):
        answer = self.between_publication_and("nl.test.signatures")
        self.assertIn("it is of another version", answer["signatures_note"])
        self.assertGreater(answer["counts"]["signatures_kept"], 3)
        self.assertIsNone(self.json("sign", "nl.test", "-i", self.input, "-o", self.output, "--force", code=0)["signatures_note"])

    def test_publication_over_another_file_at_every_call(self):
        self.sign()
        self.write("out.zone", "not ours\n")
        self.prepare()
        args = ("sign", "nl.test", "-i", self.input, "-o", self.output, "--replace")
        for nth in range(1, self.count_calls(*args) + 1, 3 * STRIDE):
            self.reset()
            self.kill_before(nth, *args)
            if self.read(self.output) != b"not ours\n":
                self.judge(str(nth))
            self.next_run_succeeds(str(nth), *args)

    def test_rollback_at_every_call(self):
        """What was rolled back stays so: a run after the death publishes the old content or what was there, never goes from
        the old content to the new one, and the same command then does it."""
        self.output = self.path("state", "zones", "nl.test.zone")
        self.z("zone", "add", "nl.test", "-i", self.input, code=0)
        self.z("run", code=0)
        first = self.serial()
        self.write("nl.test.zone", ZONE + "mistake NS ns1\n")
        self.z("run", code=0)
        self.prepare()
        args = ("rollback", "nl.test", "--to", str(first), "--reason", "a mistake")
        wrong = lambda: b"\nmistake.nl.test.\t" in self.read(self.output)  # noqa: E731
        done = 0
        for nth in range(1, self.count_calls(*args) + 1, 5 * STRIDE):
            self.reset()
            self.kill_before(nth, *args)
            title = f"killed before call {nth}"
            self.judge(title)
            before = wrong()
            done += not before
            self.drill(title, "run")
            self.assertEqual(wrong(), before, title)
            held = "input is held" in self.z("status", "nl.test").out
            self.assertEqual(held, not before, f"{title}: held if it was rolled back, and only then")
            self.z(*args, code=0)
            self.assertFalse(wrong(), title)
        self.assertGreater(done, 0)

    def test_publication_at_random_moments(self):
        self.sign()
        self.write("nl.test.zone", zs.delegations(300))
        args = ("sign", "nl.test", "-i", self.input, "-o", self.output)
        self.prepare()
        begin = time.monotonic()
        self.z(*args, code=1)  # 300 delegations more: the limits say no; the run goes through all the same
        duration = time.monotonic() - begin
        chance = random.Random(812)
        for moment in range(RANDOM_MOMENTS):
            if moment % 10 == 0:
                self.reset()
                self.write("nl.test.zone", ZONE + f"new{moment} NS ns1\n")
            title = f"random moment {moment}"
            self.look(title)
            self.kill_after(chance.uniform(0, duration), *args, "--force")
            self.judge(title)
            if moment % 10 == 9:
                self.next_run_succeeds(title, *args, "--force")
                self.store_agrees(title)

    def verifier_of(self, child):
        """The pid of the verifier that a run has started."""
        limit = time.monotonic() + 60
        while time.monotonic() < limit and child.poll() is None:
            try:
                with open(f"/proc/{child.pid}/task/{child.pid}/children", encoding="ascii") as file:
                    for pid in file.read().split():
                        if os.readlink(f"/proc/{pid}/exe").endswith("zoneseal-verify"):
                            return int(pid)
            except OSError:
                continue
        self.fail("no verifier was seen")

    def test_killed_verifier_is_no_verdict(self):
        self.sign()
        before = self.read(self.output)
        self.write("nl.test.zone", zs.delegations(20000))
        with subprocess.Popen(self.argv("sign", "nl.test", "-i", self.input, "-o", self.output), cwd=self.folder,
                              stderr=subprocess.PIPE, env=self.environment()) as child:
            os.kill(self.verifier_of(child), 9)
            _, err = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 1, err)
        self.assertIn(b"no verdict: killed by signal 9", err)
        self.assertEqual(before, self.read(self.output))

    def test_killed_run_leaves_no_verifier_behind(self):
        self.write("nl.test.zone", zs.delegations(20000))
        with subprocess.Popen(self.argv("sign", "nl.test", "-i", self.input, "-o", self.output), cwd=self.folder,
                              stderr=subprocess.DEVNULL, env=self.environment()) as child:
            verifier = self.verifier_of(child)
            child.kill()
            child.wait()
        limit = time.monotonic() + 30
        while os.path.exists(f"/proc/{verifier}/exe") and time.monotonic() < limit:
            try:
                os.readlink(f"/proc/{verifier}/exe")
            except OSError:
                break
            time.sleep(0.01)
        self.assertLess(time.monotonic(), limit)

    def test_restore_at_every_call(self):
        self.sign()
        backup = self.path("backup.tar")
        self.z("backup", "--with-keys", backup, code=0)
        self.state = self.path("state2")
        self.prepare()
        args = ("restore", backup)
        for nth in range(1, self.count_calls(*args) + 1, STRIDE):
            self.reset()
            self.kill_before(nth, *args)
            title = f"killed before call {nth}"
            there = os.path.exists(self.state + "/keystore.db")
            if not there:
                self.z(*args, code=0)
            elif self.z("restore", "--reconcile").returncode == 3:
                self.assertNotIn("RESTORED", self.z("status", code=0).out, title)
            self.next_run_succeeds(title, "sign", "nl.test", "-i", self.input, "-o", self.output, "--force")


if __name__ == "__main__":
    unittest.main()
