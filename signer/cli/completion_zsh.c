/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "signer/cli/cli.h"
#include "signer/cli/completion.h"

static const char HEAD[] = "#compdef zoneseal\n"
			   "# zsh completion of zoneseal; made by `zoneseal completion zsh`\n"
			   "\n"
			   "_zoneseal_zones() {\n"
			   "\tlocal -a names\n"
			   "\tnames=(${${(f)\"$(zoneseal zone list $state 2>/dev/null)\"}%%$'\\t'*})\n"
			   "\tcompadd -a names\n"
			   "}\n"
			   "\n";

static const char WALK[] = "_zoneseal() {\n"
			   "\tlocal word command= skip= value=\n"
			   "\tlocal -i place=0\n"
			   "\tlocal -a state list\n"
			   "\tfor word in ${words[2,CURRENT-1]}; do\n"
			   "\t\tif [[ -n $skip ]]; then\n"
			   "\t\t\t[[ $skip == --state ]] && state=(--state $word)\n"
			   "\t\t\tskip=\n"
			   "\t\telif [[ $word == --*=* ]]; then\n"
			   "\t\t\t[[ $word == --state=* ]] && state=($word)\n"
			   "\t\telif [[ $word == -* ]]; then\n"
			   "\t\t\t_zoneseal_has_value $word && skip=$word\n"
			   "\t\telif [[ -z $command ]]; then\n"
			   "\t\t\tcommand=$word\n"
			   "\t\telif [[ $command != *' '* ]] && _zoneseal_has_verbs $command; then\n"
			   "\t\t\tcommand+=\" $word\"\n"
			   "\t\telse\n"
			   "\t\t\tplace+=1\n"
			   "\t\tfi\n"
			   "\tdone\n"
			   "\tif [[ -n $skip ]]; then\n"
			   "\t\t_zoneseal_value $skip\n"
			   "\telif compset -P '--*='; then\n"
			   "\t\t_zoneseal_value ${IPREFIX%=}\n"
			   "\telse\n"
			   "\t\t_zoneseal_word \"$command\" $place\n"
			   "\tfi\n"
			   "}\n"
			   "\n"
			   "if [[ $funcstack[1] == _zoneseal ]]; then\n"
			   "\t_zoneseal \"$@\"\n"
			   "else\n"
			   "\tcompdef _zoneseal zoneseal\n"
			   "fi\n";

/* Inside single quotes, before a colon that ends the word described: 'word:text'. */
static void write_described(const char *prefix, const char *word, size_t size, const char *text, FILE *out)
{
	fprintf(out, " '%s%.*s:", prefix, (int)size, word);
	for (; *text != '\0'; text++)
		if (*text == '\'')
			fputs("'\\''", out);
		else
			fputc(*text, out);
	fputc('\'', out);
}

static void write_values(FILE *out)
{
	fputs("_zoneseal_value() {\n\tcase $1 in\n", out);
	for (int i = 0; i < OPTIONS; i++) {
		const struct option_row *const option = &cli_options[i];
		if (option->argument == NULL)
			continue;
		const char *const words = completion_words(option);
		fputc('\t', out);
		completion_names(option, out);
		if (words != NULL)
			fprintf(out, ") compadd %s ;;\n", words);
		else if (completion_value(option) == COMPLETE_FILE)
			fputs(") _files ;;\n", out);
		else
			fprintf(out, ") _message '%s' ;;\n", option->argument);
	}
	fputs("\tesac\n}\n\n", out);
}

static void write_options(const struct command *command, FILE *out)
{
	fputs("\t\tlist=(", out);
	for (int i = 0; i < OPTIONS; i++)
		if (cli_takes(command, (enum option_id)i))
			write_described(
			    "--", cli_options[i].name, strlen(cli_options[i].name), cli_options[i].help, out);
	fputs(")\n\t\t[[ $PREFIX == -* ]] && _describe -o option list\n", out);
}

static void write_command(const struct command *command, FILE *out)
{
	static const char *const calls[] = { [COMPLETE_ZONE] = "_zoneseal_zones", [COMPLETE_FILE] = "_files" };
	fprintf(out, "\t'%s')\n", command->name);
	write_options(command, out);
	fputs("\t\tcase $2/$PREFIX in\n\t\t*/-*) ;;\n", out);
	for (int place = 0; place < command->max_args && place < COMPLETION_PLACES; place++) {
		const enum completion_kind kind = completion_argument(command, place);
		if (kind != COMPLETE_NOTHING)
			fprintf(out, "\t\t%d/*) %s ;;\n", place, calls[kind]);
	}
	fputs("\t\tesac ;;\n", out);
}

/* Groups have no summary of their own: their verbs say what they do. */
static void write_verbs(size_t first, size_t size, FILE *out)
{
	size_t count;
	const struct command *const *const commands = cli_commands(&count);
	fprintf(out, "\t%.*s)\n\t\tlist=(", (int)size, commands[first]->name);
	for (size_t i = first; i < count; i++)
		if (strncmp(commands[i]->name, commands[first]->name, size + 1) == 0)
			write_described("", completion_second(commands[i]), strlen(completion_second(commands[i])),
			    commands[i]->summary, out);
	fputs(")\n\t\t_describe command list ;;\n", out);
}

static void write_words(FILE *out)
{
	size_t count, size;
	char about[200];
	const struct command *const *const commands = cli_commands(&count);
	fputs("_zoneseal_word() {\n\tcase $1 in\n\t'')\n", out);
	write_options(NULL, out);
	fputs("\t\tlist=(", out);
	for (size_t i = 0; i < count; i++)
		if (completion_is_first(i, &size))
			write_described("", commands[i]->name, size, completion_about(i, about), out);
	fputs(")\n\t\t[[ $PREFIX == -* ]] || _describe command list ;;\n", out);
	for (size_t i = 0; i < count; i++)
		if (completion_second(commands[i]) != NULL && completion_is_first(i, &size))
			write_verbs(i, size, out);
	for (size_t i = 0; i < count; i++)
		write_command(commands[i], out);
	fputs("\tesac\n}\n\n", out);
}

void completion_zsh(FILE *out)
{
	fputs(HEAD, out);
	completion_tests(out);
	write_values(out);
	write_words(out);
	fputs(WALK, out);
}
