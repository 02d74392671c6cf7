/* SPDX-License-Identifier: MIT */
/* Fields that are text with a form of its own: identifiers, tags, long strings. */
#include "signer/dns/field.h"

#include <string.h>

/* Text without a length octet, to the end of the RDATA. */
enum status field_read_text(struct scan *scan, struct rdata_out *out)
{
	struct token token;
	if (scan_string(scan, "a string", &token) != STATUS_OK)
		return STATUS_MALFORMED;
	size_t size;
	if (scan_unescape(scan, &token, out->at, (size_t)(out->end - out->at), &size) != STATUS_OK)
		return STATUS_MALFORMED;
	out->at += size;
	return STATUS_OK;
}

enum status field_read_text_some(struct scan *scan, struct rdata_out *out)
{
	const uint8_t *const before = out->at;
	if (field_read_text(scan, out) != STATUS_OK)
		return STATUS_MALFORMED;
	return out->at > before ? STATUS_OK : scan_fail(scan, scan->at, "an empty string");
}

void field_write_text(struct cursor *in, struct zonetext_buffer *out)
{
	const struct bytes rest = cursor_take(in, cursor_left(in));
	text_put_string(out, rest.data, rest.size);
}

/* Nothing after the field before it still is a text: the empty one. */
void field_write_text_any(struct cursor *in, struct zonetext_buffer *out)
{
	if (cursor_left(in) == 0)
		text_put(out, " ", 1);
	field_write_text(in, out);
}

static bool is_alphanumeric(uint8_t octet)
{
	const uint8_t lower = octet_lower[octet];
	return octet_is_digit((char)octet) || (lower >= 'a' && lower <= 'z');
}

/* A string of letters and digits (RFC 8659 4.1). */
static bool is_tag(const uint8_t *octets, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (!is_alphanumeric(octets[i]))
			return false;
	}
	return size > 0 && size <= 255;
}

static enum status put_string(const struct scan *scan, struct rdata_out *out, const char *text, size_t size)
{
	uint8_t *const to = rdata_take(scan, out, size + 1);
	if (to == NULL)
		return STATUS_MALFORMED;
	to[0] = (uint8_t)size;
	memcpy(to + 1, text, size);
	return STATUS_OK;
}

