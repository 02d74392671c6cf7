/* SPDX-License-Identifier: MIT */
#include "signer/base/suggest.h"

#include <string.h>

enum { LONGEST = 63 };

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment, with the three rows that it needs. */
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
	size_t rows[3][LONGEST + 1];
	size_t *before = rows[0];
	size_t *last = rows[1];
	size_t *row = rows[2];
	for (size_t j = 0; j <= b_size; j++)
		last[j] = j;
	memcpy(before, last, sizeof(rows[0]));
	for (size_t i = 1; i <= a_size; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			const size_t change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
			row[j] = least(least(row[j - 1], last[j]) + 1, last[j - 1] + change);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
		size_t *const free_row = before;
		before = last;
		last = row;
		row = free_row;
	}
	return last[b_size];
}

const char *suggest_nearest(const char *word, const char *const names[], size_t count)
{
	const size_t size = strlen(word);
	const char *nearest = NULL;
	size_t fewest = LONGEST;
	if (size > LONGEST)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const size_t name_size = strlen(names[i]);
		if (name_size > LONGEST)
			continue;
		const size_t changes = distance(word, size, names[i], name_size);
		if (changes < fewest && changes <= (name_size + 2) / 3) {
			fewest = changes;
			nearest = names[i];
		}
	}
	return nearest;
}
