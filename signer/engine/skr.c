/* SPDX-License-Identifier: MIT */
#include "signer/engine/skr.h"

#include <string.h>

#include "policies/policy_yaml.h"
#include "signer/engine/setup.h"

enum status skr_begin(struct store *store, const struct skr_request *request, const char *command, struct arena *mem,
    struct store_zone *zone, struct policy *policy, struct lock *lock, struct error *err)
{
	enum status status = setup_find_zone(store, request->zone, mem, zone, err);
	if (status == STATUS_OK && !request->dry_run)
		status = lock_take(request->state, zone->name, command, request->now, 0, lock, err);
	if (status == STATUS_OK)
		status =
		    policy_yaml_parse(zone->policy_name, zone->policy_text, strlen(zone->policy_text), policy, err);
	if (status == STATUS_OK && !policy->offline_ksk)
		return error_set(err, STATUS_REFUSED,
		    "%s: policy %s has keys.offline-ksk false: its KSK is with the zone, and no ceremony is held",
		    zone->name, policy->name);
	return status;
}
