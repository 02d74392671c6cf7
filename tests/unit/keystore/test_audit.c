/* SPDX-License-Identifier: MIT */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keystore/audit.h"
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

/* What a picture needs of a key is in its line; its public key, size and place are not read back. */
static void a_key_s_line_can_be_read_back(void **state)
{
	(void)state;
	struct arena *const mem = arena_new(0);
	for (enum key_role role = KEY_KSK; role <= KEY_CSK; role++)
		for (enum key_state in = KEY_NA; in <= KEY_UNRETENTIVE; in++) {
			struct key key = { .id = 77 + (int64_t)role,
				.role = role,
				.algorithm = 13,
				.flags = 257,
				.tag = 65535,
				.revoked_tag = 127,
				.goal_present = in == KEY_RUMOURED,
				.standby = in == KEY_HIDDEN,
				.foreign = in == KEY_OMNIPRESENT,
				.predecessor = 5,
				.created = { 1795000001 },
				.active = { 1795000002 },
				.ds_seen = { 1795000003 },
				.ds_gone = { 1795000004 },
				.revoked = { 1795000005 },
				.purged = { 1795000006 },
				.locator = "pkcs11:object= dnskey hidden@1 " };
			for (int record = 0; record < KEY_RECORDS; record++) {
				key.state[record] = record == (int)role ? KEY_OMNIPRESENT : in;
				key.since[record].seconds = 1795000010 + record;
			}
			const char *const lines =
			    arena_printf(mem, "%s%s", audit_key_line(&key, mem), audit_key_line(&key, mem));
			const char *at = lines;
			struct key read[2];
			assert_true(store_event_key(&at, &read[0]));
			assert_true(store_event_key(&at, &read[1]));
			assert_false(store_event_key(&at, &read[0]));
			assert_int_equal(at - lines, strlen(lines));
			for (size_t i = 0; i < 2; i++) {
				memcpy(read[i].locator, key.locator, sizeof(key.locator));
				assert_string_equal(audit_key_line(&read[i], mem), audit_key_line(&key, mem));
			}
		}
	static const char *const others[] = { "", "\n", "KSK 1 id 0 ", "KSK 1 id 7 dnskey hidden",
		"words of a person\n", "KSK 1 id 7 dnskey hidden@0 zrrsig -@0 krrsig hidden@0\nds hidden@0\n" };
	for (size_t i = 0; i < COUNT(others); i++) {
		const char *at = others[i];
		struct key key;
		assert_false(store_event_key(&at, &key));
		assert_ptr_equal(at, others[i]);
	}
	arena_free(mem);
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

/* ---- replay ---- */

/* Two keys that were published, one with words in the log that look like a key's line. */
static void live(struct fixture *f)
{
	struct error err;
	struct key keys[] = { key_of_vector(&vectors[4]), key_of_vector(&vectors[5]) };
	keys[0].state[KEY_DNSKEY] = keys[1].state[KEY_DNSKEY] = KEY_HIDDEN;
	ok(store_add_keys(f->store, f->zone, keys, 2, NOW, &err), &err);
	keys[0].state[KEY_DNSKEY] = KEY_RUMOURED;
	keys[0].was_full[KEY_DNSKEY] = true;
	keys[1].predecessor = keys[0].id;
	ok(store_update_keys(f->store, f->zone, keys, 2,
	       "because\nZSK 1 id 2 sha256 00 algorithm 13 goal present at nowhere\n", NOW, &err),
	    &err);
	keys[0].state[KEY_DNSKEY] = KEY_OMNIPRESENT;
	ok(store_update_keys(f->store, f->zone, keys, 1, "time", NOW, &err), &err);
}

static size_t problems_of(struct fixture *f, struct store_replayed **keys, size_t *count)
{
	struct error err;
	size_t problems;
	ok(store_audit_replay(f->store, f->mem, keys, count, &problems, &err), &err);
	return problems;
}

static void the_log_alone_makes_every_key_again(void **state)
{
	struct fixture *const f = *state;
	struct store_replayed *keys;
	size_t count;
	live(f);
	reopen(f, STORE_READ);
	assert_int_equal(problems_of(f, &keys, &count), 0);
	assert_int_equal(count, 2);
	assert_string_equal(keys[0].logged, keys[0].stored);
	assert_string_equal(keys[0].zone, "nl.");
	assert_non_null(strstr(keys[0].logged, " dnskey omnipresent@0 "));
	assert_non_null(strstr(keys[1].logged, " predecessor 1 "));
	assert_true(keys[0].row > keys[1].row);
}

static void words_in_a_reason_are_no_state_of_a_key(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store_event *events;
	size_t count;
	live(f);
	ok(store_events(f->store, "nl.", 2, f->mem, &events, &count, &err), &err);
	assert_non_null(strstr(events[1].detail, "because ZSK 1 id 2 sha256 00"));
	assert_null(strstr(events[1].keys, "nowhere"));
	assert_non_null(strstr(events[1].keys, "KSK "));
}

static void a_table_that_was_changed_behind_the_log_is_found(void **state)
{
	static const struct {
		const char *title;
		const char *sql;
		const char *problem;
	} damages[] = {
		{ "a goal", "UPDATE keys SET goal_present = 1 WHERE id = 1", "says otherwise than the log" },
		{ "a time", "UPDATE keys SET dnskey_since = 5 WHERE id = 2", "says otherwise than the log" },
		{ "a tag", "UPDATE key_tags SET tag = 7 WHERE key = 2 AND revoked = 0", "says otherwise than the log" },
		{ "another public key", "UPDATE keys SET public_key = x'00' WHERE id = 1",
		    "is not the one of its fingerprint" },
		{ "a key that is gone", "DELETE FROM key_tags WHERE key = 2; DELETE FROM keys WHERE id = 2",
		    "the keystore has no such key" },
		{ "a key from nowhere",
		    "INSERT INTO keys (id, zone, role, algorithm, flags, bits, public_key, fingerprint, locator, "
		    "goal_present, "
		    "dnskey, dnskey_since, zrrsig, zrrsig_since, krrsig, krrsig_since, ds, ds_since, created, active) "
		    "SELECT 9, zone, role, algorithm, flags, bits, public_key, zeroblob(32), locator, 0, dnskey, 0, "
		    "zrrsig, 0, krrsig, 0, ds, 0, 0, 0 FROM keys WHERE id = 1",
		    "the log does not tell of it" },
		{ "another zone",
		    "INSERT INTO zones (id, name, policy_name, policy_text, parents, added) "
		    "SELECT 7, 'se.', policy_name, policy_text, parents, added FROM zones; UPDATE key_tags SET zone = "
		    "7 WHERE key = 2; UPDATE "
		    "keys "
		    "SET zone = 7 WHERE id = 2",
		    "in another zone" },
	};
	struct fixture *const f = *state;
	size_t size;
	live(f);
	store_close(f->store);
	f->store = NULL;
	uint8_t *const whole = file_take(f->path, &size);
	for (size_t i = 0; i < COUNT(damages); i++) {
		struct store_replayed *keys;
		size_t count;
		const char *problem = NULL;
		if (intrude(f->path, damages[i].sql) != SQLITE_OK)
			fail_msg("%s: the SQL fails", damages[i].title);
		reopen(f, STORE_READ);
		const size_t problems = problems_of(f, &keys, &count);
		for (size_t j = 0; j < count; j++)
			problem = keys[j].problem != NULL ? keys[j].problem : problem;
		if (problems != 1 || strstr(problem, damages[i].problem) == NULL)
			fail_msg(
			    "%s: %zu problems, %s", damages[i].title, problems, problem == NULL ? "none" : problem);
		store_close(f->store);
		f->store = NULL;
		file_make(f->path, whole, size, 0600);
	}
	free(whole);
}

static void a_log_that_was_changed_is_not_replayed(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store_replayed *keys;
	size_t count;
	size_t problems;
	live(f);
	assert_int_equal(
	    intrude(f->path, "DROP TRIGGER audit_is_not_changed; UPDATE audit SET detail = replace(detail, "
			     "'rumoured@', 'hidden@') WHERE what = 'keys changed'"),
	    SQLITE_OK);
	assert_int_equal(store_audit_replay(f->store, f->mem, &keys, &count, &problems, &err), STATUS_NO);
	assert_non_null(strstr(err.message, "was altered"));
}

struct seen {
	size_t count;
	int64_t last;
	size_t most;
};

static bool see(const struct store_event *event, void *context)
{
	struct seen *const seen = context;
	assert_true(event->id > seen->last);
	seen->last = event->id;
	return ++seen->count < seen->most;
}

static void rows_come_oldest_first_and_from_a_moment_on(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct seen all = { .most = 100 };
	struct seen later = { .most = 100 };
	struct seen some = { .most = 2 };
	fill(f);
	ok(store_hold(f->store, f->zone, "a test", (struct utc){ NOW.seconds + 1 }, &err), &err);
	ok(store_each_event(f->store, NULL, (struct utc){ 0 }, see, &all, &err), &err);
	ok(store_each_event(f->store, "nl.", (struct utc){ NOW.seconds + 1 }, see, &later, &err), &err);
	ok(store_each_event(f->store, NULL, (struct utc){ 0 }, see, &some, &err), &err);
	assert_int_equal(all.count, 12);
	assert_int_equal(later.count, 1);
	assert_int_equal(some.count, 2);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_s_line_can_be_read_back),
		WITH_STORE(each_change_adds_one_row_and_moves_the_head),
		WITH_STORE(the_hash_is_over_the_documented_octets),
		WITH_STORE(an_empty_audit_has_a_head_of_zeros),
		WITH_STORE(sql_cannot_change_rows_of_the_audit),
		WITH_STORE(tampering_behind_the_triggers_is_found_with_its_row),
		WITH_STORE(a_cut_end_shows_in_the_head),
		WITH_STORE(a_change_that_fails_leaves_no_row),
		WITH_STORE(the_log_alone_makes_every_key_again),
		WITH_STORE(words_in_a_reason_are_no_state_of_a_key),
		WITH_STORE(a_table_that_was_changed_behind_the_log_is_found),
		WITH_STORE(a_log_that_was_changed_is_not_replayed),
		WITH_STORE(rows_come_oldest_first_and_from_a_moment_on),
	};
	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
