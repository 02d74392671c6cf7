/* SPDX-License-Identifier: MIT */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keystore/store_open.h"
#include "keystore/store_served.h"
#include "tests/unit/keystore/store_fixture.h"

static const char second_sql[] = "CREATE TABLE extras (zone INTEGER NOT NULL REFERENCES zones (id)) STRICT;"
				 "INSERT INTO extras SELECT id FROM zones;"
				 "ALTER TABLE zones ADD COLUMN note TEXT NOT NULL DEFAULT '';";
static const char broken_sql[] = "CREATE TABLE extras (zone INTEGER) STRICT; INSERT INTO nowhere VALUES (1);";

/* The built-in steps and one more. */
static struct migrate_step *steps_and(const char *sql, size_t *count)
{
	const struct migrate_step *const built_in = migrate_steps(count);
	struct migrate_step *const steps = calloc(*count + 1, sizeof(*steps));
	memcpy(steps, built_in, *count * sizeof(*steps));
	steps[*count] = (struct migrate_step){ steps[*count - 1].version + 1, sql };
	(*count)++;
	return steps;
}

static void an_older_database_is_migrated_after_a_copy(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	size_t count;
	struct migrate_step *const steps = steps_and(second_sql, &count);
	char copy[120];
	struct stat info;
	publish_serial(f, 5, NOW);
	store_close(f->store);
	f->store = NULL;
	ok(store_open_with(f->path, STORE_CHANGE, "test", steps, count, &f->store, &err), &err);
	assert_int_equal(ask(f->path, "PRAGMA user_version"), steps[count - 1].version);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM extras"), 1);
	assert_int_equal(ask(f->path, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
	snprintf(copy, sizeof(copy), "%s.before-%d", f->path, steps[count - 1].version);
	assert_int_equal(stat(copy, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(ask(copy, "SELECT serial FROM versions"), 5);
	assert_int_equal(ask(copy, "PRAGMA user_version"), steps[count - 2].version);
	uint64_t rows;
	ok(store_audit_check(f->store, &rows, &err), &err);
	struct store *old = NULL;
	assert_int_equal(store_open(f->path, STORE_CHANGE, "test", &old, &err), STATUS_POLICY);
	free(steps);
}

static void an_older_database_is_not_read_before_it_is_migrated(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	size_t count;
	struct migrate_step *const steps = steps_and(second_sql, &count);
	struct store *store = NULL;
	assert_int_equal(store_open_with(f->path, STORE_READ, "test", steps, count, &store, &err), STATUS_POLICY);
	assert_non_null(strstr(err.message, "must be migrated"));
	free(steps);
}

static void a_step_that_fails_changes_nothing(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	size_t count;
	struct migrate_step *const steps = steps_and(broken_sql, &count);
	struct store *store = NULL;
	store_close(f->store);
	f->store = NULL;
	assert_int_not_equal(store_open_with(f->path, STORE_CHANGE, "test", steps, count, &store, &err), STATUS_OK);
	assert_non_null(strstr(err.message, "schema step"));
	assert_null(store);
	assert_int_equal(ask(f->path, "PRAGMA user_version"), steps[count - 2].version);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM sqlite_master WHERE name = 'extras'"), 0);
	reopen(f, STORE_CHANGE);
	publish_serial(f, 5, NOW);
	free(steps);
}

static void a_migration_waits_for_nobody_who_works(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	size_t count;
	struct migrate_step *const steps = steps_and(second_sql, &count);
	struct store *store = NULL;
	assert_int_equal(store_open_with(f->path, STORE_CHANGE, "test", steps, count, &store, &err), STATUS_BUSY);
	assert_int_equal(ask(f->path, "PRAGMA user_version"), steps[count - 2].version);
	publish_serial(f, 5, NOW);
	free(steps);
}

/* Text without comments, and white space only between words: ALTER TABLE puts columns where it likes. */
static void squeeze(char *text)
{
	char *to = text;
	bool in_space = true;
	for (const char *from = text; *from != '\0'; from++) {
		if (from[0] == '-' && from[1] == '-')
			from = strchrnul(from, '\n');
		const bool space = *from == '\0' || strchr(" \t\n", *from) != NULL;
		if (!space && to > text && to[-1] == ' ' && strchr(",()", *from) != NULL)
			to--;
		if (!space || !in_space)
			*to++ = space ? ' ' : *from;
		in_space = space || strchr(",()", *from) != NULL;
		if (*from == '\0')
			break;
	}
	*to = '\0';
}

static char *schema_of(sqlite3 *database)
{
	char *text = strdup("");
	sqlite3_stmt *statement = NULL;
	assert_int_equal(sqlite3_prepare_v2(database,
			     "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master ORDER BY type, name",
			     -1, &statement, NULL),
	    SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		char *longer = NULL;
		assert_true(asprintf(&longer, "%s%s %s %s\n%s\n", text, (const char *)sqlite3_column_text(statement, 0),
				(const char *)sqlite3_column_text(statement, 1),
				(const char *)sqlite3_column_text(statement, 2),
				(const char *)sqlite3_column_text(statement, 3)) > 0);
		free(text);
		text = longer;
	}
	sqlite3_finalize(statement);
	squeeze(text);
	return text;
}

/* The schema of a database in memory made by these texts. */
static char *schema_by(const char *const texts[], size_t count)
{
	sqlite3 *database = NULL;
	assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(sqlite3_exec(database, texts[i], NULL, NULL, NULL), SQLITE_OK);
	char *const text = schema_of(database);
	sqlite3_close(database);
	return text;
}

static void current_sql_is_what_all_steps_add_up_to(void **state)
{
	(void)state;
	const char *texts[100];
	size_t count;
	size_t size;
	const struct migrate_step *const steps = migrate_steps(&count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(steps[i].version, (int)i + 1);
		texts[i] = steps[i].sql;
	}
	uint8_t *const current = file_take(TEST_ROOT "/../schema/current.sql", &size);
	const char *const one[] = { (const char *)current };
	char *const stepwise = schema_by(texts, count);
	char *const at_once = schema_by(one, 1);
	assert_true(strlen(stepwise) > 1000);
	assert_string_equal(stepwise, at_once);
	free(stepwise);
	free(at_once);
	free(current);
}

/* One for each version that was ever in use. The newest, while it still grows, need not have one. */
static void a_database_of_each_past_version_opens_with_its_content(void **state)
{
	struct fixture *const f = *state;
	size_t steps;
	(void)migrate_steps(&steps);
	for (int version = 1; version <= (int)steps; version++) {
		struct error err;
		struct store *store = NULL;
		char name[160];
		char path[120];
		size_t size;
		sqlite3 *database = NULL;
		snprintf(name, sizeof(name), TEST_ROOT "/unit/keystore/fixtures/keystore-v%d.sql", version);
		snprintf(path, sizeof(path), "%s/v%d.db", f->folder, version);
		if (version == (int)steps && access(name, F_OK) != 0)
			break;
		uint8_t *const dump = file_take(name, &size);
		file_make(path, "", 0, 0600);
		assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
		assert_int_equal(sqlite3_exec(database, (const char *)dump, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(database);
		free(dump);
		assert_int_equal(ask(path, "PRAGMA user_version"), version);

		ok(store_open(path, STORE_CHANGE, "test", &store, &err), &err);
		uint64_t rows = 0;
		struct store_zone zone;
		struct store_version last;
		struct key *keys;
		size_t count;
		bool found;
		ok(store_audit_check(store, &rows, &err), &err);
		assert_true(rows >= 8);
		ok(store_find_zone(store, "nl.", f->mem, &zone, &found, &err), &err);
		assert_true(found);
		ok(store_keys(store, zone.id, f->mem, &keys, &count, &err), &err);
		assert_int_equal(count, 2);
		assert_true(key_is_published(&keys[0]) && key_signs_keys(&keys[0]) && !key_signs_zone(&keys[0]));
		assert_true(key_is_published(&keys[1]) && !key_signs_keys(&keys[1]) && key_signs_zone(&keys[1]));
		for (size_t i = 0; i < count; i++) {
			struct key again = keys[i];
			dnskey_identify(&again);
			assert_int_equal(again.tag, keys[i].tag);
			assert_int_equal(again.revoked_tag, keys[i].revoked_tag);
			assert_memory_equal(again.fingerprint, keys[i].fingerprint, 32);
		}
		ok(store_last_version(store, zone.id, f->mem, &last, &found, &err), &err);
		assert_true(found);
		assert_int_equal(last.serial, 2026112401);
		ok(store_open_intent(store, zone.id, f->mem, &last, &found, &err), &err);
		assert_true(found);
		assert_int_equal(last.serial, 2026112403);
		struct store_replayed *replayed;
		size_t problems;
		ok(store_audit_replay(store, f->mem, &replayed, &count, &problems, &err), &err);
		assert_int_equal(count, 2);
		assert_int_equal(problems, 0);
		store_close(store);
	}
}

/* A keystore of version 1 whose zone was published long before the last run. */
static void open_version_1(struct fixture *f, const char *more, struct store **store)
{
	struct error err;
	char path[120];
	size_t size;
	sqlite3 *database = NULL;
	snprintf(path, sizeof(path), "%s/old.db", f->folder);
	uint8_t *const dump = file_take(TEST_ROOT "/unit/keystore/fixtures/keystore-v1.sql", &size);
	file_make(path, "", 0, 0600);
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, (const char *)dump, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, more, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
	free(dump);
	ok(store_open(path, STORE_CHANGE, "test", store, &err), &err);
}

static const char two_more_versions[] =
    "UPDATE versions SET abandoned = 1 WHERE published = 0;"
    "INSERT INTO versions SELECT 4, zone, 2026112404, sha256, input_sha256, config_sha256, path, keys, verdict, "
    "intended + 1000, 1795001000, 0, first_expiry, refresh, 604800, 7200, 900, records, signatures, size, 0 FROM "
    "versions WHERE id = 1;"
    "INSERT INTO versions SELECT 5, zone, 2026112405, sha256, input_sha256, config_sha256, path, keys, verdict, "
    "intended + 2000, 1795002000, 0, first_expiry, refresh, 86400, 3600, 900, records, signatures, size, 0 FROM "
    "versions WHERE id = 1;";

static void a_zone_published_under_version_1_gets_what_caches_may_hold(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store *store = NULL;
	struct store_served *served;
	struct store_ttl *ttls;
	size_t count;
	open_version_1(f, two_more_versions, &store);
	ok(store_ttls(store, 1, f->mem, &ttls, &count, &err), &err);
	assert_int_equal(count, 5);
	assert_true(ttls[0].class == STORE_DATA && ttls[0].ttl == 86400 && ttls[0].last.seconds == UTC_NEVER.seconds);
	assert_true(ttls[1].class == STORE_DATA && ttls[1].ttl == 604800 && ttls[1].last.seconds == 1795002000);
	assert_true(ttls[2].class == STORE_DNSKEY && ttls[2].ttl == 3600 && ttls[2].last.seconds == UTC_NEVER.seconds);
	assert_true(ttls[3].class == STORE_DNSKEY && ttls[3].ttl == 7200 && ttls[3].last.seconds == 1795002000);
	ok(store_served(store, 1, (struct utc){ 1795000100 }, (struct span){ 0 }, f->mem, &served, &count, &err), &err);
	assert_int_equal(count, 6);
	for (size_t i = 0; i < 3; i++)
		assert_true(served[i].from.seconds == 0 && served[i].key_count == 0);
	for (size_t i = 3; i < 6; i++)
		assert_true(served[i].from.seconds == 1795000012 && served[i].until.seconds == UTC_NEVER.seconds);
	assert_true(served[3].class == STORE_DNSKEY && served[3].key_count == 2 && served[3].signer_count == 1);
	assert_int_equal(served[3].ttl, 7200);
	assert_true(served[4].class == STORE_DATA && served[4].key_count == 1 && served[4].ttl == 604800);
	assert_true(served[5].class == STORE_DS && served[5].key_count == 1 && served[5].ttl == 604800);
	store_close(store);
}

/* The DS may have been handed in: nothing may count on its absence. */
static void a_ksk_that_was_long_published_has_its_ds_on_the_way(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store *store = NULL;
	struct key *keys;
	size_t count;
	open_version_1(f, "UPDATE settings SET value = '1795090013' WHERE name = 'last-time'", &store);
	ok(store_keys(store, 1, f->mem, &keys, &count, &err), &err);
	assert_int_equal(keys[0].state[KEY_DS], KEY_RUMOURED);
	assert_int_equal(keys[0].since[KEY_DS].seconds, 1795000012);
	assert_int_equal(keys[0].ds_seen.seconds, 0);
	assert_int_equal(keys[0].signatures_complete.seconds, 0);
	assert_int_equal(keys[1].state[KEY_DS], KEY_NA);
	assert_int_equal(keys[1].signatures_complete.seconds, 1795000012);
	store_close(store);
}

static void a_ksk_that_was_just_published_is_handed_in_later(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store *store = NULL;
	struct key *keys;
	size_t count;
	open_version_1(f, "UPDATE settings SET value = '1795090011' WHERE name = 'last-time'", &store);
	ok(store_keys(store, 1, f->mem, &keys, &count, &err), &err);
	assert_int_equal(keys[0].state[KEY_DS], KEY_HIDDEN);
	store_close(store);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(an_older_database_is_migrated_after_a_copy),
		WITH_STORE(an_older_database_is_not_read_before_it_is_migrated),
		WITH_STORE(a_step_that_fails_changes_nothing),
		WITH_STORE(a_migration_waits_for_nobody_who_works),
		cmocka_unit_test(current_sql_is_what_all_steps_add_up_to),
		WITH_STORE(a_database_of_each_past_version_opens_with_its_content),
		WITH_STORE(a_zone_published_under_version_1_gets_what_caches_may_hold),
		WITH_STORE(a_ksk_that_was_long_published_has_its_ds_on_the_way),
		WITH_STORE(a_ksk_that_was_just_published_is_handed_in_later),
	};
	return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
