/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <unistd.h>

#include "signer/cli/pipeline.h"
#include "signer/engine/clock_sources.h"
#include "signer/engine/folder.h"
#include "signer/engine/policyfile.h"
#include "signer/engine/servers.h"
#include "signer/engine/setup.h"

#define TAKES_PIPELINE                                                                                                 \
	(TAKES(OPTION_THREADS) | TAKES(OPTION_WAIT) | TAKES(OPTION_RUN_HOOKS) | TAKES(OPTION_PASSPHRASE_FILE) |        \
	    TAKES(OPTION_TYPE_NAMES) | TAKES(OPTION_IGNORE_SERIAL_DATE))

static enum status check_input(const struct cli *cli, struct error *err)
{
	const char *input = cli_value(cli, OPTION_INPUT);
	if (input == NULL || strcmp(input, "-") == 0 || access(input, R_OK) == 0)
		return STATUS_OK;
	return error_set_errno(err, "input %s", input);
}

/* A keystore is made if there is none: the first signed zone takes one command. */
static enum status open_or_make(struct cli *cli, struct store **store, bool *made, struct error *err)
{
	char *database = folder_path(cli->state, "keystore.db", cli->mem);
	*made = false;
	if (access(database, F_OK) != 0) {
		if (cli_has(cli, OPTION_NOW))
			return error_set(err, STATUS_REFUSED,
			    "--now: there is no keystore in %s, and only one made with zoneseal init --virtual-clock "
			    "takes it",
			    cli->state);
		enum status status = setup_init(cli->state, false, cli->now, cli_actor(cli, cli->mem), err);
		/* Another first signing may have been faster: its keystore is as good. */
		bool theirs = status == STATUS_REFUSED && access(database, F_OK) == 0;
		if (status != STATUS_OK && !theirs)
			return status;
		error_clear(err);
		*made = !theirs;
	}
	return cli_open(cli, STORE_CHANGE, store, err);
}

static enum status check_policy_is_same(
    const struct cli *cli, const struct store_zone *zone, const struct policyfile *wanted, struct error *err)
{
	if (!cli_has(cli, OPTION_POLICY) || strcmp(wanted->policy.name, zone->policy_name) == 0)
		return STATUS_OK;
	return error_set(err, STATUS_REFUSED, "%s has policy %s; to change it use zoneseal zone set-policy %s %s",
	    zone->name, zone->policy_name, zone->name, cli_value(cli, OPTION_POLICY));
}

/* Adds the zone if it is new; its input and output are then those of this command. */
static enum status find_or_add(struct cli *cli, struct store *store, const struct policyfile *policy, struct error *err)
{
	uint8_t apex[NAME_WIRE];
	const char *name;
	struct store_zone zone;
	bool found;
	enum status status = folder_zone_name(cli->args[0], cli->mem, &name, apex, err);
	if (status == STATUS_OK)
		status = store_find_zone(store, name, cli->mem, &zone, &found, err);
	if (status != STATUS_OK)
		return status;
	if (found && !zone.removed)
		return check_policy_is_same(cli, &zone, policy, err);
	if (!cli_has(cli, OPTION_INPUT))
		return error_set(err, STATUS_USAGE, "%s is not known here: give its unsigned zone with -i FILE", name);
	const char *wanted = cli_has(cli, OPTION_POLICY) ? cli_value(cli, OPTION_POLICY) : "default";
	const struct setup_zone add = { .name = name,
		.input = cli_value(cli, OPTION_INPUT),
		.output = cli_value(cli, OPTION_OUTPUT),
		.policy = wanted,
		.config_folder = cli->config };
	status = setup_add_zone(store, cli->state, &add, cli->now, cli->mem, &zone, err);
	if (status == STATUS_OK)
		cli_say(cli, "%s: added with policy %s from %s", name, policy->policy.name, policy->path);
	if (status == STATUS_OK)
		cli_say_rehearsal(cli, &zone);
	return status;
}

