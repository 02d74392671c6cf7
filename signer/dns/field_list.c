/* SPDX-License-Identifier: MIT */
/* RDATA that is a list or bit map of its own kind: APL, WKS, NXT, ATMA. */
#include "signer/dns/field.h"

#include <string.h>

struct prefix {
	uint16_t family;
	bool negated;
	uint8_t address[16];
	uint8_t length; /* bits */
	uint8_t used;   /* octets without trailing zeros */
};

static size_t family_octets(uint16_t family)
{
	if (family == 1)
		return 4;
	return family == 2 ? 16 : 0;
}

/* [!]family:address/length (RFC 3123 5). */
static bool parse_prefix(const char *text, size_t size, struct prefix *out)
{
	const char *const end = text + size;
	struct prefix prefix = { 0 };
	if (text < end && *text == '!') {
		prefix.negated = true;
		text++;
	}
	if (end - text < 2 || (text[0] != '1' && text[0] != '2') || text[1] != ':')
		return false;
	prefix.family = (uint16_t)(text[0] - '0');
	text += 2;
	const char *const slash = memchr(text, '/', (size_t)(end - text));
	if (slash == NULL || end - slash < 2 || end - slash > 4)
		return false;
	unsigned length = 0;
	for (const char *at = slash + 1; at < end; at++) {
		if (!octet_is_digit(*at))
			return false;
		length = length * 10 + (unsigned)(*at - '0');
	}
	const size_t octets = family_octets(prefix.family);
	const size_t address_size = (size_t)(slash - text);
	if (length > 8 * octets)
		return false;
	if (prefix.family == 1 ? !address_parse_ipv4(text, address_size, prefix.address)
			       : !address_parse_ipv6(text, address_size, prefix.address))
		return false;
	prefix.length = (uint8_t)length;
	for (size_t i = 0; i < octets; i++) {
		if (prefix.address[i] != 0)
			prefix.used = (uint8_t)(i + 1);
	}
	*out = prefix;
	return true;
}

enum status field_read_apl(struct scan *scan, struct rdata_out *out)
{
	enum scan_kind kind;
	while ((kind = scan_peek(scan)) == SCAN_WORD) {
		static const char wanted[] = "an address prefix: [!]1:IPv4/n or [!]2:IPv6/n (RFC 3123 5)";
		struct token token;
		struct prefix prefix;
		if (scan_word(scan, wanted, &token) != STATUS_OK)
			return STATUS_MALFORMED;
		if (!parse_prefix(token.text, token.size, &prefix))
			return scan_unexpected(scan, &token, wanted);
		uint8_t *const to = rdata_take(scan, out, 4U + prefix.used);
		if (to == NULL)
			return STATUS_MALFORMED;
		bytes_put_u16(to, prefix.family);
		to[2] = prefix.length;
		to[3] = (uint8_t)(prefix.used | (prefix.negated ? 0x80 : 0));
		memcpy(to + 4, prefix.address, prefix.used);
	}
	if (kind == SCAN_QUOTED)
		return scan_fail(scan, scan->at, "a quoted string where an address prefix should be");
	return kind == SCAN_END ? STATUS_OK : STATUS_MALFORMED;
}

/* Families that have no text form are not refused on the wire (RFC 3123 4). */
bool field_pass_apl(struct cursor *in)
{
	while (more(in)) {
		const size_t octets = family_octets(cursor_u16(in));
		const unsigned length = cursor_u8(in);
		const struct bytes address = cursor_take(in, cursor_u8(in) & 0x7f);
		if (in->failed || (address.size > 0 && address.data[address.size - 1] == 0))
			return false;
		if (octets > 0 && (address.size > octets || length > 8 * octets))
			return false;
	}
	return !in->failed;
}

bool field_apl_has_text(const uint8_t *rdata, size_t size)
{
	struct cursor in = cursor_init((struct bytes){ rdata, size });
	while (more(&in)) {
		if (family_octets(cursor_u16(&in)) == 0)
			return false;
		cursor_u8(&in);
		cursor_take(&in, cursor_u8(&in) & 0x7f);
	}
	return true;
}

