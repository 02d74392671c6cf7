/* SPDX-License-Identifier: MIT */
/*
 * A policy file of Cascade: TOML 1.0 as far as such files use it. Tables, dotted and quoted keys, strings on one line,
 * numbers, booleans, arrays and inline tables; an array of tables or a string over several lines is refused.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "policies/import_source.h"

enum { MOST_DEPTH = 8, PATH = 200 };

struct lexer {
	struct import_source *source;
	size_t at;
	uint64_t line;
	char table[PATH]; /* "signer.denial." or "" */
};

/* A text that grows, with a bound. */
struct text {
	char text[IMPORT_MOST_VALUE + 1];
	size_t used;
};

static int look(const struct lexer *lexer)
{
	const struct bytes text = lexer->source->text;
	return lexer->at < text.size ? text.data[lexer->at] : -1;
}

static bool comes(const struct lexer *lexer, const char *what)
{
	const struct bytes text = lexer->source->text;
	const size_t size = strlen(what);
	return text.size - lexer->at >= size && memcmp(text.data + lexer->at, what, size) == 0;
}

static enum status refuse(const struct lexer *lexer, const char *what)
{
	return import_refuse(lexer->source, lexer->line, "not TOML as policies have it: %s", what);
}

static void skip_spaces(struct lexer *lexer)
{
	while (look(lexer) == ' ' || look(lexer) == '\t')
		lexer->at++;
}

/* Blanks, line ends and comments. */
static void skip_lines(struct lexer *lexer)
{
	for (;;) {
		skip_spaces(lexer);
		if (look(lexer) == '#')
			while (look(lexer) != -1 && look(lexer) != '\n')
				lexer->at++;
		if (look(lexer) != '\n' && look(lexer) != '\r')
			return;
		lexer->line += look(lexer) == '\n';
		lexer->at++;
	}
}

static enum status add(const struct lexer *lexer, struct text *text, char c)
{
	if (text->used == IMPORT_MOST_VALUE)
		return import_refuse(
		    lexer->source, lexer->line, "a value of more than %d octets", (int)IMPORT_MOST_VALUE);
	text->text[text->used++] = c;
	text->text[text->used] = '\0';
	return STATUS_OK;
}

/* What follows a backslash in "...". Code points by number are of no use in a policy. */
static enum status read_escape(struct lexer *lexer, struct text *out)
{
	static const char from[] = "\"\\tnr";
	static const char to[] = "\"\\   ";
	const int c = look(lexer);
	const char *const found = c <= 0 ? NULL : strchr(from, c);
	if (found == NULL)
		return refuse(lexer, "an escape in a string that is none of \\\" \\\\ \\t \\n \\r");
	lexer->at++;
	return add(lexer, out, to[found - from]);
}

/* "..." and '...'; the first quote is ahead. */
static enum status read_string(struct lexer *lexer, struct text *out)
{
	const int quote = look(lexer);
	if (comes(lexer, "\"\"\"") || comes(lexer, "'''"))
		return refuse(lexer, "a string over several lines");
	lexer->at++;
	while (look(lexer) != quote) {
		const int c = look(lexer);
		if (c == -1 || c == '\n')
			return refuse(lexer, "a string that is never closed");
		lexer->at++;
		const enum status status =
		    c == '\\' && quote == '"' ? read_escape(lexer, out) : add(lexer, out, (char)c);
		if (status != STATUS_OK)
			return status;
	}
	lexer->at++;
	return STATUS_OK;
}

