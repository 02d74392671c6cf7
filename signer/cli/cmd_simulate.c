/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "policies/policy_rollover.h"
#include "signer/cli/cli.h"
#include "signer/engine/policyfile.h"
#include "signer/engine/roll.h"
#include "signer/engine/setup.h"
#include "signer/report/simulation.h"

enum { MOST_COMMANDS = 64, MOST_YEARS = 100 };

/* What is simulated: a policy, and a zone that has it. */
struct subject {
	const char *name;
	struct policy policy;
	bool has_zone;
	struct roll_view zone;
};

/* A moment of an option: any form of TIME, or a date alone. */
static enum status read_moment(
    struct cli *cli, const char *option, const char *text, struct utc *out, struct error *err)
{
	const bool date = strlen(text) == 10 && text[4] == '-' && text[7] == '-';
	const enum status status = utc_parse(date ? arena_printf(cli->mem, "%sT00:00:00Z", text) : text, out, err);
	if (status != STATUS_OK)
		error_context(err, "--%s", option);
	return status;
}

/* "10y" is ten calendar years; else a duration. */
static enum status read_end(struct cli *cli, struct utc start, struct utc *out, struct error *err)
{
	const char *const text = cli_has(cli, OPTION_FOR) ? cli_value(cli, OPTION_FOR) : "10y";
	char *end;
	const unsigned long years = strtoul(text, &end, 10);
	struct span span;
	if (text[0] >= '1' && text[0] <= '9' && strcmp(end, "y") == 0 && years <= MOST_YEARS) {
		int year, month, day;
		utc_date(start, &year, &month, &day);
		/* 29 February becomes 28 February. */
		if (month == 2 && day == 29)
			day = 28;
		return utc_parse(
		    arena_printf(cli->mem, "%04d-%02d-%02dT00:00:00Z", year + (int)years, month, day), out, err);
	}
	const enum status status = span_parse(text, &span, err);
	if (status != STATUS_OK)
		return error_set(
		    err, STATUS_USAGE, "--for: \"%.20s\" is neither years (10y) nor a duration (400d)", text);
	*out = utc_add(start, span);
	return STATUS_OK;
}

static enum status read_delay(struct cli *cli, struct span *out, struct error *err)
{
	if (!cli_has(cli, OPTION_DS_DELAY))
		return STATUS_OK;
	*out = (struct span){ -1 };
	if (strcmp(cli_value(cli, OPTION_DS_DELAY), "never") == 0)
		return STATUS_OK;
	return cli_span(cli, OPTION_DS_DELAY, (struct span){ 0 }, out, err);
}

static enum status read_outage(struct cli *cli, struct simulate_world *world, struct error *err)
{
	if (!cli_has(cli, OPTION_OUTAGE))
		return STATUS_OK;
	char *const from = arena_strdup(cli->mem, cli_value(cli, OPTION_OUTAGE));
	char *const dots = strstr(from, "..");
	if (dots == NULL)
		return error_set(err, STATUS_USAGE, "--outage takes FROM..UNTIL");
	*dots = '\0';
	enum status status = read_moment(cli, "outage", from, &world->outage_from, err);
	if (status == STATUS_OK)
		status = read_moment(cli, "outage", dots + 2, &world->outage_until, err);
	if (status == STATUS_OK && !utc_before(world->outage_from, world->outage_until))
		return error_set(err, STATUS_USAGE, "--outage ends before it begins");
	return status;
}

static int by_time(const void *a, const void *b)
{
	const struct simulate_command *const x = a;
	const struct simulate_command *const y = b;
	return (x->when.seconds > y->when.seconds) - (x->when.seconds < y->when.seconds);
}

/* "2026-12-01:roll ksk": the command begins at the first letter after a colon; in a TIME only digits follow one. */
static enum status read_command(struct cli *cli, char *text, struct simulate_command *out, struct error *err)
{
	char *at = text;
	while (*at != '\0' && !(*at == ':' && at[1] >= 'a' && at[1] <= 'z'))
		at++;
	if (*at == '\0')
		return error_set(err, STATUS_USAGE, "--at takes DATE:command, as in 2026-12-01:\"roll ksk\"");
	*at = '\0';
	enum status status = read_moment(cli, "at", text, &out->when, err);
	if (status == STATUS_OK && (status = simulate_command_parse(at + 1, out, err)) != STATUS_OK)
		error_context(err, "--at");
	return status;
}

static enum status read_commands(struct cli *cli, struct simulate_world *world, struct error *err)
{
	if (!cli_has(cli, OPTION_AT))
		return STATUS_OK;
	struct simulate_command *const commands = arena_calloc(cli->mem, MOST_COMMANDS, sizeof(*commands));
	char *rest = NULL;
	char *const all = arena_strdup(cli->mem, cli_value(cli, OPTION_AT));
	size_t count = 0;
	for (char *one = strtok_r(all, "\n", &rest); one != NULL; one = strtok_r(NULL, "\n", &rest)) {
		if (count == MOST_COMMANDS)
			return error_set(err, STATUS_USAGE, "--at: more than %d commands", (int)MOST_COMMANDS);
		const enum status status = read_command(cli, one, &commands[count], err);
		if (status != STATUS_OK)
			return status;
		count++;
	}
	qsort(commands, count, sizeof(*commands), by_time);
	world->commands = commands;
	world->command_count = count;
	return STATUS_OK;
}

