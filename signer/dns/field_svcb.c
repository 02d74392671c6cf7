/* SPDX-License-Identifier: MIT */
/* Service parameters of SVCB and HTTPS (RFC 9460 2.1, 2.2, 7, Appendix A; RFC 9461 5). */
#include "signer/dns/field.h"

#include <stdlib.h>
#include <string.h>

#include "signer/base/arena.h"

enum svcb_key {
	KEY_MANDATORY = 0,
	KEY_ALPN = 1,
	KEY_NO_DEFAULT_ALPN = 2,
	KEY_PORT = 3,
	KEY_IPV4HINT = 4,
	KEY_ECH = 5,
	KEY_IPV6HINT = 6,
	KEY_DOHPATH = 7,
	KEY_OHTTP = 8,
	KEY_NAMED, /* from here on keys are numbers only */
};

static const char *const key_names[KEY_NAMED] = {
	[KEY_MANDATORY] = "mandatory",
	[KEY_ALPN] = "alpn",
	[KEY_NO_DEFAULT_ALPN] = "no-default-alpn",
	[KEY_PORT] = "port",
	[KEY_IPV4HINT] = "ipv4hint",
	[KEY_ECH] = "ech",
	[KEY_IPV6HINT] = "ipv6hint",
	[KEY_DOHPATH] = "dohpath",
	[KEY_OHTTP] = "ohttp",
};

/* Keys that all servers know by name; others are written as keyN. */
enum { KEY_EVERYWHERE = KEY_IPV6HINT, KEY_INVALID = 65535 };

/* A name or keyN, N without leading zeros; -1 if it is neither. `numbered` is whether it was keyN. */
static int key_number(const char *text, size_t size, bool *numbered)
{
	const struct token token = { text, size };
	*numbered = false;
	for (int i = 0; i < KEY_NAMED; i++) {
		if (scan_token_is(&token, key_names[i]))
			return i;
	}
	const struct token prefix = { text, 3 };
	if (size < 4 || size > 8 || !scan_token_is(&prefix, "key") || (text[3] == '0' && size > 4))
		return -1;
	int number = 0;
	for (size_t i = 3; i < size; i++) {
		if (!octet_is_digit(text[i]))
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	*numbered = true;
	return number < KEY_INVALID ? number : -1;
}

/* A value as octets, and where to put its wire form. */
struct value {
	const struct scan *scan;
	const char *place; /* in the text, for messages */
	const uint8_t *octets;
	size_t size;
	struct rdata_out *out;
};

static enum status bad(const struct value *value, const char *what)
{
	return scan_fail(value->scan, value->place, "%s", what);
}

static enum status put(const struct value *value, const uint8_t *octets, size_t size)
{
	uint8_t *const to = rdata_take(value->scan, value->out, size);
	if (to == NULL)
		return STATUS_MALFORMED;
	if (size > 0)
		memcpy(to, octets, size);
	return STATUS_OK;
}

/* Calls `item` for each part between commas. */
static enum status each_item(
    const struct value *value, enum status (*item)(const struct value *value, const char *text, size_t size))
{
	const char *at = (const char *)value->octets;
	const char *const end = at + value->size;
	for (;;) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		if (comma == NULL)
			comma = end;
		if (item(value, at, (size_t)(comma - at)) != STATUS_OK)
			return STATUS_MALFORMED;
		if (comma == end)
			return STATUS_OK;
		at = comma + 1;
	}
}

static enum status mandatory_item(const struct value *value, const char *text, size_t size)
{
	bool numbered;
	uint8_t wire[2];
	const int key = key_number(text, size, &numbered);
	if (key < 0)
		return bad(value, "mandatory names a key that is none (RFC 9460 8)");
	bytes_put_u16(wire, (uint16_t)key);
	return put(value, wire, 2);
}

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, 2);
}

static enum status read_mandatory(const struct value *value)
{
	uint8_t *const start = value->out->at;
	if (each_item(value, mandatory_item) != STATUS_OK)
		return STATUS_MALFORMED;
	qsort(start, (size_t)(value->out->at - start) / 2, 2, compare_keys);
	return STATUS_OK;
}

static enum status ipv4_item(const struct value *value, const char *text, size_t size)
{
	uint8_t address[4];
	if (!address_parse_ipv4(text, size, address))
		return bad(value, "ipv4hint is no list of IPv4 addresses (RFC 9460 7.3)");
	return put(value, address, sizeof(address));
}

static enum status ipv6_item(const struct value *value, const char *text, size_t size)
{
	uint8_t address[16];
	if (!address_parse_ipv6(text, size, address))
		return bad(value, "ipv6hint is no list of IPv6 addresses (RFC 9460 7.3)");
	return put(value, address, sizeof(address));
}

