/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "signer/base/bytes.h"
#include "signer/verify/vname.h"
#include "signer/verify/vrdata.h"

/* What well-formed RDATA may still not say. Servers refuse to load a zone that holds such a record, so it must not
 * pass because its octets have the right lengths. Text and generic form both end here. */

enum parameter {
	MANDATORY = 0,
	ALPN = 1,
	NO_DEFAULT_ALPN = 2,
	PORT = 3,
	IPV4HINT = 4,
	ECH = 5,
	IPV6HINT = 6,
	DOHPATH = 7,
	OHTTP = 8
};

static bool strings_fill(const uint8_t *value, size_t size)
{
	size_t at = 0;
	while (at < size && value[at] > 0)
		at += value[at] + (size_t)1;
	return size > 0 && at == size;
}

static const char *judge_value(unsigned key, const uint8_t *value, size_t size)
{
	static const char variable[] = "{?dns}";
	switch (key) {
	case ALPN:
		return strings_fill(value, size) ? NULL : "alpn holds an empty or cut identifier (RFC 9460 7.1.1)";
	case NO_DEFAULT_ALPN:
		return size == 0 ? NULL : "no-default-alpn has a value (RFC 9460 7.1.1)";
	case PORT:
		return size == 2 ? NULL : "port is not two octets (RFC 9460 7.2)";
	case IPV4HINT:
		return size > 0 && size % 4 == 0 ? NULL : "ipv4hint holds no whole addresses (RFC 9460 7.3)";
	case IPV6HINT:
		return size > 0 && size % 16 == 0 ? NULL : "ipv6hint holds no whole addresses (RFC 9460 7.3)";
	case ECH:
		return size > 0 ? NULL : "ech is empty (RFC 9848 3)";
	case DOHPATH:
		return size > 0 && value[0] == '/' && memmem(value, size, variable, strlen(variable)) != NULL
			   ? NULL
			   : "dohpath is no relative template with {?dns} (RFC 9461 5)";
	case OHTTP:
		return size == 0 ? NULL : "ohttp has a value (RFC 9540 4)";
	default:
		return NULL;
	}
}

/* The keys that "mandatory" names ascend, and so do the parameters: they are walked together. */
static const char *judge_mandatory(const uint8_t *keys, size_t size, const uint8_t *at, const uint8_t *end)
{
	unsigned last = MANDATORY;
	if (size == 0 || size % 2 != 0)
		return "mandatory holds no whole keys (RFC 9460 8)";
	for (size_t i = 0; i < size; i += 2) {
		const unsigned key = bytes_get_u16(keys + i);
		if (key <= last)
			return "mandatory names itself, or a key twice, or out of order (RFC 9460 8)";
		while (at < end && bytes_get_u16(at) < key)
			at += 4 + (size_t)bytes_get_u16(at + 2);
		if (at >= end || bytes_get_u16(at) != key)
			return "mandatory names a parameter that is not there (RFC 9460 8)";
		last = key;
	}
	return NULL;
}

/* The parameters are known to be whole and in order of their keys. In alias form they mean nothing (RFC 9460 2.4.2):
 * there only their values are looked at. */
static const char *judge_service(const uint8_t *data, size_t size)
{
	const bool alias = bytes_get_u16(data) == 0;
	const uint8_t *const end = data + size;
	const char *why = NULL;
	bool alpn = false;
	for (const uint8_t *at = data + 2 + vname_size(data + 2); at < end && why == NULL;) {
		const unsigned key = bytes_get_u16(at);
		const size_t length = bytes_get_u16(at + 2);
		const uint8_t *const next = at + 4 + length;
		alpn = alpn || key == ALPN;
		why = judge_value(key, at + 4, length);
		if (key == MANDATORY && !alias)
			why = judge_mandatory(at + 4, length, next, end);
		if (key == NO_DEFAULT_ALPN && !alias && !alpn)
			why = "no-default-alpn without alpn (RFC 9460 7.1.1)";
		at = next;
	}
	return why;
}

