/* SPDX-License-Identifier: MIT */
#include "signer/verify/vsum.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "signer/base/bytes.h"

struct vsummer {
	struct vsip start; /* with the key */
	const uint8_t *apex;
	const uint8_t *owner; /* NULL: none */
	struct vsip named;    /* with the owner */
};

bool vsum_made_by_signer(uint16_t type, bool at_apex)
{
	switch (type) {
	case VTYPE_RRSIG:
	case VTYPE_NSEC:
	case VTYPE_NSEC3:
		return true;
	case VTYPE_DNSKEY:
	case VTYPE_NSEC3PARAM:
	case VTYPE_CDS:
	case VTYPE_CDNSKEY:
	case VTYPE_ZONEMD:
		return at_apex;
	default:
		return false;
	}
}

struct vsummer *vsummer_new(const uint8_t key[VSUM_KEY], const uint8_t *apex)
{
	struct vsummer *const summer = memory_calloc(1, sizeof(*summer));
	vsip_start(&summer->start, key);
	summer->apex = apex;
	return summer;
}

void vsummer_free(struct vsummer *summer)
{
	free(summer);
}

void vsummer_begin(struct vsummer *summer)
{
	summer->owner = NULL;
}

static void add_number(struct vsum *sum, const uint64_t words[2])
{
	sum->words[0] += words[0];
	sum->words[1] += words[1] + (sum->words[0] < words[0]);
}

/* One that is too long for any hash is kept as empty. */
static void keep_zonemd(struct vsum *sum, const uint8_t *rdata, size_t size)
{
	const uint32_t at = sum->zonemd_count++;
	if (at >= VSUM_ZONEMD)
		return;
	sum->zonemd_size[at] = (uint16_t)(size > VSUM_ZONEMD_SIZE ? 0 : size);
	memcpy(sum->zonemd[at], rdata, sum->zonemd_size[at]);
}

void vsum_join(struct vsum *sum, const struct vsum *other)
{
	add_number(sum, other->words);
	sum->count += other->count;
	sum->soa_count += other->soa_count;
	sum->made_count += other->made_count;
	for (uint32_t i = 0; i < other->zonemd_count && i < VSUM_ZONEMD; i++)
		keep_zonemd(sum, other->zonemd[i], other->zonemd_size[i]);
	if (other->zonemd_count > VSUM_ZONEMD)
		sum->zonemd_count += other->zonemd_count - VSUM_ZONEMD;
	sum->serial = other->soa_count > 0 ? other->serial : sum->serial;
}

bool vsum_equal(const struct vsum *a, const struct vsum *b)
{
	return a->count == b->count && memcmp(a->words, b->words, sizeof(a->words)) == 0;
}

/* A SOA's serial, the first of its five numbers, is passed over. */
static void hash_soa(struct vsip *sip, const struct vrecord *record)
{
	const size_t serial_at = record->size - (size_t)20;
	vsip_add(sip, record->rdata, serial_at);
	vsip_add(sip, record->rdata + serial_at + 4, 16);
}

/* The owner first, since records of one owner follow each other: its end is seen from itself. */
void vsummer_add(struct vsummer *summer, const struct vrecord *record, struct vsum *sum)
{
	const bool rare = vsum_made_by_signer(record->type, true);
	if (rare && vsum_made_by_signer(record->type, vname_equal(record->owner, summer->apex))) {
		sum->made_count++;
		if (record->type == VTYPE_ZONEMD)
			keep_zonemd(sum, record->rdata, record->size);
		return;
	}
	if (summer->owner != record->owner) {
		summer->owner = record->owner;
		summer->named = summer->start;
		vsip_add(&summer->named, record->owner, vname_size(record->owner));
	}
	uint8_t head[10 + 54];
	uint64_t words[2];
	struct vsip sip = summer->named;
	const bool soa = record->type == VTYPE_SOA && record->size >= 22;
	const size_t with_head = soa ? 0 : record->size < sizeof(head) - 10 ? record->size : sizeof(head) - 10;
	bytes_put_u16(head, record->type);
	bytes_put_u16(head + 2, record->class);
	bytes_put_u32(head + 4, record->ttl);
	bytes_put_u16(head + 8, record->size);
	memcpy(head + 10, record->rdata, with_head);
	vsip_add(&sip, head, 10 + with_head);
	if (soa)
		hash_soa(&sip, record);
	else
		vsip_add(&sip, record->rdata + with_head, record->size - with_head);
	vsip_end(&sip, words);
	add_number(sum, words);
	sum->count++;
	if (soa) {
		sum->soa_count++;
		sum->serial = bytes_get_u32(record->rdata + record->size - 20);
	}
}

struct job {
	const struct vzone *zone;
	struct vsummer **summers;
	const uint64_t *seen; /* records that the other file has: they are left out */
	struct vsum *sums;    /* per worker */
};

static enum status add_records(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct job *const job = context;
	(void)err;
	for (size_t i = first; i < end; i++)
		if ((job->seen[i / 64] >> i % 64 & 1) == 0)
			vsummer_add(job->summers[worker], &job->zone->records[i], &job->sums[worker]);
	return STATUS_OK;
}

static enum status sum_zone(const struct vzone *zone, unsigned threads, struct vsummer **summers, const uint64_t *seen,
    struct vsum *out, struct error *err)
{
	struct vsum *const sums = memory_calloc(threads, sizeof(*sums));
	struct job job = { zone, summers, seen, sums };
	const enum status status = workers_run(threads, zone->file.count, 8192, add_records, &job, err);
	for (unsigned i = 0; i < threads; i++)
		vsum_join(out, &sums[i]);
	free(sums);
	return status;
}

enum status vsum_same(const struct vzone *zone, const struct vsource *source, unsigned threads, bool *same,
    struct vsum *theirs, struct error *err)
{
	uint8_t key[VSUM_KEY];
	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return error_set(err, STATUS_INTERNAL, "no random octets from the system");
	struct vsummer **const summers = memory_calloc(threads, sizeof(struct vsummer *));
	for (unsigned i = 0; i < threads; i++)
		summers[i] = vsummer_new(key, zone->apex);
	uint64_t *const seen = memory_calloc(zone->file.count / 64 + 1, sizeof(*seen));
	struct vsource followed = *source;
	followed.like = zone;
	struct vsum mine = { .count = 0 };
	*theirs = (struct vsum){ .count = 0 };
	enum status status = vread_sum(&followed, zone->apex, threads, summers, seen, theirs, err);
	if (status == STATUS_OK)
		status = sum_zone(zone, threads, summers, seen, &mine, err);
	free(seen);
	for (unsigned i = 0; i < threads; i++)
		vsummer_free(summers[i]);
	free(summers);
	if (status == STATUS_OK)
		*same = vsum_equal(&mine, theirs);
	return status;
}