/* A list in which a backslash escapes a comma or a backslash (RFC 9460 A.1). */
static enum status read_alpn(const struct value *value)
{
	size_t i = 0;
	do {
		uint8_t *const length = rdata_take(value->scan, value->out, 1);
		if (length == NULL)
			return STATUS_MALFORMED;
		size_t used = 0;
		for (; i < value->size && value->octets[i] != ','; i++) {
			if (value->octets[i] == '\\' && ++i == value->size)
				return bad(value, "alpn ends with a backslash (RFC 9460 A.1)");
			if (++used > 255 || put(value, &value->octets[i], 1) != STATUS_OK)
				return bad(value, "an ALPN identifier over 255 octets (RFC 9460 7.1.1)");
		}
		if (used == 0)
			return bad(value, "an empty ALPN identifier (RFC 9460 7.1.1)");
		*length = (uint8_t)used;
	} while (i++ < value->size);
	return STATUS_OK;
}

static enum status read_port(const struct value *value)
{
	uint32_t port = 0;
	uint8_t wire[2];
	for (size_t i = 0; i < value->size; i++) {
		if (!octet_is_digit((char)value->octets[i]) || i > 4)
			return bad(value, "port is no number from 0 to 65535 (RFC 9460 7.2)");
		port = port * 10 + (uint32_t)(value->octets[i] - '0');
	}
	if (value->size == 0 || port > UINT16_MAX)
		return bad(value, "port is no number from 0 to 65535 (RFC 9460 7.2)");
	bytes_put_u16(wire, (uint16_t)port);
	return put(value, wire, 2);
}

static enum status read_ech(const struct value *value)
{
	struct rdata_out *const out = value->out;
	const long size =
	    bytes_from_base64((const char *)value->octets, value->size, out->at, (size_t)(out->end - out->at));
	if (size <= 0)
		return bad(value, "ech is no base64 data (RFC 9848 3)");
	out->at += size;
	return STATUS_OK;
}

static enum status read_value(const struct value *value, int key, bool numbered)
{
	if (numbered)
		return put(value, value->octets, value->size);
	switch (key) {
	case KEY_MANDATORY:
		return read_mandatory(value);
	case KEY_ALPN:
		return read_alpn(value);
	case KEY_PORT:
		return read_port(value);
	case KEY_IPV4HINT:
		return each_item(value, ipv4_item);
	case KEY_IPV6HINT:
		return each_item(value, ipv6_item);
	case KEY_ECH:
		return read_ech(value);
	default:
		return put(value, value->octets, value->size);
	}
}

/* The value's octets from its text, which may be quoted. */
static enum status decode(const struct scan *scan, struct token text, uint8_t *octets, size_t capacity, size_t *size)
{
	if (text.size >= 2 && text.text[0] == '"' && text.text[text.size - 1] == '"') {
		text.text++;
		text.size -= 2;
	}
	for (size_t i = 0; i < text.size; i++) {
		if (text.text[i] == '\\')
			i++;
		else if (text.text[i] == '"')
			return scan_fail(scan, text.text + i, "a quote within a value (RFC 9460 2.1)");
	}
	return scan_unescape(scan, &text, octets, capacity, size);
}

