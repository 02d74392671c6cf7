# SPDX-License-Identifier: MIT
"""Every source says its licence in its first line, or in the second below a #! line."""
import os

import tree

SUFFIXES = (".c", ".h", ".py", ".cmake", ".sql", ".yaml", ".yml", ".sh", "CMakeLists.txt")
TAG = "SPDX-License-Identifier: MIT"


def is_script(path):
    with open(os.path.join(tree.ROOT, path), "rb") as file:
        return file.read(2) == b"#!"


def main():
    sources = set(tree.files(tree.ALL_FOLDERS, SUFFIXES)) | {"CMakeLists.txt"}
    sources |= {path for path in tree.files((".ci", "contrib"), ("",)) if is_script(path)}
    # Data of the tests stays as it is: a bad policy may have to be bad from its first byte.
    sources = {path for path in sources if path.endswith((".c", ".h", ".py", "CMakeLists.txt")) or
               not path.startswith("tests/")}
    faults = [f"{path}: no line '{TAG}' on top" for path in sorted(sources)
              if not any(TAG in line for line in tree.lines(path)[:2])]
    tree.conclude("spdx", len(sources), faults)


main()
