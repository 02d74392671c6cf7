#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The drills, in the order in which they are told, as a table for the README.

    table.py           prints it
    table.py README    exit 1 if the README's table is another one
"""
# pylint: disable=unused-import,wrong-import-order
import sys

from stage import ALL  # it comes first: it knows where the rest is
import keys  # noqa: F401
import chain  # noqa: F401
import signatures  # noqa: F401
import denial  # noqa: F401
import registry  # noqa: F401
import clocks  # noqa: F401

BEGIN, END = "<!-- drills: tests/drills/outages/table.py -->\n", "<!-- end -->\n"


def table():
    lines = ["| outage | date | what stops it here | `contrib/drill` |\n", "|---|---|---|---|\n"]
    lines += [f"| {drill.zone} | {drill.date} | {drill.stopped_by} | {drill.name} |\n" for drill in ALL]
    return "".join(lines)


def main():
    if len(sys.argv) < 2:
        print(table(), end="")
        return 0
    with open(sys.argv[1], encoding="utf-8") as file:
        text = file.read()
    if BEGIN + table() + END in text:
        return 0
    print(f"{sys.argv[1]}: its table of drills is not this one:\n\n{BEGIN}{table()}{END}", end="")
    return 1


if __name__ == "__main__":
    sys.exit(main())
