/* SPDX-License-Identifier: MIT */
#include "signer/dns/field.h"

#include <string.h>

/* Four decimal numbers without leading zeros, as inet_pton wants them. */
bool address_parse_ipv4(const char *text, size_t size, uint8_t out[4])
{
	const char *const end = text + size;
	for (int i = 0; i < 4; i++) {
		if (i > 0 && (text == end || *text++ != '.'))
			return false;
		if (text == end || !octet_is_digit(*text))
			return false;
		unsigned value = 0;
		const char *const start = text;
		while (text < end && text - start < 3 && octet_is_digit(*text))
			value = value * 10 + (unsigned)(*text++ - '0');
		if (value > 255 || (*start == '0' && text - start > 1))
			return false;
		out[i] = (uint8_t)value;
	}
	return text == end;
}

/* One to four hexadecimal digits; how many, or 0. */
static size_t parse_group(const char *text, size_t size, uint8_t out[2])
{
	unsigned value = 0;
	size_t digits = 0;
	while (digits < size && octet_hex(text[digits]) >= 0) {
		if (digits == 4)
			return 0;
		value = value << 4 | (unsigned)octet_hex(text[digits++]);
	}
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
	return digits;
}

struct ipv6 {
	uint8_t octets[16];
	size_t used;
	size_t gap; /* where "::" stands, in octets; SIZE_MAX: nowhere */
};

/* The groups between the first octet of text and its end; "::" may come once. */
static bool parse_groups(const char *text, const char *end, struct ipv6 *address)
{
	for (;;) {
		if (address->used == 16)
			return false;
		uint8_t group[4];
		const size_t digits = parse_group(text, (size_t)(end - text), group);
		if (digits > 0 && text + digits < end && text[digits] == '.') {
			if (address->used > 12 || !address_parse_ipv4(text, (size_t)(end - text), group))
				return false;
			memcpy(address->octets + address->used, group, 4);
			address->used += 4;
			return true;
		}
		if (digits == 0)
			return false;
		memcpy(address->octets + address->used, group, 2);
		address->used += 2;
		text += digits;
		if (text == end)
			return true;
		if (*text++ != ':' || text == end)
			return false;
		if (*text == ':') {
			if (address->gap != SIZE_MAX)
				return false;
			address->gap = address->used;
			if (++text == end)
				return true;
		}
	}
}

bool address_parse_ipv6(const char *text, size_t size, uint8_t out[16])
{
	const char *const end = text + size;
	struct ipv6 address = { .used = 0, .gap = SIZE_MAX };
	if (size >= 2 && text[0] == ':' && text[1] == ':') {
		address.gap = 0;
		text += 2;
	}
	if (text < end && !parse_groups(text, end, &address))
		return false;
	if (address.gap == SIZE_MAX ? address.used != 16 || size == 0 : address.used > 14)
		return false;
	const size_t head = address.gap == SIZE_MAX ? 16 : address.gap;
	memset(out, 0, 16);
	memcpy(out, address.octets, head);
	memcpy(out + 16 - (address.used - head), address.octets + head, address.used - head);
	return true;
}

size_t address_write_ipv4(const uint8_t in[4], char out[ADDRESS_TEXT])
{
	char *at = out;
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			*at++ = '.';
		if (in[i] >= 100)
			*at++ = (char)('0' + in[i] / 100);
		if (in[i] >= 10)
			*at++ = (char)('0' + in[i] / 10 % 10);
		*at++ = (char)('0' + in[i] % 10);
	}
	*at = '\0';
	return (size_t)(at - out);
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 4.2). */
static void longest_gap(const uint8_t in[16], int *first, int *length)
{
	*first = -1;
	*length = 1;
	for (int i = 0; i < 8;) {
		int j = i;
		while (j < 8 && in[2 * j] == 0 && in[2 * j + 1] == 0)
			j++;
		if (j - i > *length) {
			*first = i;
			*length = j - i;
		}
		i = j + 1;
	}
}

static char *put_group(char *at, unsigned value)
{
	static const char digits[] = "0123456789abcdef";
	for (int shift = 12; shift > 0; shift -= 4) {
		if (value >> shift != 0)
			*at++ = digits[value >> shift & 15];
	}
	*at++ = digits[value & 15];
	return at;
}

size_t address_write_ipv6(const uint8_t in[16], char out[ADDRESS_TEXT])
{
	int gap;
	int gap_length;
	longest_gap(in, &gap, &gap_length);
	char *at = out;
	for (int i = 0; i < 8; i++) {
		if (i == gap) {
			*at++ = ':';
			if (i == 0)
				*at++ = ':';
			i += gap_length - 1;
			continue;
		}
		at = put_group(at, (unsigned)in[2 * i] << 8 | in[2 * i + 1]);
		if (i < 7)
			*at++ = ':';
	}
	*at = '\0';
	return (size_t)(at - out);
}
