/* SPDX-License-Identifier: MIT */
#include "tests/unit/base/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct place place_new(void)
{
	struct place place = { .folder = "/tmp/zoneseal-publish-XXXXXX" };
	assert_non_null(mkdtemp(place.folder));
	snprintf(place.target, sizeof(place.target), "%s/zone", place.folder);
	snprintf(place.other, sizeof(place.other), "%s/other", place.folder);
	return place;
}

size_t count_names(const char *folder, bool remove)
{
	DIR *const names = opendir(folder);
	assert_non_null(names);
	size_t count = 0;
	for (const struct dirent *entry = readdir(names); entry != NULL; entry = readdir(names)) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (remove)
			assert_true(unlinkat(dirfd(names), entry->d_name, 0) == 0 ||
				    unlinkat(dirfd(names), entry->d_name, AT_REMOVEDIR) == 0);
		count++;
	}
	closedir(names);
	return count;
}

void place_free(const struct place *place)
{
	count_names(place->folder, true);
	assert_int_equal(rmdir(place->folder), 0);
}

void put(const char *path, const char *text)
{
	const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
	close(file);
}

void assert_content(const char *path, const char *text)
{
	char got[256] = "";
	const int file = open(path, O_RDONLY);
	assert_true(file >= 0);
	const ssize_t size = read(file, got, sizeof(got) - 1);
	close(file);
	assert_int_equal(size, (ssize_t)strlen(text));
	assert_string_equal(got, text);
}

void begin(const char *path, struct publish *publish)
{
	struct error err;
	error_clear(&err);
	if (publish_open(path, 0640, publish, &err) != STATUS_OK)
		fail_msg("%s", err.message);
}
