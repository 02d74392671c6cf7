/* SPDX-License-Identifier: MIT */
/* A key comes to further tokens, and leaves tokens. */
#include <stdio.h>
#include <string.h>

#include "keystore/token_hsm_private.h"
#include "signer/base/bytes.h"

/* ---- to further tokens ---- */

static enum status read_names(
    const struct hsm_list *list, const char *names, struct hsm *out[HSM_MOST], size_t *count, struct error *err)
{
	char text[HSM_MOST * HSM_NAME + 1];
	char *rest = NULL;
	*count = 0;
	if (snprintf(text, sizeof(text), "%s", names) >= (int)sizeof(text))
		return error_set(err, STATUS_USAGE, "the list of stores is too long");
	for (char *name = strtok_r(text, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest)) {
		struct hsm *const found = hsm_by_name(list, name);
		if (found == NULL)
			return error_set(err, STATUS_USAGE, "%s has no store \"%.60s\"", list->path, name);
		for (size_t i = 0; i < *count; i++)
			if (out[i] == found)
				return error_set(err, STATUS_USAGE, "store %s is named twice", found->name);
		if (*count == HSM_MOST)
			return error_set(err, STATUS_USAGE, "more than %d stores", (int)HSM_MOST);
		out[(*count)++] = found;
	}
	return *count > 0 ? STATUS_OK : error_set(err, STATUS_USAGE, "no store is named");
}

enum status hsm_role_names(const struct hsm_list *list, enum key_role role, char out[KEY_LOCATOR], struct error *err)
{
	if (!hsm_takes(list, role))
		return error_set(err, STATUS_USAGE,
		    "stores.conf says of no store that it takes a %s: name one with --to", key_role_name(role));
	out[0] = '\0';
	for (size_t i = 0; i < list->role_count[role]; i++) {
		const size_t at = strlen(out);
		snprintf(out + at, KEY_LOCATOR - at, "%s%s", i > 0 ? "," : "", list->role[role][i]->name);
	}
	return STATUS_OK;
}

static enum status holds(struct hsm *hsm, const struct key *key, bool *out, struct error *err)
{
	struct hsm_session session = { .hsm = hsm };
	CK_ULONG count = 0;
	enum status status = hsm_session_open(hsm, false, &session, err);
	if (status == STATUS_OK)
		status = hsm_count(&session, key, CKO_PRIVATE_KEY, &count, err);
	hsm_session_close(&session);
	*out = count > 0;
	return status;
}

enum status hsm_lacks(struct hsm_list *list, const struct key *key, const char *names, bool *out, struct error *err)
{
	struct hsm *stores[HSM_MOST];
	size_t count = 0;
	*out = false;
	if (hsm_kind_of(key->algorithm) == NULL)
		return error_set(err, STATUS_KEY, "algorithm %u is not used with tokens", key->algorithm);
	enum status status = read_names(list, names, stores, &count, err);
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		bool there = false;
		status = holds(stores[i], key, &there, err);
		*out = *out || !there;
	}
	return status;
}

/* From the first of its tokens that gives it away. */
static enum status carry(
    struct hsm_list *list, const struct hsm_session *to, const struct key *key, bool leaves, struct error *err)
{
	struct hsm *places[HSM_MOST];
	size_t count = 0;
	enum status status = hsm_places(list, key, false, places, &count, err);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < count; i++) {
		struct hsm_session from = { .hsm = places[i] };
		CK_OBJECT_HANDLE object = 0;
		status = hsm_session_open(places[i], true, &from, err);
		if (status == STATUS_OK)
			status = hsm_find_private(&from, key, &object, err);
		if (status == STATUS_OK)
			status = hsm_carry(&from, to, key, object, leaves, err);
		hsm_session_close(&from);
		if (status == STATUS_OK)
			break;
	}
	return status;
}

