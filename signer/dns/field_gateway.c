/* SPDX-License-Identifier: MIT */
/* RDATA whose form depends on a number before it: IPSECKEY, AMTRELAY, HIP, A6. */
#include "signer/dns/field.h"

#include <string.h>

#include "signer/dns/name.h"

static enum status put(const struct scan *scan, struct rdata_out *out, const uint8_t *octets, size_t size)
{
	uint8_t *const to = rdata_take(scan, out, size);
	if (to == NULL)
		return STATUS_MALFORMED;
	if (size > 0)
		memcpy(to, octets, size);
	return STATUS_OK;
}

/* "." for none, an address, or a name, by its type 0 to 3 (RFC 4025 2.5, RFC 8777 4.2.4). */
static enum status read_gateway(struct scan *scan, uint64_t type, struct rdata_out *out)
{
	static const char *const wanted[] = { "\".\", for no gateway", "an IPv4 address", "an IPv6 address",
		"a domain name" };
	struct token token;
	uint8_t wire[NAME_WIRE];
	size_t size = 0;
	if (type == 3) {
		if (scan_name(scan, wanted[3], wire, &size) != STATUS_OK)
			return STATUS_MALFORMED;
		return put(scan, out, wire, size);
	}
	if (scan_word(scan, wanted[type], &token) != STATUS_OK)
		return STATUS_MALFORMED;
	bool good = type == 0 && token.size == 1 && token.text[0] == '.';
	if (type == 1)
		good = address_parse_ipv4(token.text, token.size, wire);
	if (type == 2)
		good = address_parse_ipv6(token.text, token.size, wire);
	if (!good)
		return scan_unexpected(scan, &token, wanted[type]);
	return put(scan, out, wire, type == 0 ? 0 : (type == 1 ? 4 : 16));
}

static bool pass_gateway(struct cursor *in, unsigned type)
{
	if (type == 3)
		return field_of(FIELD_NAME_KEPT)->pass(in);
	cursor_take(in, type == 0 ? 0 : (type == 1 ? 4 : 16));
	return type < 3 && !in->failed;
}

static void write_gateway(struct cursor *in, unsigned type, struct zonetext_buffer *out)
{
	static const enum rdata_field fields[] = { FIELD_END, FIELD_IPV4, FIELD_IPV6, FIELD_NAME_KEPT };
	if (type == 0)
		text_put(out, ".", 1);
	else
		field_of(fields[type])->write(in, out);
}

enum status field_read_ipseckey(struct scan *scan, struct rdata_out *out)
{
	uint64_t precedence;
	uint64_t type;
	uint64_t algorithm;
	if (read_number(scan, "a precedence from 0 to 255", UINT8_MAX, &precedence) != STATUS_OK ||
	    read_number(scan, "a gateway type from 0 to 3 (RFC 4025 2.3)", 3, &type) != STATUS_OK ||
	    read_number(scan, "an algorithm from 0 to 255", UINT8_MAX, &algorithm) != STATUS_OK)
		return STATUS_MALFORMED;
	const uint8_t head[] = { (uint8_t)precedence, (uint8_t)type, (uint8_t)algorithm };
	if (put(scan, out, head, sizeof(head)) != STATUS_OK || read_gateway(scan, type, out) != STATUS_OK)
		return STATUS_MALFORMED;
	return algorithm == 0 ? STATUS_OK : field_read_base64(scan, out);
}

/* A key is there exactly if there is an algorithm (RFC 4025 2.6). */
bool field_pass_ipseckey(struct cursor *in)
{
	cursor_u8(in);
	const unsigned type = cursor_u8(in);
	const unsigned algorithm = cursor_u8(in);
	if (in->failed || !pass_gateway(in, type))
		return false;
	return (cursor_take(in, cursor_left(in)).size > 0) == (algorithm != 0);
}

