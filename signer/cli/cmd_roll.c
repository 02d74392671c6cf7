/* SPDX-License-Identifier: MIT */
/* Rollovers by hand: requests to the engine, which judges them like its own. */
#include <stdlib.h>
#include <string.h>

#include "signer/cli/cli.h"
#include "signer/cli/facts.h"
#include "signer/cli/rollfacts.h"
#include "signer/engine/roll.h"
#include "signer/engine/setup.h"

enum { PLAN_DAYS = 800, PLAN_LINES = 40, DAY = 86400 };

static enum status request_of(struct cli *cli, struct roll_request *out, struct error *err)
{
	struct span wait;
	*out = (struct roll_request){ .state = cli->state,
		.passphrase_file = cli_value(cli, OPTION_PASSPHRASE_FILE),
		.zone = cli->args[0],
		.reason = cli_value(cli, OPTION_REASON),
		.now = cli->now,
		.dry_run = cli_has(cli, OPTION_DRY_RUN) };
	enum status status = cli_revision(cli, &out->expect_revision, err);
	if (status == STATUS_OK)
		status = cli_span(cli, OPTION_WAIT, (struct span){ 0 }, &wait, err);
	if (status == STATUS_OK)
		out->lock_wait_seconds = wait.seconds;
	return status;
}

/* What will happen to the two keys that change places, until the one that leaves is gone: the one that stays is rolled
 * again one day, and that is the next rollover's. */
static void keep_lines_of(const struct roll_answer *answer, struct report_plan_line lines[], size_t *count)
{
	int64_t other = 0, leaving = 0;
	size_t kept = 0, end = 0;
	for (size_t i = 0; i < answer->view.count; i++) {
		const struct key *const key = &answer->view.keys[i].key;
		if (key->id != answer->key)
			continue;
		other = key->predecessor;
		leaving = key->goal_present ? other : key->id;
	}
	for (size_t i = 0; i < *count; i++) {
		if (lines[i].key != answer->key && lines[i].key != other)
			continue;
		lines[kept++] = lines[i];
		if (lines[i].key == leaving)
			end = kept;
	}
	*count = end > 0 ? end : kept;
}

static enum status plan_of(struct cli *cli, const struct roll_answer *answer, struct report_plan_line **lines,
    size_t *count, struct error *err)
{
	const struct roll_view *view = &answer->view;
	const struct utc until = utc_add(cli->now, (struct span){ (int64_t)PLAN_DAYS * DAY });
	enum status status =
	    rollfacts_plan(view, cli->now, until, view->rules.timing.registration, cli->mem, lines, count, err);
	keep_lines_of(answer, *lines, count);
	if (*count > PLAN_LINES)
		*count = PLAN_LINES;
	/* What the cache check would stop far in the future is said by zoneseal plan. */
	return status == STATUS_NO ? STATUS_OK : status;
}

static enum status print_json(struct cli *cli, const char *schema, const struct roll_answer *answer,
    const struct report_wait waits[], size_t wait_count, const struct report_plan_line lines[], size_t line_count,
    struct error *err)
{
	struct report *report = report_new(schema);
	report_bool(report, "dry_run", cli_has(cli, OPTION_DRY_RUN));
	report_text(report, "zone", answer->view.zone.name);
	report_text(report, "done", answer->words);
	report_number(report, "revision", answer->view.zone.revision);
	report_number(report, "made_tag", answer->made.id != 0 ? answer->made.tag : -1);
	report_time(report, "next", answer->view.next);
	report_child(report, "waits", report_of_waits(waits, wait_count));
	report_child(report, "plan", report_of_plan(lines, line_count));
	return cli_print(cli, report, err);
}

/* The same facts for a dry run and for the real one. */
static enum status print_answer(
    struct cli *cli, const char *schema, const struct roll_answer *answer, struct error *err)
{
	const struct roll_view *view = &answer->view;
	struct report_plan_line *lines;
	struct report_wait *waits;
	size_t line_count, wait_count;
	const bool dry = cli_has(cli, OPTION_DRY_RUN);
	enum status status = plan_of(cli, answer, &lines, &line_count, err);
	if (status != STATUS_OK)
		return status;
	rollfacts_waits(view, cli->mem, &waits, &wait_count);
	if (cli_has(cli, OPTION_JSON))
		return print_json(cli, schema, answer, waits, wait_count, lines, line_count, err);
	printf("%s%s.%s\n", dry ? "Would do: " : "", answer->words, dry ? " Nothing has been changed." : "");
	report_plan_text(stdout, lines, line_count, cli->now);
	if (view->stop != ROLL_GOES && view->stop_words != NULL)
		printf("Nothing moves now: %s\n", view->stop_words);
	if (dry)
		printf("Run again without --dry-run and with --expect-revision %lld\n", (long long)view->zone.revision);
	return STATUS_OK;
}

