/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keystore/store_sql.h"

/* Runs are a log of what was tried, not state: cron makes one each minute, so old ones go. */
enum { RUNS_KEPT = 1000, VERDICTS_KEPT = 32 };

static enum status insert_run(struct store *store, int64_t zone_id, const struct store_run *run, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store,
	    "INSERT INTO runs (zone, started, ended, status, message, verdict, serial) VALUES (?, ?, ?, ?, ?, ?, ?)");
	sql_put_int(&sql, zone_id);
	sql_put_int(&sql, run->started.seconds);
	sql_put_int(&sql, run->ended.seconds);
	sql_put_int(&sql, run->status);
	sql_put_text(&sql, run->message == NULL ? "" : run->message);
	sql_put_text(&sql, run->verdict);
	sql_put_int(&sql, run->serial);
	return sql_run(&sql, err);
}

static enum status keep_newest(struct store *store, const char *text, int64_t zone_id, int64_t most, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, text);
	sql_put_int(&sql, zone_id);
	sql_put_int(&sql, most);
	return sql_run(&sql, err);
}

static enum status last_status(struct store *store, int64_t zone_id, int64_t *out, struct error *err)
{
	struct sql sql;
	*out = STATUS_OK;
	sql_begin(&sql, store, "SELECT status FROM runs WHERE zone = ? ORDER BY id DESC LIMIT 1");
	sql_put_int(&sql, zone_id);
	if (sql_row(&sql))
		*out = sql_int(&sql);
	return sql_end(&sql, err);
}

/* The audit tells when runs begin to fail, fail otherwise, or work again; what they changed has rows of its own. */
static enum status audit_run(
    struct store *store, int64_t zone_id, const struct store_run *run, int64_t before, struct error *err)
{
	if (run->status == (enum status)before)
		return store_note_time(store, run->ended, err);
	struct arena *const scratch = arena_new(0);
	const char *zone = NULL;
	enum status status = store_zone_name(store, zone_id, scratch, &zone, err);
	if (status == STATUS_OK)
		status = audit_append(store, run->ended, zone,
		    run->status == STATUS_OK ? "runs work again" : "run failed",
		    arena_printf(scratch, "status %d: %s", (int)run->status, run->message == NULL ? "" : run->message),
		    err);
	arena_free(scratch);
	return status;
}

enum status store_add_run(struct store *store, int64_t zone_id, const struct store_run *run, struct error *err)
{
	int64_t before = STATUS_OK;
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = last_status(store, zone_id, &before, err);
	if (status == STATUS_OK)
		status = insert_run(store, zone_id, run, err);
	if (status == STATUS_OK)
		status = keep_newest(store,
		    "DELETE FROM runs WHERE zone = ?1 AND id < (SELECT min(id) FROM (SELECT id FROM runs WHERE zone = "
		    "?1 ORDER "
		    "BY id DESC LIMIT ?2))",
		    zone_id, RUNS_KEPT, err);
	if (status == STATUS_OK)
		status = keep_newest(store,
		    "UPDATE runs SET verdict = NULL WHERE zone = ?1 AND verdict IS NOT NULL AND id < (SELECT min(id) "
		    "FROM "
		    "(SELECT id FROM runs WHERE zone = ?1 AND verdict IS NOT NULL ORDER BY id DESC LIMIT ?2))",
		    zone_id, VERDICTS_KEPT, err);
	if (status == STATUS_OK)
		status = audit_run(store, zone_id, run, before, err);
	return store_finish(store, status, err);
}

static void read_run(struct sql *sql, struct arena *mem, struct store_run *run)
{
	run->id = sql_int(sql);
	run->started.seconds = sql_int(sql);
	run->ended.seconds = sql_int(sql);
	run->status = (enum status)sql_int(sql);
	run->message = sql_text(sql, mem);
	run->verdict = sql_text(sql, mem);
	run->serial = (uint32_t)sql_int(sql);
}

enum status store_runs(struct store *store, int64_t zone_id, size_t most, struct arena *mem, struct store_run **out,
    size_t *count, struct error *err)
{
	struct sql sql;
	struct store_run *runs = NULL;
	size_t have = 0;
	size_t room = 0;
	sql_begin(&sql, store,
	    "SELECT id, started, ended, status, message, verdict, serial FROM runs WHERE zone = ? ORDER BY id DESC "
	    "LIMIT ?");
	sql_put_int(&sql, zone_id);
	sql_put_int(&sql, most > INT64_MAX ? INT64_MAX : (int64_t)most);
	while (sql_row(&sql)) {
		runs = sql_grow(mem, runs, have, &room, sizeof(*runs));
		read_run(&sql, mem, &runs[have++]);
	}
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK) {
		*out = runs;
		*count = have;
	}
	return status;
}
