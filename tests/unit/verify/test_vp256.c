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
#include "signer/verify/vp256_wide.h"
#include "tests/unit/verify/p256_samples.h"

/* EVP is the oracle. */

enum { RANDOM_KEYS = 4, RANDOM_ROUNDS = 60, THREADS = 4 };

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

static void judge_edge(struct maker *m, struct vp256_place *place, const struct edge *edge, bool wide)
{
	struct sample sample = { .item = { .good = !edge->good } };
	edge->make(m, &sample);
	maker_change_half(m, edge->r, sample.item.signature);
	maker_change_half(m, edge->s, sample.item.signature + 32);
	struct vp256_key *const key = vp256_key_new(sample.point, wide);
	EVP_PKEY *const other = oracle_key(sample.point);
	assert_non_null(key);
	sample.item.key = key;
	vp256_check(place, &sample.item, 1);
	if (oracle(other, &sample.item) != edge->good || sample.item.good != edge->good)
		fail_msg("%s: EVP says %d, we say %d%s", edge->title, oracle(other, &sample.item), sample.item.good,
		    wide ? ", wide" : "");
	vp256_key_free(key);
	EVP_PKEY_free(other);
}

static void edges_are_judged_as_evp_judges_them(void **state)
{
	struct maker *const m = maker_new();
	struct vp256_place *const place = vp256_place_new();
	(void)state;
	for (size_t i = 0; i < MAKER_EDGES; i++) {
		judge_edge(m, place, &maker_edges[i], false);
		judge_edge(m, place, &maker_edges[i], true);
	}
	vp256_place_free(place);
	maker_free(m);
}

/* All maker_edges and their keys in one batch: a bad neighbour, or one out of range, spoils nobody. `wide` has a bit
 * for each of three keys in turn. */
static void judge_batch(unsigned wide)
{
	struct maker *const m = maker_new();
	struct vp256_place *const place = vp256_place_new();
	struct vp256_key *keys[MAKER_EDGES];
	struct vp256_item items[MAKER_EDGES];
	for (size_t i = 0; i < MAKER_EDGES; i++) {
		struct sample sample;
		maker_edges[i].make(m, &sample);
		maker_change_half(m, maker_edges[i].r, sample.item.signature);
		maker_change_half(m, maker_edges[i].s, sample.item.signature + 32);
		items[i] = sample.item;
		items[i].key = keys[i] = vp256_key_new(sample.point, (wide >> i % 3 & 1) != 0);
	}
	vp256_check(place, items, MAKER_EDGES);
	for (size_t i = 0; i < MAKER_EDGES; i++) {
		if (items[i].good != maker_edges[i].good)
			fail_msg("%s: %d, wide %u", maker_edges[i].title, items[i].good, wide);
		vp256_key_free(keys[i]);
	}
	vp256_check(place, items, 0);
	vp256_place_free(place);
	maker_free(m);
}

static void a_batch_is_judged_item_by_item(void **state)
{
	(void)state;
	judge_batch(0);
	judge_batch(7);
	judge_batch(5); /* both kinds of keys in one batch */
}

static void points_off_the_curve_get_no_table(void **state)
{
	struct maker *const m = maker_new();
	struct sample sample;
	uint8_t point[VP256_POINT] = { 0 };
	(void)state;
	assert_null(vp256_key_new(point, true)); /* (0, 0) */
	memset(point, 0xff, sizeof(point));
	assert_null(vp256_key_new(point, true)); /* no elements of the field */
	maker_make_any(m, &sample);
	memcpy(point, sample.point, sizeof(point));
	point[63] ^= 1;
	assert_null(vp256_key_new(point, true));
	/* x + p is the same element in another spelling: refused; x = 5 is on the curve, and 5 + p fits. */
	BIGNUM *const x = BN_new();
	EC_POINT *const low = EC_POINT_new(m->group);
	BN_set_word(x, 5);
	assert_int_equal(EC_POINT_set_compressed_coordinates(m->group, low, x, 0, m->context), 1);
	maker_put_point(m, low, point);
	struct vp256_key *const key = vp256_key_new(point, true);
	assert_non_null(key);
	BN_add(x, x, m->p);
	maker_put(x, point);
	assert_null(vp256_key_new(point, true));
	vp256_key_free(key);
	vp256_key_free(NULL);
	vp256_place_free(NULL);
	BN_free(x);
	EC_POINT_free(low);
	maker_free(m);
}

