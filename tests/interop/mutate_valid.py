# SPDX-License-Identifier: MIT
"""Mutations that leave a zone as valid as it was."""

import calendar
import re
import time

from mutations import NOW, NSEC3, Key, also, mutation
from zonemaker import INCEPTION

# --- equally valid -----------------------------------------------------------------------------------------------------

def right(stage, **how):
    return mutation("", stage, **how)


def each_line(text, change):
    return "".join(change(*line.split("\t", 1)) for line in text.splitlines(True))


@right("text")
def owner_case(plot, text):
    """owners in other cases"""
    return each_line(text, lambda owner, rest: f"{plot.random.choice([owner, owner.upper(), owner.title()])}\t{rest}")


@right("text")
def lines_shuffled(plot, text):
    """the records in another order"""
    first, *rest = text.splitlines(True)
    plot.random.shuffle(rest)
    return first + "".join(rest)


@right("text")
def comments_and_parentheses(plot, text):
    """comments, empty lines and records over several lines"""
    first, *rest = text.splitlines(True)
    spread = lambda line: re.sub(r"\t(\S+)\n$", r"\t( ; here\n\t\1 )\n", line)
    return "; a zone\n\n" + first + "".join(line if plot.random.random() < 0.7 or '"' in line else spread(line) for line in rest)


@right("text")
def owner_escaped(plot, text):
    """an octet of an owner as \\DDD"""
    return each_line(text, lambda owner, rest: f"{owner if owner[0] == '*' else f'{chr(92)}{ord(owner[0]):03}{owner[1:]}'}\t{rest}")


@right("text")
def relative_names(plot, text):
    """$ORIGIN and owners relative to it"""
    first, *rest = text.splitlines(True)
    short = lambda owner, rest: f"{owner[:-len('.zs.test.')] if owner.endswith('.zs.test.') else owner}\t{rest}"
    return first + "$ORIGIN zs.test.\n" + each_line("".join(rest), short)


@right("text", flavours=NSEC3)
def hashes_in_upper_case(plot, text):
    """NSEC3 owners and next hashes in upper case"""
    return re.sub(r"(?m)^[0-9a-v]{32}(?=\.zs)|(?<= )[0-9a-v]{32}(?= |\n)", lambda found: found[0].upper(), text)


@right("text")
def times_in_seconds(plot, text):
    """an RRSIG's times as seconds"""
    line = plot.pick(plot.signatures()).line()
    seconds = lambda found: str(calendar.timegm(time.strptime(found[0], "%Y%m%d%H%M%S")))
    return text.replace(line, re.sub(r"(?<= )\d{14}(?= )", seconds, line))


@right("text")
def type_in_generic_form(plot, text):
    """a record in the form of RFC 3597"""
    record = plot.pick([r for records in plot.own("A", "MX", "TXT", "CNAME") for r in records])
    number = {"A": 1, "MX": 15, "TXT": 16, "CNAME": 5}[record.type]
    octets = record.wire()
    return text.replace(record.line(), f"{record.name}\t{record.ttl}\tIN\tTYPE{number}\t\\# {len(octets)} {octets.hex()}\n")


@right("denied", flavours=NSEC3)
def nsec3param_ttl(plot):
    """the NSEC3PARAM has some other TTL"""
    plot.of_type("NSEC3PARAM")[0].ttl = plot.random.choice([1, 60, 86400])


@right("signed")
def signature_of_a_foreign_key_beside(plot):
    """a signature by an unpublished key beside the good one"""
    plot.resign(plot.a_set(), plot.other, beside=True)


@right("signed")
def signature_of_a_foreign_algorithm_beside(plot):
    """a signature of an algorithm without key beside the good one"""
    plot.resign(plot.a_set(), Key("second", 256, 13 if plot.kind.algorithm == 15 else 15), beside=True)


@right("keys")
def two_zsks_sign(plot):
    """two ZSKs sign everything"""
    also(plot, plot.other, signing=True)


