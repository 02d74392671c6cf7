# SPDX-License-Identifier: MIT
"""Zones that no check of severity "rfc" may refuse; the numbers are those of the list of what is legal though unusual."""
from zonemaker import APEX, EXPIRATION, INCEPTION, NOW, Key, Record, Zone, nsec3_hash, rrsig, time_text


def only_apex(z):
    """A name server of the zone's own would need an address (RFC 2181 10.3), hence a second name."""
    return [r for r in z.base() if r.name == APEX and r.text != "ns1.zs.test."]


def plain(z):
    z.good("nsec", z.signed())
    z.good("nsec3", z.signed(denial="nsec3"))
    z.good("nsec3_opt_out", z.signed(denial="nsec3", opt_out=True))
    z.good("nsec_zonemd", z.signed(zonemd=(1,)))
    z.good("nsec3_zonemd_both", z.signed(denial="nsec3", zonemd=(1, 2)))
    z.good("anchored", z.signed(), "anchor=ksk.ds")
    z.good("apex_only", z.signed(only_apex(z)))
    z.good("apex_only_nsec3", z.signed(only_apex(z), denial="nsec3"))
    z.good("rrset_as_large_as_may_be", z.signed(z.largest("")))
    homeless = [r for r in z.base() if r.name != z.name("ns1")]
    z.good("apex_server_by_wildcard", z.signed(homeless + [Record("*", 3600, "A", "192.0.2.1")]))
    z.good("apex_server_below_delegation", z.signed(z.base(extra=[Record("@", 3600, "NS", "ns.a.secure.zs.test.")])))
    own = [Record("zs.test", 3600, "NS", "ns.zs.test.zs.test."), Record("ns.zs.test", 3600, "A", "192.0.2.10")]
    z.good("servers_that_another_answers_for", z.signed(z.base(extra=[
        Record("insecure", 3600, "NS", target) for target in ("ns.secure.zs.test.", "x.wild.zs.test.", "ns1.zs.test.", "in.both.zs.test.")] + [
        Record("*.wild", 3600, "A", "192.0.2.1")])), "silent=structure.ns-target")
    z.good("own_name_delegated", z.signed(z.base(extra=own + [
        Record(f"held{i}", 3600, "NS", "ns.zs.test.zs.test.") for i in range(10)])), "silent=structure.name-doubled")
    z.write("good", "ksk.ds", f"zs.test. IN DS {z.KSK.ds()}\n")
    z.write("good", "ksk.dnskey", f"zs.test. 3600 IN DNSKEY {z.KSK.text()}\n")
    z.good("holds_later", z.signed(), "then=2026-01-20T00:00:00Z", others=False)
    z.write("good", "limits_wants_zonemd.json", '{"schema": "zoneseal.limits/1", "zonemd": true}\n')
    z.good("zonemd_wanted", z.signed(zonemd=(1,)), "policy=limits_wants_zonemd.json")
    z.good("anchored_by_key", z.signed(), "anchor=ksk.dnskey")


def signatures(z):
    other = Key("other")
    z.good("n01_foreign_signatures", z.signed(after=lambda zone: zone.records.extend(
        [rrsig([r], other) for r in zone.records if r.type == "MX"])))
    other16 = Key("other16", 256, 16)
    z.good("n01_foreign_algorithm", z.signed(zsks=(z.ZSK, other16), published=(z.KSK, z.ZSK)))
    z.good("n02_two_zsks", z.signed(zsks=(z.ZSK, z.ZSK2)))

    def split(zone):
        z.resign("mail", "MX", z.ZSK2)(zone)
        z.resign("www", "A", z.KSK)(zone)
    z.good("n02_keys_differ_by_rrset", z.signed(published=(z.KSK, z.ZSK, z.ZSK2), after=split))
    csk = Key("csk", 257)
    z.good("n06_csk", z.signed(ksks=(csk,), zsks=(csk,), published=(csk,)))
    plain_key = Key("nosep", 256)
    z.write("good", "nosep.ds", f"zs.test. 3600 IN DS {plain_key.ds()}\n")
    z.good("n06_no_sep", z.signed(ksks=(plain_key,), zsks=(plain_key,), published=(plain_key,)), "anchor=nosep.ds")
    z.good("n07_keys_signed_by_both", z.signed(ksks=(z.KSK, z.ZSK), published=(z.KSK, z.ZSK)))
    z.good("n08_standby_keys", z.signed(published=(z.KSK, z.KSK2, z.ZSK, z.ZSK2)))
    revoked = Key("ksk2", 257 | 128)
    z.good("n09_revoked", z.signed(ksks=(z.KSK, revoked)))
    z.good("n09_revoked_of_unknown_algorithm", z.signed(before=z.add(Record("@", 3600, "DNSKEY", "385 3 253 AQIDBAUG"))))
    z.good("n10_no_zone_bit", z.signed(published=(z.KSK, z.ZSK, Key("odd", 0))))
    pair = twins()
    z.good("n11_equal_tags", z.signed(zsks=(pair[0],), published=(z.KSK, pair[0], pair[1])))
    z.good("n11_equal_tags_both_sign", z.signed(zsks=pair))
    z.good("n19_mixed_signature_ttls", z.signed([r.copy(ttl=7200) if r.type == "AAAA" else r for r in z.base()]))


