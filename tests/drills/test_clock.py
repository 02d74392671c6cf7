#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Two months of runs on a virtual clock, also with a registry that sends nothing or nonsense: test_clock.py ZONESEAL

After every run all signatures of the published zone have at least `refresh` left, less what passed since the last run;
they begin in the past; and ldns-verify-zone agrees for that moment.
"""

import calendar
import pathlib
import subprocess
import sys
import tempfile
import time

START = calendar.timegm((2026, 12, 1, 0, 0, 0))
HOUR = 3600
DAY = 24 * HOUR
REFRESH = 10 * DAY
OWNERS = 150


def moment(seconds):
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(seconds))


def zone(serial):
    delegations = "".join(f"d{n} NS ns.d{n}\nns.d{n} A 192.0.2.{n % 250}\nd{n} DS {n} 13 2 {'AB' * 32}\n"
                          for n in range(OWNERS))
    return (f"$ORIGIN clock.test.\n$TTL 1d\n@ SOA ns h {serial} 3600 900 604800 300\n@ NS ns\nns A 192.0.2.1\n"
            + delegations)


class Drill:

    def __init__(self, zoneseal, folder):
        self.zoneseal = zoneseal
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state"
        self.source = self.folder / "in"
        self.output = self.state / "out"

    def call(self, now, *words, expected=0):
        done = subprocess.run([self.zoneseal, *words, "--now", moment(now), "--state", self.state, "--config", self.folder],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, check=False)
        if done.returncode != expected:
            sys.exit(f"{moment(now)}: {words} gave {done.returncode}: {done.stderr}")
        return done.stderr

    def signatures(self):
        """(expiration, inception) of each signature in the published zone."""
        for line in self.output.read_text(encoding="ascii").splitlines():
            _, _, _, kind, rdata = line.split("\t")
            if kind == "RRSIG":
                words = rdata.split()
                yield tuple(calendar.timegm(time.strptime(word, "%Y%m%d%H%M%S")) for word in words[4:6])

    def look(self, now, step):
        every = list(self.signatures())
        if len(every) < OWNERS:
            sys.exit(f"{moment(now)}: {len(every)} signatures")
        expiry = min(expiration for expiration, _ in every)
        if expiry - now < REFRESH - step:
            sys.exit(f"{moment(now)}: a signature has {(expiry - now) / DAY:.2f} days left")
        if max(inception for _, inception in every) > now - HOUR:
            sys.exit(f"{moment(now)}: a signature begins less than an hour ago")

    def judge(self, now):
        said = subprocess.run(["ldns-verify-zone", "-t", moment(now), self.output], capture_output=True, text=True,
                              check=False)
        if said.returncode != 0:
            sys.exit(f"{moment(now)}: ldns-verify-zone: {said.stdout}{said.stderr}")

    def two_months(self, step):
        now = START
        self.source.write_text(zone(1), encoding="ascii")
        self.call(now, "init", "--virtual-clock")
        self.call(now, "sign", "clock.test", "--policy", "default", "-i", self.source, "-o", self.output)
        runs = 0
        while now < START + 60 * DAY:
            now += step
            trouble = START + 20 * DAY < now < START + 45 * DAY
            if trouble and runs % 2 == 0:
                self.source.write_text("; the registry's export failed\n", encoding="ascii")
            elif trouble:
                self.source.unlink(missing_ok=True)
            elif runs % 5 == 0 or now - step < START + 45 * DAY <= now:
                self.source.write_text(zone(2 + runs), encoding="ascii")
            self.call(now, "run", expected=(65 if runs % 2 == 0 else 66) if trouble else 0)
            self.look(now, step)
            if runs % 10 == 0:
                self.judge(now)
            runs += 1
        self.judge(now)
        before = self.output.read_bytes()
        self.call(now - 10 * DAY, "run", expected=3)
        if self.output.read_bytes() != before:
            sys.exit("a clock that went back changed what is published")
        return runs


def main():
    with tempfile.TemporaryDirectory(prefix="zoneseal-clock-") as folder:
        drill = Drill(pathlib.Path(sys.argv[1]).resolve(), folder)
        print(f"{drill.two_months(12 * HOUR)} runs in two months, 25 days of them without an input")


main()
