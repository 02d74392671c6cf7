/* SPDX-License-Identifier: MIT */
/*
 * Sorts many small entries on all cores: by the first octets of a string that each entry carries, and by the caller's
 * comparison only where those are equal and the strings go on.
 *
 * A merge sort, so no input makes it slow, input in order makes it fast, and equal entries keep their order: the result
 * does not depend on the number of threads.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"

enum { SORT_OCTETS = 11 }; /* of the string in the entry */

struct sort_entry {
	uint64_t key;   /* its first 8 octets */
	uint32_t more;  /* 3 more, and in the lowest octet 1 if the string goes on */
	uint32_t index; /* what the entry stands for */
};

/* The entry of a string whose memcmp order is wanted, a shorter one before its continuation. No two strings may differ
 * only in zeros at their ends. */
struct sort_entry sort_entry_of(const uint8_t *octets, size_t size, uint32_t index);

/* Order of two indexes whose first SORT_OCTETS are equal: below, at or above 0. Called by several threads at once. */
typedef int sort_compare(const void *context, uint32_t a, uint32_t b);

/* Sorts entries[0..count); takes as much memory again for as long as it runs. */
enum status sort_entries(struct sort_entry *entries, size_t count, unsigned threads, sort_compare *compare,
    const void *context, struct error *err) MUST_CHECK;
