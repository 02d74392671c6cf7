/* SPDX-License-Identifier: MIT */
/* Policies of other signers: what is taken is a policy that policy check takes, and nothing of the file reaches a
 * terminal or the YAML unescaped. Each text is given to each reader. */
#include <stdlib.h>
#include <string.h>

#include "policies/import.h"
#include "policies/policy_yaml.h"
#include "tests/fuzz/fuzz.h"

static void must(int holds)
{
	if (!holds)
		abort();
}

static void plain(const char *text, int lines)
{
	for (const char *at = text; text != NULL && *at != '\0'; at++)
		must((*at >= 0x20 && *at < 0x7f) || (lines && *at == '\n'));
}

static void taken(const struct import *import)
{
	struct policy again;
	struct error err;
	struct arena *const mem = arena_new(0);
	error_clear(&err);
	must(policy_check(&import->policy, &err) == STATUS_OK);
	must(policy_yaml_parse("again", import->yaml, strlen(import->yaml), &again, &err) == STATUS_OK);
	must(strcmp(policy_yaml_print(&again, mem), policy_yaml_print(&import->policy, mem)) == 0);
	plain(import->yaml, 1);
	plain(import->name, 0);
	for (size_t i = 0; i < import->count; i++) {
		plain(import->differences[i].option, 0);
		plain(import->differences[i].theirs, 0);
		plain(import->differences[i].ours, 0);
	}
	arena_free(mem);
}

/* A text with several policies: the first, by its name in the refusal. */
static void give(enum import_peer peer, struct bytes text, const char *name)
{
	struct import import;
	struct error err;
	struct arena *const mem = arena_new(0);
	error_clear(&err);
	if (import_policy(peer, "fuzz.conf", text, name, mem, &import, &err) == STATUS_OK)
		taken(&import);
	else
		must((err.code == STATUS_POLICY || err.code == STATUS_USAGE) && err.message[0] != '\0');
	plain(err.message, 0);
	arena_free(mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes text = { data, size };
	enum import_peer guessed;
	struct error err;
	error_clear(&err);
	must(import_guess(text, &guessed, &err) == STATUS_OK || err.code == STATUS_USAGE);
	for (int peer = 0; peer < IMPORT_PEERS; peer++) {
		give((enum import_peer)peer, text, NULL);
		give((enum import_peer)peer, text, "written-out");
	}
	return 0;
}
