/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keystore/dnskey.h"
#include "keystore/token_bind.h"
#include "keystore/token_hsm.h"
#include "keystore/token_ledger.h"
#include "keystore/token_pem.h"
#include "keystore/token_private.h"
#include "keystore/token_wrapped.h"
#include "signer/base/arena.h"
#include "signer/base/vault.h"

enum { NAME_SIZE = TOKEN_FILE_NAME, FILE_MOST = 65536, NEW_RSA_LEAST = 2048 };

static const char scheme[] = "file:";

/* A signature takes some 500 octets of it at a time, and fails where it is full: this is enough for 2000 threads. */
enum { SECURE_HEAP = 1 << 20, SECURE_LEAST = 16 };

static enum status load_stores(struct token *token, struct error *err)
{
	static const char name[] = "/stores.conf";
	char *const path = memory_alloc(strlen(token->path) + sizeof(name));
	sprintf(path, "%s%s", token->path, name);
	const enum status status = hsm_list_load(path, token->ledger, &token->tokens, err);
	free(path);
	return status;
}

enum status token_open_soft(const char *keys_folder, const char *passphrase_file, struct token **out, struct error *err)
{
	struct token *const token = memory_calloc(1, sizeof(*token));
	if (CRYPTO_secure_malloc_initialized() == 0)
		(void)CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_LEAST);
	token->ledger = ledger_new();
	token->path = memory_alloc(strlen(keys_folder) + 1);
	memcpy(token->path, keys_folder, strlen(keys_folder) + 1);
	token->folder = open(keys_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum status status = STATUS_OK;
	struct stat info;
	if (token->folder < 0 || fstat(token->folder, &info) != 0)
		status = error_set_errno(err, "folder of private keys %s", keys_folder);
	if (status == STATUS_OK)
		status = secret_check_mode(keys_folder, &info, 0, err);
	if (status == STATUS_OK && passphrase_file != NULL)
		status = secret_read_file("passphrase file", passphrase_file, &token->passphrase, err);
	if (status == STATUS_OK)
		status = load_stores(token, err);
	if (status != STATUS_OK)
		token_close(token);
	else
		*out = token;
	return status;
}

void token_set_stop(struct token *token, token_stop *stop, void *context)
{
	if (token->tokens != NULL)
		hsm_list_set_stop(token->tokens, stop, context);
}

void token_close(struct token *token)
{
	if (token == NULL)
		return;
	if (token->folder >= 0)
		close(token->folder);
	hsm_list_free(token->tokens);
	ledger_free(token->ledger);
	secret_free(&token->passphrase);
	free(token->path);
	free(token);
}

/* ---- making a key ---- */

