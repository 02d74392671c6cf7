/* SPDX-License-Identifier: MIT */
#include "signer/sign/rrsig.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "keystore/dnskey.h"
#include "signer/base/arena.h"
#include "signer/base/bytes.h"
#include "signer/dns/rdata.h"
#include "signer/dns/rrtype.h"

enum { CLASS_IN = 1 };

/* One signature that is asked for. */
struct order {
	size_t key;        /* in the keyset */
	size_t from, size; /* in maker.data: the octets that are signed */
	size_t head_size;  /* of them, before the row's owner */
	struct rrsig_times times;
	uint8_t *slot;
};

struct rrsig_maker {
	struct rrsig_policy policy;
	const struct keyset *keyset;
	const uint8_t *apex;
	unsigned worker;
	EVP_MD *sha256;
	EVP_MD_CTX *context;
	struct zonetext_buffer data;
	struct order orders[TOKEN_BATCH];
	size_t count, most;
};

uint32_t rrsig_serial_time(struct utc moment)
{
	return (uint32_t)(uint64_t)moment.seconds;
}

struct utc rrsig_moment(uint32_t serial_time, struct utc now)
{
	const uint32_t forward = serial_time - rrsig_serial_time(now);
	const int64_t distance = forward < 0x80000000U ? (int64_t)forward : (int64_t)forward - ((int64_t)1 << 32);
	return utc_add(now, (struct span){ distance });
}

struct rrsig_maker *rrsig_maker_new(
    const struct rrsig_policy *policy, const struct keyset *keyset, unsigned worker, size_t batch, const uint8_t *apex)
{
	struct rrsig_maker *const maker = memory_calloc(1, sizeof(*maker));
	maker->policy = *policy;
	maker->keyset = keyset;
	maker->worker = worker;
	maker->most = batch;
	maker->apex = apex;
	maker->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	maker->context = EVP_MD_CTX_new();
	return maker;
}

void rrsig_maker_free(struct rrsig_maker *maker)
{
	if (maker == NULL)
		return;
	EVP_MD_free(maker->sha256);
	EVP_MD_CTX_free(maker->context);
	zonetext_buffer_free(&maker->data);
	free(maker);
}

/* RFC 4034 3.1.3: without the root and without a leading "*". */
static uint8_t labels_field(const uint8_t *owner)
{
	return (uint8_t)(name_labels(owner) - (name_is_wildcard(owner) ? 1U : 0U));
}

/* Numbers that are always alike for the same owner, type and key: what is done does not depend on chance. */
static enum status draw(struct rrsig_maker *maker, const struct row *row, const struct key *key,
    uint8_t digest[EVP_MAX_MD_SIZE], struct error *err)
{
	uint8_t subject[2 + NAME_WIRE];
	bytes_put_u16(subject, row->type);
	const size_t size = 2 + name_lower(row->owner, subject + 2);
	if (maker->sha256 == NULL || maker->context == NULL ||
	    EVP_DigestInit_ex2(maker->context, maker->sha256, NULL) != 1 ||
	    EVP_DigestUpdate(maker->context, key->fingerprint, sizeof(key->fingerprint)) != 1 ||
	    EVP_DigestUpdate(maker->context, subject, size) != 1 ||
	    EVP_DigestFinal_ex(maker->context, digest, NULL) != 1)
		return error_set(err, STATUS_INTERNAL, "SHA-256 failed");
	return STATUS_OK;
}

/* Spreads expirations over policy.jitter: signatures of one day do not all fall due in one hour. */
static enum status jitter_of(
    struct rrsig_maker *maker, const struct row *row, const struct key *key, struct span *out, struct error *err)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	*out = (struct span){ 0 };
	if (row->duty != KEYSET_ZONE || maker->policy.jitter.seconds <= 0)
		return STATUS_OK;
	const enum status status = draw(maker, row, key, digest, err);
	if (status != STATUS_OK)
		return status;
	const uint64_t drawn = (uint64_t)bytes_get_u32(digest) << 32 | bytes_get_u32(digest + 4);
	*out = (struct span){ (int64_t)(drawn % (uint64_t)maker->policy.jitter.seconds) };
	return STATUS_OK;
}

