/* SPDX-License-Identifier: MIT */
#include "signer/cli/prooffacts.h"

#include <string.h>

#include "keystore/store_proofs.h"
#include "keystore/token_proof.h"
#include "signer/engine/proving.h"

static const struct store_proof *find(
    const struct store_proof rows[], size_t count, const struct key *key, const char *store)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].key == key->id && strcmp(rows[i].store, store) == 0)
			return &rows[i];
	return NULL;
}

static void add_one(const struct store_proof rows[], size_t count, struct report_key *key, struct arena *mem)
{
	enum { MOST = KEY_LOCATOR / 2 };
	struct report_proof *const out = arena_calloc(mem, MOST, sizeof(*out));
	char store[TOKEN_STORE];
	for (size_t at = 0; key->proof_count < MOST && token_next_store(&key->key, &at, store);) {
		const struct store_proof *const row = find(rows, count, &key->key, store);
		struct report_proof *const proof = &out[key->proof_count++];
		*proof = (struct report_proof){ .store = arena_strdup(mem, store) };
		if (row == NULL)
			continue;
		*proof = (struct report_proof){ .store = proof->store,
			.known = true,
			.good = row->good,
			.shown = row->shown,
			.since = row->since,
			.tried = row->tried,
			.proven = row->proven,
			.message = row->message };
	}
	key->proofs = out;
}

enum status prooffacts_add(
    struct store *store, int64_t zone_id, struct report_key keys[], size_t count, struct arena *mem, struct error *err)
{
	struct store_proof *rows;
	size_t row_count = 0;
	const enum status status = store_proofs(store, zone_id, mem, &rows, &row_count, err);
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		if (proving_concerns(&keys[i].key))
			add_one(rows, row_count, &keys[i], mem);
	return status;
}

static const struct report_proof *find_failed(const struct report_zone *zone)
{
	for (size_t i = 0; i < zone->key_count; i++)
		for (size_t k = 0; k < zone->keys[i].proof_count; k++)
			if (proving_in_use(&zone->keys[i].key) && zone->keys[i].proofs[k].known &&
			    !zone->keys[i].proofs[k].good)
				return &zone->keys[i].proofs[k];
	return NULL;
}

/* Of keys on tokens: those in files are proven when they sign, and every signature is verified. */
static struct utc oldest_proof(const struct report_zone *zone)
{
	struct utc oldest = UTC_NEVER;
	for (size_t i = 0; i < zone->key_count; i++)
		for (size_t k = 0; k < zone->keys[i].proof_count; k++)
			if (proving_in_use(&zone->keys[i].key) &&
			    strcmp(zone->keys[i].proofs[k].store, TOKEN_FILES) != 0 &&
			    utc_before(zone->keys[i].proofs[k].proven, oldest))
				oldest = zone->keys[i].proofs[k].proven;
	return oldest;
}

void prooffacts_judge(struct utc now, struct arena *mem, struct report_zone *zone)
{
	const struct report_proof *const failed = find_failed(zone);
	const struct utc oldest = oldest_proof(zone);
	if (zone->health != REPORT_OK || zone->urgent)
		return;
	if (failed != NULL) {
		zone->health = REPORT_WARN;
		zone->headline = arena_printf(mem, "WARNING: signing goes on without the store %s.", failed->store);
		zone->effect =
		    "If nobody acts: the zone stays valid while the other stores work, and no key begins to be "
		    "published or to sign.";
		zone->command = strcmp(failed->store, TOKEN_FILES) == 0
				    ? arena_printf(mem, "zoneseal key test %s", zone->name)
				    : arena_printf(mem, "zoneseal key doctor %s", failed->store);
	} else if (utc_before(utc_add(oldest, (struct span){ PROVING_OLD }), now)) {
		zone->health = REPORT_WARN;
		zone->headline = oldest.seconds == 0
				     ? "WARNING: not all keys on tokens are proven yet."
				     : "WARNING: the keys on tokens were last proven more than a day ago; no run came.";
		zone->command = arena_printf(mem, "zoneseal run %s", zone->name);
	}
}