static bool is_bare(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* One part of a key, bare or quoted. */
static enum status read_part(struct lexer *lexer, struct text *out)
{
	enum status status = STATUS_OK;
	if (look(lexer) == '"' || look(lexer) == '\'')
		return read_string(lexer, out);
	while (status == STATUS_OK && is_bare(look(lexer))) {
		status = add(lexer, out, (char)look(lexer));
		lexer->at++;
	}
	return status;
}

/* a.b."c", as far as it goes. */
static enum status read_key(struct lexer *lexer, struct text *out)
{
	for (;;) {
		const size_t before = out->used;
		skip_spaces(lexer);
		enum status status = read_part(lexer, out);
		if (status == STATUS_OK && (before == out->used || out->used + 2 > PATH))
			status = refuse(lexer, "a key without a name, or a name of more than 198 octets");
		skip_spaces(lexer);
		if (status != STATUS_OK || look(lexer) != '.')
			return status;
		lexer->at++;
		if ((status = add(lexer, out, '.')) != STATUS_OK)
			return status;
	}
}

static enum status read_value(struct lexer *lexer, const char *path, size_t depth, struct text *out);

/* [ a, b ] as "a b"; the bracket is ahead. Line ends may be anywhere. */
static enum status read_array(struct lexer *lexer, size_t depth, struct text *out)
{
	for (bool first = true;; first = false) {
		lexer->at++;
		skip_lines(lexer);
		if (look(lexer) == ']')
			break;
		enum status status = first ? STATUS_OK : add(lexer, out, ' ');
		if (status == STATUS_OK)
			status = read_value(lexer, NULL, depth + 1, out);
		if (status != STATUS_OK)
			return status;
		skip_lines(lexer);
		if (look(lexer) == ']')
			break;
		if (look(lexer) != ',')
			return refuse(lexer, "an array without commas or without an end");
	}
	lexer->at++;
	return STATUS_OK;
}

/* One "key = value". Under a path it is an option; inside an array it is text. */
static enum status read_pair(struct lexer *lexer, const char *path, size_t depth, struct text *out)
{
	struct import_source *const source = lexer->source;
	const uint64_t line = lexer->line;
	struct text key = { .used = 0 };
	struct text value = { .used = 0 };
	enum status status = read_key(lexer, &key);
	if (status == STATUS_OK && look(lexer) != '=')
		status = refuse(lexer, "a key without \"=\" and a value");
	if (status != STATUS_OK)
		return status;
	lexer->at++;
	skip_spaces(lexer);
	if (path == NULL)
		return read_value(lexer, NULL, depth + 1, out);
	const char *const option = arena_printf(source->mem, "%s%s", path, key.text);
	const bool table = look(lexer) == '{';
	status = read_value(lexer, option, depth + 1, &value);
	return status != STATUS_OK || table ? status : import_add_item(source, option, value.text, line);
}

/* { a = 1, b = 2 }; the brace is ahead. */
static enum status read_inline(struct lexer *lexer, const char *path, size_t depth, struct text *out)
{
	const char *const inner = path == NULL ? NULL : arena_printf(lexer->source->mem, "%s.", path);
	lexer->at++;
	skip_spaces(lexer);
	while (look(lexer) != '}') {
		enum status status = read_pair(lexer, inner, depth, out);
		skip_spaces(lexer);
		if (status == STATUS_OK && look(lexer) == ',') {
			lexer->at++;
			skip_spaces(lexer);
			if (path == NULL)
				status = add(lexer, out, ' ');
		} else if (status == STATUS_OK && look(lexer) != '}') {
			status = refuse(lexer, "an inline table without commas or without an end");
		}
		if (status != STATUS_OK)
			return status;
	}
	lexer->at++;
	return STATUS_OK;
}

/* A number, a boolean, a date: what it means is for the map to say. */
static enum status read_plain(struct lexer *lexer, struct text *out)
{
	const size_t before = out->used;
	enum status status = STATUS_OK;
	while (status == STATUS_OK &&
	       (is_bare(look(lexer)) || look(lexer) == '.' || look(lexer) == '+' || look(lexer) == ':')) {
		/* 86_400 is 86400. */
		if (look(lexer) != '_')
			status = add(lexer, out, (char)look(lexer));
		lexer->at++;
	}
	return status == STATUS_OK && before == out->used ? refuse(lexer, "no value") : status;
}

static enum status read_value(struct lexer *lexer, const char *path, size_t depth, struct text *out)
{
	const int c = look(lexer);
	if (depth > MOST_DEPTH)
		return refuse(lexer, "more than 8 levels");
	if (c == '"' || c == '\'')
		return read_string(lexer, out);
	if (c == '[')
		return read_array(lexer, depth, out);
	return c == '{' ? read_inline(lexer, path, depth, out) : read_plain(lexer, out);
}

/* [signer.denial]; the bracket is ahead. */
static enum status read_header(struct lexer *lexer)
{
	struct text key = { .used = 0 };
	if (comes(lexer, "[["))
		return refuse(lexer, "an array of tables ([[name]])");
	lexer->at++;
	const enum status status = read_key(lexer, &key);
	if (status != STATUS_OK)
		return status;
	if (look(lexer) != ']')
		return refuse(lexer, "a table's name without \"]\"");
	lexer->at++;
	snprintf(lexer->table, sizeof(lexer->table), "%s.", key.text);
	return STATUS_OK;
}

/* Nothing but a comment may follow on a line. */
static enum status end_of_line(struct lexer *lexer)
{
	skip_spaces(lexer);
	const int c = look(lexer);
	return c == -1 || c == '\n' || c == '\r' || c == '#' ? STATUS_OK : refuse(lexer, "something after the value");
}

/* A policy is called as its file is: "/etc/cascade/policies/tld.toml" is "tld". */
static const char *name_of(const struct import_source *source)
{
	const char *const slash = strrchr(source->file, '/');
	const char *const base = slash == NULL ? source->file : slash + 1;
	size_t size = strlen(base);
	if (size > 5 && strcmp(base + size - 5, ".toml") == 0)
		size -= 5;
	return base[0] == '<' ? "imported" : arena_strndup(source->mem, base, size);
}

enum status import_read_cascade(struct import_source *source)
{
	struct lexer *const lexer = arena_calloc(source->mem, 1, sizeof(*lexer));
	struct text nothing = { .used = 0 };
	*lexer = (struct lexer){ .source = source, .line = 1 };
	enum status status = import_add_entry(source, name_of(source), 1);
	for (skip_lines(lexer); status == STATUS_OK && look(lexer) != -1; skip_lines(lexer)) {
		status = look(lexer) == '[' ? read_header(lexer) : read_pair(lexer, lexer->table, 0, &nothing);
		if (status == STATUS_OK)
			status = end_of_line(lexer);
	}
	return status;
}
