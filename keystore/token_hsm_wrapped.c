/* SPDX-License-Identifier: MIT */
/* A private key as octets that only a key of the tokens opens: the AES key with a label that their keepers chose. */
#include <string.h>

#include "keystore/token_hsm_private.h"

/* The one AES key with the label. */
static enum status find_kek(
    const struct hsm_session *session, const char *label, CK_OBJECT_HANDLE *out, struct error *err)
{
	CK_FUNCTION_LIST *const module = session->hsm->module;
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	CK_ATTRIBUTE wanted[] = { ITEM(CKA_CLASS, class), ITEM(CKA_KEY_TYPE, type),
		{ CKA_LABEL, (void *)label, strlen(label) } };
	CK_OBJECT_HANDLE found[2];
	CK_ULONG count = 0;
	const size_t call = hsm_watch_begin(session->hsm->watch, session->hsm->name);
	CK_RV rv = module->C_FindObjectsInit(session->handle, wanted, COUNT(wanted));
	if (rv == CKR_OK) {
		rv = module->C_FindObjects(session->handle, found, COUNT(found), &count);
		module->C_FindObjectsFinal(session->handle);
	}
	hsm_watch_end(session->hsm->watch, call);
	if (rv != CKR_OK)
		return hsm_refuse(session->hsm, err, rv, "looking for the wrapping key failed");
	if (count != 1)
		return error_set(err, STATUS_KEY, "store %s: it has %s AES key with that label to wrap under",
		    session->hsm->name, count == 0 ? "no" : "more than one");
	*out = found[0];
	return STATUS_OK;
}

static enum status wrap_at(const struct hsm_session *session, const struct key *key, const char *label,
    uint8_t out[HSM_WRAPPED], size_t *size, struct error *err)
{
	CK_OBJECT_HANDLE kek = 0, object = 0;
	CK_MECHANISM wrap = { hsm_key_wrap_of(session->hsm), NULL, 0 };
	CK_ULONG made = HSM_WRAPPED;
	enum status status = find_kek(session, label, &kek, err);
	if (status == STATUS_OK)
		status = hsm_find_private(session, key, &object, err);
	if (status != STATUS_OK)
		return status;
	const size_t call = hsm_watch_begin(session->hsm->watch, session->hsm->name);
	const CK_RV rv = session->hsm->module->C_WrapKey(session->handle, &wrap, kek, object, out, &made);
	hsm_watch_end(session->hsm->watch, call);
	if (rv != CKR_OK)
		return hsm_refuse(session->hsm, err, rv, "it does not give the private key away, even wrapped");
	*size = made;
	return STATUS_OK;
}

enum status hsm_wrap(struct hsm_list *list, const struct key *key, const char *label, uint8_t out[HSM_WRAPPED],
    size_t *size, struct error *err)
{
	struct hsm *places[HSM_MOST];
	size_t count = 0;
	if (hsm_kind_of(key->algorithm) == NULL)
		return error_set(err, STATUS_KEY, "algorithm %u is not used with tokens", key->algorithm);
	enum status status = hsm_prove_all(list, key, err);
	if (status == STATUS_OK)
		status = hsm_places(list, key, false, places, &count, err);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < count; i++) {
		struct hsm_session session = { .hsm = places[i] };
		status = hsm_session_open(places[i], true, &session, err);
		if (status == STATUS_OK)
			status = wrap_at(&session, key, label, out, size, err);
		hsm_session_close(&session);
		if (status == STATUS_OK)
			break;
	}
	return status;
}

/* What a killed import left is completed, and proved like the rest. */
static enum status unwrap_at(
    struct hsm *hsm, const struct key *key, const struct hsm_parcel *parcel, bool leaves, bool *made, struct error *err)
{
	struct hsm_session session = { .hsm = hsm };
	CK_OBJECT_HANDLE kek = 0;
	CK_ULONG private_halves = 0, public_halves = 0;
	enum status status = hsm_session_open(hsm, true, &session, err);
	if (status == STATUS_OK)
		status = find_kek(&session, parcel->label, &kek, err);
	if (status == STATUS_OK)
		status = hsm_count(&session, key, CKO_PRIVATE_KEY, &private_halves, err);
	if (status == STATUS_OK)
		status = hsm_count(&session, key, CKO_PUBLIC_KEY, &public_halves, err);
	*made = status == STATUS_OK && private_halves == 0 && public_halves == 0 && !parcel->dry;
	if (*made)
		status = hsm_unwrap(&session, key, kek, parcel->wrapped, leaves, err);
	if (status == STATUS_OK && public_halves == 0 && !parcel->dry)
		status = hsm_put_public(&session, key, err);
	hsm_session_close(&session);
	return status;
}

enum status hsm_open_parcel(struct hsm_list *list, const struct hsm_parcel *parcel, struct key *key, struct error *err)
{
	if (!hsm_takes(list, key->role))
		return error_set(err, STATUS_KEY,
		    "it is wrapped for a token, and keys/stores.conf names no store that takes a %s",
		    key_role_name(key->role));
	if (hsm_kind_of(key->algorithm) == NULL)
		return error_set(err, STATUS_KEY, "algorithm %u is not used with tokens", key->algorithm);
	struct hsm *const *const stores = list->role[key->role];
	const size_t count = list->role_count[key->role];
	bool made[HSM_MOST] = { false };
	struct key taken = *key;
	enum status status = STATUS_OK;
	taken.locator[0] = '\0';
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		if (!hsm_put_place(taken.locator, stores[i], &taken))
			return error_set(err, STATUS_INTERNAL, "the stores are too many to write down");
		status = unwrap_at(stores[i], &taken, parcel, hsm_leaves(list, count), &made[i], err);
	}
	if (status == STATUS_OK && !parcel->dry)
		status = hsm_prove_all(list, &taken, err);
	for (size_t i = 0; i < count && status != STATUS_OK; i++) {
		struct error ignored;
		if (made[i] && hsm_destroy(stores[i], &taken, &ignored) != STATUS_OK)
			error_context(err, "an unproved key stays in the store %s", stores[i]->name);
	}
	if (status == STATUS_OK)
		*key = taken;
	return status;
}
