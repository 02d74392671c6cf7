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
