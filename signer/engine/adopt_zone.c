/* SPDX-License-Identifier: MIT */
#include "signer/engine/adopt_zone.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keystore/algorithm.h"
#include "keystore/dnskey.h"
#include "signer/base/bytes.h"
#include "signer/base/publish.h"
#include "signer/dns/rrtype.h"
#include "signer/sign/apex.h"

enum { KEYS_MOST = 64, RRSIG_EXPIRATION = 8, RRSIG_TAG = 16, RRSIG_FIXED = 18, FLAG_REVOKE = 128, FLAG_ZONE = 256 };

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* RFC 4034 2.1: flags, protocol, algorithm, public key. */
enum status published_dnskey(const struct record *record, struct key *out, struct error *err)
{
	struct cursor at = cursor_init((struct bytes){ record->rdata, record->rdata_size });
	struct key key = { .flags = cursor_u16(&at) };
	const uint8_t protocol = cursor_u8(&at);
	key.algorithm = cursor_u8(&at);
	const struct bytes public_key = cursor_take(&at, cursor_left(&at));
	if (at.failed || protocol != 3 || public_key.size > sizeof(key.public_key) || (key.flags & FLAG_ZONE) == 0)
		return error_set(
		    err, STATUS_REFUSED, "line %u: a DNSKEY that is no zone key (RFC 4034 2.1)", record->line);
	if (alg_by_number(key.algorithm) == NULL)
		return error_set(err, STATUS_REFUSED,
		    "line %u: a DNSKEY of algorithm %u, with which zoneseal does not sign", record->line,
		    key.algorithm);
	if ((key.flags & FLAG_REVOKE) != 0)
		return error_set(err, STATUS_REFUSED, "line %u: a revoked DNSKEY (RFC 5011)", record->line);
	memcpy(key.public_key, public_key.data, public_key.size);
	key.public_size = (uint16_t)public_key.size;
	dnskey_identify(&key);
	*out = key;
	return STATUS_OK;
}

static enum status add_dnskey(const struct record *record, struct published *out, struct error *err)
{
	struct key key;
	const enum status status = published_dnskey(record, &key, err);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < out->count; i++)
		if (out->keys[i].key.tag == key.tag)
			return error_set(err, STATUS_REFUSED,
			    "two DNSKEYs have the tag %u: what they sign cannot be told apart; roll one of them first",
			    key.tag);
	out->keys[out->count++].key = key;
	return STATUS_OK;
}

/* Who signs one RRset. */
struct signed_set {
	const uint8_t *owner;
	uint64_t signers; /* bits: indexes into published.keys */
	uint16_t covered;
};

static int by_set(const void *a, const void *b)
{
	const struct signed_set *const x = a, *const y = b;
	const int order = name_compare(x->owner, y->owner);
	return order != 0 ? order : (int)x->covered - (int)y->covered;
}

/* Which sets of keys sign RRsets: in a rollover of another signer some may be signed by the old key, some by the new.
 */
static void find_data_sets(struct signed_set sets[], size_t count, struct arena *mem, struct published *out)
{
	out->data_sets = arena_calloc(mem, count + 1, sizeof(*out->data_sets));
	qsort(sets, count, sizeof(*sets), by_set);
	for (size_t i = 0, next; i < count; i = next) {
		uint64_t signers = 0;
		for (next = i; next < count && by_set(&sets[i], &sets[next]) == 0; next++)
			signers |= sets[next].signers;
		size_t known = 0;
		while (known < out->data_set_count && out->data_sets[known] != signers)
			known++;
		if (known == out->data_set_count)
			out->data_sets[out->data_set_count++] = signers;
	}
}

/* RFC 7344 4: the keys whose DS the zone asks its parent for. */
static void note_cds(const struct record *record, struct published *out)
{
	for (size_t i = 0; i < out->count && record->rdata_size > 3; i++)
		if (out->keys[i].key.tag == bytes_get_u16(record->rdata) &&
		    out->keys[i].key.algorithm == record->rdata[2])
			out->keys[i].asked_for = true;
}

