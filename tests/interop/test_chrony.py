#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A real time server, chronyd, is asked and believed, and one that is not synchronised is not.

It runs as the user of the test, on a free port of the loopback, and does not touch the machine's clock (-x).
"""
import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../cli"))
from zs import World  # noqa: E402

CHRONYD = "/usr/sbin/chronyd"
TRIES = 100


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def answers(port):
    """Whether anybody does, within a tenth of a second."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.1)
        client.connect(("127.0.0.1", port))
        try:
            client.send(b"\x23" + bytes(47))
            return len(client.recv(512)) >= 48
        except ConnectionRefusedError:
            client.settimeout(None)
            return False
        except TimeoutError:
            return False


class Chrony(World):
    virtual = False

    def chronyd(self, more):
        """Another port, if somebody was faster to take this one."""
        folder = tempfile.mkdtemp(prefix="zoneseal-chrony-")
        self.addCleanup(shutil.rmtree, folder, True)
        for _ in range(5):
            port = free_port()
            with open(f"{folder}/conf", "w", encoding="ascii") as conf:
                conf.write(f"{more}allow 127.0.0.1\nbindaddress 127.0.0.1\nport {port}\ncmdport 0\nbindcmdaddress /\n"
                           f"pidfile {folder}/pid\n")
            with open(f"{folder}/log", "wb") as log:
                server = subprocess.Popen([CHRONYD, "-x", "-d", "-U", "-u", getpass.getuser(), "-f", f"{folder}/conf"],
                                          stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            self.addCleanup(server.wait)
            self.addCleanup(server.kill)
            for _ in range(TRIES):
                if answers(port):
                    return f"127.0.0.1@{port}"
                try:
                    server.wait(0.05)
                    break
                except subprocess.TimeoutExpired:
                    pass
        with open(f"{folder}/log", encoding="utf-8", errors="replace") as log:
            raise AssertionError(log.read())

    def policy(self, *addresses):
        return self.write("timed.yaml", f"clock: {{sources: [{', '.join(addresses)}]}}\n")

    def test_its_time_is_believed(self):
        address = self.chronyd("local stratum 5\n")
        said = self.json("sign", "nl.test", "-i", self.input, "-o", self.output, "--policy", self.policy(address), code=0)
        self.assertEqual(said["clock"], "1 of 1 time servers agree within 1m")
        self.assert_published_is_good()

    def test_a_clock_that_is_ahead_of_it_signs_nothing(self):
        address = self.chronyd("local stratum 5\n")
        self.environment = lambda: {**World.environment(self), "LD_PRELOAD": os.environ["ZONESEAL_SHIFTED_CLOCK"],
                                    "ZONESEAL_SHIFT": "90", "ASAN_OPTIONS": "verify_asan_link_order=0"}
        done = self.sign("--policy", self.policy(address), code=3)
        self.assertRegex(done.err, f"{address} is (89|90)\\.[0-9]s behind this clock")
        self.assertFalse(os.path.exists(self.state))

    def test_one_that_is_not_synchronised_says_so(self):
        address = self.chronyd("")
        done = self.sign("--policy", self.policy(address), code=3)
        self.assertIn(f"{address} says that its own clock is not synchronised (leap indicator 3", done.err)


if __name__ == "__main__":
    unittest.main()
