/* SPDX-License-Identifier: MIT */
/*
 * Signs one zone file several times with the same keys, an hour and a serial apart, and prints the KSK's DS: for tests
 * of what caches make of a change.
 *
 *   sign_versions ORIGIN ALGORITHM {IN OUT nsec|nsec3|salt|opt-out|unsigned}...
 *
 * Each version keeps the signatures of the one before it that still fit, as a real run does.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keystore/dnskey.h"
#include "signer/base/bytes.h"
#include "tests/unit/sign/signed.h"

static bool load(const char *path, const uint8_t *origin, struct zonetext *out, struct error *err)
{
	const struct zonetext_options options = { .name = path, .origin = origin, .threads = 1 };
	const int file = open(path, O_RDONLY | O_CLOEXEC);
	const bool good = file >= 0 && zonetext_read(file, &options, out, err) == STATUS_OK;
	if (file >= 0)
		close(file);
	return good;
}

static void set_flavour(struct sign_parameters *parameters, const char *flavour)
{
	static const uint8_t salt[] = { 0xc0, 0xff, 0xee };
	const bool salted = strcmp(flavour, "salt") == 0;
	parameters->unsigned_output = strcmp(flavour, "unsigned") == 0;
	parameters->nsec3 = strcmp(flavour, "nsec") != 0;
	parameters->opt_out = strcmp(flavour, "opt-out") == 0;
	parameters->iterations = salted ? 5 : 0;
	parameters->salt = salt;
	parameters->salt_size = salted ? sizeof(salt) : 0;
}

static bool sign(struct signed_zone *zone, const char *in, const char *out, const char *before)
{
	struct zonetext input = { 0 };
	struct zonetext previous = { 0 };
	struct publish publish = PUBLISH_NONE;
	bool good = load(in, zone->apex, &input, &zone->err) &&
		    (before == NULL || load(before, zone->apex, &previous, &zone->err));
	good = good && publish_open(out, 0600, &publish, &zone->err) == STATUS_OK &&
	       sign_zone(&input, before == NULL ? NULL : &previous, zone->keys, zone->key_count, zone->token, false,
		   &zone->parameters, &publish, &zone->result, &zone->err) == STATUS_OK &&
	       publish_rename(&publish, &zone->err) == STATUS_OK;
	publish_abort(&publish);
	zonetext_free(&input);
	zonetext_free(&previous);
	return good;
}

static void print_ds(const struct signed_zone *zone, const char *origin)
{
	uint8_t rdata[DS_RDATA];
	char digest[2 * DS_RDATA + 1];
	const struct key *const key = &zone->keys[0];
	const size_t size = dnskey_ds(key, zone->apex, name_size(zone->apex), 2, rdata);
	bytes_to_hex((struct bytes){ rdata + 4, size - 4 }, true, digest);
	printf("%s 3600 IN DS %u %u 2 %s\n", origin, key->tag, key->algorithm, digest);
}

int main(int argc, char **argv)
{
	if (argc < 6 || (argc - 3) % 3 != 0) {
		fputs("usage: sign_versions ORIGIN ALGORITHM {IN OUT nsec|nsec3|salt|opt-out|unsigned}...\n", stderr);
		return 2;
	}
	struct signed_zone zone;
	bool good = true;
	signed_open(&zone, argv[1], (uint8_t)strtoul(argv[2], NULL, 10), false);
	zone.parameters.cds = APEX_CDS_NONE;
	zone.parameters.now = utc_now();
	for (int i = 3; i < argc && good; i += 3) {
		set_flavour(&zone.parameters, argv[i + 2]);
		good = sign(&zone, argv[i], argv[i + 1], i == 3 ? NULL : argv[i - 2]);
		zone.parameters.serial++;
	}
	if (good)
		print_ds(&zone, argv[1]);
	else
		fprintf(stderr, "%s\n", zone.err.message);
	signed_close(&zone);
	return good ? 0 : 1;
}
