/* SPDX-License-Identifier: MIT */
#include "signer/ceremony/ceremony_set.h"

#include <stdlib.h>
#include <string.h>

#include "keystore/algorithm.h"
#include "keystore/dnskey.h"
#include "signer/base/bytes.h"
#include "signer/dns/rdata.h"
#include "signer/dns/rrtype.h"
#include "signer/sign/rrsig.h"

enum { KEY_HEAD = 4, FLAG_ZONE = 256, FLAG_SEP = 1, PROTOCOL = 3 };

/* Whether the octets are a public key of the algorithm. */
static bool is_public_key(const struct key *key)
{
	EVP_PKEY *pkey = NULL;
	const struct algorithm *const algorithm = alg_by_number(key->algorithm);
	const bool good = algorithm != NULL &&
			  dnskey_public_to_pkey(algorithm, key->public_key, key->public_size, &pkey, NULL) == STATUS_OK;
	EVP_PKEY_free(pkey);
	return good;
}

static enum status read_key(const struct record *record, struct key *out, struct error *err)
{
	const uint16_t flags = bytes_get_u16(record->rdata);
	struct key key = { .role = (flags & FLAG_SEP) != 0 ? KEY_KSK : KEY_ZSK, .flags = flags };
	if ((flags & ~(unsigned)FLAG_SEP) != FLAG_ZONE || record->rdata[2] != PROTOCOL ||
	    record->rdata_size > DNSKEY_RDATA)
		return error_set(err, STATUS_NO,
		    "a DNSKEY with flags %u and protocol %u: only zone keys that are not revoked take part (RFC 4034 "
		    "2.1)",
		    flags, record->rdata[2]);
	key.algorithm = record->rdata[3];
	key.public_size = (uint16_t)(record->rdata_size - KEY_HEAD);
	memcpy(key.public_key, record->rdata + KEY_HEAD, key.public_size);
	if (!is_public_key(&key))
		return error_set(err, STATUS_NO,
		    "a DNSKEY of algorithm %u whose public key is none that this program knows", key.algorithm);
	dnskey_identify(&key);
	*out = key;
	return STATUS_OK;
}

static bool tags_meet(const struct key *a, const struct key *b)
{
	return a->tag == b->tag || a->tag == b->revoked_tag || a->revoked_tag == b->tag ||
	       a->revoked_tag == b->revoked_tag;
}

enum status ceremony_keys_of(
    const struct ceremony_set *set, struct arena *mem, struct ceremony_keys *out, struct error *err)
{
	struct ceremony_keys keys = { .all = arena_calloc(mem, set->count + 1, sizeof(*keys.all)) };
	for (size_t i = 0; i < set->count; i++) {
		if (set->records[i].type != RRTYPE_DNSKEY)
			continue;
		struct key *const key = &keys.all[keys.count];
		const enum status status = read_key(&set->records[i], key, err);
		if (status != STATUS_OK)
			return status;
		for (size_t k = 0; k < keys.count; k++)
			if (tags_meet(&keys.all[k], key))
				return error_set(err, STATUS_NO,
				    "two keys with tag %u (counted with and without the REVOKE bit): one tag names one "
				    "key",
				    key->tag);
		keys.count++;
	}
	*out = keys;
	return STATUS_OK;
}

const struct key *ceremony_find(const struct ceremony_keys *keys, const struct key *key)
{
	for (size_t i = 0; i < keys->count; i++) {
		const struct key *const other = &keys->all[i];
		if (other->algorithm == key->algorithm && other->flags == key->flags &&
		    other->public_size == key->public_size &&
		    memcmp(other->public_key, key->public_key, key->public_size) == 0)
			return other;
	}
	return NULL;
}

static int compare_records(const void *a, const void *b)
{
	const struct record *const one = a;
	const struct record *const two = b;
	return rdata_compare(one->type, one->rdata, one->rdata_size, two->rdata, two->rdata_size);
}

struct row ceremony_row(const struct ceremony_set *set, uint16_t type, const uint8_t *apex, struct arena *mem)
{
	struct record *const records = arena_calloc(mem, set->count + 1, sizeof(*records));
	size_t count = 0;
	size_t kept = 0;
	for (size_t i = 0; i < set->count; i++)
		if (set->records[i].type == type)
			records[count++] = set->records[i];
	if (count > 1)
		qsort(records, count, sizeof(*records), compare_records);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || compare_records(&records[kept - 1], &records[i]) != 0)
			records[kept++] = records[i];
	return (struct row){ .owner = apex,
		.records = records,
		.count = (uint32_t)kept,
		.ttl = count > 0 ? records[0].ttl : 0,
		.type = type };
}

