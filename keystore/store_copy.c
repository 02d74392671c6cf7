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
	sqlite3_backup *const backup = sqlite3_backup_init(copy->database, "main", store->database, "main");
	if (backup == NULL)
		return sql_status(
		    copy->path, sqlite3_extended_errcode(copy->database), sqlite3_errmsg(copy->database), err);
	const int code = sqlite3_backup_step(backup, -1);
	const int end = sqlite3_backup_finish(backup);
	if (code == SQLITE_DONE && end == SQLITE_OK)
		return STATUS_OK;
	return sql_status(copy->path, end == SQLITE_OK ? code : end, sqlite3_errmsg(copy->database), err);
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
