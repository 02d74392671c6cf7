/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keystore/store_open.h"
#include "tests/unit/keystore/store_fixture.h"

static void path_with(const struct fixture *f, const char *suffix, char out[160])
{
	snprintf(out, 160, "%s%s", f->path, suffix);
}

static unsigned mode_of(const struct fixture *f, const char *suffix)
{
	char path[160];
	struct stat info;
	path_with(f, suffix, path);
	return stat(path, &info) == 0 ? (unsigned)info.st_mode & 07777 : 0;
}

static void every_file_is_0600_whatever_the_umask(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	static const char *const names[] = { "", "-wal", "-shm", ".lock", ".copy" };
	char copy[160];
	store_close(f->store);
	f->store = NULL;
	folder_remove(f->folder);
	mkdir(f->folder, 0700);
	const mode_t mask = umask(0);
	ok(store_open(f->path, STORE_CREATE, "test", &f->store, &err), &err);
	ok(store_mark_restored(f->store, NOW, &err), &err);
	path_with(f, ".copy", copy);
	ok(store_copy(f->store, copy, &err), &err);
	umask(mask);
	for (size_t i = 0; i < COUNT(names); i++) {
		print_message("keystore.db%s\n", names[i]);
		assert_int_equal(mode_of(f, names[i]), 0600);
	}
	assert_int_equal(mode_of(f, ".new"), 0);
}

static int64_t one_number(struct store *store, const char *text)
{
	struct sql sql;
	struct error err;
	sql_begin(&sql, store, text);
	assert_true(sql_row(&sql));
	const int64_t value = sql_int(&sql);
	ok(sql_end(&sql, &err), &err);
	return value;
}

