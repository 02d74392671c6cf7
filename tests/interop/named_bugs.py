# SPDX-License-Identifier: MIT
"""Bugs that signers have had or may have, each as a change of a line or two of ours; test_named_bugs.py builds with them.

`find` stands exactly once in the file, or the bug has to be written anew.
"""

from typing import NamedTuple


class Change(NamedTuple):
    file: str
    find: str
    put: str


class Bug(NamedTuple):
    """One bug of the signer, and the checks of which one must refuse what it makes of a zone."""
    title: str
    flavour: str
    checks: tuple
    changes: tuple
    again: bool = False  # shows when a zone is signed for the second time


def bug(title, flavour, checks, *changes, again=False):
    return Bug(title, flavour, tuple(checks.split()), tuple(Change(*change) for change in changes), again)


RRSIG = "signer/sign/rrsig.c"
ZONE = "signer/zone/zone.c"
NSEC = "signer/denial/nsec.c"
NSEC3 = "signer/denial/nsec3.c"
SIGN = "signer/sign/sign_zone.c"
ZONEMD = "signer/sign/zonemd.c"
OWN_TYPES = "if (name->kind != ZONE_DELEGATION || type == RRTYPE_NS || type == RRTYPE_DS)"
SIGNED_AT_CUT = "return type == RRTYPE_DS || type == RRTYPE_NSEC;"

