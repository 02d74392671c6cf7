# SPDX-License-Identifier: MIT
"""Mutations of what a zone holds: records, keys, signals to the parent, delegations, the digest; and of the file."""

from make_zones import word
from mutations import ANY, APEX, DS, NOT_AUTHENTIC, NSEC3, Key, also, mutation, relative
from zonemaker import SOA_TEXT

# --- structure -------------------------------------------------------------------------------------------------------


@mutation("structure.soa", "records", origin=True)
def soa_missing(plot):
    """no SOA"""
    plot.zone.records = [r for r in plot.zone.records if r.type != "SOA"]


@mutation("structure.soa", "records")
def soa_twice(plot):
    """a second SOA at the apex"""
    plot.add(("@", "SOA", SOA_TEXT % plot.random.randint(1, 99)))


@mutation("structure.soa", "records")
def soa_below_a_cut(plot):
    """a SOA below a delegation"""
    cut = plot.pick(plot.cuts())
    plot.add((f"{plot.label()}.{cut}", "SOA", SOA_TEXT % 7))


@mutation("structure.apex-ns", "records")
def apex_ns_missing(plot):
    """no NS at the apex"""
    plot.zone.records = [r for r in plot.zone.records if not (r.type == "NS" and r.name == APEX)]


@mutation("structure.bailiwick", "sealed")
def out_of_zone(plot):
    """a record of a name outside the zone"""
    plot.add((f"{plot.label()}.elsewhere.test.", "A", "192.0.2.1"))


@mutation("structure.class", "text")
def class_chaos(plot, text):
    """a record of class CH"""
    line = plot.pick([r for records in plot.own() for r in records if r.type != "SOA"]).line()
    return text.replace(line, line.replace("\tIN\t", "\tCH\t", 1))


@mutation("structure.duplicate", "text")
def record_twice(plot, text):
    """a record stands twice"""
    line = plot.pick(plot.zone.records).line()
    return text.replace(line, line * 2)


@mutation("structure.duplicate", "text")
def record_twice_in_another_case(plot, text):
    """a record stands twice, once with its owner in upper case"""
    line = plot.pick(plot.zone.records).line()
    owner, rest = line.split("\t", 1)
    return text.replace(line, f"{line}{owner.upper()}\t{rest}")


@mutation("structure.rrset-ttl", "signed")
def ttls_differ(plot):
    """the records of an RRset have different TTLs"""
    plot.random.choice(plot.a_set(single=False)).ttl += plot.random.choice([-1, 1, 600])


@mutation("structure.rrset-ttl", "records")
def ttl_of_32_bits(plot):
    """a TTL of 2^31"""
    for record in plot.a_set("MX", "TXT", "CNAME", "DNAME", "DS"):
        record.ttl = 2**31


@mutation("structure.size", "records")
def rrset_too_large(plot):
    """an RRset that no message holds"""
    owner = plot.label()
    plot.add(*((owner, "TXT", f'"{at:0240}"') for at in range(260)))


@mutation("structure.cname", "records")
def data_beside_cname(plot):
    """an address beside a CNAME"""
    plot.zone.records.append(plot.pick(plot.of_type("CNAME")).copy(type="A", text="192.0.2.1"))


@mutation("structure.cname", "records")
def cname_twice(plot):
    """two CNAMEs of one name"""
    plot.zone.records.append(plot.pick(plot.of_type("CNAME")).copy(text="second.elsewhere.test."))


@mutation("structure.dname", "records")
def dname_twice(plot):
    """two DNAMEs of one name"""
    plot.zone.records.append(plot.pick(plot.of_type("DNAME")).copy(text="second.elsewhere.test."))


@mutation("structure.dname", "records")
def data_below_dname(plot):
    """data below a DNAME"""
    plot.add((f"{plot.label()}.{plot.pick(plot.of_type('DNAME')).name}", "A", "192.0.2.1"))


@mutation("structure.dname", "records")
def dname_at_a_cut(plot):
    """a DNAME at a delegation"""
    plot.add((plot.pick(plot.cuts()), "DNAME", "elsewhere.test."))


