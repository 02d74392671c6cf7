/* SPDX-License-Identifier: MIT */
#include "signer/dns/zonetext_cut.h"

#include <string.h>

enum { LANES = 32, ROUNDS = 255 }; /* what a count in eight bits can hold */

/* In lanes of eight bits, which compilers turn into vectors of any machine. */
static uint32_t count_in_lanes(const char *text)
{
	uint8_t lanes[LANES] = { 0 };
	for (size_t i = 0; i < ROUNDS; i++) {
		for (size_t lane = 0; lane < LANES; lane++)
			lanes[lane] = (uint8_t)(lanes[lane] + (text[i * LANES + lane] == '\n'));
	}
	uint32_t lines = 0;
	for (size_t lane = 0; lane < LANES; lane++)
		lines += lanes[lane];
	return lines;
}

static uint32_t count_newlines(const char *text, size_t size)
{
	uint32_t lines = 0;
	size_t i = 0;
	for (; size - i >= (size_t)LANES * ROUNDS; i += (size_t)LANES * ROUNDS)
		lines += count_in_lanes(text + i);
	for (; i < size; i++)
		lines += text[i] == '\n';
	return lines;
}

/* From a quote to behind the closing one; a string ends with its line at the latest. */
static const char *pass_quoted(const char *at)
{
	for (at++; *at != '\n' && *at != '\0' && *at != '"'; at++) {
		if (*at == '\\' && at[1] != '\n' && at[1] != '\0')
			at++;
	}
	return *at == '"' ? at + 1 : at;
}

/* The end of the record that begins at `at`: behind its newline, or NULL if the text has no end of it. A NUL within the
 * text is passed over; the parser refuses it. */
static const char *record_end(const char *at, const char *end)
{
	size_t depth = 0;
	while (at < end) {
		switch ((enum octet_class)octet_class[(uint8_t)*at]) {
		case OCTET_NEWLINE:
			at++;
			if (depth == 0)
				return at;
			break;
		case OCTET_COMMENT:
			at = memchr(at, '\n', (size_t)(end - at));
			if (at == NULL)
				return NULL;
			break;
		case OCTET_QUOTE:
			at = pass_quoted(at);
			break;
		case OCTET_ESCAPE:
			at += at + 1 < end && at[1] != '\n' ? 2 : 1;
			break;
		case OCTET_OPEN:
			depth++;
			at++;
			break;
		case OCTET_CLOSE:
			depth -= depth > 0;
			at++;
			break;
		case OCTET_WORD:
		case OCTET_BLANK:
		case OCTET_RETURN:
		case OCTET_NUL:
		case OCTET_CONTROL:
			at++;
			break;
		}
	}
	return NULL;
}

static const char *line_end(const char *at, const char *end)
{
	const char *const newline = memchr(at, '\n', (size_t)(end - at));
	if (newline == NULL)
		return memchr(at, '(', (size_t)(end - at)) == NULL ? NULL : record_end(at, end);
	if (memchr(at, '(', (size_t)(newline - at)) == NULL)
		return newline + 1;
	return record_end(at, end);
}

/* Follows a directive; true for $INCLUDE. What is wrong with it is the parser's to say. */
static bool follow(const char *at, const char *end, struct zonetext_state *state)
{
	struct error ignored;
	struct zonetext_state next = *state;
	struct scan scan = {
		.at = at, .end = end, .line_start = at, .line = 1, .origin = next.origin, .err = &ignored
	};
	const enum zonetext_directive directive = zonetext_directive_word(&scan);
	if (directive == DIRECTIVE_INCLUDE)
		return true;
	if (directive != DIRECTIVE_OTHER && zonetext_directive_apply(&scan, directive, &next) == STATUS_OK)
		*state = next;
	return false;
}

static struct zonetext_cut cut_by_line(const char *text, size_t size, bool ended, struct zonetext_state *state)
{
	const char *const end = text + size;
	const char *at = text;
	while (at < end) {
		const char *next = line_end(at, end);
		if (next == NULL && !ended)
			break;
		if (next == NULL)
			next = end;
		if (*at == '$' && follow(at, end, state)) {
			const size_t before = (size_t)(at - text);
			return (struct zonetext_cut){ before, (size_t)(next - at), count_newlines(text, before) };
		}
		at = next;
	}
	const size_t before = (size_t)(at - text);
	return (struct zonetext_cut){ before, 0, count_newlines(text, before) };
}

struct zonetext_cut zonetext_cut_find(const char *text, size_t size, bool ended, struct zonetext_state *state)
{
	if (memchr(text, '$', size) != NULL || memchr(text, '(', size) != NULL)
		return cut_by_line(text, size, ended, state);
	const char *const newline = memrchr(text, '\n', size);
	size_t whole = newline == NULL ? 0 : (size_t)(newline - text) + 1;
	if (ended)
		whole = size;
	return (struct zonetext_cut){ whole, 0, count_newlines(text, whole) };
}
