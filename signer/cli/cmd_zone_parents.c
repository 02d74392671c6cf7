/* SPDX-License-Identifier: MIT */
#include "signer/cli/cli.h"
#include "signer/engine/lock.h"
#include "signer/engine/parent_servers.h"
#include "signer/engine/setup.h"

/* Addresses in one form, separated by one space. */
static const char *written(const struct parent_servers *parents, struct arena *mem)
{
	const char *out = "";
	for (size_t i = 0; i < parents->count; i++)
		out = arena_printf(mem, "%s%s%s", out, i > 0 ? " " : "", parents->all[i].server.text);
	return out;
}

static enum status set_parents(struct cli *cli, struct store *store, struct store_zone *zone, struct error *err)
{
	struct parent_servers parents;
	struct lock lock = LOCK_NONE;
	struct span wait;
	const bool dry = cli_has(cli, OPTION_DRY_RUN);
	enum status status = parent_servers_parse(cli_value(cli, OPTION_PARENTS), cli->mem, &parents, err);
	if (status == STATUS_OK)
		status = cli_span(cli, OPTION_WAIT, (struct span){ 0 }, &wait, err);
	if (status == STATUS_OK)
		status = setup_find_zone(store, cli->args[0], cli->mem, zone, err);
	if (status == STATUS_OK && !dry)
		status = lock_take(cli->state, zone->name, "zone set-parents", cli->now, wait.seconds, &lock, err);
	if (status == STATUS_OK)
		status = setup_find_zone(store, cli->args[0], cli->mem, zone, err);
	if (status == STATUS_OK) {
		zone->parents = written(&parents, cli->mem);
		if (!dry)
			status = store_update_zone(store, zone, "parent servers set", NULL, cli->now, err);
	}
	lock_release(&lock);
	return status;
}

static int run(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct store_zone zone;
	const bool dry = cli_has(cli, OPTION_DRY_RUN);
	if (!cli_has(cli, OPTION_PARENTS))
		return (int)error_set(
		    err, STATUS_USAGE, "zone set-parents needs --parents ADDRESSES; \"\" lets a resolver name them");
	enum status status = cli_open(cli, dry ? STORE_READ : STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = set_parents(cli, store, &zone, err);
	store_close(store);
	if (status != STATUS_OK)
		return (int)status;
	cli_say(cli, "%s: parent servers %s: %s", zone.name, dry ? "would be" : "are",
	    zone.parents[0] != '\0' ? zone.parents : "those that a resolver names");
	if (!cli_has(cli, OPTION_JSON))
		return STATUS_OK;
	struct report *const report = report_new("zoneseal.zone-parents/1");
	report_bool(report, "dry_run", dry);
	report_text(report, "zone", zone.name);
	report_text(report, "parents", zone.parents);
	return (int)cli_print(cli, report, err);
}

const struct command command_zone_set_parents = {
	.name = "zone set-parents",
	.run = run,
	.synopsis = "ZONE --parents ADDRESSES",
	.summary = "say which servers of the parent are asked for the DS",
	.examples = "  zoneseal zone set-parents nl.test --parents \"192.0.2.53 2001:db8::53@5353\"\n"
		    "  zoneseal zone set-parents nl.test --parents \"\"        those that a resolver names\n",
	.options = TAKES(OPTION_PARENTS) | TAKES(OPTION_WAIT),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};
