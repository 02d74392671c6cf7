/* SPDX-License-Identifier: MIT */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "signer/verify/vrun.h"
#include "signer/verify/vsum.h"

/* The digest over the whole zone (RFC 8976 3.3): owners in canonical order, types by number, RDATA sorted. */

enum { SCHEME_SIMPLE = 1, HASH_SHA384 = 1, HASH_SHA512 = 2 };

/* Octets are handed to the hash in large pieces. */
struct sink {
	EVP_MD_CTX *hash;
	uint8_t buffer[65536];
	size_t used;
	bool good;
};

static void flush(struct sink *sink)
{
	sink->good = sink->good && EVP_DigestUpdate(sink->hash, sink->buffer, sink->used) == 1;
	sink->used = 0;
}

static void pour(struct sink *sink, const void *data, size_t size)
{
	if (size > sizeof(sink->buffer) - sink->used)
		flush(sink);
	if (size > sizeof(sink->buffer)) {
		sink->good = sink->good && EVP_DigestUpdate(sink->hash, data, size) == 1;
		return;
	}
	memcpy(sink->buffer + sink->used, data, size);
	sink->used += size;
}

/* What a digest is over: the zone, or the input that it was signed from, as far as the two have the same records. */
struct content {
	const struct vzone *zone;
	bool input;
	uint32_t serial; /* of the input */
};

static bool left_out(const struct content *content, const struct vowner *owner, const struct vrecord *record)
{
	if (content->input)
		return vsum_made_by_signer(record->type, owner->apex);
	if (!owner->apex)
		return false;
	return record->type == VTYPE_ZONEMD ||
	       (record->type == VTYPE_RRSIG && record->size >= 2 && bytes_get_u16(record->rdata) == VTYPE_ZONEMD);
}

/* Of a SOA the input has another serial, the first of the five numbers at its end. */
static void pour_rdata(struct sink *sink, const struct content *content, const struct vrecord *record)
{
	uint8_t serial[4];
	if (!content->input || record->type != VTYPE_SOA || record->size < 22) {
		pour(sink, record->rdata, record->size);
		return;
	}
	const size_t at = record->size - (size_t)20;
	bytes_put_u32(serial, content->serial);
	pour(sink, record->rdata, at);
	pour(sink, serial, sizeof(serial));
	pour(sink, record->rdata + at + 4, 16);
}

static void pour_owner(struct sink *sink, const struct content *content, const struct vowner *owner)
{
	uint8_t head[VNAME_MAX + 10];
	const size_t size = vname_size(owner->name);
	memcpy(head, owner->name, size);
	const struct vrecord *const end = content->zone->records + owner->first + owner->count;
	const struct vrecord *const all_end = content->zone->records + content->zone->file.count;
	for (const struct vrecord *record = content->zone->records + owner->first; record < end;
	     record = vzone_next(record, end)) {
		if (all_end - record > VRECORD_SOON)
			__builtin_prefetch(record[VRECORD_SOON].rdata);
		if (left_out(content, owner, record))
			continue;
		bytes_put_u16(head + size, record->type);
		bytes_put_u16(head + size + 2, record->class);
		bytes_put_u32(head + size + 4, record->ttl);
		bytes_put_u16(head + size + 8, record->size);
		pour(sink, head, size + 10);
		pour_rdata(sink, content, record);
	}
}

static bool make_digest(const struct content *content, unsigned hash, uint8_t out[EVP_MAX_MD_SIZE])
{
	struct sink *const sink = memory_calloc(1, sizeof(*sink));
	EVP_MD *const md = EVP_MD_fetch(NULL, hash == HASH_SHA384 ? "SHA384" : "SHA512", NULL);
	sink->hash = EVP_MD_CTX_new();
	sink->good = md != NULL && sink->hash != NULL && EVP_DigestInit_ex(sink->hash, md, NULL) == 1;
	for (size_t i = 0; i < content->zone->owner_count && sink->good; i++)
		if (content->zone->owners[i].kind != VKIND_OUTSIDE)
			pour_owner(sink, content, &content->zone->owners[i]);
	flush(sink);
	const bool good = sink->good && EVP_DigestFinal_ex(sink->hash, out, NULL) == 1;
	EVP_MD_CTX_free(sink->hash);
	EVP_MD_free(md);
	free(sink);
	return good;
}

