/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keystore/store_sql.h"
#include "tests/unit/keystore/store_fixture.h"

static void expect_success(pid_t child)
{
	int ended;
	assert_int_equal(waitpid(child, &ended, 0), child);
	assert_int_equal(ended, 0);
}

static void change_often(const char *path, int64_t zone, unsigned times)
{
	struct error err;
	struct store *store = NULL;
	if (store_open(path, STORE_CHANGE, "writer", &store, &err) != STATUS_OK)
		_exit(1);
	for (unsigned i = 0; i < times; i++) {
		const struct store_zone zone_now = { .id = zone, .policy_name = "p", .policy_text = "" };
		if (store_update_zone(store, &zone_now, "changed", NULL, NOW, &err) != STATUS_OK) {
			fprintf(stderr, "%s\n", err.message);
			_exit(2);
		}
	}
	store_close(store);
	_exit(0);
}

static void writers_at_the_same_time_wait_for_each_other(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	pid_t children[3];
	uint64_t rows = 0;
	store_close(f->store);
	f->store = NULL;
	for (size_t i = 0; i < COUNT(children); i++) {
		children[i] = fork();
		if (children[i] == 0)
			change_often(f->path, f->zone, 30);
	}
	for (size_t i = 0; i < COUNT(children); i++)
		expect_success(children[i]);
	reopen(f, STORE_CHANGE);
	ok(store_audit_check(f->store, &rows, &err), &err);
	assert_int_equal(rows, 1 + 3 * 30);
}

static void a_writer_that_does_not_end_makes_the_others_busy(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct store *other = NULL;
	bool restored = true;
	ok(store_open(f->path, STORE_CHANGE, "other", &other, &err), &err);
	sqlite3_busy_timeout(other->database, 10);
	ok(store_begin(f->store, &err), &err);
	assert_int_equal(store_mark_restored(other, NOW, &err), STATUS_BUSY);
	assert_non_null(strstr(err.message, "another process is writing; try again"));
	ok(store_is_restored(other, &restored, &err), &err);
	assert_false(restored);
	ok(store_finish(f->store, STATUS_OK, &err), &err);
	ok(store_mark_restored(other, NOW, &err), &err);
	store_close(other);
}

/* Publishes with a large text until the limit on file sizes is met; 0 if that came as STATUS_IO. */
static int fill_up(const struct fixture *f)
{
	struct error err;
	struct store *store = NULL;
	char *const keys = calloc(1, 20001);
	memset(keys, 'k', 20000);
	const struct rlimit limit = { 300000, 300000 };
	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0 ||
	    store_open(f->path, STORE_CHANGE, "writer", &store, &err) != STATUS_OK)
		return 1;
	for (uint32_t serial = 1; serial < 100; serial++) {
		struct store_version version = some_version(serial);
		version.keys = keys;
		enum status status = store_add_intent(store, f->zone, &version, NOW, &err);
		if (status == STATUS_OK)
			status = store_confirm(store, f->zone, version.id, NOW, NULL, 0, &err);
		if (status != STATUS_OK) {
			fprintf(stderr, "%s\n", err.message);
			return status == STATUS_IO && strstr(err.message, "nothing was changed") != NULL ? 0 : 2;
		}
	}
	return 3;
}

static void a_full_disk_is_told_and_leaves_a_whole_keystore(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	uint64_t rows = 0;
	store_close(f->store);
	f->store = NULL;
	const pid_t child = fork();
	if (child == 0)
		_exit(fill_up(f));
	expect_success(child);
	reopen(f, STORE_CHANGE);
	ok(store_audit_check(f->store, &rows, &err), &err);
	assert_true(rows > 5);
	assert_int_equal(ask(f->path, "SELECT min(integrity_check) = 'ok' FROM pragma_integrity_check"), 1);
	struct store_version version;
	bool found = false;
	ok(store_open_intent(f->store, f->zone, f->mem, &version, &found, &err), &err);
	if (found)
		ok(store_abandon(f->store, f->zone, version.id, NOW, &err), &err);
	publish_serial(f, 1000, NOW);
}

