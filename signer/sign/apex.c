/* SPDX-License-Identifier: MIT */
#include "signer/sign/apex.h"

#include <assert.h>
#include <string.h>

#include "keystore/dnskey.h"
#include "signer/base/bytes.h"
#include "signer/dns/rdata.h"
#include "signer/dns/rrtype.h"
#include "signer/sign/zonemd.h"

enum {
	SOA_NUMBERS = 20, /* octets of serial, refresh, retry, expire, minimum at the end of the RDATA */
	DS_SHA256 = 2,
	NSEC3PARAM_TTL = 0, /* no resolver uses it, so none shall keep it */
};

struct apex {
	struct zone *zone;
	const struct apex_parameters *parameters;
	const struct key *keys;
	size_t key_count;
	struct arena *mem;
	struct rrset rrsets[ZONE_APEX_ROOM];
	size_t count;
};

uint32_t apex_soa_serial(const struct record *soa)
{
	assert(soa->rdata_size > SOA_NUMBERS);
	return bytes_get_u32(soa->rdata + soa->rdata_size - SOA_NUMBERS);
}

uint32_t apex_soa_expire(const struct record *soa)
{
	assert(soa->rdata_size > SOA_NUMBERS);
	return bytes_get_u32(soa->rdata + soa->rdata_size - 8);
}

uint32_t apex_soa_minimum(const struct record *soa)
{
	assert(soa->rdata_size > SOA_NUMBERS);
	return bytes_get_u32(soa->rdata + soa->rdata_size - 4);
}

/* Adds an RRset of `count` records that the caller has filled in up to owner and RDATA. */
static void add(struct apex *apex, uint16_t type, uint32_t ttl, struct record *records, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		records[i].owner = apex->zone->names[0].owner;
		records[i].type = type;
		records[i].ttl = ttl;
	}
	assert(apex->count < ZONE_APEX_ROOM);
	apex->rrsets[apex->count++] = (struct rrset){ records, (uint32_t)count, ttl, type };
	if (ttl > apex->zone->largest_ttl)
		apex->zone->largest_ttl = ttl;
}

static uint8_t *copy(struct arena *mem, const uint8_t *octets, size_t size)
{
	uint8_t *const own = arena_octets(mem, size);
	memcpy(own, octets, size);
	return own;
}

/* Puts a record in its place (RFC 4034 6.3); one that is there already is not added again. */
static size_t insert(
    struct apex *apex, uint16_t type, struct record *records, size_t count, const uint8_t *rdata, size_t size)
{
	size_t at = count;
	while (at > 0) {
		const struct record *const before = &records[at - 1];
		const int order = rdata_compare(type, before->rdata, before->rdata_size, rdata, size);
		if (order == 0)
			return count;
		if (order < 0)
			break;
		at--;
	}
	memmove(&records[at + 1], &records[at], (count - at) * sizeof(*records));
	records[at] = (struct record){ .rdata = copy(apex->mem, rdata, size), .rdata_size = (uint16_t)size };
	return count + 1;
}

static void add_soa(struct apex *apex)
{
	const struct rrset *const given = zone_rrset(apex->zone, 0, RRTYPE_SOA);
	struct record *const soa = arena_calloc(apex->mem, 1, sizeof(*soa));
	*soa = given->records[0];
	uint8_t *const rdata = copy(apex->mem, soa->rdata, soa->rdata_size);
	bytes_put_u32(rdata + soa->rdata_size - SOA_NUMBERS, apex->parameters->serial);
	soa->rdata = rdata;
	add(apex, RRTYPE_SOA, given->ttl, soa, 1);
}

/* Whether the parent shall have a DS of the key. No DS leads to a revoked key (RFC 5011 2.1). */
static bool is_ds_wanted(const struct key *key)
{
	const enum key_state ds = key->state[KEY_DS];
	return !key_is_revoked(key) && (ds == KEY_RUMOURED || ds == KEY_OMNIPRESENT);
}

/* DNSKEY (of all published keys) or CDNSKEY (of those whose DS the parent shall have, RFC 7344 3.2). */
static void add_dnskeys(struct apex *apex, uint16_t type)
{
	struct record *const records = arena_calloc(apex->mem, apex->key_count + 1, sizeof(*records));
	size_t count = 0;
	for (size_t i = 0; i < apex->key_count; i++) {
		const struct key *const key = &apex->keys[i];
		if (type == RRTYPE_DNSKEY ? !key_is_published(key) : !is_ds_wanted(key))
			continue;
		uint8_t rdata[DNSKEY_RDATA];
		const size_t size = dnskey_rdata(key, rdata);
		count = insert(apex, type, records, count, rdata, size);
	}
	if (count > 0)
		add(apex, type, apex->parameters->dnskey_ttl, records, count);
}

