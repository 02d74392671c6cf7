/* SPDX-License-Identifier: MIT */
/* The end of a key: its private half is destroyed between two transactions, so that a crash leaves a mark. */
#include <stdio.h>
#include <string.h>

#include "keystore/audit.h"
#include "keystore/store_served.h"
#include "signer/base/bytes.h"

static enum status refuse(const struct key *key, struct error *err, const char *why)
{
	char label[AUDIT_LABEL];
	audit_key_label(key, label);
	return error_set(err, STATUS_REFUSED, "%s: %s; its private half stays", label, why);
}

static enum status check_states(const struct key *key, struct error *err)
{
	static const char *const names[KEY_RECORDS] = { "DNSKEY", "signatures", "signature of the DNSKEY RRset", "DS" };
	char why[120];
	if (key->purged.seconds != 0)
		return refuse(key, err, "its private half is destroyed already");
	if (key->foreign)
		return refuse(key, err, "its private half is another signer's");
	if (key->goal_present)
		return refuse(key, err, "it is to be used; roll it first");
	for (size_t i = 0; i < KEY_RECORDS; i++) {
		if (key->state[i] == KEY_NA || key->state[i] == KEY_HIDDEN)
			continue;
		snprintf(why, sizeof(why), "its %s is %s, not yet out of all caches", names[i],
		    key_state_name(key->state[i]));
		return refuse(key, err, why);
	}
	return STATUS_OK;
}

static bool names_key(const int64_t ids[], size_t count, int64_t id)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* What was served counts beside the states: they may have been concluded with a wrong policy. */
static enum status check_caches(struct store *store, int64_t zone_id, const struct key *key, struct utc now,
    struct arena *scratch, struct error *err)
{
	struct store_served *served;
	size_t count = 0;
	char until[UTC_TEXT];
	char why[120];
	enum status status = store_served(store, zone_id, now, (struct span){ 0 }, scratch, &served, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		if (!names_key(served[i].keys, served[i].key_count, key->id) &&
		    !names_key(served[i].signers, served[i].signer_count, key->id))
			continue;
		utc_format(utc_add(served[i].until, (struct span){ served[i].ttl }), until);
		snprintf(why, sizeof(why), "caches may hold it (until %s)", until);
		return refuse(key, err, why);
	}
	return status;
}

/* An intent whose bytes may stand at the output path: the next run finds out. */
static enum status check_intent(
    struct store *store, int64_t zone_id, const struct key *key, struct arena *scratch, struct error *err)
{
	struct store_version intent;
	bool found = false;
	char hex[65];
	const enum status status = store_open_intent(store, zone_id, scratch, &intent, &found, err);
	if (status != STATUS_OK || !found)
		return status;
	bytes_to_hex((struct bytes){ key->fingerprint, sizeof(key->fingerprint) }, false, hex);
	if (strstr(intent.keys, hex) != NULL)
		return refuse(key, err, "a publication that was interrupted may use it; run zoneseal run first");
	return STATUS_OK;
}

static enum status check_in_zone(struct store *store, int64_t zone_id, const struct key *key, struct utc now,
    struct arena *scratch, struct error *err)
{
	enum status status = check_states(key, err);
	if (status == STATUS_OK)
		status = check_caches(store, zone_id, key, now, scratch, err);
	return status == STATUS_OK ? check_intent(store, zone_id, key, scratch, err) : status;
}

/* The private half is one file, whatever zones share the key: it goes when none of them can need it. */
static enum status check_other_zones(struct store *store, int64_t zone_id, const struct key *key, struct utc now,
    struct arena *scratch, struct error *err)
{
	struct store_zone *zones;
	size_t count = 0;
	enum status status = store_key_zones(store, key->fingerprint, scratch, &zones, &count, err);
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		struct key *keys;
		size_t key_count = 0;
		if (zones[i].id == zone_id)
			continue;
		status = store_keys(store, zones[i].id, scratch, &keys, &key_count, err);
		for (size_t j = 0; j < key_count && status == STATUS_OK; j++)
			if (memcmp(keys[j].fingerprint, key->fingerprint, sizeof(key->fingerprint)) == 0 &&
			    !keys[j].foreign && keys[j].purged.seconds == 0)
				status = check_in_zone(store, zones[i].id, &keys[j], now, scratch, err);
		if (status != STATUS_OK)
			error_context(err, "zone %s shares it", zones[i].name);
	}
	return status;
}

enum status store_purge_check(struct store *store, int64_t zone_id, int64_t key_id, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	struct key key = { 0 };
	enum status status = store_read_key(store, zone_id, key_id, scratch, &key, err);
	if (status == STATUS_OK)
		status = check_in_zone(store, zone_id, &key, now, scratch, err);
	if (status == STATUS_OK)
		status = check_other_zones(store, zone_id, &key, now, scratch, err);
	arena_free(scratch);
	return status;
}

/* Sets a time of the key and tells of it. */
enum status store_set_key_time(struct store *store, int64_t zone_id, int64_t key_id, const char *text, const char *what,
    const char *reason, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	struct sql sql;
	struct key key = { 0 };
	const char *zone = NULL;
	sql_begin(&sql, store, text);
	sql_put_int(&sql, now.seconds);
	sql_put_int(&sql, key_id);
	enum status status = sql_run(&sql, err);
	if (status == STATUS_OK && sqlite3_changes(store->database) != 1)
		status = error_set(
		    err, STATUS_INTERNAL, "keystore %s: the key is not in the state that this needs", store->path);
	if (status == STATUS_OK)
		status = store_zone_name(store, zone_id, scratch, &zone, err);
	if (status == STATUS_OK)
		status = store_read_key(store, zone_id, key_id, scratch, &key, err);
	if (status == STATUS_OK)
		status = store_count_revision(store, zone_id, err);
	char label[AUDIT_LABEL];
	audit_key_label(&key, label);
	if (status == STATUS_OK)
		status = audit_append_keys(store, now, zone, what, arena_printf(scratch, "%s; %s", label, reason),
		    audit_key_line(&key, scratch), err);
	arena_free(scratch);
	return status;
}

enum status store_purge_begin(
    struct store *store, int64_t zone_id, int64_t key_id, const char *reason, struct utc now, struct error *err)
{
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = store_purge_check(store, zone_id, key_id, now, err);
	if (status == STATUS_OK)
		status = store_set_key_time(store, zone_id, key_id, "UPDATE keys SET purging = ? WHERE id = ?",
		    "key purge begun", reason, now, err);
	return store_finish(store, status, err);
}

/* There is nothing left to prove. */
static enum status forget_proofs(struct store *store, int64_t key_id, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, "DELETE FROM proofs WHERE key = ?");
	sql_put_int(&sql, key_id);
	return sql_run(&sql, err);
}

enum status store_purge_done(struct store *store, int64_t zone_id, int64_t key_id, struct utc now, struct error *err)
{
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = store_set_key_time(store, zone_id, key_id,
		    "UPDATE keys SET purged = ? WHERE id = ? AND purging > 0 AND purged = 0", "key purged",
		    "its private half is destroyed", now, err);
	if (status == STATUS_OK)
		status = forget_proofs(store, key_id, err);
	return store_finish(store, status, err);
}

enum status store_backup_done(
    struct store *store, int64_t zone_id, int64_t key_id, const char *reason, struct utc now, struct error *err)
{
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = store_set_key_time(store, zone_id, key_id,
		    "UPDATE keys SET backed_up = ? WHERE id = ? AND backed_up = 0 AND is_foreign = 0 AND purging = 0",
		    "key backed up", reason, now, err);
	return store_finish(store, status, err);
}
