/* SPDX-License-Identifier: MIT */
#include "signer/base/publish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/base/place.h"

static void small_file_is_replaced_as_a_whole(void **state)
{
	(void)state;
	const struct place place = place_new();
	struct error err;
	put(place.target, "a much longer old content");
	const mode_t mask = umask(0777);
	assert_int_equal(publish_file(place.target, 0640, "new", 3, &err), STATUS_OK);
	umask(mask);
	assert_content(place.target, "new");
	struct stat at;
	assert_int_equal(stat(place.target, &at), 0);
	assert_int_equal(at.st_mode & 07777, 0640);
	assert_int_equal(count_names(place.folder, false), 1);
	place_free(&place);
}

static void temporary_file_is_never_wider_than_asked_for(void **state)
{
	(void)state;
	const struct place place = place_new();
	struct publish publish = PUBLISH_NONE;
	struct stat at;
	struct error err;
	assert_int_equal(publish_open(place.target, 0600, &publish, &err), STATUS_OK);
	assert_int_equal(fstat(publish.file, &at), 0);
	assert_int_equal(at.st_mode & 07777, 0600);
	assert_int_equal(at.st_size, 0);
	assert_int_equal(fcntl(publish.file, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	publish_abort(&publish);
	publish_abort(&publish);
	assert_int_equal(count_names(place.folder, false), 0);
	place_free(&place);
}

static void target_keeps_its_content_until_the_rename(void **state)
{
	(void)state;
	const struct place place = place_new();
	struct publish publish = PUBLISH_NONE;
	struct error err;
	put(place.target, "old");
	begin(place.target, &publish);
	assert_int_equal(publish_write(&publish, "new", 3, &err), STATUS_OK);
	assert_int_equal(publish_sync(&publish, &err), STATUS_OK);
	assert_content(place.target, "old");
	assert_int_equal(publish_rename(&publish, &err), STATUS_OK);
	assert_int_equal(publish.file, -1);
	assert_int_equal(publish.folder, -1);
	assert_content(place.target, "new");
	place_free(&place);
}

static void rejected_file_gets_a_suffix_and_the_target_stays(void **state)
{
	(void)state;
	const struct place place = place_new();
	struct publish publish = PUBLISH_NONE;
	struct error err;
	char rejected[600];
	snprintf(rejected, sizeof(rejected), "%s.rejected", place.target);
	put(place.target, "old");
	for (int i = 0; i < 2; i++) {
		begin(place.target, &publish);
		assert_int_equal(publish_write(&publish, "bad", 3, &err), STATUS_OK);
		assert_int_equal(publish_rename_as(&publish, ".rejected", &err), STATUS_OK);
	}
	assert_content(place.target, "old");
	assert_content(rejected, "bad");
	assert_int_equal(count_names(place.folder, false), 2);
	place_free(&place);
}

static void refused_paths_say_why(void **state)
{
	(void)state;
	const struct place place = place_new();
	char link_to[600];
	char longer[400];
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(symlink("nowhere", place.other), 0);
	snprintf(link_to, sizeof(link_to), "%s/second", place.folder);
	assert_int_equal(symlink("other", link_to), 0);
	char fifo[600];
	snprintf(fifo, sizeof(fifo), "%s/fifo", place.folder);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	const struct {
		const char *title, *name, *says;
		enum status status;
	} rows[] = {
		{ "empty", "", "names a folder, not a file", STATUS_IO },
		{ "final slash", "zone/", "names a folder, not a file", STATUS_IO },
		{ "dot", ".", "names a folder, not a file", STATUS_IO },
		{ "dot dot", "..", "names a folder, not a file", STATUS_IO },
		{ "too long", longer, "file name longer than 255 octets", STATUS_IO },
		{ "missing folder", "none/zone", "cannot open its folder: No such file", STATUS_IO },
		{ "link to nowhere", "other", "which is not there", STATUS_IO },
		{ "link to a link", "second", "a symbolic link to another symbolic link", STATUS_IO },
		{ "fifo", "fifo", "not a regular file", STATUS_IO },
		{ "escape", "\033[31m/zone", "\\027[31m", STATUS_IO },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char path[1200];
		struct publish publish = PUBLISH_NONE;
		struct error err;
		error_clear(&err);
		snprintf(path, sizeof(path), "%s/%s", place.folder, rows[i].name);
		const enum status status = publish_open(path, 0644, &publish, &err);
		if (status != rows[i].status || strstr(err.message, rows[i].says) == NULL)
			fail_msg("%s: %d %s", rows[i].title, (int)status, err.message);
		assert_int_equal(publish.file, -1);
	}
	struct publish publish = PUBLISH_NONE;
	struct error err;
	assert_int_equal(publish_open("/dev/full", 0644, &publish, &err), STATUS_IO);
	assert_int_equal(publish_open(place.folder, 0644, &publish, &err), STATUS_IO);
	place_free(&place);
}

static void names_of_any_octets_are_published(void **state)
{
	(void)state;
	char longest[256];
	memset(longest, 'z', 255);
	longest[255] = '\0';
	const char *const names[] = { "a b", "\n", "\xff\xfe", "%s%n", "-rf", "$(id)", ".hidden", "..x", longest };
	for (size_t i = 0; i < COUNT(names); i++) {
		const struct place place = place_new();
		char path[400];
		struct error err;
		error_clear(&err);
		snprintf(path, sizeof(path), "%s/%s", place.folder, names[i]);
		if (publish_file(path, 0644, "x", 1, &err) != STATUS_OK)
			fail_msg("name %zu: %s", i, err.message);
		assert_content(path, "x");
		assert_int_equal(count_names(place.folder, false), 1);
		place_free(&place);
	}
}

static void symbolic_link_stays_and_its_file_is_replaced(void **state)
{
	(void)state;
	const struct place place = place_new();
	const struct place far = place_new();
	struct error err;
	const char *const values[] = { "zone", far.target };
	put(place.target, "old");
	put(far.target, "old");
	for (size_t i = 0; i < COUNT(values); i++) {
		assert_int_equal(symlink(values[i], place.other), 0);
		assert_int_equal(publish_file(place.other, 0644, "new", 3, &err), STATUS_OK);
		struct stat at;
		assert_int_equal(lstat(place.other, &at), 0);
		assert_true(S_ISLNK(at.st_mode));
		assert_content(i == 0 ? place.target : far.target, "new");
		assert_int_equal(unlink(place.other), 0);
	}
	place_free(&place);
	place_free(&far);
}

static void own_file_takes_the_place_of_a_link(void **state)
{
	(void)state;
	const struct place place = place_new();
	const char *const values[] = { "zone", "nowhere" };
	put(place.target, "old");
	for (size_t i = 0; i < COUNT(values); i++) {
		struct publish publish = PUBLISH_NONE;
		struct error err;
		assert_int_equal(symlink(values[i], place.other), 0);
		assert_int_equal(publish_open_own(place.other, 0600, &publish, &err), STATUS_OK);
		assert_int_equal(publish_write(&publish, "new", 3, &err), STATUS_OK);
		assert_int_equal(publish_rename(&publish, &err), STATUS_OK);
		struct stat at;
		assert_int_equal(lstat(place.other, &at), 0);
		assert_true(S_ISREG(at.st_mode));
		assert_content(place.target, "old");
		assert_content(place.other, "new");
		assert_int_equal(unlink(place.other), 0);
	}
	place_free(&place);
}

static void old_version_is_kept_by_a_link(void **state)
{
	(void)state;
	const struct place place = place_new();
	struct publish publish = PUBLISH_NONE;
	struct error err;
	put(place.target, "old");
	begin(place.target, &publish);
	assert_int_equal(publish_write(&publish, "new", 3, &err), STATUS_OK);
	assert_int_equal(publish_keep(&publish, place.other, &err), STATUS_OK);
	struct stat a;
	struct stat b;
	assert_int_equal(stat(place.target, &a), 0);
	assert_int_equal(stat(place.other, &b), 0);
	assert_true(a.st_ino == b.st_ino);
	assert_int_equal(publish_keep(&publish, place.other, &err), STATUS_IO);
	assert_non_null(strstr(err.message, "other: is there already"));
	assert_int_equal(publish_rename(&publish, &err), STATUS_OK);
	assert_content(place.other, "old");
	assert_content(place.target, "new");
	place_free(&place);
}

/* A new folder on another file system than `near` is on. */
static void far_folder(const char *near, char far[64])
{
	static const char *const places[] = { "/dev/shm", "/run/lock", "/var/tmp", "." };
	struct stat here;
	struct stat there;
	assert_int_equal(stat(near, &here), 0);
	for (size_t i = 0; i < COUNT(places); i++) {
		snprintf(far, 64, "%s/zoneseal-publish-XXXXXX", places[i]);
		if (stat(places[i], &there) == 0 && there.st_dev != here.st_dev && mkdtemp(far) != NULL)
			return;
	}
	fail_msg("no second file system to copy to: mount a tmpfs at /dev/shm");
}

static void old_version_is_copied_across_file_systems(void **state)
{
	(void)state;
	const struct place place = place_new();
	struct publish publish = PUBLISH_NONE;
	struct error err;
	char far[64];
	char kept[300];
	far_folder(place.folder, far);
	struct stat there;
	snprintf(kept, sizeof(kept), "%s/kept", far);
	put(place.target, "old");
	assert_int_equal(chmod(place.target, 0640), 0);
	begin(place.target, &publish);
	assert_int_equal(publish_keep(&publish, kept, &err), STATUS_OK);
	assert_content(kept, "old");
	assert_int_equal(stat(kept, &there), 0);
	assert_int_equal(there.st_mode & 07777, 0640);
	assert_int_equal(count_names(far, false), 1);
	assert_int_equal(publish_keep(&publish, kept, &err), STATUS_IO);
	publish_abort(&publish);
	count_names(far, true);
	assert_int_equal(rmdir(far), 0);
	place_free(&place);
}

static void nothing_to_keep_is_told_from_nowhere_to_keep_it(void **state)
{
	(void)state;
	const struct place place = place_new();
	struct publish publish = PUBLISH_NONE;
	struct error err;
	char kept[600];
	begin(place.target, &publish);
	assert_int_equal(publish_keep(&publish, place.other, &err), STATUS_MISSING);
	assert_string_equal(err.message, "zone: nothing to keep: No such file or directory");
	put(place.target, "old");
	snprintf(kept, sizeof(kept), "%s/none/kept", place.folder);
	assert_int_equal(publish_keep(&publish, kept, &err), STATUS_IO);
	assert_non_null(strstr(err.message, "none/kept: cannot keep the present version: No such file"));
	publish_abort(&publish);
	place_free(&place);
}

static void suffix_that_does_not_fit_is_refused(void **state)
{
	(void)state;
	const struct place place = place_new();
	char path[400];
	char name[251];
	memset(name, 'z', 250);
	name[250] = '\0';
	snprintf(path, sizeof(path), "%s/%s", place.folder, name);
	struct publish publish = PUBLISH_NONE;
	struct error err;
	begin(path, &publish);
	assert_int_equal(publish_rename_as(&publish, ".rejected", &err), STATUS_IO);
	assert_non_null(strstr(err.message, "no room for \".rejected\" in a file name of 255 octets"));
	publish_abort(&publish);
	assert_int_equal(count_names(place.folder, false), 0);
	place_free(&place);
}

static void stamp_tells_a_changed_file(void **state)
{
	(void)state;
	const struct place place = place_new();
	struct file_stamp before;
	struct file_stamp after;
	struct error err;
	put(place.target, "one");
	const int file = open(place.target, O_RDWR);
	assert_true(file >= 0);
	assert_int_equal(file_stamp_of(file, &before, &err), STATUS_OK);
	assert_int_equal(file_stamp_of(file, &after, &err), STATUS_OK);
	assert_true(file_stamp_equal(&before, &after));
	assert_int_equal(before.size, 3);
	assert_int_equal(ftruncate(file, 2), 0);
	assert_int_equal(file_stamp_of(file, &after, &err), STATUS_OK);
	assert_false(file_stamp_equal(&before, &after));
	close(file);
	assert_int_equal(file_stamp_of(-1, &after, &err), STATUS_IO);
	place_free(&place);
}

static void hash_covers_the_whole_file(void **state)
{
	(void)state;
	static const uint8_t expected[32] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde,
		0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2,
		0x00, 0x15, 0xad };
	const struct place place = place_new();
	uint8_t digest[32];
	struct error err;
	put(place.target, "abc");
	const int file = open(place.target, O_RDONLY);
	assert_true(file >= 0);
	assert_int_equal(lseek(file, 2, SEEK_SET), 2);
	assert_int_equal(file_sha256(file, digest, &err), STATUS_OK);
	assert_memory_equal(digest, expected, 32);
	assert_int_equal(lseek(file, 0, SEEK_CUR), 3);
	close(file);
	assert_int_equal(file_sha256(-1, digest, &err), STATUS_IO);
	assert_memory_equal(digest, expected, 32);
	place_free(&place);
}

/* The memory of a process ends in an I/O error where there is none, as a disk does. */
static void a_file_that_cannot_be_read_is_named(void **state)
{
	struct error err;
	uint8_t digest[32] = { 1 };
	char name[64];
	(void)state;
	const int file = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	assert_true(file >= 0);
	assert_int_equal(file_sha256(file, digest, &err), STATUS_IO);
	snprintf(name, sizeof(name), "/proc/%ld/mem: cannot be read: ", (long)getpid());
	assert_memory_equal(err.message, name, strlen(name));
	assert_int_equal(digest[0], 1);
	close(file);
	assert_int_equal(file_sha256(file, digest, &err), STATUS_IO);
	assert_non_null(strstr(err.message, "open file: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_file_is_replaced_as_a_whole),
		cmocka_unit_test(temporary_file_is_never_wider_than_asked_for),
		cmocka_unit_test(target_keeps_its_content_until_the_rename),
		cmocka_unit_test(rejected_file_gets_a_suffix_and_the_target_stays),
		cmocka_unit_test(refused_paths_say_why),
		cmocka_unit_test(names_of_any_octets_are_published),
		cmocka_unit_test(symbolic_link_stays_and_its_file_is_replaced),
		cmocka_unit_test(own_file_takes_the_place_of_a_link),
		cmocka_unit_test(old_version_is_kept_by_a_link),
		cmocka_unit_test(old_version_is_copied_across_file_systems),
		cmocka_unit_test(nothing_to_keep_is_told_from_nowhere_to_keep_it),
		cmocka_unit_test(suffix_that_does_not_fit_is_refused),
		cmocka_unit_test(stamp_tells_a_changed_file),
		cmocka_unit_test(hash_covers_the_whole_file),
		cmocka_unit_test(a_file_that_cannot_be_read_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
