/* SPDX-License-Identifier: MIT */
/*
 * microbench - what each part of the work costs by itself, on one core.
 *
 *   microbench ZONEFILE ORIGIN FOLDER [ROUNDS [THREADS [reader]]]
 *
 * Prints "part, unit, least, median, most": units a second for each core, of so many rounds. The zone is signed with
 * P-256 and NSEC3 over all names, by fresh keys; FOLDER takes what is written, and should be in memory so that no disk
 * is measured. The sorter gets its records in the order of the file, backwards, and in a random order that is the same
 * each time. Sorting is all of zone_build: what each name is, too. With "reader" nothing but the reader is measured,
 * and the zone may be a signed one. "reader-plain" is the reader while SHA-256 does nothing, as other programs' readers
 * take no digest.
 */
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "signer/denial/nsec3.h"
#include "signer/verify/verify.h"
#include "tests/unit/sign/signed.h"

enum { MOST_ROUNDS = 100 };

/* Linked in place of libcrypto's. */
static bool without_digest;
int __real_EVP_DigestUpdate(EVP_MD_CTX *context, const void *data, size_t size);
int __wrap_EVP_DigestUpdate(EVP_MD_CTX *context, const void *data, size_t size);
int __wrap_EVP_DigestUpdate(EVP_MD_CTX *context, const void *data, size_t size)
{
	return without_digest ? 1 : __real_EVP_DigestUpdate(context, data, size);
}

struct bench {
	const char *file;
	unsigned threads;
	size_t rounds;
	struct signed_zone zone; /* keys and parameters */
	struct zonetext input;
	char output[4200];
};

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(enum status status, const struct error *err)
{
	if (status == STATUS_OK)
		return;
	fprintf(stderr, "microbench: %s\n", err->message);
	exit(1);
}

static int compare(const void *a, const void *b)
{
	const double one = *(const double *)a;
	const double two = *(const double *)b;
	return one < two ? -1 : one > two;
}

static void tell(const struct bench *bench, const char *part, const char *unit, double units, double times[])
{
	qsort(times, bench->rounds, sizeof(times[0]), compare);
	const double each = units / bench->threads;
	printf("%s, %s, %.0f, %.0f, %.0f\n", part, unit, each / times[bench->rounds - 1],
	    each / times[bench->rounds / 2], each / times[0]);
	fflush(stdout);
}

static void read_zone(const struct bench *bench, struct zonetext *out)
{
	struct error err = { 0 };
	const int file = open(bench->file, O_RDONLY | O_CLOEXEC);
	const struct zonetext_options options = {
		.name = bench->file, .origin = bench->zone.apex, .threads = bench->threads
	};
	if (file < 0) {
		perror(bench->file);
		exit(1);
	}
	must(zonetext_read(file, &options, out, &err), &err);
	close(file);
}

static void bench_reader(struct bench *bench, const char *part)
{
	double times[MOST_ROUNDS];
	double again[MOST_ROUNDS];
	for (size_t i = 0; i < bench->rounds; i++) {
		zonetext_free(&bench->input);
		const double start = seconds();
		read_zone(bench, &bench->input);
		times[i] = again[i] = seconds() - start;
	}
	tell(bench, part, "records", (double)bench->input.count, times);
	tell(bench, part, "octets", (double)bench->input.text_size, again);
}

/* SHA-256 alone, of as many octets in pieces as large as the reader's: a part of what the reader takes. */
static void bench_digest(const struct bench *bench)
{
	enum { PIECE = 1 << 18 };
	static uint8_t text[PIECE];
	double times[MOST_ROUNDS];
	const uint64_t pieces = bench->input.text_size / PIECE + 1;
	for (size_t i = 0; i < bench->rounds; i++) {
		uint8_t sha256[32];
		EVP_MD_CTX *const digest = EVP_MD_CTX_new();
		const double start = seconds();
		bool good = digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
		for (uint64_t piece = 0; good && piece < pieces; piece++)
			good = EVP_DigestUpdate(digest, text, sizeof(text)) == 1;
		good = good && EVP_DigestFinal_ex(digest, sha256, NULL) == 1;
		times[i] = seconds() - start;
		EVP_MD_CTX_free(digest);
		if (good)
			continue;
		fprintf(stderr, "microbench: SHA-256 failed in libcrypto\n");
		exit(1);
	}
	tell(bench, "reader-digest", "octets", (double)(pieces * PIECE) * bench->threads, times);
}

enum order { AS_GIVEN, BACKWARDS, RANDOM };

static void arrange(struct record *records, size_t count, enum order order)
{
	uint64_t state = 1;
	for (size_t i = 0; i < count; i++) {
		/* Knuth's constants; the low bits of such a sequence are not random, so they are left out. */
		state = state * 6364136223846793005U + 1442695040888963407U;
		const size_t other = order == BACKWARDS ? count - 1 - i : (size_t)(state >> 33) % (i + 1);
		if (order == AS_GIVEN || (order == BACKWARDS && other <= i))
			return;
		const struct record swap = records[i];
		records[i] = records[other];
		records[other] = swap;
	}
}

static void bench_sorter(const struct bench *bench, const char *part, enum order order)
{
	double times[MOST_ROUNDS];
	const size_t size = bench->input.count * sizeof(struct record);
	struct record *const records = memory_alloc(size);
	for (size_t i = 0; i < bench->rounds; i++) {
		struct zone zone;
		struct error err = { 0 };
		memcpy(records, bench->input.records, size);
		arrange(records, bench->input.count, order);
		const double start = seconds();
		must(zone_build(records, bench->input.count, bench->zone.apex, (const char *const *)bench->input.files,
			 bench->threads, &zone, &err),
		    &err);
		times[i] = seconds() - start;
		zone_free(&zone);
	}
	free(records);
	tell(bench, part, "records", (double)bench->input.count, times);
}

