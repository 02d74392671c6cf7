# SPDX-License-Identifier: MIT
"""Zones on their way in and out of DNSSEC, good ones and bad: unsigned on purpose and by accident, requests to delete the
DS, revoked and standby keys. The option "plain" is --expect-unsigned."""
from zonemaker import Key, Record, Zone


def unsigned(z, serial=2026010102, extra=(), zonemd=(), after=None):
    zone = Zone(z.base(serial, extra))
    for algorithm in zonemd:
        zone.records.append(Record("@", 3600, "ZONEMD", f"{serial} 1 {algorithm} " + "00" * (48 if algorithm == 1 else 64)))
        zone.zonemd(algorithm)
    if after:
        after(zone)
    return zone


def unsigned_on_purpose(z):
    """No judge but ours takes "no signature at all" for an answer."""
    z.good("unsigned", unsigned(z), "plain", others=False)
    z.good("unsigned_zonemd", unsigned(z, zonemd=(1, 2)), "plain", others=False)
    z.write("good", "limits_zonemd.json", '{"schema": "zoneseal.limits/1", "zonemd": true, "denial": "nsec3"}\n')
    z.good("unsigned_zonemd_wanted", unsigned(z, zonemd=(1,)), "plain policy=limits_zonemd.json", others=False)
    z.good("unsigned_after_signed", unsigned(z), "plain previous=published.zone", others=False)
    longer = [r.copy(text=r.text.replace("604800", "1900800")) if r.type == "SOA" else r for r in unsigned(z).records]
    z.good("unsigned_expire_raised", Zone(longer), "plain previous=published.zone policy=limits_ten_days.json",
           others=False)
    z.good("unsigned_after_unsigned", unsigned(z, 2026010103), "plain previous=unsigned.zone", others=False)
    z.good("unsigned_is_its_input", unsigned(z, 2026010104, zonemd=(1,)), "plain unsigned=unsigned.zone", others=False)
    z.good("signed_after_unsigned", z.signed(z.base(2026010105)), "previous=unsigned.zone")
    z.good("unsigned_later", unsigned(z), "plain then=2030-01-01T00:00:00Z", others=False)


