/* SPDX-License-Identifier: MIT */
/*
 * Decides what to do with a zone's keys, and when to look again.
 *
 * Pure: the same policy, keys, facts and time give the same plan. Nothing here stores, signs, logs or reads a clock, so
 * engine, status, simulation and tests share it. Each key has up to four records (DNSKEY, ZRRSIG, KRRSIG, DS) in one of
 * four states; the minimize bits choose the method; three safety rules hold at every step. The model is that of
 * Schaeffer, Overeinder and Mekking, "Flexible and Robust Key Rollover in DNSSEC"; intervals are those of RFC 7583
 * (timing.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/key.h"
#include "policies/timing.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"

/* What a method keeps few of: a minimized record is introduced only when its counterpart is in every cache. */
enum rollover_minimize { ROLLOVER_FEW_RRSIG = 1, ROLLOVER_FEW_DNSKEY = 2, ROLLOVER_FEW_DS = 4 };

/* The methods by name; a policy chooses one per role. */
enum {
	ROLLOVER_ZSK_DOUBLE_SIGNATURE = 0,
	ROLLOVER_ZSK_PRE_PUBLICATION = ROLLOVER_FEW_RRSIG,
	ROLLOVER_ZSK_DOUBLE_RRSIG = ROLLOVER_FEW_DNSKEY,
	ROLLOVER_KSK_DOUBLE_RRSET = 0,
	ROLLOVER_KSK_DOUBLE_DS = ROLLOVER_FEW_DNSKEY,
	ROLLOVER_KSK_DOUBLE_KSK = ROLLOVER_FEW_DS,
	ROLLOVER_CSK_DOUBLE_RRSET = 0,
	ROLLOVER_CSK_SINGLE_SIGNATURE = ROLLOVER_FEW_RRSIG,
	ROLLOVER_CSK_DOUBLE_DS = ROLLOVER_FEW_DNSKEY,
	ROLLOVER_CSK_DOUBLE_SIGNATURE = ROLLOVER_FEW_DS,
	ROLLOVER_CSK_PRE_PUBLICATION = ROLLOVER_FEW_RRSIG | ROLLOVER_FEW_DS,
};

/* Bits that a role may have; others wait for each other for ever. */
bool rollover_minimize_is_valid(enum key_role role, unsigned bits);

/* The part of a policy that rollovers follow. */
struct rollover_policy {
	bool csk; /* one combined key, else KSK and ZSK */
	uint8_t algorithm;
	unsigned minimize[3];    /* by enum key_role */
	struct span lifetime[3]; /* by enum key_role; from key.active; 0: unlimited */
	unsigned standby[3];     /* by enum key_role: keys in reserve */
	unsigned pool[3];        /* by enum key_role: keys made ahead that nothing uses yet */
	bool backup_first;       /* no key is used before key.backed_up */
	bool insecure;           /* the goal is a zone without DNSSEC */
	bool no_ds;              /* the parent takes no DS */
	bool strict;         /* every algorithm that caches know of signs everything (RFC 6781 4.1.4, conservative) */
	bool parent_by_hand; /* a person tells the parent: the old DS stays wanted until the new one is seen */
	unsigned parts;      /* a new key's signatures take the place of the old one's in so many runs; 0 or 1: one */
	struct span part_interval; /* and not sooner after one another than this */
	bool manual;               /* moves to RUMOURED and UNRETENTIVE need an operator's step */
	struct timing timing;      /* TTLs in it are replaced from the facts for each change */
};

/* A key as the planner sees it. */
struct rollover_key {
	struct key key;
	bool missing;          /* its private half cannot be used */
	struct utc not_before; /* its DNSKEY does not come earlier; 0: at any time */
	bool elsewhere; /* it is in other stores than the policy wants: a successor is due, and it is no successor */
};

struct rollover_facts {
	struct ttl_ledger dnskey_ttl, data_ttl, negative_ttl, ds_ttl;
	bool step;             /* an operator asked for the next step of a manual policy */
	struct utc not_before; /* no record begins to come or go, and no key is made, earlier; 0: at any time */
	bool first_dnskey_set; /* no DNSKEY RRset was served before those that are RUMOURED now */
};

struct rollover_move {
	size_t key; /* index into the plan's keys */
	enum key_record record;
	enum key_state from, to;
};

enum rollover_obstacle {
	ROLLOVER_WAITS_TIME,        /* until `earliest`, which is a sum of TTL, propagation and margins */
	ROLLOVER_WAITS_METHOD,      /* the method wants another record first */
	ROLLOVER_WAITS_DS_EXISTS,   /* rule 1 */
	ROLLOVER_WAITS_KEY_CHAIN,   /* rule 2 */
	ROLLOVER_WAITS_SIGNATURES,  /* rule 3 */
	ROLLOVER_WAITS_PARENT,      /* the DS is not yet seen, or not yet gone, at every parent server */
	ROLLOVER_WAITS_OPERATOR,    /* the policy is manual */
	ROLLOVER_WAITS_WINDOW,      /* the policy wants no key event now: until `earliest` */
	ROLLOVER_WAITS_BACKUP,      /* a person must say that a backup holds the key, or one that comes with it */
	ROLLOVER_WAITS_BUNDLE,      /* no key ceremony has the key in the DNSKEY RRset: until `earliest` */
	ROLLOVER_WAITS_KEY_MISSING, /* a private key of the zone cannot be used: nothing moves */
};

