/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keystore/audit.h"
#include "keystore/store_sql.h"
#include "signer/base/bytes.h"

enum { SCRATCH = 4096 };

/* What changes in the life of a key, in the order of put_states. */
#define STATE_COLUMNS                                                                                                  \
	"goal_present, dnskey, dnskey_since, zrrsig, zrrsig_since, krrsig, krrsig_since, ds, ds_since, active, "       \
	"predecessor, ds_seen, ds_gone, signatures_complete, was_full, standby, is_foreign, revoked, created, "        \
	"dropped, signatures_left"
#define STATE_PLACES "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"

#define KEY_COLUMNS                                                                                                    \
	"k.id, k.role, k.algorithm, k.flags, (SELECT tag FROM key_tags t WHERE t.key = k.id AND t.revoked = 0), "      \
	"(SELECT tag FROM key_tags t WHERE t.key = k.id AND t.revoked = 1), k.bits, k.public_key, k.fingerprint, "     \
	"k.locator, k.purging, k.purged, k.backed_up, " STATE_COLUMNS

static const char *state_text(enum key_state state)
{
	return state == KEY_NA ? NULL : key_state_name(state);
}

static enum key_state state_of_text(const char *text)
{
	static const enum key_state states[] = { KEY_HIDDEN, KEY_RUMOURED, KEY_OMNIPRESENT, KEY_UNRETENTIVE };
	for (size_t i = 0; text != NULL && i < COUNT(states); i++)
		if (strcmp(text, key_state_name(states[i])) == 0)
			return states[i];
	return KEY_NA;
}

static enum key_role role_of_text(const char *text)
{
	static const enum key_role roles[] = { KEY_KSK, KEY_ZSK, KEY_CSK };
	for (size_t i = 0; text != NULL && i < COUNT(roles); i++)
		if (strcmp(text, key_role_name(roles[i])) == 0)
			return roles[i];
	return KEY_CSK; /* the table's CHECK allows nothing else */
}

static void read_states(struct sql *sql, struct arena *scratch, struct key *key)
{
	key->goal_present = sql_int(sql) != 0;
	for (size_t i = 0; i < KEY_RECORDS; i++) {
		key->state[i] = state_of_text(sql_text(sql, scratch));
		key->since[i].seconds = sql_int(sql);
	}
	key->active.seconds = sql_int(sql);
	key->predecessor = sql_int(sql); /* 0 for NULL */
	key->ds_seen.seconds = sql_int(sql);
	key->ds_gone.seconds = sql_int(sql);
	key->signatures_complete.seconds = sql_int(sql);
	const int64_t full = sql_int(sql);
	for (size_t i = 0; i < KEY_RECORDS; i++)
		key->was_full[i] = (full >> i & 1) != 0;
	key->standby = sql_int(sql) != 0;
	key->foreign = sql_int(sql) != 0;
	key->revoked.seconds = sql_int(sql);
	key->created.seconds = sql_int(sql);
	key->dropped.seconds = sql_int(sql);
	key->signatures_left = (uint32_t)sql_int(sql);
}

static void read_key(struct sql *sql, struct arena *scratch, struct key *key)
{
	key->id = sql_int(sql);
	key->role = role_of_text(sql_text(sql, scratch));
	key->algorithm = (uint8_t)sql_int(sql);
	key->flags = (uint16_t)sql_int(sql);
	key->tag = (uint16_t)sql_int(sql);
	key->revoked_tag = (uint16_t)sql_int(sql);
	key->bits = (unsigned)sql_int(sql);
	key->public_size = (uint16_t)sql_blob_most(sql, key->public_key, sizeof(key->public_key));
	sql_blob(sql, key->fingerprint, sizeof(key->fingerprint));
	const char *const locator = sql_text(sql, scratch);
	snprintf(key->locator, sizeof(key->locator), "%s", locator == NULL ? "" : locator);
	key->purging.seconds = sql_int(sql);
	key->purged.seconds = sql_int(sql);
	key->backed_up.seconds = sql_int(sql);
	read_states(sql, scratch, key);
}

