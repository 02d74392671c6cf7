/* SPDX-License-Identifier: MIT */
#include "signer/engine/verdict.h"

#include <jansson.h>
#include <string.h>

#include "signer/base/error.h"

/* A copy in which nothing can move a terminal. Names in it are escaped already, so a backslash stays. */
static const char *text_of(const json_t *object, const char *key, struct arena *mem)
{
	const char *value = json_string_value(json_object_get(object, key));
	if (value == NULL)
		return NULL;
	char *out = arena_strdup(mem, value);
	for (char *at = out; *at != '\0'; at++)
		if (*at < 0x20 || *at > 0x7e)
			*at = '?';
	return out;
}

static bool number_of(const json_t *object, const char *key, uint64_t *out)
{
	const json_t *value = json_object_get(object, key);
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*out = (uint64_t)json_integer_value(value);
	return true;
}

static const char *place_of(const json_t *finding, struct arena *mem)
{
	const json_t *first = json_array_get(json_object_get(finding, "examples"), 0);
	const char *owner = text_of(first, "owner", mem);
	const char *type = text_of(first, "type", mem);
	const char *detail = text_of(first, "detail", mem);
	uint64_t line = 0;
	(void)number_of(first, "line", &line);
	if (owner == NULL || owner[0] == '\0')
		return detail != NULL && detail[0] != '\0' ? arena_printf(mem, "; %s", detail) : "";
	char *where = line > 0 ? arena_printf(mem, " (line %llu)", (unsigned long long)line) : "";
	return arena_printf(mem, "; first: %s %s%s%s%s", owner, type != NULL ? type : "", where,
	    detail != NULL && detail[0] != '\0' ? ": " : "", detail != NULL ? detail : "");
}

static bool refuses(const json_t *root, const char *id)
{
	size_t index;
	const json_t *check;
	json_array_foreach(json_object_get(root, "checks"), index, check)
	{
		const char *its = json_string_value(json_object_get(check, "id"));
		const char *result = json_string_value(json_object_get(check, "result"));
		if (its != NULL && id != NULL && strcmp(its, id) == 0)
			return result != NULL && strcmp(result, "fail") == 0;
	}
	return true;
}

static bool is_expected(const json_t *finding)
{
	const char *const result = json_string_value(json_object_get(finding, "result"));
	return result != NULL && strcmp(result, "expected") == 0;
}

/* A change limit, by its name in a finding; VERIFY_LIMITS if it is of none. */
static enum verify_limit limit_of(const json_t *finding)
{
	static const char *const names[VERIFY_LIMITS] = VERIFY_LIMIT_NAMES;
	const char *const name = json_string_value(json_object_get(finding, "limit"));
	enum verify_limit limit = 0;
	while (limit < VERIFY_LIMITS && (name == NULL || strcmp(name, names[limit]) != 0))
		limit++;
	return limit;
}

/* Which limits refuse, which were let pass, and whether anything else refuses: a check that failed without a finding
 * does, too. */
static void read_limits(const json_t *root, struct verdict *out)
{
	size_t index;
	const json_t *one;
	size_t other = 0;
	size_t of_limits = 0;
	json_array_foreach(json_object_get(root, "findings"), index, one)
	{
		const char *const id = json_string_value(json_object_get(one, "id"));
		const enum verify_limit limit = limit_of(one);
		const bool expected = is_expected(one);
		if (expected && limit < VERIFY_LIMITS)
			out->needed[limit] = true;
		if (expected || !refuses(root, id))
			continue;
		if (limit < VERIFY_LIMITS)
			out->refusing[limit] = true;
		of_limits += limit < VERIFY_LIMITS;
		other += limit == VERIFY_LIMITS;
	}
	out->by_limits = of_limits > 0 && other == 0;
}

/* The first finding whose check failed: warnings may stand before it. */
static const char *finding_of(const json_t *root, struct arena *mem)
{
	size_t index;
	const json_t *finding;
	json_array_foreach(json_object_get(root, "findings"), index, finding)
	{
		const char *id = text_of(finding, "id", mem);
		const char *what = text_of(finding, "what", mem);
		if (id == NULL || is_expected(finding) || !refuses(root, id))
			continue;
		const char *cause = text_of(finding, "cause", mem);
		return arena_printf(mem, "%s: %s%s%s%s", id, what != NULL ? what : "refused", place_of(finding, mem),
		    cause != NULL && cause[0] != '\0' ? "; " : "", cause != NULL ? cause : "");
	}
	return NULL;
}

static uint64_t checks_of(const json_t *root)
{
	size_t index;
	const json_t *check;
	uint64_t count = 0;
	json_array_foreach(json_object_get(root, "checks"), index, check)
	{
		const char *result = json_string_value(json_object_get(check, "result"));
		uint64_t checked = 0;
		bool looked = number_of(check, "checked", &checked) && checked > 0;
		if (looked && result != NULL && (strcmp(result, "ok") == 0 || strcmp(result, "warn") == 0))
			count++;
	}
	return count;
}

