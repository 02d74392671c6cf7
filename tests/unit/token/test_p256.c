/* SPDX-License-Identifier: MIT */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "keystore/token_p256.h"
#include "keystore/token_p256_wide.h"
#include "signer/base/arena.h"
#include "signer/base/bytes.h"

/* OpenSSL's numbers and points are the oracle: r and s by the book (SEC 1 4.1.3) for a k that is known. */

enum { ROUNDS = 60, ALIGNMENT = 64, DIGIT_BITS = 6 };

static const char n_minus_one[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";

struct place {
	EC_GROUP *group;
	BN_CTX *context;
	const BIGNUM *n;
	void *memory;
	struct p256_table *table;
	uint8_t secret[P256_SIZE];
	struct p256_batch batch;
};

static bool broken, no_random; /* what the wrapped functions below do */
static uint64_t *(*wrong_entry)(struct p256_table *table);
static uint8_t last_nonce[P256_NONCE];

void __real_p256_wide_sign(
    const struct p256_table *table, const uint8_t secret[P256_SIZE], struct p256_batch *batch, size_t count);
void __wrap_p256_wide_sign(
    const struct p256_table *table, const uint8_t secret[P256_SIZE], struct p256_batch *batch, size_t count);
void __wrap_p256_wide_sign(
    const struct p256_table *table, const uint8_t secret[P256_SIZE], struct p256_batch *batch, size_t count)
{
	memcpy(last_nonce, batch->nonces[0], P256_NONCE);
	__real_p256_wide_sign(table, secret, batch, count);
	if (broken)
		batch->signatures[count - 1][2 * P256_SIZE - 1] ^= 1;
}

void __real_p256_wide_fill(const uint8_t points[2 * P256_DIGITS][2 * P256_SIZE], struct p256_table *out);
void __wrap_p256_wide_fill(const uint8_t points[2 * P256_DIGITS][2 * P256_SIZE], struct p256_table *out);
void __wrap_p256_wide_fill(const uint8_t points[2 * P256_DIGITS][2 * P256_SIZE], struct p256_table *out)
{
	__real_p256_wide_fill(points, out);
	if (wrong_entry != NULL)
		*wrong_entry(out) ^= 1;
}

int __real_RAND_priv_bytes(unsigned char *out, int size);
int __wrap_RAND_priv_bytes(unsigned char *out, int size);
int __wrap_RAND_priv_bytes(unsigned char *out, int size)
{
	return no_random ? 0 : __real_RAND_priv_bytes(out, size);
}

/* ---- the oracle ---- */

static void put(const BIGNUM *number, uint8_t out[P256_SIZE])
{
	assert_int_equal(BN_bn2binpad(number, out, P256_SIZE), P256_SIZE);
}

static void put_affine(struct place *p, const EC_POINT *point, uint8_t out[2 * P256_SIZE])
{
	BIGNUM *const x = BN_new();
	BIGNUM *const y = BN_new();
	assert_int_equal(EC_POINT_get_affine_coordinates(p->group, point, x, y, p->context), 1);
	put(x, out);
	put(y, out + P256_SIZE);
	BN_free(x);
	BN_free(y);
}

/* False: k, r or s is 0. */
static bool sign_by_the_book(struct place *p, size_t lane, uint8_t out[2 * P256_SIZE])
{
	BIGNUM *const k = BN_bin2bn(p->batch.nonces[lane], P256_NONCE, NULL);
	BIGNUM *const r = BN_new();
	BIGNUM *const s = BN_bin2bn(p->batch.digests[lane], P256_SIZE, NULL);
	BIGNUM *const d = BN_bin2bn(p->secret, P256_SIZE, NULL);
	EC_POINT *const point = EC_POINT_new(p->group);
	assert_int_equal(BN_mod(k, k, p->n, p->context), 1);
	const bool some = !BN_is_zero(k);
	if (some) {
		assert_int_equal(EC_POINT_mul(p->group, point, k, NULL, NULL, p->context), 1);
		assert_int_equal(EC_POINT_get_affine_coordinates(p->group, point, r, NULL, p->context), 1);
		assert_int_equal(BN_nnmod(r, r, p->n, p->context), 1);
		assert_int_equal(BN_mod_mul(d, d, r, p->n, p->context), 1);
		assert_int_equal(BN_mod_add(s, s, d, p->n, p->context), 1);
		assert_non_null(BN_mod_inverse(k, k, p->n, p->context));
		assert_int_equal(BN_mod_mul(s, s, k, p->n, p->context), 1);
		put(r, out);
		put(s, out + P256_SIZE);
	}
	const bool good = some && !BN_is_zero(r) && !BN_is_zero(s);
	BN_free(k);
	BN_free(r);
	BN_free(s);
	BN_free(d);
	EC_POINT_free(point);
	return good;
}

static void compare(struct place *p, size_t count, const char *title)
{
	p256_wide_sign(p->table, p->secret, &p->batch, count);
	for (size_t i = 0; i < count; i++) {
		uint8_t expected[2 * P256_SIZE];
		const bool good = sign_by_the_book(p, i, expected);
		if ((p->batch.good >> i & 1) != good)
			fail_msg("%s: lane %zu of %zu is %s", title, i, count, good ? "refused" : "taken");
		if (good && memcmp(p->batch.signatures[i], expected, sizeof(expected)) != 0)
			fail_msg("%s: lane %zu of %zu is another signature", title, i, count);
	}
}

/* ---- set-up ---- */

static int make_place(void **state)
{
	struct place *const p = memory_calloc(1, sizeof(*p));
	uint8_t points[2 * P256_DIGITS][2 * P256_SIZE];
	p->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	p->context = BN_CTX_new();
	p->n = EC_GROUP_get0_order(p->group);
	p->memory = memory_alloc(sizeof(*p->table) + ALIGNMENT);
	p->table = (void *)((uint8_t *)p->memory + (ALIGNMENT - (uintptr_t)p->memory % ALIGNMENT));
	EC_POINT *const point = EC_POINT_new(p->group);
	BIGNUM *const factor = BN_new();
	for (int i = 0; i < 2 * P256_DIGITS; i++) {
		BN_one(factor);
		BN_lshift(factor, factor, DIGIT_BITS * (i / 2) + i % 2);
		assert_int_equal(EC_POINT_mul(p->group, point, factor, NULL, NULL, p->context), 1);
		put_affine(p, point, points[i]);
	}
	p256_wide_fill((const uint8_t(*)[2 * P256_SIZE]) points, p->table);
	EC_POINT_free(point);
	BN_free(factor);
	*state = p;
	return 0;
}

static int free_place(void **state)
{
	struct place *const p = *state;
	EC_GROUP_free(p->group);
	BN_CTX_free(p->context);
	free(p->memory);
	free(p);
	return 0;
}

static void from_hex(const char *hex, uint8_t *out, size_t size)
{
	const size_t octets = strlen(hex) / 2;
	memset(out, 0, size);
	assert_int_equal(bytes_from_hex(hex, 2 * octets, out + size - octets, octets), octets);
}

static void fill_random(struct place *p)
{
	RAND_bytes((uint8_t *)p->batch.nonces, sizeof(p->batch.nonces));
	RAND_bytes((uint8_t *)p->batch.digests, sizeof(p->batch.digests));
	RAND_bytes(p->secret, P256_SIZE);
	p->secret[0] = 1; /* below n */
}

/* ---- signatures with a k that is known ---- */

/* RFC 6979 A.2.5, with SHA-256. */
static void published_vectors_come_out(void **state)
{
	static const struct {
		const char *message, *k, *r, *s;
	} vectors[] = {
		{ "sample", "a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60",
		    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
		    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8" },
		{ "test", "d16b6ae827f17175e040871a1c7ec3500192c4c92677336ec2537acaee0008e0",
		    "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
		    "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083" },
	};
	struct place *const p = *state;
	fill_random(p);
	from_hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721", p->secret, P256_SIZE);
	for (size_t i = 0; i < 2; i++) {
		EVP_Digest(
		    vectors[i].message, strlen(vectors[i].message), p->batch.digests[i], NULL, EVP_sha256(), NULL);
		from_hex(vectors[i].k, p->batch.nonces[i], P256_NONCE);
	}
	p256_wide_sign(p->table, p->secret, &p->batch, P256_MOST);
	assert_int_equal(p->batch.good, UINT16_MAX);
	for (size_t i = 0; i < 2; i++) {
		uint8_t expected[2 * P256_SIZE];
		from_hex(vectors[i].r, expected, P256_SIZE);
		from_hex(vectors[i].s, expected + P256_SIZE, P256_SIZE);
		assert_memory_equal(p->batch.signatures[i], expected, sizeof(expected));
	}
}

/* So many that each entry of the table has its turn: 1,376 entries, one of 32 for each digit. */
static void random_ones_are_as_by_the_book(void **state)
{
	struct place *const p = *state;
	for (size_t round = 0; round < ROUNDS; round++) {
		fill_random(p);
		compare(p, 1 + (round * 7 + 15) % P256_MOST, "random");
	}
}

/* Numbers where digits, limbs and the two moduli begin and end. */
static void edges_are_as_by_the_book(void **state)
{
	struct place *const p = *state;
	char powers[64][65];
	const char *edges[80] = { "01", "02", "03", n_minus_one,
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254f", /* n - 2 */
		"7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8", /* (n - 1) / 2 */
		"7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a9", /* (n + 1) / 2 */
		"8000000000000000000000000000000000000000000000000000000000000000",
		"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", /* above n: taken modulo n */
		"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", /* p */
		"ffffffff00000001000000000000000000000000fffffffffffffffffffffffe" };
	size_t count = 12;
	for (unsigned bit = 4; bit < 256; bit += 4, count++) {
		snprintf(powers[count - 12], 65, "%064x", 0U);
		powers[count - 12][63 - bit / 4] = "1f78"[bit / 4 % 4];
		edges[count] = powers[count - 12];
	}
	for (size_t first = 0; first < count; first += 3) {
		fill_random(p);
		for (size_t i = 0; i < P256_MOST; i++) {
			from_hex(edges[(first + i) % count], p->batch.nonces[i], P256_NONCE);
			from_hex(edges[(first * 5 + i * 7) % count], p->batch.digests[i], P256_SIZE);
		}
		from_hex(first % 2 == 0 ? "01" : n_minus_one, p->secret, P256_SIZE);
		compare(p, P256_MOST, "edges");
		compare(p, P256_LANES, "edges");
	}
}

/* All that 512 bits can be is taken modulo n, without a k of 0. */
static void wide_nonces_are_taken_modulo_n(void **state)
{
	struct place *const p = *state;
	for (size_t round = 0; round < 8; round++) {
		fill_random(p);
		memset(p->batch.nonces[1], 0xff, P256_NONCE);
		memset(p->batch.nonces[2], 0xff, P256_SIZE);
		memset(p->batch.nonces[2] + P256_SIZE, 0, P256_SIZE);
		memset(p->batch.nonces[9] + round * 8, 0xff, 8);
		memset(p->batch.digests[3], 0xff, P256_SIZE);
		memset(p->batch.digests[4], 0, P256_SIZE);
		compare(p, P256_MOST, "wide");
	}
}

/* A k of 0 makes no signature, nor do the two by which a point would be added to itself; those that share an inversion
 * may go both, the others are not harmed. */
static void without_a_nonce_there_is_no_signature(void **state)
{
	struct place *const p = *state;
	static const char *const noughts[] = { "00",
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", /* n */
		"01fffffffe00000001ffffffffffffffff79cdf55b4e2f3d09e7739585f8c64aa2",
		"e0000000ffffffff00000000000000004319055258e8617b0c46353d039cdaaf", /* 15 2^253 - n */
		"1ffffffe00000001ffffffffffffffff79cdf55b4e2f3d09e7739585f8c64aa2" };
	for (size_t i = 0; i < sizeof(noughts) / sizeof(noughts[0]); i++) {
		for (size_t lane = 0; lane < P256_MOST; lane += 5) {
			fill_random(p);
			from_hex(noughts[i], p->batch.nonces[lane], P256_NONCE);
			p256_wide_sign(p->table, p->secret, &p->batch, P256_MOST);
			const unsigned pair = 1U << lane | 1U << (lane + P256_LANES) % P256_MOST;
			assert_int_equal(p->batch.good >> lane & 1, 0);
			assert_int_equal(p->batch.good | pair, UINT16_MAX);
			for (size_t other = 0; other < P256_MOST; other++) {
				uint8_t expected[2 * P256_SIZE];
				if ((pair >> other & 1) != 0)
					continue;
				assert_true(sign_by_the_book(p, other, expected));
				assert_memory_equal(p->batch.signatures[other], expected, sizeof(expected));
			}
		}
	}
}

/* ---- a signer of a key ---- */

static bool verifies(EVP_PKEY *key, const uint8_t digest[P256_DIGEST], const uint8_t signature[P256_SIGNATURE])
{
	ECDSA_SIG *const both = ECDSA_SIG_new();
	unsigned char *der = NULL;
	EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	ECDSA_SIG_set0(both, BN_bin2bn(signature, P256_SIZE, NULL), BN_bin2bn(signature + P256_SIZE, P256_SIZE, NULL));
	const int size = i2d_ECDSA_SIG(both, &der);
	assert_int_equal(EVP_PKEY_verify_init(context), 1);
	const bool good = EVP_PKEY_verify(context, der, (size_t)size, digest, P256_DIGEST) == 1;
	EVP_PKEY_CTX_free(context);
	OPENSSL_free(der);
	ECDSA_SIG_free(both);
	return good;
}

static void signatures_of_any_number_verify(void **state)
{
	(void)state;
	for (size_t k = 0; k < 3; k++) {
		EVP_PKEY *const key = EVP_EC_gen("P-256");
		struct token_p256 *const signer = token_p256_new(key);
		assert_non_null(signer);
		for (size_t count = 1; count <= P256_BATCH; count++) {
			uint8_t digests[P256_BATCH][P256_DIGEST];
			uint8_t signatures[P256_BATCH][P256_SIGNATURE];
			RAND_bytes(digests[0], sizeof(digests));
			memset(signatures, 0xaa, sizeof(signatures));
			assert_true(token_p256_sign(signer, (const uint8_t(*)[P256_DIGEST])digests, count, signatures));
			for (size_t i = 0; i < count; i++)
				assert_true(verifies(key, digests[i], signatures[i]));
			for (size_t i = count; i < P256_BATCH; i++)
				assert_int_equal(signatures[i][0], 0xaa);
		}
		token_p256_free(signer);
		EVP_PKEY_free(key);
	}
}

/* The same r twice would give the key away. */
static void no_nonce_comes_twice(void **state)
{
	enum { TIMES = 20 };
	(void)state;
	EVP_PKEY *const key = EVP_EC_gen("P-256");
	struct token_p256 *const signer = token_p256_new(key);
	uint8_t digests[P256_BATCH][P256_DIGEST] = { { 0 } };
	uint8_t signatures[TIMES * P256_BATCH][P256_SIGNATURE];
	assert_non_null(signer);
	for (size_t i = 0; i < TIMES; i++)
		assert_true(token_p256_sign(
		    signer, (const uint8_t(*)[P256_DIGEST])digests, P256_BATCH, signatures + i * P256_BATCH));
	for (size_t i = 0; i < TIMES * (size_t)P256_BATCH; i++)
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(signatures[i], signatures[j], P256_SIZE);
	token_p256_free(signer);
	EVP_PKEY_free(key);
}

static void without_random_octets_nothing_is_signed(void **state)
{
	(void)state;
	EVP_PKEY *const key = EVP_EC_gen("P-256");
	struct token_p256 *const signer = token_p256_new(key);
	const uint8_t digests[1][P256_DIGEST] = { { 1 } };
	uint8_t signatures[1][P256_SIGNATURE] = { { 7 } };
	assert_non_null(signer);
	no_random = true;
	assert_false(token_p256_sign(signer, digests, 1, signatures));
	no_random = false;
	assert_int_equal(signatures[0][0], 7);
	assert_true(token_p256_sign(signer, digests, 1, signatures));
	token_p256_free(signer);
	EVP_PKEY_free(key);
}

/* One octet of one lane: it is found before a signature of it is used. */
static void what_computes_wrongly_is_not_used(void **state)
{
	(void)state;
	EVP_PKEY *const key = EVP_EC_gen("P-256");
	broken = true;
	assert_null(token_p256_new(key));
	broken = false;
	struct token_p256 *const signer = token_p256_new(key);
	assert_non_null(signer);
	token_p256_free(signer);
	EVP_PKEY_free(key);
}

static uint64_t *seldom(struct p256_table *table)
{
	return &table->x[20][2][17];
}

/* The highest digit is 15 at most. */
static uint64_t *never(struct p256_table *table)
{
	return &table->y[P256_DIGITS - 1][4][P256_ODDS - 1];
}

/* A first batch takes less than half of the entries: it is not by luck that they are found. */
static void a_table_with_one_wrong_number_is_not_used(void **state)
{
	(void)state;
	uint64_t *(*const entries[])(struct p256_table *) = { seldom, never };
	EVP_PKEY *const key = EVP_EC_gen("P-256");
	for (size_t i = 0; i < 2; i++) {
		wrong_entry = entries[i];
		for (size_t times = 0; times < 4; times++)
			assert_null(token_p256_new(key));
		wrong_entry = NULL;
	}
	EVP_PKEY_free(key);
}

/* Where it is full OpenSSL cannot sign; there may be 256 threads, and several keys for each. */
static void the_secure_heap_is_left_to_openssl(void **state)
{
	enum { THREADS = 256, KEYS = 16, HEAP = 1 << 20 };
	(void)state;
	EVP_PKEY *const key = EVP_EC_gen("P-256");
	const size_t before = CRYPTO_secure_used();
	struct token_p256 *const signer = token_p256_new(key);
	assert_non_null(signer);
	const size_t taken = CRYPTO_secure_used() - before;
	assert_true(taken >= P256_SIZE);
	assert_true(taken * THREADS * KEYS <= HEAP / 4);
	token_p256_free(signer);
	assert_int_equal(CRYPTO_secure_used(), before);
	EVP_PKEY_free(key);
}

#ifdef __OPTIMIZE__ /* else what is to be wiped is larger, and nothing that anybody is to run */
enum { STACK_SIZE = 1 << 20 };

/* Any of the words by which the signer's arithmetic has a number, which is not below n everywhere. */
static bool is_on(const uint8_t *stack, const struct place *p, const BIGNUM *number)
{
	bool found = false;
	BIGNUM *const limb = BN_new();
	for (int times = 0; times < 3; times++) {
		for (int i = 0; i < P256_LIMBS - 1; i++) {
			BN_copy(limb, p->n);
			BN_mul_word(limb, (BN_ULONG)times);
			BN_add(limb, limb, number);
			BN_rshift(limb, limb, 52 * i);
			if (BN_num_bits(limb) > 52)
				BN_mask_bits(limb, 52);
			const uint64_t word = BN_get_word(limb);
			for (size_t at = 0; at < STACK_SIZE; at += sizeof(word))
				found |= memcmp(stack + at, &word, sizeof(word)) == 0;
		}
	}
	BN_free(limb);
	return found;
}

static void *make_and_sign(void *key)
{
	const uint8_t digests[P256_BATCH][P256_DIGEST] = { { 1 } };
	uint8_t signatures[P256_BATCH][P256_SIGNATURE];
	struct token_p256 *const signer = token_p256_new(key);
	const bool good = signer != NULL && token_p256_sign(signer, digests, P256_BATCH, signatures);
	token_p256_free(signer);
	return good ? key : NULL;
}

static void neither_key_nor_nonce_stays_on_the_stack(void **state)
{
	struct place *const p = *state;
	EVP_PKEY *const key = EVP_EC_gen("P-256");
	uint8_t *const stack = aligned_alloc(4096, STACK_SIZE);
	pthread_attr_t how;
	pthread_t thread;
	void *good = NULL;
	memset(stack, 0, STACK_SIZE);
	assert_int_equal(pthread_attr_init(&how), 0);
	assert_int_equal(pthread_attr_setstack(&how, stack, STACK_SIZE), 0);
	assert_int_equal(pthread_create(&thread, &how, make_and_sign, key), 0);
	assert_int_equal(pthread_join(thread, &good), 0);
	assert_non_null(good);
	BIGNUM *numbers[] = { NULL, BN_bin2bn(last_nonce, P256_NONCE, NULL) };
	assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &numbers[0]), 1);
	for (size_t i = 0; i < 2; i++) {
		BN_mod(numbers[i], numbers[i], p->n, p->context);
		assert_false(is_on(stack, p, numbers[i]));
		BN_lshift(numbers[i], numbers[i], 260);
		BN_mod(numbers[i], numbers[i], p->n, p->context);
		assert_false(is_on(stack, p, numbers[i]));
		BN_clear_free(numbers[i]);
	}
	pthread_attr_destroy(&how);
	free(stack);
	EVP_PKEY_free(key);
}
#endif

