/* SPDX-License-Identifier: MIT */
#include "signer/zone/zone.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/workers.h"
#include "signer/dns/name.h"
#include "signer/dns/rrtype.h"
#include "signer/zone/order.h"
#include "signer/zone/servers.h"
#include "signer/zone/walk.h"

bool zone_is_made_by_signer(const struct record *record, const uint8_t *apex)
{
	switch (record->type) {
	case RRTYPE_RRSIG:
	case RRTYPE_NSEC:
	case RRTYPE_NSEC3:
		return true;
	case RRTYPE_DNSKEY:
	case RRTYPE_CDS:
	case RRTYPE_CDNSKEY:
	case RRTYPE_NSEC3PARAM:
	case RRTYPE_ZONEMD:
		return name_equal(record->owner, apex);
	default:
		return false;
	}
}

size_t zone_strip(struct record *records, size_t count, const uint8_t *apex)
{
	size_t stripped = 0;
	for (size_t i = 0; i < count; i++)
		stripped += zone_is_made_by_signer(&records[i], apex) ? 1U : 0U;
	if (stripped == 0)
		return count;
	struct record *const aside = memory_resize(NULL, stripped, sizeof(*aside));
	size_t kept = 0;
	size_t at = 0;
	for (size_t i = 0; i < count; i++) {
		if (zone_is_made_by_signer(&records[i], apex))
			aside[at++] = records[i];
		else
			records[kept++] = records[i];
	}
	memcpy(&records[kept], aside, stripped * sizeof(*aside));
	free(aside);
	return kept;
}

enum status zone_build(struct record *records, size_t count, const uint8_t *apex, const char *const files[],
    unsigned threads, struct zone *out, struct error *err)
{
	const unsigned workers = threads == 0 ? workers_default() : threads;
	struct zone zone = { .records = records, .arena = arena_new(0), .apex_labels = name_labels(apex) };
	uint8_t *const own = arena_octets(zone.arena, name_size(apex));
	name_lower(apex, own);
	zone.apex = own;
	size_t gaps = 0;
	enum status status = order_owners(records, count, apex, files, workers, err);
	if (status == STATUS_OK)
		status = order_rrsets(&zone, count, workers, &gaps, err);
	if (status == STATUS_OK)
		status = walk_names(&zone, zone.rrset_count + gaps, files, err);
	if (status == STATUS_OK)
		status = servers_check(&zone, files, err);
	if (status != STATUS_OK) {
		zone_free(&zone);
		return status;
	}
	*out = zone;
	return STATUS_OK;
}

void zone_free(struct zone *zone)
{
	arena_free(zone->arena);
	*zone = (struct zone){ 0 };
}

void zone_set_apex(struct zone *zone, const struct rrset rrsets[], size_t count)
{
	assert(count <= ZONE_APEX_ROOM);
	const size_t had = zone->names[0].rrset_count;
	struct rrset *const merged = memory_resize(NULL, had + count, sizeof(*merged));
	size_t size = 0;
	size_t old = 0;
	size_t new = 0;
	while (old < had || new < count) {
		const unsigned old_type = old < had ? zone->rrsets[old].type : UINT16_MAX + 1U;
		const unsigned new_type = new < count ? rrsets[new].type : UINT16_MAX + 1U;
		merged[size++] = new_type <= old_type ? rrsets[new] : zone->rrsets[old];
		new += new_type <= old_type ? 1U : 0U;
		old += old_type <= new_type ? 1U : 0U;
	}
	const size_t added = size - had;
	memmove(&zone->rrsets[size], &zone->rrsets[had], (zone->rrset_count - had) * sizeof(*merged));
	memcpy(zone->rrsets, merged, size * sizeof(*merged));
	zone->rrset_count += added;
	zone->names[0].rrset_count = (uint16_t)size;
	for (size_t i = 1; i < zone->name_count; i++)
		zone->names[i].first_rrset += (uint32_t)added;
	free(merged);
}

size_t zone_find(const struct zone *zone, const uint8_t *name)
{
	size_t low = 0;
	size_t high = zone->name_count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const int order = name_compare(zone->names[middle].owner, name);
		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return SIZE_MAX;
}

size_t zone_message_size(const struct rrset *rrset)
{
	enum { HEADER = 12, QUESTION_FIXED = 4, RECORD_FIXED = 12 };
	size_t size = HEADER + name_size(rrset->records[0].owner) + QUESTION_FIXED;
	for (uint32_t i = 0; i < rrset->count; i++)
		size += (size_t)RECORD_FIXED + rrset->records[i].rdata_size;
	return size;
}

const struct rrset *zone_rrset(const struct zone *zone, size_t index, uint16_t type)
{
	const struct zone_name *const name = &zone->names[index];
	for (size_t i = 0; i < name->rrset_count; i++) {
		const struct rrset *const rrset = &zone->rrsets[name->first_rrset + i];
		if (rrset->type == type)
			return rrset;
	}
	return NULL;
}

bool zone_is_signed(const struct zone_name *name, uint16_t type)
{
	switch ((enum zone_kind)name->kind) {
	case ZONE_APEX:
	case ZONE_AUTHORITATIVE:
		return type != RRTYPE_RRSIG;
	case ZONE_DELEGATION:
		return type == RRTYPE_DS || type == RRTYPE_NSEC;
	case ZONE_GLUE:
	case ZONE_OCCLUDED:
	case ZONE_EMPTY_NON_TERMINAL:
		return false;
	}
	return false;
}

bool zone_is_in_nsec_chain(const struct zone_name *name)
{
	return name->kind == ZONE_APEX || name->kind == ZONE_AUTHORITATIVE || name->kind == ZONE_DELEGATION;
}

bool zone_is_in_nsec3_chain(const struct zone_name *name, bool opt_out)
{
	switch ((enum zone_kind)name->kind) {
	case ZONE_APEX:
	case ZONE_AUTHORITATIVE:
	case ZONE_EMPTY_NON_TERMINAL:
		return true;
	case ZONE_DELEGATION:
		return name->secure || !opt_out;
	case ZONE_GLUE:
	case ZONE_OCCLUDED:
		return false;
	}
	return false;
}
