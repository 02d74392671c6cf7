/* SPDX-License-Identifier: MIT */
/* argv to struct cli. Options may stand before and after the command. */
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signer/base/build.h"
#include "signer/base/suggest.h"
#include "signer/cli/cli.h"
#include "signer/engine/folder.h"

enum { LONG_BASE = 1000, SHORT_MOST = 2 * OPTIONS + 3 };

bool cli_takes(const struct command *command, enum option_id option)
{
	if (option <= OPTION_NOW)
		return true;
	if (command == NULL)
		return false;
	return option <= OPTION_YES ? command->changes : (command->options & TAKES(option)) != 0;
}

struct getopt_tables {
	struct option longs[OPTIONS + 1];
	char shorts[SHORT_MOST];
};

static void build_tables(const struct command *command, bool stop_at_first, struct getopt_tables *out)
{
	size_t count = 0, at = 0;
	if (stop_at_first)
		out->shorts[at++] = '+';
	out->shorts[at++] = ':';
	for (int i = 0; i < OPTIONS; i++) {
		if (!cli_takes(command, (enum option_id)i))
			continue;
		const struct option_row *row = &cli_options[i];
		out->longs[count++] = (struct option){ row->name,
			row->argument != NULL ? required_argument : no_argument, NULL, LONG_BASE + i };
		if (row->letter == 0)
			continue;
		out->shorts[at++] = row->letter;
		if (row->argument != NULL)
			out->shorts[at++] = ':';
	}
	out->shorts[at] = '\0';
	out->longs[count] = (struct option){ 0 };
}

static int option_of(int got, const struct command *command)
{
	if (got >= LONG_BASE)
		return got - LONG_BASE;
	for (int i = 0; i < OPTIONS; i++)
		if (cli_takes(command, (enum option_id)i) && cli_options[i].letter == got)
			return i;
	return -1;
}

static enum status unknown_option(const char *word, const struct command *command, struct error *err)
{
	const char *names[OPTIONS];
	char shown[100], plain[64];
	size_t count = 0;
	for (int i = 0; i < OPTIONS; i++)
		if (cli_takes(command, (enum option_id)i))
			names[count++] = cli_options[i].name;
	error_escape(word, strlen(word), shown, sizeof(shown));
	snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(word + strspn(word, "-"), "="), word + strspn(word, "-"));
	const char *near = suggest_nearest(plain, names, count);
	if (near == NULL)
		return error_set(err, STATUS_USAGE, "unknown option %s; see --help", shown);
	return error_set(err, STATUS_USAGE, "unknown option %s; did you mean --%s?", shown, near);
}

static enum status parse_options(
    int argc, char **argv, const struct command *command, bool stop_at_first, struct cli *cli, struct error *err)
{
	struct getopt_tables tables;
	build_tables(command, stop_at_first, &tables);
	opterr = 0;
	optind = 0;
	for (;;) {
		int before = optind > 0 ? optind : 1;
		int got = getopt_long(argc, argv, tables.shorts, tables.longs, NULL);
		if (got == -1)
			return STATUS_OK;
		if (got == ':')
			return error_set(err, STATUS_USAGE, "option %s needs a value; see --help", argv[optind - 1]);
		if (got == '?') {
			char letter[3] = { '-', (char)optopt, '\0' };
			bool is_short = optopt != 0 && optopt < LONG_BASE;
			return unknown_option(
			    is_short ? letter : argv[optind > before ? optind - 1 : before], command, err);
		}
		int option = option_of(got, command);
		const char *const before_it = cli_options[option].many ? cli->values[option] : NULL;
		cli->values[option] = optarg != NULL ? optarg : "";
		if (before_it != NULL)
			cli->values[option] = arena_printf(cli->mem, "%s\n%s", before_it, optarg);
	}
}

/* The command of two words, else of one; the number of words it took. */
static const struct command *find_command(int argc, char **argv, int *words)
{
	size_t count;
	const struct command *const *commands = cli_commands(&count);
	char two[80] = "";
	if (argc >= 2)
		snprintf(two, sizeof(two), "%.30s %.30s", argv[0], argv[1]);
	for (size_t i = 0; i < count; i++) {
		*words = strchr(commands[i]->name, ' ') != NULL ? 2 : 1;
		if (strcmp(commands[i]->name, *words == 2 ? two : argv[0]) == 0)
			return commands[i];
	}
	return NULL;
}

