/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "keystore/store_files.h"
#include "keystore/store_served.h"
#include "tests/unit/keystore/store_fixture.h"

#define DAY 86400

static struct utc after(int64_t seconds)
{
	return (struct utc){ NOW.seconds + seconds };
}

/* The fixture with a KSK and two ZSKs. */
struct zone {
	struct fixture *f;
	struct key keys[3];
	int64_t ids[3];
};

static int setup(void **state)
{
	static struct zone zone;
	struct error err;
	fixture_setup((void **)&zone.f);
	zone.keys[0] = key_of_vector(&vectors[4]);
	zone.keys[1] = key_of_vector(&vectors[5]);
	zone.keys[2] = key_of_vector(&vectors[3]);
	zone.keys[2].role = KEY_ZSK;
	for (size_t i = 0; i < 3; i++) {
		zone.keys[i].id = 0;
		zone.keys[i].state[KEY_DNSKEY] = KEY_HIDDEN;
		zone.keys[i].state[i == 0 ? KEY_KRRSIG : KEY_ZRRSIG] = KEY_HIDDEN;
	}
	zone.keys[0].state[KEY_DS] = KEY_HIDDEN;
	ok(store_add_keys(zone.f->store, zone.f->zone, zone.keys, 3, NOW, &err), &err);
	for (size_t i = 0; i < 3; i++)
		zone.ids[i] = zone.keys[i].id;
	*state = &zone;
	return 0;
}

static int teardown(void **state)
{
	struct zone *const zone = *state;
	return fixture_teardown((void **)&zone->f);
}

static struct store_served_change change(enum store_class class, int64_t from, uint32_t ttl, bool ends_others)
{
	return (struct store_served_change){ { .class = class, .from = after(from), .ttl = ttl }, ends_others };
}

static void take(struct zone *zone, const struct store_served_change *served)
{
	struct error err;
	const struct store_step step = { .served = served, .served_count = 1 };
	ok(store_take_step(zone->f->store, zone->f->zone, &step, "test", served->begins.from, &err), &err);
}

static size_t look(struct zone *zone, int64_t at, int64_t margin, struct store_served **out)
{
	struct error err;
	size_t count;
	ok(store_served(
	       zone->f->store, zone->f->zone, after(at), (struct span){ margin }, zone->f->mem, out, &count, &err),
	    &err);
	return count;
}

static int64_t rows(struct zone *zone, const char *what)
{
	char text[100];
	snprintf(text, sizeof(text), "SELECT count(*) FROM audit WHERE what = '%s'", what);
	return ask(zone->f->path, text);
}

static void a_version_lasts_until_the_next_and_then_its_ttl_and_the_margin(void **state)
{
	struct zone *const zone = *state;
	struct store_served *served;
	struct store_served_change first = change(STORE_DNSKEY, 0, 3600, false);
	struct store_served_change second = change(STORE_DNSKEY, 100, 3600, true);
	first.begins.keys = first.begins.signers = zone->ids;
	first.begins.key_count = 2;
	first.begins.signer_count = 1;
	second.begins.keys = second.begins.signers = zone->ids;
	second.begins.key_count = 3;
	second.begins.signer_count = 1;
	take(zone, &first);
	assert_int_equal(look(zone, 50, 0, &served), 1);
	assert_int_equal(served[0].until.seconds, UTC_NEVER.seconds);
	take(zone, &second);
	assert_int_equal(look(zone, 3700, 0, &served), 2);
	assert_int_equal(served[0].from.seconds, NOW.seconds);
	assert_int_equal(served[0].until.seconds, NOW.seconds + 100);
	assert_int_equal(served[0].key_count, 2);
	assert_int_equal(served[0].signer_count, 1);
	assert_int_equal(served[0].signers[0], zone->ids[0]);
	assert_int_equal(served[1].key_count, 3);
	assert_int_equal(served[1].keys[2], zone->ids[2]);
	assert_int_equal(look(zone, 3701, 0, &served), 1);
	assert_int_equal(look(zone, 3800, 100, &served), 2);
	assert_int_equal(look(zone, 3801, 100, &served), 1);
}

