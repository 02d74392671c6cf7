/* SPDX-License-Identifier: MIT */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "signer/base/workers.h"
#include "signer/verify/vp256.h"

/* Signatures are made here from chosen numbers, so that each edge of the formula can be met; EVP is the oracle. */

enum { RANDOM_KEYS = 4, RANDOM_ROUNDS = 60, THREADS = 4 };

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

static struct maker *maker_new(void)
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

static void maker_free(struct maker *m)
{
	EC_GROUP_free(m->group);
	BN_CTX_free(m->context);
	free(m);
}

static uint8_t random_octet(struct maker *m)
{
	m->random = m->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint8_t)(m->random >> 56);
}

/* 1 to n - 1. */
static BIGNUM *random_number(struct maker *m)
{
	uint8_t octets[32];
	BIGNUM *number;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = random_octet(m);
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

static void put(const BIGNUM *number, uint8_t out[32])
{
	assert_int_equal(BN_bn2binpad(number, out, 32), 32);
}

static void put_point(struct maker *m, const EC_POINT *point, uint8_t out[VP256_POINT])
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
	put(e, out->digest);
	put(r, out->signature);
	put(s, out->signature + 32);
	BN_free(r);
	BN_free(s);
	BN_free(e);
}

/* A good signature by the private key d, from random u1 and u2. */
static void make_good(struct maker *m, const BIGNUM *d, struct sample *out)
{
	BIGNUM *const u1 = random_number(m);
	BIGNUM *const u2 = random_number(m);
	EC_POINT *const key = times_generator(m, d);
	EC_POINT *const sum = EC_POINT_new(m->group);
	assert_int_equal(EC_POINT_mul(m->group, sum, u1, key, u2, m->context), 1);
	BIGNUM *const x = abscissa(m, sum);
	put_point(m, key, out->point);
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
	BIGNUM *const d = random_number(m);
	BIGNUM *const u1 = random_number(m);
	BIGNUM *const u2 = divide(m, u1, d);
	EC_POINT *const key = times_generator(m, d);
	EC_POINT *const half = times_generator(m, u1);
	EC_POINT *const sum = EC_POINT_new(m->group);
	assert_int_equal(EC_POINT_dbl(m->group, sum, half, m->context), 1);
	if (sign < 0)
		BN_sub(u2, m->n, u2);
	BIGNUM *const x = abscissa(m, sign > 0 ? sum : half);
	put_point(m, key, out->point);
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

/* The sum's x is n or more, so r = x - n: the key is made for the signature, Q = (R - u1 G) / u2. */
static void make_wrapped(struct maker *m, struct sample *out)
{
	BIGNUM *const x = BN_dup(m->n);
	BIGNUM *const u1 = random_number(m);
	BIGNUM *const u2 = random_number(m);
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
	put_point(m, key, out->point);
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
	BIGNUM *const u2 = random_number(m);
	BIGNUM *const d = random_number(m);
	BIGNUM *const k = BN_new();
	assert_int_equal(BN_mod_mul(k, u2, d, m->n, m->context), 1);
	EC_POINT *const key = times_generator(m, d);
	EC_POINT *const sum = times_generator(m, k);
	BIGNUM *const x = abscissa(m, sum);
	put_point(m, key, out->point);
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
	make_good(m, BN_value_one(), out);
}

static void make_opposite_generator(struct maker *m, struct sample *out)
{
	BIGNUM *const d = BN_dup(m->n);
	BN_sub_word(d, 1);
	make_good(m, d, out);
	BN_free(d);
}

static void make_any(struct maker *m, struct sample *out)
{
	BIGNUM *const d = random_number(m);
	make_good(m, d, out);
	BN_free(d);
}

/* A digest of n and more is taken modulo n: here n + 5, signed as a signer does it. */
static void make_large_digest(struct maker *m, struct sample *out)
{
	BIGNUM *const e = BN_new();
	BN_set_word(e, 5);
	BIGNUM *const d = random_number(m);
	BIGNUM *const k = random_number(m);
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
	put(e, out->item.digest);
	put(r, out->item.signature);
	put(quotient, out->item.signature + 32);
	put_point(m, key, out->point);
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

/* What is done to one half of a signature: another number takes its place, or its sum with or difference from n. */
enum change { SAME, ZERO, ONE, ORDER_LESS_1, ORDER, ORDER_MORE_1, PRIME, ALL_ONES, NEGATED, PLUS_ORDER };

static void change_half(struct maker *m, enum change change, uint8_t half[32])
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
	put(number, half);
	BN_free(number);
	BN_free(most);
}

static const struct edge {
	const char *title;
	void (*make)(struct maker *m, struct sample *out);
	enum change r, s;
	bool good;
} edges[] = {
	{ "an ordinary signature is good", make_any, SAME, SAME, true },
	{ "n - s is as good as s", make_any, SAME, NEGATED, true },
	{ "r = 0 is bad", make_any, ZERO, SAME, false },
	{ "s = 0 is bad", make_any, SAME, ZERO, false },
	{ "r = s = 0 is bad", make_any, ZERO, ZERO, false },
	{ "r = 1 is bad", make_any, ONE, SAME, false },
	{ "s = 1 is bad", make_any, SAME, ONE, false },
	{ "r = n - 1 is bad", make_any, ORDER_LESS_1, SAME, false },
	{ "s = n - 1 is bad", make_any, SAME, ORDER_LESS_1, false },
	{ "r = n is bad", make_any, ORDER, SAME, false },
	{ "s = n is bad", make_any, SAME, ORDER, false },
	{ "r = n + 1 is bad", make_any, ORDER_MORE_1, SAME, false },
	{ "s = n + 1 is bad", make_any, SAME, ORDER_MORE_1, false },
	{ "r = p is bad", make_any, PRIME, SAME, false },
	{ "r = 2^256 - 1 is bad", make_any, ALL_ONES, SAME, false },
	{ "s = 2^256 - 1 is bad", make_any, SAME, ALL_ONES, false },
	{ "n - r is bad", make_any, NEGATED, SAME, false },
	{ "r = x - n is good where x is larger than n", make_wrapped, SAME, SAME, true },
	{ "r = x is bad where x is larger than n", make_wrapped, PLUS_ORDER, SAME, false },
	{ "u1 G = u2 Q, a doubling, is good", make_equal_points, SAME, SAME, true },
	{ "the same with n - s is good", make_equal_points, SAME, NEGATED, true },
	{ "u1 G = -u2 Q is bad: the sum is at infinity", make_opposite_points, SAME, SAME, false },
	{ "a digest of zero is good", make_zero_digest, SAME, SAME, true },
	{ "a digest of zero with n - s is good", make_zero_digest, SAME, NEGATED, true },
	{ "a digest larger than n is good", make_large_digest, SAME, SAME, true },
	{ "the generator as a key is good", make_generator, SAME, SAME, true },
	{ "the generator's opposite as a key is good", make_opposite_generator, SAME, SAME, true },
};

/* --- the oracle --- */

static EVP_PKEY *oracle_key(const uint8_t point[VP256_POINT])
{
	uint8_t octets[65] = { 4 };
	char name[] = "P-256";
	EVP_PKEY *key = NULL;
	memcpy(octets + 1, point, VP256_POINT);
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, octets, sizeof(octets)),
		OSSL_PARAM_construct_end() };
	EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	if (EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	return key;
}

