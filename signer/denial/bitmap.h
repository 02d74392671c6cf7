/* SPDX-License-Identifier: MIT */
/* The type bit maps of NSEC and NSEC3 (RFC 4034 4.1.2, RFC 5155 3.2.1). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BITMAP_MAX = 256 * 34 };

/* A bit map that is being written to the caller's BITMAP_MAX octets; the size so far is always that of a whole one. */
struct bitmap {
	uint8_t *out;
	size_t size;
	size_t block; /* where the last window block begins; valid if size > 0 */
};

struct bitmap bitmap_init(uint8_t out[BITMAP_MAX]);

/* Sets the bit of `type`. Types come in any order within a window of 256, and windows in ascending order. */
void bitmap_add(struct bitmap *bitmap, uint16_t type);

/* Whether the bit of `type` is set in a bit map that rdata_check accepted. */
bool bitmap_has(const uint8_t *data, size_t size, uint16_t type);
