/* SPDX-License-Identifier: MIT */
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "keystore/dnskey.h"
#include "keystore/token_hsm_private.h"
#include "signer/base/bytes.h"
#include "signer/base/vault.h"

/* The receiving token makes an RSA pair, the giving one an AES key and wraps it under the RSA public key, then the
 * private key under the AES key: nothing that opens anything is ever in this process in the clear. All of it but the
 * key lives in the two sessions. */
enum { CARRIER_BITS = 3072, AES_SIZE = 32, LABEL = 64, RSA_ALGORITHM = 8, EDWARDS_SIZE = 32 };

#define OAEP                                                                                                           \
	{                                                                                                              \
		CKM_SHA_1, CKG_MGF1_SHA1, 1 /* CKZ_DATA_SPECIFIED */, NULL, 0                                          \
	}
#define AES_KEY_WRAP_KWP 0x210bUL /* CKM_AES_KEY_WRAP_KWP of PKCS#11 3.0 */

struct carrier {
	CK_OBJECT_HANDLE rsa_public, rsa_private; /* at the receiver */
	CK_OBJECT_HANDLE rsa_copy, aes;           /* at the giver */
	CK_OBJECT_HANDLE aes_copy;                /* at the receiver */
};

static CK_ULONG make_label(const struct key *key, char out[LABEL])
{
	return (CK_ULONG)snprintf(out, LABEL, "zoneseal %s %u", key_role_name(key->role), key->tag);
}

static enum status make_rsa(const struct hsm_session *to, struct carrier *carrier, struct error *err)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ULONG bits = CARRIER_BITS;
	uint8_t exponent[] = { 1, 0, 1 };
	CK_ATTRIBUTE public_half[] = { FLAG(CKA_TOKEN, &no), FLAG(CKA_WRAP, &yes), FLAG(CKA_PRIVATE, &no),
		ITEM(CKA_MODULUS_BITS, bits), { CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent) } };
	CK_ATTRIBUTE private_half[] = { FLAG(CKA_TOKEN, &no), FLAG(CKA_UNWRAP, &yes), FLAG(CKA_PRIVATE, &yes),
		FLAG(CKA_SENSITIVE, &yes), FLAG(CKA_EXTRACTABLE, &no) };
	CK_MECHANISM mechanism = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
	const CK_RV rv = to->hsm->module->C_GenerateKeyPair(to->handle, &mechanism, public_half, COUNT(public_half),
	    private_half, COUNT(private_half), &carrier->rsa_public, &carrier->rsa_private);
	return rv == CKR_OK ? STATUS_OK : hsm_refuse(to->hsm, err, rv, "carrying: no key to wrap under was made");
}

static enum status copy_rsa(
    const struct hsm_session *from, const struct hsm_session *to, struct carrier *carrier, struct error *err)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_KEY_TYPE type = CKK_RSA;
	uint8_t modulus[HSM_ATTRIBUTE];
	uint8_t exponent[HSM_ATTRIBUTE];
	CK_ULONG modulus_size = 0, exponent_size = 0;
	enum status status = hsm_read(to, carrier->rsa_public, CKA_MODULUS, modulus, &modulus_size, err);
	if (status == STATUS_OK)
		status = hsm_read(to, carrier->rsa_public, CKA_PUBLIC_EXPONENT, exponent, &exponent_size, err);
	if (status != STATUS_OK)
		return status;
	CK_ATTRIBUTE object[] = { ITEM(CKA_CLASS, class), ITEM(CKA_KEY_TYPE, type), FLAG(CKA_TOKEN, &no),
		FLAG(CKA_PRIVATE, &no), FLAG(CKA_WRAP, &yes), { CKA_MODULUS, modulus, modulus_size },
		{ CKA_PUBLIC_EXPONENT, exponent, exponent_size } };
	const CK_RV rv = from->hsm->module->C_CreateObject(from->handle, object, COUNT(object), &carrier->rsa_copy);
	return rv == CKR_OK ? STATUS_OK : hsm_refuse(from->hsm, err, rv, "carrying: it takes no key to wrap under");
}

