/* SPDX-License-Identifier: MIT */
/*
 * A private key as text: PKCS#8 in PEM (RFC 7468 10, 11), plain or encrypted. Only the token module, its tests and its
 * fuzz target include this.
 *
 * Nothing of a key or passphrase appears in a message; every buffer that held some is wiped.
 */
#pragma once

#include <openssl/evp.h>

#include "signer/base/bytes.h"
#include "signer/base/error.h"

/* Octets that are locked in memory, left out of core files, and wiped when freed. */
struct secret {
	uint8_t *data; /* NULL: none */
	size_t size;
	size_t mapped;
};

#define SECRET_NONE ((struct secret){ .data = NULL })

/* Room for `size` octets. STATUS_KEY if the memory cannot be locked (RLIMIT_MEMLOCK). */
enum status secret_new(size_t size, struct secret *out, struct error *err) MUST_CHECK;
void secret_free(struct secret *secret);

/* Reads exactly one PEM block, "PRIVATE KEY" or "ENCRYPTED PRIVATE KEY"; `passphrase` may be SECRET_NONE. STATUS_KEY
 * if the text is anything else, is cut, or does not decrypt. The caller frees *out with EVP_PKEY_free. */
enum status token_pem_read(
    struct bytes text, const struct secret *passphrase, EVP_PKEY **out, struct error *err) MUST_CHECK;

/* Writes the text of a key: with a passphrase as PBES2 with AES-256-CBC and scrypt (RFC 7914), else in the clear. The
 * caller frees *out with secret_free. */
enum status token_pem_write(
    EVP_PKEY *pkey, const struct secret *passphrase, struct secret *out, struct error *err) MUST_CHECK;
