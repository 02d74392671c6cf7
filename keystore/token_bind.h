/* SPDX-License-Identifier: MIT */
/*
 * A private key as BIND and ldns keep it: the text of a K*.private file ("Private-key-format: v1.2" or later). Only the
 * token module, its tests and its fuzz target include this. Nothing of a key appears in a message; buffers are wiped.
 */
#pragma once

#include <openssl/evp.h>

#include "keystore/algorithm.h"
#include "signer/base/bytes.h"
#include "signer/base/error.h"

/* Whether the text begins as such a file does. */
bool token_bind_is(struct bytes text);

/* Reads the whole key. STATUS_KEY if a field is missing, twice or damaged, the algorithm is none of ours, the key lies
 * elsewhere (a PKCS#11 label), or OpenSSL finds the parts at odds. The caller frees *out with EVP_PKEY_free. */
enum status token_bind_read(
    struct bytes text, const struct algorithm **algorithm, EVP_PKEY **out, struct error *err) MUST_CHECK;
