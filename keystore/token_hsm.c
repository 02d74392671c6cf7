/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "keystore/token_hsm_private.h"
#include "keystore/token_private.h"
#include "signer/base/bytes.h"

static const uint8_t p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static const uint8_t p384[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 };
static const uint8_t ed25519[] = { 0x06, 0x03, 0x2b, 0x65, 0x70 };
static const uint8_t sha256[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
	0x01, 0x05, 0x00, 0x04, 0x20 };
static const uint8_t sha512[] = { 0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
	0x03, 0x05, 0x00, 0x04, 0x40 };

static const struct hsm_kind kinds[] = {
	{ 8, CKK_RSA, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS, NULL, 0, sha256, sizeof(sha256) },
	{ 10, CKK_RSA, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS, NULL, 0, sha512, sizeof(sha512) },
	{ 13, CKK_EC, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, p256, sizeof(p256), NULL, 0 },
	{ 14, CKK_EC, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, p384, sizeof(p384), NULL, 0 },
	{ 15, CKK_EC_EDWARDS, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA, ed25519, sizeof(ed25519), NULL, 0 },
};

const struct hsm_kind *hsm_kind_of(uint8_t algorithm)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (kinds[i].algorithm == algorithm)
			return &kinds[i];
	return NULL;
}

enum status hsm_refuse(const struct hsm *hsm, struct error *err, CK_RV rv, const char *what)
{
	const char *why = p11_kit_strerror(rv);
	if (rv == CKR_DEVICE_MEMORY)
		why = "the token is full";
	else if (rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_DEVICE_REMOVED)
		why = "the token was removed";
	else if (rv == CKR_DEVICE_ERROR)
		why = "the device reports an error";
	return error_set(err, STATUS_KEY, "store %s: %s: %s (0x%lx)", hsm->name, what, why, rv);
}

bool hsm_is_lost(CK_RV rv)
{
	return rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_SESSION_CLOSED || rv == CKR_USER_NOT_LOGGED_IN ||
	       rv == CKR_DEVICE_ERROR || rv == CKR_DEVICE_REMOVED || rv == CKR_TOKEN_NOT_PRESENT ||
	       rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_KEY_HANDLE_INVALID;
}

bool hsm_is_busy(CK_RV rv)
{
	return rv == CKR_FUNCTION_FAILED || rv == CKR_DEVICE_ERROR || rv == CKR_OPERATION_ACTIVE ||
	       rv == CKR_SESSION_COUNT;
}

void hsm_wait(unsigned attempt)
{
	const struct timespec pause = { .tv_nsec = 50L * 1000 * 1000 << (attempt < 4 ? attempt : 4) };
	(void)nanosleep(&pause, NULL);
}

/* ---- the token ---- */

enum { SLOTS = 64, SEEN = 200 };

/* " label" of a token that is not the wanted one, as far as there is room. */
static void add_label(const CK_TOKEN_INFO *info, char seen[SEEN])
{
	char label[sizeof(info->label) + 1];
	size_t size = sizeof(info->label);
	while (size > 0 && info->label[size - 1] == ' ')
		size--;
	snprintf(label, sizeof(label), "%.*s", (int)size, (const char *)info->label);
	const size_t at = strlen(seen);
	if (at + size + 4 < SEEN)
		snprintf(seen + at, SEEN - at, " \"%s\"", label);
}

enum status hsm_find_slot(struct hsm *hsm, struct error *err)
{
	char seen[SEEN] = "";
	CK_SLOT_ID slots[SLOTS];
	CK_ULONG count = SLOTS;
	unsigned found = 0;
	const CK_RV rv = hsm->module->C_GetSlotList(CK_TRUE, slots, &count);
	if (rv != CKR_OK)
		return hsm_refuse(hsm, err, rv, "its module lists no slots");
	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO info;
		if (hsm->module->C_GetTokenInfo(slots[i], &info) != CKR_OK || (info.flags & CKF_TOKEN_INITIALIZED) == 0)
			continue;
		if (p11_kit_uri_match_token_info(hsm->uri, &info) != 1) {
			add_label(&info, seen);
			continue;
		}
		hsm->slot = slots[i];
		found++;
	}
	if (found == 1)
		return STATUS_OK;
	if (found > 1)
		return error_set(err, STATUS_KEY,
		    "store %s: more than one of the %lu tokens that %s shows fits its URI; add serial= (softhsm2-util "
		    "--show-slots, or pkcs11-tool --module MODULE -L)",
		    hsm->name, count, p11_kit_uri_get_module_path(hsm->uri));
	return error_set(err, STATUS_KEY,
	    "store %s: none of the %lu tokens that %s shows is the one of its URI%s%s; look with softhsm2-util "
	    "--show-slots, or pkcs11-tool --module MODULE -L",
	    hsm->name, count, p11_kit_uri_get_module_path(hsm->uri), seen[0] == '\0' ? "" : ": they are called", seen);
}