/* A dry run of a first signing makes nothing, so there is nothing to run on: it says what would be made. */
static enum status dry_first(struct cli *cli, const struct policyfile *policy, struct error *err)
{
	uint8_t apex[NAME_WIRE];
	const char *name;
	enum status status = folder_zone_name(cli->args[0], cli->mem, &name, apex, err);
	if (status == STATUS_OK && !cli_has(cli, OPTION_INPUT))
		return error_set(err, STATUS_USAGE, "%s is not known here: give its unsigned zone with -i FILE", name);
	if (status != STATUS_OK)
		return status;
	const char *output = cli_has(cli, OPTION_OUTPUT) ? cli_value(cli, OPTION_OUTPUT)
							 : folder_zone_output(cli->state, name, cli->mem);
	cli_say(cli,
	    "%s would be added with policy %s from %s, get %s, and be signed, verified and published at %s; nothing "
	    "was "
	    "changed; state %s",
	    name, policy->policy.name, policy->path, policy->policy.csk ? "a CSK" : "a KSK and a ZSK", output,
	    cli->state);
	if (!cli_has(cli, OPTION_JSON))
		return STATUS_OK;
	const struct engine_report report = { .zone = name,
		.result = ENGINE_WOULD_PUBLISH,
		.reason = "first publication",
		.output = output,
		.policy = policy->policy.name };
	return cli_print(cli, pipeline_report(cli, &report, STATUS_OK, err), err);
}

static bool zone_is_known(struct cli *cli)
{
	struct store *store = NULL;
	struct store_zone zone;
	struct error ignored;
	error_clear(&ignored);
	bool known = setup_open(cli->state, STORE_READ, "sign", &store, &ignored) == STATUS_OK &&
		     setup_find_zone(store, cli->args[0], cli->mem, &zone, &ignored) == STATUS_OK;
	store_close(store);
	return known;
}

static enum status sign_known(struct cli *cli, struct store *store, struct clock_asked *asked, struct error *err)
{
	struct engine_options options;
	struct engine_report report;
	enum status status = pipeline_options(cli, &options, err);
	if (status != STATUS_OK)
		return status;
	options.asked = asked;
	status =
	    pipeline_sign(cli, store, cli->args[0], pipeline_label(cli, cli->args[0], 1, 1), &options, &report, err);
	const bool stdout_is_zone = options.output != NULL && strcmp(options.output, "-") == 0;
	return pipeline_tell(cli, &report, !stdout_is_zone, status, err);
}

/* What a first signing makes has times in it as well. */
static enum status check_clock(
    const struct cli *cli, struct clock_asked *asked, const struct policyfile *policy, struct error *err)
{
	const char *words;
	return cli_has(cli, OPTION_NOW) ? STATUS_OK
					: clock_check_sources(asked, &policy->policy, cli->now, cli->mem, &words, err);
}

static int run_sign(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct policyfile policy = { 0 };
	bool made = false;
	const char *wanted = cli_has(cli, OPTION_POLICY) ? cli_value(cli, OPTION_POLICY) : "default";
	bool known = zone_is_known(cli);
	struct clock_asked *const asked = clock_asked_new(cli->mem);
	enum status status = STATUS_OK;
	if (!known || cli_has(cli, OPTION_POLICY))
		status = policyfile_load(wanted, cli->config, cli->mem, &policy, err);
	if (status == STATUS_OK && !known)
		status = check_input(cli, err);
	if (status == STATUS_OK && !known && cli_has(cli, OPTION_DRY_RUN))
		return (int)dry_first(cli, &policy, err);
	if (status == STATUS_OK && !known)
		status = check_clock(cli, asked, &policy, err);
	if (status == STATUS_OK)
		status = open_or_make(cli, &store, &made, err);
	if (status == STATUS_OK && made)
		cli_say(cli, "made a keystore in %s", cli->state);
	if (status == STATUS_OK)
		status = find_or_add(cli, store, &policy, err);
	if (status == STATUS_OK)
		status = sign_known(cli, store, asked, err);
	store_close(store);
	return (int)status;
}

/* From bad to good: the exit code of a run over several zones is that of the worst. */
static int badness(enum status status)
{
	static const enum status order[] = { STATUS_INTERNAL, STATUS_PERMISSION, STATUS_POLICY, STATUS_IO, STATUS_KEY,
		STATUS_MALFORMED, STATUS_MISSING, STATUS_NO, STATUS_REFUSED, STATUS_BUSY };
	for (size_t i = 0; i < COUNT(order); i++)
		if (order[i] == status)
			return (int)(COUNT(order) - i);
	return status == STATUS_OK ? 0 : (int)COUNT(order) + 1;
}

static enum status run_one(struct cli *cli, struct store *store, const char *zone, const char *label,
    struct engine_options *options, struct report *list)
{
	struct engine_report report;
	struct error err;
	char text[1100];
	error_clear(&err);
	enum status status = pipeline_sign(cli, store, zone, label, options, &report, &err);
	if (status != STATUS_OK) {
		error_format(&err, text, sizeof(text));
		fprintf(stderr, "zoneseal: %s\n", text);
	}
	pipeline_say(cli, &report, status);
	if (cli_has(cli, OPTION_JSON))
		report_append(list, pipeline_report(cli, &report, status, &err));
	return status;
}

