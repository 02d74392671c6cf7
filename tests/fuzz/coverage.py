#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Do the corpora reach what they are for? coverage.py BUILD_FOLDER (a build with ZONESEAL_COVERAGE)

Replays each corpus of targets.txt alone and measures the lines of its sources with gcovr.
"""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
WANTED = 90.0


def targets():
    with open(f"{HERE}/targets.txt", encoding="utf-8") as table:
        rows = [line.split() for line in table if line.strip() and not line.startswith("#")]
    return [(row[0], row[1:]) for row in rows]


def forget_counts(build):
    for place, _, names in os.walk(build):
        for name in names:
            if name.endswith(".gcda"):
                os.unlink(os.path.join(place, name))


def covered(build, name, sources):
    """(lines run, lines) of the sources when the corpus is replayed."""
    forget_counts(build)
    subprocess.run([f"{build}/bin/fuzz_{name}", f"{HERE}/corpus/{name}"], check=True, stdout=subprocess.DEVNULL)
    command = ["gcovr", "--root", ROOT, "--object-directory", build, "--json-summary"]
    for source in sources:
        command += ["--filter", f"{ROOT}/{source}$"]
    command.append(build)
    summary = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout)
    found = {file["filename"] for file in summary["files"]}
    absent = set(sources) - found
    if absent:
        raise SystemExit(f"coverage: {name}: no counts for {', '.join(sorted(absent))}")
    return summary["line_covered"], summary["line_total"]


def main():
    build = os.path.abspath(sys.argv[1])
    short = 0
    for name, sources in targets():
        run, lines = covered(build, name, sources)
        percent = 100.0 * run / lines
        short += percent < WANTED
        print(f"{'ok  ' if percent >= WANTED else 'FAIL'} {name}: {percent:.1f} % of {lines} lines of {' '.join(sources)}")
    raise SystemExit(1 if short else 0)


main()
