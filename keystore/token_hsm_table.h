/* SPDX-License-Identifier: MIT */
/*
 * Finds good signatures of one ECDSA key good, in less than half of the time that EVP takes.
 *
 * Each signature of a token is verified before it is used, and a zone has thousands by one key. With tables of the
 * multiples of that key and of the curve's generator both halves of a verification (SEC 1 4.1.4) are look-ups. It
 * speeds up, it does not decide: what is not found good here is judged by EVP, and a sample of what is found good too.
 * All that is computed here is public.
 *
 * The verifier has the same idea in signer/verify/vp256.c, and this is not that: the verifier shares no code with the
 * signer (an error in one of them must not make the other blind to it), and neither can see the other. There whole
 * batches of P-256 are done in projective coordinates with one inversion; here a token's signature is waited for, so it
 * is one at a time in affine coordinates, for P-384 as well, which tokens have and which gains most.
 *
 * OpenSSL reaches tables by functions that it calls deprecated. CMake looks for them (contrib/cmake/key_tables.cmake);
 * without them token_hsm_table_none.c takes the place of token_hsm_table.c.
 */
#pragma once

#include <stdbool.h>

#include "keystore/algorithm.h"
#include "keystore/key.h"
#include "signer/base/bytes.h"

/* Const once made: threads share it. */
struct hsm_table;

/* What one thread works with; for any table of the algorithm. */
struct hsm_table_place;

/* Some 20 ms of work. NULL: no ECDSA key, no point of its curve, or this build or library cannot make one. */
struct hsm_table *hsm_table_new(const struct algorithm *algorithm, const struct key *key);
void hsm_table_free(struct hsm_table *table);

/* NULL as above. */
struct hsm_table_place *hsm_table_place_new(const struct hsm_table *table);
void hsm_table_place_free(struct hsm_table_place *place);

/* False means "not proven": it may be a failure of the library too. `signature` is r | s (RFC 6605 4). */
bool hsm_table_proves(
    const struct hsm_table *table, struct hsm_table_place *place, struct bytes digest, struct bytes signature);
