/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "signer/cli/cli.h"
#include "signer/cli/completion.h"

/* __zoneseal_at COMMAND PLACE: whether the words before the cursor are that command and so many arguments of it. */
static const char HEAD[] = "# fish completion of zoneseal; made by `zoneseal completion fish`\n"
			   "\n"
			   "function __zoneseal_zones\n"
			   "\tset -l state\n"
			   "\tset -l tokens (commandline -opc)\n"
			   "\tfor i in (seq (count $tokens))\n"
			   "\t\tif string match -q -- '--state=*' $tokens[$i]\n"
			   "\t\t\tset state $tokens[$i]\n"
			   "\t\telse if test \"$tokens[$i]\" = --state; and test $i -lt (count $tokens)\n"
			   "\t\t\tset state --state $tokens[(math $i + 1)]\n"
			   "\t\tend\n"
			   "\tend\n"
			   "\tzoneseal zone list $state 2>/dev/null | string replace -r '\\t.*' ''\n"
			   "end\n"
			   "\n"
			   "function __zoneseal_at\n"
			   "\tset -l command\n"
			   "\tset -l place 0\n"
			   "\tset -l skip\n"
			   "\tfor word in (commandline -opc)[2..-1]\n"
			   "\t\tif test -n \"$skip\"\n"
			   "\t\t\tset skip\n"
			   "\t\telse if string match -q -- '--*=*' $word\n"
			   "\t\telse if string match -q -- '-*' $word\n"
			   "\t\t\tcontains -- $word $__zoneseal_valued; and set skip $word\n"
			   "\t\telse if test -z \"$command\"\n"
			   "\t\t\tset command $word\n"
			   "\t\telse if contains -- \"$command\" $__zoneseal_groups\n"
			   "\t\t\tset command \"$command $word\"\n"
			   "\t\telse\n"
			   "\t\t\tset place (math $place + 1)\n"
			   "\t\tend\n"
			   "\tend\n"
			   "\ttest \"$command\" = \"$argv[1]\"; and begin\n"
			   "\t\ttest (count $argv) = 1; or test $place = $argv[2]\n"
			   "\tend\n"
			   "end\n"
			   "\n"
			   "complete -c zoneseal -f\n";

static void write_quoted(const char *text, FILE *out)
{
	fputs(" -d '", out);
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputs("'\n", out);
}

static void write_sets(FILE *out)
{
	size_t count, size;
	const struct command *const *const commands = cli_commands(&count);
	fputs("set -g __zoneseal_groups", out);
	for (size_t i = 0; i < count; i++)
		if (completion_second(commands[i]) != NULL && completion_is_first(i, &size))
			fprintf(out, " %.*s", (int)size, commands[i]->name);
	fputs("\nset -g __zoneseal_valued", out);
	for (int i = 0; i < OPTIONS; i++) {
		if (cli_options[i].argument == NULL)
			continue;
		fprintf(out, " --%s", cli_options[i].name);
		if (cli_options[i].letter != 0)
			fprintf(out, " -%c", cli_options[i].letter);
	}
	fputs("\n", out);
}

static void write_option(const struct command *command, const struct option_row *option, FILE *out)
{
	if (command == NULL)
		fprintf(out, "complete -c zoneseal -l %s", option->name);
	else
		fprintf(out, "complete -c zoneseal -n '__zoneseal_at \"%s\"' -l %s", command->name, option->name);
	if (option->letter != 0)
		fprintf(out, " -s %c", option->letter);
	if (option->argument != NULL) {
		const char *const words = completion_words(option);
		fputs(completion_value(option) == COMPLETE_FILE ? " -r -F" : " -x", out);
		if (words != NULL)
			fprintf(out, " -a '%s'", words);
	}
	write_quoted(option->help, out);
}

static void write_command(const struct command *command, FILE *out)
{
	for (int i = 0; i < OPTIONS; i++)
		if (cli_takes(command, (enum option_id)i) && !cli_takes(NULL, (enum option_id)i))
			write_option(command, &cli_options[i], out);
	for (int place = 0; place < command->max_args && place < COMPLETION_PLACES; place++) {
		const enum completion_kind kind = completion_argument(command, place);
		if (kind != COMPLETE_NOTHING)
			fprintf(out, "complete -c zoneseal -n '__zoneseal_at \"%s\" %d' %s\n", command->name, place,
			    kind == COMPLETE_FILE ? "-F" : "-a '(__zoneseal_zones)'");
	}
}

void completion_fish(FILE *out)
{
	size_t count, size;
	char about[200];
	const struct command *const *const commands = cli_commands(&count);
	fputs(HEAD, out);
	write_sets(out);
	for (int i = 0; i < OPTIONS; i++)
		if (cli_takes(NULL, (enum option_id)i))
			write_option(NULL, &cli_options[i], out);
	for (size_t i = 0; i < count; i++) {
		const char *const second = completion_second(commands[i]);
		if (completion_is_first(i, &size)) {
			fprintf(
			    out, "complete -c zoneseal -n '__zoneseal_at \"\"' -a %.*s", (int)size, commands[i]->name);
			write_quoted(completion_about(i, about), out);
		}
		if (second != NULL) {
			fprintf(out, "complete -c zoneseal -n '__zoneseal_at %.*s' -a %s",
			    (int)strcspn(commands[i]->name, " "), commands[i]->name, second);
			write_quoted(commands[i]->summary, out);
		}
	}
	for (size_t i = 0; i < count; i++)
		write_command(commands[i], out);
}
