/* SPDX-License-Identifier: MIT */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keystore/store_sql.h"
#include "tests/unit/keystore/store_fixture.h"

static void beside(const struct fixture *f, const char *name, char out[160])
{
	snprintf(out, 160, "%s/%s", f->folder, name);
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static void a_copy_is_one_file_with_everything_in_it(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	char copy[160];
	char wal[160];
	beside(f, "backup.db", copy);
	beside(f, "backup.db-wal", wal);
	publish_serial(f, 5, NOW);
	ok(store_copy(f->store, copy, &err), &err);
	assert_false(exists(wal));
	assert_int_equal(ask(copy, "SELECT serial FROM versions"), 5);
	assert_int_equal(ask(copy, "SELECT journal_mode = 'delete' FROM pragma_journal_mode"), 1);
	assert_int_equal(store_copy(f->store, copy, &err), STATUS_REFUSED);
	assert_non_null(strstr(err.message, "it exists and is not overwritten"));
	assert_int_equal(ask(copy, "SELECT serial FROM versions"), 5);
}

static void a_copy_of_a_keystore_that_is_being_written_is_whole(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store *reader = NULL;
	char copy[160];
	beside(f, "backup.db", copy);
	ok(store_open(f->path, STORE_READ, "test", &reader, &err), &err);
	ok(store_begin(f->store, &err), &err);
	ok(sql_script(f->store, "UPDATE zones SET input = 'half'", &err), &err);
	ok(store_copy(reader, copy, &err), &err);
	ok(store_finish(f->store, STATUS_OK, &err), &err);
	assert_int_equal(ask(copy, "SELECT input = '/in/nl.zone' FROM zones"), 1);
	store_close(reader);
}

static void a_restored_copy_is_marked_and_the_old_keystore_is_kept(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	char copy[160];
	char kept[160];
	uint64_t rows;
	bool restored = false;
	struct stat info;
	beside(f, "backup.db", copy);
	beside(f, "keystore.db.before-restore-1", kept);
	publish_serial(f, 5, NOW);
	ok(store_copy(f->store, copy, &err), &err);
	publish_serial(f, 6, NOW);
	assert_int_equal(store_restore(copy, f->path, "operator", NOW, &err), STATUS_BUSY);
	assert_int_equal(ask(f->path, "SELECT max(serial) FROM versions"), 6);
	store_close(f->store);
	f->store = NULL;
	ok(store_restore(copy, f->path, "operator", NOW, &err), &err);
	reopen(f, STORE_CHANGE);
	ok(store_is_restored(f->store, &restored, &err), &err);
	assert_true(restored);
	ok(store_audit_check(f->store, &rows, &err), &err);
	assert_int_equal(ask(f->path, "SELECT max(serial) FROM versions"), 5);
	assert_int_equal(ask(f->path, "SELECT actor = 'operator' FROM audit ORDER BY id DESC LIMIT 1"), 1);
	assert_int_equal(ask(kept, "SELECT max(serial) FROM versions"), 6);
	assert_int_equal(stat(f->path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
}

static void run_sql(const char *path, const char *text)
{
	sqlite3 *database = NULL;
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
}

/* What a cache may hold comes with the keystore, and is made for one of the first version. */
static void a_restored_keystore_knows_what_caches_may_hold(void **state)
{
	static const char *const counts[] = { "SELECT count(*) FROM served", "SELECT count(*) FROM served_keys",
		"SELECT count(*) FROM ttls", "SELECT count(*) FROM audit WHERE what = 'keys recorded'" };
	static const int64_t first[] = { 6, 4, 3, 1 };
	static const int64_t second[] = { 2, 3, 3, 1 };
	struct fixture *const f = *state;
	store_close(f->store);
	f->store = NULL;
	for (int version = 1; version <= 2; version++) {
		struct error err;
		char copy[160];
		char name[160];
		size_t size;
		snprintf(name, sizeof(name), TEST_ROOT "/unit/keystore/fixtures/keystore-v%d.sql", version);
		beside(f, version == 1 ? "v1.db" : "v2.db", copy);
		uint8_t *const dump = file_take(name, &size);
		file_make(copy, "", 0, 0600);
		run_sql(copy, (const char *)dump);
		free(dump);
		ok(store_restore(copy, f->path, "operator", (struct utc){ NOW.seconds + 100 }, &err), &err);
		for (size_t i = 0; i < COUNT(counts); i++)
			assert_int_equal(ask(f->path, counts[i]), version == 1 ? first[i] : second[i]);
	}
}

/* The log of a process that was killed belongs to the old database: were it left, SQLite would write it over the new.
 */
static void a_log_of_the_old_keystore_does_not_reach_the_restored_one(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	char copy[160];
	char log[160];
	char left[160];
	char left_log[160];
	struct store *store = NULL;
	size_t size;
	beside(f, "backup.db", copy);
	beside(f, "keystore.db-wal", log);
	beside(f, "left.db", left);
	beside(f, "left.db-wal", left_log);
	ok(store_copy(f->store, copy, &err), &err);
	publish_serial(f, 6, NOW);
	uint8_t *data = file_take(f->path, &size);
	file_make(left, data, size, 0600);
	free(data);
	data = file_take(log, &size);
	assert_true(size > 4096);
	file_make(left_log, data, size, 0600);
	free(data);
	ok(store_restore(copy, left, "operator", NOW, &err), &err);
	assert_false(exists(left_log));
	ok(store_open(left, STORE_CHANGE, "test", &store, &err), &err);
	assert_int_equal(ask(left, "SELECT count(*) FROM versions"), 0);
	store_close(store);
	beside(f, "left.db.before-restore-1", left);
	assert_int_equal(ask(left, "SELECT max(serial) FROM versions"), 6);
}

static void a_damaged_keystore_is_replaced_and_kept(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	char copy[160];
	char kept[160];
	size_t size;
	beside(f, "backup.db", copy);
	beside(f, "keystore.db.before-restore-1", kept);
	ok(store_copy(f->store, copy, &err), &err);
	store_close(f->store);
	f->store = NULL;
	uint8_t *const data = file_take(f->path, &size);
	memset(data + 4096, 0x5a, 100);
	file_make(f->path, data, size, 0600);
	assert_int_equal(store_open(f->path, STORE_CHANGE, "test", &f->store, &err), STATUS_IO);
	ok(store_restore(copy, f->path, "operator", NOW, &err), &err);
	reopen(f, STORE_CHANGE);
	size_t kept_size;
	uint8_t *const kept_data = file_take(kept, &kept_size);
	assert_int_equal(kept_size, size);
	assert_memory_equal(kept_data, data, size);
	free(kept_data);
	free(data);
}

static void what_is_no_good_copy_is_not_restored(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	char copy[160];
	size_t size;
	beside(f, "backup.db", copy);
	store_close(f->store);
	f->store = NULL;
	assert_int_equal(store_restore(copy, f->path, "operator", NOW, &err), STATUS_MISSING);
	uint8_t *const data = file_take(f->path, &size);
	memset(data + 4096, 0x5a, 100);
	file_make(copy, data, size, 0600);
	free(data);
	assert_int_equal(store_restore(copy, f->path, "operator", NOW, &err), STATUS_IO);
	reopen(f, STORE_CHANGE);
	bool restored = true;
	ok(store_is_restored(f->store, &restored, &err), &err);
	assert_false(restored);
}

static void a_copy_is_restored_to_a_place_where_nothing_is(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	char copy[160];
	char other[160];
	struct store *store = NULL;
	beside(f, "backup.db", copy);
	beside(f, "other.db", other);
	ok(store_copy(f->store, copy, &err), &err);
	ok(store_restore(copy, other, "operator", NOW, &err), &err);
	ok(store_open(other, STORE_CHANGE, "test", &store, &err), &err);
	store_close(store);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(a_copy_is_one_file_with_everything_in_it),
		WITH_STORE(a_copy_of_a_keystore_that_is_being_written_is_whole),
		WITH_STORE(a_restored_copy_is_marked_and_the_old_keystore_is_kept),
		WITH_STORE(a_restored_keystore_knows_what_caches_may_hold),
		WITH_STORE(a_log_of_the_old_keystore_does_not_reach_the_restored_one),
		WITH_STORE(a_damaged_keystore_is_replaced_and_kept),
		WITH_STORE(what_is_no_good_copy_is_not_restored),
		WITH_STORE(a_copy_is_restored_to_a_place_where_nothing_is),
	};
	return cmocka_run_group_tests_name("store_copy", tests, NULL, NULL);
}
