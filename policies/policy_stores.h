/* SPDX-License-Identifier: MIT */
/* Which stores (names of keys/stores.conf, or "files") a policy wants the keys of a role in. */
#pragma once

#include "policies/policy.h"
#include "policies/rollover.h"

/* What a new key's locator is to begin with: "pkcs11:NAME[,NAME...]" or "file:"; "" if the policy leaves it to
 * stores.conf. */
void policy_stores_locator(const struct policy *policy, enum key_role role, char out[KEY_LOCATOR]);

/* Whether the key is in other stores than the policy wants keys of its role in, as far as its private half is here. */
bool policy_stores_differ(const struct policy *policy, const struct key *key);

/* Sets `elsewhere` of each key. */
void policy_stores_mark(const struct policy *policy, struct rollover_key keys[], size_t count);
