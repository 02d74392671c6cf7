/* SPDX-License-Identifier: MIT */
#include "signer/denial/nsec3.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/arena.h"
#include "signer/base/bytes.h"
#include "signer/base/workers.h"
#include "signer/dns/rrtype.h"
#include "signer/zone/sort.h"

enum { ALGORITHM_SHA1 = 1, FLAG_OPT_OUT = 1, RANGE = 2048 };

struct nsec3_hasher {
	struct nsec3_parameters parameters;
	EVP_MD *digest;
	EVP_MD_CTX *context;
};

enum status nsec3_hasher_new(const struct nsec3_parameters *parameters, struct nsec3_hasher **out, struct error *err)
{
	struct nsec3_hasher *const hasher = memory_calloc(1, sizeof(*hasher));
	hasher->parameters = *parameters;
	hasher->digest = EVP_MD_fetch(NULL, "SHA1", NULL);
	hasher->context = EVP_MD_CTX_new();
	if (hasher->digest == NULL || hasher->context == NULL) {
		nsec3_hasher_free(hasher);
		return error_set(err, STATUS_INTERNAL, "nsec3: OpenSSL has no SHA-1");
	}
	*out = hasher;
	return STATUS_OK;
}

void nsec3_hasher_free(struct nsec3_hasher *hasher)
{
	if (hasher == NULL)
		return;
	EVP_MD_CTX_free(hasher->context);
	EVP_MD_free(hasher->digest);
	free(hasher);
}

enum status nsec3_hash(struct nsec3_hasher *hasher, const uint8_t *name, uint8_t out[NSEC3_HASH], struct error *err)
{
	uint8_t data[NAME_WIRE + NSEC3_HASH];
	size_t size = name_lower(name, data);
	for (unsigned i = 0; i <= hasher->parameters.iterations; i++) {
		if (EVP_DigestInit_ex2(hasher->context, hasher->digest, NULL) != 1 ||
		    EVP_DigestUpdate(hasher->context, data, size) != 1 ||
		    EVP_DigestUpdate(hasher->context, hasher->parameters.salt, hasher->parameters.salt_size) != 1 ||
		    EVP_DigestFinal_ex(hasher->context, data, NULL) != 1)
			return error_set(err, STATUS_INTERNAL, "nsec3: SHA-1 failed");
		size = NSEC3_HASH;
	}
	memcpy(out, data, NSEC3_HASH);
	return STATUS_OK;
}

struct build {
	const struct zone *zone;
	struct nsec3_entry *entries;
	struct nsec3_hasher **hashers; /* one a worker */
};

