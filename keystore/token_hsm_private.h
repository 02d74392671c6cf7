/* SPDX-License-Identifier: MIT */
/* Inside the PKCS#11 backend only: a token, its sessions, its objects. */
#pragma once

#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>
#include <pthread.h>
#include <stdbool.h>

#include "keystore/algorithm.h"
#include "keystore/token_hsm.h"
#include "keystore/token_hsm_lanes.h"
#include "keystore/token_hsm_watch.h"
#include "keystore/token_ledger.h"
#include "signer/base/bytes.h"

/* Rows of a PKCS#11 template; `value` is the address of a CK_BBOOL, or an object. */
#define FLAG(name, value)                                                                                              \
	{                                                                                                              \
		name, value, sizeof(CK_BBOOL)                                                                          \
	}
#define ITEM(name, value)                                                                                              \
	{                                                                                                              \
		name, &(value), sizeof(value)                                                                          \
	}

enum { HSM_SESSIONS_MOST = 64 };
enum { HSM_NAME = TOKEN_STORE, HSM_MOST = 8, HSM_ROLES = 3, HSM_ATTRIBUTE = 1100, HSM_ID = 64 };

#define HSM_PIN_FILE "file:"
#define HSM_PIN_CREDENTIAL "credential:"
#define HSM_PIN_DESCRIPTOR "fd:"

/* Whether private keys may leave their token, wrapped: as many stores as the role has want it, always, never. */
enum hsm_leaving { HSM_LEAVES_IF_CARRIED, HSM_LEAVES, HSM_STAYS };

struct hsm {
	char name[HSM_NAME];
	P11KitUri *uri;
	const char *pin_source;   /* HSM_PIN_... and what it is */
	CK_FUNCTION_LIST *module; /* NULL: not loaded yet */
	CK_SLOT_ID slot;
	struct secret pin;
	bool pin_refused; /* it was tried and is wrong: never again */
	pthread_mutex_t lock;
	struct hsm_lanes lanes;  /* for signatures */
	struct hsm_watch *watch; /* of the list */
	atomic_bool quarantined; /* it failed in this run, and is not asked again */
	char why[300];           /* what it failed with; written before it is quarantined */
};

struct hsm_list {
	char *path;
	struct token_ledger *ledger;
	struct hsm_watch *watch;
	struct hsm *all[HSM_MOST];
	size_t count;
	struct hsm *role[HSM_ROLES][HSM_MOST]; /* where new keys go; by enum key_role */
	size_t role_count[HSM_ROLES];
	unsigned sessions; /* of each token that sign at a time; 0: one for each thread */
	size_t least;      /* tokens of a key that must work; 0: all */
	enum hsm_leaving leaving;
};

struct hsm_session {
	struct hsm *hsm;
	CK_SESSION_HANDLE handle;
	bool open;
};

struct hsm *hsm_by_name(const struct hsm_list *list, const char *name);

/* The tokens that the key's locator names: those that it is used from, or (`left`) those that still have a copy. An
 * error if it names one that stores.conf does not have, or none to use it from. */
enum status hsm_places(const struct hsm_list *list, const struct key *key, bool left, struct hsm *out[HSM_MOST],
    size_t *count, struct error *err) MUST_CHECK;

/* The CKA_ID of the key's objects on the token: its fingerprint, unless the locator says another. */
CK_ULONG hsm_object_id(const struct hsm *hsm, const struct key *key, uint8_t out[HSM_ID]);

/* Adds the token to a locator, with the id that the key has there; false if there is no room. */
bool hsm_put_place(char locator[KEY_LOCATOR], const struct hsm *hsm, const struct key *key);

/* A session that is logged in; finds and opens the token first if that was not done. Any thread may call it. */
enum status hsm_session_open(struct hsm *hsm, bool write, struct hsm_session *out, struct error *err) MUST_CHECK;
void hsm_session_close(struct hsm_session *session);
void hsm_free(struct hsm *hsm);

/* The steps of opening a token, one by one, for whoever wants to tell how far it comes: the module, its slot, the PIN.
 */
enum status hsm_load_module(struct hsm *hsm, struct error *err) MUST_CHECK;
enum status hsm_find_slot(struct hsm *hsm, struct error *err) MUST_CHECK;
enum status hsm_read_pin(struct hsm *hsm, struct error *err) MUST_CHECK;
void hsm_unload(struct hsm *hsm);

/* "store NAME: WHAT: " and what the return value means. */
enum status hsm_refuse(const struct hsm *hsm, struct error *err, CK_RV rv, const char *what);

/* The token is gone, was restarted, or has forgotten the session: worth one new session. */
bool hsm_is_lost(CK_RV rv);

/* It says "not now": worth asking again, a little later. hsm_wait waits so, longer with each attempt (0, 1, ...); in
 * all HSM_TRIES of them a second and a half. */
enum { HSM_TRIES = 6 };
bool hsm_is_busy(CK_RV rv);
void hsm_wait(unsigned attempt);

