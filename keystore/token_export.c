/* SPDX-License-Identifier: MIT */
#include "keystore/token_export.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keystore/algorithm.h"
#include "keystore/token_pem.h"
#include "keystore/token_private.h"
#include "keystore/token_wrapped.h"
#include "signer/base/bytes.h"
#include "signer/base/vault.h"

enum { NUMBER_MOST = 1024, TEXT_MOST = 16384, STAMP = 16 };

/* ---- the text of a K*.private file ---- */

static enum status refuse(struct error *err, const char *what)
{
	ERR_clear_error();
	return error_set(err, STATUS_KEY, "%s", what);
}

static void PRINTF_LIKE(2, 3) add(struct secret *text, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	const int size = vsnprintf((char *)text->data + text->size, TEXT_MOST - text->size, format, values);
	va_end(values);
	if (size > 0 && text->size + (size_t)size < TEXT_MOST)
		text->size += (size_t)size;
}

static void add_octets(struct secret *text, const char *name, const uint8_t *octets, size_t size)
{
	char *const base64 = OPENSSL_secure_zalloc(bytes_base64_size(size) + 1);
	if (base64 == NULL)
		return;
	(void)bytes_to_base64((struct bytes){ octets, size }, base64);
	add(text, "%s: %s\n", name, base64);
	OPENSSL_secure_clear_free(base64, bytes_base64_size(size) + 1);
}

/* `width` 0: as many octets as the number has. */
static bool add_number(struct secret *text, const char *name, EVP_PKEY *pkey, const char *parameter, size_t width)
{
	BIGNUM *number = BN_secure_new();
	uint8_t *const octets = OPENSSL_secure_zalloc(NUMBER_MOST);
	bool good = number != NULL && octets != NULL && EVP_PKEY_get_bn_param(pkey, parameter, &number) == 1 &&
		    BN_num_bytes(number) <= NUMBER_MOST;
	if (good) {
		const int size = width != 0 ? (int)width : BN_num_bytes(number);
		good = BN_bn2binpad(number, octets, size) == size;
		if (good)
			add_octets(text, name, octets, (size_t)size);
	}
	OPENSSL_secure_clear_free(octets, NUMBER_MOST);
	BN_clear_free(number);
	return good;
}

static bool add_rsa(struct secret *text, EVP_PKEY *pkey)
{
	static const char *const parts[][2] = { { "Modulus", OSSL_PKEY_PARAM_RSA_N },
		{ "PublicExponent", OSSL_PKEY_PARAM_RSA_E }, { "PrivateExponent", OSSL_PKEY_PARAM_RSA_D },
		{ "Prime1", OSSL_PKEY_PARAM_RSA_FACTOR1 }, { "Prime2", OSSL_PKEY_PARAM_RSA_FACTOR2 },
		{ "Exponent1", OSSL_PKEY_PARAM_RSA_EXPONENT1 }, { "Exponent2", OSSL_PKEY_PARAM_RSA_EXPONENT2 },
		{ "Coefficient", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 } };
	for (size_t i = 0; i < COUNT(parts); i++)
		if (!add_number(text, parts[i][0], pkey, parts[i][1], 0))
			return false;
	return true;
}

static bool add_raw(struct secret *text, EVP_PKEY *pkey)
{
	uint8_t *const octets = OPENSSL_secure_zalloc(NUMBER_MOST);
	size_t size = NUMBER_MOST;
	const bool good = octets != NULL && EVP_PKEY_get_raw_private_key(pkey, octets, &size) == 1;
	if (good)
		add_octets(text, "PrivateKey", octets, size);
	OPENSSL_secure_clear_free(octets, NUMBER_MOST);
	return good;
}

/* BIND's times: YYYYMMDDHHMMSS in UTC. */
static void add_time(struct secret *text, const char *name, struct utc when)
{
	char full[UTC_TEXT];
	if (when.seconds == 0)
		return;
	utc_format(when, full);
	add(text, "%s: %.4s%.2s%.2s%.2s%.2s%.2s\n", name, full, full + 5, full + 8, full + 11, full + 14, full + 17);
}

static enum status write_bind(const struct key *key, EVP_PKEY *pkey, struct secret *out, struct error *err)
{
	const struct algorithm *const algorithm = alg_by_number(key->algorithm);
	enum status status = secret_new(TEXT_MOST, out, err);
	if (status != STATUS_OK)
		return status;
	out->size = 0;
	add(out, "Private-key-format: v1.3\nAlgorithm: %u (%s)\n", key->algorithm, algorithm->name);
	const bool good = algorithm->least_bits > 0 ? add_rsa(out, pkey)
			  : algorithm->curve != NULL
			      ? add_number(out, "PrivateKey", pkey, OSSL_PKEY_PARAM_PRIV_KEY, key->public_size / 2)
			      : add_raw(out, pkey);
	add_time(out, "Created", key->created);
	if (key_is_published(key))
		add_time(out, "Publish", key->since[KEY_DNSKEY]);
	add_time(out, "Activate", key->active);
	return good ? STATUS_OK : refuse(err, "the private key cannot be written as BIND wants it");
}

/* ---- files ---- */

