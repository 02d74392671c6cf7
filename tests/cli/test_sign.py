# SPDX-License-Identifier: MIT
"""sign and run: what is published when, and what every kind of bad input gets."""
import fcntl
import glob
import os
import resource
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

import zs
from zs import World, ZONE, delegations


class FirstZone(World):
    virtual = False

    def test_first_signed_zone_takes_one_command(self):
        done = self.sign()
        self.assertIn("made 2 keys", done.err)
        self.assertIn("published", done.err)
        self.assertIn("state " + self.state, done.err)
        self.assertIn("audit ", done.err)
        self.assert_published_is_good()
        self.assertIn("nl.test.  OK", self.z("status", "nl.test", code=0).out)

    def test_state_folder_is_closed_to_others(self):
        self.sign()
        self.assertEqual(os.stat(self.state).st_mode & 0o777, 0o750)
        self.assertEqual(os.stat(os.path.join(self.state, "keys")).st_mode & 0o777, 0o700)
        for path in glob.glob(self.state + "/keys/*") + glob.glob(self.state + "/keystore.db*") + \
                glob.glob(self.state + "/locks/*"):
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600, path)

    def test_real_clock_takes_no_now(self):
        self.sign()
        done = self.z("run", "--now", "2027-01-01T00:00Z", code=3)
        self.assertIn("virtual-clock", done.err)

    def test_runs_at_the_same_time_do_not_see_a_clock_that_goes_back(self):
        self.z("init", code=0)
        names = [f"z{i}.test" for i in range(6)]
        for name in names:
            self.z("zone", "add", name, "-i", self.write(name, ZONE.replace("nl.test", name)), code=0)
        runs = [subprocess.Popen([zs.ZONESEAL, "run", *order, "--wait", "2m"], env=self.environment(),
                                 stderr=subprocess.PIPE, cwd=self.folder)
                for order in (names, names[::-1], names[3:] + names[:3])]
        for run in runs:
            _, err = run.communicate(timeout=120)
            self.assertEqual(run.returncode, 0, err.decode())
        for name in names:
            self.assert_published_is_good(f"{self.state}/zones/{name}.zone")

    def test_later_runs_know_input_and_output(self):
        self.sign()
        self.assertIn("up to date", self.z("run", code=0).err)