static uint64_t warnings_of(const json_t *root)
{
	size_t index;
	const json_t *finding;
	uint64_t count = 0;
	json_array_foreach(json_object_get(root, "findings"), index, finding)
	{
		const char *result = json_string_value(json_object_get(finding, "result"));
		count += result != NULL && strcmp(result, "warn") == 0;
	}
	return count;
}

/* "+3 -1 ~2", without what is none; "" if all are. */
static const char *sum_of(
    const json_t *changes, const char *noun, const char *prefix, const char *text, struct arena *mem)
{
	static const struct {
		const char *name, *sign;
	} verbs[] = { { "added", "+" }, { "removed", "-" }, { "changed", "~" } };
	const char *sum = "";
	for (size_t i = 0; i < COUNT(verbs); i++) {
		uint64_t count = 0;
		(void)number_of(changes, arena_printf(mem, "%s_%s", prefix, verbs[i].name), &count);
		if (count > 0)
			sum = arena_printf(mem, "%s %s%llu", sum, verbs[i].sign, (unsigned long long)count);
	}
	if (sum[0] == '\0')
		return text;
	return arena_printf(mem, "%s%s%s%s", text, text[0] != '\0' ? ", " : "", noun, sum);
}

static const char *changes_of(const json_t *root, struct arena *mem)
{
	static const struct {
		const char *noun, *prefix;
	} kinds[] = { { "delegations", "delegations" }, { "DS", "ds" }, { "glue", "glue" }, { "apex", "apex" } };
	const json_t *const changes = json_object_get(root, "changes");
	uint64_t serial, before, after;
	if (!number_of(changes, "serial", &serial) || !number_of(changes, "records_before", &before) ||
	    !number_of(changes, "records_after", &after))
		return NULL;
	const char *text = "";
	for (size_t i = 0; i < COUNT(kinds); i++)
		text = sum_of(changes, kinds[i].noun, kinds[i].prefix, text, mem);
	if (text[0] == '\0')
		text = "delegations, DS, glue and apex as before";
	return arena_printf(mem, "against serial %llu: %s; %llu records, %llu before", (unsigned long long)serial, text,
	    (unsigned long long)after, (unsigned long long)before);
}

static struct verdict_memo memo_of(const json_t *root, struct arena *mem)
{
	const json_t *const memo = json_object_get(root, "memo");
	const json_t *const counts = json_object_get(root, "counts");
	struct verdict_memo out = { .there = json_is_object(memo) };
	uint64_t last = 0;
	if (!out.there)
		return out;
	out.full = text_of(memo, "full", mem);
	out.problem = text_of(memo, "problem", mem);
	out.written = json_is_true(json_object_get(memo, "written"));
	(void)number_of(memo, "last_full_epoch", &last);
	(void)number_of(counts, "from_memo", &out.known);
	(void)number_of(counts, "computed", &out.computed);
	out.last_full.seconds = last < INT64_MAX ? (int64_t)last : 0;
	return out;
}

static const char *missing_part(const json_t *root, struct arena *mem, struct verdict *out)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));
	const char *verdict = json_string_value(json_object_get(root, "verdict"));
	uint64_t serial = 0;
	if (schema == NULL || strcmp(schema, "zoneseal.verdict/1") != 0)
		return "its schema is not zoneseal.verdict/1";
	if (!json_is_true(json_object_get(root, "complete")))
		return "it is not complete";
	out->previous = json_array_size(json_object_get(root, "previous"));
	out->build = text_of(root, "build", mem);
	out->zone = text_of(root, "zone", mem);
	out->sha256 = text_of(root, "sha256", mem);
	if (out->build == NULL || out->zone == NULL || out->sha256 == NULL || verdict == NULL)
		return "build, zone, sha256 or verdict is missing";
	if (!number_of(root, "serial", &serial) || serial > UINT32_MAX || !number_of(root, "size", &out->size) ||
	    !number_of(root, "records", &out->records) || !number_of(root, "signatures", &out->signatures))
		return "serial, size, records or signatures is missing";
	const json_t *const plain = json_object_get(root, "unsigned");
	if (!json_is_boolean(plain))
		return "unsigned is missing";
	out->judged_unsigned = json_is_true(plain);
	out->serial = (uint32_t)serial;
	out->pass = strcmp(verdict, "pass") == 0;
	if (!out->pass && strcmp(verdict, "fail") != 0)
		return "it says neither pass nor fail";
	return NULL;
}

bool verdict_read(const char *text, size_t size, struct arena *mem, struct verdict *out, const char **why)
{
	json_error_t problem;
	*out = (struct verdict){ 0 };
	json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &problem);
	if (!json_is_object(root)) {
		json_decref(root);
		*why = "it is not one JSON object";
		return false;
	}
	*why = missing_part(root, mem, out);
	if (*why == NULL) {
		uint64_t until = 0;
		(void)number_of(root, "safe_until_epoch", &until);
		out->safe_until.seconds = until < INT64_MAX ? (int64_t)until : 0;
		out->memo = memo_of(root, mem);
		out->finding = finding_of(root, mem);
		read_limits(root, out);
		out->checks = checks_of(root);
		out->changes = changes_of(root, mem);
		out->warnings = warnings_of(root);
	}
	json_decref(root);
	return *why == NULL;
}
