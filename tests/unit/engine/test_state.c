/* SPDX-License-Identifier: MIT */
/* The state folder: locks, kept versions, and the archive format of backups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/base/bytes.h"
#include "signer/engine/archive.h"
#include "signer/engine/folder.h"
#include "signer/engine/lock.h"
#include "signer/engine/tar.h"

struct fixture {
	char state[64];
	struct arena *mem;
};

static int make_fixture(void **state)
{
	struct error err;
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	assert_non_null(fixture);
	snprintf(fixture->state, sizeof(fixture->state), "/tmp/zoneseal-state-XXXXXX");
	assert_non_null(mkdtemp(fixture->state));
	assert_int_equal(folder_make(fixture->state, &err), STATUS_OK);
	fixture->mem = arena_new(0);
	*state = fixture;
	return 0;
}

static int remove_one(const char *path, const struct stat *at, int kind, struct FTW *walk)
{
	(void)at;
	(void)kind;
	(void)walk;
	return remove(path);
}

static int drop_fixture(void **state)
{
	struct fixture *fixture = *state;
	nftw(fixture->state, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	arena_free(fixture->mem);
	free(fixture);
	return 0;
}

static void second_run_is_told_who_holds_the_lock(void **state)
{
	const struct fixture *fixture = *state;
	struct lock first = LOCK_NONE, second = LOCK_NONE;
	struct error err;
	error_clear(&err);
	const struct utc now = { 1795521731 }; /* 12:02:11 */
	assert_int_equal(lock_take(fixture->state, "nl.test.", "sign", now, 0, &first, &err), STATUS_OK);
	lock_phase(&first, "verify");
	assert_int_equal(lock_take(fixture->state, "nl.test.", "run", now, 0, &second, &err), STATUS_BUSY);
	char *expected =
	    arena_printf(fixture->mem, "held by pid %ld (sign, started 12:02:11, phase verify)", (long)getpid());
	assert_non_null(strstr(err.message, expected));
	assert_int_equal(lock_take(fixture->state, "de.test.", "run", now, 0, &second, &err), STATUS_OK);
	lock_release(&second);
	lock_release(&first);
	assert_int_equal(lock_take(fixture->state, "nl.test.", "run", now, 0, &second, &err), STATUS_OK);
	lock_release(&second);
}

static void lock_file_stays_and_is_closed_to_others(void **state)
{
	const struct fixture *fixture = *state;
	struct lock lock = LOCK_NONE;
	struct error err;
	struct stat at;
	assert_int_equal(lock_take(fixture->state, ".", "run", (struct utc){ 1 }, 0, &lock, &err), STATUS_OK);
	lock_release(&lock);
	assert_int_equal(stat(folder_path(fixture->state, "locks/@", fixture->mem), &at), 0);
	assert_int_equal(at.st_mode & 0777, 0600);
}

/* A published version `id` with this text at <state>/zones/nl.test.zone. */
static struct store_version publish_version(struct fixture *fixture, int64_t id, const char *text)
{
	struct error err;
	struct store_version version = { .id = id, .serial = (uint32_t)(100 + id) };
	char *path = folder_zone_output(fixture->state, "nl.test.", fixture->mem);
	assert_int_equal(publish_file(path, 0644, text, strlen(text), &err), STATUS_OK);
	bytes_sha256((struct bytes){ (const uint8_t *)text, strlen(text) }, version.sha256);
	return version;
}

static void keep(struct fixture *fixture, const struct store_version *version)
{
	struct error err;
	struct publish publish = PUBLISH_NONE;
	char *path = folder_zone_output(fixture->state, "nl.test.", fixture->mem);
	assert_int_equal(publish_open(path, 0644, &publish, &err), STATUS_OK);
	assert_int_equal(archive_keep(fixture->state, "nl.test.", version, &publish, fixture->mem, &err), STATUS_OK);
	publish_abort(&publish);
}

static bool has(struct fixture *fixture, int64_t id)
{
	const struct store_version version = { .id = id, .serial = (uint32_t)(100 + id) };
	return access(archive_path(fixture->state, "nl.test.", &version, fixture->mem), F_OK) == 0;
}

static void newest_versions_are_kept(void **state)
{
	struct fixture *fixture = *state;
	for (int64_t id = 1; id <= 12; id++) {
		const struct store_version version =
		    publish_version(fixture, id, arena_printf(fixture->mem, "%d\n", (int)id));
		keep(fixture, &version);
		keep(fixture, &version);
	}
	archive_prune(fixture->state, "nl.test.", 3, NULL, 0, fixture->mem);
	for (int64_t id = 1; id <= 12; id++)
		assert_int_equal(has(fixture, id), id > 9);
	archive_prune(fixture->state, "nl.test.", 2, (const int64_t[]){ 10, 12 }, 2, fixture->mem);
	for (int64_t id = 10; id <= 12; id++)
		assert_true(has(fixture, id));
	archive_prune(fixture->state, "nl.test.", 0, NULL, 0, fixture->mem);
	assert_true(has(fixture, 12));
	assert_false(has(fixture, 11));
}

static void half_a_copy_is_made_whole(void **state)
{
	struct fixture *fixture = *state;
	struct error err;
	uint8_t sha256[32];
	const struct store_version version = publish_version(fixture, 1, "whole\n");
	keep(fixture, &version);
	char *path = archive_path(fixture->state, "nl.test.", &version, fixture->mem);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(publish_file(path, 0644, "wh", 2, &err), STATUS_OK);
	keep(fixture, &version);
	int file = open(path, O_RDONLY);
	assert_int_equal(file_sha256(file, sha256, &err), STATUS_OK);
	close(file);
	assert_memory_equal(sha256, version.sha256, 32);
}

