/* SPDX-License-Identifier: MIT */
/*
 * Destroys the private half of a key that left the zone and all caches: marked in the keystore, removed with its folder
 * synced, confirmed in the keystore. A crash in between leaves the mark, and the next purge goes on from it.
 *
 * A key whose private half is gone can sign nothing any more, so nothing is destroyed before every record of the key is
 * HIDDEN, no cache may hold it, and the policy's keys.purge-after has passed.
 */
#pragma once

#include "keystore/store.h"
#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"

/* One purge, or those of a run. */
struct purge {
	const char *state;
	const char *passphrase_file;
	const char *reason;
	struct utc now;
	bool dry_run; /* everything is checked, nothing is changed */
};

/* Since when the key's records are all HIDDEN (of one that was never used: since it was made); UTC_NEVER if one is not.
 */
struct utc purge_hidden_since(const struct key *key);

/* What the policy wants destroyed by now, for a run that holds the zone's lock: keys that were in use once and have
 * been out of all caches for keys.purge-after, and what was interrupted. `done` counts them. */
enum status purge_due(struct store *store, const struct store_zone *zone, const struct policy *policy,
    const struct purge *purge, struct arena *mem, unsigned *done, struct error *err) MUST_CHECK;

/* STATUS_REFUSED with the reason and, where there is one, the earliest time. STATUS_BUSY while a run has the zone's
 * lock. */
enum status purge_key(struct store *store, const struct store_zone *zone, int64_t key_id, const struct purge *purge,
    struct arena *mem, struct error *err) MUST_CHECK;
