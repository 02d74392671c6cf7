# SPDX-License-Identifier: MIT
"""Every C source is as .clang-format wants it: format.py CLANG_FORMAT"""
import subprocess
import sys

import tree


def main():
    sources = tree.files(tree.ALL_FOLDERS, (".c", ".h"))
    command = [sys.argv[1], "--dry-run", "--Werror", "--ferror-limit=3"] + sources
    done = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True, check=False)
    faults = [] if done.returncode == 0 else ["run clang-format -i on these:\n" + done.stderr]
    tree.conclude("format", len(sources), faults)


main()
