/* SPDX-License-Identifier: MIT */
/*
 * Octets from outside, a cursor over them that cannot overrun, and their text forms (RFC 4648).
 *
 * The verifier has text decoders of its own; these serve the signer, the keystore and reports.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	const uint8_t *data;
	size_t size;
};

/* Equal length and octets. */
bool bytes_equal(struct bytes a, struct bytes b);

/* memcmp order, a shorter string before its continuation: -1, 0 or 1. */
int bytes_compare(struct bytes a, struct bytes b);

/* A reader in network byte order. Reading past the end yields zeros and sets `failed`, which stays set: read a whole
 * structure, then look at `failed` once. */
struct cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
};

/* Numbers in network byte order. */
static inline uint16_t bytes_get_u16(const uint8_t at[2])
{
	return (uint16_t)((at[0] << 8) | at[1]);
}

static inline uint32_t bytes_get_u32(const uint8_t at[4])
{
	return ((uint32_t)at[0] << 24) | ((uint32_t)at[1] << 16) | ((uint32_t)at[2] << 8) | at[3];
}

struct cursor cursor_init(struct bytes bytes);

/* In the header, since they are most of what a reader of binary records does. */
static inline size_t cursor_left(const struct cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

static inline struct bytes cursor_take(struct cursor *cursor, size_t size)
{
	if (cursor->failed || size > cursor_left(cursor)) {
		cursor->failed = true;
		return (struct bytes){ cursor->end, 0 };
	}
	const struct bytes taken = { cursor->at, size };
	cursor->at += size;
	return taken;
}

static inline uint8_t cursor_u8(struct cursor *cursor)
{
	const struct bytes one = cursor_take(cursor, 1);
	return one.size == 1 ? one.data[0] : 0;
}

static inline uint16_t cursor_u16(struct cursor *cursor)
{
	const struct bytes two = cursor_take(cursor, 2);
	return two.size == 2 ? bytes_get_u16(two.data) : 0;
}

static inline uint32_t cursor_u32(struct cursor *cursor)
{
	const struct bytes four = cursor_take(cursor, 4);
	return four.size == 4 ? bytes_get_u32(four.data) : 0;
}

static inline void bytes_put_u16(uint8_t at[2], uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void bytes_put_u32(uint8_t at[4], uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

void bytes_put_u64(uint8_t at[8], uint64_t value);

/* Sizes that the encoders write, without the terminating NUL that each adds. */
size_t bytes_hex_size(size_t size);
size_t bytes_base64_size(size_t size);
size_t bytes_base32hex_size(size_t size);

/* Hexadecimal in lower case (`upper`: in upper case), base64 with padding (RFC 4648 4), and base32hex in lower case
 * without padding, as NSEC3 owners use it (RFC 5155 3.3). `out` holds ..._size + 1 characters. Each returns the length.
 */
size_t bytes_to_hex(struct bytes in, bool upper, char out[]);
size_t bytes_to_base64(struct bytes in, char out[]);
size_t bytes_to_base32hex(struct bytes in, char out[]);

/* Strict decoders of text[0..size): no white space, no trailing garbage, padding bits zero. They write at most
 * `capacity` octets and return the number of octets, or -1 if the text is not valid or does not fit. Hex takes both
 * cases; base64 wants its padding; base32hex takes both cases and no padding. */
long bytes_from_hex(const char text[], size_t size, uint8_t out[], size_t capacity);
long bytes_from_base64(const char text[], size_t size, uint8_t out[], size_t capacity);
long bytes_from_base32hex(const char text[], size_t size, uint8_t out[], size_t capacity);

/* SHA-256 of `in`. Not for hot loops: those keep a context of their own. */
void bytes_sha256(struct bytes in, uint8_t out[32]);
