/* SPDX-License-Identifier: MIT */
#include "keystore/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keystore/store_sql.h"

enum status store_get_setting(struct store *store, const char *name, int64_t *out, struct error *err)
{
	struct sql sql;
	int64_t value = 0;
	sql_begin(&sql, store, "SELECT CAST(value AS INTEGER) FROM settings WHERE name = ?");
	sql_put_text(&sql, name);
	if (sql_row(&sql))
		value = sql_int(&sql);
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK)
		*out = value;
	return status;
}

enum status store_set_setting(struct store *store, const char *name, int64_t value, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store,
	    "INSERT INTO settings (name, value) VALUES (?, CAST(? AS TEXT)) ON CONFLICT (name) DO UPDATE SET value = "
	    "excluded.value");
	sql_put_text(&sql, name);
	sql_put_int(&sql, value);
	return sql_run(&sql, err);
}

enum status store_identity(struct store *store, struct arena *mem, const char **out, struct error *err)
{
	struct sql sql;
	const char *found = "";
	sql_begin(&sql, store, "SELECT value FROM settings WHERE name = 'identity'");
	if (sql_row(&sql))
		found = sql_text(&sql, mem);
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK)
		*out = found;
	return status;
}

static enum status get_flag(struct store *store, const char *name, bool *out, struct error *err)
{
	int64_t value;
	const enum status status = store_get_setting(store, name, &value, err);
	if (status == STATUS_OK)
		*out = value != 0;
	return status;
}

enum status store_is_virtual_clock(struct store *store, bool *out, struct error *err)
{
	return get_flag(store, "virtual-clock", out, err);
}

static enum status no_zones(struct store *store, struct error *err)
{
	struct sql sql;
	bool any = false;
	sql_begin(&sql, store, "SELECT 1 FROM zones LIMIT 1");
	any = sql_row(&sql);
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK && any)
		return error_set(err, STATUS_REFUSED,
		    "keystore %s: it has zones already, a virtual clock is for a new keystore only", store->path);
	return status;
}

enum status store_set_virtual_clock(struct store *store, struct utc now, struct error *err)
{
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = no_zones(store, err);
	if (status == STATUS_OK)
		status = store_set_setting(store, "virtual-clock", 1, err);
	if (status == STATUS_OK)
		status = audit_append(store, now, "", "virtual clock", "time is what --now says", err);
	return store_finish(store, status, err);
}

enum status store_last_time(struct store *store, struct utc *out, struct error *err)
{
	return store_get_setting(store, "last-time", &out->seconds, err);
}

/* Opening alone writes nothing: what was found then is written down with the first change. */
static enum status note_check(struct store *store, int64_t when, struct error *err)
{
	if (!store->checked)
		return STATUS_OK;
	store->checked = false;
	return store_set_setting(store, STORE_CHECKED, when, err);
}

enum status store_note_time(struct store *store, struct utc now, struct error *err)
{
	int64_t last;
	enum status status = store_get_setting(store, "last-time", &last, err);
	if (status == STATUS_OK)
		status = note_check(store, now.seconds > last ? now.seconds : last, err);
	if (status != STATUS_OK || now.seconds <= last)
		return status;
	return store_set_setting(store, "last-time", now.seconds, err);
}

enum status store_is_restored(struct store *store, bool *out, struct error *err)
{
	return get_flag(store, "restored", out, err);
}

static enum status set_restored(
    struct store *store, bool restored, const char *what, const char *detail, struct utc now, struct error *err)
{
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = store_set_setting(store, "restored", restored ? 1 : 0, err);
	if (status == STATUS_OK)
		status = audit_append(store, now, "", what, detail, err);
	return store_finish(store, status, err);
}

enum status store_mark_restored(struct store *store, struct utc now, struct error *err)
{
	return set_restored(
	    store, true, "restored", "from a backup; nothing is signed until it is reconciled", now, err);
}

enum status store_reconciled(struct store *store, const char *reason, struct utc now, struct error *err)
{
	return set_restored(store, false, "reconciled", reason, now, err);
}
