/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keystore/store_sql.h"
#include "signer/base/bytes.h"

#define ZONE_COLUMNS                                                                                                   \
	"id, name, input, output, policy_name, policy_text, parents, added, removed, input_failing_since, "            \
	"input_failure, revision, held_since, held_reason, step_asked, ds_checked, ds_found, input_held_since, "       \
	"input_held_reason"

static void read_zone(struct sql *sql, struct arena *mem, struct store_zone *zone)
{
	zone->id = sql_int(sql);
	zone->name = sql_text(sql, mem);
	zone->input = sql_text(sql, mem);
	zone->output = sql_text(sql, mem);
	zone->policy_name = sql_text(sql, mem);
	zone->policy_text = sql_text(sql, mem);
	zone->parents = sql_text(sql, mem);
	zone->added.seconds = sql_int(sql);
	zone->removed = sql_int(sql) != 0;
	zone->input_failing_since.seconds = sql_int(sql);
	zone->input_failure = sql_text(sql, mem);
	zone->revision = sql_int(sql);
	zone->held_since.seconds = sql_int(sql);
	zone->held_reason = sql_text(sql, mem);
	zone->step_asked.seconds = sql_int(sql);
	zone->ds_checked.seconds = sql_int(sql);
	zone->ds_found = sql_text(sql, mem);
	zone->input_held_since.seconds = sql_int(sql);
	zone->input_held_reason = sql_text(sql, mem);
}

enum status store_find_zone(
    struct store *store, const char *name, struct arena *mem, struct store_zone *out, bool *found, struct error *err)
{
	struct sql sql;
	struct store_zone zone = { 0 };
	sql_begin(&sql, store, "SELECT " ZONE_COLUMNS " FROM zones WHERE name = ?");
	sql_put_text(&sql, name);
	const bool row = sql_row(&sql);
	if (row)
		read_zone(&sql, mem, &zone);
	const enum status status = sql_end(&sql, err);
	if (status != STATUS_OK)
		return status;
	*found = row;
	if (row)
		*out = zone;
	return STATUS_OK;
}

static enum status list_zones(
    struct store *store, const char *text, struct arena *mem, struct store_zone **out, size_t *count, struct error *err)
{
	struct sql sql;
	struct store_zone *zones = NULL;
	size_t have = 0;
	size_t room = 0;
	sql_begin(&sql, store, text);
	while (sql_row(&sql)) {
		zones = sql_grow(mem, zones, have, &room, sizeof(*zones));
		read_zone(&sql, mem, &zones[have++]);
	}
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK) {
		*out = zones;
		*count = have;
	}
	return status;
}

enum status store_key_zones(struct store *store, const uint8_t fingerprint[32], struct arena *mem,
    struct store_zone **out, size_t *count, struct error *err)
{
	struct sql sql;
	struct store_zone *zones = NULL;
	size_t have = 0;
	size_t room = 0;
	sql_begin(&sql, store,
	    "SELECT " ZONE_COLUMNS
	    " FROM zones WHERE id IN (SELECT zone FROM keys WHERE fingerprint = ?) ORDER BY name");
	sql_put_blob(&sql, fingerprint, 32);
	while (sql_row(&sql)) {
		zones = sql_grow(mem, zones, have, &room, sizeof(*zones));
		read_zone(&sql, mem, &zones[have++]);
	}
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK) {
		*out = zones;
		*count = have;
	}
	return status;
}

enum status store_zones(
    struct store *store, struct arena *mem, struct store_zone **out, size_t *count, struct error *err)
{
	return list_zones(
	    store, "SELECT " ZONE_COLUMNS " FROM zones WHERE removed = 0 ORDER BY name", mem, out, count, err);
}

enum status store_zones_ever(
    struct store *store, struct arena *mem, struct store_zone **out, size_t *count, struct error *err)
{
	return list_zones(store, "SELECT " ZONE_COLUMNS " FROM zones ORDER BY name", mem, out, count, err);
}

enum status store_zone_name(
    struct store *store, int64_t zone_id, struct arena *mem, const char **out, struct error *err)
{
	struct sql sql;
	const char *name = NULL;
	sql_begin(&sql, store, "SELECT name FROM zones WHERE id = ?");
	sql_put_int(&sql, zone_id);
	if (sql_row(&sql))
		name = sql_text(&sql, mem);
	const enum status status = sql_end(&sql, err);
	if (status != STATUS_OK)
		return status;
	if (name == NULL)
		return error_set(err, STATUS_INTERNAL, "keystore %s: no zone has id %" PRId64, store->path, zone_id);
	*out = name;
	return STATUS_OK;
}

