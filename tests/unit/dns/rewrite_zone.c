/* SPDX-License-Identifier: MIT */
/* rewrite_zone ORIGIN [FOLDER] < zone: writes it in our own form; for the tests that ask other programs. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "signer/dns/name.h"
#include "signer/dns/zonetext_read.h"
#include "signer/dns/zonetext_write.h"

static int print(const struct zonetext *zone)
{
	struct zonetext_buffer buffer = { 0 };
	for (size_t i = 0; i < zone->count; i++) {
		const struct record *const record = &zone->records[i];
		zonetext_write(
		    &buffer, record->owner, record->ttl, record->type, record->rdata, record->rdata_size, false);
	}
	const size_t written = fwrite(buffer.data, 1, buffer.size, stdout);
	const int result = written == buffer.size && fflush(stdout) == 0 ? 0 : 1;
	zonetext_buffer_free(&buffer);
	return result;
}

int main(int argc, char **argv)
{
	uint8_t origin[NAME_WIRE];
	size_t size;
	struct error err = { 0 };
	if (argc < 2 || name_parse(argv[1], strlen(argv[1]), (const uint8_t *)"", origin, &size, &err) != STATUS_OK)
		return STATUS_USAGE;
	const struct zonetext_options options = {
		.name = "-", .origin = origin, .folder = argc > 2 ? argv[2] : NULL, .threads = 2
	};
	struct zonetext zone;
	const enum status status = zonetext_read(STDIN_FILENO, &options, &zone, &err);
	for (size_t i = 0; i < zone.error_count; i++) {
		char line[1200];
		error_format(&zone.errors[i], line, sizeof(line));
		fprintf(stderr, "%s\n", line);
	}
	if (status != STATUS_OK && zone.error_count == 0)
		fprintf(stderr, "%s\n", err.message);
	const int result = status == STATUS_OK ? print(&zone) : (int)status;
	zonetext_free(&zone);
	return result;
}
