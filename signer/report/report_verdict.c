/* SPDX-License-Identifier: MIT */
/* A stored verdict ("zoneseal.verdict/1") for people. The verifier's own text says more; this is what was kept. */
#include <jansson.h>
#include <string.h>

#include "signer/report/report.h"

/* A string member, made safe for a terminal. */
static const char *text_of(const json_t *object, const char *name, struct arena *mem)
{
	const char *value = json_string_value(json_object_get(object, name));
	if (value == NULL)
		return "";
	size_t size = 4 * strlen(value) + 1;
	char *out = arena_alloc(mem, size);
	error_escape(value, strlen(value), out, size);
	return out;
}

static long long number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static void print_examples(FILE *out, const json_t *finding, struct arena *mem)
{
	enum { SHOWN = 3 };
	size_t index;
	const json_t *example;
	json_array_foreach(json_object_get(finding, "examples"), index, example)
	{
		if (index == SHOWN)
			break;
		long long line = number_of(example, "line");
		fprintf(out, "  %s %s", text_of(example, "owner", mem), text_of(example, "type", mem));
		if (line > 0)
			fprintf(out, " (line %lld)", line);
		fprintf(out, "  %s\n", text_of(example, "detail", mem));
	}
}

static bool is(const json_t *object, const char *name, const char *text)
{
	const char *const value = json_string_value(json_object_get(object, name));
	return value != NULL && strcmp(value, text) == 0;
}

/* Findings that only follow from those of the check `id`, as one sum. */
static void print_consequences(FILE *out, const json_t *findings, const char *id, struct arena *mem)
{
	size_t index;
	const json_t *one;
	long long sum = 0;
	const char *names = "", *last = "";
	json_array_foreach(findings, index, one)
	{
		if (!is(one, "follows", id))
			continue;
		sum += number_of(one, "count");
		const char *const name = text_of(one, "id", mem);
		if (strcmp(name, last) != 0)
			names = arena_printf(mem, "%s%s%s", names, names[0] == '\0' ? "" : ", ", name);
		last = name;
	}
	if (names[0] == '\0')
		return;
	fprintf(out, "  With it %lld answer%s of name servers fail%s (%s; --json has each)\n", sum, sum == 1 ? "" : "s",
	    sum == 1 ? "s" : "", names);
}

static void print_finding(FILE *out, const json_t *finding, struct arena *mem)
{
	fprintf(out, "\n%s  %s  (%lld)\n", text_of(finding, "id", mem), text_of(finding, "what", mem),
	    number_of(finding, "count"));
	print_examples(out, finding, mem);
	if (text_of(finding, "expected", mem)[0] != '\0')
		fprintf(out, "  Expected: %s\n", text_of(finding, "expected", mem));
	if (text_of(finding, "cause", mem)[0] != '\0')
		fprintf(out, "  => %s\n", text_of(finding, "cause", mem));
	if (text_of(finding, "advice", mem)[0] != '\0')
		fprintf(out, "  Do: %s\n", text_of(finding, "advice", mem));
	else if (is(finding, "result", "fail"))
		fprintf(out, "  Do: zoneseal explain %s\n", text_of(finding, "id", mem));
}

/* What has a cause of its own may be why another one refuses. */
static bool is_brief(const json_t *finding, bool pass)
{
	const char *const cause = json_string_value(json_object_get(finding, "cause"));
	return !pass && is(finding, "result", "warn") && (cause == NULL || cause[0] == '\0');
}

