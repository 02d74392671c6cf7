/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "signer/base/sandbox.h"
#include "signer/base/vault.h"
#include "signer/cli/cli.h"

/* Whether --json stands anywhere: an error in the arguments is to be JSON too. */
static bool wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}

static void print_error(int code, bool json, const struct error *err)
{
	char text[1100];
	struct error ignored;
	error_format(err, text, sizeof(text));
	fprintf(stderr, "zoneseal: %s\n", text);
	if (!json)
		return;
	struct report *report = report_new("zoneseal.error/1");
	report_error(report, err, (enum status)code, cli_check_of(err->message));
	if (report_print(stdout, report, &ignored) != STATUS_OK)
		return;
}

/* A plugin that was called wrongly does not know how the zones are; exit code 2 would be an alarm about them. */
static int plugin_unknown(void)
{
	printf("ZONESEAL UNKNOWN - called with arguments that are not understood\n");
	return 3;
}

int main(int argc, char **argv)
{
	struct error err;
	bool done;
	error_clear(&err);
	umask(077);
	sandbox_no_core();
	vault_open();
	/* A full pipe or a file size limit is an error of the write, not a death without words. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	/* A question; whoever has an answer waits for it (signals.h), and nobody dies of it. */
	(void)signal(SIGUSR1, SIG_IGN);
	/* A parent that ignores it hands that on, and then no exit code of verifier or hook can be had. */
	(void)signal(SIGCHLD, SIG_DFL);
	struct cli cli = { .mem = arena_new(0) };
	int code = (int)cli_parse(argc, argv, &cli, &done, &err);
	bool plugin = code != 0 && cli.command != NULL && strcmp(cli.command->name, "check") == 0;
	if (code == 0 && !done)
		code = cli.command->run(&cli, &err);
	if (code != 0 && err.message[0] != '\0')
		print_error(code, wants_json(argc, argv) && !cli.json_done && !plugin, &err);
	if (plugin)
		code = plugin_unknown();
	if (fflush(stdout) != 0 && code == 0) {
		fprintf(stderr, "zoneseal: stdout: cannot write\n");
		code = STATUS_IO;
	}
	arena_free(cli.mem);
	return code;
}