enum status store_keys(
    struct store *store, int64_t zone_id, struct arena *mem, struct key **out, size_t *count, struct error *err)
{
	struct sql sql;
	struct key *keys = NULL;
	size_t have = 0;
	size_t room = 0;
	struct arena *const scratch = arena_new(SCRATCH);
	sql_begin(&sql, store, "SELECT " KEY_COLUMNS " FROM keys k WHERE k.zone = ? ORDER BY k.id");
	sql_put_int(&sql, zone_id);
	while (sql_row(&sql)) {
		keys = sql_grow(mem, keys, have, &room, sizeof(*keys));
		read_key(&sql, scratch, &keys[have++]);
	}
	arena_free(scratch);
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK) {
		*out = keys;
		*count = have;
	}
	return status;
}

enum status store_tag_is_used(struct store *store, int64_t zone_id, uint16_t tag, bool *out, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, "SELECT 1 FROM key_tags WHERE zone = ? AND tag = ?");
	sql_put_int(&sql, zone_id);
	sql_put_int(&sql, tag);
	const bool used = sql_row(&sql);
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK)
		*out = used;
	return status;
}

static enum status refuse_other_zones(
    struct store *store, int64_t zone_id, const struct key *key, const char *label, struct error *err)
{
	struct sql sql;
	char other[256] = "";
	struct arena *const scratch = arena_new(512);
	sql_begin(&sql, store,
	    "SELECT z.name FROM keys k JOIN zones z ON z.id = k.zone WHERE k.fingerprint = ? AND k.zone <> ?");
	sql_put_blob(&sql, key->fingerprint, sizeof(key->fingerprint));
	sql_put_int(&sql, zone_id);
	if (sql_row(&sql))
		snprintf(other, sizeof(other), "%s", sql_text(&sql, scratch));
	arena_free(scratch);
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK && other[0] != '\0')
		return error_set(err, STATUS_REFUSED,
		    "%s: zone %s has or had this very key, and no policy lets several zones share one (keys.shared)",
		    label, other);
	return status;
}

enum status store_check_key(struct store *store, int64_t zone_id, const struct key *key, struct error *err)
{
	struct sql sql;
	char label[AUDIT_LABEL];
	audit_key_label(key, label);
	sql_begin(&sql, store, "SELECT 1 FROM keys WHERE zone = ? AND fingerprint = ?");
	sql_put_int(&sql, zone_id);
	sql_put_blob(&sql, key->fingerprint, sizeof(key->fingerprint));
	const bool known = sql_row(&sql);
	enum status status = sql_end(&sql, err);
	if (status != STATUS_OK)
		return status;
	if (known)
		return error_set(err, STATUS_REFUSED, "%s: the zone has or had this very key", label);
	status = key->shared ? STATUS_OK : refuse_other_zones(store, zone_id, key, label, err);
	if (status != STATUS_OK)
		return status;
	const uint16_t tags[] = { key->tag, key->revoked_tag };
	for (size_t i = 0; i < COUNT(tags); i++) {
		bool used;
		status = store_tag_is_used(store, zone_id, tags[i], &used, err);
		if (status != STATUS_OK)
			return status;
		if (used)
			return error_set(err, STATUS_REFUSED,
			    "%s: tag %u%s is or was another key's, plain or with REVOKE (RFC 5011 2.1); make another "
			    "key",
			    label, tags[i], i == 0 ? "" : " (with REVOKE)");
	}
	return STATUS_OK;
}

static enum status insert_tags(
    struct store *store, int64_t zone_id, const struct key *key, int64_t id, struct error *err)
{
	const uint16_t tags[] = { key->tag, key->revoked_tag };
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < COUNT(tags); i++) {
		struct sql sql;
		sql_begin(&sql, store, "INSERT INTO key_tags (zone, tag, key, revoked) VALUES (?, ?, ?, ?)");
		sql_put_int(&sql, zone_id);
		sql_put_int(&sql, tags[i]);
		sql_put_int(&sql, id);
		sql_put_int(&sql, (int64_t)i);
		status = sql_run(&sql, err);
	}
	return status;
}

