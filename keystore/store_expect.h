/* SPDX-License-Identifier: MIT */
/*
 * Planned changes as the keystore remembers them: one change limit that the zone with one serial may pass, once, until
 * it expires. What the limits are is the verifier's business (signer/verify/verify.h); here they are names.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

struct store_expected {
	int64_t id;
	uint32_t serial;
	const char *limit;
	const char *reason;
	const char *actor;    /* who said so */
	struct utc given;     /* when */
	struct utc expires;   /* it holds before that time */
	struct utc withdrawn; /* 0: it was not */
	struct utc used;      /* when the publication that needed it was published; 0: not yet */
};

/* Neither used nor withdrawn nor expired. */
bool store_expected_is_open(const struct store_expected *expected, struct utc now);

/* All of a zone, oldest first. */
enum status store_expected(struct store *store, int64_t zone_id, struct arena *mem, struct store_expected **out,
    size_t *count, struct error *err) MUST_CHECK;

/* Adds one: serial, limit, reason and expires count. STATUS_REFUSED if one for this serial and limit is open. */
enum status store_add_expected(struct store *store, int64_t zone_id, const struct store_expected *expected,
    struct utc now, struct error *err) MUST_CHECK;

/* Withdraws the open one. STATUS_REFUSED if there is none. */
enum status store_withdraw_expected(struct store *store, int64_t zone_id, uint32_t serial, const char *limit,
    struct utc now, struct error *err) MUST_CHECK;

/* Each planned change as the log alone tells it, beside the table; `key` is its id. The log's chain was looked at. */
enum status store_replay_expected(struct store *store, struct arena *mem, struct store_replayed **out, size_t *count,
    size_t *problems, struct error *err) MUST_CHECK;
