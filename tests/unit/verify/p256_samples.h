/* SPDX-License-Identifier: MIT */
/* P-256 signatures made from chosen numbers, so that each edge of the formula can be met. */
#pragma once

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <stdbool.h>
#include <stdint.h>

#include "signer/verify/vp256.h"

enum { MAKER_EDGES = 30 };

struct maker {
	EC_GROUP *group;
	BN_CTX *context;
	const BIGNUM *n, *p;
	uint64_t random;
};

/* One verification: a public key, a digest, a signature. */
struct sample {
	uint8_t point[VP256_POINT];
	struct vp256_item item;
};

/* What is done to one half of a signature: another number takes its place, or its sum with or difference from n. */
enum change { SAME, ZERO, ONE, ORDER_LESS_1, ORDER, ORDER_MORE_1, PRIME, ALL_ONES, NEGATED, PLUS_ORDER };

struct edge {
	const char *title;
	void (*make)(struct maker *m, struct sample *out);
	enum change r, s;
	bool good;
};

extern const struct edge maker_edges[MAKER_EDGES];

struct maker *maker_new(void);
void maker_free(struct maker *m);
uint8_t maker_octet(struct maker *m);
BIGNUM *maker_number(struct maker *m); /* 1 to n - 1 */
void maker_put(const BIGNUM *number, uint8_t out[32]);
void maker_put_point(struct maker *m, const EC_POINT *point, uint8_t out[VP256_POINT]);

/* A good signature by the private key d, or by any. */
void maker_make_good(struct maker *m, const BIGNUM *d, struct sample *out);
void maker_make_any(struct maker *m, struct sample *out);
void maker_change_half(struct maker *m, enum change change, uint8_t half[32]);
