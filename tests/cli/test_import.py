# SPDX-License-Identifier: MIT
"""Keys from elsewhere: private ones wait for the next rollover, another signer's DNSKEY is published and never signs."""
import os
import subprocess
import unittest

import dns.dnssec
import dns.rdatatype
import dns.zone

from zs import World

LATER = ("2026-11-28T12:00:00Z", "2026-11-30T12:00:00Z", "2026-12-03T12:00:00Z")


class Import(World):
    def setUp(self):
        super().setUp()
        self.sign()

    def keygen(self, *args, name="nl.test"):
        done = subprocess.run(["/usr/bin/dnssec-keygen", "-q", "-K", self.folder, *args, name], capture_output=True,
                              check=True, text=True, timeout=60)
        path = self.path(done.stdout.strip())
        os.chmod(path + ".private", 0o600)
        return path

    def keys(self):
        return {key["tag"]: key for key in self.json("key", "list", "nl.test", code=0)["keys"]}

    def published(self):
        zone = dns.zone.from_file(self.output, origin="nl.test.", relativize=False)
        rdatas = zone.get_rdataset("nl.test.", "DNSKEY")
        signers = {rdata.key_tag for _, node in zone.nodes.items() for rdataset in node
                    for rdata in (rdataset if rdataset.rdtype == dns.rdatatype.RRSIG else ())}
        return {dns.dnssec.key_id(rdata) for rdata in rdatas}, signers

    def test_a_private_key_waits_for_the_next_rollover(self):
        path = self.keygen("-a", "13")
        tag = int(path.rsplit("+", 1)[1])
        before = self.tree()
        self.z("key", "import", "nl.test", path + ".private", "--zsk", "--dry-run", code=0)
        self.assertEqual(self.tree(), before)
        self.z("key", "import", "nl.test", path + ".private", "--zsk", code=0)
        self.assertEqual(self.keys()[tag]["state"], "prepared")
        self.now = LATER[0]
        self.sign()
        self.z("roll", "start", "nl.test", "--zsk", code=0)
        for self.now in LATER:
            self.sign()
            self.assert_published_is_good()
        self.assertEqual(self.keys()[tag]["state"], "active")
        self.assertIn(tag, self.published()[1])

    def test_a_standby_key_is_published_and_taken_without_a_wait_for_caches(self):
        self.z("key", "generate", "nl.test", "--standby", code=2)
        self.z("key", "generate", "nl.test", "--zsk", "--standby", code=0)
        tag = max(self.keys().values(), key=lambda key: key["tag"] if key["state"] == "prepared" else -1)["tag"]
        self.now = LATER[0]
        self.sign()
        self.assertIn(tag, self.published()[0])
        self.assertNotIn(tag, self.published()[1])
        self.now = LATER[1]
        self.sign()
        self.assertEqual(self.keys()[tag]["state"], "ready")
        self.z("roll", "start", "nl.test", "--zsk", code=0)
        self.sign()
        self.assertIn(tag, self.published()[1])
        self.assert_published_is_good()

    def test_another_signers_keys_are_published_and_never_sign(self):
        names = [self.keygen("-a", "13", "-f", "KSK"), self.keygen("-a", "13")]
        tags = {int(name.rsplit("+", 1)[1]) for name in names}
        for name in names:
            self.z("key", "import", "nl.test", name + ".key", "--public-only", code=0)
        for self.now in LATER:
            self.sign("--force")
            self.assert_published_is_good()
            present, signers = self.published()
            self.assertLessEqual(tags, present)
            self.assertFalse(tags & signers)
        self.assertEqual({self.keys()[tag]["state"] for tag in tags}, {"ready"})
        for tag in tags:
            self.z("emergency", "nl.test", "--key", str(tag), code=0)
        self.sign()
        self.assertFalse(tags & self.published()[0])
        self.assert_published_is_good()

    def test_a_refused_key_leaves_no_private_half_behind(self):
        path = self.keygen("-a", "13")
        self.z("key", "import", "nl.test", path + ".private", "--zsk", code=0)
        kept = os.listdir(self.path("state", "keys"))
        self.z("zone", "add", "de.test", "-i", self.input, code=0)
        before = self.tree()
        for more in ((), ("--dry-run",)):
            done = self.z("key", "import", "nl.test", path + ".private", "--zsk", *more, code=3)
            self.assertIn("the zone has or had this very key", done.err)
            for file in ("15", "14"):
                self.z("key", "import", "nl.test", self.keygen("-a", file) + ".private", "--zsk", *more, code=3)
        self.assertEqual(os.listdir(self.path("state", "keys")), kept)
        self.assertEqual(self.tree(), before)

    def test_what_is_no_key_for_this_zone_is_refused(self):
        path = self.keygen("-a", "13")
        foreign = self.keygen("-a", "13", name="other.test")
        self.z("key", "import", "nl.test", path + ".private", code=2)
        self.z("key", "import", "nl.test", path + ".key", "--public-only", "--zsk", code=2)
        self.assertIn("0 DNSKEY records", self.z("key", "import", "nl.test", foreign + ".key", "--public-only", code=3).err)
        self.z("key", "import", "nl.test", path + ".key", "--zsk", code=77)
        self.assertIn("policy", self.z("key", "import", "nl.test", self.keygen("-a", "15") + ".private", "--zsk", code=3).err)
        self.z("key", "import", "nl.test", self.keygen("-a", "15") + ".key", "--public-only", code=3)
        self.z("key", "import", "nl.test", self.path("nowhere"), "--zsk", code=66)
        self.z("key", "import", "nl.test", path + ".key", "--public-only", code=0)
        self.z("key", "import", "nl.test", path + ".key", "--public-only", code=3)


if __name__ == "__main__":
    unittest.main()
