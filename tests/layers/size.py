# SPDX-License-Identifier: MIT
"""No function over 60 lines, no file over 600, but those that size_exceptions.txt names with a reason.

Counts what clang-format leaves: a function runs from its "{" in the first column to the next "}" in the first column.
"""
import re

import tree

MAX_FUNCTION = 60
MAX_FILE = 600


def functions(lines):
    """(name, first line, number of lines) of each function."""
    signature, start = "", None
    for number, line in enumerate(lines, 1):
        if line == "{" and start is None:
            start = number
        elif line == "}" and start is not None:
            yield signature, start, number - start + 1
            start = None
        elif start is None:
            match = re.match(r"\w[\w\s\*]*?(\w+)\(", line)
            signature = match.group(1) if match else signature


def main():
    excused = {line.split()[0] for line in tree.lines("tests/layers/size_exceptions.txt") if line and line[0] != "#"}
    sources = tree.files(tree.PROGRAM_FOLDERS + ("tests", "contrib"), (".c", ".h"))
    faults, lengths = [], []
    for path in sources:
        lines = tree.lines(path)
        if len(lines) > MAX_FILE and path not in excused:
            faults.append(f"{path}: {len(lines)} lines, limit {MAX_FILE}")
        for name, start, length in functions(lines):
            lengths.append(length)
            if length > MAX_FUNCTION and f"{path}:{name}" not in excused:
                faults.append(f"{path}:{start}: {name} has {length} lines, limit {MAX_FUNCTION}")
    lengths.sort()
    if lengths:
        print(f"{len(lengths)} functions, median {lengths[len(lengths) // 2]} lines, longest {lengths[-1]}")
    tree.conclude("size", len(sources), faults)


main()
