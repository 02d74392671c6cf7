/* SPDX-License-Identifier: MIT */
#include "signer/dns/rdata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/arena.h"
#include "signer/dns/field.h"
#include "signer/dns/name.h"
#include "signer/dns/octet.h"
#include "signer/dns/swar.h"

/* Walks the fields of a row. On failure *failed is the field at fault, or NULL if octets are left over. */
static bool pass_fields(const struct rrtype_row *row, struct cursor *in, const struct field **failed)
{
	for (unsigned i = 0; row->fields[i] != FIELD_END; i++) {
		*failed = field_of(row->fields[i]);
		if (!(*failed)->pass(in))
			return false;
	}
	*failed = NULL;
	return cursor_left(in) == 0;
}

enum status rdata_check(uint16_t type, const uint8_t *rdata, size_t size, struct error *err)
{
	const struct rrtype_row *const row = rrtype_find(type);
	if (size > RDATA_MAX)
		return error_set(err, STATUS_MALFORMED, "RDATA over 65535 octets (RFC 1035 3.2.1)");
	if (row == NULL)
		return STATUS_OK;
	struct cursor in = cursor_init((struct bytes){ rdata, size });
	const struct field *failed;
	if (pass_fields(row, &in, &failed))
		return STATUS_OK;
	if (failed == NULL)
		return error_set(err, STATUS_MALFORMED, "%s: %zu octets after the end of the RDATA (%s)", row->name,
		    cursor_left(&in), row->rfc);
	return error_set(err, STATUS_MALFORMED, "%s: %s is missing or malformed in the RDATA (%s)", row->name,
	    failed->what, row->rfc);
}

static bool is_lowered(enum rdata_field field)
{
	return field == FIELD_NAME || field == FIELD_A6_NAME;
}

bool rdata_has_canonical_names(uint16_t type)
{
	const struct rrtype_row *const row = rrtype_find(type);
	for (unsigned i = 0; row != NULL && row->fields[i] != FIELD_END; i++) {
		if (is_lowered(row->fields[i]))
			return true;
	}
	return false;
}

/* Without capital letters any RDATA is canonical as it is, whatever its fields are. */
static bool has_capitals(const uint8_t *octets, size_t size)
{
	uint64_t found = 0;
	size_t i = 0;
	for (; i + SWAR_SIZE <= size; i += SWAR_SIZE)
		found |= swar_capitals(swar_octets(octets + i));
	for (; i < size; i++)
		found |= octet_lower[octets[i]] != octets[i];
	return found != 0;
}

void rdata_canonical(uint16_t type, const uint8_t *rdata, size_t size, uint8_t *out)
{
	if (out != rdata && size > 0)
		memcpy(out, rdata, size);
	if (!has_capitals(rdata, size) || !rdata_has_canonical_names(type))
		return;
	const struct rrtype_row *const row = rrtype_find(type);
	struct cursor in = cursor_init((struct bytes){ out, size });
	const struct field *failed;
	struct cursor whole = in;
	if (!pass_fields(row, &whole, &failed))
		return;
	for (unsigned i = 0; row->fields[i] != FIELD_END; i++) {
		uint8_t *const at = out + (in.at - out);
		if (is_lowered(row->fields[i]) && cursor_left(&in) > 0)
			name_lower(at, at);
		if (!field_of(row->fields[i])->pass(&in))
			return;
	}
}

static int compare_octets(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
	return bytes_compare((struct bytes){ a, a_size }, (struct bytes){ b, b_size });
}

int rdata_compare(uint16_t type, const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
	enum { SMALL = 512 };
	if ((!has_capitals(a, a_size) && !has_capitals(b, b_size)) || !rdata_has_canonical_names(type))
		return compare_octets(a, a_size, b, b_size);
	uint8_t small[2][SMALL];
	uint8_t *const large = a_size > SMALL || b_size > SMALL ? memory_alloc(a_size + b_size) : NULL;
	uint8_t *const a_copy = large != NULL ? large : small[0];
	uint8_t *const b_copy = large != NULL ? large + a_size : small[1];
	rdata_canonical(type, a, a_size, a_copy);
	rdata_canonical(type, b, b_size, b_copy);
	const int order = compare_octets(a_copy, a_size, b_copy, b_size);
	free(large);
	return order;
}

