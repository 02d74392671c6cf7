/* SPDX-License-Identifier: MIT */
/*
 * Keys in hardware: named PKCS#11 tokens, one key in as many of them as the keys' role names. Only the token module
 * includes this; architecture and contract are token.h's.
 *
 * A key on tokens has the locator "pkcs11:NAME[,NAME...]" (names of stores.conf, the order is that of trust: none). On
 * each, its objects have its fingerprint as CKA_ID, or that of NAME#HEX if others made them; behind KEY_LEFT stand the
 * places that it was moved from and that still hold a copy ("file:HEX.pem;pkcs11:NAME..."). label and handle are never
 * believed: the public key is read back, and each signature is verified under the published key before it is handed
 * out.
 */
#pragma once

#include <openssl/evp.h>
#include <stdatomic.h>

#include "keystore/key.h"
#include "keystore/token.h"
#include "keystore/token_doctor.h"
#include "keystore/token_pem.h"
#include "signer/base/error.h"

struct hsm_list;
struct hsm_signer;
struct token_ledger;

#define HSM_SCHEME "pkcs11:"
#define HSM_FILE "file:" /* of a key in a file, see token_soft.c */

enum { HSM_FILE_SIZE = 5 + 64 + 4, HSM_WRAPPED = 8192 };

/* A private half that is wrapped under an AES key which the tokens have under a label. */
struct hsm_parcel {
	const char *label;
	struct bytes wrapped;
	bool dry; /* look that all is there, and bring nothing */
};

/* Reads stores.conf; *out stays NULL if there is no such file. No token is touched before a key needs it. Outcomes of
 * proofs are noted in `ledger`, which outlives the list. */
enum status hsm_list_load(
    const char *path, struct token_ledger *ledger, struct hsm_list **out, struct error *err) MUST_CHECK;
void hsm_list_free(struct hsm_list *list);

/* token_set_stop. */
void hsm_list_set_stop(struct hsm_list *list, token_stop *stop, void *context);

/* Whether new keys of the role are made on tokens. `list` may be NULL. */
bool hsm_takes(const struct hsm_list *list, enum key_role role);

/* Makes the pair on the first token of its role, carries it wrapped to the others, and proves it on every one; what was
 * made is destroyed where one fails. */
enum status hsm_generate(struct hsm_list *list, struct key *key, struct error *err) MUST_CHECK;

/* The stores that take new keys of the role, with commas. STATUS_USAGE if there are none. */
enum status hsm_role_names(
    const struct hsm_list *list, enum key_role role, char out[KEY_LOCATOR], struct error *err) MUST_CHECK;

/* Whether one of the stores does not have the private half yet. */
enum status hsm_lacks(
    struct hsm_list *list, const struct key *key, const char *names, bool *out, struct error *err) MUST_CHECK;

/* The key comes to these stores and is proved on each; `locator` is then that of a key which is used from there and has
 * copies in the places of before. `pkey`: the private half, or NULL if it is on tokens. What was brought is destroyed
 * again where one fails. `dry`: all but that. */
enum status hsm_move(struct hsm_list *list, const struct key *key, EVP_PKEY *pkey, const char *names, bool dry,
    char locator[KEY_LOCATOR], struct error *err) MUST_CHECK;

/* Takes a key that others made, from every store that has one private key which the URI fits (RFC 7512 2.3: object=,
 * id=, and token= where it is not the same key in all). It must be of key->algorithm, may sign, and is key->public_key
 * if that is set; it is proved on each, and nothing in the tokens changes. STATUS_KEY if not. */
enum status hsm_adopt(struct hsm_list *list, const char *uri, struct key *key, struct error *err) MUST_CHECK;

/* The private half, proved and then wrapped under the AES key with the label, by the first of its tokens that does so.
 */
enum status hsm_wrap(struct hsm_list *list, const struct key *key, const char *label, uint8_t out[HSM_WRAPPED],
    size_t *size, struct error *err) MUST_CHECK;

/* Brings the key with this public key into the stores of its role, which all have the AES key, and proves it on each;
 * what was brought is destroyed where one fails. */
enum status hsm_open_parcel(
    struct hsm_list *list, const struct hsm_parcel *parcel, struct key *key, struct error *err) MUST_CHECK;

/* Destroys the key on every token that its locator names, and looks that it is gone; the second only where it was
 * before it was moved. */
enum status hsm_discard(struct hsm_list *list, const struct key *key, struct error *err) MUST_CHECK;
enum status hsm_discard_left(struct hsm_list *list, const struct key *key, struct error *err) MUST_CHECK;

/* Destroys the copies on the tokens where it was before it was moved, and proves it where it is used after each; the
 * first failure ends it. Where such a store is the very token that the key is used from, nothing is destroyed: `kept`
 * are the names of those, with commas. */
enum status hsm_clear_left(
    struct hsm_list *list, const struct key *key, char kept[KEY_LOCATOR], struct error *err) MUST_CHECK;

/* Key and challenge on every token that the locator names, whatever stores.conf lets a run do without. */
enum status hsm_prove_all(struct hsm_list *list, const struct key *key, struct error *err) MUST_CHECK;

/* Proof on every token of the key: public key read back and equal, a fresh challenge signed. A token that shows another
 * key is refused always; one that cannot be used, if fewer than the "least" of stores.conf are left. */
enum status hsm_signer_new(struct hsm_list *list, const struct key *key, EVP_PKEY *published, struct hsm_signer **out,
    struct error *err) MUST_CHECK;

/* Every token of the signer that is in use signs the data, as a real RRset for a proof. */
enum status hsm_signer_prove(struct hsm_signer *signer, struct bytes rrset, struct error *err) MUST_CHECK;

/* The whole proof on every token of the key, whatever stores.conf lets a run do without; all are looked at, and the
 * first failure is the status. */
enum status hsm_prove(struct hsm_list *list, const struct key *key, EVP_PKEY *published, struct bytes rrset,
    struct error *err) MUST_CHECK;

/* token_sessions. `list` may be NULL. */
unsigned hsm_sessions(const struct hsm_list *list);

/* token_bench. */
enum status hsm_bench(struct hsm_list *list, const char *name, unsigned sessions, double seconds,
    struct token_rate out[TOKEN_RATES], size_t *count, struct error *err) MUST_CHECK;

/* token_examine for the tokens. */
enum status hsm_examine(struct hsm_list *list, const char *store, const struct key keys[], size_t count,
    token_tell *tell, void *context, struct error *err) MUST_CHECK;

/* For another thread: its own session, on the next of the key's tokens. */
struct hsm_signer *hsm_signer_copy(struct hsm_signer *signer);
void hsm_signer_free(struct hsm_signer *signer);

/* token_sign_all. */
enum status hsm_sign(struct hsm_signer *signer, struct token_task tasks[], size_t count, struct error *err) MUST_CHECK;
