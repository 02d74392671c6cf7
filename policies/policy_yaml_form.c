/* SPDX-License-Identifier: MIT */
/* The table of fields as YAML, as JSON Schema and as a reference page. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keystore/algorithm.h"
#include "policies/page.h"
#include "policies/policy_field.h"
#include "policies/policy_rollover.h"
#include "policies/policy_yaml.h"
#include "signer/base/utc.h"

static unsigned depth_of(const char *path)
{
	unsigned depth = 0;
	for (const char *at = path; *at != '\0'; at++)
		depth += *at == '.';
	return depth;
}

static const char *last_word(const char *path)
{
	const char *const dot = strrchr(path, '.');
	return dot == NULL ? path : dot + 1;
}

/* Octets of the group in a path: 4 for "keys.algorithm", 0 for "name". */
static size_t group_size(const char *path)
{
	return strcspn(path, ".") == strlen(path) ? 0 : (size_t)(last_word(path) - path) - 1;
}

/* Whether `path` is in the group `group` or below it. */
static bool within(const char *path, const char *group)
{
	const size_t size = strlen(group);
	return strncmp(path, group, size) == 0 && path[size] == '.';
}

/* Writes the lines "keys:" and "  ksk:" that a path opens after the one before it. */
static void open_groups(struct page *page, const char *before, const char *path)
{
	size_t count;
	const struct field_group *const groups = field_groups(&count);
	for (size_t i = 0; i < count; i++) {
		if (!within(path, groups[i].path) || within(before, groups[i].path))
			continue;
		if (depth_of(groups[i].path) == 0)
			page_add(page, "\n");
		page_indent(page, depth_of(groups[i].path));
		page_add(page, last_word(groups[i].path));
		page_add(page, ":\n");
	}
}

/* Key sizes that do not apply have no text form. */
static bool is_left_out(const struct field *field, const struct policy *policy)
{
	return field->kind == FIELD_COUNT && field->absent != NULL && field_number(field, policy) == 0;
}

static const char *shown(int64_t seconds, struct arena *mem)
{
	char text[SPAN_TEXT];
	span_format_exact((struct span){ seconds }, text);
	return arena_strdup(mem, text);
}

/* What a person would work out by hand, as comments, with the terms of each sum. */
static void add_waits(struct page *page, const struct policy *policy)
{
	const int64_t late = policy->validity.seconds - policy->refresh.seconds;
	const int64_t reach = policy->zone_propagation.seconds;
	page_add(page, "\n# What follows:\n");
	page_add(
	    page, arena_printf(page->mem,
		      "# a signature is replaced %s to %s after it is made (validity - refresh, less up to jitter)\n",
		      shown(late - policy->jitter.seconds, page->mem), shown(late, page->mem)));
	page_add(page, arena_printf(page->mem, "# if signing stops, the zone stays valid for %s at least (refresh)\n",
			   shown(policy->refresh.seconds, page->mem)));
	page_add(page, arena_printf(page->mem,
			   "# a change is in all caches %s after it is published (propagation-delay + max-ttl)\n",
			   shown(reach + policy->max_zone_ttl, page->mem)));
	struct policy_interval interval[POLICY_INTERVALS];
	const size_t count = policy_intervals(policy, interval);
	for (size_t i = 0; i < count; i++) {
		char sum[POLICY_SUM_TEXT];
		policy_sum_format(&interval[i].sum, sum);
		page_add(
		    page, arena_printf(page->mem, "# %s\n#   %s = %s\n", interval[i].what, interval[i].symbol, sum));
	}
}

char *policy_yaml_print(const struct policy *policy, struct arena *mem)
{
	size_t count;
	const struct field *const table = field_table(&count);
	struct page page = { .mem = mem };
	const char *before = "";
	for (size_t i = 0; i < count; i++) {
		const struct field *const field = &table[i];
		if (is_left_out(field, policy))
			continue;
		open_groups(&page, before, field->path);
		before = field->path;
		page_indent(&page, depth_of(field->path));
		page_add(&page, arena_printf(mem, "%s: %s\n", last_word(field->path), field_print(field, policy, mem)));
	}
	add_waits(&page, policy);
	return page.text;
}

