#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""An input that includes files is compared with what was signed like any other."""
import json
import os
import subprocess
import unittest

import zs
from zs import World

MAIN = """$ORIGIN nl.test.
$TTL 3600
@ IN SOA ns1 host 2026112401 7200 3600 604800 300
@ NS ns1
ns1 A 192.0.2.1
$INCLUDE parts/one ; origin changes inside, and comes back
  TXT "the owner is still ns1"
txt TXT "; $INCLUDE parts/none" (
$INCLUDE parts/none
)
$include "parts/t\\119o" deep
last NS ns1
"""
PARTS = {
    "one": "$ORIGIN sub\n$TTL 60\na NS ns.a\nns.a A 192.0.2.2\n$INCLUDE parts/three other.nl.test.\nb NS ns.a\n",
    "two": "c NS ns1.nl.test.\n",
    "three": "@ NS ns1.nl.test.\n$INCLUDE parts/two ; once more, elsewhere\n",
}


class Include(World):

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("parts"))
        for name, text in PARTS.items():
            self.write("parts/" + name, text)
        self.write("nl.test.zone", MAIN)

    def check(self, done):
        verdict = json.loads(done.out)["verdict"]
        return next(check for check in verdict["checks"] if check["id"] == "unsigned.equal")

    def test_the_gate_compares_what_is_included(self):
        done = self.sign("--policy", "default", "--json")
        check = self.check(done)
        self.assertEqual((check["result"], check["failed"]), ("ok", 0))
        self.assertGreater(check["checked"], 10)
        text = self.read(self.output).decode()
        for line in ("a.sub.nl.test.\t60\tIN\tNS\tns.a.sub.nl.test.", "c.other.nl.test.\t60\tIN\tNS\tns1.nl.test.",
                     "c.deep.nl.test.\t3600\tIN\tNS\tns1.nl.test.", "last.nl.test.\t3600\tIN\tNS\tns1.nl.test.",
                     'ns1.nl.test.\t3600\tIN\tTXT\t"the owner is still ns1"'):
            self.assertIn(line, text)

    def test_a_change_in_an_included_file_is_published(self):
        self.sign("--policy", "default")
        before = self.serial()
        self.write("parts/two", "d NS ns1.nl.test.\n")
        self.sign()
        self.assertGreater(self.serial(), before)
        self.assertIn("d.deep.nl.test.", self.read(self.output).decode())

    def verify(self, **files):
        argv = [zs.VERIFY, "--now", self.now, "--unsigned", self.input]
        for name in PARTS:
            argv += ["--unsigned-include", f"parts/{name}={files.get(name, self.path('parts', name))}"]
        done = subprocess.run([*argv, self.output], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_what_differs_in_an_included_file_is_refused(self):
        self.sign("--policy", "default")
        self.assertEqual(self.verify()[0], 0)
        code, said = self.verify(two=self.write("other", "d NS ns1.nl.test.\n"))
        self.assertEqual(code, 1)
        self.assertIn("unsigned.equal", said)
        self.assertIn("d.deep.nl.test.", said)
        self.assertIn("d.other.nl.test.", said)

    def test_a_file_that_nobody_gave_ends_without_a_verdict(self):
        self.sign("--policy", "default")
        done = subprocess.run([zs.VERIFY, "--now", self.now, "--unsigned", self.input, "--unsigned-include",
                               f"parts/one={self.path('parts', 'one')}", self.output], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 65)
        self.assertIn("parts/one:5:1", done.stderr)

    def test_files_that_include_each_other_end(self):
        self.write("parts/two", "$INCLUDE parts/three\n")
        self.assertIn("nested", self.sign("--policy", "default", code=65).err)

    def in_files(self, count):
        lines = [MAIN]
        for number in range(count):
            self.write(f"parts/n{number}", f"n{number} NS ns1\n")
            lines.append(f"$INCLUDE parts/n{number}\n")
        self.write("nl.test.zone", "".join(lines))

    def test_a_zone_in_hundreds_of_files_is_compared(self):
        self.in_files(297)  # and those of MAIN
        done = self.sign("--policy", "default", "-v")
        self.assertNotIn("not compared", done.err)
        verdict = json.loads(self.z("verify", "--last", "nl.test", "--json", code=0).out)
        checks = [check for check in verdict["checks"] if check["id"] == "unsigned.equal"]
        self.assertEqual([check["result"] for check in checks], ["ok"], verdict["checks"])

    def test_a_zone_in_more_files_than_can_be_compared_is_not_published(self):
        self.in_files(300)
        done = self.sign("--policy", "default", code=65)
        self.assertIn("more than 300 different files are included", done.err)
        self.assertFalse(os.path.exists(self.output))

    def test_verify_passes_included_files_on(self):
        self.sign("--policy", "default")
        options = [word for name in PARTS
                   for word in ("--unsigned-include", f"parts/{name}={self.path('parts', name)}")]
        self.z("verify", "nl.test", self.output, "--unsigned", self.input, *options, code=0)
        other = self.write("other", "d NS ns1.nl.test.\n")
        options[-1] = f"parts/{list(PARTS)[-1]}={other}"
        self.assertIn("unsigned.equal", self.z("verify", "nl.test", self.output, "--unsigned", self.input, *options,
                                               code=1).out)


if __name__ == "__main__":
    unittest.main()
