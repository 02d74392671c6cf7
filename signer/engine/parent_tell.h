/* SPDX-License-Identifier: MIT */
/*
 * Tells the parent what to do with the DS of our keys, through the operator's hooks: ds-submit for a key whose DS is
 * wanted from now on, ds-withdraw for one whose DS shall go.
 *
 * Each is run until it has ended with 0 once, and the audit says so; then it rests until the DS of that key changes
 * again. Whether the parent did what it was told is for parent.h to find out.
 */
#pragma once

#include <stddef.h>

#include "keystore/store.h"
#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/engine/hooks.h"

struct parent_told {
	size_t done, failed; /* hooks that ended with 0 in this run, and those that did not */
	enum status status;  /* of the first that failed */
	const char *words;   /* what it said, or NULL */
};

/* Runs what is due; a withdrawal waits while a submission fails. `facts` are those of the zone as it is published. A
 * hook that fails is no failure of the call: STATUS_OK, and `out` says so. */
enum status parent_tell(struct store *store, const struct store_zone *zone, const struct policy *policy,
    const struct hook_facts *facts, struct utc now, struct arena *mem, struct parent_told *out,
    struct error *err) MUST_CHECK;

/* "nl.test. IN DS 20326 13 2 3A2B...", with a newline: of SHA-256, as `ds show` prints it. */
const char *parent_ds_line(const struct key *key, const char *zone, const uint8_t *apex, struct arena *mem);