/* A new keystore, a copy and a restore when there is no room: STATUS_IO and nothing left behind. */
static int fail_to_make(const struct fixture *f, const char *copy)
{
	struct error err;
	struct store *store = NULL;
	char path[120];
	snprintf(path, sizeof(path), "%s/new.db", f->folder);
	const struct rlimit limit = { 40000, 40000 };
	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 1;
	if (store_open(path, STORE_CREATE, "writer", &store, &err) != STATUS_IO)
		return 2;
	if (store_restore(copy, f->path, "writer", NOW, &err) != STATUS_IO)
		return 3;
	snprintf(path, sizeof(path), "%s/copy2.db", f->folder);
	if (store_open(f->path, STORE_READ, "reader", &store, &err) != STATUS_OK)
		return 4;
	return store_copy(store, path, &err) == STATUS_IO ? 0 : 5;
}

static void without_room_nothing_is_made_and_nothing_is_left(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	char copy[120];
	char command[300];
	snprintf(copy, sizeof(copy), "%s/backup.db", f->folder);
	ok(store_copy(f->store, copy, &err), &err);
	store_close(f->store);
	f->store = NULL;
	const pid_t child = fork();
	if (child == 0)
		_exit(fail_to_make(f, copy));
	expect_success(child);
	snprintf(command, sizeof(command),
	    "test \"$(ls %s | grep -Ev '[.]lock$|-(wal|shm)$' | tr '\\n' ' ')\" = \"backup.db keystore.db \"",
	    f->folder);
	assert_int_equal(system(command), 0);
	bool restored = true;
	reopen(f, STORE_CHANGE);
	ok(store_is_restored(f->store, &restored, &err), &err);
	assert_false(restored);
}

struct hostile {
	const char *title;
	const char *sql;
};

static enum status read_everything(struct store *store, int64_t zone, struct arena *mem, struct error *err)
{
	struct store_zone found_zone;
	struct store_zone *zones;
	struct store_version version;
	struct store_version *versions;
	struct store_run *runs;
	struct store_event *events;
	struct key *keys;
	struct utc last;
	uint8_t head[32];
	uint64_t rows;
	uint32_t floor;
	size_t count;
	bool is;
	const enum status all[] = {
		store_find_zone(store, "nl.", mem, &found_zone, &is, err),
		store_zones(store, mem, &zones, &count, err),
		store_keys(store, zone, mem, &keys, &count, err),
		store_tag_is_used(store, zone, 1, &is, err),
		store_open_intent(store, zone, mem, &version, &is, err),
		store_last_version(store, zone, mem, &version, &is, err),
		store_versions(store, zone, 100, mem, &versions, &count, err),
		store_serial_floor(store, zone, &floor, &is, err),
		store_runs(store, zone, 100, mem, &runs, &count, err),
		store_events(store, NULL, 100, mem, &events, &count, err),
		store_audit_head(store, head, err),
		store_last_time(store, &last, err),
		store_is_restored(store, &is, err),
		store_audit_check(store, &rows, err),
	};
	for (size_t i = 0; i < COUNT(all); i++)
		if (all[i] != STATUS_OK)
			return all[i];
	return STATUS_OK;
}

static void values_that_no_program_of_ours_wrote_are_damage(void **state)
{
	static const struct hostile cases[] = {
		{ "short hash of a version", "UPDATE versions SET sha256 = x'00'" },
		{ "long hash of a version", "UPDATE versions SET config_sha256 = zeroblob(100)" },
		{ "long public key", "UPDATE keys SET public_key = zeroblob(521)" },
		{ "short fingerprint", "UPDATE keys SET fingerprint = x'0102'" },
		{ "NUL in a text", "UPDATE zones SET policy_text = 'a' || char(0) || 'b'" },
	};
	struct fixture *const f = *state;
	struct error err;
	char copy[120];
	struct key key = key_of_vector(&vectors[4]);
	snprintf(copy, sizeof(copy), "%s/copy.db", f->folder);
	ok(store_add_keys(f->store, f->zone, &key, 1, NOW, &err), &err);
	publish_serial(f, 5, NOW);
	ok(read_everything(f->store, f->zone, f->mem, &err), &err);
	for (size_t i = 0; i < COUNT(cases); i++) {
		char sql[200];
		struct store *store = NULL;
		print_message("%s\n", cases[i].title);
		ok(store_copy(f->store, copy, &err), &err);
		snprintf(sql, sizeof(sql), "PRAGMA ignore_check_constraints = ON; %s", cases[i].sql);
		assert_int_equal(intrude(copy, sql), SQLITE_OK);
		ok(store_open(copy, STORE_READ, "test", &store, &err), &err);
		assert_int_equal(read_everything(store, f->zone, f->mem, &err), STATUS_IO);
		assert_non_null(strstr(err.message, "the database is damaged"));
		store_close(store);
		assert_int_equal(unlink(copy), 0);
	}
}

