/* SPDX-License-Identifier: MIT */
#include "signer/verify/vzone.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signer/base/bytes.h"
#include "signer/verify/varrange.h"
#include "signer/verify/vpieces.h"
#include "signer/verify/vsearch.h"
#include "signer/verify/vshare.h"

/* Runs of records with one owner, in the order of the file. They are counted range by range, so that each range then
 * knows where its own go. */
enum { SURVEY_RANGE = 32768 };

struct survey {
	struct vzone *zone;
	size_t *places; /* of each range's first owner; before they are added up, how many it has */
	atomic_bool disordered;
};

static bool starts_owner(const struct vfile *file, size_t at)
{
	const struct vrecord *const records = file->records;
	return at == 0 ||
	       (records[at - 1].owner != records[at].owner && !vname_equal(records[at - 1].owner, records[at].owner));
}

static enum status count_owners(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct survey *const survey = context;
	const struct vfile *const file = &survey->zone->file;
	size_t count = 0;
	bool disordered = false;
	(void)worker;
	(void)err;
	for (size_t i = first; i < end; i++) {
		if (!starts_owner(file, i))
			continue;
		count++;
		disordered =
		    disordered || (i > 0 && vname_compare(file->records[i - 1].owner, file->records[i].owner) > 0);
	}
	survey->places[first / SURVEY_RANGE] = count;
	if (disordered)
		atomic_store(&survey->disordered, true);
	return STATUS_OK;
}

static enum status list_owners(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct survey *const survey = context;
	const struct vfile *const file = &survey->zone->file;
	struct vowner *owner = survey->zone->owners + survey->places[first / SURVEY_RANGE];
	(void)worker;
	(void)err;
	while (first < end && !starts_owner(file, first))
		first++;
	while (first < end) {
		size_t next = first + 1;
		while (next < file->count && !starts_owner(file, next))
			next++;
		*owner++ = (struct vowner){ .name = file->records[first].owner,
			.first = (uint32_t)first,
			.count = (uint32_t)(next - first),
			.labels = (uint8_t)vname_labels(file->records[first].owner) };
		first = next;
	}
	return STATUS_OK;
}

static enum status find_owners(struct vzone *zone, unsigned threads, bool *disordered, struct error *err)
{
	const size_t ranges = (zone->file.count + SURVEY_RANGE - 1) / SURVEY_RANGE;
	struct survey survey = { .zone = zone, .places = memory_calloc(ranges, sizeof(*survey.places)) };
	enum status status = workers_run(threads, zone->file.count, SURVEY_RANGE, count_owners, &survey, err);
	for (size_t i = 0; i < ranges; i++) {
		const size_t count = survey.places[i];
		survey.places[i] = zone->owner_count;
		zone->owner_count += count;
	}
	const size_t size = zone->owner_count * sizeof(*zone->owners);
	zone->owners = size < 2 * (size_t)MEMORY_LARGE ? memory_alloc(size) : memory_alloc_large(size);
	if (status == STATUS_OK)
		status = workers_run(threads, zone->file.count, SURVEY_RANGE, list_owners, &survey, err);
	/* What the last large page has too much is given back. */
	zone->owners = memory_resize(zone->owners, zone->owner_count, sizeof(*zone->owners));
	*disordered = atomic_load(&survey.disordered);
	free(survey.places);
	return status;
}

/* A natural merge sort: pairs of ascending runs are merged on all cores until one is left. */
struct merge {
	const struct vowner *from;
	struct vowner *to;
	const size_t *starts; /* of runs; starts[runs] is the end */
	size_t runs;
};

static enum status merge_pairs(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	const struct merge *const merge = context;
	(void)worker;
	(void)err;
	for (size_t pair = first; pair < end; pair++) {
		size_t a = merge->starts[2 * pair];
		const size_t middle = merge->starts[2 * pair + 1];
		const size_t last = 2 * pair + 2 <= merge->runs ? merge->starts[2 * pair + 2] : middle;
		size_t b = middle;
		for (size_t out = a; out < last; out++) {
			const bool take_a =
			    a < middle && (b == last || vname_compare(merge->from[a].name, merge->from[b].name) <= 0);
			merge->to[out] = merge->from[take_a ? a++ : b++];
		}
	}
	return STATUS_OK;
}

