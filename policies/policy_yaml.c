/* SPDX-License-Identifier: MIT */
#include "policies/policy_yaml.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "policies/policy_field.h"
#include "policies/policy_text.h"
#include "signer/base/suggest.h"

enum {
	MOST_FIELDS = 100,
	MOST_GROUPS = 24,
	PATH_SIZE = 64,
	DEEPEST = 8, /* collections within collections; the table itself needs three */
};

struct binder {
	yaml_parser_t parser;
	const char *file;
	struct bytes text;
	struct policy *policy;
	struct policy_place fields[MOST_FIELDS]; /* where each key was given; line 0: not yet */
	struct policy_place groups[MOST_GROUPS];
	struct error *err;
};

static enum status refuse_at(const struct binder *binder, struct policy_place place, const char *path, const char *what)
{
	return error_set_at(binder->err, STATUS_POLICY, binder->file, place.line, place.column, "%s%s%s", path,
	    path[0] == '\0' ? "" : ": ", what);
}

static struct policy_place start_of(const struct binder *binder, const yaml_event_t *event)
{
	return policy_text_place(binder->text, event->start_mark.line, event->start_mark.column);
}

static enum status refuse(const struct binder *binder, const yaml_event_t *event, const char *path, const char *what)
{
	return refuse_at(binder, start_of(binder, event), path, what);
}

static enum status not_yaml(const struct binder *binder)
{
	const yaml_parser_t *const parser = &binder->parser;
	const char *const problem = parser->problem == NULL ? "cannot be read" : parser->problem;
	char what[256];
	if (parser->context == NULL)
		snprintf(what, sizeof(what), "not YAML: %s", problem);
	else
		snprintf(what, sizeof(what), "not YAML: %s, %s", parser->context, problem);
	return refuse_at(
	    binder, policy_text_place(binder->text, parser->problem_mark.line, parser->problem_mark.column), "", what);
}

/* What hides meaning has no place in a policy: what is read is what is there. */
static const char *hidden_meaning(const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL;
	const yaml_char_t *tag = NULL;
	if (event->type == YAML_ALIAS_EVENT)
		return "aliases (*name) are not accepted; write the value out";
	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	}
	if (anchor != NULL)
		return "anchors (&name) are not accepted";
	return tag != NULL ? "tags (!name) are not accepted; each key has one fixed kind of value" : NULL;
}

/* The next event; the caller deletes it if STATUS_OK. */
static enum status next_event(struct binder *binder, const char *path, yaml_event_t *event)
{
	if (yaml_parser_parse(&binder->parser, event) != 1)
		return not_yaml(binder);
	const char *const hidden = hidden_meaning(event);
	if (hidden == NULL)
		return STATUS_OK;
	const enum status status = refuse(binder, event, path, hidden);
	yaml_event_delete(event);
	return status;
}

static const char *scalar_text(const yaml_event_t *event)
{
	return (const char *)event->data.scalar.value;
}

/* The last word of "keys.ksk.bits" if what is before it is `parent`; NULL if it is elsewhere. */
static const char *child_of(const char *path, const char *parent)
{
	const size_t size = strlen(parent);
	if (size > 0 && (strncmp(path, parent, size) != 0 || path[size] != '.'))
		return NULL;
	const char *const word = size == 0 ? path : path + size + 1;
	return strchr(word, '.') == NULL ? word : NULL;
}

static const char *last_word(const char *path)
{
	const char *const dot = strrchr(path, '.');
	return dot == NULL ? path : dot + 1;
}

static const struct field *field_named(const char *parent, const char *word, size_t *index)
{
	size_t count;
	const struct field *const table = field_table(&count);
	for (size_t i = 0; i < count; i++) {
		const char *const child = child_of(table[i].path, parent);
		*index = i;
		if (child != NULL && strcmp(child, word) == 0)
			return &table[i];
	}
	return NULL;
}

static const struct field_group *group_named(const char *parent, const char *word, size_t *index)
{
	size_t count;
	const struct field_group *const groups = field_groups(&count);
	for (size_t i = 0; i < count; i++) {
		const char *const child = child_of(groups[i].path, parent);
		*index = i;
		if (child != NULL && strcmp(child, word) == 0)
			return &groups[i];
	}
	return NULL;
}

