/* SPDX-License-Identifier: MIT */
/*
 * A process is killed before its n-th system call that changes a file, for every n until it gets through: SQLite's
 * calls are counted through its table of system calls, ours through the linker (--wrap). Then once more at random
 * moments.
 */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keystore/store_open.h"
#include "keystore/store_served.h"
#include "tests/unit/keystore/store_fixture.h"

/* Under the sanitizer, where each takes several times as long, every seventh call: the release build takes them all. */
#ifdef __SANITIZE_ADDRESS__
enum { STRIDE = 7 };
#else
enum { STRIDE = 1 };
#endif

static unsigned calls_left; /* 0: nobody is killed */

static void count(void)
{
	if (calls_left > 0 && --calls_left == 0)
		kill(getpid(), SIGKILL);
}

static ssize_t counted_pwrite(int file, const void *data, size_t size, off_t at)
{
	count();
	return pwrite(file, data, size, at);
}

static ssize_t counted_write(int file, const void *data, size_t size)
{
	count();
	return write(file, data, size);
}

static int counted_ftruncate(int file, off_t size)
{
	count();
	return ftruncate(file, size);
}

static int counted_unlink(const char *path)
{
	count();
	return unlink(path);
}

int __real_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags);
int __wrap_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags);
int __wrap_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
	count();
	return __real_renameat2(from_folder, from, to_folder, to, flags);
}

int __real_link(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);
int __wrap_link(const char *from, const char *to)
{
	count();
	return __real_link(from, to);
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
	count();
	return __real_rename(from, to);
}

int __real_fsync(int file);
int __wrap_fsync(int file);
int __wrap_fsync(int file)
{
	count();
	return __real_fsync(file);
}

static void count_sqlite(void)
{
	sqlite3_vfs *const vfs = sqlite3_vfs_find(NULL);
	assert_int_equal(vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)counted_pwrite), SQLITE_OK);
	assert_int_equal(vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)counted_pwrite), SQLITE_OK);
	assert_int_equal(vfs->xSetSystemCall(vfs, "write", (sqlite3_syscall_ptr)counted_write), SQLITE_OK);
	assert_int_equal(vfs->xSetSystemCall(vfs, "ftruncate", (sqlite3_syscall_ptr)counted_ftruncate), SQLITE_OK);
	assert_int_equal(vfs->xSetSystemCall(vfs, "unlink", (sqlite3_syscall_ptr)counted_unlink), SQLITE_OK);
}

/* A state folder as it is before each attempt: a keystore with serial 5 published, and a copy of it from before. */
struct scene {
	struct fixture *fixture;
	uint8_t *database;
	size_t size;
	struct migrate_step *steps; /* the built-in ones and one more */
	size_t step_count;
	char copy[160];
};

static const char more[] = "CREATE TABLE extras (zone INTEGER NOT NULL REFERENCES zones (id)) STRICT;"
			   "INSERT INTO extras SELECT id FROM zones; ALTER TABLE runs ADD COLUMN more TEXT;";

static int scene_setup(void **state)
{
	struct scene *const scene = calloc(1, sizeof(*scene));
	struct error err;
	fixture_setup((void **)&scene->fixture);
	struct fixture *const f = scene->fixture;
	snprintf(scene->copy, sizeof(scene->copy), "%s/backup.db", f->folder);
	ok(store_copy(f->store, scene->copy, &err), &err);
	struct key keys[] = { key_of_vector(&vectors[4]) };
	keys[0].state[KEY_DNSKEY] = KEY_HIDDEN;
	ok(store_add_keys(f->store, f->zone, keys, 1, NOW, &err), &err);
	publish_serial(f, 5, NOW);
	store_close(f->store);
	f->store = NULL;
	scene->database = file_take(f->path, &scene->size);
	const struct migrate_step *const built_in = migrate_steps(&scene->step_count);
	scene->steps = calloc(scene->step_count + 1, sizeof(*scene->steps));
	memcpy(scene->steps, built_in, scene->step_count * sizeof(*scene->steps));
	scene->steps[scene->step_count] = (struct migrate_step){ (int)scene->step_count + 1, more };
	scene->step_count++;
	count_sqlite();
	*state = scene;
	return 0;
}

static int scene_teardown(void **state)
{
	struct scene *const scene = *state;
	fixture_teardown((void **)&scene->fixture);
	free(scene->database);
	free(scene->steps);
	free(scene);
	return 0;
}

