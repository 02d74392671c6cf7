/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "keystore/store_proofs.h"
#include "keystore/store_served.h"
#include "tests/unit/keystore/store_fixture.h"

/* A ZSK and a KSK that left the zone. */
static void add_old_keys(struct fixture *f, struct key keys[2])
{
	struct error err;
	keys[0] = key_of_vector(&vectors[5]);
	keys[1] = key_of_vector(&vectors[4]);
	for (size_t i = 0; i < 2; i++) {
		keys[i].state[KEY_DNSKEY] = KEY_HIDDEN;
		keys[i].state[i == 0 ? KEY_ZRRSIG : KEY_KRRSIG] = KEY_HIDDEN;
	}
	keys[1].state[KEY_DS] = KEY_HIDDEN;
	keys[0].id = keys[1].id = 0;
	keys[0].goal_present = keys[1].goal_present = false;
	ok(store_add_keys(f->store, f->zone, keys, 2, NOW, &err), &err);
}

static void expect_refused(struct fixture *f, const struct key *key, const char *why)
{
	struct error err;
	assert_int_equal(store_purge_begin(f->store, f->zone, key->id, "test", NOW, &err), STATUS_REFUSED);
	if (strstr(err.message, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.message, why);
	assert_non_null(strstr(err.message, "its private half stays"));
	assert_int_equal(ask(f->path, "SELECT count(*) FROM keys WHERE purging > 0"), 0);
}

static void a_key_with_any_record_in_the_world_stays(void **state)
{
	static const enum key_state states[] = { KEY_RUMOURED, KEY_OMNIPRESENT, KEY_UNRETENTIVE };
	struct fixture *const f = *state;
	struct key keys[2];
	struct error err;
	add_old_keys(f, keys);
	for (size_t record = 0; record < KEY_RECORDS; record++)
		for (size_t i = 0; i < COUNT(states); i++) {
			struct key *const key = &keys[record == KEY_ZRRSIG ? 0 : 1];
			key->state[record] = states[i];
			ok(store_update_keys(f->store, f->zone, key, 1, "test", NOW, &err), &err);
			expect_refused(f, key, key_state_name(states[i]));
			key->state[record] = KEY_HIDDEN;
			ok(store_update_keys(f->store, f->zone, key, 1, "test", NOW, &err), &err);
		}
}

static void a_key_that_is_wanted_or_another_signers_stays(void **state)
{
	struct fixture *const f = *state;
	struct key keys[2];
	struct error err;
	add_old_keys(f, keys);
	keys[0].goal_present = true;
	keys[1].foreign = true;
	ok(store_update_keys(f->store, f->zone, keys, 2, "test", NOW, &err), &err);
	expect_refused(f, &keys[0], "it is to be used");
	expect_refused(f, &keys[1], "another signer's");
}

static void a_key_that_caches_may_hold_stays_whatever_its_states_say(void **state)
{
	struct fixture *const f = *state;
	struct key keys[2];
	struct error err;
	add_old_keys(f, keys);
	const struct store_served_change served = { { .class = STORE_DNSKEY,
							.from = { NOW.seconds - 100 },
							.until = { NOW.seconds - 50 },
							.ttl = 50,
							.keys = &keys[0].id,
							.key_count = 1,
							.signers = &keys[1].id,
							.signer_count = 1 },
		false };
	const struct store_step step = { .served = &served, .served_count = 1 };
	ok(store_take_step(f->store, f->zone, &step, "test", NOW, &err), &err);
	expect_refused(f, &keys[0], "caches may hold it (until 2026-11-18T11:06:40Z)");
	expect_refused(f, &keys[1], "caches may hold it");
	const struct utc later = { NOW.seconds + 1 };
	ok(store_purge_check(f->store, f->zone, keys[0].id, later, &err), &err);
}

static void a_key_of_an_interrupted_publication_stays(void **state)
{
	struct fixture *const f = *state;
	struct key keys[2];
	struct error err;
	char list[100] = "";
	add_old_keys(f, keys);
	bytes_to_hex((struct bytes){ keys[0].fingerprint, 32 }, false, list);
	struct store_version version = some_version(9);
	version.keys = list;
	ok(store_add_intent(f->store, f->zone, &version, NOW, &err), &err);
	expect_refused(f, &keys[0], "interrupted");
	ok(store_purge_check(f->store, f->zone, keys[1].id, NOW, &err), &err);
}

static void a_purge_is_marked_then_done_and_in_the_log(void **state)
{
	struct fixture *const f = *state;
	struct key keys[2];
	struct key *now;
	size_t count;
	size_t problems;
	struct store_replayed *replayed;
	struct error err;
	add_old_keys(f, keys);
	/* Done without a mark is nothing. */
	assert_int_equal(store_purge_done(f->store, f->zone, keys[0].id, NOW, &err), STATUS_INTERNAL);
	ok(store_purge_begin(f->store, f->zone, keys[0].id, "ceremony\n7", NOW, &err), &err);
	ok(store_keys(f->store, f->zone, f->mem, &now, &count, &err), &err);
	assert_true(now[0].purging.seconds == NOW.seconds && now[0].purged.seconds == 0);
	ok(store_purge_done(f->store, f->zone, keys[0].id, NOW, &err), &err);
	ok(store_keys(f->store, f->zone, f->mem, &now, &count, &err), &err);
	assert_true(now[0].purged.seconds == NOW.seconds && now[1].purging.seconds == 0);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM audit WHERE what IN ('key purge begun', 'key purged')"), 2);
	assert_int_equal(store_purge_begin(f->store, f->zone, keys[0].id, "again", NOW, &err), STATUS_REFUSED);
	assert_non_null(strstr(err.message, "destroyed already"));
	ok(store_audit_replay(f->store, f->mem, &replayed, &count, &problems, &err), &err);
	assert_int_equal(problems, 0);
	assert_non_null(strstr(replayed[0].logged, " purging 1795000000 purged 1795000000 "));
}

static void a_proof_is_told_when_it_changes_and_forgotten_with_the_key(void **state)
{
	struct fixture *const f = *state;
	struct key keys[2];
	struct store_proof *found;
	struct error err;
	size_t count;
	add_old_keys(f, keys);
	struct store_proof proofs[] = { { .key = keys[0].id, .store = "hsm-a", .good = true, .shown = 15 },
		{ .key = keys[0].id, .store = "hsm-b", .good = true, .shown = 15 } };
	const struct utc later = { NOW.seconds + 60 };
	const struct utc last = { NOW.seconds + 120 };
	ok(store_note_proofs(f->store, f->zone, proofs, 2, NOW, &err), &err);
	ok(store_note_proofs(f->store, f->zone, proofs, 2, later, &err), &err);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM audit WHERE what = 'key proven'"), 2);
	proofs[1] = (struct store_proof){ .key = keys[0].id, .store = "hsm-b", .shown = 1, .message = "it is\ngone" };
	ok(store_note_proofs(f->store, f->zone, proofs, 2, last, &err), &err);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM audit WHERE what = 'proof FAILED'"), 1);
	ok(store_proofs(f->store, f->zone, f->mem, &found, &count, &err), &err);
	assert_int_equal(count, 2);
	assert_true(found[0].good && found[0].message == NULL && found[0].since.seconds == NOW.seconds);
	assert_true(found[0].proven.seconds == last.seconds && found[0].tried.seconds == last.seconds);
	assert_true(!found[1].good && found[1].shown == 1 && found[1].since.seconds == last.seconds);
	assert_int_equal(found[1].proven.seconds, later.seconds);
	ok(store_purge_begin(f->store, f->zone, keys[0].id, "old", last, &err), &err);
	ok(store_purge_done(f->store, f->zone, keys[0].id, last, &err), &err);
	ok(store_proofs(f->store, f->zone, f->mem, &found, &count, &err), &err);
	assert_int_equal(count, 0);
	uint64_t rows;
	ok(store_audit_check(f->store, &rows, &err), &err);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(a_key_with_any_record_in_the_world_stays),
		WITH_STORE(a_key_that_is_wanted_or_another_signers_stays),
		WITH_STORE(a_key_that_caches_may_hold_stays_whatever_its_states_say),
		WITH_STORE(a_key_of_an_interrupted_publication_stays),
		WITH_STORE(a_purge_is_marked_then_done_and_in_the_log),
		WITH_STORE(a_proof_is_told_when_it_changes_and_forgotten_with_the_key),
	};
	return cmocka_run_group_tests_name("store_purge", tests, NULL, NULL);
}
