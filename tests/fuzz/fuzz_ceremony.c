/* SPDX-License-Identifier: MIT */
/* KSR and SKR, of both forms: what is read in our form is written again octet for octet, and no check breaks. */
#include <stdlib.h>
#include <string.h>

#include "signer/ceremony/ceremony_check.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t apex[] = { 2, 'n', 'l', 4, 't', 'e', 's', 't', 0 };

static struct policy policy_of(void)
{
	struct policy policy;
	policy_defaults(&policy);
	policy.algorithm = 15;
	policy.offline_ksk = true;
	return policy;
}

static void check(struct ceremony_file *file, struct arena *mem)
{
	const struct policy policy = policy_of();
	struct error err;
	struct ceremony_file request = *file; /* as if it had asked for just this */
	memcpy(request.sha256, file->request, sizeof(request.sha256));
	const struct ceremony_rules rules = { .policy = &policy, .now = file->from, .unproven = true };
	const struct ceremony_rules after = { .policy = &policy, .now = file->from, .previous = &request };
	if (ceremony_complete(file, &policy, utc_add(file->from, policy.skr_period), mem, &err) != STATUS_OK)
		return;
	const enum status asked = ceremony_check_request(file, &rules, mem, &err);
	const enum status answered = ceremony_check_response(file, &request, &rules, mem, &err);
	const enum status chained = file->kind == CEREMONY_REQUEST
					? ceremony_check_request(file, &after, mem, &err)
					: ceremony_check_response(file, &request, &after, mem, &err);
	/* Nothing is both, and nothing goes on from itself. */
	if ((asked == STATUS_OK && answered == STATUS_OK) || (chained == STATUS_OK && file->form == CEREMONY_OWN))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ceremony_file file;
	struct error err;
	if (size > 200000)
		return 0;
	struct arena *const mem = arena_new(0);
	char *const text = arena_strndup(mem, (const char *)data, size);
	if (size > 0)
		memcpy(text, data, size);
	if (ceremony_read("input", text, size, apex, mem, &file, &err) == STATUS_OK) {
		const char *const again = ceremony_write(&file, mem);
		if (file.form == CEREMONY_OWN && (strlen(again) != size || memcmp(again, text, size) != 0))
			abort();
		check(&file, mem);
	}
	arena_free(mem);
	return 0;
}
