/* SPDX-License-Identifier: MIT */
#include "signer/cli/pages.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signer/cli/facts.h"
#include "signer/cli/page_folder.h"
#include "signer/cli/rollfacts.h"
#include "signer/cli/timefacts.h"
#include "signer/engine/folder.h"
#include "signer/engine/roll.h"
#include "signer/report/html.h"
#include "signer/report/report_level.h"
#include "signer/report/zone_page.h"

enum { AHEAD_DAYS = 120, YEAR_DAYS = 366, DAY = 86400, EVENTS = 25 };

struct pages {
	struct cli *cli;
	struct store *store;
	const char *path;
	const char *keystore; /* its identity in hex, or "" */
	int folder;
	struct index_row *rows;
	size_t count, index_count;
	struct report_state state;
};

/* A zone without a verdict has a page too. */
static enum status load_verdict(const struct pages *pages, const struct store_zone *zone, struct arena *mem,
    struct zone_page *page, struct error *err)
{
	struct error why;
	error_clear(&why);
	page->verdict.checks = verify_checks(&page->verdict.check_count);
	const enum status status = facts_verdict(pages->store, zone, mem, &page->verdict.json, &why);
	if (status == STATUS_OK || status == STATUS_MISSING)
		return STATUS_OK;
	*err = why;
	return status;
}

static void keep_row(struct pages *pages, const struct report_zone *zone, const char *file)
{
	struct arena *const mem = pages->cli->mem;
	const bool keys = zone->roll_next.seconds != 0 && zone->roll_stop == NULL;
	pages->rows[pages->count++] = (struct index_row){ .zone = arena_strdup(mem, zone->name),
		.file = arena_strdup(mem, file),
		.health = zone->health,
		.published = zone->published,
		.serial = zone->serial,
		.published_at = zone->published_at,
		.valid_until = zone->valid_until,
		.next = keys && utc_before(zone->roll_next, zone->next) ? zone->roll_next : zone->next,
		.level = zone->level,
		.headline = arena_strdup(mem, zone->headline),
		.command = zone->command == NULL ? NULL : arena_strdup(mem, zone->command),
		.roll = zone->roll_word == NULL ? NULL : arena_strdup(mem, zone->roll_word) };
}

static enum status write_page(
    struct pages *pages, const char *name, FILE *out, char **text, size_t *size, struct error *err)
{
	if (fclose(out) != 0)
		return error_set_errno(err, "memory");
	return page_folder_write(pages->folder, pages->path, name, *text, *size, err);
}

static enum status write_zone(struct pages *pages, const struct zone_page *page, const char *file, struct error *err)
{
	char *text = NULL;
	size_t size = 0;
	FILE *const out = open_memstream(&text, &size);
	if (out == NULL)
		return error_set_errno(err, "memory");
	zone_page(out, page);
	const enum status status = write_page(pages, file, out, &text, &size, err);
	free(text);
	return status;
}

/* What caches forbid ends a plan early; what comes before stands. */
static enum status foresee(const struct pages *pages, const struct store_zone *row, struct arena *mem,
    struct zone_page *page, struct error *err)
{
	struct cli *const cli = pages->cli;
	struct roll_view *const view = arena_calloc(mem, 1, sizeof(*view));
	struct report_plan_line *lines = NULL;
	struct error why;
	error_clear(&why);
	enum status status = roll_look(pages->store, cli->state, row, cli->now, mem, view, &why);
	if (status == STATUS_OK)
		status = rollfacts_plan(view, cli->now, utc_add(cli->now, (struct span){ (int64_t)YEAR_DAYS * DAY }),
		    view->rules.timing.registration, mem, &lines, &page->plan_count, &why);
	page->plan = lines;
	if (status == STATUS_OK || status == STATUS_NO)
		return STATUS_OK;
	*err = why;
	return status;
}