class Publishing(World):
    def test_nothing_due_changes_nothing(self):
        self.sign()
        before, state = self.read(self.output), self.tree()
        done = self.sign()
        self.assertIn("up to date", done.err)
        self.assertEqual(before, self.read(self.output))
        self.assertEqual(state, self.tree())

    def test_force_publishes_with_a_new_serial(self):
        self.sign()
        first = self.serial()
        self.sign("--force")
        self.assertEqual(self.serial(), first + 1)
        self.assert_published_is_good()

    def test_changed_input_is_published(self):
        self.sign()
        self.write("nl.test.zone", ZONE + "new NS ns1\n")
        self.assertIn("input changed", self.sign().err)
        self.assertIn(b"new.nl.test.", self.read(self.output))
        self.assert_published_is_good()

    def test_what_registrants_write_is_published_with_a_warning(self):
        self.write("nl.test.zone", ZONE + """old NS ns1
old 7200 DS 1234 8 1 49FD46E6C4B45C55D4AC49FD46E6C4B45C55D4AC
bare NS ns.bare
twice NS ns.nl.test.nl.test.
root NS .
a TXT "at a cut"
hidden.a TXT "below a cut"
""")
        self.sign()
        self.assert_published_is_good()
        verdict = self.z("verify", "--last", "nl.test", code=0).out
        for check in ("structure.cut", "structure.glue", "structure.name-doubled", "structure.ns-target",
                      "delegation.ds-ttl", "delegation.ds-sha1"):
            self.assertRegex(verdict, rf"warn +{check}|{check}.*warn")

    def test_old_versions_are_kept(self):
        kept = lambda: sorted(os.path.basename(name) for name in glob.glob(self.state + "/archive/nl.test/*.zone"))
        for _ in range(6):
            self.sign("--force")
        # Three beside the present one, and the oldest that caches may hold: a key event compares with it.
        self.assertEqual([name.split("-")[0][-2:] for name in kept()], ["01", "03", "04", "05", "06"])
        self.now = "2026-11-28T12:00:00Z"
        self.sign("--force")
        self.assertEqual([name.split("-")[0][-2:] for name in kept()], ["04", "05", "06", "07"])

    def test_signatures_are_renewed_before_they_expire(self):
        self.sign()
        until = self.json("status", "nl.test", code=0)["zones"][0]
        self.now = until["next"]
        done = self.sign()
        self.assertIn("signatures due", done.err)
        self.assert_published_is_good()

    def test_signatures_are_kept_while_fresh(self):
        self.sign()
        self.write("nl.test.zone", ZONE + "new NS ns1\n")
        counts = self.json("sign", "nl.test", "-i", self.input, "-o", self.output, code=0)["counts"]
        self.assertGreater(counts["signatures_kept"], 0)
        self.assertLess(counts["signatures_made"], counts["signatures"])

    def test_missing_published_file_comes_back(self):
        self.sign()
        os.unlink(self.output)
        self.assertIn("published file is missing", self.sign().err)
        self.assert_published_is_good()

    def test_stdout_leaves_no_receipt(self):
        done = self.z("sign", "nl.test", "-i", self.input, "-o", "-", code=0)
        path = self.write("copy.zone", done.stdout)
        self.assert_published_is_good(path)
        self.assertFalse(self.json("status", "nl.test", code=0)["zones"][0]["published"])

    def test_input_from_a_pipe(self):
        done = self.z("sign", "nl.test", "-i", "-", "-o", "-", stdin=ZONE.encode(), code=0)
        self.assert_published_is_good(self.write("copy.zone", done.stdout))

    def test_names_take_any_case(self):
        self.z("sign", "NL.Test.", "-i", self.input, "-o", self.output, code=0)
        self.assertIn("up to date", self.sign().err)

    def test_dry_run_changes_nothing(self):
        before = self.tree()
        self.assertIn("would be added", self.sign("--dry-run").err)
        self.assertEqual(before, self.tree())
        self.sign()
        before = self.tree()
        self.assertIn("would publish", self.sign("--force", "--dry-run").err)
        self.assertEqual(before, self.tree())

    def test_virtual_clock_says_so_and_never_goes_back(self):
        self.assertIn("VIRTUAL CLOCK", self.sign().err)
        self.assertIn("VIRTUAL CLOCK", self.z("status", code=0).out)
        self.assertIn("VIRTUAL CLOCK", self.z("status", "nl.test", code=0).out)
        self.assertIn("VIRTUAL CLOCK", self.z("check").out)
        for args in (("key", "list"), ("ds", "show", "nl.test"), ("zone", "list"), ("log", "nl.test")):
            self.assertIn("VIRTUAL CLOCK", self.z(*args, code=0).err)
            self.assertIs(self.json(*args, code=0)["virtual_clock"], True)
        done = self.sign("--force", now="2026-11-24T11:59:59Z", code=3)
        self.assertIn("never goes backward", done.err)

    def test_virtual_clock_writes_only_where_it_is_told(self):
        self.z("zone", "add", "nl.test", "-i", self.input, "-o", self.output, code=0)
        self.assertIn("VIRTUAL CLOCK", self.z("run", code=3).err)
        self.assertFalse(os.path.exists(self.output))

    def test_run_takes_each_zone_to_its_own_end(self):
        self.z("zone", "add", "good.test", "-i", self.write("good", ZONE.replace("nl.test", "good.test")), code=0)
        self.z("zone", "add", "bad.test", "-i", self.write("bad", "junk\n"), code=0)
        self.z("zone", "add", "gone.test", "-i", self.path("gone"), code=0)
        done = self.z("run", "--json", code=65)
        self.assertIn("good.test. serial", done.err)
        self.assertIn("bad:1:5: bad.test.: ", done.err)
        self.assertIn("zoneseal: gone.test.:", done.err)
        self.assertEqual(done.out.count('"zoneseal.sign/1"'), 3)
        self.assert_published_is_good(self.state + "/zones/good.test.zone")


