/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "signer/cli/cli.h"
#include "signer/cli/facts.h"
#include "signer/engine/move.h"

struct chosen {
	int64_t *ids;
	size_t count;
};

static bool role_is_meant(const struct cli *cli, enum key_role role)
{
	const bool any = cli_has(cli, OPTION_KSK) || cli_has(cli, OPTION_ZSK) || cli_has(cli, OPTION_CSK);
	return !any || (role == KEY_KSK && cli_has(cli, OPTION_KSK)) || (role == KEY_ZSK && cli_has(cli, OPTION_ZSK)) ||
	       (role == KEY_CSK && cli_has(cli, OPTION_CSK));
}

/* With --all: what has a private half here. */
static enum status choose(
    struct cli *cli, struct store *store, const struct store_zone *zone, struct chosen *out, struct error *err)
{
	struct key *keys;
	struct key key;
	size_t count = 0;
	if (cli_has(cli, OPTION_ALL) == (cli->arg_count == 2))
		return error_set(err, STATUS_USAGE, "name one key, or --all of the zone");
	enum status status = STATUS_OK;
	if (cli->arg_count == 2)
		status = facts_find_key(store, zone, cli->args[1], cli->mem, &key, err);
	else
		status = store_keys(store, zone->id, cli->mem, &keys, &count, err);
	if (status != STATUS_OK)
		return status;
	out->ids = arena_calloc(cli->mem, count + 1, sizeof(*out->ids));
	if (cli->arg_count == 2)
		out->ids[out->count++] = key.id;
	for (size_t i = 0; i < count; i++)
		if (role_is_meant(cli, keys[i].role) && !keys[i].foreign && !key_is_offline(&keys[i]) &&
		    keys[i].purging.seconds == 0 && keys[i].purged.seconds == 0)
			out->ids[out->count++] = keys[i].id;
	return out->count > 0
		   ? STATUS_OK
		   : error_set(err, STATUS_MISSING, "%s has no such key whose private half is here", zone->name);
}

/* The part of a locator that is used, or the part that is left behind. */
static const char *places(const struct cli *cli, const char *locator, bool left)
{
	const char *const bar = strchr(locator, KEY_LEFT);
	if (left)
		return bar == NULL ? "" : bar + 1;
	return bar == NULL ? locator : arena_strndup(cli->mem, locator, (size_t)(bar - locator));
}

static void say(const struct cli *cli, const struct store_zone *zone, const struct move_answer *answer)
{
	const struct key *const key = &answer->key;
	const bool dry = cli_has(cli, OPTION_DRY_RUN);
	const char *const now = places(cli, key->locator, false);
	const char *const left = places(cli, key->locator, true);
	if (strcmp(answer->from, key->locator) == 0)
		cli_say(cli, "%s: %s %u is in %s already%s", zone->name, key_role_name(key->role), key->tag, now,
		    dry ? "" : ", proved there");
	else
		cli_say(cli, "%s: %s %u %s in %s%s", zone->name, key_role_name(key->role), key->tag,
		    dry ? "would be" : "is", now,
		    dry ? "; nothing was changed" : ", proved there; the next run signs with it there");
	if (left[0] != '\0')
		cli_say(cli, "%s: a copy %s in %s: zoneseal key move %s %u --remove-source", zone->name,
		    dry ? "would stay" : "is still", left, zone->name, key->tag);
}

static void say_kept(const struct cli *cli, const struct store_zone *zone, const struct move_answer *answer)
{
	const struct key *const key = &answer->key;
	if (answer->kept != NULL)
		cli_say(cli,
		    "%s: %s %u: nothing was destroyed in %s: it is the token that the key is used from, under another "
		    "name of stores.conf",
		    zone->name, key_role_name(key->role), key->tag, answer->kept);
}

