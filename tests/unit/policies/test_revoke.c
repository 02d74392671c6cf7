/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "policies/revoke.h"
#include "policies/rollover.h"
#include "signer/base/arena.h"

enum { NOW = 1800000000, DAY = 86400 };

static struct key ksk(int64_t id, enum key_state dnskey, enum key_state ds)
{
	struct key key = { .id = id, .role = KEY_KSK, .algorithm = 13, .flags = 257, .tag = (uint16_t)id };
	key.state[KEY_DNSKEY] = key.state[KEY_KRRSIG] = dnskey;
	key.state[KEY_ZRRSIG] = KEY_NA;
	key.state[KEY_DS] = ds;
	key.goal_present = ds != KEY_HIDDEN;
	return key;
}

struct change {
	const char *title;
	void (*make)(struct key keys[2]); /* keys[0] is to be revoked, keys[1] is in use */
	const char *obstacle;             /* part of it; NULL: it may be revoked */
};

static void nothing(struct key keys[2])
{
	(void)keys;
}

static void already(struct key keys[2])
{
	keys[0].revoked.seconds = 1;
}

static void purge(struct key keys[2])
{
	keys[0].purged.seconds = 1;
}

static void foreign(struct key keys[2])
{
	keys[0].foreign = true;
}

static void zsk(struct key keys[2])
{
	keys[0].role = KEY_ZSK;
}

static void rumoured_ds(struct key keys[2])
{
	keys[0].state[KEY_DS] = KEY_RUMOURED;
}

static void ds_in_caches(struct key keys[2])
{
	keys[0].state[KEY_DS] = KEY_UNRETENTIVE;
}

static void ds_there(struct key keys[2])
{
	keys[0].state[KEY_DS] = KEY_OMNIPRESENT;
}

static void leaving(struct key keys[2])
{
	keys[0].state[KEY_DNSKEY] = KEY_UNRETENTIVE;
}

static void silent(struct key keys[2])
{
	keys[0].state[KEY_KRRSIG] = KEY_HIDDEN;
}

static void combined(struct key keys[2])
{
	keys[0].role = KEY_CSK;
	keys[0].state[KEY_ZRRSIG] = KEY_UNRETENTIVE;
}

static void coming(struct key keys[2])
{
	keys[0].goal_present = true;
}

static void standby(struct key keys[2])
{
	keys[0].goal_present = keys[0].standby = true;
}

static void alone(struct key keys[2])
{
	keys[1].state[KEY_KRRSIG] = KEY_RUMOURED;
}

static void other_revoked(struct key keys[2])
{
	keys[1].revoked.seconds = 1;
}

static void other_algorithm(struct key keys[2])
{
	keys[1].algorithm = 8;
}

static void no_ds_at_all(struct key keys[2])
{
	keys[1].state[KEY_DS] = KEY_HIDDEN;
}

static const struct change changes[] = {
	{ "a former key whose DS is gone", nothing, NULL },
	{ "a standby key", standby, NULL },
	{ "in a zone without DS", no_ds_at_all, NULL },
	{ "a revoked one", already, "already" },
	{ "its private half is gone", purge, "destroyed" },
	{ "another signer's", foreign, "another signer" },
	{ "a ZSK", zsk, "SEP" },
	{ "the DS is handed in", rumoured_ds, "DS" },
	{ "the DS is there", ds_there, "DS" },
	{ "the DS is in caches", ds_in_caches, "DS" },
	{ "the DNSKEY has left the zone", leaving, "no resolver would learn" },
	{ "it does not sign", silent, "no resolver would learn" },
	{ "its signatures are in caches", combined, "signatures over the zone's data" },
	{ "it is being introduced", coming, "roll abort" },
	{ "the other's signature is not in all caches", alone, "rest on a revoked key" },
	{ "the other is revoked", other_revoked, "rest on a revoked key" },
	{ "the other has another algorithm", other_algorithm, "rest on a revoked key" },
};

static void a_key_is_revoked_only_when_nothing_depends_on_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct key keys[2] = { ksk(1, KEY_OMNIPRESENT, KEY_HIDDEN), ksk(2, KEY_OMNIPRESENT, KEY_OMNIPRESENT) };
		changes[i].make(keys);
		const char *const obstacle = revoke_obstacle(keys, 2, 0);
		const bool right = changes[i].obstacle == NULL
				       ? obstacle == NULL
				       : obstacle != NULL && strstr(obstacle, changes[i].obstacle) != NULL;
		if (!right)
			fail_msg("%s: %s", changes[i].title, obstacle == NULL ? "allowed" : obstacle);
	}
}

static void a_revoked_key_stays_for_thirty_days_and_then_leaves(void **state)
{
	(void)state;
	struct arena *const mem = arena_new(0);
	struct rollover_key keys[3] = { { .key = ksk(1, KEY_OMNIPRESENT, KEY_HIDDEN) },
		{ .key = ksk(2, KEY_OMNIPRESENT, KEY_OMNIPRESENT) }, { .key = { .id = 3, .role = KEY_ZSK } } };
	keys[2].key.algorithm = 13;
	keys[2].key.goal_present = true;
	keys[2].key.state[KEY_DNSKEY] = keys[2].key.state[KEY_ZRRSIG] = KEY_OMNIPRESENT;
	revoke_key(&keys[0].key, (struct utc){ NOW });
	assert_true(key_is_revoked(&keys[0].key));
	const struct rollover_policy policy = { .algorithm = 13,
		.minimize = { ROLLOVER_KSK_DOUBLE_KSK, ROLLOVER_ZSK_PRE_PUBLICATION, 0 } };
	const struct rollover_facts facts = { .step = false };
	struct rollover_plan plan;
	struct error err;
	static const struct {
		int64_t after;
		size_t moves;
	} times[] = { { 0, 0 }, { 30 * DAY - 1, 0 }, { 30 * DAY, 2 } };
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		const struct utc now = { NOW + times[i].after };
		assert_int_equal(rollover_plan(&policy, keys, 3, &facts, now, mem, &plan, &err), STATUS_OK);
		assert_int_equal(plan.move_count, times[i].moves);
		assert_int_equal(plan.birth_count, 0);
		if (times[i].moves == 0)
			assert_int_equal(plan.next.seconds, NOW + 30 * DAY);
	}
	for (size_t i = 0; i < plan.move_count; i++) {
		assert_int_equal(plan.moves[i].key, 0);
		assert_int_equal(plan.moves[i].to, KEY_UNRETENTIVE);
	}
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_revoked_only_when_nothing_depends_on_it),
		cmocka_unit_test(a_revoked_key_stays_for_thirty_days_and_then_leaves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
