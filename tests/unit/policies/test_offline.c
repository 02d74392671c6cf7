/* SPDX-License-Identifier: MIT */
/* Bundles of an offline KSK against the planner and the cache check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policies/offline.h"
#include "policies/policy_rollover.h"

enum { KSK, ZSK, NEXT, KEYS, DAY = 86400, BUNDLES = 4 };

static const struct utc start = { 1800000000 };

/* A zone in service: KSK with a DS, a ZSK that signs, a ZSK that was made ahead. */
struct world {
	struct arena *mem;
	struct policy policy;
	struct rollover_policy rules;
	struct rollover_key keys[KEYS];
	struct history history;
	struct ttl_served ttl;
	struct rollover_facts facts;
	bool in[BUNDLES][KEYS];
	struct offline_bundle bundles[BUNDLES];
};

static struct utc after(int64_t days)
{
	return utc_add(start, (struct span){ days * DAY });
}

static void make_key(struct rollover_key *key, int64_t id, enum key_role role, bool used)
{
	memset(key, 0, sizeof(*key));
	key->key.id = id;
	key->key.algorithm = 13;
	key->key.tag = (uint16_t)id;
	key->key.created = after(-100);
	rollover_key_init(key, role, 0);
	key->key.goal_present = used;
	for (int r = 0; used && r < KEY_RECORDS; r++) {
		if (key->key.state[r] != KEY_NA)
			key->key.state[r] = KEY_OMNIPRESENT;
		key->key.since[r] = after(-50);
	}
	key->key.active = used ? after(-50) : (struct utc){ 0 };
	key->key.ds_seen = used && role == KEY_KSK ? after(-50) : (struct utc){ 0 };
	key->key.signatures_complete = used ? after(-50) : (struct utc){ 0 };
}

static int begin(void **state)
{
	static struct world world;
	struct error err;
	world = (struct world){ .mem = arena_new(0), .ttl = { 3600, UTC_NEVER } };
	policy_defaults(&world.policy);
	world.policy.offline_ksk = true;
	world.rules = policy_rollover(&world.policy);
	make_key(&world.keys[KSK], 1, KEY_KSK, true);
	make_key(&world.keys[ZSK], 2, KEY_ZSK, true);
	make_key(&world.keys[NEXT], 3, KEY_ZSK, false);
	const struct ttl_ledger ledger = { &world.ttl, 1 };
	world.facts = (struct rollover_facts){
		.dnskey_ttl = ledger, .data_ttl = ledger, .negative_ttl = ledger, .ds_ttl = ledger
	};
	history_init(&world.history, &world.rules);
	for (int class = 0; class < HISTORY_CLASSES; class ++)
		assert_int_equal(
		    history_begin(&world.history, (enum history_class) class, world.keys, KEYS, 3600, after(-50), &err),
		    STATUS_OK);
	for (int b = 0; b < BUNDLES; b++) {
		world.in[b][KSK] = world.in[b][ZSK] = true;
		world.bundles[b] =
		    (struct offline_bundle){ .from = after(10 * b), .ends = after(10 * b + 24), .in = world.in[b] };
	}
	*state = &world;
	return 0;
}

static int end(void **state)
{
	struct world *const world = *state;
	arena_free(world->mem);
	return 0;
}

static enum status prove(struct world *world, struct error *err)
{
	const struct offline_walk walk = { .rules = &world->rules,
		.keys = world->keys,
		.count = KEYS,
		.facts = &world->facts,
		.history = &world->history,
		.bundles = world->bundles,
		.bundle_count = BUNDLES,
		.refresh = world->policy.refresh,
		.ds_delay = { DAY },
		.now = start,
		.until = after(10 * BUNDLES) };
	error_clear(err);
	return offline_prove(&walk, err);
}

static void a_period_in_which_nothing_changes_is_good(void **state)
{
	struct error err;
	if (prove(*state, &err) != STATUS_OK)
		fail_msg("%s", err.message);
}

static void a_zsk_that_comes_before_it_is_wanted_is_good(void **state)
{
	struct world *const world = *state;
	struct error err;
	world->in[2][NEXT] = world->in[3][NEXT] = true;
	if (prove(world, &err) != STATUS_OK)
		fail_msg("%s", err.message);
}

/* The lifetime of 90 days ends at day 40: in the last two bundles both are there, then the old one may not go yet. */
static void a_bundle_without_the_key_that_signs_is_refused(void **state)
{
	struct world *const world = *state;
	struct error err;
	world->in[1][NEXT] = world->in[2][NEXT] = world->in[3][NEXT] = true;
	world->in[2][ZSK] = world->in[3][ZSK] = false;
	assert_int_equal(prove(world, &err), STATUS_NO);
	assert_non_null(strstr(err.message, "no bundle can be in use"));
}

static void a_bundle_without_the_ksk_that_has_the_ds_is_refused(void **state)
{
	struct world *const world = *state;
	struct error err;
	world->in[1][KSK] = world->in[2][KSK] = world->in[3][KSK] = false;
	assert_int_equal(prove(world, &err), STATUS_NO);
}