enum status rrsig_turn(
    struct rrsig_maker *maker, const struct row *row, const struct key *key, uint32_t *out, struct error *err)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	const enum status status = draw(maker, row, key, digest, err);
	if (status == STATUS_OK) /* other octets than those of the jitter: the parts expire alike */
		*out = (uint32_t)((uint64_t)bytes_get_u32(digest + 8) * KEY_ALL_PPM >> 32);
	return status;
}

/* RDATA up to the signature; returns its size. */
static size_t put_head(const struct row *row, const struct key *key, const uint8_t *apex, struct rrsig_times times,
    uint8_t out[RRSIG_RDATA])
{
	bytes_put_u16(out, row->type);
	out[2] = key->algorithm;
	out[3] = labels_field(row->owner);
	bytes_put_u32(out + 4, row->ttl);
	bytes_put_u32(out + 8, times.expiration);
	bytes_put_u32(out + 12, times.inception);
	bytes_put_u16(out + 16, key_published_tag(key));
	return RRSIG_FIXED + name_lower(apex, out + RRSIG_FIXED);
}

void rrsig_canonical_rows(struct zonetext_buffer *buffer, const struct row *row)
{
	uint8_t head[NAME_WIRE + 10];
	const size_t owner_size = name_lower(row->owner, head);
	bytes_put_u16(head + owner_size, row->type);
	bytes_put_u16(head + owner_size + 2, CLASS_IN);
	bytes_put_u32(head + owner_size + 4, row->ttl);
	const bool names = rdata_has_canonical_names(row->type);
	for (uint32_t i = 0; i < row->count; i++) {
		const struct record *const record = &row->records[i];
		bytes_put_u16(head + owner_size + 8, record->rdata_size);
		zonetext_buffer_reserve(buffer, owner_size + 10 + record->rdata_size);
		uint8_t *const at = (uint8_t *)buffer->data + buffer->size;
		memcpy(at, head, owner_size + 10);
		if (names)
			rdata_canonical(row->type, record->rdata, record->rdata_size, at + owner_size + 10);
		else if (record->rdata_size > 0)
			memcpy(at + owner_size + 10, record->rdata, record->rdata_size);
		buffer->size += owner_size + 10 + record->rdata_size;
	}
}

static void put_times(uint8_t *slot, struct rrsig_times times)
{
	memcpy(slot, &times.inception, 4);
	memcpy(slot + 4, &times.expiration, 4);
}

struct rrsig_times rrsig_slot_times(const uint8_t *slot)
{
	struct rrsig_times times;
	memcpy(&times.inception, slot, 4);
	memcpy(&times.expiration, slot + 4, 4);
	return times;
}

/* Appends what an RRSIG signs. */
static void put_input(const uint8_t *head, size_t head_size, const struct row *row, struct zonetext_buffer *out)
{
	zonetext_buffer_reserve(out, head_size);
	memcpy(out->data + out->size, head, head_size);
	out->size += head_size;
	rrsig_canonical_rows(out, row);
}

static enum status name_order(const struct rrsig_maker *maker, const struct order *order, struct error *err)
{
	const uint8_t *const data = (const uint8_t *)maker->data.data + order->from;
	char owner[NAME_TEXT];
	char type[RRTYPE_TEXT];
	name_to_text(data + order->head_size, owner);
	rrtype_to_text(bytes_get_u16(data), true, type);
	return error_context(err, "signing %.200s %s", owner, type);
}

