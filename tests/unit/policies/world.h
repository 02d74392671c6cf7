/* SPDX-License-Identifier: MIT */
/*
 * A world for rollovers: an operator, a parent, and caches that remember everything they may.
 *
 * It is a brute-force one: at each hour every version that some server may serve enters the caches with its TTL, and
 * every combination of what they hold is judged. Hours in which nothing can change are passed over. It shares no
 * formula with policies/timing or policies/cache_proof.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policies/rollover.h"

enum { WORLD_DECADE = 3652 * 24, WORLD_AFTERMATH = 60 * 24 }; /* hours */

/* Engines that are known to be bad: each must be caught. */
enum world_fault {
	FAULT_NONE,
	FAULT_NO_DS_RULE,        /* rule 1 off */
	FAULT_NO_CHAIN_RULE,     /* rule 2 off */
	FAULT_NO_SIGNATURE_RULE, /* rule 3 off */
	FAULT_SHORT_DNSKEY_WAIT, /* one TTL too short */
	FAULT_SHORT_DATA_WAIT,
	FAULT_SHORT_DS_WAIT,
	FAULT_NO_NEGATIVE_WAIT,  /* the absence of a DNSKEY RRset is forgotten */
	FAULT_CONFIGURED_DS_TTL, /* the policy's DS TTL instead of the parent's */
	FAULT_PRESENT_TTL,       /* the TTL of now instead of the ledger */
	FAULT_NO_PROPAGATION,    /* slow secondaries are forgotten */
	FAULT_DS_ASSUMED,        /* a DS that was handed in counts as published */
	FAULT_EARLY_SIGHT,       /* a DS that was seen before it was wanted counts as seen since */
	FAULT_INTENDED_TIME,     /* the clock of a record starts with the plan, published or not */
	FAULT_NO_CLOCK_GUARD,    /* a clock that jumps is believed */
	FAULT_NO_PARTS_WAIT,     /* a roll that is spread over runs counts as signed with its first part */
	FAULTS,
};

const char *world_fault_name(enum world_fault fault);

/* What may happen besides time. */
enum world_trouble {
	TROUBLE_OUTAGES = 1 << 0, /* nothing is published for up to 16 days */
	TROUBLE_TTLS = 1 << 1,    /* TTLs go up and down, the parent's too */
	TROUBLE_CLOCK = 1 << 2,   /* the clock jumps, either way */
	TROUBLE_ROLLS = 1 << 3,   /* rolls started by hand, and turned back */
	TROUBLE_ALGORITHMS = 1 << 4,
	TROUBLE_SCHEMES = 1 << 5,
	TROUBLE_GOALS = 1 << 6,   /* insecure and back */
	TROUBLE_KEYS = 1 << 7,    /* private keys that cannot be used for a while */
	TROUBLE_WINDOWS = 1 << 8, /* days without key events */
	TROUBLE_WORDS = 1 << 9,   /* a DS handed in by hand before it is wanted, and sights taken back */
};

struct world;

/* Sees what the primary and the parent serve at `when`: before anything changes, and after each hour of changes. */
typedef void world_watcher(void *context, const struct world *world, int64_t when);

struct world_trial {
	uint64_t seed;
	unsigned zsk_method, ksk_method, csk_method;
	bool csk, strict, manual;
	unsigned standby;
	unsigned parts, part_hours; /* runs over which signatures go over to a new key, and hours between them */
	unsigned trouble;
	int64_t hours;
	enum world_fault fault;
	world_watcher *watch; /* or NULL. A world that is watched goes on for WORLD_AFTERMATH after it was bogus */
	void *watching;
};

struct world_story {
	const char *bogus; /* static text, or NULL: every cache could validate all the time */
	int64_t hour;      /* of it */
	size_t rolls, publications, parts, checks;
};

/* Lives through the trial. */
struct world_story world_live(const struct world_trial *trial);

/* A trial of random methods and troubles. */
struct world_trial world_random_trial(uint64_t seed, int64_t hours);

/* The fault of the trial that runs, for what is wrapped, and whether it shortens waits of this ledger. */
enum world_fault world_fault_now(void);
bool world_shortens(const struct ttl_ledger *ledger);