enum status field_read_tag(struct scan *scan, struct rdata_out *out)
{
	static const char wanted[] = "a tag of letters and digits (RFC 8659 4.1)";
	struct token token;
	if (scan_string(scan, wanted, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	if (!is_tag((const uint8_t *)token.text, token.size))
		return scan_unexpected(scan, &token, wanted);
	return put_string(scan, out, token.text, token.size);
}

bool field_pass_tag(struct cursor *in)
{
	const struct bytes tag = cursor_take(in, cursor_u8(in));
	return is_tag(tag.data, tag.size);
}

void field_write_tag(struct cursor *in, struct zonetext_buffer *out)
{
	const struct bytes tag = cursor_take(in, cursor_u8(in));
	text_put(out, (const char *)tag.data, tag.size);
}

static bool is_psdn(const uint8_t *octets, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (!octet_is_digit((char)octets[i]))
			return false;
	}
	return size >= 4 && size <= 255;
}

enum status field_read_psdn(struct scan *scan, struct rdata_out *out)
{
	static const char wanted[] = "an X.25 address of 4 digits or more (RFC 1183 3.1)";
	struct token token;
	if (scan_string(scan, wanted, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	if (!is_psdn((const uint8_t *)token.text, token.size))
		return scan_unexpected(scan, &token, wanted);
	return put_string(scan, out, token.text, token.size);
}

bool field_pass_psdn(struct cursor *in)
{
	const struct bytes digits = cursor_take(in, cursor_u8(in));
	return is_psdn(digits.data, digits.size);
}

/* `count` octets as pairs of hexadecimal digits with a dash between (RFC 7043 3.2, 4.2). */
static enum status read_eui(struct scan *scan, struct rdata_out *out, size_t count, const char *wanted)
{
	struct token token;
	if (scan_word(scan, wanted, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	uint8_t octets[8] = { 0 };
	bool good = token.size == 3 * count - 1;
	for (size_t i = 0; good && i < count; i++) {
		good = bytes_from_hex(token.text + 3 * i, 2, octets + i, 1) == 1;
		good = good && (i + 1 == count || token.text[3 * i + 2] == '-');
	}
	if (!good)
		return scan_unexpected(scan, &token, wanted);
	uint8_t *const to = rdata_take(scan, out, count);
	if (to == NULL)
		return STATUS_MALFORMED;
	memcpy(to, octets, count);
	return STATUS_OK;
}

enum status field_read_eui48(struct scan *scan, struct rdata_out *out)
{
	return read_eui(scan, out, 6, "an EUI-48 address: xx-xx-xx-xx-xx-xx (RFC 7043 3.2)");
}

enum status field_read_eui64(struct scan *scan, struct rdata_out *out)
{
	return read_eui(scan, out, 8, "an EUI-64 address: xx-xx-xx-xx-xx-xx-xx-xx (RFC 7043 4.2)");
}

bool field_pass_eui48(struct cursor *in)
{
	return cursor_take(in, 6).size == 6;
}

bool field_pass_u64(struct cursor *in)
{
	return cursor_take(in, 8).size == 8;
}

/* The rest of the RDATA, which holds nothing else. */
void field_write_eui(struct cursor *in, struct zonetext_buffer *out)
{
	const struct bytes octets = cursor_take(in, cursor_left(in));
	for (size_t i = 0; i < octets.size; i++) {
		char text[4] = "-";
		bytes_to_hex((struct bytes){ octets.data + i, 1 }, false, text + 1);
		text_put(out, i == 0 ? text + 1 : text, i == 0 ? 2 : 3);
	}
}

/* Four groups of hexadecimal digits, never shortened (RFC 6742 2.1). */
enum status field_read_node(struct scan *scan, struct rdata_out *out)
{
	static const char wanted[] = "64 bits as xxxx:xxxx:xxxx:xxxx (RFC 6742 2.1)";
	struct token token;
	if (scan_word(scan, wanted, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	/* As the end of an IPv6 address that begins with four groups of zeros. */
	char text[64] = "0:0:0:0:";
	uint8_t address[16];
	size_t colons = 0;
	for (size_t i = 0; i < token.size; i++)
		colons += token.text[i] == ':';
	if (token.size > 19 || colons != 3 || memmem(token.text, token.size, "::", 2) != NULL)
		return scan_unexpected(scan, &token, wanted);
	memcpy(text + 8, token.text, token.size);
	if (memchr(token.text, '.', token.size) != NULL || !address_parse_ipv6(text, 8 + token.size, address))
		return scan_unexpected(scan, &token, wanted);
	uint8_t *const to = rdata_take(scan, out, 8);
	if (to == NULL)
		return STATUS_MALFORMED;
	memcpy(to, address + 8, 8);
	return STATUS_OK;
}

void field_write_node(struct cursor *in, struct zonetext_buffer *out)
{
	for (int i = 0; i < 4; i++) {
		char text[6] = ":";
		bytes_to_hex(cursor_take(in, 2), false, text + 1);
		text_put(out, i == 0 ? text + 1 : text, i == 0 ? 4 : 5);
	}
}

enum status field_read_u64(struct scan *scan, struct rdata_out *out)
{
	uint64_t value;
	if (read_number(scan, "a 64-bit number", UINT64_MAX, &value) != STATUS_OK)
		return STATUS_MALFORMED;
	uint8_t *const to = rdata_take(scan, out, 8);
	if (to == NULL)
		return STATUS_MALFORMED;
	bytes_put_u64(to, value);
	return STATUS_OK;
}

void field_write_u64(struct cursor *in, struct zonetext_buffer *out)
{
	const uint64_t high = cursor_u32(in);
	text_put_number(out, high << 32 | cursor_u32(in));
}

/* "0x" and hexadecimal digits, dots anywhere (RFC 1706 5). */
enum status field_read_nsap(struct scan *scan, struct rdata_out *out)
{
	static const char wanted[] = "an NSAP address: 0x and hexadecimal digits (RFC 1706 5)";
	struct token token;
	if (scan_word(scan, wanted, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	char digits[512];
	size_t used = 0;
	for (size_t i = 2; i < token.size && used < sizeof(digits); i++) {
		if (token.text[i] != '.')
			digits[used++] = token.text[i];
	}
	const bool prefixed = token.size > 2 && token.text[0] == '0' && (token.text[1] | 0x20) == 'x';
	uint8_t octets[255];
	const long size = prefixed ? bytes_from_hex(digits, used, octets, sizeof(octets)) : -1;
	if (size <= 0)
		return scan_unexpected(scan, &token, wanted);
	uint8_t *const to = rdata_take(scan, out, (size_t)size);
	if (to == NULL)
		return STATUS_MALFORMED;
	memcpy(to, octets, (size_t)size);
	return STATUS_OK;
}

void field_write_nsap(struct cursor *in, struct zonetext_buffer *out)
{
	text_put(out, "0x", 2);
	field_write_hex(in, out);
}

/* The mnemonics of CERT types (RFC 4398 2.1). */
static const struct {
	const char *name;
	uint16_t number;
} cert_types[] = {
	{ "pkix", 1 },
	{ "spki", 2 },
	{ "pgp", 3 },
	{ "ipkix", 4 },
	{ "ispki", 5 },
	{ "ipgp", 6 },
	{ "acpkix", 7 },
	{ "iacpkix", 8 },
	{ "uri", 253 },
	{ "oid", 254 },
};

enum status field_read_cert_type(struct scan *scan, struct rdata_out *out)
{
	static const char wanted[] = "a certificate type: a number or a mnemonic (RFC 4398 2.1)";
	struct token token;
	if (scan_word(scan, wanted, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	uint64_t value = 0;
	for (size_t i = 0; i < COUNT(cert_types); i++) {
		if (scan_token_is(&token, cert_types[i].name))
			value = cert_types[i].number;
	}
	if (value == 0 && scan_number(scan, &token, wanted, UINT16_MAX, &value) != STATUS_OK)
		return STATUS_MALFORMED;
	uint8_t *const to = rdata_take(scan, out, 2);
	if (to == NULL)
		return STATUS_MALFORMED;
	bytes_put_u16(to, (uint16_t)value);
	return STATUS_OK;
}

/* The scheme of a DSYNC record. */
enum status field_read_scheme(struct scan *scan, struct rdata_out *out)
{
	static const char wanted[] = "a scheme: a number from 0 to 255 or NOTIFY (RFC 9859 2.2)";
	struct token token;
	if (scan_word(scan, wanted, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	uint64_t value = scan_token_is(&token, "notify");
	if (value == 0 && scan_number(scan, &token, wanted, UINT8_MAX, &value) != STATUS_OK)
		return STATUS_MALFORMED;
	uint8_t *const to = rdata_take(scan, out, 1);
	if (to == NULL)
		return STATUS_MALFORMED;
	*to = (uint8_t)value;
	return STATUS_OK;
}

/* Base64 or "-" for none. */
enum status field_read_base64_dash(struct scan *scan, struct rdata_out *out)
{
	if (scan_peek(scan) != SCAN_WORD || scan->at[0] != '-')
		return field_read_base64(scan, out);
	struct token token;
	if (scan_word(scan, "base64 data", &token) != STATUS_OK)
		return STATUS_MALFORMED;
	return token.size == 1 ? STATUS_OK : scan_unexpected(scan, &token, "base64 data or \"-\"");
}

void field_write_base64_dash(struct cursor *in, struct zonetext_buffer *out)
{
	if (cursor_left(in) == 0)
		text_put(out, " -", 2);
	else
		field_write_base64(in, out);
}

enum status field_read_opaque(struct scan *scan, struct rdata_out *out)
{
	(void)out;
	return scan_fail(scan, scan->at, "no text form: write the RDATA as \\# length hex (RFC 3597 5)");
}