/* All that are ordered of one key. */
static enum status make_of_key(struct rrsig_maker *maker, size_t index, struct error *err)
{
	const struct keyset_key *const key = &maker->keyset->keys[index];
	struct token_task tasks[TOKEN_BATCH];
	const struct order *orders[TOKEN_BATCH];
	uint8_t signatures[TOKEN_BATCH][KEYSET_SIGNATURE];
	size_t count = 0;
	for (size_t i = 0; i < maker->count; i++) {
		const struct order *const order = &maker->orders[i];
		if (order->key != index)
			continue;
		tasks[count] = (struct token_task){
			.data = { (const uint8_t *)maker->data.data + order->from, order->size },
			.out = signatures[count],
		};
		orders[count++] = order;
	}
	enum status status = token_sign_all(keyset_signer(maker->keyset, maker->worker, index), tasks, count, err);
	for (size_t i = 0; i < count; i++) {
		if (status == STATUS_OK && tasks[i].size != key->signature_size)
			status = error_set(err, STATUS_KEY, "key %u: a signature of %zu octets instead of %u",
			    key->key->tag, tasks[i].size, key->signature_size);
		if (tasks[i].size != key->signature_size)
			return name_order(maker, orders[i], err);
		put_times(orders[i]->slot, orders[i]->times);
		memcpy(orders[i]->slot + KEYSET_TIMES, signatures[i], tasks[i].size);
	}
	return status;
}

enum status rrsig_finish(struct rrsig_maker *maker, struct error *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; i < maker->count && status == STATUS_OK; i++) {
		bool done = false;
		for (size_t j = 0; j < i; j++)
			done |= maker->orders[j].key == maker->orders[i].key;
		if (!done)
			status = make_of_key(maker, maker->orders[i].key, err);
	}
	maker->count = 0;
	maker->data.size = 0;
	return status;
}

enum status rrsig_make(struct rrsig_maker *maker, const struct row *row, size_t index, uint8_t *slot, struct error *err)
{
	const struct key *const key = maker->keyset->keys[index].key;
	const struct rrsig_policy *const policy = &maker->policy;
	struct span jitter;
	const enum status status = jitter_of(maker, row, key, &jitter, err);
	if (status != STATUS_OK)
		return status;
	const struct utc end = utc_add(policy->now, policy->validity[row->duty]);
	struct order *const order = &maker->orders[maker->count++];
	*order = (struct order){ .key = index, .from = maker->data.size, .slot = slot };
	order->times.inception = rrsig_serial_time(utc_subtract(policy->now, policy->inception_offset));
	order->times.expiration = rrsig_serial_time(utc_subtract(end, jitter));
	uint8_t head[RRSIG_RDATA];
	order->head_size = put_head(row, key, maker->apex, order->times, head);
	put_input(head, order->head_size, row, &maker->data);
	order->size = maker->data.size - order->from;
	return maker->count < maker->most ? STATUS_OK : rrsig_finish(maker, err);
}

bool rrsig_place(const uint8_t *apex, const struct row *row, const struct keyset_key *key, const uint8_t *rdata,
    size_t size, uint8_t *slot)
{
	if (size < RRSIG_FIXED + 1U)
		return false;
	const struct rrsig_times times = { bytes_get_u32(rdata + 12), bytes_get_u32(rdata + 8) };
	uint8_t head[RRSIG_RDATA];
	const size_t head_size = put_head(row, key->key, apex, times, head);
	if (size != head_size + key->signature_size || memcmp(head, rdata, RRSIG_FIXED) != 0 ||
	    !name_equal(head + RRSIG_FIXED, rdata + RRSIG_FIXED))
		return false;
	put_times(slot, times);
	memcpy(slot + KEYSET_TIMES, rdata + head_size, key->signature_size);
	return true;
}

void rrsig_input(const struct row *row, const struct key *key, const uint8_t *apex, struct rrsig_times times,
    struct zonetext_buffer *out)
{
	uint8_t head[RRSIG_RDATA];
	out->size = 0;
	put_input(head, put_head(row, key, apex, times, head), row, out);
}

