/* SPDX-License-Identifier: MIT */
/* A key is in another place: one statement, in every zone that has it. */
#include <string.h>

#include "keystore/audit.h"
#include "signer/base/bytes.h"

static enum status set_locator(struct store *store, int64_t id, const char *locator, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, "UPDATE keys SET locator = ? WHERE id = ?");
	sql_put_text(&sql, locator);
	sql_put_int(&sql, id);
	return sql_run(&sql, err);
}

static enum status move_row(struct store *store, const struct store_zone *zone, const struct key *old,
    const char *locator, const char *reason, struct utc now, struct arena *scratch, struct error *err)
{
	struct key key;
	char label[AUDIT_LABEL];
	enum status status = set_locator(store, old->id, locator, err);
	if (status == STATUS_OK)
		status = store_read_key(store, zone->id, old->id, scratch, &key, err);
	if (status == STATUS_OK)
		status = store_count_revision(store, zone->id, err);
	if (status != STATUS_OK)
		return status;
	audit_key_label(&key, label);
	return audit_append_keys(store, now, zone->name, "key moved",
	    arena_printf(scratch, "%s; from %s to %s%s%s", label, old->locator, locator, reason == NULL ? "" : "; ",
		reason == NULL ? "" : reason),
	    audit_key_line(&key, scratch), err);
}

enum status store_move_key(struct store *store, const struct key *key, const char *locator, const char *reason,
    struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	struct store_zone *zones = NULL;
	size_t zone_count = 0, moved = 0;
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = store_key_zones(store, key->fingerprint, scratch, &zones, &zone_count, err);
	for (size_t z = 0; z < zone_count && status == STATUS_OK; z++) {
		struct key *keys = NULL;
		size_t count = 0;
		status = store_keys(store, zones[z].id, scratch, &keys, &count, err);
		for (size_t i = 0; i < count && status == STATUS_OK; i++) {
			if (strcmp(keys[i].locator, key->locator) != 0 || keys[i].foreign ||
			    keys[i].purged.seconds != 0 ||
			    memcmp(keys[i].fingerprint, key->fingerprint, sizeof(key->fingerprint)) != 0)
				continue;
			status = move_row(store, &zones[z], &keys[i], locator, reason, now, scratch, err);
			moved++;
		}
	}
	if (status == STATUS_OK && moved == 0)
		status = error_set(
		    err, STATUS_INTERNAL, "keystore %s: no key is where this one was said to be", store->path);
	status = store_finish(store, status, err);
	arena_free(scratch);
	return status;
}
