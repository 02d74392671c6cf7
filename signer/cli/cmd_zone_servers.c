/* SPDX-License-Identifier: MIT */
#include "keystore/store_servers.h"
#include "signer/cli/cli.h"
#include "signer/engine/lock.h"
#include "signer/engine/servers.h"
#include "signer/engine/setup.h"

static enum status set_servers(struct cli *cli, struct store *store, const char *const servers[], size_t count,
    struct store_zone *zone, struct error *err)
{
	struct lock lock = LOCK_NONE;
	struct span wait;
	const bool dry = cli_has(cli, OPTION_DRY_RUN);
	enum status status = cli_span(cli, OPTION_WAIT, (struct span){ 0 }, &wait, err);
	if (status == STATUS_OK)
		status = setup_find_zone(store, cli->args[0], cli->mem, zone, err);
	if (status == STATUS_OK && !dry)
		status = lock_take(cli->state, zone->name, "zone set-servers", cli->now, wait.seconds, &lock, err);
	if (status == STATUS_OK && !dry)
		status = store_set_servers(store, zone->id, servers, count, cli->now, err);
	lock_release(&lock);
	return status;
}

static int run(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct store_zone zone;
	const char **servers = NULL;
	size_t count = 0;
	const bool dry = cli_has(cli, OPTION_DRY_RUN);
	if (!cli_has(cli, OPTION_SERVERS))
		return (int)error_set(
		    err, STATUS_USAGE, "zone set-servers needs --servers ADDRESSES; \"\" asks none any more");
	enum status status = servers_parse(cli_value(cli, OPTION_SERVERS), cli->mem, &servers, &count, err);
	if (status == STATUS_OK)
		status = cli_open(cli, dry ? STORE_READ : STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = set_servers(cli, store, servers, count, &zone, err);
	store_close(store);
	if (status != STATUS_OK)
		return (int)status;
	cli_say(cli, "%s: %zu name server%s %s asked what they serve, by each zoneseal run", zone.name, count,
	    count == 1 ? "" : "s", dry ? "would be" : "will be");
	if (!cli_has(cli, OPTION_JSON))
		return STATUS_OK;
	struct report *const report = report_new("zoneseal.zone-servers/1");
	report_bool(report, "dry_run", dry);
	report_text(report, "zone", zone.name);
	report_texts(report, "servers", servers, count);
	return (int)cli_print(cli, report, err);
}

const struct command command_zone_set_servers = {
	.name = "zone set-servers",
	.run = run,
	.synopsis = "ZONE --servers ADDRESSES",
	.summary = "say which name servers are asked what they serve of the zone",
	.examples = "  zoneseal zone set-servers nl.test --servers \"192.0.2.53 2001:db8::53@5353\"\n"
		    "  zoneseal zone set-servers nl.test --servers \"\"        none any more\n",
	.options = TAKES(OPTION_SERVERS) | TAKES(OPTION_WAIT),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};
