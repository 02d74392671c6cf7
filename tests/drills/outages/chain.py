# SPDX-License-Identifier: MIT
"""Outages between parent and zone, and in the middle of a rollover."""
import contextlib

from broken import FileKey, tag_of
from cryptography.hazmat.primitives.asymmetric import ed25519
from fakedns import FakeServer, shows
from stage import BUSY, NO, OK, ZONE, drill

ED25519 = "keys: {algorithm: ED25519, zsk: {lifetime: unlimited}}\nparent: {ds: by-hand}\n"
P256 = ED25519.replace("ED25519", "ECDSAP256SHA256")


def strange_key(flags):
    return FileKey(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\7"), flags, 15)


@drill(".gov", "2013-08-14", "`sig.algorithms`, `cache.old-keys`")
def gov_2013(stage):
    """In preparation of a change from algorithm 7 to 8 a defect published .gov signed with 8 alone. The DS, and every cache,
    knew 7: all of .gov was bogus."""
    stage.open(ED25519, settled=True)
    stage.tell("The algorithm is changed from Ed25519 (15) to P-256 (13); by the plan both sign everything for days.")
    stage.z("policy", "apply", ZONE, stage.write("next.yaml", "name: next\n" + P256), code=OK)
    for day in ("2026-11-30", "2026-12-02", "2026-12-04"):
        stage.at(day + "T12:00:00Z")
        stage.z("run", code=OK, quiet=True)
    stage.state_that(b"\tRRSIG\tSOA 15" in stage.read() and b"\tRRSIG\tSOA 13" in stage.read(), "not in mid-roll")
    stage.keep()
    stage.new_registration()
    with stage.broken_signer(lambda zone: zone.drop([r for r in zone.of("RRSIG") if r.text.split()[1] == "15"])):
        done = stage.z("run")
    stage.refused(done, "sig.algorithms", cause=["FAIL chain.anchor"])
    stage.goes_on()


@drill(".fj", "2022-03-07", "`chain.anchor`, `key.expected`")
def fj_2022(stage):
    """At the first change of keys in its own house .fj was "signed with a non-existent key": no DS in the root matched any
    key of the zone, and the root had to be changed. More than twelve hours."""
    stage.open(ED25519, settled=True)
    stage.new_registration()

    def fault(zone):
        stranger = strange_key(257)
        for record in zone.of("DNSKEY"):
            if record.text.startswith("257"):
                record.text = stranger.text()
        zone.sign_again(zone.of("DNSKEY"), [stranger])
    stage.tell("The zone comes with a KSK whose DS the parent has never seen.")
    with stage.broken_signer(fault):
        done = stage.z("run")
    stage.refused(done, "chain.anchor", cause=["FAIL key.expected"])
    stage.goes_on()


@drill("nasa.gov, iastate.edu", "2012-01-18, 2017-05-12", "the old KSK stays until the parent shows the right DS")
def iastate_2017(stage):
    """The DS at the parent matched no key of the zone: wrong key data had been handed over. From the zone file alone that
    cannot be seen."""
    said = [None]
    server = FakeServer(lambda question, octets: said[0](question, octets))
    stage.leave.callback(server.stop)

    def line(tag, digest):
        return f"{ZONE} 3600 DS {tag} 15 2 {digest}"
    said[0] = shows(line(1, "ab" * 32))
    stage.open(ED25519, parents=server.address)
    first = stage.json("ds", "show", ZONE)["ds"][0]
    said[0] = shows(line(first["tag"], first["digest"]))
    stage.settle()
    stage.z("roll", "start", ZONE, "--ksk", code=OK, quiet=True)
    for day in ("2026-11-30", "2026-12-02"):
        stage.at(day + "T12:00:00Z")
        stage.z("run", code=OK, quiet=True)
    new = next(tag for tag in stage.tags("ksk") if tag != str(first["tag"]))
    stage.tell("The parent is handed the DS of the new KSK, and a digit of it gets lost.")
    said[0] = shows(line(new, "ab" * 32))
    done = stage.z("ds", "check", ZONE, "--timeout", "2s", code=NO)
    stage.says(done, new)
    stage.tell("Weeks go by. The old KSK is not taken out, whatever a clock says.")
    for day in ("2026-12-08", "2026-12-20"):
        stage.at(day + "T12:00:00Z")
        stage.z("run", code=OK, quiet=True)
        stage.assert_good()
    stage.says(stage.z("status", ZONE), f"DS of KSK {new}", "YOU")
    stage.state_that(str(first["tag"]) in stage.tags("ksk", "active", "retiring"), "the old KSK is gone")


@drill("e164.arpa, ripe.net", "2011-02-15, 2011-04-14", "`key.role`: every KSK of the plan signs the DNSKEY RRset")
def e164_2011(stage):
    """In the middle of a KSK roll the signer left out one of the two signatures over the DNSKEY RRset, the one that the DS
    at the parent needs. The same bug struck again two months later."""
    stage.open(ED25519, settled=True)
    old = stage.tags("ksk")[0]
    stage.z("roll", "start", ZONE, "--ksk", code=OK, quiet=True)
    stage.at("2026-11-30T12:00:00Z")
    stage.z("run", code=OK, quiet=True)
    stage.keep()
    stage.new_registration()
    with stage.broken_signer(lambda zone: zone.drop([r for r in zone.of("RRSIG", covers="DNSKEY")
                                                     if r.text.split()[6] == old])):
        done = stage.z("run")
    stage.refused(done, "chain.anchor", cause=["FAIL key.role"])
    stage.goes_on()


@drill("hbonow.com, .xn--qxam", "2015-03-09, 2021-08-01", "`key.present`, `chain.signed`")
def hbonow_2015(stage):
    """The zone was published without DNSSEC while its DS was at the parent: bogus for everyone who validates."""
    stage.open(ED25519, settled=True)
    stage.new_registration()
    with stage.broken_signer(lambda zone: zone.drop([r for r in zone.records if r.type in (
            "DNSKEY", "RRSIG", "NSEC", "ZONEMD", "CDS", "CDNSKEY")])):
        done = stage.z("run")
    stage.refused(done, "key.present", cause=["FAIL chain.signed"])
    stage.tell("An operator who wants DNSSEC off, by policy, does not get there while the DS is at the parent.")
    stage.goes_on()
    stage.z("policy", "apply", ZONE, stage.write("off.yaml", "name: off\n" + ED25519 + "zone: {dnssec: insecure}\n"))
    for day in ("2026-11-30", "2026-12-10"):
        stage.at(day + "T12:00:00Z")
        stage.z("run", code=OK, quiet=True)
        stage.assert_good()
    stage.says(stage.z("status", ZONE), "DS")


@drill(".na, .tn", "2019-07-08, 2019-10-01", "`key.present`")
def na_2019(stage):
    """There was a DS in the root and no DNSKEY record in the zone; all else was there, signatures and all. Four hours of
    .na."""
    stage.open(ED25519, settled=True)
    stage.new_registration()
    with stage.broken_signer(lambda zone: zone.drop(zone.of("DNSKEY") + zone.of("RRSIG", covers="DNSKEY"))):
        done = stage.z("run")
    stage.refused(done, "key.present", cause=["FAIL key.expected"])
    stage.goes_on()


@drill(".mg", "2017-06-18, and twice more", "`sig.key-published`, `cache.old-signatures`")
def mg_2017(stage):
    """A ZSK was taken out of the zone while its signatures were still in it, three times within five weeks."""
    stage.open(ED25519, settled=True)
    stage.z("roll", "start", ZONE, "--zsk", code=OK, quiet=True)
    stage.z("run", code=OK, quiet=True)
    stage.keep()
    stage.new_registration()

    def fault(zone):
        signing = next(r.text.split()[6] for r in zone.of("RRSIG", covers="NSEC"))
        zone.drop([r for r in zone.of("DNSKEY") if tag_of(r) == int(signing)])
        zone.sign_again(zone.of("DNSKEY"))
    stage.tell("The roll has just begun, and the old ZSK is gone from the zone already.")
    with stage.broken_signer(fault):
        done = stage.z("run")
    stage.refused(done, "sig.key-published", cause=["FAIL (cache|key|sig)"])

    def early(zone):
        gone = next(r.text.split()[6] for r in zone.of("RRSIG", covers="NSEC"))
        new = [k for k in zone.keys if k.flags == 256 and k.tag() in {tag_of(r) for r in zone.of("DNSKEY")} - {int(gone)}]
        zone.drop([r for r in zone.of("DNSKEY") if tag_of(r) == int(gone)])
        zone.sign_again(zone.of("DNSKEY"))
        for records in zone.sets().values():
            mine = [r for r in zone.of("RRSIG", covers=records[0].type) if r.name == records[0].name]
            if mine and mine[0].text.split()[6] == gone:
                zone.sign_again(records, new)
    stage.tell("And with all signatures made anew: right by itself, and bogus for whoever has the old ones in a cache.")
    with stage.broken_signer(early):
        done = stage.z("run")
    stage.refused(done, "cache.old-signatures", cause=["its key has left the zone while its signatures are still cached", "FAIL key.expected"])
    stage.goes_on()


@drill(".nz and 15 zones below it", "2023-05-29", "waits count with the largest TTL that was seen, not with the policy's")
def nz_2023(stage):
    """A KSK roll after a change of registry system: the old KSK was removed after the wait of the old procedure, which was
    too short for what was in caches by then. Thirteen hours for the worst of it. Here the parent raises the TTL of the DS
    from one hour to one day in the middle of the roll."""
    said, ttl = {}, [3600]
    server = FakeServer(lambda question, octets: shows(*[
        f"{ZONE} {ttl[0]} DS {ds['tag']} 15 2 {ds['digest']}" for ds in said.values()])(question, octets))
    stage.leave.callback(server.stop)
    stage.open(ED25519.replace("ds: by-hand", "ds: by-hand, ds-ttl: 1h"), parents=server.address)
    first = stage.json("ds", "show", ZONE)["ds"][0]
    said["old"] = first
    stage.settle()
    stage.z("roll", "start", ZONE, "--ksk", code=OK, quiet=True)
    stage.at("2026-11-30T12:00:00Z")
    stage.z("run", code=OK, quiet=True)
    stage.at("2026-12-01T12:00:00Z")
    stage.z("run", code=OK, quiet=True)
    stage.tell("The parent now gives its DS a TTL of a day, and then shows that of the new KSK.")
    ttl[0] = 86400
    stage.z("ds", "check", ZONE, "--timeout", "2s")
    said["old"] = next(ds for ds in stage.json("ds", "show", ZONE)["ds"] if ds["tag"] != first["tag"])
    stage.says(stage.z("ds", "check", ZONE, "--timeout", "2s"), "largest DS TTL 86400s")
    stage.tell("By the policy's hour the old KSK could go after a few hours; a cache may need it for a day.")
    stage.at("2026-12-01T20:00:00Z")
    stage.z("run", code=OK)
    stage.assert_good()
    stage.state_that(stage.read().count(b"\tDNSKEY\t257") == 2, "the old KSK left too early")
    stage.says(stage.z("status", ZONE), "DS TTL 1d")
    stage.at("2026-12-03T00:00:00Z")
    stage.z("run", code=OK)
    stage.assert_good()
    stage.state_that(stage.read().count(b"\tDNSKEY\t257") == 1, "the old KSK never leaves")


@drill("no outage yet", "-", "`chain.anchor`: each DS that the parent has by the key states is asked about")
def lost_state(stage):
    """A signer's own notes go wrong: by them the old KSK has left the zone, while its DS is the only one that the parent and
    every cache have. Whoever asks only whether the zone is as the notes say lets it out, and all of it is bogus."""
    stage.open(ED25519, settled=True)
    stage.z("roll", "start", ZONE, "--ksk", code=OK, quiet=True)
    stage.at("2026-11-30T12:00:00Z")
    stage.z("run", code=OK, quiet=True)
    stage.keep()
    stage.new_registration()
    stage.tell("In the middle of a KSK roll a hand in the database, or a copy of it, says that the old KSK is gone; its DS is "
               "at the parent, that of the new one is not.")
    was = stage.alter_keys("dnskey = 'hidden', krrsig = 'hidden'", "ds = 'omnipresent'")
    done = stage.z("run")
    stage.refused(done, "chain.anchor", cause=["no trust anchor matches a zone key that signs the DNSKEY RRset"])
    stage.tell("The notes are put right.")
    was()
    stage.goes_on()


@drill("no outage yet", "-", "`parent.ds-equal`: a DS that cannot be looked at is neither seen nor gone")
def parent_silent(stage):
    """In the middle of a KSK roll the parent's servers cannot be reached. Who takes silence for an answer removes the key
    that the DS leads to; who publishes nothing until they answer lets the signatures run out. Here the roll waits with both
    keys, for weeks, and the zone is signed again in time all the same."""
    said = [None]
    server = FakeServer(lambda question, octets: said[0](question, octets))
    stopped = stage.leave.enter_context(contextlib.ExitStack())
    stopped.callback(server.stop)
    said[0] = shows(f"{ZONE} 3600 DS 1 15 2 {'ab' * 32}")
    stage.open(ED25519.replace("ds: by-hand", "ds: check"), parents=server.address)
    first = stage.json("ds", "show", ZONE)["ds"][0]
    said[0] = shows(f"{ZONE} 3600 DS {first['tag']} 15 2 {first['digest']}")
    stage.settle()
    stage.z("roll", "start", ZONE, "--ksk", code=OK, quiet=True)
    for day in ("2026-11-30", "2026-12-02"):
        stage.at(day + "T12:00:00Z")
        stage.z("run", code=OK, quiet=True)
    stage.tell("The parent's servers are out of reach from now on.")
    stopped.close()
    done = stage.z("ds", "check", ZONE, "--timeout", "2s", code=BUSY)
    stage.says(done, "NOT KNOWN", "nothing was taken for seen or gone")
    before = stage.serial()
    for day in ("2026-12-10", "2026-12-20"):
        stage.at(day + "T12:00:00Z")
        stage.z("run", code=OK)
        stage.assert_good()
    stage.state_that(stage.serial() > before, "the zone was not signed again")
    stage.state_that(stage.read().count(b"\tDNSKEY\t257") == 2, "a KSK has left the zone")
    stage.state_that(str(first["tag"]) in stage.tags("ksk", "active", "retiring"), "the old KSK is gone")
