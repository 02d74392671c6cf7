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
	size_t size;
	if (out->end - out->at >= NAME_WIRE) {
		const enum status status = scan_name(scan, "a domain name", out->at, &size);
		out->at += status == STATUS_OK ? size : 0;
		return status;
	}
	uint8_t wire[NAME_WIRE];
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
	} while (more(in));
	return true;
}

static void write_string(struct cursor *in, struct zonetext_buffer *out)
{
	const struct bytes string = cursor_take(in, cursor_u8(in));
	text_put_string(out, string.data, string.size);
}

static void write_strings(struct cursor *in, struct zonetext_buffer *out)
{
	for (bool first = true; more(in); first = false) {
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
	[FIELD_DS_DIGEST] = { "a digest", field_read_ds_digest, field_pass_ds_digest, field_write_hex },
	[FIELD_SSHFP_DIGEST] = { "a digest", field_read_sshfp_digest, field_pass_sshfp_digest, field_write_hex },
	[FIELD_ZONEMD_DIGEST] = { "a digest", field_read_zonemd_digest, field_pass_zonemd_digest, field_write_hex },
	[FIELD_BASE64] = { "base64 data", field_read_base64, field_pass_some, field_write_base64 },
	[FIELD_BASE64_ANY] = { "base64 data", field_read_base64_any, field_pass_any, field_write_base64 },
	[FIELD_SALT] = { "a salt", field_read_salt, field_pass_counted, field_write_salt },
	[FIELD_HASH] = { "a hashed owner name", field_read_hash, field_pass_hash, field_write_hash },
	[FIELD_BITMAP] = { "a type bit map", field_read_bitmap, field_pass_bitmap, field_write_bitmap },
	[FIELD_NXT] = { "a type bit map", field_read_nxt, field_pass_nxt, field_write_nxt },
	[FIELD_TEXT] = { "a string", field_read_text, field_pass_any, field_write_text_any },
	[FIELD_TEXT_SOME] = { "a string", field_read_text_some, field_pass_some, field_write_text },
	[FIELD_TAG] = { "a tag", field_read_tag, field_pass_tag, field_write_tag },
	[FIELD_REGEXP] = { "a substitution expression", field_read_regexp, field_pass_regexp, write_string },
	[FIELD_PSDN] = { "an X.25 address", field_read_psdn, field_pass_psdn, write_string },
	[FIELD_EUI48] = { "an EUI-48 address", field_read_eui48, field_pass_eui48, field_write_eui },
	[FIELD_EUI64] = { "an EUI-64 address", field_read_eui64, field_pass_u64, field_write_eui },
	[FIELD_NODE] = { "a 64-bit locator or identifier", field_read_node, field_pass_u64, field_write_node },
	[FIELD_U64] = { "a 64-bit number", field_read_u64, field_pass_u64, field_write_u64 },
	[FIELD_NSAP] = { "an NSAP address", field_read_nsap, field_pass_some, field_write_nsap },
	[FIELD_CERT_TYPE] = { "a certificate type", field_read_cert_type, field_pass_u16, field_write_u16 },
	[FIELD_SCHEME] = { "a scheme", field_read_scheme, field_pass_u8, field_write_u8 },
	[FIELD_BASE64_DASH] = { "base64 data", field_read_base64_dash, field_pass_any, field_write_base64_dash },
	[FIELD_APL] = { "an address prefix", field_read_apl, field_pass_apl, field_write_apl },
	[FIELD_SERVICES] = { "a map of ports", field_read_services, field_pass_services, field_write_services },
	[FIELD_ATMA] = { "an ATM address", field_read_atma, field_pass_atma, field_write_atma },
	[FIELD_IPSECKEY] = { "a gateway or key", field_read_ipseckey, field_pass_ipseckey, field_write_ipseckey },
	[FIELD_AMTRELAY] = { "a relay", field_read_amtrelay, field_pass_amtrelay, field_write_amtrelay },
	[FIELD_HIP] = { "a host identity", field_read_hip, field_pass_hip, field_write_hip },
	[FIELD_A6] = { "a prefix length or suffix", field_read_a6, field_pass_a6, field_write_a6 },
	[FIELD_A6_NAME] = { "a prefix name", field_read_a6_name, field_pass_a6_name, field_write_a6_name },
	[FIELD_LOC] = { "a location", field_read_loc, field_pass_loc, field_write_loc },
	[FIELD_SVCPARAMS] = { "service parameters", field_read_svcparams, field_pass_svcparams, field_write_svcparams },
	[FIELD_OPAQUE] = { "data", field_read_opaque, field_pass_any, field_write_hex },
};

const struct field *field_of(enum rdata_field field)
{
	return &fields[field];
}
