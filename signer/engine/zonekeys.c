/* SPDX-License-Identifier: MIT */
#include "signer/engine/zonekeys.h"

#include <stdio.h>
#include <string.h>

#include "keystore/algorithm.h"
#include "keystore/dnskey.h"
#include "policies/policy_stores.h"
#include "signer/base/bytes.h"
#include "signer/engine/proving.h"

enum { TAG_ATTEMPTS = 200, FLAGS_ZONE = 256, FLAGS_SEP = 257 };

enum status zonekeys_load(
    struct store *store, int64_t zone_id, struct arena *mem, struct zonekeys *out, struct error *err)
{
	return store_keys(store, zone_id, mem, &out->all, &out->count, err);
}

static struct key blank(const struct policy *policy, enum key_role role, struct utc now)
{
	struct key key = { .role = role, .algorithm = policy->algorithm, .created = now };
	const struct algorithm *algorithm = alg_by_number(policy->algorithm);
	key.flags = role == KEY_ZSK ? FLAGS_ZONE : FLAGS_SEP;
	if (algorithm != NULL && algorithm->default_bits > 0)
		key.bits = role == KEY_ZSK ? policy->zsk_bits : policy->ksk_bits;
	key_hide(&key, now);
	policy_stores_locator(policy, role, key.locator);
	return key;
}

/* A key pair whose tags the zone never had. */
static enum status make_unique(
    struct store *store, struct token *token, int64_t zone_id, struct key *key, struct error *err)
{
	for (int attempt = 0; attempt < TAG_ATTEMPTS; attempt++) {
		bool used = false, revoked_used = false;
		struct key made = *key;
		enum status status = token_generate(token, &made, err);
		if (status == STATUS_OK)
			status = store_tag_is_used(store, zone_id, made.tag, &used, err);
		if (status == STATUS_OK)
			status = store_tag_is_used(store, zone_id, made.revoked_tag, &revoked_used, err);
		if (status != STATUS_OK)
			return status;
		if (!used && !revoked_used) {
			*key = made;
			return STATUS_OK;
		}
		status = token_discard(token, &made, err);
		if (status != STATUS_OK)
			return status;
	}
	return error_set(err, STATUS_KEY, "no key with an unused tag in %d attempts", TAG_ATTEMPTS);
}

enum status zonekeys_make(struct store *store, struct token *token, int64_t zone_id, const struct policy *policy,
    enum key_role role, const struct rollover_birth *birth, struct utc now, struct key *out, struct error *err)
{
	struct key key = blank(policy, role, now);
	if (birth != NULL)
		rollover_take(&key, birth);
	struct error ignored;
	enum status status = make_unique(store, token, zone_id, &key, err);
	if (status == STATUS_OK) {
		status = proving_key(store, token, zone_id, &key, now, err);
		if (status != STATUS_OK && token_discard(token, &key, &ignored) != STATUS_OK)
			error_context(err, "a half made key stays in %s", key.locator);
	}
	if (status == STATUS_OK)
		*out = key;
	return status == STATUS_OK ? status : error_context(err, "new %s", key_role_name(role));
}

enum status zonekeys_generate(struct store *store, struct token *token, int64_t zone_id, const struct policy *policy,
    enum key_role role, const struct rollover_birth *birth, struct utc now, struct key *out, struct error *err)
{
	struct key key = { .id = 0 };
	enum status status = zonekeys_make(store, token, zone_id, policy, role, birth, now, &key, err);
	if (status == STATUS_OK)
		status = store_add_keys(store, zone_id, &key, 1, now, err);
	if (status == STATUS_OK)
		status = proving_record(store, token, zone_id, now, err);
	if (status == STATUS_OK)
		*out = key;
	return status;
}

static bool role_fits(const struct policy *policy, enum key_role role)
{
	return (role == KEY_CSK) == policy->csk;
}

const char *zonekeys_misfit(const struct zonekeys *keys, const struct policy *policy)
{
	for (size_t i = 0; i < keys->count; i++) {
		const struct key *key = &keys->all[i];
		if (!key->goal_present)
			continue;
		if (!role_fits(policy, key->role))
			return "kinds of keys";
		if (key->algorithm != policy->algorithm)
			return "algorithm";
	}
	return NULL;
}

static struct key *find_wanted(const struct zonekeys *keys, enum key_role role, uint8_t algorithm)
{
	for (size_t i = 0; i < keys->count; i++)
		if (keys->all[i].role == role && keys->all[i].algorithm == algorithm && keys->all[i].goal_present)
			return &keys->all[i];
	return NULL;
}

