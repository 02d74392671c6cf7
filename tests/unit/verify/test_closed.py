#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The release build's zoneseal-verify with code injected behind the closed door, and on kernels that lack a part of it.
test_closed.py PROGRAM INJECTED OLD_KERNEL"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

ZONES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "zones")
GOOD = os.path.join(ZONES, "good", "nsec_zonemd.zone")
NOW = ["--now", "2026-01-10T00:00:00Z", "--threads", "4"]
PROGRAM = INJECTED = OLD_KERNEL = ""
MAIN, WORKERS = 0, (1, 2, 3)
REFUSED = ("open", "write", "remove", "fork", "kill")
DEADLY = ("socket", "exec", "ptrace")


class Closed(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.target = os.path.join(self.folder.name, "other")
        with open(self.target, "wb") as out:
            out.write(b"untouched")

    def run_with(self, *more, environment=None, before=()):
        return subprocess.run([*before, PROGRAM, *NOW, "--json", *more, GOOD], stdin=subprocess.DEVNULL, check=False,
                              capture_output=True, env=environment or {}, timeout=60)

    def inject(self, what, thread, before=()):
        return self.run_with(before=before, environment={
            "LD_PRELOAD": INJECTED, "ZONESEAL_INJECT": what, "ZONESEAL_INJECT_IN": str(thread),
            "ZONESEAL_INJECT_FILE": self.target})

    def assert_refused(self, what, thread, before=()):
        done = self.inject(what, thread, before)
        self.assertEqual(done.stderr.decode(), f"injected {what}\nrefused\n", (what, thread))
        self.assertEqual(done.returncode, 0, (what, thread))
        self.assertEqual(json.loads(done.stdout)["verdict"], "pass")
        with open(self.target, "rb") as file:
            self.assertEqual(file.read(), b"untouched")

    def test_files_processes_and_signals_are_refused_in_each_thread(self):
        for what in REFUSED:
            for thread in (MAIN, *WORKERS):
                self.assert_refused(what, thread)

    def test_sockets_programs_and_tracing_end_it_without_a_verdict_in_each_thread(self):
        for what in DEADLY:
            for thread in (MAIN, *WORKERS):
                done = self.inject(what, thread)
                self.assertEqual(done.returncode, -signal.SIGSYS, (what, thread, done.stderr))
                self.assertEqual((done.stdout, done.stderr.decode()), (b"", f"injected {what}\n"))

    def test_what_the_kernel_lacks_is_said_in_the_verdict(self):
        for lacks, landlock, seccomp in (("", True, True), ("landlock", False, True), ("seccomp", True, False),
                                         ("both", False, False)):
            before = [OLD_KERNEL, lacks] if lacks else []
            done = self.run_with(before=before)
            self.assertEqual(done.returncode, 0, done.stderr)
            told = json.loads(done.stdout)["sandbox"]
            # Whether this kernel has Landlock is for it to say.
            self.assertLessEqual(told["landlock_abi"] > 0, landlock)
            self.assertEqual(told["seccomp"], seccomp)
            text = subprocess.run([*before, PROGRAM, *NOW, GOOD], check=False, capture_output=True, timeout=60).stdout
            whole = told["landlock_abi"] > 0 and seccomp
            self.assertEqual(b"SANDBOX Landlock " in text, not whole, text)
            if not seccomp:
                self.assertIn(b"seccomp NO", text)

    def test_a_policy_that_requires_the_sandbox_gets_no_verdict_without_it(self):
        limits = os.path.join(self.folder.name, "limits.json")
        with open(limits, "w", encoding="ascii") as out:
            out.write('{"schema": "zoneseal.limits/1", "require_sandbox": true}')
        whole = json.loads(self.run_with().stdout)["sandbox"]["landlock_abi"] > 0
        self.assertEqual(self.run_with("--policy", limits).returncode in (0, 1), whole)
        for lacks, said in (("landlock", b"Landlock NO, seccomp yes"), ("both", b"Landlock NO, seccomp NO"),
                            ("seccomp", b"seccomp NO")):
            done = self.run_with("--policy", limits, before=[OLD_KERNEL, lacks])
            self.assertEqual(done.returncode, 70, done.stderr)
            self.assertIn(said, done.stderr)

    def test_such_a_policy_publishes_nothing_without_landlock(self):
        zoneseal = os.path.join(os.path.dirname(PROGRAM), "zoneseal")
        folder = self.folder.name
        names = {name: os.path.join(folder, name) for name in ("in.zone", "out.zone", "strict.yaml", "loose.yaml")}
        for name, text in (("in.zone", "$ORIGIN x.test.\n$TTL 3600\n@ SOA ns h 1 3600 600 86400 300\n@ NS ns\nns A 192.0.2.1\n"),
                           ("strict.yaml", "verifiers: {require-sandbox: true}\n"), ("loose.yaml", "name: loose\n")):
            with open(names[name], "w", encoding="ascii") as out:
                out.write(text)
        for policy, code in (("strict", 1), ("loose", 0)):
            done = subprocess.run(
                [OLD_KERNEL, "landlock", zoneseal, "sign", "x.test", "-i", names["in.zone"], "-o", names["out.zone"],
                 "--policy", names[policy + ".yaml"], "--state", os.path.join(folder, policy)],
                check=False, capture_output=True, timeout=60, env={"HOME": folder, "PATH": "/usr/bin:/bin"})
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertEqual(b"verifiers.require-sandbox" in done.stderr, code == 1, done.stderr)
            self.assertEqual(os.path.exists(names["out.zone"]), code == 0)

    def test_without_landlock_the_filter_alone_keeps_files_closed(self):
        for what in REFUSED:
            self.assert_refused(what, WORKERS[0], [OLD_KERNEL, "landlock"])

    def test_without_the_filter_landlock_alone_keeps_files_closed(self):
        if json.loads(self.run_with().stdout)["sandbox"]["landlock_abi"] == 0:
            return  # nothing is claimed of such a kernel, and the verdict said so above
        for what in ("open", "write", "remove"):
            self.assert_refused(what, WORKERS[0], [OLD_KERNEL, "seccomp"])

    def test_no_configuration_file_of_openssl_is_read(self):
        # This one switches the algorithms off: whoever reads it has no SHA-256 any more.
        path = os.path.join(self.folder.name, "openssl.cnf")
        with open(path, "w", encoding="ascii") as out:
            out.write("openssl_conf = all\n[all]\nproviders = some\n[some]\nbase = on\n[on]\nactivate = 1\n")
        hashed = subprocess.run(["openssl", "dgst", "-sha256", GOOD], check=False, capture_output=True,
                                env={"OPENSSL_CONF": path, "PATH": os.environ["PATH"]})
        self.assertNotEqual(hashed.returncode, 0, "this file no longer switches anything off")
        done = self.run_with(environment={"OPENSSL_CONF": path})
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_memory_that_runs_out_is_no_verdict(self):
        limited = ["/usr/bin/prlimit", f"--as={12 << 20}"]
        done = self.run_with(before=limited)
        self.assertNotIn(done.returncode, (0, 1))
        self.assertNotIn(b'"complete"', done.stdout)


if __name__ == "__main__":
    PROGRAM, INJECTED, OLD_KERNEL = sys.argv[1:4]
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