static void the_same_set_in_another_order_is_no_new_version(void **state)
{
	struct zone *const zone = *state;
	struct store_served *served;
	const int64_t turned[] = { zone->ids[2], zone->ids[1], zone->ids[2] };
	struct store_served_change data = change(STORE_DATA, 0, 3600, true);
	data.begins.keys = zone->ids + 1;
	data.begins.key_count = 2;
	take(zone, &data);
	data.begins.keys = turned;
	data.begins.key_count = 3;
	data.begins.from = after(10);
	take(zone, &data);
	assert_int_equal(look(zone, 20, 0, &served), 1);
	assert_int_equal(served[0].from.seconds, NOW.seconds);
	assert_int_equal(rows(zone, "served"), 1);
	data.begins.ttl = 7200;
	data.begins.from = after(20);
	take(zone, &data);
	assert_int_equal(look(zone, 20, 0, &served), 2);
	assert_int_equal(rows(zone, "served"), 2);
}

static void absence_is_a_version(void **state)
{
	struct zone *const zone = *state;
	struct store_served *served;
	struct store_served_change none = change(STORE_DS, 0, 900, false);
	struct store_served_change one = change(STORE_DS, 10, 3600, false);
	none.begins.from = (struct utc){ 0 };
	one.begins.keys = zone->ids;
	one.begins.key_count = 1;
	take(zone, &none);
	take(zone, &one);
	assert_int_equal(look(zone, DAY, 0, &served), 2);
	assert_int_equal(served[0].key_count, 0);
	assert_int_equal(served[0].from.seconds, 0);
	assert_int_equal(served[0].until.seconds, UTC_NEVER.seconds);
	one.ends_others = true;
	one.begins.from = after(20);
	take(zone, &one);
	assert_int_equal(look(zone, 900 + 20, 0, &served), 2);
	assert_int_equal(look(zone, 900 + 21, 0, &served), 1);
}

static void a_version_that_has_ended_can_be_told_of(void **state)
{
	struct zone *const zone = *state;
	struct store_served *served;
	struct store_served_change old = change(STORE_DATA, -100, 3600, false);
	old.begins.until = after(-50);
	take(zone, &old);
	assert_int_equal(look(zone, 0, 0, &served), 1);
	assert_int_equal(served[0].until.seconds, NOW.seconds - 50);
}

static void a_key_of_another_zone_is_refused_and_nothing_stays(void **state)
{
	struct zone *const zone = *state;
	struct store_served *served;
	const int64_t ids[] = { zone->ids[0], 77 };
	struct error err;
	struct store_served_change ds = change(STORE_DS, 0, 3600, true);
	ds.begins.keys = ids;
	ds.begins.key_count = 2;
	const struct store_step step = { .served = &ds, .served_count = 1 };
	assert_int_equal(store_take_step(zone->f->store, zone->f->zone, &step, "test", NOW, &err), STATUS_INTERNAL);
	assert_non_null(strstr(err.message, "no key with id 77"));
	assert_int_equal(look(zone, 0, 0, &served), 0);
}

