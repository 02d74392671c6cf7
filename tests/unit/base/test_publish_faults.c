/* SPDX-License-Identifier: MIT */
#include "signer/base/publish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/base/place.h"

static void stale_temporaries_go_and_held_ones_stay(void **state)
{
	(void)state;
	const struct place place = place_new();
	struct publish first = PUBLISH_NONE;
	struct publish second = PUBLISH_NONE;
	char path[600];
	static const char *const stale[] = { ".zone.0123456789abcdef.tmp", ".zone.ffffffffffffffff.tmp" };
	static const char *const others[] = { ".zone.0123456789abcde.tmp", ".zone.0123456789ABCDEF.tmp",
		".zone2.0123456789abcdef.tmp", "zone.0123456789abcdef.tmp", ".zone.0123456789abcdef.tmp2" };
	for (size_t i = 0; i < COUNT(stale); i++) {
		snprintf(path, sizeof(path), "%s/%s", place.folder, stale[i]);
		put(path, "stale");
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		snprintf(path, sizeof(path), "%s/%s", place.folder, others[i]);
		put(path, "not ours");
	}
	begin(place.target, &first);
	assert_int_equal(count_names(place.folder, false), COUNT(others) + 1);
	begin(place.target, &second);
	assert_int_equal(count_names(place.folder, false), COUNT(others) + 2);
	struct error err;
	assert_int_equal(publish_rename(&first, &err), STATUS_OK);
	assert_int_equal(publish_rename(&second, &err), STATUS_OK);
	place_free(&place);
}

/* A temporary's name that is a symbolic link, a folder or a fifo is no file of ours: it is neither followed nor waited
 * for. */
static void planted_names_do_no_harm(void **state)
{
	(void)state;
	const struct place place = place_new();
	char path[600];
	put(place.other, "precious");
	snprintf(path, sizeof(path), "%s/.zone.0000000000000001.tmp", place.folder);
	assert_int_equal(symlink(place.other, path), 0);
	snprintf(path, sizeof(path), "%s/.zone.0000000000000002.tmp", place.folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/.zone.0000000000000003.tmp", place.folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	struct error err;
	assert_int_equal(publish_file(place.target, 0644, "x", 1, &err), STATUS_OK);
	assert_content(place.other, "precious");
	assert_int_equal(count_names(place.folder, false), 5);
	place_free(&place);
}

static void killed_run_leaves_target_whole_and_next_run_cleans_up(void **state)
{
	(void)state;
	for (int step = 0; step < 5; step++) {
		const struct place place = place_new();
		put(place.target, "old");
		const pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			struct publish publish = PUBLISH_NONE;
			int failed = 0;
			if (step >= 1)
				failed |= publish_open(place.target, 0644, &publish, NULL) != STATUS_OK;
			if (step >= 2)
				failed |= publish_write(&publish, "new", 3, NULL) != STATUS_OK;
			if (step >= 3)
				failed |= publish_sync(&publish, NULL) != STATUS_OK;
			if (step >= 4)
				failed |= publish_rename(&publish, NULL) != STATUS_OK;
			if (failed != 0)
				_exit(1);
			raise(SIGKILL);
			_exit(1);
		}
		int how;
		assert_int_equal(waitpid(child, &how, 0), child);
		assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
		assert_content(place.target, step == 4 ? "new" : "old");
		struct error err;
		assert_int_equal(publish_file(place.target, 0644, "next", 4, &err), STATUS_OK);
		assert_content(place.target, "next");
		assert_int_equal(count_names(place.folder, false), 1);
		place_free(&place);
	}
}

static void full_disk_is_reported_and_leaves_nothing(void **state)
{
	(void)state;
	const struct place place = place_new();
	put(place.target, "old");
	const pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		static const char data[8192];
		const struct rlimit limit = { 4096, 4096 };
		struct error err;
		error_clear(&err);
		signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
			_exit(2);
		const enum status status = publish_file(place.target, 0644, data, sizeof(data), &err);
		_exit(status == STATUS_IO && err.code == STATUS_IO &&
			      strcmp(err.message, "zone: cannot write its temporary file: File too large") == 0
			  ? 0
			  : 3);
	}
	int how;
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFEXITED(how));
	assert_int_equal(WEXITSTATUS(how), 0);
	assert_content(place.target, "old");
	assert_int_equal(count_names(place.folder, false), 1);
	place_free(&place);
}

