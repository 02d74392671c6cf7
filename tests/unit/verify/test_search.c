/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "signer/base/error.h"
#include "signer/verify/vsearch.h"

enum { MOST = 300 };

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed ^ *seed >> 33;
}

static int compare_keys(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a;
	const uint64_t y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* Spread evenly, all equal, in a few heaps, at both ends, close together. */
static uint64_t pick(unsigned spread, uint64_t *seed)
{
	const uint64_t any = next_random(seed);
	const uint64_t forms[] = { any, 0x1234567890abcdef, any % 5 << 61,
		any % 2 == 0 ? any % 3 : UINT64_MAX - any % 3, 0x7000000000000000 + any % 100 };
	return forms[spread];
}

static void expect_place(const uint64_t *keys, size_t count, uint64_t key)
{
	size_t below = 0;
	size_t same = 0;
	size_t equal = 99;
	for (size_t i = 0; i < count; i++) {
		below += keys[i] < key;
		same += keys[i] == key;
	}
	if (vsearch_below(keys, count, key, &equal) != below || equal != same)
		fail_msg("%zu keys, 0x%llx: not %zu below and %zu equal", count, (unsigned long long)key, below, same);
}

static void a_key_is_found_however_keys_are_spread(void **state)
{
	uint64_t seed = 1;
	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		uint64_t keys[MOST];
		const size_t count = next_random(&seed) % MOST;
		for (size_t i = 0; i < count; i++)
			keys[i] = pick(round % 5, &seed);
		qsort(keys, count, sizeof(keys[0]), compare_keys);
		for (size_t i = 0; i < count; i += 1 + count / 16) {
			expect_place(keys, count, keys[i]);
			expect_place(keys, count, keys[i] + 1);
			expect_place(keys, count, keys[i] - 1);
		}
		expect_place(keys, count, 0);
		expect_place(keys, count, UINT64_MAX);
		expect_place(keys, count, next_random(&seed));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_key_is_found_however_keys_are_spread) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
