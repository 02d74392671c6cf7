/* SPDX-License-Identifier: MIT */
#include "keystore/token_hsm_table.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <string.h>

#include "keystore/token_hsm_inverse.h"
#include "tests/unit/keystore/fixture.h"

enum { TIMES = 60, HALF_MOST = 48 };

/* What is signed, by what, and how OpenSSL's own verification judges it. */
struct sample {
	const struct algorithm *algorithm;
	EVP_PKEY *pkey;
	struct key key;
	uint8_t data[8];
	uint8_t digest[HALF_MOST];
	uint8_t signature[2 * HALF_MOST];
	size_t half;
	struct hsm_table *table;
	struct hsm_table_place *place;
};

static void begin(uint8_t number, struct sample *out)
{
	*out = (struct sample){ .algorithm = alg_by_number(number), .key = { .algorithm = number, .flags = 256 } };
	out->half = out->algorithm->signature_size / 2;
	out->pkey = EVP_EC_gen(out->algorithm->curve);
	assert_non_null(out->pkey);
	assert_int_equal(
	    dnskey_public_from_pkey(out->algorithm, out->pkey, out->key.public_key, &out->key.public_size, NULL), 0);
	out->table = hsm_table_new(out->algorithm, &out->key);
	assert_non_null(out->table);
	out->place = hsm_table_place_new(out->table);
	assert_non_null(out->place);
}

static void end(struct sample *sample)
{
	hsm_table_place_free(sample->place);
	hsm_table_free(sample->table);
	EVP_PKEY_free(sample->pkey);
}

static void make_signature(struct sample *sample, uint8_t number)
{
	uint8_t der[160];
	const uint8_t *at = der;
	size_t size = sizeof(der), digest_size = 0;
	memset(sample->data, number, sizeof(sample->data));
	EVP_MD_CTX *const context = EVP_MD_CTX_new();
	assert_int_equal(EVP_Q_digest(NULL, sample->algorithm->digest, NULL, sample->data, sizeof(sample->data),
			     sample->digest, &digest_size),
	    1);
	assert_int_equal(digest_size, sample->half);
	assert_int_equal(
	    EVP_DigestSignInit_ex(context, NULL, sample->algorithm->digest, NULL, NULL, sample->pkey, NULL), 1);
	assert_int_equal(EVP_DigestSign(context, der, &size, sample->data, sizeof(sample->data)), 1);
	EVP_MD_CTX_free(context);
	ECDSA_SIG *const parts = d2i_ECDSA_SIG(NULL, &at, (long)size);
	BN_bn2binpad(ECDSA_SIG_get0_r(parts), sample->signature, (int)sample->half);
	BN_bn2binpad(ECDSA_SIG_get0_s(parts), sample->signature + sample->half, (int)sample->half);
	ECDSA_SIG_free(parts);
}

static bool proves(const struct sample *sample)
{
	return hsm_table_proves(sample->table, sample->place, (struct bytes){ sample->digest, sample->half },
	    (struct bytes){ sample->signature, 2 * sample->half });
}

static bool verifies(const struct sample *sample)
{
	return dnskey_verify(sample->algorithm, sample->pkey, (struct bytes){ sample->data, sizeof(sample->data) },
	    (struct bytes){ sample->signature, 2 * sample->half });
}

static void good_ones_are_proven_and_those_with_one_bit_changed_are_not(uint8_t number)
{
	struct sample sample;
	begin(number, &sample);
	for (unsigned i = 0; i < TIMES; i++) {
		make_signature(&sample, (uint8_t)i);
		assert_true(proves(&sample));
		const size_t at = (size_t)i * 13 % (2 * sample.half);
		sample.signature[at] ^= (uint8_t)(1U << i % 8);
		assert_false(proves(&sample));
		assert_false(verifies(&sample));
		sample.signature[at] ^= (uint8_t)(1U << i % 8);
		sample.digest[i % sample.half] ^= 0x10;
		assert_false(proves(&sample));
	}
	end(&sample);
}

static void p256(void **state)
{
	(void)state;
	good_ones_are_proven_and_those_with_one_bit_changed_are_not(13);
}

static void p384(void **state)
{
	(void)state;
	good_ones_are_proven_and_those_with_one_bit_changed_are_not(14);
}

/* 0, n, and what is larger: none of it is in the range of r and s (SEC 1 4.1.4). With n - s in the place of s a
 * signature is as good as before. */
