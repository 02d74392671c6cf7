/* SPDX-License-Identifier: MIT */
/* From what each server shows to how each key stands. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "signer/base/arena.h"
#include "signer/engine/parent.h"

/* Fills keys[], key_count, groups' counts, largest_ttl, strangers, not_known, as_expected and differs of a view whose
 * servers are there. `apex` is the zone's name in wire form. */
void parent_sight(
    struct parent_view *view, const uint8_t *apex, const struct key keys[], size_t count, struct arena *mem);
