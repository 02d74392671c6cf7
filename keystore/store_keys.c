/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keystore/store_sql.h"
#include "signer/base/bytes.h"

#define KEY_COLUMNS                                                                                                    \
	"k.id, k.role, k.algorithm, k.flags, (SELECT tag FROM key_tags t WHERE t.key = k.id AND t.revoked = 0), "      \
	"(SELECT tag FROM key_tags t WHERE t.key = k.id AND t.revoked = 1), k.bits, k.public_key, k.fingerprint, "     \
	"k.locator, k.goal_present, k.dnskey, k.dnskey_since, k.zrrsig, k.zrrsig_since, k.krrsig, k.krrsig_since, "    \
	"k.ds, "                                                                                                       \
	"k.ds_since, k.created, k.active"

static const char *const record_names[KEY_RECORDS] = {
	[KEY_DNSKEY] = "dnskey",
	[KEY_ZRRSIG] = "zrrsig",
	[KEY_KRRSIG] = "krrsig",
	[KEY_DS] = "ds",
};

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
	key->goal_present = sql_int(sql) != 0;
	for (size_t i = 0; i < KEY_RECORDS; i++) {
		key->state[i] = state_of_text(sql_text(sql, scratch));
		key->since[i].seconds = sql_int(sql);
	}
	key->created.seconds = sql_int(sql);
	key->active.seconds = sql_int(sql);
}

enum status store_keys(
    struct store *store, int64_t zone_id, struct arena *mem, struct key **out, size_t *count, struct error *err)
{
	struct sql sql;
	struct key *keys = NULL;
	size_t have = 0;
	size_t room = 0;
	struct arena *const scratch = arena_new(0);
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

static void key_label(const struct key *key, char out[40])
{
	char hex[17];
	bytes_to_hex((struct bytes){ key->fingerprint, 8 }, false, hex);
	snprintf(out, 40, "%s %u (%s)", key_role_name(key->role), key->tag, hex);
}

static enum status refuse_known(struct store *store, int64_t zone_id, const struct key *key, struct error *err)
{
	struct sql sql;
	char label[40];
	key_label(key, label);
	sql_begin(&sql, store, "SELECT 1 FROM keys WHERE zone = ? AND fingerprint = ?");
	sql_put_int(&sql, zone_id);
	sql_put_blob(&sql, key->fingerprint, sizeof(key->fingerprint));
	const bool known = sql_row(&sql);
	enum status status = sql_end(&sql, err);
	if (status != STATUS_OK)
		return status;
	if (known)
		return error_set(err, STATUS_REFUSED, "%s: the zone has or had this very key", label);
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
}

static enum status insert_key(
    struct store *store, int64_t zone_id, const struct key *key, struct utc now, int64_t *id, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store,
	    "INSERT INTO keys (goal_present, dnskey, dnskey_since, zrrsig, zrrsig_since, krrsig, krrsig_since, ds, "
	    "ds_since, "
	    "active, zone, role, algorithm, flags, bits, public_key, fingerprint, locator, created) VALUES (?, ?, ?, "
	    "?, ?, ?, "
	    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	put_states(&sql, key);
	sql_put_int(&sql, zone_id);
	sql_put_text(&sql, key_role_name(key->role));
	sql_put_int(&sql, key->algorithm);
	sql_put_int(&sql, key->flags);
	sql_put_int(&sql, key->bits);
	sql_put_blob(&sql, key->public_key, key->public_size);
	sql_put_blob(&sql, key->fingerprint, sizeof(key->fingerprint));
	sql_put_text(&sql, key->locator);
	sql_put_int(&sql, key->created.seconds == 0 ? now.seconds : key->created.seconds);
	const enum status status = sql_run(&sql, err);
	*id = sqlite3_last_insert_rowid(store->database);
	return status;
}

static enum status add_key(struct store *store, int64_t zone_id, const char *zone, const struct key *key,
    struct utc now, int64_t *id, struct error *err)
{
	enum status status = refuse_known(store, zone_id, key, err);
	if (status == STATUS_OK)
		status = insert_key(store, zone_id, key, now, id, err);
	if (status == STATUS_OK)
		status = insert_tags(store, zone_id, key, *id, err);
	if (status != STATUS_OK)
		return status;
	char hex[65];
	struct arena *const scratch = arena_new(1024);
	bytes_to_hex((struct bytes){ key->fingerprint, sizeof(key->fingerprint) }, false, hex);
	status = audit_append(store, now, zone, "key added",
	    arena_printf(scratch, "%s, algorithm %u, flags %u, tag %u, with REVOKE %u, public key SHA-256 %s, %s",
		key_role_name(key->role), key->algorithm, key->flags, key->tag, key->revoked_tag, hex, key->locator),
	    err);
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
	status = store_finish(store, status, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		keys[i].id = ids[i];
		if (keys[i].created.seconds == 0)
			keys[i].created = now;
	}
	arena_free(scratch);
	return status;
}

static enum status old_key(
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

/* "KSK 41001 (3f9c...): dnskey hidden -> rumoured; " for what differs, or NULL. */
static const char *difference(const struct key *old, const struct key *now, struct arena *scratch)
{
	const char *text = "";
	char when[UTC_TEXT];
	for (size_t i = 0; i < KEY_RECORDS; i++) {
		if (old->state[i] == now->state[i] && old->since[i].seconds == now->since[i].seconds)
			continue;
		utc_format(now->since[i], when);
		text = arena_printf(scratch, "%s, %s %s -> %s since %s", text, record_names[i],
		    key_state_name(old->state[i]), key_state_name(now->state[i]), when);
	}
	if (old->goal_present != now->goal_present)
		text = arena_printf(scratch, "%s, goal %s", text, now->goal_present ? "present" : "hidden");
	if (old->active.seconds != now->active.seconds) {
		utc_format(now->active, when);
		text = arena_printf(scratch, "%s, active since %s", text, when);
	}
	if (text[0] == '\0')
		return NULL;
	char label[40];
	key_label(old, label);
	return arena_printf(scratch, "%s: %s; ", label, text + 2);
}

static enum status update_key(struct store *store, const struct key *key, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store,
	    "UPDATE keys SET goal_present = ?, dnskey = ?, dnskey_since = ?, zrrsig = ?, zrrsig_since = ?, krrsig = ?, "
	    "krrsig_since = ?, ds = ?, ds_since = ?, active = ? WHERE id = ?");
	put_states(&sql, key);
	sql_put_int(&sql, key->id);
	return sql_run(&sql, err);
}

enum status store_change_keys(struct store *store, int64_t zone_id, const struct key keys[], size_t count,
    const char *reason, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	const char *zone = NULL;
	const char *detail = "";
	enum status status = store_zone_name(store, zone_id, scratch, &zone, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		struct key old = { 0 };
		status = old_key(store, zone_id, keys[i].id, scratch, &old, err);
		const char *const change = status == STATUS_OK ? difference(&old, &keys[i], scratch) : NULL;
		if (change == NULL)
			continue;
		detail = arena_printf(scratch, "%s%s", detail, change);
		status = update_key(store, &keys[i], err);
	}
	if (status == STATUS_OK && detail[0] != '\0')
		status =
		    audit_append(store, now, zone, "keys changed", arena_printf(scratch, "%s%s", detail, reason), err);
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