static void put_states(struct sql *sql, const struct key *key)
{
	sql_put_int(sql, key->goal_present ? 1 : 0);
	for (size_t i = 0; i < KEY_RECORDS; i++) {
		sql_put_text(sql, state_text(key->state[i]));
		sql_put_int(sql, key->since[i].seconds);
	}
	sql_put_int(sql, key->active.seconds);
	if (key->predecessor == 0)
		sql_put_text(sql, NULL);
	else
		sql_put_int(sql, key->predecessor);
	sql_put_int(sql, key->ds_seen.seconds);
	sql_put_int(sql, key->ds_gone.seconds);
	sql_put_int(sql, key->signatures_complete.seconds);
	int64_t full = 0;
	for (size_t i = 0; i < KEY_RECORDS; i++)
		full |= (int64_t)key->was_full[i] << i;
	sql_put_int(sql, full);
	sql_put_int(sql, key->standby ? 1 : 0);
	sql_put_int(sql, key->foreign ? 1 : 0);
	sql_put_int(sql, key->revoked.seconds);
	sql_put_int(sql, key->created.seconds);
	sql_put_int(sql, key->dropped.seconds);
	sql_put_int(sql, key->signatures_left);
}

static enum status insert_key(
    struct store *store, int64_t zone_id, const struct key *key, int64_t *id, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store,
	    "INSERT INTO keys (" STATE_COLUMNS ", zone, role, algorithm, flags, bits, public_key, fingerprint, "
	    "locator) VALUES (" STATE_PLACES ", ?, ?, ?, ?, ?, ?, ?, ?)");
	put_states(&sql, key);
	sql_put_int(&sql, zone_id);
	sql_put_text(&sql, key_role_name(key->role));
	sql_put_int(&sql, key->algorithm);
	sql_put_int(&sql, key->flags);
	sql_put_int(&sql, key->bits);
	sql_put_blob(&sql, key->public_key, key->public_size);
	sql_put_blob(&sql, key->fingerprint, sizeof(key->fingerprint));
	sql_put_text(&sql, key->locator);
	const enum status status = sql_run(&sql, err);
	*id = sqlite3_last_insert_rowid(store->database);
	return status;
}

static enum status add_key(struct store *store, int64_t zone_id, const char *zone, const struct key *key,
    struct utc now, int64_t *id, struct error *err)
{
	struct key added = *key;
	added.purging = added.purged = added.backed_up = (struct utc){ 0 };
	if (added.created.seconds == 0)
		added.created = now;
	enum status status = store_check_key(store, zone_id, key, err);
	if (status == STATUS_OK)
		status = insert_key(store, zone_id, &added, id, err);
	if (status == STATUS_OK)
		status = insert_tags(store, zone_id, key, *id, err);
	if (status != STATUS_OK)
		return status;
	struct arena *const scratch = arena_new(1024);
	char hex[65];
	added.id = *id;
	bytes_to_hex((struct bytes){ key->fingerprint, sizeof(key->fingerprint) }, false, hex);
	status = audit_append_keys(store, now, zone, "key added",
	    arena_printf(scratch, "%s, algorithm %u, flags %u, tag %u, with REVOKE %u, public key SHA-256 %s, %s",
		key_role_name(key->role), key->algorithm, key->flags, key->tag, key->revoked_tag, hex, key->locator),
	    audit_key_line(&added, scratch), err);
	arena_free(scratch);
	return status;
}

