/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "signer/cli/ceremony_files.h"
#include "signer/cli/cli.h"
#include "signer/engine/folder.h"
#include "signer/engine/ksr.h"

static enum status say_made(struct cli *cli, const struct ksr_answer *answer, struct error *err)
{
	const struct ceremony_file *const file = &answer->file;
	const bool dry = cli_has(cli, OPTION_DRY_RUN);
	char from[UTC_TEXT];
	char until[UTC_TEXT];
	utc_format(file->from, from);
	utc_format(file->until, until);
	cli_say(cli, "%s: %s KSR %" PRId64 " from %s to %s, %zu bundles, %u new ZSKs%s", cli->args[0],
	    dry ? "would make" : "made", file->number, from, until, file->bundle_count, answer->made,
	    file->new_ksk.seconds != 0 ? "; it asks for a new KSK" : "");
	if (!cli_has(cli, OPTION_JSON))
		return STATUS_OK;
	struct report *const report = ceremony_report("zoneseal.ksr/1", cli->args[0], file, cli->mem);
	report_number(report, "made", answer->made);
	report_bool(report, "dry_run", dry);
	return cli_print(cli, report, err);
}

static enum status create(struct cli *cli, struct store *store, bool emergency, struct error *err)
{
	struct ksr_answer answer;
	struct ksr_request request = { .state = cli->state,
		.passphrase_file = cli_value(cli, OPTION_PASSPHRASE_FILE),
		.zone = cli->args[0],
		.emergency = emergency,
		.new_ksk = cli_has(cli, OPTION_KSK),
		.dry_run = cli_has(cli, OPTION_DRY_RUN),
		.now = cli->now };
	enum status status = ceremony_form_of(cli, &request.form, err);
	if (status == STATUS_OK && cli_has(cli, OPTION_JSON) && cli_value(cli, OPTION_OUTPUT) == NULL)
		status = error_set(err, STATUS_USAGE, "with --json the request needs a file: -o FILE");
	if (status == STATUS_OK)
		status = ksr_create(store, &request, cli->mem, &answer, err);
	if (status == STATUS_OK)
		status = ceremony_file_give(cli, answer.text, err);
	return status == STATUS_OK ? say_made(cli, &answer, err) : status;
}

static int run(struct cli *cli, bool emergency, struct error *err)
{
	struct store *store = NULL;
	enum status status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = create(cli, store, emergency, err);
	store_close(store);
	return (int)status;
}

static int run_create(struct cli *cli, struct error *err)
{
	return run(cli, false, err);
}

static int run_emergency(struct cli *cli, struct error *err)
{
	return run(cli, true, err);
}

static int run_show(struct cli *cli, struct error *err)
{
	struct ceremony_file file;
	const char *name;
	const char *zone;
	char *text;
	size_t size;
	uint8_t apex[NAME_WIRE];
	enum status status = folder_zone_name(cli->args[0], cli->mem, &zone, apex, err);
	if (status == STATUS_OK)
		status = ceremony_file_take(cli, &name, &text, &size, err);
	if (status == STATUS_OK)
		status = ceremony_read(name, text, size, apex, cli->mem, &file, err);
	if (status != STATUS_OK)
		return (int)status;
	if (cli_has(cli, OPTION_JSON))
		return (int)cli_print(cli, ceremony_report("zoneseal.ksr/1", zone, &file, cli->mem), err);
	ceremony_text(stdout, zone, &file, cli->mem);
	return STATUS_OK;
}

const struct command command_ksr_create = {
	.name = "ksr create",
	.run = run_create,
	.synopsis = "ZONE [-o FILE]",
	.summary = "ask an offline KSK for the signatures of the next period, and make its ZSKs",
	.examples = "  zoneseal ksr create nl.test -o 3.ksr\n"
		    "  zoneseal ksr create nl.test -o 3.ksr --ksk             ask for a new KSK too\n"
		    "  zoneseal ksr create nl.test -o 3.ksr --format bind     for BIND's dnssec-ksr sign\n",
	.options = TAKES(OPTION_OUTPUT) | TAKES(OPTION_FORMAT) | TAKES(OPTION_KSK) | TAKES(OPTION_PASSPHRASE_FILE),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};

const struct command command_ksr_emergency = {
	.name = "ksr emergency",
	.run = run_emergency,
	.synopsis = "ZONE [-o FILE]",
	.summary = "ask for signatures that replace what is left of the present SKR",
	.examples = "  zoneseal ksr emergency nl.test -o 4.ksr\n"
		    "  zoneseal ksr emergency nl.test -o 4.ksr --ksk          the KSK may be stolen\n",
	.options = TAKES(OPTION_OUTPUT) | TAKES(OPTION_FORMAT) | TAKES(OPTION_KSK) | TAKES(OPTION_PASSPHRASE_FILE),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};

const struct command command_ksr_show = {
	.name = "ksr show",
	.run = run_show,
	.synopsis = "ZONE -i FILE",
	.summary = "show what a KSR or SKR holds: periods, keys, fingerprints to compare by voice",
	.examples = "  zoneseal ksr show nl.test -i 3.ksr\n  zoneseal ksr show nl.test -i 3.skr --json\n",
	.options = TAKES(OPTION_INPUT),
	.min_args = 1,
	.max_args = 1,
};
