/* SPDX-License-Identifier: MIT */
/* Prints what the policy table yields: policy_forms schema|reference|default. `policy_forms check` reads policies from
 * stdin, each ended by a line "%%", and answers each with a line: "ok", or why it is refused. */
#include <stdio.h>
#include <string.h>

#include "policies/policy_yaml.h"

static void answer(const char *text, size_t size)
{
	struct policy policy;
	struct error err;
	char said[1200] = "ok";
	error_clear(&err);
	if (policy_yaml_parse("stdin", text, size, &policy, &err) != STATUS_OK)
		error_format(&err, said, sizeof(said));
	puts(said);
}

static int check(void)
{
	static char text[1 << 20];
	char *const at = text + fread(text, 1, sizeof(text) - 1, stdin);
	*at = '\0';
	for (char *start = text; start < at;) {
		char *const end = strstr(start, "%%\n");
		if (end == NULL)
			return 2;
		answer(start, (size_t)(end - start));
		start = end + 3;
	}
	return fflush(stdout) == 0 ? 0 : 2;
}

int main(int count, char *words[])
{
	if (count == 2 && strcmp(words[1], "check") == 0)
		return check();
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
		fputs("usage: policy_forms schema|reference|default|check\n", stderr);
	arena_free(mem);
	return status;
}
