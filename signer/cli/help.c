/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "signer/cli/cli.h"

static void print_options(const struct command *command, FILE *out)
{
	for (int i = 0; i < OPTIONS; i++) {
		const struct option_row *row = &cli_options[i];
		char name[64], letter[8] = "    ";
		if (!cli_takes(command, (enum option_id)i))
			continue;
		if (row->letter != 0)
			snprintf(letter, sizeof(letter), "-%c, ", row->letter);
		snprintf(name, sizeof(name), "--%s%s%s", row->name, row->argument != NULL ? "=" : "",
		    row->argument != NULL ? row->argument : "");
		fprintf(out, "  %s%-26s %s\n", letter, name, row->help);
	}
}

static void help_of_command(const struct command *command, FILE *out)
{
	fprintf(out, "%s\n\nExamples\n%s\nUsage: zoneseal %s%s%s [options]\n\nOptions\n", command->summary,
	    command->examples, command->name, command->synopsis[0] != '\0' ? " " : "", command->synopsis);
	print_options(command, out);
}

static void help_of_program(FILE *out)
{
	size_t count;
	const struct command *const *commands = cli_commands(&count);
	fprintf(out,
	    "zoneseal signs zones with DNSSEC, has each version verified by an independent program, and publishes "
	    "it.\n\n"
	    "Examples\n"
	    "  zoneseal sign nl.test -i nl.test.zone -o /srv/nl.test.signed   first signed zone, in one command\n"
	    "  zoneseal zone add nl.test -i /srv/in/nl.test -o /srv/out/nl.test\n"
	    "  zoneseal run                                                   all that is due; for cron and systemd\n"
	    "  zoneseal status\n\nUsage: zoneseal COMMAND [arguments] [options]\n\nCommands\n");
	for (size_t i = 0; i < count; i++)
		fprintf(out, "  %-18s %s\n", commands[i]->name, commands[i]->summary);
	fprintf(out, "\nzoneseal COMMAND --help shows a command's options.\n");
}

void cli_help(const struct command *command, FILE *out)
{
	if (command != NULL)
		help_of_command(command, out);
	else
		help_of_program(out);
}
