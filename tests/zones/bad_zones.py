# SPDX-License-Identifier: MIT
"""Zones with one defect each, and the check that must find it. What can be signed again is: then the defect stands alone."""
import base64

from zonemaker import APEX, EXPIRATION, INCEPTION, NOW, SOA_TEXT, Key, Record, Zone, nsec3_hash, rrsig


def structure(z):
    without = lambda *types: [r for r in z.base() if not (r.name == APEX and r.type in types)]
    z.bad("no_soa", "structure.soa", z.signed(without("SOA")), "origin=zs.test.")
    z.bad("two_soa", "structure.soa", z.signed(z.base(extra=[Record("@", 3600, "SOA", SOA_TEXT % 7)])))
    z.bad("soa_below_cut", "structure.soa", z.signed(z.base(extra=[Record("x.insecure", 3600, "SOA", SOA_TEXT % 7)])))
    z.bad("no_apex_ns", "structure.apex-ns", z.signed(without("NS")))
    homeless = [r for r in z.base() if r.name != z.name("ns1")]
    z.bad("apex_server_no_address", "structure.apex-server", z.signed(homeless))
    z.bad("apex_server_other_data", "structure.apex-server", z.signed(homeless + [Record("ns1", 3600, "TXT", '"x"')]))
    z.bad("apex_server_empty_non_terminal", "structure.apex-server", z.signed(
        homeless + [Record("*", 3600, "A", "192.0.2.1"), Record("x.ns1", 3600, "A", "192.0.2.1")]))
    z.bad("apex_server_alias", "structure.apex-server", z.signed(homeless + [Record("ns1", 3600, "CNAME", "www.zs.test.")]))
    z.bad("apex_server_below_dname", "structure.apex-server", z.signed(z.base(extra=[Record("@", 3600, "NS", "ns.old.zs.test.")])))
    z.bad("apex_server_wildcard_above_encloser", "structure.apex-server", z.signed(z.base(extra=[
        Record("@", 3600, "NS", "ns.wild.zs.test."), Record("*", 3600, "A", "192.0.2.1")])))
    z.bad("out_of_zone", "structure.bailiwick", z.signed(after=z.add(Record("www.other.", 60, "A", "192.0.2.1"))))
    z.bad("class_chaos", "structure.class", z.signed().text().replace("mail.zs.test.\t3600\tIN\tMX", "mail.zs.test.\t3600\tCH\tMX"))
    z.bad("duplicate_record", "structure.duplicate", z.signed().text().replace(
        "mail.zs.test.\t3600\tIN\tMX\t10 www.zs.test.\n", "mail.zs.test.\t3600\tIN\tMX\t10 www.zs.test.\n" * 2))
    z.bad("duplicate_other_case", "structure.duplicate", z.signed().text().replace(
        "mail.zs.test.\t3600\tIN\tMX\t10 www.zs.test.\n",
        "mail.zs.test.\t3600\tIN\tMX\t10 www.zs.test.\nMAIL.zs.test.\t3600\tIN\tMX\t10 WWW.zs.test.\n"))
    z.bad("mixed_ttl", "structure.rrset-ttl", z.signed(after=lambda zone: [
        setattr(r, "ttl", 60) for r in zone.records if r.text == "192.0.2.81"]))
    z.bad("mixed_ttl_of_a_delegation", "structure.rrset-ttl", z.signed(after=z.edit("insecure", "NS", ttl=60)))
    z.bad("mixed_ttl_below_a_cut", "structure.cut", z.signed(z.base(extra=[
        Record("ns.insecure", 60, "A", "192.0.2.10")])), "warn silent=structure.rrset-ttl")
    z.bad("mixed_ttl_at_a_cut", "structure.cut", z.signed(z.base(extra=[
        Record("insecure", 60, "A", "192.0.2.10"), Record("insecure", 3600, "A", "192.0.2.11")])),
          "warn silent=structure.rrset-ttl")
    z.bad("ttl_of_32_bits", "structure.rrset-ttl", z.signed([r.copy(ttl=2**31) if r.type == "MX" else r for r in z.base()]))
    z.bad("rrset_too_large", "structure.size", z.signed(z.base(extra=[
        Record("big", 3600, "TXT", f'"{at:0240}"') for at in range(260)])))
    z.bad("rrset_too_large_with_signature", "structure.size", z.signed(z.largest("x")))
    z.bad("cname_and_data", "structure.cname", z.signed(z.base(extra=[Record("alias", 3600, "A", "192.0.2.1")])))
    z.bad("two_cnames", "structure.cname", z.signed(z.base(extra=[Record("alias", 3600, "CNAME", "x.test.")])))
    hidden = lambda *types: z.signed(after=z.chain(*(z.add(Record("y.insecure", 3600, *each)) for each in types)))
    z.bad("cname_and_data_below_cut", "structure.cname", hidden(("CNAME", "x.test."), ("A", "192.0.2.3")))
    z.bad("two_cnames_below_cut", "structure.cname", hidden(("CNAME", "x.test."), ("CNAME", "y.test.")))
    z.bad("nsec_below_cut", "denial.nsec.owners", z.signed(denial="nsec", after=z.add(Record(
        "ns.insecure", 3600, "NSEC", "mail.zs.test. A RRSIG NSEC"))))
    z.bad("two_dnames", "structure.dname", z.signed(z.base(extra=[Record("old", 3600, "DNAME", "x.test.")])))
    z.bad("data_below_dname", "structure.dname", z.signed(z.base(extra=[Record("a.old", 3600, "A", "192.0.2.1")])))
    z.bad("dname_at_cut", "structure.dname", z.signed(z.base(extra=[Record("insecure", 3600, "DNAME", "x.test.")])))
    slips = lambda count: [Record(f"slip{i}", 3600, "NS", f"ns.slip{i}.zs.test.zs.test.") for i in range(count)]
    z.bad("lost_dots", "structure.dots-lost", z.signed(z.base(extra=slips(10))), "warn")
    z.bad("nine_lost_dots", "structure.name-doubled", z.signed(z.base(extra=slips(9))), "warn silent=structure.dots-lost")
    z.bad("lost_dot", "structure.name-doubled", z.signed([
        r.copy(text="ns.elsewhere.test.zs.test.zs.test.") if r.text == "ns.elsewhere.test." else r for r in z.base()]), "warn")
    z.bad("owner_lost_dot", "structure.name-doubled", z.signed(z.base(extra=[
        Record("child.zs.test", 3600, "NS", "ns.elsewhere.test.")])), "warn silent=structure.dots-lost")
    z.bad("no_glue", "structure.glue", z.signed([r for r in z.base() if r.text != "192.0.2.9"]), "warn")
    for label, target in (("alias", "alias.zs.test."), ("root", "."), ("address", "192.0.2.1."), ("address_in_zone", "192.0.2.1.zs.test.")):
        z.bad(f"ns_is_{label}", "structure.ns-target", z.signed(z.base(extra=[Record("insecure", 3600, "NS", target)])), "warn")
    for label, target in (("of_no_name", "nowhere.zs.test."), ("without_address", "mail.zs.test."), ("below_dname", "ns.old.zs.test.")):
        z.bad(f"ns_{label}", "structure.ns-target", z.signed(z.base(extra=[Record("insecure", 3600, "NS", target)])), "warn")
    z.bad("data_at_cut", "structure.cut", z.signed(z.base(extra=[Record("insecure", 3600, "TXT", '"x"')])), "warn")
    z.bad("no_last_newline", "structure.end", z.signed().text()[:-1], "warn")
    z.bad("cut_in_record", "exit=65", z.signed().text()[:-30])
    z.bad("carriage_return", "exit=65", z.signed().text().replace("\tTXT\t\"deep\"\n", "\tTXT\t\"deep\"\rwww.zs.test. 3600 IN A 192.0.2.66\n"))
    z.bad("carriage_return_in_comment", "exit=65", z.signed().text() + "; end\rwww.zs.test. 3600 IN A 192.0.2.66\n")
    z.bad("cut_in_parentheses", "exit=65", z.signed().text().replace("SOA\tns1.zs.test. host", "SOA\t( ns1.zs.test. host"))
    z.bad("empty", "exit=65", "")
    z.bad("only_comments", "exit=65", "; nothing\n\n")
    lines = z.signed().text().splitlines(True)
    z.bad("cut_at_record_28", "denial.nsec.chain" if z.FLAVOUR == "nsec" else "denial.nsec3.chain", "".join(lines[:len(lines) * 28 // 100]))
    full = z.signed(denial="nsec3").text().splitlines(True)
    z.bad("cut_at_record_nsec3", "denial.nsec3.chain", "".join(full[:len(full) * 70 // 100]))


def key_set(z):
    z.bad("unsigned", "key.present", Zone(z.base()))
    lost = lambda zone: [zone.records.remove(r) for r in list(zone.records) if r.type == "DNSKEY"]
    z.bad("keys_lost", "key.present", z.signed(after=lost))
    z.bad("keys_lost_under_anchor", "chain.signed", z.signed(after=lost), "anchor=ksk.ds")
    z.bad("unsigned_under_anchor", "chain.signed", Zone(z.base()), "anchor=ksk.ds")
    z.bad("keys_only_not_signed", "sig.covered", z.signed(zsks=()))
    z.bad("dnskey_not_signed", "chain.self-signed", z.signed(ksks=(), published=(z.KSK, z.ZSK)))
    z.bad("dnskey_one_algorithm", "chain.self-signed", z.signed(
        ksks=(z.KSK,), zsks=(z.ZSK, Key("z16", 256, 16)), published=(z.KSK, z.ZSK, Key("z16", 256, 16))))
    z.bad("new_algorithm_only", "sig.algorithms", z.signed(
        ksks=(z.KSK, Key("k16", 257, 16)), zsks=(Key("z16", 256, 16),), published=(z.KSK, z.ZSK, Key("k16", 257, 16), Key("z16", 256, 16))))
    z.bad("key_protocol", "key.form", z.signed(before=z.add(Record("@", 3600, "DNSKEY", "256 4 15 " + "A" * 43 + "="))))
    z.bad("key_short", "key.form", z.signed(before=z.add(Record("@", 3600, "DNSKEY", "256 3 15 AAAA"))))
    z.bad("key_off_curve", "key.form", z.signed(before=z.add(Record("@", 3600, "DNSKEY", "256 3 13 " + "A" * 86 + "=="))))
    z.bad("key_not_at_apex", "key.form", z.signed(z.base(extra=[Record("www", 3600, "DNSKEY", z.ZSK2.text())])))
    z.bad("equal_tags", "key.tag-unique", z.signed(zsks=(z.twins[0],), published=(z.KSK,) + z.twins), "warn")
    z.bad("equal_tags_one_published", "sig.valid", z.signed(zsks=(z.twins[0],), published=(z.KSK, z.twins[1])))
    z.bad("anchor_of_other_key", "chain.anchor", z.signed(), "anchor=ksk2.ds")
    z.write("bad", "ksk2.ds", f"zs.test. 3600 IN DS {z.KSK2.ds()}\n")
    z.write("bad", "ksk.ds", f"zs.test. 3600 IN DS {z.KSK.ds()}\n")
    z.bad("anchor_of_missing_algorithm", "chain.anchor", z.signed(), "anchor=algorithm.ds")
    z.write("bad", "algorithm.ds", f"zs.test. 3600 IN DS {z.KSK.ds()}\nzs.test. 3600 IN DS 1 13 2 {'00' * 32}\n")
    z.bad("anchor_of_revoked_key", "chain.anchor", z.signed(
        ksks=(z.KSK2, Key("ksk", 257 | 128))), "anchor=revoked.ds")
    z.write("bad", "revoked.ds", f"zs.test. 3600 IN DS {Key('ksk', 257 | 128).ds()}\n")
    z.bad("anchor_all", "chain.anchor-all", z.signed(), "warn anchor=both.ds")
    z.write("bad", "both.ds", f"zs.test. 3600 IN DS {z.KSK.ds()}\nzs.test. 3600 IN DS {z.KSK2.ds()}\n")
    z.bad("anchor_elsewhere", "chain.anchor", z.signed(), "anchor=elsewhere.ds")
    z.write("bad", "elsewhere.ds", f"other.test. 3600 IN DS {z.KSK.ds()}\n")
    z.write("bad", "expect.keys", f"{z.KSK.text()} ksk\n# the other\n{z.ZSK.text()} zsk\n")
    z.bad("key_missing", "key.expected", z.signed(published=(z.KSK, z.ZSK), zsks=(z.ZSK,)), "expect=two.keys")
    z.write("bad", "two.keys", f"{z.KSK.text()} ksk\n{z.ZSK.text()} zsk\n{z.ZSK2.text()} publish\n")
    z.bad("key_too_many", "key.expected", z.signed(published=(z.KSK, z.ZSK, z.ZSK2)), "expect=expect.keys")
    z.bad("ksk_signs_data", "key.role", z.signed(zsks=(z.ZSK, z.KSK), published=(z.KSK, z.ZSK)), "expect=expect.keys")
    z.bad("standby_signs", "key.role", z.signed(zsks=(z.ZSK, z.ZSK2)), "expect=two.keys")


def child(z):
    cds, cdnskey = Record("@", 3600, "CDS", z.KSK.ds()), Record("@", 3600, "CDNSKEY", z.KSK.text())
    z.bad("cds_cdnskey_differ", "cds.form", z.signed(z.base(extra=[cds, Record("@", 3600, "CDNSKEY", z.KSK2.text())])))
    z.bad("cds_delete_and_more", "cds.form", z.signed(z.base(extra=[cds, Record("@", 3600, "CDS", "0 0 0 00")])))
    z.bad("cds_of_no_key", "cds.chain", z.signed(z.base(extra=[Record("@", 3600, "CDS", z.KSK2.ds())])))
    z.bad("cds_of_zsk", "cds.chain", z.signed(z.base(extra=[Record("@", 3600, "CDS", z.ZSK.ds())])))
    z.bad("cds_delete", "cds.delete", z.signed(z.base(extra=[Record("@", 3600, "CDS", "0 0 0 00")])), "warn")
    z.bad("cds_not_signed_by_anchor", "cds.signed", z.signed(
        z.base(extra=[cds, cdnskey]), after=z.chain(z.resign("@", "CDS"), z.resign("@", "CDNSKEY"))), "anchor=ksk.ds")


def signatures(z):
    z.bad("one_bit", "sig.valid", z.signed(after=z.edit("mail", "RRSIG", "MX", change=z.flip)))
    z.bad("bad_beside_good", "sig.valid", z.signed(after=lambda zone: zone.records.append(
        z.find(zone, "mail", "RRSIG", "MX").copy(text=z.flip(z.find(zone, "mail", "RRSIG", "MX").text)))))
    z.bad("data_changed", "sig.valid", z.signed(after=z.edit("mail", "MX", change=lambda t: "10 evil.test.")))
    z.bad("ds_changed", "sig.valid", z.signed(after=z.edit("secure", "DS", change=lambda t: t[:-1] + "0")))
    z.bad("record_missing", "sig.valid", z.signed(after=z.drop("www", "A")))
    z.bad("other_key_same_tag", "sig.valid", z.signed(after=z.resign("mail", "MX", Key("hsm-b"), tag=z.ZSK.tag())))
    z.bad("third_of_signatures", "sig.valid", z.signed(zsks=(), published=(z.KSK, z.ZSK), after=three_tokens(z)))
    z.bad("orphan_key", "sig.algorithms", z.signed(zsks=(Key("gone"),), published=(z.KSK, z.ZSK)))
    z.bad("orphan_algorithm", "sig.algorithms", z.signed(zsks=(Key("z16", 256, 16),), published=(z.KSK, z.ZSK)))
    z.bad("orphan_key_beside", "sig.key-published", z.signed(zsks=(z.ZSK, Key("gone")), published=(z.KSK, z.ZSK)), "warn")
    for owner, rdtype in (("@", "SOA"), ("@", "NS"), ("www", "A"), ("secure", "DS"), ("mail", "NSEC"), ("alias", "CNAME"), ("old", "DNAME")):
        label = "apex" if owner == "@" else owner
        z.bad(f"unsigned_{label}_{rdtype.lower()}", "sig.covered", z.signed(after=z.drop(owner, "RRSIG", rdtype)))
    z.bad("unsigned_nsec3", "sig.covered", z.signed(denial="nsec3", after=z.drop(z.hashed("mail"), "RRSIG", "NSEC3")))
    z.bad("unsigned_nsec3param", "sig.covered", z.signed(denial="nsec3", after=z.drop("@", "RRSIG", "NSEC3PARAM")))
    sign = lambda owner, rdtype: lambda zone: zone.records.append(rrsig(
        [r for r in zone.records if r.name == z.name(owner) and r.type == rdtype], z.ZSK))
    z.bad("signed_delegation", "sig.authoritative-only", z.signed(after=sign("insecure", "NS")))
    z.bad("signed_glue", "sig.authoritative-only", z.signed(after=sign("ns.insecure", "A")))
    z.bad("signed_rrsig", "sig.authoritative-only", z.signed(after=lambda zone: zone.records.append(
        rrsig([z.find(zone, "mail", "RRSIG", "MX")], z.ZSK))))
    other = z.name("www")
    z.bad("signer_name", "sig.form", z.signed(after=z.resign("mail", "MX", signer=other)))
    z.bad("labels_wildcard", "sig.form", z.signed(after=z.resign("*.wild", "TXT", labels=4)))
    z.bad("labels_low", "sig.form", z.signed(after=z.resign("mail", "MX", labels=2)))
    z.bad("labels_high", "sig.form", z.signed(after=z.resign("mail", "MX", labels=4)))
    z.bad("rrsig_ttl", "sig.ttl", z.signed(after=z.resign("mail", "MX", ttl=60)))
    z.bad("original_ttl", "sig.ttl", z.signed(after=z.resign("mail", "MX", original=7200)))
    z.bad("rrset_ttl_raised", "sig.ttl", z.signed(after=z.edit("mail", "MX", ttl=86400)))
    z.bad("orphan_rrsig", "sig.orphan", z.signed(after=lambda zone: zone.records.append(
        rrsig([Record("mail", 3600, "TXT", '"x"')], z.ZSK))), "warn")
    alone = lambda zone: zone.records.append(rrsig([Record("lone", 3600, "TXT", '"x"')], z.ZSK))
    z.bad("rrsig_alone", "sig.form", z.signed(after=alone))
    z.bad("rrsig_alone_nsec3", "sig.form", z.signed(denial="nsec3", after=alone))
    z.bad("two_by_one_key", "sig.duplicate", z.signed(after=lambda zone: zone.records.append(
        rrsig([z.find(zone, "mail", "MX")], z.ZSK, expiration=EXPIRATION - 5))), "warn")
    z.bad("revoked_signs_data", "sig.revoked-key", z.signed(
        zsks=(z.ZSK, Key("zsk2", 256 | 128))), "warn")
    z.bad("only_revoked_signs", "sig.algorithms", z.signed(
        zsks=(Key("zsk2", 256 | 128),), published=(z.KSK, z.ZSK, Key("zsk2", 256 | 128))))


def three_tokens(z):
    def act(zone):
        tokens = (z.ZSK, Key("hsm-b"), Key("hsm-c"))
        for at, ((owner, _), records) in enumerate(zone.sets().items()):
            if records[0].type != "DNSKEY" and zone.must_sign(owner, records[0].type):
                zone.records.append(rrsig(records, tokens[at % 3], tag=z.ZSK.tag()))
    return act


def times(z):
    z.bad("expired", "time.valid", z.signed(sign=dict(expiration=NOW - 1)))
    z.bad("expires_this_second_is_fine_next_not", "time.valid", z.signed(after=z.resign("mail", "MX", expiration=NOW - 1)))
    z.bad("not_yet", "time.valid", z.signed(after=z.resign("mail", "MX", inception=NOW + 1)))
    z.bad("dnskey_expired", "time.valid", z.signed(after=z.resign("@", "DNSKEY", z.KSK, expiration=NOW - 86400)))
    z.bad("inception_after_expiration", "time.valid", z.signed(
        after=z.resign("mail", "MX", inception=NOW + 100, expiration=NOW + 50)))
    z.bad("span_of_68_years", "time.valid", z.signed(
        after=z.resign("mail", "MX", inception=NOW - 10, expiration=NOW + 2**31 - 5)))
    z.bad("extra_expired", "time.extra", z.signed(after=lambda zone: zone.records.append(
        rrsig([z.find(zone, "mail", "MX")], z.ZSK, expiration=NOW - 5))), "warn")
    z.bad("ends_before_expire", "time.remaining", z.signed(after=z.resign("mail", "MX", expiration=NOW + 604800 - 1)), "warn")
    z.bad("horizon", "time.horizon", z.signed(after=z.resign("mail", "MX", expiration=NOW + 700000)), "then=2026-01-20T00:00:00Z")
    z.bad("ttl_beyond_validity", "time.max-ttl", z.signed([r.copy(ttl=2800000) if r.type == "MX" else r for r in z.base()]), "warn")


def nsec(z):
    z.bad("no_denial", "denial.complete", z.signed(denial=""))
    z.bad("nsec_missing", "denial.nsec.owners", z.signed(before=z.drop("mail", "NSEC")))
    z.bad("nsec_skips", "denial.nsec.chain", z.signed(before=z.edit("mail", "NSEC", change=z.word(0, "secure.zs.test."))))
    z.bad("nsec_last", "denial.nsec.chain", z.signed(before=z.edit("www", "NSEC", change=z.word(0, "a.zs.test."))))
    z.bad("nsec_at_glue", "denial.nsec.owners", z.signed(before=z.add(
        Record("ns.insecure", 3600, "NSEC", "mail.zs.test. A RRSIG NSEC"))))
    z.bad("nsec_at_ent", "denial.nsec.owners", z.signed(before=z.add(
        Record("b.ent", 3600, "NSEC", "a.b.ent.zs.test. RRSIG NSEC"))))
    z.bad("nsec_type_missing", "denial.nsec.bitmap", z.signed(before=z.edit("mail", "NSEC", change=lambda t: t.replace(" MX", ""))))
    z.bad("nsec_type_extra", "denial.nsec.bitmap", z.signed(before=z.edit("mail", "NSEC", change=lambda t: t.replace(" MX", " A MX"))))
    z.bad("nsec_type_last", "denial.nsec.bitmap", z.signed(before=z.edit("mail", "NSEC", change=lambda t: t + " TYPE65535")))
    z.bad("nsec_type_zero", "denial.nsec.bitmap", z.signed(before=z.edit("mail", "NSEC", change=lambda t: t.replace(" MX", " MX TYPE300"))))
    z.bad("nsec_wildcard_types", "denial.nsec.bitmap", z.signed(before=z.edit("*.wild", "NSEC", change=lambda t: t.replace(" TXT", ""))))
    z.bad("nsec_glue_type", "denial.nsec.bitmap", z.signed(z.base(extra=[Record("insecure", 3600, "A", "192.0.2.7")]),
                                                           before=z.edit("insecure", "NSEC", change=lambda t: t.replace(" NS", " A NS", 1))))
    z.bad("nsec_ttl", "denial.ttl", z.signed(before=z.edit("mail", "NSEC", ttl=600)), "warn")
    z.bad("nsec_with_nsec3", "denial.one-scheme", z.signed(denial="nsec nsec3"), "warn")


def nsec3(z):
    with_ = lambda **o: dict(denial="nsec3", **o)
    z.bad("nsec3_missing_name", "denial.nsec3.names", z.signed(**with_(drop=("mail",))))
    z.bad("nsec3_missing_record", "denial.nsec3.chain", z.signed(**with_(before=z.drop(z.hashed("mail"), "NSEC3"))))
    z.bad("nsec3_missing_ent", "denial.nsec3.names", z.signed(**with_(drop=("b.ent",))))
    z.bad("nsec3_missing_secure", "denial.nsec3.names", z.signed(**with_(drop=("secure",), opt_out=True)))
    z.bad("nsec3_missing_mixed_ent", "denial.nsec3.names", z.signed(**with_(drop=("both",), opt_out=True)))
    z.bad("nsec3_missing_insecure", "denial.nsec3.opt-out-span", z.signed(**with_(drop=("insecure",), opt_out=False)))
    z.bad("nsec3_missing_wildcard", "denial.nsec3.names", z.signed(**with_(drop=("*.wild",))))
    z.bad("nsec3_ent_of_listed_delegation", "denial.nsec3.names", z.signed(
        **with_(drop=("sub",), opt_out=True, keep=(z.name("deep.sub"),))))
    z.bad("nsec3_overlap", "denial.nsec3.chain", z.signed(**with_(before=z.edit(
        z.hashed("mail"), "NSEC3", change=z.word(4, z.hashed("mail")[:-1] + "g")))))
    z.bad("nsec3_extra", "denial.nsec3.extra", z.signed(z.base(extra=[Record("ghost", 3600, "A", "192.0.2.1")]), **with_(
        before=z.drop("ghost", "A"))))
    z.bad("nsec3_ent_left_over", "denial.nsec3.extra", z.signed(z.base(extra=[Record("x.ghost", 3600, "A", "192.0.2.1")]), **with_(
        before=z.drop("x.ghost", "A"))))
    z.bad("nsec3_bitmap", "denial.nsec3.bitmap", z.signed(**with_(before=z.edit(
        z.hashed("mail"), "NSEC3", change=lambda t: t.replace(" MX", " A MX")))))
    z.bad("nsec3_bitmap_ent", "denial.nsec3.bitmap", z.signed(**with_(before=z.edit(
        z.hashed("b.ent"), "NSEC3", change=lambda t: t + " A"))))
    z.bad("nsec3_bitmap_rrsig", "denial.nsec3.bitmap", z.signed(**with_(keep=(z.name("insecure"),), before=z.edit(
        z.hashed("insecure"), "NSEC3", change=lambda t: t + " RRSIG"))))
    z.bad("nsec3_other_salt", "denial.nsec3.chain", z.signed(**with_(before=z.edit(
        z.hashed("mail"), "NSEC3", change=z.word(3, "AB")))))
    z.bad("nsec3_other_iterations", "denial.nsec3.chain", z.signed(**with_(before=z.edit(
        z.hashed("mail"), "NSEC3", change=z.word(2, "1")))))
    z.bad("nsec3_unknown_flag", "denial.nsec3.parameters", z.signed(**with_(before=z.edit(
        z.hashed("mail"), "NSEC3", change=z.word(1, "2")))))
    z.bad("nsec3param_flag", "denial.nsec3.parameters", z.signed(**with_(before=z.edit("@", "NSEC3PARAM", change=z.word(1, "1")))))
    z.bad("nsec3param_algorithm", "denial.nsec3.parameters", z.signed(**with_(before=z.edit("@", "NSEC3PARAM", change=z.word(0, "2")))))
    z.bad("nsec3param_without_chain", "denial.nsec3.parameters", z.signed(**with_(before=z.add(Record("@", 0, "NSEC3PARAM", "1 0 0 AB")))))
    z.bad("nsec3param_changed", "denial.nsec3.parameters", z.signed(**with_(before=z.edit("@", "NSEC3PARAM", change=z.word(3, "AB")))))
    z.bad("nsec3param_missing", "denial.complete", z.signed(**with_(param=False)))
    z.bad("nsec3_two_sets_one_broken", "denial.nsec3.names", z.signed(**with_(
        before=lambda zone: zone.add_nsec3(salt=b"\xab", drop=("mail",)))))
    covers = sorted(nsec3_hash(n) for n in z.nsec3_names)
    span = max(h for h in covers if h < nsec3_hash(z.name("insecure"))) if min(covers) < nsec3_hash(z.name("insecure")) else max(covers)
    z.bad("nsec3_flag_cleared_on_insecure", "denial.nsec3.opt-out-span", z.signed(**with_(
        opt_out=True, flags_of=lambda digest: int(digest != span))))
    closer = nsec3_hash(z.name("sub"))
    at_closer = max([h for h in covers if h < closer] or [max(covers)])
    own = nsec3_hash(z.name("deep.sub"))
    at_own = max([h for h in covers if h < own] or [max(covers)])
    assert at_own != at_closer, "next closer name and delegation must lie in different spans"
    z.bad("nsec3_next_closer_not_opt_out", "denial.nsec3.opt-out-span", z.signed(**with_(
        opt_out=True, flags_of=lambda digest: int(digest != at_closer))))
    # Seen in the answers that servers would give.
    plain_over = lambda owner, names: max([h for h in map(nsec3_hash, names) if h < nsec3_hash(z.name(owner))] or
                                          [max(map(nsec3_hash, names))])
    without = z.nsec3_names - {z.name("both")}
    z.bad("response_ent_above_secure_child", "response.nodata", z.signed(**with_(
        drop=("both",), opt_out=True, flags_of=lambda digest: int(digest != plain_over("both", without)))))
    z.bad("response_flag_cleared_over_insecure", "response.referral", z.signed(**with_(
        opt_out=True, flags_of=lambda digest: int(digest != span))))
    z.bad("response_next_closer_in_plain_span", "response.referral", z.signed(**with_(
        opt_out=True, flags_of=lambda digest: int(digest != at_closer))))
    z.bad("response_wildcard_nodata", "response.wildcard", z.signed(**with_(drop=("*.wild",), opt_out=False)))
    z.bad("response_wildcard_above_bare_ent", "response.opt-out-wildcard", z.signed(
        z.base(extra=[Record("*", 3600, "TXT", '"any"')]), **with_(opt_out=True)), "warn")
    # The wildcard for names below "bar" is an empty non-terminal, which opt-out left out as well.
    z.bad("response_wildcard_above_bare_wildcard", "response.opt-out-wildcard", z.signed(z.base(extra=[
        Record("*", 3600, "A", "192.0.2.9"), Record("d.*.bar", 3600, "NS", "ns.elsewhere.test.")]), **with_(opt_out=True)), "warn")
    z.bad("response_wildcard_claims_more", "response.wildcard", z.signed(**with_(opt_out=True, before=z.edit(
        z.hashed("*.wild"), "NSEC3", change=lambda text: text.replace("TXT", "A TXT")))))
    z.bad("response_overlap", "response.nxdomain", z.signed(**with_(before=z.edit(
        z.hashed("mail"), "NSEC3", change=z.word(4, z.hashed("mail")[:-1] + "g")))))
    z.bad("response_dname_unsigned", "response.positive", z.signed(**with_(after=z.drop("old", "RRSIG"))))
    label = z.hashed("mail")
    z.bad("nsec3_unsigned_beside_delegation", "sig.covered", z.signed(
        z.base(extra=[Record(label, 3600, "NS", "ns.elsewhere.test.")]), **with_(after=z.drop(label, "RRSIG", "NSEC3"))))
    z.bad("nsec3_iterations", "denial.nsec3.iterations", z.signed(**with_(iterations=5)), "warn")
    z.bad("nsec3_ttl", "denial.ttl", z.signed(**with_(before=z.edit(z.hashed("mail"), "NSEC3", ttl=600))), "warn")
    z.bad("nsec3_iterations_151", "denial.nsec3.parameters", z.signed(**with_(iterations=151)))
    z.bad("nsec_lie_beside_nsec3", "denial.nsec.bitmap", z.signed(denial="nsec nsec3", before=z.edit(
        "secure", "NSEC", change=lambda t: t.replace(" DS", ""))))
    z.bad("nsec3_lie_unannounced", "denial.nsec3.bitmap", z.signed(denial="nsec", before=z.add(
        Record(z.hashed("secure"), 3600, "NSEC3", f"1 0 0 - {z.hashed('secure')} NS"))))
    idle = lambda *acts, **o: with_(before=z.chain(lambda zone: zone.add_nsec3(salt=b"\xcc", param=False, **o), *acts))
    z.bad("nsec3_idle_skips_a_name", "denial.idle-spans", z.signed(**idle(drop=("mail",))), "warn")
    z.bad("nsec3_idle_skips_a_secure_delegation", "denial.idle-spans", z.signed(**idle(drop=("secure",), opt_out=True)), "warn")
    z.bad("nsec3_idle_skips_an_insecure_delegation", "denial.idle-spans", z.signed(**idle(drop=("insecure",))), "warn")

    def overlap(zone):
        links = sorted((r for r in zone.records if r.type == "NSEC3" and r.text.split()[3] == "CC"), key=lambda r: r.name)
        links[0].text = z.word(4, links[1].text.split()[4])(links[0].text)
    z.bad("nsec3_idle_overlaps", "denial.idle-spans", z.signed(**idle(overlap)), "warn")
    z.bad("nsec3_second_set_overlaps", "denial.nsec3.chain", z.signed(
        **with_(before=z.chain(lambda zone: zone.add_nsec3(salt=b"\xcc"), overlap))))
    z.bad("nsec3_second_set_without_opt_out", "denial.nsec3.opt-out-span", z.signed(**with_(opt_out=True,
        before=lambda zone: zone.add_nsec3(salt=b"\xcc", opt_out=True, flags_of=lambda digest: 0))))
    z.bad("nsec_idle_skips_a_name", "denial.idle-spans", z.signed(denial="nsec nsec3", before=z.edit(
        "mail", "NSEC", change=z.word(0, "www.zs.test."))), "warn")
    z.bad("nsec_idle_wraps", "denial.idle-spans", z.signed(denial="nsec nsec3", before=z.edit(
        "mail", "NSEC", change=z.word(0, "zs.test."))), "warn")
    z.bad("nsec3_salt", "denial.nsec3.salt", z.signed(**with_(salt=b"\x01")), "warn")
    z.bad("nsec3_two_params", "denial.nsec3.one-set", z.signed(**with_(before=lambda zone: zone.add_nsec3(salt=b"\xaa"))), "warn")
    z.bad("nsec3_mixed_flags", "denial.nsec3.opt-out", z.signed(**with_(
        keep=tuple(z.name(n) for n in ("insecure", "deep.sub", "in.both")), opt_out=True, flags_of=lambda d: d[0] % 2)), "warn")


def delegations(z):
    z.bad("ds_at_apex", "delegation.ds-apex", z.signed(z.base(extra=[Record("@", 3600, "DS", z.DS)])))
    z.bad("ds_without_ns", "delegation.ds-owner", z.signed(z.base(extra=[Record("www", 3600, "DS", z.DS)])), "warn")
    z.bad("ds_ttl", "delegation.ds-ttl", z.signed([r.copy(ttl=60) if r.type == "DS" else r for r in z.base()]), "warn")
    kid = lambda ds: z.base(extra=[Record("kid", 3600, "NS", "ns.elsewhere.test."), Record("kid", 3600, "DS", ds)])
    z.bad("ds_digest_cut", "delegation.ds-form", z.signed(kid("5 13 2 " + "ab" * 31)))
    z.bad("ds_algorithm_zero", "delegation.ds-form", z.signed(kid("0 0 0 00")))
    z.bad("ds_sha1", "delegation.ds-sha1", z.signed(kid("5 13 1 " + "ab" * 20)), "warn")


def zonemd(z):
    z.bad("zonemd_private_twice", "zonemd.form", z.signed(z.base(extra=[
        Record("@", 3600, "ZONEMD", f"{serial} 240 1 " + "ab" * 48) for serial in (2026010100, 2026010101)])))
    z.bad("zonemd_private_of_another_serial", "zonemd.every", z.signed(z.base(extra=[
        Record("@", 3600, "ZONEMD", "2026010100 240 1 " + "ab" * 48)])), "warn")
    again = lambda zone: z.resign("@", "ZONEMD")(zone)
    z.bad("zonemd_wrong", "zonemd.digest", z.signed(zonemd=(1,), after=z.chain(
        z.edit("@", "ZONEMD", change=lambda t: t[:-1] + ("0" if t[-1] != "0" else "1")), again)))
    z.bad("zonemd_glue_changed", "zonemd.digest", z.signed(zonemd=(1,), after=z.edit("ns.insecure", "A", change=lambda t: "192.0.2.99")))
    z.bad("zonemd_glue_missing", "zonemd.digest", z.signed(zonemd=(1,), after=z.drop("insecure", "NS")))
    z.bad("zonemd_serial", "zonemd.digest", z.signed(zonemd=(1,), after=z.chain(
        z.edit("@", "ZONEMD", change=z.word(0, "2026010100")), again)))
    z.bad("zonemd_one_of_another_serial", "zonemd.every", z.signed(zonemd=(1, 2), after=z.chain(
        lambda zone: [setattr(r, "text", z.word(0, "2026010100")(r.text)) for r in zone.records
                      if r.type == "ZONEMD" and r.text.split()[2] == "2"], again)), "warn")
    z.bad("zonemd_short", "zonemd.form", z.signed(zonemd=(1,), after=z.chain(
        z.edit("@", "ZONEMD", change=lambda t: t[:-2]), again)))
    z.bad("zonemd_twice", "zonemd.form", z.signed(zonemd=(1,), after=z.chain(
        z.add(Record("@", 3600, "ZONEMD", "2026010101 1 1 " + "00" * 48)), again)))
    z.bad("zonemd_one_wrong", "zonemd.every", z.signed(zonemd=(1, 2), after=z.chain(
        lambda zone: [setattr(r, "text", r.text[:-1] + ("0" if r.text[-1] != "0" else "1")) for r in zone.records
                      if r.type == "ZONEMD" and r.text.split()[2] == "2"], again)), "warn")
    z.bad("zonemd_unsigned", "sig.covered", z.signed(zonemd=(1,), after=z.drop("@", "RRSIG", "ZONEMD")))


def past(z):
    z.write("bad", "previous.zone", z.signed(z.base(2026010101)))
    newer = lambda **o: z.signed(z.base(2026010102), **o)
    z.bad("serial_lower", "serial.increases", z.signed(z.base(2026010100)), "previous=previous.zone")
    z.bad("serial_half", "serial.increases", z.signed(z.base((2026010101 + 2**31) % 2**32)), "previous=previous.zone")
    z.bad("serial_reset_unix", "serial.increases", z.signed(z.base(1768003200)), "previous=previous.zone")
    z.bad("serial_reused", "serial.content", z.signed(z.base(2026010101, extra=[Record("new", 60, "A", "192.0.2.3")])), "previous=previous.zone")
    z.bad("other_keys", "cache.old-keys", newer(zsks=(z.ZSK2,), published=(z.KSK, z.ZSK2)), "previous=previous.zone")
    z.bad("new_key_at_once", "cache.key-prepublished", newer(zsks=(z.ZSK2,), published=(z.KSK, z.ZSK, z.ZSK2)), "previous=previous.zone")
    z.bad("old_key_gone", "cache.old-signatures", newer(zsks=(z.ZSK2,), published=(z.KSK, z.ZSK2)), "previous=rolling.zone")
    z.write("bad", "rolling.zone", z.signed(z.base(2026010101), zsks=(z.ZSK,), published=(z.KSK, z.ZSK, z.ZSK2)))
    z.write("bad", "limits_tight.json", '{"schema": "zoneseal.limits/1", "change": {"removed": {"ppm": 0, "floor": 0}, '
            '"added": {"ppm": 0, "floor": 0}, "ns": {"ppm": 0, "floor": 0}, "ds": {"ppm": 0, "floor": 0}, '
            '"records": {"ppm": 0, "floor": 0}}}\n')
    tight = "previous=previous.zone policy=limits_tight.json"
    z.bad("delegation_removed", "change.delegations", z.signed([r for r in z.base(2026010102) if r.name != z.name("deep.sub")]), tight)
    z.bad("delegation_added", "change.delegations", z.signed(z.base(2026010102, [Record("n", 3600, "NS", "a.test.")])), tight)
    z.bad("ns_changed", "change.ns", z.signed([r.copy(text="z.test.") if r.name == z.name("deep.sub") else r for r in z.base(2026010102)]), tight)
    z.bad("glue_changed", "change.ns", z.signed([r.copy(text="192.0.2.10") if r.text == "192.0.2.9" else r for r in z.base(2026010102)]), tight)
    farm = [Record(f"host{at}.farm", 3600, "A", f"192.0.2.{at}") for at in range(1, 6)]
    z.write("bad", "farm.zone", z.signed(z.base(2026010101, farm)))
    z.write("bad", "limits_two_records.json", '{"schema": "zoneseal.limits/1", "min_remaining": 0, '
            '"change": {"records": {"ppm": 0, "floor": 2}}}\n')
    z.bad("stray_ns_hides_hosts", "change.records", z.signed(z.base(2026010102, farm + [Record("farm", 3600, "NS", "a.test.")])),
          "previous=farm.zone policy=limits_two_records.json")
    z.bad("ds_removed", "change.ds", z.signed([r for r in z.base(2026010102) if not (r.name == z.name("secure") and r.type == "DS")]), tight)
    z.bad("records_lost", "change.records", z.signed([r for r in z.base(2026010102) if r.type != "MX"]), tight)
    z.bad("apex_ns_replaced", "change.apex", z.signed([r.copy(text="x" + r.text) if r.name == APEX and r.type == "NS" else r
                                                       for r in z.base(2026010102)]), "previous=previous.zone")
    z.write("bad", "limits_ten_days.json", '{"schema": "zoneseal.limits/1", "min_remaining": 864000}\n')
    z.bad("expire_raised", "change.expire", z.signed([r.copy(text=r.text.replace("604800", "1900800")) if r.type == "SOA" else r
                                                      for r in z.base(2026010102)]), "previous=previous.zone policy=limits_ten_days.json")
    z.write("bad", "unsigned.in", Zone(z.base(1)))
    z.bad("input_record_lost", "unsigned.equal", z.signed([r for r in z.base() if r.type != "MX"]), "unsigned=unsigned.in")
    z.bad("input_record_added", "unsigned.equal", z.signed(z.base(extra=[Record("new", 60, "A", "192.0.2.3")])), "unsigned=unsigned.in")
    z.bad("input_glue_changed", "unsigned.equal", z.signed([r.copy(text="192.0.2.99") if r.text == "192.0.2.9" else r for r in z.base()]), "unsigned=unsigned.in")
    z.bad("input_ttl_changed", "unsigned.equal", z.signed([r.copy(ttl=60) if r.type == "MX" else r for r in z.base()]), "unsigned=unsigned.in")
    z.bad("input_soa_changed", "unsigned.equal", z.signed([r.copy(text=r.text.replace("7200", "7201")) if r.type == "SOA" else r for r in z.base()]), "unsigned=unsigned.in")
    input_digest(z)


def input_digest(z):
    """What is signed is the input, which is not what its own ZONEMD says."""
    without = lambda kind: lambda zone: zone.records.__setitem__(slice(None), [r for r in zone.records if r.type != kind])
    at_apex = lambda change: lambda zone: [setattr(r, "text", change(r.text)) for r in zone.records if r.type == "ZONEMD"]
    extra = lambda text: lambda zone: zone.records.append(Record("@", 3600, "ZONEMD", text))
    for label, tuples, after in (
            ("record_lost", (1, 2), without("MX")), ("glue_lost", (1,), lambda zone: zone.records.remove(
                next(r for r in zone.records if r.text == "192.0.2.9"))),
            ("record_added", (1,), z.add(Record("new", 3600, "TXT", '"x"'))),
            ("dnskey_added", (1,), z.add(Record("@", 3600, "DNSKEY", z.KSK.text()))),
            ("nsec_added", (1,), z.add(Record("www", 3600, "NSEC", "zs.test. A"))),
            ("ttl_changed", (1,), lambda zone: [setattr(r, "ttl", 60) for r in zone.records if r.type == "MX"]),
            ("altered", (1,), at_apex(lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"))),
            ("placeholder", ((1, 1),), None), ("other_serial", (1,), at_apex(lambda text: text.replace("7 ", "6 ", 1))),
            ("short", (1,), at_apex(lambda text: text[:-2])), ("tiny", (), extra("7 1 1 abcd")),
            ("twice", (1,), extra("7 1 1 " + "00" * 48)), ("only_private", ((240, 1),), None),
            ("only_unknown_hash", ((1, 3),), None)):
        zone = z.digested(z, *tuples, after=after)
        z.write("bad", f"input_{label}.in", zone)
        z.bad(f"input_digest_{label}", "unsigned.zonemd", z.signed([r for r in zone.records if r.type not in ("ZONEMD", "SOA", "DNSKEY", "NSEC")] + [
            r for r in z.base() if r.type == "SOA"]), f"unsigned=input_{label}.in silent=unsigned.equal")
    cut = z.digested(z, 1).text().splitlines(True)
    z.write("bad", "input_cut.in", "".join(cut[:-6]))
    left = [r for r in z.base() if r.type == "SOA" or r.line() in cut[:-6]]
    z.bad("input_digest_cut", "unsigned.zonemd", z.signed(left), "unsigned=input_cut.in silent=unsigned.equal")
    z.bad("input_digest_cut_plain", "unsigned.zonemd", Zone(left), "plain unsigned=input_cut.in silent=unsigned.equal")
    z.write("bad", "input_signed.in", "".join(z.signed(zonemd=(1,)).text().splitlines(True)[:-2]))
    z.bad("input_digest_signed", "unsigned.zonemd", z.signed(z.base(2026010102)), "unsigned=input_signed.in")


def no_proof(z):
    """Inputs that are there and prove nothing: who asked gets a no."""
    for label, ds in (("no_digest", "1 15 2"), ("unknown_digest", "1 15 9 ABCD"), ("unknown_algorithm", "1 12 2 " + "ab" * 32)):
        z.write("bad", f"{label}.ds", f"zs.test. 3600 IN DS {ds}\n")
        z.bad(f"anchor_{label}", "chain.anchor", z.signed(), f"anchor={label}.ds")
    z.write("bad", "short_beside.ds", f"zs.test. 3600 IN DS {z.KSK.ds()}\nzs.test. 3600 IN DS {z.KSK.ds()[:-2]}\n")
    z.bad("anchor_short_digest", "chain.anchor", z.signed(), "anchor=short_beside.ds")
    z.write("bad", "cds.ds", f"zs.test. 3600 IN CDS {z.KSK.ds()}\n")
    z.bad("anchor_is_cds", "chain.anchor", z.signed(), "anchor=cds.ds")
    z.write("bad", "many.ds", f"zs.test. 3600 IN DS {z.KSK.ds()}\n" + "".join(
        f"zs.test. 3600 IN DS {at} 15 2 {'ab' * 32}\n" for at in range(256)))
    z.bad("anchors_beyond_measure", "gate.counts", z.signed(), "anchor=many.ds")
    z.write("bad", "other.zone", "other.test. 3600 IN SOA a.test. b.test. 1 2 3 4 5\nother.test. 3600 IN NS ns.test.\n")
    z.bad("previous_of_other_zone", "gate.counts", z.signed(), "previous=other.zone")
    z.write("bad", "soa_lost.zone", "zs.test. 3600 IN NS ns1.zs.test.\nwww.zs.test. 3600 IN A 192.0.2.80\n")
    z.bad("previous_without_soa", "gate.counts", z.signed(), "previous=soa_lost.zone")
    z.bad("cds_unknown_digest_only", "cds.chain", z.signed(z.base(extra=[Record("@", 3600, "CDS", "1 15 9 abcd")])))
    z.bad("cds_unknown_algorithm_only", "cds.chain", z.signed(z.base(extra=[Record("@", 3600, "CDS", "1 12 2 " + "ab" * 32)])))


def policy(z):
    write = lambda file, members: z.write("bad", file, '{"schema": "zoneseal.limits/1", ' + members + "}\n")
    write("limits_zonemd.json", '"zonemd": true')
    z.bad("policy_no_zonemd", "zonemd.present", z.signed(), "policy=limits_zonemd.json")
    write("limits_ttl.json", '"max_ttl": 600')
    z.bad("policy_ttl", "time.max-ttl", z.signed(), "policy=limits_ttl.json")
    write("limits_remaining.json", '"min_remaining": 2592000')
    z.bad("policy_remaining", "time.remaining", z.signed(), "policy=limits_remaining.json")
    write("limits_offset.json", f'"inception_offset": {NOW - INCEPTION + 1}')
    z.bad("policy_begins_too_late", "time.window", z.signed(), "policy=limits_offset.json")
    write("limits_validity.json", f'"max_validity": {EXPIRATION - NOW - 1}')
    z.bad("policy_valid_too_long", "time.window", z.signed(), "policy=limits_validity.json")
    write("limits_dnskey_ttl.json", '"dnskey_ttl": 7200')
    z.bad("policy_dnskey_ttl", "key.ttl", z.signed(), "policy=limits_dnskey_ttl.json")
    write("limits_algorithms.json", '"algorithms": [8, 13]')
    z.bad("policy_algorithm", "key.algorithm", z.signed(), "policy=limits_algorithms.json")
    write("limits_algorithm_7.json", '"algorithms": [5, 7]')
    write("limits_nothing.json", '"min_remaining": 0')
    z.bad("policy_iterations", "denial.nsec3.iterations", z.signed(denial="nsec3", iterations=5), "policy=limits_nothing.json")
    write("limits_nsec3.json", '"denial": "nsec3", "opt_out": true')
    z.bad("policy_denial", "denial.one-scheme", z.signed(denial="nsec"), "policy=limits_nsec3.json")
    z.bad("policy_opt_out", "denial.nsec3.opt-out", z.signed(denial="nsec3", opt_out=False), "policy=limits_nsec3.json")
    write("limits_nsec.json", '"denial": "nsec"')
    z.bad("policy_denial_nsec", "denial.one-scheme", z.signed(denial="nsec3"), "policy=limits_nsec.json")
    write("limits_unknown.json", '"max_tll": 5')
    z.bad("policy_unknown_member", "exit=65", z.signed(), "policy=limits_unknown.json")


def weak(z):
    """Keys that are legal in form and not wanted, or that nobody here can compute."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    short = lambda label, flags, algorithm: Key(label, flags, algorithm, rsa.generate_private_key(65537, 1024))
    z.bad_once("rsa_1024", "key.size", lambda: z.signed(
        ksks=(short("k", 257, 8),), zsks=(short("z", 256, 8),)), "warn")
    for algorithm in (5, 7):
        z.bad_once(f"algorithm_{algorithm}", "key.algorithm", lambda: z.signed(
            ksks=(Key("k", 257, algorithm),), zsks=(Key("z", 256, algorithm),)), "warn")
        z.bad_once(f"algorithm_{algorithm}", "key.algorithm", None, "policy=limits_algorithm_7.json")
    small = {"identity": "01" + "00" * 31, "order_2": "ec" + "ff" * 30 + "7f", "order_4": "00" * 31 + "80",
             "identity_plus_p": "ee" + "ff" * 30 + "7f",
             "order_8": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
             "order_8_other": "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"}
    for label, octets in small.items():
        z.bad(f"ed25519_{label}", "key.form", z.signed(before=z.add(Record(
            "@", 3600, "DNSKEY", "256 3 15 " + base64.b64encode(bytes.fromhex(octets)).decode()))))
    for label, octets in (("identity", "01" + "00" * 56), ("order_2", "fe" + "ff" * 27 + "fe" + "ff" * 27 + "00"),
                          ("order_4", "00" * 56 + "80")):
        z.bad(f"ed448_{label}", "key.form", z.signed(before=z.add(Record(
            "@", 3600, "DNSKEY", "256 3 16 " + base64.b64encode(bytes.fromhex(octets)).decode()))))
    modulus = b"\xc1" + b"\x5a" * 254 + b"\x0b"
    z.bad("rsa_exponent_1", "key.form", z.signed(before=z.add(Record(
        "@", 3600, "DNSKEY", "256 3 8 " + base64.b64encode(b"\x01\x01" + modulus).decode()))))
    for label, octets in (("zeros", bytes(3)), ("exponent_cut", b"\0\1\0" + modulus[:100]), ("no_modulus", b"\x81" + b"\xff" * 129)):
        z.bad(f"rsa_{label}", "key.form", z.signed(before=z.add(Record(
            "@", 3600, "DNSKEY", "256 3 8 " + base64.b64encode(octets).decode()))))
    z.bad("uncomputable_key", "gate.counts", z.signed(before=z.add(Record("@", 3600, "DNSKEY", "256 3 253 AQIDBAUG"))))
    z.bad("algorithm_only_revoked", "key.algorithm", z.signed(
        ksks=(z.KSK, Key("k16", 257 | 128, 16))), "warn")
    tags = {}
    for number in range(100000):
        key = Key(f"r{number}")
        tags[key.tag()] = key
        partner = tags.get((key.tag() - 128) & 0xFFFF)
        if partner is not None and key.tag() > 128:
            break
    z.bad("tag_equal_once_revoked_by_carry", "key.tag-unique", z.signed(
        published=(z.KSK, z.ZSK, Key("r8730"), Key("r2072"))), "warn")
    z.bad("tag_equal_once_revoked", "key.tag-unique", z.signed(published=(z.KSK, z.ZSK, key, partner)), "warn")


def malformed(z):
    z.bad("cds_malformed", "cds.form", z.signed(z.base(extra=[Record("@", 3600, "CDS", "1 15 0 00")])))
    z.bad("cds_digest_length", "cds.form", z.signed(z.base(extra=[Record("@", 3600, "CDS", "1 15 2 " + "ab" * 31)])))
    z.bad("cdnskey_without_its_cds", "cds.form", z.signed(z.base(extra=[
        Record("@", 3600, "CDS", z.KSK.ds()), Record("@", 3600, "CDNSKEY", z.KSK.text()), Record("@", 3600, "CDNSKEY", z.KSK2.text())])))
    generic = lambda zone, owner, rdtype, wire: zone.replace(
        next(l for l in zone.splitlines(True) if l.startswith(owner + "\t") and f"\tIN\t{rdtype}\t" in l),
        f"{owner}\t3600\tIN\t{rdtype}\t\\# {len(wire) // 2} {wire}\n")
    plain, hashed = z.signed().text(), z.signed(denial="nsec3").text()
    root = "00"
    if z.FLAVOUR == "nsec":
        z.bad("nsec_windows_descend", "denial.nsec.bitmap", generic(plain, "mail.zs.test.", "NSEC", root + "0101400001" + "40"))
        z.bad("nsec_trailing_zero", "denial.nsec.bitmap", generic(plain, "mail.zs.test.", "NSEC", root + "00024000"))
    z.bad("nsec3_short_next", "denial.nsec3.chain", generic(
        hashed, z.hashed("mail") + ".zs.test.", "NSEC3", "01000000" + "00" + "02" + "0102"))
    z.bad("two_nsec", "denial.nsec.owners", z.signed(denial="nsec", before=z.add(Record("mail", 3600, "NSEC", "www.zs.test. MX RRSIG NSEC"))))
    z.bad("nsec_alone", "denial.nsec.owners", z.signed(denial="nsec", records=z.base(extra=[Record("zzz", 3600, "A", "192.0.2.1")]), before=z.drop("zzz", "A")))
    z.bad("rrsig_malformed", "exit=65", plain.replace("mail.zs.test.\t3600\tIN\tMX\t", "mail.zs.test.\t3600\tIN\tRRSIG\t\\# 3 000f0f\nmail.zs.test.\t3600\tIN\tMX\t"))
    z.bad("zonemd_tiny", "zonemd.form", z.signed(z.base(extra=[Record("@", 3600, "ZONEMD", "2026010101 240 1 abcd")])))
    z.bad("ds_no_digest", "delegation.ds-form", z.signed(z.base(extra=[Record("kid", 3600, "NS", "a.test."), Record("kid", 3600, "DS", "1 13 2 ")])))
    z.write("bad", "wrong_uses.keys", f"{z.KSK.text()} master\n")
    z.bad("expected_unknown_use", "exit=65", z.signed(), "expect=wrong_uses.keys")
    z.write("bad", "half.keys", "257 3 15\n")
    z.bad("expected_half_a_key", "exit=65", z.signed(), "expect=half.keys")
    z.write("bad", "junk.keys", "257 3 15 ***\n")
    z.bad("expected_no_key", "exit=65", z.signed(), "expect=junk.keys")
    z.bad("previous_unreadable", "exit=65", z.signed(), "previous=empty.zone")
    z.write("bad", "key_of_other_name.keys", f"{z.KSK.text()} ksk\n{z.ZSK.text()} zsk\n{Key('hsm-b').text()} publish\n")
    z.bad("known_key_under_wrong_tag", "sig.valid", z.signed(after=z.resign("mail", "MX", Key("hsm-b"), tag=z.ZSK.tag())),
          "expect=key_of_other_name.keys")
    z.write("bad", "old.keys", f"{z.KSK.text()} ksk\n{z.ZSK.text()} zsk\n{Key('next').text()} old\n")
    ahead = lambda act: z.signed(zsks=(z.ZSK, Key("next")), published=(z.KSK, z.ZSK), after=act)
    of_next = lambda zone: next(r for r in zone.records if r.name == z.name("mail") and r.type == "RRSIG" and
                                r.text.startswith("MX ") and r.text.split()[6] == str(Key("next").tag()))
    z.bad("old_key_corrupt_signature", "sig.valid", ahead(
        lambda zone: setattr(of_next(zone), "text", z.flip(of_next(zone).text))), "expect=old.keys")
    expired = lambda zone: (zone.records.remove(of_next(zone)), zone.records.append(
        rrsig([z.find(zone, "mail", "MX")], Key("next"), expiration=NOW - 5)))
    z.bad("old_key_expired_signature", "time.extra", ahead(expired), "warn expect=old.keys")
    z.bad("known_key_not_published", "sig.key-published", z.signed(zsks=(z.ZSK, Key("hsm-b")), published=(z.KSK, z.ZSK)),
          "expect=key_of_other_name.keys")


def costly(z):
    """Legal or not, nobody may make the judge work for hours."""
    material = base64.b64decode(z.ZSK.text().split()[3])
    words = [material[i:i + 2] for i in range(0, 32, 2)]
    crowd = [Record("@", 3600, "DNSKEY", "256 3 15 " + base64.b64encode(b"".join(words[i:] + words[:i])).decode())
             for i in range(1, 16)] + [Record("@", 3600, "DNSKEY", "256 3 15 " + base64.b64encode(
                 b"".join(words[::-1])).decode())]
    z.bad("seventeen_keys_of_one_tag", "gate.counts", z.signed(before=z.add(*crowd)))
    z.bad("nine_nsec3param", "gate.counts", z.signed(denial="nsec3", before=z.add(
        *[Record("@", 0, "NSEC3PARAM", f"1 0 0 0{at}") for at in range(9)])))
    z.bad("signatures_by_the_hundred", "gate.counts", z.signed(after=lambda zone: zone.records.extend(
        [rrsig([z.find(zone, "mail", "MX")], z.ZSK, expiration=EXPIRATION - at) for at in range(1, 260)])))


def serials(z):
    for file, *numbers in (("serial_not_kept", "keep", None, 7, 2026010101),
                           ("serial_behind_input", "increment", 2026010100, 2026010105, 2026010101),
                           ("serial_far_ahead_of_input", "increment", None, 7, 2026010101),
                           ("serial_not_past_floor", "increment", 2026010101, 7, 2026010101),
                           ("serial_not_the_time", "unixtime", 7, 7, NOW - 1),
                           ("serial_of_another_day", "date-counter", 2026010100, 7, 2026010900)):
        z.bad(file, "serial.policy", *z.counted("bad", file, *numbers))


def make(z):
    structure(z)
    key_set(z)
    child(z)
    signatures(z)
    times(z)
    if z.FLAVOUR == "nsec":
        nsec(z)
    nsec3(z)
    delegations(z)
    zonemd(z)
    past(z)
    no_proof(z)
    policy(z)
    weak(z)
    malformed(z)
    costly(z)
    serials(z)
