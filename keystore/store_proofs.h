/* SPDX-License-Identifier: MIT */
/* Proofs of keys as the keystore remembers them: for each key and store the last outcome. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

struct store_proof {
	int64_t key;
	const char *store;
	bool good;
	unsigned shown;      /* bits: public key, tag, challenge, RRset */
	struct utc since;    /* it is so since then */
	struct utc tried;    /* when it was last looked at */
	struct utc proven;   /* when it was last good; 0: never */
	const char *message; /* what went wrong, or NULL */
};

/* Of a zone, by key and store; also of stores that a key has left. */
enum status store_proofs(struct store *store, int64_t zone_id, struct arena *mem, struct store_proof **out,
    size_t *count, struct error *err) MUST_CHECK;

/* What was found at `now`: key, store, good, shown and message count. An audit row tells what changed, and what did not
 * has none: the same is found at each run. Neither key nor zone is another than before. */
enum status store_note_proofs(struct store *store, int64_t zone_id, const struct store_proof proofs[], size_t count,
    struct utc now, struct error *err) MUST_CHECK;