static enum status report(
    struct cli *cli, const struct store_zone *zone, const struct move_answer answers[], size_t count, struct error *err)
{
	struct report *const report = report_new("zoneseal.move/1");
	struct report *const list = report_list();
	report_text(report, "zone", zone->name);
	report_number(report, "revision", zone->revision);
	report_bool(report, "dry_run", cli_has(cli, OPTION_DRY_RUN));
	for (size_t i = 0; i < count; i++) {
		const struct key *const key = &answers[i].key;
		const char *const left = places(cli, key->locator, true);
		struct report *const row = report_new(NULL);
		report_text(row, "role", key_role_name(key->role));
		report_number(row, "tag", key->tag);
		report_hex(row, "fingerprint", key->fingerprint, sizeof(key->fingerprint));
		report_text(row, "from", answers[i].from);
		report_text(row, "to", places(cli, key->locator, false));
		report_text(row, "copy_left_in", left[0] != '\0' ? left : NULL);
		report_text(row, "same_token", answers[i].kept);
		report_append(list, row);
	}
	report_child(report, "keys", list);
	return cli_print(cli, report, err);
}

static enum status move(struct cli *cli, struct store *store, struct error *err)
{
	struct store_zone zone;
	struct chosen chosen = { NULL, 0 };
	size_t done = 0;
	const struct move_request request = { .state = cli->state,
		.passphrase_file = cli_value(cli, OPTION_PASSPHRASE_FILE),
		.to = cli_value(cli, OPTION_TO),
		.clear = cli_has(cli, OPTION_REMOVE_SOURCE),
		.reason = cli_value(cli, OPTION_REASON),
		.now = cli->now,
		.dry_run = cli_has(cli, OPTION_DRY_RUN) };
	enum status status = cli_zone(cli, store, &zone, err);
	if (status == STATUS_OK)
		status = choose(cli, store, &zone, &chosen, err);
	if (status == STATUS_OK && request.clear && !request.dry_run)
		status = cli_confirm(
		    cli, "Destroy what is left of the key in its old places, once it is proved in the new one?", err);
	if (status != STATUS_OK)
		return status;
	struct move_answer *const answers = arena_calloc(cli->mem, chosen.count, sizeof(*answers));
	status = move_keys(store, &zone, chosen.ids, chosen.count, &request, cli->mem, answers, &done, err);
	for (size_t i = 0; i < done; i++) {
		say(cli, &zone, &answers[i]);
		say_kept(cli, &zone, &answers[i]);
	}
	/* What was moved before a failure is told too; the failure stays the answer. */
	struct error ignored;
	error_clear(&ignored);
	struct error *const told = status == STATUS_OK ? err : &ignored;
	enum status printed = cli_zone_after(cli, store, &zone, told);
	if (printed == STATUS_OK && cli_has(cli, OPTION_JSON))
		printed = report(cli, &zone, answers, done, told);
	return status == STATUS_OK ? printed : status;
}

static int run_move(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	enum status status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = move(cli, store, err);
	store_close(store);
	return (int)status;
}

const struct command command_key_move = {
	.name = "key move",
	.run = run_move,
	.synopsis = "ZONE KEY|--all [--to STORE,...]",
	.summary =
	    "bring the same key into other stores and prove it there; the old place is cleared by a step of its own",
	.examples = "  zoneseal key move nl.test 41001 --to hsm-a,hsm-b --dry-run\n"
		    "  zoneseal key move nl.test --all                     where keys/stores.conf has new keys\n"
		    "  zoneseal key move nl.test 41001 --remove-source             what is left in the old place\n",
	.options = TAKES(OPTION_ALL) | TAKES(OPTION_KSK) | TAKES(OPTION_ZSK) | TAKES(OPTION_CSK) | TAKES(OPTION_TO) |
		   TAKES(OPTION_REMOVE_SOURCE) | TAKES(OPTION_REASON) | TAKES(OPTION_PASSPHRASE_FILE) |
		   TAKES(OPTION_EXPECT_REVISION),
	.min_args = 1,
	.max_args = 2,
	.changes = true,
};
