#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""An input that brings its own ZONEMD along is signed only while that verifies (RFC 8976 4). The digests are dnspython's."""
import json
import os
import subprocess
import unittest

import dns.rdatatype
import dns.zone
import zs
from zs import World

HEAD = "$ORIGIN nl.test.\n$TTL 3600\n"


class InputDigest(World):

    def zonemd(self, text, hash_algorithm=1):
        """The line that belongs into the input `text`."""
        zone = dns.zone.from_text(text, "nl.test.", relativize=False)
        return f"@ ZONEMD {zone.compute_digest(hash_algorithm).to_text()}\n"

    def give(self, text, digest_of=None, hash_algorithm=1):
        """The input becomes `text` with a digest over `digest_of` (itself, if that is not given)."""
        self.write("nl.test.zone", text + self.zonemd(digest_of or text, hash_algorithm))

    def check(self, done):
        checks = json.loads(done.out)["verdict"]["checks"]
        return next((check["result"], check["checked"]) for check in checks if check["id"] == "unsigned.zonemd")

    def next_serial(self, text):
        return text.replace("2026112401", "2026112402")

    def test_a_digest_that_is_right_is_checked_and_its_absence_is_no_check(self):
        self.assertEqual(self.check(self.sign("--policy", "default", "--json")), ("not asked", 0))
        for hash_algorithm in (1, 2):
            self.give(zs.ZONE, hash_algorithm=hash_algorithm)
            self.assertEqual(self.check(self.sign("--json", "--force")), ("ok", 1))
            self.assert_published_is_good()

    def test_order_and_form_of_the_input_do_not_count(self):
        self.sign("--policy", "default")
        lines = self.next_serial(zs.ZONE)[len(HEAD):].replace("@ IN SOA", "@ SOA").replace("@ NS", "nl.test. NS")
        shuffled = "".join(f"{owner.upper()} 1H {rest} ; so\n" for owner, rest in
                           (line.split(" ", 1) for line in reversed(lines.splitlines())))
        self.give(HEAD + shuffled, digest_of=self.next_serial(zs.ZONE))
        self.assertEqual(self.check(self.sign("--json")), ("ok", 1))

    def test_records_of_one_rrset_count_with_their_own_ttls(self):
        """dnspython keeps one TTL for an RRset, so this digest is that of the test zones (tests/zones)."""
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "zones", "good", "input_digest_mixed_ttl.in")
        done = self.z("sign", "zs.test", "-i", source, "-o", self.path("mixed.zone"), "--policy", "default", "--json", code=0)
        self.assertEqual(self.check(done), ("ok", 1))

    def test_a_file_cut_between_two_records_is_not_signed(self):
        self.write("nl.test.zone", zs.delegations(40))
        self.sign("--policy", "default")
        before = self.read(self.output)
        text = self.next_serial(zs.delegations(40))
        whole = HEAD + self.zonemd(text) + text[len(HEAD):]
        self.write("nl.test.zone", "".join(whole.splitlines(True)[:-12]))
        done = self.sign(code=65)
        self.assertIn("nl.test.zone:3", done.err)
        self.assertIn("unsigned.zonemd: the input is not what its own ZONEMD says: records were lost", done.err)
        self.assertEqual(self.read(self.output), before)
        self.assertFalse(os.path.exists(self.output + ".rejected"), "it was signed all the same")
        error = json.loads(self.sign("--json", code=65).out)["error"]
        self.assertEqual((error["check"], error["line"]), ("unsigned.zonemd", 3))
        self.write("nl.test.zone", whole)
        self.assertEqual(self.check(self.sign("--json")), ("ok", 1))

    def test_what_verifies_nothing_is_not_signed(self):
        digest = self.zonemd(zs.ZONE)
        for lines, why in ((digest.replace("2026112401", "2026112400"), "another serial than the SOA"),
                           (digest.replace(" 1 1 ", " 240 1 "), "scheme or its hash is unknown"),
                           (digest.replace(" 1 1 ", " 1 9 "), "scheme or its hash is unknown"),
                           (digest + "@ ZONEMD 2026112401 1 1 " + "00" * 48 + "\n", "one of several of one scheme"),
                           ("@ ZONEMD 2026112401 1 1 " + "00" * 48 + "\n", "records were lost")):
            self.write("nl.test.zone", zs.ZONE + lines)
            self.assertIn(why, self.sign("--policy", "default", code=65).err)
        self.write("nl.test.zone", zs.ZONE + "@ ZONEMD 2026112401 240 1 " + "00" * 48 + "\n" + digest)
        self.assertEqual(self.check(self.sign("--policy", "default", "--json")), ("ok", 2))

    def test_included_files_are_part_of_the_digest(self):
        whole = self.next_serial(zs.ZONE) + "c NS ns1\nd NS ns1\n"
        main = self.next_serial(zs.ZONE) + "$INCLUDE part\n" + self.zonemd(whole)
        self.write("nl.test.zone", main)
        self.write("part", "c NS ns1\nd NS ns1\n")
        self.assertEqual(self.check(self.sign("--policy", "default", "--json")), ("ok", 1))
        self.write("part", "c NS ns1\n")
        self.assertIn("unsigned.zonemd", self.sign(code=65).err)

    def test_the_gate_asks_by_itself_and_names_the_input(self):
        """An input that is signed already: its digest is over signatures too, which only the gate has together."""
        self.sign("--policy", "default")
        signed = self.read(self.output).decode()
        self.write("nl.test.zone", signed)
        self.assertEqual(self.check(self.sign("--json", "--force")), ("ok", 1))
        lines = [line for line in signed.splitlines(True) if not line.startswith("*.nl.test.")]
        self.write("nl.test.zone", "".join(lines))
        said = self.sign("--force", code=1).err
        self.assertIn(f"input {self.input}: unsigned.zonemd: the unsigned input is not what its own ZONEMD says", said)

    def test_the_verifier_asks_of_any_signer(self):
        """Also through a pipe, which can be read once."""
        self.sign("--policy", "default")
        self.give(zs.ZONE)
        argv = [zs.VERIFY, "--now", self.now, self.output, "--unsigned"]
        for extra, code in (("", 0), ("e NS ns1\n", 1)):
            self.give(zs.ZONE, digest_of=zs.ZONE + extra)
            by_file = subprocess.run([*argv, self.input], capture_output=True, text=True, check=False)
            by_pipe = subprocess.run([*argv, "/dev/stdin"], text=True, check=False,
                                     capture_output=True, input=self.read(self.input).decode())
            for done in (by_file, by_pipe):
                self.assertEqual((done.returncode, "FAIL  unsigned.zonemd" in done.stdout), (code, code == 1), done.stdout)


if __name__ == "__main__":
    unittest.main()
