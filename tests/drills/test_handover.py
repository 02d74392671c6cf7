# SPDX-License-Identifier: MIT
"""A zone goes from one signer to another without any private key changing hands (RFC 6781 4.3.5.1): each publishes the
other's ZSK before the change and the parent shows both DS. BIND signs on the other side. contrib/doc/handover.md tells
operators the same steps.

What validators may hold is the union of what both signers served, so the caches here are those of the world.
"""
import subprocess
import unittest

from rolls import DAY, HOUR, MINUTE, ZONE, Rolling, zs

KEYGEN, SIGNZONE = "/usr/bin/dnssec-keygen", "/usr/bin/dnssec-signzone"
TTL = DAY  # of the data, the largest


class Handover(Rolling):
    """`step` is a run of zoneseal that the world only sees while zoneseal's zone is served."""

    def setUp(self):
        super().setUp()
        self.served_by_us = False
        self.bind_keys = {role: self.keygen(*flags) for role, flags in (("ksk", ("-f", "KSK")), ("zsk", ()))}
        self.bind_tags = {role: int(name.rsplit("+", 1)[1]) for role, name in self.bind_keys.items()}
        self.bind_serial = 100
        self.add_zone(self.policy(keys={"algorithm": "ECDSAP256SHA256"}))

    def keygen(self, *flags):
        argv = [KEYGEN, "-q", "-K", self.folder, "-a", "ECDSAP256SHA256", "-L", "1h", *flags, "nl.test"]
        done = subprocess.run(argv, capture_output=True, check=True, text=True, timeout=60)
        return self.path(done.stdout.strip())

    def z_now(self, *args, code=0):
        return self.z(*args, code=code, now=self.now_text())

    # ---- BIND ----

    def bind_signs(self, *others):
        """A version with BIND's keys and these DNSKEY records; it is checked as zoneseal's are."""
        self.bind_serial += 1
        lines = [f"nl.test. 3600 IN DNSKEY {rdata}\n" for rdata in others]
        source = self.write("bind.zone", ZONE.replace("host 1 ", f"host {self.bind_serial} ") + "".join(lines))
        signed = self.path("bind.signed")
        moment = self.now_text()
        start, end = (text.translate(str.maketrans("", "", "-:TZ")) for text in (moment, "2027-01-01T00:00:00Z"))
        ksk, zsk = self.bind_keys["ksk"], self.bind_keys["zsk"]
        subprocess.run([SIGNZONE, "-q", "-P", "-o", "nl.test", "-O", "full", "-s", start, "-e", end, "-f", signed, "-k", ksk,
                        self.with_own_keys(source), zsk], capture_output=True, check=True, timeout=60, cwd=self.folder)
        return signed

    def with_own_keys(self, source):
        """BIND's own DNSKEY records beside what is there."""
        with open(source, "a", encoding="ascii") as file:
            for name in self.bind_keys.values():
                with open(name + ".key", encoding="ascii") as key:
                    file.write("".join(line for line in key if not line.startswith(";")))
        return source

    def bind_is_served(self, *others):
        signed = self.bind_signs(*others)
        subprocess.run([zs.VERIFY, "--now", self.now_text(), signed], capture_output=True, check=True, timeout=60)
        self.caches.publish(self.records_of(signed), self.clock)
        self.assertIsNone(self.caches.bogus())

    def records_of(self, path):
        out = []
        with open(path, encoding="ascii") as file:
            for line in file:
                if line.strip() and not line.startswith(";"):
                    owner, ttl, _, rtype, rdata = line.split(None, 4)
                    out.append((owner, int(ttl), rtype, rdata.split(";")[0].strip()))
        return out

    # ---- zoneseal ----

    def run_hidden(self):
        """What zoneseal publishes is right by itself; nobody asks its servers."""
        done = self.z_now("run", "nl.test")
        self.judge_published()
        return done

    def wait(self, seconds):
        """zoneseal runs each hour meanwhile, as cron does."""
        end = self.clock + seconds
        while self.clock < end:
            self.clock = min(self.clock + HOUR, end)
            self.z_now("run", "nl.test")
            if self.served_by_us:
                self.we_are_served()

    def we_are_served(self):
        self.judge_published()
        self.caches.publish(self.records(), self.clock)
        self.assertIsNone(self.caches.bogus())

    def key(self, tag):
        return next(key for key in self.json("key", "list", "nl.test", now=self.now_text())["keys"] if key["tag"] == tag)

    def own(self, role):
        keys = self.json("key", "list", "nl.test", now=self.now_text())["keys"]
        return next(key for key in keys if key["role"] == role and key["tag"] not in self.bind_tags.values())

    def name(self, tag):
        return (13, tag)

    def parent_shows(self, *tags):
        self.caches.want_ds([self.name(tag) for tag in tags], self.ds_ttl, self.clock)
        self.caches.show_ds([self.name(tag) for tag in tags], self.ds_ttl, self.clock)
        self.assertIsNone(self.caches.bogus())

    def import_zsk_of_bind(self):
        self.z_now("key", "import", "nl.test", self.bind_keys["zsk"] + ".key", "--public-only")

    def secure_with_bind(self):
        self.bind_is_served()
        self.clock += DAY
        self.parent_shows(self.bind_tags["ksk"])
        self.clock += 2 * DAY

    def prepare_taking_over(self):
        """BIND shows our ZSK, we show BIND's, the parent shows both DS; zoneseal says when its DS is in all caches."""
        self.secure_with_bind()
        self.z_now("key", "generate", "nl.test")
        self.bind_is_served(self.own("zsk")["dnskey"])
        self.import_zsk_of_bind()
        self.run_hidden()
        self.wait(2 * DAY)
        self.assertIn(f"zoneseal ds show nl.test. --key {self.own('ksk')['tag']}; submit it",
                      self.z_now("status", "nl.test").out)
        self.parent_shows(self.bind_tags["ksk"], self.own("ksk")["tag"])
        self.z_now("ds", "seen", "nl.test", "--key", str(self.own("ksk")["tag"]))

    def test_a_zone_is_taken_from_another_signer(self):
        self.prepare_taking_over()
        self.wait(DAY + 2 * HOUR)
        self.assertEqual(self.own("ksk")["state"], "active")
        self.assertEqual(self.key(self.bind_tags["zsk"])["state"], "ready")
        self.served_by_us = True
        self.we_are_served()
        self.wait(self.dnskey_ttl + self.propagation)
        self.parent_shows(self.own("ksk")["tag"])
        self.wait(TTL + 5 * MINUTE)
        done = self.z_now("roll", "abort", "nl.test", "--key", str(self.bind_tags["zsk"]), "--dry-run")
        self.assertIn("for 1d5m", done.out + done.err)
        self.z_now("roll", "abort", "nl.test", "--key", str(self.bind_tags["zsk"]))
        self.wait(2 * DAY)
        self.assertEqual(self.key(self.bind_tags["zsk"])["state"], "removed")
        self.assertNotIn(self.bind_tags["zsk"], [tag for version in self.caches.dnskey if version.gone(0) > self.clock
                                                 for _, tag in version.keys])
        self.z_now("roll", "abort", "nl.test", "--key", str(self.bind_tags["zsk"]), code=3)

    def test_taking_over_before_the_ds_is_in_all_caches_would_be_bogus(self):
        self.prepare_taking_over()
        self.assertNotEqual(self.own("ksk")["state"], "active")
        self.caches.publish(self.records(), self.clock)
        self.assertIn("DS", self.caches.bogus())

    def test_taking_over_what_never_showed_our_key_would_be_bogus(self):
        self.secure_with_bind()
        self.z_now("key", "generate", "nl.test")
        self.run_hidden()
        self.parent_shows(self.bind_tags["ksk"], self.own("ksk")["tag"])
        self.wait(3 * DAY)
        self.caches.publish(self.records(), self.clock)
        self.assertIn("DNSKEY", self.caches.bogus())

    def test_leaving_the_key_of_the_old_signer_out_too_early_would_be_bogus(self):
        self.prepare_taking_over()
        self.wait(DAY + 2 * HOUR)
        self.we_are_served()
        self.z_now("roll", "abort", "nl.test", "--key", str(self.bind_tags["zsk"]))
        self.run_hidden()
        self.caches.publish(self.records(), self.clock)
        self.assertIn("DNSKEY", self.caches.bogus())

    def test_a_zone_is_handed_to_another_signer(self):
        self.served_by_us = True
        self.run_hidden()
        self.we_are_served()
        self.wait(DAY + HOUR)
        ksk = self.own("ksk")["tag"]
        self.parent_shows(ksk)
        self.z_now("ds", "seen", "nl.test", "--key", str(ksk))
        self.wait(2 * DAY)
        self.import_zsk_of_bind()
        self.wait(3 * HOUR)
        self.assertEqual(self.key(self.bind_tags["zsk"])["state"], "ready")
        self.parent_shows(ksk, self.bind_tags["ksk"])
        self.wait(self.ds_ttl + HOUR)
        zsk = self.own("zsk")["dnskey"]
        self.served_by_us = False
        self.bind_is_served(zsk)
        self.clock += self.dnskey_ttl + self.propagation
        self.parent_shows(self.bind_tags["ksk"])
        self.clock += TTL + self.propagation
        self.bind_is_served()
        self.clock += 2 * DAY
        self.assertIsNone(self.caches.bogus())
        self.z_now("zone", "remove", "nl.test", "--yes")

    def test_handing_over_before_our_dnskey_set_with_theirs_is_in_all_caches_would_be_bogus(self):
        self.served_by_us = True
        self.run_hidden()
        self.we_are_served()
        self.wait(DAY + HOUR)
        ksk = self.own("ksk")["tag"]
        self.parent_shows(ksk, self.bind_tags["ksk"])
        self.z_now("ds", "seen", "nl.test", "--key", str(ksk))
        self.wait(2 * DAY)
        self.import_zsk_of_bind()
        self.z_now("run", "nl.test")
        self.we_are_served()
        self.assertEqual(self.key(self.bind_tags["zsk"])["state"], "publishing")
        signed = self.bind_signs(self.own("zsk")["dnskey"])
        self.caches.publish(self.records_of(signed), self.clock)
        self.assertIn("DNSKEY", self.caches.bogus())


if __name__ == "__main__":
    unittest.main()
