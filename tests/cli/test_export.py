# SPDX-License-Identifier: MIT
"""Private keys leave as files for other programs, and one key in several zones."""
import json
import os
import shutil
import stat
import subprocess
import unittest

from zs import NOW, World, ZONE

AFTER = "2027-03-01T00:00:00Z"


class Export(World):
    algorithm = "ecdsap256sha256"

    def setUp(self):
        super().setUp()
        path = self.write("p.yaml", f"name: p\nkeys:\n  algorithm: {self.algorithm}\n")
        self.z("zone", "add", "nl.test", "-i", self.input, "--policy", path, code=0)
        self.z("run", code=0)
        self.folder_out = self.path("leaving")

    def keys(self):
        return json.loads(self.z("key", "list", "nl.test", "--json", code=0).out)["keys"]

    def export(self, key, form, *more, code=0):
        return self.z("key", "export", "nl.test", key["fingerprint"], "--format", form, "-o", self.folder_out, *more,
                      code=code)

    def names(self):
        return sorted(os.listdir(self.folder_out))

    def test_bind_signs_a_zone_with_what_was_exported(self):
        for key in self.keys():
            self.export(key, "bind", "--yes")
        self.assertEqual(stat.S_IMODE(os.stat(self.folder_out).st_mode), 0o700)
        for name in self.names():
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.folder_out, name)).st_mode), 0o600)
        self.assertIsNotNone(shutil.which("dnssec-signzone", path="/usr/bin:/usr/sbin"), "no dnssec-signzone here")
        public = [name for name in self.names() if name.endswith(".key")]
        zone = ZONE + "".join(f"$INCLUDE {os.path.join(self.folder_out, name)}\n" for name in public)
        subprocess.run(["dnssec-signzone", "-K", self.folder_out, "-o", "nl.test", "-f", self.path("theirs"), "-z",
                        self.write("theirs.in", zone)], check=True, capture_output=True, cwd=self.folder,
                       env={"PATH": "/usr/bin:/usr/sbin"})
        with open(self.path("theirs"), encoding="ascii") as signed:
            self.assertIn("RRSIG", signed.read())

    def test_what_was_exported_comes_back_into_another_keystore(self):
        key = [key for key in self.keys() if key["role"] == "zsk"][0]
        secret = self.write("pass", "correct horse\n", 0o600)
        self.export(key, "bind", "--yes")
        self.export(key, "pem", "--passphrase-file", secret)
        pem = [name for name in self.names() if name.endswith(".pem")][0]
        self.assertIn(b"BEGIN ENCRYPTED PRIVATE KEY", self.read(os.path.join(self.folder_out, pem)))
        for name in (pem, pem[:-4] + ".private"):
            self.state = self.path("other-" + name)
            self.z("init", "--virtual-clock", code=0)
            self.z("zone", "add", "nl.test", "-i", self.input, "--policy", self.path("p.yaml"), code=0)
            self.z("key", "import", "nl.test", os.path.join(self.folder_out, name), "--zsk", "--passphrase-file",
                   secret, code=0)
            self.assertEqual(self.keys()[0]["fingerprint"], key["fingerprint"])

    def test_the_log_tells_of_it(self):
        self.export(self.keys()[0], "pem", "--yes", "--reason", "for the auditor")
        self.assertIn("for the auditor", self.z("log", "nl.test", code=0).out)

    def test_a_key_in_the_clear_wants_a_yes_and_never_goes_to_standard_output(self):
        key = self.keys()[0]
        self.assertIn("--yes", self.export(key, "bind", code=2).err)
        self.folder_out = "-"
        self.assertIn("never to standard output", self.export(key, "pem", "--yes", code=2).err)

    def test_others_must_not_enter_the_folder_and_nothing_is_replaced(self):
        key = self.keys()[0]
        os.mkdir(self.folder_out, 0o755)
        self.assertIn("nobody else may enter", self.export(key, "bind", "--yes", code=77).err)
        os.chmod(self.folder_out, 0o700)
        self.export(key, "bind", "--yes")
        self.assertIn("is not replaced", self.export(key, "bind", "--yes", code=3).err)

    def test_a_dry_run_writes_nothing(self):
        self.export(self.keys()[0], "bind", "--dry-run")
        self.assertFalse(os.path.exists(self.folder_out))


class ExportRsa(Export):
    algorithm = "rsasha256"


class ExportEd25519(Export):
    algorithm = "ed25519"


class Shared(World):
    def setUp(self):
        super().setUp()
        self.other = self.write("se.test.zone", ZONE.replace("nl.test", "se.test"))
        self.write("alone.yaml", "name: alone\n")
        self.write("both.yaml", "name: both\nkeys:\n  shared: true\n  purge-after: 1d\n")

    def two_zones(self, first, second):
        self.z("zone", "add", "nl.test", "-i", self.input, "--policy", self.path(first + ".yaml"), code=0)
        self.z("zone", "add", "se.test", "-i", self.other, "--policy", self.path(second + ".yaml"), code=0)
        self.z("key", "generate", "nl.test", "--zsk", code=0)
        key = json.loads(self.z("key", "list", "nl.test", "--json", code=0).out)["keys"][0]["fingerprint"]
        self.z("key", "export", "nl.test", key, "--format", "pem", "-o", self.path("out"), "--yes", code=0)
        self.file = os.path.join(self.path("out"), os.listdir(self.path("out"))[0])
        return key

    def test_no_two_zones_have_one_key_unless_both_policies_say_so(self):
        for first, second in (("alone", "alone"), ("both", "alone"), ("alone", "both")):
            self.state = self.path(first + second)
            self.z("init", "--virtual-clock", code=0)
            self.two_zones(first, second)
            done = self.z("key", "import", "se.test", self.file, "--zsk", code=3)
            self.assertIn("zone nl.test. has or had this very key", done.err)
            shutil.rmtree(self.path("out"))

    def test_a_shared_key_is_destroyed_only_when_no_zone_needs_it(self):
        key = self.two_zones("both", "both")
        self.z("key", "import", "se.test", self.file, "--zsk", code=0)
        self.z("sign", "se.test", code=0)
        done = self.z("key", "purge", "nl.test", key, "--yes", code=3, now=AFTER)
        self.assertIn("zone se.test. shares it", done.err)
        held = os.path.join(self.state, "keys", key + ".pem")
        self.assertTrue(os.path.exists(held))
        self.assertEqual(NOW, self.now)


if __name__ == "__main__":
    unittest.main()
