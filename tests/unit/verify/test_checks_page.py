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
RUNBOOK = os.path.join(ROOT, "contrib/doc/runbook.md")
SOURCE = os.path.join(ROOT, "signer/cli/cmd_explain.c")
STATUS = os.path.join(ROOT, "signer/cli/facts.c")


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
            self.assertIn({"always": "always refused", "as said": "as the sentence says",
                           "by policy": "refused where a policy is given"}[refused], text)
            for words in (rfc if rfc != "-" else "", outage):
                self.assertIn(words, text)

    def test_no_cell_breaks_the_table(self):
        for line in said(FORMS).splitlines():
            if line.startswith("|"):
                self.assertEqual(line.count("|"), 8, line)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Runbook(unittest.TestCase):
    """What `zoneseal explain` names as the place that says what to do is there."""

    @staticmethod
    def sections():
        """By the anchor that a heading gets."""
        parts = re.split(r"^## (.*)$", read(RUNBOOK), flags=re.MULTILINE)
        return {name.lower().replace(" ", "-"): text for name, text in zip(parts[1::2], parts[2::2])}

    def place_of(self, word):
        page, anchor = re.search(r"^  do         (\S+)#(\S+)$", said(ZONESEAL, "explain", word), re.MULTILINE).groups()
        self.assertEqual(page, os.path.realpath(RUNBOOK))
        self.assertIn(anchor, self.sections(), word)
        return self.sections()[anchor]

    def test_each_check_has_its_line_where_the_program_says(self):
        names = re.findall(r"^\| `([a-z0-9.-]+)` \(", said(FORMS), re.MULTILINE)
        self.assertGreater(len(names), 70)
        for name in names:
            self.assertRegex(self.place_of(name), rf"(?m)^\| `{re.escape(name)}` \| \S.*\|$")
        listed = re.findall(r"(?m)^\| `([a-z0-9.-]+)` \|", read(RUNBOOK))
        self.assertEqual(sorted(listed), sorted(names))

    def test_each_state_is_there_in_the_words_of_status(self):
        names = re.findall(r'^\t\{ "([a-z-]+)", "', read(SOURCE), re.MULTILINE)
        self.assertGreater(len(names), 10)
        words = re.sub(r'"\s+"', "", read(STATUS))
        for name in names:
            section = self.place_of(name)
            quoted = re.match(r"\n\n`(?:[A-Z]+: )?([^`]*)`", section)
            self.assertIsNotNone(quoted, name)
            self.assertIn(quoted[1], words)


if __name__ == "__main__":
    FORMS, ZONESEAL = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
