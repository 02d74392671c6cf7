/* SPDX-License-Identifier: MIT */
/* Which keys a zone shall have: goals, successors and keys to make; inside policies/rollover. */
#pragma once

#include "policies/rollover.h"

/* The key that is to replace keys[key]; SIZE_MAX if there is none. */
size_t rollover_successor(const struct rollover_key keys[], size_t count, size_t key);

/* Whether the private half of a key that the zone needs cannot be used. */
bool rollover_key_is_missing(const struct rollover_key keys[], size_t count);

/* A key whose private half cannot be used, and that would have to sign once what is dropped has left and its successor
 * is there; SIZE_MAX: none. */
size_t rollover_drop_lacks(const struct rollover_key keys[], size_t count);

/* A key is on its way out once its successor exists, or once the policy has other keys for all that is wanted. */
void rollover_set_goals(const struct rollover_policy *policy, struct rollover_key keys[], size_t count);

/* Fills in the plan's births and those that come later, and brings `next` forward to the first of them. */
void rollover_plan_births(const struct rollover_policy *policy, const struct rollover_key keys[], size_t count,
    const struct rollover_facts *facts, struct utc now, struct arena *mem, struct rollover_plan *out);
