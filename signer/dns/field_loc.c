/* SPDX-License-Identifier: MIT */
/* LOC: a place on earth (RFC 1876). */
#include "signer/dns/field.h"

#include <string.h>

enum { LOC_SIZE = 16, MOST_CENTIMETRES_DIGITS = 12 };

static const uint32_t equator = (uint32_t)1 << 31;
static const uint32_t degree = 3600 * 1000; /* in thousandths of a second of arc */
static const int64_t altitude_base = 10000000;

/* A decimal number with at most `places` digits behind the point, as an integer of that unit; "m" may follow if
 * `metres`. */
static bool parse_decimal(const struct token *token, unsigned places, bool metres, int64_t *out)
{
	const char *at = token->text;
	const char *end = token->text + token->size;
	if (metres && end > at && (end[-1] | 0x20) == 'm')
		end--;
	const bool negative = at < end && *at == '-';
	at += negative;
	int64_t value = 0;
	unsigned digits = 0;
	unsigned behind = 0;
	bool point = false;
	for (; at < end; at++) {
		if (*at == '.' && !point && places > 0) {
			point = true;
			continue;
		}
		if (!octet_is_digit(*at) || ++digits > MOST_CENTIMETRES_DIGITS || (point && ++behind > places))
			return false;
		value = value * 10 + (*at - '0');
	}
	for (; behind < places; behind++)
		value *= 10;
	*out = negative ? -value : value;
	return digits > 0;
}

static bool is_letter(const struct token *token, char letter)
{
	return token->size == 1 && (token->text[0] | 0x20) == letter;
}

/* degrees [minutes [seconds]] {N|S} or {E|W}. */
static enum status read_angle(struct scan *scan, int64_t most_degrees, const char letters[2], uint32_t *out)
{
	static const char *const wanted[] = { "degrees (RFC 1876 3)",
		"minutes from 0 to 59, or a direction (RFC 1876 3)",
		"seconds from 0 to 59.999, or a direction (RFC 1876 3)", "a direction: N, S, E or W (RFC 1876 3)" };
	const int64_t most[] = { most_degrees, 59, 59999 };
	static const int64_t unit[] = { 3600000, 60000, 1 };
	int64_t total = 0;
	for (int i = 0; i < 4; i++) {
		struct token token;
		if (scan_word(scan, wanted[i], &token) != STATUS_OK)
			return STATUS_MALFORMED;
		const bool minus = is_letter(&token, letters[1]);
		if (i > 0 && (minus || is_letter(&token, letters[0]))) {
			if (total > most_degrees * degree)
				return scan_unexpected(scan, &token, "within 90 or 180 degrees (RFC 1876 3)");
			*out = minus ? equator - (uint32_t)total : equator + (uint32_t)total;
			return STATUS_OK;
		}
		int64_t value;
		if (i == 3 || !parse_decimal(&token, i == 2 ? 3 : 0, false, &value) || value < 0 || value > most[i])
			return scan_unexpected(scan, &token, wanted[i]);
		total += value * unit[i];
	}
	return STATUS_MALFORMED;
}

/* Centimetres as one digit and a power of ten (RFC 1876 2). */
static uint8_t encode_size(int64_t centimetres)
{
	uint8_t exponent = 0;
	while (centimetres >= 10) {
		centimetres /= 10;
		exponent++;
	}
	return (uint8_t)(centimetres << 4 | exponent);
}

