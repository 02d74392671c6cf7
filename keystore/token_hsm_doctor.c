/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keystore/token_doctor.h"
#include "keystore/token_hsm_private.h"
#include "signer/base/arena.h"

enum { TEXT = 700, LABEL = 64, OBJECTS = 4096, LITTLE = 4096 };

/* One examination of one store. */
struct look {
	struct hsm_list *list;
	struct hsm *hsm;
	const struct key *keys;
	size_t count;
	token_tell *tell;
	void *context;
};

static void say(const struct look *look, enum token_grade grade, const char *what, const char *format, ...)
    PRINTF_LIKE(4, 5);

static void say(const struct look *look, enum token_grade grade, const char *what, const char *format, ...)
{
	char text[TEXT];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	look->tell(look->context, grade, look->hsm->name, what, text);
}

/* Text of a fixed size, padded with blanks. */
static const char *unpadded(const CK_UTF8CHAR *text, size_t size, char out[LABEL])
{
	while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\0'))
		size--;
	snprintf(out, LABEL, "%.*s", (int)(size < LABEL ? size : LABEL - 1), (const char *)text);
	return out;
}

/* ---- module, token, PIN ---- */

static bool look_at_module(const struct look *look)
{
	struct error why;
	CK_INFO info;
	char maker[LABEL];
	char name[LABEL];
	const char *const path = p11_kit_uri_get_module_path(look->hsm->uri);
	error_clear(&why);
	if (look->hsm->module == NULL && hsm_load_module(look->hsm, &why) != STATUS_OK) {
		say(look, TOKEN_WRONG, "module",
		    "%s; is the file there and readable (ls -l %s), and the software of the HSM installed (for "
		    "SoftHSM: "
		    "softhsm2)?",
		    why.message, path);
		return false;
	}
	if (look->hsm->module->C_GetInfo(&info) != CKR_OK) {
		say(look, TOKEN_WRONG, "module", "%s is loaded and says nothing of itself; is it a PKCS#11 module?",
		    path);
		return false;
	}
	say(look, TOKEN_FINE, "module", "%s: %s, %s, version %u.%u, PKCS#11 %u.%u", path,
	    unpadded(info.manufacturerID, sizeof(info.manufacturerID), maker),
	    unpadded(info.libraryDescription, sizeof(info.libraryDescription), name), info.libraryVersion.major,
	    info.libraryVersion.minor, info.cryptokiVersion.major, info.cryptokiVersion.minor);
	return true;
}

/* Of sessions, where 0 stands for no limit. */
static bool is_number(CK_ULONG value)
{
	return value != CK_UNAVAILABLE_INFORMATION && value != CK_EFFECTIVELY_INFINITE;
}

static void look_at_room(const struct look *look, const CK_TOKEN_INFO *info)
{
	const bool told = info->ulFreePrivateMemory != CK_UNAVAILABLE_INFORMATION &&
			  info->ulTotalPrivateMemory != CK_UNAVAILABLE_INFORMATION && info->ulTotalPrivateMemory > 0;
	if ((info->flags & CKF_WRITE_PROTECTED) != 0)
		say(look, TOKEN_DOUBTFUL, "room", "the token is write protected: no key can be made in it");
	else if (told && info->ulFreePrivateMemory < LITTLE)
		say(look, info->ulFreePrivateMemory == 0 ? TOKEN_WRONG : TOKEN_DOUBTFUL, "room",
		    "the token is %s: %lu of %lu octets are free; destroy keys that left all caches (zoneseal key "
		    "purge "
		    "ZONE KEY), or what others left there (pkcs11-tool --module MODULE -l -O)",
		    info->ulFreePrivateMemory == 0 ? "full" : "almost full", info->ulFreePrivateMemory,
		    info->ulTotalPrivateMemory);
	if (is_number(info->ulMaxSessionCount) && info->ulMaxSessionCount > 0 && is_number(info->ulSessionCount) &&
	    info->ulSessionCount >= info->ulMaxSessionCount)
		say(look, TOKEN_WRONG, "session",
		    "all %lu sessions of the token are in use: end other programs that use it, or allow more",
		    info->ulMaxSessionCount);
}

