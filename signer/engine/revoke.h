/* SPDX-License-Identifier: MIT */
/* Revokes a key of a zone (RFC 5011): the next run publishes it with the REVOKE bit. */
#pragma once

#include <stdint.h>

#include "keystore/store.h"

struct revoke_request {
	const char *state; /* folder */
	const char *zone;
	int64_t key;             /* its id */
	int64_t expect_revision; /* of the zone, as it was reviewed; 0: any. Another one is STATUS_REFUSED */
	const char *reason;      /* or NULL */
	struct utc now;
	bool dry_run;
};

/* STATUS_REFUSED, with the reason, if it must not be revoked (now); STATUS_BUSY while a run has the zone's lock. */
enum status revoke_ask(
    struct store *store, const struct revoke_request *request, struct arena *mem, struct error *err) MUST_CHECK;
