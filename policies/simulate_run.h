/* SPDX-License-Identifier: MIT */
/* A simulation that is under way: shared by simulate.c and simulate_order.c, and by nobody else. */
#pragma once

#include "policies/simulate.h"

/* Classes of TTLs. */
enum { TTL_DNSKEY, TTL_DATA, TTL_NEGATIVE, TTL_DS, TTLS };

/* Keys that are wholly gone leave the array, so ten years of short lives fit; those that remain are at most CACHE_KEYS.
 */
struct simulate_run {
	struct rollover_policy policy; /* commands change it */
	struct ttl_served *served[TTLS];
	size_t served_count[TTLS];
	bool published;
	struct utc vetoed_until; /* as it was told last */
	struct utc tolerated;    /* until then caches may find the zone bogus for what was before the start */
	const struct simulate_world *world;
	size_t next_command;
	struct span ds_delay;
	bool held, step_asked;
	struct rollover_birth ordered; /* by a command that is being carried out */
	bool has_ordered;
	int64_t urgent; /* id of a key that may be stolen: no window delays its way out; or 0 */
	struct rollover_key *keys;
	size_t count, capacity;
	int64_t last_id;
	struct history history;
	struct utc now;
	struct utc parent_acts; /* when the parent will show what is wanted; UTC_NEVER: nothing is asked */
	simulate_watcher *watcher;
	void *context;
};

/* A new key, or the one in reserve that the birth takes. */
struct rollover_key *simulate_add_key(struct simulate_run *run, const struct rollover_birth *birth);

/* What the planner says now; `births` are told and not made. */
enum status simulate_plan(
    const struct simulate_run *run, struct arena *mem, struct rollover_plan *plan, struct error *err) MUST_CHECK;

/* Carries out the commands that are due. */
void simulate_obey(struct simulate_run *run);
