/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signer/cli/cli.h"
#include "signer/cli/facts.h"
#include "signer/engine/setup.h"

/* What a table needs; a terminal with fewer columns gets lines that fit. */
enum { TABLE = 80 };

/* stdout, or text that is wrapped before it goes there. */
struct page {
	FILE *out;
	char *text;
	size_t size;
	unsigned width; /* 0: as it is */
};

static enum status page_begin(struct page *page, struct report_style *style, struct error *err)
{
	const unsigned width = cli_width();
	*page = (struct page){ .out = stdout };
	if (width == 0 || width >= TABLE)
		return STATUS_OK;
	style->narrow = true;
	page->width = width;
	page->out = open_memstream(&page->text, &page->size);
	return page->out != NULL ? STATUS_OK : error_set_errno(err, "memory");
}

static enum status page_end(struct page *page, struct error *err)
{
	if (page->width == 0)
		return STATUS_OK;
	const bool good = fclose(page->out) == 0;
	if (good)
		report_wrap(stdout, page->text, page->width);
	free(page->text);
	return good ? STATUS_OK : error_set_errno(err, "memory");
}

static enum status one_zone(struct cli *cli, struct store *store, struct error *err)
{
	struct store_zone row;
	struct report_zone zone;
	struct report_state state;
	struct report_style style = cli_style(cli);
	enum status status = setup_find_zone(store, cli->args[0], cli->mem, &row, err);
	if (status == STATUS_OK)
		status = facts_zone(store, cli->state, &row, cli->now, cli->mem, &zone, err);
	if (status == STATUS_OK)
		status = facts_keystore(store, cli->state, cli->now, !cli_has(cli, OPTION_NOW), cli->mem, &state, err);
	if (status != STATUS_OK)
		return status;
	state.zones = &zone;
	state.zone_count = 1;
	state.level = facts_level(&state, cli->now);
	if (cli_has(cli, OPTION_JSON)) {
		struct report *const list = report_list();
		report_append(list, report_of_zone(&zone));
		return cli_print(cli, report_of_state(&state, list, cli->now), err);
	}
	struct page page;
	status = page_begin(&page, &style, err);
	if (status != STATUS_OK)
		return status;
	report_stopped_text(page.out, &state, &style);
	report_zone_text(page.out, &zone, &state, &style);
	return page_end(&page, err);
}

static void append(void *list, const struct report_zone *zone)
{
	report_append(list, report_of_zone(zone));
}

static enum status all_zones_json(struct cli *cli, struct store *store, struct error *err)
{
	struct report_state state;
	struct report *const list = report_list();
	const struct facts_each each = { append, list };
	const enum status status =
	    facts_state(store, cli->state, cli->now, !cli_has(cli, OPTION_NOW), cli->mem, &each, &state, err);
	if (status == STATUS_OK)
		return cli_print(cli, report_of_state(&state, list, cli->now), err);
	report_free(list);
	return status;
}

static enum status all_zones(struct cli *cli, struct store *store, struct error *err)
{
	struct report_state state;
	struct report_style style = cli_style(cli);
	if (cli_has(cli, OPTION_JSON))
		return all_zones_json(cli, store, err);
	enum status status =
	    facts_state(store, cli->state, cli->now, !cli_has(cli, OPTION_NOW), cli->mem, NULL, &state, err);
	if (status != STATUS_OK)
		return status;
	state.all = cli_has(cli, OPTION_ALL);
	struct page page;
	status = page_begin(&page, &style, err);
	if (status != STATUS_OK)
		return status;
	report_status_text(page.out, &state, &style);
	return page_end(&page, err);
}

static int run_status(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	enum status status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status = cli->arg_count > 0 ? one_zone(cli, store, err) : all_zones(cli, store, err);
	store_close(store);
	return (int)status;
}

static int run_log(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct store_zone zone;
	struct report_event *events = NULL;
	size_t count = 0, most = 0;
	enum status status = cli_most(cli, &most, err);
	if (status == STATUS_OK)
		status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status = setup_find_zone(store, cli->args[0], cli->mem, &zone, err);
	if (status == STATUS_OK)
		status = facts_events(store, &zone, most, cli->mem, &events, &count, err);
	if (status == STATUS_OK && cli_has(cli, OPTION_JSON))
		status = cli_print(cli, report_of_events(events, count), err);
	else if (status == STATUS_OK)
		report_events_text(stdout, events, count);
	store_close(store);
	return (int)status;
}

const struct command command_status = {
	.name = "status",
	.run = run_status,
	.synopsis = "[ZONE]",
	.summary = "say how the zones are, and what a person has to do",
	.examples = "  zoneseal status\n  zoneseal status nl.test\n  zoneseal status --json\n",
	.options = TAKES(OPTION_STATES) | TAKES(OPTION_ALL),
	.min_args = 0,
	.max_args = 1,
};

const struct command command_log = {
	.name = "log",
	.run = run_log,
	.synopsis = "ZONE",
	.summary = "show what happened to a zone, and who did it; the newest last",
	.examples = "  zoneseal log nl.test\n  zoneseal log nl.test --most 500 --json\n",
	.options = TAKES(OPTION_COUNT_MOST),
	.min_args = 1,
	.max_args = 1,
};
