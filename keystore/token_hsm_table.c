/* SPDX-License-Identifier: MIT */
/* With signer/verify/vp256.c the files that use what OpenSSL 3 calls deprecated: only there a group can have a
 * generator of one's own. */
#undef OPENSSL_NO_DEPRECATED
#define OPENSSL_SUPPRESS_DEPRECATED

#include "keystore/token_hsm_table.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <stdlib.h>
#include <string.h>

#include "keystore/token_hsm_inverse.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"

struct hsm_table {
	EC_GROUP *curve; /* its table holds the multiples of the curve's generator */
	EC_GROUP *key;   /* the same curve with the public key for its generator */
	size_t half;     /* octets of a coordinate */
	bool large;      /* P-384: see `multiply` */
	uint64_t order[HSM_WORDS];
	BN_MONT_CTX *by_order; /* multiplies modulo n */
};

struct hsm_table_place {
	BN_CTX *context; /* owns the numbers below */
	EC_POINT *sum;
	EC_POINT *part;
	BIGNUM *zero, *r, *s, *w, *power, *e, *u1, *u2, *x;
};

/* A point that is on the curve and not at infinity; the cofactor of both curves is 1, so its order is n. */
static EC_POINT *read_point(const EC_GROUP *curve, const uint8_t *coordinates, size_t half, BN_CTX *context)
{
	EC_POINT *const point = EC_POINT_new(curve);
	BIGNUM *const x = BN_bin2bn(coordinates, (int)half, NULL);
	BIGNUM *const y = BN_bin2bn(coordinates + half, (int)half, NULL);
	const bool good = point != NULL && x != NULL && y != NULL &&
			  EC_POINT_set_affine_coordinates(curve, point, x, y, context) == 1 &&
			  EC_POINT_is_on_curve(curve, point, context) == 1 && !EC_POINT_is_at_infinity(curve, point);
	BN_free(x);
	BN_free(y);
	if (good)
		return point;
	EC_POINT_free(point);
	return NULL;
}

/* P-256 has a table of its generator built in, on most machines; P-384 has none. */
static bool fill(struct hsm_table *table, const struct key *key, BN_CTX *context)
{
	EC_POINT *const point =
	    table->curve == NULL ? NULL : read_point(table->curve, key->public_key, table->half, context);
	table->key = point == NULL ? NULL : EC_GROUP_dup(table->curve);
	const bool good =
	    table->key != NULL &&
	    EC_GROUP_set_generator(table->key, point, EC_GROUP_get0_order(table->curve), BN_value_one()) == 1 &&
	    EC_GROUP_precompute_mult(table->key, context) == 1 && EC_GROUP_have_precompute_mult(table->key) == 1 &&
	    EC_GROUP_precompute_mult(table->curve, context) == 1;
	EC_POINT_free(point);
	return good;
}

/* Octets of a coordinate as words, least first. */
static void read_words(const uint8_t *octets, size_t half, uint64_t out[HSM_WORDS])
{
	for (size_t i = 0; i < half / 8; i++) {
		const uint8_t *const at = octets + half - 8 * (i + 1);
		out[i] = (uint64_t)bytes_get_u32(at) << 32 | bytes_get_u32(at + 4);
	}
}

static bool read_order(struct hsm_table *table, BN_CTX *context)
{
	uint8_t octets[8 * HSM_WORDS];
	const BIGNUM *const order = EC_GROUP_get0_order(table->curve);
	table->by_order = BN_MONT_CTX_new();
	if (table->by_order == NULL || BN_bn2binpad(order, octets, (int)table->half) < 0)
		return false;
	read_words(octets, table->half, table->order);
	return BN_MONT_CTX_set(table->by_order, order, context) == 1;
}

struct hsm_table *hsm_table_new(const struct algorithm *algorithm, const struct key *key)
{
	if (algorithm->curve == NULL || key->public_size != algorithm->signature_size)
		return NULL;
	BN_CTX *const context = BN_CTX_new();
	struct hsm_table *table = memory_calloc(1, sizeof(*table));
	table->large = strcmp(algorithm->curve, "P-256") != 0;
	table->curve = EC_GROUP_new_by_curve_name(table->large ? NID_secp384r1 : NID_X9_62_prime256v1);
	table->half = algorithm->signature_size / 2;
	if (context == NULL || !fill(table, key, context) || !read_order(table, context)) {
		hsm_table_free(table);
		table = NULL;
	}
	BN_CTX_free(context);
	ERR_clear_error();
	return table;
}

void hsm_table_free(struct hsm_table *table)
{
	if (table == NULL)
		return;
	EC_GROUP_free(table->curve);
	EC_GROUP_free(table->key);
	BN_MONT_CTX_free(table->by_order);
	free(table);
}

static bool get_ready(struct hsm_table_place *place, const struct hsm_table *table)
{
	BIGNUM **const numbers[] = { &place->zero, &place->r, &place->s, &place->w, &place->power, &place->e,
		&place->u1, &place->u2, &place->x };
	place->context = BN_CTX_new();
	if (place->context == NULL)
		return false;
	BN_CTX_start(place->context);
	for (size_t i = 0; i < COUNT(numbers); i++)
		*numbers[i] = BN_CTX_get(place->context);
	place->sum = EC_POINT_new(table->curve);
	place->part = EC_POINT_new(table->curve);
	/* After one failure all of BN_CTX_get fail. */
	return place->x != NULL && place->sum != NULL && place->part != NULL;
}

