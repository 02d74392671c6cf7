/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "signer/cli/cli.h"
#include "signer/cli/completion.h"

/* bash completes words that it has been told, one by one. `compgen -W` would expand what a zone is called. */
static const char HEAD[] = "# bash completion of zoneseal; made by `zoneseal completion bash`\n"
			   "\n"
			   "_zoneseal_offer() {\n"
			   "\tlocal word\n"
			   "\tfor word; do\n"
			   "\t\t[[ $word == \"$cur\"* ]] && COMPREPLY+=(\"$(printf %q \"$word\")\")\n"
			   "\tdone\n"
			   "}\n"
			   "\n"
			   "_zoneseal_zones() {\n"
			   "\tlocal name rest\n"
			   "\twhile IFS=$'\\t' read -r name rest; do\n"
			   "\t\t_zoneseal_offer \"$name\"\n"
			   "\tdone < <(zoneseal zone list \"${state[@]}\" 2>/dev/null)\n"
			   "}\n"
			   "\n"
			   "_zoneseal_files() {\n"
			   "\tlocal name\n"
			   "\tcompopt -o filenames 2>/dev/null\n"
			   "\twhile IFS= read -r name; do\n"
			   "\t\tCOMPREPLY+=(\"$name\")\n"
			   "\tdone < <(compgen -f -- \"$cur\")\n"
			   "}\n"
			   "\n";

static const char WALK[] = "_zoneseal() {\n"
			   "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev= word command= place=0 i skip=\n"
			   "\tlocal -a state=()\n"
			   "\tCOMPREPLY=()\n"
			   "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
			   "\t\tword=${COMP_WORDS[i]}\n"
			   "\t\tif [[ $word == = ]]; then\n"
			   "\t\t\tcontinue\n"
			   "\t\telif [[ $skip ]]; then\n"
			   "\t\t\t[[ $skip == --state ]] && state=(--state \"$word\")\n"
			   "\t\t\tskip=\n"
			   "\t\telif [[ $word == -* ]]; then\n"
			   "\t\t\t_zoneseal_has_value \"$word\" && skip=$word\n"
			   "\t\telif [[ ! $command ]]; then\n"
			   "\t\t\tcommand=$word\n"
			   "\t\telif [[ $command != *' '* ]] && _zoneseal_has_verbs \"$command\"; then\n"
			   "\t\t\tcommand+=\" $word\"\n"
			   "\t\telse\n"
			   "\t\t\t((place++))\n"
			   "\t\tfi\n"
			   "\tdone\n"
			   "\t[[ $cur == = ]] && cur=\n"
			   "\tif [[ $skip ]]; then\n"
			   "\t\t_zoneseal_value \"$skip\"\n"
			   "\telse\n"
			   "\t\t_zoneseal_word \"$command\" \"$place\"\n"
			   "\tfi\n"
			   "}\n"
			   "\n"
			   "complete -F _zoneseal zoneseal\n";

static void write_values(FILE *out)
{
	fputs("_zoneseal_value() {\n\tcase $1 in\n", out);
	for (int i = 0; i < OPTIONS; i++) {
		const struct option_row *const option = &cli_options[i];
		const char *const words = option->argument == NULL ? NULL : completion_words(option);
		if (words == NULL && (option->argument == NULL || completion_value(option) != COMPLETE_FILE))
			continue;
		fputc('\t', out);
		completion_names(option, out);
		if (words != NULL)
			fprintf(out, ") _zoneseal_offer %s ;;\n", words);
		else
			fputs(") _zoneseal_files ;;\n", out);
	}
	fputs("\tesac\n}\n\n", out);
}

/* `pattern`: when the options are what is wanted. */
static void write_options(const struct command *command, const char *pattern, FILE *out)
{
	fprintf(out, "\t\t%s) _zoneseal_offer", pattern);
	for (int i = 0; i < OPTIONS; i++)
		if (cli_takes(command, (enum option_id)i))
			fprintf(out, " --%s", cli_options[i].name);
	fputs(" ;;\n", out);
}

static void write_command(const struct command *command, FILE *out)
{
	static const char *const calls[] = { [COMPLETE_ZONE] = "_zoneseal_zones", [COMPLETE_FILE] = "_zoneseal_files" };
	fprintf(out, "\t'%s')\n\t\tcase $2/$cur in\n", command->name);
	write_options(command, "*/-*", out);
	for (int place = 0; place < command->max_args && place < COMPLETION_PLACES; place++) {
		const enum completion_kind kind = completion_argument(command, place);
		if (kind != COMPLETE_NOTHING)
			fprintf(out, "\t\t%d/*) %s ;;\n", place, calls[kind]);
	}
	fputs("\t\tesac ;;\n", out);
}

static void write_words(FILE *out)
{
	size_t count, size;
	const struct command *const *const commands = cli_commands(&count);
	fputs("_zoneseal_word() {\n\tcase $1 in\n\t'')\n\t\tcase $cur in\n", out);
	write_options(NULL, "-*", out);
	fputs("\t\t*) _zoneseal_offer", out);
	for (size_t i = 0; i < count; i++)
		if (completion_is_first(i, &size))
			fprintf(out, " %.*s", (int)size, commands[i]->name);
	fputs(" ;;\n\t\tesac ;;\n", out);
	for (size_t i = 0; i < count; i++) {
		if (completion_second(commands[i]) == NULL || !completion_is_first(i, &size))
			continue;
		fprintf(out, "\t%.*s) _zoneseal_offer", (int)size, commands[i]->name);
		for (size_t k = i; k < count; k++)
			if (strncmp(commands[k]->name, commands[i]->name, size + 1) == 0)
				fprintf(out, " %s", completion_second(commands[k]));
		fputs(" ;;\n", out);
	}
	for (size_t i = 0; i < count; i++)
		write_command(commands[i], out);
	fputs("\tesac\n}\n\n", out);
}

void completion_bash(FILE *out)
{
	fputs(HEAD, out);
	completion_tests(out);
	write_values(out);
	write_words(out);
	fputs(WALK, out);
}
