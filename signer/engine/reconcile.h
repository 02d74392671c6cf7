/* SPDX-License-Identifier: MIT */
/*
 * What is really published, compared with what the keystore remembers: an intent that a crash left open, and a keystore
 * that was restored from a backup.
 */
#pragma once

#include <stdbool.h>

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

/* Settles an open intent of the zone by the bytes at its path: the same SHA-256 means published (confirmed now, with
 * the key states that begin with it), anything else means not (abandoned). STATUS_OK if there is none. */
enum status reconcile_intent(
    struct store *store, int64_t zone_id, struct utc now, struct arena *mem, struct error *err) MUST_CHECK;

/* Compares a zone of a restored keystore with the file at its output path. STATUS_OK: the file is a version that the
 * keystore knows and none is newer, or nothing was ever published. STATUS_REFUSED says what differs and what to do. */
enum status reconcile_restored_zone(struct store *store, const char *state, const struct store_zone *zone,
    struct arena *mem, struct error *err) MUST_CHECK;
