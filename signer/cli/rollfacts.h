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

/* What is waited for, what people must do first. Records that only come after another wait are left out. */
void rollfacts_waits(const struct roll_view *view, struct arena *mem, struct report_wait **out, size_t *count);

/* Why one record of a key does not move, whatever the reason. */
void rollfacts_waits_of(
    const struct roll_view *view, int64_t key, struct arena *mem, struct report_wait **out, size_t *count);

/* What is going to happen from `now` to `until`, if the parent takes a change of the DS after `ds_delay` (negative:
 * never) and nobody else does anything. STATUS_NO if the cache check would stop it. */
enum status rollfacts_plan(const struct roll_view *view, struct utc now, struct utc until, struct span ds_delay,
    struct arena *mem, struct report_plan_line **out, size_t *count, struct error *err) MUST_CHECK;

/* The rollovers that are under way, each with its milestones. */
enum status rollfacts_rolls(const struct roll_view *view, struct utc now, struct arena *mem, struct report_roll **out,
    size_t *count, struct error *err) MUST_CHECK;