/* "\# length hex" (RFC 3597 5); scan->at is on the backslash. */
static enum status read_generic(struct scan *scan, uint16_t type, struct rdata_out *out)
{
	const char *const start = scan->at;
	struct token token;
	uint64_t size;
	if (scan_word(scan, "\\#", &token) != STATUS_OK)
		return STATUS_MALFORMED;
	if (read_number(scan, "the number of octets (RFC 3597 5)", RDATA_MAX, &size) != STATUS_OK)
		return STATUS_MALFORMED;
	if (read_hex_rest(scan, out) != STATUS_OK)
		return STATUS_MALFORMED;
	const size_t got = (size_t)(out->at - out->start);
	if (got != size)
		return scan_fail(
		    scan, scan->at, "%zu octets of RDATA, but \\# says %u (RFC 3597 5)", got, (unsigned)size);
	struct error err;
	if (rdata_check(type, out->start, got, &err) != STATUS_OK)
		return scan_fail(scan, start, "%s", err.message);
	return STATUS_OK;
}

/* "MX: what is wrong (RFC 1035 3.3.9)", unless the message names its rule already. */
static enum status explain(const struct scan *scan, const struct rrtype_row *row)
{
	struct error *const err = scan->err;
	const enum status status = error_context(err, "%s", row->name);
	const size_t used = strlen(err->message);
	if (strstr(err->message, "(RFC ") == NULL)
		snprintf(err->message + used, sizeof(err->message) - used, " (%s)", row->rfc);
	return status;
}

static bool is_generic(struct scan *scan)
{
	if (scan_peek(scan) != SCAN_WORD || scan->at[0] != '\\' || scan->at[1] != '#')
		return false;
	const uint8_t class = octet_class[(uint8_t)scan->at[2]];
	return class != OCTET_WORD && class != OCTET_ESCAPE;
}

enum status rdata_read(struct scan *scan, uint16_t type, struct rdata_out *out)
{
	const struct rrtype_row *const row = rrtype_find(type);
	if (is_generic(scan))
		return read_generic(scan, type, out);
	if (row == NULL)
		return scan_fail(scan, scan->at,
		    "TYPE%u has no text form known here: write the RDATA as \\# length hex (RFC 3597 5)",
		    (unsigned)type);
	for (unsigned i = 0; row->fields[i] != FIELD_END; i++) {
		if (field_of(row->fields[i])->read(scan, out) != STATUS_OK)
			return explain(scan, row);
	}
	return STATUS_OK;
}

enum status rdata_parse(uint16_t type, const char *text, size_t size, const uint8_t *origin, uint8_t out[RDATA_MAX],
    size_t *out_size, struct error *err)
{
	struct error local;
	char *const copy = memory_calloc(size + 1, 1);
	uint8_t *const wire = memory_alloc(RDATA_MAX);
	memcpy(copy, text, size);
	struct rdata_out rdata = { wire, wire, wire + RDATA_MAX };
	struct scan scan = { .at = copy,
		.end = copy + size,
		.line_start = copy,
		.line = 1,
		.origin = origin,
		.err = err == NULL ? &local : err };
	enum status status = rdata_read(&scan, type, &rdata);
	if (status == STATUS_OK)
		status = scan_record_end(&scan);
	if (status == STATUS_OK && scan.at != scan.end)
		status = scan_fail(&scan, scan.at, "a newline within the RDATA");
	if (status == STATUS_OK) {
		*out_size = (size_t)(rdata.at - wire);
		memcpy(out, wire, *out_size);
	}
	free(wire);
	free(copy);
	return status;
}
