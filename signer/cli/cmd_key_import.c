/* SPDX-License-Identifier: MIT */
#include "signer/cli/cli.h"
#include "signer/engine/import.h"

static enum status request_of(const struct cli *cli, struct import_request *out, struct error *err)
{
	const bool ksk = cli_has(cli, OPTION_KSK), zsk = cli_has(cli, OPTION_ZSK), csk = cli_has(cli, OPTION_CSK);
	*out = (struct import_request){ .state = cli->state,
		.path = cli->args[1],
		.passphrase_file = cli_value(cli, OPTION_PASSPHRASE_FILE),
		.role = ksk   ? KEY_KSK
			: zsk ? KEY_ZSK
			      : KEY_CSK,
		.public_only = cli_has(cli, OPTION_PUBLIC_ONLY),
		.now = cli->now,
		.dry_run = cli_has(cli, OPTION_DRY_RUN) };
	if (!out->public_only && ksk + zsk + csk != 1)
		return error_set(err, STATUS_USAGE, "say what the private key is for: --ksk, --zsk or --csk");
	if (out->public_only && ksk + zsk + csk != 0)
		return error_set(err, STATUS_USAGE, "with --public-only the role follows from the DNSKEY's flags");
	return STATUS_OK;
}

static enum status print_done(struct cli *cli, const struct store_zone *zone, const struct key *key, struct error *err)
{
	const bool dry = cli_has(cli, OPTION_DRY_RUN);
	cli_say(cli, "%s: %s%s %u, %s", zone->name, dry ? "would take " : "", key_role_name(key->role), key->tag,
	    key->foreign ? "another signer's: the next run publishes it, and it never signs here"
			 : "prepared: the next rollover of its role takes it");
	if (!cli_has(cli, OPTION_JSON))
		return STATUS_OK;
	struct report *report = report_new("zoneseal.import/1");
	report_bool(report, "dry_run", dry);
	report_text(report, "zone", zone->name);
	report_number(report, "revision", zone->revision);
	report_text(report, "role", key_role_name(key->role));
	report_number(report, "tag", key->tag);
	report_bool(report, "foreign", key->foreign);
	return cli_print(cli, report, err);
}

static int run_import(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct store_zone zone;
	struct import_request request;
	struct key key = { .id = 0 };
	enum status status = request_of(cli, &request, err);
	if (status == STATUS_OK)
		status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = cli_zone(cli, store, &zone, err);
	if (status == STATUS_OK)
		status = import_key(store, &zone, &request, cli->mem, &key, err);
	if (status == STATUS_OK)
		status = cli_zone_after(cli, store, &zone, err);
	if (status == STATUS_OK)
		status = print_done(cli, &zone, &key, err);
	store_close(store);
	return (int)status;
}

const struct command command_key_import = {
	.name = "key import",
	.run = run_import,
	.synopsis = "ZONE FILE|URI --ksk|--zsk|--csk|--public-only",
	.summary =
	    "take a key that was made elsewhere: a private one for the next rollover, or another signer's DNSKEY",
	.examples =
	    "  zoneseal key import nl.test Knl.test.+013+41001.private --zsk\n"
	    "  zoneseal key import nl.test 'pkcs11:token=tld-a;object=ksk-2026' --ksk       in a token already\n"
	    "  zoneseal key import nl.test Knl.test.+013+5521.key --public-only --dry-run\n",
	.options = TAKES(OPTION_KSK) | TAKES(OPTION_ZSK) | TAKES(OPTION_CSK) | TAKES(OPTION_PUBLIC_ONLY) |
		   TAKES(OPTION_PASSPHRASE_FILE) | TAKES(OPTION_EXPECT_REVISION),
	.min_args = 2,
	.max_args = 2,
	.changes = true,
};
