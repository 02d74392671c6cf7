/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "keystore/audit.h"
#include "signer/base/bytes.h"

/* What is hashed for a row: a fixed label, the hash before, id and time as 64 bits, and the four texts with their
 * length as 32 bits before each. */
static const char label[] = "zoneseal audit 1";

struct row {
	int64_t id;
	int64_t time;
	const char *texts[4]; /* actor, zone, what, detail */
};

static void hash_row(const struct row *row, const uint8_t before[32], uint8_t out[32])
{
	size_t size = sizeof(label) + 32 + 16;
	for (size_t i = 0; i < COUNT(row->texts); i++)
		size += 4 + strlen(row->texts[i]);
	struct arena *const scratch = arena_new(size);
	uint8_t *const octets = arena_octets(scratch, size);
	uint8_t *at = octets;
	memcpy(at, label, sizeof(label));
	memcpy(at + sizeof(label), before, 32);
	at += sizeof(label) + 32;
	bytes_put_u64(at, (uint64_t)row->id);
	bytes_put_u64(at + 8, (uint64_t)row->time);
	at += 16;
	for (size_t i = 0; i < COUNT(row->texts); i++) {
		const size_t length = strlen(row->texts[i]);
		bytes_put_u32(at, (uint32_t)length);
		memcpy(at + 4, row->texts[i], length);
		at += 4 + length;
	}
	bytes_sha256((struct bytes){ octets, size }, out);
	arena_free(scratch);
}

/* The last row; id 0 and zeros if there is none. */
static enum status read_head(struct store *store, int64_t *id, uint8_t out[32], struct error *err)
{
	struct sql sql;
	*id = 0;
	memset(out, 0, 32);
	sql_begin(&sql, store, "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1");
	if (sql_row(&sql)) {
		*id = sql_int(&sql);
		sql_blob(&sql, out, 32);
	}
	return sql_end(&sql, err);
}

static enum status append(
    struct store *store, struct utc when, const char *zone, const char *what, const char *detail, struct error *err)
{
	struct row row = { .time = when.seconds, .texts = { store->actor, zone, what, detail } };
	uint8_t before[32];
	uint8_t hash[32];
	struct sql sql;
	assert(sqlite3_get_autocommit(store->database) == 0);
	enum status status = read_head(store, &row.id, before, err);
	row.id++;
	if (status != STATUS_OK)
		return status;
	hash_row(&row, before, hash);
	sql_begin(
	    &sql, store, "INSERT INTO audit (id, time, actor, zone, what, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?)");
	sql_put_int(&sql, row.id);
	sql_put_int(&sql, row.time);
	for (size_t i = 0; i < COUNT(row.texts); i++)
		sql_put_text(&sql, row.texts[i]);
	sql_put_blob(&sql, hash, sizeof(hash));
	status = sql_run(&sql, err);
	return status == STATUS_OK ? store_note_time(store, when, err) : status;
}

/* Words that cannot be taken for lines of keys. */
static char *one_line(const char *words, struct arena *mem)
{
	char *const text = arena_strdup(mem, words);
	for (char *at = text; (at = strchr(at, '\n')) != NULL;)
		*at = ' ';
	return text;
}

enum status audit_append_keys(struct store *store, struct utc when, const char *zone, const char *what,
    const char *words, const char *lines, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	const char *detail = one_line(words, scratch);
	if (lines[0] != '\0')
		detail = arena_printf(scratch, "%s\n%s", detail, lines);
	const enum status status = append(store, when, zone, what, detail, err);
	arena_free(scratch);
	return status;
}

enum status audit_append(
    struct store *store, struct utc when, const char *zone, const char *what, const char *detail, struct error *err)
{
	return audit_append_keys(store, when, zone, what, detail, "", err);
}

enum status store_audit_head(struct store *store, uint8_t out[32], struct error *err)
{
	int64_t id;
	uint8_t head[32];
	const enum status status = read_head(store, &id, head, err);
	if (status == STATUS_OK)
		memcpy(out, head, sizeof(head));
	return status;
}

