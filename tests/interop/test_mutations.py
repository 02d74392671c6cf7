#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whatever a check of zoneseal-verify looks for is put into random signed zones, at random places: each is refused by the
check that must find it, and what leaves a zone valid is accepted.

    test_mutations.py                    each class (mutation_classes.py) in each flavour, the same on every run;
                                         with ZONESEAL_SOAK=1 in each flavour and algorithm
    test_mutations.py --zones 5000       so many zones, of all flavours and algorithms; --seed N for others
    test_mutations.py --class one-bit    those of one class, in each flavour and algorithm

ZONESEAL_BIN is the folder of the program; INTEROP_SEED another seed than 8976.
"""

import argparse
import concurrent.futures
import itertools
import multiprocessing
import os
import random
import re
import sys
import unittest

import judging
import mutation_classes
import mutations

SEED = int(os.environ.get("INTEROP_SEED") or 8976)
SOAK = os.environ.get("ZONESEAL_SOAK")
ROOT = os.path.realpath(os.path.join(judging.HERE, "../.."))


def sample(seed):
    """Each class in each flavour of its."""
    for number, change in enumerate(mutation_classes.CLASSES):
        for kind in change.in_turn(each_algorithm=bool(SOAK)):
            yield number, kind, seed


def many(count, seed):
    choose = random.Random(seed)
    for at in range(count):
        number = choose.randrange(len(mutation_classes.CLASSES))
        yield number, choose.choice(mutation_classes.CLASSES[number].kinds()), f"{seed}.{at}"


def of_class(name, seed):
    for number, change in enumerate(mutation_classes.CLASSES):
        if change.name == name:
            yield from ((number, kind, seed) for kind in change.kinds())


def pool():
    """Processes, not threads: making a zone is work for the interpreter. They share the RSA keys, which are slow to make."""
    for algorithm in (8, 10):
        for label in ("ksk", "zsk", "other"):
            mutations.Key(f"{label}-{algorithm}", 256, algorithm)
    return concurrent.futures.ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("fork"))


def faults(jobs):
    with pool() as workers:
        return [said for said in workers.map(judging.fault_of, jobs, chunksize=4) if said]


class Mutations(unittest.TestCase):

    def test_each_class_is_refused_by_its_check_or_accepted_if_valid(self):
        jobs = list(sample(SEED))
        print(f"seed {SEED}, {len(jobs)} zones")
        self.assertEqual(faults(jobs), [])

    def test_each_check_of_the_file_has_a_class(self):
        with open(os.path.join(ROOT, "contrib/doc/checks.md"), encoding="utf-8") as page:
            checks = set(re.findall(r"(?m)^\| `([a-z0-9.-]+)` .*?\| (?:always|by policy) \| file \|", page.read()))
        self.assertGreater(len(checks), 60)
        found = {check for change in mutation_classes.CLASSES for check in "|".join(change.checks).split("|") if check}
        self.assertEqual(checks - found, set(mutation_classes.CANNOT), "no class for these, or a reason too many")
        self.assertEqual(found - checks, set(), "no such checks")

    def test_classes_have_one_name_each_and_every_flavour_meets_every_algorithm(self):
        names = [change.name for change in mutation_classes.CLASSES]
        self.assertEqual(len(names), len(set(names)))
        met = {(kind.flavour, kind.algorithm, bool(mutation_classes.CLASSES[number].checks)) for number, kind, _ in sample(SEED)}
        self.assertEqual(met, set(itertools.product(mutations.FLAVOURS, mutations.ALGORITHMS, (False, True))))

    def test_zones_are_accepted_before_they_are_mutated(self):
        for flavour in mutations.FLAVOURS:
            for zonemd in (False, True):
                kind = mutations.Kind(flavour, zonemd, 13)
                with self.subTest(str(kind)), judging.tempfile.TemporaryDirectory() as folder:
                    path = judging.save(os.path.join(folder, "whole.zone"), mutations.make(None, kind, SEED)[0])
                    said = judging.verify(path, None, "")
                    self.assertEqual((said.code, said.failed, said.warned), (0, frozenset(), frozenset()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zones", type=int)
    parser.add_argument("--class", dest="name")
    parser.add_argument("--seed", default=str(SEED))
    options, rest = parser.parse_known_args()
    if not options.zones and not options.name:
        unittest.main(argv=[sys.argv[0], *rest])
    jobs = list(of_class(options.name, options.seed) if options.name else many(options.zones, options.seed))
    found = faults(jobs)
    print(*found, sep="\n")
    print(f"seed {options.seed}: {len(jobs)} zones, {len(found)} not as they must")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