static enum status unknown_command(int argc, char **argv, struct arena *mem, struct error *err)
{
	size_t count;
	const struct command *const *commands = cli_commands(&count);
	const char **const names = arena_alloc(mem, count * sizeof(*names));
	char word[80], shown[120];
	char verbs[200] = "";
	for (size_t i = 0; i < count; i++)
		names[i] = commands[i]->name;
	bool has_verb = argc >= 2 && argv[1][0] != '-';
	snprintf(word, sizeof(word), "%.30s%s%.30s", argv[0], has_verb ? " " : "", has_verb ? argv[1] : "");
	for (size_t i = 0, size = strlen(argv[0]); i < count; i++)
		if (strncmp(commands[i]->name, argv[0], size) == 0 && commands[i]->name[size] == ' ')
			snprintf(
			    verbs + strlen(verbs), sizeof(verbs) - strlen(verbs), " %s", commands[i]->name + size + 1);
	const char *near = suggest_nearest(word, names, count);
	if (near == NULL)
		near = suggest_nearest(argv[0], names, count);
	error_escape(word, strlen(word), shown, sizeof(shown));
	if (verbs[0] != '\0' && near == NULL)
		return error_set(err, STATUS_USAGE, "zoneseal %s needs one of:%s", argv[0], verbs);
	if (near == NULL)
		return error_set(err, STATUS_USAGE, "unknown command \"%s\"; zoneseal --help lists them", shown);
	return error_set(err, STATUS_USAGE, "unknown command \"%s\"; did you mean \"%s\"?", shown, near);
}

/* The first of the candidates that is set; --state and --config share this. */
static const char *given_or(const char *given, const char *variable)
{
	const char *value = given != NULL ? given : getenv(variable);
	return value != NULL && value[0] != '\0' ? value : NULL;
}

static bool is_system_user(void)
{
	const struct passwd *user = getpwuid(geteuid());
	return geteuid() == 0 || (user != NULL && strcmp(user->pw_name, "zoneseal") == 0);
}

static const char *under_home(const char *variable, const char *below_home, struct arena *mem)
{
	const char *base = getenv(variable), *home = getenv("HOME");
	if (base != NULL && base[0] == '/')
		return arena_printf(mem, "%s/zoneseal", base);
	const struct passwd *user = getpwuid(geteuid());
	if (home == NULL || home[0] != '/')
		home = user != NULL ? user->pw_dir : "/";
	return arena_printf(mem, "%s/%s/zoneseal", home, below_home);
}

/* A plain user's own folder counts if it is there, or if the system has none: then `init` makes it. */
static const char *default_config(struct arena *mem)
{
	static const char *const system = "/etc/zoneseal";
	if (is_system_user())
		return system;
	const char *own = under_home("XDG_CONFIG_HOME", ".config", mem);
	return access(own, F_OK) == 0 || access(system, F_OK) != 0 ? own : system;
}

static void find_folders(struct cli *cli)
{
	const char *state = given_or(cli->values[OPTION_STATE], "ZONESEAL_STATE");
	const char *config = given_or(cli->values[OPTION_CONFIG], "ZONESEAL_CONFIG");
	if (state == NULL)
		state = is_system_user() ? "/var/lib/zoneseal" : under_home("XDG_STATE_HOME", ".local/state", cli->mem);
	if (config == NULL)
		config = default_config(cli->mem);
	cli->state = folder_absolute(state, cli->mem);
	cli->config = folder_absolute(config, cli->mem);
}

static enum status check_arguments(const struct cli *cli, struct error *err)
{
	const struct command *command = cli->command;
	if (cli->arg_count < command->min_args || (command->max_args >= 0 && cli->arg_count > command->max_args))
		return error_set(err, STATUS_USAGE, "usage: zoneseal %s %s", command->name, command->synopsis);
	const char *colour = cli->values[OPTION_COLOR];
	if (colour != NULL && strcmp(colour, "auto") != 0 && strcmp(colour, "always") != 0 &&
	    strcmp(colour, "never") != 0)
		return error_set(err, STATUS_USAGE, "--color: auto, always or never");
	return STATUS_OK;
}

static enum status finish(struct cli *cli, struct error *err)
{
	find_folders(cli);
	cli->now = utc_now();
	enum status status = check_arguments(cli, err);
	if (status == STATUS_OK && cli_has(cli, OPTION_NOW))
		status = utc_parse(cli_value(cli, OPTION_NOW), &cli->now, err);
	return status;
}

enum status cli_parse(int argc, char **argv, struct cli *cli, bool *done, struct error *err)
{
	int words = 0;
	*done = false;
	enum status status = parse_options(argc, argv, NULL, true, cli, err);
	if (status != STATUS_OK)
		return status;
	int first = optind;
	if (first < argc && strcmp(argv[first], "help") == 0) {
		cli->values[OPTION_HELP] = "";
		first++;
	}
	if (first < argc) {
		cli->command = find_command(argc - first, argv + first, &words);
		if (cli->command == NULL)
			return unknown_command(argc - first, argv + first, cli->mem, err);
		/* getopt starts behind the "program's name": here the command's last word. */
		int rest = first + words - 1;
		status = parse_options(argc - rest, argv + rest, cli->command, false, cli, err);
		cli->args = argv + rest + optind;
		cli->arg_count = argc - rest - optind;
	}
	if (cli_has(cli, OPTION_HELP) || cli_has(cli, OPTION_VERSION)) {
		*done = true;
		if (cli_has(cli, OPTION_HELP))
			cli_help(cli->command, stdout);
		else
			printf("zoneseal %s (build %s)\n", build_version(), build_id());
		return STATUS_OK;
	}
	if (status != STATUS_OK)
		return status;
	if (cli->command == NULL) {
		cli_help(NULL, stderr);
		return error_set(err, STATUS_USAGE, "a command is needed");
	}
	return finish(cli, err);
}
