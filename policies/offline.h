/* SPDX-License-Identifier: MIT */
/*
 * A zone whose KSK is offline: its DNSKEY RRset is always one that a key ceremony signed, bundle by bundle.
 *
 * Ahead of a ceremony the planner is asked, under a virtual clock, when which key will be in the zone. A bundle then
 * holds every key that is wanted at any moment of its time, so that a key comes a little earlier and leaves a little
 * later than it must. When the time has come the bundle decides: the planner moves what the bundle lets it move, keys
 * come as standby keys, and none leaves before the planner and the cache check agree. If they do not, the bundle before
 * stays as long as its signatures hold.
 *
 * Pure, as the planner is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policies/history.h"
#include "policies/policy.h"
#include "policies/rollover.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

/* When a key's DNSKEY is in the zone. */
struct offline_lane {
	int64_t id; /* row id; of a key that is yet to be made, its number in the simulation */
	enum key_role role;
	bool made;              /* it does not exist yet */
	struct utc from, until; /* UTC_NEVER: it stays */
};

/* What the planner will do from `now` to `until` if nothing else happens; a new DS is never seen, so that no KSK leaves
 * on a guess. */
enum status offline_forecast(const struct policy *policy, const struct rollover_policy *rules,
    const struct rollover_key keys[], size_t count, struct utc now, struct utc until, struct arena *mem,
    struct offline_lane **out, size_t *out_count, struct error *err) MUST_CHECK;

/* Whether a lane is to be in a bundle: a key that left shortly before may leave a little later than planned. */
bool offline_in_bundle(const struct offline_lane *lane, struct utc from, struct utc until, struct span margin);

/* A bundle for the planner. */
struct offline_bundle {
	struct utc from;    /* in use from then on */
	struct utc ends;    /* its signatures */
	struct utc dropped; /* an emergency response replaced it from then on; 0: none did */
	const bool *in;     /* by index of the keys: is in the DNSKEY RRset; if it is a KSK, it signs that */
};

/* Whether a bundle can be published at `now`: begun, not replaced, and its signatures have `refresh` left. */
bool offline_is_usable(const struct offline_bundle *bundle, struct utc now, struct span refresh);

/* The bundle that is to be in use: the one that began last, if it is usable; SIZE_MAX: none. */
size_t offline_current(const struct offline_bundle bundles[], size_t count, struct utc now, struct span refresh);

/* Keys of the bundle that nobody asked for yet become standby keys; standby keys that are no more in it are to go.
 * changed[i] tells which; false if none. */
bool offline_adopt(struct rollover_key keys[], size_t count, const bool in[], bool changed[]);

/* The key that a birth takes: a standby key, else one that was never used and is in the bundle. SIZE_MAX: none. */
size_t offline_candidate(
    const struct rollover_key keys[], size_t count, const struct rollover_birth *birth, const bool in[]);

/* Takes back the moves of a plan that would make the DNSKEY RRset another one than the bundle's. False if the planned
 * RRset is another one all the same. `keys` are those before the plan. */
bool offline_constrain(struct rollover_plan *plan, const struct rollover_key keys[], const bool in[]);

/* Whether the DNSKEY RRset of `keys`, and its signers, are the bundle's. */
bool offline_matches(const struct rollover_key keys[], size_t count, const bool in[]);

/* All that a walk through a period begins with. */
struct offline_walk {
	const struct rollover_policy *rules;
	const struct rollover_key *keys; /* with those that the response brings */
	size_t count;
	const struct rollover_facts *facts;
	const struct history *history;        /* what caches may hold at `now` */
	const struct offline_bundle *bundles; /* in order of time, also those in use before */
	size_t bundle_count;
	struct span refresh;
	struct span ds_delay; /* of the parent */
	struct utc now, until;
};

/* Walks through the period as runs would, each in time, and asks the cache check about each version. STATUS_NO with
 * the moment and what would be wrong. */
enum status offline_prove(const struct offline_walk *walk, struct error *err) MUST_CHECK;