/* What a killed move left there is completed: the private half comes first, whole or not at all. */
static enum status bring(struct hsm_list *list, struct hsm *hsm, const struct key *key, EVP_PKEY *pkey, bool leaves,
    bool *made, struct error *err)
{
	struct hsm_session to = { .hsm = hsm };
	CK_ULONG private_halves = 0;
	CK_ULONG public_halves = 0;
	enum status status = hsm_session_open(hsm, true, &to, err);
	if (status == STATUS_OK)
		status = hsm_count(&to, key, CKO_PRIVATE_KEY, &private_halves, err);
	if (status == STATUS_OK)
		status = hsm_count(&to, key, CKO_PUBLIC_KEY, &public_halves, err);
	*made = status == STATUS_OK && private_halves == 0 && public_halves == 0;
	if (*made && pkey != NULL)
		status = hsm_put(&to, key, pkey, leaves, err);
	else if (*made)
		status = carry(list, &to, key, leaves, err);
	else if (status == STATUS_OK && private_halves == 1 && public_halves == 0)
		status = hsm_put_public(&to, key, err);
	hsm_session_close(&to);
	return status;
}

static bool is_in(const struct hsm *hsm, struct hsm *const all[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (all[i] == hsm)
			return true;
	return false;
}

/* "pkcs11:" and the stores, then what of the old places is none of them. */
static enum status compose(const struct hsm_list *list, const struct key *key, struct hsm *const stores[], size_t count,
    char out[KEY_LOCATOR], struct error *err)
{
	struct hsm *old[2 * HSM_MOST];
	size_t used = 0, left = 0;
	const char *const file = strstr(key->locator, HSM_FILE);
	bool fits = true;
	enum status status = hsm_places(list, key, true, old, &left, err);
	if (status == STATUS_OK && strncmp(key->locator, HSM_SCHEME, strlen(HSM_SCHEME)) == 0)
		status = hsm_places(list, key, false, old + left, &used, err);
	if (status != STATUS_OK)
		return status;
	out[0] = '\0';
	for (size_t i = 0; i < count; i++)
		fits = fits && hsm_put_place(out, stores[i], key);
	const char mark[] = { KEY_LEFT, '\0' };
	const size_t end = strlen(out);
	if (file != NULL)
		fits = fits && snprintf(out + end, KEY_LOCATOR - end, "%s%.*s;", mark, HSM_FILE_SIZE, file) <
				   (int)(KEY_LOCATOR - end);
	for (size_t i = 0; i < left + used; i++) {
		if (is_in(old[i], stores, count) || is_in(old[i], old, i))
			continue;
		fits = fits && strlen(out) + 2 < KEY_LOCATOR;
		if (fits && strchr(out, KEY_LEFT) == NULL)
			strcat(out, mark);
		fits = fits && hsm_put_place(out, old[i], key);
	}
	if (out[strlen(out) - 1] == ';')
		out[strlen(out) - 1] = '\0';
	return fits ? STATUS_OK
		    : error_set(err, STATUS_REFUSED, "%s %u: its places are too many to write down",
			  key_role_name(key->role), key->tag);
}

enum status hsm_move(struct hsm_list *list, const struct key *key, EVP_PKEY *pkey, const char *names, bool dry,
    char locator[KEY_LOCATOR], struct error *err)
{
	struct hsm *stores[HSM_MOST];
	bool made[HSM_MOST] = { false };
	size_t count = 0;
	struct key moved = *key;
	enum status status = read_names(list, names, stores, &count, err);
	if (status == STATUS_OK)
		status = compose(list, key, stores, count, moved.locator, err);
	if (status != STATUS_OK)
		return status;
	const bool leaves = hsm_leaves(list, count);
	for (size_t i = 0; i < count && status == STATUS_OK && !dry; i++)
		status = bring(list, stores[i], key, pkey, leaves, &made[i], err);
	if (status == STATUS_OK && !dry)
		status = hsm_prove_all(list, &moved, err);
	for (size_t i = 0; i < count && status != STATUS_OK; i++) {
		struct error ignored;
		if (made[i] && hsm_destroy(stores[i], key, &ignored) != STATUS_OK)
			error_context(err, "an unproved copy stays in the store %s", stores[i]->name);
	}
	if (status == STATUS_OK)
		memcpy(locator, moved.locator, sizeof(moved.locator));
	return status;
}

/* ---- the end of a key ---- */

/* An id that others chose may have become another key's. */
static enum status check_own(const struct hsm_session *session, const struct key *key, struct error *err)
{
	uint8_t id[HSM_ID];
	uint8_t public_key[KEY_PUBLIC_MAX];
	uint16_t size = 0;
	CK_OBJECT_HANDLE object = 0;
	CK_ULONG count = 0;
	if (hsm_object_id(session->hsm, key, id) == sizeof(key->fingerprint) &&
	    memcmp(id, key->fingerprint, sizeof(key->fingerprint)) == 0)
		return STATUS_OK;
	enum status status = hsm_count(session, key, CKO_PRIVATE_KEY, &count, err);
	if (status != STATUS_OK || count == 0)
		return status;
	status = hsm_find_private(session, key, &object, err);
	if (status == STATUS_OK)
		status = hsm_public_of(session, key, public_key, &size, err);
	if (status == STATUS_OK &&
	    !bytes_equal((struct bytes){ public_key, size }, (struct bytes){ key->public_key, key->public_size }))
		status = error_set(err, STATUS_KEY,
		    "store %s: the object with the CKA_ID of %s %u is another key; nothing is destroyed there",
		    session->hsm->name, key_role_name(key->role), key->tag);
	return status;
}

enum { ROUNDS = 16 };

static enum status destroy_class(
    const struct hsm_session *session, const struct key *key, CK_OBJECT_CLASS class, struct error *err)
{
	CK_FUNCTION_LIST *const module = session->hsm->module;
	uint8_t id[HSM_ID];
	const CK_ULONG id_size = hsm_object_id(session->hsm, key, id);
	CK_ATTRIBUTE wanted[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_ID, id, id_size } };
	for (int round = 0; round < ROUNDS; round++) {
		CK_OBJECT_HANDLE object = 0;
		CK_ULONG found = 0;
		CK_RV rv = module->C_FindObjectsInit(session->handle, wanted, COUNT(wanted));
		if (rv == CKR_OK) {
			rv = module->C_FindObjects(session->handle, &object, 1, &found);
			module->C_FindObjectsFinal(session->handle);
		}
		if (rv == CKR_OK && found > 0)
			rv = module->C_DestroyObject(session->handle, object);
		if (rv != CKR_OK)
			return hsm_refuse(session->hsm, err, rv, "destroying the key failed");
		if (found == 0)
			return STATUS_OK;
	}
	return error_set(err, STATUS_KEY,
	    "store %s: it says that it destroyed %s %u %d times, and still has an object with its CKA_ID",
	    session->hsm->name, key_role_name(key->role), key->tag, (int)ROUNDS);
}

