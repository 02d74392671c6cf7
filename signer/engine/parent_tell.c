/* SPDX-License-Identifier: MIT */
#include "signer/engine/parent_tell.h"

#include "keystore/dnskey.h"
#include "signer/base/bytes.h"
#include "signer/dns/name.h"
#include "signer/engine/folder.h"

enum { DIGEST_SHA256 = 2, DS_HEAD = 4 };

/* What the parent is to be told in this run. */
struct telling {
	struct store *store;
	const struct store_zone *zone;
	const struct policy *policy;
	const struct hook_facts *facts;
	uint8_t apex[NAME_WIRE];
	struct utc now;
	struct arena *mem;
	struct parent_told told;
};

const char *parent_ds_line(const struct key *key, const char *zone, const uint8_t *apex, struct arena *mem)
{
	uint8_t rdata[DS_RDATA];
	uint8_t owner[NAME_WIRE];
	char digest[2 * DS_RDATA + 1];
	const size_t size = dnskey_ds(key, owner, name_lower(apex, owner), DIGEST_SHA256, rdata);
	bytes_to_hex((struct bytes){ rdata + DS_HEAD, size - DS_HEAD }, true, digest);
	return arena_printf(mem, "%s IN DS %u %u %u %s\n", zone, key->tag, key->algorithm, DIGEST_SHA256, digest);
}

/* The parent has done it already, or there is nothing to do. */
static bool is_due(const struct key *key, enum hook_ds which)
{
	if (key->role == KEY_ZSK)
		return false;
	if (which == HOOK_DS_SUBMIT)
		return key->state[KEY_DS] == KEY_RUMOURED && key->ds_seen.seconds == 0;
	return key->state[KEY_DS] == KEY_UNRETENTIVE && key->ds_gone.seconds == 0;
}

/* The audit row that says so: this key, since it began to be wanted or unwanted. */
static const char *detail_of(const struct key *key, struct arena *mem)
{
	char hex[65];
	char since[UTC_TEXT];
	bytes_to_hex((struct bytes){ key->fingerprint, sizeof(key->fingerprint) }, false, hex);
	utc_format(key->since[KEY_DS], since);
	return arena_printf(mem, "%s %u %s since %s", key_role_name(key->role), key->tag, hex, since);
}

static enum status tell(struct telling *telling, const struct key *key, enum hook_ds which, struct error *err)
{
	struct error said;
	bool done = false;
	const char *const what = arena_printf(telling->mem, "%s hook done", hook_ds_name(which));
	const char *const detail = detail_of(key, telling->mem);
	enum status status = store_is_done(telling->store, telling->zone->name, what, detail, &done, err);
	if (status != STATUS_OK || done)
		return status;
	error_clear(&said);
	const char *const line = parent_ds_line(key, telling->zone->name, telling->apex, telling->mem);
	status = hook_ds(telling->policy, which, telling->facts, line, telling->mem, &said);
	if (status != STATUS_OK) {
		if (telling->told.failed++ == 0) {
			telling->told.status = status;
			telling->told.words = arena_strdup(telling->mem, said.message);
		}
		return STATUS_OK;
	}
	telling->told.done++;
	return store_note_done(telling->store, telling->zone->id, what, detail, telling->now, err);
}

enum status parent_tell(struct store *store, const struct store_zone *zone, const struct policy *policy,
    const struct hook_facts *facts, struct utc now, struct arena *mem, struct parent_told *out, struct error *err)
{
	struct telling telling = {
		.store = store, .zone = zone, .policy = policy, .facts = facts, .now = now, .mem = mem
	};
	struct key *keys = NULL;
	size_t count = 0;
	const char *name;
	enum status status = folder_zone_name(zone->name, mem, &name, telling.apex, err);
	if (status == STATUS_OK)
		status = store_keys(store, zone->id, mem, &keys, &count, err);
	for (int which = HOOK_DS_SUBMIT; which <= HOOK_DS_WITHDRAW; which++) {
		if (!hook_ds_is_set(policy, (enum hook_ds)which) || telling.told.failed > 0)
			continue;
		for (size_t i = 0; status == STATUS_OK && i < count; i++) {
			if (is_due(&keys[i], (enum hook_ds)which))
				status = tell(&telling, &keys[i], (enum hook_ds)which, err);
		}
	}
	*out = telling.told;
	return status;
}
