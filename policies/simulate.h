/* SPDX-License-Identifier: MIT */
/*
 * What the planner will do, and when, under a virtual clock and a parent that answers after a given time.
 *
 * Uses the same functions as the engine and no others, so what it shows is what will happen if the assumptions hold.
 * Every step is judged by the cache check as well. A real zone waits where its past forbids a step, as in a run; for a
 * policy alone that is a failure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policies/history.h"
#include "policies/policy.h"
#include "policies/rollover.h"

/* What an operator does at a moment. */
enum simulate_verb {
	SIMULATE_ROLL,      /* start a roll of `role` */
	SIMULATE_EMERGENCY, /* the same, whatever a window says */
	SIMULATE_DROP,      /* the key of `role` leaves at once, whatever caches hold: security first */
	SIMULATE_ABORT,     /* turn the latest roll of `role` back */
	SIMULATE_STEP,      /* the next step of a manual policy */
	SIMULATE_HOLD,
	SIMULATE_RELEASE,
	SIMULATE_ALGORITHM, /* the policy gets `algorithm` */
	SIMULATE_SCHEME,    /* the policy gets one combined key or two: `csk` */
	SIMULATE_GOAL,      /* the policy wants the zone `insecure` or not */
	SIMULATE_PARENT,    /* the parent takes `delay` from now on; negative: it never answers */
	SIMULATE_VERBS,
};

struct simulate_command {
	struct utc when;
	const char *text; /* as it was read; borrowed */
	enum simulate_verb verb;
	enum key_role role;
	uint8_t algorithm;
	bool csk, insecure;
	struct span delay;
};

/* A real zone at the start: what it served, and what keeps its keys where they are. */
struct simulate_past {
	struct rollover_facts facts;   /* the TTLs, and whether a step of a manual policy was asked for */
	const struct history *history; /* what caches may hold */
	bool published; /* else the first step publishes everything, whatever hold, window or a manual policy say */
	bool held;
};

/* What is assumed about the world. */
struct simulate_world {
	struct utc start, until;
	struct span
	    ds_delay; /* from a wanted change of the DS set to its appearance at every parent server; negative: never */
	uint32_t dnskey_ttl, data_ttl, negative_ttl, ds_ttl; /* seconds; of all that is published from the start on */
	const struct simulate_past *past;                    /* NULL: nothing but the TTLs above was ever served */
	struct utc outage_from, outage_until;                /* nothing is published in between; both 0: never */
	const struct policy_windows *windows;                /* of the policy; NULL: none */
	const struct simulate_command *commands;             /* in order of time */
	size_t command_count;
};

enum simulate_kind {
	SIMULATE_MADE,    /* the key was made */
	SIMULATE_TAKEN,   /* a key in reserve, or one made by hand, takes over */
	SIMULATE_MOVED,   /* `record` moved */
	SIMULATE_SEEN,    /* every parent server shows the key's DS */
	SIMULATE_GONE,    /* no parent server shows it any more */
	SIMULATE_ORDERED, /* `command` was carried out */
	SIMULATE_REFUSED, /* `command` was not, because of `reason` */
	SIMULATE_VETOED,  /* caches forbid a real zone's next step for now: `reason`, until `earliest` */
	SIMULATE_WAITS,   /* at the end, `record` does not move to `to`: `why`, until `earliest` */
};

struct simulate_event {
	struct utc when;
	enum simulate_kind kind;
	const struct rollover_key
	    *key; /* as it is after the event, or NULL; its id is its number in the simulation for keys made there */
	enum key_record record;
	enum key_state from, to;
	const struct simulate_command *command;
	const char *reason; /* static text, or the caller's until the watcher returns */
	enum rollover_obstacle why;
	struct utc earliest;
};

typedef void simulate_watcher(void *context, const struct simulate_event *event);

/* The world that a policy expects: TTLs as large as it allows, a parent that takes its registration delay. It points to
 * the policy's windows. */
struct simulate_world simulate_world_of(const struct policy *policy, struct utc start, struct utc until);

/* Reads "roll ksk", "roll algorithm ED25519", "emergency zsk",
 * "emergency security-first zsk", "abort csk", "step", "hold", "release", "scheme csk",
 * "goal insecure", "ds-delay 3d", "ds-delay never". STATUS_USAGE. Leaves `when` alone. */
enum status simulate_command_parse(const char *text, struct simulate_command *out, struct error *err) MUST_CHECK;

/* A TTL for `simulate_world` from what was served: the largest that still is, else `otherwise`. */
uint32_t simulate_ttl_of(const struct ttl_ledger *ledger, uint32_t otherwise);

/* Runs from `keys` (which are copied) and calls `watcher` for each event in order of time. Returns STATUS_OK, STATUS_NO
 * if the cache check found a combination that would be bogus (`err` names it), or what rollover_plan returned. */
enum status simulate_run(const struct rollover_policy *policy, const struct rollover_key keys[], size_t count,
    const struct simulate_world *world, simulate_watcher *watcher, void *context, struct error *err) MUST_CHECK;
