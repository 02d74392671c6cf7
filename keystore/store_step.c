/* SPDX-License-Identifier: MIT */
/* What changes with a step: keys, what is served, with which TTLs. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "keystore/audit.h"
#include "keystore/store_served_sql.h"

/* ---- sets of keys ---- */

/* Row ids in order, each once. */
struct ids {
	int64_t *all;
	size_t count;
};

static int compare_ids(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a;
	const int64_t y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static struct ids sorted(const int64_t given[], size_t count, struct arena *mem)
{
	struct ids out = { arena_calloc(mem, count + 1, sizeof(int64_t)), 0 };
	if (count == 0)
		return out;
	memcpy(out.all, given, count * sizeof(*given));
	qsort(out.all, count, sizeof(*out.all), compare_ids);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || out.all[i] != out.all[i - 1])
			out.all[out.count++] = out.all[i];
	return out;
}

static bool same_ids(const struct ids *a, const int64_t b[], size_t count)
{
	return a->count == count && (count == 0 || memcmp(a->all, b, count * sizeof(*b)) == 0);
}

static bool has_id(const struct ids *ids, int64_t id)
{
	return bsearch(&id, ids->all, ids->count, sizeof(id), compare_ids) != NULL;
}

/* ---- one change of what is served ---- */

/* A change that is being applied. */
struct change {
	struct store *store;
	int64_t zone_id;
	const struct store_served_change *given;
	struct ids keys, signers;
	struct arena *mem;
	bool is_new;
	size_t ended;
};

static enum status insert_version(struct change *change, int64_t *id, struct error *err)
{
	const struct store_served *const begins = &change->given->begins;
	const bool ended = begins->until.seconds != 0 && begins->until.seconds != UTC_NEVER.seconds;
	struct sql sql;
	sql_begin(&sql, change->store,
	    "INSERT INTO served (zone, class, begins, until, ttl) VALUES (?1, ?2, ?3, CASE ?4 WHEN 0 THEN NULL ELSE ?4 "
	    "END, ?5)");
	sql_put_int(&sql, change->zone_id);
	sql_put_text(&sql, served_class_name(begins->class));
	sql_put_int(&sql, begins->from.seconds);
	sql_put_int(&sql, ended ? begins->until.seconds : 0);
	sql_put_int(&sql, begins->ttl);
	const enum status status = sql_run(&sql, err);
	*id = sqlite3_last_insert_rowid(change->store->database);
	return status;
}

static enum status insert_member(struct change *change, int64_t version, int64_t key, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, change->store,
	    "INSERT INTO served_keys (version, key, listed, signs) SELECT ?, id, ?, ? FROM keys WHERE id = ? AND zone "
	    "= "
	    "?");
	sql_put_int(&sql, version);
	sql_put_int(&sql, has_id(&change->keys, key) ? 1 : 0);
	sql_put_int(&sql, has_id(&change->signers, key) ? 1 : 0);
	sql_put_int(&sql, key);
	sql_put_int(&sql, change->zone_id);
	const enum status status = sql_run(&sql, err);
	if (status == STATUS_OK && sqlite3_changes(change->store->database) != 1)
		return error_set(err, STATUS_INTERNAL, "keystore %s: the zone has no key with id %" PRId64,
		    change->store->path, key);
	return status;
}

static enum status insert_served(struct change *change, int64_t *id, struct error *err)
{
	enum status status = insert_version(change, id, err);
	for (size_t i = 0; status == STATUS_OK && i < change->keys.count; i++)
		status = insert_member(change, *id, change->keys.all[i], err);
	for (size_t i = 0; status == STATUS_OK && i < change->signers.count; i++)
		if (!has_id(&change->keys, change->signers.all[i]))
			status = insert_member(change, *id, change->signers.all[i], err);
	return status;
}

static enum status end_version(struct change *change, const struct store_served *version, struct error *err)
{
	struct sql sql;
	change->ended++;
	sql_begin(&sql, change->store, "UPDATE served SET until = max(begins, ?) WHERE id = ?");
	sql_put_int(&sql, change->given->begins.from.seconds);
	sql_put_int(&sql, version->id);
	return sql_run(&sql, err);
}

static bool same_version(const struct change *change, const struct store_served *version)
{
	return version->ttl == change->given->begins.ttl &&
	       same_ids(&change->keys, version->keys, version->key_count) &&
	       same_ids(&change->signers, version->signers, version->signer_count);
}

static enum status apply_change(struct change *change, struct error *err)
{
	const struct store_served *const begins = &change->given->begins;
	struct served_list open;
	int64_t id = 0;
	enum status status = served_open(change->store, change->zone_id, begins->class, change->mem, &open, err);
	for (size_t i = 0; status == STATUS_OK && i < open.count; i++)
		if (same_version(change, &open.all[i]))
			id = open.all[i].id;
	change->is_new = id == 0;
	if (status == STATUS_OK && change->is_new)
		status = insert_served(change, &id, err);
	for (size_t i = 0; status == STATUS_OK && change->given->ends_others && i < open.count; i++)
		if (open.all[i].id != id)
			status = end_version(change, &open.all[i], err);
	return status;
}

/* ---- words for the audit ---- */