static void add_cds(struct apex *apex)
{
	struct record *const records = arena_calloc(apex->mem, apex->key_count + 1, sizeof(*records));
	size_t count = 0;
	for (size_t i = 0; i < apex->key_count; i++) {
		const struct key *const key = &apex->keys[i];
		if (!is_ds_wanted(key))
			continue;
		uint8_t rdata[DS_RDATA];
		const uint8_t *const owner = apex->zone->apex;
		const size_t size = dnskey_ds(key, owner, name_size(owner), DS_SHA256, rdata);
		count = insert(apex, RRTYPE_CDS, records, count, rdata, size);
	}
	if (count > 0)
		add(apex, RRTYPE_CDS, apex->parameters->dnskey_ttl, records, count);
}

/* RFC 8078 4, with one octet of digest and of key as in its erratum 5049: "0 0 0 00" and "0 3 0 AA==". */
static void add_delete(struct apex *apex)
{
	static const uint8_t cds[] = { 0, 0, 0, 0, 0 };
	static const uint8_t cdnskey[] = { 0, 0, 3, 0, 0 };
	struct record *const records = arena_calloc(apex->mem, 2, sizeof(*records));
	insert(apex, RRTYPE_CDS, &records[0], 0, cds, sizeof(cds));
	add(apex, RRTYPE_CDS, apex->parameters->dnskey_ttl, &records[0], 1);
	insert(apex, RRTYPE_CDNSKEY, &records[1], 0, cdnskey, sizeof(cdnskey));
	add(apex, RRTYPE_CDNSKEY, apex->parameters->dnskey_ttl, &records[1], 1);
}

static bool ds_is_changing(const struct apex *apex)
{
	for (size_t i = 0; i < apex->key_count; i++)
		if (apex->keys[i].state[KEY_DS] == KEY_RUMOURED || apex->keys[i].state[KEY_DS] == KEY_UNRETENTIVE)
			return true;
	return false;
}

static void add_child_sets(struct apex *apex)
{
	const enum apex_cds cds = apex->parameters->cds;
	if (apex->parameters->cds_delete) {
		add_delete(apex);
	} else if (cds == APEX_CDS_ALWAYS || (cds == APEX_CDS_ROLLOVER && ds_is_changing(apex))) {
		add_cds(apex);
		add_dnskeys(apex, RRTYPE_CDNSKEY);
	}
}

static void add_nsec3param(struct apex *apex)
{
	uint8_t rdata[NSEC3PARAM_RDATA];
	const size_t size = nsec3_param_rdata(apex->parameters->nsec3, rdata);
	struct record *const record = arena_calloc(apex->mem, 1, sizeof(*record));
	insert(apex, RRTYPE_NSEC3PARAM, record, 0, rdata, size);
	add(apex, RRTYPE_NSEC3PARAM, NSEC3PARAM_TTL, record, 1);
}

static uint8_t *add_zonemd(struct apex *apex, uint32_t ttl)
{
	uint8_t *const rdata = arena_octets(apex->mem, ZONEMD_RDATA);
	zonemd_rdata(apex->parameters->serial, rdata);
	struct record *const record = arena_calloc(apex->mem, 1, sizeof(*record));
	*record = (struct record){ .rdata = rdata, .rdata_size = ZONEMD_RDATA };
	add(apex, RRTYPE_ZONEMD, ttl, record, 1);
	return rdata + ZONEMD_RDATA - ZONEMD_DIGEST;
}

enum status apex_make(struct zone *zone, const struct apex_parameters *parameters, const struct key keys[],
    size_t key_count, struct arena *mem, uint8_t **zonemd, struct error *err)
{
	struct apex apex = { .zone = zone, .parameters = parameters, .keys = keys, .key_count = key_count, .mem = mem };
	add_soa(&apex);
	if (!parameters->unsigned_output)
		add_dnskeys(&apex, RRTYPE_DNSKEY);
	if (!parameters->unsigned_output && apex.count < 2)
		return error_set(err, STATUS_KEY, "no key is published; nothing is signed");
	if (!parameters->unsigned_output && parameters->nsec3 != NULL)
		add_nsec3param(&apex);
	if (!parameters->unsigned_output)
		add_child_sets(&apex);
	*zonemd = parameters->zonemd ? add_zonemd(&apex, apex.rrsets[0].ttl) : NULL;
	zone_set_apex(zone, apex.rrsets, apex.count);
	return STATUS_OK;
}
