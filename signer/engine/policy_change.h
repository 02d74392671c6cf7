/* SPDX-License-Identifier: MIT */
/*
 * Giving a zone another policy, or the edited text of its own: the one way, for `policy apply` and `zone set-policy`.
 *
 * A policy edit changes nothing until it is applied. A change of algorithm or scheme becomes a rollover, never a jump;
 * what cannot begin now is refused with the earliest time at which it can.
 */
#pragma once

#include <stdbool.h>

#include "keystore/store.h"
#include "policies/policy_diff.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"
#include "signer/engine/policyfile.h"

struct policy_request {
	const char *state;         /* state folder */
	const char *policy;        /* name or path */
	const char *config_folder; /* where names are looked up first */
	const char *reason;        /* for the audit, or NULL */
	int64_t expect_revision;   /* of the zone, as it was reviewed; 0: any. Another one is STATUS_REFUSED */
	struct utc now;
	bool dry_run; /* judge and show, change nothing */
};

/* When a role's key is replaced next, as far as a simulation tells; 0: not within ten years. */
struct policy_next {
	struct utc roll[KEY_CSK + 1];
};

struct policy_answer {
	struct store_zone zone; /* as it is afterwards (or was, with dry_run) */
	struct policyfile file; /* what was read */
	struct policy before;   /* as it was applied */
	struct policy_diff diff;
	struct policy_next next_before, next_after;
};

/* STATUS_REFUSED if it cannot begin now, with the reason and the earliest time; STATUS_BUSY while a run has the zone's
 * lock. */
enum status policy_change(struct store *store, const char *zone, const struct policy_request *request,
    struct arena *mem, struct policy_answer *out, struct error *err) MUST_CHECK;