/* Objects are looked for until there are none, so what is told to be gone was seen to be. */
enum status hsm_destroy(struct hsm *hsm, const struct key *key, struct error *err)
{
	struct hsm_session session = { .hsm = hsm };
	enum status status = hsm_session_open(hsm, true, &session, err);
	if (status == STATUS_OK)
		status = check_own(&session, key, err);
	const size_t call = hsm_watch_begin(hsm->watch, hsm->name);
	if (status == STATUS_OK)
		status = destroy_class(&session, key, CKO_PRIVATE_KEY, err);
	if (status == STATUS_OK)
		status = destroy_class(&session, key, CKO_PUBLIC_KEY, err);
	hsm_watch_end(hsm->watch, call);
	hsm_session_close(&session);
	return status;
}

static enum status destroy_part(struct hsm_list *list, const struct key *key, bool left, struct error *err)
{
	struct hsm *tokens[HSM_MOST];
	size_t count = 0;
	if (list == NULL)
		return error_set(
		    err, STATUS_KEY, "%s: there is no keys/stores.conf that says which tokens these are", key->locator);
	enum status status = hsm_places(list, key, left, tokens, &count, err);
	if (status != STATUS_OK)
		return status;
	/* One that cannot be reached keeps it on no other; the first failure is what is told. */
	for (size_t i = 0; i < count; i++) {
		struct error ignored;
		error_clear(&ignored);
		const enum status one = hsm_destroy(tokens[i], key, status == STATUS_OK ? err : &ignored);
		if (status == STATUS_OK)
			status = one;
	}
	return status;
}

