/* SPDX-License-Identifier: MIT */
#include "signer/zone/order.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/workers.h"
#include "signer/dns/name.h"
#include "signer/dns/rdata.h"
#include "signer/zone/sort.h"

enum {
	RANGE = 1 << 13, /* records in a worker's range */
	SMALL = 12,      /* records below which insertion is fastest */
};

struct owners {
	struct record *records;
	const uint8_t *apex;
	unsigned apex_labels;
	const char *const *files;
	struct sort_entry *entries;
	atomic_bool unsorted;
};

unsigned order_common_labels(const uint8_t *a, const uint8_t *b)
{
	uint8_t a_at[NAME_LABELS];
	uint8_t b_at[NAME_LABELS];
	unsigned a_labels = 0;
	unsigned b_labels = 0;
	for (size_t at = 0; a[at] != 0; at += 1U + a[at])
		a_at[a_labels++] = (uint8_t)at;
	for (size_t at = 0; b[at] != 0; at += 1U + b[at])
		b_at[b_labels++] = (uint8_t)at;
	unsigned common = 0;
	while (common < a_labels && common < b_labels) {
		/* Each label, ended as a name of its own. */
		uint8_t one[NAME_LABEL + 2];
		uint8_t two[NAME_LABEL + 2];
		const uint8_t *const x = a + a_at[a_labels - 1 - common];
		const uint8_t *const y = b + b_at[b_labels - 1 - common];
		if (x[0] != y[0])
			break;
		memcpy(one, x, x[0] + 1U);
		memcpy(two, y, y[0] + 1U);
		one[x[0] + 1U] = 0;
		two[y[0] + 1U] = 0;
		if (!name_equal(one, two))
			break;
		common++;
	}
	return common;
}

static enum status check_job(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	(void)worker;
	struct owners *const owners = context;
	for (size_t i = first; i < end; i++) {
		const struct record *const record = &owners->records[i];
		if (i > 0 && record->owner == record[-1].owner)
			continue;
		if (!name_is_within(record->owner, owners->apex)) {
			char owner[NAME_TEXT];
			char apex[NAME_TEXT];
			name_to_text(record->owner, owner);
			name_to_text(owners->apex, apex);
			return error_set_at(err, STATUS_MALFORMED, owners->files[record->file], record->line, 0,
			    "%.300s is outside the zone %.300s (RFC 1035 5.2)", owner, apex);
		}
		if (i > 0 && !atomic_load_explicit(&owners->unsorted, memory_order_relaxed) &&
		    name_compare(record[-1].owner, record->owner) > 0)
			atomic_store_explicit(&owners->unsorted, true, memory_order_relaxed);
	}
	return STATUS_OK;
}

static enum status key_job(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	(void)worker;
	(void)err;
	struct owners *const owners = context;
	for (size_t i = first; i < end; i++) {
		struct sort_entry *const entry = &owners->entries[i];
		if (i > first && owners->records[i].owner == owners->records[i - 1].owner) {
			*entry = entry[-1];
			entry->index = (uint32_t)i;
			continue;
		}
		uint8_t key[NAME_KEY];
		const size_t size = name_sort_key(owners->records[i].owner, owners->apex_labels, key);
		*entry = sort_entry_of(key, size, (uint32_t)i);
	}
	return STATUS_OK;
}

static int compare_owners(const void *context, uint32_t a, uint32_t b)
{
	const struct owners *const owners = context;
	const uint8_t *const one = owners->records[a].owner;
	const uint8_t *const two = owners->records[b].owner;
	return one == two ? 0 : name_compare(one, two);
}

/* Moves each record to its place along the cycles of the permutation: no second array of records is needed. */
static void permute(struct record *records, struct sort_entry *entries, size_t count)
{
	for (size_t start = 0; start < count; start++) {
		if (entries[start].index == start)
			continue;
		const struct record first = records[start];
		size_t at = start;
		while (entries[at].index != start) {
			const size_t from = entries[at].index;
			records[at] = records[from];
			entries[at].index = (uint32_t)at;
			at = from;
		}
		records[at] = first;
		entries[at].index = (uint32_t)at;
	}
}

