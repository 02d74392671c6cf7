/* SPDX-License-Identifier: MIT */
#include "policies/history.h"

#include <string.h>

void history_init(struct history *history, const struct rollover_policy *policy)
{
	memset(history, 0, sizeof(*history));
	history->propagation = policy->timing.propagation;
	history->parent_propagation = policy->timing.parent_propagation;
	history->strict = policy->strict;
}

static bool is_in(const struct key *key, enum key_record record)
{
	return key->state[record] == KEY_RUMOURED || key->state[record] == KEY_OMNIPRESENT;
}

bool history_has(const struct key *key, enum history_class class)
{
	static const enum key_record records[HISTORY_CLASSES] = {
		[HISTORY_DS] = KEY_DS, [HISTORY_DNSKEY] = KEY_DNSKEY, [HISTORY_DATA] = KEY_ZRRSIG
	};
	return is_in(key, records[class]);
}

bool history_is_mixed(const struct rollover_key keys[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (key_stays_on_zone(&keys[i].key))
			return true;
	return false;
}

/* ---- bits ---- */

static enum status bit_of(struct history *history, int64_t id, uint8_t algorithm, uint64_t *bit, struct error *err)
{
	unsigned free_bit = CACHE_KEYS;
	for (unsigned i = 0; i < CACHE_KEYS; i++) {
		if (history->taken[i] && history->id[i] == id) {
			*bit = UINT64_C(1) << i;
			return STATUS_OK;
		}
		if (!history->taken[i] && free_bit == CACHE_KEYS)
			free_bit = i;
	}
	if (free_bit == CACHE_KEYS)
		return error_set(
		    err, STATUS_INTERNAL, "rollover: more than %d keys of one zone are in caches at once", CACHE_KEYS);
	history->taken[free_bit] = true;
	history->id[free_bit] = id;
	history->algorithm[free_bit] = algorithm;
	history->given_up[free_bit] = false;
	*bit = UINT64_C(1) << free_bit;
	return STATUS_OK;
}

static enum status bits_of_ids(struct history *history, const int64_t ids[], size_t id_count,
    const struct rollover_key keys[], size_t count, uint64_t *out, struct error *err)
{
	*out = 0;
	for (size_t i = 0; i < id_count; i++) {
		size_t at = 0;
		while (at < count && keys[at].key.id != ids[i])
			at++;
		if (at == count)
			return error_set(err, STATUS_INTERNAL, "rollover: caches hold a key that the keystore lacks");
		uint64_t bit = 0;
		const enum status status = bit_of(history, ids[i], keys[at].key.algorithm, &bit, err);
		if (status != STATUS_OK)
			return status;
		*out |= bit;
	}
	return STATUS_OK;
}

/* ---- versions ---- */

static bool is_served(const struct cache_version *version)
{
	return version->until.seconds == UTC_NEVER.seconds;
}

static enum status append(
    struct history *history, enum history_class class, const struct cache_version *version, struct error *err)
{
	if (history->count[class] == HISTORY_MOST)
		return error_set(
		    err, STATUS_INTERNAL, "rollover: more than %d versions are in caches at once", HISTORY_MOST);
	history->versions[class][history->count[class]++] = *version;
	return STATUS_OK;
}

enum status history_add(struct history *history, const struct history_version *version,
    const struct rollover_key keys[], size_t count, struct error *err)
{
	struct cache_version added = { .from = version->from, .until = version->until, .ttl = version->ttl };
	enum status status = bits_of_ids(history, version->keys, version->key_count, keys, count, &added.keys, err);
	if (status == STATUS_OK && version->class == HISTORY_DNSKEY)
		status =
		    bits_of_ids(history, version->signers, version->signer_count, keys, count, &added.signers, err);
	return status == STATUS_OK ? append(history, version->class, &added, err) : status;
}

static enum status bits_of_keys(struct history *history, enum history_class class, const struct rollover_key keys[],
    size_t count, struct cache_version *out, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct key *const key = &keys[i].key;
		const bool has = history_has(key, class);
		const bool signs = class == HISTORY_DNSKEY && is_in(key, KEY_KRRSIG);
		uint64_t bit = 0;
		if (!has && !signs)
			continue;
		const enum status status = bit_of(history, key->id, key->algorithm, &bit, err);
		if (status != STATUS_OK)
			return status;
		out->keys |= has ? bit : 0;
		out->signers |= signs ? bit : 0;
	}
	return STATUS_OK;
}

