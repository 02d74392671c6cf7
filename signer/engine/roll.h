/* SPDX-License-Identifier: MIT */
/*
 * A zone's key rollovers as the engine carries them out, as status shows them, and as people ask for them.
 *
 * The planner (policies/rollover.h) says what may move, the cache check (policies/history.h) may veto it, and what
 * moves goes into one zone version and begins with its receipt. People change goals, never states: what they ask for
 * is judged by the same planner and the same check.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/store.h"
#include "policies/history.h"
#include "policies/policy.h"
#include "policies/rollover.h"
#include "policies/simulate.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

/* What keeps all keys of the zone where they are. Signatures go on. */
enum roll_stop {
	ROLL_GOES,
	ROLL_UNPUBLISHED, /* the first publication begins everything */
	ROLL_HELD,        /* an operator, or the clock guard, holds the zone: zoneseal release */
	ROLL_KEY_MISSING, /* a private key cannot be used: put it back */
	ROLL_OFFLINE,     /* no bundle of an SKR fits: another is needed */
	ROLL_VETOED,      /* the cache check refuses what is due: it waits until `stop_ends` */
};

/* One term of a date: "DNSKEY TTL", 3600 s. */
struct roll_term {
	const char *what;
	struct span span;
};

enum { ROLL_TERMS = 4 };

/* Why a record does not move now, and the sum behind the date. */
struct roll_wait {
	struct rollover_wait wait; /* wait.key is an index into roll_view.keys */
	struct utc from;           /* ROLLOVER_WAITS_TIME: wait.earliest = from + all terms */
	struct roll_term terms[ROLL_TERMS];
	size_t term_count;
};

/* A zone's rollovers at one moment. Everything lives in the arena given to roll_look. */
struct roll_offline;

struct roll_view {
	struct store_zone zone;
	struct policy policy;
	struct rollover_policy rules;
	struct rollover_key *keys; /* all the zone ever had, as stored, in order of id */
	size_t count;
	struct rollover_facts facts;
	struct history *history;   /* what caches may hold now */
	struct rollover_plan plan; /* moves and births that are due, waits, and when to look again; its keys are those
				    * after the moves. Empty of moves and births while `stop` is not ROLL_GOES */
	struct roll_wait *waits;   /* plan.waits with their sums */
	enum roll_stop stop;
	struct utc stop_ends;   /* UTC_NEVER: a person ends it */
	const char *stop_words; /* the whole sentence: what, until when, what to do; NULL for ROLL_GOES */
	bool published;         /* the zone has a receipt */
	bool goals_change;      /* the plan's keys have other goals than the stored ones */
	bool ds_settled;        /* every parent server shows the DS set that is wanted, since: */
	struct utc ds_settled_at;
	bool ds_to_store;             /* though the keystore still counts others as shown, */
	uint32_t ds_open_ttl;         /* and the wanted one with this TTL */
	struct roll_offline *offline; /* what key ceremonies signed (offline.h); NULL: the KSK is here */
	struct utc window_ends;       /* later than now: a window without key events (policy); nothing begins before */
	struct utc next; /* when a run has something to do for keys; UTC_NEVER: only a person or the parent ends
			  * what is waited for */
};

/* Looks, without lock, token or change: for status, plan and explain. `state` is the state folder, for whether private
 * keys are there. */
enum status roll_look(struct store *store, const char *state, const struct store_zone *zone, struct utc now,
    struct arena *mem, struct roll_view *out, struct error *err) MUST_CHECK;

/* The same for who has read the zone's policy already. */
enum status roll_look_under(const struct policy *policy, struct store *store, const char *state,
    const struct store_zone *zone, struct utc now, struct arena *mem, struct roll_view *out,
    struct error *err) MUST_CHECK;

/* The zone as the start of a simulation from `now`: simulate_run with these keys, rules and this world does what
 * runs of the zone would do, as far as the parent does what the world says. Points into `mem` and `view`. */
const struct rollover_key *roll_foresee_keys(const struct roll_view *view, struct utc now, struct arena *mem);
struct rollover_policy roll_foresee_rules(const struct roll_view *view);
struct simulate_world roll_foresee_world(
    const struct roll_view *view, struct utc now, struct utc until, struct arena *mem);

/* What people ask for. */
struct roll_request {
	const char *state;           /* state folder */
	const char *passphrase_file; /* of new keys, or NULL */
	const char *zone;
	const char *reason; /* for the audit, or NULL */
	struct utc now;
	int64_t lock_wait_seconds;
	int64_t expect_revision; /* of the zone, as it was reviewed; 0: any. Another one is STATUS_REFUSED */
	bool dry_run;            /* judge and show, change nothing */
	bool security_first;     /* roll_emergency: the key leaves with the next publication, whatever caches hold */
};

/* What came of it: the zone's rollovers as they are after the request (or would be). */
struct roll_answer {
	struct roll_view view;
	struct key made;   /* the key that was made; id 0: none (a standby or prepared key was taken, or dry run) */
	int64_t key;       /* the key that the request brought in or took out */
	const char *words; /* one sentence: "KSK 20326 will be replaced by KSK 41001" */
};

/* Starts a roll of the key that serves `role` now: a standby key, else a prepared one, else a new key becomes its
 * successor. STATUS_REFUSED with the earliest time if one is under way whose new key is not yet in use. */
enum status roll_start(struct store *store, const struct roll_request *request, enum key_role role, struct arena *mem,
    struct roll_answer *out, struct error *err) MUST_CHECK;

/* Turns back the roll that brings in key `key`: its goal becomes HIDDEN, its predecessor's OMNIPRESENT again.
 * STATUS_REFUSED past the point of no return: the old key has left the zone, or its private half is gone. */
enum status roll_abort(struct store *store, const struct roll_request *request, int64_t key, struct arena *mem,
    struct roll_answer *out, struct error *err) MUST_CHECK;

/* Lets the next run take the next step of a manual policy. STATUS_REFUSED if nothing waits for an operator, with the
 * earliest time at which something does. */
enum status roll_step(struct store *store, const struct roll_request *request, struct arena *mem,
    struct roll_answer *out, struct error *err) MUST_CHECK;

/* Replaces a key that may be stolen. Safe: a roll that no cache notices, started now, by a standby key if there is one.
 * What it takes is in `out->view`. With request->security_first the next run takes the key out of the zone and puts its
 * successor in its place in one version: what caches hold of it is given up (roll_breakage_of says for whom and until
 * when), and the cache check lets that pass for this key and no other. */
enum status roll_emergency(struct store *store, const struct roll_request *request, int64_t key, struct arena *mem,
    struct roll_answer *out, struct error *err) MUST_CHECK;

enum { ROLL_BROKEN = 12 };

/* Which validators fail, and until when, if `key` leaves at `now` with its successor in its place. */
struct roll_breakage {
	const char *words[ROLL_BROKEN]; /* a combination each; the list may be cut */
	size_t count;                   /* 0: no validator fails */
	struct utc ends;                /* UTC_NEVER: not before the parent has changed the DS, and then: */
	struct utc ends_with_parent;    /* the end if every parent server shows the change at parent_acts */
	struct utc parent_acts;         /* `now` and the policy's registration delay */
	bool parent;                    /* the DS of the key must leave the parent */
};

enum status roll_breakage_of(const struct roll_view *view, int64_t key, struct utc now, struct arena *mem,
    struct roll_breakage *out, struct error *err) MUST_CHECK;