static bool look_at_token(const struct look *look)
{
	struct error why;
	CK_TOKEN_INFO info;
	char label[LABEL];
	char serial[LABEL];
	char model[LABEL];
	error_clear(&why);
	if (hsm_find_slot(look->hsm, &why) != STATUS_OK) {
		say(look, TOKEN_WRONG, "token", "%s", why.message);
		return false;
	}
	if (look->hsm->module->C_GetTokenInfo(look->hsm->slot, &info) != CKR_OK) {
		say(look, TOKEN_WRONG, "token", "it was there and cannot be looked at now: is it being removed?");
		return false;
	}
	say(look, TOKEN_FINE, "token", "\"%s\", serial %s, %s, in slot %lu",
	    unpadded(info.label, sizeof(info.label), label),
	    unpadded(info.serialNumber, sizeof(info.serialNumber), serial),
	    unpadded(info.model, sizeof(info.model), model), look->hsm->slot);
	look_at_room(look, &info);
	if ((info.flags & CKF_USER_PIN_INITIALIZED) != 0)
		return true;
	say(look, TOKEN_WRONG, "PIN",
	    "the token has no user PIN yet: its security officer sets one (pkcs11-tool --module MODULE --login "
	    "--login-type so --init-pin)");
	return false;
}

static bool look_at_pin(const struct look *look, struct hsm_session *session)
{
	struct error why;
	CK_SESSION_INFO state;
	error_clear(&why);
	if (hsm_read_pin(look->hsm, &why) != STATUS_OK) {
		say(look, TOKEN_WRONG, "PIN", "%s", why.message);
		return false;
	}
	if (hsm_session_open(look->hsm, false, session, &why) != STATUS_OK) {
		say(look, TOKEN_WRONG, look->hsm->pin_refused ? "PIN" : "session", "%s%s", why.message,
		    look->hsm->pin_refused
			? "; log in by hand to see which is right (pkcs11-tool --module MODULE "
			  "--token-label LABEL --login -O), mind that it locks after a few wrong ones"
			: "");
		return false;
	}
	const bool is_in = look->hsm->module->C_GetSessionInfo(session->handle, &state) == CKR_OK &&
			   (state.state == CKS_RO_USER_FUNCTIONS || state.state == CKS_RW_USER_FUNCTIONS);
	say(look, is_in ? TOKEN_FINE : TOKEN_WRONG, "PIN",
	    is_in ? "%s is readable by its owner alone, and right" : "%s was taken, and the session is not logged in",
	    look->hsm->pin_source);
	return is_in;
}

/* ---- what it can do ---- */

static bool can(const struct hsm *hsm, CK_MECHANISM_TYPE mechanism, CK_FLAGS use)
{
	CK_MECHANISM_INFO info;
	return hsm->module->C_GetMechanismInfo(hsm->slot, mechanism, &info) == CKR_OK && (info.flags & use) == use;
}

static bool is_here(const struct look *look, const struct key *key)
{
	char store[TOKEN_STORE];
	if (strncmp(key->locator, HSM_SCHEME, strlen(HSM_SCHEME)) != 0 || key->purging.seconds != 0)
		return false;
	for (size_t at = 0; token_next_store(key, &at, store);)
		if (strcmp(store, look->hsm->name) == 0)
			return true;
	return false;
}

static bool signs_with(const struct look *look, uint8_t algorithm)
{
	for (size_t i = 0; i < look->count; i++)
		if (look->keys[i].algorithm == algorithm && is_here(look, &look->keys[i]))
			return true;
	return false;
}

/* Whether new keys are carried to or from here. */
static bool carries(const struct look *look)
{
	for (size_t r = 0; r < HSM_ROLES; r++)
		for (size_t i = 0; i < look->list->role_count[r]; i++)
			if (look->list->role[r][i] == look->hsm && look->list->role_count[r] > 1)
				return true;
	return false;
}

