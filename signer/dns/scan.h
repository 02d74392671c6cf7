/* SPDX-License-Identifier: MIT */
/*
 * Splits master-file text (RFC 1035 5.1) into words. Parentheses, comments and the newlines within parentheses are
 * passed over; a newline outside them ends the record.
 *
 * The octet at `end` is readable and is NUL, so that loops over words need no test for the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"
#include "signer/dns/octet.h"

struct scan {
	const char *at;
	const char *end;
	const char *line_start;
	uint32_t line;   /* 1-based, of `at` */
	uint32_t depth;  /* of open parentheses */
	uint32_t opened; /* line of the outermost open parenthesis */
	const uint8_t *origin;
	const char *file;
	struct error *err; /* where scan_fail puts what is wrong */
};

enum scan_kind {
	SCAN_WORD,
	SCAN_QUOTED,
	SCAN_END, /* of the record: a newline or the end of the text; not consumed */
	SCAN_BAD, /* scan->err says what */
};

struct token {
	const char *text; /* without quotes, escapes as they were */
	size_t size;
};

/* Reports at a place in the text, usually a token's. Returns STATUS_MALFORMED. */
enum status scan_fail(const struct scan *scan, const char *at, const char *format, ...) PRINTF_LIKE(3, 4);

/* Reports a token that is not what was wanted: `wanted` is e.g. "an 8-bit number". */
enum status scan_unexpected(const struct scan *scan, const struct token *token, const char *wanted);

/* Passes over all that stands between words and tells what begins at scan->at. */
enum scan_kind scan_peek(struct scan *scan);

/* The next word; `wanted` names it in the message when there is none, or when it is quoted. */
enum status scan_word(struct scan *scan, const char *wanted, struct token *out) MUST_CHECK;

/* The next word or quoted string. */
enum status scan_string(struct scan *scan, const char *wanted, struct token *out) MUST_CHECK;

/* The next word, in which one or more quoted parts may stand: key="value" (RFC 9460 2.1). The quotes are kept. */
enum status scan_parameter(struct scan *scan, struct token *out) MUST_CHECK;

/* STATUS_OK if the record ends here. The newline is not consumed. */
enum status scan_record_end(struct scan *scan) MUST_CHECK;

/* After an error: goes to the end of the record, or of the line if that cannot be told. Does not consume the newline
 * and never fails. */
void scan_recover(struct scan *scan);

/* A domain name; its size in *size. `out` has room for NAME_WIRE. */
enum status scan_name(struct scan *scan, const char *wanted, uint8_t out[], size_t *size) MUST_CHECK;

/* Decodes \DDD and \X of a token; at most `capacity` octets. STATUS_MALFORMED with the place. */
enum status scan_unescape(
    const struct scan *scan, const struct token *token, uint8_t out[], size_t capacity, size_t *size) MUST_CHECK;

/* A decimal number of a whole token, at most `most`. */
enum status scan_number(
    const struct scan *scan, const struct token *token, const char *wanted, uint64_t most, uint64_t *out) MUST_CHECK;

/* A TTL of a whole token: seconds, or numbers with the units s m h d w in either case; at most 2147483647 (RFC 2181 8).
 */
enum status scan_ttl(const struct scan *scan, const struct token *token, uint32_t *out) MUST_CHECK;

/* Whether the token is `text`, letters in either case. `text` is in lower case. */
bool scan_token_is(const struct token *token, const char *text);
