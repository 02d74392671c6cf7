/* SPDX-License-Identifier: MIT */
/*
 * Proofs of keys outside a signing: when a key is made, before it moves, and when somebody asks. The RRset is the
 * zone's DNSKEY RRset with the key in it for one that signs keys, the SOA that is published for one that signs data
 * (before the first publication the DNSKEY RRset for both). A signing proves with what it publishes
 * (signer/sign/evidence.h).
 */
#pragma once

#include <stdint.h>

#include "keystore/store_proofs.h"
#include "keystore/token_proof.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

/* A key that lives on tokens is proved anew by runs that sign nothing when its last proof is so old, and sooner after
 * one that failed; when it is older than PROVING_OLD, no run came. */
enum { PROVING_AGAIN = 3600, PROVING_RETRY = 300, PROVING_OLD = 86400 };

/* Whether its private half is here, or was when it was last heard of. */
bool proving_concerns(const struct key *key);

/* Whether the zone is signed with it or shows it now. */
bool proving_in_use(const struct key *key);

/* On every store of the key, none spared. Such keys have a private half here: not offline or foreign ones. */
enum status proving_key(struct store *store, struct token *token, int64_t zone_id, const struct key *key,
    struct utc now, struct error *err) MUST_CHECK;

/* What a run proves that signs nothing: each key that is in use on tokens, if that is due. Stores that stores.conf lets
 * a run do without are left out. */
enum status proving_idle(struct store *store, struct token *token, int64_t zone_id, const struct key keys[],
    size_t count, struct utc now, struct error *err) MUST_CHECK;

/* Writes down what the token proved of the zone's keys since it was opened; without anything, nothing is written. */
enum status proving_record(
    struct store *store, struct token *token, int64_t zone_id, struct utc now, struct error *err) MUST_CHECK;

/* "KSK 41001: store hsm-b: ...": what failed, in words, one for each store. */
size_t proving_left_out(
    const struct token *token, const struct key keys[], size_t count, struct arena *mem, const char *const **out);
