# SPDX-License-Identifier: MIT
"""The Debian package: lintian finds nothing, everything is where it belongs, and its programs run from there."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["ZONESEAL_BUILD"])
ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*argv, **more):
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300, umask=0o022, **more)


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="zoneseal-package-"))
        done = run(os.environ["ZONESEAL_CPACK"], "-G", "DEB", "--config", BUILD / "CPackConfig.cmake", "-B", cls.folder)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        cls.deb, = pathlib.Path(cls.folder).glob("*.deb")
        cls.root = pathlib.Path(cls.folder) / "root"
        cls.control = pathlib.Path(cls.folder) / "control"
        run("dpkg-deb", "-x", cls.deb, cls.root).check_returncode()
        run("dpkg-deb", "-e", cls.deb, cls.control).check_returncode()

    def test_lintian_finds_nothing(self):
        done = run("lintian", "--fail-on", "error,warning", "--tag-display-limit", "0", self.deb)
        found = [line for line in (done.stdout + done.stderr).splitlines() if re.match(r"[EWI]: ", line)]
        self.assertEqual((done.returncode, found), (0, []), done.stderr)

    def test_modes_and_owners(self):
        listed = run("dpkg-deb", "-c", self.deb).stdout.splitlines()
        self.assertGreater(len(listed), 50)
        for line in listed:
            self.assertRegex(line, r"^(d|-)rw(x|-)r-(x|-)r-(x|-) root/root ", line)

    def test_programs_run_and_are_stripped(self):
        for name in ("zoneseal", "zoneseal-verify"):
            program = self.root / "usr/bin" / name
            self.assertEqual(run(program, "--version").returncode, 0)
            sections = run("readelf", "-S", program).stdout
            self.assertIn(".text", sections)
            self.assertNotIn(".symtab", sections)

    def test_the_service_starts_the_program_of_the_package(self):
        unit = (self.root / "lib/systemd/system/zoneseal@.service").read_text(encoding="ascii")
        program = re.search(r"^ExecStart=(\S+) run %i$", unit, re.M).group(1)
        self.assertTrue((self.root / program.lstrip("/")).exists())
        self.assertNotIn("@CMAKE", unit)

    def test_policies_are_configuration_that_an_upgrade_keeps(self):
        listed = set((self.control / "conffiles").read_text(encoding="ascii").split())
        shipped = {f"/etc/zoneseal/policies/{path.name}" for path in (ROOT / "policies/shipped").glob("*.yaml")}
        self.assertEqual(listed, shipped)
        for path in listed:
            self.assertTrue((self.root / path.lstrip("/")).exists())

    def test_a_page_for_each_program_and_the_completions(self):
        for path in ("man/man1/zoneseal.1.gz", "man/man1/zoneseal-verify.1.gz", "man/man5/zoneseal-policy.5.gz",
                     "bash-completion/completions/zoneseal", "zsh/vendor-completions/_zoneseal",
                     "fish/vendor_completions.d/zoneseal.fish", "doc/zoneseal/README.Debian", "doc/zoneseal/operate.md"):
            self.assertTrue((self.root / "usr/share" / path).exists(), path)

    def test_purging_destroys_no_key(self):
        script = (self.control / "postrm").read_text(encoding="ascii")
        state = pathlib.Path(self.folder) / "state"
        (state / "keys").mkdir(parents=True)
        (state / "keystore.db").write_text("x", encoding="ascii")
        (state / "keys" / "one.key").write_text("x", encoding="ascii")
        changed = pathlib.Path(self.folder) / "postrm"
        changed.write_text(script.replace("/var/lib/zoneseal", str(state)), encoding="ascii")
        done = run("sh", changed, "purge")
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("keystore.db", "keys/one.key"):
            self.assertTrue((state / name).exists())
            self.assertIn(str(state / name), done.stderr)


if __name__ == "__main__":
    unittest.main()
