/* SPDX-License-Identifier: MIT */
/* A private key leaves for another program: files for BIND or PEM, and a line in the audit of who took it where. */
#pragma once

#include "keystore/store.h"
#include "keystore/token_export.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"

struct export_request {
	const char *state;
	const char *folder; /* 0700; made if it is not there */
	enum token_form form;
	const char *passphrase_file; /* opens the store's keys, and encrypts PEM; or NULL */
	const char *under;           /* TOKEN_WRAPPED: the label of the AES key of the tokens */
	const char *reason;          /* or NULL */
	struct utc now;
	bool dry_run;
};

/* Writes the files; `name` is that of the private one. STATUS_REFUSED for a key whose private half is not here. */
enum status export_key(struct store *store, const struct store_zone *zone, const struct key *key,
    const struct export_request *request, struct arena *mem, char name[TOKEN_EXPORT_NAME],
    struct error *err) MUST_CHECK;
