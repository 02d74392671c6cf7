/* SPDX-License-Identifier: MIT */
/* What was done outside the keystore, once, and is not to be done again: the audit is its memory. */
#include "keystore/store_sql.h"
#include "signer/base/bytes.h"

enum status store_note_done(
    struct store *store, int64_t zone_id, const char *what, const char *detail, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	const char *zone = NULL;
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = store_zone_name(store, zone_id, scratch, &zone, err);
	if (status == STATUS_OK)
		status = audit_append(store, now, zone, what, detail, err);
	arena_free(scratch);
	return store_finish(store, status, err);
}

enum status store_is_done(
    struct store *store, const char *zone, const char *what, const char *detail, bool *out, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, "SELECT 1 FROM audit WHERE zone = ? AND what = ? AND detail = ? LIMIT 1");
	sql_put_text(&sql, zone);
	sql_put_text(&sql, what);
	sql_put_text(&sql, detail);
	*out = sql_row(&sql);
	return sql_end(&sql, err);
}

static const char stolen[] = "emergency";

static const char *words_for_stolen(const struct key *key, struct arena *mem)
{
	char hex[2 * sizeof(key->fingerprint) + 1];
	bytes_to_hex((struct bytes){ key->fingerprint, sizeof(key->fingerprint) }, false, hex);
	return arena_printf(mem, "the key with public key SHA-256 %s may be stolen", hex);
}

enum status store_note_stolen(
    struct store *store, int64_t zone_id, const struct key *key, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	const char *zone = NULL;
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = store_zone_name(store, zone_id, scratch, &zone, err);
	if (status == STATUS_OK)
		status = audit_append(store, now, zone, stolen, words_for_stolen(key, scratch), err);
	if (status == STATUS_OK)
		status = store_count_revision(store, zone_id, err);
	arena_free(scratch);
	return store_finish(store, status, err);
}

enum status store_is_stolen(struct store *store, const char *zone, const struct key *key, bool *out, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	const enum status status = store_is_done(store, zone, stolen, words_for_stolen(key, scratch), out, err);
	arena_free(scratch);
	return status;
}
