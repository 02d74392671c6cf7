/* SPDX-License-Identifier: MIT */
#include "signer/base/inorder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

enum { ITEMS = 3000, SLOTS = 64, WORKERS = 16 };

struct tally {
	size_t slot_holds[SLOTS];
	size_t taken[INORDER_TAKERS]; /* plain: who takes is alone, and the thread sanitizer would tell */
	bool out_of_order;
	unsigned in_make[WORKERS];
	atomic_uint made[ITEMS];
	size_t bad_make, bad_take; /* items that fail, and all from there on */
	pthread_barrier_t *meet;   /* two items that are made at the same time, or none is ever done */
};

static enum status make(void *context, unsigned worker, size_t item, size_t slot, struct error *err)
{
	struct tally *const tally = context;
	if (tally->meet != NULL && item < 2)
		(void)pthread_barrier_wait(tally->meet);
	if (item >= tally->bad_make)
		return error_set(err, STATUS_NO, "made %zu", item);
	tally->in_make[worker]++;
	tally->slot_holds[slot] = item;
	atomic_fetch_add(&tally->made[item], 1);
	return STATUS_OK;
}

static enum status take_as(struct tally *tally, size_t taker, size_t slot, struct error *err)
{
	const size_t item = tally->taken[taker]++;
	if (tally->slot_holds[slot] != item)
		tally->out_of_order = true;
	if (taker == 0 && item >= tally->bad_take)
		return error_set(err, STATUS_IO, "taken %zu", item);
	return STATUS_OK;
}

static enum status take_first(void *context, size_t slot, struct error *err)
{
	return take_as(context, 0, slot, err);
}

static enum status take_second(void *context, size_t slot, struct error *err)
{
	return take_as(context, 1, slot, err);
}

static struct inorder work_of(struct tally *tally, size_t items, size_t slots, bool second)
{
	memset(tally, 0, sizeof(*tally));
	tally->bad_make = tally->bad_take = SIZE_MAX;
	return (struct inorder){ .items = items,
		.slots = slots,
		.make = make,
		.take = { take_first, second ? take_second : NULL },
		.context = tally };
}

static void each_taker_gets_every_item_once_and_in_order(void **state)
{
	(void)state;
	static struct tally tally;
	static const unsigned threads[] = { 0, 1, 2, 3, WORKERS };
	static const size_t slots[] = { 1, 2, 5, SLOTS };
	for (size_t i = 0; i < COUNT(threads) * COUNT(slots) * 2; i++) {
		const bool second = i % 2 != 0;
		const struct inorder work = work_of(&tally, ITEMS, slots[i / 2 % COUNT(slots)], second);
		assert_int_equal(inorder_run(threads[i / 2 / COUNT(slots)], &work, NULL), STATUS_OK);
		assert_false(tally.out_of_order);
		assert_int_equal(tally.taken[0], ITEMS);
		assert_int_equal(tally.taken[1], second ? ITEMS : 0);
		for (size_t k = 0; k < ITEMS; k++)
			assert_int_equal(atomic_load(&tally.made[k]), 1);
	}
}

static void nothing_to_make_is_done(void **state)
{
	(void)state;
	static struct tally tally;
	const struct inorder work = work_of(&tally, 0, 4, true);
	assert_int_equal(inorder_run(3, &work, NULL), STATUS_OK);
	assert_int_equal(tally.taken[0], 0);
}

static void two_items_are_made_at_the_same_time(void **state)
{
	(void)state;
	static struct tally tally;
	pthread_barrier_t meet;
	assert_int_equal(pthread_barrier_init(&meet, NULL, 2), 0);
	const struct inorder work = work_of(&tally, 100, 4, true);
	tally.meet = &meet;
	assert_int_equal(inorder_run(2, &work, NULL), STATUS_OK);
	assert_int_equal(tally.taken[1], 100);
	pthread_barrier_destroy(&meet);
}

static void the_lowest_item_that_cannot_be_made_is_told(void **state)
{
	(void)state;
	static struct tally tally;
	for (int round = 0; round < 50; round++) {
		struct error err = { 0 };
		const struct inorder work = work_of(&tally, ITEMS, 16, true);
		tally.bad_make = 1000;
		assert_int_equal(inorder_run(4, &work, &err), STATUS_NO);
		assert_string_equal(err.message, "made 1000");
		assert_false(tally.out_of_order);
		assert_true(tally.taken[0] <= 1000);
	}
}

static void nothing_is_taken_after_a_taker_failed(void **state)
{
	(void)state;
	static struct tally tally;
	for (int round = 0; round < 50; round++) {
		struct error err = { 0 };
		const struct inorder work = work_of(&tally, ITEMS, 16, true);
		tally.bad_take = 700;
		assert_int_equal(inorder_run(4, &work, &err), STATUS_IO);
		assert_string_equal(err.message, "taken 700");
		assert_int_equal(tally.taken[0], 701);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_taker_gets_every_item_once_and_in_order),
		cmocka_unit_test(nothing_to_make_is_done),
		cmocka_unit_test(two_items_are_made_at_the_same_time),
		cmocka_unit_test(the_lowest_item_that_cannot_be_made_is_told),
		cmocka_unit_test(nothing_is_taken_after_a_taker_failed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
