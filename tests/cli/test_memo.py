#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The proof memo of a zone: it saves computing, and nothing that happens to it lets a bad zone out or a good one wait."""
import base64
import hashlib
import os
import shutil
import stat
import struct
import subprocess
import unittest

import dns.dnssec
import dns.name
import dns.zone

import zs
from zs import World, ZONE

HEAD = 8 + 32 + 256 + 32 + 8 + 8 + 8


def sealed(octets):
    return octets[:-32] + hashlib.sha256(octets[:-32]).digest()


class Memo(World):

    def setUp(self):
        super().setUp()
        self.memo = self.path("state", "zones", "nl.test.memo")
        self.number = 2026112401

    def change(self, **more):
        """One delegation more, and a run; its answer."""
        self.number += 1
        text = ZONE.replace("2026112401", str(self.number)) + "".join(f"n{i} NS ns1\n" for i in range(self.number % 100))
        self.write("nl.test.zone", text)
        return self.json("sign", "nl.test", "-i", self.input, "-o", self.output, *more.pop("args", ()), **{"code": 0, **more})

    def assert_uses(self, answer):
        counts, memo = answer["verdict"]["counts"], answer["verdict"]["memo"]
        self.assertEqual((memo["used"], memo["full"], memo["written"]), (True, None, True), answer["memo"])
        # The SOA, what is new, and ZONEMD are not in it; a small zone's sample is all the others.
        self.assertEqual(counts["signatures"], answer["counts"]["signatures"])
        self.assertGreater(counts["from_memo"], 0)
        self.assertEqual(counts["from_memo"], answer["counts"]["signatures_kept"])
        self.assertEqual(counts["computed"], counts["signatures"] - counts["from_memo"] + counts["sampled"])
        self.assertIn(f"{counts['from_memo']} of {counts['signatures']} signatures are known from the memo", answer["memo"])
        self.assertTrue(answer["memo_kept"])

    def assert_full(self, answer, why, counts=True):
        if counts:
            self.assertEqual(answer["verdict"]["counts"]["from_memo"], 0)
            self.assertEqual(answer["verdict"]["counts"]["computed"], answer["counts"]["signatures"])
        self.assertFalse(answer["verdict"]["memo"]["used"])
        self.assertIn(why, answer["verdict"]["memo"]["full"])
        self.assertIn(f"all signatures are computed, the memo is not used: {why}", answer["memo"])

    def settle(self):
        """Until nothing is due for the keys that time alone brings."""
        self.change()
        self.now = "2026-11-30T12:00:00Z"
        self.assert_full(self.change(), "the keys have changed")

    def octets(self):
        return self.read(self.memo)

    def test_the_second_run_takes_from_the_memo_what_the_first_verified(self):
        first = self.json("sign", "nl.test", "-i", self.input, "-o", self.output, code=0)
        self.assert_full(first, "there is none yet")
        at = os.lstat(self.memo)
        self.assertEqual((stat.S_IFMT(at.st_mode), at.st_mode & 0o7777), (stat.S_IFREG, 0o600))
        self.assertEqual(at.st_size, HEAD + 32 * first["counts"]["signatures"] + 32)
        second = self.change()
        self.assert_uses(second)
        self.assertEqual(second["verdict"]["memo"]["last_full"], "2026-11-24T12:00:00Z")
        self.assertEqual(sorted(os.listdir(os.path.dirname(self.memo))), ["nl.test.memo", "nl.test.signatures"])
        self.assertIn("signatures are known from the memo", self.sign("--force", "--verbose").err)

    def test_what_cannot_be_this_users_own_memo_of_this_zone_and_build_is_not_used(self):
        self.change()
        good, other = self.octets(), self.path("other")
        def link():
            self.write("other", good, 0o600)
            os.symlink(other, self.memo)
        def place(octets, mode=0o600):
            with open(self.memo, "wb") as file:
                file.write(octets)
            os.chmod(self.memo, mode)
        foreign = sealed(good[:40] + b"\2de\4test".ljust(256, b"\0") + good[296:])
        cases = [("it is a symbolic link", link),
                 ("others than its owner may write it", lambda: place(good, 0o620)),
                 ("others than its owner may write it", lambda: place(good, 0o602)),
                 ("it is no regular file", lambda: os.mkfifo(self.memo, 0o600)),
                 ("it is damaged", lambda: place(good[:HEAD] + bytes([good[HEAD] ^ 1]) + good[HEAD + 1:])),
                 ("it is cut short", lambda: place(good[:-40])),
                 ("there is none yet", lambda: place(b"")),
                 ("it is no memo of this format", lambda: place(b"#" * 5000)),
                 ("it is of another zone", lambda: place(foreign)),
                 ("it is from another build", lambda: place(sealed(good[:8] + b"0" * 32 + good[40:]))),
                 ("the keys have changed", lambda: place(sealed(good[:296] + b"0" * 32 + good[328:]))),
                 ("its last full verification lies in the future",
                  lambda: place(sealed(good[:328] + (2 ** 40).to_bytes(8, "big") + good[336:])))]
        for why, spoil in cases:
            os.unlink(self.memo)
            spoil()
            self.assert_full(self.change(), why)
            self.assertFalse(os.path.islink(self.memo))
            self.assertEqual(os.stat(self.memo).st_mode & 0o777, 0o600)
            self.assert_uses(self.change())
        self.assertEqual(self.read(other), good)

    def test_a_folder_in_its_place_costs_computing_and_no_publication(self):
        self.change()
        os.unlink(self.memo)
        os.mkdir(self.memo)
        answer = self.change()
        self.assertEqual((answer["result"], answer["memo_kept"]), ("published", False))
        self.assertIn("the next run has none: ", answer["memo"])

    def test_a_memo_that_vouches_for_a_bad_signature_lets_nothing_out_and_is_gone(self):
        # A verifier of its own reads the zone with one signature changed; who wrote the memo knew which.
        self.change()
        published = self.read(self.output)
        os.mkdir(self.path("bin"))
        shutil.copy(zs.ZONESEAL, self.path("bin", "zoneseal"))
        zone = dns.zone.from_text(published.decode(), origin="nl.test.", relativize=False, check_origin=False)
        name = dns.name.from_text("ns1.nl.test.")
        rrsig = zone.get_rdataset(name, "RRSIG", "A")[0]
        forged = bytes([rrsig.signature[0] ^ 1]) + rrsig.signature[1:]
        key, = (key for key in zone.get_rdataset(zone.origin, "DNSKEY") if dns.dnssec.key_id(key) == rrsig.key_tag)
        data = rrsig.to_wire(origin=zone.origin)[:-len(rrsig.signature)]
        data += name.to_digestable() + struct.pack("!HHIH", 1, 1, rrsig.original_ttl, 4) + bytes([192, 0, 2, 1])
        entry = hashlib.sha256(b"zoneseal proof memo 1\0" + bytes([13]) + b"".join(
            struct.pack("!I", len(part)) + part for part in (key.key, data, forged))).digest()
        octets = self.octets()
        entries = sorted([entry] + [octets[i:i + 32] for i in range(HEAD, len(octets) - 32, 32)])
        poisoned = octets[:336] + struct.pack("!Q", len(entries)) + octets[344:HEAD] + b"".join(entries) + bytes(32)
        old, new = (base64.b64encode(value).decode() for value in (rrsig.signature, forged))
        self.assertEqual(published.count(old.encode()), 1)
        self.write("bin/zoneseal-verify", f'#!/bin/sh\nsed "s|{old}|{new}|" | {zs.VERIFY} "$@"\n', mode=0o755)
        with open(self.memo, "wb") as file:
            file.write(sealed(poisoned))
        self.write("nl.test.zone", ZONE.replace("2026112401", "2026112450"))
        done = subprocess.run([self.path("bin", "zoneseal"), "sign", "nl.test", "-i", self.input, "-o", self.output, "--now", self.now],
                              capture_output=True, env=self.environment(), timeout=120, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("no verdict: exit code 70: zoneseal-verify: no verdict, so do not publish: the memo holds", done.stderr.decode())
        self.assertEqual(self.read(self.output), published)
        self.assertFalse(os.path.exists(self.memo))
        self.assert_full(self.change(), "there is none yet")

    def test_each_key_event_has_all_computed(self):
        self.settle()
        self.assert_uses(self.change())
        self.z("roll", "start", "nl.test", "--zsk", code=0)
        self.assert_full(self.change(), "the keys have changed")
        self.assert_uses(self.change())

    def test_all_is_computed_as_often_as_the_policy_says(self):
        self.settle()
        for now, full in (("2026-12-01T11:59:59Z", None), ("2026-12-01T12:00:00Z", "the last full verification was at 2026-11-30T12:00:00Z"),
                          ("2026-12-02T11:00:00Z", None)):
            self.now = now
            answer = self.change()
            if full is None:
                self.assert_uses(answer)
            else:
                self.assert_full(answer, full)
        self.z("policy", "apply", "nl.test", self.write("hour.yaml", "name: hour\nverifiers: {full-verify-every: 1h}\n"), code=0)
        self.now = "2026-12-02T11:30:00Z"
        self.assert_full(self.change(), "the last full verification was at 2026-12-01T12:00:00Z, which is due every 3600s")

    def test_a_policy_may_want_no_memo(self):
        self.change()
        self.z("policy", "apply", "nl.test", self.write("none.yaml", "name: none\nverifiers: {full-verify-every: 0s}\n"), code=0)
        answer = self.change()
        self.assertEqual((answer["verdict"]["memo"], answer["memo"], answer["memo_kept"]), (None, None, False))
        self.assertEqual(os.listdir(os.path.dirname(self.memo)), ["nl.test.signatures"])

    def test_a_refusal_by_change_limits_alone_leaves_memo_and_signatures(self):
        self.settle()
        side = self.path("state", "zones", "nl.test.signatures")
        before = self.read(self.memo), self.read(side)
        self.number += 1
        self.write("nl.test.zone", zs.delegations(300, self.number))
        refused = self.json("sign", "nl.test", "-i", self.input, "-o", self.output, code=1)
        self.assertIn("change.delegations", str(refused["verdict"]))
        self.assertEqual((self.read(self.memo), self.read(side)), before)
        answer = self.change()
        self.assert_uses(answer)
        self.assertIsNone(answer["signatures_note"])

    def test_a_refusal_takes_the_memo_away(self):
        self.change()
        no = self.write("no.yaml", "name: no\nverifiers: {first: {command: [/usr/bin/false]}}\n")
        self.z("zone", "set-policy", "nl.test", no, code=0)
        self.change(code=1)
        self.assertEqual(os.listdir(os.path.dirname(self.memo)), [])
        self.z("zone", "set-policy", "nl.test", "default", code=0)
        self.assert_full(self.change(), "there is none yet")

    def test_a_removed_zone_leaves_neither_memo_nor_signatures(self):
        self.change()
        published, keys = self.read(self.output), sorted(os.listdir(self.path("state", "keys")))
        folder = os.path.dirname(self.memo)
        self.z("zone", "remove", "nl.test", "--dry-run", code=0)
        self.assertEqual(sorted(os.listdir(folder)), ["nl.test.memo", "nl.test.signatures"])
        self.z("zone", "remove", "nl.test", "--yes", code=0)
        self.assertEqual(os.listdir(folder), [])
        self.assertEqual(self.read(self.output), published)
        self.assertEqual(sorted(os.listdir(self.path("state", "keys"))), keys)
        self.z("zone", "add", "nl.test", "-i", self.input, "-o", self.output, code=0)
        self.assert_full(self.change(), "there is none yet")

    def test_stdout_has_no_memo_and_spoils_none(self):
        self.change()
        before = self.octets()
        self.z("sign", "nl.test", "-i", self.input, "-o", "-", code=0)
        self.assertEqual(self.octets(), before)


if __name__ == "__main__":
    unittest.main()