/* RFC 4034 3.1: type covered, algorithm, labels, original TTL, expiration, inception, key tag. */
static enum status add_rrsig(const struct record *record, const uint8_t *apex, struct utc now, struct published *out,
    struct signed_set *set, struct error *err)
{
	const uint8_t *const rdata = record->rdata;
	if (record->rdata_size < RRSIG_FIXED)
		return error_set(err, STATUS_MALFORMED, "line %u: RRSIG too short (RFC 4034 3.1)", record->line);
	const uint16_t covered = bytes_get_u16(rdata), tag = bytes_get_u16(rdata + RRSIG_TAG);
	/* Serial number arithmetic around now (RFC 4034 3.1.5). */
	const int32_t left = (int32_t)(bytes_get_u32(rdata + RRSIG_EXPIRATION) - (uint32_t)now.seconds);
	const struct utc expires = utc_add(now, (struct span){ left });
	out->signatures++;
	if (out->first_expiry.seconds == 0 || utc_before(expires, out->first_expiry))
		out->first_expiry = expires;
	for (size_t i = 0; i < out->count; i++) {
		struct adopted_key *const key = &out->keys[i];
		if (key->key.tag != tag || key->key.algorithm != rdata[2])
			continue;
		const bool of_keys = covered == RRTYPE_DNSKEY || covered == RRTYPE_CDS || covered == RRTYPE_CDNSKEY;
		if (of_keys && name_equal(record->owner, apex))
			key->signs_keys = key->signs_keys || covered == RRTYPE_DNSKEY;
		else {
			key->signs_zone = true;
			key->signs_soa = key->signs_soa || covered == RRTYPE_SOA;
			*set = (struct signed_set){ record->owner, UINT64_C(1) << i, covered };
		}
		return STATUS_OK;
	}
	return error_set(err, STATUS_REFUSED,
	    "line %u: a signature by key %u, which is not in the DNSKEY RRset: a rollover of the other signer is under "
	    "way; adopt the zone when it has ended",
	    record->line, tag);
}

static enum status read_keys(const uint8_t *apex, struct arena *mem, struct published *out, struct error *err)
{
	const struct record *const records = out->text.records;
	enum status status = STATUS_OK;
	size_t keys = 0;
	for (size_t i = 0; i < out->text.count; i++)
		keys += records[i].type == RRTYPE_DNSKEY;
	out->keys = arena_calloc(mem, keys + 1, sizeof(*out->keys));
	for (size_t i = 0; status == STATUS_OK && i < out->text.count; i++) {
		if (records[i].type != RRTYPE_DNSKEY || !name_equal(records[i].owner, apex))
			continue;
		status = add_dnskey(&records[i], out, err);
		out->dnskey_ttl = records[i].ttl > out->dnskey_ttl ? records[i].ttl : out->dnskey_ttl;
	}
	if (status == STATUS_OK && out->count > KEYS_MOST)
		return error_set(err, STATUS_REFUSED, "more than %d DNSKEYs", KEYS_MOST);
	return status;
}

static enum status read_records(
    const uint8_t *apex, struct utc now, struct arena *mem, struct published *out, struct error *err)
{
	const struct record *const records = out->text.records;
	struct signed_set *const sets = arena_calloc(mem, out->text.count + 1, sizeof(*sets));
	const struct record *soa = NULL;
	size_t set_count = 0;
	enum status status = read_keys(apex, mem, out, err);
	out->records = out->text.count;
	for (size_t i = 0; status == STATUS_OK && i < out->text.count; i++) {
		const struct record *const record = &records[i];
		const bool at_apex = name_equal(record->owner, apex);
		if (record->ttl > out->largest_ttl)
			out->largest_ttl = record->ttl;
		if (at_apex && record->type == RRTYPE_SOA)
			soa = record;
		if (at_apex && record->type == RRTYPE_CDS)
			note_cds(record, out);
		if (record->type == RRTYPE_RRSIG)
			status = add_rrsig(record, apex, now, out, &sets[set_count], err);
		set_count += sets[set_count].owner != NULL;
	}
	if (status != STATUS_OK)
		return status;
	if (soa == NULL)
		return error_set(err, STATUS_MALFORMED, "no SOA at the zone's name (RFC 1035 5.2)");
	if (out->count == 0 || out->signatures == 0)
		return error_set(err, STATUS_REFUSED, "the zone is not signed: add it with zoneseal zone add");
	find_data_sets(sets, set_count, mem, out);
	out->serial = apex_soa_serial(soa);
	out->negative_ttl = smaller(soa->ttl, apex_soa_minimum(soa)); /* RFC 2308 5 */
	return STATUS_OK;
}

enum status published_read(int file, const char *name, const uint8_t *apex, struct utc now, struct arena *mem,
    struct published *out, struct error *err)
{
	const struct zonetext_options options = { .name = name, .origin = apex, .strict_end = true };
	*out = (struct published){ .size = 0 };
	struct file_stamp stamp;
	enum status status = file_stamp_of(file, &stamp, err);
	if (status == STATUS_OK)
		status = zonetext_read(file, &options, &out->text, err);
	if (status == STATUS_OK)
		status = read_records(apex, now, mem, out, err);
	if (status != STATUS_OK)
		return status == STATUS_MALFORMED ? status : error_context(err, "%s", name);
	memcpy(out->sha256, out->text.sha256, sizeof(out->sha256));
	out->size = out->text.text_size;
	return STATUS_OK;
}

void published_free(struct published *published)
{
	zonetext_free(&published->text);
}
