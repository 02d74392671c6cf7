/* SPDX-License-Identifier: MIT */
#include "keystore/token_pem.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/buffer.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static const char plain_label[] = "PRIVATE KEY";
static const char encrypted_label[] = "ENCRYPTED PRIVATE KEY";

/* 16 MiB of memory and some 40 ms for each guess: the most that OpenSSL's decryption takes with its own limits. */
enum { SCRYPT_N = 16384, SCRYPT_R = 8, SCRYPT_P = 1, SALT_SIZE = 16 };

/* mlock(2): EPERM where the limit is zero; else something between us and the kernel forbids it. No fault of the key's.
 */
static enum status say_unlocked(struct error *err, int number)
{
	struct rlimit limit = { .rlim_cur = 0 };
	const bool forbidden = number == EPERM && getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur > 0;
	return error_set(err, STATUS_PERMISSION, "memory for a secret cannot be locked%s",
	    forbidden ? ": a filter of system calls forbids mlock, as systemd-nspawn's does; there: "
			"--system-call-filter=@memlock"
		      : "; allow it with ulimit -l or LimitMEMLOCK=");
}

enum status secret_new(size_t size, struct secret *out, struct error *err)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const size_t mapped = (size / page + 1) * page;
	void *const data = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		return error_set(err, STATUS_KEY, "no memory for a secret");
	if (mlock(data, mapped) != 0) {
		const int number = errno;
		munmap(data, mapped);
		return say_unlocked(err, number);
	}
	madvise(data, mapped, MADV_DONTDUMP);
	*out = (struct secret){ data, size, mapped };
	return STATUS_OK;
}

void secret_free(struct secret *secret)
{
	if (secret->data == NULL)
		return;
	OPENSSL_cleanse(secret->data, secret->mapped);
	munmap(secret->data, secret->mapped);
	*secret = SECRET_NONE;
}

static enum status refuse(struct error *err, const char *what)
{
	ERR_clear_error();
	return error_set(err, STATUS_KEY, "%s", what);
}

static enum status decrypt(
    const uint8_t *der, long size, const struct secret *passphrase, PKCS8_PRIV_KEY_INFO **out, struct error *err)
{
	if (passphrase->data == NULL)
		return refuse(err, "the private key is encrypted and no passphrase file is configured");
	const uint8_t *at = der;
	X509_SIG *const encrypted = d2i_X509_SIG(NULL, &at, size);
	if (encrypted == NULL || at != der + size) {
		X509_SIG_free(encrypted);
		return refuse(err, "the private key is damaged: no PKCS#8 structure");
	}
	*out = PKCS8_decrypt_ex(encrypted, (const char *)passphrase->data, (int)passphrase->size, NULL, NULL);
	X509_SIG_free(encrypted);
	if (*out == NULL)
		return refuse(err, "the private key cannot be decrypted: wrong passphrase, or damaged");
	return STATUS_OK;
}

static enum status decode(const char *label, const uint8_t *der, long size, const struct secret *passphrase,
    EVP_PKEY **out, struct error *err)
{
	PKCS8_PRIV_KEY_INFO *info = NULL;
	if (strcmp(label, encrypted_label) == 0) {
		const enum status status = decrypt(der, size, passphrase, &info, err);
		if (status != STATUS_OK)
			return status;
	} else if (strcmp(label, plain_label) == 0) {
		const uint8_t *at = der;
		info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, size);
		if (info == NULL || at != der + size) {
			PKCS8_PRIV_KEY_INFO_free(info);
			return refuse(err, "the private key is damaged: no PKCS#8 structure");
		}
	} else {
		return refuse(err, "the PEM block is no PKCS#8 private key");
	}
	EVP_PKEY *const pkey = EVP_PKCS82PKEY_ex(info, NULL, NULL);
	PKCS8_PRIV_KEY_INFO_free(info); /* wipes the octets of the key */
	if (pkey == NULL)
		return refuse(err, "the private key is damaged: its content is no key");
	*out = pkey;
	return STATUS_OK;
}

/* Whether nothing but white space is left. */
static bool at_end(BIO *bio)
{
	char octet;
	while (BIO_read(bio, &octet, 1) == 1)
		if (strchr(" \t\r\n", octet) == NULL || octet == '\0')
			return false;
	return true;
}

enum status token_pem_read(struct bytes text, const struct secret *passphrase, EVP_PKEY **out, struct error *err)
{
	char *label = NULL;
	char *header = NULL;
	uint8_t *der = NULL;
	long size = 0;
	if (text.size > 65536)
		return refuse(err, "the file is too large for a private key");
	BIO *const bio = BIO_new_mem_buf(text.size == 0 ? (const void *)"" : text.data, (int)text.size);
	enum status status = STATUS_KEY;
	if (bio == NULL || PEM_read_bio_ex(bio, &label, &header, &der, &size, PEM_FLAG_SECURE) != 1)
		refuse(err, "the file holds no complete PEM block");
	else if (header[0] != '\0' || !at_end(bio))
		refuse(err, "the file holds more than one PKCS#8 private key");
	else
		status = decode(label, der, size, passphrase, out, err);
	if (der != NULL)
		OPENSSL_secure_clear_free(der, (size_t)size);
	OPENSSL_secure_free(label);
	OPENSSL_secure_free(header);
	BIO_free(bio);
	return status;
}

static X509_SIG *encrypt(PKCS8_PRIV_KEY_INFO *info, const struct secret *passphrase)
{
	X509_ALGOR *const scheme =
	    PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, SALT_SIZE, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
	if (scheme == NULL)
		return NULL;
	X509_SIG *const encrypted =
	    PKCS8_set0_pbe_ex((const char *)passphrase->data, (int)passphrase->size, info, scheme, NULL, NULL);
	if (encrypted == NULL)
		X509_ALGOR_free(scheme);
	return encrypted;
}

/* DER of the plain or encrypted structure; the size, or 0. */
static int encode(PKCS8_PRIV_KEY_INFO *info, const struct secret *passphrase, uint8_t **der)
{
	if (passphrase->data == NULL)
		return i2d_PKCS8_PRIV_KEY_INFO(info, der);
	X509_SIG *const encrypted = encrypt(info, passphrase);
	if (encrypted == NULL)
		return 0;
	const int size = i2d_X509_SIG(encrypted, der);
	X509_SIG_free(encrypted);
	return size;
}

enum status token_pem_write(EVP_PKEY *pkey, const struct secret *passphrase, struct secret *out, struct error *err)
{
	enum status status = STATUS_KEY;
	uint8_t *der = NULL;
	int size = 0;
	char *text = NULL;
	PKCS8_PRIV_KEY_INFO *const info = EVP_PKEY2PKCS8(pkey);
	BIO *const bio = BIO_new(BIO_s_secmem());
	const char *const label = passphrase->data == NULL ? plain_label : encrypted_label;
	if (info != NULL && bio != NULL)
		size = encode(info, passphrase, &der);
	if (size <= 0 || PEM_write_bio(bio, label, "", der, size) <= 0) {
		refuse(err, "the private key cannot be encoded");
		goto done;
	}
	const long length = BIO_get_mem_data(bio, &text);
	struct secret written;
	status = secret_new((size_t)length, &written, err);
	if (status != STATUS_OK)
		goto done;
	memcpy(written.data, text, (size_t)length);
	*out = written;
done:
	if (der != NULL)
		OPENSSL_clear_free(der, (size_t)size);
	PKCS8_PRIV_KEY_INFO_free(info);
	BIO_free(bio);
	return status;
}
