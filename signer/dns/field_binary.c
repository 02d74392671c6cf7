/* SPDX-License-Identifier: MIT */
/* Fields that are binary data in hexadecimal, base64 or base32hex. */
#include "signer/dns/field.h"

#include <string.h>

#include "signer/dns/base64.h"

/* White space may stand anywhere between digits, so an octet may begin in one word and end in the next. */
enum status read_hex_rest(struct scan *scan, struct rdata_out *out)
{
	int high = -1;
	enum scan_kind kind;
	while ((kind = scan_peek(scan)) == SCAN_WORD) {
		struct token token;
		if (scan_word(scan, "hexadecimal data", &token) != STATUS_OK)
			return STATUS_MALFORMED;
		for (size_t i = 0; i < token.size; i++) {
			const int value = octet_hex(token.text[i]);
			if (value < 0)
				return scan_unexpected(scan, &token, "hexadecimal data");
			if (high < 0) {
				high = value;
				continue;
			}
			uint8_t *const to = rdata_take(scan, out, 1);
			if (to == NULL)
				return STATUS_MALFORMED;
			*to = (uint8_t)(high << 4 | value);
			high = -1;
		}
	}
	if (kind == SCAN_BAD)
		return STATUS_MALFORMED;
	if (kind == SCAN_QUOTED)
		return scan_fail(scan, scan->at, "a quoted string where hexadecimal data should be");
	return high < 0 ? STATUS_OK : scan_fail(scan, scan->at, "an odd number of hexadecimal digits");
}

static enum status some(const struct scan *scan, const uint8_t *before, const struct rdata_out *out, const char *what)
{
	return out->at > before ? STATUS_OK : scan_fail(scan, scan->at, "the record ends before %s", what);
}

enum status field_read_hex(struct scan *scan, struct rdata_out *out)
{
	const uint8_t *const before = out->at;
	const enum status status = read_hex_rest(scan, out);
	return status == STATUS_OK ? some(scan, before, out, "hexadecimal data") : status;
}

/* How many octets a digest has, by the number of its type in the octet before it; 0: any number. */
static const uint8_t ds_sizes[] = { 0, 20, 32, 32, 48 }; /* RFC 3658 2.4, RFC 4509 2, RFC 5933 4, RFC 6605 2 */
static const uint8_t sshfp_sizes[] = { 0, 20, 32 };      /* RFC 4255 3.1.2, RFC 6594 */
static const uint8_t zonemd_sizes[] = { 0, 48, 64 };     /* RFC 8976 2.2.3 */
enum { ZONEMD_LEAST = 12 };                              /* RFC 8976 2.2.4 */

static bool good_size(const uint8_t *sizes, size_t count, uint8_t type, size_t size)
{
	return type >= count || sizes[type] == 0 || sizes[type] == size;
}

static enum status read_digest(
    struct scan *scan, struct rdata_out *out, const uint8_t *sizes, size_t count, size_t least)
{
	const uint8_t *const digest = out->at;
	if (field_read_hex(scan, out) != STATUS_OK)
		return STATUS_MALFORMED;
	const size_t size = (size_t)(out->at - digest);
	if (!good_size(sizes, count, digest[-1], size))
		return scan_fail(scan, scan->at, "a digest of %zu octets, type %u has %u", size, (unsigned)digest[-1],
		    (unsigned)sizes[digest[-1]]);
	return size >= least ? STATUS_OK
			     : scan_fail(scan, scan->at, "a digest of %zu octets, at least %zu", size, least);
}

static bool pass_digest(struct cursor *in, const uint8_t *sizes, size_t count, size_t least)
{
	const uint8_t type = in->at[-1];
	const size_t size = cursor_take(in, cursor_left(in)).size;
	return size > 0 && size >= least && good_size(sizes, count, type, size);
}

enum status field_read_ds_digest(struct scan *scan, struct rdata_out *out)
{
	return read_digest(scan, out, ds_sizes, COUNT(ds_sizes), 1);
}