static bool alphanumeric(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static const char *judge_caa(const uint8_t *data)
{
	if (data[1] == 0)
		return "empty property tag (RFC 8659 4.1)";
	for (unsigned i = 0; i < data[1]; i++)
		if (!alphanumeric(data[2 + i]))
			return "not a property tag (RFC 8659 4.1)";
	return NULL;
}

static const char *judge_x25(const uint8_t *data)
{
	if (data[0] < 4)
		return "a PSDN address has at least four digits (RFC 1183 3.1)";
	for (unsigned i = 1; i <= data[0]; i++)
		if (data[i] < '0' || data[i] > '9')
			return "a PSDN address is digits only (RFC 1183 3.1)";
	return NULL;
}

static const char *judge_ipseckey(const uint8_t *data, size_t size)
{
	static const uint8_t fixed[] = { 0, 4, 16 };
	const size_t gateway = data[1] == 3 ? vname_size(data + 3) : fixed[data[1]];
	return (size > 3 + gateway) == (data[2] != 0) ? NULL
						      : "a key without an algorithm, or the reverse (RFC 4025 2.6)";
}

/* The place behind the bracket expression that begins at `at`; beyond `size` if it does not end. */
static size_t behind_bracket(const uint8_t *text, size_t at, size_t size)
{
	at += at + 1 < size && text[at + 1] == '^' ? 2 : 1;
	at += at < size && text[at] == ']';
	for (; at < size; at++) {
		const uint8_t mark = at + 1 < size ? text[at + 1] : 0;
		if (text[at] == ']')
			return at + 1;
		if (text[at] != '[' || (mark != ':' && mark != '.' && mark != '='))
			continue;
		for (at += 2; at + 1 < size && (text[at] != mark || text[at + 1] != ']'); at++)
			;
		at++;
	}
	return size + 1;
}

/* Groups of a regular expression; -1: a group or a bracket does not end. */
static int count_groups(const uint8_t *text, size_t size)
{
	int groups = 0;
	int open = 0;
	for (size_t at = 0; at < size;) {
		groups += text[at] == '(';
		open += text[at] == '(';
		open -= text[at] == ')' && open > 0;
		if (text[at] == '[')
			at = behind_bracket(text, at, size);
		else
			at += text[at] == '\\' ? 2 : 1;
		if (at > size)
			return -1;
	}
	return open > 0 ? -1 : groups;
}

/* RFC 3402 3.2: three delimiters that no backslash stands before, and flags behind the last. */
static const char *judge_expression(const uint8_t *text, size_t size)
{
	size_t at[3] = { 0 };
	unsigned found = 0;
	if (size == 0)
		return NULL;
	if ((text[0] >= '0' && text[0] <= '9') || text[0] == '\\' || text[0] == 'i')
		return "a digit, a flag or a backslash as the delimiter of a substitution expression (RFC 3402 3.2)";
	for (size_t i = 0; i < size; i++) {
		if (found == 3 && text[i] == text[0])
			return "a substitution expression with a fourth delimiter (RFC 3402 3.2)";
		if (found == 3 && text[i] != 'i')
			return "a substitution expression with unknown flags (RFC 3402 3.2)";
		if (text[i] == '\\')
			i++;
		else if (text[i] == text[0])
			at[found++] = i;
	}
	if (found < 3)
		return "a substitution expression without its three delimiters (RFC 3402 3.2)";
	const int groups = count_groups(text + 1, at[1] - 1);
	if (groups < 0)
		return "a regular expression with an open group or bracket (RFC 3402 3.2)";
	for (size_t i = at[1] + 1; i < at[2]; i++)
		if (text[i] == '\\' && text[++i] >= '1' && text[i] <= '9' && text[i] - '0' > groups)
			return "a replacement that refers to a group that is not there (RFC 3402 3.2)";
	return NULL;
}

static const char *judge_naptr(const uint8_t *data)
{
	const uint8_t *const flags = data + 4;
	const uint8_t *const services = flags + 1 + *flags;
	const uint8_t *const expression = services + 1 + *services;
	return judge_expression(expression + 1, *expression);
}

const char *vrdata_judge(uint16_t type, const uint8_t *data, size_t size)
{
	switch (type) {
	case 19:
		return judge_x25(data);
	case 35:
		return judge_naptr(data);
	case 45:
		return judge_ipseckey(data, size);
	case 47:
		return size > vname_size(data) ? NULL : "an NSEC that names no types (RFC 4034 4.1.2)";
	case 64:
	case 65:
		return judge_service(data, size);
	case 257:
		return judge_caa(data);
	default:
		return NULL;
	}
}
