/* SPDX-License-Identifier: MIT */
/* Inside the PKCS#11 backend only: what all signers of one key share, and the asking of a token. */
#pragma once

#include <openssl/evp.h>

#include "keystore/token_hsm_private.h"
#include "keystore/token_hsm_table.h"

enum { HSM_SIGNATURE = 512 };

struct hsm_seat;

/* One token of the key, with the sessions that nobody uses at the moment. */
struct hsm_desk {
	struct hsm *hsm;
	struct hsm_seat *idle;
};

struct hsm_crew {
	struct key key;
	const struct algorithm *algorithm;
	const struct hsm_kind *kind;
	EVP_PKEY *published;
	EVP_MD *digest; /* NULL for EdDSA */
	struct token_ledger *ledger;
	struct hsm_desk desks[HSM_MOST];
	size_t count, least;
	pthread_mutex_t lock; /* over desks[].idle and members */
	size_t members;
	atomic_uint_fast64_t judged;       /* without a table */
	_Atomic(struct hsm_table *) table; /* once there are signatures enough for it */
};

/* Belongs to one thread. */
struct hsm_signer {
	struct hsm_crew *crew;
	size_t first; /* the desk that it asks first */
	size_t copies;
	EVP_MD_CTX *hash;
	struct hsm_table_place *place;
	uint8_t random[64];
	size_t random_left;
};

enum status hsm_crew_signer(struct hsm_list *list, const struct key *key, EVP_PKEY *published, struct hsm_signer **out,
    struct error *err) MUST_CHECK;

/* The public key field of the key as the token shows it. */
enum status hsm_crew_public(struct hsm_crew *crew, struct hsm_desk *desk, uint8_t out[KEY_PUBLIC_MAX], uint16_t *size,
    struct error *err) MUST_CHECK;

/* By one token: all tasks that have no signature yet, until one fails; each that is made is proved before its size is
 * set. A session that was lost is opened anew, and a token that says "not now" is asked again a little later; both a
 * few times. `reached`: it had a session at the end. `in_use`, not to prove it: one that is quarantined is not asked,
 * and one that fails to sign is quarantined before another thread can ask it. */
enum status hsm_sign_at(struct hsm_signer *signer, struct hsm_desk *desk, bool in_use, struct token_task tasks[],
    size_t count, bool *reached, struct error *err) MUST_CHECK;

/* Whether a signature verifies under the published key; as all of tokens are before they are used. */
bool hsm_check(struct hsm_signer *signer, struct bytes data, struct bytes signature);

/* What the key came to on the token, and that no key asks it again in this run. */
void hsm_quarantine(const struct hsm_crew *crew, struct hsm *hsm, unsigned shown, const struct error *why);

/* Then `why` says what came of it: another worker may have met it, and this one has no other words for its refusal. */
bool hsm_is_quarantined(const struct hsm_crew *crew, struct hsm *hsm, struct error *why);

/* Quarantines one that is in use; what it failed with first is kept. */
void hsm_condemn(const struct hsm_crew *crew, struct hsm *hsm, const struct error *why);

/* Tokens of the key that are not quarantined. */
size_t hsm_working(const struct hsm_crew *crew);