/* Of a scheme and hash that are known here. */
static bool computable(const struct vrecord *record)
{
	return record->size >= 18 && record->rdata[4] == SCHEME_SIMPLE && record->rdata[5] >= HASH_SHA384 &&
	       record->rdata[5] <= HASH_SHA512;
}

/* One of another serial verifies nothing, as one that nobody here can compute, and another may verify all the same
 * (RFC 8976 4, step 5). */
static void check_serial(struct vrun *run, const struct vrecord *record)
{
	const uint32_t serial = bytes_get_u32(record->rdata);
	if (serial == run->zone.serial)
		return;
	vreport_count(run->report, VC_ZONEMD_EVERY, !computable(record));
	vreport_fail(run->report, VC_ZONEMD_EVERY,
	    computable(record) ? "ZONEMD with another serial than the SOA"
			       : "ZONEMD of an unknown scheme or hash with another serial than the SOA",
	    vplace_of(record), "ZONEMD %u, SOA %u", serial, run->zone.serial);
}

static size_t tuple(const struct vrecord *record)
{
	return (size_t)record->rdata[4] * 256 + record->rdata[5];
}

/* `seen`: schemes and hashes of those before. */
static void check_form(struct vrun *run, const struct vrecord *record, bool seen[256 * 256])
{
	if (record->size < 6 + 12) {
		vreport_fail(run->report, VC_ZONEMD_FORM, "ZONEMD with a digest shorter than 12 octets",
		    vplace_of(record), "%u octets of RDATA", record->size);
		return;
	}
	const unsigned hash = record->rdata[5];
	check_serial(run, record);
	if ((hash == HASH_SHA384 && record->size != 6 + 48) || (hash == HASH_SHA512 && record->size != 6 + 64))
		vreport_fail(run->report, VC_ZONEMD_FORM, "ZONEMD whose digest has not the length of its hash",
		    vplace_of(record), "%u octets", record->size - 6u);
	bool *const before = &seen[tuple(record)];
	if (*before && !record->spare)
		vreport_fail(run->report, VC_ZONEMD_FORM, "two ZONEMD with one scheme and hash", vplace_of(record),
		    "scheme %u, hash %u", record->rdata[4], hash);
	*before = true;
}

static struct vset set_of(const struct vzone *zone)
{
	return zone->top == NULL ? (struct vset){ NULL, 0 } : vzone_set(zone, zone->top, VTYPE_ZONEMD);
}

static bool make_wanted(const struct content *content, unsigned hash, struct vdigest digests[2])
{
	struct vdigest *const digest = &digests[hash - HASH_SHA384];
	if (!digest->made && !make_digest(content, hash, digest->octets))
		return false;
	digest->made = true;
	return true;
}

/* Which digests are wanted is seen from the records. */
static bool make_digests(const struct vzone *zone, struct vdigest digests[2])
{
	const struct content content = { .zone = zone };
	const struct vset set = set_of(zone);
	for (size_t i = 0; i < set.count; i++)
		if (computable(&set.first[i]) && !make_wanted(&content, set.first[i].rdata[5], digests))
			return false;
	return true;
}

/* While other workers verify signatures. */
bool vzonemd_digest(struct vrun *run)
{
	return make_digests(&run->zone, run->digests) && make_digests(&run->unsigned_zone, run->input_digests);
}

/* `record` is computable. */
static bool matches(const struct vrecord *record, const struct vdigest digests[2])
{
	const struct vdigest *const digest = &digests[record->rdata[5] - HASH_SHA384];
	const size_t size = record->rdata[5] == HASH_SHA384 ? 48 : 64;
	return digest->made && record->size == 6 + size && memcmp(record->rdata + 6, digest->octets, size) == 0;
}

