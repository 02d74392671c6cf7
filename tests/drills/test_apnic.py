# SPDX-License-Identifier: MIT
"""APNIC, December 2012: the active signer is lost, and the standby goes on with other keys. Each zone is valid as it is
published, and bogus for everyone whose caches hold the keys of before. Here the standby is stopped at each place, the
operator reads why, and the last good zone stays published."""
import os
import re
import shutil
import unittest

from rolls import DAY, HOUR, Rolling

REASON = ("--reason", "drill")
OTHERS = ("holds DNSKEY or RRSIG of keys that are not in this keystore", "replacing it would turn the zone bogus")


class Apnic(Rolling):
    """Site A is `site-a` once it is lost; site B comes to stand at the same place, with the same output."""

    def setUp(self):
        super().setUp()
        self.snapshot = self.path("parity.txt")
        self.add_zone(self.policy())
        self.run_until(self.clock + 10 * DAY)
        self.export()

    def z(self, *args, now=None, **more):
        return super().z(*args, now=now or (self.now_text() if hasattr(self, "clock") else None), **more)

    def export(self):
        done = self.z("parity", "export", "-o", self.snapshot, code=0)
        self.key = re.search(r"parity key of this signer: (\S+)", done.err)[1]
        self.z("backup", "--with-keys", "--replace", self.path("backup.tar"), code=0)

    def lose_site_a(self):
        self.lost = self.read(self.output)
        os.rename(self.state, self.path("site-a"))
        os.makedirs(os.path.dirname(self.output), 0o700)
        self.write(self.output, self.lost)

    def stands_by(self):
        self.z("parity", "standby", self.key, *REASON, code=0)

    def refused(self, *command, words, code=3):
        """It says why, and what is published is the zone that it was."""
        done = self.z(*command)
        self.assertEqual(done.returncode, code, done.out + done.err)
        for word in words if isinstance(words, tuple) else (words,):
            self.assertIn(word, done.err)
        self.assertEqual(self.read(self.output), self.lost)
        return done

    def promote(self, **more):
        return self.refused("parity", "promote", self.snapshot, *REASON, "--yes", **more)

    def own_keys(self):
        """What APNIC's standby had: the same zone, and keys of its own."""
        self.z("init", "--virtual-clock", code=0)
        self.add_zone(self.policy())
        self.z("key", "generate", "nl.test", code=0)


class OtherKeys(Apnic):
    def test_a_standby_with_keys_of_its_own_is_told_and_stays_fenced(self):
        self.lose_site_a()
        self.own_keys()
        self.stands_by()
        self.refused("run", words="this is a standby signer")
        self.refused("parity", "check", self.snapshot, words="nl.test.: this keystore is not at the snapshot's state",
                     code=1)
        self.promote(words="is not at the snapshot's state", code=1)
        self.assertIn("NO snapshot was compared", self.z("status", code=0).out.split("\n")[0])

    def test_a_signer_that_nobody_fenced_stops_at_a_file_that_it_did_not_publish(self):
        self.lose_site_a()
        self.own_keys()
        self.refused("run", words="zoneseal did not write this file")

    def test_nor_does_it_take_the_place_of_the_zone_if_it_is_told_to(self):
        self.lose_site_a()
        self.own_keys()
        self.refused("sign", "nl.test", "--replace", words=OTHERS)


class OldStates(Apnic):
    """The standby has what A had before a roll of the ZSK, which ended at A since."""

    def setUp(self):
        super().setUp()
        self.z("roll", "start", "nl.test", "--zsk", code=0)
        self.run_until(self.clock + 10 * DAY)
        self.lose_site_a()
        self.stands_by()
        self.z("restore", self.path("backup.tar"), code=0)

    def test_the_standby_does_not_sign_and_is_not_promoted(self):
        self.refused("run", words="this is a standby signer")
        self.promote(words=("is not the version that the backup remembers", "restore a newer backup"))

    def test_nor_does_it_without_its_fence(self):
        os.unlink(os.path.join(self.state, "standby"))
        self.refused("run", words="restore")
        self.refused("restore", "--reconcile", words="is not the version that the backup remembers")

    def test_nor_if_the_operator_accepts_the_risk(self):
        """What is published now shows keys that B never had."""
        os.unlink(os.path.join(self.state, "standby"))
        self.z("restore", "--accept", "nobody has a newer one", "--yes", code=0)
        self.refused("run", words="zoneseal did not write this file")
        self.refused("sign", "nl.test", "--replace", words=OTHERS)

    def test_with_the_newer_backup_it_goes_on_without_a_bogus_answer(self):
        shutil.move(self.state, self.path("site-b-before"))
        os.rename(self.path("site-a"), self.state)
        self.export()
        self.lose_site_a()
        self.stands_by()
        self.z("restore", self.path("backup.tar"), code=0)
        self.z("parity", "check", self.snapshot, code=0)
        self.z("parity", "promote", self.snapshot, *REASON, "--yes", code=0)
        self.z("roll", "start", "nl.test", "--zsk", code=0)
        self.run_until(self.clock + 10 * DAY + HOUR)


if __name__ == "__main__":
    unittest.main()
