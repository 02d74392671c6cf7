/* SPDX-License-Identifier: MIT */
/* policy import: another signer's policy as one of ours, and what differs. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "policies/import.h"
#include "signer/cli/cli.h"
#include "signer/report/import_report.h"

/* One octet more than is accepted is read, so that too long a file is refused as such. */
static enum status read_all(int file, const char *name, struct arena *mem, struct bytes *out, struct error *err)
{
	const size_t room = (size_t)IMPORT_MOST_OCTETS + 1;
	uint8_t *const text = arena_octets(mem, room);
	size_t used = 0;
	while (used < room) {
		const ssize_t got = read(file, text + used, room - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_errno(err, "%s", name);
		if (got == 0)
			break;
		used += (size_t)got;
	}
	*out = (struct bytes){ text, used };
	return STATUS_OK;
}

static enum status read_file(struct cli *cli, const char **name, struct bytes *out, struct error *err)
{
	const bool is_stdin = strcmp(cli->args[0], "-") == 0;
	*name = is_stdin ? "<stdin>" : cli->args[0];
	const int file = is_stdin ? STDIN_FILENO : open(cli->args[0], O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return error_set_errno(err, "%s", cli->args[0]);
	const enum status status = read_all(file, *name, cli->mem, out, err);
	if (!is_stdin)
		close(file);
	return status;
}

/* A policy that somebody edited is not lost to a second import. */
static enum status keeps_other_files(const struct cli *cli, struct error *err)
{
	const char *const path = cli_value(cli, OPTION_OUTPUT);
	if (path == NULL || strcmp(path, "-") == 0 || cli_has(cli, OPTION_REPLACE) || access(path, F_OK) != 0)
		return STATUS_OK;
	return error_set(err, STATUS_REFUSED, "%s exists; --replace writes over it", path);
}

static enum status tell(struct cli *cli, const char *file, const struct import *import, struct error *err)
{
	if (!cli_has(cli, OPTION_JSON)) {
		if (!cli_has(cli, OPTION_QUIET))
			import_report_text(stderr, import, cli_has(cli, OPTION_VERBOSE));
		cli_say(cli, "%s policy \"%s\" of %s: imported as %s, which policy check accepts",
		    import_peer_title(import->peer), import->name, file, import->policy.name);
		return STATUS_OK;
	}
	struct report *const report = report_new("zoneseal.policy-import/1");
	report_text(report, "format", import_peer_name(import->peer));
	report_text(report, "path", file);
	report_text(report, "policy", import->name);
	report_number(report, "line", (int64_t)import->line);
	report_text(report, "name", import->policy.name);
	report_text(report, "output", cli_value(cli, OPTION_OUTPUT));
	report_text(report, "yaml", import->yaml);
	import_report_json(report, import);
	return cli_print(cli, report, err);
}

static int run_import(struct cli *cli, struct error *err)
{
	const char *file;
	struct bytes text;
	struct import import;
	enum import_peer peer;
	enum status status = keeps_other_files(cli, err);
	if (status == STATUS_OK)
		status = read_file(cli, &file, &text, err);
	if (status != STATUS_OK)
		return (int)status;
	if (cli_has(cli, OPTION_FORMAT))
		status = import_peer_named(cli_value(cli, OPTION_FORMAT), &peer, err);
	else
		status = import_guess(text, &peer, err);
	if (status == STATUS_OK)
		status = import_policy(peer, file, text, cli_value(cli, OPTION_POLICY), cli->mem, &import, err);
	/* With --json standard output holds one document; the YAML is in it. */
	const bool apart = !cli_has(cli, OPTION_JSON) || cli_has(cli, OPTION_OUTPUT);
	if (status == STATUS_OK && apart)
		status = cli_write(cli, import.yaml, strlen(import.yaml), err);
	if (status == STATUS_OK)
		status = tell(cli, file, &import, err);
	return (int)status;
}

const struct command command_policy_import = {
	.name = "policy import",
	.run = run_import,
	.synopsis = "FILE|- [--format bind|knot|opendnssec|cascade] [--policy NAME] [-o FILE]",
	.summary =
	    "write a policy from that of another signer, with a comment for each difference, and compare both in time",
	.examples = "  zoneseal policy import ./named.conf --policy tld -o tld.yaml\n"
		    "  zoneseal policy import ./knot.conf --policy tld --json\n",
	.options = TAKES(OPTION_FORMAT) | TAKES(OPTION_POLICY) | TAKES(OPTION_OUTPUT) | TAKES(OPTION_REPLACE),
	.min_args = 1,
	.max_args = 1,
};
