/* SPDX-License-Identifier: MIT */
/*
 * How many signatures a second this machine makes and checks with OpenSSL: the floor under any signer's time.
 * cryptolimits [SECONDS]: for each algorithm "name threads sign/s verify/s", on all cores, contexts used again.
 */
#include <openssl/ec.h>
#include <openssl/evp.h>
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

static void sign_once(EVP_MD_CTX *context, const struct job *job, const uint8_t *message, uint8_t *out, size_t *size)
{
	*size = MAX_SIGNATURE;
	must(EVP_DigestSignInit(context, NULL, job->digest, NULL, job->key), "init");
	must(EVP_DigestSign(context, out, size, message, MESSAGE), "sign");
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
	uint8_t message[MESSAGE] = { 1 };
	uint8_t signature[MAX_SIGNATURE];
	size_t size = 0;
	sign_once(context, job, message, signature, &size);

	const double end = now() + job->seconds;
	while (now() < end) {
		for (int i = 0; i < 16; i++, job->done++) {
			if (job->verify) {
				verify_once(context, job, message, signature, size);
			} else {
				memcpy(message, &job->done, sizeof(job->done));
				sign_once(context, job, message, signature, &size);
			}
		}
	}
	EVP_MD_CTX_free(context);
	return NULL;
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
		must(pthread_create(&ids[i], NULL, work, &jobs[i]) == 0, "thread");
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
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		must(rows[i].key != NULL, rows[i].name);
		printf("%s %ld %.0f", rows[i].name, threads, rate(rows[i].key, rows[i].digest, 0, seconds, threads));
		printf(" %.0f\n", rate(rows[i].key, rows[i].digest, 1, seconds, threads));
		EVP_PKEY_free(rows[i].key);
	}
	return 0;
}
