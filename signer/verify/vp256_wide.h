/* SPDX-License-Identifier: MIT */
/*
 * Eight P-256 verifications side by side: u1 G + u2 Q from tables, and whether its x is r.
 *
 * One lane of a 512-bit register for each, by the 52-bit multiplications that x86-64 calls AVX-512 IFMA. Built with
 * that instruction set, so nothing here may be called before vp256.c has found it in the processor. vp256_wide_none.c
 * takes its place in builds for other processors. No lane's work depends on another's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A number of 256 bits is 32 digits; the last has no higher one to give a carry to, so it may be 256. */
enum { VP256_LANES = 8, VP256_DIGITS = 32, VP256_ROW = 128, VP256_LAST_ROW = 256 };
enum { VP256_ENTRIES = (VP256_DIGITS - 1) * VP256_ROW + VP256_LAST_ROW };

/* A point's x and y, each times 2^260 modulo p in four words, the least first. One line of the cache. */
struct vp256_entry {
	uint64_t words[8];
};

struct vp256_lane {
	const struct vp256_entry *tables[2]; /* entry 128 i + j - 1 is 256^i j G, or Q; 64-octet aligned */
	uint8_t factors[2][32];              /* u1, u2: least octet first */
	uint8_t r[32];                       /* least octet first */
	bool used;                           /* false: the lane is left alone */
	bool good;                           /* result: x is r */
	bool unsure; /* result: two equal or opposite points met, which the formula of the addition does not cover */
};

/* Whether this build has it; the processor is another question. */
bool vp256_wide_built_in(void);

/* Makes a table, 64-octet aligned, of 256^i P and twice that, for each digit in turn. */
void vp256_wide_fill(const struct vp256_entry points[2 * VP256_DIGITS], struct vp256_entry table[VP256_ENTRIES]);
void vp256_wide_check(struct vp256_lane lanes[VP256_LANES]);