static bool oracle(EVP_PKEY *key, const struct vp256_item *item)
{
	uint8_t der[80];
	size_t used = 2;
	for (size_t half = 0; half < 2; half++) {
		der[used] = 2;
		der[used + 1] = 33;
		der[used + 2] = 0;
		memcpy(der + used + 3, item->signature + 32 * half, 32);
		/* The shortest form is the only one. */
		while (der[used + 1] > 1 && der[used + 2] == 0 && der[used + 3] < 0x80) {
			memmove(der + used + 2, der + used + 3, der[used + 1] - 1u);
			der[used + 1]--;
		}
		used += 2u + der[used + 1];
	}
	der[0] = 0x30;
	der[1] = (uint8_t)(used - 2);
	EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new(key, NULL);
	assert_int_equal(EVP_PKEY_verify_init(context), 1);
	const bool good = EVP_PKEY_verify(context, der, used, item->digest, VP256_DIGEST) == 1;
	EVP_PKEY_CTX_free(context);
	return good;
}

/* --- the tests --- */

static void edges_are_judged_as_evp_judges_them(void **state)
{
	struct maker *const m = maker_new();
	struct vp256_place *const place = vp256_place_new();
	(void)state;
	for (size_t i = 0; i < COUNT(edges); i++) {
		struct sample sample = { .item = { .good = !edges[i].good } };
		edges[i].make(m, &sample);
		change_half(m, edges[i].r, sample.item.signature);
		change_half(m, edges[i].s, sample.item.signature + 32);
		struct vp256_key *const key = vp256_key_new(sample.point);
		EVP_PKEY *const other = oracle_key(sample.point);
		assert_non_null(key);
		sample.item.key = key;
		vp256_check(place, &sample.item, 1);
		if (oracle(other, &sample.item) != edges[i].good || sample.item.good != edges[i].good)
			fail_msg("%s: EVP says %d, we say %d", edges[i].title, oracle(other, &sample.item),
			    sample.item.good);
		vp256_key_free(key);
		EVP_PKEY_free(other);
	}
	vp256_place_free(place);
	maker_free(m);
}

