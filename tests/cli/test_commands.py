# SPDX-License-Identifier: MIT
"""Everything around signing: help, errors, JSON, hooks, backup, keys, DS, checks."""
import glob
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import unittest

import zs
from zs import World, ZONE, delegations

COMMANDS = ["init", "zone add", "zone list", "zone show", "zone set-policy", "zone remove", "zone adopt", "policy check", "policy show",
            "sign", "run", "verify", "status", "log", "check", "key list", "key show", "key generate", "ds show", "backup",
            "restore", "doctor", "audit verify", "audit export", "audit replay", "key purge", "key test", "key doctor",
            "roll start", "roll step", "roll abort", "roll list", "emergency", "hold", "release", "rollback", "plan", "explain", "key import",
            "key move"]

CHANGING = ["init", "zone add", "zone set-policy", "zone remove", "zone adopt", "sign", "run", "key generate", "backup", "restore",
            "key purge", "key test", "roll start", "roll step", "roll abort", "emergency", "hold",
            "release", "rollback", "key import", "key move"]


class Arguments(World):
    virtual = False

    def test_help_of_every_command_starts_with_examples(self):
        for command in COMMANDS:
            with self.subTest(command):
                for flag in ("--help", "-h"):
                    out = self.z(*command.split(), flag, code=0).out
                    self.assertLess(out.index("Examples"), out.index("Usage"))
                    self.assertIn(f"zoneseal {command}", out)
                    self.assertIn("--state=DIR", out)
                    self.assertIn("--json", out)
                    self.assertEqual("--dry-run" in out, command in CHANGING)

    def test_help_of_the_program_names_every_command(self):
        out = self.z("--help", code=0).out
        for command in COMMANDS:
            self.assertIn("\n  " + command, out)
        self.assertEqual(out, self.z("help", code=0).out)
        self.assertEqual(self.z("help", "sign", code=0).out, self.z("sign", "--help", code=0).out)

    def test_version_carries_the_build(self):
        out = self.z("--version", code=0).out
        build = out.split("build ")[1].split(")")[0]
        other = subprocess.run([zs.VERIFY, "--version"], capture_output=True, check=True).stdout.decode()
        self.assertIn(build, other)

    def test_usage_errors_are_exit_2_and_help(self):
        cases = [
            ((), "a command is needed"),
            (("sgin", "x"), 'did you mean "sign"'),
            (("zone", "lst"), 'did you mean "zone list"'),
            (("zone",), "needs one of: add list"),
            (("sign", "x", "--outptu", "y"), "did you mean --output"),
            (("sign", "x", "--output"), "needs a value"),
            (("sign",), "usage: zoneseal sign ZONE"),
            (("sign", "x", "y"), "usage: zoneseal sign ZONE"),
            (("status", "--now", "yesterday"), ""),
            (("status", "--color", "blue"), "auto, always or never"),
            (("sign", "x", "-i", "y", "--threads", "0"), "--threads"),
            (("ds", "show", "x", "--digest", "sha1"), "sha256 or sha384"),
            (("ds", "show", "x", "--format", "xml"), "--format=xml: write bind, cds"),
            (("verify",), "usage"),
            (("restore",), "usage"),
            (("zone", "add", "a..b"), "no zone name"),
        ]
        self.z("init", code=0)
        self.z("zone", "add", "x", "-i", self.input, code=0)
        self.write("y", ZONE)
        for args, words in cases:
            with self.subTest(args):
                self.assertIn(words, self.z(*args, code=2).err)

    def test_words_that_are_not_known_get_the_nearest(self):
        self.z("init", code=0)
        self.z("zone", "add", "nl.test", "-i", self.input, code=0)
        for args, words in ((("explain", "sig.vaild"), 'did you mean "sig.valid"?'),
                            (("explain", "bloked"), 'did you mean "blocked"?'),
                            (("explain", "zonemd"), "is a group of checks: zonemd.form zonemd.digest "),
                            (("explain", "nothing-like-it"), "see zoneseal key list"),
                            (("status", "nl.tset"), "did you mean nl.test.?"),
                            (("run", "nl.tset"), "did you mean nl.test.?"),
                            (("status", "elsewhere"), "add it with zoneseal zone add elsewhere.")):
            with self.subTest(args):
                self.assertIn(words, self.z(*args, code=66).err)

    def test_a_rehearsal_says_at_once_where_run_will_not_write(self):
        outside = self.path("outside")
        self.z("init", "--virtual-clock", "--now", zs.NOW, code=0)
        for args, says in ((("-o", outside), True), (("-o", os.path.join(self.state, "inside")), False), ((), False)):
            for number, command in enumerate((("zone", "add"), ("sign",))):
                name = f"a{len(args)}{number}{says}".lower()
                self.write("in", ZONE.replace("nl.test", name))
                said = self.z(*command, name, "-i", self.path("in"), *args, "--now", zs.NOW, code=0).err
                self.assertEqual(f"zoneseal run will refuse to write {outside}" in said, says, said)

    def test_without_a_keystore_the_last_words_are_how_to_make_one(self):
        said = self.z("status", "nl.test", "--state", self.path("none"), code=66).err
        self.assertTrue(said.endswith(f"make one: zoneseal init --state {self.path('none')}\n"), said)
        self.assertIn("keystore.db: no such file", said)

    def test_errors_are_json_too(self):
        for args, code in ((("status",), 66), (("sgin",), 2), (("policy", "check", "nonesuch"), 78)):
            found = json.loads(self.z(*args, "--json", code=code).out)
            self.assertEqual(found["schema"], "zoneseal.error/1")
            self.assertEqual(found["error"]["exit_code"], code)

    def test_options_may_stand_before_the_command(self):
        self.z("--state", self.path("other"), "init", code=0)
        self.assertTrue(os.path.exists(self.path("other", "keystore.db")))

    def test_init_makes_the_configuration_folder_that_is_named(self):
        done = self.z("init", "--config", self.path("some", "where"), code=0)
        self.assertIn(self.path("some", "where", "policies", "default.yaml"), done.err)

    def test_init_writes_the_default_policy_once(self):
        self.z("init", code=0)
        path = self.path("config", "policies", "default.yaml")
        with open(path, "a", encoding="ascii") as file:
            file.write("# mine\n")
        shutil.rmtree(self.state)
        self.z("init", code=0)
        self.assertIn(b"# mine", self.read(path))
        self.assertIn(path, self.z("policy", "check", "default", code=0).err)

    def test_removing_a_zone_needs_an_answer(self):
        self.sign()
        done = self.z("zone", "remove", "nl.test", code=2)
        self.assertIn("--yes", done.err)
        done = self.z("zone", "remove", "nl.test", "--yes", code=0)
        self.assertIn("the parent may still hold the DS", done.err)
        self.assertTrue(os.path.exists(self.output))
        self.z("zone", "show", "nl.test", code=66)

    def test_removed_zone_comes_back_with_its_keys(self):
        self.sign()
        tags = [key["tag"] for key in self.json("key", "list", "nl.test", code=0)["keys"]]
        self.z("zone", "remove", "nl.test", "-y", code=0)
        self.z("zone", "add", "nl.test", "-i", self.input, "-o", self.output, code=0)
        self.z("run", code=0)
        self.assertEqual(tags, [key["tag"] for key in self.json("key", "list", "nl.test", code=0)["keys"]])

    def test_quiet_says_nothing(self):
        self.assertEqual(self.sign("-q").err, "")

    def test_full_stdout_is_an_error(self):
        self.sign()
        with open("/dev/full", "wb") as full:
            done = subprocess.run([zs.ZONESEAL, "status"], stdout=full, stderr=subprocess.PIPE,
                                  env=self.environment(), check=False)
        self.assertEqual(done.returncode, 74)


