/* SPDX-License-Identifier: MIT */
/* Pages of HTML: of all zones in a folder; or of a verdict, of a zone of the keystore or of a file that zoneseal-verify
 * --json wrote. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/cli/cli.h"
#include "signer/cli/facts.h"
#include "signer/cli/pages.h"
#include "signer/engine/setup.h"
#include "signer/report/verdict_page.h"

enum { VERDICT_MOST = 4 << 20 };

static enum status from_zone(struct cli *cli, struct verdict_page *page, struct error *err)
{
	struct store *store = NULL;
	struct store_zone zone;
	struct store_version last;
	bool found = false;
	enum status status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status = setup_find_zone(store, cli->args[0], cli->mem, &zone, err);
	if (status == STATUS_OK)
		status = facts_verdict(store, &zone, cli->mem, &page->json, err);
	if (status == STATUS_OK)
		status = store_last_version(store, zone.id, cli->mem, &last, &found, err);
	if (status == STATUS_OK)
		page->published =
		    !found ? "Nothing is published yet."
			   : arena_printf(cli->mem, "Published is serial %u; its signatures are valid until %s.",
				 last.serial, report_when(last.first_expiry, cli->now, cli->mem));
	store_close(store);
	return status;
}

static enum status from_file(struct cli *cli, struct verdict_page *page, struct error *err)
{
	const char *const name = cli->args[0];
	const bool is_input = strcmp(name, "-") == 0;
	char *const text = arena_alloc(cli->mem, VERDICT_MOST + 1);
	FILE *const in = is_input ? stdin : fopen(name, "re");
	if (in == NULL)
		return error_set_errno(err, "%s", name);
	const size_t size = fread(text, 1, VERDICT_MOST + 1, in);
	const bool failed = ferror(in) != 0;
	if (!is_input)
		(void)fclose(in);
	if (failed)
		return error_set(err, STATUS_IO, "%s: cannot be read", name);
	if (size > VERDICT_MOST)
		return error_set(err, STATUS_MALFORMED, "%s: too long for a verdict", name);
	text[size] = '\0';
	page->json = text;
	return STATUS_OK;
}

/* A zone is never called like a file that is there, or "-". */
static bool is_file(const char *name)
{
	struct stat info;
	return strcmp(name, "-") == 0 || strchr(name, '/') != NULL || stat(name, &info) == 0;
}

static enum status report_verdict(struct cli *cli, struct error *err)
{
	struct verdict_page page = { 0 };
	char *text = NULL;
	size_t size = 0;
	page.checks = verify_checks(&page.check_count);
	enum status status = is_file(cli->args[0]) ? from_file(cli, &page, err) : from_zone(cli, &page, err);
	if (status != STATUS_OK)
		return status;
	FILE *const out = open_memstream(&text, &size);
	if (out == NULL)
		return error_set_errno(err, "memory");
	if (!verdict_page(out, &page))
		status = error_set(err, STATUS_MALFORMED, "%s: this is no verdict (zoneseal.verdict/1)", cli->args[0]);
	if (fclose(out) != 0 && status == STATUS_OK)
		status = error_set_errno(err, "memory");
	if (status == STATUS_OK)
		status = cli_write(cli, text, size, err);
	free(text);
	return status;
}

static int run_report(struct cli *cli, struct error *err)
{
	const bool all = cli_has(cli, OPTION_HTML);
	if (all == (cli->arg_count == 1) || (all && cli_has(cli, OPTION_OUTPUT)))
		return (int)error_set(
		    err, STATUS_USAGE, "usage: zoneseal report --html DIR, or zoneseal report ZONE|FILE|- [-o FILE]");
	return (int)(all ? pages_make(cli, cli_value(cli, OPTION_HTML), err) : report_verdict(cli, err));
}

const struct command command_report = {
	.name = "report",
	.run = run_report,
	.synopsis = "--html DIR | ZONE|FILE|- [-o FILE]",
	.summary = "write all zones as pages of HTML that stand alone; or one verdict: a zone's last one, or one from "
		   "zoneseal-verify --json",
	.examples = "  zoneseal report --html /srv/www/zones\n"
		    "  zoneseal report nl.test -o /srv/www/nl.test.html\n"
		    "  zoneseal-verify --json nl.test.signed | zoneseal report - > verdict.html\n",
	.options = TAKES(OPTION_OUTPUT) | TAKES(OPTION_HTML),
	.min_args = 0,
	.max_args = 1,
};
