/* SPDX-License-Identifier: MIT */
#include "policies/policy_stores.h"

#include <stdio.h>
#include <string.h>

static const char tokens[] = "pkcs11:", files[] = "file:", files_name[] = "files";

void policy_stores_locator(const struct policy *policy, enum key_role role, char out[KEY_LOCATOR])
{
	const char *words[POLICY_HOOK_WORDS + 1];
	const size_t count = policy_hook_words(policy->stores[role], words);
	out[0] = '\0';
	if (count == 1 && strcmp(words[0], files_name) == 0) {
		snprintf(out, KEY_LOCATOR, "%s", files);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const size_t at = strlen(out);
		snprintf(out + at, KEY_LOCATOR - at, "%s%s", i == 0 ? tokens : ",", words[i]);
	}
}

/* Whether the part of the locator that is used names the store. */
static bool names(const char *locator, const char *store)
{
	static const char ends[] = { ',', '#', KEY_LEFT, '\0' };
	const char *at = locator + strlen(tokens);
	while (*at != '\0' && *at != KEY_LEFT) {
		const size_t size = strcspn(at, ends);
		if (strlen(store) == size && memcmp(at, store, size) == 0)
			return true;
		at += size;
		at += strcspn(at, (const char[]){ ',', KEY_LEFT, '\0' });
		at += *at == ',' ? 1 : 0;
	}
	return false;
}

static size_t count_names(const char *locator)
{
	size_t count = 1;
	for (const char *at = locator; *at != '\0' && *at != KEY_LEFT; at++)
		count += *at == ',';
	return count;
}

bool policy_stores_differ(const struct policy *policy, const struct key *key)
{
	const char *words[POLICY_HOOK_WORDS + 1];
	const size_t count = policy_hook_words(policy->stores[key->role], words);
	if (count == 0 || key->foreign || key_is_offline(key))
		return false;
	const bool in_file = strncmp(key->locator, tokens, strlen(tokens)) != 0;
	if (strcmp(words[0], files_name) == 0)
		return !in_file;
	if (in_file || count_names(key->locator) != count)
		return true;
	for (size_t i = 0; i < count; i++)
		if (!names(key->locator, words[i]))
			return true;
	return false;
}

void policy_stores_mark(const struct policy *policy, struct rollover_key keys[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		keys[i].elsewhere = policy_stores_differ(policy, &keys[i].key);
}