enum status hsm_load_module(struct hsm *hsm, struct error *err)
{
	const char *const path = p11_kit_uri_get_module_path(hsm->uri);
	CK_FUNCTION_LIST *const module = p11_kit_module_load(path, P11_KIT_MODULE_CRITICAL);
	if (module == NULL) {
		const char *const why = p11_kit_message();
		return error_set(err, STATUS_KEY, "store %s: module %s cannot be loaded: %s", hsm->name, path,
		    why == NULL ? "no reason given" : why);
	}
	const CK_RV rv = p11_kit_module_initialize(module);
	if (rv != CKR_OK) {
		p11_kit_module_release(module);
		return hsm_refuse(hsm, err, rv, "its module cannot be initialized");
	}
	hsm->module = module;
	return STATUS_OK;
}

/* The environment is asked here alone: where credentials are is systemd's to say, by this name. */
static enum status read_credential(struct hsm *hsm, const char *name, struct error *err)
{
	const char *const folder = secure_getenv("CREDENTIALS_DIRECTORY");
	char path[1024];
	if (folder == NULL || folder[0] != '/')
		return error_set(err, STATUS_KEY,
		    "store %s: its PIN is systemd's credential %s, and $CREDENTIALS_DIRECTORY is not set: run it in "
		    "the unit, with LoadCredential=%s:/path/of/the/pin, or by hand, as root: systemd-run --pipe "
		    "--uid=zoneseal -p LoadCredential=%s:/path/of/the/pin zoneseal doctor",
		    hsm->name, name, name, name);
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return error_set(err, STATUS_KEY, "store %s: the path of its credential is too long", hsm->name);
	return secret_read_file("PIN credential", path, &hsm->pin, err);
}

static enum status read_pin(struct hsm *hsm, struct error *err)
{
	const char *const source = hsm->pin_source;
	if (strncmp(source, HSM_PIN_CREDENTIAL, strlen(HSM_PIN_CREDENTIAL)) == 0)
		return read_credential(hsm, source + strlen(HSM_PIN_CREDENTIAL), err);
	if (strncmp(source, HSM_PIN_DESCRIPTOR, strlen(HSM_PIN_DESCRIPTOR)) == 0)
		return secret_read_descriptor(
		    "PIN", (int)strtol(source + strlen(HSM_PIN_DESCRIPTOR), NULL, 10), &hsm->pin, err);
	return secret_read_file("PIN file", source + strlen(HSM_PIN_FILE), &hsm->pin, err);
}

/* A PIN that is not there is a store that cannot be used, and no zone or key that is missing. */
enum status hsm_read_pin(struct hsm *hsm, struct error *err)
{
	if (hsm->pin.data != NULL)
		return STATUS_OK;
	const enum status status = read_pin(hsm, err);
	if (status != STATUS_MISSING)
		return status;
	if (err != NULL)
		err->code = STATUS_KEY;
	return STATUS_KEY;
}

void hsm_unload(struct hsm *hsm)
{
	if (hsm->module == NULL)
		return;
	p11_kit_module_finalize(hsm->module);
	p11_kit_module_release(hsm->module);
	hsm->module = NULL;
}

static enum status load(struct hsm *hsm, struct error *err)
{
	enum status status = hsm_load_module(hsm, err);
	if (status == STATUS_OK)
		status = hsm_find_slot(hsm, err);
	if (status == STATUS_OK)
		status = hsm_read_pin(hsm, err);
	if (status != STATUS_OK)
		hsm_unload(hsm);
	return status;
}

