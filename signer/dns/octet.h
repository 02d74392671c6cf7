/* SPDX-License-Identifier: MIT */
/*
 * What single octets of master-file text are: tables that the scanner, names and the writer share.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the scanner sees an octet. Everything but OCTET_WORD ends a word. */
enum octet_class {
	OCTET_WORD,    /* stands for itself; octets above 127 too */
	OCTET_BLANK,   /* space and tab */
	OCTET_NEWLINE, /* \n */
	OCTET_RETURN,  /* \r, legal before \n only */
	OCTET_COMMENT, /* ; */
	OCTET_OPEN,    /* ( */
	OCTET_CLOSE,   /* ) */
	OCTET_QUOTE,   /* " */
	OCTET_ESCAPE,  /* backslash */
	OCTET_NUL,     /* ends the text, or is refused within */
	OCTET_CONTROL, /* refused outside comments */
};

extern const uint8_t octet_class[256]; /* enum octet_class */
extern const uint8_t octet_label[256]; /* 0 for what a label can hold as it is: OCTET_WORD but "." */
extern const uint8_t octet_lower[256]; /* ASCII letters in lower case, all else as it is */
extern const uint8_t octet_plain[256]; /* 1 for what every server reads unescaped in a name (Knot is the strictest) */

static inline bool octet_is_plain(uint8_t octet)
{
	return octet_plain[octet] != 0;
}

static inline bool octet_is_digit(char c)
{
	return (unsigned)(uint8_t)c - '0' < 10;
}

/* One octet of text that may be an escape: \DDD (000 to 255) or \X for another octet X. Returns how many characters it
 * took, 0 for a bad escape. `size` is at least 1. */
size_t octet_unescape(const char *text, size_t size, uint8_t *out);

/* Writes \DDD and returns the place behind it. */
static inline char *octet_escape(char *at, uint8_t octet)
{
	*at++ = '\\';
	*at++ = (char)('0' + octet / 100);
	*at++ = (char)('0' + octet / 10 % 10);
	*at++ = (char)('0' + octet % 10);
	return at;
}

/* The value of a hexadecimal digit in either case, or -1. */
int octet_hex(char c);
