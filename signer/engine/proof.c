/* SPDX-License-Identifier: MIT */
#include "signer/engine/proof.h"

#include <stdlib.h>
#include <string.h>

#include "keystore/dnskey.h"
#include "signer/dns/rdata.h"
#include "signer/dns/rrtype.h"
#include "signer/sign/rrsig.h"

enum {
	MOST_TRIES = 16, /* signatures that are computed for one RRset */
	MOST_KEYS = 32,  /* of a DNSKEY RRset */
	KEY_HEAD = 4,    /* flags, protocol, algorithm */
	FLAG_ZONE = 0x0100,
	FLAG_REVOKE = 0x0080,
	PROTOCOL = 3,
};

static int compare_records(const void *a, const void *b)
{
	const struct record *const one = a;
	const struct record *const two = b;
	return rdata_compare(one->type, one->rdata, one->rdata_size, two->rdata, two->rdata_size);
}

/* The records of the RRset in canonical order (RFC 4034 6.3), each once. */
static struct row collect(const struct proof_rrset *rrset, struct arena *mem)
{
	const size_t most = rrset->answer->count[rrset->section];
	struct record *const records = arena_calloc(mem, most + 1, sizeof(*records));
	size_t count = 0;
	for (size_t i = 0; i < most; i++) {
		const struct record *const record = &rrset->answer->records[rrset->section][i];
		if (record->type == rrset->type && name_equal(record->owner, rrset->owner))
			records[count++] = *record;
	}
	if (count > 1)
		qsort(records, count, sizeof(*records), compare_records);
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || compare_records(&records[kept - 1], &records[i]) != 0)
			records[kept++] = records[i];
	}
	return (struct row){ .owner = rrset->owner, .records = records, .count = (uint32_t)kept, .type = rrset->type };
}

/* An RRSIG, taken apart (RFC 4034 3.1). */
struct signature {
	uint16_t covered, tag;
	uint8_t algorithm, labels;
	uint32_t ttl;
	struct rrsig_times times;
	const uint8_t *signer;
	struct bytes octets;
};

/* rdata_check has seen to it that all is there. */
static struct signature take_apart(const struct record *record)
{
	const uint8_t *const at = record->rdata;
	const uint8_t *const signer = at + RRSIG_FIXED;
	const size_t head = RRSIG_FIXED + name_size(signer);
	return (struct signature){ .covered = bytes_get_u16(at),
		.algorithm = at[2],
		.labels = at[3],
		.ttl = bytes_get_u32(at + 4),
		.times = { .inception = bytes_get_u32(at + 12), .expiration = bytes_get_u32(at + 8) },
		.tag = bytes_get_u16(at + 16),
		.signer = signer,
		.octets = { at + head, record->rdata_size - head } };
}

/* RFC 4035 5.3.1, all but the keys. */
static const char *misfit(const struct signature *signature, const struct row *row, const uint8_t *apex, struct utc now)
{
	const unsigned labels = name_labels(row->owner) - (name_is_wildcard(row->owner) ? 1U : 0U);
	if (!name_equal(signature->signer, apex) || !name_is_within(row->owner, apex))
		return "signed by another zone";
	if (signature->labels != labels)
		return "signed for a wildcard (labels)";
	if (alg_by_number(signature->algorithm) == NULL)
		return "signed with an algorithm that is not supported";
	if (utc_before(now, rrsig_moment(signature->times.inception, now)))
		return "a signature that is not valid yet";
	if (utc_before(rrsig_moment(signature->times.expiration, now), now))
		return "a signature that has expired";
	return NULL;
}

const char *proof_rrset_holds(const struct proof_rrset *rrset, const uint8_t *apex, const struct proof_keys *keys,
    struct utc now, struct arena *mem)
{
	const struct row row = collect(rrset, mem);
	const char *why = "not signed";
	unsigned tries = 0;
	for (size_t i = 0; i < rrset->answer->count[rrset->section]; i++) {
		const struct record *const record = &rrset->answer->records[rrset->section][i];
		if (record->type != RRTYPE_RRSIG || !name_equal(record->owner, rrset->owner))
			continue;
		const struct signature signature = take_apart(record);
		if (signature.covered != rrset->type)
			continue;
		const char *const wrong = misfit(&signature, &row, apex, now);
		why = wrong != NULL ? wrong : "signed by no key that is trusted";
		for (size_t k = 0; wrong == NULL && k < keys->count; k++) {
			const struct key *const key = &keys->all[k];
			if (key->tag != signature.tag || key->algorithm != signature.algorithm)
				continue;
			if (++tries > MOST_TRIES)
				return "too many signatures and keys of one tag";
			if (rrsig_holds(&row, record->rdata, record->rdata_size, key))
				return NULL;
			why = "a signature that is wrong";
		}
	}
	return why;
}