/* The zones that were named, or all. One that is not known here is left to its own run, which says so: it keeps no
 * other from its signatures. */
static enum status choose_zones(
    struct cli *cli, struct store *store, const char ***names, size_t *count, struct error *err)
{
	struct store_zone *zones;
	size_t all = 0;
	enum status status = store_zones(store, cli->mem, &zones, &all, err);
	if (status != STATUS_OK)
		return status;
	*names = arena_calloc(cli->mem, all + (size_t)cli->arg_count + 1, sizeof(**names));
	*count = 0;
	for (int i = 0; i < cli->arg_count; i++)
		(*names)[(*count)++] = cli->args[i];
	for (size_t i = 0; i < all && cli->arg_count == 0; i++)
		if (!zones[i].removed)
			(*names)[(*count)++] = zones[i].name;
	return status;
}

/* What name servers say is told by status and check: it changes nothing about this run. */
static void ask_servers(struct cli *cli, struct store *store, const char *const names[], size_t count)
{
	struct error err;
	char text[1100];
	size_t left = 0;
	struct store_zone *const zones = arena_calloc(cli->mem, count + 1, sizeof(*zones));
	size_t known = 0;
	error_clear(&err);
	for (size_t i = 0; i < count; i++)
		if (setup_find_zone(store, names[i], cli->mem, &zones[known], &err) == STATUS_OK)
			known++;
	error_clear(&err);
	const struct utc now = cli_has(cli, OPTION_NOW) ? cli->now : utc_now();
	if (servers_ask(store, zones, known, now, cli->mem, &left, &err) != STATUS_OK) {
		error_format(&err, text, sizeof(text));
		fprintf(stderr, "zoneseal: name servers could not be asked: %s; nothing else comes of it\n", text);
	}
	if (left > 0)
		cli_say(cli, "%zu name servers were not asked for want of time; the next run begins with them", left);
}

static int run_run(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct engine_options options;
	const char **names = NULL;
	size_t count = 0;
	struct report *list = report_list();
	enum status worst = STATUS_OK, status = pipeline_options(cli, &options, err);
	options.keep_alive = true;
	if (status == STATUS_OK)
		status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = choose_zones(cli, store, &names, &count, err);
	struct arena *const all = cli->mem, *const zone = arena_new(0);
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		/* A thousand zones take no more memory than one. */
		cli->mem = zone;
		enum status one =
		    run_one(cli, store, names[i], pipeline_label(cli, names[i], i + 1, count), &options, list);
		if (badness(one) > badness(worst))
			worst = one;
		arena_reset(zone);
	}
	cli->mem = all;
	arena_free(zone);
	if (status == STATUS_OK && cli_has(cli, OPTION_JSON)) {
		struct report *report = report_new("zoneseal.run/1");
		report_number(report, "exit_code", worst);
		report_child(report, "zones", list);
		status = cli_print(cli, report, err);
	} else {
		report_free(list);
	}
	if (status == STATUS_OK && count == 0)
		cli_say(cli, "no zones; add one with zoneseal zone add; state %s", cli->state);
	/* Last, for it can take a minute: whoever reads the result has it by then. */
	if (status == STATUS_OK && !cli_has(cli, OPTION_DRY_RUN))
		ask_servers(cli, store, names, count);
	store_close(store);
	return (int)(status != STATUS_OK ? status : worst);
}

const struct command command_sign = {
	.name = "sign",
	.run = run_sign,
	.synopsis = "ZONE",
	.summary = "sign, verify and publish one zone; makes keystore and keys if there are none",
	.examples = "  zoneseal sign nl.test -i nl.test.zone -o /srv/nl.test.signed\n"
		    "  zoneseal sign nl.test --force\n"
		    "  generate-zone | zoneseal sign nl.test -i - -o - > nl.test.signed\n",
	.options = TAKES_PIPELINE | TAKES(OPTION_INPUT) | TAKES(OPTION_OUTPUT) | TAKES(OPTION_POLICY) |
		   TAKES(OPTION_FORCE) | TAKES(OPTION_ANEW) | TAKES(OPTION_REPLACE) | TAKES(OPTION_NEW_KEYS),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};

const struct command command_run_all = {
	.name = "run",
	.run = run_run,
	.synopsis = "[ZONE...]",
	.summary = "do all that is due for every zone, and nothing else; for cron and systemd",
	.examples = "  zoneseal run\n  zoneseal run nl.test --dry-run\n",
	.options = TAKES_PIPELINE,
	.min_args = 0,
	.max_args = -1,
	.changes = true,
};