static enum status make_zone(struct pages *pages, const struct store_zone *row, struct arena *mem, struct error *err)
{
	struct cli *const cli = pages->cli;
	struct report_zone zone;
	struct report_event *events = NULL;
	struct timeline timeline = { .now = cli->now,
		.until = utc_add(cli->now, (struct span){ (int64_t)AHEAD_DAYS * DAY }) };
	struct zone_page page = { .zone = &zone,
		.timeline = &timeline,
		.now = cli->now,
		.state = &pages->state,
		.keystore = pages->keystore };
	enum status status = facts_zone(pages->store, cli->state, row, cli->now, mem, &zone, err);
	if (status == STATUS_OK)
		status = timefacts_zone(pages->store, cli->state, row, mem, &timeline, err);
	if (status == STATUS_OK)
		status = foresee(pages, row, mem, &page, err);
	if (status == STATUS_OK)
		status = facts_events(pages->store, row, EVENTS, mem, &events, &page.event_count, err);
	if (status == STATUS_OK)
		status = load_verdict(pages, row, mem, &page, err);
	if (status != STATUS_OK)
		return error_context(err, "%s", row->name);
	page.events = events;
	const char *const file = arena_printf(mem, "zone-%s.html", folder_zone_file(row->name, mem));
	status = write_zone(pages, &page, file, err);
	if (status == STATUS_OK)
		keep_row(pages, &zone, file);
	return status;
}

static enum status make_index(struct pages *pages, struct error *err)
{
	enum status status = STATUS_OK;
	size_t at = 0, number = 0;
	index_sort(pages->rows, pages->count);
	do {
		char name[INDEX_NAME], *text = NULL;
		size_t size = 0;
		FILE *const out = open_memstream(&text, &size);
		if (out == NULL)
			return error_set_errno(err, "memory");
		at = index_page(
		    out, pages->rows, pages->count, at, ++number, pages->cli->now, &pages->state, pages->keystore);
		index_name(number, name);
		status = write_page(pages, name, out, &text, &size, err);
		free(text);
	} while (status == STATUS_OK && at < pages->count);
	pages->index_count = number;
	return status;
}

/* Pages of zones that are gone, and of an index that has become shorter. */
static enum status clean(struct pages *pages, struct error *err)
{
	struct cli *const cli = pages->cli;
	const char **const keep = arena_calloc(cli->mem, pages->count + pages->index_count + 1, sizeof(*keep));
	size_t count = 0;
	for (size_t i = 0; i < pages->count; i++)
		keep[count++] = pages->rows[i].file;
	for (size_t i = 0; i < pages->index_count; i++) {
		char name[INDEX_NAME];
		index_name(i + 1, name);
		keep[count++] = arena_strdup(cli->mem, name);
	}
	return page_folder_clean(pages->folder, pages->path, HTML_OF_SITE, keep, count, err);
}

static enum status make_all(struct pages *pages, struct error *err)
{
	struct cli *const cli = pages->cli;
	struct store_zone *zones;
	size_t count = 0;
	enum status status = store_zones(pages->store, cli->mem, &zones, &count, err);
	if (status != STATUS_OK)
		return status;
	pages->rows = arena_calloc(cli->mem, count + 1, sizeof(*pages->rows));
	for (size_t i = 0; i < count; i++)
		pages->state.zone_count += !zones[i].removed;
	struct report_worst worst = { 0 };
	report_level_of_keystore(&pages->state, cli->now, &worst);
	pages->state.level = worst.level;
	struct arena *const one = arena_new(0);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		if (!zones[i].removed)
			status = make_zone(pages, &zones[i], one, err);
		arena_reset(one);
	}
	arena_free(one);
	for (size_t i = 0; i < pages->count && !pages->state.standby; i++)
		if (pages->rows[i].level > pages->state.level)
			pages->state.level = pages->rows[i].level;
	if (status == STATUS_OK)
		status = make_index(pages, err);
	if (status == STATUS_OK)
		status = clean(pages, err);
	if (status == STATUS_OK && fsync(pages->folder) != 0)
		status = error_set_errno(err, "%s", pages->path);
	return status;
}

enum status pages_make(struct cli *cli, const char *folder, struct error *err)
{
	struct pages pages = { .cli = cli, .path = folder, .folder = -1 };
	enum status status = cli_open(cli, STORE_READ, &pages.store, err);
	if (status == STATUS_OK)
		status = store_identity(pages.store, cli->mem, &pages.keystore, err);
	if (status == STATUS_OK)
		status = facts_keystore(
		    pages.store, cli->state, cli->now, !cli_has(cli, OPTION_NOW), cli->mem, &pages.state, err);
	if (status == STATUS_OK)
		status = page_folder_open(folder, &pages.folder, err);
	if (status == STATUS_OK)
		status = page_folder_is_own(pages.folder, folder, pages.keystore, err);
	if (status == STATUS_OK)
		status = make_all(&pages, err);
	if (pages.folder >= 0)
		close(pages.folder);
	store_close(pages.store);
	if (status == STATUS_OK)
		cli_note(cli, "%zu zones in %s", pages.count, folder);
	return status;
}