void field_write_apl(struct cursor *in, struct zonetext_buffer *out)
{
	for (bool first = true; more(in); first = false) {
		const uint16_t family = cursor_u16(in);
		const uint8_t length = cursor_u8(in);
		const uint8_t size = cursor_u8(in);
		uint8_t address[128] = { 0 };
		const struct bytes given = cursor_take(in, size & 0x7f);
		memcpy(address, given.data, given.size);
		char text[ADDRESS_TEXT];
		if (!first)
			text_put(out, " ", 1);
		if ((size & 0x80) != 0)
			text_put(out, "!", 1);
		text_put_number(out, family);
		text_put(out, ":", 1);
		text_put(
		    out, text, family == 1 ? address_write_ipv4(address, text) : address_write_ipv6(address, text));
		text_put(out, "/", 1);
		text_put_number(out, length);
	}
}

/* Names of well known services. A fixed list: what /etc/services of this machine says must not change a zone. */
static const struct {
	const char *name;
	uint16_t port;
} services[] = {
	{ "echo", 7 },
	{ "discard", 9 },
	{ "systat", 11 },
	{ "daytime", 13 },
	{ "netstat", 15 },
	{ "qotd", 17 },
	{ "chargen", 19 },
	{ "ftp-data", 20 },
	{ "ftp", 21 },
	{ "ssh", 22 },
	{ "telnet", 23 },
	{ "smtp", 25 },
	{ "time", 37 },
	{ "whois", 43 },
	{ "domain", 53 },
	{ "tftp", 69 },
	{ "gopher", 70 },
	{ "finger", 79 },
	{ "http", 80 },
	{ "kerberos", 88 },
	{ "pop3", 110 },
	{ "sunrpc", 111 },
	{ "nntp", 119 },
	{ "ntp", 123 },
	{ "imap2", 143 },
	{ "snmp", 161 },
	{ "irc", 194 },
	{ "ldap", 389 },
	{ "https", 443 },
};

