/* SPDX-License-Identifier: MIT */
#include "keystore/token_p256.h"

#include <assert.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "keystore/algorithm.h"
#include "keystore/dnskey.h"
#include "keystore/token_p256_wide.h"
#include "signer/base/arena.h"

enum { ECDSAP256SHA256 = 13 /* RFC 6605 4 */ };
enum { ALIGNMENT = 64, DIGIT_BITS = 6, RANDOM = 32, STACK = 1 << 15 };
_Static_assert((int)P256_BATCH == (int)P256_MOST && (int)P256_DIGEST == (int)P256_SIZE, "one size");

struct token_p256 {
	struct p256_table *table;
	void *memory;    /* which the table is in */
	uint8_t *secret; /* in the secure heap, of which it takes little: each thread's signatures by OpenSSL need it */
	struct p256_batch *batch; /* in the vault, where it has room */
	EVP_MD *sha512;
	EVP_MD_CTX *hash;
};

static bool processor_can(void)
{
	return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512ifma") != 0;
}

/* ---- the table ---- */

static bool put_point(const EC_GROUP *group, const EC_POINT *point, BN_CTX *context, uint8_t out[2 * P256_SIZE])
{
	BN_CTX_start(context);
	BIGNUM *const x = BN_CTX_get(context);
	BIGNUM *const y = BN_CTX_get(context);
	const bool good = y != NULL && EC_POINT_get_affine_coordinates(group, point, x, y, context) == 1 &&
			  BN_bn2binpad(x, out, P256_SIZE) == P256_SIZE &&
			  BN_bn2binpad(y, out + P256_SIZE, P256_SIZE) == P256_SIZE;
	BN_CTX_end(context);
	return good;
}

/* 64^i G and twice that, by doubling: nothing of it is secret. */
static bool put_points(
    const EC_GROUP *group, EC_POINT *point, BN_CTX *context, uint8_t out[2 * P256_DIGITS][2 * P256_SIZE])
{
	bool good = EC_POINT_copy(point, EC_GROUP_get0_generator(group)) == 1;
	for (size_t i = 0; i < P256_DIGITS && good; i++) {
		good = put_point(group, point, context, out[2 * i]);
		for (size_t bit = 0; bit < DIGIT_BITS && good; bit++) {
			good = EC_POINT_dbl(group, point, point, context) == 1;
			if (bit == 0 && good)
				good = put_point(group, point, context, out[2 * i + 1]);
		}
	}
	return good;
}

static bool make_table(struct token_p256 *signer)
{
	uint8_t points[2 * P256_DIGITS][2 * P256_SIZE];
	EC_GROUP *const group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *const point = group == NULL ? NULL : EC_POINT_new(group);
	BN_CTX *const context = BN_CTX_new();
	const bool good = point != NULL && context != NULL && put_points(group, point, context, points);
	BN_CTX_free(context);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	if (!good)
		return false;
	signer->memory = memory_alloc(sizeof(*signer->table) + ALIGNMENT);
	signer->table = (void *)((uint8_t *)signer->memory + (ALIGNMENT - (uintptr_t)signer->memory % ALIGNMENT));
	p256_wide_fill(points, signer->table);
	return p256_wide_holds(signer->table);
}

/* ---- the key ---- */

static bool is_p256(const EVP_PKEY *pkey)
{
	char group[32] = "";
	return EVP_PKEY_is_a(pkey, "EC") == 1 && EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) == 1 &&
	       strcmp(group, SN_X9_62_prime256v1) == 0;
}

static bool take_secret(struct token_p256 *signer, const EVP_PKEY *pkey)
{
	BIGNUM *secret = BN_secure_new();
	signer->secret = OPENSSL_secure_zalloc(P256_SIZE);
	signer->batch = OPENSSL_zalloc(sizeof(*signer->batch));
	const bool good = secret != NULL && signer->secret != NULL && signer->batch != NULL &&
			  EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &secret) == 1 &&
			  BN_bn2binpad(secret, signer->secret, P256_SIZE) == P256_SIZE;
	BN_clear_free(secret);
	return good;
}

/*
 * k is from SHA-512 over the private key, what is signed, and fresh random octets. So it is no other's to guess if
 * either the key or the random octets are secret, and differs for what differs even if the random octets are always the
 * same (the idea of RFC 6979 3.6; OpenSSL makes its own nonces so as well). 512 bits modulo n are without bias (FIPS
 * 186-5 A.3.1 wants 64 more than n has).
 */
