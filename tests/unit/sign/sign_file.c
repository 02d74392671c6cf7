/* SPDX-License-Identifier: MIT */
/*
 * Signs a zone file with fresh keys and prints what it took: for profiling, and for trying a zone without a keystore.
 *
 *   sign_file IN OUT ORIGIN nsec|nsec3|optout ALGORITHM THREADS [again|kept [IN]]
 *
 * With "again" it signs a second time, an hour later, with the first output as the zone published before; with "kept"
 * with the file of that output's signatures; another IN is what changed meanwhile.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "signer/dns/name.h"
#include "tests/unit/sign/signed.h"

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static long peak_kib(const char *field)
{
	char line[128];
	long found = 0;
	FILE *const in = fopen("/proc/self/status", "r");
	while (in != NULL && fgets(line, sizeof(line), in) != NULL)
		if (strncmp(line, field, strlen(field)) == 0)
			found = strtol(line + strlen(field) + 1, NULL, 10);
	if (in != NULL)
		fclose(in);
	return found;
}

static void load(const char *path, const uint8_t *origin, unsigned threads, struct zonetext *out)
{
	struct error err = { 0 };
	char message[1200];
	const double start = seconds();
	const int file = open(path, O_RDONLY | O_CLOEXEC);
	const struct zonetext_options options = { .name = path, .origin = origin, .threads = threads };
	if (file < 0 || zonetext_read(file, &options, out, &err) != STATUS_OK) {
		error_format(&err, message, sizeof(message));
		fprintf(stderr, "%s: %s\n", path, message);
		exit(1);
	}
	close(file);
	printf("read %s: %zu records, %.2f s\n", path, out->count, seconds() - start);
}

static double cpu(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void sign(struct signed_zone *zone, struct zonetext *input, struct zonetext *previous, const char *path)
{
	struct publish publish = PUBLISH_NONE;
	struct sign_result *const result = &zone->result;
	char message[1200];
	const double begin = cpu();
	enum status status = publish_open(path, 0600, &publish, &zone->err);
	if (status == STATUS_OK)
		status = sign_zone(input, previous, zone->keys, zone->key_count, zone->token, false, &zone->parameters,
		    &publish, result, &zone->err);
	if (status == STATUS_OK)
		status = publish_rename(&publish, &zone->err);
	publish_abort(&publish);
	if (status != STATUS_OK) {
		error_format(&zone->err, message, sizeof(message));
		fprintf(stderr, "%s\n", message);
		return;
	}
	printf("build %.2f s, sign %.2f s, write %.2f s, %.2f CPU-s in all; %llu records, %llu octets, %llu made, %llu "
	       "kept, peak %ld KiB\n",
	    result->seconds_build, result->seconds_sign, result->seconds_write, cpu() - begin,
	    (unsigned long long)result->records, (unsigned long long)result->size,
	    (unsigned long long)result->signatures_made, (unsigned long long)result->signatures_kept,
	    peak_kib("VmHWM"));
}

/* Writes the draft to a file beside the output and reads it back. */
static void pass_on(struct signed_zone *zone, const char *output, struct sigfile *out)
{
	char path[4200];
	char message[1200];
	struct publish publish = PUBLISH_NONE;
	const struct sigfile_identity whose = { zone->apex, zone->result.sha256, zone->parameters.serial };
	const double start = seconds();
	const double begin = cpu();
	snprintf(path, sizeof(path), "%s.signatures", output);
	enum status status = publish_open(path, 0600, &publish, &zone->err);
	if (status == STATUS_OK)
		status = sigfile_write(zone->parameters.draft, &whose, &publish, &zone->err);
	const double written = seconds();
	if (status == STATUS_OK)
		status = publish_sync(&publish, &zone->err);
	const double synced = seconds();
	if (status == STATUS_OK)
		status = sigfile_load(publish.file, UINT64_MAX, &whose, zone->parameters.threads, out, &zone->err);
	printf("signatures: written %.2f s, synced %.2f s, read %.2f s, %.2f CPU-s in all; %llu entries\n",
	    written - start, synced - written, seconds() - synced, cpu() - begin, (unsigned long long)out->entries);
	if (status == STATUS_OK)
		status = publish_rename(&publish, &zone->err);
	publish_abort(&publish);
	if (status == STATUS_OK)
		return;
	error_format(&zone->err, message, sizeof(message));
	fprintf(stderr, "%s\n", message);
	exit(1);
}

static void sign_again(struct signed_zone *zone, const char *in, const char *out, bool by_file)
{
	struct zonetext input;
	struct zonetext previous;
	struct sigfile kept = { .blocks = NULL };
	if (by_file)
		pass_on(zone, out, &kept);
	zone->parameters.kept = by_file ? &kept : NULL;
	const double begin = cpu();
	load(in, zone->apex, zone->parameters.threads, &input);
	if (!by_file)
		load(out, zone->apex, zone->parameters.threads, &previous);
	printf("both read: %.2f CPU-s\n", cpu() - begin);
	zone->parameters.now.seconds += 3600;
	zone->parameters.serial++;
	sign(zone, &input, by_file ? NULL : &previous, out);
	if (!by_file)
		zonetext_free(&previous);
	zonetext_free(&input);
	sigfile_close(&kept);
}

int main(int argc, char **argv)
{
	if (argc < 7) {
		fputs("usage: sign_file IN OUT ORIGIN nsec|nsec3|optout ALGORITHM THREADS [again|kept [IN]]\n", stderr);
		return 2;
	}
	struct signed_zone zone;
	signed_open(&zone, argv[3], (uint8_t)atoi(argv[5]), false);
	zone.parameters.nsec3 = strcmp(argv[4], "nsec") != 0;
	zone.parameters.opt_out = strcmp(argv[4], "optout") == 0;
	zone.parameters.threads = (unsigned)atoi(argv[6]);
	zone.parameters.now = utc_now();
	struct sigfile_draft draft = { .blocks = NULL };
	zone.parameters.draft = &draft;
	struct zonetext input;
	load(argv[1], zone.parameters.apex, zone.parameters.threads, &input);
	sign(&zone, &input, NULL, argv[2]);
	zonetext_free(&input);
	if (argc > 7)
		sign_again(&zone, argc > 8 ? argv[8] : argv[1], argv[2], strcmp(argv[7], "kept") == 0);
	sigfile_draft_free(&draft);
	const int status = zone.err.code == STATUS_OK ? 0 : 1;
	signed_close(&zone);
	return status;
}
