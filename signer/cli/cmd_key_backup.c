/* SPDX-License-Identifier: MIT */
#include "signer/cli/cli.h"
#include "signer/cli/facts.h"
#include "signer/engine/lock.h"
#include "signer/engine/setup.h"

/* Keys that a backup may hold and that nobody has said so of. */
static bool is_open(const struct key *key)
{
	return key->backed_up.seconds == 0 && !key->foreign && key->purging.seconds == 0;
}

static enum status choose_one(struct cli *cli, struct store *store, const struct store_zone *zone, struct key **out,
    size_t *count, struct error *err)
{
	struct key *key = arena_calloc(cli->mem, 1, sizeof(*key));
	const enum status status = facts_find_key(store, zone, cli->args[1], cli->mem, key, err);
	if (status != STATUS_OK)
		return status;
	if (!is_open(key))
		return error_set(err, STATUS_REFUSED, "%s: %s %u %s", zone->name, key_role_name(key->role), key->tag,
		    key->foreign                ? "is another signer's: its private half is not here"
		    : key->purging.seconds != 0 ? "is destroyed, or about to be"
						: "is said to be in a backup already");
	*out = key;
	*count = 1;
	return STATUS_OK;
}

static enum status choose_all(struct cli *cli, struct store *store, const struct store_zone *zone, struct key **out,
    size_t *count, struct error *err)
{
	size_t all = 0;
	const enum status status = store_keys(store, zone->id, cli->mem, out, &all, err);
	*count = 0;
	for (size_t i = 0; status == STATUS_OK && i < all; i++)
		if (is_open(&(*out)[i]))
			(*out)[(*count)++] = (*out)[i];
	return status;
}

static enum status note(
    struct cli *cli, struct store *store, const struct store_zone *zone, size_t *count, struct error *err)
{
	struct lock lock = LOCK_NONE;
	struct key *keys = NULL;
	const bool all = cli_has(cli, OPTION_ALL);
	enum status status = lock_take(cli->state, zone->name, "key backup-done", cli->now, 0, &lock, err);
	if (status == STATUS_OK)
		status = all ? choose_all(cli, store, zone, &keys, count, err)
			     : choose_one(cli, store, zone, &keys, count, err);
	for (size_t i = 0; i < *count && status == STATUS_OK && !cli_has(cli, OPTION_DRY_RUN); i++)
		status = store_backup_done(store, zone->id, keys[i].id, cli_value(cli, OPTION_REASON), cli->now, err);
	lock_release(&lock);
	return status;
}

static enum status check_arguments(const struct cli *cli, struct error *err)
{
	if (cli_has(cli, OPTION_ALL) == (cli->arg_count == 2))
		return error_set(err, STATUS_USAGE, "say which key, or --all");
	if (!cli_has(cli, OPTION_REASON))
		return error_set(err, STATUS_USAGE, "say where the backup is, for those who need it: --reason TEXT");
	return STATUS_OK;
}

static int run_backup_done(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct store_zone zone = { .name = NULL };
	size_t count = 0;
	const bool dry = cli_has(cli, OPTION_DRY_RUN);
	enum status status = check_arguments(cli, err);
	if (status == STATUS_OK)
		status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = setup_find_zone(store, cli->args[0], cli->mem, &zone, err);
	if (status == STATUS_OK)
		status = note(cli, store, &zone, &count, err);
	if (status == STATUS_OK)
		cli_say(cli, "%s: %s%zu key%s noted as backed up%s", zone.name, dry ? "would have " : "", count,
		    count == 1 ? "" : "s",
		    dry ? "; nothing was changed" : "; what waited for it goes on with the next run");
	if (status == STATUS_OK && cli_has(cli, OPTION_JSON)) {
		struct report *report = report_new("zoneseal.backup-done/1");
		report_text(report, "zone", zone.name);
		report_number(report, "keys", (int64_t)count);
		report_bool(report, "dry_run", dry);
		status = cli_print(cli, report, err);
	}
	store_close(store);
	return (int)status;
}

const struct command command_key_backup_done = {
	.name = "key backup-done",
	.run = run_backup_done,
	.synopsis = "ZONE KEY|--all --reason TEXT",
	.summary = "say that a backup holds a key: with keys.require-backup no key is used before",
	.examples = "  zoneseal backup --with-keys /media/vault/backup.tar\n"
		    "  zoneseal key backup-done nl.test --all --reason \"backup.tar, vault of site B\"\n",
	.options = TAKES(OPTION_ALL) | TAKES(OPTION_REASON),
	.min_args = 1,
	.max_args = 2,
	.changes = true,
};
