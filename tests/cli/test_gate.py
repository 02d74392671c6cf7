#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What run and sign ask the verifier, and that they publish nothing when it says no."""
import json
import os
import re
import shutil
import signal
import subprocess
import unittest

import zs
from zs import World, ZONE

DEFAULT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "policies", "shipped", "default.yaml")


class Gate(World):
    """zoneseal looks for its verifier beside itself: here is a copy of it, and what tests put there."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("bin"))
        self.zoneseal = self.path("bin", "zoneseal")
        shutil.copy(zs.ZONESEAL, self.zoneseal)
        # No file: the verifier may write none.
        os.mkfifo(self.path("asked"))
        self.asked = os.open(self.path("asked"), os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(os.close, self.asked)

    def verifier(self, more=""):
        self.write("bin/zoneseal-verify", f'#!/bin/sh\necho "$*" >{self.path("asked")}\nexec {zs.VERIFY} "$@" {more}\n', mode=0o755)

    def sign_by_it(self, policy=DEFAULT, code=0):
        done = subprocess.run([self.zoneseal, "sign", "nl.test", "-i", self.input, "-o", self.output, "--policy", policy, "--now", self.now],
                              capture_output=True, env=self.environment(), timeout=120, check=False)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done.stderr.decode()

    def horizon(self):
        last = self.json("verify", "--last", "nl.test")
        row, = (check for check in last["checks"] if check["id"] == "time.horizon")
        return row["result"], row["checked"]

    def test_a_verifier_that_says_yes_cannot_change_what_it_judged(self):
        spoil = "/usr/bin/python3 -c 'import os; os.ftruncate(0, 300)'"
        self.write("bin/zoneseal-verify", f'#!/bin/sh\n{zs.VERIFY} "$@"; code=$?\n{spoil} 2>/dev/null && echo changed >{self.path("asked")}\n'
                                          f"exit $code\n", mode=0o755)
        self.sign_by_it()
        self.assertEqual(subprocess.run([zs.VERIFY, "--now", self.now, self.output], capture_output=True, check=False).returncode, 0)
        with self.assertRaises(BlockingIOError):
            os.read(self.asked, 1)

    def test_a_zone_that_was_changed_by_its_path_is_not_published(self):
        spoil = f"for each in {self.folder}/.*.tmp; do truncate -s 300 $each; done"
        self.write("bin/zoneseal-verify", f'#!/bin/sh\n{zs.VERIFY} "$@"; code=$?\n{spoil}\nexit $code\n', mode=0o755)
        said = self.sign_by_it(code=1)
        self.assertIn("gate.same-bytes: out.zone: the signed zone changed after it was written", said)
        self.assertFalse(os.path.exists(self.output))

    def memo(self):
        return self.read(self.path("state", "zones", "nl.test.memo"))

    def test_a_run_or_a_verifier_that_a_signal_ends_leaves_memo_and_signatures(self):
        self.verifier()
        self.sign_by_it()
        before = self.memo(), self.read(self.path("state", "zones", "nl.test.signatures"))
        self.write("nl.test.zone", ZONE.replace("2026112401", "2026112402"))
        self.write("bin/zoneseal-verify", "#!/bin/sh\nkill -TERM $$\n", mode=0o755)
        self.assertIn("no verdict: killed by signal 15", self.sign_by_it(code=1))  # as when a service manager ends all at once
        self.assertEqual((self.memo(), self.read(self.path("state", "zones", "nl.test.signatures"))), before)
        os.set_blocking(self.asked, True)
        os.read(self.asked, 65536)
        self.write("bin/zoneseal-verify", f"#!/bin/sh\necho here >{self.path('asked')}\nexec sleep 60\n", mode=0o755)
        argv = [self.zoneseal, "sign", "nl.test", "-i", self.input, "-o", self.output, "--policy", DEFAULT, "--now", self.now]
        with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment()) as run:
            self.assertEqual(os.read(self.asked, 65536), b"here\n")
            run.terminate()
            self.assertEqual(run.wait(), -signal.SIGTERM)
        self.assertEqual((self.memo(), self.read(self.path("state", "zones", "nl.test.signatures"))), before)
        self.write("bin/zoneseal-verify", "#!/bin/sh\nkill -SEGV $$\n", mode=0o755)
        self.sign_by_it(code=1)
        self.assertFalse(os.path.exists(self.path("state", "zones", "nl.test.memo")))

    def unreadable(self, descriptor):
        """A verifier that finds a failing disk behind one of its descriptors: the memory of its shell, at address 0."""
        self.write("bin/zoneseal-verify", f'#!/bin/sh\nn={descriptor}\neval "exec $n</proc/self/mem"\n{zs.VERIFY} "$@"\nexit $?\n', mode=0o755)

    def test_a_file_that_its_disk_does_not_give_back_is_named_and_is_no_fault_of_the_input(self):
        self.verifier()
        self.sign_by_it()
        good = self.read(self.output)
        self.write("nl.test.zone", ZONE.replace("2026112401", "2026112402"))
        option = "$(echo \"$*\" | sed 's,.*{} /dev/fd/\\([0-9]*\\).*,\\1,')"
        for descriptor, name in (("0", f"signed zone {self.folder}/.out.zone."), (option.format("--unsigned"), f": {self.input}: read: "),
                                 (option.format("--previous"), f": {self.output}: read: ")):
            self.unreadable(descriptor)
            said = self.sign_by_it(code=74)
            self.assertIn(name, said)
            self.assertIn("read: Input/output error", said)
            self.assertEqual(self.read(self.output), good)
            self.assertIsNone(self.json("status", code=0)["zones"][0]["input_failing_since"])
        self.verifier()
        self.sign_by_it()
        self.assertNotEqual(self.read(self.output), good)

    def test_signatures_are_asked_for_at_the_moments_that_they_must_live_to_see(self):
        self.verifier()
        self.sign_by_it()
        times = re.findall(r"--now (\S+)", os.read(self.asked, 65536).decode())
        # Now; an hour of TTL later; 20.5 to 21 days less 10 of refresh, an hour until all servers and one of TTL; a week
        # of expire and the TTL.
        self.assertEqual((times[0], times[1], times[3]), ("2026-11-24T12:00:00Z", "2026-11-24T13:00:00Z", "2026-12-01T13:00:00Z"))
        self.assertTrue("2026-12-05T02:00:00Z" <= times[2] <= "2026-12-05T14:00:00Z", times)
        self.assertEqual(self.horizon(), ("ok", 3))

    def test_a_zone_whose_signatures_end_before_a_moment_that_was_asked_about_is_refused(self):
        self.verifier()
        self.sign_by_it()
        good = self.read(self.output)
        self.verifier("--now 2026-12-16T12:00:01Z")
        self.write("nl.test.zone", ZONE.replace("2026112401", "2026112402"))
        said = self.sign_by_it(code=1)
        self.assertIn("serial 2026112402 must not be published: time.horizon: signatures that do not hold at a further moment", said)
        self.assertEqual(self.read(self.output), good)
        self.assertEqual(self.horizon()[0], "fail")

    def test_an_expire_that_signatures_do_not_outlive_is_legal_from_the_first_publication_on(self):
        self.verifier()
        self.write("nl.test.zone", ZONE.replace("604800", "3600000"))
        self.sign_by_it()
        self.assertEqual(self.horizon(), ("ok", 2))

    def test_short_signatures_and_an_expire_of_weeks_go_together(self):
        policy = self.write("short.yaml", "name: short\nkeys: {dnskey-ttl: 5m, zsk: {lifetime: unlimited}}\nsignatures: {validity: 12h, refresh: 4h, "
                            "jitter: 1h, inception-offset: 1h}\nzone: {max-ttl: 1h, propagation-delay: 5m}\n")
        self.verifier()
        self.sign_by_it(policy)
        self.assertEqual(self.horizon(), ("ok", 2))


class Causes(World):
    """A refusal's first screen names each cause once, with what only follows from it."""

    def judged(self, change):
        self.sign()
        lines = self.read(self.output).decode().splitlines(True)
        path = self.write("changed.zone", "".join(change(lines)))
        argv = [zs.VERIFY, "--now", self.now, path]
        text, document = (subprocess.run([*argv, *more], capture_output=True, check=False, timeout=120) for more in ((), ("--json",)))
        self.assertEqual((text.returncode, document.returncode), (1, 1))
        html = subprocess.run([zs.ZONESEAL, "report", "-"], input=document.stdout, capture_output=True, check=True, env=self.environment())
        return text.stdout.decode(), json.loads(document.stdout)["findings"], html.stdout.decode()

    def assert_grouped(self, change, cause):
        text, findings, page = self.judged(change)
        following = [one for one in findings if one["follows"] == cause]
        self.assertEqual({one["id"].split(".")[0] for one in following}, {"response"})
        self.assertGreater(len(following), 1)
        self.assertFalse([one for one in findings if one["id"].startswith("response.") and one not in following])
        for one in following:
            self.assertNotIn(f"FAIL  {one['id']}", text)
            self.assertEqual(text.count(one["id"]), 1)
        total = sum(one["count"] for one in following)
        said = re.search(r"(?s)FAIL  " + re.escape(cause) + r"  .*?\n\n", text)[0]
        self.assertRegex(said, rf"\n  With it {total} answers of name servers fail \(response\..*; --json has each\)\n  For one: ")
        self.assertRegex(said, r"\n  Do: zoneseal ")
        self.assertLessEqual(len(text.splitlines()), 40)
        self.assertIn(f"<b>With it</b> {total} answers of name servers fail.", page)
        self.assertNotIn("<h3>FAIL <code>response.", page)

    @staticmethod
    def bad(line):
        fields = line.split("\t")
        if fields[3] == "RRSIG" and not fields[4].startswith("DNSKEY"):
            fields[4] = fields[4][:-9] + ("AAAA" if fields[4][-9:-5] != "AAAA" else "BBBB") + fields[4][-5:]
        return "\t".join(fields)

    def test_answers_with_signatures_that_fail_follow_from_these(self):
        self.assert_grouped(lambda lines: map(self.bad, lines), "sig.valid")

    def test_denials_without_a_link_of_the_chain_follow_from_that(self):
        def without(lines):
            at = [i for i, line in enumerate(lines) if line.split("\t")[3] == "NSEC"]
            return lines[:at[1]] + lines[at[1] + 2:]
        self.assert_grouped(without, "denial.nsec.owners")

    def test_a_warning_beside_a_refusal_is_one_line(self):
        text, findings, _ = self.judged(lambda lines: map(self.bad, lines))
        for one in findings:
            if one["result"] == "warn":
                self.assertRegex(text, rf"(?m)^warn  {re.escape(one['id'])}  .*: {one['count']}$")


if __name__ == "__main__":
    unittest.main()
