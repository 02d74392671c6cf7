/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/base/publish.h"
#include "signer/cli/cli.h"
#include "signer/engine/folder.h"
#include "signer/engine/policyfile.h"
#include "signer/engine/setup.h"

/* Configuration holds no secrets, and whoever signs may be another user than the one who sets things up: the umask is
 * for the state folder. Folders that are there stay as they are; one that cannot be made is told by publish_file. */
static void make_readable_folder(struct arena *mem, const char *path)
{
	char *at = arena_strdup(mem, path);
	for (char *slash = strchr(at + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(at, 0755) == 0)
			(void)!chmod(at, 0755);
		*slash = '/';
	}
	if (mkdir(at, 0755) == 0)
		(void)!chmod(at, 0755);
}

/* The default policy becomes the operator's own file, to be edited; one that is there stays. */
static enum status write_default_policy(struct cli *cli, char **path, bool *written, struct error *err)
{
	struct policyfile shipped;
	char *folder = arena_printf(cli->mem, "%s/policies", cli->config);
	*path = arena_printf(cli->mem, "%s/default.yaml", folder);
	*written = false;
	if (access(*path, F_OK) == 0)
		return STATUS_OK;
	const char *from = arena_printf(cli->mem, "%s/default.yaml", policyfile_shipped(cli->mem));
	enum status status = policyfile_load(from, NULL, cli->mem, &shipped, err);
	if (status != STATUS_OK || cli_has(cli, OPTION_DRY_RUN))
		return status;
	make_readable_folder(cli->mem, folder);
	status = publish_file(*path, 0644, shipped.text, strlen(shipped.text), err);
	*written = status == STATUS_OK;
	return status;
}

static enum status report_init(struct cli *cli, const char *policy, bool written, struct error *err)
{
	bool is_virtual = cli_has(cli, OPTION_VIRTUAL_CLOCK), dry = cli_has(cli, OPTION_DRY_RUN);
	cli_say(cli, "%s keystore in %s%s", dry ? "would make a" : "made a", cli->state,
	    is_virtual ? ", VIRTUAL CLOCK" : "");
	if (policy != NULL)
		cli_say(cli, "policy: %s%s", policy, written ? " (new)" : "");
	if (!cli_has(cli, OPTION_JSON))
		return STATUS_OK;
	struct report *report = report_new("zoneseal.init/1");
	report_text(report, "state", cli->state);
	report_text(report, "policy", policy);
	report_bool(report, "policy_written", written);
	report_bool(report, "virtual_clock", is_virtual);
	report_bool(report, "dry_run", dry);
	return cli_print(cli, report, err);
}

static int run_init(struct cli *cli, struct error *err)
{
	char *policy = NULL;
	bool written = false, is_virtual = cli_has(cli, OPTION_VIRTUAL_CLOCK);
	char *database = folder_path(cli->state, "keystore.db", cli->mem);
	if (cli_has(cli, OPTION_NOW) && !is_virtual)
		return (int)error_set(err, STATUS_REFUSED, "--now: only with --virtual-clock");
	if (access(database, F_OK) == 0)
		return (int)error_set(
		    err, STATUS_REFUSED, "%s: there is a keystore already; nothing was changed", database);
	enum status status = STATUS_OK;
	if (!cli_has(cli, OPTION_DRY_RUN))
		status = setup_init(cli->state, is_virtual, cli->now, cli_actor(cli, cli->mem), err);
	/* A virtual clock writes beneath its own state folder only: it uses the shipped policies. */
	if (status == STATUS_OK && !is_virtual)
		status = write_default_policy(cli, &policy, &written, err);
	if (status == STATUS_OK)
		status = report_init(cli, policy, written, err);
	return (int)status;
}

const struct command command_init = {
	.name = "init",
	.run = run_init,
	.synopsis = "",
	.summary = "make a keystore and the default policy; what is there is never overwritten",
	.examples = "  zoneseal init\n"
		    "  zoneseal init --state /srv/dnssec/state\n"
		    "  zoneseal init --state /tmp/rehearsal --virtual-clock --now 2026-01-01T00:00Z\n",
	.options = TAKES(OPTION_VIRTUAL_CLOCK),
	.min_args = 0,
	.max_args = 0,
	.changes = true,
};