/* The AES key that `wrapped` holds, encrypted for the pair that the receiver made. */
static enum status take_aes(
    const struct hsm_session *to, struct carrier *carrier, uint8_t *wrapped, CK_ULONG size, struct error *err)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	CK_RSA_PKCS_OAEP_PARAMS oaep = OAEP;
	CK_MECHANISM wrap = { CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep) };
	CK_ATTRIBUTE taken[] = { ITEM(CKA_CLASS, class), ITEM(CKA_KEY_TYPE, type), FLAG(CKA_TOKEN, &no),
		FLAG(CKA_PRIVATE, &yes), FLAG(CKA_SENSITIVE, &yes), FLAG(CKA_EXTRACTABLE, &no),
		FLAG(CKA_UNWRAP, &yes) };
	const CK_RV rv = to->hsm->module->C_UnwrapKey(
	    to->handle, &wrap, carrier->rsa_private, wrapped, size, taken, COUNT(taken), &carrier->aes_copy);
	return rv == CKR_OK ? STATUS_OK : hsm_refuse(to->hsm, err, rv, "carrying: it does not take the wrapping key");
}

static enum status share_aes(
    const struct hsm_session *from, const struct hsm_session *to, struct carrier *carrier, struct error *err)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ULONG size = AES_SIZE;
	CK_MECHANISM make = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_RSA_PKCS_OAEP_PARAMS oaep = OAEP;
	CK_MECHANISM wrap = { CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep) };
	uint8_t wrapped[HSM_WRAPPED];
	CK_ULONG wrapped_size = sizeof(wrapped);
	CK_ATTRIBUTE given[] = { FLAG(CKA_TOKEN, &no), FLAG(CKA_PRIVATE, &yes), FLAG(CKA_SENSITIVE, &yes),
		FLAG(CKA_EXTRACTABLE, &yes), FLAG(CKA_WRAP, &yes), ITEM(CKA_VALUE_LEN, size) };
	CK_RV rv = from->hsm->module->C_GenerateKey(from->handle, &make, given, COUNT(given), &carrier->aes);
	if (rv == CKR_OK)
		rv = from->hsm->module->C_WrapKey(
		    from->handle, &wrap, carrier->rsa_copy, carrier->aes, wrapped, &wrapped_size);
	if (rv != CKR_OK)
		return hsm_refuse(from->hsm, err, rv, "carrying: the wrapping key cannot be given away");
	return take_aes(to, carrier, wrapped, wrapped_size, err);
}

/* RFC 5649 under one of its names, whichever the token lists. */
CK_MECHANISM_TYPE hsm_key_wrap_of(const struct hsm *hsm)
{
	CK_MECHANISM_INFO listed;
	return hsm->module->C_GetMechanismInfo(hsm->slot, CKM_AES_KEY_WRAP_PAD, &listed) == CKR_OK
		   ? CKM_AES_KEY_WRAP_PAD
		   : AES_KEY_WRAP_KWP;
}

/* What the private object is to be like: as one that was made there. */
enum status hsm_unwrap(const struct hsm_session *to, const struct key *key, CK_OBJECT_HANDLE under,
    struct bytes wrapped, bool leaves, struct error *err)
{
	CK_BBOOL yes = CK_TRUE;
	CK_BBOOL may_leave = leaves ? CK_TRUE : CK_FALSE;
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = hsm_kind_of(key->algorithm)->type;
	CK_MECHANISM mechanism = { hsm_key_wrap_of(to->hsm), NULL, 0 };
	CK_OBJECT_HANDLE made = 0;
	char label[LABEL];
	const CK_ULONG label_size = make_label(key, label);
	CK_ATTRIBUTE half[] = { ITEM(CKA_CLASS, class), ITEM(CKA_KEY_TYPE, type), FLAG(CKA_TOKEN, &yes),
		FLAG(CKA_PRIVATE, &yes), FLAG(CKA_SENSITIVE, &yes), FLAG(CKA_EXTRACTABLE, &may_leave),
		FLAG(CKA_SIGN, &yes), { CKA_ID, (void *)key->fingerprint, sizeof(key->fingerprint) },
		{ CKA_LABEL, label, label_size } };
	const size_t call = hsm_watch_begin(to->hsm->watch, to->hsm->name);
	const CK_RV rv = to->hsm->module->C_UnwrapKey(
	    to->handle, &mechanism, under, (CK_BYTE *)wrapped.data, wrapped.size, half, COUNT(half), &made);
	hsm_watch_end(to->hsm->watch, call);
	return rv == CKR_OK ? STATUS_OK : hsm_refuse(to->hsm, err, rv, "carrying: it does not take the wrapped key");
}

