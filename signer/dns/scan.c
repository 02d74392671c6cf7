/* SPDX-License-Identifier: MIT */
#include "signer/dns/scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "signer/dns/name.h"

enum { SHOWN_SIZE = 60 }; /* octets of a token in a message */

static const char lone_return[] = "carriage return within a line (RFC 1035 5.1)";

enum status scan_fail(const struct scan *scan, const char *at, const char *format, ...)
{
	char message[sizeof(scan->err->message)];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	const uint64_t column = at >= scan->line_start ? (uint64_t)(at - scan->line_start) + 1 : 0;
	return error_set_at(scan->err, STATUS_MALFORMED, scan->file, scan->line, column, "%s", message);
}

enum status scan_unexpected(const struct scan *scan, const struct token *token, const char *wanted)
{
	char shown[4 * SHOWN_SIZE + 1];
	error_escape(token->text, token->size < SHOWN_SIZE ? token->size : SHOWN_SIZE, shown, sizeof(shown));
	return scan_fail(scan, token->text, "\"%s%s\" is not %s", shown, token->size > SHOWN_SIZE ? "..." : "", wanted);
}

static enum scan_kind bad(struct scan *scan, const char *what)
{
	(void)scan_fail(scan, scan->at, "%s", what);
	return SCAN_BAD;
}

static enum scan_kind at_nul(struct scan *scan)
{
	if (scan->at < scan->end)
		return bad(scan, "NUL octet: this is no text (RFC 1035 5.1)");
	if (scan->depth == 0)
		return SCAN_END;
	(void)scan_fail(scan, scan->at, "the text ends within the parentheses opened on line %u (RFC 1035 5.1)",
	    (unsigned)scan->opened);
	return SCAN_BAD;
}

static void open_parenthesis(struct scan *scan)
{
	if (scan->depth++ == 0)
		scan->opened = scan->line;
	scan->at++;
}

static void next_line(struct scan *scan)
{
	scan->at++;
	scan->line++;
	scan->line_start = scan->at;
}

static void pass_line(struct scan *scan)
{
	const char *const newline = memchr(scan->at, '\n', (size_t)(scan->end - scan->at));
	scan->at = newline != NULL ? newline : scan->end;
}

/* Other readers take a lone carriage return for a line end: what follows it would be a record of its own there. */
static bool pass_comment(struct scan *scan)
{
	const char *const start = scan->at;
	pass_line(scan);
	const char *const carriage = memchr(start, '\r', (size_t)(scan->at - start));
	if (carriage == NULL || carriage + 1 == scan->at)
		return true;
	scan->at = carriage;
	return false;
}

static enum scan_kind bad_control(struct scan *scan)
{
	(void)scan_fail(
	    scan, scan->at, "control octet %u: write it as \\DDD (RFC 1035 5.1)", (unsigned)(uint8_t)*scan->at);
	return SCAN_BAD;
}

__attribute__((noinline)) static enum scan_kind peek_slowly(struct scan *scan)
{
	for (;;) {
		switch ((enum octet_class)octet_class[(uint8_t)*scan->at]) {
		case OCTET_BLANK:
			scan->at++;
			break;
		case OCTET_RETURN:
			if (scan->at[1] != '\n' && scan->at + 1 != scan->end)
				return bad(scan, lone_return);
			scan->at++;
			break;
		case OCTET_NEWLINE:
			if (scan->depth == 0)
				return SCAN_END;
			next_line(scan);
			break;
		case OCTET_COMMENT:
			if (!pass_comment(scan))
				return bad(scan, lone_return);
			break;
		case OCTET_OPEN:
			open_parenthesis(scan);
			break;
		case OCTET_CLOSE:
			if (scan->depth == 0)
				return bad(scan, "\")\" without \"(\" (RFC 1035 5.1)");
			scan->depth--;
			scan->at++;
			break;
		case OCTET_QUOTE:
			return SCAN_QUOTED;
		case OCTET_WORD:
		case OCTET_ESCAPE:
			return SCAN_WORD;
		case OCTET_NUL:
			return at_nul(scan);
		case OCTET_CONTROL:
			return bad_control(scan);
		}
	}
}

/* Nearly always a blank or two, then a word. */
enum scan_kind scan_peek(struct scan *scan)
{
	const char *at = scan->at;
	while (octet_class[(uint8_t)*at] == OCTET_BLANK)
		at++;
	scan->at = at;
	return octet_class[(uint8_t)*at] == OCTET_WORD ? SCAN_WORD : peek_slowly(scan);
}

/* Steps over a backslash and what it escapes; a newline cannot be escaped. */
static enum status pass_escape(struct scan *scan)
{
	const uint8_t next = (uint8_t)scan->at[1];
	if (scan->at + 1 >= scan->end || next == '\n' || next == '\r' || next == '\0')
		return scan_fail(scan, scan->at, "a backslash ends the line (RFC 1035 5.1)");
	scan->at += 2;
	return STATUS_OK;
}