@right("keys")
def standby_keys(plot):
    """keys that sign nothing"""
    also(plot, plot.other, Key("ksk2", 257, plot.kind.algorithm))


@right("keys")
def one_key_for_all(plot):
    """one key signs all"""
    plot.zsks = [plot.ksk]


@right("keys")
def one_key_without_sep(plot):
    """one key without the SEP bit signs all"""
    plot.ksks = [plot.zsk]


@right("keys")
def keys_signed_by_both(plot):
    """the DNSKEY RRset is signed by KSK and ZSK"""
    plot.ksks.append(plot.zsk)


@right("keys")
def revoked_key_signs_keys(plot):
    """a revoked key signs the DNSKEY RRset too"""
    plot.ksks.append(Key("ksk2", 257 | 128, plot.kind.algorithm))


@right("keys")
def two_algorithms_in_full(plot):
    """a second algorithm signs all"""
    second = 13 if plot.kind.algorithm == 15 else 15
    plot.ksks.append(Key("second-ksk", 257, second))
    plot.zsks.append(Key("second", 256, second))


@right("signed")
def rrsets_by_different_keys(plot):
    """one RRset is signed by another published key alone"""
    plot.resign(plot.a_set(), plot.ksk)


@right("signed")
def valid_for_years(plot):
    """a signature of ten years"""
    plot.resign(plot.a_set(), inception=INCEPTION, expiration=NOW + 10 * 365 * 86400)


@right("records")
def occluded_data(plot):
    """data of other types below a delegation"""
    plot.add((f"{plot.label()}.{plot.pick(plot.cuts())}", "TXT", '"occluded"'))


@right("records")
def unknown_type(plot):
    """a record of an unknown type"""
    plot.add((plot.label(), "TYPE65280", "\\# 3 010203"))


@right("records")
def child_ds_of_unknown_digest(plot):
    """a DS of an unknown algorithm and digest beside a known one"""
    plot.zone.records.append(plot.pick(plot.of_type("DS")).copy(text="7 200 99 ABCD"))


@right("records")
def cds_and_cdnskey(plot):
    """CDS and CDNSKEY of the KSK"""
    plot.add(("@", "CDS", plot.ksk.ds()), ("@", "CDNSKEY", plot.ksk.text()))


@right("records")
def inner_asterisk(plot):
    """an asterisk that is not the first label"""
    plot.add((f"{plot.label()}.*.{plot.label()}", "A", "192.0.2.1"))


@right("records")
def rrset_ttls(plot):
    """RRsets with TTLs of their own"""
    for records in plot.own("A", "MX", "TXT"):
        ttl = plot.random.choice([0, 1, 300, 86400])
        for record in records:
            record.ttl = ttl


@right("text")
def rdata_case(plot, text):
    """names in RDATA of MX, NS, CNAME and DNAME in upper case"""
    return re.sub(r"(?m)(?<=\tIN\t)(MX|NS|CNAME|DNAME)\t(.*)$", lambda found: f"{found[1]}\t{found[2].upper()}", text)


@right("keys", flavours=("opt-out",))
def insecure_delegation_with_nsec3(plot):
    """an insecure delegation of an opt-out zone has an NSEC3"""
    plot.nsec3["keep"] = (plot.pick(plot.cuts(secure=False)),)


@right("keys", flavours=("opt-out",))
def bare_empty_non_terminals_with_nsec3(plot):
    """empty non-terminals of insecure delegations have NSEC3 in an opt-out zone"""
    plot.nsec3["bare_ents"] = True


@right("keys", zonemd=True)
def two_digests(plot):
    """ZONEMD of both hashes"""
    plot.hashes = (1, 2)


@right("sealed", zonemd=True)
def private_scheme_beside(plot):
    """a ZONEMD of a private scheme beside the good one"""
    plot.add(("@", "ZONEMD", "2026010101 240 1 " + "ab" * 48))
    plot.sign_zonemd()
