/* SPDX-License-Identifier: MIT */
/* The policies of a kasp.xml, by expat. A document type is refused, so no entity can grow and no other file is read. */
#include <expat.h>
#include <string.h>

#include "policies/import_source.h"

enum { MOST_DEPTH = 12, POLICY_DEPTH = 2, PATH = 200 };

struct reader {
	XML_Parser parser;
	struct import_source *source;
	enum status status;
	size_t depth;
	char path[MOST_DEPTH][PATH];  /* of the open elements, below Policy */
	bool has_element[MOST_DEPTH]; /* what holds elements is no option */
	uint64_t line[MOST_DEPTH];
	char value[IMPORT_MOST_VALUE + 1];
	size_t used;
};

static uint64_t line_of(const struct reader *reader)
{
	return XML_GetCurrentLineNumber(reader->parser);
}

/* expat may still tell the end of an empty element, and more, once it was stopped: every handler looks at `status`. */
static void stop(struct reader *reader, enum status status)
{
	if (reader->status == STATUS_OK)
		reader->status = status;
	(void)XML_StopParser(reader->parser, XML_FALSE);
}

static const char *attribute(const char **attributes, const char *name)
{
	for (size_t i = 0; attributes[i] != NULL; i += 2)
		if (strcmp(attributes[i], name) == 0)
			return attributes[i + 1];
	return NULL;
}

static enum status begin_policy(struct reader *reader, const char *name, const char **attributes)
{
	if (strcmp(name, "Policy") != 0)
		return import_refuse(reader->source, line_of(reader), "<KASP> holds something but <Policy>");
	const char *const id = attribute(attributes, "name");
	if (id == NULL || strlen(id) > IMPORT_MOST_VALUE)
		return import_refuse(reader->source, line_of(reader), "<Policy> without a name");
	return import_add_entry(reader->source, id, line_of(reader));
}

/* "Signatures/Refresh", and an item "Keys/KSK/Algorithm@length" for each attribute. */
static enum status begin_option(struct reader *reader, const char *name, const char **attributes)
{
	struct import_source *const source = reader->source;
	const size_t depth = reader->depth;
	const char *const above = depth > POLICY_DEPTH ? reader->path[depth - 1] : "";
	const char *const path = arena_printf(source->mem, "%s%s%.*s", above, above[0] == '\0' ? "" : "/", PATH, name);
	if (strlen(path) >= PATH)
		return import_refuse(
		    source, line_of(reader), "an element with a name of more than %d octets", (int)PATH);
	memcpy(reader->path[depth], path, strlen(path) + 1);
	enum status status = STATUS_OK;
	for (size_t i = 0; attributes[i] != NULL && status == STATUS_OK; i += 2)
		status = import_add_item(source, arena_printf(source->mem, "%s@%.*s", path, PATH, attributes[i]),
		    attributes[i + 1], line_of(reader));
	return status;
}

static void XMLCALL begin_element(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *const reader = context;
	enum status status = STATUS_OK;
	if (reader->status != STATUS_OK)
		return;
	if (reader->depth == MOST_DEPTH)
		status = import_refuse(reader->source, line_of(reader), "more than %d levels", (int)MOST_DEPTH);
	else if (reader->depth == 0 && strcmp(name, "KASP") != 0)
		status = import_refuse(reader->source, line_of(reader), "no kasp.xml: it does not begin with <KASP>");
	else if (reader->depth == 1)
		status = begin_policy(reader, name, attributes);
	else if (reader->depth >= POLICY_DEPTH)
		status = begin_option(reader, name, attributes);
	if (status != STATUS_OK) {
		stop(reader, status);
		return;
	}
	if (reader->depth > 0)
		reader->has_element[reader->depth - 1] = true;
	reader->has_element[reader->depth] = false;
	reader->line[reader->depth] = line_of(reader);
	reader->used = 0;
	reader->depth++;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The text without blanks at its ends; one that goes over several lines is on one. */
static char *trimmed(struct reader *reader)
{
	char *from = reader->value;
	while (reader->used > 0 && is_blank(reader->value[reader->used - 1]))
		reader->used--;
	reader->value[reader->used] = '\0';
	while (is_blank(*from))
		from++;
	return from;
}

static void XMLCALL end_element(void *context, const XML_Char *name)
{
	struct reader *const reader = context;
	(void)name;
	if (reader->status != STATUS_OK)
		return;
	const size_t depth = --reader->depth;
	if (depth < POLICY_DEPTH || reader->has_element[depth])
		return;
	const enum status status =
	    import_add_item(reader->source, reader->path[depth], trimmed(reader), reader->line[depth]);
	reader->used = 0;
	if (status != STATUS_OK)
		stop(reader, status);
}

static void XMLCALL add_text(void *context, const XML_Char *text, int size)
{
	struct reader *const reader = context;
	if (reader->status != STATUS_OK)
		return;
	if (reader->used + (size_t)size > IMPORT_MOST_VALUE) {
		stop(reader, import_refuse(reader->source, line_of(reader), "a value of more than %d octets",
				 (int)IMPORT_MOST_VALUE));
		return;
	}
	memcpy(reader->value + reader->used, text, (size_t)size);
	reader->used += (size_t)size;
}

static void XMLCALL refuse_doctype(
    void *context, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal)
{
	struct reader *const reader = context;
	(void)name, (void)system, (void)public, (void)internal;
	stop(reader, import_refuse(reader->source, line_of(reader), "a document type (<!DOCTYPE) is not accepted"));
}

enum status import_read_opendnssec(struct import_source *source)
{
	struct reader *const reader = arena_calloc(source->mem, 1, sizeof(*reader));
	*reader = (struct reader){ .parser = XML_ParserCreate("UTF-8"), .source = source };
	if (reader->parser == NULL)
		return error_set(source->err, STATUS_INTERNAL, "expat cannot be started");
	XML_SetUserData(reader->parser, reader);
	XML_SetElementHandler(reader->parser, begin_element, end_element);
	XML_SetCharacterDataHandler(reader->parser, add_text);
	XML_SetStartDoctypeDeclHandler(reader->parser, refuse_doctype);
	/* The text is no longer than IMPORT_MOST_OCTETS. */
	const enum XML_Status parsed =
	    XML_Parse(reader->parser, (const char *)source->text.data, (int)source->text.size, XML_TRUE);
	enum status status = reader->status;
	if (status == STATUS_OK && parsed != XML_STATUS_OK)
		status = import_refuse(
		    source, line_of(reader), "not XML: %s", XML_ErrorString(XML_GetErrorCode(reader->parser)));
	XML_ParserFree(reader->parser);
	return status;
}