static enum status move_private(const struct hsm_session *from, const struct hsm_session *to, const struct key *key,
    const struct carrier *carrier, CK_OBJECT_HANDLE object, bool leaves, struct error *err)
{
	CK_MECHANISM wrap = { hsm_key_wrap_of(from->hsm), NULL, 0 };
	uint8_t wrapped[HSM_WRAPPED];
	CK_ULONG size = sizeof(wrapped);
	const CK_RV rv = from->hsm->module->C_WrapKey(from->handle, &wrap, carrier->aes, object, wrapped, &size);
	if (rv != CKR_OK)
		return hsm_refuse(from->hsm, err, rv, "carrying: it does not give the private key away, even wrapped");
	return hsm_unwrap(to, key, carrier->aes_copy, (struct bytes){ wrapped, size }, leaves, err);
}

/* ---- the public half ---- */

static enum status create(
    const struct hsm_session *to, CK_ATTRIBUTE object[], CK_ULONG count, const char *what, struct error *err)
{
	CK_OBJECT_HANDLE made = 0;
	const size_t call = hsm_watch_begin(to->hsm->watch, to->hsm->name);
	const CK_RV rv = to->hsm->module->C_CreateObject(to->handle, object, count, &made);
	hsm_watch_end(to->hsm->watch, call);
	return rv == CKR_OK ? STATUS_OK : hsm_refuse(to->hsm, err, rv, what);
}

enum status hsm_put_public(const struct hsm_session *to, const struct key *key, struct error *err)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	const struct hsm_kind *const kind = hsm_kind_of(key->algorithm);
	CK_KEY_TYPE type = kind->type;
	const bool rsa = type == CKK_RSA;
	const size_t exponent = key->public_key[0]; /* RFC 3110 2: one octet says how long it is, in all that we take */
	const size_t mark = type == CKK_EC ? 1 : 0;
	uint8_t point[3 + KEY_PUBLIC_MAX] = { 0x04, (uint8_t)(key->public_size + mark), 0x04 };
	char label[LABEL];
	const CK_ULONG label_size = make_label(key, label);
	if (rsa && (exponent == 0 || 1 + exponent >= key->public_size))
		return error_set(
		    err, STATUS_KEY, "%s %u: no RSA key that a token takes", key_role_name(key->role), key->tag);
	memcpy(point + 2 + mark, key->public_key, key->public_size);
	const CK_ATTRIBUTE first = rsa ? (CK_ATTRIBUTE){ CKA_MODULUS, (void *)(key->public_key + 1 + exponent),
		key->public_size - 1 - exponent }
				       : (CK_ATTRIBUTE){ CKA_EC_PARAMS, (void *)kind->params, kind->params_size };
	const CK_ATTRIBUTE second = rsa ? (CK_ATTRIBUTE){ CKA_PUBLIC_EXPONENT, (void *)(key->public_key + 1), exponent }
					: (CK_ATTRIBUTE){ CKA_EC_POINT, point, 2 + mark + key->public_size };
	CK_ATTRIBUTE half[] = { ITEM(CKA_CLASS, class), ITEM(CKA_KEY_TYPE, type), FLAG(CKA_TOKEN, &yes),
		FLAG(CKA_PRIVATE, &no), FLAG(CKA_VERIFY, &yes), first, second,
		{ CKA_ID, (void *)key->fingerprint, sizeof(key->fingerprint) }, { CKA_LABEL, label, label_size } };
	return create(to, half, COUNT(half), "carrying: it does not take the public key", err);
}

static void destroy(const struct hsm_session *session, CK_OBJECT_HANDLE object)
{
	if (object != 0)
		session->hsm->module->C_DestroyObject(session->handle, object);
}