@mutation("structure.apex-server", "records")
def server_of_the_zone_lost(plot):
    """the zone's own name server has no address"""
    plot.zone.records = [r for r in plot.zone.records if r.name != relative("ns1")]


@mutation("structure.apex-server", "records")
def server_of_the_zone_is_an_alias(plot):
    """the zone's own name server is a CNAME"""
    server_of_the_zone_lost(plot)
    plot.add(("ns1", "CNAME", "ns.elsewhere.test."))


@mutation("structure.cut", "records", policy=ANY)
def data_at_a_cut(plot):
    """a TXT at a delegation"""
    plot.add((plot.pick(plot.cuts()), "TXT", '"hidden"'))


@mutation("structure.glue", "records", policy=ANY)
def glue_missing(plot):
    """a name server below its own delegation has no address"""
    plot.remove(plot.pick(plot.glue()))


@mutation("structure.ns-target", "records", policy=ANY)
def server_is_an_alias(plot):
    """a delegation to an alias of the zone"""
    target = plot.pick(plot.of_type("CNAME")).name
    plot.add((plot.pick(plot.cuts()), "NS", str(target)))


@mutation("structure.ns-target", "records", policy=ANY)
def server_is_an_address(plot):
    """a delegation to 192.0.2.1."""
    plot.add((plot.pick(plot.cuts()), "NS", "192.0.2.1."))


@mutation("structure.ns-target", "records", policy=ANY)
def server_without_an_address(plot):
    """a delegation to a name of the zone that has no address, or is not there"""
    plot.add((plot.pick(plot.cuts()), "NS", plot.random.choice(["mail.zs.test.", f"{plot.label()}.zs.test."])))


@mutation("structure.cut", "records", policy=ANY)
def glue_of_two_ttls(plot):
    """glue of one name with two TTLs"""
    glue = plot.pick(plot.glue())
    plot.zone.records.append(glue.copy(ttl=60, text="192.0.2.255" if glue.type == "A" else "2001:db8::ff"))


@mutation("structure.name-doubled", "records", policy=ANY)
def dot_lost(plot):
    """a name server's name that ends in the zone's twice"""
    plot.add((plot.pick(plot.cuts()), "NS", "ns.elsewhere.zs.test.zs.test."))


@mutation("structure.dots-lost", "records", policy=ANY)
def dots_lost(plot):
    """ten name servers whose names end in the zone's twice"""
    for at in range(10):
        plot.add((plot.label(), "NS", f"ns{at}.elsewhere.zs.test.zs.test."))


@mutation("structure.end", "text", policy=ANY)
def line_end_lost(plot, text):
    """the file's last line has no end"""
    return text[:-1]


# --- keys ------------------------------------------------------------------------------------------------------------

@mutation("key.present", "text")
def dnskey_lost(plot, text):
    """no DNSKEY"""
    return "".join(line for line in text.splitlines(True) if "\tDNSKEY\t" not in line)


@mutation("key.present", "text")
def all_of_dnssec_lost(plot, text):
    """nothing of DNSSEC is left"""
    return "".join(line for line in text.splitlines(True) if line.split("\t")[3] not in NOT_AUTHENTIC)


@mutation("key.form", "denied")
def key_protocol(plot):
    """a DNSKEY with protocol 4"""
    plot.add(("@", "DNSKEY", plot.other.text().replace(" 3 ", " 4 ", 1)))


@mutation("key.form", "denied")
def key_short(plot):
    """a DNSKEY with four octets of key: for RSA an exponent and no modulus"""
    plot.add(("@", "DNSKEY", f"256 3 {plot.kind.algorithm} AwEAAQ=="))


@mutation("key.form", "records")
def key_below_the_apex(plot):
    """a zone key below the apex"""
    plot.add((plot.pick(plot.authoritative()), "DNSKEY", plot.other.text()))