static enum status read_service(struct scan *scan, uint64_t *port)
{
	static const char wanted[] = "a port or the name of a service (RFC 1035 3.4.2)";
	struct token token;
	if (scan_word(scan, wanted, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	for (size_t i = 0; i < COUNT(services); i++) {
		if (scan_token_is(&token, services[i].name)) {
			*port = services[i].port;
			return STATUS_OK;
		}
	}
	return scan_number(scan, &token, wanted, UINT16_MAX, port);
}

static enum status read_protocol(struct scan *scan, struct rdata_out *out)
{
	static const char wanted[] = "a protocol: TCP, UDP or a number (RFC 1035 3.4.2)";
	struct token token;
	uint64_t number = 0;
	if (scan_word(scan, wanted, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	if (scan_token_is(&token, "tcp"))
		number = 6;
	else if (scan_token_is(&token, "udp"))
		number = 17;
	else if (scan_number(scan, &token, wanted, UINT8_MAX, &number) != STATUS_OK)
		return STATUS_MALFORMED;
	uint8_t *const to = rdata_take(scan, out, 1);
	if (to == NULL)
		return STATUS_MALFORMED;
	*to = (uint8_t)number;
	return STATUS_OK;
}

enum status field_read_services(struct scan *scan, struct rdata_out *out)
{
	uint8_t bits[8192] = { 0 };
	size_t used = 0;
	if (read_protocol(scan, out) != STATUS_OK)
		return STATUS_MALFORMED;
	enum scan_kind kind;
	while ((kind = scan_peek(scan)) == SCAN_WORD) {
		uint64_t port;
		if (read_service(scan, &port) != STATUS_OK)
			return STATUS_MALFORMED;
		bits[port / 8] |= (uint8_t)(0x80 >> (port & 7));
		used = port / 8 + 1 > used ? port / 8 + 1 : used;
	}
	if (kind == SCAN_QUOTED)
		return scan_fail(scan, scan->at, "a quoted string where a port should be");
	uint8_t *const to = kind == SCAN_END ? rdata_take(scan, out, used) : NULL;
	if (to == NULL)
		return STATUS_MALFORMED;
	memcpy(to, bits, used);
	return STATUS_OK;
}

bool field_pass_services(struct cursor *in)
{
	cursor_u8(in);
	return !in->failed && cursor_take(in, cursor_left(in)).size <= 8192;
}

void field_write_services(struct cursor *in, struct zonetext_buffer *out)
{
	text_put_number(out, cursor_u8(in));
	const struct bytes bits = cursor_take(in, cursor_left(in));
	for (size_t i = 0; i < 8 * bits.size; i++) {
		if ((bits.data[i / 8] & 0x80 >> (i & 7)) == 0)
			continue;
		text_put(out, " ", 1);
		text_put_number(out, i);
	}
}

/* One bit for each type below 128 (RFC 2535 5.2). */
enum status field_read_nxt(struct scan *scan, struct rdata_out *out)
{
	static const char wanted[] = "a record type below 128 (RFC 2535 5.2)";
	uint8_t bits[16] = { 0 };
	size_t used = 0;
	enum scan_kind kind;
	while ((kind = scan_peek(scan)) == SCAN_WORD) {
		struct token token;
		if (scan_word(scan, wanted, &token) != STATUS_OK)
			return STATUS_MALFORMED;
		const int type = rrtype_from_text(token.text, token.size);
		if (type < 1 || type > 127)
			return scan_unexpected(scan, &token, wanted);
		bits[type / 8] |= (uint8_t)(0x80 >> (type & 7));
		used = (size_t)type / 8 + 1 > used ? (size_t)type / 8 + 1 : used;
	}
	if (kind == SCAN_QUOTED)
		return scan_fail(scan, scan->at, "a quoted string where a record type should be");
	uint8_t *const to = kind == SCAN_END ? rdata_take(scan, out, used) : NULL;
	if (to == NULL)
		return STATUS_MALFORMED;
	memcpy(to, bits, used);
	return STATUS_OK;
}

bool field_pass_nxt(struct cursor *in)
{
	const struct bytes bits = cursor_take(in, cursor_left(in));
	return bits.size <= 16 && (bits.size == 0 || ((bits.data[0] & 0x80) == 0 && bits.data[bits.size - 1] != 0));
}

void field_write_nxt(struct cursor *in, struct zonetext_buffer *out)
{
	const struct bytes bits = cursor_take(in, cursor_left(in));
	bool first = true;
	for (unsigned i = 0; i < 8 * bits.size; i++) {
		if ((bits.data[i / 8] & 0x80 >> (i & 7)) == 0)
			continue;
		char text[1 + RRTYPE_TEXT];
		text[0] = ' ';
		const size_t size = rrtype_to_text((uint16_t)i, false, text + 1);
		text_put(out, first ? text + 1 : text, first ? size : size + 1);
		first = false;
	}
}

/* "+" and digits is an E.164 number (format 1), hexadecimal digits an AESA (format 0); dots anywhere (ATM Forum
 * af-dans-0152 5). */
enum status field_read_atma(struct scan *scan, struct rdata_out *out)
{
	static const char wanted[] = "an ATM address: hexadecimal digits, or + and digits";
	struct token token;
	if (scan_word(scan, wanted, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	const bool number = token.text[0] == '+';
	char digits[256];
	size_t used = 0;
	for (size_t i = number; i < token.size && used < sizeof(digits); i++) {
		if (token.text[i] != '.')
			digits[used++] = token.text[i];
	}
	uint8_t octets[256];
	long size = (long)used;
	if (number)
		memcpy(octets, digits, used);
	else
		size = bytes_from_hex(digits, used, octets, sizeof(octets));
	for (size_t i = 0; number && i < used; i++)
		size = octet_is_digit(digits[i]) ? size : -1;
	if (size <= 0 || used == sizeof(digits))
		return scan_unexpected(scan, &token, wanted);
	uint8_t *const to = rdata_take(scan, out, 1 + (size_t)size);
	if (to == NULL)
		return STATUS_MALFORMED;
	to[0] = number;
	memcpy(to + 1, octets, (size_t)size);
	return STATUS_OK;
}

bool field_pass_atma(struct cursor *in)
{
	const uint8_t format = cursor_u8(in);
	const struct bytes address = cursor_take(in, cursor_left(in));
	for (size_t i = 0; format == 1 && i < address.size; i++) {
		if (!octet_is_digit((char)address.data[i]))
			return false;
	}
	return format <= 1 && address.size > 0 && address.size < 128;
}

void field_write_atma(struct cursor *in, struct zonetext_buffer *out)
{
	if (cursor_u8(in) == 0) {
		field_write_hex(in, out);
		return;
	}
	const struct bytes digits = cursor_take(in, cursor_left(in));
	text_put(out, "+", 1);
	text_put(out, (const char *)digits.data, digits.size);
}