static enum status read_world(
    struct cli *cli, const struct subject *subject, struct simulate_world *world, struct error *err)
{
	*world = subject->has_zone ? roll_foresee_world(&subject->zone, cli->now, UTC_NEVER, cli->mem)
				   : simulate_world_of(&subject->policy, cli->now, UTC_NEVER);
	enum status status = STATUS_OK;
	if (cli_has(cli, OPTION_START))
		status = read_moment(cli, "start", cli_value(cli, OPTION_START), &world->start, err);
	if (status == STATUS_OK)
		status = read_end(cli, world->start, &world->until, err);
	if (status == STATUS_OK)
		status = read_delay(cli, &world->ds_delay, err);
	if (status == STATUS_OK)
		status = read_outage(cli, world, err);
	if (status == STATUS_OK)
		status = read_commands(cli, world, err);
	return status;
}

static enum status load_zone(struct cli *cli, struct store *store, struct subject *out, struct error *err)
{
	struct store_zone zone;
	struct error ignored;
	error_clear(&ignored);
	out->has_zone = setup_find_zone(store, cli->args[0], cli->mem, &zone, &ignored) == STATUS_OK;
	if (!out->has_zone)
		return STATUS_OK;
	out->name = arena_printf(cli->mem, "%s (policy %s)", zone.name, zone.policy_name);
	const enum status status = roll_look(store, cli->state, &zone, cli->now, cli->mem, &out->zone, err);
	out->policy = out->zone.policy;
	return status;
}

/* A zone of the keystore first, as in `policy show`; else a policy by name or file. */
static enum status load_subject(struct cli *cli, struct subject *out, struct error *err)
{
	struct store *store = NULL;
	struct policyfile file;
	struct error ignored;
	enum status status = STATUS_OK;
	error_clear(&ignored);
	*out = (struct subject){ .name = NULL };
	if (setup_open(cli->state, STORE_READ, "simulate", &store, &ignored) == STATUS_OK)
		status = load_zone(cli, store, out, err);
	store_close(store);
	if (status != STATUS_OK || (out->has_zone && !cli_has(cli, OPTION_POLICY)))
		return status;
	const char *const wanted = out->has_zone ? cli_value(cli, OPTION_POLICY) : cli->args[0];
	status = policyfile_load(wanted, cli->config, cli->mem, &file, err);
	if (status != STATUS_OK)
		return status;
	out->policy = out->zone.policy = file.policy;
	out->name = out->has_zone ? arena_printf(cli->mem, "%s with policy %s", cli->args[0], file.policy.name)
				  : arena_printf(cli->mem, "policy %s", file.policy.name);
	return STATUS_OK;
}

static int run_simulate(struct cli *cli, struct error *err)
{
	struct subject subject;
	struct simulate_world world;
	enum status status = load_subject(cli, &subject, err);
	if (status == STATUS_OK)
		status = read_world(cli, &subject, &world, err);
	if (status != STATUS_OK)
		return (int)status;
	const struct rollover_policy rules = policy_rollover(&subject.policy);
	const struct simulation_subject about = { subject.name, &world, rules.parent_by_hand };
	struct simulation *const simulation = simulation_new(&about, cli->mem);
	const struct rollover_key *const keys =
	    subject.has_zone ? roll_foresee_keys(&subject.zone, cli->now, cli->mem) : subject.zone.keys;
	struct error conflict;
	error_clear(&conflict);
	status = simulate_run(&rules, keys, subject.zone.count, &world, simulation_watch, simulation, &conflict);
	if (status != STATUS_OK && status != STATUS_NO) {
		*err = conflict;
		return (int)status;
	}
	const char *const failure = status == STATUS_NO ? conflict.message : NULL;
	if (!cli_has(cli, OPTION_JSON)) {
		simulation_text(stdout, simulation, failure);
		return (int)status;
	}
	const enum status printed = cli_print(cli, simulation_report(simulation, failure), err);
	return (int)(printed == STATUS_OK ? status : printed);
}

const struct command command_simulate = {
	.name = "simulate",
	.run = run_simulate,
	.synopsis = "POLICY|FILE|ZONE",
	.summary = "show what rollovers would happen, and judge each step against caches",
	.examples = "  zoneseal simulate tld --for 10y\n"
		    "  zoneseal simulate nl.test --for 2y --ds-delay never --at 2027-03-01:\"roll ksk\"\n"
		    "  zoneseal simulate tld --outage 2027-01-10..2027-01-24 --json\n",
	.options = TAKES(OPTION_FOR) | TAKES(OPTION_START) | TAKES(OPTION_DS_DELAY) | TAKES(OPTION_OUTAGE) |
		   TAKES(OPTION_AT) | TAKES(OPTION_POLICY),
	.min_args = 1,
	.max_args = 1,
};