enum status field_read_sshfp_digest(struct scan *scan, struct rdata_out *out)
{
	return read_digest(scan, out, sshfp_sizes, COUNT(sshfp_sizes), 1);
}

enum status field_read_zonemd_digest(struct scan *scan, struct rdata_out *out)
{
	return read_digest(scan, out, zonemd_sizes, COUNT(zonemd_sizes), ZONEMD_LEAST);
}

bool field_pass_ds_digest(struct cursor *in)
{
	return pass_digest(in, ds_sizes, COUNT(ds_sizes), 1);
}

bool field_pass_sshfp_digest(struct cursor *in)
{
	return pass_digest(in, sshfp_sizes, COUNT(sshfp_sizes), 1);
}

bool field_pass_zonemd_digest(struct cursor *in)
{
	return pass_digest(in, zonemd_sizes, COUNT(zonemd_sizes), ZONEMD_LEAST);
}

/* A decoder that goes on from one word to the next. */
struct base64 {
	uint32_t pool;
	unsigned digits;  /* in the open group of four */
	unsigned padding; /* "=" seen in it; after that the data has ended */
};

static enum status end_group(const struct scan *scan, struct base64 *state, struct rdata_out *out)
{
	const size_t octets = 3 - state->padding;
	if (state->padding == 2 ? (state->pool & 0xffff) != 0 : state->padding == 1 && (state->pool & 0xff) != 0)
		return scan_fail(scan, scan->at, "bits set behind the end of base64 data (RFC 4648 3.5)");
	uint8_t *const to = rdata_take(scan, out, octets);
	if (to == NULL)
		return STATUS_MALFORMED;
	for (size_t i = 0; i < octets; i++)
		to[i] = (uint8_t)(state->pool >> (16 - 8 * i));
	state->pool = 0;
	state->digits = 0;
	return STATUS_OK;
}

static enum status base64_word(
    const struct scan *scan, struct base64 *state, const struct token *token, struct rdata_out *out)
{
	for (size_t i = 0; i < token->size; i++) {
		const char c = token->text[i];
		const uint8_t value = base64_values[(uint8_t)c];
		const bool ended = state->padding > 0 && (state->digits == 0 || c != '=');
		if (ended || (value == 255 && (c != '=' || state->digits < 2)))
			return scan_unexpected(scan, token, "base64 data (RFC 4648 4)");
		if (c == '=')
			state->padding++;
		state->pool = state->pool << 6 | (c == '=' ? 0 : value);
		if (++state->digits == 4 && end_group(scan, state, out) != STATUS_OK)
			return STATUS_MALFORMED;
	}
	return STATUS_OK;
}

/* Whole groups without padding, which is nearly all of a signature or key; how many characters. */
static size_t pass_groups(const struct token *token, struct rdata_out *out)
{
	const size_t room = (size_t)(out->end - out->at);
	if (room < BASE64_SLACK)
		return 0;
	const size_t most = (room - BASE64_SLACK) / 3 * 4;
	const size_t size = token->size < most ? token->size : most;
	const size_t done = base64_groups(MARKS_PLAIN, token->text, size, out->at);
	out->at += done / 4 * 3;
	return done;
}

enum status field_read_base64_any(struct scan *scan, struct rdata_out *out)
{
	struct base64 state = { 0, 0, 0 };
	enum scan_kind kind;
	while ((kind = scan_peek(scan)) == SCAN_WORD) {
		struct token token;
		if (scan_word(scan, "base64 data", &token) != STATUS_OK)
			return STATUS_MALFORMED;
		if (state.digits == 0 && state.padding == 0) {
			const size_t done = pass_groups(&token, out);
			token.text += done;
			token.size -= done;
		}
		if (base64_word(scan, &state, &token, out) != STATUS_OK)
			return STATUS_MALFORMED;
	}
	if (kind == SCAN_BAD)
		return STATUS_MALFORMED;
	if (kind == SCAN_QUOTED)
		return scan_fail(scan, scan->at, "a quoted string where base64 data should be");
	return state.digits == 0
		   ? STATUS_OK
		   : scan_fail(scan, scan->at, "base64 data is cut: no multiple of 4 digits (RFC 4648 4)");
}

