/* SPDX-License-Identifier: MIT */
#include "keystore/store_proofs.h"

#include <string.h>

#include "keystore/audit.h"
#include "keystore/store_sql.h"

enum status store_proofs(
    struct store *store, int64_t zone_id, struct arena *mem, struct store_proof **out, size_t *count, struct error *err)
{
	struct store_proof *rows = NULL;
	struct sql sql;
	size_t have = 0;
	size_t room = 0;
	sql_begin(&sql, store,
	    "SELECT key, store, good, since, tried, proven, shown, message FROM proofs WHERE key IN (SELECT id FROM "
	    "keys WHERE zone = ?) ORDER BY key, store");
	sql_put_int(&sql, zone_id);
	while (sql_row(&sql)) {
		rows = sql_grow(mem, rows, have, &room, sizeof(*rows));
		struct store_proof *const row = &rows[have++];
		row->key = sql_int(&sql);
		row->store = sql_text(&sql, mem);
		row->good = sql_int(&sql) != 0;
		row->since.seconds = sql_int(&sql);
		row->tried.seconds = sql_int(&sql);
		row->proven.seconds = sql_int(&sql);
		row->shown = (unsigned)sql_int(&sql);
		row->message = sql_text(&sql, mem);
	}
	const enum status status = sql_end(&sql, err);
	if (status != STATUS_OK)
		return status;
	*out = rows;
	*count = have;
	return STATUS_OK;
}

/* What there is of the same key and store; `found` is false if nothing is. */
static enum status read_old(
    struct store *store, const struct store_proof *proof, struct store_proof *old, bool *found, struct error *err)
{
	struct sql sql;
	*found = false;
	sql_begin(&sql, store, "SELECT good, since, proven FROM proofs WHERE key = ? AND store = ?");
	sql_put_int(&sql, proof->key);
	sql_put_text(&sql, proof->store);
	if (sql_row(&sql)) {
		*found = true;
		old->good = sql_int(&sql) != 0;
		old->since.seconds = sql_int(&sql);
		old->proven.seconds = sql_int(&sql);
	}
	return sql_end(&sql, err);
}

static enum status write_one(struct store *store, const struct store_proof *proof, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store,
	    "INSERT OR REPLACE INTO proofs (key, store, good, since, tried, proven, shown, message) VALUES (?, ?, ?, "
	    "?, ?, ?, ?, ?)");
	sql_put_int(&sql, proof->key);
	sql_put_text(&sql, proof->store);
	sql_put_int(&sql, proof->good);
	sql_put_int(&sql, proof->since.seconds);
	sql_put_int(&sql, proof->tried.seconds);
	sql_put_int(&sql, proof->proven.seconds);
	sql_put_int(&sql, proof->shown);
	sql_put_text(&sql, proof->good ? NULL : proof->message != NULL ? proof->message : "");
	return sql_run(&sql, err);
}

static enum status note(struct store *store, int64_t zone_id, const char *zone, const struct store_proof *found,
    struct utc now, struct arena *scratch, struct error *err)
{
	struct store_proof proof = *found;
	struct store_proof old;
	struct key key;
	char label[AUDIT_LABEL];
	bool known = false;
	enum status status = read_old(store, found, &old, &known, err);
	const bool changed = !known || old.good != proof.good;
	proof.tried = now;
	proof.since = changed ? now : old.since;
	proof.proven = proof.good ? now : known ? old.proven : (struct utc){ 0 };
	if (status == STATUS_OK)
		status = write_one(store, &proof, err);
	if (status != STATUS_OK || !changed)
		return status;
	status = store_read_key(store, zone_id, proof.key, scratch, &key, err);
	if (status != STATUS_OK)
		return status;
	audit_key_label(&key, label);
	return audit_append(store, now, zone, proof.good ? "key proven" : "proof FAILED",
	    arena_printf(scratch, "%s in store %s%s%s", label, proof.store, proof.good ? "" : ": ",
		proof.good || proof.message == NULL ? "" : proof.message),
	    err);
}

enum status store_note_proofs(struct store *store, int64_t zone_id, const struct store_proof proofs[], size_t count,
    struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	const char *zone = NULL;
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = store_zone_name(store, zone_id, scratch, &zone, err);
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = note(store, zone_id, zone, &proofs[i], now, scratch, err);
	if (status == STATUS_OK)
		status = store_note_time(store, now, err);
	arena_free(scratch);
	return store_finish(store, status, err);
}