/* Causes first, each with what only follows from it; what refuses nothing is one line where something else does. */
static void print_findings(FILE *out, const json_t *findings, bool pass, struct arena *mem)
{
	size_t index;
	const json_t *finding;
	const char *last = "";
	json_array_foreach(findings, index, finding)
	{
		if (is_brief(finding, pass) || text_of(finding, "follows", mem)[0] != '\0')
			continue;
		const char *const id = text_of(finding, "id", mem);
		print_finding(out, finding, mem);
		/* Of several findings of one check the first has them. */
		if (strcmp(id, last) != 0)
			print_consequences(out, findings, id, mem);
		last = id;
	}
	bool any = false;
	json_array_foreach(findings, index, finding)
	{
		if (!is_brief(finding, pass))
			continue;
		fprintf(out, "%swarn  %s  %s: %lld\n", any ? "" : "\n", text_of(finding, "id", mem),
		    text_of(finding, "what", mem), number_of(finding, "count"));
		any = true;
	}
}

static void print_checks(FILE *out, const json_t *checks, struct arena *mem)
{
	size_t index, pass = 0, fail = 0, not_asked = 0;
	const json_t *check;
	json_array_foreach(checks, index, check)
	{
		const char *result = text_of(check, "result", mem);
		pass += strcmp(result, "ok") == 0 || strcmp(result, "warn") == 0;
		fail += strcmp(result, "fail") == 0;
		not_asked += strcmp(result, "not asked") == 0;
	}
	fprintf(out, "\nCHECKS   %zu pass, %zu FAIL, %zu not asked\n", pass, fail, not_asked);
	json_array_foreach(checks, index, check)
	{
		const char *result = text_of(check, "result", mem);
		if (strcmp(result, "nothing to check") == 0)
			continue;
		fprintf(out, "  %-10s %-24s %lld checked", strcmp(result, "fail") == 0 ? "FAIL" : result,
		    text_of(check, "id", mem), number_of(check, "checked"));
		if (number_of(check, "failed") > 0)
			fprintf(out, ", %lld bad", number_of(check, "failed"));
		fprintf(out, "\n");
	}
}

/* What the policy's further verifiers said (signer/engine/quorum.h). */
static void print_verifiers(FILE *out, const json_t *verifiers, struct arena *mem)
{
	size_t index, number;
	const json_t *verifier, *line;
	if (json_array_size(verifiers) > 0)
		fprintf(out, "\nVERIFIERS\n");
	json_array_foreach(verifiers, index, verifier)
	{
		const bool required = json_is_true(json_object_get(verifier, "required"));
		const bool yes = json_is_true(json_object_get(verifier, "yes"));
		fprintf(out, "  %-4s %s (%s): %s, %.1f s\n",
		    yes        ? "yes"
		    : required ? "NO"
			       : "no",
		    text_of(verifier, "program", mem), required ? "required" : "advisory",
		    text_of(verifier, "ending", mem), json_number_value(json_object_get(verifier, "seconds")));
		json_array_foreach(json_object_get(verifier, "output"), number, line)
		{
			/* Escaped when it was stored; what is in the store is not trusted all the same. */
			const char *const text = json_string_value(line);
			for (const char *at = text == NULL ? "" : text; *at != '\0'; at++)
				fprintf(
				    out, "%s%c", at == text ? "       | " : "", *at < 0x20 || *at > 0x7e ? '?' : *at);
			fprintf(out, "\n");
		}
	}
}

bool report_verdict_text(FILE *out, const char *json, bool silent, bool *pass)
{
	struct arena *mem = arena_new(0);
	json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
	const char *verdict = json_string_value(json_object_get(root, "verdict"));
	bool good = verdict != NULL;
	*pass = good && strcmp(verdict, "pass") == 0;
	if (good && !silent) {
		fprintf(out, "%s  %s serial %lld, %lld records, %lld signatures all checked, at %s\n",
		    *pass ? "PASS" : "FAIL", text_of(root, "zone", mem), number_of(root, "serial"),
		    number_of(root, "records"), number_of(root, "signatures"), text_of(root, "time", mem));
		print_findings(out, json_object_get(root, "findings"), *pass, mem);
		print_checks(out, json_object_get(root, "checks"), mem);
		print_verifiers(out, json_object_get(root, "verifiers"), mem);
	}
	json_decref(root);
	arena_free(mem);
	return good;
}
