/* SPDX-License-Identifier: MIT */
/*
 * Proofs of keys outside a signing: when a key is made, before it moves, and when somebody asks. The RRset is the
 * zone's DNSKEY RRset with the key in it for one that signs keys, the SOA that is published for one that signs data
 * (before the first publication the DNSKEY RRset for both). A signing proves with what it publishes
 * (signer/sign/evidence.h).
 */
#pragma once

#include <stdint.h>

#include "keystore/store.h"
#include "keystore/token_proof.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

/* On every store of the key, none spared. Such keys have a private half here: not offline or foreign ones. */
enum status proving_key(struct store *store, struct token *token, int64_t zone_id, const struct key *key,
    struct utc now, struct error *err) MUST_CHECK;
