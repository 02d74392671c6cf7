/* SPDX-License-Identifier: MIT */
/* Prints what the policy table yields: policy_forms schema|reference|default. */
#include <stdio.h>
#include <string.h>

#include "policies/policy_yaml.h"

int main(int count, char *words[])
{
	struct arena *const mem = arena_new(0);
	struct policy defaults;
	const char *text = NULL;
	policy_defaults(&defaults);
	if (count == 2 && strcmp(words[1], "schema") == 0)
		text = policy_yaml_schema(mem);
	if (count == 2 && strcmp(words[1], "reference") == 0)
		text = policy_yaml_reference(mem);
	if (count == 2 && strcmp(words[1], "default") == 0)
		text = policy_yaml_print(&defaults, mem);
	const int status = text == NULL || fputs(text, stdout) < 0 || fflush(stdout) != 0 ? 2 : 0;
	if (text == NULL)
		fputs("usage: policy_forms schema|reference|default\n", stderr);
	arena_free(mem);
	return status;
}
