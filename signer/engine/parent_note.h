/* SPDX-License-Identifier: MIT */
/* What was seen at the parent is kept in the keystore: the waits of rollovers are built on it. */
#pragma once

#include <stdbool.h>

#include "keystore/store_served.h"
#include "signer/engine/parent.h"

/* Whether the policy lets zoneseal ask now; `due`: when it does. */
bool parent_note_is_due(const struct store_zone *zone, const struct policy *policy, struct utc now, struct utc *due);

/* Stores what every server agrees upon, the TTL, and what was found; `view->keys` are then as stored. The zone's lock
 * is held. */
enum status parent_note(struct store *store, const struct store_zone *zone, struct parent_view *view, struct arena *mem,
    struct error *err) MUST_CHECK;

/* The TTL that the ledger gets: with `lower`, whatever it is, else only one that is larger than what it has. `has` is
 * false if there is nothing to store. */
enum status parent_note_ttl(struct store *store, int64_t zone_id, uint32_t ttl, bool lower, struct arena *mem,
    struct store_ttl *out, bool *has, struct error *err) MUST_CHECK;
