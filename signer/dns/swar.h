/* SPDX-License-Identifier: MIT */
/*
 * Eight characters of a word at once, as the octets of one number. They must be octets of a word (OCTET_WORD) unless a
 * function says otherwise, and the machine little-endian. Private to signer/dns.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "signer/base/bytes.h"

enum { SWAR_SIZE = 8 };

/* `octet` eight times. */
static inline uint64_t swar_each(uint8_t octet)
{
	return 0x0101010101010101U * octet;
}

static inline uint64_t swar_load(const char *text)
{
	uint64_t some;
	memcpy(&some, text, sizeof(some));
	return some;
}

/* The same of octets, which may be any, and back. */
static inline uint64_t swar_octets(const uint8_t *octets)
{
	uint64_t some;
	memcpy(&some, octets, sizeof(some));
	return some;
}

static inline void swar_store(uint8_t *octets, uint64_t some)
{
	memcpy(octets, &some, sizeof(some));
}

/* 0x80 for each octet from `first` to `last`, both below 0x80; of any octets. */
static inline uint64_t swar_range(uint64_t some, uint8_t first, uint8_t last)
{
	const uint64_t low = some & swar_each(0x7f);
	const uint64_t from = low + swar_each((uint8_t)(0x80 - first));
	const uint64_t after = low + swar_each((uint8_t)(0x7f - last));
	return from & ~after & ~some & swar_each(0x80);
}

/* 0x80 for each capital letter. */
static inline uint64_t swar_capitals(uint64_t some)
{
	return swar_range(some, 'A', 'Z');
}

/* ASCII letters in lower case, all else as it is. */
static inline uint64_t swar_lower(uint64_t some)
{
	return some | swar_capitals(some) >> 2;
}

/* Whether all are octet_plain; false may be said of some that are. */
static inline bool swar_plain(uint64_t some)
{
	const uint64_t letters = swar_range(some | swar_each(0x20), 'a', 'z');
	return (letters | swar_range(some, '/', '9') | swar_range(some, '-', '-')) == swar_each(0x80);
}

/* A decimal number of `size` digits, 1 to 8; text[0..8) is readable. */
static inline bool swar_number(const char *text, unsigned size, uint32_t *out)
{
	const unsigned unused = 64 - 8 * size;
	uint64_t digits = (swar_load(text) << unused) ^ (swar_each('0') << unused);
	if ((((digits + swar_each(0x7f - 9)) | digits) & swar_each(0x80)) != 0)
		return false;
	digits = (digits * 10 + (digits >> 8)) & 0x00ff00ff00ff00ffU;
	digits = (digits * 100 + (digits >> 16)) & 0x0000ffff0000ffffU;
	*out = (uint32_t)(digits * 10000 + (digits >> 32));
	return true;
}

/* Eight digits of base32hex in either case, five octets (RFC 4648 7). Writes eight. */
static inline bool swar_base32hex(const char *text, uint8_t *out)
{
	const uint64_t some = swar_load(text) | swar_each(0x20);
	const uint64_t letter = (some >> 6) & swar_each(1);
	const uint64_t digit = letter ^ swar_each(1);
	const uint64_t low = some & swar_each(0x1f);
	/* "0" to "9" are 0x30 to 0x39, "a" to "v" 0x61 to 0x76. */
	const uint64_t wrong_row = (some & swar_each(0xe0)) ^ (swar_each(0x20) + (letter << 6));
	const uint64_t too_high = (low + swar_each(6) + 3 * letter) & swar_each(0xe0);
	const uint64_t not_low = ((low | swar_each(0x20)) - 16 * digit - letter) & swar_each(0x20);
	if ((wrong_row | too_high) != 0 || not_low != swar_each(0x20))
		return false;
	uint64_t value = low + 9 * letter - 16 * digit;
	value = ((value << 5) & 0x03e003e003e003e0U) | ((value >> 8) & 0x001f001f001f001fU);
	value = ((value << 10) & 0x000ffc00000ffc00U) | ((value >> 16) & 0x000003ff000003ffU);
	value = ((value << 20) | (value >> 32)) & 0x000000ffffffffffU;
	bytes_put_u64(out, value << 24);
	return true;
}

/* Eight digits of hexadecimal in either case, four octets. */
static inline bool swar_hex(const char *text, uint8_t out[4])
{
	const uint64_t some = swar_load(text) | swar_each(0x20);
	const uint64_t letter = (some >> 6) & swar_each(1);
	const uint64_t low = some & swar_each(0x0f);
	/* "0" to "9" are 0x30 to 0x39, "a" to "f" 0x61 to 0x66. */
	const uint64_t wrong_row = (some & swar_each(0xf0)) ^ (swar_each(0x30) + 0x30 * letter);
	const uint64_t too_high = (low + swar_each(6) + 3 * letter) & swar_each(0xf0);
	const uint64_t not_low = ((low | swar_each(0x10)) - letter) & swar_each(0x10);
	if ((wrong_row | too_high) != 0 || not_low != swar_each(0x10))
		return false;
	uint64_t value = low + 9 * letter;
	value = ((value << 4) | (value >> 8)) & 0x00ff00ff00ff00ffU;
	value = (value | (value >> 8)) & 0x0000ffff0000ffffU;
	const uint32_t octets = (uint32_t)(value | (value >> 16));
	memcpy(out, &octets, sizeof(octets));
	return true;
}
