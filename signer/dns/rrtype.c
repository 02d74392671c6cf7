/* SPDX-License-Identifier: MIT */
#include "signer/dns/rrtype.h"

#include <string.h>

#include "signer/base/error.h"
#include "signer/dns/octet.h"

#define F(name) FIELD_##name

/* By ascending number. */
static const struct rrtype_row rows[] = {
	{ 1, 1, "A", "RFC 1035 3.4.1", { F(IPV4) } },
	{ 2, 1, "NS", "RFC 1035 3.3.11", { F(NAME) } },
	{ 3, 0, "MD", "RFC 1035 3.3.4", { F(NAME) } },
	{ 4, 0, "MF", "RFC 1035 3.3.5", { F(NAME) } },
	{ 5, 1, "CNAME", "RFC 1035 3.3.1", { F(NAME) } },
	{ 6, 1, "SOA", "RFC 1035 3.3.13", { F(NAME), F(NAME), F(U32), F(TTL), F(TTL), F(TTL), F(TTL) } },
	{ 7, 0, "MB", "RFC 1035 3.3.3", { F(NAME) } },
	{ 8, 0, "MG", "RFC 1035 3.3.6", { F(NAME) } },
	{ 9, 0, "MR", "RFC 1035 3.3.8", { F(NAME) } },
	{ 10, 0, "NULL", "RFC 1035 3.3.10", { F(OPAQUE) } },
	{ 11, 0, "WKS", "RFC 1035 3.4.2", { F(IPV4), F(SERVICES) } },
	{ 12, 1, "PTR", "RFC 1035 3.3.12", { F(NAME) } },
	{ 13, 1, "HINFO", "RFC 1035 3.3.2", { F(STRING), F(STRING) } },
	{ 14, 1, "MINFO", "RFC 1035 3.3.7", { F(NAME), F(NAME) } },
	{ 15, 1, "MX", "RFC 1035 3.3.9", { F(U16), F(NAME) } },
	{ 16, 1, "TXT", "RFC 1035 3.3.14", { F(STRINGS) } },
	{ 17, 1, "RP", "RFC 1183 2.2", { F(NAME), F(NAME) } },
	{ 18, 1, "AFSDB", "RFC 1183 1", { F(U16), F(NAME) } },
	{ 19, 0, "X25", "RFC 1183 3.1", { F(PSDN) } },
	{ 20, 0, "ISDN", "RFC 1183 3.2", { F(STRING), F(STRING_OPTIONAL) } },
	{ 21, 1, "RT", "RFC 1183 3.3", { F(U16), F(NAME) } },
	{ 22, 0, "NSAP", "RFC 1706 5", { F(NSAP) } },
	{ 23, 0, "NSAP-PTR", "RFC 1706 6", { F(NAME_KEPT) } },
	{ 24, 0, "SIG", "RFC 2535 7.2",
	    { F(TYPE), F(ALGORITHM), F(U8), F(TTL), F(TIME), F(TIME), F(U16), F(NAME), F(BASE64) } },
	{ 25, 1, "KEY", "RFC 2535 7.1", { F(U16), F(U8), F(ALGORITHM), F(BASE64_ANY) } },
	{ 26, 0, "PX", "RFC 2163 4", { F(U16), F(NAME), F(NAME) } },
	{ 27, 0, "GPOS", "RFC 1712 3", { F(STRING), F(STRING), F(STRING) } },
	{ 28, 1, "AAAA", "RFC 3596 2.4", { F(IPV6) } },
	{ 29, 1, "LOC", "RFC 1876 3", { F(LOC) } },
	{ 30, 0, "NXT", "RFC 2535 5.2", { F(NAME), F(NXT) } },
	{ 31, 0, "EID", "draft-ietf-nimrod-dns", { F(HEX) } },
	{ 32, 0, "NIMLOC", "draft-ietf-nimrod-dns", { F(HEX) } },
	{ 33, 1, "SRV", "RFC 2782", { F(U16), F(U16), F(U16), F(NAME) } },
	{ 34, 0, "ATMA", "af-dans-0152", { F(ATMA) } },
	{ 35, 1, "NAPTR", "RFC 3403 4.1", { F(U16), F(U16), F(STRING), F(STRING), F(REGEXP), F(NAME) } },
	{ 36, 1, "KX", "RFC 2230 3.1", { F(U16), F(NAME) } },
	{ 37, 1, "CERT", "RFC 4398 2.2", { F(CERT_TYPE), F(U16), F(ALGORITHM), F(BASE64) } },
	{ 38, 0, "A6", "RFC 2874 3.2", { F(A6), F(A6_NAME) } },
	{ 39, 1, "DNAME", "RFC 6672 2.1", { F(NAME) } },
	{ 40, 0, "SINK", "draft-eastlake-kitchen-sink", { F(U8), F(U8), F(U8), F(BASE64_ANY) } },
	{ 41, 0, "OPT", "RFC 6891 6.1.1", { F(OPAQUE) } },
	{ 42, 1, "APL", "RFC 3123 5", { F(APL) } },
	{ 43, 1, "DS", "RFC 4034 5.3", { F(U16), F(ALGORITHM), F(U8), F(DS_DIGEST) } },
	{ 44, 1, "SSHFP", "RFC 4255 3.2", { F(U8), F(U8), F(SSHFP_DIGEST) } },
	{ 45, 1, "IPSECKEY", "RFC 4025 3.1", { F(IPSECKEY) } },
	{ 46, 1, "RRSIG", "RFC 4034 3.2",
	    { F(TYPE), F(ALGORITHM), F(U8), F(TTL), F(TIME), F(TIME), F(U16), F(NAME), F(BASE64) } },
	{ 47, 1, "NSEC", "RFC 4034 4.2", { F(NAME_KEPT), F(BITMAP) } },
	{ 48, 1, "DNSKEY", "RFC 4034 2.2", { F(U16), F(U8), F(ALGORITHM), F(BASE64) } },
	{ 49, 1, "DHCID", "RFC 4701 3.2", { F(BASE64) } },
	{ 50, 1, "NSEC3", "RFC 5155 3.3", { F(U8), F(U8), F(U16), F(SALT), F(HASH), F(BITMAP) } },
	{ 51, 1, "NSEC3PARAM", "RFC 5155 4.3", { F(U8), F(U8), F(U16), F(SALT) } },
	{ 52, 1, "TLSA", "RFC 6698 2.2", { F(U8), F(U8), F(U8), F(HEX) } },
	{ 53, 1, "SMIMEA", "RFC 8162 2", { F(U8), F(U8), F(U8), F(HEX) } },
	{ 55, 0, "HIP", "RFC 8005 6", { F(HIP) } },
	{ 56, 0, "NINFO", "draft-reid-dnsext-zs", { F(STRINGS) } },
	{ 57, 0, "RKEY", "draft-reid-dnsext-rkey", { F(U16), F(U8), F(ALGORITHM), F(BASE64) } },
	{ 58, 0, "TALINK", "draft-wijngaards-dnsop-trust-history", { F(NAME_KEPT), F(NAME_KEPT) } },
	{ 59, 1, "CDS", "RFC 7344 3.1", { F(U16), F(ALGORITHM), F(U8), F(DS_DIGEST) } },
	{ 60, 1, "CDNSKEY", "RFC 7344 3.2", { F(U16), F(U8), F(ALGORITHM), F(BASE64) } },
	{ 61, 1, "OPENPGPKEY", "RFC 7929 2.3", { F(BASE64) } },
	{ 62, 1, "CSYNC", "RFC 7477 2.1.2", { F(U32), F(U16), F(BITMAP) } },
	{ 63, 1, "ZONEMD", "RFC 8976 2.3", { F(U32), F(U8), F(U8), F(ZONEMD_DIGEST) } },
	{ 64, 1, "SVCB", "RFC 9460 2.1", { F(U16), F(NAME_KEPT), F(SVCPARAMS) } },
	{ 65, 1, "HTTPS", "RFC 9460 2.1", { F(U16), F(NAME_KEPT), F(SVCPARAMS) } },
	{ 66, 0, "DSYNC", "RFC 9859 2.2", { F(TYPE), F(SCHEME), F(U16), F(NAME_KEPT) } },
	{ 67, 0, "HHIT", "RFC 9886 5.1.1", { F(BASE64) } },
	{ 68, 0, "BRID", "RFC 9886 5.2.1", { F(BASE64) } },
	{ 99, 1, "SPF", "RFC 7208 3.1", { F(STRINGS) } },
	{ 100, 0, "UINFO", "IANA-Reserved", { F(OPAQUE) } },
	{ 101, 0, "UID", "IANA-Reserved", { F(OPAQUE) } },
	{ 102, 0, "GID", "IANA-Reserved", { F(OPAQUE) } },
	{ 103, 0, "UNSPEC", "IANA-Reserved", { F(OPAQUE) } },
	{ 104, 1, "NID", "RFC 6742 2.1", { F(U16), F(NODE) } },
	{ 105, 1, "L32", "RFC 6742 2.2", { F(U16), F(IPV4) } },
	{ 106, 1, "L64", "RFC 6742 2.3", { F(U16), F(NODE) } },
	{ 107, 1, "LP", "RFC 6742 2.4", { F(U16), F(NAME_KEPT) } },
	{ 108, 1, "EUI48", "RFC 7043 3.2", { F(EUI48) } },
	{ 109, 1, "EUI64", "RFC 7043 4.2", { F(EUI64) } },
	{ 128, 0, "NXNAME", "RFC 9824", { F(OPAQUE) } },
	{ 249, 0, "TKEY", "RFC 2930 2", { F(OPAQUE) } },
	{ 250, 0, "TSIG", "RFC 8945 4.2", { F(OPAQUE) } },
	{ 251, 0, "IXFR", "RFC 1995 3", { F(OPAQUE) } },
	{ 252, 0, "AXFR", "RFC 5936 2.1", { F(OPAQUE) } },
	{ 253, 0, "MAILB", "RFC 1035 3.2.3", { F(OPAQUE) } },
	{ 254, 0, "MAILA", "RFC 1035 3.2.3", { F(OPAQUE) } },
	{ 255, 0, "ANY", "RFC 8482 3", { F(OPAQUE) } },
	{ 256, 1, "URI", "RFC 7553 4.5", { F(U16), F(U16), F(TEXT_SOME) } },
	{ 257, 1, "CAA", "RFC 8659 4.1.1", { F(U8), F(TAG), F(TEXT) } },
	{ 258, 0, "AVC", "IANA AVC", { F(STRINGS) } },
	{ 259, 0, "DOA", "draft-durand-doa-over-dns", { F(U32), F(U32), F(U8), F(STRING), F(BASE64_DASH) } },
	{ 260, 0, "AMTRELAY", "RFC 8777 4.3.1", { F(AMTRELAY) } },
	{ 261, 0, "RESINFO", "RFC 9606 4", { F(STRINGS) } },
	{ 262, 0, "WALLET", "IANA WALLET", { F(STRINGS) } },
	{ 263, 0, "CLA", "IANA CLA", { F(STRINGS) } },
	{ 264, 0, "IPN", "IANA IPN", { F(U64) } },
	{ 32768, 0, "TA", "IANA TA", { F(U16), F(ALGORITHM), F(U8), F(DS_DIGEST) } },
	{ 32769, 0, "DLV", "RFC 4431 2", { F(U16), F(ALGORITHM), F(U8), F(DS_DIGEST) } },
};