static void folder_without_rights_is_an_output_error(void **state)
{
	(void)state;
	const struct place place = place_new();
	assert_int_equal(chmod(place.folder, 0500), 0);
	const pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct error err;
		error_clear(&err);
		/* Root may write anywhere. */
		if (geteuid() == 0 && (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0))
			_exit(2);
		const enum status status = publish_file(place.target, 0644, "x", 1, &err);
		_exit(status == STATUS_IO && strstr(err.message, "Permission denied") != NULL ? 0 : 3);
	}
	int how;
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFEXITED(how));
	assert_int_equal(WEXITSTATUS(how), 0);
	assert_int_equal(chmod(place.folder, 0700), 0);
	place_free(&place);
}

static void device_without_room_fails_the_write(void **state)
{
	(void)state;
	struct publish publish = PUBLISH_NONE;
	struct error err;
	strcpy(publish.target, "zone");
	publish.file = open("/dev/full", O_RDWR);
	assert_true(publish.file >= 0);
	assert_int_equal(publish_write(&publish, "x", 1, &err), STATUS_IO);
	assert_string_equal(err.message, "zone: cannot write its temporary file: No space left on device");
	publish_abort(&publish);
}

static void removed_temporary_is_never_published(void **state)
{
	(void)state;
	const struct place place = place_new();
	struct publish publish = PUBLISH_NONE;
	struct error err;
	char path[900];
	put(place.target, "old");
	begin(place.target, &publish);
	snprintf(path, sizeof(path), "%s/%s", place.folder, publish.temporary);
	assert_int_equal(unlink(path), 0);
	put(path, "someone else's");
	assert_int_equal(publish_rename(&publish, &err), STATUS_IO);
	assert_string_equal(err.message, "zone: its temporary file was removed or replaced by another program");
	publish_abort(&publish);
	assert_content(place.target, "old");
	assert_content(path, "someone else's");
	place_free(&place);
}

static void missing_room_is_named_with_both_numbers(void **state)
{
	(void)state;
	const struct place place = place_new();
	struct error err;
	assert_int_equal(publish_room(place.target, 1, &err), STATUS_OK);
	assert_int_equal(publish_room(place.target, UINT64_MAX, &err), STATUS_IO);
	assert_non_null(strstr(err.message, "octets free, and this needs 18446744073709551615"));
	assert_int_equal(publish_room("/nonexistent/zone", 1, &err), STATUS_IO);
	place_free(&place);
}

/* Two processes that publish the same target at once: the winner is one of them, whole, and nothing is left behind. */
static void runs_at_the_same_time_do_not_mix(void **state)
{
	(void)state;
	const struct place place = place_new();
	pid_t children[4];
	for (size_t i = 0; i < COUNT(children); i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] != 0)
			continue;
		const char text[2] = { (char)('a' + i), '\0' };
		for (int n = 0; n < 40; n++)
			if (publish_file(place.target, 0644, text, 1, NULL) != STATUS_OK)
				_exit(1);
		_exit(0);
	}
	for (size_t i = 0; i < COUNT(children); i++) {
		int how;
		assert_int_equal(waitpid(children[i], &how, 0), children[i]);
		assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
	}
	assert_int_equal(count_names(place.folder, false), 1);
	place_free(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stale_temporaries_go_and_held_ones_stay),
		cmocka_unit_test(planted_names_do_no_harm),
		cmocka_unit_test(killed_run_leaves_target_whole_and_next_run_cleans_up),
		cmocka_unit_test(full_disk_is_reported_and_leaves_nothing),
		cmocka_unit_test(folder_without_rights_is_an_output_error),
		cmocka_unit_test(device_without_room_fails_the_write),
		cmocka_unit_test(removed_temporary_is_never_published),
		cmocka_unit_test(missing_room_is_named_with_both_numbers),
		cmocka_unit_test(runs_at_the_same_time_do_not_mix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