/* Keys of a zone that was never published, made for another policy: no publication takes them any more. */
static enum status leave_aside(struct store *store, int64_t zone_id, const struct policy *policy, struct utc now,
    struct zonekeys *keys, struct error *err)
{
	for (size_t i = 0; i < keys->count; i++) {
		struct key *key = &keys->all[i];
		if (!key->goal_present || key->state[KEY_DNSKEY] != KEY_HIDDEN ||
		    (role_fits(policy, key->role) && key->algorithm == policy->algorithm))
			continue;
		key->goal_present = false;
		enum status status =
		    store_update_keys(store, zone_id, key, 1, "made for another policy, never published", now, err);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static struct key *find_prepared(const struct zonekeys *keys, enum key_role role, const struct policy *policy)
{
	for (size_t i = 0; i < keys->count; i++) {
		struct key *key = &keys->all[i];
		bool never_used = key->state[KEY_DNSKEY] == KEY_HIDDEN && key->active.seconds == 0;
		if (key->role == role && key->algorithm == policy->algorithm && !key->goal_present && never_used &&
		    !policy_stores_differ(policy, key))
			return key;
	}
	return NULL;
}

static enum status complete_role(struct store *store, struct token *token, int64_t zone_id, const struct policy *policy,
    enum key_role role, struct utc now, struct zonekeys *keys, unsigned *made, struct error *err)
{
	struct key *prepared = find_prepared(keys, role, policy);
	const struct rollover_birth birth = { .role = role, .algorithm = policy->algorithm, .due = now };
	struct key key;
	if (prepared != NULL) {
		prepared->goal_present = true;
		return store_update_keys(store, zone_id, prepared, 1, "first publication takes it", now, err);
	}
	(*made)++;
	return zonekeys_generate(store, token, zone_id, policy, role, &birth, now, &key, err);
}

static size_t roles_of(const struct policy *policy, const enum key_role **out)
{
	static const enum key_role split[] = { KEY_KSK, KEY_ZSK }, combined[] = { KEY_CSK };
	*out = policy->csk ? combined : split;
	return policy->csk ? COUNT(combined) : COUNT(split);
}

unsigned zonekeys_missing(const struct zonekeys *keys, const struct policy *policy)
{
	const enum key_role *roles;
	const size_t count = roles_of(policy, &roles);
	unsigned missing = 0;
	for (size_t i = 0; i < count; i++)
		missing += find_wanted(keys, roles[i], policy->algorithm) == NULL &&
			   find_prepared(keys, roles[i], policy) == NULL;
	return missing;
}

enum status zonekeys_complete(struct store *store, struct token *token, int64_t zone_id, const struct policy *policy,
    bool published_before, struct utc now, struct arena *mem, struct zonekeys *keys, unsigned *made, struct error *err)
{
	const enum key_role *roles;
	const size_t count = roles_of(policy, &roles);
	bool changed = false;
	enum status status = published_before ? STATUS_OK : leave_aside(store, zone_id, policy, now, keys, err);
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		if (find_wanted(keys, roles[i], policy->algorithm) != NULL)
			continue;
		if (published_before)
			return error_set(err, STATUS_KEY,
			    "no %s of algorithm %u to sign with; the zone was published before, so none is made by "
			    "itself",
			    key_role_name(roles[i]), policy->algorithm);
		status = complete_role(store, token, zone_id, policy, roles[i], now, keys, made, err);
		changed = true;
	}
	return changed && status == STATUS_OK ? zonekeys_load(store, zone_id, mem, keys, err) : status;
}

char *zonekeys_list(const struct key keys[], size_t count, struct arena *mem)
{
	char *out = arena_strdup(mem, "");
	for (size_t i = 0; i < count; i++) {
		char hex[65];
		if (!key_is_published(&keys[i]) && !key_signs_keys(&keys[i]) && !key_signs_zone(&keys[i]))
			continue;
		bytes_to_hex((struct bytes){ keys[i].fingerprint, 32 }, false, hex);
		out = arena_printf(mem, "%s%s %s %u%s%s%s%s\n", out, hex, key_role_name(keys[i].role),
		    key_published_tag(&keys[i]), key_is_published(&keys[i]) ? " dnskey" : "",
		    key_signs_keys(&keys[i]) ? " krrsig" : "",
		    key_signs_zone(&keys[i]) || key_stays_on_zone(&keys[i]) ? " zrrsig" : "",
		    key_is_revoked(&keys[i]) ? " revoked" : "");
	}
	return out;
}
