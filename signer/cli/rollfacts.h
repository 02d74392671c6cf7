/* SPDX-License-Identifier: MIT */
/* A zone's rollovers, as the engine sees them, in the structs that reports are made of. Everything lives in the arena.
 */
#pragma once

#include <stddef.h>

#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"
#include "signer/engine/roll.h"
#include "signer/report/report_roll.h"

/* How many keys are made ahead, for each role that has or wants some; returns how many rows. */
size_t rollfacts_pool(const struct roll_view *view, struct report_pool out[3]);

/* Who brings the DS to the parent: a person where nobody is told to, else the parent does. */
enum report_who rollfacts_parent(const struct roll_view *view);

/* What is waited for, what people must do first. Records that only come after another wait are left out. */
void rollfacts_waits(const struct roll_view *view, struct arena *mem, struct report_wait **out, size_t *count);

/* Why one record of a key does not move, whatever the reason. */
void rollfacts_waits_of(
    const struct roll_view *view, int64_t key, struct arena *mem, struct report_wait **out, size_t *count);

/* What is going to happen from `now` to `until`, if the parent takes a change of the DS after `ds_delay` (negative:
 * never) and nobody else does anything. STATUS_NO if the cache check would stop it. */
enum status rollfacts_plan(const struct roll_view *view, struct utc now, struct utc until, struct span ds_delay,
    struct arena *mem, struct report_plan_line **out, size_t *count, struct error *err) MUST_CHECK;

/* When the DS of a key that has none yet may go to the parent: once the planner wants it there, so after all that was
 * cached unsigned or under other keys has left the caches. UTC_NEVER if nothing leads there by itself. */
struct utc rollfacts_ds_wanted(const struct roll_view *view, int64_t key, struct utc now, struct arena *mem);

/* The rollovers that are under way, each with its milestones. */
enum status rollfacts_rolls(const struct roll_view *view, struct utc now, struct arena *mem, struct report_roll **out,
    size_t *count, struct error *err) MUST_CHECK;
