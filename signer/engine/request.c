/* SPDX-License-Identifier: MIT */
#include "signer/engine/request.h"

#include <string.h>

#include "policies/policy_yaml.h"
#include "signer/engine/clock_sources.h"
#include "signer/engine/lock.h"
#include "signer/engine/reconcile.h"
#include "signer/engine/setup.h"

static enum status ask_clocks(struct store *store, const struct request *request, const struct store_zone *zone,
    struct arena *mem, struct error *err)
{
	struct policy policy;
	const char *words;
	bool is_virtual;
	enum status status = store_is_virtual_clock(store, &is_virtual, err);
	if (status != STATUS_OK || is_virtual)
		return status;
	if (request->next == NULL)
		status =
		    policy_yaml_parse(zone->policy_name, zone->policy_text, strlen(zone->policy_text), &policy, err);
	if (status != STATUS_OK)
		return status;
	const struct policy *const rules = request->next != NULL ? request->next : &policy;
	return clock_check_sources(clock_asked_new(mem), rules, request->now, mem, &words, err);
}

static enum status settle(struct store *store, const struct request *request, const struct store_zone *zone,
    struct arena *mem, struct error *err)
{
	struct lock lock = LOCK_NONE;
	bool restored;
	enum status status = store_is_restored(store, &restored, err);
	/* What a backup intended is for restore --reconcile to find out. */
	if (status != STATUS_OK || restored)
		return status;
	status = lock_take(
	    request->state, zone->name, request->command, request->now, request->lock_wait_seconds, &lock, err);
	if (status == STATUS_OK)
		status = reconcile_intent(store, zone->id, request->now, mem, err);
	lock_release(&lock);
	return status;
}

enum status request_begin(struct store *store, const struct request *request, struct arena *mem, struct error *err)
{
	struct store_zone zone;
	enum status status = setup_find_zone(store, request->zone, mem, &zone, err);
	if (status == STATUS_OK)
		status = ask_clocks(store, request, &zone, mem, err);
	if (status == STATUS_OK && !request->dry_run)
		status = settle(store, request, &zone, mem, err);
	return status == STATUS_OK ? STATUS_OK : error_context(err, "%s", request->zone);
}
