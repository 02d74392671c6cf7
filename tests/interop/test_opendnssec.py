#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A zone that OpenDNSSEC signs with keys on a SoftHSM token is taken over, key files and all, and validators with full
caches of what OpenDNSSEC published never see a difference."""

import datetime
import os
import re
import shlex
import subprocess
import unittest

from lifetime import DS_TTL, Chain, Lifetime, Moment, instant, zs
from opendnssec import LABEL, SOFTHSM, OpenDnssec
from step_caches import Steps
from walk import DOC

EXPORT = os.environ["ZONESEAL_TOKEN_EXPORT"]
POLICY = "name: like-opendnssec\nkeys:\n  algorithm: {}\n"


class Adopted(Lifetime):
    ods = None  # the one whose token zoneseal uses

    def setUp(self):
        self.starts = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")  # ods-signerd's clock
        super().setUp()
        self.exported = self.path("exported")
        os.mkdir(self.exported)

    def environment(self):
        return {**super().environment(), **({"SOFTHSM2_CONF": self.ods.path("softhsm2.conf")} if self.ods else {})}

    def signed_by_opendnssec(self, algorithm, length, **more):
        """OpenDNSSEC in a folder with a short path, since sockets need one; it is stopped when this returns."""
        ods = OpenDnssec(self.path("ods"), self.source, algorithm, length, **more)
        with ods:
            tag, ds = ods.settle()
            ods.named = ods.keys()
        self.shown[tag] = f"nl.test. {DS_TTL} IN DS {ds}"
        self.parent_path = self.publish_parent()
        self.clock = int(datetime.datetime.now(datetime.timezone.utc).timestamp()) + 1
        self.now = self.now_text()
        return ods

    def export(self, ods, *ids):
        return subprocess.run([EXPORT, "--module", SOFTHSM, "--token", LABEL, "--pin-file", ods.path("pin"), "--to",
                               self.exported, *ids], env=ods.environment, capture_output=True, text=True, timeout=60,
                              check=False)

    def adopt(self, ods, algorithm, *keys, code=0):
        return self.z("zone", "adopt", "nl.test", *(keys or (self.exported,)), "--published", ods.signed, "-i", self.input,
                      "--policy", self.write("p.yaml", POLICY.format(algorithm)), "--parents", self.address(self.server), code=code)

    def adopt_in_place(self, ods, algorithm, code=0):
        self.ods = ods
        store, command = self.shown_in_the_page()
        self.assertIn(f"token={LABEL}?module-path={SOFTHSM}&", store)
        self.write(os.path.join("state", "keys", "stores.conf"), store.replace("/etc/zoneseal/ods-pin", ods.path("pin")), 0o600)
        words = shlex.split(command.replace("\\\n", ""))
        first = next(at for at, word in enumerate(words) if word.startswith("pkcs11:id=%"))
        rest = [word for word in words[first:] if not word.startswith("pkcs11:id=%")]
        ours = {"--published": ods.signed, "-i": self.input, "--policy": self.write("p.yaml", POLICY.format(algorithm))}
        options = [word for at in range(0, len(rest), 2) if rest[at] != "-o"  # a virtual clock publishes below its state folder
                   for word in (rest[at], ours.pop(rest[at]))]
        self.assertEqual((words[0], ours), ("zoneseal", {}))
        keys = ["pkcs11:id=" + "".join(f"%{cka[at:at + 2]}" for at in range(0, 32, 2)) for _, _, cka, _ in ods.named]
        return self.z(*words[1:first], *keys, *options, "--parents", self.address(self.server), code=code)

    @staticmethod
    def shown_in_the_page():
        """The line of stores.conf and the command for keys that stay where they are."""
        text = (DOC / "migrate-opendnssec.md").read_text(encoding="utf-8")
        return re.search(r"(?m)^  ```conf\n  (store .*\n)  ```\n\n  ```sh .*\n  (zoneseal zone adopt .*\n(?:  \t.*\n)*)", text).groups()

    def first_version(self):
        """Data have changed, so not only signatures of OpenDNSSEC are in it."""
        self.edit(1)
        self.assertEqual(self.run_once()["result"], "published")  # verified with the DS that was there as the anchor
        path = self.history[-1].zone
        anchor = self.write("anchor-of-before", "".join(line + "\n" for line in self.shown.values()))
        done = subprocess.run(["/usr/bin/dnssec-verify", "-q", "-o", "nl.test", path], capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = subprocess.run([zs.VERIFY, "--now", self.now, "--trust-anchor", anchor, path], capture_output=True,
                              check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return path

    def assert_taken_over(self, algorithm, length, name):
        ods = self.signed_by_opendnssec(algorithm, length)
        before = self.moment_of(ods)
        done = self.export(ods)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        files = sorted(os.listdir(self.exported))
        self.assertLessEqual({cka + ".pem" for _, _, cka, _ in ods.named}, set(files))
        self.assertEqual({os.stat(os.path.join(self.exported, file)).st_mode & 0o777 for file in files}, {0o600})
        self.adopt(ods, name)
        self.assert_no_cache_notices(before)

    def moment_of(self, ods):
        return Moment(self.clock, ods.signed, self.parent_path, frozenset(self.shown), Chain(ods.signed))

    def assert_no_cache_notices(self, before):
        after = Moment(self.clock, self.first_version(), self.parent_path, frozenset(self.shown), Chain(self.history[-1].zone))
        self.assertEqual(after.chain.shape(), before.chain.shape())  # the same keys do the same work
        steps = Steps(self.folder, self.anchor, self.child_files)
        steps.pass_by(instant(self.clock), before, after)
        steps.mix(instant(self.clock), before, before, before, after)
        self.assertGreater(steps.held, 0)

    def test_rsa_keys_of_a_token_go_on_signing(self):
        self.assert_taken_over(8, 2048, "RSASHA256")

    def test_ecdsa_keys_of_a_token_go_on_signing(self):
        self.assert_taken_over(13, 256, "ECDSAP256SHA256")

    def test_what_cannot_leave_the_token_is_said(self):
        ods = self.signed_by_opendnssec(13, 256, extractable=False)
        done = self.export(ods)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not extractable", done.stderr)
        self.assertEqual(os.listdir(self.exported), [])
        self.assertIn("no private half of KSK", self.adopt(ods, "ECDSAP256SHA256", code=69).err)
        self.assertIn("not all of the keys", self.export(ods, "00").stderr)
        before = self.moment_of(ods)
        self.adopt_in_place(ods, "ECDSAP256SHA256")  # but it can be used there
        self.assert_no_cache_notices(before)

    def test_keys_that_cannot_leave_the_token_sign_from_there(self):
        """As OpenDNSSEC is shipped: not extractable, and without public halves on the token."""
        self.ods = self.signed_by_opendnssec(8, 2048, extractable=False)
        before = self.moment_of(self.ods)
        self.adopt_in_place(self.ods, "RSASHA256")
        self.assert_no_cache_notices(before)


class Refusals(unittest.TestCase):
    def test_a_pin_that_others_may_read_is_refused(self):
        done = subprocess.run([EXPORT, "--module", SOFTHSM, "--token", LABEL, "--pin-file", "/etc/passwd", "--to", "/"],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(subprocess.run([EXPORT], capture_output=True, timeout=60, check=False).returncode, 2)


if __name__ == "__main__":
    unittest.main()
