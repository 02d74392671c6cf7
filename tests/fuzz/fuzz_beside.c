/* SPDX-License-Identifier: MIT */
/*
 * Any octets beside a zone of any octets, which a line ";--" parts from them: what is compared with the zone's text
 * comes to what it comes to when it is parsed, also when the zone's file is changed after it was read.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "signer/verify/vsum.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/verify/same_records.h"
#include "tests/unit/verify/same_zones.h"

enum { MOST = 1 << 18 };

static const char border[] = "\n;--\n";
static const uint8_t apex[] = "\2zs\4test";

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool same_error(const struct error *a, const struct error *b)
{
	return strcmp(a->message, b->message) == 0 && a->line == b->line && a->column == b->column;
}

static void read_both(const struct vzone *zone, struct vsource source)
{
	struct vfile alone;
	struct vfile beside;
	struct error errs[2];
	error_clear(&errs[0]);
	error_clear(&errs[1]);
	const enum status status = vread_file(&source, apex, 1, &alone, &errs[0]);
	source.like = zone;
	must(vread_file(&source, apex, 1, &beside, &errs[1]) == status);
	must(status == STATUS_OK ? same_records(&alone, &beside) : same_error(&errs[0], &errs[1]));
	if (status != STATUS_OK)
		return;
	vread_free(&alone);
	vread_free(&beside);
}

static void arrange_both(const struct vzone *zone, struct vsource source)
{
	struct vzone alone;
	struct vzone beside;
	struct error errs[2];
	error_clear(&errs[0]);
	error_clear(&errs[1]);
	const enum status status = vzone_load(&source, apex, 1, &alone, &errs[0]);
	source.like = zone;
	must(vzone_load(&source, apex, 1, &beside, &errs[1]) == status);
	must(status == STATUS_OK ? same_zones(&alone, &beside) : same_error(&errs[0], &errs[1]));
	if (status != STATUS_OK)
		return;
	vzone_free(&alone);
	vzone_free(&beside);
}

static void add_up_both(const struct vzone *zone, const struct vsource *source)
{
	struct vzone parsed = *zone;
	struct vsum sums[2];
	struct error errs[2];
	bool same[2] = { false, false };
	error_clear(&errs[0]);
	error_clear(&errs[1]);
	parsed.file.pieces = NULL;
	const enum status status = vsum_same(zone, source, 1, &same[0], &sums[0], &errs[0]);
	must(vsum_same(&parsed, source, 1, &same[1], &sums[1], &errs[1]) == status && same[0] == same[1]);
	if (status != STATUS_OK)
		must(same_error(&errs[0], &errs[1]));
	else
		must(sums[0].soa_count == sums[1].soa_count && sums[0].made_count == sums[1].made_count &&
		     sums[0].zonemd_count == sums[1].zonemd_count);
}

static void judge(struct vsource zone_source, const struct vsource *other)
{
	struct vzone zone;
	struct error err;
	zone_source.compared = true;
	if (vzone_load(&zone_source, apex, 1, &zone, &err) != STATUS_OK)
		return;
	for (int pass = 0; pass < 2; pass++) {
		read_both(&zone, *other);
		arrange_both(&zone, *other);
		add_up_both(&zone, other);
		/* The second time the zone's file is another one. */
		if (zone_source.descriptor >= 0 && other->size > 0)
			must(pwrite(zone_source.descriptor, other->data, other->size, 0) == (ssize_t)other->size);
	}
	vzone_free(&zone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *const at = size > MOST ? NULL : memmem(data, size, border, sizeof(border) - 1);
	if (at == NULL)
		return 0;
	const uint8_t *const rest = at + sizeof(border) - 1;
	struct vsource zone = { .name = "zone", .descriptor = -1, .data = data, .size = (size_t)(at + 1 - data) };
	const struct vsource other = {
		.name = "other", .descriptor = -1, .data = rest, .size = size - (size_t)(rest - data)
	};
	judge(zone, &other);
	zone.descriptor = memfd_create("zone", MFD_CLOEXEC);
	must(zone.descriptor >= 0 && pwrite(zone.descriptor, data, zone.size, 0) == (ssize_t)zone.size);
	judge(zone, &other);
	close(zone.descriptor);
	return 0;
}