static bool is_zone_key(const struct record *record)
{
	const uint16_t flags = bytes_get_u16(record->rdata);
	return (flags & FLAG_ZONE) != 0 && (flags & FLAG_REVOKE) == 0 && record->rdata[2] == PROTOCOL &&
	       record->rdata_size <= DNSKEY_RDATA;
}

static struct key key_of(const struct record *dnskey)
{
	struct key key = { .role = KEY_KSK,
		.flags = bytes_get_u16(dnskey->rdata),
		.algorithm = dnskey->rdata[3],
		.public_size = (uint16_t)(dnskey->rdata_size - KEY_HEAD) };
	memcpy(key.public_key, dnskey->rdata + KEY_HEAD, key.public_size);
	dnskey_identify(&key);
	return key;
}

/* Whether a DS of the anchor, with a digest type that is known, is the key's. */
static bool is_ds_of(struct bytes ds, const struct key *key, const uint8_t *apex)
{
	uint8_t owner[NAME_WIRE];
	uint8_t own[DS_RDATA];
	const uint8_t digest_type = ds.data[3];
	if (digest_type != 2 && digest_type != 4)
		return false;
	const size_t size = dnskey_ds(key, owner, name_lower(apex, owner), digest_type, own);
	return bytes_equal(ds, (struct bytes){ own, size });
}

static bool is_anchored(const struct record *dnskey, const struct key *key, const struct proof_anchor *anchor)
{
	for (size_t i = 0; i < anchor->count; i++) {
		const struct record *const record = &anchor->records[i];
		const struct bytes believed = { record->rdata, record->rdata_size };
		if (record->type == RRTYPE_DNSKEY
			? bytes_equal(believed, (struct bytes){ dnskey->rdata, dnskey->rdata_size })
			: is_ds_of(believed, key, anchor->apex))
			return true;
	}
	return false;
}

/* The keys that may sign for the zone, and those of them that the anchor names. */
struct found_keys {
	struct key *all, *anchored;
	size_t count, anchored_count;
};

static void take_keys(const struct wire_answer *answer, const struct proof_anchor *anchor, struct found_keys *out)
{
	for (size_t i = 0; i < answer->count[WIRE_ANSWER] && out->count < MOST_KEYS; i++) {
		const struct record *const record = &answer->records[WIRE_ANSWER][i];
		if (record->type != RRTYPE_DNSKEY || !name_equal(record->owner, anchor->apex) || !is_zone_key(record) ||
		    alg_by_number(record->rdata[3]) == NULL)
			continue;
		const struct key key = key_of(record);
		out->all[out->count++] = key;
		if (is_anchored(record, &key, anchor))
			out->anchored[out->anchored_count++] = key;
	}
}

const char *proof_keys_add(const struct wire_answer *answer, const struct proof_anchor *anchor, struct utc now,
    struct arena *mem, struct proof_keys *keys)
{
	struct found_keys found = { .all = arena_calloc(mem, keys->count + MOST_KEYS, sizeof(struct key)),
		.anchored = arena_calloc(mem, MOST_KEYS, sizeof(struct key)) };
	const struct proof_rrset rrset = { answer, WIRE_ANSWER, anchor->apex, RRTYPE_DNSKEY };
	take_keys(answer, anchor, &found);
	if (found.count == 0)
		return "no DNSKEY that can be used";
	if (found.anchored_count == 0)
		return "no DNSKEY is the one of the trust anchor";
	const struct proof_keys anchored = { found.anchored, found.anchored_count };
	const char *const why = proof_rrset_holds(&rrset, anchor->apex, &anchored, now, mem);
	if (why != NULL)
		return why;
	if (keys->count > 0)
		memcpy(found.all + found.count, keys->all, keys->count * sizeof(struct key));
	*keys = (struct proof_keys){ found.all, found.count + keys->count };
	return NULL;
}
