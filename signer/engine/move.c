/* SPDX-License-Identifier: MIT */
#include "signer/engine/move.h"

#include <string.h>

#include "keystore/token.h"
#include "keystore/token_proof.h"
#include "signer/engine/folder.h"
#include "signer/engine/lock.h"

struct work {
	struct store *store;
	const struct store_zone *zone;
	const struct move_request *request;
	struct token *token;
	struct arena *mem;
};

static enum status load_key(const struct work *work, int64_t id, struct key *out, struct error *err)
{
	struct key *keys;
	size_t count = 0;
	const enum status status = store_keys(work->store, work->zone->id, work->mem, &keys, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		if (keys[i].id == id) {
			*out = keys[i];
			return STATUS_OK;
		}
	return status != STATUS_OK ? status
				   : error_set(err, STATUS_INTERNAL, "%s: no key with that id", work->zone->name);
}

static enum status check(const struct work *work, const struct key *key, struct error *err)
{
	const char *why = NULL;
	if (key->foreign)
		why = "its private half is another signer's";
	else if (key_is_offline(key))
		why = "its private half is where key ceremonies are held";
	else if (key->purged.seconds != 0 || key->purging.seconds != 0)
		why = "its private half is destroyed, or on its way to be";
	if (why == NULL)
		return STATUS_OK;
	return error_set(err, STATUS_REFUSED, "%s: %s %u cannot be moved: %s", work->zone->name,
	    key_role_name(key->role), key->tag, why);
}

/* Zones that share the key sign with it too: none may be in the middle of a run when a place of it vanishes. */
static enum status lock_zones(
    const struct work *work, const struct key *key, struct lock **locks, size_t *count, struct error *err)
{
	struct store_zone *zones = NULL;
	size_t zone_count = 0;
	*count = 0;
	enum status status = store_key_zones(work->store, key->fingerprint, work->mem, &zones, &zone_count, err);
	*locks = arena_calloc(work->mem, zone_count + 1, sizeof(**locks));
	for (size_t i = 0; i < zone_count && status == STATUS_OK; i++) {
		if (zones[i].id == work->zone->id)
			continue;
		status = lock_take(
		    work->request->state, zones[i].name, "key move", work->request->now, 0, &(*locks)[*count], err);
		*count += status == STATUS_OK ? 1 : 0;
	}
	return status;
}

/* The row changes only if the place does: what is given again leaves nothing in the log. */
static enum status record(const struct work *work, struct key *key, const char *locator, struct error *err)
{
	enum status status = STATUS_OK;
	if (strcmp(key->locator, locator) == 0)
		return status;
	if (!work->request->dry_run)
		status = store_move_key(work->store, key, locator, work->request->reason, work->request->now, err);
	if (status == STATUS_OK)
		memcpy(key->locator, locator, strlen(locator) + 1);
	return status;
}

static bool is_used_from(const struct key *key, const char *store)
{
	char name[TOKEN_STORE];
	for (size_t at = 0; token_next_store(key, &at, name);)
		if (strcmp(name, store) == 0)
			return true;
	return false;
}

/* Whether `other` is used from a place that `key` has left; `out` is its name. */
static bool is_left_in(const struct key *key, const struct key *other, char out[TOKEN_STORE])
{
	const char *part = strchr(key->locator, KEY_LEFT);
	while (part != NULL && part[0] != '\0') {
		struct key left = *key;
		const size_t size = strcspn(++part, ";");
		memcpy(left.locator, part, size);
		left.locator[size] = '\0';
		for (size_t at = 0; token_next_store(&left, &at, out);)
			if (is_used_from(other, out))
				return true;
		part += size;
	}
	return false;
}

static enum status check_zone_left(
    const struct work *work, const struct key *key, const struct store_zone *zone, const char *from, struct error *err)
{
	struct key *keys = NULL;
	size_t count = 0;
	char place[TOKEN_STORE];
	enum status status = store_keys(work->store, zone->id, work->mem, &keys, &count, err);
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		const struct key *const other = &keys[i];
		if (other->id == key->id || other->foreign || other->purged.seconds != 0 ||
		    memcmp(other->fingerprint, key->fingerprint, sizeof(key->fingerprint)) != 0 ||
		    strcmp(other->locator, from) == 0 || !is_left_in(key, other, place))
			continue;
		status = error_set(err, STATUS_REFUSED,
		    "%s: the copy of %s %u in %s is what %s signs with; nothing is destroyed; bring that one to the "
		    "new place first: zoneseal key move %s %u --to STORE",
		    work->zone->name, key_role_name(key->role), key->tag, place, zone->name, zone->name, other->tag);
	}
	return status;
}