enum status order_owners(struct record *records, size_t count, const uint8_t *apex, const char *const files[],
    unsigned threads, struct error *err)
{
	struct owners owners = { .records = records, .apex = apex, .apex_labels = name_labels(apex), .files = files };
	atomic_init(&owners.unsorted, false);
	enum status status = workers_run(threads, count, RANGE, check_job, &owners, err);
	if (status != STATUS_OK || !atomic_load(&owners.unsorted))
		return status;
	if (count > UINT32_MAX)
		return error_set(err, STATUS_MALFORMED, "%zu records, zoneseal sorts at most 4294967295", count);
	owners.entries = memory_resize(NULL, count, sizeof(*owners.entries));
	status = workers_run(threads, count, RANGE, key_job, &owners, err);
	if (status == STATUS_OK)
		status = sort_entries(owners.entries, count, threads, compare_owners, &owners, err);
	if (status == STATUS_OK)
		permute(records, owners.entries, count);
	free(owners.entries);
	return status;
}

/* Records of whole owners, which one worker groups. */
struct piece {
	size_t first, end; /* of zone->records; `end` moves down as duplicates are dropped */
	size_t rrsets;     /* in it; then, before it */
	size_t gaps;
	size_t duplicates;
	size_t ttl_lowered;
	uint32_t largest_ttl;
	size_t largest_message;
};

struct grouping {
	struct zone *zone;
	struct piece *pieces;
};

static int compare_records(const struct record *a, const struct record *b)
{
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return rdata_compare(a->type, a->rdata, a->rdata_size, b->rdata, b->rdata_size);
}

/* A stable merge sort: equal records keep their order, so that the first of two duplicates stays. */
static void sort_records(struct record *records, struct record *spare, size_t count)
{
	if (count <= SMALL) {
		for (size_t i = 1; i < count; i++) {
			const struct record moving = records[i];
			size_t at = i;
			for (; at > 0 && compare_records(&records[at - 1], &moving) > 0; at--)
				records[at] = records[at - 1];
			records[at] = moving;
		}
		return;
	}
	const size_t half = count / 2;
	sort_records(records, spare, half);
	sort_records(records + half, spare, count - half);
	if (compare_records(&records[half - 1], &records[half]) <= 0)
		return;
	memcpy(spare, records, half * sizeof(*records));
	size_t i = 0;
	size_t j = half;
	for (size_t k = 0; i < half; k++) {
		if (j == count || compare_records(&spare[i], &records[j]) <= 0)
			records[k] = spare[i++];
		else
			records[k] = records[j++];
	}
}

static size_t owner_end(const struct record *records, size_t first, size_t end)
{
	size_t i = first + 1;
	while (
	    i < end && (records[i].owner == records[first].owner || name_equal(records[i].owner, records[first].owner)))
		i++;
	return i;
}

/* Sorts the records of one owner and copies each once to `to`; returns the end of the copies. */
static size_t group_owner(struct record *records, size_t first, size_t end, size_t to, struct piece *piece)
{
	const size_t count = end - first;
	struct record *const spare = count > SMALL ? memory_resize(NULL, count, sizeof(*spare)) : NULL;
	const uint8_t *const owner = records[first].owner;
	sort_records(records + first, spare, count);
	free(spare);
	const size_t start = to;
	for (size_t i = first; i < end; i++) {
		struct record *const last = to > start ? &records[to - 1] : NULL;
		if (last != NULL && compare_records(last, &records[i]) == 0) {
			/* Its TTL still counts for the RRset's lowest. */
			last->unused |= records[i].ttl != last->ttl ? 1U : 0U;
			if (records[i].ttl < last->ttl)
				last->ttl = records[i].ttl;
			piece->duplicates++;
			continue;
		}
		if (last == NULL || records[i].type != last->type)
			piece->rrsets++;
		records[to] = records[i];
		records[to].owner = owner;
		records[to].unused = 0;
		to++;
	}
	return to;
}

static enum status group_job(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	(void)worker;
	(void)err;
	const struct grouping *const grouping = context;
	struct record *const records = grouping->zone->records;
	const unsigned apex_labels = grouping->zone->apex_labels;
	for (size_t p = first; p < end; p++) {
		struct piece *const piece = &grouping->pieces[p];
		size_t to = piece->first;
		const uint8_t *before = grouping->zone->apex;
		for (size_t i = piece->first; i < piece->end;) {
			const uint8_t *const owner = records[i].owner;
			const size_t next = owner_end(records, i, piece->end);
			to = group_owner(records, i, next, to, piece);
			const unsigned labels = name_labels(owner);
			if (labels > apex_labels + 1) {
				const unsigned common = order_common_labels(before, owner);
				piece->gaps += labels - 1 > common ? labels - 1 - common : 0;
			}
			before = owner;
			i = next;
		}
		piece->end = to;
	}
	return STATUS_OK;
}

