/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "signer/cli/cli.h"
#include "signer/cli/completion.h"

static bool is_word(const char *text, size_t size, const char *word)
{
	return strlen(word) == size && memcmp(text, word, size) == 0;
}

/* A synopsis says it in capitals: "[ZONE] FILE|-", "POLICY|FILE|ZONE". */
static enum completion_kind kind_of(const char *text, size_t size)
{
	static const char *const files[] = { "FILE", "KSR", "SKR", "FOLDER", "KEYS", "PARITY-KEY" };
	enum completion_kind kind = COMPLETE_NOTHING;
	for (size_t at = 0, next; at < size; at = next + 1) {
		next = at;
		while (next < size && text[next] != '|' && text[next] != '.')
			next++;
		for (size_t i = 0; i < COUNT(files); i++)
			if (is_word(text + at, next - at, files[i]))
				kind = COMPLETE_FILE;
		if (kind == COMPLETE_NOTHING && is_word(text + at, next - at, "ZONE"))
			kind = COMPLETE_ZONE;
	}
	return kind;
}

enum completion_kind completion_argument(const struct command *command, int place)
{
	enum completion_kind last = COMPLETE_NOTHING;
	const char *at = command->synopsis;
	for (int i = 0; i <= place; i++) {
		at += strspn(at, " [");
		if (!isupper((unsigned char)*at))
			return command->max_args > place ? last : COMPLETE_NOTHING;
		const size_t size = strcspn(at, " ]");
		last = kind_of(at, size);
		at += size + strspn(at + size, "]");
	}
	return last;
}

enum completion_kind completion_value(const struct option_row *option)
{
	static const char *const files[] = { "FILE", "DIR", "POLICY" };
	for (size_t i = 0; i < COUNT(files); i++)
		if (strcmp(option->argument, files[i]) == 0)
			return COMPLETE_FILE;
	return COMPLETE_NOTHING;
}

const char *completion_words(const struct option_row *option)
{
	static const struct {
		const char *argument, *words;
	} known[] = {
		{ "WHEN", "auto always never" },
		{ "DIGEST", "sha256 sha384" },
		{ "PLAN", "availability-first security-first" },
	};
	for (size_t i = 0; i < COUNT(known); i++)
		if (strcmp(option->argument, known[i].argument) == 0)
			return known[i].words;
	return NULL;
}

bool completion_is_first(size_t index, size_t *size)
{
	size_t count;
	const struct command *const *const commands = cli_commands(&count);
	const char *const name = commands[index]->name;
	*size = strcspn(name, " ");
	for (size_t i = 0; i < index; i++)
		if (strncmp(commands[i]->name, name, *size) == 0 && strcspn(commands[i]->name, " ") == *size)
			return false;
	return true;
}

const char *completion_second(const struct command *command)
{
	const char *const blank = strchr(command->name, ' ');
	return blank == NULL ? NULL : blank + 1;
}

const char *completion_about(size_t index, char out[200])
{
	size_t count, at = 0;
	const struct command *const *const commands = cli_commands(&count);
	const size_t size = strcspn(commands[index]->name, " ");
	if (completion_second(commands[index]) == NULL)
		return commands[index]->summary;
	out[0] = '\0';
	for (size_t i = index; i < count && at < 180; i++)
		if (strncmp(commands[i]->name, commands[index]->name, size + 1) == 0)
			at += (size_t)snprintf(
			    out + at, 200 - at, "%s%s", at == 0 ? "" : ", ", completion_second(commands[i]));
	return out;
}

void completion_names(const struct option_row *option, FILE *out)
{
	fprintf(out, "--%s", option->name);
	if (option->letter != 0)
		fprintf(out, "|-%c", option->letter);
}

void completion_tests(FILE *out)
{
	size_t count, size;
	const struct command *const *const commands = cli_commands(&count);
	fputs("_zoneseal_has_value() {\n\tcase $1 in\n", out);
	for (int i = 0; i < OPTIONS; i++) {
		if (cli_options[i].argument == NULL)
			continue;
		fputc('\t', out);
		completion_names(&cli_options[i], out);
		fputs(") ;;\n", out);
	}
	fputs("\t*) return 1 ;;\n\tesac\n}\n\n_zoneseal_has_verbs() {\n\tcase $1 in\n", out);
	for (size_t i = 0; i < count; i++)
		if (completion_second(commands[i]) != NULL && completion_is_first(i, &size))
			fprintf(out, "\t%.*s) ;;\n", (int)size, commands[i]->name);
	fputs("\t*) return 1 ;;\n\tesac\n}\n\n", out);
}
