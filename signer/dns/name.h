/* SPDX-License-Identifier: MIT */
/*
 * Domain names in wire form: length-prefixed labels that end with the root label, never compressed (RFC 1035 3.1).
 *
 * A name delimits itself, so it travels as `const uint8_t *`; only names that name_parse or name_from_wire accepted
 * travel that way. Case is kept; comparing ignores it (RFC 4343 3).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/bytes.h"
#include "signer/base/error.h"

enum {
	NAME_WIRE = 255,   /* most octets of a name, RFC 1035 2.3.4 */
	NAME_LABEL = 63,   /* most octets of a label */
	NAME_LABELS = 128, /* most labels, the root counted */
	NAME_TEXT = 1010,  /* room for any name as text: 4 characters an octet, and the NUL */
	NAME_KEY = 512,    /* room for any sort key */
};

/* Octets of the name, its root label included. */
size_t name_size(const uint8_t *name);

/* Labels without the root label; a leading "*" counts. */
unsigned name_labels(const uint8_t *name);

/* The name without its first `labels` labels: a pointer into it. */
const uint8_t *name_skip(const uint8_t *name, unsigned labels);

bool name_is_root(const uint8_t *name);
bool name_is_wildcard(const uint8_t *name); /* its first label is "*" */

/* Equal without regard to case. */
bool name_equal(const uint8_t *a, const uint8_t *b);

/* `name` is `ancestor` or below it. */
bool name_is_within(const uint8_t *name, const uint8_t *ancestor);

/* Canonical order (RFC 4034 6.1): -1, 0 or 1. */
int name_compare(const uint8_t *a, const uint8_t *b);

/* A string of octets whose memcmp order (bytes_compare) is the canonical order, from the labels of `name` above
 * `skip_labels` trailing ones (the zone's apex, which all names share). Returns its size. Injective up to case. */
size_t name_sort_key(const uint8_t *name, unsigned skip_labels, uint8_t out[NAME_KEY]);

/* Writes the name in lower case. `out` may be `name`. Returns its size. */
size_t name_lower(const uint8_t *name, uint8_t out[]);

/* Parses text[0..size): escapes \DDD and \X, "@" for the origin, a relative name gets `origin` appended (NULL: relative
 * names are refused). STATUS_MALFORMED for an empty label, a label over 63 or a name over 255 octets (RFC 1035 2.3.4),
 * a bad escape. */
enum status name_parse(const char *text, size_t size, const uint8_t *origin, uint8_t out[NAME_WIRE], size_t *out_size,
    struct error *err) MUST_CHECK;

/* Checks that an uncompressed name starts at data and ends within `size` octets; its size, or 0. */
size_t name_from_wire(const uint8_t *data, size_t size);

/* Writes the name as master-file text, absolute with the final dot, and returns its length. Everything but letters,
 * digits, "-", "_" and "*" and a few harmless signs is escaped so that BIND, Knot, NSD and ldns read it back alike. */
size_t name_to_text(const uint8_t *name, char out[NAME_TEXT]);
