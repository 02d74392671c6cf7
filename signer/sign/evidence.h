/* SPDX-License-Identifier: MIT */
/*
 * Each store of each key that signs this version shows that it can, with a real RRset of that version, before the first
 * signature is made: the DNSKEY RRset for a key that signs it, the SOA for one that signs data.
 */
#pragma once

#include "keystore/token.h"
#include "signer/base/error.h"
#include "signer/sign/keyset.h"
#include "signer/sign/rrsig.h"
#include "signer/zone/zone.h"

/* The apex has its RRsets already. */
enum status evidence_show(const struct zone *zone, const struct keyset *keyset, const struct rrsig_policy *policy,
    struct token *token, struct error *err) MUST_CHECK;
