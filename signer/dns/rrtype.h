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
	RRTYPE_CSYNC = 62,
	RRTYPE_ZONEMD = 63,
};

enum { RRTYPE_TEXT = 16, RRTYPE_FIELDS = 10 };

/* A field of RDATA; field.c says how each is read, checked and written. */
enum rdata_field {
	FIELD_END,
	FIELD_NAME,      /* a domain name that is in lower case in the canonical form (RFC 4034 6.2) */
	FIELD_NAME_KEPT, /* a domain name that keeps its case there */
	FIELD_U8,
	FIELD_U16,
	FIELD_U32,
	FIELD_TTL, /* 32 bits, units allowed */
	FIELD_TYPE,
	FIELD_ALGORITHM, /* number or mnemonic (RFC 4034 A.1) */
	FIELD_TIME,      /* YYYYMMDDHHMMSS or seconds (RFC 4034 3.2) */
	FIELD_IPV4,
	FIELD_IPV6,
	FIELD_STRING,          /* <character-string> */
	FIELD_STRING_OPTIONAL, /* one or none, at the end */
	FIELD_STRINGS,         /* one or more, to the end */
	FIELD_HEX,             /* to the end, at least one octet */
	FIELD_DS_DIGEST,       /* to the end, as long as the digest type before it says */
	FIELD_SSHFP_DIGEST,    /* the same for SSHFP */
	FIELD_ZONEMD_DIGEST,   /* the same for ZONEMD */
	FIELD_BASE64,          /* to the end, at least one octet */
	FIELD_BASE64_ANY,      /* to the end, perhaps nothing */
	FIELD_SALT,            /* length octet and hex, "-" for none (RFC 5155 3.3) */
	FIELD_HASH,            /* length octet and base32hex (RFC 5155 3.3) */
	FIELD_BITMAP,          /* type bit maps (RFC 4034 4.1.2), perhaps empty */
	FIELD_NXT,             /* the bit map of NXT (RFC 2535 5.2) */
	FIELD_TEXT,            /* octets to the end, as one string */
	FIELD_TEXT_SOME,       /* the same, at least one octet */
	FIELD_TAG,             /* a string of letters and digits */
	FIELD_REGEXP,          /* a string, the substitution expression of NAPTR (RFC 3402 3.2) */
	FIELD_PSDN,            /* a string of digits (RFC 1183 3.1) */
	FIELD_EUI48,
	FIELD_EUI64,
	FIELD_NODE, /* 64 bits in four groups (RFC 6742) */
	FIELD_U64,
	FIELD_NSAP,
	FIELD_CERT_TYPE,
	FIELD_SCHEME,      /* of DSYNC */
	FIELD_BASE64_DASH, /* base64 to the end, "-" for none */
	FIELD_APL,
	FIELD_SERVICES, /* protocol and ports of WKS */
	FIELD_ATMA,
	FIELD_IPSECKEY,
	FIELD_AMTRELAY,
	FIELD_HIP,
	FIELD_A6,      /* prefix length and suffix */
	FIELD_A6_NAME, /* the name of the prefix, in lower case in the canonical form */
	FIELD_LOC,
	FIELD_SVCPARAMS,
	FIELD_OPAQUE, /* anything; no text form but the generic one */
	FIELD_COUNT,
};

/* A row of the table. */
struct rrtype_row {
	uint16_t number;
	uint8_t everywhere; /* read by name in BIND 9.18, Knot 3.2, NSD 4.6 and ldns 1.8 */
	char name[RRTYPE_TEXT];
	const char *rfc;               /* where the text form is defined */
	uint8_t fields[RRTYPE_FIELDS]; /* enum rdata_field; ends with FIELD_END */
};

/* The row of a type, or NULL if we know it by its number only. */
const struct rrtype_row *rrtype_find(uint16_t type);

/* All rows, by ascending number. */
const struct rrtype_row *rrtype_table(size_t *count);

/* The number of text[0..size): a mnemonic in any case or TYPEn (RFC 3597 5). -1 if it is neither. */
int rrtype_from_text(const char *text, size_t size);

/* The number of one of the few types that nearly all records have, by its mnemonic; -1 for all others. */
int rrtype_frequent(const char *text, size_t size);

/* The mnemonic that BIND 9.18, Knot 3.2, NSD 4.6 and ldns 1.8 all read (`all_names`: any that we know), else TYPEn.
 * Returns the length. */
size_t rrtype_to_text(uint16_t type, bool all_names, char out[RRTYPE_TEXT]);

/* Types that can never be data in a zone: 0, OPT, TSIG, TKEY, IXFR, AXFR, MAILB, MAILA, ANY and the rest of 128..255
 * but for those that IANA assigned as data. */
bool rrtype_is_meta(uint16_t type);
