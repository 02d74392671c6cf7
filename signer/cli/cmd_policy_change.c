/* SPDX-License-Identifier: MIT */
/* policy diff, policy apply: an edited policy changes nothing until it is applied. */
#include <stdlib.h>
#include <string.h>

#include "signer/cli/cli.h"
#include "signer/engine/policy_change.h"
#include "signer/engine/setup.h"
#include "signer/report/policy_report.h"

static enum status tell(struct cli *cli, const struct policy_answer *answer, bool apply, bool dry, struct error *err)
{
	struct policy_report about = { .zone = answer->zone.name,
		.before = answer->before.name,
		.after = answer->file.policy.name,
		.path = answer->file.path,
		.diff = &answer->diff,
		.revision = answer->zone.revision };
	memcpy(about.next_before, answer->next_before.roll, sizeof(about.next_before));
	memcpy(about.next_after, answer->next_after.roll, sizeof(about.next_after));
	if (!cli_has(cli, OPTION_JSON)) {
		policy_report_text(stdout, &about);
		if (apply)
			cli_say(cli, "%s policy %s to %s in %s", dry ? "would have applied" : "applied", about.after,
			    about.zone, cli->state);
		return STATUS_OK;
	}
	struct report *const report = report_new(apply ? "zoneseal.policy-apply/1" : "zoneseal.policy-diff/1");
	if (apply)
		report_bool(report, "dry_run", dry);
	policy_report_json(report, &about);
	return cli_print(cli, report, err);
}

static int run_change(struct cli *cli, bool apply, struct error *err)
{
	struct store *store = NULL;
	struct policy_answer answer;
	struct policy_request request = { .state = cli->state,
		.policy = cli->args[1],
		.config_folder = cli->config,
		.reason = cli_value(cli, OPTION_REASON),
		.now = cli->now,
		.dry_run = !apply || cli_has(cli, OPTION_DRY_RUN) };
	enum status status = cli_revision(cli, &request.expect_revision, err);
	if (status == STATUS_OK)
		status = cli_open(cli, apply ? STORE_CHANGE : STORE_READ, &store, err);
	if (status == STATUS_OK)
		status = policy_change(store, cli->args[0], &request, cli->mem, &answer, err);
	if (status == STATUS_OK)
		status = tell(cli, &answer, apply, request.dry_run, err);
	store_close(store);
	return (int)status;
}

static int run_diff(struct cli *cli, struct error *err)
{
	return run_change(cli, false, err);
}

static int run_apply(struct cli *cli, struct error *err)
{
	return run_change(cli, true, err);
}

const struct command command_policy_diff = {
	.name = "policy diff",
	.run = run_diff,
	.synopsis = "ZONE POLICY|FILE",
	.summary = "what a policy would change for a zone: waits, fields, what begins",
	.examples = "  zoneseal policy diff nl.test ./tld.yaml\n",
	.min_args = 2,
	.max_args = 2,
};

const struct command command_policy_apply = {
	.name = "policy apply",
	.run = run_apply,
	.synopsis = "ZONE POLICY|FILE",
	.summary = "give a zone a policy, or the edited text of its own; shows what policy diff does",
	.examples = "  zoneseal policy apply nl.test ./tld.yaml --dry-run\n"
		    "  zoneseal policy apply nl.test ./tld.yaml --expect-revision 7 --reason \"change 4711\"\n",
	.options = TAKES(OPTION_EXPECT_REVISION) | TAKES(OPTION_REASON),
	.min_args = 2,
	.max_args = 2,
	.changes = true,
};
