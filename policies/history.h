/* SPDX-License-Identifier: MIT */
/*
 * What caches may hold of one zone, version by version, in a form that the cache check judges.
 *
 * Versions come from outside with row ids of keys (the keystore's memory) or from the record states of keys (what a
 * publication would begin). Here keys become bits of a 64-bit set; a bit is free again once no version names its key.
 * Engine and simulation use this code and no other.
 *
 * A DS set has two ends: it is wanted from one moment on, and the parent may show it from then; what it showed before
 * is over only when every parent server shows the change.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/key.h"
#include "policies/cache_proof.h"
#include "policies/rollover.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

enum history_class { HISTORY_DS, HISTORY_DNSKEY, HISTORY_DATA, HISTORY_CLASSES };

enum { HISTORY_MOST = 256 };

/* A version by row ids, as struct cache_version is by bits. */
struct history_version {
	enum history_class class;
	struct utc from, until;
	uint32_t ttl;
	const int64_t *keys;
	size_t key_count;
	const int64_t *signers; /* HISTORY_DNSKEY only */
	size_t signer_count;
};

struct history {
	struct cache_version versions[HISTORY_CLASSES][HISTORY_MOST]; /* of each class the newest last */
	size_t count[HISTORY_CLASSES];
	bool taken[CACHE_KEYS]; /* by bit */
	int64_t id[CACHE_KEYS];
	uint8_t algorithm[CACHE_KEYS];
	bool given_up[CACHE_KEYS];
	struct span propagation, parent_propagation;
	bool strict;
};

void history_init(struct history *history, const struct rollover_policy *policy);

/* Whether a key belongs to the set of a class (of HISTORY_DNSKEY: is in the RRset; of HISTORY_DATA: signs it), and
 * whether it signs the DNSKEY RRset. */
bool history_has(const struct key *key, enum history_class class);

/* Whether part of the zone still carries signatures of a key that makes none any more: then the data of before is
 * served beside the new one, and does not end. */
bool history_is_mixed(const struct rollover_key keys[], size_t count);

/* Adds a version that is remembered. `keys` are all keys of the zone. STATUS_INTERNAL if there are too many versions or
 * keys, or one names a key that the zone does not have. */
enum status history_add(struct history *history, const struct history_version *version,
    const struct rollover_key keys[], size_t count, struct error *err) MUST_CHECK;

/* What a zone version with `keys`, published at `now`, begins: nothing if the class is as it was, with no larger TTL.
 * What was served until now ends, except for a DS set: there both stay open until history_settle. */
enum status history_begin(struct history *history, enum history_class class, const struct rollover_key keys[],
    size_t count, uint32_t ttl, struct utc now, struct error *err) MUST_CHECK;

/* Every parent server shows the DS set that is wanted since `when`: all others end. */
enum status history_settle(struct history *history, const struct rollover_key keys[], size_t count, struct utc when,
    struct error *err) MUST_CHECK;

/* Whether every DS that is wanted was seen and every one that is withdrawn was found gone, and since when that is so.
 */
bool history_ds_is_settled(const struct rollover_key keys[], size_t count, struct utc *when);

/* Drops what no cache can hold any more. */
void history_forget(struct history *history, struct utc now);

/* From now on the check lets pass what is bogus with a version that names a key which is dropped (key.dropped). A key
 * that is dropped later needs another call. */
void history_give_up(struct history *history, const struct rollover_key keys[], size_t count);

/* The cache check: false, with the conflict that ends last, if some cache may find the zone bogus at `now` or later. */
bool history_judge(const struct history *history, struct utc now, struct cache_conflict *out);

/* When the conflict is over because what had ended by `now` has left the caches; UTC_NEVER: nothing of it has. */
struct utc history_conflict_over(const struct history *history, const struct cache_conflict *conflict, struct utc now);

/* All combinations that some cache may find bogus at `now` or later, at most `most`, whatever is given up; returns how
 * many. */
size_t history_conflicts(const struct history *history, struct utc now, struct cache_conflict out[], size_t most);

/* The combination in words: "a DS of KSK 1 with a DNSKEY RRset of ..., from ... to ...". */
char *history_words(const struct history *history, const struct cache_conflict *conflict,
    const struct rollover_key keys[], size_t count, struct arena *mem);