void vzonemd_check(struct vrun *run)
{
	const struct vzone *const zone = &run->zone;
	const struct vset set = set_of(zone);
	bool seen[256 * 256] = { false };
	size_t known = 0;
	size_t good = 0;
	for (size_t i = 0; i < set.count; i++) {
		const struct vrecord *const record = &set.first[i];
		check_form(run, record, seen);
		if (!computable(record))
			continue;
		known++;
		if (matches(record, run->digests) && bytes_get_u32(record->rdata) == zone->serial) {
			good++;
			continue;
		}
		vreport_fail(run->report, VC_ZONEMD_EVERY, "a ZONEMD digest that is not that of the zone",
		    vplace_of(record), "hash algorithm %u", record->rdata[5]);
	}
	vreport_count(run->report, VC_ZONEMD_FORM, set.count);
	vreport_count(run->report, VC_ZONEMD_DIGEST, known);
	vreport_count(run->report, VC_ZONEMD_EVERY, known);
	vreport_count(run->report, VC_ZONEMD_PRESENT, run->limits.zonemd);
	if (known > 0 && good == 0)
		vreport_fail(run->report, VC_ZONEMD_DIGEST, "no ZONEMD digest is that of the zone",
		    vplace_of(set.first),
		    "records are missing, added or altered since it was made, or it is of another serial");
	if (run->limits.zonemd && known == 0)
		vreport_fail(run->report, VC_ZONEMD_PRESENT, "the policy wants a ZONEMD, and none can be checked",
		    (struct vplace){ zone->apex, VTYPE_ZONEMD, 0 }, "%zu ZONEMD records", set.count);
}

/* Good as they stand; whatever is not so simple is for vzonemd_input to judge, with the input at hand. */
enum status vzonemd_same(struct vrun *run, const struct vsum *input, struct error *err)
{
	const struct content content = { &run->zone, true, input->serial };
	struct vdigest digests[2] = { { .made = false } };
	if (input->zonemd_count > VSUM_ZONEMD || input->made_count > input->zonemd_count || input->soa_count != 1)
		return STATUS_OK;
	for (uint32_t i = 0; i < input->zonemd_count; i++) {
		const struct vrecord record = { .rdata = input->zonemd[i], .size = input->zonemd_size[i] };
		if (!computable(&record) || bytes_get_u32(record.rdata) != input->serial)
			return STATUS_OK;
		if (!make_wanted(&content, record.rdata[5], digests))
			return error_set(err, STATUS_INTERNAL, "the input's digest could not be computed");
		if (!matches(&record, digests))
			return STATUS_OK;
	}
	run->input_zonemds = input->zonemd_count;
	return STATUS_OK;
}

bool vzonemd_in_input(const struct vrun *run)
{
	return run->input_zonemds > 0 || set_of(&run->unsigned_zone).count > 0;
}

/* Why this record of the input verifies nothing (RFC 8976 4, steps 4 and 5); NULL: it does verify. */
static const char *why_not(const struct vrun *run, const struct vrecord *record, const uint8_t times[256 * 256])
{
	if (record->size < 6 + 12)
		return "the digest is shorter than 12 octets";
	if (bytes_get_u32(record->rdata) != run->unsigned_zone.serial)
		return "it is of another serial than the SOA of the input";
	if (!computable(record))
		return "its scheme or its hash is unknown, so nobody here can check it";
	if (times[tuple(record)] > 1)
		return "it is one of several of one scheme and hash";
	return matches(record, run->input_digests)
		   ? NULL
		   : "records were lost, added or altered since the digest was made, or it is of another file";
}

void vzonemd_input(struct vrun *run)
{
	const struct vset set = set_of(&run->unsigned_zone);
	uint8_t *const times = memory_calloc(256 * 256, 1);
	size_t good = 0;
	for (size_t i = 0; i < set.count; i++)
		if (set.first[i].size >= 6 && !set.first[i].spare && times[tuple(&set.first[i])] < 2)
			times[tuple(&set.first[i])]++;
	for (size_t i = 0; i < set.count; i++)
		good += why_not(run, &set.first[i], times) == NULL;
	for (size_t i = 0; i < set.count && good == 0; i++)
		vreport_fail(run->report, VC_UNSIGNED_ZONEMD,
		    "the unsigned input is not what its own ZONEMD says, or nothing here can check it",
		    (struct vplace){ set.first[i].owner, VTYPE_ZONEMD, 0 }, "line %u of the input: %s",
		    set.first[i].line, why_not(run, &set.first[i], times));
	vreport_count(run->report, VC_UNSIGNED_ZONEMD, run->input_zonemds + set.count);
	free(times);
}
