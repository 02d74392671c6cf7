/* SPDX-License-Identifier: MIT */
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "keystore/dnskey.h"
#include "keystore/token_hsm_private.h"

enum { NEW_RSA_LEAST = 2048 };

/* ---- making the pair ---- */

/* The CKA_ID is not known before the key is: a random one stands there for a moment. */
enum status hsm_make_pair(const struct hsm_session *session, const struct key *key, bool stays, bool carried,
    struct hsm_pair *out, struct error *err)
{
	const struct hsm_kind *const kind = hsm_kind_of(key->algorithm);
	CK_BBOOL yes = CK_TRUE;
	CK_BBOOL kept = stays ? CK_TRUE : CK_FALSE;
	CK_BBOOL leaves = carried ? CK_TRUE : CK_FALSE;
	CK_BBOOL no = CK_FALSE;
	uint8_t id[32];
	CK_ULONG bits = key->bits;
	uint8_t exponent[] = { 1, 0, 1 };
	const bool rsa = kind->type == CKK_RSA;
	if (RAND_bytes(id, sizeof(id)) != 1)
		return error_set(err, STATUS_KEY, "no random octets");
	CK_ATTRIBUTE public_half[] = { FLAG(CKA_TOKEN, &kept), FLAG(CKA_VERIFY, &yes), FLAG(CKA_PRIVATE, &no),
		{ CKA_ID, id, sizeof(id) },
		rsa ? (CK_ATTRIBUTE)ITEM(CKA_MODULUS_BITS, bits)
		    : (CK_ATTRIBUTE){ CKA_EC_PARAMS, (void *)kind->params, kind->params_size },
		{ CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent) } };
	CK_ATTRIBUTE private_half[] = { FLAG(CKA_TOKEN, &kept), FLAG(CKA_PRIVATE, &yes), FLAG(CKA_SENSITIVE, &yes),
		FLAG(CKA_SIGN, &yes), FLAG(CKA_EXTRACTABLE, &leaves), { CKA_ID, id, sizeof(id) } };
	CK_MECHANISM mechanism = { kind->make, NULL, 0 };
	const CK_RV rv = session->hsm->module->C_GenerateKeyPair(session->handle, &mechanism, public_half,
	    COUNT(public_half) - (rsa ? 0 : 1), private_half, COUNT(private_half), &out->public_object,
	    &out->private_object);
	return rv == CKR_OK ? STATUS_OK : hsm_refuse(session->hsm, err, rv, "no key was made");
}

enum status hsm_name_pair(
    const struct hsm_session *session, const struct key *key, const struct hsm_pair *pair, struct error *err)
{
	char label[64];
	const int size = snprintf(label, sizeof(label), "zoneseal %s %u", key_role_name(key->role), key->tag);
	CK_ATTRIBUTE names[] = { { CKA_ID, (void *)key->fingerprint, sizeof(key->fingerprint) },
		{ CKA_LABEL, label, (CK_ULONG)size } };
	CK_FUNCTION_LIST *const module = session->hsm->module;
	const size_t call = hsm_watch_begin(session->hsm->watch, session->hsm->name);
	CK_RV rv = module->C_SetAttributeValue(session->handle, pair->public_object, names, COUNT(names));
	if (rv == CKR_OK)
		rv = module->C_SetAttributeValue(session->handle, pair->private_object, names, COUNT(names));
	hsm_watch_end(session->hsm->watch, call);
	return rv == CKR_OK ? STATUS_OK : hsm_refuse(session->hsm, err, rv, "the key cannot be given its CKA_ID");
}

static void destroy_pair(const struct hsm_session *session, const struct hsm_pair *pair)
{
	const size_t call = hsm_watch_begin(session->hsm->watch, session->hsm->name);
	session->hsm->module->C_DestroyObject(session->handle, pair->private_object);
	session->hsm->module->C_DestroyObject(session->handle, pair->public_object);
	hsm_watch_end(session->hsm->watch, call);
}

enum status hsm_identify(
    const struct hsm_session *session, const struct hsm_pair *pair, struct key *key, struct error *err)
{
	const enum status status = hsm_read_public(
	    session, pair->public_object, alg_by_number(key->algorithm), key->public_key, &key->public_size, err);
	if (status == STATUS_OK)
		dnskey_identify(key);
	return status;
}

static enum status make_first(struct hsm *hsm, bool carried, struct hsm_session *session, struct hsm_pair *pair,
    struct key *key, struct error *err)
{
	const struct algorithm *const algorithm = alg_by_number(key->algorithm);
	if (algorithm == NULL || hsm_kind_of(key->algorithm) == NULL)
		return error_set(err, STATUS_KEY, "algorithm %u is not used with tokens", key->algorithm);
	if (algorithm->least_bits > 0 && key->bits == 0)
		key->bits = algorithm->default_bits;
	if (algorithm->least_bits > 0 && (key->bits < NEW_RSA_LEAST || key->bits > algorithm->most_bits))
		return error_set(err, STATUS_KEY, "%s: a new key has %u to %u bits, not %u", algorithm->name,
		    NEW_RSA_LEAST, algorithm->most_bits, key->bits);
	enum status status = hsm_session_open(hsm, true, session, err);
	if (status != STATUS_OK)
		return status;
	const size_t call = hsm_watch_begin(hsm->watch, hsm->name);
	status = hsm_make_pair(session, key, true, carried, pair, err);
	hsm_watch_end(hsm->watch, call);
	if (status != STATUS_OK)
		return status;
	status = hsm_identify(session, pair, key, err);
	if (status == STATUS_OK)
		status = hsm_name_pair(session, key, pair, err);
	if (status != STATUS_OK)
		destroy_pair(session, pair);
	return status;
}