static size_t find_runs(const struct vzone *zone, size_t **starts)
{
	size_t runs = 0;
	size_t room = 0;
	for (size_t i = 0; i < zone->owner_count; i++) {
		if (i > 0 && vname_compare(zone->owners[i - 1].name, zone->owners[i].name) <= 0)
			continue;
		if (runs + 2 > room) {
			room = 2 * room + 16;
			*starts = memory_resize(*starts, room, sizeof(**starts));
		}
		(*starts)[runs++] = i;
	}
	(*starts)[runs] = zone->owner_count;
	return runs;
}

static enum status sort_owners(struct vzone *zone, unsigned threads, bool *moved, struct error *err)
{
	size_t *starts = NULL;
	size_t runs = find_runs(zone, &starts);
	enum status status = STATUS_OK;
	*moved = runs > 1;
	struct vowner *other = runs > 1 ? memory_alloc(zone->owner_count * sizeof(*other)) : NULL;
	while (runs > 1 && status == STATUS_OK) {
		struct merge merge = { zone->owners, other, starts, runs };
		const size_t pairs = (runs + 1) / 2;
		status = workers_run(threads, pairs, 1, merge_pairs, &merge, err);
		struct vowner *const sorted = other;
		other = zone->owners;
		zone->owners = sorted;
		for (size_t i = 0; i < pairs; i++)
			starts[i] = starts[2 * i];
		starts[pairs] = zone->owner_count;
		runs = pairs;
	}
	free(other);
	free(starts);
	return status;
}

/* After sorting: one entry per name, and records in the order of the owners. */
static void join_owners(struct vzone *zone)
{
	struct vrecord *const ordered = memory_alloc(zone->file.count * sizeof(*ordered));
	size_t used = 0;
	size_t count = 0;
	for (size_t i = 0; i < zone->owner_count; i++) {
		const struct vowner from = zone->owners[i];
		memcpy(ordered + used, zone->file.records + from.first, from.count * sizeof(*ordered));
		if (count > 0 && vname_equal(zone->owners[count - 1].name, from.name)) {
			zone->owners[count - 1].count += from.count;
		} else {
			zone->owners[count] = from;
			zone->owners[count++].first = (uint32_t)used;
		}
		used += from.count;
	}
	zone->owner_count = count;
	free(zone->file.records);
	zone->file.records = ordered;
	zone->file.room = zone->file.count;
}

static int compare_content(const struct vrecord *a, const struct vrecord *b)
{
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->class != b->class)
		return a->class < b->class ? -1 : 1;
	return bytes_compare((struct bytes){ a->rdata, a->size }, (struct bytes){ b->rdata, b->size });
}

static int compare_records(const void *x, const void *y)
{
	const struct vrecord *const a = x;
	const struct vrecord *const b = y;
	const int order = compare_content(a, b);
	if (order != 0)
		return order;
	return (a->line > b->line) - (a->line < b->line);
}

/* What is counted on the way, by all workers together. */
struct tally {
	struct vzone *zone;
	atomic_size_t soas, aliases, hashes, spares;
	atomic_uint max_ttl;
};

size_t varrange_sort(struct vrecord *records, size_t count)
{
	size_t spares = 0;
	bool sorted = true;
	for (size_t at = 1; at < count && sorted; at++)
		sorted = compare_records(&records[at - 1], &records[at]) <= 0;
	if (!sorted)
		qsort(records, count, sizeof(*records), compare_records);
	for (size_t at = 1; at < count; at++) {
		records[at].spare = compare_content(&records[at - 1], &records[at]) == 0;
		spares += records[at].spare;
	}
	return spares;
}

/* An owner that exists only to hold NSEC3: one label that is not a name of the zone (RFC 5155 3). */
static bool is_hash_owner(const struct vzone *zone, const struct vowner *owner)
{
	if (owner->labels != zone->apex_labels + 1 || !owner->nsec3)
		return false;
	return vzone_set(zone, owner, VTYPE_NSEC3).count + vzone_set(zone, owner, VTYPE_RRSIG).count == owner->count;
}

