# SPDX-License-Identifier: MIT
"""Each check has refused a zone and accepted one in each flavour of denial: NSEC, NSEC3, NSEC3 with opt-out.

test_flavours.py test_zones zoneseal-verify. The zones of tests/zones are made again with their denial by NSEC3 and by
NSEC3 with opt-out, judged, and what each check came to is added up by what the zone holds. A check that cannot meet a
flavour stands below, with the reason; what stands there in vain is an error too.
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "zones"))
FLAVOURS = ("nsec", "nsec3", "opt-out")
PROGRAMS = []

NSEC3 = ("nsec3", "opt-out")
BOTH = "refused accepted"
NO_NSEC3 = "an NSEC zone has no NSEC3 that could be right or wrong"
NO_NSEC = "only where no NSEC3PARAM is does an NSEC chain have to be complete"

# (check, flavours, which case cannot be, why)
CANNOT = [
    ("denial.complete", ("nsec",), "refused", "a chain that is there and broken is denial.nsec.owners' and .chain's"),
    ("denial.idle-spans", ("nsec",), BOTH, "an NSEC or NSEC3 is idle only where NSEC3 stand beside NSEC"),
    ("denial.nsec.owners", NSEC3, BOTH, NO_NSEC),
    ("denial.nsec.chain", NSEC3, BOTH, NO_NSEC),
    ("denial.nsec3.chain", ("nsec",), BOTH, NO_NSEC3),
    ("denial.nsec3.names", ("nsec",), BOTH, NO_NSEC3),
    ("denial.nsec3.opt-out-span", ("nsec",), BOTH, NO_NSEC3),
    ("denial.nsec3.opt-out-span", ("nsec3",), "accepted", "without opt-out each delegation has its NSEC3, and none needs a span"),
    ("denial.nsec3.extra", ("nsec",), BOTH, NO_NSEC3),
    ("denial.nsec3.bitmap", ("nsec",), BOTH, NO_NSEC3),
    ("denial.nsec3.parameters", ("nsec",), BOTH, NO_NSEC3),
    ("denial.nsec3.iterations", ("nsec",), BOTH, NO_NSEC3),
    ("denial.nsec3.salt", ("nsec",), BOTH, NO_NSEC3),
    ("denial.nsec3.one-set", ("nsec",), BOTH, NO_NSEC3),
    ("denial.nsec3.opt-out", ("nsec",), BOTH, NO_NSEC3),
    ("denial.nsec3.collision", ("nsec",), BOTH, NO_NSEC3),
    ("denial.nsec3.collision", NSEC3, "refused", "nobody has two names with one SHA-1 hash"),
    ("response.opt-out-wildcard", ("nsec", "nsec3"), "refused", "about spans with the flag"),
    ("unsigned.plain", FLAVOURS, "accepted", "what it accepts has no denial of any flavour"),
]

# Rows of what is legal though unusual (good/nNN_*) that a flavour cannot have.
LEGAL = range(1, 32)
CANNOT_BE_LEGAL = [
    ((12, 13, 14, 15), ("nsec", "nsec3"), "about the opt-out flag"),
    ((16,), ("nsec",), "about NSEC3 that come or go: the zone has some"),
    ((17,), ("nsec",), "about salt and NSEC3PARAM"),
    ((25,), ("nsec",), "about NSEC3 below a DNAME at the apex"),
]


def flavour_of(path):
    """Of what is in the file; None: no denial at all."""
    opt_out = nsec3 = nsec = False
    with open(path, encoding="ascii", errors="replace") as zone:
        for line in zone:
            words = line.split()
            kind = words[3].upper() if len(words) > 5 else ""
            nsec3 = nsec3 or kind == "NSEC3"
            nsec = nsec or kind == "NSEC"
            opt_out = opt_out or (kind == "NSEC3" and words[5] == "1")
    return "opt-out" if opt_out else "nsec3" if nsec3 else "nsec" if nsec else None


def checks():
    """Those that zoneseal-verify decides: id to home."""
    done = subprocess.run([PROGRAMS[1], "--json", "--now", "2026-01-10T00:00:00Z", os.path.join(ROOT, "good", "nsec.zone")],
                          capture_output=True, check=True)
    return {one["id"]: one["home"] for one in json.loads(done.stdout)["checks"] if one["home"] in ("file", "given")}


def judge(folder):
    return subprocess.Popen([PROGRAMS[0], folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


class Flavours(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        folders, makers = [ROOT], []
        for flavour in NSEC3:
            folder = os.path.join(cls.temporary.name, flavour)
            for part in ("good", "bad"):
                os.makedirs(os.path.join(folder, part))
            folders.append(folder)
            makers.append(subprocess.Popen([sys.executable, os.path.join(ROOT, "make_zones.py")],
                                           env={**os.environ, "ZONES_FLAVOUR": flavour, "ZONES_OUT": folder,
                                                "PYTHONDONTWRITEBYTECODE": "1"}))
        assert [maker.wait() for maker in makers] == [0, 0], "zones could not be made"
        cls.wrong, cls.met, cls.legal = [], {}, set()
        for folder, run in [(folder, judge(folder)) for folder in folders]:
            said, _ = run.communicate()
            if run.returncode != 0:
                cls.wrong += [folder] + [line for line in said.splitlines() if "=ok" not in line]
            for line in said.splitlines():
                cls.take(folder, line.split(" "))

    def test_each_row_of_what_is_legal_is_accepted_in_each_flavour(self):
        """That they pass is the first test's to say."""
        cannot = {(row, flavour) for rows, flavours, _ in CANNOT_BE_LEGAL for row in rows for flavour in flavours}
        lacking = [key for key in ((row, flavour) for row in LEGAL for flavour in FLAVOURS)
                   if key not in self.legal and key not in cannot]
        self.assertEqual(lacking, [], "no zone good/nNN_* for these rows")
        self.assertEqual([key for key in cannot if key in self.legal], [], "there is a zone for these")

    @classmethod
    def take(cls, folder, words):
        if len(words) < 2 or not words[0].startswith(("good/", "bad/")) or any("=" not in word for word in words[2:]):
            return
        flavour = flavour_of(os.path.join(folder, words[0]))
        if words[0].startswith("good/n") and words[0][6:8].isdigit():
            cls.legal.add((int(words[0][6:8]), flavour))
        for word in words[2:]:
            check, result = word.split("=")
            if result == "ok" and words[1] == "pass":
                cls.met.setdefault((check, flavour, "accepted"), words[0])
            if result != "ok" and words[0].startswith("bad/"):
                cls.met.setdefault((check, flavour, "refused"), words[0])

    def test_all_zones_of_all_flavours_come_out_as_they_must(self):
        self.assertEqual(self.wrong, [], "\n" + "\n".join(self.wrong))

    def test_each_check_has_refused_and_accepted_each_flavour(self):
        cannot = {(check, flavour, case): why for check, flavours, cases, why in CANNOT for flavour in flavours
                  for case in cases.split()}
        lacking = [" ".join(key) for key in ((check, flavour, case) for check in checks() for flavour in FLAVOURS
                                             for case in ("refused", "accepted")) if key not in self.met and key not in cannot]
        self.assertEqual(len(lacking), 0, "\n" + "\n".join(lacking) + "\nno zone for these: check, flavour, case")
        self.assertEqual([key for key in cannot if key in self.met], [], "there is a zone for these")
        self.assertEqual([check for check, *_ in CANNOT if check not in checks()], [], "no such check")


if __name__ == "__main__":
    PROGRAMS[:] = [os.path.abspath(sys.argv.pop(1)), os.path.abspath(sys.argv.pop(1))]
    unittest.main()