static bool make_nonces(struct token_p256 *signer, size_t count)
{
	struct p256_batch *const batch = signer->batch;
	uint8_t random[P256_BATCH][RANDOM];
	bool good = RAND_priv_bytes(random[0], (int)(count * RANDOM)) == 1;
	for (size_t i = 0; i < count && good; i++)
		good = EVP_DigestInit_ex2(signer->hash, signer->sha512, NULL) == 1 &&
		       EVP_DigestUpdate(signer->hash, signer->secret, P256_SIZE) == 1 &&
		       EVP_DigestUpdate(signer->hash, random[i], RANDOM) == 1 &&
		       EVP_DigestUpdate(signer->hash, batch->digests[i], P256_SIZE) == 1 &&
		       EVP_DigestFinal_ex(signer->hash, batch->nonces[i], NULL) == 1;
	OPENSSL_cleanse(random, sizeof(random));
	return good;
}

/* What was called from where this is called leaves numbers there that tell the private key: gcc takes 12 KiB, clang 18.
 */
static __attribute__((noinline)) void wipe_stack(void)
{
	uint8_t octets[STACK];
	explicit_bzero(octets, sizeof(octets));
}

bool token_p256_sign(
    struct token_p256 *signer, const uint8_t digests[][P256_DIGEST], size_t count, uint8_t signatures[][P256_SIGNATURE])
{
	struct p256_batch *const batch = signer->batch;
	assert(count >= 1 && count <= P256_BATCH);
	memcpy(batch->digests, digests, count * P256_DIGEST);
	bool good = make_nonces(signer, count);
	/* Lanes that nobody asked for do what the first does. */
	for (size_t i = count; i < P256_BATCH; i++) {
		memcpy(batch->digests[i], batch->digests[0], P256_DIGEST);
		memcpy(batch->nonces[i], batch->nonces[0], P256_NONCE);
	}
	if (good) {
		const unsigned asked = (1U << count) - 1;
		p256_wide_sign(signer->table, signer->secret, batch, count);
		wipe_stack();
		good = (batch->good & asked) == asked;
	}
	if (good)
		memcpy(signatures, batch->signatures, count * P256_SIGNATURE);
	OPENSSL_cleanse(batch->nonces, sizeof(batch->nonces));
	return good;
}

/* ---- the test of itself ---- */

/* A table that is wrong, or a processor that computes wrongly, is found before the first signature is used. */
static bool test_itself(struct token_p256 *signer, EVP_PKEY *pkey)
{
	const struct algorithm *const algorithm = alg_by_number(ECDSAP256SHA256);
	uint8_t data[P256_BATCH][P256_DIGEST], digests[P256_BATCH][P256_DIGEST];
	uint8_t signatures[P256_BATCH][P256_SIGNATURE];
	bool good = RAND_bytes(data[0], sizeof(data)) == 1;
	for (size_t i = 0; i < P256_BATCH && good; i++)
		good = EVP_Digest(data[i], P256_DIGEST, digests[i], NULL, EVP_sha256(), NULL) == 1;
	good = good && token_p256_sign(signer, (const uint8_t(*)[P256_DIGEST])digests, P256_BATCH, signatures);
	for (size_t i = 0; i < P256_BATCH && good; i++)
		good = dnskey_verify(algorithm, pkey, (struct bytes){ data[i], P256_DIGEST },
		    (struct bytes){ signatures[i], P256_SIGNATURE });
	return good;
}

struct token_p256 *token_p256_new(EVP_PKEY *pkey)
{
	if (!processor_can() || !is_p256(pkey))
		return NULL;
	struct token_p256 *const signer = memory_calloc(1, sizeof(*signer));
	signer->sha512 = EVP_MD_fetch(NULL, "SHA512", NULL);
	signer->hash = EVP_MD_CTX_new();
	if (signer->sha512 != NULL && signer->hash != NULL && take_secret(signer, pkey) && make_table(signer) &&
	    test_itself(signer, pkey))
		return signer;
	ERR_clear_error();
	token_p256_free(signer);
	return NULL;
}

void token_p256_free(struct token_p256 *signer)
{
	if (signer == NULL)
		return;
	OPENSSL_secure_clear_free(signer->secret, P256_SIZE);
	OPENSSL_clear_free(signer->batch, sizeof(*signer->batch));
	EVP_MD_CTX_free(signer->hash);
	EVP_MD_free(signer->sha512);
	free(signer->memory);
	free(signer);
}
