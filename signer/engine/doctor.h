/* SPDX-License-Identifier: MIT */
/* Looks at everything a run depends on, without changing anything. */
#pragma once

#include <stddef.h>

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/utc.h"

/* A note is what somebody may want and nothing lacks. */
enum doctor_result { DOCTOR_OK, DOCTOR_NOTE, DOCTOR_WARN, DOCTOR_FAIL };

struct doctor_row {
	enum doctor_result result;
	const char *what;   /* "private keys" */
	const char *detail; /* what was found, and what to do */
};

/* Begins with `mem` alone; the rows are as many as there is something to say. */
struct doctor {
	struct doctor_row *rows;
	size_t count, room;
	struct arena *mem;
};

/* Appends a row; both texts must live as long as `mem`. */
void doctor_add(struct doctor *doctor, enum doctor_result result, const char *what, const char *detail);

/* The key stores of stores.conf, one by name or all with NULL; STATUS_MISSING if there is no such store. Without any, a
 * row says so. */
enum status doctor_examine_stores(struct doctor *doctor, struct store *store, const char *state,
    const char *passphrase_file, const char *name, struct error *err) MUST_CHECK;

/* `store` NULL: there is none; `passphrase_file` may be NULL. */
void doctor_examine(struct doctor *doctor, struct store *store, const char *state, const char *config,
    const char *passphrase_file, struct utc now);