def twins():
    """Two keys with one tag: among many, some pair has it."""
    seen = {}
    for number in range(4096):
        key = Key(f"twin{number}")
        if key.tag() in seen:
            return seen[key.tag()], key
        seen[key.tag()] = key
    raise SystemExit("no two keys with one tag")


def anchors(z):
    z.good("n03_second_algorithm_without_ds", z.signed(
        ksks=(z.KSK, Key("k16", 257, 16)), zsks=(z.ZSK, Key("z16", 256, 16))), "anchor=ksk.ds")
    z.write("good", "standby.ds", f"zs.test. 3600 IN DS {z.KSK.ds()}\nzs.test. 3600 IN DS {z.KSK2.ds()}\n")
    z.good("n04_standby_ds", z.signed(), "anchor=standby.ds")
    z.write("good", "unknown.ds", f"zs.test. 3600 IN DS {z.KSK.ds()}\nzs.test. 3600 IN DS 1 77 2 {'00' * 32}\n"
            f"zs.test. 3600 IN DS {z.KSK.tag()} 15 99 0011\n")
    z.good("n05_unknown_ds", z.signed(), "anchor=unknown.ds")
    z.write("good", "sha1.ds", f"zs.test. 3600 IN DS {z.KSK.ds(1)}\n")
    z.good("n05_sha1_anchor", z.signed(), "anchor=sha1.ds")
    sha1 = "12345 13 1 0123456789012345678901234567890123456789"
    z.good("n05_child_ds", z.signed(z.base(extra=[
        Record("kid", 3600, "NS", "ns.elsewhere.test."), Record("kid", 3600, "DS", sha1),
        Record("kid", 3600, "DS", "7 200 99 ABCD")])))


