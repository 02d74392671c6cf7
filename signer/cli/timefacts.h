/* SPDX-License-Identifier: MIT */
/* The past of a zone's keys from the log, and their future from the simulation, as one timeline. */
#pragma once

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/report/timeline.h"

/* Fills in what out->from, now and until leave open; 0 for `from`: as far back as there is something, at most 60 days.
 * `state` is the state folder. No headline. Everything lives in `mem`. */
enum status timefacts_zone(struct store *store, const char *state, const struct store_zone *zone, struct arena *mem,
    struct timeline *out, struct error *err) MUST_CHECK;