/* Good signatures of one key fill two rounds of lanes: each in turn is spoilt, and batches of every size are judged. */
static void judge_lanes(bool wide)
{
	enum { ITEMS = 2 * VP256_LANES };
	struct maker *const m = maker_new();
	struct vp256_place *const place = vp256_place_new();
	BIGNUM *const secret = maker_number(m);
	struct vp256_item good[ITEMS], items[ITEMS];
	struct sample sample;
	for (size_t i = 0; i < ITEMS; i++) {
		maker_make_good(m, secret, &sample);
		good[i] = sample.item;
		good[i].good = false;
	}
	struct vp256_key *const key = vp256_key_new(sample.point, wide);
	assert_non_null(key);
	for (size_t i = 0; i < ITEMS; i++)
		good[i].key = key;
	for (size_t at = 0; at < ITEMS; at++) {
		memcpy(items, good, sizeof(items));
		items[at].digest[at] ^= 1;
		vp256_check(place, items, ITEMS);
		for (size_t i = 0; i < ITEMS; i++)
			assert_int_equal(items[i].good, i != at);
	}
	for (size_t count = 0; count <= ITEMS; count++) {
		memcpy(items, good, sizeof(items));
		vp256_check(place, items, count);
		for (size_t i = 0; i < ITEMS; i++)
			assert_int_equal(items[i].good, i < count);
	}
	vp256_key_free(key);
	vp256_place_free(place);
	BN_free(secret);
	maker_free(m);
}

static void a_bad_signature_spoils_no_other_lane(void **state)
{
	(void)state;
	judge_lanes(false);
	judge_lanes(true);
}

/* Not even a zero r: a sum of nothing has no x. vp256.c never asks for it, as r / s is not zero. */
static void a_sum_at_infinity_has_no_abscissa(void **state)
{
	static _Alignas(64) const struct vp256_entry table[VP256_ENTRIES];
	struct vp256_lane lanes[VP256_LANES];
	(void)state;
	for (size_t i = 0; i < VP256_LANES; i++)
		lanes[i] = (struct vp256_lane){ .tables = { table, table }, .used = i % 2 == 0, .good = true };
	vp256_wide_check(lanes);
	for (size_t i = 0; i < VP256_LANES; i++)
		assert_false(lanes[i].good);
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
	const unsigned bit = maker_octet(m);
	uint8_t *const parts[] = { item->signature, item->signature + 32, item->digest };
	const unsigned kind = maker_octet(m) % 8;
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
		secrets[i] = maker_number(m);
	for (size_t i = 0; i < (size_t)RANDOM_ROUNDS * VP256_BATCH; i++) {
		const size_t which = (i / VP256_BATCH + i % VP256_BATCH) % RANDOM_KEYS;
		struct sample *const sample = &race.samples[i];
		maker_make_good(m, secrets[which], sample);
		if (race.keys[which] == NULL) {
			race.keys[which] = vp256_key_new(sample->point, which > 0);
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

static void a_build_without_tables_makes_none_and_proves_nothing(void **state)
{
	struct maker *const m = maker_new();
	struct sample sample;
	(void)state;
	maker_make_any(m, &sample);
	assert_null(vp256_key_new(sample.point, false));
	assert_null(vp256_key_new(sample.point, true));
	assert_null(vp256_place_new());
	assert_false(vp256_can_wide());
	sample.item.good = true;
	vp256_check(NULL, &sample.item, 1);
	assert_false(sample.item.good);
	maker_free(m);
}

/* What asks for eight at a time gets one at a time where the processor cannot, so these judge that way in any case. */
static int test_tables(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges_are_judged_as_evp_judges_them),
		cmocka_unit_test(a_batch_is_judged_item_by_item),
		cmocka_unit_test(a_bad_signature_spoils_no_other_lane),
		cmocka_unit_test(points_off_the_curve_get_no_table),
		cmocka_unit_test(random_signatures_are_judged_as_evp_judges_them_by_several_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

static int test_lanes(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sum_at_infinity_has_no_abscissa),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

static int test_none(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_build_without_tables_makes_none_and_proves_nothing) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	const bool wide = vp256_can_wide();
	if (!vp256_built_in()) {
		print_message("path: this build has no tables, EVP judges all signatures\n");
		return test_none();
	}
	print_message("path: one signature at a time by OpenSSL's additions%s\n",
	    wide                    ? ", and eight at a time by AVX-512 IFMA"
	    : vp256_wide_built_in() ? "; not eight at a time, this processor has no AVX-512 IFMA"
				    : "; not eight at a time, this build has no code for it");
	return test_tables() + (wide ? test_lanes() : 0);
}