enum status field_read_base64(struct scan *scan, struct rdata_out *out)
{
	const uint8_t *const before = out->at;
	const enum status status = field_read_base64_any(scan, out);
	return status == STATUS_OK ? some(scan, before, out, "base64 data") : status;
}

static enum status put_counted(const struct scan *scan, struct rdata_out *out, const uint8_t *data, size_t size)
{
	uint8_t *const to = rdata_take(scan, out, size + 1);
	if (to == NULL)
		return STATUS_MALFORMED;
	to[0] = (uint8_t)size;
	memcpy(to + 1, data, size);
	return STATUS_OK;
}

enum status field_read_salt(struct scan *scan, struct rdata_out *out)
{
	static const char wanted[] = "a salt in hexadecimal, or \"-\" for none (RFC 5155 3.3)";
	struct token token;
	if (scan_word(scan, wanted, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	uint8_t salt[255] = { 0 };
	const bool none = token.size == 1 && token.text[0] == '-';
	const long size = none ? 0 : bytes_from_hex(token.text, token.size, salt, sizeof(salt));
	if (size < 0)
		return scan_unexpected(scan, &token, wanted);
	return put_counted(scan, out, salt, (size_t)size);
}

enum status field_read_hash(struct scan *scan, struct rdata_out *out)
{
	static const char wanted[] = "a hashed owner name in base32hex (RFC 5155 3.3)";
	struct token token;
	if (scan_word(scan, wanted, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	uint8_t hash[255];
	const long size = bytes_from_base32hex(token.text, token.size, hash, sizeof(hash));
	if (size <= 0)
		return scan_unexpected(scan, &token, wanted);
	return put_counted(scan, out, hash, (size_t)size);
}

bool field_pass_some(struct cursor *in)
{
	return cursor_take(in, cursor_left(in)).size > 0;
}

bool field_pass_any(struct cursor *in)
{
	cursor_take(in, cursor_left(in));
	return !in->failed;
}

bool field_pass_counted(struct cursor *in)
{
	cursor_take(in, cursor_u8(in));
	return !in->failed;
}

bool field_pass_hash(struct cursor *in)
{
	return cursor_take(in, cursor_u8(in)).size > 0;
}

void field_write_hex(struct cursor *in, struct zonetext_buffer *out)
{
	const struct bytes rest = cursor_take(in, cursor_left(in));
	zonetext_buffer_reserve(out, bytes_hex_size(rest.size) + 1);
	out->size += bytes_to_hex(rest, true, out->data + out->size);
}

void field_write_base64(struct cursor *in, struct zonetext_buffer *out)
{
	const struct bytes rest = cursor_take(in, cursor_left(in));
	zonetext_buffer_reserve(out, bytes_base64_size(rest.size) + 1);
	out->size += bytes_to_base64(rest, out->data + out->size);
}

void field_write_salt(struct cursor *in, struct zonetext_buffer *out)
{
	const struct bytes salt = cursor_take(in, cursor_u8(in));
	if (salt.size == 0) {
		text_put(out, "-", 1);
		return;
	}
	zonetext_buffer_reserve(out, bytes_hex_size(salt.size) + 1);
	out->size += bytes_to_hex(salt, true, out->data + out->size);
}

void field_write_hash(struct cursor *in, struct zonetext_buffer *out)
{
	const struct bytes hash = cursor_take(in, cursor_u8(in));
	zonetext_buffer_reserve(out, bytes_base32hex_size(hash.size) + 1);
	out->size += bytes_to_base32hex(hash, out->data + out->size);
}
