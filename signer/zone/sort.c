/* SPDX-License-Identifier: MIT */
#include "signer/zone/sort.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/arena.h"
#include "signer/base/workers.h"

enum {
	PIECE = 1 << 14, /* entries that one worker sorts or merges at a time */
	SMALL = 16,      /* entries below which insertion is fastest */
};

struct sorter {
	struct sort_entry *from;
	struct sort_entry *to;
	size_t count;
	size_t width; /* of the sorted runs in `from`: PIECE times a power of two */
	sort_compare *compare;
	const void *context;
};

struct sort_entry sort_entry_of(const uint8_t *octets, size_t size, uint32_t index)
{
	/* A zero that pads cannot be told from one of the string, so a string that ends is marked to sort first. */
	struct sort_entry entry = { .more = size > SORT_OCTETS ? 1 : 0, .index = index };
	for (size_t i = 0; i < 8; i++)
		entry.key = entry.key << 8 | (i < size ? octets[i] : 0U);
	for (size_t i = 8; i < SORT_OCTETS && i < size; i++)
		entry.more |= (uint32_t)octets[i] << 8 * (SORT_OCTETS - i);
	return entry;
}

/* Whether `a`, which stood first, may stay before `b`. */
static bool in_order(const struct sorter *sorter, const struct sort_entry *a, const struct sort_entry *b)
{
	if (a->key != b->key)
		return a->key < b->key;
	if (a->more != b->more || (a->more & 1U) == 0)
		return a->more <= b->more;
	return sorter->compare(sorter->context, a->index, b->index) <= 0;
}

static void sort_small(const struct sorter *sorter, struct sort_entry *entries, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const struct sort_entry moving = entries[i];
		size_t at = i;
		for (; at > 0 && !in_order(sorter, &entries[at - 1], &moving); at--)
			entries[at] = entries[at - 1];
		entries[at] = moving;
	}
}

/* Writes `wanted` entries of the merge of a[i..a_count) and b[j..b_count). */
static void merge(const struct sorter *sorter, const struct sort_entry *a, size_t a_count, const struct sort_entry *b,
    size_t b_count, struct sort_entry *out, size_t wanted)
{
	size_t i = 0;
	size_t j = 0;
	for (size_t k = 0; k < wanted; k++) {
		if (j == b_count || (i < a_count && in_order(sorter, &a[i], &b[j])))
			out[k] = a[i++];
		else
			out[k] = b[j++];
	}
}

/* Sorts entries[0..count) with spare[0..count); recursion is at most log2(PIECE / SMALL) deep. */
static void sort_piece(const struct sorter *sorter, struct sort_entry *entries, struct sort_entry *spare, size_t count)
{
	if (count <= SMALL) {
		sort_small(sorter, entries, count);
		return;
	}
	const size_t half = count / 2;
	sort_piece(sorter, entries, spare, half);
	sort_piece(sorter, entries + half, spare, count - half);
	if (in_order(sorter, &entries[half - 1], &entries[half]))
		return;
	memcpy(spare, entries, half * sizeof(*entries));
	/* The right half is read in place: it is never overtaken by what is written. */
	merge(sorter, spare, half, entries + half, count - half, entries, count);
}

static enum status sort_job(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	(void)worker;
	(void)err;
	const struct sorter *const sorter = context;
	sort_piece(sorter, sorter->from + first, sorter->to + first, end - first);
	return STATUS_OK;
}

/* How many of the first `wanted` entries of the merge come from `a`. */
static size_t split(const struct sorter *sorter, const struct sort_entry *a, size_t a_count, const struct sort_entry *b,
    size_t b_count, size_t wanted)
{
	size_t low = wanted > b_count ? wanted - b_count : 0;
	size_t high = wanted < a_count ? wanted : a_count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (in_order(sorter, &a[middle], &b[wanted - 1 - middle]))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Makes to[first..end), a part of the merge of the two runs that it lies in. */
static enum status merge_job(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	(void)worker;
	(void)err;
	const struct sorter *const sorter = context;
	const size_t start = first / (2 * sorter->width) * (2 * sorter->width);
	const size_t left = sorter->count - start;
	const size_t a_count = left < sorter->width ? left : sorter->width;
	const size_t b_count = left - a_count < sorter->width ? left - a_count : sorter->width;
	const struct sort_entry *const a = sorter->from + start;
	const struct sort_entry *const b = a + a_count;
	if (b_count == 0 || in_order(sorter, &a[a_count - 1], &b[0])) {
		memcpy(sorter->to + first, sorter->from + first, (end - first) * sizeof(*a));
		return STATUS_OK;
	}
	const size_t i = split(sorter, a, a_count, b, b_count, first - start);
	const size_t j = first - start - i;
	merge(sorter, a + i, a_count - i, b + j, b_count - j, sorter->to + first, end - first);
	return STATUS_OK;
}

enum status sort_entries(struct sort_entry *entries, size_t count, unsigned threads, sort_compare *compare,
    const void *context, struct error *err)
{
	if (count < 2)
		return STATUS_OK;
	struct sort_entry *const spare = memory_resize(NULL, count, sizeof(*spare));
	struct sorter sorter = { .from = entries, .to = spare, .count = count, .width = PIECE, .compare = compare };
	sorter.context = context;
	enum status status = workers_run(threads, count, PIECE, sort_job, &sorter, err);
	for (; status == STATUS_OK && sorter.width < count; sorter.width *= 2) {
		status = workers_run(threads, count, PIECE, merge_job, &sorter, err);
		struct sort_entry *const merged = sorter.to;
		sorter.to = sorter.from;
		sorter.from = merged;
	}
	if (status == STATUS_OK && sorter.from != entries)
		memcpy(entries, sorter.from, count * sizeof(*entries));
	free(spare);
	return status;
}
