/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keystore/store_open.h"

/* ---- files ---- */

void store_unlink(const char *path)
{
	unlink(path);
	for (size_t i = 0; i < STORE_COMPANIONS; i++) {
		char *const name = store_path_with(path, store_companions[i]);
		unlink(name);
		free(name);
	}
}

enum status store_new_file(const char *path, struct error *err)
{
	store_unlink(path);
	const int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file < 0)
		return error_set_errno(err, "keystore %s: cannot be made", path);
	close(file);
	return STATUS_OK;
}

static enum status sync_path(const char *path, int flags, struct error *err)
{
	const int file = open(path, flags | O_CLOEXEC);
	const enum status status =
	    file >= 0 && fsync(file) == 0 ? STATUS_OK : error_set_errno(err, "%s: fsync failed", path);
	if (file >= 0)
		close(file);
	return status;
}

enum status store_sync_file(const char *path, struct error *err)
{
	return sync_path(path, O_RDONLY | O_NOFOLLOW, err);
}

static enum status sync_folder_of(const char *path, struct error *err)
{
	char *const folder = store_path_with(path, "");
	char *const slash = strrchr(folder, '/');
	if (slash != NULL)
		slash[slash == folder ? 1 : 0] = '\0';
	const enum status status = sync_path(slash == NULL ? "." : folder, O_RDONLY | O_DIRECTORY, err);
	free(folder);
	return status;
}

enum status store_move(const char *from, const char *to, bool replace, struct error *err)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, replace ? 0 : RENAME_NOREPLACE) != 0) {
		if (errno == EEXIST)
			return error_set(err, STATUS_REFUSED, "%s: it exists and is not overwritten", to);
		return error_set_errno(err, "%s: cannot be given that name", to);
	}
	return sync_folder_of(to, err);
}

/* ---- copy ---- */

static enum status back_up(struct store *store, struct store *copy, struct error *err)
{
	char message[SQL_MESSAGE];
	sqlite3_backup *const backup = sqlite3_backup_init(copy->database, "main", store->database, "main");
	int code = backup == NULL ? sqlite3_extended_errcode(copy->database) : sqlite3_backup_step(backup, -1);
	if (backup != NULL) {
		const int end = sqlite3_backup_finish(backup);
		code = end == SQLITE_OK ? code : end;
	}
	if (code == SQLITE_DONE)
		return STATUS_OK;
	sql_message(copy->database, code, message);
	return sql_status(copy->path, code, message, err);
}

/* A copy is one file without log, so that it can be moved, and read from a medium that cannot be written. */
static enum status copy_to(struct store *store, const char *temporary, struct error *err)
{
	struct store *copy = NULL;
	enum status status = store_new_file(temporary, err);
	if (status == STATUS_OK)
		status = store_connect(temporary, SQLITE_OPEN_READWRITE, "", &copy, err);
	if (status == STATUS_OK)
		status = back_up(store, copy, err);
	if (status == STATUS_OK)
		status = sql_script(copy, "PRAGMA journal_mode = DELETE", err);
	store_close(copy);
	return status == STATUS_OK ? store_sync_file(temporary, err) : status;
}

enum status store_copy(struct store *store, const char *path, struct error *err)
{
	char suffix[32];
	snprintf(suffix, sizeof(suffix), ".%ld.tmp", (long)getpid());
	char *const temporary = store_path_with(path, suffix);
	enum status status = STATUS_OK;
	if (access(path, F_OK) == 0)
		status = error_set(err, STATUS_REFUSED, "%s: it exists and is not overwritten", path);
	if (status == STATUS_OK)
		status = copy_to(store, temporary, err);
	if (status == STATUS_OK)
		status = store_move(temporary, path, false, err);
	if (status != STATUS_OK)
		store_unlink(temporary);
	free(temporary);
	return status;
}

/* ---- restore ---- */