static void ttls_end_when_another_begins_and_begin_again(void **state)
{
	struct zone *const zone = *state;
	struct store_ttl *ttls;
	size_t count;
	struct error err;
	static const struct {
		uint32_t ttl;
		int64_t at;
	} notes[] = { { 3600, 0 }, { 3600, 10 }, { 60, 20 }, { 3600, 30 } };
	for (size_t i = 0; i < COUNT(notes); i++)
		ok(store_note_ttl(zone->f->store, zone->f->zone, STORE_DNSKEY, notes[i].ttl, after(notes[i].at), &err),
		    &err);
	ok(store_note_ttl(zone->f->store, zone->f->zone, STORE_DS, 7200, after(30), &err), &err);
	ok(store_ttls(zone->f->store, zone->f->zone, zone->f->mem, &ttls, &count, &err), &err);
	assert_int_equal(count, 3);
	assert_int_equal(ttls[0].class, STORE_DNSKEY);
	assert_int_equal(ttls[0].ttl, 60);
	assert_int_equal(ttls[0].last.seconds, NOW.seconds + 30);
	assert_int_equal(ttls[1].ttl, 3600);
	assert_int_equal(ttls[1].last.seconds, UTC_NEVER.seconds);
	assert_int_equal(ttls[2].class, STORE_DS);
	assert_int_equal(rows(zone, "TTL served"), 4);
}

static void a_publication_carries_its_whole_step_or_nothing(void **state)
{
	struct zone *const zone = *state;
	struct fixture *const f = zone->f;
	struct store_served *served;
	struct error err;
	struct store_version version = some_version(7);
	struct store_served_change data = change(STORE_DATA, 0, 3600, true);
	const struct store_ttl ttls[] = { { .class = STORE_DATA, .ttl = 3600 } };
	struct store_step step = {
		.keys = zone->keys, .key_count = 3, .served = &data, .served_count = 1, .ttls = ttls, .ttl_count = 1
	};
	data.begins.keys = (const int64_t[]){ 77 };
	data.begins.key_count = 1;
	zone->keys[1].state[KEY_DNSKEY] = KEY_RUMOURED;
	ok(store_add_intent(f->store, f->zone, &version, NOW, &err), &err);
	assert_int_not_equal(store_confirm_step(f->store, f->zone, version.id, NOW, &step, &err), STATUS_OK);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM versions WHERE published > 0"), 0);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM keys WHERE dnskey = 'rumoured'"), 0);
	data.begins.keys = zone->ids + 1;
	ok(store_confirm_step(f->store, f->zone, version.id, NOW, &step, &err), &err);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM versions WHERE published > 0"), 1);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM keys WHERE dnskey = 'rumoured'"), 1);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM ttls WHERE last IS NULL"), 1);
	assert_int_equal(look(zone, 0, 0, &served), 1);
}

static void what_no_cache_holds_is_dropped_with_the_next_step(void **state)
{
	struct zone *const zone = *state;
	struct fixture *const f = zone->f;
	struct error err;
	struct store_served_change data = change(STORE_DATA, 0, 3600, true);
	data.begins.keys = zone->ids + 1;
	data.begins.key_count = 1;
	for (int64_t day = 0; day < 1000; day += 50) {
		data.begins.from = after(day * DAY);
		data.begins.ttl = (uint32_t)(3600 + day);
		take(zone, &data);
		ok(store_note_ttl(f->store, f->zone, STORE_DATA, data.begins.ttl, after(day * DAY), &err), &err);
	}
	assert_int_equal(ask(f->path, "SELECT count(*) FROM served"), 3);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM served_keys"), 3);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM ttls"), 3);
	struct store_served *served;
	size_t count;
	assert_int_equal(
	    store_served(f->store, f->zone, NOW, (struct span){ 91 * (int64_t)DAY }, f->mem, &served, &count, &err),
	    STATUS_POLICY);
	assert_non_null(strstr(err.message, "remembered for 90 days"));
}