static void add_json_string(struct page *page, const char *text)
{
	char one[2] = "";
	page_add(page, "\"");
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			page_add(page, "\\");
		one[0] = *text;
		page_add(page, one);
	}
	page_add(page, "\"");
}

static void schema_number(struct page *page, const struct field *field)
{
	page_add(page, arena_printf(page->mem, "\"type\": \"integer\", \"minimum\": %" PRId64, field->least));
	if (field->most != 0)
		page_add(page, arena_printf(page->mem, ", \"maximum\": %" PRId64, field->most));
}

/* A duration is a number of seconds or a text; its bounds as text are beyond what a schema can say. */
static void schema_duration(struct page *page, const struct field *field, const char *or_word)
{
	page_add(page, "\"oneOf\": [{ ");
	schema_number(page, field);
	page_add(page, " }, { \"type\": \"string\", \"pattern\": \"^(");
	page_add(page, or_word);
	page_add(page, "[0-9]+|(?=.)([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?|"
		       "P(?=.)([0-9]+W)?([0-9]+D)?(T(?=.)([0-9]+H)?([0-9]+M)?([0-9]+S)?)?)$\" }]");
}

static void schema_time(struct page *page, const struct field *field)
{
	schema_duration(page, field, "");
}

static void schema_lifetime(struct page *page, const struct field *field)
{
	schema_duration(page, field, "unlimited|");
}

static void schema_choice(struct page *page, const struct field *field)
{
	page_add(page, "\"enum\": [");
	for (const struct field_choice *choice = field->choices; choice->name != NULL; choice++)
		page_add(page, arena_printf(page->mem, "%s\"%s\"", choice == field->choices ? "" : ", ", choice->name));
	page_add(page, "]");
}