class Json(World):
    def test_every_answer_has_a_schema_and_both_times(self):
        self.z("zone", "add", "nl.test", "-i", self.input, code=0)
        self.z("run", code=0)
        for args, schema in ((("status",), "status"), (("status", "nl.test"), "status"), (("zone", "list"), "zones"),
                             (("zone", "show", "nl.test"), "zone"), (("key", "list"), "keys"),
                             (("ds", "show", "nl.test"), "ds"), (("log", "nl.test"), "log"), (("run",), "run"),
                             (("policy", "show", "tld"), "policy"), (("doctor",), "doctor")):
            with self.subTest(args):
                self.assertEqual(self.json(*args, code=0)["schema"], f"zoneseal.{schema}/1")
        zone = self.json("status", code=0)["zones"][0]
        self.assertEqual(zone["published_at"], "2026-11-24T12:00:00Z")
        self.assertEqual(zone["published_at_epoch"], 1795521600)
        self.assertTrue(all(key["state"] for key in zone["keys"]))

    def test_failed_sign_says_why_in_json(self):
        self.write("nl.test.zone", "junk\n")
        found = json.loads(self.z("sign", "nl.test", "-i", self.input, "--json", code=65).out)
        self.assertEqual(found["result"], "failed")
        self.assertEqual(found["error"]["status"], "malformed")
        self.assertEqual(found["error"]["line"], 1)


