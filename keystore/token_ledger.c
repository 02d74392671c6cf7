/* SPDX-License-Identifier: MIT */
#include "keystore/token_ledger.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keystore/token_hsm.h"
#include "signer/base/arena.h"

enum { FIRST_ROOM = 8 };

struct token_ledger {
	pthread_mutex_t lock;
	struct token_proof *all;
	size_t count, room;
};

struct token_ledger *ledger_new(void)
{
	struct token_ledger *const ledger = memory_calloc(1, sizeof(*ledger));
	pthread_mutex_init(&ledger->lock, NULL);
	return ledger;
}

void ledger_free(struct token_ledger *ledger)
{
	if (ledger == NULL)
		return;
	pthread_mutex_destroy(&ledger->lock);
	free(ledger->all);
	free(ledger);
}

static struct token_proof *look(struct token_ledger *ledger, const struct key *key, const char *store)
{
	for (size_t i = 0; i < ledger->count; i++) {
		struct token_proof *const proof = &ledger->all[i];
		if (memcmp(proof->fingerprint, key->fingerprint, sizeof(proof->fingerprint)) == 0 &&
		    strcmp(proof->store, store) == 0)
			return proof;
	}
	return NULL;
}

static struct token_proof *find(struct token_ledger *ledger, const struct key *key, const char *store)
{
	struct token_proof *const known = look(ledger, key, store);
	if (known != NULL)
		return known;
	if (ledger->count == ledger->room) {
		const size_t room = ledger->room == 0 ? FIRST_ROOM : 2 * ledger->room;
		struct token_proof *const all = memory_calloc(room, sizeof(*all));
		if (ledger->count > 0)
			memcpy(all, ledger->all, ledger->count * sizeof(*all));
		free(ledger->all);
		ledger->all = all;
		ledger->room = room;
	}
	struct token_proof *const made = &ledger->all[ledger->count++];
	*made = (struct token_proof){ .good = true };
	memcpy(made->fingerprint, key->fingerprint, sizeof(made->fingerprint));
	snprintf(made->store, sizeof(made->store), "%s", store);
	return made;
}

void ledger_note(struct token_ledger *ledger, const struct key *key, const char *store, unsigned shown)
{
	pthread_mutex_lock(&ledger->lock);
	struct token_proof *const proof = find(ledger, key, store);
	const bool anew = !proof->good || (shown & TOKEN_SHOWS_PUBLIC) != 0;
	proof->shown = anew ? shown : proof->shown | shown;
	proof->good = true;
	proof->message[0] = '\0';
	pthread_mutex_unlock(&ledger->lock);
}

void ledger_fail(
    struct token_ledger *ledger, const struct key *key, const char *store, unsigned shown, const struct error *why)
{
	pthread_mutex_lock(&ledger->lock);
	struct token_proof *const proof = find(ledger, key, store);
	proof->shown = shown;
	proof->good = false;
	snprintf(proof->message, sizeof(proof->message), "%.*s", (int)sizeof(proof->message) - 1, why->message);
	pthread_mutex_unlock(&ledger->lock);
}

void ledger_fail_rest(struct token_ledger *ledger, const struct key *key, const struct error *why)
{
	char store[TOKEN_STORE];
	for (size_t at = 0; token_next_store(key, &at, store);) {
		pthread_mutex_lock(&ledger->lock);
		const bool known = look(ledger, key, store) != NULL;
		pthread_mutex_unlock(&ledger->lock);
		if (!known)
			ledger_fail(ledger, key, store, 0, why);
	}
}

size_t ledger_all(const struct token_ledger *ledger, const struct token_proof **out)
{
	*out = ledger->all;
	return ledger->count;
}

bool token_next_store(const struct key *key, size_t *at, char out[TOKEN_STORE])
{
	static const char scheme[] = HSM_SCHEME;
	if (strncmp(key->locator, scheme, sizeof(scheme) - 1) != 0) {
		snprintf(out, TOKEN_STORE, "%s", TOKEN_FILES);
		return (*at)++ == 0;
	}
	if (*at == 0)
		*at = sizeof(scheme) - 1;
	const char *const from = key->locator + *at;
	const char ends[] = { ',', KEY_LEFT, '\0' };
	const size_t size = strcspn(from, ends);
	if (size == 0)
		return false;
	const char *const id = memchr(from, '#', size);
	snprintf(out, TOKEN_STORE, "%.*s", id == NULL ? (int)size : (int)(id - from), from);
	*at += size + (from[size] == ',' ? 1 : 0);
	return true;
}
