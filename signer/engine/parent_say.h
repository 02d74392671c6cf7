/* SPDX-License-Identifier: MIT */
/* A person says what the parent shows: for a signer that cannot ask, or a parent that hides its servers. */
#pragma once

#include <stdbool.h>

#include "keystore/store.h"
#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

struct parent_saying {
	const char *state;    /* folder */
	bool seen;            /* every parent server shows the DS of the key; else none does any more */
	const char *evidence; /* file with an answer of the parent, "-" for standard input, or NULL */
	struct utc now;
	bool dry_run; /* judge, and change nothing */
};

struct parent_said {
	struct key key; /* as it is after that, or would be */
	bool changed;   /* false: that was known */
	bool has_ttl;   /* the TTL ledger gets: */
	uint32_t ttl;
	const char *words; /* one sentence */
};

/* Notes it for a key of the zone, audited. The caller holds the zone's lock.
 *
 * STATUS_REFUSED  the key is not published, its DS is not wanted yet, or it has no DS to lose; the message has the
 *                 reason and the earliest time at which it becomes possible
 * STATUS_NO       the evidence says otherwise, or nothing */
enum status parent_say(struct store *store, const struct store_zone *zone, const struct policy *policy,
    const struct key *key, const struct parent_saying *saying, struct arena *mem, struct parent_said *out,
    struct error *err) MUST_CHECK;