static EVP_PKEY *make_pkey(const struct algorithm *algorithm, unsigned bits)
{
	EVP_PKEY *pkey = NULL;
	EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new_from_name(NULL, algorithm->key_type, NULL);
	bool good = context != NULL && EVP_PKEY_keygen_init(context) == 1;
	if (good && algorithm->least_bits > 0)
		good = EVP_PKEY_CTX_set_rsa_keygen_bits(context, (int)bits) == 1;
	if (good && algorithm->curve != NULL)
		good = EVP_PKEY_CTX_set_group_name(context, algorithm->curve) == 1;
	if (!good || EVP_PKEY_generate(context, &pkey) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	return pkey;
}

void token_file_name(const struct key *key, char out[TOKEN_FILE_NAME])
{
	bytes_to_hex((struct bytes){ key->fingerprint, sizeof(key->fingerprint) }, false, out);
	memcpy(out + 64, ".pem", 5);
}

/* The folder is locked while a key is written, so what has the name of a temporary file then is of a killed run. */
static void remove_leftovers(const struct token *token)
{
	const int folder = openat(token->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *const listing = folder < 0 ? NULL : fdopendir(folder);
	if (listing == NULL) {
		if (folder >= 0)
			close(folder);
		return;
	}
	for (const struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
		const size_t length = strlen(entry->d_name);
		if (length == 1 + 64 + 4 + 4 && entry->d_name[0] == '.' &&
		    strcmp(entry->d_name + length - 4, ".tmp") == 0)
			unlinkat(token->folder, entry->d_name, 0);
	}
	closedir(listing);
}

static enum status write_all(int file, const struct secret *text, struct error *err)
{
	size_t done = 0;
	while (done < text->size) {
		const ssize_t n = write(file, text->data + done, text->size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(err, "writing failed");
		done += (size_t)n;
	}
	return fsync(file) == 0 ? STATUS_OK : error_set_errno(err, "fsync failed");
}

/* Complete under its name or not there at all, 0600 from the first octet, and never over another file. */
static enum status write_key(const struct token *token, const char *name, const struct secret *text, struct error *err)
{
	char temporary[NAME_SIZE + 6];
	snprintf(temporary, sizeof(temporary), ".%s.tmp", name);
	const int file = openat(token->folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file < 0)
		return error_set_errno(err, "%s/%s: cannot be made", token->path, temporary);
	enum status status = write_all(file, text, err);
	if (status == STATUS_OK && renameat2(token->folder, temporary, token->folder, name, RENAME_NOREPLACE) != 0)
		status = error_set_errno(err, "renaming failed");
	if (status == STATUS_OK && fsync(token->folder) != 0)
		status = error_set_errno(err, "fsync of the folder failed");
	if (status != STATUS_OK) {
		unlinkat(token->folder, temporary, 0);
		error_context(err, "%s/%s", token->path, name);
	}
	close(file);
	return status;
}

static enum status store_pkey(const struct token *token, const struct key *key, EVP_PKEY *pkey, struct error *err)
{
	char name[NAME_SIZE];
	struct secret text = SECRET_NONE;
	vault_enter();
	enum status status = token_pem_write(pkey, &token->passphrase, &text, err);
	vault_leave();
	if (status != STATUS_OK)
		return status;
	token_file_name(key, name);
	if (flock(token->folder, LOCK_EX) != 0) {
		status = error_set_errno(err, "%s: locking failed", token->path);
	} else {
		remove_leftovers(token);
		status = write_key(token, name, &text, err);
		flock(token->folder, LOCK_UN);
	}
	secret_free(&text);
	return status;
}

static enum status choose_bits(const struct algorithm *algorithm, unsigned wanted, unsigned *bits, struct error *err)
{
	const unsigned chosen = wanted == 0 ? algorithm->default_bits : wanted;
	if (algorithm->least_bits > 0 && (chosen < NEW_RSA_LEAST || chosen > algorithm->most_bits))
		return error_set(err, STATUS_KEY, "%s: a new key has %u to %u bits, not %u", algorithm->name,
		    NEW_RSA_LEAST, algorithm->most_bits, chosen);
	*bits = chosen;
	return STATUS_OK;
}

/* What was written is read back and proved, so a disk that lies is noticed before the key is used. */
static enum status read_back(struct token *token, const struct key *key, struct error *err)
{
	struct token_signer *signer = NULL;
	const enum status status = token_signer_new(token, key, &signer, err);
	token_signer_free(signer);
	return status;
}

static enum status generate(struct token *token, struct key *key, struct error *err)
{
	const struct algorithm *const algorithm = alg_by_number(key->algorithm);
	if (algorithm == NULL)
		return error_set(err, STATUS_KEY, "algorithm %u is not supported", key->algorithm);
	unsigned bits = 0;
	enum status status = choose_bits(algorithm, key->bits, &bits, err);
	if (status != STATUS_OK)
		return status;
	EVP_PKEY *const pkey = make_pkey(algorithm, bits);
	if (pkey == NULL) {
		ERR_clear_error();
		return error_set(err, STATUS_KEY, "%s: OpenSSL made no key", algorithm->name);
	}
	struct key made = *key;
	char name[NAME_SIZE];
	status = dnskey_public_from_pkey(algorithm, pkey, made.public_key, &made.public_size, err);
	if (status != STATUS_OK)
		goto done;
	dnskey_identify(&made);
	token_file_name(&made, name);
	snprintf(made.locator, sizeof(made.locator), "%s%s", scheme, name);
	status = store_pkey(token, &made, pkey, err);
	if (status == STATUS_OK)
		status = read_back(token, &made, err);
	if (status == STATUS_OK)
		*key = made;
done:
	EVP_PKEY_free(pkey);
	return status;
}

static bool is_elsewhere(const struct key *key)
{
	return strncmp(key->locator, HSM_SCHEME, sizeof(HSM_SCHEME) - 1) == 0;
}

enum status token_generate(struct token *token, struct key *key, struct error *err)
{
	const bool in_file = strcmp(key->locator, scheme) == 0;
	if (is_elsewhere(key) || (!in_file && hsm_takes(token->tokens, key->role)))
		return hsm_generate(token->tokens, key, err);
	vault_enter();
	const enum status status = generate(token, key, err);
	vault_leave();
	return status;
}

/* ---- taking a key ---- */

static enum status read_foreign(const struct token *token, const char *path, const struct key *key,
    const struct algorithm **algorithm, EVP_PKEY **out, struct error *err)
{
	struct secret text = SECRET_NONE;
	enum status status = secret_read_at(AT_FDCWD, path, path, false, FILE_MOST, &text, err);
	if (status != STATUS_OK)
		return status;
	const struct bytes octets = { text.data, text.size };
	*algorithm = alg_by_number(key->algorithm);
	if (token_bind_is(octets))
		status = token_bind_read(octets, algorithm, out, err);
	else if (*algorithm == NULL)
		status = error_set(err, STATUS_KEY, "PEM does not say which DNSSEC algorithm the key is for");
	else
		status = token_pem_read(octets, &token->passphrase, out, err);
	secret_free(&text);
	return status;
}

/* Whether the two are halves of one key; fills in what `key` does not say. */
static enum status match(const struct algorithm *algorithm, EVP_PKEY *pkey, struct key *key, struct error *err)
{
	uint8_t public_key[KEY_PUBLIC_MAX];
	uint16_t size = 0;
	enum status status = dnskey_public_from_pkey(algorithm, pkey, public_key, &size, err);
	if (status != STATUS_OK)
		return status;
	const bool known = key->public_size > 0;
	if (known && (key->algorithm != algorithm->number || key->public_size != size ||
			 memcmp(key->public_key, public_key, size) != 0))
		return error_set(err, STATUS_KEY, "key.hsm-identical: it is the private half of another key than %s %u",
		    key_role_name(key->role), key->tag);
	key->algorithm = algorithm->number;
	memcpy(key->public_key, public_key, size);
	key->public_size = size;
	dnskey_identify(key);
	return STATUS_OK;
}

static bool is_there(const struct token *token, const char *name)
{
	struct stat info;
	return fstatat(token->folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

static enum status read_match(
    const struct token *token, const char *path, struct key *key, EVP_PKEY **pkey, struct error *err)
{
	const struct algorithm *algorithm = NULL;
	vault_enter();
	enum status status = read_foreign(token, path, key, &algorithm, pkey, err);
	if (status == STATUS_OK)
		status = match(algorithm, *pkey, key, err);
	vault_leave();
	return status;
}

/* Such a key stays where it is: to look at it and to take it are the same. */
/* A PIN in the URI is refused wherever it stands, and shown to nobody. */
static int shown_size(const char *uri)
{
	const size_t size = strcspn(uri, "?");
	const char *const pin = strcasestr(uri, "pin-");
	return (int)(pin != NULL && (size_t)(pin - uri) < size ? (size_t)(pin - uri) : size);
}

static enum status adopt(struct token *token, const char *uri, struct key *key, struct error *err)
{
	const enum status status = hsm_adopt(token->tokens, uri, key, err);
	return status == STATUS_OK ? status : error_context(err, "%.*s", shown_size(uri), uri);
}

enum status token_matches(struct token *token, const char *path, struct key *key, struct error *err)
{
	EVP_PKEY *pkey = NULL;
	struct key found = *key;
	if (token_is_object(path))
		return adopt(token, path, key, err);
	if (token_is_wrapped(path))
		return wrapped_open(token->tokens, path, true, key, err);
	const enum status status = read_match(token, path, &found, &pkey, err);
	EVP_PKEY_free(pkey);
	if (status != STATUS_OK)
		return error_context(err, "%s", path);
	*key = found;
	return STATUS_OK;
}

enum status token_import(struct token *token, const char *path, struct key *key, struct error *err)
{
	EVP_PKEY *pkey = NULL;
	struct key taken = *key;
	char name[NAME_SIZE];
	if (token_is_object(path))
		return adopt(token, path, key, err);
	if (token_is_wrapped(path))
		return wrapped_open(token->tokens, path, false, key, err);
	enum status status = read_match(token, path, &taken, &pkey, err);
	if (status == STATUS_OK) {
		token_file_name(&taken, name);
		snprintf(taken.locator, sizeof(taken.locator), "%s%s", scheme, name);
		if (!is_there(token, name))
			status = store_pkey(token, &taken, pkey, err);
	}
	if (status == STATUS_OK)
		status = read_back(token, &taken, err);
	EVP_PKEY_free(pkey);
	if (status != STATUS_OK)
		return error_context(err, "%s", path);
	*key = taken;
	return STATUS_OK;
}

/* ---- using a key ---- */

enum status token_file_locate(const struct key *key, char name[TOKEN_FILE_NAME], struct error *err)
{
	token_file_name(key, name);
	if (strncmp(key->locator, scheme, sizeof(scheme) - 1) != 0 ||
	    strcmp(key->locator + sizeof(scheme) - 1, name) != 0)
		return error_set(err, STATUS_KEY, "%s %u: its locator is not %s%s", key_role_name(key->role), key->tag,
		    scheme, name);
	return STATUS_OK;
}

static enum status load(const struct token *token, const struct key *key, EVP_PKEY **out, struct error *err)
{
	char name[NAME_SIZE];
	struct secret text = SECRET_NONE;
	enum status status = token_file_locate(key, name, err);
	if (status != STATUS_OK)
		return status;
	char *const path = memory_alloc(strlen(token->path) + 1 + NAME_SIZE);
	sprintf(path, "%s/%s", token->path, name);
	status = secret_read_at(token->folder, name, path, false, FILE_MOST, &text, err);
	free(path);
	if (status == STATUS_PERMISSION)
		return status;
	if (status == STATUS_MISSING)
		status = error_set(err, STATUS_KEY, "the file is missing");
	if (status != STATUS_OK) {
		err->code = STATUS_KEY;
		return STATUS_KEY;
	}
	status = token_pem_read((struct bytes){ text.data, text.size }, &token->passphrase, out, err);
	secret_free(&text);
	return status;
}

/* The private half, and a signer of it that has proved itself; both are the caller's, also after a failure. */
static enum status load_proved(
    struct token *token, const struct key *key, EVP_PKEY **pkey, struct token_signer **signer, struct error *err)
{
	vault_enter();
	enum status status = load(token, key, pkey, err);
	if (status == STATUS_OK)
		status = signer_of_pkey(key, *pkey, signer, err);
	/* The first signature too: with it RSA makes what it keeps of the primes. */
	if (status == STATUS_OK)
		status = signer_prove(key, *pkey, *signer, err);
	vault_leave();
	return status;
}

/* A failure that came before any store was asked is that of all of them. */
static enum status tell_rest(
    struct token *token, const struct key *key, enum status status, const struct error *why, struct error *err)
{
	if (status == STATUS_OK)
		return status;
	ledger_fail_rest(token->ledger, key, why);
	if (err != NULL)
		*err = *why;
	return status;
}

enum status token_signer_new(struct token *token, const struct key *key, struct token_signer **out, struct error *err)
{
	struct error why;
	error_clear(&why);
	if (is_elsewhere(key))
		return tell_rest(token, key, signer_of_tokens(token->tokens, key, out, &why), &why, err);
	EVP_PKEY *pkey = NULL;
	struct token_signer *signer = NULL;
	const enum status status = load_proved(token, key, &pkey, &signer, &why);
	EVP_PKEY_free(pkey);
	if (status == STATUS_OK) {
		ledger_note(token->ledger, key, TOKEN_FILES, TOKEN_SHOWS_ALL & ~(unsigned)TOKEN_SHOWS_RRSET);
		*out = signer;
		return STATUS_OK;
	}
	token_signer_free(signer);
	ledger_fail(token->ledger, key, TOKEN_FILES, 0, &why);
	if (status == STATUS_KEY) {
		char name[NAME_SIZE];
		token_file_name(key, name);
		error_context(&why,
		    "private key of %s %u, %s/%s: the zone stops at what is published, no new key is made, restore the "
		    "file "
		    "from a backup",
		    key_role_name(key->role), key->tag, token->path, name);
	}
	if (err != NULL)
		*err = why;
	return status;
}

/* ---- proving it ---- */

enum status token_signer_prove(
    struct token *token, const struct key *key, struct token_signer *signer, struct bytes rrset, struct error *err)
{
	struct error why;
	if (is_elsewhere(key))
		return signer_prove_remote(signer, rrset, err);
	error_clear(&why);
	const enum status status = signer_prove_by(key, signer, rrset, &why);
	if (status == STATUS_OK)
		ledger_note(token->ledger, key, TOKEN_FILES, TOKEN_SHOWS_RRSET);
	else
		ledger_fail(token->ledger, key, TOKEN_FILES, TOKEN_SHOWS_ALL & ~(unsigned)TOKEN_SHOWS_RRSET, &why);
	if (status != STATUS_OK && err != NULL)
		*err = why;
	return status;
}

static enum status prove_remote(struct token *token, const struct key *key, struct bytes rrset, struct error *err)
{
	const struct algorithm *const algorithm = alg_by_number(key->algorithm);
	EVP_PKEY *published = NULL;
	if (algorithm == NULL)
		return error_set(err, STATUS_KEY, "%s %u: algorithm %u is not supported", key_role_name(key->role),
		    key->tag, key->algorithm);
	enum status status = dnskey_public_to_pkey(algorithm, key->public_key, key->public_size, &published, err);
	if (status == STATUS_OK)
		status = hsm_prove(token->tokens, key, published, rrset, err);
	EVP_PKEY_free(published);
	return status;
}

enum status token_prove(struct token *token, const struct key *key, struct bytes rrset, struct error *err)
{
	struct token_signer *signer = NULL;
	struct error why;
	error_clear(&why);
	if (is_elsewhere(key))
		return tell_rest(token, key, prove_remote(token, key, rrset, &why), &why, err);
	enum status status = token_signer_new(token, key, &signer, err);
	if (status == STATUS_OK)
		status = token_signer_prove(token, key, signer, rrset, err);
	token_signer_free(signer);
	return status;
}

size_t token_proofs(const struct token *token, const struct token_proof **out)
{
	return ledger_all(token->ledger, out);
}

enum status token_soft_load(struct token *token, const struct key *key, EVP_PKEY **out, struct error *err)
{
	EVP_PKEY *pkey = NULL;
	struct token_signer *signer = NULL;
	const enum status status = load_proved(token, key, &pkey, &signer, err);
	token_signer_free(signer);
	if (status == STATUS_OK)
		*out = pkey;
	else
		EVP_PKEY_free(pkey);
	return status;
}

unsigned token_sessions(const struct token *token)
{
	return token == NULL ? 0 : hsm_sessions(token->tokens);
}

enum status token_bench(struct token *token, const char *store, unsigned sessions, double seconds,
    struct token_rate out[TOKEN_RATES], size_t *count, struct error *err)
{
	return hsm_bench(token->tokens, store, sessions, seconds, out, count, err);
}

const struct secret *token_soft_passphrase(const struct token *token)
{
	return &token->passphrase;
}

enum status token_examine(struct token *token, const char *store, const struct key keys[], size_t count,
    token_tell *tell, void *context, struct error *err)
{
	return hsm_examine(token->tokens, store, keys, count, tell, context, err);
}
