/* SPDX-License-Identifier: MIT */
/* A process that makes a key is killed before its n-th call that changes a file, for every n until it gets through. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keystore/token.h"
#include "tests/unit/keystore/fixture.h"

static unsigned calls_left; /* 0: nobody is killed */

static void count(void)
{
	if (calls_left > 0 && --calls_left == 0)
		kill(getpid(), SIGKILL);
}

ssize_t __real_write(int file, const void *data, size_t size);
ssize_t __wrap_write(int file, const void *data, size_t size);

/* Killed in the middle of the text, too. */
ssize_t __wrap_write(int file, const void *data, size_t size)
{
	count();
	const ssize_t half = __real_write(file, data, (size + 1) / 2);
	count();
	return half;
}

int __real_fsync(int file);
int __wrap_fsync(int file);
int __wrap_fsync(int file)
{
	count();
	return __real_fsync(file);
}

int __real_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags);
int __wrap_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags);
int __wrap_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
	count();
	return __real_renameat2(from_folder, from, to_folder, to, flags);
}

static enum status make_key(const char *folder, struct key *key)
{
	struct error err;
	struct token *token = NULL;
	*key = (struct key){ .role = KEY_ZSK, .algorithm = 13, .flags = 256 };
	enum status status = token_open_soft(folder, NULL, &token, &err);
	if (status == STATUS_OK)
		status = token_generate(token, key, &err);
	token_close(token);
	return status;
}

static bool killed_at(const char *folder, unsigned call)
{
	int ended;
	const pid_t child = fork();
	if (child == 0) {
		struct key key;
		calls_left = call;
		_exit((int)make_key(folder, &key));
	}
	assert_int_equal(waitpid(child, &ended, 0), child);
	if (WIFSIGNALED(ended))
		return true;
	assert_int_equal(ended, 0);
	return false;
}

/* Every *.pem is a whole key, 0600; temporary files are 0600 too. Returns how many of each there are. */
static void look_at(const char *folder, unsigned *keys, unsigned *temporary)
{
	DIR *const listing = opendir(folder);
	assert_non_null(listing);
	*keys = 0;
	*temporary = 0;
	for (const struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
		char path[512];
		struct stat info;
		size_t size;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		assert_int_equal(stat(path, &info), 0);
		assert_int_equal(info.st_mode & 07777, 0600);
		if (entry->d_name[0] == '.') {
			(*temporary)++;
			continue;
		}
		uint8_t *const text = file_take(path, &size);
		assert_non_null(strstr((const char *)text, "-----END PRIVATE KEY-----\n"));
		free(text);
		(*keys)++;
	}
	closedir(listing);
}

static void a_killed_process_leaves_no_half_key(void **state)
{
	(void)state;
	char folder[64];
	struct key key;
	unsigned keys = 0;
	unsigned temporary = 0;
	unsigned call = 1;
	fixture_folder(folder);
	while (killed_at(folder, call++))
		look_at(folder, &keys, &temporary);
	assert_true(call > 6);
	assert_int_equal(make_key(folder, &key), STATUS_OK);
	look_at(folder, &keys, &temporary);
	assert_int_equal(temporary, 0);
	assert_true(keys >= 2);
	folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_killed_process_leaves_no_half_key),
	};
	return cmocka_run_group_tests_name("token_kill", tests, NULL, NULL);
}
