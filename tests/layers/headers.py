# SPDX-License-Identifier: MIT
"""Every header compiles alone, as the first include: headers.py COMPILER FLAG..."""
import subprocess
import sys

import tree


def main():
    headers = tree.files(tree.PROGRAM_FOLDERS, (".h",))
    faults = []
    for header in headers:
        command = sys.argv[1:] + ["-fsyntax-only", "-include", header, "-x", "c", "/dev/null"]
        done = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            faults.append(f"{header}:\n{done.stderr}")
        if "#pragma once" not in tree.lines(header):
            faults.append(f"{header}: no #pragma once")
    tree.conclude("headers", len(headers), faults)


main()