static const char *or_none(const char *text)
{
	return text == NULL ? "(none)" : text;
}

/* What a zone is set to, for the audit; the policy's text by its hash, since the text itself is long. */
static char *describe(const struct store_zone *zone, struct arena *mem)
{
	uint8_t digest[32];
	char hex[65];
	bytes_sha256((struct bytes){ (const uint8_t *)zone->policy_text, strlen(zone->policy_text) }, digest);
	bytes_to_hex((struct bytes){ digest, sizeof(digest) }, false, hex);
	return arena_printf(mem, "input %s, output %s, policy %s (SHA-256 %s), parents %s", or_none(zone->input),
	    or_none(zone->output), zone->policy_name, hex,
	    zone->parents == NULL || zone->parents[0] == '\0' ? "(none)" : zone->parents);
}

static void put_zone(struct sql *sql, const struct store_zone *zone)
{
	sql_put_text(sql, zone->input);
	sql_put_text(sql, zone->output);
	sql_put_text(sql, zone->policy_name);
	sql_put_text(sql, zone->policy_text);
	sql_put_text(sql, zone->parents == NULL ? "" : zone->parents);
}

/* The id of the row of that name, removed or not; 0 if there is none. */
static enum status find_row(struct store *store, const char *name, int64_t *id, bool *removed, struct error *err)
{
	struct sql sql;
	*id = 0;
	*removed = false;
	sql_begin(&sql, store, "SELECT id, removed FROM zones WHERE name = ?");
	sql_put_text(&sql, name);
	if (sql_row(&sql)) {
		*id = sql_int(&sql);
		*removed = sql_int(&sql) != 0;
	}
	return sql_end(&sql, err);
}

static enum status insert_zone(
    struct store *store, const struct store_zone *zone, struct utc now, int64_t *id, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store,
	    "INSERT INTO zones (input, output, policy_name, policy_text, parents, name, added) VALUES (?, ?, ?, ?, ?, "
	    "?, ?)");
	put_zone(&sql, zone);
	sql_put_text(&sql, zone->name);
	sql_put_int(&sql, now.seconds);
	const enum status status = sql_run(&sql, err);
	*id = sqlite3_last_insert_rowid(store->database);
	return status;
}

static enum status update_row(struct store *store, const struct store_zone *zone, int64_t id, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store,
	    "UPDATE zones SET input = ?, output = ?, policy_name = ?, policy_text = ?, parents = ?, "
	    "revision = revision + 1 WHERE id = ?");
	put_zone(&sql, zone);
	sql_put_int(&sql, id);
	return sql_run(&sql, err);
}

static enum status set_removed(struct store *store, int64_t zone_id, struct utc when, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, "UPDATE zones SET removed = ?, revision = revision + 1 WHERE id = ?");
	sql_put_int(&sql, when.seconds);
	sql_put_int(&sql, zone_id);
	return sql_run(&sql, err);
}

static enum status input_is_held(struct store *store, int64_t zone_id, bool *out, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, "SELECT 1 FROM zones WHERE id = ? AND input_held_since != 0");
	sql_put_int(&sql, zone_id);
	*out = sql_row(&sql);
	return sql_end(&sql, err);
}

/* What was wrong with its input when it left is over, and it may have another now; what was planned, or held, was about
 * that one. The log tells of both, or it could not be replayed. */
static enum status bring_back(
    struct store *store, int64_t zone_id, struct utc now, struct arena *scratch, struct error *err)
{
	struct sql sql;
	bool held = false;
	enum status status = store_withdraw_all(store, zone_id, now, scratch, err);
	if (status == STATUS_OK)
		status = input_is_held(store, zone_id, &held, err);
	if (status == STATUS_OK && held)
		status = store_hold_within(store, zone_id, NULL, now, scratch, err);
	if (status != STATUS_OK)
		return status;
	sql_begin(
	    &sql, store, "UPDATE zones SET removed = 0, input_failing_since = 0, input_failure = NULL WHERE id = ?");
	sql_put_int(&sql, zone_id);
	return sql_run(&sql, err);
}