typedef enum status ask(struct cli *cli, struct store *store, const struct roll_request *request,
    struct roll_answer *answer, struct error *err);

/* Opens, asks, prints. */
static int carry_out(struct cli *cli, ask *asked, const char *schema, struct error *err)
{
	struct store *store = NULL;
	struct roll_request request;
	struct roll_answer answer;
	enum status status = request_of(cli, &request, err);
	if (status == STATUS_OK)
		status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = cli_begin_request(cli, store, err);
	if (status == STATUS_OK)
		status = asked(cli, store, &request, &answer, err);
	if (status == STATUS_OK)
		status = print_answer(cli, schema, &answer, err);
	store_close(store);
	return (int)status;
}

static enum status look(struct cli *cli, struct store *store, struct roll_view *view, struct error *err)
{
	struct store_zone zone;
	const enum status status = setup_find_zone(store, cli->args[0], cli->mem, &zone, err);
	return status == STATUS_OK ? roll_look(store, cli->state, &zone, cli->now, cli->mem, view, err) : status;
}

/* ---- roll start ---- */

static enum status role_of(const struct cli *cli, enum key_role *out, struct error *err)
{
	const bool given[] = { [KEY_KSK] = cli_has(cli, OPTION_KSK),
		[KEY_ZSK] = cli_has(cli, OPTION_ZSK),
		[KEY_CSK] = cli_has(cli, OPTION_CSK) };
	if (given[KEY_KSK] + given[KEY_ZSK] + given[KEY_CSK] != 1)
		return error_set(err, STATUS_USAGE,
		    "say which key: --ksk, --zsk or --csk; another algorithm comes with the policy (zoneseal policy "
		    "apply)");
	*out = given[KEY_KSK] ? KEY_KSK : given[KEY_ZSK] ? KEY_ZSK : KEY_CSK;
	return STATUS_OK;
}

static enum status ask_start(struct cli *cli, struct store *store, const struct roll_request *request,
    struct roll_answer *answer, struct error *err)
{
	enum key_role role = KEY_ZSK;
	const enum status status = role_of(cli, &role, err);
	return status == STATUS_OK ? roll_start(store, request, role, cli->mem, answer, err) : status;
}

static int run_start(struct cli *cli, struct error *err)
{
	return carry_out(cli, ask_start, "zoneseal.roll/1", err);
}

/* ---- roll step ---- */

static enum status ask_step(struct cli *cli, struct store *store, const struct roll_request *request,
    struct roll_answer *answer, struct error *err)
{
	return roll_step(store, request, cli->mem, answer, err);
}

static int run_step(struct cli *cli, struct error *err)
{
	return carry_out(cli, ask_step, "zoneseal.roll/1", err);
}

/* ---- roll abort ---- */

/* The key that `--key` names; `view` has the zone. */
static enum status named_key(struct cli *cli, struct store *store, const struct roll_view *view, const char *text,
    int64_t *out, struct error *err)
{
	struct key key = { .id = 0 };
	const enum status status = facts_find_key(store, &view->zone, text, cli->mem, &key, err);
	if (status == STATUS_OK)
		*out = key.id;
	return status;
}

/* The new key of the rollover that is under way. */
static enum status key_to_abort(const struct roll_view *view, int64_t *out, struct error *err)
{
	*out = 0;
	for (size_t i = 0; i < view->count; i++) {
		const struct rollover_key *key = &view->keys[i];
		if (key->key.predecessor == 0 || !key->key.goal_present || key->key.standby)
			continue;
		for (size_t p = 0; p < view->count; p++) {
			const struct key *old = &view->keys[p].key;
			const bool begun = !old->goal_present || key->key.state[KEY_DNSKEY] == KEY_HIDDEN;
			if (old->id != key->key.predecessor || !begun || !key_is_published(old))
				continue;
			if (*out != 0)
				return error_set(err, STATUS_USAGE,
				    "more than one rollover of %s is under way; say which with --key TAG of the new "
				    "key (zoneseal roll list %s)",
				    view->zone.name, view->zone.name);
			*out = key->key.id;
		}
	}
	if (*out == 0)
		return error_set(err, STATUS_REFUSED, "no rollover of %s is under way", view->zone.name);
	return STATUS_OK;
}