static char *lower_case(const char *text, struct arena *mem)
{
	char *const copy = arena_strdup(mem, text);
	for (char *at = copy; *at != '\0'; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	return copy;
}

static void schema_algorithm(struct page *page, const struct field *field)
{
	size_t count;
	const struct algorithm *const all = alg_table(&count);
	(void)field;
	page_add(page, "\"enum\": [");
	for (size_t i = 0; i < count; i++)
		page_add(page, arena_printf(page->mem, "%s\"%s\", \"%s\", %u", i == 0 ? "" : ", ", all[i].name,
				   lower_case(all[i].name, page->mem), all[i].number));
	page_add(page, "]");
}

static void schema_bool(struct page *page, const struct field *field)
{
	(void)field;
	page_add(page, "\"type\": \"boolean\"");
}

static void schema_percent(struct page *page, const struct field *field)
{
	(void)field;
	page_add(page, "\"type\": \"string\", \"pattern\": "
		       "\"^(unlimited|100(\\\\.0{1,4})?%|(0|[1-9][0-9]?)(\\\\.[0-9]{1,4})?%)$\"");
}

static void schema_salt(struct page *page, const struct field *field)
{
	(void)field;
	page_add(page, "\"type\": \"string\", \"pattern\": \"^([0-9A-Fa-f]{2})*$\", \"maxLength\": 510");
}

/* Words that look like numbers to a YAML reader are words here. */
static void schema_words(struct page *page, const struct field *field)
{
	(void)field;
	page_add(page, "\"type\": \"array\", \"maxItems\": 32, "
		       "\"items\": { \"type\": [\"string\", \"number\", \"boolean\"], \"minLength\": 1 }");
}

static void schema_stores(struct page *page, const struct field *field)
{
	(void)field;
	page_add(page,
	    "\"type\": \"array\", \"maxItems\": 8, \"uniqueItems\": true, "
	    "\"items\": { \"type\": [\"string\", \"number\", \"boolean\"], \"pattern\": \"^[a-z0-9-]{1,31}$\" }");
}

/* Whether it is an address at all is for the program to say. */
static void schema_servers(struct page *page, const struct field *field)
{
	(void)field;
	page_add(page, "\"type\": \"array\", \"maxItems\": 8, \"uniqueItems\": true, \"items\": { \"type\": "
		       "\"string\", \"pattern\": \"^[0-9A-Fa-f.:]{2,45}(@[1-9][0-9]{0,4})?$\" }");
}

static void schema_windows(struct page *page, const struct field *field)
{
	(void)field;
	page_add(page, "\"type\": \"array\", \"maxItems\": 8, \"items\": { \"type\": \"string\", \"pattern\": "
		       "\"^((mon|tue|wed|thu|fri|sat|sun)([.][.](mon|tue|wed|thu|fri|sat|sun))?|"
		       "[01][0-9]-[0-3][0-9]([.][.][01][0-9]-[0-3][0-9])?)$\" }");
}

static void schema_name(struct page *page, const struct field *field)
{
	(void)field;
	page_add(page, "\"type\": [\"string\", \"number\", \"boolean\"], \"pattern\": \"^[a-z0-9_][a-z0-9_.-]*$\", "
		       "\"maxLength\": 63");
}

static void schema_path(struct page *page, const struct field *field)
{
	page_add(page, arena_printf(page->mem, "\"type\": [\"string\", \"number\", \"boolean\"], \"maxLength\": %zu",
			   field->width - 1));
}

typedef void schema_writer(struct page *page, const struct field *field);

static void schema_field(struct page *page, const struct field *field, unsigned depth)
{
	static schema_writer *const writers[] = {
		[FIELD_SPAN] = schema_time,
		[FIELD_TTL] = schema_time,
		[FIELD_LIFETIME] = schema_lifetime,
		[FIELD_COUNT] = schema_number,
		[FIELD_BOOL] = schema_bool,
		[FIELD_CHOICE] = schema_choice,
		[FIELD_ALGORITHM] = schema_algorithm,
		[FIELD_PERCENT] = schema_percent,
		[FIELD_SALT] = schema_salt,
		[FIELD_WORDS] = schema_words,
		[FIELD_STORES] = schema_stores,
		[FIELD_SERVERS] = schema_servers,
		[FIELD_WINDOWS] = schema_windows,
		[FIELD_PATH] = schema_path,
		[FIELD_NAME] = schema_name,
	};
	struct policy defaults;
	policy_defaults(&defaults);
	page_indent(page, depth);
	page_add(page, arena_printf(page->mem, "\"%s\": { \"description\": ", last_word(field->path)));
	add_json_string(page, field->doc);
	page_add(page, ", ");
	writers[field->kind](page, field);
	const bool has_text = field->kind == FIELD_SALT || field->kind == FIELD_PATH;
	if (field->absent == NULL && !has_text && !field_is_list(field)) {
		const char *const value = field_print(field, &defaults, page->mem);
		const bool bare = field->kind == FIELD_COUNT || field->kind == FIELD_BOOL;
		page_add(page, arena_printf(page->mem, bare ? ", \"default\": %s" : ", \"default\": \"%s\"", value));
	}
	page_add(page, " }");
}

/* The properties of a group: its fields, then its groups. */
static void schema_group(struct page *page, const char *group, unsigned depth)
{
	size_t field_count;
	size_t group_count;
	const struct field *const table = field_table(&field_count);
	const struct field_group *const groups = field_groups(&group_count);
	const size_t size = strlen(group);
	const char *gap = "\n";
	page_indent(page, depth);
	page_add(page, "\"type\": \"object\",\n");
	page_indent(page, depth);
	page_add(page, "\"additionalProperties\": false,\n");
	page_indent(page, depth);
	page_add(page, "\"properties\": {");
	for (size_t i = 0; i < field_count; i++) {
		if (group_size(table[i].path) != size || strncmp(table[i].path, group, size) != 0)
			continue;
		page_add(page, gap);
		gap = ",\n";
		schema_field(page, &table[i], depth + 1);
	}
	for (size_t i = 0; i < group_count; i++) {
		if (group_size(groups[i].path) != size || strncmp(groups[i].path, group, size) != 0)
			continue;
		page_add(page, gap);
		gap = ",\n";
		page_indent(page, depth + 1);
		page_add(page, arena_printf(page->mem, "\"%s\": {\n", last_word(groups[i].path)));
		page_indent(page, depth + 2);
		page_add(page, "\"description\": ");
		add_json_string(page, groups[i].doc);
		page_add(page, ",\n");
		schema_group(page, groups[i].path, depth + 2);
		page_add(page, "\n");
		page_indent(page, depth + 1);
		page_add(page, "}");
	}
	page_add(page, "\n");
	page_indent(page, depth);
	page_add(page, "}");
}

char *policy_yaml_schema(struct arena *mem)
{
	struct page page = { .mem = mem };
	page_add(&page, "{\n  \"$schema\": \"http://json-schema.org/draft-07/schema#\",\n"
			"  \"title\": \"zoneseal policy\",\n"
			"  \"description\": \"How a zone is signed and published. Made from the table in "
			"policies/policy_table.c.\",\n");
	schema_group(&page, "", 1);
	page_add(&page, "\n}\n");
	return page.text;
}

static char *bounds_of(const struct field *field, struct arena *mem)
{
	char least[SPAN_TEXT];
	char most[SPAN_TEXT];
	if (field->most == 0)
		return arena_strdup(mem, "");
	snprintf(least, sizeof(least), "%" PRId64, field->least);
	snprintf(most, sizeof(most), "%" PRId64, field->most);
	if (field->kind != FIELD_COUNT) {
		span_format_exact((struct span){ field->least }, least);
		span_format_exact((struct span){ field->most }, most);
	}
	return arena_printf(mem, ", %s to %s", least, most);
}

static void reference_value(struct page *page, const struct field *field)
{
	if (field->kind == FIELD_CHOICE) {
		for (const struct field_choice *choice = field->choices; choice->name != NULL; choice++)
			page_add(page,
			    arena_printf(page->mem, "%s`%s`", choice == field->choices ? "" : ", ", choice->name));
		return;
	}
	if (field->kind == FIELD_ALGORITHM) {
		size_t count;
		const struct algorithm *const all = alg_table(&count);
		for (size_t i = 0; i < count; i++)
			page_add(page, arena_printf(page->mem, "%s`%s`", i == 0 ? "" : ", ", all[i].name));
		return;
	}
	page_add(page, field_wants(field));
	page_add(page, bounds_of(field, page->mem));
}

static void reference_row(struct page *page, const struct field *field, const struct policy *defaults)
{
	page_add(page, arena_printf(page->mem, "| `%s` | ", field->path));
	reference_value(page, field);
	if (field->absent != NULL)
		page_add(page, arena_printf(page->mem, " | %s", field->absent));
	else
		page_add(page, arena_printf(page->mem, " | `%s`", field_print(field, defaults, page->mem)));
	page_add(page, arena_printf(page->mem, " | %s |\n", field->doc));
}

char *policy_yaml_reference(struct arena *mem)
{
	size_t field_count;
	size_t group_count;
	const struct field *const table = field_table(&field_count);
	const struct field_group *const groups = field_groups(&group_count);
	struct policy defaults;
	struct page page = { .mem = mem };
	policy_defaults(&defaults);
	page_add(&page,
	    "<!-- Made from the table in policies/policy_table.c by build/release/bin/policy_forms; do not edit. -->\n"
	    "# Policy reference\n\n"
	    "A policy is one YAML file. A key that is left out has its default; a key that is not known, given twice, "
	    "or "
	    "given a value of another kind is refused with its place. Anchors, aliases, tags, merge keys and several "
	    "documents are refused. `zoneseal policy check FILE` reads a file; `zoneseal policy show` prints all "
	    "values.\n");
	const char *before = "";
	for (size_t i = 0; i < field_count; i++) {
		for (size_t j = 0; j < group_count; j++)
			if (depth_of(groups[j].path) == 0 && within(table[i].path, groups[j].path) &&
			    !within(before, groups[j].path))
				page_add(&page,
				    arena_printf(mem,
					"\n## %s\n\n%s\n\n| key | value | default | meaning |\n|---|---|---|---|\n",
					groups[j].path, groups[j].doc));
		if (i == 0)
			page_add(&page, "\n| key | value | default | meaning |\n|---|---|---|---|\n");
		reference_row(&page, &table[i], &defaults);
		before = table[i].path;
	}
	return page.text;
}
