# SPDX-License-Identifier: MIT
"""Makes tests/zones/{good,bad} and the verifier's built-in zones. Run by hand after a change, then commit what it wrote:

    /usr/bin/python3 tests/zones/make_zones.py            # all
    /usr/bin/python3 tests/zones/make_zones.py --check    # good zones also through BIND, ldns and Knot

Each zone gets a line in cases.txt: folder/file, expected check id (or "pass"), options for the verifier. test_zones.c
runs them all.
"""
import os
import subprocess
import sys
import tempfile
import time

import dns.name

from zonemaker import APEX, EXPIRATION, INCEPTION, NOW, SOA_TEXT, Key, Record, Zone, base32hex, nsec3_hash, rrsig

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.environ.get("ZONES_OUT", HERE)
# How zones deny that are not about denial: nsec, nsec3 or opt-out. What is in the folders is nsec; test_flavours.py makes
# the others, so that each check meets each.
FLAVOUR = os.environ.get("ZONES_FLAVOUR", "nsec")
CASES = []
CHECK = []  # good zones that others accept too

KSK, ZSK = Key("ksk", 257), Key("zsk")
KSK2, ZSK2 = Key("ksk2", 257), Key("zsk2")
DS = "12345 13 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"


def name(text):
    return dns.name.from_text(text, APEX)


def base(serial=2026010101, extra=()):
    rows = [("@", "SOA", SOA_TEXT % serial), ("@", "NS", "ns1.zs.test."), ("@", "NS", "ns2.other.test."),
            ("ns1", "A", "192.0.2.1"), ("ns1", "AAAA", "2001:db8::1"), ("www", "A", "192.0.2.80"),
            ("www", "A", "192.0.2.81"), ("*.wild", "TXT", '"any"'), ("a.b.ent", "TXT", '"deep"'),
            ("alias", "CNAME", "www.zs.test."), ("insecure", "NS", "ns.insecure.zs.test."),
            ("insecure", "NS", "ns.elsewhere.test."), ("ns.insecure", "A", "192.0.2.9"),
            ("secure", "NS", "ns.elsewhere.test."), ("secure", "DS", DS), ("deep.sub", "NS", "ns.elsewhere.test."),
            ("in.both", "NS", "ns.elsewhere.test."), ("se.both", "NS", "ns.elsewhere.test."), ("se.both", "DS", DS),
            ("mail", "MX", "10 www.zs.test."), ("old", "DNAME", "new.other.test.")]
    return [Record(owner, 3600, rdtype, text) for owner, rdtype, text in rows] + list(extra)


def largest(last):
    """An RRset that fills a DNS message of 65535 octets with its signature, and what `last` adds to it."""
    return base(extra=[Record("a", 3600, "TXT", f'"{at:0255}"') for at in range(244)] + [Record("a", 3600, "TXT", f'"{last}"')])


def counted(folder, file, policy, floor, given, serial):
    """A zone, its unsigned input with the serial `given`, and a policy's way of counting: all for the options returned."""
    rest = f', "floor": {floor}' if floor is not None else ""
    write(folder, f"{file}.json", f'{{"schema": "zoneseal.limits/1", "serial": {{"policy": "{policy}"{rest}}}}}\n')
    write(folder, f"{file}.in", Zone(base(given)))
    return signed(base(serial)), f"unsigned={file}.in policy={file}.json"


def keys(*published):
    return [Record(APEX, 3600, "DNSKEY", key.text()) for key in published]