static void look_at_mechanisms(const struct look *look)
{
	static const uint8_t algorithms[] = { 8, 10, 13, 14, 15 };
	enum { KWP = 0x210b }; /* CKM_AES_KEY_WRAP_KWP of PKCS#11 3.0 */
	char able[TEXT] = "";
	for (size_t i = 0; i < COUNT(algorithms); i++) {
		const struct hsm_kind *const kind = hsm_kind_of(algorithms[i]);
		const char *const name = alg_by_number(algorithms[i])->name;
		const size_t at = strlen(able);
		if (can(look->hsm, kind->sign, CKF_SIGN))
			snprintf(able + at, sizeof(able) - at, "%s%s%s", at > 0 ? ", " : "", name,
			    can(look->hsm, kind->make, CKF_GENERATE_KEY_PAIR) ? "" : " (but makes no such key)");
		else if (signs_with(look, algorithms[i]))
			say(look, TOKEN_WRONG, "mechanisms", "it does not sign %s, which keys in it are for", name);
	}
	say(look, able[0] == '\0' ? TOKEN_WRONG : TOKEN_FINE, "mechanisms", "it signs %s",
	    able[0] == '\0' ? "nothing that DNSSEC uses" : able);
	const bool wraps = can(look->hsm, CKM_RSA_PKCS_OAEP, 0) && can(look->hsm, CKM_AES_KEY_GEN, 0) &&
			   (can(look->hsm, CKM_AES_KEY_WRAP_PAD, 0) || can(look->hsm, KWP, 0));
	if (!wraps)
		say(look, carries(look) ? TOKEN_WRONG : TOKEN_FINE, "mechanisms",
		    "keys cannot be carried to or from it (RSA-OAEP, AES key generation and AES key wrap are needed)%s",
		    carries(look) ? "; name it alone in its \"keys\" line" : "");
}

/* ---- its keys ---- */

static bool has_flag(const struct hsm_session *session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, bool otherwise)
{
	CK_BBOOL value = CK_FALSE;
	CK_ATTRIBUTE read = { type, &value, sizeof(value) };
	if (session->hsm->module->C_GetAttributeValue(session->handle, object, &read, 1) != CKR_OK)
		return otherwise;
	return value != CK_FALSE;
}

static void look_at_attributes(
    const struct look *look, const struct hsm_session *session, const struct key *key, CK_OBJECT_HANDLE object)
{
	char name[LABEL];
	snprintf(name, sizeof(name), "%s %u", key_role_name(key->role), key->tag);
	if (!has_flag(session, object, CKA_SIGN, true))
		say(look, TOKEN_WRONG, "keys", "%s: CKA_SIGN is not set, so it signs nothing; make or import it anew",
		    name);
	if (!has_flag(session, object, CKA_SENSITIVE, true))
		say(look, TOKEN_DOUBTFUL, "keys",
		    "%s: CKA_SENSITIVE is not set: whoever logs in can read the private key in the clear; roll it",
		    name);
	if (!has_flag(session, object, CKA_PRIVATE, true))
		say(look, TOKEN_DOUBTFUL, "keys", "%s: CKA_PRIVATE is not set: it can be used without the PIN; roll it",
		    name);
	if (has_flag(session, object, CKA_EXTRACTABLE, false) && look->list->leaving == HSM_STAYS)
		say(look, TOKEN_DOUBTFUL, "keys",
		    "%s: it can leave the token, wrapped, and stores.conf says \"extractable no\"; it was made before "
		    "that "
		    "line: roll it",
		    name);
}

/* True if it is as it has to be. */
static bool look_at_key(const struct look *look, const struct hsm_session *session, const struct key *key)
{
	struct error why;
	CK_OBJECT_HANDLE object = 0;
	uint8_t shown[KEY_PUBLIC_MAX];
	uint16_t size = 0;
	error_clear(&why);
	enum status status = hsm_find_private(session, key, &object, &why);
	if (status == STATUS_OK)
		status = hsm_public_of(session, key, shown, &size, &why);
	if (status != STATUS_OK) {
		say(look, TOKEN_WRONG, "keys",
		    "%s; no key is made in its place: restore the token from its backup, and look with pkcs11-tool "
		    "--module "
		    "MODULE --login -O",
		    why.message);
		return false;
	}
	if (size != key->public_size || memcmp(shown, key->public_key, size) != 0) {
		say(look, TOKEN_WRONG, "keys",
		    "%s %u: another public key stands under its CKA_ID: it was made anew here, not copied; signatures "
		    "by it "
		    "would be bogus. Restore this token from the backup of one that has the key",
		    key_role_name(key->role), key->tag);
		return false;
	}
	look_at_attributes(look, session, key, object);
	return true;
}

