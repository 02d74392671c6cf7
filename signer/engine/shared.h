/* SPDX-License-Identifier: MIT */
/*
 * One key in several zones. Off unless the policies of all of them say keys.shared: who loses or leaks such a key does
 * so for all its zones at once. Shared is the key alone; each zone rolls it by itself, and its private half is
 * destroyed only when no zone can need it any more (store_purge_check).
 */
#pragma once

#include "keystore/store.h"
#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"

/* Whether the zone, under `policy`, may have the key though others have or had it; key->shared says so to
 * store_add_keys. STATUS_REFUSED names the zone whose policy is against it. */
enum status shared_check(struct store *store, const struct store_zone *zone, const struct policy *policy,
    struct arena *mem, struct key *key, struct error *err) MUST_CHECK;
