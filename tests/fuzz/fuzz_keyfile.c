/* SPDX-License-Identifier: MIT */
/* Private key files: what is taken as a key can be written, and read again as the same key. */
#include <openssl/asn1t.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "keystore/token_bind.h"
#include "keystore/token_pem.h"
#include "tests/fuzz/fuzz.h"

static const struct secret none = { .data = NULL };

/* OpenSSL may take a key that it cannot write; what it writes it must read. */
static void read_again(EVP_PKEY *key, const struct secret *passphrase)
{
	struct secret text = SECRET_NONE;
	struct error err;
	EVP_PKEY *again = NULL;
	if (token_pem_write(key, passphrase, &text, &err) != STATUS_OK)
		return;
	if (token_pem_read((struct bytes){ text.data, text.size }, passphrase, &again, &err) != STATUS_OK)
		abort();
	EVP_PKEY_free(again);
	secret_free(&text);
}

/* How often the file wants the passphrase to be hashed; the time of a decryption is the file's choice, and files with a
 * passphrase are our own, so inputs that only take long are not what we look for. */
static long iterations(const X509_ALGOR *scheme)
{
	const ASN1_OBJECT *object = NULL;
	const void *value = NULL;
	int type = 0;
	long count = 0;
	X509_ALGOR_get0(&object, &type, &value, scheme);
	if (type != V_ASN1_SEQUENCE)
		return 0;
	if (OBJ_obj2nid(object) != NID_pbes2) {
		PBEPARAM *const simple = ASN1_item_unpack(value, ASN1_ITEM_rptr(PBEPARAM));
		count = simple == NULL ? 0 : ASN1_INTEGER_get(simple->iter);
		PBEPARAM_free(simple);
		return count;
	}
	PBE2PARAM *const outer = ASN1_item_unpack(value, ASN1_ITEM_rptr(PBE2PARAM));
	if (outer == NULL)
		return 0;
	X509_ALGOR_get0(&object, &type, &value, outer->keyfunc);
	if (OBJ_obj2nid(object) == NID_id_pbkdf2 && type == V_ASN1_SEQUENCE) {
		PBKDF2PARAM *const inner = ASN1_item_unpack(value, ASN1_ITEM_rptr(PBKDF2PARAM));
		count = inner == NULL ? 0 : ASN1_INTEGER_get(inner->iter);
		PBKDF2PARAM_free(inner);
	}
	PBE2PARAM_free(outer);
	return count;
}

static int takes_long(const uint8_t *data, size_t size)
{
	BIO *const bio = BIO_new_mem_buf(data, (int)size);
	X509_SIG *const encrypted = PEM_read_bio_PKCS8(bio, NULL, NULL, NULL);
	const X509_ALGOR *scheme = NULL;
	long count = 0;
	if (encrypted != NULL) {
		X509_SIG_get0(encrypted, &scheme, NULL);
		count = iterations(scheme);
	}
	X509_SIG_free(encrypted);
	BIO_free(bio);
	return count < 0 || count > 10000;
}

static void try(const uint8_t *data, size_t size, const struct secret *passphrase)
{
	struct error err;
	EVP_PKEY *key = NULL;
	if (token_pem_read((struct bytes){ data, size }, passphrase, &key, &err) == STATUS_OK)
		read_again(key, passphrase);
	EVP_PKEY_free(key);
}

/* What BIND's form gives is a key that can be kept. */
static void try_bind(const uint8_t *data, size_t size)
{
	struct error err;
	const struct algorithm *algorithm = NULL;
	EVP_PKEY *key = NULL;
	if (token_bind_read((struct bytes){ data, size }, &algorithm, &key, &err) == STATUS_OK)
		read_again(key, &none);
	EVP_PKEY_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t word[] = "x";
	const struct secret passphrase = { word, 1, 0 };
	if (size > 100000)
		return 0;
	if (token_bind_is((struct bytes){ data, size })) {
		try_bind(data, size);
		return 0;
	}
	try(data, size, &none);
	if (memmem(data, size, "ENCRYPTED", 9) != NULL && size > 0 && !takes_long(data, size))
		try(data, size, &passphrase);
	return 0;
}
