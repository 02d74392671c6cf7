/* SPDX-License-Identifier: MIT */
/* The sections policy and submission of a knot.conf, by libyaml's events. */
#include <stdbool.h>
#include <string.h>
#include <yaml.h>

#include "policies/import_source.h"

struct reader {
	yaml_parser_t parser;
	struct import_source *source; /* of the policies */
	struct import_source other;   /* of the submissions */
};

static uint64_t line_of(const yaml_event_t *event)
{
	return event->start_mark.line + 1;
}

static enum status not_yaml(const struct reader *reader)
{
	const yaml_parser_t *const parser = &reader->parser;
	return import_refuse(reader->source, parser->problem_mark.line + 1, "not YAML: %s",
	    parser->problem == NULL ? "cannot be read" : parser->problem);
}

/* Knot has no anchors, aliases and tags; whoever uses them hides something. */
static bool hides_meaning(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return true;
	case YAML_SCALAR_EVENT:
		return event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.anchor != NULL || event->data.sequence_start.tag != NULL;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.anchor != NULL || event->data.mapping_start.tag != NULL;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return false;
	}
	return false;
}

/* The caller deletes the event if STATUS_OK. */
static enum status next(struct reader *reader, yaml_event_t *event)
{
	if (yaml_parser_parse(&reader->parser, event) != 1)
		return not_yaml(reader);
	if (!hides_meaning(event))
		return STATUS_OK;
	const enum status status =
	    import_refuse(reader->source, line_of(event), "anchors, aliases and tags of YAML are not accepted");
	yaml_event_delete(event);
	return status;
}

/* The text of a scalar; NULL if it is none, or holds a NUL. */
static const char *text_of(const yaml_event_t *event)
{
	if (event->type != YAML_SCALAR_EVENT)
		return NULL;
	const char *const text = (const char *)event->data.scalar.value;
	return strlen(text) == event->data.scalar.length ? text : NULL;
}

static enum status too_long(const struct reader *reader, uint64_t line)
{
	return import_refuse(reader->source, line, "a value of more than %d octets", (int)IMPORT_MOST_VALUE);
}

/* [ a, b ] as "a b"; its start has been read. */
static enum status read_list(struct reader *reader, char value[IMPORT_MOST_VALUE + 1])
{
	size_t used = 0;
	for (;;) {
		yaml_event_t event;
		enum status status = next(reader, &event);
		if (status != STATUS_OK)
			return status;
		const bool end = event.type == YAML_SEQUENCE_END_EVENT;
		const char *const text = text_of(&event);
		const size_t size = text == NULL ? 0 : strlen(text);
		if (!end && text == NULL)
			status = import_refuse(reader->source, line_of(&event), "a list of something but words");
		else if (used + size + 2 > IMPORT_MOST_VALUE)
			status = too_long(reader, line_of(&event));
		else if (!end) {
			if (used > 0)
				value[used++] = ' ';
			memcpy(value + used, text, size);
			used += size;
		}
		value[used] = '\0';
		yaml_event_delete(&event);
		if (end || status != STATUS_OK)
			return status;
	}
}

/* The value of an option: a word, or a list of them. */
static enum status read_value(struct reader *reader, char value[IMPORT_MOST_VALUE + 1])
{
	yaml_event_t event;
	enum status status = next(reader, &event);
	if (status != STATUS_OK)
		return status;
	const char *const text = text_of(&event);
	if (event.type == YAML_SEQUENCE_START_EVENT)
		status = read_list(reader, value);
	else if (text == NULL)
		status = import_refuse(reader->source, line_of(&event), "a value that is neither a word nor a list");
	else if (strlen(text) > IMPORT_MOST_VALUE)
		status = too_long(reader, line_of(&event));
	else
		memcpy(value, text, strlen(text) + 1);
	yaml_event_delete(&event);
	return status;
}

/* One option of an element. The first one must be its id, as Knot wants it. */
static enum status read_option(
    struct reader *reader, struct import_source *into, const char *option, uint64_t line, bool *begun)
{
	char value[IMPORT_MOST_VALUE + 1];
	enum status status = read_value(reader, value);
	if (status != STATUS_OK)
		return status;
	if (strcmp(option, "id") == 0 && !*begun) {
		*begun = true;
		return import_add_entry(into, value, line);
	}
	if (!*begun)
		return import_refuse(reader->source, line, "an element that does not begin with its id");
	return import_add_item(into, option, value, line);
}

/* The mapping of an element, whose start has been read. */
static enum status read_element(struct reader *reader, struct import_source *into)
{
	bool begun = false;
	for (;;) {
		yaml_event_t key;
		enum status status = next(reader, &key);
		if (status != STATUS_OK)
			return status;
		const bool end = key.type == YAML_MAPPING_END_EVENT;
		const char *const option = text_of(&key);
		if (!end && option == NULL)
			status = import_refuse(reader->source, line_of(&key), "an option that is no word");
		else if (!end)
			status = read_option(reader, into, option, line_of(&key), &begun);
		yaml_event_delete(&key);
		if (end || status != STATUS_OK)
			return status;
	}
}

