#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""contrib/doc/peer-scores.md is what the generator of mutations has, with a reason for each valid zone that somebody refuses;
and the judges still say what it says: a sample of INTEROP_SCORES (8) classes drawn from INTEROP_SEED, all with
ZONESEAL_SOAK=1."""

import os
import random
import unittest

import judging
import mutation_classes
import peer_scores
import test_mutations

SAMPLE = int(os.environ.get("INTEROP_SCORES") or 8)


class Page(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.found, self.judges = peer_scores.read()

    def test_the_page_has_the_classes_of_the_generator_and_no_others(self):
        self.assertEqual(set(self.found), {change.name for change in mutation_classes.CLASSES})
        with open(peer_scores.PAGE, encoding="utf-8") as file:
            self.assertEqual(file.read(), peer_scores.page(self.found, self.judges), "run: tests/interop/peer_scores.py --again")

    def test_zoneseal_refuses_what_is_broken_and_nothing_else(self):
        for change in mutation_classes.CLASSES:
            zones, refused = self.found[change.name]
            with self.subTest(change.name):
                self.assertEqual(zones, len(peer_scores.kinds_of(change)))
                self.assertEqual(refused["bare"], zones if change.checks and change.policy is None else 0)
                if change.checks:
                    self.assertEqual(refused["policy"], zones)

    def test_each_valid_class_that_is_refused_has_its_reason(self):
        refused = {change.name for change in mutation_classes.CLASSES if not change.checks
                   and any(self.found[change.name][1][column] for column in judging.COLUMNS)}
        self.assertEqual(refused, set(peer_scores.WHY))

    def test_the_judges_say_what_the_page_says(self):
        changes = mutation_classes.CLASSES
        if not test_mutations.SOAK:
            changes = random.Random(f"peers {test_mutations.SEED}").sample(changes, SAMPLE)
        for name, (zones, refused) in peer_scores.scores(changes).items():
            with self.subTest(name):
                expected = {column: count for column, count in self.found[name][1].items() if count}
                self.assertEqual((zones, dict(refused)), (self.found[name][0], expected))


if __name__ == "__main__":
    unittest.main()
