/* SPDX-License-Identifier: MIT */
#include "tests/unit/keystore/fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

size_t unhex(const char *text, uint8_t *out, size_t capacity)
{
	const long size = bytes_from_hex(text, strlen(text), out, capacity);
	assert_true(size >= 0);
	return (size_t)size;
}

struct key key_of_vector(const struct vector *vector)
{
	struct key key = {
		.algorithm = vector->algorithm, .flags = vector->flags, .role = vector->flags == 257 ? KEY_KSK : KEY_ZSK
	};
	key.public_size = (uint16_t)unhex(vector->public_key, key.public_key, sizeof(key.public_key));
	dnskey_identify(&key);
	snprintf(key.locator, sizeof(key.locator), "file:%s.pem", vector->fingerprint);
	return key;
}

void fixture_folder(char out[64])
{
	/* Memory if there is some: these tests sync often and kill processes, not machines. */
	const char *const wanted = getenv("TMPDIR");
	const char *const where = wanted != NULL && strlen(wanted) < 40  ? wanted
				  : access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm"
									 : "/tmp";
	snprintf(out, 64, "%s/zoneseal-test-XXXXXX", where);
	assert_non_null(mkdtemp(out));
}

void folder_remove(const char *folder)
{
	DIR *const listing = opendir(folder);
	if (listing == NULL)
		return;
	const struct dirent *entry;
	while ((entry = readdir(listing)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			char path[512];
			snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
			if (unlink(path) != 0)
				folder_remove(path);
		}
	closedir(listing);
	rmdir(folder);
}

void file_make(const char *path, const void *data, size_t size, unsigned mode)
{
	const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(file >= 0);
	assert_int_equal(write(file, data, size), (ssize_t)size);
	assert_int_equal(fchmod(file, mode), 0);
	close(file);
}

uint8_t *file_take(const char *path, size_t *size)
{
	FILE *const file = fopen(path, "rb");
	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	const long length = ftell(file);
	assert_true(length >= 0);
	rewind(file);
	uint8_t *const data = malloc((size_t)length + 1);
	assert_int_equal(fread(data, 1, (size_t)length, file), (size_t)length);
	fclose(file);
	data[length] = 0;
	*size = (size_t)length;
	return data;
}