static bool takes_over(const struct key *key, const struct rollover_key keys[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (key_takes_over_from(key, &keys[i].key))
			return true;
	return false;
}

/* The data that still has the signatures of a key that goes instead of those of the one that takes over. */
static enum status begin_old_data(struct history *history, const struct rollover_key keys[], size_t count, uint32_t ttl,
    struct utc now, struct error *err)
{
	struct cache_version added = { .from = now, .until = UTC_NEVER, .ttl = ttl };
	const struct cache_version *const versions = history->versions[HISTORY_DATA];
	for (size_t i = 0; i < count; i++) {
		const struct key *const key = &keys[i].key;
		uint64_t bit = 0;
		if (!key_stays_on_zone(key) && (!key_signs_zone(key) || takes_over(key, keys, count)))
			continue;
		const enum status status = bit_of(history, key->id, key->algorithm, &bit, err);
		if (status != STATUS_OK)
			return status;
		added.keys |= bit;
	}
	for (size_t i = 0; i < history->count[HISTORY_DATA]; i++)
		if (is_served(&versions[i]) && versions[i].keys == added.keys && versions[i].ttl >= ttl)
			return STATUS_OK;
	return append(history, HISTORY_DATA, &added, err);
}

enum status history_begin(struct history *history, enum history_class class, const struct rollover_key keys[],
    size_t count, uint32_t ttl, struct utc now, struct error *err)
{
	struct cache_version added = { .from = now, .until = UTC_NEVER, .ttl = ttl };
	struct cache_version *const versions = history->versions[class];
	enum status status = bits_of_keys(history, class, keys, count, &added, err);
	if (status != STATUS_OK)
		return status;
	bool open = false;
	for (size_t i = 0; i < history->count[class]; i++)
		open = open || (is_served(&versions[i]) && versions[i].keys == added.keys &&
				   versions[i].signers == added.signers && versions[i].ttl >= ttl);
	if (class != HISTORY_DS && !(class == HISTORY_DATA && history_is_mixed(keys, count)))
		for (size_t i = 0; i < history->count[class]; i++)
			if (is_served(&versions[i]) &&
			    (versions[i].keys != added.keys || versions[i].signers != added.signers))
				versions[i].until = now;
	status = open ? STATUS_OK : append(history, class, &added, err);
	if (status == STATUS_OK && class == HISTORY_DATA && history_is_mixed(keys, count))
		status = begin_old_data(history, keys, count, ttl, now, err);
	return status;
}

enum status history_settle(
    struct history *history, const struct rollover_key keys[], size_t count, struct utc when, struct error *err)
{
	struct cache_version wanted = { 0 };
	struct cache_version *const versions = history->versions[HISTORY_DS];
	const enum status status = bits_of_keys(history, HISTORY_DS, keys, count, &wanted, err);
	for (size_t i = 0; status == STATUS_OK && i < history->count[HISTORY_DS]; i++)
		if (is_served(&versions[i]) && versions[i].keys != wanted.keys)
			versions[i].until = when;
	return status;
}

bool history_ds_is_settled(const struct rollover_key keys[], size_t count, struct utc *when)
{
	struct utc latest = { 0 };
	for (size_t i = 0; i < count; i++) {
		const struct key *const key = &keys[i].key;
		if ((key->state[KEY_DS] == KEY_RUMOURED && key->ds_seen.seconds == 0) ||
		    (key->state[KEY_DS] == KEY_UNRETENTIVE && key->ds_gone.seconds == 0))
			return false;
		latest = utc_later(latest, utc_later(key->ds_seen, key->ds_gone));
	}
	*when = latest;
	return true;
}

/* ---- what leaves the caches ---- */

static void forget_class(struct history *history, enum history_class class, struct utc now)
{
	struct cache_version *const versions = history->versions[class];
	const struct span propagation = class == HISTORY_DS ? history->parent_propagation : history->propagation;
	size_t kept = 0;
	for (size_t i = 0; i < history->count[class]; i++) {
		const struct cache_version *const v = &versions[i];
		const struct utc end = is_served(v) ? UTC_NEVER : utc_add(v->until, propagation);
		if (is_served(v) || !utc_before(utc_add(end, (struct span){ v->ttl }), now))
			versions[kept++] = *v;
	}
	history->count[class] = kept;
}

void history_forget(struct history *history, struct utc now)
{
	uint64_t used = 0;
	for (int class = 0; class < HISTORY_CLASSES; class ++) {
		forget_class(history, (enum history_class) class, now);
		for (size_t i = 0; i < history->count[class]; i++)
			used |= history->versions[class][i].keys | history->versions[class][i].signers;
	}
	for (unsigned i = 0; i < CACHE_KEYS; i++)
		history->taken[i] = (used >> i & 1) != 0;
}

/* ---- the check ---- */

void history_give_up(struct history *history, const struct rollover_key keys[], size_t count)
{
	for (unsigned bit = 0; bit < CACHE_KEYS; bit++)
		for (size_t i = 0; history->taken[bit] && i < count; i++)
			if (keys[i].key.id == history->id[bit])
				history->given_up[bit] = keys[i].key.dropped.seconds != 0;
}

size_t history_conflicts(const struct history *history, struct utc now, struct cache_conflict out[], size_t most)
{
	size_t count = 0;
	struct cache_conflict at;
	struct cache_history one = { .ds_count = 1,
		.dnskey_count = 1,
		.data_count = 1,
		.propagation = history->propagation,
		.parent_propagation = history->parent_propagation,
		.strict = history->strict };
	memcpy(one.algorithm, history->algorithm, sizeof(one.algorithm));
	for (size_t ds = 0; ds < history->count[HISTORY_DS]; ds++) {
		for (size_t dnskey = 0; dnskey < history->count[HISTORY_DNSKEY]; dnskey++) {
			for (size_t data = 0; data < history->count[HISTORY_DATA] && count < most; data++) {
				one.ds = &history->versions[HISTORY_DS][ds];
				one.dnskey = &history->versions[HISTORY_DNSKEY][dnskey];
				one.data = &history->versions[HISTORY_DATA][data];
				if (cache_proof(&one, now, &at))
					continue;
				out[count++] = (struct cache_conflict){ ds, dnskey, data, at.begins, at.ends };
			}
		}
	}
	return count;
}

bool history_judge(const struct history *history, struct utc now, struct cache_conflict *out)
{
	struct cache_history judged = { .ds = history->versions[HISTORY_DS],
		.ds_count = history->count[HISTORY_DS],
		.dnskey = history->versions[HISTORY_DNSKEY],
		.dnskey_count = history->count[HISTORY_DNSKEY],
		.data = history->versions[HISTORY_DATA],
		.data_count = history->count[HISTORY_DATA],
		.propagation = history->propagation,
		.parent_propagation = history->parent_propagation,
		.strict = history->strict };
	memcpy(judged.algorithm, history->algorithm, sizeof(judged.algorithm));
	for (unsigned bit = 0; bit < CACHE_KEYS; bit++)
		if (history->given_up[bit])
			judged.given_up |= UINT64_C(1) << bit;
	return cache_proof(&judged, now, out);
}

static struct utc end_in_caches(const struct history *history, enum history_class class, size_t index, struct utc now)
{
	const struct cache_version *const version = &history->versions[class][index];
	const struct span propagation = class == HISTORY_DS ? history->parent_propagation : history->propagation;
	if (version->until.seconds == UTC_NEVER.seconds || !utc_before(version->until, now))
		return UTC_NEVER;
	return utc_add(utc_add(version->until, propagation), (struct span){ version->ttl });
}

struct utc history_conflict_over(const struct history *history, const struct cache_conflict *conflict, struct utc now)
{
	const struct utc ends[] = { end_in_caches(history, HISTORY_DS, conflict->ds, now),
		end_in_caches(history, HISTORY_DNSKEY, conflict->dnskey, now),
		end_in_caches(history, HISTORY_DATA, conflict->data, now) };
	struct utc first = UTC_NEVER;
	for (size_t i = 0; i < COUNT(ends); i++)
		first = utc_before(ends[i], first) ? ends[i] : first;
	return first;
}

static char *names_of(
    const struct history *history, uint64_t bits, const struct rollover_key keys[], size_t count, struct arena *mem)
{
	char *out = NULL;
	for (unsigned bit = 0; bit < CACHE_KEYS; bit++) {
		if ((bits >> bit & 1) == 0)
			continue;
		for (size_t i = 0; i < count; i++)
			if (keys[i].key.id == history->id[bit])
				out = arena_printf(mem, "%s%s%s %u", out != NULL ? out : "", out != NULL ? ", " : "",
				    key_role_name(keys[i].key.role), keys[i].key.tag);
	}
	return out != NULL ? out : arena_strdup(mem, "none");
}

char *history_words(const struct history *history, const struct cache_conflict *conflict,
    const struct rollover_key keys[], size_t count, struct arena *mem)
{
	const struct cache_version *const ds = &history->versions[HISTORY_DS][conflict->ds];
	const struct cache_version *const dnskey = &history->versions[HISTORY_DNSKEY][conflict->dnskey];
	const struct cache_version *const data = &history->versions[HISTORY_DATA][conflict->data];
	char begins[UTC_TEXT];
	char ends[UTC_TEXT] = "further notice";
	utc_format(conflict->begins, begins);
	if (conflict->ends.seconds != UTC_NEVER.seconds)
		utc_format(conflict->ends, ends);
	return arena_printf(mem,
	    "from %s until %s a validator may hold the DS of %s, the DNSKEY RRset of %s signed by %s, and data signed "
	    "by %s, and find the zone bogus",
	    begins, ends, names_of(history, ds->keys, keys, count, mem),
	    names_of(history, dnskey->keys, keys, count, mem), names_of(history, dnskey->signers, keys, count, mem),
	    names_of(history, data->keys, keys, count, mem));
}
