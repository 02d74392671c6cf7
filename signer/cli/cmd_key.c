/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "signer/base/bytes.h"
#include "signer/cli/cli.h"
#include "signer/cli/facts.h"
#include "signer/engine/setup.h"

/* Keys of the zones that are named, or of all. */
static enum status load(struct cli *cli, struct store *store, struct report_key **out, size_t *count, struct error *err)
{
	struct store_zone *zones, zone;
	size_t zone_count;
	enum status status = store_zones(store, cli->mem, &zones, &zone_count, err);
	*count = 0;
	*out = NULL;
	if (status == STATUS_OK && cli->arg_count > 0) {
		status = setup_find_zone(store, cli->args[0], cli->mem, &zone, err);
		zones = &zone;
		zone_count = 1;
	}
	for (size_t i = 0; status == STATUS_OK && i < zone_count; i++) {
		struct report_key *keys;
		size_t more;
		status = facts_keys(store, cli->state, &zones[i], cli->now, cli->mem, &keys, &more, err);
		if (status != STATUS_OK)
			break;
		struct report_key *all = arena_calloc(cli->mem, *count + more + 1, sizeof(*all));
		if (*count > 0)
			memcpy(all, *out, *count * sizeof(*all));
		memcpy(all + *count, keys, more * sizeof(*all));
		*out = all;
		*count += more;
	}
	return status;
}

static enum status print_list(struct cli *cli, const struct report_key keys[], size_t count, struct error *err)
{
	if (!cli_has(cli, OPTION_JSON)) {
		const struct report_style style = cli_style(cli);
		const char *zone = NULL;
		for (size_t first = 0, end; first < count; first = end) {
			for (end = first; end < count && strcmp(keys[end].zone, keys[first].zone) == 0; end++)
				;
			printf("%s%s\n", zone != NULL ? "\n" : "", keys[first].zone);
			zone = keys[first].zone;
			report_keys_text(stdout, keys + first, end - first, &style);
		}
		return STATUS_OK;
	}
	struct report *report = report_new("zoneseal.keys/1"), *list = report_list();
	for (size_t i = 0; i < count; i++)
		report_append(list, report_of_key(&keys[i]));
	report_child(report, "keys", list);
	return cli_print(cli, report, err);
}

static int run_list(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct report_key *keys = NULL;
	size_t count = 0;
	enum status status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status = load(cli, store, &keys, &count, err);
	if (status == STATUS_OK)
		status = print_list(cli, keys, count, err);
	store_close(store);
	return (int)status;
}

static void show_one(const struct report_key *row, const struct report_style *style, struct arena *mem)
{
	char hex[65];
	bytes_to_hex((struct bytes){ row->key.fingerprint, 32 }, false, hex);
	printf("%s\n", row->zone);
	report_keys_text(stdout, row, 1, style);
	const char *const left = strchr(row->key.locator, KEY_LEFT);
	const int used = (int)(left == NULL ? strlen(row->key.locator) : (size_t)(left - row->key.locator));
	printf("fingerprint  %s (SHA-256 of the public key)\nalgorithm    %u, %u bits\nprivate key  %.*s\n", hex,
	    row->key.algorithm, row->key.bits, used, row->key.locator);
	if (left != NULL)
		printf(
		    "a copy is in %s (zoneseal key move %s %u --remove-source)\n", left + 1, row->zone, row->key.tag);
	printf("DNSKEY       %s IN DNSKEY %s\n", row->zone, report_dnskey(&row->key, mem));
	if (row->proof_count > 0)
		printf("proof        %s\n", report_proof_words(row, style->now, mem));
}

