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
#include "signer/verify/vp256_wide.h"

enum { HALF = 32, ALIGNMENT = 64, SHIFT = 256 + 260 };

/*
 * P-256 with the public key for its generator. Either its table holds the key's multiples (OpenSSL's), or `multiples`
 * has those of the generator and of the key for eight at a time.
 */
struct vp256_key {
	EC_GROUP *group;
	void *memory; /* NULL: not wide */
	const struct vp256_entry *multiples[2];
};

struct vp256_place {
	EC_GROUP *group;
	BN_CTX *context; /* owns the numbers below */
	const BIGNUM *order;
	const BIGNUM *prime;
	BN_MONT_CTX *by_order; /* multiplies modulo n */
	BN_MONT_CTX *by_prime; /* multiplies modulo p */
	BIGNUM *gap;           /* p - n: below it x may be r + n too */
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

/* What makes the points that a table is filled from. */
struct moulder {
	const EC_GROUP *group;
	BN_CTX *context;
	BN_MONT_CTX *by_prime;
	BIGNUM *x, *y, *shift; /* 2^(256 + 260): times it, divided by Montgomery's 2^256 */
	EC_POINT *points[2 * VP256_DIGITS];
};

static bool moulder_open(struct moulder *m, const EC_GROUP *group, BN_CTX *context)
{
	*m = (struct moulder){ .group = group, .context = context, .by_prime = BN_MONT_CTX_new() };
	BN_CTX_start(context);
	m->x = BN_CTX_get(context);
	m->y = BN_CTX_get(context);
	m->shift = BN_CTX_get(context);
	bool made = m->shift != NULL && m->by_prime != NULL;
	for (size_t i = 0; i < COUNT(m->points); i++)
		made = (m->points[i] = EC_POINT_new(group)) != NULL && made;
	const BIGNUM *const prime = EC_GROUP_get0_field(group);
	return made && BN_MONT_CTX_set(m->by_prime, prime, context) == 1 && BN_set_bit(m->shift, SHIFT) == 1 &&
	       BN_nnmod(m->shift, m->shift, prime, context) == 1;
}

static void moulder_close(struct moulder *m)
{
	for (size_t i = 0; i < COUNT(m->points); i++)
		EC_POINT_free(m->points[i]);
	BN_MONT_CTX_free(m->by_prime);
	BN_CTX_end(m->context);
}

static bool put_coordinate(struct moulder *m, BIGNUM *number, uint8_t out[HALF])
{
	return BN_mod_mul_montgomery(number, number, m->shift, m->by_prime, m->context) == 1 &&
	       BN_bn2lebinpad(number, out, HALF) == HALF;
}

static bool put_point(struct moulder *m, const EC_POINT *point, struct vp256_entry *out)
{
	uint8_t *const octets = (uint8_t *)out->words;
	return EC_POINT_get_affine_coordinates(m->group, point, m->x, m->y, m->context) == 1 &&
	       put_coordinate(m, m->x, octets) && put_coordinate(m, m->y, octets + HALF);
}

/* points[0] times 256 in each second place, and twice that beside it. */
static bool multiply_points(struct moulder *m)
{
	bool good = true;
	for (size_t i = 0; i < COUNT(m->points) && good; i += 2) {
		EC_POINT **const at = m->points + i;
		good = EC_POINT_dbl(m->group, at[1], at[0], m->context) == 1;
		if (i + 2 == COUNT(m->points) || !good)
			break;
		good = EC_POINT_copy(at[2], at[1]) == 1;
		for (unsigned bit = 1; bit < 8 && good; bit++)
			good = EC_POINT_dbl(m->group, at[2], at[2], m->context) == 1;
	}
	return good && EC_POINTs_make_affine(m->group, COUNT(m->points), m->points, m->context) == 1;
}

static bool put_multiples(const EC_GROUP *group, const EC_POINT *point, BN_CTX *context, struct vp256_entry *out)
{
	struct moulder m;
	struct vp256_entry points[2 * VP256_DIGITS];
	bool good = moulder_open(&m, group, context) && EC_POINT_copy(m.points[0], point) == 1 && multiply_points(&m);
	for (size_t i = 0; i < COUNT(points) && good; i++)
		good = put_point(&m, m.points[i], &points[i]);
	if (good)
		vp256_wide_fill(points, out);
	moulder_close(&m);
	return good;
}

/* The group's generator is still P-256's own. */
static bool make_wide(struct vp256_key *key, const EC_POINT *point, BN_CTX *context)
{
	const size_t size = VP256_ENTRIES * sizeof(struct vp256_entry);
	key->memory = memory_alloc(2 * size + ALIGNMENT);
	uint8_t *const start = (uint8_t *)key->memory + (ALIGNMENT - (uintptr_t)key->memory % ALIGNMENT);
	struct vp256_entry *const tables[] = { (void *)start, (void *)(start + size) };
	key->multiples[0] = tables[0];
	key->multiples[1] = tables[1];
	return put_multiples(key->group, EC_GROUP_get0_generator(key->group), context, tables[0]) &&
	       put_multiples(key->group, point, context, tables[1]);
}

/* With AVX-512 of the kinds that vp256_wide.c is built for; whether the kernel keeps its registers is asked too. */
bool vp256_can_wide(void)
{
#if defined(__x86_64__)
	return vp256_wide_built_in() && __builtin_cpu_supports("avx512f") != 0 &&
	       __builtin_cpu_supports("avx512ifma") != 0;
#else
	return false;
#endif
}

static bool make_key(struct vp256_key *key, const uint8_t point[VP256_POINT], bool wide, BN_CTX *context)
{
	EC_GROUP *const group = key->group;
	EC_POINT *const public = read_point(group, point, context);
	BIGNUM *const order = BN_dup(EC_GROUP_get0_order(group));
	const bool good =
	    public != NULL && order != NULL && (!wide || make_wide(key, public, context)) &&
	    EC_GROUP_set_generator(group, public, order, BN_value_one()) == 1 &&
	    (wide || (EC_GROUP_precompute_mult(group, context) == 1 && EC_GROUP_have_precompute_mult(group) == 1));
	BN_free(order);
	EC_POINT_free(public);
	return good;
}

struct vp256_key *vp256_key_new(const uint8_t point[VP256_POINT], bool wide)
{
	struct vp256_key *const key = memory_calloc(1, sizeof(*key));
	BN_CTX *const context = BN_CTX_new();
	key->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	const bool good =
	    context != NULL && key->group != NULL && make_key(key, point, wide && vp256_can_wide(), context);
	BN_CTX_free(context);
	ERR_clear_error();
	if (good)
		return key;
	vp256_key_free(key);
	return NULL;
}

void vp256_key_free(struct vp256_key *key)
{
	if (key == NULL)
		return;
	EC_GROUP_free(key->group);
	free(key->memory);
	free(key);
}

static bool get_numbers(struct vp256_place *place)
{
	BIGNUM **const single[] = { &place->inverse, &place->w, &place->e, &place->u1, &place->u2, &place->x, &place->z,
		&place->gap, &place->candidate };
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
	       place->sum != NULL && place->part != NULL && BN_sub(place->gap, place->prime, place->order) == 1 &&
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

/* u1 = e / s and u2 = r / s; with w = R / s. */
static bool get_factors(struct vp256_place *place, const struct vp256_item *item, const BIGNUM *r)
{
	if (BN_bin2bn(item->digest, VP256_DIGEST, place->e) == NULL)
		return false;
	if (BN_cmp(place->e, place->order) >= 0 && BN_sub(place->e, place->e, place->order) != 1)
		return false;
	return multiply(place, place->u1, place->e, place->w) && multiply(place, place->u2, r, place->w);
}

/* Whether u1 G + u2 Q has r for its x. */
static bool add_up(struct vp256_place *place, const struct vp256_key *key, const BIGNUM *r)
{
	return EC_POINT_mul(place->group, place->sum, place->u1, NULL, NULL, place->context) == 1 &&
	       EC_POINT_mul(key->group, place->part, place->u2, NULL, NULL, place->context) == 1 &&
	       EC_POINT_add(place->group, place->sum, place->sum, place->part, place->context) == 1 &&
	       compare_abscissa(place, r);
}

static bool set_lane(struct vp256_place *place, const struct vp256_key *key, const BIGNUM *r, struct vp256_lane *lane)
{
	lane->tables[0] = key->multiples[0];
	lane->tables[1] = key->multiples[1];
	lane->used = BN_bn2lebinpad(place->u1, lane->factors[0], HALF) == HALF &&
		     BN_bn2lebinpad(place->u2, lane->factors[1], HALF) == HALF &&
		     BN_bn2lebinpad(r, lane->r, HALF) == HALF;
	return lane->used;
}

/* Those that wait for a full set of lanes. */
struct lanes {
	struct vp256_lane lane[VP256_LANES];
	size_t item[VP256_LANES]; /* index into live */
	size_t count;
};

static BIGNUM *set_factor(BIGNUM *number, const uint8_t octets[HALF])
{
	return BN_lebin2bn(octets, HALF, number);
}

/* What the lanes cannot tell is added up alone: points that met in a sum, and an x that may be r + n. */
static bool alone(
    struct vp256_place *place, const struct vp256_key *key, const BIGNUM *r, const struct vp256_lane *lane)
{
	return set_factor(place->u1, lane->factors[0]) != NULL && set_factor(place->u2, lane->factors[1]) != NULL &&
	       add_up(place, key, r);
}

static void empty_lanes(struct vp256_place *place, struct lanes *lanes, struct vp256_item items[], const size_t live[])
{
	if (lanes->count == 0)
		return;
	for (size_t i = lanes->count; i < VP256_LANES; i++)
		lanes->lane[i].used = false;
	vp256_wide_check(lanes->lane);
	for (size_t i = 0; i < lanes->count; i++) {
		const struct vp256_lane *const lane = &lanes->lane[i];
		struct vp256_item *const item = &items[live[lanes->item[i]]];
		const BIGNUM *const r = place->r[lanes->item[i]];
		item->good = lane->good;
		if (!lane->good && (lane->unsure || BN_cmp(r, place->gap) < 0))
			item->good = alone(place, item->key, r, lane);
	}
	lanes->count = 0;
}

/* From the last to the first, as the inverses come. */
static void check_live(struct vp256_place *place, struct vp256_item items[], const size_t live[], size_t lives)
{
	struct lanes lanes = { .count = 0 };
	for (size_t i = lives; i-- > 0;) {
		struct vp256_item *const item = &items[live[i]];
		if (!next_inverse(place, i))
			break;
		if (!get_factors(place, item, place->r[i]))
			continue;
		if (item->key->memory == NULL) {
			item->good = add_up(place, item->key, place->r[i]);
			continue;
		}
		lanes.item[lanes.count] = i;
		lanes.count += set_lane(place, item->key, place->r[i], &lanes.lane[lanes.count]);
		if (lanes.count == VP256_LANES)
			empty_lanes(place, &lanes, items, live);
	}
	empty_lanes(place, &lanes, items, live);
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
	if (lives > 0 && invert_product(place, lives))
		check_live(place, items, live, lives);
	ERR_clear_error();
}
