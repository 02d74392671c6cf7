/* SPDX-License-Identifier: MIT */
/*
 * "Sign these octets with key k." The private half of a key never leaves the module behind this table, and no other
 * module sees one.
 *
 * A token is opened once per run; a signer belongs to one thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "keystore/key.h"
#include "signer/base/bytes.h"
#include "signer/base/error.h"

struct token;        /* an open key store */
struct token_signer; /* one key ready to sign, for one thread */

/* Opens the software store: PKCS#8 files, mode 0600, in `keys_folder` (0700), which must exist. A folder or file that
 * group or others may read is STATUS_PERMISSION, with the chmod to run. `passphrase_file` (NULL: new keys are not
 * encrypted) is read once into locked memory; without its last newline it is the passphrase; only its owner may read
 * it, or the group of root, as systemd's credentials show.
 *
 * Private keys, their files' text and what signing derives from them are in locked memory (OpenSSL's secure heap, made
 * here once for the process, and the vault), in no core, and wiped when they are given back. What remains: a backup's
 * copy of a key file passes through ordinary memory (wiped at once); the working numbers of one signature are not
 * locked; and where the system lets nothing be locked, all of it may be swapped. */
enum status token_open_soft(
    const char *keys_folder, const char *passphrase_file, struct token **out, struct error *err) MUST_CHECK;

/* A file "stores.conf" in the folder names PKCS#11 tokens, which take the new keys of the roles that it says; keys that
 * are in files go on working beside them. Its lines:
 *
 *   store NAME pkcs11:token=LABEL?module-path=/path/module.so&pin-source=file:/path    (RFC 7512; up to 8)
 *   keys ksk|zsk|csk NAME [NAME...]      one and the same key in each: made in the first, carried wrapped to the others
 *   sessions N                           sessions of each store that sign at the same time; without it one a thread
 *   least N                              tokens of a key that must work for a run to go on; without it all must
 *   extractable yes|no                   whether keys that come there may leave it again, wrapped; without it those of
 *                                        several stores may
 *
 * A key on tokens has the locator "pkcs11:NAME[,NAME...]"; on a token its fingerprint is its CKA_ID. token_signer_new
 * is the proof on every one of them, token_sign checks each signature under the published key. A store that fails is
 * left out for the rest of the run. A store with another key under that CKA_ID stops every run. */
void token_close(struct token *token);

/* Does not return: ends the process, since a token has not answered a call for too long. `message` is for the person.
 */
typedef void token_stop(void *context, const char *message);

/* Who is to end the process then, from another thread; without one it is told on stderr and ends with STATUS_KEY. */
void token_set_stop(struct token *token, token_stop *stop, void *context);

/* Makes a key pair of key->algorithm and key->bits and stores its private half, in the stores that key->locator names
 * ("pkcs11:NAME[,NAME...]", or "file:"), or where stores.conf has keys of the role if it is ""; fills public_key,
 * fingerprint, tags and locator. The file is complete on disk (fsync of file and folder) when this returns. */
enum status token_generate(struct token *token, struct key *key, struct error *err) MUST_CHECK;

/* Takes a private half that another program made: PKCS#8 in PEM (with the token's passphrase if it is encrypted), or a
 * K*.private file of BIND. It must be the other half of key->public_key, if that is set, and of key->algorithm; else
 * public_key and what follows from it are filled in. Stored and proved as token_generate does; a private half that is
 * there already is good. STATUS_KEY if it is no key, or another one; the file at `path` stays. */
enum status token_import(struct token *token, const char *path, struct key *key, struct error *err) MUST_CHECK;

/* `path` may also be the URI of a private key in a token (RFC 7512): "pkcs11:token=...;object=...;id=%01". That is
 * taken where it is, under its own CKA_ID, and nothing in the token changes; module and PIN are those of stores.conf.
 * Or a file that token_export wrapped for tokens, which comes into the stores of the key's role. */
bool token_is_object(const char *path);

/* Whether `path` holds such a private half, without taking it: STATUS_OK, and `key` filled in as token_import would. */
enum status token_matches(struct token *token, const char *path, struct key *key, struct error *err) MUST_CHECK;

