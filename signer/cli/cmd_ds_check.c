/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "policies/policy_yaml.h"
#include "signer/cli/cli.h"
#include "signer/cli/ds_report.h"
#include "signer/engine/lock.h"
#include "signer/engine/parent.h"
#include "signer/engine/setup.h"

enum { TIMEOUT = 5, TIMEOUT_MOST = 300 }; /* seconds */

static enum status check(struct cli *cli, struct store *store, struct parent_view *view, struct error *err)
{
	struct store_zone zone;
	struct policy policy;
	struct lock lock = LOCK_NONE;
	struct span wait;
	struct span timeout = { TIMEOUT };
	const bool record = !cli_has(cli, OPTION_DRY_RUN);
	struct parent_options options = { .resolver = cli_value(cli, OPTION_RESOLVER),
		.trust_anchor = cli_value(cli, OPTION_TRUST_ANCHOR),
		.config = cli->config,
		.by_hand = true,
		.record = record };
	enum status status = cli_span(cli, OPTION_WAIT, (struct span){ 0 }, &wait, err);
	if (status == STATUS_OK)
		status = cli_span(cli, OPTION_TIMEOUT, (struct span){ TIMEOUT }, &timeout, err);
	if (status == STATUS_OK && (timeout.seconds < 1 || timeout.seconds > TIMEOUT_MOST))
		status = error_set(err, STATUS_USAGE, "--timeout: 1s to %ds", TIMEOUT_MOST);
	if (status == STATUS_OK)
		status = setup_find_zone(store, cli->args[0], cli->mem, &zone, err);
	if (status == STATUS_OK && record)
		status = lock_take(cli->state, zone.name, "ds check", cli->now, wait.seconds, &lock, err);
	if (status == STATUS_OK)
		status = policy_yaml_parse(zone.policy_name, zone.policy_text, strlen(zone.policy_text), &policy, err);
	options.timeout_milliseconds = (int)timeout.seconds * 1000;
	if (status == STATUS_OK)
		status = parent_check(store, &zone, &policy, cli->now, &options, cli->mem, view, err);
	lock_release(&lock);
	return status;
}

/* 0: all is as expected; 1: it is not; 75: that cannot be told now. */
static enum status exit_of(const struct parent_view *view)
{
	if (view->differs)
		return STATUS_NO;
	return view->as_expected ? STATUS_OK : STATUS_BUSY;
}

static int run_check(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct parent_view view;
	const bool dry = cli_has(cli, OPTION_DRY_RUN);
	enum status status = cli_open(cli, dry ? STORE_READ : STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = check(cli, store, &view, err);
	store_close(store);
	if (status != STATUS_OK)
		return (int)status;
	if (cli_has(cli, OPTION_JSON)) {
		struct report *const report = ds_report_json(&view);
		report_bool(report, "dry_run", dry);
		status = cli_print(cli, report, err);
	} else {
		ds_report_text(stdout, &view, cli->mem);
	}
	return status == STATUS_OK ? (int)exit_of(&view) : (int)status;
}

const struct command command_ds_check = {
	.name = "ds check",
	.run = run_check,
	.synopsis = "ZONE",
	.summary = "ask every server of the parent for the DS, and note what all of them say",
	.examples = "  zoneseal ds check nl.test\n"
		    "  zoneseal ds check nl.test --json --trust-anchor root.anchor\n"
		    "  zoneseal ds check nl.test --dry-run --resolver 192.0.2.53    note nothing\n",
	.options = TAKES(OPTION_RESOLVER) | TAKES(OPTION_TRUST_ANCHOR) | TAKES(OPTION_WAIT) | TAKES(OPTION_TIMEOUT),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};
