/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "signer/cli/cli.h"
#include "signer/cli/facts.h"
#include "signer/engine/export.h"
#include "signer/engine/setup.h"

static enum status request_of(const struct cli *cli, struct export_request *out, struct error *err)
{
	const char *const format = cli_value(cli, OPTION_FORMAT);
	*out = (struct export_request){ .state = cli->state,
		.folder = cli_value(cli, OPTION_OUTPUT),
		.form = TOKEN_BIND,
		.under = cli_value(cli, OPTION_UNDER),
		.passphrase_file = cli_value(cli, OPTION_PASSPHRASE_FILE),
		.reason = cli_value(cli, OPTION_REASON),
		.now = cli->now,
		.dry_run = cli_has(cli, OPTION_DRY_RUN) };
	if (format != NULL && strcmp(format, "pem") == 0)
		out->form = TOKEN_PEM;
	else if (format != NULL && strcmp(format, "wrapped") == 0)
		out->form = TOKEN_WRAPPED;
	else if (format == NULL || strcmp(format, "bind") != 0)
		return error_set(err, STATUS_USAGE, "--format: bind, pem or wrapped");
	if ((out->form == TOKEN_WRAPPED) != (out->under != NULL))
		return error_set(err, STATUS_USAGE,
		    "--under LABEL goes with --format wrapped: the AES key in the tokens that opens the file");
	if (out->folder == NULL || strcmp(out->folder, "-") == 0)
		return error_set(err, STATUS_USAGE,
		    "-o FOLDER: a private key goes into a folder with mode 0700, never to standard output");
	return STATUS_OK;
}

/* What is written without a passphrase is as good as the key to whoever reads it. */
static enum status confirm(const struct cli *cli, const struct export_request *request, const struct store_zone *zone,
    const struct key *key, struct error *err)
{
	const bool sealed =
	    request->form == TOKEN_WRAPPED || (request->form == TOKEN_PEM && request->passphrase_file != NULL);
	if (request->dry_run || sealed)
		return STATUS_OK;
	return cli_confirm(cli,
	    arena_printf(cli->mem, "Write the private half of %s %u of %s to %s without a passphrase?",
		key_role_name(key->role), key->tag, zone->name, request->folder),
	    err);
}

static enum status answer(struct cli *cli, const struct store_zone *zone, const struct key *key,
    const struct export_request *request, const char *name, struct error *err)
{
	const char *const role = key_role_name(key->role);
	if (request->dry_run)
		cli_say(cli, "%s: would write %s %u into %s; nothing was changed", zone->name, role, key->tag,
		    request->folder);
	else
		cli_say(cli,
		    "%s: %s %u is in %s/%s; it stays in use here: who signs with it elsewhere too must serve the "
		    "same DNSKEY RRset",
		    zone->name, role, key->tag, request->folder, name);
	if (!cli_has(cli, OPTION_JSON))
		return STATUS_OK;
	struct report *report = report_new("zoneseal.export/1");
	report_text(report, "zone", zone->name);
	report_text(report, "role", role);
	report_number(report, "tag", key->tag);
	report_hex(report, "fingerprint", key->fingerprint, sizeof(key->fingerprint));
	report_text(report, "folder", request->folder);
	report_text(report, "file", name[0] != '\0' ? name : NULL);
	report_bool(report, "dry_run", request->dry_run);
	return cli_print(cli, report, err);
}

static int run_export(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct store_zone zone = { .name = NULL };
	struct key key = { .id = 0 };
	struct export_request request;
	char name[TOKEN_EXPORT_NAME];
	enum status status = request_of(cli, &request, err);
	if (status == STATUS_OK)
		status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = setup_find_zone(store, cli->args[0], cli->mem, &zone, err);
	if (status == STATUS_OK)
		status = facts_find_key(store, &zone, cli->args[1], cli->mem, &key, err);
	if (status == STATUS_OK)
		status = confirm(cli, &request, &zone, &key, err);
	if (status == STATUS_OK)
		status = export_key(store, &zone, &key, &request, cli->mem, name, err);
	if (status == STATUS_OK)
		status = answer(cli, &zone, &key, &request, name, err);
	store_close(store);
	return (int)status;
}

const struct command command_key_export = {
	.name = "key export",
	.run = run_export,
	.synopsis = "ZONE KEY --format bind|pem|wrapped -o FOLDER",
	.summary = "write a private key as files for BIND, as PEM, or wrapped for tokens; never to standard output",
	.examples = "  zoneseal key export nl.test 5521 --format bind -o /root/leaving --yes\n"
		    "  zoneseal key export nl.test 5521 --format pem -o /root/leaving --passphrase-file /run/p\n"
		    "  zoneseal key export nl.test 5521 --format wrapped --under backup-kek -o /media/vault\n",
	.options = TAKES(OPTION_FORMAT) | TAKES(OPTION_OUTPUT) | TAKES(OPTION_PASSPHRASE_FILE) | TAKES(OPTION_REASON) |
		   TAKES(OPTION_UNDER),
	.min_args = 2,
	.max_args = 2,
	.changes = true,
};
