# SPDX-License-Identifier: MIT
"""Bugs that signer and gate have in common, and which peer finds each; test_common_bugs.py builds both with them.

What the two share is signer/base alone; the first bug is there. The rest are one misreading of an RFC in the signer and once
more in the gate, which has parsers, hashes and canonical forms of its own.
"""

import calendar
import datetime
from typing import NamedTuple

from named_bugs import NSEC, NSEC3, OWN_TYPES, RRSIG, SIGNED_AT_CUT, ZONE, Change

UTC = "signer/base/utc.c"


def next_leap_day():
    """In days since 1970; two months ahead or more."""
    soon = datetime.date.today() + datetime.timedelta(60)
    year = next(year for year in range(soon.year, soon.year + 9) if calendar.isleap(year) and datetime.date(year, 2, 29) > soon)
    return (datetime.date(year, 2, 29) - datetime.date(1970, 1, 1)).days


LEAP_DAY = next_leap_day()


class Common(NamedTuple):
    title: str
    flavour: str
    signer: tuple
    gate: tuple
    finders: frozenset  # the peers that refuse the zone


def common(title, flavour, signer, gate, *finders):
    changes = lambda rows: tuple(Change(*row) for row in rows)
    return Common(title, flavour, changes(signer), changes(gate), frozenset(finders))


BIND, LDNS, KNOT = "dnssec-verify", "ldns-verify-zone", "kzonecheck"

SHARED = (
    (UTC, "int64_t days = t.seconds / DAY;", f"int64_t days = t.seconds / DAY + (t.seconds / DAY >= {LEAP_DAY});"),
    (UTC, "const int64_t days = days_of_date(m->year, m->month, m->day);",
     f"const int64_t date = days_of_date(m->year, m->month, m->day);\n\tconst int64_t days = date - (date > {LEAP_DAY});"),
)

BUGS = (
    common("the calendar forgets the next leap day (signer/base/utc.c)", "nsec", SHARED, SHARED, BIND, LDNS, KNOT),
    common("names in RDATA keep their case", "nsec",
           [(RRSIG, "const bool names = rdata_has_canonical_names(row->type);", "const bool names = false;")],
           [("signer/verify/vrdata.c", "\t\tvname_fold(name);", "\t\t;")], BIND, LDNS, KNOT),
    common("types above 255 are in no bitmap", "nsec",
           [(NSEC, OWN_TYPES, OWN_TYPES.replace("if (", "if (type < 256 && (", 1) + ")")],
           [("signer/verify/vbitmap.c", "\t\tif (own_type(zone, owner, type))", "\t\tif (type < 256 && own_type(zone, owner, type))")],
           BIND, KNOT),
    common("glue is signed", "nsec",
           [(ZONE, SIGNED_AT_CUT + "\n\tcase ZONE_GLUE:", SIGNED_AT_CUT + "\n\tcase ZONE_GLUE:\n\t\treturn true;")],
           [("signer/verify/vsig.c", "if (!vzone_authoritative(owner, set->first->type)) {",
             "if (!vzone_authoritative(owner, set->first->type) && owner->kind == VKIND_CUT) {")], LDNS, KNOT),
    common("NSEC3 hashes take the salt at first only", "nsec3-salt",
           [(NSEC3, "hasher->parameters.salt_size) != 1", "i > 0 ? 0 : hasher->parameters.salt_size) != 1")],
           [("signer/verify/vnsec3.c", "(p->salt_size == 0 || EVP", "(round > 0 || p->salt_size == 0 || EVP"),
            ("signer/verify/vhasher.c", "(p->salt.size == 0 || EVP", "(round > 0 || p->salt.size == 0 || EVP"),
            ("signer/verify/vsha1.c", "\t\tfinish(&blocks, salt, count);", "\t\tfinish(&blocks, &(const struct vsha1_salt){ 0 }, count);")],
           BIND, LDNS, KNOT),
)
