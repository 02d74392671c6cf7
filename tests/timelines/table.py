#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each rollover with its timeline and the test that drives the real program along it, as a table for contrib/doc/rollovers.md.

    table.py           prints it
    table.py PAGE      exit 1 if the page's table is another one
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import readme_table  # noqa: E402

TESTS = os.path.join(HERE, "../drills/test_rolls.py")
BEGIN, END = "<!-- timelines: tests/timelines/table.py -->\n", "<!-- end -->\n"


def driven():
    """Timeline -> test of rolls_are_seamless."""
    found, test = {}, None
    with open(TESTS, encoding="utf-8") as source:
        for line in source:
            test = (re.match(r"    def (test_\w+)\(", line) or [None, test])[1]
            for name in re.findall(r'self\.follow\("(\w+)"', line):
                found.setdefault(name, test)
    return found


def table():
    tests = driven()
    lines = ["| rollover | `tests/timelines/` | the real program follows it in `rolls_are_seamless` |\n", "|---|---|---|\n"]
    for file in sorted(os.listdir(HERE)):
        name, ending = os.path.splitext(file)
        if ending == ".timeline":
            test = tests.get(name)
            lines.append(f"| {name.replace('_', ' ')} | {file} | {test if test else 'no, only `simulate` does'} |\n")
    return "".join(lines)


if __name__ == "__main__":
    sys.exit(readme_table.main(BEGIN, END, table(), "rollovers"))
