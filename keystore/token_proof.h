/* SPDX-License-Identifier: MIT */
/*
 * What was proved of keys since the token was opened: for each key and store the last outcome, whoever asked for it.
 *
 * A key is proven on a store that shows its public key, octet by octet, whose tag is then computed anew (RFC 4034
 * Appendix B), and that has signed a fresh challenge and a real RRset; both signatures verify under the one public key
 * that the DNSKEY has.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/key.h"
#include "keystore/token.h"
#include "signer/base/bytes.h"
#include "signer/base/error.h"

enum {
	TOKEN_STORE = 32,
	TOKEN_SHOWS_PUBLIC = 1,
	TOKEN_SHOWS_TAG = 2,
	TOKEN_SHOWS_CHALLENGE = 4,
	TOKEN_SHOWS_RRSET = 8,
	TOKEN_SHOWS_ALL = 15
};

/* The name of the software store; no token of stores.conf has it. */
#define TOKEN_FILES "files"

struct token_proof {
	uint8_t fingerprint[32];
	char store[TOKEN_STORE];
	unsigned shown; /* TOKEN_SHOWS_..., as far as it came */
	bool good;      /* else `message` says why not */
	char message[600];
};

/* In the order of their first proofs; borrowed until the token proves anything else. */
size_t token_proofs(const struct token *token, const struct token_proof **out);

/* The whole proof of the key on every store that it is in, none spared: those that stores.conf lets a run do without
 * have to prove themselves too. All are looked at; the status is that of the first that failed. `rrset` is what an
 * RRSIG signs (RFC 4034 3.1.8.1). */
enum status token_prove(struct token *token, const struct key *key, struct bytes rrset, struct error *err) MUST_CHECK;

/* The next store that the key's locator names, from *at on (0 to begin); false at the end. For any key. */
bool token_next_store(const struct key *key, size_t *at, char out[TOKEN_STORE]);