def denial(z):
    mixed = dict(denial="nsec3", opt_out=True, flags_of=lambda digest: int(digest[0] % 2 == 0))
    only_secure = [r for r in z.base() if not (r.name in (z.name("insecure"), z.name("deep.sub"), z.name("in.both"),
                                                          z.name("ns.insecure")))]
    z.good("n12_mixed_opt_out", z.signed(only_secure, **mixed))
    z.good("n13_opt_out_without_delegation", z.signed(only_secure, denial="nsec3", opt_out=True))
    z.good("n14_some_insecure_have_nsec3", z.signed(denial="nsec3", opt_out=True, keep=(z.name("insecure"),)))
    z.good("wildcard_above_ents_with_nsec3", z.signed(z.base(extra=[Record("*", 3600, "TXT", '"any"')]), denial="nsec3",
           opt_out=True, bare_ents=True), "silent=response.opt-out-wildcard", others=False)
    z.good("wildcard_is_empty_non_terminal", z.signed(z.base(extra=[Record("a.*.hollow", 3600, "TXT", '"x"')])), others=False)
    z.good("wildcard_is_empty_non_terminal_nsec3", z.signed(z.base(extra=[Record("a.*.hollow", 3600, "TXT", '"x"')]),
           denial="nsec3"), others=False)
    z.good("n15_bare_ents_have_nsec3", z.signed(denial="nsec3", opt_out=True, bare_ents=True), others=False)
    z.good("n16_nsec_beside_nsec3", z.signed(denial="nsec nsec3"), "silent=denial.idle-spans", others=False)

    def second(zone):
        zone.add_nsec3(salt=b"\xaa\xbb")
        # Both sets of NSEC3 were made before either was there; the first must not see the second's owners.
    z.good("n16_two_nsec3param", z.signed(denial="nsec3", before=second), others=False)
    z.good("n16_unannounced_nsec3", z.signed(denial="nsec3", before=lambda zone: zone.add_nsec3(
        salt=b"\xcc", param=False)), "silent=denial.idle-spans", others=False)
    growing = lambda zone: zone.add_nsec3(salt=b"\xcc", param=False, opt_out=True)
    hole = z.hashed("mail", salt=b"\xcc")
    z.good("n16_unannounced_nsec3_with_a_gap", z.signed(denial="nsec3", before=z.chain(growing, z.drop(hole, "NSEC3"))),
           "silent=denial.idle-spans", others=False)
    z.good("n16_nsec_going_beside_nsec3", z.signed(denial="nsec nsec3", before=z.chain(
        z.drop("mail", "NSEC"), z.edit(z.hashed("mail"), "NSEC3", change=lambda t: t.replace(" NSEC", "")))),
           "silent=denial.idle-spans", others=False)
    z.good("n17_salt", z.signed(denial="nsec3", salt=b"\x01\x02\x03"))
    z.write("good", "limits_old_iterations.json", '{"schema": "zoneseal.limits/1", "min_remaining": 0, "iterations": 5}\n')
    z.good("n17_iterations_of_an_old_zone", z.signed(denial="nsec3", iterations=5), "policy=limits_old_iterations.json")
    z.good("n17_param_ttl", z.signed(denial="nsec3", before=z.edit("@", "NSEC3PARAM", ttl=86400)))
    z.good("n18_nsec_ttl", z.signed(before=z.edit("mail", "NSEC", ttl=60)))


    z.good("n24_occluded_nsec3", z.signed(denial="nsec3", opt_out=True, after=z.add(Record(
        "b" * 32 + ".insecure", 3600, "NSEC3", f"1 0 0 - {'a' * 32} A"))), others=False)
    label, digest = between_two(z)
    z.good("n12_plain_span_between_two", z.signed(z.base(extra=[Record(f"x.mid.{label}", 3600, "NS", "ns.elsewhere.test.")]),
                                                  denial="nsec3", opt_out=True, flags_of=lambda d: int(d != digest)))


def between_two(z):
    """A label under which `x.mid` and the label itself lie in other spans than `mid`: that one's may be without opt-out."""
    chain = sorted(nsec3_hash(n) for n in z.nsec3_names)
    span = lambda text: max([h for h in chain if h < nsec3_hash(z.name(text))] or [max(chain)])
    others = {span(text) for text in ("insecure", "deep.sub", "sub", "in.both")}
    for number in range(1000):
        label = f"far{number}"
        middle = span(f"mid.{label}")
        if middle not in others | {span(f"x.mid.{label}"), span(label)}:
            return label, middle
    raise SystemExit("no such label")


