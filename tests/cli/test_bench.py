# SPDX-License-Identifier: MIT
"""contrib/bench/run, grow and roll_spread measure what they say, on zones that are tiny here; flipped bits are shown to be refused."""
import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PEERS = "kzonesign,dnssec-signzone"


def bench(programs, *argv):
    tool = os.path.join(ROOT, "contrib", "bench", "run")
    return subprocess.run([sys.executable, tool, "--programs", programs, *argv], capture_output=True, text=True, check=False)


def grow(programs, *argv):
    tool = os.path.join(ROOT, "contrib", "bench", "grow")
    return subprocess.run([sys.executable, tool, "--programs", programs, *argv], capture_output=True, text=True, check=False)


def roll_spread(programs, *argv):
    tool = os.path.join(ROOT, "contrib", "bench", "roll_spread")
    return subprocess.run([sys.executable, tool, "--programs", programs, *argv], capture_output=True, text=True, check=False)


def cells(text, title, program):
    """The row of a program in the table with this title, by the names of its columns."""
    lines = text[text.index(f"### {title}"):].splitlines()
    head = next(line for line in lines if line.startswith("| program"))
    row = next(line for line in lines if line.startswith(f"| {program} "))
    return dict(zip([cell.strip() for cell in head.split("|")], [cell.strip() for cell in row.split("|")]))


