/* SPDX-License-Identifier: MIT */
#include "signer/sign/rows.h"

#include <stdlib.h>

#include "signer/base/arena.h"
#include "signer/base/workers.h"
#include "signer/dns/rrtype.h"

enum {
	SECTION_MOST = 1024, /* names and chain entries in a section */
	SECTION_LEAST = 16,
	SECTIONS_EACH = 64, /* for each thread, if there are names enough */
	RANGE = 16
};

static enum keyset_duty duty_of(const struct zone_name *name, const struct zone *zone, uint16_t type)
{
	if (name != &zone->names[0])
		return KEYSET_ZONE;
	if (type == RRTYPE_DNSKEY)
		return KEYSET_KEYS;
	return type == RRTYPE_CDS || type == RRTYPE_CDNSKEY ? KEYSET_CHILD : KEYSET_ZONE;
}

/* Whether names[name] comes at or before the owner of an entry. */
static bool name_first(const struct rows *rows, size_t name, size_t entry)
{
	uint8_t owner[NAME_WIRE];
	nsec3_owner(rows->zone, &rows->chain->entries[entry], owner);
	return name_compare(rows->zone->names[name].owner, owner) <= 0;
}

/* Where the merged sequence of names and entries is cut after `wanted` of them. */
static struct section cut(const struct rows *rows, size_t wanted)
{
	const size_t names = rows->zone->name_count;
	const size_t entries = rows->chain == NULL ? 0 : rows->chain->count;
	size_t low = wanted > entries ? wanted - entries : 0;
	size_t high = wanted < names ? wanted : names;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (name_first(rows, middle, wanted - 1 - middle))
			low = middle + 1;
		else
			high = middle;
	}
	struct section section = { .name = low, .entry = wanted - low };
	/* A registrant may own a name that is the hash of another: then both stay in one section. */
	if (section.name > 0 && section.entry < entries) {
		uint8_t owner[NAME_WIRE];
		nsec3_owner(rows->zone, &rows->chain->entries[section.entry], owner);
		if (name_equal(rows->zone->names[section.name - 1].owner, owner))
			section.entry++;
	}
	return section;
}

static bool is_unsigned(const struct rows *rows)
{
	return rows->keyset->count == 0;
}

static size_t slots_of_name(const struct rows *rows, const struct zone_name *name)
{
	size_t size = 0;
	if (rows->chain == NULL && zone_is_in_nsec_chain(name))
		size += rows->keyset->slot_size[KEYSET_ZONE];
	for (size_t i = 0; i < name->rrset_count; i++) {
		const uint16_t type = rows->zone->rrsets[name->first_rrset + i].type;
		if (zone_is_signed(name, type))
			size += rows->keyset->slot_size[duty_of(name, rows->zone, type)];
	}
	return size;
}

/* Cuts sections[first..end) and leaves in each `slot` the size of its slots. */
static enum status cut_job(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	(void)worker;
	(void)err;
	const struct rows *const rows = context;
	const size_t total = rows->zone->name_count + (rows->chain == NULL ? 0 : rows->chain->count);
	struct section here = cut(rows, first * rows->section_size);
	for (size_t s = first; s < end; s++) {
		const size_t wanted = (s + 1) * rows->section_size;
		const struct section next = cut(rows, wanted < total ? wanted : total);
		here.slot = (next.entry - here.entry) * rows->keyset->slot_size[KEYSET_ZONE];
		for (size_t i = here.name; i < next.name; i++)
			here.slot += slots_of_name(rows, &rows->zone->names[i]);
		rows->sections[s] = here;
		here = next;
	}
	return STATUS_OK;
}

/* Large ones cost least. Smaller ones end at about the same time, which counts where a token takes its time for each
 * signature and many threads wait for it. */
static size_t section_size(size_t total, unsigned threads)
{
	const size_t even = total / ((size_t)threads * SECTIONS_EACH);
	if (even < SECTION_LEAST)
		return SECTION_LEAST;
	return even < SECTION_MOST ? even : SECTION_MOST;
}

enum status rows_open(const struct zone *zone, const struct nsec3_chain *chain, const struct keyset *keyset,
    uint32_t negative_ttl, unsigned threads, struct rows *out, struct error *err)
{
	struct rows rows = { .zone = zone, .chain = chain, .keyset = keyset, .negative_ttl = negative_ttl };
	const size_t total = zone->name_count + (chain == NULL ? 0 : chain->count);
	rows.section_size = section_size(total, threads);
	rows.section_count = (total + rows.section_size - 1) / rows.section_size;
	rows.sections = memory_calloc(rows.section_count + 1, sizeof(*rows.sections));
	const enum status status = workers_run(threads, rows.section_count, RANGE, cut_job, &rows, err);
	if (status != STATUS_OK) {
		free(rows.sections);
		return status;
	}
	rows.sections[rows.section_count] = (struct section){ zone->name_count, total - zone->name_count, 0 };
	size_t offset = 0;
	for (size_t s = 0; s <= rows.section_count; s++) {
		const size_t size = rows.sections[s].slot;
		rows.sections[s].slot = offset;
		offset += size;
	}
	rows.slots_size = offset;
	rows.slots = memory_alloc(offset);
	*out = rows;
	return STATUS_OK;
}

void rows_close(struct rows *rows)
{
	free(rows->slots);
	free(rows->sections);
	*rows = (struct rows){ 0 };
}