static void what_the_engine_remembers_of_a_key_comes_back(void **state)
{
	struct zone *const zone = *state;
	struct fixture *const f = zone->f;
	struct error err;
	struct key *keys;
	size_t count;
	struct key *const key = &zone->keys[0];
	key->predecessor = zone->ids[1];
	key->ds_seen = after(1);
	key->ds_gone = after(2);
	key->signatures_complete = after(3);
	key->was_full[KEY_DNSKEY] = key->was_full[KEY_DS] = true;
	key->standby = key->foreign = true;
	ok(store_update_keys(f->store, f->zone, zone->keys, 3, "test", NOW, &err), &err);
	reopen(f, STORE_READ);
	ok(store_keys(f->store, f->zone, f->mem, &keys, &count, &err), &err);
	assert_int_equal(keys[0].predecessor, zone->ids[1]);
	assert_int_equal(keys[0].ds_seen.seconds, NOW.seconds + 1);
	assert_int_equal(keys[0].ds_gone.seconds, NOW.seconds + 2);
	assert_int_equal(keys[0].signatures_complete.seconds, NOW.seconds + 3);
	assert_true(keys[0].was_full[KEY_DNSKEY] && !keys[0].was_full[KEY_ZRRSIG] && !keys[0].was_full[KEY_KRRSIG] &&
		    keys[0].was_full[KEY_DS]);
	assert_true(keys[0].standby && keys[0].foreign);
	assert_int_equal(keys[1].predecessor, 0);
	assert_true(!keys[1].standby && !keys[1].foreign && !keys[1].was_full[KEY_DS]);
}

/* ---- the notes of a zone ---- */

static struct store_zone zone_now(struct fixture *f)
{
	struct error err;
	struct store_zone zone;
	bool found;
	ok(store_find_zone(f->store, "nl.", f->mem, &zone, &found, &err), &err);
	assert_true(found);
	return zone;
}

static void a_hold_is_held_once_and_released_once(void **state)
{
	struct fixture *const f = ((struct zone *)*state)->f;
	struct error err;
	const int64_t before = zone_now(f).revision;
	assert_int_equal(store_hold(f->store, f->zone, NULL, NOW, &err), STATUS_REFUSED);
	ok(store_hold(f->store, f->zone, "a ceremony", NOW, &err), &err);
	assert_int_equal(zone_now(f).held_since.seconds, NOW.seconds);
	assert_string_equal(zone_now(f).held_reason, "a ceremony");
	assert_int_equal(store_hold(f->store, f->zone, "again", NOW, &err), STATUS_REFUSED);
	assert_non_null(strstr(err.message, "held already: a ceremony"));
	ok(store_hold(f->store, f->zone, NULL, NOW, &err), &err);
	assert_int_equal(zone_now(f).held_since.seconds, 0);
	assert_null(zone_now(f).held_reason);
	assert_int_equal(zone_now(f).revision, before + 2);
}

static void an_asked_step_is_taken_back_when_a_record_moves(void **state)
{
	struct zone *const zone = *state;
	struct fixture *const f = zone->f;
	struct error err;
	ok(store_ask_step(f->store, f->zone, NOW, &err), &err);
	ok(store_ask_step(f->store, f->zone, after(5), &err), &err);
	assert_int_equal(zone_now(f).step_asked.seconds, NOW.seconds);
	assert_int_equal(rows(zone, "step asked"), 1);
	zone->keys[1].ds_seen = after(1);
	ok(store_update_keys(f->store, f->zone, zone->keys, 3, "an observation", NOW, &err), &err);
	assert_int_equal(zone_now(f).step_asked.seconds, NOW.seconds);
	zone->keys[1].state[KEY_DNSKEY] = KEY_RUMOURED;
	ok(store_update_keys(f->store, f->zone, zone->keys, 3, "a step", NOW, &err), &err);
	assert_int_equal(zone_now(f).step_asked.seconds, 0);
}

static void a_look_at_the_parent_is_in_the_log_when_it_finds_something_new(void **state)
{
	struct zone *const zone = *state;
	struct fixture *const f = zone->f;
	struct error err;
	const int64_t before = zone_now(f).revision;
	ok(store_note_ds_checked(f->store, f->zone, "no DS at 2/2 servers", after(1), &err), &err);
	ok(store_note_ds_checked(f->store, f->zone, "no DS at 2/2 servers", after(2), &err), &err);
	ok(store_note_ds_checked(f->store, f->zone, "DS 1 at 1/2 servers", after(3), &err), &err);
	assert_int_equal(rows(zone, "parent asked"), 2);
	assert_int_equal(zone_now(f).ds_checked.seconds, NOW.seconds + 3);
	assert_string_equal(zone_now(f).ds_found, "DS 1 at 1/2 servers");
	assert_int_equal(zone_now(f).revision, before);
}

