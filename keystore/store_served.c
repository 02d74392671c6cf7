/* SPDX-License-Identifier: MIT */
#include "keystore/store_served.h"

#include <inttypes.h>
#include <string.h>

#include "keystore/store_served_sql.h"

static const char *const class_names[] = {
	[STORE_DS] = "ds",
	[STORE_DNSKEY] = "dnskey",
	[STORE_DATA] = "data",
	[STORE_NEGATIVE] = "negative",
};

const char *served_class_name(enum store_class class)
{
	return class_names[class];
}

/* The table's CHECK allows no other. */
static enum store_class class_of_text(const char *text)
{
	for (size_t i = 0; text != NULL && i < COUNT(class_names); i++)
		if (strcmp(text, class_names[i]) == 0)
			return (enum store_class)i;
	return STORE_NEGATIVE;
}

/* ---- TTLs ---- */

enum status store_ttls(
    struct store *store, int64_t zone_id, struct arena *mem, struct store_ttl **out, size_t *count, struct error *err)
{
	struct sql sql;
	struct store_ttl *ttls = NULL;
	size_t have = 0;
	size_t room = 0;
	struct arena *const scratch = arena_new(0);
	sql_begin(&sql, store,
	    "SELECT class, ttl, coalesce(last, 9223372036854775807) FROM ttls WHERE zone = ? ORDER BY class, ttl");
	sql_put_int(&sql, zone_id);
	while (sql_row(&sql)) {
		ttls = sql_grow(mem, ttls, have, &room, sizeof(*ttls));
		struct store_ttl *const ttl = &ttls[have++];
		ttl->class = class_of_text(sql_text(&sql, scratch));
		ttl->ttl = (uint32_t)sql_int(&sql);
		ttl->last.seconds = sql_int(&sql);
	}
	arena_free(scratch);
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK) {
		*out = ttls;
		*count = have;
	}
	return status;
}

/* The TTL that the class is served with, or -1; `others` counts what is open beside `ttl`. */
static enum status open_ttls(struct store *store, int64_t zone_id, enum store_class class, uint32_t ttl, bool *is_open,
    int64_t *others, struct error *err)
{
	struct sql sql;
	*is_open = false;
	*others = 0;
	sql_begin(&sql, store, "SELECT ttl FROM ttls WHERE zone = ? AND class = ? AND last IS NULL");
	sql_put_int(&sql, zone_id);
	sql_put_text(&sql, class_names[class]);
	while (sql_row(&sql)) {
		if (sql_int(&sql) == (int64_t)ttl)
			*is_open = true;
		else
			(*others)++;
	}
	return sql_end(&sql, err);
}

static enum status end_ttls(
    struct store *store, int64_t zone_id, enum store_class class, uint32_t but, struct utc now, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, "UPDATE ttls SET last = ? WHERE zone = ? AND class = ? AND last IS NULL AND ttl <> ?");
	sql_put_int(&sql, now.seconds);
	sql_put_int(&sql, zone_id);
	sql_put_text(&sql, class_names[class]);
	sql_put_int(&sql, but);
	return sql_run(&sql, err);
}

static enum status begin_ttl(
    struct store *store, int64_t zone_id, enum store_class class, uint32_t ttl, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store,
	    "INSERT INTO ttls (zone, class, ttl, last) VALUES (?, ?, ?, NULL) ON CONFLICT (zone, class, ttl) DO UPDATE "
	    "SET last = NULL");
	sql_put_int(&sql, zone_id);
	sql_put_text(&sql, class_names[class]);
	sql_put_int(&sql, ttl);
	return sql_run(&sql, err);
}

enum status served_note_ttl(struct store *store, int64_t zone_id, enum store_class class, uint32_t ttl, struct utc now,
    bool *changed, struct error *err)
{
	bool is_open;
	int64_t others;
	*changed = false;
	enum status status = open_ttls(store, zone_id, class, ttl, &is_open, &others, err);
	if (status != STATUS_OK || (is_open && others == 0))
		return status;
	*changed = true;
	status = end_ttls(store, zone_id, class, ttl, now, err);
	return status == STATUS_OK ? begin_ttl(store, zone_id, class, ttl, err) : status;
}

