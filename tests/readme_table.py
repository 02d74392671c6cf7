# SPDX-License-Identifier: MIT
"""A table of a page that is made from the tree: printed, or compared with what the page says."""
import sys


def main(begin, end, table, what):
    """Exit code; with a file as the argument, whether it has the table between the two marks."""
    if len(sys.argv) < 2:
        print(table, end="")
        return 0
    with open(sys.argv[1], encoding="utf-8") as file:
        text = file.read()
    if begin + table + end in text:
        return 0
    print(f"{sys.argv[1]}: its table of {what} is not this one:\n\n{begin}{table}{end}", end="")
    return 1