struct hsm_table_place *hsm_table_place_new(const struct hsm_table *table)
{
	struct hsm_table_place *const place = memory_calloc(1, sizeof(*place));
	if (get_ready(place, table))
		return place;
	ERR_clear_error();
	hsm_table_place_free(place);
	return NULL;
}

void hsm_table_place_free(struct hsm_table_place *place)
{
	if (place == NULL)
		return;
	EC_POINT_free(place->sum);
	EC_POINT_free(place->part);
	if (place->context != NULL)
		BN_CTX_end(place->context);
	BN_CTX_free(place->context);
	free(place);
}

/* In 1 to n - 1. */
static bool in_range(const BIGNUM *number, const BIGNUM *order)
{
	return !BN_is_zero(number) && BN_cmp(number, order) < 0;
}

static bool read_signature(
    const struct hsm_table *table, struct hsm_table_place *place, struct bytes signature, const BIGNUM *order)
{
	return signature.size == 2 * table->half && BN_bin2bn(signature.data, (int)table->half, place->r) != NULL &&
	       BN_bin2bn(signature.data + table->half, (int)table->half, place->s) != NULL &&
	       in_range(place->r, order) && in_range(place->s, order);
}

/* The scalar times the group's generator. For P-384 OpenSSL would take a ladder that keeps secrets and looks at no
 * table, unless there is a second point: it gets one, zero times. */
static bool multiply(const struct hsm_table *table, struct hsm_table_place *place, const EC_GROUP *group,
    const BIGNUM *scalar, EC_POINT *out)
{
	const EC_POINT *other = EC_GROUP_get0_generator(table->curve);
	const BIGNUM *zero = place->zero;
	return table->large ? EC_POINTs_mul(group, out, scalar, 1, &other, &zero, place->context) == 1
			    : EC_POINT_mul(group, out, scalar, NULL, NULL, place->context) == 1;
}

/* w = R / s, where R is Montgomery's power of two, 2^(8 half): so that a multiplication by it divides by s. What
 * hsm_almost_inverse gives is 2^k / s; times R^2 / 2^k by Montgomery, which divides by R. */
static bool divide(const struct hsm_table *table, struct hsm_table_place *place, const uint8_t *s)
{
	uint64_t words[HSM_WORDS], inverse[HSM_WORDS];
	uint8_t octets[8 * HSM_WORDS];
	const size_t count = table->half / 8;
	read_words(s, table->half, words);
	const unsigned power = hsm_almost_inverse(table->order, words, count, inverse);
	const unsigned most = (unsigned)(2 * 8 * table->half);
	for (size_t i = 0; i < count; i++) {
		bytes_put_u32(octets + 8 * i, (uint32_t)(inverse[count - 1 - i] >> 32));
		bytes_put_u32(octets + 8 * i + 4, (uint32_t)inverse[count - 1 - i]);
	}
	return power <= most && BN_bin2bn(octets, (int)table->half, place->w) != NULL &&
	       BN_set_word(place->power, 0) == 1 && BN_set_bit(place->power, (int)(most - power)) == 1 &&
	       BN_mod_mul_montgomery(place->w, place->w, place->power, table->by_order, place->context) == 1;
}

/* u1 G + u2 Q, where u1 = e / s and u2 = r / s. A wrong 1 / s would find no signature good that is not, by more than
 * chance: the sum would be another point. */
static bool add_up(const struct hsm_table *table, struct hsm_table_place *place, struct bytes digest, const uint8_t *s)
{
	BN_CTX *const context = place->context;
	return BN_bin2bn(digest.data, (int)digest.size, place->e) != NULL && divide(table, place, s) &&
	       BN_mod_mul_montgomery(place->u1, place->e, place->w, table->by_order, context) == 1 &&
	       BN_mod_mul_montgomery(place->u2, place->r, place->w, table->by_order, context) == 1 &&
	       multiply(table, place, table->curve, place->u1, place->sum) &&
	       multiply(table, place, table->key, place->u2, place->part) &&
	       EC_POINT_add(table->curve, place->sum, place->sum, place->part, context) == 1;
}

bool hsm_table_proves(
    const struct hsm_table *table, struct hsm_table_place *place, struct bytes digest, struct bytes signature)
{
	const BIGNUM *const order = EC_GROUP_get0_order(table->curve);
	/* SHA-256 and SHA-384: as long as n, so that nothing is cut off. Infinity has no coordinates. */
	const bool good =
	    digest.size == table->half && BN_set_word(place->zero, 0) == 1 &&
	    read_signature(table, place, signature, order) &&
	    add_up(table, place, digest, signature.data + table->half) &&
	    EC_POINT_get_affine_coordinates(table->curve, place->sum, place->x, NULL, place->context) == 1 &&
	    BN_nnmod(place->x, place->x, order, place->context) == 1 && BN_cmp(place->x, place->r) == 0;
	if (!good)
		ERR_clear_error();
	return good;
}