class Policies(World):
    def test_edited_policy_changes_nothing_until_it_is_applied(self):
        path = self.write("p.yaml", 'name: "p"\n')
        self.z("zone", "add", "nl.test", "-i", self.input, "--policy", path, code=0)
        self.z("run", code=0)
        self.write("p.yaml", 'name: "p"\ndenial:\n  type: nsec3\n')
        self.assertIn("up to date", self.z("run", code=0).err)
        self.z("zone", "set-policy", "nl.test", path, "--dry-run", code=0)
        self.assertIn("up to date", self.z("run", code=0).err)
        self.z("zone", "set-policy", "nl.test", path, code=0)
        self.assertIn("policy or keys changed", self.z("run", code=0).err)
        self.assert_published_is_good(self.state + "/zones/nl.test.zone")
        self.assertIn("nsec3", self.z("policy", "show", "nl.test", code=0).out)

    def test_policy_change_that_is_a_second_algorithm_roll_is_refused(self):
        self.sign()
        self.z("zone", "set-policy", "nl.test", "tld-rsa", code=0)
        self.assertIn("roll is under way", self.z("zone", "set-policy", "nl.test", "default", code=3).err)

    def test_every_shipped_policy_signs(self):
        for policy in ("default", "tld", "tld-rsa"):
            with self.subTest(policy):
                name, output = f"{policy}.test", self.path(policy)
                path = self.write("in." + policy, ZONE.replace("nl.test", name))
                self.z("sign", name, "-i", path, "-o", output, "--policy", policy, code=0)
                self.assert_published_is_good(output)

    def test_sign_with_another_policy_is_refused(self):
        self.sign()
        self.assertIn("zone set-policy", self.sign("--policy", "tld", code=3).err)


HOOK = """#!/bin/sh
env | grep ^ZONESEAL_ | sort > "$1"
echo "$#" >> "$1"
[ -f "$2" ] && { echo "server is down" >&2; exit "$(cat "$2")"; }
exit 0
"""


class Hooks(World):
    def setUp(self):
        super().setUp()
        self.hook = self.write("hook", HOOK, 0o755)
        self.seen, self.code = self.path("seen; touch x"), self.path("code")
        policy = self.write("p.yaml", f'name: "p"\npublish:\n  hook: ["{self.hook}", "{self.seen}", "{self.code}"]\n')
        self.z("zone", "add", "nl.test", "-i", self.input, "--policy", policy, code=0)

    def test_hook_gets_its_environment_and_no_shell(self):
        self.z("run", "--run-hooks", code=0)
        lines = self.read(self.seen).decode().splitlines()
        names = [line.split("=")[0] for line in lines[:-1]]
        self.assertEqual(names, ["ZONESEAL_FILE", "ZONESEAL_HOOK", "ZONESEAL_REASON", "ZONESEAL_RUN_ID", "ZONESEAL_SERIAL",
                                 "ZONESEAL_SHA256", "ZONESEAL_ZONE"])
        self.assertIn("ZONESEAL_SERIAL=2026112401", lines)
        self.assertEqual(lines[-1], "2")

    def test_virtual_clock_runs_no_hooks_by_itself(self):
        self.z("run", code=0)
        self.assertFalse(os.path.exists(self.seen))

    def test_failed_hook_is_an_error_and_runs_again(self):
        for number, code in (("75", 75), ("1", 74)):
            self.write("code", number)
            done = self.z("run", "--run-hooks", code=code)
            self.assertIn("server is down", done.err)
            self.assertTrue(os.path.exists(self.state + "/zones/nl.test.zone"))
        os.unlink(self.code)
        os.unlink(self.seen)
        self.z("run", "--run-hooks", code=0)
        self.assertTrue(os.path.exists(self.seen))
        os.unlink(self.seen)
        self.z("run", "--run-hooks", code=0)
        self.assertFalse(os.path.exists(self.seen))