void varrange_classify(const struct vzone *zone, struct vowner *owner)
{
	owner->nsec3 = vzone_set(zone, owner, VTYPE_NSEC3).count > 0;
	owner->apex = owner->labels == zone->apex_labels && vname_equal(owner->name, zone->apex);
	if (!vname_under(owner->name, zone->apex)) {
		owner->kind = VKIND_OUTSIDE;
		return;
	}
	const bool cut = !owner->apex && vzone_set(zone, owner, VTYPE_NS).count > 0;
	owner->kind = is_hash_owner(zone, owner) ? VKIND_HASH : cut ? VKIND_CUT : VKIND_DATA;
	owner->dname = vzone_set(zone, owner, VTYPE_DNAME).count > 0;
}

/* Sorts each owner's records, marks copies, and says what the owner is. */
static enum status sort_records(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct tally *const tally = context;
	const struct vzone *const zone = tally->zone;
	size_t soas = 0;
	size_t aliases = 0;
	size_t hashes = 0;
	size_t spares = 0;
	unsigned max_ttl = 0;
	(void)worker;
	(void)err;
	const struct vowner *const last = &zone->owners[end - 1];
	const struct vrecord *const records_end = zone->file.records + last->first + last->count;
	for (size_t i = first; i < end; i++) {
		struct vrecord *const records = zone->file.records + zone->owners[i].first;
		/* Only of records that this worker orders itself. */
		for (size_t at = VRECORD_SOON;
		     at < zone->owners[i].count + VRECORD_SOON && at < (size_t)(records_end - records); at++)
			__builtin_prefetch(records[at].rdata);
		spares += varrange_sort(records, zone->owners[i].count);
		varrange_classify(zone, &zone->owners[i]);
		for (size_t at = 0; at < zone->owners[i].count; at++) {
			soas += records[at].type == VTYPE_SOA;
			aliases += records[at].type == VTYPE_CNAME;
			hashes += records[at].type == VTYPE_NSEC3;
			max_ttl = records[at].ttl > max_ttl ? records[at].ttl : max_ttl;
		}
	}
	atomic_fetch_add(&tally->soas, soas);
	atomic_fetch_add(&tally->aliases, aliases);
	atomic_fetch_add(&tally->hashes, hashes);
	atomic_fetch_add(&tally->spares, spares);
	unsigned known = atomic_load(&tally->max_ttl);
	while (max_ttl > known && !atomic_compare_exchange_weak(&tally->max_ttl, &known, max_ttl))
		;
	return STATUS_OK;
}

struct vset vzone_set(const struct vzone *zone, const struct vowner *owner, uint16_t type)
{
	const struct vrecord *const records = zone->records + owner->first;
	if (owner->count == 0 || records[owner->count - 1].type < type)
		return (struct vset){ records + owner->count, 0 };
	size_t low = 0;
	size_t high = owner->count;
	while (low < high) {
		const size_t middle = (low + high) / 2;
		if (records[middle].type < type)
			low = middle + 1;
		else
			high = middle;
	}
	/* Most sets are small; for a large one each asking would take its size. */
	enum { FEW = 8 };
	size_t end = low;
	while (end < owner->count && records[end].type == type && end - low < FEW)
		end++;
	high = owner->count;
	while (end < high && records[end].type == type) {
		const size_t middle = (end + high) / 2;
		if (records[middle].type == type)
			end = middle + 1;
		else
			high = middle;
	}
	return (struct vset){ records + low, end - low };
}

