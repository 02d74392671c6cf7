/* SPDX-License-Identifier: MIT */
/* The one file that uses what OpenSSL 3 calls deprecated: only there a group can have a generator of one's own. */
#undef OPENSSL_NO_DEPRECATED
#define OPENSSL_SUPPRESS_DEPRECATED

#include "signer/verify/vp256.h"

#include <assert.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <stdlib.h>

#include "signer/base/arena.h"
#include "signer/base/error.h"

enum { HALF = 32 };

/* P-256 with the public key for its generator: its table holds the key's multiples. */
struct vp256_key {
	EC_GROUP *group;
};

struct vp256_place {
	EC_GROUP *group;
	BN_CTX *context; /* owns the numbers below */
	const BIGNUM *order;
	const BIGNUM *prime;
	BN_MONT_CTX *by_order; /* multiplies modulo n */
	BN_MONT_CTX *by_prime; /* multiplies modulo p */
	EC_POINT *sum;
	EC_POINT *part;
	BIGNUM *r[VP256_BATCH];
	BIGNUM *s[VP256_BATCH];
	BIGNUM *product[VP256_BATCH]; /* of s[0] to s[i] */
	BIGNUM *inverse;              /* of product[i], on the way down */
	BIGNUM *w;                    /* 1 / s */
	BIGNUM *e, *u1, *u2;
	BIGNUM *x, *z, *candidate;
};

bool vp256_built_in(void)
{
	return true;
}

/* The key as a point that is on the curve and not at infinity; the curve's cofactor is 1, so its order is n. */
static EC_POINT *read_point(const EC_GROUP *group, const uint8_t coordinates[VP256_POINT], BN_CTX *context)
{
	EC_POINT *const point = EC_POINT_new(group);
	BIGNUM *const x = BN_bin2bn(coordinates, HALF, NULL);
	BIGNUM *const y = BN_bin2bn(coordinates + HALF, HALF, NULL);
	const BIGNUM *const prime = EC_GROUP_get0_field(group);
	const bool good = point != NULL && x != NULL && y != NULL && BN_cmp(x, prime) < 0 && BN_cmp(y, prime) < 0 &&
			  EC_POINT_set_affine_coordinates(group, point, x, y, context) == 1 &&
			  EC_POINT_is_on_curve(group, point, context) == 1 && !EC_POINT_is_at_infinity(group, point);
	BN_free(x);
	BN_free(y);
	if (good)
		return point;
	EC_POINT_free(point);
	return NULL;
}

struct vp256_key *vp256_key_new(const uint8_t point[VP256_POINT])
{
	struct vp256_key *made = NULL;
	BN_CTX *const context = BN_CTX_new();
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *const key = group == NULL || context == NULL ? NULL : read_point(group, point, context);
	BIGNUM *const order = group == NULL ? NULL : BN_dup(EC_GROUP_get0_order(group));
	if (key != NULL && order != NULL && EC_GROUP_set_generator(group, key, order, BN_value_one()) == 1 &&
	    EC_GROUP_precompute_mult(group, context) == 1 && EC_GROUP_have_precompute_mult(group) == 1) {
		made = memory_alloc(sizeof(*made));
		made->group = group;
		group = NULL;
	}
	BN_free(order);
	EC_POINT_free(key);
	EC_GROUP_free(group);
	BN_CTX_free(context);
	ERR_clear_error();
	return made;
}

void vp256_key_free(struct vp256_key *key)
{
	if (key == NULL)
		return;
	EC_GROUP_free(key->group);
	free(key);
}

static bool get_numbers(struct vp256_place *place)
{
	BIGNUM **const single[] = { &place->inverse, &place->w, &place->e, &place->u1, &place->u2, &place->x, &place->z,
		&place->candidate };
	BN_CTX_start(place->context);
	for (size_t i = 0; i < VP256_BATCH; i++) {
		place->r[i] = BN_CTX_get(place->context);
		place->s[i] = BN_CTX_get(place->context);
		place->product[i] = BN_CTX_get(place->context);
	}
	for (size_t i = 0; i < COUNT(single); i++)
		*single[i] = BN_CTX_get(place->context);
	return place->candidate != NULL; /* after one failure all fail */
}

static bool get_ready(struct vp256_place *place)
{
	place->context = BN_CTX_new();
	place->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	if (place->context == NULL || !get_numbers(place) || place->group == NULL)
		return false;
	place->order = EC_GROUP_get0_order(place->group);
	place->prime = EC_GROUP_get0_field(place->group);
	place->by_order = BN_MONT_CTX_new();
	place->by_prime = BN_MONT_CTX_new();
	place->sum = EC_POINT_new(place->group);
	place->part = EC_POINT_new(place->group);
	return place->order != NULL && place->prime != NULL && place->by_order != NULL && place->by_prime != NULL &&
	       place->sum != NULL && place->part != NULL &&
	       BN_MONT_CTX_set(place->by_order, place->order, place->context) == 1 &&
	       BN_MONT_CTX_set(place->by_prime, place->prime, place->context) == 1 &&
	       EC_GROUP_precompute_mult(place->group, place->context) == 1; /* has it built in, on most machines */
}

struct vp256_place *vp256_place_new(void)
{
	struct vp256_place *const place = memory_calloc(1, sizeof(*place));
	if (get_ready(place))
		return place;
	ERR_clear_error();
	vp256_place_free(place);
	return NULL;
}