/* At a quote: steps over the string. */
static enum status pass_quoted(struct scan *scan, struct token *out)
{
	const char *const start = ++scan->at;
	for (;;) {
		switch ((enum octet_class)octet_class[(uint8_t)*scan->at]) {
		case OCTET_ESCAPE:
			if (pass_escape(scan) != STATUS_OK)
				return STATUS_MALFORMED;
			break;
		case OCTET_QUOTE:
			*out = (struct token){ start, (size_t)(scan->at++ - start) };
			return STATUS_OK;
		case OCTET_NUL:
		case OCTET_NEWLINE:
		case OCTET_RETURN:
			if (*scan->at == '\0' && scan->at < scan->end)
				return scan_fail(scan, scan->at, "NUL octet: this is no text (RFC 1035 5.1)");
			return scan_fail(scan, start - 1, "the quoted string is not closed on its line (RFC 1035 5.1)");
		case OCTET_CONTROL:
			(void)bad_control(scan);
			return STATUS_MALFORMED;
		case OCTET_WORD:
		case OCTET_BLANK:
		case OCTET_COMMENT:
		case OCTET_OPEN:
		case OCTET_CLOSE:
			scan->at++;
			break;
		}
	}
}

static enum status pass_word(struct scan *scan, struct token *out)
{
	const char *const start = scan->at;
	for (;;) {
		while (octet_class[(uint8_t)*scan->at] == OCTET_WORD)
			scan->at++;
		if (*scan->at != '\\')
			break;
		if (pass_escape(scan) != STATUS_OK)
			return STATUS_MALFORMED;
	}
	*out = (struct token){ start, (size_t)(scan->at - start) };
	return STATUS_OK;
}

static enum status missing(const struct scan *scan, const char *wanted)
{
	return scan_fail(scan, scan->at, "the record ends before %s", wanted);
}