/* Brings the same key to the tokens `stores` ("NAME[,NAME...]"; NULL: those that stores.conf has for its role), from a
 * file or wrapped from its tokens, and proves it on each: public key read back and equal, a fresh challenge signed.
 * `locator` is what the row is to say from then on; what it was read from stays where it is, behind KEY_LEFT. What a
 * killed move brought there already is taken. `dry`: only looks that all of it can be reached.
 *
 * STATUS_KEY if a token does not take it, or does not give it away; what was brought is destroyed again. */
enum status token_move(struct token *token, const struct key *key, const char *stores, bool dry,
    char locator[KEY_LOCATOR], struct error *err) MUST_CHECK;

/* Proves the key once more where it is used, then destroys the copies behind KEY_LEFT and looks that they are gone;
 * `locator` names them no more. A store that turns out to be a token which the key is used from is only named no more,
 * and told in `kept` (names with commas, or ""). */
enum status token_clear(struct token *token, const struct key *key, char locator[KEY_LOCATOR], char kept[KEY_LOCATOR],
    struct error *err) MUST_CHECK;

/* Removes the private half, wherever it is or was. Only for a key that no row refers to. */
enum status token_discard(struct token *token, const struct key *key, struct error *err) MUST_CHECK;

/* Loads the private half and proves it: its public half must be key->public_key, and a fresh challenge signed with it
 * must verify under that. STATUS_KEY if it is missing, damaged or another key's; no key is ever made in its place. */
enum status token_signer_new(
    struct token *token, const struct key *key, struct token_signer **out, struct error *err) MUST_CHECK;

/* The rest of the proof: `rrset` is what an RRSIG over a real RRset signs (RFC 4034 3.1.8.1). Every store of the key
 * that is in use signs it, and each signature verifies under key->public_key. The signatures are thrown away. */
enum status token_signer_prove(struct token *token, const struct key *key, struct token_signer *signer,
    struct bytes rrset, struct error *err) MUST_CHECK;

/* A further signer of the same key for another thread; shares the loaded key. */
enum status token_signer_copy(
    const struct token_signer *signer, struct token_signer **out, struct error *err) MUST_CHECK;

void token_signer_free(struct token_signer *signer);

/* Signs data[0..size) into `out` in the form that the RRSIG carries (r|s of fixed width for ECDSA, RFC 6605 4). `out`
 * has room for 512 octets. No allocation per call beyond OpenSSL's own. */
enum status token_sign(struct token_signer *signer, const uint8_t *data, size_t size, uint8_t *out, size_t *out_size,
    struct error *err) MUST_CHECK;

/* The same for several at once, TOKEN_BATCH at most. Each `size` is 0 before; one that stays 0 was not made, and all
 * are made if the status is STATUS_OK. A key on a token keeps its session for all of them, and they are verified after
 * it was given to another thread. A P-256 key of a file that has many to sign makes them eight at a time, where the
 * processor can. */
enum { TOKEN_BATCH = 16 };
struct token_task {
	struct bytes data;
	uint8_t *out; /* 512 octets */
	size_t size;  /* of the signature */
};
enum status token_sign_all(
    struct token_signer *signer, struct token_task tasks[], size_t count, struct error *err) MUST_CHECK;

/* "sessions" of stores.conf; 0: it does not say. `token` may be NULL. */
unsigned token_sessions(const struct token *token);

/* How to sign much: by a thread for each session, which it waits for, and one for each of `processors`. Where that is
 * more threads than sessions, each gives several to token_sign_all: a session works while those of before are verified.
 * So does each where there are no sessions, for keys of files that sign several at a time. */
struct token_plan {
	unsigned threads;
	size_t batch;
};
struct token_plan token_plan_of(unsigned sessions, unsigned processors);

/* How fast a store of stores.conf signs. */
enum { TOKEN_RATES = 4 };
struct token_rate {
	const char *algorithm;
	unsigned bits;         /* of an RSA key; else 0 */
	bool known;            /* the token makes keys of that algorithm */
	double bare, verified; /* signatures a second in all sessions: the calls alone; and as a zone is signed */
	double checked;        /* signatures a second that one processor verifies */
};

/* Signs with `sessions` sessions for some seconds per algorithm, with keys that live in a session and leave nothing on
 * the token. STATUS_MISSING if there is no such store. */
enum status token_bench(struct token *token, const char *store, unsigned sessions, double seconds,
    struct token_rate out[TOKEN_RATES], size_t *count, struct error *err) MUST_CHECK;
