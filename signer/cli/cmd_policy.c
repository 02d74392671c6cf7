/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "policies/policy_yaml.h"
#include "signer/cli/cli.h"
#include "signer/engine/policyfile.h"
#include "signer/engine/setup.h"

static enum status report_policy(
    struct cli *cli, const char *path, const struct policy *policy, bool with_text, struct error *err)
{
	char *effective = policy_yaml_print(policy, cli->mem);
	if (!cli_has(cli, OPTION_JSON)) {
		if (with_text)
			fputs(effective, stdout);
		cli_say(cli, "policy %s from %s: valid", policy->name, path);
		return STATUS_OK;
	}
	struct report *report = report_new("zoneseal.policy/1");
	report_text(report, "name", policy->name);
	report_text(report, "path", path);
	report_bool(report, "valid", true);
	report_text(report, "effective", effective);
	return cli_print(cli, report, err);
}

static int run_check(struct cli *cli, struct error *err)
{
	struct policyfile file;
	enum status status = policyfile_load(cli->args[0], cli->config, cli->mem, &file, err);
	if (status == STATUS_OK)
		status = report_policy(cli, file.path, &file.policy, false, err);
	return (int)status;
}

/* The policy as it is applied to a zone, which an edited file does not change. */
static enum status show_applied(struct cli *cli, const char *name, bool *shown, struct error *err)
{
	struct store *store = NULL;
	struct store_zone zone;
	struct policy policy;
	struct error ignored;
	error_clear(&ignored);
	*shown = false;
	if (setup_open(cli->state, STORE_READ, "policy show", &store, &ignored) != STATUS_OK)
		return STATUS_OK;
	enum status status = STATUS_OK;
	if (setup_find_zone(store, name, cli->mem, &zone, &ignored) == STATUS_OK) {
		*shown = true;
		status = policy_yaml_parse(zone.policy_name, zone.policy_text, strlen(zone.policy_text), &policy, err);
		if (status == STATUS_OK)
			status = report_policy(cli, arena_printf(cli->mem, "the keystore, as applied to %s", zone.name),
			    &policy, true, err);
	}
	store_close(store);
	return status;
}

static int run_show(struct cli *cli, struct error *err)
{
	struct policyfile file;
	bool shown;
	enum status status = show_applied(cli, cli->args[0], &shown, err);
	if (status != STATUS_OK || shown)
		return (int)status;
	status = policyfile_load(cli->args[0], cli->config, cli->mem, &file, err);
	if (status == STATUS_OK)
		status = report_policy(cli, file.path, &file.policy, true, err);
	return (int)status;
}

const struct command command_policy_check = {
	.name = "policy check",
	.run = run_check,
	.synopsis = "POLICY|FILE|-",
	.summary = "say whether a policy is valid, with file, line and column of what is not",
	.examples = "  zoneseal policy check ./tld.yaml\n  zoneseal policy check default\n",
	.min_args = 1,
	.max_args = 1,
};

const struct command command_policy_show = {
	.name = "policy show",
	.run = run_show,
	.synopsis = "POLICY|FILE|ZONE",
	.summary = "show all effective values of a policy, or of a zone's as it is applied",
	.examples = "  zoneseal policy show tld\n  zoneseal policy show nl.test\n",
	.min_args = 1,
	.max_args = 1,
};
