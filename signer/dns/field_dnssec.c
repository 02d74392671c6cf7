/* SPDX-License-Identifier: MIT */
/* Fields of the DNSSEC types: record types, algorithms, times, type bit maps. */
#include "signer/dns/field.h"

#include <string.h>

#include "signer/base/utc.h"

enum status field_read_type(struct scan *scan, struct rdata_out *out)
{
	static const char wanted[] = "a record type: a mnemonic or TYPEn (RFC 3597 5)";
	struct token token;
	if (scan_word(scan, wanted, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	const int type = rrtype_from_text(token.text, token.size);
	if (type < 0)
		return scan_unexpected(scan, &token, wanted);
	uint8_t *const to = rdata_take(scan, out, 2);
	if (to == NULL)
		return STATUS_MALFORMED;
	bytes_put_u16(to, (uint16_t)type);
	return STATUS_OK;
}

/* The mnemonics of IANA's registry that stand in zone files. */
static const struct {
	const char *name;
	uint8_t number;
} algorithms[] = {
	{ "delete", 0 },
	{ "rsamd5", 1 },
	{ "dh", 2 },
	{ "dsa", 3 },
	{ "rsasha1", 5 },
	{ "dsa-nsec3-sha1", 6 },
	{ "nsec3dsa", 6 },
	{ "rsasha1-nsec3-sha1", 7 },
	{ "nsec3rsasha1", 7 },
	{ "rsasha256", 8 },
	{ "rsasha512", 10 },
	{ "ecc-gost", 12 },
	{ "eccgost", 12 },
	{ "ecdsap256sha256", 13 },
	{ "ecdsap384sha384", 14 },
	{ "ed25519", 15 },
	{ "ed448", 16 },
	{ "sm2sm3", 17 },
	{ "ecc-gost12", 23 },
	{ "indirect", 252 },
	{ "privatedns", 253 },
	{ "privateoid", 254 },
};

static int algorithm_number(const struct token *token)
{
	for (size_t i = 0; i < COUNT(algorithms); i++) {
		if (scan_token_is(token, algorithms[i].name))
			return algorithms[i].number;
	}
	return -1;
}

enum status field_read_algorithm(struct scan *scan, struct rdata_out *out)
{
	static const char wanted[] = "an algorithm: a number or a mnemonic (RFC 4034 A.1)";
	struct token token;
	if (scan_word(scan, wanted, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	int number = -1;
	if (!octet_is_digit(token.text[0]))
		number = algorithm_number(&token);
	uint64_t value = number < 0 ? 0 : (uint64_t)number;
	if (number < 0 && scan_number(scan, &token, wanted, UINT8_MAX, &value) != STATUS_OK)
		return STATUS_MALFORMED;
	uint8_t *const to = rdata_take(scan, out, 1);
	if (to == NULL)
		return STATUS_MALFORMED;
	*to = (uint8_t)value;
	return STATUS_OK;
}

static unsigned digits_value(const char *text, size_t count)
{
	unsigned value = 0;
	for (size_t i = 0; i < count; i++)
		value = value * 10 + (unsigned)(text[i] - '0');
	return value;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar from 1970 on. */
static int64_t days_of_date(unsigned year, unsigned month, unsigned day)
{
	static const unsigned before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	const unsigned last = year - 1;
	const unsigned leaps = last / 4 - last / 100 + last / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);
	return (int64_t)(year - 1970) * 365 + leaps + before[month - 1] + (leap && month > 2) + day - 1;
}

static unsigned days_of_month(unsigned year, unsigned month)
{
	static const unsigned days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (leap && month == 2);
}

/* YYYYMMDDHHMMSS; the wire holds it modulo 2^32 (RFC 4034 3.1.5). */
bool field_parse_date(const char text[14], uint32_t *out)
{
	const unsigned year = digits_value(text, 4);
	const unsigned month = digits_value(text + 4, 2);
	const unsigned day = digits_value(text + 6, 2);
	const unsigned hour = digits_value(text + 8, 2);
	const unsigned minute = digits_value(text + 10, 2);
	const unsigned second = digits_value(text + 12, 2);
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month))
		return false;
	if (hour > 23 || minute > 59 || second > 59)
		return false;
	const int64_t seconds = days_of_date(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
	*out = (uint32_t)seconds;
	return true;
}

enum status field_read_time(struct scan *scan, struct rdata_out *out)
{
	static const char wanted[] = "a time: YYYYMMDDHHMMSS or seconds since 1970 (RFC 4034 3.2)";
	struct token token;
	if (scan_word(scan, wanted, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	uint64_t seconds;
	const uint64_t most = token.size == 14 ? UINT64_MAX : UINT32_MAX;
	if (scan_number(scan, &token, wanted, most, &seconds) != STATUS_OK)
		return STATUS_MALFORMED;
	uint32_t value = (uint32_t)seconds;
	if (token.size == 14 && !field_parse_date(token.text, &value))
		return scan_unexpected(scan, &token, wanted);
	uint8_t *const to = rdata_take(scan, out, 4);
	if (to == NULL)
		return STATUS_MALFORMED;
	bytes_put_u32(to, value);
	return STATUS_OK;
}

/* 65536 bits, and which windows hold any. Types below 256 come alone as a rule, so the rest is cleared when needed. */
struct type_set {
	uint8_t size[256]; /* octets used in each window */
	uint8_t bits[8192];
	bool high; /* a type above 255 was seen, all windows are cleared */
};

static void put_windows(const struct type_set *set, uint8_t *to)
{
	for (unsigned window = 0; window < (set->high ? 256 : 1); window++) {
		if (set->size[window] == 0)
			continue;
		*to++ = (uint8_t)window;
		*to++ = set->size[window];
		memcpy(to, set->bits + 32 * window, set->size[window]);
		to += set->size[window];
	}
}

static void add_type(struct type_set *set, unsigned type)
{
	const unsigned window = type >> 8;
	const uint8_t size = (uint8_t)((type & 255) / 8 + 1);
	if (window > 0 && !set->high) {
		memset(set->size + 1, 0, sizeof(set->size) - 1);
		memset(set->bits + 32, 0, sizeof(set->bits) - 32);
		set->high = true;
	}
	set->bits[type / 8] |= (uint8_t)(0x80 >> (type & 7));
	if (set->size[window] < size)
		set->size[window] = size;
}

static enum status read_types(struct scan *scan, struct type_set *set)
{
	enum scan_kind kind;
	while ((kind = scan_peek(scan)) == SCAN_WORD) {
		struct token token;
		if (scan_word(scan, "a record type", &token) != STATUS_OK)
			return STATUS_MALFORMED;
		const int type = rrtype_from_text(token.text, token.size);
		if (type < 0)
			return scan_unexpected(scan, &token, "a record type: a mnemonic or TYPEn (RFC 3597 5)");
		add_type(set, (unsigned)type);
	}
	if (kind == SCAN_QUOTED)
		return scan_fail(scan, scan->at, "a quoted string where a record type should be");
	return kind == SCAN_END ? STATUS_OK : STATUS_MALFORMED;
}

enum status field_read_bitmap(struct scan *scan, struct rdata_out *out)
{
	struct type_set set;
	set.high = false;
	set.size[0] = 0;
	memset(set.bits, 0, 32);
	if (read_types(scan, &set) != STATUS_OK)
		return STATUS_MALFORMED;
	size_t size = 0;
	for (unsigned window = 0; window < (set.high ? 256 : 1); window++)
		size += set.size[window] == 0 ? 0 : 2U + set.size[window];
	uint8_t *const to = rdata_take(scan, out, size);
	if (to == NULL)
		return STATUS_MALFORMED;
	put_windows(&set, to);
	return STATUS_OK;
}

/* Windows ascend, hold 1 to 32 octets and do not end with a zero octet (RFC 4034 4.1.2). */
bool field_pass_bitmap(struct cursor *in)
{
	int last = -1;
	while (more(in)) {
		const int window = cursor_u8(in);
		const unsigned size = cursor_u8(in);
		const struct bytes bits = cursor_take(in, size);
		if (in->failed || window <= last || size == 0 || size > 32 || bits.data[size - 1] == 0)
			return false;
		last = window;
	}
	return !in->failed;
}

void field_write_type(struct cursor *in, struct zonetext_buffer *out)
{
	char text[RRTYPE_TEXT];
	text_put(out, text, rrtype_to_text(cursor_u16(in), false, text));
}

static char *put_digits(char *at, unsigned value, int count)
{
	for (int i = count - 1; i >= 0; i--) {
		at[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return at + count;
}

void field_write_time(struct cursor *in, struct zonetext_buffer *out)
{
	const uint32_t seconds = cursor_u32(in);
	int year;
	int month;
	int day;
	utc_date((struct utc){ seconds }, &year, &month, &day);
	char text[14];
	char *at = put_digits(text, (unsigned)year, 4);
	at = put_digits(at, (unsigned)month, 2);
	at = put_digits(at, (unsigned)day, 2);
	at = put_digits(at, seconds / 3600 % 24, 2);
	at = put_digits(at, seconds / 60 % 60, 2);
	put_digits(at, seconds % 60, 2);
	text_put(out, text, sizeof(text));
}

static void write_window(unsigned window, struct bytes bits, struct zonetext_buffer *out)
{
	for (unsigned i = 0; i < 8 * bits.size; i++) {
		if ((bits.data[i / 8] & 0x80 >> (i & 7)) == 0)
			continue;
		char text[1 + RRTYPE_TEXT];
		text[0] = ' ';
		const size_t size = rrtype_to_text((uint16_t)(window << 8 | i), false, text + 1);
		text_put(out, text, size + 1);
	}
}

/* Writes a blank before each type; the blank that the caller put before the field is the first of them. */
void field_write_bitmap(struct cursor *in, struct zonetext_buffer *out)
{
	out->size -= cursor_left(in) > 0;
	while (more(in)) {
		const unsigned window = cursor_u8(in);
		write_window(window, cursor_take(in, cursor_u8(in)), out);
	}
}
