#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The drills, in the order in which they are told, as a table for contrib/doc/drills.md.

    table.py           prints it
    table.py PAGE      exit 1 if the page's table is another one
"""
# pylint: disable=unused-import,wrong-import-order
import os
import sys

from stage import ALL  # it comes first: it knows where the rest is
import keys  # noqa: F401
import elsewhere  # noqa: F401
import chain  # noqa: F401
import signatures  # noqa: F401
import denial  # noqa: F401
import registry  # noqa: F401
import clocks  # noqa: F401

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
import readme_table  # noqa: E402

BEGIN, END = "<!-- drills: tests/drills/outages/table.py -->\n", "<!-- end -->\n"


def table():
    lines = ["| outage | date | what stops it here | `contrib/drill` |\n", "|---|---|---|---|\n"]
    lines += [f"| {drill.zone} | {drill.date} | {drill.stopped_by} | {drill.name} |\n" for drill in ALL]
    return "".join(lines)


if __name__ == "__main__":
    sys.exit(readme_table.main(BEGIN, END, table(), "drills"))