static enum status open_folder(const char *path, int *out, struct error *err)
{
	struct stat info;
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return error_set_errno(err, "%s: cannot be made", path);
	const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || fstat(folder, &info) != 0) {
		const enum status status = error_set_errno(err, "%s", path);
		if (folder >= 0)
			close(folder);
		return status;
	}
	if ((info.st_mode & 0077) != 0 || info.st_uid != geteuid()) {
		close(folder);
		return error_set(err, STATUS_PERMISSION,
		    "%s: mode %04o, or another's: private keys go only into a folder that nobody else may enter (chmod "
		    "0700)",
		    path, (unsigned)info.st_mode & 07777);
	}
	*out = folder;
	return STATUS_OK;
}

static enum status write_file(
    int folder, const char *path, const char *name, const void *text, size_t size, struct error *err)
{
	const int file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file < 0 && errno == EEXIST)
		return error_set(err, STATUS_REFUSED, "%s/%s: is there already, and is not replaced", path, name);
	if (file < 0)
		return error_set_errno(err, "%s/%s: cannot be made", path, name);
	enum status status = STATUS_OK;
	for (size_t done = 0; done < size && status == STATUS_OK;) {
		const ssize_t n = write(file, (const uint8_t *)text + done, size - done);
		if (n < 0 && errno != EINTR)
			status = error_set_errno(err, "%s/%s", path, name);
		done += n > 0 ? (size_t)n : 0;
	}
	if (status == STATUS_OK && (fsync(file) != 0 || fsync(folder) != 0))
		status = error_set_errno(err, "%s/%s: fsync failed", path, name);
	close(file);
	if (status != STATUS_OK)
		unlinkat(folder, name, 0);
	return status;
}

static enum status write_files(int folder, const struct key *key, const struct token_export *wanted,
    const struct secret *text, char name[TOKEN_EXPORT_NAME], struct error *err)
{
	char public_name[TOKEN_EXPORT_NAME];
	static const char *const endings[] = {
		[TOKEN_BIND] = "private", [TOKEN_PEM] = "pem", [TOKEN_WRAPPED] = "wrapped"
	};
	const bool bind = wanted->form == TOKEN_BIND;
	const int size = snprintf(name, TOKEN_EXPORT_NAME, "K%s.+%03u+%05u.%s", wanted->zone, key->algorithm,
	    key_published_tag(key), endings[wanted->form]);
	if (size < 0 || size >= TOKEN_EXPORT_NAME || strchr(name, '/') != NULL)
		return error_set(err, STATUS_INTERNAL, "no file name for a key of %s", wanted->zone);
	enum status status = write_file(folder, wanted->folder, name, text->data, text->size, err);
	if (status != STATUS_OK || !bind)
		return status;
	snprintf(public_name, sizeof(public_name), "%.*s.key", size - (int)strlen(".private"), name);
	status = write_file(folder, wanted->folder, public_name, wanted->record, strlen(wanted->record), err);
	if (status != STATUS_OK)
		unlinkat(folder, name, 0);
	return status;
}

/* What the tokens' own key wraps never is in this process in the clear. */
static enum status write_wrapped(
    struct token *token, const struct key *key, const char *under, struct secret *text, struct error *err)
{
	uint8_t wrapped[HSM_WRAPPED];
	size_t size = 0;
	if (strncmp(key->locator, HSM_SCHEME, strlen(HSM_SCHEME)) != 0)
		return error_set(err, STATUS_KEY,
		    "%s %u is in a file, and only a token wraps: --format pem with a passphrase",
		    key_role_name(key->role), key->tag);
	if (under == NULL || !wrapped_label_is_good(under))
		return error_set(err, STATUS_USAGE, "a label to wrap under has 1 to 63 printable characters");
	const enum status status = hsm_wrap(token->tokens, key, under, wrapped, &size, err);
	return status == STATUS_OK ? wrapped_write(key, under, (struct bytes){ wrapped, size }, text, err) : status;
}

static enum status write_text(struct token *token, const struct key *key, const struct token_export *wanted,
    struct secret *text, struct error *err)
{
	EVP_PKEY *pkey = NULL;
	if (wanted->form == TOKEN_WRAPPED)
		return write_wrapped(token, key, wanted->under, text, err);
	enum status status = token_soft_load(token, key, &pkey, err);
	vault_enter();
	if (status == STATUS_OK)
		status = wanted->form == TOKEN_PEM ? token_pem_write(pkey, token_soft_passphrase(token), text, err)
						   : write_bind(key, pkey, text, err);
	vault_leave();
	EVP_PKEY_free(pkey);
	return status;
}

enum status token_export(struct token *token, const struct key *key, const struct token_export *wanted,
    char name[TOKEN_EXPORT_NAME], struct error *err)
{
	struct secret text = SECRET_NONE;
	int folder = -1;
	enum status status = open_folder(wanted->folder, &folder, err);
	if (status == STATUS_OK)
		status = write_text(token, key, wanted, &text, err);
	if (status == STATUS_OK)
		status = write_files(folder, key, wanted, &text, name, err);
	secret_free(&text);
	if (folder >= 0)
		close(folder);
	return status;
}
