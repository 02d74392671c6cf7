/* SPDX-License-Identifier: MIT */
/* The two ends of a response: signed where the KSK is kept, taken where the zone is signed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "keystore/store.h"
#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/ceremony/ceremony.h"
#include "signer/engine/lock.h"

struct skr_request {
	const char *state;
	const char *passphrase_file; /* or NULL */
	const char *zone;
	const char *name; /* of the file, in messages */
	const char *text;
	size_t size;
	enum ceremony_form form; /* of the response to write */
	bool new_ksk;            /* bring in a new KSK, though the request does not ask for one */
	bool unproven;           /* a person has compared the ZSKs of a request in BIND's form */
	const char *reason;      /* for the audit, or NULL */
	struct utc until;        /* of a request in BIND's form; 0: its begin and ceremony.period */
	struct utc now;
	bool dry_run;
};

struct skr_answer {
	const char *text; /* of skr_sign */
	struct ceremony_file file;
	uint16_t new_ksk; /* its tag */
	bool has_new_ksk, made_ksk;
	bool again; /* the request was answered before, and this is that answer */
};

/* What both ends begin with: the zone, its lock (not with `dry_run`), its policy, which must have an offline KSK. The
 * caller releases the lock, also after a failure. */
enum status skr_begin(struct store *store, const struct skr_request *request, const char *command, struct arena *mem,
    struct store_zone *zone, struct policy *policy, struct lock *lock, struct error *err) MUST_CHECK;

/* Checks a request and signs it with the KSKs of this keystore: each that the request names, and a new one where it
 * asks for that. Nothing is signed if one check fails (STATUS_NO) or a KSK is not here (STATUS_KEY). */
enum status skr_sign(struct store *store, const struct skr_request *request, struct arena *mem, struct skr_answer *out,
    struct error *err) MUST_CHECK;

/* Checks a response, walks through its whole period under the cache check, and takes it (not with `dry_run`). */
enum status skr_import(struct store *store, const struct skr_request *request, struct arena *mem,
    struct skr_answer *out, struct error *err) MUST_CHECK;