/* Puts the keystore back as it was. */
static void rewind_scene(struct scene *scene)
{
	char command[400];
	store_close(scene->fixture->store);
	scene->fixture->store = NULL;
	snprintf(command, sizeof(command), "rm -f %s*", scene->fixture->path);
	assert_int_equal(system(command), 0);
	file_make(scene->fixture->path, scene->database, scene->size, 0600);
}

/* What the process does until it is killed; its status when it gets through. */
typedef enum status (*act)(struct scene *scene, struct error *err);

static bool killed_at(struct scene *scene, act what, unsigned call)
{
	int ended;
	const pid_t child = fork();
	if (child == 0) {
		struct error err;
		calls_left = call;
		const enum status status = what(scene, &err);
		if (status != STATUS_OK)
			fprintf(stderr, "%s\n", err.message);
		_exit((int)status);
	}
	assert_int_equal(waitpid(child, &ended, 0), child);
	if (WIFSIGNALED(ended)) {
		assert_int_equal(WTERMSIG(ended), SIGKILL);
		return true;
	}
	assert_int_equal(ended, 0);
	return false;
}

/* Returns the first call that it did not come to. */
static unsigned kill_at_each_call(struct scene *scene, act what, void (*expect)(struct scene *scene))
{
	unsigned call = 1;
	for (;; call += STRIDE) {
		rewind_scene(scene);
		if (!killed_at(scene, what, call))
			break;
		expect(scene);
	}
	print_message("%u calls\n", call - 1);
	return call;
}

