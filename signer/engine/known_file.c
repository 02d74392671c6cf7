/* SPDX-License-Identifier: MIT */
#include "signer/engine/known_file.h"

#include <string.h>

enum { SETTLED_SECONDS = 2, NANOSECONDS = 1000000000 };

static struct store_file file_of(const char *path, const struct file_stamp *stamp)
{
	return (struct store_file){ .path = path,
		.device = stamp->device,
		.inode = stamp->inode,
		.size = stamp->size,
		.modified = stamp->mtime_seconds * NANOSECONDS + stamp->mtime_nanoseconds,
		.changed = stamp->ctime_seconds * NANOSECONDS + stamp->ctime_nanoseconds };
}

static bool same_file(const struct store_file *a, const struct store_file *b)
{
	return strcmp(a->path, b->path) == 0 && a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->modified == b->modified && a->changed == b->changed;
}

bool known_file(const struct run *run, enum store_purpose purpose, const char *path, const struct file_stamp *stamp,
    uint8_t sha256[32], uint32_t *serial)
{
	struct store_file known;
	bool found = false;
	const struct store_file now = file_of(path, stamp);
	if (run->virtual_clock ||
	    store_file(run->store, run->zone.id, purpose, run->mem, &known, &found, NULL) != STATUS_OK || !found ||
	    !same_file(&known, &now))
		return false;
	memcpy(sha256, known.sha256, 32);
	*serial = known.serial;
	return true;
}

/* Later than both of its times by more than any file system's clock is coarse. */
static bool is_settled(const struct run *run, const struct file_stamp *stamp)
{
	const int64_t newest =
	    stamp->mtime_seconds > stamp->ctime_seconds ? stamp->mtime_seconds : stamp->ctime_seconds;
	return newest + SETTLED_SECONDS < run->now.seconds;
}

void known_file_note(const struct run *run, enum store_purpose purpose, const char *path, int file,
    const struct file_stamp *stamp, const uint8_t sha256[32], uint32_t serial)
{
	struct file_stamp after;
	if (run->virtual_clock || run->options->dry_run || !is_settled(run, stamp) ||
	    file_stamp_of(file, &after, NULL) != STATUS_OK)
		return;
	struct store_file read = file_of(path, stamp);
	const struct store_file now = file_of(path, &after);
	if (!same_file(&read, &now))
		return;
	memcpy(read.sha256, sha256, 32);
	read.serial = serial;
	if (store_note_file(run->store, run->zone.id, purpose, &read, NULL) != STATUS_OK)
		return;
}
