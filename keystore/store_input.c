/* SPDX-License-Identifier: MIT */
#include "keystore/store_input.h"

#include <string.h>

#include "keystore/store_sql.h"

struct held {
	const char *zone;
	struct utc since, failing;
	const char *reason;
};

static enum status read_held(
    struct store *store, int64_t zone_id, struct arena *mem, struct held *out, struct error *err)
{
	struct sql sql;
	sql_begin(
	    &sql, store, "SELECT input_held_since, input_failing_since, input_held_reason FROM zones WHERE id = ?");
	sql_put_int(&sql, zone_id);
	if (sql_row(&sql)) {
		out->since.seconds = sql_int(&sql);
		out->failing.seconds = sql_int(&sql);
		out->reason = sql_text(&sql, mem);
	}
	const enum status status = sql_end(&sql, err);
	return status == STATUS_OK ? store_zone_name(store, zone_id, mem, &out->zone, err) : status;
}

/* What was wrong with the input before is not known to be better or worse now: the next run that reads it says. */
static enum status set_held(struct store *store, int64_t zone_id, const char *reason, const char *failure,
    struct utc since, struct utc failing, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store,
	    "UPDATE zones SET input_held_since = ?, input_held_reason = ?, input_failing_since = ?, input_failure = ?, "
	    "revision = revision + 1 WHERE id = ?");
	sql_put_int(&sql, since.seconds);
	sql_put_text(&sql, reason);
	sql_put_int(&sql, failing.seconds);
	sql_put_text(&sql, failure);
	sql_put_int(&sql, zone_id);
	return sql_run(&sql, err);
}

enum status store_hold_within(
    struct store *store, int64_t zone_id, const char *reason, struct utc now, struct arena *scratch, struct error *err)
{
	struct held held = { 0 };
	const struct utc none = { 0 };
	enum status status = read_held(store, zone_id, scratch, &held, err);
	if (status != STATUS_OK)
		return status;
	if (reason == NULL && held.since.seconds == 0)
		return error_set(err, STATUS_REFUSED, "%s: its input is not held", held.zone);
	const struct utc failing = held.failing.seconds == 0 ? now : held.failing;
	status = reason == NULL
		     ? set_held(store, zone_id, NULL, NULL, none, none, err)
		     : set_held(store, zone_id, reason,
			   arena_printf(scratch, "the input is held, %s; zoneseal rollback %s --withdraw lets it out",
			       reason, held.zone),
			   now, failing, err);
	if (status != STATUS_OK)
		return status;
	return audit_append(store, now, held.zone, reason == NULL ? "input let out" : "input held",
	    reason == NULL ? arena_printf(scratch, "it was held: %s", held.reason) : reason, err);
}

enum status store_hold_input(
    struct store *store, int64_t zone_id, const char *reason, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = store_hold_within(store, zone_id, reason, now, scratch, err);
	arena_free(scratch);
	return store_finish(store, status, err);
}
