/* SPDX-License-Identifier: MIT */
/*
 * Types of records: mnemonic, number, and the shape of their RDATA as one letter per field.
 *
 * One table serves reading text, checking generic (RFC 3597) RDATA and lower-casing names (RFC 4034 6.2). Letters:
 *   1 2 4  number of that many octets      n  name, lower case in canonical form   N  name kept as it is
 *   P  TTL   t  type   T  RRSIG time       g  algorithm                            C  certificate type
 *   s  character-string  S  one or more    o  optional character-string            u  octets of one string, no length
 *   a  IPv4  6  IPv6                       e  EUI-48   f  EUI-64                    k  64 bits as x:x:x:x
 *   b  base64 to the end, not empty        x  hexadecimal to the end, not empty   h  salt   H  next hashed owner
 *   B  base64 to the end, perhaps empty    X  hexadecimal, perhaps empty: what a key or digest means is judged later
 *   m  type bitmap to the end              q  CAA tag  z  DSYNC scheme
 *   upper-case letters after '!' name a form of its own: L LOC, A APL, I IPSECKEY, M AMTRELAY, H HIP, V SvcParams,
 *   W WKS, P NSAP, T ATMA, X NXT bitmap, 6 A6
 * An empty shape: only the generic form can be read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vtype_number {
	VTYPE_A = 1,
	VTYPE_NS = 2,
	VTYPE_CNAME = 5,
	VTYPE_SOA = 6,
	VTYPE_SIG = 24,
	VTYPE_KEY = 25,
	VTYPE_AAAA = 28,
	VTYPE_NXT = 30,
	VTYPE_DNAME = 39,
	VTYPE_DS = 43,
	VTYPE_RRSIG = 46,
	VTYPE_NSEC = 47,
	VTYPE_DNSKEY = 48,
	VTYPE_NSEC3 = 50,
	VTYPE_NSEC3PARAM = 51,
	VTYPE_CDS = 59,
	VTYPE_CDNSKEY = 60,
	VTYPE_ZONEMD = 63,
};

enum { VTYPE_TEXT = 16 };

struct vtype {
	const char *name;
	uint16_t number;
	const char *shape;
};

/* By number; NULL if unknown. */
const struct vtype *vtype_find(uint16_t number);

/* Reads a mnemonic or TYPEnnn in any case. */
bool vtype_parse(const char *text, size_t size, uint16_t *out);

void vtype_format(uint16_t number, char out[VTYPE_TEXT]);

/* Pseudo and meta types (RFC 6895 3.1) and type 0, which no zone holds. */
bool vtype_meta(uint16_t number);