class KeysAndDs(World):
    def test_ds_is_what_bind_makes_of_the_dnskey(self):
        self.sign()
        line = next(line for line in self.read(self.output).decode().splitlines() if "\tDNSKEY\t257" in line)
        path = self.write("dnskey", line + "\n")
        for digest, name in (("sha256", "SHA-256"), ("sha384", "SHA-384")):
            want = subprocess.run(["dnssec-dsfromkey", "-a", name, "-f", path, "nl.test"], capture_output=True,
                                  check=True).stdout.decode().split()
            self.assertEqual(self.z("ds", "show", "nl.test", "--digest", digest, code=0).out.split(), want)

    def test_ds_formats(self):
        self.sign()
        self.assertIn("\tIN\tDS\t", self.z("ds", "show", "nl.test", "--format", "trust-anchor", code=0).out)
        out = self.z("ds", "show", "nl.test", "--format", "cds", code=0).out
        self.assertIn("\tCDS\t", out)
        self.assertIn("\tCDNSKEY\t257 3 13 ", out)
        tag = self.json("ds", "show", "nl.test", code=0)["ds"][0]["tag"]
        self.z("ds", "show", "nl.test", "--key", str(tag), code=0)
        self.z("ds", "show", "nl.test", "--key", str((tag + 1) % 65536), code=66)

    def test_ds_says_when_it_may_be_submitted(self):
        self.sign()
        self.assertIn("do not submit it before", self.z("ds", "show", "nl.test", code=0).err)
        self.now = "2026-11-26T12:00:00Z"
        self.assertNotIn("do not submit it before", self.z("ds", "show", "nl.test", code=0).err)

    def test_prepared_key_is_not_published(self):
        self.sign()
        self.z("key", "generate", "nl.test", "--zsk", code=0)
        self.assertIn("up to date", self.sign().err)
        words = [key["state"] for key in self.json("key", "list", "nl.test", code=0)["keys"]]
        self.assertEqual(words, ["publishing", "active", "prepared"])

    def test_keys_made_before_are_taken(self):
        self.z("zone", "add", "nl.test", "-i", self.input, "-o", self.output, code=0)
        self.z("key", "generate", "nl.test", code=0)
        before = {key["tag"] for key in self.json("key", "list", code=0)["keys"]}
        self.assertNotIn("made", self.sign().err)
        self.assertEqual(before, {key["tag"] for key in self.json("key", "list", code=0)["keys"]})

    def test_key_show_by_tag_and_fingerprint(self):
        self.sign()
        key = self.json("key", "list", code=0)["keys"][0]
        self.assertIn(key["fingerprint"], self.z("key", "show", "nl.test", str(key["tag"]), code=0).out)
        self.assertIn(str(key["tag"]), self.z("key", "show", "nl.test", key["fingerprint"][:10], code=0).out)
        self.z("key", "show", "nl.test", "nonesuch", code=66)


class Verify(World):
    def test_known_zone_is_judged_with_what_is_known(self):
        self.sign()
        self.assertIn("PASS", self.z("verify", "nl.test", self.output, code=0).out)
        text = self.read(self.output).replace(b"192.0.2.1\n", b"192.0.2.9\n")
        bad = self.write("bad.zone", text)
        self.assertIn("sig.valid", self.z("verify", "nl.test", bad, code=1).out)
        self.z("verify", bad, code=1)
        self.z("verify", self.path("nonesuch"), code=66)

    def test_last_verdict_is_kept(self):
        self.z("zone", "add", "nl.test", "-i", self.input, code=0)
        self.z("verify", "--last", "nl.test", code=66)
        self.z("run", code=0)
        self.assertIn("PASS", self.z("verify", "--last", "nl.test", code=0).out)
        found = json.loads(self.z("verify", "--last", "nl.test", "--json", code=0).out)
        self.assertEqual(found["schema"], "zoneseal.verdict/1")


class Check(World):
    def test_nagios_codes(self):
        self.assertEqual(self.z("check", code=1).out.split(" -")[0], "ZONESEAL WARNING")
        self.z("zone", "add", "nl.test", "-i", self.input, code=0)
        self.z("run", code=0)
        out = self.z("check", code=0).out
        self.assertRegex(out, r"^ZONESEAL OK - 1 zone \(VIRTUAL CLOCK\) \| rrsig_min_left=\d+s;\d+;\d+ "
                              r"last_publish_age=0s zones_blocked=0;;1\n$")
        self.z("check", "-w", "60d", code=1)
        self.z("check", "-c", "60d", code=2)
        until = self.json("status", code=0)["zones"][0]["valid_until"]
        self.assertIn("EXPIRED", self.z("check", now=until, code=2).out)
        self.assertIn("EXPIRED", self.z("status", now=until, code=0).out)

    def test_unreadable_state_is_unknown(self):
        self.state = self.path("nonesuch")
        self.assertIn("ZONESEAL UNKNOWN", self.z("check", code=3).out)


