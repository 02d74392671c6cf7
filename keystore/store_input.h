/* SPDX-License-Identifier: MIT */
/* A zone whose input is held: runs go on with the content that is published, until a person lets the input out. */
#pragma once

#include "keystore/store.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

/* Holds the zone's input, for another reason too if it is held already; or lets it out with NULL, which is
 * STATUS_REFUSED if it is not held. Registrations are not getting out meanwhile, and count as such. */
enum status store_hold_input(
    struct store *store, int64_t zone_id, const char *reason, struct utc now, struct error *err) MUST_CHECK;