/* Octets changed at random (fixed seed): whatever a reader makes of them, it ends, and the file stays as it was. */
static void a_reader_survives_any_damage(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	struct key key = key_of_vector(&vectors[4]);
	unsigned seed = 7;
	unsigned refused = 0;
	size_t size;
	ok(store_add_keys(f->store, f->zone, &key, 1, NOW, &err), &err);
	for (uint32_t serial = 1; serial <= 20; serial++)
		publish_serial(f, serial, NOW);
	store_close(f->store);
	f->store = NULL;
	uint8_t *const whole = file_take(f->path, &size);
	uint8_t *const hurt = malloc(size);
	for (unsigned i = 0; i < 400; i++) {
		struct store *store = NULL;
		size_t after_size;
		memcpy(hurt, whole, size);
		for (unsigned n = 1 + i % 8; n > 0; n--)
			hurt[100 + (size_t)rand_r(&seed) % (size - 100)] ^=
			    (uint8_t)(1 + (unsigned)rand_r(&seed) % 255);
		file_make(f->path, hurt, size, 0600);
		if (store_open(f->path, STORE_READ, "test", &store, &err) != STATUS_OK ||
		    read_everything(store, f->zone, f->mem, &err) != STATUS_OK)
			refused++;
		store_close(store);
		uint8_t *const after = file_take(f->path, &after_size);
		assert_int_equal(after_size, size);
		assert_memory_equal(after, hurt, size);
		free(after);
	}
	print_message("%u of 400 refused\n", refused);
	assert_true(refused > 100);
	free(hurt);
	free(whole);
}

static int64_t keys_seen_by_others(const struct fixture *f)
{
	return ask(f->path, "SELECT count(*) FROM keys");
}

static void what_belongs_together_is_stored_at_once_or_not_at_all(void **state)
{
	struct fixture *const f = *state;
	struct error err;
	error_clear(&err);
	const int64_t before = ask(f->path, "SELECT count(*) FROM audit");
	for (int failing = 1; failing >= 0; failing--) {
		struct key first = key_of_vector(&vectors[0]), second = key_of_vector(&vectors[1]);
		ok(store_group_begin(f->store, &err), &err);
		ok(store_add_keys(f->store, f->zone, &first, 1, NOW, &err), &err);
		ok(store_add_keys(f->store, f->zone, &second, 1, NOW, &err), &err);
		ok(store_hold(f->store, f->zone, "together", NOW, &err), &err);
		assert_int_equal(keys_seen_by_others(f), 0);
		const enum status status = failing ? STATUS_REFUSED : STATUS_OK;
		assert_int_equal(store_group_end(f->store, status, &err), status);
		assert_int_equal(keys_seen_by_others(f), failing ? 0 : 2);
		assert_int_equal(ask(f->path, "SELECT count(*) FROM audit") > before, !failing);
	}
	uint64_t rows;
	ok(store_audit_check(f->store, &rows, &err), &err);
	/* And after a group each change stands by itself again. */
	ok(store_hold(f->store, f->zone, NULL, NOW, &err), &err);
	assert_int_equal(ask(f->path, "SELECT held_since FROM zones"), 0);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(what_belongs_together_is_stored_at_once_or_not_at_all),
		WITH_STORE(writers_at_the_same_time_wait_for_each_other),
		WITH_STORE(a_writer_that_does_not_end_makes_the_others_busy),
		WITH_STORE(a_full_disk_is_told_and_leaves_a_whole_keystore),
		WITH_STORE(values_that_no_program_of_ours_wrote_are_damage),
		WITH_STORE(a_reader_survives_any_damage),
		WITH_STORE(without_room_nothing_is_made_and_nothing_is_left),
	};
	return cmocka_run_group_tests_name("store_trouble", tests, NULL, NULL);
}
