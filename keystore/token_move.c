/* SPDX-License-Identifier: MIT */
/* The same key in another place: brought, proved, and only then, by another call, gone from the old one. */
#include <string.h>

#include "keystore/token_private.h"

bool token_is_object(const char *path)
{
	return strncmp(path, HSM_SCHEME, strlen(HSM_SCHEME)) == 0;
}

static enum status find_stores(
    const struct token *token, const struct key *key, const char *stores, char out[KEY_LOCATOR], struct error *err)
{
	const struct hsm_list *const tokens = token->tokens;
	if (tokens == NULL)
		return error_set(err, STATUS_USAGE,
		    "there is no keys/stores.conf in the state folder that says which tokens there are");
	if (stores == NULL)
		return hsm_role_names(tokens, key->role, out, err);
	if (strlen(stores) >= KEY_LOCATOR)
		return error_set(err, STATUS_USAGE, "the list of stores is too long");
	strcpy(out, stores);
	return STATUS_OK;
}

enum status token_move(struct token *token, const struct key *key, const char *stores, bool dry,
    char locator[KEY_LOCATOR], struct error *err)
{
	char names[KEY_LOCATOR];
	EVP_PKEY *pkey = NULL;
	bool lacks = false;
	struct hsm_list *const tokens = token->tokens;
	const bool in_file = strncmp(key->locator, HSM_FILE, strlen(HSM_FILE)) == 0;
	enum status status = find_stores(token, key, stores, names, err);
	if (status == STATUS_OK)
		status = hsm_lacks(tokens, key, names, &lacks, err);
	if (status == STATUS_OK && lacks && in_file)
		status = token_soft_load(token, key, &pkey, err);
	if (status == STATUS_OK)
		status = hsm_move(tokens, key, pkey, names, dry, locator, err);
	EVP_PKEY_free(pkey);
	return status;
}

enum status token_clear(
    struct token *token, const struct key *key, char locator[KEY_LOCATOR], char kept[KEY_LOCATOR], struct error *err)
{
	const size_t used = strcspn(key->locator, (const char[]){ KEY_LEFT, '\0' });
	enum status status =
	    strncmp(key->locator, HSM_SCHEME, strlen(HSM_SCHEME)) == 0
		? hsm_prove_all(token->tokens, key, err)
		: error_set(err, STATUS_KEY, "%s %u was not moved", key_role_name(key->role), key->tag);
	if (status == STATUS_OK)
		status = token_clear_left(token, key, kept, err);
	if (status != STATUS_OK)
		return status;
	memset(locator, 0, KEY_LOCATOR);
	memcpy(locator, key->locator, used);
	return STATUS_OK;
}