static enum status ask_abort(struct cli *cli, struct store *store, const struct roll_request *request,
    struct roll_answer *answer, struct error *err)
{
	struct roll_view view;
	int64_t key = 0;
	const char *text = cli_value(cli, OPTION_KEY);
	enum status status = look(cli, store, &view, err);
	if (status == STATUS_OK)
		status = text != NULL ? named_key(cli, store, &view, text, &key, err) : key_to_abort(&view, &key, err);
	return status == STATUS_OK ? roll_abort(store, request, key, cli->mem, answer, err) : status;
}

static int run_abort(struct cli *cli, struct error *err)
{
	return carry_out(cli, ask_abort, "zoneseal.roll/1", err);
}

/* ---- emergency ---- */

static void tell_parent(struct cli *cli, const struct roll_breakage *breakage)
{
	cli_say(cli,
	    "  at the parent: its DS must go in the same hour, and the DS of the key that replaces it must come "
	    "(zoneseal "
	    "ds show %s). Carry it there by another way than CDS: no key of the DS set signs the zone any more (RFC "
	    "7344 "
	    "4.1). If every parent server shows the change at %s, the last validator recovers at %s",
	    cli->args[0], report_when(breakage->parent_acts, cli->now, cli->mem),
	    report_when(breakage->ends_with_parent, cli->now, cli->mem));
}

static enum status tell_both_plans(struct cli *cli, const struct roll_view *view, int64_t key, struct error *err)
{
	struct roll_breakage breakage;
	const enum status status = roll_breakage_of(view, key, cli->now, cli->mem, &breakage, err);
	if (status != STATUS_OK)
		return status;
	const bool never = breakage.ends.seconds == UTC_NEVER.seconds;
	cli_say(cli, "availability first: safe, a rollover that no cache notices, started now; the key stays usable "
		     "until it has "
		     "ended");
	if (breakage.count == 0) {
		cli_say(cli, "security first (--plan security-first): the key leaves with the next publication, and no "
			     "validator fails");
		return STATUS_OK;
	}
	cli_say(cli,
	    "security first (--plan security-first): the key leaves with the next publication, and validators would "
	    "FAIL "
	    "from %s until %s:",
	    report_when(cli->now, cli->now, cli->mem),
	    never ? "the parent has changed the DS, and its TTL is over"
		  : report_when(breakage.ends, cli->now, cli->mem));
	for (size_t i = 0; i < breakage.count; i++)
		cli_say(cli, "  %s", breakage.words[i]);
	if (breakage.parent)
		tell_parent(cli, &breakage);
	return STATUS_OK;
}

static enum status plan_named(const struct cli *cli, bool *security_first, struct error *err)
{
	const char *const plan = cli_value(cli, OPTION_PLAN);
	*security_first = plan != NULL && strcmp(plan, "security-first") == 0;
	if (plan != NULL && !*security_first && strcmp(plan, "availability-first") != 0)
		return error_set(err, STATUS_USAGE, "--plan: availability-first or security-first");
	if (*security_first && cli_value(cli, OPTION_REASON) == NULL)
		return error_set(err, STATUS_USAGE,
		    "--plan security-first breaks validation for a while: say why with --reason; it is audited");
	return STATUS_OK;
}

static enum status ask_emergency(struct cli *cli, struct store *store, const struct roll_request *request,
    struct roll_answer *answer, struct error *err)
{
	struct roll_view view;
	struct roll_request with_plan = *request;
	int64_t key = 0;
	const char *text = cli_value(cli, OPTION_KEY);
	if (text == NULL)
		return error_set(err, STATUS_USAGE, "say which key may be stolen: --key TAG");
	enum status status = plan_named(cli, &with_plan.security_first, err);
	if (status == STATUS_OK)
		status = look(cli, store, &view, err);
	if (status == STATUS_OK)
		status = named_key(cli, store, &view, text, &key, err);
	if (status == STATUS_OK)
		status = tell_both_plans(cli, &view, key, err);
	return status == STATUS_OK ? roll_emergency(store, &with_plan, key, cli->mem, answer, err) : status;
}

static int run_emergency(struct cli *cli, struct error *err)
{
	return carry_out(cli, ask_emergency, "zoneseal.emergency/1", err);
}

