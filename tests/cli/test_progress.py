#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""One line on a terminal, and only there, for work that takes over two seconds: what goes on, how far and how fast."""
import os
import pty
import re
import signal
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
        found = re.findall(r"sign, ([0-9]+)s, ([0-9]+) % of ([0-9.]+k?) signatures, ([0-9.]+k?)/s, ([0-9]+s|[0-9]+m [0-9]+s) left", seen)
        self.assertTrue(found, seen)
        self.assertTrue(all(0 < int(percent) <= 100 for _, percent, _, _, _ in found), found)

    def asked(self, *signals, code, args=()):
        """What a run that waits for its input says on each signal, and what it says then to its end."""
        self.sign()
        argv = [zs.ZONESEAL, "sign", "nl.test", "-i", "-", "-o", self.output, *args, "--now", self.now]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=self.environment(), cwd=self.folder) as child:
            self.assertIn(b"VIRTUAL", child.stderr.readline())
            limit = time.monotonic() + 60
            while time.monotonic() < limit and not self.reads(child.pid):
                time.sleep(0.01)
            self.assertTrue(self.reads(child.pid))
            lines = []
            for number in signals:
                child.send_signal(number)
                lines.append(child.stderr.readline().decode())
            out, rest = child.communicate(zs.ZONE.encode() + b"more NS ns1\n", timeout=60)
            self.assertEqual(child.returncode, code, rest)
        return lines, out.decode(), rest.decode()

    def reads(self, pid):
        """Whoever is in a phase listens to signals."""
        with open(self.path("state", "locks", "nl.test"), encoding="ascii") as file:
            said = file.read()
        return said.startswith(f"pid {pid} ") and "phase read)" in said

    def test_sigusr1_asks_how_far_it_is_and_changes_nothing(self):
        lines, _, rest = self.asked(signal.SIGUSR1, signal.SIGUSR1, code=0)
        for line in lines:
            self.assertRegex(line, r"^nl\.test read, [0-9]+s\n$")
        self.assertIn("published", rest)

    def test_sigusr1_is_answered_on_stderr_whatever_goes_to_stdout(self):
        lines, out, _ = self.asked(signal.SIGUSR1, code=0, args=("--json", "-q"))
        self.assertRegex(lines[0], r"^nl\.test read, [0-9]+s\n$")
        self.assertNotIn("read, ", out)

    def test_a_question_kills_no_command_that_has_no_answer(self):
        with subprocess.Popen([zs.ZONESEAL, "report", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=self.environment()) as child:
            limit = time.monotonic() + 60
            ignored = 0
            while time.monotonic() < limit and not ignored & 1 << signal.SIGUSR1 - 1:
                with open(f"/proc/{child.pid}/status", encoding="ascii") as file:
                    ignored = int(re.search(r"SigIgn:\s+([0-9a-f]+)", file.read()).group(1), 16)
                time.sleep(0.01)
            child.send_signal(signal.SIGUSR1)
            child.communicate(b"no verdict", timeout=60)
            self.assertEqual(child.returncode, 65)

    def test_sigterm_has_a_last_word(self):
        lines, _, rest = self.asked(signal.SIGTERM, code=-signal.SIGTERM)
        self.assertIn("zoneseal: nl.test stopped by signal 15 (TERM) at read; the next run goes on from what is published\n", "".join(lines) + rest)
        self.assert_published_is_good()

    def test_short_work_and_pipes_see_no_line(self):
        code, seen = self.on_a_terminal("-i", self.input)
        self.assertEqual(code, 0, seen)
        self.assertNotIn("\x1b", seen)
        self.write("nl.test.zone", zs.ZONE + "x NS ns1\n")
        self.assertNotIn("\x1b", self.sign().err)


if __name__ == "__main__":
    unittest.main()
