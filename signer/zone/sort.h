/* SPDX-License-Identifier: MIT */
/*
 * Sorts many small entries on all cores: by a 64-bit key first, and by the caller's comparison only where keys are
 * equal.
 *
 * A merge sort, so no input makes it slow, input in order makes it fast, and equal entries keep their order: the result
 * does not depend on the number of threads.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"

struct sort_entry {
	uint64_t key;
	uint32_t index; /* what the entry stands for */
	uint32_t unused;
};

/* Order of two indexes whose keys are equal: below, at or above 0. Called by several threads at once. */
typedef int sort_compare(const void *context, uint32_t a, uint32_t b);

/* Sorts entries[0..count); takes as much memory again for as long as it runs. */
enum status sort_entries(struct sort_entry *entries, size_t count, unsigned threads, sort_compare *compare,
    const void *context, struct error *err) MUST_CHECK;

/* The first 8 octets of a string as a key whose order is that of memcmp; a shorter string is padded with zeros. */
uint64_t sort_key(const uint8_t *octets, size_t size);