static void bench_nsec3(const struct bench *bench)
{
	double times[MOST_ROUNDS];
	const size_t size = bench->input.count * sizeof(struct record);
	struct record *const records = memory_alloc(size);
	memcpy(records, bench->input.records, size);
	struct zone zone;
	struct error err = { 0 };
	must(zone_build(records, bench->input.count, bench->zone.apex, (const char *const *)bench->input.files,
		 bench->threads, &zone, &err),
	    &err);
	const struct nsec3_parameters parameters = { .opt_out = false };
	double names = 0;
	for (size_t i = 0; i < bench->rounds; i++) {
		struct nsec3_chain chain;
		const double start = seconds();
		must(nsec3_build(&zone, &parameters, bench->threads, &chain, &err), &err);
		times[i] = seconds() - start;
		names = (double)chain.count;
		nsec3_free(&chain);
	}
	zone_free(&zone);
	free(records);
	tell(bench, "nsec3", "names", names, times);
}

/* Signing includes the ZONEMD. Leaves the signed zone for the verifier. */
static void bench_signer_and_writer(struct bench *bench)
{
	double signing[MOST_ROUNDS];
	double writing[MOST_ROUNDS];
	double again[MOST_ROUNDS];
	struct sign_result *const result = &bench->zone.result;
	for (size_t i = 0; i < bench->rounds; i++) {
		struct zonetext input;
		*result = (struct sign_result){ 0 };
		struct publish publish = PUBLISH_NONE;
		struct error err = { 0 };
		read_zone(bench, &input);
		must(publish_open(bench->output, 0600, &publish, &err), &err);
		must(sign_zone(&input, NULL, bench->zone.keys, bench->zone.key_count, bench->zone.token, false,
			 &bench->zone.parameters, &publish, result, &err),
		    &err);
		must(publish_rename(&publish, &err), &err);
		publish_abort(&publish);
		zonetext_free(&input);
		signing[i] = result->seconds_sign;
		writing[i] = again[i] = result->seconds_write;
	}
	tell(bench, "signer", "signatures", (double)result->signatures_made, signing);
	tell(bench, "writer", "records", (double)result->records, writing);
	tell(bench, "writer", "octets", (double)result->size, again);
}

static void bench_verifier(const struct bench *bench)
{
	double times[MOST_ROUNDS];
	double again[MOST_ROUNDS];
	for (size_t i = 0; i < bench->rounds; i++) {
		struct verify_verdict *verdict;
		struct error err = { 0 };
		const int file = open(bench->output, O_RDONLY | O_CLOEXEC);
		const struct verify_options options = { .zone = { bench->output, file, NULL, 0 },
			.times = { bench->zone.parameters.now },
			.time_count = 1,
			.threads = bench->threads };
		const double start = seconds();
		must(verify_run(&options, &verdict, &err), &err);
		times[i] = again[i] = seconds() - start;
		const bool passed = verify_passed(verdict);
		verify_free(verdict);
		close(file);
		if (passed)
			continue;
		fprintf(stderr, "microbench: the verifier refuses what was signed\n");
		exit(1);
	}
	tell(bench, "verifier", "signatures", (double)bench->zone.result.signatures, times);
	tell(bench, "verifier", "records", (double)bench->zone.result.records, again);
}

int main(int argc, char **argv)
{
	static struct bench bench;
	if (argc < 4) {
		fputs("usage: microbench ZONEFILE ORIGIN FOLDER [ROUNDS [THREADS [reader]]]\n", stderr);
		return 2;
	}
	bench.file = argv[1];
	bench.rounds = argc > 4 ? strtoul(argv[4], NULL, 10) : 3;
	bench.threads = argc > 5 ? (unsigned)strtoul(argv[5], NULL, 10) : 1;
	if (bench.rounds < 1 || bench.rounds > MOST_ROUNDS || bench.threads < 1 || bench.threads > 256) {
		fprintf(stderr, "microbench: 1 to %d rounds, 1 to 256 threads\n", MOST_ROUNDS);
		return 2;
	}
	snprintf(bench.output, sizeof(bench.output), "%s/microbench.signed", argv[3]);
	signed_open(&bench.zone, argv[2], 13, false);
	bench.zone.parameters.nsec3 = true;
	bench.zone.parameters.threads = bench.threads;
	bench.zone.parameters.now = utc_now();
	verify_prepare();
	puts("part, unit, least, median, most");
	without_digest = true;
	bench_reader(&bench, "reader-plain");
	without_digest = false;
	bench_reader(&bench, "reader");
	bench_digest(&bench);
	if (argc > 6 && strcmp(argv[6], "reader") == 0) {
		zonetext_free(&bench.input);
		signed_close(&bench.zone);
		return 0;
	}
	bench_sorter(&bench, "sorter", AS_GIVEN);
	bench_sorter(&bench, "sorter-backwards", BACKWARDS);
	bench_sorter(&bench, "sorter-random", RANDOM);
	bench_nsec3(&bench);
	bench_signer_and_writer(&bench);
	bench_verifier(&bench);
	zonetext_free(&bench.input);
	unlink(bench.output);
	signed_close(&bench.zone);
	return 0;
}