void hsm_free(struct hsm *hsm)
{
	const size_t call = hsm_watch_begin(hsm->watch, hsm->name);
	hsm_unload(hsm);
	hsm_watch_end(hsm->watch, call);
	secret_free(&hsm->pin);
	p11_kit_uri_free(hsm->uri);
	pthread_mutex_destroy(&hsm->lock);
	hsm_lanes_destroy(&hsm->lanes);
	free(hsm);
}

/* Every wrong PIN counts towards a lock, so one that was refused is not tried again, and none is tried where the token
 * says that few tries are left. */
static enum status login(struct hsm *hsm, CK_SESSION_HANDLE session, struct error *err)
{
	CK_SESSION_INFO now;
	CK_TOKEN_INFO info;
	CK_RV rv = hsm->module->C_GetSessionInfo(session, &now);
	if (rv == CKR_OK && (now.state == CKS_RO_USER_FUNCTIONS || now.state == CKS_RW_USER_FUNCTIONS))
		return STATUS_OK;
	if (hsm->pin_refused)
		return error_set(err, STATUS_KEY,
		    "store %s: the PIN in %s was refused and is not tried again: a token locks after a few wrong ones",
		    hsm->name, hsm->pin_source);
	rv = hsm->module->C_GetTokenInfo(hsm->slot, &info);
	if (rv != CKR_OK)
		return hsm_refuse(hsm, err, rv, "the token cannot be looked at");
	if ((info.flags & CKF_USER_PIN_LOCKED) != 0)
		return error_set(
		    err, STATUS_KEY, "store %s: the user PIN is locked; its security officer unlocks it", hsm->name);
	if ((info.flags & (CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_COUNT_LOW)) != 0)
		return error_set(err, STATUS_KEY,
		    "store %s: the token says that a wrong PIN was given before and few tries are left; log in by hand "
		    "once with the right one, then run again",
		    hsm->name);
	rv = hsm->module->C_Login(session, CKU_USER, hsm->pin.data, hsm->pin.size);
	if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
		return STATUS_OK;
	hsm->pin_refused = rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED || rv == CKR_PIN_INVALID ||
			   rv == CKR_PIN_LEN_RANGE || rv == CKR_PIN_EXPIRED;
	if (hsm->pin_refused)
		return error_set(err, STATUS_KEY, "store %s: the token refuses the PIN in %s (%s); not tried again",
		    hsm->name, hsm->pin_source, p11_kit_strerror(rv));
	return hsm_refuse(hsm, err, rv, "logging in failed");
}

static enum status open_locked(struct hsm *hsm, bool write, struct hsm_session *out, struct error *err)
{
	CK_SESSION_HANDLE handle = 0;
	enum status status = hsm->module == NULL ? load(hsm, err) : STATUS_OK;
	if (status != STATUS_OK)
		return status;
	const CK_FLAGS flags = CKF_SERIAL_SESSION | (write ? CKF_RW_SESSION : 0);
	CK_RV rv = CKR_OK;
	for (unsigned attempt = 0; attempt < HSM_TRIES; attempt++) {
		if (attempt > 0)
			hsm_wait(attempt - 1);
		rv = hsm->module->C_OpenSession(hsm->slot, flags, NULL, NULL, &handle);
		if (!hsm_is_busy(rv))
			break;
	}
	if (rv != CKR_OK)
		return hsm_refuse(hsm, err, rv, "no session");
	status = login(hsm, handle, err);
	if (status == STATUS_OK)
		*out = (struct hsm_session){ hsm, handle, true };
	else
		hsm->module->C_CloseSession(handle);
	return status;
}

enum status hsm_session_open(struct hsm *hsm, bool write, struct hsm_session *out, struct error *err)
{
	pthread_mutex_lock(&hsm->lock);
	/* Not before: waiting for another thread of this process is no silence of the token. */
	const size_t call = hsm_watch_begin(hsm->watch, hsm->name);
	const enum status status = open_locked(hsm, write, out, err);
	hsm_watch_end(hsm->watch, call);
	pthread_mutex_unlock(&hsm->lock);
	return status;
}