def unsigned_refused(z):
    z.bad("unsigned_by_accident", "key.present", unsigned(z))
    z.bad("unsigned_by_accident_zonemd", "key.present", unsigned(z, zonemd=(1,)))
    z.bad("unsigned_on_purpose_under_anchor", "chain.signed", unsigned(z), "plain anchor=ksk.ds")
    z.bad("unsigned_on_purpose_under_any_anchor", "chain.signed", unsigned(z), "plain anchor=elsewhere.ds")
    z.bad("signed_when_unsigned_is_expected", "unsigned.plain", z.signed(), "plain")
    signed = z.signed(denial="nsec nsec3", records=z.base(extra=[
        Record("@", 3600, "CDS", z.KSK.ds()), Record("@", 3600, "CDNSKEY", z.KSK.text())]))
    for kind in ("DNSKEY", "RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "CDS", "CDNSKEY"):
        left = next(r for r in signed.records if r.type == kind)
        z.bad(f"unsigned_with_{kind.lower()}", "unsigned.plain", unsigned(z, after=z.add(left)), "plain")
    z.bad("unsigned_with_signalling_cds", "unsigned.plain", unsigned(z, extra=[
        Record("_dsboot.kid._signal.ns1", 3600, "CDS", "5 13 2 " + "ab" * 32)]), "plain")
    z.bad("unsigned_while_keys_are_expected", "key.expected", unsigned(z), "plain expect=expect.keys")
    z.bad("unsigned_altered", "zonemd.digest", unsigned(z, zonemd=(1,), after=z.drop("mail", "MX")), "plain")
    z.bad("unsigned_zonemd_missing", "zonemd.present", unsigned(z), "plain policy=limits_zonemd.json")
    z.bad("unsigned_record_lost", "unsigned.equal", unsigned(z, after=z.drop("mail", "MX")), "plain unsigned=unsigned.in")
    z.bad("unsigned_serial_lower", "serial.increases", unsigned(z, 2026010100), "plain previous=previous.zone")
    z.bad("unsigned_serial_reused", "serial.content", unsigned(z, 2026010101), "plain previous=previous.zone")
    z.bad("unsigned_delegation_removed", "change.delegations", unsigned(z, after=z.drop("deep.sub", "NS")),
          "plain previous=previous.zone policy=limits_tight.json")
    z.bad("unsigned_no_soa", "structure.soa", unsigned(z, after=z.drop("@", "SOA")), "plain origin=zs.test.")
    z.bad("unsigned_no_apex_ns", "structure.apex-ns", unsigned(z, after=lambda zone: zone.records.__setitem__(
        slice(None), [r for r in zone.records if r.type != "NS" or r.name != z.name("@")])), "plain")
    z.bad("unsigned_mixed_ttl", "structure.rrset-ttl", unsigned(z, after=lambda zone: setattr(
        z.find(zone, "www", "A"), "ttl", 60)), "plain")


def deletion(z):
    cds, cdnskey = Record("@", 3600, "CDS", "0 0 0 00"), Record("@", 3600, "CDNSKEY", "0 3 0 AA==")
    z.write("good", "limits_delete.json", '{"schema": "zoneseal.limits/1", "cds_delete": true}\n')
    z.good("delete_as_wanted", z.signed(z.base(extra=[cds, cdnskey])), "policy=limits_delete.json")
    z.good("delete_under_anchor", z.signed(z.base(extra=[cds, cdnskey])), "policy=limits_delete.json anchor=ksk.ds")
    z.good("delete_by_cds_alone", z.signed(z.base(extra=[cds])), "policy=limits_delete.json")
    z.write("bad", "limits_delete.json", '{"schema": "zoneseal.limits/1", "cds_delete": true}\n')
    z.bad("delete_unwanted", "cds.delete", z.signed(z.base(extra=[cds, cdnskey])), "warn")
    z.bad("delete_beside_a_key", "cds.form", z.signed(z.base(extra=[
        cds, Record("@", 3600, "CDNSKEY", z.KSK.text())])), "policy=limits_delete.json")
    z.bad("delete_key_beside_a_digest", "cds.form", z.signed(z.base(extra=[
        Record("@", 3600, "CDS", z.KSK.ds()), cdnskey])), "policy=limits_delete.json")
    z.bad("delete_key_and_key", "cds.form", z.signed(z.base(extra=[
        cdnskey, Record("@", 3600, "CDNSKEY", z.KSK.text())])), "policy=limits_delete.json")
    z.bad("delete_with_longer_key", "cds.form", z.signed(z.base(extra=[
        cds, Record("@", 3600, "CDNSKEY", "0 3 0 AAA=")])), "policy=limits_delete.json")
    z.bad("delete_unsigned", "sig.covered", z.signed(z.base(extra=[cds, cdnskey]), after=z.drop("@", "RRSIG", "CDS")),
          "policy=limits_delete.json")
    z.bad("delete_not_signed_by_anchored_key", "cds.signed", z.signed(
        z.base(extra=[cds, cdnskey]), after=z.chain(z.resign("@", "CDS"), z.resign("@", "CDNSKEY"))),
          "policy=limits_delete.json anchor=ksk.ds")


def revoked_and_standby(z):
    revoked, standby = Key("ksk2", 257 | 128), Key("next")
    z.write("good", "revoked.keys", f"{z.KSK.text()} ksk\n{revoked.text()} ksk\n{z.ZSK.text()} zsk\n")
    z.good("revoked_as_expected", z.signed(ksks=(z.KSK, revoked)), "expect=revoked.keys anchor=ksk.ds")
    z.good("revoked_after_plain", z.signed(z.base(2026010102), ksks=(z.KSK, revoked)), "previous=two_ksks.zone")
    z.write("good", "two_ksks.zone", z.signed(ksks=(z.KSK, z.KSK2)))
    z.write("good", "standby.keys",
            f"{z.KSK.text()} ksk\n{z.KSK2.text()} ksk standby\n{z.ZSK.text()} zsk\n{standby.text()} standby\n")
    z.good("standby_as_expected", z.signed(ksks=(z.KSK, z.KSK2), published=(z.KSK, z.KSK2, z.ZSK, standby)),
           "expect=standby.keys")
    z.write("bad", "standby.keys", f"{z.KSK.text()} ksk\n{z.ZSK.text()} zsk\n{standby.text()} standby\n")
    z.write("bad", "standby_zsk.keys", f"{z.KSK.text()} ksk\n{z.ZSK.text()} zsk\n{standby.text()} standby zsk\n")
    z.write("bad", "unrevoked.keys", f"{z.KSK.text()} ksk\n{z.KSK2.text()} ksk\n{z.ZSK.text()} zsk\n")
    z.bad("standby_key_signs", "key.role", z.signed(zsks=(z.ZSK, standby)), "expect=standby.keys")
    z.bad("standby_missing", "key.expected", z.signed(), "expect=standby.keys")
    z.bad("standby_that_may_sign", "exit=65", z.signed(), "expect=standby_zsk.keys")
    z.bad("revoked_too_early", "key.expected", z.signed(ksks=(z.KSK, revoked)), "expect=unrevoked.keys")
    z.bad("revoked_not_self_signed", "sig.revoked-key", z.signed(published=(z.KSK, revoked, z.ZSK)), "warn")
    z.bad("revoked_and_anchored", "chain.anchor-all", z.signed(ksks=(z.KSK, revoked)), "warn anchor=and_revoked.ds")
    z.write("bad", "and_revoked.ds", "".join(f"zs.test. 3600 IN DS {key.ds()}\n" for key in (z.KSK, revoked)))
    z.bad("revoked_in_cds", "cds.chain", z.signed(z.base(extra=[
        Record("@", 3600, "CDS", key.ds()) for key in (z.KSK, revoked)]), ksks=(z.KSK, revoked)))
    z.bad("revoked_in_cdnskey", "cds.chain", z.signed(z.base(extra=[
        Record("@", 3600, "CDNSKEY", key.text()) for key in (z.KSK, revoked)])))


def dropped(z):
    """A key that may be stolen leaves at once: what that breaks in caches is given up for it, and for no other key."""
    ksk, old, new = f"{z.KSK.text()} ksk\n", z.ZSK.text(), z.ZSK2.text()
    exchanged = z.signed(z.base(2026010102), zsks=(z.ZSK2,), published=(z.KSK, z.ZSK2))
    beside = z.signed(z.base(2026010102), zsks=(z.ZSK2,), published=(z.KSK, z.ZSK, z.ZSK2))
    for folder in ("good", "bad"):
        z.write(folder, "dropped.keys", f"{ksk}{old} dropped\n{new} zsk instead\n")
    z.good("dropped_at_once", exchanged, "expect=dropped.keys previous=published.zone")
    z.bad("dropped_and_still_there", "key.expected", beside, "expect=dropped.keys")
    z.write("bad", "exchanged.keys", f"{ksk}{new} zsk\n")
    z.bad("expected_keys_exchanged_at_once", "cache.old-keys", exchanged, "expect=exchanged.keys previous=previous.zone")
    z.write("bad", "beside.keys", f"{ksk}{old} publish\n{new} zsk\n")
    z.bad("expected_key_signs_at_once", "cache.key-prepublished", beside, "expect=beside.keys previous=previous.zone")
    z.write("bad", "dropped_zsk.keys", f"{ksk}{old} dropped zsk\n{new} zsk instead\n")
    z.bad("dropped_that_may_sign", "exit=65", exchanged, "expect=dropped_zsk.keys")


def make(z):
    dropped(z)
    unsigned_on_purpose(z)
    unsigned_refused(z)
    deletion(z)
    revoked_and_standby(z)
