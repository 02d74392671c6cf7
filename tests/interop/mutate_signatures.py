# SPDX-License-Identifier: MIT
"""Mutations of signatures and their times."""

from mutations import ANY, APEX, NOW, Key, Record, also, flip, mutation, relative, rrsig
from zonemaker import EXPIRATION

# --- signatures ------------------------------------------------------------------------------------------------------

@mutation("sig.valid", "signed")
def one_bit(plot):
    """one bit of a signature"""
    record = plot.pick(plot.signatures())
    record.text = flip(record.text)


@mutation("sig.valid", "signed")
def bad_beside_good(plot):
    """a bad signature beside the good one by the same key"""
    record = plot.pick(plot.signatures())
    plot.zone.records.append(record.copy(text=flip(record.text)))


@mutation("sig.valid", "signed")
def data_changed(plot):
    """a record changed after it was signed"""
    record = plot.pick([r for records in plot.own("A", "MX", "TXT", "CNAME", "DNAME", "DS") for r in records])
    change = {"A": lambda t: "192.0.2.255", "MX": lambda t: "0 evil.test.", "TXT": lambda t: '"evil"',
              "DS": lambda t: t[:-1] + ("0" if t[-1] != "0" else "1")}
    record.text = change.get(record.type, lambda t: "evil.test.")(record.text)


@mutation("sig.valid", "signed")
def record_of_a_set_lost(plot):
    """one record of a signed RRset is gone"""
    plot.remove(plot.random.choice(plot.a_set(single=False)))


@mutation("sig.valid", "signed")
def record_added_to_a_set(plot):
    """a signed RRset has one record more"""
    first = plot.a_set("A", "TXT")[0]
    plot.zone.records.append(first.copy(text="192.0.2.254" if first.type == "A" else '"more"'))


@mutation("sig.valid", "signed")
def other_key_same_tag(plot):
    """another key's signature under the ZSK's tag"""
    plot.resign(plot.a_set(), Key("hsm-b", 256, plot.kind.algorithm), tag=plot.zsk.tag())


@mutation("sig.valid", "signed")
def a_third_of_signatures_by_another_key(plot):
    """every third signature is by another key with the ZSK's tag (.de 2026)"""
    other = Key("hsm-b", 256, plot.kind.algorithm)
    for records in plot.own()[::3]:
        plot.resign(records, other, tag=plot.zsk.tag())


def sign_octets(plot, records, rewrite):
    """An RRSIG over other octets than RFC 4034 3.1.8.1 has: `rewrite` gets owner and sorted RDATA, and gives them back."""
    first = records[0]
    owner = first.name.canonicalize().to_wire()
    right = (owner, sorted({record.wire() for record in records}))
    good = rrsig(records, plot.zsk)
    made = []

    class Liar:
        """A key that signs what is put in the data's place."""
        algorithm, tag = plot.zsk.algorithm, plot.zsk.tag

        @staticmethod
        def sign(data):
            made.append(True)
            head = data[:data.index(owner, 18 + len(APEX.to_wire()))]
            kept = data[len(head) + len(owner):len(head) + len(owner) + 8]
            new_owner, rdata = rewrite(*right)
            return plot.zsk.sign(head + b"".join(new_owner + kept + len(one).to_bytes(2, "big") + one for one in rdata))
    plot.resign(records, Liar)
    assert made and plot.zone.records[-1].text != good.text


@mutation("sig.valid", "signed")
def signed_unsorted(plot):
    """a signature over RDATA that is not sorted"""
    sign_octets(plot, plot.a_set("A", "NS", single=False), lambda owner, rdata: (owner, rdata[::-1]))


@mutation("sig.valid", "signed")
def signed_in_upper_case(plot):
    """a signature over the owner in upper case"""
    sign_octets(plot, plot.a_set("A", "MX", "TXT", "CNAME"), lambda owner, rdata: (owner.upper(), rdata))


@mutation("sig.valid", "signed")
def signed_rdata_in_upper_case(plot):
    """a signature over a name in RDATA in upper case"""
    records = plot.a_set("MX", "CNAME", "DNAME")
    sign_octets(plot, records, lambda owner, rdata: (owner, [one.upper() for one in rdata]))


@mutation("sig.key-published", "signed", policy=ANY)
def another_key_beside(plot):
    """a further signature by a key that is not published"""
    plot.resign(plot.a_set(), plot.other, beside=True)


@mutation("sig.algorithms", "signed")
def signed_by_an_unpublished_key(plot):
    """an RRset is signed by a key that is not published, alone"""
    plot.resign(plot.a_set(), plot.other)


@mutation("sig.covered", "signed")
def signature_lost(plot):
    """an RRset of the zone's own data has no RRSIG"""
    covered = plot.a_set()[0]
    plot.zone.records = [r for r in plot.zone.records if not (
        r.type == "RRSIG" and r.name == covered.name and r.text.split()[0] == covered.type)]


@mutation("sig.covered", "signed")
def signature_of_denial_lost(plot):
    """an NSEC or NSEC3 has no RRSIG"""
    plot.remove(plot.pick(plot.signatures("NSEC", "NSEC3")))


@mutation("sig.covered", "sealed", zonemd=True)
def zonemd_not_signed(plot):
    """the ZONEMD has no RRSIG"""
    plot.zone.records = [r for r in plot.zone.records if not r.text.startswith("ZONEMD ")]


