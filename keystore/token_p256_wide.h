/* SPDX-License-Identifier: MIT */
/*
 * ECDSA signatures on P-256, eight side by side (FIPS 186-5 6.4.1; SEC 1 4.1.3).
 *
 * One lane of a 512-bit register for each, by the 52-bit multiplications that x86-64 calls AVX-512 IFMA. Built with
 * that instruction set, so nothing here may be called before token_p256.c has found it in the processor.
 *
 * Nothing here takes a branch, or an address, from a secret: not from the private key, not from a nonce. Which entry of
 * the table is added is chosen by permuting registers that hold all of a row. tests/unit/token/secret_branches.c lets
 * a memory sanitizer watch that.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A number of 256 bits has 43 digits of 6 bits, each of them odd: -63, -61, ..., 63. */
enum {
	P256_LANES = 8,
	P256_MOST = 2 * P256_LANES,
	P256_DIGITS = 43,
	P256_ODDS = 32,
	P256_LIMBS = 5,
	P256_SIZE = 32,
	P256_NONCE = 64
};

/* Multiples of the generator G: of digit i, x and y of (2 j + 1) 64^i G for j from 0, times 2^260 modulo p, in limbs of
 * 52 bits, the least first. 64-octet aligned. */
struct p256_table {
	uint64_t x[P256_DIGITS][P256_LIMBS][P256_ODDS];
	uint64_t y[P256_DIGITS][P256_LIMBS][P256_ODDS];
};

/* Numbers are octets, the highest first. */
struct p256_batch {
	uint8_t nonces[P256_MOST][P256_NONCE]; /* k is these 512 bits modulo n (FIPS 186-5 A.3.1 has n - 1, and + 1) */
	uint8_t digests[P256_MOST][P256_SIZE];
	uint8_t signatures[P256_MOST][2 * P256_SIZE]; /* result: r | s */
	uint16_t good;                                /* result: a bit for each whose r and s are not 0 */
};

/* From 64^i G and twice that, x | y each, for each digit in turn. */
void p256_wide_fill(const uint8_t points[2 * P256_DIGITS][2 * P256_SIZE], struct p256_table *out);

/* Each of its points is on the curve: what went wrong with one of them while the table was made leaves it elsewhere. */
bool p256_wide_holds(const struct p256_table *table);

/* Makes the first 8 signatures, or all 16: each two that are 8 apart share their inversions, and where one of them is
 * not good both may be none. `secret` is the private key, from 1 to n - 1. It, and nonces, stay in registers and below
 * the caller's stack, which are the caller's to wipe as `batch` is. */
void p256_wide_sign(
    const struct p256_table *table, const uint8_t secret[P256_SIZE], struct p256_batch *batch, size_t count);
