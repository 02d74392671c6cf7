/* SPDX-License-Identifier: MIT */
#include "tests/unit/verify/p256_samples.h"

#include <openssl/obj_mac.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct maker *maker_new(void)
{
	struct maker *const m = calloc(1, sizeof(*m));
	assert_non_null(m);
	m->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	m->context = BN_CTX_new();
	m->n = EC_GROUP_get0_order(m->group);
	m->p = EC_GROUP_get0_field(m->group);
	m->random = 0x243f6a8885a308d3;
	return m;
}

void maker_free(struct maker *m)
{
	EC_GROUP_free(m->group);
	BN_CTX_free(m->context);
	free(m);
}

uint8_t maker_octet(struct maker *m)
{
	m->random = m->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint8_t)(m->random >> 56);
}

/* 1 to n - 1. */
BIGNUM *maker_number(struct maker *m)
{
	uint8_t octets[32];
	BIGNUM *number;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = maker_octet(m);
	number = BN_bin2bn(octets, sizeof(octets), NULL);
	assert_int_equal(BN_mod(number, number, m->n, m->context), 1);
	return number;
}

static BIGNUM *divide(struct maker *m, const BIGNUM *a, const BIGNUM *b)
{
	BIGNUM *const out = BN_mod_inverse(NULL, b, m->n, m->context);
	assert_non_null(out);
	assert_int_equal(BN_mod_mul(out, a, out, m->n, m->context), 1);
	return out;
}

void maker_put(const BIGNUM *number, uint8_t out[32])
{
	assert_int_equal(BN_bn2binpad(number, out, 32), 32);
}

void maker_put_point(struct maker *m, const EC_POINT *point, uint8_t out[VP256_POINT])
{
	uint8_t octets[65];
	assert_int_equal(
	    EC_POINT_point2oct(m->group, point, POINT_CONVERSION_UNCOMPRESSED, octets, sizeof(octets), m->context), 65);
	memcpy(out, octets + 1, VP256_POINT);
}

static EC_POINT *times_generator(struct maker *m, const BIGNUM *number)
{
	EC_POINT *const point = EC_POINT_new(m->group);
	assert_int_equal(EC_POINT_mul(m->group, point, number, NULL, NULL, m->context), 1);
	return point;
}

static BIGNUM *abscissa(struct maker *m, const EC_POINT *point)
{
	BIGNUM *const x = BN_new();
	assert_int_equal(EC_POINT_get_affine_coordinates(m->group, point, x, NULL, m->context), 1);
	return x;
}

/* The signature that makes a verifier compute u1 G + u2 Q and find x mod n, where s = r / u2 and e = u1 s. */
static void put_signature(struct maker *m, const BIGNUM *u1, const BIGNUM *u2, const BIGNUM *x, struct vp256_item *out)
{
	BIGNUM *const r = BN_new();
	assert_int_equal(BN_nnmod(r, x, m->n, m->context), 1);
	BIGNUM *const s = divide(m, r, u2);
	BIGNUM *const e = BN_new();
	assert_int_equal(BN_mod_mul(e, u1, s, m->n, m->context), 1);
	maker_put(e, out->digest);
	maker_put(r, out->signature);
	maker_put(s, out->signature + 32);
	BN_free(r);
	BN_free(s);
	BN_free(e);
}

/* A good signature by the private key d, from random u1 and u2. */
void maker_make_good(struct maker *m, const BIGNUM *d, struct sample *out)
{
	BIGNUM *const u1 = maker_number(m);
	BIGNUM *const u2 = maker_number(m);
	EC_POINT *const key = times_generator(m, d);
	EC_POINT *const sum = EC_POINT_new(m->group);
	assert_int_equal(EC_POINT_mul(m->group, sum, u1, key, u2, m->context), 1);
	BIGNUM *const x = abscissa(m, sum);
	maker_put_point(m, key, out->point);
	put_signature(m, u1, u2, x, &out->item);
	BN_free(u1);
	BN_free(u2);
	BN_free(x);
	EC_POINT_free(key);
	EC_POINT_free(sum);
}

/* u2 = sign u1 / d: the two points that are added are equal (+1) or opposite (-1). */
static void make_related(struct maker *m, int sign, struct sample *out)
{
	BIGNUM *const d = maker_number(m);
	BIGNUM *const u1 = maker_number(m);
	BIGNUM *const u2 = divide(m, u1, d);
	EC_POINT *const key = times_generator(m, d);
	EC_POINT *const half = times_generator(m, u1);
	EC_POINT *const sum = EC_POINT_new(m->group);
	assert_int_equal(EC_POINT_dbl(m->group, sum, half, m->context), 1);
	if (sign < 0)
		BN_sub(u2, m->n, u2);
	BIGNUM *const x = abscissa(m, sign > 0 ? sum : half);
	maker_put_point(m, key, out->point);
	put_signature(m, u1, u2, x, &out->item);
	BN_free(d);
	BN_free(u1);
	BN_free(u2);
	BN_free(x);
	EC_POINT_free(key);
	EC_POINT_free(half);
	EC_POINT_free(sum);
}