void field_write_ipseckey(struct cursor *in, struct zonetext_buffer *out)
{
	text_put_number(out, cursor_u8(in));
	text_put(out, " ", 1);
	const unsigned type = cursor_u8(in);
	text_put_number(out, type);
	text_put(out, " ", 1);
	text_put_number(out, cursor_u8(in));
	text_put(out, " ", 1);
	write_gateway(in, type, out);
	if (cursor_left(in) == 0)
		return;
	text_put(out, " ", 1);
	field_write_base64(in, out);
}

enum status field_read_amtrelay(struct scan *scan, struct rdata_out *out)
{
	uint64_t precedence;
	uint64_t discovery;
	uint64_t type;
	if (read_number(scan, "a precedence from 0 to 255", UINT8_MAX, &precedence) != STATUS_OK ||
	    read_number(scan, "a discovery bit, 0 or 1 (RFC 8777 4.2.2)", 1, &discovery) != STATUS_OK ||
	    read_number(scan, "a relay type from 0 to 3 (RFC 8777 4.2.3)", 3, &type) != STATUS_OK)
		return STATUS_MALFORMED;
	const uint8_t head[] = { (uint8_t)precedence, (uint8_t)(discovery << 7 | type) };
	if (put(scan, out, head, sizeof(head)) != STATUS_OK)
		return STATUS_MALFORMED;
	return read_gateway(scan, type, out);
}

bool field_pass_amtrelay(struct cursor *in)
{
	cursor_u8(in);
	const unsigned type = cursor_u8(in) & 0x7f;
	return !in->failed && pass_gateway(in, type);
}

void field_write_amtrelay(struct cursor *in, struct zonetext_buffer *out)
{
	text_put_number(out, cursor_u8(in));
	const unsigned type = cursor_u8(in);
	text_put(out, type >> 7 != 0 ? " 1 " : " 0 ", 3);
	text_put_number(out, type & 0x7f);
	text_put(out, " ", 1);
	write_gateway(in, type & 0x7f, out);
}

/* One word of hexadecimal or base64; the lengths stand before both on the wire (RFC 8005 5). */
static enum status read_hip_key(struct scan *scan, struct rdata_out *out)
{
	uint64_t algorithm;
	struct token hit;
	struct token key;
	if (read_number(scan, "an algorithm from 0 to 255", UINT8_MAX, &algorithm) != STATUS_OK)
		return STATUS_MALFORMED;
	uint8_t *const head = rdata_take(scan, out, 4);
	if (head == NULL || scan_word(scan, "a host identity tag in hexadecimal", &hit) != STATUS_OK)
		return STATUS_MALFORMED;
	const long hit_size = bytes_from_hex(hit.text, hit.size, out->at, 255);
	if (hit_size <= 0)
		return scan_unexpected(scan, &hit, "a host identity tag in hexadecimal (RFC 8005 6)");
	out->at += hit_size;
	if (scan_word(scan, "a public key in base64", &key) != STATUS_OK)
		return STATUS_MALFORMED;
	const long key_size = bytes_from_base64(key.text, key.size, out->at, (size_t)(out->end - out->at));
	if (key_size <= 0 || key_size > UINT16_MAX)
		return scan_unexpected(scan, &key, "a public key in base64, in one word (RFC 8005 6)");
	out->at += key_size;
	head[0] = (uint8_t)hit_size;
	head[1] = (uint8_t)algorithm;
	bytes_put_u16(head + 2, (uint16_t)key_size);
	return STATUS_OK;
}

enum status field_read_hip(struct scan *scan, struct rdata_out *out)
{
	if (read_hip_key(scan, out) != STATUS_OK)
		return STATUS_MALFORMED;
	enum scan_kind kind;
	while ((kind = scan_peek(scan)) == SCAN_WORD) {
		if (field_of(FIELD_NAME_KEPT)->read(scan, out) != STATUS_OK)
			return STATUS_MALFORMED;
	}
	if (kind == SCAN_QUOTED)
		return scan_fail(scan, scan->at, "a quoted string where a rendezvous server should be");
	return kind == SCAN_END ? STATUS_OK : STATUS_MALFORMED;
}

