/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "signer/cli/cli.h"
#include "signer/cli/facts.h"
#include "signer/engine/keytest.h"
#include "signer/engine/setup.h"

static bool is_wanted(const void *context, const struct key *key)
{
	const char *const text = cli_value(context, OPTION_KEY);
	return text == NULL || facts_key_is_meant(key, text);
}

static enum status test(struct cli *cli, struct store *store, struct keytest *out, struct error *err)
{
	struct store_zone *zones = arena_calloc(cli->mem, 1, sizeof(*zones));
	size_t count = 1;
	const enum status status = cli->arg_count > 0 ? setup_find_zone(store, cli->args[0], cli->mem, zones, err)
						      : store_zones(store, cli->mem, &zones, &count, err);
	*out = (struct keytest){ .state = cli->state,
		.passphrase_file = cli_value(cli, OPTION_PASSPHRASE_FILE),
		.dry_run = cli_has(cli, OPTION_DRY_RUN),
		.now = cli->now,
		.wanted = is_wanted,
		.context = cli };
	return status == STATUS_OK ? keytest_run(store, zones, count, cli->mem, out, err) : status;
}

static bool same_key(const struct keytest_row *a, const struct keytest_row *b)
{
	return strcmp(a->zone, b->zone) == 0 && a->key.id == b->key.id;
}

static void print_text(struct cli *cli, const struct keytest *found)
{
	const struct keytest_row *last = NULL;
	for (size_t i = 0; i < found->count; i++) {
		const struct keytest_row *const row = &found->rows[i];
		char message[1200] = "";
		char key[16] = "";
		if (last == NULL || strcmp(last->zone, row->zone) != 0)
			printf("%s%s\nKEY     ROLE  STORE            RESULT  SHOWN\n", last == NULL ? "" : "\n",
			    row->zone);
		if (last == NULL || !same_key(last, row))
			snprintf(key, sizeof(key), "%u", row->key.tag);
		if (row->message != NULL)
			error_escape(row->message, strlen(row->message), message, sizeof(message));
		printf("%-7s %-5s %-16s %-7s %s%s%s\n", key, key[0] == '\0' ? "" : key_role_name(row->key.role),
		    row->store, row->good ? "proven" : "FAILED", report_proof_shown(row->shown, cli->mem),
		    row->good ? "" : "; ", message);
		last = row;
	}
}

static enum status print_json(struct cli *cli, const struct keytest *found, struct error *err)
{
	struct report *report = report_new("zoneseal.key-test/1"), *list = report_list();
	for (size_t i = 0; i < found->count; i++) {
		const struct keytest_row *const row = &found->rows[i];
		struct report *item = report_new(NULL);
		report_text(item, "zone", row->zone);
		report_number(item, "tag", row->key.tag);
		report_text(item, "role", row->key.role == KEY_KSK ? "ksk" : row->key.role == KEY_ZSK ? "zsk" : "csk");
		report_hex(item, "fingerprint", row->key.fingerprint, sizeof(row->key.fingerprint));
		report_text(item, "store", row->store);
		report_text(item, "result", row->good ? "proven" : "failed");
		report_shown(item, row->shown);
		report_text(item, "message", row->message);
		report_append(list, item);
	}
	report_bool(report, "proven", found->failed == 0);
	report_bool(report, "dry_run", cli_has(cli, OPTION_DRY_RUN));
	report_child(report, "proofs", list);
	return cli_print(cli, report, err);
}

static int run_test(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct keytest found = { .count = 0 };
	enum status status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = test(cli, store, &found, err);
	if (status == STATUS_OK && found.count == 0)
		status = error_set(err, STATUS_MISSING, "no key%s%.70s has its private half here",
		    cli_has(cli, OPTION_KEY) ? " " : "", cli_has(cli, OPTION_KEY) ? cli_value(cli, OPTION_KEY) : "");
	if (status == STATUS_OK && cli_has(cli, OPTION_JSON))
		status = print_json(cli, &found, err);
	else if (status == STATUS_OK)
		print_text(cli, &found);
	if (status == STATUS_OK && found.failed > 0)
		cli_say(cli,
		    "%zu of %zu proofs FAILED; what is published stays; zoneseal key doctor says what is wrong",
		    found.failed, found.count);
	else if (status == STATUS_OK)
		cli_say(cli, "all %zu proofs are good", found.count);
	store_close(store);
	return (int)(status != STATUS_OK ? status : found.worst);
}

const struct command command_key_test = {
	.name = "key test",
	.run = run_test,
	.synopsis = "[ZONE]",
	.summary = "prove each key on each store now: public key, tag, a challenge and an RRset signed; moves no key",
	.examples = "  zoneseal key test\n  zoneseal key test nl.test --key 41001 --json\n",
	.options = TAKES(OPTION_KEY) | TAKES(OPTION_PASSPHRASE_FILE),
	.min_args = 0,
	.max_args = 1,
	.changes = true,
};