static enum status carry_to(const struct hsm_session *from, struct hsm *hsm, const struct key *key,
    const struct hsm_pair *pair, bool leaves, struct error *err)
{
	struct hsm_session to = { .hsm = hsm };
	enum status status = hsm_session_open(hsm, true, &to, err);
	if (status == STATUS_OK)
		status = hsm_carry(from, &to, key, pair->private_object, leaves, err);
	hsm_session_close(&to);
	return status;
}

/* Also where stores.conf lets a run do without some. */
enum status hsm_prove_all(struct hsm_list *list, const struct key *key, struct error *err)
{
	EVP_PKEY *published = NULL;
	struct hsm_signer *signer = NULL;
	const size_t least = list->least;
	enum status status =
	    dnskey_public_to_pkey(alg_by_number(key->algorithm), key->public_key, key->public_size, &published, err);
	list->least = 0;
	if (status == STATUS_OK)
		status = hsm_signer_new(list, key, published, &signer, err);
	list->least = least;
	hsm_signer_free(signer);
	EVP_PKEY_free(published);
	return status;
}

/* Those that the caller asks for, or those of stores.conf. */
static enum status choose_stores(
    const struct hsm_list *list, const struct key *key, struct hsm *out[HSM_MOST], size_t *count, struct error *err)
{
	if (list == NULL)
		return error_set(err, STATUS_KEY,
		    "a new %s is to be in tokens (%s), and there is no keys/stores.conf in the state folder that says "
		    "which they are",
		    key_role_name(key->role), key->locator);
	if (key->locator[0] != '\0')
		return hsm_places(list, key, false, out, count, err);
	*count = list->role_count[key->role];
	memcpy(out, list->role[key->role], *count * sizeof(*out));
	return STATUS_OK;
}

/* It has been carried, and leaves no more. */
static enum status seal(const struct hsm_session *session, const struct hsm_pair *pair, struct error *err)
{
	CK_BBOOL no = CK_FALSE;
	CK_ATTRIBUTE wanted = FLAG(CKA_EXTRACTABLE, &no);
	const size_t call = hsm_watch_begin(session->hsm->watch, session->hsm->name);
	const CK_RV rv = session->hsm->module->C_SetAttributeValue(session->handle, pair->private_object, &wanted, 1);
	hsm_watch_end(session->hsm->watch, call);
	return rv == CKR_OK ? STATUS_OK : hsm_refuse(session->hsm, err, rv, "the key cannot be kept from leaving it");
}

/* One key in several stores, not one in each: what was made under one tag, label and CKA_ID must be one key. */
static enum status guard_copies(struct hsm_list *list, const struct key *key, struct error *err)
{
	struct error why;
	error_clear(&why);
	const enum status status = hsm_prove_all(list, key, &why);
	if (status == STATUS_OK)
		return STATUS_OK;
	return error_set(err, status,
	    "%s; the new key is destroyed in all stores and the zone stays as it is published; look with zoneseal "
	    "doctor at what that store does, then run again",
	    why.message);
}

enum status hsm_generate(struct hsm_list *list, struct key *key, struct error *err)
{
	struct hsm *role[HSM_MOST];
	size_t count = 0;
	enum status status = choose_stores(list, key, role, &count, err);
	if (status != STATUS_OK)
		return status;
	struct key made = *key;
	struct hsm_session session = { .hsm = role[0] };
	struct hsm_pair pair = { 0, 0 };
	const bool leaves = hsm_leaves(list, count);
	status = make_first(role[0], leaves || count > 1, &session, &pair, &made, err);
	const bool is_made = status == STATUS_OK;
	snprintf(made.locator, sizeof(made.locator), HSM_SCHEME "%s", role[0]->name);
	for (size_t i = 1; i < count && status == STATUS_OK; i++) {
		const size_t at = strlen(made.locator);
		status = carry_to(&session, role[i], &made, &pair, leaves, err);
		snprintf(made.locator + at, sizeof(made.locator) - at, ",%s", role[i]->name);
	}
	if (status == STATUS_OK && count > 1 && !leaves)
		status = seal(&session, &pair, err);
	hsm_session_close(&session);
	if (status == STATUS_OK)
		status = guard_copies(list, &made, err);
	if (status != STATUS_OK && is_made) {
		struct error ignored;
		if (hsm_discard(list, &made, &ignored) != STATUS_OK)
			error_context(err, "what came of it may still be on a token (CKA_ID is its fingerprint)");
	}
	if (status == STATUS_OK)
		*key = made;
	return status;
}
