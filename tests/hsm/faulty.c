/* SPDX-License-Identifier: MIT */
/*
 * A PKCS#11 module that passes every call to SoftHSM, apart from those that the file $ZONESEAL_FAULT names: a word, and
 * two numbers for "random". Each fault that really happened is a line in $ZONESEAL_FAULT.log, each login one in
 * $ZONESEAL_FAULT.logins.
 *
 *   lie      each second signature is wrong        anew     a key that is brought here is replaced (anew.c)
 *   tires    signatures are wrong from the 900th on
 *   device   signing reports a device error        slow     each signature takes 20 ms more
 *   lost     each third finds its session closed   busy     two of three calls are answered by "not now"
 *   logout   each third finds nobody logged in     rush     two of three sessions are refused: too many
 *   removed  no session opens                      hang     signing never returns
 *   vanish   from the fourth signature on nothing works
 *   full     no object is made
 *   long     signatures over more octets than a challenge has are wrong: for Ed25519, which gets the data itself
 *   wears    the device fails from the fifth signature on, after the proofs of two keys
 *   crowded  it says that no session is free       mute     it knows no mechanism
 *   naked    private keys are not sensitive and do not sign
 *   stuck    letting the module go never returns   stateless    no session tells its state
 *   clings   nothing is destroyed, and it says that it was
 *   random SEED PERMILLE    one of those that end, for so many of 1000 calls
 */
#include <p11-kit/pkcs11.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "faulty.h"
#include "softhsm.h"

enum { CHALLENGE = 64, BEFORE_VANISHING = 3, BEFORE_WEARING = 4, BEFORE_TIRING = 900, SLOW = 20 * 1000 * 1000 };

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST ours;
static atomic_uint signatures, calls, sessions;
/* A thread's own: whether the next try is good depends on no other thread. By number, and not _Thread_local, since the
 * leak checker of a sanitizer build falls over thread-local data of a module that was let go. */
static atomic_uint turns[1024];
static atomic_bool vanished;
static _Atomic CK_OBJECT_HANDLE unwrapped;

struct fault {
	char word[32];
	unsigned long seed, permille;
};

static struct fault read_fault(void)
{
	struct fault fault = { "", 0, 0 };
	char line[96] = "";
	const char *const path = getenv("ZONESEAL_FAULT");
	FILE *const file = path == NULL ? NULL : fopen(path, "re");
	if (file == NULL)
		return fault;
	if (fgets(line, sizeof(line), file) == NULL)
		line[0] = '\0';
	fclose(file);
	char *rest = NULL;
	const char *const word = strtok_r(line, " \n", &rest);
	snprintf(fault.word, sizeof(fault.word), "%s", word == NULL ? "" : word);
	fault.seed = strtoul(rest == NULL ? "" : rest, &rest, 10);
	fault.permille = strtoul(rest, NULL, 10);
	return fault;
}

static void note(const char *what)
{
	char path[4096];
	const char *const fault = getenv("ZONESEAL_FAULT");
	snprintf(path, sizeof(path), "%s.log", fault == NULL ? "" : fault);
	FILE *const file = fault == NULL ? NULL : fopen(path, "ae");
	if (file == NULL)
		return;
	fprintf(file, "%s\n", what);
	fclose(file);
}

static bool is_on(const char *wanted)
{
	const struct fault fault = read_fault();
	return strcmp(fault.word, wanted) == 0;
}

/* splitmix64: the same calls of one process have the same faults. */
static unsigned long draw(unsigned long seed, unsigned long count)
{
	unsigned long z = seed + (count + 1) * 0x9e3779b97f4a7c15UL;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9UL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebUL;
	return z ^ (z >> 31);
}

/* Which of `count` faults this call is to have; `count` is none. */
static unsigned pick(unsigned count)
{
	const struct fault fault = read_fault();
	const unsigned long number = draw(fault.seed, atomic_fetch_add(&calls, 1));
	if (strcmp(fault.word, "random") != 0 || number % 1000 >= fault.permille)
		return count;
	return (unsigned)((number / 1000) % count);
}

static CK_RV fail(CK_RV rv, const char *what)
{
	note(what);
	return rv;
}

/* ---- signing ---- */

static CK_RV wrong(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG size, CK_BYTE *out, CK_ULONG *out_size)
{
	const CK_RV rv = real->C_Sign(session, data, size, out, out_size);
	if (rv != CKR_OK || out == NULL)
		return rv;
	out[*out_size - 1] ^= 1;
	return fail(rv, "lie");
}

static CK_RV close_session(CK_SESSION_HANDLE session)
{
	real->C_CloseSession(session);
	return fail(CKR_SESSION_CLOSED, "lost");
}

/* Logging out ends it for all sessions of the token. */
static CK_RV log_out(CK_SESSION_HANDLE session)
{
	real->C_Logout(session);
	return fail(CKR_USER_NOT_LOGGED_IN, "logout");
}

static CK_RV vanish(void)
{
	atomic_store(&vanished, true);
	return fail(CKR_DEVICE_REMOVED, "vanish");
}

static CK_RV not_now(unsigned count)
{
	static const CK_RV answers[] = { CKR_FUNCTION_FAILED, CKR_DEVICE_ERROR, CKR_OPERATION_ACTIVE,
		CKR_SESSION_COUNT };
	return fail(answers[count / 3 % 4], "busy");
}