@mutation("key.algorithm", "keys", policy=ANY)
def key_of_algorithm_7(plot):
    """the zone is signed by RSASHA1-NSEC3-SHA1 as well"""
    key = Key("sha1", 257, 7)
    plot.ksks.append(key)
    plot.zsks.append(key)


@mutation("key.size", "keys", policy='"rsa_min_bits": 3072', algorithms=(8, 10))
def rsa_too_short(plot):
    """RSA keys of 2048 bits where the policy wants 3072"""


@mutation("key.tag-unique", "keys", policy=ANY, algorithms=(15,))
def two_keys_with_one_tag(plot):
    """two keys with one tag, one of them signs"""
    import good_zones
    one, other = good_zones.twins()
    plot.zsks = [one]
    also(plot, other)


@mutation("key.ttl", "keys", policy='"dnskey_ttl": 7200')
def dnskey_ttl(plot):
    """the DNSKEY RRset has another TTL than the policy's"""


@mutation("chain.self-signed", "signed")
def dnskey_not_signed(plot):
    """the DNSKEY RRset has no RRSIG"""
    for record in plot.signatures("DNSKEY"):
        plot.remove(record)


@mutation("chain.self-signed", "keys", name="dnskey-signed-by-zsk-of-another-algorithm-alone")
def one_algorithm_signs_keys(plot):
    """a second algorithm signs the zone, and not the DNSKEY RRset"""
    also(plot, Key("second", 256, 13 if plot.kind.algorithm == 15 else 15), signing=True)


@mutation("sig.algorithms", "keys")
def algorithm_half_signed(plot):
    """a second algorithm signs the DNSKEY RRset alone"""
    plot.ksks.append(Key("second", 257, 13 if plot.kind.algorithm == 15 else 15))


# --- children's signals ----------------------------------------------------------------------------------------------

@mutation("cds.form", "records")
def cds_and_cdnskey_differ(plot):
    """CDS and CDNSKEY speak of different keys"""
    plot.add(("@", "CDS", plot.ksk.ds()), ("@", "CDNSKEY", Key("ksk2", 257, plot.kind.algorithm).text()))


@mutation("cds.form", "records")
def cds_delete_and_more(plot):
    """CDS asks to delete the DS, and has another record"""
    plot.add(("@", "CDS", plot.ksk.ds()), ("@", "CDS", "0 0 0 00"))


@mutation("cds.chain", "records")
def cds_of_no_key(plot):
    """CDS of a key that does not sign the DNSKEY RRset"""
    plot.add(("@", "CDS", Key("ksk2", 257, plot.kind.algorithm).ds()))


@mutation("cds.delete", "records", policy=ANY)
def cds_delete(plot):
    """CDS asks to delete the DS"""
    plot.add(("@", "CDS", "0 0 0 00"))


# --- delegations -------------------------------------------------------------------------------------------------------

@mutation("delegation.ds-apex", "records")
def ds_at_the_apex(plot):
    """a DS at the apex"""
    plot.add(("@", "DS", DS))


@mutation("delegation.ds-form", "records")
def ds_digest_cut(plot):
    """a DS with a SHA-256 digest of 31 octets"""
    plot.add((plot.pick(plot.cuts()), "DS", "5 13 2 " + "ab" * 31))


@mutation("delegation.ds-form", "records")
def ds_algorithm_zero(plot):
    """a DS of algorithm 0"""
    plot.add((plot.pick(plot.cuts()), "DS", "0 0 0 00"))


@mutation("delegation.ds-owner", "records", policy=ANY)
def ds_without_ns(plot):
    """a DS where no delegation is"""
    aliases = {r.name for r in plot.of_type("CNAME")}
    plot.add((plot.pick([n for n in plot.authoritative() if n not in aliases]), "DS", DS))


@mutation("delegation.ds-ttl", "records", policy=ANY)
def ds_ttl(plot):
    """a DS with another TTL than the delegation's NS"""
    for record in plot.a_set("DS"):
        record.ttl = 60