/* All edges and their keys in one batch: a bad neighbour, or one out of range, spoils nobody. */
static void a_batch_is_judged_item_by_item(void **state)
{
	struct maker *const m = maker_new();
	struct vp256_place *const place = vp256_place_new();
	struct vp256_key *keys[COUNT(edges)];
	struct vp256_item items[COUNT(edges)];
	(void)state;
	for (size_t i = 0; i < COUNT(edges); i++) {
		struct sample sample;
		edges[i].make(m, &sample);
		change_half(m, edges[i].r, sample.item.signature);
		change_half(m, edges[i].s, sample.item.signature + 32);
		items[i] = sample.item;
		items[i].key = keys[i] = vp256_key_new(sample.point);
	}
	vp256_check(place, items, COUNT(edges));
	for (size_t i = 0; i < COUNT(edges); i++) {
		if (items[i].good != edges[i].good)
			fail_msg("%s: %d", edges[i].title, items[i].good);
		vp256_key_free(keys[i]);
	}
	vp256_check(place, items, 0);
	vp256_place_free(place);
	maker_free(m);
}

static void points_off_the_curve_get_no_table(void **state)
{
	struct maker *const m = maker_new();
	struct sample sample;
	uint8_t point[VP256_POINT] = { 0 };
	(void)state;
	assert_null(vp256_key_new(point)); /* (0, 0) */
	memset(point, 0xff, sizeof(point));
	assert_null(vp256_key_new(point)); /* no elements of the field */
	make_any(m, &sample);
	memcpy(point, sample.point, sizeof(point));
	point[63] ^= 1;
	assert_null(vp256_key_new(point));
	/* x + p is the same element in another spelling: refused; x = 5 is on the curve, and 5 + p fits. */
	BIGNUM *const x = BN_new();
	EC_POINT *const low = EC_POINT_new(m->group);
	BN_set_word(x, 5);
	assert_int_equal(EC_POINT_set_compressed_coordinates(m->group, low, x, 0, m->context), 1);
	put_point(m, low, point);
	struct vp256_key *const key = vp256_key_new(point);
	assert_non_null(key);
	BN_add(x, x, m->p);
	put(x, point);
	assert_null(vp256_key_new(point));
	vp256_key_free(key);
	vp256_key_free(NULL);
	vp256_place_free(NULL);
	BN_free(x);
	EC_POINT_free(low);
	maker_free(m);
}

