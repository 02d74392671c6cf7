#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""contrib/doc/checks.md is made from the verifier's table, and `zoneseal explain` knows every check on it.

    test_checks_page.py CHECK_FORMS ZONESEAL
"""
import os
import re
import subprocess
import sys
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
PAGE = os.path.join(ROOT, "contrib/doc/checks.md")


def said(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout


class Page(unittest.TestCase):
    maxDiff = None

    def test_the_page_is_what_the_table_says(self):
        with open(PAGE, encoding="utf-8") as file:
            self.assertEqual(file.read(), said(FORMS), "run: build/release/bin/check_forms > contrib/doc/checks.md")

    def test_each_check_is_explained_by_the_program_in_the_same_words(self):
        rows = re.findall(r"^\| `([a-z0-9.-]+)` \(([A-Z]\d)\) \|(.*)\|$", said(FORMS), re.MULTILINE)
        self.assertGreater(len(rows), 70)
        self.assertEqual(len({row[0] for row in rows}), len(rows))
        for name, alias, rest in rows:
            refused, _, _, meaning, rfc, outage = [cell.strip() for cell in rest.split("|")]
            text = said(ZONESEAL, "explain", name)
            self.assertTrue(text.startswith(f"{name} ({alias})  {meaning}\n"), text)
            self.assertIn("always refused" if refused == "always" else "refused where a policy is given", text)
            for words in (rfc, outage):
                self.assertIn(words, text)

    def test_no_cell_breaks_the_table(self):
        for line in said(FORMS).splitlines():
            if line.startswith("|"):
                self.assertEqual(line.count("|"), 8, line)


if __name__ == "__main__":
    FORMS, ZONESEAL = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
