/* SPDX-License-Identifier: MIT */
/* Master files: what is read can be written, and read again as the same records, by type names or by numbers. Each kind
 * of marks gives the same records, errors and places as the general reader without them. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "signer/dns/name.h"
#include "signer/dns/rdata.h"
#include "signer/dns/zonetext_by.h"
#include "signer/dns/zonetext_read.h"
#include "signer/dns/zonetext_write.h"
#include "tests/fuzz/fuzz.h"

static void must(int holds)
{
	if (!holds)
		abort();
}

static enum status read_by(
    const void *data, size_t size, size_t chunk, enum marks_kind kind, struct zonetext *out, struct error *err)
{
	static const uint8_t origin[] = "\7example";
	const struct zonetext_options options = { .name = "fuzz", .origin = origin, .threads = 1 };
	const int file = memfd_create("fuzz", MFD_CLOEXEC);
	must(file >= 0 && write(file, data, size) == (ssize_t)size && lseek(file, 0, SEEK_SET) == 0);
	const enum status status = zonetext_read_by(file, &options, chunk, kind, out, err);
	close(file);
	return status;
}

static enum status read_text(const void *data, size_t size, struct zonetext *out)
{
	struct error err = { .code = STATUS_OK };
	const enum status status = read_by(data, size, 1 << 16, marks_best(), out, &err);
	must(status == err.code || status == STATUS_OK);
	must(status == STATUS_OK || out->count == 0);
	for (const char *c = err.message; status != STATUS_OK && *c != '\0'; c++)
		must(*c >= 0x20 && *c < 0x7f);
	return status;
}

static void same(const struct zonetext *a, const struct zonetext *b)
{
	must(a->count == b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct record *const x = &a->records[i];
		const struct record *const y = &b->records[i];
		must(x->type == y->type && x->ttl == y->ttl && x->rdata_size == y->rdata_size);
		must(memcmp(x->rdata, y->rdata, x->rdata_size) == 0);
		must(
		    name_size(x->owner) == name_size(y->owner) && memcmp(x->owner, y->owner, name_size(x->owner)) == 0);
	}
}

static void same_place(const struct error *a, const struct error *b)
{
	must(a->code == b->code && a->line == b->line && a->column == b->column && strcmp(a->message, b->message) == 0);
}

/* `chunk` is small, so that pieces end everywhere. */
static void same_by_all_kinds(const uint8_t *data, size_t size, size_t chunk)
{
	struct zonetext general;
	struct error general_err = { .code = STATUS_OK };
	const enum status status = read_by(data, size, chunk, MARKS_NONE, &general, &general_err);
	for (enum marks_kind kind = MARKS_PLAIN; kind < MARKS_KINDS; kind++) {
		struct zonetext other;
		struct error err = { .code = STATUS_OK };
		if (!marks_has(kind))
			continue;
		must(read_by(data, size, chunk, kind, &other, &err) == status);
		must(other.error_count == general.error_count);
		same_place(&err, &general_err);
		for (size_t i = 0; i < general.error_count; i++)
			same_place(&other.errors[i], &general.errors[i]);
		same(&general, &other);
		for (size_t i = 0; i < general.count; i++)
			must(general.records[i].line == other.records[i].line);
		zonetext_free(&other);
	}
	zonetext_free(&general);
}

static void written_and_read_again(const struct zonetext *zone, bool all_names)
{
	struct zonetext_buffer buffer = { .data = NULL };
	struct zonetext again = { .records = NULL };
	for (size_t i = 0; i < zone->count; i++) {
		const struct record *const r = &zone->records[i];
		zonetext_write(&buffer, r->owner, r->ttl, r->type, r->rdata, r->rdata_size, all_names);
	}
	if (zone->count > 0) {
		must(read_text(buffer.data, buffer.size, &again) == STATUS_OK);
		same(zone, &again);
		zonetext_free(&again);
	}
	zonetext_buffer_free(&buffer);
}

/* RDATA that was read is well formed, has one canonical form, and an order that agrees with it. */
static void rdata_holds(const struct record *r, const struct record *before)
{
	static uint8_t once[RDATA_MAX];
	static uint8_t twice[RDATA_MAX];
	struct error err;
	must(rdata_check(r->type, r->rdata, r->rdata_size, &err) == STATUS_OK);
	rdata_canonical(r->type, r->rdata, r->rdata_size, once);
	rdata_canonical(r->type, once, r->rdata_size, twice);
	must(memcmp(once, twice, r->rdata_size) == 0);
	must(rdata_compare(r->type, r->rdata, r->rdata_size, once, r->rdata_size) == 0);
	if (before->type == r->type)
		must(rdata_compare(r->type, r->rdata, r->rdata_size, before->rdata, before->rdata_size) ==
		     -rdata_compare(r->type, before->rdata, before->rdata_size, r->rdata, r->rdata_size));
}

/* The last field of a line is the RDATA's text alone. */
static void rdata_is_read_alone(const struct record *r)
{
	static uint8_t out[RDATA_MAX];
	static const uint8_t root[] = "";
	struct zonetext_buffer buffer = { .data = NULL };
	size_t size = 0;
	struct error err;
	zonetext_write(&buffer, r->owner, r->ttl, r->type, r->rdata, r->rdata_size, true);
	const char *text = buffer.data;
	for (int field = 0; field < 4; field++)
		text = (const char *)memchr(text, '\t', buffer.size - (size_t)(text - buffer.data)) + 1;
	const size_t length = buffer.size - (size_t)(text - buffer.data) - 1;
	must(rdata_parse(r->type, text, length, root, out, &size, &err) == STATUS_OK);
	must(size == r->rdata_size && memcmp(out, r->rdata, size) == 0);
	zonetext_buffer_free(&buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zonetext zone = { .records = NULL };
	if (read_text(data, size, &zone) == STATUS_OK) {
		for (size_t i = 0; i < zone.count && i < 100; i++) {
			rdata_holds(&zone.records[i], &zone.records[i == 0 ? 0 : i - 1]);
			rdata_is_read_alone(&zone.records[i]);
		}
		written_and_read_again(&zone, true);
		written_and_read_again(&zone, false);
	}
	zonetext_free(&zone);
	const uint8_t last = size == 0 ? 0 : data[size - 1];
	same_by_all_kinds(data, size, last % 2 == 0 ? 1 << 16 : last);
	return 0;
}