/* The keys that `parent` takes. */
static size_t children(const char *parent, const char *names[MOST_FIELDS + MOST_GROUPS])
{
	size_t field_count;
	size_t group_count;
	size_t used = 0;
	const struct field *const table = field_table(&field_count);
	const struct field_group *const groups = field_groups(&group_count);
	for (size_t i = 0; i < field_count; i++)
		if (child_of(table[i].path, parent) != NULL)
			names[used++] = child_of(table[i].path, parent);
	for (size_t i = 0; i < group_count; i++)
		if (child_of(groups[i].path, parent) != NULL)
			names[used++] = child_of(groups[i].path, parent);
	return used;
}

/* The path of a key of this name in another group; NULL if there is none. */
static const char *elsewhere(const char *word)
{
	size_t count;
	const struct field *const table = field_table(&count);
	for (size_t i = 0; i < count; i++)
		if (strcmp(last_word(table[i].path), word) == 0)
			return table[i].path;
	return NULL;
}

static enum status unknown_key(const struct binder *binder, const yaml_event_t *event, const char *parent)
{
	const char *const word = scalar_text(event);
	const char *names[MOST_FIELDS + MOST_GROUPS];
	const size_t count = children(parent, names);
	char shown[64];
	char what[512];
	error_escape(word, strlen(word), shown, sizeof(shown));
	int used = snprintf(what, sizeof(what), "unknown key \"%s\"; ", shown);
	if (strcmp(word, "<<") == 0)
		return refuse(binder, event, parent, "merge keys (<<) are not accepted; write the keys out");
	const char *const nearest = suggest_nearest(word, names, count);
	const char *const other = elsewhere(word);
	if (other != NULL) {
		snprintf(what + used, sizeof(what) - (size_t)used, "it is %s", other);
		return refuse(binder, event, parent, what);
	}
	if (nearest != NULL) {
		snprintf(what + used, sizeof(what) - (size_t)used, "did you mean \"%s\"?", nearest);
		return refuse(binder, event, parent, what);
	}
	for (size_t i = 0; i < count && (size_t)used < sizeof(what); i++)
		used += snprintf(
		    what + used, sizeof(what) - (size_t)used, "%s%s", i == 0 ? "known here: " : ", ", names[i]);
	return refuse(binder, event, parent, what);
}

static enum status first_time(
    const struct binder *binder, const yaml_event_t *event, const char *path, struct policy_place *seen)
{
	char what[80];
	if (seen->line == 0) {
		*seen = start_of(binder, event);
		return STATUS_OK;
	}
	snprintf(what, sizeof(what), "given twice; the first is in line %zu", seen->line);
	return refuse(binder, event, path, what);
}

static bool is_quoted(const yaml_event_t *event)
{
	return event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
}

