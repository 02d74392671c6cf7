/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "keystore/token_hsm_private.h"

/* The receiving token makes an RSA pair, the giving one an AES key and wraps it under the RSA public key, then the
 * private key under the AES key: nothing that opens anything is ever in this process in the clear. All of it but the
 * key lives in the two sessions. */
enum { CARRIER_BITS = 3072, AES_SIZE = 32, WRAPPED = 8192 };

struct carrier {
	CK_OBJECT_HANDLE rsa_public, rsa_private; /* at the receiver */
	CK_OBJECT_HANDLE rsa_copy, aes;           /* at the giver */
	CK_OBJECT_HANDLE aes_copy;                /* at the receiver */
};

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

static enum status share_aes(
    const struct hsm_session *from, const struct hsm_session *to, struct carrier *carrier, struct error *err)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	CK_ULONG size = AES_SIZE;
	CK_MECHANISM make = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_RSA_PKCS_OAEP_PARAMS oaep = { CKM_SHA_1, CKG_MGF1_SHA1, 1 /* CKZ_DATA_SPECIFIED */, NULL, 0 };
	CK_MECHANISM wrap = { CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep) };
	uint8_t wrapped[WRAPPED];
	CK_ULONG wrapped_size = sizeof(wrapped);
	CK_ATTRIBUTE given[] = { FLAG(CKA_TOKEN, &no), FLAG(CKA_PRIVATE, &yes), FLAG(CKA_SENSITIVE, &yes),
		FLAG(CKA_EXTRACTABLE, &yes), FLAG(CKA_WRAP, &yes), ITEM(CKA_VALUE_LEN, size) };
	CK_ATTRIBUTE taken[] = { ITEM(CKA_CLASS, class), ITEM(CKA_KEY_TYPE, type), FLAG(CKA_TOKEN, &no),
		FLAG(CKA_PRIVATE, &yes), FLAG(CKA_SENSITIVE, &yes), FLAG(CKA_EXTRACTABLE, &no),
		FLAG(CKA_UNWRAP, &yes) };
	CK_RV rv = from->hsm->module->C_GenerateKey(from->handle, &make, given, COUNT(given), &carrier->aes);
	if (rv == CKR_OK)
		rv = from->hsm->module->C_WrapKey(
		    from->handle, &wrap, carrier->rsa_copy, carrier->aes, wrapped, &wrapped_size);
	if (rv != CKR_OK)
		return hsm_refuse(from->hsm, err, rv, "carrying: the wrapping key cannot be given away");
	rv = to->hsm->module->C_UnwrapKey(
	    to->handle, &wrap, carrier->rsa_private, wrapped, wrapped_size, taken, COUNT(taken), &carrier->aes_copy);
	return rv == CKR_OK ? STATUS_OK : hsm_refuse(to->hsm, err, rv, "carrying: it does not take the wrapping key");
}

static enum status move_private(const struct hsm_session *from, const struct hsm_session *to, const struct key *key,
    const struct carrier *carrier, CK_OBJECT_HANDLE object, struct error *err)
{
	CK_BBOOL yes = CK_TRUE;
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = hsm_kind_of(key->algorithm)->type;
	CK_MECHANISM_INFO listed;
	CK_MECHANISM wrap = { CKM_AES_KEY_WRAP_PAD, NULL, 0 };
	uint8_t wrapped[WRAPPED];
	CK_ULONG size = sizeof(wrapped);
	CK_OBJECT_HANDLE made = 0;
	char label[64];
	const int label_size = snprintf(label, sizeof(label), "zoneseal %s %u", key_role_name(key->role), key->tag);
	CK_ATTRIBUTE object_half[] = { ITEM(CKA_CLASS, class), ITEM(CKA_KEY_TYPE, type), FLAG(CKA_TOKEN, &yes),
		FLAG(CKA_PRIVATE, &yes), FLAG(CKA_SENSITIVE, &yes), FLAG(CKA_EXTRACTABLE, &yes), FLAG(CKA_SIGN, &yes),
		{ CKA_ID, (void *)key->fingerprint, sizeof(key->fingerprint) },
		{ CKA_LABEL, label, (CK_ULONG)label_size } };
	if (from->hsm->module->C_GetMechanismInfo(from->hsm->slot, wrap.mechanism, &listed) != CKR_OK)
		wrap.mechanism = 0x210bUL; /* CKM_AES_KEY_WRAP_KWP of PKCS#11 3.0 */
	CK_RV rv = from->hsm->module->C_WrapKey(from->handle, &wrap, carrier->aes, object, wrapped, &size);
	if (rv != CKR_OK)
		return hsm_refuse(from->hsm, err, rv, "carrying: it does not give the private key away, even wrapped");
	rv = to->hsm->module->C_UnwrapKey(
	    to->handle, &wrap, carrier->aes_copy, wrapped, size, object_half, COUNT(object_half), &made);
	return rv == CKR_OK ? STATUS_OK : hsm_refuse(to->hsm, err, rv, "carrying: it does not take the wrapped key");
}

