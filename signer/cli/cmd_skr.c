/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "signer/cli/ceremony_files.h"
#include "signer/cli/cli.h"
#include "signer/engine/skr.h"

static enum status request_of(struct cli *cli, struct skr_request *out, struct error *err)
{
	char *text = NULL;
	*out = (struct skr_request){ .state = cli->state,
		.passphrase_file = cli_value(cli, OPTION_PASSPHRASE_FILE),
		.zone = cli->args[0],
		.new_ksk = cli_has(cli, OPTION_KSK),
		.unproven = cli_has(cli, OPTION_YES) && cli_value(cli, OPTION_REASON) != NULL,
		.reason = cli_value(cli, OPTION_REASON),
		.now = cli->now,
		.dry_run = cli_has(cli, OPTION_DRY_RUN) };
	enum status status = ceremony_file_take(cli, &out->name, &text, &out->size, err);
	out->text = text;
	if (status == STATUS_OK)
		status = ceremony_form_of(cli, &out->form, err);
	if (status == STATUS_OK && cli_value(cli, OPTION_UNTIL) != NULL)
		status = utc_parse(cli_value(cli, OPTION_UNTIL), &out->until, err);
	return status;
}

/* ---- sign ---- */

static enum status say_signed(struct cli *cli, const struct skr_answer *answer, struct error *err)
{
	const struct ceremony_file *const file = &answer->file;
	char until[UTC_TEXT];
	char ksk[60] = "";
	utc_format(file->until, until);
	if (answer->has_new_ksk)
		snprintf(ksk, sizeof(ksk), ", brings in KSK %u%s", answer->new_ksk,
		    answer->made_ksk ? ", which was made just now: back it up" : "");
	cli_say(cli, "%s: %s SKR %" PRId64 " until %s, %zu bundles%s", cli->args[0],
	    answer->again                  ? "signed before:"
	    : cli_has(cli, OPTION_DRY_RUN) ? "would sign"
					   : "signed",
	    file->number, until, file->bundle_count, ksk);
	if (!cli_has(cli, OPTION_JSON))
		return STATUS_OK;
	struct report *const report = ceremony_report("zoneseal.skr/1", cli->args[0], file, cli->mem);
	report_number(report, "new_ksk", answer->has_new_ksk ? answer->new_ksk : -1);
	report_bool(report, "again", answer->again);
	report_bool(report, "dry_run", cli_has(cli, OPTION_DRY_RUN));
	return cli_print(cli, report, err);
}

static enum status sign(struct cli *cli, struct store *store, struct error *err)
{
	struct skr_request request;
	struct skr_answer answer;
	enum status status = request_of(cli, &request, err);
	if (status == STATUS_OK && cli_has(cli, OPTION_JSON) && cli_value(cli, OPTION_OUTPUT) == NULL)
		status = error_set(err, STATUS_USAGE, "with --json the response needs a file: -o FILE");
	if (status == STATUS_OK)
		status = skr_sign(store, &request, cli->mem, &answer, err);
	if (status == STATUS_OK)
		status = ceremony_file_give(cli, answer.text, err);
	return status == STATUS_OK ? say_signed(cli, &answer, err) : status;
}

static int run_sign(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	enum status status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = sign(cli, store, err);
	store_close(store);
	return (int)status;
}

/* ---- validate, import ---- */

static enum status take(struct cli *cli, struct store *store, bool dry, struct error *err)
{
	struct skr_request request;
	struct skr_answer answer;
	char until[UTC_TEXT];
	enum status status = request_of(cli, &request, err);
	request.dry_run = dry;
	if (status == STATUS_OK)
		status = skr_import(store, &request, cli->mem, &answer, err);
	if (status != STATUS_OK)
		return status;
	utc_format(answer.file.until, until);
	cli_say(cli, "%s: SKR %" PRId64 " %s until %s, %zu bundles, each passed the cache check%s", cli->args[0],
	    answer.file.number, dry ? "is good" : "imported; it lasts", until, answer.file.bundle_count,
	    answer.has_new_ksk ? "; it brings a new KSK" : "");
	if (!cli_has(cli, OPTION_JSON))
		return STATUS_OK;
	struct report *const report = ceremony_report("zoneseal.skr/1", cli->args[0], &answer.file, cli->mem);
	report_bool(report, "imported", !dry);
	return cli_print(cli, report, err);
}

static int run_validate(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	enum status status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status = take(cli, store, true, err);
	store_close(store);
	return (int)status;
}

static int run_import(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	enum status status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = take(cli, store, cli_has(cli, OPTION_DRY_RUN), err);
	store_close(store);
	return (int)status;
}

const struct command command_skr_sign = {
	.name = "skr sign",
	.run = run_sign,
	.synopsis = "ZONE -i KSR [-o SKR]",
	.summary = "where the KSK is kept: check a request, and sign it",
	.examples = "  zoneseal skr sign nl.test -i 3.ksr --dry-run\n"
		    "  zoneseal skr sign nl.test -i 3.ksr -o 3.skr --reason \"ceremony 3\"\n"
		    "  zoneseal skr sign nl.test -i bind.ksr -o bind.skr --format bind --yes --reason \"compared\"\n",
	.options = TAKES(OPTION_INPUT) | TAKES(OPTION_OUTPUT) | TAKES(OPTION_FORMAT) | TAKES(OPTION_KSK) |
		   TAKES(OPTION_UNTIL) | TAKES(OPTION_REASON) | TAKES(OPTION_PASSPHRASE_FILE),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};

const struct command command_skr_validate = {
	.name = "skr validate",
	.run = run_validate,
	.synopsis = "ZONE -i SKR",
	.summary = "check a response, its whole period under the cache check; change nothing",
	.examples = "  zoneseal skr validate nl.test -i 3.skr\n",
	.options = TAKES(OPTION_INPUT),
	.min_args = 1,
	.max_args = 1,
};

const struct command command_skr_import = {
	.name = "skr import",
	.run = run_import,
	.synopsis = "ZONE -i SKR",
	.summary = "check a response and take it; its signatures are used from then on",
	.examples = "  zoneseal skr import nl.test -i 3.skr\n",
	.options = TAKES(OPTION_INPUT),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};
