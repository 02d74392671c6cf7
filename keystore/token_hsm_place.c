/* SPDX-License-Identifier: MIT */
/* Where a key is: its locator as tokens and object ids. */
#include <stdio.h>
#include <string.h>

#include "keystore/token_hsm_private.h"
#include "signer/base/bytes.h"

struct hsm *hsm_by_name(const struct hsm_list *list, const char *name)
{
	for (size_t i = 0; list != NULL && i < list->count; i++)
		if (strcmp(list->all[i]->name, name) == 0)
			return list->all[i];
	return NULL;
}

/* One NAME or NAME#ID of a list with commas, as text; returns what follows it. */
static const char *next_name(const char *at, char name[HSM_NAME], struct bytes *id)
{
	const size_t size = strcspn(at, ",|");
	const char *const mark = memchr(at, '#', size);
	const size_t name_size = mark == NULL ? size : (size_t)(mark - at);
	snprintf(name, HSM_NAME, "%.*s", (int)(name_size < HSM_NAME ? name_size : 0), at);
	*id = mark == NULL ? (struct bytes){ NULL, 0 }
			   : (struct bytes){ (const uint8_t *)mark + 1, size - name_size - 1 };
	return at + size + (at[size] == ',' ? 1 : 0);
}

/* The part of a locator that tokens are named in: the first (what the key is used from), or what follows the bar. */
static const char *part_of(const struct key *key, bool left)
{
	const char *const bar = strchr(key->locator, KEY_LEFT);
	const char *const part = !left ? key->locator : bar == NULL ? "" : bar + 1;
	const char *const found = strstr(part, HSM_SCHEME);
	const bool inside = found != NULL && (left || bar == NULL || found < bar);
	return inside ? found + strlen(HSM_SCHEME) : "";
}

enum status hsm_places(const struct hsm_list *list, const struct key *key, bool left, struct hsm *out[HSM_MOST],
    size_t *count, struct error *err)
{
	const char *at = part_of(key, left);
	char name[HSM_NAME];
	struct bytes id;
	*count = 0;
	while (*at != '\0' && *at != KEY_LEFT && *count < HSM_MOST) {
		at = next_name(at, name, &id);
		struct hsm *const found = hsm_by_name(list, name);
		if (found == NULL && key->public_size == 0)
			return error_set(err, STATUS_KEY, "a new %s is to be in the store %s, which %s does not have",
			    key_role_name(key->role), name, list == NULL ? "keys/stores.conf" : list->path);
		if (found == NULL)
			return error_set(err, STATUS_KEY, "%s %u is in the store %s, which %s does not have",
			    key_role_name(key->role), key->tag, name, list == NULL ? "keys/stores.conf" : list->path);
		out[(*count)++] = found;
	}
	if (*count > 0 || left)
		return STATUS_OK;
	return error_set(err, STATUS_KEY, "%s %u: its locator names no store", key_role_name(key->role), key->tag);
}

static bool id_in(const char *at, const struct hsm *hsm, struct bytes *id)
{
	char name[HSM_NAME];
	while (*at != '\0' && *at != KEY_LEFT) {
		at = next_name(at, name, id);
		if (strcmp(name, hsm->name) == 0 && id->size > 0)
			return true;
	}
	return false;
}

CK_ULONG hsm_object_id(const struct hsm *hsm, const struct key *key, uint8_t out[HSM_ID])
{
	struct bytes text;
	if ((id_in(part_of(key, false), hsm, &text) || id_in(part_of(key, true), hsm, &text)) &&
	    text.size <= 2 * HSM_ID) {
		const long size = bytes_from_hex((const char *)text.data, text.size, out, HSM_ID);
		if (size > 0)
			return (CK_ULONG)size;
	}
	memcpy(out, key->fingerprint, sizeof(key->fingerprint));
	return sizeof(key->fingerprint);
}

bool hsm_put_place(char locator[KEY_LOCATOR], const struct hsm *hsm, const struct key *key)
{
	uint8_t id[HSM_ID];
	char hex[2 * HSM_ID + 1];
	const CK_ULONG size = hsm_object_id(hsm, key, id);
	const bool own = bytes_equal((struct bytes){ id, size }, (struct bytes){ key->fingerprint, 32 });
	const size_t at = strlen(locator);
	bytes_to_hex((struct bytes){ id, size }, false, hex);
	const bool first = at == 0 || locator[at - 1] == KEY_LEFT || locator[at - 1] == ';';
	const int need = snprintf(locator + at, KEY_LOCATOR - at, "%s%s%s%s", first ? HSM_SCHEME : ",", hsm->name,
	    own ? "" : "#", own ? "" : hex);
	return need > 0 && at + (size_t)need < KEY_LOCATOR;
}
