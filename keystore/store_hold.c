/* SPDX-License-Identifier: MIT */
/* What is noted of a zone beside its settings: held key events, an asked step, the last look at the parent. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keystore/store_sql.h"

enum status store_count_revision(struct store *store, int64_t zone_id, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, "UPDATE zones SET revision = revision + 1 WHERE id = ?");
	sql_put_int(&sql, zone_id);
	return sql_run(&sql, err);
}

/* What is noted now. */
struct notes {
	const char *name;
	const char *held_reason;
	struct utc held_since;
	struct utc step_asked;
	const char *ds_found;
};

static enum status read_notes(
    struct store *store, int64_t zone_id, struct arena *mem, struct notes *out, struct error *err)
{
	struct sql sql;
	bool found = false;
	sql_begin(&sql, store, "SELECT name, held_reason, held_since, step_asked, ds_found FROM zones WHERE id = ?");
	sql_put_int(&sql, zone_id);
	if (sql_row(&sql)) {
		found = true;
		out->name = sql_text(&sql, mem);
		out->held_reason = sql_text(&sql, mem);
		out->held_since.seconds = sql_int(&sql);
		out->step_asked.seconds = sql_int(&sql);
		out->ds_found = sql_text(&sql, mem);
	}
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK && !found)
		return error_set(err, STATUS_INTERNAL, "keystore %s: no zone has id %" PRId64, store->path, zone_id);
	return status;
}

/* UPDATE with a time, a text and the zone's id as parameters. */
static enum status set_note(
    struct store *store, const char *text, struct utc when, const char *words, int64_t zone_id, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, text);
	sql_put_int(&sql, when.seconds);
	sql_put_text(&sql, words);
	sql_put_int(&sql, zone_id);
	return sql_run(&sql, err);
}

static enum status hold(
    struct store *store, int64_t zone_id, const char *reason, struct utc now, struct arena *scratch, struct error *err)
{
	struct notes notes = { 0 };
	enum status status = read_notes(store, zone_id, scratch, &notes, err);
	if (status != STATUS_OK)
		return status;
	const bool held = notes.held_since.seconds != 0;
	if (held && reason != NULL)
		return error_set(
		    err, STATUS_REFUSED, "%s: its key events are held already: %s", notes.name, notes.held_reason);
	if (!held && reason == NULL)
		return error_set(err, STATUS_REFUSED, "%s: its key events are not held", notes.name);
	status =
	    set_note(store, "UPDATE zones SET held_since = ?, held_reason = ?, revision = revision + 1 WHERE id = ?",
		reason == NULL ? (struct utc){ 0 } : now, reason, zone_id, err);
	if (status != STATUS_OK)
		return status;
	return audit_append(store, now, notes.name, reason == NULL ? "key events released" : "key events held",
	    reason == NULL ? arena_printf(scratch, "they were held for: %s", notes.held_reason) : reason, err);
}

enum status store_hold(struct store *store, int64_t zone_id, const char *reason, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = hold(store, zone_id, reason, now, scratch, err);
	arena_free(scratch);
	return store_finish(store, status, err);
}

enum status store_ask_step(struct store *store, int64_t zone_id, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	struct notes notes = { 0 };
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = read_notes(store, zone_id, scratch, &notes, err);
	const bool ask = status == STATUS_OK && notes.step_asked.seconds == 0;
	if (ask)
		status = set_note(store,
		    "UPDATE zones SET step_asked = ?1, revision = revision + (?2 IS NULL) WHERE id = ?3", now, NULL,
		    zone_id, err);
	if (ask && status == STATUS_OK)
		status =
		    audit_append(store, now, notes.name, "step asked", "the next step of its rollover may go", err);
	arena_free(scratch);
	return store_finish(store, status, err);
}

enum status store_note_ds_checked(
    struct store *store, int64_t zone_id, const char *found, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	struct notes notes = { 0 };
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = read_notes(store, zone_id, scratch, &notes, err);
	if (status == STATUS_OK)
		status = set_note(
		    store, "UPDATE zones SET ds_checked = ?, ds_found = ? WHERE id = ?", now, found, zone_id, err);
	if (status == STATUS_OK && (notes.ds_found == NULL || strcmp(notes.ds_found, found) != 0))
		status = audit_append(store, now, notes.name, "parent asked", found, err);
	else if (status == STATUS_OK)
		status = store_note_time(store, now, err);
	arena_free(scratch);
	return store_finish(store, status, err);
}
