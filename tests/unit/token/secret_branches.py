#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Signing with a private key takes no branch and no address from it or from a nonce.

secret_branches.py CLANG SOURCE_FOLDER: builds secret_branches.c with clang's memory sanitizer, and runs it.
"""
import os
import subprocess
import sys
import tempfile
import unittest

CLANG, SOURCE = sys.argv.pop(1), sys.argv.pop(1)


def has_the_instructions():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        return "avx512ifma" in file.read()


class Secrets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.program = os.path.join(cls.folder.name, "secret_branches")
        here = os.path.join(SOURCE, "tests/unit/token/secret_branches.c")
        subprocess.run([CLANG, "-O1", "-g", "-std=gnu17", "-fsanitize=memory", "-mavx512f", "-mavx512ifma", "-I", SOURCE,
                        here, os.path.join(SOURCE, "keystore/token_p256_wide.c"), "-lcrypto", "-o", cls.program],
                       check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def run_it(self, what):
        return subprocess.run([self.program, what], stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def test_a_branch_and_an_address_are_seen(self):
        for what in ("branch", "address"):
            with self.subTest(what):
                done = self.run_it(what)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("use-of-uninitialized-value", done.stderr)

    def test_signing_takes_none(self):
        if not has_the_instructions():
            self.assertNotEqual(self.run_it("sign").returncode, 0)  # nothing to watch: this processor cannot run it
            return
        done = self.run_it("sign")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))


unittest.main(argv=sys.argv)
