/* SPDX-License-Identifier: MIT */
/*
 * Statements, for the files that contain SQL and no others.
 *
 * A statement keeps its first failure and does nothing from there on, so a caller binds and reads in order and looks
 * once, at sql_end.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "keystore/store.h"

enum { SQL_MESSAGE = 200 };

/* What to do about a damaged keystore. */
#define STORE_RESTORE_HINT "restore it from a backup (move it away, then: zoneseal restore FILE)"

/* Statements that were used before, ready to be used again: preparing one takes longer than most of them run. */
enum { SQL_KEPT = 48 };

struct sql_kept {
	sqlite3_stmt *handle; /* NULL while it is in use */
	const char *text;     /* where its text came from; only a hint */
};

struct store {
	struct sql_kept kept[SQL_KEPT];
	sqlite3 *database;
	char *path;
	char *actor;
	int lock; /* descriptor of the lock file, or -1 */
	bool writable;
	bool grouped; /* a transaction of store_group_begin goes on: others are part of it */
	bool checked; /* all pages were looked at on opening, which the next change writes down (STORE_CHECKED) */
};

struct sql {
	struct store *store;
	sqlite3_stmt *handle;
	const char *text;
	int next; /* parameter to bind, or column to read, next */
	int code; /* SQLITE_OK, or the first failure */
	char message[SQL_MESSAGE];
};

void sql_begin(struct sql *sql, struct store *store, const char *text);
void sql_put_int(struct sql *sql, int64_t value);
void sql_put_text(struct sql *sql, const char *text); /* NULL is SQL's NULL; the text must live until sql_end */
void sql_put_blob(struct sql *sql, const void *data, size_t size);

/* Steps to the next row; false at the end and on failure. Columns are then read from the first. */
bool sql_row(struct sql *sql);
int64_t sql_int(struct sql *sql);
const char *sql_text(struct sql *sql, struct arena *mem); /* NULL for SQL's NULL */
void sql_blob(struct sql *sql, void *out, size_t size);   /* another size is a failure */
size_t sql_blob_most(struct sql *sql, void *out, size_t capacity);

/* Room for one more element of `size` octets behind array[0..have); moves the array within `mem` when it grows. */
void *sql_grow(struct arena *mem, void *array, size_t have, size_t *room, size_t size);

/* Ends the statement and tells what came of it. */
enum status sql_end(struct sql *sql, struct error *err) MUST_CHECK;

/* Forgets the statements that are kept, before the database is closed. */
void sql_forget(struct store *store);

/* Steps through all that is left, then sql_end. */
enum status sql_run(struct sql *sql, struct error *err) MUST_CHECK;

/* Runs text without parameters. */
enum status sql_script(struct store *store, const char *text, struct error *err) MUST_CHECK;

/* What SQLite says about a failure of this handle, with the system's cause. */
void sql_message(sqlite3 *database, int code, char out[SQL_MESSAGE]);

/* The status and message for a result code of SQLite. */
enum status sql_status(const char *path, int code, const char *message, struct error *err);

/* One transaction for writing. store_finish commits if `status` is STATUS_OK and rolls back otherwise; it returns
 * `status`, or what the commit failed with. It is legal after a store_begin that failed. */
enum status store_begin(struct store *store, struct error *err) MUST_CHECK;
enum status store_finish(struct store *store, enum status status, struct error *err) MUST_CHECK;

/* One key of a zone; STATUS_INTERNAL if it has none with this id. */
enum status store_read_key(struct store *store, int64_t zone_id, int64_t id, struct arena *scratch, struct key *out,
    struct error *err) MUST_CHECK;

/* Updates goal, states and times of keys within a transaction; one audit row for what changed, none if nothing did. */
enum status store_change_keys(struct store *store, int64_t zone_id, const struct key keys[], size_t count,
    const char *reason, struct utc now, struct error *err) MUST_CHECK;

/* Sets a time of a key within a transaction: `text` is an UPDATE with the time and the key's id, which must change one
 * row; the audit row tells of it. */
enum status store_set_key_time(struct store *store, int64_t zone_id, int64_t key_id, const char *text, const char *what,
    const char *reason, struct utc now, struct error *err) MUST_CHECK;

/* Settings of the keystore as a whole; 0 if there is none of that name. */
enum status store_get_setting(struct store *store, const char *name, int64_t *out, struct error *err) MUST_CHECK;
enum status store_set_setting(struct store *store, const char *name, int64_t value, struct error *err) MUST_CHECK;

/* Counts the zone's revision up, within a transaction. */
enum status store_count_revision(struct store *store, int64_t zone_id, struct error *err) MUST_CHECK;

/* A step within a transaction: keys, what is served, TTLs; each with an audit row if it changes something. Drops what
 * no cache can hold any more. */
struct store_step;
enum status store_apply_step(struct store *store, int64_t zone_id, const struct store_step *step, const char *reason,
    struct utc now, struct error *err) MUST_CHECK;

/* Of planned changes, within a transaction: an intent takes those that it names, its publication uses them up. */
enum status store_reserve_expected(
    struct store *store, const struct store_version *version, int64_t version_id, struct error *err) MUST_CHECK;
enum status store_use_expected(struct store *store, int64_t zone_id, int64_t version_id, struct utc now,
    struct arena *scratch, struct error *err) MUST_CHECK;

/* store_hold_input within a transaction. */
enum status store_hold_within(struct store *store, int64_t zone_id, const char *reason, struct utc now,
    struct arena *scratch, struct error *err) MUST_CHECK;

/* Within a transaction: those that are open are withdrawn. */
enum status store_withdraw_all(
    struct store *store, int64_t zone_id, struct utc now, struct arena *scratch, struct error *err) MUST_CHECK;

/* The same for those that were given later than now, by a clock that was ahead. */
enum status store_withdraw_later(
    struct store *store, int64_t zone_id, struct utc now, struct arena *scratch, struct error *err) MUST_CHECK;

/* The setting that keeps the time of the last check of all pages. */
#define STORE_CHECKED "checked-at"

/* Moves the time that store_last_time tells forward to `now`. */
enum status store_note_time(struct store *store, struct utc now, struct error *err) MUST_CHECK;

/* Adds an audit row within the transaction of the change that it tells of, and notes the time. A line feed in `detail`
 * becomes a space. */
enum status audit_append(struct store *store, struct utc when, const char *zone, const char *what, const char *detail,
    struct error *err) MUST_CHECK;
