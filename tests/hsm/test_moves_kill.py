# SPDX-License-Identifier: MIT
"""SIGKILL in the middle of a move: no key is lost, and the same command ends what it began.

Before each call of a token that changes or uses keys, and before each system call that changes a file which is not a
token's own.
"""
import os
import shutil
import subprocess
import unittest

from hsm import QUICK_RSA
from test_moves import Moves as Base
import zs

KILLER = os.environ["ZONESEAL_KILLER"]
MORTAL = os.environ["ZONESEAL_MORTAL"]
DUMPABLE = os.environ["ZONESEAL_DUMPABLE"]  # else a tracer that is nobody special sees no paths
STRIDE = int(os.environ.get("ZONESEAL_KILL_STRIDE", "1"))
MOST = 100  # calls of tokens in one command


class Kill(Base):
    modules = dict.fromkeys("abc", MORTAL)

    def environment(self):
        return {**super().environment(), "ZONESEAL_DIES": self.path("dies")}

    def setUp(self):
        super().setUp()
        self.spare = self.folder + ".spare"
        self.addCleanup(shutil.rmtree, self.spare, True)

    def killer(self, nth, *args):
        # The leak checker of a sanitizer build cannot work in a process that is traced already.
        return subprocess.run([KILLER, nth, zs.ZONESEAL, *args, "--now", self.now], capture_output=True,
                              cwd=self.folder,
                              env={**self.environment(), "ASAN_OPTIONS": "detect_leaks=0",
                                   "LD_PRELOAD": f"{DUMPABLE}:{QUICK_RSA}"}, timeout=60, check=False)

    def reset(self):
        shutil.rmtree(self.folder)
        shutil.copytree(self.spare, self.folder, symlinks=True)

    def proved(self, title):
        """Each key is in each place that the keystore has for it."""
        done = self.z("doctor")
        self.assertEqual(done.returncode, 0, f"{title}\n{done.out}")
        self.assertEqual(self.z("audit", "replay").returncode, 0, title)

    def judge(self, title, before, expected, args):
        between = self.places() not in (before, expected)
        self.proved(title)
        done = self.z(*args)
        self.assertEqual(done.returncode, 0, f"{title}\n{done.err}")
        self.assertEqual(self.places(), expected, title)
        self.proved(title)
        return between

    def at_every_call(self, *args):
        """How often it was found between one place and the other."""
        before = self.places()
        shutil.copytree(self.folder, self.spare, symlinks=True)
        done = self.killer("list", *args)
        self.assertEqual(done.returncode, 0, done.stderr)
        calls = done.stdout.decode().splitlines()[:-1]
        self.assertTrue(any("/tokens/" in call for call in calls))
        expected = self.places()
        between, deaths = 0, 0
        for nth, call in enumerate(calls, 1):
            if "/tokens/" in call or nth % STRIDE != 0:
                continue
            self.reset()
            self.killer(str(nth), *args)
            between += self.judge(f"killed before {nth} of {len(calls)}: {call}", before, expected, args)
            deaths += 1
        self.assertGreater(deaths, 15 // STRIDE)
        for nth in range(1, MOST):
            self.reset()
            self.write("dies", str(nth))
            killed = self.z(*args).returncode == -9
            os.unlink(self.path("dies"))
            if not killed:
                break
            between += self.judge(f"killed before the token's call {nth}", before, expected, args)
        self.assertGreater(nth, 5)
        self.assertLess(nth, MOST - 1)
        return between

    def test_a_killed_move_from_a_file_is_ended_by_the_next(self):
        key = self.key("zsk")
        between = self.at_every_call("key", "move", "nl.test", key["fingerprint"], "--to", "hsm-a,hsm-b")
        self.assertEqual(self.places()["zsk"], f"pkcs11:hsm-a,hsm-b|{key['locator']}")
        self.assertEqual(between, 0)

    def test_a_killed_removal_is_ended_by_the_next(self):
        self.only_stores("extractable yes\n")
        key = self.key("zsk")
        self.move(key["fingerprint"], "--to", "hsm-a")
        between = self.at_every_call("key", "move", "nl.test", key["fingerprint"], "--to", "hsm-b", "--remove-source",
                                     "--yes")
        self.assertEqual(self.places()["zsk"], "pkcs11:hsm-b")
        self.assertGreater(between, 0)
        self.assertNotIn(key["fingerprint"], self.objects("a"))
        self.assertEqual(len(self.files()), 1)


del Base

if __name__ == "__main__":
    unittest.main()
