/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "policies/policy_yaml.h"
#include "signer/base/bytes.h"
#include "signer/cli/cli.h"
#include "signer/engine/lock.h"
#include "signer/engine/parent_say.h"
#include "signer/engine/setup.h"

/* By tag, or by the first eight or more digits of its fingerprint. */
static bool is_meant(const struct key *key, const char *text)
{
	char hex[65];
	char *end;
	const unsigned long tag = strtoul(text, &end, 10);
	if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && strlen(text) <= 5)
		return tag == key->tag;
	bytes_to_hex((struct bytes){ key->fingerprint, sizeof(key->fingerprint) }, false, hex);
	return strlen(text) >= 8 && strncmp(hex, text, strlen(text)) == 0;
}

static enum status find_key(
    struct cli *cli, struct store *store, const struct store_zone *zone, const struct key **out, struct error *err)
{
	struct key *keys;
	size_t count;
	const char *const text = cli_value(cli, OPTION_KEY);
	*out = NULL;
	if (text == NULL)
		return error_set(
		    err, STATUS_USAGE, "say which key: --key TAG or FINGERPRINT; see zoneseal key list %s", zone->name);
	const enum status status = store_keys(store, zone->id, cli->mem, &keys, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		if (!is_meant(&keys[i], text))
			continue;
		if (*out != NULL)
			return error_set(err, STATUS_USAGE,
			    "--key %s is more than one key; use more digits of its fingerprint", text);
		*out = &keys[i];
	}
	if (status == STATUS_OK && *out == NULL)
		return error_set(
		    err, STATUS_MISSING, "%s has no key %s; see zoneseal key list %s", zone->name, text, zone->name);
	return status;
}

static enum status say(struct cli *cli, struct store *store, bool seen, struct store_zone *zone,
    struct parent_said *out, struct error *err)
{
	struct policy policy;
	struct lock lock = LOCK_NONE;
	struct span wait;
	const struct key *key = NULL;
	const struct parent_saying saying = { .state = cli->state,
		.seen = seen,
		.evidence = cli_value(cli, OPTION_FROM_FILE),
		.now = cli->now,
		.dry_run = cli_has(cli, OPTION_DRY_RUN) };
	enum status status = cli_span(cli, OPTION_WAIT, (struct span){ 0 }, &wait, err);
	if (status == STATUS_OK)
		status = setup_find_zone(store, cli->args[0], cli->mem, zone, err);
	if (status == STATUS_OK && !saying.dry_run)
		status = lock_take(cli->state, zone->name, cli->command->name, cli->now, wait.seconds, &lock, err);
	if (status == STATUS_OK)
		status = cli_zone(cli, store, zone, err);
	if (status == STATUS_OK)
		status = find_key(cli, store, zone, &key, err);
	if (status == STATUS_OK)
		status =
		    policy_yaml_parse(zone->policy_name, zone->policy_text, strlen(zone->policy_text), &policy, err);
	if (status == STATUS_OK)
		status = parent_say(store, zone, &policy, key, &saying, cli->mem, out, err);
	lock_release(&lock);
	return status;
}

static enum status print(
    struct cli *cli, const struct store_zone *zone, bool seen, const struct parent_said *said, struct error *err)
{
	const bool dry = cli_has(cli, OPTION_DRY_RUN);
	cli_say(cli, "%s: %s%s%s", zone->name, dry ? "would note: " : "", said->words,
	    said->changed ? "" : "; that was known already");
	if (said->has_ttl)
		cli_say(cli, "%s: DS TTL %us %s into the TTL ledger", zone->name, said->ttl, dry ? "would go" : "went");
	if (!cli_has(cli, OPTION_JSON))
		return STATUS_OK;
	struct report *const report = report_new("zoneseal.ds-say/1");
	report_bool(report, "dry_run", dry);
	report_text(report, "zone", zone->name);
	report_number(report, "revision", zone->revision);
	report_number(report, "tag", said->key.tag);
	report_hex(report, "fingerprint", said->key.fingerprint, sizeof(said->key.fingerprint));
	report_text(report, "said", seen ? "seen" : "gone");
	report_bool(report, "changed", said->changed);
	report_time(report, "ds_seen", said->key.ds_seen);
	report_time(report, "ds_gone", said->key.ds_gone);
	if (said->has_ttl)
		report_number(report, "ttl", said->ttl);
	else
		report_text(report, "ttl", NULL);
	return cli_print(cli, report, err);
}

static int run(struct cli *cli, bool seen, struct error *err)
{
	struct store *store = NULL;
	struct store_zone zone;
	struct parent_said said;
	enum status status = cli_open(cli, cli_has(cli, OPTION_DRY_RUN) ? STORE_READ : STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = say(cli, store, seen, &zone, &said, err);
	if (status == STATUS_OK)
		status = cli_zone_after(cli, store, &zone, err);
	if (status == STATUS_OK)
		status = print(cli, &zone, seen, &said, err);
	store_close(store);
	return (int)status;
}

static int run_seen(struct cli *cli, struct error *err)
{
	return run(cli, true, err);
}

static int run_gone(struct cli *cli, struct error *err)
{
	return run(cli, false, err);
}

const struct command command_ds_seen = {
	.name = "ds seen",
	.run = run_seen,
	.synopsis = "ZONE --key KEY",
	.summary = "say that every parent server shows the DS of a key, where zoneseal cannot ask",
	.examples =
	    "  zoneseal ds seen nl.test --key 41001\n"
	    "  dig @ns.parent.example nl.test DS +dnssec | zoneseal ds seen nl.test --key 41001 --from-file -\n",
	.options = TAKES(OPTION_KEY) | TAKES(OPTION_FROM_FILE) | TAKES(OPTION_WAIT) | TAKES(OPTION_EXPECT_REVISION),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};

const struct command command_ds_gone = {
	.name = "ds gone",
	.run = run_gone,
	.synopsis = "ZONE --key KEY",
	.summary = "say that no parent server shows the DS of a key any more",
	.examples = "  zoneseal ds gone nl.test --key 20326\n"
		    "  zoneseal ds gone nl.test --key 20326 --from-file answer.txt --dry-run\n",
	.options = TAKES(OPTION_KEY) | TAKES(OPTION_FROM_FILE) | TAKES(OPTION_WAIT) | TAKES(OPTION_EXPECT_REVISION),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};
