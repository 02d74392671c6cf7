/* SPDX-License-Identifier: MIT */
/* A search in what is in order, from a place that is nearly right; in a header, so that the comparison is no call. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Element `at` less the key: negative, 0 or positive. */
typedef int vsearch_compare(const void *context, size_t at, const uint8_t *key);

/* How many of the `count` elements are not above the key. Looks at `near` first; steps double from `step` away until
 * they pass it, then half of what is left is nearer. */
static inline size_t vsearch_not_above(
    const void *context, size_t count, size_t near, size_t step, vsearch_compare *compare, const uint8_t *key)
{
	size_t low = 0;
	size_t high = count;
	size_t at = near < count ? near : count - 1;
	while (low < high) {
		const bool not_above = compare(context, at, key) <= 0;
		if (not_above)
			low = at + 1;
		else
			high = at;
		const size_t half = (high - low) / 2;
		const size_t next = step < half ? step : half;
		at = not_above ? low + next : high - 1 - next;
		step *= 2;
	}
	return low;
}

/* The first eight octets of a hash as a number: what a search for it looks at. */
static inline uint64_t vsearch_key(const uint8_t *hash)
{
	uint64_t key = 0;
	for (unsigned i = 0; i < 8; i++)
		key = key << 8 | hash[i];
	return key;
}

/* How many of `count` keys that are spread evenly lie in a stretch of that length. */
static inline size_t vsearch_share(uint64_t length, size_t count)
{
	return (size_t)((length >> 32) * count >> 32);
}

/* Where vsearch_below looks first. */
static inline void vsearch_fetch(const uint64_t *keys, size_t count, uint64_t key)
{
	if (count > 0)
		__builtin_prefetch(&keys[vsearch_share(key, count)]);
}

/* How many of the ascending `keys` are below `key`; `*equal` is how many then equal it. Hashes are spread evenly, so
 * each look tells how far away the place is; where they are not, the steps double as above. */
static inline size_t vsearch_below(const uint64_t *keys, size_t count, uint64_t key, size_t *equal)
{
	enum { GUESSES = 2 };
	size_t at = vsearch_share(key, count);
	for (unsigned guess = 0; guess < GUESSES && count > 0; guess++) {
		const size_t off = vsearch_share(key > keys[at] ? key - keys[at] : keys[at] - key, count);
		if (key > keys[at])
			at = off < count - at ? at + off : count - 1;
		else
			at = off < at ? at - off : 0;
	}
	size_t low = 0;
	size_t high = count;
	size_t step = 1;
	for (; low < high; step *= 2) {
		const bool below = keys[at] < key;
		if (below)
			low = at + 1;
		else
			high = at;
		const size_t half = (high - low) / 2;
		const size_t next = step < half ? step : half;
		at = below ? low + next : high - 1 - next;
	}
	size_t end = low;
	for (step = 1, high = count; end < high;) {
		const size_t half = (high - end) / 2;
		const size_t look = end + (step - 1 < half ? step - 1 : half);
		if (keys[look] == key) {
			end = look + 1;
			step *= 2;
		} else {
			high = look;
		}
	}
	*equal = end - low;
	return low;
}
