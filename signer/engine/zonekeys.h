/* SPDX-License-Identifier: MIT */
/*
 * The keys of a zone as the engine handles them: made only for a zone that has never been published, proved before they
 * are stored, and moved to "published" only by a receipt. Which key does what over time is the rollover engine's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/key.h"
#include "keystore/store.h"
#include "keystore/token.h"
#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"

struct zonekeys {
	struct key *all;
	size_t count;
};

enum status zonekeys_load(
    struct store *store, int64_t zone_id, struct arena *mem, struct zonekeys *out, struct error *err) MUST_CHECK;

/* A key of `role` as the policy wants it, not yet in the zone; `goal` says whether the next publication takes it. Made
 * in the token until its tags are new to the zone's history, proved by a signature, and stored. */
enum status zonekeys_generate(struct store *store, struct token *token, int64_t zone_id, const struct policy *policy,
    enum key_role role, bool goal, struct utc now, struct key *out, struct error *err) MUST_CHECK;

/* What of the keys that the zone wants a policy would change: "algorithm" or "kinds of keys"; NULL: they fit. */
const char *zonekeys_misfit(const struct zonekeys *keys, const struct policy *policy);

/* Sees to it that every role of the policy has a key to sign with. A zone that was published before gets none:
 * STATUS_KEY. In one that was not, keys that were made for another policy are left aside. `made` counts new keys. */
enum status zonekeys_complete(struct store *store, struct token *token, int64_t zone_id, const struct policy *policy,
    bool published_before, struct utc now, struct arena *mem, struct zonekeys *keys, unsigned *made,
    struct error *err) MUST_CHECK;

/* The keys as they are once a version with them is published at `when`: what was hidden and is wanted becomes rumoured.
 */
void zonekeys_publish(struct key keys[], size_t count, struct utc when);

/* One line per key that is published: fingerprint, role, tag and uses. For people, and for reconciling an intent. */
char *zonekeys_list(const struct key keys[], size_t count, struct arena *mem);

/* Whether `list` (as zonekeys_list made it) names the key. */
bool zonekeys_listed(const char *list, const struct key *key);
