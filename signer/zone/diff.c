/* SPDX-License-Identifier: MIT */
#include "signer/zone/diff.h"

#include <string.h>

#include "signer/base/bytes.h"
#include "signer/base/workers.h"
#include "signer/dns/name.h"
#include "signer/dns/rdata.h"
#include "signer/dns/rrtype.h"
#include "signer/zone/order.h"

/* RFC 1035 3.3.13: SOA RDATA ends with five numbers, the serial first. */
enum { SOA_NUMBERS = 20, SERIAL = 4, SOA_MOST = 2 * NAME_WIRE + SOA_NUMBERS };

const uint8_t *diff_apex(const struct zonetext *text, uint32_t *serial)
{
	for (size_t i = 0; i < text->count; i++) {
		const struct record *const record = &text->records[i];
		if (record->type != RRTYPE_SOA || record->rdata_size < SOA_NUMBERS)
			continue;
		*serial = bytes_get_u32(record->rdata + record->rdata_size - SOA_NUMBERS);
		return record->owner;
	}
	return NULL;
}

enum status diff_sort(
    struct zonetext *text, const uint8_t *apex, bool dnssec, unsigned threads, struct zone *out, struct error *err)
{
	const unsigned workers = threads == 0 ? workers_default() : threads;
	struct zone zone = { .records = text->records, .arena = arena_new(0), .apex_labels = name_labels(apex) };
	uint8_t *const own = arena_octets(zone.arena, name_size(apex));
	name_lower(apex, own);
	zone.apex = own;
	size_t gaps = 0;
	const size_t count = dnssec ? text->count : zone_strip(text->records, text->count, own);
	enum status status = order_owners(text->records, count, own, text->files, workers, err);
	if (status == STATUS_OK)
		status = order_rrsets(&zone, count, workers, &gaps, err);
	if (status != STATUS_OK) {
		zone_free(&zone);
		return status;
	}
	*out = zone;
	return STATUS_OK;
}

/* One version in the walk. */
struct side {
	const struct zone *zone;
	size_t at;
	const uint8_t *owner; /* of the last RRset that was taken */
	const uint8_t *cut;   /* the delegation at or above it, or NULL */
};

static const uint8_t *owner_of(const struct rrset *rrset)
{
	return rrset->records[0].owner;
}

static const struct rrset *next_of(const struct side *side)
{
	return side->at < side->zone->rrset_count ? &side->zone->rrsets[side->at] : NULL;
}

/* Types ascend: nothing but A (1) can stand before the NS (2) of a delegation. */
static bool has_ns(const struct side *side)
{
	const struct rrset *const first = next_of(side);
	if (first->type == RRTYPE_NS)
		return true;
	return first->type < RRTYPE_NS && side->at + 1 < side->zone->rrset_count && first[1].type == RRTYPE_NS &&
	       owner_of(first) == owner_of(first + 1);
}

static const struct rrset *take(struct side *side)
{
	const struct rrset *const rrset = next_of(side);
	const uint8_t *const owner = owner_of(rrset);
	if (side->owner != owner) {
		if (side->cut != NULL && !name_is_within(owner, side->cut))
			side->cut = NULL;
		if (side->cut == NULL && has_ns(side) && !name_equal(owner, side->zone->apex))
			side->cut = owner;
		side->owner = owner;
	}
	side->at++;
	return rrset;
}

static enum diff_kind kind_of(const struct side *side, const struct rrset *rrset)
{
	if (zone_is_made_by_signer(&rrset->records[0], side->zone->apex))
		return DIFF_DNSSEC;
	if (name_equal(owner_of(rrset), side->zone->apex))
		return DIFF_APEX;
	if (side->cut == NULL)
		return DIFF_OTHER;
	if (rrset->type == RRTYPE_A || rrset->type == RRTYPE_AAAA)
		return DIFF_GLUE;
	if (side->cut != owner_of(rrset))
		return DIFF_OTHER;
	return rrset->type == RRTYPE_NS ? DIFF_DELEGATION : rrset->type == RRTYPE_DS ? DIFF_DS : DIFF_OTHER;
}

