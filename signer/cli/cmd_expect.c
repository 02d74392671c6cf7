/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "signer/cli/cli.h"
#include "signer/engine/expect.h"

static enum status read_serial(const struct cli *cli, uint32_t *out, struct error *err)
{
	char *end;
	const char *const text = cli_value(cli, OPTION_SERIAL);
	if (text == NULL)
		return error_set(err, STATUS_USAGE,
		    "say which serial is planned, as the refusal of the run has it: "
		    "--serial N");
	const unsigned long long number = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || number > UINT32_MAX)
		return error_set(err, STATUS_USAGE, "--serial: a number from 0 to 4294967295");
	*out = (uint32_t)number;
	return STATUS_OK;
}

static enum status read_request(const struct cli *cli, struct expect_request *out, struct error *err)
{
	*out = (struct expect_request){ .limit = cli_value(cli, OPTION_LIMIT),
		.reason = cli_value(cli, OPTION_REASON),
		.now = cli->now,
		.withdraw = cli_has(cli, OPTION_WITHDRAW),
		.dry_run = cli_has(cli, OPTION_DRY_RUN) };
	if (out->limit == NULL)
		return error_set(
		    err, STATUS_USAGE, "say which change limit: --limit records, removed, added, ns or ds");
	enum status status = read_serial(cli, &out->serial, err);
	return status == STATUS_OK ? cli_span(cli, OPTION_FOR, (struct span){ EXPECT_SECONDS }, &out->length, err)
				   : status;
}

static enum status report_done(struct cli *cli, const struct store_zone *zone, const struct store_expected *expected,
    bool withdrawn, struct error *err)
{
	struct report *report = report_new("zoneseal.expect-change/1");
	report_text(report, "zone", zone->name);
	report_number(report, "serial", expected->serial);
	report_text(report, "limit", expected->limit);
	report_text(report, "reason", expected->reason);
	report_time(report, "expires", expected->expires);
	report_bool(report, "withdrawn", withdrawn);
	report_number(report, "revision", zone->revision);
	report_bool(report, "dry_run", cli_has(cli, OPTION_DRY_RUN));
	return cli_print(cli, report, err);
}

static void say_done(
    const struct cli *cli, const struct store_zone *zone, const struct store_expected *expected, bool withdrawn)
{
	const bool dry = cli_has(cli, OPTION_DRY_RUN);
	if (withdrawn)
		cli_say(cli, "%s%s: limit %s refuses serial %" PRIu32 " again if it is passed",
		    dry ? "would have withdrawn; " : "", zone->name, expected->limit, expected->serial);
	else
		cli_say(cli,
		    "%s%s: serial %" PRIu32
		    " %s pass limit %s once, until %s; no other check, limit or serial is touched",
		    dry ? "dry run: " : "", zone->name, expected->serial, dry ? "would be let" : "may", expected->limit,
		    report_when(expected->expires, cli->now, cli->mem));
}

static enum status change(struct cli *cli, struct store *store, const struct expect_request *request, struct error *err)
{
	struct store_zone zone;
	struct store_expected expected;
	enum status status = cli_zone(cli, store, &zone, err);
	if (status == STATUS_OK)
		status = expect_change(store, &zone, request, cli->mem, &expected, err);
	if (status == STATUS_OK)
		status = cli_zone_after(cli, store, &zone, err);
	if (status != STATUS_OK)
		return status;
	if (cli_has(cli, OPTION_JSON))
		status = report_done(cli, &zone, &expected, request->withdraw, err);
	say_done(cli, &zone, &expected, request->withdraw);
	return status;
}

static int run_expect(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct expect_request request;
	enum status status = read_request(cli, &request, err);
	if (status == STATUS_OK)
		status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = change(cli, store, &request, err);
	store_close(store);
	return (int)status;
}

const struct command command_zone_expect_change = {
	.name = "zone expect-change",
	.run = run_expect,
	.synopsis = "ZONE --serial N --limit LIMIT --reason WHY",
	.summary = "let one planned serial pass one change limit, once; never a check of signatures, keys or denial",
	.examples =
	    "  zoneseal zone expect-change nl.test --serial 2026112502 --limit removed --reason \"purge of 2025\"\n"
	    "  zoneseal zone expect-change nl.test --serial 2026112502 --limit removed --withdraw\n",
	.options = TAKES(OPTION_SERIAL) | TAKES(OPTION_LIMIT) | TAKES(OPTION_REASON) | TAKES(OPTION_FOR) |
		   TAKES(OPTION_WITHDRAW) | TAKES(OPTION_EXPECT_REVISION),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};