/* Why a record does not move now. */
struct rollover_wait {
	size_t key;
	enum key_record record;
	enum key_state to;
	enum rollover_obstacle why;
	struct utc earliest; /* for ROLLOVER_WAITS_TIME, _WINDOW and _BUNDLE; else UTC_NEVER */
};

/* A key to make. */
struct rollover_birth {
	enum key_role role;
	uint8_t algorithm;
	int64_t predecessor; /* or 0 */
	struct utc due;      /* at or before `now` in a plan's births */
	bool standby;        /* to be kept in reserve; it replaces nobody yet */
	bool pool;           /* to be made ahead: it takes no key that is there and is not wanted yet */
};

struct rollover_plan {
	struct rollover_key *keys; /* as they are after the moves, in the caller's order */
	size_t count;
	struct rollover_move *moves; /* all that go into one zone version, in order */
	size_t move_count;
	struct rollover_wait *waits;
	size_t wait_count;
	struct rollover_birth *births; /* make these, add them to the keys, and plan again */
	size_t birth_count;
	struct rollover_birth *ahead; /* due later, as far as it is known now */
	size_t ahead_count;
	bool signs_part; /* a further part of the zone goes over from an old key's signatures to the new one's */
	bool dropping;   /* the moves drop a key on demand (key.dropped): nothing holds them, and nothing else moves */
	struct utc next; /* look again then; UTC_NEVER if only the parent or a person can move it */
};

/* Plans for one zone. `keys` are all of its keys, in any order, those that left it included; none is changed. Apply the
 * moves by publishing a zone version with plan.keys; `since` of each moved record is `now` and becomes the time of the
 * receipt (the DS observations keep clocks of their own). If the publication fails, keep the old keys: neither side of
 * a swap has moved.
 *
 * STATUS_INTERNAL  more than 64 keys are in use at once. */
enum status rollover_plan(const struct rollover_policy *policy, const struct rollover_key keys[], size_t count,
    const struct rollover_facts *facts, struct utc now, struct arena *mem, struct rollover_plan *out,
    struct error *err) MUST_CHECK;

/* A key's record goes over to `to` at `when`: what a plan does with each of its moves, for whoever knows later when it
 * really happened. */
void rollover_move(struct key *key, enum key_record record, enum key_state to, struct utc when);

/* How many runs are still to sign a part of the zone until none carries the old key's signature; 0: none does. */
unsigned rollover_parts_left(const struct rollover_policy *policy, const struct key *key);

/* Whether no DNSKEY RRset was in caches before the one that is RUMOURED now (rollover_facts.first_dnskey_set). */
bool rollover_is_first_key_set(const struct rollover_key keys[], size_t count);

/* A new key's record states: HIDDEN where its role has the record, NA elsewhere. */
void rollover_key_init(struct rollover_key *key, enum key_role role, int64_t predecessor);

/* Whether the key was made ahead and nothing has used it: a rollover of its role and algorithm may take it. */
bool rollover_is_spare(const struct rollover_key *key);

/* Whether the policy keeps the key out of use until a person says that a backup holds it. */
bool rollover_needs_backup(const struct rollover_policy *policy, const struct key *key);

/* The key that a birth takes instead of making one: a standby key that is promoted, else one that was made ahead and
 * never used, those in a backup first. SIZE_MAX if there is none, and for the pool. rollover_take is what then becomes
 * of it. */
size_t rollover_candidate(const struct rollover_key keys[], size_t count, const struct rollover_birth *birth);
void rollover_take(struct key *key, const struct rollover_birth *birth);

/* Starts a roll by hand: sets the goal of the present key of `role` to HIDDEN and says what to make. False if a roll of
 * that role is under way whose new key does not sign yet. */
bool rollover_start(struct rollover_key keys[], size_t count, enum key_role role, const struct rollover_policy *policy,
    struct rollover_birth *birth);

/* Turns back the roll that brings in the key with row `id`: its goal becomes HIDDEN and its predecessor's OMNIPRESENT
 * again. That also goes for a key that was made for a roll and is not published yet. False, and nothing changed, if it
 * replaces no key, or if a record of the old key is on its way out already: then only a new roll leads back. */
bool rollover_abort(struct rollover_key keys[], size_t count, int64_t id);

/* The key that signs for the role now and is not dropped yet, also one that is on its way out; NULL: none. */
struct rollover_key *rollover_in_use(struct rollover_key keys[], size_t count, enum key_role role);

/* Whether a key that is dropped (key.dropped) still does something, so that the next plan takes it out, whatever rules,
 * method and time say, with the key that takes its place. */
bool rollover_is_dropping(const struct rollover_key *key);

/* Why the key cannot be dropped: without it nothing would sign. NULL: it can. */
const char *rollover_drop_obstacle(const struct rollover_key keys[], size_t count, size_t which);

const char *rollover_obstacle_text(enum rollover_obstacle why);
