/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/keystore/store_fixture.h"

static struct utc later(int64_t seconds)
{
	return (struct utc){ NOW.seconds + seconds };
}

static void a_zone_comes_back_as_it_was_added(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store_zone zone = { 0 };
	bool found = false;
	reopen(f, STORE_READ);
	ok(store_find_zone(f->store, "nl.", f->mem, &zone, &found, &err), &err);
	assert_true(found);
	assert_int_equal(zone.id, f->zone);
	assert_string_equal(zone.name, "nl.");
	assert_string_equal(zone.input, "/in/nl.zone");
	assert_null(zone.output);
	assert_string_equal(zone.policy_name, "tld");
	assert_string_equal(zone.policy_text, "name: tld\n");
	assert_string_equal(zone.parents, "192.0.2.1");
	assert_int_equal(zone.added.seconds, NOW.seconds);
	assert_false(zone.removed);
	assert_int_equal(zone.input_failing_since.seconds, 0);
	ok(store_find_zone(f->store, "de.", f->mem, &zone, &found, &err), &err);
	assert_false(found);
}

static void a_zone_that_is_there_is_not_added_again(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store_zone zone = { .name = "nl.", .policy_name = "p", .policy_text = "" };
	int64_t id = -1;
	assert_int_equal(store_add_zone(f->store, &zone, NOW, &id, &err), STATUS_REFUSED);
	assert_string_equal(err.message, "zone nl. is there already");
	assert_int_equal(id, -1);
}

static void a_removed_zone_comes_back_with_its_history(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store_zone zone = { .name = "nl.", .policy_name = "p", .policy_text = "", .output = "/o" };
	struct store_zone *zones;
	size_t count;
	int64_t id = 0;
	bool found;
	uint32_t floor = 0;
	publish_serial(f, 7, NOW);
	ok(store_remove_zone(f->store, f->zone, later(5), &err), &err);
	ok(store_zones(f->store, f->mem, &zones, &count, &err), &err);
	assert_int_equal(count, 0);
	struct store_zone removed;
	ok(store_find_zone(f->store, "nl.", f->mem, &removed, &found, &err), &err);
	assert_true(found && removed.removed);
	ok(store_add_zone(f->store, &zone, later(9), &id, &err), &err);
	assert_int_equal(id, f->zone);
	ok(store_serial_floor(f->store, id, &floor, &found, &err), &err);
	assert_true(found);
	assert_int_equal(floor, 7);
}

static void an_update_changes_the_zone_and_is_told(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store_zone zone = { .id = f->zone,
		.output = "/out/nl",
		.policy_name = "tld-rsa",
		.policy_text = "name: tld-rsa\n",
		.parents = "" };
	struct store_zone got;
	struct store_event *events;
	size_t count;
	bool found;
	ok(store_update_zone(f->store, &zone, "policy applied", "a reason", later(1), &err), &err);
	ok(store_find_zone(f->store, "nl.", f->mem, &got, &found, &err), &err);
	assert_null(got.input);
	assert_string_equal(got.output, "/out/nl");
	assert_string_equal(got.policy_text, "name: tld-rsa\n");
	ok(store_events(f->store, "nl.", 1, f->mem, &events, &count, &err), &err);
	assert_string_equal(events[0].what, "policy applied");
	assert_non_null(strstr(events[0].detail, "output /out/nl, policy tld-rsa (SHA-256 "));
	ok(store_remove_zone(f->store, f->zone, later(2), &err), &err);
	ok(store_update_zone(f->store, &zone, "policy applied", NULL, later(3), &err), &err);
	ok(store_find_zone(f->store, "nl.", f->mem, &got, &found, &err), &err);
	assert_true(got.removed);
	zone.id = 1000;
	assert_int_equal(store_update_zone(f->store, &zone, "policy applied", NULL, later(3), &err), STATUS_INTERNAL);
}

