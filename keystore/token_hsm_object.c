/* SPDX-License-Identifier: MIT */
/* A key that others made in a token: it is taken where it is, under the CKA_ID that it has. */
#include <stdio.h>
#include <string.h>

#include "keystore/dnskey.h"
#include "keystore/token_hsm_private.h"
#include "signer/base/bytes.h"

enum { FOUND_MOST = 16 };

/* ---- the URI ---- */

static enum status parse(const char *text, P11KitUri *uri, struct error *err)
{
	if (uri == NULL || p11_kit_uri_parse(text, P11_KIT_URI_FOR_OBJECT_ON_TOKEN, uri) != P11_KIT_URI_OK ||
	    p11_kit_uri_any_unrecognized(uri) != 0)
		return error_set(err, STATUS_USAGE, "it is no URI of an object (RFC 7512 2.3)");
	if (p11_kit_uri_get_pin_value(uri) != NULL || p11_kit_uri_get_pin_source(uri) != NULL ||
	    p11_kit_uri_get_module_path(uri) != NULL || p11_kit_uri_get_module_name(uri) != NULL)
		return error_set(err, STATUS_USAGE,
		    "module and PIN stand in keys/stores.conf, not here: token=, object=, id= say which key it is");
	const CK_ATTRIBUTE *const class = p11_kit_uri_get_attribute(uri, CKA_CLASS);
	if (class != NULL && *(const CK_OBJECT_CLASS *)class->pValue != CKO_PRIVATE_KEY)
		return error_set(err, STATUS_USAGE, "type= names no private key, and only one can sign");
	if (p11_kit_uri_get_attribute(uri, CKA_LABEL) == NULL && p11_kit_uri_get_attribute(uri, CKA_ID) == NULL)
		return error_set(err, STATUS_USAGE, "it says neither object= (a label) nor id=");
	return STATUS_OK;
}

static bool text_fits(const unsigned char *wanted, const unsigned char *have, size_t size)
{
	return wanted[0] == '\0' || have[0] == '\0' || memcmp(wanted, have, size) == 0;
}

/* Whether the store's own URI leaves it possible: a token that cannot be meant is not even asked. */
static bool may_fit(P11KitUri *uri, const struct hsm *hsm)
{
	const CK_TOKEN_INFO *const wanted = p11_kit_uri_get_token_info(uri);
	const CK_TOKEN_INFO *const have = p11_kit_uri_get_token_info(hsm->uri);
	return text_fits(wanted->label, have->label, sizeof(wanted->label)) &&
	       text_fits(wanted->serialNumber, have->serialNumber, sizeof(wanted->serialNumber));
}

/* ---- the object ---- */

/* Those that its attributes fit; *count is above FOUND_MOST if there are more. */
static enum status find(const struct hsm_session *session, P11KitUri *uri, CK_OBJECT_HANDLE found[FOUND_MOST],
    CK_ULONG *count, struct error *err)
{
	CK_FUNCTION_LIST *const module = session->hsm->module;
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	const CK_ATTRIBUTE *const label = p11_kit_uri_get_attribute(uri, CKA_LABEL);
	const CK_ATTRIBUTE *const id = p11_kit_uri_get_attribute(uri, CKA_ID);
	CK_ATTRIBUTE wanted[3] = { ITEM(CKA_CLASS, class) };
	CK_ULONG wanted_count = 1;
	if (label != NULL)
		wanted[wanted_count++] = *label;
	if (id != NULL)
		wanted[wanted_count++] = *id;
	const size_t call = hsm_watch_begin(session->hsm->watch, session->hsm->name);
	CK_RV rv = module->C_FindObjectsInit(session->handle, wanted, wanted_count);
	if (rv == CKR_OK) {
		rv = module->C_FindObjects(session->handle, found, FOUND_MOST, count);
		module->C_FindObjectsFinal(session->handle);
	}
	hsm_watch_end(session->hsm->watch, call);
	return rv == CKR_OK ? STATUS_OK : hsm_refuse(session->hsm, err, rv, "looking for the key failed");
}

