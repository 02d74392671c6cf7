/* SPDX-License-Identifier: MIT */
/* Asks for signatures of a KSK that is offline: what the zone will need in the coming period, as a KSR. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/ceremony/ceremony.h"

struct ksr_request {
	const char *state;
	const char *passphrase_file; /* or NULL */
	const char *zone;
	enum ceremony_form form;
	bool emergency; /* for what is left of the present SKR, from now on */
	bool new_ksk;   /* ask for a new KSK */
	bool dry_run;
	struct utc now;
};

struct ksr_answer {
	const char *text;
	struct ceremony_file file;
	unsigned made; /* ZSKs for the period; in a dry run, how many would be */
};

/* Makes the ZSKs that the rollover plan wants until the end of the period, and a request for bundles that hold them,
 * proved by each of them. It is remembered: the response must answer the last request that was made.
 *
 * STATUS_REFUSED  the policy has no offline KSK, or this is where it is kept; the present SKR has run out */
enum status ksr_create(struct store *store, const struct ksr_request *request, struct arena *mem,
    struct ksr_answer *out, struct error *err) MUST_CHECK;
