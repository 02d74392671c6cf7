/* SPDX-License-Identifier: MIT */
/*
 * Revoking a key that resolvers may have taken for a trust anchor (RFC 5011): what must hold before, and for how long
 * the revoked key stays in the zone.
 *
 * It cannot be taken back: a resolver that has seen it never trusts the key again (RFC 5011 2.1).
 */
#pragma once

#include <stddef.h>

#include "keystore/key.h"
#include "signer/base/utc.h"

/* What keeps keys[which] from being revoked now, as the end of a sentence; NULL if nothing does. */
const char *revoke_obstacle(const struct key keys[], size_t count, size_t which);

/* Marks the key; it is to leave the zone in time. */
void revoke_key(struct key *key, struct utc when);

/* Until when a revoked key stays in the DNSKEY RRset and signs it: twice the longest time for which a resolver may not
 * ask (15 days, RFC 5011 2.3), which is its remove hold-down time too (2.4.2). */
struct utc revoke_ends(const struct key *key);
