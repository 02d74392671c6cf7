#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""against_bind.py REWRITE_ZONE [FIRST LAST]: random master files mean the same to us and to BIND.

Blank owners, $ORIGIN, $TTL, TTL and class in either order, parentheses over lines, comments, strings, escapes, CRLF.
named-compilezone prints what it understood; that, read by us again, must be what we read ourselves. BIND gives all
records of an RRset one TTL, so TTLs are compared where an RRset has one record.
"""
import collections
import os
import random
import subprocess
import sys
import tempfile

BIND = ["named-compilezone", *"-i none -k ignore -m ignore -M ignore -S ignore -n ignore -r ignore -o - example".split()]
HEAD = ["$ORIGIN example.", "@ IN SOA ns host 1 2 3 4 5", "@ NS ns.other."]
NAMES = ["a", "b.c", "x.example.", r"a\.b", "*.w", "_s", "Q", r"a\032b", r"\@", "y"]
RDATA = {
    "A": lambda r: [f"192.0.2.{r.randint(0, 255)}"],
    "AAAA": lambda r: [f"2001:db8::{r.randint(0, 65535):x}"],
    "TXT": lambda r: [r.choice(['"a b"', "x", r'"q\"x;("', r"\059", r'"\100"']) for _ in range(r.randint(1, 3))],
    "MX": lambda r: ["10", r.choice(NAMES + ["@"])],
    "SRV": lambda r: ["1", "2", "3", r.choice(NAMES + ["@"])],
    "CAA": lambda r: ["0", "issue", '"x"'],
    "PTR": lambda r: [r.choice(NAMES)],
    "TYPE65280": lambda r: [r"\#", "3", "0102", "03"],
}


def words_with_breaks(r, owner, words, type_at):
    """The record's words with blanks, and perhaps in parentheses over several lines."""
    line, paren, opened = owner, r.random() < 0.4, False
    for index, word in enumerate(words):
        line += r.choice([" ", "\t", "  ", " \t "])
        if paren and not opened and index > type_at and r.random() < 0.7:
            line += "(" + r.choice([" ", "\n", " ; c )\n", ""])
            opened = True
        elif opened and r.random() < 0.4:
            line += r.choice(["\n", ' ;"x\n  ', "\n\n"])
        line += word
    if opened:
        line += r.choice([" )", "\n)", ") ", ")"])
    return line + r.choice(["", "", "", " ; tail ("])


def record(r):
    owner = r.choice([r.choice(NAMES), r.choice(NAMES), ""])
    ttl, rrclass = r.choice(["", "", "300", "1h", "1H30M"]), r.choice(["", "IN", "in"])
    head = [word for word in r.choice([[ttl, rrclass], [rrclass, ttl]]) if word]
    rrtype = r.choice(list(RDATA))
    return words_with_breaks(r, owner, head + [rrtype] + RDATA[rrtype](r), len(head))


def zone_text(seed):
    r = random.Random(seed)
    lines = [f"$TTL {r.randint(1, 999)}"] + HEAD
    for _ in range(r.randint(3, 14)):
        kind = r.random()
        if kind < 0.08:
            lines.append("$TTL " + r.choice(["60", "1h", "2d", "1w2d3h4m5s", "0"]))
        elif kind < 0.16:
            lines.append("$ORIGIN " + r.choice(["sub", "example.", "deep.sub", "x.example. ; c"]))
        elif kind < 0.24:
            lines.append(r.choice(["", '; c ( " ', "   ", "\t; x"]))
        else:
            lines.append(record(r))
    end = r.choice(["\n", "\n", "\r\n"])
    return ("\n".join(lines) + "\n").replace("\n", end)


def rewrite(program, text):
    return subprocess.run([program, "example."], input=text, capture_output=True, timeout=60)


def meaning(text):
    """The records without TTL, and the TTL of each RRset that has one record."""
    rows = {tuple(line.split("\t", 4)) for line in text.decode().lower().splitlines()}
    members = collections.Counter((row[0], row[3]) for row in rows)
    ttls = {(row[0], row[3]): row[1] for row in rows if members[(row[0], row[3])] == 1}
    return {(row[0], row[3], row[4]) for row in rows}, ttls


def compare(program, folder, seed):
    text = zone_text(seed).encode()
    path = os.path.join(folder, "zone")
    with open(path, "wb") as file:
        file.write(text)
    bind = subprocess.run(BIND + [path], capture_output=True, timeout=60)
    ours = rewrite(program, text)
    if bind.returncode != 0 or ours.returncode != 0:
        return f"BIND: {bind.returncode} {bind.stderr.decode()[-300:]}\nwe: {ours.returncode} {ours.stderr.decode()}"
    printed = b"".join(line + b"\n" for line in bind.stdout.splitlines() if not line.startswith((b"zone ", b"OK")))
    (we, our_ttls), (it, its_ttls) = meaning(ours.stdout), meaning(rewrite(program, printed).stdout)
    if we != it:
        return f"{sorted(we ^ it)}"
    differ = [key for key in our_ttls if key in its_ttls and our_ttls[key] != its_ttls[key]]
    return f"TTL: {differ}" if differ or not our_ttls else ""


def main():
    program = sys.argv[1]
    first, last = (int(word) for word in sys.argv[2:4]) if len(sys.argv) > 3 else (0, 60)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, last):
            fault = compare(program, folder, seed)
            if fault:
                print(f"seed {seed}: {fault}\n{zone_text(seed)}")
                failed += 1
    sys.exit(failed > 0)


main()