static void the_database_is_strict_and_syncs_fully(void **state)
{
	struct fixture *const f = *state;
	assert_int_equal(one_number(f->store, "PRAGMA synchronous"), 2);
	assert_int_equal(one_number(f->store, "PRAGMA foreign_keys"), 1);
	assert_int_equal(one_number(f->store, "PRAGMA application_id"), MIGRATE_APPLICATION_ID);
	assert_int_equal(one_number(f->store, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
	assert_int_equal(
	    one_number(f->store,
		"SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict "
		"AND name NOT LIKE 'sqlite%'"),
	    0);
	assert_int_equal(
	    intrude(f->path, "PRAGMA foreign_keys = ON; INSERT INTO runs VALUES (1, 99, 0, 0, 0, '', NULL, 0)"),
	    SQLITE_CONSTRAINT);
	assert_int_equal(intrude(f->path, "INSERT INTO settings VALUES ('x', x'00')"), SQLITE_CONSTRAINT);
}

static void what_exists_is_not_created_again(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store *other = NULL;
	reopen(f, STORE_READ);
	assert_int_equal(store_open(f->path, STORE_CREATE, "test", &other, &err), STATUS_BUSY);
	store_close(f->store);
	f->store = NULL;
	assert_int_equal(store_open(f->path, STORE_CREATE, "test", &other, &err), STATUS_REFUSED);
	assert_non_null(strstr(err.message, "it exists and is not overwritten"));
	assert_null(other);
	reopen(f, STORE_CHANGE);
}

static void a_log_of_a_lost_database_is_not_taken_into_a_new_one(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store *other = NULL;
	char path[160];
	char wal[170];
	path_with(f, ".other", path);
	snprintf(wal, sizeof(wal), "%s-wal", path);
	file_make(wal, "x", 1, 0600);
	assert_int_equal(store_open(path, STORE_CREATE, "test", &other, &err), STATUS_REFUSED);
	assert_non_null(strstr(err.message, "whose database is gone"));
}

static void a_missing_keystore_names_the_command_that_makes_one(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store *other = NULL;
	char path[160];
	path_with(f, ".none", path);
	assert_int_equal(store_open(path, STORE_CHANGE, "test", &other, &err), STATUS_MISSING);
	assert_non_null(strstr(err.message, "zoneseal init"));
	assert_int_equal(store_open(path, STORE_READ, "test", &other, &err), STATUS_MISSING);
}

static void files_that_others_can_read_are_refused_with_the_chmod(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store *other = NULL;
	static const char *const names[] = { "", "-wal", "-shm" };
	for (size_t i = 0; i < COUNT(names); i++) {
		char path[160];
		char command[200];
		path_with(f, names[i], path);
		snprintf(command, sizeof(command), "chmod 0600 %s", path);
		assert_int_equal(chmod(path, 0640), 0);
		assert_int_equal(store_open(f->path, STORE_CHANGE, "test", &other, &err), STATUS_PERMISSION);
		assert_non_null(strstr(err.message, command));
		assert_int_equal(store_open(f->path, STORE_READ, "test", &other, &err), STATUS_PERMISSION);
		assert_int_equal(chmod(path, 0600), 0);
	}
}

static void a_symbolic_link_is_no_keystore(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store *other = NULL;
	char path[160];
	path_with(f, ".link", path);
	assert_int_equal(symlink("keystore.db", path), 0);
	assert_int_equal(store_open(path, STORE_CHANGE, "test", &other, &err), STATUS_IO);
	assert_non_null(strstr(err.message, "not a plain file"));
}

/* Opens in both modes, expects a refusal, and that the file is as before and stands alone. */
static void expect_untouched(
    struct fixture *f, enum status expected, const char *message, const uint8_t *before, size_t size)
{
	static const enum store_mode modes[] = { STORE_READ, STORE_CHANGE };
	for (size_t i = 0; i < COUNT(modes); i++) {
		struct error err;
		struct store *store = NULL;
		size_t after_size;
		assert_int_equal(store_open(f->path, modes[i], "test", &store, &err), expected);
		assert_non_null(strstr(err.message, message));
		assert_null(store);
		uint8_t *const after = file_take(f->path, &after_size);
		assert_int_equal(after_size, size);
		assert_memory_equal(after, before, size);
		free(after);
		assert_int_equal(mode_of(f, "-wal"), 0);
		assert_int_equal(mode_of(f, "-shm"), 0);
		assert_int_equal(mode_of(f, "-journal"), 0);
	}
}

static void a_newer_database_is_not_touched(void **state)
{
	struct fixture *const f = *state;
	size_t size;
	size_t steps;
	char message[100];
	(void)migrate_steps(&steps);
	snprintf(message, sizeof(message), "its schema is version 99 and this program knows %zu; nothing was touched",
	    steps);
	store_close(f->store);
	f->store = NULL;
	assert_int_equal(intrude(f->path, "PRAGMA user_version = 99"), 0);
	uint8_t *const before = file_take(f->path, &size);
	expect_untouched(f, STATUS_POLICY, message, before, size);
	free(before);
}

struct junk {
	const char *title;
	const char *text;
	const char *message;
};

static void what_is_no_database_is_not_touched(void **state)
{
	static const struct junk cases[] = {
		{ "empty", "", "it has 0 octets" },
		{ "short", "SQLite format 3", "it has 15 octets" },
		{ "text",
		    "name: tld\nname: tld\nname: tld\nname: tld\nname: tld\nname: tld\nname: tld\nname: tld\nname: "
		    "tld\n"
		    "name: tld\nname: tld\n",
		    "does not begin as a database" },
	};
	struct fixture *const f = *state;
	store_close(f->store);
	f->store = NULL;
	for (size_t i = 0; i < COUNT(cases); i++) {
		print_message("%s\n", cases[i].title);
		file_make(f->path, cases[i].text, strlen(cases[i].text), 0600);
		expect_untouched(f, STATUS_IO, cases[i].message, (const uint8_t *)cases[i].text, strlen(cases[i].text));
	}
	unlink(f->path);
	assert_int_equal(fclose(fopen(f->path, "w")), 0);
	sqlite3 *database = NULL;
	assert_int_equal(sqlite3_open(f->path, &database), 0);
	assert_int_equal(sqlite3_exec(database, "CREATE TABLE t (x)", NULL, NULL, NULL), 0);
	sqlite3_close(database);
	chmod(f->path, 0600);
	size_t size;
	uint8_t *const before = file_take(f->path, &size);
	expect_untouched(f, STATUS_IO, "not of zoneseal", before, size);
	free(before);
}

/* Every page overwritten in turn, and the file cut at many sizes: refused and left as it was. */
static void a_damaged_database_is_found_before_it_is_changed(void **state)
{
	struct fixture *const f = *state;
	size_t size;
	for (uint32_t serial = 1; serial <= 60; serial++)
		publish_serial(f, serial, NOW);
	store_close(f->store);
	f->store = NULL;
	assert_int_equal(intrude(f->path, "DELETE FROM settings WHERE name = 'checked-at'"), SQLITE_OK);
	uint8_t *const whole = file_take(f->path, &size);
	const size_t page = (size_t)whole[16] << 8 | whole[17];
	unsigned refused = 0;
	for (size_t at = page; at < size; at += page) {
		struct error err;
		struct store *store = NULL;
		uint8_t saved[12];
		memcpy(saved, whole + at, sizeof(saved));
		memset(whole + at, 0xa5, sizeof(saved));
		file_make(f->path, whole, size, 0600);
		const enum status status = store_open(f->path, STORE_CHANGE, "test", &store, &err);
		assert_int_equal(status, STATUS_IO);
		assert_non_null(strstr(err.message, "restore it from a backup"));
		assert_null(store);
		size_t after_size;
		uint8_t *const after = file_take(f->path, &after_size);
		assert_int_equal(after_size, size);
		assert_memory_equal(after, whole, size);
		free(after);
		memcpy(whole + at, saved, sizeof(saved));
		refused++;
	}
	assert_true(refused > 10);
	free(whole);
}

static void a_cut_database_is_found_before_it_is_changed(void **state)
{
	struct fixture *const f = *state;
	size_t size;
	store_close(f->store);
	f->store = NULL;
	uint8_t *const whole = file_take(f->path, &size);
	for (size_t cut = 100; cut < size; cut += 1111) {
		struct error err;
		struct store *store = NULL;
		file_make(f->path, whole, cut, 0600);
		assert_int_equal(store_open(f->path, STORE_CHANGE, "test", &store, &err), STATUS_IO);
		size_t after_size;
		uint8_t *const after = file_take(f->path, &after_size);
		assert_int_equal(after_size, cut);
		assert_memory_equal(after, whole, cut);
		free(after);
	}
	free(whole);
}

/* Database and log are copied while the keystore is open: what a killed process leaves. */
/* Octets that no query of the tests reads: only a check of all pages finds them. */
static void damage_a_page(struct fixture *f)
{
	size_t size;
	store_close(f->store);
	f->store = NULL;
	uint8_t *const whole = file_take(f->path, &size);
	const size_t page = (size_t)whole[16] << 8 | whole[17];
	const int64_t root = ask(f->path, "SELECT rootpage FROM sqlite_schema WHERE name = 'runs_of_zone'");
	memset(whole + (size_t)(root - 1) * page, 0xa5, 12);
	file_make(f->path, whole, size, 0600);
	free(whole);
}

static void put_a_day_between(struct fixture *f, struct utc when)
{
	struct error err;
	const char *const reason = arena_printf(f->mem, "at %lld", (long long)when.seconds);
	ok(store_set_input_failure(f->store, f->zone, reason, when, &err), &err);
}

static enum status open_for_change(struct fixture *f)
{
	struct error err;
	const enum status status = store_open(f->path, STORE_CHANGE, "test", &f->store, &err);
	if (status != STATUS_OK)
		f->store = NULL;
	return status;
}

static void pages_are_checked_once_in_a_day_of_changes(void **state)
{
	struct fixture *const f = *state;
	/* The new keystore was checked, which its first change wrote down. */
	assert_int_equal(
	    ask(f->path, "SELECT CAST(value AS INTEGER) FROM settings WHERE name = 'checked-at'"), NOW.seconds);
	put_a_day_between(f, (struct utc){ NOW.seconds + 86400 / 2 });
	damage_a_page(f);
	assert_int_equal(open_for_change(f), STATUS_OK);
	put_a_day_between(f, (struct utc){ NOW.seconds + 86401 });
	store_close(f->store);
	assert_int_equal(open_for_change(f), STATUS_IO);
}

static void pages_are_checked_after_a_process_died_or_the_clock_was_set_back(void **state)
{
	struct fixture *const f = *state;
	reopen(f, STORE_CHANGE);
	put_a_day_between(f, NOW);
	damage_a_page(f);
	char log[160];
	path_with(f, "-wal", log);
	file_make(log, (const uint8_t *)"a log that nobody took in", 25, 0600);
	assert_int_equal(open_for_change(f), STATUS_IO);
	assert_int_equal(unlink(log), 0);
	assert_int_equal(open_for_change(f), STATUS_OK);
	store_close(f->store);
	assert_int_equal(intrude(f->path, "UPDATE settings SET value = '1' WHERE name = 'last-time'"), SQLITE_OK);
	assert_int_equal(open_for_change(f), STATUS_IO);
}

static void a_restored_keystore_is_checked_each_time(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	ok(store_mark_restored(f->store, NOW, &err), &err);
	reopen(f, STORE_CHANGE);
	damage_a_page(f);
	assert_int_equal(open_for_change(f), STATUS_IO);
}

static void what_a_killed_process_left_in_the_log_is_there(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store *store = NULL;
	char to[160];
	char from[160];
	size_t size;
	bool restored = false;
	ok(store_mark_restored(f->store, NOW, &err), &err);
	static const char *const names[] = { "", "-wal" };
	for (size_t i = 0; i < COUNT(names); i++) {
		path_with(f, names[i], from);
		snprintf(to, sizeof(to), "%s/left.db%s", f->folder, names[i]);
		uint8_t *const data = file_take(from, &size);
		assert_true(size > 0);
		file_make(to, data, size, 0600);
		free(data);
	}
	snprintf(to, sizeof(to), "%s/left.db", f->folder);
	ok(store_open(to, STORE_READ, "test", &store, &err), &err);
	ok(store_is_restored(store, &restored, &err), &err);
	assert_true(restored);
	store_close(store);
	ok(store_open(to, STORE_CHANGE, "test", &store, &err), &err);
	restored = false;
	ok(store_is_restored(store, &restored, &err), &err);
	assert_true(restored);
	store_close(store);
}

static void an_exclusive_lock_keeps_others_out(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store *other = NULL;
	int lock = -1;
	store_close(f->store);
	f->store = NULL;
	ok(store_lock_take(f->path, true, &lock, &err), &err);
	assert_int_equal(store_open(f->path, STORE_CHANGE, "test", &other, &err), STATUS_BUSY);
	assert_non_null(strstr(err.message, "migrates or restores it; try again"));
	close(lock);
	ok(store_open(f->path, STORE_CHANGE, "test", &other, &err), &err);
	assert_int_equal(store_lock_take(f->path, true, &lock, &err), STATUS_BUSY);
	store_close(other);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(every_file_is_0600_whatever_the_umask),
		WITH_STORE(the_database_is_strict_and_syncs_fully),
		WITH_STORE(what_exists_is_not_created_again),
		WITH_STORE(a_log_of_a_lost_database_is_not_taken_into_a_new_one),
		WITH_STORE(a_missing_keystore_names_the_command_that_makes_one),
		WITH_STORE(files_that_others_can_read_are_refused_with_the_chmod),
		WITH_STORE(a_symbolic_link_is_no_keystore),
		WITH_STORE(a_newer_database_is_not_touched),
		WITH_STORE(what_is_no_database_is_not_touched),
		WITH_STORE(a_damaged_database_is_found_before_it_is_changed),
		WITH_STORE(a_cut_database_is_found_before_it_is_changed),
		WITH_STORE(pages_are_checked_once_in_a_day_of_changes),
		WITH_STORE(pages_are_checked_after_a_process_died_or_the_clock_was_set_back),
		WITH_STORE(a_restored_keystore_is_checked_each_time),
		WITH_STORE(what_a_killed_process_left_in_the_log_is_there),
		WITH_STORE(an_exclusive_lock_keeps_others_out),
	};
	return cmocka_run_group_tests_name("store_open", tests, NULL, NULL);
}
