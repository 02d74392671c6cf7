/* SPDX-License-Identifier: MIT */
#include "keystore/store_open.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_MILLISECONDS = 10000, COPIES_MOST = 100 };

/* ---- connection ---- */

enum status store_connect(const char *path, int flags, const char *actor, struct store **out, struct error *err)
{
	static const char settings[] =
	    "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; "
	    "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY";
	struct store *const store = memory_calloc(1, sizeof(*store));
	store->lock = -1;
	store->path = store_path_with(path, "");
	store->actor = store_path_with(actor, "");
	store->writable = (flags & SQLITE_OPEN_READWRITE) != 0;
	const int code = sqlite3_open_v2(path, &store->database, flags | SQLITE_OPEN_EXRESCODE, NULL);
	enum status status = STATUS_OK;
	if (code != SQLITE_OK)
		status = sql_status(path, code, sqlite3_errstr(code), err);
	if (status == STATUS_OK) {
		sqlite3_busy_timeout(store->database, BUSY_MILLISECONDS);
		sqlite3_db_config(store->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		status = sql_script(store, settings, err);
	}
	if (status == STATUS_OK)
		*out = store;
	else
		store_close(store);
	return status;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	sql_forget(store);
	sqlite3_close(store->database);
	if (store->lock >= 0)
		close(store->lock);
	free(store->path);
	free(store->actor);
	free(store);
}

/* ---- a new keystore ---- */

static enum status refuse_leftovers(const char *path, struct error *err)
{
	struct stat info;
	enum status status = STATUS_OK;
	if (lstat(path, &info) == 0)
		return error_set(err, STATUS_REFUSED, "keystore %s: it exists and is not overwritten", path);
	for (size_t i = 0; status == STATUS_OK && i < STORE_COMPANIONS; i++) {
		char *const name = store_path_with(path, store_companions[i]);
		if (lstat(name, &info) == 0)
			status = error_set(err, STATUS_REFUSED,
			    "keystore %s: %s is left of another one, whose database is gone; move it away", path, name);
		free(name);
	}
	return status;
}

/* Makes the database under another name, 0600 from its first octet, as a single file without log. */
static enum status build_new(
    const char *temporary, const char *actor, const struct migrate_step steps[], size_t count, struct error *err)
{
	struct store *store = NULL;
	enum status status = store_new_file(temporary, err);
	if (status == STATUS_OK)
		status = store_connect(temporary, SQLITE_OPEN_READWRITE, actor, &store, err);
	if (status == STATUS_OK)
		status = migrate_run(store, steps, count, err);
	store_close(store);
	return status == STATUS_OK ? store_sync_file(temporary, err) : status;
}

static enum status create(
    const char *path, const char *actor, const struct migrate_step steps[], size_t count, struct error *err)
{
	char *const temporary = store_path_with(path, ".new");
	int lock = -1;
	enum status status = store_lock_take(path, true, &lock, err);
	if (status == STATUS_OK)
		status = refuse_leftovers(path, err);
	if (status == STATUS_OK)
		status = build_new(temporary, actor, steps, count, err);
	if (status == STATUS_OK)
		status = store_move(temporary, path, false, err);
	if (status != STATUS_OK && lock >= 0)
		store_unlink(temporary);
	if (lock >= 0)
		close(lock);
	free(temporary);
	return status;
}

/* ---- an old keystore ---- */

static enum status copy_before(struct store *store, int version, struct error *err)
{
	for (unsigned i = 1; i < COPIES_MOST; i++) {
		char suffix[32];
		snprintf(suffix, sizeof(suffix), i == 1 ? ".before-%d" : ".before-%d.%u", version + 1, i);
		char *const name = store_path_with(store->path, suffix);
		const bool exists = access(name, F_OK) == 0;
		const enum status status = exists ? STATUS_OK : store_copy(store, name, err);
		free(name);
		if (!exists)
			return status;
	}
	return error_set(
	    err, STATUS_IO, "keystore %s: too many copies from before a migration; remove some", store->path);
}

/* With the exclusive lock: nobody else has the database open. */
static enum status migrate_alone(
    struct store *store, const struct migrate_step steps[], size_t count, struct error *err)
{
	int version = 0;
	enum status status = migrate_version(store, &version, err);
	if (status != STATUS_OK || version >= steps[count - 1].version)
		return status;
	status = copy_before(store, version, err);
	return status == STATUS_OK ? migrate_run(store, steps, count, err) : status;
}

/* The next opening checks again, too. */
static enum status forget_check(struct store *store, struct error *err)
{
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = store_set_setting(store, STORE_CHECKED, 0, err);
	return store_finish(store, status, err);
}

static enum status migrate(struct store *store, const struct migrate_step steps[], size_t count, struct error *err)
{
	enum status status = store_lock_change(store->path, store->lock, true, err);
	if (status == STATUS_OK)
		status = migrate_alone(store, steps, count, err);
	if (status == STATUS_OK)
		status = store_lock_change(store->path, store->lock, false, err);
	return status;
}

static enum status open_for_change(const char *path, const char *actor, const struct migrate_step steps[], size_t count,
    struct store **out, struct error *err)
{
	const int newest = steps[count - 1].version;
	struct store_header header;
	struct store *store = NULL;
	bool checked = false;
	int lock = -1;
	enum status status = store_lock_take(path, false, &lock, err);
	if (status == STATUS_OK)
		status = store_look(path, newest, &header, err);
	if (status == STATUS_OK)
		status = store_quick_check(path, lock, &header, header.version < newest, &checked, err);
	if (status == STATUS_OK)
		status = store_connect(path, SQLITE_OPEN_READWRITE, actor, &store, err);
	if (status != STATUS_OK) {
		if (lock >= 0)
			close(lock);
		return status;
	}
	store->lock = lock;
	/* A killed migration leaves a header that is ahead of the truth: its journal was rolled back on opening. */
	int version = 0;
	status = migrate_version(store, &version, err);
	const bool older = status == STATUS_OK && version < newest;
	if (older)
		status = migrate(store, steps, count, err);
	if (status == STATUS_OK)
		status = migrate_use_wal(store, err);
	if (status == STATUS_OK && older)
		status = forget_check(store, err);
	store->checked = checked && !older;
	if (status == STATUS_OK)
		*out = store;
	else
		store_close(store);
	return status;
}

/* The queries of this program do not fit an older schema. */
static enum status refuse_older(struct store *store, int newest, struct error *err)
{
	int version = 0;
	const enum status status = migrate_version(store, &version, err);
	if (status == STATUS_OK && version < newest)
		return error_set(err, STATUS_POLICY,
		    "keystore %s: its schema is version %d and must be migrated to %d first; the next zoneseal run "
		    "does it",
		    store->path, version, newest);
	return status;
}

/* Whoever may read but not write the folder reads without the lock. */
static enum status open_for_reading(
    const char *path, const char *actor, int newest, struct store **out, struct error *err)
{
	struct store_header header;
	struct store *store = NULL;
	int lock = -1;
	enum status status = store_lock_take(path, false, &lock, err);
	if (status != STATUS_BUSY)
		status = store_look(path, newest, &header, err);
	if (status == STATUS_OK)
		status = store_connect(path, SQLITE_OPEN_READWRITE, actor, &store, err);
	if (status != STATUS_OK) {
		if (lock >= 0)
			close(lock);
		return status;
	}
	store->lock = lock;
	store->writable = false;
	/* A reader leaves the database file as it is, also as the last one to close it. */
	sqlite3_db_config(store->database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	status = sql_script(store, "PRAGMA query_only = ON", err);
	if (status == STATUS_OK)
		status = refuse_older(store, newest, err);
	if (status == STATUS_OK)
		*out = store;
	else
		store_close(store);
	return status;
}

enum status store_open_with(const char *path, enum store_mode mode, const char *actor,
    const struct migrate_step steps[], size_t count, struct store **out, struct error *err)
{
	assert(count > 0);
	if (mode == STORE_READ)
		return open_for_reading(path, actor, steps[count - 1].version, out, err);
	if (mode == STORE_CREATE) {
		const enum status status = create(path, actor, steps, count, err);
		if (status != STATUS_OK)
			return status;
	}
	return open_for_change(path, actor, steps, count, out, err);
}

enum status store_open(const char *path, enum store_mode mode, const char *actor, struct store **out, struct error *err)
{
	size_t count;
	const struct migrate_step *const steps = migrate_steps(&count);
	return store_open_with(path, mode, actor, steps, count, out, err);
}