static void make_equal_points(struct maker *m, struct sample *out)
{
	make_related(m, 1, out);
}

static void make_opposite_points(struct maker *m, struct sample *out)
{
	make_related(m, -1, out);
}

/* u2 = 5 is one digit of the wide table, so the last addition is of u1 G and u2 Q: equal (+1) or opposite (-1). */
static void make_meeting(struct maker *m, int sign, bool with_r, struct sample *out)
{
	BIGNUM *const u1 = maker_number(m);
	BIGNUM *const u2 = BN_new();
	BN_set_word(u2, 5);
	BIGNUM *const d = divide(m, u1, u2);
	if (sign < 0)
		BN_sub(d, m->n, d);
	EC_POINT *const key = times_generator(m, d);
	EC_POINT *const sum = times_generator(m, u1);
	assert_int_equal(EC_POINT_dbl(m->group, sum, sum, m->context), 1);
	BIGNUM *const x = with_r ? abscissa(m, sum) : maker_number(m);
	maker_put_point(m, key, out->point);
	put_signature(m, u1, u2, x, &out->item);
	BN_free(u1);
	BN_free(u2);
	BN_free(d);
	BN_free(x);
	EC_POINT_free(key);
	EC_POINT_free(sum);
}

static void make_equal_meeting(struct maker *m, struct sample *out)
{
	make_meeting(m, 1, true, out);
}

static void make_equal_meeting_of_another_r(struct maker *m, struct sample *out)
{
	make_meeting(m, 1, false, out);
}

static void make_opposite_meeting(struct maker *m, struct sample *out)
{
	make_meeting(m, -1, false, out);
}

/* The sum's x is n or more, so r = x - n: the key is made for the signature, Q = (R - u1 G) / u2. */
static void make_wrapped(struct maker *m, struct sample *out)
{
	BIGNUM *const x = BN_dup(m->n);
	BIGNUM *const u1 = maker_number(m);
	BIGNUM *const u2 = maker_number(m);
	BIGNUM *const inverse = BN_mod_inverse(NULL, u2, m->n, m->context);
	EC_POINT *const sum = EC_POINT_new(m->group);
	EC_POINT *const part = times_generator(m, u1);
	EC_POINT *const key = EC_POINT_new(m->group);
	do
		BN_add_word(x, 1);
	while (EC_POINT_set_compressed_coordinates(m->group, sum, x, 0, m->context) != 1);
	assert_int_equal(EC_POINT_invert(m->group, part, m->context), 1);
	assert_int_equal(EC_POINT_add(m->group, part, sum, part, m->context), 1);
	assert_int_equal(EC_POINT_mul(m->group, key, NULL, part, inverse, m->context), 1);
	maker_put_point(m, key, out->point);
	put_signature(m, u1, u2, x, &out->item);
	BN_free(x);
	BN_free(u1);
	BN_free(u2);
	BN_free(inverse);
	EC_POINT_free(sum);
	EC_POINT_free(part);
	EC_POINT_free(key);
}

/* A digest of zero: u1 is 0 and half of the sum is the point at infinity. */
static void make_zero_digest(struct maker *m, struct sample *out)
{
	BIGNUM *const zero = BN_new();
	BIGNUM *const u2 = maker_number(m);
	BIGNUM *const d = maker_number(m);
	BIGNUM *const k = BN_new();
	assert_int_equal(BN_mod_mul(k, u2, d, m->n, m->context), 1);
	EC_POINT *const key = times_generator(m, d);
	EC_POINT *const sum = times_generator(m, k);
	BIGNUM *const x = abscissa(m, sum);
	maker_put_point(m, key, out->point);
	put_signature(m, zero, u2, x, &out->item);
	BN_free(zero);
	BN_free(u2);
	BN_free(d);
	BN_free(k);
	BN_free(x);
	EC_POINT_free(key);
	EC_POINT_free(sum);
}

/* d = 1 and d = n - 1: the key is the generator, or its opposite. */
static void make_generator(struct maker *m, struct sample *out)
{
	maker_make_good(m, BN_value_one(), out);
}

static void make_opposite_generator(struct maker *m, struct sample *out)
{
	BIGNUM *const d = BN_dup(m->n);
	BN_sub_word(d, 1);
	maker_make_good(m, d, out);
	BN_free(d);
}

void maker_make_any(struct maker *m, struct sample *out)
{
	BIGNUM *const d = maker_number(m);
	maker_make_good(m, d, out);
	BN_free(d);
}