/* Plain nothing, "~" and "null" are no value; "" is one. */
static bool is_nothing(const yaml_event_t *event)
{
	const char *const text = scalar_text(event);
	return !is_quoted(event) && (text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

/* Escapes in double quotes can make what policy_text_check keeps out of the text itself. */
static bool is_line(const yaml_event_t *event)
{
	const struct bytes value = { event->data.scalar.value, event->data.scalar.length };
	return policy_text_check("", value, POLICY_YAML_MOST, NULL) == STATUS_OK &&
	       strpbrk(scalar_text(event), "\r\n") == NULL;
}

static enum status check_scalar(const struct binder *binder, const yaml_event_t *event, const struct field *field)
{
	char what[160];
	const yaml_scalar_style_t style = event->data.scalar.style;
	if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE)
		return refuse(binder, event, field->path, "block text (| and >) is not accepted; write it on one line");
	if (event->start_mark.line != event->end_mark.line)
		return refuse(binder, event, field->path, "goes over several lines; write it on one");
	if (!is_line(event))
		return refuse(binder, event, field->path, "holds a control character or a line end by escape");
	if (is_nothing(event)) {
		snprintf(what, sizeof(what), "has no value; it takes %s", field_wants(field));
		return refuse(binder, event, field->path, what);
	}
	const char *const wrong = is_quoted(event) ? "is quoted, so it is a word" : "is not quoted";
	if (is_quoted(event) ? !field_may_be_quoted(field) : !field_may_be_plain(field)) {
		snprintf(what, sizeof(what), "%s; it takes %s", wrong, field_wants(field));
		return refuse(binder, event, field->path, what);
	}
	return STATUS_OK;
}

static enum status bind_word(const struct binder *binder, const struct field *field, const yaml_event_t *event)
{
	struct error cause;
	error_clear(&cause);
	if (event->type != YAML_SCALAR_EVENT)
		return refuse(binder, event, field->path, "holds strings only, no lists and no groups");
	enum status status = check_scalar(binder, event, field);
	if (status == STATUS_OK && field_add(field, scalar_text(event), binder->policy, &cause) != STATUS_OK)
		status = refuse(binder, event, field->path, cause.message);
	return status;
}

static enum status bind_words(struct binder *binder, const struct field *field)
{
	field_clear(field, binder->policy);
	for (;;) {
		yaml_event_t event;
		enum status status = next_event(binder, field->path, &event);
		if (status != STATUS_OK)
			return status;
		const bool end = event.type == YAML_SEQUENCE_END_EVENT;
		if (!end)
			status = bind_word(binder, field, &event);
		yaml_event_delete(&event);
		if (end || status != STATUS_OK)
			return status;
	}
}

static enum status bind_scalar(const struct binder *binder, const struct field *field, const yaml_event_t *event)
{
	struct error cause;
	error_clear(&cause);
	enum status status = check_scalar(binder, event, field);
	if (status == STATUS_OK && field_read(field, scalar_text(event), binder->policy, &cause) != STATUS_OK)
		status = refuse(binder, event, field->path, cause.message);
	return status;
}

static enum status bind_field(struct binder *binder, const struct field *field)
{
	yaml_event_t event;
	char what[160];
	enum status status = next_event(binder, field->path, &event);
	if (status != STATUS_OK)
		return status;
	if (field_is_list(field) && event.type == YAML_SEQUENCE_START_EVENT) {
		status = bind_words(binder, field);
	} else if (!field_is_list(field) && event.type == YAML_SCALAR_EVENT) {
		status = bind_scalar(binder, field, &event);
	} else {
		snprintf(what, sizeof(what), "takes %s", field_wants(field));
		status = refuse(binder, &event, field->path, what);
	}
	yaml_event_delete(&event);
	return status;
}

static enum status bind_group(struct binder *binder, const char *path, unsigned depth);

/* The value of a group must be a mapping. */
static enum status enter_group(struct binder *binder, const char *path, unsigned depth)
{
	yaml_event_t event;
	enum status status = next_event(binder, path, &event);
	if (status != STATUS_OK)
		return status;
	if (event.type != YAML_MAPPING_START_EVENT)
		status = refuse(binder, &event, path, "is a group: write its keys indented beneath it");
	yaml_event_delete(&event);
	return status == STATUS_OK ? bind_group(binder, path, depth) : status;
}

/* One key and its value. */
static enum status bind_pair(struct binder *binder, const char *parent, const yaml_event_t *key, unsigned depth)
{
	size_t index;
	if (key->type != YAML_SCALAR_EVENT)
		return refuse(binder, key, parent, "a key must be a word");
	if (strlen(scalar_text(key)) != key->data.scalar.length)
		return refuse(binder, key, parent, "a key holds a NUL");
	const struct field *const field = field_named(parent, scalar_text(key), &index);
	if (field != NULL) {
		const enum status status = first_time(binder, key, field->path, &binder->fields[index]);
		return status == STATUS_OK ? bind_field(binder, field) : status;
	}
	const struct field_group *const group = group_named(parent, scalar_text(key), &index);
	if (group == NULL)
		return unknown_key(binder, key, parent);
	const enum status status = first_time(binder, key, group->path, &binder->groups[index]);
	return status == STATUS_OK ? enter_group(binder, group->path, depth + 1) : status;
}

/* The keys of a mapping whose start has been read. */
static enum status bind_group(struct binder *binder, const char *path, unsigned depth)
{
	for (;;) {
		yaml_event_t event;
		enum status status = next_event(binder, path, &event);
		if (status != STATUS_OK)
			return status;
		const bool end = event.type == YAML_MAPPING_END_EVENT;
		if (!end && depth > DEEPEST)
			status = refuse(binder, &event, path, "groups within groups, more than 8 deep");
		else if (!end)
			status = bind_pair(binder, path, &event, depth);
		yaml_event_delete(&event);
		if (end || status != STATUS_OK)
			return status;
	}
}

/* The next event must be of `type`. */
static enum status expect(struct binder *binder, yaml_event_type_t type, const char *otherwise)
{
	yaml_event_t event;
	enum status status = next_event(binder, "", &event);
	if (status != STATUS_OK)
		return status;
	if (event.type != type)
		status = refuse(binder, &event, "", otherwise);
	else if (type == YAML_DOCUMENT_START_EVENT &&
		 (event.data.document_start.version_directive != NULL ||
		     event.data.document_start.tag_directives.start != event.data.document_start.tag_directives.end))
		status = refuse(binder, &event, "", "directives (%YAML, %TAG) are not accepted");
	yaml_event_delete(&event);
	return status;
}

static enum status bind_stream(struct binder *binder)
{
	static const struct {
		yaml_event_type_t type;
		const char *otherwise;
	} before[] = {
		{ YAML_STREAM_START_EVENT, "cannot be read" },
		{ YAML_DOCUMENT_START_EVENT, "holds no policy" },
		{ YAML_MAPPING_START_EVENT, "a policy is a group of keys, as in \"keys:\"" },
	};
	static const struct {
		yaml_event_type_t type;
		const char *otherwise;
	} after[] = {
		{ YAML_DOCUMENT_END_EVENT, "text after the end of the policy" },
		{ YAML_STREAM_END_EVENT, "a second document; a file holds one policy" },
	};
	enum status status = STATUS_OK;
	for (size_t i = 0; i < COUNT(before) && status == STATUS_OK; i++)
		status = expect(binder, before[i].type, before[i].otherwise);
	if (status == STATUS_OK)
		status = bind_group(binder, "", 1);
	for (size_t i = 0; i < COUNT(after) && status == STATUS_OK; i++)
		status = expect(binder, after[i].type, after[i].otherwise);
	return status;
}

/* What a missing "name" means: "/etc/zoneseal/policies/tld.yaml" is "tld". */
static void name_after_file(const char *file, struct policy *policy)
{
	const char *const slash = strrchr(file, '/');
	const char *const base = slash == NULL ? file : slash + 1;
	size_t size = strlen(base);
	if (size > 5 && strcmp(base + size - 5, ".yaml") == 0)
		size -= 5;
	char name[POLICY_NAME];
	size_t index;
	snprintf(name, sizeof(name), "%.*s", (int)(size < POLICY_NAME ? size : 0), base);
	if (field_read(field_named("", "name", &index), name, policy, NULL) != STATUS_OK)
		memcpy(policy->name, "unnamed", sizeof("unnamed"));
}

/* Where a rule between fields is broken: at the key that it names, if that was given. */
static enum status check_rules(const struct binder *binder)
{
	const char *path;
	struct error cause;
	error_clear(&cause);
	if (policy_check_field(binder->policy, &path, &cause) == STATUS_OK)
		return STATUS_OK;
	size_t count;
	const struct field *const table = field_table(&count);
	size_t i = 0;
	while (i + 1 < count && strcmp(table[i].path, path) != 0)
		i++;
	return refuse_at(binder, binder->fields[i], path, cause.message);
}

static enum status parse(struct binder *binder)
{
	binder->policy->ksk_bits = 0;
	binder->policy->zsk_bits = 0;
	binder->policy->validity_dnskey.seconds = 0;
	name_after_file(binder->file, binder->policy);
	const enum status status = bind_stream(binder);
	if (status != STATUS_OK)
		return status;
	binder->policy->ds_removed.floor = binder->policy->delegations_removed.floor;
	binder->policy->size_change.floor = binder->policy->delegations_removed.floor;
	policy_complete(binder->policy);
	return check_rules(binder);
}

enum status policy_yaml_parse(const char *file, const char *text, size_t size, struct policy *out, struct error *err)
{
	struct policy policy;
	struct binder binder = { .file = file, .text = { (const uint8_t *)text, size }, .policy = &policy, .err = err };
	enum status status = policy_text_check(file, binder.text, POLICY_YAML_MOST, err);
	if (status != STATUS_OK)
		return status;
	if (yaml_parser_initialize(&binder.parser) != 1)
		return error_set(err, STATUS_INTERNAL, "libyaml cannot be started");
	yaml_parser_set_encoding(&binder.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&binder.parser, (const unsigned char *)text, size);
	policy_defaults(&policy);
	status = parse(&binder);
	yaml_parser_delete(&binder.parser);
	if (status == STATUS_OK)
		*out = policy;
	return status;
}
