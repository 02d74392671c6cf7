/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "signer/cli/cli.h"
#include "signer/cli/rollfacts.h"
#include "signer/engine/roll.h"
#include "signer/engine/setup.h"
#include "signer/report/calendar.h"

enum { PLAN_DEFAULT_DAYS = 400, DAY = 86400 };

static enum status limits_of(
    const struct cli *cli, const struct roll_view *view, struct utc *until, struct span *ds_delay, struct error *err)
{
	const char *end = cli_value(cli, OPTION_UNTIL), *delay = cli_value(cli, OPTION_DS_DELAY);
	enum status status = STATUS_OK;
	*until = utc_add(cli->now, (struct span){ (int64_t)PLAN_DEFAULT_DAYS * DAY });
	*ds_delay = view->rules.timing.registration;
	if (end != NULL)
		status = utc_parse(end, until, err);
	if (status == STATUS_OK && delay != NULL && strcmp(delay, "never") == 0)
		ds_delay->seconds = -1;
	else if (status == STATUS_OK && delay != NULL)
		status = span_parse(delay, ds_delay, err);
	if (status != STATUS_OK)
		status = err->code = STATUS_USAGE;
	return status;
}

static void print_head(const struct cli *cli, const struct roll_view *view, const struct report_wait waits[],
    size_t wait_count, struct span ds_delay)
{
	char delay[SPAN_TEXT];
	span_format_exact(ds_delay.seconds < 0 ? (struct span){ 0 } : ds_delay, delay);
	if (view->stop != ROLL_GOES)
		printf("%s  No key moves now: %s\n", view->zone.name, view->stop_words);
	else if (wait_count > 0 && waits[0].who == REPORT_YOU)
		printf("%s  An action for you: %s\n", view->zone.name, waits[0].command);
	else
		printf("%s  Nothing for you to do now.\n", view->zone.name);
	if (ds_delay.seconds < 0)
		printf("The parent is assumed never to take a DS.\n");
	else
		printf(
		    "The parent is assumed to take a DS %s after it is wanted; runs are assumed to happen.\n", delay);
	printf("\n");
	(void)cli;
}

static enum status print_plan(struct cli *cli, const struct roll_view *view, struct error *err)
{
	struct report_plan_line *lines = NULL;
	struct report_wait *waits;
	size_t count = 0, wait_count;
	struct utc until;
	struct span ds_delay;
	enum status status = limits_of(cli, view, &until, &ds_delay, err);
	if (status != STATUS_OK)
		return status;
	rollfacts_waits(view, cli->mem, &waits, &wait_count);
	const enum status foreseen = rollfacts_plan(view, cli->now, until, ds_delay, cli->mem, &lines, &count, err);
	if (foreseen != STATUS_OK && foreseen != STATUS_NO)
		return foreseen;
	if (cli_has(cli, OPTION_JSON)) {
		struct report *report = report_new("zoneseal.plan/1");
		report_text(report, "zone", view->zone.name);
		report_time(report, "until", until);
		report_number(report, "revision", view->zone.revision);
		report_bool(report, "safe", foreseen == STATUS_OK);
		report_text(report, "veto", foreseen == STATUS_OK ? NULL : err->message);
		report_child(report, "waits", report_of_waits(waits, wait_count));
		report_child(report, "plan", report_of_plan(lines, count));
		status = cli_print(cli, report, err);
		return status == STATUS_OK ? foreseen : status;
	}
	print_head(cli, view, waits, wait_count, ds_delay);
	report_plan_text(stdout, lines, count, cli->now);
	if (count == 0)
		printf("Nothing happens to keys until then.\n");
	printf("\nCache check: %s\n", foreseen == STATUS_OK ? "no cache can find the zone bogus at any step" : "FAILS");
	return foreseen;
}

/* ---- as a calendar ---- */

/* What caches forbid ends a plan early; what comes before stands. */
static enum status add_to_calendar(
    struct cli *cli, struct store *store, const struct store_zone *zone, void *out, struct error *err)
{
	if (zone->removed)
		return STATUS_OK;
	struct roll_view view;
	struct report_plan_line *lines = NULL;
	size_t count = 0;
	struct utc until;
	struct span ds_delay;
	enum status status = roll_look(store, cli->state, zone, cli->now, cli->mem, &view, err);
	if (status == STATUS_OK)
		status = limits_of(cli, &view, &until, &ds_delay, err);
	if (status == STATUS_OK)
		status = rollfacts_plan(&view, cli->now, until, ds_delay, cli->mem, &lines, &count, err);
	if (status != STATUS_OK && status != STATUS_NO)
		return status;
	calendar_plan(out, zone->name, lines, count, cli->now);
	return STATUS_OK;
}

/* Of one zone, or of all. Nothing is written before everything is known: half a calendar would empty somebody's. */
static enum status print_calendar(struct cli *cli, struct store *store, struct error *err)
{
	size_t size = 0;
	char *text = NULL;
	FILE *const out = open_memstream(&text, &size);
	if (out == NULL)
		return error_set_errno(err, "memory");
	calendar_begin(out);
	enum status status = cli_each_zone(cli, store, add_to_calendar, out, err);
	calendar_end(out);
	if (fclose(out) != 0 && status == STATUS_OK)
		status = error_set_errno(err, "memory");
	if (status == STATUS_OK)
		status = cli_write(cli, text, size, err);
	free(text);
	return status;
}

static enum status is_calendar(const struct cli *cli, bool *out, struct error *err)
{
	const char *const format = cli_value(cli, OPTION_FORMAT);
	*out = format != NULL || cli_has(cli, OPTION_ICS);
	if (format != NULL && strcmp(format, "ics") != 0)
		return error_set(err, STATUS_USAGE, "--format: ics");
	if (!*out && cli->arg_count == 0)
		return error_set(err, STATUS_USAGE, "plan: which zone? Without one, only --ics shows all");
	return STATUS_OK;
}

static int run_plan(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct store_zone zone;
	struct roll_view view;
	bool calendar = false;
	enum status status = is_calendar(cli, &calendar, err);
	if (status == STATUS_OK)
		status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK && calendar) {
		status = print_calendar(cli, store, err);
		store_close(store);
		return (int)status;
	}
	if (status == STATUS_OK)
		status = setup_find_zone(store, cli->args[0], cli->mem, &zone, err);
	if (status == STATUS_OK)
		status = roll_look(store, cli->state, &zone, cli->now, cli->mem, &view, err);
	if (status == STATUS_OK)
		status = print_plan(cli, &view, err);
	store_close(store);
	return (int)status;
}

const struct command command_plan = {
	.name = "plan",
	.run = run_plan,
	.synopsis = "[ZONE] [--until TIME]",
	.summary = "show what will happen to the keys of a zone, and when",
	.examples = "  zoneseal plan nl.test\n"
		    "  zoneseal plan nl.test --until 2028-01-01T00:00Z --ds-delay 3d\n"
		    "  zoneseal plan nl.test --json\n"
		    "  zoneseal plan --ics > keys.ics                                 all zones, for a calendar\n",
	.options = TAKES(OPTION_UNTIL) | TAKES(OPTION_DS_DELAY) | TAKES(OPTION_FORMAT) | TAKES(OPTION_ICS),
	.min_args = 0,
	.max_args = 1,
};