def spelling(z):
    wrap = dict(inception=4294960000, expiration=4294960000 + 86400 * 30)
    z.good("n20_serial_wrap", z.signed(sign=wrap), "now=4294967290", others=False)
    z.good("n20_years", z.signed(sign=dict(expiration=INCEPTION + 86400 * 365 * 10)))
    seconds = z.signed().text().replace(time_text(EXPIRATION), str(EXPIRATION)).replace(
        time_text(INCEPTION), str(INCEPTION))
    z.good("n20_times_in_seconds", seconds)
    upper = z.signed().text().replace("www.zs.test.\t3600\tIN\tA", "WWW.zs.Test.\t3600\tIN\tA")
    z.good("n21_upper_case_owner", upper.replace(f" {z.ZSK.tag()} zs.test. ", f" {z.ZSK.tag()} ZS.TEST. "))

    def case_kept(zone):
        record = z.find(zone, "mail", "NSEC")
        record.text = record.text.replace("old.zs.test.", "OLD.zs.test.")
    z.good("n21_next_name_in_its_case", z.signed(before=case_kept))
    hashes = z.signed(denial="nsec3").text()
    z.good("n21_upper_case_hash", "".join(
        "\t".join([line.split("\t")[0].upper()] + line.split("\t")[1:]) if "\tNSEC3\t" in line else line
        for line in hashes.splitlines(True)))
    z.good("n22_key_beside_cname", z.signed(z.base(extra=[Record("alias", 3600, "KEY", "256 3 15 " + "A" * 43 + "=")])),
           others=False)
    z.good("n23_inner_asterisk", z.signed(z.base(extra=[Record("_foo._udp.*.in", 3600, "TXT", '"x"'),
                                                        Record("*.deleg", 3600, "NS", "ns.elsewhere.test."),
                                                        Record("*.deleg", 3600, "DS", z.DS)])), others=False)
    z.good("n24_occluded", z.signed(z.base(extra=[Record("insecure", 3600, "TXT", '"hidden"'),
                                                  Record("x.y.insecure", 3600, "MX", "5 a.b."),
                                                  Record("ns.insecure", 3600, "TXT", '"hidden"')]), zonemd=(1,)))
    z.good("n25_apex_dname", z.signed(only_apex(z) + [Record("@", 3600, "DNAME", "other.test.")], denial="nsec3"), others=False)


def zonemd(z):
    z.good("n26_private_scheme", z.signed(z.base(extra=[
        Record("@", 3600, "ZONEMD", "2026010101 240 1 " + "ab" * 48)]), zonemd=(1,)))
    z.good("n26_private_scheme_of_another_serial", z.signed(z.base(extra=[
        Record("@", 3600, "ZONEMD", "2026010100 240 1 " + "ab" * 48)]), zonemd=(1,)), others=False)
    z.good("n26_non_apex", z.signed(z.base(extra=[
        Record("www", 3600, "ZONEMD", "5 1 1 " + "ab" * 48)]), zonemd=(1,)))


def children(z):
    cds, cdnskey = Record("@", 3600, "CDS", z.KSK.ds()), Record("@", 3600, "CDNSKEY", z.KSK.text())
    z.good("n27_cds_and_cdnskey", z.signed(z.base(extra=[cds, cdnskey])), "anchor=ksk.ds")
    z.good("n27_cds_alone", z.signed(z.base(extra=[cds])))
    z.good("n27_cdnskey_alone", z.signed(z.base(extra=[cdnskey])))
    z.good("n27_cds_for_coming_key", z.signed(z.base(extra=[cds, Record("@", 3600, "CDS", z.KSK2.ds())])))
    z.good("n27_delete", z.signed(z.base(extra=[Record("@", 3600, "CDS", "0 0 0 00"),
                                                Record("@", 3600, "CDNSKEY", "0 3 0 AA==")])))
    signal = z.base(extra=[Record("_dsboot.kid._signal.ns1", 3600, "CDS", "5 13 2 " + "ab" * 32)])
    z.good("n28_signalling_cds", z.signed(signal))
    z.good("n29_ds_ttl", z.signed([r.copy(ttl=600) if r.type == "DS" else r for r in z.base()]), others=False)
    z.good("n30_unknown_type", z.signed(z.base(extra=[Record("odd", 3600, "TYPE65534", "\\# 3 0102ff")])))


