/* SPDX-License-Identifier: MIT */
#include "keystore/store_servers.h"

#include <string.h>

#include "keystore/audit.h"
#include "keystore/store_sql.h"

static void read_server(struct sql *sql, struct arena *mem, struct store_server *out)
{
	out->server = sql_text(sql, mem);
	out->asked.seconds = sql_int(sql);
	out->answered.seconds = sql_int(sql);
	const int64_t serial = sql_int(sql);
	out->has_serial = serial >= 0;
	out->serial = serial >= 0 ? (uint32_t)serial : 0;
	out->expires.seconds = sql_int(sql);
	out->behind_since.seconds = sql_int(sql);
	out->failing_since.seconds = sql_int(sql);
	out->failure = sql_text(sql, mem);
}

enum status store_servers(struct store *store, int64_t zone_id, struct arena *mem, struct store_server **out,
    size_t *count, struct error *err)
{
	struct store_server *rows = NULL;
	struct sql sql;
	size_t have = 0;
	size_t room = 0;
	sql_begin(&sql, store,
	    "SELECT server, asked, answered, coalesce(serial, -1), expires, behind_since, failing_since, failure FROM "
	    "name_servers WHERE zone = ? ORDER BY server");
	sql_put_int(&sql, zone_id);
	while (sql_row(&sql)) {
		rows = sql_grow(mem, rows, have, &room, sizeof(*rows));
		read_server(&sql, mem, &rows[have++]);
	}
	const enum status status = sql_end(&sql, err);
	if (status != STATUS_OK)
		return status;
	*out = rows;
	*count = have;
	return STATUS_OK;
}

static enum status run_on(struct store *store, const char *text, int64_t zone_id, const char *server, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, text);
	sql_put_int(&sql, zone_id);
	sql_put_text(&sql, server);
	return sql_run(&sql, err);
}

static bool is_among(const char *const servers[], size_t count, const char *server)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(servers[i], server) == 0)
			return true;
	return false;
}

static enum status replace(struct store *store, int64_t zone_id, const char *const servers[], size_t count,
    struct arena *scratch, struct error *err)
{
	struct store_server *old = NULL;
	size_t old_count = 0;
	enum status status = store_servers(store, zone_id, scratch, &old, &old_count, err);
	for (size_t i = 0; status == STATUS_OK && i < old_count; i++)
		if (!is_among(servers, count, old[i].server))
			status = run_on(store, "DELETE FROM name_servers WHERE zone = ? AND server = ?", zone_id,
			    old[i].server, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = run_on(
		    store, "INSERT OR IGNORE INTO name_servers (zone, server) VALUES (?, ?)", zone_id, servers[i], err);
	return status;
}

static const char *listed(const char *const servers[], size_t count, struct arena *mem)
{
	const char *out = count == 0 ? "(none)" : servers[0];
	for (size_t i = 1; i < count; i++)
		out = arena_printf(mem, "%s %s", out, servers[i]);
	return out;
}

enum status store_set_servers(
    struct store *store, int64_t zone_id, const char *const servers[], size_t count, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	const char *zone = NULL;
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = store_zone_name(store, zone_id, scratch, &zone, err);
	if (status == STATUS_OK)
		status = replace(store, zone_id, servers, count, scratch, err);
	if (status == STATUS_OK)
		status = store_count_revision(store, zone_id, err);
	if (status == STATUS_OK)
		status = audit_append(store, now, zone, "name servers set", listed(servers, count, scratch), err);
	arena_free(scratch);
	return store_finish(store, status, err);
}

enum status store_note_server(struct store *store, int64_t zone_id, const struct store_server *seen, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store,
	    "UPDATE name_servers SET asked = ?, answered = ?, serial = CASE WHEN ? THEN ? END, expires = ?, "
	    "behind_since = ?, failing_since = ?, failure = ? WHERE zone = ? AND server = ?");
	sql_put_int(&sql, seen->asked.seconds);
	sql_put_int(&sql, seen->answered.seconds);
	sql_put_int(&sql, seen->has_serial);
	sql_put_int(&sql, seen->serial);
	sql_put_int(&sql, seen->expires.seconds);
	sql_put_int(&sql, seen->behind_since.seconds);
	sql_put_int(&sql, seen->failing_since.seconds);
	sql_put_text(&sql, seen->failure);
	sql_put_int(&sql, zone_id);
	sql_put_text(&sql, seen->server);
	return sql_run(&sql, err);
}

enum status store_published_after(
    struct store *store, int64_t zone_id, uint32_t serial, struct utc *out, struct error *err)
{
	struct sql sql;
	struct utc when = { 0 };
	sql_begin(&sql, store,
	    "SELECT published FROM versions WHERE zone = ? AND published != 0 AND id > (SELECT id FROM versions WHERE "
	    "zone = ? AND serial = ? AND published != 0) ORDER BY id LIMIT 1");
	sql_put_int(&sql, zone_id);
	sql_put_int(&sql, zone_id);
	sql_put_int(&sql, serial);
	if (sql_row(&sql))
		when.seconds = sql_int(&sql);
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK)
		*out = when;
	return status;
}