class BackupRestore(World):
    def setUp(self):
        super().setUp()
        self.sign()
        self.file = self.path("backup.tar")

    def restore(self, code, **more):
        self.state = self.path("state2")
        return self.z("restore", self.file, code=code, **more)

    def test_backup_says_whether_keys_are_inside(self):
        self.assertIn("NOT inside", self.z("backup", self.file, code=0).err)
        with tarfile.open(self.file) as tar:
            self.assertEqual(tar.getnames(), ["manifest.json", "keystore.db"])
        self.assertEqual(os.stat(self.file).st_mode & 0o777, 0o600)
        self.z("backup", self.file, code=3)
        self.assertIn("INSIDE", self.z("backup", "--with-keys", "--replace", self.file, code=0).err)
        with tarfile.open(self.file) as tar:
            self.assertEqual(len([name for name in tar.getnames() if name.startswith("keys/")]), 2)

    def test_restored_keystore_signs_on(self):
        self.z("backup", "--with-keys", self.file, code=0)
        self.assertIn("reconciled", self.restore(0).err)
        self.assertIn("up to date", self.sign().err)
        serial = self.serial()
        self.sign("--force")
        self.assertEqual(self.serial(), serial + 1)
        self.assert_published_is_good()

    def test_old_backup_signs_nothing_until_it_is_reconciled(self):
        self.z("backup", "--with-keys", self.file, code=0)
        self.sign("--force")
        done = self.restore(3)
        self.assertIn("is not the version that the backup remembers", done.err)
        self.assertIn("restore --reconcile", self.sign("--force", code=3).err)
        self.assertIn("RESTORED", self.z("status", code=0).out)
        self.z("check", code=2)
        self.z("restore", "--reconcile", code=3)
        self.z("restore", "--accept", "the disk is gone", code=2)
        self.z("restore", "--accept", "the disk is gone", "--yes", code=0)
        serial = self.serial()
        self.sign("--force", "--replace")
        self.assertGreater(self.serial(), serial)
        self.assert_published_is_good()

    def test_backup_without_keys_is_no_way_to_new_keys(self):
        self.z("backup", self.file, code=0)
        self.restore(0)
        self.sign("--force", code=69)

    def test_keystore_in_the_way_stays(self):
        self.z("backup", self.file, code=0)
        before = self.tree()
        self.z("restore", self.file, code=3)
        self.assertEqual(before, self.tree())

    def test_a_private_key_that_is_there_and_cannot_be_read_is_not_replaced(self):
        self.z("backup", "--with-keys", self.file, code=0)
        self.state = self.path("state2")
        with tarfile.open(self.file) as tar:
            name = next(name for name in tar.getnames() if name.startswith("keys/"))
        os.makedirs(self.path("state2", "keys"), 0o700)
        self.write(os.path.join("state2", name), "another key", 0o000)
        # Root reads what it may not, unless it cannot.
        weak = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
        done = subprocess.run([*weak, zs.ZONESEAL, "restore", self.file, "--now", self.now], capture_output=True, env=self.environment(),
                              cwd=self.folder, timeout=zs.HANGS, check=False)
        self.assertEqual(done.returncode, 77, done.stderr)
        self.assertIn(b"cannot be compared with the backup's, so it is not replaced", done.stderr)
        os.chmod(self.path("state2", name), 0o600)
        self.assertEqual(self.read(self.path("state2", name)), b"another key")

    def test_damaged_backup_is_refused(self):
        self.z("backup", "--with-keys", self.file, code=0)
        good = self.read(self.file)
        cuts = list(range(0, len(good), len(good) // 40)) + [len(good) - 1024, len(good) - 1500]
        for cut in [cut for cut in cuts if cut <= len(good) - 1024]:
            with self.subTest(cut=cut):
                self.write("backup.tar", good[:cut])
                self.restore(65)
                self.assertFalse(os.path.exists(self.path("state2", "keystore.db")))
        for flip in range(100, len(good) - 2048, len(good) // 40):
            with self.subTest(flip=flip):
                bad = bytearray(good)
                bad[flip] ^= 1
                self.write("backup.tar", bytes(bad))
                done = self.restore(None)
                if done.returncode == 0:  # padding, or a field that nothing reads
                    shutil.rmtree(self.state)
                else:
                    self.assertEqual(done.returncode, 65, done.err)
                    self.assertFalse(os.path.exists(self.path("state2", "keystore.db")))
        self.write("backup.tar", b"")
        self.restore(65)


class Doctor(World):
    def test_healthy_world(self):
        self.sign()
        out = self.z("doctor", code=0).out
        for what in ("verifier", "sandbox", "audit chain", "clock", "nl.test."):
            self.assertIn(what, out)

    def test_missing_key_and_broken_audit_are_found(self):
        self.sign()
        os.unlink(glob.glob(self.state + "/keys/*.pem")[0])
        self.assertIn("FAIL  nl.test.", self.z("doctor", code=1).out)

    def test_no_keystore(self):
        self.state = self.path("nonesuch")
        self.assertIn("FAIL  keystore", self.z("doctor", code=1).out)


if __name__ == "__main__":
    unittest.main()
