/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signer/base/arena.h"
#include "signer/verify/verdict.h"
#include "signer/verify/vp256.h"
#include "signer/verify/vselftest_p256.h"

/* The library's tables are replaced by some that say the same of every signature, as broken ones might. */

static bool answer;

bool vp256_built_in(void)
{
	return true;
}

struct vp256_key {
	int unused;
};

bool vp256_can_wide(void)
{
	return false;
}

struct vp256_key *vp256_key_new(const uint8_t point[VP256_POINT], bool wide)
{
	(void)wide;
	(void)point;
	return memory_calloc(1, sizeof(struct vp256_key));
}

void vp256_key_free(struct vp256_key *key)
{
	free(key);
}

struct vp256_place {
	int unused;
};

struct vp256_place *vp256_place_new(void)
{
	return memory_calloc(1, sizeof(struct vp256_place));
}

void vp256_place_free(struct vp256_place *place)
{
	free(place);
}

void vp256_check(struct vp256_place *place, struct vp256_item items[], size_t count)
{
	(void)place;
	for (size_t i = 0; i < count; i++)
		items[i].good = answer;
}

static enum status judge(const char *find, const char *put, bool *passed, uint64_t *proven, struct error *err)
{
	char *const text = strdup(built_in_p256);
	char *const at = find == NULL ? NULL : strstr(text, find);
	struct verify_verdict *verdict = NULL;
	if (at != NULL)
		memcpy(at, put, strlen(put));
	const struct verify_options options = {
		.origin = "zs.test.",
		.zone = { "built-in zone", -1, (const uint8_t *)text, strlen(text) },
		.times = { { 1768003200 } },
		.time_count = 1,
		.threads = 1,
		.tables = VERIFY_TABLES_ALWAYS,
	};
	error_clear(err);
	const enum status status = verify_run(&options, &verdict, err);
	if (status == STATUS_OK) {
		*passed = verify_passed(verdict);
		*proven = verdict->run.stats.proven;
	}
	verify_free(verdict);
	free(text);
	return status;
}

static void what_is_called_bad_is_judged_by_evp(void **state)
{
	bool passed = false;
	uint64_t proven = 1;
	struct error err;
	(void)state;
	answer = false;
	assert_int_equal(judge(NULL, "", &passed, &proven, &err), STATUS_OK);
	assert_true(passed);
	assert_int_equal(proven, 0);
	assert_int_equal(judge("192.0.2.80", "192.0.2.81", &passed, &proven, &err), STATUS_OK);
	assert_false(passed);
}

static void a_bad_signature_that_is_called_good_voids_the_verdict(void **state)
{
	bool passed = false;
	uint64_t proven = 0;
	struct error err;
	(void)state;
	answer = true;
	assert_int_equal(judge(NULL, "", &passed, &proven, &err), STATUS_OK);
	assert_true(passed);
	assert_int_equal(proven, 10);
	passed = false;
	assert_int_equal(judge("IN NS ns.other", "IN NS nt.other", &passed, &proven, &err), STATUS_INTERNAL);
	assert_non_null(strstr(err.message, "two ways to verify P-256 differ"));
	assert_false(passed);
}

static void broken_tables_fail_their_self_test(void **state)
{
	struct error err;
	(void)state;
	for (int i = 0; i < 2; i++) {
		answer = i == 1;
		assert_int_equal(verify_self_test_tables(&err), STATUS_INTERNAL);
		assert_non_null(strstr(err.message, "judges nothing"));
	}
	assert_int_equal(verify_self_test(&err), STATUS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_called_bad_is_judged_by_evp),
		cmocka_unit_test(a_bad_signature_that_is_called_good_voids_the_verdict),
		cmocka_unit_test(broken_tables_fail_their_self_test),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