static void zones_are_listed_by_name(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	int64_t id;
	static const char *const names[] = { "se.", ".", "de.", "co.nl." };
	for (size_t i = 0; i < COUNT(names); i++) {
		const struct store_zone zone = { .name = names[i], .policy_name = "p", .policy_text = "" };
		ok(store_add_zone(f->store, &zone, NOW, &id, &err), &err);
	}
	struct store_zone *zones;
	size_t count;
	ok(store_zones(f->store, f->mem, &zones, &count, &err), &err);
	assert_int_equal(count, 5);
	static const char *const sorted[] = { ".", "co.nl.", "de.", "nl.", "se." };
	for (size_t i = 0; i < count; i++)
		assert_string_equal(zones[i].name, sorted[i]);
}

static void a_failing_input_keeps_the_time_it_began(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store_zone zone;
	bool found;
	uint64_t rows[3];
	ok(store_set_input_failure(f->store, f->zone, "missing", later(1), &err), &err);
	ok(store_audit_check(f->store, &rows[0], &err), &err);
	ok(store_set_input_failure(f->store, f->zone, "missing", later(60), &err), &err);
	ok(store_audit_check(f->store, &rows[1], &err), &err);
	assert_int_equal(rows[0], rows[1]);
	ok(store_set_input_failure(f->store, f->zone, "malformed", later(120), &err), &err);
	ok(store_find_zone(f->store, "nl.", f->mem, &zone, &found, &err), &err);
	assert_int_equal(zone.input_failing_since.seconds, later(1).seconds);
	assert_string_equal(zone.input_failure, "malformed");
	ok(store_set_input_failure(f->store, f->zone, NULL, later(180), &err), &err);
	ok(store_find_zone(f->store, "nl.", f->mem, &zone, &found, &err), &err);
	assert_int_equal(zone.input_failing_since.seconds, 0);
	assert_null(zone.input_failure);
	ok(store_audit_check(f->store, &rows[2], &err), &err);
	assert_int_equal(rows[2], rows[0] + 2);
}

static struct key numbered_key(unsigned number)
{
	struct key key = { .role = KEY_ZSK, .algorithm = 15, .flags = 256, .goal_present = true, .public_size = 32 };
	key.state[KEY_DNSKEY] = KEY_HIDDEN;
	key.state[KEY_ZRRSIG] = KEY_HIDDEN;
	bytes_put_u32(key.public_key, number);
	dnskey_identify(&key);
	snprintf(key.locator, sizeof(key.locator), "file:%u.pem", number);
	return key;
}

static void assert_same_key(const struct key *a, const struct key *b)
{
	assert_true(a->id > 0);
	assert_int_equal(a->id, b->id);
	assert_int_equal(a->role, b->role);
	assert_int_equal(a->algorithm, b->algorithm);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->tag, b->tag);
	assert_int_equal(a->revoked_tag, b->revoked_tag);
	assert_int_equal(a->bits, b->bits);
	assert_int_equal(a->public_size, b->public_size);
	assert_memory_equal(a->public_key, b->public_key, a->public_size);
	assert_memory_equal(a->fingerprint, b->fingerprint, 32);
	assert_string_equal(a->locator, b->locator);
	assert_int_equal(a->goal_present, b->goal_present);
	for (size_t i = 0; i < KEY_RECORDS; i++) {
		assert_int_equal(a->state[i], b->state[i]);
		assert_int_equal(a->since[i].seconds, b->since[i].seconds);
	}
	assert_int_equal(a->created.seconds, b->created.seconds);
	assert_int_equal(a->active.seconds, b->active.seconds);
}

static void keys_come_back_as_they_were_stored(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct key keys[COUNT(vectors)];
	struct key *got;
	size_t count;
	for (size_t i = 0; i < COUNT(keys); i++) {
		keys[i] = key_of_vector(&vectors[i]);
		for (size_t r = 0; r < KEY_RECORDS; r++) {
			keys[i].state[r] = (enum key_state)((i + r) % 5);
			keys[i].since[r].seconds = (int64_t)(100 * i + r);
		}
		keys[i].goal_present = i % 2 == 0;
		keys[i].active.seconds = (int64_t)i;
	}
	ok(store_add_keys(f->store, f->zone, keys, COUNT(keys), NOW, &err), &err);
	reopen(f, STORE_READ);
	ok(store_keys(f->store, f->zone, f->mem, &got, &count, &err), &err);
	assert_int_equal(count, COUNT(keys));
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(got[i].created.seconds, NOW.seconds);
		assert_same_key(&got[i], &keys[i]);
	}
}