static EVP_PKEY *public_half(EVP_PKEY *key)
{
	OSSL_PARAM *params = NULL;
	EVP_PKEY *out = NULL;
	EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	assert_int_equal(EVP_PKEY_todata(key, EVP_PKEY_PUBLIC_KEY, &params), 1);
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(EVP_PKEY_fromdata(context, &out, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(context);
	return out;
}

static void other_keys_are_left_to_openssl(void **state)
{
	(void)state;
	EVP_PKEY *const whole = EVP_EC_gen("P-256");
	EVP_PKEY *const keys[] = { EVP_EC_gen("P-384"), EVP_EC_gen("secp256k1"),
		EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024),
		public_half(whole) };
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_non_null(keys[i]);
		assert_null(token_p256_new(keys[i]));
		EVP_PKEY_free(keys[i]);
	}
	EVP_PKEY_free(whole);
}

static bool processor_can(void)
{
	return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512ifma") != 0;
}

static void elsewhere_openssl_signs(void **state)
{
	(void)state;
	EVP_PKEY *const key = EVP_EC_gen("P-256");
	assert_null(token_p256_new(key));
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors_come_out),
		cmocka_unit_test(random_ones_are_as_by_the_book),
		cmocka_unit_test(edges_are_as_by_the_book),
		cmocka_unit_test(wide_nonces_are_taken_modulo_n),
		cmocka_unit_test(without_a_nonce_there_is_no_signature),
		cmocka_unit_test(signatures_of_any_number_verify),
		cmocka_unit_test(no_nonce_comes_twice),
		cmocka_unit_test(without_random_octets_nothing_is_signed),
		cmocka_unit_test(what_computes_wrongly_is_not_used),
		cmocka_unit_test(a_table_with_one_wrong_number_is_not_used),
		cmocka_unit_test(the_secure_heap_is_left_to_openssl),
#ifdef __OPTIMIZE__
		cmocka_unit_test(neither_key_nor_nonce_stays_on_the_stack),
#endif
		cmocka_unit_test(other_keys_are_left_to_openssl),
	};
	const struct CMUnitTest others[] = { cmocka_unit_test(elsewhere_openssl_signs) };
	if (CRYPTO_secure_malloc_init(1 << 16, 16) == 0)
		return 1;
	printf("eight signatures at a time: %s\n", processor_can() ? "yes" : "this processor has no AVX-512 IFMA");
	return processor_can() ? cmocka_run_group_tests(tests, make_place, free_place)
			       : cmocka_run_group_tests(others, NULL, NULL);
}
