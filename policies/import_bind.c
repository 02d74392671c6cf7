/* SPDX-License-Identifier: MIT */
/* The dnssec-policy statements of a named.conf: words, strings, braces and semicolons; three kinds of comment. */
#include <string.h>

#include "policies/import_source.h"

enum token { WORD, OPEN, CLOSE, END_OF_STATEMENT, END_OF_FILE };

struct lexer {
	struct import_source *source;
	size_t at;
	uint64_t line;
	char word[IMPORT_MOST_VALUE + 1];
	bool quoted;
};

static int look(const struct lexer *lexer, size_t ahead)
{
	const struct bytes text = lexer->source->text;
	return lexer->at + ahead < text.size ? text.data[lexer->at + ahead] : -1;
}

static void step(struct lexer *lexer)
{
	lexer->line += look(lexer, 0) == '\n';
	lexer->at++;
}

static bool is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A comment that is not closed ends the file: STATUS_POLICY. */
static enum status skip_comment(struct lexer *lexer, bool *was_one)
{
	const int c = look(lexer, 0);
	const uint64_t line = lexer->line;
	*was_one = true;
	if (c == '#' || (c == '/' && look(lexer, 1) == '/')) {
		while (look(lexer, 0) != -1 && look(lexer, 0) != '\n')
			step(lexer);
		return STATUS_OK;
	}
	*was_one = c == '/' && look(lexer, 1) == '*';
	if (!*was_one)
		return STATUS_OK;
	lexer->at += 2;
	while (!(look(lexer, 0) == '*' && look(lexer, 1) == '/')) {
		if (look(lexer, 0) == -1)
			return import_refuse(lexer->source, line, "a comment that is never closed");
		step(lexer);
	}
	lexer->at += 2;
	return STATUS_OK;
}

static enum status skip_blanks(struct lexer *lexer)
{
	for (;;) {
		bool was_comment = false;
		while (is_blank(look(lexer, 0)))
			step(lexer);
		const enum status status = skip_comment(lexer, &was_comment);
		if (status != STATUS_OK || !was_comment)
			return status;
	}
}

static enum status add_octet(struct lexer *lexer, size_t *used, uint64_t line)
{
	if (*used == IMPORT_MOST_VALUE)
		return import_refuse(lexer->source, line, "a word of more than %d octets", (int)IMPORT_MOST_VALUE);
	lexer->word[(*used)++] = (char)look(lexer, 0);
	step(lexer);
	return STATUS_OK;
}

static enum status read_string(struct lexer *lexer)
{
	const uint64_t line = lexer->line;
	size_t used = 0;
	enum status status = STATUS_OK;
	step(lexer);
	while (status == STATUS_OK && look(lexer, 0) != '"') {
		if (look(lexer, 0) == -1 || look(lexer, 0) == '\n')
			return import_refuse(lexer->source, line, "a string that is never closed");
		if (look(lexer, 0) == '\\' && look(lexer, 1) != -1 && look(lexer, 1) != '\n')
			step(lexer);
		status = add_octet(lexer, &used, line);
	}
	step(lexer);
	lexer->word[used] = '\0';
	return status;
}

static enum status read_word(struct lexer *lexer)
{
	size_t used = 0;
	enum status status = STATUS_OK;
	for (int c = look(lexer, 0); status == STATUS_OK && c != -1 && !is_blank(c) && strchr("{};\"", c) == NULL;
	     c = look(lexer, 0)) {
		if (c == '/' && (look(lexer, 1) == '/' || look(lexer, 1) == '*'))
			break;
		status = add_octet(lexer, &used, lexer->line);
	}
	lexer->word[used] = '\0';
	return status;
}

static enum status next(struct lexer *lexer, enum token *out)
{
	enum status status = skip_blanks(lexer);
	if (status != STATUS_OK)
		return status;
	const int c = look(lexer, 0);
	lexer->quoted = c == '"';
	*out = c == -1 ? END_OF_FILE : c == '{' ? OPEN : c == '}' ? CLOSE : c == ';' ? END_OF_STATEMENT : WORD;
	if (*out == WORD)
		return lexer->quoted ? read_string(lexer) : read_word(lexer);
	if (*out != END_OF_FILE)
		step(lexer);
	return STATUS_OK;
}

static enum status unexpected(const struct lexer *lexer, const char *where)
{
	return import_refuse(lexer->source, lexer->line, "braces or semicolons do not fit %s", where);
}

/* A text of words that grows, with a bound. */
struct words {
	char text[IMPORT_MOST_VALUE + 1];
	size_t used;
};

static enum status add_word(const struct lexer *lexer, struct words *words)
{
	const size_t size = strlen(lexer->word);
	if (words->used + size + 2 > sizeof(words->text))
		return import_refuse(
		    lexer->source, lexer->line, "a statement of more than %d octets", (int)IMPORT_MOST_VALUE);
	if (words->used > 0)
		words->text[words->used++] = ' ';
	memcpy(words->text + words->used, lexer->word, size + 1);
	words->used += size;
	return STATUS_OK;
}

