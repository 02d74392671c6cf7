/* SPDX-License-Identifier: MIT */
#include "signer/verify/vtype.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* In order of the mnemonic, for a binary search (a test checks the order). */
static const struct vtype by_name[] = {
	{ "A", 1, "a" },
	{ "A6", 38, "!6" },
	{ "AAAA", 28, "6" },
	{ "AFSDB", 18, "2n" },
	{ "AMTRELAY", 260, "1!M" },
	{ "APL", 42, "!A" },
	{ "ATMA", 34, "!T" },
	{ "AVC", 258, "S" },
	{ "CAA", 257, "1qu" },
	{ "CDNSKEY", 60, "21gb" },
	{ "CDS", 59, "2g1X" },
	{ "CERT", 37, "C2gb" },
	{ "CLA", 263, "S" },
	{ "CNAME", 5, "n" },
	{ "CSYNC", 62, "42m" },
	{ "DHCID", 49, "b" },
	{ "DLV", 32769, "2g1x" },
	{ "DNAME", 39, "n" },
	{ "DNSKEY", 48, "21gB" },
	{ "DOA", 259, "441sb" },
	{ "DS", 43, "2g1X" },
	{ "DSYNC", 66, "tz2N" },
	{ "EID", 31, "x" },
	{ "EUI48", 108, "e" },
	{ "EUI64", 109, "f" },
	{ "GPOS", 27, "sss" },
	{ "HINFO", 13, "ss" },
	{ "HIP", 55, "!H" },
	{ "HTTPS", 65, "2N!V" },
	{ "IPN", 264, "" },
	{ "IPSECKEY", 45, "!I" },
	{ "ISDN", 20, "so" },
	{ "KEY", 25, "21gB" },
	{ "KX", 36, "2n" },
	{ "L32", 105, "2a" },
	{ "L64", 106, "2k" },
	{ "LOC", 29, "!L" },
	{ "LP", 107, "2N" },
	{ "MB", 7, "n" },
	{ "MD", 3, "n" },
	{ "MF", 4, "n" },
	{ "MG", 8, "n" },
	{ "MINFO", 14, "nn" },
	{ "MR", 9, "n" },
	{ "MX", 15, "2n" },
	{ "NAPTR", 35, "22sssn" },
	{ "NID", 104, "2k" },
	{ "NIMLOC", 32, "x" },
	{ "NINFO", 56, "S" },
	{ "NS", 2, "n" },
	{ "NSAP", 22, "!P" },
	{ "NSAP-PTR", 23, "N" },
	{ "NSEC", 47, "Nm" },
	{ "NSEC3", 50, "112hHm" },
	{ "NSEC3PARAM", 51, "112h" },
	{ "NULL", 10, "" },
	{ "NXT", 30, "n!X" },
	{ "OPENPGPKEY", 61, "b" },
	{ "PTR", 12, "n" },
	{ "PX", 26, "2nn" },
	{ "RESINFO", 261, "S" },
	{ "RKEY", 57, "21gb" },
	{ "RP", 17, "nn" },
	{ "RRSIG", 46, "tg14TT2nB" },
	{ "RT", 21, "2n" },
	{ "SIG", 24, "tg14TT2nb" },
	{ "SINK", 40, "111B" },
	{ "SMIMEA", 53, "111x" },
	{ "SOA", 6, "nn4PPPP" },
	{ "SPF", 99, "S" },
	{ "SRV", 33, "222n" },
	{ "SSHFP", 44, "11x" },
	{ "SVCB", 64, "2N!V" },
	{ "TA", 32768, "2g1x" },
	{ "TALINK", 58, "NN" },
	{ "TLSA", 52, "111x" },
	{ "TXT", 16, "S" },
	{ "URI", 256, "22u" },
	{ "WALLET", 262, "S" },
	{ "WKS", 11, "!W" },
	{ "X25", 19, "s" },
	{ "ZONEMD", 63, "411x" },
};

enum { TYPES = sizeof(by_name) / sizeof(by_name[0]) };

const struct vtype *vtype_find(uint16_t number)
{
	for (size_t i = 0; i < TYPES; i++)
		if (by_name[i].number == number)
			return &by_name[i];
	return NULL;
}

static bool parse_generic(const char *text, size_t size, uint16_t *out)
{
	if (size < 5 || size > 9 || strncasecmp(text, "TYPE", 4) != 0)
		return false;
	unsigned value = 0;
	for (size_t i = 4; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	*out = (uint16_t)value;
	return value <= 65535;
}

bool vtype_parse(const char *text, size_t size, uint16_t *out)
{
	size_t low = 0;
	size_t high = TYPES;
	while (low < high) {
		const size_t middle = (low + high) / 2;
		const char *const name = by_name[middle].name;
		int order = strncasecmp(text, name, size);
		if (order == 0)
			order = name[size] == '\0' ? 0 : -1;
		if (order == 0) {
			*out = by_name[middle].number;
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return parse_generic(text, size, out);
}

void vtype_format(uint16_t number, char out[VTYPE_TEXT])
{
	const struct vtype *const type = vtype_find(number);
	if (type != NULL)
		snprintf(out, VTYPE_TEXT, "%s", type->name);
	else
		snprintf(out, VTYPE_TEXT, "TYPE%u", (unsigned)number);
}

bool vtype_meta(uint16_t number)
{
	return number == 0 || number == 41 || (number >= 128 && number <= 255);
}
