/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "signer/cli/cli.h"
#include "signer/cli/facts.h"
#include "signer/cli/timefacts.h"
#include "signer/engine/setup.h"

enum { AHEAD_DAYS = 120, BEHIND_DAYS = 60, DAY = 86400 };

static unsigned width_of(void)
{
	const unsigned width = cli_width();
	return width == 0 ? TIMELINE_DEFAULT : width;
}

/* What the locale says of the terminal; the first that is set decides (POSIX, "Environment Variables"). */
static bool takes_unicode(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	for (size_t i = 0; i < COUNT(names); i++) {
		const char *const value = getenv(names[i]);
		if (value != NULL && value[0] != '\0')
			return strcasestr(value, "utf-8") != NULL || strcasestr(value, "utf8") != NULL;
	}
	return false;
}

static enum status limits(const struct cli *cli, bool list, struct timeline *out, struct error *err)
{
	const char *const since = cli_value(cli, OPTION_SINCE), *const until = cli_value(cli, OPTION_UNTIL);
	enum status status = STATUS_OK;
	*out = (struct timeline){ .now = cli->now };
	out->until = utc_add(cli->now, (struct span){ (int64_t)AHEAD_DAYS * DAY });
	if (list) /* they share an axis */
		out->from = utc_subtract(cli->now, (struct span){ (int64_t)BEHIND_DAYS * DAY });
	if (until != NULL)
		status = utc_parse(until, &out->until, err);
	if (status == STATUS_OK && since != NULL)
		status = utc_parse(since, &out->from, err);
	if (status == STATUS_OK && (utc_before(cli->now, out->from) || !utc_before(cli->now, out->until)))
		status = error_set(err, STATUS_USAGE, "--since must not be later than now, and --until must be");
	if (status != STATUS_OK)
		status = err->code = STATUS_USAGE;
	return status;
}

static enum status one_zone(struct cli *cli, struct store *store, struct timeline *out, struct error *err)
{
	struct store_zone row;
	struct report_zone zone;
	enum status status = setup_find_zone(store, cli->args[0], cli->mem, &row, err);
	if (status == STATUS_OK)
		status = limits(cli, false, out, err);
	if (status == STATUS_OK)
		status = timefacts_zone(store, cli->state, &row, cli->mem, out, err);
	if (status == STATUS_OK)
		status = facts_zone(store, cli->state, &row, cli->now, cli->mem, &zone, err);
	if (status == STATUS_OK)
		out->headline = zone.headline;
	return status;
}

static enum status all_zones(
    struct cli *cli, struct store *store, struct timeline **out, size_t *count, struct error *err)
{
	struct store_zone *zones;
	size_t rows = 0;
	enum status status = store_zones(store, cli->mem, &zones, &rows, err);
	if (status != STATUS_OK)
		return status;
	*out = arena_calloc(cli->mem, rows + 1, sizeof(**out));
	*count = 0;
	for (size_t i = 0; status == STATUS_OK && i < rows; i++) {
		if (zones[i].removed)
			continue;
		struct timeline *const timeline = &(*out)[(*count)++];
		status = limits(cli, true, timeline, err);
		if (status == STATUS_OK)
			status = timefacts_zone(store, cli->state, &zones[i], cli->mem, timeline, err);
		if (status != STATUS_OK)
			error_context(err, "%s", zones[i].name);
	}
	return status;
}

static enum status print(struct cli *cli, const struct timeline timelines[], size_t count, struct error *err)
{
	const struct timeline_style style = { .width = width_of(),
		.ascii = cli_has(cli, OPTION_ASCII) || !takes_unicode(),
		.colour = cli_style(cli).colour };
	if (cli_has(cli, OPTION_JSON)) {
		struct report *const report = report_new("zoneseal.timeline/1"), *const list = report_list();
		report_time(report, "now", cli->now);
		for (size_t i = 0; i < count; i++)
			report_append(list, report_of_timeline(&timelines[i]));
		report_child(report, "zones", list);
		return cli_print(cli, report, err);
	}
	if (cli->arg_count > 0)
		timeline_text(stdout, &timelines[0], &style);
	else
		timeline_list_text(stdout, timelines, count, &style);
	return fflush(stdout) == 0 && ferror(stdout) == 0 ? STATUS_OK : error_set_errno(err, "standard output");
}

static int run_timeline(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct timeline one, *timelines = &one;
	size_t count = 1;
	enum status status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status = cli->arg_count > 0 ? one_zone(cli, store, &one, err)
					    : all_zones(cli, store, &timelines, &count, err);
	if (status == STATUS_OK)
		status = print(cli, timelines, count, err);
	store_close(store);
	return (int)status;
}

const struct command command_timeline = {
	.name = "timeline",
	.run = run_timeline,
	.synopsis = "[ZONE] [--since TIME] [--until TIME]",
	.summary =
	    "draw the keys of a zone and their DS at the parent over time: recorded, planned, waiting; or a line for "
	    "each zone",
	.examples = "  zoneseal timeline nl.test\n"
		    "  zoneseal timeline nl.test --until 2028-01-01T00:00Z --ascii\n"
		    "  zoneseal timeline\n",
	.options = TAKES(OPTION_SINCE) | TAKES(OPTION_UNTIL) | TAKES(OPTION_ASCII),
	.min_args = 0,
	.max_args = 1,
};
