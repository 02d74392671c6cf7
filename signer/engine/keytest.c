/* SPDX-License-Identifier: MIT */
#include "signer/engine/keytest.h"

#include <string.h>

#include "keystore/token_proof.h"
#include "signer/engine/folder.h"
#include "signer/engine/proving.h"

static struct keytest_row *add_row(struct keytest *test, struct arena *mem)
{
	if (test->count == test->room) {
		const size_t room = test->room == 0 ? 16 : 2 * test->room;
		struct keytest_row *const rows = arena_calloc(mem, room, sizeof(*rows));
		if (test->count > 0)
			memcpy(rows, test->rows, test->count * sizeof(*rows));
		test->rows = rows;
		test->room = room;
	}
	return &test->rows[test->count++];
}

static const struct token_proof *find(
    const struct token_proof proofs[], size_t count, const struct key *key, const char *store)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(proofs[i].fingerprint, key->fingerprint, sizeof(key->fingerprint)) == 0 &&
		    strcmp(proofs[i].store, store) == 0)
			return &proofs[i];
	return NULL;
}

/* One row for each store that the key is said to be in. */
static void tell(const struct store_zone *zone, const struct token *token, const struct key *key, struct arena *mem,
    struct keytest *test)
{
	const struct token_proof *proofs = NULL;
	const size_t count = token_proofs(token, &proofs);
	char store[TOKEN_STORE];
	for (size_t at = 0; token_next_store(key, &at, store);) {
		const struct token_proof *const proof = find(proofs, count, key, store);
		struct keytest_row *const row = add_row(test, mem);
		*row = (struct keytest_row){ .zone = zone->name, .key = *key, .store = arena_strdup(mem, store) };
		row->good = proof != NULL && proof->good && proof->shown == TOKEN_SHOWS_ALL;
		row->shown = proof == NULL ? 0 : proof->shown;
		if (!row->good)
			row->message = proof == NULL ? "it was not reached" : arena_strdup(mem, proof->message);
		test->failed += !row->good;
	}
}

static enum status test_zone(struct store *store, struct token *token, const struct store_zone *zone, struct arena *mem,
    struct keytest *test, struct error *err)
{
	struct key *keys;
	size_t count = 0;
	enum status status = store_keys(store, zone->id, mem, &keys, &count, err);
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		struct error why;
		if (!proving_concerns(&keys[i]) || !test->wanted(test->context, &keys[i]))
			continue;
		error_clear(&why);
		const enum status one = proving_key(store, token, zone->id, &keys[i], test->now, &why);
		if (one != STATUS_OK && test->worst == STATUS_OK)
			test->worst = one;
		tell(zone, token, &keys[i], mem, test);
	}
	if (status == STATUS_OK && !test->dry_run)
		status = proving_record(store, token, zone->id, test->now, err);
	return status;
}

enum status keytest_run(struct store *store, const struct store_zone zones[], size_t count, struct arena *mem,
    struct keytest *test, struct error *err)
{
	struct token *token = NULL;
	enum status status = token_open_soft(folder_path(test->state, "keys", mem), test->passphrase_file, &token, err);
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		if (!zones[i].removed)
			status = test_zone(store, token, &zones[i], mem, test, err);
	token_close(token);
	if (test->failed > 0 && test->worst == STATUS_OK)
		test->worst = STATUS_KEY;
	return status;
}
