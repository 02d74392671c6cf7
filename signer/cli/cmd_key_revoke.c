/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "policies/revoke.h"
#include "signer/cli/cli.h"
#include "signer/cli/facts.h"
#include "signer/engine/revoke.h"

static enum status choose(
    struct cli *cli, struct store *store, struct store_zone *zone, struct key *out, struct error *err)
{
	const enum status status = cli_zone(cli, store, zone, err);
	return status == STATUS_OK ? facts_find_key(store, zone, cli->args[1], cli->mem, out, err) : status;
}

static enum status print(
    struct cli *cli, const struct store_zone *zone, const struct key *key, bool dry, struct error *err)
{
	char until[UTC_TEXT];
	const struct key revoked = { .revoked = cli->now };
	utc_format(revoke_ends(&revoked), until);
	cli_say(cli,
	    "%s: %s %u %s revoked: with the next zoneseal run its DNSKEY has the REVOKE bit and tag %u, signs the "
	    "DNSKEY "
	    "RRset, and stays until %s%s",
	    cli->args[0], key_role_name(key->role), key->tag, dry ? "would be" : "is", key->revoked_tag, until,
	    dry ? "; nothing was changed" : "");
	if (!cli_has(cli, OPTION_JSON))
		return STATUS_OK;
	struct report *report = report_new("zoneseal.revoke/1");
	report_text(report, "zone", zone->name);
	report_number(report, "revision", zone->revision);
	report_bool(report, "dry_run", dry);
	report_text(report, "role", key_role_name(key->role));
	report_number(report, "tag", key->tag);
	report_number(report, "revoked_tag", key->revoked_tag);
	report_time(report, "until", revoke_ends(&revoked));
	return cli_print(cli, report, err);
}

static int run_revoke(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct store_zone zone = { .id = 0 };
	struct key key = { 0 };
	const bool dry = cli_has(cli, OPTION_DRY_RUN);
	enum status status = cli_open(cli, dry ? STORE_READ : STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = cli_begin_request(cli, store, err);
	if (status == STATUS_OK)
		status = choose(cli, store, &zone, &key, err);
	struct revoke_request request = { .state = cli->state,
		.zone = cli->args[0],
		.key = key.id,
		.expect_revision = zone.revision,
		.reason = cli_value(cli, OPTION_REASON),
		.now = cli->now,
		.dry_run = true };
	if (status == STATUS_OK)
		status = revoke_ask(store, &request, cli->mem, err);
	request.dry_run = dry;
	if (status == STATUS_OK && !dry)
		status =
		    cli_confirm(cli, "Revoke the key? No resolver that sees it will ever trust the key again.", err);
	if (status == STATUS_OK && !dry)
		status = revoke_ask(store, &request, cli->mem, err);
	if (status == STATUS_OK)
		status = cli_zone_after(cli, store, &zone, err);
	if (status == STATUS_OK)
		status = print(cli, &zone, &key, dry, err);
	store_close(store);
	return (int)status;
}

const struct command command_key_revoke = {
	.name = "key revoke",
	.run = run_revoke,
	.synopsis = "ZONE KEY",
	.summary = "revoke a former trust anchor for good (RFC 5011); refused while a DS of it exists",
	.examples = "  zoneseal key revoke nl.test 41001 --dry-run\n"
		    "  zoneseal key revoke nl.test 41001 --reason \"replaced by 52002\"\n",
	.options = TAKES(OPTION_REASON) | TAKES(OPTION_EXPECT_REVISION),
	.min_args = 2,
	.max_args = 2,
	.changes = true,
};