/* The one object of the class with the key's CKA_ID; STATUS_KEY if there is none, or more than one. */
enum status hsm_find(const struct hsm_session *session, const struct key *key, CK_OBJECT_CLASS class,
    CK_OBJECT_HANDLE *out, struct error *err) MUST_CHECK;

/* The private object, which must be of the kind of key that its algorithm wants. */
enum status hsm_find_private(
    const struct hsm_session *session, const struct key *key, CK_OBJECT_HANDLE *out, struct error *err) MUST_CHECK;

/* Reads the public key field of a DNSKEY from a public object. */
enum status hsm_read_public(const struct hsm_session *session, CK_OBJECT_HANDLE object,
    const struct algorithm *algorithm, uint8_t out[KEY_PUBLIC_MAX], uint16_t *size, struct error *err) MUST_CHECK;

/* One attribute, HSM_ATTRIBUTE octets at most. */
enum status hsm_read(const struct hsm_session *session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
    uint8_t out[HSM_ATTRIBUTE], CK_ULONG *size, struct error *err) MUST_CHECK;

/* How PKCS#11 calls an algorithm. */
struct hsm_kind {
	uint8_t algorithm;
	CK_KEY_TYPE type;
	CK_MECHANISM_TYPE make, sign;
	const uint8_t *params; /* CKA_EC_PARAMS */
	CK_ULONG params_size;
	const uint8_t *prefix; /* of the digest, RFC 8017 9.2 */
	size_t prefix_size;
};

const struct hsm_kind *hsm_kind_of(uint8_t algorithm);

struct hsm_pair {
	CK_OBJECT_HANDLE private_object, public_object;
};

/* A new pair of the key's algorithm and bits, with a random CKA_ID. `stays`: an object of the token, else of the
 * session and gone with it. `carried`: it may be wrapped. */
enum status hsm_make_pair(const struct hsm_session *session, const struct key *key, bool stays, bool carried,
    struct hsm_pair *out, struct error *err) MUST_CHECK;

/* Reads its public half into `key`; then gives it the fingerprint as CKA_ID. */
enum status hsm_identify(
    const struct hsm_session *session, const struct hsm_pair *pair, struct key *key, struct error *err) MUST_CHECK;
enum status hsm_name_pair(const struct hsm_session *session, const struct key *key, const struct hsm_pair *pair,
    struct error *err) MUST_CHECK;

/* What a token is given to sign for `data`, in `room` or in the data themselves; false if hashing fails. `digest` is
 * the algorithm's (NULL for EdDSA), `hash` the thread's. */
enum { HSM_INPUT = 128 };
bool hsm_make_input(const struct hsm_kind *kind, const EVP_MD *digest, EVP_MD_CTX *hash, struct bytes data,
    uint8_t room[HSM_INPUT], struct bytes *out);

/* The digest of an algorithm that has one; NULL also if there is no such digest. */
EVP_MD *hsm_digest_of(const struct algorithm *algorithm);

/* Whether a key that is made or brought now may leave the token again, wrapped. */
bool hsm_leaves(const struct hsm_list *list, size_t stores);

/* How many objects of the class have the key's CKA_ID: 0, 1, or 2 for more. */
enum status hsm_count(const struct hsm_session *session, const struct key *key, CK_OBJECT_CLASS class, CK_ULONG *out,
    struct error *err) MUST_CHECK;

/* Brings the private half from one token to the other, wrapped under an AES key that only the two know; the public one
 * is written from key->public_key. `leaves`: it may leave the other one too. */
enum status hsm_carry(const struct hsm_session *from, const struct hsm_session *to, const struct key *key,
    CK_OBJECT_HANDLE private_object, bool leaves, struct error *err) MUST_CHECK;

/* The same with a private half that is in this process. */
enum status hsm_put(
    const struct hsm_session *to, const struct key *key, EVP_PKEY *pkey, bool leaves, struct error *err) MUST_CHECK;

/* RFC 5649 under one of its names, whichever the token lists. */
CK_MECHANISM_TYPE hsm_key_wrap_of(const struct hsm *hsm);

/* The private half, which is wrapped under a key of the token's, becomes one like those that are made there. */
enum status hsm_unwrap(const struct hsm_session *to, const struct key *key, CK_OBJECT_HANDLE under,
    struct bytes wrapped, bool leaves, struct error *err) MUST_CHECK;

/* Writes the public half from key->public_key. */
enum status hsm_put_public(const struct hsm_session *to, const struct key *key, struct error *err) MUST_CHECK;

/* The public key field of the key as the token has it: from its public object, or, for RSA, from the private one, where
 * others left the public one out. */
enum status hsm_public_of(const struct hsm_session *session, const struct key *key, uint8_t out[KEY_PUBLIC_MAX],
    uint16_t *size, struct error *err) MUST_CHECK;

/* Destroys the key's objects, and looks that they are gone. */
enum status hsm_destroy(struct hsm *hsm, const struct key *key, struct error *err) MUST_CHECK;
