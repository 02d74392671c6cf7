/* SPDX-License-Identifier: MIT */
#include "keystore/store_ceremony.h"

#include <string.h>

#include "keystore/store_sql.h"

static const char *const kinds[] = {
	[STORE_CEREMONY_REQUEST] = "request", [STORE_CEREMONY_SIGNED] = "signed", [STORE_CEREMONY_RESPONSE] = "response"
};

static const char *const events[] = { [STORE_CEREMONY_REQUEST] = "KSR made",
	[STORE_CEREMONY_SIGNED] = "SKR signed",
	[STORE_CEREMONY_RESPONSE] = "SKR imported" };

enum status store_ceremonies(struct store *store, int64_t zone_id, enum store_ceremony_kind kind, struct arena *mem,
    struct store_ceremony **out, size_t *count, struct error *err)
{
	struct store_ceremony *rows = NULL;
	struct sql sql;
	size_t have = 0;
	size_t room = 0;
	sql_begin(&sql, store,
	    "SELECT id, number, sha256, begins, ends, made, replaced, text FROM ceremonies WHERE zone = ? AND kind = ? "
	    "ORDER BY id");
	sql_put_int(&sql, zone_id);
	sql_put_text(&sql, kinds[kind]);
	while (sql_row(&sql)) {
		rows = sql_grow(mem, rows, have, &room, sizeof(*rows));
		struct store_ceremony *const row = &rows[have++];
		*row = (struct store_ceremony){ .kind = kind };
		row->id = sql_int(&sql);
		row->number = sql_int(&sql);
		sql_blob(&sql, row->sha256, sizeof(row->sha256));
		row->begins.seconds = sql_int(&sql);
		row->ends.seconds = sql_int(&sql);
		row->made.seconds = sql_int(&sql);
		row->replaced.seconds = sql_int(&sql);
		row->text = sql_text(&sql, mem);
	}
	const enum status status = sql_end(&sql, err);
	if (status != STATUS_OK)
		return status;
	*out = rows;
	*count = have;
	return STATUS_OK;
}

static enum status replace_older(
    struct store *store, int64_t zone_id, const struct store_ceremony *ceremony, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store,
	    "UPDATE ceremonies SET replaced = ?1 WHERE zone = ?2 AND kind = ?3 AND ends > ?1 AND (replaced = 0 OR "
	    "replaced "
	    "> ?1)");
	sql_put_int(&sql, ceremony->begins.seconds);
	sql_put_int(&sql, zone_id);
	sql_put_text(&sql, kinds[ceremony->kind]);
	return sql_run(&sql, err);
}

static enum status insert(
    struct store *store, int64_t zone_id, const struct store_ceremony *ceremony, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store,
	    "INSERT INTO ceremonies (zone, kind, number, sha256, begins, ends, made, text) VALUES (?, ?, ?, ?, ?, ?, "
	    "?, ?)");
	sql_put_int(&sql, zone_id);
	sql_put_text(&sql, kinds[ceremony->kind]);
	sql_put_int(&sql, ceremony->number);
	sql_put_blob(&sql, ceremony->sha256, sizeof(ceremony->sha256));
	sql_put_int(&sql, ceremony->begins.seconds);
	sql_put_int(&sql, ceremony->ends.seconds);
	sql_put_int(&sql, ceremony->made.seconds);
	sql_put_text(&sql, ceremony->text);
	return sql_run(&sql, err);
}

enum status store_add_ceremony(struct store *store, int64_t zone_id, const struct store_ceremony *ceremony,
    bool replaces, const char *detail, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	const char *zone = NULL;
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = store_zone_name(store, zone_id, scratch, &zone, err);
	if (status == STATUS_OK && replaces)
		status = replace_older(store, zone_id, ceremony, err);
	if (status == STATUS_OK)
		status = insert(store, zone_id, ceremony, err);
	if (status == STATUS_OK)
		status = store_count_revision(store, zone_id, err);
	if (status == STATUS_OK)
		status = audit_append(store, now, zone, events[ceremony->kind], detail, err);
	arena_free(scratch);
	return store_finish(store, status, err);
}
