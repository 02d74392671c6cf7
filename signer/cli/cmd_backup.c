/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "signer/cli/cli.h"
#include "signer/engine/backup.h"
#include "signer/engine/folder.h"
#include "signer/engine/parity.h"
#include "signer/engine/setup.h"

static struct report *summary_report(const char *schema, const char *path, const struct backup_summary *summary)
{
	struct report *report = report_new(schema);
	report_text(report, "file", path);
	report_text(report, "made", summary->made);
	report_bool(report, "private_keys", summary->private_keys);
	report_number(report, "key_files", (int64_t)summary->key_files);
	report_number(report, "zones", (int64_t)summary->zones);
	report_number(report, "size", (int64_t)summary->size);
	return report;
}

static int run_backup(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct backup_summary summary = { .made = "", .private_keys = cli_has(cli, OPTION_WITH_KEYS) };
	const char *path = folder_absolute(cli->args[0], cli->mem);
	bool dry = cli_has(cli, OPTION_DRY_RUN);
	enum status status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK && !dry)
		status = backup_make(store, cli->state, path, summary.private_keys, cli_has(cli, OPTION_REPLACE),
		    cli->now, cli->mem, &summary, err);
	if (status == STATUS_OK)
		cli_say(cli, "%s %s: %zu zone%s; private keys are %s", dry ? "would write" : "wrote", path,
		    summary.zones, summary.zones == 1 ? "" : "s",
		    summary.private_keys ? "INSIDE: guard this file like the keys"
					 : "NOT inside: without them no zone can be signed (--with-keys)");
	if (status == STATUS_OK && cli_has(cli, OPTION_JSON)) {
		struct report *report = summary_report("zoneseal.backup/1", path, &summary);
		report_bool(report, "dry_run", dry);
		status = cli_print(cli, report, err);
	}
	store_close(store);
	return (int)status;
}

/* The comparison with what is published; its refusal is the restore's answer, though the files are in place. */
static enum status reconcile(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	size_t zones = 0;
	bool dry = cli_has(cli, OPTION_DRY_RUN);
	enum status status = cli_open(cli, dry ? STORE_READ : STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = backup_reconcile(store, cli->state, cli->now, dry, cli->mem, &zones, err);
	store_close(store);
	if (status == STATUS_OK)
		cli_say(cli, "%s: what is published is what the keystore remembers, %zu zones; it %s again",
		    dry ? "would be reconciled" : "reconciled", zones, dry ? "would sign" : "signs");
	return status;
}

static enum status accept(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	bool restored = false;
	bool dry = cli_has(cli, OPTION_DRY_RUN);
	const char *reason = cli_value(cli, OPTION_ACCEPT);
	enum status status = cli_open(cli, dry ? STORE_READ : STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = store_is_restored(store, &restored, err);
	if (status == STATUS_OK && !restored)
		status = error_set(err, STATUS_REFUSED, "this keystore was not restored, or is reconciled already");
	if (status == STATUS_OK && reason[0] == '\0')
		status = error_set(err, STATUS_USAGE, "--accept needs a reason; it is audited");
	if (status == STATUS_OK && !dry)
		status = cli_confirm(cli, "Take the keystore as it is, whatever is published?", err);
	if (status == STATUS_OK && !dry)
		status = store_reconciled(store, arena_printf(cli->mem, "accepted: %s", reason), cli->now, err);
	store_close(store);
	if (status == STATUS_OK)
		cli_say(cli,
		    dry ? "would be accepted; the keystore would sign again" : "accepted; the keystore signs again");
	return status;
}

static enum status restore(struct cli *cli, struct error *err)
{
	struct backup_summary summary;
	if (cli_has(cli, OPTION_DRY_RUN)) {
		cli_say(
		    cli, "would restore %s into %s and compare it with what is published", cli->args[0], cli->state);
		return STATUS_OK;
	}
	enum status status = backup_restore(cli->args[0], cli->state, cli_actor(cli, cli->mem), cli->now,
	    cli_has(cli, OPTION_NOW), cli->mem, &summary, err);
	if (status != STATUS_OK)
		return status;
	cli_say(cli, "restored the backup of %s into %s: %zu zones, %zu key files%s", summary.made, cli->state,
	    summary.zones, summary.key_files,
	    summary.private_keys ? "" : "; private keys were NOT inside: put them into keys/");
	if (cli_has(cli, OPTION_JSON))
		status = cli_print(cli, summary_report("zoneseal.restore/1", cli->args[0], &summary), err);
	if (status == STATUS_OK && parity_is_standby(cli->state)) {
		cli_say(cli, "this is a standby: compare it with the snapshot, zoneseal parity check FILE");
		return STATUS_OK;
	}
	return status == STATUS_OK ? reconcile(cli, err) : status;
}

static int run_restore(struct cli *cli, struct error *err)
{
	int wanted = cli->arg_count + cli_has(cli, OPTION_RECONCILE) + cli_has(cli, OPTION_ACCEPT);
	if (wanted != 1)
		return (int)error_set(
		    err, STATUS_USAGE, "usage: zoneseal restore FILE | --reconcile | --accept REASON");
	if (cli_has(cli, OPTION_RECONCILE))
		return (int)reconcile(cli, err);
	return (int)(cli_has(cli, OPTION_ACCEPT) ? accept(cli, err) : restore(cli, err));
}

const struct command command_backup = {
	.name = "backup",
	.run = run_backup,
	.synopsis = "FILE",
	.summary = "write the keystore into one file; says whether private keys are inside",
	.examples = "  zoneseal backup /backup/zoneseal.tar\n"
		    "  zoneseal backup --with-keys /media/safe/zoneseal-with-keys.tar\n",
	.options = TAKES(OPTION_WITH_KEYS) | TAKES(OPTION_REPLACE),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};

const struct command command_restore = {
	.name = "restore",
	.run = run_restore,
	.synopsis = "FILE | --reconcile | --accept REASON",
	.summary =
	    "restore a backup into an empty state folder; nothing is signed until it agrees with what is published",
	.examples = "  zoneseal restore /backup/zoneseal.tar\n"
		    "  zoneseal restore --reconcile\n"
		    "  zoneseal restore --accept \"published file lost with the disk\"\n",
	.options = TAKES(OPTION_RECONCILE) | TAKES(OPTION_ACCEPT),
	.min_args = 0,
	.max_args = 1,
	.changes = true,
};