static enum status add_zone(
    struct store *store, const struct store_zone *zone, struct utc now, int64_t *id, struct error *err)
{
	bool removed;
	enum status status = find_row(store, zone->name, id, &removed, err);
	if (status != STATUS_OK)
		return status;
	if (*id != 0 && !removed)
		return error_set(err, STATUS_REFUSED, "zone %s is there already", zone->name);
	const bool is_new = *id == 0;
	status = is_new ? insert_zone(store, zone, now, id, err) : update_row(store, zone, *id, err);
	if (status != STATUS_OK)
		return status;
	struct arena *const scratch = arena_new(0);
	if (!is_new)
		status = bring_back(store, *id, now, scratch, err);
	if (status == STATUS_OK)
		status = audit_append(
		    store, now, zone->name, is_new ? "zone added" : "zone added again", describe(zone, scratch), err);
	arena_free(scratch);
	return status;
}

enum status store_add_zone(
    struct store *store, const struct store_zone *zone, struct utc now, int64_t *id, struct error *err)
{
	int64_t made = 0;
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = add_zone(store, zone, now, &made, err);
	status = store_finish(store, status, err);
	if (status == STATUS_OK)
		*id = made;
	return status;
}

enum status store_update_zone(struct store *store, const struct store_zone *zone, const char *what, const char *reason,
    struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	const char *name = NULL;
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = store_zone_name(store, zone->id, scratch, &name, err);
	if (status == STATUS_OK)
		status = update_row(store, zone, zone->id, err);
	if (status == STATUS_OK)
		status = audit_append(store, now, name, what,
		    reason == NULL ? describe(zone, scratch)
				   : arena_printf(scratch, "%s: %s", reason, describe(zone, scratch)),
		    err);
	arena_free(scratch);
	return store_finish(store, status, err);
}

enum status store_remove_zone(struct store *store, int64_t zone_id, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	const char *name = NULL;
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = store_zone_name(store, zone_id, scratch, &name, err);
	if (status == STATUS_OK)
		status = set_removed(store, zone_id, now, err);
	if (status == STATUS_OK)
		status = audit_append(store, now, name, "zone removed", "its keys and history stay", err);
	arena_free(scratch);
	return store_finish(store, status, err);
}

static enum status change_input_failure(
    struct store *store, const struct store_zone *zone, const char *reason, struct utc now, struct error *err)
{
	struct sql sql;
	const struct utc since = reason == NULL                           ? (struct utc){ 0 }
				 : zone->input_failing_since.seconds == 0 ? now
									  : zone->input_failing_since;
	sql_begin(&sql, store, "UPDATE zones SET input_failing_since = ?, input_failure = ? WHERE id = ?");
	sql_put_int(&sql, since.seconds);
	sql_put_text(&sql, reason);
	sql_put_int(&sql, zone->id);
	const enum status status = sql_run(&sql, err);
	if (status != STATUS_OK)
		return status;
	return audit_append(store, now, zone->name, reason == NULL ? "input good again" : "input failing",
	    reason == NULL ? or_none(zone->input_failure) : reason, err);
}

static enum status zone_by_id(
    struct store *store, int64_t zone_id, struct arena *mem, struct store_zone *out, struct error *err)
{
	struct sql sql;
	bool found = false;
	sql_begin(&sql, store, "SELECT " ZONE_COLUMNS " FROM zones WHERE id = ?");
	sql_put_int(&sql, zone_id);
	if (sql_row(&sql)) {
		read_zone(&sql, mem, out);
		found = true;
	}
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK && !found)
		return error_set(err, STATUS_INTERNAL, "keystore %s: no zone has id %" PRId64, store->path, zone_id);
	return status;
}

/* The same state again changes nothing: a run each minute must not fill the audit with one failure. */
static bool same_failure(const char *before, const char *reason)
{
	return before == reason || (before != NULL && reason != NULL && strcmp(before, reason) == 0);
}

enum status store_set_input_failure(
    struct store *store, int64_t zone_id, const char *reason, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	struct store_zone zone = { 0 };
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = zone_by_id(store, zone_id, scratch, &zone, err);
	if (status == STATUS_OK && !same_failure(zone.input_failure, reason))
		status = change_input_failure(store, &zone, reason, now, err);
	arena_free(scratch);
	return store_finish(store, status, err);
}
