# SPDX-License-Identifier: MIT
"""Two keystores, one with the KSK and one that signs the zone, and what goes between them."""
import datetime
import os
import subprocess

from zs import World, ZONE, ZONESEAL

POLICY = """name: tld
keys: {offline-ksk: true, zsk: {lifetime: 60d}}
parent: {cds: always, ds: by-hand}
"""


def moment(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")


def text_of(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


class Ceremonies(World):
    policy = POLICY

    def setUp(self):
        super().setUp()
        self.vault = self.path("vault")
        self.write("p.yaml", self.policy)
        self.output = os.path.join(self.state, "zones", "nl.test.zone")
        self.z("zone", "add", "nl.test", "-i", self.input, "--policy", self.path("p.yaml"), code=0)
        self.k("init", "--virtual-clock", code=0)
        self.k("zone", "add", "nl.test", "--policy", self.path("p.yaml"), code=0)
        self.number = 0

    def k(self, *args, code=None, now=None, stdin=b""):
        """zoneseal where the KSK is kept."""
        environment = dict(self.environment(), ZONESEAL_STATE=self.vault)
        done = subprocess.run([ZONESEAL, *args, "--now", now or self.now], input=stdin, capture_output=True,
                              env=environment, cwd=self.folder, timeout=120, check=False)
        done.out = done.stdout.decode(errors="replace")
        done.err = done.stderr.decode(errors="replace")
        if code is not None:
            self.assertEqual(done.returncode, code, f"{args}\n{done.out}\n{done.err}")
        return done

    def go(self, **length):
        self.now = text_of(moment(self.now) + datetime.timedelta(**length))

    def request(self, *more, verb="create"):
        self.number += 1
        path = self.path(f"{self.number}.ksr")
        self.z("ksr", verb, "nl.test", "-o", path, *more, code=0)
        return path

    def answer(self, ksr, *more):
        skr = ksr[:-3] + "skr"
        self.k("skr", "sign", "nl.test", "-i", ksr, "-o", skr, *more, code=0)
        return skr

    def ceremony(self, *more, verb="create"):
        """All of one: asked, signed, looked at, taken."""
        skr = self.answer(self.request(*more, verb=verb))
        self.z("skr", "validate", "nl.test", "-i", skr, code=0)
        self.z("skr", "import", "nl.test", "-i", skr, code=0)
        return skr

    def publish(self, code=0):
        return self.z("run", "nl.test", code=code)

    def keys(self, role):
        return {key["tag"]: key["state"] for key in self.json("key", "list", "nl.test", code=0)["keys"]
                if key["role"] == role}

    def published_dnskeys(self):
        lines = self.read(self.output).decode().splitlines()
        return [line.split("\t", 4)[4] for line in lines if "\tIN\tDNSKEY\t" in line]

    def records(self, kind):
        return sum(f"\tIN\t{kind}\t" in line for line in self.read(self.output).decode().splitlines())


__all__ = ["Ceremonies", "ZONE", "moment", "text_of"]
