#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whatever policy passes `policy check` signs a zone that passes the gate: test_policies.py ZONESEAL

ZONESEAL_SOAK=1 draws many more.

Policies are drawn with a fixed seed. Each signs a small zone from nothing; then nothing is due; a second serial reuses
what is fresh; BIND's dnssec-verify agrees; and what the policy says is what the zone has.
"""

import os
import pathlib
import random
import subprocess
import sys
import tempfile

ZONE = """$ORIGIN policy.test.
$TTL {ttl}
@ SOA ns.policy.test. host.policy.test. {serial} 3600 900 604800 {negative}
@ NS ns
ns A 192.0.2.1
ns AAAA 2001:db8::1
a.b.ent TXT "below two empty names"
*.wild TXT "any"
cut NS ns.cut
ns.cut A 192.0.2.2
insecure NS ns.cut
secure NS ns.cut
secure DS 4711 13 2 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF
"""
ALGORITHMS = {"RSASHA256": 8, "RSASHA512": 10, "ECDSAP256SHA256": 13, "ECDSAP384SHA384": 14, "ED25519": 15, "ED448": 16}


def duration(seconds, chance):
    """One of the forms that a person may write."""
    if seconds % 86400 == 0 and chance.random() < 0.5:
        return f"P{seconds // 86400}D"
    if seconds % 3600 == 0 and chance.random() < 0.5:
        return f"{seconds // 3600}h"
    return str(seconds)


def drawn(chance):
    """A policy as nested names, and the facts to look for in the zone."""
    algorithm = chance.choice(list(ALGORITHMS))
    csk = chance.random() < 0.4
    keys = {"scheme": "csk" if csk else "ksk-zsk", "algorithm": algorithm}
    if algorithm.startswith("RSA") and chance.random() < 0.5:
        keys["ksk"] = {"bits": chance.choice([2048, 3072])}
        if not csk:
            keys["zsk"] = {"bits": chance.choice([2048, 2500])}
    max_ttl = chance.choice([60, 300, 3600, 86400, 172800])
    dnskey_ttl = chance.randint(1, max_ttl)
    keys["dnskey-ttl"] = duration(dnskey_ttl, chance)
    propagation = chance.choice([0, 60, 3600, 86400])
    refresh = max_ttl + propagation + chance.choice([1, 3600, 864000])
    refresh += -refresh % 60
    validity = max(3600, int(refresh * chance.uniform(1.12, 4)) + 3600)
    signatures = {"validity": duration(validity, chance), "refresh": duration(refresh, chance),
                  "jitter": duration(chance.randint(0, validity - refresh - 1), chance)}
    if chance.random() < 0.3:
        signatures["validity-dnskey"] = duration(validity + chance.randint(0, 864000), chance)
    denial = {"type": chance.choice(["nsec", "nsec3"])}
    if denial["type"] == "nsec3":
        denial["opt-out"] = chance.choice(["true", "false"])
        if chance.random() < 0.3:
            denial["iterations"] = chance.randint(0, 50)
            denial["salt"] = '"%s"' % bytes(chance.getrandbits(8) for _ in range(chance.randint(0, 8))).hex()
    zone = {"serial": chance.choice(["increment", "unixtime", "date-counter", "keep"]),
            "max-ttl": duration(max_ttl, chance), "zonemd": chance.choice(["true", "false"]),
            "propagation-delay": duration(propagation, chance)}
    facts = {"algorithm": ALGORITHMS[algorithm], "keys": 1 if csk else 2, "dnskey_ttl": dnskey_ttl, "max_ttl": max_ttl,
             "denial": denial["type"], "zonemd": zone["zonemd"] == "true"}
    return {"keys": keys, "signatures": signatures, "denial": denial, "zone": zone}, facts


def written(groups, depth=0):
    text = ""
    for name, value in groups.items():
        if isinstance(value, dict):
            text += "  " * depth + name + ":\n" + written(value, depth + 1)
        else:
            text += "  " * depth + f"{name}: {value}\n"
    return text


class Drill:

    def __init__(self, zoneseal, folder):
        self.zoneseal = zoneseal
        self.folder = pathlib.Path(folder)
        self.faults = []

    def call(self, state, *words):
        return subprocess.run([self.zoneseal, *words, "--state", state, "--config", self.folder], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=120, check=False)

    def fault(self, number, text, what):
        self.faults.append(f"policy {number}: {what}\n{text}")

    def look(self, number, text, facts, output):
        lines = [line.split("\t") for line in output.read_text(encoding="ascii").splitlines()]
        of_type = {kind: [line for line in lines if line[3] == kind] for kind in ("DNSKEY", "NSEC", "NSEC3", "ZONEMD")}
        keys = of_type["DNSKEY"]
        if len(keys) != facts["keys"] or {int(line[1]) for line in keys} != {facts["dnskey_ttl"]}:
            self.fault(number, text, f"DNSKEY records: {keys}")
        if {int(line[4].split()[2]) for line in keys} != {facts["algorithm"]}:
            self.fault(number, text, f"algorithm of {keys}")
        if bool(of_type["NSEC"]) != (facts["denial"] == "nsec") or bool(of_type["NSEC3"]) != (facts["denial"] == "nsec3"):
            self.fault(number, text, "denial of another kind")
        if bool(of_type["ZONEMD"]) != facts["zonemd"]:
            self.fault(number, text, "ZONEMD")
        one_key = ["-z"] if facts["keys"] == 1 else []
        judged = subprocess.run(["dnssec-verify", "-q", *one_key, "-o", "policy.test", output], capture_output=True, text=True,
                                check=False)
        if judged.returncode != 0:
            self.fault(number, text, f"dnssec-verify: {judged.stdout}{judged.stderr}")

    def try_one(self, number, groups, facts):
        text = written(groups)
        policy = self.folder / f"policy-{number}.yaml"
        policy.write_text(text, encoding="ascii")
        state, source, output = (self.folder / f"{name}-{number}" for name in ("state", "in", "out"))
        checked = self.call(state, "policy", "check", policy)
        if checked.returncode != 0:
            self.fault(number, text, f"not taken, though it keeps the rules: {checked.stderr}")
            return
        ttl = facts["max_ttl"]
        for serial, due in ((1, "published"), (1, "up to date"), (2, "published")):
            source.write_text(ZONE.format(ttl=ttl, serial=serial, negative=min(ttl, 300)), encoding="ascii")
            done = self.call(state, "sign", "policy.test", "--policy", policy, "-i", source, "-o", output)
            if done.returncode != 0 or due not in done.stderr:
                self.fault(number, text, f"not {due}, exit {done.returncode}: {done.stderr}")
                return
        self.look(number, text, facts, output)


def main():
    chance = random.Random(2026)
    count = 400 if "ZONESEAL_SOAK" in os.environ else 16
    with tempfile.TemporaryDirectory(prefix="zoneseal-policies-") as folder:
        drill = Drill(pathlib.Path(sys.argv[1]).resolve(), folder)
        for number in range(count):
            drill.try_one(number, *drawn(chance))
    print("\n".join(drill.faults) or f"{count} policies, each signed, up to date, signed again and verified")
    sys.exit(bool(drill.faults))


if __name__ == "__main__":
    main()
