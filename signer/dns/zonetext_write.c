/* SPDX-License-Identifier: MIT */
#include "signer/dns/zonetext_write.h"

#include <stdlib.h>
#include <string.h>

#include "signer/base/arena.h"
#include "signer/dns/field.h"
#include "signer/dns/name.h"
#include "signer/dns/octet.h"
#include "signer/dns/rdata.h"

void zonetext_buffer_free(struct zonetext_buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct zonetext_buffer){ 0 };
}

void zonetext_buffer_reserve(struct zonetext_buffer *buffer, size_t size)
{
	if (size <= buffer->capacity - buffer->size)
		return;
	size_t capacity = buffer->capacity < 4096 ? 4096 : buffer->capacity * 2;
	if (capacity - buffer->size < size)
		capacity = buffer->size + size;
	buffer->data = memory_resize(buffer->data, capacity, 1);
	buffer->capacity = capacity;
}

void text_put(struct zonetext_buffer *out, const char *text, size_t size)
{
	zonetext_buffer_reserve(out, size);
	memcpy(out->data + out->size, text, size);
	out->size += size;
}

void text_put_number(struct zonetext_buffer *out, uint64_t number)
{
	char digits[20];
	size_t first = sizeof(digits);
	do {
		digits[--first] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	text_put(out, digits + first, sizeof(digits) - first);
}

void text_put_name(struct zonetext_buffer *out, const uint8_t *name)
{
	zonetext_buffer_reserve(out, NAME_TEXT);
	out->size += name_to_text(name, out->data + out->size);
}

/* Always quoted. Printable octets stand for themselves, the quote and the backslash behind a backslash. */
void text_put_string(struct zonetext_buffer *out, const uint8_t *octets, size_t size)
{
	zonetext_buffer_reserve(out, 4 * size + 2);
	char *at = out->data + out->size;
	*at++ = '"';
	for (size_t i = 0; i < size; i++) {
		const uint8_t octet = octets[i];
		if (octet < 0x20 || octet >= 0x7f) {
			at = octet_escape(at, octet);
			continue;
		}
		if (octet == '"' || octet == '\\')
			*at++ = '\\';
		*at++ = (char)octet;
	}
	*at++ = '"';
	out->size = (size_t)(at - out->data);
}

static void put_generic(struct zonetext_buffer *out, const uint8_t *rdata, size_t size)
{
	text_put(out, "\\# ", 3);
	text_put_number(out, size);
	if (size == 0)
		return;
	text_put(out, " ", 1);
	zonetext_buffer_reserve(out, bytes_hex_size(size) + 1);
	out->size += bytes_to_hex((struct bytes){ rdata, size }, true, out->data + out->size);
}

static void put_fields(struct zonetext_buffer *out, const struct rrtype_row *row, const uint8_t *rdata, size_t size)
{
	struct cursor in = cursor_init((struct bytes){ rdata, size });
	for (unsigned i = 0; row->fields[i] != FIELD_END; i++) {
		if (i > 0 && cursor_left(&in) > 0)
			text_put(out, " ", 1);
		field_of(row->fields[i])->write(&in, out);
	}
}

/* Whether all servers read this type's fields alike, whatever is in them. */
static bool has_plain_fields(const struct rrtype_row *row, const uint8_t *rdata, size_t size)
{
	for (unsigned i = 0; row->fields[i] != FIELD_END; i++) {
		if (row->fields[i] == FIELD_OPAQUE)
			return false;
		if (row->fields[i] == FIELD_SERVICES && rdata[size - 1] == 0 && size > 5)
			return false; /* the text cannot say that the map has zeros at its end */
		if (row->number == RRTYPE_KEY && size == 4)
			return false; /* a KEY without a key: NSD and ldns want one */
		if (row->number == RRTYPE_CSYNC && size == 6)
			return false; /* without types: ldns wants one */
		if (row->fields[i] == FIELD_LOC && !field_loc_has_text(rdata))
			return false;
		if (row->fields[i] == FIELD_APL && !field_apl_has_text(rdata, size))
			return false;
		if (row->fields[i] == FIELD_SVCPARAMS && !field_svcparams_have_text(rdata, size))
			return false;
	}
	return true;
}

/* Whether the RDATA can be written field by field. */
static bool has_text(const struct rrtype_row *row, const uint8_t *rdata, size_t size, bool all_names)
{
	if (row == NULL || !(all_names || row->everywhere))
		return false;
	return size > 0 && rdata_check(row->number, rdata, size, NULL) == STATUS_OK &&
	       has_plain_fields(row, rdata, size);
}

/* The types that nearly all records have, without a walk through the fields; false: another type, or malformed. */
static bool put_frequent(struct zonetext_buffer *out, uint16_t type, const uint8_t *rdata, size_t size)
{
	char text[ADDRESS_TEXT];
	if (type == RRTYPE_NS && size > 0 && name_from_wire(rdata, size) == size)
		text_put_name(out, rdata);
	else if (type == RRTYPE_A && size == 4)
		text_put(out, text, address_write_ipv4(rdata, text));
	else if (type == RRTYPE_AAAA && size == 16)
		text_put(out, text, address_write_ipv6(rdata, text));
	else
		return false;
	return true;
}

static char *put_decimal(char *at, uint32_t number)
{
	char digits[10];
	size_t count = 0;
	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	while (count > 0)
		*at++ = digits[--count];
	return at;
}

/* All before the RDATA. */
static void put_head(struct zonetext_buffer *buffer, const uint8_t *owner, uint32_t ttl, uint16_t type, bool all_names)
{
	zonetext_buffer_reserve(buffer, NAME_TEXT + RRTYPE_TEXT + 32);
	char *at = buffer->data + buffer->size;
	at += name_to_text(owner, at);
	*at++ = '\t';
	at = put_decimal(at, ttl);
	static const char class[4] = { '\t', 'I', 'N', '\t' };
	memcpy(at, class, sizeof(class));
	at += sizeof(class);
	at += rrtype_to_text(type, all_names, at);
	*at++ = '\t';
	buffer->size = (size_t)(at - buffer->data);
}

static void put_rdata(
    struct zonetext_buffer *buffer, uint16_t type, const uint8_t *rdata, size_t rdata_size, bool all_names)
{
	if (!put_frequent(buffer, type, rdata, rdata_size)) {
		const struct rrtype_row *const row = rrtype_find(type);
		if (has_text(row, rdata, rdata_size, all_names))
			put_fields(buffer, row, rdata, rdata_size);
		else
			put_generic(buffer, rdata, rdata_size);
	}
	text_put(buffer, "\n", 1);
}

void zonetext_write(struct zonetext_buffer *buffer, const uint8_t *owner, uint32_t ttl, uint16_t type,
    const uint8_t *rdata, size_t rdata_size, bool all_names)
{
	put_head(buffer, owner, ttl, type, all_names);
	put_rdata(buffer, type, rdata, rdata_size, all_names);
}

void zonetext_write_records(struct zonetext_buffer *buffer, const uint8_t *owner, uint32_t ttl, uint16_t type,
    const struct record records[], size_t count, bool all_names)
{
	const size_t head = buffer->size;
	size_t head_size = 0;
	for (size_t i = 0; i < count; i++) {
		if (i == 0) {
			put_head(buffer, owner, ttl, type, all_names);
			head_size = buffer->size - head;
		} else {
			zonetext_buffer_reserve(buffer, head_size);
			memcpy(buffer->data + buffer->size, buffer->data + head, head_size);
			buffer->size += head_size;
		}
		put_rdata(buffer, type, records[i].rdata, records[i].rdata_size, all_names);
	}
}