def surprises(z):
    """What nobody listed: found by thinking about what registrants may register and signers may leave behind."""
    label = z.hashed("mail")
    z.good("delegation_named_like_a_hash", z.signed(z.base(extra=[
        Record(label, 3600, "NS", "ns.elsewhere.test.")]), denial="nsec3", opt_out=True))
    z.good("secure_delegation_named_like_a_hash", z.signed(z.base(extra=[
        Record(label, 3600, "NS", "ns.elsewhere.test."), Record(label, 3600, "DS", z.DS)]), denial="nsec3"))
    z.good("data_named_like_a_hash", z.signed(z.base(extra=[Record(label, 3600, "TXT", '"x"')]), denial="nsec3"))
    z.good("cname_named_like_a_hash", z.signed(z.base(extra=[
        Record(label, 3600, "CNAME", "x.test.")]), denial="nsec3"), others=False)
    z.good("child_key_at_cut", z.signed(z.base(extra=[Record("secure", 3600, "DNSKEY", Key("child").text())])), others=False)
    stray = rrsig([Record("mail", 3600, "MX", "10 www.zs.test.")], z.ZSK)
    stray.text = stray.text.replace("MX 15 ", "MX 254 ", 1)
    z.good("n31_foreign_private_algorithm", z.signed(after=z.add(stray)), others=False)
    z.good("name_between_apex_and_wildcard", z.signed(z.base(extra=[Record("*", 3600, "A", "192.0.2.5")])))
    z.good("escaped_names", z.signed(z.base(extra=[Record("a\\.b", 3600, "A", "192.0.2.5"),
                                                   Record("\\000\\255", 3600, "A", "192.0.2.5"),
                                                   Record("sp\\032ace", 3600, "MX", "1 a\\.b.zs.test.")])))
    z.write("good", "rolling.keys", f"{z.KSK.text()} ksk\n{z.ZSK.text()} zsk\n{Key('next').text()} old\n")
    z.good("expected_key_signs_ahead", z.signed(zsks=(z.ZSK, Key("next")), published=(z.KSK, z.ZSK)),
           "expect=rolling.keys", others=False)
    z.write("good", "published.zone", z.signed())
    z.good("resigned_with_new_serial", z.signed(z.base(2026010102), sign=dict(inception=INCEPTION + 86400)),
           "previous=published.zone")
    z.good("new_key_published_before_use", z.signed(z.base(2026010102), published=(z.KSK, z.ZSK, z.ZSK2)),
           "previous=published.zone")
    z.good("double_signature", z.signed(z.base(2026010102), zsks=(z.ZSK, z.ZSK2)), "previous=published.zone")
    z.good("same_records_other_spelling", "; a comment\n" + z.signed().text(), "previous=published.zone")
    z.write("good", "limits_ten_days.json", '{"schema": "zoneseal.limits/1", "min_remaining": 864000}\n')
    with_expire = lambda serial, expire: z.signed([r.copy(text=r.text.replace("604800", str(expire))) if r.type == "SOA" else r
                                                   for r in z.base(serial)])
    z.good("expire_raised_a_little", with_expire(2026010102, 691200), "previous=published.zone policy=limits_ten_days.json")
    z.write("good", "expire_is_long.zone", with_expire(2026010101, 1900800))
    z.good("expire_as_long_as_before", with_expire(2026010102, 1900800), "previous=expire_is_long.zone policy=limits_ten_days.json")
    z.write("good", "limits_no_floor.json", '{"schema": "zoneseal.limits/1", "min_remaining": 0}\n')
    z.good("expire_raised_without_floor", with_expire(2026010102, 1900800),
           "previous=published.zone policy=limits_no_floor.json")
    z.good("expire_lowered", with_expire(2026010102, 1800000), "previous=expire_is_long.zone policy=limits_ten_days.json")
    z.good("serial_wraps", z.signed(z.base((2026010101 + 2**31 - 1) % 2**32)), "previous=published.zone")
    z.write("good", "input.zone", Zone([r.copy(ttl=60) if r.text == "192.0.2.81" else r for r in z.base(7)]))
    lowest = [r.copy(ttl=60) if r.name == z.name("www") else r for r in z.base()]
    z.good("input_equal", z.signed(lowest, zonemd=(1,)), "unsigned=input.zone")
    inputs(z)


def digested(z, *tuples, serial=7, extra=(), after=None):
    """An unsigned input with a ZONEMD of each hash, or scheme and hash, made right; `after` changes it then."""
    zone = Zone(z.base(serial, extra))
    for each in tuples:
        scheme, algorithm = each if isinstance(each, tuple) else (1, each)
        zone.records.append(Record("@", 3600, "ZONEMD", f"{serial} {scheme} {algorithm} " + "00" * (64 if algorithm == 2 else 48)))
    for each in tuples:
        if each in (1, 2):
            zone.zonemd(each)
    if after:
        after(zone)
    return zone


