/* SPDX-License-Identifier: MIT */
#include "signer/dns/field.h"

#include <string.h>

#include "signer/dns/name.h"

uint8_t *rdata_take(const struct scan *scan, struct rdata_out *out, size_t size)
{
	if (size > (size_t)(out->end - out->at)) {
		(void)scan_fail(scan, scan->at, "RDATA over 65535 octets (RFC 1035 3.2.1)");
		return NULL;
	}
	uint8_t *const taken = out->at;
	out->at += size;
	return taken;
}

static enum status read_name(struct scan *scan, struct rdata_out *out)
{
	uint8_t wire[NAME_WIRE];
	size_t size;
	const enum status status = scan_name(scan, "a domain name", wire, &size);
	if (status != STATUS_OK)
		return status;
	uint8_t *const to = rdata_take(scan, out, size);
	if (to == NULL)
		return STATUS_MALFORMED;
	memcpy(to, wire, size);
	return STATUS_OK;
}

static bool pass_name(struct cursor *in)
{
	const size_t size = name_from_wire(in->at, cursor_left(in));
	if (size == 0)
		return false;
	in->at += size;
	return true;
}

static void write_name(struct cursor *in, struct zonetext_buffer *out)
{
	text_put_name(out, in->at);
	in->at += name_size(in->at);
}

static enum status read_address_ipv4(struct scan *scan, struct rdata_out *out)
{
	struct token token;
	if (scan_word(scan, "an IPv4 address", &token) != STATUS_OK)
		return STATUS_MALFORMED;
	uint8_t address[4];
	if (!address_parse_ipv4(token.text, token.size, address))
		return scan_unexpected(scan, &token, "an IPv4 address");
	uint8_t *const to = rdata_take(scan, out, sizeof(address));
	if (to == NULL)
		return STATUS_MALFORMED;
	memcpy(to, address, sizeof(address));
	return STATUS_OK;
}

static enum status read_address_ipv6(struct scan *scan, struct rdata_out *out)
{
	struct token token;
	if (scan_word(scan, "an IPv6 address", &token) != STATUS_OK)
		return STATUS_MALFORMED;
	uint8_t address[16];
	if (!address_parse_ipv6(token.text, token.size, address))
		return scan_unexpected(scan, &token, "an IPv6 address");
	uint8_t *const to = rdata_take(scan, out, sizeof(address));
	if (to == NULL)
		return STATUS_MALFORMED;
	memcpy(to, address, sizeof(address));
	return STATUS_OK;
}

static bool pass_ipv4(struct cursor *in)
{
	return cursor_take(in, 4).size == 4;
}

static bool pass_ipv6(struct cursor *in)
{
	return cursor_take(in, 16).size == 16;
}

static void write_ipv4(struct cursor *in, struct zonetext_buffer *out)
{
	char text[ADDRESS_TEXT];
	text_put(out, text, address_write_ipv4(cursor_take(in, 4).data, text));
}

static void write_ipv6(struct cursor *in, struct zonetext_buffer *out)
{
	char text[ADDRESS_TEXT];
	text_put(out, text, address_write_ipv6(cursor_take(in, 16).data, text));
}

static enum status read_string(struct scan *scan, struct rdata_out *out)
{
	struct token token;
	if (scan_string(scan, "a character string", &token) != STATUS_OK)
		return STATUS_MALFORMED;
	uint8_t octets[255];
	size_t size;
	if (scan_unescape(scan, &token, octets, sizeof(octets), &size) != STATUS_OK)
		return STATUS_MALFORMED;
	uint8_t *const to = rdata_take(scan, out, size + 1);
	if (to == NULL)
		return STATUS_MALFORMED;
	to[0] = (uint8_t)size;
	memcpy(to + 1, octets, size);
	return STATUS_OK;
}

static enum status read_string_optional(struct scan *scan, struct rdata_out *out)
{
	switch (scan_peek(scan)) {
	case SCAN_WORD:
	case SCAN_QUOTED:
		return read_string(scan, out);
	case SCAN_END:
		return STATUS_OK;
	case SCAN_BAD:
		break;
	}
	return STATUS_MALFORMED;
}

static enum status read_strings(struct scan *scan, struct rdata_out *out)
{
	enum scan_kind kind;
	do {
		if (read_string(scan, out) != STATUS_OK)
			return STATUS_MALFORMED;
		kind = scan_peek(scan);
	} while (kind == SCAN_WORD || kind == SCAN_QUOTED);
	return kind == SCAN_END ? STATUS_OK : STATUS_MALFORMED;
}

static bool pass_string(struct cursor *in)
{
	cursor_take(in, cursor_u8(in));
	return !in->failed;
}

static bool pass_string_optional(struct cursor *in)
{
	return cursor_left(in) == 0 || pass_string(in);
}

static bool pass_strings(struct cursor *in)
{
	do {
		if (!pass_string(in))
			return false;
	} while (cursor_left(in) > 0);
	return true;
}

static void write_string(struct cursor *in, struct zonetext_buffer *out)
{
	const struct bytes string = cursor_take(in, cursor_u8(in));
	text_put_string(out, string.data, string.size);
}

static void write_strings(struct cursor *in, struct zonetext_buffer *out)
{
	for (bool first = true; cursor_left(in) > 0; first = false) {
		if (!first)
			text_put(out, " ", 1);
		write_string(in, out);
	}
}

static const struct field fields[FIELD_COUNT] = {
	[FIELD_NAME] = { "a domain name", read_name, pass_name, write_name },
	[FIELD_NAME_KEPT] = { "a domain name", read_name, pass_name, write_name },
	[FIELD_U8] = { "an 8-bit number", field_read_u8, field_pass_u8, field_write_u8 },
	[FIELD_U16] = { "a 16-bit number", field_read_u16, field_pass_u16, field_write_u16 },
	[FIELD_U32] = { "a 32-bit number", field_read_u32, field_pass_u32, field_write_u32 },
	[FIELD_TTL] = { "a length of time", field_read_ttl, field_pass_u32, field_write_u32 },
	[FIELD_TYPE] = { "a record type", field_read_type, field_pass_u16, field_write_type },
	[FIELD_ALGORITHM] = { "an algorithm", field_read_algorithm, field_pass_u8, field_write_u8 },
	[FIELD_TIME] = { "a time", field_read_time, field_pass_u32, field_write_time },
	[FIELD_IPV4] = { "an IPv4 address", read_address_ipv4, pass_ipv4, write_ipv4 },
	[FIELD_IPV6] = { "an IPv6 address", read_address_ipv6, pass_ipv6, write_ipv6 },
	[FIELD_STRING] = { "a character string", read_string, pass_string, write_string },
	[FIELD_STRING_OPTIONAL] = { "a character string", read_string_optional, pass_string_optional, write_strings },
	[FIELD_STRINGS] = { "character strings", read_strings, pass_strings, write_strings },
	[FIELD_HEX] = { "hexadecimal data", field_read_hex, field_pass_some, field_write_hex },
	[FIELD_BASE64] = { "base64 data", field_read_base64, field_pass_some, field_write_base64 },
	[FIELD_BASE64_ANY] = { "base64 data", field_read_base64_any, field_pass_any, field_write_base64 },
	[FIELD_SALT] = { "a salt", field_read_salt, field_pass_counted, field_write_salt },
	[FIELD_HASH] = { "a hashed owner name", field_read_hash, field_pass_hash, field_write_hash },
	[FIELD_BITMAP] = { "a type bit map", field_read_bitmap, field_pass_bitmap, field_write_bitmap },
};

const struct field *field_of(enum rdata_field field)
{
	return &fields[field];
}