void ceremony_put(struct ceremony_set *set, const uint8_t *apex, uint32_t ttl, uint16_t type, const uint8_t *rdata,
    size_t size, struct arena *mem)
{
	uint8_t *const kept = arena_octets(mem, size + 1);
	memcpy(kept, rdata, size);
	if (set->records == NULL)
		set->records = arena_calloc(mem, CEREMONY_RECORDS, sizeof(*set->records));
	set->records[set->count++] =
	    (struct record){ .owner = apex, .rdata = kept, .ttl = ttl, .type = type, .rdata_size = (uint16_t)size };
}

enum status ceremony_sign(struct ceremony_set *set, uint16_t type, const uint8_t *apex, struct utc inception,
    struct utc expiration, const struct key *key, struct token_signer *signer, struct arena *mem, struct error *err)
{
	const struct row row = ceremony_row(set, type, apex, mem);
	const struct rrsig_times times = { rrsig_serial_time(inception), rrsig_serial_time(expiration) };
	uint8_t rdata[RRSIG_RDATA];
	size_t size = 0;
	if (set->count >= CEREMONY_RECORDS)
		return error_set(err, STATUS_NO, "more than %d records in one set", (int)CEREMONY_RECORDS);
	const enum status status = rrsig_sign(&row, key, signer, apex, times, rdata, &size, err);
	if (status == STATUS_OK)
		ceremony_put(set, apex, row.ttl, RRTYPE_RRSIG, rdata, size, mem);
	return status;
}

static const char *type_name(uint16_t type)
{
	return type == RRTYPE_DNSKEY ? "DNSKEY" : type == RRTYPE_CDS ? "CDS" : "CDNSKEY";
}

/* Which KSK made this RRSIG; NULL: none of them. */
static const struct key *signer_of(const struct record *rrsig, const struct row *row, const struct ceremony_keys *keys)
{
	for (size_t k = 0; k < keys->count; k++) {
		const struct key *const key = &keys->all[k];
		if (key->role == KEY_KSK && key->tag == bytes_get_u16(rrsig->rdata + 16) &&
		    key->algorithm == rrsig->rdata[2] && rrsig_holds(row, rrsig->rdata, rrsig->rdata_size, key))
			return key;
	}
	return NULL;
}

/* RFC 4034 3.1, but for the signature itself. */
static const char *misfit(
    const struct record *rrsig, const struct row *row, const uint8_t *apex, const struct ceremony_bundle *bundle)
{
	const struct utc inception = rrsig_moment(bytes_get_u32(rrsig->rdata + 12), bundle->from);
	const struct utc expiration = rrsig_moment(bytes_get_u32(rrsig->rdata + 8), bundle->from);
	if (rrsig->rdata[3] != name_labels(apex) || !name_equal(rrsig->rdata + RRSIG_FIXED, apex))
		return "is for another name";
	if (bytes_get_u32(rrsig->rdata + 4) != row->ttl || rrsig->ttl != row->ttl)
		return "has another TTL than its records";
	if (utc_before(bundle->inception, inception) || utc_before(bundle->from, inception))
		return "begins after its bundle";
	if (utc_before(expiration, bundle->expiration))
		return "ends before its bundle says";
	return NULL;
}

enum status ceremony_check_set(const struct ceremony_set *set, uint16_t type, const uint8_t *apex,
    const struct ceremony_bundle *bundle, const struct ceremony_keys *keys, struct arena *mem, struct error *err)
{
	const struct row row = ceremony_row(set, type, apex, mem);
	bool *const by = arena_calloc(mem, keys->count + 1, sizeof(*by));
	for (size_t i = 0; i < set->count; i++) {
		const struct record *const rrsig = &set->records[i];
		if (rrsig->type != RRTYPE_RRSIG || bytes_get_u16(rrsig->rdata) != type)
			continue;
		const unsigned tag = bytes_get_u16(rrsig->rdata + 16);
		const char *const wrong = misfit(rrsig, &row, apex, bundle);
		if (wrong != NULL)
			return error_set(
			    err, STATUS_NO, "the signature of key %u over %s %s", tag, type_name(type), wrong);
		const struct key *const key = signer_of(rrsig, &row, keys);
		if (key == NULL)
			return error_set(err, STATUS_NO,
			    "the signature of key %u over %s is wrong, or of no KSK of the bundle", tag,
			    type_name(type));
		by[key - keys->all] = true;
	}
	for (size_t k = 0; k < keys->count; k++)
		if (keys->all[k].role == KEY_KSK && !by[k])
			return error_set(err, STATUS_NO, "KSK %u is in the DNSKEY set and has not signed the %s set",
			    keys->all[k].tag, type_name(type));
	for (uint32_t i = 0; i < row.count; i++)
		if (row.records[i].ttl != row.ttl)
			return error_set(err, STATUS_NO, "%s records with different TTLs", type_name(type));
	return STATUS_OK;
}
