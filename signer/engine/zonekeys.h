/* SPDX-License-Identifier: MIT */
/*
 * The keys of a zone as the engine handles them: proved before they are stored. Which key does what over time is the
 * rollover engine's (roll.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/key.h"
#include "keystore/store.h"
#include "keystore/token.h"
#include "policies/policy.h"
#include "policies/rollover.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"

struct zonekeys {
	struct key *all;
	size_t count;
};

enum status zonekeys_load(
    struct store *store, int64_t zone_id, struct arena *mem, struct zonekeys *out, struct error *err) MUST_CHECK;

/* A key of `role` as the policy wants it, not yet in the zone; `birth` says what it is for, NULL: for later. Made
 * in the token until its tags are new to the zone's history, proved by a signature, and stored. */
enum status zonekeys_generate(struct store *store, struct token *token, int64_t zone_id, const struct policy *policy,
    enum key_role role, const struct rollover_birth *birth, struct utc now, struct key *out,
    struct error *err) MUST_CHECK;

/* The same without storing it: for who has more to store in the same transaction (store_group_begin). */
enum status zonekeys_make(struct store *store, struct token *token, int64_t zone_id, const struct policy *policy,
    enum key_role role, const struct rollover_birth *birth, struct utc now, struct key *out,
    struct error *err) MUST_CHECK;

/* What of the keys that the zone wants a policy would change: "algorithm" or "kinds of keys"; NULL: they fit. */
const char *zonekeys_misfit(const struct zonekeys *keys, const struct policy *policy);

/* Sees to it that every role of the policy has a key to sign with. A zone that was published before gets none:
 * STATUS_KEY. In one that was not, keys that were made for another policy are left aside. `made` counts new keys. */
enum status zonekeys_complete(struct store *store, struct token *token, int64_t zone_id, const struct policy *policy,
    bool published_before, struct utc now, struct arena *mem, struct zonekeys *keys, unsigned *made,
    struct error *err) MUST_CHECK;

/* How many keys zonekeys_complete would make for a zone that was never published. */
unsigned zonekeys_missing(const struct zonekeys *keys, const struct policy *policy);

/* One line per key that is published: fingerprint, role, tag and uses. For people. */
char *zonekeys_list(const struct key keys[], size_t count, struct arena *mem);