/* ---- roll list ---- */

struct listing {
	struct report *list;
	size_t shown;
};

static enum status list_zone(
    struct cli *cli, struct store *store, const struct store_zone *zone, void *context, struct error *err)
{
	struct listing *const listing = context;
	struct roll_view view;
	struct report_roll *rolls = NULL;
	size_t count = 0;
	enum status status = roll_look(store, cli->state, zone, cli->now, cli->mem, &view, err);
	if (status == STATUS_OK)
		status = rollfacts_rolls(&view, cli->now, cli->mem, &rolls, &count, err);
	if (status != STATUS_OK)
		return status;
	struct report *item = report_new(NULL);
	report_text(item, "zone", zone->name);
	report_child(item, "rollovers", report_of_rolls(rolls, count));
	report_append(listing->list, item);
	for (size_t i = 0; i < count && !cli_has(cli, OPTION_JSON); i++) {
		printf("%s%s  ", listing->shown > 0 ? "\n" : "", zone->name);
		report_roll_text(stdout, &rolls[i], cli->now);
		listing->shown++;
	}
	return STATUS_OK;
}

static enum status list_all(struct cli *cli, struct store *store, struct report *list, struct error *err)
{
	struct listing listing = { list, 0 };
	const enum status status = cli_each_zone(cli, store, list_zone, &listing, err);
	if (status == STATUS_OK && listing.shown == 0 && !cli_has(cli, OPTION_JSON))
		printf("No rollover is under way.\n");
	return status;
}

static int run_list(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct report *list = report_list();
	enum status status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status = list_all(cli, store, list, err);
	if (status == STATUS_OK && cli_has(cli, OPTION_JSON)) {
		struct report *report = report_new("zoneseal.rolls/1");
		report_child(report, "zones", list);
		status = cli_print(cli, report, err);
	} else {
		report_free(list);
	}
	store_close(store);
	return (int)status;
}

/* ---- rows ---- */

#define OF_EVERY_REQUEST                                                                                               \
	(TAKES(OPTION_EXPECT_REVISION) | TAKES(OPTION_REASON) | TAKES(OPTION_WAIT) | TAKES(OPTION_PASSPHRASE_FILE))

const struct command command_roll_start = {
	.name = "roll start",
	.run = run_start,
	.synopsis = "ZONE --ksk|--zsk|--csk",
	.summary = "start the rollover of a key now; zoneseal run carries it out",
	.examples = "  zoneseal roll start nl.test --ksk --dry-run\n"
		    "  zoneseal roll start nl.test --zsk --reason \"yearly exercise\"\n",
	.options = OF_EVERY_REQUEST | TAKES(OPTION_KSK) | TAKES(OPTION_ZSK) | TAKES(OPTION_CSK),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};

const struct command command_roll_step = {
	.name = "roll step",
	.run = run_step,
	.synopsis = "ZONE",
	.summary = "under a manual policy: let the next run take the next step",
	.examples = "  zoneseal roll step nl.test\n",
	.options = OF_EVERY_REQUEST,
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};

const struct command command_roll_abort = {
	.name = "roll abort",
	.run = run_abort,
	.synopsis = "ZONE [--key TAG]",
	.summary = "turn a rollover back, where that is still safe",
	.examples = "  zoneseal roll abort nl.test\n  zoneseal roll abort nl.test --key 41001 --dry-run\n",
	.options = OF_EVERY_REQUEST | TAKES(OPTION_KEY),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};

const struct command command_roll_list = {
	.name = "roll list",
	.run = run_list,
	.synopsis = "[ZONE]",
	.summary = "list the rollovers that are under way, step by step",
	.examples = "  zoneseal roll list\n  zoneseal roll list nl.test --json\n",
	.min_args = 0,
	.max_args = 1,
};

const struct command command_emergency = {
	.name = "emergency",
	.run = run_emergency,
	.synopsis = "ZONE --key TAG [--plan PLAN]",
	.summary = "replace a key that may be stolen: unnoticed by caches, or at once with what that breaks",
	.examples = "  zoneseal emergency nl.test --key 41001 --dry-run\n"
		    "  zoneseal emergency nl.test --key 41001\n"
		    "  zoneseal emergency nl.test --key 41001 --plan security-first --reason \"token stolen\"\n",
	.options = OF_EVERY_REQUEST | TAKES(OPTION_KEY) | TAKES(OPTION_PLAN),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};
