/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "signer/cli/cli.h"
#include "signer/cli/facts.h"
#include "signer/engine/purge.h"

static void say_done(const struct cli *cli, const struct store_zone *zone, const struct key *key)
{
	const char *const role = key_role_name(key->role);
	if (cli_has(cli, OPTION_DRY_RUN))
		cli_say(cli, "%s: would destroy the private half of %s %u; nothing was changed", zone->name, role,
		    key->tag);
	else
		cli_say(cli,
		    "%s: the private half of %s %u is destroyed here; backups made before may still hold it, and a "
		    "file "
		    "system or disk may keep its octets until they are overwritten",
		    zone->name, role, key->tag);
}

static enum status report_done(struct cli *cli, const struct store_zone *zone, const struct key *key, struct error *err)
{
	struct report *report = report_new("zoneseal.purge/1");
	report_text(report, "zone", zone->name);
	report_number(report, "tag", key->tag);
	report_text(report, "role", key_role_name(key->role));
	report_hex(report, "fingerprint", key->fingerprint, sizeof(key->fingerprint));
	report_number(report, "revision", zone->revision);
	report_bool(report, "dry_run", cli_has(cli, OPTION_DRY_RUN));
	return cli_print(cli, report, err);
}

static enum status purge(struct cli *cli, struct store *store, struct error *err)
{
	struct store_zone zone;
	struct key key = { .id = 0 };
	const char *const reason = cli_value(cli, OPTION_REASON);
	const struct purge wanted = { .state = cli->state,
		.passphrase_file = cli_value(cli, OPTION_PASSPHRASE_FILE),
		.reason = reason != NULL ? reason : "by hand",
		.now = cli->now,
		.dry_run = cli_has(cli, OPTION_DRY_RUN) };
	enum status status = cli_zone(cli, store, &zone, err);
	if (status == STATUS_OK)
		status = facts_find_key(store, &zone, cli->args[1], cli->mem, &key, err);
	if (status == STATUS_OK && !wanted.dry_run)
		status = cli_confirm(cli,
		    arena_printf(cli->mem, "Destroy the private half of %s %u of %s for ever?", key_role_name(key.role),
			key.tag, zone.name),
		    err);
	if (status == STATUS_OK)
		status = purge_key(store, &zone, key.id, &wanted, cli->mem, err);
	if (status == STATUS_OK)
		status = cli_zone_after(cli, store, &zone, err);
	if (status != STATUS_OK)
		return status;
	if (cli_has(cli, OPTION_JSON))
		status = report_done(cli, &zone, &key, err);
	say_done(cli, &zone, &key);
	return status;
}

static int run_purge(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	enum status status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = purge(cli, store, err);
	store_close(store);
	return (int)status;
}

const struct command command_key_purge = {
	.name = "key purge",
	.run = run_purge,
	.synopsis = "ZONE KEY",
	.summary = "destroy the private half of a key that has left all caches",
	.examples = "  zoneseal key purge nl.test 20326 --dry-run\n"
		    "  zoneseal key purge nl.test 3f9c21aa --yes --reason \"ceremony 7\"    by fingerprint\n",
	.options = TAKES(OPTION_REASON) | TAKES(OPTION_PASSPHRASE_FILE) | TAKES(OPTION_EXPECT_REVISION),
	.min_args = 2,
	.max_args = 2,
	.changes = true,
};
