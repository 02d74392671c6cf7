/* SPDX-License-Identifier: MIT */
/*
 * Domain names as the verifier sees them: uncompressed wire form, compared label by label from the root
 * (RFC 4034 6.1). Length octets are below 64 and letters above, so a name may be folded octet by octet.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VNAME_MAX = 255, VNAME_LABELS = 128, VNAME_TEXT = 1024 };

/* Octets of a well-formed name, the root label included. */
static inline size_t vname_size(const uint8_t *name)
{
	const uint8_t *at = name;
	while (*at != 0)
		at += *at + 1;
	return (size_t)(at - name) + 1;
}

/* Labels without the root. */
static inline unsigned vname_labels(const uint8_t *name)
{
	unsigned count = 0;
	for (; *name != 0; name += *name + 1)
		count++;
	return count;
}

/* Lower case of one octet (ASCII letters only). */
uint8_t vname_lower(uint8_t octet);

/* Lower case in place. */
void vname_fold(uint8_t *name);

/* Canonical order, without regard to case: below, equal to or above zero. */
int vname_compare(const uint8_t *a, const uint8_t *b);

/* Equal but for case. */
bool vname_equal(const uint8_t *a, const uint8_t *b);

/* Labels that both have in common, counted from the root. */
unsigned vname_shared(const uint8_t *a, const uint8_t *b);

/* Whether `name` is `apex` or below it. */
bool vname_under(const uint8_t *name, const uint8_t *apex);

/* The ancestor (or self) of `name` that has `labels` labels; points into `name`. `labels` <= vname_labels(name). */
const uint8_t *vname_suffix(const uint8_t *name, unsigned labels);

bool vname_wildcard(const uint8_t *name);

/* Reads text[0..size) (RFC 1035 5.1), relative to `origin` (NULL: none known). Returns the wire size, or 0 with `why`.
 * `*relative` tells whether the origin was needed. The case is kept. */
size_t vname_parse(
    const char *text, size_t size, const uint8_t *origin, uint8_t out[VNAME_MAX], bool *relative, const char **why);

/* Presentation form with \DDD for all that is not plainly printable; always terminated. */
void vname_format(const uint8_t *name, char out[VNAME_TEXT]);

/* Checks that data[0..size) begins with a well-formed name; its size, or 0. */
size_t vname_check(const uint8_t *data, size_t size);
