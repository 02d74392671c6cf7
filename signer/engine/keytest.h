/* SPDX-License-Identifier: MIT */
/* Proves keys now, on every store that they live in, because somebody asks. Moves nothing; outcomes are written down.
 */
#pragma once

#include <stddef.h>

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

struct keytest_row {
	const char *zone;
	struct key key;
	const char *store;
	bool good;
	unsigned shown;      /* token_proof.h */
	const char *message; /* why it is not good, or NULL */
};

struct keytest {
	const char *state;
	const char *passphrase_file; /* or NULL */
	bool dry_run;                /* nothing is written down */
	struct utc now;
	bool (*wanted)(const void *context, const struct key *key);
	const void *context;
	/* What came of it. */
	struct keytest_row *rows;
	size_t count, room, failed;
	enum status worst; /* of the first that failed */
};

/* The keys of these zones. The status tells whether they could be looked at; what was found is in `test`. */
enum status keytest_run(struct store *store, const struct store_zone zones[], size_t count, struct arena *mem,
    struct keytest *test, struct error *err) MUST_CHECK;
