/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "keystore/store_input.h"
#include "signer/cli/pipeline.h"
#include "signer/engine/expect.h"
#include "signer/engine/rollback.h"

static enum status read_serial(const struct cli *cli, uint32_t *out, struct error *err)
{
	char *end;
	const char *const text = cli_value(cli, OPTION_TO);
	const unsigned long long number = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || number > UINT32_MAX)
		return error_set(err, STATUS_USAGE, "--to: a serial, from 0 to 4294967295");
	*out = (uint32_t)number;
	return expect_check_reason(cli_value(cli, OPTION_REASON), err);
}

static enum status ask_which(struct cli *cli, struct store *store, const struct store_zone *zone, struct error *err)
{
	const char *kept = NULL;
	const enum status status = rollback_list(store, cli->state, zone, cli->mem, &kept, err);
	return status != STATUS_OK
		   ? status
		   : error_set(err, STATUS_USAGE,
			 "%s: say to which published version, or let the input out again; kept are:%s; "
			 "zoneseal rollback %s --to SERIAL --reason TEXT, or zoneseal rollback %s --withdraw",
			 zone->name, kept, zone->name, zone->name);
}

static enum status go_back(struct cli *cli, struct store *store, uint32_t serial, struct error *err)
{
	struct engine_options options;
	struct engine_report report;
	enum status status = pipeline_options(cli, &options, err);
	options.back_to = &serial;
	options.back_reason = cli_value(cli, OPTION_REASON);
	if (status != STATUS_OK)
		return status;
	status =
	    pipeline_sign(cli, store, cli->args[0], pipeline_label(cli, cli->args[0], 1, 1), &options, &report, err);
	status = pipeline_tell(cli, &report, true, status, err);
	if (status == STATUS_OK && cli_has(cli, OPTION_DRY_RUN))
		cli_say(cli, "%s: its input would be held from then on, until zoneseal rollback %s --withdraw",
		    report.zone, report.zone);
	return status;
}

/* ---- rollback --withdraw ---- */

static enum status let_out(struct cli *cli, struct store *store, const struct store_zone *before, struct error *err)
{
	struct store_zone zone;
	const bool dry = cli_has(cli, OPTION_DRY_RUN);
	enum status status = STATUS_OK;
	if (before->input_held_since.seconds == 0)
		return error_set(err, STATUS_REFUSED, "%s: its input is not held", before->name);
	if (!dry)
		status = store_hold_input(store, before->id, NULL, cli->now, err);
	if (status == STATUS_OK)
		status = cli_zone_after(cli, store, &zone, err);
	if (status != STATUS_OK)
		return status;
	cli_say(cli,
	    "%s%s: the next run reads the input again, and publishes it if the gate lets it pass (look first: "
	    "zoneseal zone diff)",
	    dry ? "dry run: " : "", zone.name);
	if (!cli_has(cli, OPTION_JSON))
		return STATUS_OK;
	struct report *report = report_new("zoneseal.rollback/1");
	report_text(report, "zone", zone.name);
	report_text(report, "was_held", before->input_held_reason);
	report_bool(report, "input_held", false);
	report_number(report, "revision", zone.revision);
	report_bool(report, "dry_run", dry);
	return cli_print(cli, report, err);
}

static int run_rollback(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct store_zone zone;
	uint32_t serial = 0;
	const bool withdraw = cli_has(cli, OPTION_WITHDRAW);
	enum status status = STATUS_OK;
	if (withdraw && cli_has(cli, OPTION_TO))
		status = error_set(err, STATUS_USAGE, "--withdraw lets the input out again and goes without --to");
	else if (cli_has(cli, OPTION_TO))
		status = read_serial(cli, &serial, err);
	if (status == STATUS_OK)
		status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = cli_zone(cli, store, &zone, err);
	if (status == STATUS_OK)
		status = withdraw                   ? let_out(cli, store, &zone, err)
			 : !cli_has(cli, OPTION_TO) ? ask_which(cli, store, &zone, err)
						    : go_back(cli, store, serial, err);
	store_close(store);
	return (int)status;
}

const struct command command_rollback = {
	.name = "rollback",
	.run = run_rollback,
	.synopsis = "ZONE --to SERIAL --reason WHY",
	.summary =
	    "publish the content of a kept version again, under a new serial, and hold the input until --withdraw",
	.examples = "  zoneseal rollback nl.test --to 2026112401 --reason \"serial 2026112402 lost half of the zone\"\n"
		    "  zoneseal rollback nl.test --withdraw\n",
	.options = TAKES(OPTION_TO) | TAKES(OPTION_REASON) | TAKES(OPTION_WITHDRAW) | TAKES(OPTION_EXPECT_REVISION) |
		   TAKES(OPTION_THREADS) | TAKES(OPTION_WAIT) | TAKES(OPTION_RUN_HOOKS) | TAKES(OPTION_PASSPHRASE_FILE),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};
