/* SPDX-License-Identifier: MIT */
/* A roll whose signatures go over to the new key part by part, run by run; inside policies/rollover. */
#pragma once

#include "policies/rollover.h"

/* When the next part may be signed, and when the last one is if no run is late. */
struct utc rollover_parts_next(const struct rollover_policy *policy, const struct key *key);
struct utc rollover_parts_end(const struct rollover_policy *policy, const struct key *key, struct utc now);

/* One part a run, however late it comes, if `on`. Without its counterpart a key that comes signs all in this version,
 * and one that goes leaves it. True: something changes. */
bool rollover_parts_sign(
    const struct rollover_policy *policy, struct rollover_key keys[], size_t count, struct utc now, bool on);

/* The first part goes with the moves that begin to swap the signatures of two keys. */
void rollover_parts_begin(const struct rollover_policy *policy, struct rollover_key keys[], size_t count,
    const struct rollover_move moves[], size_t move_count, struct utc now);
