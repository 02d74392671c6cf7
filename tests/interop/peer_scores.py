#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""contrib/doc/peer-scores.md: who refuses how many of the mutated zones, BIND, ldns, Knot and zoneseal-verify.

    peer_scores.py > contrib/doc/peer-scores.md     lets all judge, some minutes
    peer_scores.py --again                          writes the page from the counts that it has

A peer that is not done with a zone after judging.PATIENCE seconds of processor time neither refused nor accepted it.
"""

import collections
import os
import re
import subprocess
import sys

import judging
import mutation_classes
import test_mutations

SEED = 8976
PAGE = os.path.join(test_mutations.ROOT, "contrib/doc/peer-scores.md")
CHECKS = os.path.join(test_mutations.ROOT, "contrib/doc/checks.md")
PEERS = judging.COLUMNS[2:]
ENDLESS = "ldns-verify-zone has no end"

ROLE_OF_KEYS = "any key of the DNSKEY RRset may sign any RRset, and SEP is a hint that validators may not use"
WHY = {  # a valid class: why it is valid though someone refuses it
    "one-key-for-all": f"RFC 6840 6.2: {ROLE_OF_KEYS}; one may sign all (dnssec-verify takes it with `-z`)",
    "one-key-without-sep": f"RFC 6840 6.2: {ROLE_OF_KEYS}",
    "rrsets-by-different-keys": "RFC 6840 5.11, 6.2: one signature by each algorithm of the DNSKEY RRset is enough, whichever key's",
    "child-ds-of-unknown-digest": "RFC 6840 5.2: validators pass over a DS whose algorithm or digest they do not know",
    "signature-of-a-foreign-key-beside":
        "RFC 6840 5.12: validators disregard it, and some rolls need it; with a policy, `sig.key-published` asks for whose it is",
    "signature-of-a-foreign-algorithm-beside": "as above",
    "occluded-data": "hidden below a cut, unsigned, in no bitmap, and part of the zone all the same; with a policy, `structure.cut`",
}
PARTS = (
    ("Broken", "Each breaks a rule of an RFC, or a validator would fail: `zoneseal-verify` refuses it always, by the check named.",
     lambda change: change.checks and change.policy is None),
    ("Legal and not wanted", "Valid: accepted bare, and refused with a policy, as `zoneseal run` always gives one.",
     lambda change: change.checks and change.policy is not None),
    ("Valid", "As valid as before, though some of it is unusual: whoever refuses it is wrong, or asks for more than the RFCs do.",
     lambda change: not change.checks),
)

INTRO = """# Who refuses what

Random signed zones with one mutation each, judged by `zoneseal-verify` and by the verifiers of BIND, ldns and Knot, each as
it comes, without options beyond the origin. A class is made in each flavour of denial that it applies to (NSEC, NSEC3, NSEC3
with opt-out), with and without ZONEMD; the algorithms 8, 10, 13, 14, 15 and 16 take turns; places are drawn from the seed
{seed}. A cell says how many of a class's zones are refused. *bare* and *policy* are `zoneseal-verify` without and with
`--policy`. `interop_peer_scores` holds the page to the generator and judges a sample of its zones anew; `ZONESEAL_SOAK=1`
judges all.

The table counts what this generator makes, by our reading of the RFCs, and no more: dnssec-verify and ldns-verify-zone set out
to judge DNSSEC alone, and a class is not as likely or as harmful as the next.
"""

ENDLESS_TEXT = """## Without end