enum status hsm_carry(const struct hsm_session *from, const struct hsm_session *to, const struct key *key,
    CK_OBJECT_HANDLE private_object, bool leaves, struct error *err)
{
	struct carrier carrier = { 0 };
	const size_t receiving = hsm_watch_begin(to->hsm->watch, to->hsm->name);
	const size_t giving = hsm_watch_begin(from->hsm->watch, from->hsm->name);
	enum status status = make_rsa(to, &carrier, err);
	if (status == STATUS_OK)
		status = copy_rsa(from, to, &carrier, err);
	if (status == STATUS_OK)
		status = share_aes(from, to, &carrier, err);
	if (status == STATUS_OK)
		status = move_private(from, to, key, &carrier, private_object, leaves, err);
	if (status == STATUS_OK)
		status = hsm_put_public(to, key, err);
	destroy(to, carrier.rsa_public);
	destroy(to, carrier.rsa_private);
	destroy(to, carrier.aes_copy);
	destroy(from, carrier.rsa_copy);
	destroy(from, carrier.aes);
	hsm_watch_end(from->hsm->watch, giving);
	hsm_watch_end(to->hsm->watch, receiving);
	return status;
}

/* ---- from this process ---- */

static enum status refuse_openssl(const struct key *key, struct error *err, const char *what)
{
	ERR_clear_error();
	return error_set(err, STATUS_KEY, "%s %u: %s", key_role_name(key->role), key->tag, what);
}

/* `aes` encrypted under the RSA key that the token made; OAEP with SHA-1 is what every token has. */
static enum status wrap_aes(const struct hsm_session *to, const struct carrier *carrier, const struct key *key,
    const uint8_t aes[AES_SIZE], uint8_t wrapped[HSM_WRAPPED], size_t *size, struct error *err)
{
	const struct algorithm *const rsa = alg_by_number(RSA_ALGORITHM);
	uint8_t octets[KEY_PUBLIC_MAX];
	uint16_t octets_size = 0;
	EVP_PKEY *pkey = NULL;
	enum status status = hsm_read_public(to, carrier->rsa_public, rsa, octets, &octets_size, err);
	if (status == STATUS_OK)
		status = dnskey_public_to_pkey(rsa, octets, octets_size, &pkey, err);
	if (status != STATUS_OK)
		return status;
	EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	*size = HSM_WRAPPED;
	if (context == NULL || EVP_PKEY_encrypt_init(context) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) != 1 ||
	    EVP_PKEY_encrypt(context, wrapped, size, aes, AES_SIZE) != 1)
		status = refuse_openssl(key, err, "encrypting the wrapping key failed");
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(pkey);
	return status;
}

/* PKCS#8, wrapped (RFC 5649). */
static enum status wrap_pkcs8(const struct key *key, EVP_PKEY *pkey, const uint8_t aes[AES_SIZE],
    uint8_t wrapped[HSM_WRAPPED], size_t *size, struct error *err)
{
	struct secret der = SECRET_NONE;
	PKCS8_PRIV_KEY_INFO *const info = EVP_PKEY2PKCS8(pkey);
	EVP_CIPHER *const cipher = EVP_CIPHER_fetch(NULL, "AES-256-WRAP-PAD", NULL);
	EVP_CIPHER_CTX *const context = EVP_CIPHER_CTX_new();
	const int need = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, NULL);
	int done = 0, more = 0;
	enum status status = STATUS_OK;
	if (need <= 0 || need > HSM_WRAPPED - 16 || cipher == NULL || context == NULL)
		status = refuse_openssl(key, err, "it cannot be made ready to be wrapped");
	if (status == STATUS_OK)
		status = secret_new((size_t)need, &der, err);
	if (status == STATUS_OK) {
		uint8_t *at = der.data;
		i2d_PKCS8_PRIV_KEY_INFO(info, &at);
		EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
		if (EVP_EncryptInit_ex2(context, cipher, aes, NULL, NULL) != 1 ||
		    EVP_EncryptUpdate(context, wrapped, &done, der.data, need) != 1 ||
		    EVP_EncryptFinal_ex(context, wrapped + done, &more) != 1)
			status = refuse_openssl(key, err, "wrapping it failed");
		*size = (size_t)done + (size_t)more;
	}
	EVP_CIPHER_CTX_free(context);
	EVP_CIPHER_free(cipher);
	PKCS8_PRIV_KEY_INFO_free(info); /* wipes what it holds */
	secret_free(&der);
	return status;
}

