/* SPDX-License-Identifier: MIT */
#include "signer/cli/cli.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "signer/base/publish.h"
#include "signer/cli/facts.h"
#include "signer/engine/folder.h"
#include "signer/engine/parity.h"
#include "signer/engine/request.h"
#include "signer/engine/setup.h"
#include "signer/verify/verify.h"

enum { THREADS_MOST = 256, READABLE = 0644, MOST_DEFAULT = 50, MOST_ALLOWED = 1000000 };

const char *cli_check_of(const char *message)
{
	char word[64];
	for (const char *at = message; at != NULL;) {
		const size_t size = strcspn(at, ":");
		snprintf(word, sizeof(word), "%.*s", (int)(size < sizeof(word) ? size : 0), at);
		const struct verify_check *const check = verify_check_find(word);
		if (check != NULL && strcmp(check->id, word) == 0)
			return check->id;
		at = strstr(at, ": ");
		at = at == NULL ? NULL : at + 2;
	}
	return NULL;
}

bool cli_has(const struct cli *cli, enum option_id option)
{
	return cli->values[option] != NULL;
}

const char *cli_value(const struct cli *cli, enum option_id option)
{
	return cli->values[option];
}

char *cli_actor(const struct cli *cli, struct arena *mem)
{
	const struct passwd *user = getpwuid(getuid());
	const char *name = cli->command->name;
	if (user == NULL)
		return arena_printf(mem, "%s (uid %ld)", name, (long)getuid());
	return arena_printf(mem, "%s (%s)", name, user->pw_name);
}

enum status cli_check_clock(struct cli *cli, struct store *store, bool *is_virtual, struct error *err)
{
	struct error first;
	error_clear(&first);
	bool given = cli_has(cli, OPTION_NOW);
	enum status status = setup_check_clock(store, cli->now, given, is_virtual, &first);
	if (status == STATUS_REFUSED && !given) {
		/* Another process may have recorded the second that began since this one looked at the clock. */
		cli->now = utc_now();
		return setup_check_clock(store, cli->now, given, is_virtual, err);
	}
	if (status != STATUS_OK)
		*err = first;
	return status;
}

/* Whoever reads an answer must not take a rehearsal for the world. `check` has one line, and says it there. */
static void say_virtual(const struct cli *cli)
{
	char now[UTC_TEXT];
	utc_format(cli->now, now);
	if (cli->is_virtual && cli->command != &command_check)
		fprintf(stderr, "VIRTUAL CLOCK: it is %s\n", now);
}

enum status cli_each_zone(struct cli *cli, struct store *store, cli_take_zone *take, void *context, struct error *err)
{
	struct store_zone one, *zones = &one;
	size_t count = 1;
	enum status status = cli->arg_count > 0 ? setup_find_zone(store, cli->args[0], cli->mem, &one, err)
						: store_zones(store, cli->mem, &zones, &count, err);
	struct arena *const all = cli->mem, *const one_zone = arena_new(0);
	cli->mem = one_zone;
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		status = take(cli, store, &zones[i], context, err);
		arena_reset(one_zone);
	}
	cli->mem = all;
	arena_free(one_zone);
	return status;
}

void cli_say_rehearsal(const struct cli *cli, const struct store_zone *zone)
{
	if (cli->is_virtual && zone->output != NULL && !folder_holds(cli->state, zone->output, cli->mem))
		fprintf(stderr,
		    "VIRTUAL CLOCK: zoneseal run will refuse to write %s, which is not below %s: begin again with "
		    "another "
		    "-o, or use zoneseal sign %s -o FILE instead of run\n",
		    zone->output, cli->state, zone->name);
}

/* A command that only looks says why nothing is signed; one that changes things was refused before. */
static void say_clock_behind(const struct cli *cli, struct store *store)
{
	bool behind;
	if (cli->command->changes || cli->is_virtual || cli_has(cli, OPTION_NOW) || cli->command == &command_check ||
	    facts_clock_behind(store, cli->now, &behind, NULL) != STATUS_OK || !behind)
		return;
	fprintf(stderr,
	    "CLOCK: later times are recorded than the clock tells now; nothing is signed until that is settled, see "
	    "zoneseal doctor\n");
}

enum status cli_begin_request(struct cli *cli, struct store *store, struct error *err)
{
	struct span wait;
	const enum status status = cli_span(cli, OPTION_WAIT, (struct span){ 0 }, &wait, err);
	if (status != STATUS_OK)
		return status;
	const struct request request = { .state = cli->state,
		.zone = cli->args[0],
		.command = cli->command->name,
		.now = cli->now,
		.lock_wait_seconds = wait.seconds,
		.dry_run = cli_has(cli, OPTION_DRY_RUN) };
	return request_begin(store, &request, cli->mem, err);
}

enum status cli_open(struct cli *cli, enum store_mode mode, struct store **store, struct error *err)
{
	/* What a standby's keystore says must stay what the active signer's says. */
	const bool parity = strncmp(cli->command->name, "parity ", 7) == 0;
	enum status status = mode == STORE_CHANGE && !parity ? parity_refuse_standby(cli->state, err) : STATUS_OK;
	if (status == STATUS_OK)
		status = setup_open(cli->state, mode, cli_actor(cli, cli->mem), store, err);
	if (status != STATUS_OK)
		return status;
	status = cli->command->changes ? cli_check_clock(cli, *store, &cli->is_virtual, err)
				       : store_is_virtual_clock(*store, &cli->is_virtual, err);
	if (status == STATUS_OK && cli->is_virtual && cli->command->changes && !cli_has(cli, OPTION_NOW))
		status = error_set(err, STATUS_USAGE,
		    "VIRTUAL CLOCK: this keystore's time is what --now says; without it the change would jump to the "
		    "real time, and there is no way back; nothing was changed");
	if (status != STATUS_OK) {
		store_close(*store);
		*store = NULL;
		return status;
	}
	say_virtual(cli);
	say_clock_behind(cli, *store);
	return STATUS_OK;
}