ldns-verify-zone never ends on a zone with ZONEMD and NSEC3 in which the name with the smallest hash has no NSEC3 record, as
glue and opted-out delegations have none: when it begins to digest the zone it looks for the first NSEC3 and takes the first
name over and over. Valid zones are among them. As a further verifier (`verifiers:` in the policy) it is stopped at the
time-out, and a `required` one then refuses the zone.
"""


def kinds_of(change):
    """Each flavour, with and without ZONEMD, in one algorithm each: they take turns."""
    kinds = collections.defaultdict(list)
    for kind in change.kinds():
        kinds[kind.flavour, kind.zonemd].append(kind)
    start = sum(change.name.encode())
    return [choices[(start + at) % len(choices)] for at, choices in enumerate(kinds.values())]


def scores(changes):
    """{class's name: (zones, Counter of the columns that refuse)}"""
    numbers = {change.name: at for at, change in enumerate(mutation_classes.CLASSES)}
    jobs = [(numbers[change.name], kind, SEED) for change in changes for kind in kinds_of(change)]
    out = {change.name: [0, collections.Counter()] for change in changes}
    with test_mutations.pool() as workers:
        for (number, _, _), refusing in zip(jobs, workers.map(judging.refusals_of, jobs, chunksize=2)):
            score = out[mutation_classes.CLASSES[number].name]
            score[0] += 1
            score[1].update(refusing)
    return out


def versions():
    said = lambda *command: subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout
    numbers = {"BIND": said("dnssec-verify", "-V"), "ldns": said("ldns-verify-zone", "-v"), "Knot": said("kzonecheck", "-V")}
    return ", ".join(f"{name} {re.search(r'[0-9]+(?:[.][0-9]+)+', text)[0]}" for name, text in numbers.items())


# --- the page ----------------------------------------------------------------------------------------------------------

def cell(zones, refused, column):
    endless = refused[ENDLESS] if column == "ldns-verify-zone" else 0
    return (f"{refused[column]}/{zones}" if refused[column] else "-") + (f", {endless} without end" if endless else "")


def table(changes, found, last, text_of):
    lines = [f"| class | what | {last} | " + " | ".join(judging.COLUMNS) + " |", "|---" * (len(judging.COLUMNS) + 3) + "|"]
    for change in changes:
        zones, refused = found[change.name]
        cells = (change.name, change.meaning(), text_of(change), *(cell(zones, refused, column) for column in judging.COLUMNS))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def total(changes, found):
    """The sum of several classes, as a score."""
    refused = collections.Counter()
    for change in changes:
        refused.update(found[change.name][1])
    return sum(found[change.name][0] for change in changes), refused


def sections():
    """{check: the RFC sections that its row in checks.md has}"""
    with open(CHECKS, encoding="utf-8") as page:
        return {row[1]: row[2].strip() for row in re.finditer(r"(?m)^\| `([a-z0-9.-]+)` .*\|([^|]*)\|[^|]*\|$", page.read())}


def alone(changes, found):
    """What is broken and no peer refuses, with the RFC that the check is about."""
    rfc = sections()
    lines = [f"- {change.name}: " + "; ".join(rfc[check] for part in change.checks for check in part.split("|"))
             for change in changes if not any(found[change.name][1][peer] for peer in PEERS)]
    return "## Broken, and no peer says so\n\nThe RFC that stands behind the refusal of each:\n\n" + "\n".join(lines) + "\n"


def page(found, judges):
    parts = [(title, text, [change for change in mutation_classes.CLASSES if belongs(change)]) for title, text, belongs in PARTS]
    sums = ["| | zones | " + " | ".join(judging.COLUMNS) + " |", "|---" * (len(judging.COLUMNS) + 2) + "|"]
    for title, _, changes in parts:
        zones, refused = total(changes, found)
        endless = lambda column: f", {refused[ENDLESS]} without end" if column == "ldns-verify-zone" and refused[ENDLESS] else ""
        sums.append(f"| {title.lower()} | {zones} | " + " | ".join(f"{refused[c]}{endless(c)}" for c in judging.COLUMNS) + " |")
    checks = lambda change: "<br>".join(f"`{check}`" for part in change.checks for check in part.split("|"))
    texts = ["<!-- Made by tests/interop/peer_scores.py; do not edit. -->\n" + INTRO.format(seed=SEED), f"Judges: {judges}.\n",
             "## Sums\n", "\n".join(sums) + "\n"]
    for title, text, changes in parts:
        column = "check" if title != "Valid" else "why it is valid"
        texts += [f"## {title}\n", text + "\n",
                  table(changes, found, column, checks if title != "Valid" else lambda change: WHY.get(change.name, ""))]
    return "\n".join([*texts, alone(parts[0][2], found), ENDLESS_TEXT])


def read():
    """(scores, judges) of the page as it stands."""
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    found = {}
    for line in re.findall(r"(?m)^\| [a-z0-9-]+ \| .*\|$", text):
        cells = [one.strip() for one in line.strip("|").split(" | ")]
        name, last = cells[0], cells[-len(judging.COLUMNS):]
        if name == "class" or len(cells) != len(judging.COLUMNS) + 3:
            continue
        zones = re.search(r"/([0-9]+)", " ".join(last))
        refused = collections.Counter({column: int(one.split("/")[0]) for column, one in zip(judging.COLUMNS, last) if "/" in one})
        endless = re.search(r"([0-9]+) without end", " ".join(last))
        refused[ENDLESS] = int(endless[1]) if endless else 0
        found[name] = (int(zones[1]) if zones else None, refused)
    for change in mutation_classes.CLASSES:
        if change.name in found and found[change.name][0] is None:
            found[change.name] = (len(kinds_of(change)), found[change.name][1])
    return found, re.search(r"(?m)^Judges: (.*)\.$", text)[1]


def main():
    if sys.argv[1:] == ["--again"]:
        text = page(*read())
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(text)
    else:
        sys.stdout.write(page(scores(mutation_classes.CLASSES), versions()))


if __name__ == "__main__":
    main()
