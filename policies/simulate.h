/* SPDX-License-Identifier: MIT */
/*
 * What the planner will do, and when, under a virtual clock and a parent that answers after a given time.
 *
 * Uses the same functions as the engine and no others, so what it shows is what will happen if the assumptions hold.
 * Every step is judged by the cache check as well.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policies/cache_proof.h"
#include "policies/rollover.h"

/* What is assumed about the world. */
struct simulate_world {
	struct utc start, until;
	struct span
	    ds_delay; /* from a wanted change of the DS set to its appearance at every parent server; negative: never */
	uint32_t dnskey_ttl, data_ttl, negative_ttl, ds_ttl; /* seconds; constant */
	struct utc outage_from, outage_until;                /* nothing is published in between; both 0: never */
};

/* A key that was made, or a record that moved. */
struct simulate_event {
	struct utc when;
	const struct rollover_key
	    *key;  /* as it is after the event; its id is its number in the simulation for keys made there */
	bool made; /* the key was made; else `record` moved */
	enum key_record record;
	enum key_state from, to;
};

typedef void simulate_watcher(void *context, const struct simulate_event *event);

/* Runs from `keys` (which are copied) and calls `watcher` for each event in order of time. Returns STATUS_OK, STATUS_NO
 * if the cache check found a combination that would be bogus (`err` names it), or what rollover_plan returned. */
enum status simulate_run(const struct rollover_policy *policy, const struct rollover_key keys[], size_t count,
    const struct simulate_world *world, simulate_watcher *watcher, void *context, struct error *err) MUST_CHECK;