static CK_RV hang(void)
{
	note("hang");
	while (pause() != 0)
		continue;
	return CKR_FUNCTION_CANCELED;
}

static CK_RV sign_at_random(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG size, CK_BYTE *out, CK_ULONG *out_size)
{
	switch (pick(6)) {
	case 0:
		return wrong(session, data, size, out, out_size);
	case 1:
		return close_session(session);
	case 2:
		return log_out(session);
	case 3:
		return vanish();
	case 4:
		return fail(CKR_FUNCTION_FAILED, "busy");
	case 5:
		return fail(CKR_DEVICE_ERROR, "device");
	default:
		return real->C_Sign(session, data, size, out, out_size);
	}
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG size, CK_BYTE *out, CK_ULONG *out_size)
{
	const struct timespec pause = { .tv_nsec = SLOW };
	const unsigned count = atomic_fetch_add(&signatures, 1);
	const unsigned turn = turns[(unsigned)gettid() % (sizeof(turns) / sizeof(*turns))]++;
	if (atomic_load(&vanished))
		return CKR_DEVICE_REMOVED;
	if (is_on("device") || (count >= BEFORE_WEARING && is_on("wears")))
		return fail(CKR_DEVICE_ERROR, "device");
	if (is_on("hang"))
		return hang();
	if (count >= BEFORE_VANISHING && is_on("vanish"))
		return vanish();
	if (turn % 3 == 2 && is_on("lost"))
		return close_session(session);
	if (turn % 3 == 2 && is_on("logout"))
		return log_out(session);
	if (turn % 3 != 2 && is_on("busy"))
		return not_now(turn);
	if ((count % 2 == 1 && is_on("lie")) || (count >= BEFORE_TIRING && is_on("tires")) ||
	    (size > CHALLENGE && is_on("long")))
		return wrong(session, data, size, out, out_size);
	if (is_on("slow")) {
		note("slow");
		nanosleep(&pause, NULL);
	}
	return sign_at_random(session, data, size, out, out_size);
}

/* ---- sessions and objects ---- */

static CK_RV open_session(
    CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify, CK_SESSION_HANDLE *session)
{
	if (atomic_load(&vanished))
		return CKR_TOKEN_NOT_PRESENT;
	if (is_on("removed"))
		return fail(CKR_TOKEN_NOT_PRESENT, "removed");
	if (is_on("rush") && atomic_fetch_add(&sessions, 1) % 3 != 2)
		return fail(CKR_SESSION_COUNT, "rush");
	switch (pick(2)) {
	case 0:
		return fail(CKR_TOKEN_NOT_PRESENT, "removed");
	case 1:
		return fail(CKR_SESSION_COUNT, "rush");
	default:
		return real->C_OpenSession(slot, flags, application, notify, session);
	}
}

static bool is_full(void)
{
	const bool full = is_on("full") || pick(2) == 0;
	if (full)
		note("full");
	return full;
}

static CK_RV make_pair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public_half,
    CK_ULONG public_count, CK_ATTRIBUTE *private_half, CK_ULONG private_count, CK_OBJECT_HANDLE *public_object,
    CK_OBJECT_HANDLE *private_object)
{
	return is_full() ? CKR_DEVICE_MEMORY
			 : real->C_GenerateKeyPair(session, mechanism, public_half, public_count, private_half,
			       private_count, public_object, private_object);
}

static CK_RV unwrap(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE under, CK_BYTE *wrapped,
    CK_ULONG size, CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *out)
{
	if (is_full())
		return CKR_DEVICE_MEMORY;
	const CK_RV rv = real->C_UnwrapKey(session, mechanism, under, wrapped, size, attributes, count, out);
	if (rv == CKR_OK)
		atomic_store(&unwrapped, *out);
	return rv;
}

static bool is_point(const CK_ATTRIBUTE *attributes, CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++)
		if (attributes[i].type == CKA_EC_POINT)
			return true;
	return false;
}

static CK_RV create(CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *out)
{
	if (is_full())
		return CKR_DEVICE_MEMORY;
	if (!is_on("anew") || !is_point(attributes, count))
		return real->C_CreateObject(session, attributes, count, out);
	note("anew");
	return anew_create(real, session, attributes, count, atomic_load(&unwrapped), out);
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

static CK_RV finalize(void *reserved)
{
	return is_on("stuck") ? hang() : real->C_Finalize(reserved);
}

static CK_RV session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO *info)
{
	return is_on("stateless") ? fail(CKR_GENERAL_ERROR, "stateless") : real->C_GetSessionInfo(session, info);
}

static CK_RV destroy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	return is_on("clings") ? fail(CKR_OK, "clings") : real->C_DestroyObject(session, object);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **out)
{
	if (!softhsm_load(&real))
		return CKR_GENERAL_ERROR;
	ours = *real;
	ours.C_Finalize = finalize;
	ours.C_GetSessionInfo = session_info;
	ours.C_DestroyObject = destroy;
	ours.C_Sign = sign;
	ours.C_OpenSession = open_session;
	ours.C_GenerateKeyPair = make_pair;
	ours.C_GetTokenInfo = token_info;
	ours.C_GetMechanismInfo = mechanism_info;
	ours.C_GetAttributeValue = attributes;
	ours.C_Login = login;
	ours.C_UnwrapKey = unwrap;
	ours.C_CreateObject = create;
	*out = &ours;
	return CKR_OK;
}