bool field_pass_hip(struct cursor *in)
{
	const unsigned hit = cursor_u8(in);
	cursor_u8(in);
	const unsigned key = cursor_u16(in);
	cursor_take(in, hit);
	cursor_take(in, key);
	if (in->failed || hit == 0 || key == 0)
		return false;
	while (more(in)) {
		if (!field_of(FIELD_NAME_KEPT)->pass(in))
			return false;
	}
	return true;
}

void field_write_hip(struct cursor *in, struct zonetext_buffer *out)
{
	const unsigned hit_size = cursor_u8(in);
	text_put_number(out, cursor_u8(in));
	const unsigned key_size = cursor_u16(in);
	struct cursor hit = cursor_init(cursor_take(in, hit_size));
	struct cursor key = cursor_init(cursor_take(in, key_size));
	text_put(out, " ", 1);
	field_write_hex(&hit, out);
	text_put(out, " ", 1);
	field_write_base64(&key, out);
	while (more(in)) {
		text_put(out, " ", 1);
		field_of(FIELD_NAME_KEPT)->write(in, out);
	}
}

static size_t suffix_octets(unsigned prefix)
{
	return (128 - prefix + 7) / 8;
}

/* The bits of the first suffix octet that belong to the prefix; they are zero (RFC 2874 3.1). */
static uint8_t pad_bits(unsigned prefix)
{
	return (uint8_t)(prefix % 8 == 0 ? 0 : 0xff << (8 - prefix % 8));
}

/* Prefix length and address suffix; the name of the prefix is a field of its own. */
enum status field_read_a6(struct scan *scan, struct rdata_out *out)
{
	uint64_t prefix;
	if (read_number(scan, "a prefix length from 0 to 128 (RFC 2874 3.1)", 128, &prefix) != STATUS_OK)
		return STATUS_MALFORMED;
	const uint8_t length = (uint8_t)prefix;
	if (put(scan, out, &length, 1) != STATUS_OK)
		return STATUS_MALFORMED;
	if (prefix == 128)
		return STATUS_OK;
	struct token token;
	uint8_t address[16];
	if (scan_word(scan, "an IPv6 address", &token) != STATUS_OK)
		return STATUS_MALFORMED;
	if (!address_parse_ipv6(token.text, token.size, address))
		return scan_unexpected(scan, &token, "an IPv6 address");
	const size_t size = suffix_octets(length);
	uint8_t *const suffix = address + 16 - size;
	suffix[0] &= (uint8_t)~pad_bits(length);
	return put(scan, out, suffix, size);
}

bool field_pass_a6(struct cursor *in)
{
	const unsigned prefix = cursor_u8(in);
	if (in->failed || prefix > 128)
		return false;
	const struct bytes suffix = cursor_take(in, suffix_octets(prefix));
	if (in->failed || (suffix.size > 0 && (suffix.data[0] & pad_bits(prefix)) != 0))
		return false;
	return (cursor_left(in) > 0) == (prefix > 0);
}

void field_write_a6(struct cursor *in, struct zonetext_buffer *out)
{
	const unsigned prefix = cursor_u8(in);
	text_put_number(out, prefix);
	if (prefix == 128)
		return;
	const struct bytes suffix = cursor_take(in, suffix_octets(prefix));
	uint8_t address[16] = { 0 };
	char text[ADDRESS_TEXT];
	memcpy(address + 16 - suffix.size, suffix.data, suffix.size);
	text_put(out, " ", 1);
	text_put(out, text, address_write_ipv6(address, text));
}

/* The name of the prefix, if it has a length. */
enum status field_read_a6_name(struct scan *scan, struct rdata_out *out)
{
	return out->start[0] == 0 ? STATUS_OK : field_of(FIELD_NAME)->read(scan, out);
}

bool field_pass_a6_name(struct cursor *in)
{
	return cursor_left(in) == 0 || field_of(FIELD_NAME)->pass(in);
}

void field_write_a6_name(struct cursor *in, struct zonetext_buffer *out)
{
	if (cursor_left(in) > 0)
		field_of(FIELD_NAME)->write(in, out);
}