/* { key; key; }: each key is an item "keys"; the brace is behind us. */
static enum status read_keys(struct lexer *lexer)
{
	struct words words = { .used = 0 };
	uint64_t line = lexer->line;
	for (;;) {
		enum token token;
		enum status status = next(lexer, &token);
		if (status != STATUS_OK)
			return status;
		if (token == CLOSE && words.used == 0)
			return STATUS_OK;
		if (token == WORD) {
			line = words.used == 0 ? lexer->line : line;
			status = add_word(lexer, &words);
		} else if (token == END_OF_STATEMENT) {
			if (words.used > 0)
				status = import_add_item(lexer->source, "keys", words.text, line);
			words = (struct words){ .used = 0 };
		} else {
			status = unexpected(lexer, "keys { ... };");
		}
		if (status != STATUS_OK)
			return status;
	}
}

/* { word; word; } as one value. */
static enum status read_list(struct lexer *lexer, struct words *words)
{
	for (;;) {
		enum token token;
		enum status status = next(lexer, &token);
		if (status == STATUS_OK && token == CLOSE)
			return STATUS_OK;
		if (status == STATUS_OK && token == WORD)
			status = add_word(lexer, words);
		else if (status == STATUS_OK && token != END_OF_STATEMENT)
			status = unexpected(lexer, "a list");
		if (status != STATUS_OK)
			return status;
	}
}

/* nsec3param iterations 5 optout no salt-length 8: an item each. */
static enum status add_parameters(struct import_source *source, char *words, uint64_t line)
{
	char *rest = NULL;
	enum status status = import_add_item(source, "nsec3param", "", line);
	for (char *name = strtok_r(words, " ", &rest); name != NULL && status == STATUS_OK;
	     name = strtok_r(NULL, " ", &rest)) {
		const char *const value = strtok_r(NULL, " ", &rest);
		if (value == NULL)
			return import_refuse(source, line, "nsec3param: a parameter without its value");
		status = import_add_item(source, arena_printf(source->mem, "nsec3param %s", name), value, line);
	}
	return status;
}

/* One statement of a policy, whose first word has been read. */
static enum status read_option(struct lexer *lexer)
{
	const char *const option = arena_strdup(lexer->source->mem, lexer->word);
	const uint64_t line = lexer->line;
	struct words words = { .used = 0 };
	bool listed = false;
	for (;;) {
		enum token token;
		enum status status = next(lexer, &token);
		if (status != STATUS_OK)
			return status;
		if (token == END_OF_STATEMENT)
			break;
		if (token == WORD && !listed)
			status = add_word(lexer, &words);
		else if (token == OPEN && !listed)
			status = strcmp(option, "keys") == 0 ? read_keys(lexer) : read_list(lexer, &words);
		else
			status = unexpected(lexer, "the statement before");
		listed = listed || token == OPEN;
		if (status != STATUS_OK)
			return status;
	}
	if (strcmp(option, "keys") == 0 && listed)
		return STATUS_OK;
	if (strcmp(option, "nsec3param") == 0)
		return add_parameters(lexer->source, words.text, line);
	return import_add_item(lexer->source, option, words.text, line);
}

/* { statements }; the brace is behind us. */
static enum status read_policy(struct lexer *lexer)
{
	for (;;) {
		enum token token;
		enum status status = next(lexer, &token);
		if (status != STATUS_OK)
			return status;
		if (token == CLOSE)
			break;
		if (token == WORD)
			status = read_option(lexer);
		else if (token != END_OF_STATEMENT)
			status = unexpected(lexer, "dnssec-policy { ... };");
		if (status != STATUS_OK)
			return status;
	}
	enum token token;
	const enum status status = next(lexer, &token);
	if (status == STATUS_OK && token != END_OF_STATEMENT)
		return unexpected(lexer, "dnssec-policy { ... };");
	return status;
}

/* Everything up to the semicolon that ends a statement of the file. */
static enum status skip_statement(struct lexer *lexer)
{
	const uint64_t line = lexer->line;
	for (size_t depth = 0;;) {
		enum token token;
		const enum status status = next(lexer, &token);
		if (status != STATUS_OK)
			return status;
		if (token == END_OF_FILE || (token == CLOSE && depth == 0))
			return import_refuse(lexer->source, line, "a statement whose end is not found");
		if (token == END_OF_STATEMENT && depth == 0)
			return STATUS_OK;
		if (token == OPEN)
			depth++;
		else if (token == CLOSE)
			depth--;
	}
}

static enum status begin_policy(struct lexer *lexer)
{
	enum token token;
	enum status status = next(lexer, &token);
	if (status == STATUS_OK && token != WORD)
		return unexpected(lexer, "dnssec-policy NAME");
	if (status == STATUS_OK)
		status = import_add_entry(lexer->source, lexer->word, lexer->line);
	if (status == STATUS_OK)
		status = next(lexer, &token);
	if (status == STATUS_OK && token != OPEN)
		return unexpected(lexer, "dnssec-policy NAME { ... };");
	return status == STATUS_OK ? read_policy(lexer) : status;
}

enum status import_read_bind(struct import_source *source)
{
	struct lexer *const lexer = arena_calloc(source->mem, 1, sizeof(*lexer));
	*lexer = (struct lexer){ .source = source, .line = 1 };
	for (;;) {
		enum token token;
		enum status status = next(lexer, &token);
		if (status != STATUS_OK || token == END_OF_FILE)
			return status;
		if (token == END_OF_STATEMENT)
			continue;
		if (token != WORD)
			return unexpected(lexer, "the file");
		if (strcmp(lexer->word, "include") == 0 && source->include_line == 0)
			source->include_line = lexer->line;
		status = strcmp(lexer->word, "dnssec-policy") == 0 ? begin_policy(lexer) : skip_statement(lexer);
		if (status != STATUS_OK)
			return status;
	}
}
