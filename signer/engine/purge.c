/* SPDX-License-Identifier: MIT */
#include "signer/engine/purge.h"

#include <string.h>

#include "keystore/token.h"
#include "policies/policy_yaml.h"
#include "signer/engine/folder.h"
#include "signer/engine/lock.h"

struct utc purge_hidden_since(const struct key *key)
{
	struct utc since = key->created;
	for (size_t i = 0; i < KEY_RECORDS; i++) {
		if (key->state[i] == KEY_NA)
			continue;
		if (key->state[i] != KEY_HIDDEN)
			return UTC_NEVER;
		since = utc_later(since, key->since[i]);
	}
	return since;
}

/* A key in reserve was never in the zone: it stays until somebody says so. */
static bool was_in_use(const struct key *key)
{
	return key->active.seconds != 0 || key->since[KEY_DNSKEY].seconds > key->created.seconds;
}

/* By hand a key goes as soon as it may; the policy says how long it stays at least. One whose roll was turned back
 * before it was in the zone is of no use to anybody. */
static enum status check_time(const struct store_zone *zone, const struct key *key, struct utc now, struct error *err)
{
	struct policy policy;
	char due[UTC_TEXT];
	enum status status =
	    policy_yaml_parse(zone->policy_name, zone->policy_text, strlen(zone->policy_text), &policy, err);
	if (status != STATUS_OK || key->purging.seconds != 0 || (key->predecessor != 0 && !was_in_use(key)))
		return status;
	const struct utc earliest = utc_add(purge_hidden_since(key), policy.purge_after);
	if (!utc_before(now, earliest))
		return STATUS_OK;
	utc_format(earliest, due);
	return error_set(err, STATUS_REFUSED,
	    "%s: %s %u may go at %s, which is keys.purge-after of policy %s after it left the last cache; its private "
	    "half stays",
	    zone->name, key_role_name(key->role), key->tag, due, policy.name);
}

static enum status destroy(struct store *store, const struct store_zone *zone, const struct key *key,
    const struct purge *purge, struct arena *mem, struct error *err)
{
	struct token *token = NULL;
	enum status status =
	    token_open_soft(folder_path(purge->state, "keys", mem), purge->passphrase_file, &token, err);
	if (status == STATUS_OK && key->purging.seconds == 0)
		status = store_purge_begin(store, zone->id, key->id, purge->reason, purge->now, err);
	if (status == STATUS_OK)
		status = token_discard(token, key, err);
	if (status == STATUS_OK)
		status = store_purge_done(store, zone->id, key->id, purge->now, err);
	token_close(token);
	return status;
}

static bool is_due(const struct key *key, const struct policy *policy, struct utc now)
{
	if (key->purged.seconds != 0 || key->foreign || key_is_offline(key) || key->goal_present)
		return false;
	if (key->purging.seconds != 0)
		return true;
	return policy->purge_after.seconds > 0 && was_in_use(key) &&
	       !utc_before(now, utc_add(purge_hidden_since(key), policy->purge_after));
}

enum status purge_due(struct store *store, const struct store_zone *zone, const struct policy *policy,
    const struct purge *purge, struct arena *mem, unsigned *done, struct error *err)
{
	struct key *keys;
	size_t count = 0;
	*done = 0;
	enum status status = store_keys(store, zone->id, mem, &keys, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		if (!is_due(&keys[i], policy, purge->now) ||
		    store_purge_check(store, zone->id, keys[i].id, purge->now, NULL) != STATUS_OK)
			continue; /* what caches may hold still is looked at again by the next run */
		status = destroy(store, zone, &keys[i], purge, mem, err);
		*done += status == STATUS_OK ? 1 : 0;
	}
	return status == STATUS_OK ? status : error_context(err, "key purge");
}

/* The key as it is now, with the zone's lock. */
static enum status load_key(struct store *store, const struct store_zone *zone, int64_t key_id, struct arena *mem,
    struct key *out, struct error *err)
{
	struct key *keys;
	size_t count = 0;
	enum status status = store_keys(store, zone->id, mem, &keys, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		if (keys[i].id == key_id) {
			*out = keys[i];
			return STATUS_OK;
		}
	return status != STATUS_OK ? status : error_set(err, STATUS_INTERNAL, "%s: no key with that id", zone->name);
}

enum status purge_key(struct store *store, const struct store_zone *zone, int64_t key_id, const struct purge *purge,
    struct arena *mem, struct error *err)
{
	struct lock lock = LOCK_NONE;
	struct key key;
	enum status status = lock_take(purge->state, zone->name, "key purge", purge->now, 0, &lock, err);
	if (status == STATUS_OK)
		status = load_key(store, zone, key_id, mem, &key, err);
	if (status == STATUS_OK)
		status = store_purge_check(store, zone->id, key_id, purge->now, err);
	if (status == STATUS_OK)
		status = check_time(zone, &key, purge->now, err);
	if (status == STATUS_OK && !purge->dry_run)
		status = destroy(store, zone, &key, purge, mem, err);
	lock_release(&lock);
	return status == STATUS_OK ? status : error_context(err, "key purge");
}
