#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""One line on a terminal, and only there, for work that takes over two seconds: what goes on, how far and how fast."""
import os
import pty
import re
import subprocess
import threading
import time
import unittest

import zs
from zs import World


class Progress(World):

    def on_a_terminal(self, *args, stdin=subprocess.DEVNULL, feed=None):
        """(exit code, what the terminal saw)."""
        ours, theirs = pty.openpty()
        argv = [zs.ZONESEAL, "sign", "nl.test", "-o", self.output, "--policy", "default", *args, "--now", self.now]
        with subprocess.Popen(argv, stdin=stdin, stdout=subprocess.DEVNULL, stderr=theirs, env=self.environment(),
                              cwd=self.folder) as child:
            os.close(theirs)
            if feed is not None:
                threading.Thread(target=feed, args=(child.stdin,), daemon=True).start()
            seen = b""
            while True:
                try:
                    piece = os.read(ours, 4096)
                except OSError:
                    break
                if not piece:
                    break
                seen += piece
            code = child.wait(timeout=120)
        os.close(ours)
        return code, seen.decode()

    def test_a_slow_input_shows_what_came_and_how_fast(self):
        text = zs.delegations(2000).encode()

        def feed(pipe):
            # Pieces over three and a half seconds: the time is what the line is about.
            for number in range(35):
                pipe.write(text[number * len(text) // 35:(number + 1) * len(text) // 35])
                pipe.flush()
                time.sleep(0.1)
            pipe.close()

        code, seen = self.on_a_terminal("-i", "-", stdin=subprocess.PIPE, feed=feed)
        self.assertEqual(code, 0, seen)
        self.assertRegex(seen, r"\rnl\.test\.? read, [23]s, [0-9.]+k octets, [0-9.]+k?/s ")
        self.assertIn("\r\x1b[K", seen, "the line is wiped at the end")

    def test_a_long_signing_shows_its_part_and_rate(self):
        self.write("rsa.yaml", "keys:\n  algorithm: RSASHA256\n")
        self.write("nl.test.zone", zs.delegations(12000))
        code, seen = self.on_a_terminal("-i", self.input, "--threads", "1", "--policy", self.path("rsa.yaml"))
        self.assertEqual(code, 0, seen)
        found = re.findall(r"sign, ([0-9]+)s, ([0-9]+) % of ([0-9.]+k?) signatures, ([0-9.]+k?)/s", seen)
        self.assertTrue(found, seen)
        self.assertTrue(all(0 < int(percent) <= 100 for _, percent, _, _ in found), found)

    def test_short_work_and_pipes_see_no_line(self):
        code, seen = self.on_a_terminal("-i", self.input)
        self.assertEqual(code, 0, seen)
        self.assertNotIn("\x1b", seen)
        self.write("nl.test.zone", zs.ZONE + "x NS ns1\n")
        self.assertNotIn("\x1b", self.sign().err)


if __name__ == "__main__":
    unittest.main()