struct race {
	struct vp256_key *keys[RANDOM_KEYS];
	EVP_PKEY *oracles[RANDOM_KEYS];
	struct vp256_place *places[THREADS];
	struct sample *samples; /* RANDOM_ROUNDS batches */
	unsigned wrong[THREADS];
	unsigned good[THREADS];
};

static enum status judge_batches(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct race *const race = context;
	(void)err;
	for (size_t batch = first; batch < end; batch++) {
		struct vp256_item items[VP256_BATCH];
		for (size_t i = 0; i < VP256_BATCH; i++)
			items[i] = race->samples[batch * VP256_BATCH + i].item;
		vp256_check(race->places[worker], items, VP256_BATCH);
		for (size_t i = 0; i < VP256_BATCH; i++) {
			race->wrong[worker] +=
			    items[i].good != oracle(race->oracles[(batch + i) % RANDOM_KEYS], &items[i]);
			race->good[worker] += items[i].good;
		}
	}
	return STATUS_OK;
}

/* One bit is turned over in half of them: in r, s, the digest, or the signature is by another key. */
static void corrupt(struct maker *m, struct race *race, size_t at)
{
	struct vp256_item *const item = &race->samples[at].item;
	const unsigned bit = random_octet(m);
	uint8_t *const parts[] = { item->signature, item->signature + 32, item->digest };
	const unsigned kind = random_octet(m) % 8;
	if (kind < COUNT(parts))
		parts[kind][bit / 8] ^= (uint8_t)(1u << bit % 8);
	else if (kind == 3)
		memcpy(item->digest, race->samples[at == 0 ? 0 : at - 1].item.digest, VP256_DIGEST);
}

static void random_signatures_are_judged_as_evp_judges_them_by_several_threads(void **state)
{
	struct maker *const m = maker_new();
	struct race race = { .samples = calloc(RANDOM_ROUNDS * VP256_BATCH, sizeof(struct sample)) };
	BIGNUM *secrets[RANDOM_KEYS];
	unsigned wrong = 0, good = 0;
	struct error err;
	(void)state;
	for (size_t i = 0; i < RANDOM_KEYS; i++)
		secrets[i] = random_number(m);
	for (size_t i = 0; i < (size_t)RANDOM_ROUNDS * VP256_BATCH; i++) {
		const size_t which = (i / VP256_BATCH + i % VP256_BATCH) % RANDOM_KEYS;
		struct sample *const sample = &race.samples[i];
		make_good(m, secrets[which], sample);
		if (race.keys[which] == NULL) {
			race.keys[which] = vp256_key_new(sample->point);
			race.oracles[which] = oracle_key(sample->point);
		}
		sample->item.key = race.keys[which];
		corrupt(m, &race, i);
	}
	for (size_t i = 0; i < THREADS; i++)
		race.places[i] = vp256_place_new();
	assert_int_equal(workers_run(THREADS, RANDOM_ROUNDS, 1, judge_batches, &race, &err), STATUS_OK);
	for (size_t i = 0; i < THREADS; i++) {
		wrong += race.wrong[i];
		good += race.good[i];
		vp256_place_free(race.places[i]);
	}
	assert_int_equal(wrong, 0);
	assert_in_range(good, RANDOM_ROUNDS * VP256_BATCH / 4, RANDOM_ROUNDS * VP256_BATCH * 3 / 4);
	for (size_t i = 0; i < RANDOM_KEYS; i++) {
		vp256_key_free(race.keys[i]);
		EVP_PKEY_free(race.oracles[i]);
		BN_free(secrets[i]);
	}
	free(race.samples);
	maker_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges_are_judged_as_evp_judges_them),
		cmocka_unit_test(a_batch_is_judged_item_by_item),
		cmocka_unit_test(points_off_the_curve_get_no_table),
		cmocka_unit_test(random_signatures_are_judged_as_evp_judges_them_by_several_threads),
	};
	if (!vp256_built_in()) {
		print_message("this build has no tables: EVP judges all signatures\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
