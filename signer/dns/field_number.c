/* SPDX-License-Identifier: MIT */
/* Fields that are numbers. */
#include "signer/dns/field.h"

enum status read_number(struct scan *scan, const char *what, uint64_t most, uint64_t *out)
{
	struct token token;
	if (scan_word(scan, what, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	return scan_number(scan, &token, what, most, out);
}

static enum status put_u32(const struct scan *scan, struct rdata_out *out, uint32_t value)
{
	uint8_t *const to = rdata_take(scan, out, 4);
	if (to == NULL)
		return STATUS_MALFORMED;
	bytes_put_u32(to, value);
	return STATUS_OK;
}

enum status field_read_u8(struct scan *scan, struct rdata_out *out)
{
	uint64_t value;
	if (read_number(scan, "a number from 0 to 255", UINT8_MAX, &value) != STATUS_OK)
		return STATUS_MALFORMED;
	uint8_t *const to = rdata_take(scan, out, 1);
	if (to == NULL)
		return STATUS_MALFORMED;
	*to = (uint8_t)value;
	return STATUS_OK;
}

enum status field_read_u16(struct scan *scan, struct rdata_out *out)
{
	uint64_t value;
	if (read_number(scan, "a number from 0 to 65535", UINT16_MAX, &value) != STATUS_OK)
		return STATUS_MALFORMED;
	uint8_t *const to = rdata_take(scan, out, 2);
	if (to == NULL)
		return STATUS_MALFORMED;
	bytes_put_u16(to, (uint16_t)value);
	return STATUS_OK;
}

enum status field_read_u32(struct scan *scan, struct rdata_out *out)
{
	uint64_t value;
	if (read_number(scan, "a number from 0 to 4294967295", UINT32_MAX, &value) != STATUS_OK)
		return STATUS_MALFORMED;
	return put_u32(scan, out, (uint32_t)value);
}

/* Plain seconds may use all 32 bits here, as SOA timers can on the wire. */
enum status field_read_ttl(struct scan *scan, struct rdata_out *out)
{
	struct token token;
	if (scan_word(scan, "a number of seconds", &token) != STATUS_OK)
		return STATUS_MALFORMED;
	uint32_t value;
	if (octet_is_digit(token.text[token.size - 1])) {
		uint64_t number;
		struct error *const err = scan->err;
		struct error ignored;
		scan->err = &ignored;
		const enum status plain = scan_number(scan, &token, "a number of seconds", UINT32_MAX, &number);
		scan->err = err;
		if (plain == STATUS_OK)
			return put_u32(scan, out, (uint32_t)number);
	}
	if (scan_ttl(scan, &token, &value) != STATUS_OK)
		return STATUS_MALFORMED;
	return put_u32(scan, out, value);
}

bool field_pass_u8(struct cursor *in)
{
	return cursor_take(in, 1).size == 1;
}

bool field_pass_u16(struct cursor *in)
{
	return cursor_take(in, 2).size == 2;
}

bool field_pass_u32(struct cursor *in)
{
	return cursor_take(in, 4).size == 4;
}

void field_write_u8(struct cursor *in, struct zonetext_buffer *out)
{
	text_put_number(out, cursor_u8(in));
}

void field_write_u16(struct cursor *in, struct zonetext_buffer *out)
{
	text_put_number(out, cursor_u16(in));
}

void field_write_u32(struct cursor *in, struct zonetext_buffer *out)
{
	text_put_number(out, cursor_u32(in));
}