static enum status refuse(const struct hsm_session *session, struct error *err, const char *why)
{
	return error_set(err, STATUS_KEY, "store %s: %s", session->hsm->name, why);
}

static enum status check_kind(
    const struct hsm_session *session, CK_OBJECT_HANDLE object, const struct key *key, struct error *err)
{
	const struct hsm_kind *const kind = hsm_kind_of(key->algorithm);
	CK_KEY_TYPE type = 0;
	CK_BBOOL signs = CK_FALSE;
	uint8_t params[HSM_ATTRIBUTE];
	CK_ULONG size = 0;
	CK_ATTRIBUTE read[] = { ITEM(CKA_KEY_TYPE, type), FLAG(CKA_SIGN, &signs) };
	const size_t call = hsm_watch_begin(session->hsm->watch, session->hsm->name);
	const CK_RV rv = session->hsm->module->C_GetAttributeValue(session->handle, object, read, COUNT(read));
	hsm_watch_end(session->hsm->watch, call);
	if (rv != CKR_OK)
		return hsm_refuse(session->hsm, err, rv, "reading the kind of key failed");
	if (type != kind->type)
		return error_set(err, STATUS_KEY,
		    "store %s: that object is a key of another kind (0x%lx) than %s wants (0x%lx)", session->hsm->name,
		    type, alg_by_number(key->algorithm)->name, kind->type);
	if (signs != CK_TRUE)
		return refuse(session, err, "that key may not sign (its CKA_SIGN is false)");
	if (type != CKK_EC)
		return STATUS_OK;
	const enum status status = hsm_read(session, object, CKA_EC_PARAMS, params, &size, err);
	if (status == STATUS_OK &&
	    !bytes_equal((struct bytes){ params, size }, (struct bytes){ kind->params, kind->params_size }))
		return error_set(err, STATUS_KEY, "store %s: that key is on another curve than %s wants",
		    session->hsm->name, alg_by_number(key->algorithm)->name);
	return status;
}

/* Its CKA_ID is what it is found by from then on, so it must have one of its own. */
static enum status read_id(const struct hsm_session *session, CK_OBJECT_HANDLE object, char locator[KEY_LOCATOR],
    const struct key *key, struct error *err)
{
	uint8_t id[HSM_ATTRIBUTE];
	char hex[2 * HSM_ID + 1];
	CK_ULONG size = 0, count = 0;
	enum status status = hsm_read(session, object, CKA_ID, id, &size, err);
	if (status != STATUS_OK)
		return status;
	if (size == 0 || size > HSM_ID)
		return refuse(
		    session, err, "that key has no CKA_ID, or a very long one; give it one (pkcs11-tool --set-id)");
	bytes_to_hex((struct bytes){ id, size }, false, hex);
	struct key named = *key;
	snprintf(named.locator, sizeof(named.locator), HSM_SCHEME "%s#%s", session->hsm->name, hex);
	status = hsm_count(session, &named, CKO_PRIVATE_KEY, &count, err);
	if (status == STATUS_OK && count != 1)
		return error_set(err, STATUS_KEY,
		    "store %s: another private key has its CKA_ID %s too; give it one of its own", session->hsm->name,
		    hex);
	const size_t at = strlen(locator);
	if (status == STATUS_OK && snprintf(locator + at, KEY_LOCATOR - at, "%s%s#%s", at == 0 ? HSM_SCHEME : ",",
				       session->hsm->name, hex) >= (int)(KEY_LOCATOR - at))
		return refuse(session, err, "the places of that key are too many to write down");
	return status;
}

