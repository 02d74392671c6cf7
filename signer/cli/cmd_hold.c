/* SPDX-License-Identifier: MIT */
#include "signer/cli/cli.h"
#include "signer/engine/setup.h"

static enum status change(struct cli *cli, bool hold, struct store_zone *zone, struct error *err)
{
	struct store *store = NULL;
	const char *reason = cli_value(cli, OPTION_REASON);
	enum status status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = cli_zone(cli, store, zone, err);
	if (status == STATUS_OK && hold && reason == NULL)
		status = error_set(err, STATUS_USAGE, "say why, for those who find it held: --reason TEXT");
	if (status == STATUS_OK && !hold && zone->held_since.seconds == 0)
		status = error_set(err, STATUS_REFUSED, "%s is not held", zone->name);
	if (status == STATUS_OK && !cli_has(cli, OPTION_DRY_RUN))
		status = store_hold(store, zone->id, hold ? reason : NULL, cli->now, err);
	if (status == STATUS_OK)
		status = cli_zone_after(cli, store, zone, err);
	store_close(store);
	return status;
}

static int carry_out(struct cli *cli, bool hold, struct error *err)
{
	struct store_zone zone;
	const bool dry = cli_has(cli, OPTION_DRY_RUN);
	const enum status status = change(cli, hold, &zone, err);
	if (status != STATUS_OK)
		return (int)status;
	cli_say(cli, "%s%s %s: %s", dry ? "would have " : "", hold ? "held" : "released", zone.name,
	    hold ? "no key event until zoneseal release; signatures go on" : "the next run goes on with its keys");
	if (!cli_has(cli, OPTION_JSON))
		return 0;
	struct report *report = report_new("zoneseal.hold/1");
	report_text(report, "zone", zone.name);
	report_bool(report, "held", hold);
	report_number(report, "revision", zone.revision);
	report_bool(report, "dry_run", dry);
	return (int)cli_print(cli, report, err);
}

static int run_hold(struct cli *cli, struct error *err)
{
	return carry_out(cli, true, err);
}

static int run_release(struct cli *cli, struct error *err)
{
	return carry_out(cli, false, err);
}

const struct command command_hold = {
	.name = "hold",
	.run = run_hold,
	.synopsis = "ZONE --reason TEXT",
	.summary = "freeze the keys of a zone: no key event, while signatures go on",
	.examples = "  zoneseal hold nl.test --reason \"change freeze over the holidays\"\n",
	.options = TAKES(OPTION_REASON) | TAKES(OPTION_EXPECT_REVISION),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};

const struct command command_release = {
	.name = "release",
	.run = run_release,
	.synopsis = "ZONE",
	.summary = "end a hold: the next run goes on with the keys",
	.examples = "  zoneseal release nl.test\n",
	.options = TAKES(OPTION_REASON) | TAKES(OPTION_EXPECT_REVISION),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};
