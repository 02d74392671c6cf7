/* SPDX-License-Identifier: MIT */
/* What was seen at the parent is kept in the keystore: the waits of rollovers are built on it. */
#pragma once

#include "signer/engine/parent.h"

/* Stores what every server agrees upon; `view->keys` are then as stored. The zone's lock is held. */
enum status parent_note(struct store *store, const struct store_zone *zone, struct parent_view *view, struct arena *mem,
    struct error *err) MUST_CHECK;