/* A zone that came to the key later, or by another way, may have it from a place that this one has left. Rows that say
 * what this one said (`from`) move with it. */
static enum status check_left(const struct work *work, const struct key *key, const char *from, struct error *err)
{
	struct store_zone *zones = NULL;
	size_t count = 0;
	enum status status = store_key_zones(work->store, key->fingerprint, work->mem, &zones, &count, err);
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = check_zone_left(work, key, &zones[i], from, err);
	return status;
}

static enum status clear(const struct work *work, struct key *key, struct move_answer *out, struct error *err)
{
	char locator[KEY_LOCATOR];
	char kept[KEY_LOCATOR] = "";
	enum status status = check_left(work, key, out->from, err);
	if (status == STATUS_OK && work->request->dry_run) {
		key->locator[strcspn(key->locator, (const char[]){ KEY_LEFT, '\0' })] = '\0';
		return status;
	}
	if (status == STATUS_OK)
		status = token_clear(work->token, key, locator, kept, err);
	if (status == STATUS_OK)
		status = record(work, key, locator, err);
	if (status == STATUS_OK && kept[0] != '\0')
		out->kept = arena_strdup(work->mem, kept);
	return status;
}

static enum status move_locked(const struct work *work, struct key *key, struct move_answer *out, struct error *err)
{
	const struct move_request *const request = work->request;
	char locator[KEY_LOCATOR];
	const bool only_clear = request->clear && request->to == NULL && strchr(key->locator, KEY_LEFT) != NULL;
	memcpy(locator, key->locator, sizeof(locator));
	enum status status =
	    only_clear ? STATUS_OK : token_move(work->token, key, request->to, request->dry_run, locator, err);
	if (status == STATUS_OK)
		status = record(work, key, locator, err);
	if (status != STATUS_OK || !request->clear || strchr(key->locator, KEY_LEFT) == NULL)
		return status;
	out->moved = !request->dry_run && strcmp(out->from, key->locator) != 0;
	status = clear(work, key, out, err);
	if (status != STATUS_OK && out->moved)
		return error_context(err,
		    "%s %u was moved, and its old copy stays; once the cause is gone: zoneseal key move %s %u "
		    "--remove-source",
		    key_role_name(key->role), key->tag, work->zone->name, key->tag);
	return status;
}

static enum status move_key(const struct work *work, int64_t id, struct move_answer *out, struct error *err)
{
	struct lock *locks = NULL;
	size_t count = 0;
	struct key key = { .id = 0 };
	enum status status = load_key(work, id, &key, err);
	if (status == STATUS_OK)
		status = check(work, &key, err);
	if (status == STATUS_OK)
		status = lock_zones(work, &key, &locks, &count, err);
	if (status == STATUS_OK) {
		out->from = arena_strdup(work->mem, key.locator);
		status = move_locked(work, &key, out, err);
	}
	for (size_t i = 0; i < count; i++)
		lock_release(&locks[i]);
	out->key = key;
	return status;
}

enum status move_keys(struct store *store, const struct store_zone *zone, const int64_t ids[], size_t count,
    const struct move_request *request, struct arena *mem, struct move_answer out[], size_t *done, struct error *err)
{
	struct work work = { .store = store, .zone = zone, .request = request, .mem = mem };
	struct lock lock = LOCK_NONE;
	*done = 0;
	enum status status = lock_take(request->state, zone->name, "key move", request->now, 0, &lock, err);
	if (status == STATUS_OK)
		status = token_open_soft(
		    folder_path(request->state, "keys", mem), request->passphrase_file, &work.token, err);
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		status = move_key(&work, ids[i], &out[i], err);
		*done += status == STATUS_OK || out[i].moved ? 1 : 0;
	}
	token_close(work.token);
	lock_release(&lock);
	return status == STATUS_OK ? status : error_context(err, "key move");
}