def signed(records=None, ksks=(KSK,), zsks=(ZSK,), published=None, denial=None, before=None, after=None, zonemd=None,
           sign=None, **nsec3):
    """A whole zone; `before` changes it when all but RRSIGs are there, `after` when it is signed."""
    zone = Zone((base() if records is None else records) + keys(*(published or tuple(ksks) + tuple(zsks))))
    if denial is None:
        denial = "nsec" if FLAVOUR == "nsec" else "nsec3"
    nsec3.setdefault("opt_out", FLAVOUR == "opt-out")
    for algorithm in zonemd or ():
        zone.records.append(Record(APEX, 3600, "ZONEMD", f"2026010101 1 {algorithm} " + "00" * (48 if algorithm == 1 else 64)))
    if "nsec" in denial.split():
        zone.add_nsec()
    if "nsec3" in denial.split():
        zone.add_nsec3(**nsec3)
    if {"nsec", "nsec3"} <= set(denial.split()) and nsec3.get("param", True):
        find(zone, "@", "NSEC").text += " NSEC3PARAM"
    if before:
        before(zone)
    zone.add_rrsigs(ksks, zsks, **(sign or {}))
    for algorithm in zonemd or ():
        zone.zonemd(algorithm)
    if zonemd:
        zone.records.append(rrsig([r for r in zone.records if r.type == "ZONEMD" and r.name == APEX], zsks[0]))
    if after:
        after(zone)
    return zone


def write(folder, file, content):
    path = os.path.join(OUT, folder, file)
    with open(path, "w", encoding="ascii", newline="") as out:
        out.write(content if isinstance(content, str) else content.text())
    return path


def good(file, zone, options="", others=True):
    path = write("good", file + ".zone", zone)
    CASES.append(f"good/{file}.zone pass {options}".strip())
    if others:
        CHECK.append(path)


def good_once(file, make):
    """For algorithms whose signatures or keys are random: what was made once stays."""
    if os.path.exists(os.path.join(OUT, "good", file + ".zone")):
        CASES.append(f"good/{file}.zone pass")
        CHECK.append(os.path.join(OUT, "good", file + ".zone"))
    else:
        good(file, make())


def bad_once(file, check, make, options=""):
    if not os.path.exists(os.path.join(OUT, "bad", file + ".zone")):
        write("bad", file + ".zone", make())
    CASES.append(f"bad/{file}.zone {check} {options}".strip())


def bad(file, check, zone, options=""):
    write("bad", file + ".zone", zone)
    CASES.append(f"bad/{file}.zone {check} {options}".strip())


def find(zone, owner, rdtype, covers=None):
    if FLAVOUR != "nsec" and "NSEC" in (rdtype, covers) and not any(r.type == "NSEC" for r in zone.records):
        swap = lambda text: "NSEC3" if text == "NSEC" else text
        owner, rdtype, covers = hashed(owner), swap(rdtype), swap(covers)
    for record in zone.records:
        if record.name == name(owner) and record.type == rdtype and (
                covers is None or record.text.split()[0] == covers):
            return record
    raise KeyError((owner, rdtype, covers))


def drop(owner, rdtype, covers=None):
    def act(zone):
        zone.records.remove(find(zone, owner, rdtype, covers))
    return act


def edit(owner, rdtype, covers=None, ttl=None, change=None):
    def act(zone):
        record = find(zone, owner, rdtype, covers)
        if ttl is not None:
            record.ttl = ttl
        if change is not None:
            record.text = change(record.text)
    return act


def add(*records):
    def act(zone):
        zone.records.extend(records)
    return act


def chain(*acts):
    def act(zone):
        for one in acts:
            one(zone)
    return act


def resign(owner, rdtype, key=ZSK, **options):
    """Replaces the RRSIG over one RRset by another."""
    def act(zone):
        zone.records = [r for r in zone.records if not (
            r.name == name(owner) and r.type == "RRSIG" and r.text.split()[0] == rdtype)]
        zone.records.append(rrsig([r for r in zone.records if r.name == name(owner) and r.type == rdtype], key, **options))
    return act


def flip(text):
    """Changes one bit of the signature at the end."""
    head, signature = text.rsplit(" ", 1)
    return f"{head} {signature[:20]}{'A' if signature[20] != 'A' else 'B'}{signature[21:]}"


def hashed(owner, **parameters):
    return base32hex(nsec3_hash(name(owner), **parameters))


def word(number, value):
    def change(text):
        words = text.split()
        words[number] = value(words[number]) if callable(value) else value
        return " ".join(words)
    return change


