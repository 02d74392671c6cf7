# SPDX-License-Identifier: MIT
"""What the drills with dying programs and disks share: a world that comes back, and what must hold after each death."""
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
import zs  # noqa: E402
from zs import World  # noqa: E402

KILLER = os.environ["ZONESEAL_KILLER"]
STRIDE = int(os.environ.get("ZONESEAL_KILL_STRIDE", "1"))  # 1: before every call
KILLED, ENDED = 0, 3


class Drill(World):
    """A world that is copied for each death. The copy stands at the same place: paths are in the keystore."""

    def prepare(self):
        self.spare = self.folder + ".spare"
        self.addCleanup(shutil.rmtree, self.spare, True)
        shutil.copytree(self.folder, self.spare, symlinks=True)
        self.seen = {}

    def reset(self):
        shutil.rmtree(self.folder)
        shutil.copytree(self.spare, self.folder, symlinks=True)
        self.seen = {}

    def argv(self, *args):
        return [zs.ZONESEAL, *args, "--now", self.now]

    def traced_environment(self):
        """The leak checker of a sanitizer build cannot work in a process that is traced already."""
        return {**self.environment(), "ASAN_OPTIONS": "detect_leaks=0"}

    def listed_environment(self):
        """So that a tracer that is nobody special may read the paths that calls are about."""
        found = Drill.traced_environment(self)
        return {**found, "LD_PRELOAD": os.environ["ZONESEAL_DUMPABLE"],
                "ASAN_OPTIONS": found["ASAN_OPTIONS"] + ":verify_asan_link_order=0"}

    def count_calls(self, *args):
        done = subprocess.run([KILLER, "0", *self.argv(*args)], capture_output=True, env=self.traced_environment(),
                              cwd=self.folder, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return int(done.stdout.split()[-1])

    def kill_before(self, nth, *args):
        """`nth` is a number, or "term:" and a number."""
        done = subprocess.run([KILLER, str(nth), *self.argv(*args)], capture_output=True, env=self.traced_environment(),
                              cwd=self.folder, timeout=60, check=False)
        self.assertIn(done.returncode, (KILLED, ENDED), done.stderr)
        return done.returncode == KILLED

    def kill_after(self, seconds, *args):
        with subprocess.Popen(self.argv(*args), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              env=self.environment(), cwd=self.folder) as child:
            time.sleep(seconds)
            child.kill()

    def look(self, title):
        """What anybody who reads the published file sees now."""
        if not os.path.exists(self.output):
            return None
        text = self.read(self.output)
        serial, digest = self.serial(), hashlib.sha256(text).hexdigest()
        if self.seen.setdefault(serial, digest) != digest:
            self.fail(f"{title}: serial {serial} has two contents")
        return serial

    def judge(self, title):
        """The published file is complete, or there is none yet."""
        if self.look(title) is not None:
            done = subprocess.run([zs.VERIFY, "--now", self.now, self.output], capture_output=True, check=False)
            self.assertEqual(done.returncode, 0, f"{title}\n{done.stdout.decode()}")

    def next_run_succeeds(self, title, *args):
        done = self.z(*args)
        self.assertEqual(done.returncode, 0, f"{title}\n{done.err}")
        self.judge(title)
        self.assertEqual([name for name in os.listdir(self.folder) if name.endswith(".tmp")], [], title)

    def store_agrees(self, title):
        """Receipts and intents: one row per serial, none open, the last receipt is what is published."""
        with sqlite3.connect(f"file:{self.state}/keystore.db?mode=ro", uri=True) as database:
            rows = database.execute("SELECT serial, lower(hex(sha256)), published, abandoned FROM versions ORDER BY id")
            rows = rows.fetchall()
        database.close()
        serials = [row[0] for row in rows]
        self.assertEqual(len(serials), len(set(serials)), title)
        receipts = [row for row in rows if row[2] and not row[3]]
        open_ones = [row for row in rows if not row[2] and not row[3]]
        self.assertEqual(open_ones, [], title)
        self.assertEqual(receipts[-1][1], hashlib.sha256(self.read(self.output)).hexdigest(), title)

    def drill(self, title, *args):
        self.judge(title)
        self.next_run_succeeds(title, *args)
        self.store_agrees(title)
