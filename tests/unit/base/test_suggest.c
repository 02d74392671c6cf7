/* SPDX-License-Identifier: MIT */
#include "signer/base/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "signer/base/error.h"

static const char *const names[] = { "sign", "verify", "status", "zone", "keep-versions", "delegations-removed",
	"an-option-with-a-name-that-is-far-longer-than-any-option-ought-to-be" };

static void nearest_word_is_found_and_far_ones_are_not(void **state)
{
	(void)state;
	static const struct {
		const char *word, *nearest;
	} rows[] = {
		{ "sing", "sign" },
		{ "sgin", "sign" },
		{ "SIGN", "sign" },
		{ "verfy", "verify" },
		{ "verifyy", "verify" },
		{ "statsu", "status" },
		{ "zones", "zone" },
		{ "keepversions", "keep-versions" },
		{ "delegation-removed", "delegations-removed" },
		{ "keep_versions", "keep-versions" },
		{ "", NULL },
		{ "x", NULL },
		{ "frobnicate", NULL },
		{ "an-option-with-a-name-that-is-far-longer-than-any-option-ought-to-be", NULL },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const nearest = suggest_nearest(rows[i].word, names, COUNT(names));
		if (rows[i].nearest == NULL ? nearest != NULL
					    : nearest == NULL || strcmp(nearest, rows[i].nearest) != 0)
			fail_msg("\"%s\" gives %s", rows[i].word, nearest == NULL ? "nothing" : nearest);
	}
}

static void nothing_is_near_to_no_names(void **state)
{
	(void)state;
	assert_null(suggest_nearest("sign", names, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nearest_word_is_found_and_far_ones_are_not),
		cmocka_unit_test(nothing_is_near_to_no_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
