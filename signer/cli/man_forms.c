/* SPDX-License-Identifier: MIT */
/*
 * man_forms < PAGE.scd.in > PAGE.scd
 *
 * Puts what the program's own tables say into a manual page in scdoc's language. A line of these stands for:
 *   @commands@        all commands with their summaries
 *   @command NAME@    one command: usage, options of its own, examples
 *   @options@         the options that every command takes
 *   @changes@         those that every command takes that changes state
 *   @policy@          the fields of a policy
 *   @checks@          the checks of the gate
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policies/policy_field.h"
#include "signer/cli/cli.h"
#include "signer/verify/verify.h"

enum { LINE = 4096 };

/* Text that scdoc takes as it is. */
static void put(const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("\\*_#[]|<>~", *text) != NULL)
			putchar('\\');
		putchar(*text);
	}
}

/* What begins in lower case in a list of the program is a sentence here. */
static void put_sentence(const char *text)
{
	const char first[2] = { (char)toupper((unsigned char)text[0]), '\0' };
	put(first);
	put(text + 1);
	fputs(".\n\n", stdout);
}

static void put_option(const struct option_row *option)
{
	if (option->letter != 0)
		printf("*-%c*, ", option->letter);
	fputs("*--", stdout);
	put(option->name);
	putchar('*');
	if (option->argument != NULL) {
		fputs("=", stdout);
		put(option->argument);
	}
	fputs("\n\t", stdout);
	put_sentence(option->help);
}

/* Of those that `command` takes the ones from `first` to before `end`. */
static void put_options(const struct command *command, int first, int end)
{
	for (int i = first; i < end; i++)
		if (cli_takes(command, (enum option_id)i))
			put_option(&cli_options[i]);
}

static void put_commands(void)
{
	size_t count;
	const struct command *const *const commands = cli_commands(&count);
	for (size_t i = 0; i < count; i++) {
		putchar('*');
		put(commands[i]->name);
		fputs("*\n\t", stdout);
		put_sentence(commands[i]->summary);
	}
}

static void put_examples(const char *examples)
{
	fputs("Examples:\n\n```\n", stdout);
	fputs(examples, stdout);
	fputs("```\n\n", stdout);
}

static bool put_command(const char *name)
{
	size_t count;
	const struct command *const *const commands = cli_commands(&count);
	for (size_t i = 0; i < count; i++) {
		const struct command *const command = commands[i];
		if (strcmp(command->name, name) != 0)
			continue;
		fputs("## zoneseal ", stdout);
		put(name);
		fputs("\n\n*zoneseal ", stdout);
		put(name);
		fputs("* ", stdout);
		put(command->synopsis);
		fputs(" \\[options\\]\n\n", stdout);
		put_sentence(command->summary);
		put_options(command, OPTION_YES + 1, OPTIONS);
		if (command->changes)
			fputs("It changes state: *--dry-run*, *--no-input* and *--yes* of *zoneseal*(1) apply.\n\n",
			    stdout);
		put_examples(command->examples);
		return true;
	}
	return false;
}

static void put_changes(void)
{
	for (int i = OPTION_NOW + 1; i <= OPTION_YES; i++)
		put_option(&cli_options[i]);
}

static void put_field(const struct field *field, const struct policy *defaults, struct arena *mem)
{
	putchar('*');
	put(field->path);
	fputs("*: ", stdout);
	if (field->kind == FIELD_CHOICE)
		for (const struct field_choice *choice = field->choices; choice->name != NULL; choice++) {
			fputs(choice == field->choices ? "" : " or ", stdout);
			put(choice->name);
		}
	else
		put(field_wants(field));
	fputs("\n\t", stdout);
	put(field->doc);
	if (field->absent != NULL) {
		fputs(" Left out: ", stdout);
		put(field->absent);
		fputs(".\n\n", stdout);
		return;
	}
	fputs(" Default: ", stdout);
	put(field_print(field, defaults, mem));
	fputs(".\n\n", stdout);
}

static void put_policy(void)
{
	size_t count;
	const struct field *const fields = field_table(&count);
	struct arena *const mem = arena_new(0);
	struct policy defaults;
	policy_defaults(&defaults);
	for (size_t i = 0; i < count; i++)
		put_field(&fields[i], &defaults, mem);
	arena_free(mem);
}

static void put_checks(void)
{
	static const char *const homes[] = { [VERIFY_FILE] = "from the file alone",
		[VERIFY_GIVEN] = "by comparison, when what it compares with is given",
		[VERIFY_ENGINE] = "by zoneseal run",
		[VERIFY_OUTSIDE] = "not by zoneseal" };
	size_t count;
	const struct verify_check *const checks = verify_checks(&count);
	for (size_t i = 0; i < count; i++) {
		putchar('*');
		put(checks[i].id);
		printf("* (%s)\n\t", checks[i].alias);
		put(checks[i].explain);
		printf(" Refused %s; decided %s.", checks[i].severity == VERIFY_RFC ? "always" : "by policy",
		    homes[checks[i].home]);
		if (checks[i].rfc[0] != '-') {
			fputs(" See ", stdout);
			put(checks[i].rfc);
			putchar('.');
		}
		if (checks[i].outage != NULL) {
			fputs(" Outage: ", stdout);
			put(checks[i].outage);
			putchar('.');
		}
		fputs("\n\n", stdout);
	}
}

/* False: a marker that is none of ours. */
static bool put_marked(char *marker)
{
	if (strncmp(marker, "command ", 8) == 0)
		return put_command(marker + 8);
	const struct {
		const char *name;
		void (*put)(void);
	} parts[] = { { "commands", put_commands }, { "changes", put_changes }, { "policy", put_policy },
		{ "checks", put_checks } };
	for (size_t i = 0; i < COUNT(parts); i++)
		if (strcmp(marker, parts[i].name) == 0) {
			parts[i].put();
			return true;
		}
	if (strcmp(marker, "options") != 0)
		return false;
	put_options(NULL, 0, OPTIONS);
	return true;
}

int main(void)
{
	char line[LINE];
	while (fgets(line, sizeof(line), stdin) != NULL) {
		const size_t size = strcspn(line, "\n");
		if (line[0] != '@') {
			fputs(line, stdout);
			continue;
		}
		line[size == 0 ? 0 : size - 1] = '\0';
		if (!put_marked(line + 1)) {
			fprintf(stderr, "man_forms: %s: nothing stands for it\n", line + 1);
			return 1;
		}
	}
	return 0;
}
