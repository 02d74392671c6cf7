# SPDX-License-Identifier: MIT
"""The files that the tests of the tree's shape look at."""
import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM_FOLDERS = ("signer", "keystore", "policies")
ALL_FOLDERS = PROGRAM_FOLDERS + ("schema", "tests", "contrib", ".ci")


def files(folders, suffixes):
    """Paths from the root, sorted, of files that end in one of the suffixes."""
    found = []
    for folder in folders:
        for place, _, names in os.walk(os.path.join(ROOT, folder)):
            found += [os.path.relpath(os.path.join(place, n), ROOT) for n in names if n.endswith(suffixes)]
    return sorted(found)


def lines(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as text:
        return text.read().splitlines()


def conclude(what, looked_at, faults):
    """Ends the test: nothing looked at is a failure too."""
    for fault in faults:
        print(fault)
    print(f"{what}: {looked_at} looked at, {len(faults)} at fault")
    raise SystemExit(1 if faults or looked_at == 0 else 0)