static enum status read_metres(struct scan *scan, int64_t least, int64_t most, const char *wanted, int64_t *out)
{
	struct token token;
	if (scan_word(scan, wanted, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	if (!parse_decimal(&token, 2, true, out) || *out < least || *out > most)
		return scan_unexpected(scan, &token, wanted);
	return STATUS_OK;
}

enum status field_read_loc(struct scan *scan, struct rdata_out *out)
{
	uint8_t loc[LOC_SIZE] = { 0, 0x12, 0x16, 0x13 };
	uint32_t latitude;
	uint32_t longitude;
	int64_t altitude;
	if (read_angle(scan, 90, "ns", &latitude) != STATUS_OK || read_angle(scan, 180, "ew", &longitude) != STATUS_OK)
		return STATUS_MALFORMED;
	if (read_metres(scan, -altitude_base, INT64_C(4284967295), "an altitude in metres (RFC 1876 3)", &altitude) !=
	    STATUS_OK)
		return STATUS_MALFORMED;
	for (int i = 1; i < 4 && scan_peek(scan) == SCAN_WORD; i++) {
		int64_t size;
		if (read_metres(scan, 0, INT64_C(9000000000), "a size or precision in metres (RFC 1876 3)", &size) !=
		    STATUS_OK)
			return STATUS_MALFORMED;
		loc[i] = encode_size(size);
	}
	bytes_put_u32(loc + 4, latitude);
	bytes_put_u32(loc + 8, longitude);
	bytes_put_u32(loc + 12, (uint32_t)(altitude + altitude_base));
	uint8_t *const to = rdata_take(scan, out, LOC_SIZE);
	if (to == NULL)
		return STATUS_MALFORMED;
	memcpy(to, loc, LOC_SIZE);
	return STATUS_OK;
}

static bool good_size(uint8_t size)
{
	return (size >> 4) <= 9 && (size & 15) <= 9;
}

static bool good_angle(uint32_t angle, uint32_t most_degrees)
{
	return angle >= equator - most_degrees * degree && angle <= equator + most_degrees * degree;
}

/* Version 0 is the only one (RFC 1876 2). */
bool field_pass_loc(struct cursor *in)
{
	if (cursor_u8(in) != 0)
		return false;
	for (int i = 0; i < 3; i++) {
		if (!good_size(cursor_u8(in)))
			return false;
	}
	const uint32_t latitude = cursor_u32(in);
	const uint32_t longitude = cursor_u32(in);
	cursor_u32(in);
	return !in->failed && good_angle(latitude, 90) && good_angle(longitude, 180);
}

static void put_fraction(struct zonetext_buffer *out, uint32_t value, int digits)
{
	char text[4] = ".";
	for (int i = digits; i > 0; i--) {
		text[i] = (char)('0' + value % 10);
		value /= 10;
	}
	text_put(out, text, (size_t)digits + 1);
}

static void put_angle(struct zonetext_buffer *out, uint32_t angle, const char *plus, const char *minus)
{
	const uint32_t size = angle >= equator ? angle - equator : equator - angle;
	text_put_number(out, size / degree);
	text_put(out, " ", 1);
	text_put_number(out, size / 60000 % 60);
	text_put(out, " ", 1);
	text_put_number(out, size / 1000 % 60);
	put_fraction(out, size % 1000, 3);
	text_put(out, angle >= equator ? plus : minus, 3);
}

static void put_size(struct zonetext_buffer *out, uint8_t size)
{
	uint64_t centimetres = size >> 4;
	for (unsigned i = size & 15; i > 0; i--)
		centimetres *= 10;
	text_put(out, " ", 1);
	text_put_number(out, centimetres / 100);
	put_fraction(out, (uint32_t)(centimetres % 100), 2);
	text_put(out, "m", 1);
}

void field_write_loc(struct cursor *in, struct zonetext_buffer *out)
{
	const struct bytes head = cursor_take(in, 4);
	put_angle(out, cursor_u32(in), " N ", " S ");
	put_angle(out, cursor_u32(in), " E ", " W ");
	const int64_t altitude = (int64_t)cursor_u32(in) - altitude_base;
	const uint64_t size = (uint64_t)(altitude < 0 ? -altitude : altitude);
	if (altitude < 0)
		text_put(out, "-", 1);
	text_put_number(out, size / 100);
	put_fraction(out, (uint32_t)(size % 100), 2);
	text_put(out, "m", 1);
	for (size_t i = 1; i < 4; i++)
		put_size(out, head.data[i]);
}

bool field_loc_has_text(const uint8_t *rdata)
{
	for (int i = 1; i < 4; i++) {
		if (rdata[i] != 0 && rdata[i] >> 4 == 0)
			return false;
	}
	return true;
}
