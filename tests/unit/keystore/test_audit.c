/* SPDX-License-Identifier: MIT */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/keystore/store_fixture.h"

static void fill(struct fixture *f)
{
	for (uint32_t serial = 1; serial <= 5; serial++)
		publish_serial(f, serial, NOW);
}

static void each_change_adds_one_row_and_moves_the_head(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	uint8_t before[32];
	uint8_t after[32];
	struct store_event *events;
	size_t count;
	ok(store_audit_head(f->store, before, &err), &err);
	ok(store_mark_restored(f->store, NOW, &err), &err);
	ok(store_audit_head(f->store, after, &err), &err);
	assert_memory_not_equal(before, after, 32);
	ok(store_events(f->store, NULL, 100, f->mem, &events, &count, &err), &err);
	assert_int_equal(count, 2);
	assert_memory_equal(events[0].hash, after, 32);
	assert_memory_equal(events[1].hash, before, 32);
	assert_string_equal(events[1].what, "zone added");
	assert_string_equal(events[1].zone, "nl.");
	assert_int_equal(events[1].when.seconds, NOW.seconds);
	assert_non_null(strstr(events[1].detail, "input /in/nl.zone, output (none), policy tld (SHA-256 "));
}

/* SHA-256 over "zoneseal audit 1" with its NUL, the hash before, id and time as 64 bits, and the texts with their
 * length as 32 bits: computed here by hand for the first row, so that the form cannot change unseen. */
static void the_hash_is_over_the_documented_octets(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store_event *events;
	size_t count;
	uint8_t octets[600] = "zoneseal audit 1";
	size_t at = 17 + 32;
	ok(store_events(f->store, NULL, 1, f->mem, &events, &count, &err), &err);
	bytes_put_u64(octets + at, 1);
	bytes_put_u64(octets + at + 8, (uint64_t)NOW.seconds);
	at += 16;
	const char *const texts[] = { "test", "nl.", "zone added", events[0].detail };
	for (size_t i = 0; i < COUNT(texts); i++) {
		bytes_put_u32(octets + at, (uint32_t)strlen(texts[i]));
		memcpy(octets + at + 4, texts[i], strlen(texts[i]));
		at += 4 + strlen(texts[i]);
	}
	uint8_t expected[32];
	bytes_sha256((struct bytes){ octets, at }, expected);
	assert_memory_equal(events[0].hash, expected, 32);
}

static void an_empty_audit_has_a_head_of_zeros(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store *fresh = NULL;
	char path[120];
	uint8_t head[32];
	static const uint8_t zeros[32];
	uint64_t rows = 1;
	snprintf(path, sizeof(path), "%s/fresh.db", f->folder);
	ok(store_open(path, STORE_CREATE, "test", &fresh, &err), &err);
	ok(store_audit_head(fresh, head, &err), &err);
	assert_memory_equal(head, zeros, 32);
	ok(store_audit_check(fresh, &rows, &err), &err);
	assert_int_equal(rows, 0);
	store_close(fresh);
}

static void sql_cannot_change_rows_of_the_audit(void **state)
{
	struct fixture *const f = *state;
	static const char *const attempts[] = {
		"UPDATE audit SET detail = 'x' WHERE id = 2",
		"DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)",
		"DELETE FROM audit",
		"INSERT OR REPLACE INTO audit SELECT id, time, 'x', zone, what, detail, hash FROM audit WHERE id = 2",
		"INSERT INTO audit SELECT id + 100, time, actor, zone, what, detail, hash FROM audit WHERE id = 2",
		"INSERT INTO audit SELECT -1, time, actor, zone, what, detail, hash FROM audit WHERE id = 2",
	};
	struct error err;
	uint64_t rows = 0;
	fill(f);
	for (size_t i = 0; i < COUNT(attempts); i++) {
		print_message("%s\n", attempts[i]);
		assert_int_equal(intrude(f->path, attempts[i]), SQLITE_CONSTRAINT);
	}
	ok(store_audit_check(f->store, &rows, &err), &err);
	assert_int_equal(rows, 11);
}

