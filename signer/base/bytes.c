/* SPDX-License-Identifier: MIT */
#include "signer/base/bytes.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

int bytes_compare(struct bytes a, struct bytes b)
{
	const size_t common = a.size < b.size ? a.size : b.size;
	const int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
	if (order != 0)
		return order < 0 ? -1 : 1;
	return (a.size > b.size) - (a.size < b.size);
}

struct cursor cursor_init(struct bytes bytes)
{
	/* A NULL plus zero is undefined; an empty string needs a place that exists. */
	static const uint8_t nothing[1];
	const uint8_t *const start = bytes.data == NULL ? nothing : bytes.data;
	return (struct cursor){ start, start + bytes.size, false };
}

void bytes_put_u64(uint8_t at[8], uint64_t value)
{
	bytes_put_u32(at, (uint32_t)(value >> 32));
	bytes_put_u32(at + 4, (uint32_t)value);
}

size_t bytes_hex_size(size_t size)
{
	return 2 * size;
}

size_t bytes_base64_size(size_t size)
{
	return (size + 2) / 3 * 4;
}

size_t bytes_base32hex_size(size_t size)
{
	return (size * 8 + 4) / 5;
}

size_t bytes_to_hex(struct bytes in, bool upper, char out[])
{
	const char *const digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	for (size_t i = 0; i < in.size; i++) {
		out[2 * i] = digits[in.data[i] >> 4];
		out[2 * i + 1] = digits[in.data[i] & 15];
	}
	out[2 * in.size] = '\0';
	return 2 * in.size;
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t bytes_to_base64(struct bytes in, char out[])
{
	size_t used = 0;
	size_t i = 0;
	for (; i + 3 <= in.size; i += 3) {
		const uint32_t group = ((uint32_t)in.data[i] << 16) | ((uint32_t)in.data[i + 1] << 8) | in.data[i + 2];
		out[used++] = base64_digits[group >> 18];
		out[used++] = base64_digits[(group >> 12) & 63];
		out[used++] = base64_digits[(group >> 6) & 63];
		out[used++] = base64_digits[group & 63];
	}
	if (i < in.size) {
		const bool two = in.size - i == 2;
		const uint32_t group = ((uint32_t)in.data[i] << 16) | (two ? (uint32_t)in.data[i + 1] << 8 : 0);
		out[used++] = base64_digits[group >> 18];
		out[used++] = base64_digits[(group >> 12) & 63];
		out[used++] = two ? base64_digits[(group >> 6) & 63] : '=';
		out[used++] = '=';
	}
	out[used] = '\0';
	return used;
}

size_t bytes_to_base32hex(struct bytes in, char out[])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	size_t used = 0;
	uint32_t pool = 0;
	unsigned bits = 0;
	for (size_t i = 0; i < in.size; i++) {
		pool = (pool << 8) | in.data[i];
		bits += 8;
		while (bits >= 5) {
			bits -= 5;
			out[used++] = digits[(pool >> bits) & 31];
		}
	}
	if (bits > 0)
		out[used++] = digits[(pool << (5 - bits)) & 31];
	out[used] = '\0';
	return used;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

long bytes_from_hex(const char text[], size_t size, uint8_t out[], size_t capacity)
{
	if (size % 2 != 0 || size / 2 > capacity)
		return -1;
	for (size_t i = 0; i < size / 2; i++) {
		const int high = hex_digit(text[2 * i]);
		const int low = hex_digit(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return -1;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return (long)(size / 2);
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

long bytes_from_base64(const char text[], size_t size, uint8_t out[], size_t capacity)
{
	if (size % 4 != 0)
		return -1;
	size_t digits = size;
	while (digits > 0 && size - digits < 2 && text[digits - 1] == '=')
		digits--;
	uint32_t pool = 0;
	unsigned bits = 0;
	size_t used = 0;
	for (size_t i = 0; i < digits; i++) {
		const int digit = base64_digit(text[i]);
		if (digit < 0)
			return -1;
		pool = (pool << 6 | (uint32_t)digit) & 0xffffff;
		bits += 6;
		if (bits >= 8) {
			if (used >= capacity)
				return -1;
			bits -= 8;
			out[used++] = (uint8_t)(pool >> bits);
		}
	}
	if (bits >= 6 || (pool & ((1u << bits) - 1)) != 0)
		return -1;
	return (long)used;
}

long bytes_from_base32hex(const char text[], size_t size, uint8_t out[], size_t capacity)
{
	uint32_t pool = 0;
	unsigned bits = 0;
	size_t used = 0;
	for (size_t i = 0; i < size; i++) {
		char c = text[i];
		if (c >= 'A' && c <= 'V')
			c = (char)(c - 'A' + 'a');
		int digit;
		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (c >= 'a' && c <= 'v')
			digit = c - 'a' + 10;
		else
			return -1;
		pool = (pool << 5 | (uint32_t)digit) & 0xffffff;
		bits += 5;
		if (bits >= 8) {
			if (used >= capacity)
				return -1;
			bits -= 8;
			out[used++] = (uint8_t)(pool >> bits);
		}
	}
	if (bits >= 5 || (pool & ((1u << bits) - 1)) != 0)
		return -1;
	return (long)used;
}

void bytes_sha256(struct bytes in, uint8_t out[32])
{
	static const uint8_t nothing[1];
	/* Fails only if libcrypto has no SHA-256, and then nothing of ours can work. */
	if (EVP_Digest(in.data == NULL ? nothing : in.data, in.size, out, NULL, EVP_sha256(), NULL) != 1)
		abort();
}