struct label {
	char text[LABEL];
};

static int compare_labels(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Tools that go by labels would take either. */
static void tell_twins(const struct look *look, struct label labels[], size_t count)
{
	qsort(labels, count, sizeof(*labels), compare_labels);
	for (size_t i = 0; i + 1 < count; i++) {
		const bool first = i == 0 || strcmp(labels[i - 1].text, labels[i].text) != 0;
		if (first && labels[i].text[0] != '\0' && strcmp(labels[i].text, labels[i + 1].text) == 0)
			say(look, TOKEN_DOUBTFUL, "keys",
			    "two private keys are labelled \"%s\": zoneseal goes by CKA_ID and public key, but tools "
			    "that go by "
			    "the label may take the wrong one; which is which: pkcs11-tool --module MODULE --login -O",
			    labels[i].text);
	}
}

/* How many private keys there are, whosever; labels that stand twice are told. */
static size_t look_at_labels(const struct look *look, const struct hsm_session *session)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE wanted[] = { ITEM(CKA_CLASS, class) };
	CK_FUNCTION_LIST *const module = session->hsm->module;
	CK_OBJECT_HANDLE *const objects = memory_calloc(OBJECTS, sizeof(*objects));
	struct label *const labels = memory_calloc(OBJECTS, sizeof(*labels));
	CK_ULONG count = 0;
	if (module->C_FindObjectsInit(session->handle, wanted, COUNT(wanted)) == CKR_OK) {
		if (module->C_FindObjects(session->handle, objects, OBJECTS, &count) != CKR_OK)
			count = 0;
		module->C_FindObjectsFinal(session->handle);
	}
	for (CK_ULONG i = 0; i < count; i++) {
		CK_ATTRIBUTE read = { CKA_LABEL, labels[i].text, LABEL - 1 };
		if (module->C_GetAttributeValue(session->handle, objects[i], &read, 1) != CKR_OK)
			labels[i].text[0] = '\0';
	}
	tell_twins(look, labels, count);
	free(labels);
	free(objects);
	return count;
}

static void look_at_keys(const struct look *look, const struct hsm_session *session)
{
	size_t here = 0;
	size_t good = 0;
	for (size_t i = 0; i < look->count; i++) {
		if (!is_here(look, &look->keys[i]))
			continue;
		here++;
		good += look_at_key(look, session, &look->keys[i]);
	}
	const size_t all = look_at_labels(look, session);
	say(look, good == here ? TOKEN_FINE : TOKEN_WRONG, "keys",
	    "%zu of %zu keys of this keystore are here, each once and with the right public key; %zu private keys in "
	    "all",
	    good, here, all);
}

static void examine(const struct look *look)
{
	struct hsm_session session = { .hsm = look->hsm };
	const bool was_loaded = look->hsm->module != NULL;
	const size_t call = hsm_watch_begin(look->hsm->watch, look->hsm->name);
	if (look_at_module(look) && look_at_token(look) && look_at_pin(look, &session)) {
		look_at_mechanisms(look);
		look_at_keys(look, &session);
	} else if (!was_loaded) {
		hsm_session_close(&session);
		hsm_unload(look->hsm); /* half opened, it would be taken for open */
	}
	hsm_session_close(&session);
	hsm_watch_end(look->hsm->watch, call);
}

enum status hsm_examine(struct hsm_list *list, const char *store, const struct key keys[], size_t count,
    token_tell *tell, void *context, struct error *err)
{
	if (store != NULL && hsm_by_name(list, store) == NULL)
		return error_set(err, STATUS_MISSING, "%s names no store %.70s",
		    list == NULL ? "keys/stores.conf" : list->path, store);
	for (size_t i = 0; list != NULL && i < list->count; i++) {
		const struct look look = { list, list->all[i], keys, count, tell, context };
		if (store == NULL || strcmp(store, list->all[i]->name) == 0)
			examine(&look);
	}
	return STATUS_OK;
}