struct tampering {
	const char *sql;
	const char *message;
};

static void tampering_behind_the_triggers_is_found_with_its_row(void **state)
{
	static const struct tampering cases[] = {
		{ "UPDATE audit SET detail = detail || ' ' WHERE id = 4", "row 4 or the one before it was altered" },
		{ "UPDATE audit SET what = 'nothing' WHERE id = 1", "row 1 or" },
		{ "UPDATE audit SET time = time + 1 WHERE id = 11", "row 11 or" },
		{ "UPDATE audit SET actor = 'root' WHERE id = 2", "row 2 or" },
		{ "UPDATE audit SET zone = 'de.' WHERE id = 2", "row 2 or" },
		{ "UPDATE audit SET hash = zeroblob(32) WHERE id = 3", "row 3 or" },
		{ "UPDATE audit SET actor = 'tes', zone = 'tnl.' WHERE id = 2", "row 2 or" },
		{ "DELETE FROM audit WHERE id = 5", "row 5 is missing" },
		{ "DELETE FROM audit WHERE id = 1", "row 1 is missing" },
		{ "DELETE FROM audit WHERE id = 5; UPDATE audit SET id = id - 1 WHERE id > 5", "row 5 or" },
		{ "UPDATE audit SET id = -id WHERE id IN (2, 3); UPDATE audit SET id = 5 + id WHERE id < 0",
		    "row 2 or" },
	};
	struct fixture *const f = *state;
	char copy[120];
	snprintf(copy, sizeof(copy), "%s/copy.db", f->folder);
	fill(f);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err;
		struct store *store = NULL;
		uint64_t rows = 0;
		char sql[400];
		print_message("%s\n", cases[i].sql);
		ok(store_copy(f->store, copy, &err), &err);
		snprintf(sql, sizeof(sql), "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted; %s",
		    cases[i].sql);
		assert_int_equal(intrude(copy, sql), SQLITE_OK);
		ok(store_open(copy, STORE_READ, "test", &store, &err), &err);
		assert_int_equal(store_audit_check(store, &rows, &err), STATUS_NO);
		assert_non_null(strstr(err.message, cases[i].message));
		assert_int_equal(rows, 0);
		store_close(store);
		assert_int_equal(remove(copy), 0);
	}
}

/* Cutting off the end leaves a valid chain; that is why each run prints the head. */
static void a_cut_end_shows_in_the_head(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	uint64_t rows = 0;
	uint8_t before[32];
	uint8_t after[32];
	fill(f);
	ok(store_audit_head(f->store, before, &err), &err);
	assert_int_equal(
	    intrude(f->path, "DROP TRIGGER audit_is_not_deleted; DELETE FROM audit WHERE id > 8"), SQLITE_OK);
	ok(store_audit_check(f->store, &rows, &err), &err);
	assert_int_equal(rows, 8);
	ok(store_audit_head(f->store, after, &err), &err);
	assert_memory_not_equal(before, after, 32);
}

static void a_change_that_fails_leaves_no_row(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	uint64_t rows = 0;
	struct store_version version = some_version(1);
	publish_serial(f, 5, NOW);
	assert_int_equal(store_add_intent(f->store, f->zone, &version, NOW, &err), STATUS_REFUSED);
	assert_int_equal(store_remove_zone(f->store, 77, NOW, &err), STATUS_INTERNAL);
	ok(store_audit_check(f->store, &rows, &err), &err);
	assert_int_equal(rows, 3);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(each_change_adds_one_row_and_moves_the_head),
		WITH_STORE(the_hash_is_over_the_documented_octets),
		WITH_STORE(an_empty_audit_has_a_head_of_zeros),
		WITH_STORE(sql_cannot_change_rows_of_the_audit),
		WITH_STORE(tampering_behind_the_triggers_is_found_with_its_row),
		WITH_STORE(a_cut_end_shows_in_the_head),
		WITH_STORE(a_change_that_fails_leaves_no_row),
	};
	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
