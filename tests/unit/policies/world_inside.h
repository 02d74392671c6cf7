/* SPDX-License-Identifier: MIT */
/* The parts of a world (world.h): what its three files share. */
#pragma once

#include "tests/unit/policies/world.h"

enum { HOUR = 3600, DAY = 24, MOST_KEYS = 64, MOST_CACHED = 64, MOST_TTLS = 16, CLASSES = 3, MAX_JUMP = 30 * DAY };

enum kind { DNSKEY_SET, DATA, DS_SET };

/* ---- random numbers: a printed seed gives the same world again ---- */

struct dice {
	uint64_t state;
};

unsigned below(struct dice *dice, unsigned n);
int64_t hours(struct dice *dice, unsigned most); /* 1 to `most` hours, in seconds */

/* ---- the world ---- */

/* A version: keys by slot, who signs it, and until when a cache (or a slow server) may have it. */
struct version {
	uint64_t keys, signers;
	int64_t expires;
};

struct shelf {
	struct version items[MOST_CACHED];
	size_t count;
};

/* One class of records: what the primary serves, what slow servers may still serve, what caches may hold. */
struct served {
	struct version present;
	struct version rest; /* DATA: what the RRsets have whose turn in a roll that is spread has not come; or none */
	struct shelf lagging, caches;
	int64_t ttl;
};

struct world {
	struct dice dice;
	const struct world_trial *trial;
	struct rollover_policy policy;
	struct rollover_key keys[MOST_KEYS]; /* by slot; id 0: free */
	uint32_t left[MOST_KEYS];            /* by slot: of how many of a million RRsets that is so, as published */
	int64_t part_at[MOST_KEYS];
	int64_t last_id;
	int64_t now;
	int64_t propagation, parent_propagation;
	struct served classes[CLASSES];
	int64_t negative;
	int64_t asked, parent_delay; /* when the parent was asked for what it does not show yet; 0: it was not */
	struct ttl_served ledger[CLASSES][MOST_TTLS];
	size_t ledger_count[CLASSES];
	int64_t broken_until, missing_until, window_until, jump_until, jump;
	int64_t seen;    /* the engine's clock at its last run */
	int64_t next;    /* when the engine wants to look again */
	int64_t trouble; /* when something happens next */
	bool step, held;
	struct world_story story;
};

static const int64_t epoch = 1767225600; /* 2026-01-01T00:00:00Z */

/* Notes the first combination that would be bogus. */
void complain(struct world *w, const char *what);

/* ---- caches: world_caches.c ---- */

bool same(const struct version *a, const struct version *b);
void drop_expired(struct shelf *shelf, int64_t now);
void replace(struct served *class, const struct version *next, int64_t until); /* slow servers have it until then */
void leave(struct served *class, const struct version *rest, int64_t until);   /* the same of what has its turn later */
uint64_t held_by(const struct shelf *shelf);                                   /* all keys in its versions */
void serve_at(struct world *w, int64_t when);                                  /* resolvers ask some server */
void judge(struct world *w);
void show(const struct world *w); /* for whoever looks into a failure */

/* ---- keys and the engine: world.c ---- */

bool is_gone(const struct key *key);
void add_key(struct world *w, const struct rollover_birth *birth);
size_t gather(const struct world *w, struct rollover_key keys[MOST_KEYS], size_t slots[MOST_KEYS]);

/* ---- what happens besides time: world_trouble.c ---- */

void disturb(struct world *w);