struct collision {
	const char *title;
	int first;  /* tag of the key that is there: 0 plain, 1 revoked */
	int second; /* tag of the new key that equals it */
};

/* Two keys whose tags meet: found by counting, since a tag has 16 bits. */
static void a_tag_that_the_zone_ever_had_is_refused_in_all_four_ways(void **state)
{
	static const struct collision cases[] = {
		{ "tag as a tag", 0, 0 },
		{ "tag as a revoked tag", 0, 1 },
		{ "revoked tag as a tag", 1, 0 },
		{ "revoked tag as a revoked tag", 1, 1 },
	};
	struct fixture *const f = *state;
	struct error err;
	struct key first = numbered_key(1);
	ok(store_add_keys(f->store, f->zone, &first, 1, NOW, &err), &err);
	for (size_t i = 0; i < COUNT(cases); i++) {
		print_message("%s\n", cases[i].title);
		const uint16_t wanted = cases[i].first == 0 ? first.tag : first.revoked_tag;
		struct key second;
		unsigned number = 2;
		do
			second = numbered_key(number++);
		while ((cases[i].second == 0 ? second.tag : second.revoked_tag) != wanted);
		struct key pair[2] = { numbered_key(number + 70000 + (unsigned)i), second };
		assert_int_equal(store_add_keys(f->store, f->zone, pair, 2, NOW, &err), STATUS_REFUSED);
		assert_non_null(strstr(err.message, "make another key"));
		assert_int_equal(pair[0].id, 0);
		bool used = false;
		ok(store_tag_is_used(f->store, f->zone, wanted, &used, &err), &err);
		assert_true(used);
		ok(store_tag_is_used(f->store, f->zone, pair[0].tag, &used, &err), &err);
		assert_false(used);
	}
}

static void a_key_is_added_once(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct key key = numbered_key(1);
	struct key again = key;
	ok(store_add_keys(f->store, f->zone, &key, 1, NOW, &err), &err);
	assert_int_equal(store_add_keys(f->store, f->zone, &again, 1, NOW, &err), STATUS_REFUSED);
	assert_non_null(strstr(err.message, "this very key"));
}

static void changed_keys_are_told_in_the_audit_and_unchanged_ones_are_not(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct key key = numbered_key(1);
	struct store_event *events;
	size_t count;
	uint64_t before;
	uint64_t after;
	ok(store_add_keys(f->store, f->zone, &key, 1, NOW, &err), &err);
	ok(store_audit_check(f->store, &before, &err), &err);
	ok(store_update_keys(f->store, f->zone, &key, 1, "nothing", later(1), &err), &err);
	ok(store_audit_check(f->store, &after, &err), &err);
	assert_int_equal(before, after);
	key.state[KEY_DNSKEY] = KEY_RUMOURED;
	key.since[KEY_DNSKEY] = later(60);
	ok(store_update_keys(f->store, f->zone, &key, 1, "because", later(60), &err), &err);
	ok(store_events(f->store, "nl.", 1, f->mem, &events, &count, &err), &err);
	assert_int_equal(count, 1);
	assert_string_equal(events[0].what, "keys changed");
	assert_string_equal(events[0].actor, "test");
	char expected[200];
	snprintf(expected, sizeof(expected), "ZSK %u (%02x%02x", key.tag, key.fingerprint[0], key.fingerprint[1]);
	assert_memory_equal(events[0].detail, expected, strlen(expected));
	assert_non_null(strstr(
	    events[0].detail, "DNSKEY published since 2026-11-18T11:07:40Z (dnskey rumoured, was hidden); because"));
	struct key stranger = numbered_key(2);
	stranger.id = 99;
	assert_int_equal(store_update_keys(f->store, f->zone, &stranger, 1, "", NOW, &err), STATUS_INTERNAL);
}

