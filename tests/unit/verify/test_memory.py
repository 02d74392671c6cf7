# SPDX-License-Identifier: MIT
"""What zoneseal-verify takes of memory for each octet of the zone. test_memory.py GENZONE ZONESEAL PROGRAM"""
import os
import subprocess
import sys
import tempfile
import unittest

GENZONE = ZONESEAL = PROGRAM = ""
SIZES = (20_000, 80_000)  # delegations


def peak(command):
    """Octets resident at most, as the kernel tells; program and libraries are in it, whatever the zone's size."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        text = process.stdout.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise AssertionError(f"{command}: exit {process.returncode}\n{text}")
    return usage.ru_maxrss * 1024


# In zones as small as these a name server's name stands less often than in one of 1,000,000 delegations, where the ratios
# are 1.0 and 1.1 (contrib/bench/run).
MOST_ALONE, MOST_GIVEN = 1.3, 1.5


class Memory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.zones = []
        for size in SIZES:
            unsigned, signed = f"{cls.folder.name}/{size}", f"{cls.folder.name}/{size}.signed"
            with open(unsigned, "wb") as out:
                subprocess.run([GENZONE, "--delegations", str(size), "--ds", "0.05", "--seed", "1", "--origin", "test"], stdout=out,
                               check=True)
            subprocess.run([ZONESEAL, "sign", "test", "--state", f"{cls.folder.name}/state{size}", "--policy", "tld", "-i", unsigned, "-o",
                            signed], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            cls.zones.append((unsigned, signed))

    def grows(self, options):
        """Octets of memory for one more octet of the signed file."""
        (_, small), (_, large) = self.zones
        used = [peak([PROGRAM, "--threads", "2", *options(*zone), zone[1]]) for zone in self.zones]
        return (used[1] - used[0]) / (os.path.getsize(large) - os.path.getsize(small))

    def test_alone_it_takes_about_the_signed_file(self):
        self.assertLess(self.grows(lambda unsigned, signed: []), MOST_ALONE)

    def test_with_all_inputs_it_takes_little_more_than_the_signed_file(self):
        self.assertLess(self.grows(lambda unsigned, signed: ["--unsigned", unsigned, "--previous", signed]), MOST_GIVEN)


if __name__ == "__main__":
    GENZONE, ZONESEAL, PROGRAM = sys.argv[1:4]
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