@mutation("delegation.ds-sha1", "records", policy=ANY)
def ds_sha1(plot):
    """a delegation with nothing but a SHA-1 DS"""
    cut = plot.pick(plot.cuts(secure=False))
    plot.add((cut, "DS", "5 13 1 " + "ab" * 20))


# --- ZONEMD ------------------------------------------------------------------------------------------------------------

def digest_only(checks, stage="sealed", **how):
    return mutation(checks, stage, zonemd=True, **how)


def edit_digest(plot, change):
    """Changes the ZONEMD and signs it again."""
    for record in plot.of_type("ZONEMD"):
        record.text = change(record.text)
    plot.sign_zonemd()


@digest_only("zonemd.digest")
def zonemd_wrong(plot):
    """the digest is wrong and signed"""
    edit_digest(plot, lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"))


@digest_only("zonemd.digest")
def glue_changed(plot):
    """glue changed after the digest was made"""
    plot.pick(plot.glue()).text = "192.0.2.255"


@digest_only("zonemd.digest")
def delegation_changed(plot):
    """the NS of a delegation changed after the digest was made"""
    cuts = plot.cuts()
    plot.pick([r for r in plot.of_type("NS") if r.name in cuts]).text = "evil.test."


@digest_only("zonemd.digest")
def zonemd_serial(plot):
    """the ZONEMD has another serial than the SOA"""
    edit_digest(plot, word(0, "2026010100"))


@digest_only("zonemd.form")
def zonemd_short(plot):
    """the digest is cut by an octet"""
    edit_digest(plot, lambda text: text[:-2])


@digest_only("zonemd.form")
def zonemd_twice(plot):
    """two ZONEMD with one scheme and hash"""
    plot.add(("@", "ZONEMD", "2026010101 1 1 " + "00" * 48))
    plot.sign_zonemd()


@digest_only("zonemd.digest", "denied")
def zonemd_placeholder_left(plot):
    """the placeholder was never filled in"""
    plot.hashes = ()
    plot.later["sealed"] = plot.sign_zonemd


@digest_only("zonemd.every", "keys", policy=ANY)
def one_digest_wrong(plot):
    """of two digests one is wrong"""
    plot.hashes = (1, 2)

    def spoil():
        for record in plot.of_type("ZONEMD"):
            if record.text.split()[2] == "2":
                record.text = record.text[:-1] + ("0" if record.text[-1] != "0" else "1")
        plot.sign_zonemd()
    plot.later["sealed"] = spoil


@digest_only("zonemd.every", "keys", policy=ANY)
def one_digest_of_another_serial(plot):
    """of two ZONEMD one has another serial than the SOA"""
    plot.hashes = (1, 2)

    def age():
        for record in plot.of_type("ZONEMD"):
            if record.text.split()[2] == "2":
                record.text = word(0, "2026010100")(record.text)
        plot.sign_zonemd()
    plot.later["sealed"] = age


@mutation("zonemd.present", "keys", policy='"zonemd": true', zonemd=False)
def no_zonemd(plot):
    """no ZONEMD where the policy wants one"""


# --- a copy that is not whole ------------------------------------------------------------------------------------------

@mutation("denial.nsec.chain|denial.nsec.owners", "text", flavours=("nsec",), name="file-cut-nsec")
def file_cut_nsec(plot, text):
    """the file ends after a part of its records"""
    return cut_of(plot, text)


@mutation("denial.nsec3.chain", "text", flavours=NSEC3, name="file-cut-nsec3")
def file_cut_nsec3(plot, text):
    """the file ends after a part of its records"""
    return cut_of(plot, text)


def cut_of(plot, text):
    """Cut behind the apex, whose keys the rest is judged by, and before the last record of denial, so that it shows there."""
    lines = text.splitlines(True)
    apex = max(at for at, line in enumerate(lines) if line.startswith(f"{APEX}\t"))
    last = max(at for at, line in enumerate(lines) if line.split("\t")[3] in ("NSEC", "NSEC3"))
    at = plot.random.randint(apex + 1, last)
    plot.place = f"after {at} of {len(lines)} lines"
    return "".join(lines[:at])
