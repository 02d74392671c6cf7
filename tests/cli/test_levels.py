# SPDX-License-Identifier: MIT
"""How bad it is: status, check, metrics and the pages of report --html say the same of every state a keystore can be in."""
import html
import os
import re
import sqlite3
import unittest

from zs import World, ZONE, delegations

COLOURS = {"ok": "good", "action": "warn", "warning": "warn", "critical": "bad"}
EXIT = {"ok": 0, "action": 0, "warning": 1, "critical": 2}


class Levels(World):
    def database(self, text, *values):
        with sqlite3.connect(os.path.join(self.state, "keystore.db")) as database:
            database.execute(text, values)
        database.close()

    def banner(self, name):
        page = self.read(os.path.join(self.path("site"), name)).decode()
        found = re.search(r'<header class="banner (\w+)" data-level="(\w+)">\n<h1>(.*?)</h1>', page)
        self.assertEqual(found[1], COLOURS[found[2]])
        return found[2], html.unescape(found[3])

    def sample(self, text, name):
        return int(re.search(rf"(?m)^{name}(?:\{{.*\}})? (\d)$", text)[1])

    def assert_all_say(self, level):
        document, check = self.json("status", code=0), self.z("check")
        self.z("report", "--html", self.path("site"), code=0)
        metrics = self.z("metrics", code=0).out
        number = list(EXIT).index(level)
        index, words = self.banner("index.html")
        self.assertEqual({"status": document["level"], "check": check.returncode, "metrics": self.sample(metrics, "zoneseal_level"),
                          "index": index},
                         {"status": level, "check": EXIT[level], "metrics": number, "index": level}, document)
        said = self.z("status", code=0).out
        self.assertTrue(said.startswith(words), (said, words))
        self.assertEqual("nothing for you to do" in words, level == "ok")
        for zone in document["zones"]:
            name = zone["zone"].rstrip(".")
            self.assertEqual(self.sample(metrics, "zoneseal_zone_level"), list(EXIT).index(zone["level"]))
            one = self.json("status", name, code=0)
            self.assertEqual((one["level"], one["zones"][0]["level"]), (document["level"], zone["level"]))
            page, words = self.banner(f"zone-{name}.html")
            self.assertEqual(page, level)
            first = self.z("status", name, code=0).out.split("\n", 1)[0]
            self.assertTrue(first.removesuffix("  VIRTUAL CLOCK").endswith(words.split(" ", 1)[1]), (first, words))


class EachState(Levels):
    def settled(self):
        """Nothing is to be done: keys are in all caches, the DS is there."""
        self.sign()
        self.now = "2026-11-26T12:00:00Z"
        self.sign()
        self.z("ds", "seen", "nl.test", "--key", str(self.json("status")["zones"][0]["keys"][0]["tag"]), code=0)
        self.now = "2026-11-29T12:00:00Z"
        self.sign()

    def due(self):
        """Signatures are to be renewed."""
        self.now = self.json("status")["zones"][0]["next"]

    def nothing(self):
        pass

    def new(self):
        self.z("zone", "add", "nl.test", "-i", self.input, code=0)

    def the_first_ds(self):
        self.sign()
        self.now = "2026-11-26T12:00:00Z"
        self.sign()

    def a_hold(self):
        self.settled()
        self.z("hold", "nl.test", "--reason", "freeze", code=0)

    def a_key_roll_that_waits_for_the_parent(self):
        self.settled()
        self.z("roll", "start", "nl.test", "--ksk", code=0)
        self.sign()
        self.now = "2026-11-30T12:00:00Z"
        self.sign()

    def a_refused_version(self):
        self.write("nl.test.zone", ZONE + delegations(300))
        self.sign()
        self.write("nl.test.zone", ZONE)
        self.now = "2026-11-26T18:00:00Z"
        self.sign(code=1)

    def an_input_that_cannot_be_used(self):
        self.settled()
        self.z("zone", "add", "nl.test", "-i", self.input, "-o", self.output)
        self.write("nl.test.zone", "junk\n")
        self.due()
        self.z("sign", "nl.test", "-i", self.input, "-o", self.output)

    def an_input_that_is_held(self):
        self.output = os.path.join(self.state, "zones", "nl.test.zone")
        self.settled()
        good = self.serial()
        self.write("nl.test.zone", ZONE.replace("2026112401", "2026113001") + "w A 192.0.2.9\n")
        self.sign()
        self.z("rollback", "nl.test", "--to", str(good), "--reason", "wrong", code=0)

    def no_run_for_long(self):
        self.settled()
        self.now = "2026-12-08T12:00:00Z"

    def signatures_that_have_little_left(self):
        self.settled()
        self.now = "2026-12-16T12:00:00Z"

    def expired(self):
        self.settled()
        self.now = "2027-02-01T12:00:00Z"

    def restored(self):
        self.settled()
        self.z("backup", "--with-keys", self.path("backup"), code=0)
        self.sign("--force")
        self.state = self.path("second")
        self.z("restore", self.path("backup"), code=3)

    def a_standby(self):
        """It was restored, and compared with no snapshot yet."""
        self.settled()
        said = self.z("parity", "export", "-o", self.path("snapshot"), code=0).err
        self.z("backup", "--with-keys", self.path("backup"), code=0)
        self.state = self.path("second")
        self.z("parity", "standby", re.search(r"parity key of this signer: (\S+)", said)[1], "--reason", "drill", code=0)
        self.z("restore", self.path("backup"), code=0)

    def a_name_server_that_is_dead(self):
        self.settled()
        self.database("INSERT INTO name_servers (zone, server, asked, failing_since, failure) VALUES (1, '192.0.2.1', ?, ?, 'no answer')",
                      1795953600, 1795953600 - 3600)

    def test_all_outputs_say_how_bad_it_is_alike(self):
        cases = [(self.nothing, "warning"), (self.new, "warning"), (self.settled, "ok"), (self.the_first_ds, "action"),
                 (self.a_hold, "action"), (self.a_key_roll_that_waits_for_the_parent, "warning"),
                 (self.a_refused_version, "critical"), (self.an_input_that_cannot_be_used, "warning"),
                 (self.an_input_that_is_held, "warning"), (self.no_run_for_long, "warning"),
                 (self.signatures_that_have_little_left, "critical"), (self.expired, "critical"),
                 (self.restored, "critical"), (self.a_standby, "warning"), (self.a_name_server_that_is_dead, "warning")]
        for make, level in cases:
            with self.subTest(make.__name__):
                self.setUp()
                make()
                self.assert_all_say(level)


    def test_a_zone_of_a_restored_keystore_is_fine_only_as_it_was(self):
        self.restored()
        for command in (("status", "nl.test"), ("zone", "show", "nl.test")):
            lines = self.z(*command, code=0).out.splitlines()
            self.assertTrue(lines[0].startswith("RESTORED"), lines[0])
            self.assertTrue(lines[1].startswith("nl.test.  as it was last published: "), lines[1])


class Clock(Levels):
    virtual = False

    def test_a_clock_behind_is_critical_everywhere(self):
        self.z("init", code=0)
        self.z("sign", "nl.test", "-i", self.input, "-o", self.output, "--policy", "default", code=0)
        self.database("UPDATE settings SET value = '2500000000' WHERE name = 'last-time'")
        self.assert_all_say("critical")


if __name__ == "__main__":
    unittest.main()
