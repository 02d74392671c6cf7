/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signer/verify/verdict.h"
#include "signer/verify/vhasher.h"
#include "signer/verify/vselftest_zones.h"
#include "signer/verify/vsha1.h"

/* The library's hashes side by side are replaced by libcrypto's, and one group of them is wrong. */

static unsigned groups;
static unsigned wrong; /* group that is; UINT_MAX: none */

bool vsha1_fits(const struct vsha1_salt *salt, size_t name_size)
{
	return name_size + salt->size <= VSHA1_SHORT;
}

void vsha1_names(const struct vsha1_salt *salt, const uint8_t *const names[], unsigned count,
    uint8_t hashes[VSHA1_LANES][VSHA1_SIZE])
{
	struct vhasher *const hasher = calloc(1, sizeof(*hasher));
	const struct vhash_parameters parameters = {
		.algorithm = 1, .iterations = salt->iterations, .salt = { salt->data, salt->size }
	};
	assert_non_null(hasher);
	vhasher_open(hasher);
	vhasher_use(hasher, &parameters);
	for (unsigned i = 0; i < count; i++) {
		memcpy(hashes[i], vhasher_look(hasher, names[i])->hash, VSHA1_SIZE);
		hashes[i][VSHA1_SIZE - 1] ^= groups == wrong;
	}
	groups++;
	vhasher_close(hasher);
	free(hasher);
}

static enum status judge(bool *passed, struct error *err)
{
	struct verify_verdict *verdict = NULL;
	const struct verify_options options = {
		.origin = "zs.test.",
		.zone = { "built-in zone", -1, (const uint8_t *)built_in_nsec3, strlen(built_in_nsec3) },
		.times = { { 1768003200 } },
		.time_count = 1,
		.threads = 1,
		.tables = VERIFY_TABLES_NEVER,
	};
	error_clear(err);
	groups = 0;
	*passed = false;
	const enum status status = verify_run(&options, &verdict, err);
	if (status == STATUS_OK)
		*passed = verify_passed(verdict);
	verify_free(verdict);
	return status;
}

static void a_wrong_hash_of_a_name_voids_the_verdict(void **state)
{
	bool passed;
	struct error err;
	(void)state;
	wrong = UINT_MAX;
	assert_int_equal(judge(&passed, &err), STATUS_OK);
	assert_true(passed);
	const unsigned all = groups;
	assert_true(all >= 2); /* denial and answers each have theirs */
	for (wrong = 0; wrong < all; wrong++) {
		assert_int_equal(judge(&passed, &err), STATUS_INTERNAL);
		assert_non_null(strstr(err.message, "two ways to compute SHA-1 differ"));
		assert_int_equal(groups, wrong + 1);
		assert_false(passed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_hash_of_a_name_voids_the_verdict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
