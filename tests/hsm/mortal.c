/* SPDX-License-Identifier: MIT */
/*
 * A PKCS#11 module that passes every call to SoftHSM, and kills its process before the n-th one that changes or uses
 * keys; n is in the file $ZONESEAL_DIES. A real token does a call wholly or not at all, while SoftHSM, which is in the
 * process, would be killed in the middle of its own files.
 */
#include <p11-kit/pkcs11.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "softhsm.h"

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST ours;
static atomic_ulong calls;

static void count_down(void)
{
	unsigned long nth = 0;
	const char *const path = getenv("ZONESEAL_DIES");
	FILE *const file = path == NULL ? NULL : fopen(path, "re");
	if (file == NULL)
		return;
	if (fscanf(file, "%lu", &nth) == 1 && atomic_fetch_add(&calls, 1) + 1 == nth)
		raise(SIGKILL);
	fclose(file);
}

static CK_RV make_pair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public_half,
    CK_ULONG public_count, CK_ATTRIBUTE *private_half, CK_ULONG private_count, CK_OBJECT_HANDLE *public_object,
    CK_OBJECT_HANDLE *private_object)
{
	count_down();
	return real->C_GenerateKeyPair(
	    session, mechanism, public_half, public_count, private_half, private_count, public_object, private_object);
}

static CK_RV create(CK_SESSION_HANDLE session, CK_ATTRIBUTE *object, CK_ULONG count, CK_OBJECT_HANDLE *made)
{
	count_down();
	return real->C_CreateObject(session, object, count, made);
}

static CK_RV unwrap(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE under, CK_BYTE *wrapped,
    CK_ULONG size, CK_ATTRIBUTE *object, CK_ULONG count, CK_OBJECT_HANDLE *made)
{
	count_down();
	return real->C_UnwrapKey(session, mechanism, under, wrapped, size, object, count, made);
}

static CK_RV set(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *values, CK_ULONG count)
{
	count_down();
	return real->C_SetAttributeValue(session, object, values, count);
}

static CK_RV destroy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	count_down();
	return real->C_DestroyObject(session, object);
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG size, CK_BYTE *out, CK_ULONG *out_size)
{
	count_down();
	return real->C_Sign(session, data, size, out, out_size);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **out)
{
	if (!softhsm_load(&real))
		return CKR_GENERAL_ERROR;
	ours = *real;
	ours.C_GenerateKeyPair = make_pair;
	ours.C_CreateObject = create;
	ours.C_UnwrapKey = unwrap;
	ours.C_SetAttributeValue = set;
	ours.C_DestroyObject = destroy;
	ours.C_Sign = sign;
	*out = &ours;
	return CKR_OK;
}
