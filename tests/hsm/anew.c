/* SPDX-License-Identifier: MIT */
/*
 * What the rollover agent of .de did in May 2026: instead of one key for all HSMs, one in each, under the same tag,
 * label and identifier. Here it is the token that makes its own pair in place of the one that is brought to it; the tag
 * is really that of the other (RFC 4034 Appendix B), so one in 65,536 pairs will do.
 */
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <stdlib.h>
#include <string.h>

#include "faulty.h"

enum { FIELD = 64, SECRET = 32, POINT = 65, RDATA = 68 };

static unsigned tag_of(unsigned flags, const unsigned char field[FIELD])
{
	unsigned char rdata[RDATA] = { (unsigned char)(flags >> 8), (unsigned char)flags, 3, 13 };
	unsigned long sum = 0;
	memcpy(rdata + 4, field, FIELD);
	for (int i = 0; i < RDATA; i++)
		sum += i % 2 == 0 ? (unsigned long)rdata[i] << 8 : rdata[i];
	return (unsigned)((sum + (sum >> 16)) & 0xffff);
}

/* From a random secret on one by one: adding the base point is quicker than making a pair each time. */
void anew_find(unsigned flags, unsigned char field[FIELD], unsigned char secret[SECRET])
{
	const unsigned wanted = tag_of(flags, field);
	EC_GROUP *const group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *const point = EC_POINT_new(group);
	BIGNUM *const number = BN_new();
	unsigned char text[POINT];
	int good = BN_rand(number, 250, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
		   EC_POINT_mul(group, point, number, NULL, NULL, NULL);
	do {
		good = good && BN_add_word(number, 1) &&
		       EC_POINT_add(group, point, point, EC_GROUP_get0_generator(group), NULL) &&
		       EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, text, POINT, NULL) == POINT;
	} while (good && tag_of(flags, text + 1) != wanted);
	if (!good || BN_bn2binpad(number, secret, SECRET) != SECRET)
		abort();
	memcpy(field, text + 1, FIELD);
	BN_free(number);
	EC_POINT_free(point);
	EC_GROUP_free(group);
}

static CK_ATTRIBUTE *find(CK_ATTRIBUTE *attributes, CK_ULONG count, CK_ATTRIBUTE_TYPE type)
{
	for (CK_ULONG i = 0; i < count; i++)
		if (attributes[i].type == type)
			return &attributes[i];
	abort();
}

CK_RV anew_create(CK_FUNCTION_LIST *real, CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count,
    CK_OBJECT_HANDLE brought, CK_OBJECT_HANDLE *out)
{
	const CK_ATTRIBUTE *const label = find(attributes, count, CKA_LABEL);
	CK_ATTRIBUTE *const point = find(attributes, count, CKA_EC_POINT);
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = CKK_EC;
	CK_BBOOL yes = CK_TRUE;
	CK_OBJECT_HANDLE made;
	unsigned char secret[SECRET];
	if (point->ulValueLen != POINT + 2)
		abort();
	/* OCTET STRING of 65 octets, 04 before the field. */
	anew_find(memmem(label->pValue, label->ulValueLen, "ZSK", 3) != NULL ? 256 : 257,
	    (unsigned char *)point->pValue + 3, secret);
	CK_ATTRIBUTE half[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, sizeof(yes) }, { CKA_PRIVATE, &yes, sizeof(yes) }, { CKA_SIGN, &yes, sizeof(yes) },
		*find(attributes, count, CKA_ID), *label, *find(attributes, count, CKA_EC_PARAMS),
		{ CKA_VALUE, secret, sizeof(secret) } };
	CK_RV rv = real->C_DestroyObject(session, brought);
	if (rv == CKR_OK)
		rv = real->C_CreateObject(session, half, sizeof(half) / sizeof(half[0]), &made);
	return rv == CKR_OK ? real->C_CreateObject(session, attributes, count, out) : rv;
}