class Bench(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.programs = os.environ["ZONESEAL_BIN"]
        cls.folder = tempfile.TemporaryDirectory(prefix="zoneseal-bench-", dir="/var/tmp")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.plot = os.path.join(cls.folder.name, "plot.svg")
        cls.done = bench(cls.programs, "--delegations", "200", "--rounds", "1", "--plot", cls.plot, "--only",
                         f"zoneseal,zoneseal-verify,zoneseal-verify-given,zoneseal-again,zoneseal-changed,{PEERS},kzonecheck,dnssec-verify")

    def test_all_programs_end_well_on_all_kinds_of_denial(self):
        self.assertEqual(self.done.returncode, 0, self.done.stdout[-3000:] + self.done.stderr[-2000:])
        for denial in ("NSEC3 opt-out", "NSEC3 without opt-out", "NSEC"):
            for program in ("zoneseal", *PEERS.split(",")):
                self.assertEqual(cells(self.done.stdout, f"sign, {denial},", program)["exit"], "0")
            for program in ("zoneseal-verify", "zoneseal-verify-given", "kzonecheck", "dnssec-verify"):
                self.assertEqual(cells(self.done.stdout, f"verify, {denial},", program)["exit"], "0")
        self.assertEqual(cells(self.done.stdout, "again, NSEC3 opt-out,", "zoneseal-changed")["exit"], "0")

    def test_each_kind_of_denial_is_signed_as_it_says(self):
        counts = [int(line.split(": ")[1].split()[0].replace(",", "")) for line in self.done.stdout.splitlines() if line.startswith("## ")]
        optout, nsec3, nsec = counts
        self.assertLess(optout, 100)
        self.assertTrue(200 < nsec3 < 300, counts)
        self.assertTrue(200 < nsec < 300, counts)

    def test_a_run_says_where_its_time_went(self):
        for program in ("zoneseal", "zoneseal-again", "zoneseal-changed"):
            self.assertRegex(self.done.stdout, rf'(?m)^{program}.s own account of its last run: `.*"verify": [0-9.]+')

    def test_the_limit_is_measured_beside_the_time(self):
        row = cells(self.done.stdout, "sign, NSEC,", "zoneseal")
        self.assertRegex(row["limit s"], r"^\d+\.\d\d$")
        self.assertGreaterEqual(float(row["synced s"]), 0)
        self.assertIn("| P-256-one-key |", self.done.stdout)

    def test_a_flipped_bit_is_refused_in_every_signed_file(self):
        rows = [line for line in self.done.stdout.splitlines() if line.startswith("| ") and "| accepted |" in line]
        self.assertEqual(len(rows), 9)
        for row in rows:
            self.assertNotIn("EXIT", row)
            self.assertEqual(row.count("refused"), 3 if row.startswith("| zoneseal ") else 2, row)

    def test_the_plot_is_a_picture_with_each_program(self):
        words = [text.text for text in xml.etree.ElementTree.parse(self.plot).iter("{http://www.w3.org/2000/svg}text")]
        for program in ("zoneseal", "kzonesign", "zoneseal-verify", "zoneseal-again"):
            self.assertIn(program, words)

    def test_each_part_has_its_rate(self):
        zone = os.path.join(self.folder.name, "zone")
        with open(zone, "wb") as file:
            subprocess.run([os.path.join(self.programs, "genzone"), "--delegations", "100", "--origin", "test"], stdout=file, check=True)
        told = subprocess.run([os.path.join(self.programs, "microbench"), zone, "test.", self.folder.name, "2"], capture_output=True,
                              text=True, check=True).stdout.splitlines()
        self.assertEqual(told[0], "part, unit, least, median, most")
        rows = [line.split(", ") for line in told[1:]]
        self.assertEqual([(row[0], row[1]) for row in rows], [
            ("reader-plain", "records"), ("reader-plain", "octets"), ("reader", "records"), ("reader", "octets"), ("reader-digest", "octets"), ("sorter", "records"),
            ("sorter-backwards", "records"), ("sorter-random", "records"), ("nsec3", "names"), ("signer", "signatures"),
            ("writer", "records"), ("writer", "octets"), ("verifier", "signatures"), ("verifier", "records")])
        for row in rows:
            self.assertTrue(0 < int(row[2]) <= int(row[3]) <= int(row[4]), row)

    def test_the_reader_is_measured_by_itself(self):
        zone = os.path.join(self.folder.name, "alone")
        with open(zone, "w", encoding="ascii") as file:
            file.write("test. 1 IN SOA a. b. 1 1 1 1 1\ntest. 1 IN RRSIG SOA 13 1 1 20300101000000 20260101000000 1 test. AAAA\n")
        told = subprocess.run([os.path.join(self.programs, "microbench"), zone, "test.", self.folder.name, "2", "2", "reader"],
                              capture_output=True, text=True, check=True).stdout.splitlines()
        self.assertEqual([line.split(", ")[0] for line in told], ["part", "reader-plain", "reader-plain", "reader", "reader", "reader-digest"])

    def test_growth_is_told_by_size_and_for_hostile_zones(self):
        plot = os.path.join(self.folder.name, "growth.svg")
        done = grow(self.programs, "--sizes", "100,400", "--hostile", "4500", "--most", "9", "--plot", plot, "--work", self.folder.name)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines() if line.startswith("| ")]
        self.assertEqual([row[0] for row in rows], ["delegations", "100", "400", "zone"] +
                         [kind for kind in ("backwards", "shuffled", "prefix", "one-name") for _ in range(2)])
        self.assertEqual({row[-1] for row in rows[1:3] + rows[4:10]}, {"0,0"})
        self.assertEqual({row[-1] for row in rows[10:]}, {"65"})
        self.assertGreater(len(list(xml.etree.ElementTree.parse(plot).iter("{http://www.w3.org/2000/svg}circle"))), 10)

    def test_growth_in_rounds_is_told_by_medians_with_least_and_most(self):
        done = grow(self.programs, "--sizes", "100,400", "--hostile", "0", "--most", "9", "--rounds", "3", "--work", self.folder.name)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines() if line.startswith("| ")]
        self.assertEqual([row[0] for row in rows], ["delegations", "100", "400"])
        for row in rows[1:]:
            middle, least, most = (float(word) for word in re.fullmatch(r"([0-9.]+) \(([0-9.]+)-([0-9.]+)\)", row[6]).groups())
            self.assertTrue(least <= middle <= most, row)
        order = [line.split(": ")[1] for line in done.stderr.splitlines() if line.startswith("round ")]
        self.assertEqual(order, ["100", "400"] * 3, "in turn")

    def test_a_roll_in_parts_is_told_by_run(self):
        done = roll_spread(self.programs, "--quick", "--work", self.folder.name)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines() if line.startswith("| ")]
        self.assertEqual([row[0] for row in rows[1:]], ["nothing due", "all anew", "the new DNSKEY comes", "part 1", "part 2", "part 3",
                                                        "part 4", "the old DNSKEY goes"])
        made = [int(row[1].replace(",", "")) for row in rows[1:]]
        self.assertLess(made[0], 4)
        self.assertGreater(made[1], 1000)
        self.assertLess(abs(sum(made[3:7]) - made[1]), 16, made)
        self.assertLess(max(made[3:7]), made[1] / 4 + 80, made)

    def test_a_roll_whose_runs_sign_more_than_their_part_fails(self):
        programs = os.path.join(self.folder.name, "greedy")
        os.mkdir(programs)
        os.symlink(os.path.join(self.programs, "genzone"), os.path.join(programs, "genzone"))
        with open(os.path.join(programs, "zoneseal"), "w", encoding="ascii") as file:
            file.write(f'#!/bin/sh\nexec {os.path.join(self.programs, "zoneseal")} "$@" $(test "$1" = sign && echo --anew)\n')
        os.chmod(file.name, 0o755)
        done = roll_spread(programs, "--quick", "--work", self.folder.name)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("FAULT: some RRset was signed twice", done.stdout)

    def test_what_grows_too_fast_fails(self):
        done = grow(self.programs, "--sizes", "100,400", "--hostile", "0", "--most", "-9", "--work", self.folder.name)
        self.assertEqual(done.returncode, 1, done.stdout)

    def test_a_verifier_that_takes_everything_fails_the_benchmark(self):
        programs = os.path.join(self.folder.name, "bin")
        os.mkdir(programs)
        os.symlink(os.path.join(self.programs, "zoneseal"), os.path.join(programs, "zoneseal"))
        with open(os.path.join(programs, "zoneseal-verify"), "w", encoding="ascii") as file:
            file.write("#!/bin/sh\nexit 0\n")
        os.chmod(file.name, 0o755)
        done = bench(programs, "--delegations", "50", "--rounds", "1", "--denial", "opt-out", "--only", "kzonesign")
        self.assertEqual(done.returncode, 1)
        self.assertIn("EXIT 0", done.stdout)
        self.assertEqual(bench(programs, "--denial", "nsec5").returncode, 2)


if __name__ == "__main__":
    unittest.main()