@mutation("sig.authoritative-only", "signed")
def glue_signed(plot):
    """glue has an RRSIG"""
    plot.resign([plot.pick(plot.glue())])


@mutation("sig.authoritative-only", "signed")
def delegation_signed(plot):
    """the NS of a delegation have an RRSIG"""
    cut = plot.pick(plot.cuts())
    plot.resign([r for r in plot.of_type("NS") if r.name == cut])


@mutation("sig.form", "signed")
def signer_name(plot):
    """an RRSIG's signer is another name"""
    plot.resign(plot.a_set(), signer=relative("www"))


@mutation("sig.form", "signed")
def labels_one_less(plot):
    """an RRSIG has one label less than its owner, so that it reads as a wildcard's"""
    records = plot.a_set("A", "MX", "TXT", "CNAME")
    wild = records[0].name.labels[0] == b"*"
    plot.resign(records, labels=len(records[0].name) - 2 - (1 if wild else 0))


@mutation("sig.form", "signed")
def labels_one_more(plot):
    """an RRSIG has one label more than its owner"""
    records = plot.a_set("MX", "CNAME", "DNAME", "DS")
    plot.resign(records, labels=len(records[0].name))


@mutation("sig.form", "signed")
def labels_count_the_asterisk(plot):
    """the RRSIG at a wildcard counts the asterisk"""
    records = plot.pick_set([s for s in plot.own() if s[0].name.labels[0] == b"*"])
    plot.resign(records, labels=len(records[0].name) - 1)


@mutation("sig.form", "signed")
def rrsig_where_nothing_is(plot):
    """an RRSIG of a name that has nothing"""
    plot.zone.records.append(rrsig([Record(plot.label(), 3600, "TXT", '"x"')], plot.zsk))


@mutation("sig.ttl", "signed")
def rrsig_ttl(plot):
    """an RRSIG has another TTL than its RRset"""
    plot.resign(plot.a_set(), ttl=3600 + plot.random.choice([-1, 1, 3600]))


@mutation("sig.ttl", "signed")
def original_ttl(plot):
    """an RRSIG has another original TTL than its RRset, and a TTL like it"""
    plot.resign(plot.a_set(), original=3600 + plot.random.choice([-1, 1, 3600]))


@mutation("sig.ttl", "signed")
def rrset_ttl_raised(plot):
    """an RRset's TTL was raised after it was signed"""
    for record in plot.a_set():
        record.ttl += 3600


@mutation("sig.orphan", "signed", policy=ANY)
def orphan_rrsig(plot):
    """an RRSIG of a type that its owner has not"""
    others = {r.name for r in plot.of_type("SRV", "CNAME")}
    owner = plot.pick([n for n in plot.authoritative() if n not in others])
    plot.zone.records.append(rrsig([Record(owner, 3600, "SRV", "1 2 3 a.test.")], plot.zsk))


@mutation("sig.duplicate", "signed", policy=ANY)
def two_signatures_by_one_key(plot):
    """two good signatures by one key"""
    plot.resign(plot.a_set(), beside=True, expiration=EXPIRATION - 5)


@mutation("sig.revoked-key", "keys", policy=ANY)
def revoked_key_signs_beside(plot):
    """a revoked key signs the data too"""
    also(plot, Key("revoked", 256 | 128, plot.kind.algorithm), signing=True)


# --- time ------------------------------------------------------------------------------------------------------------

@mutation("time.valid", "signed")
def expired(plot):
    """a signature that has expired"""
    plot.resign(plot.a_set(), expiration=NOW - plot.random.choice([1, 3600, 86400 * 300]) - 60, inception=NOW - 86400 * 400)


@mutation("time.valid", "signed")
def not_yet(plot):
    """a signature that begins tomorrow"""
    plot.resign(plot.a_set(), inception=NOW + 86400)


@mutation("time.valid", "signed")
def begins_after_its_end(plot):
    """a signature that begins after its end"""
    plot.resign(plot.a_set(), inception=NOW + 90000, expiration=NOW + 86400)


@mutation("time.valid", "signed")
def dnskey_expired(plot):
    """the DNSKEY RRset's signature has expired"""
    plot.resign(plot.of_type("DNSKEY"), plot.ksk, expiration=NOW - 86400)


@mutation("time.extra", "signed", policy=ANY)
def expired_beside_good(plot):
    """an expired signature beside the good one by the same key"""
    plot.resign(plot.a_set(), beside=True, expiration=NOW - 3600)


@mutation("time.remaining", "signed", policy=ANY)
def ends_before_the_zone(plot):
    """a signature that ends before secondaries give the zone up"""
    plot.resign(plot.a_set(), expiration=NOW + 604800 - 3600)


@mutation("time.max-ttl", "records", policy=ANY)
def ttl_beyond_signatures(plot):
    """a TTL longer than signatures are valid"""
    for record in plot.a_set("MX", "TXT", "CNAME", "DNAME", "DS"):
        record.ttl = 2800000


@mutation("time.window", "signed", policy=f'"max_validity": {EXPIRATION - NOW + 86400}')
def valid_too_long(plot):
    """a signature that is valid longer than the policy has it"""
    plot.resign(plot.a_set(), expiration=EXPIRATION + 86400 * 30)