enum status cli_threads(const struct cli *cli, unsigned *out, struct error *err)
{
	const char *text = cli_value(cli, OPTION_THREADS);
	*out = 0;
	if (text == NULL)
		return STATUS_OK;
	char *end;
	unsigned long threads = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || threads < 1 || threads > THREADS_MOST)
		return error_set(err, STATUS_USAGE, "--threads: a number from 1 to %d", THREADS_MOST);
	*out = (unsigned)threads;
	return STATUS_OK;
}

enum status cli_most(const struct cli *cli, size_t *out, struct error *err)
{
	const char *text = cli_value(cli, OPTION_COUNT_MOST);
	char *end;
	*out = MOST_DEFAULT;
	if (text == NULL)
		return STATUS_OK;
	unsigned long most = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || most < 1 || most > MOST_ALLOWED)
		return error_set(err, STATUS_USAGE, "--most: a number from 1 to %d", MOST_ALLOWED);
	*out = most;
	return STATUS_OK;
}

enum status cli_span(
    const struct cli *cli, enum option_id option, struct span otherwise, struct span *out, struct error *err)
{
	*out = otherwise;
	if (!cli_has(cli, option))
		return STATUS_OK;
	if (span_parse(cli_value(cli, option), out, err) == STATUS_OK)
		return STATUS_OK;
	err->code = STATUS_USAGE;
	error_context(err, "--%s", cli_options[option].name);
	return STATUS_USAGE;
}

enum status cli_revision(const struct cli *cli, int64_t *out, struct error *err)
{
	char *end;
	*out = 0;
	if (!cli_has(cli, OPTION_EXPECT_REVISION))
		return STATUS_OK;
	const char *const text = cli_value(cli, OPTION_EXPECT_REVISION);
	const long long number = strtoll(text, &end, 10);
	if (text[0] < '1' || text[0] > '9' || *end != '\0')
		return error_set(err, STATUS_USAGE, "--expect-revision: a number, as --dry-run shows it");
	*out = number;
	return STATUS_OK;
}

enum status cli_zone(struct cli *cli, struct store *store, struct store_zone *out, struct error *err)
{
	int64_t revision;
	enum status status = cli_revision(cli, &revision, err);
	if (status == STATUS_OK)
		status = setup_find_zone(store, cli->args[0], cli->mem, out, err);
	return status == STATUS_OK ? setup_expect_revision(out, revision, err) : status;
}

enum status cli_zone_after(struct cli *cli, struct store *store, struct store_zone *out, struct error *err)
{
	return setup_find_zone(store, cli->args[0], cli->mem, out, err);
}

enum status cli_confirm(const struct cli *cli, const char *question, struct error *err)
{
	char answer[8];
	if (cli_has(cli, OPTION_YES))
		return STATUS_OK;
	if (cli_has(cli, OPTION_NO_INPUT) || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return error_set(err, STATUS_USAGE, "%s: nobody can be asked here; say it with --yes", question);
	fprintf(stderr, "%s [y/N] ", question);
	fflush(stderr);
	if (fgets(answer, sizeof(answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y'))
		return STATUS_OK;
	return error_set(err, STATUS_REFUSED, "not confirmed; nothing was changed");
}

struct report_style cli_style(const struct cli *cli)
{
	const char *when = cli_value(cli, OPTION_COLOR), *no_colour = getenv("NO_COLOR");
	bool wanted = isatty(STDOUT_FILENO) && (no_colour == NULL || no_colour[0] == '\0');
	if (when != NULL && strcmp(when, "auto") != 0)
		wanted = strcmp(when, "always") == 0;
	return (struct report_style){ .colour = wanted, .states = cli_has(cli, OPTION_STATES), .now = cli->now };
}

unsigned cli_width(void)
{
	struct winsize size;
	const char *const columns = getenv("COLUMNS");
	const unsigned long wanted = columns == NULL ? 0 : strtoul(columns, NULL, 10);
	if (wanted > 0 && wanted <= CLI_WIDEST)
		return (unsigned)wanted;
	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 0;
}

static void PRINTF_LIKE(1, 0) say(const char *format, va_list values)
{
	vfprintf(stderr, format, values);
	fputc('\n', stderr);
}

void cli_say(const struct cli *cli, const char *format, ...)
{
	va_list values;
	if (cli_has(cli, OPTION_QUIET))
		return;
	va_start(values, format);
	say(format, values);
	va_end(values);
}

void cli_note(const struct cli *cli, const char *format, ...)
{
	va_list values;
	if (!cli_has(cli, OPTION_VERBOSE))
		return;
	va_start(values, format);
	say(format, values);
	va_end(values);
}

enum status cli_print(struct cli *cli, struct report *report, struct error *err)
{
	cli->json_done = true;
	if (cli->is_virtual)
		report_bool(report, "virtual_clock", true);
	return report_print(stdout, report, err);
}

enum status cli_write(const struct cli *cli, const char *text, size_t size, struct error *err)
{
	const char *const path = cli_value(cli, OPTION_OUTPUT);
	if (path != NULL && strcmp(path, "-") != 0)
		return publish_file(path, READABLE, text, size, err);
	if (fwrite(text, 1, size, stdout) != size || fflush(stdout) != 0)
		return error_set_errno(err, "standard output");
	return STATUS_OK;
}