/* The elements of a section. */
static enum status read_section(struct reader *reader, struct import_source *into)
{
	yaml_event_t start;
	enum status status = next(reader, &start);
	if (status != STATUS_OK)
		return status;
	const bool list = start.type == YAML_SEQUENCE_START_EVENT;
	const bool nothing = text_of(&start) != NULL && text_of(&start)[0] == '\0';
	if (!list && !nothing)
		status = import_refuse(reader->source, line_of(&start), "a section is a list: \"- id: NAME\"");
	yaml_event_delete(&start);
	while (list && status == STATUS_OK) {
		yaml_event_t event;
		status = next(reader, &event);
		if (status != STATUS_OK)
			return status;
		const bool end = event.type == YAML_SEQUENCE_END_EVENT;
		if (!end && event.type != YAML_MAPPING_START_EVENT)
			status = import_refuse(reader->source, line_of(&event), "an element without options");
		else if (!end)
			status = read_element(reader, into);
		yaml_event_delete(&event);
		if (end)
			return status;
	}
	return status;
}

static enum status read_key(struct reader *reader, const yaml_event_t *key)
{
	const char *const name = text_of(key);
	if (name == NULL)
		return import_refuse(reader->source, line_of(key), "a section without a name");
	return read_section(reader, strcmp(name, "policy") == 0 ? reader->source : &reader->other);
}

/* The file is one mapping of sections; a section may come again. */
static enum status read_file(struct reader *reader)
{
	size_t depth = 0;
	for (;;) {
		yaml_event_t event;
		enum status status = next(reader, &event);
		if (status != STATUS_OK)
			return status;
		const yaml_event_type_t type = event.type;
		if (type == YAML_MAPPING_START_EVENT && depth == 0)
			depth = 1;
		else if (type == YAML_MAPPING_END_EVENT)
			depth = 0;
		else if (depth == 1)
			status = read_key(reader, &event);
		else if (type == YAML_SCALAR_EVENT || type == YAML_SEQUENCE_START_EVENT)
			status =
			    import_refuse(reader->source, line_of(&event), "sections such as \"policy:\" are wanted");
		yaml_event_delete(&event);
		if (status != STATUS_OK || type == YAML_STREAM_END_EVENT)
			return status;
	}
}

/* Options of the submission that a policy names become its own, as submission.parent-delay. */
static enum status join_submission(
    struct import_source *source, struct import_entry *policy, const struct import_source *submissions)
{
	const char *wanted = NULL;
	for (size_t i = 0; i < policy->count; i++)
		if (strcmp(policy->items[i].option, "ksk-submission") == 0)
			wanted = policy->items[i].value;
	enum status status = STATUS_OK;
	for (size_t i = 0; wanted != NULL && i < submissions->count; i++) {
		const struct import_entry *const found = &submissions->entries[i];
		for (size_t j = 0; strcmp(found->name, wanted) == 0 && j < found->count && status == STATUS_OK; j++)
			status = import_add_to(source, policy,
			    arena_printf(source->mem, "submission.%s", found->items[j].option), found->items[j].value,
			    found->items[j].line);
	}
	return status;
}

/* Whether text[at..) begins with `word` and a colon. */
static bool is_section(struct bytes text, size_t at, const char *word)
{
	const size_t size = strlen(word);
	return text.size - at > size && memcmp(text.data + at, word, size) == 0 && text.data[at + size] == ':';
}

/* The text without what other sections have: Knot's values are not all YAML ("[ 127.0.0.1@53, ::1@53 ]"). A section
 * goes on to the next line that begins with a word. Line ends stay, so that lines keep their numbers. */
static struct bytes only_policies(struct import_source *source)
{
	const struct bytes text = source->text;
	uint8_t *const out = arena_octets(source->mem, text.size + 1);
	bool wanted = false;
	uint64_t line = 1;
	for (size_t at = 0; at < text.size; at++) {
		const uint8_t c = text.data[at];
		if ((at == 0 || text.data[at - 1] == '\n') && strchr(" \t\r\n#-", c) == NULL) {
			wanted = is_section(text, at, "policy") || is_section(text, at, "submission");
			if (is_section(text, at, "include") && source->include_line == 0)
				source->include_line = line;
		}
		out[at] = wanted || c == '\n' ? c : ' ';
		line += c == '\n';
	}
	return (struct bytes){ out, text.size };
}

enum status import_read_knot(struct import_source *source)
{
	struct reader reader = { .source = source,
		.other = { .file = source->file, .mem = source->mem, .err = source->err } };
	if (yaml_parser_initialize(&reader.parser) != 1)
		return error_set(source->err, STATUS_INTERNAL, "libyaml cannot be started");
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	const struct bytes text = only_policies(source);
	yaml_parser_set_input_string(&reader.parser, text.data, text.size);
	enum status status = read_file(&reader);
	yaml_parser_delete(&reader.parser);
	for (size_t i = 0; i < source->count && status == STATUS_OK; i++)
		status = join_submission(source, &source->entries[i], &reader.other);
	return status;
}
