/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "signer/base/publish.h"
#include "signer/cli/cli.h"
#include "signer/engine/parity.h"

static enum status print_snapshot(struct cli *cli, const char *text, struct error *err)
{
	const char *const path = cli_value(cli, OPTION_OUTPUT);
	if (path != NULL && strcmp(path, "-") != 0)
		return publish_file(path, 0644, text, strlen(text), err);
	return fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? STATUS_OK : error_set_errno(err, "standard output");
}

static int run_export(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	char *text = NULL;
	struct parity_snapshot snapshot;
	enum status status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK && cli_has(cli, OPTION_DRY_RUN)) {
		cli_say(cli, "would write a snapshot of all zones; nothing was changed");
		store_close(store);
		return 0;
	}
	if (status == STATUS_OK)
		status = parity_export(store, cli->state, cli->now, cli->mem, &text, err);
	if (status == STATUS_OK)
		status = parity_parse((struct bytes){ (const uint8_t *)text, strlen(text) }, &snapshot, err);
	if (status == STATUS_OK)
		status = print_snapshot(cli, text, err);
	if (status == STATUS_OK) {
		char key[48];
		(void)bytes_to_base64((struct bytes){ snapshot.key, PARITY_KEY }, key);
		cli_say(cli, "parity key of this signer: %s", key);
	}
	store_close(store);
	return (int)status;
}

static int run_stand_by(struct cli *cli, struct error *err)
{
	const char *const reason = cli_value(cli, OPTION_REASON);
	if (reason == NULL)
		return (int)error_set(err, STATUS_USAGE, "say why, for those who find it: --reason TEXT");
	if (cli_has(cli, OPTION_DRY_RUN)) {
		cli_say(cli, "would make %s a standby; nothing was changed", cli->state);
		return 0;
	}
	const enum status status = parity_stand_by(cli->state, cli->args[0], reason, cli->now, cli->mem, err);
	if (status == STATUS_OK)
		cli_say(cli, "%s is a standby: it signs nothing until zoneseal parity promote", cli->state);
	return (int)status;
}

static enum status answer(struct cli *cli, const struct parity_result *result, bool promoted, struct error *err)
{
	char made[UTC_TEXT];
	utc_format(result->made, made);
	cli_say(cli, "%zu zones are at the state of the snapshot of %s, %zu keys proved%s", result->zones, made,
	    result->keys, promoted ? "; this signer signs from now on: zoneseal run" : "");
	if (!cli_has(cli, OPTION_JSON))
		return STATUS_OK;
	struct report *report = report_new("zoneseal.parity/1");
	report_time(report, "made", result->made);
	report_number(report, "zones", (int64_t)result->zones);
	report_number(report, "keys_proved", (int64_t)result->keys);
	report_bool(report, "promoted", promoted);
	return cli_print(cli, report, err);
}

static int run_check(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct parity_result result = { .made = UTC_NEVER };
	enum status status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status = parity_check(store, cli->state, cli->args[0], cli_value(cli, OPTION_PASSPHRASE_FILE), cli->now,
		    cli->mem, &result, err);
	if (status == STATUS_OK && parity_is_standby(cli->state))
		status = parity_note_matched(cli->state, result.made, cli->mem, err);
	if (status == STATUS_OK)
		status = answer(cli, &result, false, err);
	store_close(store);
	return (int)status;
}

static int run_promote(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct parity_result result;
	const char *const reason = cli_value(cli, OPTION_REASON), *const pass = cli_value(cli, OPTION_PASSPHRASE_FILE);
	const bool dry = cli_has(cli, OPTION_DRY_RUN);
	enum status status = STATUS_OK;
	if (reason == NULL)
		status = error_set(err, STATUS_USAGE, "say why: --reason TEXT");
	if (status == STATUS_OK && !dry)
		status = cli_confirm(cli, "Is the old signer off, so that it can publish nothing any more?", err);
	if (status == STATUS_OK)
		status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = dry ? parity_check(store, cli->state, cli->args[0], pass, cli->now, cli->mem, &result, err)
			     : parity_promote(
				   store, cli->state, cli->args[0], pass, reason, cli->now, cli->mem, &result, err);
	if (status == STATUS_OK)
		status = answer(cli, &result, !dry, err);
	store_close(store);
	return (int)status;
}

const struct command command_parity_export = {
	.name = "parity export",
	.run = run_export,
	.synopsis = "[-o FILE]",
	.summary =
	    "write a signed snapshot of all zones' states, for a standby signer to compare with; it holds no secret",
	.examples = "  zoneseal parity export -o /srv/to-standby/parity.txt\n",
	.options = TAKES(OPTION_OUTPUT),
	.min_args = 0,
	.max_args = 0,
	.changes = true,
};

const struct command command_parity_standby = {
	.name = "parity standby",
	.run = run_stand_by,
	.synopsis = "PARITY-KEY --reason TEXT",
	.summary = "make this a standby of the signer with that parity key: it signs nothing until it is promoted",
	.examples = "  zoneseal parity standby 7dW1... --reason \"second site\"\n",
	.options = TAKES(OPTION_REASON),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};

const struct command command_parity_check = {
	.name = "parity check",
	.run = run_check,
	.synopsis = "FILE",
	.summary = "whether keystore and private keys here are those of the snapshot; exit 1 with the first difference",
	.examples = "  zoneseal parity check /srv/from-active/parity.txt\n",
	.options = TAKES(OPTION_PASSPHRASE_FILE),
	.min_args = 1,
	.max_args = 1,
};

const struct command command_parity_promote = {
	.name = "parity promote",
	.run = run_promote,
	.synopsis = "FILE --reason TEXT",
	.summary = "let a standby sign: after parity check, and if the published files are what the snapshot names",
	.examples = "  zoneseal parity promote parity.txt --reason \"site A is under water; its servers are off\"\n",
	.options = TAKES(OPTION_REASON) | TAKES(OPTION_PASSPHRASE_FILE),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};