/* In one zone owners are pointers, shared by the records of a name; in two they are names. */
static int compare_sets(const struct rrset *a, const struct rrset *b)
{
	if (a == NULL || b == NULL)
		return a == NULL ? 1 : -1;
	const int order = name_compare(owner_of(a), owner_of(b));
	return order != 0 ? order : (int)a->type - (int)b->type;
}

static int compare_records(const struct record *a, const struct record *b)
{
	return rdata_compare(a->type, a->rdata, a->rdata_size, b->rdata, b->rdata_size);
}

static bool soa_is_equal(const struct record *a, const struct record *b)
{
	uint8_t one[SOA_MOST];
	uint8_t two[SOA_MOST];
	if (a->rdata_size != b->rdata_size || a->rdata_size < SOA_NUMBERS || a->rdata_size > SOA_MOST)
		return false;
	rdata_canonical(a->type, a->rdata, a->rdata_size, one);
	rdata_canonical(b->type, b->rdata, b->rdata_size, two);
	const size_t serial = (size_t)a->rdata_size - SOA_NUMBERS;
	return memcmp(one, two, serial) == 0 &&
	       memcmp(one + serial + SERIAL, two + serial + SERIAL, SOA_NUMBERS - SERIAL) == 0;
}

static bool sets_are_equal(const struct rrset *old, const struct rrset *new)
{
	if (old->ttl != new->ttl || old->count != new->count)
		return false;
	if (old->type == RRTYPE_SOA && old->count == 1)
		return soa_is_equal(old->records, new->records);
	for (uint32_t i = 0; i < old->count; i++)
		if (compare_records(&old->records[i], &new->records[i]) != 0)
			return false;
	return true;
}

struct walk {
	diff_record *tell;
	void *context;
	struct diff *out;
};

static void tell(const struct walk *walk, char sign, const struct rrset *rrset, uint32_t index)
{
	*(sign == '+' ? &walk->out->records_added : &walk->out->records_removed) += 1;
	if (walk->tell != NULL)
		walk->tell(walk->context, sign, rrset, &rrset->records[index]);
}

/* Records with another TTL are others. */
static void tell_changes(const struct walk *walk, const struct rrset *old, const struct rrset *new)
{
	const bool same_ttl = old->ttl == new->ttl;
	uint32_t i = 0;
	uint32_t j = 0;
	while (i < old->count || j < new->count) {
		const int order = i == old->count   ? 1
				  : j == new->count ? -1
						    : compare_records(&old->records[i], &new->records[j]);
		if (order == 0 && same_ttl) {
			i++;
			j++;
			continue;
		}
		if (order <= 0)
			tell(walk, '-', old, i++);
		if (order >= 0)
			tell(walk, '+', new, j++);
	}
}

static void tell_whole(const struct walk *walk, char sign, const struct rrset *rrset)
{
	for (uint32_t i = 0; i < rrset->count; i++)
		tell(walk, sign, rrset, i);
}

void diff_zones(
    const struct zone *old, const struct zone *new, diff_record *tell_record, void *context, struct diff *out)
{
	const struct walk walk = { tell_record, context, out };
	struct side before = { .zone = old };
	struct side after = { .zone = new };
	*out = (struct diff){ .records_added = 0 };
	while (next_of(&before) != NULL || next_of(&after) != NULL) {
		const int order = compare_sets(next_of(&before), next_of(&after));
		const struct rrset *const a = order <= 0 ? take(&before) : NULL;
		const struct rrset *const b = order >= 0 ? take(&after) : NULL;
		struct diff_counts *const counts = &out->kinds[b != NULL ? kind_of(&after, b) : kind_of(&before, a)];
		if (a == NULL) {
			counts->added++;
			tell_whole(&walk, '+', b);
		} else if (b == NULL) {
			counts->removed++;
			tell_whole(&walk, '-', a);
		} else if (!sets_are_equal(a, b)) {
			counts->changed++;
			tell_changes(&walk, a, b);
		}
	}
}

bool diff_is_empty(const struct diff *diff)
{
	return diff->records_added == 0 && diff->records_removed == 0;
}