BUGS = (
    bug("Labels counts the asterisk of a wildcard", "nsec", "sig.form",
        (RRSIG, "(name_is_wildcard(owner) ? 1U : 0U)", "0U")),
    bug("Labels counts the root too", "nsec", "sig.form",
        (RRSIG, "(uint8_t)(name_labels(owner)", "(uint8_t)(1U + name_labels(owner)")),
    bug("Labels is one too few, as if all were wildcards", "nsec", "sig.form",
        (RRSIG, "(uint8_t)(name_labels(owner)", "(uint8_t)(name_labels(owner) - (name_labels(owner) > 2)")),
    bug("the original TTL is that of the zone's SOA", "nsec", "sig.ttl",
        (RRSIG, "bytes_put_u32(out + 4, row->ttl);", "bytes_put_u32(out + 4, 5400);")),
    bug("a TTL other than the original is signed", "nsec", "sig.valid",
        (RRSIG, "bytes_put_u32(head + owner_size + 4, row->ttl);", "bytes_put_u32(head + owner_size + 4, row->ttl + 1);")),
    bug("the owner is signed in the case it was written in", "nsec", "sig.valid",
        (RRSIG, "const size_t owner_size = name_lower(row->owner, head);",
         "const size_t owner_size = name_size(row->owner);\n\tmemcpy(head, row->owner, owner_size);")),
    bug("names in RDATA are signed in the case they were written in", "nsec", "sig.valid",
        (RRSIG, "const bool names = rdata_has_canonical_names(row->type);", "const bool names = false;")),
    bug("the records of an RRset are signed in falling order", "nsec", "sig.valid",
        ("signer/zone/order.c", "return rdata_compare(a->type, a->rdata, a->rdata_size, b->rdata, b->rdata_size);",
         "return -rdata_compare(a->type, a->rdata, a->rdata_size, b->rdata, b->rdata_size);")),
    bug("signatures begin an hour hence", "nsec", "time.valid",
        (RRSIG, "rrsig_serial_time(utc_subtract(policy->now, policy->inception_offset))",
         "rrsig_serial_time(utc_add(policy->now, policy->inception_offset))")),
    bug("signatures end before they begin", "nsec", "time.valid",
        (RRSIG, "const struct utc end = utc_add(", "const struct utc end = utc_subtract(")),
    bug("an RRSIG names another key's tag", "nsec", "sig.algorithms chain.self-signed sig.valid",
        (RRSIG, "bytes_put_u16(out + 16, key_published_tag(key));", "bytes_put_u16(out + 16, key_published_tag(key) ^ 1U);")),
    bug("signatures of the last zone are carried over to changed data", "nsec", "sig.valid",
        ("signer/sign/reuse.c", "memcmp(entry->digest, digest, ROWHASH_SIZE) != 0", "false"),
        ("signer/sign/reuse.c", "rdata_compare(row->type, records[i].rdata, records[i].rdata_size, row->records[k].rdata,\n"
         "\t\t\trow->records[k].rdata_size) != 0", "false"), again=True),
    bug("glue is signed", "nsec", "sig.authoritative-only",
        (ZONE, SIGNED_AT_CUT + "\n\tcase ZONE_GLUE:", SIGNED_AT_CUT + "\n\tcase ZONE_GLUE:\n\t\treturn true;")),
    bug("the NS of delegations are signed", "nsec", "sig.authoritative-only",
        (ZONE, SIGNED_AT_CUT, "return type == RRTYPE_DS || type == RRTYPE_NSEC || type == RRTYPE_NS;")),
    bug("DS are not signed", "nsec", "sig.covered", (ZONE, SIGNED_AT_CUT, "return type == RRTYPE_NSEC;")),
    bug("a CNAME is not signed", "nsec", "sig.covered",
        (ZONE, "return type != RRTYPE_RRSIG;", "return type != RRTYPE_RRSIG && type != RRTYPE_CNAME;")),
    bug("an NSEC skips the name that follows", "nsec", "denial.nsec.chain", (NSEC, "i = index + 1;", "i = index + 2;")),
    bug("the last NSEC leads to itself", "nsec", "denial.nsec.chain",
        (NSEC, "return &zone->names[0];", "return &zone->names[index];")),
    bug("the NSEC bitmap lacks RRSIG", "nsec", "denial.nsec.bitmap", (NSEC, "bitmap_add(&bitmap, RRTYPE_RRSIG);", "")),
    bug("the NSEC bitmap of a delegation has its addresses", "nsec", "denial.nsec.bitmap", (NSEC, OWN_TYPES, "if (true)")),
    bug("types above 255 are in no bitmap", "nsec", "denial.nsec.bitmap",
        (NSEC, OWN_TYPES, OWN_TYPES.replace("if (", "if (type < 256 && (", 1) + ")")),
    bug("the NSEC3 bitmap of a secure delegation lacks RRSIG", "nsec3-opt-out", "denial.nsec3.bitmap",
        (NSEC3, "(name->kind == ZONE_DELEGATION && name->secure)", "false")),
    bug("the NSEC3 bitmap of every name has RRSIG", "nsec3-salt", "denial.nsec3.bitmap",
        (NSEC3, "(name->kind == ZONE_DELEGATION && name->secure)", "true")),
    bug("opt-out leaves out secure delegations too", "nsec3-opt-out", "denial.nsec3.names",
        (ZONE, "return name->secure || !opt_out;", "return !opt_out;")),
    bug("opt-out leaves out every empty non-terminal", "nsec3-opt-out", "denial.nsec3.names",
        (ZONE, "case ZONE_EMPTY_NON_TERMINAL:\n\t\treturn true;", "\treturn true;\n\tcase ZONE_EMPTY_NON_TERMINAL:\n\t\treturn !opt_out;")),
    bug("insecure delegations are left out without opt-out", "nsec3-salt", "denial.nsec3.opt-out-span",
        (ZONE, "return name->secure || !opt_out;", "return name->secure;")),
    bug("the opt-out flag is never set", "nsec3-opt-out", "denial.nsec3.opt-out-span",
        (NSEC3, "out[1] = opt_out ? FLAG_OPT_OUT : 0;", "out[1] = 0;")),
    bug("the NSEC3PARAM has the opt-out flag", "nsec3-opt-out", "denial.nsec3.parameters",
        (NSEC3, "return put_parameters(parameters, false, out);", "return put_parameters(parameters, parameters->opt_out, out);")),
    bug("NSEC3 hashes are of names as they were written", "nsec3-salt", "denial.nsec3.names denial.nsec3.extra",
        (NSEC3, "size_t size = name_lower(name, data);", "size_t size = name_size(name);\n\tmemcpy(data, name, size);")),
    bug("NSEC3 hashes take one iteration too few", "nsec3-salt", "denial.nsec3.names denial.nsec3.extra",
        (NSEC3, "i <= hasher->parameters.iterations", "i < hasher->parameters.iterations")),
    bug("NSEC3 hashes take the salt at first only", "nsec3-salt", "denial.nsec3.names denial.nsec3.extra",
        (NSEC3, "hasher->parameters.salt_size) != 1", "i > 0 ? 0 : hasher->parameters.salt_size) != 1")),
    bug("the last NSEC3 leads to itself", "nsec3-salt", "denial.nsec3.chain",
        (NSEC3, "index + 1 == chain->count ? 0 : index + 1", "index + 1 == chain->count ? index : index + 1")),
    bug("an NSEC3 skips the hash that follows", "nsec3-opt-out", "denial.nsec3.chain",
        (NSEC3, "index + 1 == chain->count ? 0 : index + 1", "(index + 2) % chain->count")),
    bug("NSEC and NSEC3 have the SOA's TTL where MINIMUM is less", "nsec", "denial.ttl",
        (SIGN, "soa->ttl < minimum ? soa->ttl : minimum", "soa->ttl > minimum ? soa->ttl : minimum")),
    bug("the digest passes over what is not signed", "nsec", "zonemd.digest",
        (ZONEMD, "if (row->at_apex && row->type == RRTYPE_ZONEMD)",
         "if ((row->at_apex && row->type == RRTYPE_ZONEMD) || row->slot == NULL)")),
    bug("the digest has signatures in no order", "nsec", "zonemd.digest",
        (ZONEMD, "rrsig_canonical_rows(row->type < RRTYPE_RRSIG ? worker->out : &worker->after, row);",
         "rrsig_canonical_rows(worker->out, row);")),
    bug("the ZONEMD has the serial of the input", "nsec", "zonemd.digest",
        ("signer/sign/apex.c", "zonemd_rdata(apex->parameters->serial, rdata);",
         "zonemd_rdata(apex_soa_serial(&zone_rrset(apex->zone, 0, RRTYPE_SOA)->records[0]), rdata);"), again=True),
    bug("DNSKEY RRset is signed by the ZSK", "nsec", "key.role chain.self-signed chain.anchor",
        ("signer/sign/rows.c", "return KEYSET_KEYS;", "return KEYSET_ZONE;")),
)
