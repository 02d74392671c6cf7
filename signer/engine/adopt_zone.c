/* SPDX-License-Identifier: MIT */
#include "signer/engine/adopt_zone.h"

#include <string.h>
#include <unistd.h>

#include "keystore/algorithm.h"
#include "keystore/dnskey.h"
#include "signer/base/bytes.h"
#include "signer/base/publish.h"
#include "signer/dns/rrtype.h"
#include "signer/sign/apex.h"

enum { RRSIG_EXPIRATION = 8, RRSIG_TAG = 16, RRSIG_FIXED = 18, FLAG_SEP = 1, FLAG_REVOKE = 128, FLAG_ZONE = 256 };

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

/* RFC 4034 3.1: type covered, algorithm, labels, original TTL, expiration, inception, key tag. */
static enum status add_rrsig(
    const struct record *record, const uint8_t *apex, struct utc now, struct published *out, struct error *err)
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
		else
			key->signs_zone = true;
		return STATUS_OK;
	}
	return error_set(err, STATUS_REFUSED,
	    "line %u: a signature by key %u, which is not in the DNSKEY RRset: a rollover of the other signer is under "
	    "way; adopt the zone when it has ended",
	    record->line, tag);
}

static bool sep_key_signs_keys(const struct published *published)
{
	for (size_t i = 0; i < published->count; i++)
		if (published->keys[i].signs_keys && (published->keys[i].key.flags & FLAG_SEP) != 0)
			return true;
	return false;
}

static void set_state(struct key *key, enum key_record record, bool has, bool is, struct utc now)
{
	key->state[record] = !has ? KEY_NA : is ? KEY_RUMOURED : KEY_HIDDEN;
	key->since[record] = now;
}

/* A ZSK that signs the DNSKEY RRset beside a KSK, as some signers do, goes on as a ZSK. A key that signs nothing is
 * kept ready. */
static void give_role(const struct published *published, struct adopted_key *adopted, struct utc now)
{
	struct key *const key = &adopted->key;
	const bool sep = (key->flags & FLAG_SEP) != 0, sep_signs = sep_key_signs_keys(published);
	const bool keys = adopted->signs_keys && (sep || !sep_signs);
	if (keys && adopted->signs_zone)
		key->role = KEY_CSK;
	else if (keys || (!adopted->signs_zone && sep))
		key->role = KEY_KSK;
	else
		key->role = KEY_ZSK;
	key->standby = !keys && !adopted->signs_zone;
	key->goal_present = true;
	key->created = now;
	key->active = key->standby ? (struct utc){ 0 } : now;
	set_state(key, KEY_DNSKEY, true, true, now);
	set_state(key, KEY_ZRRSIG, key->role != KEY_KSK, adopted->signs_zone, now);
	set_state(key, KEY_KRRSIG, key->role != KEY_ZSK, keys, now);
	/* Whether the parent shows its DS is asked, or told, after the adoption. */
	set_state(key, KEY_DS, key->role != KEY_ZSK, keys, now);
}

static enum status check_roles(const struct published *published, struct error *err)
{
	const struct adopted_key *signer[3] = { NULL };
	for (size_t i = 0; i < published->count; i++) {
		const struct adopted_key *const key = &published->keys[i];
		if (key->key.standby)
			continue;
		if (signer[key->key.role] != NULL)
			return error_set(err, STATUS_REFUSED,
			    "both %s %u and %u sign: a rollover of the other signer is under way; adopt the zone when "
			    "it has ended",
			    key_role_name(key->key.role), signer[key->key.role]->key.tag, key->key.tag);
		signer[key->key.role] = key;
	}
	const bool csk = signer[KEY_CSK] != NULL, split = signer[KEY_KSK] != NULL && signer[KEY_ZSK] != NULL;
	const bool part = signer[KEY_KSK] != NULL || signer[KEY_ZSK] != NULL;
	if (csk ? part : !split)
		return error_set(err, STATUS_REFUSED,
		    "the zone is signed by neither one CSK nor one KSK and one ZSK: no roles can be told from that");
	return STATUS_OK;
}

static enum status read_records(
    const uint8_t *apex, struct utc now, struct arena *mem, struct published *out, struct error *err)
{
	const struct record *const records = out->text.records;
	const struct record *soa = NULL;
	enum status status = STATUS_OK;
	size_t keys = 0;
	for (size_t i = 0; i < out->text.count; i++)
		keys += records[i].type == RRTYPE_DNSKEY;
	out->keys = arena_calloc(mem, keys + 1, sizeof(*out->keys));
	out->records = out->text.count;
	for (size_t i = 0; status == STATUS_OK && i < out->text.count; i++) {
		const struct record *const record = &records[i];
		const bool at_apex = name_equal(record->owner, apex);
		if (record->ttl > out->largest_ttl)
			out->largest_ttl = record->ttl;
		if (at_apex && record->type == RRTYPE_SOA)
			soa = record;
		if (!at_apex || record->type != RRTYPE_DNSKEY)
			continue;
		status = add_dnskey(record, out, err);
		out->dnskey_ttl = record->ttl > out->dnskey_ttl ? record->ttl : out->dnskey_ttl;
	}
	for (size_t i = 0; status == STATUS_OK && i < out->text.count; i++)
		if (records[i].type == RRTYPE_RRSIG)
			status = add_rrsig(&records[i], apex, now, out, err);
	if (status != STATUS_OK)
		return status;
	if (soa == NULL)
		return error_set(err, STATUS_MALFORMED, "no SOA at the zone's name (RFC 1035 5.2)");
	if (out->count == 0 || out->signatures == 0)
		return error_set(err, STATUS_REFUSED, "the zone is not signed: add it with zoneseal zone add");
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
	for (size_t i = 0; status == STATUS_OK && i < out->count; i++)
		give_role(out, &out->keys[i], now);
	if (status == STATUS_OK)
		status = check_roles(out, err);
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
