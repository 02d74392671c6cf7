/* SPDX-License-Identifier: MIT */
/* The hash-chained log: whether it is whole, all of it, and the keys as it tells them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keystore/store_expect.h"
#include "signer/base/bytes.h"
#include "signer/cli/cli.h"
#include "signer/engine/setup.h"

/* ---- verify ---- */

static enum status verify(struct cli *cli, struct store *store, struct error *err)
{
	uint64_t rows = 0;
	uint8_t head[32];
	char hex[65];
	enum status status = store_audit_check(store, &rows, err);
	if (status == STATUS_OK)
		status = store_audit_head(store, head, err);
	if (status != STATUS_OK)
		return error_context(err, "%s", cli->state);
	bytes_to_hex((struct bytes){ head, sizeof(head) }, false, hex);
	if (!cli_has(cli, OPTION_JSON)) {
		printf("audit: %" PRIu64 " rows, each fits the one before it\nhead   %s\n", rows, hex);
		return STATUS_OK;
	}
	struct report *report = report_new("zoneseal.audit-verify/1");
	report_number(report, "rows", (int64_t)rows);
	report_text(report, "head", hex);
	return cli_print(cli, report, err);
}

static int run_verify(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	enum status status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status = verify(cli, store, err);
	store_close(store);
	return (int)status;
}

const struct command command_audit_verify = {
	.name = "audit verify",
	.run = run_verify,
	.synopsis = "",
	.summary = "compute the log's hash chain again",
	.examples = "  zoneseal audit verify\n"
		    "  zoneseal audit verify --json | jq -r .head    to keep elsewhere\n",
};

/* ---- export ---- */

struct export
{
	bool json;
	struct arena *mem; /* for one row */
	struct error *err;
	enum status status;
};

/* All of it, whatever an intruder may have written into it. */
static char *escaped(const char *text, size_t size, struct arena *mem)
{
	const size_t room = 4 * size + 1;
	char *const out = arena_alloc(mem, room);
	error_escape(text, size, out, room);
	return out;
}

static void print_row(const struct store_event *event, struct arena *mem)
{
	char when[UTC_TEXT];
	char hex[65];
	const char *const texts[] = { event->actor, event->zone, event->what, event->detail };
	const char *safe[COUNT(texts)];
	utc_format(event->when, when);
	bytes_to_hex((struct bytes){ event->hash, sizeof(event->hash) }, false, hex);
	for (size_t i = 0; i < COUNT(texts); i++)
		safe[i] = escaped(texts[i], strlen(texts[i]), mem);
	printf("%" PRId64 "  %s  %s  %s  %s: %s  %s\n", event->id, when, safe[0], safe[1], safe[2], safe[3], hex);
	for (const char *line = event->keys; line[0] != '\0';) {
		const size_t size = strcspn(line, "\n");
		printf("    %s\n", escaped(line, size, mem));
		line += size + (line[size] == '\n' ? 1 : 0);
	}
}

static enum status print_json(const struct store_event *event, struct error *err)
{
	struct report *report = report_new("zoneseal.audit/1");
	report_number(report, "row", event->id);
	report_time(report, "time", event->when);
	report_text(report, "actor", event->actor);
	report_text(report, "zone", event->zone);
	report_text(report, "what", event->what);
	report_text(report, "detail", event->detail);
	report_text(report, "keys", event->keys);
	report_hex(report, "hash", event->hash, sizeof(event->hash));
	return report_print_line(stdout, report, err);
}

static bool export_row(const struct store_event *event, void *context)
{
	struct export *const export = context;
	if (export->json)
		export->status = print_json(event, export->err);
	else
		print_row(event, export->mem);
	arena_reset(export->mem);
	return export->status == STATUS_OK;
}

static enum status export_all(struct cli *cli, struct store *store, struct error *err)
{
	struct export export = { .json = cli_has(cli, OPTION_JSON), .mem = arena_new(0), .err = err };
	struct utc since = { 0 };
	const char *const text = cli_value(cli, OPTION_SINCE);
	struct store_zone zone = { 0 };
	enum status status = text == NULL ? STATUS_OK : utc_parse(text, &since, err);
	if (status == STATUS_OK && cli->arg_count > 0)
		status = setup_find_zone(store, cli->args[0], cli->mem, &zone, err);
	if (status == STATUS_OK)
		status = store_each_event(store, zone.name, since, export_row, &export, err);
	if (status == STATUS_OK)
		status = export.status;
	if (status == STATUS_OK && fflush(stdout) != 0)
		status = error_set_errno(err, "stdout");
	cli->json_done = export.json && status == STATUS_OK;
	arena_free(export.mem);
	return status;
}