/* What the tokens in reach do not unwrap is handed over as it is, by C_CreateObject: 32 octets. */
static enum status put_edwards(
    const struct hsm_session *to, const struct key *key, EVP_PKEY *pkey, bool leaves, struct error *err)
{
	CK_BBOOL yes = CK_TRUE;
	CK_BBOOL may_leave = leaves ? CK_TRUE : CK_FALSE;
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	const struct hsm_kind *const kind = hsm_kind_of(key->algorithm);
	CK_KEY_TYPE type = kind->type;
	struct secret value = SECRET_NONE;
	char label[LABEL];
	const CK_ULONG label_size = make_label(key, label);
	enum status status = secret_new(EDWARDS_SIZE, &value, err);
	if (status != STATUS_OK)
		return status;
	size_t size = EDWARDS_SIZE;
	CK_ATTRIBUTE half[] = { ITEM(CKA_CLASS, class), ITEM(CKA_KEY_TYPE, type), FLAG(CKA_TOKEN, &yes),
		FLAG(CKA_PRIVATE, &yes), FLAG(CKA_SENSITIVE, &yes), FLAG(CKA_EXTRACTABLE, &may_leave),
		FLAG(CKA_SIGN, &yes), { CKA_EC_PARAMS, (void *)kind->params, kind->params_size },
		{ CKA_VALUE, value.data, EDWARDS_SIZE }, { CKA_ID, (void *)key->fingerprint, sizeof(key->fingerprint) },
		{ CKA_LABEL, label, label_size } };
	if (EVP_PKEY_get_raw_private_key(pkey, value.data, &size) != 1 || size != EDWARDS_SIZE)
		status = refuse_openssl(key, err, "it is no Ed25519 key");
	if (status == STATUS_OK)
		status = create(to, half, COUNT(half), "carrying: it does not take the private key", err);
	secret_free(&value);
	return status;
}

static enum status put_wrapped(
    const struct hsm_session *to, const struct key *key, EVP_PKEY *pkey, bool leaves, struct error *err)
{
	struct carrier carrier = { 0 };
	struct secret aes = SECRET_NONE;
	uint8_t wrapped[HSM_WRAPPED];
	size_t size = 0;
	enum status status = secret_new(AES_SIZE, &aes, err);
	if (status == STATUS_OK && RAND_priv_bytes(aes.data, AES_SIZE) != 1)
		status = refuse_openssl(key, err, "no random octets");
	if (status == STATUS_OK)
		status = make_rsa(to, &carrier, err);
	if (status == STATUS_OK)
		status = wrap_aes(to, &carrier, key, aes.data, wrapped, &size, err);
	if (status == STATUS_OK)
		status = take_aes(to, &carrier, wrapped, size, err);
	if (status == STATUS_OK)
		status = wrap_pkcs8(key, pkey, aes.data, wrapped, &size, err);
	if (status == STATUS_OK)
		status = hsm_unwrap(to, key, carrier.aes_copy, (struct bytes){ wrapped, size }, leaves, err);
	destroy(to, carrier.rsa_public);
	destroy(to, carrier.rsa_private);
	destroy(to, carrier.aes_copy);
	secret_free(&aes);
	return status;
}

enum status hsm_put(const struct hsm_session *to, const struct key *key, EVP_PKEY *pkey, bool leaves, struct error *err)
{
	const bool edwards = hsm_kind_of(key->algorithm)->type == CKK_EC_EDWARDS;
	const size_t call = hsm_watch_begin(to->hsm->watch, to->hsm->name);
	vault_enter();
	const enum status status =
	    edwards ? put_edwards(to, key, pkey, leaves, err) : put_wrapped(to, key, pkey, leaves, err);
	vault_leave();
	hsm_watch_end(to->hsm->watch, call);
	return status == STATUS_OK ? hsm_put_public(to, key, err) : status;
}