static enum status read_parameter(struct scan *scan, struct rdata_out *out, uint8_t *octets, int *key)
{
	struct token token;
	if (scan_parameter(scan, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	const char *const equals = memchr(token.text, '=', token.size);
	const size_t name_size = equals == NULL ? token.size : (size_t)(equals - token.text);
	bool numbered;
	*key = key_number(token.text, name_size, &numbered);
	if (*key < 0)
		return scan_unexpected(scan, &token, "a service parameter: a known key or keyN (RFC 9460 2.1)");
	size_t size = 0;
	if (equals != NULL) {
		const struct token text = { equals + 1, token.size - name_size - 1 };
		if (decode(scan, text, octets, RDATA_VALUE, &size) != STATUS_OK)
			return STATUS_MALFORMED;
	}
	uint8_t *const head = rdata_take(scan, out, 4);
	if (head == NULL)
		return STATUS_MALFORMED;
	const struct value value = { scan, token.text, octets, size, out };
	if (read_value(&value, *key, numbered) != STATUS_OK)
		return STATUS_MALFORMED;
	bytes_put_u16(head, (uint16_t)*key);
	bytes_put_u16(head + 2, (uint16_t)(out->at - head - 4));
	return STATUS_OK;
}

static int compare_parameters(const void *a, const void *b)
{
	return memcmp(*(const uint8_t *const *)a, *(const uint8_t *const *)b, 2);
}

/* Puts the parameters in ascending order of their keys (RFC 9460 2.2). */
static void sort_parameters(uint8_t *start, size_t size)
{
	const uint8_t **const items = memory_alloc(size / 4 * sizeof(*items));
	uint8_t *const copy = memory_alloc(size);
	memcpy(copy, start, size);
	size_t count = 0;
	for (size_t i = 0; i < size; i += 4U + bytes_get_u16(copy + i + 2))
		items[count++] = copy + i;
	qsort(items, count, sizeof(*items), compare_parameters);
	for (size_t i = 0; i < count; i++) {
		const size_t item = 4U + bytes_get_u16(items[i] + 2);
		memcpy(start, items[i], item);
		start += item;
	}
	free(copy);
	free(items);
}

static bool holds_key(struct bytes parameters, uint16_t key)
{
	struct cursor in = cursor_init(parameters);
	while (more(&in)) {
		const uint16_t at = cursor_u16(&in);
		if (at >= key)
			return at == key;
		cursor_take(&in, cursor_u16(&in));
	}
	return false;
}

/* Ascending keys, each there, none of them "mandatory" (RFC 9460 8). Both lists ascend, so one pass is enough. */
static const char *mandatory_fault(struct bytes value, struct bytes parameters)
{
	struct cursor in = cursor_init(parameters);
	if (value.size == 0 || value.size % 2 != 0)
		return "mandatory is empty (RFC 9460 8)";
	int last = KEY_MANDATORY;
	for (size_t i = 0; i < value.size; i += 2) {
		const int key = bytes_get_u16(value.data + i);
		if (key <= last)
			return "mandatory names itself or a key twice (RFC 9460 8)";
		int at = -1;
		while (more(&in) && at < key) {
			at = cursor_u16(&in);
			cursor_take(&in, cursor_u16(&in));
		}
		if (at != key)
			return "mandatory names a key that is not there (RFC 9460 8)";
		last = key;
	}
	return NULL;
}

static const char *alpn_fault(struct bytes value)
{
	struct cursor in = cursor_init(value);
	while (more(&in)) {
		if (cursor_take(&in, cursor_u8(&in)).size == 0)
			return "an empty or cut ALPN identifier (RFC 9460 7.1.1)";
	}
	return value.size == 0 ? "alpn is empty (RFC 9460 7.1.1)" : NULL;
}

static const char *dohpath_fault(struct bytes value)
{
	static const char variable[] = "{?dns}";
	const bool good = value.size > 0 && value.data[0] == '/' &&
			  memmem(value.data, value.size, variable, sizeof(variable) - 1) != NULL;
	return good ? NULL : "dohpath is no relative URI template with {?dns} (RFC 9461 5)";
}

static const char *value_fault(int key, struct bytes value, struct bytes parameters)
{
	switch (key) {
	case KEY_MANDATORY:
		return mandatory_fault(value, parameters);
	case KEY_ALPN:
		return alpn_fault(value);
	case KEY_NO_DEFAULT_ALPN:
		if (value.size > 0)
			return "no-default-alpn has a value (RFC 9460 7.1.1)";
		return holds_key(parameters, KEY_ALPN) ? NULL : "no-default-alpn without alpn (RFC 9460 7.1.1)";
	case KEY_PORT:
		return value.size == 2 ? NULL : "port has no two octets (RFC 9460 7.2)";
	case KEY_IPV4HINT:
		return value.size > 0 && value.size % 4 == 0 ? NULL : "ipv4hint is no list of addresses (RFC 9460 7.3)";
	case KEY_IPV6HINT:
		return value.size > 0 && value.size % 16 == 0 ? NULL
							      : "ipv6hint is no list of addresses (RFC 9460 7.3)";
	case KEY_ECH:
		return value.size > 0 ? NULL : "ech is empty (RFC 9848 3)";
	case KEY_DOHPATH:
		return dohpath_fault(value);
	case KEY_OHTTP:
		return value.size == 0 ? NULL : "ohttp has a value (RFC 9540 4)";
	case KEY_INVALID:
		return "key65535 is reserved (RFC 9460 14.3.2)";
	default:
		return NULL;
	}
}

/* What is wrong with the parameters, or NULL. */
static const char *fault(struct bytes parameters)
{
	struct cursor in = cursor_init(parameters);
	int last = -1;
	while (more(&in)) {
		const int key = cursor_u16(&in);
		const struct bytes value = cursor_take(&in, cursor_u16(&in));
		if (in.failed)
			return "the service parameters are cut (RFC 9460 2.2)";
		if (key <= last)
			return key == last ? "a service parameter stands twice (RFC 9460 2.2)"
					   : "the service parameters are not in order (RFC 9460 2.2)";
		const char *const what = value_fault(key, value, parameters);
		if (what != NULL)
			return what;
		last = key;
	}
	return NULL;
}

static enum status read_all(struct scan *scan, struct rdata_out *out, uint8_t *octets)
{
	uint8_t *const start = out->at;
	int last = -1;
	bool sorted = true;
	enum scan_kind kind;
	while ((kind = scan_peek(scan)) == SCAN_WORD) {
		int key;
		if (read_parameter(scan, out, octets, &key) != STATUS_OK)
			return STATUS_MALFORMED;
		sorted = sorted && key > last;
		last = key;
	}
	if (kind == SCAN_QUOTED)
		return scan_fail(scan, scan->at, "a quoted string where a service parameter should be (RFC 9460 2.1)");
	if (kind == SCAN_BAD)
		return STATUS_MALFORMED;
	const size_t size = (size_t)(out->at - start);
	if (!sorted)
		sort_parameters(start, size);
	const char *const what = fault((struct bytes){ start, size });
	return what == NULL ? STATUS_OK : scan_fail(scan, scan->at, "%s", what);
}

enum status field_read_svcparams(struct scan *scan, struct rdata_out *out)
{
	if (scan_peek(scan) == SCAN_END)
		return STATUS_OK;
	uint8_t *const octets = memory_alloc(RDATA_VALUE);
	const enum status status = read_all(scan, out, octets);
	free(octets);
	return status;
}

bool field_pass_svcparams(struct cursor *in)
{
	return fault(cursor_take(in, cursor_left(in))) == NULL && !in->failed;
}

static void write_key(struct zonetext_buffer *out, unsigned key)
{
	if (key <= KEY_EVERYWHERE) {
		text_put(out, key_names[key], strlen(key_names[key]));
		return;
	}
	text_put(out, "key", 3);
	text_put_number(out, key);
}

static void write_addresses(struct zonetext_buffer *out, struct bytes value, bool ipv6)
{
	struct cursor in = cursor_init(value);
	for (bool first = true; more(&in); first = false) {
		if (!first)
			text_put(out, ",", 1);
		field_of(ipv6 ? FIELD_IPV6 : FIELD_IPV4)->write(&in, out);
	}
}

static void write_list(struct zonetext_buffer *out, struct bytes value, bool names)
{
	struct cursor in = cursor_init(value);
	for (bool first = true; more(&in); first = false) {
		if (!first)
			text_put(out, ",", 1);
		if (!names) {
			write_key(out, cursor_u16(&in));
			continue;
		}
		const struct bytes name = cursor_take(&in, cursor_u8(&in));
		text_put(out, (const char *)name.data, name.size);
	}
}

static void write_value(struct zonetext_buffer *out, unsigned key, struct bytes value)
{
	struct cursor in = cursor_init(value);
	switch (key) {
	case KEY_MANDATORY:
	case KEY_ALPN:
		write_list(out, value, key == KEY_ALPN);
		break;
	case KEY_PORT:
		text_put_number(out, bytes_get_u16(value.data));
		break;
	case KEY_IPV4HINT:
	case KEY_IPV6HINT:
		write_addresses(out, value, key == KEY_IPV6HINT);
		break;
	case KEY_ECH:
		field_write_base64(&in, out);
		break;
	default:
		text_put_string(out, value.data, value.size);
		break;
	}
}

void field_write_svcparams(struct cursor *in, struct zonetext_buffer *out)
{
	for (bool first = true; more(in); first = false) {
		const unsigned key = cursor_u16(in);
		const struct bytes value = cursor_take(in, cursor_u16(in));
		if (!first)
			text_put(out, " ", 1);
		write_key(out, key);
		if (value.size == 0)
			continue;
		text_put(out, "=", 1);
		write_value(out, key, value);
	}
}

/* ALPN identifiers that need no escape in any reader. */
static bool plain_list(struct bytes value)
{
	struct cursor in = cursor_init(value);
	while (more(&in)) {
		const struct bytes name = cursor_take(&in, cursor_u8(&in));
		for (size_t i = 0; i < name.size; i++) {
			const uint8_t octet = name.data[i];
			if (!octet_is_plain(octet) && octet != '.')
				return false;
		}
	}
	return true;
}

bool field_svcparams_have_text(const uint8_t *rdata, size_t size)
{
	struct cursor in = cursor_init((struct bytes){ rdata, size });
	cursor_u16(&in);
	if (!field_of(FIELD_NAME_KEPT)->pass(&in))
		return false;
	while (more(&in)) {
		const unsigned key = cursor_u16(&in);
		const struct bytes value = cursor_take(&in, cursor_u16(&in));
		if (in.failed || (key == KEY_ALPN && !plain_list(value)))
			return false;
	}
	return true;
}
