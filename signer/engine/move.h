/* SPDX-License-Identifier: MIT */
/* The same key in another place: it is brought there, proved there, and then the keystore says so. */
#pragma once

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"

struct move_request {
	const char *state;
	const char *passphrase_file; /* or NULL */
	const char *to;     /* "NAME[,NAME...]"; NULL: the stores that stores.conf has for the key's role, or, to clear,
			       where     it is */
	bool clear;         /* destroy the copies in the places of before, after one more proof */
	const char *reason; /* or NULL */
	struct utc now;
	bool dry_run;
};

struct move_answer {
	struct key key;   /* as it is now; in a dry run: as it would be */
	const char *from; /* its locator before */
	bool moved;       /* with `clear`: the new place was recorded, whatever became of the old ones */
	const char *kept; /* stores that are a token which it is used from, so nothing was destroyed there; or NULL */
};

/* Moves the keys with these ids, one after the other; each is moved wholly or not at all, and `done` says how many
 * were, also after a failure, and also the one whose old copy could not be destroyed. Given again, it goes on where it
 * was killed.
 *
 * STATUS_REFUSED  a key whose private half is not here, or is being destroyed; to clear: a place that another zone has
 *                 the key from
 * STATUS_KEY      a token does not take it, does not give it away, or does not prove it */
enum status move_keys(struct store *store, const struct store_zone *zone, const int64_t ids[], size_t count,
    const struct move_request *request, struct arena *mem, struct move_answer out[], size_t *done,
    struct error *err) MUST_CHECK;
