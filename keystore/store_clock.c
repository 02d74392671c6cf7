/* SPDX-License-Identifier: MIT */
/* A clock that was ahead once: what it left in the keystore, and how the keystore goes on from the right time. */
#include <inttypes.h>

#include "keystore/store_sql.h"

/* Moments of things that happened, beside those of keys: at the latest they happened now. What stands first is looked
 * at by later rows, so the order counts. */
static const char *const later_than_now[] = {
	/* Signatures of such a version may begin in the future: it is due to be signed again, and what begins more than
	 * the least inception offset later is no good until then. */
	"UPDATE versions SET refresh = ?1 WHERE published > ?1",
	"UPDATE versions SET first_expiry = ?1 WHERE published > ?1 + 3600",
	"UPDATE versions SET published = ?1 WHERE published > ?1",
	"UPDATE versions SET intended = ?1 WHERE intended > ?1",
	"UPDATE runs SET started = ?1 WHERE started > ?1",
	"UPDATE runs SET ended = ?1 WHERE ended > ?1",
	"UPDATE zones SET added = ?1 WHERE added > ?1",
	"UPDATE zones SET removed = ?1 WHERE removed > ?1",
	"UPDATE zones SET input_failing_since = ?1 WHERE input_failing_since > ?1",
	"UPDATE zones SET input_held_since = ?1 WHERE input_held_since > ?1",
	"UPDATE zones SET held_since = ?1 WHERE held_since > ?1",
	"UPDATE zones SET step_asked = ?1 WHERE step_asked > ?1",
	"UPDATE zones SET ds_checked = ?1 WHERE ds_checked > ?1",
	"UPDATE served SET begins = ?1 WHERE begins > ?1",
	"UPDATE served SET until = ?1 WHERE until > ?1",
	"UPDATE ttls SET last = ?1 WHERE last > ?1",
	"UPDATE proofs SET since = min(since, ?1), tried = min(tried, ?1), proven = min(proven, ?1) WHERE tried > ?1",
	"UPDATE expected_changes SET given = ?1 WHERE given > ?1",
	"UPDATE name_servers SET asked = ?1 WHERE asked > ?1",
	"UPDATE name_servers SET answered = ?1 WHERE answered > ?1",
	"UPDATE name_servers SET behind_since = ?1 WHERE behind_since > ?1",
	"UPDATE name_servers SET failing_since = ?1 WHERE failing_since > ?1",
};

static enum status count_later(
    struct store *store, const char *text, struct utc now, int64_t out[], size_t columns, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, text);
	sql_put_int(&sql, now.seconds);
	if (sql_row(&sql))
		for (size_t i = 0; i < columns; i++)
			out[i] = sql_int(&sql);
	return sql_end(&sql, err);
}

enum status store_future(struct store *store, struct utc now, struct store_future *out, struct error *err)
{
	int64_t keys = 0;
	int64_t versions = 0;
	int64_t events[3] = { 0 };
	struct utc last;
	enum status status = store_last_time(store, &last, err);
	if (status == STATUS_OK)
		status = count_later(store,
		    "SELECT count(*) FROM keys WHERE max(dnskey_since, zrrsig_since, krrsig_since, ds_since, created, "
		    "active) > ?1",
		    now, &keys, 1, err);
	if (status == STATUS_OK)
		status = count_later(
		    store, "SELECT count(*) FROM versions WHERE max(published, intended) > ?1", now, &versions, 1, err);
	if (status == STATUS_OK)
		status = count_later(store,
		    "SELECT count(*), coalesce(min(time), 0), coalesce(max(time), 0) FROM audit WHERE time > ?1", now,
		    events, 3, err);
	if (status != STATUS_OK)
		return status;
	*out = (struct store_future){ .last_time = last,
		.keys = (uint64_t)keys,
		.versions = (uint64_t)versions,
		.events = (uint64_t)events[0],
		.first_event = { events[1] },
		.last_event = { events[2] } };
	return STATUS_OK;
}

static enum status correct_keys(
    struct store *store, int64_t zone_id, struct utc now, struct arena *scratch, struct error *err)
{
	struct key *keys;
	size_t count;
	enum status status = store_keys(store, zone_id, scratch, &keys, &count, err);
	if (status != STATUS_OK || count == 0)
		return status;
	for (size_t i = 0; i < count; i++)
		key_forget_future(&keys[i], now);
	return store_change_keys(store, zone_id, keys, count, "by the clock that was accepted", now, err);
}

/* What was to be let pass within a day could pass for as long as the clock was ahead. */
static enum status correct_zone(
    struct store *store, int64_t zone_id, struct utc now, struct arena *scratch, struct error *err)
{
	const enum status status = correct_keys(store, zone_id, now, scratch, err);
	return status == STATUS_OK ? store_withdraw_later(store, zone_id, now, scratch, err) : status;
}

static enum status correct_zones(struct store *store, struct utc now, struct arena *scratch, struct error *err)
{
	struct store_zone *zones;
	size_t count = 0;
	enum status status = store_zones_ever(store, scratch, &zones, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = correct_zone(store, zones[i].id, now, scratch, err);
	return status;
}

static enum status correct_rows(struct store *store, struct utc now, struct error *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < COUNT(later_than_now); i++) {
		struct sql sql;
		sql_begin(&sql, store, later_than_now[i]);
		sql_put_int(&sql, now.seconds);
		status = sql_run(&sql, err);
	}
	return status;
}

static enum status note(struct store *store, const struct store_future *future, const char *reason, struct utc now,
    struct arena *scratch, struct error *err)
{
	char is[UTC_TEXT];
	char was[UTC_TEXT];
	utc_format(now, is);
	utc_format(future->last_time, was);
	const char *const detail = arena_printf(scratch,
	    "%s is right, though times up to %s were recorded (%" PRIu64 " keys, %" PRIu64 " versions, %" PRIu64
	    " events): %s",
	    is, was, future->keys, future->versions, future->events, reason);
	return audit_append(store, now, "", "clock accepted", detail, err);
}

static enum status accept(
    struct store *store, const char *reason, struct utc now, struct arena *scratch, struct error *err)
{
	struct store_future future;
	enum status status = store_future(store, now, &future, err);
	if (status == STATUS_OK)
		status = note(store, &future, reason, now, scratch, err);
	if (status == STATUS_OK)
		status = correct_zones(store, now, scratch, err);
	if (status == STATUS_OK)
		status = correct_rows(store, now, err);
	/* After the last row of the audit, which would only move it forward. */
	if (status == STATUS_OK)
		status = store_set_setting(store, "last-time", now.seconds, err);
	return status;
}

enum status store_accept_clock(struct store *store, const char *reason, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = accept(store, reason, now, scratch, err);
	arena_free(scratch);
	return store_finish(store, status, err);
}
