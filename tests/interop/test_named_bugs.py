#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each bug of named_bugs.py is built into the signer, which then signs a zone: the unchanged gate refuses it, by the check
that is about that bug.

    test_named_bugs.py TEXT     the bugs whose titles have that text, with what was found

ZONESEAL_BUILD is the build folder (build/release).
"""

import concurrent.futures
import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import unittest

import named_bugs
import test_mutants

WORKERS = os.cpu_count() or 1


def with_changes(changes):
    """{file: its text with the changes}"""
    texts = {}
    for change in changes:
        if change.file not in texts:
            with open(os.path.join(test_mutants.ROOT, change.file), encoding="utf-8") as source:
                texts[change.file] = source.read()
        if texts[change.file].count(change.find) != 1:
            raise AssertionError(f"{change.file} has this {texts[change.file].count(change.find)} times: {change.find}")
        texts[change.file] = texts[change.file].replace(change.find, change.put)
    return texts


def build(builder, program, changes):
    """Builds a program with the changes in it."""
    objects = []
    for number, (file, text) in enumerate(sorted(with_changes(changes).items())):
        said, made = builder.compile(file, text, number)
        if said is not None:
            raise AssertionError(f"{file}: {said}")
        objects.append(made)
    said = builder.link(program, objects)
    if said is not None:
        raise AssertionError(f"{program}: {said}")


class Place:
    """What one worker needs: a builder, and a bench for each flavour once it is asked for."""

    def __init__(self, folder):
        self.folder, self.benches = folder, {}
        self.builder = test_mutants.Builder(os.path.join(folder, "build"))

    def bench(self, flavour):
        if flavour not in self.benches:
            self.benches[flavour] = test_mutants.Bench(os.path.join(self.folder, flavour), flavour, False)
        return self.benches[flavour]

    def judge(self, bug):
        """The checks that refuse what a bug makes, and all that was said."""
        build(self.builder, "zoneseal", bug.changes)
        bench = self.bench(bug.flavour)
        bench.start()
        for step in range(2 if bug.again else 1):
            code, said = bench.sign(self.builder.program, step)
        return code, set() if code == 0 else self.refused_by(bench), said

    @staticmethod
    def refused_by(bench):
        """The checks that fail in the last verdict."""
        program = os.path.join(test_mutants.BUILD, "bin/zoneseal")
        command = [program, "verify", "--last", test_mutants.interop_zone.ORIGIN, "--state", bench.path("state"), "--json"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
        return {check["id"] for check in json.loads(done.stdout)["checks"] if check["result"] == "fail"} if done.stdout else set()


def checks():
    with open(os.path.join(test_mutants.ROOT, "contrib/doc/checks.md"), encoding="utf-8") as page:
        return set(re.findall(r"(?m)^\| `([a-z0-9.-]+)` ", page.read()))


CHECKS = checks()


def judge_all(bugs):
    """(bug, exit code, checks, what was said) of each."""
    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="zoneseal-bugs-", dir=shared) as folder:
        places = queue.SimpleQueue()
        for number in range(WORKERS):
            places.put(Place(os.path.join(folder, str(number))))

        def one(bug):
            place = places.get()
            try:
                return (bug, *place.judge(bug))
            finally:
                places.put(place)

        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            yield from pool.map(one, bugs)


class NamedBugs(unittest.TestCase):

    def test_each_bug_of_the_signer_is_refused_by_the_check_that_is_about_it(self):
        for bug, code, found, said in judge_all(named_bugs.BUGS):
            with self.subTest(bug.title):
                self.assertNotEqual(code, 0, "published")
                self.assertTrue(found & set(bug.checks), said)

    def test_each_change_fits_the_sources_as_they_are(self):
        for bug in named_bugs.BUGS:
            with self.subTest(bug.title):
                with_changes(bug.changes)

    def test_checks_that_are_named_exist(self):
        self.assertEqual({check for bug in named_bugs.BUGS for check in bug.checks} - CHECKS, set())


def main():
    if len(sys.argv) > 1 and not sys.argv[1].startswith(("-", "NamedBugs")):
        for bug, code, found, said in judge_all([bug for bug in named_bugs.BUGS if sys.argv[1] in bug.title]):
            print(f"{bug.title}: exit {code}, {sorted(found)}, wanted one of {bug.checks}\n{said}", flush=True)
    else:
        unittest.main()


if __name__ == "__main__":
    main()