static enum status open_copy(const char *from, int newest, struct store **out, struct error *err)
{
	struct store_header header;
	if (access(from, F_OK) != 0)
		return error_set_errno(err, "copy %s", from);
	enum status status = store_look(from, newest, &header, err);
	if (status == STATUS_OK && header.has_log)
		status = error_set(
		    err, STATUS_REFUSED, "%s: it has a log beside it, so it is no copy that zoneseal made", from);
	if (status == STATUS_OK)
		status = store_check_pages(from, true, err);
	if (status != STATUS_OK)
		return status;
	char *const uri = store_immutable_uri(from);
	status = store_connect(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, "", out, err);
	free(uri);
	return status;
}

/* The copy under a temporary name, migrated and marked. */
static enum status prepare(
    const char *from, const char *temporary, const char *actor, struct utc now, struct error *err)
{
	size_t count;
	const struct migrate_step *const steps = migrate_steps(&count);
	struct store *copy = NULL;
	struct store *store = NULL;
	enum status status = open_copy(from, steps[count - 1].version, &copy, err);
	if (status == STATUS_OK)
		status = copy_to(copy, temporary, err);
	store_close(copy);
	if (status == STATUS_OK)
		status = store_connect(temporary, SQLITE_OPEN_READWRITE, actor, &store, err);
	if (status == STATUS_OK)
		status = migrate_run(store, steps, count, err);
	if (status == STATUS_OK)
		status = store_mark_restored(store, now, err);
	if (status == STATUS_OK)
		status = sql_script(store, "PRAGMA journal_mode = DELETE", err);
	store_close(store);
	return status == STATUS_OK ? store_sync_file(temporary, err) : status;
}

/* Moves what is in the log of a keystore that is to be replaced into the file itself. A damaged one is left as it is;
 * it is being replaced for that. */
static void settle(const char *path)
{
	struct error ignored;
	struct store *store = NULL;
	if (store_check_pages(path, false, &ignored) != STATUS_OK ||
	    store_connect(path, SQLITE_OPEN_READWRITE, "", &store, &ignored) != STATUS_OK)
		return;
	sqlite3_wal_checkpoint_v2(store->database, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	store_close(store);
}

/* A log of the old database must never lie beside the new one: SQLite would apply it. */
static enum status set_aside(const char *path, const char *kept, struct error *err)
{
	settle(path);
	if (link(path, kept) != 0)
		return error_set_errno(err, "keystore %s: cannot be kept as %s", path, kept);
	for (size_t i = 0; i < STORE_COMPANIONS; i++) {
		char *const old = store_path_with(path, store_companions[i]);
		char *const new = store_path_with(kept, store_companions[i]);
		const bool moved = rename(old, new) == 0 || errno == ENOENT;
		free(old);
		free(new);
		if (!moved)
			return error_set_errno(err, "keystore %s: its log cannot be moved away", path);
	}
	return sync_folder_of(path, err);
}

static enum status keep_old(const char *path, struct error *err)
{
	if (access(path, F_OK) != 0)
		return STATUS_OK;
	for (unsigned i = 1; i < 1000; i++) {
		char suffix[40];
		snprintf(suffix, sizeof(suffix), ".before-restore-%u", i);
		char *const kept = store_path_with(path, suffix);
		const bool exists = access(kept, F_OK) == 0;
		const enum status status = exists ? STATUS_OK : set_aside(path, kept, err);
		free(kept);
		if (!exists)
			return status;
	}
	return error_set(err, STATUS_IO, "keystore %s: too many copies from before a restore; remove some", path);
}

enum status store_restore(const char *from, const char *path, const char *actor, struct utc now, struct error *err)
{
	char *const temporary = store_path_with(path, ".new");
	int lock = -1;
	enum status status = store_lock_take(path, true, &lock, err);
	if (status == STATUS_OK)
		status = prepare(from, temporary, actor, now, err);
	if (status == STATUS_OK)
		status = keep_old(path, err);
	if (status == STATUS_OK)
		status = store_move(temporary, path, true, err);
	if (status != STATUS_OK && lock >= 0)
		store_unlink(temporary);
	if (lock >= 0)
		close(lock);
	free(temporary);
	return status;
}