static enum status fill_job(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	(void)worker;
	(void)err;
	const struct grouping *const grouping = context;
	const struct record *const records = grouping->zone->records;
	for (size_t p = first; p < end; p++) {
		struct piece *const piece = &grouping->pieces[p];
		struct rrset *rrset = grouping->zone->rrsets + piece->rrsets;
		for (size_t i = piece->first; i < piece->end; rrset++) {
			*rrset = (struct rrset){ &records[i], 0, records[i].ttl, records[i].type };
			bool differ = false;
			size_t k = i;
			for (; k < piece->end && records[k].owner == records[i].owner && records[k].type == rrset->type;
			     k++) {
				differ |= records[k].ttl != rrset->ttl || records[k].unused != 0;
				if (records[k].ttl < rrset->ttl)
					rrset->ttl = records[k].ttl;
			}
			rrset->count = (uint32_t)(k - i);
			piece->ttl_lowered += differ ? 1U : 0U;
			if (rrset->ttl > piece->largest_ttl)
				piece->largest_ttl = rrset->ttl;
			const size_t message = zone_message_size(rrset);
			if (message > piece->largest_message)
				piece->largest_message = message;
			i = k;
		}
	}
	return STATUS_OK;
}

/* Cuts the records into pieces of about RANGE that each hold whole owners; in one pass, whatever the owners' sizes. */
static struct piece *cut_pieces(const struct record *records, size_t count, size_t *pieces_count)
{
	const size_t number = count / RANGE + 1;
	struct piece *const pieces = memory_calloc(number, sizeof(*pieces));
	size_t start = 0;
	for (size_t p = 0; p < number; p++) {
		pieces[p].first = start;
		const size_t wanted = p + 1 == number ? count : (p + 1) * RANGE;
		if (wanted > start && wanted < count)
			start = owner_end(records, wanted - 1, count);
		else if (wanted >= count)
			start = count;
		pieces[p].end = start;
	}
	*pieces_count = number;
	return pieces;
}

/* Moves the pieces together again after duplicates were dropped. */
static void close_gaps(struct zone *zone, struct piece *pieces, size_t number)
{
	size_t to = 0;
	for (size_t p = 0; p < number; p++) {
		const size_t size = pieces[p].end - pieces[p].first;
		if (to != pieces[p].first && size > 0)
			memmove(&zone->records[to], &zone->records[pieces[p].first], size * sizeof(*zone->records));
		pieces[p].first = to;
		pieces[p].end = to + size;
		to += size;
	}
	zone->record_count = to;
}

enum status order_rrsets(struct zone *zone, size_t count, unsigned threads, size_t *gaps, struct error *err)
{
	size_t number;
	struct grouping grouping = { .zone = zone, .pieces = cut_pieces(zone->records, count, &number) };
	enum status status = workers_run(threads, number, 1, group_job, &grouping, err);
	if (status != STATUS_OK)
		goto done;
	close_gaps(zone, grouping.pieces, number);
	size_t before = 0;
	*gaps = 0;
	for (size_t p = 0; p < number; p++) {
		const size_t here = grouping.pieces[p].rrsets;
		grouping.pieces[p].rrsets = before;
		before += here;
		*gaps += grouping.pieces[p].gaps;
		zone->duplicates += grouping.pieces[p].duplicates;
	}
	zone->rrset_count = before;
	zone->rrsets = arena_alloc(zone->arena, (before + ZONE_APEX_ROOM) * sizeof(*zone->rrsets));
	status = workers_run(threads, number, 1, fill_job, &grouping, err);
	for (size_t p = 0; p < number; p++) {
		zone->ttl_lowered += grouping.pieces[p].ttl_lowered;
		if (grouping.pieces[p].largest_ttl > zone->largest_ttl)
			zone->largest_ttl = grouping.pieces[p].largest_ttl;
		if (grouping.pieces[p].largest_message > zone->largest_message)
			zone->largest_message = grouping.pieces[p].largest_message;
	}
done:
	free(grouping.pieces);
	return status;
}
