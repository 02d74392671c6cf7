# SPDX-License-Identifier: MIT
"""Every test in the tree is run: test_x.py and test_x.c stand in the CMakeLists.txt beside them, or in one above."""
import os
import re

import tree


def words(folder):
    """What the CMakeLists.txt of this folder and of those above it name."""
    found = set()
    while folder:
        path = os.path.join(folder, "CMakeLists.txt")
        if os.path.exists(os.path.join(tree.ROOT, path)):
            for line in tree.lines(path):
                found |= set(re.findall(r"[A-Za-z0-9_.]+", line.split("#")[0]))
        folder = os.path.dirname(folder)
    return found


def main():
    tests = [path for path in tree.files(("tests",), (".py", ".c")) if os.path.basename(path).startswith("test_")]
    faults = []
    for path in tests:
        name = os.path.basename(path)
        stem = name.rsplit(".", 1)[0]
        if not {name, stem, stem[len("test_"):]} & words(os.path.dirname(path)):
            faults.append(f"{path}: no CMakeLists.txt names it, so it never runs")
    tree.conclude("registered", len(tests), faults)


main()