static int run_export(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	enum status status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status = export_all(cli, store, err);
	store_close(store);
	return (int)status;
}

const struct command command_audit_export = {
	.name = "audit export",
	.run = run_export,
	.synopsis = "[ZONE]",
	.summary = "write every row of the log, oldest first",
	.examples = "  zoneseal audit export --json > audit.jsonl    one object a line\n"
		    "  zoneseal audit export nl.test --since 2026-11-01T00:00:00Z\n",
	.options = TAKES(OPTION_SINCE),
	.max_args = 1,
};

/* ---- replay ---- */

static void print_key(const struct store_replayed *key, struct arena *mem)
{
	const char *const line = key->logged != NULL ? key->logged : key->stored;
	printf("%s %s\n", escaped(key->zone, strlen(key->zone), mem), escaped(line, strlen(line), mem));
	if (key->problem == NULL)
		return;
	printf("    PROBLEM: %s (row %" PRId64 ")\n", key->problem, key->row);
	if (key->logged != NULL && key->stored != NULL)
		printf("    keystore: %s\n", escaped(key->stored, strlen(key->stored), mem));
}

/* What the log makes again, and how much of it is otherwise in the keystore. */
struct replayed {
	struct store_replayed *keys, *changes;
	size_t key_count, change_count;
	size_t problems; /* of both */
};

static struct report *list_replayed(const char *number, const struct store_replayed rows[], size_t count)
{
	struct report *list = report_list();
	for (size_t i = 0; i < count; i++) {
		struct report *row = report_new(NULL);
		report_number(row, number, rows[i].key);
		report_text(row, "zone", rows[i].zone);
		report_number(row, "row", rows[i].row);
		report_text(row, "logged", rows[i].logged);
		report_text(row, "stored", rows[i].stored);
		report_text(row, "problem", rows[i].problem);
		report_append(list, row);
	}
	return list;
}

static enum status print_replayed(struct cli *cli, const struct replayed *all, struct error *err)
{
	if (cli_has(cli, OPTION_JSON)) {
		struct report *report = report_new("zoneseal.audit-replay/1");
		report_number(report, "problems", (int64_t)all->problems);
		report_child(report, "keys", list_replayed("key", all->keys, all->key_count));
		report_child(report, "expected_changes", list_replayed("change", all->changes, all->change_count));
		return cli_print(cli, report, err);
	}
	for (size_t i = 0; i < all->key_count; i++)
		print_key(&all->keys[i], cli->mem);
	for (size_t i = 0; i < all->change_count; i++)
		print_key(&all->changes[i], cli->mem);
	if (all->problems == 0)
		cli_say(cli, "%zu keys made again from the log, all as the keystore has them%s", all->key_count,
		    all->change_count > 0 ? "; planned changes too" : "");
	return STATUS_OK;
}

static enum status replay(struct cli *cli, struct store *store, struct error *err)
{
	struct replayed all = { 0 };
	size_t of_changes = 0;
	enum status status = store_audit_replay(store, cli->mem, &all.keys, &all.key_count, &all.problems, err);
	if (status == STATUS_OK)
		status = store_replay_expected(store, cli->mem, &all.changes, &all.change_count, &of_changes, err);
	if (status != STATUS_OK)
		return error_context(err, "%s", cli->state);
	all.problems += of_changes;
	status = print_replayed(cli, &all, err);
	if (status == STATUS_OK && all.problems > 0)
		return error_set(err, STATUS_NO,
		    "%s: %zu of %zu keys%s are not what the log makes of them: the keystore was changed behind "
		    "zoneseal's "
		    "back; what is published is untouched; look at each before the next run, or restore a backup "
		    "(zoneseal restore FILE)",
		    cli->state, all.problems, all.key_count + all.change_count,
		    all.change_count > 0 ? " and planned changes" : "");
	return status;
}

static int run_replay(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	enum status status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status = replay(cli, store, err);
	store_close(store);
	return (int)status;
}

const struct command command_audit_replay = {
	.name = "audit replay",
	.run = run_replay,
	.synopsis = "",
	.summary = "make the state of every key again from the log, and compare",
	.examples = "  zoneseal audit replay\n  zoneseal audit replay --json\n",
};
