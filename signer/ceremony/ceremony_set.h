/* SPDX-License-Identifier: MIT */
/* The sets of a bundle: what keys they hold, and signatures over them. */
#pragma once

#include "keystore/key.h"
#include "keystore/token.h"
#include "signer/ceremony/ceremony.h"
#include "signer/sign/rows.h"

struct ceremony_keys {
	struct key *all; /* role by the SEP bit */
	size_t count;
};

/* The keys of a DNSKEY set. STATUS_NO if one is none that a zone may have: another protocol, no zone key, revoked, an
 * algorithm that is unknown, a public key that is none; or two with one tag, also one with REVOKE. */
enum status ceremony_keys_of(
    const struct ceremony_set *set, struct arena *mem, struct ceremony_keys *out, struct error *err) MUST_CHECK;

/* Finds a key by its public half; NULL: it is not there. */
const struct key *ceremony_find(const struct ceremony_keys *keys, const struct key *key);

/* The records of a type as a row, in canonical order, each once. */
struct row ceremony_row(const struct ceremony_set *set, uint16_t type, const uint8_t *apex, struct arena *mem);

/* Appends a record. */
void ceremony_put(struct ceremony_set *set, const uint8_t *apex, uint32_t ttl, uint16_t type, const uint8_t *rdata,
    size_t size, struct arena *mem);

/* Appends the key's RRSIG over the records of a type. */
enum status ceremony_sign(struct ceremony_set *set, uint16_t type, const uint8_t *apex, struct utc inception,
    struct utc expiration, const struct key *key, struct token_signer *signer, struct arena *mem,
    struct error *err) MUST_CHECK;

/* Whether each of the KSKs of `keys` has made a signature over the records of a type that holds from `inception` to
 * `expiration`; and nobody else. STATUS_NO with what is missing or wrong. */
enum status ceremony_check_set(const struct ceremony_set *set, uint16_t type, const uint8_t *apex,
    const struct ceremony_bundle *bundle, const struct ceremony_keys *keys, struct arena *mem,
    struct error *err) MUST_CHECK;