static void numbers_at_the_edges_are_judged_as_openssl_does(void **state)
{
	(void)state;
	for (uint8_t number = 13; number <= 14; number++) {
		struct sample sample;
		begin(number, &sample);
		make_signature(&sample, 1);
		EC_GROUP *const group =
		    EC_GROUP_new_by_curve_name(OBJ_txt2nid(number == 13 ? "prime256v1" : "secp384r1"));
		const BIGNUM *const order = EC_GROUP_get0_order(group);
		uint8_t right[2 * HALF_MOST], edges[4][HALF_MOST] = { { 0 } };
		memcpy(right, sample.signature, sizeof(right));
		BN_bn2binpad(order, edges[1], (int)sample.half);
		memset(edges[2], 0xff, sizeof(edges[2]));
		BIGNUM *const s = BN_bin2bn(right + sample.half, (int)sample.half, NULL);
		BN_sub(s, order, s);
		BN_bn2binpad(s, edges[3], (int)sample.half);
		for (size_t i = 0; i < 8; i++) {
			memcpy(sample.signature, right, sizeof(right));
			memcpy(sample.signature + (i / 4) * sample.half, edges[i % 4], sample.half);
			assert_int_equal(proves(&sample), i == 7);
			assert_int_equal(verifies(&sample), i == 7);
		}
		BN_free(s);
		EC_GROUP_free(group);
		end(&sample);
	}
}

static void another_length_is_not_proven(void **state)
{
	(void)state;
	struct sample sample;
	begin(13, &sample);
	make_signature(&sample, 1);
	const struct bytes digest = { sample.digest, sample.half };
	const struct bytes signature = { sample.signature, 2 * sample.half };
	assert_true(hsm_table_proves(sample.table, sample.place, digest, signature));
	assert_false(hsm_table_proves(sample.table, sample.place, digest, (struct bytes){ signature.data, 63 }));
	assert_false(hsm_table_proves(sample.table, sample.place, digest, (struct bytes){ signature.data, 0 }));
	assert_false(hsm_table_proves(sample.table, sample.place, (struct bytes){ digest.data, 31 }, signature));
	end(&sample);
}

static void what_is_no_ecdsa_key_gets_no_table(void **state)
{
	(void)state;
	struct key key = { .algorithm = 13, .public_size = 64 };
	assert_null(hsm_table_new(alg_by_number(13), &key)); /* (0, 0) is not on the curve */
	memset(key.public_key, 0xff, 96);
	assert_null(hsm_table_new(alg_by_number(13), &key));
	assert_null(hsm_table_new(alg_by_number(14), &key)); /* of another size */
	key.public_size = 32;
	assert_null(hsm_table_new(alg_by_number(15), &key));
	assert_null(hsm_table_new(alg_by_number(8), &key));
}

static BIGNUM *number_of(const uint64_t words[HSM_WORDS], size_t count)
{
	BIGNUM *const number = BN_new();
	BN_zero(number);
	for (size_t i = count; i-- > 0;) {
		BN_lshift(number, number, 64);
		BIGNUM *const word = BN_new();
		BN_set_word(word, words[i]);
		BN_add(number, number, word);
		BN_free(word);
	}
	return number;
}

/* For 1, 2, ..., their negatives, powers of two and numbers without a pattern, in as many words as both curves have. */
static void almost_inverses_times_the_number_are_powers_of_two(void **state)
{
	(void)state;
	enum { NUMBERS = 300 };
	BN_CTX *const context = BN_CTX_new();
	for (size_t count = 4; count <= HSM_WORDS; count += 2) {
		uint64_t n[HSM_WORDS] = { 0 };
		EC_GROUP *const group =
		    EC_GROUP_new_by_curve_name(OBJ_txt2nid(count == 4 ? "prime256v1" : "secp384r1"));
		const BIGNUM *const order = EC_GROUP_get0_order(group);
		BN_bn2lebinpad(order, (uint8_t *)n, (int)(8 * count)); /* tests run on little-endian machines */
		for (unsigned i = 0; i < NUMBERS; i++) {
			uint64_t s[HSM_WORDS] = { 0 }, out[HSM_WORDS] = { 0 };
			uint8_t digest[2][32];
			s[0] = i / 3 + 1;
			if (i % 3 == 1) {
				s[0] = 0;
				s[i / 64 % count] = (uint64_t)1 << i % 64;
			} else if (i % 3 == 2) {
				bytes_sha256((struct bytes){ (const uint8_t *)&i, sizeof(i) }, digest[0]);
				bytes_sha256((struct bytes){ digest[0], 32 }, digest[1]);
				memcpy(s, digest, 8 * count);
				s[count - 1] >>= 1;
			}
			const unsigned k = hsm_almost_inverse(n, s, count, out);
			BIGNUM *const left = number_of(out, count), *const right = BN_new(),
				      *const by = number_of(s, count);
			assert_true(k <= 2 * 64 * count);
			assert_int_equal(BN_cmp(left, order), -1);
			BN_mod_mul(left, left, by, order, context);
			BN_zero(right);
			BN_set_bit(right, (int)k);
			BN_nnmod(right, right, order, context);
			assert_int_equal(BN_cmp(left, right), 0);
			BN_free(left);
			BN_free(right);
			BN_free(by);
		}
		EC_GROUP_free(group);
	}
	BN_CTX_free(context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(p256),
		cmocka_unit_test(p384),
		cmocka_unit_test(numbers_at_the_edges_are_judged_as_openssl_does),
		cmocka_unit_test(almost_inverses_times_the_number_are_powers_of_two),
		cmocka_unit_test(another_length_is_not_proven),
		cmocka_unit_test(what_is_no_ecdsa_key_gets_no_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