static void an_intent_becomes_a_receipt_with_the_key_states_that_begin_then(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct key key = numbered_key(1);
	struct key *keys;
	size_t count;
	bool found;
	struct store_version got;
	struct store_version version = some_version(2026112401);
	ok(store_add_keys(f->store, f->zone, &key, 1, NOW, &err), &err);
	ok(store_last_version(f->store, f->zone, f->mem, &got, &found, &err), &err);
	assert_false(found);
	ok(store_add_intent(f->store, f->zone, &version, later(10), &err), &err);
	assert_true(version.id > 0);
	reopen(f, STORE_CHANGE);
	ok(store_last_version(f->store, f->zone, f->mem, &got, &found, &err), &err);
	assert_false(found);
	ok(store_open_intent(f->store, f->zone, f->mem, &got, &found, &err), &err);
	assert_true(found);
	assert_int_equal(got.id, version.id);
	assert_int_equal(got.serial, 2026112401);
	assert_memory_equal(got.sha256, version.sha256, 32);
	assert_memory_equal(got.input_sha256, version.input_sha256, 32);
	assert_memory_equal(got.config_sha256, version.config_sha256, 32);
	assert_string_equal(got.path, version.path);
	assert_string_equal(got.keys, version.keys);
	assert_string_equal(got.verdict, version.verdict);
	assert_int_equal(got.intended.seconds, later(10).seconds);
	assert_int_equal(got.published.seconds, 0);
	assert_int_equal(got.first_expiry.seconds, version.first_expiry.seconds);
	assert_int_equal(got.refresh.seconds, version.refresh.seconds);
	assert_int_equal(got.largest_ttl, 86400);
	assert_int_equal(got.dnskey_ttl, 3600);
	assert_int_equal(got.negative_ttl, 900);
	assert_int_equal(got.records, UINT64_C(5000000000));
	assert_int_equal(got.signatures, 7);
	assert_int_equal(got.size, 8);
	assert_int_equal(got.input_serial, UINT32_C(4294967295));
	key.state[KEY_DNSKEY] = KEY_RUMOURED;
	key.since[KEY_DNSKEY] = later(12);
	ok(store_confirm(f->store, f->zone, got.id, later(12), &key, 1, &err), &err);
	ok(store_open_intent(f->store, f->zone, f->mem, &got, &found, &err), &err);
	assert_false(found);
	ok(store_last_version(f->store, f->zone, f->mem, &got, &found, &err), &err);
	assert_true(found);
	assert_int_equal(got.published.seconds, later(12).seconds);
	ok(store_keys(f->store, f->zone, f->mem, &keys, &count, &err), &err);
	assert_int_equal(keys[0].state[KEY_DNSKEY], KEY_RUMOURED);
	assert_int_equal(store_confirm(f->store, f->zone, got.id, later(13), NULL, 0, &err), STATUS_INTERNAL);
	assert_int_equal(store_abandon(f->store, f->zone, got.id, later(13), &err), STATUS_INTERNAL);
}

static void one_intent_at_a_time(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store_version first = some_version(1);
	struct store_version second = some_version(2);
	ok(store_add_intent(f->store, f->zone, &first, NOW, &err), &err);
	assert_int_equal(store_add_intent(f->store, f->zone, &second, NOW, &err), STATUS_REFUSED);
	assert_non_null(strstr(err.message, "neither confirmed nor abandoned"));
	assert_int_equal(second.id, 0);
}

struct serial_case {
	const char *title;
	uint32_t floor;
	uint32_t serial;
	bool accepted;
};

static void a_serial_must_be_greater_than_every_one_before(void **state)
{
	static const struct serial_case cases[] = {
		{ "the same", 100, 100, false },
		{ "one more", 100, 101, true },
		{ "one less", 100, 99, false },
		{ "over the end", UINT32_C(4294967295), 0, true },
		{ "back over the end", 0, UINT32_C(4294967295), false },
		{ "as far as it goes", 1, UINT32_C(2147483648), true },
		{ "half way round has no order", 1, UINT32_C(2147483649), false },
		{ "more than half way is less", 1, UINT32_C(2147483650), false },
	};
	struct fixture *const f = *state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err;
		char name[16];
		snprintf(name, sizeof(name), "z%zu.", i);
		const struct store_zone zone = { .name = name, .policy_name = "p", .policy_text = "" };
		ok(store_add_zone(f->store, &zone, NOW, &f->zone, &err), &err);
		publish_serial(f, cases[i].floor, NOW);
		struct store_version version = some_version(cases[i].serial);
		const enum status status = store_add_intent(f->store, f->zone, &version, NOW, &err);
		print_message("%s\n", cases[i].title);
		assert_int_equal(status, cases[i].accepted ? STATUS_OK : STATUS_REFUSED);
		if (!cases[i].accepted)
			assert_non_null(strstr(err.message, "(RFC 1982 3.2)"));
	}
}

