#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Turns good.tsv and bad.tsv into inputs of the fuzz target zonetext, 15 lines a file (20 errors end a run)."""
import os

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(HERE, "..", "fuzz", "corpus", "zonetext")


def texts(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                yield line.split("\t")[:2]


def main():
    for name in ("good", "bad"):
        lines = [f"r{index} 1 {rrtype} {text}\n" for index, (rrtype, text) in enumerate(texts(name + ".tsv"))]
        for start in range(0, len(lines), 15):
            with open(os.path.join(CORPUS, f"{name}-{start // 15:02}"), "w", encoding="utf-8") as file:
                file.writelines(lines[start:start + 15])


main()
