/* SPDX-License-Identifier: MIT */
#include "signer/engine/shared.h"

#include <string.h>

#include "policies/policy_yaml.h"

static enum status refuse(const struct key *key, const char *other, const struct policy *policy, struct error *err)
{
	return error_set(err, STATUS_REFUSED,
	    "%s %u: zone %s has or had this very key; a key serves several zones only if all their policies say "
	    "keys.shared: true, and %s does not",
	    key_role_name(key->role), key->tag, other, policy->name);
}

enum status shared_check(struct store *store, const struct store_zone *zone, const struct policy *policy,
    struct arena *mem, struct key *key, struct error *err)
{
	struct store_zone *zones;
	size_t count = 0;
	enum status status = store_key_zones(store, key->fingerprint, mem, &zones, &count, err);
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		struct policy other;
		if (zones[i].id == zone->id)
			continue;
		if (!policy->shared)
			return refuse(key, zones[i].name, policy, err);
		status = policy_yaml_parse(
		    zones[i].policy_name, zones[i].policy_text, strlen(zones[i].policy_text), &other, err);
		if (status == STATUS_OK && !other.shared)
			return refuse(key, zones[i].name, &other, err);
	}
	if (status == STATUS_OK)
		key->shared = policy->shared;
	return status;
}