static enum status hash_job(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	const struct build *const build = context;
	for (size_t i = first; i < end; i++) {
		struct nsec3_entry *const entry = &build->entries[i];
		const uint8_t *const owner = build->zone->names[entry->name].owner;
		const enum status status = nsec3_hash(build->hashers[worker], owner, entry->hash, err);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static enum status hash_all(const struct zone *zone, const struct nsec3_parameters *parameters, unsigned threads,
    struct nsec3_entry *entries, size_t count, struct error *err)
{
	struct build build = { .zone = zone, .entries = entries };
	build.hashers = memory_calloc(threads, sizeof(struct nsec3_hasher *));
	enum status status = STATUS_OK;
	for (unsigned i = 0; i < threads && status == STATUS_OK; i++)
		status = nsec3_hasher_new(parameters, &build.hashers[i], err);
	if (status == STATUS_OK)
		status = workers_run(threads, count, RANGE, hash_job, &build, err);
	for (unsigned i = 0; i < threads; i++)
		nsec3_hasher_free(build.hashers[i]);
	free(build.hashers);
	return status;
}

static int compare_hashes(const void *context, uint32_t a, uint32_t b)
{
	const struct nsec3_entry *const entries = context;
	return memcmp(entries[a].hash, entries[b].hash, NSEC3_HASH);
}

/* Replaces *entries by a sorted copy. */
static enum status sort_chain(struct nsec3_entry **entries, size_t count, unsigned threads, struct error *err)
{
	struct sort_entry *const order = memory_resize(NULL, count, sizeof(*order));
	for (size_t i = 0; i < count; i++)
		order[i] = sort_entry_of((*entries)[i].hash, NSEC3_HASH, (uint32_t)i);
	const enum status status = sort_entries(order, count, threads, compare_hashes, *entries, err);
	if (status == STATUS_OK) {
		struct nsec3_entry *const sorted = memory_resize(NULL, count, sizeof(*sorted));
		for (size_t i = 0; i < count; i++)
			sorted[i] = (*entries)[order[i].index];
		free(*entries);
		*entries = sorted;
	}
	free(order);
	return status;
}

static enum status check_collisions(
    const struct zone *zone, const struct nsec3_entry *entries, size_t count, struct error *err)
{
	for (size_t i = 1; i < count; i++) {
		if (memcmp(entries[i - 1].hash, entries[i].hash, NSEC3_HASH) != 0)
			continue;
		char one[NAME_TEXT];
		char two[NAME_TEXT];
		name_to_text(zone->names[entries[i - 1].name].owner, one);
		name_to_text(zone->names[entries[i].name].owner, two);
		return error_set(err, STATUS_MALFORMED,
		    "%.300s and %.300s have the same NSEC3 hash (RFC 5155 7.1); use another salt, or NSEC", one, two);
	}
	return STATUS_OK;
}

enum status nsec3_build(const struct zone *zone, const struct nsec3_parameters *parameters, unsigned threads,
    struct nsec3_chain *out, struct error *err)
{
	if (name_size(zone->apex) + 1 + NSEC3_LABEL > NAME_WIRE)
		return error_set(err, STATUS_MALFORMED, "the zone's name is too long for NSEC3 owners; use NSEC");
	const unsigned workers = threads == 0 ? workers_default() : threads;
	size_t count = 0;
	for (size_t i = 0; i < zone->name_count; i++)
		count += zone_is_in_nsec3_chain(&zone->names[i], parameters->opt_out) ? 1U : 0U;
	struct nsec3_entry *entries = memory_resize(NULL, count, sizeof(*entries));
	size_t at = 0;
	for (size_t i = 0; i < zone->name_count; i++)
		if (zone_is_in_nsec3_chain(&zone->names[i], parameters->opt_out))
			entries[at++].name = (uint32_t)i;
	enum status status = hash_all(zone, parameters, workers, entries, count, err);
	if (status == STATUS_OK)
		status = sort_chain(&entries, count, workers, err);
	if (status == STATUS_OK)
		status = check_collisions(zone, entries, count, err);
	if (status == STATUS_OK)
		*out = (struct nsec3_chain){ *parameters, entries, count };
	else
		free(entries);
	return status;
}

void nsec3_free(struct nsec3_chain *chain)
{
	free(chain->entries);
	*chain = (struct nsec3_chain){ 0 };
}

size_t nsec3_owner(const struct zone *zone, const struct nsec3_entry *entry, uint8_t out[NAME_WIRE])
{
	char label[NSEC3_LABEL + 1];
	bytes_to_base32hex((struct bytes){ entry->hash, NSEC3_HASH }, label);
	out[0] = NSEC3_LABEL;
	memcpy(out + 1, label, NSEC3_LABEL);
	const size_t apex_size = name_size(zone->apex);
	memcpy(out + 1 + NSEC3_LABEL, zone->apex, apex_size);
	return 1 + NSEC3_LABEL + apex_size;
}

static size_t put_parameters(const struct nsec3_parameters *parameters, bool opt_out, uint8_t *out)
{
	out[0] = ALGORITHM_SHA1;
	out[1] = opt_out ? FLAG_OPT_OUT : 0;
	bytes_put_u16(out + 2, parameters->iterations);
	out[4] = parameters->salt_size;
	if (parameters->salt_size > 0)
		memcpy(out + 5, parameters->salt, parameters->salt_size);
	return 5U + parameters->salt_size;
}

size_t nsec3_param_rdata(const struct nsec3_parameters *parameters, uint8_t out[NSEC3PARAM_RDATA])
{
	return put_parameters(parameters, false, out);
}

/* RFC 5155 7.1: the types at the name, and RRSIG if any of them is signed; nothing for an empty non-terminal (RFC 6840
 * 6.4). */
static size_t put_bitmap(const struct zone *zone, const struct zone_name *name, uint8_t *out)
{
	struct bitmap bitmap = bitmap_init(out);
	if (name->kind == ZONE_APEX || name->kind == ZONE_AUTHORITATIVE ||
	    (name->kind == ZONE_DELEGATION && name->secure))
		bitmap_add(&bitmap, RRTYPE_RRSIG);
	for (size_t i = 0; i < name->rrset_count; i++) {
		const uint16_t type = zone->rrsets[name->first_rrset + i].type;
		if (name->kind != ZONE_DELEGATION || type == RRTYPE_NS || type == RRTYPE_DS)
			bitmap_add(&bitmap, type);
	}
	return bitmap.size;
}

size_t nsec3_rdata(const struct zone *zone, const struct nsec3_chain *chain, size_t index, uint8_t out[NSEC3_RDATA])
{
	size_t size = put_parameters(&chain->parameters, chain->parameters.opt_out, out);
	const struct nsec3_entry *const next = &chain->entries[index + 1 == chain->count ? 0 : index + 1];
	out[size++] = NSEC3_HASH;
	memcpy(out + size, next->hash, NSEC3_HASH);
	size += NSEC3_HASH;
	return size + put_bitmap(zone, &zone->names[chain->entries[index].name], out + size);
}
