/* SPDX-License-Identifier: MIT */
/* The PKCS#11 module that passes every call to SoftHSM, apart from what $ZONESEAL_FAULT asks for. */
#pragma once

#include <p11-kit/pkcs11.h>
#include <stddef.h>

/* Another key with the tag of the one whose DNSKEY public key field is `field`, as of P-256: `secret` and `field`. */
void anew_find(unsigned flags, unsigned char field[64], unsigned char secret[32]);

/* In place of a public key that is brought to the token: a pair of the token's own with the same tag, label and CKA_ID
 * takes the place of the private key `brought`. */
CK_RV anew_create(CK_FUNCTION_LIST *real, CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count,
    CK_OBJECT_HANDLE brought, CK_OBJECT_HANDLE *out);