const struct rrtype_row *rrtype_table(size_t *count)
{
	*count = COUNT(rows);
	return rows;
}

/* Where the row of a type below 272 stands, plus one; 0: there is none. A test compares it with the rows. */
/* clang-format off */
static const uint8_t row_of[272] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
	16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
	32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
	48, 49, 50, 51, 52, 53, 0, 54, 55, 56, 57, 58, 59, 60, 61, 62,
	63, 64, 65, 66, 67, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	79, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 80, 81, 82, 83, 84, 85, 86,
	87, 88, 89, 90, 91, 92, 93, 94, 95, 0, 0, 0, 0, 0, 0, 0,
};
/* clang-format on */

const struct rrtype_row *rrtype_find(uint16_t type)
{
	if (type < COUNT(row_of))
		return row_of[type] == 0 ? NULL : &rows[row_of[type] - 1];
	for (size_t i = COUNT(rows); i > 0 && rows[i - 1].number >= COUNT(row_of); i--) {
		if (rows[i - 1].number == type)
			return &rows[i - 1];
	}
	return NULL;
}

/* TYPEn without a sign or leading zeros beyond what five digits hold (RFC 3597 5). */
static int generic_number(const char *text, size_t size)
{
	if (size == 0 || size > 5)
		return -1;
	int number = 0;
	for (size_t i = 0; i < size; i++) {
		if (!octet_is_digit(text[i]))
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number <= UINT16_MAX ? number : -1;
}

static bool starts_with_type(const char *text, size_t size)
{
	static const char prefix[] = "type";
	if (size <= 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		if ((char)octet_lower[(uint8_t)text[i]] != prefix[i])
			return false;
	}
	return true;
}

/* The types that nearly all records of a zone have, the most frequent first. */
static const struct {
	char name[8];
	uint16_t number;
} frequent[] = {
	{ "NS", RRTYPE_NS },
	{ "A", RRTYPE_A },
	{ "DS", RRTYPE_DS },
	{ "AAAA", RRTYPE_AAAA },
	{ "RRSIG", RRTYPE_RRSIG },
	{ "NSEC3", RRTYPE_NSEC3 },
	{ "NSEC", RRTYPE_NSEC },
	{ "TXT", RRTYPE_TXT },
	{ "MX", RRTYPE_MX },
	{ "CNAME", RRTYPE_CNAME },
	{ "PTR", RRTYPE_PTR },
	{ "SOA", RRTYPE_SOA },
	{ "DNSKEY", RRTYPE_DNSKEY },
};

static void to_upper(const char *text, size_t size, char out[])
{
	for (size_t i = 0; i < size; i++) {
		const char c = text[i];
		out[i] = (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
	}
}

int rrtype_frequent(const char *text, size_t size)
{
	char upper[8] = { 0 };
	if (size > sizeof(upper))
		return -1;
	to_upper(text, size, upper);
	uint64_t key;
	memcpy(&key, upper, sizeof(key));
	for (size_t i = 0; i < COUNT(frequent); i++) {
		uint64_t name;
		memcpy(&name, frequent[i].name, sizeof(name));
		if (name == key)
			return frequent[i].number;
	}
	return -1;
}

int rrtype_from_text(const char *text, size_t size)
{
	if (size == 0 || size >= RRTYPE_TEXT)
		return -1;
	const int type = rrtype_frequent(text, size);
	if (type >= 0)
		return type;
	char upper[RRTYPE_TEXT] = { 0 };
	to_upper(text, size, upper);
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (memcmp(rows[i].name, upper, RRTYPE_TEXT) == 0)
			return rows[i].number;
	}
	return starts_with_type(text, size) ? generic_number(text + 4, size - 4) : -1;
}

size_t rrtype_to_text(uint16_t type, bool all_names, char out[RRTYPE_TEXT])
{
	const struct rrtype_row *const row = rrtype_find(type);
	if (row != NULL && (all_names || row->everywhere)) {
		memcpy(out, row->name, RRTYPE_TEXT);
		return strlen(row->name);
	}
	char digits[5];
	size_t count = 0;
	unsigned left = type;
	do {
		digits[count++] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	memcpy(out, "TYPE", 4);
	for (size_t i = 0; i < count; i++)
		out[4 + i] = digits[count - 1 - i];
	out[4 + count] = '\0';
	return 4 + count;
}

/* RFC 6895 3.1: 128 to 255 are query types and meta types; IANA assigned none of them as data. */
bool rrtype_is_meta(uint16_t type)
{
	return type == 0 || type == 41 || (type >= 128 && type <= 255);
}
