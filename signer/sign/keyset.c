/* SPDX-License-Identifier: MIT */
#include "signer/sign/keyset.h"

#include <stdlib.h>
#include <string.h>

#include "keystore/algorithm.h"
#include "signer/base/arena.h"
#include "signer/base/bytes.h"
#include "signer/dns/name.h"
#include "signer/dns/rrtype.h"

void keyset_empty_slot(uint8_t *slot)
{
	memset(slot, 0, KEYSET_TIMES);
}

bool keyset_slot_is_empty(const uint8_t *slot)
{
	static const uint8_t none[KEYSET_TIMES];
	return memcmp(slot, none, KEYSET_TIMES) == 0;
}

/* Whether some key takes over from keys[old] part by part. */
static bool goes_by_parts(const struct key keys[], size_t count, size_t old)
{
	for (size_t i = 0; i < count; i++)
		if (key_takes_over_from(&keys[i], &keys[old]))
			return true;
	return false;
}

static void pair(struct keyset *keyset)
{
	for (size_t i = 0; i < keyset->count; i++) {
		for (size_t j = 0; j < keyset->count && keyset->keys[i].goes; j++) {
			if (!key_takes_over_from(keyset->keys[j].key, keyset->keys[i].key))
				continue;
			keyset->keys[j].comes = true;
			keyset->keys[j].other = i;
			keyset->keys[i].other = j;
		}
	}
}

static enum status choose(const struct key keys[], size_t count, struct keyset *keyset, struct error *err)
{
	bool any[KEYSET_DUTIES] = { false };
	for (size_t i = 0; i < count; i++) {
		const struct key *const key = &keys[i];
		const bool keys_too = key_signs_keys(key);
		const bool goes = goes_by_parts(keys, count, i);
		const bool duty[KEYSET_DUTIES] = { keys_too, keys_too && !key_is_revoked(key),
			key_signs_zone(key) || goes };
		if (!duty[KEYSET_KEYS] && !duty[KEYSET_ZONE])
			continue;
		const struct algorithm *const algorithm = alg_by_number(key->algorithm);
		if (algorithm == NULL)
			return error_set(err, STATUS_KEY, "key %u: algorithm %u is unknown", key->tag, key->algorithm);
		if (keyset->count == KEYSET_MAX)
			return error_set(err, STATUS_KEY, "more than %d keys sign at once", KEYSET_MAX);
		struct keyset_key *const own = &keyset->keys[keyset->count++];
		own->key = key;
		own->goes = goes;
		const size_t size = algorithm->signature_size != 0 ? algorithm->signature_size : (key->bits + 7U) / 8U;
		if (size == 0 || size > KEYSET_SIGNATURE)
			return error_set(err, STATUS_KEY, "key %u: %zu octets are no signature", key->tag, size);
		own->signature_size = (uint16_t)size;
		for (int d = 0; d < KEYSET_DUTIES; d++) {
			own->duty[d] = duty[d];
			any[d] |= duty[d] && !(d == KEYSET_ZONE && goes);
			keyset->slot_size[d] += duty[d] ? KEYSET_TIMES + size : 0U;
		}
	}
	pair(keyset);
	if (!any[KEYSET_CHILD])
		return error_set(err, STATUS_KEY,
		    "no key signs the DNSKEY RRset (one that is revoked does not count); nothing is signed");
	if (!any[KEYSET_ZONE])
		return error_set(err, STATUS_KEY, "no key signs the zone's data; nothing is signed");
	return STATUS_OK;
}

enum status keyset_open(
    const struct key keys[], size_t count, struct token *token, unsigned workers, struct keyset *out, struct error *err)
{
	struct keyset keyset = { .workers = workers };
	enum status status = choose(keys, count, &keyset, err);
	if (status != STATUS_OK)
		return status;
	keyset.signers = memory_calloc(keyset.count * workers, sizeof(struct token_signer *));
	for (size_t k = 0; k < keyset.count && status == STATUS_OK; k++) {
		const struct keyset_key *const own = &keyset.keys[k];
		if (key_is_offline(own->key) || (own->goes && !own->duty[KEYSET_KEYS]))
			continue;
		status = token_signer_new(token, own->key, &keyset.signers[k], err);
		for (unsigned w = 1; w < workers && status == STATUS_OK; w++)
			status = token_signer_copy(keyset.signers[k], &keyset.signers[w * keyset.count + k], err);
	}
	if (status != STATUS_OK) {
		keyset_close(&keyset);
		return status;
	}
	*out = keyset;
	return STATUS_OK;
}

void keyset_close(struct keyset *keyset)
{
	/* Copies share what the first worker's signers loaded, so those go last. */
	for (size_t i = keyset->signers == NULL ? 0 : keyset->count * keyset->workers; i-- > 0;)
		token_signer_free(keyset->signers[i]);
	free(keyset->signers);
	*keyset = (struct keyset){ 0 };
}

struct token_signer *keyset_signer(const struct keyset *keyset, unsigned worker, size_t index)
{
	return keyset->signers[worker * keyset->count + index];
}

static bool is_our_dnskey(const struct record *record, const struct key keys[], size_t count)
{
	const uint8_t *const rdata = record->rdata;
	for (size_t i = 0; i < count; i++)
		if (record->rdata_size == 4U + keys[i].public_size && rdata[3] == keys[i].algorithm &&
		    memcmp(rdata + 4, keys[i].public_key, keys[i].public_size) == 0)
			return true;
	return false;
}

static bool is_our_rrsig(const struct record *record, const uint8_t *apex, const struct key keys[], size_t count)
{
	struct cursor cursor = cursor_init((struct bytes){ record->rdata, record->rdata_size });
	cursor_u16(&cursor);
	const uint8_t algorithm = cursor_u8(&cursor);
	cursor_take(&cursor, 13);
	const uint16_t tag = cursor_u16(&cursor);
	if (cursor.failed || name_from_wire(cursor.at, cursor_left(&cursor)) == 0 || !name_equal(cursor.at, apex))
		return false;
	for (size_t i = 0; i < count; i++)
		if (keys[i].algorithm == algorithm && (keys[i].tag == tag || keys[i].revoked_tag == tag))
			return true;
	return false;
}

enum status keyset_check_foreign(const struct record records[], size_t count, const uint8_t *apex,
    const char *const files[], const struct key keys[], size_t key_count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct record *const record = &records[i];
		const bool dnskey = record->type == RRTYPE_DNSKEY;
		if (dnskey ? is_our_dnskey(record, keys, key_count)
			   : record->type != RRTYPE_RRSIG || is_our_rrsig(record, apex, keys, key_count))
			continue;
		char owner[NAME_TEXT];
		name_to_text(record->owner, owner);
		return error_set_at(err, STATUS_REFUSED, files[record->file], record->line, 0,
		    "%.200s: %s of a key that is not in this keystore: another signer signs this zone, and with new "
		    "keys "
		    "it would turn bogus for validators; take it over with 'zoneseal zone adopt', or drop the other "
		    "signer's records with --new-keys",
		    owner, dnskey ? "DNSKEY" : "RRSIG");
	}
	return STATUS_OK;
}