static void an_abandoned_serial_stays_used(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store_version version = some_version(5);
	struct store_version again = some_version(5);
	uint32_t floor = 0;
	bool found = false;
	ok(store_add_intent(f->store, f->zone, &version, NOW, &err), &err);
	ok(store_abandon(f->store, f->zone, version.id, later(1), &err), &err);
	assert_int_equal(store_add_intent(f->store, f->zone, &again, NOW, &err), STATUS_REFUSED);
	ok(store_serial_floor(f->store, f->zone, &floor, &found, &err), &err);
	assert_true(found);
	assert_int_equal(floor, 5);
	ok(store_last_version(f->store, f->zone, f->mem, &version, &found, &err), &err);
	assert_false(found);
}

/* Three steps of almost half the circle come back to the start. */
static void a_serial_is_never_used_twice_even_after_a_whole_circle(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	publish_serial(f, 10, NOW);
	publish_serial(f, 10 + UINT32_C(2000000000), NOW);
	publish_serial(f, 10 + UINT32_C(4000000000), NOW);
	struct store_version version = some_version(10);
	assert_int_equal(store_add_intent(f->store, f->zone, &version, NOW, &err), STATUS_REFUSED);
	assert_string_equal(err.message, "serial 10 has been used by this zone before");
	version.serial = 11;
	ok(store_add_intent(f->store, f->zone, &version, NOW, &err), &err);
}

static void old_verdicts_go_and_their_versions_stay(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store_version *versions;
	size_t count;
	for (uint32_t serial = 1; serial <= 40; serial++)
		publish_serial(f, serial, NOW);
	ok(store_versions(f->store, f->zone, 1000, f->mem, &versions, &count, &err), &err);
	assert_int_equal(count, 40);
	assert_int_equal(versions[0].serial, 40);
	assert_non_null(versions[31].verdict);
	assert_null(versions[32].verdict);
	ok(store_versions(f->store, f->zone, 3, f->mem, &versions, &count, &err), &err);
	assert_int_equal(count, 3);
}

static void runs_are_a_log_of_bounded_length(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store_run *runs;
	size_t count;
	assert_int_equal(
	    intrude(f->path,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100) INSERT INTO runs "
		"(zone, started, ended, status, message, verdict, serial) SELECT 1, i, i, 0, '', '{}', i FROM n"),
	    0);
	const struct store_run run = { .started = NOW,
		.ended = later(3),
		.status = STATUS_MISSING,
		.message = "no input",
		.verdict = NULL,
		.serial = UINT32_C(4000000000) };
	ok(store_add_run(f->store, f->zone, &run, &err), &err);
	ok(store_runs(f->store, f->zone, 5000, f->mem, &runs, &count, &err), &err);
	assert_int_equal(count, 1000);
	assert_int_equal(runs[0].started.seconds, NOW.seconds);
	assert_int_equal(runs[0].ended.seconds, later(3).seconds);
	assert_int_equal(runs[0].status, STATUS_MISSING);
	assert_string_equal(runs[0].message, "no input");
	assert_null(runs[0].verdict);
	assert_int_equal(runs[0].serial, UINT32_C(4000000000));
	assert_non_null(runs[32].verdict);
	assert_null(runs[33].verdict);
}

static void the_audit_tells_when_runs_begin_to_fail_and_when_they_work_again(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store_event *events;
	size_t count;
	static const enum status ends[] = { STATUS_OK, STATUS_MISSING, STATUS_MISSING, STATUS_NO, STATUS_OK,
		STATUS_OK };
	for (size_t i = 0; i < COUNT(ends); i++) {
		const struct store_run run = { .ended = later((int64_t)i), .status = ends[i], .message = "m" };
		ok(store_add_run(f->store, f->zone, &run, &err), &err);
	}
	ok(store_events(f->store, NULL, 100, f->mem, &events, &count, &err), &err);
	assert_int_equal(count, 4);
	assert_string_equal(events[0].what, "runs work again");
	assert_string_equal(events[1].what, "run failed");
	assert_string_equal(events[1].detail, "status 1: m");
	assert_string_equal(events[2].detail, "status 66: m");
	assert_string_equal(events[3].what, "zone added");
	struct utc last = { 0 };
	ok(store_last_time(f->store, &last, &err), &err);
	assert_int_equal(last.seconds, later(5).seconds);
}

