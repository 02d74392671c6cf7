/* SPDX-License-Identifier: MIT */
#include "keystore/token_hsm_lanes.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

#include "signer/base/workers.h"

enum { THREADS = 8, TURNS = 4000 };

struct crossing {
	struct hsm_lanes lanes;
	atomic_uint inside, most, beyond;
	uint64_t entered; /* only ever written by who is alone; for the thread sanitizer, and to be counted */
	unsigned stays;   /* yields while inside */
};

static enum status cross(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct crossing *const crossing = context;
	(void)worker;
	(void)err;
	for (size_t i = first; i < end; i++) {
		const uint64_t taken = hsm_lanes_enter(&crossing->lanes);
		const unsigned inside = atomic_fetch_add(&crossing->inside, 1) + 1;
		if (inside > crossing->lanes.most)
			atomic_fetch_add(&crossing->beyond, 1);
		if (crossing->lanes.most == 1)
			crossing->entered++;
		for (unsigned y = 0; y < crossing->stays; y++)
			sched_yield();
		atomic_fetch_sub(&crossing->inside, 1);
		hsm_lanes_leave(&crossing->lanes, taken);
	}
	return STATUS_OK;
}

static void cross_by(unsigned lanes, unsigned stays)
{
	struct crossing crossing = { .stays = stays };
	struct error err;
	hsm_lanes_init(&crossing.lanes);
	hsm_lanes_set(&crossing.lanes, lanes);
	assert_int_equal(workers_run(THREADS, TURNS, 1, cross, &crossing, &err), STATUS_OK);
	assert_int_equal(atomic_load(&crossing.beyond), 0);
	assert_int_equal(atomic_load(&crossing.lanes.free), lanes);
	assert_int_equal(atomic_load(&crossing.lanes.waiting), 0);
	assert_int_equal(crossing.entered, lanes == 1 ? TURNS : 0);
	hsm_lanes_destroy(&crossing.lanes);
}

/* Also that none is left asleep: then this would not end. */
static void test_never_more_inside_than_lanes(void **state)
{
	(void)state;
	for (unsigned lanes = 1; lanes <= THREADS + 1; lanes++)
		for (unsigned stays = 0; stays < 3; stays++)
			cross_by(lanes, stays);
}

static void test_without_a_number_nobody_waits(void **state)
{
	struct hsm_lanes lanes;
	(void)state;
	hsm_lanes_init(&lanes);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(hsm_lanes_enter(&lanes), 0);
	for (unsigned i = 0; i < THREADS; i++)
		hsm_lanes_leave(&lanes, 0);
	assert_int_equal(atomic_load(&lanes.free), 0);
	hsm_lanes_destroy(&lanes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_more_inside_than_lanes),
		cmocka_unit_test(test_without_a_number_nobody_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
