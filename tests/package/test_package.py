# SPDX-License-Identifier: MIT
"""The Debian package: lintian finds nothing, everything is where it belongs, and its programs run from there."""
import contextlib
import os
import pathlib
import re
import sqlite3
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["ZONESEAL_BUILD"])
ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "unit" / "keystore" / "fixtures"


def run(*argv, **more):
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300, umask=0o022, **more)


def dump(path):
    with contextlib.closing(sqlite3.connect(path)) as database:
        version, = database.execute("PRAGMA user_version").fetchone()
        return "\n".join([f"user_version = {version}", *database.iterdump()])


def count(path, table):
    with contextlib.closing(sqlite3.connect(path)) as database:
        return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def links_without_end(folder):
    """How many links to files the pages in a folder have, and those of them that lead nowhere."""
    links = [(page.name, link) for page in folder.glob("*.md")
             for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")) if ":" not in link]
    return len(links), [link for link in links if not (folder / link[1]).exists()]


class Installed(unittest.TestCase):
    """What `cmake --install` brings, without a package."""

    def test_its_pages_are_there_and_explain_names_them(self):
        prefix = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="zoneseal-installed-"))).resolve()
        cmake = pathlib.Path(os.environ["ZONESEAL_CPACK"]).with_name("cmake")
        done = run(cmake, "--install", BUILD, "--prefix", prefix)
        self.assertEqual(done.returncode, 0, done.stderr)
        folder = prefix / "share/doc/zoneseal"
        self.assertEqual({page.name for page in (ROOT / "contrib/doc").glob("*.md")} - {page.name for page in folder.iterdir()}, set())
        self.assertTrue((folder / "examples/example.zone").exists())
        count, broken = links_without_end(folder)
        self.assertGreater(count, 50)
        self.assertEqual(broken, [])
        said = run(prefix / "bin/zoneseal", "explain", "sig.valid").stdout
        self.assertIn(f"  do         {folder}/runbook.md#sig\n", said)


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

    def test_its_pages_lead_to_each_other(self):
        count, broken = links_without_end(self.root / "usr/share/doc/zoneseal")
        self.assertGreater(count, 50)
        self.assertEqual(broken, [])

    def test_explain_names_the_page_that_the_package_brings(self):
        done = run(self.root / "usr/bin/zoneseal", "explain", "sig.valid")
        page = (self.root / "usr/share/doc/zoneseal/runbook.md").resolve()
        self.assertTrue(page.exists())
        self.assertIn(f"  do         {page}#sig\n", done.stdout)

    def test_it_depends_on_the_libraries_that_it_links(self):
        depends = re.search(r"^Depends: (.*)$", (self.control / "control").read_text(encoding="utf-8"), re.M)[1]
        for library in ("libc6", "libssl3", "libsqlite3-0", "libyaml-0-2", "libexpat1", "libjansson4", "libseccomp2"):
            self.assertRegex(depends, rf"\b{library}\b")

    def older(self, version):
        """A state folder as the program with that schema left it, with key files."""
        state = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="zoneseal-older-"))) / "state"
        (state / "keys").mkdir(parents=True, mode=0o700)
        state.chmod(0o750)
        (state / "keys" / "one.pem").write_text("not for anybody", encoding="ascii")
        (state / "keys" / "one.pem").chmod(0o600)
        with contextlib.closing(sqlite3.connect(state / "keystore.db")) as database:
            database.executescript((FIXTURES / f"keystore-v{version}.sql").read_text(encoding="ascii"))
        (state / "keystore.db").chmod(0o600)
        return state

    def packaged(self, state, *words, code=0):
        done = run(self.root / "usr/bin/zoneseal", *words, "--state", state)
        self.assertEqual(done.returncode, code, (words, done.stdout, done.stderr))
        return done

    def test_an_upgrade_migrates_a_keystore_of_each_earlier_release_and_the_way_back_is_there(self):
        versions = sorted(int(path.stem.rsplit("v", 1)[1]) for path in FIXTURES.glob("keystore-v*.sql"))
        newest = int(max((ROOT / "schema").glob("[0-9]*.sql")).name[:3])
        self.assertEqual(versions, list(range(1, newest)))
        for version in versions:
            with self.subTest(version=version):
                state = self.older(version)
                before, key = dump(state / "keystore.db"), (state / "keys" / "one.pem").stat()
                refused = self.packaged(state, "status", code=78)  # what only reads changes nothing
                self.assertIn(f"version {version} and must be migrated to {newest}", refused.stderr)
                self.assertEqual(dump(state / "keystore.db"), before)
                self.packaged(state, "zone", "set-parents", "nl", "--parents", "192.0.2.9")
                after = dump(state / "keystore.db")
                self.assertIn(f"user_version = {newest}", after)
                for table in ("keys", "versions", "audit"):
                    self.assertGreaterEqual(count(state / "keystore.db", table), before.count(f'INSERT INTO "{table}"'))
                self.packaged(state, "audit", "verify")
                self.packaged(state, "audit", "replay")
                self.assertEqual((state / "keys" / "one.pem").stat(), key)
                # Back: the copy is the keystore of before, and no older program is met by a newer database.
                copy = state / f"keystore.db.before-{version + 1}"
                self.assertEqual((dump(copy), copy.stat().st_mode & 0o777), (before, 0o600))
                for name in ("keystore.db-wal", "keystore.db-shm"):
                    (state / name).unlink(missing_ok=True)
                copy.rename(state / "keystore.db")
                self.assertEqual(dump(state / "keystore.db"), before)
                self.packaged(state, "zone", "set-parents", "nl", "--parents", "192.0.2.10")
                self.packaged(state, "audit", "verify")

    def test_a_keystore_of_a_later_release_is_refused_and_not_touched(self):
        state = self.older(4)
        with contextlib.closing(sqlite3.connect(state / "keystore.db")) as database, database:
            database.execute("PRAGMA user_version = 99")
        before = dump(state / "keystore.db")
        self.assertIn("99", self.packaged(state, "run", code=78).stderr)
        self.assertEqual(dump(state / "keystore.db"), before)
        self.assertEqual([path.name for path in state.glob("*before*")], [])

    def test_installation_tells_of_timers_that_are_enabled_and_do_not_run(self):
        here = pathlib.Path(self.folder) / "installed"
        wants = here / "etc" / "timers.target.wants"
        for folder in (wants, here / "bin", here / "booted", here / "state"):
            folder.mkdir(parents=True)
        for name in ("adduser", "systemctl"):
            (here / "bin" / name).write_text('#!/bin/sh\ntest "$*" != "--quiet is-active zoneseal@stands.test.timer"\n',
                                             encoding="ascii")
            (here / "bin" / name).chmod(0o755)
        for zone in ("goes", "stands"):
            (wants / f"zoneseal@{zone}.test.timer").symlink_to("/lib/systemd/system/zoneseal@.timer")
        script = (self.control / "postinst").read_text(encoding="ascii")
        for path, instead in (("/run/systemd/system", "booted"), ("/etc/systemd/system", "etc"), ("/var/lib/zoneseal", "state")):
            self.assertIn(path, script)
            script = script.replace(path, str(here / instead))
        done = run("sh", "-c", script, "postinst", "configure", env={"PATH": f"{here / 'bin'}:/usr/bin:/bin"})
        self.assertEqual((done.returncode, done.stderr), (0, "zoneseal: zoneseal@stands.test.timer is enabled and does not run: "
                                                          "systemctl start zoneseal@stands.test.timer\n"))

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
