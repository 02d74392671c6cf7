/* SPDX-License-Identifier: MIT */
#include "tests/unit/dns/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "signer/dns/zonetext_by.h"
#include "signer/dns/zonetext_write.h"

static const uint8_t origin[] = "\7example";

static int memory_file(const char *text, size_t size)
{
	const int file = memfd_create("zone", MFD_CLOEXEC);
	if (file < 0 || write(file, text, size) != (ssize_t)size || lseek(file, 0, SEEK_SET) != 0) {
		perror("memfd");
		abort();
	}
	return file;
}

static void put_line(struct zonetext_buffer *buffer, const struct error *err)
{
	char line[1200];
	error_format(err, line, sizeof(line));
	const size_t size = strlen(line);
	zonetext_buffer_reserve(buffer, size + 1);
	memcpy(buffer->data + buffer->size, line, size);
	buffer->data[buffer->size + size] = '\n';
	buffer->size += size + 1;
}

/* What text_read returns, then a NUL and where each record stood. */
static struct zonetext_buffer read_by(
    const char *text, size_t size, size_t chunk, enum marks_kind kind, const struct zonetext_options *options)
{
	const int file = memory_file(text, size);
	struct zonetext zone;
	struct error err = { 0 };
	const enum status status = zonetext_read_by(file, options, chunk, kind, &zone, &err);
	struct zonetext_buffer buffer = { 0 };
	for (size_t i = 0; i < zone.count; i++) {
		const struct record *const record = &zone.records[i];
		zonetext_write(
		    &buffer, record->owner, record->ttl, record->type, record->rdata, record->rdata_size, true);
	}
	for (size_t i = 0; i < zone.error_count; i++)
		put_line(&buffer, &zone.errors[i]);
	if (status != STATUS_OK && zone.error_count == 0)
		put_line(&buffer, &err);
	zonetext_buffer_reserve(&buffer, 1 + zone.count * sizeof(uint32_t));
	buffer.data[buffer.size++] = '\0';
	for (size_t i = 0; i < zone.count; i++) {
		memcpy(buffer.data + buffer.size, &zone.records[i].line, sizeof(uint32_t));
		buffer.size += sizeof(uint32_t);
	}
	zonetext_free(&zone);
	close(file);
	return buffer;
}

char *text_read(const char *text, size_t size, size_t chunk, unsigned threads, const char *folder)
{
	const struct zonetext_options options = {
		.name = "zone", .origin = origin, .folder = folder, .threads = threads
	};
	const struct zonetext_buffer general = read_by(text, size, chunk, MARKS_NONE, &options);
	struct zonetext_buffer other = read_by(text, size, chunk, marks_best(), &options);
	if (other.size != general.size || memcmp(other.data, general.data, general.size) != 0) {
		fprintf(stderr, "read by marks:\n%s\nbut the general way:\n%s\n", other.data, general.data);
		abort();
	}
	zonetext_buffer_free(&other);
	return general.data;
}
