/* SPDX-License-Identifier: MIT */
/*
 * The table of RR types: number, mnemonic, and the fields of the RDATA, which is all that text, wire and canonical form
 * need. Adding a type is one row here and lines in tests/cases.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rrtype {
	RRTYPE_A = 1,
	RRTYPE_NS = 2,
	RRTYPE_CNAME = 5,
	RRTYPE_SOA = 6,
	RRTYPE_PTR = 12,
	RRTYPE_MX = 15,
	RRTYPE_TXT = 16,
	RRTYPE_KEY = 25,
	RRTYPE_AAAA = 28,
	RRTYPE_SRV = 33,
	RRTYPE_DNAME = 39,
	RRTYPE_DS = 43,
	RRTYPE_RRSIG = 46,
	RRTYPE_NSEC = 47,
	RRTYPE_DNSKEY = 48,
	RRTYPE_NSEC3 = 50,
	RRTYPE_NSEC3PARAM = 51,
	RRTYPE_CDS = 59,
	RRTYPE_CDNSKEY = 60,
	RRTYPE_ZONEMD = 63,
};

enum { RRTYPE_TEXT = 16 };

/* The number of text[0..size): a mnemonic in any case or TYPEn (RFC 3597 5). -1 if it is neither. */
int rrtype_from_text(const char *text, size_t size);

/* The mnemonic that BIND 9.18, Knot 3.2, NSD 4.6 and ldns 1.8 all read (`all_names`: any that we know), else TYPEn.
 * Returns the length. */
size_t rrtype_to_text(uint16_t type, bool all_names, char out[RRTYPE_TEXT]);

/* Types that can never be data in a zone: 0, OPT, TSIG, TKEY, IXFR, AXFR, MAILB, MAILA, ANY and the rest of 128..255
 * but for those that IANA assigned as data. */
bool rrtype_is_meta(uint16_t type);