struct walk {
	const struct rows *rows;
	struct rows_scratch *scratch;
	rows_visitor *visitor;
	void *context;
	struct error *err;
	uint8_t *slot;
	bool new_owner;
};

static enum status show(struct walk *walk, struct row *row, bool is_signed)
{
	row->new_owner = walk->new_owner;
	walk->new_owner = false;
	if (is_signed && !is_unsigned(walk->rows)) {
		row->slot = walk->slot;
		walk->slot += walk->rows->keyset->slot_size[row->duty];
	}
	return walk->visitor(walk->context, row, walk->err);
}

/* Shows an NSEC or NSEC3 whose RDATA is in the scratch. */
static enum status show_denial(struct walk *walk, const uint8_t *owner, uint16_t type, size_t rdata_size, bool at_apex)
{
	struct record *const record = &walk->scratch->record;
	*record = (struct record){ .owner = owner, .rdata = walk->scratch->rdata, .type = type };
	record->ttl = walk->rows->negative_ttl;
	record->rdata_size = (uint16_t)rdata_size;
	struct row row = { .owner = owner, .records = record, .count = 1, .ttl = record->ttl, .type = type };
	row.duty = KEYSET_ZONE;
	row.at_apex = at_apex;
	return show(walk, &row, true);
}

static enum status show_nsec3(struct walk *walk, const uint8_t *owner, size_t entry)
{
	const size_t size = nsec3_rdata(walk->rows->zone, walk->rows->chain, entry, walk->scratch->rdata);
	return show_denial(walk, owner, RRTYPE_NSEC3, size, false);
}

/* Shows a name's RRsets; `entry` is that of an NSEC3 with this very owner, or SIZE_MAX. */
static enum status show_name(struct walk *walk, size_t index, size_t entry)
{
	const struct zone *const zone = walk->rows->zone;
	const struct zone_name *const name = &zone->names[index];
	bool nsec = walk->rows->chain == NULL && !is_unsigned(walk->rows) && zone_is_in_nsec_chain(name);
	bool nsec3 = entry != SIZE_MAX;
	enum status status = STATUS_OK;
	for (size_t i = 0; i <= name->rrset_count && status == STATUS_OK; i++) {
		const struct rrset *const rrset = i < name->rrset_count ? &zone->rrsets[name->first_rrset + i] : NULL;
		if (nsec && (rrset == NULL || rrset->type > RRTYPE_NSEC)) {
			nsec = false;
			const size_t size = nsec_rdata(zone, index, walk->scratch->rdata);
			status = show_denial(walk, name->owner, RRTYPE_NSEC, size, index == 0);
		}
		if (status == STATUS_OK && nsec3 && (rrset == NULL || rrset->type > RRTYPE_NSEC3)) {
			nsec3 = false;
			status = show_nsec3(walk, name->owner, entry);
		}
		if (rrset == NULL || status != STATUS_OK)
			break;
		struct row row = { .owner = name->owner, .records = rrset->records, .count = rrset->count };
		row.ttl = rrset->ttl;
		row.type = rrset->type;
		row.duty = (uint8_t)duty_of(name, zone, rrset->type);
		row.at_apex = index == 0;
		status = show(walk, &row, zone_is_signed(name, rrset->type));
	}
	return status;
}

/* NSEC3s come in the order of hashes, so each is about a name that is far from that of the one before: what the bit
 * maps of the next ones are made of is asked for ahead, name first, then its types. */
static void begin_entry(const struct rows *rows, size_t entry, uint8_t owner[NAME_WIRE])
{
	enum { NAMES_AHEAD = 8, TYPES_AHEAD = 4 };
	const struct nsec3_chain *const chain = rows->chain;
	const struct zone *const zone = rows->zone;
	nsec3_owner(zone, &chain->entries[entry], owner);
	if (entry + NAMES_AHEAD >= chain->count)
		return;
	__builtin_prefetch(&zone->names[chain->entries[entry + NAMES_AHEAD].name]);
	__builtin_prefetch(&zone->rrsets[zone->names[chain->entries[entry + TYPES_AHEAD].name].first_rrset]);
}

enum status rows_each(const struct rows *rows, size_t section, struct rows_scratch *scratch, rows_visitor *visitor,
    void *context, struct error *err)
{
	const struct section *const here = &rows->sections[section];
	struct walk walk = { rows, scratch, visitor, context, err, rows->slots + here[0].slot, true };
	size_t name = here[0].name;
	size_t entry = here[0].entry;
	bool have_owner = false;
	enum status status = STATUS_OK;
	while (status == STATUS_OK && (name < here[1].name || entry < here[1].entry)) {
		if (entry < here[1].entry && !have_owner) {
			begin_entry(rows, entry, scratch->owner);
			have_owner = true;
		}
		int order = entry == here[1].entry ? -1 : 1;
		if (name < here[1].name && entry < here[1].entry)
			order = name_compare(rows->zone->names[name].owner, scratch->owner);
		walk.new_owner = true;
		if (order > 0)
			status = show_nsec3(&walk, scratch->owner, entry);
		else
			status = show_name(&walk, name, order == 0 ? entry : SIZE_MAX);
		name += order <= 0 ? 1U : 0U;
		entry += order >= 0 ? 1U : 0U;
		have_owner &= order < 0;
	}
	return status;
}