enum status rrsig_sign(const struct row *row, const struct key *key, struct token_signer *signer, const uint8_t *apex,
    struct rrsig_times times, uint8_t out[RRSIG_RDATA], size_t *out_size, struct error *err)
{
	struct zonetext_buffer data = { .data = NULL };
	const size_t head_size = put_head(row, key, apex, times, out);
	size_t size = 0;
	put_input(out, head_size, row, &data);
	const enum status status =
	    token_sign(signer, (const uint8_t *)data.data, data.size, out + head_size, &size, err);
	zonetext_buffer_free(&data);
	*out_size = head_size + size;
	return status;
}

bool rrsig_holds(const struct row *row, const uint8_t *rdata, size_t size, const struct key *key)
{
	uint8_t signer[NAME_WIRE];
	struct zonetext_buffer data = { .data = NULL };
	if (size < RRSIG_FIXED + 1U || name_from_wire(rdata + RRSIG_FIXED, size - RRSIG_FIXED) == 0)
		return false;
	const size_t signer_size = name_lower(rdata + RRSIG_FIXED, signer);
	const size_t head_size = RRSIG_FIXED + signer_size;
	struct row signed_row = *row;
	signed_row.ttl = bytes_get_u32(rdata + 4);
	zonetext_buffer_reserve(&data, head_size);
	memcpy(data.data, rdata, RRSIG_FIXED);
	memcpy(data.data + RRSIG_FIXED, signer, signer_size);
	data.size = head_size;
	rrsig_canonical_rows(&data, &signed_row);
	const bool good = dnskey_verify_by(key, (struct bytes){ (const uint8_t *)data.data, data.size },
	    (struct bytes){ rdata + head_size, size - head_size });
	zonetext_buffer_free(&data);
	return good;
}

bool rrsig_keep(const struct rrsig_policy *policy, const uint8_t *apex, const struct row *row,
    const struct keyset_key *key, const uint8_t *rdata, size_t size, uint8_t *slot)
{
	if (size < RRSIG_FIXED + 1U)
		return false;
	const struct rrsig_times times = { bytes_get_u32(rdata + 12), bytes_get_u32(rdata + 8) };
	const struct utc inception = rrsig_moment(times.inception, policy->now);
	const struct utc expiration = rrsig_moment(times.expiration, policy->now);
	/* What is kept is as if it were made now: no later begin, no later end. */
	if (utc_before(utc_subtract(policy->now, policy->inception_offset), inception) ||
	    utc_before(expiration, utc_add(policy->now, policy->refresh)) ||
	    utc_before(utc_add(policy->now, policy->validity[row->duty]), expiration))
		return false;
	return rrsig_place(apex, row, key, rdata, size, slot);
}

static int compare_items(const void *a, const void *b)
{
	const struct rrsig_item *const one = a;
	const struct rrsig_item *const two = b;
	return bytes_compare((struct bytes){ one->rdata, one->size }, (struct bytes){ two->rdata, two->size });
}

void rrsig_collect(const struct keyset *keyset, const uint8_t *apex, const struct row *row, struct rrsig_list *out)
{
	out->count = 0;
	if (row->slot == NULL)
		return;
	const uint8_t *slot = row->slot;
	for (size_t k = 0; k < keyset->count; k++) {
		const struct keyset_key *const key = &keyset->keys[k];
		if (!key->duty[row->duty])
			continue;
		if (keyset_slot_is_empty(slot)) {
			slot += KEYSET_TIMES + key->signature_size;
			continue;
		}
		struct rrsig_item *const item = &out->items[out->count++];
		item->size = put_head(row, key->key, apex, rrsig_slot_times(slot), item->rdata);
		memcpy(item->rdata + item->size, slot + KEYSET_TIMES, key->signature_size);
		item->size += key->signature_size;
		slot += KEYSET_TIMES + key->signature_size;
	}
	if (out->count > 1)
		qsort(out->items, out->count, sizeof(out->items[0]), compare_items);
}