/* ---- versions ---- */

/* One row of the join of versions and keys. */
struct row {
	int64_t version;
	int64_t key; /* 0: the version has none */
	bool listed, signs;
};

static void read_version(struct sql *sql, struct arena *scratch, struct store_served *version, struct row *row)
{
	version->id = row->version = sql_int(sql);
	version->class = class_of_text(sql_text(sql, scratch));
	version->from.seconds = sql_int(sql);
	version->until.seconds = sql_int(sql);
	version->ttl = (uint32_t)sql_int(sql);
	row->key = sql_int(sql);
	row->listed = sql_int(sql) != 0;
	row->signs = sql_int(sql) != 0;
}

/* Everything that `sql` gives, with its keys; the rows of one version are together. */
static void read_rows(struct sql *sql, struct arena *mem, struct served_list *out)
{
	struct arena *const scratch = arena_new(0);
	size_t room = 0;
	size_t key_room = 0;
	size_t signer_room = 0;
	int64_t *keys = NULL;
	int64_t *signers = NULL;
	while (sql_row(sql)) {
		struct store_served version = { 0 };
		struct row row = { 0 };
		read_version(sql, scratch, &version, &row);
		if (out->count == 0 || out->all[out->count - 1].id != row.version) {
			out->all = sql_grow(mem, out->all, out->count, &room, sizeof(*out->all));
			out->all[out->count++] = version;
			key_room = signer_room = 0;
			keys = signers = NULL;
		}
		struct store_served *const last = &out->all[out->count - 1];
		if (row.listed) {
			keys = sql_grow(mem, keys, last->key_count, &key_room, sizeof(*keys));
			keys[last->key_count++] = row.key;
			last->keys = keys;
		}
		if (row.signs) {
			signers = sql_grow(mem, signers, last->signer_count, &signer_room, sizeof(*signers));
			signers[last->signer_count++] = row.key;
			last->signers = signers;
		}
	}
	arena_free(scratch);
}

#define SERVED_ROWS                                                                                                    \
	"SELECT s.id, s.class, s.begins, coalesce(s.until, 9223372036854775807), s.ttl, k.key, k.listed, k.signs "     \
	"FROM served s LEFT JOIN served_keys k ON k.version = s.id "

enum status served_open(struct store *store, int64_t zone_id, enum store_class class, struct arena *mem,
    struct served_list *out, struct error *err)
{
	struct sql sql;
	*out = (struct served_list){ 0 };
	sql_begin(&sql, store,
	    SERVED_ROWS "WHERE s.zone = ? AND s.class = ? AND s.until IS NULL ORDER BY s.begins, s.id, k.key");
	sql_put_int(&sql, zone_id);
	sql_put_text(&sql, class_names[class]);
	read_rows(&sql, mem, out);
	return sql_end(&sql, err);
}

enum status store_served(struct store *store, int64_t zone_id, struct utc now, struct span margin, struct arena *mem,
    struct store_served **out, size_t *count, struct error *err)
{
	struct sql sql;
	struct served_list list = { 0 };
	if (margin.seconds > STORE_SERVED_KEPT_SECONDS)
		return error_set(err, STATUS_POLICY,
		    "a propagation of %" PRId64 " days: what was served is remembered for %d days only",
		    margin.seconds / 86400, STORE_SERVED_KEPT_SECONDS / 86400);
	sql_begin(&sql, store,
	    SERVED_ROWS
	    "WHERE s.zone = ? AND (s.until IS NULL OR s.until + s.ttl >= ?) ORDER BY s.begins, s.id, k.key");
	sql_put_int(&sql, zone_id);
	sql_put_int(&sql, utc_subtract(now, margin).seconds);
	read_rows(&sql, mem, &list);
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK) {
		*out = list.all;
		*count = list.count;
	}
	return status;
}