def inputs(z):
    """The input's own ZONEMD (RFC 8976 4): one that verifies is enough, and it is the records that count."""
    for file, input_zone in (
            ("input_digest", digested(z, 1)), ("input_digest_sha512", digested(z, 2)), ("input_digests", digested(z, 1, 2)),
            ("input_digest_beside_private", digested(z, 1, (240, 1))),
            ("input_digest_beside_wrong", digested(z, 1, (1, 2))),
            ("input_digest_below_apex", digested(z, extra=[Record("www", 3600, "ZONEMD", "1 1 1 " + "00" * 48)]))):
        z.write("good", file + ".in", input_zone)
        extra = [r for r in input_zone.records if r.type == "ZONEMD" and r.name != APEX]
        z.good(file, z.signed(z.base(extra=extra)), f"unsigned={file}.in", others=False)
    lines = digested(z, 1).text().splitlines()
    z.write("good", "input_digest_other_form.in", "$ORIGIN ZS.test.\n$TTL 3600\n" + "".join(
        line.replace("\tIN\t", "\t(\n IN ").replace("WWW.zs.test.", "www") + " ) ; so\n" for line in reversed(lines)))
    z.good("input_digest_other_form", z.signed(), "unsigned=input_digest_other_form.in", others=False)
    mixed = digested(z, 1, after=lambda zone: (setattr(z.find(zone, "www", "A"), "ttl", 60), zone.zonemd(1)))
    z.write("good", "input_digest_mixed_ttl.in", mixed)
    z.good("input_digest_mixed_ttl", z.signed([r.copy(ttl=60) if r.name == z.name("www") else r for r in z.base()]),
           "unsigned=input_digest_mixed_ttl.in", others=False)
    z.write("good", "input_signed.in", z.signed(zonemd=(1,)))
    z.good("input_signed", z.signed(z.base(2026010102)), "unsigned=input_signed.in", others=False)


def serials(z):
    for file, *numbers in (("serial_kept", "keep", 2026010100, 2026010101, 2026010101),
                           ("serial_of_input", "increment", 2026010100, 2026010105, 2026010105),
                           ("serial_of_first_input", "increment", None, 5, 5),
                           ("serial_incremented", "increment", 2026010100, 7, 2026010101),
                           ("serial_past_used_ones", "increment", 2026010100, 7, 2026010177),
                           ("serial_after_the_last", "increment", 2**32 - 1, 7 - 2**31 + 2**32, 1),
                           ("serial_of_time", "unixtime", 7, 7, NOW),
                           ("serial_after_time", "unixtime", NOW + 5, 7, NOW + 6),
                           ("serial_of_day", "date-counter", 2026010917, 7, 2026011000),
                           ("serial_in_day", "date-counter", 2026011003, 7, 2026011004)):
        z.good(file, *z.counted("good", file, *numbers), others=False)


def windows(z):
    """Each limit as tight as it may be; what a KSK signs may have been made long before."""
    z.write("good", "window.json", '{"schema": "zoneseal.limits/1", "dnskey_ttl": 3600, '
            f'"inception_offset": {NOW - INCEPTION}, "max_validity": {EXPIRATION - NOW}}}\n')
    z.good("window", z.signed(), "policy=window.json", others=False)
    z.good("window_of_keys", z.signed(after=z.resign("@", "DNSKEY", z.KSK, inception=NOW - 1, expiration=EXPIRATION + 86400)),
           "policy=window.json", others=False)


def algorithms(z):
    for algorithm in (13, 14, 16):
        pair = Key(f"ksk{algorithm}", 257, algorithm), Key(f"zsk{algorithm}", 256, algorithm)
        z.good_once(f"algorithm_{algorithm}", lambda: z.signed(ksks=pair[:1], zsks=pair[1:], denial="nsec3"))
    for algorithm in (8, 10):
        z.good_once(f"algorithm_{algorithm}", lambda: z.signed(
            ksks=(Key("k", 257, algorithm),), zsks=(Key("z", 256, algorithm),)))


def make(z):
    plain(z)
    signatures(z)
    anchors(z)
    denial(z)
    spelling(z)
    zonemd(z)
    children(z)
    surprises(z)
    serials(z)
    windows(z)
    algorithms(z)
