/* SPDX-License-Identifier: MIT */
#include "signer/verify/vtoken.h"

#include <endian.h>
#include <string.h>
#include <strings.h>

static struct vtoken bad(struct vtokens *in, const char *why)
{
	in->why = why;
	return (struct vtoken){ VTOKEN_BAD, in->at, 0 };
}

/* Other readers take a lone carriage return for a line end: what follows it would be a record of its own there. */
static const char lone_return[] = "a carriage return that ends no line (RFC 1035 5.1)";

static bool returns(const struct vtokens *in, const char *at)
{
	return at + 1 == in->end || at[1] == '\n';
}

/* At a semicolon: steps to the line end. */
static bool pass_comment(struct vtokens *in)
{
	const char *const found = memchr(in->at, '\n', (size_t)(in->end - in->at));
	const char *const line_end = found == NULL ? in->end : found;
	const char *const carriage = memchr(in->at, '\r', (size_t)(line_end - in->at));
	const bool good = carriage == NULL || returns(in, carriage);
	in->at = good ? line_end : carriage;
	return good;
}

static struct vtoken quoted(struct vtokens *in)
{
	const char *const start = ++in->at;
	while (in->at < in->end && *in->at != '"' && *in->at != '\n' && *in->at != '\r' && *in->at != '\0')
		in->at += *in->at == '\\' && in->at + 1 < in->end && in->at[1] != '\r' ? 2 : 1;
	if (in->at >= in->end || *in->at != '"')
		return bad(in, "quoted string without its end (RFC 1035 5.1)");
	const struct vtoken token = { VTOKEN_QUOTED, start, (size_t)(in->at - start) };
	in->at++;
	return token;
}

/* What ends a word: blank, line end, ; ( ) " and NUL, which no text holds. */
static const bool stops[256] = { ['\0'] = true,
	[' '] = true,
	['\t'] = true,
	['\r'] = true,
	['\n'] = true,
	[';'] = true,
	['('] = true,
	[')'] = true,
	['"'] = true };

/* The highest bit of each of eight octets: set in the first that is below '*', a semicolon or a backslash, and in none
 * before it. All that ends a word is among those, and little else. */
static uint64_t marks(uint64_t octets)
{
	const uint64_t ones = 0x0101010101010101;
	const uint64_t semicolon = octets ^ ones * ';';
	const uint64_t backslash = octets ^ ones * '\\';
	const uint64_t below = (octets - ones * '*') & ~octets;
	return (below | ((semicolon - ones) & ~semicolon) | ((backslash - ones) & ~backslash)) & ones << 7;
}

/* To the first octet that may end a word, or to the last seven. */
static const char *pass_plain(const char *at, const char *end)
{
	while (end - at >= 8) {
		uint64_t octets;
		memcpy(&octets, at, sizeof(octets));
		const uint64_t found = marks(le64toh(octets));
		if (found != 0)
			return at + __builtin_ctzll(found) / 8;
		at += 8;
	}
	return at;
}

static struct vtoken word(struct vtokens *in)
{
	const char *const start = in->at;
	const char *at = pass_plain(start, in->end);
	for (; at < in->end && !stops[(uint8_t)*at]; at = pass_plain(at + 1, in->end)) {
		if (*at != '\\')
			continue;
		if (at + 1 >= in->end || at[1] == '\n' || at[1] == '\r' || at[1] == '\0') {
			in->at = at;
			return bad(in, "backslash at the end of a line (RFC 1035 5.1)");
		}
		at++;
	}
	in->at = at;
	return (struct vtoken){ VTOKEN_WORD, start, (size_t)(at - start) };
}

struct vtoken vtoken_next(struct vtokens *in)
{
	while (in->at < in->end && (*in->at == ' ' || *in->at == '\t'))
		in->at++;
	if (in->at < in->end && !stops[(uint8_t)*in->at])
		return word(in);
	for (; in->at < in->end; in->at++) {
		switch (*in->at) {
		case ' ':
		case '\t':
			break;
		case '\r':
			if (!returns(in, in->at))
				return bad(in, lone_return);
			break;
		case '\n':
			if (in->depth == 0)
				return (struct vtoken){ VTOKEN_END, in->at, 0 };
			in->line++;
			break;
		case ';':
			if (!pass_comment(in))
				return bad(in, lone_return);
			in->at--;
			break;
		case '(':
			in->depth++;
			break;
		case ')':
			if (in->depth == 0)
				return bad(in, "closing parenthesis without an opening one (RFC 1035 5.1)");
			in->depth--;
			break;
		case '"':
			return quoted(in);
		case '\0':
			return bad(in, "a NUL octet: this is not a text file");
		default:
			return word(in);
		}
	}
	if (in->depth > 0)
		return bad(in, "the file ends inside parentheses: it was cut in the middle of a record");
	return (struct vtoken){ VTOKEN_END, in->end, 0 };
}

struct vtoken vtoken_peek(const struct vtokens *in)
{
	struct vtokens copy = *in;
	return vtoken_next(&copy);
}

bool vtoken_number(struct vtoken token, uint32_t most, uint32_t *out)
{
	uint64_t value = 0;
	if (token.kind != VTOKEN_WORD || token.size == 0 || token.size > 10)
		return false;
	for (size_t i = 0; i < token.size; i++) {
		if (token.text[i] < '0' || token.text[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(token.text[i] - '0');
	}
	*out = (uint32_t)value;
	return value <= most;
}

static uint64_t unit_seconds(char unit)
{
	switch (unit | 0x20) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 604800;
	default:
		return 0;
	}
}

bool vtoken_ttl(struct vtoken token, uint32_t *out)
{
	if (vtoken_number(token, UINT32_MAX, out))
		return true;
	uint64_t sum = 0;
	uint64_t amount = 0;
	bool digits = false;
	if (token.kind != VTOKEN_WORD || token.size == 0 || token.size > 40)
		return false;
	for (size_t i = 0; i < token.size; i++) {
		const char c = token.text[i];
		if (c >= '0' && c <= '9') {
			amount = amount * 10 + (uint64_t)(c - '0');
			digits = true;
			if (amount > UINT32_MAX)
				return false;
			continue;
		}
		if (!digits || unit_seconds(c) == 0)
			return false;
		sum += amount * unit_seconds(c);
		amount = 0;
		digits = false;
	}
	*out = (uint32_t)sum;
	return !digits && sum <= UINT32_MAX;
}

bool vtoken_is(struct vtoken token, const char *word_text)
{
	return token.kind == VTOKEN_WORD && token.size == strlen(word_text) &&
	       strncasecmp(token.text, word_text, token.size) == 0;
}

long vtoken_octets(struct vtoken token, uint8_t out[], size_t capacity)
{
	size_t used = 0;
	for (size_t i = 0; i < token.size; i++) {
		unsigned octet = (uint8_t)token.text[i];
		if (octet == '\\') {
			if (++i >= token.size)
				return -1;
			octet = (uint8_t)token.text[i];
			if (octet >= '0' && octet <= '9') {
				octet = 0;
				for (size_t digit = 0; digit < 3; digit++, i++) {
					if (i >= token.size || token.text[i] < '0' || token.text[i] > '9')
						return -1;
					octet = octet * 10 + (unsigned)(token.text[i] - '0');
				}
				i--;
			}
		}
		if (octet > 255 || used >= capacity)
			return -1;
		out[used++] = (uint8_t)octet;
	}
	return (long)used;
}