enum status scan_word(struct scan *scan, const char *wanted, struct token *out)
{
	switch (scan_peek(scan)) {
	case SCAN_WORD:
		break;
	case SCAN_QUOTED:
		return scan_fail(scan, scan->at, "a quoted string where %s should be", wanted);
	case SCAN_END:
		return missing(scan, wanted);
	case SCAN_BAD:
		return STATUS_MALFORMED;
	}
	struct token token;
	if (pass_word(scan, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	if (*scan->at == '"')
		return scan_fail(scan, scan->at, "a quote within a word (RFC 1035 5.1)");
	*out = token;
	return STATUS_OK;
}

enum status scan_string(struct scan *scan, const char *wanted, struct token *out)
{
	switch (scan_peek(scan)) {
	case SCAN_WORD:
		return scan_word(scan, wanted, out);
	case SCAN_QUOTED:
		return pass_quoted(scan, out);
	case SCAN_END:
		return missing(scan, wanted);
	case SCAN_BAD:
		break;
	}
	return STATUS_MALFORMED;
}

enum status scan_parameter(struct scan *scan, struct token *out)
{
	const char *const start = scan->at;
	struct token part;
	while (octet_class[(uint8_t)*scan->at] == OCTET_WORD || *scan->at == '\\' || *scan->at == '"') {
		const enum status status = *scan->at == '"' ? pass_quoted(scan, &part) : pass_word(scan, &part);
		if (status != STATUS_OK)
			return status;
	}
	*out = (struct token){ start, (size_t)(scan->at - start) };
	return STATUS_OK;
}

enum status scan_record_end(struct scan *scan)
{
	switch (scan_peek(scan)) {
	case SCAN_END:
		return STATUS_OK;
	case SCAN_BAD:
		return STATUS_MALFORMED;
	case SCAN_WORD:
	case SCAN_QUOTED:
		break;
	}
	const char *const start = scan->at;
	struct token token;
	if (scan_string(scan, "the end of the record", &token) != STATUS_OK)
		return STATUS_MALFORMED;
	char shown[4 * SHOWN_SIZE + 1];
	error_escape(token.text, token.size < SHOWN_SIZE ? token.size : SHOWN_SIZE, shown, sizeof(shown));
	return scan_fail(scan, start, "\"%s\" after the end of the record", shown);
}

void scan_recover(struct scan *scan)
{
	struct error ignored;
	struct error *const err = scan->err;
	scan->err = &ignored;
	for (;;) {
		struct token token;
		const enum scan_kind kind = scan_peek(scan);
		if (kind == SCAN_END || scan->at >= scan->end)
			break;
		if (kind != SCAN_BAD && scan_parameter(scan, &token) == STATUS_OK)
			continue;
		/* What is wrong with this line has been told; the next one may be whole. */
		pass_line(scan);
		if (scan->depth == 0)
			break;
	}
	scan->err = err;
}

static inline enum status relative_name(struct scan *scan, const char *start, uint8_t out[], size_t used, size_t *size)
{
	if (scan->origin == NULL)
		return scan_fail(scan, start, "relative name, but no origin is known here (RFC 1035 5.1)");
	const size_t origin_size = name_size(scan->origin);
	if (used + origin_size > NAME_WIRE)
		return scan_fail(scan, start, "name of %zu octets with its origin, at most 255 (RFC 1035 2.3.4)",
		    used + origin_size);
	memcpy(out + used, scan->origin, origin_size);
	*size = used + origin_size;
	return STATUS_OK;
}

__attribute__((noinline)) static enum status slow_name(
    struct scan *scan, const char *wanted, uint8_t out[], size_t *size)
{
	struct token token;
	if (scan_word(scan, wanted, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	struct error err;
	if (name_parse(token.text, token.size, scan->origin, out, size, &err) != STATUS_OK)
		return scan_fail(scan, token.text, "%s: %s", wanted, err.message);
	return STATUS_OK;
}

/* The common case in one pass: labels without escapes, ended by a blank or a newline. All else goes the slow way. */
enum status scan_name(struct scan *scan, const char *wanted, uint8_t out[], size_t *size)
{
	if (scan_peek(scan) != SCAN_WORD)
		return slow_name(scan, wanted, out, size);
	const char *at = scan->at;
	size_t used = 0;
	for (;;) {
		size_t length = 0;
		while (length <= NAME_LABEL && octet_label[(uint8_t)at[length]] == 0) {
			out[used + 1 + length] = (uint8_t)at[length];
			length++;
		}
		if (length == 0 || length > NAME_LABEL || used + 1 + length >= NAME_WIRE - 1 - NAME_LABEL - 1)
			return slow_name(scan, wanted, out, size);
		out[used] = (uint8_t)length;
		used += 1 + length;
		at += length;
		if (*at != '.')
			break;
		at++;
		if (octet_class[(uint8_t)*at] == OCTET_WORD)
			continue;
		if (*at == '\\' || *at == '"')
			return slow_name(scan, wanted, out, size);
		out[used] = 0;
		*size = used + 1;
		scan->at = at;
		return STATUS_OK;
	}
	if (*at == '\\' || *at == '"' || (used == 2 && out[1] == '@'))
		return slow_name(scan, wanted, out, size);
	const char *const start = scan->at;
	scan->at = at;
	return relative_name(scan, start, out, used, size);
}

enum status scan_unescape(
    const struct scan *scan, const struct token *token, uint8_t out[], size_t capacity, size_t *size)
{
	size_t used = 0;
	for (size_t i = 0; i < token->size;) {
		uint8_t octet;
		const size_t taken = octet_unescape(token->text + i, token->size - i, &octet);
		if (taken == 0)
			return scan_fail(scan, token->text + i, "bad escape, \\DDD is 000 to 255 (RFC 1035 5.1)");
		if (used == capacity)
			return scan_fail(scan, token->text, "a string over %zu octets", capacity);
		out[used++] = octet;
		i += taken;
	}
	*size = used;
	return STATUS_OK;
}

enum status scan_number(
    const struct scan *scan, const struct token *token, const char *wanted, uint64_t most, uint64_t *out)
{
	uint64_t value = 0;
	for (size_t i = 0; i < token->size; i++) {
		const unsigned digit = (unsigned)(uint8_t)token->text[i] - '0';
		if (digit > 9)
			return scan_unexpected(scan, token, wanted);
		if (value > (UINT64_MAX - digit) / 10)
			return scan_unexpected(scan, token, wanted);
		value = value * 10 + digit;
	}
	if (token->size == 0 || value > most)
		return scan_unexpected(scan, token, wanted);
	*out = value;
	return STATUS_OK;
}

static uint32_t unit_seconds(char unit)
{
	switch (octet_lower[(uint8_t)unit]) {
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

enum status scan_ttl(const struct scan *scan, const struct token *token, uint32_t *out)
{
	static const char wanted[] = "a TTL: seconds or 1w2d3h4m5s, at most 2147483647 seconds (RFC 2181 8)";
	uint64_t total = 0;
	uint64_t number = 0;
	size_t digits = 0;
	for (size_t i = 0; i < token->size; i++) {
		const char c = token->text[i];
		if (octet_is_digit(c)) {
			number = number * 10 + (uint64_t)(c - '0');
			digits++;
		} else {
			const uint32_t seconds = unit_seconds(c);
			if (seconds == 0 || digits == 0)
				return scan_unexpected(scan, token, wanted);
			total += number * seconds;
			number = 0;
			digits = 0;
		}
		if (number > INT32_MAX || total > INT32_MAX)
			return scan_unexpected(scan, token, wanted);
	}
	total += number;
	if (token->size == 0 || total > INT32_MAX)
		return scan_unexpected(scan, token, wanted);
	*out = (uint32_t)total;
	return STATUS_OK;
}

bool scan_token_is(const struct token *token, const char *text)
{
	for (size_t i = 0; i < token->size; i++) {
		if (text[i] == '\0' || (char)octet_lower[(uint8_t)token->text[i]] != text[i])
			return false;
	}
	return text[token->size] == '\0';
}
