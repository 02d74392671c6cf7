/* SPDX-License-Identifier: MIT */
/* What an RRset is, in 32 octets: SHA-256 over its canonical form (RFC 4034 6.2), owner, TTL and RDATA. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "signer/sign/rows.h"

enum { ROWHASH_SIZE = 32 };

/* A worker's means of making them. */
struct rowhash;
struct rowhash *rowhash_new(void);
void rowhash_free(struct rowhash *hash);

/* False: libcrypto failed. */
bool rowhash_of(struct rowhash *hash, const struct row *row, uint8_t out[ROWHASH_SIZE]);
