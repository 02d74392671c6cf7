/* SPDX-License-Identifier: MIT */
/*
 * Files that change as a whole or not at all: write a temporary file beside the target, fsync, rename, fsync the
 * folder.
 *
 * The steps are apart because the engine does other things between them (interface.md, "Publishing"): verify the
 * temporary file by its descriptor, store the intent, keep the old version.
 * Whatever stands in the way of an output (no folder, no right, no room) is STATUS_IO.
 * A write beyond RLIMIT_FSIZE fails with STATUS_IO only where SIGXFSZ is ignored, which is main's to do.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "signer/base/error.h"

/* A temporary file in the target's folder. A value; starts as PUBLISH_NONE. */
struct publish {
	int folder;          /* descriptor of the target's folder, or -1 */
	int file;            /* descriptor of the temporary file, open for reading and writing, or -1 */
	char temporary[280]; /* its name within the folder: ".<target>.<16 hex>.tmp", or "" */
	char target[256];    /* the target's name within the folder; cut to 233 octets in `temporary` */
};

#define PUBLISH_NONE ((struct publish){ .folder = -1, .file = -1 })

/* Opens the folder of `path` and makes the temporary file with `mode` (before any octet is written; umask does not
 * matter). Temporary files of the same target that no process holds (flock) are removed first: a killed run left them.
 * A `path` that ends in "/" or names a folder, a device or another thing that is no regular file, a symbolic link at
 * the last component to nowhere or to a further link: STATUS_IO. A target
 * that is a symbolic link is followed once, so that the link stays and the file it names is replaced. */
enum status publish_open(const char *path, mode_t mode, struct publish *out, struct error *err) MUST_CHECK;

/* The same for a file that is zoneseal's own and that nobody is told to put a link in the place of: a symbolic link
 * there is what the new file replaces, and what it leads to stays untouched. */
enum status publish_open_own(const char *path, mode_t mode, struct publish *out, struct error *err) MUST_CHECK;

/* Writes all of data[0..size) at the file's position; short writes are continued. */
enum status publish_write(struct publish *publish, const void *data, size_t size, struct error *err) MUST_CHECK;

/* Has the disk begin with what was written so far, and does not wait: a publish_sync that comes later has less to do.
 * What goes wrong is told by that one. */
void publish_push(const struct publish *publish);

/* fsync of the temporary file. */
enum status publish_sync(struct publish *publish, struct error *err) MUST_CHECK;

/* Makes `kept` (a path, perhaps on another file system) name the content that the target has now: by link(2), or by
 * copy, fsync and rename across file systems. `kept` must not exist. A target that does not exist is STATUS_MISSING. */
enum status publish_keep(const struct publish *publish, const char *kept, struct error *err) MUST_CHECK;

/* Renames the temporary file over the target, then fsyncs the folder; on success the struct is closed. */
enum status publish_rename(struct publish *publish, struct error *err) MUST_CHECK;

/* Instead of publish_rename: gives the temporary file the name "<target><suffix>" in the same folder. */
enum status publish_rename_as(struct publish *publish, const char *suffix, struct error *err) MUST_CHECK;

/* fsync of the file at `path`, which is open as `file`, and then of the folder that has its name: what a program that
 * died after its rename may have left to the disk's own time. A symbolic link is followed once, as by publish_open. */
enum status publish_settle(const char *path, int file, struct error *err) MUST_CHECK;

/* Removes the temporary file if it is still there and closes all; legal on PUBLISH_NONE and after any failure. */
void publish_abort(struct publish *publish);

/* All of it for a small file: open, write, sync, rename. */
enum status publish_file(const char *path, mode_t mode, const void *data, size_t size, struct error *err) MUST_CHECK;

/* What an open file is called now, escaped for a message: those who have only its descriptor do not know. */
void file_name_of(int descriptor, char out[], size_t size);

/* What tells one state of a file from another. */
struct file_stamp {
	uint64_t device, inode, size;
	int64_t mtime_seconds, mtime_nanoseconds;
	int64_t ctime_seconds, ctime_nanoseconds; /* not compared: a link or chmod changes it and not the content */
};

/* The stamp of an open file. */
enum status file_stamp_of(int descriptor, struct file_stamp *out, struct error *err) MUST_CHECK;
bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b);

/* SHA-256 of the whole file behind a descriptor, from its start; the position is left at the end. */
enum status file_sha256(int descriptor, uint8_t out[32], struct error *err) MUST_CHECK;

/* STATUS_IO if the file system of the folder `path` is in has fewer than `bytes` free for this user; names both
 * numbers. */
enum status publish_room(const char *path, uint64_t bytes, struct error *err) MUST_CHECK;