void vp256_place_free(struct vp256_place *place)
{
	if (place == NULL)
		return;
	EC_POINT_free(place->sum);
	EC_POINT_free(place->part);
	BN_MONT_CTX_free(place->by_order);
	BN_MONT_CTX_free(place->by_prime);
	EC_GROUP_free(place->group);
	if (place->context != NULL)
		BN_CTX_end(place->context);
	BN_CTX_free(place->context);
	free(place);
}

/* In 1 to n - 1. */
static bool in_range(const struct vp256_place *place, const BIGNUM *number)
{
	return !BN_is_zero(number) && BN_cmp(number, place->order) < 0;
}

static bool read_signature(struct vp256_place *place, const struct vp256_item *item, size_t at)
{
	return BN_bin2bn(item->signature, HALF, place->r[at]) != NULL &&
	       BN_bin2bn(item->signature + HALF, HALF, place->s[at]) != NULL && in_range(place, place->r[at]) &&
	       in_range(place, place->s[at]);
}

/* a b / R mod n, where R is Montgomery's 2^256. */
static bool multiply(struct vp256_place *place, BIGNUM *out, const BIGNUM *a, const BIGNUM *b)
{
	return BN_mod_mul_montgomery(out, a, b, place->by_order, place->context) == 1;
}

/*
 * One inversion for all: product[i] is s[0]...s[i] / R^i, and `inverse` that of the last. On the way down
 * inverse product[i - 1] / R is 1 / s[i], and inverse s[i] / R the inverse of product[i - 1].
 */
static bool invert_product(struct vp256_place *place, size_t count)
{
	if (BN_copy(place->product[0], place->s[0]) == NULL)
		return false;
	for (size_t i = 1; i < count; i++)
		if (!multiply(place, place->product[i], place->product[i - 1], place->s[i]))
			return false;
	return BN_mod_inverse(place->inverse, place->product[count - 1], place->order, place->context) != NULL;
}

/* w = R / s[i], so that a multiplication by it divides by s; `inverse` goes one down. */
static bool next_inverse(struct vp256_place *place, size_t i)
{
	const bool made = i == 0 ? BN_copy(place->w, place->inverse) != NULL
				 : multiply(place, place->w, place->inverse, place->product[i - 1]) &&
				       multiply(place, place->inverse, place->inverse, place->s[i]);
	return made && BN_to_montgomery(place->w, place->w, place->by_order, place->context) == 1;
}

/* Whether the sum's x is `r`, in projective coordinates: X = r Z^2, both sides divided by R^2. */
static bool is_abscissa(struct vp256_place *place, const BIGNUM *r)
{
	return BN_mod_mul_montgomery(place->candidate, place->z, r, place->by_prime, place->context) == 1 &&
	       BN_cmp(place->candidate, place->x) == 0;
}

static bool compare_abscissa(struct vp256_place *place, const BIGNUM *r)
{
	BN_MONT_CTX *const by = place->by_prime;
	BN_CTX *const context = place->context;
	if (EC_POINT_is_at_infinity(place->group, place->sum) ||
	    EC_POINT_get_Jprojective_coordinates_GFp(place->group, place->sum, place->x, NULL, place->z, context) !=
		1 ||
	    BN_from_montgomery(place->x, place->x, by, context) != 1 ||
	    BN_from_montgomery(place->x, place->x, by, context) != 1 ||
	    BN_mod_mul_montgomery(place->z, place->z, place->z, by, context) != 1)
		return false;
	if (is_abscissa(place, r))
		return true;
	/* x mod n is compared, and x may be as large as p: then it is r + n (SEC 1 4.1.4). */
	return BN_add(place->u1, r, place->order) == 1 && BN_cmp(place->u1, place->prime) < 0 &&
	       is_abscissa(place, place->u1);
}

/* u1 G + u2 Q, where u1 = e / s and u2 = r / s; with w = R / s. */
static bool add_up(struct vp256_place *place, const struct vp256_item *item, const BIGNUM *r)
{
	const EC_GROUP *const group = place->group;
	if (BN_bin2bn(item->digest, VP256_DIGEST, place->e) == NULL)
		return false;
	if (BN_cmp(place->e, place->order) >= 0 && BN_sub(place->e, place->e, place->order) != 1)
		return false;
	return multiply(place, place->u1, place->e, place->w) && multiply(place, place->u2, r, place->w) &&
	       EC_POINT_mul(group, place->sum, place->u1, NULL, NULL, place->context) == 1 &&
	       EC_POINT_mul(item->key->group, place->part, place->u2, NULL, NULL, place->context) == 1 &&
	       EC_POINT_add(group, place->sum, place->sum, place->part, place->context) == 1;
}

void vp256_check(struct vp256_place *place, struct vp256_item items[], size_t count)
{
	size_t live[VP256_BATCH]; /* those whose r and s are in range */
	size_t lives = 0;
	assert(count <= VP256_BATCH);
	for (size_t i = 0; i < count; i++) {
		items[i].good = false;
		if (read_signature(place, &items[i], lives))
			live[lives++] = i;
	}
	if (lives > 0 && invert_product(place, lives)) {
		for (size_t i = lives; i-- > 0;) {
			if (!next_inverse(place, i))
				break;
			struct vp256_item *const item = &items[live[i]];
			item->good = add_up(place, item, place->r[i]) && compare_abscissa(place, place->r[i]);
		}
	}
	ERR_clear_error();
}