static void expect_whole(const char *path)
{
	assert_int_equal(
	    ask(path, "SELECT count(*) = 1 AND min(integrity_check) = 'ok' FROM pragma_integrity_check"), 1);
	assert_int_equal(ask(path, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

/* ---- publishing ---- */

static enum status intend_and_confirm(struct store *store, int64_t zone, struct arena *mem, struct error *err)
{
	struct store_version version = some_version(6);
	struct key *keys;
	size_t key_count;
	enum status status = store_keys(store, zone, mem, &keys, &key_count, err);
	if (status == STATUS_OK)
		status = store_add_intent(store, zone, &version, NOW, err);
	if (status != STATUS_OK)
		return status;
	keys[0].state[KEY_DNSKEY] = KEY_RUMOURED;
	keys[0].since[KEY_DNSKEY] = NOW;
	const struct store_served_change served[] = { { .begins = { .class = STORE_DNSKEY,
							    .from = NOW,
							    .ttl = 3600,
							    .keys = &keys[0].id,
							    .key_count = 1,
							    .signers = &keys[0].id,
							    .signer_count = 1 },
	    .ends_others = true } };
	const struct store_ttl ttls[] = { { .class = STORE_DNSKEY, .ttl = 3600 } };
	const struct store_step step = { keys, key_count, served, COUNT(served), ttls, COUNT(ttls) };
	return store_confirm_step(store, zone, version.id, NOW, &step, err);
}

static enum status publish(struct scene *scene, struct error *err)
{
	struct store *store = NULL;
	enum status status = store_open(scene->fixture->path, STORE_CHANGE, "killed", &store, err);
	if (status == STATUS_OK)
		status = intend_and_confirm(store, scene->fixture->zone, scene->fixture->mem, err);
	store_close(store);
	return status;
}

static void expect_no_half_publication(struct scene *scene)
{
	struct fixture *const f = scene->fixture;
	struct error err;
	uint64_t rows;
	reopen(f, STORE_CHANGE);
	ok(store_audit_check(f->store, &rows, &err), &err);
	expect_whole(f->path);
	const int64_t published = ask(f->path, "SELECT count(*) FROM versions WHERE serial = 6 AND published > 0");
	const int64_t intended = ask(f->path, "SELECT count(*) FROM versions WHERE serial = 6");
	assert_int_equal(ask(f->path, "SELECT count(*) FROM keys WHERE dnskey = 'rumoured'"), published);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM served"), published);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM served_keys WHERE listed = 1 AND signs = 1"), published);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM ttls"), published);
	assert_int_equal(
	    ask(f->path, "SELECT count(*) FROM audit WHERE what = 'published' AND detail LIKE 'serial 6,%'"),
	    published);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM audit WHERE what = 'keys changed'"), published);
	assert_int_equal(
	    ask(f->path, "SELECT count(*) FROM audit WHERE what = 'publication intended' AND detail LIKE 'serial 6,%'"),
	    intended);
	struct store_version version;
	bool found = false;
	ok(store_open_intent(f->store, f->zone, f->mem, &version, &found, &err), &err);
	assert_int_equal(found, intended > published);
	if (found)
		ok(store_abandon(f->store, f->zone, version.id, NOW, &err), &err);
	publish_serial(f, 7, NOW);
}

static void publishing_survives_a_kill_at_every_call(void **state)
{
	struct scene *const scene = *state;
	const unsigned call = kill_at_each_call(scene, publish, expect_no_half_publication);
	expect_no_half_publication(scene);
	assert_true(call > 15);
}

/* ---- notes and steps ---- */

static enum status take_steps(struct store *store, int64_t zone, struct arena *mem, struct error *err)
{
	struct key *keys;
	size_t count = 0;
	enum status status = store_keys(store, zone, mem, &keys, &count, err);
	if (status == STATUS_OK)
		status = store_hold(store, zone, "for a test", NOW, err);
	if (status == STATUS_OK)
		status = store_ask_step(store, zone, NOW, err);
	if (status == STATUS_OK)
		status = store_note_ds_checked(store, zone, "no DS at 1/1 servers", NOW, err);
	if (status != STATUS_OK)
		return status;
	keys[0].state[KEY_DS] = KEY_RUMOURED;
	keys[0].predecessor = keys[0].id;
	const struct store_served_change ds = { { .class = STORE_DS, .from = NOW, .keys = &keys[0].id, .key_count = 1 },
		true };
	const struct store_ttl ttl = { .class = STORE_DS, .ttl = 60 };
	const struct store_step step = { keys, count, &ds, 1, &ttl, 1 };
	status = store_take_step(store, zone, &step, "for a test", NOW, err);
	return status == STATUS_OK ? store_hold(store, zone, NULL, NOW, err) : status;
}

static enum status step(struct scene *scene, struct error *err)
{
	struct store *store = NULL;
	enum status status = store_open(scene->fixture->path, STORE_CHANGE, "killed", &store, err);
	if (status == STATUS_OK)
		status = take_steps(store, scene->fixture->zone, scene->fixture->mem, err);
	store_close(store);
	return status;
}

static void expect_no_half_step(struct scene *scene)
{
	struct fixture *const f = scene->fixture;
	static const char *const equations[] = {
		"SELECT (SELECT count(*) FROM audit WHERE what = 'key events held') - (SELECT count(*) FROM audit "
		"WHERE "
		"what = 'key events released') = (SELECT held_since > 0 FROM zones)",
		"SELECT (SELECT count(*) FROM audit WHERE what = 'step asked') - (SELECT count(*) FROM served) = "
		"(SELECT "
		"step_asked > 0 FROM zones)",
		"SELECT (SELECT count(*) FROM audit WHERE what = 'parent asked') = (SELECT ds_checked > 0 FROM zones)",
		"SELECT (SELECT count(*) FROM served) = (SELECT count(*) FROM keys WHERE ds = 'rumoured')",
		"SELECT (SELECT count(*) FROM served) = (SELECT count(*) FROM ttls)",
		"SELECT (SELECT count(*) FROM served) = (SELECT count(*) FROM served_keys)",
		"SELECT (SELECT count(*) FROM served) = (SELECT count(*) FROM audit WHERE what = 'served')",
		"SELECT (SELECT count(*) FROM served) = (SELECT count(*) FROM audit WHERE what = 'keys changed')",
		"SELECT (SELECT count(*) FROM served) = (SELECT count(predecessor) FROM keys)",
	};
	struct error err;
	uint64_t rows;
	reopen(f, STORE_CHANGE);
	ok(store_audit_check(f->store, &rows, &err), &err);
	expect_whole(f->path);
	for (size_t i = 0; i < COUNT(equations); i++)
		if (ask(f->path, equations[i]) != 1)
			fail_msg("%s", equations[i]);
}

static void steps_survive_a_kill_at_every_call(void **state)
{
	struct scene *const scene = *state;
	const unsigned call = kill_at_each_call(scene, step, expect_no_half_step);
	expect_no_half_step(scene);
	assert_int_equal(ask(scene->fixture->path, "SELECT count(*) FROM served"), 1);
	assert_true(call > 25);
}

/* ---- migration ---- */

static enum status migrate(struct scene *scene, struct error *err)
{
	struct store *store = NULL;
	const enum status status =
	    store_open_with(scene->fixture->path, STORE_CHANGE, "killed", scene->steps, scene->step_count, &store, err);
	store_close(store);
	return status;
}

static void expect_old_or_new(struct scene *scene)
{
	struct fixture *const f = scene->fixture;
	struct error err;
	struct store *store = NULL;
	uint64_t rows;
	const enum status status = store_open(f->path, STORE_CHANGE, "test", &store, &err);
	if (status == STATUS_OK)
		assert_int_equal(ask(f->path, "SELECT count(*) FROM sqlite_master WHERE name = 'extras'"), 0);
	else
		assert_int_equal(status, STATUS_POLICY);
	store_close(store);
	store = NULL;
	ok(store_open_with(f->path, STORE_CHANGE, "test", scene->steps, scene->step_count, &store, &err), &err);
	expect_whole(f->path);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM extras"), 1);
	assert_int_equal(ask(f->path, "SELECT serial FROM versions"), 5);
	assert_int_equal(ask(f->path, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
	ok(store_audit_check(store, &rows, &err), &err);
	store_close(store);
	char copy[160];
	snprintf(copy, sizeof(copy), "%s.before-%zu", f->path, scene->step_count);
	expect_whole(copy);
	assert_int_equal(ask(copy, "SELECT serial FROM versions"), 5);
}

static void a_migration_survives_a_kill_at_every_call(void **state)
{
	struct scene *const scene = *state;
	const unsigned call = kill_at_each_call(scene, migrate, expect_old_or_new);
	expect_old_or_new(scene);
	assert_true(call > 30);
}

/* The scene is a keystore of version 1. */
static void use_version_1(struct scene *scene)
{
	struct fixture *const f = scene->fixture;
	sqlite3 *database = NULL;
	size_t size;
	char path[160];
	snprintf(path, sizeof(path), "%s/old.db", f->folder);
	uint8_t *const dump = file_take(TEST_ROOT "/unit/keystore/fixtures/keystore-v1.sql", &size);
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, (const char *)dump, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
	free(dump);
	free(scene->database);
	scene->database = file_take(path, &scene->size);
	scene->step_count--; /* the built-in ones alone */
}

static void expect_migrated_from_1(struct scene *scene)
{
	struct fixture *const f = scene->fixture;
	struct error err;
	uint64_t rows;
	char copy[160];
	reopen(f, STORE_CHANGE);
	expect_whole(f->path);
	ok(store_audit_check(f->store, &rows, &err), &err);
	assert_int_equal(rows, 11);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM audit WHERE what = 'keys recorded'"), 1);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM served"), 6);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM ttls"), 3);
	store_close(f->store);
	f->store = NULL;
	snprintf(copy, sizeof(copy), "%s.before-2", f->path);
	expect_whole(copy);
	assert_int_equal(ask(copy, "PRAGMA user_version"), 1);
}

static void the_migration_from_version_1_survives_a_kill_at_every_call(void **state)
{
	struct scene *const scene = *state;
	use_version_1(scene);
	const unsigned call = kill_at_each_call(scene, migrate, expect_migrated_from_1);
	expect_migrated_from_1(scene);
	assert_true(call > 30);
}

/* ---- making a keystore ---- */

static enum status create(struct scene *scene, struct error *err)
{
	struct store *store = NULL;
	const enum status status = store_open(scene->fixture->path, STORE_CREATE, "killed", &store, err);
	store_close(store);
	return status;
}

static void expect_none_or_whole(struct scene *scene)
{
	struct fixture *const f = scene->fixture;
	struct error err;
	struct store *store = NULL;
	const enum status status = store_open(f->path, STORE_CHANGE, "test", &store, &err);
	if (status != STATUS_OK) {
		assert_int_equal(status, STATUS_MISSING);
		ok(store_open(f->path, STORE_CREATE, "test", &store, &err), &err);
	}
	expect_whole(f->path);
	store_close(store);
}

static void making_a_keystore_survives_a_kill_at_every_call(void **state)
{
	struct scene *const scene = *state;
	unsigned call = 1;
	for (;; call += STRIDE) {
		rewind_scene(scene);
		unlink(scene->fixture->path);
		if (!killed_at(scene, create, call))
			break;
		expect_none_or_whole(scene);
	}
	print_message("%u calls\n", call - 1);
	expect_none_or_whole(scene);
	assert_true(call > 15);
}

/* ---- restoring ---- */

static enum status restore(struct scene *scene, struct error *err)
{
	return store_restore(scene->copy, scene->fixture->path, "killed", NOW, err);
}

static void expect_old_or_restored(struct scene *scene)
{
	struct fixture *const f = scene->fixture;
	struct error err;
	bool restored = false;
	reopen(f, STORE_CHANGE);
	expect_whole(f->path);
	ok(store_is_restored(f->store, &restored, &err), &err);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM versions"), restored ? 0 : 1);
	store_close(f->store);
	f->store = NULL;
	ok(store_restore(scene->copy, f->path, "test", NOW, &err), &err);
	reopen(f, STORE_CHANGE);
	assert_int_equal(ask(f->path, "SELECT count(*) FROM versions"), 0);
}

static void a_restore_survives_a_kill_at_every_call(void **state)
{
	struct scene *const scene = *state;
	const unsigned call = kill_at_each_call(scene, restore, expect_old_or_restored);
	expect_old_or_restored(scene);
	assert_true(call > 20);
}

/* ---- random moments ---- */

/* Publishes serials without end and says so after each step. */
static void publish_for_ever(const struct fixture *f, int told)
{
	struct error err;
	struct store *store = NULL;
	if (store_open(f->path, STORE_CHANGE, "killed", &store, &err) != STATUS_OK)
		_exit(1);
	uint32_t serial = 0;
	bool found;
	for (;;) {
		if (store_serial_floor(store, f->zone, &serial, &found, &err) != STATUS_OK)
			_exit(2);
		struct store_version version = some_version(serial + 1);
		if (write(told, "i", 1) != 1 || store_add_intent(store, f->zone, &version, NOW, &err) != STATUS_OK)
			_exit(3);
		if (write(told, "c", 1) != 1 ||
		    store_confirm(store, f->zone, version.id, NOW, NULL, 0, &err) != STATUS_OK)
			_exit(4);
	}
}

static void kill_after(const struct fixture *f, unsigned steps, unsigned turns)
{
	int pipe_ends[2];
	char octet;
	assert_int_equal(pipe(pipe_ends), 0);
	const pid_t child = fork();
	if (child == 0)
		publish_for_ever(f, pipe_ends[1]);
	close(pipe_ends[1]);
	for (unsigned i = 0; i < steps; i++)
		assert_int_equal(read(pipe_ends[0], &octet, 1), 1);
	/* Somewhere within the step; what must hold does not depend on where. */
	for (volatile unsigned turn = 0; turn < turns; turn = turn + 1)
		continue;
	kill(child, SIGKILL);
	int ended;
	assert_int_equal(waitpid(child, &ended, 0), child);
	assert_true(WIFSIGNALED(ended));
	close(pipe_ends[0]);
}

static void a_kill_at_any_moment_leaves_a_whole_keystore(void **state)
{
	struct scene *const scene = *state;
	struct fixture *const f = scene->fixture;
	unsigned seed = 20261124;
	const unsigned times = getenv("ZONESEAL_SOAK") == NULL ? 40 : 2000;
	for (unsigned i = 0; i < times; i++) {
		struct error err;
		uint64_t rows;
		struct store_version version;
		bool found = false;
		kill_after(f, 1 + (unsigned)rand_r(&seed) % 8, (unsigned)rand_r(&seed) % 200000);
		reopen(f, STORE_CHANGE);
		expect_whole(f->path);
		ok(store_audit_check(f->store, &rows, &err), &err);
		assert_int_equal(ask(f->path, "SELECT count(*) FROM versions WHERE published > 0"),
		    ask(f->path, "SELECT count(*) FROM audit WHERE what = 'published'"));
		ok(store_open_intent(f->store, f->zone, f->mem, &version, &found, &err), &err);
		if (found)
			ok(store_confirm(f->store, f->zone, version.id, NOW, NULL, 0, &err), &err);
		store_close(f->store);
		f->store = NULL;
	}
}

#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SCENE(publishing_survives_a_kill_at_every_call),
		WITH_SCENE(steps_survive_a_kill_at_every_call),
		WITH_SCENE(a_migration_survives_a_kill_at_every_call),
		WITH_SCENE(the_migration_from_version_1_survives_a_kill_at_every_call),
		WITH_SCENE(making_a_keystore_survives_a_kill_at_every_call),
		WITH_SCENE(a_restore_survives_a_kill_at_every_call),
		WITH_SCENE(a_kill_at_any_moment_leaves_a_whole_keystore),
	};
	return cmocka_run_group_tests_name("store_kill", tests, NULL, NULL);
}