class BadInput(World):
    """Every row: a clear line, the right exit code, nothing lost."""

    def setUp(self):
        super().setUp()
        self.sign()
        self.before = self.read(self.output)

    def tearDown(self):
        self.assertEqual(self.before, self.read(self.output))
        self.assertEqual(glob.glob(self.folder + "/.*.tmp"), [])

    def refused(self, code, *words, args=(), **more):
        done = self.sign("--force", *args, code=code, **more)
        for word in words:
            self.assertIn(word, done.err)
        self.assertIn("published serial 2026112401 is untouched", done.err)

    def test_missing_input(self):
        os.unlink(self.input)
        self.refused(66, self.input, "No such file")

    def test_malformed_input_names_the_place(self):
        self.write("nl.test.zone", ZONE + "x A 192.0.2.300\n")
        self.refused(65, self.input + ":11:")

    def test_one_run_tells_all_that_is_wrong_up_to_twenty(self):
        self.write("nl.test.zone", ZONE + "".join(f"x{i} A 192.0.2.{256 + i}\n" for i in range(30)))
        done = self.sign(code=65)
        for line in range(11, 31):
            self.assertIn(f"{self.input}:{line}:", done.err)
        self.assertNotIn(f"{self.input}:31:", done.err)
        answer = self.json("sign", "nl.test", "-i", self.input, "-o", self.output, code=65)
        self.assertEqual(len(answer["input_errors"]), 19)

    def test_malformed_input_of_every_kind(self):
        cases = {
            "empty": b"",
            "only comments": b"; nothing\n",
            "binary junk": bytes(range(256)) * 50,
            "cut in mid-record": ZONE.encode()[:-4],
            "without its last newline and field": ZONE.encode() + b"y A",
            "a 70,000-byte record": ZONE.encode() + b"y TXT " + b'"' + b"a" * 250 + b'" ' * 1 + b'"b" ' * 35000 + b"\n",
            "a name of 256 bytes": ZONE.encode() + b".".join([b"a" * 63] * 4) + b". A 192.0.2.1\n",
            "two SOAs": ZONE.encode() + b"@ IN SOA ns2 host 2 7200 3600 604800 300\n",
            "no SOA": ZONE.replace("@ IN SOA", "soa IN SOA").encode(),
            "out of zone": ZONE.encode() + b"www.example.com. A 192.0.2.1\n",
            "CNAME beside other data": ZONE.encode() + b"ns1 CNAME a\n",
        }
        for title, text in cases.items():
            with self.subTest(title):
                self.write("nl.test.zone", text)
                self.refused(65)

    def test_input_that_changes_while_it_is_read(self):
        self.write("nl.test.zone", delegations(3000))
        stop = threading.Event()

        def touch():
            while not stop.is_set():
                os.utime(self.input)
                time.sleep(0.001)
        toucher = threading.Thread(target=touch)
        toucher.start()
        try:
            self.refused(75, "changed")
        finally:
            stop.set()
            toucher.join()

    def test_second_run_at_the_same_time(self):
        with open(self.state + "/locks/nl.test", "r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = self.sign("--force", code=75)
        self.assertIn("held by pid", done.err)
        self.assertIn("phase", done.err)

    def test_waiting_for_the_lock(self):
        with open(self.state + "/locks/nl.test", "r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            threading.Timer(0.5, lambda: fcntl.flock(lock, fcntl.LOCK_UN)).start()
            self.sign("--wait", "30s", code=0)

    def test_output_that_is_too_large_for_the_disk(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (300000, 300000))
        self.write("nl.test.zone", delegations(4000))
        self.refused(74, preexec_fn=limit)

    def test_full_stdout(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([zs.ZONESEAL, "sign", "nl.test", "-i", self.input, "-o", "-", "--now", self.now],
                                  stdout=full, stderr=subprocess.PIPE, env=self.environment(), check=False)
        self.assertEqual(done.returncode, 74, done.stderr)

    def test_output_that_is_a_device_is_never_replaced(self):
        done = self.z("sign", "nl.test", "-i", self.input, "-o", "/dev/full", "--force", code=74)
        self.assertIn("regular file", done.err)
        self.assertTrue(os.path.exists("/dev/full"))

    def test_output_folder_that_is_not_there(self):
        self.z("sign", "nl.test", "-i", self.input, "-o", self.path("no", "where"), code=74)

    def test_wrong_policy(self):
        path = self.write("p.yaml", "name: p\nkeys:\n  algoritm: 13\n")
        done = self.z("policy", "check", path, code=78)
        self.assertIn(path + ":3:", done.err)
        self.assertIn("algorithm", done.err)
        self.z("zone", "set-policy", "nl.test", path, code=78)
        self.z("zone", "add", "x.test", "--policy", "nonesuch", code=78)

    def test_private_key_that_is_missing(self):
        keys = glob.glob(self.state + "/keys/*.pem")
        self.assertEqual(len(keys), 2)
        os.rename(keys[0], keys[0] + ".away")
        self.refused(69)
        self.assertEqual(len(glob.glob(self.state + "/keys/*.pem")), 1)
        self.assertEqual(len(self.json("key", "list", code=0)["keys"]), 2)

    def test_private_key_of_another_key(self):
        one, two = glob.glob(self.state + "/keys/*.pem")
        text = self.read(one)
        with open(two, "wb") as file:
            file.write(text)
        self.refused(69)

    def test_private_key_that_others_may_read(self):
        path = glob.glob(self.state + "/keys/*.pem")[0]
        os.chmod(path, 0o644)
        self.refused(77, "chmod")

    def test_zone_that_another_signer_signed(self):
        foreign = ZONE + "@ DNSKEY 257 3 15 " + "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=\n"
        self.write("nl.test.zone", foreign)
        self.refused(3, "--new-keys", "zone adopt")

    def test_serial_of_tomorrow(self):
        self.write("nl.test.zone", ZONE.replace("2026112401", "2026112701"))
        self.refused(3, "clock guard", "--ignore-serial-date")

    def test_unknown_zone(self):
        self.z("run", "de.test", code=66)
        self.z("sign", "de.test", code=2)


class Keystore(World):
    def test_damaged_keystore_is_not_touched(self):
        self.sign()
        path = self.state + "/keystore.db"
        with open(path, "r+b") as file:
            file.seek(0)
            file.write(b"this is no database at all, it only was one once" * 20)
        for name in ("-wal", "-shm"):
            if os.path.exists(path + name):
                os.unlink(path + name)
        before = self.read(path)
        self.sign("--force", code=74)
        self.z("status", code=74)
        self.assertEqual(before, self.read(path))

    def test_newer_keystore_is_not_touched(self):
        self.sign()
        path = self.state + "/keystore.db"
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA user_version = 999")
        database.close()
        before = self.read(path)
        self.sign("--force", code=78)
        self.z("status", code=78)
        self.assertEqual(before, self.read(path))

    def test_no_keystore(self):
        self.state = self.path("empty")
        for args in (("status",), ("run",), ("zone", "list"), ("backup", "x")):
            done = self.z(*args, code=66)
            self.assertIn("zoneseal init", done.err)
        self.assertFalse(os.path.exists(self.state))

    def test_init_never_overwrites(self):
        before = self.tree()
        self.z("init", "--virtual-clock", code=3)
        self.assertEqual(before, self.tree())


class Unreadable(World):
    """Needs a user for whom permissions hold: root becomes nobody for it."""

    def test_unreadable_input(self):
        os.chmod(self.input, 0)
        user = {}
        if os.geteuid() == 0:
            for folder, _, files in os.walk(self.folder):
                os.chown(folder, 65534, 65534)
                for name in files:
                    os.chown(os.path.join(folder, name), 65534, 65534)
            user = {"user": 65534, "group": 65534, "extra_groups": []}
        done = self.sign(code=77, **user)
        self.assertIn(self.input, done.err)


class ForeignOutput(World):
    def test_file_that_is_not_ours_stays(self):
        self.write("out.zone", "somebody else's\n")
        done = self.sign(code=3)
        self.assertIn("--replace", done.err)
        self.assertEqual(self.read(self.output), b"somebody else's\n")

    def test_replaced_file_is_kept(self):
        self.write("out.zone", "somebody else's\n")
        self.sign("--replace")
        self.assert_published_is_good()
        kept = glob.glob(self.state + "/archive/nl.test/replaced-*")
        self.assertEqual([self.read(path) for path in kept], [b"somebody else's\n"])

    def test_serial_of_the_replaced_file_is_the_floor(self):
        self.write("out.zone", ZONE.replace("2026112401", "2026112499"))
        self.sign("--replace")
        self.assertEqual(self.serial(), 2026112500)

    def test_live_zone_of_another_signer_stays(self):
        foreign = ZONE + "@ DNSKEY 257 3 15 " + "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=\n"
        self.write("out.zone", foreign)
        done = self.sign("--replace", code=3)
        self.assertIn("zone adopt", done.err)
        self.assertEqual(self.read(self.output).decode(), foreign)
        self.sign("--replace", "--new-keys")
        self.assert_published_is_good()

    def test_edited_output_is_not_ours_any_more(self):
        self.sign()
        with open(self.output, "ab") as file:
            file.write(b"; edited\n")
        self.sign("--force", code=3)


class Refused(World):
    def setUp(self):
        super().setUp()
        self.write("nl.test.zone", delegations(2000))
        self.sign()
        self.before = self.read(self.output)
        self.write("nl.test.zone", ZONE)

    def test_refused_zone_is_set_aside(self):
        done = self.sign(code=1)
        self.assertIn("must not be published", done.err)
        self.assertIn("zoneseal verify --last nl.test.", done.err)
        self.assertIn("is untouched and valid until", done.err)
        self.assertEqual(self.before, self.read(self.output))
        self.assertTrue(os.path.exists(self.output + ".rejected"))
        self.assertIn("BLOCKED", self.z("status", code=0).out)
        self.assertIn("CRITICAL", self.z("check", code=2).out)
        self.assertIn("FAIL", self.z("verify", "--last", "nl.test", code=1).out)
        self.assertIn("run FAILED", self.z("log", "nl.test", code=0).out)

    def test_next_good_input_is_published(self):
        self.sign(code=1)
        self.write("nl.test.zone", delegations(2001))
        self.sign()
        self.assert_published_is_good()
        self.assertIn(" ok ", self.z("status", code=0).out)


class KeepAlive(World):
    def setUp(self):
        super().setUp()
        self.z("zone", "add", "nl.test", "-i", self.input, code=0)
        self.z("run", code=0)
        self.output = self.state + "/zones/nl.test.zone"
        self.first = self.serial()

    def zone(self):
        return self.json("status", "nl.test", code=0)["zones"][0]

    def test_missing_input_keeps_the_zone_alive(self):
        os.unlink(self.input)
        self.now = "2026-11-25T00:00:00Z"
        done = self.z("run", code=66)
        self.assertIn("registrations are not getting out since 2026-11-25 00:00Z", done.err)
        self.assertEqual(self.serial(), self.first)
        for _ in range(5):
            self.now = self.zone()["next"]
            done = self.z("run", code=66)
            self.assertIn("the input is bad", done.err)
            self.assertIn("since 2026-11-25 00:00Z", done.err)
            self.assert_published_is_good()
        self.assertEqual(self.serial(), self.first + 5)
        self.assertIn("WARNING", self.z("status", "nl.test", code=0).out)

    def test_malformed_input_keeps_the_zone_alive(self):
        self.write("nl.test.zone", "junk\n")
        self.now = self.zone()["next"]
        self.z("run", code=65)
        self.assertEqual(self.serial(), self.first + 1)
        self.assert_published_is_good()

    def test_refused_input_keeps_the_zone_alive(self):
        self.write("nl.test.zone", delegations(2000))
        self.z("run", code=1)
        self.now = self.zone()["next"]
        self.z("run", code=1)
        self.assert_published_is_good()

    def test_input_that_comes_back_ends_it(self):
        os.unlink(self.input)
        self.now = self.zone()["next"]
        self.z("run", code=66)
        self.write("nl.test.zone", ZONE)
        self.assertIn("up to date", self.z("run", code=0).err)
        self.assertIsNone(self.zone()["input_failing_since"])

    def test_sign_does_not_keep_alive(self):
        os.unlink(self.input)
        self.now = self.zone()["next"]
        self.z("sign", "nl.test", code=66)
        self.assertEqual(self.serial(), self.first)


class Signals(World):
    def test_sigterm_removes_the_temporary_file(self):
        self.write("nl.test.zone", delegations(20000))
        for _ in range(3):
            with subprocess.Popen([zs.ZONESEAL, "sign", "nl.test", "-i", self.input, "-o", self.output, "--now",
                                   self.now], env=self.environment(), stderr=subprocess.PIPE) as child:
                limit = time.monotonic() + 60
                while not glob.glob(self.folder + "/.*.tmp") and time.monotonic() < limit and child.poll() is None:
                    time.sleep(0.001)
                child.send_signal(signal.SIGTERM)
                child.communicate(timeout=60)
                if child.returncode == 0:
                    os.unlink(self.output)
                    continue
                self.assertEqual(child.returncode, -signal.SIGTERM)
            self.assertEqual(glob.glob(self.folder + "/.*.tmp"), [])
            self.assertTrue(os.path.exists(self.state + "/locks/nl.test"))
        self.sign()


if __name__ == "__main__":
    unittest.main()
