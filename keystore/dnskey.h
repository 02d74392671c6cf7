/* SPDX-License-Identifier: MIT */
/* A public key as DNSKEY RDATA and back; its tag, its DS. */
#pragma once

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/algorithm.h"
#include "keystore/key.h"
#include "signer/base/bytes.h"
#include "signer/base/error.h"

enum { DNSKEY_RDATA = 4 + KEY_PUBLIC_MAX, DS_RDATA = 4 + 48 };

/* The public key field of a DNSKEY: RFC 3110 2, RFC 6605 4, RFC 8080 3. STATUS_KEY if `pkey` is not of that algorithm.
 */
enum status dnskey_public_from_pkey(const struct algorithm *algorithm, EVP_PKEY *pkey, uint8_t out[KEY_PUBLIC_MAX],
    uint16_t *out_size, struct error *err) MUST_CHECK;

/* The reverse, with range and curve checks; the caller frees *out with EVP_PKEY_free. */
enum status dnskey_public_to_pkey(const struct algorithm *algorithm, const uint8_t *public_key, size_t size,
    EVP_PKEY **out, struct error *err) MUST_CHECK;

/* Whether `signature`, in the form that an RRSIG carries, is one over `data` by the key. */
bool dnskey_verify(const struct algorithm *algorithm, EVP_PKEY *pkey, struct bytes data, struct bytes signature);

/* The same with the public key of `key`; false also if that cannot be used. */
bool dnskey_verify_by(const struct key *key, struct bytes data, struct bytes signature);

/* The DNSKEY RDATA of `key` as it is published, with the REVOKE bit if it is revoked; returns its size. */
size_t dnskey_rdata(const struct key *key, uint8_t out[DNSKEY_RDATA]);

/* RFC 4034 Appendix B over any DNSKEY RDATA. */
uint16_t dnskey_tag(const uint8_t *rdata, size_t size);

/* Fills tag, revoked_tag, fingerprint and bits from algorithm, flags and public key. */
void dnskey_identify(struct key *key);

/* DS RDATA (RFC 4034 5.1.4) with digest type 2 (SHA-256) or 4 (SHA-384), for the owner in wire form; returns its size.
 * Of a revoked key it is that of before: no DS is ever made for the revoked form. */
size_t dnskey_ds(
    const struct key *key, const uint8_t *owner, size_t owner_size, uint8_t digest_type, uint8_t out[DS_RDATA]);
