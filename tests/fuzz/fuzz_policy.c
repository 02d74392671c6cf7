/* SPDX-License-Identifier: MIT */
/* Policy files: what is taken is printed and taken again as the same policy; what is refused is refused at a place. */
#include <stdlib.h>
#include <string.h>

#include "policies/policy_yaml.h"
#include "tests/fuzz/fuzz.h"

static void must(int holds)
{
	if (!holds)
		abort();
}

static void taken(const struct policy *policy)
{
	struct arena *const mem = arena_new(0);
	struct policy again;
	struct error err;
	char *const printed = policy_yaml_print(policy, mem);
	must(policy_check(policy, &err) == STATUS_OK);
	must(policy_yaml_parse("again", printed, strlen(printed), &again, &err) == STATUS_OK);
	must(strcmp(policy_yaml_print(&again, mem), printed) == 0);
	arena_free(mem);
}

static void refused(const struct error *err, const uint8_t *data, size_t size)
{
	size_t lines = 1;
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	must(err->code == STATUS_POLICY && strcmp(err->file, "fuzz.yaml") == 0 && err->message[0] != '\0');
	must(err->line <= lines && err->column <= size + 1);
	for (const char *at = err->message; *at != '\0'; at++)
		must(*at >= 0x20 && *at < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy policy;
	struct error err;
	error_clear(&err);
	if (policy_yaml_parse("fuzz.yaml", (const char *)data, size, &policy, &err) == STATUS_OK)
		taken(&policy);
	else
		refused(&err, data, size);
	return 0;
}
