/* SPDX-License-Identifier: MIT */
/* What the files of signer/engine/roll*.c share; everybody else uses roll.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "keystore/store_served.h"
#include "signer/engine/roll.h"

/* Whether the wanted DS set differs between two states of the same keys. */
bool roll_ds_differs(const struct rollover_key before[], const struct rollover_key after[], size_t count);

/* The sums behind the plan's waits. */
struct roll_wait *roll_explain(const struct roll_view *view, struct arena *mem);

/* Plans anew, after keys or facts of the view were changed. */
enum status roll_plan(struct roll_view *view, struct utc now, struct arena *mem, struct error *err) MUST_CHECK;

/* What caches may hold once a version with `keys` is published at `when`. */
enum status roll_publish_in(struct history *history, const struct roll_view *view, const struct rollover_key keys[],
    struct utc when, struct error *err) MUST_CHECK;