static void other_files_in_the_archive_stay(void **state)
{
	struct fixture *fixture = *state;
	struct error err;
	const struct store_version version = publish_version(fixture, 1, "x\n");
	keep(fixture, &version);
	char *note = folder_path(fixture->state, "archive/nl.test/2026-note.txt", fixture->mem);
	assert_int_equal(publish_file(note, 0644, "x", 1, &err), STATUS_OK);
	archive_prune(fixture->state, "nl.test.", 1, NULL, 0, fixture->mem);
	assert_int_equal(access(note, F_OK), 0);
}

static void archive_members_come_back(void **state)
{
	static const size_t sizes[] = { 0, 1, 511, 512, 513, 70000 };
	struct fixture *fixture = *state;
	struct error err;
	struct publish out = PUBLISH_NONE;
	struct tar_member member;
	bool found;
	char *path = folder_path(fixture->state, "x.tar", fixture->mem);
	char *data = arena_calloc(fixture->mem, 70001, 1), padding[TAR_BLOCK];
	memset(data, 'z', 70000);
	assert_int_equal(publish_open(path, 0600, &out, &err), STATUS_OK);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		const char *name = arena_printf(fixture->mem, "keys/%zu.pem", sizes[i]);
		assert_int_equal(tar_write_header(&out, name, sizes[i], (struct utc){ 1 }, &err), STATUS_OK);
		assert_int_equal(publish_write(&out, data, sizes[i], &err), STATUS_OK);
		assert_int_equal(tar_write_padding(&out, sizes[i], &err), STATUS_OK);
	}
	assert_int_equal(tar_write_end(&out, &err), STATUS_OK);
	assert_int_equal(publish_rename(&out, &err), STATUS_OK);
	int file = open(path, O_RDONLY);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		assert_int_equal(tar_read_header(file, &member, &found, &err), STATUS_OK);
		assert_true(found);
		assert_int_equal(member.size, sizes[i]);
		assert_int_equal(tar_read(file, data, sizes[i], &err), STATUS_OK);
		assert_int_equal(tar_read(file, padding, tar_padding(sizes[i]), &err), STATUS_OK);
	}
	assert_int_equal(tar_read_header(file, &member, &found, &err), STATUS_OK);
	assert_false(found);
	close(file);
}

/* A header as it was written, then changed by `change`, its checksum made good again. */
static enum status read_changed(struct fixture *fixture, void (*change)(char *block), struct error *err)
{
	struct publish out = PUBLISH_NONE;
	struct tar_member member;
	bool found;
	char block[TAR_BLOCK], sum[16];
	char *path = folder_path(fixture->state, "x.tar", fixture->mem);
	assert_int_equal(publish_open(path, 0600, &out, err), STATUS_OK);
	assert_int_equal(tar_write_header(&out, "keystore.db", 0, (struct utc){ 1 }, err), STATUS_OK);
	assert_int_equal(publish_rename(&out, err), STATUS_OK);
	int file = open(path, O_RDWR);
	assert_int_equal(read(file, block, sizeof(block)), TAR_BLOCK);
	change(block);
	memset(block + 148, ' ', 8);
	unsigned total = 0;
	for (size_t i = 0; i < sizeof(block); i++)
		total += (unsigned char)block[i];
	snprintf(sum, sizeof(sum), "%06o", total);
	memcpy(block + 148, sum, 7);
	assert_int_equal(pwrite(file, block, sizeof(block), 0), TAR_BLOCK);
	lseek(file, 0, SEEK_SET);
	error_clear(err);
	enum status status = tar_read_header(file, &member, &found, err);
	close(file);
	return status;
}

static void name_absolute(char *block)
{
	memcpy(block, "/etc/passwd", 12);
}

static void name_that_leads_out(char *block)
{
	memcpy(block, "keys/../../x", 13);
}

static void name_with_controls(char *block)
{
	block[3] = '\033';
}

static void symbolic_link(char *block)
{
	block[156] = '2';
}

static void size_that_is_no_number(char *block)
{
	block[124] = 'x';
}

static void hostile_archives_are_refused(void **state)
{
	static const struct {
		const char *title;
		void (*change)(char *block);
	} cases[] = {
		{ "absolute name", name_absolute },
		{ "name that leads out", name_that_leads_out },
		{ "controls in the name", name_with_controls },
		{ "symbolic link", symbolic_link },
		{ "size", size_that_is_no_number },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err;
		if (read_changed(*state, cases[i].change, &err) != STATUS_MALFORMED)
			fail_msg("%s", cases[i].title);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(second_run_is_told_who_holds_the_lock, make_fixture, drop_fixture),
		cmocka_unit_test_setup_teardown(lock_file_stays_and_is_closed_to_others, make_fixture, drop_fixture),
		cmocka_unit_test_setup_teardown(newest_versions_are_kept, make_fixture, drop_fixture),
		cmocka_unit_test_setup_teardown(half_a_copy_is_made_whole, make_fixture, drop_fixture),
		cmocka_unit_test_setup_teardown(other_files_in_the_archive_stay, make_fixture, drop_fixture),
		cmocka_unit_test_setup_teardown(archive_members_come_back, make_fixture, drop_fixture),
		cmocka_unit_test_setup_teardown(hostile_archives_are_refused, make_fixture, drop_fixture),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