size_t vzone_place(const struct vzone *zone, const uint8_t *name)
{
	size_t low = 0;
	size_t high = zone->owner_count;
	while (low < high) {
		const size_t middle = (low + high) / 2;
		if (vname_compare(zone->owners[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct vowner *vzone_find(const struct vzone *zone, const uint8_t *name)
{
	const size_t at = vzone_place(zone, name);
	return at < zone->owner_count && vname_equal(zone->owners[at].name, name) ? &zone->owners[at] : NULL;
}

static int compare_owner(const void *context, size_t at, const uint8_t *name)
{
	const struct vzone *const zone = context;
	return vname_compare(zone->owners[at].name, name);
}

const struct vowner *vzone_find_near(const struct vzone *zone, const uint8_t *name, size_t *near)
{
	const bool anywhere = *near == SIZE_MAX;
	const size_t count = zone->owner_count;
	const size_t after =
	    vsearch_not_above(zone, count, anywhere ? count / 2 : *near, anywhere ? count : 1, compare_owner, name);
	*near = after == 0 ? 0 : after - 1;
	return after > 0 && vname_equal(zone->owners[after - 1].name, name) ? &zone->owners[after - 1] : NULL;
}

bool vzone_exists(const struct vzone *zone, const uint8_t *name)
{
	const size_t at = vzone_place(zone, name);
	return at < zone->owner_count && vname_under(zone->owners[at].name, name);
}

const struct vrecord *vzone_next(const struct vrecord *record, const struct vrecord *end)
{
	do
		record++;
	while (record < end && record->spare);
	return record;
}

bool vzone_authoritative(const struct vowner *owner, uint16_t type)
{
	/* Someone may register the very label that is a hash: then NSEC3 stands beside a delegation (RFC 5155 3). */
	if (type == VTYPE_NSEC3)
		return owner->kind != VKIND_OUTSIDE && owner->kind != VKIND_OCCLUDED;
	switch ((enum vkind)owner->kind) {
	case VKIND_DATA:
		return type != VTYPE_RRSIG;
	case VKIND_CUT:
		/* A registrant may own the name that is the hash of another: then the NSEC3 stands beside the
		 * delegation. */
		return type == VTYPE_DS || type == VTYPE_NSEC || type == VTYPE_NSEC3;
	case VKIND_HASH:
	case VKIND_OCCLUDED:
	case VKIND_OUTSIDE:
		return false;
	}
	return false;
}

static void list_hashes(struct vzone *zone, size_t records)
{
	zone->nsec3_count = records;
	zone->hash_owners = memory_calloc(records, sizeof(*zone->hash_owners));
	for (size_t i = 0; i < zone->owner_count && records > 0; i++)
		if (zone->owners[i].kind != VKIND_OCCLUDED && zone->owners[i].nsec3)
			zone->hash_owners[zone->hash_owner_count++] = (uint32_t)i;
}

/* One walk in canonical order: what lies below a cut or a DNAME follows it at once. Few names have more labels than the
 * cut before them, so most are not looked at. */
void varrange_hide(struct vzone *zone)
{
	const struct vowner *above = NULL;
	for (size_t i = 0; i < zone->owner_count; i++) {
		struct vowner *const owner = &zone->owners[i];
		if (owner->kind == VKIND_OUTSIDE)
			continue;
		if (owner->apex)
			zone->top = owner;
		if (owner->kind == VKIND_HASH)
			continue;
		if (above != NULL && owner->labels > above->labels && vname_under(owner->name, above->name)) {
			owner->kind = VKIND_OCCLUDED;
			owner->below_dname = above->kind != VKIND_CUT;
			continue;
		}
		above = owner->kind == VKIND_CUT || owner->dname ? owner : NULL;
	}
}

static const uint8_t *first_soa_owner(const struct vfile *file)
{
	for (size_t i = 0; i < file->count; i++)
		if (file->records[i].type == VTYPE_SOA)
			return file->records[i].owner;
	return NULL;
}

void varrange_note_soa(struct vzone *zone)
{
	if (zone->top == NULL)
		return;
	const struct vset set = vzone_set(zone, zone->top, VTYPE_SOA);
	if (set.count == 0 || set.first->size < 22)
		return;
	const uint8_t *const numbers = set.first->rdata + set.first->size - 20;
	zone->soa = set.first;
	zone->soa_ttl = set.first->ttl;
	zone->serial = bytes_get_u32(numbers);
	zone->soa_expire = bytes_get_u32(numbers + 12);
	zone->soa_minimum = bytes_get_u32(numbers + 16);
}

static void list_aliases(struct vzone *zone, size_t count)
{
	zone->aliases = memory_calloc(count + 1, sizeof(*zone->aliases));
	for (size_t i = 0; zone->alias_count < count; i++)
		if (zone->records[i].type == VTYPE_CNAME)
			zone->aliases[zone->alias_count++] = zone->records[i].owner;
}

bool vzone_is_alias(const struct vzone *zone, const uint8_t *name)
{
	size_t low = 0;
	size_t high = zone->alias_count;
	while (low < high) {
		const size_t middle = (low + high) / 2;
		const int order = vname_compare(zone->aliases[middle], name);
		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static enum status arrange(struct vzone *zone, unsigned threads, struct error *err)
{
	bool disordered;
	bool moved = false;
	enum status status = find_owners(zone, threads, &disordered, err);
	if (status == STATUS_OK && disordered)
		status = sort_owners(zone, threads, &moved, err);
	if (status != STATUS_OK)
		return status;
	if (moved) {
		join_owners(zone);
		vpieces_free(zone->file.pieces); /* their records lie elsewhere */
		zone->file.pieces = NULL;
	}
	zone->records = zone->file.records;
	struct tally tally = { .zone = zone };
	status = workers_run(threads, zone->owner_count, 4096, sort_records, &tally, err);
	if (status != STATUS_OK)
		return status;
	zone->soa_count = atomic_load(&tally.soas);
	zone->spares = atomic_load(&tally.spares);
	zone->max_ttl = atomic_load(&tally.max_ttl);
	list_aliases(zone, atomic_load(&tally.aliases));
	varrange_hide(zone);
	list_hashes(zone, atomic_load(&tally.hashes));
	varrange_note_soa(zone);
	return STATUS_OK;
}

/* Read beside a zone that has nearly all of its records; true: it is done, well or not. What cannot be read twice is
 * not tried. */
static bool load_shared(const struct vsource *source, const uint8_t *origin, unsigned threads, struct vzone *out,
    enum status *status, struct error *err)
{
	struct vsource shared = *source;
	struct vzone zone = { .apex = origin };
	const off_t start = source->descriptor < 0 ? 0 : lseek(source->descriptor, 0, SEEK_CUR);
	if (origin == NULL || start < 0 || !vshare_may(source->like))
		return false;
	shared.shares = true;
	*status = vread_file(&shared, origin, threads, &zone.file, err);
	if (*status != STATUS_OK)
		return true;
	zone.apex_labels = vname_labels(origin);
	if (vshare_arrange(&zone, source->like)) {
		*out = zone;
		return true;
	}
	vzone_free(&zone);
	if (source->descriptor < 0 || lseek(source->descriptor, start, SEEK_SET) >= 0)
		return false;
	*status = error_set_errno(err, "%s: seek", source->name);
	return true;
}

enum status vzone_load(
    const struct vsource *source, const uint8_t *origin, unsigned threads, struct vzone *out, struct error *err)
{
	struct vzone zone = { .soa = NULL };
	enum status status;
	if (load_shared(source, origin, threads, out, &status, err))
		return status;
	status = vread_file(source, origin, threads, &zone.file, err);
	if (status != STATUS_OK)
		return status;
	zone.apex = origin != NULL ? origin : first_soa_owner(&zone.file);
	if (zone.apex == NULL)
		status = error_set_at(err, STATUS_MALFORMED, source->name, 0, 0,
		    "no SOA record, so this is no zone (RFC 1034 4.2.1); name the apex with --origin to judge it "
		    "anyway");
	if (status == STATUS_OK && zone.file.count > UINT32_MAX)
		status = error_set(err, STATUS_MALFORMED, "%s: more than 2^32 records", source->name);
	if (status == STATUS_OK) {
		zone.apex_labels = vname_labels(zone.apex);
		status = arrange(&zone, threads, err);
	}
	if (status != STATUS_OK) {
		vzone_free(&zone);
		return status;
	}
	*out = zone;
	return STATUS_OK;
}

void vzone_free(struct vzone *zone)
{
	free(zone->owners);
	free(zone->aliases);
	free(zone->hash_owners);
	vread_free(&zone->file);
	*zone = (struct vzone){ .soa = NULL };
}