/* A digest of n and more is taken modulo n: here n + 5, signed as a signer does it. */
static void make_large_digest(struct maker *m, struct sample *out)
{
	BIGNUM *const e = BN_new();
	BN_set_word(e, 5);
	BIGNUM *const d = maker_number(m);
	BIGNUM *const k = maker_number(m);
	EC_POINT *const key = times_generator(m, d);
	EC_POINT *const sum = times_generator(m, k);
	BIGNUM *const x = abscissa(m, sum);
	BIGNUM *const r = BN_new();
	BIGNUM *const s = BN_new();
	assert_int_equal(BN_nnmod(r, x, m->n, m->context), 1);
	assert_int_equal(BN_mod_mul(s, r, d, m->n, m->context), 1);
	assert_int_equal(BN_mod_add(s, s, e, m->n, m->context), 1);
	BIGNUM *const quotient = divide(m, s, k);
	BN_add(e, e, m->n);
	maker_put(e, out->item.digest);
	maker_put(r, out->item.signature);
	maker_put(quotient, out->item.signature + 32);
	maker_put_point(m, key, out->point);
	BN_free(e);
	BN_free(d);
	BN_free(k);
	BN_free(x);
	BN_free(r);
	BN_free(s);
	BN_free(quotient);
	EC_POINT_free(key);
	EC_POINT_free(sum);
}

void maker_change_half(struct maker *m, enum change change, uint8_t half[32])
{
	BIGNUM *const number = BN_bin2bn(half, 32, NULL);
	BIGNUM *const most = BN_new();
	BN_one(most);
	BN_lshift(most, most, 256);
	BN_sub_word(most, 1);
	switch (change) {
	case SAME:
		break;
	case ZERO:
		BN_zero(number);
		break;
	case ONE:
		BN_one(number);
		break;
	case ORDER_LESS_1:
	case ORDER:
	case ORDER_MORE_1:
		BN_copy(number, m->n);
		BN_add_word(number, change == ORDER_MORE_1);
		BN_sub_word(number, change == ORDER_LESS_1);
		break;
	case PRIME:
		BN_copy(number, m->p);
		break;
	case ALL_ONES:
		BN_copy(number, most);
		break;
	case NEGATED:
		BN_sub(number, m->n, number);
		break;
	case PLUS_ORDER:
		BN_add(number, number, m->n);
		assert_true(BN_cmp(number, most) <= 0);
		break;
	}
	maker_put(number, half);
	BN_free(number);
	BN_free(most);
}

const struct edge maker_edges[MAKER_EDGES] = {
	{ "an ordinary signature is good", maker_make_any, SAME, SAME, true },
	{ "n - s is as good as s", maker_make_any, SAME, NEGATED, true },
	{ "r = 0 is bad", maker_make_any, ZERO, SAME, false },
	{ "s = 0 is bad", maker_make_any, SAME, ZERO, false },
	{ "r = s = 0 is bad", maker_make_any, ZERO, ZERO, false },
	{ "r = 1 is bad", maker_make_any, ONE, SAME, false },
	{ "s = 1 is bad", maker_make_any, SAME, ONE, false },
	{ "r = n - 1 is bad", maker_make_any, ORDER_LESS_1, SAME, false },
	{ "s = n - 1 is bad", maker_make_any, SAME, ORDER_LESS_1, false },
	{ "r = n is bad", maker_make_any, ORDER, SAME, false },
	{ "s = n is bad", maker_make_any, SAME, ORDER, false },
	{ "r = n + 1 is bad", maker_make_any, ORDER_MORE_1, SAME, false },
	{ "s = n + 1 is bad", maker_make_any, SAME, ORDER_MORE_1, false },
	{ "r = p is bad", maker_make_any, PRIME, SAME, false },
	{ "r = 2^256 - 1 is bad", maker_make_any, ALL_ONES, SAME, false },
	{ "s = 2^256 - 1 is bad", maker_make_any, SAME, ALL_ONES, false },
	{ "n - r is bad", maker_make_any, NEGATED, SAME, false },
	{ "r = x - n is good where x is larger than n", make_wrapped, SAME, SAME, true },
	{ "r = x is bad where x is larger than n", make_wrapped, PLUS_ORDER, SAME, false },
	{ "u1 G = u2 Q, a doubling, is good", make_equal_points, SAME, SAME, true },
	{ "the same with n - s is good", make_equal_points, SAME, NEGATED, true },
	{ "u1 G = -u2 Q is bad: the sum is at infinity", make_opposite_points, SAME, SAME, false },
	{ "a doubling in the last step is good", make_equal_meeting, SAME, SAME, true },
	{ "a doubling in the last step is bad with another r", make_equal_meeting_of_another_r, SAME, SAME, false },
	{ "opposite points in the last step are bad", make_opposite_meeting, SAME, SAME, false },
	{ "a digest of zero is good", make_zero_digest, SAME, SAME, true },
	{ "a digest of zero with n - s is good", make_zero_digest, SAME, NEGATED, true },
	{ "a digest larger than n is good", make_large_digest, SAME, SAME, true },
	{ "the generator as a key is good", make_generator, SAME, SAME, true },
	{ "the generator's opposite as a key is good", make_opposite_generator, SAME, SAME, true },
};