static int run_show(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct report_key *keys = NULL;
	size_t count = 0, found = 0;
	enum status status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status = load(cli, store, &keys, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		if (facts_key_is_meant(&keys[i].key, cli->args[1]))
			keys[found++] = keys[i];
	if (status == STATUS_OK && found == 0)
		status = error_set(
		    err, STATUS_MISSING, "%s has no key \"%.70s\"; see zoneseal key list", cli->args[0], cli->args[1]);
	if (status == STATUS_OK && cli_has(cli, OPTION_JSON)) {
		status = print_list(cli, keys, found, err);
	} else if (status == STATUS_OK) {
		struct report_style style = cli_style(cli);
		style.states = true;
		for (size_t i = 0; i < found; i++)
			show_one(&keys[i], &style, cli->mem);
	}
	store_close(store);
	return (int)status;
}

/* -1: what the policy wants and is missing. */
static int wanted_role(const struct cli *cli)
{
	if (cli_has(cli, OPTION_KSK))
		return KEY_KSK;
	if (cli_has(cli, OPTION_ZSK))
		return KEY_ZSK;
	return cli_has(cli, OPTION_CSK) ? KEY_CSK : -1;
}

static enum status generate(
    struct cli *cli, struct store *store, struct store_zone *zone, unsigned *made, struct error *err)
{
	if (cli_has(cli, OPTION_STANDBY) && wanted_role(cli) < 0)
		return error_set(err, STATUS_USAGE, "--standby: say for which role: --ksk, --zsk or --csk");
	const enum status status = cli_zone(cli, store, zone, err);
	if (status != STATUS_OK)
		return status;
	return setup_generate_keys(store, cli->state, cli_value(cli, OPTION_PASSPHRASE_FILE), zone, wanted_role(cli),
	    cli_has(cli, OPTION_STANDBY), cli_has(cli, OPTION_DRY_RUN), cli->now, cli->mem, made, err);
}

static enum status print_made(struct cli *cli, const struct store_zone *zone, unsigned made, struct error *err)
{
	const bool dry = cli_has(cli, OPTION_DRY_RUN);
	if (dry)
		cli_say(
		    cli, "would make %u %s for %s; nothing was changed", made, made == 1 ? "key" : "keys", zone->name);
	else
		cli_say(cli,
		    "made %u keys for %s, each proved by a signature; back them up: zoneseal backup --with-keys FILE",
		    made, cli->args[0]);
	if (!cli_has(cli, OPTION_JSON))
		return STATUS_OK;
	struct report *report = report_new("zoneseal.generate/1");
	report_text(report, "zone", cli->args[0]);
	report_number(report, "revision", zone->revision);
	report_number(report, "made", made);
	report_bool(report, "dry_run", dry);
	return cli_print(cli, report, err);
}

static int run_generate(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct store_zone zone;
	unsigned made = 0;
	enum status status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = cli_begin_request(cli, store, err);
	if (status == STATUS_OK)
		status = generate(cli, store, &zone, &made, err);
	if (status == STATUS_OK)
		status = cli_zone_after(cli, store, &zone, err);
	if (status == STATUS_OK)
		status = print_made(cli, &zone, made, err);
	store_close(store);
	return (int)status;
}

const struct command command_key_list = {
	.name = "key list",
	.run = run_list,
	.synopsis = "[ZONE]",
	.summary = "list keys: what each does, since when, and what it waits for",
	.examples = "  zoneseal key list\n  zoneseal key list nl.test --states\n",
	.options = TAKES(OPTION_STATES),
	.min_args = 0,
	.max_args = 1,
};

const struct command command_key_show = {
	.name = "key show",
	.run = run_show,
	.synopsis = "ZONE KEY",
	.summary = "show one key, by tag or by the beginning of its fingerprint",
	.examples = "  zoneseal key show nl.test 41001\n  zoneseal key show nl.test 3f9c21aa\n",
	.min_args = 2,
	.max_args = 2,
};

const struct command command_key_generate = {
	.name = "key generate",
	.run = run_generate,
	.synopsis = "ZONE",
	.summary = "make the keys that a new zone needs, or one prepared key that a rollover may take",
	.examples = "  zoneseal key generate nl.test\n"
		    "  zoneseal key generate nl.test --zsk\n"
		    "  zoneseal key generate nl.test --ksk --standby\n",
	.options = TAKES(OPTION_KSK) | TAKES(OPTION_ZSK) | TAKES(OPTION_CSK) | TAKES(OPTION_STANDBY) |
		   TAKES(OPTION_PASSPHRASE_FILE) | TAKES(OPTION_EXPECT_REVISION),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};
