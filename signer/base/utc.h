/* SPDX-License-Identifier: MIT */
/*
 * Moments and lengths of time as types of their own, and their text forms (interface.md, "TIME" and "TTLs and
 * durations").
 *
 * Time enters only from the top: nothing here reads a clock but utc_now, and only cli calls that.
 * RRSIG's 32-bit serial time does not exist here; it lives in signer/sign/rrsig.c and in signer/verify.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"

/* Seconds since 1970-01-01T00:00:00Z. */
struct utc {
	int64_t seconds;
};

/* A length of time in seconds. */
struct span {
	int64_t seconds;
};

#define UTC_NEVER ((struct utc){ INT64_MAX })

/* The system's clock (CLOCK_REALTIME). Called from cli alone. */
struct utc utc_now(void);

bool utc_before(struct utc a, struct utc b);
struct utc utc_add(struct utc t, struct span s); /* saturates at UTC_NEVER */
struct utc utc_subtract(struct utc t, struct span s);
struct span utc_difference(struct utc later, struct utc earlier);
struct utc utc_later(struct utc a, struct utc b);

/* TIME: RFC 3339 with Z (seconds may be left out), seconds since 1970 (up to 11 digits), or exactly 14 digits
 * YYYYMMDDHHMMSS; UTC only. Anything else, impossible dates included, is STATUS_USAGE. */
enum status utc_parse(const char *text, struct utc *out, struct error *err) MUST_CHECK;

enum { UTC_TEXT = 24, SPAN_TEXT = 32 };

/* "2026-11-24T21:00:00Z"; "never" for UTC_NEVER. */
void utc_format(struct utc t, char out[UTC_TEXT]);

/* "20261124210000" and its parts; `t` must be in the years 1970 to 9999. */
void utc_format_digits(struct utc t, char out[UTC_TEXT]);
void utc_date(struct utc t, int *year, int *month, int *day);

/* A TTL or duration: "3600", "1d2h" (units s m h d w in lower case, each at most once, from large to small) or ISO 8601
 * with W, D, T, H, M, S ("PT1H", "P14D"). Years, months and bare "M" in doubt are refused with a message that says what
 * to write (STATUS_POLICY). Never negative; at most 100 years. */
enum status span_parse(const char *text, struct span *out, struct error *err) MUST_CHECK;

/* "1d2h", "90s", "0s": the largest units that say it exactly; span_parse reads it back. Negative spans have no text
 * form and show as "0s". */
void span_format_exact(struct span s, char out[SPAN_TEXT]);

/* "3600s (1h)": seconds first, then the largest units that say it exactly. */
void span_format(struct span s, char out[SPAN_TEXT]);

/* "9d 20h", "21m", "4s": the two largest units, for people. */
void span_format_short(struct span s, char out[SPAN_TEXT]);
