/* SPDX-License-Identifier: MIT */
/* Inside the token module only: where outcomes of proofs are noted, from any thread. */
#pragma once

#include "keystore/token_proof.h"

struct token_ledger;

struct token_ledger *ledger_new(void);
void ledger_free(struct token_ledger *ledger);

/* A store has shown this of the key; what it showed before, without a failure, stays. A proof from the start on shows
 * TOKEN_SHOWS_PUBLIC again, and so begins anew. */
void ledger_note(struct token_ledger *ledger, const struct key *key, const char *store, unsigned shown);

/* It came so far, and then this happened. */
void ledger_fail(
    struct token_ledger *ledger, const struct key *key, const char *store, unsigned shown, const struct error *why);

/* What kept all of its stores from being looked at; those that were looked at keep their outcome. */
void ledger_fail_rest(struct token_ledger *ledger, const struct key *key, const struct error *why);

size_t ledger_all(const struct token_ledger *ledger, const struct token_proof **out);