static enum status copy_public(const struct hsm_session *from, const struct hsm_session *to, const struct key *key,
    CK_OBJECT_HANDLE object, struct error *err)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	const struct hsm_kind *const kind = hsm_kind_of(key->algorithm);
	CK_KEY_TYPE type = kind->type;
	const bool rsa = type == CKK_RSA;
	const CK_ATTRIBUTE_TYPE names[2] = { rsa ? CKA_MODULUS : CKA_EC_PARAMS,
		rsa ? CKA_PUBLIC_EXPONENT : CKA_EC_POINT };
	uint8_t values[2][HSM_ATTRIBUTE];
	CK_ULONG sizes[2] = { 0, 0 };
	CK_OBJECT_HANDLE made = 0;
	for (int i = 0; i < 2; i++) {
		const enum status status = hsm_read(from, object, names[i], values[i], &sizes[i], err);
		if (status != STATUS_OK)
			return status;
	}
	char label[64];
	const int label_size = snprintf(label, sizeof(label), "zoneseal %s %u", key_role_name(key->role), key->tag);
	CK_ATTRIBUTE half[] = { ITEM(CKA_CLASS, class), ITEM(CKA_KEY_TYPE, type), FLAG(CKA_TOKEN, &yes),
		FLAG(CKA_PRIVATE, &no), FLAG(CKA_VERIFY, &yes), { names[0], values[0], sizes[0] },
		{ names[1], values[1], sizes[1] }, { CKA_ID, (void *)key->fingerprint, sizeof(key->fingerprint) },
		{ CKA_LABEL, label, (CK_ULONG)label_size } };
	const CK_RV rv = to->hsm->module->C_CreateObject(to->handle, half, COUNT(half), &made);
	return rv == CKR_OK ? STATUS_OK : hsm_refuse(to->hsm, err, rv, "carrying: it does not take the public key");
}

static void destroy(const struct hsm_session *session, CK_OBJECT_HANDLE object)
{
	if (object != 0)
		session->hsm->module->C_DestroyObject(session->handle, object);
}

enum status hsm_carry(const struct hsm_session *from, const struct hsm_session *to, const struct key *key,
    CK_OBJECT_HANDLE private_object, CK_OBJECT_HANDLE public_object, struct error *err)
{
	struct carrier carrier = { 0 };
	enum status status = make_rsa(to, &carrier, err);
	if (status == STATUS_OK)
		status = copy_rsa(from, to, &carrier, err);
	if (status == STATUS_OK)
		status = share_aes(from, to, &carrier, err);
	if (status == STATUS_OK)
		status = move_private(from, to, key, &carrier, private_object, err);
	if (status == STATUS_OK)
		status = copy_public(from, to, key, public_object, err);
	destroy(to, carrier.rsa_public);
	destroy(to, carrier.rsa_private);
	destroy(to, carrier.aes_copy);
	destroy(from, carrier.rsa_copy);
	destroy(from, carrier.aes);
	return status;
}