static void a_gap_between_bundles_is_refused(void **state)
{
	struct world *const world = *state;
	struct error err;
	world->bundles[0].ends = after(15);
	world->bundles[1].from = after(9);
	world->bundles[1].ends = after(20);
	world->bundles[2].from = after(20);
	assert_int_equal(prove(world, &err), STATUS_NO);
}

static void what_an_emergency_replaced_is_not_used(void **state)
{
	struct world *const world = *state;
	world->bundles[0].dropped = after(5);
	assert_true(offline_is_usable(&world->bundles[0], after(4), world->policy.refresh));
	assert_false(offline_is_usable(&world->bundles[0], after(5), world->policy.refresh));
	assert_false(offline_is_usable(&world->bundles[1], after(9), world->policy.refresh));
	assert_true(offline_is_usable(&world->bundles[1], after(10), world->policy.refresh));
	assert_false(offline_is_usable(&world->bundles[1], after(24), world->policy.refresh));
	assert_int_equal(offline_current(world->bundles, BUNDLES, after(13), world->policy.refresh), 1);
	assert_int_equal(offline_current(world->bundles, BUNDLES, after(60), world->policy.refresh), SIZE_MAX);
}

static void keys_of_a_bundle_become_standby_keys_and_go_with_it(void **state)
{
	struct world *const world = *state;
	bool changed[KEYS];
	world->in[1][NEXT] = true;
	assert_true(offline_adopt(world->keys, KEYS, world->in[1], changed));
	assert_true(changed[NEXT] && !changed[ZSK] && !changed[KSK]);
	assert_true(world->keys[NEXT].key.standby && world->keys[NEXT].key.goal_present);
	assert_false(offline_adopt(world->keys, KEYS, world->in[1], changed));
	assert_true(offline_adopt(world->keys, KEYS, world->in[0], changed));
	assert_false(world->keys[NEXT].key.goal_present);
}

/* It could not be proved before it is published, and a key that is being destroyed will be gone. */
static void a_key_of_a_bundle_that_cannot_sign_is_not_taken(void **state)
{
	struct world *const world = *state;
	const struct rollover_birth birth = { .role = KEY_ZSK, .algorithm = 13 };
	bool changed[KEYS];
	const bool in[KEYS] = { true, true, true };
	world->keys[NEXT].missing = true;
	assert_false(offline_adopt(world->keys, KEYS, in, changed));
	assert_int_equal(offline_candidate(world->keys, KEYS, &birth, in), SIZE_MAX);
	world->keys[NEXT].missing = false;
	world->keys[NEXT].key.purging = start;
	assert_false(offline_adopt(world->keys, KEYS, in, changed));
	assert_int_equal(offline_candidate(world->keys, KEYS, &birth, in), SIZE_MAX);
	world->keys[NEXT].key.purging = (struct utc){ 0 };
	assert_int_equal(offline_candidate(world->keys, KEYS, &birth, in), NEXT);
	assert_true(offline_adopt(world->keys, KEYS, in, changed));
	assert_true(changed[NEXT] && world->keys[NEXT].key.standby);
}

static void a_forecast_says_when_the_next_zsk_is_in_the_zone(void **state)
{
	struct world *const world = *state;
	struct offline_lane *lanes;
	size_t count;
	struct error err;
	error_clear(&err);
	if (offline_forecast(&world->policy, &world->rules, world->keys, KEYS, start, after(60), world->mem, &lanes,
		&count, &err) != STATUS_OK)
		fail_msg("%s", err.message);
	bool found = false;
	for (size_t i = 0; i < count; i++) {
		if (lanes[i].id != 3)
			continue;
		found = true;
		assert_false(lanes[i].made);
		assert_true(!utc_before(lanes[i].from, after(37)) && utc_before(lanes[i].from, after(40)));
		assert_true(offline_in_bundle(&lanes[i], after(30), after(40), (struct span){ 0 }));
		assert_false(offline_in_bundle(&lanes[i], after(20), after(30), (struct span){ 0 }));
	}
	assert_true(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_period_in_which_nothing_changes_is_good, begin, end),
		cmocka_unit_test_setup_teardown(a_zsk_that_comes_before_it_is_wanted_is_good, begin, end),
		cmocka_unit_test_setup_teardown(a_bundle_without_the_key_that_signs_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_bundle_without_the_ksk_that_has_the_ds_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_gap_between_bundles_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(what_an_emergency_replaced_is_not_used, begin, end),
		cmocka_unit_test_setup_teardown(keys_of_a_bundle_become_standby_keys_and_go_with_it, begin, end),
		cmocka_unit_test_setup_teardown(a_key_of_a_bundle_that_cannot_sign_is_not_taken, begin, end),
		cmocka_unit_test_setup_teardown(a_forecast_says_when_the_next_zsk_is_in_the_zone, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