static void the_revision_counts_what_moves_something(void **state)
{
	struct zone *const zone = *state;
	struct fixture *const f = zone->f;
	struct error err;
	struct store_zone now = zone_now(f);
	const int64_t before = now.revision;
	publish_serial(f, 5, NOW);
	ok(store_update_keys(f->store, f->zone, zone->keys, 3, "nothing", NOW, &err), &err);
	assert_int_equal(zone_now(f).revision, before);
	zone->keys[0].goal_present = !zone->keys[0].goal_present;
	ok(store_update_keys(f->store, f->zone, zone->keys, 3, "a goal", NOW, &err), &err);
	assert_int_equal(zone_now(f).revision, before + 1);
	now.policy_name = "other";
	ok(store_update_zone(f->store, &now, "policy set", NULL, NOW, &err), &err);
	assert_int_equal(zone_now(f).revision, before + 2);
}

/* ---- files ---- */

static void a_file_is_known_as_it_was_last_noted_and_the_log_is_silent(void **state)
{
	struct fixture *const f = ((struct zone *)*state)->f;
	struct error err;
	struct store_file file = { .path = "/in/nl.zone",
		.device = UINT64_MAX,
		.inode = 2,
		.size = 3,
		.modified = 4,
		.changed = 5,
		.serial = UINT32_MAX };
	struct store_file known;
	bool found = true;
	const int64_t before = ask(f->path, "SELECT count(*) FROM audit");
	ok(store_file(f->store, f->zone, STORE_FILE_INPUT, f->mem, &known, &found, &err), &err);
	assert_false(found);
	for (int64_t changed = 5; changed < 7; changed++) {
		file.changed = changed;
		memset(file.sha256, (int)changed, sizeof(file.sha256));
		ok(store_note_file(f->store, f->zone, STORE_FILE_INPUT, &file, &err), &err);
	}
	ok(store_file(f->store, f->zone, STORE_FILE_INPUT, f->mem, &known, &found, &err), &err);
	assert_true(found && known.device == UINT64_MAX && known.inode == 2 && known.size == 3 && known.modified == 4 &&
		    known.changed == 6 && known.serial == UINT32_MAX);
	assert_memory_equal(known.sha256, file.sha256, 32);
	ok(store_file(f->store, f->zone, STORE_FILE_OUTPUT, f->mem, &known, &found, &err), &err);
	assert_false(found);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM audit"), before);
}

#define WITH_ZONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ZONE(a_version_lasts_until_the_next_and_then_its_ttl_and_the_margin),
		WITH_ZONE(the_same_set_in_another_order_is_no_new_version),
		WITH_ZONE(absence_is_a_version),
		WITH_ZONE(a_version_that_has_ended_can_be_told_of),
		WITH_ZONE(a_key_of_another_zone_is_refused_and_nothing_stays),
		WITH_ZONE(ttls_end_when_another_begins_and_begin_again),
		WITH_ZONE(a_publication_carries_its_whole_step_or_nothing),
		WITH_ZONE(what_no_cache_holds_is_dropped_with_the_next_step),
		WITH_ZONE(what_the_engine_remembers_of_a_key_comes_back),
		WITH_ZONE(a_hold_is_held_once_and_released_once),
		WITH_ZONE(an_asked_step_is_taken_back_when_a_record_moves),
		WITH_ZONE(a_look_at_the_parent_is_in_the_log_when_it_finds_something_new),
		WITH_ZONE(the_revision_counts_what_moves_something),
		WITH_ZONE(a_file_is_known_as_it_was_last_noted_and_the_log_is_silent),
	};
	return cmocka_run_group_tests_name("store_served", tests, NULL, NULL);
}
