# SPDX-License-Identifier: MIT
"""contrib/doc/scale.md says what contrib/bench/scale computes from the costs that are kept beside it."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def rows(text):
    return [line.replace(" %", "%") for line in text.splitlines() if line.startswith("| ") and line[2].isdigit()]


def scale(*argv):
    tool = os.path.join(ROOT, "contrib", "bench", "scale")
    return subprocess.run([sys.executable, tool, *argv], capture_output=True, text=True, check=True).stdout


class Scale(unittest.TestCase):
    costs = os.path.join(ROOT, "contrib", "bench", "scale-costs.json")

    def test_the_page_has_the_tables_of_the_tool(self):
        with open(os.path.join(ROOT, "contrib", "doc", "scale.md"), encoding="utf-8") as file:
            page = rows(file.read())
        told = rows(scale(self.costs))
        self.assertEqual(len(told), 10)
        self.assertEqual(page, told)

    def test_more_costs_and_fewer_hosts_are_never_earlier(self):
        with open(self.costs, encoding="ascii") as file:
            costs = json.load(file)
        costs["verify"] *= 20
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(costs, file)
            file.flush()
            slow = [line.split("|") for line in rows(scale(file.name, "--zones", "200", "--hosts", "1,4", "--cores", "1"))[-2:]]
        quick = [line.split("|") for line in rows(scale(self.costs, "--zones", "200", "--hosts", "1,4", "--cores", "1"))[-2:]]
        for column in (3, 4, 5):
            one, four = (float(line[column].split()[0]) for line in slow)
            self.assertGreater(one, four if column == 3 else 0)
            self.assertGreaterEqual(one, four)
            self.assertGreater(one, float(quick[0][column].split()[0]))


if __name__ == "__main__":
    unittest.main()
