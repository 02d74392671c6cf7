/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "signer/cli/cli.h"
#include "signer/engine/clock.h"
#include "signer/engine/setup.h"

/* Many events over a long time look like days on which the clock was right, and is wrong now. */
static void say_future(const struct cli *cli, const struct store_future *future)
{
	char is[UTC_TEXT], last[UTC_TEXT], from[UTC_TEXT], to[UTC_TEXT];
	utc_format(cli->now, is);
	utc_format(future->last_time, last);
	utc_format(future->first_event, from);
	utc_format(future->last_event, to);
	cli_say(cli, "the clock says %s; the keystore has recorded times up to %s", is, last);
	if (future->events > 0)
		cli_say(cli,
		    "%" PRIu64
		    " events are recorded from %s to %s: if those were days of regular runs, it is the clock "
		    "that is wrong now; set it instead",
		    future->events, from, to);
}

static enum status print(struct cli *cli, const struct store_future *future, bool dry, struct error *err)
{
	cli_say(cli,
	    "%s: %" PRIu64 " keys and %" PRIu64 " versions had times in the future; their waits begin now, serials go "
	    "on from the highest%s",
	    dry ? "would be accepted" : "accepted", future->keys, future->versions,
	    dry ? "" : "; now run zoneseal run: signatures made by the wrong clock may begin in the future");
	if (!cli_has(cli, OPTION_JSON))
		return STATUS_OK;
	struct report *report = report_new("zoneseal.clock/1");
	report_bool(report, "dry_run", dry);
	report_time(report, "clock", cli->now);
	report_time(report, "last_time", future->last_time);
	report_number(report, "keys", (int64_t)future->keys);
	report_number(report, "versions", (int64_t)future->versions);
	report_number(report, "events", (int64_t)future->events);
	return cli_print(cli, report, err);
}

static int run_accept(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct store_future future;
	const char *reason = cli_value(cli, OPTION_REASON);
	bool dry = cli_has(cli, OPTION_DRY_RUN);
	if (reason == NULL || reason[0] == '\0')
		return (int)error_set(err, STATUS_USAGE, "clock accept needs --reason WHY; it is audited");
	/* Not by cli_open: its clock guard is what this command is about. */
	enum status status =
	    setup_open(cli->state, dry ? STORE_READ : STORE_CHANGE, cli_actor(cli, cli->mem), &store, err);
	if (status == STATUS_OK)
		status = clock_accept_check(store, cli->now, cli_has(cli, OPTION_NOW), &future, err);
	if (status == STATUS_OK)
		say_future(cli, &future);
	if (status == STATUS_OK && !dry)
		status = cli_confirm(cli, "Take the present clock as right?", err);
	if (status == STATUS_OK && !dry)
		status = clock_accept(store, cli->state, reason, cli->now, cli->mem, &future, err);
	if (status == STATUS_OK)
		status = print(cli, &future, dry, err);
	store_close(store);
	return (int)status;
}

const struct command command_clock_accept = {
	.name = "clock accept",
	.run = run_accept,
	.synopsis = "--reason WHY",
	.summary = "go on from the present clock though later times were recorded, when the clock was ahead once",
	.examples = "  zoneseal doctor\n"
		    "  zoneseal clock accept --reason \"ntp gave a wrong year on 3 May\" --dry-run\n"
		    "  zoneseal clock accept --reason \"ntp gave a wrong year on 3 May\"\n",
	.options = TAKES(OPTION_REASON),
	.min_args = 0,
	.max_args = 0,
	.changes = true,
};
