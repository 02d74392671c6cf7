/* SPDX-License-Identifier: MIT */
#include "keystore/store_sql.h"

#include <stdio.h>
#include <string.h>

static void keep_failure(struct sql *sql, int code, const char *message)
{
	if (sql->code != SQLITE_OK)
		return;
	sql->code = code;
	snprintf(sql->message, sizeof(sql->message), "%s", message);
}

/* SQLite's words, and the system's where a system call failed. */
void sql_message(sqlite3 *database, int code, char out[SQL_MESSAGE])
{
	const int cause =
	    (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN ? sqlite3_system_errno(database) : 0;
	snprintf(out, SQL_MESSAGE, "%s%s%s", sqlite3_errmsg(database), cause == 0 ? "" : ": ",
	    cause == 0 ? "" : strerror(cause));
}

static void note(struct sql *sql, int code)
{
	char message[SQL_MESSAGE];
	if (code == SQLITE_OK)
		return;
	sql_message(sql->store->database, code, message);
	keep_failure(sql, code, message);
}

/* A pragma may do its work while it is prepared. */
static bool is_kept(const char *text)
{
	return strncmp(text, "PRAGMA", 6) != 0;
}

static sqlite3_stmt *take_kept(struct store *store, const char *text)
{
	for (size_t i = 0; i < SQL_KEPT; i++) {
		struct sql_kept *const kept = &store->kept[i];
		if (kept->handle == NULL || kept->text != text || strcmp(sqlite3_sql(kept->handle), text) != 0)
			continue;
		sqlite3_stmt *const handle = kept->handle;
		kept->handle = NULL;
		return handle;
	}
	return NULL;
}

/* In the place of the oldest when all are taken. */
static void keep(struct store *store, const char *text, sqlite3_stmt *handle)
{
	size_t at = 0;
	while (at < SQL_KEPT && store->kept[at].handle != NULL)
		at++;
	if (at == SQL_KEPT) {
		sqlite3_finalize(store->kept[0].handle);
		memmove(&store->kept[0], &store->kept[1], (SQL_KEPT - 1) * sizeof(store->kept[0]));
		at = SQL_KEPT - 1;
	}
	sqlite3_reset(handle);
	sqlite3_clear_bindings(handle);
	store->kept[at] = (struct sql_kept){ handle, text };
}

void sql_forget(struct store *store)
{
	for (size_t i = 0; i < SQL_KEPT; i++) {
		sqlite3_finalize(store->kept[i].handle);
		store->kept[i].handle = NULL;
	}
}

void sql_begin(struct sql *sql, struct store *store, const char *text)
{
	*sql = (struct sql){ .store = store, .text = text, .next = 1, .code = SQLITE_OK };
	sql->handle = take_kept(store, text);
	if (sql->handle == NULL)
		note(sql, sqlite3_prepare_v2(store->database, text, -1, &sql->handle, NULL));
}

void sql_put_int(struct sql *sql, int64_t value)
{
	if (sql->code == SQLITE_OK)
		note(sql, sqlite3_bind_int64(sql->handle, sql->next++, value));
}

void sql_put_text(struct sql *sql, const char *text)
{
	if (sql->code == SQLITE_OK)
		note(sql, sqlite3_bind_text(sql->handle, sql->next++, text, -1, SQLITE_STATIC));
}

void sql_put_blob(struct sql *sql, const void *data, size_t size)
{
	if (sql->code == SQLITE_OK)
		note(sql, sqlite3_bind_blob64(sql->handle, sql->next++, data, size, SQLITE_STATIC));
}

bool sql_row(struct sql *sql)
{
	if (sql->code != SQLITE_OK)
		return false;
	sql->next = 0;
	const int code = sqlite3_step(sql->handle);
	if (code == SQLITE_ROW)
		return true;
	if (code != SQLITE_DONE)
		note(sql, code);
	return false;
}

int64_t sql_int(struct sql *sql)
{
	return sql->code == SQLITE_OK ? sqlite3_column_int64(sql->handle, sql->next++) : 0;
}

const char *sql_text(struct sql *sql, struct arena *mem)
{
	if (sql->code != SQLITE_OK)
		return NULL;
	const char *const text = (const char *)sqlite3_column_text(sql->handle, sql->next);
	const size_t size = (size_t)sqlite3_column_bytes(sql->handle, sql->next++);
	if (text == NULL)
		return NULL;
	if (memchr(text, '\0', size) != NULL)
		keep_failure(sql, SQLITE_CORRUPT, "a text has a NUL in it");
	return arena_strndup(mem, text, size);
}

void *sql_grow(struct arena *mem, void *array, size_t have, size_t *room, size_t size)
{
	if (have < *room)
		return array;
	*room = *room == 0 ? (size < 512 ? 16 : 4) : *room * 2;
	void *const larger = arena_calloc(mem, *room, size);
	if (have > 0)
		memcpy(larger, array, have * size);
	return larger;
}

size_t sql_blob_most(struct sql *sql, void *out, size_t capacity)
{
	if (sql->code != SQLITE_OK)
		return 0;
	const void *const data = sqlite3_column_blob(sql->handle, sql->next);
	const size_t size = (size_t)sqlite3_column_bytes(sql->handle, sql->next++);
	if (size > capacity) {
		keep_failure(sql, SQLITE_CORRUPT, "a value is longer than any can be");
		return 0;
	}
	if (size > 0)
		memcpy(out, data, size);
	return size;
}

void sql_blob(struct sql *sql, void *out, size_t size)
{
	if (sql->code == SQLITE_OK && sql_blob_most(sql, out, size) != size)
		keep_failure(sql, SQLITE_CORRUPT, "a value has the wrong length");
}

struct meaning {
	int code; /* primary result code of SQLite */
	enum status status;
	const char *text;
};

enum status sql_status(const char *path, int code, const char *message, struct error *err)
{
	static const struct meaning meanings[] = {
		{ SQLITE_BUSY, STATUS_BUSY, "another process is writing; try again" },
		{ SQLITE_LOCKED, STATUS_BUSY, "another process is writing; try again" },
		{ SQLITE_FULL, STATUS_IO, "nothing was changed; make room and run again" },
		{ SQLITE_IOERR, STATUS_IO, "nothing was changed" },
		{ SQLITE_CANTOPEN, STATUS_IO, "it or its -wal or -shm file cannot be opened" },
		{ SQLITE_CORRUPT, STATUS_IO, "the database is damaged; " STORE_RESTORE_HINT },
		{ SQLITE_NOTADB, STATUS_IO, "the file is no database; " STORE_RESTORE_HINT },
		{ SQLITE_READONLY, STATUS_PERMISSION, "it cannot be written" },
		{ SQLITE_PERM, STATUS_PERMISSION, "not allowed" },
		{ SQLITE_AUTH, STATUS_PERMISSION, "not allowed" },
	};
	for (size_t i = 0; i < COUNT(meanings); i++)
		if (meanings[i].code == (code & 0xff))
			return error_set(
			    err, meanings[i].status, "keystore %s: %s (%s)", path, meanings[i].text, message);
	return error_set(err, STATUS_INTERNAL, "keystore %s: unexpected result %d (%s)", path, code, message);
}

enum status sql_end(struct sql *sql, struct error *err)
{
	if (sql->code == SQLITE_OK && sql->handle != NULL && is_kept(sql->text))
		keep(sql->store, sql->text, sql->handle);
	else
		sqlite3_finalize(sql->handle);
	sql->handle = NULL;
	return sql->code == SQLITE_OK ? STATUS_OK : sql_status(sql->store->path, sql->code, sql->message, err);
}

enum status sql_run(struct sql *sql, struct error *err)
{
	while (sql_row(sql))
		continue;
	return sql_end(sql, err);
}

enum status sql_script(struct store *store, const char *text, struct error *err)
{
	char message[SQL_MESSAGE];
	const int code = sqlite3_exec(store->database, text, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		return STATUS_OK;
	sql_message(store->database, code, message);
	return sql_status(store->path, code, message, err);
}

enum status store_begin(struct store *store, struct error *err)
{
	if (!store->writable)
		return error_set(err, STATUS_INTERNAL, "keystore %s: opened for reading, not for change", store->path);
	return store->grouped ? STATUS_OK : sql_script(store, "BEGIN IMMEDIATE", err);
}

enum status store_finish(struct store *store, enum status status, struct error *err)
{
	if (store->grouped)
		return status;
	if (status == STATUS_OK)
		status = sql_script(store, "COMMIT", err);
	if (status != STATUS_OK && sqlite3_get_autocommit(store->database) == 0)
		sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL);
	return status;
}

enum status store_group_begin(struct store *store, struct error *err)
{
	const enum status status = store_begin(store, err);
	store->grouped = status == STATUS_OK;
	return status;
}

enum status store_group_end(struct store *store, enum status status, struct error *err)
{
	store->grouped = false;
	return store_finish(store, status, err);
}