enum status hsm_discard(struct hsm_list *list, const struct key *key, struct error *err)
{
	const enum status status = destroy_part(list, key, false, err);
	return status == STATUS_OK ? destroy_part(list, key, true, err) : status;
}

enum status hsm_discard_left(struct hsm_list *list, const struct key *key, struct error *err)
{
	return destroy_part(list, key, true, err);
}

/* ---- the end of a copy ---- */

static enum status read_token(struct hsm *hsm, CK_TOKEN_INFO *out, struct error *err)
{
	struct hsm_session session = { .hsm = hsm };
	const enum status status = hsm_session_open(hsm, false, &session, err);
	if (status != STATUS_OK)
		return status;
	const size_t call = hsm_watch_begin(hsm->watch, hsm->name);
	const CK_RV rv = hsm->module->C_GetTokenInfo(hsm->slot, out);
	hsm_watch_end(hsm->watch, call);
	hsm_session_close(&session);
	return rv == CKR_OK ? STATUS_OK : hsm_refuse(hsm, err, rv, "the token cannot be looked at");
}

/* Slots tell nothing: two modules number the same token differently. */
static bool is_same_token(const CK_TOKEN_INFO *a, const CK_TOKEN_INFO *b)
{
	return memcmp(a->serialNumber, b->serialNumber, sizeof(a->serialNumber)) == 0 &&
	       memcmp(a->label, b->label, sizeof(a->label)) == 0 &&
	       memcmp(a->manufacturerID, b->manufacturerID, sizeof(a->manufacturerID)) == 0 &&
	       memcmp(a->model, b->model, sizeof(a->model)) == 0;
}

static bool is_same_id(const struct hsm *a, const struct hsm *b, const struct key *key)
{
	uint8_t one[HSM_ID];
	uint8_t other[HSM_ID];
	const CK_ULONG one_size = hsm_object_id(a, key, one);
	const CK_ULONG other_size = hsm_object_id(b, key, other);
	return bytes_equal((struct bytes){ one, one_size }, (struct bytes){ other, other_size });
}

/* Two stores of stores.conf may lead to one token: what looks like a copy there is the key itself. */
static enum status is_the_used_one(
    struct hsm *left, struct hsm *const used[], size_t count, const struct key *key, bool *out, struct error *err)
{
	CK_TOKEN_INFO old, now;
	*out = false;
	enum status status = read_token(left, &old, err);
	for (size_t i = 0; i < count && status == STATUS_OK && !*out; i++) {
		status = read_token(used[i], &now, err);
		*out = status == STATUS_OK && is_same_token(&old, &now) && is_same_id(left, used[i], key);
	}
	return status;
}

static enum status clear_one(
    struct hsm_list *list, struct hsm *left, const struct key *key, char kept[KEY_LOCATOR], struct error *err)
{
	struct hsm *used[HSM_MOST];
	size_t count = 0;
	bool same = false;
	enum status status = hsm_places(list, key, false, used, &count, err);
	if (status == STATUS_OK)
		status = is_the_used_one(left, used, count, key, &same, err);
	if (status != STATUS_OK)
		return status;
	if (same) {
		const size_t at = strlen(kept);
		snprintf(kept + at, KEY_LOCATOR - at, "%s%s", at > 0 ? "," : "", left->name);
		return status;
	}
	status = hsm_destroy(left, key, err);
	if (status != STATUS_OK)
		return status;
	status = hsm_prove_all(list, key, err);
	return status == STATUS_OK ? status
				   : error_context(err, "after the copy in the store %s was destroyed", left->name);
}

enum status hsm_clear_left(struct hsm_list *list, const struct key *key, char kept[KEY_LOCATOR], struct error *err)
{
	struct hsm *tokens[HSM_MOST];
	size_t count = 0;
	kept[0] = '\0';
	enum status status = hsm_places(list, key, true, tokens, &count, err);
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = clear_one(list, tokens[i], key, kept, err);
	return status;
}