static void the_last_time_never_goes_back(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct utc last = { 0 };
	ok(store_set_input_failure(f->store, f->zone, "x", later(100), &err), &err);
	ok(store_set_input_failure(f->store, f->zone, NULL, later(50), &err), &err);
	ok(store_last_time(f->store, &last, &err), &err);
	assert_int_equal(last.seconds, later(100).seconds);
}

static void the_virtual_clock_is_for_a_keystore_without_zones(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	bool is = true;
	ok(store_is_virtual_clock(f->store, &is, &err), &err);
	assert_false(is);
	assert_int_equal(store_set_virtual_clock(f->store, NOW, &err), STATUS_REFUSED);
	char path[100];
	struct store *fresh = NULL;
	snprintf(path, sizeof(path), "%s/other.db", f->folder);
	ok(store_open(path, STORE_CREATE, "test", &fresh, &err), &err);
	ok(store_set_virtual_clock(fresh, NOW, &err), &err);
	ok(store_is_virtual_clock(fresh, &is, &err), &err);
	assert_true(is);
	store_close(fresh);
}

static void a_restored_keystore_says_so_until_it_is_reconciled(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	bool is = true;
	struct store_event *events;
	size_t count;
	ok(store_is_restored(f->store, &is, &err), &err);
	assert_false(is);
	ok(store_mark_restored(f->store, NOW, &err), &err);
	reopen(f, STORE_CHANGE);
	ok(store_is_restored(f->store, &is, &err), &err);
	assert_true(is);
	ok(store_reconciled(f->store, "serial 5 seen", NOW, &err), &err);
	ok(store_is_restored(f->store, &is, &err), &err);
	assert_false(is);
	ok(store_events(f->store, NULL, 1, f->mem, &events, &count, &err), &err);
	assert_string_equal(events[0].detail, "serial 5 seen");
}

static void a_reader_cannot_change_anything(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	reopen(f, STORE_READ);
	assert_int_equal(store_mark_restored(f->store, NOW, &err), STATUS_INTERNAL);
	assert_int_equal(store_remove_zone(f->store, f->zone, NOW, &err), STATUS_INTERNAL);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(a_zone_comes_back_as_it_was_added),
		WITH_STORE(a_zone_that_is_there_is_not_added_again),
		WITH_STORE(a_removed_zone_comes_back_with_its_history),
		WITH_STORE(an_update_changes_the_zone_and_is_told),
		WITH_STORE(zones_are_listed_by_name),
		WITH_STORE(a_failing_input_keeps_the_time_it_began),
		WITH_STORE(keys_come_back_as_they_were_stored),
		WITH_STORE(a_tag_that_the_zone_ever_had_is_refused_in_all_four_ways),
		WITH_STORE(a_key_is_added_once),
		WITH_STORE(changed_keys_are_told_in_the_audit_and_unchanged_ones_are_not),
		WITH_STORE(an_intent_becomes_a_receipt_with_the_key_states_that_begin_then),
		WITH_STORE(one_intent_at_a_time),
		WITH_STORE(a_serial_must_be_greater_than_every_one_before),
		WITH_STORE(an_abandoned_serial_stays_used),
		WITH_STORE(a_serial_is_never_used_twice_even_after_a_whole_circle),
		WITH_STORE(old_verdicts_go_and_their_versions_stay),
		WITH_STORE(runs_are_a_log_of_bounded_length),
		WITH_STORE(the_audit_tells_when_runs_begin_to_fail_and_when_they_work_again),
		WITH_STORE(the_last_time_never_goes_back),
		WITH_STORE(the_virtual_clock_is_for_a_keystore_without_zones),
		WITH_STORE(a_restored_keystore_says_so_until_it_is_reconciled),
		WITH_STORE(a_reader_cannot_change_anything),
	};
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
