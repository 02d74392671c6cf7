/* SPDX-License-Identifier: MIT */
/* Inside the token module only: a loaded key becomes a signer. */
#pragma once

#include <openssl/evp.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "keystore/token.h"
#include "keystore/token_hsm.h"
#include "keystore/token_pem.h"

struct token_ledger;

struct token {
	int folder;
	char *path;
	struct secret passphrase;
	struct hsm_list *tokens; /* NULL: there is no stores.conf */
	struct token_ledger *ledger;
};

/* The name of the key's file, and the same if its locator says so. A locator is data from the database: only the one
 * name that the fingerprint gives is accepted, so it cannot lead out of the folder. */
enum { TOKEN_FILE_NAME = 64 + 5 };
void token_file_name(const struct key *key, char out[TOKEN_FILE_NAME]);
enum status token_file_locate(const struct key *key, char name[TOKEN_FILE_NAME], struct error *err) MUST_CHECK;

/* A signer of `pkey` (a reference is taken) for the algorithm of `key`. */
enum status signer_of_pkey(
    const struct key *key, EVP_PKEY *pkey, struct token_signer **out, struct error *err) MUST_CHECK;

/* Proof of possession: the public half of `pkey` is key->public_key, and a fresh challenge that it signs verifies under
 * that public key. */
enum status signer_prove(
    const struct key *key, EVP_PKEY *pkey, struct token_signer *signer, struct error *err) MUST_CHECK;

/* What the key signs, here or on its tokens, verifies under its public key: for a proof. */
enum status signer_prove_by(
    const struct key *key, struct token_signer *signer, struct bytes data, struct error *err) MUST_CHECK;
enum status signer_prove_remote(struct token_signer *signer, struct bytes data, struct error *err) MUST_CHECK;

/* For token_export.c: the key as it is in the software store, proved; the caller frees it. And the passphrase that the
 * store was opened with, or SECRET_NONE. */
enum status token_soft_load(struct token *token, const struct key *key, EVP_PKEY **out, struct error *err) MUST_CHECK;
const struct secret *token_soft_passphrase(const struct token *token);

/* Destroys the copies behind KEY_LEFT, and looks that they are gone. */
enum status token_discard_left(struct token *token, const struct key *key, struct error *err) MUST_CHECK;

/* The same for a key that goes on being used: see hsm_clear_left. */
enum status token_clear_left(
    struct token *token, const struct key *key, char kept[KEY_LOCATOR], struct error *err) MUST_CHECK;

/* A signer of a key that is on tokens; proved there. */
enum status signer_of_tokens(
    struct hsm_list *tokens, const struct key *key, struct token_signer **out, struct error *err) MUST_CHECK;

/* Who may read a secret file or folder; `allowed` are the permission bits that may be set for group and others. */
enum status secret_check_mode(const char *path, const struct stat *info, mode_t allowed, struct error *err) MUST_CHECK;

/* A whole secret file of `most` octets at most; `path` is for messages. */
enum status secret_read_at(int folder, const char *name, const char *path, bool root_group, size_t most,
    struct secret *out, struct error *err) MUST_CHECK;

/* A secret of one line from a file that only its owner may read (or the group of root), without the line feed; `what`
 * names it in messages. */
enum status secret_read_file(const char *what, const char *path, struct secret *out, struct error *err) MUST_CHECK;

/* The same from a descriptor that this process was started with. What came through a pipe is put back into another one
 * under the same number, for the next that asks; process_run closes it for children. */
enum status secret_read_descriptor(const char *what, int descriptor, struct secret *out, struct error *err) MUST_CHECK;
