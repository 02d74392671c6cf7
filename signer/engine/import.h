/* SPDX-License-Identifier: MIT */
/* Keys that were made elsewhere come into a zone that zoneseal signs. */
#pragma once

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"

struct import_request {
	const char *state;
	const char *path; /* a private key (K*.private, PEM), or for public_only a file with one DNSKEY record */
	const char *passphrase_file; /* or NULL */
	enum key_role role;          /* of a private key */
	bool public_only;
	struct utc now;
	bool dry_run;
};

/* A private key becomes a prepared one, which the next rollover of its role takes. With `public_only` the DNSKEY of
 * another signer is published beside ours and never signs here: so two signers can hand a zone over without sharing
 * private keys (RFC 6781 4.3.5). Its role follows from the SEP bit. It leaves again with zoneseal emergency.
 *
 * STATUS_REFUSED  a tag that the zone ever had, or an algorithm that its policy does not want
 * STATUS_KEY      no private key, or damaged */
enum status import_key(struct store *store, const struct store_zone *zone, const struct import_request *request,
    struct arena *mem, struct key *out, struct error *err) MUST_CHECK;