enum status store_add_keys(
    struct store *store, int64_t zone_id, struct key keys[], size_t count, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	int64_t *const ids = arena_calloc(scratch, count, sizeof(*ids));
	const char *zone = NULL;
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = store_zone_name(store, zone_id, scratch, &zone, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = add_key(store, zone_id, zone, &keys[i], now, &ids[i], err);
	if (status == STATUS_OK && count > 0)
		status = store_count_revision(store, zone_id, err);
	status = store_finish(store, status, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		keys[i].id = ids[i];
		if (keys[i].created.seconds == 0)
			keys[i].created = now;
	}
	arena_free(scratch);
	return status;
}

enum status store_read_key(
    struct store *store, int64_t zone_id, int64_t id, struct arena *scratch, struct key *out, struct error *err)
{
	struct sql sql;
	bool found = false;
	sql_begin(&sql, store, "SELECT " KEY_COLUMNS " FROM keys k WHERE k.zone = ? AND k.id = ?");
	sql_put_int(&sql, zone_id);
	sql_put_int(&sql, id);
	if (sql_row(&sql)) {
		read_key(&sql, scratch, out);
		found = true;
	}
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK && !found)
		return error_set(
		    err, STATUS_INTERNAL, "keystore %s: the zone has no key with id %" PRId64, store->path, id);
	return status;
}

static enum status update_key(struct store *store, const struct key *key, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, "UPDATE keys SET (" STATE_COLUMNS ") = (" STATE_PLACES ") WHERE id = ?");
	put_states(&sql, key);
	sql_put_int(&sql, key->id);
	return sql_run(&sql, err);
}

/* A record is on its way in or out that was not before. */
static bool takes_step(const struct key *old, const struct key *now)
{
	for (size_t i = 0; i < KEY_RECORDS; i++)
		if (old->state[i] != now->state[i] &&
		    (now->state[i] == KEY_RUMOURED || now->state[i] == KEY_UNRETENTIVE))
			return true;
	return false;
}

/* The changes of one transaction, for its audit row. */
struct changes {
	const char *words;
	const char *lines;
	bool step;
};

static enum status change_key(struct store *store, int64_t zone_id, const struct key *key, struct arena *scratch,
    struct changes *changes, struct error *err)
{
	struct key old = { 0 };
	enum status status = store_read_key(store, zone_id, key->id, scratch, &old, err);
	if (status != STATUS_OK)
		return status;
	const char *const difference = audit_key_difference(&old, key, scratch);
	if (difference == NULL)
		return STATUS_OK;
	status = update_key(store, key, err);
	struct key now = { 0 };
	if (status == STATUS_OK)
		status = store_read_key(store, zone_id, key->id, scratch, &now, err);
	if (status != STATUS_OK)
		return status;
	changes->words = arena_printf(scratch, "%s%s", changes->words, difference);
	changes->lines = arena_printf(scratch, "%s%s", changes->lines, audit_key_line(&now, scratch));
	changes->step = changes->step || takes_step(&old, key);
	return STATUS_OK;
}

static enum status end_step(struct store *store, int64_t zone_id, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, "UPDATE zones SET step_asked = 0 WHERE id = ?");
	sql_put_int(&sql, zone_id);
	return sql_run(&sql, err);
}

enum status store_change_keys(struct store *store, int64_t zone_id, const struct key keys[], size_t count,
    const char *reason, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	struct changes changes = { "", "", false };
	const char *zone = NULL;
	enum status status = store_zone_name(store, zone_id, scratch, &zone, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = change_key(store, zone_id, &keys[i], scratch, &changes, err);
	const bool changed = status == STATUS_OK && changes.words[0] != '\0';
	if (changed)
		status = store_count_revision(store, zone_id, err);
	if (changed && status == STATUS_OK && changes.step)
		status = end_step(store, zone_id, err);
	if (changed && status == STATUS_OK)
		status = audit_append_keys(store, now, zone, "keys changed",
		    arena_printf(scratch, "%s%s", changes.words, reason), changes.lines, err);
	arena_free(scratch);
	return status;
}

enum status store_update_keys(struct store *store, int64_t zone_id, const struct key keys[], size_t count,
    const char *reason, struct utc now, struct error *err)
{
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = store_change_keys(store, zone_id, keys, count, reason, now, err);
	return store_finish(store, status, err);
}
