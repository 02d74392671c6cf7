/* SPDX-License-Identifier: MIT */
/*
 * Where words end and where dots stand in a piece of master-file text: one bit an octet, made for the whole piece
 * before it is parsed, so that the length of a word and the labels of a name are questions to a number of 64 bits.
 *
 * By vector instructions where the processor has them, chosen when the program runs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	MARKS_BLOCK = 64,
	MARKS_PAD = 2 * MARKS_BLOCK, /* octets behind the text that must be readable, and NUL */
};

/* How they are made. Each kind gives the same marks. */
enum marks_kind {
	MARKS_NONE, /* not at all: every line is read the general way */
	MARKS_PLAIN,
	MARKS_SSE2,
	MARKS_AVX2,
	MARKS_KINDS,
};

struct marks {
	enum marks_kind kind;
	uint8_t *ends; /* bit i modulo 8 of octet i / 8: text[i] is no OCTET_WORD */
	uint8_t *dots; /* the same: text[i] is "." */
	size_t room;   /* octets of each */
};

/* The fastest kind that this processor has; MARKS_NONE where numbers are big-endian. */
enum marks_kind marks_best(void);

/* Whether this processor has it. */
bool marks_has(enum marks_kind kind);

/* Marks text[0..size), and the MARKS_PAD octets behind it. `kind` must not be MARKS_NONE. */
void marks_make(struct marks *marks, const char *text, size_t size);

void marks_free(struct marks *marks);

/* The marks from octet `at` on, in the lowest bit first: at least 57 of them, zeros above those. */
static inline uint64_t marks_at(const uint8_t *bits, size_t at)
{
	uint64_t some;
	memcpy(&some, bits + at / 8, sizeof(some));
	return some >> at % 8;
}

/* Octets before the next mark; `some` is not 0. */
static inline unsigned marks_first(uint64_t some)
{
	return (unsigned)__builtin_ctzll(some);
}
