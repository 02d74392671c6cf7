/* SPDX-License-Identifier: MIT */
#include "signer/engine/revoke.h"

#include "policies/revoke.h"
#include "signer/engine/lock.h"
#include "signer/engine/setup.h"

static enum status find_key(const struct key keys[], size_t count, int64_t id, size_t *out, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (keys[i].id != id)
			continue;
		*out = i;
		return STATUS_OK;
	}
	return error_set(err, STATUS_MISSING, "no such key; see zoneseal key list");
}

static enum status revoke(
    struct store *store, const struct revoke_request *request, struct arena *mem, struct error *err)
{
	struct store_zone zone;
	struct key *keys = NULL;
	size_t count = 0, which = 0;
	enum status status = setup_find_zone(store, request->zone, mem, &zone, err);
	if (status == STATUS_OK)
		status = setup_expect_revision(&zone, request->expect_revision, err);
	if (status == STATUS_OK && zone.held_since.seconds != 0)
		return error_set(err, STATUS_REFUSED, "%s is held (%s): no key event until 'zoneseal release %s'",
		    zone.name, zone.held_reason, zone.name);
	if (status == STATUS_OK)
		status = store_keys(store, zone.id, mem, &keys, &count, err);
	if (status == STATUS_OK)
		status = find_key(keys, count, request->key, &which, err);
	if (status != STATUS_OK)
		return status;
	struct key *const key = &keys[which];
	const char *const obstacle = revoke_obstacle(keys, count, which);
	if (obstacle != NULL)
		return error_set(err, STATUS_REFUSED, "%s: %s %u is not revoked: %s", zone.name,
		    key_role_name(key->role), key->tag, obstacle);
	if (request->dry_run)
		return STATUS_OK;
	revoke_key(key, request->now);
	return store_update_keys(store, zone.id, key, 1,
	    request->reason != NULL ? arena_printf(mem, "revoked: %s", request->reason) : "revoked", request->now, err);
}

enum status revoke_ask(struct store *store, const struct revoke_request *request, struct arena *mem, struct error *err)
{
	struct lock lock = LOCK_NONE;
	struct store_zone zone;
	enum status status = setup_find_zone(store, request->zone, mem, &zone, err);
	if (status == STATUS_OK && !request->dry_run)
		status = lock_take(request->state, zone.name, "key revoke", request->now, 0, &lock, err);
	if (status == STATUS_OK)
		status = revoke(store, request, mem, err);
	lock_release(&lock);
	return status;
}