def built_in_zone(csk, denial):
    """Tiny, and each mutant is one replacement of text (vselftest.c)."""
    rows = [Record("@", 300, "SOA", SOA_TEXT.replace("604800", "86400") % 1), Record("@", 300, "NS", "ns.other.test."),
            Record("www", 300, "A", "192.0.2.80"), Record("in", 300, "NS", "ns.other.test."),
            Record("se", 300, "NS", "ns.other.test."), Record("se", 300, "DS", DS)]
    zone = Zone(rows + [Record(APEX, 300, "DNSKEY", csk.text())])
    zone.records.append(Record(APEX, 300, "ZONEMD", "1 1 1 " + "00" * 48))
    if denial == "nsec":
        zone.add_nsec(ttl=300)
    else:
        zone.add_nsec3(opt_out=True, ttl=300)
    zone.add_rrsigs((csk,), (csk,))
    zone.zonemd()
    zone.records.append(rrsig([r for r in zone.records if r.type == "ZONEMD"], csk))
    return zone.text()


def write_header(file, what, zones):
    out = ["/* SPDX-License-Identifier: MIT */", f"/* Made by tests/zones/make_zones.py: {what}. */", "#pragma once", ""]
    for label, text in zones:
        out.append(f"static const char built_in_{label}[] =")
        lines = []
        for line in text.splitlines():
            line = line.replace("\t", " ")
            pieces = [line[i:i + 100] for i in range(0, len(line), 100)]
            lines += [f'    "{piece}"' for piece in pieces[:-1]] + [f'    "{pieces[-1]}\\n"']
        out += lines
        out[-1] += ";"
        out.append("")
    with open(file, "w", encoding="ascii") as header:
        header.write("\n".join(out[:-1]) + "\n")


def built_in():
    """The verifier's own zones. Signatures by P-256 are random: the zone that was made once stays."""
    room = os.path.join(HERE, "../../signer/verify")
    csk = Key("built-in", 257)
    write_header(f"{room}/vselftest_zones.h", "two tiny signed zones",
                 [(denial, built_in_zone(csk, denial)) for denial in ("nsec", "nsec3")])
    if not os.path.exists(f"{room}/vselftest_p256.h"):
        write_header(f"{room}/vselftest_p256.h", "a tiny zone signed with P-256",
                     [("p256", built_in_zone(Key("built-in", 257, 13), "nsec"))])


def check_with_others():
    """Makes all again around the present time, in a folder that goes away, and asks BIND and ldns about the good ones."""
    with tempfile.TemporaryDirectory() as folder:
        for sub in ("good", "bad"):
            os.mkdir(os.path.join(folder, sub))
        environment = dict(os.environ, ZONES_OUT=folder, ZONES_SHIFT=str(int(time.time()) - NOW))
        subprocess.run([sys.executable, __file__], env=environment, check=True)
        for path in CHECK:
            path = os.path.join(folder, os.path.relpath(path, OUT))
            for command in (["dnssec-verify", "-q", "-o", "zs.test.", path], ["ldns-verify-zone", path],
                            ["kzonecheck", "-d", "on", "-o", "zs.test.", path]):
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                said = "" if done.returncode == 0 else (done.stdout + done.stderr).strip().splitlines()[-3:]
                print("ok  " if done.returncode == 0 else "NO  ", command[0], os.path.basename(path), said)


def main():
    import bad_zones
    import good_zones
    import past_zones
    import state_zones
    module = sys.modules[__name__]
    module.twins = good_zones.twins()
    module.digested = good_zones.digested
    types, cuts = Zone(base() + keys(KSK, ZSK)).names()
    module.nsec3_names = {n for n, held in types.items() if n not in cuts or "DS" in held} | {
        name(n) for n in ("b.ent", "ent", "both", "wild")}
    good_zones.make(sys.modules[__name__])
    bad_zones.make(sys.modules[__name__])
    state_zones.make(sys.modules[__name__])
    past_zones.make(sys.modules[__name__])
    if OUT == HERE:
        built_in()
    with open(os.path.join(OUT, "cases.txt"), "w", encoding="ascii") as out:
        out.write("# Made by make_zones.py: file, check that must fail (or pass), options. Judged at 2026-01-10T00:00:00Z.\n")
        out.write("\n".join(CASES) + "\n")
    if "--check" in sys.argv:
        check_with_others()


if __name__ == "__main__":
    main()
