/* SPDX-License-Identifier: MIT */
/*
 * What a command that begins or changes a rollover does first. It signs nothing, but its times begin waits: so the
 * policy's time servers are asked as before a signature, and a publication that a killed run left open is settled, so
 * that it is known which keys are out.
 */
#pragma once

#include "keystore/store.h"
#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

struct request {
	const char *state; /* state folder */
	const char *zone;
	const char *command;       /* for who waits for the zone's lock */
	const struct policy *next; /* that the zone is to get, and whose servers are asked; NULL: it keeps its own */
	struct utc now;
	int64_t lock_wait_seconds;
	bool dry_run; /* ask, settle nothing */
};

/* STATUS_REFUSED if too few time servers agree with the clock; on a virtual clock nobody is asked. STATUS_BUSY while a
 * run has the zone's lock. */
enum status request_begin(
    struct store *store, const struct request *request, struct arena *mem, struct error *err) MUST_CHECK;