/* "KSK 41001 (3f9c...), ZSK ..." */
static enum status name_keys(const struct change *change, const struct ids *ids, const char **out, struct error *err)
{
	struct key *keys;
	size_t count;
	const enum status status = store_keys(change->store, change->zone_id, change->mem, &keys, &count, err);
	if (status != STATUS_OK)
		return status;
	const char *text = "";
	for (size_t i = 0; i < count; i++) {
		char label[AUDIT_LABEL];
		if (!has_id(ids, keys[i].id))
			continue;
		audit_key_label(&keys[i], label);
		text = arena_printf(change->mem, "%s%s%s", text, text[0] == '\0' ? "" : ", ", label);
	}
	*out = text[0] == '\0' ? "none" : text;
	return STATUS_OK;
}

static enum status audit_change(
    const struct change *change, const char *zone, const char *reason, struct utc now, struct error *err)
{
	static const char *const words[] = {
		[STORE_DS] = "DS of ",
		[STORE_DNSKEY] = "DNSKEY RRset of ",
		[STORE_DATA] = "data signed by ",
	};
	const struct store_served *const begins = &change->given->begins;
	const char *keys = NULL;
	const char *signers = NULL;
	char from[UTC_TEXT];
	enum status status = name_keys(change, &change->keys, &keys, err);
	if (status == STATUS_OK)
		status = name_keys(change, &change->signers, &signers, err);
	if (status != STATUS_OK)
		return status;
	utc_format(begins->from, from);
	const bool two = begins->class == STORE_DNSKEY;
	const char *const what = arena_printf(
	    change->mem, "%s%s%s%s", words[begins->class], keys, two ? ", signed by " : "", two ? signers : "");
	return audit_append(change->store, now, zone, "served",
	    arena_printf(change->mem, "%s, TTL %" PRIu32 ", since %s%s; %s", what, begins->ttl, from,
		change->ended > 0 ? ", and no other" : "", reason),
	    err);
}

/* ---- the whole step ---- */

static enum status take_change(struct store *store, int64_t zone_id, const char *zone,
    const struct store_served_change *given, const char *reason, struct utc now, struct error *err)
{
	assert(given->begins.class != STORE_NEGATIVE);
	struct arena *const mem = arena_new(0);
	const struct store_served *const begins = &given->begins;
	struct change change = { .store = store, .zone_id = zone_id, .given = given, .mem = mem };
	change.keys = sorted(begins->keys, begins->key_count, mem);
	change.signers = sorted(begins->signers, begins->class == STORE_DNSKEY ? begins->signer_count : 0, mem);
	enum status status = apply_change(&change, err);
	if (status == STATUS_OK && (change.is_new || change.ended > 0))
		status = audit_change(&change, zone, reason, now, err);
	arena_free(mem);
	return status;
}

static enum status take_ttl(struct store *store, int64_t zone_id, const char *zone, enum store_class class,
    uint32_t ttl, struct utc now, struct error *err)
{
	bool changed = false;
	enum status status = served_note_ttl(store, zone_id, class, ttl, now, &changed, err);
	if (status != STATUS_OK || !changed)
		return status;
	static const char *const words[] = {
		[STORE_DS] = "the DS set, at every parent server",
		[STORE_DNSKEY] = "the DNSKEY RRset",
		[STORE_DATA] = "the zone's largest",
		[STORE_NEGATIVE] = "negative answers",
	};
	char length[SPAN_TEXT];
	struct arena *const scratch = arena_new(0);
	span_format((struct span){ ttl }, length);
	status =
	    audit_append(store, now, zone, "TTL served", arena_printf(scratch, "%s: %s", words[class], length), err);
	arena_free(scratch);
	return status;
}

static enum status prune(struct store *store, const char *text, int64_t zone_id, struct utc now, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, text);
	sql_put_int(&sql, zone_id);
	sql_put_int(&sql, now.seconds - STORE_SERVED_KEPT_SECONDS);
	return sql_run(&sql, err);
}

enum status store_apply_step(struct store *store, int64_t zone_id, const struct store_step *step, const char *reason,
    struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	const char *zone = NULL;
	enum status status = store_zone_name(store, zone_id, scratch, &zone, err);
	if (status == STATUS_OK)
		status = store_change_keys(store, zone_id, step->keys, step->key_count, reason, now, err);
	for (size_t i = 0; status == STATUS_OK && i < step->served_count; i++)
		status = take_change(store, zone_id, zone, &step->served[i], reason, now, err);
	for (size_t i = 0; status == STATUS_OK && i < step->ttl_count; i++)
		status = take_ttl(store, zone_id, zone, step->ttls[i].class, step->ttls[i].ttl, now, err);
	if (status == STATUS_OK)
		status = prune(store, "DELETE FROM served WHERE zone = ? AND until + ttl < ?", zone_id, now, err);
	if (status == STATUS_OK)
		status = prune(store, "DELETE FROM ttls WHERE zone = ? AND last + ttl < ?", zone_id, now, err);
	arena_free(scratch);
	return status;
}

enum status store_take_step(struct store *store, int64_t zone_id, const struct store_step *step, const char *reason,
    struct utc now, struct error *err)
{
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = store_apply_step(store, zone_id, step, reason, now, err);
	return store_finish(store, status, err);
}

enum status store_note_ttl(
    struct store *store, int64_t zone_id, enum store_class class, uint32_t ttl, struct utc now, struct error *err)
{
	const struct store_ttl ttls[] = { { .class = class, .ttl = ttl } };
	const struct store_step step = { .ttls = ttls, .ttl_count = COUNT(ttls) };
	return store_take_step(store, zone_id, &step, "", now, err);
}
