/* SPDX-License-Identifier: MIT */
/* The words of a master file (RFC 1035 5.1): blanks, parentheses, comments and quotes are dealt with here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vtoken_kind {
	VTOKEN_END,    /* end of the entry; the line end itself is not taken */
	VTOKEN_WORD,   /* text with escapes as written */
	VTOKEN_QUOTED, /* the same from between quotes */
	VTOKEN_BAD,    /* tokens.why says what */
};

struct vtoken {
	enum vtoken_kind kind;
	const char *text;
	size_t size;
};

struct vtokens {
	const char *at;
	const char *end;
	unsigned depth;  /* open parentheses */
	uint64_t line;   /* of `at`, 1-based */
	const char *why; /* set with VTOKEN_BAD, and by readers of fields */
};

struct vtoken vtoken_next(struct vtokens *in);

/* What comes next, without taking it. */
struct vtoken vtoken_peek(const struct vtokens *in);

/* A decimal number of at most `most`. */
bool vtoken_number(struct vtoken token, uint32_t most, uint32_t *out);

/* A TTL: a number, or BIND's 1w2d3h4m5s in any case. */
bool vtoken_ttl(struct vtoken token, uint32_t *out);

/* Equal but for case to a word in upper case. */
bool vtoken_is(struct vtoken token, const char *word);

/* The octets of a word or quoted string, escapes resolved; -1 if there are more than `capacity` or a bad escape. */
long vtoken_octets(struct vtoken token, uint8_t out[], size_t capacity);