static enum status read_public(
    const struct hsm_session *session, const char *locator, struct key *key, struct error *err)
{
	CK_ULONG count = 0;
	struct key named = *key;
	EVP_PKEY *usable = NULL;
	const struct algorithm *const algorithm = alg_by_number(key->algorithm);
	memcpy(named.locator, locator, sizeof(named.locator));
	enum status status = hsm_count(session, &named, CKO_PUBLIC_KEY, &count, err);
	if (status == STATUS_OK && count == 0 && algorithm->least_bits == 0)
		return refuse(
		    session, err, "that key has no public half with its CKA_ID beside it, so nothing tells its DNSKEY");
	if (status == STATUS_OK)
		status = hsm_public_of(session, &named, named.public_key, &named.public_size, err);
	if (status == STATUS_OK)
		status = dnskey_public_to_pkey(algorithm, named.public_key, named.public_size, &usable, err);
	EVP_PKEY_free(usable);
	if (status != STATUS_OK)
		return error_context(err, "store %s", session->hsm->name);
	if (key->public_size > 0 && !bytes_equal((struct bytes){ named.public_key, named.public_size },
					(struct bytes){ key->public_key, key->public_size }))
		return error_set(err, STATUS_KEY, "store %s: that object is another key than %s %u", session->hsm->name,
		    key_role_name(key->role), key->tag);
	memcpy(key->public_key, named.public_key, sizeof(key->public_key));
	key->public_size = named.public_size;
	dnskey_identify(key);
	return STATUS_OK;
}

/* One store that has it, or has none that fits. */
static enum status look_at(
    const struct hsm_session *session, P11KitUri *uri, struct key *key, char locator[KEY_LOCATOR], struct error *err)
{
	CK_TOKEN_INFO info;
	CK_OBJECT_HANDLE found[FOUND_MOST];
	CK_ULONG count = 0;
	const size_t call = hsm_watch_begin(session->hsm->watch, session->hsm->name);
	const CK_RV rv = session->hsm->module->C_GetTokenInfo(session->hsm->slot, &info);
	hsm_watch_end(session->hsm->watch, call);
	if (rv != CKR_OK)
		return hsm_refuse(session->hsm, err, rv, "the token cannot be looked at");
	if (p11_kit_uri_match_token_info(uri, &info) != 1)
		return STATUS_OK;
	enum status status = find(session, uri, found, &count, err);
	if (status != STATUS_OK || count == 0)
		return status;
	if (count > 1)
		return error_set(err, STATUS_KEY,
		    "store %s: the URI fits %lu private keys%s, and one is wanted; say id= and object=",
		    session->hsm->name, count, count == FOUND_MOST ? " or more" : "");
	status = check_kind(session, found[0], key, err);
	if (status == STATUS_OK)
		status = read_id(session, found[0], locator, key, err);
	return status == STATUS_OK ? read_public(session, locator, key, err) : status;
}

static enum status look_everywhere(
    struct hsm_list *list, P11KitUri *uri, struct key *key, char locator[KEY_LOCATOR], struct error *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; i < list->count && status == STATUS_OK; i++) {
		struct hsm_session session = { .hsm = list->all[i] };
		if (!may_fit(uri, list->all[i]))
			continue;
		status = hsm_session_open(list->all[i], false, &session, err);
		if (status == STATUS_OK)
			status = look_at(&session, uri, key, locator, err);
		hsm_session_close(&session);
	}
	if (status == STATUS_OK && locator[0] == '\0')
		return error_set(err, STATUS_KEY, "no store of %s has a private key that the URI fits", list->path);
	return status;
}

enum status hsm_adopt(struct hsm_list *list, const char *text, struct key *key, struct error *err)
{
	if (list == NULL)
		return error_set(err, STATUS_KEY,
		    "there is no keys/stores.conf in the state folder that says how the token is reached");
	if (hsm_kind_of(key->algorithm) == NULL)
		return error_set(err, STATUS_KEY, "algorithm %u is not used with tokens", key->algorithm);
	struct key taken = *key;
	char locator[KEY_LOCATOR] = "";
	P11KitUri *const uri = p11_kit_uri_new();
	enum status status = parse(text, uri, err);
	if (status == STATUS_OK)
		status = look_everywhere(list, uri, &taken, locator, err);
	p11_kit_uri_free(uri);
	if (status != STATUS_OK)
		return status;
	memcpy(taken.locator, locator, sizeof(taken.locator));
	status = hsm_prove_all(list, &taken, err);
	if (status == STATUS_OK)
		*key = taken;
	return status;
}
