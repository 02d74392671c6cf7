/* SPDX-License-Identifier: MIT */
/*
 * One walk over the sorted RRsets that tells what each name is, finds the empty non-terminals, and refuses what cannot
 * be a zone.
 */
#pragma once

#include <stddef.h>

#include "signer/base/error.h"
#include "signer/zone/zone.h"

/* Fills in zone->names, name_count, occluded, delegations, secure_delegations from its RRsets. `most_names` is a limit
 * on the number of names. Refusals are those of zone_build. */
enum status walk_names(struct zone *zone, size_t most_names, const char *const files[], struct error *err) MUST_CHECK;
