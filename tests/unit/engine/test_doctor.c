/* SPDX-License-Identifier: MIT */
/* The rows of the doctor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

#include "signer/engine/doctor.h"

static void no_finding_is_lost_however_many_there_are(void **state)
{
	enum { MANY = 1000 };
	(void)state;
	struct doctor doctor = { .mem = arena_new(0) };
	for (int i = 0; i < MANY; i++)
		doctor_add(&doctor, i == 0 ? DOCTOR_WARN : DOCTOR_OK, "what", "fine");
	doctor_add(&doctor, DOCTOR_FAIL, "the last", "bad");
	assert_int_equal(doctor.count, MANY + 1);
	assert_int_equal(doctor.rows[0].result, DOCTOR_WARN);
	assert_int_equal(doctor.rows[MANY].result, DOCTOR_FAIL);
	assert_string_equal(doctor.rows[MANY].what, "the last");
	arena_free(doctor.mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_finding_is_lost_however_many_there_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