static enum status check_row(
    struct sql *sql, struct arena *scratch, int64_t expected_id, uint8_t hash[32], struct error *err)
{
	struct row row;
	uint8_t stored[32];
	uint8_t computed[32];
	row.id = sql_int(sql);
	row.time = sql_int(sql);
	for (size_t i = 0; i < COUNT(row.texts); i++)
		row.texts[i] = sql_text(sql, scratch);
	sql_blob(sql, stored, sizeof(stored));
	if (sql->code != SQLITE_OK)
		return STATUS_OK; /* told by sql_end */
	if (row.id != expected_id)
		return error_set(err, STATUS_NO, "audit: row %" PRId64 " is missing", expected_id);
	hash_row(&row, hash, computed);
	if (memcmp(stored, computed, sizeof(stored)) != 0)
		return error_set(err, STATUS_NO,
		    "audit: row %" PRId64 " or the one before it was altered: its hash does not fit", row.id);
	memcpy(hash, stored, sizeof(stored));
	return STATUS_OK;
}

enum status store_audit_check(struct store *store, uint64_t *rows, struct error *err)
{
	uint8_t hash[32] = { 0 };
	int64_t count = 0;
	enum status found = STATUS_OK;
	struct sql sql;
	struct arena *const scratch = arena_new(0);
	sql_begin(&sql, store, "SELECT id, time, actor, zone, what, detail, hash FROM audit ORDER BY id");
	while (found == STATUS_OK && sql_row(&sql)) {
		arena_reset(scratch);
		found = check_row(&sql, scratch, ++count, hash, err);
	}
	arena_free(scratch);
	const enum status status = sql_end(&sql, found == STATUS_OK ? err : NULL);
	if (found == STATUS_OK && status == STATUS_OK)
		*rows = (uint64_t)count;
	return found != STATUS_OK ? found : status;
}

static void split_detail(const char *detail, struct arena *mem, struct store_event *event)
{
	const char *const feed = strchr(detail, '\n');
	event->detail = feed == NULL ? detail : arena_strndup(mem, detail, (size_t)(feed - detail));
	event->keys = feed == NULL ? "" : feed + 1;
}

static void read_event(struct sql *sql, struct arena *mem, struct store_event *event)
{
	event->id = sql_int(sql);
	event->when.seconds = sql_int(sql);
	event->actor = sql_text(sql, mem);
	event->zone = sql_text(sql, mem);
	event->what = sql_text(sql, mem);
	const char *const detail = sql_text(sql, mem);
	split_detail(detail == NULL ? "" : detail, mem, event);
	sql_blob(sql, event->hash, sizeof(event->hash));
}

enum status store_each_event(struct store *store, const char *zone, struct utc since,
    bool (*tell)(const struct store_event *event, void *context), void *context, struct error *err)
{
	struct sql sql;
	struct arena *const scratch = arena_new(0);
	bool more = true;
	/* Of one zone by the index: a thousand zones are not a thousand times the whole log. */
	sql_begin(&sql, store,
	    zone == NULL ? "SELECT id, time, actor, zone, what, detail, hash FROM audit WHERE time >= ? ORDER BY id"
			 : "SELECT id, time, actor, zone, what, detail, hash FROM audit WHERE time >= ? AND zone = ? "
			   "ORDER BY id");
	sql_put_int(&sql, since.seconds);
	if (zone != NULL)
		sql_put_text(&sql, zone);
	while (more && sql_row(&sql)) {
		struct store_event event = { 0 };
		arena_reset(scratch);
		read_event(&sql, scratch, &event);
		more = sql.code != SQLITE_OK || tell(&event, context);
	}
	arena_free(scratch);
	return sql_end(&sql, err);
}

enum status store_events(struct store *store, const char *zone, size_t most, struct arena *mem,
    struct store_event **out, size_t *count, struct error *err)
{
	struct sql sql;
	size_t have = 0;
	size_t room = 0;
	struct store_event *events = NULL;
	sql_begin(&sql, store,
	    zone == NULL
		? "SELECT id, time, actor, zone, what, detail, hash FROM audit ORDER BY id DESC LIMIT ?"
		: "SELECT id, time, actor, zone, what, detail, hash FROM audit WHERE zone = ?2 ORDER BY id DESC "
		  "LIMIT ?1");
	sql_put_int(&sql, most > INT64_MAX ? INT64_MAX : (int64_t)most);
	if (zone != NULL)
		sql_put_text(&sql, zone);
	while (sql_row(&sql)) {
		events = sql_grow(mem, events, have, &room, sizeof(*events));
		read_event(&sql, mem, &events[have++]);
	}
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK) {
		*out = events;
		*count = have;
	}
	return status;
}
