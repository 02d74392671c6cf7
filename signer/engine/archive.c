/* SPDX-License-Identifier: MIT */
#include "signer/engine/archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/base/bytes.h"
#include "signer/engine/folder.h"

static char *zone_folder(const char *state, const char *zone, struct arena *mem)
{
	return folder_path(state, arena_printf(mem, "archive/%s", folder_zone_file(zone, mem)), mem);
}

char *archive_path(const char *state, const char *zone, const struct store_version *version, struct arena *mem)
{
	return arena_printf(
	    mem, "%s/%u-%lld.zone", zone_folder(state, zone, mem), version->serial, (long long)version->id);
}

static enum status keep_as(const char *folder, const char *path, const struct publish *publish, struct error *err)
{
	if (mkdir(folder, 0750) != 0 && errno != EEXIST)
		return error_set_errno(err, "%s: cannot make the folder", folder);
	struct error why;
	error_clear(&why);
	enum status status = publish_keep(publish, path, &why);
	/* Nothing is published yet: nothing to keep. */
	if (status == STATUS_OK || status == STATUS_MISSING)
		return STATUS_OK;
	if (err == NULL)
		return status;
	*err = why;
	return error_context(err, "keeping the published version");
}

static bool has_content(int file, const uint8_t sha256[32])
{
	uint8_t digest[32];
	return file_sha256(file, digest, NULL) == STATUS_OK && memcmp(digest, sha256, sizeof(digest)) == 0;
}

static bool same_content(const char *path, const uint8_t sha256[32])
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	bool same = file >= 0 && has_content(file, sha256);
	if (file >= 0)
		close(file);
	return same;
}

int archive_open(const char *state, const char *zone, const struct store_version *version, struct arena *mem)
{
	const char *const path = archive_path(state, zone, version, mem);
	return version->published.seconds == 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

int archive_open_whole(const char *state, const char *zone, const struct store_version *version, struct arena *mem)
{
	const int file = archive_open(state, zone, version, mem);
	if (file < 0 || has_content(file, version->sha256))
		return file;
	close(file);
	return -1;
}

/* Whether `path` is the target itself under a second name: then its content is the target's without reading it. */
static bool same_file(const char *path, const struct publish *publish)
{
	struct stat kept, target;
	return lstat(path, &kept) == 0 && fstatat(publish->folder, publish->target, &target, 0) == 0 &&
	       kept.st_ino == target.st_ino && kept.st_dev == target.st_dev;
}

enum status archive_keep(const char *state, const char *zone, const struct store_version *version,
    const struct publish *publish, struct arena *mem, struct error *err)
{
	char *path = archive_path(state, zone, version, mem);
	if (same_file(path, publish) || same_content(path, version->sha256))
		return STATUS_OK;
	/* Left by a run that was killed in mid-copy, or damaged since. */
	if (unlink(path) != 0 && errno != ENOENT)
		return error_set_errno(err, "%s", path);
	return keep_as(zone_folder(state, zone, mem), path, publish, err);
}

enum status archive_keep_foreign(const char *state, const char *zone, const uint8_t sha256[32],
    const struct publish *publish, struct arena *mem, struct error *err)
{
	char hex[33];
	bytes_to_hex((struct bytes){ sha256, 16 }, false, hex);
	char *folder = zone_folder(state, zone, mem);
	char *path = arena_printf(mem, "%s/replaced-%s.zone", folder, hex);
	if (access(path, F_OK) == 0)
		return STATUS_OK;
	return keep_as(folder, path, publish, err);
}

struct kept {
	char *name;
	long long id;
};

static int newest_first(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;
	return x->id < y->id ? 1 : x->id > y->id ? -1 : 0;
}

/* The version id in "<serial>-<id>.zone", or -1. */
static long long version_id(const char *name)
{
	char *end;
	if (name[0] < '0' || name[0] > '9')
		return -1;
	strtoul(name, &end, 10);
	if (*end != '-' || end[1] < '0' || end[1] > '9')
		return -1;
	long long id = strtoll(end + 1, &end, 10);
	return strcmp(end, ".zone") == 0 ? id : -1;
}

static bool is_spared(long long id, const int64_t spared[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (spared[i] == id)
			return true;
	return false;
}

void archive_prune(
    const char *state, const char *zone, unsigned keep, const int64_t spared[], size_t spared_count, struct arena *mem)
{
	enum { MOST = 4096 };
	DIR *folder = opendir(zone_folder(state, zone, mem));
	if (folder == NULL)
		return;
	struct kept *kept = arena_calloc(mem, MOST, sizeof(*kept));
	size_t count = 0;
	for (struct dirent *entry = readdir(folder); entry != NULL && count < MOST; entry = readdir(folder)) {
		long long id = version_id(entry->d_name);
		if (id >= 0)
			kept[count++] = (struct kept){ arena_strdup(mem, entry->d_name), id };
	}
	qsort(kept, count, sizeof(*kept), newest_first);
	for (size_t i = keep > 0 ? keep : 1; i < count; i++)
		if (!is_spared(kept[i].id, spared, spared_count))
			(void)unlinkat(dirfd(folder), kept[i].name, 0);
	closedir(folder);
}