void hsm_session_close(struct hsm_session *session)
{
	if (!session->open)
		return;
	const size_t call = hsm_watch_begin(session->hsm->watch, session->hsm->name);
	session->hsm->module->C_CloseSession(session->handle);
	hsm_watch_end(session->hsm->watch, call);
	session->open = false;
}

/* ---- its objects ---- */

static enum status find_two(const struct hsm_session *session, const struct key *key, CK_OBJECT_CLASS class,
    CK_OBJECT_HANDLE found[2], CK_ULONG *count, struct error *err)
{
	CK_FUNCTION_LIST *const module = session->hsm->module;
	uint8_t id[HSM_ID];
	const CK_ULONG id_size = hsm_object_id(session->hsm, key, id);
	CK_ATTRIBUTE wanted[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_ID, id, id_size } };
	const size_t call = hsm_watch_begin(session->hsm->watch, session->hsm->name);
	CK_RV rv = module->C_FindObjectsInit(session->handle, wanted, COUNT(wanted));
	if (rv == CKR_OK) {
		rv = module->C_FindObjects(session->handle, found, 2, count);
		module->C_FindObjectsFinal(session->handle);
	}
	hsm_watch_end(session->hsm->watch, call);
	return rv == CKR_OK ? STATUS_OK : hsm_refuse(session->hsm, err, rv, "looking for the key failed");
}

static CK_RV read_attribute(const struct hsm_session *session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *read)
{
	const size_t call = hsm_watch_begin(session->hsm->watch, session->hsm->name);
	const CK_RV rv = session->hsm->module->C_GetAttributeValue(session->handle, object, read, 1);
	hsm_watch_end(session->hsm->watch, call);
	return rv;
}

enum status hsm_count(
    const struct hsm_session *session, const struct key *key, CK_OBJECT_CLASS class, CK_ULONG *out, struct error *err)
{
	CK_OBJECT_HANDLE found[2];
	*out = 0;
	return find_two(session, key, class, found, out, err);
}

enum status hsm_find(const struct hsm_session *session, const struct key *key, CK_OBJECT_CLASS class,
    CK_OBJECT_HANDLE *out, struct error *err)
{
	CK_OBJECT_HANDLE found[2];
	CK_ULONG count = 0;
	const enum status status = find_two(session, key, class, found, &count, err);
	if (status != STATUS_OK)
		return status;
	const char *const half = class == CKO_PRIVATE_KEY ? "private" : "public";
	if (count == 0)
		return error_set(err, STATUS_KEY,
		    "store %s: it has no %s key with the CKA_ID of %s %u (its fingerprint)", session->hsm->name, half,
		    key_role_name(key->role), key->tag);
	if (count > 1)
		return error_set(err, STATUS_KEY, "store %s: two %s keys have the CKA_ID of %s %u", session->hsm->name,
		    half, key_role_name(key->role), key->tag);
	*out = found[0];
	return STATUS_OK;
}

enum status hsm_find_private(
    const struct hsm_session *session, const struct key *key, CK_OBJECT_HANDLE *out, struct error *err)
{
	const struct hsm_kind *const kind = hsm_kind_of(key->algorithm);
	CK_KEY_TYPE type = 0;
	CK_ATTRIBUTE read = { CKA_KEY_TYPE, &type, sizeof(type) };
	CK_OBJECT_HANDLE object = 0;
	const enum status status = hsm_find(session, key, CKO_PRIVATE_KEY, &object, err);
	if (status != STATUS_OK)
		return status;
	const CK_RV rv = read_attribute(session, object, &read);
	if (rv != CKR_OK)
		return hsm_refuse(session->hsm, err, rv, "reading the kind of key failed");
	if (type != kind->type)
		return error_set(err, STATUS_KEY,
		    "store %s: the object with the CKA_ID of %s %u is a key of another kind (0x%lx, not 0x%lx)",
		    session->hsm->name, key_role_name(key->role), key->tag, type, kind->type);
	*out = object;
	return STATUS_OK;
}

