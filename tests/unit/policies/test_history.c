/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants these first */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "policies/history.h"

enum { HOUR = 3600, DAY = 86400, TTL = 3600 };

static const struct utc start = { 1767225600 }; /* 2026-01-01T00:00:00Z */

struct fixture {
	struct history history;
	struct rollover_key keys[3]; /* a CSK that is everywhere, a second one, and a ZSK of another algorithm */
	struct arena *mem;
};

static struct utc hours(int64_t n)
{
	return (struct utc){ start.seconds + n * HOUR };
}

static int setup(void **state)
{
	static const struct rollover_policy policy = { .algorithm = 13,
		.timing = { .propagation = { 300 }, .parent_propagation = { HOUR } } };
	struct fixture *const f = memory_calloc(1, sizeof(*f));
	for (size_t i = 0; i < 3; i++) {
		rollover_key_init(&f->keys[i], i < 2 ? KEY_CSK : KEY_ZSK, 0);
		f->keys[i].key.id = 10 + (int64_t)i;
		f->keys[i].key.tag = (uint16_t)(100 + i);
		f->keys[i].key.algorithm = i < 2 ? 13 : 15;
	}
	for (int r = 0; r < KEY_RECORDS; r++)
		f->keys[0].key.state[r] = KEY_OMNIPRESENT;
	history_init(&f->history, &policy);
	f->mem = arena_new(0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *const f = *state;
	arena_free(f->mem);
	free(f);
	return 0;
}

static void publish(struct fixture *f, struct utc when)
{
	struct error err;
	for (int class = 0; class < HISTORY_CLASSES; class ++)
		assert_int_equal(
		    history_begin(&f->history, (enum history_class) class, f->keys, 3, TTL, when, &err), STATUS_OK);
}

static void one_key_everywhere_is_good_for_ever(void **state)
{
	struct fixture *const f = *state;
	struct cache_conflict conflict;
	publish(f, start);
	assert_true(history_judge(&f->history, start, &conflict));
	assert_true(history_judge(&f->history, hours(1000), &conflict));
}

static void the_same_set_again_begins_nothing(void **state)
{
	struct fixture *const f = *state;
	publish(f, start);
	publish(f, hours(1));
	for (int class = 0; class < HISTORY_CLASSES; class ++)
		assert_int_equal(f->history.count[class], 1);
}

static void the_same_set_with_a_larger_ttl_is_held_for_longer(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	publish(f, start);
	assert_int_equal(history_begin(&f->history, HISTORY_DATA, f->keys, 3, DAY, hours(1), &err), STATUS_OK);
	assert_int_equal(f->history.count[HISTORY_DATA], 2);
	assert_int_equal(f->history.versions[HISTORY_DATA][1].ttl, DAY);
}

static void keys_that_are_exchanged_at_once_are_bogus_in_words(void **state)
{
	struct fixture *const f = *state;
	struct cache_conflict conflict;
	publish(f, start);
	f->keys[1].key.state[KEY_DNSKEY] = f->keys[1].key.state[KEY_KRRSIG] = f->keys[1].key.state[KEY_ZRRSIG] =
	    KEY_RUMOURED;
	f->keys[0].key.state[KEY_DNSKEY] = f->keys[0].key.state[KEY_KRRSIG] = f->keys[0].key.state[KEY_ZRRSIG] =
	    KEY_UNRETENTIVE;
	publish(f, hours(2));
	assert_false(history_judge(&f->history, hours(2), &conflict));
	const char *const words = history_words(&f->history, &conflict, f->keys, 3, f->mem);
	assert_non_null(strstr(words, "the DS of CSK 100, the DNSKEY RRset of CSK 101 signed by CSK 101"));
	assert_non_null(strstr(words, "until further notice"));
}

static void exchange_all(struct fixture *f)
{
	for (int r = 0; r < KEY_DS; r++) {
		f->keys[1].key.state[r] = KEY_RUMOURED;
		f->keys[0].key.state[r] = KEY_UNRETENTIVE;
	}
}

static void what_a_dropped_key_breaks_is_given_up_and_still_listed(void **state)
{
	struct fixture *const f = *state;
	struct cache_conflict conflicts[8];
	struct cache_conflict conflict;
	publish(f, start);
	exchange_all(f);
	publish(f, hours(2));
	assert_false(history_judge(&f->history, hours(2), &conflict));
	f->keys[0].key.dropped = hours(2);
	history_give_up(&f->history, f->keys, 3);
	assert_true(history_judge(&f->history, hours(2), &conflict));
	/* The old DS with the new keys and either data, and each of keys and data without its other. */
	assert_int_equal(history_conflicts(&f->history, hours(2), conflicts, 8), 3);
	assert_int_equal(history_conflicts(&f->history, hours(2), conflicts, 2), 2);
}

static void what_another_key_breaks_is_not_given_up(void **state)
{
	struct fixture *const f = *state;
	struct cache_conflict conflict;
	publish(f, start);
	exchange_all(f);
	publish(f, hours(2));
	f->keys[2].key.dropped = hours(2);
	history_give_up(&f->history, f->keys, 3);
	assert_false(history_judge(&f->history, hours(2), &conflict));
}

static void a_wanted_ds_set_is_open_beside_the_old_one_until_it_is_settled(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct utc when;
	publish(f, start);
	f->keys[1].key.state[KEY_DS] = KEY_RUMOURED;
	f->keys[0].key.state[KEY_DS] = KEY_UNRETENTIVE;
	publish(f, hours(5));
	const struct cache_version *const ds = f->history.versions[HISTORY_DS];
	assert_int_equal(f->history.count[HISTORY_DS], 2);
	assert_int_equal(ds[0].until.seconds, UTC_NEVER.seconds);
	assert_false(history_ds_is_settled(f->keys, 3, &when));
	f->keys[1].key.ds_seen = hours(7);
	f->keys[0].key.ds_gone = hours(8);
	assert_true(history_ds_is_settled(f->keys, 3, &when));
	assert_int_equal(when.seconds, hours(8).seconds);
	assert_int_equal(history_settle(&f->history, f->keys, 3, when, &err), STATUS_OK);
	assert_int_equal(ds[0].until.seconds, hours(8).seconds);
	assert_int_equal(ds[1].until.seconds, UTC_NEVER.seconds);
}

static void settling_ends_all_but_the_wanted_set_also_if_it_is_the_oldest(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	publish(f, start);
	f->keys[1].key.state[KEY_DS] = KEY_RUMOURED;
	publish(f, hours(1));
	f->keys[1].key.state[KEY_DS] = KEY_UNRETENTIVE;
	publish(f, hours(2));
	assert_int_equal(f->history.count[HISTORY_DS], 2);
	assert_int_equal(history_settle(&f->history, f->keys, 3, hours(3), &err), STATUS_OK);
	assert_int_equal(f->history.versions[HISTORY_DS][0].until.seconds, UTC_NEVER.seconds);
	assert_int_equal(f->history.versions[HISTORY_DS][1].until.seconds, hours(3).seconds);
}

static void what_no_cache_holds_is_forgotten_and_its_bits_are_free(void **state)
{
	struct fixture *const f = *state;
	publish(f, start);
	f->keys[2].key.state[KEY_DNSKEY] = KEY_RUMOURED;
	publish(f, hours(1));
	f->keys[2].key.state[KEY_DNSKEY] = KEY_HIDDEN;
	publish(f, hours(2));
	assert_true(f->history.taken[1]);
	history_forget(&f->history, hours(3));
	assert_int_equal(f->history.count[HISTORY_DNSKEY], 2); /* propagation: 300 s more */
	history_forget(&f->history, hours(4));
	assert_int_equal(f->history.count[HISTORY_DNSKEY], 1);
	assert_false(f->history.taken[1]);
}

static void a_remembered_key_that_is_not_there_is_refused(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	const int64_t ids[] = { 10, 99 };
	const struct history_version version = {
		.class = HISTORY_DATA, .until = UTC_NEVER, .ttl = TTL, .keys = ids, .key_count = 2
	};
	assert_int_equal(history_add(&f->history, &version, f->keys, 3, &err), STATUS_INTERNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_key_everywhere_is_good_for_ever, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_set_again_begins_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_set_with_a_larger_ttl_is_held_for_longer, setup, teardown),
		cmocka_unit_test_setup_teardown(keys_that_are_exchanged_at_once_are_bogus_in_words, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    what_a_dropped_key_breaks_is_given_up_and_still_listed, setup, teardown),
		cmocka_unit_test_setup_teardown(what_another_key_breaks_is_not_given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_wanted_ds_set_is_open_beside_the_old_one_until_it_is_settled, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    settling_ends_all_but_the_wanted_set_also_if_it_is_the_oldest, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    what_no_cache_holds_is_forgotten_and_its_bits_are_free, setup, teardown),
		cmocka_unit_test_setup_teardown(a_remembered_key_that_is_not_there_is_refused, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
