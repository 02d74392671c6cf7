/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "signer/cli/cli.h"
#include "signer/engine/adopt.h"

static const char *does(const struct adopted_key *key)
{
	if (key->key.foreign)
		return "published, signs nothing, private half not here";
	if (key->leaving)
		return key->signs_keys || key->signs_zone ? "signs, and leaves: another takes its place"
							  : "signs nothing any more, and leaves";
	if (key->replaces != NULL && !key->signs_keys && !key->signs_zone)
		return "published, and takes over";
	if (key->key.standby)
		return "published, signs nothing: kept as standby";
	if (key->key.role == KEY_CSK)
		return "signs everything";
	return key->key.role == KEY_KSK ? "signs the DNSKEY RRset" : "signs the zone";
}

static void print_text(const struct cli *cli, const struct adopt_answer *answer)
{
	const bool dry = cli_has(cli, OPTION_DRY_RUN);
	printf("%s%s: serial %u, %llu signatures, valid until %s, passed %llu checks\n",
	    dry ? "Would adopt " : "Adopted ", answer->zone, answer->serial, (unsigned long long)answer->signatures,
	    report_when(answer->first_expiry, cli->now, cli->mem), (unsigned long long)answer->checks);
	for (size_t i = 0; i < answer->count; i++)
		printf("  %-4s %5u  %s%s%s\n", key_role_name(answer->keys[i].key.role), answer->keys[i].key.tag,
		    does(&answer->keys[i]), answer->keys[i].file != NULL ? "; from " : "",
		    answer->keys[i].file != NULL ? answer->keys[i].file : "");
	if (dry) {
		printf("Nothing has been changed.\n");
		return;
	}
	printf("Next: stop the other signer, then  zoneseal run %s\n", answer->zone);
	printf(
	    "Then  zoneseal ds check %s : until it has seen the DS at the parent, status asks for it.\n", answer->zone);
	printf("Every wait of a rollover counts from now: what was published before is taken as just begun.\n");
}

static enum status print_answer(struct cli *cli, const struct adopt_answer *answer, struct error *err)
{
	if (!cli_has(cli, OPTION_JSON)) {
		print_text(cli, answer);
		return STATUS_OK;
	}
	struct report *report = report_new("zoneseal.adopt/1"), *keys = report_list();
	report_bool(report, "dry_run", cli_has(cli, OPTION_DRY_RUN));
	report_text(report, "zone", answer->zone);
	report_number(report, "serial", answer->serial);
	report_number(report, "signatures", (int64_t)answer->signatures);
	report_time(report, "valid_until", answer->first_expiry);
	for (size_t i = 0; i < answer->count; i++) {
		const struct adopted_key *row = &answer->keys[i];
		struct report *key = report_new(NULL);
		report_number(key, "tag", row->key.tag);
		report_text(key, "role", key_role_name(row->key.role));
		report_number(key, "algorithm", row->key.algorithm);
		report_text(key, "does", does(row));
		report_text(key, "file", row->file);
		report_append(keys, key);
	}
	report_child(report, "keys", keys);
	return cli_print(cli, report, err);
}

static int run_adopt(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct adopt_answer answer;
	const struct adopt_request request = { .state = cli->state,
		.zone = { .name = cli->args[0],
		    .input = cli_value(cli, OPTION_INPUT),
		    .output = cli_value(cli, OPTION_OUTPUT),
		    .policy = cli_value(cli, OPTION_POLICY),
		    .parents = cli_value(cli, OPTION_PARENTS),
		    .config_folder = cli->config },
		.published = cli_value(cli, OPTION_PUBLISHED),
		.key_paths = (const char *const *)cli->args + 1,
		.key_path_count = (size_t)cli->arg_count - 1,
		.passphrase_file = cli_value(cli, OPTION_PASSPHRASE_FILE),
		.now = cli->now,
		.dry_run = cli_has(cli, OPTION_DRY_RUN) };
	if (request.published == NULL)
		return (int)error_set(
		    err, STATUS_USAGE, "say which file holds the zone as it is served: --published FILE");
	enum status status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = adopt_zone(store, &request, cli->mem, &answer, err);
	if (status == STATUS_OK)
		status = print_answer(cli, &answer, err);
	store_close(store);
	return (int)status;
}

const struct command command_zone_adopt = {
	.name = "zone adopt",
	.run = run_adopt,
	.synopsis = "ZONE KEYS... --published FILE",
	.summary = "take over a zone that another signer signs today, with its keys (K*.private, PEM, folders of them, "
		   "or URIs of keys in tokens)",
	.examples =
	    "  zoneseal zone adopt nl.test /etc/bind/keys --published nl.test.signed -i nl.test.zone -o "
	    "nl.test.signed --dry-run\n"
	    "  zoneseal zone adopt nl.test ksk.pem zsk.pem --published nl.test.signed -i nl.test.zone -o out.zone\n"
	    "  zoneseal zone adopt nl.test 'pkcs11:id=%a1' 'pkcs11:id=%a2' --published nl.test.signed -i "
	    "nl.test.zone\n",
	.options = TAKES(OPTION_INPUT) | TAKES(OPTION_OUTPUT) | TAKES(OPTION_POLICY) | TAKES(OPTION_PARENTS) |
		   TAKES(OPTION_PUBLISHED) | TAKES(OPTION_PASSPHRASE_FILE),
	.min_args = 2,
	.max_args = 1000,
	.changes = true,
};