enum status hsm_read(const struct hsm_session *session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
    uint8_t out[HSM_ATTRIBUTE], CK_ULONG *size, struct error *err)
{
	CK_ATTRIBUTE read = { type, out, HSM_ATTRIBUTE };
	const CK_RV rv = read_attribute(session, object, &read);
	if (rv != CKR_OK || read.ulValueLen == CK_UNAVAILABLE_INFORMATION)
		return hsm_refuse(session->hsm, err, rv, "reading the public key failed");
	*size = read.ulValueLen;
	return STATUS_OK;
}

/* RFC 3110 2; no exponent of more than 255 octets is taken. */
static enum status read_rsa(const struct hsm_session *session, CK_OBJECT_HANDLE object, uint8_t out[KEY_PUBLIC_MAX],
    uint16_t *size, struct error *err)
{
	uint8_t modulus[HSM_ATTRIBUTE];
	uint8_t exponent[HSM_ATTRIBUTE];
	CK_ULONG modulus_size = 0, exponent_size = 0;
	enum status status = hsm_read(session, object, CKA_MODULUS, modulus, &modulus_size, err);
	if (status == STATUS_OK)
		status = hsm_read(session, object, CKA_PUBLIC_EXPONENT, exponent, &exponent_size, err);
	if (status != STATUS_OK)
		return status;
	const uint8_t *n = modulus;
	const uint8_t *e = exponent;
	for (; modulus_size > 0 && *n == 0; n++)
		modulus_size--;
	for (; exponent_size > 0 && *e == 0; e++)
		exponent_size--;
	if (modulus_size == 0 || exponent_size == 0 || exponent_size > 255 ||
	    1 + exponent_size + modulus_size > KEY_PUBLIC_MAX)
		return error_set(
		    err, STATUS_KEY, "store %s: its RSA key has a size that is not used in DNSSEC", session->hsm->name);
	out[0] = (uint8_t)exponent_size;
	memcpy(out + 1, e, exponent_size);
	memcpy(out + 1 + exponent_size, n, modulus_size);
	*size = (uint16_t)(1 + exponent_size + modulus_size);
	return STATUS_OK;
}

/* The octets of a point, with or without the DER of an OCTET STRING around them; modules do either. */
static enum status read_point(const struct hsm_session *session, CK_OBJECT_HANDLE object,
    const struct algorithm *algorithm, uint8_t out[KEY_PUBLIC_MAX], uint16_t *size, struct error *err)
{
	uint8_t text[HSM_ATTRIBUTE];
	const uint8_t *at = text;
	CK_ULONG left = 0;
	const bool curve = algorithm->curve != NULL;
	const size_t body = curve ? algorithm->signature_size : algorithm->signature_size / 2;
	const size_t point = body + (curve ? 1 : 0);
	const enum status status = hsm_read(session, object, CKA_EC_POINT, text, &left, err);
	if (status != STATUS_OK)
		return status;
	if (left == point + 2 && at[0] == 0x04 && at[1] == point) {
		at += 2;
		left -= 2;
	}
	if (left != point || (curve && at[0] != 0x04))
		return error_set(
		    err, STATUS_KEY, "store %s: its public key is no point of %s", session->hsm->name, algorithm->name);
	memcpy(out, at + (curve ? 1 : 0), body);
	*size = (uint16_t)body;
	return STATUS_OK;
}

enum status hsm_read_public(const struct hsm_session *session, CK_OBJECT_HANDLE object,
    const struct algorithm *algorithm, uint8_t out[KEY_PUBLIC_MAX], uint16_t *size, struct error *err)
{
	return algorithm->least_bits > 0 ? read_rsa(session, object, out, size, err)
					 : read_point(session, object, algorithm, out, size, err);
}

enum status hsm_public_of(const struct hsm_session *session, const struct key *key, uint8_t out[KEY_PUBLIC_MAX],
    uint16_t *size, struct error *err)
{
	CK_OBJECT_HANDLE object = 0;
	CK_ULONG count = 0;
	const struct algorithm *const algorithm = alg_by_number(key->algorithm);
	enum status status = hsm_count(session, key, CKO_PUBLIC_KEY, &count, err);
	const bool rsa_alone = count == 0 && algorithm->least_bits > 0;
	if (status == STATUS_OK)
		status = hsm_find(session, key, rsa_alone ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY, &object, err);
	return status == STATUS_OK ? hsm_read_public(session, object, algorithm, out, size, err) : status;
}
