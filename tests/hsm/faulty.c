/* SPDX-License-Identifier: MIT */
/*
 * A PKCS#11 module that passes every call to SoftHSM, apart from those that the file $ZONESEAL_FAULT names, one word:
 * lie (each second signature is wrong), device (signing reports a device error), removed (no session opens), lost (each
 * third signature finds its session closed), full (no object is made), long (signatures over more octets than a
 * challenge has are wrong: for Ed25519, which gets the data itself), wears (the device fails from the fifth
 * signature on, after the proofs of two keys), crowded (no session is free), mute (it knows no mechanism), naked
 * (private keys are not sensitive and do not sign). Each login is a line in $ZONESEAL_FAULT.logins.
 */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHALLENGE = 64 };

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST ours;
static atomic_uint signatures;

static bool is_on(const char *fault)
{
	char word[32] = "";
	const char *const path = getenv("ZONESEAL_FAULT");
	FILE *const file = path == NULL ? NULL : fopen(path, "re");
	if (file == NULL)
		return false;
	if (fscanf(file, "%31s", word) != 1)
		word[0] = '\0';
	fclose(file);
	return strcmp(word, fault) == 0;
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG size, CK_BYTE *out, CK_ULONG *out_size)
{
	const unsigned count = atomic_fetch_add(&signatures, 1);
	const bool third = count % 3 == 2;
	if (is_on("device") || (count >= 4 && is_on("wears")))
		return CKR_DEVICE_ERROR;
	if (third && is_on("lost")) {
		real->C_CloseSession(session);
		return CKR_SESSION_CLOSED;
	}
	const CK_RV rv = real->C_Sign(session, data, size, out, out_size);
	if (rv == CKR_OK && out != NULL && size > CHALLENGE && is_on("long"))
		out[0] ^= 1;
	if (rv == CKR_OK && out != NULL && count % 2 == 1 && is_on("lie"))
		out[*out_size - 1] ^= 1;
	return rv;
}

static CK_RV open_session(
    CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify, CK_SESSION_HANDLE *session)
{
	return is_on("removed") ? CKR_TOKEN_NOT_PRESENT
				: real->C_OpenSession(slot, flags, application, notify, session);
}

static CK_RV make_pair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public_half,
    CK_ULONG public_count, CK_ATTRIBUTE *private_half, CK_ULONG private_count, CK_OBJECT_HANDLE *public_object,
    CK_OBJECT_HANDLE *private_object)
{
	return is_on("full") ? CKR_DEVICE_MEMORY
			     : real->C_GenerateKeyPair(session, mechanism, public_half, public_count, private_half,
				   private_count, public_object, private_object);
}

static CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	const CK_RV rv = real->C_GetTokenInfo(slot, info);
	if (rv == CKR_OK && is_on("full")) {
		info->ulTotalPrivateMemory = 65536;
		info->ulFreePrivateMemory = 0;
	}
	if (rv == CKR_OK && is_on("crowded"))
		info->ulSessionCount = info->ulMaxSessionCount = 16;
	return rv;
}

static CK_RV mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	return is_on("mute") ? CKR_MECHANISM_INVALID : real->C_GetMechanismInfo(slot, type, info);
}

static CK_RV attributes(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *all, CK_ULONG count)
{
	const CK_RV rv = real->C_GetAttributeValue(session, object, all, count);
	for (CK_ULONG i = 0; rv == CKR_OK && i < count && is_on("naked"); i++)
		if (all[i].pValue != NULL && (all[i].type == CKA_SENSITIVE || all[i].type == CKA_SIGN))
			memset(all[i].pValue, CK_FALSE, all[i].ulValueLen);
	return rv;
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG size)
{
	char path[1024];
	const char *const fault = getenv("ZONESEAL_FAULT");
	if (fault != NULL && snprintf(path, sizeof(path), "%s.logins", fault) < (int)sizeof(path)) {
		FILE *const file = fopen(path, "ae");
		if (file != NULL) {
			fputs("login\n", file);
			fclose(file);
		}
	}
	return real->C_Login(session, user, pin, size);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **out)
{
	void *const module = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW | RTLD_LOCAL);
	CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
	void *const symbol = module == NULL ? NULL : dlsym(module, "C_GetFunctionList");
	memcpy(&get, &symbol, sizeof(get));
	if (get == NULL || get(&real) != CKR_OK)
		return CKR_GENERAL_ERROR;
	ours = *real;
	ours.C_Sign = sign;
	ours.C_OpenSession = open_session;
	ours.C_GenerateKeyPair = make_pair;
	ours.C_GetTokenInfo = token_info;
	ours.C_GetMechanismInfo = mechanism_info;
	ours.C_GetAttributeValue = attributes;
	ours.C_Login = login;
	*out = &ours;
	return CKR_OK;
}
