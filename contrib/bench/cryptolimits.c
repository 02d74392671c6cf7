/* SPDX-License-Identifier: MIT */
/*
 * How many signatures a second this machine makes and checks with OpenSSL: the floor under any signer's time.
 * cryptolimits [SECONDS [p256]]: for each algorithm "name threads sign/s verify/s", on all cores, contexts used again.
 * "P-256-one-key" is what the EC API does when the key has a table of its own multiples and one inversion serves a
 * batch; "memcpy-MB" are the megabytes a second that one core copies.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* a group with a generator of one's own */
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_THREADS = 256, MAX_SIGNATURE = 512, MESSAGE = 200 };

struct job {
	EVP_PKEY *key;
	const EVP_MD *digest; /* NULL for the algorithms that hash by themselves */
	int verify;
	double seconds;
	uint64_t done;
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void must(int ok, const char *what)
{
	if (ok <= 0) {
		fprintf(stderr, "cryptolimits: %s failed\n", what);
		exit(1);
	}
}

/* With a digest: hashed apart, and signed in a context that was made ready once, the quickest that OpenSSL has. */
static void sign_once(
    EVP_MD_CTX *context, EVP_PKEY_CTX *ready, const struct job *job, const uint8_t *message, uint8_t *out, size_t *size)
{
	*size = MAX_SIGNATURE;
	if (ready != NULL) {
		uint8_t digest[EVP_MAX_MD_SIZE];
		unsigned n = sizeof(digest);
		must(EVP_DigestInit_ex(context, job->digest, NULL), "init");
		must(EVP_DigestUpdate(context, message, MESSAGE), "hash");
		must(EVP_DigestFinal_ex(context, digest, &n), "hash");
		must(EVP_PKEY_sign(ready, out, size, digest, n), "sign");
		return;
	}
	must(EVP_DigestSignInit(context, NULL, job->digest, NULL, job->key), "init");
	must(EVP_DigestSign(context, out, size, message, MESSAGE), "sign");
}

static EVP_PKEY_CTX *get_ready(const struct job *job)
{
	if (job->digest == NULL)
		return NULL;
	EVP_PKEY_CTX *ready = EVP_PKEY_CTX_new(job->key, NULL);
	must(ready != NULL && EVP_PKEY_sign_init(ready) > 0, "sign init");
	must(EVP_PKEY_CTX_set_signature_md(ready, job->digest), "digest");
	return ready;
}

static void verify_once(EVP_MD_CTX *context, const struct job *job, const uint8_t *message, const uint8_t *in, size_t n)
{
	must(EVP_DigestVerifyInit(context, NULL, job->digest, NULL, job->key), "init");
	must(EVP_DigestVerify(context, in, n, message, MESSAGE), "verify");
}

static void *work(void *argument)
{
	struct job *job = argument;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ready = get_ready(job);
	uint8_t message[MESSAGE] = { 1 };
	uint8_t signature[MAX_SIGNATURE];
	size_t size = 0;
	sign_once(context, ready, job, message, signature, &size);

	const double end = now() + job->seconds;
	while (now() < end) {
		for (int i = 0; i < 16; i++, job->done++) {
			if (job->verify) {
				verify_once(context, job, message, signature, size);
			} else {
				memcpy(message, &job->done, sizeof(job->done));
				sign_once(context, ready, job, message, signature, &size);
			}
		}
	}
	EVP_PKEY_CTX_free(ready);
	EVP_MD_CTX_free(context);
	return NULL;
}

enum { BATCH = 64 };

/* 1 / s for a batch by one inversion; the batch is one signature again and again, which costs the same. */
static void invert(BIGNUM *products[], const BIGNUM *s, const BIGNUM *n, BIGNUM *inverse, BIGNUM *out, BN_CTX *context)
{
	must(BN_copy(products[0], s) != NULL, "copy");
	for (int i = 1; i < BATCH; i++)
		must(BN_mod_mul(products[i], products[i - 1], s, n, context), "multiply");
	must(BN_mod_inverse(inverse, products[BATCH - 1], n, context) != NULL, "invert");
	for (int i = BATCH - 1; i > 0; i--) {
		must(BN_mod_mul(out, inverse, products[i - 1], n, context), "multiply");
		must(BN_mod_mul(inverse, inverse, s, n, context), "multiply");
	}
}

/* Verifies one signature by one key over and over, with tables for both points (SEC 1 4.1.4). */
static void *work_one_key(void *argument)
{
	struct job *job = argument;
	BN_CTX *context = BN_CTX_new();
	EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
	must(EC_KEY_generate_key(key), "key");
	const EC_GROUP *curve = EC_KEY_get0_group(key);
	const BIGNUM *n = EC_GROUP_get0_order(curve), *p = EC_GROUP_get0_field(curve);
	EC_GROUP *own = EC_GROUP_dup(curve);
	must(EC_GROUP_set_generator(own, EC_KEY_get0_public_key(key), n, BN_value_one()), "generator");
	must(EC_GROUP_precompute_mult(own, context), "table");
	uint8_t digest[32] = { 1 };
	ECDSA_SIG *signature = ECDSA_do_sign(digest, sizeof(digest), key);
	const BIGNUM *r = ECDSA_SIG_get0_r(signature), *s = ECDSA_SIG_get0_s(signature);
	EC_POINT *sum = EC_POINT_new(curve), *part = EC_POINT_new(own);
	BIGNUM *products[BATCH], *numbers[8];
	for (int i = 0; i < BATCH; i++)
		products[i] = BN_new();
	for (int i = 0; i < 8; i++)
		numbers[i] = BN_new();
	BIGNUM *w = numbers[0], *u1 = numbers[1], *u2 = numbers[2], *x = numbers[3], *z = numbers[4], *e = numbers[5];
	BIGNUM *inverse = numbers[6], *y = numbers[7];
	BN_bin2bn(digest, sizeof(digest), e);

	const double end = now() + job->seconds;
	while (now() < end) {
		invert(products, s, n, inverse, w, context);
		for (int i = 0; i < BATCH; i++, job->done++) {
			BN_mod_mul(u1, e, inverse, n, context);
			BN_mod_mul(u2, r, inverse, n, context);
			EC_POINT_mul(curve, sum, u1, NULL, NULL, context);
			EC_POINT_mul(own, part, u2, NULL, NULL, context);
			EC_POINT_add(curve, sum, sum, part, context);
			EC_POINT_get_Jprojective_coordinates_GFp(curve, sum, x, y, z, context);
			BN_mod_sqr(z, z, p, context);
			BN_mod_mul(z, z, r, p, context);
			must(BN_cmp(x, z) == 0, "verify with tables"); /* r + n < p once in 2^128 */
		}
	}
	for (int i = 0; i < BATCH; i++)
		BN_free(products[i]);
	for (int i = 0; i < 8; i++)
		BN_free(numbers[i]);
	EC_POINT_free(sum);
	EC_POINT_free(part);
	ECDSA_SIG_free(signature);
	EC_GROUP_free(own);
	EC_KEY_free(key);
	BN_CTX_free(context);
	return NULL;
}

/* Megabytes a second that one core copies, in pieces that fit no cache. */
static double copy_rate(double seconds)
{
	enum { PIECE = 64 << 20 };
	char *from = malloc(PIECE), *to = malloc(PIECE);
	must(from != NULL && to != NULL, "memory");
	memset(from, 1, PIECE);
	memset(to, 2, PIECE);
	uint64_t copied = 0;
	const double start = now();
	while (now() < start + seconds) {
		from[copied % PIECE] ^= 1;
		memcpy(to, from, PIECE);
		copied += PIECE + (uint64_t)(to[copied % PIECE] == 77);
	}
	const double rate = (double)copied / 1e6 / (now() - start);
	free(from);
	free(to);
	return rate;
}

/* Operations a second of all threads together. */
static double rate(EVP_PKEY *key, const EVP_MD *digest, int verify, double seconds, long threads)
{
	static struct job jobs[MAX_THREADS];
	static pthread_t ids[MAX_THREADS];
	uint64_t done = 0;
	const double start = now();
	for (long i = 0; i < threads; i++) {
		jobs[i] = (struct job){ key, digest, verify, seconds, 0 };
		must(pthread_create(&ids[i], NULL, key == NULL ? work_one_key : work, &jobs[i]) == 0, "thread");
	}
	for (long i = 0; i < threads; i++) {
		pthread_join(ids[i], NULL);
		done += jobs[i].done;
	}
	return (double)done / (now() - start);
}

int main(int argc, char **argv)
{
	const double seconds = argc > 1 ? atof(argv[1]) : 1.0;
	long threads = sysconf(_SC_NPROCESSORS_ONLN);
	threads = threads < 1 ? 1 : threads > MAX_THREADS ? MAX_THREADS : threads;
	const struct {
		const char *name;
		EVP_PKEY *key;
		const EVP_MD *digest;
	} rows[] = {
		{ "P-256", EVP_EC_gen("P-256"), EVP_sha256() },
		{ "P-384", EVP_EC_gen("P-384"), EVP_sha384() },
		{ "Ed25519", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL },
		{ "RSA-2048", EVP_RSA_gen(2048), EVP_sha256() },
	};
	printf("memcpy-MB 1 %.0f %.0f\n", copy_rate(seconds), copy_rate(seconds));
	printf("P-256-one-key %ld - %.0f\n", threads, rate(NULL, NULL, 1, seconds, threads));
	const size_t count = argc > 2 ? 1 : sizeof(rows) / sizeof(rows[0]);
	for (size_t i = 0; i < count; i++) {
		must(rows[i].key != NULL, rows[i].name);
		printf("%s %ld %.0f", rows[i].name, threads, rate(rows[i].key, rows[i].digest, 0, seconds, threads));
		printf(" %.0f\n", rate(rows[i].key, rows[i].digest, 1, seconds, threads));
		EVP_PKEY_free(rows[i].key);
	}
	return 0;
}
