/* SPDX-License-Identifier: MIT */
/* A zone as it is now as the start of a simulation. */
#include "policies/policy_rollover.h"
#include "signer/engine/offline.h"
#include "signer/engine/roll.h"

const struct rollover_key *roll_foresee_keys(const struct roll_view *view, struct utc now, struct arena *mem)
{
	return view->offline == NULL || view->offline->vault ? view->keys : offline_bound(view, now, mem);
}

struct rollover_policy roll_foresee_rules(const struct roll_view *view)
{
	return policy_rollover(&view->policy);
}

struct simulate_world roll_foresee_world(
    const struct roll_view *view, struct utc now, struct utc until, struct arena *mem)
{
	const struct rollover_facts *const facts = &view->facts;
	struct simulate_world world = simulate_world_of(&view->policy, now, until);
	struct simulate_past *const past = arena_calloc(mem, 1, sizeof(*past));
	past->facts = *facts;
	past->history = view->history;
	past->published = view->published;
	past->held = view->zone.held_since.seconds != 0;
	/* The zone's own TTLs are not the policy's to choose. */
	world.data_ttl = simulate_ttl_of(&facts->data_ttl, world.data_ttl);
	world.negative_ttl = simulate_ttl_of(&facts->negative_ttl, world.negative_ttl);
	world.ds_ttl = simulate_ttl_of(&facts->ds_ttl, world.ds_ttl);
	world.past = past;
	return world;
}
