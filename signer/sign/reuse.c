/* SPDX-License-Identifier: MIT */
#include "signer/sign/reuse.h"

#include <string.h>

#include "signer/base/bytes.h"
#include "signer/dns/rdata.h"
#include "signer/dns/rrtype.h"
#include "signer/zone/order.h"

void reuse_init(
    struct zonetext *previous, const struct sigfile *file, const uint8_t *apex, unsigned threads, struct reuse *out)
{
	*out = (struct reuse){ .file = file };
	struct error ignored;
	if (file == NULL && previous != NULL &&
	    order_owners(previous->records, previous->count, apex, (const char *const *)previous->files, threads,
		&ignored) == STATUS_OK)
		*out = (struct reuse){ .records = previous->records, .count = previous->count };
}

struct reuse_cursor reuse_begin(const struct reuse *reuse, struct rowhash *hash)
{
	return (struct reuse_cursor){ .reuse = reuse, .hash = hash, .entries = { .file = reuse->file } };
}

/* The first record whose owner is not before `owner`. */
static size_t find_owner(const struct reuse *reuse, const uint8_t *owner)
{
	size_t low = 0;
	size_t high = reuse->count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (name_compare(reuse->records[middle].owner, owner) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The end of the records that have the owner of records[at]. */
static size_t owner_end(const struct reuse *reuse, size_t at)
{
	const uint8_t *const owner = reuse->records[at].owner;
	size_t end = at + 1;
	while (
	    end < reuse->count && (reuse->records[end].owner == owner || name_equal(reuse->records[end].owner, owner)))
		end++;
	return end;
}

/* Moves the cursor to the records of `owner`, or to an empty range. */
static void seek(struct reuse_cursor *cursor, const uint8_t *owner)
{
	const struct reuse *const reuse = cursor->reuse;
	size_t at = cursor->started ? cursor->end : find_owner(reuse, owner);
	cursor->started = true;
	while (at < reuse->count) {
		const int order = name_compare(reuse->records[at].owner, owner);
		if (order >= 0) {
			cursor->at = at;
			cursor->end = order == 0 ? owner_end(reuse, at) : at;
			return;
		}
		at = owner_end(reuse, at);
	}
	cursor->at = cursor->end = at;
}

/* The type of a record; of an RRSIG, that which it covers. */
static uint16_t subject_type(const struct record *record)
{
	if (record->type != RRTYPE_RRSIG || record->rdata_size < RRSIG_FIXED)
		return record->type;
	return bytes_get_u16(record->rdata);
}

/* Whether records[*at..) of the cursor begin with the row's RRset in its canonical form; moves *at past it. */
static bool same_rrset(const struct reuse_cursor *cursor, const struct row *row, size_t *at)
{
	const struct record *const records = cursor->reuse->records;
	size_t i = *at;
	for (uint32_t k = 0; k < row->count; k++, i++) {
		if (i == cursor->end || records[i].type != row->type || records[i].ttl != row->ttl ||
		    rdata_compare(row->type, records[i].rdata, records[i].rdata_size, row->records[k].rdata,
			row->records[k].rdata_size) != 0)
			return false;
	}
	*at = i;
	return i < cursor->end && records[i].type == RRTYPE_RRSIG;
}

/* What decides whether one signature of a row stays. */
struct choice {
	const struct rrsig_policy *policy;
	const struct keyset *keyset;
	const uint8_t *apex;
	const struct row *row;
	bool *kept;
};

/* Copies the RRSIG to the slot of each key that it may stay for; returns for how many. */
static size_t keep(const struct choice *choice, const uint8_t *rdata, size_t size)
{
	const struct row *const row = choice->row;
	uint8_t *slot = row->slot;
	size_t count = 0;
	for (size_t k = 0; k < choice->keyset->count; k++) {
		const struct keyset_key *const key = &choice->keyset->keys[k];
		if (!key->duty[row->duty])
			continue;
		if (!choice->kept[k] && rrsig_keep(choice->policy, choice->apex, row, key, rdata, size, slot)) {
			choice->kept[k] = true;
			count++;
		}
		slot += KEYSET_TIMES + key->signature_size;
	}
	return count;
}

static size_t keep_from_text(struct reuse_cursor *cursor, const struct choice *choice)
{
	const struct row *const row = choice->row;
	if (cursor->reuse->count == 0)
		return 0;
	if (!cursor->started || cursor->at == cursor->end || row->new_owner ||
	    !name_equal(cursor->reuse->records[cursor->at].owner, row->owner))
		seek(cursor, row->owner);
	const struct record *const records = cursor->reuse->records;
	/* The SOA comes first in a file and is always new. */
	while (cursor->at < cursor->end &&
	       (subject_type(&records[cursor->at]) < row->type || subject_type(&records[cursor->at]) == RRTYPE_SOA))
		cursor->at++;
	size_t at = cursor->at;
	size_t total = 0;
	if (!same_rrset(cursor, row, &at))
		return 0;
	for (; at < cursor->end && records[at].type == RRTYPE_RRSIG && subject_type(&records[at]) == row->type; at++)
		if (records[at].ttl == row->ttl)
			total += keep(choice, records[at].rdata, records[at].rdata_size);
	return total;
}

static size_t keep_from_file(struct reuse_cursor *cursor, const struct choice *choice)
{
	const struct row *const row = choice->row;
	const struct sigfile_entry *const entry = sigfile_find(&cursor->entries, row->owner, row->type);
	uint8_t digest[ROWHASH_SIZE];
	size_t total = 0;
	if (entry == NULL || !rowhash_of(cursor->hash, row, digest) || memcmp(entry->digest, digest, ROWHASH_SIZE) != 0)
		return 0;
	struct cursor at = entry->signatures;
	for (unsigned i = 0; i < entry->count; i++) {
		const struct bytes rdata = sigfile_signature(&at);
		total += keep(choice, rdata.data, rdata.size);
	}
	return total;
}

size_t reuse_row(struct reuse_cursor *cursor, const struct rrsig_policy *policy, const struct keyset *keyset,
    const uint8_t *apex, const struct row *row, bool kept[KEYSET_MAX])
{
	const struct choice choice = { policy, keyset, apex, row, kept };
	memset(kept, 0, KEYSET_MAX * sizeof(kept[0]));
	if (row->type == RRTYPE_SOA)
		return 0;
	return cursor->reuse->file != NULL ? keep_from_file(cursor, &choice) : keep_from_text(cursor, &choice);
}
